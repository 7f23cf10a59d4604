/*
 * Each kind of damage to single rows of a good record, and the rules by which each judge notices it. The
 * windows in the damaged file are still those of the good one: a check derives them anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pagetables/walk.h"
#include "sim/record/derive.h"
#include "sim/record/judging.h"
#include "sim/record/test/synthetic.h"

#define RULES_BYTES 1024

/* The records that are damaged. */
enum base {
    BASE_PLAIN,     /* the synthetic run, its counters too */
    BASE_IN_WINDOW, /* besides, a load that faults while the page is being unmapped, as it may */
    BASE_CONTROLS,  /* besides, a load by the kernel, and a core whose controls would forbid it */
    BASES
};

struct damage {
    enum base base;
    const char *what;
    const char *sql;
    const char *rules; /* by SQL, in alphabetical order */
    const char *
        checkers; /* by the checker in C; NULL: the same; "cannot go on": it refuses the record, saying why */
};

static const struct damage damages[] = {
#include "sim/record/test/damages.inc"
};

static struct synthetic_run run;
static char base_paths[BASES][256];
static char path[256];

static void load_as_kernel(void)
{
    struct event_translation *load = synthetic_access(&run, ACCESS_LOAD_42);
    load->privilege = PRIVILEGE_KERNEL;
    load->attributes = FRAME_READABLE | FRAME_WRITABLE | FRAME_USER;
}

static void add_fault_in_window(void)
{
    struct mmu_event event = *synthetic_nth(&run, EVENT_TRANSLATION, 7); /* the load after the unmap */
    event.cycle = 690;
    event.as.translation.issue_cycle = 650;
    event.as.translation.translated_cycle = 690;
    event.as.translation.access = 20;
    event.as.translation.walk = 0;
    synthetic_add(&run, &event);
    run.counter_count = 0;
}

/* The first core takes PAN in the end, so that the record knows of it. */
static void use_controls(void)
{
    struct mmu_event event = *synthetic_nth(&run, EVENT_CONTEXT, 0);
    synthetic_nth(&run, EVENT_SPACE, 0)->as.space.format = walk_format_find("vmsa-4k-48");
    load_as_kernel();
    event.cycle = 990;
    event.as.context.controls.flags = CONTROL_PAN;
    synthetic_add(&run, &event);
    run.counter_count = 0;
}

/* Each damage has to change something. */
static void damage_record(const struct damage *damage)
{
    sqlite3 *database;
    char *error = NULL;
    synthetic_copy(base_paths[damage->base], path);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    if (sqlite3_exec(database, damage->sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", damage->what, error);
    if (damage->sql[0] && sqlite3_total_changes(database) == 0)
        fail_msg("%s: nothing was changed", damage->what);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

/* The rules that are broken by SQL, as a check has them. */
static void ask_sql(char *rules)
{
    sqlite3 *database;
    sqlite3_stmt *row;
    const char *sql = "SELECT IFNULL(group_concat(rule, ' '), '') FROM"
                      " (SELECT DISTINCT rule FROM violations ORDER BY rule)";
    assert_int_equal(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (record_derive(database) != SQLITE_OK ||
        sqlite3_prepare_v2(database, sql, -1, &row, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(database));
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    (void)snprintf(rules, RULES_BYTES, "%s", (const char *)sqlite3_column_text(row, 0));
    assert_int_equal(sqlite3_finalize(row), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(judge_rule_name((enum judge_rule) * (const unsigned *)left),
                  judge_rule_name((enum judge_rule) * (const unsigned *)right));
}

static void ask_checker(char *rules)
{
    struct judging judging;
    unsigned order[JUDGE_RULES];
    rules[0] = '\0';
    judging_run(path, &judging);
    for (unsigned i = 0; i < JUDGE_RULES; i++)
        order[i] = i;
    qsort(order, JUDGE_RULES, sizeof *order, compare_names);
    if (!judging.judge || !judging.whole)
        (void)snprintf(rules, RULES_BYTES, "cannot go on");
    for (unsigned i = 0; i < JUDGE_RULES && judging.judge && judging.whole; i++) {
        size_t used = strlen(rules);
        if (judge_count(judging.judge, (enum judge_rule)order[i]))
            (void)snprintf(rules + used, RULES_BYTES - used, "%s%s", used ? " " : "",
                           judge_rule_name((enum judge_rule)order[i]));
    }
    judging_free(&judging);
}

static void each_damage_is_noticed_by_its_rule(void **state)
{
    char by_sql[RULES_BYTES], by_checker[RULES_BYTES];
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        const struct damage *damage = &damages[i];
        const char *checkers = damage->checkers ? damage->checkers : damage->rules;
        damage_record(damage);
        ask_sql(by_sql);
        ask_checker(by_checker);
        if (strcmp(by_sql, damage->rules) == 0 && strcmp(by_checker, checkers) == 0)
            continue;
        wrong++;
        print_message("%s\n    SQL: \"%s\", expected \"%s\"\n    checker: \"%s\", expected \"%s\"\n",
                      damage->what, by_sql, damage->rules, by_checker, checkers);
    }
    print_message("%zu damages\n", sizeof damages / sizeof *damages);
    assert_int_equal(wrong, 0);
}

static void good_records_break_no_rule(void **state)
{
    char rules[RULES_BYTES];
    for (unsigned base = 0; base < BASES; base++) {
        damage_record(&(struct damage){.base = (enum base)base, .what = "nothing", .sql = ""});
        ask_sql(rules);
        assert_string_equal(rules, "");
        ask_checker(rules);
        assert_string_equal(rules, "");
    }
}

static int record_bases(void **state)
{
    static void (*const change[BASES])(void) = {
        [BASE_IN_WINDOW] = add_fault_in_window, [BASE_CONTROLS] = use_controls};
    for (unsigned base = 0; base < BASES; base++) {
        char name[32];
        (void)snprintf(name, sizeof name, "good%u.db", base);
        (void)snprintf(base_paths[base], sizeof base_paths[base], "%s", synthetic_path(name));
        synthetic_good_run(&run);
        if (change[base])
            change[base]();
        synthetic_record(&run, base_paths[base], RECORD_ALL);
    }
    (void)snprintf(path, sizeof path, "%s", synthetic_path("damaged.db"));
    return 0;
}

static int remove_files(void **state)
{
    synthetic_remove_folder();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_records_break_no_rule),
        cmocka_unit_test(each_damage_is_noticed_by_its_rule),
    };
    return cmocka_run_group_tests(tests, record_bases, remove_files);
}
