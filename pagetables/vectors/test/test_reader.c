/* What the readers of vectors take and refuse, and with which sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "pagetables/vectors/csv.h"
#include "pagetables/vectors/image.h"

/* ---- CSV ---- */

static bool parse_bytes(struct vectors_csv *csv, const char *text, size_t bytes,
                        struct vectors_failure *failure)
{
    char *copy = malloc(bytes + 1);
    assert_non_null(copy);
    memcpy(copy, text, bytes);
    copy[bytes] = '\0';
    return vectors_csv_parse(csv, "a.csv", copy, bytes, failure);
}

static struct vectors_csv good_csv(const char *text)
{
    struct vectors_csv csv;
    struct vectors_failure failure;
    if (!parse_bytes(&csv, text, strlen(text), &failure))
        fail_msg("refused: %s", failure.text);
    return csv;
}

static void refuse_csv(const char *text, const char *sentence)
{
    struct vectors_csv csv;
    struct vectors_failure failure;
    assert_false(parse_bytes(&csv, text, strlen(text), &failure));
    assert_string_equal(failure.text, sentence);
    assert_null(csv.text);
}

static void good_rows_have_fields_by_column_and_lines(void **state)
{
    struct vectors_csv csv = good_csv("id,image,va\n1,a,ff\n\n2,b,\n");
    assert_int_equal(csv.rows, 2);
    assert_int_equal(vectors_csv_column(&csv, "va"), 2);
    assert_int_equal(vectors_csv_column(&csv, "pa"), -1);
    assert_string_equal(vectors_csv_field(&csv, 0, 2), "ff");
    assert_string_equal(vectors_csv_field(&csv, 1, 0), "2");
    assert_string_equal(vectors_csv_field(&csv, 1, 2), "");
    assert_int_equal(csv.lines[0], 2);
    assert_int_equal(csv.lines[1], 4);
    vectors_csv_release(&csv);
}

static void good_lines_may_end_with_crlf_and_the_last_with_nothing(void **state)
{
    struct vectors_csv csv = good_csv("\xef\xbb\xbfid,why\r\n1,x\r\n2,y");
    assert_int_equal(csv.rows, 2);
    assert_int_equal(vectors_csv_column(&csv, "id"), 0);
    assert_string_equal(vectors_csv_field(&csv, 0, 1), "x");
    assert_string_equal(vectors_csv_field(&csv, 1, 1), "y");
    vectors_csv_release(&csv);
}

static void good_quoted_fields_hold_commas_and_quotes(void **state)
{
    struct vectors_csv csv = good_csv("id,why\n1,\"a, \"\"b\"\"\"\n\"2\",\"\"\n");
    assert_string_equal(vectors_csv_field(&csv, 0, 1), "a, \"b\"");
    assert_string_equal(vectors_csv_field(&csv, 1, 0), "2");
    assert_string_equal(vectors_csv_field(&csv, 1, 1), "");
    vectors_csv_release(&csv);
}

static void bad_quotes_are_refused(void **state)
{
    refuse_csv("id,why\n1,\"a\n2,b\n",
               "a.csv:2: a field that begins with \" has no \" at its end; a \" inside "
               "it is written twice");
    refuse_csv("id,why\n1,\"a\"b\n", "a.csv:2: after field 2 stands 'b', where a comma would be right");
}

static void bad_a_truncated_row_is_refused(void **state)
{
    refuse_csv("id,image,va\n1,a,0\n2,b", "a.csv:3: has 2 fields; 3 would be right, one for each column");
}

static void bad_a_row_that_is_too_long_is_refused(void **state)
{
    refuse_csv("id,image\n1,a,0\n", "a.csv:2: has more than 2 fields, one for each column");
}

static void bad_columns_are_refused(void **state)
{
    refuse_csv("", "a.csv:1: is empty; its first line would name the columns");
    refuse_csv("id,va,id\n", "a.csv:1: there are two columns 'id'; names of columns differ");
    refuse_csv("id,,va\n", "a.csv:1: column 2 has no name");
}

static void bad_a_byte_0_is_refused(void **state)
{
    struct vectors_csv csv;
    struct vectors_failure failure;
    assert_false(parse_bytes(&csv, "id\n1\n\0\n", 7, &failure));
    assert_string_equal(failure.text, "a.csv:3: holds a byte 0, which no text does");
}

static void good_ids_of_their_own(void **state)
{
    struct vectors_failure failure;
    struct vectors_csv csv = good_csv("id\n10\n2\n1\n");
    assert_true(vectors_csv_check_ids(&csv, "a.csv", 0, &failure));
    vectors_csv_release(&csv);
}

static void bad_an_id_that_stands_twice_or_is_empty(void **state)
{
    struct vectors_failure failure;
    struct vectors_csv csv = good_csv("id,va\n10,0\n2,0\n10,1\n");
    assert_false(vectors_csv_check_ids(&csv, "a.csv", 0, &failure));
    assert_string_equal(failure.text, "a.csv:4: id '10' is that of line 2, too; each row has its own");
    vectors_csv_release(&csv);
    csv = good_csv("id,va\n,0\n");
    assert_false(vectors_csv_check_ids(&csv, "a.csv", 0, &failure));
    assert_string_equal(failure.text, "a.csv:2: the row has no id, which it is called by");
    vectors_csv_release(&csv);
}

/* ---- images ---- */

static struct vectors_image *good_image(const char *text)
{
    struct vectors_failure failure;
    struct vectors_image *image = vectors_image_parse("a.img", "a", text, strlen(text), &failure);
    if (image == NULL)
        fail_msg("refused: %s", failure.text);
    return image;
}

static void refuse_image(const char *text, const char *sentence)
{
    struct vectors_failure failure;
    assert_null(vectors_image_parse("a.img", "a", text, strlen(text), &failure));
    assert_string_equal(failure.text, sentence);
}

static void good_an_image_has_words_registers_and_ram(void **state)
{
    struct vectors_image *image = good_image("# made by hand\nimage a\nram 80000000 1000\nisa rv64\n"
                                             "reg satp 8000000000080000\nq 80000008 FF\nq 80000000 1\n");
    assert_string_equal(vectors_image_name(image), "a");
    assert_string_equal(vectors_isa(image), "rv64");
    assert_int_equal(vectors_register(image, "satp"), UINT64_C(0x8000000000080000));
    assert_int_equal(vectors_register(image, "hgatp"), 0);
    assert_int_equal(vectors_word(image, 0x80000000), 1);
    assert_int_equal(vectors_word(image, 0x80000008), 0xff);
    assert_int_equal(vectors_word(image, 0x80000010), 0);
    assert_true(vectors_in_ram(image, 0x80000fff));
    assert_false(vectors_in_ram(image, 0x80001000));
    assert_false(vectors_in_ram(image, 0x7fffffff));
    vectors_image_free(image);
}

static void good_without_ram_lines_there_is_memory_everywhere(void **state)
{
    struct vectors_image *image = good_image("image a");
    assert_true(vectors_in_ram(image, 0));
    assert_true(vectors_in_ram(image, UINT64_MAX));
    assert_string_equal(vectors_isa(image), "");
    vectors_image_free(image);
}

static void good_changes_are_noted_and_forgotten(void **state)
{
    const struct vectors_step *step;
    unsigned steps;
    struct vectors_image *image = good_image("image a\nq 8 1\n");
    vectors_set_word(image, 8, 2);
    vectors_set_word(image, 16, 3);
    assert_int_equal(vectors_word(image, 8), 2);
    assert_int_equal(vectors_word(image, 16), 3);
    assert_true(vectors_image_steps(image, &step, &steps));
    assert_int_equal(steps, 4);
    assert_true(step[0].write && step[0].pa == 8 && step[0].before == 1 && step[0].value == 2);
    assert_true(!step[3].write && step[3].pa == 16 && step[3].value == 3);
    vectors_image_reset(image);
    assert_int_equal(vectors_word(image, 8), 1);
    assert_int_equal(vectors_word(image, 16), 0);
    vectors_image_free(image);
}

static void bad_more_steps_than_can_be_noted_are_told(void **state)
{
    const struct vectors_step *step;
    unsigned steps;
    struct vectors_image *image = good_image("image a\n");
    for (unsigned i = 0; i <= VECTORS_STEPS_MAX; i++)
        (void)vectors_word(image, 0);
    assert_false(vectors_image_steps(image, &step, &steps));
    assert_int_equal(steps, VECTORS_STEPS_MAX);
    vectors_image_free(image);
}

static void bad_numbers_of_an_image_are_refused(void **state)
{
    refuse_image("image a\nq 80000x00 1\n", "a.img:2: '80000x00' is no number: up to 16 hexadecimal digits "
                                            "without 0x would be right");
    refuse_image("image a\nreg tcr 11112222333344445\n",
                 "a.img:2: '11112222333344445' is no number: up to 16 hexadecimal digits without 0x would be "
                 "right");
    refuse_image("image a\nq 80000004 1\n",
                 "a.img:2: '80000004' is not the address of a word: a multiple of 8 would be");
}

static void bad_lines_of_an_image_are_refused(void **state)
{
    refuse_image("image a\nword 8 1\n",
                 "a.img:2: begins with 'word'; image, isa, ram, reg or q would be right");
    refuse_image("image a\nq 8\n", "a.img:2: has 2 words; 'q ADDRESS VALUE' would be right");
    refuse_image("image a\nq 8 1 2\n", "a.img:2: '2' is one word too many");
    refuse_image("", "a.img:1: says nothing; its first line would be 'image a'");
    refuse_image("q 8 1\n", "a.img:1: begins with 'q'; 'image a' would be right there");
}

static void bad_what_an_image_says_twice_is_refused(void **state)
{
    refuse_image("image a\nq 8 1\nq 10 1\nq 8 1\n",
                 "a.img:4: the word was given in line 2 already; once would be right");
    refuse_image("image a\nreg tcr 1\nreg tcr 1\n",
                 "a.img:3: register 'tcr' has a value already; one line would be right");
    refuse_image("image b\n", "a.img:1: the image is called 'b', but the file's name says 'a'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_rows_have_fields_by_column_and_lines),
        cmocka_unit_test(good_lines_may_end_with_crlf_and_the_last_with_nothing),
        cmocka_unit_test(good_quoted_fields_hold_commas_and_quotes),
        cmocka_unit_test(bad_quotes_are_refused),
        cmocka_unit_test(bad_a_truncated_row_is_refused),
        cmocka_unit_test(bad_a_row_that_is_too_long_is_refused),
        cmocka_unit_test(bad_columns_are_refused),
        cmocka_unit_test(bad_a_byte_0_is_refused),
        cmocka_unit_test(good_ids_of_their_own),
        cmocka_unit_test(bad_an_id_that_stands_twice_or_is_empty),
        cmocka_unit_test(good_an_image_has_words_registers_and_ram),
        cmocka_unit_test(good_without_ram_lines_there_is_memory_everywhere),
        cmocka_unit_test(good_changes_are_noted_and_forgotten),
        cmocka_unit_test(bad_more_steps_than_can_be_noted_are_told),
        cmocka_unit_test(bad_numbers_of_an_image_are_refused),
        cmocka_unit_test(bad_lines_of_an_image_are_refused),
        cmocka_unit_test(bad_what_an_image_says_twice_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
