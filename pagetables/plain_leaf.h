/*
 * Leaves of the structures that are no radix tables (hashed, cuckoo, ranges): one 64-bit word that says what
 * a frame is, the same for all of them. Shared by their walk engines and their software; not a public header.
 *
 * No architecture has these. What a leaf may say is chosen to be what the others can: a page of the user is
 * loaded and stored to by both privileges and executed by the user alone, a page of the kernel by the kernel.
 * Hardware manages no access flag and no dirty state here, so the states FRAME_OLD and FRAME_CLEAN have no
 * encoding.
 */
#ifndef MMUSIM_PAGETABLES_PLAIN_LEAF_H
#define MMUSIM_PAGETABLES_PLAIN_LEAF_H

#include "pagetables/pagetable.h"
#include "pagetables/walk.h"

#define PLAIN_VALID            (UINT64_C(1) << 0)
#define PLAIN_ADDRESS          UINT64_C(0x0000fffffffff000) /* bits 47:12 */
#define PLAIN_ATTRIBUTES_SHIFT 48
#define PLAIN_ATTRIBUTES                                                                                     \
    (FRAME_READABLE | FRAME_WRITABLE | FRAME_EXECUTABLE | FRAME_USER | FRAME_GLOBAL | FRAME_DEVICE |         \
     FRAME_NONCACHEABLE)

#define PLAIN_ADDRESS_BITS 48 /* of virtual and of physical addresses */

/* Pages of 4 KiB, 2 MiB and 1 GiB. */
#define PLAIN_SIZES 3
static inline unsigned plain_size_lg2(unsigned size)
{
    return 12 + 9 * size;
}

/* The index of a size, which must be one of these. */
static inline unsigned plain_size_of(unsigned size_lg2)
{
    return (size_lg2 - 12) / 9;
}

static inline bool plain_expresses(uint32_t attributes)
{
    return !(attributes & ~(uint32_t)PLAIN_ATTRIBUTES);
}

static inline uint64_t plain_encode(const struct frame *frame)
{
    return (frame->base & PLAIN_ADDRESS) | (uint64_t)frame->attributes << PLAIN_ATTRIBUTES_SHIFT |
           PLAIN_VALID;
}

static inline uint32_t plain_attributes(uint64_t word)
{
    return (uint32_t)(word >> PLAIN_ATTRIBUTES_SHIFT) & PLAIN_ATTRIBUTES;
}

static inline struct frame plain_decode(uint64_t word, unsigned size_lg2)
{
    return (struct frame){.base = word & PLAIN_ADDRESS & ~((UINT64_C(1) << size_lg2) - 1),
                          .attributes = plain_attributes(word),
                          .size_lg2 = (uint8_t)size_lg2};
}

/* The mapping of the page that contains `va`; `word` is the page's leaf. */
static inline struct mapping plain_mapping(uint64_t va, uint64_t word, unsigned size)
{
    unsigned size_lg2 = plain_size_lg2(size);
    return (struct mapping){va >> size_lg2 << size_lg2, plain_decode(word, size_lg2)};
}

/* Whether one valid leaf may become another only through an invalid one: as on Arm (DDI 0487 L.b, D8.17.1
 * R_WHZWS), the memory type and global. */
static inline bool plain_must_break(uint64_t before, uint64_t after)
{
    return (plain_attributes(before) ^ plain_attributes(after)) &
           (FRAME_GLOBAL | FRAME_DEVICE | FRAME_NONCACHEABLE);
}

/* walk_format.rights */
uint8_t plain_rights(uint32_t attributes);

/* The walk ends: with a leaf of `level` whose base is that of the page which contains walk->va, or with an
 * address size or translation fault. */
enum walk_status plain_end(struct walk_state *walk, uint64_t word, unsigned size_lg2, unsigned level);

/*
 * Candidates from a table that has them in no order: `collect` writes the first `room` of them and gives how
 * many there are. PAGETABLE_NO_MEMORY if they cannot be put in order.
 */
enum pagetable_result plain_enumerate(size_t (*collect)(const void *table, struct mapping *mappings,
                                                        size_t room),
                                      const void *table, pagetable_visitor visit, void *context);

#endif
