/*
 * The machine's description: every parameter of the hardware, declared once.
 *
 * The table of parameters (mmu_parameter_at) is the only place where a parameter has a name, a unit, a
 * range, a default and a text; scripts are checked against it, and the help, the recorded configuration and
 * the reference page come from it.
 */
#ifndef MMUSIM_MMU_CONFIG_H
#define MMUSIM_MMU_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MMU_CORES_MAX        64
#define MMU_WINDOW_MAX       256
#define MMU_STORE_BUFFER_MAX 64
#define MMU_MISSES_MAX       64
#define MMU_WALKERS_MAX      64

/* What an access does once it is translated. */
enum data_mode {
    DATA_BUS,   /* read or written through store buffer, bus and memory */
    DATA_FIXED, /* takes a fixed latency and touches nothing */
    DATA_NONE,  /* ends with its translation */
    DATA_MODES
};

struct tlb_config {
    uint64_t entries;
    uint64_t ways;
    uint64_t latency_cycles;
};

/* All are uint64_t, so that the table of parameters can describe them all in one way. */
struct mmu_config {
    uint64_t cores;
    uint64_t seed;
    struct tlb_config l1i, l1d, l2;
    uint64_t misses;       /* outstanding first-level misses a core */
    uint64_t walker_slots; /* concurrent walks a core */
    uint64_t memory_bytes;
    uint64_t memory_latency_cycles; /* from the bus grant to the data */
    uint64_t bus_occupancy_cycles;  /* between two grants */
    uint64_t store_buffer_depth;
    uint64_t store_buffer_drain_cycles;
    uint64_t network_latency_cycles;
    uint64_t invalidate_cycles; /* look-up and drop of one invalidation at one core */
    uint64_t barrier_cycles;    /* the least a DSB takes */
    uint64_t isb_cycles;
    uint64_t switch_cycles;
    uint64_t spin_cycles;       /* between two attempts at a lock */
    uint64_t fault_cycles;      /* from a fault being known to its handler */
    uint64_t window;            /* accesses in flight of a stream that does not say otherwise */
    uint64_t fixed_data_cycles; /* data = "fixed" */
};

enum parameter_kind { PARAMETER_COUNT, PARAMETER_BYTES, PARAMETER_CYCLES };

struct mmu_parameter {
    const char *name; /* dotted, as in a script: "tlb.l1d.entries" */
    size_t offset;    /* of its uint64_t in struct mmu_config */
    enum parameter_kind kind;
    uint64_t least, most, standard;
    const char *text; /* one line */
};

/* By index; NULL past the end. */
const struct mmu_parameter *mmu_parameter_at(unsigned index);
const struct mmu_parameter *mmu_parameter_find(const char *name);
uint64_t mmu_parameter_get(const struct mmu_config *config, const struct mmu_parameter *parameter);
void mmu_parameter_set(struct mmu_config *config, const struct mmu_parameter *parameter, uint64_t value);
/* "cycles", "bytes" or "" */
const char *mmu_parameter_unit(const struct mmu_parameter *parameter);

void mmu_config_defaults(struct mmu_config *config);
/* False with one sentence that names the parameter and its range. */
bool mmu_config_check(const struct mmu_config *config, char *error, size_t error_bytes);

#ifdef __cplusplus
}
#endif
#endif
