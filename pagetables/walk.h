/*
 * Walk engines: hardware's reading of a page table, one translation at a time.
 *
 * A walk engine decides *what* to fetch and never when. `start` gives the first fetches, `resume` takes
 * their words and gives the next, until the walk ends with a leaf or a fault. The state is one flat struct,
 * owned by the caller, which may be copied or dropped at any point; engines allocate nothing. All that an
 * engine knows comes from the state, its regime and the words: so a walk can be repeated. Words are whatever
 * memory holds, damaged or hostile: every walk ends after walk_format.levels fetches at the most.
 *
 * Rights are not judged here: the leaf says which accesses it allows (`rights`), and the MMU compares, after
 * the state of the core (PSTATE.PAN, sstatus.SUM, CR4.SMAP, ...) had its say: walk_allowed.
 *
 * Walk caches: while a walk wants entries, `table` tells which table it reads; `enter` begins a later walk of
 * the same region at that table. Invalidations by address wait for the walks under way that read a table
 * which translates the address; for every walk of the address space, where `table` cannot tell (or is NULL).
 *
 * Hardware updates: where the regime lets hardware manage the access flag or the dirty state, an entry may
 * need a change before it may be used. That of a table is asked for on the way (WALK_UPDATE); that of a leaf
 * depends on the access, and `update` says which it is. The caller does it as one atomic compare-exchange and
 * tells `updated`. If the compare-exchange finds another word, the walk is stale and begins again at the
 * root.
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
#define ACCESS_RIGHTS_ALL               0x3fu
/*
 * A bit more in the rights of a leaf, where CONTROL_MXR has an effect: what that control makes readable may
 * be loaded. Rights alone cannot tell, once those of two stages are combined. walk_allowed takes it away.
 */
#define ACCESS_RIGHT_MXR 0x40u

enum fault_kind {
    FAULT_NONE,
    FAULT_TRANSLATION,    /* no valid entry, or an address outside of the table's reach */
    FAULT_ACCESS_FLAG,    /* the entry's access flag is clear and hardware does not set it */
    FAULT_PERMISSION,     /* the entry does not allow this access */
    FAULT_ADDRESS_SIZE,   /* an entry or root holds an address beyond the configured size */
    FAULT_EXTERNAL_ABORT, /* a fetch found no memory: never by an engine, which cannot know */
    FAULT_TLB_CONFLICT,   /* several entries of a TLB match the address: likewise */
    FAULT_RESERVED, /* an entry with reserved bits or a reserved form; RISC-V: reported as any page fault */
    FAULT_NONCANONICAL, /* x86: the address is not canonical, a general-protection exception */
    FAULT_KINDS
};

/* State of a core that adds to or takes from what entries allow; each is 0 where an architecture has none. */
enum access_control {
    CONTROL_PAN = 1 << 0,  /* Arm PSTATE.PAN: the kernel's loads and stores may not reach user pages */
    CONTROL_SUM = 1 << 1,  /* RISC-V sstatus.SUM: they may */
    CONTROL_MXR = 1 << 2,  /* RISC-V sstatus.MXR: what can be executed can be loaded */
    CONTROL_WP = 1 << 3,   /* x86 CR0.WP: read-only pages are read-only for the kernel, too */
    CONTROL_SMEP = 1 << 4, /* x86 CR4.SMEP: the kernel executes no user pages */
    CONTROL_SMAP = 1 << 5, /* x86 CR4.SMAP: the kernel's loads and stores do not reach user pages */
    CONTROL_AC = 1 << 6,   /* x86 EFLAGS.AC: they do, in spite of SMAP */
    CONTROL_PKE = 1 << 7,  /* x86 CR4.PKE: protection keys of user pages count */
};
#define CONTROLS_ALL   0xffu
#define CONTROLS_COUNT 8u

struct access_controls {
    uint32_t flags;      /* access_control, or-ed */
    uint32_t key_rights; /* x86 PKRU: bit 2k access-disable, bit 2k+1 write-disable of key k */
};

/* "pan", "sum", ... of one bit; NULL if it is none. Of the library mmusim_pagetables: not for plug-ins. */
const char *access_control_name(uint32_t control);

/* Faults of accesses that a table permits, although nobody did wrong: what a format allows hardware. */
enum spurious_faults {
    SPURIOUS_NEVER, /* Arm: none once the store is visible (DDI 0487, D8.17: faulting entries are not cached)
                     */
    SPURIOUS_ONCE,  /* x86: one for each address after rights were added (Intel SDM volume 3, 4.10.4.3) */
    SPURIOUS_UNTIL_FENCE, /* RISC-V: until SFENCE.VMA, since invalid entries may be cached (Privileged, 4.2.1)
                           */
};

/* Which combinations of hardware_access and hardware_dirty the architecture has. */
enum hardware_updates {
    UPDATES_CHOSEN,   /* none, access flags, or both (Arm FEAT_HAFDBS: TCR_ELx.HA, HD) */
    UPDATES_TOGETHER, /* none or both (RISC-V Svadu, EPT) */
    UPDATES_ALWAYS,   /* both (x86) */
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
    /*
     * Of stage 1, or of one stage: what walk_allowed applies when the access is made, not the walk. Of stage
     * 2 (RISC-V: MXR): pagetables/two_stage.h applies it to what stage 1 translates to, not to its tables.
     */
    struct access_controls controls;
    uint32_t features; /* the format's own: bits that its header names, 0 for the usual machine */
};

/* The end of a successful walk. */
struct walk_leaf {
    uint64_t va;        /* base of the virtual page */
    struct frame frame; /* as the entry decodes, without FRAME_STATE_ALL */
    uint8_t rights;     /* ACCESS_RIGHT, or-ed, and ACCESS_RIGHT_MXR; what the entry allows as it is now */
    uint8_t rights_when_dirty; /* the same, and the stores that it allows once hardware has made it dirty */
    uint8_t stage1_rights;     /* of two stages: what the first alone allows; else 0 */
    uint8_t level;             /* the manual's own level number of the leaf entry */
    uint8_t stage2_level;      /* of two stages: that of the second's leaf; else 0 */
    uint8_t stage1_size_lg2;   /* of two stages: size of the first's page; else without meaning */
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

/* A range of addresses with one offset and the same attributes, of which a leaf is a part: what a range TLB
 * holds. */
struct walk_range {
    uint64_t va;    /* base, aligned to the smallest page */
    uint64_t bytes; /* 0: the leaf is not part of a range */
    uint64_t pa;    /* of the first byte */
};

enum walk_status {
    WALK_FETCH,  /* `fetch[0 .. fetches)` are wanted, `fetch_words` words at each */
    WALK_LEAF,   /* `leaf` is the result */
    WALK_FAULT,  /* `fault` and `fault_level` say why there is none */
    WALK_UPDATE, /* the entry of a table has to change on the way: `table_update`; then ask `updated` */
};

#define WALK_FETCHES_MAX     12 /* at once */
#define WALK_FETCH_WORDS_MAX 8  /* at one address: a cache line */
#define WALK_WORDS_MAX       32 /* of all fetches at once */

struct walk_state {
    const struct translation_regime *regime;
    uint64_t va;
    struct walk_leaf leaf;
    uint64_t inherited;  /* the engine's own: what upper levels restrict */
    uint64_t entry;      /* the engine's own: the leaf entry */
    uint64_t desired;    /* the engine's own: what the last update makes of it */
    uint64_t scratch[4]; /* the engine's own */
    uint8_t fetches;     /* how many are wanted; else 0 */
    uint8_t fetch_words; /* a power of two; the address is aligned to their size */
    uint8_t level;       /* the manual's own level number, of the fetches wanted or of the last entry */
    uint8_t fault;       /* WALK_FAULT: fault_kind */
    uint8_t fault_level; /* WALK_FAULT: the manual's own level number */
    /* Physical addresses of the words wanted (intermediate ones under another stage). At a leaf [0] is still
     * that of the last fetch: different entries have different ones (pagetables/interpret.h). */
    uint64_t fetch[WALK_FETCHES_MAX];
    struct walk_update table_update; /* WALK_UPDATE */
    struct walk_range range; /* WALK_LEAF; set only by formats that have ranges (walk_format.ranges) */
};

/* Which virtual addresses a format translates; all others are outside of its reach. */
enum va_form {
    VA_LOW,    /* from 0 to (1 << va_bits) - 1 */
    VA_HIGH,   /* the last 1 << va_bits addresses (TTBR1_ELx) */
    VA_SIGNED, /* the bits from va_bits - 1 on are all equal: canonical addresses */
};

/* What is told of a fault, and what the architecture makes of it: walk_format.report. */
struct fault_cause {
    uint64_t va;
    uint64_t ipa;        /* of a fault of stage 2; else without meaning */
    uint8_t kind;        /* fault_kind */
    uint8_t level;       /* the manual's own */
    uint8_t stage;       /* 1 or 2 */
    uint8_t access;      /* access_kind */
    uint8_t privilege;   /* enum privilege */
    bool two_stage;      /* there are two stages, or stage 2 alone */
    bool on_table;       /* stage 2: the access was one of stage 1 to its tables */
    bool table_store;    /* and a hardware update */
    uint8_t rights;      /* FAULT_PERMISSION: of the leaf, once hardware has made it dirty */
    uint32_t attributes; /* FAULT_PERMISSION: of the leaf */
    struct access_controls controls;
    uint32_t features; /* of the regime of the stage at fault */
};
struct fault_report {
    uint64_t address; /* FAR_ELx, stval, CR2; EPT: guest-linear address */
    uint64_t ipa; /* HPFAR_EL2 (as an address), htval or mtval2 (address >> 2), EPT: guest-physical address */
    uint64_t code;        /* Arm: ESR_ELx; RISC-V: cause; x86: error code of #PF, EPT: exit qualification */
    uint64_t instruction; /* RISC-V: htinst of implicit accesses; else 0 */
    uint8_t vector;       /* Arm: ESR_ELx.EC; RISC-V: cause; x86: 13 or 14, EPT: basic exit reason 48 or 49 */
    uint8_t status;       /* Arm: the fault status code (FSC); else 0 */
};

/* Append only: a plug-in may bring one that was built with an older header. */
struct walk_format {
    uint32_t struct_bytes;     /* sizeof(struct walk_format) as the format was built with */
    const char *name;          /* "vmsa-4k-48" */
    const char *summary;       /* one line for `mmusim list` */
    bool stage2;               /* addresses are intermediate ones, mappings belong to a VMID and no ASID */
    uint8_t levels;            /* the most steps (WALK_FETCH) of one walk, at least 1 */
    uint8_t va_bits;           /* see va_form; at most 64 */
    uint8_t va_form;           /* enum va_form */
    uint8_t page_lg2;          /* log2 of the smallest page, 12 to 30 */
    uint8_t frame_sizes;       /* how many of them, 1 to 8 */
    uint8_t frame_size_lg2[8]; /* ascending from page_lg2, at most va_bits; what software may map, runs of
                                  contiguous entries included */
    const void *numbers;       /* the engine's own */
    /* Any address, also one that the format does not reach (a fault). `*walk` is undefined before, and
     * `regime` is kept in it. */
    enum walk_status (*start)(struct walk_state *walk, const struct translation_regime *regime, uint64_t va);
    /* After WALK_FETCH: fetches * fetch_words words, in the order of the fetches. */
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
     * fetch or by a store. The access must be one that walk_allowed leaves of `rights_when_dirty`. May be
     * asked again: only `desired` changes, and `*update` has a meaning if it is true.
     */
    bool (*update)(struct walk_state *walk, bool store, struct walk_update *update);
    /* The compare-exchange of the last `update`, or of WALK_UPDATE, succeeded. WALK_LEAF: the leaf and its
     * rights are what they are now; after WALK_UPDATE: how the walk goes on. */
    enum walk_status (*updated)(struct walk_state *walk);

    /* Optional, one by one. */

    /* What these rights of a leaf become under a core's state, without ACCESS_RIGHT_MXR. NULL: nothing
     * changes them. */
    uint8_t (*allowed)(const struct access_controls *controls, uint8_t rights, uint32_t attributes);
    /* What software is told of a fault: fills all of `*report`. NULL: nothing but its kind and level. */
    void (*report)(const struct fault_cause *cause, struct fault_report *report);
    struct access_controls controls; /* of a machine that nobody configured otherwise */
    /*
     * Two stages: before stage 2 translates what a leaf of stage 1 gives, the access is judged by that leaf
     * and the leaf's update is made (RISC-V Privileged, 4.3.2: steps 5 to 7 come before the result is used;
     * Intel SDM volume 3, 29.3.3.3).
     */
    bool updates_before_output;
    /* Stage 2: accesses of stage 1 to its tables count as stores where this stage manages dirty state (Intel
     * SDM volume 3, "Accessed and Dirty Flags for EPT"). */
    bool table_accesses_store;
    bool ranges; /* leaves tell the range that they are a part of: walk_state.range */
    /* What an invalidation by address leaves in walk caches: the entries of upper levels (RISC-V Privileged,
     * SFENCE.VMA with rs1: leaf entries alone). */
    bool address_keeps_tables;
    uint8_t spurious; /* enum spurious_faults */
    uint8_t updates;  /* enum hardware_updates */
    uint8_t tag_bits; /* of the ASID, or a stage 2's VMID, that entries are tagged with; 0: 16 */
    /* Stage 2: whether stage 1 may not have its tables behind such a leaf, which is a permission fault (Arm
     * HCR_EL2.PTW: in Device memory). NULL: it may. */
    bool (*refuses_table)(const struct translation_regime *regime, const struct walk_leaf *leaf);
    /* Stage 1: a memory type that an entry names overrides that of stage 2 (RISC-V Svpbmt); else the stricter
     * one holds. */
    bool stage1_memory_type;
    /* Stage 2: software has no invalidation by intermediate address, but all of the virtual machine's at once
     * (Intel INVEPT). */
    bool invalidated_whole;
    /* Arm: of the EL2 regime, which has no ASID and whose entries and invalidations are its own (DDI 0487,
     * D8.17.3). */
    bool el2;
    /* Which frame sizes (bit: log2) are runs of contiguous entries, each for a frame of the next smaller size
     * that is none. */
    uint64_t run_sizes;
};

/* ---- What engines have in common; inline, so that those of plug-ins have it, too ---- */

/* A walk of `va` that has met nothing yet; the next entry is one of `level`. */
static inline void walk_begin(struct walk_state *walk, const struct translation_regime *regime, uint64_t va,
                              unsigned level)
{
    walk->regime = regime;
    walk->va = va;
    walk->inherited = 0;
    walk->level = (uint8_t)level;
    walk->fault = FAULT_NONE;
    walk->fault_level = 0;
}

/* The one word at `pa` is wanted, an entry of `level`. */
static inline enum walk_status walk_fetch_entry(struct walk_state *walk, uint64_t pa, unsigned level)
{
    walk->fetch[0] = pa;
    walk->fetches = 1;
    walk->fetch_words = 1;
    walk->level = (uint8_t)level;
    return WALK_FETCH;
}

static inline enum walk_status walk_end_with_fault(struct walk_state *walk, enum fault_kind kind,
                                                   unsigned level)
{
    walk->fetches = 0;
    walk->fault = (uint8_t)kind;
    walk->fault_level = (uint8_t)level;
    return WALK_FAULT;
}

/* Whether an address lies beyond the configured physical size: FAULT_ADDRESS_SIZE. */
static inline bool walk_is_beyond(const struct translation_regime *regime, uint64_t pa)
{
    return regime->physical_size_lg2 < 64 && pa >> regime->physical_size_lg2 != 0;
}

/* ---- What callers of engines have in common ---- */

/* `update` where the format may have none. */
static inline bool walk_needs_update(struct walk_state *walk, bool store, struct walk_update *update)
{
    const struct walk_format *format = walk->regime->format;
    return format->update && format->update(walk, store, update);
}

static inline uint8_t walk_allowed(const struct walk_format *format, const struct access_controls *controls,
                                   uint8_t rights, uint32_t attributes)
{
    return format->allowed ? format->allowed(controls, rights, attributes) : rights;
}

/* The address that the format translates whose lowest va_bits are those of `low`. */
static inline uint64_t walk_format_extend(const struct walk_format *format, uint64_t low)
{
    uint64_t mask = format->va_bits < 64 ? (UINT64_C(1) << format->va_bits) - 1 : UINT64_MAX;
    bool ones =
        format->va_form == VA_HIGH || (format->va_form == VA_SIGNED && low >> (format->va_bits - 1u) & 1);
    return ones ? low | ~mask : low & mask;
}

/* ---- Of the library mmusim_pagetables: not for plug-ins ---- */

/* Whether the format translates [va, va + bytes), bytes > 0. */
bool walk_format_reaches(const struct walk_format *format, uint64_t va, uint64_t bytes);

/* Every format, by index; NULL past the end. */
const struct walk_format *walk_format_at(unsigned index);
const struct walk_format *walk_format_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
