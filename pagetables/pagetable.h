/*
 * The page-table contract: what a page table offers to the machine, the judges and the conformance kit.
 *
 * A page table is a `pagetable_class` and one flat block of state of `state_bytes`, which the caller
 * allocates, aligned for any type, and never looks into. Everything else that the table keeps lies in
 * physical memory and is reached through the environment. Its operations are deterministic.
 *
 * The operations and their meaning are the seed's `PageTableInterface`. Their preconditions are checked once
 * for all tables by `pagetable_checked` (pagetables/checked.h), never by a table: an implementation may rely
 * on them.
 */
#ifndef MMUSIM_PAGETABLES_PAGETABLE_H
#define MMUSIM_PAGETABLES_PAGETABLE_H

#include <stddef.h>
#include <stdint.h>

#include "pagetables/entry.h"
#include "pagetables/environment.h"
#include "pagetables/frame.h"
#include "pagetables/walk.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PAGETABLE_ABI_VERSION 1

enum pagetable_result {
    PAGETABLE_OK = 0,
    PAGETABLE_OVERLAP,     /* map: something is mapped in [va, va + size) */
    PAGETABLE_NOT_MAPPED,  /* unmap, protect: `va` is not the base of a mapping; query: nothing contains it */
    PAGETABLE_NO_MEMORY,   /* no table could be allocated; nothing changed */
    PAGETABLE_UNSUPPORTED, /* the format cannot express these attributes */
    PAGETABLE_ENVIRONMENT, /* the environment failed otherwise */
    PAGETABLE_CORRUPT,     /* an entry has a form that this table never writes */
    /* Preconditions; answered by the checking wrapper, nothing was called. */
    PAGETABLE_UNALIGNED,    /* an address is not aligned to the frame size */
    PAGETABLE_BAD_SIZE,     /* the format has no such frame size */
    PAGETABLE_OUT_OF_RANGE, /* the virtual page is beyond the format's reach, or the frame beyond physical
                               memory */
    PAGETABLE_FRAME_IN_USE, /* the frame overlaps one that is mapped, and aliasing is not allowed */
    PAGETABLE_RESULTS
};

/* One short name a result: "ok", "overlap", ... ; "?" for other numbers. */
const char *pagetable_result_name(enum pagetable_result result);

/* What a table is created with. Owned by the caller, which keeps it while the table lives. */
struct pagetable_config {
    const struct walk_format *format;
    uint16_t asid; /* of a stage 1 format */
    uint16_t vmid; /* of the virtual machine that the table belongs to; 0: of none */
    /* Used under several ASIDs (a kernel's half): whatever is invalidated belongs to all of them. */
    bool every_asid;
    /* How software writes the format's entries; NULL if it is a format of which only hardware's side is
     * known. */
    const struct entry_format *entries;
};

/* Reads raw memory without time, for enumeration and checks. False where there is no memory. */
struct memory_reader {
    bool (*read)(void *context, uint64_t pa, uint64_t *value);
    void *context;
};

/* Called once a candidate; returns false to stop. */
typedef bool (*pagetable_visitor)(void *context, const struct mapping *candidate);

/* Every function is present. `state` is the block, `environment` is valid during the call only. */
struct pagetable_class {
    uint32_t abi_version;  /* PAGETABLE_ABI_VERSION */
    uint32_t struct_bytes; /* sizeof(struct pagetable_class) as the table was built with */
    const char *name;      /* "radix" */
    const char *summary;   /* one line for `mmusim list` */
    uint32_t state_bytes;
    bool releases_empty_tables;

    /* Makes an empty table. On error nothing is left allocated. */
    enum pagetable_result (*create)(void *state, const struct environment *environment,
                                    const struct pagetable_config *config);
    /* Releases every table. No core uses the table any more. */
    enum pagetable_result (*destroy)(void *state, const struct environment *environment);

    /* Adds a mapping, and nothing else changes; on an error nothing changes (no memory is leaked). */
    enum pagetable_result (*map)(void *state, const struct environment *environment, uint64_t va,
                                 const struct frame *frame);
    /* Removes the mapping whose base is `va`. On return nothing in the machine can use it any more. */
    enum pagetable_result (*unmap)(void *state, const struct environment *environment, uint64_t va);
    /* The same frame with other attributes; on return nothing in the machine can use the old ones. */
    enum pagetable_result (*protect)(void *state, const struct environment *environment, uint64_t va,
                                     uint32_t attributes);
    /* The mapping that contains `va`. Nothing changes. */
    enum pagetable_result (*query)(void *state, const struct environment *environment, uint64_t va,
                                   struct mapping *found);

    /* What hardware is given as the root (TTBR). */
    uint64_t (*root)(const void *state);
    /*
     * Candidates for mappings, from raw memory alone, in ascending order of address; each is confirmed by
     * the walk engine before anybody believes it (pagetables/interpret.h).
     */
    enum pagetable_result (*enumerate)(const void *state, const struct memory_reader *memory,
                                       pagetable_visitor visit, void *context);
    /* The table's own check of itself. On PAGETABLE_CORRUPT `reason` has a sentence. */
    enum pagetable_result (*invariants)(const void *state, const struct memory_reader *memory, char *reason,
                                        size_t reason_bytes);

    /* The name of the format that it has if nobody says another one. */
    const char *default_format;
    /* Whether it can be made with this format and these entries (NULL: none are known). */
    bool (*accepts)(const struct walk_format *format, const struct entry_format *entries);
};

/* Every built-in table, by index; NULL past the end. */
const struct pagetable_class *pagetable_class_at(unsigned index);
const struct pagetable_class *pagetable_class_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
