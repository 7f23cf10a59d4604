/*
 * The extended machine: several cores and address spaces, stores that wait, walk caches, a second stage.
 *
 * One idea keeps it beside the seed: *what one core sees* is a low-level state, extended_project. A step of a
 * core is a step of the low-level state machine on what that core sees, and beside that it says what happens
 * to everything that the core does not see. With one core, one space and nothing else the projection is the
 * state, and the specification is the seed's.
 *
 * Which parts have a meaning says the set of extensions: CORES, TAGS, ORDERING, WALK_CACHES, CONTROLS,
 * STAGE2. Relations allocate, because the projections do: without memory they answer false, and the violation
 * says so.
 */
#ifndef MMUSIM_SPECIFICATION_EXTENDED_H
#define MMUSIM_SPECIFICATION_EXTENDED_H

#include "sim/specification/low_level.h"
#include "sim/specification/walk_tables.h"

#ifdef __cplusplus
extern "C" {
#endif

#define EXTENDED_CORES   4
#define EXTENDED_SPACES  4
#define EXTENDED_PENDING 16

/* A store that waits: not in memory yet. */
struct pending_store {
    uint64_t pidx;
    uint64_t value;
};

struct extended_core {
    unsigned space;                  /* the address space that it runs */
    struct access_controls controls; /* CONTROLS */
    /* TAGS: entries by the space whose ASID they have, and the global ones (FRAME_GLOBAL), which count in
     * every space. */
    struct mappings tlb[EXTENDED_SPACES];
    struct mappings global;
    struct walk_tables tables[EXTENDED_SPACES]; /* WALK_CACHES: by space */
    /* ORDERING: oldest first. */
    struct pending_store pending[EXTENDED_PENDING];
    unsigned pending_count;
};

struct extended_space {
    struct s1_page_table pt;
    struct walk_tables tables; /* WALK_CACHES: those that the page table leads to */
};

struct extended_state {
    struct physical_memory mem;
    unsigned cores;
    unsigned spaces;
    struct extended_core core[EXTENDED_CORES];
    struct extended_space space[EXTENDED_SPACES];
    struct mappings stage2; /* STAGE2: from intermediate to physical addresses */
    struct pt_arch arch;
    struct extensions extensions; /* its controls are those of no core */
};

void extended_state_destroy(struct extended_state *state);
bool extended_state_copy(struct extended_state *to, const struct extended_state *from);
bool extended_state_equal(const struct extended_state *a, const struct extended_state *b);
/* Whether the same stores wait in both cores. */
bool extended_pending_equal(const struct extended_core *a, const struct extended_core *b);

/* STAGE2: `stage1` and then `stage2`, in pieces of the smaller of both frames, with what both allow. Replaces
 * `both`; false without memory. */
bool mappings_compose(const struct mappings *stage1, const struct mappings *stage2, struct mappings *both);

/*
 * What `core` sees while it runs `space`: memory with its own stores that wait, the space's mappings as both
 * stages make them, the entries of its TLB that count there. Replaces `seen`; false without memory.
 */
bool extended_project(const struct extended_state *state, unsigned core, unsigned space,
                      struct low_level_state *seen);

/* Whether a TLB may have this entry of the space, as both stages make it; EXTENDED_SPACES: of any, as a
 * global one may be. False without memory. */
bool extended_maps(const struct extended_state *state, const struct mapping *entry, unsigned space);

/* ---- Transitions of a core ---- */

bool extended_read(const struct extended_state *s1, const struct extended_state *s2, unsigned core,
                   const struct read_op *op, struct violation *violation);
/* FETCH. */
bool extended_fetch(const struct extended_state *s1, const struct extended_state *s2, unsigned core,
                    const struct read_op *op, struct violation *violation);
/* ORDERING: the store waits, or is in memory at once if no earlier one waits. */
bool extended_write(const struct extended_state *s1, const struct extended_state *s2, unsigned core,
                    const struct write_op *op, struct violation *violation);
/* ORDERING: the oldest store of a core reaches memory. */
bool extended_drain(const struct extended_state *s1, const struct extended_state *s2, unsigned core,
                    struct violation *violation);
/* A core drops the entry with this base that it has of a space, or its global one. */
bool extended_tlb_evict(const struct extended_state *s1, const struct extended_state *s2, unsigned core,
                        unsigned space, uint64_t base, struct violation *violation);
/* TAGS: a core runs another space. */
bool extended_switch(const struct extended_state *s1, const struct extended_state *s2, unsigned core,
                     unsigned space, struct violation *violation);
/* CONTROLS: the controls of a core change. */
bool extended_set_controls(const struct extended_state *s1, const struct extended_state *s2, unsigned core,
                           const struct access_controls *controls, struct violation *violation);

/* ---- Page-table operations: on the table of a space, whichever core runs them ---- */

bool extended_map(const struct extended_state *s1, const struct extended_state *s2, unsigned space,
                  const struct map_op *op, struct violation *violation);
bool extended_unmap(const struct extended_state *s1, const struct extended_state *s2, unsigned space,
                    const struct unmap_op *op, struct violation *violation);
bool extended_protect(const struct extended_state *s1, const struct extended_state *s2, unsigned space,
                      const struct protect_op *op, struct violation *violation);
bool extended_query(const struct extended_state *s1, const struct extended_state *s2, unsigned space,
                    const struct query_op *op, struct violation *violation);
/* STAGE2: the map of intermediate addresses gains a mapping, or loses one. */
bool extended_map_stage2(const struct extended_state *s1, const struct extended_state *s2,
                         const struct map_op *op, struct violation *violation);
bool extended_unmap_stage2(const struct extended_state *s1, const struct extended_state *s2,
                           const struct unmap_op *op, struct violation *violation);

/* ---- Invariants ---- */

/* Those of the low level, for what each core would see in each space; and each table in a walk cache is one
 * that the page table leads to. */
bool extended_invariants(const struct extended_state *state, struct violation *violation);

#ifdef __cplusplus
}
#endif
#endif
