/*
 * A run_script that simulates nothing: it notes what it was asked for, and gives the outcome that a test has
 * made up.
 */
#ifndef MMUSIM_SIM_CLI_TEST_FAKE_RUN_H
#define MMUSIM_SIM_CLI_TEST_FAKE_RUN_H

#include "sim/run.h"

struct fake_run {
    struct run_options asked; /* of its pointers, those into the words themselves stay valid */
    char command_line[512];
    char arguments[512]; /* the script's, each followed by a bar */
    unsigned calls;
    int status;                      /* to be returned */
    const struct run_outcome *gives; /* to be copied; NULL: an empty one */
};

extern struct fake_run fake_run;

/* A run of two cores and two regions, with counts that add up. The caller's arrays are part of it. */
struct made_up_run {
    struct run_outcome outcome;
    struct core_counters cores[2];
    struct run_region regions[2];
};
void make_up_run(struct made_up_run *run);

#endif
