/* Putting a row together; for rows.c and facts.c alone. */
#ifndef MMUSIM_SIM_RECORD_ROW_H
#define MMUSIM_SIM_RECORD_ROW_H

#include <stdbool.h>

#include "sim/record/rows.h"

/* A row under way: values are put from left to right; the first failure stays. */
struct row {
    sqlite3_stmt *statement;
    int column;
    int code;
};

static inline struct row row_begin(struct row_writer *rows, enum row_statement statement)
{
    return (struct row){.statement = rows->statements[statement]};
}

static inline void put(struct row *row, uint64_t value)
{
    row->code |= sqlite3_bind_int64(row->statement, ++row->column, (sqlite3_int64)value);
}

static inline void put_null(struct row *row)
{
    row->code |= sqlite3_bind_null(row->statement, ++row->column);
}

static inline void put_if(struct row *row, bool exists, uint64_t value)
{
    if (exists)
        put(row, value);
    else
        put_null(row);
}

static inline void put_cycle(struct row *row, uint64_t cycle)
{
    put_if(row, cycle != EVENT_NEVER, cycle);
}

static inline void put_id(struct row *row, uint64_t id)
{
    put_if(row, id != 0, id);
}

static inline void put_text(struct row *row, const char *text)
{
    row->code |= sqlite3_bind_text(row->statement, ++row->column, text, -1, SQLITE_STATIC);
}

static inline void put_frame(struct row *row, bool exists, const struct frame *frame)
{
    put_if(row, exists, frame->base);
    put_if(row, exists, frame->size_lg2);
    put_if(row, exists, frame->attributes);
}

static inline int row_end(struct row *row)
{
    if (row->code != SQLITE_OK)
        return SQLITE_MISUSE; /* several codes or-ed; a bind fails only by our mistake or without memory */
    int code = sqlite3_step(row->statement);
    int reset = sqlite3_reset(row->statement);
    return code == SQLITE_DONE ? reset : code;
}

/* For statements that change one row that must be there. */
static inline int row_end_update(struct row_writer *rows, struct row *row)
{
    int code = row_end(row);
    return code == SQLITE_OK && sqlite3_changes(rows->database) != 1 ? SQLITE_NOTFOUND : code;
}

#endif
