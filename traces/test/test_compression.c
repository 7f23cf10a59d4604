/* The same text under every compression; cut at every byte and with every byte changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "traces/test/outcome.h"

static const char *const compressions[] = {"none", "gzip", "xz", "zstd"};
#define COMPRESSIONS (sizeof compressions / sizeof compressions[0])

static const char small_text[] =
    "I 400297c7fa 4 48630491\nL 40029be738 4\nI 400297c7fe 3 4801c8\nS 400284abc8 8\n";
#define SMALL_RECORDS 4

static void good_every_compression_is_detected_and_gives_the_same(void **state)
{
    struct outcome plain = outcome_of_text(small_text);
    assert_int_equal(plain.count, SMALL_RECORDS);
    for (size_t i = 0; i < COMPRESSIONS; i++) {
        size_t size_bytes;
        void *data = compressed(compressions[i], small_text, sizeof small_text - 1, &size_bytes);
        struct outcome outcome = outcome_of_memory(data, size_bytes, 3);
        assert_false(outcome.failed);
        assert_string_equal(outcome.compression, compressions[i]);
        assert_int_equal(outcome.count, SMALL_RECORDS);
        assert_memory_equal(outcome.records, plain.records, sizeof plain.records);
        free(data);
    }
}

static void good_concatenated_members_are_one_trace(void **state)
{
    for (size_t i = 0; i < COMPRESSIONS; i++) {
        size_t size_bytes;
        char *data = compressed(compressions[i], small_text, sizeof small_text - 1, &size_bytes);
        char *twice = malloc(2 * size_bytes);
        assert_non_null(twice);
        memcpy(twice, data, size_bytes);
        memcpy(twice + size_bytes, data, size_bytes);
        struct outcome outcome = outcome_of_memory(twice, 2 * size_bytes, 3);
        assert_false(outcome.failed);
        assert_int_equal(outcome.count, 2 * SMALL_RECORDS);
        free(twice);
        free(data);
    }
}

static void bad_empty_text_is_refused_under_every_compression(void **state)
{
    for (size_t i = 0; i < COMPRESSIONS; i++) {
        size_t size_bytes;
        void *data = compressed(compressions[i], "", 0, &size_bytes);
        struct outcome outcome = outcome_of_memory(data, size_bytes, 3);
        assert_true(outcome.failed);
        assert_non_null(strstr(outcome.error.text, "t: the file is empty"));
        free(data);
    }
}

/* Compressed data that is cut is always noticed; a plain text only where a line is cut. */
static void bad_file_cut_at_any_byte_is_refused(void **state)
{
    for (size_t i = 1; i < COMPRESSIONS; i++) {
        size_t size_bytes;
        char *data = compressed(compressions[i], small_text, sizeof small_text - 1, &size_bytes);
        for (size_t length = 0; length < size_bytes; length++) {
            char *copy = malloc(length + 1); /* of its own size, so that a sanitizer sees reading past it */
            assert_non_null(copy);
            memcpy(copy, data, length);
            struct outcome outcome = outcome_of_memory(copy, length, 3);
            if (!outcome.failed)
                fail_msg("%s: %zu of %zu bytes were accepted", compressions[i], length, size_bytes);
            assert_int_equal(strncmp(outcome.error.text, "t:", 2), 0);
            free(copy);
        }
        free(data);
    }
}

/* Where a format has a checksum over the text, a changed byte never changes a record unnoticed. */
static void bad_byte_anywhere_never_changes_the_records(void **state)
{
    struct outcome plain = outcome_of_text(small_text);
    for (size_t i = 1; i < 3; i++) { /* zstd's writer makes no checksum by default */
        size_t size_bytes;
        uint8_t *data = compressed(compressions[i], small_text, sizeof small_text - 1, &size_bytes);
        for (size_t at = 0; at < size_bytes; at++) {
            data[at] ^= 0x10;
            struct outcome outcome = outcome_of_memory(data, size_bytes, 3);
            data[at] ^= 0x10;
            if (!outcome.failed &&
                (outcome.count != plain.count ||
                 memcmp(outcome.records, plain.records, plain.count * sizeof plain.records[0]) != 0))
                fail_msg("%s: byte %zu changed the records", compressions[i], at);
        }
        free(data);
    }
}

static void bad_gzip_checksum_is_refused(void **state)
{
    size_t size_bytes;
    uint8_t *data = compressed("gzip", small_text, sizeof small_text - 1, &size_bytes);
    data[size_bytes - 8] ^= 1; /* CRC32 is the last field but one */
    struct outcome outcome = outcome_of_memory(data, size_bytes, 100);
    assert_true(outcome.failed);
    assert_non_null(strstr(outcome.error.text, "gzip checksum"));
    free(data);
}

static void bad_cut_in_the_middle_still_gives_the_records_before_it(void **state)
{
    size_t lines = 100000;
    char *text = malloc(lines * 32);
    size_t used = 0;
    assert_non_null(text);
    for (size_t i = 0; i < lines; i++)
        used += (size_t)sprintf(text + used, "L %zx 8\n", i * 0x9e3779b9);
    for (size_t i = 1; i < COMPRESSIONS; i++) {
        size_t size_bytes;
        void *data = compressed(compressions[i], text, used, &size_bytes);
        struct outcome outcome = outcome_of_memory(data, size_bytes * 3 / 4, 100);
        assert_true(outcome.failed);
        assert_non_null(strstr(outcome.error.text, "cut or damaged after byte"));
        assert_in_range(outcome.count, 1, lines - 1);
        free(data);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_every_compression_is_detected_and_gives_the_same),
        cmocka_unit_test(good_concatenated_members_are_one_trace),
        cmocka_unit_test(bad_empty_text_is_refused_under_every_compression),
        cmocka_unit_test(bad_file_cut_at_any_byte_is_refused),
        cmocka_unit_test(bad_byte_anywhere_never_changes_the_records),
        cmocka_unit_test(bad_gzip_checksum_is_refused),
        cmocka_unit_test(bad_cut_in_the_middle_still_gives_the_records_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
