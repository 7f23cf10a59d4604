/* What the machine tells beyond one TLB of one stage: arrays, walk caches, conflicts, updates by hardware,
 * interrupts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "mmu/config.h"
#include "sim/record/test/synthetic.h"

#define TABLES_CACHE 3 /* number of its array */
#define RANGES       4
#define LIST_FIRST   (UINT64_C(9) << EVENT_CORE_BITS)
#define LIST_SECOND  (UINT64_C(10) << EVENT_CORE_BITS)

static struct synthetic_run run;

static void add(enum event_kind kind, uint64_t cycle, uint8_t core, struct mmu_event event)
{
    event.kind = (uint8_t)kind;
    event.cycle = cycle;
    event.core = core;
    synthetic_add(&run, &event);
}

static void count(const char *name, uint64_t value, int core)
{
    assert_true(run.counter_count < SYNTHETIC_COUNTERS_MAX);
    run.counters[run.counter_count++] = (struct record_counter){name, value, 0, core};
}

/* The first walk found a table, the second began with it; the run ends with the entry. */
static void add_walk_cache_entry(void)
{
    add(EVENT_TLB_ENTRY, 1000, 1,
        (struct mmu_event){.as.tlb_entry = {.id = UINT64_C(7) << EVENT_CORE_BITS | 1,
                                            .va = PAGE_VA & ~UINT64_C(0x1fffff),
                                            .frame = {.base = 0x4000, .size_lg2 = 21},
                                            .walk = 65,
                                            .fill_cycle = 85,
                                            .first_hit_cycle = 420,
                                            .last_hit_cycle = 420,
                                            .last_done_cycle = 420,
                                            .hits = 1,
                                            .end_cycle = 1000,
                                            .space = 1,
                                            .asid = 1,
                                            .vmid = 3,
                                            .tlb = TABLES_CACHE,
                                            .holds = HOLDS_TABLE,
                                            .end = ENTRY_END_RUN}});
    count("walk_cache.tables.lookups", 3, 1);
    count("walk_cache.tables.hits", 1, 1);
    count("walk_cache.tables.fills", 1, 1);
    count("walk_cache.tables.refilled", 0, 1);
    count("walk_cache.tables.evictions", 0, 1);
    count("walk_cache.tables.dropped", 0, 1);
}

/* The first walk found a range, which an invalidation dropped. */
static void add_range(void)
{
    add(EVENT_TLB_ENTRY, 600, 1,
        (struct mmu_event){
            .as.tlb_entry = {.id = UINT64_C(8) << EVENT_CORE_BITS | 1,
                             .va = PAGE_VA - 0x3000,
                             .frame = {.base = 0x10000, .attributes = FRAME_READABLE, .size_lg2 = 12},
                             .bytes = 0x7000,
                             .walk = 65,
                             .fill_cycle = 85,
                             .first_hit_cycle = EVENT_NEVER,
                             .last_hit_cycle = EVENT_NEVER,
                             .last_done_cycle = EVENT_NEVER,
                             .end_cycle = 600,
                             .space = 1,
                             .asid = 1,
                             .rights = 9,
                             .tlb = RANGES,
                             .holds = HOLDS_RANGE,
                             .end = ENTRY_END_SPECULATION}});
    count("misses.range_hits", 0, 1);
    count("range_tlb.lookups", 3, 1);
    count("range_tlb.hits", 0, 1);
    count("range_tlb.fills", 1, 1);
    count("range_tlb.refilled", 0, 1);
    count("range_tlb.evictions", 0, 1);
    count("range_tlb.dropped", 1, 1);
}

static void add_conflict(void)
{
    add(EVENT_CONFLICT, 130, 1,
        (struct mmu_event){
            .as.conflict = {.va = PAGE_VA + 8, .entry = 65, .space = 1, .matches = 2, .tlb = TLB_L1D}});
    count("accesses.conflicts", 1, 1);
}

static void add_update(void)
{
    add(EVENT_ENTRY_WRITE, 100, 1,
        (struct mmu_event){.as.entry_write = {.walk = 65,
                                              .pa = 0x4000,
                                              .old_value = PAGE_PA | 3,
                                              .new_value = PAGE_PA | 0x403,
                                              .issue_cycle = 96,
                                              .visible_cycle = 99}});
    count("walker.updates", 1, 1);
}

static void add_answer(uint64_t invalidation, uint32_t dropped)
{
    add(EVENT_ACKNOWLEDGEMENT, 960, 0,
        (struct mmu_event){.as.acknowledgement = {.invalidation = invalidation,
                                                  .arrive_cycle = 920,
                                                  .drop_cycle = 930,
                                                  .acknowledge_cycle = 940,
                                                  .entries_dropped = dropped,
                                                  .target = 1}});
}

/* An interrupt to core 1 with two invalidations: a range of pages, and an intermediate address. */
static void add_interrupt(void)
{
    const struct invalidation range = {
        .va = PAGE_VA, .size_bytes = 0x8000, .asid = 1, .scope = INVALIDATE_VA, .vmid = 3};
    const struct invalidation ipa = {.va = 0x9000, .scope = INVALIDATE_IPA, .vmid = 3};
    add(EVENT_INVALIDATION, 900, 0,
        (struct mmu_event){.as.invalidation = {.id = LIST_FIRST, .what = range, .list = 2, .targets = 1}});
    add(EVENT_INVALIDATION, 900, 0,
        (struct mmu_event){.as.invalidation = {.id = LIST_SECOND, .what = ipa, .list = 2, .targets = 1}});
    add_answer(LIST_FIRST, 5);
    add_answer(LIST_SECOND, 0);
    for (unsigned i = 0; i < 2; i++)
        add(EVENT_COMPLETION, 960, 0,
            (struct mmu_event){
                .as.completion = {.invalidation = i ? LIST_SECOND : LIST_FIRST, .issue_cycle = 900}});
    synthetic_counter(&run, "invalidations.issued", 0)->value += 2;
    synthetic_counter(&run, "invalidations.completed", 0)->value += 2;
    synthetic_counter(&run, "invalidations.cycles", 0)->value += 120;
    synthetic_counter(&run, "invalidations.received", 1)->value += 2;
    synthetic_counter(&run, "invalidations.entries_dropped", 1)->value += 5;
    count("invalidations.interrupts", 1, 0);
}

/* The L1D's two entries, each of which an invalidation ended. */
static void count_first_level(void)
{
    count("tlb.l1d.lookups", 8, 1);
    count("tlb.l1d.hits", 5, 1);
    count("tlb.l1d.fills", 2, 1);
    count("tlb.l1d.refilled", 0, 1);
    count("tlb.l1d.evictions", 0, 1);
    count("tlb.l1d.dropped", 2, 1);
    count("walker.unfilled", 0, 1);
    count("walker.restarted", 0, 1);
    count("prefetch.issued", 0, 1);
    count("adversary.walks", 0, 1);
}

static int rich_run(void **state)
{
    synthetic_good_run(&run);
    add_walk_cache_entry();
    add_range();
    add_conflict();
    add_update();
    add_interrupt();
    count_first_level();
    return 0;
}

static int remove_files(void **state)
{
    synthetic_remove_folder();
    return 0;
}

static const char *recorded(enum record_level level)
{
    const char *path = synthetic_path("events.db");
    synthetic_record(&run, path, level);
    return path;
}

static const char *broken_rules(void)
{
    return synthetic_ask_text(recorded(RECORD_ALL), "SELECT IFNULL(group_concat(rule, ' '), '') FROM"
                                                    " (SELECT DISTINCT rule FROM violations ORDER BY rule)");
}

static void arrays_are_described(void **state)
{
    const char *path = recorded(RECORD_COUNTERS);
    assert_string_equal(synthetic_ask_text(path,
                                           "SELECT name || ' ' || kind || ' ' || level || ' ' || side ||"
                                           " ' ' || holds || ' ' || sets || ' ' || sizes FROM array_list"
                                           " WHERE number = 2"),
                        "L2 TLB 2 both translations 16 all");
    assert_string_equal(synthetic_ask_text(path, "SELECT kind || ' ' || holds || ' ' || (level IS NULL)"
                                                 " FROM array_list WHERE name = 'TABLES'"),
                        "walk cache tables 1");
}

static void walk_cache_entries_are_no_translations(void **state)
{
    const char *path = recorded(RECORD_MISSES);
    assert_int_equal(synthetic_ask(path, "SELECT COUNT(*) FROM tlb_entries"), 2);
    assert_string_equal(synthetic_ask_text(path,
                                           "SELECT cache || ' ' || holds || ' ' || va || ' ' || leads_to ||"
                                           " ' ' || covers_bytes || ' ' || vmid || ' ' || ended"
                                           " FROM walk_cache_lifetimes"),
                        "TABLES tables 0x400000 0x4000 2097152 3 end of run");
    assert_int_equal(
        synthetic_ask(path, "SELECT rights IS NULL AND attributes IS NULL FROM walk_cache_entries"), 1);
}

static void ranges_have_a_table_of_their_own(void **state)
{
    const char *path = recorded(RECORD_MISSES);
    assert_string_equal(synthetic_ask_text(path,
                                           "SELECT va || ' ' || bytes || ' ' || pa || ' ' || hits || ' ' ||"
                                           " lived_cycles || ' ' || ended FROM range_lifetimes"),
                        "0x3fd000 28672 0x10000 0 515 speculation");
    assert_int_equal(synthetic_ask(path, "SELECT rights FROM range_entries"), 9);
    assert_string_equal(synthetic_ask_text(path, "SELECT kind || ' ' || holds || ' ' || name || ' ' || fills"
                                                 " FROM array_list WHERE number = 4"),
                        "range TLB ranges RANGE_TLB 1");
}

static void conflicts_name_what_matched(void **state)
{
    const char *path = recorded(RECORD_MISSES);
    assert_string_equal(
        synthetic_ask_text(path, "SELECT tlb || ' ' || va || ' ' || matches FROM conflict_log"),
        "L1D 0x400008 2");
    assert_int_equal(synthetic_ask(path, "SELECT entry FROM conflict_entries"), 65);
}

static void updates_by_hardware_are_told_from_stores(void **state)
{
    const char *path = recorded(RECORD_MISSES);
    assert_string_equal(synthetic_ask_text(path, "SELECT group_concat(walk || ' ' || (operation IS NULL))"
                                                 " FROM entry_write_log WHERE made_by = 'hardware'"),
                        "65 1");
}

static void interrupts_carry_lists(void **state)
{
    const char *path = recorded(RECORD_MISSES);
    assert_string_equal(synthetic_ask_text(path,
                                           "SELECT group_concat(scope || ' ' || reach || ' ' || list || ' '"
                                           " || va || ' ' || IFNULL(size_bytes, '-') || ' ' ||"
                                           " IFNULL(asid, '-') || ' ' || vmid, ', ') FROM"
                                           " (SELECT * FROM shootdowns WHERE list ORDER BY invalidation)"),
                        "va interrupt 2 0x400000 32768 1 3, ipa interrupt 2 0x9000 - - 3");
    assert_string_equal(
        synthetic_ask_text(path,
                           "SELECT invalidations || ' ' || cycles || ' ' || targets FROM interrupt_log"),
        "2 60 1");
    assert_string_equal(synthetic_ask_text(path,
                                           "SELECT core || ' ' || entries_dropped || ' ' || mean_to_drop"
                                           " FROM shootdown_by_core WHERE reach = 'interrupt'"),
                        "2 5 10.0");
}

static void stages_are_told(void **state)
{
    struct event_walk_step *step = &synthetic_nth(&run, EVENT_WALK_STEP, 0)->as.walk_step;
    step->stage = 1;
    step->ipa = 0x7000;
    struct event_walk *walk = &synthetic_nth(&run, EVENT_WALK, 2)->as.walk;
    walk->fault_stage = 2;
    walk->fault_ipa = 0x8000;
    walk->fault_on_table = 1;
    struct event_translation *access = synthetic_access(&run, ACCESS_LOAD_FAULT);
    access->fault_stage = 2;
    access->fault_ipa = 0x8000;
    synthetic_access(&run, ACCESS_STORE_FAULT)->fault_stage = 1;
    synthetic_access(&run, ACCESS_STORE_FAULT)->fault_ipa = EVENT_NEVER;
    const char *path = recorded(RECORD_ALL);
    assert_string_equal(
        synthetic_ask_text(path, "SELECT stage || ' ' || ipa FROM walk_step_log WHERE ipa IS NOT NULL"),
        "1 0x7000");
    assert_string_equal(synthetic_ask_text(path, "SELECT fault || ' ' || fault_ipa || ' ' || fault_on_table"
                                                 " FROM walk_log WHERE fault <> ''"),
                        "translation, stage 2, level 3 0x8000 yes");
    assert_string_equal(synthetic_ask_text(path,
                                           "SELECT group_concat(fault || ' ' || IFNULL(fault_ipa, '-'), '; ')"
                                           " FROM translation_log WHERE fault <> ''"),
                        "permission, level 3 -; translation, stage 2, level 3 0x8000");
}

static void good_counters_add_up(void **state)
{
    assert_string_equal(broken_rules(), "");
}

static void bad_local_invalidation_is_answered_by_another_core(void **state)
{
    for (unsigned i = 2; i < 4; i++)
        synthetic_nth(&run, EVENT_INVALIDATION, i)->as.invalidation.list = 0;
    run.counter_count = 0;
    assert_string_equal(broken_rules(), "incomplete_invalidation");
}

/* Each of them one more than its rows, or than other counters, say. */
static void bad_counters_are_seen(void **state)
{
    size_t seen = 0;
    for (size_t i = 0; i < run.counter_count; i++) {
        run.counters[i].value++;
        if (strcmp(broken_rules(), "counters_add_up") == 0)
            seen++;
        else
            print_error("%s\n", run.counters[i].name);
        run.counters[i].value--;
    }
    assert_int_equal(seen, run.counter_count);
}

/* An event that is missing, by its kind and number. */
static void bad_missing_rows_are_seen(void **state)
{
    static const struct {
        enum event_kind kind;
        unsigned number;
    } missing[] = {{EVENT_TLB_ENTRY, 0}, {EVENT_TLB_ENTRY, 2}, {EVENT_CONFLICT, 0}, {EVENT_ENTRY_WRITE, 1}};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        rich_run(NULL);
        synthetic_remove(&run, synthetic_nth(&run, missing[i].kind, missing[i].number));
        assert_string_equal(broken_rules(), "counters_add_up");
    }
}

static void bad_ends_and_hits_of_entries_are_seen(void **state)
{
    synthetic_nth(&run, EVENT_TLB_ENTRY, 0)->as.tlb_entry.end = ENTRY_END_EVICTED;
    assert_string_equal(broken_rules(), "counters_add_up");
    rich_run(NULL);
    synthetic_nth(&run, EVENT_TLB_ENTRY, 0)->as.tlb_entry.hits++;
    assert_string_equal(broken_rules(), "counters_add_up");
    rich_run(NULL);
    synthetic_nth(&run, EVENT_TLB_ENTRY, 2)->as.tlb_entry.hits++;
    assert_string_equal(broken_rules(), "counters_add_up");
}

#define WITH_RUN(test) cmocka_unit_test_setup(test, rich_run)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RUN(arrays_are_described),
        WITH_RUN(walk_cache_entries_are_no_translations),
        WITH_RUN(ranges_have_a_table_of_their_own),
        WITH_RUN(conflicts_name_what_matched),
        WITH_RUN(updates_by_hardware_are_told_from_stores),
        WITH_RUN(interrupts_carry_lists),
        WITH_RUN(stages_are_told),
        WITH_RUN(good_counters_add_up),
        WITH_RUN(bad_local_invalidation_is_answered_by_another_core),
        WITH_RUN(bad_counters_are_seen),
        WITH_RUN(bad_missing_rows_are_seen),
        WITH_RUN(bad_ends_and_hits_of_entries_are_seen),
    };
    return cmocka_run_group_tests_name("events in the record", tests, NULL, remove_files);
}
