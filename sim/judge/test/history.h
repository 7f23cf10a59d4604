/*
 * Histories: long, right event streams from a tiny machine that knows no windows.
 *
 * The machine has cores with TLBs, walks in flight, store buffers and a bus, and page-table operations with
 * invalidations that wait for the accesses that used what they drop. It is right by construction, cycle by
 * cycle, so the judge must find nothing in what it tells; and it shares no code with the judge.
 */
#ifndef MMUSIM_SIM_JUDGE_TEST_HISTORY_H
#define MMUSIM_SIM_JUDGE_TEST_HISTORY_H

#include "sim/judge/test/story.h"

struct history_config {
    uint64_t seed;
    uint64_t cycles;
    bool
        lazy; /* operations may return before their invalidations are acknowledged and their stores visible */
    bool guests; /* spaces 1 and 2 are of guests, and space 3 is their second stage: the story has told so */
};

/* Appends the history to the story, which has been begun. */
void history_tell(struct story *story, const struct history_config *config);

uint64_t history_random(uint64_t *state);

#endif
