/* `mmusim litmus`: what it prints and its exit status. What is reached is sim/litmus/test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/cli/cli.h"
#include "sim/cli/test/command.h"

#define CODE                                                                                                 \
    "{ [x]=1; [y]=2; 0:X0=(oa:PA(y)); 0:X1=PTE(x); 0:X2=x; }\n P0 ;\n STR X0,[X1] ;\n DSB SY ;\n ISB ;\n"
#define LAST    " LDR W3,[X2] ;\nexists (0:X3=1)\n"
#define STALE   "AArch64 stale+one\n" CODE LAST
#define CLEAN   "AArch64 clean+one\n" CODE " LSR X4,X2,#12 ;\n TLBI VAE1,X4 ;\n DSB SY ;\n ISB ;\n" LAST
#define HEADER  "test,family,verdict,variant\n"
#define ALLOWED "stale+one,stale,Allowed,vmsa\nclean+one,clean,Forbidden,vmsa\n"
#define WRONG   "stale+one,stale,Forbidden,vmsa\n"

static char folder[64];
static const char *const names[] = {"b.litmus", "a/a.litmus", "a/verdicts.csv", "verdicts.csv", "a/s.lua",
                                    "a",        NULL};

static void write_text(const char *name, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int make_folder(void **state)
{
    char inner[128];
    strcpy(folder, "/tmp/mmusim-cli-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(inner, sizeof inner, "%s/a", folder);
    assert_int_equal(mkdir(inner, 0700), 0);
    return command_set_up(state);
}

static int remove_folder(void **state)
{
    for (unsigned i = 0; names[i] != NULL; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)remove(path); /* not every test writes each */
    }
    assert_int_equal(rmdir(folder), 0);
    return command_tear_down(state);
}

static void good_a_folder_has_its_tests_in_order_with_verdicts_and_shares(void **state)
{
    write_text("b.litmus", CLEAN);
    write_text("a/a.litmus", STALE);
    write_text("verdicts.csv", HEADER ALLOWED);
    call(*state, "litmus", folder, NULL);
    const struct answer *answer = *state;
    assert_int_equal(answer->status, CLI_FINE);
    assert_string_equal(answer->err, "");
    assert_string_equal(
        answer->out,
        "stale+one                                            reached     Allowed    exists (0:X3=1)\n"
        "clean+one                                            not reached Forbidden  exists (0:X3=1)\n"
        "\n"
        "family                 allowed   reached   share   forbidden   reached\n"
        "stale                        1         1   100 %           0         0\n"
        "clean                        0         0                   1         0\n"
        "\n"
        "2 tests; forbidden: 0 of 1 reached; allowed: 1 of 1 reached\n");
}

static void bad_a_forbidden_outcome_that_is_reached_is_found(void **state)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/b.litmus", folder);
    write_text("b.litmus", STALE);
    write_text("verdicts.csv", HEADER WRONG);
    call(*state, "litmus", path, NULL);
    const struct answer *answer = *state;
    assert_int_equal(answer->status, CLI_FOUND);
    assert_non_null(strstr(answer->out, "  WRONG: what is forbidden is reached\n"));
}

static void good_without_verdicts_there_is_no_judgement(void **state)
{
    write_text("b.litmus", STALE);
    call(*state, "litmus", folder, NULL);
    assert_fine_with(*state, "\n\n1 test; without a verdict: 1 of 1 reached\n");
}

static void good_a_trace_tells_each_step(void **state)
{
    write_text("a/a.litmus", STALE);
    write_text("b.litmus", CLEAN);
    call(*state, "litmus", "--trace", folder, NULL);
    assert_fine_with(*state, "\n    P0: LDR W3,[X2]: reads 1 from the page of x\nclean+one ");
    assert_fine_with(*state, "exists (0:X3=1)\n\n2 tests");
}

static void good_json_and_csv_say_the_same(void **state)
{
    write_text("b.litmus", STALE);
    write_text("verdicts.csv", HEADER ALLOWED);
    call(*state, "litmus", "--json", "--trace", folder, NULL);
    assert_fine_with(*state, "\"family\": \"stale\", \"outcome\": \"exists (0:X3=1)\", \"reached\": true, "
                             "\"verdict\": \"Allowed\"");
    assert_fine_with(*state, "\"story\": [\"P0: a walk begins that nobody asked for\", ");
    assert_fine_with(*state, "\"all\": {\"tests\": 1, \"allowed\": 1, \"allowed_reached\": 1, ");
    forget_answer(*state);
    call(*state, "litmus", "--csv", folder, NULL);
    assert_fine_with(*state, "/b.litmus,stale,exists (0:X3=1),yes,Allowed,");
}

static void good_a_narrow_window_reaches_less(void **state)
{
    write_text(
        "b.litmus",
        "AArch64 early\n{ [x]=1; [PTE(x)]=(oa:PA(x),valid:0); 0:X0=(oa:PA(x)); 0:X1=PTE(x); 0:X2=x; }\n"
        " P0 ;\n STR X0,[X1] ;\n DSB SY ;\n L0: LDR W3,[X2] ;\nexists (fault(P0:L0,x))\n");
    call(*state, "litmus", "--window=1", folder, NULL);
    assert_fine_with(*state, "0 of 1 reached");
    forget_answer(*state);
    call(*state, "litmus", "--window=3", folder, NULL);
    assert_fine_with(*state, "1 of 1 reached");
    forget_answer(*state);
    call(*state, "litmus", "--ets2", folder, NULL);
    assert_fine_with(*state, "1 test with FEAT_ETS2; without a verdict: 0 of 1 reached");
}

static void bad_files_are_named_and_the_others_explored(void **state)
{
    char sentence[256];
    const struct answer *answer = *state;
    write_text("a/a.litmus", "AArch64 broken\n{ 0:X99=1; }\n");
    write_text("b.litmus", STALE);
    call(*state, "litmus", folder, NULL);
    (void)snprintf(
        sentence, sizeof sentence,
        "mmusim: %s/a/a.litmus:2: 'X99' stands where a register X0 to X30, W0 to W30, XZR or WZR would be "
        "right\n",
        folder);
    assert_int_equal(answer->status, CLI_MISUSE);
    assert_string_equal(answer->err, sentence);
    assert_non_null(strstr(answer->out, "; not explored: 1\n"));
}

static void bad_use_is_refused(void **state)
{
    char sentence[256];
    call(*state, "litmus", NULL);
    assert_refused(*state, "litmus needs a litmus test, or a folder with some: mmusim litmus PATH...");
    forget_answer(*state);
    call(*state, "litmus", folder, NULL);
    (void)snprintf(sentence, sizeof sentence,
                   "there is no litmus test in '%s'; files NAME.litmus or NAME.lua would be right", folder);
    assert_refused(*state, sentence);
    forget_answer(*state);
    write_text("b.litmus", STALE);
    write_text("verdicts.csv", "test\n");
    call(*state, "litmus", folder, NULL);
    (void)snprintf(
        sentence, sizeof sentence,
        "%s/verdicts.csv:1: has no column family; test, family, verdict and variant would be right", folder);
    assert_refused(*state, sentence);
}

#define LITMUS_TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LITMUS_TEST(good_a_folder_has_its_tests_in_order_with_verdicts_and_shares),
        LITMUS_TEST(bad_a_forbidden_outcome_that_is_reached_is_found),
        LITMUS_TEST(good_without_verdicts_there_is_no_judgement),
        LITMUS_TEST(good_a_trace_tells_each_step),
        LITMUS_TEST(good_json_and_csv_say_the_same),
        LITMUS_TEST(good_a_narrow_window_reaches_less),
        LITMUS_TEST(bad_files_are_named_and_the_others_explored),
        LITMUS_TEST(bad_use_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
