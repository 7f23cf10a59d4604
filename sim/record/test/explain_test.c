/* What a story costs: nothing that grows with the large tables but reading them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "sim/record/database.h"
#include "sim/record/test/synthetic.h"

static struct synthetic_run run;
static long long indexed; /* rows that SQLite put into indexes of its own, for one statement each */

static int note_statement(unsigned type, void *context, void *statement, void *time)
{
    indexed += sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_AUTOINDEX, 1);
    return 0;
}

static int watch(sqlite3 *database, char **error, const struct sqlite3_api_routines *api)
{
    return sqlite3_trace_v2(database, SQLITE_TRACE_PROFILE, note_statement, NULL);
}

/* The event once more, for other pages (steps of walks: of the same word): `count` times. */
static void repeat(enum event_kind kind, unsigned count)
{
    for (unsigned i = 1; i <= count; i++) {
        struct mmu_event event = *synthetic_nth(&run, kind, 0);
        uint64_t va = PAGE_VA + (UINT64_C(1) << 30) + i * UINT64_C(4096);
        if (kind == EVENT_TLB_ENTRY)
            event.as.tlb_entry.va = va;
        else if (kind == EVENT_WALK)
            event.as.walk.va = va;
        else if (kind == EVENT_TRANSLATION)
            event.as.translation.va = va;
        synthetic_add(&run, &event);
    }
}

/* Rows indexed while the story of the page is told, in a record with so many more rows in each large table.
 */
static long long indexed_with(unsigned more)
{
    const char *path = synthetic_path("story.db");
    const struct explain_options options = {
        .path = path, .va = PAGE_VA, .va_given = true, .cycle = 500, .cycle_given = true, .space = 1};
    FILE *out = tmpfile();
    assert_non_null(out);
    synthetic_good_run(&run);
    repeat(EVENT_TLB_ENTRY, more);
    repeat(EVENT_WALK, more);
    repeat(EVENT_WALK_STEP, more);
    repeat(EVENT_TRANSLATION, more);
    synthetic_record(&run, path, RECORD_ALL);
    /* or else the rules are asked, which do index */
    assert_int_equal(synthetic_ask(path, "UPDATE runs SET checked = 1 RETURNING checked"), 1);
    indexed = 0;
    assert_int_equal(sqlite3_auto_extension((void (*)(void))watch), SQLITE_OK);
    assert_int_equal(record_explain(&options, out, out), 0);
    assert_int_equal(sqlite3_cancel_auto_extension((void (*)(void))watch), 1);
    assert_true(ftell(out) > 0);
    assert_int_equal(fclose(out), 0);
    return indexed;
}

static void no_large_table_is_indexed_for_a_story(void **state)
{
    long long few = indexed_with(1);
    assert_int_equal(indexed_with(11), few);
}

static int remove_files(void **state)
{
    synthetic_remove_folder();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_large_table_is_indexed_for_a_story)};
    return cmocka_run_group_tests_name("stories", tests, NULL, remove_files);
}
