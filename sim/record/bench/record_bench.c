/*
 * How fast the recorder takes events, beside a bare prepared INSERT of as many columns in one transaction, in
 * the same run. `mmusim_record_bench [rows] [folder]`; the files are removed.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim/record/recorder.h"

static double now(void)
{
    struct timespec time;
    if (clock_gettime(CLOCK_MONOTONIC, &time) != 0)
        return 0;
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static struct mmu_event translation(uint64_t number)
{
    struct mmu_event event = {.cycle = 3 * number, .kind = EVENT_TRANSLATION, .core = (uint8_t)(number & 1)};
    event.as.translation =
        (struct event_translation){.va = UINT64_C(0x400000) + ((number * 2654435761u) & 0xffffff8),
                                   .pa = number * 64,
                                   .pc = 0x1000 + number % 97,
                                   .value = number,
                                   .issue_cycle = 3 * number - 40,
                                   .translated_cycle = 3 * number - 30,
                                   .performed_cycle = 3 * number - 10,
                                   .walk = number,
                                   .access = (uint32_t)number,
                                   .space = 1,
                                   .asid = 1,
                                   .size_bytes = 8,
                                   .privilege = PRIVILEGE_USER,
                                   .outcome = OUTCOME_WALK,
                                   .page_size_lg2 = 12,
                                   .rights = 27};
    return event;
}

/* Rows a second of a 26-column table, nothing else. 0 on error. */
static double bare_rate(const char *path, uint64_t rows)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *insert = NULL;
    char table[1024] = "CREATE TABLE t (a INTEGER PRIMARY KEY";
    char sql[128] = "INSERT INTO t VALUES (?";
    for (int i = 1; i < 26; i++) {
        size_t length = strlen(table);
        (void)snprintf(table + length, sizeof table - length, ", c%d INTEGER", i);
        (void)strcat(sql, ",?");
    }
    (void)strcat(table, ") STRICT");
    (void)strcat(sql, ")");
    bool fine = sqlite3_open(path, &database) == SQLITE_OK &&
                sqlite3_exec(database, "PRAGMA synchronous = OFF", NULL, NULL, NULL) == SQLITE_OK &&
                sqlite3_exec(database, table, NULL, NULL, NULL) == SQLITE_OK &&
                sqlite3_prepare_v2(database, sql, -1, &insert, NULL) == SQLITE_OK &&
                sqlite3_exec(database, "BEGIN", NULL, NULL, NULL) == SQLITE_OK;
    double start = now();
    for (uint64_t row = 1; fine && row <= rows; row++) {
        for (int i = 1; i <= 26; i++)
            fine &= sqlite3_bind_int64(insert, i,
                                       (sqlite3_int64)(i % 3 == 1 ? 3 * row + (uint64_t)i : row % 100)) ==
                    SQLITE_OK;
        fine &= sqlite3_bind_int64(insert, 1, (sqlite3_int64)row) == SQLITE_OK;
        fine &= sqlite3_step(insert) == SQLITE_DONE && sqlite3_reset(insert) == SQLITE_OK;
    }
    fine = fine && sqlite3_exec(database, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
    double seconds = now() - start;
    (void)sqlite3_finalize(insert); /* repeats the code of the last step */
    (void)sqlite3_close(database);
    return fine ? (double)rows / seconds : 0;
}

static int record_rate(const char *path, uint64_t rows, double *taking, double *whole)
{
    struct record_error error;
    struct recorder_config config = {.path = path, .level = RECORD_ALL, .program_version = "bench"};
    struct recorder *recorder = recorder_open(&config, &error);
    if (!recorder) {
        (void)fprintf(stderr, "%s\n", error.text);
        return -1;
    }
    double start = now();
    int result = RECORD_OK;
    for (uint64_t row = 1; result == RECORD_OK && row <= rows; row++) {
        struct mmu_event event = translation(row);
        result = recorder_event(recorder, &event);
    }
    *taking = (double)rows / (now() - start);
    result = recorder_finish(recorder, now() - start, &error);
    *whole = (double)rows / (now() - start);
    if (result != RECORD_OK)
        (void)fprintf(stderr, "%s\n", error.text);
    return result;
}

int main(int count, char **arguments)
{
    uint64_t rows = count > 1 ? strtoull(arguments[1], NULL, 10) : 1000000;
    const char *folder = count > 2 ? arguments[2] : ".";
    char bare_path[1024];
    char record_path[1024];
    (void)snprintf(bare_path, sizeof bare_path, "%s/record_bench_bare.db", folder);
    (void)snprintf(record_path, sizeof record_path, "%s/record_bench.db", folder);
    (void)unlink(bare_path); /* of an earlier run that was stopped */
    (void)unlink(record_path);
    double bare = bare_rate(bare_path, rows);
    double taking = 0;
    double whole = 0;
    int result = record_rate(record_path, rows, &taking, &whole);
    (void)unlink(bare_path);
    (void)unlink(record_path);
    if (bare == 0 || result != RECORD_OK)
        return 1;
    printf("bare prepared insert, 26 columns  %.2f M rows/s\n", bare * 1e-6);
    printf("recorder, translations            %.2f M rows/s (%.2f of bare)\n", taking * 1e-6, taking / bare);
    printf("with indexes and windows          %.2f M rows/s\n", whole * 1e-6);
    return 0;
}
