/*
 * Invalidations by interrupt: when each thing happens at the interrupted core, what its program loses, and
 * what the handler waits for. By hand from the machine's parameters.
 */
#include "mmu/test/levels_rig.h"

#define PAGE  2u    /* writable, of its ASID */
#define START 4000u /* the interrupt is sent */

struct costs {
    uint64_t network, entry, drop, exit, message;
};

static const struct costs machines[] = {{20, 600, 4, 200, 0}, {1, 1, 1, 1, 3}, {13, 37, 11, 5, 29}};
#define MACHINES (sizeof machines / sizeof *machines)

static struct invalidation list[SCRIPT_LIST_MAX];

static void configure(struct rig *rig, const struct costs *costs, unsigned cores)
{
    levels_two(rig, 1, 7);
    rig->config.cores = cores;
    rig->config.network_latency_cycles = costs->network;
    rig->config.interrupt_entry_cycles = costs->entry;
    rig->config.invalidate_cycles = costs->drop;
    rig->config.interrupt_exit_cycles = costs->exit;
    rig->config.invalidate_message_cycles = costs->message;
    for (unsigned i = 0; i < SCRIPT_LIST_MAX; i++)
        list[i] = (struct invalidation){.va = fixture_va(PAGE + i), .asid = 1, .scope = INVALIDATE_VA};
}

static struct core_operation op_interrupt(uint64_t targets, uint32_t count)
{
    return (struct core_operation){
        .kind = CORE_INTERRUPT, .list = list, .list_count = count, .targets = targets};
}

/* Core 0 sends a list of `count` to `targets` at START; the others run `bystander`. */
static void send_to(struct rig *rig, uint64_t targets, uint32_t count, const struct core_operation *bystander)
{
    static const struct core_operation nothing[] = {{.kind = CORE_OPERATION_KINDS}};
    const struct core_operation *lists[MMU_CORES_MAX];
    const struct core_operation sends[] = {op_switch(rig), op_wait(START - rig->config.switch_cycles),
                                           op_interrupt(targets, count), op_barrier(BARRIER_DSB_ISH),
                                           op_end()};
    for (unsigned i = 0; i < rig->config.cores; i++)
        lists[i] = i == 0 ? sends : bystander ? bystander : nothing;
    rig_play(rig, lists);
}

/* The answer of a core to the first of the list. */
static const struct event_acknowledgement *answer_of(const struct rig *rig, unsigned core)
{
    const struct mmu_event *event;
    for (unsigned i = 0; (event = rig_event(rig, EVENT_ACKNOWLEDGEMENT, 0, i)); i++)
        if (event->as.acknowledgement.target == core)
            return &event->as.acknowledgement;
    fail_msg("core %u acknowledged nothing", core);
    return NULL;
}

/* ---- when ------------------------------------------------------------------------------------------ */

static void each_of_a_list_is_dropped_behind_the_entry(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++)
        for (uint32_t count = 1; count <= SCRIPT_LIST_MAX; count += 7) {
            const struct costs *c = &machines[i];
            struct rig rig;
            configure(&rig, c, 2);
            rig_open(&rig);
            send_to(&rig, 2, count, NULL);
            const struct event_acknowledgement *answer = answer_of(&rig, 1);
            assert_int_equal(answer->arrive_cycle, START + c->network);
            assert_int_equal(answer->drop_cycle, START + c->network + c->entry + count * c->drop);
            assert_int_equal(answer->acknowledge_cycle, answer->drop_cycle);
            assert_int_equal(rig_event(&rig, EVENT_COMPLETION, 0, count - 1)->cycle,
                             answer->acknowledge_cycle + c->network);
            assert_int_equal(machine_counters(rig.fixture.machine, 0)->invalidations.interrupts, 1);
            assert_int_equal(machine_counters(rig.fixture.machine, 1)->invalidations.received, count);
            rig_close(&rig);
        }
}

static void messages_of_one_sender_leave_one_after_the_other(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        const struct costs *c = &machines[i];
        struct rig rig;
        configure(&rig, c, 4);
        rig_open(&rig);
        send_to(&rig, 2 + 4 + 8, 1, NULL);
        for (unsigned core = 1; core < 4; core++)
            assert_int_equal(answer_of(&rig, core)->arrive_cycle,
                             START + (core - 1) * c->message + c->network);
        rig_close(&rig);
    }
}

static void the_sender_may_interrupt_itself_without_the_network(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        const struct costs *c = &machines[i];
        struct rig rig;
        configure(&rig, c, 2);
        rig_open(&rig);
        send_to(&rig, 1 + 2, 1, NULL);
        assert_int_equal(answer_of(&rig, 0)->arrive_cycle, START + 1);
        assert_int_equal(answer_of(&rig, 1)->arrive_cycle, START + c->network);
        rig_close(&rig);
    }
}

static void to_no_core_it_is_over_at_once(void **state)
{
    struct rig rig;
    (void)state;
    configure(&rig, &machines[0], 2);
    rig_open(&rig);
    send_to(&rig, 4, 1, NULL); /* there is no such core */
    assert_null(rig_event(&rig, EVENT_INVALIDATION, 0, 0));
    assert_int_equal(rig_event(&rig, EVENT_BARRIER, 0, 0)->cycle, START + 1 + rig.config.barrier_cycles);
    rig_close(&rig);
}

/* ---- what the program loses -------------------------------------------------------------------------- */

/* Last completion of a stream of hits that runs when the interrupt comes, or of none. */
static uint64_t end_of_stream(const struct costs *costs, uint64_t targets, uint32_t count)
{
    static struct any_access accesses[6000];
    struct listed_stream stream;
    struct rig rig;
    configure(&rig, costs, 2);
    rig_open(&rig);
    for (unsigned i = 0; i < 6000; i++)
        accesses[i] = (struct any_access){ACCESS_LOAD, fixture_va(1)};
    struct core_operation hits = op_listed(&stream, accesses, 6000);
    const struct core_operation runs[] = {op_switch(&rig), op_load(fixture_va(1)), hits, op_end()};
    send_to(&rig, targets, count, runs);
    uint64_t end = rig_event(&rig, EVENT_TRANSLATION, 1, 6000)->cycle;
    rig_close(&rig);
    return end;
}

static void a_stream_loses_the_cycles_from_arrival_to_the_exit(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        const struct costs *c = &machines[i];
        uint64_t alone = end_of_stream(c, 0, 1);
        assert_true(alone > START + c->network);
        assert_int_equal(end_of_stream(c, 2, 1), alone + c->entry + c->drop + c->exit);
        assert_int_equal(end_of_stream(c, 2, 5), alone + c->entry + 5 * c->drop + c->exit);
    }
}

static void a_broadcast_by_hardware_costs_the_program_nothing(void **state)
{
    struct rig rig;
    (void)state;
    configure(&rig, &machines[0], 2);
    rig_open(&rig);
    const struct core_operation waits[] = {op_switch(&rig), op_wait(2 * START), op_barrier(BARRIER_ISB),
                                           op_end()};
    const struct core_operation sends[] = {op_switch(&rig), op_wait(START),
                                           op_invalidate(fixture_va(PAGE), true), op_end()};
    rig_play(&rig, (const struct core_operation *const[]){sends, waits});
    assert_int_equal(rig_event(&rig, EVENT_BARRIER, 1, 0)->as.barrier.begin_cycle,
                     rig.config.switch_cycles + 2 * START);
    rig_close(&rig);
}

/* A program that waits goes on when its time has come, or when the handler has ended. */
static uint64_t waiting_program_goes_on(const struct costs *c, uint64_t until)
{
    struct rig rig;
    configure(&rig, c, 2);
    rig_open(&rig);
    const struct core_operation waits[] = {op_switch(&rig), op_wait(until - rig.config.switch_cycles),
                                           op_barrier(BARRIER_ISB), op_end()};
    send_to(&rig, 2, 1, waits);
    uint64_t begin = rig_event(&rig, EVENT_BARRIER, 1, 0)->as.barrier.begin_cycle;
    rig_close(&rig);
    return begin;
}

static void a_program_that_is_due_meanwhile_goes_on_after_the_exit(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        const struct costs *c = &machines[i];
        uint64_t arrives = START + c->network, exits = arrives + c->entry + c->drop + c->exit;
        assert_int_equal(waiting_program_goes_on(c, arrives - 1), arrives - 1);
        assert_int_equal(waiting_program_goes_on(c, arrives), exits);
        assert_int_equal(waiting_program_goes_on(c, exits - 1), exits);
        assert_int_equal(waiting_program_goes_on(c, exits + 5), exits + 5);
    }
}

/* ---- what the handler waits for ------------------------------------------------------------------------ */

/* Core 1 begins `operation` so that it issues at `cycle`, with its pages in the first level if `warm`. */
static void interrupt_operation(struct rig *rig, const struct core_operation *operation, uint64_t cycle,
                                bool warm)
{
    uint64_t before = rig->config.switch_cycles;
    if (warm)
        before += 2 * (8 + levels_walk_cycles(rig, 4));
    const struct core_operation cold_list[] = {op_switch(rig), op_wait(cycle - before), *operation, op_end()};
    const struct core_operation warm_list[] = {op_switch(rig),
                                               op_load(fixture_va(PAGE)),
                                               op_load(fixture_va(PAGE + 1)),
                                               op_wait(cycle - before),
                                               *operation,
                                               op_end()};
    send_to(rig, 2, 1, warm ? warm_list : cold_list);
}

static const struct event_translation *access_of(const struct rig *rig, unsigned number)
{
    const struct mmu_event *event = rig_event(rig, EVENT_TRANSLATION, 1, number);
    assert_non_null(event);
    return &event->as.translation;
}

static void it_waits_for_every_access_of_the_core(void **state)
{
    struct rig rig;
    struct core_operation load =
        op_access(ACCESS_LOAD, DATA_BUS, fixture_va(PAGE + 1)); /* not the list's page */
    (void)state;
    configure(&rig, &machines[1], 2);
    rig_open(&rig);
    interrupt_operation(&rig, &load, START - 10, true);
    const struct event_acknowledgement *answer = answer_of(&rig, 1);
    assert_int_equal(answer->accesses_settled, 1);
    assert_int_equal(answer->acknowledge_cycle,
                     access_of(&rig, 2)->performed_cycle + rig.config.memory_latency_cycles);
    assert_true(answer->acknowledge_cycle > answer->drop_cycle);
    rig_close(&rig);
}

/* An access that waits for a walk which the list means, too: waited for once. */
static void it_waits_once_for_an_access_whose_walk_it_caught(void **state)
{
    struct rig rig;
    struct core_operation load = op_load(fixture_va(PAGE));
    (void)state;
    configure(&rig, &machines[1], 2);
    rig_open(&rig);
    interrupt_operation(&rig, &load, START - 100, false);
    const struct event_acknowledgement *answer = answer_of(&rig, 1);
    assert_int_equal(answer->walks_settled, 1);
    assert_int_equal(answer->accesses_settled, 1);
    assert_int_equal(answer->acknowledge_cycle, rig_event(&rig, EVENT_WALK, 1, 0)->cycle);
    assert_false(rig_event(&rig, EVENT_WALK, 1, 0)->as.walk.filled);
    rig_close(&rig);
}

static void it_waits_for_a_store_of_page_table_code(void **state)
{
    struct rig rig;
    (void)state;
    configure(&rig, &machines[1], 2);
    rig.config.store_buffer_drain_cycles = 1000;
    rig_open(&rig);
    struct core_operation write = op_write(rig.fixture.scratch, 1);
    interrupt_operation(&rig, &write, START - 10, false);
    assert_int_equal(answer_of(&rig, 1)->acknowledge_cycle, rig_event(&rig, EVENT_ENTRY_WRITE, 1, 0)->cycle);
    assert_int_equal(answer_of(&rig, 1)->acknowledge_cycle,
                     START - 10 + 1000 + rig.config.memory_latency_cycles);
    rig_close(&rig);
}

/* The interrupt comes between the halves: both are issued, and waited for. */
static void it_does_not_break_a_crossing_access_in_two(void **state)
{
    struct rig rig;
    struct core_operation load = op_access(ACCESS_LOAD, DATA_BUS, fixture_va(PAGE + 1) - 4);
    (void)state;
    configure(&rig, &machines[1], 2);
    rig_open(&rig);
    uint64_t issue = START + rig.config.network_latency_cycles - 1;
    interrupt_operation(&rig, &load, issue, true);
    const struct event_acknowledgement *answer = answer_of(&rig, 1);
    assert_int_equal(access_of(&rig, 2)->issue_cycle, issue);
    assert_int_equal(access_of(&rig, 3)->issue_cycle, issue + 1);
    assert_int_equal(answer->arrive_cycle, issue + 1);
    assert_int_equal(answer->accesses_settled, 2);
    assert_int_equal(answer->acknowledge_cycle,
                     access_of(&rig, 3)->performed_cycle + rig.config.memory_latency_cycles);
    rig_close(&rig);
}

/* Nor one that waits for a free miss: it gets it while the handler runs, which ends after it. */
static void it_lets_a_stalled_access_go_on(void **state)
{
    const struct any_access two[] = {{ACCESS_LOAD, fixture_va(8)}, {ACCESS_LOAD, fixture_va(10)}};
    struct listed_stream stream;
    struct rig rig;
    (void)state;
    configure(&rig, &machines[1], 2);
    rig.config.misses = 1;
    rig_open(&rig);
    struct core_operation loads = op_listed(&stream, two, 2);
    interrupt_operation(&rig, &loads, START - 10, false);
    const struct mmu_event *first = rig_event(&rig, EVENT_WALK, 1, 0),
                           *second = rig_event(&rig, EVENT_WALK, 1, 1);
    const struct event_acknowledgement *answer = answer_of(&rig, 1);
    assert_true(answer->arrive_cycle < first->cycle);
    assert_true(second->as.walk.request_cycle < answer->acknowledge_cycle);
    assert_int_equal(answer->acknowledge_cycle, second->cycle);
    rig_close(&rig);
}

/* But what has not been issued waits for the handler's end. */
static void it_keeps_the_rest_of_a_stream_back(void **state)
{
    const struct any_access three[] = {
        {ACCESS_LOAD, fixture_va(8)}, {ACCESS_LOAD, fixture_va(9)}, {ACCESS_LOAD, fixture_va(10)}};
    struct listed_stream stream;
    struct rig rig;
    (void)state;
    configure(&rig, &machines[1], 2);
    rig_open(&rig);
    struct core_operation loads = op_listed(&stream, three, 3);
    uint64_t arrives = START + rig.config.network_latency_cycles;
    interrupt_operation(&rig, &loads, arrives - 2, false);
    const struct event_acknowledgement *answer = answer_of(&rig, 1);
    assert_int_equal(answer->accesses_settled, 2);
    assert_int_equal(access_of(&rig, 2)->issue_cycle,
                     answer->acknowledge_cycle + rig.config.interrupt_exit_cycles);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_of_a_list_is_dropped_behind_the_entry),
        cmocka_unit_test(messages_of_one_sender_leave_one_after_the_other),
        cmocka_unit_test(the_sender_may_interrupt_itself_without_the_network),
        cmocka_unit_test(to_no_core_it_is_over_at_once),
        cmocka_unit_test(a_stream_loses_the_cycles_from_arrival_to_the_exit),
        cmocka_unit_test(a_broadcast_by_hardware_costs_the_program_nothing),
        cmocka_unit_test(a_program_that_is_due_meanwhile_goes_on_after_the_exit),
        cmocka_unit_test(it_waits_for_every_access_of_the_core),
        cmocka_unit_test(it_waits_once_for_an_access_whose_walk_it_caught),
        cmocka_unit_test(it_waits_for_a_store_of_page_table_code),
        cmocka_unit_test(it_does_not_break_a_crossing_access_in_two),
        cmocka_unit_test(it_lets_a_stalled_access_go_on),
        cmocka_unit_test(it_keeps_the_rest_of_a_stream_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
