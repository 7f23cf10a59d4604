/*
 * What a program may not ask for: the machine stops with one sentence. And how runs end.
 */
#include "mmu/test/rig.h"

/* The error that the operation gives, posted by core 0 in its turn; "" if it is fine. */
static void posted(const struct core_operation *operation, bool with_space, char error[256])
{
    struct rig rig;
    unsigned core;
    rig_defaults(&rig);
    rig_open(&rig);
    if (with_space) {
        rig_begin(&rig);
    } else {
        machine_add_program(rig.fixture.machine, 0);
        assert_int_equal(machine_advance(rig.fixture.machine, &core), MACHINE_PROGRAM);
    }
    machine_post(rig.fixture.machine, 0, operation);
    enum machine_status status = machine_advance(rig.fixture.machine, &core);
    const char *told = machine_error(rig.fixture.machine);
    assert_int_equal(status, told ? MACHINE_ERROR : MACHINE_PROGRAM);
    snprintf(error, 256, "%s", told ? told : "");
    rig_close(&rig);
}

static void assert_refused(struct core_operation operation, const char *why)
{
    char error[256];
    posted(&operation, true, error);
    assert_string_equal(error, why);
}

static void assert_fine(struct core_operation operation)
{
    assert_refused(operation, "");
}

static void an_access_needs_an_address_space(void **state)
{
    struct core_operation access = op_access(ACCESS_LOAD, DATA_NONE, fixture_va(1));
    char error[256];
    (void)state;
    assert_fine(access);
    posted(&access, false, error);
    assert_string_equal(error, "core 1: an access was posted for a core without an address space");
}

static void an_access_has_1_to_64_bytes(void **state)
{
    struct core_operation access = op_access(ACCESS_LOAD, DATA_NONE, fixture_va(1));
    (void)state;
    access.size_bytes = 1;
    assert_fine(access);
    access.size_bytes = 64;
    assert_fine(access);
    access.size_bytes = 0;
    assert_refused(access, "core 1: an access must have 1 to 64 bytes");
    access.size_bytes = 65;
    assert_refused(access, "core 1: an access must have 1 to 64 bytes");
}

static void a_window_has_at_most_256_accesses(void **state)
{
    char error[256];
    struct stream_config config = {.base = fixture_va(1), .region_bytes = FIXTURE_PAGE, .accesses = 1000};
    struct core_operation operation = {.kind = CORE_STREAM, .data_mode = DATA_NONE};
    const uint32_t windows[] = {1, MMU_WINDOW_MAX, MMU_WINDOW_MAX + 1};
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        operation.stream = stream_open(&config, error, sizeof error);
        operation.window = windows[i];
        assert_non_null(operation.stream);
        if (windows[i] <= MMU_WINDOW_MAX)
            assert_fine(operation);
        else
            assert_refused(operation, "core 1: a window must be from 1 to 256 accesses");
        operation.stream->close(operation.stream);
    }
}

static void a_wait_lasts_a_cycle(void **state)
{
    (void)state;
    assert_fine(op_wait(1));
    assert_refused(op_wait(0), "core 1: a wait must last at least one cycle");
    struct core_operation interrupt = {.kind = CORE_INTERRUPT, .targets = 1};
    assert_refused(interrupt, "core 1: an interrupt must carry 1 to 64 invalidations");
    interrupt.list_count = 65;
    assert_refused(interrupt, "core 1: an interrupt must carry 1 to 64 invalidations");
}

static void a_switch_has_somewhere_to_go(void **state)
{
    (void)state;
    assert_refused((struct core_operation){.kind = CORE_SWITCH}, "core 1: a switch needs an address space");
}

static void an_unknown_operation_is_named(void **state)
{
    (void)state;
    char wanted[64];
    snprintf(wanted, sizeof wanted, "core 1 was given an operation of unknown kind %d", CORE_OPERATION_KINDS);
    assert_refused(op_end(), wanted);
    assert_int_equal(CORE_OPERATION_KINDS, 14);
}

static void a_program_speaks_only_when_asked(void **state)
{
    struct rig rig;
    struct core_operation wait = op_wait(10);
    unsigned core;
    (void)state;
    rig_defaults(&rig);
    rig.config.cores = 2;
    rig_open(&rig);
    rig_begin(&rig);
    machine_post(rig.fixture.machine, 1, &wait);
    assert_int_equal(machine_advance(rig.fixture.machine, &core), MACHINE_ERROR);
    assert_string_equal(machine_error(rig.fixture.machine),
                        "core 2: an operation was posted for a core whose program was not asked");
    rig_close(&rig);
}

static void only_a_parked_program_is_unparked(void **state)
{
    struct rig rig;
    (void)state;
    rig_defaults(&rig);
    rig.config.cores = 2;
    rig_open(&rig);
    rig_begin(&rig);
    assert_false(machine_parked(rig.fixture.machine, 1));
    machine_unpark(rig.fixture.machine, 1, 1000);
    assert_string_equal(machine_error(rig.fixture.machine), "core 2 is not parked");
    rig_close(&rig);
}

static void programs_that_all_park_are_a_deadlock(void **state)
{
    struct rig rig;
    struct core_operation park = {.kind = CORE_PARK};
    unsigned core;
    (void)state;
    rig_defaults(&rig);
    rig_open(&rig);
    rig_begin(&rig);
    machine_post(rig.fixture.machine, 0, &park);
    assert_int_equal(machine_advance(rig.fixture.machine, &core), MACHINE_DEADLOCK);
    assert_true(machine_parked(rig.fixture.machine, 0));
    assert_null(machine_error(rig.fixture.machine));
    machine_unpark(rig.fixture.machine, 0, machine_now(rig.fixture.machine, 0) + 5);
    assert_int_equal(machine_advance(rig.fixture.machine, &core), MACHINE_PROGRAM);
    rig_end(&rig);
    rig_close(&rig);
}

static int refuse_event(void *context, const struct mmu_event *event)
{
    (void)context;
    return event->kind == EVENT_CONTEXT ? 7 : 0;
}

static void an_observer_that_fails_ends_the_run(void **state)
{
    struct rig rig;
    struct mmu_observer observer = {refuse_event, NULL};
    unsigned core;
    (void)state;
    rig_defaults(&rig);
    rig_open(&rig);
    assert_true(machine_observe(rig.fixture.machine, &observer, false));
    rig_begin(&rig);
    machine_end_program(rig.fixture.machine, 0);
    assert_int_equal(machine_advance(rig.fixture.machine, &core), MACHINE_DONE);
    assert_int_not_equal(machine_finish(rig.fixture.machine), 0);
    assert_string_equal(machine_error(rig.fixture.machine), "an observer of the run failed with status 7");
    rig_close(&rig);
}

static void a_machine_has_a_few_observers(void **state)
{
    struct rig rig;
    struct mmu_observer observer = {refuse_event, NULL};
    (void)state;
    rig_defaults(&rig);
    rig_open(&rig); /* one is the fixture's */
    for (unsigned i = 1; i < MACHINE_OBSERVERS_MAX; i++)
        assert_true(machine_observe(rig.fixture.machine, &observer, false));
    assert_false(machine_observe(rig.fixture.machine, &observer, false));
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_access_needs_an_address_space),
        cmocka_unit_test(an_access_has_1_to_64_bytes),
        cmocka_unit_test(a_window_has_at_most_256_accesses),
        cmocka_unit_test(a_wait_lasts_a_cycle),
        cmocka_unit_test(a_switch_has_somewhere_to_go),
        cmocka_unit_test(an_unknown_operation_is_named),
        cmocka_unit_test(a_program_speaks_only_when_asked),
        cmocka_unit_test(only_a_parked_program_is_unparked),
        cmocka_unit_test(programs_that_all_park_are_a_deadlock),
        cmocka_unit_test(an_observer_that_fails_ends_the_run),
        cmocka_unit_test(a_machine_has_a_few_observers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
