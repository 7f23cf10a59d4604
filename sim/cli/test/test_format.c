#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/cli/format.h"

static void thousands_are_separated(void **state)
{
    assert_string_equal(format_count(0).text, "0");
    assert_string_equal(format_count(999).text, "999");
    assert_string_equal(format_count(1000).text, "1,000");
    assert_string_equal(format_count(123456).text, "123,456");
    assert_string_equal(format_count(UINT64_MAX).text, "18,446,744,073,709,551,615");
}

static void bytes_have_a_unit_and_three_figures(void **state)
{
    assert_string_equal(format_bytes(0).text, "0 bytes");
    assert_string_equal(format_bytes(1).text, "1 byte");
    assert_string_equal(format_bytes(1023).text, "1023 bytes");
    assert_string_equal(format_bytes(1024).text, "1 KiB");
    assert_string_equal(format_bytes(1536).text, "1.5 KiB");
    assert_string_equal(format_bytes(100 * 1024).text, "100 KiB");
    assert_string_equal(format_bytes(1024 * 1024 - 1).text, "1 MiB");
    assert_string_equal(format_bytes(UINT64_C(4) << 30).text, "4 GiB");
    assert_string_equal(format_bytes(UINT64_C(1) << 63).text, "8 EiB");
}

static void sizes_are_exact_and_as_in_scripts(void **state)
{
    assert_string_equal(format_size(0).text, "0");
    assert_string_equal(format_size(4096).text, "4K");
    assert_string_equal(format_size(4097).text, "4097");
    assert_string_equal(format_size(UINT64_C(2) << 20).text, "2M");
    assert_string_equal(format_size(UINT64_C(1536) << 20).text, "1536M");
    assert_string_equal(format_size(UINT64_C(1) << 48).text, "256T");
}

static char *printed(void (*print)(FILE *, const char *), const char *text)
{
    char *result = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&result, &bytes);
    assert_non_null(out);
    print(out, text);
    assert_int_equal(fclose(out), 0);
    return result;
}

static void assert_printed(void (*print)(FILE *, const char *), const char *text, const char *expected)
{
    char *result = printed(print, text);
    assert_string_equal(result, expected);
    free(result);
}

static void json_strings_are_escaped(void **state)
{
    assert_printed(print_json_string, "plain", "\"plain\"");
    assert_printed(print_json_string, "a\"b\\c\nd\x01", "\"a\\\"b\\\\c\\u000ad\\u0001\"");
    assert_printed(print_json_string, "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82",
                   "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82\"");
}

static void bytes_that_are_no_utf8_never_reach_json(void **state)
{
    assert_printed(print_json_string, "\xff", "\"\\ufffd\"");
    assert_printed(print_json_string, "\xc3", "\"\\ufffd\"");
    assert_printed(print_json_string, "\xc0\xaf", "\"\\ufffd\\ufffd\"");            /* overlong */
    assert_printed(print_json_string, "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""); /* surrogate */
    assert_printed(print_json_string, "\xe2\x82", "\"\\ufffd\\ufffd\"");
}

static void csv_fields_are_quoted_where_they_must_be(void **state)
{
    assert_printed(print_csv_field, "plain text", "plain text");
    assert_printed(print_csv_field, "a,b", "\"a,b\"");
    assert_printed(print_csv_field, "say \"no\"", "\"say \"\"no\"\"\"");
    assert_printed(print_csv_field, "two\nlines", "\"two\nlines\"");
}

static void shell_words_are_quoted_where_they_must_be(void **state)
{
    assert_printed(print_shell_word, "build/run-1.db", "build/run-1.db");
    assert_printed(print_shell_word, "work load.db", "'work load.db'");
    assert_printed(print_shell_word, "it's", "'it'\\''s'");
    assert_printed(print_shell_word, "$HOME;*", "'$HOME;*'");
    assert_printed(print_shell_word, "", "''");
}

static void print_number(FILE *out, const char *text)
{
    print_json_double(out, strcmp(text, "nan") == 0 ? NAN : strcmp(text, "inf") == 0 ? INFINITY : 0.25);
}

static void what_json_has_no_number_for_is_null(void **state)
{
    assert_printed(print_number, "0.25", "0.25");
    assert_printed(print_number, "nan", "null");
    assert_printed(print_number, "inf", "null");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thousands_are_separated),
        cmocka_unit_test(bytes_have_a_unit_and_three_figures),
        cmocka_unit_test(sizes_are_exact_and_as_in_scripts),
        cmocka_unit_test(json_strings_are_escaped),
        cmocka_unit_test(bytes_that_are_no_utf8_never_reach_json),
        cmocka_unit_test(csv_fields_are_quoted_where_they_must_be),
        cmocka_unit_test(shell_words_are_quoted_where_they_must_be),
        cmocka_unit_test(what_json_has_no_number_for_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
