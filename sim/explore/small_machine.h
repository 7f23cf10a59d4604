/*
 * The hardware of the small machine: what the explorer tries in every order.
 *
 * A few cores with a TLB, walkers and a store buffer each, one memory, invalidations on their way. There is
 * no time. A state is a flat struct of small numbers, and every step that hardware may take next is a
 * transition of its own: a store leaves its buffer, an invalidation arrives, a walk begins, reads one word,
 * ends and fills, an entry is evicted. Who drives a core (its program, sim/explore/machine.h, or the threads
 * of a litmus test, sim/litmus/) adds the core's own steps with the functions below.
 *
 * What is inside is not written again here. TLBs are arrays of tlb/tlb.h, walks are the engines of
 * pagetables/walk.h, what an invalidation means says mmu/invalidation_scope.h. Each of their results is
 * remembered: the contents of an array, and a walk's position, are numbered, and what the code makes of
 * number and input is computed once. So a step costs a look-up, and a state holds numbers.
 *
 * Numbers, everywhere 0 for "none" or the value 0, are given in the order of first appearance: the same
 * description gives the same states on every machine.
 *
 * Nothing prints, and there are no writable globals. Functions that can run out of room answer false or 0 and
 * leave a sentence in small_error.
 */
#ifndef MMUSIM_SIM_EXPLORE_SMALL_MACHINE_H
#define MMUSIM_SIM_EXPLORE_SMALL_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mmu/config.h"
#include "pagetables/environment.h"
#include "pagetables/walk.h"
#include "sim/explore/memory_budget.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SMALL_CORES         4u
#define SMALL_WORDS         64u /* of memory that ever hold something else than 0 */
#define SMALL_VALUES        255u
#define SMALL_STORES        4u
#define SMALL_WALKS         2u
#define SMALL_ACCESSES      4u
#define SMALL_INVALIDATIONS 8u
#define SMALL_CONTEXTS      4u
#define SMALL_PAGES         8u
#define SMALL_TLB_ENTRIES   4u

/* What a core translates by. */
struct small_context {
    struct translation_regime regime;
    /* What translates the intermediate addresses of `regime`, whose root is one of them. No hardware updates
     * in either regime, and no caches but the TLB then. */
    bool two_stage;
    struct translation_regime stage2;
    uint16_t asid;
    uint16_t vmid;
    uint64_t pages[SMALL_PAGES]; /* addresses for which hardware may walk unasked, one a page */
    unsigned page_count;
};

struct small_config {
    unsigned cores;              /* 1 to SMALL_CORES */
    unsigned tlb_entries;        /* of a core, fully associative; 0: nothing is ever cached */
    unsigned walk_cache_entries; /* of a core; 0: no walk cache */
    unsigned store_buffer;       /* of a core; 0: stores are visible at once */
    unsigned walks;              /* at once on a core, 1 to SMALL_WALKS */
    enum ordering ordering;
    bool stores_pass_stores; /* to other words, unless a barrier stands between; else buffers are first in,
                                first out */
    bool speculates;         /* hardware walks unasked */
    bool evicts;             /* entries go at any time; else only for room, by least recent use */
    /* A translation fault may stay, and be met until it is invalidated (RISC-V): one a core, of contexts of
     * one stage. */
    bool keeps_faults;
    struct small_context contexts[SMALL_CONTEXTS];
    unsigned context_count;
    uint64_t memory_bytes; /* physical memory is [0, memory_bytes) */
};

/* ---- states -------------------------------------------------------------------------------------- */

/* A store that waits. */
struct small_store {
    uint8_t word;    /* number of its address */
    uint8_t value;   /* number */
    uint16_t leaf;   /* the translation that it used; 0: it was not translated (page-table code) */
    uint8_t settle;  /* invalidations (bits) that wait for it */
    uint8_t barrier; /* how many barriers between stores came before it, of those that still matter */
    uint8_t address; /* number of its virtual address */
    uint8_t tag;     /* its owner's */
};

struct small_walk {
    uint16_t position; /* number; 0: this walker is idle */
    uint8_t context;
    uint8_t settle; /* invalidations (bits) that wait for it: it fills nothing */
    uint8_t access; /* 1 + the access that it is made for; 0: nobody's */
    uint8_t unused;
};

enum small_access_state {
    ACCESS_NONE,
    ACCESS_ISSUED,     /* wants a translation */
    ACCESS_TRANSLATED, /* has `leaf` */
    ACCESS_FAULTED,    /* has `fault` */
};

/* An access of a core's program under way. */
struct small_access {
    uint8_t state;
    uint8_t kind;    /* access_kind; its privilege is `privilege` */
    uint8_t address; /* number of its virtual address */
    uint8_t settle;  /* invalidations (bits) that wait for it, once it is translated */
    uint16_t leaf;
    uint8_t fault; /* fault_kind */
    uint8_t level;
    uint8_t privilege;
    uint8_t tag; /* its owner's */
};

struct small_core {
    struct small_store stores[SMALL_STORES]; /* oldest first */
    struct small_walk walks[SMALL_WALKS];
    struct small_access accesses[SMALL_ACCESSES];
    uint16_t tlb;        /* number of its contents */
    uint16_t walk_cache; /* likewise */
    uint8_t store_count;
    uint8_t barriers; /* between stores, since the oldest that waits */
    uint8_t context;  /* 1 + index; 0: it translates nothing */
    uint8_t to_drop;  /* invalidations (bits) that have not been carried out here */
    uint8_t to_answer;
    /* A fault that stays: number of its page's address, 0 for none; 1 + index of its context; its level */
    uint8_t fault_address, fault_context, fault_level;
    uint32_t front[3]; /* its owner's */
};

enum invalidation_way {
    SENT_LOCALLY = 1, /* was not broadcast */
    /* Other cores are interrupted (x86 and RISC-V, which have no broadcast): their handlers answer when every
     * access of the core is complete, whatever translated it. */
    SENT_BY_INTERRUPT = 2,
};

/* An invalidation under way; its number is its place. */
struct small_invalidation {
    uint8_t what;    /* number; 0: this place is free */
    uint8_t issuer;  /* core */
    uint8_t missing; /* cores (bits) that have not answered */
    uint8_t how;     /* invalidation_way, or-ed */
};

struct small_state {
    uint8_t memory[SMALL_WORDS]; /* values by number of word */
    struct small_invalidation invalidations[SMALL_INVALIDATIONS];
    uint32_t owner[32]; /* the owner's: what belongs to no core */
    struct small_core cores[SMALL_CORES];
};

/* ---- the machine --------------------------------------------------------------------------------- */

struct small_machine;

/* NULL if there is no memory. `config` is copied; `budget`, out of which everything is taken, lives longer.
 */
struct small_machine *small_create(const struct small_config *config, struct memory_budget *budget);
void small_destroy(struct small_machine *machine); /* NULL is allowed */
const struct small_config *small_machine_config(const struct small_machine *machine);
/* Before any walk. */
void small_set_root(struct small_machine *machine, unsigned context, uint64_t root);
void small_set_stage2_root(struct small_machine *machine, unsigned context, uint64_t root);
/* One sentence, once something has run out of room; else NULL. */
const char *small_error(const struct small_machine *machine);

/* An empty machine: memory is 0, nothing is cached, cores translate by no context. */
void small_begin(const struct small_machine *machine, struct small_state *state);

/* ---- numbers ------------------------------------------------------------------------------------- */

/* Numbers of a value, of an aligned word's address, of a virtual address, of an invalidation. 0 of a value is
 * 0; the others begin with 1. False when there are too many. */
bool small_value(struct small_machine *machine, uint64_t value, uint8_t *number);
bool small_word(struct small_machine *machine, uint64_t pa, uint8_t *number);
bool small_address(struct small_machine *machine, uint64_t va, uint8_t *number);
uint64_t small_value_of(const struct small_machine *machine, uint8_t number);
uint64_t small_pa_of(const struct small_machine *machine, uint8_t word);
uint64_t small_va_of(const struct small_machine *machine, uint8_t address);
unsigned small_words(const struct small_machine *machine); /* so many have a number */

/* A translation, as a TLB has it or a walk has found it. */
struct small_leaf {
    struct walk_leaf leaf;
    uint16_t asid;
    uint16_t vmid;
};
const struct small_leaf *small_leaf_of(const struct small_machine *machine, uint16_t leaf);
const struct walk_state *small_position_of(const struct small_machine *machine, uint16_t position);
const struct invalidation *small_invalidation_of(const struct small_machine *machine, uint8_t what);
/* The translations in a TLB, by number: how many there are; the first `max` are in `leaves`. */
unsigned small_tlb_leaves(const struct small_machine *machine, uint16_t tlb, uint16_t *leaves, unsigned max);

/* ---- memory -------------------------------------------------------------------------------------- */

/* What memory holds, by number of the value; a word without a number holds 0. */
uint8_t small_memory_at(const struct small_machine *machine, const struct small_state *state, uint64_t pa);
/* Without any step between: set-up, zeroing, and a compare-exchange once the buffer is empty. */
bool small_poke(struct small_machine *machine, struct small_state *state, uint64_t pa, uint64_t value);
/* What a core reads: its own youngest store to the word, else memory. */
uint8_t small_core_reads(const struct small_machine *machine, const struct small_state *state, unsigned core,
                         uint64_t pa);
/* Whether a store of the core to this word waits. */
bool small_core_has_store(const struct small_machine *machine, const struct small_state *state, unsigned core,
                          uint64_t pa);

/* ---- what a core does ---------------------------------------------------------------------------- */

bool small_has_room(const struct small_machine *machine, const struct small_state *state, unsigned core);
/* Into the buffer, which has room; without a buffer into memory. */
struct small_new_store {
    uint64_t pa;
    uint64_t value;
    uint64_t va;    /* of a translated store */
    uint16_t leaf;  /* 0: not translated */
    uint8_t settle; /* of the access that it was */
    uint8_t tag;
};
bool small_put_store(struct small_machine *machine, struct small_state *state, unsigned core,
                     const struct small_new_store *store);
/* Later stores of the core stay behind earlier ones (DMB ST, a release); no matter where buffers are first
 * in, first out. */
void small_order_stores(const struct small_machine *machine, struct small_state *state, unsigned core);

/* Sends an invalidation to these cores (bits). SMALL_BUSY: too many are under way, wait. SMALL_DONE: it is
 * number `*place`. */
enum small_answer { SMALL_DONE, SMALL_BUSY, SMALL_FAILED };
enum small_answer small_invalidate(struct small_machine *machine, struct small_state *state, unsigned core,
                                   const struct invalidation *what, unsigned targets, unsigned *place);
/* Whether every invalidation that the core issued (only those not broadcast, if `local`) is complete. */
bool small_is_complete(const struct small_state *state, unsigned core, bool local);

/* An access in place `index` begins. */
bool small_issue(struct small_machine *machine, struct small_state *state, unsigned core, unsigned index,
                 enum access_kind kind, enum privilege privilege, uint64_t va);
/* It is over: whatever waited for it goes on. */
void small_retire(struct small_state *state, unsigned core, unsigned index);
/* Invalidations that only waited for something which is over are acknowledged; who changes `settle` of an
 * access or store itself calls it. */
void small_settle(struct small_state *state, unsigned core);
/* A walk for it, that is under way, is nobody's any more. */
void small_disown_walk(struct small_state *state, unsigned core, unsigned index);

/* The physical address of a translated access. */
uint64_t small_pa(const struct small_machine *machine, const struct small_access *access);

/* ---- steps --------------------------------------------------------------------------------------- */

/* What a step of hardware was; `core`, `index` and `detail` say of what. */
enum small_step {
    STEP_DRAIN, /* a store (index) reaches memory */
    STEP_DROP,  /* a core carries out an invalidation (index). It answers as soon as the walks that read what
                   was meant, and the accesses that were translated so, are complete */
    STEP_WALK_BEGINS, /* for an access (index), or unasked (index SMALL_ACCESSES + page) */
    STEP_WALK_READS,  /* of a walker (index): one word */
    STEP_WALK_UPDATES,
    STEP_WALK_ENDS, /* it fills, if no invalidation has caught it, and the access has what it found */
    STEP_EVICT, /* an entry (index) of the TLB, or (detail 1) of the walk cache, or (2) a fault that stayed */
    STEP_HIT,   /* an access (index) is translated by an entry (detail) */
    STEP_MEETS, /* an access (index) meets a fault that stayed */
    SMALL_STEPS
};

struct small_label {
    uint8_t step;
    uint8_t core;
    uint8_t index;
    uint8_t detail;
};

/* Who is told of each step that is possible, with the state after it. `next` may be changed by the visitor
 * and is not read again. False stops. */
struct small_visitor {
    bool (*step)(void *context, struct small_label label, struct small_state *next);
    void *context;
};

/* All that hardware may do next. False if something ran out of room, or the visitor stopped. */
bool small_steps(struct small_machine *machine, const struct small_state *state,
                 const struct small_visitor *visitor);

#ifdef __cplusplus
}
#endif
#endif
