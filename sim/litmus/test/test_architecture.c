/* The shipped tests: all of them are read, are the same when written and read again, and have their verdicts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/litmus/litmus.h"
#include "sim/litmus/test/shipped.h"
#include "sim/litmus/verdicts.h"

#define ROWS 410

static void write_and_read(const struct litmus_test *test, const struct litmus_verdicts *verdicts)
{
    static char text[LITMUS_TEXT_BYTES_MAX];
    struct litmus_test again;
    struct vectors_failure failure;
    size_t bytes = litmus_write_text(test, text, sizeof text);
    assert_true(bytes < sizeof text);
    if (!litmus_read_text(&again, test->name, text, bytes, &failure))
        fail_msg("what was written is refused: %s\n%s", failure.text, text);
    assert_memory_equal(&again, test, sizeof again);
}

static void every_test_is_the_same_when_written_and_read_again(void **state)
{
    assert_int_equal(each_test(write_and_read, NULL), SHIPPED_TESTS);
}

/* The condition and the code of the test are those of the table: the same file was judged. */
static void compare_with_row(const struct litmus_test *test, const struct litmus_verdicts *verdicts)
{
    static char condition[1024];
    struct litmus_verdict_row row;
    assert_true(litmus_verdicts_find(verdicts, test->name, false, &row));
    assert_true(row.verdict != LITMUS_UNKNOWN && row.family[0] != '\0');
    (void)litmus_write_condition(test, condition, sizeof condition);
    const char *herd = strstr(row.outcome, "herd: ");
    assert_non_null(herd);
    assert_string_equal(herd + 6, condition);
    assert_true(litmus_verdicts_find(verdicts, test->name, true, &row));
    assert_true(row.verdict != LITMUS_UNKNOWN);
}

static void every_test_has_a_verdict_without_and_with_ets2(void **state)
{
    struct litmus_verdicts verdicts;
    struct litmus_verdict_row row;
    struct vectors_failure failure;
    if (!litmus_verdicts_read(&verdicts, LITMUS_ARCHITECTURE "/verdicts.csv", &failure))
        fail_msg("refused: %s", failure.text);
    assert_int_equal(verdicts.csv.rows, ROWS);
    assert_int_equal(each_test(compare_with_row, &verdicts), SHIPPED_TESTS);
    assert_true(litmus_verdicts_find(&verdicts, "CoWT.inv+dsb", false, &row));
    assert_int_equal(row.verdict, LITMUS_ALLOWED);
    assert_true(litmus_verdicts_find(&verdicts, "CoWT.inv+dsb", true, &row));
    assert_int_equal(row.verdict, LITMUS_FORBIDDEN);
    assert_false(litmus_verdicts_find(&verdicts, "No+such", true, &row));
    assert_int_equal(row.verdict, LITMUS_UNKNOWN);
    litmus_verdicts_release(&verdicts);
}

static void refuse_verdicts(const char *text, const char *sentence)
{
    struct litmus_verdicts verdicts;
    struct vectors_failure failure;
    char *copy = strdup(text);
    assert_non_null(copy);
    assert_false(litmus_verdicts_parse(&verdicts, "v.csv", copy, strlen(text), &failure));
    assert_string_equal(failure.text, sentence);
}

static void bad_verdicts_are_refused(void **state)
{
    refuse_verdicts("test,family,verdict\n",
                    "v.csv:1: has no column variant; test, family, verdict and variant would be "
                    "right");
    refuse_verdicts("test,family,verdict,variant\na,f,Maybe,vmsa\n",
                    "v.csv:2: the verdict is 'Maybe'; Allowed or Forbidden would be right");
    refuse_verdicts(
        "test,family,verdict,variant\na,f,Allowed,vmsa\na,f,Allowed,\"vmsa,ets2\"\na,f,Forbidden,vmsa\n",
        "v.csv:4: the verdict on 'a' without ETS2 stands in line 2, too; one would be right");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_test_is_the_same_when_written_and_read_again),
        cmocka_unit_test(every_test_has_a_verdict_without_and_with_ets2),
        cmocka_unit_test(bad_verdicts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
