/*
 * Stories: the steps of a path through an exploration, in words.
 */
#ifndef MMUSIM_SIM_EXPLORE_STORY_H
#define MMUSIM_SIM_EXPLORE_STORY_H

#include "sim/explore/exploration.h"
#include "sim/explore/happenings.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STORY_TEXT_BYTES 240

/* One thing that happens, without its core: "unmap of 0x0", "reads 0x0 at 0x101000". */
void story_happening(const struct exploration *exploration, const struct happening *what,
                     char text[STORY_TEXT_BYTES]);

/* One step of a path, by the first thing that happens in it, with its core: what happens from a state (its
 * bytes, as of the search) by a label. */
void story_step(struct exploration *exploration, const void *from, uint32_t label,
                char text[STORY_TEXT_BYTES]);

/* What is wrong with the step, or with the state that it leads to: one sentence. */
void story_finding(struct exploration *exploration, const void *from, uint32_t label, uint32_t finding,
                   char text[STORY_TEXT_BYTES]);

/* What a step leads to: a line for what the TLB of each core holds, and one for what is mapped at each of the
 * addresses that hardware may walk for. */
struct story_reader {
    void (*line)(void *context, const char *text);
    void *context;
};
void story_end(struct exploration *exploration, const void *from, uint32_t label,
               const struct story_reader *reader);

#ifdef __cplusplus
}
#endif
#endif
