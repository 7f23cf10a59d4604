/*
 * Ordered records: a set of small records, sorted by a key of two words.
 *
 * Records stand in chunks of a few hundred, and one array has the chunks in order with the first key of each.
 * A look-up is two binary searches; an insertion moves part of one chunk, and every few hundred insertions
 * part of the array of chunks. Up to some millions of records that is faster than a tree and much smaller.
 */
#ifndef MMUSIM_PAGETABLES_ORDERED_H
#define MMUSIM_PAGETABLES_ORDERED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ordered_record {
    uint64_t key;
    uint64_t tie; /* orders records of the same key */
    uint32_t data;
};

struct ordered_chunk;

/* Zero is the empty set. */
struct ordered {
    struct ordered_chunk **chunks;
    size_t chunk_count;
    size_t chunk_room;
    size_t count; /* records */
};

/* Where a record stands; valid until the set changes. */
struct ordered_position {
    size_t chunk;
    size_t slot;
};

/* Frees what the set owns; it is empty then. */
void ordered_clear(struct ordered *set);

/* The first record at or after (key, tie), or NULL. Its position, if `position` is not NULL. */
struct ordered_record *ordered_at_or_after(const struct ordered *set, uint64_t key, uint64_t tie,
                                           struct ordered_position *position);
/* The last record at or before (key, tie), or NULL. */
struct ordered_record *ordered_at_or_before(const struct ordered *set, uint64_t key, uint64_t tie);
/* The record after the one at `position`, which moves there; NULL at the end. */
struct ordered_record *ordered_next(const struct ordered *set, struct ordered_position *position);

/* False if there is no memory; nothing has changed then. No record with this key and tie may be there. */
bool ordered_insert(struct ordered *set, const struct ordered_record *record);
/* Whether there was a record with this key and tie. */
bool ordered_remove(struct ordered *set, uint64_t key, uint64_t tie);

#ifdef __cplusplus
}
#endif
#endif
