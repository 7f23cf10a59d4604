/*
 * What answers the requests of an unfolded operation in tests: physical memory without time, written apart
 * from pagetables/flat_memory.c and meant to answer alike.
 */
#ifndef MMUSIM_EXPLORE_TEST_MODEL_MEMORY_H
#define MMUSIM_EXPLORE_TEST_MODEL_MEMORY_H

#include "sim/explore/operation_tree.h"

#define MODEL_PAGE_BYTES  UINT64_C(4096)
#define MODEL_TABLES_BASE UINT64_C(0x100000)
#define MODEL_PAGES       64u
#define MODEL_PHYSICAL    (MODEL_TABLES_BASE + MODEL_PAGES * MODEL_PAGE_BYTES)

/* Zero is how it begins. */
struct model_memory {
    uint64_t words[MODEL_PAGES * MODEL_PAGE_BYTES / 8];
    bool in_table[MODEL_PAGES];
    uint64_t table_bytes[MODEL_PAGES]; /* of the table that begins there */
    unsigned tables;
    uint64_t fail_allocation; /* the nth from now has no memory; 0: none */
    uint64_t fail_call;       /* from the nth on, all but unlock are stopped; 0: none */
};

/* A lock that is held: whoever asks has to wait, and nothing has changed. */
bool model_must_wait(const struct model_memory *memory, const struct operation_request *request);
struct operation_answer model_answer(struct model_memory *memory, const struct operation_request *request);

#endif
