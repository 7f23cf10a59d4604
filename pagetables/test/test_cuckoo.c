/* Elastic cuckoo page tables and their walk engine. */
#include "pagetables/cuckoo.h"

#include "pagetables/test/fixture.h"
#include "pagetables/test/random.h"

static struct fixture fixture;

static int open_cuckoo(void **state)
{
    fixture_open_format(&fixture, &pagetable_cuckoo, &cuckoo_48);
    return 0;
}

static int close_cuckoo(void **state)
{
    fixture_close(&fixture);
    return 0;
}

static void map(uint64_t va, unsigned size_lg2)
{
    assert_int_equal(fixture_map(&fixture, va, frame_of(0, size_lg2, "rw-u")), PAGETABLE_OK);
}

static struct cuckoo_line line(unsigned size)
{
    uint64_t words[CUCKOO_LINE_WORDS];
    for (unsigned i = 0; i < CUCKOO_LINE_WORDS; i++)
        words[i] = fixture_peek(&fixture, fixture.regime.root + (uint64_t)size * CUCKOO_LINE_BYTES + i * 8u);
    return cuckoo_line_of(words);
}

static uint64_t slots(unsigned size)
{
    return CUCKOO_WAYS << cuckoo_slots_lg2(line(size).way[0]);
}

static uint64_t random_page(struct random_stream *stream)
{
    return random_below(stream, UINT64_C(1) << 36) << 12;
}

static unsigned count_of(enum flat_event_kind kind)
{
    unsigned count = 0;
    for (size_t i = 0; i < flat_memory_log_count(fixture.memory); i++)
        count += flat_memory_log(fixture.memory)[i].kind == kind;
    return count;
}

static uint64_t taken[2048];
static unsigned taken_count;

static void take_all_memory(void)
{
    const struct environment *environment = &fixture.environment;
    while (environment->operations->allocate_table(environment->context, 4 * KIB, &taken[taken_count]) == 0)
        taken_count++;
}

static void give_memory_back(void)
{
    const struct environment *environment = &fixture.environment;
    while (taken_count > 0)
        assert_int_equal(
            environment->operations->release_table(environment->context, taken[--taken_count], 4 * KIB), 0);
}

/* ---- walks ---- */

static void good_all_ways_of_all_sizes_are_probed_in_one_step(void **state)
{
    struct walk_state walk;
    uint64_t words[WALK_WORDS_MAX];
    map(0x7000, 12);
    map(2 * MIB, 21);
    map(GIB, 30);
    assert_int_equal(cuckoo_48.start(&walk, &fixture.regime, 0x7000), WALK_FETCH);
    assert_int_equal(walk.fetches, PLAIN_SIZES);
    for (unsigned i = 0; i < PLAIN_SIZES * CUCKOO_LINE_WORDS; i++)
        words[i] = fixture_peek(&fixture, walk.fetch[i / CUCKOO_LINE_WORDS] + i % CUCKOO_LINE_WORDS * 8);
    assert_int_equal(cuckoo_48.resume(&walk, words), WALK_FETCH);
    assert_int_equal(walk.fetches, PLAIN_SIZES * CUCKOO_WAYS);
    for (unsigned i = 0; i < 2u * walk.fetches; i++)
        words[i] = fixture_peek(&fixture, walk.fetch[i / 2] + i % 2 * 8);
    assert_int_equal(cuckoo_48.resume(&walk, words), WALK_LEAF);
    assert_int_equal(walk.leaf.frame.size_lg2, 12);
    fixture_assert_view(&fixture);
}

static void good_a_size_that_never_occurred_is_not_probed(void **state)
{
    struct walk_state walk;
    map(2 * MIB, 21);
    assert_int_equal(interpret_address(&fixture.regime, &fixture.reader, 0x7000, &walk), WALK_FAULT);
    assert_int_equal(line(0).way[0], 0);
    assert_int_equal(line(2).way[0], 0);
}

static void bad_an_empty_table_is_a_translation_fault(void **state)
{
    struct walk_state walk;
    assert_int_equal(interpret_address(&fixture.regime, &fixture.reader, 0x7000, &walk), WALK_FAULT);
    assert_int_equal(walk.fault, FAULT_TRANSLATION);
}

static void bad_a_way_of_no_possible_size_is_reserved(void **state)
{
    struct walk_state walk;
    map(0x7000, 12);
    uint64_t before = line(0).way[1];
    assert_true(flat_memory_poke(fixture.memory, fixture.regime.root + 8, 5));
    assert_int_equal(interpret_address(&fixture.regime, &fixture.reader, 0x7000, &walk), WALK_FAULT);
    assert_int_equal(walk.fault, FAULT_RESERVED);
    assert_true(flat_memory_poke(fixture.memory, fixture.regime.root + 8, before));
}

/* ---- elasticity ---- */

/* 6/10 of 768 slots are 460; the next page begins the move, and each map moves 4 of the 256 slots of a way.
 */
static void good_a_table_grows_gradually(void **state)
{
    struct random_stream stream = random_begin("growth");
    unsigned pages = 0;
    for (; line(0).next[0] == 0; pages++)
        map(random_page(&stream), 12);
    assert_int_equal(pages, 461);
    assert_int_equal(slots(0), 768);
    const struct cuckoo_line begun = line(0);
    assert_int_equal(cuckoo_mark(&begun, 0), CUCKOO_MOVED);
    unsigned maps = 1;
    for (; line(0).next[0] != 0; maps++) {
        fixture_assert_view(&fixture);
        map(random_page(&stream), 12);
    }
    assert_int_equal(maps, 256 / CUCKOO_MOVED);
    assert_int_equal(slots(0), 2 * 768);
    assert_int_equal(count_of(FLAT_RELEASE), CUCKOO_WAYS);
    fixture_assert_view(&fixture);
}

static void good_a_table_shrinks_gradually(void **state)
{
    struct random_stream stream = random_begin("shrinking");
    static uint64_t page[2500];
    for (unsigned i = 0; i < 2500; i++)
        map(page[i] = random_page(&stream), 12);
    assert_int_equal(slots(0), 6144);
    for (unsigned i = 0; i < 2500; i++) {
        assert_int_equal(fixture_unmap(&fixture, page[i]), PAGETABLE_OK);
        if (i % 64 == 0)
            fixture_assert_view(&fixture);
    }
    assert_int_equal(slots(0), 768);
    fixture_assert_view(&fixture);
}

static void good_without_memory_to_grow_a_fuller_table_does(void **state)
{
    struct random_stream stream = random_begin("no memory");
    for (unsigned i = 0; i < 460; i++)
        map(random_page(&stream), 12);
    for (unsigned i = 0; i < 40; i++) {
        flat_memory_fail_allocation(fixture.memory, 1 + i % CUCKOO_WAYS);
        map(random_page(&stream), 12);
        assert_int_equal(line(0).next[0], 0);
    }
    flat_memory_fail_allocation(fixture.memory, 0);
    fixture_assert_view(&fixture);
}

/* With three ways and no growth, random pages find room until more than nine tenths of the slots are in use:
 * the threshold of d-ary cuckoo hashing for d = 3 is 0.9179 (Fountoulakis, Panagiotou, "Sharp Load Thresholds
 * for Cuckoo Hashing", Random Structures and Algorithms 41, 2012). A search that is given up after 96 slots
 * ends earlier. */
static void good_pages_find_room_up_to_the_threshold_of_three_ways(void **state)
{
    struct random_stream stream = random_begin("threshold");
    enum pagetable_result result = PAGETABLE_OK;
    unsigned pages = 1;
    map(random_page(&stream), 12);
    take_all_memory();
    for (; result == PAGETABLE_OK; pages++)
        result = fixture_map(&fixture, random_page(&stream), frame_of(0, 12, "rw-u"));
    give_memory_back();
    assert_int_equal(result, PAGETABLE_NO_MEMORY);
    assert_in_range(pages, 768 * 80 / 100, 768 * 94 / 100);
    fixture_assert_view(&fixture);
}

/* ---- operations ---- */

static void bad_pages_of_other_sizes_in_the_way_are_overlaps(void **state)
{
    map(2 * MIB + 0x3000, 12); /* 512 pages to ask for, 256 slots a way to read */
    assert_int_equal(fixture_map(&fixture, 2 * MIB, frame_of(0, 21, "r--")), PAGETABLE_OVERLAP);
    assert_int_equal(fixture_map(&fixture, 0, frame_of(0, 30, "r--")), PAGETABLE_OVERLAP);
    for (unsigned i = 0; i < 1000; i++)
        map(GIB + i * 0x1000u, 12); /* so many slots that asking is less work */
    assert_int_equal(fixture_map(&fixture, 2 * MIB, frame_of(0, 21, "r--")), PAGETABLE_OVERLAP);
    map(8 * MIB, 21);
    assert_int_equal(fixture_map(&fixture, 8 * MIB + 0x3000, frame_of(0, 12, "r--")), PAGETABLE_OVERLAP);
    fixture_assert_view(&fixture);
}

static void good_random_operations_refine_the_abstract_map(void **state)
{
    const struct fixture_mix mix = {.pages = 1 << 13, .wave = 1000};
    fixture_random_operations(&fixture, &mix);
}

#define CUCKOO_TEST(test) cmocka_unit_test_setup_teardown(test, open_cuckoo, close_cuckoo)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CUCKOO_TEST(good_all_ways_of_all_sizes_are_probed_in_one_step),
        CUCKOO_TEST(good_a_size_that_never_occurred_is_not_probed),
        CUCKOO_TEST(bad_an_empty_table_is_a_translation_fault),
        CUCKOO_TEST(bad_a_way_of_no_possible_size_is_reserved),
        CUCKOO_TEST(good_a_table_grows_gradually),
        CUCKOO_TEST(good_a_table_shrinks_gradually),
        CUCKOO_TEST(good_without_memory_to_grow_a_fuller_table_does),
        CUCKOO_TEST(good_pages_find_room_up_to_the_threshold_of_three_ways),
        CUCKOO_TEST(bad_pages_of_other_sizes_in_the_way_are_overlaps),
        CUCKOO_TEST(good_random_operations_refine_the_abstract_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
