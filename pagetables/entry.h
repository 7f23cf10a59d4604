/*
 * Entries: how software writes the words that a walk engine reads.
 *
 * A walk format (pagetables/walk.h) is hardware's side. This is the other side of the same format: the
 * numbers of each level, and functions that encode and decode one entry. A page table that is written against
 * it, such as the radix table, works for every format that has a row of this kind.
 *
 * Words: `depth` counts tables from the root, which is 0; `number` is the manual's own level number. A run is
 * some neighbouring leaves, aligned to their number, that together map one larger frame (Arm's contiguous
 * bit, RISC-V's NAPOT): each entry says that it belongs to one.
 */
#ifndef MMUSIM_PAGETABLES_ENTRY_H
#define MMUSIM_PAGETABLES_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "pagetables/frame.h"
#include "pagetables/walk.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ENTRY_LEVELS_MAX 5
#define ENTRY_BYTES      8

struct entry_level {
    uint8_t number;     /* the manual's own level number */
    uint8_t span_lg2;   /* log2 of the bytes of address space that one entry covers */
    uint8_t index_bits; /* the table has 1 << index_bits entries */
    bool leaf;          /* an entry here may map a frame */
    uint8_t run_lg2;    /* a run has 1 << run_lg2 entries; 0: there are none here */
    uint64_t run_step;  /* an entry of a run is the one before it plus this */
};

enum entry_kind {
    ENTRY_INVALID,  /* hardware ignores the rest of the word */
    ENTRY_TABLE,    /* points to the table below */
    ENTRY_LEAF,     /* maps a frame */
    ENTRY_RESERVED, /* no meaning here; hardware treats it as invalid */
};

struct entry {
    enum entry_kind kind;
    uint64_t table;     /* physical address of the next table, if kind is ENTRY_TABLE */
    struct frame frame; /* if kind is ENTRY_LEAF: of the whole run, with the entry's state (FRAME_STATE_ALL),
                           without what upper levels restrict */
};

/* Every function is present. Append only: see pagetables/plugin.h. */
struct entry_format {
    uint32_t struct_bytes;                      /* sizeof(struct entry_format) as the format was built with */
    uint8_t levels;                             /* 1 to ENTRY_LEVELS_MAX */
    struct entry_level level[ENTRY_LEVELS_MAX]; /* by depth */
    /* The word of a leaf at this level, of the first leaf if the frame is that of a run. False if the format
     * cannot express the frame here: its size, its base or its attributes (state included). */
    bool (*encode_leaf)(const struct entry_level *level, const struct frame *frame, uint64_t *word);
    /* The word that points to the table at `pa` and restricts nothing. */
    uint64_t (*encode_table)(uint64_t pa);
    uint64_t table_hardware_bits; /* what hardware may set in such a word */
    struct entry (*decode)(const struct entry_level *level, uint64_t word);
    /* Whether a valid leaf may be replaced by another only through an invalid entry (break-before-make). */
    bool (*must_break)(uint64_t before, uint64_t after);
    /* What hardware makes of a leaf that a store uses: accessed, and dirty if it was clean. So protect can
     * keep what hardware wrote meanwhile. */
    uint64_t (*after_store)(uint64_t word);
};

/* Whether the format has tables at `depth`. That no format has more than ENTRY_LEVELS_MAX is said here for
 * the compiler, which cannot know it and would see recursions run beyond `level`. */
static inline bool entry_has_depth(const struct entry_format *format, unsigned depth)
{
    return depth < format->levels && depth < ENTRY_LEVELS_MAX;
}

static inline uint64_t entry_table_bytes(const struct entry_level *level)
{
    return (uint64_t)ENTRY_BYTES << level->index_bits;
}

/* log2 of the bytes of the largest frame that leaves of a level map. */
static inline unsigned entry_run_span_lg2(const struct entry_level *level)
{
    return level->span_lg2 + level->run_lg2;
}

static inline uint64_t entry_index(const struct entry_level *level, uint64_t va)
{
    return va >> level->span_lg2 & ((UINT64_C(1) << level->index_bits) - 1);
}

/* The entries of a format of the program, or NULL if it has none. Of the library mmusim_pagetables: a plug-in
 * has those of its format in pagetable_config.entries. */
const struct entry_format *entry_format_of(const struct walk_format *format);

#ifdef __cplusplus
}
#endif
#endif
