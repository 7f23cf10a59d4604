/*
 * Random graphs: the search finds what a plain search over arrays finds, in its order. MMUSIM_SEED is the
 * seed of the first graph, MMUSIM_RUNS how many there are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/explore/test/models.h"
#include "tlb/test/random.h"

/* What a search over the graph's own numbers says. */
struct plain {
    uint32_t order[NODES_MAX];
    uint32_t distance[NODES_MAX]; /* by node */
    bool seen[NODES_MAX];
    uint32_t count;
    uint32_t depth, ends, deadlocks;
    uint64_t transitions, violations;
};

static void find(struct plain *plain, uint32_t node, uint32_t distance)
{
    if (plain->seen[node])
        return;
    plain->seen[node] = true;
    plain->distance[node] = distance;
    plain->depth = distance;
    plain->order[plain->count++] = node;
}

static void search_plainly(const struct graph *graph, struct plain *plain)
{
    *plain = (struct plain){0};
    find(plain, 0, 0);
    for (uint32_t i = 0; i < plain->count; i++) {
        uint32_t node = plain->order[i];
        plain->violations += graph->rule[node] != SEARCH_RULE_NONE;
        plain->transitions += graph->outward[node];
        if (graph->outward[node] == 0 && graph->final[node])
            plain->ends++;
        else if (graph->outward[node] == 0)
            plain->deadlocks++;
        for (uint32_t k = 0; k < graph->outward[node]; k++)
            find(plain, graph->to[node][k], plain->distance[node] + 1);
    }
}

static void make_graph(struct graph *graph, uint64_t *random)
{
    *graph = (struct graph){.nodes = 1 + (uint32_t)random_below(random, NODES_MAX)};
    graph->node_bytes = 4 + (uint32_t)random_below(random, 60);
    unsigned forward = (unsigned)random_below(random, 100); /* long chains, so that graphs are deep, too */
    for (uint32_t i = 0; i < graph->nodes; i++) {
        graph->outward[i] = (uint32_t)random_below(random, OUTWARD_MAX + 1);
        if (graph->outward[i] == 0 && random_chance(random, 80))
            graph->outward[i] = 1;
        for (uint32_t k = 0; k < graph->outward[i]; k++)
            graph->to[i][k] = random_chance(random, forward) ? (i + 1) % graph->nodes
                                                             : (uint32_t)random_below(random, graph->nodes);
        graph->final[i] = random_chance(random, 50);
        graph->rule[i] = random_chance(random, 10) ? 1 + (uint32_t)random_below(random, 3) : SEARCH_RULE_NONE;
    }
}

static void paths_are_paths(const struct graph *graph, const struct plain *plain, const struct search *search,
                            uint32_t state)
{
    static struct search_step steps[NODES_MAX + 1];
    size_t length = search_path(search, state, steps, NODES_MAX + 1);
    uint32_t node = graph_node(search_state(search, state));
    assert_int_equal(length, 1 + plain->distance[node]);
    assert_int_equal(steps[0].state, 0);
    assert_int_equal(steps[length - 1].state, state);
    for (size_t i = 1; i < length; i++) {
        uint32_t from = graph_node(search_state(search, steps[i - 1].state));
        assert_true(steps[i].label < graph->outward[from]);
        assert_int_equal(graph->to[from][steps[i].label], graph_node(search_state(search, steps[i].state)));
    }
}

static void same_findings(const struct plain *plain, const struct search *search)
{
    size_t count;
    const struct search_finding *findings = search_findings(search, &count);
    uint64_t violations = 0;
    uint64_t deadlocks = 0;
    for (size_t i = 0; i < count; i++)
        *(findings[i].kind == SEARCH_DEADLOCK ? &deadlocks : &violations) += findings[i].count;
    assert_int_equal(violations, plain->violations);
    assert_int_equal(deadlocks, plain->deadlocks);
}

static void same_as_plainly(const struct graph *graph, const struct plain *plain, const struct search *search)
{
    const struct search_figures *figures = search_figures(search);
    assert_int_equal(figures->states, plain->count);
    assert_int_equal(figures->expanded, plain->count);
    assert_int_equal(figures->transitions, plain->transitions);
    assert_int_equal(figures->depth, plain->depth);
    assert_int_equal(figures->ends, plain->ends);
    assert_int_equal(figures->deadlocks, plain->deadlocks);
    assert_int_equal(figures->violations, plain->violations);
    same_findings(plain, search);
    for (uint32_t i = 0; i < plain->count; i++) {
        assert_int_equal(graph_node(search_state(search, i)), plain->order[i]);
        paths_are_paths(graph, plain, search, i);
    }
}

static void random_graphs_are_searched_as_plainly(void **state)
{
    uint64_t (*const hashes[])(const void *, size_t) = {NULL, hash_nothing, hash_first_byte};
    uint64_t seed = random_seed();
    for (unsigned i = 0; i < random_runs(60); i++) {
        static struct graph graph;
        static struct plain plain;
        uint64_t random = seed + i;
        make_graph(&graph, &random);
        search_plainly(&graph, &plain);
        struct search_model model = graph_model(&graph);
        struct search *search =
            search_create(&model, &(struct search_config){.go_on = true, .hash = hashes[i % 3]});
        assert_int_equal(search_run(search), SEARCH_COMPLETE);
        same_as_plainly(&graph, &plain, search);
        search_destroy(search);
    }
}

/* Whatever is found first is as near as anything of its kind. */
static void the_first_finding_is_a_nearest_one(void **state)
{
    uint64_t seed = random_seed();
    for (unsigned i = 0; i < random_runs(60); i++) {
        static struct graph graph;
        static struct plain plain;
        uint64_t random = seed + i;
        make_graph(&graph, &random);
        search_plainly(&graph, &plain);
        struct search_model model = graph_model(&graph);
        struct search *search = search_create(&model, &(struct search_config){0});
        enum search_outcome outcome = search_run(search);
        assert_int_equal(outcome == SEARCH_FOUND, plain.violations + plain.deadlocks > 0);
        size_t count;
        const struct search_finding *finding = search_findings(search, &count);
        assert_int_equal(count, outcome == SEARCH_FOUND);
        uint32_t at = count ? graph_node(search_state(search, finding->state)) : 0;
        for (uint32_t node = 0; count && node < graph.nodes; node++) {
            bool alike = finding->kind == SEARCH_DEADLOCK ? graph.outward[node] == 0 && !graph.final[node]
                                                          : graph.rule[node] != SEARCH_RULE_NONE;
            assert_false(plain.seen[node] && alike && plain.distance[node] < plain.distance[at]);
        }
        search_destroy(search);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_graphs_are_searched_as_plainly),
        cmocka_unit_test(the_first_finding_is_a_nearest_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
