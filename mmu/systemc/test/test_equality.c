/*
 * Programs as SystemC threads, fast and in lock-step, and as foreign initiators of the machine's module, give
 * the same events, counters and end as the stepped reference, to the last byte, on random machines with
 * random programs.
 *
 * MMUSIM_SEED replays one run; MMUSIM_RUNS says how many.
 */
#include <inttypes.h>

#include "mmu/systemc/test/scripted.h"

#define RUNS 300u

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 0) : otherwise;
}

/* A waiting initiator's core has no program, so that its adversary rests; a program's wait is time for it to
 * act.
 */
static bool is_comparable(const struct scripted_run *run)
{
    return !run->initiators || run->config.adversary_period_cycles == 0;
}

static void runs_equal_the_stepped_reference(enum driver driver)
{
    bool initiators = driver == DRIVE_MODULE;
    uint64_t first = from_environment("MMUSIM_SEED", 1);
    uint64_t runs = getenv("MMUSIM_SEED") ? 1 : from_environment("MMUSIM_RUNS", RUNS);
    uint64_t events = 0, faults = 0, compared = 0;
    for (uint64_t seed = first; seed < first + runs; seed++) {
        struct scripted_run stepped = {.driver = DRIVE_STEPPED, .initiators = initiators};
        struct scripted_run hosted = {.driver = driver, .initiators = initiators};
        struct recording wanted, got;
        scripted_record(&stepped, seed, &wanted);
        scripted_record(&hosted, seed, &got);
        if (is_comparable(&hosted) && !recording_equal(&wanted, &got)) {
            scripted_explain(seed, &wanted, &got);
            fail();
        }
        compared += is_comparable(&hosted);
        struct scripted_summary summary = scripted_summary(&got);
        assert_int_equal(summary.run.status, MACHINE_DONE);
        assert_true(summary.ordered);
        events += summary.events;
        faults += summary.run.faults;
        recording_free(&wanted);
        recording_free(&got);
    }
    print_message("%" PRIu64 " runs from seed %" PRIu64 ", %" PRIu64 " events, %" PRIu64 " faults\n", runs,
                  first, events, faults);
    assert_true(events > 100 * runs);
    assert_true(compared > 0 || runs == 1);
}

static void lockstep_runs_equal_stepped_runs(void **state)
{
    (void)state;
    runs_equal_the_stepped_reference(DRIVE_LOCKSTEP);
}

static void fast_runs_equal_stepped_runs(void **state)
{
    (void)state;
    runs_equal_the_stepped_reference(DRIVE_FAST);
}

static void foreign_initiators_equal_stepped_runs(void **state)
{
    (void)state;
    runs_equal_the_stepped_reference(DRIVE_MODULE);
}

static void *reverse_ties(struct scripted_run *run)
{
    machine_set_controls(run->fixture.machine, &(struct machine_controls){.reverse_ties = true});
    return NULL;
}

/* The comparison is one that can fail: ties in another order are seen in lock-step too. */
static void ties_in_reversed_order_are_seen(void **state)
{
    unsigned seen = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct scripted_run right = {.driver = DRIVE_STEPPED};
        struct scripted_run wrong = {.driver = DRIVE_LOCKSTEP, .before = reverse_ties};
        struct recording wanted, got;
        scripted_record(&right, seed, &wanted);
        scripted_record(&wrong, seed, &got);
        seen += !recording_equal(&wanted, &got);
        recording_free(&wanted);
        recording_free(&got);
    }
    assert_true(seen > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lockstep_runs_equal_stepped_runs),
        cmocka_unit_test(foreign_initiators_equal_stepped_runs),
        cmocka_unit_test(fast_runs_equal_stepped_runs),
        cmocka_unit_test(ties_in_reversed_order_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
