/* A small machine with a page table that the test writes itself, and its steps one by one. */
#ifndef MMUSIM_SIM_EXPLORE_TEST_SMALL_FIXTURE_H
#define MMUSIM_SIM_EXPLORE_TEST_SMALL_FIXTURE_H

#include "sim/explore/small_machine.h"

#define SMALL_PAGE     UINT64_C(0x3000)
#define SMALL_PAGE_2   UINT64_C(0x4000)   /* in the same table */
#define SMALL_FAR_PAGE UINT64_C(0x205000) /* in another table of the last level */
#define SMALL_FRAME    UINT64_C(0x10000)
#define SMALL_FRAME_2  UINT64_C(0x11000)
#define SMALL_ROOT     UINT64_C(0x1000)
#define SMALL_RW       (FRAME_READABLE | FRAME_WRITABLE | FRAME_USER)

struct small_fixture {
    struct memory_budget budget;
    struct small_machine *machine;
    struct small_state state; /* the present one */
    unsigned root_of;         /* context whose tables small_map writes */
    uint64_t next_table;
};

/* Fills in what is 0: a core, a walker, a TLB entry, the format vmsa-4k-25 and one context with ASID 1, of
 * which every core translates. The root of context i is SMALL_ROOT + i * 0x10000. */
void small_open(struct small_fixture *fixture, const struct small_config *config);
void small_close(struct small_fixture *fixture);

/* Where the leaf of a page lies; tables on the way are linked, in memory. */
uint64_t small_slot(struct small_fixture *fixture, uint64_t va);
/* The word of a leaf of the smallest size. */
uint64_t small_leaf_word(const struct small_fixture *fixture, uint64_t frame, uint32_t attributes);
/* Writes the leaf of a page, in memory. */
void small_map(struct small_fixture *fixture, uint64_t va, uint64_t frame, uint32_t attributes);

/* Whether hardware may take a step; takes it, once, where several have one label (hits). */
bool small_can(struct small_fixture *fixture, enum small_step step, unsigned core, unsigned index);
void small_take(struct small_fixture *fixture, enum small_step step, unsigned core, unsigned index);
unsigned small_count(struct small_fixture *fixture); /* steps that are possible */
/* All states that hardware leads to from the present one, itself included. */
unsigned small_reach(struct small_fixture *fixture);

/* A store of page-table code. */
void small_store_word(struct small_fixture *fixture, unsigned core, uint64_t pa, uint64_t value);
uint64_t small_memory_value(struct small_fixture *fixture, uint64_t pa);
void small_load(struct small_fixture *fixture, unsigned core, uint64_t va); /* issued in place 0 */
/* A walk that begins, for the access in place 0 (or unasked), until there is nothing to read or change. */
void small_walk_until_end(struct small_fixture *fixture, unsigned core);
void small_walk_whole(struct small_fixture *fixture, unsigned core);
/* Walks for a load of the page, and retires it: its translation is in the TLB, if that has room. */
void small_fill(struct small_fixture *fixture, unsigned core, uint64_t va);
unsigned small_entries(struct small_fixture *fixture, unsigned core); /* of its TLB */
unsigned small_sent(struct small_fixture *fixture, unsigned core, const struct invalidation *what,
                    unsigned targets); /* its place */

#endif
