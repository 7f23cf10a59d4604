/*
 * A page table for mmusim that works: copy this folder, give the table a name, and make it yours.
 *
 * It is a radix tree over config->entries, so it serves every format whose entries are known. It keeps what
 * it has allocated until a larger frame takes the place or the table is destroyed. mmusim calls its functions
 * as it would call an operating system's: on a simulated core, where each access to memory takes time and
 * other cores go on. What each function has to do is in <mmusim/pagetables/pagetable.h>, what it may use in
 * environment.h, the words of the format in entry.h. The preconditions (alignment, frame sizes, ranges) are
 * checked before it is called.
 */
#include <mmusim/plugin.h>

#include <inttypes.h>
#include <stdio.h>

/* All of its state that is not in physical memory: one flat block, without pointers to anything that changes.
 */
struct mytable {
    const struct entry_format *format;
    const struct walk_format *hardware;
    uint64_t root; /* physical addresses */
    uint64_t lock;
    uint16_t asid, vmid;
    bool every_asid;
};

#define LOCK_BYTES 4096

/* ---- The machine, with an error that stays: after the first one nothing more is done. ---- */

struct call {
    const struct mytable *table;
    const struct environment_operations *machine;
    void *context;
    int error;
    bool locked;
};

static struct call call_of(const void *state, const struct environment *environment)
{
    return (struct call){.table = (const struct mytable *)state,
                         .machine = environment->operations,
                         .context = environment->context};
}

static uint64_t load(struct call *call, uint64_t pa)
{
    uint64_t word = 0;
    if (!call->error)
        call->error = call->machine->read(call->context, pa, &word);
    return word;
}

static void store(struct call *call, uint64_t pa, uint64_t word)
{
    if (!call->error)
        call->error = call->machine->write(call->context, pa, word);
}

static void barrier(struct call *call, enum barrier_kind kind)
{
    if (!call->error)
        call->error = call->machine->barrier(call->context, kind);
}

static void release(struct call *call, uint64_t pa, uint64_t bytes)
{
    if (!call->error)
        call->error = call->machine->release_table(call->context, pa, bytes);
}

static struct call locked_call(const void *state, const struct environment *environment)
{
    struct call call = call_of(state, environment);
    call.error = call.machine->lock(call.context, call.table->lock);
    call.locked = !call.error;
    return call;
}

static enum pagetable_result result_of(const struct call *call, enum pagetable_result result)
{
    if (call->error == ENVIRONMENT_OK)
        return result;
    return call->error == ENVIRONMENT_NO_MEMORY ? PAGETABLE_NO_MEMORY : PAGETABLE_ENVIRONMENT;
}

/* The end of an operation: also one that failed gives the lock back. */
static enum pagetable_result unlocked(struct call *call, enum pagetable_result result)
{
    int error = call->locked ? call->machine->unlock(call->context, call->table->lock) : ENVIRONMENT_OK;
    call->error = call->error ? call->error : error;
    return result_of(call, result);
}

/* ---- Invalidations: the store before it is visible, and it is complete when this returns. ---- */

static void invalidate(struct call *call, const struct invalidation *what)
{
    if (!call->error)
        call->error = call->machine->invalidate(call->context, what);
    barrier(call, BARRIER_DSB_ISH);
}

/* Everything, tables that walk caches hold included. */
static void drop_all(struct call *call)
{
    const struct invalidation what = {.vmid = call->table->vmid,
                                      .scope =
                                          call->table->hardware->stage2 ? INVALIDATE_VMID : INVALIDATE_ALL,
                                      .broadcast = true};
    barrier(call, BARRIER_DSB_ISHST);
    invalidate(call, &what);
}

/* One page, or each entry of a run, since a TLB may hold them one by one. */
static void drop_pages(struct call *call, uint64_t va, const struct frame *frame, uint64_t step)
{
    const struct mytable *table = call->table;
    bool stage2 = table->hardware->stage2, all = table->every_asid || frame->attributes & FRAME_GLOBAL;
    struct invalidation what = {.asid = table->asid, .vmid = table->vmid, .broadcast = true};
    what.scope = stage2 ? INVALIDATE_IPA : all ? INVALIDATE_VA_ALL_ASIDS : INVALIDATE_VA;
    if (table->hardware->invalidated_whole) {
        drop_all(call);
        return;
    }
    barrier(call, BARRIER_DSB_ISHST);
    for (uint64_t offset = 0; offset < frame_size_bytes(frame); offset += step) {
        what.va = va + offset;
        if (!call->error)
            call->error = call->machine->invalidate(call->context, &what);
    }
    barrier(call, BARRIER_DSB_ISH);
    what.scope = INVALIDATE_ALL; /* stage 2: now what was made of both stages */
    if (stage2)
        invalidate(call, &what);
}

/* ---- The tree ---- */

static const struct entry_level *level_at(const struct mytable *table, unsigned depth)
{
    return &table->format->level[depth];
}

static uint64_t table_bytes(const struct call *call, unsigned depth)
{
    return entry_table_bytes(level_at(call->table, depth));
}

static uint64_t slot_of(const struct mytable *table, unsigned depth, uint64_t pa, uint64_t va)
{
    return pa + ENTRY_BYTES * entry_index(level_at(table, depth), va);
}

static struct entry decode(const struct mytable *table, unsigned depth, uint64_t word)
{
    return table->format->decode(level_at(table, depth), word);
}

/* Where the way to an address ends: the first entry that is no table, or the one at `limit`. */
struct place {
    unsigned depth;
    uint64_t slot;
    struct entry entry;
};

static struct place descend(struct call *call, uint64_t va, unsigned limit)
{
    struct place place = {.depth = 0};
    uint64_t pa = call->table->root;
    for (;; place.depth++, pa = place.entry.table) {
        place.slot = slot_of(call->table, place.depth, pa, va);
        place.entry = decode(call->table, place.depth, load(call, place.slot));
        if (place.entry.kind != ENTRY_TABLE || place.depth == limit)
            return place;
    }
}

/* The leaf that contains `va`. */
static enum pagetable_result find_leaf(struct call *call, uint64_t va, struct place *place)
{
    *place = descend(call, va, call->table->format->levels - 1u);
    if (place->entry.kind == ENTRY_LEAF)
        return PAGETABLE_OK;
    return place->entry.kind == ENTRY_INVALID ? PAGETABLE_NOT_MAPPED : PAGETABLE_CORRUPT;
}

/* And begins there. */
static enum pagetable_result find_base(struct call *call, uint64_t va, struct place *place)
{
    enum pagetable_result result = find_leaf(call, va, place);
    if (result == PAGETABLE_OK && va & (frame_size_bytes(&place->entry.frame) - 1))
        return PAGETABLE_NOT_MAPPED;
    return result;
}

/* One entry, or the entries of a run; a `step` from each to the next. */
static void store_run(struct call *call, const struct place *place, const struct frame *frame, uint64_t word,
                      uint64_t step)
{
    uint64_t entries = frame_size_bytes(frame) >> level_at(call->table, place->depth)->span_lg2;
    for (uint64_t i = 0; i < entries; i++, word += step)
        store(call, place->slot + i * ENTRY_BYTES, word);
}

static bool has_leaves(struct call *call, unsigned depth, uint64_t pa)
{
    uint64_t bytes = table_bytes(call, depth);
    for (uint64_t offset = 0; offset < bytes && !call->error; offset += ENTRY_BYTES) {
        struct entry entry = decode(call->table, depth, load(call, pa + offset));
        if (entry.kind == ENTRY_LEAF ||
            (entry.kind == ENTRY_TABLE && has_leaves(call, depth + 1, entry.table)))
            return true;
    }
    return false;
}

/* A table and all below it, which no walk can reach any more. */
static void release_tree(struct call *call, unsigned depth, uint64_t pa)
{
    uint64_t bytes = table_bytes(call, depth);
    bool below = entry_has_depth(call->table->format, depth + 1);
    for (uint64_t offset = 0; below && offset < bytes && !call->error; offset += ENTRY_BYTES) {
        struct entry entry = decode(call->table, depth, load(call, pa + offset));
        if (entry.kind == ENTRY_TABLE)
            release_tree(call, depth + 1, entry.table);
    }
    release(call, pa, bytes);
}

/* ---- map ---- */

/* The depth whose entries map frames of this size, alone or as a run. */
static unsigned depth_of(const struct mytable *table, unsigned size_lg2)
{
    unsigned depth = 0;
    for (; depth + 1u < table->format->levels; depth++) {
        const struct entry_level *level = level_at(table, depth);
        if (level->leaf && (level->span_lg2 == size_lg2 || entry_run_span_lg2(level) == size_lg2))
            break;
    }
    return depth;
}

/* Tables for the depths behind `above`, down to `depth`: all of them, or none and an error. They are zeroed.
 */
static void allocate_tables(struct call *call, unsigned above, unsigned depth, uint64_t tables[])
{
    for (unsigned i = above + 1; i <= depth; i++) {
        int error = call->machine->allocate_table(call->context, table_bytes(call, i), &tables[i]);
        if (!error)
            continue;
        while (--i > above)
            release(call, tables[i], table_bytes(call, i));
        call->error = error;
        return;
    }
}

/* Links empty tables until the way to `va` ends at `depth`. A leaf above ends it, too. */
static struct place make_way(struct call *call, uint64_t va, unsigned depth)
{
    struct place place = descend(call, va, depth);
    uint64_t tables[ENTRY_LEVELS_MAX];
    if (place.entry.kind != ENTRY_INVALID || call->error)
        return place;
    allocate_tables(call, place.depth, depth, tables);
    while (place.depth < depth && !call->error) {
        store(call, place.slot, call->table->format->encode_table(tables[place.depth + 1]));
        place.depth++;
        place.slot = slot_of(call->table, place.depth, tables[place.depth], va);
    }
    return place;
}

/* Whether nothing is mapped where the frame shall be. */
static enum pagetable_result check_free(struct call *call, const struct place *place,
                                        const struct frame *frame)
{
    uint64_t entries = frame_size_bytes(frame) >> level_at(call->table, place->depth)->span_lg2;
    for (uint64_t i = 0; i < entries; i++) {
        struct entry entry = decode(call->table, place->depth, load(call, place->slot + i * ENTRY_BYTES));
        if (entry.kind == ENTRY_RESERVED)
            return PAGETABLE_CORRUPT;
        if (entry.kind == ENTRY_LEAF ||
            (entry.kind == ENTRY_TABLE && has_leaves(call, place->depth + 1, entry.table)))
            return PAGETABLE_OVERLAP;
    }
    return PAGETABLE_OK;
}

/* Empty tables give way. A walk cache may know them: they are released when none does any more. */
static void clear_way(struct call *call, const struct place *place, const struct frame *frame)
{
    uint64_t entries = frame_size_bytes(frame) >> level_at(call->table, place->depth)->span_lg2;
    for (uint64_t i = 0; i < entries && !call->error; i++) {
        uint64_t slot = place->slot + i * ENTRY_BYTES;
        struct entry entry = decode(call->table, place->depth, load(call, slot));
        if (entry.kind != ENTRY_TABLE)
            continue;
        store(call, slot, 0);
        drop_all(call);
        release_tree(call, place->depth + 1, entry.table);
    }
}

static enum pagetable_result map(void *state, const struct environment *environment, uint64_t va,
                                 const struct frame *frame)
{
    const struct mytable *table = (const struct mytable *)state;
    unsigned depth = depth_of(table, frame->size_lg2);
    const struct entry_level *level = level_at(table, depth);
    uint64_t word;
    if (!table->format->encode_leaf(level, frame, &word))
        return PAGETABLE_UNSUPPORTED;
    struct call call = locked_call(state, environment);
    struct place place = make_way(&call, va, depth);
    if (call.error)
        return unlocked(&call, PAGETABLE_OK);
    if (place.depth < depth)
        return unlocked(&call, place.entry.kind == ENTRY_LEAF ? PAGETABLE_OVERLAP : PAGETABLE_CORRUPT);
    enum pagetable_result result = check_free(&call, &place, frame);
    if (result != PAGETABLE_OK)
        return unlocked(&call, result);
    clear_way(&call, &place, frame);
    store_run(&call, &place, frame, word, level->run_step);
    barrier(&call, BARRIER_DSB_ISHST);
    barrier(&call, BARRIER_ISB);
    return unlocked(&call, PAGETABLE_OK);
}

/* ---- unmap, protect, query ---- */

static enum pagetable_result unmap(void *state, const struct environment *environment, uint64_t va)
{
    struct call call = locked_call(state, environment);
    struct place place;
    enum pagetable_result result = find_base(&call, va, &place);
    if (call.error || result != PAGETABLE_OK)
        return unlocked(&call, result);
    uint64_t step = UINT64_C(1) << level_at(call.table, place.depth)->span_lg2;
    store_run(&call, &place, &place.entry.frame, 0, 0);
    drop_pages(&call, va, &place.entry.frame, step);
    barrier(&call, BARRIER_ISB);
    return unlocked(&call, PAGETABLE_OK);
}

/* Through invalid entries (break-before-make), which is right wherever it is not needed. */
static enum pagetable_result protect(void *state, const struct environment *environment, uint64_t va,
                                     uint32_t attributes)
{
    struct call call = locked_call(state, environment);
    struct place place;
    enum pagetable_result result = find_base(&call, va, &place);
    if (call.error || result != PAGETABLE_OK)
        return unlocked(&call, result);
    const struct entry_level *level = level_at(call.table, place.depth);
    struct frame before = place.entry.frame, after = before;
    uint64_t word;
    after.attributes = attributes;
    if (!call.table->format->encode_leaf(level, &after, &word))
        return unlocked(&call, PAGETABLE_UNSUPPORTED);
    store_run(&call, &place, &before, 0, 0);
    drop_pages(&call, va, &before, UINT64_C(1) << level->span_lg2);
    store_run(&call, &place, &after, word, level->run_step);
    barrier(&call, BARRIER_DSB_ISHST);
    barrier(&call, BARRIER_ISB);
    return unlocked(&call, PAGETABLE_OK);
}

static enum pagetable_result query(void *state, const struct environment *environment, uint64_t va,
                                   struct mapping *found)
{
    struct call call = locked_call(state, environment);
    struct place place;
    enum pagetable_result result = find_leaf(&call, va, &place);
    if (result == PAGETABLE_OK) {
        found->va = va & ~(frame_size_bytes(&place.entry.frame) - 1);
        found->frame = place.entry.frame;
    }
    return unlocked(&call, result);
}

/* ---- Making and destroying ---- */

static enum pagetable_result create(void *state, const struct environment *environment,
                                    const struct pagetable_config *config)
{
    struct mytable *table = (struct mytable *)state;
    table->format = config->entries;
    table->hardware = config->format;
    table->asid = config->asid;
    table->vmid = config->vmid;
    table->every_asid = config->every_asid;
    struct call call = call_of(state, environment);
    uint64_t root_bytes = table_bytes(&call, 0);
    call.error = call.machine->allocate_table(call.context, root_bytes, &table->root);
    if (call.error)
        return result_of(&call, PAGETABLE_OK);
    call.error = call.machine->allocate_table(call.context, LOCK_BYTES, &table->lock);
    if (call.error) /* nothing is left allocated */
        (void)call.machine->release_table(call.context, table->root, root_bytes);
    return result_of(&call, PAGETABLE_OK);
}

static enum pagetable_result destroy(void *state, const struct environment *environment)
{
    struct call call = call_of(state, environment);
    drop_all(&call); /* the ASID may be used again */
    release_tree(&call, 0, call.table->root);
    release(&call, call.table->lock, LOCK_BYTES);
    return result_of(&call, PAGETABLE_OK);
}

static uint64_t root(const void *state)
{
    return ((const struct mytable *)state)->root;
}

/* ---- Raw memory, for checks: without time, without the lock ---- */

struct view {
    const struct mytable *table;
    const struct memory_reader *memory;
    pagetable_visitor visit;
    void *context;
    char *reason;
    size_t reason_bytes;
};

/* False when the visitor wants no more. A run is proposed once, where it begins. */
static bool propose(const struct view *view, unsigned depth, uint64_t pa, uint64_t va)
{
    const struct entry_level *level = level_at(view->table, depth);
    for (uint64_t i = 0; i < UINT64_C(1) << level->index_bits; i++, va += UINT64_C(1) << level->span_lg2) {
        uint64_t word;
        if (!view->memory->read(view->memory->context, pa + i * ENTRY_BYTES, &word))
            continue;
        struct entry entry = decode(view->table, depth, word);
        struct mapping candidate = {walk_format_extend(view->table->hardware, va), entry.frame};
        candidate.frame.attributes &= FRAME_ATTRIBUTES_ALL;
        bool begins = entry.kind == ENTRY_LEAF && (va & (frame_size_bytes(&entry.frame) - 1)) == 0;
        if (begins && !view->visit(view->context, &candidate))
            return false;
        if (entry.kind == ENTRY_TABLE && entry_has_depth(view->table->format, depth + 1) &&
            !propose(view, depth + 1, entry.table, va))
            return false;
    }
    return true;
}

static enum pagetable_result enumerate(const void *state, const struct memory_reader *memory,
                                       pagetable_visitor visit, void *context)
{
    const struct mytable *table = (const struct mytable *)state;
    const struct view view = {.table = table, .memory = memory, .visit = visit, .context = context};
    (void)propose(&view, 0, table->root, 0);
    return PAGETABLE_OK;
}

/* Whether the leaf at `pa` is what map writes for its frame; or what hardware has made of that since. */
static bool is_own_leaf(const struct mytable *table, unsigned depth, uint64_t pa, uint64_t word)
{
    const struct entry_level *level = level_at(table, depth);
    struct frame frame = decode(table, depth, word).frame;
    uint64_t entries = frame_size_bytes(&frame) >> level->span_lg2, first;
    word -= pa / ENTRY_BYTES % entries * level->run_step;
    if (table->format->encode_leaf(level, &frame, &first) && first == word)
        return true;
    frame.attributes |= FRAME_CLEAN;
    return table->format->encode_leaf(level, &frame, &first) && table->format->after_store(first) == word;
}

static bool is_own(const struct mytable *table, unsigned depth, uint64_t pa, uint64_t word)
{
    struct entry entry = decode(table, depth, word);
    if (entry.kind == ENTRY_TABLE)
        return entry_has_depth(table->format, depth + 1) &&
               (word & ~table->format->table_hardware_bits) == table->format->encode_table(entry.table);
    return entry.kind == ENTRY_LEAF ? is_own_leaf(table, depth, pa, word) : word == 0;
}

/* Every word is one that this table writes, in memory that is there. */
static bool check(const struct view *view, unsigned depth, uint64_t pa)
{
    uint64_t end = pa + entry_table_bytes(level_at(view->table, depth));
    for (; pa < end; pa += ENTRY_BYTES) {
        uint64_t word = 0;
        bool there = view->memory->read(view->memory->context, pa, &word);
        if (!there || !is_own(view->table, depth, pa, word)) {
            (void)snprintf(view->reason, view->reason_bytes,
                           "the level %u entry at 0x%" PRIx64 ", 0x%" PRIx64
                           ", is none that this table writes",
                           level_at(view->table, depth)->number, pa, word);
            return false;
        }
        struct entry entry = decode(view->table, depth, word);
        if (entry.kind == ENTRY_TABLE && !check(view, depth + 1, entry.table))
            return false;
    }
    return true;
}

static enum pagetable_result invariants(const void *state, const struct memory_reader *memory, char *reason,
                                        size_t reason_bytes)
{
    const struct mytable *table = (const struct mytable *)state;
    const struct view view = {
        .table = table, .memory = memory, .reason = reason, .reason_bytes = reason_bytes};
    return check(&view, 0, table->root) ? PAGETABLE_OK : PAGETABLE_CORRUPT;
}

/* ---- What mmusim asks for ---- */

static bool accepts(const struct walk_format *format, const struct entry_format *entries)
{
    return entries != NULL;
}

static const struct pagetable_class mytable_class = {
    .abi_version = PAGETABLE_ABI_VERSION,
    .struct_bytes = sizeof(struct pagetable_class),
    .name = "mytable",
    .summary = "a radix tree that keeps its tables",
    .state_bytes = sizeof(struct mytable),
    .releases_empty_tables = false,
    .create = create,
    .destroy = destroy,
    .map = map,
    .unmap = unmap,
    .protect = protect,
    .query = query,
    .root = root,
    .enumerate = enumerate,
    .invariants = invariants,
    .default_format = "vmsa-4k-48",
    .accepts = accepts,
};

const struct mmusim_plugin *mmusim_plugin(const char **why)
{
    static const struct mmusim_plugin plugin = {.version = MMUSIM_PLUGIN_VERSION,
                                                .struct_bytes = sizeof(struct mmusim_plugin),
                                                .table = &mytable_class};
    return &plugin;
}
