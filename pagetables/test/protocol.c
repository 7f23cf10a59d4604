#include "pagetables/test/protocol.h"

#include <string.h>

#include "pagetables/vmsa.h"

/* How far a store to an entry has come. Of a stage 2 table two things have to go: what was cached of stage 2
 * alone, and then what was made of it and stage 1. */
enum stage { WRITTEN, DRAINED, INVALIDATED, STAGE2_GONE, COMBINED_INVALIDATED, COMPLETE };

struct change {
    uint64_t pa;
    uint64_t before;
    uint64_t after;
    enum stage stage;
};

struct follower {
    const struct protocol_operation *operation;
    struct change change[64];
    size_t count;
    uint64_t allocated[16]; /* tables of this operation, which nothing reaches until they are linked */
    size_t allocations;
};

/* A walk may have cached the word that was replaced. */
static bool may_be_cached(const struct change *change)
{
    return change->before & VMSA_VALID && change->before != change->after;
}

static bool is_settled(const struct change *change)
{
    return may_be_cached(change) ? change->stage == COMPLETE : change->stage >= DRAINED;
}

static bool in_table(uint64_t pa, uint64_t table)
{
    return (pa & ~UINT64_C(0xfff)) == (table & VMSA_ADDRESS);
}

static bool is_new(const struct follower *follower, uint64_t pa)
{
    for (size_t i = 0; i < follower->allocations; i++)
        if (in_table(pa, follower->allocated[i]))
            return true;
    return false;
}

/* Whether an address that an invalidation names is one of the entry's. Of a run each leaf may be cached on
 * its own, so that each needs its own. */
static bool names(const struct invalidation *what, const struct change *change, bool leaf,
                  const struct protocol_operation *operation)
{
    if (!leaf || !operation->entry_bytes)
        return what->va - operation->va < operation->bytes;
    uint64_t place = change->pa / 8 % (operation->bytes / operation->entry_bytes);
    return what->va - operation->va - place * operation->entry_bytes < operation->entry_bytes;
}

static bool covers_stage1(const struct invalidation *what, const struct change *change,
                          const struct protocol_operation *operation)
{
    bool leaf = !(change->before & VMSA_TABLE) || change->before & VMSA_AF;
    bool address = names(what, change, leaf, operation);
    bool space = what->asid == operation->asid;
    bool global = !(change->before & VMSA_NG); /* of a leaf; entries for tables are the address space's own */
    if (!what->broadcast || (what->last_level_only && !leaf))
        return false;
    switch (what->scope) {
    case INVALIDATE_ALL:
        return true;
    case INVALIDATE_VA_ALL_ASIDS:
        return address;
    case INVALIDATE_ASID:
        return space && !(leaf && global);
    case INVALIDATE_VA:
        return address && space && !(leaf && global);
    default:
        return false;
    }
}

/* The stage that an invalidation brings a drained change to. */
static enum stage after_invalidation(const struct invalidation *what, const struct change *change,
                                     const struct protocol_operation *operation)
{
    bool leaf = !(change->before & VMSA_TABLE) || change->before & (VMSA_AF | VMSA_S2_MEM_ATTR);
    if (!operation->stage2)
        return covers_stage1(what, change, operation) ? INVALIDATED : change->stage;
    if (!what->broadcast || what->vmid != operation->vmid)
        return change->stage;
    if (what->scope == INVALIDATE_VMID)
        return COMBINED_INVALIDATED;
    if (what->scope == INVALIDATE_ALL)
        return change->stage == STAGE2_GONE ? COMBINED_INVALIDATED : change->stage;
    return what->scope == INVALIDATE_IPA && names(what, change, leaf, operation) ? INVALIDATED
                                                                                 : change->stage;
}

/* D8.17.1: what may not change in a valid entry; D8.7.1: in one of a run only the access flag may. */
static bool needs_break(const struct protocol_operation *operation, uint64_t before, uint64_t after)
{
    uint64_t fixed = VMSA_SH | VMSA_NG | VMSA_ADDRESS;
    fixed |= operation->stage2 ? VMSA_S2_MEM_ATTR : VMSA_ATTR_INDEX;
    if ((before | after) & VMSA_CONTIGUOUS)
        fixed = ~VMSA_AF;
    return before & after & VMSA_VALID && (before ^ after) & fixed;
}

static const char *follow_bookkeeping(struct follower *follower, const struct flat_event *event)
{
    if (follower->count == 0)
        return "the operation began with a store that changes no entry";
    follower->change[follower->count++] = (struct change){.pa = event->pa, .after = event->value};
    return NULL;
}

static const char *follow_write(struct follower *follower, const struct flat_event *event)
{
    const struct protocol_operation *operation = follower->operation;
    if (follower->count == sizeof follower->change / sizeof *follower->change)
        return "too many stores for one operation";
    if (operation->is_entry && !operation->is_entry(operation->context, event->pa))
        return follow_bookkeeping(follower, event);
    for (size_t i = 0; i < follower->count; i++) {
        const struct change *earlier = &follower->change[i];
        bool run = event->value & VMSA_CONTIGUOUS && !(event->before & VMSA_VALID) && may_be_cached(earlier);
        if ((earlier->pa == event->pa || run) && !is_settled(earlier))
            return "an entry was made before its breaking was complete";
        bool publishes = event->value & VMSA_VALID && !is_new(follower, event->pa);
        if (publishes && is_new(follower, earlier->pa) && earlier->stage == WRITTEN)
            return "a table was linked before its entries were drained";
    }
    if (needs_break(operation, event->before, event->value))
        return "a valid entry was replaced without break-before-make";
    follower->change[follower->count++] =
        (struct change){.pa = event->pa, .before = event->before, .after = event->value};
    return NULL;
}

static const char *follow_invalidation(struct follower *follower, const struct invalidation *what)
{
    for (size_t i = 0; i < follower->count; i++) {
        struct change *change = &follower->change[i];
        enum stage after = after_invalidation(what, change, follower->operation);
        if (!may_be_cached(change) || after <= change->stage)
            continue;
        if (change->stage == WRITTEN)
            return "an invalidation was issued before the entry's store was drained";
        change->stage = after;
    }
    return NULL;
}

static void follow_barrier(struct follower *follower, enum barrier_kind kind)
{
    for (size_t i = 0; i < follower->count; i++) {
        struct change *change = &follower->change[i];
        if (change->stage == WRITTEN && kind != BARRIER_ISB)
            change->stage = DRAINED;
        else if (change->stage == INVALIDATED && kind == BARRIER_DSB_ISH)
            change->stage = follower->operation->stage2 ? STAGE2_GONE : COMPLETE;
        else if (change->stage == COMBINED_INVALIDATED && kind == BARRIER_DSB_ISH)
            change->stage = COMPLETE;
    }
}

static bool all_settled(const struct follower *follower)
{
    for (size_t i = 0; i < follower->count; i++)
        if (!is_settled(&follower->change[i]))
            return false;
    return true;
}

static const char *follow(struct follower *follower, const struct flat_event *event)
{
    switch (event->kind) {
    case FLAT_WRITE:
        return follow_write(follower, event);
    case FLAT_INVALIDATE:
        return follow_invalidation(follower, &event->invalidation);
    case FLAT_BARRIER:
        follow_barrier(follower, event->barrier);
        return NULL;
    case FLAT_ALLOCATE:
        if (follower->allocations == sizeof follower->allocated / sizeof *follower->allocated)
            return "too many tables for one operation";
        follower->allocated[follower->allocations++] = event->pa;
        return NULL;
    case FLAT_RELEASE:
        return all_settled(follower) ? NULL : "a table was released while walks may still know it";
    default:
        return NULL;
    }
}

const char *protocol_broken(const struct flat_event *log, size_t count,
                            const struct protocol_operation *operation)
{
    struct follower follower = {.operation = operation};
    for (size_t i = 0; i < count; i++) {
        const char *broken = follow(&follower, &log[i]);
        if (broken)
            return broken;
    }
    return all_settled(&follower) ? NULL
                                  : "the operation returned before its stores had taken effect everywhere";
}
