/*
 * Small tables written for the purpose: numbering, the block that others change, limits, and code that breaks
 * the contract.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/explore/operation_tree.h"

/* The block of all tables here. */
struct counter {
    uint64_t count;
};

/* What wrong tables see beside the contract: changed by the tests. */
static uint64_t outside;
static unsigned loops;

static const struct environment_operations *calls_of(const struct environment *environment)
{
    return environment->operations;
}

static enum pagetable_result create(void *state, const struct environment *environment,
                                    const struct pagetable_config *config)
{
    ((struct counter *)state)->count = 1;
    return PAGETABLE_OK;
}

static enum pagetable_result destroy(void *state, const struct environment *environment)
{
    return PAGETABLE_OK;
}

/* Adds what it reads to the count, and writes the count. */
static enum pagetable_result map(void *state, const struct environment *environment, uint64_t va,
                                 const struct frame *frame)
{
    struct counter *counter = state;
    uint64_t value = 0;
    counter->count++;
    if (calls_of(environment)->read(environment->context, frame->base, &value) != ENVIRONMENT_OK)
        return PAGETABLE_ENVIRONMENT;
    counter->count += value;
    if (calls_of(environment)->write(environment->context, frame->base, counter->count) != ENVIRONMENT_OK)
        return PAGETABLE_ENVIRONMENT;
    return PAGETABLE_OK;
}

/* `loops` calls. */
static enum pagetable_result unmap(void *state, const struct environment *environment, uint64_t va)
{
    for (unsigned i = 0; i < loops; i++)
        (void)calls_of(environment)->complete(environment->context);
    return PAGETABLE_NOT_MAPPED;
}

static enum pagetable_result protect(void *state, const struct environment *environment, uint64_t va,
                                     uint32_t attributes)
{
    const struct invalidation what = {
        .va = va, .asid = 7, .vmid = 3, .scope = INVALIDATE_ASID, .broadcast = true};
    (void)calls_of(environment)->invalidate(environment->context, &what);
    return PAGETABLE_OK;
}

static enum pagetable_result query(void *state, const struct environment *environment, uint64_t va,
                                   struct mapping *found)
{
    found->va = va;
    return va ? PAGETABLE_OK : PAGETABLE_NOT_MAPPED;
}

static struct pagetable_class table_class(void)
{
    return (struct pagetable_class){.name = "counting",
                                    .state_bytes = sizeof(struct counter),
                                    .create = create,
                                    .destroy = destroy,
                                    .map = map,
                                    .unmap = unmap,
                                    .protect = protect,
                                    .query = query};
}

/* ---- The tree under test ---- */

struct fixture {
    struct pagetable_class table;
    struct pagetable_config config;
    struct memory_budget budget;
    struct operation_tree *tree;
};

static void open_limited(struct fixture *fixture, uint32_t calls_max, size_t bytes_max)
{
    fixture->config = (struct pagetable_config){.format = walk_format_find("vmsa-4k-48")};
    fixture->budget = (struct memory_budget){.bytes_max = bytes_max};
    const struct operation_tree_config config = {.table = &fixture->table,
                                                 .pagetable = &fixture->config,
                                                 .physical_bytes = UINT64_C(1) << 40,
                                                 .calls_max = calls_max,
                                                 .budget = &fixture->budget};
    fixture->tree = operation_tree_create(&config);
}

static void open_fixture(struct fixture *fixture)
{
    fixture->table = table_class();
    open_limited(fixture, 0, SIZE_MAX);
    assert_non_null(fixture->tree);
}

static void close_fixture(struct fixture *fixture)
{
    operation_tree_destroy(fixture->tree);
    assert_int_equal(fixture->budget.bytes, 0);
}

static uint32_t call(const struct fixture *fixture, struct operation_call call)
{
    uint32_t number = operation_tree_call(fixture->tree, &call);
    assert_int_not_equal(number, OPERATION_TREE_NONE);
    return number;
}

static uint32_t map_call(const struct fixture *fixture)
{
    return call(fixture, (struct operation_call){.kind = CALL_MAP, .frame = {0x1000, FRAME_READABLE, 12}});
}

static uint32_t unmap_call(const struct fixture *fixture)
{
    return call(fixture, (struct operation_call){.kind = CALL_UNMAP, .va = 0x200000});
}

static uint32_t resume(const struct fixture *fixture, uint32_t node, uint64_t value, uint32_t block)
{
    const struct operation_answer answer = {.value = value};
    return operation_tree_resume(fixture->tree, node, &answer, block);
}

/* With the block that the code left. */
static uint32_t go_on(const struct fixture *fixture, uint32_t node, uint64_t value)
{
    return resume(fixture, node, value, operation_tree_block(fixture->tree, node));
}

static const struct operation_request *request_of(const struct fixture *fixture, uint32_t node)
{
    assert_int_not_equal(node, OPERATION_TREE_NONE);
    return operation_tree_request(fixture->tree, node);
}

static uint64_t count_of(const struct fixture *fixture, uint32_t node)
{
    const struct counter *counter =
        operation_tree_state(fixture->tree, operation_tree_block(fixture->tree, node));
    return counter->count;
}

static void assert_told(const struct fixture *fixture, uint32_t node, const char *sentence)
{
    assert_int_equal(node, OPERATION_TREE_NONE);
    assert_string_equal(operation_tree_error(fixture->tree), sentence);
}

/* ---- What a tree does ---- */

static void good_an_operation_is_unfolded_call_by_call(void **state)
{
    struct fixture fixture;
    open_fixture(&fixture);
    uint32_t node = operation_tree_begin(fixture.tree, map_call(&fixture), OPERATION_TREE_ZERO_BLOCK);
    assert_int_equal(request_of(&fixture, node)->kind, REQUEST_READ);
    assert_int_equal(request_of(&fixture, node)->pa, 0x1000);
    assert_int_equal(count_of(&fixture, node), 1);
    node = go_on(&fixture, node, 41);
    assert_int_equal(request_of(&fixture, node)->kind, REQUEST_WRITE);
    assert_int_equal(request_of(&fixture, node)->pa, 0x1000);
    assert_int_equal(request_of(&fixture, node)->value, 42);
    node = go_on(&fixture, node, 0);
    assert_int_equal(request_of(&fixture, node)->kind, REQUEST_RETURN);
    assert_int_equal(request_of(&fixture, node)->result, PAGETABLE_OK);
    assert_int_equal(count_of(&fixture, node), 42);
    assert_int_equal(operation_tree_call_of(fixture.tree, node)->kind, CALL_MAP);
    close_fixture(&fixture);
}

static void good_what_was_computed_is_remembered(void **state)
{
    struct fixture fixture;
    open_fixture(&fixture);
    uint32_t first = operation_tree_begin(fixture.tree, map_call(&fixture), 0);
    uint32_t second = go_on(&fixture, first, 1);
    const struct operation_tree_counts before = operation_tree_count(fixture.tree);
    assert_int_equal(operation_tree_begin(fixture.tree, map_call(&fixture), 0), first);
    assert_int_equal(go_on(&fixture, first, 1), second);
    const struct operation_tree_counts after = operation_tree_count(fixture.tree);
    assert_int_equal(after.performed, before.performed);
    assert_int_equal(after.nodes, before.nodes);
    assert_int_not_equal(go_on(&fixture, first, 2), second);
    assert_true(operation_tree_count(fixture.tree).performed > before.performed);
    close_fixture(&fixture);
}

static void good_numbers_follow_the_order_of_demand(void **state)
{
    struct fixture fixture;
    open_fixture(&fixture);
    uint32_t map_number = map_call(&fixture), unmap_number = unmap_call(&fixture);
    assert_int_equal(map_number, 0);
    assert_int_equal(unmap_number, 1);
    assert_int_equal(map_call(&fixture), map_number);
    for (uint32_t i = 0; i < 1000; i++) {
        uint32_t node = operation_tree_begin(fixture.tree, map_number, 0);
        assert_int_equal(node, 0);
        assert_int_equal(go_on(&fixture, node, i), 1 + i);
    }
    assert_int_equal(operation_tree_begin(fixture.tree, unmap_number, 0), 1001);
    assert_int_equal(operation_tree_count(fixture.tree).nodes, 1002);
    close_fixture(&fixture);
}

static void good_answers_that_give_no_value_are_one_answer(void **state)
{
    struct fixture fixture;
    open_fixture(&fixture);
    uint32_t reads = operation_tree_begin(fixture.tree, map_call(&fixture), 0);
    const struct operation_answer stopped = {ENVIRONMENT_STOPPED, 1}, stopped_too = {ENVIRONMENT_STOPPED, 2};
    uint32_t block = operation_tree_block(fixture.tree, reads);
    uint32_t node = operation_tree_resume(fixture.tree, reads, &stopped, block);
    assert_int_equal(operation_tree_resume(fixture.tree, reads, &stopped_too, block), node);
    assert_int_equal(request_of(&fixture, node)->result, PAGETABLE_ENVIRONMENT);
    uint32_t writes = go_on(&fixture, reads, 5);
    assert_int_equal(go_on(&fixture, writes, 1), go_on(&fixture, writes, 2));
    close_fixture(&fixture);
}

/* Another core changes the block while one waits for its answer. */
static void good_the_block_that_holds_when_it_goes_on_counts(void **state)
{
    struct fixture fixture;
    open_fixture(&fixture);
    uint32_t number = map_call(&fixture);
    uint32_t first = operation_tree_begin(fixture.tree, number, 0);
    uint32_t second = operation_tree_begin(fixture.tree, number, operation_tree_block(fixture.tree, first));
    assert_int_equal(count_of(&fixture, second), 2);
    uint32_t alone = go_on(&fixture, first, 10);
    uint32_t beside = resume(&fixture, first, 10, operation_tree_block(fixture.tree, second));
    assert_int_equal(request_of(&fixture, alone)->value, 11);
    assert_int_equal(request_of(&fixture, beside)->value, 12);
    second = resume(&fixture, second, 100, operation_tree_block(fixture.tree, beside));
    assert_int_equal(request_of(&fixture, second)->value, 112);
    uint32_t end = resume(&fixture, beside, 0, operation_tree_block(fixture.tree, second));
    assert_int_equal(count_of(&fixture, end), 112);
    close_fixture(&fixture);
}

static void good_preconditions_are_those_of_the_wrapper(void **state)
{
    struct fixture fixture;
    open_fixture(&fixture);
    static const struct {
        struct operation_call call;
        enum pagetable_result result;
    } refused[] = {
        {{.kind = CALL_MAP, .frame = {0, 0, 13}, .frame_in_use = true}, PAGETABLE_BAD_SIZE},
        {{.kind = CALL_MAP, .va = 8, .frame = {0, 0, 12}, .frame_in_use = true}, PAGETABLE_UNALIGNED},
        {{.kind = CALL_MAP, .frame = {UINT64_C(1) << 40, 0, 12}}, PAGETABLE_OUT_OF_RANGE},
        {{.kind = CALL_MAP, .frame = {0x1000, 0, 12}, .frame_in_use = true}, PAGETABLE_FRAME_IN_USE},
        {{.kind = CALL_UNMAP, .va = 8}, PAGETABLE_UNALIGNED},
        {{.kind = CALL_PROTECT, .va = UINT64_C(1) << 50}, PAGETABLE_OUT_OF_RANGE},
        {{.kind = CALL_QUERY, .va = UINT64_C(1) << 50}, PAGETABLE_OUT_OF_RANGE},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        uint32_t node = operation_tree_begin(fixture.tree, call(&fixture, refused[i].call), 0);
        assert_int_equal(request_of(&fixture, node)->kind, REQUEST_RETURN);
        assert_int_equal(request_of(&fixture, node)->result, refused[i].result);
        assert_int_equal(operation_tree_block(fixture.tree, node), 0);
    }
    close_fixture(&fixture);
}

static void good_what_a_scope_ignores_is_zero(void **state)
{
    struct fixture fixture;
    open_fixture(&fixture);
    uint32_t number = call(&fixture, (struct operation_call){.kind = CALL_PROTECT, .va = 0x3000});
    const struct operation_request *request =
        request_of(&fixture, operation_tree_begin(fixture.tree, number, 0));
    assert_int_equal(request->kind, REQUEST_INVALIDATE);
    assert_int_equal(request->invalidation.va, 0);
    assert_int_equal(request->invalidation.asid, 7);
    assert_int_equal(request->invalidation.vmid, 3);
    close_fixture(&fixture);
}

static void good_what_a_query_found_counts_if_it_found_something(void **state)
{
    struct fixture fixture;
    open_fixture(&fixture);
    uint32_t there = call(&fixture, (struct operation_call){.kind = CALL_QUERY, .va = 0x3008});
    uint32_t nothing = call(&fixture, (struct operation_call){.kind = CALL_QUERY});
    assert_int_equal(request_of(&fixture, operation_tree_begin(fixture.tree, there, 0))->found.va, 0x3008);
    const struct operation_request *end =
        request_of(&fixture, operation_tree_begin(fixture.tree, nothing, 0));
    assert_int_equal(end->result, PAGETABLE_NOT_MAPPED);
    assert_int_equal(end->found.va, 0);
    close_fixture(&fixture);
}

/* ---- Limits ---- */

static uint32_t loop(const struct fixture *fixture, unsigned times)
{
    const struct operation_call unmaps = {.kind = CALL_UNMAP, .va = 0x200000};
    loops = times;
    uint32_t number = operation_tree_call(fixture->tree, &unmaps);
    uint32_t node = number == OPERATION_TREE_NONE ? number : operation_tree_begin(fixture->tree, number, 0);
    while (node != OPERATION_TREE_NONE && operation_tree_request(fixture->tree, node)->kind != REQUEST_RETURN)
        node = go_on(fixture, node, 0);
    return node;
}

static void good_an_operation_may_make_as_many_calls_as_the_limit_says(void **state)
{
    struct fixture fixture = {.table = table_class()};
    open_limited(&fixture, 20, SIZE_MAX);
    assert_int_equal(request_of(&fixture, loop(&fixture, 20))->result, PAGETABLE_NOT_MAPPED);
    close_fixture(&fixture);
}

static void bad_an_operation_that_loops_for_ever_is_told(void **state)
{
    struct fixture fixture = {.table = table_class()};
    open_limited(&fixture, 20, SIZE_MAX);
    assert_told(&fixture, loop(&fixture, UINT32_MAX),
                "unmap of 0x200000 by the page table \"counting\" has called its environment 20 times, then "
                "waits for its invalidations, and does not return: it loops for ever, or needs a higher "
                "limit of calls");
    assert_int_equal(operation_tree_count(fixture.tree).nodes, 20);
    close_fixture(&fixture);
}

/* With any bound, creation is refused, or the tree ends with a sentence, or all goes well; in each case all
 * memory is given back, and what was known before stays known. */
static void bad_a_bound_on_memory_ends_with_a_sentence(void **state)
{
    bool refused = false, told = false, done = false;
    for (size_t bytes_max = 256; !done; bytes_max += 256) {
        struct fixture fixture = {.table = table_class()};
        open_limited(&fixture, 200, bytes_max);
        refused |= fixture.tree == NULL;
        if (!fixture.tree)
            continue;
        done = loop(&fixture, 150) != OPERATION_TREE_NONE;
        const struct operation_tree_counts counts = operation_tree_count(fixture.tree);
        if (!done) {
            assert_non_null(strstr(operation_tree_error(fixture.tree), "bytes of memory that are allowed"));
            told |= counts.nodes > 0;
            assert_int_equal(loop(&fixture, 150), OPERATION_TREE_NONE);
            assert_int_equal(operation_tree_count(fixture.tree).nodes, counts.nodes);
        }
        close_fixture(&fixture);
    }
    assert_true(refused);
    assert_true(told);
}

/* ---- Code that breaks the contract ---- */

static enum pagetable_result
writes_another_value_each_time(void *state, const struct environment *environment, uint64_t va)
{
    (void)calls_of(environment)->write(environment->context, 0x1000, ++outside);
    return PAGETABLE_OK;
}

static enum pagetable_result
answers_something_else_each_time(void *state, const struct environment *environment, uint64_t va)
{
    return ++outside % 2 ? PAGETABLE_OK : PAGETABLE_NOT_MAPPED;
}

static enum pagetable_result counts_outside_into_its_block(void *state, const struct environment *environment,
                                                           uint64_t va)
{
    ((struct counter *)state)->count = ++outside;
    return PAGETABLE_OK;
}

static enum pagetable_result writes_its_address(void *state, const struct environment *environment,
                                                uint64_t va)
{
    (void)calls_of(environment)->write(environment->context, 0x1000, (uintptr_t)state);
    return PAGETABLE_OK;
}

/* These are consistent until a test changes what is outside. */
static enum pagetable_result begins_as_outside_says(void *state, const struct environment *environment,
                                                    uint64_t va)
{
    uint64_t value;
    if (outside)
        (void)calls_of(environment)->read(environment->context, outside, &value);
    (void)calls_of(environment)->complete(environment->context);
    return PAGETABLE_OK;
}

static enum pagetable_result keeps_what_is_outside(void *state, const struct environment *environment,
                                                   uint64_t va)
{
    ((struct counter *)state)->count = outside;
    (void)calls_of(environment)->complete(environment->context);
    return PAGETABLE_OK;
}

typedef enum pagetable_result (*unmap_function)(void *, const struct environment *, uint64_t);

static void open_wrong(struct fixture *fixture, unmap_function wrong)
{
    fixture->table = table_class();
    fixture->table.unmap = wrong;
    outside = 0;
    open_limited(fixture, 0, SIZE_MAX);
    assert_non_null(fixture->tree);
}

#define NOT_DETERMINISTIC                                                                                    \
    "the page table \"counting\" is not deterministic: performed again with the same answers, unmap of "     \
    "0x200000"

static void bad_code_that_differs_each_time_is_told_at_once(void **state)
{
    static const struct {
        unmap_function wrong;
        const char *sentence;
    } tables[] = {
        {writes_another_value_each_time,
         NOT_DETERMINISTIC ", after 0 calls, writes 0x2 to 0x1000 where before it writes 0x1 to 0x1000"},
        {answers_something_else_each_time,
         NOT_DETERMINISTIC ", after 0 calls, returns not-mapped where before it returns ok"},
        {counts_outside_into_its_block, NOT_DETERMINISTIC
         " leaves another block of state where, after 0 calls, it returns ok; the block may "
         "depend on nothing outside, nor on its own address"},
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        struct fixture fixture;
        open_wrong(&fixture, tables[i].wrong);
        assert_told(&fixture, operation_tree_begin(fixture.tree, unmap_call(&fixture), 0),
                    tables[i].sentence);
        assert_int_equal(operation_tree_count(fixture.tree).nodes, 0);
        close_fixture(&fixture);
    }
}

static void bad_code_that_depends_on_where_its_block_is_is_told(void **state)
{
    struct fixture fixture;
    open_wrong(&fixture, writes_its_address);
    assert_int_equal(operation_tree_begin(fixture.tree, unmap_call(&fixture), 0), OPERATION_TREE_NONE);
    assert_non_null(strstr(operation_tree_error(fixture.tree), "is not deterministic"));
    close_fixture(&fixture);
}

/* The node after `before` is outside 0 is asked for when it is `after`. */
static uint32_t begin_and_go_on(const struct fixture *fixture, uint64_t before, uint64_t after)
{
    outside = before;
    uint32_t node = operation_tree_begin(fixture->tree, unmap_call(fixture), 0);
    assert_int_not_equal(node, OPERATION_TREE_NONE);
    outside = after;
    return go_on(fixture, node, 0);
}

static void bad_what_was_seen_before_is_compared_on_the_way(void **state)
{
    struct fixture fixture;
    open_wrong(&fixture, begins_as_outside_says);
    assert_told(&fixture, begin_and_go_on(&fixture, 0x1000, 0x2000),
                NOT_DETERMINISTIC ", after 0 calls, reads 0x2000 where before it reads 0x1000");
    close_fixture(&fixture);
    open_wrong(&fixture, keeps_what_is_outside);
    assert_told(&fixture, begin_and_go_on(&fixture, 1, 2),
                NOT_DETERMINISTIC " leaves another block of state where, after 0 calls, it waits for its "
                                  "invalidations; the block may depend on nothing outside, nor on its own "
                                  "address");
    close_fixture(&fixture);
}

static void bad_code_that_returns_before_its_last_answer_is_told(void **state)
{
    struct fixture fixture;
    fixture.table = table_class();
    open_limited(&fixture, 0, SIZE_MAX);
    loops = 1;
    uint32_t node = operation_tree_begin(fixture.tree, unmap_call(&fixture), 0);
    loops = 0;
    assert_told(&fixture, go_on(&fixture, node, 0),
                NOT_DETERMINISTIC ", after 0 calls, returns not-mapped where before it waits for its "
                                  "invalidations");
    close_fixture(&fixture);
}

static void good_code_that_keeps_the_contract_may_be_asked_late(void **state)
{
    struct fixture fixture;
    open_wrong(&fixture, begins_as_outside_says);
    uint32_t node = begin_and_go_on(&fixture, 0x1000, 0x1000);
    assert_int_equal(request_of(&fixture, node)->kind, REQUEST_COMPLETE);
    close_fixture(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_an_operation_is_unfolded_call_by_call),
        cmocka_unit_test(good_what_was_computed_is_remembered),
        cmocka_unit_test(good_numbers_follow_the_order_of_demand),
        cmocka_unit_test(good_answers_that_give_no_value_are_one_answer),
        cmocka_unit_test(good_the_block_that_holds_when_it_goes_on_counts),
        cmocka_unit_test(good_preconditions_are_those_of_the_wrapper),
        cmocka_unit_test(good_what_a_scope_ignores_is_zero),
        cmocka_unit_test(good_what_a_query_found_counts_if_it_found_something),
        cmocka_unit_test(good_an_operation_may_make_as_many_calls_as_the_limit_says),
        cmocka_unit_test(bad_an_operation_that_loops_for_ever_is_told),
        cmocka_unit_test(bad_a_bound_on_memory_ends_with_a_sentence),
        cmocka_unit_test(bad_code_that_differs_each_time_is_told_at_once),
        cmocka_unit_test(bad_code_that_depends_on_where_its_block_is_is_told),
        cmocka_unit_test(bad_what_was_seen_before_is_compared_on_the_way),
        cmocka_unit_test(bad_code_that_returns_before_its_last_answer_is_told),
        cmocka_unit_test(good_code_that_keeps_the_contract_may_be_asked_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
