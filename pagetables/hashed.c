/* The hashed page table: its operations. */
#include "pagetables/hashed.h"

#include "pagetables/calls.h"
#include "pagetables/plain_table.h"

/* What an operation knows of the table: the descriptor, read once under the lock. */
struct view {
    const struct plain_table *table;
    const struct environment *environment;
    uint64_t array;
    uint64_t sizes;
    uint64_t used;
    uint64_t dead;
};

static unsigned slots_lg2_of(uint64_t array)
{
    return (unsigned)(array & HASHED_SLOTS_LG2_MASK);
}

static uint64_t slots_of(uint64_t array)
{
    return UINT64_C(1) << slots_lg2_of(array);
}

static enum pagetable_result read_descriptor(struct view *view)
{
    const struct {
        unsigned offset;
        uint64_t *word;
    } words[] = {{HASHED_ARRAY, &view->array},
                 {HASHED_SIZES, &view->sizes},
                 {HASHED_USED, &view->used},
                 {HASHED_DEAD, &view->dead}};
    enum pagetable_result result = PAGETABLE_OK;
    for (unsigned i = 0; result == PAGETABLE_OK && i < sizeof words / sizeof *words; i++)
        result = call_read(view->environment, view->table->root + words[i].offset, words[i].word);
    unsigned lg2 = slots_lg2_of(view->array);
    if (result == PAGETABLE_OK && (lg2 < HASHED_SLOTS_LG2_MIN || lg2 > HASHED_SLOTS_LG2_MAX))
        return PAGETABLE_CORRUPT;
    return result;
}

static enum pagetable_result write_descriptor(const struct view *view, unsigned offset, uint64_t word)
{
    return call_write(view->environment, view->table->root + offset, word);
}

/* ---- looking ---- */

struct place {
    bool found;
    unsigned size;     /* index of the size */
    unsigned probe;    /* found: of the slot; else: of the first one that can be used */
    uint64_t slot;     /* its address */
    uint64_t slot_tag; /* what stands there */
    uint64_t leaf;     /* found: the leaf */
};

/* Looks for the page of this size that contains `va`. `probe` is HASHED_PROBES_MAX if no slot can be used. */
static enum pagetable_result look(const struct view *view, uint64_t va, unsigned size, struct place *place)
{
    *place = (struct place){.size = size, .probe = HASHED_PROBES_MAX};
    for (unsigned probe = 0; probe < HASHED_PROBES_MAX; probe++) {
        uint64_t slot = hashed_slot(view->array, va, size, probe), tag;
        enum pagetable_result result = call_read(view->environment, slot, &tag);
        if (result != PAGETABLE_OK)
            return result;
        bool hit = tag == hashed_tag(va, size);
        if (hit || (!(tag & HASHED_TAG_USED) && place->probe == HASHED_PROBES_MAX)) {
            place->probe = probe;
            place->slot = slot;
            place->slot_tag = tag;
        }
        if (hit) {
            place->found = true;
            return call_read(view->environment, slot + 8, &place->leaf);
        }
        if (tag == 0)
            return PAGETABLE_OK;
    }
    return PAGETABLE_OK;
}

/* The page of any size that contains `va`; PAGETABLE_NOT_MAPPED if there is none. */
static enum pagetable_result look_everywhere(const struct view *view, uint64_t va, struct place *place)
{
    for (unsigned size = 0; size < PLAIN_SIZES; size++) {
        if (!(view->sizes >> size & 1))
            continue;
        enum pagetable_result result = look(view, va, size, place);
        if (result != PAGETABLE_OK || place->found)
            return result;
    }
    return PAGETABLE_NOT_MAPPED;
}

static enum pagetable_result look_for_base(const struct view *view, uint64_t va, struct place *place)
{
    enum pagetable_result result = look_everywhere(view, va, place);
    if (result == PAGETABLE_OK && va & ((UINT64_C(1) << plain_size_lg2(place->size)) - 1))
        return PAGETABLE_NOT_MAPPED;
    return result;
}

/* ---- pages in the way of a map ---- */

/* Pages of a smaller size in [va, va + bytes), by asking for each. */
static enum pagetable_result ask_for_each(const struct view *view, uint64_t va, uint64_t bytes, unsigned size)
{
    for (uint64_t at = va; at < va + bytes; at += UINT64_C(1) << plain_size_lg2(size)) {
        struct place place;
        enum pagetable_result result = look(view, at, size, &place);
        if (result != PAGETABLE_OK || place.found)
            return result == PAGETABLE_OK ? PAGETABLE_OVERLAP : result;
    }
    return PAGETABLE_OK;
}

/* The same for all sizes at once, by reading all slots. */
static enum pagetable_result read_all_slots(const struct view *view, uint64_t va, uint64_t bytes)
{
    for (uint64_t i = 0; i < slots_of(view->array); i++) {
        uint64_t tag;
        enum pagetable_result result =
            call_read(view->environment, (view->array & PLAIN_ADDRESS) + i * HASHED_SLOT_BYTES, &tag);
        if (result != PAGETABLE_OK)
            return result;
        if (tag & HASHED_TAG_USED && (tag & HASHED_TAG_BASE) - va < bytes)
            return PAGETABLE_OVERLAP;
    }
    return PAGETABLE_OK;
}

static enum pagetable_result find_smaller(const struct view *view, uint64_t va, unsigned size)
{
    uint64_t bytes = UINT64_C(1) << plain_size_lg2(size), asked = 0;
    for (unsigned smaller = 0; smaller < size; smaller++)
        if (view->sizes >> smaller & 1)
            asked += bytes >> plain_size_lg2(smaller);
    if (asked > slots_of(view->array))
        return read_all_slots(view, va, bytes);
    enum pagetable_result result = PAGETABLE_OK;
    for (unsigned smaller = 0; result == PAGETABLE_OK && smaller < size; smaller++)
        if (view->sizes >> smaller & 1)
            result = ask_for_each(view, va, bytes, smaller);
    return result;
}

static enum pagetable_result find_overlap(const struct view *view, uint64_t va, unsigned size)
{
    for (unsigned larger = size; larger < PLAIN_SIZES; larger++) {
        struct place place;
        if (!(view->sizes >> larger & 1))
            continue;
        enum pagetable_result result = look(view, va, larger, &place);
        if (result != PAGETABLE_OK || place.found)
            return result == PAGETABLE_OK ? PAGETABLE_OVERLAP : result;
    }
    return find_smaller(view, va, size);
}

/* ---- another array ---- */

static uint64_t array_bytes(unsigned slots_lg2)
{
    return (uint64_t)HASHED_SLOT_BYTES << slots_lg2;
}

static enum pagetable_result release_array(const struct environment *environment, uint64_t array)
{
    return call_result_of(environment->operations->release_table(environment->context, array & PLAIN_ADDRESS,
                                                                 array_bytes(slots_lg2_of(array))));
}

/* An array of this many pages is less than half full. */
static unsigned slots_lg2_for(uint64_t pages)
{
    unsigned lg2 = HASHED_SLOTS_LG2_MIN;
    while (lg2 < HASHED_SLOTS_LG2_MAX && pages * 16 > (UINT64_C(7) << lg2))
        lg2++;
    return lg2;
}

/* Puts a page into an array that nobody walks. `*fits` becomes false if it would stand too far away. */
static enum pagetable_result put(const struct environment *environment, uint64_t array, uint64_t tag,
                                 uint64_t leaf, bool *fits)
{
    unsigned size = (unsigned)(tag & HASHED_TAG_SIZE);
    for (unsigned probe = 0; probe < HASHED_PROBES_MAX; probe++) {
        uint64_t slot = hashed_slot(array, tag & HASHED_TAG_BASE, size, probe), there;
        enum pagetable_result result = call_read(environment, slot, &there);
        if (result == PAGETABLE_OK && there != 0)
            continue;
        if (result == PAGETABLE_OK)
            result = call_write(environment, slot, tag);
        return result == PAGETABLE_OK ? call_write(environment, slot + 8, leaf) : result;
    }
    *fits = false;
    return PAGETABLE_OK;
}

/* Copies all pages; `*sizes` becomes the sizes that occur. */
static enum pagetable_result copy(const struct view *view, uint64_t array, bool *fits, uint64_t *sizes)
{
    *sizes = 0;
    for (uint64_t i = 0; *fits && i < slots_of(view->array); i++) {
        uint64_t slot = (view->array & PLAIN_ADDRESS) + i * HASHED_SLOT_BYTES, tag, leaf;
        enum pagetable_result result = call_read(view->environment, slot, &tag);
        if (result != PAGETABLE_OK)
            return result;
        if (!(tag & HASHED_TAG_USED))
            continue;
        *sizes |= UINT64_C(1) << (tag & HASHED_TAG_SIZE);
        result = call_read(view->environment, slot + 8, &leaf);
        if (result == PAGETABLE_OK)
            result = put(view->environment, array, tag, leaf, fits);
        if (result != PAGETABLE_OK)
            return result;
    }
    return PAGETABLE_OK;
}

/* An array of at least this many slots with all pages in it, which nobody knows yet. */
static enum pagetable_result build(const struct view *view, unsigned slots_lg2, uint64_t *array,
                                   uint64_t *sizes)
{
    for (; slots_lg2 <= HASHED_SLOTS_LG2_MAX; slots_lg2++) {
        const struct environment *environment = view->environment;
        uint64_t base;
        bool fits = true;
        int error =
            environment->operations->allocate_table(environment->context, array_bytes(slots_lg2), &base);
        if (error != ENVIRONMENT_OK)
            return call_result_of(error);
        *array = base | slots_lg2;
        enum pagetable_result result = copy(view, *array, &fits, sizes);
        if (result == PAGETABLE_OK && fits)
            return PAGETABLE_OK;
        result = call_first_of(result, release_array(environment, *array));
        if (result != PAGETABLE_OK)
            return result;
    }
    return PAGETABLE_NO_MEMORY;
}

/* One store gives walks the new array; the old one is released when nobody can know it. */
static enum pagetable_result resize(struct view *view, unsigned slots_lg2)
{
    uint64_t old = view->array, array = 0, sizes = 0;
    enum pagetable_result result = build(view, slots_lg2, &array, &sizes);
    if (result != PAGETABLE_OK)
        return result;
    result = call_barrier(view->environment, BARRIER_DSB_ISHST);
    if (result == PAGETABLE_OK)
        result = write_descriptor(view, HASHED_ARRAY, array);
    if (result == PAGETABLE_OK)
        result = write_descriptor(view, HASHED_SIZES, sizes);
    if (result == PAGETABLE_OK)
        result = write_descriptor(view, HASHED_DEAD, 0);
    if (result == PAGETABLE_OK)
        result = plain_invalidate_space(view->table, view->environment, false);
    if (result != PAGETABLE_OK)
        return result;
    view->array = array;
    view->sizes = sizes;
    view->dead = 0;
    return release_array(view->environment, old);
}

/* ---- map ---- */

/* A slot for one more page: `place` is where it goes. Where memory is short, a fuller array has to do. */
static enum pagetable_result find_slot(struct view *view, uint64_t va, unsigned size, struct place *place)
{
    enum pagetable_result result = PAGETABLE_OK;
    uint64_t slots = slots_of(view->array);
    if ((view->used + view->dead + 1) * 8 > slots * 5)
        result = resize(view, slots_lg2_for(view->used + 1));
    if (result != PAGETABLE_OK && result != PAGETABLE_NO_MEMORY)
        return result;
    for (;;) {
        result = look(view, va, size, place);
        if (result != PAGETABLE_OK || place->probe < HASHED_PROBES_MAX)
            return result;
        result = resize(view, slots_lg2_of(view->array) + 1);
        if (result != PAGETABLE_OK)
            return result;
    }
}

/* Walks must seek a size from its first page on, those that begin with a cached descriptor, too. */
static enum pagetable_result seek_size(struct view *view, unsigned size)
{
    if (view->sizes >> size & 1)
        return PAGETABLE_OK;
    view->sizes |= UINT64_C(1) << size;
    enum pagetable_result result = write_descriptor(view, HASHED_SIZES, view->sizes);
    return result == PAGETABLE_OK ? plain_invalidate_space(view->table, view->environment, false) : result;
}

static enum pagetable_result map_locked(struct view *view, uint64_t va, const struct frame *frame)
{
    unsigned size = plain_size_of(frame->size_lg2);
    struct place place;
    if (!plain_expresses(frame->attributes))
        return PAGETABLE_UNSUPPORTED;
    enum pagetable_result result = read_descriptor(view);
    if (result == PAGETABLE_OK)
        result = find_overlap(view, va, size);
    if (result == PAGETABLE_OK)
        result = find_slot(view, va, size, &place);
    if (result == PAGETABLE_OK)
        result = seek_size(view, size);
    if (result == PAGETABLE_OK)
        result = call_write(view->environment, place.slot + 8, plain_encode(frame));
    /* a walk that sees the tag must see the leaf */
    if (result == PAGETABLE_OK)
        result = call_barrier(view->environment, BARRIER_DMB_ISHST);
    if (result == PAGETABLE_OK)
        result = call_write(view->environment, place.slot, hashed_tag(va, size));
    if (result == PAGETABLE_OK)
        result = write_descriptor(view, HASHED_USED, view->used + 1);
    if (result == PAGETABLE_OK && place.slot_tag & HASHED_TAG_DEAD)
        result = write_descriptor(view, HASHED_DEAD, view->dead - 1);
    if (result == PAGETABLE_OK)
        result = call_barrier(view->environment, BARRIER_DSB_ISHST);
    return result == PAGETABLE_OK ? call_barrier(view->environment, BARRIER_ISB) : result;
}

/* ---- unmap ---- */

/* What becomes of a slot whose page goes: free if no probe goes on behind it. */
static enum pagetable_result end_of(const struct view *view, uint64_t slot, uint64_t *tag)
{
    uint64_t base = view->array & PLAIN_ADDRESS, next;
    uint64_t after = (slot - base + HASHED_SLOT_BYTES) & (array_bytes(slots_lg2_of(view->array)) - 1);
    enum pagetable_result result = call_read(view->environment, base + after, &next);
    *tag = next == 0 ? 0 : HASHED_TAG_DEAD;
    return result;
}

static enum pagetable_result unmap_locked(struct view *view, uint64_t va)
{
    struct place place;
    uint64_t tag;
    enum pagetable_result result = read_descriptor(view);
    if (result == PAGETABLE_OK)
        result = look_for_base(view, va, &place);
    if (result == PAGETABLE_OK)
        result = end_of(view, place.slot, &tag);
    if (result == PAGETABLE_OK)
        result = call_write(view->environment, place.slot, tag);
    if (result == PAGETABLE_OK)
        result = write_descriptor(view, HASHED_USED, --view->used);
    if (result == PAGETABLE_OK && tag != 0)
        result = write_descriptor(view, HASHED_DEAD, ++view->dead);
    if (result == PAGETABLE_OK)
        result = plain_invalidate_page(view->table, view->environment, va,
                                       plain_attributes(place.leaf) & FRAME_GLOBAL);
    if (result == PAGETABLE_OK)
        result = call_barrier(view->environment, BARRIER_ISB);
    if (result != PAGETABLE_OK || view->used * 8 >= slots_of(view->array) ||
        slots_lg2_of(view->array) == HASHED_SLOTS_LG2_MIN)
        return result;
    /* The page is gone; that there is no memory for a smaller array changes nothing. */
    result = resize(view, slots_lg2_for(view->used));
    return result == PAGETABLE_NO_MEMORY ? PAGETABLE_OK : result;
}

/* ---- protect and query ---- */

static enum pagetable_result protect_locked(struct view *view, uint64_t va, uint32_t attributes)
{
    struct place place;
    enum pagetable_result result = read_descriptor(view);
    if (result == PAGETABLE_OK)
        result = look_for_base(view, va, &place);
    if (result != PAGETABLE_OK)
        return result;
    const struct plain_page page = {va, place.slot + 8, place.leaf, place.size};
    return plain_protect(view->table, view->environment, &page, attributes);
}

static enum pagetable_result query_locked(struct view *view, uint64_t va, struct mapping *found)
{
    struct place place;
    enum pagetable_result result = read_descriptor(view);
    if (result == PAGETABLE_OK)
        result = look_everywhere(view, va, &place);
    if (result != PAGETABLE_OK)
        return result;
    *found = plain_mapping(va, place.leaf, place.size);
    return PAGETABLE_OK;
}

/* ---- the class ---- */

static struct view view_of(const void *state, const struct environment *environment)
{
    return (struct view){.table = state, .environment = environment};
}

static enum pagetable_result hashed_map(void *state, const struct environment *environment, uint64_t va,
                                        const struct frame *frame)
{
    struct view view = view_of(state, environment);
    uint64_t lock = view.table->root + HASHED_LOCK;
    enum pagetable_result result = call_enter(environment, lock);
    return result == PAGETABLE_OK ? call_leave(environment, lock, map_locked(&view, va, frame)) : result;
}

static enum pagetable_result hashed_unmap(void *state, const struct environment *environment, uint64_t va)
{
    struct view view = view_of(state, environment);
    uint64_t lock = view.table->root + HASHED_LOCK;
    enum pagetable_result result = call_enter(environment, lock);
    return result == PAGETABLE_OK ? call_leave(environment, lock, unmap_locked(&view, va)) : result;
}

static enum pagetable_result hashed_protect(void *state, const struct environment *environment, uint64_t va,
                                            uint32_t attributes)
{
    struct view view = view_of(state, environment);
    uint64_t lock = view.table->root + HASHED_LOCK;
    enum pagetable_result result = call_enter(environment, lock);
    return result == PAGETABLE_OK ? call_leave(environment, lock, protect_locked(&view, va, attributes))
                                  : result;
}

static enum pagetable_result hashed_query(void *state, const struct environment *environment, uint64_t va,
                                          struct mapping *found)
{
    struct view view = view_of(state, environment);
    uint64_t lock = view.table->root + HASHED_LOCK;
    enum pagetable_result result = call_enter(environment, lock);
    return result == PAGETABLE_OK ? call_leave(environment, lock, query_locked(&view, va, found)) : result;
}

static enum pagetable_result hashed_create(void *state, const struct environment *environment,
                                           const struct pagetable_config *config)
{
    struct plain_table *table = state;
    uint64_t base;
    enum pagetable_result result = plain_create(table, environment, config, &hashed_48);
    if (result != PAGETABLE_OK)
        return result;
    result = call_result_of(environment->operations->allocate_table(
        environment->context, array_bytes(HASHED_SLOTS_LG2_MIN), &base));
    if (result == PAGETABLE_OK)
        return call_write(environment, table->root + HASHED_ARRAY, base | HASHED_SLOTS_LG2_MIN);
    return call_first_of(plain_destroy(table, environment), result);
}

/* The address space's number may be used again: nothing of this one may be left under it. */
static enum pagetable_result hashed_destroy(void *state, const struct environment *environment)
{
    struct view view = view_of(state, environment);
    enum pagetable_result result = read_descriptor(&view);
    if (result == PAGETABLE_OK)
        result = plain_invalidate_space(view.table, environment, true);
    if (result == PAGETABLE_OK)
        result = release_array(environment, view.array);
    return result == PAGETABLE_OK ? plain_destroy(view.table, environment) : result;
}

static bool hashed_accepts(const struct walk_format *format, const struct entry_format *entries)
{
    (void)entries;
    return format == &hashed_48;
}

const struct pagetable_class pagetable_hashed = {
    .abi_version = PAGETABLE_ABI_VERSION,
    .struct_bytes = sizeof(struct pagetable_class),
    .name = "hashed",
    .summary = "hashed table, open addressing with linear probing, resized while cores walk it",
    .state_bytes = sizeof(struct plain_table),
    .releases_empty_tables = true,
    .create = hashed_create,
    .destroy = hashed_destroy,
    .map = hashed_map,
    .unmap = hashed_unmap,
    .protect = hashed_protect,
    .query = hashed_query,
    .root = plain_root,
    .enumerate = hashed_enumerate,
    .invariants = hashed_invariants,
    .default_format = "hashed-48",
    .accepts = hashed_accepts,
    .blocks = hashed_blocks,
};
