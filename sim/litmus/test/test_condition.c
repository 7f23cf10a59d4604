/* Conditions on states made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "sim/litmus/condition.h"

/* A state: registers of two threads, words and entries of two variables. Values that are not numbers are made
 * up. */
struct hand_made {
    uint64_t reg[2][LITMUS_REGISTERS];
    uint64_t word[2][2];
    uint64_t entry[2];
};

static uint64_t reg_of(void *context, unsigned thread, unsigned number)
{
    return ((const struct hand_made *)context)->reg[thread][number];
}

static uint64_t word_of(void *context, unsigned location, unsigned element)
{
    return ((const struct hand_made *)context)->word[location][element];
}

static uint64_t entry_of(void *context, unsigned location)
{
    return ((const struct hand_made *)context)->entry[location];
}

#define ADDRESS    0x1000U
#define ENTRY      0x2000U
#define DESCRIPTOR 0x3000U

static uint64_t value_of(void *context, const struct litmus_value *value)
{
    if (value->kind == LITMUS_ADDRESS)
        return ADDRESS + value->location;
    if (value->kind == LITMUS_ENTRY_ADDRESS)
        return ENTRY + value->location;
    return DESCRIPTOR + (uint64_t)value->descriptor.oa * 8 + value->descriptor.valid * 4U +
           value->descriptor.af * 2U + value->descriptor.db;
}

static bool holds(const char *condition, struct hand_made *state, const struct litmus_fault *faults,
                  unsigned count)
{
    static char text[512];
    struct litmus_test test;
    struct vectors_failure failure;
    const struct litmus_final final = {.context = state,
                                       .reg = reg_of,
                                       .word = word_of,
                                       .entry = entry_of,
                                       .value = value_of,
                                       .faults = faults,
                                       .fault_count = count};
    (void)snprintf(text, sizeof text,
                   "AArch64 T\n{ int x[2]; int y[2]; }\n P0 | P1 ;\n L0: NOP | NOP ;\n NOP | L1: NOP ;\n%s\n",
                   condition);
    if (!litmus_read_text(&test, "t", text, strlen(text), &failure))
        fail_msg("refused: %s", failure.text);
    return litmus_condition_holds(&test, &final);
}

static void registers_and_words_are_compared(void **state)
{
    struct hand_made made = {.reg[1][3] = 2, .word[1][1] = 5, .reg[0][0] = UINT32_MAX};
    assert_true(holds("exists (1:X3=2 /\\ y[1]=5)", &made, NULL, 0));
    assert_false(holds("exists (1:X3=2 /\\ y[1]=4)", &made, NULL, 0));
    assert_true(holds("exists (1:X3=1 \\/ [x]=0)", &made, NULL, 0));
    assert_false(holds("exists (~(1:X3=1 \\/ [x]=0))", &made, NULL, 0));
    assert_true(holds("exists (0:X0=-1)", &made, NULL, 0));
    assert_false(holds("exists (1:X3=-1)", &made, NULL, 0));
    assert_true(holds("forall (true)", &made, NULL, 0));
    assert_false(holds("forall (false)", &made, NULL, 0));
}

static void addresses_and_descriptors_are_what_the_machine_says(void **state)
{
    struct hand_made made = {.reg[0][1] = ADDRESS + 1, .reg[0][2] = ENTRY, .entry[0] = DESCRIPTOR + 8 + 3};
    assert_true(holds("exists (0:X1=y /\\ 0:X2=PTE(x))", &made, NULL, 0));
    assert_false(holds("exists (0:X1=x)", &made, NULL, 0));
    assert_true(holds("exists ([PTE(x)]=(oa:PA(y),valid:0))", &made, NULL, 0));
    assert_false(holds("exists ([PTE(x)]=(oa:PA(y)))", &made, NULL, 0));
}

static void faults_match_by_what_is_asked(void **state)
{
    struct hand_made made = {0};
    const struct litmus_fault fault = {
        .thread = 1, .instruction = 1, .location = 0, .kind = LITMUS_FAULT_PERMISSION};
    assert_true(holds("exists (fault(P1))", &made, &fault, 1));
    assert_true(holds("exists (fault(P1:L1,x,MMU:Permission))", &made, &fault, 1));
    assert_false(holds("exists (fault(P1:L1,y))", &made, &fault, 1));
    assert_false(holds("exists (fault(P1:L1,x,MMU:Translation))", &made, &fault, 1));
    assert_false(holds("exists (fault(P0:L0))", &made, &fault, 1));
    assert_true(holds("exists (~fault(P0:L0))", &made, &fault, 1));
    assert_false(holds("exists (fault(P1))", &made, NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_and_words_are_compared),
        cmocka_unit_test(addresses_and_descriptors_are_what_the_machine_says),
        cmocka_unit_test(faults_match_by_what_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
