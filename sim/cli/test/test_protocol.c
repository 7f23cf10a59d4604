#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/cli/cli.h"
#include "sim/cli/test/command.h"

#define CLEAN PROTOCOL_LOGS "/bbm_alle1is.log"
#define BAD   PROTOCOL_LOGS "/bbm_no_last_dsb.log"

static void a_clean_log_is_fine(void **state)
{
    call(*state, "protocol", CLEAN, NULL);
    assert_fine_with(*state, CLEAN ": clean, 24 events\n");
}

static void a_violation_names_the_rule_and_both_lines(void **state)
{
    const struct answer *answer = *state;
    call(*state, "protocol", CLEAN, BAD, NULL);
    assert_int_equal(answer->status, CLI_FOUND);
    assert_non_null(strstr(answer->out, BAD ":23: made_before_clean: "));
    assert_non_null(strstr(answer->out, BAD ":20: the earlier event (x.c:20)"));
    assert_non_null(strstr(answer->out, "(x.c:23)"));
    assert_string_equal(answer->err, "");
}

static void json_has_the_same(void **state)
{
    const struct answer *answer = *state;
    call(*state, "protocol", "--json", BAD, NULL);
    assert_int_equal(answer->status, CLI_FOUND);
    assert_non_null(strstr(answer->out,
                           "\"rule\": \"made_before_clean\", \"line\": 23, \"thread\": 0, \"src\": "
                           "\"x.c:23\", \"related_line\": 20, \"related_src\": \"x.c:20\""));
}

static void what_cannot_be_judged_is_wrong_use(void **state)
{
    const struct answer *answer = *state;
    call(*state, "protocol", "/nonexistent/a.log", NULL);
    assert_int_equal(answer->status, CLI_MISUSE);
    assert_string_equal(answer->err,
                        "mmusim: '/nonexistent/a.log' cannot be opened: No such file or directory\n");
    call(*state, "protocol", PROTOCOL_LOGS "/results.csv", BAD, NULL);
    assert_int_equal(answer->status, CLI_MISUSE);
    assert_non_null(strstr(answer->err, "results.csv:1: '(' is wanted at the beginning of an event"));
    assert_non_null(strstr(answer->out, "made_before_clean"));
    call(*state, "protocol", NULL);
    assert_int_equal(answer->status, CLI_MISUSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_clean_log_is_fine, command_set_up, command_tear_down),
        cmocka_unit_test_setup_teardown(a_violation_names_the_rule_and_both_lines, command_set_up,
                                        command_tear_down),
        cmocka_unit_test_setup_teardown(json_has_the_same, command_set_up, command_tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_judged_is_wrong_use, command_set_up,
                                        command_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
