/*
 * The page-table contract: what a page table offers to the machine, the judges and the conformance kit.
 *
 * A page table is a `pagetable_class` and one flat block of state of `state_bytes`, which the caller
 * allocates, aligned for any type (as malloc does), and never looks into. Everything else that the table
 * keeps lies in physical memory and is reached through the environment. Its operations are deterministic. The
 * block is undefined before `create`; after it, a copy of block and memory is a table as good as the first,
 * so it may point to its configuration and to constants, and to nothing else.
 *
 * The operations and their meaning are the seed's `PageTableInterface`. Their preconditions are checked once
 * for all tables by `pagetable_checked` (pagetables/checked.h), never by a table: an implementation may rely
 * on them.
 *
 * Who calls when. `create` comes first and `destroy` last, while nobody else calls. Several cores may be in
 * `map`, `unmap`, `protect` and `query` of one table at once, since each call of the environment lets others
 * go on: the table's own lock (environment.h) keeps them apart. `enumerate`, `invariants` and `blocks` may be
 * called at any time between, also while a core is in the middle of an operation; what the latter two find
 * then may be in the middle of a change, and nobody holds it against the table.
 *
 * Which function answers what, beside PAGETABLE_OK, PAGETABLE_ENVIRONMENT and PAGETABLE_CORRUPT:
 *
 *   create    NO_MEMORY; UNSUPPORTED: not with this configuration
 *   destroy   nothing else
 *   map       OVERLAP; UNSUPPORTED; NO_MEMORY
 *   unmap     NOT_MAPPED; NO_MEMORY, where removal needs memory
 *   protect   NOT_MAPPED; UNSUPPORTED; NO_MEMORY likewise
 *   query     NOT_MAPPED
 *
 * Where two apply, either may be answered. Not PAGETABLE_OK means that the abstract map is as it was, that no
 * memory is lost, and that `*found` has no meaning. Only after PAGETABLE_ENVIRONMENT (the machine stops, or
 * memory that was there is gone) the table may be in the middle of a change; then `destroy` is what is left
 * to call.
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
    PAGETABLE_BAD_SIZE,     /* the format has no such frame size, or the table does not offer it */
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
    uint16_t vmid; /* of the virtual machine that the table is stage 2 of or belongs to; 0: of none */
    /* Used under several ASIDs (a kernel's half): whatever is invalidated belongs to all of them. */
    bool every_asid;
    /* How software writes the format's entries; NULL if it is a format of which only hardware's side is
     * known. (The program's own tables then take what the program has: entry_format_of.) */
    const struct entry_format *entries;
};

/* Reads raw memory without time, for enumeration and checks. False where there is no memory; `pa` is aligned
 * to 8 bytes. */
struct memory_reader {
    bool (*read)(void *context, uint64_t pa, uint64_t *value);
    void *context;
};

/* Called once a candidate; returns false to stop. */
typedef bool (*pagetable_visitor)(void *context, const struct mapping *candidate);
/* The same for a block of memory. */
typedef bool (*pagetable_block_visitor)(void *context, uint64_t pa, uint64_t size_bytes);

/* Every function is present. `state` is the block, `environment` is valid during the call only. Append only:
 * see pagetables/plugin.h. */
struct pagetable_class {
    uint32_t abi_version;       /* PAGETABLE_ABI_VERSION */
    uint32_t struct_bytes;      /* sizeof(struct pagetable_class) as the table was built with */
    const char *name;           /* "radix" */
    const char *summary;        /* one line for `mmusim list` */
    uint32_t state_bytes;       /* at least 1 */
    bool releases_empty_tables; /* when all is unmapped, as many tables are allocated as after `create` */

    /* Makes an empty table. On error nothing is left allocated. */
    enum pagetable_result (*create)(void *state, const struct environment *environment,
                                    const struct pagetable_config *config);
    /* Releases every table. No core uses the table any more, but TLBs may: they are invalidated first. */
    enum pagetable_result (*destroy)(void *state, const struct environment *environment);

    /* Adds a mapping, and nothing else changes. On return walks find it. */
    enum pagetable_result (*map)(void *state, const struct environment *environment, uint64_t va,
                                 const struct frame *frame);
    /* Removes the mapping whose base is `va`. On return nothing in the machine can use it any more. */
    enum pagetable_result (*unmap)(void *state, const struct environment *environment, uint64_t va);
    /* The same frame with other attributes, FRAME_STATE_ALL included; on return nothing in the machine can
     * use the old ones. */
    enum pagetable_result (*protect)(void *state, const struct environment *environment, uint64_t va,
                                     uint32_t attributes);
    /* The mapping that contains `va`, with its entry's state (FRAME_STATE_ALL). Nothing changes. */
    enum pagetable_result (*query)(void *state, const struct environment *environment, uint64_t va,
                                   struct mapping *found);

    /* What hardware is given as the root (TTBR): asked for once, after `create`, it holds until `destroy`. A
     * structure whose first table moves has a descriptor in front of it, as pagetables/hashed.h. */
    uint64_t (*root)(const void *state);
    /*
     * Candidates for mappings, from raw memory alone, in ascending order of address and without
     * FRAME_STATE_ALL; each is confirmed by the walk engine before anybody believes it
     * (pagetables/interpret.h). Words that others damaged propose nothing, or something wrong; it ends.
     */
    enum pagetable_result (*enumerate)(const void *state, const struct memory_reader *memory,
                                       pagetable_visitor visit, void *context);
    /* The table's own check of itself. On PAGETABLE_CORRUPT `reason` has a sentence, ended by 0 within
     * reason_bytes; else it is left alone. */
    enum pagetable_result (*invariants)(const void *state, const struct memory_reader *memory, char *reason,
                                        size_t reason_bytes);

    /* The name of the format that it has if nobody says another one. */
    const char *default_format;
    /* Whether it can be made with this format and these entries (NULL: none are known). Formats of the
     * program and of plug-ins are asked about, also before any table is made; `create` is never called with
     * another. */
    bool (*accepts)(const struct walk_format *format, const struct entry_format *entries);
    /* Frame sizes that its formats have and it does not offer, bit log2: map answers PAGETABLE_BAD_SIZE
     * before the table is called. */
    uint64_t lacks_sizes;

    /*
     * Every block of memory that the table holds, each once and with the size that it was allocated with:
     * from raw memory, by the links that walks and operations follow, the root and locks among them. A block
     * that nothing links any more is not, so that who knows what was allocated sees what was lost. Asked only
     * where `invariants` finds nothing. NULL: the table does not say.
     */
    enum pagetable_result (*blocks)(const void *state, const struct memory_reader *memory,
                                    pagetable_block_visitor visit, void *context);
};

/* Every built-in table, by index; NULL past the end. Of the library mmusim_pagetables: not for plug-ins. */
const struct pagetable_class *pagetable_class_at(unsigned index);
const struct pagetable_class *pagetable_class_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
