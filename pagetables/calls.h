/*
 * Calls of the environment by the tables of this folder: its answers as results. Not a public header.
 */
#ifndef MMUSIM_PAGETABLES_CALLS_H
#define MMUSIM_PAGETABLES_CALLS_H

#include "pagetables/pagetable.h"

enum pagetable_result call_result_of(int error);
/* The first one that is not PAGETABLE_OK. */
enum pagetable_result call_first_of(enum pagetable_result first, enum pagetable_result second);

enum pagetable_result call_read(const struct environment *environment, uint64_t pa, uint64_t *word);
enum pagetable_result call_write(const struct environment *environment, uint64_t pa, uint64_t word);
enum pagetable_result call_barrier(const struct environment *environment, enum barrier_kind kind);
/* After stores to entries: makes them visible to walks, drops what was cached of the old ones, waits for
 * that. */
enum pagetable_result call_invalidate(const struct environment *environment, const struct invalidation *what);

/* An operation runs between lock and unlock: `return call_leave(environment, lock, operation)` after a good
 * `call_enter`. */
enum pagetable_result call_enter(const struct environment *environment, uint64_t lock);
enum pagetable_result call_leave(const struct environment *environment, uint64_t lock,
                                 enum pagetable_result result);

#endif
