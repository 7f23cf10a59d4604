/* Values, crossing accesses, and the judge itself. Good and bad beside each other; the usual story is in
 * fixture.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim/judge/test/fixture.h"

/* ---- values ---- */

static void store(unsigned core, uint64_t offset, unsigned size_bytes, uint64_t value, uint64_t issue,
                  uint64_t performed)
{
    struct event_translation *access = story_load(&story, PAGE + offset, FRAME + offset, issue, performed);
    story.events[story.count - 1].core = (uint8_t)core;
    access->access_kind = ACCESS_STORE;
    access->performed_cycle = performed;
    access->size_bytes = (uint16_t)size_bytes;
    access->value = value;
}

static struct event_translation *load(unsigned core, uint64_t offset, unsigned size_bytes, uint64_t value,
                                      uint64_t performed)
{
    struct event_translation *access =
        story_load(&story, PAGE + offset, FRAME + offset, performed - 10, performed + 20);
    story.events[story.count - 1].core = (uint8_t)core;
    access->performed_cycle = performed;
    access->size_bytes = (uint16_t)size_bytes;
    access->value = value;
    return access;
}

static void good_never_written_memory_is_zero(void **state)
{
    load(1, 0, 8, 0, 150);
    story_expect_good(&story);
}

static void bad_never_written_memory_is_not_zero(void **state)
{
    load(1, 0, 8, 1, 150);
    story_expect(&story, RULE_LOAD_VALUE, 1);
}

static void good_loads_and_stores_of_several_sizes(void **state)
{
    store(0, 0, 8, 0x1122334455667788, 140, 145);
    store(0, 2, 2, 0xffffaabb, 150, 155);
    load(1, 0, 8, 0x11223344aabb7788, 160);
    load(1, 3, 4, 0x223344aa, 161);
    load(1, 7, 1, 0x11, 162);
    store(0, 16, 24, 0x0807060504030201, 170, 171);
    load(1, 30, 8, 0x0605040302010807, 180);
    load(1, 40, 8, 0, 181);
    story_expect_good(&story);
}

static void bad_load_of_a_partly_overwritten_word(void **state)
{
    store(0, 0, 8, 0x1122334455667788, 140, 145);
    store(0, 2, 2, 0xaabb, 150, 155);
    load(1, 0, 8, 0x1122334455667788, 160);
    story_expect(&story, RULE_LOAD_VALUE, 1);
}

/* The load is told after the second store, but was performed before it. */
static void good_load_performed_between_two_stores(void **state)
{
    store(0, 0, 8, 1, 140, 145);
    store(0, 0, 8, 2, 146, 155);
    load(1, 0, 8, 1, 150);
    load(1, 0, 8, 2, 156);
    story_expect_good(&story);
}

static void bad_load_of_the_later_of_two_stores(void **state)
{
    store(0, 0, 8, 1, 140, 145);
    store(0, 0, 8, 2, 146, 155);
    load(1, 0, 8, 2, 150);
    story_expect(&story, RULE_LOAD_VALUE, 1);
}

static void good_forwarded_load_reads_the_own_latest_store(void **state)
{
    store(1, 0, 8, 1, 132, 300);
    store(1, 0, 4, 2, 133, 310);
    store(0, 0, 8, 9, 134, 140);
    load(1, 0, 8, 2, 150)->forwarded = 1;
    load(0, 0, 8, 9, 151);
    store(1, 0, 8, 7, 160, 320);
    story_expect_good(&story);
}

static void bad_forwarded_load_reads_an_older_store(void **state)
{
    store(1, 0, 8, 1, 132, 300);
    store(1, 0, 8, 2, 133, 310);
    load(1, 0, 8, 1, 150)->forwarded = 1;
    story_expect(&story, RULE_LOAD_VALUE, 1);
}

static void bad_forwarded_load_reads_another_cores_store(void **state)
{
    store(1, 0, 8, 1, 132, 300);
    store(0, 0, 8, 9, 134, 140);
    load(1, 0, 8, 9, 150)->forwarded = 1;
    story_expect(&story, RULE_LOAD_VALUE, 1);
}

/* Memory took core 1's store in cycle 140 and answers in cycle 180; until then its buffer has the store. */
static void store_that_leaves_late(uint64_t forwarded_in)
{
    store(1, 0, 8, 1, 132, 140);
    story.events[story.count - 1].cycle = 180;
    store(0, 0, 8, 9, 134, 145);
    load(1, 0, 8, 1, forwarded_in)->forwarded = 1;
}

static void good_forwarded_load_reads_a_store_that_memory_has_not_answered(void **state)
{
    store_that_leaves_late(170);
    load(0, 0, 8, 9, 171);
    story_expect_good(&story);
}

static void bad_forwarded_load_reads_a_store_that_has_left_the_buffer(void **state)
{
    store_that_leaves_late(190);
    story_expect(&story, RULE_LOAD_VALUE, 1);
}

static void good_entry_writes_are_stores(void **state)
{
    struct act act = {.id = 3,
                      .kind = OPERATION_MAP,
                      .va = PAGE + 0x1000,
                      .frame = {UINT64_C(0x7000000), RW, 12},
                      .begin = 140,
                      .write = 141,
                      .visible = 142,
                      .end = 145};
    story_act(&story, &act); /* maps the page of the entries themselves */
    story_load(&story, PAGE + 0x1018, UINT64_C(0x7000018), 150, 160)->value = 3;
    story_expect_good(&story);
}

/* An entry lies at 0x7000018; its page was data before, so it has been cleared for the table. */
static void page_became_a_table(uint64_t word, uint64_t value, uint64_t findings)
{
    struct act window = {.id = 2,
                         .kind = OPERATION_MAP,
                         .va = PAGE + 0x1000,
                         .frame = {UINT64_C(0x7000000), RW, 12},
                         .begin = 131,
                         .write = 132,
                         .visible = 133,
                         .end = 135};
    struct act entry = {.id = 3,
                        .kind = OPERATION_MAP,
                        .va = PAGE + 0x2000,
                        .frame = {UINT64_C(0x7001000), RW, 12},
                        .begin = 190,
                        .write = 195,
                        .visible = 196,
                        .end = 198};
    story_act(&story, &window);
    struct event_translation *access = story_load(&story, PAGE + 0x1800, UINT64_C(0x7000800), 150, 160);
    access->access_kind = ACCESS_STORE;
    access->value = 5;
    story_act(&story, &entry);
    story_load(&story, PAGE + 0x1000 + word, UINT64_C(0x7000000) + word, 200, 210)->value = value;
    story_expect(&story, RULE_LOAD_VALUE, findings);
}

static void good_page_that_became_a_table_is_zero(void **state)
{
    page_became_a_table(0x800, 0, 0);
}

static void good_page_that_became_a_table_keeps_its_data(void **state)
{
    page_became_a_table(0x800, 5, 0);
}

static void good_page_that_became_a_table_has_its_entry(void **state)
{
    page_became_a_table(0x18, 3, 0);
}

static void bad_page_that_became_a_table_has_something_else(void **state)
{
    page_became_a_table(0x800, 6, 1);
}

static void bad_page_that_became_a_table_lacks_its_entry(void **state)
{
    page_became_a_table(0x18, 0, 1);
}

static void good_values_are_left_alone_without_them(void **state)
{
    story.config.values = false;
    load(1, 0, 8, 1, 150);
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count_all(judge), 0);
    assert_int_equal(judge_unjudged(judge, UNJUDGED_VALUES), 1);
    judge_destroy(judge);
}

/* ---- crossing accesses ---- */

static void crossing(bool second_faults, uint64_t first_performed)
{
    struct act act = {.id = 3,
                      .kind = OPERATION_MAP,
                      .va = PAGE + 0x1000,
                      .frame = {FRAME + 0x8000, RW, 12},
                      .begin = 132,
                      .write = 133,
                      .visible = 134,
                      .end = 135};
    if (!second_faults)
        story_act(&story, &act);
    struct event_translation *half = story_load(&story, PAGE + 0xffc, FRAME + 0xffc, 150, 160);
    half->half = 1;
    half->access = 77;
    half->size_bytes = 4;
    half->performed_cycle = first_performed;
    half = second_faults ? story_fault(&story, PAGE + 0x1000, FAULT_TRANSLATION, 151, 158)
                         : story_load(&story, PAGE + 0x1000, FRAME + 0x8000, 151, 162);
    half->half = 2;
    half->access = 77;
    half->size_bytes = 4;
}

static void good_both_halves(void **state)
{
    crossing(false, 155);
    story_expect_good(&story);
}

static void good_no_half_is_performed_with_a_fault(void **state)
{
    crossing(true, EVENT_NEVER);
    story_expect_good(&story);
}

static void bad_one_half_is_performed_though_the_other_faulted(void **state)
{
    crossing(true, 155);
    story_expect(&story, RULE_TORN_ACCESS, 1);
}

static void bad_second_half_goes_on_in_the_first_frame(void **state)
{
    crossing(false, 155);
    story.events[story.count - 1].as.translation.pa = FRAME + 0x1000;
    story_expect(&story, RULE_WRONG_FRAME, 1);
}

/* ---- the judge itself ---- */

static void findings_beyond_the_limit_are_counted(void **state)
{
    story.config.findings_max = 3;
    for (uint64_t i = 0; i < 10; i++)
        story_load(&story, PAGE, FRAME, 260 + i, 270 + i);
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count(judge, RULE_STALE_TRANSLATION), 10);
    assert_int_equal(judge_findings(judge), 3);
    assert_null(judge_finding_at(judge, 3));
    judge_destroy(judge);
}

static void undecided_events_beyond_the_limit_are_told(void **state)
{
    story.config.undecided_max = 4;
    for (uint64_t i = 0; i < 10; i++)
        story_load(&story, PAGE, FRAME, 260 + i, 270 + i);
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count(judge, RULE_STALE_TRANSLATION), 4);
    assert_int_equal(judge_unjudged(judge, UNJUDGED_LIMIT), 6);
    judge_destroy(judge);
}

static void events_of_an_unknown_space_are_told(void **state)
{
    story_load(&story, PAGE, FRAME, 260, 270)->space = 7;
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count_all(judge), 0);
    assert_int_equal(judge_unjudged(judge, UNJUDGED_SPACE), 1);
    judge_destroy(judge);
}

static void findings_are_sorted_by_cycle(void **state)
{
    for (uint64_t i = 0; i < 10; i++)
        story_load(&story, PAGE, FRAME, 260 + i, 300 - i);
    story_load(&story, PAGE + 0x5000, FRAME, 100000, 100001);
    story_load(&story, PAGE + 0x5000, FRAME, 50, 60);
    struct judge *judge = story_judge(&story);
    for (size_t i = 1; i < judge_findings(judge); i++)
        assert_true(judge_finding_at(judge, i - 1)->cycle <= judge_finding_at(judge, i)->cycle);
    assert_int_equal(judge_findings(judge), 12);
    judge_destroy(judge);
}

static void every_rule_has_a_name_and_a_text(void **state)
{
    for (unsigned i = 0; i < JUDGE_RULES; i++) {
        enum judge_rule rule = JUDGE_RULES;
        assert_true(judge_rule_find(judge_rule_name((enum judge_rule)i), &rule));
        assert_int_equal(rule, i);
        assert_true(strlen(judge_rule_text(rule)) > 10);
    }
    for (unsigned i = 0; i < JUDGE_UNJUDGED; i++)
        assert_true(strlen(judge_unjudged_text((enum judge_unjudged)i)) > 10);
    enum judge_rule none;
    assert_false(judge_rule_find("no_such_rule", &none));
    assert_string_equal(judge_rule_name(JUDGE_RULES), "?");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_never_written_memory_is_zero, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_never_written_memory_is_not_zero, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_loads_and_stores_of_several_sizes, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_load_of_a_partly_overwritten_word, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_load_performed_between_two_stores, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_load_of_the_later_of_two_stores, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_forwarded_load_reads_the_own_latest_store, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_forwarded_load_reads_an_older_store, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_forwarded_load_reads_another_cores_store, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_forwarded_load_reads_a_store_that_memory_has_not_answered,
                                        begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_forwarded_load_reads_a_store_that_has_left_the_buffer,
                                        begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_entry_writes_are_stores, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_page_that_became_a_table_is_zero, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_page_that_became_a_table_keeps_its_data, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_page_that_became_a_table_has_its_entry, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_page_that_became_a_table_has_something_else, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_page_that_became_a_table_lacks_its_entry, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_values_are_left_alone_without_them, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_both_halves, begin_mapped, end),
        cmocka_unit_test_setup_teardown(good_no_half_is_performed_with_a_fault, begin_mapped, end),
        cmocka_unit_test_setup_teardown(bad_one_half_is_performed_though_the_other_faulted, begin_mapped,
                                        end),
        cmocka_unit_test_setup_teardown(bad_second_half_goes_on_in_the_first_frame, begin_mapped, end),
        cmocka_unit_test_setup_teardown(findings_beyond_the_limit_are_counted, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(undecided_events_beyond_the_limit_are_told, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(events_of_an_unknown_space_are_told, begin_mapped, end),
        cmocka_unit_test_setup_teardown(findings_are_sorted_by_cycle, begin_unmapped, end),
        cmocka_unit_test_setup_teardown(every_rule_has_a_name_and_a_text, begin_empty, end),
    };
    return cmocka_run_group_tests_name("judge, values", tests, NULL, NULL);
}
