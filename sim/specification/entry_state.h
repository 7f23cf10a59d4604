/*
 * EXTENSION_STATE: what accesses do to the state of entries.
 *
 * A state is FRAME_OLD (not accessed yet) and FRAME_CLEAN (writable and not written yet), kept by virtual
 * base in a `struct word_map`; no state is 0. Software gives an entry its state (map, protect); accesses take
 * it away where hardware manages it, and fault where it does not.
 */
#ifndef MMUSIM_SPECIFICATION_ENTRY_STATE_H
#define MMUSIM_SPECIFICATION_ENTRY_STATE_H

#include "sim/specification/extensions.h"
#include "sim/specification/word_map.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a successful access makes of the state of the entry that it uses. */
uint32_t state_after_access(uint32_t state, enum access_kind kind);

/* Whether `s2` is `s1` with some entries that are no longer old, and no other difference. */
bool states_grew_accessed(const struct word_map *s1, const struct word_map *s2);

/*
 * Whether the states of before and after fit an access of this kind that used the entry at `*used`, or that
 * failed (NULL). True without EXTENSION_STATE. An access that fails may have made entries accessed, since
 * hardware marks them before it judges rights; and with SPECULATION any access may have.
 */
bool states_follow_access(const struct extensions *extensions, const struct word_map *s1,
                          const struct word_map *s2, const struct mapping *used, enum access_kind kind);

/* Whether the states fit a step that is no access: as they were, but for what SPECULATION may mark. */
bool states_stay(const struct extensions *extensions, const struct word_map *s1, const struct word_map *s2);

/* Whether they fit an operation that gives the entry of `va` this state: the same, and that entry. */
bool states_follow_operation(const struct extensions *extensions, const struct word_map *s1,
                             const struct word_map *s2, uint64_t va, uint32_t state);

#ifdef __cplusplus
}
#endif
#endif
