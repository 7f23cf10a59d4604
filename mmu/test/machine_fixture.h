/*
 * Machines with page tables and scripted programs, for tests of the timing core.
 *
 * A run is drawn from a seed: a small machine's parameters, a table of pages built before time begins, and
 * for each core a list of operations. The same run can be driven by any scheduler; its events are kept.
 */
#ifndef MMUSIM_MMU_TEST_MACHINE_FIXTURE_H
#define MMUSIM_MMU_TEST_MACHINE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mmu/machine.h"
#include "mmu/setup.h"
#include "pagetables/pagetable.h"

#define FIXTURE_BASE  UINT64_C(0x40000000)
#define FIXTURE_PAGES 48u
#define FIXTURE_PAGE  UINT64_C(4096)
/* Larger ones behind them: runs of 64 KiB, in the same last-level table, and blocks of 2 MiB. */
#define FIXTURE_RUN_BASE   (FIXTURE_BASE + (UINT64_C(1) << 20))
#define FIXTURE_RUNS       3u
#define FIXTURE_RUN        (UINT64_C(1) << 16)
#define FIXTURE_BLOCK_BASE (FIXTURE_BASE + (UINT64_C(1) << 21))
#define FIXTURE_BLOCKS     2u
#define FIXTURE_BLOCK      (UINT64_C(1) << 21)

struct fixture {
    struct machine *machine;
    struct frame_allocator allocator;
    struct setup_environment setup;
    struct address_context contexts[2]; /* one table under two ASIDs */
    struct address_context others[2];   /* the same under other controls; see draw_format.c */
    struct address_context high;        /* and the upper half of their addresses; space 0: there is none */
    void *table;
    uint64_t toggle,
        run_toggle;      /* bits of leaf entries: what may change while others rely on them, see draw_leaf */
    struct guest *guest; /* of two stages: guest_fixture.h; else NULL */
    uint64_t entries[FIXTURE_PAGES];    /* physical address of each page's leaf entry */
    uint64_t run_entries[FIXTURE_RUNS]; /* the first of each run's */
    uint64_t block_entries[FIXTURE_BLOCKS];
    uint64_t scratch; /* a page of physical memory for plain words */
    struct mmu_event *events;
    size_t event_count, event_capacity;
    bool ordered; /* events came in order of (cycle, core, sequence) */
};

enum observation { OBSERVE_NOTHING, OBSERVE_MISSES, OBSERVE_ALL };

/* A machine without a table yet. */
void fixture_begin(struct fixture *fixture, const struct mmu_config *config, enum observation observation);
void fixture_open(struct fixture *fixture, const struct mmu_config *config, enum observation observation);
/* The same with tables of this format; `updates`: hardware marks entries, and some pages begin clean or old.
 */
void fixture_open_as(struct fixture *fixture, const struct mmu_config *config, enum observation observation,
                     const char *format, bool updates);
void fixture_close(struct fixture *fixture);
/* The level number of leaves that map 1 << size_lg2 bytes by one entry, or by a run of such. */
unsigned fixture_level(const struct walk_format *format, unsigned size_lg2);
bool fixture_has_size(const struct walk_format *format, unsigned size_lg2);
/* Bits of leaf entries that say "global", and "one of a run", or else the same as the first. */
void fixture_toggles(struct fixture *fixture, const struct walk_format *format);
uint64_t fixture_va(unsigned page);
/* The rest of the TLB stays as it is. */
void set_geometry(struct tlb_config *tlb, uint64_t entries, uint64_t ways, uint64_t latency_cycles);

/* splitmix64 */
uint64_t draw(uint64_t *state);
static inline uint64_t draw_below(uint64_t *state, uint64_t bound)
{
    return draw(state) % bound;
}

#define SCRIPT_LIST_MAX 8u

/* One step of a scripted program: an operation of the machine, or a rendezvous of all programs. */
struct script_step {
    struct core_operation operation;
    struct stream_config stream; /* of CORE_STREAM; opened when its turn comes */
    bool rendezvous;
};

struct script {
    struct script_step *steps;
    struct invalidation *lists; /* SCRIPT_LIST_MAX for each step: of interrupts */
    unsigned count;
};

/* Where each core's program stands in its script. */
struct script_walk {
    struct machine *machine;
    const struct script *scripts; /* one a core */
    unsigned cores;
    struct stream *streams[MMU_CORES_MAX];
    unsigned next[MMU_CORES_MAX];
    unsigned met[MMU_CORES_MAX]; /* rendezvous reached */
    bool ended[MMU_CORES_MAX];
    bool resume[MMU_CORES_MAX]; /* a fault was handled: resume the stream next */
    uint64_t faults;
};

void script_walk_begin(struct script_walk *walk, struct machine *machine, const struct script *scripts);
/* What the core does next, asked when its last operation has ended; false: its program ends. Faults of
 * streams are handled by letting time pass, and a retry. */
bool script_walk_next(struct script_walk *walk, unsigned core, struct core_operation *operation);
void script_walk_end(struct script_walk *walk);

struct script_run {
    enum machine_status status;
    uint64_t faults;
};

typedef enum machine_status (*advance_function)(struct machine *machine, unsigned *core);

/* Drives every core's script to its end. */
struct script_run script_run(struct fixture *fixture, const struct script *scripts, advance_function advance);

void draw_config(uint64_t *state, struct mmu_config *config);
/* draw_memory.c: bus, memory and data caches. */
void draw_memory_system(uint64_t *state, struct mmu_config *config);
/* draw_hierarchy.c: TLBs, walkers and walk caches of any shape, invalidations. */
void draw_translation(uint64_t *state, struct mmu_config *config);
/* draw_speculation.c: prefetcher, adversary, and the machine's seed. */
void draw_speculation(uint64_t *state, struct mmu_config *config);
void draw_script(uint64_t *state, const struct fixture *fixture, unsigned steps, unsigned core,
                 struct script *script);
/* draw_format.c: after everything else, which sees the tables as they are. */
void draw_format(uint64_t *state, struct fixture *fixture, struct script *scripts);
void script_free(struct script *script);

#endif
