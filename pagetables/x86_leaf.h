/*
 * One leaf of x86-64 paging and of EPT: what its bits allow. Shared by the walk engine, the entry codecs and
 * the reports; not a public header. Sections are those of the SDM that pagetables/x86.h names.
 */
#ifndef MMUSIM_PAGETABLES_X86_LEAF_H
#define MMUSIM_PAGETABLES_X86_LEAF_H

#include "pagetables/ept.h"
#include "pagetables/x86.h"

#define X86_LOADS  (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD))
#define X86_STORES (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE))

/* Bits that all levels must have set, and bits that all must have clear, to allow something: SDM 4.6.1,
 * 29.3.3.2. A leaf is judged as its own bits, restricted by those of the tables above. */
#define X86_GIVES (X86_WRITE | X86_USER)
#define X86_TAKES X86_NX
#define EPT_GIVES (EPT_READ | EPT_WRITE | EPT_EXECUTE | EPT_EXECUTE_USER)

/* PWT, PCD and PAT of a leaf as an index of the PAT: SDM 4.9.2, "Paging and Memory Typing When the PAT is
 * Supported". */
static inline unsigned x86_pat_index(uint64_t word, bool large)
{
    uint64_t pat = large ? X86_PAT_LARGE : X86_PAT_4K;
    return (word & X86_PWT ? 1u : 0) | (word & X86_PCD ? 2u : 0) | (word & pat ? 4u : 0);
}

/* By index, see X86_IA32_PAT. */
static inline uint32_t x86_memory_attributes(unsigned pat_index)
{
    enum { UNCACHED = 1u << 2 | 1u << 3 | 1u << 6, COMBINING = 1u << 1 };
    if (UNCACHED >> pat_index & 1)
        return FRAME_DEVICE;
    return COMBINING >> pat_index & 1 ? FRAME_NONCACHEABLE : 0;
}

/* SDM 4.6.1, "Determination of Access Rights", for CR0.WP = CR4.SMEP = CR4.SMAP = CR4.PKE = 0. */
static inline uint8_t x86_rights(uint64_t word)
{
    unsigned rights =
        ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE);
    rights |= word & X86_NX ? 0 : ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_FETCH);
    if (word & X86_USER) {
        rights |= ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD);
        rights |= word & X86_WRITE ? ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) : 0;
        rights |= word & X86_NX ? 0 : ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_FETCH);
    }
    return (uint8_t)rights;
}

static inline uint32_t x86_attributes(uint64_t word, bool large)
{
    uint32_t attributes = FRAME_READABLE;
    attributes |= word & X86_WRITE ? FRAME_WRITABLE : 0;
    attributes |= word & X86_NX ? 0 : FRAME_EXECUTABLE;
    /* SDM 4.6.2, "Protection Keys": a key is one of user-mode addresses. */
    attributes |= word & X86_USER ? FRAME_USER | FRAME_KEY(word >> X86_KEY_SHIFT & 15) : 0;
    /* SDM 4.10.2.4, "Global Pages": of the entry that maps the page alone. */
    attributes |= word & X86_GLOBAL ? FRAME_GLOBAL : 0;
    return attributes | x86_memory_attributes(x86_pat_index(word, large));
}

/* SDM 29.3.3.2, "EPT Violations". */
static inline uint8_t ept_rights(uint64_t word, bool by_privilege)
{
    uint64_t user_fetch = by_privilege ? EPT_EXECUTE_USER : EPT_EXECUTE;
    unsigned rights = word & EPT_READ ? X86_LOADS : 0;
    rights |= word & EPT_WRITE ? X86_STORES : 0;
    rights |= word & EPT_EXECUTE ? ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_FETCH) : 0;
    rights |= word & user_fetch ? ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_FETCH) : 0;
    return (uint8_t)rights;
}

static inline unsigned ept_memory_type(uint64_t word)
{
    return word >> EPT_MEMORY_TYPE_SHIFT & 7;
}

static inline uint32_t ept_attributes(uint64_t word, bool by_privilege)
{
    uint64_t executes = EPT_EXECUTE | (by_privilege ? EPT_EXECUTE_USER : 0);
    uint32_t attributes = word & EPT_READ ? FRAME_READABLE : 0;
    attributes |= word & EPT_WRITE ? FRAME_WRITABLE : 0;
    attributes |= word & executes ? FRAME_EXECUTABLE : 0;
    attributes |= ept_memory_type(word) == EPT_UC ? FRAME_DEVICE : 0;
    attributes |= ept_memory_type(word) == EPT_WC ? FRAME_NONCACHEABLE : 0;
    return attributes;
}

/* SDM 29.3.2: what is present has one of these bits set. */
static inline uint64_t ept_present(bool by_privilege)
{
    return EPT_READ | EPT_WRITE | EPT_EXECUTE | (by_privilege ? EPT_EXECUTE_USER : 0);
}

/* SDM 29.3.3.1, "EPT Misconfigurations", of the rights of a present entry of any level. */
static inline bool ept_rights_are_misconfigured(uint64_t word, bool by_privilege, bool execute_only)
{
    if (word & EPT_READ)
        return false;
    uint64_t executes = EPT_EXECUTE | (by_privilege ? EPT_EXECUTE_USER : 0);
    return word & EPT_WRITE || (word & executes && !execute_only);
}

/* The same section, of a leaf: memory types 2, 3 and 7. */
static inline bool ept_type_is_misconfigured(uint64_t word)
{
    enum { RESERVED = 1u << 2 | 1u << 3 | 1u << 7 };
    return RESERVED >> ept_memory_type(word) & 1;
}

/* Tables 4-14 to 4-20 and 29-1 to 29-7: at levels 3 and 2 bit 7 says which; level 1 has leaves alone. */
static inline bool x86_is_leaf(unsigned level, uint64_t word)
{
    return level == 1 || (level <= 3 && word & X86_PAGE_SIZE);
}

/* The same tables: reserved bits whatever the machine, without those above its addresses. */
static inline uint64_t x86_reserved(unsigned level, unsigned span_lg2, bool leaf)
{
    uint64_t in_page = (UINT64_C(1) << span_lg2) - 1;
    if (!leaf)
        return level > 3 ? X86_PAGE_SIZE : 0;
    return in_page & X86_ADDRESS & ~X86_PAT_LARGE;
}

static inline uint64_t ept_reserved(unsigned level, unsigned span_lg2, bool leaf)
{
    uint64_t in_page = (UINT64_C(1) << span_lg2) - 1;
    if (!leaf)
        return EPT_MEMORY_TYPE | EPT_IGNORE_PAT | (level > 3 ? EPT_PAGE_SIZE : 0);
    return in_page & EPT_ADDRESS;
}

/* ---- What both codecs share ---- */

/* A level by its number: SDM 4.5.4, 29.3.2. */
#define X86_LEVEL(level)                                                                                     \
    {                                                                                                        \
        .number = (level), .span_lg2 = 12 + 9 * ((level)-1), .index_bits = 9, .leaf = (level) <= 3           \
    }

/* Whether an entry of the level can map a frame of this size at this place. */
static inline bool x86_is_place(const struct entry_level *level, const struct frame *frame)
{
    uint64_t in_frame = (UINT64_C(1) << level->span_lg2) - 1;
    return level->leaf && frame->size_lg2 == level->span_lg2 && !(frame->base & (in_frame | ~X86_ADDRESS));
}

static inline uint64_t x86_size_bit(const struct entry_level *level)
{
    return level->number > 1 ? X86_PAGE_SIZE : 0;
}

static inline struct entry x86_leaf_entry(const struct entry_level *level, uint64_t word, uint32_t attributes)
{
    uint64_t in_frame = (UINT64_C(1) << level->span_lg2) - 1;
    return (struct entry){.kind = ENTRY_LEAF,
                          .frame = {.base = word & X86_ADDRESS & ~in_frame,
                                    .attributes = attributes,
                                    .size_lg2 = level->span_lg2}};
}

static inline struct entry x86_table_entry(uint64_t word)
{
    return (struct entry){.kind = ENTRY_TABLE, .table = word & X86_ADDRESS};
}

/* ---- For walk_format ---- */

/* What of these rights the core's state leaves, what software is told, and what entries of these attributes
 * would allow. */
uint8_t x86_allowed(const struct access_controls *controls, uint8_t rights, uint32_t attributes);
void x86_report(const struct fault_cause *cause, struct fault_report *report);
uint8_t x86_rights_of_attributes(uint32_t attributes);
void ept_report(const struct fault_cause *cause, struct fault_report *report);
uint8_t ept_rights_of_attributes(uint32_t attributes);

#endif
