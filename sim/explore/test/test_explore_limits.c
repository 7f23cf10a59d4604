/* Searches that end before all is seen: each for its reason, with the figures so far and a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/explore/intern.h"
#include "sim/explore/test/models.h"

#define GRID_STATES 3125u /* 5^5 */

static struct search *explore_grid(struct counters *grid, const struct search_config *config,
                                   enum search_outcome outcome)
{
    grid->counters = 5;
    grid->top = 4;
    struct search_model model = counters_model(grid);
    struct search *search = search_create(&model, config);
    assert_non_null(search);
    assert_int_equal(search_run(search), outcome);
    return search;
}

static void says(const struct search *search, const char *expected)
{
    char text[400];
    int length = search_sentence(search, text, sizeof text);
    assert_true(length > 0 && length < (int)sizeof text);
    assert_string_equal(text, expected);
}

static void a_search_of_as_many_states_as_it_may_have_is_complete(void **state)
{
    struct counters grid = {0};
    struct search *search =
        explore_grid(&grid, &(struct search_config){.states_max = GRID_STATES}, SEARCH_COMPLETE);
    says(search, "3125 distinct states to depth 20: all that can be reached");
    search_destroy(search);
}

static void one_state_more_than_there_may_be_ends_the_search(void **state)
{
    struct counters grid = {0};
    struct search *search =
        explore_grid(&grid, &(struct search_config){.states_max = GRID_STATES - 1}, SEARCH_STATES_LIMIT);
    assert_int_equal(search_figures(search)->states, GRID_STATES - 1);
    says(search, "3124 distinct states to depth 19: ended at the limit of 3124 states");
    search_destroy(search);
}

/* Sums up to 2 with five counters: 1 + 5 + 15. */
static void no_state_beyond_the_depth_limit_is_seen(void **state)
{
    struct counters grid = {0};
    struct search *search = explore_grid(&grid, &(struct search_config){.depth_max = 2}, SEARCH_DEPTH_LIMIT);
    assert_int_equal(search_figures(search)->states, 21);
    assert_int_equal(search_figures(search)->expanded, 6);
    says(search, "21 distinct states to depth 2: ended at the limit of depth 2");
    search_destroy(search);
}

static void a_depth_limit_behind_the_last_state_is_not_met(void **state)
{
    struct counters grid = {0};
    search_destroy(explore_grid(&grid, &(struct search_config){.depth_max = 21}, SEARCH_COMPLETE));
}

static void a_search_ends_at_its_bytes_and_at_the_same_place_again(void **state)
{
    uint32_t states = 0;
    for (size_t bytes_max = 15000; bytes_max <= 60000; bytes_max *= 2) {
        struct search_figures first = {0};
        for (unsigned again = 0; again < 2; again++) {
            struct counters grid = {0};
            struct search *search =
                explore_grid(&grid, &(struct search_config){.bytes_max = bytes_max}, SEARCH_MEMORY_LIMIT);
            const struct search_figures *figures = search_figures(search);
            assert_true(figures->bytes <= bytes_max);
            assert_true(figures->states > states && figures->states < GRID_STATES);
            assert_true(search_path(search, figures->states - 1, NULL, 0) <= 1 + figures->depth);
            if (again == 0)
                first = *figures;
            assert_int_equal(figures->states, first.states);
            assert_int_equal(figures->transitions, first.transitions);
            assert_int_equal(figures->bytes, first.bytes);
            search_destroy(search);
        }
        states = first.states;
    }
}

static bool take_the_rest(void *context, const struct search_figures *figures)
{
    struct memory_budget *budget = context;
    budget->bytes_max = budget->bytes;
    return true;
}

/* The origins of 64 states fill a chunk. After 57, of sums up to 4, comes one new state, and 5 more ways to
 * it. */
static void a_search_without_more_memory_goes_on_through_known_states(void **state)
{
    struct counters cube = {.counters = 6, .top = 1};
    struct search_model model = counters_model(&cube);
    struct memory_budget budget = {.bytes_max = (size_t)1 << 20};
    struct search *search = search_create(&model, &(struct search_config){.budget = &budget,
                                                                          .progress = take_the_rest,
                                                                          .progress_context = &budget,
                                                                          .progress_states = 57});
    assert_int_equal(search_run(search), SEARCH_COMPLETE);
    assert_int_equal(search_figures(search)->states, 64);
    assert_int_equal(search_figures(search)->transitions, 6 * 32);
    assert_int_equal(budget.refusal, MEMORY_BEYOND_BOUND);
    search_destroy(search);
}

static void the_memory_limit_is_said_in_a_sentence(void **state)
{
    struct counters grid = {.counters = 6, .top = 9};
    struct search_model model = counters_model(&grid);
    struct search *search = search_create(&model, &(struct search_config){.bytes_max = (size_t)1 << 20});
    assert_int_equal(search_run(search), SEARCH_MEMORY_LIMIT);
    char text[200];
    assert_true(search_sentence(search, text, sizeof text) > 0);
    assert_non_null(strstr(text, ": ended at the memory limit of 1 MiB"));
    search_destroy(search);
}

static void no_search_is_made_without_memory_for_it(void **state)
{
    struct counters grid = {.counters = 1, .top = 1};
    struct search_model model = counters_model(&grid);
    for (size_t bytes_max = 1; bytes_max < 8000; bytes_max += 100) {
        struct memory_budget budget = {.bytes_max = bytes_max};
        struct search *search = search_create(&model, &(struct search_config){.budget = &budget});
        search_destroy(search);
        assert_int_equal(budget.bytes, 0);
    }
    struct memory_budget budget = {.bytes_max = 1};
    assert_null(search_create(&model, &(struct search_config){.budget = &budget}));
}

/* ---- Models that cannot go on ---- */

static void a_model_refuses_with_its_sentence(void **state)
{
    struct counters grid = {.refuse_at_sum = 3};
    struct search *search = explore_grid(&grid, &(struct search_config){0}, SEARCH_REFUSED);
    assert_int_equal(search_figures(search)->depth, 3);
    assert_int_equal(search_figures(search)->expanded, 1 + 5 + 15);
    says(search, "56 distinct states to depth 3: ended because a sum of 3 cannot be");
    search_destroy(search);
}

static uint32_t refuse_in_check(void *context, const void *state, struct search *search)
{
    const uint8_t *counts = state;
    if (counts[0] == 2)
        search_refuse(search, "the check cannot look at %s", "this");
    return SEARCH_RULE_NONE;
}

static void a_check_refuses_with_its_sentence(void **state)
{
    struct counters grid = {.counters = 1, .top = 4};
    struct search_model model = counters_model(&grid);
    model.check = refuse_in_check;
    struct search *search = search_create(&model, &(struct search_config){0});
    assert_int_equal(search_run(search), SEARCH_REFUSED);
    says(search, "3 distinct states to depth 2: ended because the check cannot look at this");
    search_destroy(search);
}

/* 0 -> 1 -> 3 (bad), 0 -> 2: nobody can go on from 2, which comes after 1. */
static bool refuse_at_two(void *context, const void *state, struct search *search)
{
    if (graph_node(state) != 2)
        return graph_model(context).expand(context, state, search);
    search_refuse(search, "two is too many");
    return false;
}

static void what_was_found_before_a_refusal_is_found(void **state)
{
    struct graph graph = {.nodes = 4,
                          .node_bytes = 4,
                          .outward = {2, 1, 0, 1},
                          .to = {{1, 2}, {3}, {0}, {0}},
                          .rule = {0, 0, 0, 9}};
    struct search_model model = graph_model(&graph);
    model.expand = refuse_at_two;
    struct search *search = search_create(&model, &(struct search_config){0});
    assert_int_equal(search_run(search), SEARCH_FOUND);
    assert_int_equal(finding_of(search, SEARCH_BAD_STATE)->rule, 9);
    search_destroy(search);
    graph.rule[3] = 0;
    search = search_create(&model, &(struct search_config){0});
    assert_int_equal(search_run(search), SEARCH_REFUSED);
    says(search, "4 distinct states to depth 2: ended because two is too many");
    search_destroy(search);
}

/* A model that interns something of its own for each state, from the same budget. */
struct hungry {
    struct counters counters;
    struct intern *table;
};

static bool hungry_expand(void *context, const void *state, struct search *search)
{
    struct hungry *hungry = context;
    uint8_t portion[100] = {0};
    memcpy(portion, state, COUNTERS_MAX);
    return intern_add(hungry->table, portion, sizeof portion) != INTERN_NONE &&
           counters_model(&hungry->counters).expand(&hungry->counters, state, search);
}

static void the_memory_of_the_model_counts_too(void **state)
{
    struct memory_budget budget = {.bytes_max = 100000};
    struct hungry hungry = {.counters = {.counters = 5, .top = 4}};
    hungry.table = intern_create(&(struct intern_config){.budget = &budget, .fixed_bytes = 100});
    struct search_model model = counters_model(&hungry.counters);
    model.context = &hungry;
    model.expand = hungry_expand;
    struct search *search = search_create(&model, &(struct search_config){.budget = &budget});
    assert_int_equal(search_run(search), SEARCH_MEMORY_LIMIT);
    assert_true(search_figures(search)->bytes <= budget.bytes_max);
    assert_int_equal(search_figures(search)->expanded, intern_count(hungry.table));
    search_destroy(search);
    intern_destroy(hungry.table);
    assert_int_equal(budget.bytes, 0);
}

/* ---- Progress ---- */

struct progress {
    uint32_t calls;
    uint32_t stop_at; /* this call; 0: none */
    uint32_t expanded;
};

static bool note(void *context, const struct search_figures *figures)
{
    struct progress *progress = context;
    progress->calls++;
    progress->expanded = figures->expanded;
    return progress->calls != progress->stop_at;
}

static void progress_is_told_every_so_many_states(void **state)
{
    struct counters grid = {0};
    struct progress progress = {0};
    search_destroy(explore_grid(
        &grid,
        &(struct search_config){.progress = note, .progress_context = &progress, .progress_states = 100},
        SEARCH_COMPLETE));
    assert_int_equal(progress.calls, GRID_STATES / 100);
    assert_int_equal(progress.expanded, GRID_STATES / 100 * 100);
}

static void who_is_told_progress_may_stop_the_search(void **state)
{
    struct counters grid = {0};
    struct progress progress = {.stop_at = 3};
    struct search *search = explore_grid(
        &grid,
        &(struct search_config){.progress = note, .progress_context = &progress, .progress_states = 100},
        SEARCH_STOPPED);
    assert_int_equal(search_figures(search)->expanded, 300);
    assert_int_equal(progress.calls, 3);
    search_destroy(search);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_search_of_as_many_states_as_it_may_have_is_complete),
        cmocka_unit_test(one_state_more_than_there_may_be_ends_the_search),
        cmocka_unit_test(no_state_beyond_the_depth_limit_is_seen),
        cmocka_unit_test(a_depth_limit_behind_the_last_state_is_not_met),
        cmocka_unit_test(a_search_ends_at_its_bytes_and_at_the_same_place_again),
        cmocka_unit_test(a_search_without_more_memory_goes_on_through_known_states),
        cmocka_unit_test(the_memory_limit_is_said_in_a_sentence),
        cmocka_unit_test(no_search_is_made_without_memory_for_it),
        cmocka_unit_test(a_model_refuses_with_its_sentence),
        cmocka_unit_test(a_check_refuses_with_its_sentence),
        cmocka_unit_test(what_was_found_before_a_refusal_is_found),
        cmocka_unit_test(the_memory_of_the_model_counts_too),
        cmocka_unit_test(progress_is_told_every_so_many_states),
        cmocka_unit_test(who_is_told_progress_may_stop_the_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
