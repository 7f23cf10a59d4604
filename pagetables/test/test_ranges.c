/* The range table and its walk engine. */
#include "pagetables/ranges.h"

#include "pagetables/test/fixture.h"
#include "pagetables/test/random.h"

static struct fixture fixture;

static int open_ranges(void **state)
{
    fixture_open_format(&fixture, &pagetable_ranges, &ranges_48);
    return 0;
}

static int close_ranges(void **state)
{
    fixture_close(&fixture);
    return 0;
}

static void map_to(uint64_t va, uint64_t pa)
{
    assert_int_equal(fixture_map(&fixture, va, frame_of(pa, 12, "rw-u")), PAGETABLE_OK);
}

static uint64_t range_count(void)
{
    return fixture_peek(&fixture, fixture.regime.root + RANGES_COUNT);
}

static struct walk_range range_of(uint64_t va)
{
    struct walk_state walk;
    assert_int_equal(interpret_address(&fixture.regime, &fixture.reader, va, &walk), WALK_LEAF);
    return walk.range;
}

static void assert_range(uint64_t va, uint64_t base, uint64_t bytes, uint64_t pa)
{
    struct walk_range range = range_of(va);
    assert_int_equal(range.va, base);
    assert_int_equal(range.bytes, bytes);
    assert_int_equal(range.pa, pa);
}

/* ---- ranges ---- */

static void good_pages_that_go_on_in_each_other_are_one_range(void **state)
{
    map_to(0x10000, 0x50000);
    map_to(0x12000, 0x52000);
    assert_int_equal(range_count(), 2);
    map_to(0x11000, 0x51000);
    assert_int_equal(range_count(), 1);
    assert_range(0x11abc, 0x10000, 0x3000, 0x50000);
    fixture_assert_view(&fixture);
}

static void good_a_leaf_of_a_range_is_its_page(void **state)
{
    struct walk_state walk;
    for (unsigned i = 0; i < 8; i++)
        map_to(0x10000 + i * 0x1000u, 0x50000 + i * 0x1000u);
    assert_int_equal(interpret_address(&fixture.regime, &fixture.reader, 0x13008, &walk), WALK_LEAF);
    assert_int_equal(walk.leaf.va, 0x13000);
    assert_int_equal(walk.leaf.frame.base, 0x53000);
    assert_int_equal(walk.leaf.frame.size_lg2, 12);
}

static void bad_pages_with_another_offset_attributes_or_size_do_not_join(void **state)
{
    map_to(0x10000, 0x50000);
    map_to(0x11000, 0x60000);
    assert_int_equal(fixture_map(&fixture, 0x12000, frame_of(0x61000, 12, "r--u")), PAGETABLE_OK);
    assert_int_equal(fixture_map(&fixture, 2 * MIB, frame_of(4 * MIB, 21, "rw-u")), PAGETABLE_OK);
    map_to(2 * MIB - 0x1000, 4 * MIB - 0x1000);
    assert_int_equal(range_count(), 5);
    fixture_assert_view(&fixture);
}

static void good_a_page_that_goes_splits_its_range(void **state)
{
    for (unsigned i = 0; i < 5; i++)
        map_to(0x10000 + i * 0x1000u, 0x50000 + i * 0x1000u);
    assert_int_equal(fixture_unmap(&fixture, 0x12000), PAGETABLE_OK);
    assert_int_equal(range_count(), 2);
    assert_range(0x11000, 0x10000, 0x2000, 0x50000);
    assert_range(0x13000, 0x13000, 0x2000, 0x53000);
    assert_int_equal(fixture_unmap(&fixture, 0x10000), PAGETABLE_OK);
    assert_range(0x11000, 0x11000, 0x1000, 0x51000);
    fixture_assert_view(&fixture);
}

static void good_a_page_that_is_protected_leaves_its_range_and_comes_back(void **state)
{
    for (unsigned i = 0; i < 3; i++)
        map_to(0x10000 + i * 0x1000u, 0x50000 + i * 0x1000u);
    assert_int_equal(fixture_protect(&fixture, 0x11000, "r--u"), PAGETABLE_OK);
    assert_int_equal(range_count(), 3);
    assert_int_equal(fixture_protect(&fixture, 0x11000, "rw-u"), PAGETABLE_OK);
    assert_int_equal(range_count(), 1);
    fixture_assert_view(&fixture);
}

/* The page is gone for others while its memory type changes, and nothing can fail once it is. */
static void good_a_change_of_memory_type_goes_through_an_invalid_leaf(void **state)
{
    map_to(0x10000, 0x50000);
    map_to(0x11000, 0x51000);
    assert_int_equal(fixture_protect(&fixture, 0x11000, "rw-ud"), PAGETABLE_OK);
    const struct flat_event *log = flat_memory_log(fixture.memory);
    size_t count = flat_memory_log_count(fixture.memory), drop = 0, last = 0;
    for (size_t i = 0; i < count; i++) {
        drop = log[i].kind == FLAT_INVALIDATE ? i : drop;
        last = log[i].kind == FLAT_WRITE && log[i].value & PLAIN_VALID && log[i].before == 0 ? i : last;
        assert_true(log[i].kind != FLAT_ALLOCATE || drop == 0);
    }
    assert_true(drop > 0 && last > drop);
    fixture_assert_view(&fixture);
}

/* ---- walks ---- */

static void bad_an_empty_table_is_a_translation_fault(void **state)
{
    struct walk_state walk;
    assert_int_equal(interpret_address(&fixture.regime, &fixture.reader, 0x7000, &walk), WALK_FAULT);
    assert_int_equal(walk.fault, FAULT_TRANSLATION);
}

/* Nodes of minimum degree 4 with n ranges: a height of log4((n + 1) / 2) at the most (Cormen and others,
 * theorem 18.1), which is one node less than the steps on the longest way. */
static void good_a_walk_takes_no_more_steps_than_a_b_tree_has_levels(void **state)
{
    enum { PAGES = 2000 };
    unsigned height = 0, most = 0;
    for (unsigned i = 0; i < PAGES; i++)
        map_to(i * 0x2000u, (i * 7919u % PAGES) * 0x2000u);
    assert_int_equal(range_count(), PAGES);
    for (unsigned n = (PAGES + 1) / 2; n >= 4; n /= 4)
        height++;
    for (unsigned i = 0; i < PAGES; i++) {
        struct walk_state walk;
        assert_int_equal(interpret_address(&fixture.regime, &fixture.reader, i * 0x2000u, &walk), WALK_LEAF);
        most = walk.level > most ? walk.level : most;
    }
    assert_in_range(most, 4, height + 1); /* 8 children a node: not less than log8(2001) */
    fixture_assert_view(&fixture);
}

static void bad_a_node_that_is_none_is_reserved(void **state)
{
    struct walk_state walk;
    map_to(0x7000, 0x5000);
    uint64_t root = fixture_peek(&fixture, fixture.regime.root);
    assert_true(flat_memory_poke(fixture.memory, fixture.regime.root, root + 8));
    assert_int_equal(interpret_address(&fixture.regime, &fixture.reader, 0x7000, &walk), WALK_FAULT);
    assert_int_equal(walk.fault, FAULT_RESERVED);
    assert_true(flat_memory_poke(fixture.memory, fixture.regime.root, root));
}

/* ---- operations ---- */

static void bad_without_memory_nothing_changes(void **state)
{
    struct random_stream stream = random_begin("no memory");
    for (unsigned i = 0; i < 600; i++) {
        uint64_t va = random_below(&stream, 4096) << 13;
        flat_memory_fail_allocation(fixture.memory, 1);
        enum pagetable_result result = fixture_map(&fixture, va, frame_of(0x5000, 12, "rw-u"));
        flat_memory_fail_allocation(fixture.memory, 0);
        if (result == PAGETABLE_NO_MEMORY) {
            fixture_assert_view(&fixture);
            result = fixture_map(&fixture, va, frame_of(0x5000, 12, "rw-u"));
        }
        assert_true(result == PAGETABLE_OK || result == PAGETABLE_OVERLAP);
    }
    fixture_assert_view(&fixture);
}

static void bad_pages_in_the_way_are_overlaps(void **state)
{
    map_to(2 * MIB + 0x3000, 0x5000);
    assert_int_equal(fixture_map(&fixture, 2 * MIB, frame_of(0, 21, "r--")), PAGETABLE_OVERLAP);
    assert_int_equal(fixture_map(&fixture, 0, frame_of(0, 30, "r--")), PAGETABLE_OVERLAP);
    assert_int_equal(fixture_map(&fixture, 4 * MIB, frame_of(0, 21, "r--")), PAGETABLE_OK);
    assert_int_equal(fixture_map(&fixture, 4 * MIB + 0x7000, frame_of(0, 12, "r--")), PAGETABLE_OVERLAP);
    fixture_assert_view(&fixture);
}

static void good_random_operations_refine_the_abstract_map(void **state)
{
    const struct fixture_mix mix = {.pages = 1 << 10, .wave = 1000, .frames_follow = true};
    fixture_random_operations(&fixture, &mix);
}

#define RANGES_TEST(test) cmocka_unit_test_setup_teardown(test, open_ranges, close_ranges)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RANGES_TEST(good_pages_that_go_on_in_each_other_are_one_range),
        RANGES_TEST(good_a_leaf_of_a_range_is_its_page),
        RANGES_TEST(bad_pages_with_another_offset_attributes_or_size_do_not_join),
        RANGES_TEST(good_a_page_that_goes_splits_its_range),
        RANGES_TEST(good_a_page_that_is_protected_leaves_its_range_and_comes_back),
        RANGES_TEST(good_a_change_of_memory_type_goes_through_an_invalid_leaf),
        RANGES_TEST(bad_an_empty_table_is_a_translation_fault),
        RANGES_TEST(good_a_walk_takes_no_more_steps_than_a_b_tree_has_levels),
        RANGES_TEST(bad_a_node_that_is_none_is_reserved),
        RANGES_TEST(bad_without_memory_nothing_changes),
        RANGES_TEST(bad_pages_in_the_way_are_overlaps),
        RANGES_TEST(good_random_operations_refine_the_abstract_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
