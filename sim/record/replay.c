/* Replay: the tables of a record merged into one stream of events. */
#include "sim/record/replay.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/record/replay_rows.h"

/* A table that is being read: its next row, or none. */
struct source {
    const struct replay_table *table;
    sqlite3_stmt *statement;
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

/* What a cell holds, as text: "NULL", or the value. */
static const char *cell_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "NULL";
}

static bool fail_cell(struct replay *replay, const struct source *source, const struct cells *cells)
{
    char range[64] = "a number";
    if (cells->wrong_max == CELL_CYCLE_MAX)
        (void)snprintf(range, sizeof range, "%" PRIu64 " or more", cells->wrong_min);
    else if (cells->wrong_max != UINT64_MAX)
        (void)snprintf(range, sizeof range, "%" PRIu64 " to %" PRIu64, cells->wrong_min, cells->wrong_max);
    return fail(replay, "table %s, event %s: %s is %s; it must be %s%s", source->table->name,
                cell_text(source->statement, 0), sqlite3_column_name(source->statement, cells->wrong),
                cell_text(source->statement, cells->wrong), range, cells->wrong_null ? ", or NULL" : "");
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

/* The next row of a table, as events. */
static bool read_row(struct replay *replay, size_t which)
{
    struct source *source = &replay->sources[which];
    int code = sqlite3_step(source->statement);
    replay->next[which] = EVENT_NEVER;
    if (code == SQLITE_DONE)
        return true;
    if (code != SQLITE_ROW)
        return fail(replay, "table %s: %s", source->table->name, sqlite3_errmsg(replay->database));
    struct cells cells = {.statement = source->statement, .wrong = -1};
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

static bool open_sources(struct replay *replay)
{
    for (size_t i = 0; i < REPLAY_TABLES; i++) {
        const struct replay_table *table = &replay_tables[i];
        if (!(table->kinds & replay->config->kinds))
            continue;
        size_t which = replay->source_count++;
        struct source *source = &replay->sources[which];
        source->table = table;
        int code = sqlite3_prepare_v2(replay->database, table->sql, -1, &source->statement, NULL);
        if (code != SQLITE_OK)
            return fail(replay, "table %s: %s", table->name, sqlite3_errmsg(replay->database));
        if (!read_row(replay, which))
            return false;
    }
    return true;
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
    bool whole = open_sources(replay) && merge(replay);
    for (size_t i = 0; i < replay->source_count; i++)
        (void)sqlite3_finalize(replay->sources[i].statement); /* repeats the code of the last step */
    free(replay->later);
    free(replay);
    return whole;
}
