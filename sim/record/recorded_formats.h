/*
 * The formats of a record: those that this program has, by their names; for others (a plug-in's) a stand-in
 * that knows what the record says of them: reach, frame sizes, and the rights of the attributes and controls
 * that occurred (format_rights, allowed_rights). A stand-in cannot walk: all of its functions are NULL.
 */
#ifndef MMUSIM_SIM_RECORD_RECORDED_FORMATS_H
#define MMUSIM_SIM_RECORD_RECORDED_FORMATS_H

#include "sim/judge/judge.h"
#include "sim/record/replay.h"

struct stand_in;

/* All 0 but the database at first. */
struct recorded_formats {
    struct sqlite3 *database; /* open while formats are looked for */
    struct stand_in *list;
    bool failed; /* out of memory, or SQLite said no */
};

/* For replay_config: `context` is a struct recorded_formats. NULL on failure. */
const struct walk_format *recorded_format(void *context, const struct replay_format *told);

/* What formats say of rights, stand-ins among them: judge_config.rights. */
extern const struct judge_rights recorded_rights;

void recorded_formats_free(struct recorded_formats *formats);

#endif
