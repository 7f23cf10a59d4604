/* The steps that operations of the radix table consist of. */
#include "pagetables/radix_steps.h"

/* ---- The path from the root to an address ---- */

static unsigned last_depth(const struct radix *radix)
{
    return radix->format->levels - 1u;
}

uint64_t radix_slot_of(const struct radix *radix, unsigned depth, uint64_t table, uint64_t va)
{
    return table + entry_index(&radix->format->level[depth], va) * ENTRY_BYTES;
}

uint64_t radix_table_of(const struct radix *radix, const struct radix_path *path, unsigned depth)
{
    return path->slot[depth] & ~(entry_table_bytes(&radix->format->level[depth]) - 1);
}

enum pagetable_result radix_descend(const struct radix *radix, const struct environment *environment,
                                    uint64_t va, unsigned limit, struct radix_path *path)
{
    uint64_t table = radix->root;
    for (unsigned depth = 0;; depth++) {
        path->depth = depth;
        path->slot[depth] = radix_slot_of(radix, depth, table, va);
        enum pagetable_result result = call_read(environment, path->slot[depth], &path->word);
        if (result != PAGETABLE_OK)
            return result;
        path->entry = radix->format->decode(&radix->format->level[depth], path->word);
        if (path->entry.kind != ENTRY_TABLE || depth == limit)
            return PAGETABLE_OK;
        table = path->entry.table;
    }
}

enum pagetable_result radix_descend_to_leaf(const struct radix *radix, const struct environment *environment,
                                            uint64_t va, struct radix_path *path)
{
    enum pagetable_result result = radix_descend(radix, environment, va, last_depth(radix), path);
    if (result != PAGETABLE_OK)
        return result;
    switch (path->entry.kind) {
    case ENTRY_LEAF:
        return PAGETABLE_OK;
    case ENTRY_INVALID:
        return PAGETABLE_NOT_MAPPED;
    default:
        return PAGETABLE_CORRUPT;
    }
}

enum pagetable_result radix_descend_to_base(const struct radix *radix, const struct environment *environment,
                                            uint64_t va, struct radix_path *path)
{
    enum pagetable_result result = radix_descend_to_leaf(radix, environment, va, path);
    if (result == PAGETABLE_OK && va & (frame_size_bytes(&path->entry.frame) - 1))
        return PAGETABLE_NOT_MAPPED;
    return result;
}

/* ---- Runs: one frame, mapped by one leaf or by several ---- */

struct radix_run radix_run_of(const struct radix *radix, unsigned depth, unsigned size_lg2)
{
    const struct entry_level *level = &radix->format->level[depth];
    return (struct radix_run){.entries = 1u << (size_lg2 - level->span_lg2),
                              .step = level->run_step,
                              .bytes = UINT64_C(1) << level->span_lg2};
}

enum pagetable_result radix_write_run(const struct environment *environment, uint64_t slot, uint64_t word,
                                      const struct radix_run *run)
{
    enum pagetable_result result = PAGETABLE_OK;
    for (unsigned i = 0; result == PAGETABLE_OK && i < run->entries; i++, word += run->step)
        result = call_write(environment, slot + (uint64_t)i * ENTRY_BYTES, word);
    return result;
}

enum pagetable_result radix_clear_run(const struct environment *environment, uint64_t slot,
                                      const struct radix_run *run)
{
    const struct radix_run cleared = {.entries = run->entries};
    return radix_write_run(environment, slot, 0, &cleared);
}

/* ---- Invalidation ---- */

static enum pagetable_result issue(const struct environment *environment, const struct radix_drop *drop)
{
    struct invalidation what = drop->what;
    enum pagetable_result result = PAGETABLE_OK;
    for (unsigned i = 0; result == PAGETABLE_OK && i < drop->entries; i++, what.va += drop->step)
        result = call_result_of(environment->operations->invalidate(environment->context, &what));
    return result == PAGETABLE_OK ? call_barrier(environment, BARRIER_DSB_ISH) : result;
}

enum pagetable_result radix_invalidate(const struct environment *environment, const struct radix_drop *drop)
{
    enum pagetable_result result = call_barrier(environment, BARRIER_DSB_ISHST);
    if (result == PAGETABLE_OK)
        result = issue(environment, drop);
    if (result != PAGETABLE_OK || drop->what.scope != INVALIDATE_IPA)
        return result;
    /* D8.17.5: stage 2 entries are gone, so that nothing new is made of them; now what had been. */
    const struct radix_drop combined = {
        .what = {.vmid = drop->what.vmid, .scope = INVALIDATE_ALL, .broadcast = true}, .entries = 1};
    return issue(environment, &combined);
}

struct radix_drop radix_of_address(const struct radix *radix, uint64_t va, const struct radix_run *run,
                                   bool global)
{
    if (radix->stage2 && radix->hardware->invalidated_whole)
        return radix_of_address_space(radix, global);
    struct radix_drop drop = {.what = {.va = va, .asid = radix->asid, .vmid = radix->vmid, .broadcast = true},
                              .entries = run->entries,
                              .step = run->bytes};
    if (radix->stage2)
        drop.what.scope = INVALIDATE_IPA;
    else
        drop.what.scope = global || radix->every_asid ? INVALIDATE_VA_ALL_ASIDS : INVALIDATE_VA;
    return drop;
}

struct radix_drop radix_of_address_space(const struct radix *radix, bool global)
{
    struct radix_drop drop = {.what = {.asid = radix->asid, .vmid = radix->vmid, .broadcast = true},
                              .entries = 1};
    if (radix->stage2)
        drop.what.scope = INVALIDATE_VMID;
    else
        drop.what.scope = global || radix->every_asid ? INVALIDATE_ALL : INVALIDATE_ASID;
    return drop;
}

/* ---- Counts ---- */

enum pagetable_result radix_read_count(const struct radix *radix, const struct environment *environment,
                                       unsigned depth, uint64_t table, int change, struct radix_count *count)
{
    *count = (struct radix_count){.pa = 0};
    if (!radix_counts(radix, depth))
        return PAGETABLE_OK;
    count->pa = radix_count_of(radix->format, depth, table);
    enum pagetable_result result = call_read(environment, count->pa, &count->used);
    if (result != PAGETABLE_OK)
        return result;
    count->used += (uint64_t)change; /* 0 - 1 is above every count */
    return count->used <= UINT64_C(1) << radix->format->level[depth].index_bits ? PAGETABLE_OK
                                                                                : PAGETABLE_CORRUPT;
}

enum pagetable_result radix_write_count(const struct environment *environment,
                                        const struct radix_count *count)
{
    return count->pa ? call_write(environment, count->pa, count->used) : PAGETABLE_OK;
}
