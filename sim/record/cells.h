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
#include "sim/record/pages.h"

struct cells {
    sqlite3_stmt *statement;      /* the row; or, if NULL: */
    const struct page_rows *rows; /* the last row of these */
    uint64_t wrong_min;           /* what the first wrong one may be at the least, */
    uint64_t wrong_max;           /* and at the most */
    int column;                   /* the next one */
    int wrong;                    /* the first wrong one; -1: none */
    bool wrong_null;              /* it is allowed to be NULL */
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

/* The next value; 0 for what is no integer. (Of a statement only then its type is asked.) */
static inline uint64_t cell_take(struct cells *cells, enum page_cell *kind)
{
    int column = cells->column++;
    if (!cells->statement) {
        *kind = (enum page_cell)cells->rows->kinds[column];
        return (uint64_t)cells->rows->values[column];
    }
    uint64_t value = (uint64_t)sqlite3_column_int64(cells->statement, column);
    int type = value ? SQLITE_INTEGER : sqlite3_column_type(cells->statement, column);
    *kind = type == SQLITE_INTEGER ? CELL_INTEGER : type == SQLITE_NULL ? CELL_NULL : CELL_OTHER;
    return value;
}

/* 0 to `max`. */
static inline uint64_t cell(struct cells *cells, uint64_t max)
{
    enum page_cell kind;
    uint64_t value = cell_take(cells, &kind);
    if (value > max || kind != CELL_INTEGER)
        cell_wrong(cells, 0, 0, max, false);
    return value;
}

/* 1 to `max`. */
static inline uint64_t cell_from_1(struct cells *cells, uint64_t max)
{
    enum page_cell kind;
    uint64_t value = cell_take(cells, &kind);
    if (value - 1 >= max || kind != CELL_INTEGER)
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
    enum page_cell kind;
    uint64_t value = cell_take(cells, &kind);
    if (value > max || kind == CELL_OTHER)
        cell_wrong(cells, 0, 0, max, true);
    return kind == CELL_NULL ? absent : value;
}

/* An identifier: 1 to `max`; NULL is 0. */
static inline uint64_t cell_id(struct cells *cells, uint64_t max)
{
    enum page_cell kind;
    uint64_t value = cell_take(cells, &kind);
    if (value > max || (value == 0 && kind != CELL_NULL))
        cell_wrong(cells, 0, 1, max, true);
    return value;
}

/* Whether the next one is other than NULL. */
static inline bool cell_is_there(const struct cells *cells)
{
    return cells->statement ? sqlite3_column_type(cells->statement, cells->column) != SQLITE_NULL
                            : cells->rows->kinds[cells->column] != CELL_NULL;
}

static inline uint64_t cell_cycle(struct cells *cells)
{
    return cell(cells, CELL_CYCLE_MAX);
}

static inline uint64_t cell_cycle_or_never(struct cells *cells)
{
    return cell_or(cells, CELL_CYCLE_MAX, EVENT_NEVER);
}

#endif
