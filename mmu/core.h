/*
 * Inside of the machine: what a core consists of, and how its parts call each other. Not for users.
 *
 * A core is a logical process: it has its own calendar and its own time, and it meets the others only
 * through the memory system (requests that are handled in order), the network (messages with a latency), and
 * what cores share by description: TLB levels and walkers, which are touched at global time. All its parts
 * are handled at one place in time, `core->now`; the order inside a cycle is enum calendar_kind's, then the
 * core's issue.
 *
 *   access.c       slots of accesses in flight: look-up, translation, data, completion; access_many.c hits of
 *                  streams
 *   hierarchy.c    the TLB levels: look-ups, fills, the lives of entries; hierarchy_make.c makes them
 *   range_tlb.c    ranges of pages, beside the second level
 *   miss.c         outstanding misses on their way through the levels; waiters.c who waits for them
 *   walker.c       walks and their slots; nested.c those of two stages, walk_cache.c what they leave
 *   store_buffer.c stores on their way to memory (store_buffer.h)
 *   prefetch.c     walks ahead of misses; predictor.c says where
 *   adversary.c    random speculation
 *   invalidation.c both ends of an invalidation
 *   operation.c    what a program asked for; streams
 *   rights.c       what entries allow under the state of the core
 *   fault.c        faults on their way to the program
 *   memory_system.c  caches, the bus, and the order of everything on the way to memory
 *   scheduler.c    who runs when
 */
#ifndef MMUSIM_MMU_CORE_H
#define MMUSIM_MMU_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "mmu/calendar.h"
#include "mmu/hierarchy.h"
#include "mmu/invalidation_scope.h"
#include "mmu/machine.h"
#include "mmu/memory.h"
#include "mmu/memory_system.h"
#include "mmu/range_tlb.h"
#include "mmu/store_buffer.h"
#include "pagetables/two_stage.h"
#include "tlb/tlb.h"

#define NO_INDEX     UINT32_MAX
#define NEVER        UINT64_MAX
#define NO_PAGE      UINT64_MAX
#define FOREIGN_PAGE (UINT64_MAX - 1)      /* of a space that the core has left */
#define SLOTS_MAX    (MMU_WINDOW_MAX + 2u) /* a window of accesses, and the second half of the last one */
#define TARGETS_MAX  64u                   /* invalidations under way at one core, as target or as issuer */
#define REQUESTS_MAX (SLOTS_MAX + MMU_MISSES_MAX * WALK_FETCHES_MAX + MMU_STORE_BUFFER_MAX + 4u)
#define STREAM_BLOCK 256u
#define UPDATE_INDEX WALK_FETCHES_MAX /* of a request: no fetch, but the update of an entry */

/* An access that a stream or program wants, as it will be issued (or issued again). */
struct wanted_access {
    struct stream_access access;
    uint64_t value;  /* stored */
    uint32_t number; /* the core's number of the access */
    uint8_t privilege;
    uint8_t data_mode;
    bool retry;
    bool fetch_data;
    uint64_t report_ipa; /* of its fault */
    bool delivered;      /* its fault was given to a handler */
    uint8_t deliveries;  /* how many of its faults were */
    struct two_stage_fault fault;
    uint64_t fault_va;
};

enum slot_state {
    SLOT_FREE,
    SLOT_LOOKUP,  /* hit the first level; the translation is on its way */
    SLOT_MISS,    /* waits for a miss */
    SLOT_STALLED, /* waits for a free miss */
    SLOT_READY,   /* translated; waits for its turn at the data */
    SLOT_FAULTED, /* waits for its turn to be given up */
    SLOT_DATA,    /* on the bus, or in a store buffer of depth 0 */
    SLOT_FIXED,   /* data of fixed latency */
};

struct access_slot {
    struct event_translation event; /* what is known of it so far */
    struct wanted_access wanted;    /* to issue it again after a fault */
    uint64_t settle;                /* invalidations (bits) that wait for its completion */
    uint64_t value;                 /* of this half */
    uint32_t life;                  /* entry that it hit; NO_INDEX if none */
    uint32_t next;                  /* waiter of the same miss, or free slot */
    uint8_t state;
    uint8_t level; /* of the leaf, for faults */
    struct two_stage_fault fault;
};

/*
 * An access of a stream that ends with its translation, waits for a miss, and is not observed: no more is
 * kept of it than what it takes to issue it again, should the miss end in a fault.
 */
struct light_waiter {
    struct stream_access access;
    uint64_t issue_cycle;
    uint32_t number;
    uint32_t next;
};

enum miss_state {
    MISS_FREE,
    MISS_WAITING, /* in front of a level, for a port or an earlier miss */
    MISS_LOOKUP,
    MISS_QUEUED,
    MISS_CACHE,        /* its walk looks up the caches that hold tables */
    MISS_IPA_CACHE,    /* those that hold translations of stage 2 */
    MISS_STAGE2_CACHE, /* those that hold tables of stage 2 */
    MISS_WALKING,
};

struct miss {
    struct walk_state walk;        /* of one stage */
    struct two_stage_walk *nested; /* of two stages; else NULL */
    struct walk_leaf leaf;         /* the result */
    uint64_t stage2_part;          /* and what reports want of it: see STAGE2_RIGHTS */
    struct two_stage_fault fault;  /* or why there is none */
    struct walk_update update;
    uint64_t words[WALK_WORDS_MAX]; /* in the order of the fetches */
    const struct address_context *context;
    const struct address_context *half; /* of it, which translates `va`: itself, or its high half */
    uint64_t va;
    uint64_t id;           /* of its walk; 0 before */
    uint64_t lookup_cycle; /* its look-up at this level began */
    uint64_t request_cycle, start_cycle;
    uint64_t settle; /* invalidations (bits) that wait for this walk */
    uint32_t first_waiter, last_waiter;
    uint32_t waiters;
    uint32_t first_light, last_light, lights;
    uint8_t light_kinds; /* bit access_kind */
    uint8_t state;
    uint8_t sides;   /* bits of enum tlb_side: whose levels are filled */
    uint8_t side;    /* whose levels it looks up */
    uint8_t cause;   /* walk_cause */
    uint8_t front;   /* speculative: the first level that is filled, from 1 */
    uint8_t level;   /* that it looks up, from 1; one more than there are: it walks */
    uint8_t step;    /* of the level's look-up, next */
    uint8_t passed;  /* levels (bits) that count it as outstanding */
    uint8_t steps;   /* entries fetched */
    uint8_t entered; /* stages (bits) that are about to read a table which a cache gave */
    uint8_t fetches_missing;
    uint8_t fetch_words; /* of each of the fetches under way */
    bool aborted;        /* one of them found no memory */
    bool updating;       /* an entry is being changed */
};

static inline bool miss_is_speculative(const struct miss *miss)
{
    return miss->cause >= CAUSE_PREFETCH;
}

/* Somebody waits for it: then it is no longer only speculative. */
static inline bool miss_is_wanted(const struct miss *miss)
{
    return miss->waiters > 0 || miss->lights > 0;
}

/* What a bus request is for: which calendar kind its answer has, and whose. */
struct bus_request {
    uint64_t cycle;
    uint64_t age;
    uint64_t pa;
    uint64_t value;       /* written, desired; then the answer */
    uint64_t grant_cycle; /* decided: what it reads or writes happened then */
    uint32_t what;        /* slot, miss, store */
    uint32_t size_bytes;
    uint8_t kind;   /* memory_transaction_kind */
    uint8_t answer; /* calendar_kind */
    uint8_t index;  /* which of a walk's fetches */
    uint8_t parts;  /* in lines of the caches, that are not decided */
    bool want_old;
    bool bypass;   /* a device's: passes no cache */
    bool crossing; /* of several lines of the caches */
    bool aborted;
    bool delayed;  /* the adversary has let its answer wait */
    uint32_t next; /* behind it in front of the gate */
    uint64_t expected;
    uint64_t old_value;    /* write: the word before, if it was asked for */
    uint64_t answer_cycle; /* with caches: of what is decided of it so far */
    uint64_t *words;       /* read, several at once: where they go; else NULL */
    uint8_t forwarded;     /* of these words (bits): known already, from the store buffer */
};

/* What one message asks for: one invalidation by hardware, or an interrupt's list. */
struct invalidation_order {
    const struct invalidation *list; /* of an interrupt; owned by who asked */
    uint32_t count;
    bool interrupt;
    struct invalidation single; /* without an interrupt */
};

/* One invalidation, or list of them, at a core that has to carry it out. */
struct invalidation_target {
    const struct invalidation_order *order; /* the issuer's */
    uint64_t arrive_cycle, drop_cycle;
    uint32_t next;    /* of its list */
    uint32_t pending; /* accesses and walks that it waits for */
    uint32_t entries_dropped;
    uint16_t walks_settled, accesses_settled;
    uint8_t issuer, issuer_slot;
    bool used;
    bool paying;  /* for what it had to look at */
    bool dropped; /* all of its list is */
};

/* One invalidation at the core that issued it. */
struct invalidation_issue {
    struct invalidation_order order;
    uint64_t id;
    uint64_t operation;
    uint64_t issue_cycle;
    uint32_t missing; /* acknowledgements */
    /* with shared levels, a bit a core: */
    uint64_t targets;
    uint64_t begun, dropped; /* which of them have begun, and ended, to drop entries */
    bool local;              /* for this core alone */
    bool used;
    struct event_acknowledgement answers[MMU_CORES_MAX];
};

struct waiting_arrival {
    uint64_t cycle;
    uint8_t issuer, issuer_slot;
};

enum program_state {
    PROGRAM_NONE,
    PROGRAM_DUE,     /* to be asked at due_cycle */
    PROGRAM_RUNNING, /* its operation is under way */
    PROGRAM_PARKED,
};

struct core {
    struct machine *machine;
    uint32_t index;

    /* time */
    uint64_t now;      /* cycle being handled, or the last one handled */
    uint64_t limit;    /* may not handle this cycle yet */
    uint64_t ready_at; /* next issue not before */
    uint64_t age;      /* ever ascending, orders equals within a cycle */
    bool blocked;      /* the issue waits for some event */
    struct calendar calendar;

    /* program */
    enum program_state program;
    bool asked; /* due, and everything before its issue in this cycle is handled */
    bool begun; /* the operation under way has begun */
    uint64_t due_cycle;
    uint64_t op_cycle;       /* when it began */
    uint64_t promised_cycle; /* a stream without a handler gives no control back before */
    struct core_operation op;
    struct core_result result;

    /* translation */
    const struct address_context *context;
    struct access_controls controls; /* that accesses are judged by: the context's */
    uint64_t space;                  /* tlb_space of the context */
    uint32_t page_lg2;               /* of the smallest page that the context's translations have */
    bool judges;                     /* its controls change what entries allow: see rights.c */
    struct hierarchy hierarchy;
    struct life_pool lives;
    struct range_tlb *ranges; /* NULL without one */
    bool layered;             /* some level is inclusive or exclusive */
    uint64_t entry_count, walk_count, invalidation_count;
    uint64_t random; /* the core's own random numbers */

    struct tlb_prefetcher *prefetcher; /* NULL without one */
    struct adversary *adversary;       /* NULL without one */

    /* accesses in flight */
    struct access_slot *slots;
    uint32_t free_slot;
    uint32_t in_flight;
    uint32_t access_count;
    uint32_t stalled;          /* slot, or NO_INDEX */
    uint32_t order[SLOTS_MAX]; /* accesses with data on the bus, oldest first: a ring */
    uint32_t order_first, order_count;
    bool second_valid; /* the second half of the access issued last */
    struct wanted_access second;
    uint16_t second_size_bytes;
    struct wanted_access *faulted;
    uint32_t faulted_count;
    struct wanted_access *again; /* to be issued again */
    uint32_t again_count, again_next;
    uint32_t held_count;  /* in `again`, of a stream whose program handles its fault */
    uint64_t held_issues; /* first_issues of that stream */
    struct stream_access block[STREAM_BLOCK];
    uint32_t block_count, block_next;
    bool stream_ended;
    uint64_t first_issues; /* accesses of the operation that were issued, retries excepted */

    struct miss misses[MMU_MISSES_MAX];
    uint32_t misses_free;
    struct two_stage_walk *nested;       /* by miss */
    uint64_t miss_pages[MMU_MISSES_MAX]; /* smallest page's number; NO_PAGE: the miss is free */
    struct light_waiter lights[MMU_WINDOW_MAX];
    uint32_t free_light;
    uint32_t walks_active;
    uint32_t slots_awaited;  /* walks that wait for a shared slot */
    uint32_t walks_expected; /* look-ups of the last level that may become walks, if the queue is limited */
    uint64_t walk_cache_cycles[WALK_CACHE_HOLDS]; /* to look up those that hold the same; 0 without any */
    uint32_t walk_caches[WALK_CACHE_HOLDS];       /* how many there are */
    uint32_t queue[MMU_MISSES_MAX];               /* misses that wait for a walker: a ring */
    uint32_t queue_first, queue_count;

    struct store_buffer stores;

    /* bus */
    struct bus_request *requests;
    uint32_t free_requests[REQUESTS_MAX];
    uint32_t free_request_count;
    uint32_t unresolved[REQUESTS_MAX]; /* that the memory system has not taken: a ring */
    uint32_t unresolved_first, unresolved_count;
    uint32_t undecided;         /* that it has taken, and not answered */
    struct bus_counters latest; /* granted at once: of requests of this cycle, which counts at its end */
    uint64_t latest_cycle;

    /* invalidation */
    struct invalidation_target targets[TARGETS_MAX];
    struct invalidation_issue *issues;
    uint32_t outstanding_broadcast, outstanding_local;
    uint8_t unit_queue[TARGETS_MAX]; /* places of targets, in the order in which they came: a ring */
    uint32_t unit_first, unit_count;
    bool unit_busy;
    bool suspended;                   /* an interrupt's handler runs: nothing new is issued */
    uint64_t message_cycle;           /* the next message leaves no sooner */
    struct waiting_arrival *arrivals; /* beyond TARGETS_MAX: a ring */
    uint32_t arrivals_first, arrivals_count, arrivals_capacity;

    /* observation */
    bool track; /* somebody observes */
    bool tell_hits;
    uint32_t sequence;
    struct mmu_event *events;
    uint32_t events_first, events_count, events_capacity;

    struct core_counters counters;
};

struct machine {
    struct mmu_config config;
    struct memory memory;
    struct memory_port port;
    struct machine_controls controls;
    struct core *cores;
    struct shared_levels shared;
    struct {
        uint32_t active;
        uint32_t first, count;
        struct {
            uint8_t core, miss;
        } queue[MMU_CORES_MAX * MMU_MISSES_MAX]; /* a ring */
    } walkers;                                   /* shared ones */
    bool coupled;          /* cores share arrays or walkers: what touches them happens at global time */
    uint32_t shared_drops; /* invalidations that some cores have begun to carry out, and not yet all */
    struct memory_system memory_system;
    struct mmu_observer observers[MACHINE_OBSERVERS_MAX];
    uint32_t observer_count;
    uint32_t events_buffered;
    uint64_t step_cycle; /* stepped reference: where it stands */
    uint32_t step_core;
    bool stepping;
    bool grant_at_once; /* fast, with one core: nobody else can have an older request */
    bool failed;
    char error[256];
};

/* core.c */
bool core_init(struct core *core, struct machine *machine, uint32_t index, const char **why);
void core_destroy(struct core *core);
/* An own item of the calendar, at `cycle`, which is not before now. */
void core_schedule(struct core *core, uint64_t cycle, enum calendar_kind kind, uint32_t what);
/* The same with a key of the caller's, which no other item has. */
void core_schedule_keyed(struct core *core, uint64_t cycle, uint64_t order, uint32_t what);
/* An answer or message from outside; must lie after the last handled cycle. */
void core_deliver(struct core *core, uint64_t cycle, uint64_t order, uint32_t what, uint32_t from);
uint64_t core_next(const struct core *core);
/* The next item of the calendar that touches what cores share; NEVER if there is none. */
uint64_t core_next_shared(const struct core *core);
/* Something may come from outside at `cycle`: the core may not go as far. */
static inline void core_limit(struct core *core, uint64_t cycle)
{
    cycle += core->machine->controls.extra_look_ahead;
    core->limit = cycle < core->limit ? cycle : core->limit;
}
void core_step(struct core *core, uint64_t cycle);
/* A new event at `cycle`, to be filled by the caller; NULL if nobody observes. */
struct mmu_event *core_event(struct core *core, enum event_kind kind, uint64_t cycle);
/* splitmix64 */
uint64_t core_draw(uint64_t *state);
uint64_t core_random(struct core *core);
void machine_fail(struct machine *machine, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The end of a miss: a leaf, or a fault. */
struct translated {
    const struct walk_leaf *leaf;
    uint64_t stage2_part;
    const struct two_stage_fault *fault;
};

/* access.c */
static inline unsigned access_side(uint8_t access_kind)
{
    return access_kind == ACCESS_FETCH ? TLB_SIDE_INSTRUCTION : TLB_SIDE_DATA;
}
/* Issues it, or its first half; the second then follows in core->second. */
void access_issue(struct core *core, const struct wanted_access *wanted);
void access_issue_second(struct core *core);
/* Whether the first level takes a look-up now. If not, the issue is blocked or `ready_at` says when. */
bool access_can_issue(struct core *core, uint8_t access_kind);
bool access_retry_stalled(struct core *core);
void access_translated_event(struct core *core, uint32_t slot);
/* The miss that the slot waited for has ended, in `leaf` or a fault. */
void access_forward(struct core *core, uint32_t slot, const struct translated *result);
void access_data(struct core *core, uint32_t slot, const struct bus_request *request);
void access_complete(struct core *core, uint32_t slot);
void access_advance_data(struct core *core);
/* Counts and tells a conflict of several entries, if the look-up found one; whether the access faults. */
bool access_conflict(struct core *core, uint64_t va, const struct tlb_found *found);
/* access_many.c: hits and light merges of a stream at one a cycle, up to `bound` and while the window has
 * room. */
void access_issue_many(struct core *core, uint64_t bound, uint32_t window);
/* A slot for an access whose look-up has been counted before. */
uint32_t access_take_slot(struct core *core, const struct wanted_access *wanted, uint64_t va,
                          uint16_t size_bytes, uint8_t half);
uint64_t access_bytes(uint64_t value, unsigned size_bytes);

/* miss.c */
uint32_t miss_find(const struct core *core, uint64_t page);
/* False if there is no free miss and none to merge with. */
bool miss_start(struct core *core, uint32_t slot);
/* waiters.c */
void miss_add_waiter(struct core *core, struct miss *miss, uint32_t slot);
/* The light waiters' part of a miss that ends: they are complete, or become ordinary waiters. */
void miss_end_lights(struct core *core, struct miss *miss, const struct walk_leaf *leaf, uint8_t fault);
void miss_merge_light(struct core *core, uint32_t miss, const struct stream_access *access, uint32_t number);
/* Those of every miss: somebody wants to know when each of them is complete. */
void miss_make_lights_ordinary(struct core *core);
/* The next step of its look-up, or the beginning of one. */
void miss_look_up(struct core *core, uint32_t miss);
/* Misses that waited for room in the walkers' queue try again. */
void miss_wake_last_levels(struct core *core);
/* What the oldest of those who wait wants to do (ACCESS_RIGHT); 0 if nobody waits. */
unsigned miss_first_right(const struct core *core, const struct miss *miss);
/* What all who wait want to do: ACCESS_RIGHT, or-ed. */
unsigned miss_rights_wanted(const struct core *core, const struct miss *miss);
/* Somebody waits, and the leaf allows nobody what he waits for, even if it were dirty. */
bool miss_is_refused(const struct core *core, const struct miss *miss, const struct walk_leaf *leaf);
/* Somebody wants to store and may, and hardware has to make the entry dirty first. */
bool miss_wants_update(const struct core *core, const struct miss *miss, const struct walk_leaf *leaf);
/* Its walk has ended, in miss->leaf or miss->fault. `filled`: the levels take the result. */
void miss_end_walk(struct core *core, uint32_t miss, bool filled);

/* walk_cache.c */
struct walk_cache_found {
    struct translation_array *cache; /* NULL: none has it; else its tables and leaves have `slot` */
    uint32_t slot;
};
struct walk_cache_found walk_cache_find(struct core *core, enum walk_cache_holds holds,
                                        const struct address_context *context, uint64_t address);
/* `stage2`: where a table of stage 1 lies under a second stage; else NULL. */
void walk_cache_add_table(struct core *core, enum walk_cache_holds holds, const struct miss *miss,
                          const struct walk_table *table, const struct walk_leaf *stage2);
/* Whether the table that the stage is about to read came from a cache, and so need not go into one. */
static inline bool walk_cache_gave(struct miss *miss, unsigned stage)
{
    bool gave = miss->entered >> stage & 1;
    miss->entered &= (uint8_t) ~(1u << stage);
    return gave;
}
void walk_cache_add_leaf(struct core *core, const struct miss *miss, const struct walk_leaf *leaf);

/* walker.c */
/* The miss has passed all levels. False if there is nothing to fetch: miss->fault says why. */
bool walker_request(struct core *core, uint32_t miss);
void walker_queue(struct core *core, uint32_t miss);
/* So many consecutive words at each address. */
void walker_fetch(struct core *core, uint32_t miss, const uint64_t *addresses, uint32_t count,
                  uint32_t words);
/* The compare-exchange of miss->update. */
void walker_update(struct core *core, uint32_t miss);
/* The walk ends, in miss->leaf or miss->fault. */
void walker_end(struct core *core, uint32_t miss);
/* It ends in miss->leaf, which allows none of the accesses that wait, and of which nothing is cached. */
void walker_refuse(struct core *core, uint32_t miss);
/* Its slot is free, or its walk caches have answered. */
void walker_continue(struct core *core, uint32_t miss);
/* An entry has arrived. */
void walker_entry(struct core *core, uint32_t miss, const struct bus_request *request);
void walker_tell(struct core *core, const struct miss *miss, bool filled);
uint64_t walker_fault_ipa(const struct two_stage_fault *fault);
/* The queue is shorter than the misses: look-ups of the last level may have to wait for it. */
static inline bool walker_limits_queue(const struct core *core)
{
    return core->machine->config.walker_queue < core->machine->config.misses &&
           !core->machine->config.walker_shared;
}
/* Whether one more look-up may end in a walk. */
bool walker_has_room(const struct core *core);
/* A slot is free, and no walk waits for one. */
bool walker_is_idle(const struct core *core);
/* Whether an invalidation of `what` must wait for the walk: it reads a table that translates such addresses.
 */
bool walker_is_caught(const struct miss *miss, const struct invalidation *what);

/* nested.c: the same for two stages */
bool nested_request(struct core *core, uint32_t miss);
void nested_begin(struct core *core, uint32_t miss);
void nested_continue(struct core *core, uint32_t miss);
void nested_words(struct core *core, uint32_t miss);
void nested_abort(struct core *core, uint32_t miss);
void nested_updated(struct core *core, uint32_t miss, bool done);
/* Whether the fault that the walk has ended with is that of an access (ACCESS_RIGHT) that waited. */
bool nested_fault_is_of(const struct miss *miss, unsigned right);

/* invalidation.c */
/* To the cores of the mask. False if too many are outstanding; an acknowledgement will make room. */
bool invalidation_issue(struct core *core, const struct invalidation_order *order, uint64_t targets,
                        uint64_t operation);
void invalidation_arrives(struct core *core, uint32_t issuer, uint32_t issuer_slot);
void invalidation_drops(struct core *core, uint32_t target);
void invalidation_answered(struct core *core, uint32_t issuer_slot, uint32_t from);
/* Something that the invalidations of this mask waited for is complete. */
void invalidation_settle(struct core *core, uint64_t mask);
/* The interrupt's handler has ended. */
void invalidation_resumes(struct core *core);
/* Whether a shared level must not take this entry from the core: see invalidation.c. */
bool invalidation_bars(const struct core *core, const struct tlb_entry *entry);

/* operation.c */
void operation_begin(struct core *core, const struct core_operation *operation);
void operation_issue(struct core *core);
/* What is half issued when an interrupt comes: an access that waits for a miss, the second half of another.
 */
bool operation_half_issued(const struct core *core);
void operation_finish_issue(struct core *core);
bool operation_quiet(const struct core *core);
void operation_end(struct core *core, uint64_t cycle);
/* A stream that ends early, by a fault or an error of its source: it gives control back no sooner than the
 * other cores were told. */
void operation_end_early(struct core *core, uint64_t cycle);
void operation_answer(struct core *core, const struct bus_request *request);
/* An access of the operation has completed. */
void operation_access_done(struct core *core, const struct access_slot *slot);

/* fault.c */
/* What the architecture tells software of a fault. */
struct fault_report fault_report_of(const struct core *core, const struct event_translation *event,
                                    const struct two_stage_fault *fault);
/* Faults are kept one an access, by age; a crossing access may have two, of which the first counts. */
void fault_note(struct core *core, const struct access_slot *slot);
/* Gives the oldest fault to the program; the other faulted accesses are issued again together with it. */
void fault_deliver(struct core *core);

/* memory_system.c */
/* A request to be filled in (value, expected, index, want_old, bypass, where its kind needs them), then to be
 * asked. */
struct bus_request *bus_prepare(struct core *core, enum memory_transaction_kind kind, uint64_t pa,
                                uint32_t size_bytes, enum calendar_kind answer, uint32_t what);
void bus_ask(struct core *core, struct bus_request *request);
void bus_release(struct core *core, uint32_t request);
/* The oldest unresolved request's cycle; NEVER if there is none. */
static inline uint64_t bus_oldest(const struct core *core)
{
    return core->unresolved_count ? core->requests[core->unresolved[core->unresolved_first]].cycle : NEVER;
}

#endif
