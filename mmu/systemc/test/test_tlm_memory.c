/*
 * A machine whose memory is a foreign TLM-2.0 target: the same events as with its own memory if the target
 * is as fast as that; the same in both modes if it is slower, and at every time differently so; and what a
 * target may not do.
 */
#include <inttypes.h>

#include "mmu/systemc/program_host.h"
#include "mmu/systemc/test/foreign.h"
#include "mmu/systemc/test/scripted.h"

#define RUNS 60u

/* What the next run's foreign memory is like, beyond the machine's own latency. */
static uint64_t extra_cycles, bank_cycles;

static void *bind_foreign(struct scripted_run *run)
{
    struct foreign_config config = {.size_bytes = run->config.memory_bytes,
                                    .latency_cycles = run->config.memory_latency_cycles + extra_cycles,
                                    .bank_cycles = bank_cycles};
    return foreign_create(run->fixture.machine, &config, run->fixture.allocator.fresh);
}

static void write_log(void *foreign, FILE *out)
{
    size_t count = foreign_write_count(foreign);
    if (count > 0) /* some random runs store nothing: there is no log then */
        (void)fwrite(foreign_writes(foreign), sizeof(struct foreign_write), count, out);
    foreign_destroy(foreign);
}

static void forget_log(void *foreign, FILE *out)
{
    (void)out;
    foreign_destroy(foreign);
}

static void assert_equal_runs(struct scripted_run *first, struct scripted_run *second, uint64_t seed)
{
    struct recording wanted, got;
    scripted_record(first, seed, &wanted);
    scripted_record(second, seed, &got);
    if (!recording_equal(&wanted, &got)) {
        scripted_explain(seed, &wanted, &got);
        fail();
    }
    assert_int_equal(scripted_summary(&got).run.status, MACHINE_DONE);
    recording_free(&wanted);
    recording_free(&got);
}

static void memory_of_the_same_speed_changes_nothing(void **state)
{
    (void)state;
    extra_cycles = bank_cycles = 0;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        for (unsigned mode = DRIVE_FAST; mode <= DRIVE_LOCKSTEP; mode++) {
            struct scripted_run own = {.driver = DRIVE_STEPPED};
            struct scripted_run foreign = {
                .driver = (enum driver)mode, .before = bind_foreign, .after = forget_log};
            assert_equal_runs(&own, &foreign, seed);
        }
    }
}

static void slower_memory_with_busy_banks_is_the_same_in_both_modes(void **state)
{
    (void)state;
    extra_cycles = 7;
    bank_cycles = 11;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        struct scripted_run fast = {.driver = DRIVE_FAST, .before = bind_foreign, .after = write_log};
        struct scripted_run lockstep = {.driver = DRIVE_LOCKSTEP, .before = bind_foreign, .after = write_log};
        assert_equal_runs(&fast, &lockstep, seed);
    }
}

/* Over several runs: a single one may end with something else. */
static void slower_memory_is_seen(void **state)
{
    (void)state;
    uint64_t own_cycles = 0, foreign_cycles = 0;
    extra_cycles = 50;
    bank_cycles = 0;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct scripted_run own = {.driver = DRIVE_FAST};
        struct scripted_run foreign = {.driver = DRIVE_FAST, .before = bind_foreign, .after = forget_log};
        struct recording a, b;
        scripted_record(&own, seed, &a);
        scripted_record(&foreign, seed, &b);
        own_cycles += scripted_summary(&a).end_cycle;
        foreign_cycles += scripted_summary(&b).end_cycle;
        recording_free(&a);
        recording_free(&b);
    }
    assert_true(own_cycles < foreign_cycles);
}

/* AddressSanitizer takes an exception on one of SystemC's stacks for an overflow. */
#if defined(__SANITIZE_ADDRESS__)
#define EXCEPTIONS_ARE_FINE false
#else
#define EXCEPTIONS_ARE_FINE true
#endif

/* ---- single programs ----------------------------------------------------------------------------- */

struct result {
    enum machine_status status;
    size_t writes;
    struct foreign_write write[16];
    size_t stores;
    struct event_entry_write store[16];
    uint64_t value[4];
    uint64_t end_cycle;
    enum fault_kind fault;
    bool aborted;
    char error[256];
};

struct scene {
    struct fixture fixture;
    struct foreign_config foreign;
    enum host_mode mode;
    program_body body;
    struct program_host *host;
    struct result result;
};

static void keep_entry_writes(struct scene *scene)
{
    for (size_t i = 0; i < scene->fixture.event_count; i++)
        if (scene->fixture.events[i].kind == EVENT_ENTRY_WRITE && scene->result.stores < 16)
            scene->result.store[scene->result.stores++] = scene->fixture.events[i].as.entry_write;
}

static void play(void *argument, FILE *out)
{
    struct scene *scene = argument;
    struct machine *machine = scene->fixture.machine;
    struct result *result = &scene->result;
    struct foreign *foreign = foreign_create(machine, &scene->foreign, scene->fixture.allocator.fresh);
    scene->host = program_host_create(machine, scene->mode);
    program_host_add(scene->host, 0, scene->body, scene);
    result->status = program_host_run(scene->host);
    result->end_cycle = machine_end_cycle(machine);
    if (machine_error(machine))
        snprintf(result->error, sizeof result->error, "%s", machine_error(machine));
    machine_finish(machine);
    keep_entry_writes(scene);
    for (; result->writes < foreign_write_count(foreign) && result->writes < 16; result->writes++)
        result->write[result->writes] = foreign_writes(foreign)[result->writes];
    program_host_destroy(scene->host);
    foreign_destroy(foreign);
    fwrite(result, sizeof *result, 1, out);
}

static struct mmu_config small_machine(void)
{
    struct mmu_config config;
    mmu_config_defaults(&config);
    config.memory_bytes = UINT64_C(64) << 20;
    return config;
}

static struct result act(enum host_mode mode, const struct foreign_config *foreign, program_body body)
{
    struct scene scene = {.mode = mode, .foreign = *foreign, .body = body};
    struct mmu_config config = small_machine();
    struct recording recording;
    struct result result;
    fixture_open(&scene.fixture, &config, OBSERVE_ALL);
    run_in_child(play, &scene, &recording);
    assert_int_equal(recording.count, sizeof result);
    memcpy(&result, recording.bytes, sizeof result);
    recording_free(&recording);
    fixture_close(&scene.fixture);
    return result;
}

static struct foreign_config as_fast_as_own(void)
{
    struct mmu_config config = small_machine();
    return (struct foreign_config){.size_bytes = config.memory_bytes,
                                   .latency_cycles = config.memory_latency_cycles};
}

static const struct core_result *perform(struct scene *scene, const struct core_operation *operation)
{
    return program_host_do(scene->host, 0, operation);
}

/* Words, one after the other, of which some lie in a bank that is busy for long. */
static void stores_words(void *context, unsigned core)
{
    struct scene *scene = context;
    static const unsigned words[] = {0, 1, 2, 8, 3, 16, 9};
    (void)core;
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        struct core_operation write = {
            .kind = CORE_WRITE, .address = scene->fixture.scratch + 8 * words[i], .value = 100 + i};
        if (!perform(scene, &write))
            return;
    }
}

static void exchanges_and_clears(void *context, unsigned core)
{
    struct scene *scene = context;
    uint64_t pa = scene->fixture.scratch;
    const struct core_operation operations[] = {
        {.kind = CORE_WRITE, .address = pa, .value = 5},
        {.kind = CORE_COMPARE_EXCHANGE, .address = pa, .expected = 5, .value = 6},
        {.kind = CORE_COMPARE_EXCHANGE, .address = pa, .expected = 5, .value = 7},
        {.kind = CORE_CLEAR, .address = pa, .cycles = FIXTURE_PAGE},
        {.kind = CORE_READ, .address = pa},
    };
    (void)core;
    for (unsigned i = 0; i < 5; i++) {
        const struct core_result *result = perform(scene, &operations[i]);
        if (!result)
            return;
        if (i > 0)
            scene->result.value[i - 1] = result->value;
    }
}

static void loads_a_page(void *context, unsigned core)
{
    struct scene *scene = context;
    struct core_operation switches = {.kind = CORE_SWITCH, .context = &scene->fixture.contexts[0]};
    struct core_operation load = {.kind = CORE_ACCESS, .address = FIXTURE_BASE, .size_bytes = 8};
    (void)core;
    if (!perform(scene, &switches))
        return;
    const struct core_result *result = perform(scene, &load);
    if (result)
        scene->result.fault = result->fault;
}

static void read_word(struct scene *scene, uint64_t pa)
{
    struct core_operation read = {.kind = CORE_READ, .address = pa};
    const struct core_result *result = perform(scene, &read);
    if (result)
        scene->result.aborted = result->aborted;
}

static void reads_a_word(void *context, unsigned core)
{
    struct scene *scene = context;
    (void)core;
    read_word(scene, scene->fixture.scratch);
}

static void reads_beyond(void *context, unsigned core)
{
    struct scene *scene = context;
    (void)core;
    read_word(scene, scene->foreign.size_bytes);
}

static enum host_mode mode_of(void **state)
{
    return **(const enum host_mode **)state;
}

/* Each store is told with the cycle of its own grant, though memory answers a younger one sooner. */
static void stores_are_told_with_their_own_grants(void **state)
{
    struct foreign_config slow_banks = as_fast_as_own();
    slow_banks.bank_cycles = 500;
    struct result result = act(mode_of(state), &slow_banks, stores_words);
    assert_int_equal(result.status, MACHINE_DONE);
    assert_int_equal(result.writes, 7);
    assert_int_equal(result.stores, 7);
    for (unsigned i = 0; i < 7; i++) {
        assert_int_equal(result.store[i].pa, result.write[i].pa);
        assert_int_equal(result.store[i].new_value, result.write[i].value);
        assert_int_equal(result.store[i].visible_cycle, result.write[i].grant_cycle);
    }
}

static void compare_exchange_and_clear_reach_the_target(void **state)
{
    struct foreign_config foreign = as_fast_as_own();
    struct result result = act(mode_of(state), &foreign, exchanges_and_clears);
    assert_int_equal(result.status, MACHINE_DONE);
    assert_int_equal(result.value[0], 5);
    assert_int_equal(result.value[1], 6);
    assert_int_equal(result.value[3], 0);
    assert_int_equal(result.writes, 3); /* store, first exchange, clear; the second exchange did not match */
    assert_int_equal(result.write[1].value, 6);
    assert_int_equal(result.write[2].value, 0);
}

static void an_address_error_means_that_there_is_no_memory(void **state)
{
    struct foreign_config small = as_fast_as_own();
    small.size_bytes = UINT64_C(1) << 20; /* what was there before the run lies below */
    struct result good = act(mode_of(state), &small, reads_a_word);
    struct result bad = act(mode_of(state), &small, reads_beyond);
    assert_int_equal(good.status, MACHINE_DONE);
    assert_int_equal(bad.status, MACHINE_DONE);
    assert_false(good.aborted);
    assert_true(bad.aborted);
    assert_int_equal(good.end_cycle, bad.end_cycle); /* it takes the least latency */
}

static void translated_accesses_reach_the_target(void **state)
{
    struct foreign_config foreign = as_fast_as_own();
    struct result result = act(mode_of(state), &foreign, loads_a_page);
    assert_int_equal(result.status, MACHINE_DONE);
    assert_int_equal(result.fault, FAULT_NONE);
}

static void what_the_target_does_not_take_before_the_run_ends_it(void **state)
{
    struct foreign_config nothing = as_fast_as_own();
    nothing.size_bytes = 0;
    struct result result = act(mode_of(state), &nothing, reads_a_word);
    assert_int_equal(result.status, MACHINE_ERROR);
    assert_non_null(strstr(result.error, "debug transport"));
}

static void an_answer_too_early_ends_the_run(void **state)
{
    struct foreign_config early = as_fast_as_own();
    early.latency_cycles--;
    struct result result = act(mode_of(state), &early, loads_a_page);
    assert_int_equal(result.status, MACHINE_ERROR);
    assert_non_null(strstr(result.error, "memory.latency promises 120 at the least"));
}

static void a_target_that_waits_ends_the_run(void **state)
{
    if (!EXCEPTIONS_ARE_FINE)
        skip();
    struct foreign_config waits = as_fast_as_own();
    waits.behaviour = FOREIGN_WAITS;
    struct result result = act(mode_of(state), &waits, loads_a_page);
    assert_int_equal(result.status, MACHINE_ERROR);
    assert_non_null(strstr(result.error, "foreign memory at port: "));
}

static void a_target_that_says_nothing_ends_the_run(void **state)
{
    struct foreign_config silent = as_fast_as_own();
    silent.behaviour = FOREIGN_SILENT;
    struct result result = act(mode_of(state), &silent, loads_a_page);
    assert_int_equal(result.status, MACHINE_ERROR);
    assert_non_null(strstr(result.error, "gave no response"));
}

static void a_target_that_throws_ends_the_run(void **state)
{
    if (!EXCEPTIONS_ARE_FINE)
        skip();
    struct foreign_config throws = as_fast_as_own();
    throws.behaviour = FOREIGN_THROWS;
    struct result result = act(mode_of(state), &throws, loads_a_page);
    assert_int_equal(result.status, MACHINE_ERROR);
    assert_non_null(strstr(result.error, "the target is broken"));
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
        cmocka_unit_test(memory_of_the_same_speed_changes_nothing),
        cmocka_unit_test(slower_memory_with_busy_banks_is_the_same_in_both_modes),
        cmocka_unit_test(slower_memory_is_seen),
        IN_BOTH_MODES(stores_are_told_with_their_own_grants),
        IN_BOTH_MODES(compare_exchange_and_clear_reach_the_target),
        IN_BOTH_MODES(an_address_error_means_that_there_is_no_memory),
        IN_BOTH_MODES(translated_accesses_reach_the_target),
        IN_BOTH_MODES(what_the_target_does_not_take_before_the_run_ends_it),
        IN_BOTH_MODES(an_answer_too_early_ends_the_run),
        IN_BOTH_MODES(a_target_that_waits_ends_the_run),
        IN_BOTH_MODES(a_target_that_says_nothing_ends_the_run),
        IN_BOTH_MODES(a_target_that_throws_ends_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
