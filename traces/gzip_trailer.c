#include "traces/gzip_trailer.h"

#include <sys/stat.h>
#include <unistd.h>

#define TRAILER_BYTES    8
#define MEMBER_BYTES_MIN 18          /* header 10, trailer 8 */
#define CRC_POLYNOMIAL   0xedb88320u /* RFC 1952, section 8: bit-reversed */

static uint32_t little_endian_32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void fill_table(uint32_t table[8][256])
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? CRC_POLYNOMIAL : 0);
        table[0][byte] = crc;
    }
    for (int zeros = 1; zeros < 8; zeros++)
        for (uint32_t byte = 0; byte < 256; byte++)
            table[zeros][byte] = (table[zeros - 1][byte] >> 8) ^ table[0][table[zeros - 1][byte] & 0xff];
}

static void begin(struct gzip_trailer *trailer, const uint8_t magic[2], const uint8_t last[TRAILER_BYTES])
{
    trailer->known = magic[0] == 0x1f && magic[1] == 0x8b;
    if (!trailer->known)
        return;
    trailer->expected_crc = little_endian_32(last);
    trailer->expected_length = little_endian_32(last + 4);
    trailer->crc = 0;
    trailer->length = 0;
    fill_table(trailer->table);
}

void gzip_trailer_of_file(struct gzip_trailer *trailer, int file)
{
    struct stat status;
    uint8_t magic[2];
    uint8_t last[TRAILER_BYTES];
    trailer->known = false;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size < MEMBER_BYTES_MIN)
        return;
    if (pread(file, magic, sizeof magic, 0) == (ssize_t)sizeof magic &&
        pread(file, last, sizeof last, status.st_size - TRAILER_BYTES) == (ssize_t)sizeof last)
        begin(trailer, magic, last);
}

void gzip_trailer_of_memory(struct gzip_trailer *trailer, const void *data, size_t size_bytes)
{
    const uint8_t *bytes = data;
    trailer->known = false;
    if (size_bytes >= MEMBER_BYTES_MIN)
        begin(trailer, bytes, bytes + size_bytes - TRAILER_BYTES);
}

static uint32_t crc_of_8_bytes(uint32_t crc, const uint8_t *bytes, uint32_t table[8][256])
{
    crc ^= little_endian_32(bytes);
    return table[7][crc & 0xff] ^ table[6][crc >> 8 & 0xff] ^ table[5][crc >> 16 & 0xff] ^
           table[4][crc >> 24] ^ table[3][bytes[4]] ^ table[2][bytes[5]] ^ table[1][bytes[6]] ^
           table[0][bytes[7]];
}

void gzip_trailer_add(struct gzip_trailer *trailer, const void *text, size_t size_bytes)
{
    if (!trailer->known)
        return;
    const uint8_t *bytes = text;
    uint32_t crc = ~trailer->crc;
    trailer->length += (uint32_t)size_bytes;
    for (; size_bytes >= 8; size_bytes -= 8, bytes += 8)
        crc = crc_of_8_bytes(crc, bytes, trailer->table);
    for (; size_bytes > 0; size_bytes--, bytes++)
        crc = (crc >> 8) ^ trailer->table[0][(crc ^ *bytes) & 0xff];
    trailer->crc = ~crc;
}

bool gzip_trailer_matches(const struct gzip_trailer *trailer)
{
    return !trailer->known || trailer->length != trailer->expected_length ||
           trailer->crc == trailer->expected_crc;
}
