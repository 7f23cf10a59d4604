/*
 * Random guests whose tables stay as they are: whatever TLBs and walk caches there are, and whatever is
 * invalidated meanwhile, every access has what both tables say, by a walk without time or caches.
 *
 * MMUSIM_SEED replays one run; MMUSIM_RUNS says how many.
 */
#include <inttypes.h>

#include "mmu/test/guest_fixture.h"

#define RUNS  200u
#define STEPS 80u

static bool peek(void *context, uint64_t pa, uint64_t *value)
{
    return machine_peek(context, pa, value);
}

/* What changes memory is left out. */
static void keep_tables(struct script *script)
{
    static const struct core_operation wait = {.kind = CORE_WAIT, .cycles = 7};
    for (unsigned i = 0; i < script->count; i++) {
        struct core_operation *operation = &script->steps[i].operation;
        bool writes = operation->kind == CORE_WRITE || operation->kind == CORE_COMPARE_EXCHANGE ||
                      operation->kind == CORE_CLEAR;
        if (!script->steps[i].rendezvous && writes)
            *operation = wait;
    }
}

/* Stores of data go to pages of data: no table is mapped for the guest's accesses. */
static void play(uint64_t seed, struct fixture *fixture)
{
    struct script scripts[MMU_CORES_MAX];
    uint64_t state = seed;
    draw_run(&state, OBSERVE_ALL, STEPS, fixture, scripts);
    unsigned cores = (unsigned)machine_config(fixture->machine)->cores;
    for (unsigned i = 0; i < cores; i++)
        keep_tables(&scripts[i]);
    assert_int_equal(script_run(fixture, scripts, machine_advance).status, MACHINE_DONE);
    assert_int_equal(machine_finish(fixture->machine), 0);
    for (unsigned i = 0; i < cores; i++)
        script_free(&scripts[i]);
}

struct expected {
    struct two_stage_fault fault;
    uint64_t pa;
    unsigned size_lg2;
};

static struct expected expect(const struct fixture *fixture, const struct event_translation *access)
{
    const struct memory_reader memory = {peek, fixture->machine};
    unsigned right = ACCESS_RIGHT(access->privilege, access->access_kind);
    struct two_stage_walk walk;
    enum two_stage_status status =
        two_stage_address(fixture->contexts[access->space - 1].two_stage, &memory, access->va, &walk);
    bool found = status == TWO_STAGE_LEAF;
    if (found && !(walk.leaf.rights_when_dirty & right))
        status = two_stage_refuse(&walk, right);
    struct expected expected = {.size_lg2 = found ? walk.leaf.frame.size_lg2 : 0};
    if (status == TWO_STAGE_LEAF) {
        expected.pa = walk.leaf.frame.base + (access->va - walk.leaf.va);
        expected.fault.ipa = EVENT_NEVER;
        return expected;
    }
    expected.fault = walk.fault;
    /* a stage 1 fault has none; nor has a page that is there and does not permit the access */
    if (walk.fault.stage == 1 || found)
        expected.fault.ipa = EVENT_NEVER;
    return expected;
}

static bool is_as_expected(const struct event_translation *access, const struct expected *expected)
{
    return access->pa == expected->pa && access->fault == expected->fault.kind &&
           access->fault_level == expected->fault.level && access->fault_stage == expected->fault.stage &&
           access->fault_ipa == expected->fault.ipa && access->page_size_lg2 == expected->size_lg2;
}

static uint64_t check_accesses(uint64_t seed, const struct fixture *fixture)
{
    uint64_t faults = 0;
    for (size_t i = 0; i < fixture->event_count; i++) {
        const struct mmu_event *event = &fixture->events[i];
        const struct event_translation *access = &event->as.translation;
        if (event->kind != EVENT_TRANSLATION)
            continue;
        struct expected expected = expect(fixture, access);
        faults += access->fault != FAULT_NONE;
        if (!is_as_expected(access, &expected))
            fail_msg("MMUSIM_SEED=%" PRIu64 ": core %u, cycle %" PRIu64 ", access of 0x%" PRIx64
                     ": pa 0x%" PRIx64 ", fault %u of stage %u, level %u; but pa 0x%" PRIx64
                     ", fault %u of stage %u, level %u",
                     seed, event->core, event->cycle, access->va, access->pa, access->fault,
                     access->fault_stage, access->fault_level, expected.pa, expected.fault.kind,
                     expected.fault.stage, expected.fault.level);
    }
    return faults;
}

static void every_access_has_what_both_tables_say(void **state)
{
    const char *replay = getenv("MMUSIM_SEED"), *wanted = getenv("MMUSIM_RUNS");
    uint64_t first = replay ? strtoull(replay, NULL, 0) : 1;
    uint64_t runs = replay ? 1 : wanted ? strtoull(wanted, NULL, 0) : RUNS;
    uint64_t guests = 0, faults = 0;
    (void)state;
    print_message("%" PRIu64 " runs from MMUSIM_SEED=%" PRIu64 "\n", runs, first);
    for (uint64_t seed = first; seed < first + runs; seed++) {
        struct fixture fixture;
        play(seed, &fixture);
        if (fixture.guest) {
            guests++;
            faults += check_accesses(seed, &fixture);
        }
        fixture_close(&fixture);
    }
    print_message("%" PRIu64 " guests, %" PRIu64 " faults\n", guests, faults);
    assert_true(replay || (guests > runs / 4 && faults > guests));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_access_has_what_both_tables_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
