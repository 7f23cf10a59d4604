/*
 * The judge's rules one by one, good and bad beside each other. The usual story: operation 1 maps PAGE with
 * window [110, 130], operation 2 unmaps it with window [210, 250].
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim/judge/test/story.h"

static struct story story;

static int begin_mapped(void **state)
{
    story_begin(&story);
    story_map_page(&story, 1, RW);
    return 0;
}

static int begin_unmapped(void **state)
{
    story_begin(&story);
    story_map_page(&story, 1, RW);
    story_unmap_page(&story, 2);
    return 0;
}

static int begin_empty(void **state)
{
    story_begin(&story);
    return 0;
}

static int end(void **state)
{
    story_end(&story); /* what a failed test left */
    return 0;
}

static struct act protect_read_only(void)
{
    return (struct act){.id = 2,
                        .kind = OPERATION_PROTECT,
                        .va = PAGE,
                        .frame = {0, RO, 12},
                        .begin = 200,
                        .write = 210,
                        .visible = 220,
                        .invalidate = 225,
                        .acknowledge = 240,
                        .end = 250};
}

/* ---- translations ---- */

static void good_load_between_map_and_unmap(void **state)
{
    story_load(&story, PAGE + 8, FRAME + 8, 150, 160);
    story_expect_good(&story);
}

static void good_translation_issued_in_the_last_cycle_of_the_window(void **state)
{
    story_load(&story, PAGE, FRAME, 250, 251)->performed_cycle = 250;
    story_expect_good(&story);
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

/* ---- windows that end late ---- */

static struct act lazy_unmap(void)
{
    return (struct act){.id = 2,
                        .kind = OPERATION_UNMAP,
                        .va = PAGE,
                        .begin = 200,
                        .write = 210,
                        .visible = 220,
                        .invalidate = 225,
                        .acknowledge = 260,
                        .completed = 300,
                        .end = 230};
}

static void good_old_translation_before_a_late_acknowledgement(void **state)
{
    struct act act = lazy_unmap();
    story_act(&story, &act);
    story_load(&story, PAGE, FRAME, 260, 261)->performed_cycle = 260;
    story_expect_good(&story);
}

static void bad_old_translation_after_a_late_acknowledgement_not_yet_known(void **state)
{
    struct act act = lazy_unmap();
    story_act(&story, &act);
    story_load(&story, PAGE, FRAME, 261, 262);
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

static void good_old_translation_before_a_late_store(void **state)
{
    struct act act = {
        .id = 2, .kind = OPERATION_UNMAP, .va = PAGE, .begin = 200, .write = 210, .visible = 400, .end = 220};
    story_act(&story, &act);
    story_load(&story, PAGE, FRAME, 390, 395);
    story_expect_good(&story);
}

static void bad_old_translation_after_an_unmap_without_invalidation(void **state)
{
    struct act act = {
        .id = 2, .kind = OPERATION_UNMAP, .va = PAGE, .begin = 200, .write = 210, .visible = 220, .end = 230};
    story_act(&story, &act);
    story_load(&story, PAGE, FRAME, 231, 240);
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

static void good_old_translation_while_an_acknowledgement_is_missing_at_the_end(void **state)
{
    struct act act = lazy_unmap();
    act.acknowledge = 0;
    story_act(&story, &act);
    story_load(&story, PAGE, FRAME, 500, 510);
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count_all(judge), 0);
    assert_int_equal(judge_unjudged(judge, UNJUDGED_OPEN), 1);
    judge_destroy(judge);
}

static void good_either_answer_of_an_operation_that_never_returned(void **state)
{
    struct act act = lazy_unmap();
    act.acknowledge = 0;
    act.end = 0;
    story_act(&story, &act);
    story_load(&story, PAGE, FRAME, 500, 510);
    story_fault(&story, PAGE, FAULT_TRANSLATION, 500, 511);
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count_all(judge), 0);
    assert_int_equal(judge_unjudged(judge, UNJUDGED_OPEN), 1);
    judge_destroy(judge);
}

static void good_failed_unmap_changes_nothing(void **state)
{
    struct act act = {.id = 2,
                      .kind = OPERATION_UNMAP,
                      .va = PAGE + 0x1000,
                      .begin = 200,
                      .end = 230,
                      .result = PAGETABLE_NOT_MAPPED};
    story_act(&story, &act);
    story_load(&story, PAGE, FRAME, 240, 250);
    story_expect_good(&story);
}

static void bad_fault_after_a_failed_map_of_the_same_page(void **state)
{
    struct act act = {.id = 2,
                      .kind = OPERATION_MAP,
                      .va = PAGE,
                      .frame = {FRAME + 0x1000, RW, 12},
                      .begin = 200,
                      .write = 205,
                      .visible = 206,
                      .end = 230,
                      .result = PAGETABLE_OVERLAP};
    story_act(&story, &act);
    story_fault(&story, PAGE, FAULT_TRANSLATION, 210, 220);
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

/* ---- operations that overlap ---- */

static void good_operations_overlap_on_different_pages(void **state)
{
    struct act other = {.id = 3,
                        .kind = OPERATION_MAP,
                        .va = PAGE + 0x1000,
                        .frame = {FRAME + 0x1000, RW, 12},
                        .begin = 190,
                        .write = 230,
                        .visible = 240,
                        .end = 400,
                        .core = 1};
    story_act(&story, &other);
    story_load(&story, PAGE + 0x1000, FRAME + 0x1000, 245, 248);
    story_fault(&story, PAGE, FAULT_TRANSLATION, 260, 270);
    story_expect_good(&story);
}

static void bad_stale_translation_while_another_page_is_mapped(void **state)
{
    struct act other = {.id = 3,
                        .kind = OPERATION_MAP,
                        .va = PAGE + 0x1000,
                        .frame = {FRAME + 0x1000, RW, 12},
                        .begin = 190,
                        .write = 230,
                        .visible = 240,
                        .end = 400,
                        .core = 1};
    story_act(&story, &other);
    story_load(&story, PAGE, FRAME, 260, 270);
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

/* Core 1 maps the page again after core 0 cleared it, and returns before core 0's unmap does. */
static void good_second_map_returns_before_the_unmap_that_it_follows(void **state)
{
    struct act again = {.id = 3,
                        .kind = OPERATION_MAP,
                        .va = PAGE,
                        .frame = {FRAME + 0x1000, RW, 12},
                        .begin = 222,
                        .write = 226,
                        .visible = 228,
                        .end = 235,
                        .core = 1};
    story_act(&story, &again);
    story_load(&story, PAGE, FRAME, 236, 240);
    story_load(&story, PAGE, FRAME + 0x1000, 236, 242);
    story_load(&story, PAGE, FRAME + 0x1000, 251, 260);
    story_expect_good(&story);
}

static void bad_second_map_without_an_unmap(void **state)
{
    struct act again = {.id = 3,
                        .kind = OPERATION_MAP,
                        .va = PAGE,
                        .frame = {FRAME + 0x1000, RW, 12},
                        .begin = 222,
                        .write = 226,
                        .visible = 228,
                        .end = 235,
                        .core = 1};
    story_act(&story, &again);
    story_expect(&story, RULE_OPERATION_RESULT, 1);
}

static void good_same_page_mapped_and_unmapped_many_times(void **state)
{
    story.config.settle_cycles = 500;
    uint64_t time = 0;
    for (uint64_t id = 1; id < 2000; id += 2, time += 200) {
        struct act map = {.id = id,
                          .kind = OPERATION_MAP,
                          .va = PAGE,
                          .frame = {FRAME + id * 0x1000, RW, 12},
                          .begin = time + 10,
                          .write = time + 12,
                          .visible = time + 14,
                          .end = time + 20};
        struct act unmap = {.id = id + 1,
                            .kind = OPERATION_UNMAP,
                            .va = PAGE,
                            .begin = time + 100,
                            .write = time + 102,
                            .visible = time + 104,
                            .invalidate = time + 106,
                            .acknowledge = time + 120,
                            .end = time + 130};
        story_act(&story, &map);
        story_act(&story, &unmap);
        story_load(&story, PAGE, FRAME + id * 0x1000, time + 50, time + 60);
    }
    struct judge *judge = judge_create(&story.config);
    struct mmu_observer observer = judge_observer(judge);
    struct judge *whole = story_judge(&story); /* sorts */
    struct judge_usage usage, most = {0};
    for (size_t i = 0; i < story.count; i++) {
        assert_int_equal(observer.event(observer.context, &story.events[i]), 0);
        judge_measure(judge, &usage);
        most.versions = usage.versions > most.versions ? usage.versions : most.versions;
        most.operations = usage.operations > most.operations ? usage.operations : most.operations;
        most.transactions = usage.transactions > most.transactions ? usage.transactions : most.transactions;
    }
    assert_int_equal(judge_count_all(whole), 0);
    assert_in_range(most.versions, 1, 20);
    assert_in_range(most.operations, 1, 20);
    assert_in_range(most.transactions, 1, 20);
    judge_destroy(judge);
    judge_destroy(whole);
}

/* ---- global mappings ---- */

static void good_global_mapping_used_from_another_space(void **state)
{
    story_map_page(&story, 1, RW | FRAME_GLOBAL);
    story_load(&story, PAGE, FRAME, 150, 160)->space = 2;
    story_fault(&story, PAGE, FAULT_TRANSLATION, 150, 161)->space = 2;
    story_expect_good(&story);
}

static void bad_global_mapping_used_from_another_space_after_its_unmap(void **state)
{
    story_map_page(&story, 1, RW | FRAME_GLOBAL);
    story_unmap_page(&story, 2);
    story_load(&story, PAGE, FRAME, 260, 270)->space = 2;
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

static void bad_global_mapping_of_another_space_hides_an_own_one(void **state)
{
    story_map_page(&story, 1, RW | FRAME_GLOBAL);
    struct act own = {.id = 2,
                      .kind = OPERATION_MAP,
                      .space = 2,
                      .va = PAGE,
                      .frame = {FRAME + 0x1000, RW, 12},
                      .begin = 100,
                      .write = 111,
                      .visible = 121,
                      .end = 130,
                      .core = 1};
    story_act(&story, &own);
    story_load(&story, PAGE, FRAME, 150, 160)->space = 2;
    story_expect(&story, RULE_WRONG_FRAME, 1);
}

/* ---- entries and walks ---- */

static void good_entry_leaves_in_the_last_cycle_of_the_window(void **state)
{
    struct event_tlb_entry *entry = story_entry(&story, 150, 250);
    entry->last_hit_cycle = 250;
    entry->last_done_cycle = 250;
    story_expect_good(&story);
}

static void bad_entry_resident_after_the_window_and_never_hit(void **state)
{
    struct event_tlb_entry *entry = story_entry(&story, 150, 251);
    entry->first_hit_cycle = EVENT_NEVER;
    entry->last_hit_cycle = EVENT_NEVER;
    entry->hits = 0;
    story_expect(&story, RULE_STALE_ENTRY, 1);
}

static void bad_entry_hit_after_the_window(void **state)
{
    struct event_tlb_entry *entry = story_entry(&story, 150, 300);
    entry->last_hit_cycle = 251;
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count(judge, RULE_STALE_TRANSLATION), 1);
    assert_int_equal(judge_count(judge, RULE_STALE_ENTRY), 1);
    assert_int_equal(judge_count_all(judge), 2);
    const struct judge_finding *finding = judge_finding_at(judge, 0);
    assert_int_equal(finding->operation, 2);
    assert_int_equal(finding->invalidation, 2u << EVENT_CORE_BITS);
    assert_int_not_equal(finding->entry, 0);
    assert_int_equal(finding->va, PAGE);
    assert_int_equal(finding->core, 1);
    assert_non_null(strstr(finding->text, "0x400000"));
    assert_non_null(strstr(finding->text, "cycle 250"));
    judge_destroy(judge);
}

static void bad_entry_served_an_access_that_completed_after_the_window(void **state)
{
    struct event_tlb_entry *entry = story_entry(&story, 150, 240);
    entry->last_done_cycle = 251;
    story.events[story.count - 1].cycle = 251;
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

static void bad_entry_filled_after_the_window(void **state)
{
    story_entry(&story, 260, 300);
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count(judge, RULE_STALE_TRANSLATION), 1);
    assert_int_equal(judge_count(judge, RULE_STALE_ENTRY), 1);
    judge_destroy(judge);
}

static void bad_entry_with_another_frame(void **state)
{
    story_entry(&story, 150, 200)->frame.base += 0x1000;
    story_expect(&story, RULE_WRONG_FRAME, 1);
}

static void bad_entry_for_what_was_never_mapped(void **state)
{
    story_entry(&story, 150, 200)->va += 0x1000;
    story_expect(&story, RULE_NEVER_MAPPED, 1);
}

static void bad_entry_of_the_first_of_two_equal_mappings(void **state)
{
    struct act again = {.id = 3,
                        .kind = OPERATION_MAP,
                        .va = PAGE,
                        .frame = {FRAME, RW, 12},
                        .begin = 300,
                        .write = 310,
                        .visible = 320,
                        .end = 330};
    story_act(&story, &again);
    story_entry(&story, 150, 400);
    story_expect(&story, RULE_STALE_ENTRY, 1);
}

static void good_walk_that_fills_in_the_last_cycle_of_the_window(void **state)
{
    story_walk(&story, 240, 250);
    story_expect_good(&story);
}

static void bad_walk_that_fills_after_the_window(void **state)
{
    story_walk(&story, 240, 251);
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

static void good_walk_that_ends_after_the_window_and_fills_nothing(void **state)
{
    story_walk(&story, 240, 251)->filled = 0;
    story_expect_good(&story);
}

static void bad_walk_that_starts_after_the_window(void **state)
{
    story_walk(&story, 251, 260)->filled = 0;
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

static void bad_walk_to_another_frame(void **state)
{
    story_walk(&story, 150, 160)->leaf.frame.base += 0x1000;
    story_expect(&story, RULE_WRONG_FRAME, 1);
}

/* ---- operations' answers ---- */

struct answer {
    enum operation_kind kind;
    uint64_t va;
    uint64_t base;
    unsigned size_lg2;
    enum pagetable_result result;
    bool good;
};

/* After PAGE and the 2 MiB block at 0x40000000 (frame 0x600000) were mapped; memory is 4 GiB. */
static const struct answer answers[] = {
    {OPERATION_MAP, PAGE + 0x1000, 0x90000, 12, PAGETABLE_OK, true},
    {OPERATION_MAP, PAGE, 0x90000, 12, PAGETABLE_OK, false},
    {OPERATION_MAP, PAGE, 0x90000, 12, PAGETABLE_OVERLAP, true},
    {OPERATION_MAP, PAGE + 0x1000, 0x90000, 12, PAGETABLE_OVERLAP, false},
    {OPERATION_MAP, PAGE, 0xa00000, 21, PAGETABLE_OVERLAP, true},
    {OPERATION_MAP, PAGE, 0xa00000, 21, PAGETABLE_OK, false},
    {OPERATION_MAP, 0x40003000, 0x90000, 12, PAGETABLE_OVERLAP, true},
    {OPERATION_MAP, 0x40003000, 0x90000, 12, PAGETABLE_OK, false},
    {OPERATION_MAP, PAGE + 0x1000, FRAME, 12, PAGETABLE_FRAME_IN_USE, true},
    {OPERATION_MAP, PAGE + 0x1000, FRAME, 12, PAGETABLE_OK, false},
    {OPERATION_MAP, PAGE + 0x1000, 0x601000, 12, PAGETABLE_FRAME_IN_USE, true},
    {OPERATION_MAP, 0x80000000, 0, 21, PAGETABLE_FRAME_IN_USE, true},
    {OPERATION_MAP, PAGE + 0x1000, 0x90000, 12, PAGETABLE_FRAME_IN_USE, false},
    {OPERATION_MAP, PAGE + 0x1800, 0x90000, 12, PAGETABLE_UNALIGNED, true},
    {OPERATION_MAP, PAGE + 0x1800, 0x90000, 12, PAGETABLE_OK, false},
    {OPERATION_MAP, PAGE + 0x1000, 0x90800, 12, PAGETABLE_OK, false},
    {OPERATION_MAP, PAGE + 0x1000, 0x90000, 12, PAGETABLE_UNALIGNED, false},
    {OPERATION_MAP, PAGE + 0x1000, 0x90000, 13, PAGETABLE_BAD_SIZE, true},
    {OPERATION_MAP, PAGE + 0x2000, 0x90000, 13, PAGETABLE_OK, false},
    {OPERATION_MAP, PAGE + 0x1000, 0x90000, 12, PAGETABLE_BAD_SIZE, false},
    {OPERATION_MAP, UINT64_C(1) << 48, 0x90000, 12, PAGETABLE_OUT_OF_RANGE, true},
    {OPERATION_MAP, UINT64_C(1) << 48, 0x90000, 12, PAGETABLE_OK, false},
    {OPERATION_MAP, PAGE + 0x1000, UINT64_C(1) << 32, 12, PAGETABLE_OUT_OF_RANGE, true},
    {OPERATION_MAP, PAGE + 0x1000, UINT64_C(1) << 32, 12, PAGETABLE_OK, false},
    {OPERATION_MAP, (UINT64_C(1) << 48) - 0x1000, (UINT64_C(1) << 32) - 0x1000, 12, PAGETABLE_OK, true},
    {OPERATION_MAP, (UINT64_C(1) << 48) - 0x1000, 0x90000, 12, PAGETABLE_OUT_OF_RANGE, false},
    {OPERATION_MAP, PAGE + 0x1000, 0x90000, 12, PAGETABLE_NO_MEMORY, true},
    {OPERATION_MAP, PAGE + 0x1000, 0x90000, 12, PAGETABLE_NOT_MAPPED, false},
    {OPERATION_MAP, PAGE + 0x1000, 0x90000, 12, PAGETABLE_CORRUPT, false},
    {OPERATION_UNMAP, PAGE, 0, 0, PAGETABLE_OK, true},
    {OPERATION_UNMAP, PAGE, 0, 0, PAGETABLE_NOT_MAPPED, false},
    {OPERATION_UNMAP, PAGE + 0x1000, 0, 0, PAGETABLE_NOT_MAPPED, true},
    {OPERATION_UNMAP, PAGE + 0x1000, 0, 0, PAGETABLE_OK, false},
    {OPERATION_UNMAP, PAGE + 8, 0, 0, PAGETABLE_UNALIGNED, true},
    {OPERATION_UNMAP, PAGE, 0, 0, PAGETABLE_UNALIGNED, false},
    {OPERATION_UNMAP, 0x40001000, 0, 0, PAGETABLE_UNALIGNED, true},
    {OPERATION_UNMAP, 0x40001000, 0, 0, PAGETABLE_NOT_MAPPED, true},
    {OPERATION_UNMAP, 0x40001000, 0, 0, PAGETABLE_OK, false},
    {OPERATION_UNMAP, PAGE, 0, 0, PAGETABLE_OVERLAP, false},
    {OPERATION_PROTECT, PAGE, 0, 0, PAGETABLE_OK, true},
    {OPERATION_PROTECT, PAGE, 0, 0, PAGETABLE_NOT_MAPPED, false},
    {OPERATION_PROTECT, PAGE + 0x1000, 0, 0, PAGETABLE_OK, false},
    {OPERATION_PROTECT, PAGE, 0, 0, PAGETABLE_UNSUPPORTED, true},
    {OPERATION_QUERY, PAGE + 0x1000, 0, 0, PAGETABLE_NOT_MAPPED, true},
    {OPERATION_QUERY, PAGE + 8, 0, 0, PAGETABLE_NOT_MAPPED, false},
    {OPERATION_QUERY, UINT64_C(1) << 48, 0, 0, PAGETABLE_OUT_OF_RANGE, true},
    {OPERATION_QUERY, PAGE, 0, 0, PAGETABLE_OUT_OF_RANGE, false},
    {OPERATION_QUERY, PAGE, 0, 0, PAGETABLE_NO_MEMORY, false},
};

static void good_and_bad_answers_of_operations(void **state)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        const struct answer *answer = &answers[i];
        story_end(&story);
        story_begin(&story);
        story_map_page(&story, 1, RW);
        struct act block = {.id = 2,
                            .kind = OPERATION_MAP,
                            .va = 0x40000000,
                            .frame = {0x600000, RW, 21},
                            .begin = 140,
                            .write = 141,
                            .visible = 142,
                            .end = 143};
        struct act act = {.id = 3,
                          .kind = answer->kind,
                          .va = answer->va,
                          .frame = {answer->base, RW, (uint8_t)answer->size_lg2},
                          .begin = 200,
                          .end = 250,
                          .result = answer->result};
        story_act(&story, &block);
        story_act(&story, &act);
        story_expect(&story, RULE_OPERATION_RESULT, answer->good ? 0 : 1);
    }
}

static void query_found(uint64_t va, uint64_t found_va, uint64_t base, uint32_t attributes, uint64_t findings)
{
    struct act act = {.id = 3, .kind = OPERATION_QUERY, .va = va, .begin = 150, .end = 160};
    story_act(&story, &act);
    struct event_operation *operation = &story.events[story.count - 1].as.operation;
    operation->found_va = found_va;
    operation->frame = (struct frame){base, attributes, 12};
    story_expect(&story, RULE_OPERATION_RESULT, findings);
}

static void good_query_finds_the_mapping(void **state)
{
    query_found(PAGE + 24, PAGE, FRAME, RW, 0);
}

static void bad_query_finds_another_frame(void **state)
{
    query_found(PAGE, PAGE, FRAME + 0x1000, RW, 1);
}

static void bad_query_finds_other_attributes(void **state)
{
    query_found(PAGE, PAGE, FRAME, RO, 1);
}

static void bad_query_finds_something_where_nothing_is(void **state)
{
    query_found(PAGE + 0x1000, PAGE + 0x1000, FRAME, RW, 1);
}

static void good_same_frame_twice_where_aliasing_is_allowed(void **state)
{
    story_space(&story, 1, true);
    struct act act = {.id = 2,
                      .kind = OPERATION_MAP,
                      .va = PAGE + 0x1000,
                      .frame = {FRAME, RW, 12},
                      .begin = 200,
                      .end = 250};
    story_act(&story, &act);
    story_expect_good(&story);
}

/* ---- views ---- */

static void good_view_after_a_map(void **state)
{
    struct event_view *view = story_view(&story, 1, 130, 1);
    view->mapped = 1;
    view->mapping = (struct mapping){PAGE, {FRAME, RW, 12}};
    story_expect_good(&story);
}

static void bad_view_without_the_mapping(void **state)
{
    story_view(&story, 1, 130, EVENT_NEVER);
    story_expect(&story, RULE_VIEW_DIFFERS, 1);
}

static void bad_view_with_other_attributes(void **state)
{
    struct event_view *view = story_view(&story, 1, 130, 1);
    view->mapped = 1;
    view->mapping = (struct mapping){PAGE, {FRAME, RO, 12}};
    story_expect(&story, RULE_VIEW_DIFFERS, 1);
}

static void bad_view_with_another_number_of_mappings(void **state)
{
    struct event_view *view = story_view(&story, 1, 130, 2);
    view->mapped = 1;
    view->mapping = (struct mapping){PAGE, {FRAME, RW, 12}};
    story_expect(&story, RULE_VIEW_DIFFERS, 1);
}

static void good_view_after_an_unmap(void **state)
{
    story_view(&story, 2, 250, 0);
    story_expect_good(&story);
}

static void bad_view_after_an_unmap_still_has_it(void **state)
{
    struct event_view *view = story_view(&story, 2, 250, 1);
    view->mapped = 1;
    view->mapping = (struct mapping){PAGE, {FRAME, RW, 12}};
    story_expect(&story, RULE_VIEW_DIFFERS, 2);
}

static void good_view_before_the_store_is_visible(void **state)
{
    struct act act = {
        .id = 2, .kind = OPERATION_UNMAP, .va = PAGE, .begin = 200, .write = 210, .visible = 280, .end = 250};
    story_act(&story, &act);
    struct event_view *view = story_view(&story, 2, 250, 1);
    view->mapped = 1;
    view->mapping = (struct mapping){PAGE, {FRAME, RW, 12}};
    story_expect_good(&story);
}

/* ---- invalidations ---- */

static struct mmu_event *find_event(enum event_kind kind)
{
    for (size_t i = 0; i < story.count; i++)
        if (story.events[i].kind == kind)
            return &story.events[i];
    return NULL;
}

static void good_invalidation(void **state)
{
    assert_non_null(find_event(EVENT_COMPLETION));
    story_expect_good(&story);
}

static void bad_completion_without_an_acknowledgement(void **state)
{
    find_event(EVENT_ACKNOWLEDGEMENT)->kind = EVENT_REGION;
    story_expect(&story, RULE_INCOMPLETE_INVALIDATION, 1);
}

static void bad_same_core_acknowledges_twice(void **state)
{
    find_event(EVENT_ACKNOWLEDGEMENT)->as.acknowledgement.target = 1;
    story_expect(&story, RULE_INCOMPLETE_INVALIDATION, 1);
}

static void bad_acknowledgement_before_the_drop(void **state)
{
    struct event_acknowledgement *told = &find_event(EVENT_ACKNOWLEDGEMENT)->as.acknowledgement;
    told->drop_cycle = told->acknowledge_cycle + 1;
    story_expect(&story, RULE_INCOMPLETE_INVALIDATION, 1);
}

static void bad_drop_before_the_arrival(void **state)
{
    struct event_acknowledgement *told = &find_event(EVENT_ACKNOWLEDGEMENT)->as.acknowledgement;
    told->arrive_cycle = told->drop_cycle + 1;
    story_expect(&story, RULE_INCOMPLETE_INVALIDATION, 1);
}

static void bad_arrival_before_the_issue(void **state)
{
    find_event(EVENT_ACKNOWLEDGEMENT)->as.acknowledgement.arrive_cycle = 224;
    story_expect(&story, RULE_INCOMPLETE_INVALIDATION, 1);
}

static void bad_acknowledgement_of_what_was_never_issued(void **state)
{
    story_event(&story, EVENT_ACKNOWLEDGEMENT, 300, 0)->as.acknowledgement.invalidation = 640;
    story_expect(&story, RULE_INCOMPLETE_INVALIDATION, 1);
}

/* ---- values ---- */

static void store(unsigned core, uint64_t offset, unsigned size_bytes, uint64_t value, uint64_t issue,
                  uint64_t performed)
{
    struct event_translation *access = story_load(&story, PAGE + offset, FRAME + offset, issue, performed);
    story.events[story.count - 1].core = (uint8_t)core;
    access->access_kind = ACCESS_STORE;
    access->performed_cycle = performed;
    access->size_bytes = (uint16_t)size_bytes;
    access->value = value;
}

static struct event_translation *load(unsigned core, uint64_t offset, unsigned size_bytes, uint64_t value,
                                      uint64_t performed)
{
    struct event_translation *access =
        story_load(&story, PAGE + offset, FRAME + offset, performed - 10, performed + 20);
    story.events[story.count - 1].core = (uint8_t)core;
    access->performed_cycle = performed;
    access->size_bytes = (uint16_t)size_bytes;
    access->value = value;
    return access;
}

static void good_never_written_memory_is_zero(void **state)
{
    load(1, 0, 8, 0, 150);
    story_expect_good(&story);
}

static void bad_never_written_memory_is_not_zero(void **state)
{
    load(1, 0, 8, 1, 150);
    story_expect(&story, RULE_LOAD_VALUE, 1);
}

static void good_loads_and_stores_of_several_sizes(void **state)
{
    store(0, 0, 8, 0x1122334455667788, 140, 145);
    store(0, 2, 2, 0xffffaabb, 150, 155);
    load(1, 0, 8, 0x11223344aabb7788, 160);
    load(1, 3, 4, 0x223344aa, 161);
    load(1, 7, 1, 0x11, 162);
    store(0, 16, 24, 0x0807060504030201, 170, 171);
    load(1, 30, 8, 0x0605040302010807, 180);
    load(1, 40, 8, 0, 181);
    story_expect_good(&story);
}

static void bad_load_of_a_partly_overwritten_word(void **state)
{
    store(0, 0, 8, 0x1122334455667788, 140, 145);
    store(0, 2, 2, 0xaabb, 150, 155);
    load(1, 0, 8, 0x1122334455667788, 160);
    story_expect(&story, RULE_LOAD_VALUE, 1);
}

/* The load is told after the second store, but was performed before it. */
static void good_load_performed_between_two_stores(void **state)
{
    store(0, 0, 8, 1, 140, 145);
    store(0, 0, 8, 2, 146, 155);
    load(1, 0, 8, 1, 150);
    load(1, 0, 8, 2, 156);
    story_expect_good(&story);
}

static void bad_load_of_the_later_of_two_stores(void **state)
{
    store(0, 0, 8, 1, 140, 145);
    store(0, 0, 8, 2, 146, 155);
    load(1, 0, 8, 2, 150);
    story_expect(&story, RULE_LOAD_VALUE, 1);
}

static void good_forwarded_load_reads_the_own_latest_store(void **state)
{
    store(1, 0, 8, 1, 132, 300);
    store(1, 0, 4, 2, 133, 310);
    store(0, 0, 8, 9, 134, 140);
    load(1, 0, 8, 2, 150)->forwarded = 1;
    load(0, 0, 8, 9, 151);
    store(1, 0, 8, 7, 160, 320);
    story_expect_good(&story);
}

static void bad_forwarded_load_reads_an_older_store(void **state)
{
    store(1, 0, 8, 1, 132, 300);
    store(1, 0, 8, 2, 133, 310);
    load(1, 0, 8, 1, 150)->forwarded = 1;
    story_expect(&story, RULE_LOAD_VALUE, 1);
}

static void bad_forwarded_load_reads_another_cores_store(void **state)
{
    store(1, 0, 8, 1, 132, 300);
    store(0, 0, 8, 9, 134, 140);
    load(1, 0, 8, 9, 150)->forwarded = 1;
    story_expect(&story, RULE_LOAD_VALUE, 1);
}

static void good_entry_writes_are_stores(void **state)
{
    struct act act = {.id = 3,
                      .kind = OPERATION_MAP,
                      .va = PAGE + 0x1000,
                      .frame = {UINT64_C(0x7000000), RW, 12},
                      .begin = 140,
                      .write = 141,
                      .visible = 142,
                      .end = 145};
    story_act(&story, &act); /* maps the page of the entries themselves */
    story_load(&story, PAGE + 0x1018, UINT64_C(0x7000018), 150, 160)->value = 3;
    story_expect_good(&story);
}

/* An entry lies at 0x7000018; its page was data before, so it has been cleared for the table. */
static void page_became_a_table(uint64_t word, uint64_t value, uint64_t findings)
{
    struct act window = {.id = 2,
                         .kind = OPERATION_MAP,
                         .va = PAGE + 0x1000,
                         .frame = {UINT64_C(0x7000000), RW, 12},
                         .begin = 131,
                         .write = 132,
                         .visible = 133,
                         .end = 135};
    struct act entry = {.id = 3,
                        .kind = OPERATION_MAP,
                        .va = PAGE + 0x2000,
                        .frame = {UINT64_C(0x7001000), RW, 12},
                        .begin = 190,
                        .write = 195,
                        .visible = 196,
                        .end = 198};
    story_act(&story, &window);
    struct event_translation *access = story_load(&story, PAGE + 0x1800, UINT64_C(0x7000800), 150, 160);
    access->access_kind = ACCESS_STORE;
    access->value = 5;
    story_act(&story, &entry);
    story_load(&story, PAGE + 0x1000 + word, UINT64_C(0x7000000) + word, 200, 210)->value = value;
    story_expect(&story, RULE_LOAD_VALUE, findings);
}

static void good_page_that_became_a_table_is_zero(void **state)
{
    page_became_a_table(0x800, 0, 0);
}

static void good_page_that_became_a_table_keeps_its_data(void **state)
{
    page_became_a_table(0x800, 5, 0);
}

static void good_page_that_became_a_table_has_its_entry(void **state)
{
    page_became_a_table(0x18, 3, 0);
}

static void bad_page_that_became_a_table_has_something_else(void **state)
{
    page_became_a_table(0x800, 6, 1);
}

static void bad_page_that_became_a_table_lacks_its_entry(void **state)
{
    page_became_a_table(0x18, 0, 1);
}

static void good_values_are_left_alone_without_them(void **state)
{
    story.config.values = false;
    load(1, 0, 8, 1, 150);
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count_all(judge), 0);
    assert_int_equal(judge_unjudged(judge, UNJUDGED_VALUES), 1);
    judge_destroy(judge);
}

/* ---- crossing accesses ---- */

static void crossing(bool second_faults, uint64_t first_performed)
{
    struct act act = {.id = 3,
                      .kind = OPERATION_MAP,
                      .va = PAGE + 0x1000,
                      .frame = {FRAME + 0x8000, RW, 12},
                      .begin = 132,
                      .write = 133,
                      .visible = 134,
                      .end = 135};
    if (!second_faults)
        story_act(&story, &act);
    struct event_translation *half = story_load(&story, PAGE + 0xffc, FRAME + 0xffc, 150, 160);
    half->half = 1;
    half->access = 77;
    half->size_bytes = 4;
    half->performed_cycle = first_performed;
    half = second_faults ? story_fault(&story, PAGE + 0x1000, FAULT_TRANSLATION, 151, 158)
                         : story_load(&story, PAGE + 0x1000, FRAME + 0x8000, 151, 162);
    half->half = 2;
    half->access = 77;
    half->size_bytes = 4;
}

static void good_both_halves(void **state)
{
    crossing(false, 155);
    story_expect_good(&story);
}

static void good_no_half_is_performed_with_a_fault(void **state)
{
    crossing(true, EVENT_NEVER);
    story_expect_good(&story);
}

static void bad_one_half_is_performed_though_the_other_faulted(void **state)
{
    crossing(true, 155);
    story_expect(&story, RULE_TORN_ACCESS, 1);
}

static void bad_second_half_goes_on_in_the_first_frame(void **state)
{
    crossing(false, 155);
    story.events[story.count - 1].as.translation.pa = FRAME + 0x1000;
    story_expect(&story, RULE_WRONG_FRAME, 1);
}

/* ---- the judge itself ---- */

static void findings_beyond_the_limit_are_counted(void **state)
{
    story.config.findings_max = 3;
    for (uint64_t i = 0; i < 10; i++)
        story_load(&story, PAGE, FRAME, 260 + i, 270 + i);
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count(judge, RULE_STALE_TRANSLATION), 10);
    assert_int_equal(judge_findings(judge), 3);
    assert_null(judge_finding_at(judge, 3));
    judge_destroy(judge);
}

static void undecided_events_beyond_the_limit_are_told(void **state)
{
    story.config.undecided_max = 4;
    for (uint64_t i = 0; i < 10; i++)
        story_load(&story, PAGE, FRAME, 260 + i, 270 + i);
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count(judge, RULE_STALE_TRANSLATION), 4);
    assert_int_equal(judge_unjudged(judge, UNJUDGED_LIMIT), 6);
    judge_destroy(judge);
}

static void events_of_an_unknown_space_are_told(void **state)
{
    story_load(&story, PAGE, FRAME, 260, 270)->space = 7;
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count_all(judge), 0);
    assert_int_equal(judge_unjudged(judge, UNJUDGED_SPACE), 1);
    judge_destroy(judge);
}

static void findings_are_sorted_by_cycle(void **state)
{
    for (uint64_t i = 0; i < 10; i++)
        story_load(&story, PAGE, FRAME, 260 + i, 300 - i);
    story_load(&story, PAGE + 0x5000, FRAME, 100000, 100001);
    story_load(&story, PAGE + 0x5000, FRAME, 50, 60);
    struct judge *judge = story_judge(&story);
    for (size_t i = 1; i < judge_findings(judge); i++)
        assert_true(judge_finding_at(judge, i - 1)->cycle <= judge_finding_at(judge, i)->cycle);
    assert_int_equal(judge_findings(judge), 12);
    judge_destroy(judge);
}

static void every_rule_has_a_name_and_a_text(void **state)
{
    for (unsigned i = 0; i < JUDGE_RULES; i++) {
        enum judge_rule rule = JUDGE_RULES;
        assert_true(judge_rule_find(judge_rule_name((enum judge_rule)i), &rule));
        assert_int_equal(rule, i);
        assert_true(strlen(judge_rule_text(rule)) > 10);
    }
    for (unsigned i = 0; i < JUDGE_UNJUDGED; i++)
        assert_true(strlen(judge_unjudged_text((enum judge_unjudged)i)) > 10);
    enum judge_rule none;
    assert_false(judge_rule_find("no_such_rule", &none));
    assert_string_equal(judge_rule_name(JUDGE_RULES), "?");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_load_between_map_and_unmap, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(good_translation_issued_in_the_last_cycle_of_the_window,
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
        cmocka_unit_test_setup_teardown(good_old_translation_before_a_late_acknowledgement, begin_mapped,
                                        end),
        cmocka_unit_test_setup_teardown(bad_old_translation_after_a_late_acknowledgement_not_yet_known,
                                        begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_old_translation_before_a_late_store, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_old_translation_after_an_unmap_without_invalidation, begin_mapped,
                                        end),
        cmocka_unit_test_setup_teardown(good_old_translation_while_an_acknowledgement_is_missing_at_the_end,
                                        begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_either_answer_of_an_operation_that_never_returned, begin_mapped,
                                        end),
        cmocka_unit_test_setup_teardown(good_failed_unmap_changes_nothing, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_fault_after_a_failed_map_of_the_same_page, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_operations_overlap_on_different_pages, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_stale_translation_while_another_page_is_mapped, begin_unmapped,
                                        end),
        cmocka_unit_test_setup_teardown(good_second_map_returns_before_the_unmap_that_it_follows,
                                        begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_second_map_without_an_unmap, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_same_page_mapped_and_unmapped_many_times, begin_empty, end),
        cmocka_unit_test_setup_teardown(good_global_mapping_used_from_another_space, begin_empty, end),
        cmocka_unit_test_setup_teardown(bad_global_mapping_used_from_another_space_after_its_unmap,
                                        begin_empty, end),
        cmocka_unit_test_setup_teardown(bad_global_mapping_of_another_space_hides_an_own_one, begin_empty,
                                        end),
        cmocka_unit_test_setup_teardown(good_entry_leaves_in_the_last_cycle_of_the_window, begin_unmapped,
                                        end),
        cmocka_unit_test_setup_teardown(bad_entry_resident_after_the_window_and_never_hit, begin_unmapped,
                                        end),
        cmocka_unit_test_setup_teardown(bad_entry_hit_after_the_window, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_entry_served_an_access_that_completed_after_the_window,
                                        begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_entry_filled_after_the_window, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_entry_with_another_frame, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_entry_for_what_was_never_mapped, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_entry_of_the_first_of_two_equal_mappings, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(good_walk_that_fills_in_the_last_cycle_of_the_window, begin_unmapped,
                                        end),
        cmocka_unit_test_setup_teardown(bad_walk_that_fills_after_the_window, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(good_walk_that_ends_after_the_window_and_fills_nothing,
                                        begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_walk_that_starts_after_the_window, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_walk_to_another_frame, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_and_bad_answers_of_operations, begin_empty, end),
        cmocka_unit_test_setup_teardown(good_query_finds_the_mapping, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_query_finds_another_frame, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_query_finds_other_attributes, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_query_finds_something_where_nothing_is, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_same_frame_twice_where_aliasing_is_allowed, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_view_after_a_map, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_view_without_the_mapping, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_view_with_other_attributes, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_view_with_another_number_of_mappings, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_view_after_an_unmap, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_view_after_an_unmap_still_has_it, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(good_view_before_the_store_is_visible, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_invalidation, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_completion_without_an_acknowledgement, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_same_core_acknowledges_twice, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_acknowledgement_before_the_drop, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_drop_before_the_arrival, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_arrival_before_the_issue, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_acknowledgement_of_what_was_never_issued, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(good_never_written_memory_is_zero, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_never_written_memory_is_not_zero, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_loads_and_stores_of_several_sizes, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_load_of_a_partly_overwritten_word, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_load_performed_between_two_stores, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_load_of_the_later_of_two_stores, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_forwarded_load_reads_the_own_latest_store, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_forwarded_load_reads_an_older_store, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_forwarded_load_reads_another_cores_store, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_entry_writes_are_stores, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_page_that_became_a_table_is_zero, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_page_that_became_a_table_keeps_its_data, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_page_that_became_a_table_has_its_entry, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_page_that_became_a_table_has_something_else, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_page_that_became_a_table_lacks_its_entry, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_values_are_left_alone_without_them, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_both_halves, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_no_half_is_performed_with_a_fault, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_one_half_is_performed_though_the_other_faulted, begin_mapped,
                                        end),
        cmocka_unit_test_setup_teardown(bad_second_half_goes_on_in_the_first_frame, begin_mapped, end),
        cmocka_unit_test_setup_teardown(findings_beyond_the_limit_are_counted, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(undecided_events_beyond_the_limit_are_told, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(events_of_an_unknown_space_are_told, begin_mapped, end),
        cmocka_unit_test_setup_teardown(findings_are_sorted_by_cycle, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(every_rule_has_a_name_and_a_text, begin_empty, end),
    };
    return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
