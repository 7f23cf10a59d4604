/*
 * "ranges": a range table, which maps ranges of any length by base, limit and offset, and the walk engine
 * that reads it. For a range TLB beside the page TLB: the end of a walk tells the whole range
 * (walk_state.range).
 *
 * Not a public header. Source: Karakostas and others, "Redundant Memory Mappings for Fast Access to Large
 * Memories", ISCA 2015, where a B-tree of ranges stands beside a page table. Here it is the only table: what
 * is mapped page by page becomes one range where addresses go on and size and attributes are the same, and a
 * page that goes splits it.
 *
 * In memory. The root is the address of a descriptor, a page of its own:
 *
 *   0x00  the root node, or 0
 *   0x40  software's: free nodes, 0x48: retired nodes, 0x50: pages of nodes, 0x58: how many ranges there are
 *   0x80  software's: the lock
 *
 * A node has 256 bytes (four lines, which a walk reads in one step): a header (bits 2:0 how many ranges, bit
 * 3: it has no children), seven ranges of three words, eight children. A range: its first address, with its
 * pages' size in bits 1:0; the address after its last; and a leaf (pagetables/plain_leaf.h) with the frame of
 * its first page. The B-tree is that of Cormen and others, "Introduction to Algorithms", chapter 18, of
 * minimum degree 4: nodes but the root have three ranges at least.
 *
 * No node that walks can reach is ever written. An operation writes new nodes for those that it changes and
 * all above them, then one store makes the new root known. The old nodes are retired: they are used again
 * only after an invalidation has waited for walks under way, once for many of them.
 */
#ifndef MMUSIM_PAGETABLES_RANGES_H
#define MMUSIM_PAGETABLES_RANGES_H

#include "pagetables/pagetable.h"
#include "pagetables/plain_leaf.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const struct walk_format ranges_48;
extern const struct pagetable_class pagetable_ranges;

#define RANGES_ROOT    0x00u
#define RANGES_FREE    0x40u
#define RANGES_RETIRED 0x48u
#define RANGES_PAGES   0x50u
#define RANGES_COUNT   0x58u
#define RANGES_LOCK    0x80u

#define RANGES_NODE_BYTES UINT64_C(256)
#define RANGES_PAGE_BYTES UINT64_C(4096) /* of nodes; the first one holds the list of pages */
#define RANGES_NODE_WORDS 32u
#define RANGES_KEYS       7u
#define RANGES_KEYS_MIN   3u
#define RANGES_KEY_WORDS  3u
#define RANGES_FIRST_KEY  1u
#define RANGES_CHILDREN   (RANGES_FIRST_KEY + RANGES_KEYS * RANGES_KEY_WORDS)
#define RANGES_LINK       31u /* software's: the next node of a list */
#define RANGES_DEPTH_MAX  16u

#define RANGES_HEADER_KEYS UINT64_C(7)
#define RANGES_HEADER_LEAF UINT64_C(8) /* it has no children */
#define RANGES_SIZE        UINT64_C(3)

struct range {
    uint64_t base; /* the first address, and the size of its pages */
    uint64_t end;  /* the address after the last */
    uint64_t leaf;
};

static inline uint64_t range_va(const struct range *range)
{
    return range->base & ~RANGES_SIZE;
}

static inline unsigned range_size(const struct range *range)
{
    return (unsigned)(range->base & RANGES_SIZE);
}

static inline bool range_contains(const struct range *range, uint64_t va)
{
    return va >= range_va(range) && va < range->end;
}

/* The leaf of the page at `va` of a range. */
static inline uint64_t range_leaf_at(const struct range *range, uint64_t va)
{
    return range->leaf + (va - range_va(range));
}

static inline struct range range_at(const uint64_t *node, unsigned key)
{
    const uint64_t *words = node + RANGES_FIRST_KEY + (size_t)key * RANGES_KEY_WORDS;
    return (struct range){words[0], words[1], words[2]};
}

/* pagetables/ranges_check.c */
enum pagetable_result ranges_enumerate(const void *state, const struct memory_reader *memory,
                                       pagetable_visitor visit, void *context);
enum pagetable_result ranges_invariants(const void *state, const struct memory_reader *memory, char *reason,
                                        size_t reason_bytes);
enum pagetable_result ranges_blocks(const void *state, const struct memory_reader *memory,
                                    pagetable_block_visitor visit, void *context);

#ifdef __cplusplus
}
#endif
#endif
