/* The two formats, line by line: what is right is read exactly, what is wrong is refused with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "traces/test/outcome.h"

static void assert_record(const struct trace_record *record, struct trace_record expected)
{
    assert_int_equal(record->kind, expected.kind);
    assert_int_equal(record->va, expected.va);
    assert_int_equal(record->pc, expected.pc);
    assert_int_equal(record->pa, expected.pa);
    assert_int_equal(record->line, expected.line);
    assert_int_equal(record->size_bytes, expected.size_bytes);
    assert_int_equal(record->bytes_count, expected.bytes_count);
    assert_memory_equal(record->bytes, expected.bytes, sizeof expected.bytes);
}

static void good_mtrace_gives_kinds_bytes_and_physical_addresses(void **state)
{
    struct outcome outcome = outcome_of_text("I ffff80000803a400 4 e08308d5\n"
                                             "L 10 8 40001000\n"
                                             "S FFffffffffffffff 1\n"
                                             "I 1 15 000102030405060708090a0B0c0D0e\n"
                                             "L 7fff 64\n");
    assert_false(outcome.failed);
    assert_int_equal(outcome.format, TRACE_MTRACE);
    assert_string_equal(outcome.compression, "none");
    assert_int_equal(outcome.count, 5);
    uint64_t pc = 0xffff80000803a400;
    assert_record(&outcome.records[0], (struct trace_record){.va = pc,
                                                             .pc = pc,
                                                             .pa = TRACE_NO_PA,
                                                             .line = 1,
                                                             .size_bytes = 4,
                                                             .kind = TRACE_INSTRUCTION,
                                                             .bytes_count = 4,
                                                             .bytes = {0xe0, 0x83, 0x08, 0xd5}});
    assert_record(
        &outcome.records[1],
        (struct trace_record){
            .va = 0x10, .pc = pc, .pa = 0x40001000, .line = 2, .size_bytes = 8, .kind = TRACE_LOAD});
    assert_record(
        &outcome.records[2],
        (struct trace_record){
            .va = UINT64_MAX, .pc = pc, .pa = TRACE_NO_PA, .line = 3, .size_bytes = 1, .kind = TRACE_STORE});
    assert_record(&outcome.records[3],
                  (struct trace_record){.va = 1,
                                        .pc = 1,
                                        .pa = TRACE_NO_PA,
                                        .line = 4,
                                        .size_bytes = 15,
                                        .kind = TRACE_INSTRUCTION,
                                        .bytes_count = 15,
                                        .bytes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}});
    assert_int_equal(outcome.records[4].size_bytes, 64);
    assert_int_equal(outcome.records[4].pc, 1);
}

static void good_lackey_gives_kinds_and_skips_messages(void **state)
{
    struct outcome outcome = outcome_of_text("==5542== Lackey, an example Valgrind tool\n"
                                             "==5542== \n"
                                             "I  0401ab70,3\n"
                                             " S 1fff000618,8\n"
                                             "--5542-- a message of -v\n"
                                             " M 04033ab8,16\n"
                                             "**5542** a message of the program\n"
                                             " L 1,512\n"
                                             "==5542== the end\n");
    assert_false(outcome.failed);
    assert_int_equal(outcome.format, TRACE_LACKEY);
    assert_int_equal(outcome.count, 4);
    uint64_t pc = 0x401ab70;
    assert_record(
        &outcome.records[0],
        (struct trace_record){
            .va = pc, .pc = pc, .pa = TRACE_NO_PA, .line = 3, .size_bytes = 3, .kind = TRACE_INSTRUCTION});
    assert_record(&outcome.records[1], (struct trace_record){.va = 0x1fff000618,
                                                             .pc = pc,
                                                             .pa = TRACE_NO_PA,
                                                             .line = 4,
                                                             .size_bytes = 8,
                                                             .kind = TRACE_STORE});
    assert_record(
        &outcome.records[2],
        (struct trace_record){
            .va = 0x4033ab8, .pc = pc, .pa = TRACE_NO_PA, .line = 6, .size_bytes = 16, .kind = TRACE_MODIFY});
    assert_record(
        &outcome.records[3],
        (struct trace_record){
            .va = 1, .pc = pc, .pa = TRACE_NO_PA, .line = 8, .size_bytes = 512, .kind = TRACE_LOAD});
}

static void good_access_before_any_instruction_has_pc_0(void **state)
{
    struct outcome outcome = outcome_of_text("L 1000 8\nI 40 1 90\nS 1000 8\n");
    assert_false(outcome.failed);
    assert_int_equal(outcome.records[0].pc, 0);
    assert_int_equal(outcome.records[2].pc, 0x40);
}

static void good_batches_of_any_size_give_the_same(void **state)
{
    const char text[] = "L 1 8\nL 2 8\nL 3 8\nL 4 8\nL 5 8\n";
    for (size_t batch = 1; batch < 8; batch++) {
        struct outcome outcome = outcome_of_memory(text, sizeof text - 1, batch);
        assert_false(outcome.failed);
        assert_int_equal(outcome.count, 5);
        for (size_t i = 0; i < 5; i++)
            assert_int_equal(outcome.records[i].va, i + 1);
    }
}

/* Larger than the reader's buffer, so that lines lie across its end at many places. */
static void good_long_text_is_read_whole(void **state)
{
    size_t lines = 60000;
    char *text = malloc(lines * 32);
    size_t used = 0;
    assert_non_null(text);
    for (size_t i = 0; i < lines; i++)
        used += (size_t)sprintf(text + used, "%c %zx %zu\n", i % 3 == 0 ? 'S' : 'L', i * i * i, i % 64 + 1);
    struct outcome outcome = outcome_of_memory(text, used, 777);
    assert_false(outcome.failed);
    assert_int_equal(outcome.count, lines);
    used += (size_t)sprintf(text + used, "X\n");
    outcome = outcome_of_memory(text, used, 777);
    assert_true(outcome.failed);
    assert_int_equal(outcome.count, lines);
    assert_non_null(strstr(outcome.error.text, "t:60001:"));
    free(text);
}

static void bad_line_is_refused_after_the_records_before_it(void **state)
{
    struct outcome outcome = outcome_of_text("L 1 8\nL 2 8\nL 3 x\nL 4 8\n");
    assert_true(outcome.failed);
    assert_int_equal(outcome.count, 2);
    assert_string_equal(
        outcome.error.text,
        "t:3: column 5 of this mtrace line must be an access's size of 1 to 64 bytes, not \"x\"");
}

static void bad_mtrace_lines_are_refused_with_column_and_remedy(void **state)
{
    assert_refused("L 1 8\nL  1 8\n", "t:2: column 3 ", "hexadecimal address");
    assert_refused("L 1 8\nL 0x1 8\n", "t:2: column 4 ", "one space after the address");
    assert_refused("L 1 8\nL g 8\n", "t:2: column 3 ", "a hexadecimal address without 0x, not \"g 8\"");
    assert_refused("L 1 8\nL 11112222333344445 8\n", "t:2: column 3 ", "16 hexadecimal digits");
    assert_refused("L 1 8\nL 1\n", "t:2: column 4 ", "not the end of the line");
    assert_refused("L 1 8\nL 1 8 \n", "t:2: column 7 ", "hexadecimal address");
    assert_refused("L 1 8\nL 1 8 1 1\n", "t:2: column 8 ", "the end of the line");
    assert_refused("L 1 8\nL 1 8 ffffffffffffffff\n", "t:2: column 7 ", "56 bits");
    assert_refused("L 1 8\nM 1 8\n", "t:2: column 1 ", "a line of mtrace such as");
    assert_refused("L 1 8\n\n", "t:2: column 1 ", "not the end of the line");
    assert_refused("L 1 8\r\n", "t:1: column 6 ", "Unix line ends");
    assert_refused("L 1 8\nL 1 \x01\xff\n", "t:2: column 5 ", "not \"\\x01\\xff\"");
}

static void bad_lackey_lines_are_refused_with_column_and_remedy(void **state)
{
    assert_refused(" L 1,8\n L 1 8\n", "t:2: column 5 ", "a comma after the address");
    assert_refused(" L 1,8\n L  1,8\n", "t:2: column 4 ", "hexadecimal address");
    assert_refused(" L 1,8\n X 1,8\n", "t:2: column 2 ", "L, S or M");
    assert_refused(" L 1,8\nI 1,8\n", "t:2: column 3 ", "two spaces");
    assert_refused(" L 1,8\n L 1,8,\n", "t:2: column 7 ", "the end of the line");
    assert_refused(" L 1,8\n=5542= x\n", "t:2: column 1 ", "==123==");
    assert_refused(" L 1,8\nhello\n", "t:2: column 1 ", "a line of lackey such as");
}

static void bad_sizes_are_refused(void **state)
{
    static const char *const mtrace[] = {"L 1 0\n",  "L 1 65\n", "L 1 64000\n",
                                         "L 1 08\n", "S 1 -8\n", "L 1 99999999999999999999\n"};
    for (size_t i = 0; i < sizeof mtrace / sizeof mtrace[0]; i++)
        assert_refused(mtrace[i], "t:1: column 5 ", "an access's size of 1 to 64 bytes");
    assert_refused(" L 1,0\n", "t:1: column 6 ", "an access's size of 1 to 512 bytes");
    assert_refused(" M 1,513\n", "t:1: column 6 ", "an access's size of 1 to 512 bytes");
    assert_refused("I  1,0\n", "t:1: column 6 ", "an instruction's size of 1 to 16 bytes");
    assert_refused("I  1,17\n", "t:1: column 6 ", "an instruction's size of 1 to 16 bytes");
    assert_refused("I 1 17 0000000000000000000000000000000000\n", "t:1: column 5 ", "1 to 16 bytes");
}

static void bad_number_of_instruction_bytes_is_refused(void **state)
{
    assert_false(outcome_of_text("I 1 2 90f4\n").failed);
    assert_refused("I 1 2 90\n", "t:1: column 9 ", "as many bytes as the size says");
    assert_refused("I 1 2 90f\n", "t:1: column 10 ", "as many bytes as the size says");
    assert_refused("I 1 2 90f4a\n", "t:1: column 11 ", "as many bytes as the size says");
    assert_refused("I 1 2\n", "t:1: column 6 ", "the bytes of the instruction");
}

static void bad_access_over_the_end_of_the_address_space_is_refused(void **state)
{
    assert_false(outcome_of_text("L fffffffffffffff8 8\n").failed);
    assert_refused("L fffffffffffffff9 8\n", "t:1: ", "run over the end of the address space");
}

static void bad_mixture_of_formats_is_named(void **state)
{
    assert_refused("I 1 1 90\nI  0401ab70,3\n",
                   "t:2: ", "of the format lackey in a trace of the format mtrace");
    assert_refused("I  0401ab70,3\nI 1 1 90\n",
                   "t:2: ", "of the format mtrace in a trace of the format lackey");
}

static void bad_last_line_without_newline_is_refused(void **state)
{
    const char text[] = "I 1 1 90\nL 1000 16\n";
    for (size_t length = 1; length < sizeof text - 1; length++) {
        struct outcome outcome = outcome_of_memory(text, length, 10);
        bool whole = text[length - 1] == '\n';
        if (outcome.failed == whole)
            fail_msg("%zu bytes: failed is %d", length, outcome.failed);
        if (!whole && length > 2)
            assert_non_null(strstr(outcome.error.text, "in the middle of a line"));
    }
}

static void bad_endless_line_is_refused(void **state)
{
    size_t size_bytes = 1 << 20;
    char *text = malloc(size_bytes);
    assert_non_null(text);
    memset(text, '=', size_bytes);
    memcpy(text, "==1==", 5);
    struct outcome outcome = outcome_of_memory(text, size_bytes, 10);
    assert_true(outcome.failed);
    assert_non_null(strstr(outcome.error.text, "t:1: the line is longer than"));
    free(text);
}

static void bad_trace_without_records_is_refused(void **state)
{
    assert_refused("==1== Lackey, an example Valgrind tool\n", "t:2: ", "--trace-mem=yes");
}

static void bad_content_is_named(void **state)
{
    assert_refused("", "t: the file is empty", "give a trace");
    assert_refused("hello\n", "t:1: this is not a trace in a known format", "it begins with \"hello\"");
    assert_refused("\x1f\x8b\x08", "t:1: ", "gzip, but is cut or damaged");
    assert_refused("BZh91AY&SY", "t:1: ", "bzip2, which is not supported");
    assert_refused("gem5\x08", "t:1: ", "gem5 packet trace");
    assert_refused("LD 0x1000\n", "t:1: ", "Ramulator");
}

static void bad_paths_are_named(void **state)
{
    struct outcome outcome = outcome_of_file("no/such/file.mtrace");
    assert_string_equal(outcome.error.text,
                        "no/such/file.mtrace: there is no such file; give the path of a trace");
    outcome = outcome_of_file(".");
    assert_string_equal(outcome.error.text, ".: this is a directory; give the path of a trace in it");
    outcome = outcome_of_file("/dev/null");
    assert_string_equal(outcome.error.text,
                        "/dev/null: the file is empty; give a trace with at least one record");
}

static void good_file_and_bad_unreadable_file(void **state)
{
    char path[] = "mmusim-trace-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, "L 1 8\n", 6), 6);
    assert_int_equal(close(file), 0);
    assert_int_equal(outcome_of_file(path).count, 1);
    assert_int_equal(chmod(path, 0), 0);
    if (geteuid() != 0) /* root reads everything */
        assert_non_null(strstr(outcome_of_file(path).error.text, "cannot be opened"));
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_mtrace_gives_kinds_bytes_and_physical_addresses),
        cmocka_unit_test(good_lackey_gives_kinds_and_skips_messages),
        cmocka_unit_test(good_access_before_any_instruction_has_pc_0),
        cmocka_unit_test(good_batches_of_any_size_give_the_same),
        cmocka_unit_test(good_long_text_is_read_whole),
        cmocka_unit_test(bad_line_is_refused_after_the_records_before_it),
        cmocka_unit_test(bad_mtrace_lines_are_refused_with_column_and_remedy),
        cmocka_unit_test(bad_lackey_lines_are_refused_with_column_and_remedy),
        cmocka_unit_test(bad_sizes_are_refused),
        cmocka_unit_test(bad_number_of_instruction_bytes_is_refused),
        cmocka_unit_test(bad_access_over_the_end_of_the_address_space_is_refused),
        cmocka_unit_test(bad_mixture_of_formats_is_named),
        cmocka_unit_test(bad_last_line_without_newline_is_refused),
        cmocka_unit_test(bad_endless_line_is_refused),
        cmocka_unit_test(bad_trace_without_records_is_refused),
        cmocka_unit_test(bad_content_is_named),
        cmocka_unit_test(bad_paths_are_named),
        cmocka_unit_test(good_file_and_bad_unreadable_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
