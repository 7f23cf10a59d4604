/*
 * An environment without time on a machine's memory: to build page tables before a run begins, in tests,
 * benchmarks and set-up code. Stores are visible at once; barriers, invalidations and locks do nothing.
 */
#ifndef MMUSIM_MMU_SETUP_H
#define MMUSIM_MMU_SETUP_H

#include "mmu/frame_allocator.h"
#include "mmu/machine.h"
#include "pagetables/environment.h"

#ifdef __cplusplus
extern "C" {
#endif

struct setup_environment {
    struct machine *machine;
    struct frame_allocator *allocator;
};

/* Refers to `setup`, which outlives it. */
struct environment setup_environment(struct setup_environment *setup);
/* Zeroes 4 KiB; the context is a setup_environment. */
int setup_clear_page(void *context, uint64_t pa);

#ifdef __cplusplus
}
#endif
#endif
