#include "sim/record/judging.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/record/database.h"
#include "sim/record/replay.h"

/* What the judge has a use for. */
#define KINDS                                                                                                \
    (REPLAY_ALL & ~(REPLAY_KIND(EVENT_FAULT) | REPLAY_KIND(EVENT_REGION) | REPLAY_KIND(EVENT_WALK_STEP)))

#define NAME_BYTES 32

__attribute__((format(printf, 2, 3))) static bool fail(struct judging *judging, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(judging->error.text, sizeof judging->error.text, format, arguments);
    va_end(arguments);
    return false;
}

/* What the machine was, and what of it was recorded. */
static const char *const facts_query =
    "SELECT level,"
    " IFNULL((SELECT CAST(value AS INTEGER) FROM configuration WHERE name = 'memory.size'), 0),"
    " EXISTS (SELECT 1 FROM configuration WHERE name = 'invalidation.scheme' AND value = 'interrupt')"
    " AND EXISTS (SELECT 1 FROM configuration WHERE name = 'shootdown.targets' AND value = 'active'),"
    " (SELECT COUNT(*) FROM arrays),"
    " IFNULL((SELECT CAST(value AS INTEGER) FROM configuration WHERE name = 'cores'), 0),"
    " EXISTS (SELECT 1 FROM configuration WHERE name = 'invalidation.scheme' AND value = 'interrupt'),"
    " EXISTS (SELECT 1 FROM configuration WHERE name = 'ordering' AND value = 'x86'),"
    " EXISTS (SELECT 1 FROM configuration WHERE name = 'adversary.split' AND value = 'true')"
    " AND EXISTS (SELECT 1 FROM configuration WHERE name = 'adversary.period' AND value <> '0')"
    " FROM runs";

static bool read_facts(sqlite3 *database, struct judging *judging, struct judge_config *config)
{
    sqlite3_stmt *facts = NULL;
    int code = sqlite3_prepare_v2(database, facts_query, -1, &facts, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(facts);
    bool read = code == SQLITE_ROW;
    int level = read ? sqlite3_column_int(facts, 0) : 0;
    if (read) {
        config->every_access = config->values = level == RECORD_ALL;
        config->memory_bytes = (uint64_t)sqlite3_column_int64(facts, 1);
        config->lazy = sqlite3_column_int(facts, 2) != 0;
        judging->array_count = (size_t)sqlite3_column_int64(facts, 3);
        config->cores = (unsigned)sqlite3_column_int64(facts, 4);
        config->by_interrupt = sqlite3_column_int(facts, 5) != 0;
        config->own_stores = sqlite3_column_int(facts, 6) != 0;
        config->single_entries = sqlite3_column_int(facts, 7) != 0;
    }
    (void)sqlite3_finalize(facts); /* repeats the code of the last step */
    if (!read)
        return fail(judging, "table runs: %s", sqlite3_errmsg(database));
    if (level != RECORD_MISSES && level != RECORD_ALL)
        return fail(judging, "a record of level '%s' has no events",
                    level == RECORD_COUNTERS ? record_level_name(RECORD_COUNTERS) : "?");
    return true;
}

static bool read_array(sqlite3_stmt *row, struct judge_array *array, char *name, int number)
{
    const char *title = (const char *)sqlite3_column_text(row, 1);
    (void)snprintf(name, NAME_BYTES, "%s", title ? title : "");
    *array = (struct judge_array){.name = name,
                                  .level = (uint8_t)sqlite3_column_int(row, 2),
                                  .side = (uint8_t)sqlite3_column_int(row, 3),
                                  .shared = sqlite3_column_int(row, 4) != 0};
    return sqlite3_column_int(row, 0) == number;
}

/* The arrays of translations, whose names stand behind them in the same block. */
static bool read_arrays(sqlite3 *database, struct judging *judging)
{
    sqlite3_stmt *rows = NULL;
    size_t count = judging->array_count;
    size_t read = 0;
    if (count > UINT8_MAX)
        return fail(judging, "table arrays: it has %zu rows; a machine has no more than %d", count,
                    UINT8_MAX);
    judging->arrays = calloc(count + 1, sizeof *judging->arrays + NAME_BYTES);
    if (!judging->arrays)
        return fail(judging, "out of memory for the arrays of the machine");
    char *names = (char *)(judging->arrays + count + 1);
    int code = sqlite3_prepare_v2(database,
                                  "SELECT tlb, IFNULL(c.name, a.name), level, side, shared FROM arrays a"
                                  " LEFT JOIN codes c ON c.domain = 'tlb' AND c.code = a.tlb ORDER BY tlb",
                                  -1, &rows, NULL);
    while (code == SQLITE_OK && read < count && sqlite3_step(rows) == SQLITE_ROW &&
           read_array(rows, &judging->arrays[read], names + read * NAME_BYTES, (int)read))
        read++;
    (void)sqlite3_finalize(rows); /* repeats the code of the last step */
    if (code != SQLITE_OK)
        return fail(judging, "table arrays: %s", sqlite3_errmsg(database));
    return read == count || fail(judging, "table arrays: there is no array %zu; they count from 0", read);
}

static void hear(sqlite3 *database, struct judging *judging)
{
    struct replay_texts texts = {0};
    const struct mmu_observer observer = judge_observer(judging->judge);
    const struct replay_config config = {.observer = &observer,
                                         .kinds = KINDS,
                                         .format = recorded_format,
                                         .context = &judging->formats,
                                         .texts = &texts};
    struct replay_result result;
    judging->whole = replay_run(database, &config, &result);
    judging->events = result.events;
    judging->error = result.error;
    if (judging->formats.failed) {
        judging->whole = false;
        (void)fail(judging, "table format_rights: %s", sqlite3_errmsg(database));
    }
    if (judge_finish(judging->judge) == ENOMEM) {
        judging->whole = false;
        (void)fail(judging, "out of memory after %llu events", (unsigned long long)result.events);
    }
    replay_texts_free(&texts);
}

static void judge(sqlite3 *database, struct judging *judging)
{
    struct judge_config config = {0};
    if (!read_facts(database, judging, &config) || !read_arrays(database, judging))
        return;
    config.arrays = judging->arrays;
    config.array_count = judging->array_count;
    config.rights = &recorded_rights;
    judging->formats.database = database;
    judging->judge = judge_create(&config);
    if (judging->judge)
        hear(database, judging);
    else
        (void)fail(judging, "out of memory for the checker");
}

void judging_run(const char *path, struct judging *judging)
{
    bool complete;
    *judging = (struct judging){0};
    sqlite3 *database = record_database_open(path, &complete, &judging->error);
    if (database)
        judge(database, judging);
    record_database_close(database);
}

void judging_free(struct judging *judging)
{
    judge_destroy(judging->judge);
    recorded_formats_free(&judging->formats);
    free(judging->arrays);
}
