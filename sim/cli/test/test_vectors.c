/* `mmusim vectors`: what it prints and its exit status. The counts themselves are pagetables/vectors/test's.
 */
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

#define HEADER "id,image,op,va,result,pa_page,fst,ptw,stage2,sh,attr,par,desc_writes\n"
/* Stage 1 with pages of 4 KiB and 48 bits; one page at 0, of EL0 and EL1. */
#define IMAGE                                                                                                \
    "image a\nreg tcr 500000010\nreg ttbr0 60000000\nreg sctlr 1\nreg mair ff\nq 60000000 60001003\n"        \
    "q 60001000 60002003\nq 60002000 60003003\nq 60003000 70000743\n"
#define GOOD_ROW  "1,a,s1e0r,8,ok,70000000,,,,3,ff,ff00000070000b80,\n"
#define GOOD_ROW2 "2,a,s1e0w,2000,fault,,07,0,0,,,80f,\n"
#define BAD_ROW   "3,a,s1e0r,8,ok,70001000,,,,3,ff,ff00000070000b80,\n"

static char folder[64];

static void write_text(const char *name, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void delete_text(const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    (void)remove(path); /* not every test writes each */
}

static int make_folder(void **state)
{
    char images[128];
    strcpy(folder, "/tmp/mmusim-cli-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(images, sizeof images, "%s/images", folder);
    assert_int_equal(mkdir(images, 0700), 0);
    write_text("images/a.img", IMAGE);
    return command_set_up(state);
}

static int remove_folder(void **state)
{
    delete_text("images/a.img");
    delete_text("images");
    delete_text("v.csv");
    delete_text("suspect_ids.csv");
    assert_int_equal(rmdir(folder), 0);
    return command_tear_down(state);
}

static void good_shipped_vectors_agree(void **state)
{
    call(*state, "vectors", SHIPPED_VECTORS "/riscv", SHIPPED_VECTORS "/aarch64", SHIPPED_VECTORS "/x86",
         NULL);
    assert_fine_with(*state, " differ, ");
    assert_fine_with(*state, "/vectors_h.csv: 889 rows of kind riscv-two-stages\n");
    assert_fine_with(*state, "excluded, kind x86: 160 rows: RSVD set with P clear");
}

static void good_the_last_line_has_the_counts(void **state)
{
    write_text("v.csv", HEADER GOOD_ROW GOOD_ROW2 BAD_ROW);
    write_text("suspect_ids.csv", "file,id,why\nv.csv,3,wrong\n");
    call(*state, "vectors", folder, NULL);
    assert_fine_with(*state,
                     "excluded, kind aarch64-at: 1 rows: wrong\n"
                     "2 rows agree (0 with a column left open), 0 differ, 1 excluded, 0 unsupported\n");
}

static void bad_a_row_that_differs_is_printed_and_status_1(void **state)
{
    struct answer *answer = *state;
    char expected[512];
    write_text("v.csv", HEADER GOOD_ROW GOOD_ROW2 BAD_ROW);
    call(answer, "vectors", folder, NULL);
    (void)snprintf(expected, sizeof expected,
                   "%s/v.csv: 3 rows of kind aarch64-at\n"
                   "%s/v.csv:4: id 3, image a differs\n"
                   "    op s1e0r va 8\n"
                   "    pa_page      expected 70001000, ours 70000000\n"
                   "2 rows agree (0 with a column left open), 1 differ, 0 excluded, 0 unsupported\n",
                   folder, folder);
    assert_string_equal(answer->out, expected);
    assert_string_equal(answer->err, "");
    assert_int_equal(answer->status, CLI_FOUND);
}

static void good_rows_that_differ_are_limited_as_wanted(void **state)
{
    struct answer *answer = *state;
    write_text("v.csv", HEADER "1,a,s1e0r,8,fault,,,,,,,,\n2,a,s1e0r,8,fault,,,,,,,,\n");
    call(answer, "vectors", "--rows=1", folder, NULL);
    assert_int_equal(answer->status, CLI_FOUND);
    assert_non_null(strstr(answer->out, ": id 1,"));
    assert_null(strstr(answer->out, ": id 2,"));
    assert_non_null(strstr(answer->out, "\n1 more row differs; --rows all shows every one\n"));
    call(answer, "vectors", "--rows=all", folder, NULL);
    assert_non_null(strstr(answer->out, ": id 2,"));
    assert_null(strstr(answer->out, "more row"));
}

static void good_one_row_is_told_in_full(void **state)
{
    write_text("v.csv", HEADER GOOD_ROW GOOD_ROW2 BAD_ROW);
    call(*state, "vectors", "--id=1", folder, NULL);
    assert_fine_with(*state, ": id 1, image a agrees\n");
    assert_fine_with(*state, "    attr         ff\n");
    assert_fine_with(*state, "    reads  0x0060000000: 60001003\n    reads  0x0060001000: 60002003\n");
    assert_fine_with(*state, "1 rows agree (0 with a column left open), 0 differ,");
}

static void good_json_has_the_rows_that_differ(void **state)
{
    struct answer *answer = *state;
    write_text("v.csv", HEADER GOOD_ROW BAD_ROW);
    call(answer, "vectors", "--json", folder, NULL);
    assert_int_equal(answer->status, CLI_FOUND);
    assert_non_null(strstr(answer->out, "\"agree\": 1,\n  \"differ\": 1,"));
    assert_non_null(strstr(answer->out,
                           "\"pa_page\": {\"differs\": true, \"expected\": \"70001000\", \"ours\": "
                           "\"70000000\", \"open\": null}"));
}

static void bad_wrong_use_is_refused(void **state)
{
    call(*state, "vectors", NULL);
    assert_refused(*state, "vectors needs a folder with vectors: mmusim vectors DIR...");
    call(*state, "vectors", "--rows=few", folder, NULL);
    assert_refused(*state, "--rows is 'few'; it must be a whole number, 0 or more, or 'all'");
    write_text("v.csv", HEADER GOOD_ROW);
    call(*state, "vectors", "--id=7", folder, NULL);
    assert_refused(*state, "no row has the id '7'");
}

static void bad_no_rows_are_no_success(void **state)
{
    char sentence[256];
    call(*state, "vectors", folder, NULL);
    (void)snprintf(
        sentence, sizeof sentence,
        "there are no rows in '%s'; a folder with CSV files of vectors, and their images in a folder "
        "images inside it, would be right",
        folder);
    assert_refused(*state, sentence);
    write_text("v.csv", HEADER GOOD_ROW);
    write_text("suspect_ids.csv", "file,id,why\nv.csv,1,wrong\n");
    call(*state, "vectors", folder, NULL);
    assert_refused(*state, "no row was compared: each one is excluded or unsupported");
}

static void bad_files_are_refused_with_their_line(void **state)
{
    char sentence[256];
    write_text("v.csv", HEADER GOOD_ROW "2,a,s1e0x,8,ok,,,,,,,,\n");
    call(*state, "vectors", "--json", folder, NULL);
    (void)snprintf(sentence, sizeof sentence,
                   "%s/v.csv:3: column 'op' is 's1e0x'; an AT instruction of EL1 and EL0, as s1e1r, "
                   "s1e1rp/pan0 or s12e0w, would be right",
                   folder);
    assert_refused(*state, sentence);
}

#define VECTORS_TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VECTORS_TEST(good_shipped_vectors_agree),
        VECTORS_TEST(good_the_last_line_has_the_counts),
        VECTORS_TEST(bad_a_row_that_differs_is_printed_and_status_1),
        VECTORS_TEST(good_rows_that_differ_are_limited_as_wanted),
        VECTORS_TEST(good_one_row_is_told_in_full),
        VECTORS_TEST(good_json_has_the_rows_that_differ),
        VECTORS_TEST(bad_wrong_use_is_refused),
        VECTORS_TEST(bad_no_rows_are_no_success),
        VECTORS_TEST(bad_files_are_refused_with_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
