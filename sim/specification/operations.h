/*
 * The operations of the state machines, each with its result: the seed's `MapOp`, `UnmapOp`, `QueryOp` and
 * the arguments of its `read` and `write`.
 *
 * The results of map, unmap, protect and query are the seed's `Result`: Ok, or Err without a reason. Which
 * reason a table of ours tells is the subject of pagetables/pagetable.h. RESULT_REFUSED is
 * EXTENSION_REFUSALS: the table could not (PAGETABLE_NO_MEMORY, PAGETABLE_UNSUPPORTED).
 */
#ifndef MMUSIM_SPECIFICATION_OPERATIONS_H
#define MMUSIM_SPECIFICATION_OPERATIONS_H

#include <stdint.h>

#include "pagetables/frame.h"
#include "pagetables/walk.h"

#ifdef __cplusplus
extern "C" {
#endif

enum result { RESULT_OK, RESULT_ERR, RESULT_REFUSED };

struct map_op {
    uint64_t vaddr;
    struct frame frame;
    enum result result;
};

struct unmap_op {
    uint64_t vaddr;
    enum result result;
};

struct protect_op {
    uint64_t vaddr;
    uint32_t attributes;
    enum result result;
};

struct query_op {
    uint64_t vaddr;
    enum result result;
    struct mapping found; /* if it is RESULT_OK; the state of its entry with EXTENSION_STATE alone */
};

/* Of 8 bytes, aligned. A fetch is a read_op, too. */
struct read_op {
    uint64_t vaddr;
    enum privilege privilege; /* the seed's reads are the user's, which is 0 */
    enum result result;
    uint64_t value; /* if it is RESULT_OK */
};

struct write_op {
    uint64_t vaddr;
    enum privilege privilege;
    uint64_t value;
    enum result result;
};

#ifdef __cplusplus
}
#endif
#endif
