/*
 * One performance of a page-table operation with given answers, up to its first question without one. Not a
 * public header: what operation_tree.c is made of.
 */
#ifndef MMUSIM_EXPLORE_OPERATION_RUN_H
#define MMUSIM_EXPLORE_OPERATION_RUN_H

#include <setjmp.h>
#include <stdbool.h>

#include "pagetables/checked.h"
#include "sim/explore/operation_tree.h"

/* One question that was seen before, and what it is answered with now. */
struct operation_step {
    const struct operation_request *asked;
    const void *asked_block;    /* the block's contents when it was asked */
    const void *answered_block; /* and when it is answered */
    struct operation_answer answer;
};

struct operation_run {
    const struct operation_call *call;
    struct pagetable_checked checked; /* its `state` is the place to perform in */
    const void *begin_block;
    const struct operation_step *steps;
    uint32_t step_count;
    /* What comes of it. */
    uint32_t taken; /* steps */
    bool different; /* step `taken` is another one this time: `reached`, or the same with another block */
    struct operation_request reached; /* else: what comes after all steps; the block is in `checked.state` */
    /* Its own. */
    const struct pagetable_config *pagetable;
    uint32_t state_bytes;
    jmp_buf escape;
};

void operation_run(struct operation_run *run);

bool operation_requests_equal(const struct operation_request *one, const struct operation_request *other);

#endif
