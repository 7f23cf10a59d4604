/*
 * Programs of cores, as the explorer needs them: what comes next, given all answers so far.
 *
 * A node is a place in a program, by number; it asks for one thing (the request), and resuming it with the
 * answer gives the next node. Equal numbers mean equal futures. Who makes programs: lists of calls
 * (program_list.h), and Lua functions.
 */
#ifndef MMUSIM_SIM_EXPLORE_PROGRAM_H
#define MMUSIM_SIM_EXPLORE_PROGRAM_H

#include "sim/explore/operation_tree.h"

#ifdef __cplusplus
extern "C" {
#endif

enum program_request_kind {
    PROGRAM_END,              /* value: the program's result, if `expected` is 1; 0: it has none */
    PROGRAM_ACCESS,           /* access, privilege, va, value of a store */
    PROGRAM_CALL,             /* call: map, unmap, protect, query */
    PROGRAM_READ,             /* pa: a word of memory, untranslated */
    PROGRAM_WRITE,            /* pa, value */
    PROGRAM_COMPARE_EXCHANGE, /* pa, expected, value */
    PROGRAM_BARRIER,          /* barrier */
    PROGRAM_INVALIDATE,       /* invalidation */
    PROGRAM_SWITCH,           /* value: translates by this context from now on, from 1 */
    PROGRAM_CHOOSE,           /* value: how many ways there are; every one is explored */
    PROGRAM_REQUESTS
};

struct program_request {
    enum program_request_kind kind;
    enum access_kind access;
    enum privilege privilege;
    enum barrier_kind barrier;
    uint64_t va;
    uint64_t pa;
    uint64_t value;
    uint64_t expected;
    struct operation_call call;
    struct invalidation invalidation;
};

/* What its kind does not give is 0. */
struct program_answer {
    uint64_t value; /* of a load, read, compare-exchange; the way chosen */
    enum pagetable_result result;
    struct mapping found;
    uint8_t fault; /* fault_kind; FAULT_NONE: the access succeeded */
    uint8_t fault_level;
};

#define PROGRAM_NONE UINT32_MAX /* an error: see `error` */

struct program_source {
    void *context;
    unsigned programs;
    /* Told the address of the page table's root, before any program begins. NULL: nobody asks. */
    void (*root)(void *context, uint64_t root);
    uint32_t (*begin)(void *context, unsigned program);
    uint32_t (*resume)(void *context, unsigned program, uint32_t node, const struct program_answer *answer);
    /* Valid as long as the source. */
    const struct program_request *(*request)(void *context, unsigned program, uint32_t node);
    const char *(*error)(void *context); /* a sentence, after PROGRAM_NONE */
};

#ifdef __cplusplus
}
#endif
#endif
