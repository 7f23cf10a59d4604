/* VMSAv8-64: entries as software writes and reads them. Section and rule numbers are those of the Arm ARM,
 * DDI 0487, issue L.b. */
#include "pagetables/vmsa_leaf.h"
#include "pagetables/vmsa_parts.h"

/* ---- Attributes as bits of a leaf, without its address and type ---- */

/* D8.5.1 R_XFXTY: AF = 1 is "accessed"; software that does not age pages sets it at once. */
static uint64_t state_bits(uint32_t attributes)
{
    return (attributes & FRAME_OLD ? 0 : VMSA_AF) | (attributes & FRAME_CLEAN ? VMSA_DBM : 0);
}

/* D8.6.2: SH has no effect on Device memory and on Normal Non-cacheable memory, which are Outer Shareable
 * always; the entries say so. */
static uint64_t s1_memory_bits(uint32_t attributes)
{
    if (attributes & FRAME_DEVICE)
        return VMSA_ATTR_INDEX_DEVICE | VMSA_SH_OUTER;
    return attributes & FRAME_NONCACHEABLE ? VMSA_ATTR_INDEX_NONCACHEABLE | VMSA_SH_OUTER
                                           : VMSA_ATTR_INDEX_NORMAL | VMSA_SH_INNER;
}

static uint64_t s2_memory_bits(uint32_t attributes)
{
    if (attributes & FRAME_DEVICE)
        return VMSA_S2_DEVICE | VMSA_SH_OUTER;
    return attributes & FRAME_NONCACHEABLE ? VMSA_S2_NONCACHEABLE | VMSA_SH_OUTER
                                           : VMSA_S2_NORMAL | VMSA_SH_INNER;
}

/* Needs FRAME_READABLE. */
static uint64_t s1_attribute_bits(uint32_t attributes)
{
    uint64_t word = state_bits(attributes) | s1_memory_bits(attributes);
    word |= attributes & FRAME_USER ? VMSA_AP_USER : 0;
    word |= attributes & FRAME_WRITABLE && !(attributes & FRAME_CLEAN) ? 0 : VMSA_AP_READ_ONLY;
    bool executable = attributes & FRAME_EXECUTABLE;
    word |= executable && attributes & FRAME_USER ? 0 : VMSA_UXN;
    word |= executable && !(attributes & FRAME_USER) ? 0 : VMSA_PXN;
    word |= attributes & FRAME_GLOBAL ? 0 : VMSA_NG;
    return word;
}

/* D8.3.1.2, table D8-52: in a regime with one privilege AP[1] is RES1, PXN and nG are RES0. */
static uint64_t el2_attribute_bits(uint32_t attributes)
{
    uint64_t word = state_bits(attributes) | s1_memory_bits(attributes) | VMSA_AP_USER;
    word |= attributes & FRAME_WRITABLE && !(attributes & FRAME_CLEAN) ? 0 : VMSA_AP_READ_ONLY;
    word |= attributes & FRAME_EXECUTABLE ? 0 : VMSA_UXN;
    return word;
}

static uint64_t s2_attribute_bits(uint32_t attributes)
{
    uint64_t word = state_bits(attributes) | s2_memory_bits(attributes);
    word |= attributes & FRAME_READABLE ? VMSA_S2_READ : 0;
    word |= attributes & FRAME_WRITABLE && !(attributes & FRAME_CLEAN) ? VMSA_S2_WRITE : 0;
    word |= attributes & FRAME_EXECUTABLE ? 0 : VMSA_S2_XN;
    return word;
}

static bool has_unknown(uint32_t attributes)
{
    return attributes & FRAME_KEY_ALL || attributes & ~(FRAME_ATTRIBUTES_ALL | FRAME_STATE_ALL) ||
           (attributes & FRAME_DEVICE && attributes & FRAME_NONCACHEABLE) ||
           (attributes & FRAME_CLEAN && !(attributes & FRAME_WRITABLE));
}

static bool s1_expresses(uint32_t attributes)
{
    return attributes & FRAME_READABLE && !has_unknown(attributes);
}

static bool el2_expresses(uint32_t attributes)
{
    return attributes & FRAME_READABLE && attributes & FRAME_GLOBAL && !(attributes & FRAME_USER) &&
           !has_unknown(attributes);
}

static bool s2_expresses(uint32_t attributes)
{
    return !(attributes & (FRAME_USER | FRAME_GLOBAL)) && !has_unknown(attributes);
}

uint8_t vmsa_s1_rights_of_attributes(uint32_t attributes)
{
    return s1_expresses(attributes) ? vmsa_s1_rights(s1_attribute_bits(attributes), 0, false) : 0;
}

uint8_t vmsa_el2_rights_of_attributes(uint32_t attributes)
{
    return el2_expresses(attributes) ? vmsa_el2_rights(el2_attribute_bits(attributes), 0, false) : 0;
}

uint8_t vmsa_s2_rights_of_attributes(uint32_t attributes)
{
    return s2_expresses(attributes) ? vmsa_s2_rights(s2_attribute_bits(attributes), true) : 0;
}

/* ---- Leaves ---- */

/* Address, type and contiguous bit of a leaf. D8.3, table D8-48: a page has bit 1 set, a block has it clear.
 */
static bool place_bits(const struct entry_level *level, const struct frame *frame, uint64_t *bits)
{
    bool run = level->run_lg2 && frame->size_lg2 == entry_run_span_lg2(level);
    uint64_t in_frame = (UINT64_C(1) << frame->size_lg2) - 1;
    if (!level->leaf || (frame->size_lg2 != level->span_lg2 && !run) ||
        frame->base & (in_frame | ~VMSA_ADDRESS))
        return false;
    uint64_t type = level->number == VMSA_LAST_LEVEL ? VMSA_VALID | VMSA_TABLE : VMSA_VALID;
    *bits = frame->base | type | (run ? VMSA_CONTIGUOUS : 0);
    return true;
}

bool vmsa_s1_encode_leaf(const struct entry_level *level, const struct frame *frame, uint64_t *word)
{
    uint64_t place;
    if (!s1_expresses(frame->attributes) || !place_bits(level, frame, &place))
        return false;
    *word = place | s1_attribute_bits(frame->attributes);
    return true;
}

bool vmsa_el2_encode_leaf(const struct entry_level *level, const struct frame *frame, uint64_t *word)
{
    uint64_t place;
    if (!el2_expresses(frame->attributes) || !place_bits(level, frame, &place))
        return false;
    *word = place | el2_attribute_bits(frame->attributes);
    return true;
}

bool vmsa_s2_encode_leaf(const struct entry_level *level, const struct frame *frame, uint64_t *word)
{
    uint64_t place;
    if (!s2_expresses(frame->attributes) || !place_bits(level, frame, &place))
        return false;
    *word = place | s2_attribute_bits(frame->attributes);
    return true;
}

/* D8.3.1.1: no restriction from APTable, UXNTable, PXNTable. */
uint64_t vmsa_encode_table(uint64_t pa)
{
    return (pa & VMSA_ADDRESS) | VMSA_TABLE | VMSA_VALID;
}

/* D8.2.8: an entry of level n covers page_lg2 + (3 - n) * (page_lg2 - 3) bits of address, so a level says its
 * granule. Tables below the root are a page. */
static uint64_t in_page_of(const struct entry_level *level)
{
    unsigned page_lg2 = 3u + (level->span_lg2 - 3u) / (VMSA_LAST_LEVEL + 1u - level->number);
    return (UINT64_C(1) << page_lg2) - 1;
}

/* D8.3, table D8-48. The frame of a leaf has no attributes yet. */
static struct entry decode_place(const struct entry_level *level, uint64_t word)
{
    struct entry entry = {.kind = ENTRY_INVALID};
    if (!(word & VMSA_VALID))
        return entry;
    if (word & VMSA_TABLE && level->number != VMSA_LAST_LEVEL) {
        entry.kind = ENTRY_TABLE;
        entry.table = word & VMSA_ADDRESS & ~in_page_of(level);
        return entry;
    }
    if (!level->leaf || (level->number == VMSA_LAST_LEVEL && !(word & VMSA_TABLE))) {
        entry.kind = ENTRY_RESERVED;
        return entry;
    }
    entry.kind = ENTRY_LEAF;
    entry.frame.size_lg2 = (uint8_t)(word & VMSA_CONTIGUOUS ? entry_run_span_lg2(level) : level->span_lg2);
    entry.frame.base = word & VMSA_ADDRESS & ~((UINT64_C(1) << entry.frame.size_lg2) - 1);
    return entry;
}

static uint32_t state_of(bool stage2, uint64_t word)
{
    return (word & VMSA_AF ? 0 : FRAME_OLD) | (vmsa_is_clean(stage2, word) ? FRAME_CLEAN : 0);
}

struct entry vmsa_s1_decode(const struct entry_level *level, uint64_t word)
{
    struct entry entry = decode_place(level, word);
    if (entry.kind == ENTRY_LEAF)
        entry.frame.attributes = vmsa_s1_attributes(word, vmsa_s1_rights(vmsa_meant(false, word), 0, false)) |
                                 state_of(false, word);
    return entry;
}

struct entry vmsa_el2_decode(const struct entry_level *level, uint64_t word)
{
    struct entry entry = decode_place(level, word);
    if (entry.kind == ENTRY_LEAF)
        entry.frame.attributes =
            vmsa_el2_attributes(word, vmsa_el2_rights(vmsa_meant(false, word), 0, false)) |
            state_of(false, word);
    return entry;
}

struct entry vmsa_s2_decode(const struct entry_level *level, uint64_t word)
{
    struct entry entry = decode_place(level, word);
    if (entry.kind == ENTRY_LEAF)
        entry.frame.attributes =
            vmsa_s2_attributes(word, vmsa_s2_rights(vmsa_meant(true, word), true)) | state_of(true, word);
    return entry;
}

/* ---- Changes of a leaf ---- */

/* D8.7.1: the entries of a contiguous run have the same attributes and permissions; the access flag alone may
 * differ, so all else changes through invalid entries. */
static bool changes_run(uint64_t before, uint64_t after)
{
    return (before | after) & VMSA_CONTIGUOUS && (before ^ after) & ~VMSA_AF;
}

/*
 * D8.17.1 R_WHZWS: memory type, shareability, cacheability, output address, and a global entry where
 * non-global ones may be cached. The last one is taken for both directions: an old global entry would match
 * beside the new one.
 */
bool vmsa_s1_must_break(uint64_t before, uint64_t after)
{
    return (before ^ after) & (VMSA_ATTR_INDEX | VMSA_SH | VMSA_NG | VMSA_ADDRESS) ||
           changes_run(before, after);
}

/* nG is RES0 and without effect. */
bool vmsa_el2_must_break(uint64_t before, uint64_t after)
{
    return (before ^ after) & (VMSA_ATTR_INDEX | VMSA_SH | VMSA_ADDRESS) || changes_run(before, after);
}

bool vmsa_s2_must_break(uint64_t before, uint64_t after)
{
    return (before ^ after) & (VMSA_S2_MEM_ATTR | VMSA_SH | VMSA_ADDRESS) || changes_run(before, after);
}

uint64_t vmsa_s1_after_store(uint64_t word)
{
    return vmsa_meant(false, word) | VMSA_AF;
}

uint64_t vmsa_el2_after_store(uint64_t word)
{
    return vmsa_s1_after_store(word);
}

uint64_t vmsa_s2_after_store(uint64_t word)
{
    return vmsa_meant(true, word) | VMSA_AF;
}
