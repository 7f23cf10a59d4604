/*
 * Walk engines: hardware's reading of a page table, one translation at a time.
 *
 * A walk engine decides *what* to fetch and never when. `start` gives the first fetches, `resume` takes
 * their words and gives the next, until the walk ends with a leaf or a fault. The state is one flat struct,
 * owned by the caller, which may be copied or dropped at any point; engines allocate nothing.
 *
 * Rights are not judged here: the leaf says which accesses it allows (`rights`), and the MMU compares.
 *
 * Walk caches: while a walk wants entries, `table` tells which table it reads; `enter` begins a later walk of
 * the same region at that table.
 *
 * Hardware updates: where the regime lets hardware manage the access flag or the dirty state, a leaf may need
 * a change of its entry before it may be used. `update` says which; the caller does it as one atomic
 * compare-exchange, tells `updated` and asks again. If the compare-exchange finds another word, the walk is
 * stale and begins again at the root.
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
    FAULT_TLB_CONFLICT,   /* several entries of a TLB match the address */
    FAULT_KINDS
};

/* Which table a walk reads, and how. Owned by the caller, constant while walks use it. */
struct translation_regime {
    const struct walk_format *format;
    uint64_t root;             /* physical address of the root table; intermediate if another stage follows */
    uint8_t physical_size_lg2; /* output addresses must be below 1 << this; 48 unless configured */
    bool hardware_access;      /* hardware sets access flags; else a clear one is a fault */
    bool hardware_dirty;       /* hardware makes clean writable entries dirty; needs hardware_access */
    bool contiguous;           /* a leaf that is one of a run of contiguous entries is reported as the run */
    bool execute_by_privilege; /* stage 2: entries tell user and kernel fetches apart (FEAT_XNX) */
};

/* The end of a successful walk. */
struct walk_leaf {
    uint64_t va;               /* base of the virtual page */
    struct frame frame;        /* as the entry decodes */
    uint8_t rights;            /* ACCESS_RIGHT, or-ed; what the entry allows as it is now */
    uint8_t rights_when_dirty; /* the same, and the stores that it allows once hardware has made it dirty */
    uint8_t stage1_rights;     /* of two stages: what the first alone allows; else 0 */
    uint8_t level;             /* the manual's own level number of the leaf entry */
    uint8_t stage2_level;      /* of two stages: that of the second's leaf; else 0 */
};

/* A table that a walk reads: what a walk cache holds. */
struct walk_table {
    uint64_t va;        /* base of the addresses that the table translates, aligned to their size */
    uint64_t pa;        /* of the table; an intermediate address if another stage follows */
    uint64_t inherited; /* the engine's own: what upper levels restrict */
    uint8_t level;      /* the manual's own level number of the table's entries */
    uint8_t span_lg2;   /* the table translates 1 << span_lg2 bytes from `va` on */
};

static inline bool walk_table_contains(const struct walk_table *table, uint64_t va)
{
    return table->span_lg2 > 63 || (va ^ table->va) >> table->span_lg2 == 0;
}

/* What hardware changes in an entry: an atomic compare-exchange of the word at `pa`. */
struct walk_update {
    uint64_t pa;
    uint64_t expected;
    uint64_t desired;
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
    uint64_t entry;     /* the engine's own: the leaf entry */
    uint64_t desired;   /* the engine's own: what the last update makes of it */
    uint8_t fetches;    /* how many are wanted */
    uint8_t level;      /* of the fetches wanted, or of the last entry */
    uint8_t fault;      /* fault_kind */
    uint8_t fault_level;
};

struct walk_format {
    const char *name;          /* "vmsa-4k-48" */
    const char *summary;       /* one line for `mmusim list` */
    bool stage2;               /* addresses are intermediate ones, mappings belong to a VMID and no ASID */
    uint8_t levels;            /* the most fetches of one walk */
    uint8_t va_bits;           /* addresses from 0 to (1 << va_bits) - 1 are translated */
    uint8_t page_lg2;          /* log2 of the smallest page */
    uint8_t frame_sizes;       /* how many of them */
    uint8_t frame_size_lg2[8]; /* ascending; what software may map, runs of contiguous entries included */
    const void *numbers;       /* the engine's own */
    enum walk_status (*start)(struct walk_state *walk, const struct translation_regime *regime, uint64_t va);
    enum walk_status (*resume)(struct walk_state *walk, const uint64_t *words);
    /* What a leaf entry would allow that software made for these attributes; the judges' expectation. With
     * FRAME_CLEAN: before it is dirty. FRAME_OLD makes no difference: an old entry has rights to wait for. */
    uint8_t (*rights)(uint32_t frame_attributes);

    /* Optional, two and two: NULL where the structure has no such thing. */

    /* While the last status was WALK_FETCH: the table that is read. False for the root, or if what is read is
     * no table that another walk could begin at. */
    bool (*table)(const struct walk_state *walk, struct walk_table *table);
    /* A walk that begins at a table which contains `va`, under the regime that it was met under. */
    enum walk_status (*enter)(struct walk_state *walk, const struct translation_regime *regime, uint64_t va,
                              const struct walk_table *table);

    /*
     * After WALK_LEAF: whether hardware has to change an entry before the leaf may be used, by a load or
     * fetch or by a store. The store must be one that `rights_when_dirty` allows. Changes nothing by itself.
     */
    bool (*update)(struct walk_state *walk, bool store, struct walk_update *update);
    /* The compare-exchange of the last `update` succeeded: the leaf and its rights are what they are now. */
    void (*updated)(struct walk_state *walk);
};

/* `update` where the format may have none. */
static inline bool walk_needs_update(struct walk_state *walk, bool store, struct walk_update *update)
{
    const struct walk_format *format = walk->regime->format;
    return format->update && format->update(walk, store, update);
}

/* Every format, by index; NULL past the end. */
const struct walk_format *walk_format_at(unsigned index);
const struct walk_format *walk_format_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
