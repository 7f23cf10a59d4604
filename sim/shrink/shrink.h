/*
 * Makes a failing script small: the calls that it made are written down as a flat script, from which all is
 * taken away that the failure does not need (delta debugging: Zeller and Hildebrandt, "Simplifying and
 * Isolating Failure-Inducing Input", IEEE TSE 28(2), 2002). Each trial is a run of the program in a child
 * process.
 */
#ifndef MMUSIM_SIM_SHRINK_SHRINK_H
#define MMUSIM_SIM_SHRINK_SHRINK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SHRINK_JOBS_MAX 64

struct shrink_options {
    const char *script;           /* path */
    const char *output;           /* the small script */
    const char *command_line;     /* for its first line */
    const char *const *arguments; /* of the script */
    int argument_count;
    uint64_t seed;
    bool seed_given; /* in place of the script's */
    bool overwrite;  /* an existing output */
    FILE *progress;  /* where progress is told, on a terminal; NULL: nowhere */
    unsigned jobs;   /* runs at once, 1 to SHRINK_JOBS_MAX */
};

/*
 * The exit status of the command: 0, with a sentence on `out`: the script is written, or the script does not
 * fail; 2, with a sentence on `err`. The output gets its name when it is whole.
 */
int shrink_script(const struct shrink_options *options, FILE *out, FILE *err);

#ifdef __cplusplus
}
#endif
#endif
