/*
 * A map from 64 bits to 64 bits, for what was computed once: (number of a state, input) to what came out.
 *
 * It grows within its budget. Where that ends it is full, and forgets nothing and learns nothing: a memo
 * saves work, and who asks computes again.
 */
#ifndef MMUSIM_EXPLORE_MEMO_H
#define MMUSIM_EXPLORE_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/explore/memory_budget.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MEMO_NONE UINT64_MAX

struct memo; /* opaque */

/* NULL: its memory is refused. 16 bytes a slot, of which between 3/8 and 3/4 are used. */
struct memo *memo_create(struct memory_budget *budget);
void memo_destroy(struct memo *memo);

static inline uint64_t memo_key(uint32_t number, uint32_t input)
{
    return (uint64_t)number << 32 | input;
}

/* What was put for a key; MEMO_NONE: nothing was. */
uint64_t memo_get(const struct memo *memo, uint64_t key);

/* Any value but MEMO_NONE; a value that is there is replaced. False: no room, and nothing has changed. */
bool memo_put(struct memo *memo, uint64_t key, uint64_t value);

size_t memo_count(const struct memo *memo);

#ifdef __cplusplus
}
#endif
#endif
