/*
 * The rules of refinement without time: right page tables that were once accused, and wrong ones that were
 * once let go, in pairs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "pagetables/radix.h"
#include "sim/explore/test/exploring.h"
#include "sim/explore/test/own_tables.h"
#include "sim/explore/test/small_fixture.h"

static const struct operation_call page_is_mapped = LIST_MAP_CALL(PAGE, FRAME, WRITABLE);

/* ---- the table is seen when it is at rest ---- */

static struct exploring unmap_alone(const struct pagetable_class *table, unsigned store_buffer)
{
    return (struct exploring){
        .table = table,
        .lists = {.core = {{{LIST_UNMAP(PAGE)}}}, .programs = 1},
        .before = {page_is_mapped},
        .before_count = 1,
        .machine = {.store_buffer = store_buffer, .contexts = {{.pages = {OTHER}, .page_count = 1}}}};
}

static void a_table_is_seen_after_every_operation(void **state)
{
    const struct pagetable_class lies = table_that_unmaps_nothing();
    (void)state;
    for (unsigned depth = 0; depth <= 2; depth++) {
        struct exploring wrong = unmap_alone(&lies, depth), right = unmap_alone(&pagetable_radix, depth);
        expect_finding(&wrong, FINDING(RULE_VIEW_DIFFERS));
        expect_clean(&right);
    }
}

/* ---- large pages ---- */

static struct exploring large_page(const struct pagetable_class *table, uint8_t size_lg2, bool unmaps)
{
    struct exploring exploring = {
        .table = table,
        .lists = {.core = {{{LIST_LOAD(PAGE + 0x3008), LIST_UNMAP(PAGE)}}}, .programs = 1},
        .before = {LIST_MAP_CALL(PAGE, FRAME, WRITABLE)},
        .before_count = 1,
        .machine = {.store_buffer = 1, .contexts = {{.pages = {PAGE + 0x1000}, .page_count = 1}}}};
    exploring.before[0].frame.size_lg2 = size_lg2;
    if (!unmaps)
        exploring.lists.core[0].requests[1].kind = PROGRAM_END;
    return exploring;
}

static void pages_of_every_size_are_compared_whole(void **state)
{
    static const uint8_t sizes[] = {
        16, 21}; /* a run of contiguous entries, with as many invalidations; a block */
    const struct pagetable_class wrong = *pagetable_class_find("radix-forgets-invalidation");
    (void)state;
    for (unsigned i = 0; i < sizeof sizes; i++) {
        struct exploring good = large_page(&pagetable_radix, sizes[i], sizes[i] == 21);
        struct exploring bad = large_page(&wrong, sizes[i], true);
        expect_clean(&good);
        expect_finding(&bad, FINDING(RULE_STALE_ENTRY));
    }
}

/* ---- the state of entries ---- */

static struct exploring access_to(uint32_t attributes, bool hardware_access, bool hardware_dirty)
{
    return (struct exploring){
        .table = &pagetable_radix,
        .lists = {.core = {{{LIST_STORE(PAGE, 5), LIST_LOAD(PAGE)}}, {{LIST_MAP(OTHER, FRAME_2, WRITABLE)}}},
                  .programs = 2},
        .before = {LIST_MAP_CALL(PAGE, FRAME, attributes)},
        .before_count = 1,
        .machine = {.store_buffer = 1,
                    .contexts = {
                        {.regime = {.hardware_access = hardware_access, .hardware_dirty = hardware_dirty}}}}};
}

static void an_entry_that_software_makes_clean_or_old_may_fault(void **state)
{
    (void)state;
    for (unsigned hardware = 0; hardware < 3; hardware++) {
        struct exploring clean = access_to(WRITABLE | FRAME_CLEAN, hardware > 0, hardware > 1);
        struct exploring old = access_to(WRITABLE | FRAME_OLD, hardware > 0, hardware > 1);
        expect_clean(&clean);
        expect_clean(&old);
    }
}

/* ---- several windows of one core ---- */

static struct exploring two_maps_in_a_row(const struct pagetable_class *table)
{
    return (struct exploring){
        .table = table,
        .lists = {.core = {{{LIST_MAP(PAGE, FRAME, WRITABLE), LIST_MAP(PAGE + 0x1000, FRAME_2, WRITABLE)}},
                           {{LIST_LOAD(PAGE)}}},
                  .programs = 2},
        .before = {LIST_MAP_CALL(PAGE + 0x2000, FRAME + 0x2000, WRITABLE)},
        .before_count = 1,
        .machine = {.store_buffer = 4}};
}

static void the_window_of_an_operation_outlives_the_next_one(void **state)
{
    const struct pagetable_class unwaited = table_that_never_waits();
    struct exploring early = two_maps_in_a_row(&unwaited), late = two_maps_in_a_row(&pagetable_radix);
    (void)state;
    expect_clean(&early);
    expect_clean(&late);
}

/* ---- other contexts ---- */

static struct exploring other_space(bool own)
{
    struct exploring exploring = {
        .table = &pagetable_radix,
        .lists = {.core = {{{LIST_UNMAP(PAGE)}}, {{{.kind = PROGRAM_SWITCH, .value = 2}, LIST_LOAD(PAGE)}}},
                  .programs = 2},
        .before = {page_is_mapped},
        .before_count = 1,
        .machine = {.store_buffer = 1,
                    .context_count = 2,
                    .contexts = {{.page_count = 0}, {.regime = {.root = EXPLORING_TABLES}, .asid = 2}}}};
    if (own)
        exploring.lists.core[1] = (struct program_list){{LIST_LOAD(PAGE)}};
    return exploring;
}

static void what_another_space_holds_is_not_judged_by_this_one(void **state)
{
    const struct pagetable_class wrong = *pagetable_class_find("radix-forgets-invalidation");
    struct exploring elsewhere = other_space(false), here = other_space(true), bad = other_space(true);
    (void)state;
    bad.table = &wrong;
    expect_clean(&elsewhere);
    expect_clean(&here);
    expect_finding(&bad, FINDING(RULE_STALE_ENTRY));
}

/* ---- frames ---- */

static struct exploring map_twice_at_once(uint64_t frame)
{
    return (struct exploring){
        .table = &pagetable_radix,
        .lists = {.core = {{{LIST_MAP(PAGE, FRAME, WRITABLE)}}, {{LIST_MAP(OTHER, frame, WRITABLE)}}},
                  .programs = 2},
        .machine = {.store_buffer = 1}};
}

static void a_frame_that_is_being_mapped_is_in_use(void **state)
{
    struct exploring same = map_twice_at_once(FRAME), other = map_twice_at_once(FRAME_2);
    (void)state;
    expect_clean(&same);
    expect_clean(&other);
}

/* ---- rights that are added ---- */

static struct exploring protects(const struct pagetable_class *table, const char *format, uint32_t before,
                                 uint32_t after)
{
    return (struct exploring){
        .table = table,
        .format = format,
        .lists = {.core = {{{LIST_PROTECT(PAGE, after), LIST_QUERY(PAGE)}}, {{LIST_LOAD(PAGE)}}},
                  .programs = 2},
        .before = {LIST_MAP_CALL(PAGE, FRAME, before)},
        .before_count = 1,
        .machine = {.store_buffer = 1, .ordering = ORDERING_RISCV}};
}

static void rights_are_added_without_an_invalidation_where_faults_may_be_spurious(void **state)
{
    const struct pagetable_class in_place = table_that_protects_in_place();
    struct exploring added = protects(&in_place, "sv39", READABLE, WRITABLE);
    struct exploring taken = protects(&in_place, "sv39", WRITABLE, READABLE);
    struct exploring on_arm = protects(&in_place, NULL, READABLE, WRITABLE);
    struct exploring properly = protects(&pagetable_radix, "sv39", WRITABLE, READABLE);
    (void)state;
    on_arm.machine.ordering = ORDERING_ARM;
    expect_clean(&added);
    expect_clean(&properly);
    expect_finding(&taken, FINDING(RULE_STALE_ENTRY));
    expect_finding(&on_arm, FINDING(RULE_STALE_ENTRY));
}

/* ---- a local invalidation ---- */

/* Which answers the last access of a program had, over all runs. */
struct watched {
    struct program_lists *lists;
    uint32_t node;
    bool succeeded, faulted;
};

static uint32_t begin(void *context, unsigned program)
{
    (void)context;
    (void)program;
    return 0;
}

static uint32_t resume(void *context, unsigned program, uint32_t node, const struct program_answer *answer)
{
    struct watched *watched = context;
    if (program == 0 && node == watched->node) {
        watched->succeeded = watched->succeeded || answer->fault == FAULT_NONE;
        watched->faulted = watched->faulted || answer->fault != FAULT_NONE;
    }
    return node + 1;
}

static const struct program_request *request(void *context, unsigned program, uint32_t node)
{
    const struct watched *watched = context;
    return &watched->lists->core[program].requests[node];
}

static const char *error(void *context)
{
    (void)context;
    return NULL;
}

/* A program clears an entry, invalidates on its own core, and loads; by a context that nobody judges. */
static struct watched load_behind_local_invalidation(enum ordering ordering, const char *format)
{
    const uint64_t leaf =
        EXPLORING_TABLES + 0x2000; /* behind the root and the lock; tables are linked bottom up */
    struct exploring exploring = {
        .table = &pagetable_radix,
        .format = format,
        .lists = {.core = {{{{.kind = PROGRAM_SWITCH, .value = 2},
                             LIST_LOAD(PAGE),
                             LIST_WRITE(leaf, 0),
                             LIST_BARRIER(BARRIER_DSB_ISHST),
                             {.kind = PROGRAM_INVALIDATE, .invalidation = {.va = PAGE, .asid = 2}},
                             LIST_LOAD(PAGE)}}},
                  .programs = 1},
        .before = {page_is_mapped},
        .before_count = 1,
        .machine = {.store_buffer = 1,
                    .ordering = ordering,
                    .context_count = 2,
                    .contexts = {{.page_count = 0},
                                 {.regime = {.root = EXPLORING_TABLES, .hardware_access = true},
                                  .asid = 2,
                                  .pages = {PAGE},
                                  .page_count = 1}}}};
    struct watched watched = {.lists = &exploring.lists, .node = 5};
    struct program_source source = {.context = &watched,
                                    .programs = 1,
                                    .begin = begin,
                                    .resume = resume,
                                    .request = request,
                                    .error = error};
    exploring.source = &source;
    expect_clean(&exploring);
    return watched;
}

static void a_local_invalidation_waits_for_itself_where_the_architecture_says_so(void **state)
{
    struct watched arm = load_behind_local_invalidation(ORDERING_ARM, "vmsa-4k-39");
    struct watched riscv = load_behind_local_invalidation(ORDERING_RISCV, "sv39");
    struct watched x86 = load_behind_local_invalidation(ORDERING_X86, "x86-64-48");
    (void)state;
    assert_true(arm.succeeded && arm.faulted);
    assert_true(riscv.faulted && !riscv.succeeded);
    assert_true(x86.faulted && !x86.succeeded);
}

/* ---- one core's invalidation is not enough for two ---- */

static void an_invalidation_of_one_core_leaves_the_other_ones_entry(void **state)
{
    const struct pagetable_class alone = table_of_one_core();
    struct exploring one = unmap_alone(&alone, 1), two = unmap_alone(&alone, 1);
    (void)state;
    one.machine.contexts[0].pages[0] = two.machine.contexts[0].pages[0] = PAGE;
    two.lists.programs = 2;
    two.lists.core[1] = (struct program_list){{LIST_LOAD(PAGE)}};
    expect_clean(&one);
    expect_finding(&two, FINDING(RULE_STALE_ENTRY));
}

/* ---- operations that overlap, of tables without a lock ---- */

struct told {
    struct small_fixture hardware;
    struct operation_tree *tree;
    struct rules *rules;
    struct rules_state state;
    uint16_t leaf; /* of SMALL_PAGE -> SMALL_FRAME_2 */
};

static void calls(struct told *told, unsigned core, const struct operation_call *call)
{
    rules_called(told->rules, &told->state, core, operation_tree_call(told->tree, call));
    rules_window_opens(told->rules, &told->state, core);
}

static uint32_t succeeds(struct told *told, unsigned core)
{
    const struct operation_request answer = {.kind = REQUEST_RETURN, .result = PAGETABLE_OK};
    uint32_t finding = rules_returned(told->rules, &told->state, core, &answer);
    (void)rules_close(told->rules, &told->state, &told->hardware.state);
    return finding;
}

/* The page is mapped to SMALL_FRAME; hardware finds SMALL_FRAME_2 there. */
static void open_told(struct told *told)
{
    static struct pagetable_config pagetable;
    const struct operation_call map = LIST_MAP_CALL(SMALL_PAGE, SMALL_FRAME, SMALL_RW);
    small_open(&told->hardware, &(struct small_config){.cores = 2});
    small_map(&told->hardware, SMALL_PAGE, SMALL_FRAME_2, SMALL_RW);
    small_fill(&told->hardware, 0, SMALL_PAGE);
    const struct small_config *machine = small_machine_config(told->hardware.machine);
    assert_int_equal(
        small_tlb_leaves(told->hardware.machine, told->hardware.state.cores[0].tlb, &told->leaf, 1), 1);
    pagetable = (struct pagetable_config){.format = machine->contexts[0].regime.format, .asid = 1};
    told->tree =
        operation_tree_create(&(struct operation_tree_config){.table = &pagetable_radix,
                                                              .pagetable = &pagetable,
                                                              .physical_bytes = machine->memory_bytes,
                                                              .budget = &told->hardware.budget});
    assert_non_null(told->tree);
    told->rules = rules_create(&(struct rules_config){.machine = told->hardware.machine,
                                                      .tree = told->tree,
                                                      .table = &pagetable_radix,
                                                      .context = &machine->contexts[0],
                                                      .memory_bytes = machine->memory_bytes,
                                                      .budget = &told->hardware.budget});
    assert_non_null(told->rules);
    rules_begin(told->rules, &told->state);
    calls(told, 0, &map);
    assert_int_equal(succeeds(told, 0), 0);
    assert_int_not_equal(rules_judge_entry(told->rules, &told->state, told->leaf), 0);
}

static void close_told(struct told *told)
{
    assert_null(rules_error(told->rules));
    rules_destroy(told->rules);
    operation_tree_destroy(told->tree);
    small_close(&told->hardware);
}

static void a_map_may_come_after_an_unmap_that_has_not_returned(void **state)
{
    const struct operation_call unmap = {.kind = CALL_UNMAP, .va = SMALL_PAGE};
    const struct operation_call map = LIST_MAP_CALL(SMALL_PAGE, SMALL_FRAME_2, SMALL_RW);
    struct told told;
    (void)state;
    open_told(&told);
    calls(&told, 0, &unmap);
    assert_int_not_equal(rules_judge_entry(told.rules, &told.state, told.leaf), 0);
    calls(&told, 1, &map);
    assert_int_equal(rules_judge_entry(told.rules, &told.state, told.leaf), 0);
    assert_int_equal(succeeds(&told, 1), 0);
    assert_int_equal(succeeds(&told, 0), 0);
    assert_int_equal(rules_mapping(told.rules, &told.state, SMALL_PAGE)->frame.base, SMALL_FRAME_2);
    assert_int_equal(rules_judge_entry(told.rules, &told.state, told.leaf), 0);
    close_told(&told);
}

static void a_map_of_a_page_that_nobody_unmaps_makes_nothing_possible(void **state)
{
    const struct operation_call map = LIST_MAP_CALL(SMALL_PAGE, SMALL_FRAME_2, SMALL_RW);
    struct told told;
    (void)state;
    open_told(&told);
    calls(&told, 1, &map);
    assert_int_not_equal(rules_judge_entry(told.rules, &told.state, told.leaf), 0);
    assert_int_equal(succeeds(&told, 1), FINDING(RULE_OPERATION_RESULT));
    close_told(&told);
}

/* ---- answers ---- */

static void a_table_may_blame_its_environment_and_never_itself(void **state)
{
    const struct pagetable_class excused = table_whose_environment_fails();
    const struct pagetable_class corrupt = table_that_finds_itself_corrupt();
    struct exploring right = unmap_alone(&excused, 0), wrong = unmap_alone(&corrupt, 0);
    (void)state;
    right.lists.core[0] = wrong.lists.core[0] = (struct program_list){{LIST_QUERY(PAGE)}};
    expect_clean(&right);
    expect_finding(&wrong, FINDING(RULE_OPERATION_RESULT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_is_seen_after_every_operation),
        cmocka_unit_test(pages_of_every_size_are_compared_whole),
        cmocka_unit_test(an_entry_that_software_makes_clean_or_old_may_fault),
        cmocka_unit_test(the_window_of_an_operation_outlives_the_next_one),
        cmocka_unit_test(what_another_space_holds_is_not_judged_by_this_one),
        cmocka_unit_test(a_frame_that_is_being_mapped_is_in_use),
        cmocka_unit_test(rights_are_added_without_an_invalidation_where_faults_may_be_spurious),
        cmocka_unit_test(a_local_invalidation_waits_for_itself_where_the_architecture_says_so),
        cmocka_unit_test(an_invalidation_of_one_core_leaves_the_other_ones_entry),
        cmocka_unit_test(a_map_may_come_after_an_unmap_that_has_not_returned),
        cmocka_unit_test(a_map_of_a_page_that_nobody_unmaps_makes_nothing_possible),
        cmocka_unit_test(a_table_may_blame_its_environment_and_never_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
