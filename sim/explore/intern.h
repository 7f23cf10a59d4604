/*
 * Interning: byte strings to small numbers, 0, 1, 2, ... in the order of first appearance, and back.
 *
 * Equal strings have one number and different strings have two: bytes are compared, a hash only says where to
 * look. So numbers do not depend on the hash, and not on the machine. A string of zeros is one like any
 * other.
 *
 * An entry costs its bytes, and 8 bytes of a table that is between 3/8 and 3/4 full; of any length, 16 more.
 */
#ifndef MMUSIM_EXPLORE_INTERN_H
#define MMUSIM_EXPLORE_INTERN_H

#include <stddef.h>
#include <stdint.h>

#include "sim/explore/memory_budget.h"

#ifdef __cplusplus
extern "C" {
#endif

#define INTERN_NONE      UINT32_MAX
#define INTERN_BYTES_MAX (UINT32_C(64) << 10)

struct intern; /* opaque */

struct intern_config {
    struct memory_budget *budget; /* what it may take; lives longer */
    uint32_t fixed_bytes;         /* the length of every string; 0: each has its own, 0 to INTERN_BYTES_MAX */
    uint32_t count_max;           /* 0: 2^32 - 2 */
    /* NULL: the project's own. A test gives a bad one, to see that nothing but speed depends on it. The upper
     * 32 bits are used. */
    uint64_t (*hash)(const void *bytes, size_t length);
};

/* NULL: its memory is refused. */
struct intern *intern_create(const struct intern_config *config);
void intern_destroy(struct intern *table);

/* The number of a string, which is added if it is new; INTERN_NONE: it is new, and there is no memory for it,
 * or there are count_max already: nothing has changed. */
uint32_t intern_add(struct intern *table, const void *bytes, size_t length);

/* The number of a string; INTERN_NONE: it is not there. */
uint32_t intern_find(const struct intern *table, const void *bytes, size_t length);

uint32_t intern_count(const struct intern *table);

/* The string of a number below the count; it stays where it is while the table lives. Where the fixed length
 * is the size of a type, it is aligned for that type; strings of any length are not aligned. `length` may be
 * NULL. */
const void *intern_bytes(const struct intern *table, uint32_t number, size_t *length);

/* ---- Several at once, so that the misses of the host's caches overlap ---- */

uint64_t intern_hash(const struct intern *table, const void *bytes, size_t length);
/* First, as soon as the hash is known: fetches the place where to look. */
void intern_fetch_place(const struct intern *table, uint64_t hash);
/* Then, for a table of fixed length: fetches the string that is probably the same, if there is one. */
void intern_fetch_bytes(const struct intern *table, uint64_t hash);
/* As intern_add, with the string's hash. */
uint32_t intern_add_hashed(struct intern *table, uint64_t hash, const void *bytes, size_t length);

#ifdef __cplusplus
}
#endif
#endif
