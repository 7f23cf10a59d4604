/* What formats said in this run of attributes and controls: collected from events, written when the run ends.
 */
#ifndef MMUSIM_SIM_RECORD_RIGHTS_H
#define MMUSIM_SIM_RECORD_RIGHTS_H

#include <stddef.h>

#include "sim/record/rows.h"

struct format_attributes {
    const struct walk_format *format;
    uint32_t attributes;
};

struct format_controls {
    const struct walk_format *format;
    struct access_controls controls;
};

/* All 0 at first. */
struct rights_seen {
    const struct walk_format **formats; /* by space */
    size_t space_count;
    struct format_attributes *attributes; /* each once */
    size_t attribute_count, attribute_capacity;
    struct format_controls *controls; /* each once */
    size_t control_count, control_capacity;
    bool guests; /* some space has a second stage */
};

/* False: out of memory. */
bool rights_see(struct rights_seen *seen, const struct mmu_event *event);
int rights_write(const struct rights_seen *seen, struct row_writer *rows);
void rights_forget(struct rights_seen *seen);

#endif
