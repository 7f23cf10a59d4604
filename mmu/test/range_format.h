/*
 * Ranges without a structure: eight descriptors of four words at the root, all read with one step.
 *
 * A descriptor: the first address (0 in bytes: none), the bytes, the physical address of the first, and a
 * word with the frame's attributes and, from bit 32 on, log2 of the size of the pages that a leaf tells.
 */
#ifndef MMUSIM_MMU_TEST_RANGE_FORMAT_H
#define MMUSIM_MMU_TEST_RANGE_FORMAT_H

#include "pagetables/walk.h"

extern const struct walk_format range_format;

#define RANGE_DESCRIPTORS 8u

struct range_descriptor {
    uint64_t va, bytes, pa;
    uint32_t attributes;
    unsigned page_lg2;
};

static inline uint64_t range_descriptor_word(const struct range_descriptor *range, unsigned word)
{
    const uint64_t words[] = {range->va, range->bytes, range->pa,
                              range->attributes | (uint64_t)range->page_lg2 << 32};
    return words[word];
}

#endif
