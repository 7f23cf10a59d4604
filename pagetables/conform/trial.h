/*
 * A trial: one sequence of operations in one setting, performed in one manner. Not a public header.
 *
 * A manner (`conform_pass`) is what is done at each step beside the operation itself: memory fails, another
 * core walks, ... Each looks for some properties, and a trial ends with the first that does not hold. Whether
 * it does depends on nothing but the trial, so that it can be repeated with less of the sequence.
 */
#ifndef MMUSIM_PAGETABLES_CONFORM_TRIAL_H
#define MMUSIM_PAGETABLES_CONFORM_TRIAL_H

#include "pagetables/conform/attributes.h"
#include "pagetables/conform/conform.h"

#define CONFORM_STEPS_MAX 768 /* of one sequence */

/* Whoever asks for fewer runs has little time, or very little. */
#define CONFORM_FEW_RUNS      50
#define CONFORM_VERY_FEW_RUNS 5

struct conform_pass;

struct conform_trial {
    const struct conform_options *options;
    const struct conform_attributes *attributes;
    const struct conform_pass *pass;
    struct conform_setting setting;
    const struct conform_step *steps;
    size_t count;
    /* The answers. */
    struct conform_counts counts;
    bool out_of_memory;              /* of the host: nothing is said of the table */
    enum conform_property_id broken; /* CONFORM_PROPERTIES: none */
    struct conform_failure failure;  /* without steps and setting */
    size_t at;                       /* the step that is performed */
};

struct conform_pass {
    uint32_t looks_for; /* 1 << conform_property_id, or-ed */
    /* False: `broken` or `out_of_memory` was set. */
    bool (*perform)(struct conform_trial *trial);
    unsigned percent;   /* of the random runs that it gets */
    unsigned steps_max; /* of its random sequences */
    bool grows;         /* it also performs sequences that make a table grow and shrink */
    bool attributes;    /* it also performs the sequences of all attributes */
    bool once;          /* it makes its own sequences: one trial without steps */
};

extern const struct conform_pass conform_pass_operations, conform_pass_preconditions, conform_pass_damage,
    conform_pass_no_memory, conform_pass_stopped, conform_pass_determinism, conform_pass_many,
    conform_pass_walks;

/* Performs it from the beginning; true if nothing was broken. */
bool conform_trial_run(struct conform_trial *trial);

/* The property does not hold, for this reason; false. */
__attribute__((format(printf, 3, 4))) bool
conform_break(struct conform_trial *trial, enum conform_property_id id, const char *format, ...);
/* The same, and where it shows. */
__attribute__((format(printf, 4, 5))) bool conform_break_at(struct conform_trial *trial,
                                                            enum conform_property_id id, uint64_t va,
                                                            const char *format, ...);
/* The host has no memory; false. */
bool conform_starve(struct conform_trial *trial);

/* A failing trial is made smaller as long as the same property fails. `steps` are changed in place; the
 * trial's `steps` point to them. */
void conform_minimise(struct conform_trial *trial, struct conform_step *steps);

#endif
