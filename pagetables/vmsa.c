/* Section and rule numbers are those of the Arm ARM, DDI 0487, issue L.b. */
#include "pagetables/vmsa.h"

#define LAST_LEVEL 3

/* Numbers of one configuration; a constant argument, so that each format's functions are compiled for its
 * own. */
struct shape {
    uint8_t page_lg2;
    uint8_t va_bits;
    uint8_t first_level; /* D8.2.8.1, table D8-18: from T0SZ */
    uint8_t block_level; /* the first level with block descriptors: D8.3.1.2 */
};

static const struct shape shape_4k_48 = {.page_lg2 = 12, .va_bits = 48, .first_level = 0, .block_level = 1};

/* D8.2.8, the section of each granule: every level but the first resolves log2(entries of a page) address
 * bits. */
static inline unsigned index_bits(const struct shape *shape)
{
    return shape->page_lg2 - 3u;
}

static inline unsigned span_lg2(const struct shape *shape, unsigned level)
{
    return shape->page_lg2 + (LAST_LEVEL - level) * index_bits(shape);
}

static inline bool beyond(uint64_t pa, unsigned size_lg2)
{
    return size_lg2 < 64 && pa >> size_lg2 != 0;
}

/* ---- Rights and attributes of one leaf ---- */

/*
 * D8.4.1.2.1 R_RNGJG (AP[2:1]), R_YTXKB (APTable); D8.4.1.2.3 R_RBDFT (UXN), R_LWPVL (PXN), R_VWLLR (what EL0
 * may write, EL1 does not execute), and UXNTable and PXNTable of the tables above.
 */
static inline uint8_t leaf_rights(uint64_t word, uint64_t inherited)
{
    bool user = word & VMSA_AP_USER && !(inherited & VMSA_AP_TABLE_NOUSER);
    bool store = !(word & VMSA_AP_READ_ONLY) && !(inherited & VMSA_AP_TABLE_NOSTORE);
    bool user_fetch = !(word & VMSA_UXN) && !(inherited & VMSA_UXN_TABLE);
    bool kernel_fetch = !(word & VMSA_PXN) && !(inherited & VMSA_PXN_TABLE) && !(user && store);
    unsigned rights = ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD);
    rights |= user ? ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD) : 0;
    rights |= store ? ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE) : 0;
    rights |= user && store ? ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) : 0;
    rights |= user_fetch ? ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_FETCH) : 0;
    rights |= kernel_fetch ? ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_FETCH) : 0;
    return (uint8_t)rights;
}

static inline uint32_t leaf_attributes(uint64_t word, unsigned rights)
{
    const unsigned store =
        ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE);
    const unsigned fetch =
        ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_FETCH) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_FETCH);
    const unsigned user = ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD) |
                          ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) |
                          ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_FETCH);
    uint32_t attributes = FRAME_READABLE;
    attributes |= rights & store ? FRAME_WRITABLE : 0;
    attributes |= rights & fetch ? FRAME_EXECUTABLE : 0;
    attributes |= rights & user ? FRAME_USER : 0;
    /* D8.3.1.2, table D8-52, nG: a clear bit makes the translation global. */
    attributes |= word & VMSA_NG ? 0 : FRAME_GLOBAL;
    /* D8.6.1: AttrIndx selects a field of MAIR_EL1; see VMSA_MAIR_EL1. */
    attributes |= (word & VMSA_ATTR_INDEX) == VMSA_ATTR_INDEX_DEVICE ? FRAME_DEVICE : 0;
    return attributes;
}

/* Attributes and rights as bits of a leaf, without its address and type. Needs FRAME_READABLE. */
static uint64_t attribute_bits(uint32_t attributes)
{
    uint64_t word =
        VMSA_AF; /* D8.5.1 R_XFXTY: 1 is "accessed"; software that does not age pages sets it at once */
    word |= attributes & FRAME_USER ? VMSA_AP_USER : 0;
    word |= attributes & FRAME_WRITABLE ? 0 : VMSA_AP_READ_ONLY;
    bool executable = attributes & FRAME_EXECUTABLE;
    word |= executable && attributes & FRAME_USER ? 0 : VMSA_UXN;
    word |= executable && !(attributes & FRAME_USER) ? 0 : VMSA_PXN;
    word |= attributes & FRAME_GLOBAL ? 0 : VMSA_NG;
    /* D8.6.2: SH has no effect on Device memory, which is Outer Shareable always; the entry says so. */
    word |= attributes & FRAME_DEVICE ? VMSA_ATTR_INDEX_DEVICE | VMSA_SH_OUTER
                                      : VMSA_ATTR_INDEX_NORMAL | VMSA_SH_INNER;
    return word;
}

static uint8_t rights_of_attributes(uint32_t attributes)
{
    return attributes & FRAME_READABLE ? leaf_rights(attribute_bits(attributes), 0) : 0;
}

/* ---- Entries ---- */

static bool encode_leaf(const struct entry_level *level, const struct frame *frame, uint64_t *word)
{
    uint64_t in_frame = (UINT64_C(1) << level->span_lg2) - 1;
    if (!level->leaf || frame->size_lg2 != level->span_lg2 || frame->base & (in_frame | ~VMSA_ADDRESS))
        return false;
    if (!(frame->attributes & FRAME_READABLE) || frame->attributes & ~FRAME_ATTRIBUTES_ALL)
        return false;
    /* D8.3, table D8-48: a page has bit 1 set, a block has it clear. */
    uint64_t type = level->number == LAST_LEVEL ? VMSA_VALID | VMSA_TABLE : VMSA_VALID;
    *word = frame->base | attribute_bits(frame->attributes) | type;
    return true;
}

/* D8.3.1.1: no restriction from APTable, UXNTable, PXNTable. */
static uint64_t encode_table(uint64_t pa)
{
    return (pa & VMSA_ADDRESS) | VMSA_TABLE | VMSA_VALID;
}

/* D8.3, table D8-48. */
static struct entry decode(const struct entry_level *level, uint64_t word)
{
    struct entry entry = {.kind = ENTRY_INVALID};
    if (!(word & VMSA_VALID))
        return entry;
    if (word & VMSA_TABLE && level->number != LAST_LEVEL) {
        entry.kind = ENTRY_TABLE;
        entry.table = word & VMSA_ADDRESS;
        return entry;
    }
    if (!level->leaf || (level->number == LAST_LEVEL && !(word & VMSA_TABLE))) {
        entry.kind = ENTRY_RESERVED;
        return entry;
    }
    entry.kind = ENTRY_LEAF;
    entry.frame.base = word & VMSA_ADDRESS & ~((UINT64_C(1) << level->span_lg2) - 1);
    entry.frame.attributes = leaf_attributes(word, leaf_rights(word, 0));
    entry.frame.size_lg2 = level->span_lg2;
    return entry;
}

/*
 * D8.17.1 R_WHZWS: memory type, shareability, cacheability, output address, and a global entry where
 * non-global ones may be cached. The last one is taken for both directions: an old global entry would match
 * beside the new one.
 */
static bool must_break(uint64_t before, uint64_t after)
{
    return (before ^ after) & (VMSA_ATTR_INDEX | VMSA_SH | VMSA_NG | VMSA_ADDRESS);
}

/* ---- The walk ---- */

static inline enum walk_status fault(struct walk_state *walk, enum fault_kind kind, unsigned level)
{
    walk->fetches = 0;
    walk->fault = (uint8_t)kind;
    walk->fault_level = (uint8_t)level;
    return WALK_FAULT;
}

/* D8.2.8.3, table D8-25: the descriptor's address is the table's, with the index in bits 11:3. */
static inline enum walk_status ask(struct walk_state *walk, const struct shape *shape, uint64_t table,
                                   unsigned level)
{
    uint64_t index = walk->va >> span_lg2(shape, level) & ((UINT64_C(1) << index_bits(shape)) - 1);
    walk->fetch[0] = table | index << 3;
    walk->fetches = 1;
    walk->level = (uint8_t)level;
    return WALK_FETCH;
}

static inline enum walk_status begin(struct walk_state *walk, const struct shape *shape,
                                     const struct translation_regime *regime, uint64_t va)
{
    walk->regime = regime;
    walk->va = va;
    walk->inherited = 0;
    walk->level = shape->first_level;
    walk->fault = FAULT_NONE;
    walk->fault_level = 0;
    /* D8.1.9, D8.2.4: an address larger than the configured input size is a level 0 translation fault. */
    if (va >> shape->va_bits != 0)
        return fault(walk, FAULT_TRANSLATION, 0);
    /* D8.2.3 R_VPBBF: a base address beyond the output size is a level 0 address size fault, whatever the
     * first level. */
    if (beyond(regime->root, regime->physical_size_lg2))
        return fault(walk, FAULT_ADDRESS_SIZE, 0);
    uint64_t in_page = (UINT64_C(1) << shape->page_lg2) - 1;
    return ask(walk, shape, regime->root & ~in_page, shape->first_level);
}

static inline enum walk_status end_with_leaf(struct walk_state *walk, const struct shape *shape,
                                             uint64_t word)
{
    unsigned level = walk->level;
    unsigned size_lg2 = span_lg2(shape, level);
    uint64_t in_frame = (UINT64_C(1) << size_lg2) - 1;
    /* D8.3.1.2, table D8-52: the bits of a block's address that are below its size are RES0 and do not take
     * part. */
    uint64_t base = word & VMSA_ADDRESS & ~in_frame;
    if (beyond(base, walk->regime->physical_size_lg2))
        return fault(walk, FAULT_ADDRESS_SIZE, level);
    /* D8.5.1: with software management, AF = 0 is an access flag fault at this level. */
    if (!(word & VMSA_AF))
        return fault(walk, FAULT_ACCESS_FLAG, level);
    walk->fetches = 0;
    walk->leaf.rights = leaf_rights(word, walk->inherited);
    walk->leaf.level = (uint8_t)level;
    walk->leaf.va = walk->va & ~in_frame;
    walk->leaf.frame.base = base;
    walk->leaf.frame.attributes = leaf_attributes(word, walk->leaf.rights);
    walk->leaf.frame.size_lg2 = (uint8_t)size_lg2;
    return WALK_LEAF;
}

static inline enum walk_status go_on(struct walk_state *walk, const struct shape *shape, uint64_t word)
{
    unsigned level = walk->level;
    /* D8.2.1, D8.3 R_JXLYN: an invalid descriptor is a translation fault at the level of its lookup. */
    if (!(word & VMSA_VALID))
        return fault(walk, FAULT_TRANSLATION, level);
    if (word & VMSA_TABLE && level < LAST_LEVEL) {
        uint64_t in_page = (UINT64_C(1) << shape->page_lg2) - 1;
        uint64_t table = word & VMSA_ADDRESS & ~in_page;
        /* D8.1.7 I_HGDWP: an address beyond the output size faults at the level that holds it. */
        if (beyond(table, walk->regime->physical_size_lg2))
            return fault(walk, FAULT_ADDRESS_SIZE, level);
        /* D8.4.1.2 R_YTXKB and the following: a table restricts all levels below it. */
        walk->inherited |=
            word & (VMSA_AP_TABLE_NOUSER | VMSA_AP_TABLE_NOSTORE | VMSA_UXN_TABLE | VMSA_PXN_TABLE);
        return ask(walk, shape, table, level + 1);
    }
    /* D8.3, table D8-48: no block at a level without block size, and bit 1 clear at level 3, are treated as
     * invalid. */
    if (level == LAST_LEVEL ? !(word & VMSA_TABLE) : level < shape->block_level)
        return fault(walk, FAULT_TRANSLATION, level);
    return end_with_leaf(walk, shape, word);
}

/* ---- "vmsa-4k-48" ---- */

static enum walk_status start_4k_48(struct walk_state *walk, const struct translation_regime *regime,
                                    uint64_t va)
{
    return begin(walk, &shape_4k_48, regime, va);
}

static enum walk_status resume_4k_48(struct walk_state *walk, const uint64_t *words)
{
    return go_on(walk, &shape_4k_48, words[0]);
}

const struct walk_format vmsa_4k_48 = {
    .name = "vmsa-4k-48",
    .summary = "Arm VMSAv8-64, 4 KiB granule, 48-bit addresses, stage 1 of EL1&0",
    .levels = 4,
    .va_bits = 48,
    .page_lg2 = 12,
    .frame_sizes = 3,
    .frame_size_lg2 = {12, 21, 30},
    .start = start_4k_48,
    .resume = resume_4k_48,
    .rights = rights_of_attributes,
};

const struct entry_format vmsa_4k_48_entries = {
    .levels = 4,
    .level = {{.number = 0, .span_lg2 = 39, .index_bits = 9, .leaf = false},
              {.number = 1, .span_lg2 = 30, .index_bits = 9, .leaf = true},
              {.number = 2, .span_lg2 = 21, .index_bits = 9, .leaf = true},
              {.number = 3, .span_lg2 = 12, .index_bits = 9, .leaf = true}},
    .encode_leaf = encode_leaf,
    .encode_table = encode_table,
    .decode = decode,
    .must_break = must_break,
};
