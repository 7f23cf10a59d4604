/* The range table: its operations. */
#include "pagetables/ranges.h"

#include "pagetables/ranges_tree.h"

static uint64_t bytes_of(unsigned size)
{
    return UINT64_C(1) << plain_size_lg2(size);
}

/* ---- ranges that go on in each other ---- */

static bool joins(const struct range *left, const struct range *right)
{
    return left->end == range_va(right) && range_size(left) == range_size(right) &&
           right->leaf == range_leaf_at(left, left->end);
}

/* With the ranges before and after it, where it goes on from one to the other. */
static void insert_joined(struct ranges_edit *edit, struct range range)
{
    struct range other;
    if (ranges_find(edit, range_va(&range), &other) && joins(&other, &range)) {
        ranges_remove(edit, &other);
        range = (struct range){other.base, range.end, other.leaf};
    }
    if (ranges_find_above(edit, range_va(&range), &other) && joins(&range, &other)) {
        ranges_remove(edit, &other);
        range.end = other.end;
    }
    ranges_insert(edit, &range);
}

/* What is left of a range when the page at `va` goes. */
static void cut_page(struct ranges_edit *edit, const struct range *range, uint64_t va)
{
    uint64_t after = va + bytes_of(range_size(range));
    const struct range left = {range->base, va, range->leaf};
    const struct range right = {after | range_size(range), range->end, range_leaf_at(range, after)};
    ranges_remove(edit, range);
    if (range_va(range) < va)
        ranges_insert(edit, &left);
    if (after < range->end)
        ranges_insert(edit, &right);
}

/* The range that has a page at `va`; PAGETABLE_NOT_MAPPED if no page begins there. */
static enum pagetable_result find_page(struct ranges_edit *edit, uint64_t va, struct range *range)
{
    bool found = ranges_find(edit, va, range) && range_contains(range, va);
    if (edit->error != PAGETABLE_OK)
        return edit->error;
    return found && (va & (bytes_of(range_size(range)) - 1)) == 0 ? PAGETABLE_OK : PAGETABLE_NOT_MAPPED;
}

static bool is_global(const struct range *range)
{
    return plain_attributes(range->leaf) & FRAME_GLOBAL;
}

/* ---- map ---- */

static enum pagetable_result map_locked(struct ranges_edit *edit, uint64_t va, const struct frame *frame)
{
    unsigned size = plain_size_of(frame->size_lg2);
    const struct range page = {va | size, va + bytes_of(size), plain_encode(frame)};
    struct range other;
    if (!plain_expresses(frame->attributes))
        return PAGETABLE_UNSUPPORTED;
    if (ranges_find(edit, va, &other) && other.end > va)
        return PAGETABLE_OVERLAP;
    if (ranges_find_above(edit, va, &other) && range_va(&other) < page.end)
        return PAGETABLE_OVERLAP;
    insert_joined(edit, page);
    enum pagetable_result result = ranges_edit_commit(edit, va);
    if (result == PAGETABLE_OK)
        result = call_barrier(edit->environment, BARRIER_DSB_ISHST);
    if (result == PAGETABLE_OK)
        result = call_barrier(edit->environment, BARRIER_ISB);
    return result == PAGETABLE_OK ? ranges_edit_end(edit) : result;
}

/* ---- unmap ---- */

static enum pagetable_result commit_and_invalidate(struct ranges_edit *edit, uint64_t va, bool global)
{
    enum pagetable_result result = ranges_edit_commit(edit, va);
    if (result == PAGETABLE_OK)
        result = plain_invalidate_page(edit->table, edit->environment, va, global);
    if (result == PAGETABLE_OK)
        result = call_barrier(edit->environment, BARRIER_ISB);
    return result == PAGETABLE_OK ? ranges_edit_end(edit) : result;
}

static enum pagetable_result unmap_locked(struct ranges_edit *edit, uint64_t va)
{
    struct range range;
    enum pagetable_result result = find_page(edit, va, &range);
    if (result != PAGETABLE_OK)
        return result;
    cut_page(edit, &range, va);
    return commit_and_invalidate(edit, va, is_global(&range));
}

/* ---- protect ---- */

/* The range of a page alone that this operation has written: where its leaf stands. */
static uint64_t leaf_word(const struct ranges_edit *edit, uint64_t va)
{
    for (unsigned i = 0; i < edit->nodes; i++)
        for (unsigned key = 0; edit->node[i].written != 0 && key < edit->node[i].keys; key++)
            if (range_va(&edit->node[i].key[key]) == va)
                return edit->node[i].written + 8 * (RANGES_FIRST_KEY + key * RANGES_KEY_WORDS + 2u);
    return 0;
}

/* Through an invalid leaf, which a single store then makes valid: so nothing can fail after the page is gone.
 */
static enum pagetable_result protect_through_invalid(struct ranges_edit *edit, const struct range *page,
                                                     bool global)
{
    uint64_t va = range_va(page);
    const struct range invalid = {page->base, page->end, 0};
    ranges_insert(edit, &invalid);
    enum pagetable_result result = commit_and_invalidate(edit, va, global);
    if (result == PAGETABLE_OK)
        result = call_write(edit->environment, leaf_word(edit, va), page->leaf);
    if (result == PAGETABLE_OK)
        result = call_barrier(edit->environment, BARRIER_DSB_ISHST);
    return result == PAGETABLE_OK ? call_barrier(edit->environment, BARRIER_ISB) : result;
}

static enum pagetable_result protect_locked(struct ranges_edit *edit, uint64_t va, uint32_t attributes)
{
    struct range range;
    enum pagetable_result result = find_page(edit, va, &range);
    if (result == PAGETABLE_OK && !plain_expresses(attributes))
        result = PAGETABLE_UNSUPPORTED;
    if (result != PAGETABLE_OK)
        return result;
    unsigned size = range_size(&range);
    uint64_t before = range_leaf_at(&range, va);
    struct frame frame = plain_decode(before, plain_size_lg2(size));
    frame.attributes = attributes;
    const struct range page = {va | size, va + bytes_of(size), plain_encode(&frame)};
    if (page.leaf == before)
        return PAGETABLE_OK;
    bool global = is_global(&range) || is_global(&page);
    cut_page(edit, &range, va);
    if (plain_must_break(before, page.leaf))
        return protect_through_invalid(edit, &page, global);
    insert_joined(edit, page);
    return commit_and_invalidate(edit, va, global);
}

/* ---- query ---- */

static enum pagetable_result query_locked(struct ranges_edit *edit, uint64_t va, struct mapping *found)
{
    struct range range;
    bool there = ranges_find(edit, va, &range) && range_contains(&range, va);
    if (edit->error != PAGETABLE_OK || !there)
        return edit->error != PAGETABLE_OK ? edit->error : PAGETABLE_NOT_MAPPED;
    unsigned size_lg2 = plain_size_lg2(range_size(&range));
    uint64_t page = va >> size_lg2 << size_lg2;
    *found = plain_mapping(page, range_leaf_at(&range, page), range_size(&range));
    return PAGETABLE_OK;
}

/* ---- the class ---- */

static uint64_t lock_of(const void *state)
{
    return plain_root(state) + RANGES_LOCK;
}

static enum pagetable_result begin(struct ranges_edit *edit, const void *state,
                                   const struct environment *environment)
{
    enum pagetable_result result = call_enter(environment, lock_of(state));
    if (result == PAGETABLE_OK)
        ranges_edit_begin(edit, state, environment);
    return result;
}

static enum pagetable_result ranges_map(void *state, const struct environment *environment, uint64_t va,
                                        const struct frame *frame)
{
    struct ranges_edit edit;
    enum pagetable_result result = begin(&edit, state, environment);
    return result == PAGETABLE_OK ? call_leave(environment, lock_of(state), map_locked(&edit, va, frame))
                                  : result;
}

static enum pagetable_result ranges_unmap(void *state, const struct environment *environment, uint64_t va)
{
    struct ranges_edit edit;
    enum pagetable_result result = begin(&edit, state, environment);
    return result == PAGETABLE_OK ? call_leave(environment, lock_of(state), unmap_locked(&edit, va)) : result;
}

static enum pagetable_result ranges_protect(void *state, const struct environment *environment, uint64_t va,
                                            uint32_t attributes)
{
    struct ranges_edit edit;
    enum pagetable_result result = begin(&edit, state, environment);
    return result == PAGETABLE_OK
               ? call_leave(environment, lock_of(state), protect_locked(&edit, va, attributes))
               : result;
}

static enum pagetable_result ranges_query(void *state, const struct environment *environment, uint64_t va,
                                          struct mapping *found)
{
    struct ranges_edit edit;
    enum pagetable_result result = begin(&edit, state, environment);
    return result == PAGETABLE_OK ? call_leave(environment, lock_of(state), query_locked(&edit, va, found))
                                  : result;
}

static enum pagetable_result ranges_create(void *state, const struct environment *environment,
                                           const struct pagetable_config *config)
{
    return plain_create(state, environment, config, &ranges_48);
}

/* The address space's number may be used again: nothing of this one may be left under it. */
static enum pagetable_result ranges_destroy(void *state, const struct environment *environment)
{
    const struct plain_table *table = state;
    enum pagetable_result result = plain_invalidate_space(table, environment, true);
    if (result == PAGETABLE_OK)
        result = ranges_release_pages(table, environment);
    return result == PAGETABLE_OK ? plain_destroy(table, environment) : result;
}

static bool ranges_accepts(const struct walk_format *format, const struct entry_format *entries)
{
    (void)entries;
    return format == &ranges_48;
}

const struct pagetable_class pagetable_ranges = {
    .abi_version = PAGETABLE_ABI_VERSION,
    .struct_bytes = sizeof(struct pagetable_class),
    .name = "ranges",
    .summary = "range table, a B-tree of base, limit and offset, for a range TLB; nodes are written once",
    .state_bytes = sizeof(struct plain_table),
    .create = ranges_create,
    .destroy = ranges_destroy,
    .map = ranges_map,
    .unmap = ranges_unmap,
    .protect = ranges_protect,
    .query = ranges_query,
    .root = plain_root,
    .enumerate = ranges_enumerate,
    .invariants = ranges_invariants,
    .default_format = "ranges-48",
    .accepts = ranges_accepts,
    .blocks = ranges_blocks,
};
