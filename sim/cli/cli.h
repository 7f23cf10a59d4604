/*
 * The command line of mmusim. Results go to `out`; errors and progress to `err`, as `mmusim: SENTENCE`.
 */
#ifndef MMUSIM_SIM_CLI_CLI_H
#define MMUSIM_SIM_CLI_CLI_H

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

enum cli_status {
    CLI_FINE = 0,
    CLI_FOUND = 1,  /* a check found something */
    CLI_MISUSE = 2, /* wrong use, or something failed; said in one sentence */
};

/*
 * Carries out one command and returns its exit status. May change the order of `argv`. What was printed has
 * left `out`, or the status is CLI_MISUSE. Not thread-safe: getopt_long keeps its place in a global.
 */
int cli_main(int argc, char **argv, FILE *out, FILE *err);

#ifdef __cplusplus
}
#endif
#endif
