/* Faults of an address space with a second stage, and what is held or forgotten of it: guest.h has its story.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "sim/judge/test/guest.h"

#define TABLE UINT64_C(0xa0000) /* an intermediate address where the guest has a table */

/* ---- faults ---- */

static struct event_translation *fault(enum fault_kind kind, uint8_t stage)
{
    struct event_translation *access = story_fault(&story, PAGE + 8, kind, 150, 160);
    access->fault_stage = stage;
    access->fault_ipa = EVENT_NEVER;
    return access;
}

static void good_fault_of_stage_2_where_it_maps_nothing(void **state)
{
    fault(FAULT_TRANSLATION, 2)->fault_ipa = IPA + 8;
    story_expect_good(&story);
}

static void bad_fault_of_stage_2_where_it_maps(void **state)
{
    fault(FAULT_TRANSLATION, 2)->fault_ipa = IPA + 8;
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

static void bad_fault_of_stage_1_where_it_maps(void **state)
{
    fault(FAULT_TRANSLATION, 1);
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

static void good_fault_of_stage_1_where_it_does_not_permit(void **state)
{
    fault(FAULT_PERMISSION, 1)->access_kind = ACCESS_FETCH;
    story_expect_good(&story);
}

static void good_fault_of_stage_2_that_does_not_permit(void **state)
{
    guest_map_second(2, IPA, HOST, RO, 12);
    fault(FAULT_PERMISSION, 2)->access_kind = ACCESS_STORE;
    story_expect_good(&story);
}

static void bad_fault_of_stage_2_that_permits(void **state)
{
    fault(FAULT_PERMISSION, 2)->access_kind = ACCESS_STORE;
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

static void bad_abort_of_stage_2_where_it_maps(void **state)
{
    fault(FAULT_ADDRESS_SIZE, 2)->fault_ipa = IPA;
    story_expect(&story, RULE_UNEXPECTED_ABORT, 1);
}

static void bad_abort_of_stage_1_where_it_maps(void **state)
{
    fault(FAULT_EXTERNAL_ABORT, 1);
    story_expect(&story, RULE_UNEXPECTED_ABORT, 1);
}

/* A load whose walk could not reach a table of the guest, which the second stage has with these attributes.
 */
static void fault_on_table(uint32_t attributes)
{
    guest_map_second(3, TABLE, HOST + 0x1000, attributes, 12);
    struct event_walk *walk = story_walk(&story, 150, 155);
    uint64_t id = walk->id;
    walk->fault = FAULT_PERMISSION;
    walk->fault_stage = 2;
    walk->fault_on_table = 1;
    walk->filled = 0;
    struct event_translation *access = fault(FAULT_PERMISSION, 2);
    access->fault_ipa = TABLE + 64;
    access->walk = id;
    access->access_kind = ACCESS_STORE;
}

static void good_fault_on_a_table_that_may_not_be_read(void **state)
{
    fault_on_table(FRAME_EXECUTABLE);
    story_expect_good(&story);
}

static void bad_fault_on_a_table_that_may_be_read(void **state)
{
    fault_on_table(RO);
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

static void good_fault_on_a_table_that_hardware_has_to_write(void **state)
{
    guest_told(1)->hardware_access = 1;
    fault_on_table(RO);
    story_expect_good(&story);
}

static void bad_fault_on_a_table_that_hardware_may_write(void **state)
{
    guest_told(1)->hardware_access = 1;
    fault_on_table(RW);
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

/* ---- spurious faults that formats allow ---- */

/* The second stage adds the right to store, window [310, 330], and invalidates nothing. */
static void upgrade_second(uint8_t spurious)
{
    static struct walk_format format;
    format = story_format;
    format.spurious = spurious;
    format.stage2 = true;
    guest_told(SECOND)->format = &format;
    guest_map_second(2, IPA, HOST, RO, 12);
    struct act act = {.id = 20,
                      .kind = OPERATION_PROTECT,
                      .va = IPA,
                      .frame = {0, RW, 12},
                      .begin = 300,
                      .write = 310,
                      .visible = 320,
                      .end = 330,
                      .space = SECOND};
    story_act(&story, &act);
}

static void late_fault(uint64_t issue)
{
    struct event_translation *access = story_fault(&story, PAGE, FAULT_PERMISSION, issue, issue + 5);
    access->fault_stage = 2;
    access->fault_ipa = EVENT_NEVER;
    access->access_kind = ACCESS_STORE;
}

static void good_rights_of_before_an_upgrade_of_the_second_stage(void **state)
{
    upgrade_second(SPURIOUS_ONCE);
    guest_load(350, 360)->rights = story_format.rights(RO);
    late_fault(400);
    story_expect_good(&story);
}

static void bad_second_fault_after_an_upgrade_of_the_second_stage(void **state)
{
    upgrade_second(SPURIOUS_ONCE);
    late_fault(400);
    late_fault(410);
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

/* Told in 385, carried out in 375. */
static void fence(enum invalidation_scope scope, uint64_t va)
{
    struct act act = {.id = 30, .va = va, .begin = 365, .invalidate = 370, .acknowledge = 380, .end = 390};
    act.kind = OPERATION_QUERY;
    act.result = PAGETABLE_NOT_MAPPED;
    act.space = SECOND;
    act.va = UINT64_C(0x12340000);
    story_act(&story, &act);
    for (size_t i = 0; i < story.count; i++)
        if (story.events[i].kind == EVENT_INVALIDATION)
            story.events[i].as.invalidation.what =
                (struct invalidation){.va = va, .vmid = 7, .scope = scope, .broadcast = true};
}

static void good_fault_until_the_second_stage_is_fenced(void **state)
{
    upgrade_second(SPURIOUS_UNTIL_FENCE);
    fence(INVALIDATE_VA_ALL_ASIDS, IPA);
    late_fault(400);
    story_expect_good(&story);
}

static void bad_fault_after_the_second_stage_is_fenced(void **state)
{
    upgrade_second(SPURIOUS_UNTIL_FENCE);
    fence(INVALIDATE_IPA, IPA);
    late_fault(400);
    story_expect(&story, RULE_SPURIOUS_FAULT, 1);
}

/* ---- what is held, and forgotten ---- */

/* An acknowledgement that is told late makes the window of the second stage's unmap wider. */
static void good_load_decided_when_the_second_stage_is_acknowledged(void **state)
{
    struct act act = guest_end_second(20, OPERATION_UNMAP);
    act.end = 330;
    act.acknowledge = 400;
    story_act(&story, &act);
    guest_load(380, 390);
    story_expect_good(&story);
}

static void bad_load_after_the_late_acknowledgement_of_the_second_stage(void **state)
{
    struct act act = guest_end_second(20, OPERATION_UNMAP);
    act.end = 330;
    act.acknowledge = 400;
    story_act(&story, &act);
    guest_load(380, 401);
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

/* Maps and unmaps IPA in the second stage so often that all but the last few versions are forgotten. */
static void remap_second(uint64_t from, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        struct act map = {.id = 100 + 2 * i,
                          .kind = OPERATION_MAP,
                          .va = IPA,
                          .frame = {HOST + (i + UINT64_C(1)) * 0x1000, RW, 12},
                          .begin = from + i * 100,
                          .end = from + i * 100 + 10,
                          .space = SECOND};
        struct act unmap = {.id = 101 + 2 * i,
                            .kind = OPERATION_UNMAP,
                            .va = IPA,
                            .begin = from + i * 100 + 50,
                            .end = from + i * 100 + 60,
                            .space = SECOND};
        story_act(&story, &map);
        story_act(&story, &unmap);
    }
}

static void bad_load_of_a_frame_that_the_second_stage_had_long_ago(void **state)
{
    story.config.settle_cycles = 200;
    guest_unmap_second();
    remap_second(1000, 60);
    guest_load(20000, 20010);
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

static void good_load_whose_second_stage_is_old_but_not_forgotten(void **state)
{
    story.config.settle_cycles = 200;
    remap_second(1000, 60); /* none of them succeeds while the page is mapped: they say so */
    for (size_t i = 0; i < story.count; i++)
        if (story.events[i].kind == EVENT_OPERATION_END && story.events[i].as.operation.id >= 100)
            story.events[i].as.operation.result = PAGETABLE_NO_MEMORY;
    guest_load(20000, 20010);
    story_expect_good(&story);
}

/* What is held needs a version of the second stage, at an address that it does not name. */
static void bad_load_held_while_the_second_stage_forgets(void **state)
{
    story.config.settle_cycles = 200;
    struct act open = {.id = 90,
                       .kind = OPERATION_QUERY,
                       .va = PAGE + 0x1000,
                       .begin = 310,
                       .end = 9000,
                       .result = PAGETABLE_NOT_MAPPED};
    story_act(&story, &open);
    guest_unmap_second();
    remap_second(1000, 60);
    guest_load(340, 400);
    story_expect(&story, RULE_STALE_TRANSLATION, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        FIRST(good_fault_of_stage_2_where_it_maps_nothing),
        GUEST(bad_fault_of_stage_2_where_it_maps),
        GUEST(bad_fault_of_stage_1_where_it_maps),
        GUEST(good_fault_of_stage_1_where_it_does_not_permit),
        FIRST(good_fault_of_stage_2_that_does_not_permit),
        GUEST(bad_fault_of_stage_2_that_permits),
        GUEST(bad_abort_of_stage_2_where_it_maps),
        GUEST(bad_abort_of_stage_1_where_it_maps),
        GUEST(good_fault_on_a_table_that_may_not_be_read),
        GUEST(bad_fault_on_a_table_that_may_be_read),
        GUEST(good_fault_on_a_table_that_hardware_has_to_write),
        GUEST(bad_fault_on_a_table_that_hardware_may_write),
        FIRST(good_rights_of_before_an_upgrade_of_the_second_stage),
        FIRST(bad_second_fault_after_an_upgrade_of_the_second_stage),
        FIRST(good_fault_until_the_second_stage_is_fenced),
        FIRST(bad_fault_after_the_second_stage_is_fenced),
        GUEST(good_load_decided_when_the_second_stage_is_acknowledged),
        GUEST(bad_load_after_the_late_acknowledgement_of_the_second_stage),
        GUEST(bad_load_of_a_frame_that_the_second_stage_had_long_ago),
        GUEST(good_load_whose_second_stage_is_old_but_not_forgotten),
        GUEST(bad_load_held_while_the_second_stage_forgets),
    };
    return cmocka_run_group_tests_name("judge, faults of two stages", tests, NULL, NULL);
}
