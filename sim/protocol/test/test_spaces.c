#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pagetables/walk.h"
#include "sim/protocol/protocol.h"

/*
 * Runs: each root is judged up to its first break. Two roots of stage 1, with tables of 4 KiB; a table of
 * the first one's at LOWER.
 */
#define ROOT_A UINT64_C(0x1000)
#define ROOT_B UINT64_C(0x2000)
#define LOWER  UINT64_C(0x3000)
#define NEW    UINT64_C(0x4000)

#define TO(table) ((table) | 3) /* the word of an entry that points to it */

struct told {
    struct protocol *protocol;
    unsigned count;
    struct protocol_violation last;
    uint64_t digest;
    uint64_t now;
};

static void hear(void *context, const struct protocol_violation *violation)
{
    struct told *told = context;
    told->count++;
    told->last = *violation;
}

static void add_root(struct told *told, uint32_t id, uint64_t pa)
{
    const struct protocol_root root = {.pa = pa,
                                       .entries = *entry_format_of(walk_format_find("vmsa-4k-48")),
                                       .id = id,
                                       .asid = (uint16_t)id};
    assert_int_equal(protocol_add_root(told->protocol, &root, 0, (struct protocol_mark){++told->now, 0}),
                     PROTOCOL_FINE);
}

static int set_up(void **state)
{
    static struct told told;
    told = (struct told){0};
    const struct protocol_config config = {
        .agent_word = "core", .mark_word = "cycle", .listener = {.found = hear, .context = &told}};
    told.protocol = protocol_create(&config);
    if (!told.protocol)
        return -1;
    *state = &told;
    return 0;
}

static int tear_down(void **state)
{
    protocol_destroy(((struct told *)*state)->protocol);
    return 0;
}

static int store(struct told *told, uint64_t pa, uint64_t value)
{
    return protocol_write(told->protocol, 0, pa, value, (struct protocol_mark){++told->now, 0});
}

static void two_roots(struct told *told)
{
    add_root(told, 1, ROOT_A);
    add_root(told, 2, ROOT_B);
    assert_int_equal(store(told, ROOT_A, TO(LOWER)), PROTOCOL_FINE);
}

/* A valid entry becomes another valid one. */
static int break_a(struct told *told)
{
    return store(told, ROOT_A, TO(NEW));
}

static void expect_told(const struct told *told, unsigned count, enum protocol_rule rule, uint32_t root)
{
    assert_int_equal(told->count, count);
    assert_int_equal(told->last.rule, rule);
    assert_int_equal(told->last.root, root);
    assert_int_equal(told->last.mark.at, told->now);
}

static void of_a_root_the_first_break_alone_is_told(void **state)
{
    struct told *told = *state;
    two_roots(told);
    assert_int_equal(break_a(told), PROTOCOL_VIOLATED);
    expect_told(told, 1, PROTOCOL_CHANGED_WITHOUT_BREAK, 1);
    assert_int_equal(store(told, ROOT_A, TO(LOWER)), PROTOCOL_FINE);
    assert_int_equal(told->count, 1);
}

static void of_one_store_the_uppermost_break_alone_is_told(void **state)
{
    struct told *told = *state;
    two_roots(told);
    assert_int_equal(store(told, ROOT_A + 8, TO(NEW)), PROTOCOL_FINE);
    assert_int_equal(store(told, ROOT_A, TO(NEW)), PROTOCOL_VIOLATED); /* and NEW is a table twice */
    expect_told(told, 1, PROTOCOL_CHANGED_WITHOUT_BREAK, 1);
}

static void another_root_is_judged_on(void **state)
{
    struct told *told = *state;
    two_roots(told);
    assert_int_equal(break_a(told), PROTOCOL_VIOLATED);
    assert_int_equal(store(told, ROOT_B, TO(UINT64_C(0x8000))), PROTOCOL_FINE);
    assert_int_equal(store(told, ROOT_B, TO(UINT64_C(0x9000))), PROTOCOL_VIOLATED);
    expect_told(told, 2, PROTOCOL_CHANGED_WITHOUT_BREAK, 2);
}

static void a_page_of_another_root_is_told_of_the_later_one_and_breaks_neither(void **state)
{
    struct told *told = *state;
    two_roots(told);
    assert_int_equal(store(told, ROOT_B, TO(LOWER)), PROTOCOL_VIOLATED);
    expect_told(told, 1, PROTOCOL_TABLE_TWICE, 2);
    assert_int_equal(break_a(told), PROTOCOL_VIOLATED);
    expect_told(told, 2, PROTOCOL_CHANGED_WITHOUT_BREAK, 1);
    assert_int_equal(store(told, ROOT_B, TO(NEW)), PROTOCOL_FINE); /* of B something was told */
    assert_int_equal(told->count, 2);
}

static void a_page_that_was_a_broken_roots_may_become_anothers(void **state)
{
    struct told *told = *state;
    two_roots(told);
    assert_int_equal(break_a(told), PROTOCOL_VIOLATED);
    assert_int_equal(store(told, ROOT_B, TO(NEW)), PROTOCOL_FINE);
    assert_int_equal(store(told, ROOT_B + 8, TO(LOWER)), PROTOCOL_FINE);
    assert_int_equal(told->count, 1);
}

static void what_two_roots_link_with_one_store_is_told_of_neither(void **state)
{
    struct told *told = *state;
    two_roots(told);
    assert_int_equal(store(told, ROOT_B, TO(LOWER)), PROTOCOL_VIOLATED); /* LOWER is a table of both */
    assert_int_equal(store(told, LOWER, TO(NEW)), PROTOCOL_FINE);
    assert_int_equal(told->count, 1);
}

static void digest(void *context, uint64_t number)
{
    struct told *told = context;
    told->digest = (told->digest ^ number) * UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t state_of(struct told *told)
{
    told->digest = 0;
    assert_true(protocol_tell_state(told->protocol, digest, told));
    return told->digest;
}

static void the_state_tells_that_a_root_is_broken(void **state)
{
    struct told *told = *state;
    add_root(told, 1, ROOT_A);
    uint64_t empty = state_of(told);
    assert_int_equal(store(told, ROOT_A, TO(LOWER)), PROTOCOL_FINE);
    assert_int_equal(break_a(told), PROTOCOL_VIOLATED);
    uint64_t broken = state_of(told);
    assert_true(broken != empty);
    assert_int_equal(store(told, ROOT_A, TO(LOWER)), PROTOCOL_FINE);
    assert_true(state_of(told) == broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(of_a_root_the_first_break_alone_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_one_store_the_uppermost_break_alone_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_root_is_judged_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_page_of_another_root_is_told_of_the_later_one_and_breaks_neither,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_page_that_was_a_broken_roots_may_become_anothers, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_two_roots_link_with_one_store_is_told_of_neither, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_state_tells_that_a_root_is_broken, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
