/* The hashed page table and its walk engine. */
#include "pagetables/hashed.h"

#include "pagetables/test/fixture.h"
#include "pagetables/test/random.h"

static struct fixture fixture;

static int open_hashed(void **state)
{
    fixture_open_format(&fixture, &pagetable_hashed, &hashed_48);
    return 0;
}

static int close_hashed(void **state)
{
    fixture_close(&fixture);
    return 0;
}

static void map(uint64_t va, unsigned size_lg2)
{
    assert_int_equal(fixture_map(&fixture, va, frame_of(0, size_lg2, "rw-u")), PAGETABLE_OK);
}

static uint64_t descriptor(unsigned offset)
{
    return fixture_peek(&fixture, fixture.regime.root + offset);
}

static uint64_t slots(void)
{
    return UINT64_C(1) << (descriptor(HASHED_ARRAY) & HASHED_SLOTS_LG2_MASK);
}

/* Steps of a walk, the descriptor's excepted; `*status` is its end. */
static unsigned probes_of(uint64_t va, enum walk_status *status)
{
    struct walk_state walk;
    unsigned steps = 0;
    *status = hashed_48.start(&walk, &fixture.regime, va);
    for (; *status == WALK_FETCH; steps++) {
        uint64_t words[WALK_WORDS_MAX];
        for (unsigned i = 0; i < walk.fetches; i++)
            for (unsigned j = 0; j < walk.fetch_words; j++)
                words[i * walk.fetch_words + j] = fixture_peek(&fixture, walk.fetch[i] + j * 8u);
        *status = hashed_48.resume(&walk, words);
    }
    return steps - 1;
}

/* ---- walks ---- */

static void good_a_page_in_its_place_is_found_by_one_probe(void **state)
{
    enum walk_status status;
    map(0x7000, 12);
    assert_int_equal(probes_of(0x7abc, &status), 1);
    assert_int_equal(status, WALK_LEAF);
}

static void good_all_sizes_are_probed_at_once(void **state)
{
    enum walk_status status;
    map(0x7000, 12);
    map(2 * MIB, 21);
    map(GIB, 30);
    struct walk_state walk;
    assert_int_equal(hashed_48.start(&walk, &fixture.regime, 0x7000), WALK_FETCH);
    const uint64_t words[] = {descriptor(HASHED_ARRAY), descriptor(HASHED_SIZES)};
    assert_int_equal(hashed_48.resume(&walk, words), WALK_FETCH);
    assert_int_equal(walk.fetches, PLAIN_SIZES);
    assert_int_equal(walk.fetch_words, 2);
    assert_int_equal(probes_of(2 * MIB + 5, &status), 1);
    assert_int_equal(status, WALK_LEAF);
    fixture_assert_view(&fixture);
}

static void good_a_cached_descriptor_saves_its_step(void **state)
{
    struct walk_state walk, later;
    struct walk_table table;
    map(0x7000, 12);
    map(0x123456000, 12);
    assert_int_equal(hashed_48.start(&walk, &fixture.regime, 0x7000), WALK_FETCH);
    assert_false(hashed_48.table(&walk, &table));
    const uint64_t words[] = {descriptor(HASHED_ARRAY), descriptor(HASHED_SIZES)};
    assert_int_equal(hashed_48.resume(&walk, words), WALK_FETCH);
    assert_true(hashed_48.table(&walk, &table));
    assert_true(walk_table_contains(&table, 0x123456000));
    assert_int_equal(hashed_48.enter(&later, &fixture.regime, 0x123456000, &table), WALK_FETCH);
    assert_int_equal(later.fetch[0], hashed_slot(words[0], 0x123456000, 0, 0));
}

static void bad_an_empty_table_is_a_translation_fault_without_a_probe(void **state)
{
    enum walk_status status;
    assert_int_equal(probes_of(0x7000, &status), 0);
    assert_int_equal(status, WALK_FAULT);
}

static void bad_a_descriptor_that_names_no_array_is_reserved(void **state)
{
    struct walk_state walk;
    uint64_t array = descriptor(HASHED_ARRAY);
    assert_true(flat_memory_poke(fixture.memory, fixture.regime.root, 3));
    assert_int_equal(interpret_address(&fixture.regime, &fixture.reader, 0x7000, &walk), WALK_FAULT);
    assert_int_equal(walk.fault, FAULT_RESERVED);
    assert_true(flat_memory_poke(fixture.memory, fixture.regime.root, array));
}

/* Knuth, The Art of Computer Programming, volume 3, 6.4, theorem K: the mean number of probes at load a is
 * (1 + 1/(1-a))/2 if the page is there, and (1 + 1/(1-a)^2)/2 if it is not. */
static void good_probes_are_as_many_as_knuth_says(void **state)
{
    struct random_stream stream = random_begin("probes");
    enum walk_status status;
    enum { PAGES = 9000, MISSES = 9000 };
    static uint64_t page[PAGES];
    uint64_t hits = 0, misses = 0;
    for (unsigned i = 0; i < PAGES; i++) {
        do
            page[i] = random_below(&stream, UINT64_C(1) << 36) << 12;
        while (fixture_map(&fixture, page[i], frame_of(0x5000, 12, "rw-u")) != PAGETABLE_OK);
    }
    assert_int_equal(slots(), 16384);
    for (unsigned i = 0; i < PAGES; i++)
        hits += probes_of(page[i], &status);
    for (unsigned i = 0; i < MISSES; i++)
        misses += probes_of(random_below(&stream, UINT64_C(1) << 36) << 12, &status);
    double load = (double)PAGES / 16384, free = 1 - load;
    double hit = (double)hits / PAGES, miss = (double)misses / MISSES;
    double hit_wanted = (1 + 1 / free) / 2, miss_wanted = (1 + 1 / (free * free)) / 2;
    if (hit < 0.95 * hit_wanted || hit > 1.05 * hit_wanted)
        fail_msg("%f probes a page that is there, %f wanted", hit, hit_wanted);
    if (miss < 0.9 * miss_wanted || miss > 1.1 * miss_wanted)
        fail_msg("%f probes a page that is not there, %f wanted", miss, miss_wanted);
}

/* ---- operations ---- */

static void bad_pages_of_other_sizes_in_the_way_are_overlaps(void **state)
{
    map(2 * MIB + 0x3000, 12); /* 512 pages to ask for, 256 slots to read */
    assert_int_equal(fixture_map(&fixture, 2 * MIB, frame_of(0, 21, "r--")), PAGETABLE_OVERLAP);
    assert_int_equal(fixture_map(&fixture, 0, frame_of(0, 30, "r--")), PAGETABLE_OVERLAP);
    for (unsigned i = 0; i < 400; i++)
        map(GIB + i * 0x1000u, 12); /* 1024 slots, so that asking is less work */
    assert_int_equal(fixture_map(&fixture, 2 * MIB, frame_of(0, 21, "r--")), PAGETABLE_OVERLAP);
    map(4 * MIB, 21);
    assert_int_equal(fixture_map(&fixture, 4 * MIB + 0x3000, frame_of(0, 12, "r--")), PAGETABLE_OVERLAP);
    fixture_assert_view(&fixture);
}

static size_t index_of(enum flat_event_kind kind, uint64_t pa)
{
    size_t count = flat_memory_log_count(fixture.memory);
    for (size_t i = 0; i < count; i++) {
        const struct flat_event *event = &flat_memory_log(fixture.memory)[i];
        if (event->kind == kind && (event->pa == pa || kind == FLAT_INVALIDATE || kind == FLAT_RELEASE))
            return i;
    }
    return count;
}

static void good_an_array_is_replaced_by_one_store_and_released_after_its_invalidation(void **state)
{
    uint64_t before = slots();
    unsigned pages = 0;
    for (; slots() == before; pages++)
        map(pages * 0x1000u, 12);
    assert_int_equal(pages, 256 * 5 / 8 + 1);
    assert_int_equal(slots(), 512);
    size_t link = index_of(FLAT_WRITE, fixture.regime.root + HASHED_ARRAY);
    size_t drop = index_of(FLAT_INVALIDATE, 0), release = index_of(FLAT_RELEASE, 0);
    const struct flat_event *log = flat_memory_log(fixture.memory);
    assert_true(log[link - 1].kind == FLAT_BARRIER && log[link - 1].barrier == BARRIER_DSB_ISHST);
    assert_true(link < drop && drop + 1 < release);
    assert_int_equal(log[drop].invalidation.scope, INVALIDATE_ASID);
    assert_true(log[drop + 1].kind == FLAT_BARRIER && log[drop + 1].barrier == BARRIER_DSB_ISH);
    fixture_assert_view(&fixture);
}

static void good_an_array_shrinks_when_its_pages_go(void **state)
{
    for (unsigned i = 0; i < 2000; i++)
        map(i * 0x1000u, 12);
    assert_int_equal(slots(), 4096);
    for (unsigned i = 0; i < 2000; i++)
        assert_int_equal(fixture_unmap(&fixture, i * 0x1000u), PAGETABLE_OK);
    assert_int_equal(slots(), 256);
    assert_int_equal(descriptor(HASHED_USED), 0);
    fixture_assert_view(&fixture);
}

static void good_without_memory_for_another_array_a_fuller_one_does(void **state)
{
    for (unsigned i = 0; i < 160; i++)
        map(i * 0x1000u, 12);
    flat_memory_fail_allocation(fixture.memory, 1);
    map(0x123000000, 12);
    assert_int_equal(slots(), 256);
    flat_memory_fail_allocation(fixture.memory, 0);
    fixture_assert_view(&fixture);
}

static void good_dead_slots_are_used_again(void **state)
{
    for (unsigned round = 0; round < 4000; round++) {
        map(0x7000 + (round % 100) * 0x1000u, 12);
        if (round >= 50)
            assert_int_equal(fixture_unmap(&fixture, 0x7000 + ((round - 50) % 100) * 0x1000u), PAGETABLE_OK);
    }
    assert_int_equal(slots(), 256);
    fixture_assert_view(&fixture);
}

static void good_random_operations_refine_the_abstract_map(void **state)
{
    const struct fixture_mix mix = {.pages = 1 << 13, .wave = 500};
    fixture_random_operations(&fixture, &mix);
}

#define HASHED_TEST(test) cmocka_unit_test_setup_teardown(test, open_hashed, close_hashed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HASHED_TEST(good_a_page_in_its_place_is_found_by_one_probe),
        HASHED_TEST(good_all_sizes_are_probed_at_once),
        HASHED_TEST(good_a_cached_descriptor_saves_its_step),
        HASHED_TEST(bad_an_empty_table_is_a_translation_fault_without_a_probe),
        HASHED_TEST(bad_a_descriptor_that_names_no_array_is_reserved),
        HASHED_TEST(good_probes_are_as_many_as_knuth_says),
        HASHED_TEST(bad_pages_of_other_sizes_in_the_way_are_overlaps),
        HASHED_TEST(good_an_array_is_replaced_by_one_store_and_released_after_its_invalidation),
        HASHED_TEST(good_an_array_shrinks_when_its_pages_go),
        HASHED_TEST(good_without_memory_for_another_array_a_fuller_one_does),
        HASHED_TEST(good_dead_slots_are_used_again),
        HASHED_TEST(good_random_operations_refine_the_abstract_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
