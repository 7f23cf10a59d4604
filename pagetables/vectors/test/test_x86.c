/* Rows of x86-64 (../data/x86/ORIGIN.txt), against the engine: also those that are not to be believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pagetables/vectors/run.h"

struct seen {
    unsigned agree, differ, suspect, large_reserved;
};

static const struct vectors_compared *column_of(const struct vectors_outcome *outcome, const char *name)
{
    for (unsigned i = 0; i < outcome->columns; i++)
        if (strcmp(outcome->compared[i].column, name) == 0)
            return &outcome->compared[i];
    fail_msg("no column %s", name);
    return NULL;
}

/* Intel SDM volume 3 (325384-081US), 4.7: with RSVD, P is 1. And an entry with reserved bits is not used, so
 * nothing marks it accessed; where the source does, it is a page of 1 GiB with low address bits set. */
static void check_suspect(struct seen *seen, const struct vectors_outcome *outcome)
{
    const struct vectors_compared *code = column_of(outcome, "error_code");
    const struct vectors_compared *writes = column_of(outcome, "entry_writes");
    assert_true(code->differs);
    assert_int_equal(strtoul(code->ours, NULL, 16), strtoul(code->expected, NULL, 16) | 1);
    assert_true(strtoul(code->expected, NULL, 16) & 8);
    assert_false(column_of(outcome, "result")->differs);
    assert_false(column_of(outcome, "cr2")->differs);
    seen->suspect++;
    if (!writes->differs)
        return;
    assert_int_equal(strncmp(writes->expected, writes->ours, strlen(writes->ours)), 0);
    const char *last = strrchr(writes->expected, '>');
    assert_non_null(last);
    assert_int_equal(strtoull(last + 1, NULL, 16) & 0xa1, 0xa1); /* A, PS and P */
    seen->large_reserved++;
}

static bool see(void *context, const struct vectors_outcome *outcome)
{
    struct seen *seen = context;
    seen->agree += outcome->verdict == VECTORS_AGREES;
    seen->differ += outcome->verdict == VECTORS_DIFFERS;
    if (outcome->verdict == VECTORS_EXCLUDED)
        check_suspect(seen, outcome);
    return true;
}

static void run(const struct vectors_kind *kind, struct seen *seen,
                bool (*row)(void *, const struct vectors_outcome *))
{
    const struct vectors_kind *const kinds[] = {kind, NULL};
    const struct vectors_visitor visitor = {.context = seen, .row = row, .kinds = kinds};
    struct vectors_failure failure;
    assert_true(vectors_run(VECTORS_DATA "/x86", &visitor, &failure));
}

static void good_every_row_agrees_and_suspect_ones_have_the_answer_of_the_manual(void **state)
{
    struct seen seen = {0};
    run(&vectors_x86, &seen, see);
    assert_int_equal(seen.differ, 0);
    assert_true(seen.agree > 100 && seen.suspect > 10);
    assert_true(seen.large_reserved < seen.suspect / 4);
}

static bool count(void *context, const struct vectors_outcome *outcome)
{
    struct seen *seen = context;
    seen->differ += outcome->verdict == VECTORS_DIFFERS;
    return true;
}

/* The same rows over roots whose entries restrict: user pages become the kernel's. */
static bool replay_without_user(const struct vectors_row *row, struct vectors_image *image,
                                struct vectors_answer *answer, const char **why)
{
    unsigned shift = vectors_decimal(row, "la57") ? 48 : 39;
    uint64_t slot =
        (vectors_hex(row, "cr3") & ~UINT64_C(0xfff)) + (vectors_hex(row, "va") >> shift & 511) * 8;
    vectors_set_word(image, slot, vectors_word(image, slot) & ~UINT64_C(4));
    return vectors_x86.replay(row, image, answer, why);
}

static void bad_rows_differ_where_the_tables_restrict_more(void **state)
{
    struct vectors_kind broken = vectors_x86;
    struct seen seen = {0};
    broken.replay = replay_without_user;
    run(&broken, &seen, count);
    assert_true(seen.differ > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_every_row_agrees_and_suspect_ones_have_the_answer_of_the_manual),
        cmocka_unit_test(bad_rows_differ_where_the_tables_restrict_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
