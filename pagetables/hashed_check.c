/* The hashed page table as raw memory shows it: candidates for mappings, its memory, and its check of itself.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "pagetables/hashed.h"
#include "pagetables/plain_table.h"

struct array {
    const struct memory_reader *memory;
    uint64_t word; /* of the descriptor */
    uint64_t base;
    uint64_t slots;
};

static bool read_word(const struct array *array, uint64_t pa, uint64_t *word)
{
    return array->memory->read(array->memory->context, pa, word);
}

static bool find_array(const struct plain_table *hashed, const struct memory_reader *memory,
                       struct array *array)
{
    array->memory = memory;
    if (!read_word(array, hashed->root + HASHED_ARRAY, &array->word))
        return false;
    uint64_t lg2 = array->word & HASHED_SLOTS_LG2_MASK;
    array->base = array->word & PLAIN_ADDRESS;
    array->slots = UINT64_C(1) << lg2;
    return lg2 >= HASHED_SLOTS_LG2_MIN && lg2 <= HASHED_SLOTS_LG2_MAX;
}

static bool read_slot(const struct array *array, uint64_t index, uint64_t *tag, uint64_t *leaf)
{
    uint64_t slot = array->base + index * HASHED_SLOT_BYTES;
    return read_word(array, slot, tag) && read_word(array, slot + 8, leaf);
}

/* ---- enumeration ---- */

/* Words that cannot be read propose nothing. */
static size_t collect(const void *table, struct mapping *mappings, size_t room)
{
    const struct array *array = table;
    size_t count = 0;
    for (uint64_t i = 0; i < array->slots; i++) {
        uint64_t tag, leaf;
        if (!read_slot(array, i, &tag, &leaf) || !(tag & HASHED_TAG_USED) || !(leaf & PLAIN_VALID) ||
            (tag & HASHED_TAG_SIZE) >= PLAIN_SIZES)
            continue;
        if (count < room)
            mappings[count] = (struct mapping){
                tag & HASHED_TAG_BASE, plain_decode(leaf, plain_size_lg2((unsigned)(tag & HASHED_TAG_SIZE)))};
        count++;
    }
    return count;
}

enum pagetable_result hashed_enumerate(const void *state, const struct memory_reader *memory,
                                       pagetable_visitor visit, void *context)
{
    struct array array;
    if (!find_array(state, memory, &array))
        return PAGETABLE_CORRUPT;
    return plain_enumerate(collect, &array, visit, context);
}

/* ---- memory ---- */

enum pagetable_result hashed_blocks(const void *state, const struct memory_reader *memory,
                                    pagetable_block_visitor visit, void *context)
{
    const struct plain_table *hashed = state;
    struct array array;
    if (!find_array(hashed, memory, &array))
        return PAGETABLE_CORRUPT;
    if (visit(context, hashed->root, PLAIN_DESCRIPTOR_BYTES))
        (void)visit(context, array.base, array.slots * HASHED_SLOT_BYTES);
    return PAGETABLE_OK;
}

/* ---- invariants ---- */

struct check {
    struct array array;
    uint64_t root;
    char *reason;
    size_t reason_bytes;
    uint64_t used, dead, sizes;
};

__attribute__((format(printf, 2, 3))) static enum pagetable_result corrupt(const struct check *check,
                                                                           const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(check->reason, check->reason_bytes, format, arguments);
    va_end(arguments);
    return PAGETABLE_CORRUPT;
}

/* A walk that seeks the page comes to its slot. */
static enum pagetable_result check_reached(const struct check *check, uint64_t index, uint64_t tag)
{
    uint64_t slot = check->array.base + index * HASHED_SLOT_BYTES;
    for (unsigned probe = 0; probe < HASHED_PROBES_MAX; probe++) {
        uint64_t there, at = hashed_slot(check->array.word, tag & HASHED_TAG_BASE,
                                         (unsigned)(tag & HASHED_TAG_SIZE), probe);
        if (at == slot)
            return PAGETABLE_OK;
        if (!read_word(&check->array, at, &there) || there == 0)
            return corrupt(check,
                           "the slot at 0x%" PRIx64 " is free, and the page 0x%" PRIx64
                           " stands behind it, at 0x%" PRIx64,
                           at, tag & HASHED_TAG_BASE, slot);
        if (there == tag)
            return corrupt(check,
                           "the page 0x%" PRIx64 " stands in two slots, at 0x%" PRIx64 " and 0x%" PRIx64,
                           tag & HASHED_TAG_BASE, at, slot);
    }
    return corrupt(check, "the page 0x%" PRIx64 " at 0x%" PRIx64 " is more than %u slots from its place",
                   tag & HASHED_TAG_BASE, slot, HASHED_PROBES_MAX);
}

static enum pagetable_result check_page(struct check *check, uint64_t index, uint64_t tag, uint64_t leaf)
{
    unsigned size = (unsigned)(tag & HASHED_TAG_SIZE);
    if (size >= PLAIN_SIZES || tag != hashed_tag(tag & HASHED_TAG_BASE, size))
        return corrupt(check, "slot %" PRIu64 " has the tag 0x%" PRIx64 ", which is never written", index,
                       tag);
    struct frame frame = plain_decode(leaf, plain_size_lg2(size));
    if (leaf != plain_encode(&frame))
        return corrupt(check, "slot %" PRIu64 " has the leaf 0x%" PRIx64 ", which is never written", index,
                       leaf);
    check->used++;
    check->sizes |= UINT64_C(1) << size;
    return check_reached(check, index, tag);
}

static enum pagetable_result check_slots(struct check *check)
{
    enum pagetable_result result = PAGETABLE_OK;
    for (uint64_t i = 0; result == PAGETABLE_OK && i < check->array.slots; i++) {
        uint64_t tag, leaf;
        if (!read_slot(&check->array, i, &tag, &leaf))
            return corrupt(check, "slot %" PRIu64 " is where there is no memory", i);
        if (tag & HASHED_TAG_USED)
            result = check_page(check, i, tag, leaf);
        else if (tag == HASHED_TAG_DEAD)
            check->dead++;
        else if (tag != 0)
            result =
                corrupt(check, "slot %" PRIu64 " has the tag 0x%" PRIx64 ", which is never written", i, tag);
    }
    return result;
}

static enum pagetable_result check_count(const struct check *check, unsigned offset, const char *what,
                                         uint64_t counted)
{
    uint64_t told;
    if (!read_word(&check->array, check->root + offset, &told))
        return corrupt(check, "the descriptor is where there is no memory");
    return told == counted ? PAGETABLE_OK
                           : corrupt(check, "%" PRIu64 " slots are %s, but the descriptor says %" PRIu64,
                                     counted, what, told);
}

enum pagetable_result hashed_invariants(const void *state, const struct memory_reader *memory, char *reason,
                                        size_t reason_bytes)
{
    const struct plain_table *hashed = state;
    struct check check = {.root = hashed->root, .reason = reason, .reason_bytes = reason_bytes};
    uint64_t sizes;
    if (!find_array(hashed, memory, &check.array))
        return corrupt(&check, "the descriptor at 0x%" PRIx64 " names no array", hashed->root);
    enum pagetable_result result = check_slots(&check);
    if (result == PAGETABLE_OK)
        result = check_count(&check, HASHED_USED, "in use", check.used);
    if (result == PAGETABLE_OK)
        result = check_count(&check, HASHED_DEAD, "dead", check.dead);
    if (result != PAGETABLE_OK)
        return result;
    if (!read_word(&check.array, hashed->root + HASHED_SIZES, &sizes) || check.sizes & ~sizes)
        return corrupt(&check, "pages have sizes that the descriptor does not tell walks to seek");
    return PAGETABLE_OK;
}
