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

/* A map of PAGE that finds it mapped; the unmap's window is [210, 250]. */
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
    overlap_answered(250, 0);
}

static void bad_overlap_with_what_was_unmapped_before(void **state)
{
    overlap_answered(251, 1);
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
        cmocka_unit_test_setup_teardown(good_query_finds_the_mapping, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_query_finds_another_frame, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_query_finds_other_attributes, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_query_finds_something_where_nothing_is, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_same_frame_twice_where_aliasing_is_allowed, begin_mapped, end),
    };
    return cmocka_run_group_tests_name("judge, results", tests, NULL, NULL);
}
