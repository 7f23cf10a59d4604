/*
 * The cells of one row, taken from left to right, each with the values that it may have. The first one that
 * has another is kept for the sentence about it; what is taken after that means nothing.
 */
#ifndef MMUSIM_SIM_RECORD_CELLS_H
#define MMUSIM_SIM_RECORD_CELLS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "mmu/event.h"

struct cells {
    sqlite3_stmt *statement;
    uint64_t wrong_min; /* what the first wrong one may be at the least, */
    uint64_t wrong_max; /* and at the most */
    int column;         /* the next one */
    int wrong;          /* the first wrong one; -1: none */
    bool wrong_null;    /* it is allowed to be NULL */
};

#define CELL_CYCLE_MAX ((uint64_t)INT64_MAX)

/* The cell `back` before the last one taken is wrong: it may be `min` to `max`, or NULL. */
static inline void cell_wrong(struct cells *cells, int back, uint64_t min, uint64_t max, bool null)
{
    if (cells->wrong >= 0)
        return;
    cells->wrong = cells->column - 1 - back;
    cells->wrong_min = min;
    cells->wrong_max = max;
    cells->wrong_null = null;
}

static inline bool cell_is_number(struct cells *cells)
{
    return sqlite3_column_type(cells->statement, cells->column - 1) == SQLITE_INTEGER;
}

/* 0 to `max`, at the most CELL_CYCLE_MAX. (What is no number is read as 0: only then its type is asked.) */
static inline uint64_t cell(struct cells *cells, uint64_t max)
{
    uint64_t value = (uint64_t)sqlite3_column_int64(cells->statement, cells->column++);
    if (value > max || (value == 0 && !cell_is_number(cells)))
        cell_wrong(cells, 0, 0, max, false);
    return value;
}

/* 1 to `max`. */
static inline uint64_t cell_from_1(struct cells *cells, uint64_t max)
{
    uint64_t value = (uint64_t)sqlite3_column_int64(cells->statement, cells->column++);
    if (value - 1 >= max)
        cell_wrong(cells, 0, 1, max, false);
    return value;
}

/* Any 64 bits. */
static inline uint64_t cell_word(struct cells *cells)
{
    return cell(cells, UINT64_MAX);
}

/* NULL is `absent`. */
static inline uint64_t cell_or(struct cells *cells, uint64_t max, uint64_t absent)
{
    uint64_t value = (uint64_t)sqlite3_column_int64(cells->statement, cells->column++);
    if (value == 0 && !cell_is_number(cells)) {
        if (sqlite3_column_type(cells->statement, cells->column - 1) != SQLITE_NULL)
            cell_wrong(cells, 0, 0, max, true);
        return absent;
    }
    if (value > max)
        cell_wrong(cells, 0, 0, max, true);
    return value;
}

/* Whether the next one is other than NULL. */
static inline bool cell_is_there(const struct cells *cells)
{
    return sqlite3_column_type(cells->statement, cells->column) != SQLITE_NULL;
}

static inline uint64_t cell_cycle(struct cells *cells)
{
    return cell(cells, CELL_CYCLE_MAX);
}

static inline uint64_t cell_cycle_or_never(struct cells *cells)
{
    return cell_or(cells, CELL_CYCLE_MAX, EVENT_NEVER);
}

/* An identifier: 1 to `max`; NULL is 0. */
static inline uint64_t cell_id(struct cells *cells, uint64_t max)
{
    uint64_t value = (uint64_t)sqlite3_column_int64(cells->statement, cells->column++);
    if (value > max ||
        (value == 0 && sqlite3_column_type(cells->statement, cells->column - 1) != SQLITE_NULL))
        cell_wrong(cells, 0, 1, max, true);
    return value;
}

#endif
