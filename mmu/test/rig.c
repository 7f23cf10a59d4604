#include "mmu/test/rig.h"

#define SETTLE_CYCLES 100000u

void rig_defaults(struct rig *rig)
{
    memset(rig, 0, sizeof *rig);
    mmu_config_defaults(&rig->config);
    rig->config.memory_bytes = UINT64_C(64) << 20;
}

void rig_open(struct rig *rig)
{
    fixture_open(&rig->fixture, &rig->config, OBSERVE_ALL);
}

void rig_close(struct rig *rig)
{
    fixture_close(&rig->fixture);
}

void rig_map(struct rig *rig, uint64_t va, const struct frame *frame)
{
    struct environment environment = setup_environment(&rig->fixture.setup);
    assert_int_equal(pagetable_class_find("radix")->map(rig->fixture.table, &environment, va, frame),
                     PAGETABLE_OK);
}

/* Until core 0 is asked. */
static void await(struct rig *rig)
{
    unsigned core = UINT32_MAX;
    enum machine_status status = machine_advance(rig->fixture.machine, &core);
    if (status == MACHINE_ERROR)
        fail_msg("%s", machine_error(rig->fixture.machine));
    assert_int_equal(status, MACHINE_PROGRAM);
    assert_int_equal(core, 0);
}

void rig_begin(struct rig *rig)
{
    struct core_operation to_space = op_switch(rig);
    machine_add_program(rig->fixture.machine, 0);
    await(rig);
    rig_do(rig, &to_space);
}

const struct core_result *rig_do(struct rig *rig, const struct core_operation *operation)
{
    machine_post(rig->fixture.machine, 0, operation);
    await(rig);
    return machine_result(rig->fixture.machine, 0);
}

uint64_t rig_cycles(struct rig *rig, const struct core_operation *operation)
{
    uint64_t begin = machine_now(rig->fixture.machine, 0);
    uint64_t end = rig_do(rig, operation)->cycle;
    assert_int_equal(end, machine_now(rig->fixture.machine, 0));
    return end - begin;
}

void rig_settle(struct rig *rig)
{
    struct core_operation wait = op_wait(SETTLE_CYCLES);
    rig_do(rig, &wait);
}

void rig_end(struct rig *rig)
{
    unsigned core;
    machine_end_program(rig->fixture.machine, 0);
    assert_int_equal(machine_advance(rig->fixture.machine, &core), MACHINE_DONE);
    assert_int_equal(machine_finish(rig->fixture.machine), 0);
}

void rig_play(struct rig *rig, const struct core_operation *const *lists)
{
    struct machine *machine = rig->fixture.machine;
    const struct core_operation *next[MMU_CORES_MAX];
    enum machine_status status;
    unsigned core;
    for (unsigned i = 0; i < rig->config.cores; i++) {
        next[i] = lists[i];
        machine_add_program(machine, i);
    }
    while ((status = machine_advance(machine, &core)) == MACHINE_PROGRAM) {
        if (next[core]->kind == CORE_OPERATION_KINDS)
            machine_end_program(machine, core);
        else
            machine_post(machine, core, next[core]++);
    }
    if (status == MACHINE_ERROR)
        fail_msg("%s", machine_error(machine));
    assert_int_equal(status, MACHINE_DONE);
    assert_int_equal(machine_finish(machine), 0);
}

const struct mmu_event *rig_event(const struct rig *rig, enum event_kind kind, unsigned core, unsigned number)
{
    for (size_t i = 0; i < rig->fixture.event_count; i++) {
        const struct mmu_event *event = &rig->fixture.events[i];
        if (event->kind == kind && event->core == core && number-- == 0)
            return event;
    }
    return NULL;
}

struct core_operation op_access(enum access_kind kind, enum data_mode mode, uint64_t va)
{
    return (struct core_operation){
        .kind = CORE_ACCESS, .access_kind = kind, .data_mode = mode, .address = va, .size_bytes = 8};
}

struct core_operation op_store(uint64_t va, uint64_t value)
{
    struct core_operation operation = op_access(ACCESS_STORE, DATA_BUS, va);
    operation.value = value;
    return operation;
}

struct core_operation op_switch(struct rig *rig)
{
    return (struct core_operation){.kind = CORE_SWITCH, .context = &rig->fixture.contexts[0]};
}

struct core_operation op_wait(uint64_t cycles)
{
    return (struct core_operation){.kind = CORE_WAIT, .cycles = cycles};
}

struct core_operation op_write(uint64_t pa, uint64_t value)
{
    return (struct core_operation){.kind = CORE_WRITE, .address = pa, .value = value};
}

struct core_operation op_barrier(enum barrier_kind kind)
{
    return (struct core_operation){.kind = CORE_BARRIER, .barrier = kind};
}

struct core_operation op_invalidate(uint64_t va, bool broadcast)
{
    return (struct core_operation){
        .kind = CORE_INVALIDATE,
        .invalidation = {.va = va, .asid = 1, .scope = INVALIDATE_VA, .broadcast = broadcast}};
}

struct core_operation op_end(void)
{
    return (struct core_operation){.kind = CORE_OPERATION_KINDS};
}
