#include "pagetables/radix.h"

/* ---- The environment's answers as results ---- */

static enum pagetable_result result_of(int error)
{
    if (error == ENVIRONMENT_OK)
        return PAGETABLE_OK;
    return error == ENVIRONMENT_NO_MEMORY ? PAGETABLE_NO_MEMORY : PAGETABLE_ENVIRONMENT;
}

static enum pagetable_result first_of(enum pagetable_result first, enum pagetable_result second)
{
    return first != PAGETABLE_OK ? first : second;
}

static enum pagetable_result read_word(const struct environment *environment, uint64_t pa, uint64_t *word)
{
    return result_of(environment->operations->read(environment->context, pa, word));
}

static enum pagetable_result write_word(const struct environment *environment, uint64_t pa, uint64_t word)
{
    return result_of(environment->operations->write(environment->context, pa, word));
}

static enum pagetable_result barrier(const struct environment *environment, enum barrier_kind kind)
{
    return result_of(environment->operations->barrier(environment->context, kind));
}

/* Runs `operation` between lock and unlock: `return leave(radix, environment, operation)` after a good
 * `enter`. */
static enum pagetable_result enter(const struct radix *radix, const struct environment *environment)
{
    return result_of(environment->operations->lock(environment->context, radix->lock));
}

static enum pagetable_result leave(const struct radix *radix, const struct environment *environment,
                                   enum pagetable_result result)
{
    return first_of(result, result_of(environment->operations->unlock(environment->context, radix->lock)));
}

/* ---- The path from the root to an address ---- */

/* Where the entries of one address stand; `depth` is that of `entry`, the last one that was read. */
struct path {
    uint64_t slot[ENTRY_LEVELS_MAX]; /* physical address of the entry, by depth */
    uint64_t word;                   /* of the last entry */
    struct entry entry;              /* decoded */
    unsigned depth;
};

static unsigned last_depth(const struct radix *radix)
{
    return radix->format->levels - 1u;
}

static uint64_t slot_of(const struct radix *radix, unsigned depth, uint64_t table, uint64_t va)
{
    return table + entry_index(&radix->format->level[depth], va) * ENTRY_BYTES;
}

/* The table that holds the path's entry at `depth`. */
static uint64_t table_of(const struct radix *radix, const struct path *path, unsigned depth)
{
    return path->slot[depth] & ~(entry_table_bytes(&radix->format->level[depth]) - 1);
}

/* Reads entries from the root down to the first one that is no table, or to `limit`. */
static enum pagetable_result descend(const struct radix *radix, const struct environment *environment,
                                     uint64_t va, unsigned limit, struct path *path)
{
    uint64_t table = radix->root;
    for (unsigned depth = 0;; depth++) {
        path->depth = depth;
        path->slot[depth] = slot_of(radix, depth, table, va);
        enum pagetable_result result = read_word(environment, path->slot[depth], &path->word);
        if (result != PAGETABLE_OK)
            return result;
        path->entry = radix->format->decode(&radix->format->level[depth], path->word);
        if (path->entry.kind != ENTRY_TABLE || depth == limit)
            return PAGETABLE_OK;
        table = path->entry.table;
    }
}

/* The leaf that contains `va`, as the end of the path. */
static enum pagetable_result descend_to_leaf(const struct radix *radix, const struct environment *environment,
                                             uint64_t va, struct path *path)
{
    enum pagetable_result result = descend(radix, environment, va, last_depth(radix), path);
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

/* The leaf whose mapping has its base at `va`. */
static enum pagetable_result descend_to_base(const struct radix *radix, const struct environment *environment,
                                             uint64_t va, struct path *path)
{
    enum pagetable_result result = descend_to_leaf(radix, environment, va, path);
    if (result == PAGETABLE_OK && va & (frame_size_bytes(&path->entry.frame) - 1))
        return PAGETABLE_NOT_MAPPED;
    return result;
}

/* ---- Invalidation ---- */

/* After a store to an entry: makes it visible to walks, drops what was cached of the old one, waits for that.
 */
static enum pagetable_result invalidate(const struct environment *environment,
                                        const struct invalidation *what)
{
    enum pagetable_result result = barrier(environment, BARRIER_DSB_ISHST);
    if (result == PAGETABLE_OK)
        result = result_of(environment->operations->invalidate(environment->context, what));
    if (result == PAGETABLE_OK)
        result = barrier(environment, BARRIER_DSB_ISH);
    return result;
}

static struct invalidation of_address(const struct radix *radix, uint64_t va, bool global)
{
    struct invalidation what = {.va = va, .asid = radix->asid, .broadcast = true};
    what.scope = global ? INVALIDATE_VA_ALL_ASIDS : INVALIDATE_VA;
    return what;
}

static struct invalidation of_address_space(const struct radix *radix, bool global)
{
    struct invalidation what = {.asid = radix->asid, .broadcast = true};
    what.scope = global ? INVALIDATE_ALL : INVALIDATE_ASID;
    return what;
}

/* ---- Counts ---- */

/* What an operation leaves of a table's count. */
struct count {
    uint64_t pa; /* 0: the root's, which is not kept */
    uint64_t used;
};

/* Reads the count of a table and adds `change`, which the operation is about to make. */
static enum pagetable_result read_count(const struct radix *radix, const struct environment *environment,
                                        unsigned depth, uint64_t table, int change, struct count *count)
{
    *count = (struct count){.pa = 0};
    if (depth == 0)
        return PAGETABLE_OK;
    count->pa = radix_count_of(radix->format, depth, table);
    enum pagetable_result result = read_word(environment, count->pa, &count->used);
    if (result != PAGETABLE_OK)
        return result;
    count->used += (uint64_t)change; /* 0 - 1 is above every count */
    return count->used <= UINT64_C(1) << radix->format->level[depth].index_bits ? PAGETABLE_OK
                                                                                : PAGETABLE_CORRUPT;
}

static enum pagetable_result write_count(const struct environment *environment, const struct count *count)
{
    return count->pa ? write_word(environment, count->pa, count->used) : PAGETABLE_OK;
}

/* ---- Tables ---- */

static enum pagetable_result release(const struct radix *radix, const struct environment *environment,
                                     unsigned depth, uint64_t table)
{
    uint64_t size_bytes = radix_block_bytes(radix->format, depth);
    return result_of(environment->operations->release_table(environment->context, table, size_bytes));
}

/* Whether some leaf in a table or below it is global. */
static enum pagetable_result find_global(const struct radix *radix, const struct environment *environment,
                                         unsigned depth, uint64_t table, bool *global)
{
    const struct entry_level *level = &radix->format->level[depth];
    for (uint64_t offset = 0; offset < entry_table_bytes(level); offset += ENTRY_BYTES) {
        uint64_t word;
        enum pagetable_result result = read_word(environment, table + offset, &word);
        if (result != PAGETABLE_OK)
            return result;
        struct entry entry = radix->format->decode(level, word);
        if (entry.kind == ENTRY_RESERVED ||
            (entry.kind == ENTRY_TABLE && !entry_has_depth(radix->format, depth + 1)))
            return PAGETABLE_CORRUPT;
        if (entry.kind == ENTRY_TABLE)
            result = find_global(radix, environment, depth + 1, entry.table, global);
        if (result != PAGETABLE_OK)
            return result;
        *global |= entry.kind == ENTRY_LEAF && entry.frame.attributes & FRAME_GLOBAL;
    }
    return PAGETABLE_OK;
}

/* Releases a table, which no walk can reach any more, and all tables below it. */
static enum pagetable_result release_all(const struct radix *radix, const struct environment *environment,
                                         unsigned depth, uint64_t table)
{
    const struct entry_level *level = &radix->format->level[depth];
    enum pagetable_result first = PAGETABLE_OK;
    bool tables_below = entry_has_depth(radix->format, depth + 1);
    for (uint64_t offset = 0; tables_below && offset < entry_table_bytes(level); offset += ENTRY_BYTES) {
        uint64_t word;
        enum pagetable_result result = read_word(environment, table + offset, &word);
        if (result != PAGETABLE_OK)
            return first_of(first, result);
        struct entry entry = radix->format->decode(level, word);
        if (entry.kind == ENTRY_TABLE)
            first = first_of(first, release_all(radix, environment, depth + 1, entry.table));
    }
    return first_of(first, release(radix, environment, depth, table));
}

/* ---- map ---- */

/* The depth whose entries map frames of this size; `levels` if there is none. */
static unsigned depth_of_size(const struct radix *radix, unsigned size_lg2)
{
    unsigned depth = 0;
    while (depth < radix->format->levels &&
           !(radix->format->level[depth].leaf && radix->format->level[depth].span_lg2 == size_lg2))
        depth++;
    return depth;
}

/* Tables that are not linked yet, from the lowest one up; `word` is what the entry above them must become. */
struct chain {
    uint64_t table[ENTRY_LEVELS_MAX]; /* by depth */
    unsigned lowest;                  /* depth of the lowest table */
    unsigned highest;                 /* of the highest; lowest + 1 if there is none */
    uint64_t word;
};

static enum pagetable_result drop_chain(const struct radix *radix, const struct environment *environment,
                                        const struct chain *chain)
{
    enum pagetable_result first = PAGETABLE_OK;
    for (unsigned depth = chain->highest; depth <= chain->lowest; depth++)
        first = first_of(first, release(radix, environment, depth, chain->table[depth]));
    return first;
}

/* One more table on top of the chain, with one entry, which refers to what is below it. */
static enum pagetable_result extend_chain(const struct radix *radix, const struct environment *environment,
                                          uint64_t va, struct chain *chain)
{
    unsigned depth = chain->highest - 1;
    uint64_t *table = &chain->table[depth];
    uint64_t size_bytes = radix_block_bytes(radix->format, depth);
    int error = environment->operations->allocate_table(environment->context, size_bytes, table);
    if (error != ENVIRONMENT_OK)
        return result_of(error);
    chain->highest = depth;
    enum pagetable_result result = write_word(environment, slot_of(radix, depth, *table, va), chain->word);
    const struct count count = {.pa = radix_count_of(radix->format, depth, *table), .used = 1};
    if (result == PAGETABLE_OK)
        result = write_count(environment, &count);
    chain->word = radix->format->encode_table(*table);
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
        result = barrier(environment, BARRIER_DSB_ISHST);
    return result;
}

/* Puts the leaf where the path ends, which is an invalid entry at or above the leaf's depth; `count` is that
 * of the table of this entry, with it. */
static enum pagetable_result link_leaf(const struct radix *radix, const struct environment *environment,
                                       uint64_t va, const struct path *path, struct chain *chain,
                                       const struct count *count)
{
    enum pagetable_result result = build_chain(radix, environment, va, path->depth, chain);
    if (result == PAGETABLE_OK)
        result = write_word(environment, path->slot[path->depth], chain->word);
    if (result != PAGETABLE_OK) {
        enum pagetable_result undone = drop_chain(radix, environment, chain);
        return undone == PAGETABLE_OK ? result : undone;
    }
    result = write_count(environment, count);
    /* D8.17 I_WZCBG: an invalid entry is never cached, so there is nothing to invalidate. */
    if (result == PAGETABLE_OK)
        result = barrier(environment, BARRIER_DSB_ISHST);
    return result == PAGETABLE_OK ? barrier(environment, BARRIER_ISB) : result;
}

/*
 * Removes the table where the path ends, to make room for a block, if it is empty. Nothing in this file
 * leaves an empty table behind. The entry is in use before and after: the count of its own table stays.
 */
static enum pagetable_result clear_empty_table(const struct radix *radix,
                                               const struct environment *environment, const struct path *path)
{
    struct count below;
    enum pagetable_result result =
        read_count(radix, environment, path->depth + 1, path->entry.table, 0, &below);
    if (result != PAGETABLE_OK)
        return result;
    if (below.used > 0)
        return PAGETABLE_OVERLAP;
    result = write_word(environment, path->slot[path->depth], 0);
    /* Walk caches may hold any entry below, for addresses that one TLBI by address would not name. */
    struct invalidation what = of_address_space(radix, false);
    if (result == PAGETABLE_OK)
        result = invalidate(environment, &what);
    if (result == PAGETABLE_OK)
        result = release(radix, environment, path->depth + 1, path->entry.table);
    return result;
}

static enum pagetable_result map_locked(const struct radix *radix, const struct environment *environment,
                                        uint64_t va, const struct frame *frame)
{
    unsigned depth = depth_of_size(radix, frame->size_lg2);
    if (depth == radix->format->levels)
        return PAGETABLE_BAD_SIZE;
    struct chain chain = {.lowest = depth, .highest = depth + 1};
    if (!radix->format->encode_leaf(&radix->format->level[depth], frame, &chain.word))
        return PAGETABLE_UNSUPPORTED;
    struct path path;
    enum pagetable_result result = descend(radix, environment, va, depth, &path);
    if (result != PAGETABLE_OK)
        return result;
    if (path.entry.kind == ENTRY_LEAF)
        return PAGETABLE_OVERLAP;
    if (path.entry.kind == ENTRY_RESERVED)
        return PAGETABLE_CORRUPT;
    struct count count = {.pa = 0};
    if (path.entry.kind == ENTRY_TABLE)
        result = clear_empty_table(radix, environment, &path);
    else
        result = read_count(radix, environment, path.depth, table_of(radix, &path, path.depth), 1, &count);
    return result == PAGETABLE_OK ? link_leaf(radix, environment, va, &path, &chain, &count) : result;
}

/* ---- unmap ---- */

/* The least depth whose entry must be cleared: all tables below it hold nothing but the leaf. `count` is that
 * of the table of this entry, without it. */
static enum pagetable_result find_cut(const struct radix *radix, const struct environment *environment,
                                      const struct path *path, unsigned *cut, struct count *count)
{
    for (*cut = path->depth;; (*cut)--) {
        enum pagetable_result result =
            read_count(radix, environment, *cut, table_of(radix, path, *cut), -1, count);
        if (result != PAGETABLE_OK || count->used > 0 || *cut == 0)
            return result;
    }
}

static enum pagetable_result unmap_locked(const struct radix *radix, const struct environment *environment,
                                          uint64_t va)
{
    struct path path;
    unsigned cut = 0;
    struct count count;
    enum pagetable_result result = descend_to_base(radix, environment, va, &path);
    if (result == PAGETABLE_OK)
        result = find_cut(radix, environment, &path, &cut, &count);
    if (result != PAGETABLE_OK)
        return result;
    result = write_word(environment, path.slot[path.depth], 0);
    if (result == PAGETABLE_OK && cut < path.depth)
        result = write_word(environment, path.slot[cut], 0);
    if (result == PAGETABLE_OK)
        result = write_count(environment, &count);
    struct invalidation what = of_address(radix, va, path.entry.frame.attributes & FRAME_GLOBAL);
    if (result == PAGETABLE_OK)
        result = invalidate(environment, &what);
    if (result == PAGETABLE_OK)
        result = barrier(environment, BARRIER_ISB);
    if (result != PAGETABLE_OK)
        return result;
    /* No walk, walk cache or TLB knows these tables any more. */
    for (unsigned depth = path.depth; depth > cut; depth--)
        result = first_of(result, release(radix, environment, depth, table_of(radix, &path, depth)));
    return result;
}

/* ---- protect ---- */

static enum pagetable_result replace_leaf(const struct radix *radix, const struct environment *environment,
                                          uint64_t va, const struct path *path, uint64_t word)
{
    uint64_t slot = path->slot[path->depth];
    struct frame before = path->entry.frame;
    struct frame after = radix->format->decode(&radix->format->level[path->depth], word).frame;
    struct invalidation what = of_address(radix, va, (before.attributes | after.attributes) & FRAME_GLOBAL);
    bool through_invalid = radix->format->must_break(path->word, word);
    enum pagetable_result result = write_word(environment, slot, through_invalid ? 0 : word);
    if (result == PAGETABLE_OK)
        result = invalidate(environment, &what);
    if (result == PAGETABLE_OK && through_invalid)
        result = write_word(environment, slot, word);
    if (result == PAGETABLE_OK && through_invalid)
        result = barrier(environment, BARRIER_DSB_ISHST);
    return result == PAGETABLE_OK ? barrier(environment, BARRIER_ISB) : result;
}

static enum pagetable_result protect_locked(const struct radix *radix, const struct environment *environment,
                                            uint64_t va, uint32_t attributes)
{
    struct path path;
    enum pagetable_result result = descend_to_base(radix, environment, va, &path);
    if (result != PAGETABLE_OK)
        return result;
    struct frame frame = path.entry.frame;
    frame.attributes = attributes;
    uint64_t word;
    if (!radix->format->encode_leaf(&radix->format->level[path.depth], &frame, &word))
        return PAGETABLE_UNSUPPORTED;
    if (word == path.word)
        return PAGETABLE_OK;
    return replace_leaf(radix, environment, va, &path, word);
}

/* ---- The class ---- */

static enum pagetable_result radix_create(void *state, const struct environment *environment,
                                          const struct pagetable_config *config)
{
    struct radix *radix = state;
    radix->format = entry_format_of(config->format);
    radix->asid = config->asid;
    if (!radix->format)
        return PAGETABLE_UNSUPPORTED;
    const struct environment_operations *operations = environment->operations;
    uint64_t root_bytes = radix_block_bytes(radix->format, 0);
    int error = operations->allocate_table(environment->context, root_bytes, &radix->root);
    if (error != ENVIRONMENT_OK)
        return result_of(error);
    error = operations->allocate_table(environment->context, root_bytes, &radix->lock);
    if (error == ENVIRONMENT_OK)
        return PAGETABLE_OK;
    enum pagetable_result undone = release(radix, environment, 0, radix->root);
    return undone == PAGETABLE_OK ? result_of(error) : undone;
}

static enum pagetable_result radix_destroy(void *state, const struct environment *environment)
{
    const struct radix *radix = state;
    bool global = false;
    enum pagetable_result result = find_global(radix, environment, 0, radix->root, &global);
    if (result == PAGETABLE_ENVIRONMENT)
        return result;
    /* The address space's number may be used again: nothing of this one may be left under it. */
    struct invalidation what = of_address_space(radix, global || result == PAGETABLE_CORRUPT);
    enum pagetable_result invalidated = invalidate(environment, &what);
    if (invalidated != PAGETABLE_OK)
        return invalidated;
    result = first_of(result, release_all(radix, environment, 0, radix->root));
    return first_of(result, release(radix, environment, 0, radix->lock));
}

static enum pagetable_result radix_map(void *state, const struct environment *environment, uint64_t va,
                                       const struct frame *frame)
{
    const struct radix *radix = state;
    enum pagetable_result result = enter(radix, environment);
    if (result != PAGETABLE_OK)
        return result;
    return leave(radix, environment, map_locked(radix, environment, va, frame));
}

static enum pagetable_result radix_unmap(void *state, const struct environment *environment, uint64_t va)
{
    const struct radix *radix = state;
    enum pagetable_result result = enter(radix, environment);
    if (result != PAGETABLE_OK)
        return result;
    return leave(radix, environment, unmap_locked(radix, environment, va));
}

static enum pagetable_result radix_protect(void *state, const struct environment *environment, uint64_t va,
                                           uint32_t attributes)
{
    const struct radix *radix = state;
    enum pagetable_result result = enter(radix, environment);
    if (result != PAGETABLE_OK)
        return result;
    return leave(radix, environment, protect_locked(radix, environment, va, attributes));
}

static enum pagetable_result radix_query(void *state, const struct environment *environment, uint64_t va,
                                         struct mapping *found)
{
    const struct radix *radix = state;
    enum pagetable_result result = enter(radix, environment);
    if (result != PAGETABLE_OK)
        return result;
    struct path path;
    result = descend_to_leaf(radix, environment, va, &path);
    if (result == PAGETABLE_OK) {
        found->va = va & ~(frame_size_bytes(&path.entry.frame) - 1);
        found->frame = path.entry.frame;
    }
    return leave(radix, environment, result);
}

static uint64_t radix_root(const void *state)
{
    const struct radix *radix = state;
    return radix->root;
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
};
