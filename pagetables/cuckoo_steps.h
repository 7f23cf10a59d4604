/*
 * The steps that operations of the cuckoo table consist of. Not a public header.
 */
#ifndef MMUSIM_PAGETABLES_CUCKOO_STEPS_H
#define MMUSIM_PAGETABLES_CUCKOO_STEPS_H

#include "pagetables/calls.h"
#include "pagetables/cuckoo.h"
#include "pagetables/plain_table.h"

/* What an operation knows of the table: lines of the descriptor, each read when it is first needed, under the
 * lock. */
struct cuckoo_view {
    const struct plain_table *table;
    const struct environment *environment;
    struct cuckoo_line line[PLAIN_SIZES];
    uint64_t pages[PLAIN_SIZES];
};

/* One slot as it was found. */
struct cuckoo_place {
    uint64_t slot; /* its address; 0: the page is not there */
    uint64_t leaf;
    unsigned size;
    unsigned way;
};

static inline bool cuckoo_occurs(const struct cuckoo_view *view, unsigned size)
{
    return view->line[size].way[0] != 0;
}

static inline bool cuckoo_moves(const struct cuckoo_view *view, unsigned size)
{
    return view->line[size].next[0] != 0;
}

static inline uint64_t cuckoo_slots(uint64_t way)
{
    return UINT64_C(1) << cuckoo_slots_lg2(way);
}

enum pagetable_result cuckoo_read_descriptor(struct cuckoo_view *view);
enum pagetable_result cuckoo_write_line(const struct cuckoo_view *view, unsigned size, unsigned word,
                                        uint64_t value);
enum pagetable_result cuckoo_count_page(struct cuckoo_view *view, unsigned size, int change);

/* The page of this size that contains `va`. */
enum pagetable_result cuckoo_look(const struct cuckoo_view *view, uint64_t va, unsigned size,
                                  struct cuckoo_place *place);
/* A leaf and then its tag, into a slot that is free. */
enum pagetable_result cuckoo_fill(const struct cuckoo_view *view, uint64_t slot, uint64_t tag, uint64_t leaf);

/* pagetables/cuckoo_move.c */

/* The first `count` of these ways. */
enum pagetable_result cuckoo_release_ways(const struct environment *environment, const uint64_t *ways,
                                          unsigned count);

/* Who wants a slot. */
struct cuckoo_want {
    uint64_t va;
    unsigned size;
    const struct cuckoo_line *line; /* where it may stand; all others stand where the view's line says */
    uint64_t except_slot;           /* whose page is not asked to make room; 0: none */
};
/* A free slot for a page, after others made room if they have to; 0 if none could be found, and nothing has
 * changed. */
enum pagetable_result cuckoo_make_room(const struct cuckoo_view *view, const struct cuckoo_want *want,
                                       uint64_t *slot);
/* Begins to move a table, or a size's first one: to ways of this many slots. On PAGETABLE_NO_MEMORY nothing
 * changed. */
enum pagetable_result cuckoo_begin_move(struct cuckoo_view *view, unsigned size, unsigned slots_lg2);
/* Moves the next slots of each way, if the table is being moved, and ends it after the last one. `*stuck`:
 * some page found no slot, and stays for now. */
enum pagetable_result cuckoo_go_on(struct cuckoo_view *view, unsigned size, unsigned slots, bool *stuck);

#endif
