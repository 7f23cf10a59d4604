/* Runs to findings, and their stories line by line. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/explore/story.h"

bool story_run_make(const struct search *search, const struct search_finding *finding, struct story_run *run)
{
    size_t states = finding->state == SEARCH_NONE ? 0 : search_path(search, finding->state, NULL, 0);
    struct search_step *path = calloc(states + 1, sizeof *path);
    *run = (struct story_run){.finding = finding->rule,
                              .transitions = calloc(states + 1, sizeof *run->transitions)};
    if (!path || !run->transitions) {
        free(path);
        story_run_free(run);
        return false;
    }
    (void)search_path(search, finding->state, path, states);
    for (size_t i = 1; i < states; i++)
        run->transitions[run->count++] =
            (struct story_transition){search_state(search, path[i - 1].state), path[i].label};
    if (states > 0)
        run->transitions[run->count++] =
            (struct story_transition){search_state(search, finding->state), finding->label};
    free(path);
    return true;
}

void story_run_free(struct story_run *run)
{
    free(run->transitions);
    run->transitions = NULL;
}

/* ---- lines ------------------------------------------------------------------------------------------ */

/* Reads of one word after the other, which all find the same. */
struct reads {
    size_t count;
    struct story_line first; /* without text */
    uint64_t pa, next_pa, value;
};

struct telling {
    const struct exploration *exploration;
    const struct story_teller *teller;
    struct reads reads;
    size_t transition;
    bool follows;
};

static void tell_line(const struct telling *telling, struct story_line line, const char *text)
{
    line.text = text;
    telling->teller->line(telling->teller->context, &line);
}

static void tell_read(const struct telling *telling, const struct story_line *line, uint64_t pa)
{
    char text[STORY_TEXT_BYTES];
    (void)snprintf(text, sizeof text, "reads 0x%" PRIx64 " at 0x%" PRIx64, telling->reads.value, pa);
    tell_line(telling, *line, text);
}

static void tell_reads(struct telling *telling)
{
    struct reads *reads = &telling->reads;
    char text[STORY_TEXT_BYTES];
    if (reads->count == 1) {
        tell_read(telling, &reads->first, reads->pa);
    } else if (reads->count > 1) {
        (void)snprintf(text, sizeof text,
                       "reads 0x%" PRIx64 " at 0x%" PRIx64 ", and %zu times more, to 0x%" PRIx64,
                       reads->value, reads->pa, reads->count - 1, reads->next_pa - 8);
        tell_line(telling, reads->first, text);
    }
    reads->count = 0;
}

/* True if it is one more of the reads before. */
static bool is_next_read(const struct reads *reads, const struct story_line *line,
                         const struct happening *what)
{
    return reads->count > 0 && line->core == reads->first.core && what->operation->pa == reads->next_pa &&
           what->value == reads->value;
}

static void take_read(struct telling *telling, const struct story_line *line, const struct happening *what)
{
    struct reads *reads = &telling->reads;
    if (!is_next_read(reads, line, what)) {
        tell_reads(telling);
        *reads = (struct reads){.first = *line, .pa = what->operation->pa, .value = what->value};
    }
    reads->count++;
    reads->next_pa = what->operation->pa + 8;
}

static void take(void *context, const struct happening *what)
{
    struct telling *telling = context;
    char text[STORY_TEXT_BYTES];
    bool inner = what->kind == HAPPENING_ASKED || what->kind == HAPPENING_RETURNED;
    const struct story_line line = {.transition = telling->transition,
                                    .core = what->core,
                                    .follows = telling->follows,
                                    .mark = what->kind == HAPPENING_HARDWARE ? "* "
                                            : inner                          ? "  "
                                                                             : ""};
    telling->follows = true;
    if (what->kind == HAPPENING_ASKED && what->operation->kind == REQUEST_READ) {
        take_read(telling, &line, what);
        return;
    }
    tell_reads(telling);
    story_happening(telling->exploration, what, text);
    tell_line(telling, line, text);
}

void story_tell(struct exploration *exploration, const struct story_run *run,
                const struct story_teller *teller)
{
    struct telling telling = {.exploration = exploration, .teller = teller};
    const struct happening_visitor visitor = {take, &telling};
    for (size_t i = 0; i < run->count; i++) {
        telling.transition = i + 1;
        telling.follows = false;
        happenings_visit(exploration, run->transitions[i].from, run->transitions[i].label, &visitor);
    }
    tell_reads(&telling);
}
