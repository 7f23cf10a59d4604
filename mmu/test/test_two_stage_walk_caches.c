/*
 * Walk caches of two stages: exactly which fetches they save, and what their look-ups cost.
 *
 * Both stages have four levels. The guest's tables lie in one region of 2 MiB of intermediate addresses, its
 * pages in another one of the same GiB.
 */
#include "mmu/test/guest_fixture.h"

#define L1_CYCLES     3u
#define L2_CYCLES     11u
#define MEMORY_CYCLES 37u
#define FAR_VA        (FIXTURE_BASE + (UINT64_C(1) << 24)) /* behind another last-level table of stage 1 */
#define ABSENT        UINT64_MAX

/* Look-up times; ABSENT: there is no such cache. */
struct caches {
    uint64_t tables, stage2_tables, ipa;
};

static void add_cache(struct mmu_config *config, const char *name, enum walk_cache_holds holds,
                      uint64_t latency_cycles)
{
    char error[256];
    if (latency_cycles == ABSENT)
        return;
    if (!mmu_member_add(config, MMU_FAMILY_WALK_CACHE, name, error, sizeof error))
        fail_msg("%s", error);
    struct walk_cache_config *cache = &config->walk_caches[config->walk_cache_count - 1];
    cache->holds = holds;
    cache->latency_cycles = latency_cycles;
}

static void begin(struct rig *rig, const struct caches *caches)
{
    const struct guest_config guest = {"vmsa-4k-48", "vmsa-s2-4k-48", false};
    struct frame far = {guest_ipa(2), FRAME_READABLE | FRAME_USER, 12};
    rig_defaults(rig);
    rig->config.tlbs[TLB_L1D].latency_cycles = L1_CYCLES;
    rig->config.tlbs[TLB_L2].latency_cycles = L2_CYCLES;
    rig->config.memory_latency_cycles = MEMORY_CYCLES;
    add_cache(&rig->config, "tables", WALK_CACHE_TABLES, caches->tables);
    add_cache(&rig->config, "second", WALK_CACHE_STAGE2_TABLES, caches->stage2_tables);
    add_cache(&rig->config, "whole", WALK_CACHE_IPA, caches->ipa);
    rig_open_guest(rig, &guest);
    guest_map_stage1(&rig->fixture, FAR_VA, &far);
    rig_begin(rig);
}

static void end(struct rig *rig)
{
    rig_end(rig);
    rig_close(rig);
}

/* How many times caches of each kind are looked up, one after the other, and how many entries are fetched. */
struct cost {
    unsigned tables, stage2_tables, ipa, fetches;
};

static uint64_t times(unsigned lookups, uint64_t cycles)
{
    return lookups ? lookups * cycles : 0;
}

static void assert_cost(struct rig *rig, const struct caches *caches, uint64_t va, struct cost cost)
{
    struct core_operation operation = op_access(ACCESS_LOAD, DATA_NONE, va);
    const struct core_counters *counters = machine_counters(rig->fixture.machine, 0);
    uint64_t steps = counters->walker.steps;
    uint64_t cycles = rig_cycles(rig, &operation);
    assert_int_equal(machine_result(rig->fixture.machine, 0)->fault, FAULT_NONE);
    assert_int_equal(counters->walker.steps - steps, cost.fetches);
    assert_int_equal(cycles, L1_CYCLES + L2_CYCLES + times(cost.tables, caches->tables) +
                                 times(cost.stage2_tables, caches->stage2_tables) +
                                 times(cost.ipa, caches->ipa) + cost.fetches * MEMORY_CYCLES);
    rig_settle(rig);
}

static const uint64_t latencies[] = {0, 1, 5};
#define LATENCIES (sizeof latencies / sizeof *latencies)

static void a_cached_table_of_stage1_begins_the_walk_there(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LATENCIES; i++) {
        const struct caches caches = {latencies[i], ABSENT, ABSENT};
        struct rig rig;
        begin(&rig, &caches);
        assert_cost(&rig, &caches, fixture_va(2), (struct cost){.tables = 1, .fetches = 24});
        /* the entry knows where its table lies: one word of it, and the output through four levels */
        assert_cost(&rig, &caches, fixture_va(3), (struct cost){.tables = 1, .fetches = 1 + 4});
        /* from the table in front: a word of it, the last table's address, its word, the output */
        assert_cost(&rig, &caches, FAR_VA, (struct cost){.tables = 1, .fetches = 1 + 4 + 1 + 4});
        end(&rig);
    }
}

static void cached_tables_of_stage2_shorten_every_translation(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LATENCIES; i++) {
        const struct caches caches = {ABSENT, latencies[i], ABSENT};
        struct rig rig;
        begin(&rig, &caches);
        /* the first translation has four fetches, those of the other tables one, the output's two */
        assert_cost(&rig, &caches, fixture_va(2),
                    (struct cost){.stage2_tables = 5, .fetches = (4 + 1) + 3 * (1 + 1) + 2});
        assert_cost(&rig, &caches, fixture_va(3),
                    (struct cost){.stage2_tables = 5, .fetches = 4 * (1 + 1) + 1});
        end(&rig);
    }
}

static void cached_translations_of_stage2_leave_stage1_alone(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LATENCIES; i++) {
        const struct caches caches = {ABSENT, ABSENT, latencies[i]};
        struct rig rig;
        begin(&rig, &caches);
        assert_cost(&rig, &caches, fixture_va(2), (struct cost){.ipa = 5, .fetches = 24});
        assert_cost(&rig, &caches, fixture_va(3), (struct cost){.ipa = 5, .fetches = 4 + 4});
        /* the same output page by another way: two of its tables are new, the output is known */
        assert_cost(&rig, &caches, FAR_VA, (struct cost){.ipa = 5, .fetches = 3 + 4 + 1});
        end(&rig);
    }
}

static void all_caches_together(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LATENCIES * LATENCIES * LATENCIES; i++) {
        const struct caches caches = {latencies[i % LATENCIES], latencies[i / LATENCIES % LATENCIES],
                                      latencies[i / LATENCIES / LATENCIES]};
        struct rig rig;
        begin(&rig, &caches);
        /* translations are looked up before tables */
        assert_cost(&rig, &caches, fixture_va(2),
                    (struct cost){.tables = 1, .ipa = 5, .stage2_tables = 5, .fetches = 5 + 3 * 2 + 2});
        assert_cost(&rig, &caches, fixture_va(3),
                    (struct cost){.tables = 1, .ipa = 1, .stage2_tables = 1, .fetches = 1 + 1});
        /* the last table by stage 2's last table; the output is known */
        assert_cost(&rig, &caches, FAR_VA,
                    (struct cost){.tables = 1, .ipa = 2, .stage2_tables = 1, .fetches = 1 + 1 + 1});
        end(&rig);
    }
}

/* Each kind tells its entries in the record as what they are. */
static void entries_are_told_as_what_they_hold(void **state)
{
    const struct caches caches = {1, 1, 1};
    struct rig rig;
    unsigned count[HOLDS_KINDS] = {0};
    const struct mmu_event *event;
    (void)state;
    begin(&rig, &caches);
    assert_cost(&rig, &caches, fixture_va(2),
                (struct cost){.tables = 1, .ipa = 5, .stage2_tables = 5, .fetches = 5 + 3 * 2 + 2});
    rig_end(&rig);
    for (unsigned i = 0; (event = rig_event(&rig, EVENT_TLB_ENTRY, 0, i)) != NULL; i++) {
        const struct event_tlb_entry *entry = &event->as.tlb_entry;
        count[entry->holds]++;
        assert_int_equal(entry->vmid, GUEST_VMID);
        assert_int_equal(entry->asid, entry->holds == HOLDS_TRANSLATION || entry->holds == HOLDS_TABLE);
    }
    assert_int_equal(count[HOLDS_TRANSLATION], 2);  /* of both levels */
    assert_int_equal(count[HOLDS_TABLE], 3);        /* of stage 1, the root excepted */
    assert_int_equal(count[HOLDS_STAGE2_TABLE], 4); /* three to the guest's tables, one more to its pages */
    assert_int_equal(count[HOLDS_IPA], 5);          /* four tables and the page */
    rig_close(&rig);
}

/* ---- what an invalidation takes ----------------------------------------------------------------- */

static void invalidate(struct rig *rig, const struct invalidation *what)
{
    struct core_operation operation = {.kind = CORE_INVALIDATE, .invalidation = *what};
    rig_do(rig, &operation);
    rig_settle(rig);
}

static void invalidating_virtual_addresses_leaves_what_stage2_alone_made(void **state)
{
    const struct caches caches = {1, 1, 1};
    struct rig rig;
    (void)state;
    begin(&rig, &caches);
    assert_cost(&rig, &caches, fixture_va(2),
                (struct cost){.tables = 1, .ipa = 5, .stage2_tables = 5, .fetches = 13});
    invalidate(&rig, &(struct invalidation){.scope = INVALIDATE_ALL, .vmid = GUEST_VMID});
    /* stage 1's four words */
    assert_cost(&rig, &caches, fixture_va(2), (struct cost){.tables = 1, .ipa = 5, .fetches = 4});
    end(&rig);
}

static void invalidating_an_intermediate_address_takes_its_translation_and_the_way_to_it(void **state)
{
    const struct caches caches = {1, 1, 1};
    struct rig rig;
    (void)state;
    begin(&rig, &caches);
    assert_cost(&rig, &caches, fixture_va(2),
                (struct cost){.tables = 1, .ipa = 5, .stage2_tables = 5, .fetches = 13});
    invalidate(&rig, &(struct invalidation){.va = guest_ipa(2), .scope = INVALIDATE_IPA, .vmid = GUEST_VMID});
    /* the page's combined entry is still there; its neighbour finds stage 1's table, and none of stage 2's */
    assert_int_equal(machine_counters(rig.fixture.machine, 0)->misses.walks, 1);
    assert_cost(&rig, &caches, fixture_va(3),
                (struct cost){.tables = 1, .ipa = 1, .stage2_tables = 1, .fetches = 1 + 4});
    end(&rig);
}

static void the_last_level_only_leaves_tables_of_stage2(void **state)
{
    const struct caches caches = {ABSENT, 1, 1};
    struct rig rig;
    (void)state;
    begin(&rig, &caches);
    assert_cost(&rig, &caches, fixture_va(2), (struct cost){.ipa = 5, .stage2_tables = 5, .fetches = 13});
    invalidate(&rig,
               &(struct invalidation){
                   .va = guest_ipa(2), .scope = INVALIDATE_IPA, .vmid = GUEST_VMID, .last_level_only = true});
    invalidate(&rig, &(struct invalidation){.scope = INVALIDATE_ALL, .vmid = GUEST_VMID});
    assert_cost(&rig, &caches, fixture_va(2), (struct cost){.ipa = 5, .stage2_tables = 1, .fetches = 4 + 1});
    end(&rig);
}

static void invalidating_the_virtual_machine_takes_everything(void **state)
{
    const struct caches caches = {1, 1, 1};
    struct rig rig;
    (void)state;
    begin(&rig, &caches);
    for (unsigned i = 0; i < 2; i++) {
        assert_cost(&rig, &caches, fixture_va(2),
                    (struct cost){.tables = 1, .ipa = 5, .stage2_tables = 5, .fetches = 13});
        invalidate(&rig, &(struct invalidation){.scope = INVALIDATE_VMID, .vmid = GUEST_VMID});
    }
    end(&rig);
}

static void another_virtual_machine_loses_nothing(void **state)
{
    const struct caches caches = {1, 1, 1};
    struct rig rig;
    (void)state;
    begin(&rig, &caches);
    assert_cost(&rig, &caches, fixture_va(2),
                (struct cost){.tables = 1, .ipa = 5, .stage2_tables = 5, .fetches = 13});
    for (unsigned scope = 0; scope < INVALIDATION_SCOPES; scope++)
        invalidate(&rig, &(struct invalidation){.va = guest_ipa(3),
                                                .asid = 1,
                                                .scope = (enum invalidation_scope)scope,
                                                .vmid = GUEST_VMID + 1});
    assert_cost(&rig, &caches, fixture_va(3),
                (struct cost){.tables = 1, .ipa = 1, .stage2_tables = 1, .fetches = 2});
    assert_int_equal(machine_counters(rig.fixture.machine, 0)->invalidations.entries_dropped, 0);
    end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cached_table_of_stage1_begins_the_walk_there),
        cmocka_unit_test(cached_tables_of_stage2_shorten_every_translation),
        cmocka_unit_test(cached_translations_of_stage2_leave_stage1_alone),
        cmocka_unit_test(all_caches_together),
        cmocka_unit_test(entries_are_told_as_what_they_hold),
        cmocka_unit_test(invalidating_virtual_addresses_leaves_what_stage2_alone_made),
        cmocka_unit_test(invalidating_an_intermediate_address_takes_its_translation_and_the_way_to_it),
        cmocka_unit_test(the_last_level_only_leaves_tables_of_stage2),
        cmocka_unit_test(invalidating_the_virtual_machine_takes_everything),
        cmocka_unit_test(another_virtual_machine_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
