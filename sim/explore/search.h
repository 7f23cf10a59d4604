/*
 * Breadth-first search over all states that a model can reach.
 *
 * A *model* has states that are byte strings of one length, and tells for each the *transitions* it has: a
 * label, which means something to the model only, and the state that comes next. The search visits every
 * distinct state once, nearest first, and finds
 *
 *   violations   transitions or states that break a rule of the model;
 *   deadlocks    states without transitions that are not final;
 *
 * with a shortest path to each from an initial state. States are compared by their bytes, never by a hash
 * alone. The order of everything follows from the model: numbers and paths are the same on every machine. A
 * model must give the same transitions in the same order for equal bytes, and states that mean the same
 * should be the same bytes (no padding, no addresses).
 */
#ifndef MMUSIM_EXPLORE_SEARCH_H
#define MMUSIM_EXPLORE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/explore/memory_budget.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SEARCH_NONE           UINT32_MAX
#define SEARCH_RULE_NONE      0u
#define SEARCH_BYTES_STANDARD ((size_t)2 << 30)
#define SEARCH_FINDINGS       32u /* kept with their paths; all are counted */
#define SEARCH_TEXT_BYTES     240

struct search; /* opaque */

struct search_model {
    void *context;
    uint32_t state_bytes; /* 1 to INTERN_BYTES_MAX */
    /* Both call search_emit, and search_violation, for what there is, and answer false if they cannot go on:
     * for want of memory of the budget, or after search_refuse. `state` stays valid. */
    bool (*begin)(void *context, struct search *search); /* the initial states */
    bool (*expand)(void *context, const void *state, struct search *search);
    /* Whether a state without transitions is a good end; NULL: none is. Asked once for each. */
    bool (*is_final)(void *context, const void *state);
    /* The rule that a state breaks, or SEARCH_RULE_NONE; NULL: there is none. Asked once for each distinct
     * state, when it is found. May call search_refuse. */
    uint32_t (*check)(void *context, const void *state, struct search *search);
};

/* What there is so far. A search that ends at a finding may have expanded a few states more than it needed.
 */
struct search_figures {
    uint64_t transitions; /* with those to known states and those that break a rule; without initial states */
    uint64_t violations;
    size_t bytes;      /* the most that the budget held at once */
    double seconds;    /* CPU time of this thread */
    uint32_t states;   /* distinct */
    uint32_t expanded; /* of them: whose transitions are known */
    uint32_t depth;    /* transitions from the initial states to the farthest state, on shortest paths */
    uint32_t ends;     /* final states without transitions */
    uint32_t deadlocks;
};

struct search_config {
    struct memory_budget *budget; /* of the model and the search; NULL: the search has one of bytes_max */
    size_t bytes_max;             /* 0: SEARCH_BYTES_STANDARD; not read with a budget */
    uint32_t states_max;          /* 0: 2^32 - 2 */
    uint32_t depth_max;           /* states so far away are not expanded; 0: none is too far */
    bool go_on; /* visits all states and counts what it finds; else the first finding is the end */
    /* Called every `progress_states` expanded states (0: 2^20); false stops the search. May be NULL. */
    bool (*progress)(void *context, const struct search_figures *figures);
    void *progress_context;
    uint32_t progress_states;
    uint64_t (*hash)(const void *bytes, size_t length); /* as of struct intern_config: for tests */
};

enum search_outcome {
    SEARCH_COMPLETE,     /* every state that can be reached was visited */
    SEARCH_FOUND,        /* ended at the first finding */
    SEARCH_STATES_LIMIT, /* there are more than states_max */
    SEARCH_DEPTH_LIMIT,  /* all up to depth_max were visited, and there are some that were not expanded */
    SEARCH_MEMORY_LIMIT, /* what comes next does not fit into the budget */
    SEARCH_NO_MEMORY,    /* the host has no more memory */
    SEARCH_REFUSED,      /* by the model, with a sentence */
    SEARCH_STOPPED,      /* by `progress` */
};

enum search_finding_kind {
    SEARCH_BAD_TRANSITION,
    SEARCH_BAD_STATE,
    SEARCH_DEADLOCK,
};

/* The first of its kind and rule, and how many there are. */
struct search_finding {
    enum search_finding_kind kind;
    uint32_t rule;  /* the model's; SEARCH_RULE_NONE of a deadlock */
    uint32_t state; /* the bad one, the dead one, or the one that the bad transition starts from; SEARCH_NONE:
                       a bad beginning */
    uint32_t label; /* of the bad transition */
    uint64_t count;
};

/* A step of a path: a transition, and the state it leads to. */
struct search_step {
    uint32_t label;
    uint32_t state;
};

/* The model is copied, its context is the caller's. NULL: there is no memory for even the smallest search. */
struct search *search_create(const struct search_model *model, const struct search_config *config);
void search_destroy(struct search *search);

/* Once for each search. What was found stays until search_destroy. */
enum search_outcome search_run(struct search *search);

const struct search_figures *search_figures(const struct search *search);

/* In the order in which they were found. Violations are found by the length of their paths, shortest first. A
 * deadlock is known only when its state is expanded, so one may come behind a violation that is a step
 * longer. */
const struct search_finding *search_findings(const struct search *search, size_t *count);

/* The bytes of a state; states are numbered from 0 in the order in which they were found. */
const void *search_state(const struct search *search, uint32_t state);

/* A shortest path to a state: its first step is an initial state with its label. Returns how many steps there
 * are, and writes the first `room` of them. */
size_t search_path(const struct search *search, uint32_t state, struct search_step *steps, size_t room);

/* One sentence on how the search ended, for its user; cut at `bytes`. Returns what snprintf does. */
int search_sentence(const struct search *search, char *text, size_t bytes);

/* ---- For models, within `begin` and `expand` ---- */

void search_emit(struct search *search, uint32_t label, const void *next);

/* A transition that breaks a rule (not SEARCH_RULE_NONE). Where it leads to is not explored, unless it is
 * emitted besides. */
void search_violation(struct search *search, uint32_t label, uint32_t rule);

/* Why the model cannot go on: a sentence as of printf, kept up to SEARCH_TEXT_BYTES. */
void search_refuse(struct search *search, const char *format, ...) __attribute__((format(printf, 2, 3)));

#ifdef __cplusplus
}
#endif
#endif
