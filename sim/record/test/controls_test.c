/* What cores' controls make of rights, and the faults that formats allow, by SQL alone: good and bad in
 * pairs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim/record/database.h"
#include "sim/record/test/synthetic.h"

#define KERNEL_DATA                                                                                          \
    (ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE))
#define USER_CORE 1 /* makes the accesses of the synthetic run */

static struct synthetic_run run;
static struct walk_format format; /* of no program: what it says is in the record alone */

/* PAN takes a user page's data from the kernel; a key that is disabled takes its stores from everybody. */
static uint8_t allowed(const struct access_controls *controls, uint8_t rights, uint32_t attributes)
{
    if (controls->flags & CONTROL_PAN && attributes & FRAME_USER)
        rights &= (uint8_t)~KERNEL_DATA;
    if (controls->flags & CONTROL_PKE && controls->key_rights >> (2 * frame_key(attributes) + 1) & 1)
        rights &= (uint8_t) ~(ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) |
                              ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE));
    return rights;
}

static int begin(void **state)
{
    synthetic_good_run(&run);
    run.counter_count = 0;
    struct event_space *space = &synthetic_nth(&run, EVENT_SPACE, 0)->as.space;
    format = *space->format;
    format.name = "brought-by-a-plug-in";
    format.allowed = allowed;
    space->format = &format;
    return 0;
}

static int remove_files(void **state)
{
    synthetic_remove_folder();
    return 0;
}

static void expect_broken(const char *rules)
{
    assert_string_equal(synthetic_broken(&run, RECORD_ALL), rules);
}

/* Of the core that makes the accesses, from this cycle on. */
static void set_controls(uint64_t cycle, uint32_t flags, uint32_t key_rights)
{
    struct mmu_event event = {.kind = EVENT_CONTEXT, .cycle = cycle, .core = USER_CORE};
    event.as.context =
        (struct event_context){.root = 0x1000, .space = 1, .asid = 1, .controls = {flags, key_rights}};
    synthetic_add(&run, &event);
}

static struct event_translation *by_kernel(uint32_t access)
{
    struct event_translation *t = synthetic_access(&run, access);
    t->privilege = PRIVILEGE_KERNEL;
    t->attributes = FRAME_READABLE | FRAME_WRITABLE | FRAME_USER;
    return t;
}

static void make_fault(struct event_translation *t)
{
    t->fault = FAULT_PERMISSION;
    t->fault_level = 3;
    t->fault_stage = 1;
    t->performed_cycle = EVENT_NEVER;
    t->pa = 0;
    t->value = 0;
}

static void good_kernel_reaches_a_user_page_without_pan(void **state)
{
    set_controls(2, 0, 0);
    by_kernel(ACCESS_LOAD_42);
    expect_broken("");
}

static void bad_kernel_reaches_a_user_page_in_spite_of_pan(void **state)
{
    set_controls(2, CONTROL_PAN, 0);
    by_kernel(ACCESS_LOAD_42);
    expect_broken("forbidden_access");
}

static void good_kernel_faults_under_pan(void **state)
{
    set_controls(2, CONTROL_PAN, 0);
    make_fault(by_kernel(ACCESS_LOAD_42));
    expect_broken("");
}

static void bad_kernel_faults_without_pan(void **state)
{
    set_controls(2, CONTROL_PAN, 0);
    set_controls(synthetic_access(&run, ACCESS_LOAD_42)->issue_cycle, 0, 0);
    make_fault(by_kernel(ACCESS_LOAD_42));
    expect_broken("spurious_fault");
}

static void good_an_access_has_the_controls_of_its_issue(void **state)
{
    uint64_t issue = synthetic_access(&run, ACCESS_LOAD_42)->issue_cycle;
    set_controls(2, 0, 0);
    set_controls(issue + 1, CONTROL_PAN, 0);
    by_kernel(ACCESS_LOAD_42);
    expect_broken("");
}

static void bad_a_key_takes_stores(void **state)
{
    set_controls(2, CONTROL_PKE, 2); /* key 0 */
    synthetic_access(&run, ACCESS_STORE_7)->attributes = FRAME_READABLE | FRAME_WRITABLE | FRAME_USER;
    expect_broken("forbidden_access");
}

static void good_another_key_takes_them(void **state)
{
    set_controls(2, CONTROL_PKE, 2 << 2); /* key 1 */
    synthetic_access(&run, ACCESS_STORE_7)->attributes = FRAME_READABLE | FRAME_WRITABLE | FRAME_USER;
    expect_broken("");
}

/* ---- spurious faults ---- */

/* The load long after the map has a fault; the format says what that is. */
static void fault_after_the_map(enum spurious_faults spurious)
{
    format.spurious = (uint8_t)spurious;
    make_fault(synthetic_access(&run, ACCESS_LOAD_42));
}

static void bad_arm_faults_after_a_map(void **state)
{
    fault_after_the_map(SPURIOUS_NEVER);
    expect_broken("spurious_fault");
}

static void bad_x86_faults_after_a_map(void **state)
{
    fault_after_the_map(SPURIOUS_ONCE);
    expect_broken("spurious_fault");
}

static void good_riscv_faults_until_the_fence(void **state)
{
    fault_after_the_map(SPURIOUS_UNTIL_FENCE);
    expect_broken("");
}

/* ---- what is stored ---- */

static void rights_are_those_of_the_format(void **state)
{
    const char *path = synthetic_path("controls.db");
    set_controls(2, CONTROL_PAN, 0);
    synthetic_record(&run, path, RECORD_MISSES);
    assert_int_equal(synthetic_ask(path, "SELECT rights FROM format_rights WHERE attributes = 11"), 27);
    assert_int_equal(synthetic_ask(path, "SELECT allowed FROM allowed_rights WHERE attributes = 11 AND"
                                         " rights = 27 AND controls = 1"),
                     3);
}

/* The record says otherwise than the program of a format that both know. */
static void check_tells_a_format_that_differs(void **state)
{
    const char *path = synthetic_path("differs.db");
    struct check_options options = {.path = path, .stories = 1};
    char text[4096] = "";
    format.name = "vmsa-4k-48";
    format.allowed = NULL;
    set_controls(2, 0, 0);
    synthetic_record(&run, path, RECORD_ALL);
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_non_null(out);
    assert_int_equal(record_check(&options, out, stderr), 0);
    assert_int_equal(fclose(out), 0);
    assert_null(strstr(text, "this program differ"));

    sqlite3 *database;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database,
                                  "UPDATE format_rights SET rights = rights | 32 WHERE attributes = 11", NULL,
                                  NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    out = fmemopen(text, sizeof text, "w");
    assert_non_null(out);
    assert_int_equal(record_check(&options, out, stderr), 1);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "the record and this program differ: vmsa-4k-48 gives \"rw-u\" the rights "
                                 "0x3b in the record and 0x1b here"));
}

#define RUN(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(good_kernel_reaches_a_user_page_without_pan),
        RUN(bad_kernel_reaches_a_user_page_in_spite_of_pan),
        RUN(good_kernel_faults_under_pan),
        RUN(bad_kernel_faults_without_pan),
        RUN(good_an_access_has_the_controls_of_its_issue),
        RUN(bad_a_key_takes_stores),
        RUN(good_another_key_takes_them),
        RUN(bad_arm_faults_after_a_map),
        RUN(bad_x86_faults_after_a_map),
        RUN(good_riscv_faults_until_the_fence),
        RUN(rights_are_those_of_the_format),
        RUN(check_tells_a_format_that_differs),
    };
    return cmocka_run_group_tests_name("controls", tests, NULL, remove_files);
}
