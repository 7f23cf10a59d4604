/*
 * Replays: a run of an exploration as a script for the timed machine (sim/lua/README.md).
 *
 * The timed machine cannot be told to take a step: what it does follows from time. So a replay does on each
 * core what the run did there, in the same order, and waits in between; how long each thing takes, and how
 * far the steps of the run are apart, is a *timing*. Whether a timing shows what the run showed is for its
 * user to try. A walk that hardware began unasked becomes a load, which asks for it; an entry that was
 * evicted is invalidated on its core alone.
 */
#ifndef MMUSIM_SIM_EXPLORE_REPLAY_H
#define MMUSIM_SIM_EXPLORE_REPLAY_H

#include <stdio.h>

#include "sim/explore/story.h"

#ifdef __cplusplus
extern "C" {
#endif

struct replay;

/* `table` is how a script names the page table. NULL without memory. What it is made from lives longer. */
struct replay *replay_create(struct exploration *exploration, const struct story_run *run, const char *table);
void replay_destroy(struct replay *replay); /* NULL is allowed */

struct replay_timing {
    uint64_t memory_cycles;  /* of an access of memory */
    uint64_t drain_cycles;   /* the least that a store waits */
    uint64_t message_cycles; /* of an invalidation to another core */
    uint64_t step_cycles;    /* from one transition of the run to the next */
    bool walks_late;         /* a walk that nobody asked for is asked for when it read its last word */
    int64_t shift_cycles;    /* how much later than that the cores begin that call no page-table code first */
    uint64_t adversary_cycles; /* between two unasked walks; 0: none but those of the run, as loads */
    uint64_t seed;
};

/* False: the run has something that no script for the timed machine has; replay_why_not says what. */
bool replay_is_tried(const struct replay *replay);

/* Why so many timings did not do it, as far as the run tells, in words. */
void replay_why_not(const struct replay *replay, unsigned tried, char *text, size_t text_bytes);

/* The next timing to be tried, from number 0: the likely ones first. False: there are no more. */
bool replay_timing_at(const struct replay *replay, unsigned number, struct replay_timing *timing);

/* The script, without comments at its beginning. Errors of `out` stay in it. */
void replay_write(const struct replay *replay, const struct replay_timing *timing, FILE *out);

#ifdef __cplusplus
}
#endif
#endif
