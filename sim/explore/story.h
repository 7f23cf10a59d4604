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

/* The shortest run to a finding: its transitions, the last of which is wrong or leads to what is wrong. */
struct story_transition {
    const void *from; /* bytes of a state; valid as long as the search */
    uint32_t label;
};
struct story_run {
    struct story_transition *transitions;
    size_t count; /* 0: the beginning is wrong already */
    uint32_t finding;
};
/* False without memory. To be released by story_run_free. */
bool story_run_make(const struct search *search, const struct search_finding *finding, struct story_run *run);
void story_run_free(struct story_run *run);

/* All that happens in a run, line by line. Many reads that find the same in one word after the other are one
 * line. */
struct story_line {
    size_t transition; /* from 1 */
    unsigned core;     /* from 0 */
    bool follows;      /* by itself, from the line before: no other step could stand between */
    const char *mark;  /* "* ": hardware; "  ": within page-table code; "" */
    const char *text;
};
struct story_teller {
    void (*line)(void *context, const struct story_line *line);
    void *context;
};
void story_tell(struct exploration *exploration, const struct story_run *run,
                const struct story_teller *teller);

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

/* Where the table parts from the abstract map: one sentence. False if it does not, or cannot be read. */
bool story_view(struct exploration *exploration, const struct small_state *state,
                const struct explored *explored, char text[STORY_TEXT_BYTES]);

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
