/*
 * Accesses of a core among themselves: forwarding, program order of data, halves of a crossing access,
 * faults in a window. In pairs: as it should be, and as it should not.
 */
#include "mmu/test/rig.h"

/* A stream that gives the accesses of a list. */
struct listed {
    struct stream stream;
    const struct stream_access *accesses;
    size_t count;
};

static long listed_next(struct stream *stream, struct stream_access *accesses, size_t capacity)
{
    struct listed *listed = (struct listed *)stream;
    size_t count = listed->count < capacity ? listed->count : capacity;
    memcpy(accesses, listed->accesses, count * sizeof *accesses);
    listed->accesses += count;
    listed->count -= count;
    listed->stream.remaining = listed->count;
    return (long)count;
}

static struct listed listed(const struct stream_access *accesses, size_t count)
{
    return (struct listed){
        .stream = {.next = listed_next, .remaining = count}, .accesses = accesses, .count = count};
}

static struct core_operation run(struct listed *listed, enum data_mode mode, bool handled)
{
    return (struct core_operation){
        .kind = CORE_STREAM, .data_mode = mode, .window = 8, .handled = handled, .stream = &listed->stream};
}

static struct stream_access item(enum access_kind kind, uint64_t va)
{
    return (struct stream_access){.va = va, .size_bytes = 8, .kind = (uint8_t)kind};
}

static void begin(struct rig *rig)
{
    rig_defaults(rig);
    rig_open(rig);
    rig_begin(rig);
}

static void touch(struct rig *rig, unsigned page)
{
    struct core_operation load = op_access(ACCESS_LOAD, DATA_NONE, fixture_va(page));
    rig_do(rig, &load);
    rig_settle(rig);
}

static uint64_t load(struct rig *rig, uint64_t va, uint16_t size_bytes)
{
    struct core_operation operation = op_access(ACCESS_LOAD, DATA_BUS, va);
    operation.size_bytes = size_bytes;
    const struct core_result *result = rig_do(rig, &operation);
    assert_int_equal(result->fault, FAULT_NONE);
    return result->value;
}

static const struct event_translation *access_at(const struct rig *rig, uint64_t va, unsigned number)
{
    for (size_t i = 0; i < rig->fixture.event_count; i++) {
        const struct mmu_event *event = &rig->fixture.events[i];
        if (event->kind == EVENT_TRANSLATION && event->as.translation.va == va && number-- == 0)
            return &event->as.translation;
    }
    fail_msg("no such access");
    return NULL;
}

/* ---- forwarding ---------------------------------------------------------------------------------- */

static void a_load_inside_a_buffered_store_is_forwarded(void **state)
{
    struct rig rig;
    struct core_operation store = op_store(fixture_va(1), UINT64_C(0x8877665544332211));
    (void)state;
    begin(&rig);
    touch(&rig, 1);
    rig_do(&rig, &store);
    assert_int_equal(load(&rig, fixture_va(1) + 2, 2), 0x4433);
    rig_end(&rig);
    assert_true(access_at(&rig, fixture_va(1) + 2, 0)->forwarded);
    rig_close(&rig);
}

static void a_load_across_the_end_of_a_buffered_store_waits_for_it(void **state)
{
    struct rig rig;
    struct core_operation before = op_store(fixture_va(1) + 8, UINT64_C(0xffeeddccbbaa9988));
    struct core_operation store = op_store(fixture_va(1), UINT64_C(0x8877665544332211));
    (void)state;
    begin(&rig);
    touch(&rig, 1);
    rig_do(&rig, &before);
    rig_settle(&rig);
    rig_do(&rig, &store);
    assert_int_equal(load(&rig, fixture_va(1) + 4, 8), UINT64_C(0xbbaa998888776655));
    rig_end(&rig);
    const struct event_translation *loaded = access_at(&rig, fixture_va(1) + 4, 0);
    assert_false(loaded->forwarded);
    assert_true(loaded->performed_cycle >=
                access_at(&rig, fixture_va(1), 1)->performed_cycle + rig.config.memory_latency_cycles);
    rig_close(&rig);
}

static void the_youngest_of_two_buffered_stores_is_forwarded(void **state)
{
    struct rig rig;
    struct core_operation first = op_store(fixture_va(1), 1), second = op_store(fixture_va(1), 2);
    (void)state;
    begin(&rig);
    touch(&rig, 1);
    rig_do(&rig, &first);
    rig_do(&rig, &second);
    assert_int_equal(load(&rig, fixture_va(1), 8), 2);
    rig_settle(&rig);
    assert_int_equal(load(&rig, fixture_va(1), 8), 2); /* and memory has them in order */
    rig_end(&rig);
    rig_close(&rig);
}

/* Both halves of a crossing store are translated in one cycle at the latest, and drain one a cycle. */
static void stores_ask_for_the_bus_one_a_cycle(void **state)
{
    struct rig rig;
    struct core_operation store = op_store(fixture_va(2) - 4, 1);
    (void)state;
    rig_defaults(&rig);
    rig.config.bus_occupancy_cycles = 1;
    rig_open(&rig);
    rig_begin(&rig);
    touch(&rig, 1);
    touch(&rig, 2);
    rig_do(&rig, &store);
    rig_end(&rig);
    const struct event_translation *first = access_at(&rig, fixture_va(2) - 4, 0);
    const struct event_translation *second = access_at(&rig, fixture_va(2), 1);
    assert_int_equal(first->performed_cycle, second->translated_cycle + rig.config.store_buffer_drain_cycles);
    assert_int_equal(second->performed_cycle, first->performed_cycle + 1);
    rig_close(&rig);
}

/* ---- program order ------------------------------------------------------------------------------- */

/* Two loads, of which the first misses and the second hits. */
static void miss_then_hit(struct rig *rig, enum data_mode mode)
{
    const struct stream_access accesses[] = {item(ACCESS_LOAD, fixture_va(1)),
                                             item(ACCESS_LOAD, fixture_va(2) + 8)};
    struct listed list = listed(accesses, 2);
    struct core_operation operation = run(&list, mode, false);
    begin(rig);
    touch(rig, 2);
    rig_do(rig, &operation);
    rig_end(rig);
    assert_true(access_at(rig, fixture_va(2) + 8, 0)->translated_cycle <
                access_at(rig, fixture_va(1), 0)->translated_cycle);
}

static void data_on_the_bus_is_in_program_order(void **state)
{
    struct rig rig;
    (void)state;
    miss_then_hit(&rig, DATA_BUS);
    assert_true(access_at(&rig, fixture_va(2) + 8, 0)->performed_cycle >
                access_at(&rig, fixture_va(1), 0)->performed_cycle);
    rig_close(&rig);
}

static void translations_complete_in_any_order(void **state)
{
    struct rig rig;
    (void)state;
    miss_then_hit(&rig, DATA_NONE);
    const struct mmu_event *first = NULL;
    for (size_t i = 0; i < rig.fixture.event_count; i++)
        if (rig.fixture.events[i].kind == EVENT_TRANSLATION)
            first = rig.fixture.events[i].as.translation.va == fixture_va(1) ? &rig.fixture.events[i] : first;
    assert_non_null(first);
    assert_true(first->cycle > access_at(&rig, fixture_va(2) + 8, 0)->translated_cycle);
    rig_close(&rig);
}

static void a_load_sees_the_store_before_it_in_the_window(void **state)
{
    struct rig rig;
    const struct stream_access accesses[] = {item(ACCESS_STORE, fixture_va(1)),
                                             item(ACCESS_LOAD, fixture_va(1)),
                                             item(ACCESS_LOAD, fixture_va(2))};
    struct listed list = listed(accesses, 3);
    struct core_operation operation = run(&list, DATA_BUS, false);
    (void)state;
    begin(&rig);
    touch(&rig, 1);
    rig_do(&rig, &operation);
    rig_end(&rig);
    const struct event_translation *store = access_at(&rig, fixture_va(1), 2);
    const struct event_translation *loaded = access_at(&rig, fixture_va(1), 1);
    assert_int_equal(store->access_kind, ACCESS_STORE); /* complete last: when it is visible to all */
    assert_int_equal(loaded->access_kind, ACCESS_LOAD);
    assert_int_not_equal(store->value, 0);
    assert_int_equal(loaded->value, store->value);
    assert_true(loaded->forwarded);
    assert_int_equal(access_at(&rig, fixture_va(2), 0)->value, 0);
    rig_close(&rig);
}

/* ---- crossing ------------------------------------------------------------------------------------ */

/* A store of 8 bytes to the last four of `page` - 1 and the first four of `page`. */
static struct core_result store_across(struct rig *rig, unsigned page)
{
    struct core_operation store = op_store(fixture_va(page) - 4, UINT64_C(0x8877665544332211));
    begin(rig);
    touch(rig, page - 1);
    touch(rig, page);
    struct core_result result = *rig_do(rig, &store);
    rig_settle(rig);
    return result;
}

static void a_crossing_access_performs_both_halves(void **state)
{
    struct rig rig;
    (void)state;
    assert_int_equal(store_across(&rig, 2).fault, FAULT_NONE);
    assert_int_equal(load(&rig, fixture_va(2) - 4, 4), 0x44332211);
    assert_int_equal(load(&rig, fixture_va(2), 4), 0x88776655);
    assert_int_equal(load(&rig, fixture_va(2) - 4, 8), UINT64_C(0x8877665544332211)); /* crossing load */
    assert_int_equal(machine_counters(rig.fixture.machine, 0)->accesses.crossing, 2);
    rig_end(&rig);
    rig_close(&rig);
}

static void neither_half_is_performed_if_the_second_faults(void **state)
{
    struct rig rig;
    (void)state;
    struct core_result result = store_across(&rig, 4); /* may only be read */
    assert_int_equal(result.fault, FAULT_PERMISSION);
    assert_int_equal(result.fault_va, fixture_va(4));
    assert_int_equal(load(&rig, fixture_va(4) - 4, 4), 0);
    assert_int_equal(machine_counters(rig.fixture.machine, 0)->store_buffer.stores, 0);
    rig_end(&rig);
    assert_int_equal(access_at(&rig, fixture_va(4) - 4, 0)->performed_cycle, EVENT_NEVER);
    assert_int_equal(access_at(&rig, fixture_va(4) - 4, 0)->fault, FAULT_NONE);
    rig_close(&rig);
}

static void neither_half_is_performed_if_the_first_faults(void **state)
{
    struct rig rig;
    (void)state;
    struct core_result result = store_across(&rig, 5);
    assert_int_equal(result.fault, FAULT_PERMISSION);
    assert_int_equal(result.fault_va, fixture_va(5) - 4);
    assert_int_equal(load(&rig, fixture_va(5), 4), 0);
    assert_int_equal(machine_counters(rig.fixture.machine, 0)->store_buffer.stores, 0);
    rig_end(&rig);
    rig_close(&rig);
}

/* ---- faults -------------------------------------------------------------------------------------- */

static const unsigned holes[2] = {10, 11};

/* Five accesses, of which the second and the fourth find no page; the holes' entries are kept in `kept`. */
static void begin_with_holes(struct rig *rig, struct listed *list, bool handled, uint64_t kept[2])
{
    static struct stream_access accesses[5];
    const unsigned pages[5] = {1, 10, 2, 11, 3};
    for (unsigned i = 0; i < 5; i++)
        accesses[i] = item(ACCESS_LOAD, fixture_va(pages[i]));
    begin(rig);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t entry = rig->fixture.entries[holes[i]];
        assert_true(machine_peek(rig->fixture.machine, entry, &kept[i]));
        assert_true(machine_poke(rig->fixture.machine, entry, 0));
    }
    *list = listed(accesses, 5);
    struct core_operation operation = run(list, DATA_BUS, handled);
    rig_do(rig, &operation);
}

static const struct core_result *resume(struct rig *rig, struct listed *list)
{
    struct core_operation operation = run(list, DATA_BUS, true);
    operation.kind = CORE_STREAM_RESUME;
    return rig_do(rig, &operation);
}

static void those_issued_finish_and_the_oldest_fault_is_delivered(void **state)
{
    struct rig rig;
    struct listed list;
    uint64_t kept[2];
    (void)state;
    begin_with_holes(&rig, &list, true, kept);
    const struct core_result *result = machine_result(rig.fixture.machine, 0);
    assert_int_equal(result->fault, FAULT_TRANSLATION);
    assert_int_equal(result->fault_va, fixture_va(holes[0]));
    assert_int_equal(result->accesses, 3);
    assert_false(result->fault_again);
    rig_end(&rig);
    const struct mmu_event *fault = rig_event(&rig, EVENT_FAULT, 0, 0);
    assert_true(fault->as.fault.handled);
    assert_null(rig_event(&rig, EVENT_FAULT, 0, 1));
    for (unsigned i = 0; i < 5; i++)
        assert_true(rig_event(&rig, EVENT_TRANSLATION, 0, i)->cycle <= fault->cycle);
    rig_close(&rig);
}

static void all_faulted_accesses_are_tried_again_once(void **state)
{
    struct rig rig;
    struct listed list;
    uint64_t kept[2];
    (void)state;
    begin_with_holes(&rig, &list, true, kept);
    for (unsigned i = 0; i < 2; i++)
        assert_true(machine_poke(rig.fixture.machine, rig.fixture.entries[holes[i]], kept[i]));
    const struct core_result *result = resume(&rig, &list);
    const struct core_counters *counters = machine_counters(rig.fixture.machine, 0);
    assert_int_equal(result->fault, FAULT_NONE);
    assert_int_equal(result->accesses, 5);
    assert_int_equal(counters->accesses.translations, 5 + 2);
    assert_int_equal(counters->accesses.retries, 2);
    assert_int_equal(counters->accesses.faulted, 2);
    assert_int_equal(counters->programs.faults, 1);
    rig_end(&rig);
    assert_true(access_at(&rig, fixture_va(holes[1]), 1)->retry);
    assert_int_equal(access_at(&rig, fixture_va(holes[1]), 1)->access,
                     access_at(&rig, fixture_va(holes[1]), 0)->access);
    rig_close(&rig);
}

static void a_fault_that_was_not_cured_comes_back_as_such(void **state)
{
    struct rig rig;
    struct listed list;
    uint64_t kept[2];
    (void)state;
    begin_with_holes(&rig, &list, true, kept);
    assert_true(machine_poke(rig.fixture.machine, rig.fixture.entries[holes[1]], kept[1]));
    const struct core_result *result = resume(&rig, &list);
    assert_int_equal(result->fault, FAULT_TRANSLATION);
    assert_int_equal(result->fault_va, fixture_va(holes[0]));
    assert_true(result->fault_again);
    assert_int_equal(result->accesses, 4);
    rig_end(&rig);
    rig_close(&rig);
}

static void an_unhandled_fault_ends_the_stream(void **state)
{
    struct rig rig;
    struct listed list;
    uint64_t kept[2];
    (void)state;
    begin_with_holes(&rig, &list, false, kept);
    assert_int_equal(machine_result(rig.fixture.machine, 0)->fault, FAULT_TRANSLATION);
    assert_int_equal(load(&rig, fixture_va(1), 8), 0); /* the core goes on */
    rig_end(&rig);
    assert_false(rig_event(&rig, EVENT_FAULT, 0, 0)->as.fault.handled);
    assert_int_equal(machine_counters(rig.fixture.machine, 0)->accesses.retries, 0);
    rig_close(&rig);
}

/* ---- streams that break their word --------------------------------------------------------------- */

static long fails_after_a_few(struct stream *stream, struct stream_access *accesses, size_t capacity)
{
    (void)capacity;
    if (stream->remaining < 10000) {
        stream->error = "the trace is broken";
        return -1;
    }
    stream->remaining -= 2;
    accesses[0] = accesses[1] = item(ACCESS_LOAD, fixture_va(1));
    return 2;
}

static long ends_after_a_few(struct stream *stream, struct stream_access *accesses, size_t capacity)
{
    return stream->remaining < 10000 ? 0 : fails_after_a_few(stream, accesses, capacity);
}

/* Core 0 is given back early by its stream, and invalidates while core 1 has run ahead. */
static void run_against_promise(struct rig *rig,
                                long (*next)(struct stream *stream, struct stream_access *accesses,
                                             size_t capacity))
{
    struct stream broken = {.next = next, .remaining = 10000};
    struct stream_config hits = {.base = fixture_va(2), .region_bytes = FIXTURE_PAGE, .accesses = 20000};
    char error[256];
    struct stream *other = stream_open(&hits, error, sizeof error);
    assert_non_null(other);
    rig_defaults(rig);
    rig->config.cores = 2;
    rig_open(rig);
    struct core_operation operation = {.kind = CORE_STREAM, .data_mode = DATA_NONE, .stream = &broken};
    struct core_operation hitting = {.kind = CORE_STREAM, .data_mode = DATA_NONE, .stream = other};
    const struct core_operation first[] = {op_switch(rig), operation, op_invalidate(fixture_va(2), true),
                                           op_barrier(BARRIER_DSB_ISH), op_end()};
    const struct core_operation second[] = {op_switch(rig), hitting, op_end()};
    rig_play(rig, (const struct core_operation *const[]){first, second});
    other->close(other);
}

static void a_stream_that_fails_early_is_no_surprise_to_other_cores(void **state)
{
    struct rig rig;
    (void)state;
    run_against_promise(&rig, fails_after_a_few);
    assert_string_equal(machine_result(rig.fixture.machine, 0)->error, "the trace is broken");
    assert_int_equal(machine_counters(rig.fixture.machine, 1)->walker.walks, 2);
    rig_close(&rig);
}

static void a_stream_that_ends_early_is_no_surprise_to_other_cores(void **state)
{
    struct rig rig;
    (void)state;
    run_against_promise(&rig, ends_after_a_few);
    assert_null(machine_result(rig.fixture.machine, 0)->error);
    assert_int_equal(machine_counters(rig.fixture.machine, 1)->walker.walks, 2);
    rig_close(&rig);
}

/* A frame beyond memory is found when the data is asked for. */
static void there_is_no_memory_beyond_its_size(void **state)
{
    struct rig rig;
    struct frame beyond = {.attributes = FRAME_READABLE | FRAME_USER, .size_lg2 = 12};
    struct core_operation access = op_access(ACCESS_LOAD, DATA_BUS, UINT64_C(0x80000000));
    (void)state;
    rig_defaults(&rig);
    rig_open(&rig);
    beyond.base = rig.config.memory_bytes;
    rig_map(&rig, access.address, &beyond);
    rig_begin(&rig);
    assert_int_equal(rig_do(&rig, &access)->fault, FAULT_EXTERNAL_ABORT);
    access.data_mode = DATA_NONE; /* a translation alone asks for none */
    assert_int_equal(rig_do(&rig, &access)->fault, FAULT_NONE);
    rig_end(&rig);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_load_inside_a_buffered_store_is_forwarded),
        cmocka_unit_test(a_load_across_the_end_of_a_buffered_store_waits_for_it),
        cmocka_unit_test(the_youngest_of_two_buffered_stores_is_forwarded),
        cmocka_unit_test(stores_ask_for_the_bus_one_a_cycle),
        cmocka_unit_test(data_on_the_bus_is_in_program_order),
        cmocka_unit_test(translations_complete_in_any_order),
        cmocka_unit_test(a_load_sees_the_store_before_it_in_the_window),
        cmocka_unit_test(a_crossing_access_performs_both_halves),
        cmocka_unit_test(neither_half_is_performed_if_the_second_faults),
        cmocka_unit_test(neither_half_is_performed_if_the_first_faults),
        cmocka_unit_test(those_issued_finish_and_the_oldest_fault_is_delivered),
        cmocka_unit_test(all_faulted_accesses_are_tried_again_once),
        cmocka_unit_test(a_fault_that_was_not_cured_comes_back_as_such),
        cmocka_unit_test(an_unhandled_fault_ends_the_stream),
        cmocka_unit_test(a_stream_that_fails_early_is_no_surprise_to_other_cores),
        cmocka_unit_test(a_stream_that_ends_early_is_no_surprise_to_other_cores),
        cmocka_unit_test(there_is_no_memory_beyond_its_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
