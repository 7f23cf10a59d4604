/* Random operations against the abstract map; after each one hardware's view, the invariants and the
 * protocol. */
#include "pagetables/ept.h"
#include "pagetables/riscv.h"
#include "pagetables/test/fixture.h"
#include "pagetables/test/protocol.h"
#include "pagetables/test/random.h"
#include "pagetables/x86.h"

#include <string.h>

#define STEPS 600

static struct fixture fixture;
static struct random_stream stream;

/* Small pages mostly. */
static unsigned random_size_lg2(void)
{
    const struct walk_format *format = fixture.regime.format;
    uint64_t one = random_below(&stream, format->frame_sizes);
    uint64_t other = random_below(&stream, format->frame_sizes);
    return format->frame_size_lg2[one < other ? one : other];
}

/* Few places, so that operations meet: neighbours in a table, across tables, and at the ends of the address
 * space. */
static uint64_t random_va(unsigned size_lg2)
{
    unsigned va_bits = fixture.regime.format->va_bits;
    const uint64_t regions[] = {0, GIB, UINT64_C(1) << (va_bits > 39 ? 39 : 38),
                                (UINT64_C(1) << va_bits) - 2 * GIB};
    uint64_t va = regions[random_below(&stream, 4)] + random_below(&stream, 2) * 16 * 4 * KIB;
    va += random_below(&stream, 2) * GIB + random_below(&stream, 3) * 2 * MIB +
          random_below(&stream, 4) * 4 * KIB;
    return walk_format_extend(fixture.regime.format, va & ~((UINT64_C(1) << size_lg2) - 1));
}

static bool is_expressible(uint32_t attributes)
{
    const struct entry_format *entries = entry_format_of(fixture.regime.format);
    const struct entry_level *last = &entries->level[entries->levels - 1];
    const struct frame frame = {.attributes = attributes, .size_lg2 = last->span_lg2};
    uint64_t word;
    return entries->encode_leaf(last, &frame, &word);
}

/* Those that the format has; with a key now and then. */
static uint32_t random_attributes(void)
{
    uint32_t attributes;
    do {
        attributes = (uint32_t)random_next(&stream) & (FRAME_ATTRIBUTES_ALL | FRAME_STATE_ALL);
        attributes &= random_below(&stream, 4) ? ~FRAME_KEY_ALL : ~0u;
    } while (!is_expressible(attributes));
    return attributes;
}

static enum pagetable_result expected_of_base(uint64_t va, unsigned *size_lg2)
{
    struct mapping found;
    *size_lg2 = 12;
    if (!abstract_map_find(fixture.expected, va, &found) || found.va != va)
        return PAGETABLE_NOT_MAPPED;
    *size_lg2 = found.frame.size_lg2;
    return PAGETABLE_OK;
}

static unsigned step_map(uint64_t va, unsigned size_lg2)
{
    struct frame frame = {.attributes = random_attributes(), .size_lg2 = (uint8_t)size_lg2};
    uint64_t bytes = frame_size_bytes(&frame);
    frame.base = random_below(&stream, 4) << size_lg2;
    enum pagetable_result wanted =
        abstract_map_overlaps_va(fixture.expected, va, bytes, NULL) ? PAGETABLE_OVERLAP : PAGETABLE_OK;
    assert_int_equal(fixture_map(&fixture, va, frame), wanted);
    return size_lg2;
}

static unsigned step_unmap(uint64_t va)
{
    unsigned size_lg2;
    enum pagetable_result wanted = expected_of_base(va, &size_lg2);
    assert_int_equal(fixture_unmap(&fixture, va), wanted);
    return size_lg2;
}

static unsigned step_protect(uint64_t va)
{
    char text[FRAME_ATTRIBUTES_TEXT_BYTES];
    unsigned size_lg2;
    enum pagetable_result wanted = expected_of_base(va, &size_lg2);
    frame_attributes_print(random_attributes(), text);
    assert_int_equal(fixture_protect(&fixture, va, text), wanted);
    return size_lg2;
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
    assert_int_equal(found.frame.attributes & ~FRAME_STATE_ALL, wanted.frame.attributes);
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

/* Those rules are Arm's. */
static void check_protocol(unsigned number, uint64_t va, unsigned size_lg2)
{
    struct protocol_operation operation;
    if (strncmp(fixture.regime.format->name, "vmsa-", 5) != 0)
        return;
    fixture_describe(&fixture, va, size_lg2, &operation);
    const char *broken =
        protocol_broken(flat_memory_log(fixture.memory), flat_memory_log_count(fixture.memory), &operation);
    if (broken)
        fail_msg("step %u: %s", number, broken);
}

static void step(unsigned number)
{
    unsigned size_lg2 = random_size_lg2();
    uint64_t va = random_va(size_lg2);
    uint64_t choice = random_below(&stream, 100);
    /* phases that mostly fill and phases that mostly empty */
    uint64_t maps = number / 200 % 2 ? 20 : 55;
    if (choice < maps)
        size_lg2 = step_map(va, size_lg2);
    else if (choice < 80)
        size_lg2 = step_unmap(va);
    else
        size_lg2 = step_protect(va);
    check_protocol(number, va, size_lg2);
    step_query(random_va(12) + random_below(&stream, 4096));
    fixture_assert_view(&fixture);
    assert_others_fault();
}

static void run_on(const struct pagetable_class *table, const struct walk_format *format)
{
    fixture_open_format(&fixture, table, format);
    for (unsigned number = 0; number < STEPS; number++)
        step(number);
    fixture_close(&fixture);
}

/* Of all that VMSAv8-64 has, of which pagetables_vmsa_formats runs shorter sequences on every one; and of
 * x86-64, EPT and RISC-V. */
static void good_random_operations_refine_the_abstract_map(void **state)
{
    static const struct walk_format *const formats[] = {
        &vmsa_4k_48, &vmsa_4k_39,   &vmsa_s2_4k_48, &vmsa_s2_4k_39, &x86_64_48,
        &x86_64_57,  &ept_48,       &ept_57,        &riscv_sv39,    &riscv_sv48,
        &riscv_sv57, &riscv_sv39x4, &riscv_sv48x4,  &riscv_sv57x4};
    stream = random_begin("random operations");
    for (unsigned i = 0; i < sizeof formats / sizeof *formats; i++)
        run_on(&pagetable_radix, formats[i]);
}

static void good_random_operations_do_so_where_empty_tables_are_kept(void **state)
{
    stream = random_begin("random operations");
    run_on(&pagetable_radix_keeps_tables, &vmsa_4k_48);
    run_on(&pagetable_radix_keeps_tables, &vmsa_s2_4k_39);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_random_operations_refine_the_abstract_map),
        cmocka_unit_test(good_random_operations_do_so_where_empty_tables_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
