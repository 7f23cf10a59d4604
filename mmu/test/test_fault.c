/* Faults of streams: what a program does between a fault and the resumption leaves the stream alone. */
#include "mmu/test/rig.h"

#define ACCESSES 64u

/* Two pages whose entries are taken away, so that a stream over both faults. */
struct holes {
    struct rig rig;
    uint64_t words[2];
    struct stream *stream;
};

static void do_it(struct holes *holes, const struct core_operation *operation)
{
    (void)rig_do(&holes->rig, operation);
}

static void set_entry(struct holes *holes, unsigned page, uint64_t word)
{
    struct core_operation write = op_write(holes->rig.fixture.entries[page], word);
    struct core_operation stored = op_barrier(BARRIER_DSB_ISHST);
    struct core_operation drop = op_invalidate(fixture_va(page), true);
    struct core_operation dropped = op_barrier(BARRIER_DSB_ISH);
    do_it(holes, &write);
    do_it(holes, &stored);
    do_it(holes, &drop);
    do_it(holes, &dropped);
}

static void open_holes(struct holes *holes, uint64_t base, uint64_t region_bytes, uint64_t step_bytes)
{
    char error[256];
    struct stream_config config = {.pattern = STREAM_SEQUENTIAL,
                                   .base = base,
                                   .region_bytes = region_bytes,
                                   .step_bytes = step_bytes,
                                   .accesses = ACCESSES};
    rig_defaults(&holes->rig);
    rig_open(&holes->rig);
    rig_begin(&holes->rig);
    for (unsigned page = 0; page < 2; page++) {
        assert_true(
            machine_peek(holes->rig.fixture.machine, holes->rig.fixture.entries[page], &holes->words[page]));
        set_entry(holes, page, 0);
    }
    holes->stream = stream_open(&config, error, sizeof error);
    if (!holes->stream)
        fail_msg("%s", error);
}

static void close_holes(struct holes *holes)
{
    holes->stream->close(holes->stream);
    rig_close(&holes->rig);
}

static const struct core_result *run(struct holes *holes, enum core_operation_kind kind)
{
    struct core_operation operation = {
        .kind = kind, .stream = holes->stream, .data_mode = DATA_NONE, .handled = true};
    return rig_do(&holes->rig, &operation);
}

/* Accesses of the stream that were translated, and those that were issued again. */
static void count(const struct holes *holes, unsigned *translated, unsigned *again)
{
    const struct fixture *fixture = &holes->rig.fixture;
    *translated = *again = 0;
    for (size_t i = 0; i < fixture->event_count; i++) {
        const struct event_translation *event = &fixture->events[i].as.translation;
        if (fixture->events[i].kind != EVENT_TRANSLATION || event->fault != FAULT_NONE)
            continue;
        *translated += event->half != 2;
        *again += event->half != 2 && event->retry;
    }
}

static void page_table_code_in_a_handler_does_not_lose_the_faulted_accesses(void **state)
{
    struct holes holes;
    unsigned translated, again, faults = 0;
    (void)state;
    open_holes(&holes, fixture_va(0), 2 * FIXTURE_PAGE, 2 * FIXTURE_PAGE / ACCESSES);
    const struct core_result *result = run(&holes, CORE_STREAM);
    for (; result->fault != FAULT_NONE; result = run(&holes, CORE_STREAM_RESUME)) {
        unsigned page = (unsigned)((result->fault_va - fixture_va(0)) / FIXTURE_PAGE);
        assert_int_equal(page, faults++);
        assert_false(result->fault_again);
        set_entry(&holes, page, holes.words[page]);
    }
    assert_int_equal(faults, 2);
    assert_int_equal(result->accesses, ACCESSES);
    rig_end(&holes.rig);
    count(&holes, &translated, &again);
    assert_int_equal(translated, ACCESSES);
    assert_true(again >= 2);
    close_holes(&holes);
}

static void an_access_in_a_handler_may_itself_fault(void **state)
{
    struct holes holes;
    (void)state;
    open_holes(&holes, fixture_va(0), FIXTURE_PAGE, FIXTURE_PAGE / ACCESSES);
    assert_int_equal(run(&holes, CORE_STREAM)->fault, FAULT_TRANSLATION);
    struct core_operation load = op_access(ACCESS_LOAD, DATA_NONE, fixture_va(1));
    const struct core_result *inner = rig_do(&holes.rig, &load);
    assert_int_equal(inner->fault, FAULT_TRANSLATION);
    assert_int_equal(inner->fault_va, fixture_va(1));
    set_entry(&holes, 0, holes.words[0]);
    const struct core_result *result = run(&holes, CORE_STREAM_RESUME);
    assert_int_equal(result->fault, FAULT_NONE);
    assert_int_equal(result->accesses, ACCESSES);
    rig_end(&holes.rig);
    close_holes(&holes);
}

static void a_fault_that_was_not_cured_comes_again(void **state)
{
    struct holes holes;
    (void)state;
    open_holes(&holes, fixture_va(0), FIXTURE_PAGE, FIXTURE_PAGE / ACCESSES);
    assert_false(run(&holes, CORE_STREAM)->fault_again);
    set_entry(&holes, 1, holes.words[1]);
    const struct core_result *result = run(&holes, CORE_STREAM_RESUME);
    assert_int_equal(result->fault, FAULT_TRANSLATION);
    assert_true(result->fault_again);
    rig_end(&holes.rig);
    close_holes(&holes);
}

static void each_half_of_a_crossing_access_may_fault_once(void **state)
{
    struct holes holes;
    (void)state;
    open_holes(&holes, fixture_va(1) - 4, 8, 8);
    const struct core_result *result = run(&holes, CORE_STREAM);
    assert_int_equal(result->fault_va, fixture_va(1) - 4);
    set_entry(&holes, 0, holes.words[0]);
    result = run(&holes, CORE_STREAM_RESUME);
    assert_int_equal(result->fault_va, fixture_va(1));
    assert_false(result->fault_again);
    set_entry(&holes, 1, holes.words[1]);
    result = run(&holes, CORE_STREAM_RESUME);
    assert_int_equal(result->fault, FAULT_NONE);
    assert_int_equal(result->accesses, ACCESSES);
    rig_end(&holes.rig);
    close_holes(&holes);
}

/* By a walk, in the first level, and in the second one. */
static void a_permission_fault_tells_the_level_of_the_leaf_wherever_it_was_found(void **state)
{
    struct rig rig;
    struct core_operation store = op_access(ACCESS_STORE, DATA_NONE, fixture_va(0)); /* read-only */
    struct core_operation other = op_access(ACCESS_LOAD, DATA_NONE, fixture_va(1));
    (void)state;
    rig_defaults(&rig);
    set_geometry(&rig.config.tlbs[TLB_L1D], 1, 1, 1);
    rig_open(&rig);
    rig_begin(&rig);
    for (unsigned i = 0; i < 3; i++) {
        const struct core_result *result = rig_do(&rig, &store);
        assert_int_equal(result->fault, FAULT_PERMISSION);
        assert_int_equal(result->fault_level, 3);
        if (i == 1)
            (void)rig_do(&rig, &other);
    }
    rig_end(&rig);
    assert_int_equal(rig_event(&rig, EVENT_TRANSLATION, 0, 0)->as.translation.outcome, OUTCOME_WALK);
    assert_int_equal(rig_event(&rig, EVENT_TRANSLATION, 0, 1)->as.translation.outcome, OUTCOME_L1_HIT);
    assert_int_equal(rig_event(&rig, EVENT_TRANSLATION, 0, 3)->as.translation.outcome, OUTCOME_L2_HIT);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_table_code_in_a_handler_does_not_lose_the_faulted_accesses),
        cmocka_unit_test(an_access_in_a_handler_may_itself_fault),
        cmocka_unit_test(a_fault_that_was_not_cured_comes_again),
        cmocka_unit_test(each_half_of_a_crossing_access_may_fault_once),
        cmocka_unit_test(a_permission_fault_tells_the_level_of_the_leaf_wherever_it_was_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
