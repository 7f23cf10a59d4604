/*
 * Hardware updates of access flags and dirty state in both stages' entries: which entries, in which order, at
 * what cost; and what happens when somebody else changes the entry meanwhile.
 *
 * Rules: Arm ARM DDI 0487, D8.5 (access flag and dirty state), D8.2.12 and ESR_ELx.S1PTW (a stage 1 update is
 * a store to a table, which stage 2 must allow).
 */
#include "mmu/test/guest_fixture.h"

#define L1_CYCLES     3u
#define L2_CYCLES     11u
#define MEMORY_CYCLES 37u
#define REFERENCES    24u

#define ACCESSED      (UINT64_C(1) << 10)
#define S1_READ_ONLY  (UINT64_C(1) << 7) /* AP[2] */
#define S2_WRITABLE   (UINT64_C(1) << 7) /* S2AP[1] */
#define DIRTY_MANAGED (UINT64_C(1) << 51)
#define SOFTWARE_BIT  (UINT64_C(1) << 55)

/* Pages of the fixture by what their entries wait for; see guest_fixture.c. */
enum {
    PLAIN = 5,
    OLD_IN_STAGE1 = 3,
    OLD_IN_STAGE2 = 12,
    CLEAN_IN_STAGE1 = 14,
    CLEAN_IN_STAGE2 = 1,
    CLEAN_IN_BOTH = 10,
    CLEAN_AND_READ_ONLY_IN_STAGE2 = 6,
    CLEAN_AND_OLD = 18, /* in stage 1 */
};

static void open(struct rig *rig)
{
    const struct guest_config guest = {"vmsa-4k-48", "vmsa-s2-4k-48", true};
    rig_defaults(rig);
    rig->config.tlbs[TLB_L1D].latency_cycles = L1_CYCLES;
    rig->config.tlbs[TLB_L2].latency_cycles = L2_CYCLES;
    rig->config.memory_latency_cycles = MEMORY_CYCLES;
    rig_open_guest(rig, &guest);
}

static void begin(struct rig *rig)
{
    open(rig);
    rig_begin(rig);
}

static void end(struct rig *rig)
{
    rig_end(rig);
    rig_close(rig);
}

static uint64_t get(const struct rig *rig, uint64_t pa)
{
    uint64_t word = 0;
    assert_true(machine_peek(rig->fixture.machine, pa, &word));
    return word;
}

static const struct core_counters *counters(const struct rig *rig)
{
    return machine_counters(rig->fixture.machine, 0);
}

static const struct core_result *do_access(struct rig *rig, enum access_kind kind, unsigned page)
{
    struct core_operation operation = op_access(kind, DATA_NONE, fixture_va(page));
    return rig_do(rig, &operation);
}

/* What an access does to the entries of its page, by stage, in a walk of `fetches` fetches. */
struct changes {
    uint64_t stage1_set, stage1_cleared, stage2_set;
};

static void assert_changes(struct rig *rig, enum access_kind kind, unsigned page, struct changes changes,
                           unsigned fetches)
{
    uint64_t first = get(rig, rig->fixture.entries[page]);
    uint64_t second = get(rig, rig->fixture.guest->entries[page]);
    uint64_t updates = counters(rig)->walker.updates, steps = counters(rig)->walker.steps;
    unsigned expected = ((changes.stage1_set | changes.stage1_cleared) != 0) + (changes.stage2_set != 0);
    struct core_operation operation = op_access(kind, DATA_NONE, fixture_va(page));
    uint64_t cycles = rig_cycles(rig, &operation);
    assert_int_equal(machine_result(rig->fixture.machine, 0)->fault, FAULT_NONE);
    assert_int_equal(cycles, L1_CYCLES + L2_CYCLES + (fetches + expected) * MEMORY_CYCLES);
    assert_int_equal(counters(rig)->walker.updates - updates, expected);
    assert_int_equal(counters(rig)->walker.steps - steps, fetches);
    assert_int_equal(get(rig, rig->fixture.entries[page]),
                     (first | changes.stage1_set) & ~changes.stage1_cleared);
    assert_int_equal(get(rig, rig->fixture.guest->entries[page]), second | changes.stage2_set);
    rig_settle(rig);
}

static void an_access_sets_the_access_flag_of_its_stage(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    assert_changes(&rig, ACCESS_LOAD, PLAIN, (struct changes){0}, REFERENCES);
    assert_changes(&rig, ACCESS_LOAD, OLD_IN_STAGE1, (struct changes){.stage1_set = ACCESSED}, REFERENCES);
    assert_changes(&rig, ACCESS_LOAD, OLD_IN_STAGE2, (struct changes){.stage2_set = ACCESSED}, REFERENCES);
    end(&rig);
}

static void a_store_makes_clean_entries_dirty(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    assert_changes(&rig, ACCESS_STORE, CLEAN_IN_STAGE1, (struct changes){.stage1_cleared = S1_READ_ONLY},
                   REFERENCES);
    assert_changes(&rig, ACCESS_STORE, CLEAN_IN_STAGE2, (struct changes){.stage2_set = S2_WRITABLE},
                   REFERENCES);
    assert_changes(&rig, ACCESS_STORE, CLEAN_IN_BOTH,
                   (struct changes){.stage1_cleared = S1_READ_ONLY, .stage2_set = S2_WRITABLE}, REFERENCES);
    assert_changes(&rig, ACCESS_STORE, CLEAN_AND_OLD,
                   (struct changes){.stage1_set = ACCESSED, .stage1_cleared = S1_READ_ONLY}, REFERENCES);
    end(&rig);
}

static void a_load_leaves_clean_entries_and_a_later_store_walks(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    assert_changes(&rig, ACCESS_LOAD, CLEAN_IN_BOTH, (struct changes){0}, REFERENCES);
    assert_changes(&rig, ACCESS_STORE, CLEAN_IN_BOTH,
                   (struct changes){.stage1_cleared = S1_READ_ONLY, .stage2_set = S2_WRITABLE}, REFERENCES);
    uint64_t walks = counters(&rig)->walker.walks;
    assert_int_equal(do_access(&rig, ACCESS_STORE, CLEAN_IN_BOTH)->fault, FAULT_NONE);
    assert_int_equal(counters(&rig)->walker.walks, walks);
    end(&rig);
}

static void stage1_is_updated_first(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    do_access(&rig, ACCESS_STORE, CLEAN_IN_BOTH);
    rig_end(&rig);
    const struct event_entry_write *first = &rig_event(&rig, EVENT_ENTRY_WRITE, 0, 0)->as.entry_write;
    const struct event_entry_write *second = &rig_event(&rig, EVENT_ENTRY_WRITE, 0, 1)->as.entry_write;
    assert_int_equal(first->pa, rig.fixture.entries[CLEAN_IN_BOTH]);
    assert_int_equal(second->pa, rig.fixture.guest->entries[CLEAN_IN_BOTH]);
    assert_int_equal(first->walk, rig_event(&rig, EVENT_WALK, 0, 0)->as.walk.id);
    assert_int_equal(second->walk, first->walk);
    assert_int_equal(second->visible_cycle, first->visible_cycle + MEMORY_CYCLES);
    rig_close(&rig);
}

static void a_store_that_stage2_denies_leaves_stage1_clean(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    uint64_t entry = rig.fixture.entries[CLEAN_AND_READ_ONLY_IN_STAGE2], word = get(&rig, entry);
    const struct core_result *result = do_access(&rig, ACCESS_STORE, CLEAN_AND_READ_ONLY_IN_STAGE2);
    assert_int_equal(result->fault, FAULT_PERMISSION);
    assert_int_equal(result->fault_stage, 2);
    assert_int_equal(get(&rig, entry), word);
    assert_int_equal(counters(&rig)->walker.updates, 0);
    end(&rig);
}

/* ---- stage 1's tables lie in pages of stage 2 --------------------------------------------------- */

/* Changes stage 2's entry of the page where the last-level table of the fixture's pages lies. */
static uint64_t change_table_page(struct rig *rig, uint64_t set, uint64_t cleared)
{
    uint64_t table = guest_stage1_table_ipa(&rig->fixture, fixture_va(0), 3);
    uint64_t entry = guest_stage2_entry(&rig->fixture, table, 3);
    uint64_t word = (get(rig, entry) | set) & ~cleared;
    assert_true(machine_poke(rig->fixture.machine, entry, word));
    return entry;
}

static void an_update_in_a_table_that_stage2_protects_is_its_permission_fault(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    change_table_page(&rig, 0, S2_WRITABLE);
    assert_int_equal(do_access(&rig, ACCESS_LOAD, PLAIN)->fault, FAULT_NONE);
    const struct core_result *result = do_access(&rig, ACCESS_LOAD, OLD_IN_STAGE1);
    uint64_t table = guest_stage1_table_ipa(&rig.fixture, fixture_va(0), 3);
    assert_int_equal(result->fault, FAULT_PERMISSION);
    assert_int_equal(result->fault_stage, 2);
    assert_int_equal(result->fault_level, 3);
    assert_int_equal(result->fault_ipa, table + OLD_IN_STAGE1 * 8);
    assert_true(result->fault_on_table);
    assert_int_equal(get(&rig, rig.fixture.entries[OLD_IN_STAGE1]) & ACCESSED, 0);
    end(&rig);
}

static void an_update_in_a_clean_page_makes_that_page_dirty_first(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    uint64_t entry = change_table_page(&rig, DIRTY_MANAGED, S2_WRITABLE);
    struct core_operation load = op_access(ACCESS_LOAD, DATA_NONE, fixture_va(OLD_IN_STAGE1));
    /* stage 2 walks to the table once more, for the store: four fetches; then both updates */
    assert_int_equal(rig_cycles(&rig, &load), L1_CYCLES + L2_CYCLES + (REFERENCES + 4 + 2) * MEMORY_CYCLES);
    assert_int_equal(machine_result(rig.fixture.machine, 0)->fault, FAULT_NONE);
    assert_true(get(&rig, entry) & S2_WRITABLE);
    assert_true(get(&rig, rig.fixture.entries[OLD_IN_STAGE1]) & ACCESSED);
    rig_end(&rig);
    assert_int_equal(rig_event(&rig, EVENT_ENTRY_WRITE, 0, 0)->as.entry_write.pa, entry);
    rig_close(&rig);
}

/* Reading tables sets stage 2's access flag of their pages, and does not make them dirty. */
static void a_walk_makes_the_pages_of_its_tables_young(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    uint64_t entry = change_table_page(&rig, DIRTY_MANAGED, S2_WRITABLE | ACCESSED);
    assert_int_equal(do_access(&rig, ACCESS_LOAD, PLAIN)->fault, FAULT_NONE);
    assert_true(get(&rig, entry) & ACCESSED);
    assert_false(get(&rig, entry) & S2_WRITABLE);
    assert_int_equal(counters(&rig)->walker.updates, 1);
    end(&rig);
}

/* ---- cached translations of stage 2 -------------------------------------------------------------- */

static void a_cached_clean_translation_is_walked_again_for_a_store_and_cached_dirty(void **state)
{
    const struct guest_config guest = {"vmsa-4k-48", "vmsa-s2-4k-48", true};
    struct core_operation drop = {.kind = CORE_INVALIDATE,
                                  .invalidation = {.scope = INVALIDATE_ALL, .vmid = GUEST_VMID}};
    char error[256];
    struct rig rig;
    (void)state;
    rig_defaults(&rig);
    rig.config.tlbs[TLB_L1D].latency_cycles = L1_CYCLES;
    rig.config.tlbs[TLB_L2].latency_cycles = L2_CYCLES;
    rig.config.memory_latency_cycles = MEMORY_CYCLES;
    assert_true(mmu_member_add(&rig.config, MMU_FAMILY_WALK_CACHE, "whole", error, sizeof error));
    rig.config.walk_caches[0].holds = WALK_CACHE_IPA;
    rig.config.walk_caches[0].latency_cycles = 0;
    rig_open_guest(&rig, &guest);
    rig_begin(&rig);
    assert_changes(&rig, ACCESS_LOAD, CLEAN_IN_STAGE2, (struct changes){0}, REFERENCES);
    /* stage 1's words, and a walk of stage 2 for the page */
    assert_changes(&rig, ACCESS_STORE, CLEAN_IN_STAGE2, (struct changes){.stage2_set = S2_WRITABLE}, 4 + 4);
    rig_do(&rig, &drop);
    rig_settle(&rig);
    assert_changes(&rig, ACCESS_STORE, CLEAN_IN_STAGE2, (struct changes){0}, 4);
    end(&rig);
}

/* ---- somebody else changes the entry ------------------------------------------------------------ */

/* Core 0 accesses a page; core 1 writes a word to an entry after so many cycles. */
struct raced {
    uint64_t updates, failed, steps;
    uint64_t fault, fault_stage;
    uint64_t entry; /* at the end */
};

static struct raced play(uint64_t delay, enum access_kind kind, unsigned page, unsigned stage,
                         uint64_t (*change)(uint64_t word))
{
    struct rig rig;
    const struct guest_config guest = {"vmsa-4k-48", "vmsa-s2-4k-48", true};
    rig_defaults(&rig);
    rig.config.cores = 2;
    rig.config.memory_latency_cycles = MEMORY_CYCLES;
    rig_open_guest(&rig, &guest);
    uint64_t entry = stage == 1 ? rig.fixture.entries[page] : rig.fixture.guest->entries[page];
    const struct core_operation user[] = {op_switch(&rig), op_wait(100),
                                          op_access(kind, DATA_NONE, fixture_va(page)), op_end()};
    const struct core_operation changer[] = {op_wait(100 + delay), op_write(entry, change(get(&rig, entry))),
                                             op_end()};
    const struct core_operation *lists[] = {user, changer};
    rig_play(&rig, lists);
    const struct event_translation *access = &rig_event(&rig, EVENT_TRANSLATION, 0, 0)->as.translation;
    struct raced raced = {.updates = counters(&rig)->walker.updates,
                          .failed = counters(&rig)->walker.updates_failed,
                          .steps = counters(&rig)->walker.steps,
                          .fault = access->fault,
                          .fault_stage = access->fault_stage,
                          .entry = get(&rig, entry)};
    rig_close(&rig);
    return raced;
}

static uint64_t with_software_bit(uint64_t word)
{
    return word | SOFTWARE_BIT;
}

static uint64_t cleared(uint64_t word)
{
    (void)word;
    return 0;
}

/* Longer than the walk. */
#define DELAYS ((REFERENCES + 4) * MEMORY_CYCLES)

/* The whole walk again, and nobody's change is lost but where a plain store comes after the update. */
static void a_changed_entry_restarts_the_walk(unsigned page, unsigned stage, enum access_kind kind)
{
    unsigned restarted = 0;
    for (uint64_t delay = 1; delay < DELAYS; delay += 13) {
        struct raced raced = play(delay, kind, page, stage, with_software_bit);
        assert_int_equal(raced.fault, FAULT_NONE);
        assert_int_equal(raced.updates, 1);
        assert_in_range(raced.failed, 0, 1);
        assert_int_equal(raced.steps, REFERENCES * (1 + raced.failed));
        assert_true(raced.entry & SOFTWARE_BIT);
        restarted += raced.failed != 0;
    }
    assert_true(restarted > 0);
}

static void a_changed_entry_of_either_stage_restarts_the_walk(void **state)
{
    (void)state;
    a_changed_entry_restarts_the_walk(OLD_IN_STAGE1, 1, ACCESS_LOAD);
    a_changed_entry_restarts_the_walk(CLEAN_IN_STAGE1, 1, ACCESS_STORE);
    a_changed_entry_restarts_the_walk(OLD_IN_STAGE2, 2, ACCESS_LOAD);
    a_changed_entry_restarts_the_walk(CLEAN_IN_STAGE2, 2, ACCESS_STORE);
}

/* An entry that is gone is never written again: the restarted walk ends in its stage's fault. */
static void an_entry_that_was_cleared_stays_clear(unsigned page, unsigned stage, enum access_kind kind)
{
    unsigned restarted = 0;
    for (uint64_t delay = 1; delay < DELAYS; delay += 13) {
        struct raced raced = play(delay, kind, page, stage, cleared);
        assert_int_equal(raced.entry, 0);
        assert_int_equal(raced.fault, raced.updates ? FAULT_NONE : FAULT_TRANSLATION);
        assert_int_equal(raced.fault_stage, raced.updates ? 0 : stage);
        restarted += raced.failed != 0;
    }
    assert_true(restarted > 0);
}

static void an_update_never_brings_back_a_cleared_entry(void **state)
{
    (void)state;
    an_entry_that_was_cleared_stays_clear(OLD_IN_STAGE1, 1, ACCESS_LOAD);
    an_entry_that_was_cleared_stays_clear(OLD_IN_STAGE2, 2, ACCESS_LOAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_access_sets_the_access_flag_of_its_stage),
        cmocka_unit_test(a_store_makes_clean_entries_dirty),
        cmocka_unit_test(a_load_leaves_clean_entries_and_a_later_store_walks),
        cmocka_unit_test(stage1_is_updated_first),
        cmocka_unit_test(a_store_that_stage2_denies_leaves_stage1_clean),
        cmocka_unit_test(an_update_in_a_table_that_stage2_protects_is_its_permission_fault),
        cmocka_unit_test(an_update_in_a_clean_page_makes_that_page_dirty_first),
        cmocka_unit_test(a_walk_makes_the_pages_of_its_tables_young),
        cmocka_unit_test(a_cached_clean_translation_is_walked_again_for_a_store_and_cached_dirty),
        cmocka_unit_test(a_changed_entry_of_either_stage_restarts_the_walk),
        cmocka_unit_test(an_update_never_brings_back_a_cleared_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
