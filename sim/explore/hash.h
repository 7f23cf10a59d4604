/*
 * Hashes of short byte strings: by products of 128 bits, 16 bytes a multiplication.
 *
 * All 64 bits are good, the upper ones above all. Nothing but speed depends on them: tables compare bytes.
 * The keys are constants, so that a run takes the same time twice; they protect from nobody's intentions.
 */
#ifndef MMUSIM_EXPLORE_HASH_H
#define MMUSIM_EXPLORE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

__extension__ typedef unsigned __int128 hash_uint128;

/* Fractions of the square roots of 2, 3 and 5, made odd. */
#define HASH_KEY_A UINT64_C(0x6a09e667f3bcc909)
#define HASH_KEY_B UINT64_C(0xbb67ae8584caa73b)
#define HASH_KEY_C UINT64_C(0x3c6ef372fe94f82b)

static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
    hash_uint128 product = (hash_uint128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_word(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* The bytes of a string shorter than 8, and no others. */
static inline uint64_t hash_short_word(const uint8_t *bytes, size_t length)
{
    uint64_t word = 0;
    for (size_t i = 0; i < length; i++)
        word |= (uint64_t)bytes[i] << 8 * i;
    return word;
}

static inline uint64_t hash_bytes(const void *string, size_t length)
{
    const uint8_t *bytes = string;
    uint64_t hash = HASH_KEY_A ^ length;
    if (length < 8)
        return hash_mix(hash_mix(hash_short_word(bytes, length) ^ HASH_KEY_B, hash), HASH_KEY_C);
    size_t left = length;
    for (; left > 16; left -= 16, bytes += 16)
        hash = hash_mix(hash_word(bytes) ^ HASH_KEY_B, hash_word(bytes + 8) ^ hash);
    /* What is left, 1 to 16 bytes, is in the words that begin there or end at the end; these may overlap. */
    const uint8_t *last = (const uint8_t *)string + length - 8;
    uint64_t first = left > 8 ? hash_word(bytes) : HASH_KEY_C;
    return hash_mix(hash_mix(first ^ HASH_KEY_B, hash_word(last) ^ hash), HASH_KEY_C);
}

/* Whether two strings of a length are equal: without a call for the short ones that tables hold. */
static inline int hash_same_bytes(const void *a, const void *b, size_t length)
{
    const uint8_t *one = a;
    const uint8_t *other = b;
    if (length < 8)
        return hash_short_word(one, length) == hash_short_word(other, length);
    for (size_t i = 0; i + 8 < length; i += 8)
        if (hash_word(one + i) != hash_word(other + i))
            return 0;
    return hash_word(one + length - 8) == hash_word(other + length - 8);
}

#ifdef __cplusplus
}
#endif
#endif
