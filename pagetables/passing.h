/*
 * What an environment in front of another one leaves as it is: each call goes to the same of the one behind.
 * The context points to the environment behind, or to a struct that begins with it.
 */
#ifndef MMUSIM_PAGETABLES_PASSING_H
#define MMUSIM_PAGETABLES_PASSING_H

#include "pagetables/environment.h"

#ifdef __cplusplus
extern "C" {
#endif

int passing_read(void *context, uint64_t pa, uint64_t *value);
int passing_write(void *context, uint64_t pa, uint64_t value);
int passing_compare_exchange(void *context, uint64_t pa, uint64_t expected, uint64_t desired,
                             uint64_t *observed);
int passing_allocate_table(void *context, uint64_t size_bytes, uint64_t *pa);
int passing_release_table(void *context, uint64_t pa, uint64_t size_bytes);
int passing_barrier(void *context, enum barrier_kind kind);
int passing_invalidate(void *context, const struct invalidation *what);
int passing_complete(void *context);
int passing_lock(void *context, uint64_t pa);
int passing_unlock(void *context, uint64_t pa);

#ifdef __cplusplus
}
#endif
#endif
