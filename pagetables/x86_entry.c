/* x86-64 paging: entries as software writes and reads them. Sections are those of the SDM that
 * pagetables/x86.h names. */
#include "pagetables/x86_leaf.h"

/* ---- Attributes as bits of a leaf, without its address and size ---- */

static uint64_t attribute_bits(uint32_t attributes)
{
    bool writable = attributes & FRAME_WRITABLE;
    uint64_t word = X86_PRESENT;
    word |= writable ? X86_WRITE : 0;
    word |= attributes & FRAME_EXECUTABLE ? 0 : X86_NX;
    word |= attributes & FRAME_USER ? X86_USER : 0;
    word |= attributes & FRAME_GLOBAL ? X86_GLOBAL : 0;
    word |= attributes & FRAME_OLD ? 0 : X86_ACCESSED;
    word |= writable && !(attributes & FRAME_CLEAN) ? X86_DIRTY : 0;
    /* X86_IA32_PAT: entry 3 is UC, entry 1 WC. */
    word |= attributes & FRAME_DEVICE ? X86_PCD | X86_PWT : 0;
    word |= attributes & FRAME_NONCACHEABLE ? X86_PWT : 0;
    return word | (uint64_t)frame_key(attributes) << X86_KEY_SHIFT;
}

static bool expresses(uint32_t attributes)
{
    return attributes & FRAME_READABLE && !(attributes & ~(FRAME_ATTRIBUTES_ALL | FRAME_STATE_ALL)) &&
           !(attributes & FRAME_CLEAN && !(attributes & FRAME_WRITABLE)) &&
           !(attributes & FRAME_KEY_ALL && !(attributes & FRAME_USER)) &&
           !(attributes & FRAME_DEVICE && attributes & FRAME_NONCACHEABLE);
}

/* Of a read-only page too: the kernel may store to it with CR0.WP = 0, once it is dirty. */
uint8_t x86_rights_of_attributes(uint32_t attributes)
{
    if (!expresses(attributes & ~(uint32_t)FRAME_CLEAN))
        return 0;
    uint8_t rights = x86_rights(attribute_bits(attributes));
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

/* SDM 4.6.1: a table restricts nothing where U/S and R/W are set and XD is clear. */
static uint64_t encode_table(uint64_t pa)
{
    return (pa & X86_ADDRESS) | X86_PRESENT | X86_WRITE | X86_USER | X86_ACCESSED;
}

static uint32_t state_of(uint64_t word)
{
    return (word & X86_ACCESSED ? 0 : FRAME_OLD) |
           (word & X86_WRITE && !(word & X86_DIRTY) ? FRAME_CLEAN : 0);
}

static struct entry decode(const struct entry_level *level, uint64_t word)
{
    bool leaf = x86_is_leaf(level->number, word);
    if (!(word & X86_PRESENT))
        return (struct entry){.kind = ENTRY_INVALID};
    if (word & x86_reserved(level->number, level->span_lg2, leaf))
        return (struct entry){.kind = ENTRY_RESERVED};
    return leaf ? x86_leaf_entry(level, word, x86_attributes(word, level->number > 1) | state_of(word))
                : x86_table_entry(word);
}

/* SDM 4.10.4: software changes a present entry by one store and invalidates after it; nothing asks for an
 * entry that is not present between. */
static bool must_break(uint64_t before, uint64_t after)
{
    (void)before;
    (void)after;
    return false;
}

static uint64_t after_store(uint64_t word)
{
    return word | X86_ACCESSED | X86_DIRTY;
}

/* ---- The formats ---- */

#define BOTH                                                                                                 \
    .struct_bytes = sizeof(struct entry_format), .encode_leaf = encode_leaf, .encode_table = encode_table,   \
    .decode = decode, .must_break = must_break, .after_store = after_store

const struct entry_format x86_64_48_entries = {
    BOTH,
    .levels = 4,
    .level = {X86_LEVEL(4), X86_LEVEL(3), X86_LEVEL(2), X86_LEVEL(1)},
};

const struct entry_format x86_64_57_entries = {
    BOTH,
    .levels = 5,
    .level = {X86_LEVEL(5), X86_LEVEL(4), X86_LEVEL(3), X86_LEVEL(2), X86_LEVEL(1)},
};
