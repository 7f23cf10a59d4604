/* Questions to finished records: answers in three formats, verdicts, and what is said of files that are none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/judge/judge.h"
#include "sim/record/database.h"
#include "sim/record/test/synthetic.h"

static struct synthetic_run run;
static char record_path[256]; /* of the good run */

/* What the last command printed. */
static char out_text[65536];
static char err_text[4096];

static int record_good_run(void **state)
{
    synthetic_good_run(&run);
    (void)snprintf(record_path, sizeof record_path, "%s", synthetic_path("good.db"));
    synthetic_record(&run, record_path, RECORD_ALL);
    return 0;
}

static int remove_files(void **state)
{
    synthetic_remove_folder();
    return 0;
}

static void read_back(FILE *file, char *text, size_t bytes)
{
    rewind(file);
    size_t count = fread(text, 1, bytes - 1, file);
    text[count] = '\0';
    assert_int_equal(fclose(file), 0);
}

static int query_path(const char *path, const char *query, enum record_format format)
{
    FILE *out = tmpfile();
    FILE *err = tmpfile();
    assert_non_null(out);
    assert_non_null(err);
    int status = record_query(&(struct query_options){path, query, format}, out, err);
    read_back(out, out_text, sizeof out_text);
    read_back(err, err_text, sizeof err_text);
    return status;
}

static int query(const char *text, enum record_format format)
{
    return query_path(record_path, text, format);
}

static int check(const char *path)
{
    FILE *out = tmpfile();
    FILE *err = tmpfile();
    assert_non_null(out);
    assert_non_null(err);
    int status = record_check(&(struct check_options){.path = path, .stories = 5}, out, err);
    read_back(out, out_text, sizeof out_text);
    read_back(err, err_text, sizeof err_text);
    return status;
}

#define assert_says(text, part)                                                                              \
    do {                                                                                                     \
        if (!strstr(text, part))                                                                             \
            fail_msg("'%s' is not in: %s", part, text);                                                      \
    } while (0)

static void named_view_is_an_aligned_table(void **state)
{
    assert_int_equal(query("missing_pages", RECORD_TABLE), 0);
    assert_string_equal(
        out_text, "    page  space  misses  hits_behind  walks  merged  faults  translation_cycles  cores\n"
                  "--------  -----  ------  -----------  -----  ------  ------  ------------------  -----\n"
                  "0x400000      1       3            0      3       0       1                  93      1\n");
    assert_string_equal(err_text, "");
}

static void sql_answers_json(void **state)
{
    assert_int_equal(query("SELECT 1 AS a, NULL AS b, 'x\"\ny' AS c, x'00ff' AS d, 0.5 AS e", RECORD_JSON),
                     0);
    assert_string_equal(
        out_text, "[\n  {\"a\": 1, \"b\": null, \"c\": \"x\\\"\\ny\", \"d\": \"00ff\", \"e\": 0.5}\n]\n");
    assert_int_equal(query("SELECT 1 WHERE 0", RECORD_JSON), 0);
    assert_string_equal(out_text, "[\n]\n");
}

static void sql_answers_csv(void **state)
{
    assert_int_equal(
        query("SELECT 1 AS a, NULL AS \"b,c\", 'x\"y' AS d UNION ALL SELECT -1, 'p', 'q'", RECORD_CSV), 0);
    assert_string_equal(out_text, "a,\"b,c\",d\r\n1,,\"x\"\"y\"\r\n-1,p,q\r\n");
}

static void long_answers_are_whole(void **state)
{
    const char *sql =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT i FROM n";
    assert_int_equal(query(sql, RECORD_TABLE), 0);
    assert_says(out_text, "\n2000\n2001\n");
    assert_says(out_text, "\n3000\n");
}

static void misspelt_view_names_the_nearest(void **state)
{
    assert_int_equal(query("missing_page", RECORD_TABLE), 2);
    assert_says(err_text, "has no view or table 'missing_page'; the nearest name is 'missing_pages'");
    assert_string_equal(out_text, "");
}

static void wrong_sql_names_the_place(void **state)
{
    assert_int_equal(query("SELECT cycle\nFROM translations WHERE colour = 1", RECORD_TABLE), 2);
    assert_says(err_text, "SQL, line 2, column 25: no such column: colour");
}

static void writing_sql_is_refused(void **state)
{
    assert_int_equal(query("DELETE FROM translations", RECORD_TABLE), 2);
    assert_says(err_text, "does not only read");
    assert_int_equal(query("PRAGMA user_version = 7", RECORD_TABLE), 2);
    assert_int_equal(query("SELECT 1; SELECT 2", RECORD_TABLE), 2);
    assert_says(err_text, "more than one statement");
    assert_int_equal(query("SELECT ?", RECORD_TABLE), 2);
    assert_says(err_text, "parameters");
    assert_int_equal(query("", RECORD_TABLE), 2);
    assert_says(err_text, "no statement");
    assert_int_equal(synthetic_ask(record_path, "SELECT COUNT(*) FROM translations"), 8);
    assert_int_equal(synthetic_ask(record_path, "PRAGMA user_version"), RECORD_SCHEMA_VERSION);
}

static void expect_refusal(const char *path, const char *sentence)
{
    assert_int_equal(query_path(path, "summary", RECORD_TABLE), 2);
    assert_says(err_text, sentence);
    assert_string_equal(out_text, "");
    assert_int_equal(check(path), 2);
    assert_says(err_text, sentence);
    assert_ptr_equal(strchr(err_text, '\n'), err_text + strlen(err_text) - 1); /* one sentence, one line */
}

static void change(const char *path, const char *sql)
{
    sqlite3 *database;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static void missing_file_is_refused(void **state)
{
    expect_refusal(synthetic_path("nothing.db"), "No such file or directory");
}

static void folder_is_refused(void **state)
{
    expect_refusal("/tmp", "is not a file");
}

static void other_file_is_refused(void **state)
{
    const char *path = synthetic_path("text.db");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("this is a text, not a database\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    expect_refusal(path, "is not a database");
}

static void database_of_another_program_is_refused(void **state)
{
    const char *path = synthetic_path("other.db");
    change(path, "CREATE TABLE music (title TEXT)");
    expect_refusal(path, "is a database of another program");
}

static void other_schema_version_is_refused(void **state)
{
    change(record_path, "PRAGMA user_version = 99");
    char expected[64];
    (void)snprintf(expected, sizeof expected, "has schema version 99, this program reads version %d",
                   RECORD_SCHEMA_VERSION);
    expect_refusal(record_path, expected);
}

static void truncated_record_is_refused(void **state)
{
    assert_int_equal(truncate(record_path, 5000), 0);
    expect_refusal(record_path, "is damaged");
}

static void record_that_is_being_written_is_refused(void **state)
{
    struct record_error error;
    char path[300];
    const char *final = synthetic_path("live.db");
    (void)snprintf(path, sizeof path, "%s%s", final, RECORD_PARTIAL_SUFFIX);
    struct recorder_config config = synthetic_config(final, RECORD_ALL);
    struct recorder *recorder = recorder_open(&config, &error);
    assert_non_null(recorder);
    assert_int_equal(query_path(path, "run", RECORD_TABLE), 2);
    assert_says(err_text, "is being written by a run");
    recorder_abandon(recorder, false);
}

static void incomplete_record_answers_but_is_not_judged(void **state)
{
    change(record_path, "UPDATE runs SET complete = 0");
    assert_int_equal(query("SELECT COUNT(*) AS n FROM translations", RECORD_CSV), 0);
    assert_string_equal(out_text, "n\r\n8\r\n");
    assert_says(err_text, "is of a run that did not finish");
    assert_int_equal(check(record_path), 2);
    assert_says(err_text, "did not finish, which cannot be judged");
}

/* The unmap forgets its invalidation, and the last load hits the old entry. */
static void forget_invalidation(void)
{
    struct event_translation *t = synthetic_access(&run, ACCESS_LOAD_FAULT);
    *t = *synthetic_access(&run, ACCESS_AFTER_PROTECT);
    t->access = ACCESS_LOAD_FAULT;
    t->issue_cycle = 710;
    t->translated_cycle = 711;
    t->performed_cycle = 765;
    t->outcome = OUTCOME_L1_HIT;
    t->walk = 0;
    t->entry = 129;
    run.counter_count = 0;
}

/* The checker, as it runs along. */
static struct judge *hear_run(const struct recorder_config *config)
{
    struct judge_array array = {.name = config->arrays[0].title, .level = 1};
    const struct judge_config facts = {
        .arrays = &array, .array_count = 1, .values = true, .every_access = true};
    struct judge *judge = judge_create(&facts);
    assert_non_null(judge);
    const struct mmu_observer observer = judge_observer(judge);
    for (size_t i = 0; i < run.event_count; i++)
        assert_int_equal(observer.event(observer.context, &run.events[i]), 0);
    assert_int_equal(judge_finish(judge), 0);
    return judge;
}

/* What the checker that ran along is said to have found: what it finds, and one more or not all of it. */
enum said { SAID_ALL, SAID_NOTHING, SAID_MORE, SAID_KEPT_NOTHING };

static void record_findings(struct recorder *recorder, const struct judge *judge, enum said said)
{
    const struct judge_finding *found;
    for (size_t i = 0;
         said != SAID_NOTHING && said != SAID_KEPT_NOTHING && (found = judge_finding_at(judge, i)); i++) {
        struct record_finding finding = {.rule = judge_rule_name((enum judge_rule)found->rule),
                                         .cycle = found->cycle,
                                         .va = found->va,
                                         .core = found->core,
                                         .space = found->space,
                                         .text = found->text};
        assert_int_equal(recorder_finding(recorder, &finding), RECORD_OK);
    }
    struct record_finding more = {
        .rule = "load_value", .cycle = 770, .va = PAGE_VA, .core = 1, .space = 1, .text = "stale"};
    if (said == SAID_MORE)
        assert_int_equal(recorder_finding(recorder, &more), RECORD_OK);
    uint64_t total = said == SAID_NOTHING ? 0 : judge_count_all(judge) + (said == SAID_MORE);
    assert_int_equal(recorder_finding_total(recorder, total), RECORD_OK);
}

static void record_checked(enum said said)
{
    struct record_error error;
    struct recorder_config config = synthetic_config(record_path, RECORD_ALL);
    config.overwrite = true;
    config.checked = true;
    struct recorder *recorder = recorder_open(&config, &error);
    assert_non_null(recorder);
    for (size_t i = 0; i < run.event_count; i++)
        assert_int_equal(recorder_event(recorder, &run.events[i]), RECORD_OK);
    for (size_t i = 0; i < run.counter_count; i++)
        assert_int_equal(recorder_counter(recorder, &run.counters[i]), RECORD_OK);
    struct judge *judge = hear_run(&config);
    record_findings(recorder, judge, said);
    judge_destroy(judge);
    assert_int_equal(recorder_finish(recorder, 0, &error), RECORD_OK);
}

/* Changes the finished record. */
static void damage(const char *sql)
{
    sqlite3 *database;
    char *error = NULL;
    assert_int_equal(sqlite3_open(record_path, &database), SQLITE_OK);
    if (sqlite3_exec(database, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s", error);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static void good_run_passes_the_check(void **state)
{
    assert_int_equal(check(record_path), 0);
    assert_string_equal(out_text, "no violations\nthe judges agree; no checker ran along\n");
    record_checked(SAID_ALL);
    assert_int_equal(check(record_path), 0);
    assert_string_equal(out_text, "no violations\nthe judges agree\n");
}

static void violation_is_told_with_what_led_there(void **state)
{
    forget_invalidation();
    record_checked(SAID_ALL);
    assert_int_equal(check(record_path), 1);
    assert_says(out_text, "stale_translation: cycle 770 core 2 space 1 0x400008\n");
    const char *story[] = {"protect begins",
                           "unmap begins",
                           "entry 0x4000: ",
                           "invalidation 128 issued",
                           "invalidation 128 acknowledged",
                           "unmap returns: ok",
                           "load of 0x400008 ends: L1 hit"};
    const char *at = out_text;
    for (size_t i = 0; i < sizeof story / sizeof *story; i++) {
        at = strstr(at, story[i]);
        if (!at)
            fail_msg("'%s' is missing or out of order in: %s", story[i], out_text);
    }
    assert_says(out_text, "1 violations\n           1  stale_translation\n");
    assert_says(out_text, "the judges agree\n");
}

/* SQL takes the rights of attributes from the record, the checker from the program's own formats. */
static void judges_that_differ_are_told(void **state)
{
    record_checked(SAID_ALL);
    damage("UPDATE format_rights SET rights = 0");
    assert_int_equal(check(record_path), 1);
    assert_says(
        out_text,
        "the judges differ: forbidden_access: 1 pages by SQL alone, 0 by the checker alone, 0 by both");
    assert_null(strstr(out_text, "the judges agree"));
}

static void checker_that_says_otherwise_over_the_record_is_told(void **state)
{
    forget_invalidation();
    record_checked(SAID_NOTHING);
    assert_int_equal(check(record_path), 1);
    assert_says(out_text, "the checker differs from itself: stale_translation: 0 findings only when it ran "
                          "along, 1 only over the record\n");
    record_checked(SAID_MORE);
    assert_int_equal(check(record_path), 1);
    assert_says(out_text, "the checker differs from itself: load_value: 1 findings only when it ran along, 0 "
                          "only over the record\n");
}

static void findings_that_were_not_kept_are_no_difference(void **state)
{
    forget_invalidation();
    record_checked(SAID_KEPT_NOTHING);
    assert_int_equal(check(record_path), 1);
    assert_says(out_text, "\nthe judges agree\n");
}

/* What was recorded is not what happened. */
static void damaged_event_is_found_by_both_judges(void **state)
{
    record_checked(SAID_ALL);
    damage("UPDATE translations SET pa = pa + 4096 WHERE access = 1");
    assert_int_equal(check(record_path), 1);
    assert_says(out_text, "1  wrong_frame\n");
    assert_says(out_text,
                "the checker differs from itself: wrong_frame: 0 findings only when it ran along, 1 "
                "only over the record\n");
    assert_null(strstr(out_text, "the judges differ"));
}

static void impossible_value_is_told_with_its_row(void **state)
{
    synthetic_record(&run, record_path, RECORD_ALL);
    damage("UPDATE translations SET fault = 77 WHERE access = 1");
    assert_int_equal(check(record_path), 1);
    assert_says(out_text, "the checker could not go on after ");
    assert_says(out_text, " events of the record: table translations, event ");
    assert_says(out_text, ": fault is 77; it must be 0 to 8\n");
    synthetic_record(&run, record_path, RECORD_ALL);
    damage("UPDATE table_views SET cycle = 0 WHERE operation = 3");
    assert_int_equal(check(record_path), 1);
    assert_says(out_text, ": its cycle is 0, but event ");
    assert_says(out_text, "; cycles do not fall\n");
}

static void counters_alone_say_what_is_not_judged(void **state)
{
    synthetic_record(&run, record_path, RECORD_COUNTERS);
    assert_int_equal(check(record_path), 0);
    assert_says(out_text, "not judged: stale_translation: recorded at level counters");
}

static void views_are_listed_with_what_they_show(void **state)
{
    FILE *out = tmpfile();
    assert_non_null(out);
    assert_int_equal(record_list_views(out), 0);
    read_back(out, out_text, sizeof out_text);
    assert_says(out_text, "\nmissing_pages             Pages by their first-level misses.\n");
    assert_says(out_text, "\nviolations  ");
}

static void full_output_is_an_error(void **state)
{
    FILE *out = fopen("/dev/full", "w");
    FILE *err = tmpfile();
    assert_non_null(out);
    assert_non_null(err);
    assert_int_equal(record_query(&(struct query_options){record_path, "summary", RECORD_TABLE}, out, err),
                     2);
    read_back(err, err_text, sizeof err_text);
    assert_says(err_text, "could not be written");
    (void)fclose(out); /* fails, as it should */
}

#define WITH_RECORD(test) cmocka_unit_test_setup(test, record_good_run)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RECORD(named_view_is_an_aligned_table),
        WITH_RECORD(sql_answers_json),
        WITH_RECORD(sql_answers_csv),
        WITH_RECORD(long_answers_are_whole),
        WITH_RECORD(misspelt_view_names_the_nearest),
        WITH_RECORD(wrong_sql_names_the_place),
        WITH_RECORD(writing_sql_is_refused),
        WITH_RECORD(missing_file_is_refused),
        WITH_RECORD(folder_is_refused),
        WITH_RECORD(other_file_is_refused),
        WITH_RECORD(database_of_another_program_is_refused),
        WITH_RECORD(other_schema_version_is_refused),
        WITH_RECORD(truncated_record_is_refused),
        WITH_RECORD(record_that_is_being_written_is_refused),
        WITH_RECORD(incomplete_record_answers_but_is_not_judged),
        WITH_RECORD(good_run_passes_the_check),
        WITH_RECORD(violation_is_told_with_what_led_there),
        WITH_RECORD(judges_that_differ_are_told),
        WITH_RECORD(findings_that_were_not_kept_are_no_difference),
        WITH_RECORD(checker_that_says_otherwise_over_the_record_is_told),
        WITH_RECORD(damaged_event_is_found_by_both_judges),
        WITH_RECORD(impossible_value_is_told_with_its_row),
        WITH_RECORD(counters_alone_say_what_is_not_judged),
        WITH_RECORD(views_are_listed_with_what_they_show),
        WITH_RECORD(full_output_is_an_error),
    };
    return cmocka_run_group_tests_name("database", tests, NULL, remove_files);
}
