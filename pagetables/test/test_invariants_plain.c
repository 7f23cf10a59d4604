/* Damage to a table that is no radix table is found and named; the same table without it is in order. */
#include <string.h>

#include "pagetables/cuckoo.h"
#include "pagetables/hashed.h"
#include "pagetables/ranges.h"
#include "pagetables/test/fixture.h"

static struct fixture fixture;

static uint64_t peek(uint64_t pa)
{
    return fixture_peek(&fixture, pa);
}

static void poke(uint64_t pa, uint64_t word)
{
    assert_true(flat_memory_poke(fixture.memory, pa, word));
}

static void assert_broken(const char *reason)
{
    char found[300] = "";
    assert_int_equal(fixture.table->invariants(&fixture.state, &fixture.reader, found, sizeof found),
                     PAGETABLE_CORRUPT);
    if (!strstr(found, reason))
        fail_msg("\"%s\" does not say \"%s\"", found, reason);
}

/* With this one word changed the table is not in order, for this reason; restored it is again. */
static void assert_found(uint64_t pa, uint64_t damage, const char *reason)
{
    uint64_t undamaged = peek(pa);
    fixture_assert_view(&fixture);
    poke(pa, damage);
    assert_broken(reason);
    poke(pa, undamaged);
    fixture_assert_view(&fixture);
}

#define PAGES 12u

static void open_table(const struct pagetable_class *table, const struct walk_format *format)
{
    fixture_open_format(&fixture, table, format);
    for (uint64_t i = 0; i < PAGES; i++)
        assert_int_equal(fixture_map(&fixture, i * 8 * KIB, frame_of(0x5000 + i * 0x10000, 12, "rw-u")),
                         PAGETABLE_OK);
    assert_int_equal(fixture_map(&fixture, 4 * MIB, frame_of(4 * MIB, 21, "rw-u")), PAGETABLE_OK);
    fixture_assert_view(&fixture);
}

static int open_hashed(void **state)
{
    open_table(&pagetable_hashed, &hashed_48);
    return 0;
}

static int open_cuckoo(void **state)
{
    open_table(&pagetable_cuckoo, &cuckoo_48);
    return 0;
}

static int open_ranges(void **state)
{
    open_table(&pagetable_ranges, &ranges_48);
    return 0;
}

static int close_table(void **state)
{
    fixture_close(&fixture);
    return 0;
}

/* ---- hashed ---- */

static uint64_t hashed_slot_of(uint64_t va)
{
    uint64_t array = peek(fixture.regime.root + HASHED_ARRAY);
    for (unsigned probe = 0; probe < HASHED_PROBES_MAX; probe++)
        if (peek(hashed_slot(array, va, 0, probe)) == hashed_tag(va, 0))
            return hashed_slot(array, va, 0, probe);
    fail_msg("no slot of 0x%llx", (unsigned long long)va);
    return 0;
}

static void bad_hashed_page_that_no_walk_finds(void **state)
{
    uint64_t slot = hashed_slot_of(0), tag = peek(slot), leaf = peek(slot + 8);
    uint64_t array = peek(fixture.regime.root + HASHED_ARRAY);
    uint64_t far = hashed_slot(array, 0, 0, HASHED_PROBES_MAX + 7);
    assert_int_equal(peek(far), 0);
    poke(slot, 0);
    poke(far, tag);
    poke(far + 8, leaf);
    assert_broken("stands behind it");
    poke(far, 0);
    poke(far + 8, 0);
    poke(slot, tag);
    fixture_assert_view(&fixture);
}

static void bad_hashed_page_in_two_slots(void **state)
{
    uint64_t slot = hashed_slot_of(0), array = peek(fixture.regime.root + HASHED_ARRAY), free = 0;
    for (unsigned probe = 0; free == 0; probe++)
        if (peek(hashed_slot(array, 0, 0, probe)) == 0)
            free = hashed_slot(array, 0, 0, probe);
    poke(free + 8, peek(slot + 8));
    assert_found(free, peek(slot), "stands in two slots");
    poke(free + 8, 0);
}

static void bad_hashed_slot_with_words_that_are_never_written(void **state)
{
    assert_found(hashed_slot_of(0), hashed_tag(0, 0) | 0x20, "which is never written");
    assert_found(hashed_slot_of(0) + 8, peek(hashed_slot_of(0) + 8) & ~PLAIN_VALID, "which is never written");
}

static void bad_hashed_counts_and_sizes(void **state)
{
    assert_found(fixture.regime.root + HASHED_USED, PAGES, "slots are in use");
    assert_found(fixture.regime.root + HASHED_DEAD, 1, "slots are dead");
    assert_found(fixture.regime.root + HASHED_SIZES, 1, "sizes that the descriptor does not tell");
}

static void bad_hashed_array_that_is_none(void **state)
{
    uint64_t array = peek(fixture.regime.root + HASHED_ARRAY);
    assert_found(fixture.regime.root + HASHED_ARRAY, 0, "names no array");
    assert_found(fixture.regime.root + HASHED_ARRAY, (array & HASHED_SLOTS_LG2_MASK) | 16 * GIB,
                 "where there is no memory");
}

/* ---- cuckoo ---- */

static struct cuckoo_line line_of_pages(void)
{
    uint64_t words[CUCKOO_LINE_WORDS];
    for (unsigned i = 0; i < CUCKOO_LINE_WORDS; i++)
        words[i] = peek(fixture.regime.root + 8u * i);
    return cuckoo_line_of(words);
}

/* The way in which a page stands. */
static unsigned way_of(uint64_t va)
{
    struct cuckoo_line line = line_of_pages();
    for (unsigned way = 0; way < CUCKOO_WAYS; way++)
        if (peek(cuckoo_slot(&line, va, 0, way)) == cuckoo_tag(va, 0))
            return way;
    fail_msg("no way has 0x%llx", (unsigned long long)va);
    return 0;
}

static void bad_cuckoo_page_that_no_walk_finds(void **state)
{
    struct cuckoo_line line = line_of_pages();
    uint64_t slot = cuckoo_slot(&line, 0, 0, way_of(0)), array = line.way[way_of(0)] & PLAIN_ADDRESS;
    uint64_t free = array, tag = peek(slot), leaf = peek(slot + 8);
    while (free == slot || peek(free) != 0)
        free += CUCKOO_SLOT_BYTES;
    poke(slot, 0);
    poke(free, tag);
    poke(free + 8, leaf);
    assert_broken("has its slot at");
    poke(free, 0);
    poke(free + 8, 0);
    poke(slot, tag);
    fixture_assert_view(&fixture);
}

static void bad_cuckoo_page_in_two_slots(void **state)
{
    struct cuckoo_line line = line_of_pages();
    unsigned way = way_of(0);
    uint64_t slot = cuckoo_slot(&line, 0, 0, way), other = cuckoo_slot(&line, 0, 0, (way + 1) % CUCKOO_WAYS);
    uint64_t tag = peek(other), leaf = peek(other + 8);
    poke(other, peek(slot));
    poke(other + 8, peek(slot + 8));
    assert_broken("stands at");
    poke(other, tag);
    poke(other + 8, leaf);
}

static void bad_cuckoo_slot_with_words_that_are_never_written(void **state)
{
    struct cuckoo_line line = line_of_pages();
    uint64_t slot = cuckoo_slot(&line, 0, 0, way_of(0));
    assert_found(slot, peek(slot) | 0x100, "has words that are never written");
}

static void bad_cuckoo_descriptor(void **state)
{
    uint64_t root = fixture.regime.root;
    assert_found(root + CUCKOO_PAGES, PAGES + 1, "but the descriptor says");
    assert_found(root + 8, 0, "some ways of pages");
    assert_found(root + 8u * CUCKOO_MARKS, 1, "has moved more slots than it has");
    assert_found(root, 1, "names no tables");
}

/* ---- ranges ---- */

static uint64_t root_node(void)
{
    return peek(fixture.regime.root + RANGES_ROOT);
}

/* The first of the nodes without children. */
static uint64_t first_node(void)
{
    uint64_t node = root_node();
    while (!(peek(node) & RANGES_HEADER_LEAF))
        node = peek(node + 8u * RANGES_CHILDREN);
    return node;
}

static uint64_t key_word(uint64_t node, unsigned key, unsigned word)
{
    return node + 8u * (RANGES_FIRST_KEY + key * RANGES_KEY_WORDS + word);
}

static void bad_ranges_that_overlap(void **state)
{
    uint64_t second = key_word(first_node(), 1, 0);
    assert_found(key_word(first_node(), 0, 1), (peek(second) & ~RANGES_SIZE) + 4 * KIB, "begins before");
}

static void bad_ranges_that_are_empty_or_not_of_whole_pages(void **state)
{
    uint64_t end = key_word(first_node(), 0, 1);
    assert_found(end, peek(key_word(first_node(), 0, 0)) & ~RANGES_SIZE, "empty or not of whole pages");
    assert_found(end, peek(end) + 8, "empty or not of whole pages");
}

static void bad_ranges_in_nodes_with_too_few(void **state)
{
    assert_true(first_node() != root_node());
    assert_found(first_node(), RANGES_HEADER_LEAF | 1, "which is too few");
}

static void bad_ranges_at_different_depths(void **state)
{
    assert_true(first_node() != root_node());
    assert_found(root_node(), peek(root_node()) | RANGES_HEADER_LEAF, "ranges");
}

static void bad_ranges_count_and_links(void **state)
{
    assert_found(fixture.regime.root + RANGES_COUNT, 1, "but the descriptor says 1");
    assert_found(root_node() + 8u * RANGES_CHILDREN, 16 * GIB, "there is no node");
    assert_found(root_node() + 8u * RANGES_CHILDREN, first_node() + 8, "there is no node");
}

static void bad_ranges_with_nodes_that_are_lost(void **state)
{
    assert_true(peek(fixture.regime.root + RANGES_FREE) != 0);
    assert_found(fixture.regime.root + RANGES_FREE, 0, "are in use, free or retired");
    assert_found(fixture.regime.root + RANGES_RETIRED, 0, "are in use, free or retired");
}

static void bad_ranges_with_a_circle_of_free_nodes(void **state)
{
    uint64_t node = peek(fixture.regime.root + RANGES_FREE);
    assert_found(node + 8u * RANGES_LINK, node, "at least");
}

static void bad_ranges_with_a_circle_of_pages(void **state)
{
    uint64_t page = peek(fixture.regime.root + RANGES_PAGES);
    assert_found(page + 8u * RANGES_LINK, page, "does not end");
}

#define TEST(test, table) cmocka_unit_test_setup_teardown(test, open_##table, close_table)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bad_hashed_page_that_no_walk_finds, hashed),
        TEST(bad_hashed_page_in_two_slots, hashed),
        TEST(bad_hashed_slot_with_words_that_are_never_written, hashed),
        TEST(bad_hashed_counts_and_sizes, hashed),
        TEST(bad_hashed_array_that_is_none, hashed),
        TEST(bad_cuckoo_page_that_no_walk_finds, cuckoo),
        TEST(bad_cuckoo_page_in_two_slots, cuckoo),
        TEST(bad_cuckoo_slot_with_words_that_are_never_written, cuckoo),
        TEST(bad_cuckoo_descriptor, cuckoo),
        TEST(bad_ranges_that_overlap, ranges),
        TEST(bad_ranges_that_are_empty_or_not_of_whole_pages, ranges),
        TEST(bad_ranges_in_nodes_with_too_few, ranges),
        TEST(bad_ranges_at_different_depths, ranges),
        TEST(bad_ranges_count_and_links, ranges),
        TEST(bad_ranges_with_nodes_that_are_lost, ranges),
        TEST(bad_ranges_with_a_circle_of_free_nodes, ranges),
        TEST(bad_ranges_with_a_circle_of_pages, ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
