/* Elastic cuckoo page tables: how pages make room for each other, and how tables are moved to larger or
 * smaller ones while cores walk them. */
#include "pagetables/cuckoo_steps.h"

/* ---- making room ---- */

/* A slot in use on the way from a page that wants room to a free slot. */
struct step {
    uint64_t slot;
    uint64_t tag; /* of the page in it */
    uint64_t leaf;
    unsigned from; /* the step whose page wants this slot; STEPS: the one that wants room at last */
    unsigned way;
};

#define STEPS 96 /* slots looked at, breadth first, before a search is given up */

struct search {
    const struct cuckoo_view *view;
    const struct cuckoo_want *want;
    struct step step[STEPS];
    unsigned count;
    uint64_t free;      /* the slot found; 0 for none yet */
    unsigned free_from; /* the step whose page goes there */
};

static bool is_known(const struct search *search, uint64_t slot)
{
    if (slot == search->want->except_slot)
        return true;
    for (unsigned i = 0; i < search->count; i++)
        if (search->step[i].slot == slot)
            return true;
    return false;
}

/* Looks at the slots where a page may stand, but for the way where it stands. */
static enum pagetable_result look_around(struct search *search, const struct cuckoo_line *line, uint64_t va,
                                         unsigned from, unsigned except)
{
    const struct environment *environment = search->view->environment;
    for (unsigned way = 0; way < CUCKOO_WAYS && search->free == 0; way++) {
        uint64_t slot = cuckoo_slot(line, va, search->want->size, way);
        if (way == except || search->count == STEPS || is_known(search, slot))
            continue;
        struct step step = {.slot = slot, .from = from, .way = way};
        enum pagetable_result result = call_read(environment, slot, &step.tag);
        if (result == PAGETABLE_OK && step.tag != 0)
            result = call_read(environment, slot + 8, &step.leaf);
        if (result != PAGETABLE_OK)
            return result;
        if (step.tag == 0) {
            search->free = slot;
            search->free_from = from;
        } else {
            search->step[search->count++] = step;
        }
    }
    return PAGETABLE_OK;
}

static enum pagetable_result wait_for_walks(const struct cuckoo_view *view, const struct step *step)
{
    return plain_invalidate_page(view->table, view->environment, step->tag & CUCKOO_TAG_BASE,
                                 plain_attributes(step->leaf) & FRAME_GLOBAL);
}

/*
 * Pages move one slot on, the last one first. Each is copied; then walks under way, which may have looked at
 * its new slot before, are waited for; then its old slot is cleared; then those that have read the tag there
 * and not the leaf yet are waited for, since another page's leaf comes next.
 */
static enum pagetable_result move_pages(const struct search *search, uint64_t *slot)
{
    const struct cuckoo_view *view = search->view;
    uint64_t free = search->free;
    for (unsigned i = search->free_from; i != STEPS; i = search->step[i].from) {
        const struct step *step = &search->step[i];
        enum pagetable_result result = cuckoo_fill(view, free, step->tag, step->leaf);
        if (result == PAGETABLE_OK)
            result = wait_for_walks(view, step);
        if (result == PAGETABLE_OK)
            result = call_write(view->environment, step->slot, 0);
        if (result == PAGETABLE_OK)
            result = wait_for_walks(view, step);
        if (result != PAGETABLE_OK)
            return result;
        free = step->slot;
    }
    *slot = free;
    return PAGETABLE_OK;
}

enum pagetable_result cuckoo_make_room(const struct cuckoo_view *view, const struct cuckoo_want *want,
                                       uint64_t *slot)
{
    struct search search = {.view = view, .want = want};
    const struct cuckoo_line *line = &view->line[want->size];
    *slot = 0;
    enum pagetable_result result = look_around(&search, want->line, want->va, STEPS, CUCKOO_WAYS);
    for (unsigned i = 0; result == PAGETABLE_OK && search.free == 0 && i < search.count; i++)
        result = look_around(&search, line, search.step[i].tag & CUCKOO_TAG_BASE, i, search.step[i].way);
    if (result != PAGETABLE_OK || search.free == 0)
        return result;
    return move_pages(&search, slot);
}

/* ---- ways ---- */

static uint64_t way_bytes(uint64_t way)
{
    return (uint64_t)CUCKOO_SLOT_BYTES << cuckoo_slots_lg2(way);
}

enum pagetable_result cuckoo_release_ways(const struct environment *environment, const uint64_t *ways,
                                          unsigned count)
{
    enum pagetable_result result = PAGETABLE_OK;
    for (unsigned i = 0; i < count; i++)
        result =
            call_first_of(result, call_result_of(environment->operations->release_table(
                                      environment->context, ways[i] & PLAIN_ADDRESS, way_bytes(ways[i]))));
    return result;
}

static enum pagetable_result allocate_ways(const struct environment *environment, unsigned slots_lg2,
                                           uint64_t *ways)
{
    for (unsigned i = 0; i < CUCKOO_WAYS; i++) {
        int error = environment->operations->allocate_table(
            environment->context, (uint64_t)CUCKOO_SLOT_BYTES << slots_lg2, &ways[i]);
        if (error != ENVIRONMENT_OK)
            return call_first_of(cuckoo_release_ways(environment, ways, i), call_result_of(error));
        ways[i] |= slots_lg2;
    }
    return PAGETABLE_OK;
}

enum pagetable_result cuckoo_begin_move(struct cuckoo_view *view, unsigned size, unsigned slots_lg2)
{
    struct cuckoo_line *line = &view->line[size];
    bool first = !cuckoo_occurs(view, size);
    uint64_t ways[CUCKOO_WAYS];
    if (slots_lg2 > CUCKOO_SLOTS_LG2_MAX)
        return PAGETABLE_NO_MEMORY;
    enum pagetable_result result = allocate_ways(view->environment, slots_lg2, ways);
    /* Walks take a size to occur when its way 0 is there: that one comes last. No mark is set yet. */
    for (unsigned i = CUCKOO_WAYS; result == PAGETABLE_OK && i-- > 0;) {
        *(first ? &line->way[i] : &line->next[i]) = ways[i];
        result = cuckoo_write_line(view, size, first ? i : CUCKOO_WAYS + i, ways[i]);
        if (result == PAGETABLE_OK)
            result = call_barrier(view->environment, BARRIER_DMB_ISHST);
    }
    return result;
}

/* ---- moving ---- */

/*
 * After the last slot. A line may be read between two of its words' stores: where `way` is what `next` is,
 * the mark makes no difference, so the ways come first, then the marks, then `next`.
 */
static enum pagetable_result end_move(struct cuckoo_view *view, unsigned size)
{
    struct cuckoo_line *line = &view->line[size];
    struct cuckoo_line before = *line;
    enum pagetable_result result = PAGETABLE_OK;
    for (unsigned way = 0; result == PAGETABLE_OK && way < CUCKOO_WAYS; way++) {
        line->way[way] = line->next[way];
        result = cuckoo_write_line(view, size, way, line->way[way]);
    }
    if (result == PAGETABLE_OK)
        result = call_barrier(view->environment, BARRIER_DMB_ISHST);
    line->marks = 0;
    if (result == PAGETABLE_OK)
        result = cuckoo_write_line(view, size, CUCKOO_MARKS, 0);
    if (result == PAGETABLE_OK)
        result = call_barrier(view->environment, BARRIER_DMB_ISHST);
    for (unsigned way = 0; result == PAGETABLE_OK && way < CUCKOO_WAYS; way++) {
        line->next[way] = 0;
        result = cuckoo_write_line(view, size, CUCKOO_WAYS + way, 0);
    }
    /* Walks under way may know the old ways. */
    if (result == PAGETABLE_OK)
        result = plain_invalidate_space(view->table, view->environment, false);
    return result == PAGETABLE_OK ? cuckoo_release_ways(view->environment, before.way, CUCKOO_WAYS) : result;
}

static void set_mark(struct cuckoo_line *line, unsigned way, uint64_t mark)
{
    unsigned shift = way * CUCKOO_MARK_BITS;
    uint64_t field = ((UINT64_C(1) << CUCKOO_MARK_BITS) - 1) << shift;
    line->marks = (line->marks & ~field) | mark << shift;
}

/* The page at the mark is copied to where it belongs when the mark has passed it; the copy that is left
 * behind the mark belongs to nobody. */
static enum pagetable_result move_slot(struct cuckoo_view *view, unsigned size, unsigned way, bool *stuck)
{
    struct cuckoo_line *line = &view->line[size];
    struct cuckoo_line after = *line;
    uint64_t mark = cuckoo_mark(line, way), tag, leaf, slot;
    uint64_t old = (line->way[way] & PLAIN_ADDRESS) + mark * CUCKOO_SLOT_BYTES;
    enum pagetable_result result = call_read(view->environment, old, &tag);
    set_mark(&after, way, mark + 1);
    if (result == PAGETABLE_OK && tag != 0) {
        /* Pages that make room go where walks look for them now, before the mark is written. */
        const struct cuckoo_want want = {
            .va = tag & CUCKOO_TAG_BASE, .size = size, .line = &after, .except_slot = old};
        result = cuckoo_make_room(view, &want, &slot);
        *stuck = result == PAGETABLE_OK && slot == 0;
        if (result == PAGETABLE_OK && !*stuck)
            result = call_read(view->environment, old + 8, &leaf);
        if (result == PAGETABLE_OK && !*stuck)
            result = cuckoo_fill(view, slot, tag, leaf);
        if (result == PAGETABLE_OK && !*stuck)
            result = call_barrier(view->environment, BARRIER_DMB_ISHST);
    }
    if (result != PAGETABLE_OK || *stuck)
        return result;
    line->marks = after.marks;
    return cuckoo_write_line(view, size, CUCKOO_MARKS, line->marks);
}

enum pagetable_result cuckoo_go_on(struct cuckoo_view *view, unsigned size, unsigned slots, bool *stuck)
{
    struct cuckoo_line *line = &view->line[size];
    enum pagetable_result result = PAGETABLE_OK;
    bool done = true;
    *stuck = false;
    if (!cuckoo_moves(view, size))
        return PAGETABLE_OK;
    for (unsigned way = 0; way < CUCKOO_WAYS; way++) {
        uint64_t all = cuckoo_slots(line->way[way]);
        for (unsigned i = 0; result == PAGETABLE_OK && !*stuck && i < slots && cuckoo_mark(line, way) < all;
             i++)
            result = move_slot(view, size, way, stuck);
        done = done && cuckoo_mark(line, way) == all;
    }
    return result == PAGETABLE_OK && done ? end_move(view, size) : result;
}
