/* How many words of tables each operation reads and writes: closed numbers, the same in a table with few
 * entries and in a full one. The README's table of costs says the same. */
#include "pagetables/test/fixture.h"

#define VA (UINT64_C(3) << 39 | 5 * GIB | 14 * MIB)

static struct fixture fixture;

static int open_radix(void **state)
{
    fixture_open(&fixture, &pagetable_radix);
    return 0;
}

static int close_radix(void **state)
{
    fixture_close(&fixture);
    return 0;
}

/* Of the operation that the log is of. */
static void assert_cost(size_t reads, size_t entry_writes, size_t count_writes)
{
    size_t entries = 0;
    size_t counts = 0;
    for (size_t i = 0; i < flat_memory_log_count(fixture.memory); i++) {
        const struct flat_event *event = &flat_memory_log(fixture.memory)[i];
        bool entry = event->kind == FLAT_WRITE && fixture_is_entry(&fixture, event->pa);
        entries += entry;
        counts += event->kind == FLAT_WRITE && !entry;
    }
    assert_int_equal(flat_memory_reads(fixture.memory), reads);
    assert_int_equal(entries, entry_writes);
    assert_int_equal(counts, count_writes);
}

static void map_page(uint64_t va)
{
    assert_int_equal(fixture_map(&fixture, va, frame_of(0x5000, 12, "rw-u")), PAGETABLE_OK);
}

static void unmap(uint64_t va)
{
    assert_int_equal(fixture_unmap(&fixture, va), PAGETABLE_OK);
}

/* Pages [first, end) after VA, in the last-level table of VA. */
static void fill(uint64_t first, uint64_t end)
{
    for (uint64_t i = first; i < end; i++)
        map_page(VA + i * 4 * KIB);
}

/* Tables with one other entry, with some and with all. */
static const uint64_t others[] = {1, 2, 3, 100, 511};

#define FILLINGS (sizeof others / sizeof *others)

static void good_map_into_a_table_costs_the_same_however_full_it_is(void **state)
{
    for (size_t i = 0; i < FILLINGS; i++) {
        fill(1, 1 + others[i]);
        map_page(VA);
        assert_cost(4 + 1, 1, 1);
        for (uint64_t j = 0; j <= others[i]; j++)
            unmap(VA + j * 4 * KIB);
    }
}

static void good_unmap_from_a_table_costs_the_same_however_full_it_is(void **state)
{
    for (size_t i = 0; i < FILLINGS; i++) {
        fill(0, 1 + others[i]);
        unmap(VA);
        assert_cost(4 + 1, 1, 1);
        for (uint64_t j = 1; j <= others[i]; j++)
            unmap(VA + j * 4 * KIB);
    }
}

static void good_protect_costs_the_same_however_full_the_table_is(void **state)
{
    for (size_t i = 0; i < FILLINGS; i++) {
        fill(0, 1 + others[i]);
        assert_int_equal(fixture_protect(&fixture, VA, "r--u"), PAGETABLE_OK);
        assert_cost(4, 1, 0);
        assert_int_equal(fixture_protect(&fixture, VA, "r--ud"), PAGETABLE_OK);
        assert_cost(4, 2, 0);
        assert_int_equal(fixture_protect(&fixture, VA, "r--ud"), PAGETABLE_OK);
        assert_cost(4, 0, 0);
        for (uint64_t j = 0; j <= others[i]; j++)
            unmap(VA + j * 4 * KIB);
    }
}

static void good_map_writes_an_entry_and_a_count_for_each_new_table(void **state)
{
    map_page(VA); /* three new tables under the root, which has no count */
    assert_cost(1, 1 + 3, 3);
    map_page(VA + GIB); /* two under the level 1 table */
    assert_cost(2 + 1, 1 + 2, 1 + 2);
    map_page(VA + 2 * MIB);
    assert_cost(3 + 1, 1 + 1, 1 + 1);
}

static void good_unmap_reads_the_counts_up_to_the_first_table_that_stays(void **state)
{
    map_page(VA);
    map_page(VA + 2 * MIB);
    map_page(VA + GIB);
    unmap(VA + 2 * MIB); /* one table goes */
    assert_cost(4 + 2, 2, 1);
    unmap(VA + GIB); /* two */
    assert_cost(4 + 3, 2, 1);
    unmap(VA); /* three: the root has no count */
    assert_cost(4 + 3, 2, 0);
}

static void good_a_block_costs_as_much_as_a_page_of_its_depth(void **state)
{
    const struct frame large = frame_of(4 * MIB, 21, "rw-u");
    const struct frame huge = frame_of(GIB, 30, "rw-u");
    assert_int_equal(fixture_map(&fixture, VA, large), PAGETABLE_OK);
    assert_cost(1, 1 + 2, 2);
    assert_int_equal(fixture_map(&fixture, VA + 2 * MIB, large), PAGETABLE_OK);
    assert_cost(3 + 1, 1, 1);
    assert_int_equal(fixture_map(&fixture, UINT64_C(3) << 39, huge), PAGETABLE_OK);
    assert_cost(2 + 1, 1, 1);
    unmap(VA);
    assert_cost(3 + 1, 1, 1);
    unmap(VA + 2 * MIB);
    assert_cost(3 + 2, 2, 1);
    unmap(UINT64_C(3) << 39);
    assert_cost(2 + 1, 2, 0);
}

static void bad_a_block_over_a_table_in_use_is_refused_by_its_count(void **state)
{
    for (size_t i = 0; i < FILLINGS; i++) {
        fill(512 - others[i], 512);
        assert_int_equal(fixture_map(&fixture, VA, frame_of(4 * MIB, 21, "rw-u")), PAGETABLE_OVERLAP);
        assert_cost(3 + 1, 0, 0);
        assert_int_equal(fixture_map(&fixture, VA & ~(GIB - 1), frame_of(0, 30, "rw-u")), PAGETABLE_OVERLAP);
        assert_cost(2 + 1, 0, 0);
        for (uint64_t j = 512 - others[i]; j < 512; j++)
            unmap(VA + j * 4 * KIB);
    }
}

static void bad_operations_that_are_refused_read_entries_alone(void **state)
{
    struct mapping found;
    fill(0, 1);
    assert_int_equal(fixture_unmap(&fixture, VA + 4 * KIB), PAGETABLE_NOT_MAPPED);
    assert_cost(4, 0, 0);
    assert_int_equal(fixture_unmap(&fixture, VA + 2 * MIB), PAGETABLE_NOT_MAPPED);
    assert_cost(3, 0, 0);
    assert_int_equal(fixture_map(&fixture, VA, frame_of(0x6000, 12, "r--")), PAGETABLE_OVERLAP);
    assert_cost(4, 0, 0);
    flat_memory_log_clear(fixture.memory);
    assert_int_equal(pagetable_radix.query(&fixture.state, &fixture.environment, VA, &found), PAGETABLE_OK);
    assert_cost(4, 0, 0);
}

/* A count of its own, in a block of its own, for each table that is not the root. */
static void good_tables_are_aligned_blocks_that_share_nothing(void **state)
{
    const struct entry_format *format = &vmsa_4k_48_entries;
    uint64_t seen = 0;
    assert_int_equal(fixture_map(&fixture, VA, frame_of(0x5000, 12, "rw-u")), PAGETABLE_OK);
    for (size_t i = 0; i < flat_memory_log_count(fixture.memory); i++) {
        const struct flat_event *event = &flat_memory_log(fixture.memory)[i];
        if (event->kind != FLAT_ALLOCATE)
            continue;
        assert_int_equal(event->bytes, radix_block_bytes(&fixture.state, 3));
        assert_int_equal(event->pa % event->bytes, 0);
        assert_true(event->pa >= seen); /* flat memory gives the first free block */
        seen = event->pa + event->bytes;
    }
    uint64_t table[ENTRY_LEVELS_MAX];
    assert_int_equal(fixture_tables_to(&fixture, VA, table), 4);
    for (unsigned depth = 1; depth < 4; depth++)
        assert_int_equal(fixture_peek(&fixture, radix_count_of(format, depth, table[depth])), 1);
}

#define RADIX_TEST(test) cmocka_unit_test_setup_teardown(test, open_radix, close_radix)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RADIX_TEST(good_map_into_a_table_costs_the_same_however_full_it_is),
        RADIX_TEST(good_unmap_from_a_table_costs_the_same_however_full_it_is),
        RADIX_TEST(good_protect_costs_the_same_however_full_the_table_is),
        RADIX_TEST(good_map_writes_an_entry_and_a_count_for_each_new_table),
        RADIX_TEST(good_unmap_reads_the_counts_up_to_the_first_table_that_stays),
        RADIX_TEST(good_a_block_costs_as_much_as_a_page_of_its_depth),
        RADIX_TEST(bad_a_block_over_a_table_in_use_is_refused_by_its_count),
        RADIX_TEST(bad_operations_that_are_refused_read_entries_alone),
        RADIX_TEST(good_tables_are_aligned_blocks_that_share_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
