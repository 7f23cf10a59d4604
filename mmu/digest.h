/*
 * Digests: a set of mappings, or of blocks of memory, as one number.
 *
 * The digest of a set is the sum of the digests of its members, in any order: what is added or removed
 * changes it by one term. Two sets that differ have different digests but for a chance of about 2^-31. It
 * guards against mistakes, not against somebody who wants equal digests.
 *
 * A term is a product of two numbers of 31 bits, one of the address and one of what stands there, so that
 * what two addresses exchange changes the sum. Every step is exact in signed integers of 64 bits, without
 * overflow and without exclusive or: SQL computes the same (view `mapping_digests` of a record). A term is
 * less than 2^38, so that 2^25 members fit into a sum.
 */
#ifndef MMUSIM_MMU_DIGEST_H
#define MMUSIM_MMU_DIGEST_H

#include "pagetables/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DIGEST_LIMB_MASK UINT64_C(0x7fffffff)

/* The square's middle bits: not linear, so that differences of addresses do not cancel. 1 to 2^31. */
static inline uint64_t digest_square(uint64_t sum)
{
    uint64_t limb = sum & DIGEST_LIMB_MASK;
    return (limb * limb >> 16 & DIGEST_LIMB_MASK) + 1;
}

/* Its attributes without the state of the entry (FRAME_STATE_ALL). The factors are odd numbers below 2^31:
 * fractions of the square roots of 2, 11, 19, 17 and 5. */
static inline uint64_t digest_mapping(const struct mapping *mapping)
{
    const struct frame *frame = &mapping->frame;
    uint64_t shape = (uint64_t)(frame->attributes & FRAME_ATTRIBUTES_ALL) << 6 | frame->size_lg2;
    uint64_t page = ((mapping->va & DIGEST_LIMB_MASK) * 1779033703 >> 16) +
                    ((mapping->va >> 31 & DIGEST_LIMB_MASK) * 1359893119 >> 16);
    uint64_t what = ((frame->base & DIGEST_LIMB_MASK) * 1541459225 >> 16) +
                    ((frame->base >> 31 & DIGEST_LIMB_MASK) * 528734635 >> 16) + (shape * 1013904243 >> 16);
    return digest_square(page) * digest_square(what) >> 24;
}

/* A block of memory: as a mapping of its address to `bytes` in the place of the frame. */
static inline uint64_t digest_block(uint64_t address, uint64_t bytes)
{
    const struct mapping block = {.va = address, .frame = {.base = bytes}};
    return digest_mapping(&block);
}

#ifdef __cplusplus
}
#endif
#endif
