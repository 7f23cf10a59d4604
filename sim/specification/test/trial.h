/*
 * A trial: random steps of the small machine, each judged on every level, and the invariants after each.
 *
 * After every step the machine is viewed as an extended state, that as a low-level state, that as a
 * high-level state: on each level it must be a step that the specification allows.
 */
#ifndef MMUSIM_SPECIFICATION_TEST_TRIAL_H
#define MMUSIM_SPECIFICATION_TEST_TRIAL_H

#include "sim/specification/test/machine.h"

/* One run: the machine, its view before and after the step, and what the step was. */
struct trial {
    struct machine machine;
    struct extended_state s1;
    struct extended_state s2;
    struct violation violation;
    bool plain;     /* one core, one space, no extension but those of software: the seed's machine */
    bool one_space; /* global mappings: their addresses mean the same on every core */
    unsigned step;
    char what[120];
};

/* How a seed configures the machine for a table. */
struct machine_config trial_config(const struct pagetable_class *table, const struct walk_format *format,
                                   uint64_t seed);

/* A machine as the configuration says; its random numbers begin with the seed. */
void trial_open(struct trial *trial, const struct machine_config *config, uint64_t seed, bool plain);
void trial_close(struct trial *trial);

/* ---- One step: whether it is allowed on every level. trial_next comes before each. ---- */

/* What was after is before. */
void trial_next(struct trial *trial);
bool trial_map(struct trial *trial, unsigned core, unsigned space, uint64_t va, const struct frame *frame);
bool trial_unmap(struct trial *trial, unsigned core, unsigned space, uint64_t va);
bool trial_protect(struct trial *trial, unsigned core, unsigned space, uint64_t va, uint32_t attributes);

struct trial_access {
    enum access_kind kind;
    enum privilege privilege;
    uint64_t va;
    uint64_t stored;
};
bool trial_access(struct trial *trial, unsigned core, const struct trial_access *access);
bool trial_evict(struct trial *trial, unsigned core);
/* Whether the invariants hold in the state after. */
bool trial_invariants_hold(struct trial *trial);

/* ---- Random steps ---- */

/* Some step, the invariants, and what comes before it. */
bool trial_random_step(struct trial *trial);
/* From the beginning: whether every step was allowed; else the trial says which was not, and why. The same
 * seed, the same run. */
bool trial_run(struct trial *trial, const struct machine_config *config, uint64_t seed, bool plain);

#endif
