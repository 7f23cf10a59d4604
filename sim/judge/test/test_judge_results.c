/* What operations answer. Good and bad beside each other; the usual story is in fixture.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim/judge/test/fixture.h"

/* ---- operations' answers ---- */

struct answer {
    enum operation_kind kind;
    uint64_t va;
    uint64_t base;
    unsigned size_lg2;
    enum pagetable_result result;
    bool good;
};

/* After PAGE and the 2 MiB block at 0x40000000 (frame 0x600000) were mapped; memory is 4 GiB. */
static const struct answer answers[] = {
    {OPERATION_MAP, PAGE + 0x1000, 0x90000, 12, PAGETABLE_OK, true},
    {OPERATION_MAP, PAGE, 0x90000, 12, PAGETABLE_OK, false},
    {OPERATION_MAP, PAGE, 0x90000, 12, PAGETABLE_OVERLAP, true},
    {OPERATION_MAP, PAGE + 0x1000, 0x90000, 12, PAGETABLE_OVERLAP, false},
    {OPERATION_MAP, PAGE, 0xa00000, 21, PAGETABLE_OVERLAP, true},
    {OPERATION_MAP, PAGE, 0xa00000, 21, PAGETABLE_OK, false},
    {OPERATION_MAP, 0x40003000, 0x90000, 12, PAGETABLE_OVERLAP, true},
    {OPERATION_MAP, 0x40003000, 0x90000, 12, PAGETABLE_OK, false},
    {OPERATION_MAP, PAGE + 0x1000, FRAME, 12, PAGETABLE_FRAME_IN_USE, true},
    {OPERATION_MAP, PAGE + 0x1000, FRAME, 12, PAGETABLE_OK, false},
    {OPERATION_MAP, PAGE + 0x1000, 0x601000, 12, PAGETABLE_FRAME_IN_USE, true},
    {OPERATION_MAP, 0x80000000, 0, 21, PAGETABLE_FRAME_IN_USE, true},
    {OPERATION_MAP, PAGE + 0x1000, 0x90000, 12, PAGETABLE_FRAME_IN_USE, false},
    {OPERATION_MAP, PAGE + 0x1800, 0x90000, 12, PAGETABLE_UNALIGNED, true},
    {OPERATION_MAP, PAGE + 0x1800, 0x90000, 12, PAGETABLE_OK, false},
    {OPERATION_MAP, PAGE + 0x1000, 0x90800, 12, PAGETABLE_OK, false},
    {OPERATION_MAP, PAGE + 0x1000, 0x90000, 12, PAGETABLE_UNALIGNED, false},
    {OPERATION_MAP, PAGE + 0x1000, 0x90000, 13, PAGETABLE_BAD_SIZE, true},
    {OPERATION_MAP, PAGE + 0x2000, 0x90000, 13, PAGETABLE_OK, false},
    {OPERATION_MAP, PAGE + 0x1000, 0x90000, 12, PAGETABLE_BAD_SIZE, false},
    {OPERATION_MAP, UINT64_C(1) << 48, 0x90000, 12, PAGETABLE_OUT_OF_RANGE, true},
    {OPERATION_MAP, UINT64_C(1) << 48, 0x90000, 12, PAGETABLE_OK, false},
    {OPERATION_MAP, PAGE + 0x1000, UINT64_C(1) << 32, 12, PAGETABLE_OUT_OF_RANGE, true},
    {OPERATION_MAP, PAGE + 0x1000, UINT64_C(1) << 32, 12, PAGETABLE_OK, false},
    {OPERATION_MAP, (UINT64_C(1) << 48) - 0x1000, (UINT64_C(1) << 32) - 0x1000, 12, PAGETABLE_OK, true},
    {OPERATION_MAP, (UINT64_C(1) << 48) - 0x1000, 0x90000, 12, PAGETABLE_OUT_OF_RANGE, false},
    {OPERATION_MAP, PAGE + 0x1000, 0x90000, 12, PAGETABLE_NO_MEMORY, true},
    {OPERATION_MAP, PAGE + 0x1000, 0x90000, 12, PAGETABLE_NOT_MAPPED, false},
    {OPERATION_MAP, PAGE + 0x1000, 0x90000, 12, PAGETABLE_CORRUPT, false},
    {OPERATION_UNMAP, PAGE, 0, 0, PAGETABLE_OK, true},
    {OPERATION_UNMAP, PAGE, 0, 0, PAGETABLE_NOT_MAPPED, false},
    {OPERATION_UNMAP, PAGE + 0x1000, 0, 0, PAGETABLE_NOT_MAPPED, true},
    {OPERATION_UNMAP, PAGE + 0x1000, 0, 0, PAGETABLE_OK, false},
    {OPERATION_UNMAP, PAGE + 8, 0, 0, PAGETABLE_UNALIGNED, true},
    {OPERATION_UNMAP, PAGE, 0, 0, PAGETABLE_UNALIGNED, false},
    {OPERATION_UNMAP, 0x40001000, 0, 0, PAGETABLE_UNALIGNED, true},
    {OPERATION_UNMAP, 0x40001000, 0, 0, PAGETABLE_NOT_MAPPED, true},
    {OPERATION_UNMAP, 0x40001000, 0, 0, PAGETABLE_OK, false},
    {OPERATION_UNMAP, PAGE, 0, 0, PAGETABLE_OVERLAP, false},
    {OPERATION_PROTECT, PAGE, 0, 0, PAGETABLE_OK, true},
    {OPERATION_PROTECT, PAGE, 0, 0, PAGETABLE_NOT_MAPPED, false},
    {OPERATION_PROTECT, PAGE + 0x1000, 0, 0, PAGETABLE_OK, false},
    {OPERATION_PROTECT, PAGE, 0, 0, PAGETABLE_UNSUPPORTED, true},
    {OPERATION_QUERY, PAGE + 0x1000, 0, 0, PAGETABLE_NOT_MAPPED, true},
    {OPERATION_QUERY, PAGE + 8, 0, 0, PAGETABLE_NOT_MAPPED, false},
    {OPERATION_QUERY, UINT64_C(1) << 48, 0, 0, PAGETABLE_OUT_OF_RANGE, true},
    {OPERATION_QUERY, PAGE, 0, 0, PAGETABLE_OUT_OF_RANGE, false},
    {OPERATION_QUERY, PAGE, 0, 0, PAGETABLE_NO_MEMORY, false},
};

static void good_and_bad_answers_of_operations(void **state)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        const struct answer *answer = &answers[i];
        story_end(&story);
        story_begin(&story);
        story_map_page(&story, 1, RW);
        struct act block = {.id = 2,
                            .kind = OPERATION_MAP,
                            .va = 0x40000000,
                            .frame = {0x600000, RW, 21},
                            .begin = 140,
                            .write = 141,
                            .visible = 142,
                            .end = 143};
        struct act act = {.id = 3,
                          .kind = answer->kind,
                          .va = answer->va,
                          .frame = {answer->base, RW, (uint8_t)answer->size_lg2},
                          .begin = 200,
                          .end = 250,
                          .result = answer->result};
        story_act(&story, &block);
        story_act(&story, &act);
        story_expect(&story, RULE_OPERATION_RESULT, answer->good ? 0 : 1);
    }
}

/* A map of PAGE that finds it mapped; the unmap returns in cycle 250. */
static void overlap_answered(uint64_t begin, uint64_t findings)
{
    struct act act = {.id = 3,
                      .kind = OPERATION_MAP,
                      .va = PAGE,
                      .frame = {FRAME + 0x1000, RW, 12},
                      .begin = begin,
                      .end = 260,
                      .result = PAGETABLE_OVERLAP,
                      .core = 1};
    story_act(&story, &act);
    story_expect(&story, RULE_OPERATION_RESULT, findings);
}

static void good_overlap_with_what_is_unmapped_meanwhile(void **state)
{
    overlap_answered(249, 0);
}

static void bad_overlap_with_what_was_unmapped_before(void **state)
{
    overlap_answered(250, 1);
}

/* ---- operations that meet in one cycle: events in it are told core by core ---- */

struct meeting {
    enum operation_kind kind;
    enum pagetable_result result;
    uint64_t va;
    uint64_t base; /* of a map; what a query found */
    uint64_t begin;
    uint64_t end;
    unsigned core;   /* its own; it comes second where both have one core, and begins late */
    unsigned others; /* the core of the map, [100, 130], and the unmap, [200, 250], of PAGE */
    bool good;
};

static const struct meeting meetings[] = {
    /* Called in the cycle in which the map returns: after it, or before. */
    {OPERATION_QUERY, PAGETABLE_NOT_MAPPED, PAGE, 0, 130, 140, 0, 0, false},
    {OPERATION_QUERY, PAGETABLE_NOT_MAPPED, PAGE, 0, 130, 140, 1, 0, false},
    {OPERATION_QUERY, PAGETABLE_NOT_MAPPED, PAGE, 0, 130, 140, 0, 1, true},
    {OPERATION_QUERY, PAGETABLE_OK, PAGE, FRAME, 130, 140, 0, 0, true},
    {OPERATION_PROTECT, PAGETABLE_NOT_MAPPED, PAGE, 0, 130, 140, 0, 0, false},
    {OPERATION_PROTECT, PAGETABLE_NOT_MAPPED, PAGE, 0, 130, 140, 0, 1, true},
    /* Returned in the cycle in which the map is called. */
    {OPERATION_QUERY, PAGETABLE_OK, PAGE, FRAME, 90, 100, 0, 0, false},
    {OPERATION_QUERY, PAGETABLE_OK, PAGE, FRAME, 90, 100, 0, 1, false},
    {OPERATION_QUERY, PAGETABLE_OK, PAGE, FRAME, 90, 100, 1, 0, true},
    {OPERATION_MAP, PAGETABLE_OVERLAP, PAGE, 0x90000, 90, 100, 0, 0, false},
    {OPERATION_MAP, PAGETABLE_OVERLAP, PAGE, 0x90000, 90, 100, 0, 1, false},
    {OPERATION_MAP, PAGETABLE_OVERLAP, PAGE, 0x90000, 90, 100, 1, 0, true},
    {OPERATION_MAP, PAGETABLE_OVERLAP, PAGE + 0x1000, 0x90000, 90, 100, 1, 0, false},
    {OPERATION_MAP, PAGETABLE_FRAME_IN_USE, PAGE + 0x1000, FRAME, 90, 100, 0, 0, false},
    {OPERATION_MAP, PAGETABLE_FRAME_IN_USE, PAGE + 0x1000, FRAME, 90, 100, 0, 1, false},
    {OPERATION_MAP, PAGETABLE_FRAME_IN_USE, PAGE + 0x1000, FRAME, 90, 100, 1, 0, true},
    {OPERATION_MAP, PAGETABLE_FRAME_IN_USE, PAGE, 0x90000, 90, 100, 1, 0, false},
    /* Returned in the cycle in which the unmap is called. */
    {OPERATION_QUERY, PAGETABLE_NOT_MAPPED, PAGE, 0, 190, 200, 0, 0, false},
    {OPERATION_QUERY, PAGETABLE_NOT_MAPPED, PAGE, 0, 190, 200, 0, 1, false},
    {OPERATION_QUERY, PAGETABLE_NOT_MAPPED, PAGE, 0, 190, 200, 1, 0, true},
    /* Called in the cycle in which the unmap returns. */
    {OPERATION_MAP, PAGETABLE_OVERLAP, PAGE, 0x90000, 250, 260, 0, 0, false},
    {OPERATION_MAP, PAGETABLE_OVERLAP, PAGE, 0x90000, 250, 260, 1, 0, false},
    {OPERATION_MAP, PAGETABLE_OVERLAP, PAGE, 0x90000, 250, 260, 0, 1, true},
    {OPERATION_MAP, PAGETABLE_OK, PAGE, 0x90000, 250, 260, 0, 0, true},
    {OPERATION_MAP, PAGETABLE_FRAME_IN_USE, PAGE + 0x1000, FRAME, 250, 260, 0, 0, false},
    {OPERATION_MAP, PAGETABLE_FRAME_IN_USE, PAGE + 0x1000, FRAME, 250, 260, 1, 0, false},
    {OPERATION_MAP, PAGETABLE_FRAME_IN_USE, PAGE + 0x1000, FRAME, 250, 260, 0, 1, true},
    {OPERATION_QUERY, PAGETABLE_OK, PAGE, FRAME, 250, 260, 0, 0, false},
    {OPERATION_QUERY, PAGETABLE_OK, PAGE, FRAME, 250, 260, 1, 0, false},
    {OPERATION_QUERY, PAGETABLE_OK, PAGE, FRAME, 250, 260, 0, 1, true},
    {OPERATION_QUERY, PAGETABLE_NOT_MAPPED, PAGE, 0, 250, 260, 0, 0, true},
};

/* A query's answer names the page that it asked for. */
static void answer(const struct act *act)
{
    story_act(&story, act);
    struct event_operation *operation = &story.events[story.count - 1].as.operation;
    if (act->kind == OPERATION_QUERY && act->result == PAGETABLE_OK)
        operation->found_va = act->va;
}

static void act_third(const struct meeting *meeting)
{
    struct act act = {.id = 3,
                      .kind = meeting->kind,
                      .va = meeting->va,
                      .frame = {meeting->base, RW, 12},
                      .begin = meeting->begin,
                      .end = meeting->end,
                      .result = meeting->result,
                      .core = meeting->core};
    answer(&act);
}

static void good_and_bad_answers_of_operations_that_meet_in_a_cycle(void **state)
{
    for (size_t i = 0; i < sizeof meetings / sizeof *meetings; i++) {
        const struct meeting *meeting = &meetings[i];
        bool late = meeting->begin == 130 || meeting->begin == 250;
        struct act map = {.id = 1,
                          .kind = OPERATION_MAP,
                          .va = PAGE,
                          .frame = {FRAME, RW, 12},
                          .begin = 100,
                          .end = 130,
                          .core = meeting->others};
        struct act unmap = {
            .id = 2, .kind = OPERATION_UNMAP, .va = PAGE, .begin = 200, .end = 250, .core = meeting->others};
        story_end(&story);
        story_begin(&story);
        if (!late)
            act_third(meeting);
        story_act(&story, &map);
        story_act(&story, &unmap);
        if (late)
            act_third(meeting);
        story_expect(&story, RULE_OPERATION_RESULT, meeting->good ? 0 : 1);
    }
}

/* A store that leaves its buffer after the return does not make the operation later. */
static void bad_query_misses_a_map_whose_store_is_still_buffered(void **state)
{
    struct act map = {.id = 2,
                      .kind = OPERATION_MAP,
                      .va = PAGE + 0x1000,
                      .frame = {0x90000, RW, 12},
                      .begin = 200,
                      .write = 210,
                      .visible = 300,
                      .end = 220};
    struct act query = {.id = 3,
                        .kind = OPERATION_QUERY,
                        .va = PAGE + 0x1000,
                        .begin = 230,
                        .end = 240,
                        .result = PAGETABLE_NOT_MAPPED,
                        .core = 1};
    story_act(&story, &map);
    answer(&query);
    story_expect(&story, RULE_OPERATION_RESULT, 1);
}

/* PAGE is mapped again, [210, 240], while its unmap is under way on core 1, [200, 250]; then asked for. */
static void missed_after_a_map_that_waits(uint64_t begin, uint64_t findings)
{
    struct act unmap = {.id = 2, .kind = OPERATION_UNMAP, .va = PAGE, .begin = 200, .end = 250, .core = 1};
    struct act map = {
        .id = 3, .kind = OPERATION_MAP, .va = PAGE, .frame = {0x90000, RW, 12}, .begin = 210, .end = 240};
    struct act query = {.id = 4,
                        .kind = OPERATION_QUERY,
                        .va = PAGE,
                        .begin = begin,
                        .end = 245,
                        .result = PAGETABLE_NOT_MAPPED,
                        .core = 2};
    story_act(&story, &unmap);
    story_act(&story, &map);
    answer(&query);
    story_expect(&story, RULE_OPERATION_RESULT, findings);
}

static void good_query_between_an_unmap_and_a_map_that_waits_for_it(void **state)
{
    missed_after_a_map_that_waits(239, 0);
}

static void bad_query_misses_a_map_that_waits_for_an_unmap(void **state)
{
    missed_after_a_map_that_waits(240, 1);
}

/* PAGE is mapped twice, a query is under way, and in the cycle of the second return PAGE is being unmapped.
 */
static void mapped_twice(unsigned map_core, unsigned unmap_core, uint64_t findings)
{
    struct act map = {.id = 2,
                      .kind = OPERATION_MAP,
                      .va = PAGE,
                      .frame = {0x90000, RW, 12},
                      .begin = 150,
                      .end = 160,
                      .core = map_core};
    struct act query = {.id = 3,
                        .kind = OPERATION_QUERY,
                        .va = PAGE + 0x1000,
                        .begin = 155,
                        .end = 165,
                        .result = PAGETABLE_NOT_MAPPED,
                        .core = 2};
    struct act unmap = {
        .id = 4, .kind = OPERATION_UNMAP, .va = PAGE, .begin = 160, .end = 250, .core = unmap_core};
    story_act(&story, &map);
    answer(&query);
    story_act(&story, &unmap);
    story_expect(&story, RULE_OPERATION_RESULT, findings);
}

static void good_map_succeeds_where_an_unmap_is_called_before_its_return(void **state)
{
    mapped_twice(1, 0, 0);
}

static void bad_map_succeeds_where_an_unmap_is_called_after_its_return(void **state)
{
    mapped_twice(0, 1, 1);
}

static void query_found(uint64_t va, uint64_t found_va, uint64_t base, uint32_t attributes, uint64_t findings)
{
    struct act act = {.id = 3, .kind = OPERATION_QUERY, .va = va, .begin = 150, .end = 160};
    story_act(&story, &act);
    struct event_operation *operation = &story.events[story.count - 1].as.operation;
    operation->found_va = found_va;
    operation->frame = (struct frame){base, attributes, 12};
    story_expect(&story, RULE_OPERATION_RESULT, findings);
}

static void good_query_finds_the_mapping(void **state)
{
    query_found(PAGE + 24, PAGE, FRAME, RW, 0);
}

static void bad_query_finds_another_frame(void **state)
{
    query_found(PAGE, PAGE, FRAME + 0x1000, RW, 1);
}

static void bad_query_finds_other_attributes(void **state)
{
    query_found(PAGE, PAGE, FRAME, RO, 1);
}

static void bad_query_finds_something_where_nothing_is(void **state)
{
    query_found(PAGE + 0x1000, PAGE + 0x1000, FRAME, RW, 1);
}

static void good_same_frame_twice_where_aliasing_is_allowed(void **state)
{
    story_space(&story, 1, true);
    struct act act = {.id = 2,
                      .kind = OPERATION_MAP,
                      .va = PAGE + 0x1000,
                      .frame = {FRAME, RW, 12},
                      .begin = 200,
                      .end = 250};
    story_act(&story, &act);
    story_expect_good(&story);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_and_bad_answers_of_operations, begin_empty, end),
        cmocka_unit_test_setup_teardown(good_overlap_with_what_is_unmapped_meanwhile, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_overlap_with_what_was_unmapped_before, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(good_and_bad_answers_of_operations_that_meet_in_a_cycle, begin_empty,
                                        end),
        cmocka_unit_test_setup_teardown(bad_query_misses_a_map_whose_store_is_still_buffered, begin_mapped,
                                        end),
        cmocka_unit_test_setup_teardown(good_query_between_an_unmap_and_a_map_that_waits_for_it, begin_mapped,
                                        end),
        cmocka_unit_test_setup_teardown(bad_query_misses_a_map_that_waits_for_an_unmap, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_map_succeeds_where_an_unmap_is_called_before_its_return,
                                        begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_map_succeeds_where_an_unmap_is_called_after_its_return,
                                        begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_query_finds_the_mapping, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_query_finds_another_frame, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_query_finds_other_attributes, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_query_finds_something_where_nothing_is, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_same_frame_twice_where_aliasing_is_allowed, begin_mapped, end),
    };
    return cmocka_run_group_tests_name("judge, results", tests, NULL, NULL);
}
