/* Elastic cuckoo page tables: their operations. */
#include "pagetables/cuckoo_steps.h"

/* ---- the descriptor ---- */

enum pagetable_result cuckoo_read_descriptor(struct cuckoo_view *view)
{
    enum pagetable_result result = PAGETABLE_OK;
    for (unsigned size = 0; result == PAGETABLE_OK && size < PLAIN_SIZES; size++) {
        uint64_t line = view->table->root + (uint64_t)size * CUCKOO_LINE_BYTES;
        uint64_t words[CUCKOO_LINE_WORDS] = {0};
        for (unsigned i = 0; result == PAGETABLE_OK && i <= CUCKOO_MARKS; i++)
            result = call_read(view->environment, line + 8u * i, &words[i]);
        view->line[size] = cuckoo_line_of(words);
        if (result == PAGETABLE_OK && words[0] != 0 && !cuckoo_way_is_valid(words[0]))
            return PAGETABLE_CORRUPT;
        if (result == PAGETABLE_OK && words[0] != 0)
            result = call_read(view->environment, view->table->root + CUCKOO_PAGES + 8u * size,
                               &view->pages[size]);
    }
    return result;
}

enum pagetable_result cuckoo_write_line(const struct cuckoo_view *view, unsigned size, unsigned word,
                                        uint64_t value)
{
    uint64_t line = view->table->root + (uint64_t)size * CUCKOO_LINE_BYTES;
    return call_write(view->environment, line + 8u * word, value);
}

enum pagetable_result cuckoo_count_page(struct cuckoo_view *view, unsigned size, int change)
{
    view->pages[size] += (uint64_t)change;
    return call_write(view->environment, view->table->root + CUCKOO_PAGES + 8u * size, view->pages[size]);
}

/* ---- slots ---- */

enum pagetable_result cuckoo_look(const struct cuckoo_view *view, uint64_t va, unsigned size,
                                  struct cuckoo_place *place)
{
    *place = (struct cuckoo_place){.size = size};
    if (!cuckoo_occurs(view, size))
        return PAGETABLE_OK;
    for (unsigned way = 0; way < CUCKOO_WAYS; way++) {
        uint64_t slot = cuckoo_slot(&view->line[size], va, size, way), tag;
        enum pagetable_result result = call_read(view->environment, slot, &tag);
        if (result != PAGETABLE_OK)
            return result;
        if (tag != cuckoo_tag(va, size))
            continue;
        place->slot = slot;
        place->way = way;
        return call_read(view->environment, slot + 8, &place->leaf);
    }
    return PAGETABLE_OK;
}

enum pagetable_result cuckoo_fill(const struct cuckoo_view *view, uint64_t slot, uint64_t tag, uint64_t leaf)
{
    enum pagetable_result result = call_write(view->environment, slot + 8, leaf);
    /* a walk that sees the tag must see the leaf */
    if (result == PAGETABLE_OK)
        result = call_barrier(view->environment, BARRIER_DMB_ISHST);
    return result == PAGETABLE_OK ? call_write(view->environment, slot, tag) : result;
}

/* The page of any size that contains `va`. */
static enum pagetable_result look_everywhere(const struct cuckoo_view *view, uint64_t va,
                                             struct cuckoo_place *place)
{
    enum pagetable_result result = PAGETABLE_OK;
    for (unsigned size = 0; size < PLAIN_SIZES; size++) {
        result = cuckoo_look(view, va, size, place);
        if (result != PAGETABLE_OK || place->slot != 0)
            return result;
    }
    return PAGETABLE_NOT_MAPPED;
}

static enum pagetable_result look_for_base(const struct cuckoo_view *view, uint64_t va,
                                           struct cuckoo_place *place)
{
    enum pagetable_result result = look_everywhere(view, va, place);
    if (result == PAGETABLE_OK && va & ((UINT64_C(1) << plain_size_lg2(place->size)) - 1))
        return PAGETABLE_NOT_MAPPED;
    return result;
}

/* ---- pages in the way of a map ---- */

static enum pagetable_result ask_for_each(const struct cuckoo_view *view, uint64_t va, uint64_t bytes,
                                          unsigned size)
{
    for (uint64_t at = va; at < va + bytes; at += UINT64_C(1) << plain_size_lg2(size)) {
        struct cuckoo_place place;
        enum pagetable_result result = cuckoo_look(view, at, size, &place);
        if (result != PAGETABLE_OK || place.slot != 0)
            return result == PAGETABLE_OK ? PAGETABLE_OVERLAP : result;
    }
    return PAGETABLE_OK;
}

/* The same by reading all slots of a way; copies behind the mark belong to nobody. */
static enum pagetable_result read_slots(const struct cuckoo_view *view, uint64_t way, uint64_t mark,
                                        uint64_t va, uint64_t bytes)
{
    for (uint64_t i = mark; way != 0 && i < cuckoo_slots(way); i++) {
        uint64_t tag;
        enum pagetable_result result =
            call_read(view->environment, (way & PLAIN_ADDRESS) + i * CUCKOO_SLOT_BYTES, &tag);
        if (result != PAGETABLE_OK)
            return result;
        if (tag != 0 && (tag & CUCKOO_TAG_BASE) - va < bytes)
            return PAGETABLE_OVERLAP;
    }
    return PAGETABLE_OK;
}

static enum pagetable_result find_smaller(const struct cuckoo_view *view, uint64_t va, uint64_t bytes,
                                          unsigned size)
{
    const struct cuckoo_line *line = &view->line[size];
    if (!cuckoo_occurs(view, size))
        return PAGETABLE_OK;
    if (bytes >> plain_size_lg2(size) <= cuckoo_slots(line->way[0]))
        return ask_for_each(view, va, bytes, size);
    enum pagetable_result result = PAGETABLE_OK;
    for (unsigned way = 0; result == PAGETABLE_OK && way < CUCKOO_WAYS; way++) {
        result = read_slots(view, line->way[way], cuckoo_mark(line, way), va, bytes);
        if (result == PAGETABLE_OK)
            result = read_slots(view, line->next[way], 0, va, bytes);
    }
    return result;
}

static enum pagetable_result find_overlap(const struct cuckoo_view *view, uint64_t va, unsigned size)
{
    enum pagetable_result result = PAGETABLE_OK;
    for (unsigned larger = size; result == PAGETABLE_OK && larger < PLAIN_SIZES; larger++) {
        struct cuckoo_place place;
        result = cuckoo_look(view, va, larger, &place);
        if (result == PAGETABLE_OK && place.slot != 0)
            return PAGETABLE_OVERLAP;
    }
    uint64_t bytes = UINT64_C(1) << plain_size_lg2(size);
    for (unsigned smaller = 0; result == PAGETABLE_OK && smaller < size; smaller++)
        result = find_smaller(view, va, bytes, smaller);
    return result;
}

/* ---- map ---- */

static uint64_t slots_of_table(const struct cuckoo_view *view, unsigned size)
{
    return CUCKOO_WAYS * cuckoo_slots(view->line[size].way[0]);
}

/* More than 6/10 of the slots would be in use. Where there is no memory for more slots, these have to do. */
static enum pagetable_result grow_if_full(struct cuckoo_view *view, unsigned size)
{
    if (!cuckoo_occurs(view, size))
        return cuckoo_begin_move(view, size, CUCKOO_SLOTS_LG2_MIN);
    if (cuckoo_moves(view, size) || (view->pages[size] + 1) * 10 <= slots_of_table(view, size) * 6)
        return PAGETABLE_OK;
    enum pagetable_result result =
        cuckoo_begin_move(view, size, cuckoo_slots_lg2(view->line[size].way[0]) + 1);
    return result == PAGETABLE_NO_MEMORY ? PAGETABLE_OK : result;
}

/* A free slot for one more page; PAGETABLE_NO_MEMORY if there is none and cannot be. */
static enum pagetable_result find_slot(struct cuckoo_view *view, uint64_t va, unsigned size, uint64_t *slot)
{
    const struct cuckoo_want want = {.va = va, .size = size, .line = &view->line[size]};
    for (;;) {
        bool stuck = false;
        enum pagetable_result result = cuckoo_make_room(view, &want, slot);
        if (result != PAGETABLE_OK || *slot != 0)
            return result;
        if (cuckoo_moves(view, size))
            result = cuckoo_go_on(view, size, UINT32_MAX, &stuck);
        else
            result = cuckoo_begin_move(view, size, cuckoo_slots_lg2(view->line[size].way[0]) + 1);
        if (result != PAGETABLE_OK || stuck)
            return result == PAGETABLE_OK ? PAGETABLE_NO_MEMORY : result;
    }
}

static enum pagetable_result map_locked(struct cuckoo_view *view, uint64_t va, const struct frame *frame)
{
    unsigned size = plain_size_of(frame->size_lg2);
    uint64_t slot;
    bool stuck;
    if (!plain_expresses(frame->attributes))
        return PAGETABLE_UNSUPPORTED;
    enum pagetable_result result = cuckoo_read_descriptor(view);
    if (result == PAGETABLE_OK)
        result = find_overlap(view, va, size);
    if (result == PAGETABLE_OK)
        result = grow_if_full(view, size);
    if (result == PAGETABLE_OK)
        result = cuckoo_go_on(view, size, CUCKOO_MOVED, &stuck);
    if (result == PAGETABLE_OK)
        result = find_slot(view, va, size, &slot);
    if (result == PAGETABLE_OK)
        result = cuckoo_fill(view, slot, cuckoo_tag(va, size), plain_encode(frame));
    if (result == PAGETABLE_OK)
        result = cuckoo_count_page(view, size, 1);
    if (result == PAGETABLE_OK)
        result = call_barrier(view->environment, BARRIER_DSB_ISHST);
    return result == PAGETABLE_OK ? call_barrier(view->environment, BARRIER_ISB) : result;
}

/* ---- unmap ---- */

/* The page is gone; that there is no memory for fewer slots changes nothing. */
static enum pagetable_result shrink_if_empty(struct cuckoo_view *view, unsigned size)
{
    unsigned slots_lg2 = cuckoo_slots_lg2(view->line[size].way[0]);
    bool stuck;
    enum pagetable_result result = PAGETABLE_OK;
    if (!cuckoo_moves(view, size) && slots_lg2 > CUCKOO_SLOTS_LG2_MIN &&
        view->pages[size] * 10 < slots_of_table(view, size) * 2)
        result = cuckoo_begin_move(view, size, slots_lg2 - 1);
    if (result == PAGETABLE_OK)
        result = cuckoo_go_on(view, size, CUCKOO_MOVED, &stuck);
    return result == PAGETABLE_NO_MEMORY ? PAGETABLE_OK : result;
}

static enum pagetable_result unmap_locked(struct cuckoo_view *view, uint64_t va)
{
    struct cuckoo_place place;
    enum pagetable_result result = cuckoo_read_descriptor(view);
    if (result == PAGETABLE_OK)
        result = look_for_base(view, va, &place);
    if (result == PAGETABLE_OK)
        result = call_write(view->environment, place.slot, 0);
    if (result == PAGETABLE_OK)
        result = cuckoo_count_page(view, place.size, -1);
    if (result == PAGETABLE_OK)
        result = plain_invalidate_page(view->table, view->environment, va,
                                       plain_attributes(place.leaf) & FRAME_GLOBAL);
    if (result == PAGETABLE_OK)
        result = shrink_if_empty(view, place.size);
    if (result == PAGETABLE_OK)
        result = call_barrier(view->environment, BARRIER_DSB_ISHST);
    return result == PAGETABLE_OK ? call_barrier(view->environment, BARRIER_ISB) : result;
}

/* ---- protect and query ---- */

static enum pagetable_result protect_locked(struct cuckoo_view *view, uint64_t va, uint32_t attributes)
{
    struct cuckoo_place place;
    enum pagetable_result result = cuckoo_read_descriptor(view);
    if (result == PAGETABLE_OK)
        result = look_for_base(view, va, &place);
    if (result != PAGETABLE_OK)
        return result;
    const struct plain_page page = {va, place.slot + 8, place.leaf, place.size};
    return plain_protect(view->table, view->environment, &page, attributes);
}

static enum pagetable_result query_locked(struct cuckoo_view *view, uint64_t va, struct mapping *found)
{
    struct cuckoo_place place;
    enum pagetable_result result = cuckoo_read_descriptor(view);
    if (result == PAGETABLE_OK)
        result = look_everywhere(view, va, &place);
    if (result != PAGETABLE_OK)
        return result;
    *found = plain_mapping(va, place.leaf, place.size);
    return PAGETABLE_OK;
}

/* ---- the class ---- */

static struct cuckoo_view view_of(const void *state, const struct environment *environment)
{
    return (struct cuckoo_view){.table = state, .environment = environment};
}

static uint64_t lock_of(const struct cuckoo_view *view)
{
    return view->table->root + CUCKOO_LOCK;
}

static enum pagetable_result cuckoo_map(void *state, const struct environment *environment, uint64_t va,
                                        const struct frame *frame)
{
    struct cuckoo_view view = view_of(state, environment);
    enum pagetable_result result = call_enter(environment, lock_of(&view));
    return result == PAGETABLE_OK ? call_leave(environment, lock_of(&view), map_locked(&view, va, frame))
                                  : result;
}

static enum pagetable_result cuckoo_unmap(void *state, const struct environment *environment, uint64_t va)
{
    struct cuckoo_view view = view_of(state, environment);
    enum pagetable_result result = call_enter(environment, lock_of(&view));
    return result == PAGETABLE_OK ? call_leave(environment, lock_of(&view), unmap_locked(&view, va)) : result;
}

static enum pagetable_result cuckoo_protect(void *state, const struct environment *environment, uint64_t va,
                                            uint32_t attributes)
{
    struct cuckoo_view view = view_of(state, environment);
    enum pagetable_result result = call_enter(environment, lock_of(&view));
    return result == PAGETABLE_OK
               ? call_leave(environment, lock_of(&view), protect_locked(&view, va, attributes))
               : result;
}

static enum pagetable_result cuckoo_query(void *state, const struct environment *environment, uint64_t va,
                                          struct mapping *found)
{
    struct cuckoo_view view = view_of(state, environment);
    enum pagetable_result result = call_enter(environment, lock_of(&view));
    return result == PAGETABLE_OK ? call_leave(environment, lock_of(&view), query_locked(&view, va, found))
                                  : result;
}

static enum pagetable_result cuckoo_create(void *state, const struct environment *environment,
                                           const struct pagetable_config *config)
{
    return plain_create(state, environment, config, &cuckoo_48);
}

/* The address space's number may be used again: nothing of this one may be left under it. */
static enum pagetable_result cuckoo_destroy(void *state, const struct environment *environment)
{
    struct cuckoo_view view = view_of(state, environment);
    enum pagetable_result result = cuckoo_read_descriptor(&view);
    if (result == PAGETABLE_OK)
        result = plain_invalidate_space(view.table, environment, true);
    for (unsigned size = 0; result == PAGETABLE_OK && size < PLAIN_SIZES; size++) {
        if (cuckoo_occurs(&view, size))
            result = cuckoo_release_ways(environment, view.line[size].way, CUCKOO_WAYS);
        if (result == PAGETABLE_OK && cuckoo_moves(&view, size))
            result = cuckoo_release_ways(environment, view.line[size].next, CUCKOO_WAYS);
    }
    return result == PAGETABLE_OK ? plain_destroy(view.table, environment) : result;
}

static bool cuckoo_accepts(const struct walk_format *format, const struct entry_format *entries)
{
    (void)entries;
    return format == &cuckoo_48;
}

const struct pagetable_class pagetable_cuckoo = {
    .abi_version = PAGETABLE_ABI_VERSION,
    .struct_bytes = sizeof(struct pagetable_class),
    .name = "cuckoo",
    .summary = "elastic cuckoo tables, three ways a page size, moved gradually while cores walk them",
    .state_bytes = sizeof(struct plain_table),
    .create = cuckoo_create,
    .destroy = cuckoo_destroy,
    .map = cuckoo_map,
    .unmap = cuckoo_unmap,
    .protect = cuckoo_protect,
    .query = cuckoo_query,
    .root = plain_root,
    .enumerate = cuckoo_enumerate,
    .invariants = cuckoo_invariants,
    .default_format = "cuckoo-48",
    .accepts = cuckoo_accepts,
    .blocks = cuckoo_blocks,
};
