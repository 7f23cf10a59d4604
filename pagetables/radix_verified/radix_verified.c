/*
 * "radix-verified": the algorithm of the page table of syswonder/verified-pt (Rust, proved with Verus), for
 * VMSAv8-64 stage 2 with the 4 KiB granule and 3 or 4 levels.
 *
 * Written from its description and behaviour, in the order of its memory operations and with what it accepts:
 *
 * map      descends; where an entry is invalid it allocates a table, links it, and then descends into it;
 *          writes the leaf.
 * unmap    descends and clears the leaf; then prunes: descends again and, coming back up, releases a child
 *          table that is empty and after that clears the entry which points to it.
 * query    the leaf that contains the address, with the attributes that its entry decodes to.
 * protect  query, unmap, and map with the new attributes.
 *
 * Its proof speaks of tables in memory that everybody sees at once. What it takes on trust is here as small
 * as it takes it: there are no barriers and no lock, and only after an unmap, as the specification of the
 * low-level machine demands ("the TLB doesn't contain the unmapped frame; normally, hypervisor ensures this
 * using specific instructions"), the hypervisor's invalidation follows.
 *
 * What that hides is shown in pagetables/README.md. The built-in table "radix" has the corrected order.
 */
#include <stdio.h>

#include <mmusim/plugin.h>

#define LEVELS_MAX  4u
#define TABLE_BYTES UINT64_C(4096)
#define ENTRIES     512u

/* Descriptors of stage 2: Arm ARM DDI 0487 L.b, D8.3.1.1 and D8.3.1.2. */
#define VALID     (UINT64_C(1) << 0)
#define NON_BLOCK (UINT64_C(1) << 1)
#define MEM_ATTR  (UINT64_C(15) << 2)
#define DEVICE    (UINT64_C(1) << 2)
#define NORMAL    (UINT64_C(15) << 2)
#define S2AP_R    (UINT64_C(1) << 6)
#define S2AP_W    (UINT64_C(1) << 7)
#define INNER     (UINT64_C(3) << 8)
#define AF        (UINT64_C(1) << 10)
#define ADDRESS   UINT64_C(0x0000fffffffff000)

struct verified {
    uint64_t root;
    uint16_t vmid;
    uint8_t levels;
};

/* ---- The arch: levels count from the root, which is 0 ---- */

static unsigned frame_size_lg2(const struct verified *table, unsigned level)
{
    return 12u + 9u * (table->levels - 1u - level);
}

static uint64_t slot_of(const struct verified *table, uint64_t va, uint64_t base, unsigned level)
{
    return base + (va >> frame_size_lg2(table, level) & (ENTRIES - 1)) * 8;
}

static bool is_last(const struct verified *table, unsigned level)
{
    return level + 1u >= table->levels;
}

/* ---- Entries ---- */

static bool is_huge(uint64_t entry)
{
    return !(entry & NON_BLOCK);
}

/* Nothing of it says who may execute, or whether users may: all may, whatever was asked for. */
static uint64_t entry_of(uint64_t base, uint32_t attributes, bool huge)
{
    uint64_t entry = (base & ADDRESS) | VALID | AF;
    entry |= attributes & FRAME_DEVICE ? DEVICE : NORMAL | INNER;
    entry |= attributes & FRAME_READABLE ? S2AP_R : 0;
    entry |= attributes & FRAME_WRITABLE ? S2AP_W : 0;
    return huge ? entry : entry | NON_BLOCK;
}

/* As the entry decodes: user-accessible, never executable. */
static uint32_t attributes_of(uint64_t entry)
{
    return FRAME_USER | (entry & S2AP_R ? FRAME_READABLE : 0) | (entry & S2AP_W ? FRAME_WRITABLE : 0) |
           ((entry & MEM_ATTR) == DEVICE ? FRAME_DEVICE : 0);
}

/* ---- The environment ---- */

static enum pagetable_result result_of(int error)
{
    if (error == ENVIRONMENT_OK)
        return PAGETABLE_OK;
    return error == ENVIRONMENT_NO_MEMORY ? PAGETABLE_NO_MEMORY : PAGETABLE_ENVIRONMENT;
}

static enum pagetable_result read_word(const struct environment *environment, uint64_t pa, uint64_t *word)
{
    return result_of(environment->operations->read(environment->context, pa, word));
}

static enum pagetable_result write_word(const struct environment *environment, uint64_t pa, uint64_t word)
{
    return result_of(environment->operations->write(environment->context, pa, word));
}

static enum pagetable_result allocate(const struct environment *environment, uint64_t *base)
{
    return result_of(environment->operations->allocate_table(environment->context, TABLE_BYTES, base));
}

static enum pagetable_result release(const struct environment *environment, uint64_t base)
{
    return result_of(environment->operations->release_table(environment->context, base, TABLE_BYTES));
}

/* ---- map ---- */

static enum pagetable_result insert(const struct verified *table, const struct environment *environment,
                                    uint64_t va, uint64_t base, unsigned level, unsigned target,
                                    uint64_t leaf)
{
    uint64_t slot = slot_of(table, va, base, level), entry, child;
    enum pagetable_result result = read_word(environment, slot, &entry);
    if (result != PAGETABLE_OK)
        return result;
    if (level >= target)
        return entry & VALID ? PAGETABLE_OVERLAP : write_word(environment, slot, leaf);
    if (entry & VALID)
        return is_huge(entry) ? PAGETABLE_OVERLAP
                              : insert(table, environment, va, entry & ADDRESS, level + 1, target, leaf);
    result = allocate(environment, &child);
    if (result == PAGETABLE_OK)
        result = write_word(environment, slot, entry_of(child, 0, false));
    return result == PAGETABLE_OK ? insert(table, environment, va, child, level + 1, target, leaf) : result;
}

static unsigned level_of_size(const struct verified *table, unsigned size_lg2)
{
    unsigned level = 0;
    while (!is_last(table, level) && frame_size_lg2(table, level) != size_lg2)
        level++;
    return level;
}

static enum pagetable_result verified_map(void *state, const struct environment *environment, uint64_t va,
                                          const struct frame *frame)
{
    const struct verified *table = state;
    unsigned target = level_of_size(table, frame->size_lg2);
    uint64_t leaf = entry_of(frame->base, frame->attributes, !is_last(table, target));
    return insert(table, environment, va, table->root, 0, target, leaf);
}

/* ---- unmap ---- */

static enum pagetable_result remove_leaf(const struct verified *table, const struct environment *environment,
                                         uint64_t va, uint64_t base, unsigned level)
{
    uint64_t slot = slot_of(table, va, base, level), entry;
    enum pagetable_result result = read_word(environment, slot, &entry);
    if (result != PAGETABLE_OK)
        return result;
    if (!(entry & VALID))
        return PAGETABLE_NOT_MAPPED;
    if (!is_last(table, level) && !is_huge(entry))
        return remove_leaf(table, environment, va, entry & ADDRESS, level + 1);
    bool aligned = (va & ((UINT64_C(1) << frame_size_lg2(table, level)) - 1)) == 0;
    return aligned ? write_word(environment, slot, 0) : PAGETABLE_NOT_MAPPED;
}

static enum pagetable_result is_table_empty(const struct environment *environment, uint64_t base, bool *empty)
{
    *empty = true;
    for (uint64_t offset = 0; *empty && offset < TABLE_BYTES; offset += 8) {
        uint64_t word;
        enum pagetable_result result = read_word(environment, base + offset, &word);
        if (result != PAGETABLE_OK)
            return result;
        *empty = word == 0;
    }
    return PAGETABLE_OK;
}

static enum pagetable_result prune(const struct verified *table, const struct environment *environment,
                                   uint64_t va, uint64_t base, unsigned level)
{
    uint64_t slot = slot_of(table, va, base, level), entry;
    bool empty = false;
    enum pagetable_result result = read_word(environment, slot, &entry);
    if (result != PAGETABLE_OK || is_last(table, level) || !(entry & VALID) || is_huge(entry))
        return result;
    uint64_t child = entry & ADDRESS;
    result = prune(table, environment, va, child, level + 1);
    if (result == PAGETABLE_OK)
        result = is_table_empty(environment, child, &empty);
    if (result != PAGETABLE_OK || !empty)
        return result;
    result = release(environment, child);
    return result == PAGETABLE_OK ? write_word(environment, slot, 0) : result;
}

/* The hypervisor's part: what walks and TLBs know of the address is gone when this returns (D8.17.5). */
static enum pagetable_result evict(const struct verified *table, const struct environment *environment,
                                   uint64_t va)
{
    const struct environment_operations *operations = environment->operations;
    struct invalidation what = {.va = va, .vmid = table->vmid, .scope = INVALIDATE_IPA, .broadcast = true};
    int error = operations->barrier(environment->context, BARRIER_DSB_ISHST);
    if (error == ENVIRONMENT_OK)
        error = operations->invalidate(environment->context, &what);
    if (error == ENVIRONMENT_OK)
        error = operations->barrier(environment->context, BARRIER_DSB_ISH);
    what.scope = INVALIDATE_ALL;
    if (error == ENVIRONMENT_OK)
        error = operations->invalidate(environment->context, &what);
    if (error == ENVIRONMENT_OK)
        error = operations->barrier(environment->context, BARRIER_DSB_ISH);
    if (error == ENVIRONMENT_OK)
        error = operations->barrier(environment->context, BARRIER_ISB);
    return result_of(error);
}

static enum pagetable_result verified_unmap(void *state, const struct environment *environment, uint64_t va)
{
    const struct verified *table = state;
    enum pagetable_result result = remove_leaf(table, environment, va, table->root, 0);
    if (result == PAGETABLE_OK)
        result = prune(table, environment, va, table->root, 0);
    return result == PAGETABLE_OK ? evict(table, environment, va) : result;
}

/* ---- query and protect ---- */

static enum pagetable_result verified_query(void *state, const struct environment *environment, uint64_t va,
                                            struct mapping *found)
{
    const struct verified *table = state;
    uint64_t base = table->root, entry;
    for (unsigned level = 0;; level++) {
        enum pagetable_result result = read_word(environment, slot_of(table, va, base, level), &entry);
        if (result != PAGETABLE_OK)
            return result;
        if (!(entry & VALID))
            return PAGETABLE_NOT_MAPPED;
        base = entry & ADDRESS;
        if (!is_last(table, level) && !is_huge(entry))
            continue;
        unsigned size_lg2 = frame_size_lg2(table, level);
        *found = (struct mapping){
            .va = va >> size_lg2 << size_lg2,
            .frame = {.base = base, .attributes = attributes_of(entry), .size_lg2 = (uint8_t)size_lg2}};
        return PAGETABLE_OK;
    }
}

/* The address need not be a base: what contains it is protected. The contract asks for the base, so that is
 * looked at first; the rest is the seed's. */
static enum pagetable_result verified_protect(void *state, const struct environment *environment, uint64_t va,
                                              uint32_t attributes)
{
    struct mapping found;
    enum pagetable_result result = verified_query(state, environment, va, &found);
    if (result == PAGETABLE_OK && found.va != va)
        result = PAGETABLE_NOT_MAPPED;
    if (result == PAGETABLE_OK)
        result = verified_unmap(state, environment, found.va);
    if (result != PAGETABLE_OK)
        return result;
    found.frame.attributes = attributes;
    return verified_map(state, environment, found.va, &found.frame);
}

/* ---- The life of a table ---- */

static bool verified_accepts(const struct walk_format *format, const struct entry_format *entries)
{
    (void)entries;
    bool levels =
        (format->levels == 4 && format->va_bits == 48) || (format->levels == 3 && format->va_bits == 39);
    bool named = format->name[0] == 'v'; /* VMSAv8-64, of the granule that its smallest page tells */
    return named && levels && format->stage2 && format->page_lg2 == 12;
}

static enum pagetable_result verified_create(void *state, const struct environment *environment,
                                             const struct pagetable_config *config)
{
    struct verified *table = state;
    if (!verified_accepts(config->format, config->entries))
        return PAGETABLE_UNSUPPORTED;
    table->levels = config->format->levels;
    table->vmid = config->vmid;
    return allocate(environment, &table->root);
}

static enum pagetable_result release_below(const struct verified *table,
                                           const struct environment *environment, uint64_t base,
                                           unsigned level)
{
    for (uint64_t offset = 0; !is_last(table, level) && offset < TABLE_BYTES; offset += 8) {
        uint64_t entry;
        enum pagetable_result result = read_word(environment, base + offset, &entry);
        if (result == PAGETABLE_OK && entry & VALID && !is_huge(entry))
            result = release_below(table, environment, entry & ADDRESS, level + 1);
        if (result != PAGETABLE_OK)
            return result;
    }
    return release(environment, base);
}

static enum pagetable_result verified_destroy(void *state, const struct environment *environment)
{
    const struct verified *table = state;
    const struct invalidation all = {.vmid = table->vmid, .scope = INVALIDATE_VMID, .broadcast = true};
    int error = environment->operations->invalidate(environment->context, &all);
    if (error == ENVIRONMENT_OK)
        error = environment->operations->barrier(environment->context, BARRIER_DSB_ISH);
    return error == ENVIRONMENT_OK ? release_below(table, environment, table->root, 0) : result_of(error);
}

static uint64_t verified_root(const void *state)
{
    return ((const struct verified *)state)->root;
}

/* ---- What raw memory says ---- */

struct visit {
    const struct verified *table;
    const struct memory_reader *memory;
    pagetable_visitor visitor;
    void *context;
};

/* The mapping as hardware reads it: XN is clear, so whoever may read may execute as well as who may not. */
static bool propose(const struct visit *visit, uint64_t va, uint64_t entry, unsigned level)
{
    struct mapping candidate = {
        .va = va,
        .frame = {.base = entry & ADDRESS,
                  .attributes = (attributes_of(entry) & ~(uint32_t)FRAME_USER) | FRAME_EXECUTABLE,
                  .size_lg2 = (uint8_t)frame_size_lg2(visit->table, level)}};
    return visit->visitor(visit->context, &candidate);
}

static bool visit_table(const struct visit *visit, uint64_t base, unsigned level, uint64_t va)
{
    for (unsigned i = 0; i < ENTRIES; i++, va += UINT64_C(1) << frame_size_lg2(visit->table, level)) {
        uint64_t entry;
        if (!visit->memory->read(visit->memory->context, base + 8u * i, &entry) || !(entry & VALID))
            continue;
        bool leaf = is_last(visit->table, level) || is_huge(entry);
        if (leaf ? !propose(visit, va, entry, level) : !visit_table(visit, entry & ADDRESS, level + 1, va))
            return false;
    }
    return true;
}

static enum pagetable_result verified_enumerate(const void *state, const struct memory_reader *memory,
                                                pagetable_visitor visitor, void *context)
{
    const struct visit visit = {state, memory, visitor, context};
    (void)visit_table(&visit, visit.table->root, 0, 0);
    return PAGETABLE_OK;
}

/* The proof's invariant that memory can show: an entry of a table is invalid and 0, or has the form that this
 * code writes at its level; a table that is linked and empty is allowed, since only an unmap prunes. */
static enum pagetable_result check_table(const struct verified *table, const struct memory_reader *memory,
                                         uint64_t base, unsigned level, uint64_t *bad)
{
    for (*bad = base; *bad < base + TABLE_BYTES; *bad += 8) {
        uint64_t entry;
        if (!memory->read(memory->context, *bad, &entry))
            return PAGETABLE_CORRUPT;
        if (entry == 0)
            continue;
        if (!(entry & VALID) || (is_last(table, level) && is_huge(entry)))
            return PAGETABLE_CORRUPT;
        if (is_last(table, level) || is_huge(entry))
            continue;
        uint64_t at = *bad;
        if (check_table(table, memory, entry & ADDRESS, level + 1, bad) != PAGETABLE_OK)
            return PAGETABLE_CORRUPT;
        *bad = at;
    }
    return PAGETABLE_OK;
}

static enum pagetable_result verified_invariants(const void *state, const struct memory_reader *memory,
                                                 char *reason, size_t reason_bytes)
{
    const struct verified *table = state;
    uint64_t bad;
    enum pagetable_result result = check_table(table, memory, table->root, 0, &bad);
    if (result != PAGETABLE_OK)
        (void)snprintf(reason, reason_bytes, "the word at 0x%llx has a form that is never written there",
                       (unsigned long long)bad);
    return result;
}

static bool visit_blocks(const struct verified *table, const struct memory_reader *memory, uint64_t base,
                         unsigned level, pagetable_block_visitor visitor, void *context)
{
    if (!visitor(context, base, TABLE_BYTES))
        return false;
    for (unsigned i = 0; !is_last(table, level) && i < ENTRIES; i++) {
        uint64_t entry;
        if (memory->read(memory->context, base + 8u * i, &entry) && entry & VALID && !is_huge(entry) &&
            !visit_blocks(table, memory, entry & ADDRESS, level + 1, visitor, context))
            return false;
    }
    return true;
}

static enum pagetable_result verified_blocks(const void *state, const struct memory_reader *memory,
                                             pagetable_block_visitor visitor, void *context)
{
    const struct verified *table = state;
    (void)visit_blocks(table, memory, table->root, 0, visitor, context);
    return PAGETABLE_OK;
}

static const struct pagetable_class verified_class = {
    .abi_version = PAGETABLE_ABI_VERSION,
    .struct_bytes = sizeof(struct pagetable_class),
    .name = "radix-verified",
    .summary = "the verified table's algorithm, as it is proved; findings in pagetables/README.md",
    .state_bytes = sizeof(struct verified),
    .releases_empty_tables = true,
    .create = verified_create,
    .destroy = verified_destroy,
    .map = verified_map,
    .unmap = verified_unmap,
    .protect = verified_protect,
    .query = verified_query,
    .root = verified_root,
    .enumerate = verified_enumerate,
    .invariants = verified_invariants,
    .default_format = "vmsa-s2-4k-48",
    .accepts = verified_accepts,
    .lacks_sizes = UINT64_C(1) << 16 | UINT64_C(1) << 25, /* its arch knows nothing of contiguous entries */
    .blocks = verified_blocks,
};

const struct mmusim_plugin *mmusim_plugin(const char **why)
{
    static const struct mmusim_plugin plugin = {.version = MMUSIM_PLUGIN_VERSION,
                                                .struct_bytes = sizeof(struct mmusim_plugin),
                                                .table = &verified_class};
    (void)why;
    return &plugin;
}
