/* Invariants and views: each invariant with a state that keeps it and one that breaks it alone. */
#include "sim/specification/invariants.h"

#include <stdlib.h>

#include "pagetables/flat_memory.h"
#include "sim/specification/test/states.h"

static struct low_level_state sound_state(void)
{
    struct low_level_state state = {.mem = {.ub = PMEM_SIZE / WORD_BYTES},
                                    .arch = {.frame_sizes = UINT64_C(1) << 12 | UINT64_C(1) << 21}};
    add_mapping(&state.pt.interpretation, 0x1000, 0x5000, "rw-u");
    add_mapping(&state.pt.interpretation, 0x2000, PMEM_SIZE - PAGE, "r--u"); /* the last frame */
    add_mapping(&state.tlb, 0x1000, 0x5000, "rw-u");
    return state;
}

/* The sound state with one mapping more breaks this rule, and is sound without it. */
static void assert_breaks(struct mapping added, const char *rule, const char *text)
{
    struct low_level_state state = sound_state();
    struct violation violation;
    assert_true(low_level_invariants(&state, NULL));
    assert_true(mappings_add(&state.pt.interpretation, &added));
    assert_violation(low_level_invariants(&state, &violation), &violation, rule, text);
    low_level_state_destroy(&state);
}

static void frames_are_within_physical_memory(void **state)
{
    (void)state;
    assert_breaks(mapping_of(0x3000, PMEM_SIZE, "r--u"), "frames_within_pmem", "va 0x3000");
    assert_breaks((struct mapping){0x200000, {0, FRAME_READABLE, 21}}, "frames_within_pmem", "va 0x200000");
}

static void mappings_are_aligned(void **state)
{
    (void)state;
    assert_breaks(mapping_of(0x3800, 0x6000, "r--u"), "mappings_aligned", "va 0x3800");
    assert_breaks(mapping_of(0x3000, 0x6800, "r--u"), "mappings_aligned", "frame 0x6800");
}

static void mappings_are_apart_in_virtual_memory(void **state)
{
    (void)state;
    assert_breaks(mapping_of(0x1000, 0x9000, "r--u"), "mappings_nonoverlap_in_vmem", "va 0x1000");
    assert_breaks((struct mapping){0, {0x20000, FRAME_READABLE, 17}}, "mappings_nonoverlap_in_vmem",
                  "va 0x0 and va 0x1000");
}

static void mappings_are_apart_in_physical_memory_without_aliases(void **state)
{
    struct low_level_state aliased = sound_state();
    (void)state;
    assert_breaks(mapping_of(0x3000, 0x5000, "r--u"), "mappings_nonoverlap_in_pmem",
                  "va 0x1000 and va 0x3000");
    add_mapping(&aliased.pt.interpretation, 0x3000, 0x5000, "r--u");
    aliased.extensions.set = EXTENSION_ALIASES;
    assert_true(low_level_invariants(&aliased, NULL));
    low_level_state_destroy(&aliased);
}

static void the_tlb_is_a_submap_of_the_table(void **state)
{
    struct low_level_state stale = sound_state();
    struct violation violation;
    (void)state;
    add_mapping(&stale.tlb, 0x4000, 0x5000, "rw-u");
    assert_violation(low_level_invariants(&stale, &violation), &violation, "tlb_is_submap_of_pt",
                     "maps nothing there");
    mappings_remove(&stale.tlb, 0x4000);
    assert_true(low_level_invariants(&stale, NULL));
    add_mapping(&stale.tlb, 0x2000, PMEM_SIZE - PAGE, "rw-u");
    assert_violation(low_level_invariants(&stale, &violation), &violation, "tlb_is_submap_of_pt",
                     "with attributes");
    low_level_state_destroy(&stale);
}

static void no_frame_is_memory_of_a_table(void **state)
{
    struct low_level_state sound = sound_state();
    struct violation violation;
    const struct word_range apart[] = {{0x4000 / WORD_BYTES, 0x4ff8 / WORD_BYTES},
                                       {0x6000 / WORD_BYTES, 0x6ff8 / WORD_BYTES}};
    const struct word_range within[] = {{0x5ff8 / WORD_BYTES, 0x6ff8 / WORD_BYTES}};
    (void)state;
    assert_true(tables_are_isolated(&sound, apart, 2, NULL));
    assert_violation(tables_are_isolated(&sound, within, 1, &violation), &violation, "tables_are_isolated",
                     "va 0x1000");
    low_level_state_destroy(&sound);
}

static void a_table_that_is_empty_has_no_tables_left(void **state)
{
    struct low_level_state sound = sound_state();
    struct low_level_state empty = {0};
    struct violation violation;
    const struct pagetable_class *radix = pagetable_class_find("radix");
    (void)state;
    assert_true(empty_tables_are_released(radix, &empty, 2, 2, NULL));
    assert_violation(empty_tables_are_released(radix, &empty, 3, 2, &violation), &violation,
                     "empty_tables_are_released", "3 blocks of memory instead of 2");
    assert_true(empty_tables_are_released(radix, &sound, 3, 2, NULL));
    assert_true(empty_tables_are_released(pagetable_class_find("radix-keeps-tables"), &empty, 3, 2, NULL));
    low_level_state_destroy(&sound);
}

/* ---- Views ---- */

static void the_view_prefers_what_the_tlb_holds(void **state)
{
    struct low_level_state stale = sound_state();
    struct high_level_state view = {0};
    const struct mapping old = mapping_of(0x2000, 0x9000, "rw-u");
    (void)state;
    add_mapping(&stale.tlb, 0x2000, 0x9000, "rw-u");
    assert_true(word_map_write(&stale.mem.words, 0x5010 / WORD_BYTES, 7));
    assert_true(word_map_write(&stale.mem.words, 0x9ff8 / WORD_BYTES, 8));
    assert_true(word_map_write(&stale.mem.words, 0xb000 / WORD_BYTES, 9));
    assert_true(low_level_view(&stale, &view));
    assert_true(mappings_contain(&view.mappings, &old));
    assert_int_equal(view.mappings.count, 2);
    assert_true(virtual_memory_covers(&view.mem, &view.mappings));
    assert_int_equal(view.mem.words.count, 2);
    assert_int_equal(word_map_read(&view.mem.words, 0x1010 / WORD_BYTES), 7);
    assert_int_equal(word_map_read(&view.mem.words, 0x2ff8 / WORD_BYTES), 8);
    high_level_state_destroy(&view);
    low_level_state_destroy(&stale);
}

struct table {
    struct flat_memory *memory;
    struct environment environment;
    void *block;
    struct concrete_table concrete;
};

static void open_table(struct table *table, const char *format)
{
    const struct flat_memory_config memory = {
        .physical_bytes = 1 << 24, .tables_base = 1 << 20, .tables_bytes = 1 << 20};
    const struct pagetable_class *radix = pagetable_class_find("radix");
    const struct pagetable_config config = {.format = walk_format_find(format)};
    *table = (struct table){.memory = flat_memory_create(&memory), .block = malloc(radix->state_bytes)};
    assert_true(table->memory && table->block);
    table->environment = flat_memory_environment(table->memory);
    assert_int_equal(radix->create(table->block, &table->environment, &config), PAGETABLE_OK);
    table->concrete = (struct concrete_table){
        .table = radix,
        .state = table->block,
        .regime = {.format = config.format, .root = radix->root(table->block), .physical_size_lg2 = 48},
        .memory = flat_memory_reader(table->memory)};
}

static void close_table(struct table *table)
{
    free(table->block);
    flat_memory_destroy(table->memory);
}

static void the_view_of_a_table_is_what_hardware_reads(void **state)
{
    struct table table;
    struct s1_page_table view = {0};
    const struct mapping first = mapping_of(0x1000, 0x5000, "rw-u");
    const struct frame old = mapping_of(0x2000, 0x6000, "rw-uco").frame;
    (void)state;
    open_table(&table, "vmsa-4k-48");
    assert_int_equal(view_page_table(&table.concrete, &view), PAGETABLE_OK);
    assert_int_equal(view.interpretation.count, 0);
    assert_int_equal(table.concrete.table->map(table.block, &table.environment, 0x1000, &first.frame),
                     PAGETABLE_OK);
    assert_int_equal(table.concrete.table->map(table.block, &table.environment, 0x2000, &old), PAGETABLE_OK);
    assert_int_equal(view_page_table(&table.concrete, &view), PAGETABLE_OK);
    assert_int_equal(view.interpretation.count, 2);
    assert_true(mappings_contain(&view.interpretation, &first));
    assert_int_equal(word_map_read(&view.states, 0x1000), 0);
    assert_int_equal(word_map_read(&view.states, 0x2000), FRAME_CLEAN | FRAME_OLD);
    s1_page_table_destroy(&view);
    close_table(&table);
}

static void a_damaged_table_breaks_its_invariants(void **state)
{
    struct table table;
    struct violation violation;
    uint64_t word;
    (void)state;
    open_table(&table, "vmsa-4k-48");
    assert_true(page_table_invariants(&table.concrete, NULL));
    const uint64_t root = table.concrete.regime.root;
    const struct memory_reader reader = table.concrete.memory;
    assert_true(reader.read(reader.context, root, &word));
    assert_true(flat_memory_poke(table.memory, root, root | 3)); /* the root points to itself */
    assert_violation(page_table_invariants(&table.concrete, &violation), &violation, "page_table.invariants",
                     "entry");
    close_table(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_within_physical_memory),
        cmocka_unit_test(mappings_are_aligned),
        cmocka_unit_test(mappings_are_apart_in_virtual_memory),
        cmocka_unit_test(mappings_are_apart_in_physical_memory_without_aliases),
        cmocka_unit_test(the_tlb_is_a_submap_of_the_table),
        cmocka_unit_test(no_frame_is_memory_of_a_table),
        cmocka_unit_test(a_table_that_is_empty_has_no_tables_left),
        cmocka_unit_test(the_view_prefers_what_the_tlb_holds),
        cmocka_unit_test(the_view_of_a_table_is_what_hardware_reads),
        cmocka_unit_test(a_damaged_table_breaks_its_invariants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
