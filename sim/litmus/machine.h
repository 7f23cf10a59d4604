/*
 * A litmus test on the small machine (sim/explore/small_machine.h), in every order: its threads are cores
 * with a few instructions in flight. README.md says what a thread may do, and which rule of the architecture
 * stands behind each restriction.
 */
#ifndef MMUSIM_SIM_LITMUS_MACHINE_H
#define MMUSIM_SIM_LITMUS_MACHINE_H

#include "sim/litmus/litmus.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LITMUS_WINDOW_MAX 8

struct litmus_options {
    bool ets2;           /* FEAT_ETS2 is implemented */
    uint8_t window;      /* instructions of a thread in flight, 1 to LITMUS_WINDOW_MAX; 0: all 8 */
    size_t bytes_max;    /* memory that the exploration may take; 0: that of the search */
    uint32_t states_max; /* 0: no bound but memory */
    /* Each line of the story of a shortest run to the outcome; NULL: nobody wants it. */
    void (*tell)(void *context, const char *line);
    void *tell_context;
};

struct litmus_result {
    bool reached;  /* exists, ~exists: a run ends so; forall: a run ends otherwise */
    bool complete; /* all runs were looked at, or one that ends so was found */
    uint32_t states;
    uint32_t depth; /* steps to the outcome if it is reached, else of the farthest state */
    double seconds;
    char sentence[240]; /* why not, if it is not complete */
};

/* False with a sentence that begins with the test's name: the machine cannot run this test. */
bool litmus_explore(const struct litmus_test *test, const struct litmus_options *options,
                    struct litmus_result *result, struct vectors_failure *failure);

#ifdef __cplusplus
}
#endif
#endif
