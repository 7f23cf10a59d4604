/* What accesses may use, by time, frame and rights, and when they may fault. Good and bad beside each other;
 * the usual story is in fixture.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim/judge/test/fixture.h"

/* ---- translations ---- */

static void good_load_between_map_and_unmap(void **state)
{
    story_load(&story, PAGE + 8, FRAME + 8, 150, 160);
    story_expect_good(&story);
}

static void good_load_complete_in_the_last_cycle_of_the_window(void **state)
{
    story_load(&story, PAGE, FRAME, 240, 250);
    story_expect_good(&story);
}

static void bad_load_performed_in_the_window_and_complete_after_it(void **state)
{
    story_load(&story, PAGE, FRAME, 240, 251)->performed_cycle = 245;
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

static void bad_translation_issued_after_the_window(void **state)
{
    story_load(&story, PAGE, FRAME, 251, 252);
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

static void good_translation_known_in_the_last_cycle_of_the_window(void **state)
{
    struct event_translation *access = story_load(&story, PAGE, FRAME, 240, 250);
    access->translated_cycle = 250;
    access->performed_cycle = EVENT_NEVER;
    story_expect_good(&story);
}

static void bad_translation_known_after_the_window(void **state)
{
    struct event_translation *access = story_load(&story, PAGE, FRAME, 240, 251);
    access->translated_cycle = 251;
    access->performed_cycle = EVENT_NEVER;
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

static void good_pending_store_performed_in_the_last_cycle_of_the_window(void **state)
{
    struct event_translation *access = story_load(&story, PAGE, FRAME, 230, 250);
    access->access_kind = ACCESS_STORE;
    access->performed_cycle = 250;
    story_expect_good(&story);
}

static void bad_pending_store_performed_after_the_window(void **state)
{
    struct event_translation *access = story_load(&story, PAGE, FRAME, 230, 251);
    access->access_kind = ACCESS_STORE;
    access->performed_cycle = 251;
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

static void good_translation_complete_in_the_first_cycle_of_the_window(void **state)
{
    story_load(&story, PAGE, FRAME, 105, 110);
    story_expect_good(&story);
}

static void bad_translation_complete_before_the_window(void **state)
{
    story_load(&story, PAGE, FRAME, 105, 109);
    story_expect(&story, RULE_NEVER_MAPPED, 1);
}

static void bad_translation_of_what_was_never_mapped(void **state)
{
    story_load(&story, PAGE + 0x1000, FRAME + 0x1000, 150, 160);
    story_expect(&story, RULE_NEVER_MAPPED, 1);
}

static void bad_translation_in_another_space(void **state)
{
    story_load(&story, PAGE, FRAME, 150, 160)->space = 2;
    story_expect(&story, RULE_NEVER_MAPPED, 1);
}

static void bad_translation_without_a_space(void **state)
{
    story_load(&story, PAGE, FRAME, 150, 160)->space = 0;
    story_expect(&story, RULE_NEVER_MAPPED, 1);
}

static void good_fault_without_a_space(void **state)
{
    story_fault(&story, PAGE, FAULT_TRANSLATION, 150, 160)->space = 0;
    story_expect_good(&story);
}

static void bad_physical_address(void **state)
{
    story_load(&story, PAGE, FRAME + 0x1000, 150, 160);
    story_expect(&story, RULE_WRONG_FRAME, 1);
}

static void bad_page_size(void **state)
{
    story_load(&story, PAGE, FRAME, 150, 160)->page_size_lg2 = 21;
    story_expect(&story, RULE_WRONG_FRAME, 1);
}

static void bad_rights(void **state)
{
    story_load(&story, PAGE, FRAME, 150, 160)->rights = story_format.rights(RO);
    story_expect(&story, RULE_WRONG_FRAME, 1);
}

static void good_access_anywhere_in_a_block(void **state)
{
    struct act act = {.id = 1,
                      .kind = OPERATION_MAP,
                      .va = 0x40000000,
                      .frame = {0x600000, RW, 21},
                      .begin = 100,
                      .write = 110,
                      .visible = 120,
                      .end = 130};
    story_act(&story, &act);
    story_load(&story, 0x401ffff8, 0x7ffff8, 150, 160)->page_size_lg2 = 21;
    story_fault(&story, 0x40200000, FAULT_TRANSLATION, 150, 160);
    story_expect_good(&story);
}

/* ---- rights ---- */

static void good_store_to_a_writable_page(void **state)
{
    story_load(&story, PAGE, FRAME, 150, 160)->access_kind = ACCESS_STORE;
    story_expect_good(&story);
}

static void bad_fetch_from_a_page_without_execute(void **state)
{
    story_load(&story, PAGE, FRAME, 150, 160)->access_kind = ACCESS_FETCH;
    story_expect(&story, RULE_FORBIDDEN_ACCESS, 1);
}

static void bad_user_access_to_a_kernel_page(void **state)
{
    story_map_page(&story, 1, RW & ~(unsigned)FRAME_USER);
    story_load(&story, PAGE, FRAME, 150, 160)->rights = story_format.rights(RW & ~(unsigned)FRAME_USER);
    story_expect(&story, RULE_FORBIDDEN_ACCESS, 1);
}

static void good_kernel_access_to_a_kernel_page(void **state)
{
    story_map_page(&story, 1, RW & ~(unsigned)FRAME_USER);
    struct event_translation *access = story_load(&story, PAGE, FRAME, 150, 160);
    access->rights = story_format.rights(RW & ~(unsigned)FRAME_USER);
    access->privilege = PRIVILEGE_KERNEL;
    story_expect_good(&story);
}

static void good_permission_fault_on_a_read_only_page(void **state)
{
    story_map_page(&story, 1, RO);
    story_fault(&story, PAGE, FAULT_PERMISSION, 150, 160)->access_kind = ACCESS_STORE;
    story_expect_good(&story);
}

static void bad_store_to_a_read_only_page(void **state)
{
    story_map_page(&story, 1, RO);
    struct event_translation *access = story_load(&story, PAGE, FRAME, 150, 160);
    access->access_kind = ACCESS_STORE;
    access->rights = story_format.rights(RO);
    story_expect(&story, RULE_FORBIDDEN_ACCESS, 1);
}

static void bad_store_with_rights_that_the_mapping_has_not(void **state)
{
    story_map_page(&story, 1, RO);
    story_load(&story, PAGE, FRAME, 150, 160)->access_kind = ACCESS_STORE;
    story_expect(&story, RULE_FORBIDDEN_ACCESS, 1);
}

static void good_old_and_new_rights_within_a_protect(void **state)
{
    struct act act = protect_read_only();
    story_act(&story, &act);
    story_load(&story, PAGE, FRAME, 235, 240)->access_kind = ACCESS_STORE;
    story_load(&story, PAGE, FRAME, 225, 230)->rights = story_format.rights(RO);
    story_fault(&story, PAGE, FAULT_PERMISSION, 225, 231)->access_kind = ACCESS_STORE;
    story_fault(&story, PAGE, FAULT_TRANSLATION, 225, 232);
    story_load(&story, PAGE, FRAME, 260, 270)->rights = story_format.rights(RO);
    story_expect_good(&story);
}

static void bad_old_rights_after_a_protect(void **state)
{
    struct act act = protect_read_only();
    story_act(&story, &act);
    story_load(&story, PAGE, FRAME, 251, 260)->access_kind = ACCESS_STORE;
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

static void bad_new_rights_before_a_protect(void **state)
{
    struct act act = protect_read_only();
    story_act(&story, &act);
    story_load(&story, PAGE, FRAME, 205, 209)->rights = story_format.rights(RO);
    story_expect(&story, RULE_WRONG_FRAME, 1);
}

static void good_entry_across_a_protect_that_changes_nothing(void **state)
{
    struct act act = protect_read_only();
    act.frame.attributes = RW;
    story_act(&story, &act);
    story_entry(&story, 150, 400)->last_hit_cycle = 390;
    story_expect_good(&story);
}

static void good_entry_across_many_protects_that_change_nothing(void **state)
{
    story.config.settle_cycles = 500;
    for (uint64_t id = 2; id < 102; id++) {
        struct act act = protect_read_only();
        act.id = id;
        act.frame.attributes = RW;
        act.begin += id * 100;
        act.write += id * 100;
        act.visible += id * 100;
        act.invalidate += id * 100;
        act.acknowledge += id * 100;
        act.end += id * 100;
        story_act(&story, &act);
    }
    story_entry(&story, 150, 12000)->last_hit_cycle = 11990;
    story_expect_good(&story);
}

/* ---- faults ---- */

static void good_fault_before_the_map_has_ended(void **state)
{
    story_fault(&story, PAGE, FAULT_TRANSLATION, 130, 150);
    story_expect_good(&story);
}

static void bad_fault_issued_after_the_map_has_ended(void **state)
{
    story_fault(&story, PAGE, FAULT_TRANSLATION, 131, 150);
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

static void good_fault_known_in_the_first_cycle_of_an_unmap(void **state)
{
    story_fault(&story, PAGE, FAULT_TRANSLATION, 190, 210);
    story_expect_good(&story);
}

static void bad_fault_known_before_the_unmap_begins(void **state)
{
    story_fault(&story, PAGE, FAULT_TRANSLATION, 190, 209);
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

static void bad_access_flag_fault_on_a_mapped_page(void **state)
{
    story_fault(&story, PAGE, FAULT_ACCESS_FLAG, 150, 160);
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

static void bad_permission_fault_on_a_permitted_access(void **state)
{
    story_fault(&story, PAGE, FAULT_PERMISSION, 150, 160)->access_kind = ACCESS_STORE;
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

static void bad_external_abort_on_a_mapped_page(void **state)
{
    story_fault(&story, PAGE, FAULT_EXTERNAL_ABORT, 150, 160)->access_kind = ACCESS_FETCH;
    story_expect(&story, RULE_UNEXPECTED_ABORT, 1);
}

static void good_fault_after_an_unmap(void **state)
{
    story_fault(&story, PAGE, FAULT_TRANSLATION, 251, 260);
    story_expect_good(&story);
}

static void good_fault_while_a_map_is_still_in_the_store_buffer(void **state)
{
    struct act act = {.id = 1,
                      .kind = OPERATION_MAP,
                      .va = PAGE,
                      .frame = {FRAME, RW, 12},
                      .begin = 100,
                      .write = 110,
                      .visible = 180,
                      .end = 115};
    story_act(&story, &act);
    story_fault(&story, PAGE, FAULT_TRANSLATION, 150, 160);
    story_fault(&story, PAGE, FAULT_TRANSLATION, 180, 190);
    story_expect_good(&story);
}

static void bad_fault_after_a_late_store_became_visible(void **state)
{
    struct act act = {.id = 1,
                      .kind = OPERATION_MAP,
                      .va = PAGE,
                      .frame = {FRAME, RW, 12},
                      .begin = 100,
                      .write = 110,
                      .visible = 180,
                      .end = 115};
    story_act(&story, &act);
    story_fault(&story, PAGE, FAULT_TRANSLATION, 181, 190);
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_load_between_map_and_unmap, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(good_load_complete_in_the_last_cycle_of_the_window, begin_unmapped,
                                        end),
        cmocka_unit_test_setup_teardown(bad_load_performed_in_the_window_and_complete_after_it,
                                        begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_translation_issued_after_the_window, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(good_translation_known_in_the_last_cycle_of_the_window,
                                        begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_translation_known_after_the_window, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(good_pending_store_performed_in_the_last_cycle_of_the_window,
                                        begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_pending_store_performed_after_the_window, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(good_translation_complete_in_the_first_cycle_of_the_window,
                                        begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_translation_complete_before_the_window, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_translation_of_what_was_never_mapped, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_translation_in_another_space, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_translation_without_a_space, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_fault_without_a_space, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_physical_address, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_page_size, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_rights, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_access_anywhere_in_a_block, begin_empty, end),
        cmocka_unit_test_setup_teardown(good_store_to_a_writable_page, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_fetch_from_a_page_without_execute, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_user_access_to_a_kernel_page, begin_empty, end),
        cmocka_unit_test_setup_teardown(good_kernel_access_to_a_kernel_page, begin_empty, end),
        cmocka_unit_test_setup_teardown(good_permission_fault_on_a_read_only_page, begin_empty, end),
        cmocka_unit_test_setup_teardown(bad_store_to_a_read_only_page, begin_empty, end),
        cmocka_unit_test_setup_teardown(bad_store_with_rights_that_the_mapping_has_not, begin_empty, end),
        cmocka_unit_test_setup_teardown(good_old_and_new_rights_within_a_protect, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_old_rights_after_a_protect, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_new_rights_before_a_protect, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_entry_across_a_protect_that_changes_nothing, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_entry_across_many_protects_that_change_nothing, begin_mapped,
                                        end),
        cmocka_unit_test_setup_teardown(good_fault_before_the_map_has_ended, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_fault_issued_after_the_map_has_ended, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_fault_known_in_the_first_cycle_of_an_unmap, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_fault_known_before_the_unmap_begins, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_access_flag_fault_on_a_mapped_page, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_permission_fault_on_a_permitted_access, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_external_abort_on_a_mapped_page, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_fault_after_an_unmap, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(good_fault_while_a_map_is_still_in_the_store_buffer, begin_empty,
                                        end),
        cmocka_unit_test_setup_teardown(bad_fault_after_a_late_store_became_visible, begin_empty, end),
    };
    return cmocka_run_group_tests_name("judge, translations", tests, NULL, NULL);
}
