/*
 * A bound on memory that several structures share: what an exploration remembers, all together.
 *
 * Bytes are counted before they are asked for, so that the bound holds whatever the host's allocator
 * promises, and so that a run that ends at its bound ends at the same place on every machine.
 */
#ifndef MMUSIM_EXPLORE_MEMORY_BUDGET_H
#define MMUSIM_EXPLORE_MEMORY_BUDGET_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum memory_refusal {
    MEMORY_NOT_REFUSED,
    MEMORY_BEYOND_BOUND, /* the bytes would have been more than bytes_max */
    MEMORY_NOT_THERE,    /* the host's allocator has no more */
};

/* The caller's; lives longer than what takes from it. Begins as {.bytes_max = ...}. */
struct memory_budget {
    size_t bytes_max;
    size_t bytes;                /* now */
    size_t bytes_peak;           /* the most there were at once */
    enum memory_refusal refusal; /* of the last memory_take that was refused */
};

/* A block of zeros, aligned for everything; NULL: refused, and nothing is changed but `refusal`. */
void *memory_take(struct memory_budget *budget, size_t bytes);

/* Gives back a block with the size it was taken with; `block` may be NULL. */
void memory_give(struct memory_budget *budget, void *block, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
