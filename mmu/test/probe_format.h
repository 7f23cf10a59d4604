/*
 * A format that no machine has: one step that reads several places at once, several words at each. A mapping
 * stands in any of the words; what a walk costs is what its only step costs.
 *
 * A place is a page of memory: the first at the root, the next ones behind it. In each, a page's words are
 * those of its line: the line is the page number modulo 64. A word: bits 63 to 40 the page number, bits 39 to
 * 12 those of the frame's address, bit 0 valid.
 */
#ifndef MMUSIM_MMU_TEST_PROBE_FORMAT_H
#define MMUSIM_MMU_TEST_PROBE_FORMAT_H

#include "pagetables/walk.h"

extern const struct walk_format probe_format;

/* translation_regime.features: so many places, and so many words at each. */
#define PROBE_FEATURES(places, words) ((uint32_t)(places) | (uint32_t)(words) << 8)

static inline uint64_t probe_place(uint64_t root, uint64_t va, unsigned place)
{
    return root + 4096u * place + (va >> 12 & 63) * 64;
}

static inline uint64_t probe_word(uint64_t va, uint64_t pa)
{
    return va >> 12 << 40 | pa | 1;
}

#endif
