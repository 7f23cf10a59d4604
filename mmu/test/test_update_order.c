/*
 * Entries that walks change, on random machines with random programs: no change by a walk that began to read
 * before an invalidation of its address arrived becomes visible behind that core's acknowledgement. By then
 * the table may be somebody else's memory.
 *
 * MMUSIM_SEED replays one run; MMUSIM_RUNS says how many.
 */
#include <inttypes.h>

#include "mmu/test/guest_fixture.h"

#define RUNS  150u
#define STEPS 60u

struct run {
    struct fixture fixture;
    uint64_t updates, pairs; /* changes; and those with an acknowledgement that they had to precede */
};

static const struct mmu_event *event_of(const struct run *run, enum event_kind kind, uint64_t id)
{
    for (size_t i = 0; i < run->fixture.event_count; i++) {
        const struct mmu_event *event = &run->fixture.events[i];
        if (event->kind == kind && (kind == EVENT_WALK ? event->as.walk.id : event->as.invalidation.id) == id)
            return event;
    }
    return NULL;
}

static uint64_t first_read(const struct run *run, uint64_t walk)
{
    for (size_t i = 0; i < run->fixture.event_count; i++) {
        const struct mmu_event *event = &run->fixture.events[i];
        if (event->kind == EVENT_WALK_STEP && event->as.walk_step.walk == walk)
            return event->as.walk_step.request_cycle;
    }
    return EVENT_NEVER;
}

/* Of what the walk read, at the least: of a guest, all stage-2 invalidations count. */
static bool concerns(const struct event_walk *walk, const struct invalidation *what)
{
    uint64_t last = what->va + (what->size_bytes ? what->size_bytes - 1 : 0);
    if (what->vmid != walk->vmid)
        return false;
    switch (what->scope) {
    case INVALIDATE_VA:
        return what->asid == walk->asid && what->va <= walk->va && walk->va <= last;
    case INVALIDATE_VA_ALL_ASIDS:
        return what->va <= walk->va && walk->va <= last;
    case INVALIDATE_ASID:
        return what->asid == walk->asid;
    case INVALIDATE_IPA:
        return walk->vmid != 0;
    default:
        return true;
    }
}

static void check_update(uint64_t seed, struct run *run, const struct mmu_event *update)
{
    const struct event_entry_write *write = &update->as.entry_write;
    const struct mmu_event *walk = event_of(run, EVENT_WALK, write->walk);
    uint64_t begun = first_read(run, write->walk);
    assert_non_null(walk);
    run->updates++;
    for (size_t i = 0; i < run->fixture.event_count; i++) {
        const struct event_acknowledgement *answer = &run->fixture.events[i].as.acknowledgement;
        if (run->fixture.events[i].kind != EVENT_ACKNOWLEDGEMENT || answer->target != update->core ||
            begun >= answer->arrive_cycle || walk->cycle <= answer->arrive_cycle)
            continue;
        const struct mmu_event *issued = event_of(run, EVENT_INVALIDATION, answer->invalidation);
        if (!concerns(&walk->as.walk, &issued->as.invalidation.what))
            continue;
        run->pairs++;
        if (write->visible_cycle >= answer->acknowledge_cycle)
            fail_msg("MMUSIM_SEED=%" PRIu64 ": core %u changed 0x%" PRIx64 " at cycle %" PRIu64
                     ", behind its acknowledgement at cycle %" PRIu64,
                     seed, update->core, write->pa, write->visible_cycle, answer->acknowledge_cycle);
    }
}

static void play(uint64_t seed, struct run *run)
{
    struct script scripts[MMU_CORES_MAX];
    uint64_t state = seed;
    draw_run(&state, OBSERVE_MISSES, STEPS, &run->fixture, scripts);
    assert_int_equal(script_run(&run->fixture, scripts, machine_advance).status, MACHINE_DONE);
    assert_int_equal(machine_finish(run->fixture.machine), 0);
    for (unsigned i = 0; i < machine_config(run->fixture.machine)->cores; i++)
        script_free(&scripts[i]);
}

static void no_change_comes_behind_an_acknowledgement(void **state)
{
    const char *replay = getenv("MMUSIM_SEED"), *wanted = getenv("MMUSIM_RUNS");
    uint64_t first = replay ? strtoull(replay, NULL, 0) : 1;
    uint64_t runs = replay ? 1 : wanted ? strtoull(wanted, NULL, 0) : RUNS;
    uint64_t updates = 0, pairs = 0;
    (void)state;
    for (uint64_t seed = first; seed < first + runs; seed++) {
        struct run run = {.updates = 0};
        play(seed, &run);
        for (size_t i = 0; i < run.fixture.event_count; i++)
            if (run.fixture.events[i].kind == EVENT_ENTRY_WRITE && run.fixture.events[i].as.entry_write.walk)
                check_update(seed, &run, &run.fixture.events[i]);
        updates += run.updates;
        pairs += run.pairs;
        fixture_close(&run.fixture);
    }
    print_message("%" PRIu64 " runs from MMUSIM_SEED=%" PRIu64 ", %" PRIu64 " changes, %" PRIu64
                  " while an invalidation was there\n",
                  runs, first, updates, pairs);
    assert_true(replay || (updates > runs && pairs > runs / 20));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_change_comes_behind_an_acknowledgement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
