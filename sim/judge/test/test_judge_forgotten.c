/*
 * What the judge forgets: nothing that an event which is still undecided, or an operation under way, may
 * need.
 *
 * PAGE is mapped to another frame and unmapped in every round of 200 cycles, and ended mappings are forgotten
 * after 500 cycles.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim/judge/test/fixture.h"

#define ROUNDS          200u
#define ROUND_CYCLES    200u
#define LAST_CYCLE      (ROUNDS * ROUND_CYCLES + 1000)
#define LAST_MAPPED     ((ROUNDS - 1) * ROUND_CYCLES + 50) /* something is, then */
#define FRAME_OF(round) (FRAME + (round)*UINT64_C(0x1000))

static int begin_short_memory(void **state)
{
    story_begin(&story);
    story.config.settle_cycles = 500;
    return 0;
}

/* Mapped in [time + 12, time + 20]; unmapped in [time + 102, time + 160], though it returns in time + 130. */
static void tell_mapping(uint64_t round, uint64_t base)
{
    uint64_t time = round * ROUND_CYCLES;
    struct act map = {.id = 2 * round + 1,
                      .kind = OPERATION_MAP,
                      .va = PAGE,
                      .frame = {base, RW, 12},
                      .begin = time + 10,
                      .write = time + 12,
                      .visible = time + 14,
                      .end = time + 20};
    struct act unmap = {.id = 2 * round + 2,
                        .kind = OPERATION_UNMAP,
                        .va = PAGE,
                        .begin = time + 100,
                        .write = time + 102,
                        .visible = time + 104,
                        .invalidate = time + 106,
                        .acknowledge = time + 160,
                        .end = time + 130};
    story_act(&story, &map);
    story_act(&story, &unmap);
}

static void tell_rounds(void)
{
    for (uint64_t round = 0; round < ROUNDS; round++)
        tell_mapping(round, FRAME_OF(round));
}

/* Called before all others and returned after them: nothing that breaks a rule can be decided. */
static void tell_long_operation(enum operation_kind kind, uint64_t va)
{
    struct act act = {.id = 1000,
                      .kind = kind,
                      .va = va,
                      .frame = {UINT64_C(0x8000000), RW, 12},
                      .begin = 60,
                      .end = LAST_CYCLE,
                      .core = 1};
    story_act(&story, &act);
}

/* Told after the return of the unmap and before its acknowledgement is known: it cannot be decided then. */
static struct event_tlb_entry *entry_of_round(uint64_t round, uint64_t end)
{
    struct event_tlb_entry *entry =
        story_entry(&story, round * ROUND_CYCLES + 50, round * ROUND_CYCLES + end);
    entry->frame.base = FRAME_OF(round);
    return entry;
}

static void good_entry_is_decided_long_after_its_mapping_ended(void **state)
{
    tell_long_operation(OPERATION_MAP, PAGE + 0x100000);
    tell_rounds();
    entry_of_round(1, 160);
    story_expect_good(&story);
}

static void bad_entry_is_decided_long_after_its_mapping_ended(void **state)
{
    tell_long_operation(OPERATION_MAP, PAGE + 0x100000);
    tell_rounds();
    entry_of_round(1, 161);
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count(judge, RULE_STALE_ENTRY), 1);
    assert_int_equal(judge_count_all(judge), 1);
    assert_int_equal(judge_finding_at(judge, 0)->operation, 4); /* it is still known */
    judge_destroy(judge);
}

static void good_access_is_decided_long_after_its_mapping_ended(void **state)
{
    tell_long_operation(OPERATION_MAP, PAGE + 0x100000);
    tell_rounds();
    story_load(&story, PAGE, FRAME_OF(1), 350, 360);
    story_expect_good(&story);
}

static void bad_access_is_decided_long_after_its_mapping_ended(void **state)
{
    tell_long_operation(OPERATION_MAP, PAGE + 0x100000);
    tell_rounds();
    story_load(&story, PAGE, FRAME_OF(1), 350, 361);
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

static void answer_long_query(uint64_t found_base)
{
    tell_long_operation(OPERATION_QUERY, PAGE + 8);
    struct event_operation *answer = &story.events[story.count - 1].as.operation;
    answer->found_va = PAGE;
    answer->frame = (struct frame){found_base, RW, 12};
    tell_rounds();
}

static void good_query_of_what_was_mapped_at_its_call(void **state)
{
    answer_long_query(FRAME_OF(0));
    story_expect_good(&story);
}

static void bad_query_of_what_was_never_mapped(void **state)
{
    answer_long_query(FRAME_OF(ROUNDS));
    story_expect(&story, RULE_OPERATION_RESULT, 1);
}

/* It fills nothing: only its start has to be explained. */
static struct event_walk *walk_told_last(uint64_t started)
{
    tell_rounds();
    struct event_walk *walk = story_walk(&story, started, LAST_CYCLE);
    walk->filled = 0;
    return walk;
}

static void good_walk_told_too_late_is_counted_and_not_judged(void **state)
{
    walk_told_last(255)->leaf.frame.base = FRAME_OF(1);
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count_all(judge), 0);
    assert_int_equal(judge_unjudged(judge, UNJUDGED_LATE_ACCESS), 1);
    judge_destroy(judge);
}

static void expect_perhaps_stale(uint64_t findings)
{
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count(judge, RULE_STALE_TRANSLATION), 1);
    assert_int_equal(judge_count_all(judge), findings);
    assert_int_equal(judge_unjudged(judge, UNJUDGED_LATE_ACCESS), 0);
    assert_non_null(strstr(judge_finding_at(judge, 0)->text, "ended long ago"));
    judge_destroy(judge);
}

static void bad_walk_starts_long_after_the_end_of_its_mapping(void **state)
{
    walk_told_last(LAST_CYCLE - 10)->leaf.frame.base = FRAME_OF(1);
    expect_perhaps_stale(1);
}

static void bad_load_long_after_the_end_of_its_mapping_and_of_many_others(void **state)
{
    tell_rounds();
    story_load(&story, PAGE, FRAME_OF(1), LAST_MAPPED, LAST_MAPPED + 10);
    expect_perhaps_stale(1);
}

/* A frame that returns in every second round is one translation to remember, however often it was mapped. */
static void bad_load_long_after_the_end_of_its_mapping_and_of_few_others(void **state)
{
    for (uint64_t round = 0; round < ROUNDS; round++)
        tell_mapping(round, round < 2 ? FRAME_OF(round) : FRAME_OF(2 + round % 2));
    story_load(&story, PAGE, FRAME_OF(1), LAST_MAPPED, LAST_MAPPED + 10);
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count(judge, RULE_STALE_TRANSLATION), 1);
    assert_int_equal(judge_count_all(judge), 1);
    assert_int_equal(judge_finding_at(judge, 0)->operation, 4);
    judge_destroy(judge);
}

static void bad_load_of_a_frame_that_was_never_mapped_and_few_were(void **state)
{
    for (uint64_t round = 0; round < ROUNDS; round++)
        tell_mapping(round, FRAME_OF(round % 2));
    story_load(&story, PAGE, FRAME_OF(2), 10050, 10060);
    story_expect(&story, RULE_WRONG_FRAME, 1);
}

static void bad_entry_kept_long_after_the_end_of_its_mapping(void **state)
{
    tell_rounds();
    entry_of_round(1, LAST_CYCLE);
    expect_perhaps_stale(2); /* and the entry itself */
}

static void good_undecided_events_in_every_round_do_not_fill_memory(void **state)
{
    tell_rounds();
    for (uint64_t round = 0; round < ROUNDS; round++)
        entry_of_round(round, 150);
    struct judge *judge = judge_create(&story.config);
    struct mmu_observer observer = judge_observer(judge);
    struct judge *whole = story_judge(&story); /* sorts */
    struct judge_usage usage;
    size_t most_versions = 0, most_undecided = 0;
    for (size_t i = 0; i < story.count; i++) {
        assert_int_equal(observer.event(observer.context, &story.events[i]), 0);
        judge_measure(judge, &usage);
        most_versions = usage.versions > most_versions ? usage.versions : most_versions;
        most_undecided = usage.undecided > most_undecided ? usage.undecided : most_undecided;
    }
    assert_int_equal(judge_count_all(whole), 0);
    assert_in_range(most_versions, 1, 24);
    assert_in_range(most_undecided, 1, 8);
    judge_destroy(judge);
    judge_destroy(whole);
}

/* ---- operations that take no time ---- */

#define TIMELESS 100u

/* Pages that are mapped before time begins, and the most operations that the judge keeps at once. */
static size_t operations_kept(uint64_t end)
{
    struct judge_usage usage;
    size_t most = 0;
    for (uint64_t i = 0; i < TIMELESS; i++) {
        struct act act = {.id = i + 1,
                          .kind = OPERATION_MAP,
                          .va = PAGE + i * 0x1000,
                          .frame = {FRAME + i * 0x1000, RW, 12},
                          .end = end};
        story_act(&story, &act);
        if (!end)
            story_event(&story, EVENT_OPERATION_END, 0, 0)->as.operation = (struct event_operation){
                .id = act.id, .va = act.va, .frame = act.frame, .space = 1, .kind = OPERATION_MAP};
        story_view(&story, act.id, end, i + 1)->va = act.va;
        story.events[story.count - 1].as.view.mapped = 1;
        story.events[story.count - 1].as.view.mapping = (struct mapping){act.va, act.frame};
    }
    struct judge *judge = story_judge(&story); /* sorts */
    assert_int_equal(judge_count_all(judge), 0);
    judge_destroy(judge);
    judge = judge_create(&story.config);
    struct mmu_observer observer = judge_observer(judge);
    for (size_t i = 0; i < story.count; i++) {
        assert_int_equal(observer.event(observer.context, &story.events[i]), 0);
        judge_measure(judge, &usage);
        most = usage.operations > most ? usage.operations : most;
    }
    assert_int_equal(usage.versions, TIMELESS);
    judge_destroy(judge);
    return most;
}

static void operations_that_take_no_time_are_not_kept(void **state)
{
    assert_int_equal(operations_kept(0), 1);
}

static void operations_that_take_time_are_kept_until_they_settle(void **state)
{
    assert_int_equal(operations_kept(1), TIMELESS);
}

static void bad_view_of_an_operation_that_takes_no_time(void **state)
{
    (void)operations_kept(0);
    story_view(&story, TIMELESS, 0, TIMELESS + 1)->va = PAGE - 0x1000;
    story_expect(&story, RULE_VIEW_DIFFERS, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_entry_is_decided_long_after_its_mapping_ended,
                                        begin_short_memory, end),
        cmocka_unit_test_setup_teardown(bad_entry_is_decided_long_after_its_mapping_ended, begin_short_memory,
                                        end),
        cmocka_unit_test_setup_teardown(good_access_is_decided_long_after_its_mapping_ended,
                                        begin_short_memory, end),
        cmocka_unit_test_setup_teardown(bad_access_is_decided_long_after_its_mapping_ended,
                                        begin_short_memory, end),
        cmocka_unit_test_setup_teardown(good_query_of_what_was_mapped_at_its_call, begin_short_memory, end),
        cmocka_unit_test_setup_teardown(bad_query_of_what_was_never_mapped, begin_short_memory, end),
        cmocka_unit_test_setup_teardown(good_walk_told_too_late_is_counted_and_not_judged, begin_short_memory,
                                        end),
        cmocka_unit_test_setup_teardown(bad_walk_starts_long_after_the_end_of_its_mapping, begin_short_memory,
                                        end),
        cmocka_unit_test_setup_teardown(bad_load_long_after_the_end_of_its_mapping_and_of_many_others,
                                        begin_short_memory, end),
        cmocka_unit_test_setup_teardown(bad_load_long_after_the_end_of_its_mapping_and_of_few_others,
                                        begin_short_memory, end),
        cmocka_unit_test_setup_teardown(bad_load_of_a_frame_that_was_never_mapped_and_few_were,
                                        begin_short_memory, end),
        cmocka_unit_test_setup_teardown(bad_entry_kept_long_after_the_end_of_its_mapping, begin_short_memory,
                                        end),
        cmocka_unit_test_setup_teardown(good_undecided_events_in_every_round_do_not_fill_memory,
                                        begin_short_memory, end),
        cmocka_unit_test_setup_teardown(operations_that_take_no_time_are_not_kept, begin_empty, end),
        cmocka_unit_test_setup_teardown(operations_that_take_time_are_kept_until_they_settle, begin_empty,
                                        end),
        cmocka_unit_test_setup_teardown(bad_view_of_an_operation_that_takes_no_time, begin_empty, end),
    };
    return cmocka_run_group_tests_name("judge, forgotten", tests, NULL, NULL);
}
