/*
 * The machine's description: every parameter of the hardware, declared once.
 *
 * The tables of parameters (config.c) are the only place where a parameter has a name, a unit, a range, a
 * default and a text; scripts are checked against them, and the help, the recorded configuration and the
 * reference page come from them.
 *
 * Most parameters are single ("memory.latency"). Those of a *family* exist once for each member, and members
 * are made by naming them: the TLBs ("tlb.l1d.entries", "tlb.l2_1g.ways"), the walk caches
 * ("walk_cache.NAME.entries") and the data caches ("cache.l1.size").
 *
 * A TLB's name says where it stands: `l`, its level from 1 to 8, `i` or `d` if it serves only fetches or only
 * loads and stores, and for further arrays of the same level an underscore and any lower-case letters and
 * digits: "l1d", "l2", "l1d_2m", "l2_1g". At one level a side is served either by split or by unified arrays.
 */
#ifndef MMUSIM_MMU_CONFIG_H
#define MMUSIM_MMU_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MMU_CORES_MAX        64
#define MMU_WINDOW_MAX       256
#define MMU_STORE_BUFFER_MAX 64
#define MMU_MISSES_MAX       64
#define MMU_WALKERS_MAX      64
#define MMU_TLB_LEVELS_MAX   8
#define MMU_TLBS_MAX         24 /* arrays */
#define MMU_GROUP_TLBS_MAX   8u /* of one level and side */
#define MMU_WALK_CACHES_MAX  8
#define MMU_CACHES_MAX       4 /* levels */
#define MMU_NAME_BYTES       16

#define MMU_SETTING_NAME_BYTES 64
#define MMU_VALUE_BYTES        288 /* of any value as a script would write it */

/* What an access does once it is translated. */
enum data_mode {
    DATA_BUS,   /* read or written through store buffer, bus and memory */
    DATA_FIXED, /* takes a fixed latency and touches nothing */
    DATA_NONE,  /* ends with its translation */
    DATA_MODES
};

/* Which accesses a TLB serves. */
enum tlb_side { TLB_SIDE_INSTRUCTION, TLB_SIDE_DATA, TLB_SIDE_BOTH, TLB_SIDES };

/* How an array that holds several page sizes is looked up: all at once, or one size after the other, the
 * smallest first, each for the array's latency. */
enum tlb_probing { TLB_PROBING_PARALLEL, TLB_PROBING_SEQUENTIAL, TLB_PROBINGS };

/* What an array of level 2 or higher promises about the levels in front of it. */
enum tlb_inclusion {
    TLB_INCLUSION_NEITHER,   /* nothing: walks fill every level, evictions are each level's own */
    TLB_INCLUSION_INCLUSIVE, /* what is evicted here leaves the levels in front, too */
    TLB_INCLUSION_EXCLUSIVE, /* filled by what the level in front evicts; a hit moves the entry there */
    TLB_INCLUSIONS
};

/* Several entries match one address. It is always counted and told. */
enum tlb_conflict {
    TLB_CONFLICT_FIRST,  /* the smallest page is used, and the ASID's entry before the global one */
    TLB_CONFLICT_EITHER, /* one of them, at random */
    TLB_CONFLICT_ABORT,  /* the access faults */
    TLB_CONFLICTS
};

/* The TLBs of a machine that names none, by number. */
enum standard_tlb { TLB_L1I, TLB_L1D, TLB_L2 };

#define TLB_ALL_PAGE_SIZES UINT64_MAX

/* All members but names are uint64_t, so that the tables of parameters can describe them all in one way. */
struct tlb_config {
    char name[MMU_NAME_BYTES];
    uint64_t level; /* from 1; from the name */
    uint64_t side;  /* tlb_side; from the name */
    uint64_t entries;
    uint64_t ways;
    uint64_t latency_cycles;
    uint64_t replacement;    /* enum tlb_replacement of tlb/tlb.h */
    uint64_t sizes;          /* page sizes that it takes: bit k for pages of 1 << k bytes */
    uint64_t probing;        /* tlb_probing */
    uint64_t ports;          /* look-ups that can begin in one cycle; 0: any number */
    uint64_t inclusion;      /* tlb_inclusion */
    uint64_t hit_under_miss; /* whether look-ups go on while a miss of this array waits */
    uint64_t shared;         /* one array for all cores; level 2 and higher */
};

enum walk_cache_holds {
    WALK_CACHE_TABLES,        /* where the next table lies, by virtual address: paging-structure caches */
    WALK_CACHE_STAGE2_TABLES, /* the same of stage 2, by intermediate physical address */
    WALK_CACHE_IPA,           /* whole stage-2 translations of intermediate physical addresses */
    WALK_CACHE_HOLDS
};

struct walk_cache_config {
    char name[MMU_NAME_BYTES];
    uint64_t holds; /* walk_cache_holds */
    uint64_t entries;
    uint64_t ways;
    uint64_t latency_cycles; /* look-up; caches that hold the same are looked up at once */
    uint64_t replacement;
    uint64_t sizes; /* what one entry covers: bit k for 1 << k bytes */
};

/* A level of the data caches; its name is "l1", "l2" ... */
struct cache_config {
    char name[MMU_NAME_BYTES];
    uint64_t level; /* from the name */
    uint64_t size_bytes;
    uint64_t ways;
    uint64_t latency_cycles; /* look-up, after those of the levels in front */
    uint64_t replacement;
    uint64_t shared; /* one cache for all cores */
};

enum bus_arbitration { BUS_OLDEST_FIRST, BUS_ROUND_ROBIN, BUS_FIXED_PRIORITY, BUS_ARBITRATIONS };

/* How an invalidation reaches other cores. */
enum invalidation_scheme {
    INVALIDATION_BROADCAST, /* by hardware: Arm's TLBI ... IS */
    INVALIDATION_INTERRUPT, /* by software: an interrupt to each core concerned */
    INVALIDATION_SCHEMES
};

/* Whom software interrupts. */
enum shootdown_targets {
    SHOOTDOWN_ALL,    /* every core */
    SHOOTDOWN_RAN,    /* every core on which the address space has run since it was last flushed there */
    SHOOTDOWN_ACTIVE, /* every core on which it is active; others catch up when they switch to it */
    SHOOTDOWN_TARGETS
};

/* Whose rules of ordering the cores follow. */
enum ordering { ORDERING_ARM, ORDERING_X86, ORDERING_RISCV, ORDERINGS };

enum prefetcher {
    PREFETCH_NONE,
    PREFETCH_NEXT_PAGE,
    PREFETCH_STRIDE,
    PREFETCH_DISTANCE,
    PREFETCH_RECENCY,
    PREFETCHERS
};

struct mmu_config {
    uint64_t cores;
    uint64_t seed;
    uint64_t ordering; /* enum ordering */

    /* translation */
    uint64_t tlb_conflict;      /* enum tlb_conflict */
    uint64_t range_tlb_entries; /* 0: no range TLB */
    uint64_t range_tlb_latency_cycles;
    uint64_t misses;       /* outstanding first-level misses a core */
    uint64_t walker_slots; /* concurrent walks, of a core or of all if shared */
    uint64_t walker_queue; /* walks that wait for a slot; further misses wait in front of their look-up */
    uint64_t walker_shared;
    uint64_t walker_request_cycles;   /* shared: from asking for a slot to having it, at the least */
    uint64_t walker_merge;            /* misses to one page share a walk */
    uint64_t prefetcher;              /* enum prefetcher */
    uint64_t prefetch_degree;         /* pages it asks for at a time */
    uint64_t prefetch_entries;        /* of its table */
    uint64_t adversary_period_cycles; /* mean time between two speculative acts of a core; 0: none */
    uint64_t adversary_reach;         /* pages around recent ones that it speculates about */
    uint64_t adversary_split;         /* TLBs hold the entries of contiguous runs one by one */
    uint64_t adversary_delay_cycles;  /* at most so long a walk keeps what it has read before it goes on */

    /* memory system */
    uint64_t memory_bytes;
    uint64_t memory_latency_cycles; /* from the bus grant to the data */
    uint64_t memory_requests;       /* in flight at once; 0: any number */
    uint64_t bus_occupancy_cycles;  /* of one beat */
    uint64_t bus_width_bytes;       /* of one beat */
    uint64_t bus_arbitration;       /* enum bus_arbitration */
    uint64_t cache_line_bytes;
    uint64_t cache_walker_level; /* the data cache that walks look up first */
    uint64_t store_buffer_depth;
    uint64_t store_buffer_drain_cycles;

    /* invalidation */
    uint64_t network_latency_cycles;
    uint64_t invalidation_scheme;       /* enum invalidation_scheme */
    uint64_t invalidate_cycles;         /* one invalidation at one core: the least */
    uint64_t invalidate_set_cycles;     /* more for each set looked at */
    uint64_t invalidate_entry_cycles;   /* more for each entry looked at */
    uint64_t invalidate_message_cycles; /* between two messages of one sender */
    uint64_t invalidations_in_flight;   /* of one issuer; a further one waits */
    uint64_t shootdown_targets;         /* enum shootdown_targets */
    uint64_t shootdown_batch;           /* invalidations that one interrupt carries at the most */
    uint64_t shootdown_threshold;       /* pages above which the whole address space is flushed */
    uint64_t interrupt_entry_cycles;    /* from an interrupt's arrival to its handler's first act */
    uint64_t interrupt_exit_cycles;     /* from its last act to the interrupted program */

    /* costs of programs */
    uint64_t barrier_cycles;        /* the least a DSB takes */
    uint64_t memory_barrier_cycles; /* the least a DMB or a fence takes */
    uint64_t isb_cycles;
    uint64_t switch_cycles;
    uint64_t control_cycles;
    uint64_t spin_cycles;       /* between two attempts at a lock */
    uint64_t fault_cycles;      /* from a fault being known to its handler */
    uint64_t window;            /* accesses in flight of a stream that does not say otherwise */
    uint64_t fixed_data_cycles; /* data = "fixed" */

    uint64_t tlb_count;
    struct tlb_config tlbs[MMU_TLBS_MAX]; /* by level, then in the order in which they were made */
    uint64_t walk_cache_count;
    struct walk_cache_config walk_caches[MMU_WALK_CACHES_MAX];
    uint64_t cache_count;
    struct cache_config caches[MMU_CACHES_MAX]; /* by level */
};

enum parameter_kind {
    PARAMETER_COUNT,
    PARAMETER_BYTES,
    PARAMETER_CYCLES,
    PARAMETER_SWITCH, /* 0 or 1; in a script false or true */
    PARAMETER_CHOICE, /* an index into `choices`; in a script its name */
    PARAMETER_SIZES,  /* a bit for each power of two; in a script "all", or sizes: { "4K", "2M" } */
};

struct mmu_parameter {
    const char *name; /* dotted, as in a script: "memory.latency"; of a family's, the last part: "entries" */
    size_t offset;    /* of its uint64_t in struct mmu_config, or in the member */
    enum parameter_kind kind;
    uint64_t least, most, standard; /* in units of its kind; PARAMETER_SIZES: least, most of one size */
    const char *text;               /* one line; names every choice */
    const char *const *choices;     /* `most` + 1 names; NULL for the other kinds */
};

/* The single parameters, by index in the order of the help; NULL past the end. */
const struct mmu_parameter *mmu_parameter_at(unsigned index);
/* A single one by its name, or NULL. */
const struct mmu_parameter *mmu_parameter_find(const char *name);
/* "cycles", "bytes" or "" */
const char *mmu_parameter_unit(const struct mmu_parameter *parameter);

enum mmu_family_id { MMU_FAMILY_TLB, MMU_FAMILY_WALK_CACHE, MMU_FAMILY_CACHE, MMU_FAMILIES };

struct mmu_family {
    const char *name;                       /* "tlb" */
    const char *text;                       /* what a member is, one line */
    const char *names;                      /* how members are named, for messages: "l1d, l2, l2_1g ..." */
    const struct mmu_parameter *parameters; /* of each member */
    unsigned parameter_count;
};

/* By index; NULL past the end. */
const struct mmu_family *mmu_family_at(unsigned index);

/* One parameter of one machine, under its full name. */
struct mmu_setting {
    char name[MMU_SETTING_NAME_BYTES]; /* "tlb.l1d.entries" */
    const struct mmu_parameter *parameter;
    size_t offset; /* of its uint64_t in struct mmu_config, as long as no member is added or removed */
};

/* Every setting of the machine: single parameters, then each member's. False past the end. */
bool mmu_setting_at(const struct mmu_config *config, unsigned index, struct mmu_setting *setting);
/* False if there is none of this name. */
bool mmu_setting_find(const struct mmu_config *config, const char *name, struct mmu_setting *setting);
uint64_t mmu_setting_get(const struct mmu_config *config, const struct mmu_setting *setting);
void mmu_setting_set(struct mmu_config *config, const struct mmu_setting *setting, uint64_t value);
/* The value as a script would write it, without quotes: "64", "true", "lru", "4K 2M", "all". `text` has room
 * for MMU_VALUE_BYTES. */
void mmu_setting_print(const struct mmu_parameter *parameter, uint64_t value, char *text, size_t text_bytes);

/*
 * A member by name; made with the standard values of its parameters if it is not there yet. The standard
 * members (l1i, l1d, l2 of the TLBs; no walk caches and no data caches) have standards of their own. False,
 * with one sentence, if the name means nothing or there is no room.
 */
bool mmu_member_add(struct mmu_config *config, enum mmu_family_id family, const char *name, char *error,
                    size_t error_bytes);
/* False if there is no such member. */
bool mmu_member_remove(struct mmu_config *config, enum mmu_family_id family, const char *name);

void mmu_config_defaults(struct mmu_config *config);
/* False with one sentence that names the parameter and its range. */
bool mmu_config_check(const struct mmu_config *config, char *error, size_t error_bytes);

#ifdef __cplusplus
}
#endif
#endif
