/*
 * Counters against each other and against the events, at the end of random runs; and that looking on
 * changes none of them.
 *
 * MMUSIM_SEED replays one run; MMUSIM_RUNS says how many.
 */
#include <inttypes.h>

#include "mmu/test/guest_fixture.h"

#define RUNS  200u
#define STEPS 60u

static void run(uint64_t seed, enum observation observation, struct fixture *fixture,
                struct mmu_config *config)
{
    struct script scripts[MMU_CORES_MAX];
    uint64_t state = seed;
    draw_run(&state, observation, STEPS, fixture, scripts);
    *config = *machine_config(fixture->machine);
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

/* The group of a level that serves this side. */
static unsigned group_at(const struct mmu_config *config, unsigned level, unsigned side)
{
    for (uint64_t i = 0; i < config->tlb_count; i++)
        if (config->tlbs[i].level == level &&
            (config->tlbs[i].side == side || config->tlbs[i].side == TLB_SIDE_BOTH))
            return counter_group(level, config->tlbs[i].side);
    return COUNTER_GROUPS;
}

/* Of both sides: the machines here have as many levels for fetches as for data. */
static unsigned depth_of(const struct mmu_config *config)
{
    return (unsigned)config->tlbs[config->tlb_count - 1].level;
}

static unsigned side_of(unsigned access_kind)
{
    return access_kind == ACCESS_FETCH ? TLB_SIDE_INSTRUCTION : TLB_SIDE_DATA;
}

static void check_translations(uint64_t seed, unsigned core, const struct core_counters *c,
                               const struct mmu_config *config)
{
    same(seed, core, "translations by kind", c->accesses.translations,
         c->accesses.loads + c->accesses.stores + c->accesses.fetches);
    same(seed, core, "one first-level look-up a translation", c->accesses.translations,
         mmu_counters_of_level(c, 1).lookups);
    if (group_at(config, 1, TLB_SIDE_INSTRUCTION) == GROUP_L1I)
        same(seed, core, "instruction side for fetches", c->accesses.fetches, c->tlb[GROUP_L1I].lookups);
    for (unsigned group = 0; group < COUNTER_GROUPS; group++)
        same(seed, core, "lookups = hits + misses", c->tlb[group].lookups,
             c->tlb[group].hits + c->tlb[group].misses);
}

static void check_misses(uint64_t seed, unsigned core, const struct core_counters *c,
                         const struct mmu_config *config)
{
    uint64_t passed = mmu_counters_of_level(c, 1).misses - c->misses.merged;
    for (unsigned level = 2; level <= depth_of(config); level++) {
        struct tlb_counters counters = mmu_counters_of_level(c, level);
        same(seed, core, "each miss that goes on is a look-up of the next level", counters.lookups, passed);
        same(seed, core, "hits of a level", counters.hits, c->misses.hits[level - 1]);
        passed = counters.misses;
    }
    same(seed, core, "what misses every level", passed,
         c->misses.walks + c->misses.no_walk + c->misses.range_hits);
    same(seed, core, "walks", c->walker.walks,
         c->misses.walks + c->walker.restarted + c->prefetch.issued + c->adversary.walks);
    same(seed, core, "pages that the prefetcher named", c->prefetch.asked,
         c->prefetch.issued + c->prefetch.dropped + c->prefetch.useless);
    same(seed, core, "prefetches", c->prefetch.issued,
         c->prefetch.filled + c->prefetch.unfilled + c->prefetch.late);
    same(seed, core, "acts of the adversary", c->adversary.acts,
         c->adversary.idle + c->adversary.walks + c->adversary.evictions + c->adversary.refills);
    same(seed, core, "histogram of walks", c->walk_cycles.total, c->walker.walks);
    same(seed, core, "cycles of walks", c->walk_cycles.sum, c->walker.cycles);
}

/*
 * Those of one kind are looked up at once, and one of them may answer. Those of stage 1's tables are looked
 * up by every walk, those of whole translations by every translation of stage 2, and then, if none has it,
 * those of stage 2's tables; where an entry has to be updated, they alone.
 */
static void check_walk_caches(uint64_t seed, unsigned core, const struct core_counters *c,
                              const struct mmu_config *config)
{
    uint64_t lookups[WALK_CACHE_HOLDS], hits[WALK_CACHE_HOLDS] = {0}, count[WALK_CACHE_HOLDS] = {0};
    lookups[WALK_CACHE_TABLES] = c->walker.walks;
    for (uint64_t i = 0; i < config->walk_cache_count; i++) {
        const struct array_counters *cache = &c->arrays[config->tlb_count + i];
        uint64_t holds = config->walk_caches[i].holds;
        if (count[holds]++ == 0 && holds != WALK_CACHE_TABLES)
            lookups[holds] = cache->lookups;
        same(seed, core, "walk caches that hold the same are looked up at once", cache->lookups,
             lookups[holds]);
        hits[holds] += cache->hits;
    }
    for (unsigned holds = 0; holds < WALK_CACHE_HOLDS; holds++)
        assert_true(count[holds] == 0 || hits[holds] <= lookups[holds]);
    if (count[WALK_CACHE_IPA] && count[WALK_CACHE_STAGE2_TABLES] &&
        c->walker.updates + c->walker.updates_failed == 0)
        same(seed, core, "translations of stage 2", lookups[WALK_CACHE_IPA],
             hits[WALK_CACHE_IPA] + lookups[WALK_CACHE_STAGE2_TABLES]);
}

static void check_arrays(uint64_t seed, unsigned core, const struct core_counters *c,
                         const struct mmu_config *config)
{
    uint64_t group_hits[COUNTER_GROUPS] = {0};
    for (uint64_t i = 0; i < config->tlb_count; i++) {
        unsigned group = counter_group(config->tlbs[i].level, config->tlbs[i].side);
        group_hits[group] += c->arrays[i].hits;
        same(seed, core, "every array of a level is looked up", c->arrays[i].lookups, c->tlb[group].lookups);
    }
    for (unsigned group = 0; group < COUNTER_GROUPS; group++)
        same(seed, core, "hits of a level are its arrays'", c->tlb[group].hits, group_hits[group]);
    check_walk_caches(seed, core, c, config);
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
    uint64_t translations = 0;
    run(seed, OBSERVE_NOTHING, &fixture, &config);
    for (unsigned core = 0; core < config.cores; core++) {
        const struct core_counters *counters = machine_counters(fixture.machine, core);
        check_translations(seed, core, counters, &config);
        check_misses(seed, core, counters, &config);
        check_arrays(seed, core, counters, &config);
        check_rest(seed, core, counters, &config);
        translations += counters->accesses.translations;
    }
    assert_true(translations > 0);
    fixture_close(&fixture);
}

static void sums_over_counters_hold(void **state)
{
    (void)state;
    for_each_seed(check_identities);
}

/* ---- counters against events --------------------------------------------------------------------- */

/* From 2; 0 if the event was no hit behind the first level. */
static unsigned level_of_hit(unsigned outcome)
{
    if (outcome == OUTCOME_L2_HIT)
        return 2;
    return outcome >= OUTCOME_L3_HIT && outcome < OUTCOME_RANGE_HIT ? outcome - OUTCOME_L3_HIT + 3 : 0;
}

static void count_translation(struct core_counters *into, const struct event_translation *event,
                              const struct mmu_config *config)
{
    unsigned side = side_of(event->access_kind), level = level_of_hit(event->outcome);
    into->accesses.translations++;
    into->accesses.loads += event->access_kind == ACCESS_LOAD;
    into->accesses.stores += event->access_kind == ACCESS_STORE;
    into->accesses.fetches += event->access_kind == ACCESS_FETCH;
    into->accesses.faulted += event->fault != FAULT_NONE;
    into->accesses.retries += event->retry;
    into->accesses.crossing += event->half == 1;
    into->store_buffer.forwarded += event->forwarded;
    struct tlb_counters *first = &into->tlb[group_at(config, 1, side)];
    first->lookups++;
    if (event->outcome == OUTCOME_L1_HIT)
        first->hits++;
    else
        first->misses++;
    if (level > 0) {
        into->tlb[group_at(config, level, side)].hits++;
        into->misses.hits[level - 1]++;
    }
    into->misses.merged += event->outcome == OUTCOME_MERGED;
    into->misses.walks += event->outcome == OUTCOME_WALK;
    into->misses.no_walk += event->outcome == OUTCOME_NO_WALK;
    into->misses.range_hits += event->outcome == OUTCOME_RANGE_HIT;
}

static void count_walk(struct core_counters *into, const struct mmu_event *event)
{
    const struct event_walk *walk = &event->as.walk;
    into->walker.walks++;
    into->walker.cycles += event->cycle - walk->request_cycle;
    into->walker.faults += walk->fault != FAULT_NONE;
    into->walker.unfilled += walk->fault == FAULT_NONE && !walk->filled;
    into->walker.restarted += walk->cause == CAUSE_RESTARTED;
    into->prefetch.issued += walk->cause == CAUSE_PREFETCH;
    into->adversary.walks += walk->cause == CAUSE_ADVERSARY;
}

static void count_entry(struct core_counters *into, const struct event_tlb_entry *entry)
{
    struct array_counters *array = &into->arrays[entry->tlb];
    array->fills++;
    array->hits += entry->hits;
    array->refilled += entry->end == ENTRY_END_REFILLED;
    array->evictions += entry->end == ENTRY_END_EVICTED;
    array->dropped += entry->end == ENTRY_END_INVALIDATED || entry->end == ENTRY_END_MOVED ||
                      entry->end == ENTRY_END_INCLUSION || entry->end == ENTRY_END_SPECULATION;
    into->adversary.evictions += entry->end == ENTRY_END_SPECULATION;
}

/* The words of one fetch are told one after the other: by the first. */
static void count_step(struct core_counters *into, const struct mmu_event *event)
{
    const struct event_walk_step *step = &event->as.walk_step, *before = &event[-1].as.walk_step;
    if (event[-1].kind == EVENT_WALK_STEP && event[-1].core == event->core && before->walk == step->walk &&
        before->index == step->index)
        return;
    into->walker.steps++;
    into->walker.stage2_steps += step->stage == 2;
}

/* What an event says of the core that it is about. */
static void count_event(struct core_counters *all, const struct mmu_event *event,
                        const struct mmu_config *config)
{
    struct core_counters *into = &all[event->core];
    switch ((enum event_kind)event->kind) {
    case EVENT_TRANSLATION:
        count_translation(into, &event->as.translation, config);
        break;
    case EVENT_WALK:
        count_walk(into, event);
        break;
    case EVENT_WALK_STEP:
        count_step(into, event);
        break;
    case EVENT_ENTRY_WRITE:
        into->walker.updates += event->as.entry_write.walk != 0;
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
    case EVENT_CONFLICT:
        into->accesses.conflicts++;
        break;
    default:
        break;
    }
}

/* What no event tells: taken over from the machine, so that the rest can be compared as a whole. */
static void take_over(struct core_counters *into, const struct core_counters *from,
                      const struct mmu_config *config)
{
    into->bus = from->bus;
    into->transactions = from->transactions;
    memcpy(into->caches, from->caches, sizeof into->caches);
    into->store_buffer.stores = from->store_buffer.stores;
    into->store_buffer.full_cycles = from->store_buffer.full_cycles;
    into->invalidations.interrupts = from->invalidations.interrupts;
    for (unsigned group = counter_group(2, 0); group < COUNTER_GROUPS; group++) {
        into->tlb[group].lookups = from->tlb[group].lookups;
        into->tlb[group].misses = from->tlb[group].misses;
    }
    for (uint64_t i = 0; i < config->tlb_count + config->walk_cache_count + (config->range_tlb_entries > 0);
         i++)
        into->arrays[i].lookups = from->arrays[i].lookups;
    into->walker.updates_failed = from->walker.updates_failed;
    struct core_counters told = *into;
    into->prefetch = from->prefetch;
    into->prefetch.issued = told.prefetch.issued;
    into->adversary = from->adversary;
    into->adversary.walks = told.adversary.walks;
    into->adversary.evictions = told.adversary.evictions;
}

static void compare(uint64_t seed, unsigned core, const struct core_counters *events,
                    const struct core_counters *counters, const struct mmu_config *config)
{
    struct mmu_counter counter;
    for (unsigned i = 0; mmu_counter_at(config, i, &counter); i++)
        same(seed, core, counter.name, mmu_counter_get(events, &counter),
             mmu_counter_get(counters, &counter));
}

/* An entry of a shared array is told of by whoever ends it: all is taken to be the first core's. */
static void gather_shared(struct core_counters *all, const struct mmu_config *config)
{
    for (uint64_t i = 0; i < config->tlb_count; i++)
        for (unsigned core = 1; config->tlbs[i].shared && core < config->cores; core++) {
            struct array_counters *from = &all[core].arrays[i], *into = &all[0].arrays[i];
            into->lookups += from->lookups;
            into->hits += from->hits;
            into->fills += from->fills;
            into->refilled += from->refilled;
            into->evictions += from->evictions;
            into->dropped += from->dropped;
            memset(from, 0, sizeof *from);
        }
}

/* Entries that the run ended with. */
static uint64_t entries_left(const struct fixture *fixture, unsigned core, uint64_t array)
{
    uint64_t left = 0;
    for (size_t i = 0; i < fixture->event_count; i++) {
        const struct mmu_event *event = &fixture->events[i];
        left += event->kind == EVENT_TLB_ENTRY && event->core == core && event->as.tlb_entry.tlb == array &&
                event->as.tlb_entry.end == ENTRY_END_RUN;
    }
    return left;
}

static void check_entries(uint64_t seed, unsigned core, const struct core_counters *c,
                          const struct mmu_config *config, const struct fixture *fixture)
{
    for (uint64_t i = 0; i < config->tlb_count + config->walk_cache_count + (config->range_tlb_entries > 0);
         i++) {
        const struct array_counters *array = &c->arrays[i];
        same(seed, core, "fills = refilled + evictions + dropped + what is still there", array->fills,
             array->refilled + array->evictions + array->dropped + entries_left(fixture, core, i));
    }
}

static void check_events(uint64_t seed)
{
    static struct core_counters counted[MMU_CORES_MAX], told[MMU_CORES_MAX];
    struct fixture fixture;
    struct mmu_config config;
    run(seed, OBSERVE_ALL, &fixture, &config);
    memset(told, 0, sizeof told);
    for (size_t i = 0; i < fixture.event_count; i++)
        count_event(told, &fixture.events[i], &config);
    for (unsigned core = 0; core < config.cores; core++) {
        counted[core] = *machine_counters(fixture.machine, core);
        take_over(&told[core], &counted[core], &config);
    }
    gather_shared(counted, &config);
    gather_shared(told, &config);
    for (unsigned core = 0; core < config.cores; core++) {
        compare(seed, core, &told[core], &counted[core], &config);
        check_entries(seed, core, &counted[core], &config, &fixture);
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
