/*
 * Versions: the abstract map of all address spaces, with its past.
 *
 * A version is one mapping from the operation that made it to the operation that ended it. It has four
 * cycles, the edges of the two windows:
 *
 *       created_begin   created_end             ended_begin    ended_end
 *     ------|----------------|-----------------------|--------------|------
 *      no   |     may be     |        must be        |    may be    |  no
 *
 * Regions find versions: there is one for every aligned region of a frame's size, virtual or physical, in
 * which something is or was mapped. Versions of global mappings have a twin in the pseudo space of all.
 */
#ifndef MMUSIM_SIM_JUDGE_VERSIONS_H
#define MMUSIM_SIM_JUDGE_VERSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mmu/event.h"

#define SPACE_GLOBAL UINT32_MAX /* pseudo space: every global mapping */

/* Both: the version may be forgotten. */
#define VERSION_CREATED_FIXED 1u
#define VERSION_ENDED_FIXED   2u

struct window {
    uint64_t begin;
    uint64_t end; /* EVENT_NEVER: open */
};

/* What most look-ups read is in the first cache line, of 64 bytes; the rest is in the second. */
struct version {
    struct mapping mapping;
    struct window created;
    struct window ended;     /* begin EVENT_NEVER: not ended */
    uint32_t space;          /* whose mapping it is, in both twins */
    uint8_t rights;          /* that the mapping allows */
    uint8_t first_rights;    /* of its translations until hardware has made its entry dirty; else the same */
    uint8_t upgraded_rights; /* what it grew from by a protect that invalidated nothing, where that is
                                allowed:  old translations may still be used; else as `rights` */
    uint8_t fixed;           /* VERSION_CREATED_FIXED, VERSION_ENDED_FIXED: these windows will not change */

    uint64_t created_by; /* operation */
    uint64_t ended_by;
    uint64_t invalidation;    /* the last of the ending operation */
    uint64_t forgotten_since; /* an equal version lived then and was forgotten; EVENT_NEVER: none */
    struct version *older;    /* the version before, of the same virtual region */
    struct version *twin;     /* in SPACE_GLOBAL, or from there; NULL if none */
    union {                   /* by the spurious faults that its format allows */
        uint64_t drained; /* UNTIL_FENCE: the creating operation's last store is visible; 0: it had none */
        uint64_t excused; /* ONCE: cores (bits) that have had it */
    } spurious;
    uint32_t upgraded_attributes;
    bool by_protect;          /* created by protect, and not by map */
    uint8_t ended_by_protect; /* and not by unmap */
    uint8_t place;            /* in its slab */
};

/*
 * When the operations that made and ended a version were called and returned: how many events had come by
 * then; EVENT_NEVER: not yet. Cycles do not order operations: one core returns from one and calls the next in
 * the same cycle. Kept beside the versions, since only answers are judged by it, faults of accesses of the
 * core that made the version, and the state of entries.
 */
struct version_order {
    uint64_t made_call;
    uint64_t made_return;
    uint64_t ended_call;
    uint64_t ended_return;
    uint64_t made_cycle; /* of the return */
    /* When hardware first changed its entry, and first made it dirty; EVENT_NEVER: not yet. */
    uint64_t accessed_cycle;
    uint64_t dirty_cycle;
    uint8_t made_core;
    bool begins_old; /* and hardware marks it */
};

struct region_key {
    uint64_t number; /* address >> size_lg2 */
    uint32_t space;
    uint8_t size_lg2;
    bool physical;
};

struct region {
    struct region_key key;
    struct version *newest;   /* virtual: whose page is exactly this region */
    uint64_t live;            /* mappings or frames of exactly this region */
    uint64_t live_within;     /* of this region or a smaller one inside */
    uint64_t last_end;        /* the last return of an operation that ended one of exactly this region, as in
                                 version_order; 0 if none has */
    uint64_t last_end_within; /* the same, or inside */
    uint64_t forgotten_end;   /* the last cycle of any version that was forgotten; 0 if none was */
    uint32_t ended;           /* versions in the list that have ended */
    uint32_t sweep_at;        /* so many of them are worth a search for what can be forgotten */
    bool lost;                /* what was forgotten told something that nothing tells that is kept */
};

/* Things of one size, allocated many at a time; they stay where they are. */
struct slabs {
    void **list;
    size_t count;
    size_t used; /* things ever taken */
};

/* A place of the hash table. The hash is compared first, so that no other region is looked into. */
struct region_slot {
    uint32_t hash;
    uint32_t number; /* of the region, from 1; 0: empty */
};

struct version_index {
    struct region_slot *slots; /* open addressing; capacity is a power of two, up to 2^32 */
    size_t capacity;
    struct slabs regions;
    struct slabs all_versions;
    struct version *free_versions;
    size_t versions;
};

/* Whether an access over [first, complete], whose effects end at `last`, may have used this version. */
struct use {
    uint64_t first;
    uint64_t last;
    uint64_t complete;
};

static inline bool version_overlaps(const struct version *version, const struct use *use)
{
    return use->complete >= version->created.begin && use->first <= version->ended.end;
}

static inline bool version_allows(const struct version *version, const struct use *use)
{
    return version_overlaps(version, use) && use->last <= version->ended.end;
}

/* It held during all of the access: no window overlaps it. */
static inline bool version_certain(const struct version *version, const struct use *use)
{
    return use->first > version->created.end && use->complete < version->ended.begin;
}

static inline bool version_live(const struct version *version)
{
    return version->ended.begin == EVENT_NEVER;
}

bool versions_init(struct version_index *index);
void versions_destroy(struct version_index *index);

struct region *region_find(const struct version_index *index, const struct region_key *key);

/* Every version, of the sizes in the bit set `sizes` (bit: log2), that contains or contained `va`. */
struct version_cursor {
    const struct version_index *index;
    uint64_t va;
    uint64_t sizes; /* not yet visited */
    struct version *last;
    uint32_t space;
};
struct version_cursor version_cursor_make(const struct version_index *index, uint32_t space, uint64_t va,
                                          uint64_t sizes);
struct version *version_next(struct version_cursor *cursor);

/* The mapping that contains `va` now, or NULL. In a region only the newest version can be live. */
struct version *version_live_at(const struct version_index *index, uint32_t space, uint64_t va,
                                uint64_t sizes);

/* Adds a live version; its twin too if it is global. `sizes`: the format's. NULL if there is no memory. The
 * caller sets its order; that of the twin stays undefined. */
struct version *version_add(struct version_index *index, const struct version *model, uint64_t sizes);
/* Valid as long as the version is. */
struct version_order *version_order(const struct version *version);

/* The live version ended: `ended`, `ended_by`, `invalidation` and the order are set by the caller. False: no
 * memory. */
bool version_end(struct version_index *index, struct version *version, uint64_t sizes);

/* The windows of a version have become known better: its twin and regions learn it. */
void version_refresh(struct version_index *index, struct version *version, uint64_t sizes);

/* Forgets what ended before `cycle` in the version's region, beyond the newest few; only when it is due. */
bool version_forget_due(const struct version_index *index, const struct version *version);
void version_forget(struct version_index *index, const struct version *version, uint64_t cycle);

/* Whether a frame or page of this place overlaps a live one, or one whose end returned at or after the event
 * `since`. */
bool region_overlaps(const struct version_index *index, const struct region_key *key, uint64_t sizes,
                     uint64_t since);

#endif
