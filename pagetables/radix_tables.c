/* Whole tables of the radix table: released, searched, and removed where they are empty and in the way. */
#include <assert.h>

#include "pagetables/radix_steps.h"

enum pagetable_result radix_release(const struct radix *radix, const struct environment *environment,
                                    unsigned depth, uint64_t table)
{
    uint64_t size_bytes = radix_block_bytes(radix, depth);
    return call_result_of(environment->operations->release_table(environment->context, table, size_bytes));
}

enum pagetable_result radix_find_global(const struct radix *radix, const struct environment *environment,
                                        unsigned depth, uint64_t table, bool *global)
{
    const struct entry_level *level = &radix->format->level[depth];
    for (uint64_t offset = 0; offset < entry_table_bytes(level); offset += ENTRY_BYTES) {
        uint64_t word;
        enum pagetable_result result = call_read(environment, table + offset, &word);
        if (result != PAGETABLE_OK)
            return result;
        struct entry entry = radix->format->decode(level, word);
        if (entry.kind == ENTRY_RESERVED ||
            (entry.kind == ENTRY_TABLE && !entry_has_depth(radix->format, depth + 1)))
            return PAGETABLE_CORRUPT;
        if (entry.kind == ENTRY_TABLE)
            result = radix_find_global(radix, environment, depth + 1, entry.table, global);
        if (result != PAGETABLE_OK)
            return result;
        *global |= entry.kind == ENTRY_LEAF && entry.frame.attributes & FRAME_GLOBAL;
    }
    return PAGETABLE_OK;
}

enum pagetable_result radix_release_all(const struct radix *radix, const struct environment *environment,
                                        unsigned depth, uint64_t table)
{
    const struct entry_level *level = &radix->format->level[depth];
    enum pagetable_result first = PAGETABLE_OK;
    bool tables_below = entry_has_depth(radix->format, depth + 1);
    for (uint64_t offset = 0; tables_below && offset < entry_table_bytes(level); offset += ENTRY_BYTES) {
        uint64_t word;
        enum pagetable_result result = call_read(environment, table + offset, &word);
        if (result != PAGETABLE_OK)
            return call_first_of(first, result);
        struct entry entry = radix->format->decode(level, word);
        if (entry.kind == ENTRY_TABLE)
            first = call_first_of(first, radix_release_all(radix, environment, depth + 1, entry.table));
        if (first == PAGETABLE_ENVIRONMENT)
            return first;
    }
    return call_first_of(first, radix_release(radix, environment, depth, table));
}

/* ---- Room for a leaf ---- */

/* Whether no leaf stands in a table or below it. A table that has a count and is linked is not empty, unless
 * something else than this page table emptied it. */
static enum pagetable_result is_empty(const struct radix *radix, const struct environment *environment,
                                      unsigned depth, uint64_t table, bool *empty)
{
    const struct entry_level *level = &radix->format->level[depth];
    struct radix_count count;
    enum pagetable_result result = radix_read_count(radix, environment, depth, table, 0, &count);
    *empty = result == PAGETABLE_OK && count.used == 0;
    if (result != PAGETABLE_OK || radix_counts(radix, depth))
        return result;
    for (uint64_t offset = 0; *empty && offset < entry_table_bytes(level); offset += ENTRY_BYTES) {
        uint64_t word;
        result = call_read(environment, table + offset, &word);
        if (result != PAGETABLE_OK)
            return result;
        struct entry entry = radix->format->decode(level, word);
        if (entry.kind == ENTRY_RESERVED ||
            (entry.kind == ENTRY_TABLE && !entry_has_depth(radix->format, depth + 1)))
            return PAGETABLE_CORRUPT;
        if (entry.kind == ENTRY_TABLE)
            result = is_empty(radix, environment, depth + 1, entry.table, empty);
        if (result != PAGETABLE_OK)
            return result;
        *empty &= entry.kind != ENTRY_LEAF;
    }
    return PAGETABLE_OK;
}

/* Whether an entry is free or can be freed; what it points to then is a part of `room`. */
static enum pagetable_result find_room_at(const struct radix *radix, const struct environment *environment,
                                          unsigned depth, uint64_t slot, uint64_t word,
                                          struct radix_room *room)
{
    struct entry entry = radix->format->decode(&radix->format->level[depth], word);
    bool empty = false;
    enum pagetable_result result = PAGETABLE_OK;
    switch (entry.kind) {
    case ENTRY_INVALID:
        return PAGETABLE_OK;
    case ENTRY_LEAF:
        return PAGETABLE_OVERLAP;
    case ENTRY_TABLE:
        if (!entry_has_depth(radix->format, depth + 1))
            return PAGETABLE_CORRUPT;
        result = is_empty(radix, environment, depth + 1, entry.table, &empty);
        if (result != PAGETABLE_OK || !empty)
            return result == PAGETABLE_OK ? PAGETABLE_OVERLAP : result;
        room->slot[room->tables] = slot;
        room->table[room->tables++] = entry.table;
        return PAGETABLE_OK;
    default:
        return PAGETABLE_CORRUPT;
    }
}

enum pagetable_result radix_find_room(const struct radix *radix, const struct environment *environment,
                                      const struct radix_path *path, const struct radix_run *run,
                                      struct radix_room *room)
{
    uint64_t slot = path->slot[path->depth];
    assert(!entry_has_depth(radix->format, path->depth + 1) || run->entries <= RADIX_ROOM_MAX);
    room->tables = 0;
    enum pagetable_result result = find_room_at(radix, environment, path->depth, slot, path->word, room);
    for (unsigned i = 1; result == PAGETABLE_OK && i < run->entries; i++) {
        uint64_t word;
        slot += ENTRY_BYTES;
        result = call_read(environment, slot, &word);
        if (result == PAGETABLE_OK)
            result = find_room_at(radix, environment, path->depth, slot, word, room);
    }
    return result;
}

enum pagetable_result radix_make_room(const struct radix *radix, const struct environment *environment,
                                      const struct radix_path *path, const struct radix_room *room)
{
    enum pagetable_result result = PAGETABLE_OK;
    for (unsigned i = 0; result == PAGETABLE_OK && i < room->tables; i++)
        result = call_write(environment, room->slot[i], 0);
    /* Walk caches may hold any entry below, for addresses that one TLBI by address would not name. */
    struct radix_drop drop = radix_of_address_space(radix, false);
    if (result == PAGETABLE_OK)
        result = radix_invalidate(environment, &drop);
    if (result != PAGETABLE_OK)
        return result;
    for (unsigned i = 0; i < room->tables && result != PAGETABLE_ENVIRONMENT; i++)
        result =
            call_first_of(result, radix_release_all(radix, environment, path->depth + 1, room->table[i]));
    return result;
}
