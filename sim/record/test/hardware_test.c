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
    assert_string_equal(synthetic_broken(&run, RECORD_ALL), rules);
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

/* The first walk, which ends in cycle 95, or the second one changes its entry, visible in this cycle. */
static void hardware_changes(unsigned walk, uint64_t visible)
{
    struct mmu_event event = {.kind = EVENT_ENTRY_WRITE, .cycle = visible, .core = 1};
    event.as.entry_write =
        (struct event_entry_write){.walk = synthetic_nth(&run, EVENT_WALK, walk)->as.walk.id,
                                   .pa = UINT64_C(0x4000),
                                   .old_value = 1,
                                   .new_value = 3,
                                   .issue_cycle = visible,
                                   .visible_cycle = visible};
    synthetic_add(&run, &event);
}

static void good_page_is_dirty_after_hardware_changed_its_entry(void **state)
{
    hardware_updates(true, true);
    begin_as(FRAME_CLEAN);
    hardware_changes(0, 90);
    expect_broken("");
}

static void bad_page_is_dirty_though_nothing_changed_its_entry(void **state)
{
    hardware_updates(true, true);
    begin_as(FRAME_CLEAN);
    expect_broken("lost_state");
}

static void bad_page_is_dirty_before_hardware_changed_its_entry(void **state)
{
    hardware_updates(true, true);
    begin_as(FRAME_CLEAN);
    hardware_changes(1, 96);
    expect_broken("lost_state");
}

static void good_old_page_is_used_after_hardware_marked_it(void **state)
{
    hardware_updates(true, false);
    begin_as(FRAME_OLD);
    hardware_changes(0, 90);
    expect_broken("");
}

static void bad_old_page_is_used_though_nothing_marked_it(void **state)
{
    hardware_updates(true, false);
    begin_as(FRAME_OLD);
    expect_broken("lost_state");
}

static void bad_store_to_a_clean_page_faults_though_hardware_makes_it_dirty(void **state)
{
    hardware_updates(true, true);
    begin_as(FRAME_CLEAN);
    hardware_changes(0, 90);
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
    hardware_changes(0, 90);
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

/* ---- two stages ---- */

static uint8_t stage2_rights(uint32_t attributes)
{
    return (uint8_t)((attributes & FRAME_READABLE ? 9u : 0u) | (attributes & FRAME_WRITABLE ? 18u : 0u) |
                     (attributes & FRAME_EXECUTABLE ? 36u : 0u));
}

static const struct walk_format stage2_format = {.name = "stage2-of-test",
                                                 .levels = 4,
                                                 .va_bits = 48,
                                                 .page_lg2 = 12,
                                                 .frame_sizes = 2,
                                                 .frame_size_lg2 = {12, 21},
                                                 .rights = stage2_rights};
static const struct pagetable_class stage2_table = {.name = "radix"};

static void add_stage2_operation(uint64_t id, enum operation_kind kind, uint64_t ipa, struct frame frame,
                                 uint64_t begin_cycle)
{
    struct mmu_event event = {.cycle = begin_cycle, .kind = EVENT_OPERATION_BEGIN};
    event.as.operation = (struct event_operation){
        .id = id, .va = ipa, .frame = frame, .begin_cycle = begin_cycle, .space = 2, .kind = (uint8_t)kind};
    synthetic_add(&run, &event);
    event.kind = EVENT_OPERATION_END;
    event.cycle++;
    synthetic_add(&run, &event);
}

/* The space of the run is a guest: what it maps to are intermediate addresses, all of which space 2 maps. */
static void become_guest(uint64_t distance, uint32_t attributes)
{
    struct mmu_event second = {.kind = EVENT_SPACE};
    second.as.space =
        (struct event_space){.root = 0x2000, .format = &stage2_format, .table = &stage2_table, .space = 2};
    space()->stage2 = 2;
    synthetic_add(&run, &second);
    add_stage2_operation(101, OPERATION_MAP, PAGE_PA, (struct frame){PAGE_PA + distance, attributes, 12}, 1);
    add_stage2_operation(102, OPERATION_MAP, BLOCK_PA, (struct frame){BLOCK_PA, attributes, 21}, 1);
}

#define ALL_ACCESSES (FRAME_READABLE | FRAME_WRITABLE | FRAME_EXECUTABLE)

static void good_pair_of_stages_explains_uses(void **state)
{
    become_guest(0, ALL_ACCESSES);
    expect_broken("");
}

static void bad_frame_of_the_second_stage_is_wrong(void **state)
{
    become_guest(0x1000, ALL_ACCESSES);
    expect_broken("wrong_frame");
}

static void bad_rights_that_the_second_stage_lacks(void **state)
{
    become_guest(0, FRAME_READABLE);
    expect_broken("forbidden_access wrong_frame");
}

static void bad_intermediate_page_without_a_frame_was_never_mapped(void **state)
{
    become_guest(0, ALL_ACCESSES);
    space()->stage2 = 3;
    expect_broken("never_mapped");
}

static void bad_entry_outlives_the_unmap_of_the_second_stage(void **state)
{
    become_guest(0, ALL_ACCESSES);
    add_stage2_operation(103, OPERATION_UNMAP, PAGE_PA, (struct frame){0}, 110);
    expect_broken("stale_entry stale_translation");
}

static struct event_translation *fault_of_stage_2(void)
{
    struct event_translation *load = synthetic_access(&run, ACCESS_LOAD_42);
    *load = (struct event_translation){.access = load->access,
                                       .space = load->space,
                                       .asid = load->asid,
                                       .va = load->va,
                                       .size_bytes = load->size_bytes,
                                       .issue_cycle = load->issue_cycle,
                                       .translated_cycle = load->translated_cycle,
                                       .fault = FAULT_TRANSLATION,
                                       .fault_stage = 2,
                                       .fault_ipa = PAGE_PA};
    return load;
}

static void bad_fault_of_the_second_stage_though_it_maps_the_address(void **state)
{
    become_guest(0, ALL_ACCESSES);
    fault_of_stage_2();
    expect_broken("spurious_fault");
}

static void good_fault_of_the_second_stage_where_it_maps_nothing(void **state)
{
    become_guest(0, ALL_ACCESSES);
    fault_of_stage_2()->fault_ipa = PAGE_PA + 0x1000;
    expect_broken("");
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
        PAIR(good_page_is_dirty_after_hardware_changed_its_entry),
        PAIR(bad_page_is_dirty_though_nothing_changed_its_entry),
        PAIR(bad_page_is_dirty_before_hardware_changed_its_entry),
        PAIR(good_old_page_is_used_after_hardware_marked_it),
        PAIR(bad_old_page_is_used_though_nothing_marked_it),
        PAIR(bad_store_to_a_clean_page_faults_though_hardware_makes_it_dirty),
        PAIR(bad_store_to_a_clean_page_succeeds_where_software_makes_it_dirty),
        PAIR(bad_old_page_faults_though_hardware_marks_it),
        PAIR(bad_old_page_is_used_without_its_access_flag),
        PAIR(bad_clean_entry_stays_after_protect_took_the_right_to_write),
        PAIR(good_global_page_serves_its_virtual_machine),
        PAIR(bad_global_page_serves_another_virtual_machine),
        PAIR(good_pair_of_stages_explains_uses),
        PAIR(bad_frame_of_the_second_stage_is_wrong),
        PAIR(bad_rights_that_the_second_stage_lacks),
        PAIR(bad_intermediate_page_without_a_frame_was_never_mapped),
        PAIR(bad_entry_outlives_the_unmap_of_the_second_stage),
        PAIR(bad_fault_of_the_second_stage_though_it_maps_the_address),
        PAIR(good_fault_of_the_second_stage_where_it_maps_nothing),
        PAIR(good_conflict_abort_of_two_entries),
        PAIR(bad_conflict_abort_of_one_entry),
        PAIR(bad_conflict_abort_of_entries_of_two_levels),
    };
    return cmocka_run_group_tests_name("rules and hardware", tests, NULL, remove_files);
}
