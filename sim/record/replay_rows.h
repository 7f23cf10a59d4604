/* Rows as events: for each table, its columns and what they are of an event. For replay.c alone. */
#ifndef MMUSIM_SIM_RECORD_REPLAY_ROWS_H
#define MMUSIM_SIM_RECORD_REPLAY_ROWS_H

#include "pagetables/pagetable.h"
#include "sim/record/cells.h"
#include "sim/record/replay.h"

/* A row: one event, or two (an operation's call and return). */
struct replay_row {
    uint64_t number; /* of the event */
    struct mmu_event event;
    uint64_t later_number; /* of the second event; 0: there is none */
    struct mmu_event later;
    struct pagetable_class table; /* that the event of a space points to */
};

/* One table. Its rows come in the order of their (first) events. */
struct replay_table {
    const char *name;
    uint32_t kinds; /* REPLAY_KIND of its events */
    uint8_t kind;   /* event_kind of the first event of a row */
    bool in_pages;  /* its rowid is `event`, and only integers are wanted: it can be read from pages */
    /* event, cycle and core of the (first) event, then those that `read` takes */
    const char *columns;
    void (*read)(const struct replay_config *config, struct cells *cells, struct replay_row *row);
};

#define CORES_MAX (1u << EVENT_CORE_BITS)

#define REPLAY_TABLES 13
extern const struct replay_table replay_tables[REPLAY_TABLES];

#endif
