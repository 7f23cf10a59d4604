/*
 * A page table with a format of its own, as small as both can be: an array with one word for each page of 16
 * MiB of addresses. A word is 0, or has bit 0, the frame's address from bit 12 on and its attributes from bit
 * 48 on.
 */
#include <mmusim/plugin.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define VA_BITS     24
#define PAGE_LG2    12
#define ENTRIES     (UINT64_C(1) << (VA_BITS - PAGE_LG2))
#define TABLE_BYTES (8 * ENTRIES)
#define LOCK_BYTES  4096

#define VALID            UINT64_C(1)
#define ADDRESS          UINT64_C(0x0000fffffffff000)
#define ATTRIBUTES_SHIFT 48
#define ATTRIBUTES                                                                                           \
    (FRAME_READABLE | FRAME_WRITABLE | FRAME_EXECUTABLE | FRAME_USER | FRAME_GLOBAL | FRAME_DEVICE)

/* ---- Words ---- */

static uint64_t encode(const struct frame *frame)
{
    return frame->base | (uint64_t)frame->attributes << ATTRIBUTES_SHIFT | VALID;
}

static struct frame decode(uint64_t word)
{
    return (struct frame){.base = word & ADDRESS,
                          .attributes = (uint32_t)(word >> ATTRIBUTES_SHIFT) & ATTRIBUTES,
                          .size_lg2 = PAGE_LG2};
}

/* The kernel may do what the page allows, users only if it is theirs. */
static uint8_t rights(uint32_t attributes)
{
    static const uint32_t needed[ACCESS_KINDS] = {FRAME_READABLE, FRAME_WRITABLE, FRAME_EXECUTABLE};
    unsigned allowed = 0;
    for (unsigned access = 0; access < ACCESS_KINDS; access++) {
        if (attributes & needed[access])
            allowed |= ACCESS_RIGHT(PRIVILEGE_KERNEL, access);
        if (attributes & needed[access] && attributes & FRAME_USER)
            allowed |= ACCESS_RIGHT(PRIVILEGE_USER, access);
    }
    return (uint8_t)allowed;
}

/* ---- Hardware's side ---- */

static enum walk_status start(struct walk_state *walk, const struct translation_regime *regime, uint64_t va)
{
    walk_begin(walk, regime, va, 0);
    if (va >> VA_BITS)
        return walk_end_with_fault(walk, FAULT_TRANSLATION, 0);
    return walk_fetch_entry(walk, regime->root + 8 * (va >> PAGE_LG2), 0);
}

static enum walk_status resume(struct walk_state *walk, const uint64_t *words)
{
    struct frame frame = decode(words[0]);
    if (!(words[0] & VALID))
        return walk_end_with_fault(walk, FAULT_TRANSLATION, 0);
    if (walk_is_beyond(walk->regime, frame.base))
        return walk_end_with_fault(walk, FAULT_ADDRESS_SIZE, 0);
    uint8_t allowed = rights(frame.attributes);
    walk->fetches = 0;
    walk->leaf = (struct walk_leaf){.va = walk->va >> PAGE_LG2 << PAGE_LG2,
                                    .frame = frame,
                                    .rights = allowed,
                                    .rights_when_dirty = allowed};
    return WALK_LEAF;
}

static const struct walk_format linear_format = {
    .struct_bytes = sizeof(struct walk_format),
    .name = "linear-c-16m",
    .summary = "one word a page, in an array",
    .levels = 1,
    .va_bits = VA_BITS,
    .va_form = VA_LOW,
    .page_lg2 = PAGE_LG2,
    .frame_sizes = 1,
    .frame_size_lg2 = {PAGE_LG2},
    .start = start,
    .resume = resume,
    .rights = rights,
};

/* ---- Software's side ---- */

struct linear {
    uint64_t root, lock;
    uint16_t asid, vmid;
    bool every_asid;
};

static enum pagetable_result result_of(int error)
{
    if (error == ENVIRONMENT_OK)
        return PAGETABLE_OK;
    return error == ENVIRONMENT_NO_MEMORY ? PAGETABLE_NO_MEMORY : PAGETABLE_ENVIRONMENT;
}

/* The store is visible before the invalidation begins, and the invalidation is complete on return. */
static int invalidate(const struct environment *environment, const struct invalidation *what)
{
    const struct environment_operations *machine = environment->operations;
    int error = machine->barrier(environment->context, BARRIER_DSB_ISHST);
    if (!error)
        error = machine->invalidate(environment->context, what);
    return error ? error : machine->barrier(environment->context, BARRIER_DSB_ISH);
}

static int store_new(const struct environment *environment, uint64_t slot, uint64_t word)
{
    const struct environment_operations *machine = environment->operations;
    int error = machine->write(environment->context, slot, word);
    if (!error)
        error = machine->barrier(environment->context, BARRIER_DSB_ISHST);
    return error ? error : machine->barrier(environment->context, BARRIER_ISB);
}

static int clear(const struct linear *linear, const struct environment *environment, uint64_t va,
                 uint64_t word)
{
    bool all = linear->every_asid || decode(word).attributes & FRAME_GLOBAL;
    const struct invalidation what = {.va = va,
                                      .asid = linear->asid,
                                      .vmid = linear->vmid,
                                      .scope = all ? INVALIDATE_VA_ALL_ASIDS : INVALIDATE_VA,
                                      .broadcast = true};
    int error = environment->operations->write(environment->context, linear->root + 8 * (va >> PAGE_LG2), 0);
    return error ? error : invalidate(environment, &what);
}

static enum pagetable_result create(void *state, const struct environment *environment,
                                    const struct pagetable_config *config)
{
    struct linear *linear = state;
    const struct environment_operations *machine = environment->operations;
    linear->asid = config->asid;
    linear->vmid = config->vmid;
    linear->every_asid = config->every_asid;
    int error = machine->allocate_table(environment->context, TABLE_BYTES, &linear->root);
    if (error)
        return result_of(error);
    error = machine->allocate_table(environment->context, LOCK_BYTES, &linear->lock);
    if (error)
        (void)machine->release_table(environment->context, linear->root, TABLE_BYTES);
    return result_of(error);
}

static enum pagetable_result destroy(void *state, const struct environment *environment)
{
    const struct linear *linear = state;
    const struct environment_operations *machine = environment->operations;
    const struct invalidation all = {.vmid = linear->vmid, .scope = INVALIDATE_ALL, .broadcast = true};
    int error = invalidate(environment, &all);
    if (!error)
        error = machine->release_table(environment->context, linear->root, TABLE_BYTES);
    return result_of(error ? error : machine->release_table(environment->context, linear->lock, LOCK_BYTES));
}

/* Takes the lock, and reads the word of `va`. */
static int enter(const struct linear *linear, const struct environment *environment, uint64_t va,
                 uint64_t *word)
{
    int error = environment->operations->lock(environment->context, linear->lock);
    if (error)
        return error;
    error = environment->operations->read(environment->context, linear->root + 8 * (va >> PAGE_LG2), word);
    if (error)
        (void)environment->operations->unlock(environment->context, linear->lock);
    return error;
}

static enum pagetable_result leave(const struct linear *linear, const struct environment *environment,
                                   enum pagetable_result result)
{
    int error = environment->operations->unlock(environment->context, linear->lock);
    return result != PAGETABLE_OK ? result : result_of(error);
}

static enum pagetable_result map(void *state, const struct environment *environment, uint64_t va,
                                 const struct frame *frame)
{
    const struct linear *linear = state;
    uint64_t word;
    if (frame->attributes & ~(uint32_t)ATTRIBUTES)
        return PAGETABLE_UNSUPPORTED;
    int error = enter(linear, environment, va, &word);
    if (error)
        return result_of(error);
    if (word & VALID)
        return leave(linear, environment, PAGETABLE_OVERLAP);
    error = store_new(environment, linear->root + 8 * (va >> PAGE_LG2), encode(frame));
    return leave(linear, environment, result_of(error));
}

static enum pagetable_result unmap(void *state, const struct environment *environment, uint64_t va)
{
    const struct linear *linear = state;
    uint64_t word;
    int error = enter(linear, environment, va, &word);
    if (error)
        return result_of(error);
    if (!(word & VALID))
        return leave(linear, environment, PAGETABLE_NOT_MAPPED);
    return leave(linear, environment, result_of(clear(linear, environment, va, word)));
}

/* Break before make: walkers see the old word, none, or the new one. */
static enum pagetable_result protect(void *state, const struct environment *environment, uint64_t va,
                                     uint32_t attributes)
{
    const struct linear *linear = state;
    uint64_t word;
    if (attributes & ~(uint32_t)ATTRIBUTES)
        return PAGETABLE_UNSUPPORTED;
    int error = enter(linear, environment, va, &word);
    if (error)
        return result_of(error);
    if (!(word & VALID))
        return leave(linear, environment, PAGETABLE_NOT_MAPPED);
    struct frame frame = decode(word);
    frame.attributes = attributes;
    error = clear(linear, environment, va, word);
    if (!error)
        error = store_new(environment, linear->root + 8 * (va >> PAGE_LG2), encode(&frame));
    return leave(linear, environment, result_of(error));
}

static enum pagetable_result query(void *state, const struct environment *environment, uint64_t va,
                                   struct mapping *found)
{
    const struct linear *linear = state;
    uint64_t word;
    int error = enter(linear, environment, va, &word);
    if (error)
        return result_of(error);
    *found = (struct mapping){va >> PAGE_LG2 << PAGE_LG2, decode(word)};
    return leave(linear, environment, word & VALID ? PAGETABLE_OK : PAGETABLE_NOT_MAPPED);
}

static uint64_t root(const void *state)
{
    return ((const struct linear *)state)->root;
}

static enum pagetable_result enumerate(const void *state, const struct memory_reader *memory,
                                       pagetable_visitor visit, void *context)
{
    const struct linear *linear = state;
    for (uint64_t i = 0; i < ENTRIES; i++) {
        uint64_t word;
        if (!memory->read(memory->context, linear->root + 8 * i, &word) || !(word & VALID))
            continue;
        const struct mapping candidate = {i << PAGE_LG2, decode(word)};
        if (!visit(context, &candidate))
            break;
    }
    return PAGETABLE_OK;
}

static enum pagetable_result invariants(const void *state, const struct memory_reader *memory, char *reason,
                                        size_t reason_bytes)
{
    const struct linear *linear = state;
    for (uint64_t i = 0; i < ENTRIES; i++) {
        uint64_t word, pa = linear->root + 8 * i;
        if (!memory->read(memory->context, pa, &word))
            continue;
        struct frame frame = decode(word);
        if (word == 0 || word == encode(&frame))
            continue;
        (void)snprintf(reason, reason_bytes, "the word at 0x%" PRIx64 ", 0x%" PRIx64 ", is no entry", pa,
                       word);
        return PAGETABLE_CORRUPT;
    }
    return PAGETABLE_OK;
}

static bool accepts(const struct walk_format *format, const struct entry_format *entries)
{
    return strcmp(format->name, linear_format.name) == 0;
}

static const struct pagetable_class linear_table = {
    .abi_version = PAGETABLE_ABI_VERSION,
    .struct_bytes = sizeof(struct pagetable_class),
    .name = "linear-c",
    .summary = "an array with one word a page",
    .state_bytes = sizeof(struct linear),
    .create = create,
    .destroy = destroy,
    .map = map,
    .unmap = unmap,
    .protect = protect,
    .query = query,
    .root = root,
    .enumerate = enumerate,
    .invariants = invariants,
    .default_format = "linear-c-16m",
    .accepts = accepts,
};

const struct mmusim_plugin *mmusim_plugin(const char **why)
{
    static const struct mmusim_plugin plugin = {.version = MMUSIM_PLUGIN_VERSION,
                                                .struct_bytes = sizeof(struct mmusim_plugin),
                                                .table = &linear_table,
                                                .format = &linear_format};
    return &plugin;
}
