/*
 * A machine so small that all its states can be looked at: two words of physical memory, two virtual pages of
 * one word that a page of two words may take the place of, values 0 and 1.
 */
#ifndef MMUSIM_SPECIFICATION_TEST_TINY_H
#define MMUSIM_SPECIFICATION_TEST_TINY_H

#include "sim/specification/test/states.h"
#include "sim/specification/view.h"

#define TINY_MAPPINGS 10 /* those that this machine knows */
#define TINY_SETS     56 /* of none, one or two of them */
#define TINY_MEMORIES 4  /* what its two words may hold */

/* Number `number` of the mappings. */
struct mapping tiny_mapping(unsigned number);
/* A state with set number `pt` as the page table's mappings, set number `tlb` as the TLB's. */
struct low_level_state tiny_state(unsigned pt, unsigned tlb, unsigned memory, uint32_t extensions);

/* One step, of whatever kind, judged on both levels. */
enum tiny_kind {
    TINY_READ,
    TINY_WRITE,
    TINY_EVICT,
    TINY_MAP,
    TINY_UNMAP,
    TINY_PROTECT,
    TINY_QUERY,
    TINY_KINDS
};

struct tiny_op {
    enum tiny_kind kind;
    struct read_op read;
    struct write_op write;
    struct map_op map;
    struct unmap_op unmap;
    struct protect_op protect;
    struct query_op query;
    uint64_t evicted;
};

/* Every operation with every result: calls `visit` with each until it returns false. Accesses and evictions,
 * or page-table operations. */
typedef bool (*tiny_visitor)(void *context, const struct tiny_op *op);
bool tiny_each_access(tiny_visitor visit, void *context);
bool tiny_each_operation(tiny_visitor visit, void *context);

bool tiny_low_level(const struct low_level_state *s1, const struct low_level_state *s2,
                    const struct tiny_op *op, struct violation *violation);
bool tiny_high_level(const struct high_level_state *s1, const struct high_level_state *s2,
                     const struct tiny_op *op, struct violation *violation);

#endif
