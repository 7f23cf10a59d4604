/*
 * Damaged cells: whatever stands in a record, the check ends in an answer. `MMUSIM_SEED` is another first
 * seed, `MMUSIM_RUNS` another number of records.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/record/database.h"
#include "sim/record/test/synthetic.h"

#define RUNS_STANDARD 60u
#define DAMAGES_MAX   6u

static struct synthetic_run run;
static char good_path[256];
static char record_path[256];
static char sql_text[8192]; /* the damage done, for the message */

static uint64_t number_from(const char *name, uint64_t standard)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : standard;
}

/* splitmix64 */
static uint64_t next(uint64_t *state)
{
    uint64_t word = *state += UINT64_C(0x9e3779b97f4a7c15);
    word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
    return word ^ word >> 31;
}

static const char *const tables[] = {
    "translations", "walks",    "tlb_entries", "operations",    "table_views",
    "entry_writes", "contexts", "conflicts",   "invalidations", "acknowledgements",
    "spaces",       "arrays",   "barriers",    "table_blocks",  "runs"};

/* What damage may write: nothing, edges, a small number, any number. */
static void print_value(char *text, size_t bytes, uint64_t *state)
{
    static const char *const edges[] = {"NULL",
                                        "0",
                                        "1",
                                        "-1",
                                        "63",
                                        "64",
                                        "255",
                                        "65536",
                                        "4294967296",
                                        "9223372036854775807",
                                        "'text'",
                                        "x'00'",
                                        "-9223372036854775808"};
    uint64_t choice = next(state) % 20;
    if (choice < sizeof edges / sizeof *edges)
        (void)snprintf(text, bytes, "%s", edges[choice]);
    else
        (void)snprintf(text, bytes, "%lld", (long long)(next(state) >> (choice % 2 ? 1 : 52)));
}

/* One cell of one row; a value that the table refuses changes nothing. */
static void damage_cell(sqlite3 *database, uint64_t *state)
{
    char sql[512], value[32];
    const char *table = tables[next(state) % (sizeof tables / sizeof *tables)];
    print_value(value, sizeof value, state);
    (void)snprintf(sql, sizeof sql,
                   "SELECT name FROM pragma_table_info('%s') ORDER BY cid LIMIT 1 OFFSET %llu %% "
                   "(SELECT COUNT(*) FROM pragma_table_info('%s'))",
                   table, (unsigned long long)(next(state) >> 32), table);
    sqlite3_stmt *column = NULL;
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &column, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(column), SQLITE_ROW);
    const char *name = (const char *)sqlite3_column_text(column, 0);
    if (strcmp(name, "complete") != 0) {
        (void)snprintf(
            sql, sizeof sql,
            "UPDATE %s SET %s = %s WHERE rowid = (SELECT rowid FROM %s LIMIT 1 OFFSET %llu %% (SELECT "
            "MAX(COUNT(*), 1) FROM %s))",
            table, name, value, table, (unsigned long long)(next(state) >> 32), table);
        (void)sqlite3_exec(database, sql, NULL, NULL, NULL);
        size_t used = strlen(sql_text);
        (void)snprintf(sql_text + used, sizeof sql_text - used, "%s;\n", sql);
    }
    assert_int_equal(sqlite3_finalize(column), SQLITE_OK);
}

static void damage_record(uint64_t seed)
{
    sqlite3 *database;
    sql_text[0] = '\0';
    synthetic_copy(good_path, record_path);
    assert_int_equal(sqlite3_open(record_path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, "PRAGMA synchronous = OFF; BEGIN", NULL, NULL, NULL), SQLITE_OK);
    for (uint64_t left = 1 + next(&seed) % DAMAGES_MAX; left > 0; left--)
        damage_cell(database, &seed);
    assert_int_equal(sqlite3_exec(database, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

/* What the check answers; what it says is in `text`. */
static int check(char *text, size_t bytes)
{
    FILE *out = tmpfile();
    assert_non_null(out);
    int status = record_check(&(struct check_options){.path = record_path, .stories = 2}, out, out);
    rewind(out);
    text[fread(text, 1, bytes - 1, out)] = '\0';
    assert_int_equal(fclose(out), 0);
    return status;
}

/* Exit status 0: nothing that matters was hit. 1: told. 2: the file is no record any more, said in a
 * sentence. */
static void any_damage_ends_in_an_answer(void **state)
{
    static char text[1 << 18];
    uint64_t first = number_from("MMUSIM_SEED", 1);
    uint64_t runs = number_from("MMUSIM_RUNS", RUNS_STANDARD);
    unsigned answers[3] = {0};
    synthetic_good_run(&run);
    (void)snprintf(good_path, sizeof good_path, "%s", synthetic_path("good.db"));
    (void)snprintf(record_path, sizeof record_path, "%s", synthetic_path("damaged.db"));
    synthetic_record(&run, good_path, RECORD_ALL);
    for (uint64_t seed = first; seed < first + runs; seed++) {
        damage_record(seed);
        int status = check(text, sizeof text);
        if (status < 0 || status > 2 || text[0] == '\0')
            fail_msg("seed %llu: exit status %d after\n%s%s", (unsigned long long)seed, status, sql_text,
                     text);
        answers[status]++;
    }
    print_message("seeds %llu to %llu: %u records not touched, %u told, %u refused\n",
                  (unsigned long long)first, (unsigned long long)(first + runs - 1), answers[0], answers[1],
                  answers[2]);
    assert_true(runs < RUNS_STANDARD || answers[1] > runs / 4);
}

static int remove_files(void **state)
{
    synthetic_remove_folder();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_damage_ends_in_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, remove_files);
}
