/*
 * Page-table operations as trees: real C page-table code, which an explorer can be in the middle of.
 *
 * Page-table code is ordinary C that calls its environment (pagetables/environment.h) and waits. A tree
 * unfolds it: a *node* is a position inside an operation, given by the call, the table's block of state when
 * it began, and the answers so far. A node knows what the code asks for next, or what it returned; resuming
 * it with an answer gives the next node. So the state of an explored machine holds a number for each core
 * that is inside an operation, and nothing of C's stack.
 *
 * How. The first time that an answer is given to a node, the operation is performed again from its start with
 * the answers that lead there, and left by longjmp where it asks for more. Then it is remembered, and costs a
 * look-up. That rests on the contract (pagetables/pagetable.h): operations are deterministic, and all that
 * they change is environment memory or the flat block. Each new node is computed twice, in two places, and
 * the whole way to it is compared with what was seen before: code that breaks the contract is told in a
 * sentence. The code must own nothing while it calls the environment (no memory of the host, no lock of its
 * own), since it does not return; frames of other languages on the way are left as by any longjmp.
 *
 * The block. Several cores may be inside operations of one table, so the block may be another one when an
 * operation goes on than when it asked. Blocks are numbered by their contents: a node tells the number that
 * the code left behind when it asked or returned, and who resumes it says which one holds by then.
 *
 * Nodes, calls and blocks are numbered from 0 in the order in which they are first asked for. A tree is used
 * by one thread at a time.
 */
#ifndef MMUSIM_EXPLORE_OPERATION_TREE_H
#define MMUSIM_EXPLORE_OPERATION_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "pagetables/pagetable.h"
#include "sim/explore/memory_budget.h"

#ifdef __cplusplus
extern "C" {
#endif

struct operation_tree;

/* Not a node, call or block: an error, see operation_tree_error. */
#define OPERATION_TREE_NONE UINT32_MAX
/* The block that is all zeroes: what `create` begins with. */
#define OPERATION_TREE_ZERO_BLOCK 0u

/* What pointers lead to outlives the tree. */
struct operation_tree_config {
    const struct pagetable_class *table;
    const struct pagetable_config *pagetable;
    uint64_t physical_bytes; /* a precondition of map: pagetables/checked.h */
    uint32_t calls_max;      /* of the environment, in one operation; 0: 4,096 */
    struct memory_budget *budget;
};

enum operation_call_kind {
    CALL_MAP, /* the first four are numbered as enum operation_kind (mmu/event.h) */
    CALL_UNMAP,
    CALL_PROTECT,
    CALL_QUERY,
    CALL_CREATE,
    CALL_DESTROY,
    CALL_KINDS
};

/* One call of the table. What its kind does not use is ignored. */
struct operation_call {
    enum operation_call_kind kind;
    uint32_t attributes; /* protect */
    uint64_t va;         /* map, unmap, protect, query */
    struct frame frame;  /* map */
    /* map: the frame overlaps one that is mapped, and aliases are not allowed: PAGETABLE_FRAME_IN_USE, if the
     * other preconditions hold. The explorer knows the abstract map, the tree does not. */
    bool frame_in_use;
};

enum operation_request_kind {
    REQUEST_READ,             /* pa; answer: the word */
    REQUEST_WRITE,            /* pa, value */
    REQUEST_COMPARE_EXCHANGE, /* pa, expected, value (the desired one); answer: the word before */
    REQUEST_ALLOCATE,         /* size_bytes; answer: the address */
    REQUEST_RELEASE,          /* pa, size_bytes */
    REQUEST_BARRIER,          /* barrier */
    REQUEST_INVALIDATE,       /* invalidation; what its scope ignores is 0 */
    REQUEST_COMPLETE,
    REQUEST_LOCK,   /* pa */
    REQUEST_UNLOCK, /* pa */
    REQUEST_RETURN, /* nothing is asked for: result, and `found` of a query that succeeded */
    REQUEST_KINDS
};

/* What the code does next. What its kind does not use is 0. */
struct operation_request {
    enum operation_request_kind kind;
    enum barrier_kind barrier;
    enum pagetable_result result;
    uint64_t pa;
    uint64_t value;
    uint64_t expected;
    uint64_t size_bytes;
    struct invalidation invalidation;
    struct mapping found;
};

/* What the environment answers, as environment.h says. */
struct operation_answer {
    int error;      /* environment_error */
    uint64_t value; /* of a read, compare-exchange or allocation without error; else ignored */
};

/* NULL: its memory is refused. */
struct operation_tree *operation_tree_create(const struct operation_tree_config *config);
void operation_tree_destroy(struct operation_tree *tree); /* NULL is allowed */

/* The number of a call; OPERATION_TREE_NONE: its memory is refused. */
uint32_t operation_tree_call(struct operation_tree *tree, const struct operation_call *call);

/*
 * The node at which a call stops first when the table's block is this one; one that is refused by its
 * preconditions returns at once. And the node that follows one that asks (not REQUEST_RETURN), given the
 * answer and the block that holds by then.
 *
 * OPERATION_TREE_NONE: operation_tree_error has a sentence (too many calls, the code is not
 * deterministic, memory is refused), and the tree is as it was.
 */
uint32_t operation_tree_begin(struct operation_tree *tree, uint32_t call, uint32_t block);
uint32_t operation_tree_resume(struct operation_tree *tree, uint32_t node,
                               const struct operation_answer *answer, uint32_t block);

/* What the code asks for or returned; valid as long as the tree. */
const struct operation_request *operation_tree_request(const struct operation_tree *tree, uint32_t node);
/* The block when it asked or returned. */
uint32_t operation_tree_block(const struct operation_tree *tree, uint32_t node);
/* A call by its number, and the call that a node is of; valid as long as the tree. */
const struct operation_call *operation_tree_call_at(const struct operation_tree *tree, uint32_t call);
const struct operation_call *operation_tree_call_of(const struct operation_tree *tree, uint32_t node);

/* A block's contents, as `state` of the table's functions that only read it (root, enumerate, invariants,
 * blocks): aligned, valid as long as the tree. */
const void *operation_tree_state(const struct operation_tree *tree, uint32_t block);

struct operation_tree_counts {
    uint32_t nodes, calls, blocks;
    uint64_t performed; /* times that an operation was performed, in whole or in part */
};
struct operation_tree_counts operation_tree_count(const struct operation_tree *tree);

/* The sentence of the last error; "" if there was none. */
const char *operation_tree_error(const struct operation_tree *tree);

/* Texts for messages and stories, cut to `text_bytes`: "unmap of 0x200000"; "writes 0x0 to 0x1008". */
void operation_call_print(const struct operation_call *call, char *text, size_t text_bytes);
void operation_request_print(const struct operation_request *request, char *text, size_t text_bytes);

#ifdef __cplusplus
}
#endif
#endif
