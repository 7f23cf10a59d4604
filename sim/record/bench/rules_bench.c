/*
 * How long the rules take over a record of many remappings: a right run in which each of `rounds` rounds maps
 * one of `pages` pages, uses it ten times and unmaps it with a shootdown. `mmusim_rules_bench [rounds]
 * [pages] [folder]`; or over any record: `mmusim_rules_bench RECORD.db`.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mmu/config.h"
#include "sim/record/derive.h"
#include "sim/record/recorder.h"

#define ACCESSES   10
#define ATTRIBUTES (FRAME_READABLE | FRAME_WRITABLE | FRAME_USER)

static uint8_t rights_of(uint32_t attributes)
{
    return attributes ? 27 : 0; /* as the events below have it */
}

static const struct walk_format format = {.name = "vmsa-4k-48",
                                          .levels = 4,
                                          .va_bits = 48,
                                          .page_lg2 = 12,
                                          .frame_sizes = 1,
                                          .frame_size_lg2 = {12},
                                          .rights = rights_of};
static const struct pagetable_class table = {.name = "radix"};

static double now(void)
{
    struct timespec time;
    if (clock_gettime(CLOCK_MONOTONIC, &time) != 0)
        return 0;
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void operation(struct recorder *recorder, uint64_t id, uint8_t kind, uint64_t va, uint64_t begin)
{
    struct mmu_event event = {.cycle = begin, .kind = EVENT_OPERATION_BEGIN};
    event.as.operation = (struct event_operation){
        .id = id, .va = va, .frame = {va, ATTRIBUTES, 12}, .begin_cycle = begin, .space = 1, .kind = kind};
    (void)recorder_event(recorder, &event); /* the first failure stays and is told at the end */
    struct mmu_event write = {.cycle = begin + 5, .kind = EVENT_ENTRY_WRITE};
    write.as.entry_write = (struct event_entry_write){
        .operation = id, .pa = UINT64_C(1) << 40, .issue_cycle = begin + 2, .visible_cycle = begin + 5};
    (void)recorder_event(recorder, &write);
    event.cycle = begin + 100;
    event.kind = EVENT_OPERATION_END;
    (void)recorder_event(recorder, &event);
    struct mmu_event view = {.cycle = begin + 100, .kind = EVENT_VIEW};
    view.as.view = (struct event_view){.operation = id,
                                       .va = va,
                                       .mapping = {va, event.as.operation.frame},
                                       .mappings = kind == OPERATION_MAP,
                                       .space = 1,
                                       .mapped = kind == OPERATION_MAP};
    (void)recorder_event(recorder, &view);
}

static void invalidation(struct recorder *recorder, uint64_t id, uint64_t of, uint64_t va, uint64_t cycle)
{
    struct mmu_event event = {.cycle = cycle, .kind = EVENT_INVALIDATION};
    event.as.invalidation =
        (struct event_invalidation){.id = id, .operation = of, .what = {.va = va, .asid = 1}, .targets = 1};
    (void)recorder_event(recorder, &event);
    event.kind = EVENT_ACKNOWLEDGEMENT;
    event.cycle = cycle + 20;
    event.as.acknowledgement = (struct event_acknowledgement){.invalidation = id,
                                                              .arrive_cycle = cycle + 5,
                                                              .drop_cycle = cycle + 6,
                                                              .acknowledge_cycle = cycle + 10};
    (void)recorder_event(recorder, &event);
    event.kind = EVENT_COMPLETION;
    event.as.completion = (struct event_completion){.invalidation = id, .issue_cycle = cycle};
    (void)recorder_event(recorder, &event);
}

static void accesses(struct recorder *recorder, uint64_t round, uint64_t va, uint64_t cycle)
{
    for (uint32_t i = 0; i < ACCESSES; i++) {
        struct mmu_event event = {.cycle = cycle + 10 * i + 9, .kind = EVENT_TRANSLATION};
        event.as.translation = (struct event_translation){.va = va + 8,
                                                          .pa = va + 8,
                                                          .value = round,
                                                          .issue_cycle = cycle + 10 * i,
                                                          .translated_cycle = cycle + 10 * i + 1,
                                                          .performed_cycle = cycle + 10 * i + 5,
                                                          .access = (uint32_t)(round * ACCESSES + i),
                                                          .space = 1,
                                                          .asid = 1,
                                                          .size_bytes = 8,
                                                          .access_kind = i % 2 ? ACCESS_LOAD : ACCESS_STORE,
                                                          .page_size_lg2 = 12,
                                                          .rights = 27};
        (void)recorder_event(recorder, &event);
    }
    struct mmu_event entry = {.cycle = cycle + 200, .kind = EVENT_TLB_ENTRY};
    entry.as.tlb_entry = (struct event_tlb_entry){.id = round,
                                                  .va = va,
                                                  .frame = {va, ATTRIBUTES, 12},
                                                  .fill_cycle = cycle,
                                                  .first_hit_cycle = cycle + 10,
                                                  .last_hit_cycle = cycle + 90,
                                                  .last_done_cycle = cycle + 99,
                                                  .end_cycle = cycle + 200,
                                                  .space = 1,
                                                  .asid = 1,
                                                  .rights = 27,
                                                  .tlb = TLB_L1D};
    (void)recorder_event(recorder, &entry);
}

static int record(const char *path, uint64_t rounds, uint64_t pages)
{
    struct record_error error;
    struct recorder_config config = {.path = path, .level = RECORD_ALL, .overwrite = true};
    struct recorder *recorder = recorder_open(&config, &error);
    if (!recorder) {
        (void)fprintf(stderr, "%s\n", error.text);
        return -1;
    }
    struct mmu_event space = {.kind = EVENT_SPACE};
    space.as.space = (struct event_space){.format = &format, .table = &table, .space = 1, .asid = 1};
    (void)recorder_event(recorder, &space);
    for (uint64_t round = 1; round <= rounds; round++) {
        uint64_t va = (1 + round * 7919 % pages) << 12;
        operation(recorder, 2 * round - 1, OPERATION_MAP, va, 1000 * round);
        accesses(recorder, round, va, 1000 * round + 200);
        operation(recorder, 2 * round, OPERATION_UNMAP, va, 1000 * round + 500);
        invalidation(recorder, round, 2 * round, va, 1000 * round + 520);
    }
    int result = recorder_finish(recorder, 0, &error);
    if (result != RECORD_OK)
        (void)fprintf(stderr, "%s\n", error.text);
    return result;
}

static double processor_seconds(void)
{
    struct timespec time;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0)
        return 0;
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Rows of a rule, with its time. */
static int print_rule(void *context, int count, char **values, char **names)
{
    char sql[256];
    sqlite3_stmt *statement;
    (void)snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM %s", values[0]);
    double start = processor_seconds();
    if (sqlite3_prepare_v2(context, sql, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        (void)fprintf(stderr, "%s: %s\n", values[0], sqlite3_errmsg(context));
        (void)sqlite3_finalize(statement); /* told; the other rules go on */
        return 0;
    }
    printf("%-30s %6d rows  %8.3f s\n", values[0], sqlite3_column_int(statement, 0),
           processor_seconds() - start);
    (void)fflush(stdout); /* shown as it comes; nothing depends on it */
    return sqlite3_finalize(statement) != SQLITE_OK;
}

static bool judge_each(sqlite3 *database)
{
    return sqlite3_exec(database,
                        "SELECT name FROM main.sqlite_schema WHERE type = 'view' AND name LIKE 'rule%'"
                        " ORDER BY name",
                        print_rule, database, NULL) == SQLITE_OK;
}

/* Each rule alone, as the stock sqlite3 would; then as a check has them, over what is derived and kept. */
static bool judge(const char *path)
{
    sqlite3 *database = NULL;
    bool fine = sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK;
    printf("\nalone, by processor time\n");
    fine = fine && judge_each(database);
    printf("\nin a check\n");
    double start = processor_seconds();
    fine = fine && record_derive(database) == SQLITE_OK;
    printf("%-30s              %8.3f s\n", "windows, and what is shared", processor_seconds() - start);
    fine = fine && judge_each(database);
    if (!fine)
        (void)fprintf(stderr, "'%s': %s\n", path, sqlite3_errmsg(database));
    (void)sqlite3_close(database); /* read only */
    return fine;
}

int main(int count, char **arguments)
{
    if (count == 2 && strchr(arguments[1], '.'))
        return judge(arguments[1]) ? 0 : 1;
    uint64_t rounds = count > 1 ? strtoull(arguments[1], NULL, 10) : 10000;
    uint64_t pages = count > 2 ? strtoull(arguments[2], NULL, 10) : 1000;
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/rules_bench.db", count > 3 ? arguments[3] : ".");
    double start = now();
    if (record(path, rounds, pages) != RECORD_OK)
        return 1;
    printf("%-30s              %8.3f s\n", "recorded, windows included", now() - start);
    bool fine = judge(path);
    (void)unlink(path);
    return fine ? 0 : 1;
}
