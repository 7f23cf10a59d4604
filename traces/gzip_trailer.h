/*
 * The checksum at the end of a gzip file, which libarchive (3.6) reads over. Internal to traces/.
 *
 * RFC 1952, section 2.3.1: a member ends with CRC32 and ISIZE (length of the text modulo 2^32), 4 bytes each,
 * little-endian. Only a file of one member can be checked this way: when the length does not match, the file
 * has several members (or bytes after the last), and nothing is said of it.
 */
#ifndef MMUSIM_TRACES_GZIP_TRAILER_H
#define MMUSIM_TRACES_GZIP_TRAILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gzip_trailer {
    bool known; /* false: not gzip, or the end of the file cannot be read before its beginning (a pipe) */
    uint32_t expected_crc;
    uint32_t expected_length;
    uint32_t crc;           /* of the text so far */
    uint32_t length;        /* of the text so far */
    uint32_t table[8][256]; /* the checksum of a byte followed by 0 to 7 zero bytes */
};

void gzip_trailer_of_file(struct gzip_trailer *trailer, int file);
void gzip_trailer_of_memory(struct gzip_trailer *trailer, const void *data, size_t size_bytes);
void gzip_trailer_add(struct gzip_trailer *trailer, const void *text, size_t size_bytes);
bool gzip_trailer_matches(const struct gzip_trailer *trailer);

#endif
