#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "pagetables/frame.h"
#include "pagetables/pagetable.h"
#include "pagetables/walk.h"

static void good_every_combination_of_attributes_is_read_as_printed(void **state)
{
    for (uint32_t attributes = 0; attributes <= FRAME_ATTRIBUTES_ALL; attributes++) {
        char text[FRAME_ATTRIBUTES_TEXT_BYTES];
        uint32_t read = ~attributes;
        frame_attributes_print(attributes, text);
        assert_true(strlen(text) < sizeof text);
        assert_true(frame_attributes_parse(text, &read));
        assert_int_equal(read, attributes);
    }
}

static void good_attributes_have_the_documented_text(void **state)
{
    char text[FRAME_ATTRIBUTES_TEXT_BYTES];
    frame_attributes_print(FRAME_READABLE | FRAME_EXECUTABLE | FRAME_USER | FRAME_GLOBAL, text);
    assert_string_equal(text, "r-xug");
    frame_attributes_print(FRAME_READABLE | FRAME_WRITABLE | FRAME_DEVICE, text);
    assert_string_equal(text, "rw-d");
}

static void good_a_lone_dash_may_stand_before_the_flags(void **state)
{
    uint32_t with = 0;
    uint32_t without = 1;
    assert_true(frame_attributes_parse("rwx-ug", &with));
    assert_true(frame_attributes_parse("rwxug", &without));
    assert_int_equal(with, without);
}

static void bad_texts_of_another_form_are_refused_and_change_nothing(void **state)
{
    static const char *const texts[] = {"",     "r",      "rw",   "wr-", "rwxz",  "rw-uu",
                                        "rw--", "rw---u", "rwx-", "RWX", "rw- u", "urw-"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        uint32_t attributes = 0x1234;
        if (frame_attributes_parse(texts[i], &attributes))
            fail_msg("\"%s\" was accepted", texts[i]);
        assert_int_equal(attributes, 0x1234);
    }
}

static void good_formats_and_tables_are_found_by_the_name_they_have(void **state)
{
    unsigned formats = 0;
    for (const struct walk_format *format; (format = walk_format_at(formats)); formats++)
        assert_ptr_equal(walk_format_find(format->name), format);
    assert_true(formats > 0);
    unsigned tables = 0;
    for (const struct pagetable_class *table; (table = pagetable_class_at(tables)); tables++) {
        assert_ptr_equal(pagetable_class_find(table->name), table);
        assert_int_equal(table->abi_version, PAGETABLE_ABI_VERSION);
        assert_int_equal(table->struct_bytes, sizeof *table);
        assert_non_null(walk_format_find(table->default_format));
        assert_true(table->accepts(walk_format_find(table->default_format),
                                   entry_format_of(walk_format_find(table->default_format))));
    }
    assert_true(tables > 0);
}

static void bad_names_that_nobody_has_are_not_found(void **state)
{
    assert_null(walk_format_find("vmsa"));
    assert_null(pagetable_class_find("radi"));
}

static void good_every_result_has_a_name_of_its_own(void **state)
{
    for (int i = 0; i < PAGETABLE_RESULTS; i++) {
        assert_string_not_equal(pagetable_result_name((enum pagetable_result)i), "?");
        for (int j = 0; j < i; j++)
            assert_string_not_equal(pagetable_result_name((enum pagetable_result)i),
                                    pagetable_result_name((enum pagetable_result)j));
    }
}

static void bad_numbers_that_are_no_result_have_a_question_mark(void **state)
{
    assert_string_equal(pagetable_result_name(PAGETABLE_RESULTS), "?");
    assert_string_equal(pagetable_result_name((enum pagetable_result) - 1), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_every_combination_of_attributes_is_read_as_printed),
        cmocka_unit_test(good_attributes_have_the_documented_text),
        cmocka_unit_test(good_a_lone_dash_may_stand_before_the_flags),
        cmocka_unit_test(bad_texts_of_another_form_are_refused_and_change_nothing),
        cmocka_unit_test(good_formats_and_tables_are_found_by_the_name_they_have),
        cmocka_unit_test(bad_names_that_nobody_has_are_not_found),
        cmocka_unit_test(good_every_result_has_a_name_of_its_own),
        cmocka_unit_test(bad_numbers_that_are_no_result_have_a_question_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
