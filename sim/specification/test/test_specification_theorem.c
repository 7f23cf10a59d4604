/*
 * The seed's theorem, tried on every state of a tiny machine: a step that the low level allows from a state
 * with the invariants leads to a state with the invariants, and is a step that the high level allows. And
 * what it rests on: without one of the premises there is a counterexample.
 */
#include <stdlib.h>

#include "sim/specification/invariants.h"
#include "sim/specification/test/tiny.h"

typedef bool (*premise)(const struct low_level_state *state, struct violation *violation);

struct search {
    uint32_t extensions;
    bool first_only; /* one counterexample is enough */
    premise premise; /* of the state before */
    bool lazy_unmap; /* an unmap may leave the TLB as it was */
    struct low_level_state s1;
    struct low_level_state s2; /* belongs to `states` */
    struct low_level_state *states;
    size_t allowed[TINY_KINDS]; /* steps of the low level */
    size_t counterexamples;
    struct violation violation; /* of the first counterexample */
    enum tiny_kind kind;        /* of the first counterexample */
};

static void found(struct search *search, const struct tiny_op *op, const struct violation *violation)
{
    if (search->counterexamples++ > 0)
        return;
    search->violation = *violation;
    search->kind = op->kind;
}

static bool is_allowed(const struct search *search, const struct tiny_op *op)
{
    if (op->kind != TINY_UNMAP || !search->lazy_unmap)
        return tiny_low_level(&search->s1, &search->s2, op, NULL);
    const struct page_table_state before = low_level_pt_state(&search->s1);
    const struct page_table_state after = low_level_pt_state(&search->s2);
    return page_table_unmap(&before, &after, &op->unmap, NULL) &&
           mappings_equal(&search->s1.tlb, &search->s2.tlb);
}

static bool try_step(void *context, const struct tiny_op *op)
{
    struct search *search = context;
    struct high_level_state h1 = {0};
    struct high_level_state h2 = {0};
    struct violation violation;
    if (!is_allowed(search, op))
        return true;
    search->allowed[op->kind]++;
    assert_true(low_level_view(&search->s1, &h1));
    assert_true(low_level_view(&search->s2, &h2));
    if (!low_level_invariants(&search->s2, &violation) || !tiny_high_level(&h1, &h2, op, &violation))
        found(search, op, &violation);
    high_level_state_destroy(&h1);
    high_level_state_destroy(&h2);
    return true;
}

static struct low_level_state *state_at(const struct search *search, unsigned pt, unsigned tlb,
                                        unsigned memory)
{
    return &search->states[(pt * TINY_SETS + tlb) * TINY_MEMORIES + memory];
}

/* Accesses keep the page table; what differs is judged in the tests of single transitions. */
static void try_accesses(struct search *search, unsigned pt)
{
    for (unsigned tlb = 0; tlb < TINY_SETS; tlb++) {
        for (unsigned memory = 0; memory < TINY_MEMORIES; memory++) {
            search->s2 = *state_at(search, pt, tlb, memory);
            (void)tiny_each_access(try_step, search);
        }
    }
}

/* Operations are hardware's `pt_op` as well, and of most states they are not: no need to try each of them. */
static bool is_pt_op(const struct search *search)
{
    const struct hardware_state before = low_level_hw_state(&search->s1);
    const struct hardware_state after = low_level_hw_state(&search->s2);
    return hardware_pt_op(&before, &after, NULL);
}

static void try_operations(struct search *search, unsigned memory)
{
    for (unsigned pt = 0; pt < TINY_SETS; pt++) {
        for (unsigned tlb = 0; tlb < TINY_SETS; tlb++) {
            search->s2 = *state_at(search, pt, tlb, memory);
            if (is_pt_op(search))
                (void)tiny_each_operation(try_step, search);
        }
    }
}

static void search_from(struct search *search, unsigned pt, unsigned tlb, unsigned memory)
{
    search->s1 = *state_at(search, pt, tlb, memory);
    if ((search->first_only && search->counterexamples) || !search->premise(&search->s1, NULL))
        return;
    try_accesses(search, pt);
    if (memory == 1) /* different words: operations keep them */
        try_operations(search, memory);
}

static void search_all(struct search *search)
{
    search->states = calloc((size_t)TINY_SETS * TINY_SETS * TINY_MEMORIES, sizeof *search->states);
    assert_non_null(search->states);
    for (unsigned pt = 0; pt < TINY_SETS; pt++)
        for (unsigned tlb = 0; tlb < TINY_SETS; tlb++)
            for (unsigned memory = 0; memory < TINY_MEMORIES; memory++)
                *state_at(search, pt, tlb, memory) = tiny_state(pt, tlb, memory, search->extensions);
    for (unsigned pt = 0; pt < TINY_SETS; pt++)
        for (unsigned tlb = 0; tlb < TINY_SETS; tlb++)
            for (unsigned memory = 0; memory < TINY_MEMORIES; memory++)
                search_from(search, pt, tlb, memory);
    for (unsigned i = 0; i < TINY_SETS * TINY_SETS * TINY_MEMORIES; i++)
        low_level_state_destroy(&search->states[i]);
    free(search->states);
}

static void assert_theorem(uint32_t extensions)
{
    struct search search = {.extensions = extensions, .premise = low_level_invariants};
    search_all(&search);
    if (search.counterexamples)
        fail_msg("%s: %s", search.violation.rule, search.violation.text);
    for (unsigned kind = 0; kind < TINY_KINDS; kind++)
        assert_int_equal(search.allowed[kind] > 0, kind != TINY_PROTECT || extensions != 0);
}

static void low_level_steps_refine_high_level_steps(void **state)
{
    (void)state;
    assert_theorem(0);
}

static void and_so_they_do_with_extensions(void **state)
{
    (void)state;
    assert_theorem(EXTENSION_PROTECT | EXTENSION_ANSWERS | EXTENSION_REFUSALS | EXTENSION_CONTENTS |
                   EXTENSION_ALIASES | EXTENSION_FILLS | EXTENSION_SPECULATION);
}

/* ---- Each premise is needed ---- */

static bool all_but_submap(const struct low_level_state *state, struct violation *violation)
{
    return frames_within_pmem(state, violation) && mappings_aligned(state, violation) &&
           mappings_nonoverlap_in_vmem(state, violation) && mappings_nonoverlap_in_pmem(state, violation);
}

static bool all_but_pmem(const struct low_level_state *state, struct violation *violation)
{
    return mappings_nonoverlap_in_vmem(state, violation) && tlb_is_submap_of_pt(state, violation);
}

/* The tables' mappings may overlap; the view needs keys that differ. */
static bool all_but_vmem(const struct low_level_state *state, struct violation *violation)
{
    const struct mappings *table = &state->pt.interpretation;
    return (table->count < 2 || table->at[0].va != table->at[1].va) &&
           mappings_nonoverlap_in_pmem(state, violation) && tlb_is_submap_of_pt(state, violation);
}

/* The step that must break is a high-level one: nothing but its rule counts. */
static void stale_tlb_breaks_reads(void **state)
{
    struct search search = {.premise = all_but_submap, .first_only = true};
    (void)state;
    search_all(&search);
    assert_true(search.counterexamples > 0);
}

static void lazy_unmap_leaves_a_stale_entry(void **state)
{
    struct search search = {.premise = low_level_invariants, .lazy_unmap = true, .first_only = true};
    (void)state;
    search_all(&search);
    assert_int_equal(search.kind, TINY_UNMAP);
    assert_string_equal(search.violation.rule, "tlb_is_submap_of_pt");
}

/* As `low_level_invariants`, with aliases in it: the first step that breaks is none of theirs. */
static void aliases_break_writes_of_the_seed(void **state)
{
    struct search search = {.premise = all_but_pmem};
    struct low_level_state alias = tiny_state(0, 0, 0, 0);
    struct low_level_state written;
    struct high_level_state h1 = {0};
    struct high_level_state h2 = {0};
    const struct mapping first = tiny_mapping(1);
    const struct mapping second = tiny_mapping(5);
    const struct tiny_op op = {.kind = TINY_WRITE, .write = {.vaddr = 0, .value = 1}};
    (void)state;
    assert_true(mappings_add(&alias.pt.interpretation, &first) &&
                mappings_add(&alias.pt.interpretation, &second));
    assert_true(search.premise(&alias, NULL));
    written = tiny_state(0, 0, 1, 0);
    assert_true(s1_page_table_copy(&written.pt, &alias.pt) && mappings_add(&written.tlb, &first));
    assert_true(low_level_view(&alias, &h1) && low_level_view(&written, &h2));
    assert_true(tiny_low_level(&alias, &written, &op, NULL));
    assert_violation(tiny_high_level(&h1, &h2, &op, &search.violation), &search.violation, "high_level.write",
                     "memory after");
    h1.constants.extensions.set = h2.constants.extensions.set = EXTENSION_ALIASES;
    assert_true(tiny_high_level(&h1, &h2, &op, NULL));
    high_level_state_destroy(&h1);
    high_level_state_destroy(&h2);
    low_level_state_destroy(&alias);
    low_level_state_destroy(&written);
}

static void overlapping_pages_break_the_invariants(void **state)
{
    struct search search = {.premise = all_but_vmem, .extensions = EXTENSION_ALIASES, .first_only = true};
    (void)state;
    search_all(&search);
    assert_true(search.counterexamples > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(low_level_steps_refine_high_level_steps),
        cmocka_unit_test(and_so_they_do_with_extensions),
        cmocka_unit_test(stale_tlb_breaks_reads),
        cmocka_unit_test(lazy_unmap_leaves_a_stale_entry),
        cmocka_unit_test(aliases_break_writes_of_the_seed),
        cmocka_unit_test(overlapping_pages_break_the_invariants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
