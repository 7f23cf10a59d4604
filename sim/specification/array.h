/* Arrays on the heap that grow: what the lists of a state are made of. */
#ifndef MMUSIM_SPECIFICATION_ARRAY_H
#define MMUSIM_SPECIFICATION_ARRAY_H

#include <stddef.h>

/*
 * The array with room for `count` (at least one) members of `bytes` each; `*room` is how many it has room
 * for. The old pointer is gone then. NULL: there is no memory, and the old array is as it was.
 */
void *array_reserve(void *at, size_t *room, size_t count, size_t bytes);
/* The same, with the `count` members of `from`. */
void *array_copy(void *at, size_t *room, const void *from, size_t count, size_t bytes);

#endif
