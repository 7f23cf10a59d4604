/* Models of which everything is known: how many states there are, how deep, what is wrong with them. */
#ifndef MMUSIM_EXPLORE_TEST_MODELS_H
#define MMUSIM_EXPLORE_TEST_MODELS_H

#include "sim/explore/search.h"

enum {
    RULE_BOTH_INSIDE = 1, /* Peterson: two processes in the critical section */
    RULE_MEASURED = 2,    /* jugs: the goal is reached */
    RULE_MARK = 3,        /* counters: a transition to the mark */
};

/* Counters that count up, each to `top`: (top + 1)^counters states, and a depth of counters * top. The one
 * state with all at the top is final. The label is the counter. */
#define COUNTERS_MAX 6u
struct counters {
    uint32_t counters;
    uint32_t top;
    bool never_final;
    uint32_t mark;          /* a transition to a state with this sum breaks RULE_MARK; 0: none does */
    uint32_t refuse_at_sum; /* such a state is refused; 0: none is */
    uint32_t asked_final;
};
struct search_model counters_model(struct counters *counters);

/* The jugs of 3 and 5 gallons, with nothing but a tap: 16 states, 4 gallons after 6 steps and no earlier. */
struct jugs {
    uint8_t goal; /* gallons in the larger one break RULE_MEASURED; 0: none do */
};
struct search_model jugs_model(struct jugs *jugs);

/* Sliding puzzles of 2x3 (360 states, depth 21) and 3x3 tiles (181440 = 9!/2, depth 31: Reinefeld, "Complete
 * solution of the eight-puzzle and the benefit of node ordering in IDA*", IJCAI 1993), from the solved state,
 * in which the blank is in a corner. */
struct puzzle {
    uint32_t rows;
    uint32_t columns;
};
struct search_model puzzle_model(struct puzzle *puzzle);

/* Peterson, "Myths about the mutual exclusion problem", 1981. `turn_first` gives the turn away before the
 * flag is set: then both may be inside. `deaf` processes wait for ever. */
struct peterson {
    bool turn_first;
    bool deaf;
};
struct search_model peterson_model(struct peterson *peterson);

/* A graph, given. The bytes of a node are its number, scrambled, so that they say nothing. */
#define NODES_MAX   400u
#define OUTWARD_MAX 4u
struct graph {
    uint32_t nodes;
    uint32_t outward[NODES_MAX];
    uint32_t to[NODES_MAX][OUTWARD_MAX];
    bool final[NODES_MAX];
    uint32_t rule[NODES_MAX]; /* that the node breaks */
    uint32_t node_bytes;      /* 4 or more */
};
struct search_model graph_model(struct graph *graph);
uint32_t graph_node(const void *state);

/* The first of a kind; NULL: there is none. */
const struct search_finding *finding_of(const struct search *search, enum search_finding_kind kind);

/* Hashes that are bad: all strings alike; and only their first byte. */
uint64_t hash_nothing(const void *bytes, size_t length);
uint64_t hash_first_byte(const void *bytes, size_t length);

#endif
