/*
 * Rows straight from pages: the same as a statement's, for every kind of integer, in trees of one page and of
 * many, and never a crash on damaged ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/record/pages.h"
#include "sim/record/test/synthetic.h"

static char path[256];

static sqlite3 *open_database(void)
{
    sqlite3 *database;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    return database;
}

static void execute(sqlite3 *database, const char *sql)
{
    char *error = NULL;
    if (sqlite3_exec(database, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
}

/* A new database with one table, `numbers`, of so many rows. */
static sqlite3 *make_numbers(const char *page_bytes, const char *rows)
{
    char sql[1024];
    (void)snprintf(path, sizeof path, "%s", synthetic_path("numbers.db"));
    (void)remove(path); /* it may not be there */
    sqlite3 *database = open_database();
    (void)snprintf(
        sql, sizeof sql,
        "PRAGMA synchronous = OFF; PRAGMA page_size = %s; CREATE TABLE other (text TEXT);"
        "CREATE TABLE numbers (id INTEGER PRIMARY KEY, a INTEGER, text TEXT, b INTEGER) STRICT;"
        "INSERT INTO numbers WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s)"
        " SELECT i * 3, CASE i %% 9 WHEN 0 THEN NULL WHEN 1 THEN 0 WHEN 2 THEN 1"
        " ELSE (1 << (i * 7 %% 64)) / (1 + i %% 3) END, substr('some text', i %% 9), -i FROM n WHERE i <= %s",
        page_bytes, rows, rows);
    execute(database, sql);
    return database;
}

static void assert_same_row(const struct page_rows *rows, sqlite3_stmt *statement)
{
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        bool null = sqlite3_column_type(statement, i) == SQLITE_NULL;
        assert_int_equal(rows->kinds[i], null ? CELL_NULL : CELL_INTEGER);
        assert_int_equal(rows->values[i], sqlite3_column_int64(statement, i));
    }
}

static void assert_same(sqlite3 *database, const char *columns)
{
    struct page_rows rows;
    sqlite3_stmt *statement = NULL;
    char sql[128];
    (void)snprintf(sql, sizeof sql, "SELECT %s FROM numbers ORDER BY id", columns);
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    assert_true(page_rows_open(&rows, database, "numbers", columns));
    while (sqlite3_step(statement) == SQLITE_ROW) {
        assert_true(page_rows_next(&rows));
        assert_same_row(&rows, statement);
    }
    assert_false(page_rows_next(&rows));
    assert_null(rows.error);
    page_rows_close(&rows);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
}

static void every_integer_is_read_as_a_statement_reads_it(void **state)
{
    static const char *const sizes[] = {"512", "4096", "65536"};
    static const char *const counts[] = {"0", "1", "20", "20000"};
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 4; k++) {
            sqlite3 *database = make_numbers(sizes[i], counts[k]);
            assert_same(database, "id, a, b");
            assert_same(database, "b, id");
            assert_int_equal(sqlite3_close(database), SQLITE_OK);
        }
}

static void columns_that_were_added_later_are_null(void **state)
{
    sqlite3 *database = make_numbers("4096", "50");
    execute(database,
            "ALTER TABLE numbers ADD COLUMN c INTEGER; INSERT INTO numbers VALUES (1000, 1, 'x', 2, 3)");
    assert_same(database, "id, a, c");
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static void texts_are_no_integers(void **state)
{
    struct page_rows rows;
    sqlite3 *database = make_numbers("4096", "1");
    assert_true(page_rows_open(&rows, database, "numbers", "text, b"));
    assert_true(page_rows_next(&rows));
    assert_int_equal(rows.kinds[0], CELL_OTHER);
    assert_int_equal(rows.values[1], -1);
    page_rows_close(&rows);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static void what_is_not_read_here_is_refused(void **state)
{
    struct page_rows rows;
    sqlite3 *database = make_numbers("4096", "10");
    assert_false(page_rows_open(&rows, database, "numbers", "id, missing"));
    page_rows_close(&rows);
    assert_false(page_rows_open(&rows, database, "nothing", "id"));
    page_rows_close(&rows);
    execute(database, "CREATE TABLE keyed (id INTEGER PRIMARY KEY, a INTEGER) WITHOUT ROWID;"
                      "INSERT INTO keyed VALUES (1, 2)");
    assert_false(page_rows_open(&rows, database, "keyed", "id, a"));
    page_rows_close(&rows);
    execute(database, "PRAGMA journal_mode = WAL; INSERT INTO numbers VALUES (5000, 1, 'x', 2)");
    assert_false(page_rows_open(&rows, database, "numbers", "id"));
    page_rows_close(&rows);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static void rows_longer_than_a_page_are_an_error(void **state)
{
    struct page_rows rows;
    sqlite3 *database = make_numbers("512", "1");
    execute(database, "INSERT INTO numbers VALUES (5000, 1, printf('%2000s', 'x'), 2)");
    assert_true(page_rows_open(&rows, database, "numbers", "id, b"));
    assert_true(page_rows_next(&rows));
    assert_false(page_rows_next(&rows));
    assert_string_equal(rows.error, "a row of it is damaged");
    page_rows_close(&rows);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

/* Writes over some bytes of the file, not of its first page: SQLite itself would refuse to open it. */
static void damage_bytes(uint64_t seed, unsigned page_bytes)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long bytes = ftell(file);
    for (unsigned left = 1 + (unsigned)(seed % 7); left > 0; left--) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        /* mostly headers and the first cell pointers of pages, where it hurts */
        long page = (long)((seed >> 33) % (uint64_t)(bytes / page_bytes - 1) + 1) * (long)page_bytes;
        long offset = (long)((seed >> 20) % (seed & 1 ? 16 : page_bytes));
        assert_int_equal(fseek(file, page + offset, SEEK_SET), 0);
        assert_true(fputc((int)(seed >> 50 & 0xff), file) != EOF);
    }
    assert_int_equal(fclose(file), 0);
}

static void damaged_pages_end_in_an_answer(void **state)
{
    const char *first = getenv("MMUSIM_SEED");
    const char *runs = getenv("MMUSIM_RUNS");
    uint64_t seed = first ? strtoull(first, NULL, 10) : 1;
    uint64_t end = seed + (runs ? strtoull(runs, NULL, 10) : 60);
    unsigned errors = 0;
    for (; seed < end; seed++) {
        struct page_rows rows;
        assert_int_equal(sqlite3_close(make_numbers("512", "2000")), SQLITE_OK);
        damage_bytes(seed, 512);
        sqlite3 *database = open_database();
        uint64_t count = 0;
        if (page_rows_open(&rows, database, "numbers", "id, a, b"))
            while (page_rows_next(&rows))
                count++;
        if (count > 20000)
            fail_msg("seed %llu: %llu rows", (unsigned long long)seed, (unsigned long long)count);
        errors += rows.error != NULL;
        page_rows_close(&rows);
        assert_int_equal(sqlite3_close(database), SQLITE_OK);
    }
    print_message("seeds to %llu: %u errors told\n", (unsigned long long)end - 1, errors);
    assert_true(runs || errors > 10);
}

static int remove_files(void **state)
{
    synthetic_remove_folder();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_integer_is_read_as_a_statement_reads_it),
        cmocka_unit_test(columns_that_were_added_later_are_null),
        cmocka_unit_test(texts_are_no_integers),
        cmocka_unit_test(what_is_not_read_here_is_refused),
        cmocka_unit_test(rows_longer_than_a_page_are_an_error),
        cmocka_unit_test(damaged_pages_end_in_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, remove_files);
}
