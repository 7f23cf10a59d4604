/*
 * The replay of a finding: the run as a script for the timed machine, with a timing under which the checker
 * that runs along finds the same rule. Timings are tried, each in a child process.
 */
#ifndef MMUSIM_SIM_CLI_EXPLORE_REPLAY_H
#define MMUSIM_SIM_CLI_EXPLORE_REPLAY_H

#include <stdbool.h>

#include "sim/explore/replay.h"

struct explore_replay {
    char *text;      /* the whole script */
    bool reproduced; /* the timed machine does the same */
    bool wrong;      /* the timed machine refuses the script */
    unsigned tried;  /* timings */
    char why_not[160];
};

struct explore_replay_options {
    const char *script;  /* that was explored */
    const char *table;   /* how a script names its page table */
    const char *comment; /* of the script's beginning: lines that begin with "--" */
    unsigned tries_max;  /* 0: none is tried */
};

/* False if the system has no memory or process left. To be released by explore_replay_free. */
bool explore_replay_make(struct exploration *exploration, const struct story_run *run,
                         const struct explore_replay_options *options, struct explore_replay *replay);
void explore_replay_free(struct explore_replay *replay);

#endif
