/* Elastic cuckoo page tables as raw memory shows them: candidates for mappings, their memory, and the
 * table's check of itself. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "pagetables/cuckoo.h"
#include "pagetables/plain_table.h"

/* ---- slots that count ---- */

struct slots {
    const struct memory_reader *memory;
    uint64_t root;
    struct cuckoo_line line[PLAIN_SIZES];
};

static bool read_word(const struct slots *slots, uint64_t pa, uint64_t *word)
{
    return slots->memory->read(slots->memory->context, pa, word);
}

static bool find_slots(const struct plain_table *cuckoo, const struct memory_reader *memory,
                       struct slots *slots)
{
    *slots = (struct slots){.memory = memory, .root = cuckoo->root};
    for (unsigned size = 0; size < PLAIN_SIZES; size++) {
        uint64_t words[CUCKOO_LINE_WORDS];
        for (unsigned i = 0; i < CUCKOO_LINE_WORDS; i++)
            if (!read_word(slots, slots->root + (uint64_t)size * CUCKOO_LINE_BYTES + 8u * i, &words[i]))
                return false;
        slots->line[size] = cuckoo_line_of(words);
        for (unsigned i = 0; i < 2 * CUCKOO_WAYS; i++)
            if (words[i] != 0 && !cuckoo_way_is_valid(words[i]))
                return false;
    }
    return true;
}

/* A slot in use, as a visitor sees it. */
struct seen {
    uint64_t slot;
    uint64_t tag;
    uint64_t leaf;
    unsigned size;
    unsigned way;
};
typedef bool (*slot_visitor)(void *context, const struct seen *seen);

/* False when the visitor wants no more. Of words that cannot be read the visitor is told the slot alone, with
 * the tag 0. */
static bool visit_way(const struct slots *slots, struct seen *seen, uint64_t way, uint64_t first,
                      slot_visitor visit, void *context)
{
    for (uint64_t i = first; way != 0 && i < UINT64_C(1) << cuckoo_slots_lg2(way); i++) {
        seen->slot = (way & PLAIN_ADDRESS) + i * CUCKOO_SLOT_BYTES;
        bool readable =
            read_word(slots, seen->slot, &seen->tag) && read_word(slots, seen->slot + 8, &seen->leaf);
        seen->tag = readable ? seen->tag : 0;
        if ((!readable || seen->tag != 0) && !visit(context, seen))
            return false;
    }
    return true;
}

static void visit_slots(const struct slots *slots, slot_visitor visit, void *context)
{
    for (unsigned size = 0; size < PLAIN_SIZES; size++) {
        const struct cuckoo_line *line = &slots->line[size];
        for (unsigned way = 0; way < CUCKOO_WAYS; way++) {
            struct seen seen = {.size = size, .way = way};
            if (!visit_way(slots, &seen, line->way[way], cuckoo_mark(line, way), visit, context) ||
                !visit_way(slots, &seen, line->next[way], 0, visit, context))
                return;
        }
    }
}

/* ---- enumeration ---- */

struct collection {
    struct mapping *mappings;
    size_t room;
    size_t count;
};

static bool collect_slot(void *context, const struct seen *seen)
{
    struct collection *collection = context;
    if (seen->tag == 0 || !(seen->leaf & PLAIN_VALID))
        return true;
    if (collection->count < collection->room)
        collection->mappings[collection->count] = (struct mapping){
            seen->tag & CUCKOO_TAG_BASE, plain_decode(seen->leaf, plain_size_lg2(seen->size))};
    collection->count++;
    return true;
}

static size_t collect(const void *table, struct mapping *mappings, size_t room)
{
    struct collection collection = {mappings, room, 0};
    visit_slots(table, collect_slot, &collection);
    return collection.count;
}

enum pagetable_result cuckoo_enumerate(const void *state, const struct memory_reader *memory,
                                       pagetable_visitor visit, void *context)
{
    struct slots slots;
    if (!find_slots(state, memory, &slots))
        return PAGETABLE_CORRUPT;
    return plain_enumerate(collect, &slots, visit, context);
}

/* ---- memory ---- */

static bool visit_arrays(const uint64_t *ways, pagetable_block_visitor visit, void *context)
{
    for (unsigned way = 0; way < CUCKOO_WAYS; way++)
        if (ways[way] != 0 && !visit(context, ways[way] & PLAIN_ADDRESS,
                                     (uint64_t)CUCKOO_SLOT_BYTES << cuckoo_slots_lg2(ways[way])))
            return false;
    return true;
}

enum pagetable_result cuckoo_blocks(const void *state, const struct memory_reader *memory,
                                    pagetable_block_visitor visit, void *context)
{
    const struct plain_table *cuckoo = state;
    struct slots slots;
    if (!find_slots(cuckoo, memory, &slots))
        return PAGETABLE_CORRUPT;
    bool more = visit(context, cuckoo->root, PLAIN_DESCRIPTOR_BYTES);
    for (unsigned size = 0; more && size < PLAIN_SIZES; size++)
        more = visit_arrays(slots.line[size].way, visit, context) &&
               visit_arrays(slots.line[size].next, visit, context);
    return PAGETABLE_OK;
}

/* ---- invariants ---- */

struct check {
    const struct slots *slots;
    char *reason;
    size_t reason_bytes;
    uint64_t pages[PLAIN_SIZES];
    enum pagetable_result result;
};

__attribute__((format(printf, 2, 3))) static bool corrupt(struct check *check, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(check->reason, check->reason_bytes, format, arguments);
    va_end(arguments);
    check->result = PAGETABLE_CORRUPT;
    return false;
}

/* The page stands where a walk looks for it, and in no other slot where one does. */
static bool check_slot(void *context, const struct seen *seen)
{
    struct check *check = context;
    if (seen->tag == 0)
        return corrupt(check, "the slot at 0x%" PRIx64 " is where there is no memory", seen->slot);
    uint64_t va = seen->tag & CUCKOO_TAG_BASE;
    struct frame frame = plain_decode(seen->leaf, plain_size_lg2(seen->size));
    if (seen->tag != cuckoo_tag(va, seen->size) || seen->leaf != plain_encode(&frame))
        return corrupt(check, "the slot at 0x%" PRIx64 " has words that are never written", seen->slot);
    const struct cuckoo_line *line = &check->slots->line[seen->size];
    for (unsigned way = 0; way < CUCKOO_WAYS; way++) {
        uint64_t slot = cuckoo_slot(line, va, seen->size, way), tag;
        bool here = slot == seen->slot;
        if (way == seen->way && !here)
            return corrupt(check,
                           "the page 0x%" PRIx64 " stands at 0x%" PRIx64
                           ", and way %u has its slot at 0x%" PRIx64,
                           va, seen->slot, way, slot);
        if (!here && read_word(check->slots, slot, &tag) && tag == seen->tag)
            return corrupt(check, "the page 0x%" PRIx64 " stands at 0x%" PRIx64 " and at 0x%" PRIx64, va,
                           seen->slot, slot);
    }
    check->pages[seen->size]++;
    return true;
}

static bool check_line(struct check *check, unsigned size)
{
    const struct cuckoo_line *line = &check->slots->line[size];
    uint64_t pages = 0;
    for (unsigned way = 0; way < CUCKOO_WAYS; way++) {
        if ((line->way[way] == 0) != (line->way[0] == 0) || (line->next[way] == 0) != (line->next[0] == 0))
            return corrupt(check, "some ways of pages of 2^%u bytes are there and others are not",
                           plain_size_lg2(size));
        uint64_t most = line->next[way] ? UINT64_C(1) << cuckoo_slots_lg2(line->way[way]) : 0;
        if (cuckoo_mark(line, way) > most)
            return corrupt(check, "way %u of pages of 2^%u bytes has moved more slots than it has", way,
                           plain_size_lg2(size));
    }
    if (!read_word(check->slots, check->slots->root + CUCKOO_PAGES + 8u * size, &pages))
        return corrupt(check, "the descriptor is where there is no memory");
    return pages == check->pages[size] ||
           corrupt(check, "%" PRIu64 " pages of 2^%u bytes are there, but the descriptor says %" PRIu64,
                   check->pages[size], plain_size_lg2(size), pages);
}

enum pagetable_result cuckoo_invariants(const void *state, const struct memory_reader *memory, char *reason,
                                        size_t reason_bytes)
{
    const struct plain_table *cuckoo = state;
    struct slots slots;
    struct check check = {.slots = &slots, .reason = reason, .reason_bytes = reason_bytes};
    if (!find_slots(cuckoo, memory, &slots))
        (void)corrupt(&check, "the descriptor at 0x%" PRIx64 " names no tables", cuckoo->root);
    else
        visit_slots(&slots, check_slot, &check);
    for (unsigned size = 0; check.result == PAGETABLE_OK && size < PLAIN_SIZES; size++)
        (void)check_line(&check, size);
    return check.result;
}
