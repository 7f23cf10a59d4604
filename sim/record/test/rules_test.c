/* Rules about uses, loads, invalidations and counters, each as a pair: the good run breaks none, and one
 * damaged fact breaks it. Those about page tables are in tables_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sim/record/test/synthetic.h"

static struct synthetic_run run;

/* Damage changes what is judged, not the counters: their arithmetic has tests of its own. */
static void expect_broken(const char *rules)
{
    run.counter_count = 0;
    assert_string_equal(synthetic_broken(&run, RECORD_ALL), rules);
}

static int good_run(void **state)
{
    synthetic_good_run(&run);
    return 0;
}

static int remove_files(void **state)
{
    synthetic_remove_folder();
    return 0;
}

static void good_run_breaks_no_rule(void **state)
{
    assert_string_equal(synthetic_broken(&run, RECORD_ALL), "");
}

static void good_run_breaks_no_rule_when_only_misses_are_recorded(void **state)
{
    assert_string_equal(synthetic_broken(&run, RECORD_MISSES), "");
}

static void good_windows_follow_return_drain_and_answers(void **state)
{
    const char *path = synthetic_path("windows.db");
    synthetic_record(&run, path, RECORD_MISSES);
    const char *sql = "SELECT group_concat(format('%d %d %s %s %s', mapping, may_from, must_from, must_until,"
                      " may_until), '; ') FROM mapping_windows";
    assert_string_equal(synthetic_ask_text(path, sql), "1 20 40 310 400; 2 310 400 610 700; 3 830 850  ");
}

static void late_answer_lengthens_the_window(void **state)
{
    struct mmu_event *answer = synthetic_nth(&run, EVENT_ACKNOWLEDGEMENT, 3);
    answer->as.acknowledgement.acknowledge_cycle = 750;
    const char *path = synthetic_path("windows.db");
    synthetic_record(&run, path, RECORD_MISSES);
    assert_int_equal(synthetic_ask(path, "SELECT may_until FROM mapping_windows WHERE mapping = 2"), 750);
}

static void late_drain_lengthens_the_window(void **state)
{
    struct mmu_event *write = synthetic_nth(&run, EVENT_ENTRY_WRITE, 0);
    write->as.entry_write.visible_cycle = 45;
    const char *path = synthetic_path("windows.db");
    synthetic_record(&run, path, RECORD_MISSES);
    assert_int_equal(synthetic_ask(path, "SELECT must_from FROM mapping_windows WHERE mapping = 1"), 45);
}

/* The load after the unmap succeeds with the old translation. */
static struct event_translation *revive_last_load(void)
{
    struct event_translation *t = synthetic_access(&run, ACCESS_LOAD_FAULT);
    struct event_translation *old = synthetic_access(&run, ACCESS_AFTER_PROTECT);
    uint64_t issue = t->issue_cycle;
    *t = *old;
    t->access = ACCESS_LOAD_FAULT;
    t->issue_cycle = issue;
    t->translated_cycle = issue + 1;
    t->performed_cycle = 765;
    t->outcome = OUTCOME_L1_HIT;
    return t;
}

static void bad_hit_after_the_unmap_is_stale(void **state)
{
    revive_last_load();
    expect_broken("stale_translation");
}

static void bad_hit_in_the_cycle_of_the_return_is_stale(void **state)
{
    revive_last_load()->issue_cycle = 700;
    expect_broken("stale_translation");
}

static void good_hit_before_the_return_is_not_stale(void **state)
{
    struct event_translation *t = revive_last_load();
    struct mmu_event *event = synthetic_nth(&run, EVENT_TRANSLATION, 7);
    assert_ptr_equal(&event->as.translation, t);
    t->issue_cycle = 620;
    t->performed_cycle = 625;
    event->cycle = 630;
    expect_broken("");
}

static void bad_access_pending_after_the_unmap_is_stale(void **state)
{
    struct event_translation *t = revive_last_load();
    t->issue_cycle = 620;
    t->performed_cycle = 701;
    expect_broken("stale_translation");
}

static void bad_last_hit_of_an_entry_is_stale(void **state)
{
    synthetic_nth(&run, EVENT_TLB_ENTRY, 1)->as.tlb_entry.last_hit_cycle = 700;
    expect_broken("stale_translation");
    assert_string_equal(synthetic_broken(&run, RECORD_MISSES), "stale_translation");
}

static void bad_last_completion_of_an_entry_is_stale(void **state)
{
    synthetic_nth(&run, EVENT_TLB_ENTRY, 1)->as.tlb_entry.last_done_cycle = 701;
    expect_broken("stale_translation");
}

/* Another map of the same page and frame after the unmap, and a hit under it. */
static void map_again_and_hit(void)
{
    struct mmu_event begin = *synthetic_nth(&run, EVENT_OPERATION_BEGIN, 0);
    struct mmu_event end = *synthetic_nth(&run, EVENT_OPERATION_END, 0);
    begin.cycle = begin.as.operation.begin_cycle = end.as.operation.begin_cycle = 900;
    end.cycle = 910;
    begin.as.operation.id = end.as.operation.id = 8;
    begin.as.operation.frame.attributes = end.as.operation.frame.attributes = FRAME_READABLE | FRAME_USER;
    synthetic_add(&run, &begin);
    synthetic_add(&run, &end);
    synthetic_nth(&run, EVENT_TLB_ENTRY, 1)->as.tlb_entry.last_hit_cycle = 950;
}

static void bad_old_entry_hit_under_an_equal_mapping_is_stale(void **state)
{
    map_again_and_hit();
    expect_broken("stale_translation");
}

static void good_new_entry_hit_under_an_equal_mapping(void **state)
{
    map_again_and_hit();
    struct event_tlb_entry *entry = &synthetic_nth(&run, EVENT_TLB_ENTRY, 1)->as.tlb_entry;
    entry->fill_cycle = 912;
    entry->last_done_cycle = 960;
    entry->end_cycle = 970;
    expect_broken("");
}

static void bad_entry_stays_after_the_unmap(void **state)
{
    synthetic_nth(&run, EVENT_TLB_ENTRY, 1)->as.tlb_entry.end_cycle = 701;
    expect_broken("stale_entry");
}

static void good_entry_stays_until_the_unmap_returns(void **state)
{
    synthetic_nth(&run, EVENT_TLB_ENTRY, 1)->as.tlb_entry.end_cycle = 700;
    expect_broken("");
}

static void bad_fill_after_the_unmap_is_stale(void **state)
{
    struct event_tlb_entry *entry = &synthetic_nth(&run, EVENT_TLB_ENTRY, 1)->as.tlb_entry;
    entry->fill_cycle = 720;
    entry->last_hit_cycle = EVENT_NEVER;
    entry->last_done_cycle = EVENT_NEVER;
    expect_broken("stale_translation");
}

/* From a second level that was stale: the entry should not be there at all. */
static void bad_entry_filled_after_the_unmap_stays(void **state)
{
    struct event_tlb_entry *entry = &synthetic_nth(&run, EVENT_TLB_ENTRY, 1)->as.tlb_entry;
    entry->fill_cycle = 720;
    entry->end_cycle = 760;
    entry->last_hit_cycle = EVENT_NEVER;
    entry->last_done_cycle = EVENT_NEVER;
    expect_broken("stale_entry stale_translation");
}

static void bad_walk_that_ends_after_the_unmap_is_stale(void **state)
{
    synthetic_nth(&run, EVENT_WALK, 1)->cycle = 720;
    expect_broken("stale_translation");
}

static void good_dropped_walk_is_not_stale(void **state)
{
    struct mmu_event *walk = synthetic_nth(&run, EVENT_WALK, 1);
    walk->cycle = 720;
    walk->as.walk.filled = 0;
    walk->as.walk.waiters = 0;
    expect_broken("");
}

static void bad_dropped_walk_that_starts_after_the_unmap_is_stale(void **state)
{
    struct mmu_event *walk = synthetic_nth(&run, EVENT_WALK, 1);
    walk->cycle = 720;
    walk->as.walk.start_cycle = 715;
    walk->as.walk.filled = 0;
    walk->as.walk.waiters = 0;
    expect_broken("stale_translation");
}

static void bad_store_with_rights_before_protect_is_stale(void **state)
{
    struct event_translation *t = synthetic_access(&run, ACCESS_STORE_FAULT);
    struct event_translation *old = synthetic_access(&run, ACCESS_STORE_42);
    uint64_t issue = t->issue_cycle;
    *t = *old;
    t->access = ACCESS_STORE_FAULT;
    t->issue_cycle = issue;
    t->performed_cycle = issue + 10;
    expect_broken("stale_translation");
}

static void bad_use_before_the_map_is_never_mapped(void **state)
{
    synthetic_nth(&run, EVENT_OPERATION_END, 0)->as.operation.result = PAGETABLE_NO_MEMORY;
    expect_broken("never_mapped operation_result view_differs");
}

static void bad_translation_of_another_page_is_never_mapped(void **state)
{
    synthetic_access(&run, ACCESS_FIRST_LOAD)->va = 0x900008;
    expect_broken("never_mapped");
}

static void bad_frame_is_wrong(void **state)
{
    synthetic_access(&run, ACCESS_FIRST_LOAD)->pa += 0x1000;
    expect_broken("wrong_frame");
}

static void bad_size_is_wrong(void **state)
{
    struct event_translation *t = synthetic_access(&run, ACCESS_FIRST_LOAD);
    t->page_size_lg2 = 21;
    expect_broken("wrong_frame");
}

static void bad_rights_are_wrong(void **state)
{
    synthetic_access(&run, ACCESS_FIRST_LOAD)->rights |=
        (uint8_t)ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_FETCH);
    expect_broken("wrong_frame");
}

static void bad_entry_has_another_frame(void **state)
{
    synthetic_nth(&run, EVENT_TLB_ENTRY, 0)->as.tlb_entry.frame.base += 0x1000;
    expect_broken("wrong_frame");
}

/* Operation 1 maps a global page, and space 2 uses it. */
static void use_global_mapping_in_another_space(void)
{
    for (size_t i = 0; i < run.event_count; i++) {
        struct mmu_event *event = &run.events[i];
        if ((event->kind == EVENT_OPERATION_BEGIN || event->kind == EVENT_OPERATION_END) &&
            (event->as.operation.id == OPERATION_1_MAP))
            event->as.operation.frame.attributes |= FRAME_GLOBAL;
        if (event->kind == EVENT_VIEW && event->as.view.operation == OPERATION_1_MAP)
            event->as.view.mapping.frame.attributes |= FRAME_GLOBAL;
    }
    synthetic_nth(&run, EVENT_WALK, 0)->as.walk.leaf.frame.attributes |= FRAME_GLOBAL;
    synthetic_nth(&run, EVENT_TLB_ENTRY, 0)->as.tlb_entry.frame.attributes |= FRAME_GLOBAL;
    synthetic_access(&run, ACCESS_LOAD_42)->space = 2;
}

static void good_global_mapping_serves_another_space(void **state)
{
    use_global_mapping_in_another_space();
    expect_broken("");
}

static void bad_global_mapping_hides_the_own_one_of_another_space(void **state)
{
    struct mmu_event begin = *synthetic_nth(&run, EVENT_OPERATION_BEGIN, 0);
    struct mmu_event end = *synthetic_nth(&run, EVENT_OPERATION_END, 0);
    use_global_mapping_in_another_space();
    begin.as.operation.id = end.as.operation.id = 8;
    begin.as.operation.space = end.as.operation.space = 2;
    begin.as.operation.frame.base = end.as.operation.frame.base = PAGE_PA + 0x1000;
    synthetic_add(&run, &begin);
    synthetic_add(&run, &end);
    expect_broken("wrong_frame");
}

static void bad_mapping_of_one_space_serves_another(void **state)
{
    synthetic_access(&run, ACCESS_LOAD_42)->space = 2;
    expect_broken("never_mapped");
}

static void bad_user_store_to_a_read_only_page_is_forbidden(void **state)
{
    synthetic_access(&run, ACCESS_AFTER_PROTECT)->access_kind = ACCESS_STORE;
    expect_broken("forbidden_access");
}

static void bad_rights_that_nobody_gave_are_wrong_and_forbidden(void **state)
{
    struct event_translation *t = synthetic_access(&run, ACCESS_LOAD_42);
    t->access_kind = ACCESS_FETCH;
    t->rights |= (uint8_t)ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_FETCH);
    expect_broken("forbidden_access wrong_frame");
}

static void bad_kernel_fetch_of_what_the_user_may_write_is_forbidden(void **state)
{
    struct event_translation *t = synthetic_access(&run, ACCESS_LOAD_42);
    t->access_kind = ACCESS_FETCH;
    t->privilege = PRIVILEGE_KERNEL;
    expect_broken("forbidden_access");
}

static void bad_fault_of_a_mapped_page_is_spurious(void **state)
{
    struct event_translation *t = synthetic_access(&run, ACCESS_FIRST_LOAD);
    t->fault = FAULT_TRANSLATION;
    t->performed_cycle = EVENT_NEVER;
    t->page_size_lg2 = 0;
    expect_broken("spurious_fault");
}

static void good_fault_in_the_window_of_the_map_is_legal(void **state)
{
    struct event_translation *t = synthetic_access(&run, ACCESS_FIRST_LOAD);
    t->fault = FAULT_TRANSLATION;
    t->performed_cycle = EVENT_NEVER;
    t->page_size_lg2 = 0;
    t->issue_cycle = 39;
    expect_broken("");
}

static void good_fault_while_the_page_is_being_unmapped_is_legal(void **state)
{
    synthetic_access(&run, ACCESS_LOAD_FAULT)->issue_cycle = 611;
    expect_broken("");
}

static void bad_load_returns_an_older_value(void **state)
{
    synthetic_access(&run, ACCESS_LOAD_42)->value = 0;
    expect_broken("load_value");
}

static void bad_first_load_returns_what_nobody_stored(void **state)
{
    synthetic_access(&run, ACCESS_FIRST_LOAD)->value = 1;
    expect_broken("load_value");
}

static void bad_forwarded_value_is_not_the_latest_own_store(void **state)
{
    synthetic_access(&run, ACCESS_FORWARDED_7)->value = 42;
    expect_broken("load_value");
}

static void bad_value_is_forwarded_without_a_store(void **state)
{
    synthetic_access(&run, ACCESS_FIRST_LOAD)->forwarded = 1;
    expect_broken("load_value");
}

static void good_narrow_load_reads_a_byte_of_a_wider_store(void **state)
{
    synthetic_access(&run, ACCESS_STORE_42)->value = UINT64_C(0xf122334455667788);
    struct event_translation *load = synthetic_access(&run, ACCESS_LOAD_42);
    load->va += 7;
    load->pa += 7;
    load->size_bytes = 1;
    load->value = 0xf1;
    expect_broken("");
    load->value = 0x22;
    expect_broken("load_value");
}

static void good_load_across_words_joins_two_stores(void **state)
{
    struct event_translation *store = synthetic_access(&run, ACCESS_STORE_42);
    store->value = UINT64_C(0x1122334455667788);
    struct event_translation *load = synthetic_access(&run, ACCESS_LOAD_42);
    load->va += 4;
    load->pa += 4;
    load->value = 0x11223344;
    expect_broken("");
    load->value |= UINT64_C(1) << 32;
    expect_broken("load_value");
}

static void bad_load_of_an_entry_differs_from_its_write(void **state)
{
    struct mmu_event *write = synthetic_nth(&run, EVENT_ENTRY_WRITE, 0);
    write->as.entry_write.pa = PAGE_PA + 8;
    write->as.entry_write.new_value = 5;
    expect_broken("load_value");
    synthetic_access(&run, ACCESS_FIRST_LOAD)->value = 5;
    expect_broken("");
}

static void bad_invalidation_completes_without_an_answer(void **state)
{
    synthetic_remove(&run, synthetic_nth(&run, EVENT_ACKNOWLEDGEMENT, 1));
    expect_broken("incomplete_invalidation");
}

static void bad_answer_comes_twice_from_one_core(void **state)
{
    synthetic_nth(&run, EVENT_ACKNOWLEDGEMENT, 1)->as.acknowledgement.target = 0;
    expect_broken("incomplete_invalidation");
}

static void bad_answer_leaves_before_the_drop(void **state)
{
    struct event_acknowledgement *answer = &synthetic_nth(&run, EVENT_ACKNOWLEDGEMENT, 1)->as.acknowledgement;
    answer->acknowledge_cycle = answer->drop_cycle - 1;
    expect_broken("incomplete_invalidation");
}

static void bad_barrier_does_not_wait_for_the_invalidation(void **state)
{
    synthetic_nth(&run, EVENT_BARRIER, 1)->cycle -= 1;
    expect_broken("incomplete_invalidation");
}

static void good_store_barrier_need_not_wait_for_the_invalidation(void **state)
{
    struct mmu_event *barrier = synthetic_nth(&run, EVENT_BARRIER, 1);
    barrier->cycle -= 1;
    barrier->as.barrier.kind = BARRIER_DSB_ISHST;
    expect_broken("");
}

static void bad_counter_differs_from_its_rows(void **state)
{
    synthetic_counter(&run, "walker.steps", 1)->value++;
    assert_string_equal(synthetic_broken(&run, RECORD_ALL), "counters_add_up");
    assert_string_equal(synthetic_broken(&run, RECORD_MISSES), "counters_add_up");
    assert_string_equal(synthetic_broken(&run, RECORD_COUNTERS), "");
}

static void bad_counters_differ_from_each_other(void **state)
{
    synthetic_counter(&run, "l1d.hits", 1)->value--;
    assert_string_equal(synthetic_broken(&run, RECORD_COUNTERS), "counters_add_up");
    assert_string_equal(synthetic_broken(&run, RECORD_MISSES), "counters_add_up");
}

static void bad_walk_has_fewer_steps_than_rows(void **state)
{
    synthetic_nth(&run, EVENT_WALK, 0)->as.walk.steps = 3;
    expect_broken("counters_add_up");
}

static void level_decides_what_is_judged(void **state)
{
    const char *path = synthetic_path("judged.db");
    const char *sql =
        "SELECT group_concat(rule, ' ') FROM (SELECT rule FROM judged WHERE NOT judged ORDER BY rule)";
    synthetic_record(&run, path, RECORD_ALL);
    assert_string_equal(synthetic_ask_text(path, sql), "");
    synthetic_record(&run, path, RECORD_MISSES);
    assert_string_equal(synthetic_ask_text(path, sql), "load_value");
    synthetic_record(&run, path, RECORD_COUNTERS);
    assert_int_equal(synthetic_ask(path, "SELECT SUM(judged) FROM judged"), 1);
}

#define PAIR(test) cmocka_unit_test_setup(test, good_run)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR(good_run_breaks_no_rule),
        PAIR(good_run_breaks_no_rule_when_only_misses_are_recorded),
        PAIR(good_windows_follow_return_drain_and_answers),
        PAIR(late_answer_lengthens_the_window),
        PAIR(late_drain_lengthens_the_window),
        PAIR(bad_hit_after_the_unmap_is_stale),
        PAIR(bad_hit_in_the_cycle_of_the_return_is_stale),
        PAIR(good_hit_before_the_return_is_not_stale),
        PAIR(bad_access_pending_after_the_unmap_is_stale),
        PAIR(bad_last_hit_of_an_entry_is_stale),
        PAIR(bad_last_completion_of_an_entry_is_stale),
        PAIR(bad_old_entry_hit_under_an_equal_mapping_is_stale),
        PAIR(good_new_entry_hit_under_an_equal_mapping),
        PAIR(bad_entry_stays_after_the_unmap),
        PAIR(good_entry_stays_until_the_unmap_returns),
        PAIR(bad_fill_after_the_unmap_is_stale),
        PAIR(bad_entry_filled_after_the_unmap_stays),
        PAIR(bad_walk_that_ends_after_the_unmap_is_stale),
        PAIR(good_dropped_walk_is_not_stale),
        PAIR(bad_dropped_walk_that_starts_after_the_unmap_is_stale),
        PAIR(bad_store_with_rights_before_protect_is_stale),
        PAIR(bad_use_before_the_map_is_never_mapped),
        PAIR(bad_translation_of_another_page_is_never_mapped),
        PAIR(bad_frame_is_wrong),
        PAIR(bad_size_is_wrong),
        PAIR(bad_rights_are_wrong),
        PAIR(bad_entry_has_another_frame),
        PAIR(good_global_mapping_serves_another_space),
        PAIR(bad_global_mapping_hides_the_own_one_of_another_space),
        PAIR(bad_mapping_of_one_space_serves_another),
        PAIR(bad_user_store_to_a_read_only_page_is_forbidden),
        PAIR(bad_rights_that_nobody_gave_are_wrong_and_forbidden),
        PAIR(bad_kernel_fetch_of_what_the_user_may_write_is_forbidden),
        PAIR(bad_fault_of_a_mapped_page_is_spurious),
        PAIR(good_fault_in_the_window_of_the_map_is_legal),
        PAIR(good_fault_while_the_page_is_being_unmapped_is_legal),
        PAIR(bad_load_returns_an_older_value),
        PAIR(bad_first_load_returns_what_nobody_stored),
        PAIR(bad_forwarded_value_is_not_the_latest_own_store),
        PAIR(bad_value_is_forwarded_without_a_store),
        PAIR(good_narrow_load_reads_a_byte_of_a_wider_store),
        PAIR(good_load_across_words_joins_two_stores),
        PAIR(bad_load_of_an_entry_differs_from_its_write),
        PAIR(bad_invalidation_completes_without_an_answer),
        PAIR(bad_answer_comes_twice_from_one_core),
        PAIR(bad_answer_leaves_before_the_drop),
        PAIR(bad_barrier_does_not_wait_for_the_invalidation),
        PAIR(good_store_barrier_need_not_wait_for_the_invalidation),
        PAIR(bad_counter_differs_from_its_rows),
        PAIR(bad_counters_differ_from_each_other),
        PAIR(bad_walk_has_fewer_steps_than_rows),
        PAIR(level_decides_what_is_judged),
    };
    return cmocka_run_group_tests_name("rules over the record", tests, NULL, remove_files);
}
