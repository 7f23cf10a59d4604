/*
 * The small machine's memory, store buffers and invalidations, with the numbers of states that they must
 * have.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/explore/test/small_fixture.h"

#define WORD(i) (UINT64_C(0x20000) + 8 * (uint64_t)(i))

static const struct invalidation everything = {.scope = INVALIDATE_ALL, .broadcast = true};

/* ---- numbers ---- */

static void numbers_stand_for_one_thing_each(void **state)
{
    struct small_fixture fixture;
    uint8_t value, again, other, zero, word, address;
    (void)state;
    small_open(&fixture, &(struct small_config){0});
    assert_true(small_value(fixture.machine, 0, &zero) && small_value(fixture.machine, 7, &value));
    assert_true(small_value(fixture.machine, 7, &again) && small_value(fixture.machine, 8, &other));
    assert_int_equal(zero, 0);
    assert_int_equal(value, again);
    assert_int_not_equal(value, other);
    assert_int_equal(small_value_of(fixture.machine, other), 8);
    assert_true(small_word(fixture.machine, WORD(1), &word) &&
                small_address(fixture.machine, SMALL_PAGE, &address));
    assert_int_not_equal(word, 0);
    assert_int_not_equal(address, 0);
    assert_int_equal(small_pa_of(fixture.machine, word), WORD(1));
    assert_int_equal(small_va_of(fixture.machine, address), SMALL_PAGE);
    assert_int_equal(small_words(fixture.machine), 1);
    small_close(&fixture);
}

static void too_many_of_a_kind_end_with_a_sentence(void **state)
{
    struct small_fixture fixture;
    uint8_t number;
    (void)state;
    small_open(&fixture, &(struct small_config){0});
    for (unsigned i = 0; i < SMALL_WORDS; i++)
        assert_true(small_word(fixture.machine, WORD(i), &number));
    assert_true(small_word(fixture.machine, WORD(0), &number));
    assert_null(small_error(fixture.machine));
    assert_false(small_word(fixture.machine, WORD(SMALL_WORDS), &number));
    assert_non_null(small_error(fixture.machine));
    small_destroy(fixture.machine);

    small_open(&fixture, &(struct small_config){0});
    for (unsigned i = 0; i <= SMALL_VALUES; i++)
        assert_true(small_value(fixture.machine, i, &number));
    assert_false(small_value(fixture.machine, SMALL_VALUES + 1, &number));
    assert_non_null(small_error(fixture.machine));
    small_destroy(fixture.machine);
}

static void no_memory_is_told_as_such(void **state)
{
    struct small_fixture fixture;
    uint8_t number = 0;
    (void)state;
    small_open(&fixture, &(struct small_config){0});
    fixture.budget.bytes_max = fixture.budget.bytes;
    for (uint64_t i = 0; i <= SMALL_VALUES && small_value(fixture.machine, i, &number); i++)
        continue;
    assert_string_equal(small_error(fixture.machine), "the memory that was allowed is used up");
    small_destroy(fixture.machine);
}

static void a_word_that_was_never_written_holds_0_and_has_no_number(void **state)
{
    struct small_fixture fixture;
    (void)state;
    small_open(&fixture, &(struct small_config){0});
    assert_int_equal(small_memory_value(&fixture, WORD(3)), 0);
    assert_true(small_poke(fixture.machine, &fixture.state, WORD(3), 0));
    assert_int_equal(small_words(fixture.machine), 0);
    assert_true(small_poke(fixture.machine, &fixture.state, WORD(3), 9));
    assert_int_equal(small_memory_value(&fixture, WORD(3)), 9);
    assert_int_equal(small_words(fixture.machine), 1);
    small_close(&fixture);
}

/* ---- store buffers ---- */

static void stores_wait_and_are_forwarded_to_their_core_alone(void **state)
{
    struct small_fixture fixture;
    (void)state;
    small_open(&fixture, &(struct small_config){.cores = 2, .store_buffer = 2});
    small_store_word(&fixture, 0, WORD(0), 5);
    small_store_word(&fixture, 0, WORD(0), 6);
    assert_int_equal(
        small_value_of(fixture.machine, small_core_reads(fixture.machine, &fixture.state, 0, WORD(0))), 6);
    assert_int_equal(small_core_reads(fixture.machine, &fixture.state, 1, WORD(0)), 0);
    assert_int_equal(small_memory_value(&fixture, WORD(0)), 0);
    assert_true(small_core_has_store(fixture.machine, &fixture.state, 0, WORD(0)));
    assert_false(small_core_has_store(fixture.machine, &fixture.state, 1, WORD(0)));
    assert_false(small_core_has_store(fixture.machine, &fixture.state, 0, WORD(1)));
    assert_false(small_has_room(fixture.machine, &fixture.state, 0));
    assert_true(small_has_room(fixture.machine, &fixture.state, 1));
    small_take(&fixture, STEP_DRAIN, 0, 0);
    assert_int_equal(small_memory_value(&fixture, WORD(0)), 5);
    assert_true(small_has_room(fixture.machine, &fixture.state, 0));
    small_take(&fixture, STEP_DRAIN, 0, 0);
    assert_int_equal(small_memory_value(&fixture, WORD(0)), 6);
    assert_false(small_can(&fixture, STEP_DRAIN, 0, 0));
    small_close(&fixture);
}

static void without_a_buffer_stores_are_visible_at_once(void **state)
{
    struct small_fixture fixture;
    (void)state;
    small_open(&fixture, &(struct small_config){0});
    small_store_word(&fixture, 0, WORD(0), 5);
    assert_int_equal(small_memory_value(&fixture, WORD(0)), 5);
    assert_int_equal(small_count(&fixture), 0);
    small_close(&fixture);
}

/* n stores of a buffer that is first in, first out leave n + 1 states; of two cores, the product. */
static void a_buffer_in_order_drains_through_as_many_states_as_stores_and_one(void **state)
{
    (void)state;
    for (unsigned first = 0; first <= SMALL_STORES; first++)
        for (unsigned second = 0; second <= SMALL_STORES; second++) {
            struct small_fixture fixture;
            small_open(&fixture, &(struct small_config){.cores = 2, .store_buffer = SMALL_STORES});
            for (unsigned i = 0; i < first; i++)
                small_store_word(&fixture, 0, WORD(i), 10 + i);
            for (unsigned i = 0; i < second; i++)
                small_store_word(&fixture, 1, WORD(8 + i), 20 + i);
            assert_int_equal(small_reach(&fixture), (first + 1) * (second + 1));
            small_close(&fixture);
        }
}

static unsigned states_of_passing_stores(unsigned before, unsigned after, bool barrier, bool passes,
                                         bool one_word)
{
    struct small_fixture fixture;
    small_open(&fixture, &(struct small_config){.store_buffer = SMALL_STORES, .stores_pass_stores = passes});
    for (unsigned i = 0; i < before + after; i++) {
        if (barrier && i == before)
            small_order_stores(fixture.machine, &fixture.state, 0);
        small_store_word(&fixture, 0, WORD(one_word ? 0 : i), 10 + i);
    }
    unsigned states = small_reach(&fixture);
    small_close(&fixture);
    return states;
}

static void stores_that_may_pass_drain_through_every_subset(void **state)
{
    (void)state;
    for (unsigned before = 1; before <= 2; before++)
        for (unsigned after = 1; after <= 2; after++) {
            unsigned all = before + after;
            assert_int_equal(states_of_passing_stores(before, after, false, true, false), 1u << all);
            assert_int_equal(states_of_passing_stores(before, after, true, true, false),
                             (1u << before) + (1u << after) - 1);
            assert_int_equal(states_of_passing_stores(before, after, false, true, true), all + 1);
            assert_int_equal(states_of_passing_stores(before, after, true, false, false), all + 1);
        }
}

/* What barriers said of stores that have drained leaves no trace. */
static void drained_buffers_are_equal(void **state)
{
    struct small_fixture one, other;
    (void)state;
    small_open(&one, &(struct small_config){.store_buffer = 2, .stores_pass_stores = true});
    small_open(&other, &(struct small_config){.store_buffer = 2, .stores_pass_stores = true});
    small_store_word(&one, 0, WORD(0), 5);
    small_order_stores(one.machine, &one.state, 0);
    small_order_stores(one.machine, &one.state, 0);
    small_take(&one, STEP_DRAIN, 0, 0);
    small_store_word(&other, 0, WORD(0), 5);
    small_take(&other, STEP_DRAIN, 0, 0);
    assert_memory_equal(&one.state, &other.state, sizeof one.state);
    small_close(&one);
    small_close(&other);
}

/* ---- invalidations ---- */

static void an_invalidation_is_complete_when_every_target_has_dropped(void **state)
{
    struct small_fixture fixture;
    (void)state;
    small_open(&fixture, &(struct small_config){.cores = 3});
    unsigned place = small_sent(&fixture, 0, &everything, 5);
    assert_false(small_is_complete(&fixture.state, 0, false));
    assert_true(small_is_complete(&fixture.state, 1, false));
    assert_false(small_can(&fixture, STEP_DROP, 1, place));
    assert_int_equal(small_reach(&fixture), 4);
    small_take(&fixture, STEP_DROP, 2, place);
    assert_false(small_is_complete(&fixture.state, 0, false));
    small_take(&fixture, STEP_DROP, 0, place);
    assert_true(small_is_complete(&fixture.state, 0, false));
    assert_int_equal(small_count(&fixture), 0);
    small_close(&fixture);
}

static void local_invalidations_are_waited_for_apart(void **state)
{
    struct small_fixture fixture;
    struct invalidation local = everything;
    (void)state;
    local.broadcast = false;
    small_open(&fixture, &(struct small_config){.cores = 2});
    unsigned there = small_sent(&fixture, 0, &everything, 3);
    assert_true(small_is_complete(&fixture.state, 0, true));
    unsigned here = small_sent(&fixture, 0, &local, 1);
    assert_false(small_is_complete(&fixture.state, 0, true));
    small_take(&fixture, STEP_DROP, 0, here);
    assert_true(small_is_complete(&fixture.state, 0, true));
    assert_false(small_is_complete(&fixture.state, 0, false));
    small_take(&fixture, STEP_DROP, 0, there);
    small_take(&fixture, STEP_DROP, 1, there);
    assert_true(small_is_complete(&fixture.state, 0, false));
    small_close(&fixture);
}

static void too_many_invalidations_wait(void **state)
{
    struct small_fixture fixture;
    unsigned place;
    (void)state;
    small_open(&fixture, &(struct small_config){0});
    for (unsigned i = 0; i < SMALL_INVALIDATIONS; i++)
        assert_int_equal(small_sent(&fixture, 0, &everything, 1), i);
    assert_int_equal(small_invalidate(fixture.machine, &fixture.state, 0, &everything, 1, &place),
                     SMALL_BUSY);
    small_take(&fixture, STEP_DROP, 0, 3);
    assert_int_equal(small_sent(&fixture, 0, &everything, 1), 3);
    small_close(&fixture);
}

static void a_translated_store_holds_its_invalidation_up_until_it_is_in_memory(void **state)
{
    const struct invalidation page = {.va = SMALL_PAGE, .asid = 1, .broadcast = true};
    struct small_fixture fixture;
    (void)state;
    small_open(&fixture, &(struct small_config){.store_buffer = 2});
    small_map(&fixture, SMALL_PAGE, SMALL_FRAME, SMALL_RW);
    assert_true(
        small_issue(fixture.machine, &fixture.state, 0, 0, ACCESS_STORE, PRIVILEGE_USER, SMALL_PAGE + 8));
    small_walk_whole(&fixture, 0);
    const struct small_access access = fixture.state.cores[0].accesses[0];
    assert_int_equal(small_pa(fixture.machine, &access), SMALL_FRAME + 8);
    const struct small_new_store store = {.pa = SMALL_FRAME + 8,
                                          .value = 3,
                                          .va = SMALL_PAGE + 8,
                                          .leaf = access.leaf,
                                          .settle = access.settle};
    assert_true(small_put_store(fixture.machine, &fixture.state, 0, &store));
    small_retire(&fixture.state, 0, 0);
    unsigned place = small_sent(&fixture, 0, &page, 1);
    small_take(&fixture, STEP_DROP, 0, place);
    assert_false(small_is_complete(&fixture.state, 0, false));
    small_take(&fixture, STEP_DRAIN, 0, 0);
    assert_true(small_is_complete(&fixture.state, 0, false));
    /* an untranslated one is nobody's */
    small_store_word(&fixture, 0, SMALL_FRAME + 8, 4);
    place = small_sent(&fixture, 0, &page, 1);
    small_take(&fixture, STEP_DROP, 0, place);
    assert_true(small_is_complete(&fixture.state, 0, false));
    small_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_stand_for_one_thing_each),
        cmocka_unit_test(too_many_of_a_kind_end_with_a_sentence),
        cmocka_unit_test(no_memory_is_told_as_such),
        cmocka_unit_test(a_word_that_was_never_written_holds_0_and_has_no_number),
        cmocka_unit_test(stores_wait_and_are_forwarded_to_their_core_alone),
        cmocka_unit_test(without_a_buffer_stores_are_visible_at_once),
        cmocka_unit_test(a_buffer_in_order_drains_through_as_many_states_as_stores_and_one),
        cmocka_unit_test(stores_that_may_pass_drain_through_every_subset),
        cmocka_unit_test(drained_buffers_are_equal),
        cmocka_unit_test(an_invalidation_is_complete_when_every_target_has_dropped),
        cmocka_unit_test(local_invalidations_are_waited_for_apart),
        cmocka_unit_test(too_many_invalidations_wait),
        cmocka_unit_test(a_translated_store_holds_its_invalidation_up_until_it_is_in_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
