#include "mmu/test/cache_rig.h"

void cache_rig_defaults(struct rig *rig, unsigned cores)
{
    rig_defaults(rig);
    rig->config.cores = cores;
    rig->config.store_buffer_depth = 0;
}

struct cache_config *cache_rig_level(struct rig *rig, uint64_t lines, uint64_t ways, uint64_t latency_cycles)
{
    char name[8], error[256];
    uint64_t level = rig->config.cache_count + 1;
    snprintf(name, sizeof name, "l%u", (unsigned)level);
    if (!mmu_member_add(&rig->config, MMU_FAMILY_CACHE, name, error, sizeof error))
        fail_msg("%s", error);
    struct cache_config *cache = &rig->config.caches[level - 1];
    cache->size_bytes = lines * rig->config.cache_line_bytes;
    cache->ways = ways;
    cache->latency_cycles = latency_cycles;
    return cache;
}

void cache_rig_play(struct rig *rig, struct timed *const *lists)
{
    struct machine *machine = rig->fixture.machine;
    unsigned next[MMU_CORES_MAX] = {0}, core;
    uint64_t posted[MMU_CORES_MAX] = {0};
    enum machine_status status;
    for (unsigned i = 0; i < rig->config.cores; i++)
        machine_add_program(machine, i);
    while ((status = machine_advance(machine, &core)) == MACHINE_PROGRAM) {
        struct timed *timed = &lists[core][next[core]];
        if (next[core] > 0) {
            timed[-1].cycles = machine_now(machine, core) - posted[core];
            timed[-1].value = machine_result(machine, core)->value;
        }
        posted[core] = machine_now(machine, core);
        next[core]++;
        if (timed->operation.kind == CORE_OPERATION_KINDS)
            machine_end_program(machine, core);
        else
            machine_post(machine, core, &timed->operation);
    }
    if (status == MACHINE_ERROR)
        fail_msg("%s", machine_error(machine));
    assert_int_equal(status, MACHINE_DONE);
    assert_int_equal(machine_finish(machine), 0);
}

struct timed timed_read(uint64_t pa)
{
    return (struct timed){.operation = {.kind = CORE_READ, .address = pa}};
}

struct timed timed_exchange(uint64_t pa, uint64_t expected, uint64_t desired)
{
    return (struct timed){
        .operation = {.kind = CORE_COMPARE_EXCHANGE, .address = pa, .expected = expected, .value = desired}};
}

struct timed timed_clear(uint64_t pa)
{
    return (struct timed){.operation = {.kind = CORE_CLEAR, .address = pa, .cycles = FIXTURE_PAGE}};
}

struct timed timed_wait(uint64_t cycles)
{
    return (struct timed){.operation = {.kind = CORE_WAIT, .cycles = cycles}};
}

struct timed timed_end(void)
{
    return (struct timed){.operation = {.kind = CORE_OPERATION_KINDS}};
}
