/*
 * SHA-256 (NIST FIPS 180-4): by which a record names the files that it depends on. `sha256sum` says the same.
 */
#ifndef MMUSIM_SIM_SHA256_H
#define MMUSIM_SIM_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SHA256_TEXT_BYTES 65 /* 64 hexadecimal digits and the end */

struct sha256 {
    uint32_t state[8];
    uint64_t bytes; /* taken so far */
    uint8_t block[64];
};

void sha256_begin(struct sha256 *hash);
void sha256_take(struct sha256 *hash, const void *bytes, size_t count);
void sha256_end(struct sha256 *hash, char text[SHA256_TEXT_BYTES]);

/* Of a whole file. False, with errno, if it cannot be read. */
bool sha256_file(const char *path, char text[SHA256_TEXT_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
