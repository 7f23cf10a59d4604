/* Models with known numbers: states, depth, shortest solutions. */
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

static uint32_t power(uint32_t base, uint32_t exponent)
{
    return exponent ? base * power(base, exponent - 1) : 1;
}

static void counters_have_the_product_of_their_states(void **state)
{
    for (uint32_t count = 1; count <= 5; count++)
        for (uint32_t top = 1; top <= 5; top++) {
            struct counters counters = {.counters = count, .top = top};
            struct search_model model = counters_model(&counters);
            struct search *search = explore(&model, false, SEARCH_COMPLETE);
            const struct search_figures *figures = search_figures(search);
            assert_int_equal(figures->states, power(top + 1, count));
            assert_int_equal(figures->expanded, figures->states);
            assert_int_equal(figures->transitions, count * top * power(top + 1, count - 1));
            assert_int_equal(figures->depth, count * top);
            assert_int_equal(figures->ends, 1);
            assert_int_equal(figures->deadlocks, 0);
            assert_int_equal(counters.asked_final, 1);
            search_destroy(search);
        }
}

static void the_path_to_a_state_counts_up_to_it(void **state)
{
    struct counters counters = {.counters = 3, .top = 4};
    struct search_model model = counters_model(&counters);
    struct search *search = explore(&model, false, SEARCH_COMPLETE);
    for (uint32_t i = 0; i < search_figures(search)->states; i++) {
        struct search_step steps[20];
        size_t length = search_path(search, i, steps, 20);
        const uint8_t *end = search_state(search, i);
        assert_int_equal(length, 1u + end[0] + end[1] + end[2]);
        assert_int_equal(steps[length - 1].state, i);
        uint8_t counts[COUNTERS_MAX] = {0};
        for (size_t step = 0; step < length; step++) {
            counts[steps[step].label] += step > 0;
            assert_memory_equal(search_state(search, steps[step].state), counts, sizeof counts);
        }
    }
    search_destroy(search);
}

static void a_path_is_cut_where_there_is_no_room(void **state)
{
    struct counters counters = {.counters = 1, .top = 5};
    struct search_model model = counters_model(&counters);
    struct search *search = explore(&model, false, SEARCH_COMPLETE);
    struct search_step steps[6] = {{9, 9}, {9, 9}, {9, 9}};
    assert_int_equal(search_path(search, 5, steps, 2), 6);
    assert_int_equal(steps[1].state, 1);
    assert_int_equal(steps[2].state, 9);
    assert_int_equal(search_path(search, 5, NULL, 0), 6);
    search_destroy(search);
}

static void four_gallons_take_six_steps(void **state)
{
    struct jugs jugs = {.goal = 4};
    struct search_model model = jugs_model(&jugs);
    struct search *search = explore(&model, false, SEARCH_FOUND);
    const struct search_finding *finding = finding_of(search, SEARCH_BAD_STATE);
    assert_non_null(finding);
    assert_int_equal(finding->rule, RULE_MEASURED);
    struct search_step steps[7];
    assert_int_equal(search_path(search, finding->state, steps, 7), 1 + 6);
    /* Fill 5; pour into 3; empty 3; pour; fill 5; pour. */
    const uint32_t labels[] = {0, 3, 5, 1, 5, 3, 5};
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(steps[i].label, labels[i]);
    search_destroy(search);
}

static void jugs_have_sixteen_states(void **state)
{
    struct jugs jugs = {0};
    struct search_model model = jugs_model(&jugs);
    struct search *search = explore(&model, false, SEARCH_COMPLETE);
    assert_int_equal(search_figures(search)->states, 16);
    search_destroy(search);
}

static void puzzles_have_their_known_sizes_and_depths(void **state)
{
    const struct {
        struct puzzle puzzle;
        uint32_t states, depth;
    } known[] = {{{2, 2}, 12, 6}, {{2, 3}, 360, 21}, {{3, 3}, 181440, 31}};
    for (size_t i = 0; i < 3; i++) {
        struct puzzle puzzle = known[i].puzzle;
        struct search_model model = puzzle_model(&puzzle);
        struct search *search = explore(&model, false, SEARCH_COMPLETE);
        assert_int_equal(search_figures(search)->states, known[i].states);
        assert_int_equal(search_figures(search)->depth, known[i].depth);
        assert_int_equal(search_path(search, known[i].states - 1, NULL, 0), known[i].depth + 1);
        search_destroy(search);
    }
}

static void peterson_keeps_the_second_process_out(void **state)
{
    struct peterson peterson = {0};
    struct search_model model = peterson_model(&peterson);
    struct search *search = explore(&model, true, SEARCH_COMPLETE);
    assert_int_equal(search_figures(search)->violations, 0);
    assert_int_equal(search_figures(search)->deadlocks, 0);
    search_destroy(search);
}

/* One process gives the turn away, the other does all it has to, and the first one sets its flag too late. */
static void the_turn_before_the_flag_lets_both_in(void **state)
{
    struct peterson peterson = {.turn_first = true};
    struct search_model model = peterson_model(&peterson);
    struct search *search = explore(&model, false, SEARCH_FOUND);
    const struct search_finding *finding = finding_of(search, SEARCH_BAD_STATE);
    assert_non_null(finding);
    assert_int_equal(finding->rule, RULE_BOTH_INSIDE);
    assert_int_equal(search_path(search, finding->state, NULL, 0), 1 + 6);
    search_destroy(search);
}

static void the_hash_changes_no_number_and_no_path(void **state)
{
    uint64_t (*const hashes[])(const void *, size_t) = {NULL, hash_nothing, hash_first_byte};
    struct puzzle puzzle = {2, 3};
    struct search_model model = puzzle_model(&puzzle);
    struct search *searches[3];
    for (size_t i = 0; i < 3; i++) {
        searches[i] = search_create(&model, &(struct search_config){.hash = hashes[i]});
        assert_int_equal(search_run(searches[i]), SEARCH_COMPLETE);
        assert_int_equal(search_figures(searches[i])->transitions, search_figures(searches[0])->transitions);
        assert_int_equal(search_figures(searches[i])->states, 360);
        for (uint32_t number = 0; number < 360; number++) {
            struct search_step one[22];
            struct search_step other[22];
            assert_memory_equal(search_state(searches[i], number), search_state(searches[0], number), 6);
            size_t length = search_path(searches[i], number, one, 22);
            assert_int_equal(search_path(searches[0], number, other, 22), length);
            assert_memory_equal(one, other, length * sizeof *one);
        }
    }
    for (size_t i = 0; i < 3; i++)
        search_destroy(searches[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_have_the_product_of_their_states),
        cmocka_unit_test(the_path_to_a_state_counts_up_to_it),
        cmocka_unit_test(a_path_is_cut_where_there_is_no_room),
        cmocka_unit_test(four_gallons_take_six_steps),
        cmocka_unit_test(jugs_have_sixteen_states),
        cmocka_unit_test(puzzles_have_their_known_sizes_and_depths),
        cmocka_unit_test(peterson_keeps_the_second_process_out),
        cmocka_unit_test(the_turn_before_the_flag_lets_both_in),
        cmocka_unit_test(the_hash_changes_no_number_and_no_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
