#include "pagetables/test/fixture.h"

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

struct told {
    struct mapping mapping[8];
    size_t mappings;
    struct mapping unconfirmed;
    enum walk_status status;
    struct walk_state walk;
    size_t stop_after;
};

static bool tell_mapping(void *context, const struct mapping *mapping, const struct walk_leaf *leaf)
{
    struct told *told = context;
    assert_true(told->mappings < 8);
    assert_int_equal(leaf->va, mapping->va);
    told->mapping[told->mappings++] = *mapping;
    return told->mappings != told->stop_after;
}

static bool tell_unconfirmed(void *context, const struct mapping *candidate, enum walk_status status,
                             const struct walk_state *walk)
{
    struct told *told = context;
    told->unconfirmed = *candidate;
    told->status = status;
    told->walk = *walk;
    return true;
}

static struct interpret_counts run(struct told *told)
{
    const struct interpret_visitor visitor = {tell_mapping, tell_unconfirmed, told};
    struct interpret_counts counts;
    assert_int_equal(
        interpret(&pagetable_radix, &fixture.state, &fixture.regime, &fixture.reader, &visitor, &counts),
        PAGETABLE_OK);
    return counts;
}

static void map_three(void)
{
    assert_int_equal(fixture_map(&fixture, 4 * GIB, frame_of(GIB, 30, "r--")), PAGETABLE_OK);
    assert_int_equal(fixture_map(&fixture, 0x1000, frame_of(0x5000, 12, "rw-u")), PAGETABLE_OK);
    assert_int_equal(fixture_map(&fixture, 2 * MIB, frame_of(4 * MIB, 21, "r-x")), PAGETABLE_OK);
}

static void good_every_mapping_is_told_in_ascending_order(void **state)
{
    struct told told = {.mappings = 0};
    map_three();
    struct interpret_counts counts = run(&told);
    assert_int_equal(counts.mappings, 3);
    assert_int_equal(counts.unconfirmed, 0);
    assert_int_equal(told.mapping[0].va, 0x1000);
    assert_int_equal(told.mapping[1].va, 2 * MIB);
    assert_int_equal(told.mapping[2].va, 4 * GIB);
    assert_int_equal(told.mapping[2].frame.size_lg2, 30);
}

static void good_a_visitor_may_stop(void **state)
{
    struct told told = {.stop_after = 2};
    map_three();
    assert_int_equal(run(&told).mappings, 2);
    assert_int_equal(told.mappings, 2);
}

static void good_nobody_needs_to_ask(void **state)
{
    const struct interpret_visitor nobody = {.mapping = NULL};
    struct interpret_counts counts;
    map_three();
    assert_int_equal(
        interpret(&pagetable_radix, &fixture.state, &fixture.regime, &fixture.reader, &nobody, &counts),
        PAGETABLE_OK);
    assert_int_equal(counts.mappings, 3);
}

static void bad_a_candidate_whose_walk_faults_is_reported(void **state)
{
    struct told told = {.mappings = 0};
    map_three();
    fixture.regime.physical_size_lg2 = 29; /* the frame of 1 GiB at 1 GiB is beyond it now */
    struct interpret_counts counts = run(&told);
    assert_int_equal(counts.mappings, 2);
    assert_int_equal(counts.unconfirmed, 1);
    assert_int_equal(told.unconfirmed.va, 4 * GIB);
    assert_int_equal(told.status, WALK_FAULT);
    assert_int_equal(told.walk.fault, FAULT_ADDRESS_SIZE);
    assert_int_equal(told.walk.fault_level, 1);
}

static void bad_a_candidate_that_hardware_reads_differently_is_reported(void **state)
{
    struct told told = {.mappings = 0};
    uint64_t word;
    assert_int_equal(fixture_map(&fixture, 0x1000, frame_of(0x5000, 12, "rw-u")), PAGETABLE_OK);
    assert_true(fixture.reader.read(fixture.reader.context, fixture.regime.root, &word));
    assert_true(flat_memory_poke(fixture.memory, fixture.regime.root, word | VMSA_AP_TABLE_NOSTORE));
    struct interpret_counts counts = run(&told);
    assert_int_equal(counts.mappings, 0);
    assert_int_equal(counts.unconfirmed, 1);
    assert_int_equal(told.status, WALK_LEAF);
    assert_int_equal(told.walk.leaf.frame.attributes, FRAME_READABLE | FRAME_USER);
}

/* A format that translates the first half of a large page alone. */
static enum walk_status start_half(struct walk_state *walk, const struct translation_regime *regime,
                                   uint64_t va)
{
    walk->va = va;
    walk->fetches = 0;
    walk->fault = FAULT_TRANSLATION;
    walk->leaf = (struct walk_leaf){.va = 2 * MIB, .frame = frame_of(4 * MIB, 21, "r-x")};
    return va < 3 * MIB ? WALK_LEAF : WALK_FAULT;
}

static void bad_a_candidate_that_is_translated_in_part_is_reported(void **state)
{
    struct told told = {.mappings = 0};
    struct walk_format half = vmsa_4k_48;
    half.start = start_half;
    assert_int_equal(fixture_map(&fixture, 2 * MIB, frame_of(4 * MIB, 21, "r-x")), PAGETABLE_OK);
    assert_int_equal(run(&told).unconfirmed, 0);
    fixture.regime.format = &half;
    assert_int_equal(run(&told).unconfirmed, 1);
    assert_int_equal(told.walk.va, 4 * MIB - 1);
}

static void good_an_address_that_is_mapped_has_a_leaf(void **state)
{
    struct walk_state walk;
    map_three();
    assert_int_equal(interpret_address(&fixture.regime, &fixture.reader, 0x1fff, &walk), WALK_LEAF);
    assert_int_equal(walk.leaf.frame.base, 0x5000);
}

static void bad_an_address_that_is_not_mapped_has_a_fault(void **state)
{
    struct walk_state walk;
    map_three();
    assert_int_equal(interpret_address(&fixture.regime, &fixture.reader, 0x2000, &walk), WALK_FAULT);
    assert_int_equal(walk.fault, FAULT_TRANSLATION);
    assert_int_equal(walk.fault_level, 3);
}

static enum walk_status read_root_again(struct walk_state *walk, const uint64_t *words)
{
    return walk_fetch_entry(walk, walk->regime->root, walk->level);
}

static void bad_a_walk_without_end_is_ended(void **state)
{
    struct walk_state walk;
    struct walk_format endless = vmsa_4k_48;
    endless.resume = read_root_again;
    fixture.regime.format = &endless;
    assert_int_equal(interpret_address(&fixture.regime, &fixture.reader, 0, &walk), WALK_FAULT);
    assert_int_equal(walk.fault, FAULT_EXTERNAL_ABORT);
}

static enum walk_status read_too_much(struct walk_state *walk, const struct translation_regime *regime,
                                      uint64_t va)
{
    walk_begin(walk, regime, va, 0);
    for (unsigned i = 0; i < WALK_FETCHES_MAX; i++)
        walk->fetch[i] = regime->root + 64u * i;
    walk->fetches = WALK_FETCHES_MAX;
    walk->fetch_words = WALK_FETCH_WORDS_MAX;
    return WALK_FETCH;
}

static void bad_a_fetch_of_too_many_words_is_not_made(void **state)
{
    struct walk_state walk;
    struct walk_format greedy = vmsa_4k_48;
    greedy.start = read_too_much;
    fixture.regime.format = &greedy;
    assert_int_equal(interpret_address(&fixture.regime, &fixture.reader, 0, &walk), WALK_FAULT);
    assert_int_equal(walk.fault, FAULT_EXTERNAL_ABORT);
}

#define RADIX_TEST(test) cmocka_unit_test_setup_teardown(test, open_radix, close_radix)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RADIX_TEST(good_every_mapping_is_told_in_ascending_order),
        RADIX_TEST(good_a_visitor_may_stop),
        RADIX_TEST(good_nobody_needs_to_ask),
        RADIX_TEST(bad_a_candidate_whose_walk_faults_is_reported),
        RADIX_TEST(bad_a_candidate_that_hardware_reads_differently_is_reported),
        RADIX_TEST(bad_a_candidate_that_is_translated_in_part_is_reported),
        RADIX_TEST(good_an_address_that_is_mapped_has_a_leaf),
        RADIX_TEST(bad_an_address_that_is_not_mapped_has_a_fault),
        RADIX_TEST(bad_a_walk_without_end_is_ended),
        RADIX_TEST(bad_a_fetch_of_too_many_words_is_not_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
