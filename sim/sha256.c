#include "sim/sha256.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BLOCK_BYTES 64u

/* FIPS 180-4, 4.2.2. */
static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t word, unsigned by)
{
    return word >> by | word << (32 - by);
}

static uint32_t big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* 6.2.2, step 1: the message schedule. */
static void schedule(uint32_t words[64], const uint8_t *block)
{
    for (unsigned t = 0; t < 16; t++)
        words[t] = big_endian(block + (size_t)4 * t);
    for (unsigned t = 16; t < 64; t++) {
        uint32_t near = words[t - 2], far = words[t - 15];
        words[t] = (rotate(near, 17) ^ rotate(near, 19) ^ near >> 10) + words[t - 7] +
                   (rotate(far, 7) ^ rotate(far, 18) ^ far >> 3) + words[t - 16];
    }
}

/* 6.2.2, steps 2 to 4; v holds a to h. */
static void compress(struct sha256 *hash, const uint8_t *block)
{
    uint32_t words[64], v[8];
    schedule(words, block);
    memcpy(v, hash->state, sizeof v);
    for (unsigned t = 0; t < 64; t++) {
        uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        uint32_t first =
            v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) + choice + constants[t] + words[t];
        uint32_t second = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) + majority;
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += first;
        v[0] = first + second;
    }
    for (unsigned i = 0; i < 8; i++)
        hash->state[i] += v[i];
}

void sha256_begin(struct sha256 *hash)
{
    static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}; /* 5.3.3 */
    memset(hash, 0, sizeof *hash);
    memcpy(hash->state, initial, sizeof initial);
}

void sha256_take(struct sha256 *hash, const void *bytes, size_t count)
{
    const uint8_t *next = bytes;
    while (count > 0) {
        size_t used = hash->bytes % BLOCK_BYTES;
        size_t taken = BLOCK_BYTES - used < count ? BLOCK_BYTES - used : count;
        memcpy(hash->block + used, next, taken);
        hash->bytes += taken;
        next += taken;
        count -= taken;
        if (used + taken == BLOCK_BYTES)
            compress(hash, hash->block);
    }
}

/* 5.1.1: a one, zeros, and the length in bits. */
void sha256_end(struct sha256 *hash, char text[SHA256_TEXT_BYTES])
{
    static const uint8_t padding[BLOCK_BYTES] = {0x80};
    uint64_t bits = hash->bytes * 8;
    uint8_t length[8];
    for (unsigned i = 0; i < 8; i++)
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    sha256_take(hash, padding, 1 + (2 * BLOCK_BYTES - 9 - hash->bytes % BLOCK_BYTES) % BLOCK_BYTES);
    sha256_take(hash, length, sizeof length);
    for (size_t i = 0; i < 8; i++)
        (void)snprintf(text + 8 * i, 9, "%08x", (unsigned)hash->state[i]);
}

bool sha256_file(const char *path, char text[SHA256_TEXT_BYTES])
{
    uint8_t bytes[16384];
    size_t count;
    struct sha256 hash;
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    sha256_begin(&hash);
    while ((count = fread(bytes, 1, sizeof bytes, file)) > 0)
        sha256_take(&hash, bytes, count);
    bool whole = !ferror(file);
    int why = errno;
    if (fclose(file) != 0)
        return false;
    errno = why;
    sha256_end(&hash, text);
    return whole;
}
