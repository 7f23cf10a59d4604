/* What hardware does beyond one table and one TLB: updates of entries, virtual machines, conflicts, shared
 * arrays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim/judge/test/fixture.h"

#define STORES (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE))

/* Of the space that the fixture's `story_begin` told. */
static struct event_space *space(unsigned number)
{
    struct event_space *told = &story.events[number - 1].as.space;
    assert_int_equal(told->space, number);
    return told;
}

static void hardware_updates(bool access, bool dirty)
{
    space(1)->hardware_access = access;
    space(1)->hardware_dirty = dirty;
}

/* ---- clean and old entries ---- */

static void good_clean_entry_takes_no_stores_yet(void **state)
{
    hardware_updates(true, true);
    story_map_page(&story, 1, RW | FRAME_CLEAN);
    story_entry(&story, 150, 300)->rights &= (uint8_t)~STORES;
    story_load(&story, PAGE, FRAME, 160, 170)->rights &= (uint8_t)~STORES;
    story_entry(&story, 310, 400);
    struct event_translation *store = story_load(&story, PAGE, FRAME, 320, 330);
    store->access_kind = ACCESS_STORE;
    store->value = 0;
    story_expect_good(&story);
}

static void bad_dirty_entry_takes_no_stores(void **state)
{
    hardware_updates(true, true);
    story_map_page(&story, 1, RW);
    story_load(&story, PAGE, FRAME, 160, 170)->rights &= (uint8_t)~STORES;
    story_expect(&story, RULE_WRONG_FRAME, 1);
}

static void bad_store_to_a_clean_page_faults_though_hardware_makes_it_dirty(void **state)
{
    hardware_updates(true, true);
    story_map_page(&story, 1, RW | FRAME_CLEAN);
    story_fault(&story, PAGE, FAULT_PERMISSION, 160, 170)->access_kind = ACCESS_STORE;
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

static void good_store_to_a_clean_page_faults_where_software_makes_it_dirty(void **state)
{
    hardware_updates(true, false);
    story_map_page(&story, 1, RW | FRAME_CLEAN);
    story_fault(&story, PAGE, FAULT_PERMISSION, 160, 170)->access_kind = ACCESS_STORE;
    story_expect_good(&story);
}

static void bad_store_to_a_clean_page_succeeds_where_software_makes_it_dirty(void **state)
{
    hardware_updates(true, false);
    story_map_page(&story, 1, RW | FRAME_CLEAN);
    struct event_translation *store = story_load(&story, PAGE, FRAME, 160, 170);
    store->access_kind = ACCESS_STORE;
    store->value = 0;
    story_expect(&story, RULE_FORBIDDEN_ACCESS, 1);
}

static void bad_clean_page_stays_writable_after_protect_took_the_right(void **state)
{
    hardware_updates(true, true);
    story_map_page(&story, 1, RW | FRAME_CLEAN);
    struct act protect = protect_read_only();
    story_act(&story, &protect);
    story_entry(&story, 150, 300);
    story_expect(&story, RULE_STALE_ENTRY, 1);
}

static void good_old_page_faults_until_software_marks_it(void **state)
{
    story_map_page(&story, 1, RW | FRAME_OLD);
    story_fault(&story, PAGE, FAULT_ACCESS_FLAG, 160, 170);
    story_expect_good(&story);
}

static void bad_old_page_faults_though_hardware_marks_it(void **state)
{
    hardware_updates(true, false);
    story_map_page(&story, 1, RW | FRAME_OLD);
    story_fault(&story, PAGE, FAULT_ACCESS_FLAG, 160, 170);
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

static void bad_old_page_is_used_without_its_access_flag(void **state)
{
    story_map_page(&story, 1, RW | FRAME_OLD);
    story_load(&story, PAGE, FRAME, 160, 170);
    story_expect(&story, RULE_FORBIDDEN_ACCESS, 1);
}

static void good_updates_of_entries_change_no_mapping(void **state)
{
    hardware_updates(true, true);
    story_map_page(&story, 1, RW | FRAME_CLEAN | FRAME_OLD);
    struct event_entry_write *update = &story_event(&story, EVENT_ENTRY_WRITE, 165, 1)->as.entry_write;
    *update = (struct event_entry_write){
        .walk = 65, .pa = 0x5000, .old_value = 1, .new_value = 3, .issue_cycle = 160, .visible_cycle = 164};
    struct event_view *view = story_view(&story, 1, 130, 1);
    view->mapped = 1;
    view->mapping = (struct mapping){PAGE, {FRAME, RW, 12}};
    story_load(&story, PAGE, FRAME, 170, 180);
    story_expect_good(&story);
}

/* ---- the state that hardware keeps ---- */

/* A walk of [150, 160] that finds the page as it is once it is accessed and dirty; its update, or that of
 * another walk, which ends in cycle 190, is visible in this cycle (0: there is none). */
static void walk_after_update(uint32_t state, uint64_t visible, bool own)
{
    hardware_updates(true, true);
    story_map_page(&story, 1, RW | state);
    uint64_t walk = story_walk(&story, 150, 160)->id;
    if (!visible)
        return;
    if (!own)
        walk = story_walk(&story, 150, 190)->id;
    struct event_entry_write *update =
        &story_event(&story, EVENT_ENTRY_WRITE, own ? 158 : 188, 1)->as.entry_write;
    *update = (struct event_entry_write){.walk = walk,
                                         .pa = 0x5000,
                                         .old_value = 1,
                                         .new_value = 3,
                                         .issue_cycle = visible,
                                         .visible_cycle = visible};
}

static void good_page_is_dirty_after_the_walk_changed_its_entry(void **state)
{
    walk_after_update(FRAME_CLEAN, 155, true);
    story_expect_good(&story);
}

static void bad_page_is_dirty_though_nothing_changed_its_entry(void **state)
{
    walk_after_update(FRAME_CLEAN, 0, true);
    story_expect(&story, RULE_LOST_STATE, 1);
}

static void good_page_is_dirty_after_another_walk_changed_its_entry(void **state)
{
    walk_after_update(FRAME_CLEAN, 155, false); /* which is told later */
    story_expect_good(&story);
}

static void bad_page_is_dirty_before_another_walk_changed_its_entry(void **state)
{
    walk_after_update(FRAME_CLEAN, 161, false);
    story_expect(&story, RULE_LOST_STATE, 1);
}

static void good_old_page_is_used_after_the_walk_marked_it(void **state)
{
    walk_after_update(FRAME_OLD, 155, true);
    story_expect_good(&story);
}

static void bad_old_page_is_used_though_nothing_marked_it(void **state)
{
    walk_after_update(FRAME_OLD, 0, true);
    story_expect(&story, RULE_LOST_STATE, 1);
}

static void good_dirty_page_needs_no_update(void **state)
{
    walk_after_update(0, 0, true);
    story_expect_good(&story);
}

/* It has no page's state to look at until much later: by then it is judged all the same. */
static void bad_lost_state_is_found_while_the_run_goes_on(void **state)
{
    story.config.settle_cycles = 100;
    walk_after_update(FRAME_CLEAN, 0, true);
    story_walk(&story, 400, 410)->leaf.rights &= (uint8_t)~STORES;
    story_walk(&story, 1400, 1410)->leaf.rights &= (uint8_t)~STORES;
    story_expect(&story, RULE_LOST_STATE, 1);
}

/* ---- the entries of a run, one by one ---- */

#define RUN_FRAME UINT64_C(0x800000)

static struct walk_format with_runs;

/* PAGE to RUN_FRAME, 2 MiB, as a run of pages: mapped in [110, 130] and unmapped in [210, 250]. */
static void map_run(bool single_entries)
{
    struct act map = {.id = 1,
                      .kind = OPERATION_MAP,
                      .va = PAGE,
                      .frame = {RUN_FRAME, RW, 21},
                      .begin = 100,
                      .write = 110,
                      .visible = 120,
                      .end = 130};
    with_runs = story_format;
    with_runs.run_sizes = UINT64_C(1) << 21;
    space(1)->format = &with_runs;
    story.config.single_entries = single_entries;
    story_act(&story, &map);
    story_unmap_page(&story, 2);
}

/* Of the run's sixth page, and a load that it serves. */
static struct event_tlb_entry *entry_of_run(uint64_t end)
{
    story_load(&story, PAGE + 0x5008, RUN_FRAME + 0x5008, 160, 170);
    struct event_tlb_entry *entry = story_entry(&story, 150, end);
    entry->va = PAGE + 0x5000;
    entry->frame.base = RUN_FRAME + 0x5000;
    return entry;
}

static void good_entry_of_a_run_is_held_alone(void **state)
{
    map_run(true);
    (void)entry_of_run(240);
    story_expect_good(&story);
}

static void bad_entry_of_a_run_where_it_is_held_whole(void **state)
{
    map_run(false);
    (void)entry_of_run(240);
    story_expect(&story, RULE_WRONG_FRAME, 2);
}

static void bad_entry_of_a_run_stays_after_the_unmap(void **state)
{
    map_run(true);
    (void)entry_of_run(300);
    story_expect(&story, RULE_STALE_ENTRY, 1);
}

static void bad_entry_of_a_run_has_another_frame(void **state)
{
    map_run(true);
    entry_of_run(240)->frame.base += 0x1000;
    story_expect(&story, RULE_WRONG_FRAME, 1);
}

static void bad_entry_of_a_run_has_another_size(void **state)
{
    map_run(true);
    entry_of_run(240)->frame.size_lg2 = 13;
    story_expect(&story, RULE_WRONG_FRAME, 1);
}

/* ---- virtual machines ---- */

static void global_page_of_space_1_used_by_space_2(void)
{
    story_map_page(&story, 1, RW | FRAME_GLOBAL);
    story_load(&story, PAGE, FRAME, 160, 170)->space = 2;
}

static void good_global_page_serves_its_virtual_machine(void **state)
{
    space(1)->vmid = space(2)->vmid = 4;
    global_page_of_space_1_used_by_space_2();
    story_expect_good(&story);
}

static void bad_global_page_serves_another_virtual_machine(void **state)
{
    space(1)->vmid = 4;
    space(2)->vmid = 5;
    global_page_of_space_1_used_by_space_2();
    story_expect(&story, RULE_NEVER_MAPPED, 1);
}

static void second_stage_that_was_never_told_is_said(void **state)
{
    space(1)->stage2 = 9;
    story_load(&story, PAGE, FRAME, 160, 170);
    story_entry(&story, 150, 300);
    story_walk(&story, 140, 150);
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count_all(judge), 0);
    assert_int_equal(judge_unjudged(judge, UNJUDGED_SPACE), 3);
    judge_destroy(judge);
}

/* ---- conflicts and shared arrays ---- */

static const struct judge_array arrays[] = {
    {"L1I", 1, 0, false}, {"L1D", 1, 1, false}, {"L2", 2, 2, true}, {"TABLES", 0, 0, false}};

/* A load of core 1 that ends with a conflict abort; the machine says that two entries matched. */
static void conflict_abort(void)
{
    story.config.arrays = arrays;
    story.config.array_count = sizeof arrays / sizeof *arrays;
    story_map_page(&story, 1, RW);
    story_event(&story, EVENT_CONFLICT, 160, 1)->as.conflict =
        (struct event_conflict){.va = PAGE, .space = 1, .matches = 2, .tlb = 1};
    story_fault(&story, PAGE, FAULT_TLB_CONFLICT, 160, 170);
}

static void good_conflict_abort_of_two_entries(void **state)
{
    conflict_abort();
    story_entry(&story, 150, 400);
    story_entry(&story, 155, 160);
    story_expect_good(&story);
}

static void bad_conflict_abort_of_one_entry(void **state)
{
    conflict_abort();
    story_entry(&story, 150, 400);
    story_entry(&story, 161, 400);
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

static void bad_conflict_abort_of_entries_of_two_levels(void **state)
{
    conflict_abort();
    story_entry(&story, 150, 400);
    story_entry(&story, 150, 400)->tlb = 2;
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

static void bad_conflict_abort_without_a_conflict(void **state)
{
    story_map_page(&story, 1, RW);
    story_fault(&story, PAGE, FAULT_TLB_CONFLICT, 160, 170);
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

/* An entry that the first core dropped, or the second, when both have acknowledged by cycle 250. */
static void good_shared_entry_is_dropped_by_whichever_core_comes_last(void **state)
{
    story_map_page(&story, 1, RW);
    story_unmap_page(&story, 2);
    story_entry(&story, 150, 250)->tlb = 2;
    story_expect_good(&story);
}

static void bad_shared_entry_stays_after_every_core_has_acknowledged(void **state)
{
    story.config.arrays = arrays;
    story.config.array_count = sizeof arrays / sizeof *arrays;
    story_map_page(&story, 1, RW);
    story_unmap_page(&story, 2);
    story_entry(&story, 150, 251)->tlb = 2;
    story_expect(&story, RULE_STALE_ENTRY, 1);
}

static void entry_of_a_walk_cache_is_no_translation(void **state)
{
    struct event_tlb_entry *entry = story_entry(&story, 150, 251);
    entry->tlb = 3;
    entry->holds = HOLDS_TABLE;
    story_expect_good(&story);
}

/* ---- lists and ranges ---- */

/* An interrupt carries two invalidations of the unmap: the window ends with their common answer. */
static void windows_end_with_the_answers_to_a_list(void **state)
{
    story_map_page(&story, 1, RW);
    story_unmap_page(&story, 2);
    for (size_t i = 0, count = story.count; i < count; i++) {
        struct mmu_event copy = story.events[i];
        bool answers = copy.kind == EVENT_ACKNOWLEDGEMENT;
        if (copy.kind != EVENT_INVALIDATION && copy.kind != EVENT_COMPLETION && !answers)
            continue;
        uint64_t *id = answers                           ? &copy.as.acknowledgement.invalidation
                       : copy.kind == EVENT_INVALIDATION ? &copy.as.invalidation.id
                                                         : &copy.as.completion.invalidation;
        *id += UINT64_C(1) << (EVENT_CORE_BITS + 20);
        struct mmu_event *added = story_event(&story, copy.kind, copy.cycle, copy.core);
        added->as = copy.as;
        if (copy.kind == EVENT_INVALIDATION)
            added->as.invalidation.list = 2;
    }
    story_entry(&story, 150, 251);
    story_expect(&story, RULE_STALE_ENTRY, 1);
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, begin_empty, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(good_clean_entry_takes_no_stores_yet),
        STORY(bad_dirty_entry_takes_no_stores),
        STORY(bad_store_to_a_clean_page_faults_though_hardware_makes_it_dirty),
        STORY(good_store_to_a_clean_page_faults_where_software_makes_it_dirty),
        STORY(bad_store_to_a_clean_page_succeeds_where_software_makes_it_dirty),
        STORY(bad_clean_page_stays_writable_after_protect_took_the_right),
        STORY(good_old_page_faults_until_software_marks_it),
        STORY(bad_old_page_faults_though_hardware_marks_it),
        STORY(bad_old_page_is_used_without_its_access_flag),
        STORY(good_updates_of_entries_change_no_mapping),
        STORY(good_page_is_dirty_after_the_walk_changed_its_entry),
        STORY(bad_page_is_dirty_though_nothing_changed_its_entry),
        STORY(good_page_is_dirty_after_another_walk_changed_its_entry),
        STORY(bad_page_is_dirty_before_another_walk_changed_its_entry),
        STORY(good_old_page_is_used_after_the_walk_marked_it),
        STORY(bad_old_page_is_used_though_nothing_marked_it),
        STORY(good_dirty_page_needs_no_update),
        STORY(bad_lost_state_is_found_while_the_run_goes_on),
        STORY(good_entry_of_a_run_is_held_alone),
        STORY(bad_entry_of_a_run_where_it_is_held_whole),
        STORY(bad_entry_of_a_run_stays_after_the_unmap),
        STORY(bad_entry_of_a_run_has_another_frame),
        STORY(bad_entry_of_a_run_has_another_size),
        STORY(good_global_page_serves_its_virtual_machine),
        STORY(bad_global_page_serves_another_virtual_machine),
        STORY(second_stage_that_was_never_told_is_said),
        STORY(good_conflict_abort_of_two_entries),
        STORY(bad_conflict_abort_of_one_entry),
        STORY(bad_conflict_abort_of_entries_of_two_levels),
        STORY(bad_conflict_abort_without_a_conflict),
        STORY(good_shared_entry_is_dropped_by_whichever_core_comes_last),
        STORY(bad_shared_entry_stays_after_every_core_has_acknowledged),
        STORY(entry_of_a_walk_cache_is_no_translation),
        STORY(windows_end_with_the_answers_to_a_list),
    };
    return cmocka_run_group_tests_name("hardware", tests, NULL, NULL);
}
