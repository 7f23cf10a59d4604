/*
 * Counters against each other and against the events, at the end of random runs; and that looking on
 * changes none of them.
 *
 * MMUSIM_SEED replays one run; MMUSIM_RUNS says how many.
 */
#include <inttypes.h>

#include "mmu/test/machine_fixture.h"

#define RUNS  200u
#define STEPS 60u

static void run(uint64_t seed, enum observation observation, struct fixture *fixture,
                struct mmu_config *config)
{
    struct script scripts[MMU_CORES_MAX];
    uint64_t state = seed;
    draw_config(&state, config);
    fixture_open(fixture, config, observation);
    for (unsigned i = 0; i < config->cores; i++)
        draw_script(&state, fixture, STEPS, i, &scripts[i]);
    assert_int_equal(script_run(fixture, scripts, machine_advance).status, MACHINE_DONE);
    assert_int_equal(machine_finish(fixture->machine), 0);
    for (unsigned i = 0; i < config->cores; i++)
        script_free(&scripts[i]);
}

static void for_each_seed(void (*check)(uint64_t seed))
{
    const char *replay = getenv("MMUSIM_SEED"), *wanted = getenv("MMUSIM_RUNS");
    uint64_t first = replay ? strtoull(replay, NULL, 0) : 1;
    uint64_t runs = replay ? 1 : wanted ? strtoull(wanted, NULL, 0) : RUNS;
    print_message("%" PRIu64 " runs from MMUSIM_SEED=%" PRIu64 "\n", runs, first);
    for (uint64_t seed = first; seed < first + runs; seed++)
        check(seed);
}

static void same(uint64_t seed, unsigned core, const char *what, uint64_t a, uint64_t b)
{
    if (a != b)
        fail_msg("MMUSIM_SEED=%" PRIu64 ": core %u: %s: %" PRIu64 " and %" PRIu64, seed, core, what, a, b);
}

/* ---- counters among themselves ------------------------------------------------------------------- */

static void check_translations(uint64_t seed, unsigned core, const struct core_counters *c)
{
    same(seed, core, "translations by kind", c->accesses.translations,
         c->accesses.loads + c->accesses.stores + c->accesses.fetches);
    same(seed, core, "one first-level look-up a translation", c->accesses.translations,
         c->tlb[GROUP_L1I].lookups + c->tlb[GROUP_L1D].lookups);
    same(seed, core, "instruction side for fetches", c->accesses.fetches, c->tlb[GROUP_L1I].lookups);
    same(seed, core, "l1i: lookups = hits + misses", c->tlb[GROUP_L1I].lookups,
         c->tlb[GROUP_L1I].hits + c->tlb[GROUP_L1I].misses);
    same(seed, core, "l1d: lookups = hits + misses", c->tlb[GROUP_L1D].lookups,
         c->tlb[GROUP_L1D].hits + c->tlb[GROUP_L1D].misses);
    same(seed, core, "l2: lookups = hits + misses", c->tlb[GROUP_L2].lookups,
         c->tlb[GROUP_L2].hits + c->tlb[GROUP_L2].misses);
}

static void check_misses(uint64_t seed, unsigned core, const struct core_counters *c)
{
    uint64_t misses = c->tlb[GROUP_L1I].misses + c->tlb[GROUP_L1D].misses;
    same(seed, core, "misses = merged + l2 hits + walks + no walk", misses,
         c->misses.merged + c->misses.hits[1] + c->misses.walks + c->misses.no_walk);
    same(seed, core, "l2 lookups = misses - merged", c->tlb[GROUP_L2].lookups, misses - c->misses.merged);
    same(seed, core, "l2 hits", c->tlb[GROUP_L2].hits, c->misses.hits[1]);
    same(seed, core, "l2 misses", c->tlb[GROUP_L2].misses, c->misses.walks + c->misses.no_walk);
    same(seed, core, "walks", c->walker.walks, c->misses.walks + c->walker.restarted);
    same(seed, core, "histogram of walks", c->walk_cycles.total, c->walker.walks);
    same(seed, core, "cycles of walks", c->walk_cycles.sum, c->walker.cycles);
}

static void check_rest(uint64_t seed, unsigned core, const struct core_counters *c,
                       const struct mmu_config *config)
{
    same(seed, core, "whole beats", c->bus.busy_cycles % config->bus_occupancy_cycles, 0);
    same(seed, core, "causes of transactions", c->bus.requests,
         c->transactions.direct + c->transactions.fills + c->transactions.upgrades +
             c->transactions.writebacks);
    for (unsigned level = 0; level < MMU_CACHES_MAX; level++) {
        const struct cache_counters *cache = &c->caches[level];
        same(seed, core, "look-ups of data caches", cache->lookups,
             cache->hits + cache->misses + cache->merged);
        assert_true(level < config->cache_count || cache->lookups == 0);
    }
    same(seed, core, "every invalidation completes", c->invalidations.issued, c->invalidations.completed);
    same(seed, core, "histogram of invalidations", c->invalidation_cycles.total, c->invalidations.completed);
    same(seed, core, "cycles of invalidations", c->invalidation_cycles.sum, c->invalidations.cycles);
}

static void check_identities(uint64_t seed)
{
    struct fixture fixture;
    struct mmu_config config;
    run(seed, OBSERVE_NOTHING, &fixture, &config);
    for (unsigned core = 0; core < config.cores; core++) {
        const struct core_counters *counters = machine_counters(fixture.machine, core);
        check_translations(seed, core, counters);
        check_misses(seed, core, counters);
        check_rest(seed, core, counters, &config);
        assert_true(counters->accesses.translations > 0);
    }
    fixture_close(&fixture);
}

static void sums_over_counters_hold(void **state)
{
    (void)state;
    for_each_seed(check_identities);
}

/* ---- counters against events --------------------------------------------------------------------- */

static void count_translation(struct core_counters *into, const struct event_translation *event)
{
    into->accesses.translations++;
    into->accesses.loads += event->access_kind == ACCESS_LOAD;
    into->accesses.stores += event->access_kind == ACCESS_STORE;
    into->accesses.fetches += event->access_kind == ACCESS_FETCH;
    into->accesses.faulted += event->fault != FAULT_NONE;
    into->accesses.retries += event->retry;
    into->accesses.crossing += event->half == 1;
    into->store_buffer.forwarded += event->forwarded;
    struct tlb_counters *first =
        event->access_kind == ACCESS_FETCH ? &into->tlb[GROUP_L1I] : &into->tlb[GROUP_L1D];
    first->lookups++;
    if (event->outcome == OUTCOME_L1_HIT)
        first->hits++;
    else
        first->misses++;
    into->misses.merged += event->outcome == OUTCOME_MERGED;
    into->misses.hits[1] += event->outcome == OUTCOME_L2_HIT;
    into->misses.walks += event->outcome == OUTCOME_WALK;
    into->misses.no_walk += event->outcome == OUTCOME_NO_WALK;
}

static void count_walk(struct core_counters *into, const struct mmu_event *event)
{
    const struct event_walk *walk = &event->as.walk;
    into->walker.walks++;
    into->walker.cycles += event->cycle - walk->request_cycle;
    into->walker.faults += walk->fault != FAULT_NONE;
    into->walker.unfilled += walk->fault == FAULT_NONE && !walk->filled;
}

static void count_entry(struct core_counters *into, const struct event_tlb_entry *entry)
{
    struct array_counters *array = &into->arrays[entry->tlb];
    array->fills++;
    array->hits += entry->hits;
    array->refilled += entry->end == ENTRY_END_REFILLED;
    array->evictions += entry->end == ENTRY_END_EVICTED;
    array->dropped += entry->end == ENTRY_END_INVALIDATED;
    if (entry->tlb == TLB_L2)
        into->tlb[GROUP_L2].hits += entry->hits;
}

/* What an event says of the core that it is about. */
static void count_event(struct core_counters *all, const struct mmu_event *event)
{
    struct core_counters *into = &all[event->core];
    switch ((enum event_kind)event->kind) {
    case EVENT_TRANSLATION:
        count_translation(into, &event->as.translation);
        break;
    case EVENT_WALK:
        count_walk(into, event);
        break;
    case EVENT_WALK_STEP:
        into->walker.steps++;
        break;
    case EVENT_TLB_ENTRY:
        count_entry(into, &event->as.tlb_entry);
        break;
    case EVENT_INVALIDATION:
        into->invalidations.issued++;
        break;
    case EVENT_ACKNOWLEDGEMENT:
        all[event->as.acknowledgement.target].invalidations.received++;
        all[event->as.acknowledgement.target].invalidations.entries_dropped +=
            event->as.acknowledgement.entries_dropped;
        break;
    case EVENT_COMPLETION:
        into->invalidations.completed++;
        into->invalidations.cycles += event->cycle - event->as.completion.issue_cycle;
        break;
    case EVENT_BARRIER:
        into->programs.barriers++;
        into->programs.barrier_cycles += event->cycle - event->as.barrier.begin_cycle;
        break;
    case EVENT_CONTEXT:
        into->programs.switches++;
        break;
    case EVENT_FAULT:
        into->programs.faults++;
        break;
    default:
        break;
    }
}

/* What no event tells: taken over from the machine, so that the rest can be compared as a whole. */
static void take_over(struct core_counters *into, const struct core_counters *from)
{
    into->bus = from->bus;
    into->transactions = from->transactions;
    memcpy(into->caches, from->caches, sizeof into->caches);
    into->store_buffer.stores = from->store_buffer.stores;
    into->store_buffer.full_cycles = from->store_buffer.full_cycles;
    into->tlb[GROUP_L2].lookups = into->misses.hits[1] + into->misses.walks + into->misses.no_walk;
    into->tlb[GROUP_L2].misses = into->misses.walks + into->misses.no_walk;
    into->arrays[TLB_L1I].lookups = into->tlb[GROUP_L1I].lookups;
    into->arrays[TLB_L1D].lookups = into->tlb[GROUP_L1D].lookups;
    into->arrays[TLB_L2].lookups = into->tlb[GROUP_L2].lookups;
    into->walker.restarted = into->walker.walks - into->misses.walks;
}

static void compare(uint64_t seed, unsigned core, const struct core_counters *events,
                    const struct core_counters *counters, const struct mmu_config *config)
{
    struct mmu_counter counter;
    for (unsigned i = 0; mmu_counter_at(config, i, &counter); i++)
        same(seed, core, counter.name, mmu_counter_get(events, &counter),
             mmu_counter_get(counters, &counter));
}

/* First-level hits by the lives of the entries. */
static uint64_t hits_of_entries(const struct fixture *fixture, unsigned core, unsigned tlb)
{
    uint64_t hits = 0;
    for (size_t i = 0; i < fixture->event_count; i++) {
        const struct mmu_event *event = &fixture->events[i];
        if (event->kind == EVENT_TLB_ENTRY && event->core == core && event->as.tlb_entry.tlb == tlb)
            hits += event->as.tlb_entry.hits;
    }
    return hits;
}

static void check_events(uint64_t seed)
{
    static struct core_counters counted[MMU_CORES_MAX];
    struct fixture fixture;
    struct mmu_config config;
    run(seed, OBSERVE_ALL, &fixture, &config);
    memset(counted, 0, sizeof counted);
    for (size_t i = 0; i < fixture.event_count; i++)
        count_event(counted, &fixture.events[i]);
    for (unsigned core = 0; core < config.cores; core++) {
        const struct core_counters *counters = machine_counters(fixture.machine, core);
        take_over(&counted[core], counters);
        compare(seed, core, &counted[core], counters, &config);
        same(seed, core, "hits of l1i entries", hits_of_entries(&fixture, core, TLB_L1I),
             counters->tlb[GROUP_L1I].hits);
        same(seed, core, "hits of l1d entries", hits_of_entries(&fixture, core, TLB_L1D),
             counters->tlb[GROUP_L1D].hits);
    }
    fixture_close(&fixture);
}

static void sums_over_events_are_the_counters(void **state)
{
    (void)state;
    for_each_seed(check_events);
}

/* ---- looking on ---------------------------------------------------------------------------------- */

static void check_levels(uint64_t seed)
{
    struct fixture unseen;
    struct mmu_config config;
    run(seed, OBSERVE_NOTHING, &unseen, &config);
    assert_int_equal(unseen.event_count, 0);
    for (unsigned level = OBSERVE_MISSES; level <= OBSERVE_ALL; level++) {
        struct fixture seen;
        run(seed, (enum observation)level, &seen, &config);
        assert_true(seen.event_count > 0);
        same(seed, 0, "end of the run", machine_end_cycle(unseen.machine), machine_end_cycle(seen.machine));
        for (unsigned core = 0; core < config.cores; core++)
            compare(seed, core, machine_counters(seen.machine, core), machine_counters(unseen.machine, core),
                    &config);
        fixture_close(&seen);
    }
    fixture_close(&unseen);
}

static void observers_change_nothing(void **state)
{
    (void)state;
    for_each_seed(check_levels);
}

/* At the level of misses the events are those of the level of all, without the first-level hits that had no
 * fault; only the numbers in sequence differ. */
static void check_subset(uint64_t seed)
{
    struct fixture all, misses;
    struct mmu_config config;
    run(seed, OBSERVE_ALL, &all, &config);
    run(seed, OBSERVE_MISSES, &misses, &config);
    size_t next = 0;
    for (size_t i = 0; i < all.event_count; i++) {
        struct mmu_event event = all.events[i];
        if (event.kind == EVENT_TRANSLATION && event.as.translation.outcome == OUTCOME_L1_HIT &&
            event.as.translation.fault == FAULT_NONE)
            continue;
        assert_true(next < misses.event_count);
        event.sequence = misses.events[next].sequence;
        same(seed, event.core, "event", 0,
             (uint64_t)memcmp(&event, &misses.events[next], sizeof event) ? i + 1 : 0);
        next++;
    }
    same(seed, 0, "events", next, misses.event_count);
    fixture_close(&all);
    fixture_close(&misses);
}

static void the_level_of_misses_leaves_out_hits_only(void **state)
{
    (void)state;
    for_each_seed(check_subset);
}

static void a_reset_leaves_the_machine_as_it_is(void **state)
{
    struct fixture fixture;
    struct mmu_config config;
    struct core_counters none;
    (void)state;
    run(1, OBSERVE_NOTHING, &fixture, &config);
    memset(&none, 0, sizeof none);
    uint64_t end = machine_end_cycle(fixture.machine);
    assert_memory_not_equal(machine_counters(fixture.machine, 0), &none, sizeof none);
    machine_reset_counters(fixture.machine);
    assert_memory_equal(machine_counters(fixture.machine, 0), &none, sizeof none);
    assert_int_equal(machine_end_cycle(fixture.machine), end);
    fixture_close(&fixture);
}

static void counters_add_up_by_name(void **state)
{
    struct core_counters a, b;
    struct mmu_counter counter;
    struct mmu_config config;
    unsigned count = 0;
    (void)state;
    mmu_config_defaults(&config);
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    a.tlb[GROUP_L1D].hits = 3;
    b.tlb[GROUP_L1D].hits = 4;
    b.programs.faults = 5;
    histogram_add(&b.walk_cycles, 100);
    mmu_counters_add(&a, &b);
    assert_int_equal(a.tlb[GROUP_L1D].hits, 7);
    assert_int_equal(a.programs.faults, 5);
    assert_int_equal(a.walk_cycles.total, 1);
    for (; mmu_counter_at(&config, count, &counter); count++) {
        assert_true(*counter.name && *counter.text);
        assert_true(counter.offset % sizeof(uint64_t) == 0);
        assert_true(counter.offset < offsetof(struct core_counters, walk_cycles));
    }
    assert_true(mmu_counter_find(&config, "l2.hits", &counter));
    assert_int_equal(counter.offset, offsetof(struct core_counters, tlb[GROUP_L2].hits));
    assert_true(mmu_counter_find(&config, "tlb.l2.fills", &counter));
    assert_int_equal(counter.offset, offsetof(struct core_counters, arrays[TLB_L2].fills));
    assert_false(mmu_counter_find(&config, "l3.hits", &counter));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_over_counters_hold),
        cmocka_unit_test(sums_over_events_are_the_counters),
        cmocka_unit_test(observers_change_nothing),
        cmocka_unit_test(the_level_of_misses_leaves_out_hits_only),
        cmocka_unit_test(a_reset_leaves_the_machine_as_it_is),
        cmocka_unit_test(counters_add_up_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
