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

/* A walk for the access, without time or caches; what hardware would change is taken as changed. */
static enum two_stage_status walk_for(const struct fixture *fixture, const struct event_translation *access,
                                      const struct access_controls *controls, struct two_stage_walk *walk)
{
    const struct two_stage_regime *regime = fixture->contexts[access->space - 1].two_stage;
    const struct two_stage_access of = {*controls, ACCESS_RIGHT(access->privilege, access->access_kind)};
    enum two_stage_status status = two_stage_start(walk, regime, access->va, &of);
    while (status != TWO_STAGE_LEAF && status != TWO_STAGE_FAULT) {
        uint64_t words[WALK_WORDS_MAX];
        for (unsigned i = 0; status == TWO_STAGE_FETCH && i < walk->fetches; i++)
            for (unsigned word = 0; word < walk->fetch_words; word++)
                assert_true(machine_peek(fixture->machine, walk->fetch[i] + 8 * word,
                                         &words[i * walk->fetch_words + word]));
        status = status == TWO_STAGE_FETCH    ? two_stage_resume(walk, words)
                 : status == TWO_STAGE_UPDATE ? two_stage_updated(walk)
                                              : two_stage_walk_stage2(walk, NULL);
    }
    return status;
}

static bool is_allowed(const struct two_stage_walk *walk)
{
    const struct translation_regime *stage1 = walk->regime->stage1;
    return walk_allowed(stage1->format, &walk->access.controls, walk->leaf.rights_when_dirty,
                        walk->leaf.frame.attributes) &
           walk->access.right;
}

static struct expected expect(const struct fixture *fixture, const struct event_translation *access,
                              const struct access_controls *controls)
{
    struct two_stage_walk walk;
    enum two_stage_status status = walk_for(fixture, access, controls, &walk);
    bool found = status == TWO_STAGE_LEAF;
    if (found && !is_allowed(&walk))
        status = two_stage_refuse(&walk, walk.access.right);
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
    /* stage 1 has refused it before there was a page of both, or a TLB that has one did */
    if (walk.fault.stage == 1 && walk.fault.kind == FAULT_PERMISSION)
        expected.size_lg2 = access->page_size_lg2;
    return expected;
}

static bool is_as_expected(const struct event_translation *access, const struct expected *expected)
{
    return access->pa == expected->pa && access->fault == expected->fault.kind &&
           access->fault_level == expected->fault.level && access->fault_stage == expected->fault.stage &&
           access->fault_ipa == expected->fault.ipa && access->page_size_lg2 == expected->size_lg2;
}

/* A store may be told long after its issue, behind a change of the controls. */
static const struct access_controls *controls_at_issue(const struct fixture *fixture,
                                                       const struct mmu_event *access)
{
    const struct mmu_event *event = access;
    while (event->kind != EVENT_CONTEXT || event->core != access->core ||
           event->cycle > access->as.translation.issue_cycle)
        assert_true(event-- > fixture->events);
    return &event->as.context.controls;
}

static uint64_t check_accesses(uint64_t seed, const struct fixture *fixture)
{
    uint64_t faults = 0;
    for (size_t i = 0; i < fixture->event_count; i++) {
        const struct mmu_event *event = &fixture->events[i];
        const struct event_translation *access = &event->as.translation;
        if (event->kind != EVENT_TRANSLATION)
            continue;
        struct expected expected = expect(fixture, access, controls_at_issue(fixture, event));
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
