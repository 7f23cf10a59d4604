/*
 * Machines whose TLBs, walkers and walk caches a test builds by name, and sums over their latencies.
 */
#ifndef MMUSIM_MMU_TEST_LEVELS_RIG_H
#define MMUSIM_MMU_TEST_LEVELS_RIG_H

#include "mmu/test/rig.h"

#define PAGES_4K  (UINT64_C(1) << 12)
#define PAGES_64K (UINT64_C(1) << 16)
#define PAGES_2M  (UINT64_C(1) << 21)

/* As rig_defaults, without any TLB: bus and memory never keep one walk's fetches waiting. */
void levels_defaults(struct rig *rig);
/* A fully associative one that takes every page size. The pointer lives until the next is added. */
struct tlb_config *levels_tlb(struct rig *rig, const char *name, uint64_t entries, uint64_t latency_cycles);
struct tlb_config *levels_find(struct rig *rig, const char *name);
/* One that holds tables of every size. */
struct walk_cache_config *levels_walk_cache(struct rig *rig, const char *name, uint64_t entries,
                                            uint64_t latency_cycles);
/* l1i, l1d and l2: of two, two and 64 entries. */
void levels_two(struct rig *rig, uint64_t l1_cycles, uint64_t l2_cycles);
/* Opens it, and lets core 0 switch to the first address space. */
void levels_begin(struct rig *rig);
void levels_finish(struct rig *rig);

/* A load of core 0 that ends with its translation, after everything before has ended; its cycles. */
uint64_t levels_load(struct rig *rig, uint64_t va);
/* Of a walk alone. */
uint64_t levels_walk_cycles(const struct rig *rig, unsigned fetches);
const struct array_counters *levels_array(struct rig *rig, unsigned core, const char *name);
/* Whether the array holds an entry that was filled for this page when the run ends. */
bool levels_left_in(const struct rig *rig, unsigned core, const char *name, uint64_t va);

/* Accesses of any kinds, one a cycle, all in flight at once; the cycles until all are complete. */
struct any_access {
    enum access_kind kind;
    uint64_t va;
};
uint64_t levels_stream(struct rig *rig, const struct any_access *accesses, unsigned count);
/* The same as an operation; `stream` lives as long as it. */
struct listed_stream {
    struct stream stream;
    const struct any_access *accesses;
    unsigned count, next;
};
struct core_operation op_listed(struct listed_stream *stream, const struct any_access *accesses,
                                unsigned count);
struct core_operation op_load(uint64_t va);

#endif
