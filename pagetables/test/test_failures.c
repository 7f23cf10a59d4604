/* The environment fails at every point of every operation: nothing changes, nothing is leaked, no lock stays.
 */
#include "pagetables/test/fixture.h"

#define VA (UINT64_C(3) << 39 | 5 * GIB | 14 * MIB | 36 * KIB)

static struct fixture fixture;

static int open_radix(void **state)
{
    fixture_open(&fixture, &pagetable_radix);
    return 0;
}

static int close_radix(void **state)
{
    fixture_close(&fixture);
    return 0;
}

static void bad_map_without_memory_at_any_allocation_changes_nothing(void **state)
{
    size_t tables = flat_memory_tables(fixture.memory);
    for (uint64_t nth = 1; nth <= 3; nth++) {
        flat_memory_fail_allocation(fixture.memory, nth);
        assert_int_equal(fixture_map(&fixture, VA, frame_of(0x5000, 12, "rw-u")), PAGETABLE_NO_MEMORY);
        assert_int_equal(flat_memory_tables(fixture.memory), tables);
        assert_int_equal(flat_memory_locks(fixture.memory), 0);
        fixture_assert_view(&fixture);
    }
}

static void good_map_succeeds_when_the_failing_allocation_is_not_reached(void **state)
{
    flat_memory_fail_allocation(fixture.memory, 4);
    assert_int_equal(fixture_map(&fixture, VA, frame_of(0x5000, 12, "rw-u")), PAGETABLE_OK);
    flat_memory_fail_allocation(fixture.memory, 0);
    fixture_assert_view(&fixture);
}

static void bad_map_beside_others_without_memory_keeps_them(void **state)
{
    assert_int_equal(fixture_map(&fixture, VA, frame_of(0x5000, 12, "rw-u")), PAGETABLE_OK);
    size_t tables = flat_memory_tables(fixture.memory);
    flat_memory_fail_allocation(fixture.memory, 1);
    assert_int_equal(fixture_map(&fixture, VA + 2 * MIB, frame_of(0x6000, 12, "rw-u")), PAGETABLE_NO_MEMORY);
    assert_int_equal(flat_memory_tables(fixture.memory), tables);
    fixture_assert_view(&fixture);
    /* the counts are right: the last of the mappings takes all tables with it */
    assert_int_equal(fixture_unmap(&fixture, VA), PAGETABLE_OK);
    assert_int_equal(flat_memory_tables(fixture.memory), 2);
}

static void bad_create_without_memory_leaves_nothing_allocated(void **state)
{
    const struct pagetable_config config = {.format = &vmsa_4k_48, .asid = 1};
    size_t tables = flat_memory_tables(fixture.memory);
    for (uint64_t nth = 1; nth <= 2; nth++) {
        struct radix other;
        flat_memory_fail_allocation(fixture.memory, nth);
        assert_int_equal(pagetable_radix.create(&other, &fixture.environment, &config), PAGETABLE_NO_MEMORY);
        assert_int_equal(flat_memory_tables(fixture.memory), tables);
    }
}

/* ---- The machine stops at the nth call ---- */

enum operation { MAP, MAP_BESIDE, UNMAP, PROTECT_RIGHTS, PROTECT_TYPE, QUERY, OPERATIONS };

static enum pagetable_result run(struct fixture *on, enum operation operation)
{
    struct mapping found;
    switch (operation) {
    case MAP:
        return fixture_map(on, VA + 2 * MIB, frame_of(0x6000, 12, "rw-u"));
    case MAP_BESIDE:
        return fixture_map(on, VA + 4 * KIB, frame_of(0x6000, 12, "rw-u"));
    case UNMAP:
        return fixture_unmap(on, VA);
    case PROTECT_RIGHTS:
        return fixture_protect(on, VA, "r--");
    case PROTECT_TYPE:
        return fixture_protect(on, VA, "rw-ud");
    default:
        return on->table->query(&on->state, &on->environment, VA, &found);
    }
}

static bool is_in_new_table(const struct fixture *on, uint64_t pa)
{
    for (size_t i = 0; i < flat_memory_log_count(on->memory); i++) {
        const struct flat_event *event = &flat_memory_log(on->memory)[i];
        if (event->kind == FLAT_ALLOCATE && pa - event->pa < event->bytes)
            return true;
    }
    return false;
}

/* Whether the operation got as far as storing to a table that is linked, so that undoing it is not possible
 * any more. */
static bool has_linked_stores(const struct fixture *on)
{
    for (size_t i = 0; i < flat_memory_log_count(on->memory); i++) {
        const struct flat_event *event = &flat_memory_log(on->memory)[i];
        if (event->kind == FLAT_WRITE && !is_in_new_table(on, event->pa))
            return true;
    }
    return false;
}

/* Runs the operation on a fresh table, stopped at the nth call; false when it was done before that. */
static bool stop_at(enum operation operation, uint64_t nth)
{
    struct fixture stopped;
    fixture_open(&stopped, &pagetable_radix);
    assert_int_equal(fixture_map(&stopped, VA, frame_of(0x5000, 12, "rw-u")), PAGETABLE_OK);
    flat_memory_fail_call(stopped.memory, nth);
    flat_memory_log_clear(stopped.memory);
    enum pagetable_result result = run(&stopped, operation);
    flat_memory_fail_call(stopped.memory, 0);
    assert_int_equal(flat_memory_locks(stopped.memory), 0);
    assert_true(result == PAGETABLE_OK || result == PAGETABLE_ENVIRONMENT);
    if (result == PAGETABLE_OK || !has_linked_stores(&stopped))
        fixture_assert_map(&stopped); /* memory may be lost: see pagetable.h */
    /* whatever counts the stop left wrong, the rest can be torn down */
    assert_int_equal(stopped.table->destroy(&stopped.state, &stopped.environment), PAGETABLE_OK);
    flat_memory_destroy(stopped.memory);
    abstract_map_destroy(stopped.expected);
    return result != PAGETABLE_OK;
}

static void bad_a_machine_that_stops_at_any_call_is_reported_and_the_lock_is_free(void **state)
{
    for (unsigned operation = 0; operation < OPERATIONS; operation++) {
        uint64_t nth = 1;
        while (stop_at((enum operation)operation, nth))
            nth++;
        assert_true(nth > 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bad_map_without_memory_at_any_allocation_changes_nothing, open_radix,
                                        close_radix),
        cmocka_unit_test_setup_teardown(good_map_succeeds_when_the_failing_allocation_is_not_reached,
                                        open_radix, close_radix),
        cmocka_unit_test_setup_teardown(bad_map_beside_others_without_memory_keeps_them, open_radix,
                                        close_radix),
        cmocka_unit_test_setup_teardown(bad_create_without_memory_leaves_nothing_allocated, open_radix,
                                        close_radix),
        cmocka_unit_test(bad_a_machine_that_stops_at_any_call_is_reported_and_the_lock_is_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
