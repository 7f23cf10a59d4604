/*
 * A small concrete machine for refinement tests: real page tables on flat memory, the real walk engines, the
 * TLB arrays of tlb/. No time: what happens is a sequence of steps. But stores wait in a buffer that drains
 * when it likes, an invalidation takes effect somewhere between its issue and its completion, walks begin at
 * tables that were cached, and at every call of page-table code some core may translate an address unasked.
 *
 * machine_view gives the state of the extended specification that the machine is in.
 */
#ifndef MMUSIM_SPECIFICATION_TEST_MACHINE_H
#define MMUSIM_SPECIFICATION_TEST_MACHINE_H

#include "pagetables/abstract_map.h"
#include "pagetables/checked.h"
#include "pagetables/flat_memory.h"
#include "pagetables/test/random.h"
#include "sim/specification/extended.h"
#include "sim/specification/test/states.h"
#include "tlb/tlb.h"

#define MACHINE_CORES   2
#define MACHINE_SPACES  2
#define MACHINE_TABLES  6  /* of a core's walk cache */
#define MACHINE_STORES  8  /* of a core's store buffer */
#define MACHINE_WAITING 16 /* invalidations under way */
#define MACHINE_BLOCKS  512

#define MACHINE_PHYSICAL_BYTES (UINT64_C(8) << 30)
#define MACHINE_VMID           3

struct machine_config {
    const struct pagetable_class *table;
    const struct walk_format *format;
    bool hardware_access;
    bool hardware_dirty;
    bool aliasing;
    bool ordering; /* stores wait */
    bool walk_caches;
    bool interference; /* other cores translate while page-table code runs */
};

struct machine_table {
    struct walk_table table;
    unsigned space;
    bool used;
};

struct machine_store {
    uint64_t pa;
    uint64_t value;
    bool of_table; /* page-table code's */
};

struct machine_core {
    struct machine *machine; /* so a core is the context of its environment */
    unsigned space;
    struct tlb tlb;
    struct machine_table tables[MACHINE_TABLES];
    struct machine_store stores[MACHINE_STORES];
    unsigned store_count;
};

struct machine_space {
    void *block;
    struct concrete_table concrete;
    struct abstract_map *mappings; /* what pagetable_checked asks */
    uint16_t asid;
    unsigned blocks_of_empty; /* how many blocks of memory it had when it was created */
};

struct machine {
    struct machine_config config;
    struct random_stream random;
    struct flat_memory *memory;
    struct environment flat;
    struct memory_reader reader;
    struct machine_core core[MACHINE_CORES];
    struct machine_space space[MACHINE_SPACES];
    struct invalidation waiting[MACHINE_WAITING];
    unsigned waiting_count;
    struct word_range blocks[MACHINE_BLOCKS]; /* memory of page tables, in words */
    uint8_t block_space[MACHINE_BLOCKS];      /* whose table it is of */
    unsigned block_count;
    bool opened;             /* all spaces are there: before, nothing interferes */
    unsigned operating;      /* the space whose page-table code runs */
    struct word_map touched; /* by index, 1: data words that somebody loaded or stored */
};

void machine_open(struct machine *machine, const struct machine_config *config, uint64_t seed);
void machine_close(struct machine *machine);

/* ---- Software ---- */

/* The environment of page-table code on a core. */
struct environment machine_environment(struct machine *machine, unsigned core);
enum pagetable_result machine_map(struct machine *machine, unsigned core, unsigned space, uint64_t va,
                                  const struct frame *frame);
enum pagetable_result machine_unmap(struct machine *machine, unsigned core, unsigned space, uint64_t va);
enum pagetable_result machine_protect(struct machine *machine, unsigned core, unsigned space, uint64_t va,
                                      uint32_t attributes);
enum pagetable_result machine_query(struct machine *machine, unsigned core, unsigned space, uint64_t va,
                                    struct mapping *found);

/* ---- Hardware ---- */

/* An access of 8 bytes: whether it succeeds. A load gives its value. A store needs room: machine_drain. */
bool machine_access(struct machine *machine, unsigned core, enum access_kind kind, enum privilege privilege,
                    uint64_t va, uint64_t *value);
/* The oldest store that waits goes to memory. False if none waits. */
bool machine_drain(struct machine *machine, unsigned core);
/* Some entry is dropped, which is told. False if there is none. */
bool machine_evict(struct machine *machine, unsigned core, unsigned *space, uint64_t *base);
/* Some core translates some address that nobody asked for. */
void machine_speculate(struct machine *machine);

/* ---- The specification's view ---- */

/* Replaces `view`. */
void machine_view(const struct machine *machine, uint32_t extensions, struct extended_state *view);

/* How many blocks of memory the table of a space has. */
unsigned machine_blocks(const struct machine *machine, unsigned space);

/* Some address that operations and accesses of a space like, aligned to 2^size_lg2 bytes. */
uint64_t machine_random_va(struct machine *machine, unsigned size_lg2);

#endif
