/*
 * An exploration: programs on the cores of the small machine, a page table, and the rules, as a model for the
 * search.
 *
 * A transition is a step of hardware (small_machine.h) or of a core's program, together with all that cores
 * then do by themselves and nobody else can see: a barrier that has nothing to wait for any more, a return,
 * an invalidation that is sent (it may arrive much later). Every state that a transition leads to is judged.
 *
 * A state is a tuple of numbers: memory, what belongs to no core, and each core are numbered by their
 * contents.
 */
#ifndef MMUSIM_SIM_EXPLORE_EXPLORATION_H
#define MMUSIM_SIM_EXPLORE_EXPLORATION_H

#include "sim/explore/program.h"
#include "sim/explore/rules.h"
#include "sim/explore/search.h"
#include "sim/explore/small_machine.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EXPLORATION_TABLE_UNITS 64u /* of 4 KiB, that page tables are made of */

struct exploration; /* opaque */

struct explored_word {
    uint64_t pa, value;
};

/* All programs have ended, and their stores are visible. */
struct explored_end {
    uint64_t results[SMALL_CORES]; /* of those that have one */
    unsigned given;                /* cores (bits) */
    const struct exploration *exploration;
    const struct small_state *state;
};
uint64_t explored_end_word(const struct explored_end *end, uint64_t pa); /* what memory holds */

#define EXPLORATION_OUTCOMES 16u

/* What is asked of ends, each distinct one once. */
struct exploration_outcomes {
    void *context;
    /* Which outcomes (bits) this end is one of. False: it cannot be told, `*why` is a sentence that lives as
     * long as the exploration. */
    bool (*judge)(void *context, const struct explored_end *end, uint32_t *which, const char **why);
};

/* All that pointers lead to outlives the exploration. */
struct exploration_config {
    /* Cores translate by contexts[start] at first. The first context is that of the page table, which fills
     * in its root, and that runs of contiguous entries are one. What is translated by others is not judged.
     */
    struct small_config machine;
    unsigned start[SMALL_CORES];
    const struct pagetable_class *table;
    const struct pagetable_config *pagetable;
    uint64_t tables_base; /* page tables lie in units of 4 KiB from here on */
    unsigned table_units; /* how many there are, up to EXPLORATION_TABLE_UNITS; 0: so many */
    bool aliasing_allowed;
    /* Only what goes wrong is found, and not the break of a protocol (sim/protocol/) that might let it. */
    bool refinement_alone;
    /* What memory holds at the beginning: tables of contexts that no page-table code looks after. */
    const struct explored_word *words;
    size_t word_count;
    const struct operation_call *before; /* done one after the other, before anything else happens */
    size_t before_count;
    const struct program_source *programs; /* one a core */
    struct exploration_outcomes outcomes;  /* .judge NULL: none are asked for */
    struct memory_budget *budget;
};

/* A finding of its own, beside those of FINDING(judge_rule): no program can ever go on. */
#define FINDING_STUCK 100u
/* And no error: the first run that ends in outcome n is that to FINDING_OUTCOME + n. */
#define FINDING_OUTCOME 200u

/* NULL, and a sentence in `why`. */
struct exploration *exploration_create(const struct exploration_config *config, char *why, size_t why_bytes);
void exploration_destroy(struct exploration *exploration);

/* Valid as long as the exploration. */
struct search_model exploration_model(struct exploration *exploration);

/* ---- For stories ---- */

struct small_machine *exploration_machine(struct exploration *exploration);
const struct rules *exploration_rules(const struct exploration *exploration);
struct operation_tree *exploration_tree(struct exploration *exploration);

/* What belongs to no core, in small_state.owner. */
struct explored {
    uint64_t allocated; /* units of tables (bits) */
    uint32_t block;     /* of the page table */
    uint32_t protocol;  /* of live tables: what it remembers */
    struct rules_state rules;
};
void exploration_unpack(const struct exploration *exploration, const void *bytes, struct small_state *state,
                        struct explored *explored);

#define STEP_PROGRAM SMALL_STEPS /* of a core's own program; detail is the way chosen */
struct small_label exploration_label(uint32_t label);

/* What a core's program does next: the operation's request if it is in one. NULL of `operation` if not. */
struct exploration_next {
    const struct program_request *program;
    const struct operation_request *operation;
};
struct exploration_next exploration_next(const struct exploration *exploration,
                                         const struct small_state *state, unsigned core);

const char *exploration_finding_name(uint32_t finding); /* "stale_entry", "stuck", "outcome" */

#ifdef __cplusplus
}
#endif
#endif
