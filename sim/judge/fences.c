/*
 * Fences: which invalidations each core has carried out, for formats that allow faults until then.
 *
 * A fault asks whether any fence of its address dropped entries in [from, to], where `to` is the issue of its
 * access. Of what is older than every access that may still come, all but the last fence of each kind and
 * address is therefore the same as none, and so is one of an address where no mapping is that was there
 * before: these are thinned out. What stays is bounded by the tags and mappings in use, and answers are
 * exact.
 */
#include <errno.h>
#include <stdlib.h>

#include "sim/judge/internal.h"

#define FENCES_FIRST 256u /* of a core, before any is thinned out */

/* ---- what a fence covers ---- */

static bool contains(const struct invalidation *what, const struct version *version, uint64_t address)
{
    return mapping_contains(&version->mapping, what->va) ||
           (what->size_bytes && address - what->va < what->size_bytes);
}

/*
 * Of a second stage in whose guest the fault was (`guest`), only what invalidates that stage counts (RISC-V
 * Privileged, 8.3.2: HFENCE.GVMA).
 */
static bool covers(const struct judge *judge, const struct invalidation *what, const struct version *version,
                   uint64_t address, bool guest)
{
    const struct space *space = &judge->spaces[version->space];
    bool tag = what->asid == space->asid;
    if (what->vmid != space->vmid)
        return false;
    if (guest && what->scope != INVALIDATE_IPA)
        return what->scope == INVALIDATE_VMID;
    switch (what->scope) {
    case INVALIDATE_VA:
        return tag && contains(what, version, address);
    case INVALIDATE_VA_ALL_ASIDS:
        return contains(what, version, address);
    case INVALIDATE_ASID:
        return tag;
    case INVALIDATE_IPA:
        return space->format->stage2 && contains(what, version, address);
    default:
        return true;
    }
}

bool fence_was_carried_out(const struct judge *judge, unsigned core, const struct fence_question *question)
{
    const struct fence_history *history = &judge->fences[core % JUDGE_CORES];
    for (size_t i = 0; i < history->count; i++) {
        const struct fence *fence = &history->fences[i];
        if (fence->drop_cycle >= question->from && fence->drop_cycle <= question->to &&
            covers(judge, &fence->what, question->version, question->address, question->guest))
            return true;
    }
    return false;
}

/* ---- thinning ---- */

static bool names_address(const struct invalidation *what)
{
    return what->scope == INVALIDATE_VA || what->scope == INVALIDATE_VA_ALL_ASIDS ||
           what->scope == INVALIDATE_IPA;
}

static bool names_asid(const struct invalidation *what)
{
    return what->scope == INVALIDATE_VA || what->scope == INVALIDATE_ASID;
}

static int compare(uint64_t one, uint64_t other)
{
    return (one > other) - (one < other);
}

/* By what they cover, what is without effect left out. */
static int compare_kinds(const struct invalidation *one, const struct invalidation *other)
{
    int order = compare(one->vmid, other->vmid);
    order = order ? order : compare(one->scope, other->scope);
    if (!order && names_asid(one))
        order = compare(one->asid, other->asid);
    if (!order && names_address(one))
        order = compare(one->va, other->va);
    return order || !names_address(one) ? order : compare(one->size_bytes, other->size_bytes);
}

/* The latest of each kind first. */
static int compare_fences(const void *one, const void *other)
{
    const struct fence *a = one;
    const struct fence *b = other;
    int order = compare_kinds(&a->what, &b->what);
    return order ? order : compare(b->drop_cycle, a->drop_cycle);
}

/* Whether a mapping of this space, that events to come may ask for, was there before the fence. */
static bool serves_space(const struct judge *judge, const struct fence *fence, const struct space *space,
                         uint64_t oldest)
{
    const struct invalidation *what = &fence->what;
    struct version_cursor cursor =
        version_cursor_make(&judge->index, space->number, what->va, space->sizes_used);
    const struct version *version;
    while ((version = version_next(&cursor)))
        if (version->ended.end >= oldest && version->spurious.drained <= fence->drop_cycle &&
            covers(judge, what, version, what->va, false))
            return true;
    return false;
}

static bool serves_any(const struct judge *judge, const struct fence *fence, uint64_t oldest)
{
    if (!names_address(&fence->what) || fence->what.size_bytes)
        return true;
    for (size_t i = 0; i < judge->space_count; i++) {
        const struct space *space = &judge->spaces[i];
        if (space->format && space->format->spurious == SPURIOUS_UNTIL_FENCE &&
            serves_space(judge, fence, space, oldest))
            return true;
    }
    return false;
}

/* Before this cycle nobody who is still to be judged was issued, and no operation began whose mapping is
 * still to be told. */
static uint64_t oldest_of(const struct judge *judge)
{
    uint64_t oldest = judge_oldest_issue(judge);
    bool earlier = judge->operation_count && judge->operations[0]->call.begin_cycle < oldest;
    return earlier ? judge->operations[0]->call.begin_cycle : oldest;
}

static void thin(const struct judge *judge, struct fence_history *history)
{
    uint64_t oldest = oldest_of(judge);
    const struct fence *last = NULL; /* of the old ones of the same kind */
    size_t kept = 0;
    qsort(history->fences, history->count, sizeof *history->fences, compare_fences);
    for (size_t i = 0; i < history->count; i++) {
        const struct fence fence = history->fences[i];
        bool old = fence.drop_cycle <= oldest;
        bool again = old && last && compare_kinds(&last->what, &fence.what) == 0;
        if (again || (old && !serves_any(judge, &fence, oldest)))
            continue;
        history->fences[kept] = fence;
        last = old ? &history->fences[kept] : last;
        kept++;
    }
    history->count = kept;
}

/* ---- what is told ---- */

static bool make_room(struct judge *judge, struct fence_history *history)
{
    if (history->count)
        thin(judge, history);
    if (history->capacity && history->count <= history->capacity / 2)
        return true;
    size_t capacity = history->capacity ? history->capacity * 2 : FENCES_FIRST;
    struct fence *grown = realloc(history->fences, capacity * sizeof *grown);
    if (!grown) {
        judge->error = ENOMEM;
        return false;
    }
    history->fences = grown;
    history->capacity = capacity;
    return true;
}

void fence_carried_out(struct judge *judge, unsigned core, const struct fence *fence)
{
    struct fence_history *history = &judge->fences[core % JUDGE_CORES];
    if (!judge->fences_count)
        return;
    if (history->count == history->capacity && !make_room(judge, history))
        return;
    history->fences[history->count++] = *fence;
}

void fences_destroy(struct judge *judge)
{
    for (unsigned i = 0; i < JUDGE_CORES; i++)
        free(judge->fences[i].fences);
}
