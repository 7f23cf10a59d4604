/* Programs that are lists of requests, for tests. */
#ifndef MMUSIM_SIM_EXPLORE_TEST_PROGRAM_LIST_H
#define MMUSIM_SIM_EXPLORE_TEST_PROGRAM_LIST_H

#include "sim/explore/exploration.h"

#define LIST_REQUESTS 8u

struct program_list {
    struct program_request requests[LIST_REQUESTS]; /* as many as come before the first PROGRAM_END */
};

struct program_lists {
    struct program_list core[SMALL_CORES];
    unsigned programs;
};

/* Refers to `lists`. */
struct program_source program_lists_source(struct program_lists *lists);

/* Requests, for initialisers. */
#define LIST_LOAD(at)                                                                                        \
    {                                                                                                        \
        .kind = PROGRAM_ACCESS, .access = ACCESS_LOAD, .va = (at)                                            \
    }
#define LIST_STORE(at, what)                                                                                 \
    {                                                                                                        \
        .kind = PROGRAM_ACCESS, .access = ACCESS_STORE, .va = (at), .value = (what)                          \
    }
#define LIST_FETCH(at)                                                                                       \
    {                                                                                                        \
        .kind = PROGRAM_ACCESS, .access = ACCESS_FETCH, .va = (at)                                           \
    }
#define LIST_WRITE(at, what)                                                                                 \
    {                                                                                                        \
        .kind = PROGRAM_WRITE, .pa = (at), .value = (what)                                                   \
    }
#define LIST_BARRIER(what)                                                                                   \
    {                                                                                                        \
        .kind = PROGRAM_BARRIER, .barrier = (what)                                                           \
    }
#define LIST_TLBI(at)                                                                                        \
    {                                                                                                        \
        .kind = PROGRAM_INVALIDATE, .invalidation = {                                                        \
            .va = (at),                                                                                      \
            .asid = 1,                                                                                       \
            .scope = INVALIDATE_VA,                                                                          \
            .broadcast = true                                                                                \
        }                                                                                                    \
    }
#define LIST_UNMAP(at)                                                                                       \
    {                                                                                                        \
        .kind = PROGRAM_CALL, .call = {.kind = CALL_UNMAP, .va = (at) }                                      \
    }
#define LIST_QUERY(at)                                                                                       \
    {                                                                                                        \
        .kind = PROGRAM_CALL, .call = {.kind = CALL_QUERY, .va = (at) }                                      \
    }
#define LIST_PROTECT(at, what)                                                                               \
    {                                                                                                        \
        .kind = PROGRAM_CALL, .call = {.kind = CALL_PROTECT, .va = (at), .attributes = (what) }              \
    }
#define LIST_MAP(at, pa, what)                                                                               \
    {                                                                                                        \
        .kind = PROGRAM_CALL, .call = LIST_MAP_CALL(at, pa, what)                                            \
    }
#define LIST_MAP_CALL(at, pa, what)                                                                          \
    {                                                                                                        \
        .kind = CALL_MAP, .va = (at), .frame = {.base = (pa), .size_lg2 = 12, .attributes = (what) }         \
    }

#endif
