/* What tables are seen to stand for. Good and bad beside each other; the usual story is in fixture.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "mmu/digest.h"
#include "sim/judge/test/fixture.h"

/* ---- at the address of the operation ---- */

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

/* ---- contents ---- */

#define OTHER_PAGE (PAGE + 0x5000)

/* PAGE and OTHER_PAGE are mapped; the view after the second map tells of the first one this frame. */
static struct event_view *view_of_two(const struct frame *first)
{
    struct act act = {.id = 2,
                      .kind = OPERATION_MAP,
                      .va = OTHER_PAGE,
                      .frame = {FRAME + 0x5000, RW, 12},
                      .begin = 200,
                      .write = 210,
                      .visible = 220,
                      .end = 250};
    const struct mapping mappings[] = {{PAGE, *first}, {OTHER_PAGE, act.frame}};
    story_act(&story, &act);
    struct event_view *view = story_view(&story, 2, 250, 2);
    view->va = OTHER_PAGE;
    view->mapped = 1;
    view->mapping = mappings[1];
    view->digest = digest_mapping(&mappings[0]) + digest_mapping(&mappings[1]);
    view->digested = 1;
    return view;
}

static void good_view_of_the_same_contents(void **state)
{
    view_of_two(&(struct frame){FRAME, RW, 12});
    story_expect_good(&story);
}

static void good_contents_whatever_the_state_of_entries(void **state)
{
    view_of_two(&(struct frame){FRAME, RW | FRAME_OLD | FRAME_CLEAN, 12});
    story_expect_good(&story);
}

static void bad_map_changes_another_mappings_frame(void **state)
{
    view_of_two(&(struct frame){FRAME + 0x1000, RW, 12});
    story_expect(&story, RULE_VIEW_DIFFERS, 1);
}

static void bad_map_changes_another_mappings_attributes(void **state)
{
    view_of_two(&(struct frame){FRAME, RO, 12});
    story_expect(&story, RULE_VIEW_DIFFERS, 1);
}

/* Frames exchanged by two mappings leave every page, and every frame, where there was one. */
static void bad_frames_of_two_mappings_exchanged(void **state)
{
    const struct mapping exchanged[] = {{PAGE, {FRAME + 0x5000, RW, 12}}, {OTHER_PAGE, {FRAME, RW, 12}}};
    struct event_view *view = view_of_two(&(struct frame){FRAME, RW, 12});
    view->digest = digest_mapping(&exchanged[0]) + digest_mapping(&exchanged[1]);
    story_expect(&story, RULE_VIEW_DIFFERS, 1);
}

/* An unmap of the first page by the other core, from its call to its return. */
static void other_core_unmaps(uint64_t begin, uint64_t end)
{
    struct act act = {.id = 3,
                      .kind = OPERATION_UNMAP,
                      .va = PAGE,
                      .begin = begin,
                      .write = begin + 1,
                      .visible = begin + 2,
                      .end = end,
                      .core = 1};
    story_act(&story, &act);
}

static void good_contents_while_another_core_is_at_it(void **state)
{
    view_of_two(&(struct frame){FRAME + 0x1000, RW, 12});
    other_core_unmaps(240, 300);
    story_expect_good(&story);
}

static void bad_contents_before_another_core_begins(void **state)
{
    view_of_two(&(struct frame){FRAME + 0x1000, RW, 12});
    other_core_unmaps(260, 300);
    story_expect(&story, RULE_VIEW_DIFFERS, 1);
}

/* ---- when the run has ended ---- */

static struct event_view *view_at_end(uint64_t mappings, const struct mapping *mapping)
{
    struct event_view *view = story_view(&story, 0, 1000, mappings);
    view->va = 0;
    view->digest = mapping ? digest_mapping(mapping) : 0;
    view->digested = 1;
    return view;
}

static void good_contents_at_the_end(void **state)
{
    view_at_end(1, &(struct mapping){PAGE, {FRAME, RW, 12}});
    story_expect_good(&story);
}

static void bad_contents_at_the_end(void **state)
{
    view_at_end(1, &(struct mapping){PAGE, {FRAME, RO, 12}});
    story_expect(&story, RULE_VIEW_DIFFERS, 1);
}

static void bad_number_at_the_end(void **state)
{
    view_at_end(0, NULL);
    story_expect(&story, RULE_VIEW_DIFFERS, 1);
}

/* ---- shape ---- */

static struct event_view *usual_view(void)
{
    struct event_view *view = story_view(&story, 1, 130, 1);
    view->mapped = 1;
    view->mapping = (struct mapping){PAGE, {FRAME, RW, 12}};
    return view;
}

static void good_table_says_that_it_is_sound(void **state)
{
    usual_view()->shape = SHAPE_SOUND;
    story_expect_good(&story);
}

static void bad_table_says_that_it_is_broken(void **state)
{
    struct event_view *view = usual_view();
    view->shape = SHAPE_BROKEN;
    view->reason = "two entries point to one table";
    story_expect(&story, RULE_TABLE_INVARIANT, 1);
}

static void good_shape_while_another_core_is_at_it(void **state)
{
    usual_view()->shape = SHAPE_BROKEN;
    other_core_unmaps(125, 300);
    story_expect_good(&story);
}

static void good_shape_before_another_cores_store_is_visible(void **state)
{
    struct event_view *view = story_view(&story, 2, 250, 0);
    struct act act = {.id = 3,
                      .kind = OPERATION_MAP,
                      .va = OTHER_PAGE,
                      .frame = {FRAME + 0x5000, RW, 12},
                      .begin = 200,
                      .write = 210,
                      .visible = 280,
                      .end = 220,
                      .core = 1};
    view->shape = SHAPE_BROKEN;
    story_act(&story, &act);
    story_expect_good(&story);
}

/* ---- memory ---- */

#define TABLE UINT64_C(0x10000)

static void block_told(uint64_t cycle, uint64_t pa, bool released)
{
    story_event(&story, EVENT_TABLE, cycle, 0)->as.table = (struct event_table){
        .operation = cycle < 100 ? 0 : 1, .pa = pa, .bytes = 4096, .space = 1, .released = released};
}

/* The root, and a table that the map was given; the view reaches these. */
static void view_reaches(uint64_t one, uint64_t other)
{
    struct event_view *view = usual_view();
    view->shape = SHAPE_SOUND;
    view->reached = 1;
    view->blocks = 1 + (other != 0);
    view->blocks_digest = digest_block(one, 4096) + (other ? digest_block(other, 4096) : 0);
}

static void tables_given(void)
{
    block_told(0, TABLE, false);
    block_told(112, TABLE + 0x1000, false);
}

static void good_table_reaches_what_it_holds(void **state)
{
    tables_given();
    view_reaches(TABLE + 0x1000, TABLE);
    story_expect_good(&story);
}

static void bad_table_lost_memory(void **state)
{
    tables_given();
    view_reaches(TABLE, 0);
    story_expect(&story, RULE_LOST_TABLE, 1);
}

static void bad_table_reaches_what_is_not_its_own(void **state)
{
    tables_given();
    view_reaches(TABLE, TABLE + 0x2000);
    story_expect(&story, RULE_LOST_TABLE, 1);
}

static void good_table_released_what_it_no_longer_reaches(void **state)
{
    tables_given();
    block_told(120, TABLE + 0x1000, true);
    view_reaches(TABLE, 0);
    story_expect_good(&story);
}

static void bad_released_table_is_still_linked(void **state)
{
    tables_given();
    block_told(120, TABLE + 0x1000, true);
    view_reaches(TABLE, TABLE + 0x1000);
    story_expect(&story, RULE_LOST_TABLE, 1);
}

static void bad_table_released_twice(void **state)
{
    tables_given();
    block_told(120, TABLE + 0x1000, true);
    block_told(122, TABLE + 0x1000, true);
    view_reaches(TABLE, 0);
    story_expect(&story, RULE_LOST_TABLE, 1);
}

static void bad_table_released_that_was_never_given(void **state)
{
    block_told(120, TABLE, true);
    story_expect(&story, RULE_LOST_TABLE, 1);
}

static void bad_table_given_twice(void **state)
{
    tables_given();
    block_told(122, TABLE + 0x1000, false);
    story_expect(&story, RULE_LOST_TABLE, 1);
}

static void good_memory_of_a_map_under_way_on_another_core(void **state)
{
    tables_given();
    view_reaches(TABLE, 0);
    other_core_unmaps(125, 300);
    story_expect_good(&story);
}

/* Many blocks come and go: what is held stays known. */
static void good_memory_of_a_thousand_blocks(void **state)
{
    uint64_t digest = 0, held = 0;
    for (uint64_t i = 0; i < 1000; i++)
        block_told(100 + i / 64, TABLE + i * 0x3000, false);
    for (uint64_t i = 0; i < 1000; i++)
        if (i % 3 != 0)
            block_told(120 + i / 128, TABLE + i * 0x3000, true);
    for (uint64_t i = 0; i < 1000; i += 3, held++)
        digest += digest_block(TABLE + i * 0x3000, 4096);
    struct event_view *view = usual_view();
    view->reached = 1;
    view->blocks = held;
    view->blocks_digest = digest;
    story_expect_good(&story);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_view_after_a_map, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_view_without_the_mapping, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_view_with_other_attributes, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_view_with_another_number_of_mappings, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_view_after_an_unmap, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_view_after_an_unmap_still_has_it, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(good_view_before_the_store_is_visible, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_view_of_the_same_contents, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_contents_whatever_the_state_of_entries, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_map_changes_another_mappings_frame, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_map_changes_another_mappings_attributes, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_frames_of_two_mappings_exchanged, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_contents_while_another_core_is_at_it, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_contents_before_another_core_begins, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_contents_at_the_end, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_contents_at_the_end, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_number_at_the_end, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_table_says_that_it_is_sound, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_table_says_that_it_is_broken, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_shape_while_another_core_is_at_it, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_shape_before_another_cores_store_is_visible, begin_unmapped,
                                        end),
        cmocka_unit_test_setup_teardown(good_table_reaches_what_it_holds, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_table_lost_memory, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_table_reaches_what_is_not_its_own, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_table_released_what_it_no_longer_reaches, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_released_table_is_still_linked, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_table_released_twice, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_table_released_that_was_never_given, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_table_given_twice, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_memory_of_a_map_under_way_on_another_core, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_memory_of_a_thousand_blocks, begin_mapped, end),
    };
    return cmocka_run_group_tests_name("judge, views", tests, NULL, NULL);
}
