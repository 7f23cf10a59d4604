#include "pagetables/radix.h"

#include "pagetables/radix_steps.h"

/* ---- map ---- */

/* The depth whose entries map frames of this size; `levels` if there is none. */
static unsigned depth_of_size(const struct radix *radix, unsigned size_lg2)
{
    for (unsigned depth = 0; entry_has_depth(radix->format, depth); depth++) {
        const struct entry_level *level = &radix->format->level[depth];
        bool run = level->run_lg2 && entry_run_span_lg2(level) == size_lg2;
        if (level->leaf && (level->span_lg2 == size_lg2 || run))
            return depth;
    }
    return radix->format->levels;
}

/* Tables that are not linked yet, from the lowest one up; `word` is what the entry above them must become, as
 * the first of a run. */
struct chain {
    uint64_t table[ENTRY_LEVELS_MAX]; /* by depth */
    unsigned lowest;                  /* depth of the lowest table */
    unsigned highest;                 /* of the highest; lowest + 1 if there is none */
    uint64_t word;
    struct radix_run run; /* of leaves while there is no table, then one entry */
};

static enum pagetable_result drop_chain(const struct radix *radix, const struct environment *environment,
                                        const struct chain *chain)
{
    enum pagetable_result first = PAGETABLE_OK;
    for (unsigned depth = chain->highest; depth <= chain->lowest; depth++)
        first = call_first_of(first, radix_release(radix, environment, depth, chain->table[depth]));
    return first;
}

/* One more table on top of the chain, with the entries that refer to what is below it. */
static enum pagetable_result extend_chain(const struct radix *radix, const struct environment *environment,
                                          uint64_t va, struct chain *chain)
{
    unsigned depth = chain->highest - 1;
    uint64_t *table = &chain->table[depth];
    uint64_t size_bytes = radix_block_bytes(radix, depth);
    int error = environment->operations->allocate_table(environment->context, size_bytes, table);
    if (error != ENVIRONMENT_OK)
        return call_result_of(error);
    chain->highest = depth;
    enum pagetable_result result =
        radix_write_run(environment, radix_slot_of(radix, depth, *table, va), chain->word, &chain->run);
    const struct radix_count count = {
        .pa = radix_counts(radix, depth) ? radix_count_of(radix->format, depth, *table) : 0,
        .used = chain->run.entries};
    if (result == PAGETABLE_OK)
        result = radix_write_count(environment, &count);
    chain->word = radix->format->encode_table(*table);
    chain->run = (struct radix_run){.entries = 1};
    return result;
}

/* Tables for the depths below the path's end down to `lowest`, with the leaf in the lowest one. */
static enum pagetable_result build_chain(const struct radix *radix, const struct environment *environment,
                                         uint64_t va, unsigned above, struct chain *chain)
{
    enum pagetable_result result = PAGETABLE_OK;
    while (result == PAGETABLE_OK && chain->highest > above + 1)
        result = extend_chain(radix, environment, va, chain);
    /* D8.2.6.1 R_SPVBD: without the barrier a walk may see the link before it sees what it leads to. */
    if (result == PAGETABLE_OK && chain->highest <= chain->lowest)
        result = call_barrier(environment, BARRIER_DSB_ISHST);
    return result;
}

/* Puts the leaf where the path ends, which is an invalid entry at or above the leaf's depth; `count` is that
 * of the table of this entry, with it. */
static enum pagetable_result link_leaf(const struct radix *radix, const struct environment *environment,
                                       uint64_t va, const struct radix_path *path, struct chain *chain,
                                       const struct radix_count *count)
{
    enum pagetable_result result = build_chain(radix, environment, va, path->depth, chain);
    if (result == PAGETABLE_OK)
        result = radix_write_run(environment, path->slot[path->depth], chain->word, &chain->run);
    if (result != PAGETABLE_OK) {
        enum pagetable_result undone = drop_chain(radix, environment, chain);
        return undone == PAGETABLE_OK ? result : undone;
    }
    result = radix_write_count(environment, count);
    /* D8.17 I_WZCBG: an invalid entry is never cached, so there is nothing to invalidate. */
    if (result == PAGETABLE_OK)
        result = call_barrier(environment, BARRIER_DSB_ISHST);
    return result == PAGETABLE_OK ? call_barrier(environment, BARRIER_ISB) : result;
}

static enum pagetable_result map_locked(const struct radix *radix, const struct environment *environment,
                                        uint64_t va, const struct frame *frame)
{
    unsigned depth = depth_of_size(radix, frame->size_lg2);
    if (depth == radix->format->levels)
        return PAGETABLE_BAD_SIZE;
    struct chain chain = {
        .lowest = depth, .highest = depth + 1, .run = radix_run_of(radix, depth, frame->size_lg2)};
    if (!radix->format->encode_leaf(&radix->format->level[depth], frame, &chain.word))
        return PAGETABLE_UNSUPPORTED;
    struct radix_path path;
    enum pagetable_result result = radix_descend(radix, environment, va, depth, &path);
    if (result != PAGETABLE_OK)
        return result;
    if (path.entry.kind == ENTRY_LEAF)
        return PAGETABLE_OVERLAP;
    if (path.entry.kind == ENTRY_RESERVED)
        return PAGETABLE_CORRUPT;
    struct radix_room room = {.tables = 0};
    if (path.depth == depth)
        result = radix_find_room(radix, environment, &path, &chain.run, &room);
    /* Entries that pointed to tables are in use before and after. */
    unsigned added = path.depth == depth ? chain.run.entries - room.tables : 1;
    struct radix_count count = {.pa = 0};
    if (result == PAGETABLE_OK && added > 0)
        result = radix_read_count(radix, environment, path.depth, radix_table_of(radix, &path, path.depth),
                                  (int)added, &count);
    if (result == PAGETABLE_OK && room.tables > 0)
        result = radix_make_room(radix, environment, &path, &room);
    return result == PAGETABLE_OK ? link_leaf(radix, environment, va, &path, &chain, &count) : result;
}

/* ---- unmap ---- */

/* The least depth whose entry must be cleared: all tables below it hold nothing but the run of leaves, and
 * are not kept. `count` is that of the table of this entry, without it. */
static enum pagetable_result find_cut(const struct radix *radix, const struct environment *environment,
                                      const struct radix_path *path, const struct radix_run *run,
                                      unsigned *cut, struct radix_count *count)
{
    for (*cut = path->depth;; (*cut)--) {
        int removed = *cut == path->depth ? -(int)run->entries : -1;
        enum pagetable_result result =
            radix_read_count(radix, environment, *cut, radix_table_of(radix, path, *cut), removed, count);
        if (result != PAGETABLE_OK || count->used > 0 || !radix_counts(radix, *cut))
            return result;
    }
}

/* What unmap drops: walk caches may hold the tables that it is about to release. */
static struct radix_drop drop_of_unmap(const struct radix *radix, uint64_t va, const struct radix_path *path,
                                       const struct radix_run *run, bool releases)
{
    bool global = path->entry.frame.attributes & FRAME_GLOBAL;
    return releases && radix->hardware->address_keeps_tables ? radix_of_address_space(radix, global)
                                                             : radix_of_address(radix, va, run, global);
}

static enum pagetable_result unmap_locked(const struct radix *radix, const struct environment *environment,
                                          uint64_t va)
{
    struct radix_path path;
    unsigned cut = 0;
    struct radix_count count;
    enum pagetable_result result = radix_descend_to_base(radix, environment, va, &path);
    if (result != PAGETABLE_OK)
        return result;
    const struct radix_run run = radix_run_of(radix, path.depth, path.entry.frame.size_lg2);
    result = find_cut(radix, environment, &path, &run, &cut, &count);
    if (result != PAGETABLE_OK)
        return result;
    result = radix_clear_run(environment, path.slot[path.depth], &run);
    if (result == PAGETABLE_OK && cut < path.depth)
        result = call_write(environment, path.slot[cut], 0);
    if (result == PAGETABLE_OK)
        result = radix_write_count(environment, &count);
    struct radix_drop drop = drop_of_unmap(radix, va, &path, &run, cut < path.depth);
    if (result == PAGETABLE_OK)
        result = radix_invalidate(environment, &drop);
    if (result == PAGETABLE_OK)
        result = call_barrier(environment, BARRIER_ISB);
    if (result != PAGETABLE_OK)
        return result;
    /* No walk, walk cache or TLB knows these tables any more. */
    for (unsigned depth = path.depth; depth > cut; depth--)
        result = call_first_of(result,
                               radix_release(radix, environment, depth, radix_table_of(radix, &path, depth)));
    return result;
}

/* ---- protect ---- */

/* What protect makes of a run of leaves. */
struct replacement {
    uint64_t word; /* of the first; the others follow by run.step */
    struct radix_run run;
    bool changes;         /* some entry becomes another */
    bool through_invalid; /* break-before-make */
};

static void note_change(const struct radix *radix, struct replacement *replacement, uint64_t before,
                        uint64_t after)
{
    replacement->changes |= before != after;
    replacement->through_invalid |= radix->format->must_break(before, after);
}

/* The first entry is where the path ends; hardware may have changed those of a run one by one. */
static enum pagetable_result compare_run(const struct radix *radix, const struct environment *environment,
                                         const struct radix_path *path, struct replacement *replacement)
{
    uint64_t after = replacement->word;
    note_change(radix, replacement, path->word, after);
    for (unsigned i = 1; i < replacement->run.entries; i++) {
        uint64_t before;
        enum pagetable_result result =
            call_read(environment, path->slot[path->depth] + (uint64_t)i * ENTRY_BYTES, &before);
        if (result != PAGETABLE_OK)
            return result;
        note_change(radix, replacement, before, after += replacement->run.step);
    }
    return PAGETABLE_OK;
}

static enum pagetable_result replace_leaf(const struct radix *radix, const struct environment *environment,
                                          uint64_t va, const struct radix_path *path,
                                          const struct replacement *replacement)
{
    uint64_t slot = path->slot[path->depth];
    const struct radix_run *run = &replacement->run;
    struct frame before = path->entry.frame;
    struct frame after = radix->format->decode(&radix->format->level[path->depth], replacement->word).frame;
    bool global = (before.attributes | after.attributes) & FRAME_GLOBAL;
    struct radix_drop drop = radix_of_address(radix, va, run, global);
    bool through_invalid = replacement->through_invalid;
    enum pagetable_result result = through_invalid
                                       ? radix_clear_run(environment, slot, run)
                                       : radix_write_run(environment, slot, replacement->word, run);
    if (result == PAGETABLE_OK)
        result = radix_invalidate(environment, &drop);
    if (result == PAGETABLE_OK && through_invalid)
        result = radix_write_run(environment, slot, replacement->word, run);
    if (result == PAGETABLE_OK && through_invalid)
        result = call_barrier(environment, BARRIER_DSB_ISHST);
    return result == PAGETABLE_OK ? call_barrier(environment, BARRIER_ISB) : result;
}

static enum pagetable_result protect_locked(const struct radix *radix, const struct environment *environment,
                                            uint64_t va, uint32_t attributes)
{
    struct radix_path path;
    enum pagetable_result result = radix_descend_to_base(radix, environment, va, &path);
    if (result != PAGETABLE_OK)
        return result;
    struct frame frame = path.entry.frame;
    frame.attributes = attributes;
    struct replacement replacement = {.run = radix_run_of(radix, path.depth, frame.size_lg2)};
    if (!radix->format->encode_leaf(&radix->format->level[path.depth], &frame, &replacement.word))
        return PAGETABLE_UNSUPPORTED;
    result = compare_run(radix, environment, &path, &replacement);
    if (result != PAGETABLE_OK || !replacement.changes)
        return result;
    return replace_leaf(radix, environment, va, &path, &replacement);
}

/* ---- The class ---- */

static enum pagetable_result create(struct radix *radix, const struct environment *environment,
                                    const struct pagetable_config *config)
{
    radix->hardware = config->format;
    radix->format = config->entries ? config->entries : entry_format_of(config->format);
    radix->every_asid = config->every_asid;
    radix->asid = config->asid;
    radix->vmid = config->vmid;
    radix->stage2 = config->format->stage2;
    if (!radix->format)
        return PAGETABLE_UNSUPPORTED;
    const struct environment_operations *operations = environment->operations;
    uint64_t root_bytes = radix_block_bytes(radix, 0);
    int error = operations->allocate_table(environment->context, root_bytes, &radix->root);
    if (error != ENVIRONMENT_OK)
        return call_result_of(error);
    error = operations->allocate_table(environment->context, RADIX_LOCK_BYTES, &radix->lock);
    if (error == ENVIRONMENT_OK)
        return PAGETABLE_OK;
    enum pagetable_result undone = radix_release(radix, environment, 0, radix->root);
    return undone == PAGETABLE_OK ? call_result_of(error) : undone;
}

static enum pagetable_result radix_create(void *state, const struct environment *environment,
                                          const struct pagetable_config *config)
{
    struct radix *radix = state;
    radix->keeps_tables = false;
    return create(radix, environment, config);
}

static enum pagetable_result radix_keeps_tables_create(void *state, const struct environment *environment,
                                                       const struct pagetable_config *config)
{
    struct radix *radix = state;
    radix->keeps_tables = true;
    return create(radix, environment, config);
}

static enum pagetable_result radix_destroy(void *state, const struct environment *environment)
{
    const struct radix *radix = state;
    bool global = false;
    enum pagetable_result result = radix_find_global(radix, environment, 0, radix->root, &global);
    if (result == PAGETABLE_ENVIRONMENT)
        return result;
    /* The address space's number may be used again: nothing of this one may be left under it. */
    struct radix_drop drop = radix_of_address_space(radix, global || result == PAGETABLE_CORRUPT);
    enum pagetable_result invalidated = radix_invalidate(environment, &drop);
    if (invalidated != PAGETABLE_OK)
        return invalidated;
    result = call_first_of(result, radix_release_all(radix, environment, 0, radix->root));
    int error = environment->operations->release_table(environment->context, radix->lock, RADIX_LOCK_BYTES);
    return call_first_of(result, call_result_of(error));
}

static enum pagetable_result radix_map(void *state, const struct environment *environment, uint64_t va,
                                       const struct frame *frame)
{
    const struct radix *radix = state;
    enum pagetable_result result = call_enter(environment, radix->lock);
    if (result != PAGETABLE_OK)
        return result;
    return call_leave(environment, radix->lock, map_locked(radix, environment, va, frame));
}

static enum pagetable_result radix_unmap(void *state, const struct environment *environment, uint64_t va)
{
    const struct radix *radix = state;
    enum pagetable_result result = call_enter(environment, radix->lock);
    if (result != PAGETABLE_OK)
        return result;
    return call_leave(environment, radix->lock, unmap_locked(radix, environment, va));
}

static enum pagetable_result radix_protect(void *state, const struct environment *environment, uint64_t va,
                                           uint32_t attributes)
{
    const struct radix *radix = state;
    enum pagetable_result result = call_enter(environment, radix->lock);
    if (result != PAGETABLE_OK)
        return result;
    return call_leave(environment, radix->lock, protect_locked(radix, environment, va, attributes));
}

static enum pagetable_result radix_query(void *state, const struct environment *environment, uint64_t va,
                                         struct mapping *found)
{
    const struct radix *radix = state;
    enum pagetable_result result = call_enter(environment, radix->lock);
    if (result != PAGETABLE_OK)
        return result;
    struct radix_path path;
    result = radix_descend_to_leaf(radix, environment, va, &path);
    if (result == PAGETABLE_OK) {
        found->va = va & ~(frame_size_bytes(&path.entry.frame) - 1);
        found->frame = path.entry.frame;
    }
    return call_leave(environment, radix->lock, result);
}

static uint64_t radix_root(const void *state)
{
    const struct radix *radix = state;
    return radix->root;
}

bool radix_accepts(const struct walk_format *format, const struct entry_format *entries)
{
    return entries != NULL;
}

const struct pagetable_class pagetable_radix = {
    .abi_version = PAGETABLE_ABI_VERSION,
    .struct_bytes = sizeof(struct pagetable_class),
    .name = "radix",
    .summary = "multi-level radix table, releases empty tables",
    .state_bytes = sizeof(struct radix),
    .releases_empty_tables = true,
    .create = radix_create,
    .destroy = radix_destroy,
    .map = radix_map,
    .unmap = radix_unmap,
    .protect = radix_protect,
    .query = radix_query,
    .root = radix_root,
    .enumerate = radix_enumerate,
    .invariants = radix_invariants,
    .default_format = "vmsa-4k-48",
    .accepts = radix_accepts,
    .blocks = radix_blocks,
};

const struct pagetable_class pagetable_radix_keeps_tables = {
    .abi_version = PAGETABLE_ABI_VERSION,
    .struct_bytes = sizeof(struct pagetable_class),
    .name = "radix-keeps-tables",
    .summary = "multi-level radix table, keeps empty tables",
    .state_bytes = sizeof(struct radix),
    .releases_empty_tables = false,
    .create = radix_keeps_tables_create,
    .destroy = radix_destroy,
    .map = radix_map,
    .unmap = radix_unmap,
    .protect = radix_protect,
    .query = radix_query,
    .root = radix_root,
    .enumerate = radix_enumerate,
    .invariants = radix_invariants,
    .default_format = "vmsa-4k-48",
    .accepts = radix_accepts,
    .blocks = radix_blocks,
};
