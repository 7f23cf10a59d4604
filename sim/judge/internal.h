/*
 * What the judge's files share. Nothing here is part of its contract.
 *
 * An event is judged as it arrives. If it breaks no rule by what is known, it is fine for good: what is not
 * yet known (a store still in its buffer, an acknowledgement on its way) can only widen windows. If it
 * breaks one, it is a finding at once when no operation is unsettled that began before; else it is held.
 */
#ifndef MMUSIM_SIM_JUDGE_INTERNAL_H
#define MMUSIM_SIM_JUDGE_INTERNAL_H

#include "sim/judge/judge.h"
#include "sim/judge/values.h"
#include "sim/judge/versions.h"

#define JUDGE_CORES  (1u << EVENT_CORE_BITS)
#define CROSSING_LG2 6 /* crossing accesses of a core whose other half is awaited */
#define SPACES_MAX   (UINT32_C(1) << 20)

struct space {
    const struct walk_format *format; /* NULL: this number was never told */
    uint64_t sizes;                   /* of the format's frames; bit: log2 */
    uint64_t sizes_used;
    uint64_t live;   /* mappings */
    uint64_t digest; /* of them (mmu/digest.h) */
    uint64_t
        late_cycle; /* of the last entry write that became visible after its operation's return; 0: none */
    uint32_t number;
    uint32_t stage2; /* 0: none */
    uint16_t asid;
    uint16_t vmid;
    bool aliasing_allowed;
    bool hardware_access;
    bool hardware_dirty;
};

/* A view of a whole table that is not yet found right. */
struct whole_view {
    struct event_view told;
    uint64_t cycle;            /* EVENT_NEVER: there is none */
    uint64_t mappings, digest; /* what it should have told: set once its operation has returned */
    uint64_t blocks, blocks_digest;
    uint8_t core;
};

/* A block of memory that a page table holds. */
struct table_block {
    uint64_t pa;
    uint64_t bytes; /* 0: the place is free */
    uint32_t space;
};

/* What the table of one space holds. */
struct table_memory {
    uint64_t blocks;
    uint64_t digest;
};

struct tables {
    struct table_block *places; /* hashed by space and address; `capacity` is a power of two, or 0 */
    size_t capacity;
    size_t count;
    struct table_memory *spaces; /* by number: also of spaces that are not told yet */
    size_t space_count;
};

/* A page-table operation from its call until its window is known for certain. */
struct operation {
    struct event_operation call; /* as in the end event, once it came */
    uint64_t end_cycle;          /* of the return; EVENT_NEVER before */
    uint64_t first_write;        /* issue of the first changing entry write; EVENT_NEVER before */
    uint64_t last_visible;       /* entry write; 0 before */
    uint64_t last_acknowledged;  /* 0 before */
    uint64_t last_invalidation;
    struct version *created;
    struct version *ended;
    uint64_t begin_event; /* its call, as in version_order */
    uint64_t end_event;   /* its return; EVENT_NEVER before */
    uint64_t touch_event; /* the first event after which others may see what it does: of a store, of a table's
                             memory, of its return; 0 before */
    uint64_t view_event;  /* how many events there were when it was viewed */
    struct whole_view view;
    uint32_t unacknowledged; /* invalidations */
    uint8_t core;
    bool parked; /* returned; waits for operations that were under way at its return */
};

struct invalidation_state {
    uint64_t id;
    uint64_t operation;
    uint64_t issue_cycle;
    uint64_t acknowledged;    /* one bit a core */
    uint64_t completed_cycle; /* EVENT_NEVER before */
    struct invalidation what;
    uint32_t targets;
    uint32_t acknowledgements;
    uint32_t core; /* the issuer */
    bool local;    /* a DSB NSH waits for it, too */
    bool awaited;  /* a barrier that had to wait for it has ended */
};

/* The half of a crossing access that came first. */
struct crossing {
    uint64_t issue_cycle;
    uint64_t cycle;
    uint64_t performed_cycle;
    uint64_t va;
    uint32_t access;
    uint8_t half; /* 0: none */
    uint8_t retry;
    uint8_t fault;
};

/* A look-up that found several entries, so the machine says. */
struct conflict {
    uint64_t cycle;
    uint64_t va;
    uint32_t space;
    uint32_t matched; /* entries that were there, as far as they are told by now */
    uint8_t core;
    uint8_t tlb;
};

struct conflicts {
    struct conflict *list;
    size_t count;
    size_t capacity;
    size_t open;                   /* the first with fewer than two entries */
    struct conflict_doubt *doubts; /* faults that are right if their conflict was one */
    size_t doubt_count;
    size_t doubt_capacity;
};

/* When a core ran an address space with these tags: [from, until). */
struct active_time {
    uint64_t from;
    uint64_t until; /* EVENT_NEVER: it does now */
    uint16_t asid;
    uint16_t vmid;
};

struct active_history {
    struct active_time *times; /* in their order */
    size_t count;
    size_t capacity;
    size_t thin_at; /* so many */
};

/* What a core's controls were from a cycle on. */
struct control_time {
    uint64_t from;
    struct access_controls controls;
};

struct control_history {
    struct control_time *times; /* in their order */
    size_t count;
    size_t capacity;
};

/* An invalidation that a core has carried out. */
struct fence {
    struct invalidation what;
    uint64_t drop_cycle;
};

struct fence_history {
    struct fence *fences;
    size_t count;
    size_t capacity;
};

/* The first fault of a core that was excused by the version of this operation. */
struct excuse {
    uint64_t operation;
    uint64_t cycle;
};

struct excuse_history {
    struct excuse *list; /* in their order: those that an access still to come may have been in flight with */
    size_t count;
    size_t capacity;
};

/* Walks that ended with a fault of stage 2 on a table of stage 1, in their order. */
struct table_fault {
    uint64_t walk;
    uint64_t cycle;
};
struct table_faults {
    struct table_fault *list;
    size_t count;
    size_t capacity;
};

/* A walk in a space whose entries have a state that hardware keeps; its update of one, if it made one. */
struct state_walk {
    uint64_t id;
    uint64_t cycle;         /* of its end */
    uint64_t start_cycle;   /* the first in which the mapping must have been there */
    uint64_t visible_cycle; /* of the update */
    uint64_t va;
    struct mapping leaf;
    uint32_t space;
    uint8_t rights;
    uint8_t core;
    bool filled;
};

struct state_queue {
    struct state_walk *list; /* [first, count) */
    size_t first, count, capacity;
};

struct states {
    struct state_queue open; /* updates whose walk has not ended: in no order */
    struct state_queue updates, walks;
};

/* Of the sighting that is weighed: stages.c. */
struct stage_pairs {
    struct stage_pair *list;
    size_t count;
    size_t capacity;
};

/* When an operation that changed nothing was called and returned, as in version_order. */
struct answer_order {
    uint64_t call_event;
    uint64_t return_event;
    bool excused; /* what this map says is in its way was there, or was made by an operation under way */
};

/* An event that cannot be decided yet. */
struct undecided {
    struct mmu_event event;
    struct answer_order order; /* of an operation's answer */
};

struct event_queue {
    struct undecided *events; /* a ring; capacity is a power of two, or 0 */
    size_t capacity;
    size_t head;
    size_t count;
};

struct protocol_run;

struct judge {
    struct judge_config config;
    struct protocol_run *protocol;
    int error; /* ENOMEM, once memory ran out */
    bool finished;
    uint64_t now;
    uint64_t events; /* so far */
    struct version_index index;
    struct space *spaces; /* by number */
    size_t space_count;
    uint64_t global_sizes;         /* of global mappings, ever */
    struct operation **operations; /* unsettled, in the order of their calls */
    size_t operation_count;
    size_t operation_capacity;
    size_t open;          /* of these operations, have not returned */
    uint64_t next_settle; /* no operation settles before this cycle */
    size_t parked;
    bool fences_count;                        /* some space's format lets a fence end spurious faults */
    struct invalidation_state *invalidations; /* not completed, or without all acknowledgements */
    size_t invalidation_count;
    size_t invalidation_capacity;
    struct event_queue held;
    size_t held_overlaps; /* maps among them, refused for what may be in their way */
    struct values values;
    struct tables tables;
    size_t views; /* of operations, that are not yet found right */
    struct conflicts conflicts;
    struct stage_pairs pairs;
    struct states states;
    struct table_faults table_faults;
    struct active_history active[JUDGE_CORES];
    struct control_history controls[JUDGE_CORES];
    struct fence_history fences[JUDGE_CORES];
    struct excuse_history excuses[JUDGE_CORES];
    struct crossing crossings[JUDGE_CORES][1u << CROSSING_LG2];
    struct judge_finding *findings;
    size_t finding_count;
    size_t finding_capacity;
    uint64_t counts[JUDGE_RULES];
    uint64_t unjudged[JUDGE_UNJUDGED];
};

static inline uint8_t judge_rights_of(const struct judge *judge, const struct walk_format *format,
                                      uint32_t attributes)
{
    const struct judge_rights *told = judge->config.rights;
    return told ? told->rights(format, attributes) : format->rights(attributes);
}

static inline uint8_t judge_allowed(const struct judge *judge, const struct walk_format *format,
                                    const struct access_controls *controls, uint8_t rights,
                                    uint32_t attributes)
{
    const struct judge_rights *told = judge->config.rights;
    return told ? told->allowed(format, controls, rights, attributes)
                : walk_allowed(format, controls, rights, attributes);
}

/* findings.c: counts, and keeps with its text if there is room. */
void judge_report(struct judge *judge, const struct judge_finding *finding, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Cycles as text: the number, or "never". */
struct cycle_text {
    char text[24];
};
struct cycle_text cycle_print(uint64_t cycle);
const char *judge_operation_name(uint8_t kind);
const char *judge_access_name(uint8_t kind);
const char *judge_fault_name(uint8_t fault);
void judge_sort_findings(struct judge *judge);

/* protocols.c */
bool protocol_init(struct judge *judge); /* false if there is no memory */
void protocol_forget(struct judge *judge);
void protocol_told(struct judge *judge, const struct mmu_event *event);

/* Rights as text: "user rw-, kernel r--". */
struct rights_text {
    char text[24];
};
struct rights_text rights_print(unsigned rights);
/* Controls as text: " under pan mxr", or nothing if all are 0. */
struct controls_text {
    char text[64];
};
struct controls_text controls_print(const struct access_controls *controls);

/* judge.c */
void judge_decide(struct judge *judge, const struct mmu_event *event); /* now, or holds it */
/* The same of the answer of an operation that changed nothing. */
void judge_decide_answer(struct judge *judge, const struct mmu_event *event,
                         const struct answer_order *order);
/* The first cycle that an event which is held may have used a mapping of this page in; EVENT_NEVER: none. */
uint64_t judge_held_since(const struct judge *judge, const struct version *page);
/* No event that is still to come, or is held, was issued before this cycle. */
uint64_t judge_oldest_issue(const struct judge *judge);
void *judge_grow(struct judge *judge, void *array, size_t *capacity, size_t element_bytes);
/* NULL if it was never told. */
static inline struct space *judge_space(struct judge *judge, uint32_t number)
{
    return number < judge->space_count && judge->spaces[number].format ? &judge->spaces[number] : NULL;
}
/* NULL if it was never told, or its second stage was not. */
static inline struct space *judge_translating(struct judge *judge, uint32_t number)
{
    struct space *space = judge_space(judge, number);
    return space && (space->stage2 == 0 || judge_space(judge, space->stage2)) ? space : NULL;
}

/*
 * The judgements. Each says whether the event breaks a rule by what is known; with `final` it reports.
 */
bool judge_translation(struct judge *judge, const struct mmu_event *event, bool final);
bool judge_walk(struct judge *judge, const struct mmu_event *event, bool final);
bool judge_tlb_entry(struct judge *judge, const struct mmu_event *event, bool final);
bool judge_answer(struct judge *judge, const struct mmu_event *event, const struct answer_order *order,
                  bool final); /* of what changed nothing */
/* Whether it is the answer of a map that says that something is in its way. */
bool judge_says_overlap(const struct mmu_event *event);
/* The operation that made this version settles: it may excuse such maps, which are held. */
void judge_excuse_overlaps(struct judge *judge, const struct version *made);
bool judge_view(struct judge *judge, const struct mmu_event *event, bool final);
void judge_crossing(struct judge *judge, const struct mmu_event *event); /* decided at once */

bool judge_same_mapping(const struct mapping *one, const struct mapping *other); /* but for their state */
/* results.c: why an operation cannot have succeeded, whatever is mapped; NULL if it can. */
const char *judge_refusal(const struct judge *judge, const struct space *space,
                          const struct event_operation *call);

/* views.c: what a view tells of the whole table: noted, compared once its operation has returned, judged when
 * nothing can excuse it any more. */
void view_told(struct judge *judge, const struct mmu_event *event);
void view_compare(struct judge *judge, struct operation *operation);
void view_settle(struct judge *judge, struct operation *operation);
/* A store of this operation became visible after its return: views that came meanwhile may lack it. */
void view_excuse(struct judge *judge, const struct operation *operation);

/* tables.c */
void table_event(struct judge *judge, const struct mmu_event *event);
struct table_memory table_memory_of(const struct judge *judge, uint32_t space);
void tables_destroy(struct tables *tables);

/* operations.c: windows */
void operation_begins(struct judge *judge, const struct mmu_event *event);
void operation_returns(struct judge *judge, const struct mmu_event *event);
void operation_writes(struct judge *judge, const struct mmu_event *event);
struct operation *operation_find(const struct judge *judge, uint64_t id);
void operation_acknowledged(struct judge *judge, struct operation *operation, uint64_t cycle);
void operations_settle(struct judge *judge);
void operations_finish(struct judge *judge);
bool operation_changes(const struct event_operation *call); /* by its result */
/* Others may see what it does, from this event on. */
void operation_touches(const struct judge *judge, struct operation *operation);
/* Whether another operation on its space was under way when it returned, and has not returned yet. */
bool operation_others_open(const struct judge *judge, const struct operation *operation);
/* Whether an operation that began at or before `cycle` may still change what is known. */
static inline bool operations_unsettled(const struct judge *judge, uint64_t cycle)
{
    return judge->operation_count && judge->operations[0]->call.begin_cycle <= cycle;
}

/* contexts.c */
void context_switched(struct judge *judge, const struct mmu_event *event);
/* Whether the entry, whose event this is, could be used between the cycle `after` and its end. */
bool context_could_use(const struct judge *judge, const struct mmu_event *event, uint64_t after);
void contexts_destroy(struct judge *judge);

/* controls.c */
void controls_changed(struct judge *judge, const struct mmu_event *event);
/* Of accesses that this core issued in this cycle. */
struct access_controls controls_at(const struct judge *judge, unsigned core, uint64_t cycle);
/* What a mapping's rights become under them. */
uint8_t controls_allow(const struct judge *judge, const struct version *version,
                       const struct access_controls *controls);
void controls_destroy(struct judge *judge);

/* stages.c: of a version of a second stage, whatever its controls are: some, or all that they leave. */
uint8_t stage2_allows(const struct judge *judge, const struct version *version, bool always);
void stages_destroy(struct judge *judge);

/* faults.c */
bool judge_fault(struct judge *judge, const struct mmu_event *event, bool final);
void table_fault_told(struct judge *judge, const struct mmu_event *event);
void faults_destroy(struct judge *judge);

/* fences.c */
void fence_carried_out(struct judge *judge, unsigned core, const struct fence *fence);
struct fence_question {
    const struct version *version;
    uint64_t address; /* in its page */
    uint64_t from;
    uint64_t to;
    bool guest; /* the version is one of a second stage, and the access a guest's */
};
/* Whether the core dropped entries of the address in [from, to]. */
bool fence_was_carried_out(const struct judge *judge, unsigned core, const struct fence_question *question);
void fences_destroy(struct judge *judge);

/* states.c */
void state_written(struct judge *judge, const struct mmu_event *event); /* an entry write */
void state_walked(struct judge *judge, const struct mmu_event *event);
void states_settle(struct judge *judge);
void states_finish(struct judge *judge);
void states_destroy(struct judge *judge);

/* spurious.c: faults that the format allows hardware. */
/*
 * Whether this fault, of an access that the mapping permits, is one; if so, and `final`, it is noted. The
 * mapping contains `address`: that of the access, or, of a second stage, the intermediate one.
 */
bool fault_excused(struct judge *judge, const struct mmu_event *event, struct version *version,
                   uint64_t address, bool final);
void excuses_destroy(struct judge *judge);

/* invalidations.c */
void invalidation_issued(struct judge *judge, const struct mmu_event *event);
void invalidation_acknowledged(struct judge *judge, const struct mmu_event *event);
/* A barrier has ended. */
void invalidation_awaited(struct judge *judge, const struct mmu_event *event);
void invalidation_completed(struct judge *judge, const struct mmu_event *event);

/* conflicts.c */
void conflict_told(struct judge *judge, const struct mmu_event *event);
void conflict_entry(struct judge *judge, const struct mmu_event *event); /* an entry left its array */
enum conflict_known { CONFLICT_NONE, CONFLICT_OPEN, CONFLICT_REAL };
/* What is known of the conflict that this access met; its place in `*which`. */
enum conflict_known conflict_of(const struct judge *judge, const struct mmu_event *access, size_t *which);
/* A finding, unless the conflict turns out to be real. */
void conflict_doubt(struct judge *judge, size_t which, const struct judge_finding *finding);
void conflicts_finish(struct judge *judge);
void conflicts_destroy(struct conflicts *conflicts);

#endif
