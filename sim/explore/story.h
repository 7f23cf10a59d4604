/*
 * Stories: the steps of a path through an exploration, in words.
 */
#ifndef MMUSIM_SIM_EXPLORE_STORY_H
#define MMUSIM_SIM_EXPLORE_STORY_H

#include "sim/explore/exploration.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STORY_TEXT_BYTES 240

/* One step of a path: what happens from a state (its bytes, as of the search) by a label. */
void story_step(struct exploration *exploration, const void *from, uint32_t label,
                char text[STORY_TEXT_BYTES]);

/* What is wrong with the step, or with the state that it leads to: one sentence. */
void story_finding(struct exploration *exploration, const void *from, uint32_t label, uint32_t finding,
                   char text[STORY_TEXT_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
