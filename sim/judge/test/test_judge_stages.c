/* What accesses, walks and TLB entries of an address space with a second stage may use: guest.h has its
 * story. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim/judge/test/guest.h"

/* ---- uses and their time ---- */

static void good_uses_while_both_stages_map(void **state)
{
    guest_load(150, 160);
    guest_entry(155, 200);
    story_walk(&story, 140, 150)->leaf.frame.base = HOST;
    story_expect_good(&story);
}

static void good_load_complete_in_the_first_cycle_of_the_later_stage(void **state)
{
    guest_load(100, 110);
    story_expect_good(&story);
}

static void bad_load_complete_before_the_later_stage(void **state)
{
    guest_load(90, 109);
    story_expect(&story, RULE_NEVER_MAPPED, 1);
}

static void bad_load_of_an_address_that_the_second_stage_never_mapped(void **state)
{
    guest_load(150, 160);
    story_expect(&story, RULE_NEVER_MAPPED, 1);
}

static void bad_load_of_an_address_that_the_guest_never_mapped(void **state)
{
    story_load(&story, IPA, HOST, 150, 160);
    story_expect(&story, RULE_NEVER_MAPPED, 1);
}

static void good_load_complete_in_the_last_cycle_of_the_second_stage(void **state)
{
    guest_unmap_second();
    guest_load(330, 350);
    story_expect_good(&story);
}

static void bad_load_complete_after_the_end_of_the_second_stage(void **state)
{
    guest_unmap_second();
    guest_load(330, 351);
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

static void good_load_complete_in_the_last_cycle_of_the_first_stage(void **state)
{
    story_unmap_page(&story, 10);
    guest_load(240, 250);
    story_expect_good(&story);
}

static void bad_load_complete_after_the_end_of_the_first_stage(void **state)
{
    story_unmap_page(&story, 10);
    guest_load(240, 251);
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

static void bad_load_after_the_end_of_both(void **state)
{
    story_unmap_page(&story, 10);
    guest_unmap_second();
    guest_load(400, 410);
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

static void bad_walk_that_fills_after_the_end_of_the_second_stage(void **state)
{
    guest_unmap_second();
    story_walk(&story, 340, 351)->leaf.frame.base = HOST;
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

static void good_walk_that_fills_nothing_after_the_end_of_the_second_stage(void **state)
{
    guest_unmap_second();
    struct event_walk *walk = story_walk(&story, 340, 351);
    walk->leaf.frame.base = HOST;
    walk->filled = 0;
    story_expect_good(&story);
}

/* ---- entries ---- */

static void good_entry_until_the_end_of_the_second_stage(void **state)
{
    guest_unmap_second();
    guest_entry(150, 350);
    story_expect_good(&story);
}

static void bad_entry_beyond_the_end_of_the_second_stage(void **state)
{
    guest_unmap_second();
    guest_entry(150, 351);
    story_expect(&story, RULE_STALE_ENTRY, 1);
}

static void bad_entry_beyond_the_end_of_the_first_stage(void **state)
{
    story_unmap_page(&story, 10);
    guest_unmap_second();
    guest_entry(150, 251);
    story_expect(&story, RULE_STALE_ENTRY, 1);
}

static void bad_entry_that_outlives_both_is_told_of_the_one_that_ended_first(void **state)
{
    story_unmap_page(&story, 10);
    guest_unmap_second();
    guest_entry(150, 400);
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count_all(judge), 1);
    assert_int_equal(judge_finding_at(judge, 0)->rule, RULE_STALE_ENTRY);
    assert_int_equal(judge_finding_at(judge, 0)->operation, 10);
    judge_destroy(judge);
}

static void bad_entry_hit_after_the_end_of_the_second_stage(void **state)
{
    guest_unmap_second();
    guest_entry(150, 350)->last_hit_cycle = 351;
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

static void bad_entry_filled_after_the_end_of_the_second_stage(void **state)
{
    guest_unmap_second();
    guest_entry(360, 370);
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count(judge, RULE_STALE_TRANSLATION), 1);
    assert_int_equal(judge_count(judge, RULE_STALE_ENTRY), 1);
    judge_destroy(judge);
}

static void good_entry_over_a_protect_that_changes_nothing(void **state)
{
    struct act act = guest_end_second(20, OPERATION_PROTECT);
    act.frame.attributes = RW;
    story_act(&story, &act);
    guest_entry(150, 400);
    story_expect_good(&story);
}

static void bad_entry_over_a_protect_of_the_second_stage(void **state)
{
    struct act act = guest_end_second(20, OPERATION_PROTECT);
    story_act(&story, &act);
    guest_entry(150, 400);
    story_expect(&story, RULE_STALE_ENTRY, 1);
}

static void entry_of(enum entry_holds holds)
{
    guest_unmap_second();
    struct event_tlb_entry *cached = guest_entry(150, 500);
    cached->holds = (uint8_t)holds;
    cached->va = IPA;
}

static void good_entries_of_walk_caches_are_no_translations(void **state)
{
    entry_of(HOLDS_IPA);
    story_expect_good(&story);
}

static void bad_entry_of_the_same_that_is_a_translation(void **state)
{
    guest_unmap_second();
    guest_entry(150, 500);
    story_expect(&story, RULE_STALE_ENTRY, 1);
}

/* ---- what they translate to ---- */

static void bad_frame_of_a_live_pair(void **state)
{
    story_load(&story, PAGE, HOST + 0x1000, 150, 160);
    story_expect(&story, RULE_WRONG_FRAME, 1);
}

static void bad_intermediate_address_for_a_physical_one(void **state)
{
    story_load(&story, PAGE, IPA, 150, 160);
    story_expect(&story, RULE_WRONG_FRAME, 1);
}

static void good_page_is_the_smaller_one_of_both(void **state)
{
    guest_map_second(2, 0, UINT64_C(0x40000000), RW, 21);
    story_load(&story, PAGE + 8, UINT64_C(0x40000000) + IPA + 8, 150, 160);
    struct event_tlb_entry *cached = guest_entry(155, 200);
    cached->frame.base = UINT64_C(0x40000000) + IPA;
    story_expect_good(&story);
}

static void bad_page_is_the_larger_one_of_both(void **state)
{
    guest_map_second(2, 0, UINT64_C(0x40000000), RW, 21);
    story_load(&story, PAGE + 8, UINT64_C(0x40000000) + IPA + 8, 150, 160)->page_size_lg2 = 21;
    story_expect(&story, RULE_WRONG_FRAME, 1);
}

static void map_large_page_of_the_guest(void)
{
    struct act act = {.id = 1,
                      .kind = OPERATION_MAP,
                      .va = UINT64_C(0x400000),
                      .frame = {0, RW, 21},
                      .begin = 100,
                      .write = 110,
                      .visible = 120,
                      .end = 130};
    guest_begin();
    story_act(&story, &act);
    guest_map_second(2, IPA, HOST, RW, 12);
}

static void good_small_page_of_the_second_stage_in_a_large_one_of_the_guest(void **state)
{
    map_large_page_of_the_guest();
    story_load(&story, UINT64_C(0x400000) + IPA + 8, HOST + 8, 150, 160);
    struct event_tlb_entry *cached = guest_entry(155, 200);
    cached->va = UINT64_C(0x400000) + IPA;
    story_expect_good(&story);
}

static void bad_small_page_beside_the_one_of_the_second_stage(void **state)
{
    map_large_page_of_the_guest();
    story_load(&story, UINT64_C(0x400000) + IPA + 0x1000, HOST + 0x1000, 150, 160);
    story_expect(&story, RULE_NEVER_MAPPED, 1);
}

static void good_frame_of_another_pair_after_a_remap_of_the_second_stage(void **state)
{
    guest_unmap_second();
    struct act act = {.id = 30,
                      .kind = OPERATION_MAP,
                      .va = IPA,
                      .frame = {HOST + 0x1000, RW, 12},
                      .begin = 400,
                      .write = 410,
                      .visible = 420,
                      .end = 430,
                      .space = SECOND};
    story_act(&story, &act);
    story_load(&story, PAGE, HOST + 0x1000, 440, 450);
    story_expect_good(&story);
}

static void bad_frame_of_before_a_remap_of_the_second_stage(void **state)
{
    guest_unmap_second();
    guest_map_second(30, IPA + 0x1000, HOST + 0x1000, RW, 12);
    guest_load(440, 450);
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

/* ---- rights and attributes ---- */

static uint8_t rights(uint32_t attributes)
{
    return story_format.rights(attributes);
}

static void good_rights_are_those_of_both(void **state)
{
    guest_map_second(2, IPA, HOST, RO, 12);
    guest_load(150, 160)->rights = rights(RO);
    struct event_tlb_entry *cached = guest_entry(155, 200);
    cached->rights = rights(RO);
    cached->frame.attributes = RO;
    story_expect_good(&story);
}

static void bad_rights_of_the_first_stage_alone(void **state)
{
    guest_map_second(2, IPA, HOST, RO, 12);
    guest_load(150, 160)->rights = rights(RW);
    story_expect(&story, RULE_WRONG_FRAME, 1);
}

static void bad_store_that_the_second_stage_forbids(void **state)
{
    guest_map_second(2, IPA, HOST, RO, 12);
    struct event_translation *store = guest_load(150, 160);
    store->rights = rights(RO);
    store->access_kind = ACCESS_STORE;
    story_expect(&story, RULE_FORBIDDEN_ACCESS, 1);
}

static void entry_of_types(uint32_t first, uint32_t second, uint32_t cached)
{
    guest_begin();
    guest_map_second(2, IPA, HOST, RW | second, 12);
    story_map_page(&story, 1, RW | first);
    guest_entry(155, 200)->frame.attributes = RW | cached;
}

static void good_memory_is_what_the_stricter_stage_says(void **state)
{
    static const uint32_t types[][3] = {{0, FRAME_DEVICE, FRAME_DEVICE},
                                        {FRAME_NONCACHEABLE, 0, FRAME_NONCACHEABLE},
                                        {FRAME_NONCACHEABLE, FRAME_DEVICE, FRAME_DEVICE},
                                        {FRAME_GLOBAL, FRAME_DEVICE, FRAME_GLOBAL | FRAME_DEVICE}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        entry_of_types(types[i][0], types[i][1], types[i][2]);
        story_expect_good(&story);
    }
}

static void good_memory_is_what_the_first_stage_names_where_that_overrides(void **state)
{
    static struct walk_format format;
    format = story_format;
    format.stage1_memory_type = true;
    entry_of_types(FRAME_NONCACHEABLE, FRAME_DEVICE, FRAME_NONCACHEABLE);
    guest_told(1)->format = &format;
    story_expect_good(&story);
}

static void bad_memory_of_the_first_stage_alone(void **state)
{
    entry_of_types(FRAME_NONCACHEABLE, FRAME_DEVICE, FRAME_NONCACHEABLE);
    story_expect(&story, RULE_WRONG_FRAME, 1);
}

/* ---- global pages ---- */

static void global_page_used_by_space_2(uint32_t attributes)
{
    guest_begin();
    guest_map_second(2, IPA, HOST, RW, 12);
    story_map_page(&story, 1, RW | attributes);
    guest_load(150, 160)->space = 2;
}

static void good_global_page_of_a_guest_in_another_space_of_its_machine(void **state)
{
    global_page_used_by_space_2(FRAME_GLOBAL);
    story_expect_good(&story);
}

static void bad_page_of_a_guest_in_another_space_of_its_machine(void **state)
{
    global_page_used_by_space_2(0);
    story_expect(&story, RULE_NEVER_MAPPED, 1);
}

static void bad_global_page_of_a_guest_in_another_machine(void **state)
{
    global_page_used_by_space_2(FRAME_GLOBAL);
    guest_told(2)->vmid = 8;
    story_expect(&story, RULE_NEVER_MAPPED, 1);
}

/* Space 2 has the page at an address that the second stage does not map. */
static void bad_global_page_where_a_space_has_its_own(void **state)
{
    struct act act = {.id = 3,
                      .kind = OPERATION_MAP,
                      .va = PAGE,
                      .frame = {IPA + 0x8000, RW, 12},
                      .begin = 100,
                      .write = 110,
                      .visible = 120,
                      .end = 130,
                      .space = 2};
    global_page_used_by_space_2(FRAME_GLOBAL);
    story_act(&story, &act);
    story_expect(&story, RULE_NEVER_MAPPED, 1);
}

static void bad_global_page_after_the_end_of_the_second_stage(void **state)
{
    guest_begin();
    guest_map_second(2, IPA, HOST, RW, 12);
    story_map_page(&story, 1, RW | FRAME_GLOBAL);
    guest_unmap_second();
    guest_load(400, 410)->space = 2;
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        GUEST(good_uses_while_both_stages_map),
        GUEST(good_load_complete_in_the_first_cycle_of_the_later_stage),
        GUEST(bad_load_complete_before_the_later_stage),
        FIRST(bad_load_of_an_address_that_the_second_stage_never_mapped),
        GUEST(bad_load_of_an_address_that_the_guest_never_mapped),
        GUEST(good_load_complete_in_the_last_cycle_of_the_second_stage),
        GUEST(bad_load_complete_after_the_end_of_the_second_stage),
        GUEST(good_load_complete_in_the_last_cycle_of_the_first_stage),
        GUEST(bad_load_complete_after_the_end_of_the_first_stage),
        GUEST(bad_load_after_the_end_of_both),
        GUEST(bad_walk_that_fills_after_the_end_of_the_second_stage),
        GUEST(good_walk_that_fills_nothing_after_the_end_of_the_second_stage),
        GUEST(good_entry_until_the_end_of_the_second_stage),
        GUEST(bad_entry_beyond_the_end_of_the_second_stage),
        GUEST(bad_entry_beyond_the_end_of_the_first_stage),
        GUEST(bad_entry_that_outlives_both_is_told_of_the_one_that_ended_first),
        GUEST(bad_entry_hit_after_the_end_of_the_second_stage),
        GUEST(bad_entry_filled_after_the_end_of_the_second_stage),
        GUEST(good_entry_over_a_protect_that_changes_nothing),
        GUEST(bad_entry_over_a_protect_of_the_second_stage),
        GUEST(good_entries_of_walk_caches_are_no_translations),
        GUEST(bad_entry_of_the_same_that_is_a_translation),
        GUEST(bad_frame_of_a_live_pair),
        GUEST(bad_intermediate_address_for_a_physical_one),
        FIRST(good_page_is_the_smaller_one_of_both),
        FIRST(bad_page_is_the_larger_one_of_both),
        cmocka_unit_test_teardown(good_small_page_of_the_second_stage_in_a_large_one_of_the_guest, end),
        cmocka_unit_test_teardown(bad_small_page_beside_the_one_of_the_second_stage, end),
        GUEST(good_frame_of_another_pair_after_a_remap_of_the_second_stage),
        GUEST(bad_frame_of_before_a_remap_of_the_second_stage),
        FIRST(good_rights_are_those_of_both),
        FIRST(bad_rights_of_the_first_stage_alone),
        FIRST(bad_store_that_the_second_stage_forbids),
        cmocka_unit_test_teardown(good_memory_is_what_the_stricter_stage_says, end),
        cmocka_unit_test_teardown(bad_memory_of_the_first_stage_alone, end),
        cmocka_unit_test_teardown(good_global_page_of_a_guest_in_another_space_of_its_machine, end),
        cmocka_unit_test_teardown(bad_page_of_a_guest_in_another_space_of_its_machine, end),
        cmocka_unit_test_teardown(bad_global_page_of_a_guest_in_another_machine, end),
        cmocka_unit_test_teardown(bad_global_page_after_the_end_of_the_second_stage, end),
        cmocka_unit_test_teardown(bad_global_page_where_a_space_has_its_own, end),
        cmocka_unit_test_teardown(good_memory_is_what_the_first_stage_names_where_that_overrides, end),
    };
    return cmocka_run_group_tests_name("judge, two stages", tests, NULL, NULL);
}
