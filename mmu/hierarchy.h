/*
 * Inside of the machine: the arrays of translations of a core, and the levels that they make. Not for users.
 *
 * A *group* is what one level offers one side (fetches, or loads and stores): one array or several, which
 * are looked up at once. Unified levels are one group on both sides' paths. How a look-up goes is a list of
 * *steps* in order of time: which array answers after how many cycles, and for which page size if it takes
 * one after the other.
 */
#ifndef MMUSIM_MMU_HIERARCHY_H
#define MMUSIM_MMU_HIERARCHY_H

#include <stdbool.h>
#include <stdint.h>

#include "mmu/config.h"
#include "mmu/event.h"
#include "tlb/tlb.h"

#define ARRAYS_MAX       (MMU_TLBS_MAX + MMU_WALK_CACHES_MAX + 1u) /* the last: the range TLB */
#define GROUP_ARRAYS_MAX MMU_GROUP_TLBS_MAX
#define GROUP_STEPS_MAX  (GROUP_ARRAYS_MAX * 8u)
#define MATCHES_MAX      16u

/* In a leaf's stage1_rights, beside them: stage 1 maps it writable, whatever the attributes of both stages
 * together say. Core state like CR0.WP asks for that where it judges stage 1's part. */
#define STAGE1_WRITABLE 0x80u

/* Of the second of two stages, beside a combined leaf: the intermediate address of its first byte, and in the
 * bits below a page what the entry of stage 2 allows. */
#define STAGE2_RIGHTS 0xffu

struct core;
struct machine;
struct miss;
struct walk_leaf;

/* The life of one entry, kept until the accesses that it served are complete. */
struct entry_life {
    struct event_tlb_entry event;
    uint32_t users; /* accesses in flight that hit it */
    uint32_t next_free;
    bool ended;
};

struct life_pool {
    struct entry_life *lives;
    uint32_t first_free;
};

struct translation_array {
    struct tlb tlb;
    struct life_pool *pool;
    uint32_t *lives; /* by slot */
    uint64_t sizes;  /* page sizes that it takes */
    uint64_t latency_cycles;
    uint8_t number; /* in the record: TLBs in the order of the description, then walk caches */
    uint8_t level;  /* 0 for a walk cache */
    bool sequential;
    bool inclusive;
    /* a walk cache's, by slot */
    struct walk_table *tables;
    struct walk_leaf *leaves;
    uint8_t holds; /* walk_cache_holds */
    /* a last level's with a prefetcher, by slot: a prefetch filled it, and it was not hit since */
    bool *unproven;
    uint32_t unproven_count;
};

/* What all cores share; by number of the array. */
struct shared_levels {
    struct translation_array *arrays[ARRAYS_MAX];
    uint64_t *ports[MMU_TLBS_MAX];
    struct life_pool lives;
};

struct probe_step {
    uint64_t cycles;  /* after the look-up's beginning */
    uint8_t array;    /* of the group */
    uint8_t size_lg2; /* 0: all sizes at once */
};

struct tlb_group {
    struct translation_array *arrays[GROUP_ARRAYS_MAX];
    struct probe_step steps[GROUP_STEPS_MAX];
    uint32_t array_count, step_count;
    uint64_t miss_cycles; /* until a miss is known */
    uint64_t *port_free_cycles;
    uint32_t ports;                   /* 0: any number */
    uint32_t outstanding;             /* misses that this level has passed on */
    uint32_t waiting[MMU_MISSES_MAX]; /* misses in front of this level: a ring */
    uint32_t waiting_first, waiting_count;
    uint8_t level;    /* from 1 */
    uint8_t counters; /* counter_group */
    uint8_t inclusion;
    bool hit_under_miss;
    bool shared;
    bool gated; /* a look-up may have to wait before it begins: for a port, or for a miss */
};

struct hierarchy {
    struct tlb_group groups[MMU_TLB_LEVELS_MAX * 2];
    uint32_t group_count;
    struct tlb_group *path[2][MMU_TLB_LEVELS_MAX]; /* by enum tlb_side, first level first */
    uint32_t depth[2];
    /* What a walk fills, by sides (bits), the last level first. `plain`: each group is one array of the
     * core's own for all page sizes, and none is exclusive or inclusive. */
    struct translation_array *filled[4][MMU_TLB_LEVELS_MAX * 2];
    uint32_t filled_count[4];
    bool plain;
    /* The first level, if it is one array that answers at once; or NULL. */
    struct translation_array *simple[2];
    struct translation_array *arrays[ARRAYS_MAX]; /* every array that the core uses, by number */
    uint32_t array_count;
    uint64_t page_sizes; /* that the steps are made for */
};

/* What is put into arrays. */
struct translation_fill {
    struct tlb_entry entry;
    uint32_t space; /* of the record */
    uint64_t walk;  /* whose result it is */
};

/* A look-up's result. */
struct tlb_found {
    struct translation_array *array; /* NULL: a miss */
    uint32_t slot;
    uint64_t cycles;  /* until it is known */
    uint32_t matches; /* more than one is a conflict */
};

bool hierarchy_init(struct core *core, const char **why);
void hierarchy_destroy(struct core *core);
/* The arrays that all cores share; before the cores are made. */
bool hierarchy_init_shared(struct machine *machine, const char **why);
void hierarchy_destroy_shared(struct machine *machine);

/* The steps of all look-ups, for the page sizes of the core's address space. */
void hierarchy_plan(struct core *core, uint64_t page_sizes);

/* The steps from `first` to before `last`, all of which are looked at now. What is found is used. */
struct tlb_found hierarchy_look(struct core *core, const struct tlb_group *group, uint32_t first,
                                uint32_t last, uint64_t va);

/* One look-up of the level; all of its arrays begin theirs at once, whichever answers first. */
void hierarchy_count_look_up(struct core *core, const struct tlb_group *group);

/* Of a walk's leaf. */
struct translation_fill hierarchy_fill_of(const struct miss *miss, const struct walk_leaf *leaf);
/* The result of a translation goes into every level in front of `level` (from 1) of these sides (bits of
 * enum tlb_side). */
void hierarchy_fill(struct core *core, unsigned sides, uint32_t level, const struct translation_fill *fill);
/* Whether some array in front of `level`, on these sides, takes pages of this size. If none does, an
 * exclusive level is filled and keeps what it has. */
bool hierarchy_front_takes(const struct core *core, unsigned sides, uint32_t level, uint8_t size_lg2);
/* Into one array; the slot. */
uint32_t hierarchy_fill_array(struct core *core, struct translation_array *array,
                              const struct translation_fill *fill);
/* The group's array that takes pages of this size; NULL if none does. */
struct translation_array *hierarchy_array_for(const struct tlb_group *group, uint8_t size_lg2);
/* Whether a shared level takes the entry from this core now: not while an invalidation that means it is being
 * carried out. */
bool hierarchy_takes(const struct core *core, const struct tlb_group *group, const struct tlb_entry *entry);
/* Evicts the entry for no reason; from an inclusive level, out of the levels in front, too. */
void hierarchy_evict(struct core *core, struct translation_array *array, uint32_t slot);
/* The entry leaves its array. */
void hierarchy_drop(struct core *core, struct translation_array *array, uint32_t slot, enum entry_end end,
                    uint64_t invalidation);
void hierarchy_begin_life(struct core *core, struct translation_array *array, uint32_t slot,
                          const struct translation_fill *fill);
void hierarchy_end_life(struct core *core, struct translation_array *array, uint32_t slot, enum entry_end end,
                        uint64_t invalidation);
void hierarchy_end_all_lives(struct core *core);
void hierarchy_release_life(struct core *core, uint32_t life);

struct walk_leaf hierarchy_leaf(const struct tlb_entry *entry);

/* Begins a look-up at `from` or as soon as a port is free; the cycle at which it begins. */
uint64_t hierarchy_take_port(struct tlb_group *group, uint64_t from);
/* The cycle from which some port is free. */
uint64_t hierarchy_port_free(const struct tlb_group *group);

#endif
