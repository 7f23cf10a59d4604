/*
 * Replay: the events of a finished record, as the machine told them, to any observer (mmu/event.h).
 *
 * One pass over the tables, merged by the events' numbers, in memory that does not grow with the record: what
 * is kept is the next row of each table, and the returns and completions that are still to come. Raw rows
 * alone are read: nothing that was derived when the run ended, no rule's result, no finding.
 *
 * Rows are believed only as far as an event can hold them: a NULL or a number that the recorder never writes
 * there ends the replay with a sentence that names table, event and column. Whether the events make sense is
 * the observer's business; their cycles do not fall, though.
 *
 * What the tables leave out (SCHEMA.md) is 0 in the event, or EVENT_NEVER where that means "not".
 */
#ifndef MMUSIM_SIM_RECORD_REPLAY_H
#define MMUSIM_SIM_RECORD_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mmu/event.h"
#include "sim/record/recorder.h"

#ifdef __cplusplus
extern "C" {
#endif

struct sqlite3;

/* One bit an event_kind. */
#define REPLAY_KIND(kind) (UINT32_C(1) << (kind))
/* What no rule needs is not replayed: walk steps, entries of walk caches and ranges, faults delivered,
 * regions. */
#define REPLAY_ALL (REPLAY_KIND(EVENT_KINDS) - 1)

/* Texts of events; all 0 at first. At the most 65,536: further ones are NULL. */
struct replay_texts {
    char **list;
    size_t count;
    size_t capacity;
};

/* What a record says of a space's format. */
struct replay_format {
    const char *name;     /* during the call */
    uint64_t frame_sizes; /* bit: log2; that the page table offers; not 0 */
    uint64_t run_sizes;   /* bit: log2; those that are runs of contiguous entries */
    uint8_t va_bits;      /* 1 to 64 */
    uint8_t va_form;
    uint8_t spurious;
    bool stage2; /* some space has it as its second stage */
};

struct replay_config {
    const struct mmu_observer *observer; /* a return other than 0 ends the replay */
    uint32_t kinds;                      /* REPLAY_KIND, or-ed: tables of other kinds are not read */
    /* The format, for events of spaces; NULL where there is none. */
    const struct walk_format *(*format)(void *context, const struct replay_format *told);
    void *context;              /* of `format` */
    struct replay_texts *texts; /* takes what events point to; free it when the observer is done */
};

struct replay_result {
    uint64_t events;           /* that were told */
    uint64_t last_event;       /* number of the last one; 0: none was told */
    int status;                /* what the observer returned */
    struct record_error error; /* of the record; empty if there is none */
};

/*
 * False if the record could not be read to its end, or the observer ended it. `result` is filled in any case:
 * what was told until then was told in its order.
 */
bool replay_run(struct sqlite3 *database, const struct replay_config *config, struct replay_result *result);

void replay_texts_free(struct replay_texts *texts);

#ifdef __cplusplus
}
#endif
#endif
