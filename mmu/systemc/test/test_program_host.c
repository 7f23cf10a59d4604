/*
 * Programs as SystemC threads: who runs when, how a run ends, and how it is given up. Each in both modes.
 */
#include "mmu/systemc/program_host.h"
#include "mmu/systemc/test/child.h"
#include "mmu/test/machine_fixture.h"

#define CALLS_MAX 256u

/* What bodies did: which core was asked, and when. */
struct call {
    uint64_t cycle;
    unsigned core;
};

struct report {
    enum machine_status status;
    bool second_host;
    bool stopping;
    unsigned calls, ended, refused; /* refused: an operation was answered with NULL */
    struct call call[CALLS_MAX];
    uint64_t end_cycle;
    uint64_t loads[MMU_CORES_MAX];
    char error[256];
};

struct scene {
    struct fixture fixture;
    struct program_host *host;
    enum host_mode mode;
    program_body body; /* of every core */
    unsigned programs;
    struct report report;
};

static const struct core_result *perform(struct scene *scene, unsigned core,
                                         const struct core_operation *operation)
{
    const struct core_result *result = program_host_do(scene->host, core, operation);
    struct report *report = &scene->report;
    if (!result)
        report->refused++;
    else if (report->calls < CALLS_MAX)
        report->call[report->calls++] = (struct call){machine_now(scene->fixture.machine, core), core};
    return result;
}

static bool wait_cycles(struct scene *scene, unsigned core, uint64_t cycles)
{
    struct core_operation operation = {.kind = CORE_WAIT, .cycles = cycles};
    return perform(scene, core, &operation) != NULL;
}

static bool switch_space(struct scene *scene, unsigned core)
{
    struct core_operation operation = {.kind = CORE_SWITCH, .context = &scene->fixture.contexts[0]};
    return perform(scene, core, &operation) != NULL;
}

static void play(void *argument, FILE *out)
{
    struct scene *scene = argument;
    struct report *report = &scene->report;
    struct machine *machine = scene->fixture.machine;
    scene->host = program_host_create(machine, scene->mode);
    for (unsigned i = 0; i < scene->programs; i++)
        program_host_add(scene->host, i, scene->body, scene);
    report->status = program_host_run(scene->host);
    report->stopping = program_host_stopping(scene->host);
    report->second_host = program_host_create(machine, scene->mode) != NULL;
    report->end_cycle = machine_end_cycle(machine);
    if (machine_error(machine))
        snprintf(report->error, sizeof report->error, "%s", machine_error(machine));
    program_host_destroy(scene->host);
    fwrite(report, sizeof *report, 1, out);
}

static struct report act(enum host_mode mode, unsigned programs, program_body body)
{
    struct scene scene = {.mode = mode, .body = body, .programs = programs};
    struct mmu_config config;
    struct recording recording;
    struct report report;
    mmu_config_defaults(&config);
    config.memory_bytes = UINT64_C(64) << 20;
    config.cores = 4;
    fixture_open(&scene.fixture, &config, OBSERVE_NOTHING);
    run_in_child(play, &scene, &recording);
    assert_int_equal(recording.count, sizeof report);
    memcpy(&report, recording.bytes, sizeof report);
    recording_free(&recording);
    fixture_close(&scene.fixture);
    return report;
}

static enum host_mode mode_of(void **state)
{
    return **(const enum host_mode **)state;
}

/* ---- bodies -------------------------------------------------------------------------------------- */

static void waits_by_its_number(void *context, unsigned core)
{
    struct scene *scene = context;
    for (unsigned i = 0; i < 12; i++)
        if (!wait_cycles(scene, core, 3 + core % 2))
            return;
    scene->report.ended++;
}

static void parks(void *context, unsigned core)
{
    struct scene *scene = context;
    struct core_operation park = {.kind = CORE_PARK};
    if (wait_cycles(scene, core, 5 + core) && perform(scene, core, &park))
        scene->report.ended++;
}

/* The last one lets all others go on, each at a cycle of its own. */
static void parks_and_is_woken(void *context, unsigned core)
{
    struct scene *scene = context;
    struct core_operation park = {.kind = CORE_PARK};
    if (core < 3) {
        if (perform(scene, core, &park))
            scene->report.ended++;
        return;
    }
    if (!wait_cycles(scene, core, 100))
        return;
    for (unsigned i = 0; i < 3; i++)
        machine_unpark(scene->fixture.machine, i, machine_now(scene->fixture.machine, core) + 10 - i);
    scene->report.ended++;
}

/* Core 0 gives the run up while the others have work for a very long time. */
static void stops_the_run(void *context, unsigned core)
{
    struct scene *scene = context;
    char error[256];
    struct stream_config config = {.pattern = STREAM_SEQUENTIAL,
                                   .base = FIXTURE_BASE,
                                   .region_bytes = FIXTURE_PAGES * FIXTURE_PAGE,
                                   .accesses = UINT64_C(1) << 50};
    if (core == 0) {
        if (!wait_cycles(scene, core, 500))
            return;
        program_host_stop(scene->host);
        (void)wait_cycles(scene, core, 1);
        return;
    }
    struct stream *stream = stream_open(&config, error, sizeof error);
    struct core_operation run = {.kind = CORE_STREAM, .data_mode = DATA_NONE, .stream = stream};
    if (switch_space(scene, core) && perform(scene, core, &run))
        scene->report.ended++;
    stream->close(stream);
}

static void forgets_its_address_space(void *context, unsigned core)
{
    struct scene *scene = context;
    struct core_operation load = {.kind = CORE_ACCESS, .address = FIXTURE_BASE, .size_bytes = 8};
    if (wait_cycles(scene, core, core == 2 ? 50 : 1000) && (core != 2 || perform(scene, core, &load)))
        scene->report.ended++;
}

static void wakes_nobody(void *context, unsigned core)
{
    struct scene *scene = context;
    if (!wait_cycles(scene, core, 10))
        return;
    if (core == 1)
        machine_unpark(scene->fixture.machine, 0, 1000);
    if (wait_cycles(scene, core, 10))
        scene->report.ended++;
}

/* Core 0 ends at once, the others load what lies at their own address. */
static void ends_early_or_loads(void *context, unsigned core)
{
    struct scene *scene = context;
    if (core != 0) {
        uint64_t va = fixture_va(core);
        struct core_operation store = {.kind = CORE_ACCESS,
                                       .access_kind = ACCESS_STORE,
                                       .address = va,
                                       .size_bytes = 8,
                                       .value = 1000 + core};
        struct core_operation load = {.kind = CORE_ACCESS, .address = va, .size_bytes = 8};
        if (!switch_space(scene, core) || !perform(scene, core, &store))
            return;
        const struct core_result *result = perform(scene, core, &load);
        scene->report.loads[core] = result ? result->value : 0;
    }
    scene->report.ended++;
}

/* ---- tests --------------------------------------------------------------------------------------- */

static void programs_are_asked_in_order_of_cycle_and_core(void **state)
{
    struct report report = act(mode_of(state), 4, waits_by_its_number);
    assert_int_equal(report.status, MACHINE_DONE);
    assert_int_equal(report.ended, 4);
    assert_int_equal(report.calls, 4 * 12);
    for (unsigned i = 1; i < report.calls; i++) {
        const struct call *before = &report.call[i - 1], *call = &report.call[i];
        assert_true(before->cycle < call->cycle ||
                    (before->cycle == call->cycle && before->core < call->core));
    }
}

static void one_program_is_enough(void **state)
{
    struct report report = act(mode_of(state), 1, waits_by_its_number);
    assert_int_equal(report.status, MACHINE_DONE);
    assert_int_equal(report.ended, 1);
    assert_int_equal(report.end_cycle, 12 * 3);
}

static void no_program_is_a_run_of_nothing(void **state)
{
    struct report report = act(mode_of(state), 0, waits_by_its_number);
    assert_int_equal(report.status, MACHINE_DONE);
    assert_int_equal(report.end_cycle, 0);
}

static void a_process_has_one_host(void **state)
{
    struct report report = act(mode_of(state), 1, waits_by_its_number);
    assert_false(report.second_host);
}

static void the_others_go_on_when_a_program_ends(void **state)
{
    struct report report = act(mode_of(state), 4, ends_early_or_loads);
    assert_int_equal(report.status, MACHINE_DONE);
    assert_int_equal(report.ended, 4);
    for (unsigned i = 1; i < 4; i++)
        assert_int_equal(report.loads[i], 1000 + i);
}

static void a_parked_program_goes_on_when_it_was_told_to(void **state)
{
    struct report report = act(mode_of(state), 4, parks_and_is_woken);
    assert_int_equal(report.status, MACHINE_DONE);
    assert_int_equal(report.ended, 4);
    assert_int_equal(report.calls, 4);
    for (unsigned i = 1; i < 4; i++) { /* the third was told the earliest cycle */
        assert_int_equal(report.call[i].core, 3 - i);
        assert_int_equal(report.call[i].cycle, 100 + 10 - (3 - i));
    }
}

static void programs_that_all_park_are_a_deadlock(void **state)
{
    struct report report = act(mode_of(state), 2, parks);
    assert_int_equal(report.status, MACHINE_DEADLOCK);
    assert_int_equal(report.ended, 0);
    assert_int_equal(report.refused, 2);
    assert_string_equal(report.error, "");
}

static void a_stopped_run_ends_whatever_is_under_way(void **state)
{
    struct report report = act(mode_of(state), 4, stops_the_run);
    assert_int_equal(report.status, MACHINE_ERROR);
    assert_true(report.stopping);
    assert_int_equal(report.ended, 0);
    assert_int_equal(report.refused, 4);
    assert_string_equal(report.error, "");
}

static void an_operation_that_makes_no_sense_ends_the_run(void **state)
{
    struct report report = act(mode_of(state), 4, forgets_its_address_space);
    assert_int_equal(report.status, MACHINE_ERROR);
    assert_int_equal(report.ended, 0);
    assert_int_equal(report.refused, 4);
    assert_string_equal(report.error, "core 3: an access was posted for a core without an address space");
}

static void an_error_between_operations_ends_the_run(void **state)
{
    struct report report = act(mode_of(state), 2, wakes_nobody);
    assert_int_equal(report.status, MACHINE_ERROR);
    assert_int_equal(report.ended, 0);
    assert_string_equal(report.error, "core 1 is not parked");
}

static const enum host_mode fast = HOST_FAST, lockstep = HOST_LOCKSTEP;

#define IN_BOTH_MODES(test)                                                                                  \
    {#test " (fast)", test, NULL, NULL, (void *)(uintptr_t)&fast},                                           \
    {                                                                                                        \
#test " (lock-step)", test, NULL, NULL, (void *)(uintptr_t)&lockstep                                 \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH_MODES(programs_are_asked_in_order_of_cycle_and_core),
        IN_BOTH_MODES(one_program_is_enough),
        IN_BOTH_MODES(no_program_is_a_run_of_nothing),
        IN_BOTH_MODES(a_process_has_one_host),
        IN_BOTH_MODES(the_others_go_on_when_a_program_ends),
        IN_BOTH_MODES(a_parked_program_goes_on_when_it_was_told_to),
        IN_BOTH_MODES(programs_that_all_park_are_a_deadlock),
        IN_BOTH_MODES(a_stopped_run_ends_whatever_is_under_way),
        IN_BOTH_MODES(an_operation_that_makes_no_sense_ends_the_run),
        IN_BOTH_MODES(an_error_between_operations_ends_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
