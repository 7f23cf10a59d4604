/*
 * The high-level state machine: the seed's `HighLevelState`.
 *
 * Memory as a program sees it: words by virtual index, and which virtual pages stand for which frames. As in
 * page_table.h each transition is a relation; nothing is allocated and nothing is changed, and a `violation`
 * may be NULL.
 */
#ifndef MMUSIM_SPECIFICATION_HIGH_LEVEL_H
#define MMUSIM_SPECIFICATION_HIGH_LEVEL_H

#include "sim/specification/page_table.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Constants defined for the high-level model. */
struct high_level_constants {
    uint64_t pmem_lb; /* physical memory is the words [pmem_lb, pmem_ub), by 8-byte index */
    uint64_t pmem_ub;
    /* Frame sizes; {0}: the seed's 4 KiB, 2 MiB and 1 GiB. */
    struct pt_arch arch;
    struct extensions extensions;
};

/* Abstract memory state for the high-level model. */
struct high_level_state {
    /* 8-byte-indexed virtual memory. */
    struct virtual_memory mem;
    /* Mappings from virtual addresses to physical frames: the key is the base of a virtual page. */
    struct mappings mappings;
    /* Constants defined for the high-level model. */
    struct high_level_constants constants;
    /* STATE: by virtual base, FRAME_CLEAN and FRAME_OLD of the entry. */
    struct word_map states;
};

void high_level_state_destroy(struct high_level_state *state);
bool high_level_state_copy(struct high_level_state *to, const struct high_level_state *from);
bool high_level_state_equal(const struct high_level_state *a, const struct high_level_state *b);

/* ---- Transitions ---- */

/* Empty memory and no mappings. */
bool high_level_init(const struct high_level_state *state, struct violation *violation);

bool high_level_read(const struct high_level_state *s1, const struct high_level_state *s2,
                     const struct read_op *op, struct violation *violation);
/* FETCH. */
bool high_level_fetch(const struct high_level_state *s1, const struct high_level_state *s2,
                      const struct read_op *op, struct violation *violation);
bool high_level_write(const struct high_level_state *s1, const struct high_level_state *s2,
                      const struct write_op *op, struct violation *violation);
bool high_level_map(const struct high_level_state *s1, const struct high_level_state *s2,
                    const struct map_op *op, struct violation *violation);
bool high_level_unmap(const struct high_level_state *s1, const struct high_level_state *s2,
                      const struct unmap_op *op, struct violation *violation);
/* PROTECT. */
bool high_level_protect(const struct high_level_state *s1, const struct high_level_state *s2,
                        const struct protect_op *op, struct violation *violation);
bool high_level_query(const struct high_level_state *s1, const struct high_level_state *s2,
                      const struct query_op *op, struct violation *violation);
/* The seed's `id`: what an eviction is, seen from here. STATE and SPECULATION: entries may become accessed.
 */
bool high_level_identity(const struct high_level_state *s1, const struct high_level_state *s2,
                         struct violation *violation);

/* ---- The successor, where s1 and the operation's arguments determine it ---- */

/*
 * As the `_step` functions of page_table.h: they change the state and fill in the result. A map is not among
 * them: what the new words hold is not said by the state before. Aliases are kept equal if ALIASES says so.
 */
bool high_level_read_step(struct high_level_state *state, struct read_op *op);
bool high_level_write_step(struct high_level_state *state, struct write_op *op);
bool high_level_unmap_step(struct high_level_state *state, struct unmap_op *op);
bool high_level_protect_step(struct high_level_state *state, struct protect_op *op);

#ifdef __cplusplus
}
#endif
#endif
