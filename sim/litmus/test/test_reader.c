/* What the reader of litmus tests takes and refuses, and with which sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "sim/litmus/litmus.h"

static struct litmus_test good(const char *text)
{
    struct litmus_test test;
    struct vectors_failure failure;
    if (!litmus_read_text(&test, "a.litmus", text, strlen(text), &failure))
        fail_msg("refused: %s", failure.text);
    return test;
}

static void refuse(const char *text, const char *sentence)
{
    struct litmus_test test;
    struct vectors_failure failure;
    assert_false(litmus_read_text(&test, "a.litmus", text, strlen(text), &failure));
    assert_string_equal(failure.text, sentence);
}

/* A test whose only thread has this one row of code. */
static const char *with_code(const char *code)
{
    static char text[1024];
    (void)snprintf(text, sizeof text, "AArch64 T\n{ [x]=1; 0:X1=x; }\n P0 ;\n %s ;\nexists (0:X0=1)\n", code);
    return text;
}

static const char *with_condition(const char *condition)
{
    static char text[1024];
    (void)snprintf(text, sizeof text, "AArch64 T\n{ int x[2]; 0:X1=x; }\n P0 ;\n L0: LDR W0,[X1] ;\n%s\n",
                   condition);
    return text;
}

static void good_init_gives_variables_entries_and_registers(void **state)
{
    struct litmus_test test = good("AArch64 A name +x\n"
                                   "\"a text\" Generator=by hand\nOrig=x\n"
                                   "{ (* a comment (* in a comment *) *)\n"
                                   "int x[2]={1,-2}; uint64_t y=0x10; [z]=3;\n"
                                   "[PTE(x)]=(oa:PA(y),valid:0); [PTE(z)]=(db:0,af:0);\n"
                                   "0:X0=x; 1:X30=PTE(y); 1:X2=(oa:PA(w)); pteval_t 0:X3;\n}\n"
                                   " P0 | P1 ;\n NOP | ;\nforall (true)\n");
    assert_string_equal(test.name, "A name +x");
    assert_int_equal(test.locations, 4);
    assert_int_equal(test.threads, 2);
    assert_string_equal(test.location[3].name, "w");
    assert_int_equal(test.location[0].elements, 2);
    assert_int_equal(test.location[0].initial[1], -2);
    assert_int_equal(test.location[1].element_bytes, 8);
    assert_int_equal(test.location[1].initial[0], 16);
    assert_int_equal(test.location[0].entry.oa, 1);
    assert_false(test.location[0].entry.valid);
    assert_int_equal(test.location[2].entry.oa, 2);
    assert_false(test.location[2].entry.db);
    assert_false(test.location[2].entry.af);
    assert_int_equal(test.thread[0].initial[0].kind, LITMUS_ADDRESS);
    assert_int_equal(test.thread[1].initial[30].kind, LITMUS_ENTRY_ADDRESS);
    assert_int_equal(test.thread[1].initial[2].descriptor.oa, 3);
    assert_int_equal(test.quantifier, LITMUS_FORALL);
}

static void bad_init_is_refused(void **state)
{
    refuse("AArch64 T\n{ [x]=1\n0:X0=1; }",
           "a.litmus:3: '0' stands where ; behind each item of the initial state would be "
           "right");
    refuse("AArch64 T\n{ 0:X31=1; }",
           "a.litmus:2: 'X31' stands where a register X0 to X30, W0 to W30, XZR or WZR would "
           "be right");
    refuse("AArch64 T\n{ 7:X0=1; }", "a.litmus:2: there is a thread 7; 0 to 3 would be right");
    refuse("AArch64 T\n{ 0:X0=(valid:0); }", "a.litmus:2: ')' stands where a field oa:PA(x), without which "
                                             "the descriptor maps nothing, would be right");
    refuse("AArch64 T\n{ [PTE(x)]=(dbm:1); }",
           "a.litmus:2: 'dbm' stands where a field oa, valid, af or db would be right");
    refuse("AArch64 T\n{ [PTE(x)]=(af:2); }", "a.litmus:2: a field of one bit is 2; 0 or 1 would be right");
    refuse("AArch64 T\n{ int x[2]={1,2,3}; }", "a.litmus:2: 'x' has more values than its 2 elements");
    refuse("AArch64 T\n{ int x[9]; }", "a.litmus:2: 'x' has 9 elements; 1 to 8 would be right");
    refuse("AArch64 T\n{ 1:X0=1; }\n P0 ;\n NOP ;\n",
           "a.litmus:2: gives a register of thread 1 a value; there are 1 threads");
}

static void bad_frames_of_tests_are_refused(void **state)
{
    refuse("X86 T\n{}",
           "a.litmus:1: does not begin with AArch64 and the test's name, as a litmus test that can be read "
           "does");
    refuse("AArch64\n{}", "a.litmus:1: the test's name is missing behind AArch64");
    refuse("AArch64 T\nhello\n{}",
           "a.litmus:2: 'hello' stands where {, which begins the initial state, would be right");
    refuse("AArch64 T\n{", "a.litmus:2: the text ends where a variable would be right");
    refuse("AArch64 T\n{}\n P1 ;", "a.litmus:3: 'P1' stands where P0 would be right");
    refuse("AArch64 T\n{}\n P0 ;\n NOP ;\n",
           "a.litmus:5: the text ends where exists (...), ~exists (...) or forall (...) would be right");
}

static void good_code_has_instructions_labels_and_targets(void **state)
{
    struct litmus_test test =
        good(with_code("LDR X2,[X1,W3,SXTW] ;\n L0: ;\n str w4,[x1,#4] ;\n CBNZ X2,End ;\n"
                       " TLBI VALE1IS,X2 ;\n DSB ISHST ;\n LSR X5,X1,#12 ;\n End:"));
    const struct litmus_thread *thread = &test.thread[0];
    assert_int_equal(thread->instructions, 6);
    assert_int_equal(thread->code[0].operand, LITMUS_SIGNED_WORD);
    assert_true(thread->code[0].wide);
    assert_int_equal(thread->code[1].opcode, LITMUS_STR);
    assert_false(thread->code[1].wide);
    assert_int_equal(thread->code[1].immediate, 4);
    assert_int_equal(thread->label[0].instruction, 1);
    assert_int_equal(thread->code[2].target, 6);
    assert_int_equal(thread->code[3].invalidation, LITMUS_TLBI_VAL);
    assert_true(thread->code[3].broadcast);
    assert_int_equal(thread->code[4].domain, LITMUS_INNER);
    assert_int_equal(thread->code[4].barrier_type, LITMUS_BARRIER_STORES);
    assert_int_equal(thread->code[5].immediate, 12);
}

static void bad_code_is_refused(void **state)
{
    refuse(with_code("LDXR W0,[X1]"), "a.litmus:4: the instruction 'LDXR' is not known; LDR, STR, LDAR, "
                                      "STLR, MOV, ADD, SUB, EOR, AND, ORR, LSR, LSL, "
                                      "CBZ, CBNZ, B, DMB, DSB, ISB, TLBI and NOP are");
    refuse(with_code("LDR W0,[W1]"), "a.litmus:4: an address is in an X register; [Xn] would be right");
    refuse(with_code("LDAR W0,[X1,#4]"), "a.litmus:4: ',' stands where ] behind the address would be right");
    refuse(with_code("LDR W0,[X1,W2]"), "a.litmus:4: ']' stands where , between operands would be right");
    refuse(with_code("EOR X0,W1,W1"), "a.litmus:4: has X and W registers; all X, or all W, would be right");
    refuse(with_code("LSR W0,W1,#32"),
           "a.litmus:4: shifts by something else than #0 to #31, which would be right");
    refuse(with_code("CBZ X0,L9"), "a.litmus:4: a branch goes to 'L9', which is no label of its thread P0");
    refuse(with_code("L0: ; L0: NOP"), "a.litmus:4: the label 'L0' stands twice in one thread");
    refuse(with_code("DMB FULL"),
           "a.litmus:4: 'FULL' stands where SY, LD, ST, or one of ISH, OSH, NSH, perhaps with LD or "
           "ST behind it, would be right");
    refuse(with_code("TLBI IPAS2E1,X0"),
           "a.litmus:4: 'IPAS2E1' stands where VAE1, VAAE1, VALE1, VAALE1 or VMALLE1, perhaps "
           "with IS behind it, would be right");
    refuse(with_code("NOP | NOP"), "a.litmus:4: '|' stands where ; at the end of the row would be right");
}

static void good_conditions_bind_as_in_herd(void **state)
{
    static char buffer[256];
    struct litmus_test test =
        good(with_condition("~exists (0:X0=1 \\/ not x[1]=2 /\\ (fault(P0:L0,x,MMU:AccessFlag) \\/ "
                            "[PTE(x)]=(valid:0)))"));
    assert_int_equal(test.quantifier, LITMUS_NOT_EXISTS);
    assert_int_equal(test.node[test.nodes - 1].kind, LITMUS_OR_ELSE);
    (void)litmus_write_condition(&test, buffer, sizeof buffer);
    assert_string_equal(buffer, "~exists (0:X0=1 \\/ ~x[1]=2 /\\ (fault(P0:L0,x,MMU:AccessFlag) \\/ "
                                "[PTE(x)]=(oa:PA(x),valid:0)))");
}

static void bad_conditions_are_refused(void **state)
{
    refuse(with_condition("exists (1:X0=1)"),
           "a.litmus:5: the condition asks about thread 1; there are 1, from 0");
    refuse(with_condition("exists (y=1)"),
           "a.litmus:5: 'y' stands where a variable of the initial state would be right");
    refuse(with_condition("exists (x[2]=1)"), "a.litmus:5: 'x' has no element 2; it has 2, from 0");
    refuse(with_condition("exists (fault(P0:L1))"),
           "a.litmus:5: 'L1' stands where a label of the thread would be right");
    refuse(with_condition("exists (fault(P0,x,MMU:Alignment))"),
           "a.litmus:5: 'Alignment' stands where MMU:Translation, MMU:Permission or MMU:AccessFlag would be "
           "right");
    refuse(with_condition("exists (0:X0=1"),
           "a.litmus:6: the text ends where ) that closes the bracket would be right");
    refuse(with_condition("exists (0:X0=1) exists"),
           "a.litmus:5: 'exists' stands where the end, /\\ or \\/ behind the condition would be right");
    refuse(
        with_condition("exists (((((((((((((((((((((((((((((((((((true)))))))))))))))))))))))))))))))))))"),
        "a.litmus:5: the condition has more than 32 brackets and ~ in each other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_init_gives_variables_entries_and_registers),
        cmocka_unit_test(bad_init_is_refused),
        cmocka_unit_test(bad_frames_of_tests_are_refused),
        cmocka_unit_test(good_code_has_instructions_labels_and_targets),
        cmocka_unit_test(bad_code_is_refused),
        cmocka_unit_test(good_conditions_bind_as_in_herd),
        cmocka_unit_test(bad_conditions_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
