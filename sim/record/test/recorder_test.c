/* What the recorder keeps at which level, and what becomes of the file when things go wrong. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/record/test/synthetic.h"

static struct synthetic_run run;

static int good_run(void **state)
{
    synthetic_good_run(&run);
    return 0;
}

static int remove_files(void **state)
{
    synthetic_remove_folder();
    return 0;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* Both names of a record, in buffers of their own. */
struct names {
    char path[256];
    char partial[300];
};

static struct names new_names(const char *name)
{
    struct names names;
    (void)snprintf(names.path, sizeof names.path, "%s", synthetic_path(name));
    (void)snprintf(names.partial, sizeof names.partial, "%s%s", names.path, RECORD_PARTIAL_SUFFIX);
    return names;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static struct recorder *open_recorder(const char *path, enum record_level level)
{
    struct record_error error = {""};
    struct recorder_config config = synthetic_config(path, level);
    struct recorder *recorder = recorder_open(&config, &error);
    if (!recorder)
        fail_msg("%s", error.text);
    return recorder;
}

/* The sentence with which opening fails. */
static const char *refusal(const char *path, bool overwrite)
{
    static struct record_error error;
    struct recorder_config config = synthetic_config(path, RECORD_ALL);
    config.overwrite = overwrite;
    assert_null(recorder_open(&config, &error));
    return error.text;
}

static void level_counters_keeps_spaces_and_regions_only(void **state)
{
    const char *path = synthetic_path("counters.db");
    synthetic_record(&run, path, RECORD_COUNTERS);
    assert_int_equal(synthetic_ask(path, "SELECT events FROM runs"), 2);
    assert_int_equal(
        synthetic_ask(path, "SELECT (SELECT COUNT(*) FROM spaces) + (SELECT COUNT(*) FROM regions)"), 2);
    assert_int_equal(synthetic_ask(path, "SELECT COUNT(*) FROM operations"), 0);
    assert_int_equal(synthetic_ask(path, "SELECT COUNT(*) FROM counters"), (long long)run.counter_count);
}

static void level_misses_leaves_out_hits_without_a_fault(void **state)
{
    const char *path = synthetic_path("misses.db");
    synthetic_record(&run, path, RECORD_MISSES);
    assert_string_equal(synthetic_ask_text(path, "SELECT group_concat(access, ' ') FROM translations"),
                        "1 6 7 8");
    assert_int_equal(synthetic_ask(path, "SELECT COUNT(*) FROM operations"), 7);
}

static void level_all_has_every_event_once(void **state)
{
    const char *path = synthetic_path("all.db");
    synthetic_record(&run, path, RECORD_ALL);
    assert_int_equal(synthetic_ask(path, "SELECT events FROM runs"), (long long)run.event_count);
    assert_string_equal(synthetic_ask_text(path, "SELECT group_concat(access, ' ') FROM"
                                                 " (SELECT access FROM translations ORDER BY access)"),
                        "1 2 3 4 5 6 7 8");
    assert_int_equal(
        synthetic_ask(path, "SELECT COUNT(*) FROM invalidations WHERE complete_cycle - issue_cycle = 20"), 2);
}

static void facts_of_the_run_are_kept(void **state)
{
    const char *path = synthetic_path("facts.db");
    synthetic_record(&run, path, RECORD_ALL);
    assert_string_equal(
        synthetic_ask_text(path, "SELECT printf('%d %d %x %s %s %s %.1f', complete, level, seed,"
                                 " script_text, script_path, command_line, host_seconds) FROM runs"),
        "1 2 ffffffffffffffff machine {} good.lua mmusim run good.lua 1.5");
    assert_string_equal(synthetic_ask_text(path, "SELECT value FROM configuration WHERE name = 'cores'"),
                        "2");
    assert_int_equal(synthetic_ask(path, "PRAGMA application_id"), RECORD_APPLICATION_ID);
    assert_int_equal(synthetic_ask(path, "PRAGMA user_version"), RECORD_SCHEMA_VERSION);
}

static void rows_of_the_caller_are_kept(void **state)
{
    struct names names = new_names("rows.db");
    struct record_error error;
    struct recorder *recorder = open_recorder(names.path, RECORD_COUNTERS);
    static const uint8_t bytes[] = {0x60, 0x00, 0x40, 0xf9};
    assert_int_equal(
        recorder_instruction(recorder, &(struct record_instruction){.pc = UINT64_C(0xffff000000001000),
                                                                    .bytes = bytes,
                                                                    .bytes_count = 4,
                                                                    .text = "ldr x0, [x3]",
                                                                    .class_name = "load",
                                                                    .count = 9}),
        RECORD_OK);
    assert_int_equal(recorder_bucket(recorder, &(struct record_bucket){"walk.cycles", 64, 65, 3}), RECORD_OK);
    assert_int_equal(
        recorder_finding(
            recorder,
            &(struct record_finding){.rule = "load_value", .cycle = EVENT_NEVER, .core = -1, .text = "why"}),
        RECORD_OK);
    assert_int_equal(recorder_finish(recorder, 0, &error), RECORD_OK);
    assert_string_equal(synthetic_ask_text(names.path, "SELECT printf('%x %s %s', pc, hex(bytes), text)"
                                                       " FROM instructions"),
                        "ffff000000001000 600040F9 ldr x0, [x3]");
    assert_int_equal(synthetic_ask(names.path, "SELECT p50 FROM histogram_quantiles"), 65);
    assert_int_equal(synthetic_ask(names.path, "SELECT cycle IS NULL AND core IS NULL FROM checker_findings"),
                     1);
}

static void addresses_of_64_bits_survive(void **state)
{
    const char *path = synthetic_path("edges.db");
    struct event_translation *t = synthetic_access(&run, ACCESS_FIRST_LOAD);
    t->va = UINT64_C(0xffff800000000ff8);
    t->pa = UINT64_MAX;
    t->value = UINT64_C(1) << 63;
    t->pc = UINT64_MAX - 1;
    synthetic_record(&run, path, RECORD_ALL);
    assert_string_equal(synthetic_ask_text(path, "SELECT va || ' ' || pa || ' ' || value || ' ' || pc"
                                                 " FROM translation_log WHERE access = 1"),
                        "0xffff800000000ff8 0xffffffffffffffff 0x8000000000000000 0xfffffffffffffffe");
    assert_string_equal(synthetic_ask_text(path, "SELECT page FROM missing_pages WHERE page LIKE '0xffff8%'"),
                        "0xffff800000000000");
}

static void what_never_happened_is_null(void **state)
{
    const char *path = synthetic_path("nulls.db");
    synthetic_record(&run, path, RECORD_ALL);
    assert_int_equal(synthetic_ask(path, "SELECT performed_cycle IS NULL AND pa IS NULL AND value IS NULL AND"
                                         " entry IS NULL AND page_size_lg2 IS NULL AND rights IS NULL"
                                         " FROM translations WHERE access = 8"),
                     1);
    assert_int_equal(synthetic_ask(path, "SELECT fault_level IS NULL FROM translations WHERE access = 1"), 1);
}

static void every_view_can_be_read(void **state)
{
    const char *path = synthetic_path("views.db");
    for (int level = RECORD_COUNTERS; level < RECORD_LEVELS; level++) {
        synthetic_record(&run, path, (enum record_level)level);
        char names[4096];
        (void)snprintf(names, sizeof names, "%s",
                       synthetic_ask_text(
                           path, "SELECT group_concat(name, ' ') FROM sqlite_schema WHERE type = 'view'"));
        assert_true(strlen(names) > 100);
        for (char *name = strtok(names, " "); name; name = strtok(NULL, " ")) {
            char sql[256];
            (void)snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM (SELECT * FROM %s)", name);
            assert_true(synthetic_ask(path, sql) >= 0);
        }
    }
}

static void same_run_gives_the_same_rows(void **state)
{
    char first[256];
    (void)snprintf(first, sizeof first, "%s", synthetic_path("first.db"));
    synthetic_record(&run, first, RECORD_ALL);
    const char *second = synthetic_path("second.db");
    synthetic_record(&run, second, RECORD_ALL);
    char command[700];
    (void)snprintf(command, sizeof command, "cmp -s '%s' '%s'", first, second);
    assert_int_equal(system(command), 0);
}

static void existing_record_is_refused(void **state)
{
    struct names names = new_names("there.db");
    write_file(names.path, "precious");
    assert_non_null(strstr(refusal(names.path, false), "exists: choose another name"));
    assert_false(exists(names.partial));
}

static void rest_of_an_earlier_run_is_refused(void **state)
{
    struct names names = new_names("rest.db");
    write_file(names.partial, "rest");
    assert_non_null(strstr(refusal(names.path, false), "of a run that did not finish"));
    assert_true(exists(names.partial));
}

static void overwriting_keeps_the_old_record_until_the_end(void **state)
{
    struct names names = new_names("over.db");
    struct record_error error;
    write_file(names.path, "old");
    struct recorder_config config = synthetic_config(names.path, RECORD_ALL);
    config.overwrite = true;
    struct recorder *recorder = recorder_open(&config, &error);
    assert_non_null(recorder);
    struct stat status;
    assert_int_equal(stat(names.path, &status), 0);
    assert_int_equal(status.st_size, 3);
    assert_int_equal(recorder_finish(recorder, 0, &error), RECORD_OK);
    assert_int_equal(synthetic_ask(names.path, "SELECT complete FROM runs"), 1);
    assert_false(exists(names.partial));
}

static void record_that_appears_meanwhile_is_not_replaced(void **state)
{
    struct names names = new_names("meanwhile.db");
    struct record_error error;
    struct recorder *recorder = open_recorder(names.path, RECORD_ALL);
    write_file(names.path, "other");
    assert_int_equal(recorder_finish(recorder, 0, &error), RECORD_EXISTS);
    assert_non_null(strstr(error.text, "cannot be named"));
    assert_true(exists(names.partial));
}

static void missing_folder_is_named(void **state)
{
    const char *path = synthetic_path("no/such/folder.db");
    assert_non_null(strstr(refusal(path, false), "No such file or directory"));
}

static void unwritable_folder_is_named(void **state)
{
    const char *text = refusal("/proc/record.db", false);
    assert_non_null(strstr(text, "cannot make '/proc/record.db.partial'"));
}

/* Records until the first failure; returns it. */
static int record_until_failure(struct recorder *recorder)
{
    const struct mmu_event *event = synthetic_nth(&run, EVENT_TRANSLATION, 0);
    for (int i = 0; i < 1000000; i++) {
        int result = recorder_event(recorder, event);
        if (result != RECORD_OK)
            return result;
    }
    return RECORD_OK;
}

static void full_file_stops_the_run_and_leaves_no_final_name(void **state)
{
    struct names names = new_names("full.db");
    struct record_error error;
    struct recorder_config config = synthetic_config(names.path, RECORD_ALL);
    config.size_limit_bytes = 8 << 20;
    struct recorder *recorder = recorder_open(&config, &error);
    assert_non_null(recorder);
    assert_int_equal(record_until_failure(recorder), RECORD_FULL);
    assert_non_null(strstr(recorder_error(recorder), "no space is left for"));
    assert_int_equal(recorder_event(recorder, &run.events[0]), RECORD_FULL);
    assert_int_equal(recorder_finish(recorder, 0, &error), RECORD_FULL);
    assert_non_null(strstr(error.text, "no space is left for"));
    assert_false(exists(names.path));
    assert_int_equal(synthetic_ask(names.partial, "SELECT complete FROM runs"), 0);
    assert_true(synthetic_ask(names.partial, "SELECT COUNT(*) FROM translations") > 0);
}

static void full_disk_stops_the_run_with_the_same_error(void **state)
{
    char folder[256];
    char path[300];
    struct record_error error;
    (void)snprintf(folder, sizeof folder, "%s", synthetic_path("small"));
    (void)snprintf(path, sizeof path, "%s/record.db", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    if (mount("none", folder, "tmpfs", 0, "size=8m") != 0)
        skip(); /* only root can make a small disk */
    struct recorder *recorder = open_recorder(path, RECORD_ALL);
    assert_int_equal(record_until_failure(recorder), RECORD_FULL);
    assert_int_equal(recorder_finish(recorder, 0, &error), RECORD_FULL);
    assert_false(exists(path));
    assert_int_equal(umount2(folder, MNT_DETACH), 0);
}

static void limited_file_stops_the_run_with_the_same_error(void **state)
{
    struct names names = new_names("disk.db");
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) { /* the limit holds for the whole process */
        struct rlimit limit = {8 << 20, 8 << 20};
        struct recorder_config config = synthetic_config(names.path, RECORD_ALL);
        struct record_error error;
        if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || setrlimit(RLIMIT_FSIZE, &limit) != 0)
            _exit(1);
        struct recorder *recorder = recorder_open(&config, &error);
        int result = recorder ? record_until_failure(recorder) : RECORD_OK;
        recorder_abandon(recorder, true);
        _exit(result == RECORD_FULL ? 0 : 2);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_false(exists(names.path));
    assert_int_equal(synthetic_ask(names.partial, "SELECT complete FROM runs"), 0);
}

static void killed_run_leaves_a_readable_partial_record(void **state)
{
    struct names names = new_names("killed.db");
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct recorder_config config = synthetic_config(names.path, RECORD_ALL);
        struct record_error error;
        struct recorder *recorder = recorder_open(&config, &error);
        const struct mmu_event *event = synthetic_nth(&run, EVENT_TRANSLATION, 0);
        for (int i = 0; recorder && i < 120000; i++)
            if (recorder_event(recorder, event) != RECORD_OK)
                _exit(1);
        (void)raise(SIGKILL);
        _exit(2);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_false(exists(names.path));
    assert_int_equal(synthetic_ask(names.partial, "SELECT complete FROM runs"), 0);
    assert_int_equal(synthetic_ask(names.partial, "SELECT COUNT(*) FROM translations"), 100000);
    assert_string_equal(synthetic_ask_text(names.partial, "PRAGMA integrity_check"), "ok");
    assert_string_equal(synthetic_ask_text(names.partial, "SELECT complete FROM run"), "no");
}

static void completion_of_nothing_is_an_error(void **state)
{
    struct names names = new_names("nothing.db");
    struct recorder *recorder = open_recorder(names.path, RECORD_ALL);
    assert_int_equal(recorder_event(recorder, synthetic_nth(&run, EVENT_COMPLETION, 0)), RECORD_BAD_EVENT);
    assert_non_null(strstr(recorder_error(recorder), "never began"));
    recorder_abandon(recorder, false);
    assert_false(exists(names.partial));
}

static void abandoned_run_keeps_what_was_recorded(void **state)
{
    struct names names = new_names("abandoned.db");
    struct recorder *recorder = open_recorder(names.path, RECORD_ALL);
    assert_int_equal(recorder_event(recorder, &run.events[0]), RECORD_OK);
    recorder_abandon(recorder, true);
    assert_false(exists(names.path));
    assert_int_equal(synthetic_ask(names.partial, "SELECT COUNT(*) FROM regions"), 1);
}

static void levels_have_names(void **state)
{
    enum record_level level = RECORD_COUNTERS;
    assert_true(record_level_parse("all", &level));
    assert_int_equal(level, RECORD_ALL);
    assert_string_equal(record_level_name(RECORD_MISSES), "misses");
    assert_false(record_level_parse("everything", &level));
    assert_int_equal(level, RECORD_ALL);
}

#define WITH_RUN(test) cmocka_unit_test_setup(test, good_run)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RUN(level_counters_keeps_spaces_and_regions_only),
        WITH_RUN(level_misses_leaves_out_hits_without_a_fault),
        WITH_RUN(level_all_has_every_event_once),
        WITH_RUN(facts_of_the_run_are_kept),
        WITH_RUN(rows_of_the_caller_are_kept),
        WITH_RUN(addresses_of_64_bits_survive),
        WITH_RUN(what_never_happened_is_null),
        WITH_RUN(every_view_can_be_read),
        WITH_RUN(same_run_gives_the_same_rows),
        WITH_RUN(existing_record_is_refused),
        WITH_RUN(rest_of_an_earlier_run_is_refused),
        WITH_RUN(overwriting_keeps_the_old_record_until_the_end),
        WITH_RUN(record_that_appears_meanwhile_is_not_replaced),
        WITH_RUN(missing_folder_is_named),
        WITH_RUN(unwritable_folder_is_named),
        WITH_RUN(full_file_stops_the_run_and_leaves_no_final_name),
        WITH_RUN(limited_file_stops_the_run_with_the_same_error),
        WITH_RUN(full_disk_stops_the_run_with_the_same_error),
        WITH_RUN(killed_run_leaves_a_readable_partial_record),
        WITH_RUN(completion_of_nothing_is_an_error),
        WITH_RUN(abandoned_run_keeps_what_was_recorded),
        WITH_RUN(levels_have_names),
    };
    return cmocka_run_group_tests_name("recorder", tests, NULL, remove_files);
}
