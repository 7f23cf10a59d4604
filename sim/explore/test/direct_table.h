/*
 * A page table that runs directly, on flat memory, with every call of its environment written down as the
 * request and the answer that an unfolded operation should have.
 */
#ifndef MMUSIM_EXPLORE_TEST_DIRECT_TABLE_H
#define MMUSIM_EXPLORE_TEST_DIRECT_TABLE_H

#include "pagetables/abstract_map.h"
#include "pagetables/flat_memory.h"
#include "sim/explore/operation_tree.h"

struct direct_call {
    struct operation_request request;
    struct operation_answer answer;
};

struct direct_table {
    const struct pagetable_class *table;
    const struct pagetable_config *config;
    void *state;
    struct flat_memory *memory;
    struct environment behind;
    struct abstract_map *mappings;
    bool aliasing;
    struct direct_call *calls; /* of the last operation */
    size_t call_count, call_room;
    uint64_t fail_allocation, fail_call; /* as struct model_memory has them */
};

/* Asserts that the host has memory. The table does not exist yet: CALL_CREATE. */
void direct_open(struct direct_table *direct, const struct pagetable_class *table,
                 const struct pagetable_config *config);
void direct_close(struct direct_table *direct);

/* Performs the call, `frame_in_use` aside, which follows from `mappings`; these follow what succeeds. */
enum pagetable_result direct_perform(struct direct_table *direct, const struct operation_call *call,
                                     struct mapping *found);

#endif
