/* The rules of rules_test.c where hardware does more: updates of entries, virtual machines, conflicts, second
 * stages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "mmu/config.h"
#include "sim/record/test/synthetic.h"

#define STORES (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE))

static struct synthetic_run run;

static int good_run(void **state)
{
    synthetic_good_run(&run);
    run.counter_count = 0; /* their arithmetic has tests of its own */
    return 0;
}

static int remove_files(void **state)
{
    synthetic_remove_folder();
    return 0;
}

static void expect_broken(const char *rules)
{
    const char *path = synthetic_path("hardware.db");
    synthetic_record(&run, path, RECORD_ALL);
    assert_string_equal(synthetic_ask_text(path, "SELECT IFNULL(group_concat(rule, ' '), '') FROM"
                                                 " (SELECT DISTINCT rule FROM violations ORDER BY rule)"),
                        rules);
}

static struct event_space *space(void)
{
    return &synthetic_nth(&run, EVENT_SPACE, 0)->as.space;
}

static void hardware_updates(bool access, bool dirty)
{
    space()->hardware_access = access;
    space()->hardware_dirty = dirty;
}

/* The state in which the entry of the first map begins. */
static void begin_as(uint32_t state)
{
    for (size_t i = 0; i < run.event_count; i++) {
        struct mmu_event *event = &run.events[i];
        if ((event->kind == EVENT_OPERATION_BEGIN || event->kind == EVENT_OPERATION_END) &&
            event->as.operation.id == OPERATION_1_MAP)
            event->as.operation.frame.attributes |= state;
    }
}

/* ---- clean and old entries ---- */

static void good_clean_entry_takes_no_stores_yet(void **state)
{
    hardware_updates(true, true);
    begin_as(FRAME_CLEAN);
    synthetic_access(&run, ACCESS_FIRST_LOAD)->rights &= (uint8_t)~STORES;
    synthetic_nth(&run, EVENT_WALK, 0)->as.walk.leaf.rights &= (uint8_t)~STORES;
    synthetic_nth(&run, EVENT_TLB_ENTRY, 0)->as.tlb_entry.rights &= (uint8_t)~STORES;
    expect_broken("");
}

static void bad_dirty_entry_takes_no_stores(void **state)
{
    hardware_updates(true, true);
    synthetic_access(&run, ACCESS_FIRST_LOAD)->rights &= (uint8_t)~STORES;
    expect_broken("wrong_frame");
}

static void store_fault(void)
{
    struct event_translation *t = synthetic_access(&run, ACCESS_STORE_42);
    t->fault = FAULT_PERMISSION;
    t->performed_cycle = EVENT_NEVER;
    synthetic_access(&run, ACCESS_LOAD_42)->value = 0;
}

static void bad_store_to_a_clean_page_faults_though_hardware_makes_it_dirty(void **state)
{
    hardware_updates(true, true);
    begin_as(FRAME_CLEAN);
    store_fault();
    expect_broken("spurious_fault");
}

static void bad_store_to_a_clean_page_succeeds_where_software_makes_it_dirty(void **state)
{
    begin_as(FRAME_CLEAN);
    for (unsigned access = ACCESS_FIRST_LOAD; access <= ACCESS_FORWARDED_7; access++)
        synthetic_access(&run, access)->rights &= (uint8_t)~STORES;
    synthetic_nth(&run, EVENT_WALK, 0)->as.walk.leaf.rights &= (uint8_t)~STORES;
    synthetic_nth(&run, EVENT_TLB_ENTRY, 0)->as.tlb_entry.rights &= (uint8_t)~STORES;
    expect_broken("forbidden_access");
}

static void old_page_faults(void)
{
    struct event_translation *t = synthetic_access(&run, ACCESS_FIRST_LOAD);
    begin_as(FRAME_OLD);
    t->fault = FAULT_ACCESS_FLAG;
    t->performed_cycle = EVENT_NEVER;
    t->page_size_lg2 = 0;
}

static void bad_old_page_faults_though_hardware_marks_it(void **state)
{
    hardware_updates(true, false);
    old_page_faults();
    expect_broken("spurious_fault");
}

static void bad_old_page_is_used_without_its_access_flag(void **state)
{
    old_page_faults();
    expect_broken("forbidden_access wrong_frame"); /* after the fault, though nothing has marked the page */
}

/* Its rights are those of the page now, but it would be made dirty. */
static void bad_clean_entry_stays_after_protect_took_the_right_to_write(void **state)
{
    begin_as(FRAME_CLEAN);
    for (unsigned access = ACCESS_FIRST_LOAD; access <= ACCESS_FORWARDED_7; access++) {
        synthetic_access(&run, access)->rights &= (uint8_t)~STORES;
        synthetic_access(&run, access)->access_kind = ACCESS_LOAD;
        synthetic_access(&run, access)->value = 0;
        synthetic_access(&run, access)->forwarded = 0;
    }
    synthetic_access(&run, ACCESS_AFTER_PROTECT)->value = 0;
    synthetic_nth(&run, EVENT_WALK, 0)->as.walk.leaf.rights &= (uint8_t)~STORES;
    struct mmu_event *entry = synthetic_nth(&run, EVENT_TLB_ENTRY, 0);
    entry->as.tlb_entry.rights &= (uint8_t)~STORES;
    expect_broken("");
    entry->as.tlb_entry.end_cycle = 500;
    expect_broken("stale_entry");
}

/* ---- virtual machines and stages ---- */

static void use_global_page_in_space_2(uint16_t vmid)
{
    struct mmu_event told = *synthetic_nth(&run, EVENT_SPACE, 0);
    begin_as(FRAME_GLOBAL);
    synthetic_nth(&run, EVENT_WALK, 0)->as.walk.leaf.frame.attributes |= FRAME_GLOBAL;
    synthetic_nth(&run, EVENT_TLB_ENTRY, 0)->as.tlb_entry.frame.attributes |= FRAME_GLOBAL;
    synthetic_nth(&run, EVENT_VIEW, 0)->as.view.mapping.frame.attributes |= FRAME_GLOBAL;
    told.as.space.space = 2;
    told.as.space.vmid = vmid;
    synthetic_add(&run, &told);
    synthetic_access(&run, ACCESS_LOAD_42)->space = 2;
    synthetic_access(&run, ACCESS_LOAD_42)->vmid = vmid;
}

static void good_global_page_serves_its_virtual_machine(void **state)
{
    use_global_page_in_space_2(0);
    expect_broken("");
}

static void bad_global_page_serves_another_virtual_machine(void **state)
{
    use_global_page_in_space_2(5);
    expect_broken("never_mapped");
}

static void second_stage_is_not_judged_and_said_so(void **state)
{
    synthetic_access(&run, ACCESS_FIRST_LOAD)->pa += 0x1000;
    synthetic_nth(&run, EVENT_TLB_ENTRY, 0)->as.tlb_entry.frame.base += 0x1000;
    synthetic_nth(&run, EVENT_TLB_ENTRY, 1)->as.tlb_entry.end_cycle += 1000;
    space()->stage2 = 2;
    const char *path = synthetic_path("hardware.db");
    synthetic_record(&run, path, RECORD_ALL);
    assert_int_equal(synthetic_ask(path, "SELECT COUNT(*) FROM violations WHERE rule <> 'load_value'"), 0);
    assert_int_equal(synthetic_ask(path, "SELECT COUNT(*) FROM judged WHERE why LIKE '%second stage%'"), 6);
}

/* ---- conflicts ---- */

/* The store hits the L1D, where another entry for the page is said to match. */
static void conflict_abort(uint8_t tlb, uint64_t end_cycle)
{
    store_fault();
    synthetic_access(&run, ACCESS_STORE_42)->fault = FAULT_TLB_CONFLICT;
    struct mmu_event conflict = {.kind = EVENT_CONFLICT, .cycle = 130, .core = 1};
    conflict.as.conflict =
        (struct event_conflict){.va = PAGE_VA + 8, .entry = 65, .space = 1, .matches = 2, .tlb = TLB_L1D};
    synthetic_add(&run, &conflict);
    struct mmu_event other = *synthetic_nth(&run, EVENT_TLB_ENTRY, 0);
    other.cycle = other.as.tlb_entry.end_cycle = end_cycle;
    other.as.tlb_entry.id += 64;
    other.as.tlb_entry.tlb = tlb;
    other.as.tlb_entry.first_hit_cycle = other.as.tlb_entry.last_hit_cycle = EVENT_NEVER;
    other.as.tlb_entry.last_done_cycle = EVENT_NEVER;
    synthetic_add(&run, &other);
}

static void good_conflict_abort_of_two_entries(void **state)
{
    conflict_abort(TLB_L1D, 130);
    expect_broken("");
}

static void bad_conflict_abort_of_one_entry(void **state)
{
    conflict_abort(TLB_L1D, 129);
    expect_broken("spurious_fault");
}

static void bad_conflict_abort_of_entries_of_two_levels(void **state)
{
    conflict_abort(TLB_L2, 130);
    expect_broken("spurious_fault");
}

#define PAIR(test) cmocka_unit_test_setup(test, good_run)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR(good_clean_entry_takes_no_stores_yet),
        PAIR(bad_dirty_entry_takes_no_stores),
        PAIR(bad_store_to_a_clean_page_faults_though_hardware_makes_it_dirty),
        PAIR(bad_store_to_a_clean_page_succeeds_where_software_makes_it_dirty),
        PAIR(bad_old_page_faults_though_hardware_marks_it),
        PAIR(bad_old_page_is_used_without_its_access_flag),
        PAIR(bad_clean_entry_stays_after_protect_took_the_right_to_write),
        PAIR(good_global_page_serves_its_virtual_machine),
        PAIR(bad_global_page_serves_another_virtual_machine),
        PAIR(second_stage_is_not_judged_and_said_so),
        PAIR(good_conflict_abort_of_two_entries),
        PAIR(bad_conflict_abort_of_one_entry),
        PAIR(bad_conflict_abort_of_entries_of_two_levels),
    };
    return cmocka_run_group_tests_name("rules and hardware", tests, NULL, remove_files);
}
