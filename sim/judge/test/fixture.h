/*
 * The usual story of the judge's tests: operation 1 maps PAGE with window [110, 130], operation 2 unmaps it
 * with window [210, 250].
 */
#ifndef MMUSIM_SIM_JUDGE_TEST_FIXTURE_H
#define MMUSIM_SIM_JUDGE_TEST_FIXTURE_H

#include "sim/judge/test/story.h"

extern struct story story;

int begin_empty(void **state);    /* spaces 1 and 2 */
int begin_mapped(void **state);   /* and operation 1 */
int begin_unmapped(void **state); /* and operation 2 */
int end(void **state);            /* what a failed test left */

/* As operation 2: takes the right to store from PAGE, in the same window. */
struct act protect_read_only(void);

#endif
