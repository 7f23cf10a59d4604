/*
 * Events: what the machine tells of itself while it runs.
 *
 * Events are raw: they say what happened and when, never whether it was right. The recorder writes them to
 * the database, the checker judges them; both see one stream, sorted by (cycle, core, sequence), identical
 * in the fast and the lock-step mode. Cycles are of the machine's clock.
 *
 * Identifiers (`walk`, `entry`, `invalidation`) are unique in a run, never 0, and do not depend on the mode:
 * a core's own count shifted left by EVENT_CORE_BITS, plus the core. Cores count from 0 here.
 */
#ifndef MMUSIM_MMU_EVENT_H
#define MMUSIM_MMU_EVENT_H

#include <stdint.h>

#include "pagetables/environment.h"
#include "pagetables/pagetable.h"
#include "pagetables/walk.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EVENT_CORE_BITS 6
#define EVENT_NEVER     UINT64_MAX /* a cycle at which nothing happened */

enum event_kind {
    EVENT_TRANSLATION,     /* an access, or the half of one that crosses a page, is complete */
    EVENT_WALK,            /* a walk ended */
    EVENT_WALK_STEP,       /* a walk has read a word; of several in one request, each has an event */
    EVENT_TLB_ENTRY,       /* an entry left a TLB, or the run (or region) ended with it */
    EVENT_ENTRY_WRITE,     /* a store of page-table code became visible */
    EVENT_INVALIDATION,    /* an invalidation was issued */
    EVENT_ACKNOWLEDGEMENT, /* a core has finished its part of an invalidation; told when the issuer knows */
    EVENT_COMPLETION,      /* every acknowledgement of an invalidation has arrived at its issuer */
    EVENT_BARRIER,         /* a barrier ended */
    EVENT_CONTEXT,         /* a core switched to an address space, or changed its controls */
    EVENT_FAULT,           /* a fault was delivered to a core's program */
    EVENT_SPACE,           /* an address space was created */
    EVENT_OPERATION_BEGIN, /* a page-table operation was called */
    EVENT_OPERATION_END,   /* it returned */
    EVENT_VIEW,            /* what the table stood for right after an operation, or when the run ends */
    EVENT_REGION,          /* a region of the run begins */
    EVENT_CONFLICT,        /* a look-up found several entries for one address */
    EVENT_TABLE,           /* page-table code was given memory for a table, or gave it back */
    EVENT_KINDS
};

/* How an access found its translation. Each access has exactly one. */
enum translation_outcome {
    OUTCOME_L1_HIT,
    OUTCOME_L2_HIT,  /* missed the first level, hit the second */
    OUTCOME_WALK,    /* missed every level, started a walk */
    OUTCOME_MERGED,  /* missed the first level, waited for an earlier miss to the same page */
    OUTCOME_NO_WALK, /* missed every level, and faulted before any fetch (address outside of the table's
                        reach) */
    OUTCOME_L3_HIT,  /* missed the levels in front, hit this one; the next ones are L4_HIT and so on */
    OUTCOME_RANGE_HIT = OUTCOME_L3_HIT + 6, /* behind the eighth level: missed every level, and hit a range */
    OUTCOMES
};

/* Of a hit at this level, from 1. */
static inline uint8_t translation_outcome_of_level(unsigned level)
{
    return (uint8_t)(level <= 2 ? OUTCOME_L1_HIT + level - 1 : OUTCOME_L3_HIT + level - 3);
}

/* Why a walk began. */
enum walk_cause {
    CAUSE_DEMAND,    /* an access missed every level */
    CAUSE_RESTARTED, /* accesses had merged into a walk that faulted: they may not take its fault */
    CAUSE_PREFETCH,
    CAUSE_ADVERSARY,
    WALK_CAUSES
};

/* What an entry is. `frame.base` is that of a page, a table, a stage-2 frame, or of a range's first byte. */
enum entry_holds { HOLDS_TRANSLATION, HOLDS_TABLE, HOLDS_STAGE2_TABLE, HOLDS_IPA, HOLDS_RANGE, HOLDS_KINDS };

enum entry_end {
    ENTRY_END_EVICTED,     /* replaced by another entry */
    ENTRY_END_INVALIDATED, /* dropped by an invalidation */
    ENTRY_END_RUN,         /* the run ended with the entry in place */
    ENTRY_END_REFILLED,    /* the same page was filled again, by a walk that had started before */
    ENTRY_END_MOVED,       /* hit in an exclusive level: it stands in the level in front now */
    ENTRY_END_INCLUSION,   /* an inclusive level behind evicted it */
    ENTRY_END_SPECULATION, /* evicted for no reason but that hardware may */
    ENTRY_ENDS
};

/* What page tables say of their own shape: pagetable_class.invariants. */
enum view_shape { SHAPE_UNCHECKED, SHAPE_SOUND, SHAPE_BROKEN };

enum operation_kind { OPERATION_MAP, OPERATION_UNMAP, OPERATION_PROTECT, OPERATION_QUERY, OPERATION_KINDS };

/*
 * cycle of the event: for a load when its data has arrived (as for a fetch whose bytes are read), for a store
 * when it is visible to all, for any other fetch or a translation alone (`data = "none"`) when it is
 * translated, for a fault when it is known.
 */
struct event_translation {
    uint64_t va;
    uint64_t pa;          /* of the first byte; 0 with a fault */
    uint64_t pc;          /* of the instruction that made the access; 0 if unknown */
    uint64_t value;       /* loaded or stored, the first 8 bytes at the most; 0 without data */
    uint64_t issue_cycle; /* first-level look-up */
    uint64_t translated_cycle;
    uint64_t performed_cycle; /* when the memory was read or written (or the store buffer was read);
                                 EVENT_NEVER without data or with a fault */
    uint64_t walk;            /* that it started or waited for; 0 if none */
    uint64_t fault_ipa;       /* of a fault of stage 2 that its walk met; EVENT_NEVER else */
    uint64_t entry;           /* TLB entry whose hit served it; 0 if none */
    uint64_t fault_code;      /* fault_report.code of a fault */
    uint32_t access;          /* the core's number of the access: both halves of a crossing one share it */
    uint32_t space;           /* whose table translates the address; 0 if none was active */
    uint32_t attributes;      /* of the translation used, as its frame's */
    uint16_t asid;
    uint16_t vmid;
    uint16_t size_bytes; /* of this half */
    uint8_t access_kind; /* access_kind */
    uint8_t privilege;   /* privilege */
    uint8_t outcome;     /* translation_outcome */
    uint8_t fault;       /* fault_kind */
    uint8_t fault_level;
    uint8_t fault_stage;    /* 1 or 2; 0 without a fault */
    uint8_t page_size_lg2;  /* of the translation used; 0 with a fault that has none */
    uint8_t whole_size_lg2; /* that is a part of a page of stage 1 of this size; else not above it */
    uint8_t rights;         /* of the translation used, whatever the core's controls make of them */
    uint8_t half;           /* 0: does not cross a page; 1, 2: which half */
    uint8_t forwarded;      /* the value came from the core's own store buffer */
    uint8_t retry;          /* the same access again after its fault was handled */
};

struct event_walk {
    uint64_t id;
    uint64_t va;            /* whose translation was wanted */
    uint64_t request_cycle; /* last level's miss known, or speculation decided */
    uint64_t start_cycle;   /* a walker slot was free */
    struct walk_leaf leaf;  /* valid without a fault */
    uint64_t fault_ipa;     /* what stage 2 could not translate; EVENT_NEVER else */
    uint32_t space;
    uint16_t asid;
    uint16_t vmid;
    uint16_t waiters; /* accesses that it served, the first included; 0: speculation that nobody wanted */
    uint8_t steps;
    uint8_t fault; /* fault_kind; of speculation FAULT_ACCESS_FLAG too where hardware would set the flag */
    uint8_t fault_level;
    uint8_t fault_stage;    /* 1 or 2; 0 without a fault */
    uint8_t fault_on_table; /* of stage 2: the access was one of stage 1 to its tables */
    uint8_t filled;         /* 0: nothing was cached: an invalidation arrived meanwhile, or an entry had to be
                               marked first and allowed none of the accesses */
    uint8_t cause;          /* walk_cause */
};

struct event_walk_step {
    uint64_t walk;
    uint64_t pa; /* of the word */
    uint64_t value;
    uint64_t request_cycle;
    uint64_t grant_cycle; /* when the bus took it and memory was read; forwarded by the store buffer: when
                             it was asked for */
    uint64_t ipa;         /* stage 1 under a stage 2: of the entry; EVENT_NEVER else */
    uint8_t index;        /* 0, 1, ... in the walk: of the request, whose words share it */
    uint8_t level;        /* the manual's number */
    uint8_t stage;        /* 1 or 2 */
};

struct event_tlb_entry {
    uint64_t id;
    uint64_t va; /* base of the page, or of the range */
    struct frame frame;
    uint64_t bytes; /* HOLDS_RANGE: of the range; the frame's size is that of its pages. Else 0 */
    uint64_t walk;  /* whose result it is */
    uint64_t fill_cycle;
    uint64_t first_hit_cycle; /* EVENT_NEVER if it was never hit */
    uint64_t last_hit_cycle;
    uint64_t last_done_cycle; /* last completion of an access that this entry or its fill served */
    uint64_t hits;
    uint64_t end_cycle; /* it left the TLB; the event comes when the last access that it served is complete */
    uint64_t invalidation; /* that ended it; 0 if another reason did */
    uint32_t space;        /* active when it was filled */
    uint16_t asid;
    uint16_t vmid;
    uint8_t rights;
    uint8_t tlb;   /* number of the array: TLBs in the order of the description, walk caches, the range TLB */
    uint8_t holds; /* entry_holds */
    uint8_t end;   /* entry_end */
};

struct event_entry_write {
    uint64_t operation; /* 0: outside of any operation */
    uint64_t walk;      /* whose hardware update it is; 0 for a store of software */
    uint64_t pa;
    uint64_t old_value;
    uint64_t new_value;
    uint64_t issue_cycle;   /* entered the store buffer (or asked for the bus, with a depth of 0) */
    uint64_t visible_cycle; /* the bus took it */
};

struct event_invalidation {
    uint64_t id;
    uint64_t operation; /* 0: outside of any operation */
    struct invalidation what;
    uint32_t list;    /* an interrupt carries so many, this is the first or one of the next; 0: by hardware */
    uint32_t targets; /* how many cores have to acknowledge, the issuer included */
};

struct event_acknowledgement {
    uint64_t invalidation;
    uint64_t arrive_cycle;
    uint64_t drop_cycle;        /* entries dropped */
    uint64_t acknowledge_cycle; /* walks settled and accesses complete: the answer leaves */
    uint32_t entries_dropped;   /* of a list, all with its first */
    uint16_t walks_settled;     /* walks in flight that it caught */
    uint16_t accesses_settled;  /* accesses in flight, buffered stores included, that it waited for */
    uint8_t target;             /* the core that acknowledges; the event's core is the issuer */
};

struct event_completion {
    uint64_t invalidation;
    uint64_t issue_cycle;
};

struct event_barrier {
    uint64_t operation;
    uint64_t begin_cycle;
    uint8_t kind; /* barrier_kind */
};

struct event_context {
    uint64_t root;
    struct access_controls controls; /* of accesses that are issued in this cycle or later */
    uint32_t space;
    uint32_t high_space; /* whose table translates the upper half (TTBR1); 0: none, or it is the same table */
    uint16_t asid;
    uint16_t vmid;
};

struct event_fault {
    uint64_t va;
    uint64_t ipa; /* of a fault of stage 2 that a walk met; EVENT_NEVER else */
    uint64_t pc;
    uint32_t access;
    uint32_t space;
    uint8_t access_kind;
    uint8_t privilege;
    uint8_t fault;
    uint8_t fault_level;
    uint8_t fault_stage;        /* 1 or 2 */
    uint8_t handled;            /* a handler of the program was called */
    struct fault_report report; /* what the architecture tells software; all 0 if the format says nothing */
};

struct event_space {
    uint64_t root;
    const struct walk_format *format;
    const struct pagetable_class *table;
    uint32_t space;
    uint32_t stage2; /* the space that is its second stage; 0 if it has none */
    uint16_t asid;
    uint16_t vmid;
    uint8_t aliasing_allowed;
    uint8_t hardware_access; /* hardware sets access flags */
    uint8_t hardware_dirty;  /* hardware makes clean writable entries dirty */
};

struct event_operation {
    uint64_t id; /* 1, 2, ... in order of the calls */
    uint64_t va;
    struct frame frame; /* map: what is mapped; protect: attributes (both with the state that the entry begins
                           with); query, at the end: what was found */
    uint64_t found_va;  /* query, at the end: base of what was found */
    uint64_t begin_cycle; /* of the call; in both events */
    uint32_t space;
    uint8_t kind;   /* operation_kind */
    uint8_t result; /* pagetable_result; in the end event */
};

/*
 * The table as this core sees memory, its own buffered stores included. Where other cores are in the middle
 * of an operation on it, so may the table be. The view of the end of the run, when every program has ended,
 * belongs to no operation.
 */
struct event_view {
    uint64_t operation;     /* 0: the run has ended */
    uint64_t va;            /* of the operation; 0 at the end */
    struct mapping mapping; /* that contains `va` by hardware's reading; valid if `mapped` */
    uint64_t mappings;      /* how many the whole table stands for; EVENT_NEVER if not counted */
    uint64_t digest;        /* of them all (mmu/digest.h); valid if `digested` */
    uint64_t blocks;        /* of memory, that the table reaches; valid if `reached` */
    uint64_t blocks_digest; /* of their addresses and sizes */
    const char *reason;     /* why the shape is broken; lives as long as the machine */
    uint32_t space;
    uint8_t mapped;
    uint8_t digested;
    uint8_t reached;
    uint8_t shape; /* view_shape */
};

/* Memory of a page table, by the addresses that the table knows it by: in a guest intermediate ones. */
struct event_table {
    uint64_t operation; /* 0: outside of any operation: the table is being made */
    uint64_t pa;
    uint64_t bytes;
    uint32_t space;
    uint8_t released; /* 0: allocated */
};

struct event_region {
    const char *name; /* lives as long as the machine */
    uint32_t number;  /* 0 is the beginning of the run */
};

struct event_conflict {
    uint64_t va;
    uint64_t entry; /* that was used, or would have been */
    uint32_t space;
    uint32_t matches; /* at least 2 */
    uint8_t tlb;      /* number of the array of `entry` */
};

struct mmu_event {
    uint64_t cycle;
    uint32_t sequence; /* of the core, ascending */
    uint8_t kind;      /* event_kind: says which member of the union is valid */
    uint8_t core;
    union {
        struct event_translation translation;
        struct event_walk walk;
        struct event_walk_step walk_step;
        struct event_tlb_entry tlb_entry;
        struct event_entry_write entry_write;
        struct event_invalidation invalidation;
        struct event_acknowledgement acknowledgement;
        struct event_completion completion;
        struct event_barrier barrier;
        struct event_context context;
        struct event_fault fault;
        struct event_space space;
        struct event_operation operation;
        struct event_view view;
        struct event_region region;
        struct event_conflict conflict;
        struct event_table table;
    } as;
};

/* Who listens. The event is valid during the call; a return other than 0 stops the run with that error. */
struct mmu_observer {
    int (*event)(void *context, const struct mmu_event *event);
    void *context;
};

#ifdef __cplusplus
}
#endif
#endif
