/*
 * The nearest known name to one that is not known, for messages.
 */
#ifndef MMUSIM_SIM_NEAREST_H
#define MMUSIM_SIM_NEAREST_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The name that `word` was probably meant to be: the one with the fewest letters inserted, left out, changed
 * or swapped with their neighbour, without regard to case; among equals the first. A name of which `word` is
 * the beginning, or the other way round, is near too. NULL if none is near. The answer is one of `names`.
 */
const char *nearest_name(const char *word, const char *const *names, size_t count);

#ifdef __cplusplus
}
#endif
#endif
