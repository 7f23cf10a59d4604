/* Violations and deadlocks: which come first, how many there are, and the way to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/explore/test/models.h"

static struct search *explore(const struct search_model *model, bool go_on, enum search_outcome outcome)
{
    struct search *search = search_create(model, &(struct search_config){.go_on = go_on});
    assert_non_null(search);
    assert_int_equal(search_run(search), outcome);
    return search;
}

/* ---- Deadlocks ---- */

static void processes_that_wait_for_ever_are_a_deadlock(void **state)
{
    struct peterson peterson = {.deaf = true};
    struct search_model model = peterson_model(&peterson);
    struct search *search = explore(&model, false, SEARCH_FOUND);
    const struct search_finding *finding = finding_of(search, SEARCH_DEADLOCK);
    assert_non_null(finding);
    struct search_step steps[5];
    assert_int_equal(search_path(search, finding->state, steps, 5), 1 + 4);
    uint32_t second_moves = 0;
    for (size_t i = 1; i < 5; i++)
        second_moves += steps[i].label;
    assert_int_equal(second_moves, 2);
    search_destroy(search);
}

static void an_end_that_is_final_is_no_deadlock(void **state)
{
    struct counters counters = {.counters = 2, .top = 2};
    struct search_model model = counters_model(&counters);
    struct search *search = explore(&model, false, SEARCH_COMPLETE);
    assert_int_equal(search_figures(search)->ends, 1);
    assert_null(finding_of(search, SEARCH_DEADLOCK));
    search_destroy(search);
}

static void an_end_that_is_not_final_is_a_deadlock(void **state)
{
    struct counters counters = {.counters = 2, .top = 2, .never_final = true};
    struct search_model model = counters_model(&counters);
    for (unsigned asked = 0; asked < 2; asked++) {
        struct search *search = explore(&model, false, SEARCH_FOUND);
        assert_int_equal(search_figures(search)->deadlocks, 1);
        assert_int_equal(search_figures(search)->ends, 0);
        const struct search_finding *finding = finding_of(search, SEARCH_DEADLOCK);
        assert_int_equal(search_path(search, finding->state, NULL, 0), 1 + 4);
        search_destroy(search);
        model.is_final = NULL;
    }
}

/* ---- Violations ---- */

static void the_first_bad_transition_ends_the_search(void **state)
{
    struct counters counters = {.counters = 2, .top = 9, .mark = 3};
    struct search_model model = counters_model(&counters);
    struct search *search = explore(&model, false, SEARCH_FOUND);
    const struct search_finding *finding = finding_of(search, SEARCH_BAD_TRANSITION);
    assert_non_null(finding);
    assert_int_equal(finding->rule, RULE_MARK);
    assert_int_equal(finding->label, 0);
    assert_memory_equal(search_state(search, finding->state), ((uint8_t[]){2, 0}), 2);
    assert_int_equal(search_path(search, finding->state, NULL, 0), 1 + 2);
    assert_int_equal(search_figures(search)->violations, 1);
    search_destroy(search);
}

/* Sums 0, 1, 2 are 1 + 2 + 3 states; of the last three, each counter goes to the mark. */
static void all_bad_transitions_are_counted_if_asked(void **state)
{
    struct counters counters = {.counters = 2, .top = 9, .mark = 3};
    struct search_model model = counters_model(&counters);
    struct search *search = explore(&model, true, SEARCH_COMPLETE);
    assert_int_equal(search_figures(search)->states, 6);
    assert_int_equal(search_figures(search)->transitions, 6 * 2);
    assert_int_equal(search_figures(search)->violations, 6);
    assert_int_equal(search_figures(search)->deadlocks, 0);
    size_t count;
    const struct search_finding *findings = search_findings(search, &count);
    assert_int_equal(count, 1);
    assert_int_equal(findings[0].count, 6);
    search_destroy(search);
}

static bool begin_badly(void *context, struct search *search)
{
    search_violation(search, 4, RULE_MARK);
    return true;
}

static void a_beginning_can_be_bad(void **state)
{
    struct counters counters = {.counters = 1, .top = 1};
    struct search_model model = counters_model(&counters);
    model.begin = begin_badly;
    struct search *search = explore(&model, false, SEARCH_FOUND);
    const struct search_finding *finding = finding_of(search, SEARCH_BAD_TRANSITION);
    assert_int_equal(finding->state, SEARCH_NONE);
    assert_int_equal(finding->label, 4);
    assert_int_equal(search_path(search, finding->state, NULL, 0), 0);
    assert_int_equal(search_figures(search)->transitions, 0);
    search_destroy(search);
}

/*
 *   0 -> 1 -> 3 (bad: rule 10)
 *     -> 2 -> 4 (bad: rule 11, and without a way out)
 * Both bad states are two transitions away; the one that is found first is first.
 */
static struct graph two_bad(void)
{
    return (struct graph){.nodes = 5,
                          .node_bytes = 4,
                          .outward = {2, 1, 1, 1},
                          .to = {{1, 2}, {3}, {4}, {0}},
                          .rule = {0, 0, 0, 10, 11}};
}

static void the_nearest_bad_state_is_found_first(void **state)
{
    struct graph graph = two_bad();
    struct search_model model = graph_model(&graph);
    struct search *search = explore(&model, false, SEARCH_FOUND);
    size_t count;
    const struct search_finding *findings = search_findings(search, &count);
    assert_int_equal(count, 1);
    assert_int_equal(findings[0].rule, 10);
    assert_int_equal(graph_node(search_state(search, findings[0].state)), 3);
    search_destroy(search);

    graph.to[1][0] = 1; /* node 3 is not reached */
    search = explore(&model, false, SEARCH_FOUND);
    assert_int_equal(search_findings(search, &count)->rule, 11);
    search_destroy(search);
}

/* 0 -> 1 -> 3 (bad), 0 -> 2, which is a deadlock, but expanded after 1. */
static void a_bad_state_comes_before_a_deadlock_that_is_seen_later(void **state)
{
    struct graph graph = two_bad();
    graph.outward[2] = 0;
    struct search_model model = graph_model(&graph);
    struct search *search = explore(&model, false, SEARCH_FOUND);
    size_t count;
    assert_int_equal(search_findings(search, &count)->kind, SEARCH_BAD_STATE);
    search_destroy(search);

    graph.rule[3] = 0;
    search = explore(&model, false, SEARCH_FOUND);
    assert_int_equal(search_findings(search, &count)->kind, SEARCH_DEADLOCK);
    search_destroy(search);
}

/* As the graph, and then a bad transition. */
static bool expand_and_err(void *context, const void *state, struct search *search)
{
    bool expanded = graph_model(context).expand(context, state, search);
    if (graph_node(state) == 1)
        search_violation(search, 7, RULE_MARK);
    return expanded;
}

static void a_bad_state_comes_before_a_bad_transition_that_is_told_later(void **state)
{
    struct graph graph = two_bad();
    struct search_model model = graph_model(&graph);
    model.expand = expand_and_err;
    struct search *search = explore(&model, false, SEARCH_FOUND);
    size_t count;
    assert_int_equal(search_findings(search, &count)->rule, 10);
    search_destroy(search);

    graph.rule[3] = 0;
    search = explore(&model, false, SEARCH_FOUND);
    assert_int_equal(search_findings(search, &count)->rule, RULE_MARK);
    assert_int_equal(search_findings(search, &count)->label, 7);
    search_destroy(search);
}

static void each_rule_has_its_first_finding(void **state)
{
    struct graph graph = two_bad();
    struct search_model model = graph_model(&graph);
    struct search *search = explore(&model, true, SEARCH_COMPLETE);
    size_t count;
    const struct search_finding *findings = search_findings(search, &count);
    assert_int_equal(count, 3);
    assert_int_equal(findings[0].rule, 10);
    assert_int_equal(findings[1].rule, 11);
    assert_int_equal(findings[2].kind, SEARCH_DEADLOCK);
    assert_int_equal(findings[2].state, findings[1].state);
    assert_int_equal(search_figures(search)->violations, 2);
    assert_int_equal(search_figures(search)->deadlocks, 1);
    search_destroy(search);
}

static void more_rules_than_are_kept_are_still_counted(void **state)
{
    struct graph graph = {.nodes = NODES_MAX, .node_bytes = 5};
    for (uint32_t i = 0; i < NODES_MAX; i++) {
        graph.outward[i] = 1;
        graph.to[i][0] = (i + 1) % NODES_MAX;
        graph.rule[i] = i + 1;
    }
    struct search_model model = graph_model(&graph);
    struct search *search = explore(&model, true, SEARCH_COMPLETE);
    size_t count;
    const struct search_finding *findings = search_findings(search, &count);
    assert_int_equal(count, SEARCH_FINDINGS);
    for (uint32_t i = 0; i < SEARCH_FINDINGS; i++)
        assert_int_equal(findings[i].rule, i + 1);
    assert_int_equal(search_figures(search)->violations, NODES_MAX);
    search_destroy(search);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(processes_that_wait_for_ever_are_a_deadlock),
        cmocka_unit_test(an_end_that_is_final_is_no_deadlock),
        cmocka_unit_test(an_end_that_is_not_final_is_a_deadlock),
        cmocka_unit_test(the_first_bad_transition_ends_the_search),
        cmocka_unit_test(all_bad_transitions_are_counted_if_asked),
        cmocka_unit_test(a_beginning_can_be_bad),
        cmocka_unit_test(the_nearest_bad_state_is_found_first),
        cmocka_unit_test(a_bad_state_comes_before_a_deadlock_that_is_seen_later),
        cmocka_unit_test(a_bad_state_comes_before_a_bad_transition_that_is_told_later),
        cmocka_unit_test(each_rule_has_its_first_finding),
        cmocka_unit_test(more_rules_than_are_kept_are_still_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
