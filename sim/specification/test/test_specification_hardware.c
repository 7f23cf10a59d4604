/* Each transition of the hardware and low-level specifications, with steps that are allowed and not. */
#include "sim/specification/low_level.h"
#include "sim/specification/test/states.h"

struct steps {
    struct low_level_state s1;
    struct low_level_state s2;
    struct violation violation;
};

/* The page table of states.h; 11 and 22 in the first words of its frames; the first page is in the TLB. */
static void open_one(struct low_level_state *state, uint32_t extensions)
{
    *state = (struct low_level_state){.mem = {.ub = PMEM_SIZE / WORD_BYTES},
                                      .arch = {.frame_sizes = UINT64_C(1) << 12 | UINT64_C(1) << 21},
                                      .extensions = {.set = extensions}};
    add_mapping(&state->pt.interpretation, 0x1000, 0x5000, "rw-u");
    add_mapping(&state->pt.interpretation, 0x3000, 0x7000, "r--u");
    add_mapping(&state->tlb, 0x1000, 0x5000, "rw-u");
    assert_true(word_map_write(&state->mem.words, 0x5000 / WORD_BYTES, 11));
    assert_true(word_map_write(&state->mem.words, 0x7000 / WORD_BYTES, 22));
    assert_true(word_map_write(&state->pt.words, 0x80000 / WORD_BYTES, 99));
}

static void open(struct steps *steps, uint32_t extensions)
{
    *steps = (struct steps){0};
    open_one(&steps->s1, extensions);
    open_one(&steps->s2, extensions);
}

static void close(struct steps *steps)
{
    low_level_state_destroy(&steps->s1);
    low_level_state_destroy(&steps->s2);
}

static bool reads(struct steps *steps, uint64_t va, enum result result, uint64_t value)
{
    const struct read_op op = {.vaddr = va, .result = result, .value = value};
    return low_level_read(&steps->s1, &steps->s2, &op, &steps->violation);
}

static bool writes(struct steps *steps, uint64_t va, enum result result, uint64_t value)
{
    const struct write_op op = {.vaddr = va, .result = result, .value = value};
    return low_level_write(&steps->s1, &steps->s2, &op, &steps->violation);
}

static bool unmaps(struct steps *steps, uint64_t va, enum result result)
{
    const struct unmap_op op = {.vaddr = va, .result = result};
    return low_level_unmap(&steps->s1, &steps->s2, &op, &steps->violation);
}

static void an_empty_machine_is_initial_and_another_is_not(void **state)
{
    struct low_level_state empty = {0};
    struct steps steps;
    (void)state;
    assert_true(low_level_init(&empty, NULL));
    open(&steps, 0);
    assert_violation(low_level_init(&steps.s1, &steps.violation), &steps.violation, "hardware.init", "TLB");
    mappings_remove(&steps.s1.tlb, 0x1000);
    assert_violation(low_level_init(&steps.s1, &steps.violation), &steps.violation, "hardware.init",
                     "mapped");
    close(&steps);
}

static void a_hit_reads_through_the_tlb_and_leaves_it(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, 0);
    assert_true(reads(&steps, 0x1000, RESULT_OK, 11));
    assert_violation(reads(&steps, 0x1000, RESULT_OK, 12), &steps.violation, "hardware.read",
                     "not the word at pa 0x5000");
    assert_violation(reads(&steps, 0x1000, RESULT_ERR, 0), &steps.violation, "hardware.read", "it fails");
    assert_violation(reads(&steps, 0x1004, RESULT_OK, 11), &steps.violation, "hardware.read", "aligned");
    add_mapping(&steps.s2.tlb, 0x3000, 0x7000, "r--u");
    assert_violation(reads(&steps, 0x1000, RESULT_OK, 11), &steps.violation, "hardware.read",
                     "the TLB changes, though it hits");
    close(&steps);
}

/* That is what makes a stale entry matter. */
static void a_hit_does_not_look_at_the_table(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, 0);
    mappings_remove(&steps.s1.pt.interpretation, 0x1000);
    mappings_remove(&steps.s2.pt.interpretation, 0x1000);
    assert_true(reads(&steps, 0x1000, RESULT_OK, 11));
    assert_false(reads(&steps, 0x1000, RESULT_ERR, 0));
    close(&steps);
    open(&steps, EXTENSION_SPECULATION); /* the entry may have been dropped before */
    mappings_remove(&steps.s1.pt.interpretation, 0x1000);
    mappings_remove(&steps.s2.pt.interpretation, 0x1000);
    assert_true(reads(&steps, 0x1000, RESULT_ERR, 0));
    close(&steps);
}

static void a_miss_reads_through_the_table_and_fills(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, 0);
    assert_violation(reads(&steps, 0x3000, RESULT_OK, 22), &steps.violation, "hardware.read",
                     "not as a miss leaves it");
    add_mapping(&steps.s2.tlb, 0x3000, 0x7000, "r--u");
    assert_true(reads(&steps, 0x3000, RESULT_OK, 22));
    mappings_remove(&steps.s2.tlb, 0x1000); /* one entry may have to go */
    assert_true(reads(&steps, 0x3000, RESULT_OK, 22));
    add_mapping(&steps.s1.tlb, 0x9000, 0x9000, "rw-u"); /* not two */
    assert_violation(reads(&steps, 0x3000, RESULT_OK, 22), &steps.violation, "hardware.read",
                     "not as a miss leaves it");
    close(&steps);
    open(&steps, 0);
    add_mapping(&steps.s2.tlb, 0x3000, 0x7000, "rw-u");
    assert_violation(reads(&steps, 0x3000, RESULT_OK, 22), &steps.violation, "hardware.read",
                     "not as a miss leaves it");
    close(&steps);
    open(&steps, EXTENSION_FILLS);
    assert_true(reads(&steps, 0x3000, RESULT_OK, 22));
    close(&steps);
}

static void a_miss_without_a_mapping_fails_and_fills_nothing(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, 0);
    assert_true(reads(&steps, 0x2000, RESULT_ERR, 0));
    assert_violation(reads(&steps, 0x2000, RESULT_OK, 0), &steps.violation, "hardware.read",
                     "nothing permits it");
    add_mapping(&steps.s2.tlb, 0x2000, 0x6000, "r--u");
    assert_violation(reads(&steps, 0x2000, RESULT_ERR, 0), &steps.violation, "hardware.read",
                     "nothing is mapped at va 0x2000");
    close(&steps);
}

static void the_seed_fills_though_the_access_is_forbidden(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, 0);
    assert_false(writes(&steps, 0x3000, RESULT_ERR, 5));
    add_mapping(&steps.s2.tlb, 0x3000, 0x7000, "r--u");
    assert_true(writes(&steps, 0x3000, RESULT_ERR, 5));
    close(&steps);
    open(&steps, EXTENSION_FILLS);
    assert_true(writes(&steps, 0x3000, RESULT_ERR, 5));
    close(&steps);
}

static void write_changes_one_physical_word(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, 0);
    assert_violation(writes(&steps, 0x1008, RESULT_OK, 5), &steps.violation, "hardware.write",
                     "with the word at pa 0x5008 written");
    assert_true(word_map_write(&steps.s2.mem.words, 0x5008 / WORD_BYTES, 5));
    assert_true(writes(&steps, 0x1008, RESULT_OK, 5));
    assert_false(writes(&steps, 0x1008, RESULT_ERR, 5));
    assert_true(word_map_write(&steps.s2.mem.words, 0x7000 / WORD_BYTES, 0));
    assert_false(writes(&steps, 0x1008, RESULT_OK, 5));
    close(&steps);
}

static void no_access_changes_the_page_table(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, 0);
    assert_true(word_map_write(&steps.s2.pt.words, 0x80000 / WORD_BYTES, 98));
    assert_violation(reads(&steps, 0x1000, RESULT_OK, 11), &steps.violation, "hardware.read",
                     "a word of the page table");
    close(&steps);
    open(&steps, 0);
    mappings_remove(&steps.s2.pt.interpretation, 0x3000);
    assert_violation(reads(&steps, 0x1000, RESULT_OK, 11), &steps.violation, "hardware.read",
                     "the page table changes");
    close(&steps);
}

static void hardware_marks_entries_where_they_have_a_state(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, EXTENSION_STATE);
    steps.s1.extensions.hardware_access = steps.s2.extensions.hardware_access = true;
    assert_true(word_map_write(&steps.s1.pt.states, 0x1000, FRAME_OLD | FRAME_CLEAN));
    assert_true(word_map_write(&steps.s2.pt.states, 0x1000, FRAME_CLEAN));
    assert_true(word_map_write(&steps.s2.pt.words, 0x80000 / WORD_BYTES, 98));
    assert_true(reads(&steps, 0x1000, RESULT_OK, 11));
    assert_true(writes(&steps, 0x1000, RESULT_ERR, 5));
    assert_true(word_map_write(&steps.s2.pt.states, 0x1000, 0));
    assert_violation(reads(&steps, 0x1000, RESULT_OK, 11), &steps.violation, "hardware.read", "state");
    close(&steps);
}

static void eviction_drops_one_entry(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, 0);
    assert_violation(low_level_tlb_evict(&steps.s1, &steps.s2, 0x1000, &steps.violation), &steps.violation,
                     "hardware.tlb_evict", "without the entry");
    mappings_remove(&steps.s2.tlb, 0x1000);
    assert_true(low_level_tlb_evict(&steps.s1, &steps.s2, 0x1000, NULL));
    assert_violation(low_level_tlb_evict(&steps.s1, &steps.s2, 0x3000, &steps.violation), &steps.violation,
                     "hardware.tlb_evict", "no entry");
    assert_true(word_map_write(&steps.s2.mem.words, 1, 1));
    assert_false(low_level_tlb_evict(&steps.s1, &steps.s2, 0x1000, NULL));
    close(&steps);
}

static void page_table_operations_keep_memory_and_add_no_entry(void **state)
{
    struct steps steps;
    struct map_op op = map_of(0x2000, 0x6000, "rw-u", RESULT_OK);
    (void)state;
    open(&steps, 0);
    assert_violation(low_level_map(&steps.s1, &steps.s2, &op, &steps.violation), &steps.violation,
                     "page_table.map", "the new one");
    add_mapping(&steps.s2.pt.interpretation, 0x2000, 0x6000, "rw-u");
    assert_true(low_level_map(&steps.s1, &steps.s2, &op, NULL));
    mappings_remove(&steps.s2.tlb, 0x1000);
    assert_true(low_level_map(&steps.s1, &steps.s2, &op, NULL));
    add_mapping(&steps.s2.tlb, 0x2000, 0x6000, "rw-u");
    assert_violation(low_level_map(&steps.s1, &steps.s2, &op, &steps.violation), &steps.violation,
                     "hardware.pt_op", "new entry for va 0x2000");
    steps.s1.extensions.set = steps.s2.extensions.set = EXTENSION_SPECULATION;
    assert_true(low_level_map(&steps.s1, &steps.s2, &op, NULL));
    assert_true(word_map_write(&steps.s2.mem.words, 1, 1));
    assert_violation(low_level_map(&steps.s1, &steps.s2, &op, &steps.violation), &steps.violation,
                     "hardware.pt_op", "memory changes");
    close(&steps);
}

static void unmap_leaves_no_entry(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, 0);
    mappings_remove(&steps.s2.pt.interpretation, 0x1000);
    assert_violation(unmaps(&steps, 0x1000, RESULT_OK), &steps.violation, "low_level.unmap",
                     "still has an entry");
    mappings_remove(&steps.s2.tlb, 0x1000);
    assert_true(unmaps(&steps, 0x1000, RESULT_OK));
    close(&steps);
    open(&steps, EXTENSION_REFUSALS);
    assert_true(unmaps(&steps, 0x1000, RESULT_REFUSED));
    assert_false(unmaps(&steps, 0x1000, RESULT_OK));
    close(&steps);
}

static void protect_leaves_no_entry_with_the_old_attributes(void **state)
{
    struct steps steps;
    const struct protect_op op = {.vaddr = 0x1000, .attributes = attributes_of("r--u"), .result = RESULT_OK};
    (void)state;
    open(&steps, EXTENSION_PROTECT | EXTENSION_SPECULATION);
    mappings_remove(&steps.s2.pt.interpretation, 0x1000);
    add_mapping(&steps.s2.pt.interpretation, 0x1000, 0x5000, "r--u");
    assert_violation(low_level_protect(&steps.s1, &steps.s2, &op, &steps.violation), &steps.violation,
                     "low_level.protect", "entry of before");
    add_mapping(&steps.s2.tlb, 0x1000, 0x5000, "r--u");
    assert_false(low_level_protect(&steps.s1, &steps.s2, &op, NULL));
    mappings_remove(&steps.s2.tlb, 0x1000);
    assert_true(low_level_protect(&steps.s1, &steps.s2, &op, NULL));
    add_mapping(&steps.s2.tlb, 0x1000, 0x5000, "r--u");
    assert_true(low_level_protect(&steps.s1, &steps.s2, &op, NULL));
    close(&steps);
}

static void query_is_a_page_table_operation(void **state)
{
    struct steps steps;
    const struct query_op op = {
        .vaddr = 0x1008, .result = RESULT_OK, .found = mapping_of(0x1000, 0x5000, "rw-u")};
    (void)state;
    open(&steps, 0);
    assert_true(low_level_query(&steps.s1, &steps.s2, &op, NULL));
    assert_true(word_map_write(&steps.s2.mem.words, 1, 1));
    assert_false(low_level_query(&steps.s1, &steps.s2, &op, NULL));
    close(&steps);
}

static void speculation_fills_with_what_is_mapped(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, EXTENSION_SPECULATION);
    mappings_remove(&steps.s2.tlb, 0x1000);
    add_mapping(&steps.s2.tlb, 0x3000, 0x7000, "r--u");
    assert_true(low_level_speculate(&steps.s1, &steps.s2, NULL));
    add_mapping(&steps.s2.tlb, 0x2000, 0x7000, "r--u");
    assert_violation(low_level_speculate(&steps.s1, &steps.s2, &steps.violation), &steps.violation,
                     "hardware.speculate", "new entry for va 0x2000");
    close(&steps);
    open(&steps, 0);
    assert_violation(low_level_speculate(&steps.s1, &steps.s2, &steps.violation), &steps.violation,
                     "hardware.speculate", "no such transition");
    close(&steps);
}

static void fetch_is_an_extension_that_needs_the_right_to_execute(void **state)
{
    struct steps steps;
    const struct read_op op = {.vaddr = 0x1000, .result = RESULT_ERR};
    (void)state;
    open(&steps, 0);
    assert_violation(low_level_fetch(&steps.s1, &steps.s2, &op, &steps.violation), &steps.violation,
                     "hardware.fetch", "no such transition");
    close(&steps);
    open(&steps, EXTENSION_FETCH);
    assert_true(low_level_fetch(&steps.s1, &steps.s2, &op, NULL));
    const struct read_op wrong = {.vaddr = 0x1000, .result = RESULT_OK, .value = 11};
    assert_false(low_level_fetch(&steps.s1, &steps.s2, &wrong, NULL));
    close(&steps);
}

static void nothing_but_accesses_changes_the_state_of_entries(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, 0);
    assert_true(word_map_write(&steps.s2.pt.states, 0x1000, FRAME_CLEAN));
    assert_violation(reads(&steps, 0x1000, RESULT_OK, 11), &steps.violation, "hardware.read",
                     "state of an entry");
    mappings_remove(&steps.s2.tlb, 0x1000);
    assert_violation(low_level_tlb_evict(&steps.s1, &steps.s2, 0x1000, &steps.violation), &steps.violation,
                     "hardware.tlb_evict", "page table");
    close(&steps);
    open(&steps, EXTENSION_STATE | EXTENSION_SPECULATION);
    assert_true(word_map_write(&steps.s1.pt.states, 0x1000, FRAME_OLD));
    assert_violation(low_level_speculate(&steps.s1, &steps.s2, &steps.violation), &steps.violation,
                     "hardware.speculate", "state of entries");
    steps.s1.extensions.hardware_access = steps.s2.extensions.hardware_access = true;
    assert_true(low_level_speculate(&steps.s1, &steps.s2, NULL));
    close(&steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_machine_is_initial_and_another_is_not),
        cmocka_unit_test(a_hit_reads_through_the_tlb_and_leaves_it),
        cmocka_unit_test(a_hit_does_not_look_at_the_table),
        cmocka_unit_test(a_miss_reads_through_the_table_and_fills),
        cmocka_unit_test(a_miss_without_a_mapping_fails_and_fills_nothing),
        cmocka_unit_test(the_seed_fills_though_the_access_is_forbidden),
        cmocka_unit_test(write_changes_one_physical_word),
        cmocka_unit_test(no_access_changes_the_page_table),
        cmocka_unit_test(hardware_marks_entries_where_they_have_a_state),
        cmocka_unit_test(eviction_drops_one_entry),
        cmocka_unit_test(page_table_operations_keep_memory_and_add_no_entry),
        cmocka_unit_test(unmap_leaves_no_entry),
        cmocka_unit_test(protect_leaves_no_entry_with_the_old_attributes),
        cmocka_unit_test(query_is_a_page_table_operation),
        cmocka_unit_test(speculation_fills_with_what_is_mapped),
        cmocka_unit_test(fetch_is_an_extension_that_needs_the_right_to_execute),
        cmocka_unit_test(nothing_but_accesses_changes_the_state_of_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
