#include "mmu/config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tlb/tlb.h"

#define AT(member) offsetof(struct mmu_config, member)
#define KIB        UINT64_C(1024)
#define GIB        (KIB * KIB * KIB)
#define CYCLES_MAX UINT64_C(1000000)

/* One row a parameter; the order is that of the help. */
static const struct mmu_parameter parameters[] = {
    {"cores", AT(cores), PARAMETER_COUNT, 1, MMU_CORES_MAX, 1, "simulated cores"},
    {"seed", AT(seed), PARAMETER_COUNT, 0, INT64_MAX, 1, "where every random choice of the run comes from"},
    {"tlb.l1i.entries", AT(l1i.entries), PARAMETER_COUNT, 1, TLB_ENTRIES_MAX, 48,
     "first-level instruction TLB"},
    {"tlb.l1i.ways", AT(l1i.ways), PARAMETER_COUNT, 1, TLB_ENTRIES_MAX, 4, "associativity; divides entries"},
    {"tlb.l1i.latency", AT(l1i.latency_cycles), PARAMETER_CYCLES, 1, 64, 1, "look-up, pipelined"},
    {"tlb.l1d.entries", AT(l1d.entries), PARAMETER_COUNT, 1, TLB_ENTRIES_MAX, 64, "first-level data TLB"},
    {"tlb.l1d.ways", AT(l1d.ways), PARAMETER_COUNT, 1, TLB_ENTRIES_MAX, 4, "associativity; divides entries"},
    {"tlb.l1d.latency", AT(l1d.latency_cycles), PARAMETER_CYCLES, 1, 64, 1, "look-up, pipelined"},
    {"tlb.l2.entries", AT(l2.entries), PARAMETER_COUNT, 1, TLB_ENTRIES_MAX, 1536,
     "second-level TLB of a core, for instructions and data"},
    {"tlb.l2.ways", AT(l2.ways), PARAMETER_COUNT, 1, TLB_ENTRIES_MAX, 12, "associativity; divides entries"},
    {"tlb.l2.latency", AT(l2.latency_cycles), PARAMETER_CYCLES, 1, 1024, 7,
     "look-up, after the first level's"},
    {"walker.misses", AT(misses), PARAMETER_COUNT, 1, MMU_MISSES_MAX, 8,
     "outstanding first-level misses a core; later ones to the same page merge"},
    {"walker.slots", AT(walker_slots), PARAMETER_COUNT, 1, MMU_WALKERS_MAX, 4, "concurrent walks a core"},
    {"memory.size", AT(memory_bytes), PARAMETER_BYTES, 64 * KIB, UINT64_C(1) << 48, 4 * GIB,
     "physical memory from address 0; a multiple of 4 KiB"},
    {"memory.latency", AT(memory_latency_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 120,
     "from the grant of the bus to the data"},
    {"bus.occupancy", AT(bus_occupancy_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 2,
     "cycles that one transaction keeps the bus"},
    {"store_buffer.depth", AT(store_buffer_depth), PARAMETER_COUNT, 0, MMU_STORE_BUFFER_MAX, 16,
     "stores that wait for the bus; 0: each store waits itself"},
    {"store_buffer.drain", AT(store_buffer_drain_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 8,
     "least time of a store in the buffer"},
    {"network.latency", AT(network_latency_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 20,
     "of an invalidation or an acknowledgement from core to core"},
    {"invalidation.drop", AT(invalidate_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 4,
     "look-up and drop of one invalidation at one core"},
    {"cost.dsb", AT(barrier_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 4, "the least that a DSB takes"},
    {"cost.isb", AT(isb_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 8, "of an ISB"},
    {"cost.switch", AT(switch_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 20, "of a switch of address space"},
    {"cost.spin", AT(spin_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 16,
     "between two attempts of page-table code at a lock"},
    {"cost.fault", AT(fault_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 50, "from a fault to its handler"},
    {"window", AT(window), PARAMETER_COUNT, 1, MMU_WINDOW_MAX, 8, "accesses in flight of a stream"},
    {"data.fixed", AT(fixed_data_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 4,
     "latency of an access's data with data = \"fixed\""},
};

const struct mmu_parameter *mmu_parameter_at(unsigned index)
{
    return index < sizeof parameters / sizeof *parameters ? &parameters[index] : NULL;
}

const struct mmu_parameter *mmu_parameter_find(const char *name)
{
    const struct mmu_parameter *parameter;
    for (unsigned i = 0; (parameter = mmu_parameter_at(i)); i++)
        if (strcmp(parameter->name, name) == 0)
            return parameter;
    return NULL;
}

uint64_t mmu_parameter_get(const struct mmu_config *config, const struct mmu_parameter *parameter)
{
    uint64_t value;
    memcpy(&value, (const char *)config + parameter->offset, sizeof value);
    return value;
}

void mmu_parameter_set(struct mmu_config *config, const struct mmu_parameter *parameter, uint64_t value)
{
    memcpy((char *)config + parameter->offset, &value, sizeof value);
}

const char *mmu_parameter_unit(const struct mmu_parameter *parameter)
{
    static const char *const units[] = {"", "bytes", "cycles"};
    return units[parameter->kind];
}

void mmu_config_defaults(struct mmu_config *config)
{
    const struct mmu_parameter *parameter;
    for (unsigned i = 0; (parameter = mmu_parameter_at(i)); i++)
        mmu_parameter_set(config, parameter, parameter->standard);
}

static bool tlb_divides(const char *name, const struct tlb_config *tlb, char *error, size_t error_bytes)
{
    if (tlb->ways <= tlb->entries && tlb->entries % tlb->ways == 0)
        return true;
    snprintf(error, error_bytes,
             "tlb.%s: %" PRIu64 " entries cannot be split into %" PRIu64
             " ways; the entries must be a multiple of the ways",
             name, tlb->entries, tlb->ways);
    return false;
}

bool mmu_config_check(const struct mmu_config *config, char *error, size_t error_bytes)
{
    const struct mmu_parameter *parameter;
    for (unsigned i = 0; (parameter = mmu_parameter_at(i)); i++) {
        uint64_t value = mmu_parameter_get(config, parameter);
        if (value >= parameter->least && value <= parameter->most)
            continue;
        const char *unit = mmu_parameter_unit(parameter);
        snprintf(error, error_bytes, "%s is %" PRIu64 "; it must be from %" PRIu64 " to %" PRIu64 "%s%s",
                 parameter->name, value, parameter->least, parameter->most, *unit ? " " : "", unit);
        return false;
    }
    if (config->memory_bytes % 4096 != 0) {
        snprintf(error, error_bytes, "memory.size is %" PRIu64 " bytes; it must be a multiple of 4096",
                 config->memory_bytes);
        return false;
    }
    return tlb_divides("l1i", &config->l1i, error, error_bytes) &&
           tlb_divides("l1d", &config->l1d, error, error_bytes) &&
           tlb_divides("l2", &config->l2, error, error_bytes);
}
