/*
 * The environment of page-table code on a simulated core: every call takes time.
 */
#ifndef MMUSIM_SIM_TIMED_ENVIRONMENT_H
#define MMUSIM_SIM_TIMED_ENVIRONMENT_H

#include "pagetables/environment.h"
#include "sim/simulation.h"

#ifdef __cplusplus
extern "C" {
#endif

struct address_space;

struct timed_environment {
    struct simulation *simulation;
    unsigned core;
    uint64_t operation;                /* on whose behalf: in the record of entry writes and invalidations */
    const struct address_space *space; /* whose table it is */
};

/* Refers to `timed`, which outlives it. */
struct environment timed_environment(struct timed_environment *timed);
/* Zeroes 4 KiB, in time; the context is a timed_environment. */
int timed_clear_page(void *context, uint64_t pa);

#ifdef __cplusplus
}
#endif
#endif
