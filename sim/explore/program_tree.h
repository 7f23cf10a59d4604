/*
 * Programs as trees: what operation_tree.h does for page-table code, for the programs of cores.
 *
 * A program is a list of *stages*, done one after the other; in each stage one of some *functions* is
 * performed (which one, the explorer chooses: PROGRAM_CHOOSE if there are several). A function asks for
 * accesses, calls, barriers, and what it asks depends on the answers that it had and on nothing else. It is
 * unfolded: a node is a place in it, told by the answers so far. When a function has ended, its answers are
 * forgotten: whatever they were, the program is then at the same node. So stages keep the number of states
 * small. But what a function of the last stage gives as its result (program_run_end_with) stays: the program
 * then ends at the node of that result.
 *
 * Functions are performed by whoever knows their language. The first time that an answer is given to a node,
 * the function is performed again from its start with the answers that lead there; then it is remembered.
 * Each new node is computed twice, and everything on the way is compared with what was seen before: a
 * function that depends on something else than its answers is told in a sentence.
 *
 * Nodes are numbered from 0, those of all programs together, in the order in which they are first asked for.
 * A tree is used by one thread at a time.
 */
#ifndef MMUSIM_EXPLORE_PROGRAM_TREE_H
#define MMUSIM_EXPLORE_PROGRAM_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/explore/memory_budget.h"
#include "sim/explore/program.h"

#ifdef __cplusplus
extern "C" {
#endif

struct program_tree;

/* One request of a function that was seen before, and what it is answered. */
struct program_step {
    struct program_request asked;
    struct program_answer answer;
};

/* A function is performed with given answers, up to its first request without one. */
struct program_run {
    unsigned program;
    unsigned function;
    const struct program_step *steps;
    uint32_t step_count;
    /* What comes of it; the performer calls program_run_ask for each request, and program_run_end. */
    uint32_t taken; /* steps */
    bool different; /* step `taken` is another one this time: `reached` */
    struct program_request
        reached;      /* else: what comes after all steps; PROGRAM_END: the function has ended */
    uint32_t line;    /* of its source, where it stands then; 0: unknown */
    char error[1024]; /* a sentence, if perform answers false */
};

/* The answer to a request of the function; NULL: it is performed no further. */
const struct program_answer *program_run_ask(struct program_run *run, const struct program_request *request);
void program_run_end(struct program_run *run);
/* The same, with a result: the program's, if the function is of its last stage. */
void program_run_end_with(struct program_run *run, uint64_t result);

struct program_performer {
    void *context;
    /* False: the function cannot be performed, `run->error` says why. */
    bool (*perform)(void *context, struct program_run *run);
    /* Told the address of the page table's root, before any program begins. NULL: nobody asks. */
    void (*root)(void *context, uint64_t root);
};

/* The functions of one stage, by numbers that are the performer's; at least one. */
struct program_stage {
    const unsigned *functions;
    unsigned function_count;
};

struct program_plan {
    const struct program_stage *stages;
    unsigned stage_count; /* 0: the core does nothing */
};

struct program_tree_config {
    struct program_performer performer;
    const struct program_plan *programs;
    unsigned program_count;
    uint32_t requests_max; /* of one function; 0: 1,024 */
    struct memory_budget *budget;
};

/* All that pointers lead to outlives the tree. NULL: its memory is refused. */
struct program_tree *program_tree_create(const struct program_tree_config *config);
void program_tree_destroy(struct program_tree *tree); /* NULL is allowed */

/* For explorers: valid as long as the tree. */
const struct program_source *program_tree_source(struct program_tree *tree);

/* PROGRAM_NONE: program_tree_error has a sentence (a function that cannot be performed, asks for ever, or is
 * not deterministic; memory is refused), and the tree is as it was. */
uint32_t program_tree_begin(struct program_tree *tree, unsigned program);
/* The node asks for something: it is not PROGRAM_END. Of the answer counts what its kind gives. */
uint32_t program_tree_resume(struct program_tree *tree, uint32_t node, const struct program_answer *answer);
const struct program_request *program_tree_request(const struct program_tree *tree, uint32_t node);
/* The line of the source, or 0. */
uint32_t program_tree_line(const struct program_tree *tree, uint32_t node);

struct program_tree_counts {
    uint32_t nodes;
    uint64_t performed; /* times that a function was performed, in whole or in part */
};
struct program_tree_counts program_tree_count(const struct program_tree *tree);
const char *program_tree_error(const struct program_tree *tree); /* "" if there was none */

/* A text for messages and stories, cut to `text_bytes`: "stores 0x5 to 0x200000". */
void program_request_print(const struct program_request *request, char *text, size_t text_bytes);

#ifdef __cplusplus
}
#endif
#endif
