/* What is done aside while SQL derives windows and evaluates the rules that read them. */
#include "sim/record/check_parts.h"
#include "sim/record/database.h"
#include "sim/record/derive.h"

static void count(struct check_aside *aside)
{
    struct record_error error;
    bool complete;
    aside->counters = record_database_open(aside->path, &complete, &error);
    aside->code = aside->counters ? record_derive_one(aside->counters, "counters_add_up") : SQLITE_CANTOPEN;
    if (aside->code == SQLITE_OK)
        aside->code =
            sqlite3_exec(aside->counters, "CREATE TEMP TABLE found AS SELECT * FROM rule_counters_add_up",
                         NULL, NULL, NULL);
    if (aside->counters)
        (void)sqlite3_db_release_memory(aside->counters); /* as much as it can */
}

static void *run(void *context)
{
    struct check_aside *aside = context;
    count(aside);
    judging_run(aside->path, &aside->judging);
    return NULL;
}

void check_aside_begin(struct check *check, const char *path)
{
    struct check_aside *aside = &check->aside;
    *aside = (struct check_aside){.path = path};
    aside->running = pthread_create(&aside->thread, NULL, run, aside) == 0;
    if (!aside->running)
        (void)run(aside);
}

/* A row of the other connection. */
static int copy_row(sqlite3_stmt *row, sqlite3_stmt *copy)
{
    int code = SQLITE_OK;
    for (int i = 0; i < sqlite3_column_count(row) && code == SQLITE_OK; i++)
        code = sqlite3_bind_value(copy, i + 1, sqlite3_column_value(row, i));
    if (code == SQLITE_OK && sqlite3_step(copy) != SQLITE_DONE)
        code = SQLITE_ERROR;
    int reset = sqlite3_reset(copy);
    return code == SQLITE_OK ? reset : code;
}

static void copy_violations(struct check *check)
{
    sqlite3_stmt *rows = NULL;
    sqlite3_stmt *copy = check_prepare(check, "INSERT INTO temp.found VALUES (?,?,?,?,?,?,?,?,?,?,?,?)");
    if (check->code == SQLITE_OK)
        check->code = sqlite3_prepare_v2(check->aside.counters, "SELECT * FROM temp.found", -1, &rows, NULL);
    while (check->code == SQLITE_OK && sqlite3_step(rows) == SQLITE_ROW)
        check->code = copy_row(rows, copy);
    (void)sqlite3_finalize(copy); /* repeats the code of the last step */
    if (sqlite3_finalize(rows) != SQLITE_OK && check->code == SQLITE_OK)
        check->code = SQLITE_ERROR;
}

void check_aside_end(struct check *check)
{
    struct check_aside *aside = &check->aside;
    if (aside->running)
        (void)pthread_join(aside->thread, NULL); /* fails for what is no thread alone */
    aside->running = false;
    if (check->code == SQLITE_OK)
        check->code = aside->code;
    if (check->code == SQLITE_OK)
        copy_violations(check);
}

void check_aside_free(struct check *check)
{
    record_database_close(check->aside.counters);
    judging_free(&check->aside.judging);
}
