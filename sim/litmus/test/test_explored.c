/*
 * The shipped tests on the small machine: no forbidden outcome is reached, and every allowed one is. Built
 * twice, without and with FEAT_ETS2 (LITMUS_ETS2, and how many outcomes are LITMUS_ALLOWED_OUTCOMES then).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/litmus/machine.h"
#include "sim/litmus/test/shipped.h"

static unsigned allowed_reached;

static void explore(const struct litmus_test *test, const struct litmus_verdicts *verdicts)
{
    const struct litmus_options options = {.ets2 = LITMUS_ETS2};
    struct litmus_result result;
    struct litmus_verdict_row row;
    struct vectors_failure failure;
    if (!litmus_explore(test, &options, &result, &failure))
        fail_msg("refused: %s", failure.text);
    if (!result.complete)
        fail_msg("%s: %s", test->name, result.sentence);
    assert_true(litmus_verdicts_find(verdicts, test->name, LITMUS_ETS2, &row));
    if (row.verdict == LITMUS_FORBIDDEN && result.reached)
        fail_msg("%s: %s is forbidden and reached", test->name, row.outcome);
    if (row.verdict == LITMUS_ALLOWED && !result.reached)
        fail_msg("%s: %s is allowed and not reached", test->name, row.outcome);
    allowed_reached += row.verdict == LITMUS_ALLOWED;
}

static void no_forbidden_outcome_is_reached_and_every_allowed_one_is(void **state)
{
    struct litmus_verdicts verdicts;
    struct vectors_failure failure;
    if (!litmus_verdicts_read(&verdicts, LITMUS_ARCHITECTURE "/verdicts.csv", &failure))
        fail_msg("refused: %s", failure.text);
    assert_int_equal(each_test(explore, &verdicts), SHIPPED_TESTS);
    assert_int_equal(allowed_reached, LITMUS_ALLOWED_OUTCOMES);
    litmus_verdicts_release(&verdicts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_forbidden_outcome_is_reached_and_every_allowed_one_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
