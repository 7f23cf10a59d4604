/* Extended page tables: entries as software writes and reads them. Sections are those of the SDM that
 * pagetables/ept.h names. */
#include "pagetables/x86_leaf.h"

/* ---- Attributes as bits of a leaf, without its address and size ---- */

static unsigned memory_type(uint32_t attributes)
{
    if (attributes & FRAME_DEVICE)
        return EPT_UC;
    return attributes & FRAME_NONCACHEABLE ? EPT_WC : EPT_WB;
}

static uint64_t attribute_bits(uint32_t attributes)
{
    bool writable = attributes & FRAME_WRITABLE;
    uint64_t word = (uint64_t)memory_type(attributes) << EPT_MEMORY_TYPE_SHIFT;
    word |= attributes & FRAME_READABLE ? EPT_READ : 0;
    word |= writable ? EPT_WRITE : 0;
    word |= attributes & FRAME_EXECUTABLE ? EPT_EXECUTE | EPT_EXECUTE_USER : 0;
    word |= attributes & FRAME_OLD ? 0 : EPT_ACCESSED;
    word |= writable && !(attributes & FRAME_CLEAN) ? EPT_DIRTY : 0;
    return word;
}

static bool expresses(uint32_t attributes)
{
    const uint32_t known = FRAME_READABLE | FRAME_WRITABLE | FRAME_EXECUTABLE | FRAME_DEVICE |
                           FRAME_NONCACHEABLE | FRAME_STATE_ALL;
    return !(attributes & ~known) && attributes & (FRAME_READABLE | FRAME_EXECUTABLE) &&
           !(attributes & FRAME_WRITABLE && !(attributes & FRAME_READABLE)) &&
           !(attributes & FRAME_CLEAN && !(attributes & FRAME_WRITABLE)) &&
           !(attributes & FRAME_DEVICE && attributes & FRAME_NONCACHEABLE);
}

uint8_t ept_rights_of_attributes(uint32_t attributes)
{
    if (!expresses(attributes & ~(uint32_t)FRAME_CLEAN))
        return 0;
    uint8_t rights = ept_rights(attribute_bits(attributes), true);
    return attributes & FRAME_CLEAN ? (uint8_t)(rights & ~X86_STORES) : rights;
}

/* ---- Leaves and tables ---- */

static bool encode_leaf(const struct entry_level *level, const struct frame *frame, uint64_t *word)
{
    if (!x86_is_place(level, frame) || !expresses(frame->attributes))
        return false;
    *word = frame->base | attribute_bits(frame->attributes) | x86_size_bit(level);
    return true;
}

static uint64_t encode_table(uint64_t pa)
{
    return (pa & EPT_ADDRESS) | EPT_READ | EPT_WRITE | EPT_EXECUTE | EPT_EXECUTE_USER | EPT_ACCESSED;
}

static uint32_t state_of(uint64_t word)
{
    return (word & EPT_ACCESSED ? 0 : FRAME_OLD) |
           (word & EPT_WRITE && !(word & EPT_DIRTY) ? FRAME_CLEAN : 0);
}

/* As a processor does that has execute-only pages and no mode-based execute control. */
static bool is_reserved(const struct entry_level *level, uint64_t word, bool leaf)
{
    return word & ept_reserved(level->number, level->span_lg2, leaf) ||
           ept_rights_are_misconfigured(word, false, true) || (leaf && ept_type_is_misconfigured(word));
}

static struct entry decode(const struct entry_level *level, uint64_t word)
{
    bool leaf = x86_is_leaf(level->number, word);
    if (!(word & ept_present(false)))
        return (struct entry){.kind = ENTRY_INVALID};
    if (is_reserved(level, word, leaf))
        return (struct entry){.kind = ENTRY_RESERVED};
    return leaf ? x86_leaf_entry(level, word, ept_attributes(word, false) | state_of(word))
                : x86_table_entry(word);
}

/* SDM 29.4.3.4, "Guidelines for Use of the INVEPT Instruction": present entries are changed by one store, and
 * INVEPT follows. */
static bool must_break(uint64_t before, uint64_t after)
{
    (void)before;
    (void)after;
    return false;
}

static uint64_t after_store(uint64_t word)
{
    return word | EPT_ACCESSED | EPT_DIRTY;
}

/* ---- The formats ---- */

#define BOTH                                                                                                 \
    .struct_bytes = sizeof(struct entry_format), .encode_leaf = encode_leaf, .encode_table = encode_table,   \
    .decode = decode, .must_break = must_break, .after_store = after_store

const struct entry_format ept_48_entries = {
    BOTH,
    .levels = 4,
    .level = {X86_LEVEL(4), X86_LEVEL(3), X86_LEVEL(2), X86_LEVEL(1)},
};

const struct entry_format ept_57_entries = {
    BOTH,
    .levels = 5,
    .level = {X86_LEVEL(5), X86_LEVEL(4), X86_LEVEL(3), X86_LEVEL(2), X86_LEVEL(1)},
};
