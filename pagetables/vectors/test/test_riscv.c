/* Rows of RISC-V, of one and of two stages (../data/riscv/ORIGIN.txt), against the engines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "pagetables/vectors/run.h"

struct seen {
    unsigned agree, differ, ok, faults, updates, of_tables;
};

static const struct vectors_compared *column_of(const struct vectors_outcome *outcome, const char *name)
{
    for (unsigned i = 0; i < outcome->columns; i++)
        if (strcmp(outcome->compared[i].column, name) == 0)
            return &outcome->compared[i];
    return NULL;
}

static void tell(const struct vectors_outcome *outcome)
{
    for (unsigned i = 0; i < outcome->columns; i++)
        if (outcome->compared[i].differs)
            print_message("%s: row %s: %s is %s, and here %s\n", outcome->path, outcome->id,
                          outcome->compared[i].column, outcome->compared[i].expected,
                          outcome->compared[i].ours);
}

static bool see(void *context, const struct vectors_outcome *outcome)
{
    struct seen *seen = context;
    bool ok = strcmp(column_of(outcome, "result")->expected, "ok") == 0;
    const char *instruction = column_of(outcome, "tinst")->expected;
    seen->agree += outcome->verdict == VECTORS_AGREES;
    seen->differ += outcome->verdict == VECTORS_DIFFERS;
    seen->ok += ok;
    seen->faults += !ok;
    seen->updates += column_of(outcome, "pte_writes")->expected[0] != '\0';
    seen->of_tables += !ok && strcmp(instruction, "0") != 0;
    return true;
}

static bool see_and_tell(void *context, const struct vectors_outcome *outcome)
{
    tell(outcome);
    return see(context, outcome);
}

static void good_every_row_agrees(void **state)
{
    struct seen seen = {0};
    const struct vectors_visitor visitor = {.context = &seen, .row = see_and_tell};
    struct vectors_failure failure;
    assert_true(vectors_run(VECTORS_DATA "/riscv", &visitor, &failure));
    assert_int_equal(seen.differ, 0);
    assert_int_equal(seen.agree, seen.ok + seen.faults);
    assert_true(seen.ok > 100 && seen.faults > 100 && seen.updates > 10 && seen.of_tables > 0);
}

/* The same rows over tables whose first entries, which most walks pass, are gone. */
static bool replay_without_root(const struct vectors_row *row, struct vectors_image *image,
                                struct vectors_answer *answer, const char **why)
{
    uint64_t root = (vectors_hex(row, "satp") & 0xfffffffffff) << 12;
    uint64_t slot = root + (vectors_hex(row, "va") >> 30 & 511) * 8;
    vectors_set_word(image, slot, vectors_word(image, slot) & ~UINT64_C(1));
    return vectors_riscv.replay(row, image, answer, why);
}

static void bad_rows_differ_where_the_tables_are_not_theirs(void **state)
{
    struct vectors_kind broken = vectors_riscv;
    broken.replay = replay_without_root;
    const struct vectors_kind *const kinds[] = {&broken, &vectors_riscv_two_stages, NULL};
    struct seen seen = {0};
    const struct vectors_visitor visitor = {.context = &seen, .row = see, .kinds = kinds};
    struct vectors_failure failure;
    assert_true(vectors_run(VECTORS_DATA "/riscv", &visitor, &failure));
    assert_true(seen.differ > 50);
    assert_true(seen.agree > 50); /* those of two stages, and faults */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_every_row_agrees),
        cmocka_unit_test(bad_rows_differ_where_the_tables_are_not_theirs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
