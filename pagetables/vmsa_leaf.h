/*
 * One leaf of VMSAv8-64: what its bits allow. Shared by the walk engine and the entry codec; not a public
 * header.
 *
 * Section and rule numbers are those of the Arm ARM, DDI 0487, issue L.b.
 */
#ifndef MMUSIM_PAGETABLES_VMSA_LEAF_H
#define MMUSIM_PAGETABLES_VMSA_LEAF_H

#include "pagetables/vmsa.h"

#define VMSA_LOADS (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD))
#define VMSA_STORES                                                                                          \
    (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE))
#define VMSA_FETCHES                                                                                         \
    (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_FETCH) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_FETCH))
#define VMSA_USER                                                                                            \
    (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD) | ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) |                \
     ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_FETCH))

/* Whether a leaf is writable and was not written: DBM = 1 and AP[2] = 1, or S2AP[1] = 0 (D8.5.2). */
static inline bool vmsa_is_clean(bool stage2, uint64_t word)
{
    return word & VMSA_DBM && (stage2 ? !(word & VMSA_S2_WRITE) : (word & VMSA_AP_READ_ONLY) != 0);
}

/* A leaf made dirty: D8.5.2, hardware clears AP[2] at stage 1 and sets S2AP[1] at stage 2. */
static inline uint64_t vmsa_dirty(bool stage2, uint64_t word)
{
    return stage2 ? word | VMSA_S2_WRITE : word & ~VMSA_AP_READ_ONLY;
}

/* What its software means a leaf to be: a clean one is writable. */
static inline uint64_t vmsa_meant(bool stage2, uint64_t word)
{
    return vmsa_is_clean(stage2, word) ? vmsa_dirty(stage2, word) : word;
}

/*
 * D8.4.1.2.1 R_RNGJG (AP[2:1]), R_YTXKB (APTable); D8.4.1.2.3 R_RBDFT (UXN), R_LWPVL (PXN), R_VWLLR (what EL0
 * may write, EL1 does not execute), and UXNTable and PXNTable of the tables above. `wxn`: SCTLR_EL1.WXN, what
 * an Exception level can write it does not execute.
 */
static inline uint8_t vmsa_s1_rights(uint64_t word, uint64_t inherited, bool wxn)
{
    bool user = word & VMSA_AP_USER && !(inherited & VMSA_AP_TABLE_NOUSER);
    bool store = !(word & VMSA_AP_READ_ONLY) && !(inherited & VMSA_AP_TABLE_NOSTORE);
    bool user_fetch = !(word & VMSA_UXN) && !(inherited & VMSA_UXN_TABLE) && !(wxn && user && store);
    bool kernel_fetch = !(word & VMSA_PXN) && !(inherited & VMSA_PXN_TABLE) && !((wxn || user) && store);
    unsigned rights = ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD);
    rights |= user ? ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD) : 0;
    rights |= store ? ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE) : 0;
    rights |= user && store ? ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) : 0;
    rights |= user_fetch ? ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_FETCH) : 0;
    rights |= kernel_fetch ? ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_FETCH) : 0;
    return (uint8_t)rights;
}

/* The same sections, for a regime with one privilege: AP[2] and XN, which is bit 54; AP[1] is RES1, PXN is
 * RES0; of the tables APTable[1] and XNTable. */
static inline uint8_t vmsa_el2_rights(uint64_t word, uint64_t inherited, bool wxn)
{
    bool store = !(word & VMSA_AP_READ_ONLY) && !(inherited & VMSA_AP_TABLE_NOSTORE);
    bool fetch = !(word & VMSA_UXN) && !(inherited & VMSA_UXN_TABLE) && !(wxn && store);
    unsigned rights = ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD);
    rights |= store ? ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE) : 0;
    rights |= fetch ? ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_FETCH) : 0;
    return (uint8_t)rights;
}

/*
 * D8.4.2: S2AP[1:0] for data, XN[1:0] for fetches, which need no read permission. With FEAT_XNX: 00 all, 01
 * EL0 alone, 10 nobody, 11 EL1 alone; without it XN[0] is RES0.
 */
static inline uint8_t vmsa_s2_rights(uint64_t word, bool by_privilege)
{
    bool split = by_privilege && word & VMSA_S2_XN_SPLIT;
    bool user_fetch = !(word & VMSA_S2_XN);
    bool kernel_fetch = user_fetch != split;
    unsigned rights = word & VMSA_S2_READ ? VMSA_LOADS : 0;
    rights |= word & VMSA_S2_WRITE ? VMSA_STORES : 0;
    rights |= user_fetch ? ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_FETCH) : 0;
    rights |= kernel_fetch ? ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_FETCH) : 0;
    return (uint8_t)rights;
}

/* Attributes sum up rights: those of vmsa_meant(word). D8.6.1: AttrIndx selects a field of MAIR_ELx; see
 * VMSA_MAIR_EL1. */
static inline uint32_t vmsa_s1_summary(uint64_t word, unsigned rights)
{
    uint32_t attributes = FRAME_READABLE;
    attributes |= rights & VMSA_STORES ? FRAME_WRITABLE : 0;
    attributes |= rights & VMSA_FETCHES ? FRAME_EXECUTABLE : 0;
    attributes |= (word & VMSA_ATTR_INDEX) == VMSA_ATTR_INDEX_DEVICE ? FRAME_DEVICE : 0;
    attributes |= (word & VMSA_ATTR_INDEX) == VMSA_ATTR_INDEX_NONCACHEABLE ? FRAME_NONCACHEABLE : 0;
    return attributes;
}

static inline uint32_t vmsa_s1_attributes(uint64_t word, unsigned rights)
{
    /* D8.3.1.2, table D8-52, nG: a clear bit makes the translation global. */
    return vmsa_s1_summary(word, rights) | (rights & VMSA_USER ? FRAME_USER : 0) |
           (word & VMSA_NG ? 0 : FRAME_GLOBAL);
}

static inline uint32_t vmsa_el2_attributes(uint64_t word, unsigned rights)
{
    return vmsa_s1_summary(word, rights) | FRAME_GLOBAL;
}

static inline uint32_t vmsa_s2_attributes(uint64_t word, unsigned rights)
{
    uint32_t attributes = rights & VMSA_LOADS ? FRAME_READABLE : 0;
    attributes |= rights & VMSA_STORES ? FRAME_WRITABLE : 0;
    attributes |= rights & VMSA_FETCHES ? FRAME_EXECUTABLE : 0;
    /* D8.6.5, without FWB: MemAttr[3:2] = 0 is Device, whatever stage 1 says. */
    attributes |= word & VMSA_S2_NO_DEVICE ? 0 : FRAME_DEVICE;
    attributes |= (word & VMSA_S2_MEM_ATTR) == VMSA_S2_NONCACHEABLE ? FRAME_NONCACHEABLE : 0;
    return attributes;
}

#endif
