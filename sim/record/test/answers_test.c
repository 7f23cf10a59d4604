/* Operations that meet in one cycle: the order of events tells who came first, to the rule in SQL as to the
 * checker in C. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sim/judge/judge.h"
#include "sim/record/test/synthetic.h"

#define OPERATION_8 8

static struct synthetic_run run;

static int good_run(void **state)
{
    synthetic_good_run(&run);
    run.counter_count = 0;
    return 0;
}

static int remove_files(void **state)
{
    synthetic_remove_folder();
    return 0;
}

/* Of one cycle, events of core 0 are told before those of core 1; of one core, those added last. */
static void add_operation(const struct event_operation *operation, uint64_t end_cycle, uint8_t core)
{
    struct mmu_event begin = {.kind = EVENT_OPERATION_BEGIN,
                              .cycle = operation->begin_cycle,
                              .core = core,
                              .as.operation = *operation};
    struct mmu_event end = {
        .kind = EVENT_OPERATION_END, .cycle = end_cycle, .core = core, .as.operation = *operation};
    begin.as.operation.result = PAGETABLE_OK;
    synthetic_add(&run, &begin);
    synthetic_add(&run, &end);
}

/* The n-th operation of the good run is called and returns on core 1. */
static void move_to_core_1(unsigned n)
{
    struct mmu_event *begin = synthetic_nth(&run, EVENT_OPERATION_BEGIN, n - 1);
    struct mmu_event *end = synthetic_nth(&run, EVENT_OPERATION_END, n - 1);
    assert_int_equal(begin->as.operation.id, n);
    assert_int_equal(end->as.operation.id, n);
    begin->core = end->core = 1;
}

static uint64_t found_by_checker(void)
{
    static const struct judge_config config = {.every_access = true};
    struct judge *judge = judge_create(&config);
    assert_non_null(judge);
    struct mmu_observer observer = judge_observer(judge);
    for (size_t i = 0; i < run.event_count; i++)
        assert_int_equal(observer.event(observer.context, &run.events[i]), 0);
    assert_int_equal(judge_finish(judge), 0);
    uint64_t found = judge_count(judge, RULE_OPERATION_RESULT);
    judge_destroy(judge);
    return found;
}

static void expect_findings(int findings)
{
    const char *path = synthetic_path("answers.db");
    synthetic_record(&run, path, RECORD_ALL);
    assert_int_equal(synthetic_ask(path, "SELECT COUNT(*) FROM rule_operation_result"), findings);
    assert_int_equal(found_by_checker(), findings);
}

/* The unmap, operation 3, returns in cycle 700. */
static void map_when_the_unmap_returns(enum pagetable_result result, uint8_t core)
{
    struct event_operation map = {.id = OPERATION_8,
                                  .kind = OPERATION_MAP,
                                  .space = 1,
                                  .va = result == PAGETABLE_OVERLAP ? PAGE_VA : PAGE_VA + 0x1000,
                                  .frame = {PAGE_PA, FRAME_READABLE, 12},
                                  .begin_cycle = 700,
                                  .result = (uint8_t)result};
    add_operation(&map, 705, core);
}

static void bad_overlap_after_the_unmap_of_the_same_core(void **state)
{
    map_when_the_unmap_returns(PAGETABLE_OVERLAP, 0);
    expect_findings(1);
}

static void bad_overlap_after_the_unmap_of_another_core(void **state)
{
    map_when_the_unmap_returns(PAGETABLE_OVERLAP, 1);
    expect_findings(1);
}

static void good_overlap_before_the_unmap_of_another_core_returns(void **state)
{
    move_to_core_1(OPERATION_3_UNMAP);
    map_when_the_unmap_returns(PAGETABLE_OVERLAP, 0);
    expect_findings(0);
}

static void bad_frame_in_use_after_the_unmap_of_the_same_core(void **state)
{
    map_when_the_unmap_returns(PAGETABLE_FRAME_IN_USE, 0);
    expect_findings(1);
}

static void good_frame_in_use_before_the_unmap_of_another_core_returns(void **state)
{
    move_to_core_1(OPERATION_3_UNMAP);
    map_when_the_unmap_returns(PAGETABLE_FRAME_IN_USE, 0);
    expect_findings(0);
}

/* The map of the block, operation 5, is called in cycle 820 and returns in cycle 850. */
static void query_block(uint64_t begin, uint64_t end, enum pagetable_result result, uint8_t core)
{
    struct event_operation query = {.id = OPERATION_8,
                                    .kind = OPERATION_QUERY,
                                    .space = 1,
                                    .va = BLOCK_VA,
                                    .begin_cycle = begin,
                                    .result = (uint8_t)result};
    if (result == PAGETABLE_OK) {
        query.found_va = BLOCK_VA;
        query.frame = synthetic_nth(&run, EVENT_OPERATION_END, OPERATION_5_MAP_BLOCK - 1)->as.operation.frame;
    }
    add_operation(&query, end, core);
}

static void bad_query_misses_the_map_of_the_same_core(void **state)
{
    query_block(850, 855, PAGETABLE_NOT_MAPPED, 0);
    expect_findings(1);
}

static void bad_query_misses_the_map_of_another_core(void **state)
{
    query_block(850, 855, PAGETABLE_NOT_MAPPED, 1);
    expect_findings(1);
}

static void good_query_misses_the_map_of_another_core_that_has_not_returned(void **state)
{
    move_to_core_1(OPERATION_5_MAP_BLOCK);
    query_block(850, 855, PAGETABLE_NOT_MAPPED, 0);
    expect_findings(0);
}

static void bad_query_finds_what_another_core_is_about_to_map(void **state)
{
    move_to_core_1(OPERATION_5_MAP_BLOCK);
    query_block(815, 820, PAGETABLE_OK, 0);
    expect_findings(1);
}

static void good_query_finds_what_another_core_begins_to_map(void **state)
{
    query_block(815, 820, PAGETABLE_OK, 1);
    expect_findings(0);
}

#define PAIR(test) cmocka_unit_test_setup(test, good_run)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        PAIR(bad_overlap_after_the_unmap_of_the_same_core),
        PAIR(bad_overlap_after_the_unmap_of_another_core),
        PAIR(good_overlap_before_the_unmap_of_another_core_returns),
        PAIR(bad_frame_in_use_after_the_unmap_of_the_same_core),
        PAIR(good_frame_in_use_before_the_unmap_of_another_core_returns),
        PAIR(bad_query_misses_the_map_of_the_same_core),
        PAIR(bad_query_misses_the_map_of_another_core),
        PAIR(good_query_misses_the_map_of_another_core_that_has_not_returned),
        PAIR(bad_query_finds_what_another_core_is_about_to_map),
        PAIR(good_query_finds_what_another_core_begins_to_map),
    };
    return cmocka_run_group_tests_name("answers in one cycle", tests, NULL, remove_files);
}
