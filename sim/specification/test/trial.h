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
    bool one_space; /* global mappings: their addresses mean the same on every core */
    unsigned step;
    char what[120];
};

/* How a seed configures the machine for a table. */
struct machine_config trial_config(const struct pagetable_class *table, const struct walk_format *format,
                                   uint64_t seed);
/* Whether every step was allowed; else the trial says which was not, and why. The same seed, the same run. */
bool trial_run(struct trial *trial, const struct machine_config *config, uint64_t seed);

#endif
