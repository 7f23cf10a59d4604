/* The extended machine: each extension with steps that are allowed and steps that are not. */
#include "sim/specification/extended.h"
#include "sim/specification/test/states.h"

#define ALL                                                                                                  \
    ((uint32_t)EXTENSIONS_ALL & ~(uint32_t)(EXTENSION_STAGE2 | EXTENSION_STATE | EXTENSION_SPECULATION))

struct steps {
    struct extended_state s1;
    struct extended_state s2;
    struct violation violation;
};

/*
 * Two cores, two spaces, both cores in space 0. Space 0: 0x1000 -> 0x5000 rw-u, 0x3000 -> 0x7000 r--u; space
 * 1: 0x1000 -> 0x6000 rw-u. Each core has the first page of space 0 in its TLB and, in its walk cache, the
 * table that leads there. 11, 22 and 33 in the first words of the frames.
 */
static void open_one(struct extended_state *state, uint32_t extensions)
{
    const struct walk_table table = {.pa = 0x80000, .level = 3, .span_lg2 = 21};
    *state = (struct extended_state){.mem = {.ub = PMEM_SIZE / WORD_BYTES},
                                     .cores = 2,
                                     .spaces = 2,
                                     .arch = {.frame_sizes = UINT64_C(1) << 12 | UINT64_C(1) << 21},
                                     .extensions = {.set = extensions}};
    add_mapping(&state->space[0].pt.interpretation, 0x1000, 0x5000, "rw-u");
    add_mapping(&state->space[0].pt.interpretation, 0x3000, 0x7000, "r--u");
    add_mapping(&state->space[1].pt.interpretation, 0x1000, 0x6000, "rw-u");
    assert_true(walk_tables_add(&state->space[0].tables, &table));
    for (unsigned core = 0; core < 2; core++) {
        add_mapping(&state->core[core].tlb[0], 0x1000, 0x5000, "rw-u");
        assert_true(walk_tables_add(&state->core[core].tables[0], &table));
    }
    assert_true(word_map_write(&state->mem.words, 0x5000 / WORD_BYTES, 11));
    assert_true(word_map_write(&state->mem.words, 0x7000 / WORD_BYTES, 22));
    assert_true(word_map_write(&state->mem.words, 0x6000 / WORD_BYTES, 33));
}

static void open(struct steps *steps, uint32_t extensions)
{
    open_one(&steps->s1, extensions);
    open_one(&steps->s2, extensions);
}

static void close(struct steps *steps)
{
    extended_state_destroy(&steps->s1);
    extended_state_destroy(&steps->s2);
}

static bool reads(struct steps *steps, unsigned core, uint64_t va, enum result result, uint64_t value)
{
    const struct read_op op = {.vaddr = va, .result = result, .value = value};
    return extended_read(&steps->s1, &steps->s2, core, &op, &steps->violation);
}

static bool writes(struct steps *steps, unsigned core, uint64_t va, uint64_t value)
{
    const struct write_op op = {.vaddr = va, .value = value, .result = RESULT_OK};
    return extended_write(&steps->s1, &steps->s2, core, &op, &steps->violation);
}

static bool unmaps(struct steps *steps, unsigned space, uint64_t va)
{
    const struct unmap_op op = {.vaddr = va, .result = RESULT_OK};
    return extended_unmap(&steps->s1, &steps->s2, space, &op, &steps->violation);
}

/* A store of `core` that waits. */
static void wait_for(struct extended_state *state, unsigned core, uint64_t pa, uint64_t value)
{
    struct extended_core *self = &state->core[core];
    self->pending[self->pending_count++] = (struct pending_store){pa / WORD_BYTES, value};
}

static void put(struct extended_state *state, uint64_t pa, uint64_t value)
{
    assert_true(word_map_write(&state->mem.words, pa / WORD_BYTES, value));
}

static void a_core_reads_in_its_own_space(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, ALL);
    assert_true(reads(&steps, 0, 0x1000, RESULT_OK, 11));
    assert_false(reads(&steps, 0, 0x1000, RESULT_OK, 33));
    steps.s1.core[0].space = steps.s2.core[0].space = 1;
    add_mapping(&steps.s2.core[0].tlb[1], 0x1000, 0x6000, "rw-u");
    assert_true(reads(&steps, 0, 0x1000, RESULT_OK, 33));
    assert_false(reads(&steps, 0, 0x1000, RESULT_OK, 11));
    close(&steps);
}

static void an_access_leaves_the_rest_of_the_machine(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, ALL);
    steps.s2.core[1].space = 1;
    assert_violation(reads(&steps, 0, 0x1000, RESULT_OK, 11), &steps.violation, "extended.read",
                     "core 1 runs another space");
    steps.s2.core[1].space = 0;
    add_mapping(&steps.s2.core[1].tlb[0], 0x3000, 0x7000, "r--u");
    assert_violation(reads(&steps, 0, 0x1000, RESULT_OK, 11), &steps.violation, "extended.read",
                     "new entry for va 0x3000");
    mappings_remove(&steps.s2.core[1].tlb[0], 0x3000);
    add_mapping(&steps.s2.core[0].tlb[1], 0x1000, 0x6000, "rw-u");
    assert_violation(reads(&steps, 0, 0x1000, RESULT_OK, 11), &steps.violation, "extended.read",
                     "new entry for va 0x1000");
    mappings_remove(&steps.s2.core[0].tlb[1], 0x1000);
    mappings_remove(&steps.s2.space[1].pt.interpretation, 0x1000);
    assert_violation(reads(&steps, 0, 0x1000, RESULT_OK, 11), &steps.violation, "extended.read",
                     "table of space 1");
    close(&steps);
}

static void global_entries_count_in_every_space(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, ALL);
    steps.s1.core[0].space = steps.s2.core[0].space = 1;
    for (unsigned both = 0; both < 2; both++) {
        struct extended_state *one = both ? &steps.s2 : &steps.s1;
        mappings_remove(&one->core[0].tlb[0], 0x1000);
        add_mapping(&one->space[0].pt.interpretation, 0x8000, 0x9000, "rw-ug");
        add_mapping(&one->core[0].global, 0x8000, 0x9000, "rw-ug");
    }
    assert_true(reads(&steps, 0, 0x8000, RESULT_OK, 0));
    assert_true(extended_invariants(&steps.s2, NULL));
    add_mapping(&steps.s2.core[0].global, 0xa000, 0x9000, "rw-ug");
    assert_violation(extended_invariants(&steps.s2, &steps.violation), &steps.violation,
                     "tlb_is_submap_of_pt", "global entry for va 0xa000");
    close(&steps);
}

static void a_store_waits_and_its_core_sees_it(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, ALL);
    wait_for(&steps.s2, 0, 0x5000, 44);
    assert_true(writes(&steps, 0, 0x1000, 44));
    assert_violation(writes(&steps, 0, 0x1000, 45), &steps.violation, "extended.write", "not that of va");
    put(&steps.s2, 0x5000, 44); /* and in memory as well */
    assert_violation(writes(&steps, 0, 0x1000, 44), &steps.violation, "extended.write", "memory changes");
    assert_true(extended_state_copy(&steps.s1, &steps.s2));
    put(&steps.s1, 0x5000, 11);
    put(&steps.s2, 0x5000, 11);
    assert_true(reads(&steps, 0, 0x1000, RESULT_OK, 44));
    assert_false(reads(&steps, 0, 0x1000, RESULT_OK, 11));
    assert_true(reads(&steps, 1, 0x1000, RESULT_OK, 11));
    assert_false(reads(&steps, 1, 0x1000, RESULT_OK, 44));
    close(&steps);
}

static void stores_of_a_core_stay_in_order(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, ALL);
    wait_for(&steps.s1, 0, 0x5008, 1);
    wait_for(&steps.s2, 0, 0x5008, 1);
    put(&steps.s2, 0x5000, 44);
    assert_violation(writes(&steps, 0, 0x1000, 44), &steps.violation, "extended.write", "overtakes");
    put(&steps.s2, 0x5000, 11);
    wait_for(&steps.s2, 0, 0x5000, 44);
    assert_true(writes(&steps, 0, 0x1000, 44));
    close(&steps);
}

static void a_store_goes_to_memory_at_once_without_a_buffer(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, ALL & ~(uint32_t)EXTENSION_ORDERING);
    put(&steps.s2, 0x5000, 44);
    assert_true(writes(&steps, 0, 0x1000, 44));
    put(&steps.s2, 0x5000, 11);
    wait_for(&steps.s2, 0, 0x5000, 44);
    assert_false(writes(&steps, 0, 0x1000, 44));
    close(&steps);
}

static void the_oldest_store_drains_first(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, ALL);
    wait_for(&steps.s1, 0, 0x5008, 1);
    wait_for(&steps.s1, 0, 0x5010, 2);
    wait_for(&steps.s2, 0, 0x5010, 2);
    assert_violation(extended_drain(&steps.s1, &steps.s2, 0, &steps.violation), &steps.violation,
                     "extended.drain", "with the oldest store");
    put(&steps.s2, 0x5008, 1);
    assert_true(extended_drain(&steps.s1, &steps.s2, 0, NULL));
    assert_violation(extended_drain(&steps.s1, &steps.s2, 1, &steps.violation), &steps.violation,
                     "extended.drain", "no store waits");
    put(&steps.s2, 0x5008, 0);
    put(&steps.s2, 0x5010, 2);
    steps.s2.core[0].pending[0] = steps.s1.core[0].pending[0];
    assert_false(extended_drain(&steps.s1, &steps.s2, 0, NULL));
    close(&steps);
}

static void unmap_drops_what_every_core_has(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, ALL);
    mappings_remove(&steps.s2.space[0].pt.interpretation, 0x1000);
    mappings_remove(&steps.s2.core[0].tlb[0], 0x1000);
    assert_violation(unmaps(&steps, 0, 0x1000), &steps.violation, "extended.unmap",
                     "TLB still has the entry of before for va 0x1000");
    mappings_remove(&steps.s2.core[1].tlb[0], 0x1000);
    assert_true(unmaps(&steps, 0, 0x1000));
    steps.s2.space[0].tables.count = 0; /* the table was released */
    assert_violation(unmaps(&steps, 0, 0x1000), &steps.violation, "extended.unmap",
                     "walk cache still has the table");
    steps.s2.core[0].tables[0].count = steps.s2.core[1].tables[0].count = 0;
    assert_true(unmaps(&steps, 0, 0x1000));
    assert_violation(unmaps(&steps, 1, 0x1000), &steps.violation, "page_table.unmap", "without this one");
    close(&steps);
}

static void an_operation_may_drain_stores_and_lose_none(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, ALL);
    for (unsigned both = 0; both < 2; both++)
        wait_for(both ? &steps.s2 : &steps.s1, 0, 0x5008, 1);
    mappings_remove(&steps.s2.space[0].pt.interpretation, 0x1000);
    mappings_remove(&steps.s2.core[0].tlb[0], 0x1000);
    mappings_remove(&steps.s2.core[1].tlb[0], 0x1000);
    assert_true(unmaps(&steps, 0, 0x1000));
    steps.s2.core[0].pending_count = 0;
    assert_violation(unmaps(&steps, 0, 0x1000), &steps.violation, "extended.unmap", "lost");
    put(&steps.s2, 0x5008, 1);
    assert_true(unmaps(&steps, 0, 0x1000));
    put(&steps.s2, 0x5010, 1);
    assert_violation(unmaps(&steps, 0, 0x1000), &steps.violation, "extended.unmap", "memory changes");
    close(&steps);
}

static void walk_caches_hold_tables_that_are_linked(void **state)
{
    struct steps steps;
    const struct walk_table other = {.pa = 0x90000, .level = 3, .span_lg2 = 21};
    (void)state;
    open(&steps, ALL);
    assert_true(extended_invariants(&steps.s1, NULL));
    assert_true(walk_tables_add(&steps.s2.core[0].tables[0], &other));
    assert_violation(reads(&steps, 0, 0x1000, RESULT_OK, 11), &steps.violation, "extended.read",
                     "walk cache has a new table");
    assert_violation(extended_invariants(&steps.s2, &steps.violation), &steps.violation,
                     "walk_caches_hold_linked_tables", "0x90000");
    assert_true(walk_tables_add(&steps.s2.space[0].tables, &other));
    assert_true(extended_invariants(&steps.s2, NULL));
    close(&steps);
}

static void switching_and_evicting_change_nothing_else(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, ALL);
    assert_violation(extended_switch(&steps.s1, &steps.s2, 0, 1, &steps.violation), &steps.violation,
                     "extended.switch", "runs another space");
    steps.s2.core[0].space = 1;
    assert_true(extended_switch(&steps.s1, &steps.s2, 0, 1, NULL));
    assert_false(extended_switch(&steps.s1, &steps.s2, 0, 2, NULL));
    put(&steps.s2, 0x5000, 12);
    assert_false(extended_switch(&steps.s1, &steps.s2, 0, 1, NULL));
    close(&steps);
    open(&steps, ALL);
    assert_false(extended_tlb_evict(&steps.s1, &steps.s2, 0, 0, 0x1000, NULL));
    mappings_remove(&steps.s2.core[0].tlb[0], 0x1000);
    assert_true(extended_tlb_evict(&steps.s1, &steps.s2, 0, 0, 0x1000, NULL));
    assert_false(extended_tlb_evict(&steps.s1, &steps.s2, 0, 0, 0x3000, NULL));
    close(&steps);
}

static void controls_belong_to_a_core(void **state)
{
    struct steps steps;
    const struct access_controls pan = {.flags = CONTROL_PAN};
    const struct read_op op = {.vaddr = 0x1000, .privilege = PRIVILEGE_KERNEL, .value = 11};
    (void)state;
    open(&steps, ALL);
    steps.s1.extensions.format = steps.s2.extensions.format = walk_format_find("vmsa-4k-48");
    assert_true(extended_read(&steps.s1, &steps.s2, 0, &op, NULL));
    assert_violation(extended_set_controls(&steps.s1, &steps.s2, 0, &pan, &steps.violation), &steps.violation,
                     "extended.set_controls", "controls of core 0");
    steps.s2.core[0].controls = pan;
    assert_true(extended_set_controls(&steps.s1, &steps.s2, 0, &pan, NULL));
    steps.s1.core[0].controls = pan;
    assert_false(extended_read(&steps.s1, &steps.s2, 0, &op, NULL));
    assert_true(extended_read(&steps.s1, &steps.s2, 1, &op, NULL));
    close(&steps);
}

/* ---- A second stage ---- */

static void two_stages_compose_in_pieces_of_the_smaller_frames(void **state)
{
    struct mappings stage1 = {0}, stage2 = {0}, both = {0};
    const struct mapping large = {0x200000, {0x400000, FRAME_READABLE | FRAME_WRITABLE | FRAME_USER, 21}};
    const struct mapping first = {0x200000, {0x9000, FRAME_READABLE | FRAME_WRITABLE | FRAME_USER, 12}};
    const struct mapping second = {0x3ff000, {0xa000, FRAME_READABLE | FRAME_USER, 12}};
    const struct mapping inner = {0x1000, {0x83000, FRAME_READABLE | FRAME_USER | FRAME_DEVICE, 12}};
    (void)state;
    assert_true(mappings_add(&stage1, &large));
    add_mapping(&stage1, 0x1000, 0x803000, "r--u");
    add_mapping(&stage2, 0x400000, 0x9000, "rw-");
    add_mapping(&stage2, 0x5ff000, 0xa000, "r--");
    assert_true(
        mappings_add(&stage2, &(struct mapping){0x800000, {0x80000, FRAME_READABLE | FRAME_DEVICE, 16}}));
    assert_true(mappings_compose(&stage1, &stage2, &both));
    assert_int_equal(both.count, 3);
    assert_true(mappings_contain(&both, &first));
    assert_true(mappings_contain(&both, &second));
    assert_true(mappings_contain(&both, &inner));
    mappings_destroy(&stage1);
    mappings_destroy(&stage2);
    mappings_destroy(&both);
}

/* Intermediate page 0x5000 is at 0x9000. */
static void open_guest(struct steps *steps)
{
    open(steps, ALL | EXTENSION_STAGE2);
    for (unsigned both = 0; both < 2; both++) {
        struct extended_state *one = both ? &steps->s2 : &steps->s1;
        add_mapping(&one->stage2, 0x5000, 0x9000, "rwx");
        for (unsigned core = 0; core < 2; core++) {
            mappings_remove(&one->core[core].tlb[0], 0x1000);
            add_mapping(&one->core[core].tlb[0], 0x1000, 0x9000, "rw-u");
        }
        put(one, 0x9000, 55);
    }
}

static void a_guest_reads_through_both_stages(void **state)
{
    struct steps steps;
    (void)state;
    open_guest(&steps);
    assert_true(extended_invariants(&steps.s1, NULL));
    assert_true(reads(&steps, 0, 0x1000, RESULT_OK, 55));
    assert_false(reads(&steps, 0, 0x1000, RESULT_OK, 11));
    assert_true(reads(&steps, 0, 0x3000, RESULT_ERR, 0)); /* its intermediate page is not mapped */
    assert_false(reads(&steps, 0, 0x3000, RESULT_OK, 22));
    close(&steps);
}

static void unmapping_stage_2_drops_what_was_made_of_it(void **state)
{
    struct steps steps;
    const struct unmap_op op = {.vaddr = 0x5000, .result = RESULT_OK};
    (void)state;
    open_guest(&steps);
    mappings_remove(&steps.s2.stage2, 0x5000);
    assert_violation(extended_unmap_stage2(&steps.s1, &steps.s2, &op, &steps.violation), &steps.violation,
                     "extended.unmap_stage2", "still has the entry of before for va 0x1000");
    mappings_remove(&steps.s2.core[0].tlb[0], 0x1000);
    mappings_remove(&steps.s2.core[1].tlb[0], 0x1000);
    assert_true(extended_unmap_stage2(&steps.s1, &steps.s2, &op, NULL));
    close(&steps);
}

static void mapping_stage_2_adds_one_mapping(void **state)
{
    struct steps steps;
    const struct map_op op = map_of(0x7000, 0xb000, "rw-", RESULT_OK);
    (void)state;
    open_guest(&steps);
    assert_violation(extended_map_stage2(&steps.s1, &steps.s2, &op, &steps.violation), &steps.violation,
                     "page_table.map", "the new one");
    add_mapping(&steps.s2.stage2, 0x7000, 0xb000, "rw-");
    assert_true(extended_map_stage2(&steps.s1, &steps.s2, &op, NULL));
    mappings_remove(&steps.s2.space[1].pt.interpretation, 0x1000);
    assert_false(extended_map_stage2(&steps.s1, &steps.s2, &op, NULL));
    close(&steps);
    open(&steps, ALL);
    add_mapping(&steps.s2.stage2, 0x7000, 0xb000, "rw-");
    assert_violation(extended_map_stage2(&steps.s1, &steps.s2, &op, &steps.violation), &steps.violation,
                     "extended.map_stage2", "no such transition");
    close(&steps);
}

static void a_store_that_waited_is_not_lost(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, ALL);
    wait_for(&steps.s1, 0, 0x5008, 1);
    put(&steps.s2, 0x5000, 44);
    assert_violation(writes(&steps, 0, 0x1000, 44), &steps.violation, "extended.write", "memory changes");
    close(&steps);
    open(&steps, ALL); /* neither changes what the core sees */
    wait_for(&steps.s1, 0, 0x5000, 11);
    assert_violation(writes(&steps, 0, 0x1000, 11), &steps.violation, "extended.write", "lost");
    close(&steps);
}

static void constants_and_the_second_stage_stay(void **state)
{
    struct steps steps;
    (void)state;
    open_guest(&steps);
    steps.s2.arch.frame_sizes = 1 << 12;
    assert_violation(reads(&steps, 0, 0x1000, RESULT_OK, 55), &steps.violation, "extended.read", "constants");
    steps.s2.arch = steps.s1.arch;
    add_mapping(&steps.s2.stage2, 0xa000, 0xc000, "rw-");
    assert_violation(reads(&steps, 0, 0x1000, RESULT_OK, 55), &steps.violation, "extended.read",
                     "second stage");
    close(&steps);
}

static void transitions_belong_to_their_extensions(void **state)
{
    struct steps steps;
    const struct access_controls pan = {.flags = CONTROL_PAN};
    const struct unmap_op op = {.vaddr = 0x5000, .result = RESULT_OK};
    (void)state;
    open(&steps, 0);
    steps.s2.core[0].space = 1;
    assert_violation(extended_switch(&steps.s1, &steps.s2, 0, 1, &steps.violation), &steps.violation,
                     "extended.switch", "no such space");
    steps.s2.core[0].space = 0;
    steps.s2.core[0].controls = pan;
    assert_violation(extended_set_controls(&steps.s1, &steps.s2, 0, &pan, &steps.violation), &steps.violation,
                     "extended.set_controls", "no such transition");
    steps.s2.core[0].controls = steps.s1.core[0].controls;
    wait_for(&steps.s1, 0, 0x5008, 1);
    put(&steps.s2, 0x5008, 1);
    assert_violation(extended_drain(&steps.s1, &steps.s2, 0, &steps.violation), &steps.violation,
                     "extended.drain", "no such transition");
    close(&steps);
    open(&steps, ALL);
    add_mapping(&steps.s1.stage2, 0x5000, 0x9000, "rwx");
    assert_violation(extended_unmap_stage2(&steps.s1, &steps.s2, &op, &steps.violation), &steps.violation,
                     "extended.unmap_stage2", "no such transition");
    close(&steps);
}

static void equal_machines_are_equal_and_others_are_not(void **state)
{
    struct steps steps;
    const struct walk_table first = {.pa = 0xa0000, .level = 3, .span_lg2 = 21};
    const struct walk_table second = {.va = 0x200000, .pa = 0xb0000, .level = 3, .span_lg2 = 21};
    (void)state;
    open(&steps, ALL);
    assert_true(extended_state_equal(&steps.s1, &steps.s2));
    assert_true(walk_tables_add(&steps.s1.core[0].tables[0], &first));
    assert_true(walk_tables_add(&steps.s1.core[0].tables[0], &second));
    assert_false(extended_state_equal(&steps.s1, &steps.s2));
    assert_true(walk_tables_add(&steps.s2.core[0].tables[0], &second));
    assert_true(walk_tables_add(&steps.s2.core[0].tables[0], &first));
    assert_true(extended_state_equal(&steps.s1, &steps.s2));
    wait_for(&steps.s2, 1, 0x5000, 1);
    assert_false(extended_state_equal(&steps.s1, &steps.s2));
    assert_true(extended_state_copy(&steps.s1, &steps.s2));
    assert_true(extended_state_equal(&steps.s1, &steps.s2));
    add_mapping(&steps.s2.core[1].global, 0x9000, 0x9000, "rw-ug");
    assert_false(extended_state_equal(&steps.s1, &steps.s2));
    close(&steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_core_reads_in_its_own_space),
        cmocka_unit_test(an_access_leaves_the_rest_of_the_machine),
        cmocka_unit_test(global_entries_count_in_every_space),
        cmocka_unit_test(a_store_waits_and_its_core_sees_it),
        cmocka_unit_test(stores_of_a_core_stay_in_order),
        cmocka_unit_test(a_store_goes_to_memory_at_once_without_a_buffer),
        cmocka_unit_test(the_oldest_store_drains_first),
        cmocka_unit_test(unmap_drops_what_every_core_has),
        cmocka_unit_test(an_operation_may_drain_stores_and_lose_none),
        cmocka_unit_test(walk_caches_hold_tables_that_are_linked),
        cmocka_unit_test(switching_and_evicting_change_nothing_else),
        cmocka_unit_test(controls_belong_to_a_core),
        cmocka_unit_test(two_stages_compose_in_pieces_of_the_smaller_frames),
        cmocka_unit_test(a_guest_reads_through_both_stages),
        cmocka_unit_test(unmapping_stage_2_drops_what_was_made_of_it),
        cmocka_unit_test(mapping_stage_2_adds_one_mapping),
        cmocka_unit_test(a_store_that_waited_is_not_lost),
        cmocka_unit_test(constants_and_the_second_stage_stay),
        cmocka_unit_test(transitions_belong_to_their_extensions),
        cmocka_unit_test(equal_machines_are_equal_and_others_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
