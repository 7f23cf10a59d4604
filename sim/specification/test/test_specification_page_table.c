/* Each transition of the page table specification, with a step that it allows and steps that it does not. */
#include "sim/specification/test/states.h"

#define ALL EXTENSIONS_ALL

struct steps {
    struct page_table_state s1;
    struct page_table_state s2;
    struct violation violation;
};

static void open(struct steps *steps, uint32_t extensions)
{
    *steps = (struct steps){0};
    open_page_table(&steps->s1, extensions);
    open_page_table(&steps->s2, extensions);
}

static void close(struct steps *steps)
{
    page_table_state_destroy(&steps->s1);
    page_table_state_destroy(&steps->s2);
}

static bool maps(struct steps *steps, const struct map_op *op)
{
    return page_table_map(&steps->s1, &steps->s2, op, &steps->violation);
}

static bool unmaps(struct steps *steps, uint64_t va, enum result result)
{
    const struct unmap_op op = {.vaddr = va, .result = result};
    return page_table_unmap(&steps->s1, &steps->s2, &op, &steps->violation);
}

static bool protects(struct steps *steps, uint64_t va, const char *attributes, enum result result)
{
    const struct protect_op op = {.vaddr = va, .attributes = attributes_of(attributes), .result = result};
    return page_table_protect(&steps->s1, &steps->s2, &op, &steps->violation);
}

static bool queries(struct steps *steps, uint64_t va, enum result result, struct mapping found)
{
    const struct query_op op = {.vaddr = va, .result = result, .found = found};
    return page_table_query(&steps->s1, &steps->s2, &op, &steps->violation);
}

static void empty_table_is_initial_and_another_is_not(void **state)
{
    struct page_table_state table = {0};
    struct violation violation;
    (void)state;
    assert_true(page_table_init(&table, NULL));
    add_mapping(&table.mappings, 0x1000, 0x5000, "rw-u");
    assert_violation(page_table_init(&table, &violation), &violation, "page_table.init", "mapped");
    page_table_state_destroy(&table);
}

static void map_adds_one_mapping_and_nothing_else(void **state)
{
    struct steps steps;
    const struct map_op op = map_of(0x2000, 0x6000, "rw-u", RESULT_OK);
    (void)state;
    open(&steps, 0);
    assert_violation(maps(&steps, &op), &steps.violation, "page_table.map", "before and the new one");
    add_mapping(&steps.s2.mappings, 0x2000, 0x6000, "rw-u");
    assert_true(maps(&steps, &op));
    mappings_remove(&steps.s2.mappings, 0x2000);
    add_mapping(&steps.s2.mappings, 0x2000, 0x6000, "r--u");
    assert_violation(maps(&steps, &op), &steps.violation, "page_table.map", "before and the new one");
    mappings_remove(&steps.s2.mappings, 0x2000);
    mappings_remove(&steps.s2.mappings, 0x3000);
    add_mapping(&steps.s2.mappings, 0x2000, 0x6000, "rw-u");
    assert_violation(maps(&steps, &op), &steps.violation, "page_table.map", "before and the new one");
    close(&steps);
}

static void map_fails_where_something_is_mapped(void **state)
{
    struct steps steps;
    struct map_op op = map_of(0x1000, 0x6000, "rw-u", RESULT_ERR);
    (void)state;
    open(&steps, 0);
    assert_true(maps(&steps, &op));
    op.result = RESULT_OK;
    assert_violation(maps(&steps, &op), &steps.violation, "page_table.map", "something is mapped there");
    op.result = RESULT_ERR;
    mappings_remove(&steps.s2.mappings, 0x1000);
    assert_violation(maps(&steps, &op), &steps.violation, "page_table.map", "nothing should");
    close(&steps);
}

static void map_must_not_fail_where_nothing_is_mapped(void **state)
{
    struct steps steps;
    struct map_op op = map_of(0x2000, 0x6000, "rw-u", RESULT_ERR);
    (void)state;
    open(&steps, 0);
    assert_violation(maps(&steps, &op), &steps.violation, "page_table.map", "it fails");
    op.result = RESULT_REFUSED;
    assert_violation(maps(&steps, &op), &steps.violation, "page_table.map", "refused");
    close(&steps);
    open(&steps, EXTENSION_REFUSALS);
    assert_true(maps(&steps, &op));
    add_mapping(&steps.s2.mappings, 0x2000, 0x6000, "rw-u");
    assert_violation(maps(&steps, &op), &steps.violation, "page_table.map", "nothing should");
    close(&steps);
}

static void map_has_preconditions(void **state)
{
    static const struct {
        struct mapping mapping;
        const char *text;
    } bad[] = {
        {{0x4000, {0x8000, FRAME_READABLE, 13}}, "no frames of this size"},
        {{0x200000, {0, FRAME_READABLE, 30}}, "no frames of this size"},
        {{0x4800, {0x8000, FRAME_READABLE, 12}}, "va 0x4800 is not aligned"},
        {{0x4000, {0x8800, FRAME_READABLE, 12}}, "frame 0x8800 is not aligned"},
        {{0x4000, {PMEM_SIZE, FRAME_READABLE, 12}}, "not within physical memory"},
        {{0x4000, {UINT64_C(0xfffffffffffff000), FRAME_READABLE, 12}}, "not within physical memory"},
        {{0x400000, {0, FRAME_READABLE, 21}}, "not within physical memory"},
        {{0x4000, {0x5000, FRAME_READABLE, 12}}, "overlaps one that is mapped"},
    };
    struct steps steps;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct map_op op = {bad[i].mapping.va, bad[i].mapping.frame, RESULT_ERR};
        open(&steps, 0);
        assert_violation(maps(&steps, &op), &steps.violation, "page_table.map_pre", bad[i].text);
        close(&steps);
        open(&steps, EXTENSION_ANSWERS);
        assert_true(maps(&steps, &op));
        op.result = RESULT_OK;
        assert_violation(maps(&steps, &op), &steps.violation, "page_table.map", "without its precondition");
        close(&steps);
    }
}

static void aliases_are_mapped_with_their_extension_alone(void **state)
{
    struct steps steps;
    const struct map_op op = map_of(0x2000, 0x5000, "rw-u", RESULT_OK);
    (void)state;
    open(&steps, 0);
    add_mapping(&steps.s2.mappings, 0x2000, 0x5000, "rw-u");
    assert_false(maps(&steps, &op));
    steps.s1.constants.extensions.set = steps.s2.constants.extensions.set = EXTENSION_ALIASES;
    assert_true(maps(&steps, &op));
    close(&steps);
}

static void a_page_inside_a_large_one_overlaps(void **state)
{
    struct steps steps;
    const struct map_op op = map_of(0x5ff000, 0x6000, "rw-u", RESULT_ERR);
    const struct mapping large = {0x400000, {0x80000, FRAME_READABLE, 21}};
    (void)state;
    open(&steps, 0);
    assert_true(mappings_add(&steps.s1.mappings, &large));
    assert_true(mappings_add(&steps.s2.mappings, &large));
    assert_true(maps(&steps, &op));
    mappings_remove(&steps.s1.mappings, 0x400000);
    mappings_remove(&steps.s2.mappings, 0x400000);
    assert_false(maps(&steps, &op));
    close(&steps);
}

static void unmap_removes_one_mapping_and_nothing_else(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, 0);
    assert_violation(unmaps(&steps, 0x1000, RESULT_OK), &steps.violation, "page_table.unmap",
                     "without this one");
    mappings_remove(&steps.s2.mappings, 0x1000);
    assert_true(unmaps(&steps, 0x1000, RESULT_OK));
    assert_violation(unmaps(&steps, 0x1000, RESULT_ERR), &steps.violation, "page_table.unmap", "it fails");
    mappings_remove(&steps.s2.mappings, 0x3000);
    assert_violation(unmaps(&steps, 0x1000, RESULT_OK), &steps.violation, "page_table.unmap",
                     "without this one");
    close(&steps);
}

static void unmap_fails_where_no_mapping_begins(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, 0);
    assert_true(unmaps(&steps, 0x2000, RESULT_ERR));
    assert_violation(unmaps(&steps, 0x2000, RESULT_OK), &steps.violation, "page_table.unmap",
                     "no mapping has this base");
    assert_violation(unmaps(&steps, 0x1800, RESULT_ERR), &steps.violation, "page_table.unmap_pre",
                     "not aligned");
    close(&steps);
}

static void protect_is_an_extension(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, ALL & ~(uint32_t)EXTENSION_PROTECT);
    mappings_remove(&steps.s2.mappings, 0x1000);
    add_mapping(&steps.s2.mappings, 0x1000, 0x5000, "r--u");
    assert_violation(protects(&steps, 0x1000, "r--u", RESULT_OK), &steps.violation, "page_table.protect",
                     "no such transition");
    close(&steps);
}

static void protect_changes_the_attributes_of_one_mapping(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, EXTENSION_PROTECT);
    assert_violation(protects(&steps, 0x1000, "r--u", RESULT_OK), &steps.violation, "page_table.protect",
                     "with these attributes");
    mappings_remove(&steps.s2.mappings, 0x1000);
    add_mapping(&steps.s2.mappings, 0x1000, 0x5000, "r--u");
    assert_true(protects(&steps, 0x1000, "r--u", RESULT_OK));
    assert_false(protects(&steps, 0x1000, "rw-u", RESULT_OK));
    assert_violation(protects(&steps, 0x1000, "r--u", RESULT_ERR), &steps.violation, "page_table.protect",
                     "it fails");
    mappings_remove(&steps.s2.mappings, 0x1000);
    add_mapping(&steps.s2.mappings, 0x1000, 0x9000, "r--u");
    assert_false(protects(&steps, 0x1000, "r--u", RESULT_OK));
    close(&steps);
    open(&steps, EXTENSION_PROTECT);
    assert_true(protects(&steps, 0x2000, "r--u", RESULT_ERR));
    assert_false(protects(&steps, 0x2000, "r--u", RESULT_OK));
    close(&steps);
}

static void query_tells_the_mapping_that_contains_the_address(void **state)
{
    struct steps steps;
    const struct mapping right = mapping_of(0x1000, 0x5000, "rw-u");
    (void)state;
    open(&steps, 0);
    assert_true(queries(&steps, 0x1ff8, RESULT_OK, right));
    assert_violation(queries(&steps, 0x1ff8, RESULT_OK, mapping_of(0x1000, 0x5000, "r--u")), &steps.violation,
                     "page_table.query", "not the mapping there");
    assert_false(queries(&steps, 0x1ff8, RESULT_OK, mapping_of(0x3000, 0x7000, "r--u")));
    assert_violation(queries(&steps, 0x1ff8, RESULT_ERR, right), &steps.violation, "page_table.query",
                     "it fails");
    assert_true(queries(&steps, 0x2000, RESULT_ERR, right));
    assert_false(queries(&steps, 0x2000, RESULT_OK, right));
    assert_violation(queries(&steps, 0x1001, RESULT_OK, right), &steps.violation, "page_table.query_pre",
                     "aligned");
    mappings_remove(&steps.s2.mappings, 0x3000);
    assert_violation(queries(&steps, 0x1ff8, RESULT_OK, right), &steps.violation, "page_table.query",
                     "nothing should");
    close(&steps);
    open(&steps, EXTENSION_ANSWERS);
    assert_true(queries(&steps, 0x1001, RESULT_OK, right));
    close(&steps);
}

static void no_transition_changes_a_constant(void **state)
{
    struct steps steps;
    struct map_op op = map_of(0x1000, 0x6000, "rw-u", RESULT_ERR);
    (void)state;
    open(&steps, ALL & ~(uint32_t)EXTENSION_STATE);
    assert_true(maps(&steps, &op));
    assert_true(unmaps(&steps, 0x2000, RESULT_ERR));
    assert_true(protects(&steps, 0x2000, "rw-u", RESULT_ERR));
    assert_true(queries(&steps, 0x2000, RESULT_ERR, mapping_of(0, 0, "r--")));
    steps.s2.constants.pmem_ub /= 2;
    assert_violation(maps(&steps, &op), &steps.violation, "page_table.map", "constants");
    assert_violation(unmaps(&steps, 0x2000, RESULT_ERR), &steps.violation, "page_table.unmap", "constants");
    assert_violation(protects(&steps, 0x2000, "rw-u", RESULT_ERR), &steps.violation, "page_table.protect",
                     "constants");
    assert_violation(queries(&steps, 0x2000, RESULT_ERR, mapping_of(0, 0, "r--")), &steps.violation,
                     "page_table.query", "constants");
    close(&steps);
}

static void entries_begin_with_the_state_that_software_gives(void **state)
{
    struct steps steps;
    const struct map_op op = map_of(0x2000, 0x6000, "rw-uco", RESULT_OK);
    (void)state;
    open(&steps, EXTENSION_STATE);
    add_mapping(&steps.s2.mappings, 0x2000, 0x6000, "rw-u");
    assert_violation(maps(&steps, &op), &steps.violation, "page_table.map", "state");
    assert_true(word_map_write(&steps.s2.states, 0x2000, FRAME_CLEAN | FRAME_OLD));
    assert_true(maps(&steps, &op));
    assert_true(word_map_write(&steps.s2.states, 0x1000, FRAME_OLD));
    assert_violation(maps(&steps, &op), &steps.violation, "page_table.map", "state");
    close(&steps);
}

static void hardware_may_mark_an_entry_before_an_operation_returns(void **state)
{
    struct steps steps;
    const struct map_op op = map_of(0x2000, 0x6000, "rw-uo", RESULT_OK);
    (void)state;
    open(&steps, EXTENSION_STATE | EXTENSION_SPECULATION);
    steps.s1.constants.extensions.hardware_access = true;
    steps.s2.constants = steps.s1.constants;
    add_mapping(&steps.s2.mappings, 0x2000, 0x6000, "rw-u");
    assert_true(maps(&steps, &op));
    assert_true(word_map_write(&steps.s2.states, 0x2000, FRAME_OLD));
    assert_true(maps(&steps, &op));
    assert_true(word_map_write(&steps.s2.states, 0x2000, FRAME_CLEAN));
    assert_false(maps(&steps, &op));
    assert_true(word_map_write(&steps.s2.states, 0x2000, 0));
    steps.s1.constants.extensions.set = steps.s2.constants.extensions.set = EXTENSION_STATE;
    assert_false(maps(&steps, &op));
    close(&steps);
}

static void a_query_tells_the_state_of_the_entry(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, EXTENSION_STATE);
    assert_true(word_map_write(&steps.s1.states, 0x1000, FRAME_CLEAN));
    assert_true(word_map_write(&steps.s2.states, 0x1000, FRAME_CLEAN));
    assert_true(queries(&steps, 0x1000, RESULT_OK, mapping_of(0x1000, 0x5000, "rw-uc")));
    assert_violation(queries(&steps, 0x1000, RESULT_OK, mapping_of(0x1000, 0x5000, "rw-u")), &steps.violation,
                     "page_table.query", "state");
    close(&steps);
}

static void a_map_that_was_emptied_maps_nothing(void **state)
{
    struct mappings mappings = {0};
    (void)state;
    add_mapping(&mappings, 0x1000, 0x5000, "rw-u");
    assert_non_null(mappings_for(&mappings, 0x1008, NULL));
    mappings_remove(&mappings, 0x1000);
    assert_null(mappings_for(&mappings, 0x1008, NULL));
    assert_null(mappings_at(&mappings, 0x1000));
    mappings_destroy(&mappings);
}

/* The successor is the step that the relation allows, and no other operation's. */
static void successors_are_steps_of_the_relation(void **state)
{
    struct steps steps;
    struct map_op map = map_of(0x2000, 0x6000, "rw-u", RESULT_REFUSED);
    struct unmap_op unmap = {.vaddr = 0x1000};
    struct protect_op protect = {.vaddr = 0x3000, .attributes = attributes_of("--xu")};
    struct query_op query = {.vaddr = 0x3008};
    (void)state;
    open(&steps, EXTENSION_PROTECT);
    assert_true(page_table_map_step(&steps.s2, &map));
    assert_true(maps(&steps, &map));
    assert_int_equal(map.result, RESULT_OK);
    assert_true(page_table_state_copy(&steps.s1, &steps.s2));
    assert_true(page_table_unmap_step(&steps.s2, &unmap));
    assert_true(page_table_unmap(&steps.s1, &steps.s2, &unmap, NULL));
    assert_false(maps(&steps, &map));
    assert_true(page_table_state_copy(&steps.s1, &steps.s2));
    assert_true(page_table_protect_step(&steps.s2, &protect));
    assert_true(page_table_protect(&steps.s1, &steps.s2, &protect, NULL));
    assert_false(page_table_unmap(&steps.s1, &steps.s2, &unmap, NULL));
    assert_true(page_table_query_step(&steps.s2, &query));
    assert_true(page_table_query(&steps.s2, &steps.s2, &query, NULL));
    close(&steps);
}

static void what_fails_changes_no_state_of_an_entry(void **state)
{
    struct steps steps;
    const struct map_op op = map_of(0x1000, 0x6000, "rw-u", RESULT_ERR);
    (void)state;
    open(&steps, EXTENSION_STATE);
    assert_true(maps(&steps, &op));
    assert_true(word_map_write(&steps.s2.states, 0x1000, FRAME_CLEAN));
    assert_violation(maps(&steps, &op), &steps.violation, "page_table.map", "state of an entry");
    assert_violation(queries(&steps, 0x2000, RESULT_ERR, mapping_of(0, 0, "r--")), &steps.violation,
                     "page_table.query", "state of an entry");
    close(&steps);
}

static void an_entry_with_a_state_is_not_initial(void **state)
{
    struct page_table_state table = {0};
    struct violation violation;
    (void)state;
    assert_true(word_map_write(&table.states, 0x1000, FRAME_OLD));
    assert_violation(page_table_init(&table, &violation), &violation, "page_table.init", "state");
    page_table_state_destroy(&table);
}

static void addresses_beyond_the_format_have_no_precondition(void **state)
{
    struct page_table_state table;
    const struct frame frame = mapping_of(0, 0x6000, "rw-u").frame;
    const uint64_t beyond = UINT64_C(1) << 48;
    struct violation violation;
    (void)state;
    open_page_table(&table, EXTENSION_ANSWERS);
    assert_true(page_table_map_pre(&table, beyond, &frame, NULL));
    assert_true(page_table_unmap_pre(&table, beyond, NULL));
    assert_true(page_table_query_pre(&table, beyond, NULL));
    table.constants.arch.format = walk_format_find("vmsa-4k-48");
    assert_violation(page_table_map_pre(&table, beyond, &frame, &violation), &violation, "page_table.map_pre",
                     "does not reach");
    assert_violation(page_table_unmap_pre(&table, beyond, &violation), &violation, "page_table.unmap_pre",
                     "does not reach");
    assert_violation(page_table_query_pre(&table, beyond, &violation), &violation, "page_table.query_pre",
                     "does not reach");
    page_table_state_destroy(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_table_is_initial_and_another_is_not),
        cmocka_unit_test(map_adds_one_mapping_and_nothing_else),
        cmocka_unit_test(map_fails_where_something_is_mapped),
        cmocka_unit_test(map_must_not_fail_where_nothing_is_mapped),
        cmocka_unit_test(map_has_preconditions),
        cmocka_unit_test(aliases_are_mapped_with_their_extension_alone),
        cmocka_unit_test(a_page_inside_a_large_one_overlaps),
        cmocka_unit_test(unmap_removes_one_mapping_and_nothing_else),
        cmocka_unit_test(unmap_fails_where_no_mapping_begins),
        cmocka_unit_test(protect_is_an_extension),
        cmocka_unit_test(protect_changes_the_attributes_of_one_mapping),
        cmocka_unit_test(query_tells_the_mapping_that_contains_the_address),
        cmocka_unit_test(no_transition_changes_a_constant),
        cmocka_unit_test(entries_begin_with_the_state_that_software_gives),
        cmocka_unit_test(hardware_may_mark_an_entry_before_an_operation_returns),
        cmocka_unit_test(a_query_tells_the_state_of_the_entry),
        cmocka_unit_test(a_map_that_was_emptied_maps_nothing),
        cmocka_unit_test(successors_are_steps_of_the_relation),
        cmocka_unit_test(what_fails_changes_no_state_of_an_entry),
        cmocka_unit_test(an_entry_with_a_state_is_not_initial),
        cmocka_unit_test(addresses_beyond_the_format_have_no_precondition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
