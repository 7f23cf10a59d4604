/*
 * The fast scheduler and the stepped reference give the same events, to the last field, on random machines
 * with random programs. And what would break that is seen: ties in another order, a look-ahead too long.
 *
 * MMUSIM_SEED replays one run; MMUSIM_RUNS says how many.
 */
#include <inttypes.h>

#include "mmu/test/eager_format.h"
#include "mmu/test/guest_fixture.h"

#define RUNS  400u
#define STEPS 60u

struct outcome {
    struct script_run run;
    struct fixture fixture;
    uint64_t end_cycle;
    char error[256];
};

static void run_once(uint64_t seed, advance_function advance, const struct machine_controls *controls,
                     struct outcome *outcome)
{
    struct script scripts[MMU_CORES_MAX];
    uint64_t state = seed;
    draw_run(&state, OBSERVE_ALL, STEPS, &outcome->fixture, scripts);
    if (controls)
        machine_set_controls(outcome->fixture.machine, controls);
    outcome->run = script_run(&outcome->fixture, scripts, advance);
    const char *error = machine_error(outcome->fixture.machine);
    snprintf(outcome->error, sizeof outcome->error, "%s", error ? error : "");
    outcome->end_cycle = machine_end_cycle(outcome->fixture.machine);
    machine_finish(outcome->fixture.machine);
    for (unsigned i = 0; i < machine_config(outcome->fixture.machine)->cores; i++)
        script_free(&scripts[i]);
}

static bool same_counters(const struct outcome *a, const struct outcome *b)
{
    for (unsigned i = 0; i < machine_config(a->fixture.machine)->cores; i++)
        if (memcmp(machine_counters(a->fixture.machine, i), machine_counters(b->fixture.machine, i),
                   sizeof(struct core_counters)) != 0)
            return false;
    return true;
}

/* The number of the first event that differs; SIZE_MAX if none does. */
static size_t first_difference(const struct outcome *a, const struct outcome *b)
{
    size_t count =
        a->fixture.event_count < b->fixture.event_count ? a->fixture.event_count : b->fixture.event_count;
    for (size_t i = 0; i < count; i++)
        if (memcmp(&a->fixture.events[i], &b->fixture.events[i], sizeof(struct mmu_event)) != 0)
            return i;
    return a->fixture.event_count == b->fixture.event_count ? SIZE_MAX : count;
}

static bool equal(const struct outcome *a, const struct outcome *b)
{
    return a->run.status == b->run.status && a->run.faults == b->run.faults && a->end_cycle == b->end_cycle &&
           first_difference(a, b) == SIZE_MAX && same_counters(a, b) && strcmp(a->error, b->error) == 0;
}

static uint64_t runs_wanted(void)
{
    const char *text = getenv("MMUSIM_RUNS");
    return text ? strtoull(text, NULL, 0) : RUNS;
}

static void explain(uint64_t seed, const struct outcome *fast, const struct outcome *stepped)
{
    size_t at = first_difference(fast, stepped);
    print_message("MMUSIM_SEED=%" PRIu64 ": status %d and %d, %zu and %zu events, end %" PRIu64
                  " and %" PRIu64 ", '%s' and '%s'\n",
                  seed, (int)fast->run.status, (int)stepped->run.status, fast->fixture.event_count,
                  stepped->fixture.event_count, fast->end_cycle, stepped->end_cycle, fast->error,
                  stepped->error);
    for (unsigned i = 0; at != SIZE_MAX && i < 2; i++) {
        const struct fixture *fixture = i ? &stepped->fixture : &fast->fixture;
        if (at < fixture->event_count)
            print_message("  %s: event %zu: cycle %" PRIu64 " core %u kind %u sequence %u\n",
                          i ? "stepped" : "fast", at, fixture->events[at].cycle, fixture->events[at].core,
                          fixture->events[at].kind, fixture->events[at].sequence);
    }
}

/* What the machines are drawn for: how often it happened, over all runs. */
struct happened {
    uint64_t third_level_hits, fourth_level_hits, moved, included, walk_cache_hits, conflicts, no_walks,
        unfilled, restarted, interrupts, shared_hits, large_pages, wide_fetches, marks, refused, high,
        range_hits;
};

static void count_core(struct happened *happened, const struct mmu_config *config,
                       const struct core_counters *counters)
{
    happened->range_hits += counters->misses.range_hits;
    happened->third_level_hits += counters->misses.hits[2];
    happened->fourth_level_hits += counters->misses.hits[3];
    happened->conflicts += counters->accesses.conflicts;
    happened->no_walks += counters->misses.no_walk;
    happened->unfilled += counters->walker.unfilled;
    happened->restarted += counters->walker.restarted;
    happened->interrupts += counters->invalidations.interrupts;
    for (uint64_t i = 0; i < config->tlb_count; i++)
        happened->shared_hits += config->tlbs[i].shared ? counters->arrays[i].hits : 0;
    for (uint64_t i = 0; i < config->walk_cache_count; i++)
        happened->walk_cache_hits += counters->arrays[config->tlb_count + i].hits;
}

static void count_run(struct happened *happened, const struct fixture *fixture)
{
    const struct mmu_config *config = machine_config(fixture->machine);
    for (unsigned i = 0; i < config->cores; i++)
        count_core(happened, config, machine_counters(fixture->machine, i));
    for (size_t i = 0; i < fixture->event_count; i++) {
        const struct mmu_event *event = &fixture->events[i];
        const struct event_translation *access = &event->as.translation;
        if (event->kind == EVENT_TRANSLATION) {
            happened->refused += access->fault == FAULT_PERMISSION &&
                                 access->rights & ACCESS_RIGHT(access->privilege, access->access_kind);
            happened->high += access->space == 3 && access->fault == FAULT_NONE;
        }
        happened->marks += event->kind == EVENT_ENTRY_WRITE && event->as.entry_write.walk != 0 &&
                           event->as.entry_write.new_value & EAGER_MARK;
        happened->wide_fetches += event->kind == EVENT_WALK_STEP && i > 0 &&
                                  event[-1].kind == EVENT_WALK_STEP &&
                                  event->as.walk_step.pa == event[-1].as.walk_step.pa + 8;
        if (event->kind != EVENT_TLB_ENTRY)
            continue;
        happened->moved += event->as.tlb_entry.end == ENTRY_END_MOVED;
        happened->included += event->as.tlb_entry.end == ENTRY_END_INCLUSION;
        happened->large_pages +=
            event->as.tlb_entry.holds == HOLDS_TRANSLATION && event->as.tlb_entry.frame.size_lg2 > 12;
    }
}

/* None of it is rare: at least so often a run. */
static void assert_happened(const struct happened *happened, uint64_t runs)
{
    assert_true(happened->third_level_hits > runs / 2 && happened->fourth_level_hits > runs / 10);
    assert_true(happened->moved > runs / 4 && happened->included > runs);
    assert_true(happened->walk_cache_hits > 10 * runs && happened->shared_hits > runs / 4);
    assert_true(happened->conflicts > runs / 20 && happened->large_pages > runs);
    assert_true(happened->no_walks > runs && happened->unfilled > runs / 8);
    assert_true(happened->restarted > runs / 50 && happened->interrupts > 10 * runs);
    assert_true(happened->wide_fetches > 10 * runs && happened->marks > runs / 4);
    assert_true(happened->refused > runs / 10 && happened->high > runs / 20 &&
                happened->range_hits > runs / 20);
}

static void fast_runs_equal_stepped_runs(void **state)
{
    (void)state;
    const char *replay = getenv("MMUSIM_SEED");
    uint64_t first = replay ? strtoull(replay, NULL, 0) : 1;
    uint64_t runs = replay ? 1 : runs_wanted();
    uint64_t events = 0, faults = 0;
    struct happened happened = {0};
    for (uint64_t seed = first; seed < first + runs; seed++) {
        struct outcome fast, stepped;
        run_once(seed, machine_advance, NULL, &fast);
        run_once(seed, machine_advance_stepped, NULL, &stepped);
        if (!equal(&fast, &stepped)) {
            explain(seed, &fast, &stepped);
            fail();
        }
        assert_int_equal(fast.run.status, MACHINE_DONE);
        assert_true(fast.fixture.ordered);
        events += fast.fixture.event_count;
        faults += fast.run.faults;
        count_run(&happened, &fast.fixture);
        fixture_close(&fast.fixture);
        fixture_close(&stepped.fixture);
    }
    print_message("%" PRIu64 " runs from seed %" PRIu64 ", %" PRIu64 " events, %" PRIu64 " faults\n", runs,
                  first, events, faults);
    assert_true(events > 100 * runs);
    if (runs >= 100)
        assert_happened(&happened, runs);
}

/* Runs the fast scheduler with a control and counts the runs in which something is seen. */
static unsigned seen_with(const struct machine_controls *controls, unsigned *causality)
{
    unsigned seen = 0;
    *causality = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct outcome fast, stepped;
        run_once(seed, machine_advance, controls, &fast);
        run_once(seed, machine_advance_stepped, NULL, &stepped);
        *causality += strstr(fast.error, "causality") != NULL;
        seen += !equal(&fast, &stepped);
        fixture_close(&fast.fixture);
        fixture_close(&stepped.fixture);
    }
    return seen;
}

static void ties_in_reversed_order_are_seen(void **state)
{
    (void)state;
    struct machine_controls controls = {.reverse_ties = true};
    unsigned causality;
    assert_true(seen_with(&controls, &causality) > 0);
}

static void a_look_ahead_too_long_is_seen(void **state)
{
    (void)state;
    struct machine_controls controls = {.extra_look_ahead = 5};
    unsigned causality;
    assert_true(seen_with(&controls, &causality) > 0);
    assert_true(causality > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fast_runs_equal_stepped_runs),
        cmocka_unit_test(ties_in_reversed_order_are_seen),
        cmocka_unit_test(a_look_ahead_too_long_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
