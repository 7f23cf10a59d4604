/*
 * "hashed": one hashed page table with open addressing and linear probing, and the walk engine that reads it.
 *
 * Not a public header. Source: Yaniv and Tsafrir, "Hash, Don't Cache (the Page Table)", SIGMETRICS 2016, who
 * show that open addressing makes hashed page tables competitive with radix tables. Here, unlike there, a
 * table holds pages of all sizes: each size is hashed and probed for itself, and a walk probes all sizes that
 * occur in parallel.
 *
 * In memory. The root is the address of a descriptor, a page of its own:
 *
 *   0x00  the array: its base, and in bits 5:0 log2 of its slots
 *   0x08  the sizes that occur: bit i for a page of plain_size_lg2(i)
 *   0x40  software's: slots in use; 0x48: dead slots
 *   0x80  software's: the lock
 *
 * A slot has two words: a tag (the page's base, its size in bits 1:0, and in bits 3:2 what the slot is) and a
 * leaf (pagetables/plain_leaf.h). A slot of zeros is free. What is removed leaves a dead slot, unless the
 * next slot is free: a walk goes on at a dead slot and ends at a free one, and after HASHED_PROBES_MAX slots.
 *
 * A walk reads the descriptor in one step, unless a walk cache knows it, and in each following step one slot
 * for each size that is still sought. The level of the descriptor is 1, that of slots 0.
 *
 * The array is replaced by another one while cores go on walking: when more than 5/8 of its slots are in use
 * or dead, when less than 1/8 is in use, or when a page would stand too far from its place. The new array is
 * filled where nobody sees it, then one store to the descriptor replaces the old one, the address space is
 * invalidated (walk caches hold the descriptor), and the old array is released.
 */
#ifndef MMUSIM_PAGETABLES_HASHED_H
#define MMUSIM_PAGETABLES_HASHED_H

#include "pagetables/pagetable.h"
#include "pagetables/plain_leaf.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const struct walk_format hashed_48;
extern const struct pagetable_class pagetable_hashed;

#define HASHED_PROBES_MAX     32u
#define HASHED_SLOT_BYTES     16u
#define HASHED_SLOTS_LG2_MIN  8u
#define HASHED_SLOTS_LG2_MAX  24u
#define HASHED_SLOTS_LG2_MASK UINT64_C(0x3f)

#define HASHED_ARRAY 0x00u
#define HASHED_SIZES 0x08u
#define HASHED_USED  0x40u
#define HASHED_DEAD  0x48u
#define HASHED_LOCK  0x80u

/* ---- slots ---- */

#define HASHED_TAG_SIZE UINT64_C(3)
#define HASHED_TAG_USED UINT64_C(4)
#define HASHED_TAG_DEAD UINT64_C(8)
#define HASHED_TAG_BASE PLAIN_ADDRESS

static inline uint64_t hashed_tag(uint64_t va, unsigned size)
{
    return (va >> plain_size_lg2(size) << plain_size_lg2(size)) | HASHED_TAG_USED | size;
}

/* Where a page's probes begin: multiplication by the golden ratio (Knuth, The Art of Computer Programming,
 * volume 3, 6.4). */
static inline uint64_t hashed_home(uint64_t va, unsigned size, unsigned slots_lg2)
{
    uint64_t page = (va >> plain_size_lg2(size)) * PLAIN_SIZES + size;
    return page * UINT64_C(0x9e3779b97f4a7c15) >> (64 - slots_lg2);
}

/* The address of the slot of a page's probe; `array` is the descriptor's word. */
static inline uint64_t hashed_slot(uint64_t array, uint64_t va, unsigned size, unsigned probe)
{
    unsigned slots_lg2 = (unsigned)(array & HASHED_SLOTS_LG2_MASK);
    uint64_t index = (hashed_home(va, size, slots_lg2) + probe) & ((UINT64_C(1) << slots_lg2) - 1);
    return (array & PLAIN_ADDRESS) + index * HASHED_SLOT_BYTES;
}

/* pagetables/hashed_check.c */
enum pagetable_result hashed_enumerate(const void *state, const struct memory_reader *memory,
                                       pagetable_visitor visit, void *context);
enum pagetable_result hashed_invariants(const void *state, const struct memory_reader *memory, char *reason,
                                        size_t reason_bytes);
enum pagetable_result hashed_blocks(const void *state, const struct memory_reader *memory,
                                    pagetable_block_visitor visit, void *context);

#ifdef __cplusplus
}
#endif
#endif
