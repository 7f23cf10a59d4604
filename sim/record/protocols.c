#include "sim/record/protocols.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "pagetables/walk.h"
#include "sim/record/database.h"
#include "sim/record/replay.h"

#define KINDS                                                                                                \
    (REPLAY_KIND(EVENT_SPACE) | REPLAY_KIND(EVENT_ENTRY_WRITE) | REPLAY_KIND(EVENT_BARRIER) |                \
     REPLAY_KIND(EVENT_INVALIDATION) | REPLAY_KIND(EVENT_OPERATION_BEGIN) |                                  \
     REPLAY_KIND(EVENT_OPERATION_END))

struct hearing {
    struct protocol_run *run;
    struct record_protocol *result;
    size_t most;
    bool no_memory;
};

static void keep(void *context, const struct protocol_violation *violation)
{
    struct hearing *hearing = context;
    struct record_protocol *result = hearing->result;
    if (result->violations++ >= hearing->most)
        return;
    struct protocol_violation *grown = realloc(result->list, (result->count + 1) * sizeof *grown);
    hearing->no_memory |= !grown;
    if (!grown)
        return;
    result->list = grown;
    result->list[result->count++] = *violation;
}

static int hear(void *context, const struct mmu_event *event)
{
    struct hearing *hearing = context;
    hearing->result->events++;
    return protocol_run_event(hearing->run, event) == PROTOCOL_NO_MEMORY || hearing->no_memory ? ENOMEM : 0;
}

static bool fail(struct record_error *error, const char *path, const char *why)
{
    (void)snprintf(error->text, sizeof error->text, "'%s' %s", path, why);
    return false;
}

static const char *const facts_query =
    "SELECT level,"
    " IFNULL((SELECT CAST(value AS INTEGER) FROM configuration WHERE name = 'cores'), 0),"
    " EXISTS (SELECT 1 FROM configuration WHERE name = 'invalidation.scheme' AND value = 'interrupt')"
    " FROM runs";

static bool read_facts(sqlite3 *database, struct protocol_run_config *config, int *level)
{
    sqlite3_stmt *facts = NULL;
    int code = sqlite3_prepare_v2(database, facts_query, -1, &facts, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(facts);
    if (code == SQLITE_ROW) {
        *level = sqlite3_column_int(facts, 0);
        config->cores = (unsigned)sqlite3_column_int64(facts, 1);
        config->by_interrupt = sqlite3_column_int(facts, 2) != 0;
    }
    (void)sqlite3_finalize(facts); /* repeats the code of the last step */
    return code == SQLITE_ROW;
}

static const struct walk_format *format_of(void *context, const struct replay_format *told)
{
    return walk_format_find(told->name);
}

static bool replay(sqlite3 *database, struct hearing *hearing, const char *path, struct record_error *error)
{
    const struct mmu_observer observer = {.event = hear, .context = hearing};
    struct replay_texts texts = {0};
    const struct replay_config config = {
        .observer = &observer, .kinds = KINDS, .format = format_of, .texts = &texts};
    struct replay_result result;
    bool whole = replay_run(database, &config, &result);
    replay_texts_free(&texts);
    if (!whole && result.status == ENOMEM)
        return fail(error, path, "cannot be judged without memory");
    if (!whole)
        *error = result.error;
    return whole;
}

static bool judge(sqlite3 *database, struct hearing *hearing, const char *path, struct record_error *error)
{
    struct protocol_run_config config = {.listener = {.found = keep, .context = hearing}};
    int level = RECORD_COUNTERS;
    if (!read_facts(database, &config, &level))
        return fail(error, path, "does not say what the machine was: it is damaged");
    if (level == RECORD_COUNTERS)
        return fail(error, path, "has counters alone: record the run at level misses or all");
    hearing->run = protocol_run_create(&config);
    if (!hearing->run)
        return fail(error, path, "cannot be judged without memory");
    bool whole = replay(database, hearing, path, error);
    hearing->result->spaces = protocol_run_spaces(hearing->run);
    hearing->result->unjudged = protocol_run_unjudged(hearing->run);
    protocol_run_destroy(hearing->run);
    return whole;
}

bool record_protocol(const char *path, size_t most, struct record_protocol *result,
                     struct record_error *error)
{
    struct hearing hearing = {.result = result, .most = most};
    bool complete = false, whole = false;
    *result = (struct record_protocol){0};
    sqlite3 *database = record_database_open(path, &complete, error);
    if (database && !complete)
        whole = fail(error, path, "is of a run that did not finish, which cannot be judged: run it again");
    else if (database)
        whole = judge(database, &hearing, path, error);
    record_database_close(database);
    return whole;
}
