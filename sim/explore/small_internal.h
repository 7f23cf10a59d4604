/* What the files of the small machine's hardware share. Nobody else includes it. */
#ifndef MMUSIM_SIM_EXPLORE_SMALL_INTERNAL_H
#define MMUSIM_SIM_EXPLORE_SMALL_INTERNAL_H

#include "sim/explore/intern.h"
#include "sim/explore/memo.h"
#include "sim/explore/small_machine.h"
#include "tlb/tlb.h"

/* A walk under way. */
struct position {
    struct walk_state walk;
    uint64_t words[WALK_WORDS_MAX]; /* of the fetches wanted, those that are here; of two stages all so far */
    uint8_t have;
    uint8_t status;  /* walk_status */
    uint8_t context; /* 1 + index */
    uint8_t known;   /* WALK_LEAF: hardware's changes of the entry are made */
    uint16_t before; /* the position in which the last word was read; 0: none was */
};

/* What is asked of a position again and again. */
struct position_facts {
    uint64_t pa; /* WALK_FETCH: of the word that is wanted next */
    uint16_t leaf;
    uint8_t status;
    uint8_t word; /* its number; 0: it never held anything else than 0 */
};

/* What a TLB or walk cache holds: numbers of leaves or tables, in ascending order, or with evictions by use
 * alone the least recent first. */
struct array_contents {
    uint16_t items[SMALL_TLB_ENTRIES];
};

/* A table in a walk cache. */
struct cached_table {
    struct walk_table table;
    uint16_t asid;
    uint16_t vmid;
};

struct small_machine {
    struct small_config config;
    const char *error;
    struct memory_budget *budget;              /* the caller's */
    struct intern *leaves;                     /* struct small_leaf */
    struct intern *tables;                     /* struct cached_table */
    struct intern *contents;                   /* struct array_contents; number 0 is the empty one */
    struct intern *positions;                  /* struct position */
    struct intern *orders;                     /* struct invalidation */
    struct intern *values, *words, *addresses; /* uint64_t */
    struct memo *memo;
    struct tlb tlb, walk_cache; /* in which contents are tried: empty between */
    bool has_tlb, has_walk_cache;
    struct position_facts *facts; /* by position */
    uint32_t facts_count, facts_capacity;
};

/* What is remembered, and of which arguments. */
enum remembered {
    TLB_FILLED,     /* contents, leaf -> contents */
    TLB_USED,       /* contents, leaf -> contents */
    TLB_EVICTED,    /* contents, index -> contents */
    TLB_DROPPED,    /* contents, invalidation -> contents */
    TLB_MATCHES,    /* contents, context and address -> contents: those that match */
    TABLES_FILLED,  /* contents, table -> contents */
    TABLES_DROPPED, /* contents, invalidation -> contents */
    WALK_STARTED,   /* contents of the walk cache, context and address -> position */
    WALK_READ,      /* position, value -> position */
    WALK_TABLE,     /* position -> table, or 0 */
    WALK_CONCERNED, /* position, invalidation -> bool */
    LEAF_CONCERNED, /* leaf, invalidation -> bool */
};

static inline uint64_t remembered_key(enum remembered what, uint32_t a, uint32_t b)
{
    return (uint64_t)what << 56 | (uint64_t)a << 24 | b;
}

static inline bool recall(const struct small_machine *machine, uint64_t key, uint64_t *known)
{
    *known = memo_get(machine->memo, key);
    return *known != MEMO_NONE;
}

/* Nothing is lost if there is no room: it is computed again. */
static inline uint16_t remember(struct small_machine *machine, uint64_t key, uint16_t value)
{
    if (!machine->error)
        (void)memo_put(machine->memo, key, value);
    return value;
}

bool small_fail(struct small_machine *machine, const char *sentence); /* false */
/* Number, from 1 to 65,535; 0, and the sentence is the error, if there are too many. */
uint32_t number_of(struct small_machine *machine, struct intern *intern, const void *bytes, size_t length,
                   const char *sentence);

/* ---- small_arrays.c ---- */
bool arrays_init(struct small_machine *machine);
void arrays_destroy(struct small_machine *machine);
uint16_t tlb_filled(struct small_machine *machine, uint16_t contents, uint16_t leaf);
uint16_t tlb_used(struct small_machine *machine, uint16_t contents, uint16_t leaf);
uint16_t tlb_dropped(struct small_machine *machine, uint16_t contents, uint8_t what);
uint16_t tlb_evicted(struct small_machine *machine, uint16_t contents, unsigned index);
uint16_t tlb_matching(struct small_machine *machine, uint16_t contents, uint8_t context, uint8_t address);
uint16_t tables_filled(struct small_machine *machine, uint16_t contents, uint16_t table);
uint16_t tables_dropped(struct small_machine *machine, uint16_t contents, uint8_t what);
uint16_t tables_for(struct small_machine *machine, uint16_t contents, uint8_t context, uint64_t va);
const struct array_contents *contents_of(const struct small_machine *machine, uint16_t contents);
bool leaf_is_concerned(struct small_machine *machine, uint16_t leaf, uint8_t what);

/* ---- small_faults.c ---- */
void fault_kept(struct small_machine *machine, struct small_core *core, const struct small_walk *walk);
void fault_forgotten(struct small_core *core);
void fault_dropped(const struct small_machine *machine, struct small_core *core, uint8_t what);
bool fault_meets(const struct small_machine *machine, const struct small_core *core,
                 const struct small_access *access);

/* ---- small_nested.c ---- */
/* Where a walk of two stages is with the words that it has: status, what it wants or has found. */
void nested_follow(const struct small_machine *machine, struct position *position);

/* ---- small_walks.c ---- */
uint16_t walk_started(struct small_machine *machine, uint16_t walk_cache, uint8_t context, uint8_t address);
uint16_t walk_read(struct small_machine *machine, uint16_t position, uint8_t value);
/* What it has to change in memory before it goes on, for a store or another access; false: nothing. */
bool walk_wants_update(const struct small_machine *machine, uint16_t position, bool store,
                       struct walk_update *update);
uint16_t walk_updated(struct small_machine *machine, uint16_t position, bool store);
uint16_t walk_table_of(struct small_machine *machine, uint16_t position);
bool walk_is_concerned(struct small_machine *machine, uint16_t position, uint8_t what);

#endif
