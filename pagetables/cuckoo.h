/*
 * "cuckoo": elastic cuckoo page tables, and the walk engine that reads them.
 *
 * Not a public header. Source: Skarlatos, Kokolis, Xu, Torrellas, "Elastic Cuckoo Page Tables: Rethinking
 * Virtual Memory Translation for Parallelism", ASPLOS 2020. One table for each page size, of CUCKOO_WAYS ways
 * with a hash function each; a page stands in one slot of one way. A walk probes the slots of all ways and
 * sizes in one step.
 *
 * In memory. The root is the address of a descriptor, a page of its own, with a line for each size:
 *
 *   0x40 * size   words 0 to 2: the ways: base, and in bits 5:0 log2 of the slots; 0 if the size never
 *                 occurred
 *                 words 3 to 5: the ways that they are being moved to, in the same form; 0 if they are not
 *                 word 6: how far the move has come, 21 bits a way
 *   0x100         software's: pages of each size
 *   0x200         software's: the lock
 *
 * While a table is moved, a page belongs to the new way if its slot in the old one lies below the way's mark,
 * else to the old one (the paper's rehashing pointers): so a walk needs one probe a way, also then. Each map
 * and unmap moves CUCKOO_MOVED slots of each way. A table grows when more than 6/10 of its slots are in use,
 * and shrinks when less than 2/10 are (the paper's thresholds).
 *
 * A slot has two words: a tag (the page's base, and CUCKOO_TAG_USED; 0 if it is free) and a leaf
 * (pagetables/plain_leaf.h).
 *
 * Where a page has to make room for another one it is copied before its old slot is cleared, and in between
 * walks under way are waited for by an invalidation of the page: a walk reads its slots one after the other,
 * and may have read the new one before the copy and the old one after. They are waited for once more before
 * the old slot is filled: nothing says that both words of a slot are read at once, and a walk that has read
 * the page's tag would find another page's leaf. The paper has the slots locked.
 *
 * Differences from the paper: the descriptor is memory, which a walk reads in a step of its own, and not
 * registers; a slot holds one page and not a cluster of eight; there are no cuckoo walk tables, a walk probes
 * every size that ever occurred.
 */
#ifndef MMUSIM_PAGETABLES_CUCKOO_H
#define MMUSIM_PAGETABLES_CUCKOO_H

#include "pagetables/pagetable.h"
#include "pagetables/plain_leaf.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const struct walk_format cuckoo_48;
extern const struct pagetable_class pagetable_cuckoo;

#define CUCKOO_WAYS          3u
#define CUCKOO_SLOT_BYTES    16u
#define CUCKOO_SLOTS_LG2_MIN 8u /* of a way: one page of memory */
#define CUCKOO_SLOTS_LG2_MAX 20u
#define CUCKOO_MOVED         4u

#define CUCKOO_LINE_BYTES 0x40u
#define CUCKOO_LINE_WORDS 8u
#define CUCKOO_MARKS      6u /* the word of a line */
#define CUCKOO_MARK_BITS  21u
#define CUCKOO_PAGES      0x100u
#define CUCKOO_LOCK       0x200u

#define CUCKOO_SLOTS_LG2_MASK UINT64_C(0x3f)
#define CUCKOO_TAG_USED       UINT64_C(1)
#define CUCKOO_TAG_BASE       PLAIN_ADDRESS

/* One size's line of the descriptor. */
struct cuckoo_line {
    uint64_t way[CUCKOO_WAYS];
    uint64_t next[CUCKOO_WAYS];
    uint64_t marks;
};

static inline struct cuckoo_line cuckoo_line_of(const uint64_t *words)
{
    struct cuckoo_line line = {.marks = words[CUCKOO_MARKS]};
    for (unsigned way = 0; way < CUCKOO_WAYS; way++) {
        line.way[way] = words[way];
        line.next[way] = words[CUCKOO_WAYS + way];
    }
    return line;
}

static inline uint64_t cuckoo_mark(const struct cuckoo_line *line, unsigned way)
{
    return line->marks >> (way * CUCKOO_MARK_BITS) & ((UINT64_C(1) << CUCKOO_MARK_BITS) - 1);
}

static inline unsigned cuckoo_slots_lg2(uint64_t way)
{
    return (unsigned)(way & CUCKOO_SLOTS_LG2_MASK);
}

static inline bool cuckoo_way_is_valid(uint64_t way)
{
    return cuckoo_slots_lg2(way) >= CUCKOO_SLOTS_LG2_MIN && cuckoo_slots_lg2(way) <= CUCKOO_SLOTS_LG2_MAX;
}

static inline uint64_t cuckoo_tag(uint64_t va, unsigned size)
{
    return (va >> plain_size_lg2(size) << plain_size_lg2(size)) | CUCKOO_TAG_USED;
}

/*
 * The hash function of a way: the highest bits of a product's product (the finalizer's form of Appleby's
 * MurmurHash3, with constants of our own). A table of twice the slots takes one bit more, so that a slot's
 * page moves to one of two.
 */
static inline uint64_t cuckoo_hash(uint64_t va, unsigned size, unsigned way, unsigned slots_lg2)
{
    uint64_t x = ((va >> plain_size_lg2(size)) + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x ^= UINT64_C(0xc2b2ae3d27d4eb4f) * (way + 1);
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 29;
    x *= UINT64_C(0xa0761d6478bd642f);
    return slots_lg2 ? x >> (64 - slots_lg2) : 0; /* a damaged descriptor may say one slot */
}

/* Where a page stands if it stands in this way. */
static inline uint64_t cuckoo_slot(const struct cuckoo_line *line, uint64_t va, unsigned size, unsigned way)
{
    uint64_t array = line->way[way];
    uint64_t index = cuckoo_hash(va, size, way, cuckoo_slots_lg2(array));
    if (index < cuckoo_mark(line, way)) {
        array = line->next[way];
        index = cuckoo_hash(va, size, way, cuckoo_slots_lg2(array));
    }
    return (array & PLAIN_ADDRESS) + index * CUCKOO_SLOT_BYTES;
}

/* pagetables/cuckoo_check.c */
enum pagetable_result cuckoo_enumerate(const void *state, const struct memory_reader *memory,
                                       pagetable_visitor visit, void *context);
enum pagetable_result cuckoo_invariants(const void *state, const struct memory_reader *memory, char *reason,
                                        size_t reason_bytes);
enum pagetable_result cuckoo_blocks(const void *state, const struct memory_reader *memory,
                                    pagetable_block_visitor visit, void *context);

#ifdef __cplusplus
}
#endif
#endif
