/*
 * The checker in C (sim/judge) over a finished record: what it would have said had it run along. It hears the
 * recorded events alone, and is told of the machine and of the recording level what the record says of them.
 */
#ifndef MMUSIM_SIM_RECORD_JUDGING_H
#define MMUSIM_SIM_RECORD_JUDGING_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/judge/judge.h"
#include "sim/record/recorded_formats.h"
#include "sim/record/recorder.h"

struct sqlite3;

struct judging {
    struct judge *judge;        /* finished; NULL: it did not begin */
    struct judge_array *arrays; /* the machine's; the judge uses them */
    size_t array_count;
    struct recorded_formats formats; /* of its spaces; likewise */
    uint64_t events;                 /* that it has heard */
    bool whole;                      /* it has heard the whole record */
    struct record_error error;       /* else: why not */
};

/*
 * Judges the record at `path`, which was opened before and found whole, on a connection of its own. What it
 * found is in `judging->judge`; judging_free releases it, whatever came out.
 */
void judging_run(const char *path, struct judging *judging);
void judging_free(struct judging *judging);

#endif
