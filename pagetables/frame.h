/*
 * Frames: what one leaf entry of a page table, or one run of them, maps to, and what may be done with it.
 *
 * A frame is the seed specification's `Frame`: base, size and attributes. Everything above this folder
 * (TLBs, judges, records, scripts) speaks of mappings in these terms, whatever the format of the entries.
 */
#ifndef MMUSIM_PAGETABLES_FRAME_H
#define MMUSIM_PAGETABLES_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Attributes of a frame, or-ed together. They are the seed's `MemAttr` plus FRAME_GLOBAL. */
enum frame_attribute {
    FRAME_READABLE = 1 << 0,
    FRAME_WRITABLE = 1 << 1,
    FRAME_EXECUTABLE = 1 << 2,
    FRAME_USER = 1 << 3,   /* unprivileged accesses are allowed */
    FRAME_GLOBAL = 1 << 4, /* the mapping holds in every address space (nG = 0) */
    FRAME_DEVICE = 1 << 5, /* device memory instead of normal write-back memory */
    /* State of an entry: FRAME_STATE_ALL. */
    FRAME_CLEAN = 1 << 6, /* writable, but not written yet: the entry says so when a store comes */
    FRAME_OLD = 1 << 7,   /* not accessed yet: the access flag is clear */
    /* And, beyond the seed's: */
    FRAME_NONCACHEABLE = 1 << 8, /* normal memory that is not cached (Arm Normal-NC, RISC-V NC, x86 WC) */
};

/* The protection key of a user page (Intel SDM volume 3, 4.6.2): 4 bits; 0 in formats without keys. */
#define FRAME_KEY_SHIFT 9
#define FRAME_KEYS      16u
#define FRAME_KEY(key)  ((uint32_t)(key) << FRAME_KEY_SHIFT)
#define FRAME_KEY_ALL   FRAME_KEY(FRAME_KEYS - 1)

/* What belongs to a mapping. */
#define FRAME_ATTRIBUTES_ALL (0x13fu | FRAME_KEY_ALL)

/*
 * What hardware may change in an entry: part of no mapping. Page tables take it (map, protect: the state that
 * the entry begins with) and tell it (query); leaves of walks, candidates of enumeration and abstract maps
 * never have it, so that an entry that becomes old, accessed or dirty stands for the same mapping. A page
 * that is FRAME_CLEAN is FRAME_WRITABLE as well.
 */
#define FRAME_STATE_ALL 0xc0u

struct frame {
    uint64_t base;       /* physical address in bytes, aligned to the size */
    uint32_t attributes; /* frame_attribute, or-ed */
    uint8_t size_lg2;    /* log2 of the size in bytes: 12 is 4 KiB */
};

/* One mapping of the abstract map: the virtual page at `va` stands for the frame. */
struct mapping {
    uint64_t va; /* base of the virtual page in bytes, aligned to the frame's size */
    struct frame frame;
};

static inline unsigned frame_key(uint32_t attributes)
{
    return attributes >> FRAME_KEY_SHIFT & (FRAME_KEYS - 1);
}

static inline uint64_t frame_size_bytes(const struct frame *frame)
{
    return UINT64_C(1) << frame->size_lg2;
}

static inline bool mapping_contains(const struct mapping *mapping, uint64_t va)
{
    return (va ^ mapping->va) >> mapping->frame.size_lg2 == 0;
}

/* ---- Texts, by the library mmusim_pagetables: not for plug-ins ---- */

/* Length of the longest text of frame_attributes_print, with its end. */
#define FRAME_ATTRIBUTES_TEXT_BYTES 13

/*
 * Text form of attributes: `r`, `w`, `x` or `-` in this order, then any of `u` (user), `g` (global),
 * `d` (device), `n` (not cacheable), `c` (clean), `o` (old), `k` with a protection key from 1 to 15: "rw-u",
 * "r-xug", "rw-d", "rw-uco", "rw-uk5". A lone "-" may stand between: "rw-u" is r, w, no x, user.
 */
void frame_attributes_print(uint32_t attributes, char text[FRAME_ATTRIBUTES_TEXT_BYTES]);

/* The reverse; false, and `*attributes` unchanged, if the text has another form. */
bool frame_attributes_parse(const char *text, uint32_t *attributes);

#ifdef __cplusplus
}
#endif
#endif
