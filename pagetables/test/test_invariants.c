/* Damage to a table is found and named; the same table without it is in order. */
#include "pagetables/riscv.h"
#include "pagetables/test/fixture.h"

#include <string.h>

static struct fixture fixture;

/* Two last-level tables: 0, 4 KiB and 2 MiB are mapped. Where their entries stand, by depth. */
static uint64_t first_slot[4];
static uint64_t second_slot[4];
/* Counts of both and of the table above them. */
static uint64_t first_count;
static uint64_t second_count;
static uint64_t upper_count;

static void find_slots(uint64_t va, uint64_t slot[4])
{
    uint64_t table = fixture.regime.root;
    for (unsigned depth = 0; depth < 4; depth++) {
        uint64_t word;
        const struct entry_level *level = &vmsa_4k_48_entries.level[depth];
        slot[depth] = table + entry_index(level, va) * 8;
        assert_true(fixture.reader.read(fixture.reader.context, slot[depth], &word));
        table = vmsa_4k_48_entries.decode(level, word).table;
    }
}

static int open_radix(void **state)
{
    fixture_open(&fixture, &pagetable_radix);
    assert_int_equal(fixture_map(&fixture, 0, frame_of(0x5000, 12, "rw-u")), PAGETABLE_OK);
    assert_int_equal(fixture_map(&fixture, 4 * KIB, frame_of(0x6000, 12, "rw-u")), PAGETABLE_OK);
    assert_int_equal(fixture_map(&fixture, 2 * MIB, frame_of(0x7000, 12, "rw-u")), PAGETABLE_OK);
    find_slots(0, first_slot);
    find_slots(2 * MIB, second_slot);
    uint64_t table[ENTRY_LEVELS_MAX];
    assert_int_equal(fixture_tables_to(&fixture, 0, table), 4);
    first_count = radix_count_of(&vmsa_4k_48_entries, 3, table[3]);
    upper_count = radix_count_of(&vmsa_4k_48_entries, 2, table[2]);
    assert_int_equal(fixture_tables_to(&fixture, 2 * MIB, table), 4);
    second_count = radix_count_of(&vmsa_4k_48_entries, 3, table[3]);
    return 0;
}

static int close_radix(void **state)
{
    fixture_close(&fixture);
    return 0;
}

static uint64_t peek(uint64_t pa)
{
    return fixture_peek(&fixture, pa);
}

/* The table is in order, with this one word changed it is not, for this reason; restored it is in order
 * again. */
static void assert_found(uint64_t pa, uint64_t damage, const char *reason)
{
    char found[300] = "";
    uint64_t undamaged = peek(pa);
    fixture_assert_view(&fixture);
    assert_true(flat_memory_poke(fixture.memory, pa, damage));
    assert_int_equal(pagetable_radix.invariants(&fixture.state, &fixture.reader, found, sizeof found),
                     PAGETABLE_CORRUPT);
    if (!strstr(found, reason))
        fail_msg("\"%s\" does not say \"%s\"", found, reason);
    assert_true(flat_memory_poke(fixture.memory, pa, undamaged));
    fixture_assert_view(&fixture);
}

static void bad_an_empty_table_that_is_linked_is_found(void **state)
{
    assert_found(second_slot[3], 0, "points to a table that is empty");
}

static void bad_a_count_above_the_entries_in_use_is_found(void **state)
{
    assert_found(first_count, 3, "with 2 entries in use");
}

static void bad_a_count_below_the_entries_in_use_is_found(void **state)
{
    assert_found(first_count, 1, "with 2 entries in use");
    assert_found(second_count, 0, "with 1 entries in use");
}

static void bad_a_wrong_count_of_an_upper_table_is_found(void **state)
{
    assert_found(upper_count, 0, "with 2 entries in use");
}

static void bad_an_entry_that_the_count_does_not_know_is_found(void **state)
{
    assert_found(first_slot[3] + 16, peek(first_slot[3]), "with 3 entries in use");
}

static void bad_a_link_to_where_a_count_stands_is_found(void **state)
{
    assert_found(second_slot[2], vmsa_4k_48_entries.encode_table(first_count),
                 "where a table's count stands");
}

static void bad_an_invalid_entry_that_is_not_zero_is_found(void **state)
{
    assert_found(second_slot[3] + 8, 0x7002, "is invalid and not zero");
}

static void bad_a_table_with_two_links_is_found(void **state)
{
    assert_found(second_slot[2], peek(first_slot[2]), "that another entry points to as well");
}

static void bad_a_link_back_to_the_root_is_found(void **state)
{
    assert_found(second_slot[2], vmsa_4k_48_entries.encode_table(fixture.regime.root),
                 "that another entry points to as well");
}

static void bad_a_link_to_the_lock_is_found(void **state)
{
    assert_found(second_slot[2], vmsa_4k_48_entries.encode_table(fixture.state.lock), "lock");
}

static void bad_a_table_that_reaches_into_the_lock_is_found(void **state)
{
    char found[300] = "";
    struct radix moved = fixture.state;
    moved.lock = first_count; /* the second half of the first table's block */
    assert_int_equal(pagetable_radix.invariants(&moved, &fixture.reader, found, sizeof found),
                     PAGETABLE_CORRUPT);
    assert_non_null(strstr(found, "lock"));
}

static void bad_a_root_that_is_not_there_is_found(void **state)
{
    char found[300] = "";
    struct radix moved = fixture.state;
    moved.root = 16 * GIB;
    assert_int_equal(pagetable_radix.invariants(&moved, &fixture.reader, found, sizeof found),
                     PAGETABLE_CORRUPT);
    assert_non_null(strstr(found, "where there is no memory"));
}

/* The root of this stage 2 has 16 KiB: its second half is no table. */
static void bad_a_link_into_the_root_is_found(void **state)
{
    struct fixture stage2;
    char found[300] = "";
    fixture_open_format(&stage2, &pagetable_radix, &riscv_sv39x4);
    assert_int_equal(fixture_map(&stage2, 0, frame_of(0x5000, 12, "rw-")), PAGETABLE_OK);
    fixture_assert_view(&stage2);
    uint64_t link = stage2.regime.root, word = fixture_peek(&stage2, link);
    assert_true(flat_memory_poke(stage2.memory, link, riscv_sv39x4_entries.encode_table(link + 8 * KIB)));
    assert_int_equal(pagetable_radix.invariants(&stage2.state, &stage2.reader, found, sizeof found),
                     PAGETABLE_CORRUPT);
    if (!strstr(found, "points into the root table"))
        fail_msg("%s", found);
    assert_true(flat_memory_poke(stage2.memory, link, word));
    fixture_close(&stage2);
}

static void bad_a_link_out_of_memory_is_found(void **state)
{
    assert_found(second_slot[2], vmsa_4k_48_entries.encode_table(16 * GIB), "where there is no memory");
}

static void bad_a_link_that_restricts_is_found(void **state)
{
    assert_found(first_slot[1], peek(first_slot[1]) | VMSA_UXN_TABLE, "never sets");
}

static void bad_a_leaf_that_everybody_may_execute_is_found(void **state)
{
    assert_found(first_slot[3], peek(first_slot[3]) & ~(VMSA_UXN | VMSA_PXN), "never writes");
}

static void bad_a_leaf_with_the_contiguous_bit_is_found(void **state)
{
    assert_found(first_slot[3], peek(first_slot[3]) | VMSA_CONTIGUOUS, "never writes");
}

static void bad_a_block_at_level_0_is_found(void **state)
{
    assert_found(first_slot[0] + 8, 0x401, "has a reserved form");
}

static void good_a_table_in_use_is_in_order(void **state)
{
    fixture_assert_view(&fixture);
}

#define RADIX_TEST(test) cmocka_unit_test_setup_teardown(test, open_radix, close_radix)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RADIX_TEST(good_a_table_in_use_is_in_order),
        RADIX_TEST(bad_an_empty_table_that_is_linked_is_found),
        RADIX_TEST(bad_a_count_above_the_entries_in_use_is_found),
        RADIX_TEST(bad_a_count_below_the_entries_in_use_is_found),
        RADIX_TEST(bad_a_wrong_count_of_an_upper_table_is_found),
        RADIX_TEST(bad_an_entry_that_the_count_does_not_know_is_found),
        RADIX_TEST(bad_a_link_to_where_a_count_stands_is_found),
        RADIX_TEST(bad_an_invalid_entry_that_is_not_zero_is_found),
        RADIX_TEST(bad_a_table_with_two_links_is_found),
        RADIX_TEST(bad_a_link_back_to_the_root_is_found),
        RADIX_TEST(bad_a_link_to_the_lock_is_found),
        RADIX_TEST(bad_a_table_that_reaches_into_the_lock_is_found),
        RADIX_TEST(bad_a_root_that_is_not_there_is_found),
        cmocka_unit_test(bad_a_link_into_the_root_is_found),
        RADIX_TEST(bad_a_link_out_of_memory_is_found),
        RADIX_TEST(bad_a_link_that_restricts_is_found),
        RADIX_TEST(bad_a_leaf_that_everybody_may_execute_is_found),
        RADIX_TEST(bad_a_leaf_with_the_contiguous_bit_is_found),
        RADIX_TEST(bad_a_block_at_level_0_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
