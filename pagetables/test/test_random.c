/* Random operations against the abstract map; after each one hardware's view, the invariants and the
 * protocol. */
#include "pagetables/test/fixture.h"
#include "pagetables/test/protocol.h"
#include "pagetables/test/random.h"

#define STEPS 3000

static struct fixture fixture;
static struct random_stream stream;

static const unsigned sizes_lg2[] = {12, 12, 12, 21, 21, 30};

/* Few places, so that operations meet: neighbours in a table, across tables, and at the ends of the address
 * space. */
static uint64_t random_va(unsigned size_lg2)
{
    static const uint64_t regions[] = {0, GIB, UINT64_C(1) << 39, (UINT64_C(1) << 48) - 2 * GIB};
    uint64_t va = regions[random_below(&stream, 4)];
    va += random_below(&stream, 2) * GIB + random_below(&stream, 3) * 2 * MIB +
          random_below(&stream, 4) * 4 * KIB;
    return va & ~((UINT64_C(1) << size_lg2) - 1);
}

static uint32_t random_attributes(void)
{
    return (uint32_t)random_below(&stream, FRAME_ATTRIBUTES_ALL + 1) | FRAME_READABLE;
}

static enum pagetable_result expected_of_base(uint64_t va, uint64_t *bytes)
{
    struct mapping found;
    *bytes = 4 * KIB;
    if (!abstract_map_find(fixture.expected, va, &found) || found.va != va)
        return PAGETABLE_NOT_MAPPED;
    *bytes = frame_size_bytes(&found.frame);
    return PAGETABLE_OK;
}

static uint64_t step_map(uint64_t va, unsigned size_lg2)
{
    struct frame frame = {.attributes = random_attributes(), .size_lg2 = (uint8_t)size_lg2};
    uint64_t bytes = frame_size_bytes(&frame);
    frame.base = random_below(&stream, 4) << size_lg2;
    enum pagetable_result wanted =
        abstract_map_overlaps_va(fixture.expected, va, bytes, NULL) ? PAGETABLE_OVERLAP : PAGETABLE_OK;
    assert_int_equal(fixture_map(&fixture, va, frame), wanted);
    return bytes;
}

static uint64_t step_unmap(uint64_t va)
{
    uint64_t bytes;
    enum pagetable_result wanted = expected_of_base(va, &bytes);
    assert_int_equal(fixture_unmap(&fixture, va), wanted);
    return bytes;
}

static uint64_t step_protect(uint64_t va)
{
    char text[FRAME_ATTRIBUTES_TEXT_BYTES];
    uint64_t bytes;
    enum pagetable_result wanted = expected_of_base(va, &bytes);
    frame_attributes_print(random_attributes(), text);
    assert_int_equal(fixture_protect(&fixture, va, text), wanted);
    return bytes;
}

static void step_query(uint64_t va)
{
    struct mapping found;
    struct mapping wanted;
    bool mapped = abstract_map_find(fixture.expected, va, &wanted);
    assert_int_equal(pagetable_radix.query(&fixture.state, &fixture.environment, va, &found),
                     mapped ? PAGETABLE_OK : PAGETABLE_NOT_MAPPED);
    if (!mapped)
        return;
    assert_int_equal(found.va, wanted.va);
    assert_int_equal(found.frame.base, wanted.frame.base);
    assert_int_equal(found.frame.size_lg2, wanted.frame.size_lg2);
    assert_int_equal(found.frame.attributes, wanted.frame.attributes);
}

/* An address that nothing maps must fault, however it was chosen. */
static void assert_others_fault(void)
{
    for (unsigned i = 0; i < 8; i++) {
        uint64_t va = i < 4 ? random_va(12) + random_below(&stream, 4096) : random_next(&stream);
        struct mapping found;
        struct walk_state walk;
        bool mapped = abstract_map_find(fixture.expected, va, &found);
        assert_int_equal(interpret_address(&fixture.regime, &fixture.reader, va, &walk),
                         mapped ? WALK_LEAF : WALK_FAULT);
    }
}

static void good_random_operations_refine_the_abstract_map(void **state)
{
    stream = random_begin("random operations");
    fixture_open(&fixture, &pagetable_radix);
    for (unsigned i = 0; i < STEPS; i++) {
        unsigned size_lg2 = sizes_lg2[random_below(&stream, sizeof sizes_lg2 / sizeof *sizes_lg2)];
        struct protocol_operation operation = {.va = random_va(size_lg2),
                                               .asid = FIXTURE_ASID,
                                               .is_entry = fixture_is_entry,
                                               .context = &fixture};
        uint64_t choice = random_below(&stream, 100);
        /* phases that mostly fill and phases that mostly empty */
        uint64_t maps = i / 200 % 2 ? 20 : 55;
        if (choice < maps)
            operation.bytes = step_map(operation.va, size_lg2);
        else if (choice < 80)
            operation.bytes = step_unmap(operation.va);
        else
            operation.bytes = step_protect(operation.va);
        const char *broken = protocol_broken(flat_memory_log(fixture.memory),
                                             flat_memory_log_count(fixture.memory), &operation);
        if (broken)
            fail_msg("step %u: %s", i, broken);
        step_query(random_va(12) + random_below(&stream, 4096));
        fixture_assert_view(&fixture);
        assert_others_fault();
    }
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(good_random_operations_refine_the_abstract_map)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
