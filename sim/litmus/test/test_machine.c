/* What the machine reaches of tests without page tables, whose answers textbooks have, and what it refuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "sim/litmus/machine.h"

static struct litmus_result explore(const char *text, const struct litmus_options *options)
{
    struct litmus_test test;
    struct litmus_result result;
    struct vectors_failure failure;
    if (!litmus_read_text(&test, "t", text, strlen(text), &failure))
        fail_msg("refused: %s", failure.text);
    if (!litmus_explore(&test, options, &result, &failure))
        fail_msg("refused: %s", failure.text);
    if (!result.complete)
        fail_msg("not complete: %s", result.sentence);
    return result;
}

static bool reaches(const char *text)
{
    const struct litmus_options options = {0};
    return explore(text, &options).reached;
}

#define TWO "AArch64 T\n{ [x]=0; [y]=0; 0:X1=x; 0:X3=y; 0:X5=1; 1:X1=y; 1:X3=x; 1:X5=1; }\n P0 | P1 ;\n"

static void stores_wait_in_the_buffer_until_a_dmb(void **state)
{
    assert_true(
        reaches(TWO "STR W5,[X1] | STR W5,[X1] ; LDR W2,[X3] | LDR W2,[X3] ;\nexists (0:X2=0 /\\ 1:X2=0)"));
    assert_false(reaches(TWO "STR W5,[X1] | STR W5,[X1] ; DMB SY | DMB SY ; LDR W2,[X3] | LDR W2,[X3] ;\n"
                             "exists (0:X2=0 /\\ 1:X2=0)"));
    assert_true(reaches(TWO "STR W5,[X1] | STR W5,[X1] ; DMB ST | DMB ST ; LDR W2,[X3] | LDR W2,[X3] ;\n"
                            "exists (0:X2=0 /\\ 1:X2=0)"));
    /* STLR and LDAR are sequentially consistent among themselves */
    assert_false(reaches(TWO "STLR W5,[X1] | STLR W5,[X1] ; LDAR W2,[X3] | LDAR W2,[X3] ;\n"
                             "exists (0:X2=0 /\\ 1:X2=0)"));
}

static void messages_pass_in_order_only_with_order_on_both_sides(void **state)
{
    static const char asked[] = "exists (1:X2=1 /\\ 1:X4=0)";
    static char text[512];
    static const struct {
        const char *code;
        bool reached;
    } rows[] = {
        {"STR W5,[X1] | LDR W2,[X1] ; STR W5,[X3] | LDR W4,[X3] ;", true},
        {"STR W5,[X1] | LDR W2,[X1] ; DMB ST | ; STR W5,[X3] | LDR W4,[X3] ;", true},
        {"STR W5,[X1] | LDR W2,[X1] ; | DMB LD ; STR W5,[X3] | LDR W4,[X3] ;", true},
        {"STR W5,[X1] | LDR W2,[X1] ; DMB ST | DMB LD ; STR W5,[X3] | LDR W4,[X3] ;", false},
        {"STR W5,[X1] | LDR W2,[X1] ; DMB ST | EOR W6,W2,W2 ; STR W5,[X3] | LDR W4,[X3,W6,SXTW] ;", false},
        {"STR W5,[X1] | LDR W2,[X1] ; DMB ST | CBNZ W2,LC ; | LC: ; STR W5,[X3] | LDR W4,[X3] ;", true},
        {"STR W5,[X1] | LDR W2,[X1] ; DMB ST | CBZ W2,LC ; STR W5,[X3] | ISB ; | LDR W4,[X3] ; | LC: ;",
         false},
        {"STR W5,[X1] | LDR W2,[X1] ; DMB ST | CBZ W2,LC ; STR W5,[X3] | LDR W4,[X3] ; | LC: ;", true},
        {"STR W5,[X1] | LDAR W2,[X1] ; STLR W5,[X3] | LDR W4,[X3] ;", false},
        {"STR W5,[X1] | LDAR W2,[X1] ; STR W5,[X3] | LDR W4,[X3] ;", true},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)snprintf(text, sizeof text, TWO "%s\n%s", rows[i].code, asked);
        if (reaches(text) != rows[i].reached)
            fail_msg("%s should%s be reached", rows[i].code, rows[i].reached ? "" : " not");
    }
}

static void loads_are_passed_by_stores_that_do_not_depend_on_them(void **state)
{
    assert_true(
        reaches(TWO "LDR W2,[X1] | LDR W2,[X1] ; STR W5,[X3] | STR W5,[X3] ;\nexists (0:X2=1 /\\ 1:X2=1)"));
    assert_false(reaches(TWO "LDR W2,[X1] | LDR W2,[X1] ; EOR W4,W2,W2 | STR W2,[X3] ; ADD W4,W4,#1 | ;\n"
                             "STR W4,[X3] | ;\nexists (0:X2=1 /\\ 1:X2=1)"));
}

static void acquire_and_release_order_what_is_not_done_yet(void **state)
{
    /* the release waits for a load, and the acquire behind it for the release */
    assert_false(reaches(
        "AArch64 SB\n{ [x]=0; [y]=0; [z]=0; 0:X1=x; 0:X3=y; 0:X5=1; 0:X7=z; 1:X1=y; 1:X3=x; 1:X5=1; }\n"
        " P0 | P1 ;\n LDR W6,[X7] | STLR W5,[X1] ;\n STLR W5,[X1] | LDAR W2,[X3] ;\n"
        " LDAR W2,[X3] | ;\nexists (0:X2=0 /\\ 1:X2=0)"));
    assert_false(reaches(TWO "LDAR W2,[X1] | LDAR W2,[X1] ; STR W5,[X3] | STR W5,[X3] ;\n"
                             "exists (0:X2=1 /\\ 1:X2=1)"));
    assert_false(reaches(TWO "LDR W2,[X1] | LDR W2,[X1] ; STLR W5,[X3] | STLR W5,[X3] ;\n"
                             "exists (0:X2=1 /\\ 1:X2=1)"));
    /* nor does a release pass a store that waits for its value, which another store does */
    static const char late[] =
        "AArch64 MP\n{ [x]=0; [y]=0; [z]=0; 0:X1=x; 0:X3=y; 0:X5=1; 0:X7=z; 1:X1=y; 1:X3=x; }\n"
        " P0 | P1 ;\n LDR W6,[X7] | LDAR W2,[X1] ;\n ADD W6,W6,#1 | LDR W4,[X3] ;\n"
        " STR W6,[X1] | ;\n %s W5,[X3] | ;\nexists (1:X2=1 /\\ 1:X4=0)";
    static char text[512];
    (void)snprintf(text, sizeof text, late, "STLR");
    assert_false(reaches(text));
    (void)snprintf(text, sizeof text, late, "STR");
    assert_true(reaches(text));
    /* two stores to one word leave in order although the first waits for its value */
    assert_false(reaches("AArch64 CoWW\n{ [x]=0; [z]=0; 0:X1=x; 0:X5=2; 0:X7=z; }\n P0 ;\n LDR W6,[X7] ;\n"
                         " ADD W6,W6,#1 ;\n STR W6,[X1] ;\n STR W5,[X1] ;\nexists ([x]=1)"));
}

static void one_word_is_coherent(void **state)
{
    assert_false(
        reaches("AArch64 CoRR\n{ [x]=0; 0:X1=x; 0:X5=1; 1:X1=x; }\n P0 | P1 ;\n STR W5,[X1] | LDR W2,[X1] ;\n"
                " | LDR W3,[X1] ;\nexists (1:X2=1 /\\ 1:X3=0)"));
    assert_false(reaches("AArch64 CoRW\n{ [x]=0; 0:X1=x; 0:X5=1; }\n P0 ;\n LDR W2,[X1] ;\n STR W5,[X1] ;\n"
                         "exists (0:X2=1)"));
    assert_false(reaches("AArch64 CoWR\n{ [x]=0; 0:X1=x; 0:X5=1; }\n P0 ;\n STR W5,[X1] ;\n LDR W2,[X1] ;\n"
                         "exists (0:X2=0)"));
    assert_false(
        reaches("AArch64 CoWW\n{ [x]=0; 0:X1=x; 0:X5=1; 0:X6=2; }\n P0 ;\n STR W5,[X1] ;\n STR W6,[X1] ;\n"
                "~exists (~[x]=2)"));
}

static void every_core_sees_stores_at_once(void **state)
{
    assert_false(reaches(
        "AArch64 IRIW\n{ [x]=0; [y]=0; 0:X1=x; 0:X5=1; 1:X1=y; 1:X5=1; 2:X1=x; 2:X3=y; 3:X1=y; 3:X3=x; }\n"
        " P0 | P1 | P2 | P3 ;\n STR W5,[X1] | STR W5,[X1] | LDR W2,[X1] | LDR W2,[X1] ;\n"
        " | | DMB LD | DMB LD ;\n | | LDR W4,[X3] | LDR W4,[X3] ;\n"
        "exists (2:X2=1 /\\ 2:X4=0 /\\ 3:X2=1 /\\ 3:X4=0)"));
}

static void forall_is_reached_by_a_run_that_ends_otherwise(void **state)
{
    assert_false(reaches("AArch64 T\n{ [x]=3; 0:X1=x; }\n P0 ;\n LDR W2,[X1] ;\nforall (0:X2=3)"));
    assert_true(
        reaches("AArch64 T\n{ [x]=3; 0:X1=x; 1:X1=x; 1:X2=4; }\n P0 | P1 ;\n LDR W2,[X1] | STR W2,[X1] ;\n"
                "forall (0:X2=3)"));
}

static void code_computes_branches_and_loops(void **state)
{
    assert_true(
        reaches("AArch64 T\n{ [x]=0; 0:X1=x; 0:X2=3; }\n P0 ;\n L0: ;\n ADD X3,X3,#5 ;\n SUB X2,X2,#1 ;\n"
                " CBNZ X2,L0 ;\n LSL X3,X3,#2 ;\n B L1 ;\n MOV X3,#0 ;\n L1: STR W3,[X1] ;\n"
                "exists ([x]=60 /\\ 0:X3=60 /\\ 0:X2=0)"));
    assert_false(reaches(
        "AArch64 T\n{ 0:X1=-1; }\n P0 ;\n MOV W2,W1 ;\n AND X3,X1,#12 ;\n ORR W4,W1,WZR ;\n LSR W5,W1,#31 ;\n"
        "exists (~(0:X2=0xffffffff /\\ 0:X3=12 /\\ 0:X4=0xffffffff /\\ 0:X5=1))"));
}

#define STALE                                                                                                \
    "AArch64 stale\n{ [x]=1; [y]=2; 0:X0=(oa:PA(y)); 0:X1=PTE(x); 0:X2=x; }\n P0 ;\n STR X0,[X1] ;\n DSB "   \
    "SY ;\n"                                                                                                 \
    " LSR X3,X2,#12 ;\n TLBI VAE1,X3 ;\n DSB SY ;\n"

static void one_word_is_coherent_under_two_addresses(void **state)
{
    /* what x is mapped to is known late, when the load through y may have read */
    assert_false(
        reaches("AArch64 CoRR\n{ [x]=0; [PTE(y)]=(oa:PA(x)); 0:X1=y; 0:X5=1; 1:X1=x; 1:X2=y; 1:X9=PTE(x); }\n"
                " P0 | P1 ;\n STR W5,[X1] | LDR W3,[X1] ;\n | LDR W4,[X2] ;\n"
                "exists (1:X3=1 /\\ 1:X4=0)"));
}

static void a_fault_is_taken_only_where_the_code_goes(void **state)
{
    static const char skipped[] =
        "AArch64 T\n{ [x]=0; [z]=1; [PTE(x)]=(oa:PA(x),valid:0); 0:X1=x; 0:X3=z; }\n P0 ;\n"
        " LDR W2,[X3] ;\n CBNZ W2,L1 ;\n L0: LDR W4,[X1] ;\n L1: ;\n";
    static char text[512];
    (void)snprintf(text, sizeof text, "%sexists (fault(P0))", skipped);
    assert_false(reaches(text));
    /* and what stands behind it is fetched anew, with its context synchronized */
    assert_false(
        reaches("AArch64 MP\n{ [d]=0; [x]=1; 0:X0=1; 0:X1=d; 0:X2=(oa:PA(x),valid:0); 0:X3=PTE(x); 1:X0=x; "
                "1:X2=d; }\n"
                " P0 | P1 ;\n STR W0,[X1] | L0: LDR W1,[X0] ;\n DMB SY | LDR W3,[X2] ;\n STR X2,[X3] | ;\n"
                "exists (fault(P1:L0,x,MMU:Translation) /\\ 1:X3=0)"));
}

static void two_cores_that_invalidate_do_not_wait_for_each_other(void **state)
{
    assert_true(
        reaches("AArch64 T\n{ [x]=1; 0:X0=x; 0:X1=PTE(x); 1:X0=x; }\n P0 | P1 ;\n"
                " TLBI VMALLE1IS | TLBI VMALLE1IS ;\n DSB SY | DSB SY ;\n LDR W2,[X0] | LDR W2,[X0] ;\n"
                "exists (0:X2=1 /\\ 1:X2=1)"));
    assert_false(
        reaches("AArch64 T\n{ [x]=1; 0:X0=x; 0:X1=PTE(x); 1:X0=x; }\n P0 | P1 ;\n"
                " TLBI VMALLE1IS | TLBI VMALLE1IS ;\n DSB SY | DSB SY ;\n LDR W2,[X0] | LDR W2,[X0] ;\n"
                "exists (0:X2=2)"));
}

static void a_window_of_one_is_a_core_in_order(void **state)
{
    struct litmus_options options = {.window = 1};
    static const char text[] = STALE " LDR W4,[X2] ;\nexists (0:X4=1)";
    assert_false(explore(text, &options).reached);
    options.window = 6;
    assert_true(explore(text, &options).reached); /* translated early, and no ISB */
    options.ets2 = true;
    assert_false(explore(text, &options).reached);
}

struct story {
    char text[4096];
};

static void listen(void *context, const char *line)
{
    struct story *story = context;
    (void)strncat(story->text, line, sizeof story->text - strlen(story->text) - 2);
    (void)strncat(story->text, "\n", sizeof story->text - strlen(story->text) - 1);
}

static void the_story_is_that_of_a_shortest_run(void **state)
{
    static struct story story;
    const struct litmus_options options = {.tell = listen, .tell_context = &story};
    struct litmus_result result = explore("AArch64 T\n{ [x]=1; [y]=2; 0:X0=(oa:PA(y)); 0:X1=PTE(x); 0:X2=x; "
                                          "}\n P0 ;\n STR X0,[X1] ;\n DSB SY ;\n"
                                          " ISB ;\n LDR W4,[X2] ;\nexists (0:X4=1)",
                                          &options);
    assert_true(result.reached);
    assert_int_equal(result.depth, 6);
    assert_string_equal(story.text, "P0: a walk begins that nobody asked for\n"
                                    "P0: the walk of x that nobody asked for reads (oa:PA(x))\n"
                                    "P0: a store becomes visible: PTE(x) = (oa:PA(y))\n"
                                    "    P0: DSB SY is complete\n"
                                    "    P0: ISB is complete\n"
                                    "P0: the walk of x that nobody asked for ends and fills the TLB\n"
                                    "P0: LDR W4,[X2]: hits in the TLB: the page of x\n"
                                    "P0: LDR W4,[X2]: reads 1 from the page of x\n");
}

static void refuse(const char *text, const char *sentence)
{
    struct litmus_test test;
    struct litmus_result result;
    struct vectors_failure failure;
    const struct litmus_options options = {0};
    if (!litmus_read_text(&test, "t", text, strlen(text), &failure))
        fail_msg("refused: %s", failure.text);
    assert_false(litmus_explore(&test, &options, &result, &failure));
    assert_string_equal(failure.text, sentence);
}

static void bad_accesses_are_refused(void **state)
{
    refuse("AArch64 T\n{ 0:X1=5; }\n P0 ;\n LDR W0,[X1] ;\nexists (true)",
           "T: P0: LDR W0,[X1] accesses no variable and no descriptor of one");
    refuse("AArch64 T\n{ [x]=0; 0:X1=PTE(x); }\n P0 ;\n STR W0,[X1] ;\nexists (true)",
           "T: P0: STR W0,[X1] accesses a descriptor, which takes an X register");
    refuse("AArch64 T\n{ int x[2]; 0:X1=x; }\n P0 ;\n LDR X0,[X1] ;\nexists (true)",
           "T: P0: LDR X0,[X1] accesses an array otherwise than element by element");
    refuse("AArch64 T\n{ int x[2]; 0:X1=x; }\n P0 ;\n LDR W0,[X1,#8] ;\nexists (true)",
           "T: P0: LDR W0,[X1,#8] accesses something else than an element of a variable");
}

static void a_bound_on_memory_ends_with_a_sentence(void **state)
{
    struct litmus_test test;
    struct litmus_result result;
    struct vectors_failure failure;
    const struct litmus_options options = {.states_max = 10};
    static const char text[] = STALE " ISB ;\n LDR W4,[X2] ;\nexists (0:X4=1)";
    assert_true(litmus_read_text(&test, "t", text, strlen(text), &failure));
    assert_true(litmus_explore(&test, &options, &result, &failure));
    assert_false(result.complete);
    assert_false(result.reached);
    assert_non_null(strstr(result.sentence, "10 "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stores_wait_in_the_buffer_until_a_dmb),
        cmocka_unit_test(messages_pass_in_order_only_with_order_on_both_sides),
        cmocka_unit_test(loads_are_passed_by_stores_that_do_not_depend_on_them),
        cmocka_unit_test(acquire_and_release_order_what_is_not_done_yet),
        cmocka_unit_test(one_word_is_coherent),
        cmocka_unit_test(one_word_is_coherent_under_two_addresses),
        cmocka_unit_test(a_fault_is_taken_only_where_the_code_goes),
        cmocka_unit_test(two_cores_that_invalidate_do_not_wait_for_each_other),
        cmocka_unit_test(every_core_sees_stores_at_once),
        cmocka_unit_test(forall_is_reached_by_a_run_that_ends_otherwise),
        cmocka_unit_test(code_computes_branches_and_loops),
        cmocka_unit_test(a_window_of_one_is_a_core_in_order),
        cmocka_unit_test(the_story_is_that_of_a_shortest_run),
        cmocka_unit_test(bad_accesses_are_refused),
        cmocka_unit_test(a_bound_on_memory_ends_with_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
