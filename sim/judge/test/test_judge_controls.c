/* What the state of a core makes of rights, and the faults that formats allow hardware. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim/judge/test/fixture.h"

#define KERNEL_DATA                                                                                          \
    (ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE))
#define USER_DATA (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD) | ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE))

/* PAN takes a user page's data from the kernel; a key that is disabled takes all data of user pages. */
static uint8_t allowed(const struct access_controls *controls, uint8_t rights, uint32_t attributes)
{
    if (!(attributes & FRAME_USER))
        return rights;
    if (controls->flags & CONTROL_PAN)
        rights &= (uint8_t)~KERNEL_DATA;
    if (controls->flags & CONTROL_PKE && controls->key_rights >> 2 * frame_key(attributes) & 1)
        rights &= (uint8_t) ~(KERNEL_DATA | USER_DATA);
    return rights;
}

static struct walk_format format;

static void use_format(enum spurious_faults spurious)
{
    format = story_format;
    format.allowed = allowed;
    format.spurious = (uint8_t)spurious;
    for (size_t i = 0; i < 2; i++)
        story.events[i].as.space.format = &format;
}

static int begin(void **state)
{
    story_begin(&story);
    use_format(SPURIOUS_NEVER);
    return 0;
}

/* Core 1, which makes the story's accesses. */
static void set_controls(uint64_t cycle, uint32_t flags, uint32_t key_rights)
{
    struct event_context *context = &story_event(&story, EVENT_CONTEXT, cycle, 1)->as.context;
    *context = (struct event_context){.space = 1, .asid = 1, .controls = {flags, key_rights}};
}

static void load(enum privilege privilege, uint64_t issue)
{
    story_load(&story, PAGE, FRAME, issue, issue + 10)->privilege = (uint8_t)privilege;
}

static void fault(enum privilege privilege, uint64_t issue)
{
    story_fault(&story, PAGE, FAULT_PERMISSION, issue, issue + 10)->privilege = (uint8_t)privilege;
}

/* ---- controls ---- */

static void good_pan_takes_user_pages_from_the_kernel_alone(void **state)
{
    story_map_page(&story, 1, RW);
    set_controls(140, CONTROL_PAN, 0);
    fault(PRIVILEGE_KERNEL, 150);
    load(PRIVILEGE_USER, 150);
    story_expect_good(&story);
}

static void bad_kernel_reaches_a_user_page_in_spite_of_pan(void **state)
{
    story_map_page(&story, 1, RW);
    set_controls(140, CONTROL_PAN, 0);
    load(PRIVILEGE_KERNEL, 150);
    story_expect(&story, RULE_FORBIDDEN_ACCESS, 1);
}

static void bad_kernel_faults_at_a_user_page_without_pan(void **state)
{
    story_map_page(&story, 1, RW);
    set_controls(140, 0, 0);
    fault(PRIVILEGE_KERNEL, 150);
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

static void good_an_access_has_the_controls_of_its_issue(void **state)
{
    story_map_page(&story, 1, RW);
    set_controls(140, CONTROL_PAN, 0);
    fault(PRIVILEGE_KERNEL, 159);
    set_controls(160, 0, 0);
    load(PRIVILEGE_KERNEL, 160);
    set_controls(165, CONTROL_PAN, 0);
    story_expect_good(&story);
}

static void bad_an_access_has_the_controls_after_its_issue(void **state)
{
    story_map_page(&story, 1, RW);
    set_controls(140, CONTROL_PAN, 0);
    load(PRIVILEGE_KERNEL, 159);
    set_controls(160, 0, 0);
    story_expect(&story, RULE_FORBIDDEN_ACCESS, 1);
}

static void good_controls_are_remembered_through_thousands_of_changes(void **state)
{
    story_map_page(&story, 1, RW);
    for (uint64_t i = 0; i < 5000; i++)
        set_controls(140 + 20 * i, i % 2 ? 0 : CONTROL_PAN, 0);
    for (uint64_t i = 0; i < 5000; i++)
        if (i % 2)
            load(PRIVILEGE_KERNEL, 145 + 20 * i);
        else
            fault(PRIVILEGE_KERNEL, 145 + 20 * i);
    story_expect_good(&story);
}

static void good_a_key_takes_the_pages_that_have_it(void **state)
{
    story_map_page(&story, 1, RW | FRAME_KEY(5));
    set_controls(140, CONTROL_PKE, 1u << 10);
    fault(PRIVILEGE_USER, 150);
    set_controls(170, CONTROL_PKE, 1u << 12);
    load(PRIVILEGE_USER, 180);
    story_expect_good(&story);
}

static void bad_a_key_is_ignored(void **state)
{
    story_map_page(&story, 1, RW | FRAME_KEY(5));
    set_controls(140, CONTROL_PKE, 1u << 10);
    load(PRIVILEGE_USER, 150);
    story_expect(&story, RULE_FORBIDDEN_ACCESS, 1);
}

static void bad_entry_has_another_key(void **state)
{
    story_map_page(&story, 1, RW | FRAME_KEY(5));
    story_entry(&story, 150, 200)->frame.attributes |= FRAME_KEY(4);
    story_expect(&story, RULE_WRONG_FRAME, 1);
}

static void sentence_names_rights_and_controls(void **state)
{
    story_map_page(&story, 1, RW);
    set_controls(140, CONTROL_PAN, 0);
    load(PRIVILEGE_KERNEL, 150);
    struct judge *judge = story_judge(&story);
    assert_non_null(strstr(judge_finding_at(judge, 0)->text,
                           "allows user rw-, kernel --- under pan and the access was a load by the kernel"));
    judge_destroy(judge);
    story_end(&story);
}

/* ---- spurious faults ---- */

/* Operation 2 gives PAGE the right to store, in the window from 210 to 230, with or without an invalidation
 * that both cores carry out in 230. */
static void add_right(bool invalidates)
{
    struct act act = {.id = 2,
                      .kind = OPERATION_PROTECT,
                      .va = PAGE,
                      .frame = {0, RW, 12},
                      .begin = 200,
                      .write = 210,
                      .visible = 220,
                      .invalidate = invalidates ? 225 : 0,
                      .acknowledge = 240,
                      .end = invalidates ? 250 : 230};
    story_map_page(&story, 1, RO);
    story_act(&story, &act);
}

static void store_fault(uint64_t issue)
{
    story_fault(&story, PAGE, FAULT_PERMISSION, issue, issue + 10)->access_kind = ACCESS_STORE;
}

static void good_x86_faults_once_after_rights_were_added(void **state)
{
    use_format(SPURIOUS_ONCE);
    add_right(false);
    store_fault(300);
    store_fault(305); /* was in flight when the first was told */
    story_expect_good(&story);
}

static void bad_x86_faults_twice_after_rights_were_added(void **state)
{
    use_format(SPURIOUS_ONCE);
    add_right(false);
    store_fault(300);
    store_fault(311);
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

/* Operations 3 and 4 map another page and give it the right to store. */
static void add_right_to_another(void)
{
    struct act map = {.id = 3,
                      .kind = OPERATION_MAP,
                      .va = PAGE + 4096,
                      .frame = {FRAME + 4096, RO, 12},
                      .begin = 240,
                      .write = 242,
                      .visible = 244,
                      .end = 246};
    struct act protect = {.id = 4,
                          .kind = OPERATION_PROTECT,
                          .va = PAGE + 4096,
                          .frame = {0, RW, 12},
                          .begin = 250,
                          .write = 252,
                          .visible = 254,
                          .end = 256};
    story_act(&story, &map);
    story_act(&story, &protect);
}

static void good_x86_faults_once_at_each_of_two_addresses_in_flight(void **state)
{
    use_format(SPURIOUS_ONCE);
    add_right(false);
    add_right_to_another();
    store_fault(300);
    story_fault(&story, PAGE + 4096, FAULT_PERMISSION, 302, 312)->access_kind = ACCESS_STORE;
    store_fault(305); /* was in flight when the first of its page was told */
    story_fault(&story, PAGE + 4096, FAULT_PERMISSION, 306, 316)->access_kind = ACCESS_STORE;
    story_expect_good(&story);
}

static void bad_x86_faults_twice_at_one_of_two_addresses(void **state)
{
    use_format(SPURIOUS_ONCE);
    add_right(false);
    add_right_to_another();
    store_fault(300);
    story_fault(&story, PAGE + 4096, FAULT_PERMISSION, 302, 312)->access_kind = ACCESS_STORE;
    store_fault(311); /* the other page's was in flight then, not its own */
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

static void bad_x86_faults_after_a_map(void **state)
{
    use_format(SPURIOUS_ONCE);
    story_map_page(&story, 1, RW);
    store_fault(300);
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

/* The operation returns on core 0 in 115, and its store leaves the buffer in 130; this core loads in between.
 */
static void load_before_the_store_drains(bool own_stores, unsigned core)
{
    struct act act = {.id = 1,
                      .kind = OPERATION_MAP,
                      .va = PAGE,
                      .frame = {FRAME, RW, 12},
                      .begin = 100,
                      .write = 110,
                      .visible = 130,
                      .end = 115};
    use_format(SPURIOUS_ONCE);
    story.config.own_stores = own_stores;
    story_act(&story, &act);
    story_fault(&story, PAGE, FAULT_TRANSLATION, 115, 125);
    story.events[story.count - 1].core = (uint8_t)core;
}

static void bad_a_core_on_x86_faults_though_it_mapped_the_page(void **state)
{
    load_before_the_store_drains(true, 0);
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

static void good_another_core_on_x86_faults_until_the_store_drains(void **state)
{
    load_before_the_store_drains(true, 1);
    story_expect_good(&story);
}

static void good_where_walks_read_memory_the_same_core_faults_until_then(void **state)
{
    load_before_the_store_drains(false, 0);
    story_expect_good(&story);
}

static void bad_arm_faults_after_rights_were_added(void **state)
{
    add_right(false);
    store_fault(300);
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

/* An entry of before operation 2. */
static void keep_old_entry(void)
{
    struct event_tlb_entry *entry = story_entry(&story, 150, 400);
    entry->frame.attributes = RO;
    entry->rights &= (uint8_t) ~(ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) |
                                 ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE));
    entry->last_hit_cycle = 350;
    entry->last_done_cycle = 355;
}

static void good_x86_keeps_entries_with_fewer_rights(void **state)
{
    use_format(SPURIOUS_ONCE);
    add_right(false);
    keep_old_entry();
    story_expect_good(&story);
}

static void bad_x86_keeps_them_after_an_invalidation(void **state)
{
    use_format(SPURIOUS_ONCE);
    add_right(true);
    keep_old_entry();
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count(judge, RULE_STALE_ENTRY), 1);
    assert_int_equal(judge_count(judge, RULE_STALE_TRANSLATION), 1);
    judge_destroy(judge);
    story_end(&story);
}

static void bad_arm_keeps_entries_with_fewer_rights(void **state)
{
    add_right(false);
    keep_old_entry();
    struct judge *judge = story_judge(&story);
    assert_int_equal(judge_count(judge, RULE_STALE_ENTRY), 1);
    judge_destroy(judge);
    story_end(&story);
}

/* Core `target` drops what an invalidation names. */
static void fence_of(unsigned target, uint64_t drop_cycle, const struct invalidation *what)
{
    uint64_t id = (77 + drop_cycle) << EVENT_CORE_BITS | target;
    struct event_invalidation *issued =
        &story_event(&story, EVENT_INVALIDATION, drop_cycle, target)->as.invalidation;
    *issued = (struct event_invalidation){.id = id, .what = *what, .targets = 1};
    struct event_acknowledgement *told =
        &story_event(&story, EVENT_ACKNOWLEDGEMENT, drop_cycle, target)->as.acknowledgement;
    *told = (struct event_acknowledgement){.invalidation = id,
                                           .arrive_cycle = drop_cycle,
                                           .drop_cycle = drop_cycle,
                                           .acknowledge_cycle = drop_cycle,
                                           .target = (uint8_t)target};
    story_event(&story, EVENT_COMPLETION, drop_cycle, target)->as.completion =
        (struct event_completion){id, drop_cycle};
}

static void fence(unsigned target, uint64_t drop_cycle)
{
    fence_of(target, drop_cycle, &(struct invalidation){.scope = INVALIDATE_ALL});
}

static void good_riscv_faults_until_its_own_fence(void **state)
{
    use_format(SPURIOUS_UNTIL_FENCE);
    story_map_page(&story, 1, RW);
    fence(0, 150); /* another core's */
    fence(1, 119); /* before the entry was visible, in 120 */
    story_fault(&story, PAGE, FAULT_TRANSLATION, 300, 310);
    story_fault(&story, PAGE, FAULT_TRANSLATION, 400, 410);
    story_expect_good(&story);
}

static void bad_riscv_faults_after_its_own_fence(void **state)
{
    use_format(SPURIOUS_UNTIL_FENCE);
    story_map_page(&story, 1, RW);
    fence(1, 150);
    story_fault(&story, PAGE, FAULT_TRANSLATION, 300, 310);
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

#define MANY_FENCES 2000u

/* Core 1 fences PAGE in `cycle` (0: never), and many other addresses, one every 100 cycles. Gives how many of
 * them the judge keeps in the end. */
static size_t many_fences(uint64_t cycle, unsigned addresses)
{
    use_format(SPURIOUS_UNTIL_FENCE);
    story.config.settle_cycles = 1000;
    story_map_page(&story, 1, RW);
    if (cycle)
        fence_of(1, cycle, &(struct invalidation){.va = PAGE, .asid = 1});
    for (unsigned i = 1; i <= MANY_FENCES; i++)
        fence_of(1, 1000 + i * 100,
                 &(struct invalidation){.va = PAGE + UINT64_C(0x1000) * (1 + i % addresses), .asid = 1});
    story_fault(&story, PAGE, FAULT_TRANSLATION, 900000, 900010);
    struct judge *judge = story_judge(&story);
    struct judge_usage usage;
    judge_measure(judge, &usage);
    assert_int_equal(judge_count(judge, RULE_SPURIOUS_FAULT), cycle == 150);
    judge_destroy(judge);
    story_end(&story);
    return usage.fences;
}

static void bad_riscv_faults_long_after_its_own_fence(void **state)
{
    assert_in_range(many_fences(150, MANY_FENCES), 1, 256);
}

static void good_riscv_faults_if_the_fence_was_before_the_map(void **state)
{
    assert_in_range(many_fences(119, MANY_FENCES), 1, 256);
}

static void good_riscv_faults_if_other_addresses_were_fenced(void **state)
{
    assert_in_range(many_fences(0, 3), 1, 256);
}

/* What is fenced again and again is kept once, though it is mapped. */
static void bad_riscv_faults_after_the_last_of_many_fences(void **state)
{
    use_format(SPURIOUS_UNTIL_FENCE);
    story.config.settle_cycles = 1000;
    story_map_page(&story, 1, RW);
    for (unsigned i = 1; i <= MANY_FENCES; i++)
        fence_of(1, 1000 + i * 100, &(struct invalidation){.va = PAGE, .asid = 1});
    story_fault(&story, PAGE, FAULT_TRANSLATION, 900000, 900010);
    struct judge *judge = story_judge(&story);
    struct judge_usage usage;
    judge_measure(judge, &usage);
    assert_in_range(usage.fences, 1, 256);
    assert_int_equal(judge_count(judge, RULE_SPURIOUS_FAULT), 1);
    judge_destroy(judge);
    story_end(&story);
}

/* ---- the upper half ---- */

static void good_high_page_is_in_reach_of_canonical_addresses(void **state)
{
    const uint64_t high = UINT64_C(0xffffffff80000000);
    struct act act = {.id = 1,
                      .kind = OPERATION_MAP,
                      .va = high,
                      .frame = {FRAME, RW, 12},
                      .begin = 100,
                      .write = 110,
                      .visible = 120,
                      .end = 130};
    format.va_form = VA_SIGNED;
    story_act(&story, &act);
    story_load(&story, high + 8, FRAME + 8, 150, 160);
    story_expect_good(&story);
}

static void bad_map_succeeds_where_no_canonical_address_is(void **state)
{
    struct act act = {.id = 1,
                      .kind = OPERATION_MAP,
                      .va = UINT64_C(1) << 47,
                      .frame = {FRAME, RW, 12},
                      .begin = 100,
                      .write = 110,
                      .visible = 120,
                      .end = 130};
    format.va_form = VA_SIGNED;
    story_act(&story, &act);
    story_expect(&story, RULE_OPERATION_RESULT, 1);
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(good_pan_takes_user_pages_from_the_kernel_alone),
        STORY(bad_kernel_reaches_a_user_page_in_spite_of_pan),
        STORY(bad_kernel_faults_at_a_user_page_without_pan),
        STORY(good_an_access_has_the_controls_of_its_issue),
        STORY(bad_an_access_has_the_controls_after_its_issue),
        STORY(good_controls_are_remembered_through_thousands_of_changes),
        STORY(good_a_key_takes_the_pages_that_have_it),
        STORY(bad_a_key_is_ignored),
        STORY(bad_entry_has_another_key),
        STORY(sentence_names_rights_and_controls),
        STORY(good_x86_faults_once_after_rights_were_added),
        STORY(bad_x86_faults_twice_after_rights_were_added),
        STORY(good_x86_faults_once_at_each_of_two_addresses_in_flight),
        STORY(bad_x86_faults_twice_at_one_of_two_addresses),
        STORY(bad_x86_faults_after_a_map),
        STORY(bad_arm_faults_after_rights_were_added),
        STORY(bad_a_core_on_x86_faults_though_it_mapped_the_page),
        STORY(good_another_core_on_x86_faults_until_the_store_drains),
        STORY(good_where_walks_read_memory_the_same_core_faults_until_then),
        STORY(good_x86_keeps_entries_with_fewer_rights),
        STORY(bad_x86_keeps_them_after_an_invalidation),
        STORY(bad_arm_keeps_entries_with_fewer_rights),
        STORY(good_riscv_faults_until_its_own_fence),
        STORY(bad_riscv_faults_after_its_own_fence),
        STORY(bad_riscv_faults_long_after_its_own_fence),
        STORY(good_riscv_faults_if_the_fence_was_before_the_map),
        STORY(good_riscv_faults_if_other_addresses_were_fenced),
        STORY(bad_riscv_faults_after_the_last_of_many_fences),
        STORY(good_high_page_is_in_reach_of_canonical_addresses),
        STORY(bad_map_succeeds_where_no_canonical_address_is),
    };
    return cmocka_run_group_tests_name("controls", tests, NULL, NULL);
}
