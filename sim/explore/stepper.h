/* One core that goes on: what the files of programs' steps share. Nobody else includes it. */
#ifndef MMUSIM_SIM_EXPLORE_STEPPER_H
#define MMUSIM_SIM_EXPLORE_STEPPER_H

#include "sim/explore/exploration_internal.h"

enum went { WENT, WAITS, FAILED };

/* One core that goes on. */
struct stepper {
    struct exploration *exploration;
    struct small_machine *machine;
    struct small_state *state;
    struct explored *explored;
    unsigned core;
    unsigned way;
    uint32_t finding;
    bool untimed; /* set-up: every step is complete at once */
};

static inline struct small_core *core_of(const struct stepper *stepper)
{
    return &stepper->state->cores[stepper->core];
}

/* ---- word_steps.c ---- */

bool step_is_beyond_memory(const struct stepper *stepper, uint64_t pa);
/* A word changes at once, for everybody. */
enum went step_changes_word(struct stepper *stepper, uint64_t pa, uint64_t value);
enum went step_writes_word(struct stepper *stepper, uint64_t pa, uint64_t value);
enum went step_exchanges_word(struct stepper *stepper, uint64_t pa, uint64_t expected, uint64_t desired,
                              uint64_t *observed);
enum went step_at_barrier(struct stepper *stepper, enum barrier_kind kind);
enum went step_invalidates(struct stepper *stepper, const struct invalidation *what);

#endif
