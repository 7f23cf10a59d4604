/* The radix table as raw memory shows it: candidates for mappings, its memory, and its check of itself. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "pagetables/radix.h"

/* ---- Enumeration ---- */

struct enumeration {
    const struct radix *radix;
    const struct memory_reader *memory;
    pagetable_visitor visit;
    void *context;
};

/* Whether two leaves of a table are entries of one run, which the first of them begins. */
static bool same_run(const struct entry_level *level, const struct entry *first, const struct entry *other)
{
    return first->kind == ENTRY_LEAF && other->kind == ENTRY_LEAF &&
           first->frame.size_lg2 > level->span_lg2 && first->frame.size_lg2 == other->frame.size_lg2 &&
           first->frame.base == other->frame.base &&
           ((first->frame.attributes ^ other->frame.attributes) & FRAME_ATTRIBUTES_ALL) == 0;
}

static bool propose(const struct enumeration *enumeration, const struct frame *frame, uint64_t va)
{
    struct mapping candidate = {.va = walk_format_extend(enumeration->radix->hardware, va), .frame = *frame};
    candidate.frame.attributes &= FRAME_ATTRIBUTES_ALL;
    return enumeration->visit(enumeration->context, &candidate);
}

/* False when the visitor wants no more. Words that cannot be read propose nothing, and of a run its first
 * entry alone does. */
static bool enumerate_table(const struct enumeration *enumeration, unsigned depth, uint64_t table,
                            uint64_t va)
{
    const struct entry_format *format = enumeration->radix->format;
    const struct entry_level *level = &format->level[depth];
    struct entry first = {.kind = ENTRY_INVALID}; /* of the places where a run may be */
    for (uint64_t i = 0; i < UINT64_C(1) << level->index_bits; i++, va += UINT64_C(1) << level->span_lg2) {
        uint64_t word;
        bool begins = i % (UINT64_C(1) << level->run_lg2) == 0;
        if (begins)
            first.kind = ENTRY_INVALID;
        if (!enumeration->memory->read(enumeration->memory->context, table + i * ENTRY_BYTES, &word))
            continue;
        struct entry entry = format->decode(level, word);
        if (begins)
            first = entry;
        if (entry.kind == ENTRY_LEAF && (begins || !same_run(level, &first, &entry)) &&
            !propose(enumeration, &entry.frame, va))
            return false;
        if (entry.kind == ENTRY_TABLE && entry_has_depth(format, depth + 1) &&
            !enumerate_table(enumeration, depth + 1, entry.table, va))
            return false;
    }
    return true;
}

enum pagetable_result radix_enumerate(const void *state, const struct memory_reader *memory,
                                      pagetable_visitor visit, void *context)
{
    const struct radix *radix = state;
    const struct enumeration enumeration = {radix, memory, visit, context};
    (void)enumerate_table(&enumeration, 0, radix->root, 0);
    return PAGETABLE_OK;
}

/* ---- Memory ---- */

struct block_visit {
    const struct radix *radix;
    const struct memory_reader *memory;
    pagetable_block_visitor visit;
    void *context;
};

/* A table and all below it. Entries of the last level are leaves: nobody reads them. */
static bool visit_blocks(const struct block_visit *visit, unsigned depth, uint64_t table)
{
    const struct entry_format *format = visit->radix->format;
    const struct entry_level *level = &format->level[depth];
    if (!visit->visit(visit->context, table, radix_block_bytes(visit->radix, depth)))
        return false;
    bool tables_below = entry_has_depth(format, depth + 1);
    for (uint64_t offset = 0; tables_below && offset < entry_table_bytes(level); offset += ENTRY_BYTES) {
        uint64_t word;
        if (!visit->memory->read(visit->memory->context, table + offset, &word) || word == 0)
            continue;
        struct entry entry = format->decode(level, word);
        if (entry.kind == ENTRY_TABLE && !visit_blocks(visit, depth + 1, entry.table))
            return false;
    }
    return true;
}

enum pagetable_result radix_blocks(const void *state, const struct memory_reader *memory,
                                   pagetable_block_visitor visit, void *context)
{
    const struct radix *radix = state;
    const struct block_visit all = {radix, memory, visit, context};
    if (visit(context, radix->lock, RADIX_LOCK_BYTES))
        (void)visit_blocks(&all, 0, radix->root);
    return PAGETABLE_OK;
}

/* ---- Tables that were seen ---- */

/* An open hash set of addresses; 0 marks a free place, so address 0 is a flag of its own. */
struct address_set {
    uint64_t *place;
    size_t places; /* a power of two, or 0 */
    size_t count;
    bool zero;
};

enum adding { ADDED, ALREADY_THERE, NO_ROOM };

static size_t place_of(const struct address_set *set, uint64_t address)
{
    size_t i = (size_t)(address * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (set->places - 1);
    while (set->place[i] && set->place[i] != address)
        i = (i + 1) & (set->places - 1);
    return i;
}

static bool grow(struct address_set *set)
{
    struct address_set larger = {.places = set->places ? 2 * set->places : 64};
    larger.place = calloc(larger.places, sizeof *larger.place);
    if (!larger.place)
        return false;
    for (size_t i = 0; i < set->places; i++)
        if (set->place[i])
            larger.place[place_of(&larger, set->place[i])] = set->place[i];
    free(set->place);
    set->place = larger.place;
    set->places = larger.places;
    return true;
}

static enum adding add_address(struct address_set *set, uint64_t address)
{
    if (address == 0) {
        enum adding answer = set->zero ? ALREADY_THERE : ADDED;
        set->zero = true;
        return answer;
    }
    if (2 * (set->count + 1) > set->places && !grow(set))
        return NO_ROOM;
    size_t i = place_of(set, address);
    if (set->place[i])
        return ALREADY_THERE;
    set->place[i] = address;
    set->count++;
    return ADDED;
}

/* ---- Invariants ---- */

struct check {
    const struct radix *radix;
    const struct memory_reader *memory;
    struct address_set tables;
    char *reason;
    size_t reason_bytes;
};

/* An entry under the check: where it stands and what it holds. */
struct place {
    unsigned depth;
    uint64_t slot;
    uint64_t word;
    struct entry entry; /* the word, decoded */
};

static enum pagetable_result corrupt(const struct check *check, const struct place *place, const char *what)
{
    (void)snprintf(check->reason, check->reason_bytes,
                   "the level %u entry at 0x%" PRIx64 ", 0x%" PRIx64 ", %s",
                   check->radix->format->level[place->depth].number, place->slot, place->word, what);
    return PAGETABLE_CORRUPT;
}

static enum pagetable_result check_table(struct check *check, const struct place *link, uint64_t table);

static bool overlap(uint64_t one, uint64_t one_bytes, uint64_t other, uint64_t other_bytes)
{
    return one < other + other_bytes && other < one + one_bytes;
}

/* Tables below the root have blocks of one size and are aligned to it: two of them overlap only if they are
 * the same. The root may be larger (stage 2), and the lock has a page. */
static const char *in_the_way(const struct check *check, const struct place *place, uint64_t table)
{
    const struct radix *radix = check->radix;
    uint64_t bytes = radix_block_bytes(radix, place->depth + 1);
    if (table == radix->root)
        return NULL; /* as every table that is linked already */
    if (overlap(table, bytes, radix->lock, RADIX_LOCK_BYTES))
        return "points to the page of the table's lock";
    if (overlap(table, bytes, radix->root, radix_block_bytes(radix, 0)))
        return "points into the root table";
    return NULL;
}

static enum pagetable_result check_link(struct check *check, const struct place *place, uint64_t table)
{
    const struct entry_format *format = check->radix->format;
    if ((place->word & ~format->table_hardware_bits) != format->encode_table(table))
        return corrupt(check, place, "points to a table and has bits set that this page table never sets");
    if (!entry_has_depth(format, place->depth + 1))
        return corrupt(check, place, "points to a table below the last level");
    const char *met = in_the_way(check, place, table);
    if (met)
        return corrupt(check, place, met);
    if (table & (radix_block_bytes(check->radix, place->depth + 1) - 1))
        return corrupt(check, place, "points to the half of a block where a table's count stands");
    switch (add_address(&check->tables, table)) {
    case ALREADY_THERE:
        return corrupt(check, place, "points to a table that another entry points to as well");
    case NO_ROOM:
        return PAGETABLE_NO_MEMORY;
    case ADDED:
        break;
    }
    return check_table(check, place, table);
}

/* Whether this page table writes such a leaf at its place in a run, or hardware makes it of one. */
static bool is_written(const struct check *check, const struct place *place)
{
    const struct entry_format *format = check->radix->format;
    const struct entry_level *level = &format->level[place->depth];
    struct frame frame = place->entry.frame;
    uint64_t entries = UINT64_C(1) << (frame.size_lg2 - level->span_lg2);
    uint64_t after_first = place->slot / ENTRY_BYTES % entries * level->run_step;
    uint64_t first;
    if (format->encode_leaf(level, &frame, &first) &&
        (first + after_first == place->word || format->after_store(first) + after_first == place->word))
        return true; /* a kernel of x86 may store to what is not writable: then it is dirty */
    frame.attributes |= FRAME_CLEAN;
    return format->encode_leaf(level, &frame, &first) &&
           format->after_store(first) + after_first == place->word;
}

static enum pagetable_result check_entry(struct check *check, const struct place *place)
{
    switch (place->entry.kind) {
    case ENTRY_INVALID:
        return place->word == 0 ? PAGETABLE_OK : corrupt(check, place, "is invalid and not zero");
    case ENTRY_TABLE:
        return check_link(check, place, place->entry.table);
    case ENTRY_LEAF:
        if (!is_written(check, place))
            return corrupt(check, place, "maps a frame in a form that this page table never writes");
        return PAGETABLE_OK;
    default:
        return corrupt(check, place, "has a reserved form");
    }
}

static bool is_of_run(const struct entry_level *level, const struct entry *entry)
{
    return entry->kind == ENTRY_LEAF && entry->frame.size_lg2 > level->span_lg2;
}

/* `first` stands where a run begins that `place` would belong to. */
static enum pagetable_result check_run(const struct check *check, const struct entry *first,
                                       const struct place *place)
{
    const struct entry_level *level = &check->radix->format->level[place->depth];
    if (!is_of_run(level, first) && !is_of_run(level, &place->entry))
        return PAGETABLE_OK;
    return same_run(level, first, &place->entry)
               ? PAGETABLE_OK
               : corrupt(check, place, "differs from the run of contiguous entries that it stands in");
}

/* The count of the table that `link` points to says how many of its entries are in use. */
static enum pagetable_result check_count(const struct check *check, const struct place *link, uint64_t table,
                                         uint64_t used)
{
    uint64_t count;
    uint64_t pa = radix_count_of(check->radix->format, link->depth + 1, table);
    if (!check->memory->read(check->memory->context, pa, &count))
        return corrupt(check, link, "leads to a table whose count is where there is no memory");
    if (count == used)
        return PAGETABLE_OK;
    char what[120];
    (void)snprintf(what, sizeof what,
                   "points to a table with %" PRIu64 " entries in use, but its count at 0x%" PRIx64
                   " is %" PRIu64,
                   used, pa, count);
    return corrupt(check, link, what);
}

/* `link` is the entry that points to the table; its depth is one less. NULL for the root. */
static enum pagetable_result check_table(struct check *check, const struct place *link, uint64_t table)
{
    struct place place = {.depth = link ? link->depth + 1 : 0};
    const struct entry_format *format = check->radix->format;
    const struct entry_level *level = &format->level[place.depth];
    struct entry first = {.kind = ENTRY_INVALID};
    uint64_t used = 0;
    for (uint64_t i = 0; i < UINT64_C(1) << level->index_bits; i++) {
        place.slot = table + i * ENTRY_BYTES;
        if (!check->memory->read(check->memory->context, place.slot, &place.word)) {
            place.word = 0;
            return corrupt(check, link ? link : &place, "leads to a table where there is no memory");
        }
        place.entry = format->decode(level, place.word);
        if (i % (UINT64_C(1) << level->run_lg2) == 0)
            first = place.entry;
        enum pagetable_result result = check_entry(check, &place);
        if (result == PAGETABLE_OK)
            result = check_run(check, &first, &place);
        if (result != PAGETABLE_OK)
            return result;
        used += place.word != 0;
    }
    if (!link || !radix_counts(check->radix, place.depth)) /* the root never counts */
        return PAGETABLE_OK;
    return used > 0 ? check_count(check, link, table, used)
                    : corrupt(check, link, "points to a table that is empty");
}

enum pagetable_result radix_invariants(const void *state, const struct memory_reader *memory, char *reason,
                                       size_t reason_bytes)
{
    const struct radix *radix = state;
    struct check check = {.radix = radix, .memory = memory, .reason = reason, .reason_bytes = reason_bytes};
    enum pagetable_result result = PAGETABLE_NO_MEMORY;
    if (add_address(&check.tables, radix->root) != NO_ROOM)
        result = check_table(&check, NULL, radix->root);
    free(check.tables.place);
    return result;
}
