/*
 * The specification and what the product has of the same things, each written without the other: the
 * preconditions of pagetables/checked.h, the abstract map of pagetables/abstract_map.h, the rights of
 * formats.
 */
#include "pagetables/abstract_map.h"
#include "pagetables/checked.h"
#include "pagetables/test/random.h"
#include "sim/specification/entry_state.h"
#include "sim/specification/test/states.h"

#define STEPS 4000

static struct random_stream stream;

/* A table that says yes to everything: what the wrapper answers is its own. */
static enum pagetable_result map_anything(void *state, const struct environment *environment, uint64_t va,
                                          const struct frame *frame)
{
    (void)state, (void)environment, (void)va, (void)frame;
    return PAGETABLE_OK;
}

static enum pagetable_result unmap_anything(void *state, const struct environment *environment, uint64_t va)
{
    (void)state, (void)environment, (void)va;
    return PAGETABLE_OK;
}

static enum pagetable_result protect_anything(void *state, const struct environment *environment, uint64_t va,
                                              uint32_t attributes)
{
    (void)state, (void)environment, (void)va, (void)attributes;
    return PAGETABLE_OK;
}

static enum pagetable_result query_anything(void *state, const struct environment *environment, uint64_t va,
                                            struct mapping *found)
{
    (void)state, (void)environment, (void)va;
    *found = (struct mapping){0};
    return PAGETABLE_OK;
}

static const struct pagetable_class anything = {.map = map_anything,
                                                .unmap = unmap_anything,
                                                .protect = protect_anything,
                                                .query = query_anything,
                                                .lacks_sizes = UINT64_C(1) << 30};

/* Mostly nearly right: aligned or off by a little, at the edges of what there is. */
static uint64_t random_address(unsigned size_lg2, uint64_t limit)
{
    const uint64_t size = UINT64_C(1) << size_lg2;
    uint64_t address = random_below(&stream, 6) * size;
    switch (random_below(&stream, 8)) {
    case 0:
        return address + (UINT64_C(1) << random_below(&stream, 12));
    case 1:
        return limit - address;
    case 2:
        return limit - size + random_below(&stream, 2) * 4096;
    case 3:
        return random_next(&stream);
    default:
        return address;
    }
}

static unsigned random_size(const struct walk_format *format)
{
    return random_below(&stream, 6) ? format->frame_size_lg2[random_below(&stream, format->frame_sizes)]
                                    : 3 + (unsigned)random_below(&stream, 45);
}

/* The state that both judges know, grown by maps that are right. */
static void grow(struct page_table_state *state, struct abstract_map *map, struct map_op op)
{
    const struct mapping mapping = {.va = op.vaddr, .frame = op.frame};
    if (state->mappings.count < 12 && page_table_map_step(state, &op) && op.result == RESULT_OK)
        assert_int_equal(abstract_map_insert(map, &mapping), PAGETABLE_OK);
}

static void compare_preconditions(const struct walk_format *format, bool aliasing)
{
    struct page_table_state state = {
        .constants = {.arch = pt_arch_of(format, anything.lacks_sizes),
                      .pmem_ub = UINT64_C(1) << 32,
                      .extensions = {.set = EXTENSION_ANSWERS | (aliasing ? EXTENSION_ALIASES : 0)}}};
    struct abstract_map *map = abstract_map_create();
    const struct pagetable_checked checked = {.table = &anything,
                                              .format = format,
                                              .physical_bytes = state.constants.pmem_ub,
                                              .aliasing_allowed = aliasing,
                                              .mappings = map};
    const uint64_t reach = format->va_bits < 64 ? UINT64_C(1) << format->va_bits : 0;
    unsigned held = 0;
    assert_non_null(map);
    for (unsigned i = 0; i < STEPS; i++) {
        struct map_op op = {
            .frame = {.attributes = FRAME_READABLE, .size_lg2 = (uint8_t)random_size(format)}};
        struct mapping found;
        op.vaddr = walk_format_extend(format, random_address(op.frame.size_lg2, reach));
        op.vaddr ^= random_below(&stream, 30) ? 0 : UINT64_C(1) << 63;
        op.frame.base = random_address(op.frame.size_lg2, state.constants.pmem_ub);
        bool holds = page_table_map_pre(&state, op.vaddr, &op.frame, NULL);
        assert_int_equal(pagetable_checked_map(&checked, NULL, op.vaddr, &op.frame) == PAGETABLE_OK, holds);
        assert_int_equal(pagetable_checked_unmap(&checked, NULL, op.vaddr) == PAGETABLE_OK,
                         page_table_unmap_pre(&state, op.vaddr, NULL));
        assert_int_equal(pagetable_checked_protect(&checked, NULL, op.vaddr, 0) == PAGETABLE_OK,
                         page_table_protect_pre(&state, op.vaddr, NULL));
        assert_int_equal(pagetable_checked_query(&checked, NULL, op.vaddr, &found) == PAGETABLE_OK,
                         page_table_query_pre(&state, op.vaddr, NULL));
        held += holds;
        grow(&state, map, op);
    }
    assert_in_range(held, 10, STEPS - 10); /* else nothing was compared */
    page_table_state_destroy(&state);
    abstract_map_destroy(map);
}

static void preconditions_agree_with_the_checking_wrapper(void **state)
{
    const struct walk_format *format;
    (void)state;
    stream = random_begin("preconditions");
    for (unsigned i = 0; (format = walk_format_at(i)) != NULL; i++)
        compare_preconditions(format, i % 2);
}

/* ---- The abstract map ---- */

struct comparison {
    const struct page_table_state *state;
    size_t next;
};

static bool compare_mapping(void *context, const struct mapping *mapping)
{
    struct comparison *comparison = context;
    assert_true(comparison->next < comparison->state->mappings.count);
    assert_true(mapping_equal(mapping, &comparison->state->mappings.at[comparison->next++]));
    return true;
}

static void compare_maps(const struct page_table_state *state, const struct abstract_map *map)
{
    struct comparison comparison = {.state = state};
    struct mapping found;
    abstract_map_visit(map, compare_mapping, &comparison);
    assert_int_equal(comparison.next, state->mappings.count);
    for (unsigned i = 0; i < 8; i++) {
        const uint64_t va = random_address(12 + 9 * (unsigned)random_below(&stream, 2), 1 << 24);
        const struct mapping *mapping = mappings_for(&state->mappings, va, NULL);
        assert_int_equal(abstract_map_find(map, va, &found), mapping != NULL);
        assert_true(!mapping || mapping_equal(mapping, &found));
        const struct frame frame = {.base = va & ~UINT64_C(0xfff), .size_lg2 = 12};
        assert_int_equal(abstract_map_overlaps_pa(map, frame.base, 4096, NULL),
                         mappings_overlap_pmem(&state->mappings, &frame) != NULL);
    }
}

static enum result result_of(enum pagetable_result result)
{
    return result == PAGETABLE_OK ? RESULT_OK : RESULT_ERR;
}

/* The same random history for both: the judge's, the conformance kit's and this one's map are one. */
static void the_abstract_map_agrees_with_the_page_table_state(void **state)
{
    struct page_table_state table = {
        .constants = {.arch = {.frame_sizes = UINT64_C(1) << 12 | UINT64_C(1) << 21},
                      .pmem_ub = UINT64_C(1) << 32,
                      .extensions = {.set = EXTENSION_PROTECT | EXTENSION_ALIASES}}};
    struct abstract_map *map = abstract_map_create();
    (void)state;
    stream = random_begin("abstract map");
    for (unsigned i = 0; i < STEPS; i++) {
        const unsigned size_lg2 = random_below(&stream, 4) ? 12 : 21;
        const uint64_t mask = ~((UINT64_C(1) << size_lg2) - 1);
        const uint64_t va = random_below(&stream, UINT64_C(1) << 23) & mask;
        const uint32_t attributes = (uint32_t)random_next(&stream) & (FRAME_ATTRIBUTES_ALL | FRAME_STATE_ALL);
        struct map_op one = {
            va, {random_below(&stream, UINT64_C(1) << 24) & mask, attributes, (uint8_t)size_lg2}, RESULT_OK};
        struct unmap_op other = {.vaddr = va};
        struct protect_op third = {.vaddr = va, .attributes = attributes};
        const struct mapping mapping = {.va = va, .frame = one.frame};
        switch (random_below(&stream, i / 500 % 2 ? 8 : 4)) {
        case 0:
            assert_true(page_table_protect_step(&table, &third));
            assert_int_equal(result_of(abstract_map_protect(map, va, attributes)), third.result);
            break;
        case 1:
        case 2:
            assert_true(page_table_map_step(&table, &one));
            assert_int_equal(result_of(abstract_map_insert(map, &mapping)), one.result);
            break;
        default:
            assert_true(page_table_unmap_step(&table, &other));
            assert_int_equal(result_of(abstract_map_remove(map, va, NULL)), other.result);
        }
        if (i % 16 == 0)
            compare_maps(&table, map);
    }
    page_table_state_destroy(&table);
    abstract_map_destroy(map);
}

/* ---- Rights ---- */

static void a_user_may_what_the_seed_says_in_every_format(void **state)
{
    static const char *const texts[] = {"r--u", "rw-u", "r-xu", "rwxu", "r--", "rw-"};
    const struct walk_format *format;
    unsigned compared = 0;
    (void)state;
    for (unsigned i = 0; (format = walk_format_at(i)) != NULL; i++) {
        const struct extensions seed = {0};
        const struct extensions real = {
            .set = EXTENSION_PRIVILEGE, .format = format, .controls = format->controls};
        if (format->stage2 || format->el2)
            continue; /* no users: the seed is about stage 1 */
        for (unsigned j = 0; j < sizeof texts / sizeof *texts; j++)
            for (unsigned kind = 0; kind < ACCESS_KINDS; kind++, compared++) {
                const uint32_t attributes = attributes_of(texts[j]);
                if (format->rights(attributes) == 0)
                    continue; /* it has no such entry */
                assert_int_equal(frame_permits(&seed, attributes, 0, (enum access_kind)kind, PRIVILEGE_USER),
                                 frame_permits(&real, attributes, 0, (enum access_kind)kind, PRIVILEGE_USER));
            }
    }
    assert_true(compared > 100);
}

static void every_extension_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < EXTENSIONS_COUNT; i++) {
        assert_non_null(extension_name(1u << i));
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(extension_name(1u << i), extension_name(1u << j));
    }
    assert_null(extension_name(0));
    assert_null(extension_name(EXTENSIONS_ALL + 1));
    assert_null(extension_name(EXTENSION_FETCH | EXTENSION_CORES));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(preconditions_agree_with_the_checking_wrapper),
        cmocka_unit_test(the_abstract_map_agrees_with_the_page_table_state),
        cmocka_unit_test(a_user_may_what_the_seed_says_in_every_format),
        cmocka_unit_test(every_extension_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
