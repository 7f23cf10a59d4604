/* Windows that end late, operations that overlap, global mappings. Good and bad beside each other; the usual
 * story is in fixture.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim/judge/test/fixture.h"

/* ---- windows that end late ---- */

static struct act lazy_unmap(void)
{
    return (struct act){.id = 2,
                        .kind = OPERATION_UNMAP,
                        .va = PAGE,
                        .begin = 200,
                        .write = 210,
                        .visible = 220,
                        .invalidate = 225,
                        .acknowledge = 260,
                        .completed = 300,
                        .end = 230};
}

static void good_old_translation_before_a_late_acknowledgement(void **state)
{
    struct act act = lazy_unmap();
    story_act(&story, &act);
    story_load(&story, PAGE, FRAME, 250, 260);
    story_expect_good(&story);
}

static void bad_old_translation_after_a_late_acknowledgement_not_yet_known(void **state)
{
    struct act act = lazy_unmap();
    story_act(&story, &act);
    story_load(&story, PAGE, FRAME, 261, 262);
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

static void good_old_translation_before_a_late_store(void **state)
{
    struct act act = {
        .id = 2, .kind = OPERATION_UNMAP, .va = PAGE, .begin = 200, .write = 210, .visible = 400, .end = 220};
    story_act(&story, &act);
    story_load(&story, PAGE, FRAME, 390, 395);
    story_expect_good(&story);
}

static void bad_old_translation_after_an_unmap_without_invalidation(void **state)
{
    struct act act = {
        .id = 2, .kind = OPERATION_UNMAP, .va = PAGE, .begin = 200, .write = 210, .visible = 220, .end = 230};
    story_act(&story, &act);
    story_load(&story, PAGE, FRAME, 231, 240);
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

static void good_old_translation_while_an_acknowledgement_is_missing_at_the_end(void **state)
{
    struct act act = lazy_unmap();
    act.acknowledge = 0;
    story_act(&story, &act);
    story_load(&story, PAGE, FRAME, 500, 510);
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count_all(judge), 0);
    assert_int_equal(judge_unjudged(judge, UNJUDGED_OPEN), 1);
    judge_destroy(judge);
}

static void good_either_answer_of_an_operation_that_never_returned(void **state)
{
    struct act act = lazy_unmap();
    act.acknowledge = 0;
    act.end = 0;
    story_act(&story, &act);
    story_load(&story, PAGE, FRAME, 500, 510);
    story_fault(&story, PAGE, FAULT_TRANSLATION, 500, 511);
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count_all(judge), 0);
    assert_int_equal(judge_unjudged(judge, UNJUDGED_OPEN), 1);
    judge_destroy(judge);
}

static void good_failed_unmap_changes_nothing(void **state)
{
    struct act act = {.id = 2,
                      .kind = OPERATION_UNMAP,
                      .va = PAGE + 0x1000,
                      .begin = 200,
                      .end = 230,
                      .result = PAGETABLE_NOT_MAPPED};
    story_act(&story, &act);
    story_load(&story, PAGE, FRAME, 240, 250);
    story_expect_good(&story);
}

static void bad_fault_after_a_failed_map_of_the_same_page(void **state)
{
    struct act act = {.id = 2,
                      .kind = OPERATION_MAP,
                      .va = PAGE,
                      .frame = {FRAME + 0x1000, RW, 12},
                      .begin = 200,
                      .write = 205,
                      .visible = 206,
                      .end = 230,
                      .result = PAGETABLE_OVERLAP};
    story_act(&story, &act);
    story_fault(&story, PAGE, FAULT_TRANSLATION, 210, 220);
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

/* ---- operations that overlap ---- */

static void good_operations_overlap_on_different_pages(void **state)
{
    struct act other = {.id = 3,
                        .kind = OPERATION_MAP,
                        .va = PAGE + 0x1000,
                        .frame = {FRAME + 0x1000, RW, 12},
                        .begin = 190,
                        .write = 230,
                        .visible = 240,
                        .end = 400,
                        .core = 1};
    story_act(&story, &other);
    story_load(&story, PAGE + 0x1000, FRAME + 0x1000, 245, 248);
    story_fault(&story, PAGE, FAULT_TRANSLATION, 260, 270);
    story_expect_good(&story);
}

static void bad_stale_translation_while_another_page_is_mapped(void **state)
{
    struct act other = {.id = 3,
                        .kind = OPERATION_MAP,
                        .va = PAGE + 0x1000,
                        .frame = {FRAME + 0x1000, RW, 12},
                        .begin = 190,
                        .write = 230,
                        .visible = 240,
                        .end = 400,
                        .core = 1};
    story_act(&story, &other);
    story_load(&story, PAGE, FRAME, 260, 270);
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

/* Core 1 maps the page again after core 0 cleared it, and returns before core 0's unmap does. */
static void good_second_map_returns_before_the_unmap_that_it_follows(void **state)
{
    struct act again = {.id = 3,
                        .kind = OPERATION_MAP,
                        .va = PAGE,
                        .frame = {FRAME + 0x1000, RW, 12},
                        .begin = 222,
                        .write = 226,
                        .visible = 228,
                        .end = 235,
                        .core = 1};
    story_act(&story, &again);
    story_load(&story, PAGE, FRAME, 236, 240);
    story_load(&story, PAGE, FRAME + 0x1000, 236, 242);
    story_load(&story, PAGE, FRAME + 0x1000, 251, 260);
    story_expect_good(&story);
}

static void bad_second_map_without_an_unmap(void **state)
{
    struct act again = {.id = 3,
                        .kind = OPERATION_MAP,
                        .va = PAGE,
                        .frame = {FRAME + 0x1000, RW, 12},
                        .begin = 222,
                        .write = 226,
                        .visible = 228,
                        .end = 235,
                        .core = 1};
    story_act(&story, &again);
    story_expect(&story, RULE_OPERATION_RESULT, 1);
}

static void good_same_page_mapped_and_unmapped_many_times(void **state)
{
    story.config.settle_cycles = 500;
    uint64_t time = 0;
    for (uint64_t id = 1; id < 2000; id += 2, time += 200) {
        struct act map = {.id = id,
                          .kind = OPERATION_MAP,
                          .va = PAGE,
                          .frame = {FRAME + id * 0x1000, RW, 12},
                          .begin = time + 10,
                          .write = time + 12,
                          .visible = time + 14,
                          .end = time + 20};
        struct act unmap = {.id = id + 1,
                            .kind = OPERATION_UNMAP,
                            .va = PAGE,
                            .begin = time + 100,
                            .write = time + 102,
                            .visible = time + 104,
                            .invalidate = time + 106,
                            .acknowledge = time + 120,
                            .end = time + 130};
        story_act(&story, &map);
        story_act(&story, &unmap);
        story_load(&story, PAGE, FRAME + id * 0x1000, time + 50, time + 60);
    }
    struct judge *judge = judge_create(&story.config);
    struct mmu_observer observer = judge_observer(judge);
    struct judge *whole = story_judge(&story); /* sorts */
    struct judge_usage usage, most = {0};
    for (size_t i = 0; i < story.count; i++) {
        assert_int_equal(observer.event(observer.context, &story.events[i]), 0);
        judge_measure(judge, &usage);
        most.versions = usage.versions > most.versions ? usage.versions : most.versions;
        most.operations = usage.operations > most.operations ? usage.operations : most.operations;
        most.transactions = usage.transactions > most.transactions ? usage.transactions : most.transactions;
    }
    assert_int_equal(judge_count_all(whole), 0);
    assert_in_range(most.versions, 1, 24);
    assert_in_range(most.operations, 1, 20);
    assert_in_range(most.transactions, 1, 20);
    judge_destroy(judge);
    judge_destroy(whole);
}

/* ---- global mappings ---- */

static void good_global_mapping_used_from_another_space(void **state)
{
    story_map_page(&story, 1, RW | FRAME_GLOBAL);
    story_load(&story, PAGE, FRAME, 150, 160)->space = 2;
    story_fault(&story, PAGE, FAULT_TRANSLATION, 150, 161)->space = 2;
    story_expect_good(&story);
}

static void bad_global_mapping_used_from_another_space_after_its_unmap(void **state)
{
    story_map_page(&story, 1, RW | FRAME_GLOBAL);
    story_unmap_page(&story, 2);
    story_load(&story, PAGE, FRAME, 260, 270)->space = 2;
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

static void bad_global_mapping_of_another_space_hides_an_own_one(void **state)
{
    story_map_page(&story, 1, RW | FRAME_GLOBAL);
    struct act own = {.id = 2,
                      .kind = OPERATION_MAP,
                      .space = 2,
                      .va = PAGE,
                      .frame = {FRAME + 0x1000, RW, 12},
                      .begin = 100,
                      .write = 111,
                      .visible = 121,
                      .end = 130,
                      .core = 1};
    story_act(&story, &own);
    story_load(&story, PAGE, FRAME, 150, 160)->space = 2;
    story_expect(&story, RULE_WRONG_FRAME, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_old_translation_before_a_late_acknowledgement, begin_mapped,
                                        end),
        cmocka_unit_test_setup_teardown(bad_old_translation_after_a_late_acknowledgement_not_yet_known,
                                        begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_old_translation_before_a_late_store, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_old_translation_after_an_unmap_without_invalidation, begin_mapped,
                                        end),
        cmocka_unit_test_setup_teardown(good_old_translation_while_an_acknowledgement_is_missing_at_the_end,
                                        begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_either_answer_of_an_operation_that_never_returned, begin_mapped,
                                        end),
        cmocka_unit_test_setup_teardown(good_failed_unmap_changes_nothing, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_fault_after_a_failed_map_of_the_same_page, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_operations_overlap_on_different_pages, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_stale_translation_while_another_page_is_mapped, begin_unmapped,
                                        end),
        cmocka_unit_test_setup_teardown(good_second_map_returns_before_the_unmap_that_it_follows,
                                        begin_unmapped, end),
        cmocka_unit_test_setup_teardown(bad_second_map_without_an_unmap, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_same_page_mapped_and_unmapped_many_times, begin_empty, end),
        cmocka_unit_test_setup_teardown(good_global_mapping_used_from_another_space, begin_empty, end),
        cmocka_unit_test_setup_teardown(bad_global_mapping_used_from_another_space_after_its_unmap,
                                        begin_empty, end),
        cmocka_unit_test_setup_teardown(bad_global_mapping_of_another_space_hides_an_own_one, begin_empty,
                                        end),
    };
    return cmocka_run_group_tests_name("judge, windows", tests, NULL, NULL);
}
