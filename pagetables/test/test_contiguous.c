/* Runs of contiguous entries as one frame: what a walk reports, and what the radix table does. */
#include "pagetables/test/fixture.h"
#include "pagetables/test/protocol.h"

#define VA (UINT64_C(3) << 39 | 5 * GIB | 14 * MIB | 64 * KIB)

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

static enum walk_status walk(uint64_t va, bool contiguous, struct walk_state *walk)
{
    struct translation_regime regime = fixture.regime;
    regime.contiguous = contiguous;
    return interpret_address(&regime, &fixture.reader, va, walk);
}

static void assert_kept(uint64_t va, unsigned size_lg2)
{
    struct protocol_operation operation;
    fixture_describe(&fixture, va, size_lg2, &operation);
    const char *broken =
        protocol_broken(flat_memory_log(fixture.memory), flat_memory_log_count(fixture.memory), &operation);
    if (broken)
        fail_msg("%s", broken);
}

static unsigned events_of(enum flat_event_kind kind)
{
    unsigned events = 0;
    for (size_t i = 0; i < flat_memory_log_count(fixture.memory); i++)
        events += flat_memory_log(fixture.memory)[i].kind == kind;
    return events;
}

static void map(uint64_t va, uint64_t base, unsigned size_lg2, const char *attributes)
{
    assert_int_equal(fixture_map(&fixture, va, frame_of(base, size_lg2, attributes)), PAGETABLE_OK);
    assert_kept(va, size_lg2);
}

/* The physical address of the last-level entry of VA. */
static uint64_t slot(void)
{
    uint64_t table[ENTRY_LEVELS_MAX];
    assert_int_equal(fixture_tables_to(&fixture, VA, table), 4);
    return table[3] + entry_index(&vmsa_4k_48_entries.level[3], VA) * 8;
}

/* ---- Walks ---- */

static void good_a_run_is_one_leaf_where_the_machine_makes_use_of_it(void **state)
{
    struct walk_state end;
    map(VA, 0x50000, 16, "rw-u");
    for (unsigned i = 0; i < 16; i++) {
        uint64_t va = VA + i * 4 * KIB + 0x123;
        assert_int_equal(walk(va, true, &end), WALK_LEAF);
        assert_int_equal(end.leaf.va, VA);
        assert_int_equal(end.leaf.frame.base, 0x50000);
        assert_int_equal(end.leaf.frame.size_lg2, 16);
        assert_int_equal(end.leaf.level, 3);
        assert_int_equal(walk(va, false, &end), WALK_LEAF);
        assert_int_equal(end.leaf.va, VA + i * 4 * KIB);
        assert_int_equal(end.leaf.frame.base, 0x50000 + i * 4 * KIB);
        assert_int_equal(end.leaf.frame.size_lg2, 12);
    }
    assert_int_equal(walk(VA - 1, true, &end), WALK_FAULT);
    assert_int_equal(walk(VA + 64 * KIB, true, &end), WALK_FAULT);
}

static void good_a_run_of_blocks_is_32_mib(void **state)
{
    struct walk_state end;
    map(64 * MIB, 96 * MIB, 25, "rw-u");
    assert_int_equal(walk(64 * MIB + 21 * MIB, true, &end), WALK_LEAF);
    assert_int_equal(end.leaf.va, 64 * MIB);
    assert_int_equal(end.leaf.frame.base, 96 * MIB);
    assert_int_equal(end.leaf.frame.size_lg2, 25);
    assert_int_equal(end.leaf.level, 2);
    fixture_assert_view(&fixture);
}

/* D8.7.1: such an entry breaks software's rules; what it maps alone is among what a machine may do. */
static void bad_an_entry_at_the_wrong_place_of_a_run_is_taken_alone(void **state)
{
    struct walk_state end;
    map(VA, 0x50000, 16, "rw-u");
    uint64_t word = fixture_peek(&fixture, slot());
    assert_true(flat_memory_poke(fixture.memory, slot(), word + 0x3000));
    assert_int_equal(walk(VA, true, &end), WALK_LEAF);
    assert_int_equal(end.leaf.frame.size_lg2, 12);
    assert_int_equal(end.leaf.frame.base, 0x53000);
    assert_true(flat_memory_poke(fixture.memory, slot(), word));
}

/* ---- The radix table ---- */

static void good_map_writes_all_entries_and_one_count(void **state)
{
    map(VA - 64 * KIB, 0x40000, 12, "rw-u"); /* the table is there */
    map(VA, 0x50000, 16, "rw-u");
    assert_int_equal(flat_memory_reads(fixture.memory), 4 + 15 + 1);
    assert_int_equal(events_of(FLAT_WRITE), 16 + 1);
    assert_int_equal(events_of(FLAT_INVALIDATE), 0);
    fixture_assert_view(&fixture);
}

static void good_map_with_new_tables_fills_the_last_one_before_it_is_linked(void **state)
{
    map(VA, 0x50000, 16, "rw-u");
    assert_int_equal(flat_memory_reads(fixture.memory), 1);
    assert_int_equal(events_of(FLAT_WRITE), 16 + 2 + 1 + 3);
    fixture_assert_view(&fixture);
}

static void good_unmap_clears_all_entries_and_invalidates_each(void **state)
{
    map(VA - 64 * KIB, 0x40000, 12, "rw-u");
    map(VA, 0x50000, 16, "rw-u");
    assert_int_equal(fixture_unmap(&fixture, VA), PAGETABLE_OK);
    assert_kept(VA, 16);
    assert_int_equal(flat_memory_reads(fixture.memory), 4 + 1);
    assert_int_equal(events_of(FLAT_WRITE), 16 + 1);
    assert_int_equal(events_of(FLAT_INVALIDATE), 16);
    fixture_assert_view(&fixture);
}

static void good_unmap_of_the_last_run_releases_its_tables(void **state)
{
    map(VA, 0x50000, 16, "rw-u");
    assert_int_equal(fixture_unmap(&fixture, VA), PAGETABLE_OK);
    assert_kept(VA, 16);
    assert_int_equal(events_of(FLAT_RELEASE), 3);
    fixture_assert_view(&fixture);
}

static void good_protect_breaks_all_entries_before_it_makes_one(void **state)
{
    map(VA, 0x50000, 16, "rw-u");
    assert_int_equal(fixture_protect(&fixture, VA, "r--u"), PAGETABLE_OK);
    assert_kept(VA, 16);
    assert_int_equal(events_of(FLAT_WRITE), 32);
    assert_int_equal(events_of(FLAT_INVALIDATE), 16);
    assert_int_equal(flat_memory_reads(fixture.memory), 4 + 15);
    fixture_assert_view(&fixture);
    assert_int_equal(fixture_protect(&fixture, VA, "r--u"), PAGETABLE_OK);
    assert_int_equal(events_of(FLAT_WRITE), 0);
}

static void good_the_access_flag_of_a_run_changes_without_a_break(void **state)
{
    map(VA, 0x50000, 16, "rw-u");
    assert_int_equal(fixture_protect(&fixture, VA, "rw-uo"), PAGETABLE_OK);
    assert_kept(VA, 16);
    assert_int_equal(events_of(FLAT_WRITE), 16);
    fixture_assert_view(&fixture);
}

static void bad_a_run_over_any_mapping_overlaps(void **state)
{
    for (unsigned i = 0; i < 16; i++) {
        map(VA + i * 4 * KIB, 0x40000, 12, "rw-u");
        assert_int_equal(fixture_map(&fixture, VA, frame_of(0x50000, 16, "rw-u")), PAGETABLE_OVERLAP);
        assert_int_equal(events_of(FLAT_WRITE), 0);
        fixture_assert_view(&fixture);
        assert_int_equal(fixture_unmap(&fixture, VA + i * 4 * KIB), PAGETABLE_OK);
    }
    map(VA, 0x50000, 16, "rw-u");
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(fixture_map(&fixture, VA + i * 4 * KIB, frame_of(0x40000, 12, "rw-u")),
                         PAGETABLE_OVERLAP);
    assert_int_equal(fixture_map(&fixture, VA & ~(32 * MIB - 1), frame_of(0, 25, "rw-u")), PAGETABLE_OVERLAP);
    fixture_assert_view(&fixture);
}

static void bad_a_page_inside_a_run_is_not_the_base_of_a_mapping(void **state)
{
    struct mapping found;
    map(VA, 0x50000, 16, "rw-u");
    assert_int_equal(fixture_unmap(&fixture, VA + 4 * KIB), PAGETABLE_NOT_MAPPED);
    assert_int_equal(fixture_protect(&fixture, VA + 4 * KIB, "r--u"), PAGETABLE_NOT_MAPPED);
    assert_int_equal(
        pagetable_radix.query(&fixture.state, &fixture.environment, VA + 5 * 4 * KIB + 7, &found),
        PAGETABLE_OK);
    assert_int_equal(found.va, VA);
    assert_int_equal(found.frame.base, 0x50000);
    assert_int_equal(found.frame.size_lg2, 16);
}

/* ---- Hardware and other software ---- */

static void good_hardware_updates_one_entry_and_the_run_stays_one_mapping(void **state)
{
    struct walk_state end;
    struct walk_update update;
    map(VA, 0x50000, 16, "rw-uco");
    fixture.regime.hardware_dirty = true;
    assert_int_equal(interpret_address(&fixture.regime, &fixture.reader, VA + 7 * 4 * KIB, &end), WALK_LEAF);
    assert_true(walk_needs_update(&end, true, &update));
    assert_int_equal(update.pa, slot() + 7 * 8);
    assert_true(flat_memory_poke(fixture.memory, update.pa, update.desired));
    fixture_assert_view(&fixture);
    /* software takes the state back from all of them */
    assert_int_equal(fixture_protect(&fixture, VA, "rw-uco"), PAGETABLE_OK);
    assert_kept(VA, 16);
    assert_int_equal(fixture_peek(&fixture, update.pa), update.expected);
}

static void bad_a_run_with_an_entry_missing_is_found(void **state)
{
    char reason[200];
    map(VA, 0x50000, 16, "rw-u");
    for (unsigned i = 0; i < 16; i++) {
        uint64_t pa = slot() + i * 8;
        uint64_t word = fixture_peek(&fixture, pa);
        const uint64_t wrong[] = {0, word & ~VMSA_CONTIGUOUS, word ^ VMSA_AP_USER, word + 0x1000};
        for (unsigned w = 0; w < sizeof wrong / sizeof *wrong; w++) {
            assert_true(flat_memory_poke(fixture.memory, pa, wrong[w]));
            assert_int_equal(
                pagetable_radix.invariants(&fixture.state, &fixture.reader, reason, sizeof reason),
                PAGETABLE_CORRUPT);
            assert_false(view_equals(&fixture, &fixture.reader, fixture.expected));
        }
        assert_true(flat_memory_poke(fixture.memory, pa, word));
    }
    fixture_assert_view(&fixture);
}

#define RADIX_TEST(test) cmocka_unit_test_setup_teardown(test, open_radix, close_radix)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RADIX_TEST(good_a_run_is_one_leaf_where_the_machine_makes_use_of_it),
        RADIX_TEST(good_a_run_of_blocks_is_32_mib),
        RADIX_TEST(bad_an_entry_at_the_wrong_place_of_a_run_is_taken_alone),
        RADIX_TEST(good_map_writes_all_entries_and_one_count),
        RADIX_TEST(good_map_with_new_tables_fills_the_last_one_before_it_is_linked),
        RADIX_TEST(good_unmap_clears_all_entries_and_invalidates_each),
        RADIX_TEST(good_unmap_of_the_last_run_releases_its_tables),
        RADIX_TEST(good_protect_breaks_all_entries_before_it_makes_one),
        RADIX_TEST(good_the_access_flag_of_a_run_changes_without_a_break),
        RADIX_TEST(bad_a_run_over_any_mapping_overlaps),
        RADIX_TEST(bad_a_page_inside_a_run_is_not_the_base_of_a_mapping),
        RADIX_TEST(good_hardware_updates_one_entry_and_the_run_stays_one_mapping),
        RADIX_TEST(bad_a_run_with_an_entry_missing_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
