/*
 * Delivery: a run's events are told while it goes on, so that their number does not bound its length.
 */
#include "mmu/test/machine_fixture.h"

#define ACCESSES 400000u
#define LAG_MAX  (ACCESSES / 3)

struct listener {
    const struct machine *machine;
    uint64_t events, greatest_lag, last_cycle;
    bool ordered;
};

/* How far the first core had come when the event was told. */
static int listen(void *context, const struct mmu_event *event)
{
    struct listener *listener = context;
    uint64_t now = machine_now(listener->machine, 0);
    uint64_t lag = now > event->cycle ? now - event->cycle : 0;
    listener->ordered &= event->cycle >= listener->last_cycle;
    listener->last_cycle = event->cycle;
    listener->greatest_lag = lag > listener->greatest_lag ? lag : listener->greatest_lag;
    listener->events++;
    return 0;
}

/* A stream of hits on core 0, and programs on the others that end at once. */
static struct listener run_stream(unsigned cores, advance_function advance)
{
    struct fixture fixture;
    struct mmu_config config;
    const struct stream_config description = {
        .base = fixture_va(0), .region_bytes = FIXTURE_PAGE, .accesses = ACCESSES};
    char error[256];
    unsigned core, posted = 0;
    mmu_config_defaults(&config);
    config.cores = cores;
    config.memory_bytes = UINT64_C(64) << 20;
    fixture_open(&fixture, &config, OBSERVE_NOTHING);
    struct listener listener = {.machine = fixture.machine, .ordered = true};
    struct mmu_observer observer = {listen, &listener};
    assert_true(machine_observe(fixture.machine, &observer, true));
    struct stream *stream = stream_open(&description, error, sizeof error);
    assert_non_null(stream);
    const struct core_operation operations[] = {
        {.kind = CORE_SWITCH, .context = &fixture.contexts[0]},
        {.kind = CORE_STREAM, .data_mode = DATA_NONE, .privilege = PRIVILEGE_KERNEL, .stream = stream}};
    for (unsigned i = 0; i < cores; i++)
        machine_add_program(fixture.machine, i);
    while (advance(fixture.machine, &core) == MACHINE_PROGRAM) {
        assert_int_equal(machine_result(fixture.machine, core)->fault, FAULT_NONE);
        if (core == 0 && posted < 2)
            machine_post(fixture.machine, core, &operations[posted++]);
        else
            machine_end_program(fixture.machine, core);
    }
    assert_null(machine_error(fixture.machine));
    assert_int_equal(machine_finish(fixture.machine), 0);
    stream->close(stream);
    fixture_close(&fixture);
    return listener;
}

static void events_are_told_while_a_stream_runs(void **state)
{
    const advance_function advances[] = {machine_advance, machine_advance_stepped};
    (void)state;
    for (unsigned i = 0; i < 2; i++)
        for (unsigned cores = 1; cores <= 3; cores += 2) {
            struct listener listener = run_stream(cores, advances[i]);
            assert_true(listener.ordered);
            assert_true(listener.events >= ACCESSES);
            assert_true(listener.greatest_lag < LAG_MAX);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_told_while_a_stream_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
