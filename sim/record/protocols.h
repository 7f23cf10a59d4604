/*
 * The protocol of live tables (sim/protocol) over a finished record, by itself: what `mmusim protocol` tells
 * of a record.
 */
#ifndef MMUSIM_SIM_RECORD_PROTOCOLS_H
#define MMUSIM_SIM_RECORD_PROTOCOLS_H

#include <stddef.h>
#include <stdint.h>

#include "sim/protocol/run.h"
#include "sim/record/recorder.h"

struct record_protocol {
    struct protocol_violation *list; /* the first of them, in the order of the events; the caller frees it */
    size_t count;
    uint64_t violations; /* all */
    uint64_t events;     /* stores, barriers, invalidations, operations and spaces that were heard */
    uint64_t unjudged;   /* entries */
    unsigned spaces;     /* whose tables are judged */
};

/* At most `most` violations are kept. False with a sentence if the record could not be read to its end. */
bool record_protocol(const char *path, size_t most, struct record_protocol *result,
                     struct record_error *error);

#endif
