/* Replay: the tables of a record merged into one stream of events. */
#include "sim/record/replay.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/record/replay_rows.h"

/* A table that is being read, by a statement or from its pages: its next row, or none. */
struct source {
    const struct replay_table *table;
    sqlite3_stmt *statement;
    struct page_rows *rows;
    struct replay_row row;
};

/* A second event of a row that was told already. */
struct later {
    uint64_t number;
    const struct replay_table *table;
    struct mmu_event event;
};

struct replay {
    sqlite3 *database;
    const struct replay_config *config;
    struct replay_result *result;
    struct source sources[REPLAY_TABLES];
    uint64_t next[REPLAY_TABLES]; /* number of the next event of each; EVENT_NEVER: none is left */
    size_t source_count;
    struct later *later; /* a heap, the lowest number first */
    size_t later_count;
    size_t later_capacity;
    uint64_t cycle; /* of the last event */
};

__attribute__((format(printf, 2, 3))) static bool fail(struct replay *replay, const char *format, ...)
{
    struct record_error *error = &replay->result->error;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return false;
}

static bool fail_memory(struct replay *replay)
{
    return fail(replay, "out of memory for the events of the record");
}

/* What a cell holds, as text. */
static void print_cell(char *text, size_t bytes, const struct cells *cells, int column)
{
    const struct page_rows *rows = cells->rows;
    const char *value = cells->statement ? (const char *)sqlite3_column_text(cells->statement, column) : NULL;
    if (value || cells->statement || rows->kinds[column] == CELL_NULL)
        (void)snprintf(text, bytes, "%s", value ? value : "NULL");
    else if (rows->kinds[column] == CELL_OTHER)
        (void)snprintf(text, bytes, "no number");
    else
        (void)snprintf(text, bytes, "%" PRId64, rows->values[column]);
}

static void print_range(char *text, size_t bytes, const struct cells *cells)
{
    const char *or_null = cells->wrong_null ? ", or NULL" : "";
    if (cells->wrong_max == UINT64_MAX)
        (void)snprintf(text, bytes, "a number%s", or_null);
    else if (cells->wrong_max == CELL_CYCLE_MAX)
        (void)snprintf(text, bytes, "%" PRIu64 " or more%s", cells->wrong_min, or_null);
    else
        (void)snprintf(text, bytes, "%" PRIu64 " to %" PRIu64 "%s", cells->wrong_min, cells->wrong_max,
                       or_null);
}

/* The name of a column: what is between its commas. */
static const char *column_name(const char *columns, int column, int *length)
{
    for (; column > 0; column--)
        columns += strcspn(columns, ",") + 2;
    *length = (int)strcspn(columns, ",");
    return columns;
}

static bool fail_cell(struct replay *replay, const struct source *source, const struct cells *cells)
{
    char event[32], value[64], range[80];
    int length;
    const char *name = column_name(source->table->columns, cells->wrong, &length);
    print_cell(event, sizeof event, cells, 0);
    print_cell(value, sizeof value, cells, cells->wrong);
    print_range(range, sizeof range, cells);
    return fail(replay, "table %s, event %s: %.*s is %s; it must be %s", source->table->name, event, length,
                name, value, range);
}

/* ---- second events ---- */

static void swap_later(struct later *one, struct later *other)
{
    struct later kept = *one;
    *one = *other;
    *other = kept;
}

static bool keep_later(struct replay *replay, const struct source *source)
{
    if (replay->later_count == replay->later_capacity) {
        size_t capacity = replay->later_capacity ? replay->later_capacity * 2 : 64;
        struct later *grown = realloc(replay->later, capacity * sizeof *grown);
        if (!grown)
            return fail_memory(replay);
        replay->later = grown;
        replay->later_capacity = capacity;
    }
    size_t place = replay->later_count++;
    replay->later[place] = (struct later){source->row.later_number, source->table, source->row.later};
    for (; place && replay->later[place].number < replay->later[(place - 1) / 2].number;
         place = (place - 1) / 2)
        swap_later(&replay->later[place], &replay->later[(place - 1) / 2]);
    return true;
}

static void drop_first_later(struct replay *replay)
{
    struct later *heap = replay->later;
    size_t count = --replay->later_count;
    heap[0] = heap[count];
    for (size_t place = 0; place * 2 + 1 < count;) {
        size_t child = place * 2 + 1;
        child += child + 1 < count && heap[child + 1].number < heap[child].number;
        if (heap[place].number <= heap[child].number)
            break;
        swap_later(&heap[place], &heap[child]);
        place = child;
    }
}

/* ---- rows ---- */

/* Steps to the next row; `*there` is false at the end. */
static bool step(struct replay *replay, const struct source *source, bool *there)
{
    if (!source->statement) {
        *there = page_rows_next(source->rows);
        return !source->rows->error || fail(replay, "table %s: %s", source->table->name, source->rows->error);
    }
    int code = sqlite3_step(source->statement);
    *there = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE ||
           fail(replay, "table %s: %s", source->table->name, sqlite3_errmsg(replay->database));
}

/* The next row of a table, as events. */
static bool read_row(struct replay *replay, size_t which)
{
    struct source *source = &replay->sources[which];
    bool there;
    replay->next[which] = EVENT_NEVER;
    if (!step(replay, source, &there))
        return false;
    if (!there)
        return true;
    struct cells cells = {.statement = source->statement, .rows = source->rows, .wrong = -1};
    struct replay_row *row = &source->row;
    row->number = cell_from_1(&cells, CELL_CYCLE_MAX);
    row->event.cycle = cell_cycle(&cells);
    row->event.core = (uint8_t)(cell_from_1(&cells, CORES_MAX) - 1);
    row->event.kind = source->table->kind;
    row->later_number = 0;
    source->table->read(replay->config, &cells, row);
    if (cells.wrong >= 0)
        return fail_cell(replay, source, &cells);
    replay->next[which] = row->number;
    return row->later_number == 0 || keep_later(replay, source);
}

static bool open_source(struct replay *replay, struct source *source)
{
    const struct replay_table *table = source->table;
    if (table->in_pages) {
        source->rows = malloc(sizeof *source->rows);
        if (!source->rows)
            return fail_memory(replay);
        if (page_rows_open(source->rows, replay->database, table->name, table->columns))
            return true;
    }
    char *sql = sqlite3_mprintf("SELECT %s FROM %s ORDER BY event", table->columns, table->name);
    if (!sql)
        return fail_memory(replay);
    int code = sqlite3_prepare_v2(replay->database, sql, -1, &source->statement, NULL);
    sqlite3_free(sql);
    return code == SQLITE_OK || fail(replay, "table %s: %s", table->name, sqlite3_errmsg(replay->database));
}

static void close_source(struct source *source)
{
    (void)sqlite3_finalize(source->statement); /* repeats the code of the last step */
    if (source->rows)
        page_rows_close(source->rows);
    free(source->rows);
}

static bool open_sources(struct replay *replay)
{
    for (size_t i = 0; i < REPLAY_TABLES; i++) {
        if (!(replay_tables[i].kinds & replay->config->kinds))
            continue;
        size_t which = replay->source_count++;
        replay->sources[which].table = &replay_tables[i];
        if (!open_source(replay, &replay->sources[which]) || !read_row(replay, which))
            return false;
    }
    return true;
}

/* Pages are read while this statement keeps others from writing. */
static sqlite3_stmt *hold_lock(struct replay *replay)
{
    sqlite3_stmt *lock = NULL;
    if (sqlite3_prepare_v2(replay->database, "SELECT name FROM sqlite_schema", -1, &lock, NULL) !=
            SQLITE_OK ||
        sqlite3_step(lock) != SQLITE_ROW)
        (void)fail(replay, "%s", sqlite3_errmsg(replay->database));
    return lock;
}

/* ---- the merge ---- */

static bool tell(struct replay *replay, const struct replay_table *table, uint64_t number,
                 const struct mmu_event *event)
{
    struct replay_result *result = replay->result;
    if (number == result->last_event)
        return fail(replay,
                    "table %s: event %" PRIu64 " is in another row, too; each event has a number of its own",
                    table->name, number);
    if (number < result->last_event)
        return fail(replay,
                    "table %s: event %" PRIu64 " ends what begins after it; what ends has a higher number",
                    table->name, number);
    if (event->cycle < replay->cycle)
        return fail(replay,
                    "table %s, event %" PRIu64 ": its cycle is %" PRIu64 ", but event %" PRIu64
                    " before it has cycle %" PRIu64 "; cycles do not fall",
                    table->name, number, event->cycle, result->last_event, replay->cycle);
    result->last_event = number;
    replay->cycle = event->cycle;
    if (!(REPLAY_KIND(event->kind) & replay->config->kinds))
        return true;
    result->events++;
    result->status = replay->config->observer->event(replay->config->observer->context, event);
    return result->status == 0;
}

static size_t first_source(const struct replay *replay)
{
    size_t first = 0;
    for (size_t i = 1; i < replay->source_count; i++)
        if (replay->next[i] < replay->next[first])
            first = i;
    return first;
}

static bool merge(struct replay *replay)
{
    while (replay->source_count) {
        size_t first = first_source(replay);
        if (replay->later_count && replay->later[0].number <= replay->next[first]) {
            const struct later later = replay->later[0];
            drop_first_later(replay);
            if (!tell(replay, later.table, later.number, &later.event))
                return false;
        } else if (replay->next[first] == EVENT_NEVER) {
            return true;
        } else {
            struct source *source = &replay->sources[first];
            if (!tell(replay, source->table, source->row.number, &source->row.event) ||
                !read_row(replay, first))
                return false;
        }
    }
    return true;
}

bool replay_run(sqlite3 *database, const struct replay_config *config, struct replay_result *result)
{
    *result = (struct replay_result){0};
    struct replay *replay = calloc(1, sizeof *replay);
    if (!replay) {
        (void)snprintf(result->error.text, sizeof result->error.text, "out of memory for the replay");
        return false;
    }
    replay->database = database;
    replay->config = config;
    replay->result = result;
    sqlite3_stmt *lock = hold_lock(replay);
    bool whole = result->error.text[0] == '\0' && open_sources(replay) && merge(replay);
    for (size_t i = 0; i < replay->source_count; i++)
        close_source(&replay->sources[i]);
    (void)sqlite3_finalize(lock); /* repeats the code of its step */
    free(replay->later);
    free(replay);
    return whole;
}
