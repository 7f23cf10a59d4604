/*
 * Arm's rules for changing translation tables, as a check of what one operation told its environment.
 *
 * The rules are stated without regard to how the table does it (Arm ARM DDI 0487 L.b: D8.2.6.1, D8.17,
 * D8.17.1, and D8.7.1 for contiguous runs), so the same check judges every table of a VMSAv8-64 format.
 */
#ifndef MMUSIM_PAGETABLES_TEST_PROTOCOL_H
#define MMUSIM_PAGETABLES_TEST_PROTOCOL_H

#include "pagetables/flat_memory.h"

/* The operation whose log it is. */
struct protocol_operation {
    uint64_t va;
    uint64_t bytes;       /* of the page that is mapped there */
    uint64_t entry_bytes; /* of what one of its entries maps, if it has a run of them; else 0 */
    uint16_t asid;
    uint16_t vmid; /* of a stage 2 table */
    bool stage2;
    /* Whether walks may read this word; the others, such as counts, only have to be drained. NULL: all. */
    bool (*is_entry)(const void *context, uint64_t pa);
    const void *context;
};

/* NULL if the log keeps the rules, else the rule that is broken first. */
const char *protocol_broken(const struct flat_event *log, size_t count,
                            const struct protocol_operation *operation);

#endif
