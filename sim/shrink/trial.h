/* One run of a script in a child process, and what the checker found in it. */
#ifndef MMUSIM_SIM_SHRINK_TRIAL_H
#define MMUSIM_SIM_SHRINK_TRIAL_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "sim/run.h"

struct trial {
    struct run_options options; /* of the run; `watch` is the trial's */
    bool every_access;          /* see run_watch */
    bool calls;                 /* write down the calls that the script makes */
    unsigned limit_seconds;     /* of the host; then it is ended */
    /* The answer: lines of Lua, from the beginning of the file; those of the calls, then one `result{...}`,
     * which is missing if the run did not come to its end. */
    FILE *answer;
    pid_t child; /* while it runs; else 0 */
};

/* Begins a run. False if the system has no process or file left (errno). */
bool trial_begin(struct trial *trial);
/* Waits for its end; the answer can be read then. False if the system refuses (errno). */
bool trial_end(struct trial *trial);
/* Releases the answer. */
void trial_close(struct trial *trial);

#endif
