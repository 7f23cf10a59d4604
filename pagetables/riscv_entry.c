/* RISC-V: entries as software writes and reads them. Sections are those that riscv.h names. */
#include "pagetables/riscv_leaf.h"

/* ---- Attributes as bits of a leaf ---- */

/* Svpbmt, table 6.1; NC and IO exclude each other. */
static bool has_one_memory_type(uint32_t attributes)
{
    return (attributes & (FRAME_DEVICE | FRAME_NONCACHEABLE)) != (FRAME_DEVICE | FRAME_NONCACHEABLE);
}

static bool expresses(uint32_t attributes)
{
    bool known = !(attributes & ~((FRAME_ATTRIBUTES_ALL | FRAME_STATE_ALL) & ~FRAME_KEY_ALL));
    /* 4.3.1, table 4.5 */
    bool form =
        attributes & FRAME_READABLE || (attributes & (FRAME_EXECUTABLE | FRAME_WRITABLE)) == FRAME_EXECUTABLE;
    bool state = attributes & FRAME_WRITABLE || !(attributes & FRAME_CLEAN);
    return known && form && state && has_one_memory_type(attributes);
}

static bool stage2_expresses(uint32_t attributes)
{
    return expresses(attributes) && !(attributes & (FRAME_USER | FRAME_GLOBAL));
}

static uint64_t attribute_bits(uint32_t attributes)
{
    uint64_t word = attributes & FRAME_READABLE ? RISCV_R : 0;
    word |= attributes & FRAME_WRITABLE ? RISCV_W : 0;
    word |= attributes & FRAME_EXECUTABLE ? RISCV_X : 0;
    word |= attributes & FRAME_USER ? RISCV_U : 0;
    word |= attributes & FRAME_GLOBAL ? RISCV_G : 0;
    word |= attributes & FRAME_NONCACHEABLE ? RISCV_PBMT_NC : 0;
    word |= attributes & FRAME_DEVICE ? RISCV_PBMT_IO : 0;
    /* 4.3.1: software that does not use A and D sets them at once. */
    word |= attributes & FRAME_OLD ? 0 : RISCV_A;
    word |= attributes & FRAME_WRITABLE && !(attributes & FRAME_CLEAN) ? RISCV_D : 0;
    return word;
}

static uint8_t rights_of(uint32_t attributes, bool stage2)
{
    uint64_t word = attribute_bits(attributes);
    uint8_t rights = riscv_rights(word, stage2);
    return word & RISCV_D ? rights : rights & (uint8_t)~RISCV_STORES;
}

uint8_t riscv_rights_of_attributes(uint32_t attributes)
{
    return expresses(attributes) ? rights_of(attributes, false) : 0;
}

uint8_t riscv_stage2_rights_of_attributes(uint32_t attributes)
{
    return stage2_expresses(attributes) ? rights_of(attributes, true) : 0;
}

/* ---- Entries ---- */

/* Page number, V and N; chapter 5: a NAPOT entry tells its size in the lowest bits of its page number. */
static bool place_bits(const struct entry_level *level, const struct frame *frame, uint64_t *bits)
{
    bool run = level->run_lg2 && frame->size_lg2 == entry_run_span_lg2(level);
    uint64_t in_frame = (UINT64_C(1) << frame->size_lg2) - 1;
    if ((frame->size_lg2 != level->span_lg2 && !run) || frame->base & in_frame ||
        frame->base & ~(RISCV_PPN << 2))
        return false;
    *bits = frame->base >> 2 | RISCV_V | (run ? RISCV_N | RISCV_NAPOT_64K : 0);
    return true;
}

static bool encode_leaf(const struct entry_level *level, const struct frame *frame, uint64_t *word)
{
    uint64_t place;
    if (!expresses(frame->attributes) || !place_bits(level, frame, &place))
        return false;
    *word = place | attribute_bits(frame->attributes);
    return true;
}

/* 8.5.1: U is set in every leaf of the G stage, and G is clear. */
static bool stage2_encode_leaf(const struct entry_level *level, const struct frame *frame, uint64_t *word)
{
    uint64_t place;
    if (!stage2_expresses(frame->attributes) || !place_bits(level, frame, &place))
        return false;
    *word = place | RISCV_U | attribute_bits(frame->attributes);
    return true;
}

static uint64_t encode_table(uint64_t pa)
{
    return (pa >> 2 & RISCV_PPN) | RISCV_V;
}

static struct frame frame_of_leaf(const struct entry_level *level, uint64_t word, bool stage2)
{
    struct frame frame = {.attributes = riscv_attributes(word, stage2)};
    frame.size_lg2 = (uint8_t)(word & RISCV_N ? entry_run_span_lg2(level) : level->span_lg2);
    frame.base = riscv_address(word) & ~((UINT64_C(1) << frame.size_lg2) - 1);
    frame.attributes |= word & RISCV_A ? 0 : FRAME_OLD;
    frame.attributes |= word & RISCV_W && !(word & RISCV_D) ? FRAME_CLEAN : 0;
    return frame;
}

static struct entry decode_of(const struct entry_level *level, uint64_t word, bool stage2)
{
    struct entry entry = {.kind = riscv_kind(word, level->number, stage2, 0)};
    if (entry.kind == ENTRY_TABLE)
        entry.table = riscv_address(word);
    if (entry.kind == ENTRY_LEAF)
        entry.frame = frame_of_leaf(level, word, stage2);
    return entry;
}

static struct entry decode(const struct entry_level *level, uint64_t word)
{
    return decode_of(level, word, false);
}

static struct entry stage2_decode(const struct entry_level *level, uint64_t word)
{
    return decode_of(level, word, true);
}

/*
 * 4.2.1: a leaf may be replaced by another; until the fence either may be used. Chapter 5: entries of a NAPOT
 * region are to be made invalid first, unless A and D alone change.
 */
static bool must_break(uint64_t before, uint64_t after)
{
    return (before | after) & RISCV_N && (before ^ after) & ~(RISCV_A | RISCV_D | RISCV_RSW);
}

static uint64_t after_store(uint64_t word)
{
    return word | RISCV_A | (word & RISCV_W ? RISCV_D : 0);
}

/* ---- The formats ---- */

/* 4.4.1, 4.5.1, 4.6.1; chapter 5: the 16 entries of a NAPOT region are equal. */
#define LEVEL(level, bits)                                                                                   \
    {                                                                                                        \
        .number = (level), .span_lg2 = 12 + 9 * (level), .index_bits = (bits), .leaf = true                  \
    }
#define LEVEL_0                                                                                              \
    {                                                                                                        \
        .number = 0, .span_lg2 = 12, .index_bits = 9, .leaf = true, .run_lg2 = RISCV_NAPOT_LG2               \
    }

#define STAGE1                                                                                               \
    .struct_bytes = sizeof(struct entry_format), .encode_leaf = encode_leaf, .encode_table = encode_table,   \
    .decode = decode, .must_break = must_break, .after_store = after_store

#define STAGE2                                                                                               \
    .struct_bytes = sizeof(struct entry_format), .encode_leaf = stage2_encode_leaf,                          \
    .encode_table = encode_table, .decode = stage2_decode, .must_break = must_break,                         \
    .after_store = after_store

const struct entry_format riscv_sv39_entries = {
    STAGE1,
    .levels = 3,
    .level = {LEVEL(2, 9), LEVEL(1, 9), LEVEL_0},
};

const struct entry_format riscv_sv48_entries = {
    STAGE1,
    .levels = 4,
    .level = {LEVEL(3, 9), LEVEL(2, 9), LEVEL(1, 9), LEVEL_0},
};

const struct entry_format riscv_sv57_entries = {
    STAGE1,
    .levels = 5,
    .level = {LEVEL(4, 9), LEVEL(3, 9), LEVEL(2, 9), LEVEL(1, 9), LEVEL_0},
};

const struct entry_format riscv_sv39x4_entries = {
    STAGE2,
    .levels = 3,
    .level = {LEVEL(2, 11), LEVEL(1, 9), LEVEL_0},
};

const struct entry_format riscv_sv48x4_entries = {
    STAGE2,
    .levels = 4,
    .level = {LEVEL(3, 11), LEVEL(2, 9), LEVEL(1, 9), LEVEL_0},
};

const struct entry_format riscv_sv57x4_entries = {
    STAGE2,
    .levels = 5,
    .level = {LEVEL(4, 11), LEVEL(3, 9), LEVEL(2, 9), LEVEL(1, 9), LEVEL_0},
};
