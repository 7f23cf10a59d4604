#include "pagetables/test/fixture.h"

#define VA (UINT64_C(3) << 39 | 5 * GIB | 14 * MIB | 36 * KIB)

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

static struct frame page(uint64_t base, const char *attributes)
{
    return frame_of(base, 12, attributes);
}

static void assert_walk(uint64_t va, const struct frame *frame)
{
    struct walk_state walk;
    assert_int_equal(interpret_address(&fixture.regime, &fixture.reader, va, &walk), WALK_LEAF);
    assert_int_equal(walk.leaf.frame.base, frame->base);
    assert_int_equal(walk.leaf.frame.size_lg2, frame->size_lg2);
    assert_int_equal(walk.leaf.frame.attributes, frame->attributes);
}

static void assert_walk_faults(uint64_t va)
{
    struct walk_state walk;
    assert_int_equal(interpret_address(&fixture.regime, &fixture.reader, va, &walk), WALK_FAULT);
    assert_int_equal(walk.fault, FAULT_TRANSLATION);
}

/* ---- map ---- */

static void good_map_makes_hardware_translate(void **state)
{
    struct frame frame = page(0x5000, "rw-u");
    assert_walk_faults(VA);
    assert_int_equal(fixture_map(&fixture, VA, frame), PAGETABLE_OK);
    assert_walk(VA + 0xfff, &frame);
    assert_walk_faults(VA - 1);
    assert_walk_faults(VA + 0x1000);
    fixture_assert_view(&fixture);
}

static void good_map_takes_blocks_of_every_size(void **state)
{
    struct frame large = frame_of(4 * MIB, 21, "r-x");
    struct frame huge = frame_of(2 * GIB, 30, "rw-");
    assert_int_equal(fixture_map(&fixture, 2 * MIB, large), PAGETABLE_OK);
    assert_int_equal(fixture_map(&fixture, 4 * GIB, huge), PAGETABLE_OK);
    assert_walk(4 * MIB - 1, &large);
    assert_walk(5 * GIB - 1, &huge);
    fixture_assert_view(&fixture);
}

static void good_map_reaches_the_highest_address(void **state)
{
    assert_int_equal(fixture_map(&fixture, (UINT64_C(1) << 48) - 4 * KIB, page(0x5000, "r--")), PAGETABLE_OK);
    fixture_assert_view(&fixture);
}

static void bad_map_of_a_size_that_the_format_has_not_is_refused(void **state)
{
    assert_int_equal(fixture_map(&fixture, 0, frame_of(0, 39, "r--")), PAGETABLE_BAD_SIZE);
    assert_int_equal(fixture_map(&fixture, 0, frame_of(0, 13, "r--")), PAGETABLE_BAD_SIZE);
}

static void bad_map_over_a_page_is_overlap_and_changes_nothing(void **state)
{
    assert_int_equal(fixture_map(&fixture, VA, page(0x5000, "rw-u")), PAGETABLE_OK);
    assert_int_equal(fixture_map(&fixture, VA, page(0x6000, "r--")), PAGETABLE_OVERLAP);
    fixture_assert_view(&fixture);
}

static void bad_map_of_a_page_into_a_block_is_overlap(void **state)
{
    assert_int_equal(fixture_map(&fixture, 2 * MIB, frame_of(4 * MIB, 21, "r--")), PAGETABLE_OK);
    assert_int_equal(fixture_map(&fixture, 2 * MIB + 0x7000, page(0x6000, "r--")), PAGETABLE_OVERLAP);
    fixture_assert_view(&fixture);
}

static void bad_map_of_a_block_over_a_page_is_overlap(void **state)
{
    assert_int_equal(fixture_map(&fixture, 2 * MIB + 0x7000, page(0x6000, "r--")), PAGETABLE_OK);
    assert_int_equal(fixture_map(&fixture, 2 * MIB, frame_of(4 * MIB, 21, "r--")), PAGETABLE_OVERLAP);
    assert_int_equal(fixture_map(&fixture, 0, frame_of(0, 30, "r--")), PAGETABLE_OVERLAP);
    fixture_assert_view(&fixture);
}

static void bad_map_of_a_frame_that_cannot_be_read_is_unsupported(void **state)
{
    size_t tables = flat_memory_tables(fixture.memory);
    assert_int_equal(fixture_map(&fixture, VA, page(0x5000, "-w-u")), PAGETABLE_UNSUPPORTED);
    assert_int_equal(flat_memory_tables(fixture.memory), tables);
    fixture_assert_view(&fixture);
}

/* Links an empty table at `lowest` for 2 MiB, and what leads there: radix itself leaves none. */
static void leave_empty_table(unsigned lowest)
{
    const struct environment *environment = &fixture.environment;
    uint64_t table = fixture.regime.root;
    for (unsigned depth = 1; depth <= lowest; depth++) {
        uint64_t bytes = radix_block_bytes(&fixture.state, depth);
        uint64_t below;
        assert_int_equal(environment->operations->allocate_table(environment->context, bytes, &below), 0);
        uint64_t slot = table + entry_index(&vmsa_4k_48_entries.level[depth - 1], 2 * MIB) * 8;
        assert_true(flat_memory_poke(fixture.memory, slot, vmsa_4k_48_entries.encode_table(below)));
        if (depth < lowest)
            assert_true(
                flat_memory_poke(fixture.memory, radix_count_of(&vmsa_4k_48_entries, depth, below), 1));
        table = below;
    }
}

static void good_an_empty_table_that_was_left_is_no_overlap(void **state)
{
    size_t tables = flat_memory_tables(fixture.memory);
    leave_empty_table(3);
    assert_int_equal(fixture_map(&fixture, 2 * MIB, frame_of(4 * MIB, 21, "r--")), PAGETABLE_OK);
    assert_int_equal(flat_memory_tables(fixture.memory), tables + 2);
    fixture_assert_view(&fixture);
}

static void good_a_page_fills_an_empty_table_that_was_left(void **state)
{
    size_t tables = flat_memory_tables(fixture.memory);
    leave_empty_table(3);
    assert_int_equal(fixture_map(&fixture, 2 * MIB, page(0x5000, "r--")), PAGETABLE_OK);
    assert_int_equal(flat_memory_tables(fixture.memory), tables + 3);
    fixture_assert_view(&fixture);
}

static void good_a_huge_block_replaces_an_empty_table(void **state)
{
    size_t tables = flat_memory_tables(fixture.memory);
    leave_empty_table(2);
    assert_int_equal(fixture_map(&fixture, 0, frame_of(GIB, 30, "r--")), PAGETABLE_OK);
    assert_int_equal(flat_memory_tables(fixture.memory), tables + 1);
    fixture_assert_view(&fixture);
}

/* ---- unmap ---- */

static void good_unmap_removes_the_mapping_and_no_other(void **state)
{
    assert_int_equal(fixture_map(&fixture, VA, page(0x5000, "rw-u")), PAGETABLE_OK);
    assert_int_equal(fixture_map(&fixture, VA + 0x1000, page(0x9000, "r--")), PAGETABLE_OK);
    assert_int_equal(fixture_unmap(&fixture, VA), PAGETABLE_OK);
    assert_walk_faults(VA);
    fixture_assert_view(&fixture);
}

static void good_unmap_releases_the_tables_that_became_empty(void **state)
{
    size_t tables = flat_memory_tables(fixture.memory);
    assert_int_equal(fixture_map(&fixture, VA, page(0x5000, "rw-u")), PAGETABLE_OK);
    assert_int_equal(flat_memory_tables(fixture.memory), tables + 3);
    assert_int_equal(fixture_map(&fixture, VA + 2 * MIB, page(0x9000, "rw-u")), PAGETABLE_OK);
    assert_int_equal(flat_memory_tables(fixture.memory), tables + 4);
    assert_int_equal(fixture_unmap(&fixture, VA), PAGETABLE_OK);
    assert_int_equal(flat_memory_tables(fixture.memory), tables + 3);
    assert_int_equal(fixture_unmap(&fixture, VA + 2 * MIB), PAGETABLE_OK);
    assert_int_equal(flat_memory_tables(fixture.memory), tables);
    fixture_assert_view(&fixture);
}

static void bad_unmap_keeps_a_table_with_one_entry_anywhere(void **state)
{
    for (uint64_t other = 1; other < 512; other++) {
        assert_int_equal(fixture_map(&fixture, 0, page(0x5000, "rw-")), PAGETABLE_OK);
        assert_int_equal(fixture_map(&fixture, other * 4 * KIB, page(0x6000, "rw-")), PAGETABLE_OK);
        assert_int_equal(fixture_unmap(&fixture, 0), PAGETABLE_OK);
        struct frame frame = page(0x6000, "rw-");
        assert_walk(other * 4 * KIB, &frame);
        assert_int_equal(fixture_unmap(&fixture, other * 4 * KIB), PAGETABLE_OK);
    }
    fixture_assert_view(&fixture);
}

static void good_a_full_table_is_released_with_its_last_entry(void **state)
{
    size_t tables = flat_memory_tables(fixture.memory);
    for (uint64_t i = 0; i < 512; i++)
        assert_int_equal(fixture_map(&fixture, i * 4 * KIB, page(0x5000, "rw-")), PAGETABLE_OK);
    fixture_assert_view(&fixture);
    for (uint64_t i = 0; i < 512; i++) {
        assert_int_equal(flat_memory_tables(fixture.memory), tables + 3);
        assert_int_equal(fixture_unmap(&fixture, i * 4 * KIB), PAGETABLE_OK);
    }
    assert_int_equal(flat_memory_tables(fixture.memory), tables);
    fixture_assert_view(&fixture);
}

static void bad_unmap_of_what_is_not_mapped_is_an_error_and_changes_nothing(void **state)
{
    assert_int_equal(fixture_map(&fixture, VA, page(0x5000, "rw-u")), PAGETABLE_OK);
    assert_int_equal(fixture_unmap(&fixture, VA + 0x1000), PAGETABLE_NOT_MAPPED);
    assert_int_equal(fixture_unmap(&fixture, 0), PAGETABLE_NOT_MAPPED);
    fixture_assert_view(&fixture);
}

static void bad_unmap_inside_a_block_is_not_mapped(void **state)
{
    assert_int_equal(fixture_map(&fixture, 2 * MIB, frame_of(4 * MIB, 21, "r--")), PAGETABLE_OK);
    assert_int_equal(fixture_unmap(&fixture, 2 * MIB + 0x1000), PAGETABLE_NOT_MAPPED);
    fixture_assert_view(&fixture);
}

/* ---- protect ---- */

static void good_protect_changes_the_attributes_and_keeps_the_frame(void **state)
{
    static const char *const attributes[] = {"r--u", "rwxu", "rw-d", "rw-g", "r-xug", "rw-ud", "r--"};
    assert_int_equal(fixture_map(&fixture, VA, page(0x5000, "rw-u")), PAGETABLE_OK);
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        struct frame frame = page(0x5000, attributes[i]);
        assert_int_equal(fixture_protect(&fixture, VA, attributes[i]), PAGETABLE_OK);
        assert_walk(VA, &frame);
        fixture_assert_view(&fixture);
    }
}

static void good_protect_to_the_same_attributes_touches_nothing(void **state)
{
    assert_int_equal(fixture_map(&fixture, VA, page(0x5000, "rw-u")), PAGETABLE_OK);
    assert_int_equal(fixture_protect(&fixture, VA, "rw-u"), PAGETABLE_OK);
    for (size_t i = 0; i < flat_memory_log_count(fixture.memory); i++) {
        assert_int_not_equal(flat_memory_log(fixture.memory)[i].kind, FLAT_WRITE);
        assert_int_not_equal(flat_memory_log(fixture.memory)[i].kind, FLAT_INVALIDATE);
    }
}

static void bad_protect_of_what_is_not_mapped_is_an_error(void **state)
{
    assert_int_equal(fixture_protect(&fixture, VA, "r--"), PAGETABLE_NOT_MAPPED);
    assert_int_equal(fixture_map(&fixture, 2 * MIB, frame_of(4 * MIB, 21, "r--")), PAGETABLE_OK);
    assert_int_equal(fixture_protect(&fixture, 2 * MIB + 0x1000, "rw-"), PAGETABLE_NOT_MAPPED);
    fixture_assert_view(&fixture);
}

static void bad_protect_to_unreadable_is_unsupported_and_changes_nothing(void **state)
{
    assert_int_equal(fixture_map(&fixture, VA, page(0x5000, "rw-u")), PAGETABLE_OK);
    assert_int_equal(fixture_protect(&fixture, VA, "--xu"), PAGETABLE_UNSUPPORTED);
    fixture_assert_view(&fixture);
}

/* ---- query ---- */

static void good_query_finds_the_mapping_that_contains_an_address(void **state)
{
    struct mapping found;
    assert_int_equal(fixture_map(&fixture, 2 * MIB, frame_of(4 * MIB, 21, "r-xg")), PAGETABLE_OK);
    assert_int_equal(pagetable_radix.query(&fixture.state, &fixture.environment, 2 * MIB + 0x12345, &found),
                     PAGETABLE_OK);
    assert_int_equal(found.va, 2 * MIB);
    assert_int_equal(found.frame.base, 4 * MIB);
    assert_int_equal(found.frame.size_lg2, 21);
    assert_int_equal(found.frame.attributes, FRAME_READABLE | FRAME_EXECUTABLE | FRAME_GLOBAL);
}

static void bad_query_of_what_is_not_mapped_is_an_error(void **state)
{
    struct mapping found;
    assert_int_equal(pagetable_radix.query(&fixture.state, &fixture.environment, VA, &found),
                     PAGETABLE_NOT_MAPPED);
}

static void bad_a_reserved_entry_is_corrupt_for_every_operation(void **state)
{
    struct mapping found;
    assert_true(flat_memory_poke(fixture.memory, fixture.regime.root, 1));
    assert_int_equal(fixture_map(&fixture, 0, page(0x5000, "rw-u")), PAGETABLE_CORRUPT);
    assert_int_equal(fixture_unmap(&fixture, 0), PAGETABLE_CORRUPT);
    assert_int_equal(fixture_protect(&fixture, 0, "r--"), PAGETABLE_CORRUPT);
    assert_int_equal(pagetable_radix.query(&fixture.state, &fixture.environment, 0, &found),
                     PAGETABLE_CORRUPT);
    assert_true(flat_memory_poke(fixture.memory, fixture.regime.root, 0));
}

/* A count that cannot be is refused before anything is stored. */
static void bad_an_impossible_count_is_corrupt_for_map_and_unmap(void **state)
{
    uint64_t table[ENTRY_LEVELS_MAX];
    assert_int_equal(fixture_map(&fixture, VA, page(0x5000, "rw-u")), PAGETABLE_OK);
    assert_int_equal(fixture_tables_to(&fixture, VA, table), 4);
    uint64_t count = radix_count_of(&vmsa_4k_48_entries, 3, table[3]);
    assert_true(flat_memory_poke(fixture.memory, count, 0)); /* though an entry is in use */
    assert_int_equal(fixture_unmap(&fixture, VA), PAGETABLE_CORRUPT);
    assert_true(flat_memory_poke(fixture.memory, count, 512)); /* though an entry is free */
    assert_int_equal(fixture_map(&fixture, VA + 0x1000, page(0x6000, "rw-u")), PAGETABLE_CORRUPT);
    assert_true(flat_memory_poke(fixture.memory, count, 1));
    fixture_assert_view(&fixture);
}

/* ---- create and destroy ---- */

static void good_destroy_releases_what_is_still_mapped(void **state)
{
    for (uint64_t i = 0; i < 20; i++)
        assert_int_equal(fixture_map(&fixture, i * 3 * GIB, page(0x5000, "rw-g")), PAGETABLE_OK);
    flat_memory_log_clear(fixture.memory);
    /* close_radix destroys the table and counts */
}

static void good_destroy_needs_no_counts(void **state)
{
    uint64_t table[ENTRY_LEVELS_MAX];
    assert_int_equal(fixture_map(&fixture, VA, page(0x5000, "rw-u")), PAGETABLE_OK);
    assert_int_equal(fixture_tables_to(&fixture, VA, table), 4);
    for (unsigned depth = 1; depth < 4; depth++)
        assert_true(flat_memory_poke(fixture.memory, radix_count_of(&vmsa_4k_48_entries, depth, table[depth]),
                                     depth - 1));
    /* close_radix destroys the table and counts what is left */
}

static void bad_create_for_a_format_without_entries_is_unsupported(void **state)
{
    const struct walk_format foreign = vmsa_4k_48;
    const struct pagetable_config config = {.format = &foreign, .asid = 1};
    struct radix other;
    size_t tables = flat_memory_tables(fixture.memory);
    assert_int_equal(pagetable_radix.create(&other, &fixture.environment, &config), PAGETABLE_UNSUPPORTED);
    assert_int_equal(flat_memory_tables(fixture.memory), tables);
}

#define RADIX_TEST(test) cmocka_unit_test_setup_teardown(test, open_radix, close_radix)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RADIX_TEST(good_map_makes_hardware_translate),
        RADIX_TEST(good_map_takes_blocks_of_every_size),
        RADIX_TEST(good_map_reaches_the_highest_address),
        RADIX_TEST(bad_map_of_a_size_that_the_format_has_not_is_refused),
        RADIX_TEST(bad_map_over_a_page_is_overlap_and_changes_nothing),
        RADIX_TEST(bad_map_of_a_page_into_a_block_is_overlap),
        RADIX_TEST(bad_map_of_a_block_over_a_page_is_overlap),
        RADIX_TEST(bad_map_of_a_frame_that_cannot_be_read_is_unsupported),
        RADIX_TEST(good_an_empty_table_that_was_left_is_no_overlap),
        RADIX_TEST(good_a_page_fills_an_empty_table_that_was_left),
        RADIX_TEST(good_a_huge_block_replaces_an_empty_table),
        RADIX_TEST(good_unmap_removes_the_mapping_and_no_other),
        RADIX_TEST(good_unmap_releases_the_tables_that_became_empty),
        RADIX_TEST(bad_unmap_keeps_a_table_with_one_entry_anywhere),
        RADIX_TEST(good_a_full_table_is_released_with_its_last_entry),
        RADIX_TEST(bad_unmap_of_what_is_not_mapped_is_an_error_and_changes_nothing),
        RADIX_TEST(bad_unmap_inside_a_block_is_not_mapped),
        RADIX_TEST(good_protect_changes_the_attributes_and_keeps_the_frame),
        RADIX_TEST(good_protect_to_the_same_attributes_touches_nothing),
        RADIX_TEST(bad_protect_of_what_is_not_mapped_is_an_error),
        RADIX_TEST(bad_protect_to_unreadable_is_unsupported_and_changes_nothing),
        RADIX_TEST(good_query_finds_the_mapping_that_contains_an_address),
        RADIX_TEST(bad_query_of_what_is_not_mapped_is_an_error),
        RADIX_TEST(bad_a_reserved_entry_is_corrupt_for_every_operation),
        RADIX_TEST(bad_an_impossible_count_is_corrupt_for_map_and_unmap),
        RADIX_TEST(good_destroy_releases_what_is_still_mapped),
        RADIX_TEST(good_destroy_needs_no_counts),
        RADIX_TEST(bad_create_for_a_format_without_entries_is_unsupported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
