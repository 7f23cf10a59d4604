/* What trace_info_read counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "traces/info.h"
#include "traces/reader.h"

static int info_of(const char *text, struct trace_info *info, struct trace_error *error)
{
    struct trace_reader *reader = trace_open_memory("t", text, strlen(text), error);
    assert_non_null(reader);
    int status = trace_info_read(reader, info, error);
    trace_close(reader);
    return status;
}

static void good_counts_are_by_kind(void **state)
{
    struct trace_info info;
    struct trace_error error;
    assert_int_equal(
        info_of("==1== x\n L 9000,8\nI  1000,4\n L 2ffc,8\n S 2000,4\n M 2004,2\nI  1004,2\n", &info, &error),
        0);
    assert_int_equal(info.format, TRACE_LACKEY);
    assert_string_equal(info.compression, "none");
    assert_string_equal(info.architecture, "x86_64");
    assert_int_equal(info.records, 6);
    assert_int_equal(info.lines, 7);
    assert_int_equal(info.pages, 4);      /* 1, 2, 3, 9 */
    assert_int_equal(info.data_pages, 3); /* 2, 3, 9 */
    assert_int_equal(info.instructions_with_bytes, 0);
    assert_int_equal(info.accesses_with_pa, 0);
    assert_int_equal(info.accesses_before_instruction, 1);
    const struct trace_kind_info *load = &info.kinds[TRACE_LOAD];
    assert_int_equal(load->records, 2);
    assert_int_equal(load->bytes, 16);
    assert_int_equal(load->pages, 3);
    assert_int_equal(load->page_crossings, 1);
    assert_int_equal(load->first_va, 0x9000);
    assert_int_equal(load->last_va, 0x2ffc);
    assert_int_equal(load->lowest_va, 0x2ffc);
    assert_int_equal(load->highest_va, 0x9007);
    assert_int_equal(info.kinds[TRACE_INSTRUCTION].records, 2);
    assert_int_equal(info.kinds[TRACE_INSTRUCTION].bytes, 6);
    assert_int_equal(info.kinds[TRACE_STORE].records, 1);
    assert_int_equal(info.kinds[TRACE_MODIFY].bytes, 2);
}

static void good_kind_that_does_not_occur_is_empty(void **state)
{
    struct trace_info info;
    struct trace_error error;
    assert_int_equal(info_of("L 1000 8\n", &info, &error), 0);
    assert_int_equal(info.kinds[TRACE_STORE].records, 0);
    assert_int_equal(info.kinds[TRACE_STORE].pages, 0);
    assert_int_equal(info.kinds[TRACE_STORE].lowest_va, UINT64_MAX);
    assert_string_equal(info.architecture, "unknown");
}

static void good_instruction_bytes_and_physical_addresses_are_noticed(void **state)
{
    struct trace_info info;
    struct trace_error error;
    assert_int_equal(
        info_of("I 1000 4 1f2003d5\nL 2000 8 40000000\nS 2000 8\nI 1004 4 1f2003d5\n", &info, &error), 0);
    assert_int_equal(info.instructions_with_bytes, 2);
    assert_int_equal(info.accesses_with_pa, 1);
    assert_string_equal(info.architecture, "aarch64");
}

static void bad_guess_needs_only_one_instruction_that_does_not_fit(void **state)
{
    struct trace_info info;
    struct trace_error error;
    assert_int_equal(info_of("I 1000 4 0f1f4000\nI 1004 1 90\n", &info, &error), 0);
    assert_string_equal(info.architecture, "x86_64");
    assert_int_equal(info_of("I 1000 4 0f1f4000\nI 1006 4 0f1f4000\n", &info, &error), 0);
    assert_string_equal(info.architecture, "x86_64");
}

static void good_many_pages_are_counted_once_each(void **state)
{
    const size_t pages = 5000;
    char *text = malloc(2 * pages * 32);
    size_t used = 0;
    assert_non_null(text);
    for (size_t round = 0; round < 2; round++)
        for (size_t i = 0; i < pages; i++)
            used += (size_t)sprintf(text + used, "%c %zx000 8\n", i % 5 == 0 ? 'S' : 'L', i * 0x10001);
    struct trace_info info;
    struct trace_error error;
    assert_int_equal(info_of(text, &info, &error), 0);
    assert_int_equal(info.pages, pages);
    assert_int_equal(info.kinds[TRACE_STORE].pages, pages / 5);
    assert_int_equal(info.kinds[TRACE_LOAD].pages, pages - pages / 5);
    free(text);
}

static void bad_trace_gives_the_reason_and_what_was_read(void **state)
{
    struct trace_info info;
    struct trace_error error;
    assert_int_equal(info_of("L 1000 8\nL 1000 0\n", &info, &error), -1);
    assert_non_null(strstr(error.text, "t:2: column 8"));
    assert_int_equal(info.records, 1);
    assert_int_equal(info.pages, 1);
}

static void names_of_kinds_are_known(void **state)
{
    assert_string_equal(trace_record_kind_name(TRACE_INSTRUCTION), "instruction");
    assert_string_equal(trace_record_kind_name(TRACE_MODIFY), "modify");
    assert_string_equal(trace_record_kind_name(TRACE_RECORD_KINDS), "unknown");
    assert_string_equal(trace_format_name(TRACE_UNKNOWN), "unknown");
    assert_string_equal(trace_format_name(TRACE_LACKEY), "lackey");
    assert_string_equal(trace_format_name(TRACE_MTRACE), "mtrace");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_counts_are_by_kind),
        cmocka_unit_test(good_kind_that_does_not_occur_is_empty),
        cmocka_unit_test(good_instruction_bytes_and_physical_addresses_are_noticed),
        cmocka_unit_test(bad_guess_needs_only_one_instruction_that_does_not_fit),
        cmocka_unit_test(good_many_pages_are_counted_once_each),
        cmocka_unit_test(bad_trace_gives_the_reason_and_what_was_read),
        cmocka_unit_test(names_of_kinds_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
