/*
 * One entry of a RISC-V table: its form, and what a leaf allows. Shared by the walk engine and the entry
 * codec; not a public header. Sections are those that riscv.h names.
 */
#ifndef MMUSIM_PAGETABLES_RISCV_LEAF_H
#define MMUSIM_PAGETABLES_RISCV_LEAF_H

#include "pagetables/riscv.h"

#define RISCV_LOADS (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD))
#define RISCV_STORES                                                                                         \
    (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE))
#define RISCV_FETCHES                                                                                        \
    (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_FETCH) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_FETCH))
#define RISCV_USER                                                                                           \
    (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD) | ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) |                \
     ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_FETCH))
#define RISCV_KERNEL                                                                                         \
    (ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE) |            \
     ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_FETCH))

#define RISCV_TABLE_BITS 9

static inline unsigned riscv_span_lg2(unsigned level)
{
    return 12 + RISCV_TABLE_BITS * level;
}

static inline uint64_t riscv_address(uint64_t word)
{
    return (word & RISCV_PPN) << 2;
}

/* 4.3.2, steps 3 and 4, and 4.4.1: bits that no entry may have; chapters 5 and 6: without the extensions
 * their bits are reserved as well, and PBMT = 3 always is. */
static inline bool riscv_has_reserved(uint64_t word, uint32_t features)
{
    uint64_t reserved = RISCV_RESERVED;
    reserved |= features & RISCV_WITHOUT_SVNAPOT ? RISCV_N : 0;
    reserved |= features & RISCV_WITHOUT_SVPBMT ? RISCV_PBMT : 0;
    return word & reserved || (word & RISCV_PBMT) == RISCV_PBMT;
}

/* 4.3.1: D, A and U of a pointer are reserved; chapters 5 and 6: so are N and PBMT. At level 0 there is
 * nothing to point to (4.3.2, step 4). */
static inline enum entry_kind riscv_pointer_kind(uint64_t word, unsigned level)
{
    bool reserved = word & (RISCV_D | RISCV_A | RISCV_U | RISCV_N | RISCV_PBMT);
    return reserved || level == 0 ? ENTRY_RESERVED : ENTRY_TABLE;
}

static inline enum entry_kind riscv_leaf_kind(uint64_t word, unsigned level, bool stage2)
{
    /* 4.3.1, table 4.5: writable and not readable is reserved. */
    if ((word & (RISCV_R | RISCV_W)) == RISCV_W)
        return ENTRY_RESERVED;
    /* 8.5.1: every access to memory counts as one of user mode, so the G stage has no leaf without U. */
    if (stage2 && !(word & RISCV_U))
        return ENTRY_RESERVED;
    /* 4.3.2, step 6: a misaligned superpage. */
    if (riscv_address(word) & ((UINT64_C(1) << riscv_span_lg2(level)) - 1))
        return ENTRY_RESERVED;
    /* Chapter 5, table 5.1. */
    if (word & RISCV_N && (level != 0 || (word & RISCV_NAPOT_MASK) != RISCV_NAPOT_64K))
        return ENTRY_RESERVED;
    return ENTRY_LEAF;
}

/* 4.3.2, steps 3, 4 and 6. Everything here is a page fault whoever asks, and comes before A and D. */
static inline enum entry_kind riscv_kind(uint64_t word, unsigned level, bool stage2, uint32_t features)
{
    if (!(word & RISCV_V))
        return ENTRY_INVALID;
    if (riscv_has_reserved(word, features))
        return ENTRY_RESERVED;
    return word & (RISCV_R | RISCV_W | RISCV_X) ? riscv_leaf_kind(word, level, stage2)
                                                : riscv_pointer_kind(word, level);
}

/* 4.3.2, step 5, for the page's owner and as if the leaf were dirty: walk_format.allowed knows SUM and MXR.
 */
static inline uint8_t riscv_rights(uint64_t word, bool stage2)
{
    unsigned owner = stage2 ? RISCV_USER | RISCV_KERNEL : word & RISCV_U ? RISCV_USER : RISCV_KERNEL;
    unsigned rights = word & RISCV_R ? RISCV_LOADS : 0;
    rights |= word & RISCV_W ? RISCV_STORES : 0;
    rights |= word & RISCV_X ? RISCV_FETCHES : 0;
    return (uint8_t)((rights & owner) | (word & RISCV_X ? ACCESS_RIGHT_MXR : 0));
}

static inline uint32_t riscv_attributes(uint64_t word, bool stage2)
{
    uint32_t attributes = word & RISCV_R ? FRAME_READABLE : 0;
    attributes |= word & RISCV_W ? FRAME_WRITABLE : 0;
    attributes |= word & RISCV_X ? FRAME_EXECUTABLE : 0;
    attributes |= word & RISCV_U && !stage2 ? FRAME_USER : 0;
    attributes |= word & RISCV_G && !stage2 ? FRAME_GLOBAL : 0;
    /* chapter 6, table 6.1 */
    attributes |= (word & RISCV_PBMT) == RISCV_PBMT_NC ? FRAME_NONCACHEABLE : 0;
    attributes |= (word & RISCV_PBMT) == RISCV_PBMT_IO ? FRAME_DEVICE : 0;
    return attributes;
}

/* walk_format.rights: pagetables/riscv_entry.c. */
uint8_t riscv_rights_of_attributes(uint32_t attributes);
uint8_t riscv_stage2_rights_of_attributes(uint32_t attributes);

#endif
