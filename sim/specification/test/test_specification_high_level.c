/* Each transition of the high-level state machine, with a step that it allows and steps that it does not. */
#include "sim/specification/test/states.h"

struct steps {
    struct high_level_state s1;
    struct high_level_state s2;
    struct violation violation;
};

static void open(struct steps *steps, uint32_t extensions)
{
    *steps = (struct steps){0};
    open_high_level(&steps->s1, extensions);
    open_high_level(&steps->s2, extensions);
}

static void close(struct steps *steps)
{
    high_level_state_destroy(&steps->s1);
    high_level_state_destroy(&steps->s2);
}

static bool reads(struct steps *steps, uint64_t va, enum result result, uint64_t value)
{
    const struct read_op op = {.vaddr = va, .result = result, .value = value};
    return high_level_read(&steps->s1, &steps->s2, &op, &steps->violation);
}

static bool fetches(struct steps *steps, uint64_t va, enum result result, uint64_t value)
{
    const struct read_op op = {.vaddr = va, .result = result, .value = value};
    return high_level_fetch(&steps->s1, &steps->s2, &op, &steps->violation);
}

static bool writes(struct steps *steps, uint64_t va, enum result result, uint64_t value)
{
    const struct write_op op = {.vaddr = va, .result = result, .value = value};
    return high_level_write(&steps->s1, &steps->s2, &op, &steps->violation);
}

static bool maps(struct steps *steps, const struct map_op *op)
{
    return high_level_map(&steps->s1, &steps->s2, op, &steps->violation);
}

static bool unmaps(struct steps *steps, uint64_t va, enum result result)
{
    const struct unmap_op op = {.vaddr = va, .result = result};
    return high_level_unmap(&steps->s1, &steps->s2, &op, &steps->violation);
}

static bool queries(struct steps *steps, uint64_t va, enum result result, struct mapping found)
{
    const struct query_op op = {.vaddr = va, .result = result, .found = found};
    return high_level_query(&steps->s1, &steps->s2, &op, &steps->violation);
}

static void put(struct high_level_state *state, uint64_t va, uint64_t value)
{
    assert_true(word_map_write(&state->mem.words, va / WORD_BYTES, value));
}

static void remap(struct high_level_state *state, uint64_t va, uint64_t pa, const char *attributes)
{
    mappings_remove(&state->mappings, va);
    if (attributes)
        add_mapping(&state->mappings, va, pa, attributes);
    assert_true(virtual_memory_cover(&state->mem, &state->mappings));
}

static void an_empty_memory_is_initial_and_another_is_not(void **state)
{
    struct high_level_state memory = {0};
    struct steps steps;
    (void)state;
    assert_true(high_level_init(&memory, NULL));
    open(&steps, 0);
    assert_violation(high_level_init(&steps.s1, &steps.violation), &steps.violation, "high_level.init",
                     "not empty");
    close(&steps);
}

static void read_gives_the_word_and_changes_nothing(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, 0);
    assert_true(reads(&steps, 0x1000, RESULT_OK, 11));
    assert_true(reads(&steps, 0x1008, RESULT_OK, 0));
    assert_violation(reads(&steps, 0x1000, RESULT_OK, 12), &steps.violation, "high_level.read",
                     "not the word at va 0x1000");
    assert_violation(reads(&steps, 0x1000, RESULT_ERR, 11), &steps.violation, "high_level.read", "it fails");
    assert_violation(reads(&steps, 0x1001, RESULT_OK, 11), &steps.violation, "high_level.read", "aligned");
    put(&steps.s2, 0x1010, 5);
    assert_violation(reads(&steps, 0x1000, RESULT_OK, 11), &steps.violation, "high_level.read", "memory");
    close(&steps);
    open(&steps, 0);
    remap(&steps.s2, 0x1000, 0x5000, "r--u");
    assert_violation(reads(&steps, 0x1000, RESULT_OK, 11), &steps.violation, "high_level.read", "mappings");
    close(&steps);
}

static void read_fails_where_nothing_permits_it(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, 0);
    for (unsigned both = 0; both < 2; both++) {
        struct high_level_state *one = both ? &steps.s2 : &steps.s1;
        remap(one, 0x4000, 0x8000, "-w-u");
        remap(one, 0x5000, 0x9000, "rw-");
        remap(one, 0x6000, PMEM_SIZE, "rw-u");
    }
    for (uint64_t va = 0x4000; va <= 0x7000; va += PAGE) {
        assert_true(reads(&steps, va, RESULT_ERR, 0));
        assert_violation(reads(&steps, va, RESULT_OK, 0), &steps.violation, "high_level.read",
                         "nothing permits it");
    }
    close(&steps);
}

static void write_changes_one_word(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, 0);
    assert_violation(writes(&steps, 0x1000, RESULT_OK, 33), &steps.violation, "high_level.write",
                     "with 0x21 at va 0x1000");
    put(&steps.s2, 0x1000, 33);
    assert_true(writes(&steps, 0x1000, RESULT_OK, 33));
    assert_violation(writes(&steps, 0x1000, RESULT_ERR, 33), &steps.violation, "high_level.write",
                     "it fails");
    put(&steps.s2, 0x3000, 0);
    assert_false(writes(&steps, 0x1000, RESULT_OK, 33));
    close(&steps);
}

static void write_fails_where_nothing_permits_it(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, 0);
    assert_true(writes(&steps, 0x3000, RESULT_ERR, 33));
    assert_true(writes(&steps, 0x2000, RESULT_ERR, 33));
    put(&steps.s2, 0x3000, 33);
    assert_violation(writes(&steps, 0x3000, RESULT_OK, 33), &steps.violation, "high_level.write",
                     "nothing permits it");
    assert_violation(writes(&steps, 0x3000, RESULT_ERR, 33), &steps.violation, "high_level.write", "memory");
    close(&steps);
}

static void a_write_is_seen_at_every_alias(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, EXTENSION_ALIASES);
    remap(&steps.s1, 0x4000, 0x5000, "r--u");
    remap(&steps.s2, 0x4000, 0x5000, "r--u");
    put(&steps.s1, 0x4000, 11);
    put(&steps.s2, 0x4000, 11);
    put(&steps.s2, 0x1000, 33);
    assert_false(writes(&steps, 0x1000, RESULT_OK, 33));
    put(&steps.s2, 0x4000, 33);
    assert_true(writes(&steps, 0x1000, RESULT_OK, 33));
    put(&steps.s2, 0x4008, 33);
    assert_false(writes(&steps, 0x1000, RESULT_OK, 33));
    close(&steps);
}

static void fetch_needs_the_right_to_execute(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, EXTENSION_FETCH);
    assert_true(fetches(&steps, 0x1000, RESULT_ERR, 0));
    assert_violation(fetches(&steps, 0x1000, RESULT_OK, 11), &steps.violation, "high_level.fetch",
                     "nothing permits it");
    remap(&steps.s1, 0x1000, 0x5000, "--xu");
    remap(&steps.s2, 0x1000, 0x5000, "--xu");
    assert_true(fetches(&steps, 0x1000, RESULT_OK, 11));
    assert_false(reads(&steps, 0x1000, RESULT_OK, 11));
    close(&steps);
    open(&steps, 0);
    assert_violation(fetches(&steps, 0x1000, RESULT_ERR, 0), &steps.violation, "high_level.fetch",
                     "no such transition");
    close(&steps);
}

static void kernel_reads_what_the_format_lets_it(void **state)
{
    struct steps steps;
    struct read_op op = {.vaddr = 0x5000, .privilege = PRIVILEGE_KERNEL, .result = RESULT_OK};
    (void)state;
    open(&steps, 0);
    remap(&steps.s1, 0x5000, 0x9000, "rw-");
    remap(&steps.s2, 0x5000, 0x9000, "rw-");
    assert_false(high_level_read(&steps.s1, &steps.s2, &op, NULL));
    steps.s1.constants.extensions.set = EXTENSION_PRIVILEGE;
    steps.s1.constants.extensions.format = walk_format_find("vmsa-4k-48");
    steps.s2.constants = steps.s1.constants;
    assert_true(high_level_read(&steps.s1, &steps.s2, &op, NULL));
    op.privilege = PRIVILEGE_USER;
    assert_false(high_level_read(&steps.s1, &steps.s2, &op, NULL));
    op = (struct read_op){.vaddr = 0x1008, .privilege = PRIVILEGE_KERNEL, .result = RESULT_OK};
    assert_true(high_level_read(&steps.s1, &steps.s2, &op, NULL));
    steps.s1.constants.extensions.controls.flags |= CONTROL_PAN;
    steps.s2.constants = steps.s1.constants;
    assert_false(high_level_read(&steps.s1, &steps.s2, &op, NULL));
    close(&steps);
}

static void old_entries_become_accessed_or_fault(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, EXTENSION_STATE);
    assert_true(word_map_write(&steps.s1.states, 0x1000, FRAME_OLD));
    assert_true(word_map_write(&steps.s2.states, 0x1000, FRAME_OLD));
    assert_true(reads(&steps, 0x1000, RESULT_ERR, 0));
    assert_violation(reads(&steps, 0x1000, RESULT_OK, 11), &steps.violation, "high_level.read",
                     "nothing permits it");
    steps.s1.constants.extensions.hardware_access = true;
    steps.s2.constants = steps.s1.constants;
    assert_violation(reads(&steps, 0x1000, RESULT_OK, 11), &steps.violation, "high_level.read", "state");
    assert_true(word_map_write(&steps.s2.states, 0x1000, 0));
    assert_true(reads(&steps, 0x1000, RESULT_OK, 11));
    close(&steps);
}

static void clean_entries_become_dirty_by_writes_alone(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, EXTENSION_STATE);
    assert_true(word_map_write(&steps.s1.states, 0x1000, FRAME_CLEAN));
    assert_true(word_map_write(&steps.s2.states, 0x1000, FRAME_CLEAN));
    assert_true(reads(&steps, 0x1000, RESULT_OK, 11));
    assert_true(writes(&steps, 0x1000, RESULT_ERR, 33));
    steps.s1.constants.extensions.hardware_dirty = true;
    steps.s2.constants = steps.s1.constants;
    put(&steps.s2, 0x1000, 33);
    assert_violation(writes(&steps, 0x1000, RESULT_OK, 33), &steps.violation, "high_level.write", "state");
    assert_true(word_map_write(&steps.s2.states, 0x1000, 0));
    assert_true(writes(&steps, 0x1000, RESULT_OK, 33));
    put(&steps.s2, 0x1000, 11);
    assert_violation(reads(&steps, 0x1000, RESULT_OK, 11), &steps.violation, "high_level.read", "state");
    close(&steps);
}

static void map_adds_words_and_keeps_the_others(void **state)
{
    struct steps steps;
    const struct map_op op = map_of(0x2000, 0x6000, "rw-u", RESULT_OK);
    (void)state;
    open(&steps, EXTENSION_CONTENTS);
    add_mapping(&steps.s2.mappings, 0x2000, 0x6000, "rw-u");
    assert_violation(maps(&steps, &op), &steps.violation, "high_level.map", "what the mappings cover");
    assert_true(virtual_memory_cover(&steps.s2.mem, &steps.s2.mappings));
    assert_int_equal(steps.s2.mem.ranges, 1); /* three pages that touch */
    put(&steps.s2, 0x2000, 7);
    assert_true(maps(&steps, &op));
    put(&steps.s2, 0x3000, 7);
    assert_violation(maps(&steps, &op), &steps.violation, "high_level.map", "word at va 0x3000 changes");
    put(&steps.s2, 0x3000, 0);
    assert_violation(maps(&steps, &op), &steps.violation, "high_level.map", "word at va 0x3000 changes");
    steps.s1.constants.extensions.set = steps.s2.constants.extensions.set = 0;
    assert_true(maps(&steps, &op)); /* the seed looks at the domain alone */
    close(&steps);
}

static void a_new_alias_shows_what_the_frame_holds(void **state)
{
    struct steps steps;
    const struct map_op op = map_of(0x2000, 0x5000, "rw-u", RESULT_OK);
    (void)state;
    open(&steps, EXTENSION_CONTENTS | EXTENSION_ALIASES);
    remap(&steps.s2, 0x2000, 0x5000, "rw-u");
    assert_violation(maps(&steps, &op), &steps.violation, "high_level.map", "mapped twice");
    put(&steps.s2, 0x2000, 11);
    assert_true(maps(&steps, &op));
    close(&steps);
}

static void map_fails_or_has_no_precondition(void **state)
{
    struct steps steps;
    struct map_op op = map_of(0x1000, 0x6000, "rw-u", RESULT_ERR);
    (void)state;
    open(&steps, 0);
    assert_true(maps(&steps, &op));
    put(&steps.s2, 0x1000, 5);
    assert_violation(maps(&steps, &op), &steps.violation, "high_level.map", "memory changes");
    op = map_of(0x2000, 0x7000, "rw-u", RESULT_ERR);
    assert_violation(maps(&steps, &op), &steps.violation, "high_level.map", "overlaps");
    op = map_of(0x2800, 0x6000, "rw-u", RESULT_ERR);
    assert_violation(maps(&steps, &op), &steps.violation, "high_level.map", "address is not aligned");
    op = map_of(0x2000, 0x6800, "rw-u", RESULT_ERR);
    assert_violation(maps(&steps, &op), &steps.violation, "high_level.map", "frame is not aligned");
    close(&steps);
    open(&steps, EXTENSION_ANSWERS);
    assert_true(maps(&steps, &op));
    close(&steps);
}

static void unmap_takes_its_words_and_no_others(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, EXTENSION_CONTENTS);
    mappings_remove(&steps.s2.mappings, 0x1000);
    assert_violation(unmaps(&steps, 0x1000, RESULT_OK), &steps.violation, "high_level.unmap",
                     "what the mappings cover");
    assert_true(virtual_memory_cover(&steps.s2.mem, &steps.s2.mappings));
    assert_int_equal(steps.s2.mem.words.count, 1);
    assert_true(unmaps(&steps, 0x1000, RESULT_OK));
    put(&steps.s2, 0x3000, 0);
    assert_violation(unmaps(&steps, 0x1000, RESULT_OK), &steps.violation, "high_level.unmap",
                     "word at va 0x3000");
    close(&steps);
    open(&steps, 0);
    assert_true(unmaps(&steps, 0x2000, RESULT_ERR));
    assert_violation(unmaps(&steps, 0x2000, RESULT_OK), &steps.violation, "high_level.unmap",
                     "no mapping has this base");
    assert_violation(unmaps(&steps, 0x1008, RESULT_ERR), &steps.violation, "high_level.unmap", "aligned");
    assert_violation(unmaps(&steps, 0x1000, RESULT_ERR), &steps.violation, "high_level.unmap", "it fails");
    close(&steps);
}

static void protect_keeps_memory(void **state)
{
    struct steps steps;
    const struct protect_op op = {.vaddr = 0x1000, .attributes = attributes_of("r--u"), .result = RESULT_OK};
    (void)state;
    open(&steps, EXTENSION_PROTECT);
    remap(&steps.s2, 0x1000, 0x5000, "r--u");
    put(&steps.s2, 0x1000, 11);
    assert_true(high_level_protect(&steps.s1, &steps.s2, &op, NULL));
    put(&steps.s2, 0x1000, 12);
    assert_violation(high_level_protect(&steps.s1, &steps.s2, &op, &steps.violation), &steps.violation,
                     "high_level.protect", "memory changes");
    remap(&steps.s2, 0x1000, 0x5000, "rw-u");
    assert_violation(high_level_protect(&steps.s1, &steps.s2, &op, &steps.violation), &steps.violation,
                     "high_level.protect", "with these attributes");
    close(&steps);
}

static void query_tells_the_mapping_and_changes_nothing(void **state)
{
    struct steps steps;
    const struct mapping right = mapping_of(0x1000, 0x5000, "rw-u");
    (void)state;
    open(&steps, 0);
    assert_true(queries(&steps, 0x1008, RESULT_OK, right));
    assert_true(queries(&steps, 0x2008, RESULT_ERR, right));
    assert_false(queries(&steps, 0x2008, RESULT_OK, right));
    assert_false(queries(&steps, 0x1008, RESULT_ERR, right));
    put(&steps.s2, 0x1000, 12);
    assert_violation(queries(&steps, 0x1008, RESULT_OK, right), &steps.violation, "high_level.query",
                     "memory");
    close(&steps);
}

static void identity_is_the_same_state(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, 0);
    assert_true(high_level_identity(&steps.s1, &steps.s2, NULL));
    assert_true(high_level_state_equal(&steps.s1, &steps.s2));
    put(&steps.s2, 0x1000, 12);
    assert_violation(high_level_identity(&steps.s1, &steps.s2, &steps.violation), &steps.violation,
                     "high_level.identity", "memory");
    assert_false(high_level_state_equal(&steps.s1, &steps.s2));
    put(&steps.s2, 0x1000, 11);
    remap(&steps.s2, 0x1000, 0x5000, NULL);
    assert_false(high_level_identity(&steps.s1, &steps.s2, NULL));
    close(&steps);
}

static void successors_are_steps_of_the_relation(void **state)
{
    struct steps steps;
    struct write_op write = {.vaddr = 0x1010, .value = 9};
    struct read_op read = {.vaddr = 0x1010};
    struct protect_op protect = {.vaddr = 0x1000, .attributes = attributes_of("r--u")};
    struct unmap_op unmap = {.vaddr = 0x3000};
    (void)state;
    open(&steps, EXTENSION_PROTECT | EXTENSION_CONTENTS);
    assert_true(high_level_write_step(&steps.s2, &write));
    assert_true(high_level_write(&steps.s1, &steps.s2, &write, NULL));
    assert_true(high_level_state_copy(&steps.s1, &steps.s2));
    assert_true(high_level_read_step(&steps.s2, &read));
    assert_int_equal(read.value, 9);
    assert_true(high_level_read(&steps.s1, &steps.s2, &read, NULL));
    assert_true(high_level_protect_step(&steps.s2, &protect));
    assert_true(high_level_protect(&steps.s1, &steps.s2, &protect, NULL));
    assert_true(high_level_state_copy(&steps.s1, &steps.s2));
    assert_true(high_level_unmap_step(&steps.s2, &unmap));
    assert_true(high_level_unmap(&steps.s1, &steps.s2, &unmap, NULL));
    assert_true(high_level_write_step(&steps.s2, &write));
    assert_int_equal(write.result, RESULT_ERR);
    close(&steps);
}

static bool protects(struct steps *steps, uint64_t va, const char *attributes, enum result result)
{
    const struct protect_op op = {.vaddr = va, .attributes = attributes_of(attributes), .result = result};
    return high_level_protect(&steps->s1, &steps->s2, &op, &steps->violation);
}

static void a_mapping_without_words_is_not_initial(void **state)
{
    struct high_level_state memory = {0};
    struct violation violation;
    (void)state;
    add_mapping(&memory.mappings, 0x1000, 0x5000, "rw-u");
    assert_violation(high_level_init(&memory, &violation), &violation, "high_level.init", "mapped");
    high_level_state_destroy(&memory);
}

static void no_transition_changes_a_constant(void **state)
{
    struct steps steps;
    const struct map_op op = map_of(0x1000, 0x6000, "rw-u", RESULT_ERR);
    (void)state;
    open(&steps, EXTENSION_PROTECT);
    steps.s2.constants.pmem_ub /= 2;
    assert_violation(maps(&steps, &op), &steps.violation, "high_level.map", "constants");
    assert_violation(unmaps(&steps, 0x2000, RESULT_ERR), &steps.violation, "high_level.unmap", "constants");
    assert_violation(reads(&steps, 0x1000, RESULT_OK, 11), &steps.violation, "high_level.read", "constants");
    assert_violation(protects(&steps, 0x2000, "r--u", RESULT_ERR), &steps.violation, "high_level.protect",
                     "constants");
    assert_violation(queries(&steps, 0x2000, RESULT_ERR, mapping_of(0, 0, "r--")), &steps.violation,
                     "high_level.query", "constants");
    close(&steps);
}

static void map_adds_the_mapping_that_was_asked_for(void **state)
{
    struct steps steps;
    struct map_op op = map_of(0x2000, 0x6000, "rw-u", RESULT_OK);
    (void)state;
    open(&steps, 0);
    remap(&steps.s2, 0x2000, 0x6000, "r--u");
    assert_violation(maps(&steps, &op), &steps.violation, "high_level.map", "the new one");
    remap(&steps.s2, 0x2000, 0x6000, "rw-u");
    assert_true(maps(&steps, &op));
    op.result = RESULT_ERR;
    assert_violation(maps(&steps, &op), &steps.violation, "high_level.map", "it fails");
    close(&steps);
}

static void unmap_removes_the_mapping_that_was_asked_for(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, 0);
    remap(&steps.s2, 0x3000, 0, NULL);
    assert_violation(unmaps(&steps, 0x1000, RESULT_OK), &steps.violation, "high_level.unmap",
                     "without this one");
    assert_true(unmaps(&steps, 0x3000, RESULT_OK));
    close(&steps);
}

static void refusals_are_an_extension(void **state)
{
    struct steps steps;
    const struct map_op op = map_of(0x2000, 0x6000, "rw-u", RESULT_REFUSED);
    (void)state;
    open(&steps, 0);
    assert_violation(maps(&steps, &op), &steps.violation, "high_level.map", "refused");
    steps.s1.constants.extensions.set = steps.s2.constants.extensions.set = EXTENSION_REFUSALS;
    assert_true(maps(&steps, &op));
    put(&steps.s2, 0x1000, 12);
    assert_violation(maps(&steps, &op), &steps.violation, "high_level.map", "memory changes");
    close(&steps);
}

static void protect_is_an_extension_and_must_not_fail(void **state)
{
    struct steps steps;
    (void)state;
    open(&steps, 0);
    assert_violation(protects(&steps, 0x2000, "r--u", RESULT_ERR), &steps.violation, "high_level.protect",
                     "no such transition");
    close(&steps);
    open(&steps, EXTENSION_PROTECT);
    assert_true(protects(&steps, 0x2000, "r--u", RESULT_ERR));
    remap(&steps.s2, 0x1000, 0x5000, "r--u");
    put(&steps.s2, 0x1000, 11);
    assert_violation(protects(&steps, 0x1000, "r--u", RESULT_ERR), &steps.violation, "high_level.protect",
                     "it fails");
    close(&steps);
}

static void operations_give_entries_their_state(void **state)
{
    struct steps steps;
    const struct map_op op = map_of(0x2000, 0x6000, "rw-uc", RESULT_OK);
    const struct map_op over = map_of(0x1000, 0x6000, "rw-u", RESULT_ERR);
    (void)state;
    open(&steps, EXTENSION_STATE);
    remap(&steps.s2, 0x2000, 0x6000, "rw-u");
    assert_violation(maps(&steps, &op), &steps.violation, "high_level.map", "state");
    assert_true(word_map_write(&steps.s2.states, 0x2000, FRAME_CLEAN));
    assert_true(maps(&steps, &op));
    remap(&steps.s2, 0x2000, 0, NULL);
    assert_violation(maps(&steps, &over), &steps.violation, "high_level.map", "state of an entry");
    close(&steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_memory_is_initial_and_another_is_not),
        cmocka_unit_test(read_gives_the_word_and_changes_nothing),
        cmocka_unit_test(read_fails_where_nothing_permits_it),
        cmocka_unit_test(write_changes_one_word),
        cmocka_unit_test(write_fails_where_nothing_permits_it),
        cmocka_unit_test(a_write_is_seen_at_every_alias),
        cmocka_unit_test(fetch_needs_the_right_to_execute),
        cmocka_unit_test(kernel_reads_what_the_format_lets_it),
        cmocka_unit_test(old_entries_become_accessed_or_fault),
        cmocka_unit_test(clean_entries_become_dirty_by_writes_alone),
        cmocka_unit_test(map_adds_words_and_keeps_the_others),
        cmocka_unit_test(a_new_alias_shows_what_the_frame_holds),
        cmocka_unit_test(map_fails_or_has_no_precondition),
        cmocka_unit_test(unmap_takes_its_words_and_no_others),
        cmocka_unit_test(protect_keeps_memory),
        cmocka_unit_test(query_tells_the_mapping_and_changes_nothing),
        cmocka_unit_test(identity_is_the_same_state),
        cmocka_unit_test(successors_are_steps_of_the_relation),
        cmocka_unit_test(a_mapping_without_words_is_not_initial),
        cmocka_unit_test(no_transition_changes_a_constant),
        cmocka_unit_test(map_adds_the_mapping_that_was_asked_for),
        cmocka_unit_test(unmap_removes_the_mapping_that_was_asked_for),
        cmocka_unit_test(refusals_are_an_extension),
        cmocka_unit_test(protect_is_an_extension_and_must_not_fail),
        cmocka_unit_test(operations_give_entries_their_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
