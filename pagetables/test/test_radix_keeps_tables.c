/* The radix table that keeps empty tables: what it does otherwise than the one that releases them. */
#include "pagetables/test/fixture.h"

#define VA (UINT64_C(3) << 39 | 5 * GIB)

static struct fixture fixture;

static int open_table(void **state)
{
    fixture_open(&fixture, &pagetable_radix_keeps_tables);
    return 0;
}

static int close_table(void **state)
{
    fixture_close(&fixture);
    return 0;
}

static void map_and_unmap(uint64_t va, unsigned size_lg2)
{
    assert_int_equal(fixture_map(&fixture, va, frame_of(0, size_lg2, "rw-u")), PAGETABLE_OK);
    assert_int_equal(fixture_unmap(&fixture, va), PAGETABLE_OK);
    fixture_assert_view(&fixture);
}

static size_t count_of(enum flat_event_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < flat_memory_log_count(fixture.memory); i++)
        count += flat_memory_log(fixture.memory)[i].kind == kind;
    return count;
}

static void good_unmap_leaves_the_tables_where_they_are(void **state)
{
    size_t tables = flat_memory_tables(fixture.memory);
    map_and_unmap(VA, 12);
    assert_int_equal(flat_memory_tables(fixture.memory), tables + 3);
    assert_int_equal(count_of(FLAT_RELEASE), 0);
}

static void good_a_page_that_comes_back_costs_one_store_each_time(void **state)
{
    map_and_unmap(VA, 12);
    assert_int_equal(fixture_map(&fixture, VA, frame_of(0x5000, 12, "r--")), PAGETABLE_OK);
    assert_int_equal(count_of(FLAT_ALLOCATE), 0);
    assert_int_equal(count_of(FLAT_WRITE), 1);
    assert_int_equal(fixture_unmap(&fixture, VA), PAGETABLE_OK);
    assert_int_equal(count_of(FLAT_WRITE), 1);
}

static void good_a_block_takes_the_place_of_all_empty_tables_below(void **state)
{
    size_t tables = flat_memory_tables(fixture.memory);
    map_and_unmap(VA, 12);
    map_and_unmap(VA + 512 * MIB, 12);
    assert_int_equal(flat_memory_tables(fixture.memory), tables + 4);
    assert_int_equal(fixture_map(&fixture, VA, frame_of(2 * GIB, 30, "rw-u")), PAGETABLE_OK);
    assert_int_equal(flat_memory_tables(fixture.memory), tables + 1);
    fixture_assert_view(&fixture);
}

static void good_a_run_of_blocks_takes_the_place_of_empty_tables(void **state)
{
    size_t tables = flat_memory_tables(fixture.memory);
    map_and_unmap(VA + 4 * MIB, 12);
    map_and_unmap(VA + 30 * MIB, 12);
    assert_int_equal(fixture_map(&fixture, VA, frame_of(2 * GIB, 25, "rw-u")), PAGETABLE_OK);
    assert_int_equal(flat_memory_tables(fixture.memory), tables + 2);
    fixture_assert_view(&fixture);
}

/* The tables are gone only when no walk can know them: after the invalidation has completed. */
static void good_tables_in_the_way_are_released_after_their_invalidation(void **state)
{
    map_and_unmap(VA, 12);
    assert_int_equal(fixture_map(&fixture, VA, frame_of(2 * MIB, 21, "rw-u")), PAGETABLE_OK);
    bool invalidated = false, completed = false;
    for (size_t i = 0; i < flat_memory_log_count(fixture.memory); i++) {
        const struct flat_event *event = &flat_memory_log(fixture.memory)[i];
        invalidated |= event->kind == FLAT_INVALIDATE && event->invalidation.scope == INVALIDATE_ASID;
        completed |= invalidated && event->kind == FLAT_BARRIER && event->barrier == BARRIER_DSB_ISH;
        assert_true(event->kind != FLAT_RELEASE || completed);
    }
    assert_int_equal(count_of(FLAT_RELEASE), 1);
}

static void bad_a_block_over_a_page_is_an_overlap_and_changes_nothing(void **state)
{
    size_t tables;
    map_and_unmap(VA, 12);
    assert_int_equal(fixture_map(&fixture, VA + 512 * MIB, frame_of(0x5000, 12, "r--")), PAGETABLE_OK);
    tables = flat_memory_tables(fixture.memory);
    assert_int_equal(fixture_map(&fixture, VA, frame_of(2 * GIB, 30, "rw-u")), PAGETABLE_OVERLAP);
    assert_int_equal(fixture_map(&fixture, VA + 512 * MIB, frame_of(2 * GIB, 25, "rw-u")), PAGETABLE_OVERLAP);
    assert_int_equal(count_of(FLAT_WRITE), 0);
    assert_int_equal(flat_memory_tables(fixture.memory), tables);
    fixture_assert_view(&fixture);
}

#define KEEPS_TEST(test) cmocka_unit_test_setup_teardown(test, open_table, close_table)

int main(void)
{
    const struct CMUnitTest tests[] = {
        KEEPS_TEST(good_unmap_leaves_the_tables_where_they_are),
        KEEPS_TEST(good_a_page_that_comes_back_costs_one_store_each_time),
        KEEPS_TEST(good_a_block_takes_the_place_of_all_empty_tables_below),
        KEEPS_TEST(good_a_run_of_blocks_takes_the_place_of_empty_tables),
        KEEPS_TEST(good_tables_in_the_way_are_released_after_their_invalidation),
        KEEPS_TEST(bad_a_block_over_a_page_is_an_overlap_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
