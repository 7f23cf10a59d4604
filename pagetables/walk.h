/*
 * Walk engines: hardware's reading of a page table, one translation at a time.
 *
 * A walk engine decides *what* to fetch and never when. `start` gives the first fetches, `resume` takes
 * their words and gives the next, until the walk ends with a leaf or a fault. The state is one flat struct,
 * owned by the caller, which may be copied or dropped at any point; engines allocate nothing.
 *
 * Rights are not judged here: the leaf says which accesses it allows (`rights`), and the MMU compares.
 */
#ifndef MMUSIM_PAGETABLES_WALK_H
#define MMUSIM_PAGETABLES_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "pagetables/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

enum access_kind { ACCESS_LOAD, ACCESS_STORE, ACCESS_FETCH, ACCESS_KINDS };
enum privilege { PRIVILEGE_USER, PRIVILEGE_KERNEL, PRIVILEGES };

/* One bit a kind of access and privilege. */
#define ACCESS_RIGHT(privilege, access) (1u << ((unsigned)(privilege)*ACCESS_KINDS + (unsigned)(access)))

enum fault_kind {
    FAULT_NONE,
    FAULT_TRANSLATION,    /* no valid entry, or an address outside of the table's reach */
    FAULT_ACCESS_FLAG,    /* the entry's access flag is clear and hardware does not set it */
    FAULT_PERMISSION,     /* the entry does not allow this access */
    FAULT_ADDRESS_SIZE,   /* an entry or root holds an address beyond the configured size */
    FAULT_EXTERNAL_ABORT, /* a fetch found no memory */
    FAULT_KINDS
};

/* Which table a walk reads, and how. Owned by the caller, constant while walks use it. */
struct translation_regime {
    const struct walk_format *format;
    uint64_t root;             /* physical address of the root table */
    uint8_t physical_size_lg2; /* output addresses must be below 1 << this; 48 unless configured */
};

/* The end of a successful walk. */
struct walk_leaf {
    uint64_t va;        /* base of the virtual page */
    struct frame frame; /* as the entry decodes */
    uint8_t rights;     /* ACCESS_RIGHT, or-ed */
    uint8_t level;      /* the manual's own level number of the leaf entry */
};

enum walk_status {
    WALK_FETCH, /* `fetch[0 .. fetches)` are wanted */
    WALK_LEAF,  /* `leaf` is the result */
    WALK_FAULT, /* `fault` and `fault_level` say why there is none */
};

#define WALK_FETCHES_MAX 4 /* at once */

struct walk_state {
    const struct translation_regime *regime;
    uint64_t va;
    uint64_t fetch[WALK_FETCHES_MAX]; /* physical addresses of the words wanted */
    struct walk_leaf leaf;
    uint64_t inherited; /* the engine's own: what upper levels restrict */
    uint8_t fetches;    /* how many are wanted */
    uint8_t level;      /* of the fetches wanted, or of the last entry */
    uint8_t fault;      /* fault_kind */
    uint8_t fault_level;
};

struct walk_format {
    const char *name;          /* "vmsa-4k-48" */
    const char *summary;       /* one line for `mmusim list` */
    uint8_t levels;            /* the most fetches of one walk */
    uint8_t va_bits;           /* addresses from 0 to (1 << va_bits) - 1 are translated */
    uint8_t page_lg2;          /* log2 of the smallest page */
    uint8_t frame_sizes;       /* how many of them */
    uint8_t frame_size_lg2[8]; /* ascending */
    enum walk_status (*start)(struct walk_state *walk, const struct translation_regime *regime, uint64_t va);
    enum walk_status (*resume)(struct walk_state *walk, const uint64_t *words);
    /* What a leaf entry would allow that software made for these attributes; the judges' expectation. */
    uint8_t (*rights)(uint32_t frame_attributes);
};

/* Every format, by index; NULL past the end. */
const struct walk_format *walk_format_at(unsigned index);
const struct walk_format *walk_format_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
