/*
 * A page table for mmusim that works: copy this folder, give the table a name, and make it yours.
 *
 * It is a radix tree and accepts every format whose entries are known (see accepts). It keeps its tables
 * until a larger frame takes their place or it is destroyed.
 *
 * mmusim calls these functions as it would call an operating system's: on a simulated core, where each access
 * to memory takes time, stores become visible late, and other cores walk the tables meanwhile. What each has
 * to do is in <mmusim/pagetables/pagetable.h>, what it may use in environment.h, the words of a format in
 * entry.h. Alignment, frame sizes and ranges are checked before it is called. Sections: Arm ARM DDI 0487.
 */
#include <mmusim/plugin.h>

#include <inttypes.h>
#include <stdio.h>

/* All of its state that is not in physical memory. The root is the table at depth 0. */
struct mytable {
    const struct pagetable_config *config; /* the caller's, which keeps it */
    uint64_t root, lock;                   /* physical addresses */
};

/* ---- A call of mmusim. After its first error nothing uses the machine, so that nobody has to ask. ---- */

struct call {
    const struct mytable *table;
    const struct entry_format *entries;
    const struct environment *machine; /* of an operation; */
    const struct memory_reader *raw;   /* of a check, which takes neither time nor the lock */
    pagetable_visitor visit;           /* of enumerate: it is shown the leaves */
    void *context;
    enum pagetable_result result; /* the first error */
    uint64_t slot;                /* the entry that was read last before it */
    bool locked, stopped;
};

static struct call call_of(const struct mytable *table, const struct environment *machine,
                           const struct memory_reader *raw)
{
    return (struct call){.table = table, .entries = table->config->entries, .machine = machine, .raw = raw};
}

static void fail(struct call *call, enum pagetable_result result)
{
    if (call->result == PAGETABLE_OK)
        call->result = result;
}

static void note(struct call *call, int error)
{
    if (error != ENVIRONMENT_OK)
        fail(call, error == ENVIRONMENT_NO_MEMORY ? PAGETABLE_NO_MEMORY : PAGETABLE_ENVIRONMENT);
    call->stopped |= error == ENVIRONMENT_STOPPED;
}

static void store(struct call *call, uint64_t slot, uint64_t word)
{
    if (call->result == PAGETABLE_OK)
        note(call, call->machine->operations->write(call->machine->context, slot, word));
}

static void barrier(struct call *call, enum barrier_kind kind)
{
    if (call->result == PAGETABLE_OK)
        note(call, call->machine->operations->barrier(call->machine->context, kind));
}

/*
 * When this returns, no core uses what the stores before it took away (D8.17). The first barrier makes them
 * visible: else a walk could read the old entry again after it was dropped. The second one waits, since
 * `invalidate` only begins. ISB is for this core, which may have fetched instructions by the old entry.
 */
static void invalidate(struct call *call, enum invalidation_scope scope, uint64_t va, uint64_t size_bytes)
{
    const struct pagetable_config *config = call->table->config;
    const struct invalidation what = {
        .va = va,
        .size_bytes = size_bytes, /* a range, since TLBs may hold the entries of a run one by one */
        .asid = config->asid,
        .vmid = config->vmid,
        /* Stage 2: all, with what TLBs have made of both stages. EPT has nothing smaller. */
        .scope = config->format->stage2 ? INVALIDATE_VMID : scope,
        .broadcast = true};
    barrier(call, BARRIER_DSB_ISHST);
    if (call->result == PAGETABLE_OK)
        note(call, call->machine->operations->invalidate(call->machine->context, &what));
    barrier(call, BARRIER_DSB_ISH);
    barrier(call, BARRIER_ISB);
}

/* ---- Entries. A frame that is larger than what one entry covers is mapped by a run of them. ---- */

struct place {
    unsigned depth; /* of the table that the entry is in */
    uint64_t slot;  /* its physical address */
    struct entry entry;
};

static uint64_t run_entries(const struct entry_level *level, const struct frame *frame)
{
    return frame_size_bytes(frame) >> level->span_lg2;
}

/* Whether this table writes such a word, or hardware makes it of one that it writes: accessed, or dirty. */
static bool is_own(const struct entry_format *entries, const struct place *place, uint64_t word)
{
    const struct entry_level *level = &entries->level[place->depth];
    struct frame frame = place->entry.frame;
    uint64_t own;
    if (place->entry.kind == ENTRY_TABLE)
        return (word & ~entries->table_hardware_bits) == entries->encode_table(place->entry.table);
    if (place->entry.kind != ENTRY_LEAF)
        return word == 0;
    word -= place->slot / ENTRY_BYTES % run_entries(level, &frame) * level->run_step;
    for (uint32_t state = 0; state <= FRAME_CLEAN; state += FRAME_CLEAN) {
        frame.attributes |= state;
        if (entries->encode_leaf(level, &frame, &own) && (word == own || word == entries->after_store(own)))
            return true;
    }
    return false;
}

/* After an error an operation finds invalid entries only; a check goes on. */
static struct place load(struct call *call, unsigned depth, uint64_t slot)
{
    struct place place = {.depth = depth, .slot = slot};
    uint64_t word = 0;
    if (call->result == PAGETABLE_OK)
        call->slot = slot;
    if (call->raw && !call->raw->read(call->raw->context, slot, &word))
        fail(call, PAGETABLE_CORRUPT);
    if (call->machine && call->result == PAGETABLE_OK)
        note(call, call->machine->operations->read(call->machine->context, slot, &word));
    place.entry = call->entries->decode(&call->entries->level[depth], word);
    if (!is_own(call->entries, &place, word))
        fail(call, PAGETABLE_CORRUPT);
    return place;
}

static uint64_t slot_of(const struct call *call, unsigned depth, uint64_t table, uint64_t va)
{
    return table + ENTRY_BYTES * entry_index(&call->entries->level[depth], va);
}

/* The walker: to the first entry on the way to `va` that is no table, but not deeper than `limit`. */
static struct place find(struct call *call, uint64_t va, unsigned limit)
{
    struct place place = load(call, 0, slot_of(call, 0, call->table->root, va));
    while (place.entry.kind == ENTRY_TABLE && place.depth < limit) {
        unsigned below = place.depth + 1;
        place = load(call, below, slot_of(call, below, place.entry.table, va));
    }
    return place;
}

static struct place find_base(struct call *call, uint64_t va)
{
    struct place place = find(call, va, call->entries->levels - 1u);
    if (place.entry.kind != ENTRY_LEAF || va % frame_size_bytes(&place.entry.frame) != 0)
        fail(call, PAGETABLE_NOT_MAPPED);
    return place;
}

static uint64_t encode(struct call *call, unsigned depth, const struct frame *frame)
{
    uint64_t word = 0;
    if (!call->entries->encode_leaf(&call->entries->level[depth], frame, &word))
        fail(call, PAGETABLE_UNSUPPORTED);
    return word;
}

/* In place of invalid entries, which TLBs do not hold (D8.17 I_WZCBG; where they may, as in RISC-V, whoever
 * faults makes a fence), so nothing is invalidated. After the barriers every walk and this core find it. */
static void set_leaf(struct call *call, const struct place *place, const struct frame *frame, uint64_t word)
{
    const struct entry_level *level = &call->entries->level[place->depth];
    for (uint64_t i = 0; i < run_entries(level, frame); i++, word += level->run_step)
        store(call, place->slot + i * ENTRY_BYTES, word);
    barrier(call, BARRIER_DSB_ISHST);
    barrier(call, BARRIER_ISB);
}

static void clear_leaf(struct call *call, const struct place *place, uint64_t va)
{
    const struct frame *frame = &place->entry.frame;
    bool all_asids = call->table->config->every_asid || frame->attributes & FRAME_GLOBAL;
    for (uint64_t i = 0; i < run_entries(&call->entries->level[place->depth], frame); i++)
        store(call, place->slot + i * ENTRY_BYTES, 0);
    invalidate(call, all_asids ? INVALIDATE_VA_ALL_ASIDS : INVALIDATE_VA, va, frame_size_bytes(frame));
}

/* ---- Tables ---- */

static uint64_t entries_at(const struct call *call, unsigned depth)
{
    return UINT64_C(1) << call->entries->level[depth].index_bits;
}

/* The lock is behind the root, in the same allocation. */
static uint64_t table_bytes(const struct call *call, unsigned depth)
{
    return entries_at(call, depth) * ENTRY_BYTES * (depth == 0 ? 2 : 1);
}

static bool allocate(struct call *call, unsigned depth, uint64_t *table)
{
    const struct environment *machine = call->machine;
    if (call->result == PAGETABLE_OK)
        note(call, machine->operations->allocate_table(machine->context, table_bytes(call, depth), table));
    return call->result == PAGETABLE_OK;
}

/*
 * Links new tables until `place` is at `depth`, or there is an error and none of them. They are zero, which
 * is invalid, and until the leaf is there a walk faults whatever it sees of these stores: their order makes
 * no difference. Whoever fills a table before it is linked has to put a DSB ISHST between.
 */
static void make_way(struct call *call, struct place *place, unsigned depth, uint64_t va)
{
    const struct environment *machine = call->machine;
    uint64_t tables[ENTRY_LEVELS_MAX] = {0};
    unsigned next = place->depth + 1;
    while (next <= depth && allocate(call, next, &tables[next]))
        next++;
    while (call->result != PAGETABLE_OK && !call->stopped && --next > place->depth)
        (void)machine->operations->release_table(machine->context, tables[next], table_bytes(call, next));
    while (place->depth < depth) {
        store(call, place->slot, call->entries->encode_table(tables[++place->depth]));
        place->slot = slot_of(call, place->depth, tables[place->depth], va);
    }
}

/* With the tables below it. No walk may come to it any more. */
static void release(struct call *call, unsigned depth, uint64_t table)
{
    const struct environment *machine = call->machine;
    bool has_tables = depth + 1u < call->entries->levels;
    for (uint64_t i = 0; has_tables && i < entries_at(call, depth); i++) {
        struct place place = load(call, depth, table + i * ENTRY_BYTES);
        if (place.entry.kind == ENTRY_TABLE)
            release(call, depth + 1, place.entry.table);
    }
    if (call->result == PAGETABLE_OK)
        note(call, machine->operations->release_table(machine->context, table, table_bytes(call, depth)));
}

/* Empty tables give way to a frame. Walk caches may hold them, in RISC-V also after an invalidation by
 * address: all is invalidated before they are released. */
static void make_room(struct call *call, const struct place *first, uint64_t entries)
{
    for (uint64_t i = 0; i < entries; i++) {
        struct place place = load(call, first->depth, first->slot + i * ENTRY_BYTES);
        if (place.entry.kind != ENTRY_TABLE)
            continue;
        store(call, place.slot, 0);
        invalidate(call, INVALIDATE_ALL, 0, 0);
        release(call, place.depth + 1, place.entry.table);
    }
}

/* Shows a leaf to the visitor of a check; of a run, where it begins. False: no more, as an operation wants
 * that only asks whether there is one. */
static bool show(const struct call *call, uint64_t va, const struct frame *frame)
{
    struct mapping found = {walk_format_extend(call->table->config->format, va), *frame};
    found.frame.attributes &= FRAME_ATTRIBUTES_ALL;
    bool begins = va % frame_size_bytes(frame) == 0;
    return call->raw && (!call->visit || !begins || call->visit(call->context, &found));
}

/* Shows the leaves of these entries, which begin with that of `va`, and of the tables below. */
static bool scan(struct call *call, unsigned depth, uint64_t slot, uint64_t entries, uint64_t va)
{
    for (uint64_t i = 0; i < entries; i++, va += UINT64_C(1) << call->entries->level[depth].span_lg2) {
        struct entry entry = load(call, depth, slot + i * ENTRY_BYTES).entry;
        if (entry.kind == ENTRY_LEAF && !show(call, va, &entry.frame))
            return false;
        if (entry.kind == ENTRY_TABLE && entry_has_depth(call->entries, depth + 1) &&
            !scan(call, depth + 1, entry.table, entries_at(call, depth + 1), va))
            return false;
    }
    return true;
}

/* ---- Operations: one after the other, by a lock that walks do not ask for ---- */

static struct call begin(const void *state, const struct environment *machine)
{
    struct call call = call_of(state, machine, NULL);
    note(&call, machine->operations->lock(machine->context, call.table->lock));
    call.locked = call.result == PAGETABLE_OK;
    return call;
}

/* Whatever failed, the lock is given back. */
static enum pagetable_result end(struct call *call)
{
    if (call->locked)
        note(call, call->machine->operations->unlock(call->machine->context, call->table->lock));
    return call->result;
}

static enum pagetable_result map(void *state, const struct environment *machine, uint64_t va,
                                 const struct frame *frame)
{
    struct call call = begin(state, machine);
    unsigned depth = 0; /* whose entries map frames of this size, alone or as a run */
    while (call.entries->level[depth].span_lg2 > frame->size_lg2)
        depth++;
    uint64_t word = encode(&call, depth, frame);
    struct place place = find(&call, va, depth);
    uint64_t entries = run_entries(&call.entries->level[place.depth], frame); /* 0: it is above `depth` */
    if (place.entry.kind == ENTRY_LEAF || !scan(&call, place.depth, place.slot, entries, va))
        fail(&call, PAGETABLE_OVERLAP);
    make_room(&call, &place, entries);
    make_way(&call, &place, depth, va);
    set_leaf(&call, &place, frame, word);
    return end(&call);
}

static enum pagetable_result unmap(void *state, const struct environment *machine, uint64_t va)
{
    struct call call = begin(state, machine);
    struct place place = find_base(&call, va);
    clear_leaf(&call, &place, va);
    return end(&call);
}

/* Through invalid entries (break-before-make), which is right also where must_break does not ask for it. */
static enum pagetable_result protect(void *state, const struct environment *machine, uint64_t va,
                                     uint32_t attributes)
{
    struct call call = begin(state, machine);
    struct place place = find_base(&call, va);
    struct frame frame = place.entry.frame;
    frame.attributes = attributes;
    uint64_t word = encode(&call, place.depth, &frame);
    clear_leaf(&call, &place, va);
    set_leaf(&call, &place, &frame, word);
    return end(&call);
}

static enum pagetable_result query(void *state, const struct environment *machine, uint64_t va,
                                   struct mapping *found)
{
    struct call call = begin(state, machine);
    struct entry entry = find(&call, va, call.entries->levels - 1u).entry;
    if (entry.kind != ENTRY_LEAF)
        fail(&call, PAGETABLE_NOT_MAPPED);
    *found = (struct mapping){.va = va & ~(frame_size_bytes(&entry.frame) - 1), .frame = entry.frame};
    return end(&call);
}

static enum pagetable_result create(void *state, const struct environment *machine,
                                    const struct pagetable_config *config)
{
    struct mytable *table = state;
    *table = (struct mytable){.config = config};
    struct call call = call_of(table, machine, NULL);
    (void)allocate(&call, 0, &table->root);
    table->lock = table->root + table_bytes(&call, 0) / 2;
    return call.result;
}

/* Nobody uses the table any more, but TLBs hold its entries, and its ASID may be given away again. */
static enum pagetable_result destroy(void *state, const struct environment *machine)
{
    struct call call = call_of(state, machine, NULL);
    invalidate(&call, INVALIDATE_ALL, 0, 0);
    release(&call, 0, call.table->root);
    return call.result;
}

static uint64_t root(const void *state)
{
    return ((const struct mytable *)state)->root;
}

/* ---- Checks, of memory as it is; others may have damaged it ---- */

/* Candidates: mmusim asks hardware whether they are mappings. */
static enum pagetable_result enumerate(const void *state, const struct memory_reader *memory,
                                       pagetable_visitor visit, void *context)
{
    struct call call = call_of(state, NULL, memory);
    call.visit = visit;
    call.context = context;
    (void)scan(&call, 0, call.table->root, entries_at(&call, 0), 0);
    return PAGETABLE_OK;
}

static enum pagetable_result invariants(const void *state, const struct memory_reader *memory, char *reason,
                                        size_t reason_bytes)
{
    struct call call = call_of(state, NULL, memory);
    (void)scan(&call, 0, call.table->root, entries_at(&call, 0), 0);
    if (call.result != PAGETABLE_OK)
        (void)snprintf(reason, reason_bytes, "the entry at 0x%" PRIx64 " is none that this table writes",
                       call.slot);
    return call.result;
}

static bool show_blocks(struct call *call, unsigned depth, uint64_t table, pagetable_block_visitor visit,
                        void *context)
{
    bool more = visit(context, table, table_bytes(call, depth));
    for (uint64_t i = 0; more && entry_has_depth(call->entries, depth + 1) && i < entries_at(call, depth);
         i++) {
        struct entry entry = load(call, depth, table + i * ENTRY_BYTES).entry;
        more = entry.kind != ENTRY_TABLE || show_blocks(call, depth + 1, entry.table, visit, context);
    }
    return more;
}

/* The memory that it reaches: what else it was given is lost, and mmusim says so. */
static enum pagetable_result blocks(const void *state, const struct memory_reader *memory,
                                    pagetable_block_visitor visit, void *context)
{
    struct call call = call_of(state, NULL, memory);
    (void)show_blocks(&call, 0, call.table->root, visit, context);
    return call.result;
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
    .blocks = blocks,
};

const struct mmusim_plugin *mmusim_plugin(const char **why)
{
    static const struct mmusim_plugin plugin = {
        .version = MMUSIM_PLUGIN_VERSION, .struct_bytes = sizeof plugin, .table = &mytable_class};
    return &plugin;
}
