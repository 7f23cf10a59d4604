/* TLB entries, walks, invalidations. Good and bad beside each other; the usual story is in fixture.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim/judge/test/fixture.h"

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

/* ---- a lazy scheme: what could be used ---- */

static void run_tags(uint64_t cycle, uint16_t asid)
{
    struct event_context *context = &story_event(&story, EVENT_CONTEXT, cycle, 1)->as.context;
    context->asid = asid;
    context->space = asid;
}

/* An entry that was not hit any more; the core of the entry runs other tags from cycle 200 on. */
static struct event_tlb_entry *leave_entry(void)
{
    struct event_tlb_entry *entry;
    story.config.lazy = true;
    run_tags(10, 1);
    run_tags(200, 2);
    entry = story_entry(&story, 150, 400);
    entry->asid = 1;
    return entry;
}

static void good_entry_of_tags_that_its_core_does_not_run_any_more(void **state)
{
    (void)leave_entry();
    run_tags(400, 1);
    story_expect_good(&story);
}

static void bad_entry_of_tags_that_its_core_runs_again(void **state)
{
    (void)leave_entry();
    run_tags(399, 1);
    story_expect(&story, RULE_STALE_ENTRY, 1);
}

static void bad_entry_of_tags_that_its_core_does_not_run_where_nothing_is_declared(void **state)
{
    (void)leave_entry();
    story.config.lazy = false;
    story_expect(&story, RULE_STALE_ENTRY, 1);
}

static void bad_entry_of_tags_that_another_core_left(void **state)
{
    story.config.lazy = true;
    run_tags(10, 1);
    story_entry(&story, 150, 400)->asid = 1;
    story_expect(&story, RULE_STALE_ENTRY, 1);
}

static void good_entry_that_moves_while_its_core_does_not_run_its_tags(void **state)
{
    struct event_tlb_entry *entry = leave_entry();
    entry->fill_cycle = 300;
    entry->first_hit_cycle = entry->last_hit_cycle = EVENT_NEVER;
    entry->last_done_cycle = EVENT_NEVER;
    entry->hits = 0;
    story_expect_good(&story);
}

static void bad_entry_hit_although_its_core_does_not_run_its_tags(void **state)
{
    leave_entry()->last_hit_cycle = 300;
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

static void good_entry_of_tags_that_were_run_very_often_before(void **state)
{
    story.config.lazy = true;
    for (uint64_t i = 0; i < 12000; i++)
        run_tags(10 + i / 64, (uint16_t)(1 + i % 3));
    run_tags(200, 2);
    story_entry(&story, 150, 400)->asid = 1;
    story_expect_good(&story);
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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_entry_leaves_in_the_last_cycle_of_the_window, begin_unmapped,
                                        end),
        cmocka_unit_test_setup_teardown(bad_entry_resident_after_the_window_and_never_hit, begin_unmapped,
                                        end),
        cmocka_unit_test_setup_teardown(bad_entry_hit_after_the_window, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(good_entry_of_tags_that_its_core_does_not_run_any_more,
                                        begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_entry_of_tags_that_its_core_runs_again, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(
            bad_entry_of_tags_that_its_core_does_not_run_where_nothing_is_declared, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_entry_of_tags_that_another_core_left, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(good_entry_that_moves_while_its_core_does_not_run_its_tags,
                                        begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_entry_hit_although_its_core_does_not_run_its_tags, begin_unmapped,
                                        end),
        cmocka_unit_test_setup_teardown(good_entry_of_tags_that_were_run_very_often_before, begin_unmapped,
                                        end),
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
        cmocka_unit_test_setup_teardown(good_invalidation, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_completion_without_an_acknowledgement, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_same_core_acknowledges_twice, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_acknowledgement_before_the_drop, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_drop_before_the_arrival, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_arrival_before_the_issue, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_acknowledgement_of_what_was_never_issued, begin_unmapped, end),
    };
    return cmocka_run_group_tests_name("judge, entries", tests, NULL, NULL);
}
