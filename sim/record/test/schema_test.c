/* SCHEMA.md and the schema itself say the same: every table, column and view, in both directions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/record/test/synthetic.h"

#define NAMES_MAX 1024

/* Sorted names: "table translations", "column translations.va", "view summary". */
struct names {
    char *items[NAMES_MAX];
    size_t count;
};

static int by_name(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

__attribute__((format(printf, 2, 3))) static void add_name(struct names *names, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    assert_true(vsnprintf(text, sizeof text, format, arguments) < (int)sizeof text);
    va_end(arguments);
    assert_true(names->count < NAMES_MAX);
    names->items[names->count] = strdup(text);
    assert_non_null(names->items[names->count++]);
}

static void release(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
}

/* What the database has. */
static void schema_names(struct names *names)
{
    struct synthetic_run run;
    synthetic_good_run(&run);
    const char *path = synthetic_path("schema.db");
    synthetic_record(&run, path, RECORD_ALL);
    sqlite3 *database;
    sqlite3_stmt *rows;
    const char *sql =
        "SELECT 'table ' || name FROM sqlite_schema WHERE type = 'table' UNION ALL "
        "SELECT 'view ' || name FROM sqlite_schema WHERE type = 'view' UNION ALL "
        "SELECT 'column ' || t.name || '.' || c.name FROM sqlite_schema t, pragma_table_info(t.name) c "
        "WHERE t.type = 'table'";
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &rows, NULL), SQLITE_OK);
    while (sqlite3_step(rows) == SQLITE_ROW)
        if (!strstr((const char *)sqlite3_column_text(rows, 0), "sqlite_"))
            add_name(names, "%s", (const char *)sqlite3_column_text(rows, 0));
    assert_int_equal(sqlite3_finalize(rows), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

/* The first `name` of a row of a Markdown table: "| `name` | text |". False for other lines. */
static int row_name(const char *line, char *name, size_t bytes)
{
    if (strncmp(line, "| `", 3) != 0)
        return 0;
    (void)snprintf(name, bytes, "%.*s", (int)strcspn(line + 3, "`"), line + 3);
    return 1;
}

/* What the page has: "### `table`" with a table of columns each, and "## Views" with a table of names. */
static void page_names(struct names *names)
{
    FILE *file = fopen(MMUSIM_SCHEMA_PAGE, "r");
    assert_non_null(file);
    char line[1024];
    char table[128] = "";
    char name[128];
    int views = 0;
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "## ", 3) == 0) {
            views = strncmp(line, "## Views", 8) == 0;
            table[0] = '\0';
        } else if (strncmp(line, "### `", 5) == 0) {
            (void)snprintf(table, sizeof table, "%.*s", (int)strcspn(line + 5, "`"), line + 5);
            add_name(names, "table %s", table);
        } else if (row_name(line, name, sizeof name) && views) {
            add_name(names, "view %s", name);
        } else if (row_name(line, name, sizeof name) && table[0]) {
            add_name(names, "column %s.%s", table, name);
        }
    }
    assert_int_equal(fclose(file), 0);
}

static void page_and_schema_are_equal(void **state)
{
    struct names schema = {.count = 0};
    struct names page = {.count = 0};
    schema_names(&schema);
    page_names(&page);
    qsort(schema.items, schema.count, sizeof *schema.items, by_name);
    qsort(page.items, page.count, sizeof *page.items, by_name);
    assert_true(schema.count > 100);
    size_t i = 0;
    size_t j = 0;
    int differences = 0;
    while (i < schema.count || j < page.count) {
        int order = i == schema.count ? 1 : j == page.count ? -1 : strcmp(schema.items[i], page.items[j]);
        if (order != 0) {
            print_error("%s: %s\n", order < 0 ? "not in SCHEMA.md" : "only in SCHEMA.md",
                        order < 0 ? schema.items[i] : page.items[j]);
            differences++;
        }
        i += order <= 0;
        j += order >= 0;
    }
    release(&schema);
    release(&page);
    synthetic_remove_folder();
    assert_int_equal(differences, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(page_and_schema_are_equal)};
    return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
