/* Programs unfolded from functions in C: what nodes ask, where answers lead, what is forgotten, and mistakes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/explore/program_tree.h"

/* ---- Functions ---- */

static uint64_t outside; /* what wrong functions depend on */

/* NULL once it is performed no further. */
static const struct program_answer *load(struct program_run *run, uint64_t va)
{
    return program_run_ask(
        run, &(struct program_request){.kind = PROGRAM_ACCESS, .access = ACCESS_LOAD, .va = va});
}

static const struct program_answer *store(struct program_run *run, uint64_t va, uint64_t value)
{
    return program_run_ask(
        run,
        &(struct program_request){.kind = PROGRAM_ACCESS, .access = ACCESS_STORE, .va = va, .value = value});
}

enum { COPIES, QUERIES, FENCES, LOOPS, DIFFERS, NOTHING, CHOOSES, GIVES, FAILS, FUNCTIONS };

/* Loads, and stores what it loaded; on a fault it stores the fault's level. */
static void copies(struct program_run *run)
{
    const struct program_answer *loaded = load(run, 0x1000);
    if (loaded && store(run, 0x2000, loaded->fault ? loaded->fault_level : loaded->value))
        program_run_end(run);
}

/* Queries, and stores what was found there. */
static void queries(struct program_run *run)
{
    const struct program_request query = {.kind = PROGRAM_CALL, .call = {.kind = CALL_QUERY, .va = 0x3000}};
    const struct program_answer *answer = program_run_ask(run, &query);
    if (answer && store(run, answer->found.frame.base, answer->result))
        program_run_end(run);
}

static void fences(struct program_run *run)
{
    const struct program_request fence = {.kind = PROGRAM_BARRIER, .barrier = BARRIER_DSB_ISH};
    if (program_run_ask(run, &fence))
        program_run_end(run);
}

static void loops(struct program_run *run)
{
    const struct program_answer *loaded;
    do {
        loaded = load(run, 0x1000);
    } while (loaded && loaded->value == 0);
    if (loaded)
        program_run_end(run);
}

static void differs(struct program_run *run)
{
    if (load(run, outside) && load(run, 0x1000))
        program_run_end(run);
}

static void chooses(struct program_run *run)
{
    const struct program_request choose = {.kind = PROGRAM_CHOOSE, .value = 3};
    const struct program_answer *chosen = program_run_ask(run, &choose);
    if (chosen && store(run, 0x1000, chosen->value))
        program_run_end(run);
}

/* With what it was answered as its result. */
static void gives(struct program_run *run)
{
    const struct program_answer *answer = load(run, 0x1000);
    if (answer)
        program_run_end_with(run, answer->value);
}

static bool perform(void *context, struct program_run *run)
{
    static void (*const functions[FUNCTIONS])(struct program_run *) = {
        [COPIES] = copies,   [QUERIES] = queries,         [FENCES] = fences,   [LOOPS] = loops,
        [DIFFERS] = differs, [NOTHING] = program_run_end, [CHOOSES] = chooses, [GIVES] = gives};
    assert_ptr_equal(context, &outside);
    run->line = 10 + run->taken;
    if (run->function == FAILS)
        snprintf(run->error, sizeof run->error, "script:3: a mistake");
    else
        functions[run->function](run);
    return run->function != FAILS;
}

/* ---- The tree under test ---- */

struct fixture {
    struct memory_budget budget;
    struct program_tree *tree;
    unsigned functions[4];
    struct program_stage stages[4];
    struct program_plan plans[2];
};

static void open_limited(struct fixture *fixture, uint32_t requests_max, size_t bytes_max)
{
    fixture->budget = (struct memory_budget){.bytes_max = bytes_max};
    const struct program_tree_config config = {.performer = {.context = &outside, .perform = perform},
                                               .programs = fixture->plans,
                                               .program_count = 2,
                                               .requests_max = requests_max,
                                               .budget = &fixture->budget};
    outside = 0;
    fixture->tree = program_tree_create(&config);
}

/* Program 0 performs the functions one after the other; the other one does nothing. */
static void plan(struct fixture *fixture, unsigned stages, const unsigned functions[])
{
    *fixture = (struct fixture){.plans = {{fixture->stages, stages}, {NULL, 0}}};
    for (unsigned i = 0; i < stages; i++) {
        fixture->functions[i] = functions[i];
        fixture->stages[i] = (struct program_stage){&fixture->functions[i], 1};
    }
}

static void open_functions(struct fixture *fixture, unsigned stages, const unsigned functions[])
{
    plan(fixture, stages, functions);
    open_limited(fixture, 0, SIZE_MAX);
    assert_non_null(fixture->tree);
}

static void open_function(struct fixture *fixture, unsigned function)
{
    open_functions(fixture, 1, &function);
}

static void close_fixture(struct fixture *fixture)
{
    program_tree_destroy(fixture->tree);
    assert_int_equal(fixture->budget.bytes, 0);
}

static uint32_t begin(const struct fixture *fixture)
{
    return program_tree_begin(fixture->tree, 0);
}

static uint32_t go_on(const struct fixture *fixture, uint32_t node, struct program_answer answer)
{
    return program_tree_resume(fixture->tree, node, &answer);
}

static uint32_t with_value(const struct fixture *fixture, uint32_t node, uint64_t value)
{
    return go_on(fixture, node, (struct program_answer){.value = value});
}

static const struct program_request *request_of(const struct fixture *fixture, uint32_t node)
{
    assert_int_not_equal(node, PROGRAM_NONE);
    return program_tree_request(fixture->tree, node);
}

static void assert_told(const struct fixture *fixture, uint32_t node, const char *sentence)
{
    assert_int_equal(node, PROGRAM_NONE);
    assert_string_equal(program_tree_error(fixture->tree), sentence);
}

/* ---- What a tree does ---- */

static void good_a_function_is_unfolded_by_its_answers(void **state)
{
    struct fixture fixture;
    open_function(&fixture, COPIES);
    uint32_t loads = begin(&fixture);
    assert_int_equal(request_of(&fixture, loads)->kind, PROGRAM_ACCESS);
    assert_int_equal(request_of(&fixture, loads)->va, 0x1000);
    assert_int_equal(program_tree_line(fixture.tree, loads), 10);
    uint32_t five = with_value(&fixture, loads, 5), six = with_value(&fixture, loads, 6);
    assert_int_equal(request_of(&fixture, five)->value, 5);
    assert_int_equal(request_of(&fixture, six)->value, 6);
    uint32_t fault = go_on(&fixture, loads, (struct program_answer){.fault = 1, .fault_level = 3});
    assert_int_equal(request_of(&fixture, fault)->value, 3);
    assert_int_equal(with_value(&fixture, loads, 5), five);
    assert_int_equal(request_of(&fixture, with_value(&fixture, five, 0))->kind, PROGRAM_END);
    close_fixture(&fixture);
}

static void good_what_was_found_is_an_answer(void **state)
{
    struct fixture fixture;
    open_function(&fixture, QUERIES);
    const struct mapping found = {0x3000, {0x7000, FRAME_READABLE, 12}};
    uint32_t node = begin(&fixture);
    uint32_t there = go_on(&fixture, node, (struct program_answer){.found = found});
    uint32_t nothing = go_on(&fixture, node, (struct program_answer){.result = PAGETABLE_NOT_MAPPED});
    assert_int_equal(request_of(&fixture, there)->va, 0x7000);
    assert_int_equal(request_of(&fixture, nothing)->value, PAGETABLE_NOT_MAPPED);
    /* and means nothing where nothing was found */
    assert_int_equal(
        go_on(&fixture, node, (struct program_answer){.result = PAGETABLE_NOT_MAPPED, .found = found}),
        nothing);
    close_fixture(&fixture);
}

static void good_what_is_not_answered_does_not_count(void **state)
{
    struct fixture fixture;
    open_function(&fixture, FENCES);
    uint32_t node = begin(&fixture);
    assert_int_equal(with_value(&fixture, node, 1), with_value(&fixture, node, 2));
    close_fixture(&fixture);
}

static void good_what_was_computed_is_remembered(void **state)
{
    struct fixture fixture;
    open_function(&fixture, COPIES);
    uint32_t node = with_value(&fixture, begin(&fixture), 1);
    const struct program_tree_counts before = program_tree_count(fixture.tree);
    assert_int_equal(with_value(&fixture, begin(&fixture), 1), node);
    assert_int_equal(program_tree_count(fixture.tree).performed, before.performed);
    assert_int_equal(program_tree_count(fixture.tree).nodes, before.nodes);
    close_fixture(&fixture);
}

static void good_a_program_without_functions_has_ended(void **state)
{
    struct fixture fixture;
    open_function(&fixture, NOTHING);
    assert_int_equal(request_of(&fixture, program_tree_begin(fixture.tree, 1))->kind, PROGRAM_END);
    assert_int_equal(request_of(&fixture, begin(&fixture))->kind, PROGRAM_END);
    close_fixture(&fixture);
}

/* ---- Stages ---- */

static void good_the_answers_of_a_stage_are_forgotten(void **state)
{
    struct fixture fixture;
    open_functions(&fixture, 3, (unsigned[]){COPIES, NOTHING, FENCES});
    uint32_t loads = begin(&fixture);
    uint32_t one = with_value(&fixture, with_value(&fixture, loads, 1), 0);
    uint32_t two = with_value(&fixture, with_value(&fixture, loads, 2), 0);
    assert_int_equal(one, two);
    assert_int_equal(request_of(&fixture, one)->kind, PROGRAM_BARRIER);
    assert_int_equal(request_of(&fixture, with_value(&fixture, one, 0))->kind, PROGRAM_END);
    close_fixture(&fixture);
}

static void good_the_result_of_the_last_stage_is_kept(void **state)
{
    struct fixture fixture;
    const unsigned functions[] = {GIVES, GIVES};
    open_functions(&fixture, 2, functions);
    uint32_t one = with_value(&fixture, begin(&fixture), 1);
    uint32_t two = with_value(&fixture, begin(&fixture), 2);
    assert_int_equal(one, two); /* of a stage that others follow it is forgotten */
    uint32_t five = with_value(&fixture, one, 5), six = with_value(&fixture, one, 6);
    assert_int_equal(request_of(&fixture, five)->kind, PROGRAM_END);
    assert_int_equal(request_of(&fixture, five)->value, 5);
    assert_int_equal(request_of(&fixture, five)->expected, 1);
    assert_int_not_equal(five, six);
    assert_int_equal(with_value(&fixture, one, 5), five);
    close_fixture(&fixture);
}

static void good_the_functions_of_a_stage_are_a_choice(void **state)
{
    struct fixture fixture;
    const unsigned ways[] = {COPIES, FENCES, NOTHING};
    plan(&fixture, 2, (unsigned[]){NOTHING, FENCES});
    fixture.stages[0] = (struct program_stage){ways, 3};
    open_limited(&fixture, 0, SIZE_MAX);
    uint32_t node = begin(&fixture);
    assert_int_equal(request_of(&fixture, node)->kind, PROGRAM_CHOOSE);
    assert_int_equal(request_of(&fixture, node)->value, 3);
    assert_int_equal(request_of(&fixture, with_value(&fixture, node, 0))->kind, PROGRAM_ACCESS);
    uint32_t first = with_value(&fixture, node, 1), second = with_value(&fixture, node, 2);
    assert_int_equal(request_of(&fixture, first)->kind, PROGRAM_BARRIER);
    assert_int_equal(request_of(&fixture, second)->kind, PROGRAM_BARRIER);
    assert_int_not_equal(first, second);
    assert_int_equal(with_value(&fixture, first, 0), second);
    close_fixture(&fixture);
}

static void good_a_function_may_choose_itself(void **state)
{
    struct fixture fixture;
    open_functions(&fixture, 2, (unsigned[]){CHOOSES, CHOOSES});
    uint32_t node = begin(&fixture);
    assert_int_equal(request_of(&fixture, node)->kind, PROGRAM_CHOOSE);
    uint32_t chosen = with_value(&fixture, node, 2);
    assert_int_equal(request_of(&fixture, chosen)->value, 2);
    assert_int_equal(request_of(&fixture, with_value(&fixture, chosen, 0))->kind, PROGRAM_CHOOSE);
    close_fixture(&fixture);
}

static void good_a_tree_is_a_source_of_programs(void **state)
{
    struct fixture fixture;
    open_function(&fixture, COPIES);
    const struct program_source *source = program_tree_source(fixture.tree);
    const struct program_answer answer = {.value = 5};
    assert_int_equal(source->programs, 2);
    uint32_t node = source->resume(source->context, 0, source->begin(source->context, 0), &answer);
    assert_int_equal(source->request(source->context, 0, node)->value, 5);
    assert_string_equal(source->error(source->context), "");
    close_fixture(&fixture);
}

/* ---- Mistakes and limits ---- */

static void bad_a_function_that_cannot_be_performed_is_told(void **state)
{
    struct fixture fixture;
    open_function(&fixture, FAILS);
    assert_told(&fixture, begin(&fixture), "script:3: a mistake");
    close_fixture(&fixture);
}

static void good_a_function_may_ask_as_often_as_the_limit_says(void **state)
{
    struct fixture fixture;
    plan(&fixture, 1, (unsigned[]){LOOPS});
    open_limited(&fixture, 3, SIZE_MAX);
    uint32_t node = with_value(&fixture, with_value(&fixture, begin(&fixture), 0), 0);
    assert_int_equal(request_of(&fixture, with_value(&fixture, node, 1))->kind, PROGRAM_END);
    close_fixture(&fixture);
}

static void bad_a_function_that_asks_for_ever_is_told(void **state)
{
    struct fixture fixture;
    plan(&fixture, 1, (unsigned[]){LOOPS});
    open_limited(&fixture, 3, SIZE_MAX);
    uint32_t node = with_value(&fixture, with_value(&fixture, begin(&fixture), 0), 0);
    assert_told(&fixture, with_value(&fixture, node, 0),
                "the program of core 1 has made 3 requests, then loads 0x1000, and does not end: what is "
                "explored ends in every interleaving, so a loop that waits for another core needs a bound");
    close_fixture(&fixture);
}

static void bad_a_function_that_depends_on_something_else_is_told(void **state)
{
    struct fixture fixture;
    open_function(&fixture, DIFFERS);
    uint32_t node = begin(&fixture);
    outside = 8;
    assert_told(&fixture, with_value(&fixture, node, 0),
                "the program of core 1 is not deterministic: performed again with the same answers it loads "
                "0x8, after 0 requests, where before it loads 0x0; it may depend on nothing but its answers, "
                "so variables that it shares with other programs or changes for its next performance have no "
                "place in it");
    outside = 0;
    assert_int_equal(request_of(&fixture, with_value(&fixture, node, 0))->va, 0x1000);
    close_fixture(&fixture);
}

/* As many steps as are allowed with this much memory; each time all of it is given back. */
static void bad_a_bound_on_memory_ends_with_a_sentence(void **state)
{
    bool refused = false, told = false, done = false;
    for (size_t bytes_max = 1024; !done; bytes_max += 1024) {
        struct fixture fixture;
        plan(&fixture, 2, (unsigned[]){COPIES, COPIES});
        open_limited(&fixture, 4, bytes_max);
        refused |= fixture.tree == NULL;
        if (!fixture.tree)
            continue;
        uint32_t node = begin(&fixture);
        done = node != PROGRAM_NONE;
        for (uint64_t i = 0; done && i < 200; i++) {
            uint32_t stores = with_value(&fixture, node, i);
            done = stores != PROGRAM_NONE && with_value(&fixture, stores, 0) != PROGRAM_NONE;
        }
        if (!done)
            assert_non_null(strstr(program_tree_error(fixture.tree), "bytes of memory that are allowed"));
        told |= !done;
        close_fixture(&fixture);
    }
    assert_true(refused);
    assert_true(told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_a_function_is_unfolded_by_its_answers),
        cmocka_unit_test(good_what_was_found_is_an_answer),
        cmocka_unit_test(good_what_is_not_answered_does_not_count),
        cmocka_unit_test(good_what_was_computed_is_remembered),
        cmocka_unit_test(good_a_program_without_functions_has_ended),
        cmocka_unit_test(good_the_answers_of_a_stage_are_forgotten),
        cmocka_unit_test(good_the_result_of_the_last_stage_is_kept),
        cmocka_unit_test(good_the_functions_of_a_stage_are_a_choice),
        cmocka_unit_test(good_a_function_may_choose_itself),
        cmocka_unit_test(good_a_tree_is_a_source_of_programs),
        cmocka_unit_test(bad_a_function_that_cannot_be_performed_is_told),
        cmocka_unit_test(good_a_function_may_ask_as_often_as_the_limit_says),
        cmocka_unit_test(bad_a_function_that_asks_for_ever_is_told),
        cmocka_unit_test(bad_a_function_that_depends_on_something_else_is_told),
        cmocka_unit_test(bad_a_bound_on_memory_ends_with_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
