/*
 * The judge of runs (sim/judge) and this specification get the same random history: operations with the
 * results that the page table specification determines, and accesses that succeed where a user may. The judge
 * must find nothing. With one result turned round it must find something.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pagetables/test/random.h"
#include "sim/judge/test/story.h"
#include "sim/specification/page_table.h"

#define STEPS     200
#define HISTORIES 20
#define NO_DAMAGE STEPS

static struct random_stream stream;

/* Everything that one step does lies within its thousand cycles. */
static uint64_t beginning_of(unsigned step)
{
    return 1000 * (uint64_t)(step + 1);
}

static uint64_t random_page(unsigned size_lg2)
{
    const uint64_t va = PAGE + (random_below(&stream, 2) << 21) + (random_below(&stream, 3) << 12);
    return va & ~((UINT64_C(1) << size_lg2) - 1);
}

static uint32_t random_rights(void)
{
    static const uint32_t rights[] = {RW, RO, FRAME_READABLE | FRAME_WRITABLE};
    return rights[random_below(&stream, 3)];
}

/* What a table would answer: the specification says no more than Err. */
static enum pagetable_result answer_of(const struct page_table_state *before, const struct act *act,
                                       enum result result)
{
    const struct mapping mapping = {.va = act->va, .frame = act->frame};
    if (result == RESULT_OK)
        return PAGETABLE_OK;
    if (act->kind != OPERATION_MAP)
        return PAGETABLE_NOT_MAPPED;
    return mappings_overlap_vmem(&before->mappings, &mapping) &&
                   page_table_map_pre(before, act->va, &act->frame, NULL)
               ? PAGETABLE_OVERLAP
               : PAGETABLE_FRAME_IN_USE;
}

/* The step of the specification; `*found` for a query. */
static enum result step(struct page_table_state *state, const struct act *act, struct mapping *found)
{
    struct map_op map = {.vaddr = act->va, .frame = act->frame};
    struct unmap_op unmap = {.vaddr = act->va};
    struct protect_op protect = {.vaddr = act->va, .attributes = act->frame.attributes};
    struct query_op query = {.vaddr = act->va};
    switch (act->kind) {
    case OPERATION_MAP:
        assert_true(page_table_map_step(state, &map));
        return map.result;
    case OPERATION_UNMAP:
        assert_true(page_table_unmap_step(state, &unmap));
        return unmap.result;
    case OPERATION_PROTECT:
        assert_true(page_table_protect_step(state, &protect));
        return protect.result;
    default:
        assert_true(page_table_query_step(state, &query));
        *found = query.found;
        return query.result;
    }
}

static enum pagetable_result turned_round(const struct act *act)
{
    if (act->result != PAGETABLE_OK)
        return PAGETABLE_OK;
    return act->kind == OPERATION_MAP ? PAGETABLE_OVERLAP : PAGETABLE_NOT_MAPPED;
}

/* Stores and invalidations of what changes the table. */
static void add_effects(struct act *act)
{
    if (act->result != PAGETABLE_OK || act->kind == OPERATION_QUERY)
        return;
    act->write = act->begin + 10;
    act->visible = act->begin + 20;
    if (act->kind == OPERATION_MAP)
        return;
    act->invalidate = act->begin + 25;
    act->acknowledge = act->begin + 40;
}

static void tell_operation(struct story *story, struct page_table_state *state, unsigned number, bool damage)
{
    const unsigned size_lg2 = random_below(&stream, 5) ? 12 : 21;
    struct act act = {.id = number + 1,
                      .va = random_page(size_lg2),
                      .begin = beginning_of(number),
                      .end = beginning_of(number) + 60,
                      .kind = (enum operation_kind)random_below(&stream, OPERATION_KINDS)};
    struct page_table_state before = {0};
    struct mapping found = {0};
    if (act.kind == OPERATION_MAP)
        act.frame = (struct frame){(UINT64_C(1) << 24) + (random_below(&stream, 4) << size_lg2),
                                   random_rights(), (uint8_t)size_lg2};
    if (act.kind == OPERATION_PROTECT)
        act.frame.attributes = random_rights();
    assert_true(page_table_state_copy(&before, state));
    act.result = answer_of(&before, &act, step(state, &act, &found));
    if (damage)
        act.result = turned_round(&act);
    if (act.kind == OPERATION_QUERY)
        act.frame = found.frame;
    add_effects(&act);
    story_act(story, &act);
    story->events[story->count - 1].as.operation.found_va = found.va;
    page_table_state_destroy(&before);
}

static void tell_load(struct story *story, const struct page_table_state *state, unsigned number)
{
    const struct extensions seed = {0};
    const uint64_t va = random_page(12) + 8 * random_below(&stream, 512);
    const struct mapping *at = mappings_for(&state->mappings, va, NULL);
    const uint64_t issue = beginning_of(number) + 500;
    if (!at || !frame_permits(&seed, at->frame.attributes, 0, ACCESS_LOAD, PRIVILEGE_USER)) {
        (void)story_fault(story, va, at ? FAULT_PERMISSION : FAULT_TRANSLATION, issue, issue + 10);
        return;
    }
    struct event_translation *load = story_load(story, va, at->frame.base + (va - at->va), issue, issue + 10);
    load->page_size_lg2 = at->frame.size_lg2;
    load->rights = story_format.rights(at->frame.attributes);
}

/* How many findings the judge has of the history with this seed. */
static uint64_t findings_of(uint64_t seed, unsigned damaged)
{
    struct story story;
    struct page_table_state state = {.constants = {.arch = pt_arch_of(&story_format, 0),
                                                   .pmem_ub = UINT64_C(1) << 32,
                                                   .extensions = {.set = EXTENSION_PROTECT}}};
    stream = (struct random_stream){seed};
    story_begin(&story);
    for (unsigned number = 0; number < STEPS; number++) {
        tell_operation(&story, &state, number, number == damaged);
        if (number < damaged || damaged == NO_DAMAGE)
            tell_load(&story, &state, number);
    }
    struct judge *judge = story_judge(&story);
    const uint64_t findings = judge_count_all(judge);
    if (findings && damaged == NO_DAMAGE)
        print_message("%s\n", judge_finding_at(judge, 0)->text);
    judge_destroy(judge);
    story_end(&story);
    page_table_state_destroy(&state);
    return findings;
}

static void the_judge_agrees_with_the_specification(void **state)
{
    const uint64_t first = random_begin("judge").state;
    (void)state;
    for (uint64_t seed = first; seed < first + HISTORIES; seed++)
        assert_int_equal(findings_of(seed, NO_DAMAGE), 0);
}

static void the_judge_finds_a_result_that_the_specification_forbids(void **state)
{
    const uint64_t first = random_begin("judge, damaged").state;
    (void)state;
    for (uint64_t seed = first; seed < first + HISTORIES; seed++)
        assert_true(findings_of(seed, (unsigned)(seed * 7 % STEPS)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_judge_agrees_with_the_specification),
        cmocka_unit_test(the_judge_finds_a_result_that_the_specification_forbids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
