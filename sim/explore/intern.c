/*
 * Open addressing with linear probing. A slot is 0, or the upper 32 bits of the hash and the number + 1. The
 * home of a string are the topmost bits of its hash, so a larger table is made from the slots alone, in their
 * order: no string is read, and the new slots are written nearly in sequence.
 */
#include "sim/explore/intern.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "sim/explore/arena.h"
#include "sim/explore/hash.h"

#define SLOTS_FIRST_LG2 6u
#define SLOTS_LAST_LG2  32u
#define BLOCK_FIRST     (UINT32_C(1) << 10)
#define BLOCK_LARGEST   (UINT32_C(256) << 10)

/* The record of a string that has a length of its own. */
struct string {
    const uint8_t *bytes;
    size_t length;
};

/* Strings of any length lie one behind the other. */
struct block {
    struct block *before;
    size_t bytes; /* with this */
};

struct intern {
    uint64_t *slots;
    size_t slot_mask;
    unsigned home_shift;   /* 64 - log2 of the slots */
    uint32_t count_enough; /* then the slots are made more */
    uint32_t count_max;
    uint32_t fixed_bytes;
    uint64_t (*hash)(const void *bytes, size_t length);
    struct arena records; /* of a fixed length: the strings; else struct string */
    struct block *block;
    size_t block_left;
    struct memory_budget *budget;
};

static size_t slots_of(const struct intern *table)
{
    return table->slot_mask + 1;
}

static bool set_slots(struct intern *table, unsigned lg2)
{
    size_t slots = (size_t)1 << lg2;
    table->slots = memory_take(table->budget, slots * sizeof *table->slots);
    table->slot_mask = slots - 1;
    table->home_shift = 64 - lg2;
    size_t enough = slots / 4 * 3;
    table->count_enough = enough < table->count_max ? (uint32_t)enough : table->count_max;
    return table->slots != NULL;
}

struct intern *intern_create(const struct intern_config *config)
{
    struct intern *table = memory_take(config->budget, sizeof *table);
    if (!table)
        return NULL;
    uint32_t record_bytes = config->fixed_bytes ? config->fixed_bytes : (uint32_t)sizeof(struct string);
    bool limited = config->count_max && config->count_max < INTERN_NONE - 1;
    *table = (struct intern){.budget = config->budget,
                             .count_max = limited ? config->count_max : INTERN_NONE - 1,
                             .fixed_bytes = config->fixed_bytes,
                             .hash = config->hash,
                             .records = arena_make(config->budget, record_bytes)};
    if (set_slots(table, SLOTS_FIRST_LG2))
        return table;
    memory_give(config->budget, table, sizeof *table);
    return NULL;
}

void intern_destroy(struct intern *table)
{
    if (!table)
        return;
    while (table->block) {
        struct block *before = table->block->before;
        memory_give(table->budget, table->block, table->block->bytes);
        table->block = before;
    }
    arena_destroy(&table->records);
    memory_give(table->budget, table->slots, slots_of(table) * sizeof *table->slots);
    memory_give(table->budget, table, sizeof *table);
}

uint32_t intern_count(const struct intern *table)
{
    return table->records.count;
}

const void *intern_bytes(const struct intern *table, uint32_t number, size_t *length)
{
    assert(number < table->records.count);
    const void *record = arena_at(&table->records, number);
    const struct string *string = record;
    if (length)
        *length = table->fixed_bytes ? table->fixed_bytes : string->length;
    return table->fixed_bytes ? record : string->bytes;
}

/* ---- Looking ---- */

uint64_t intern_hash(const struct intern *table, const void *bytes, size_t length)
{
    return table->hash ? table->hash(bytes, length) : hash_bytes(bytes, length);
}

static size_t home_of(const struct intern *table, uint64_t hash)
{
    return (size_t)(hash >> table->home_shift);
}

static uint32_t number_in(uint64_t slot)
{
    return (uint32_t)slot - 1;
}

static bool may_be(uint64_t slot, uint64_t hash)
{
    return (slot ^ hash) >> 32 == 0;
}

static bool is_string(const struct intern *table, uint32_t number, const void *bytes, size_t length)
{
    const void *record = arena_at(&table->records, number);
    if (table->fixed_bytes)
        return hash_same_bytes(record, bytes, table->fixed_bytes);
    const struct string *string = record;
    return string->length == length && hash_same_bytes(string->bytes, bytes, length);
}

/* Its number, or INTERN_NONE; `*place` is the slot that holds it, or would. */
static uint32_t look(const struct intern *table, uint64_t hash, const void *bytes, size_t length,
                     size_t *place)
{
    size_t at = home_of(table, hash);
    uint64_t slot;
    while ((slot = table->slots[at])) {
        if (may_be(slot, hash) && is_string(table, number_in(slot), bytes, length))
            break;
        at = (at + 1) & table->slot_mask;
    }
    *place = at;
    return slot ? number_in(slot) : INTERN_NONE;
}

void intern_fetch_place(const struct intern *table, uint64_t hash)
{
    __builtin_prefetch(&table->slots[home_of(table, hash)]);
}

void intern_fetch_bytes(const struct intern *table, uint64_t hash)
{
    size_t at = home_of(table, hash);
    uint64_t slot;
    while ((slot = table->slots[at]) && !may_be(slot, hash))
        at = (at + 1) & table->slot_mask;
    if (slot)
        __builtin_prefetch(arena_at(&table->records, number_in(slot)));
}

uint32_t intern_find(const struct intern *table, const void *bytes, size_t length)
{
    assert(!table->fixed_bytes || length == table->fixed_bytes);
    size_t place;
    return look(table, intern_hash(table, bytes, length), bytes, length, &place);
}

/* ---- Adding ---- */

static void move_slots(struct intern *table, const uint64_t *slots, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!slots[i])
            continue;
        size_t at = home_of(table, slots[i]);
        while (table->slots[at])
            at = (at + 1) & table->slot_mask;
        table->slots[at] = slots[i];
    }
}

/* Twice the slots; or, where there is no memory for them, a table that is as full as it may become. */
static bool grow(struct intern *table)
{
    struct intern small = *table;
    size_t full = slots_of(table) / 16 * 15;
    unsigned lg2 = 64 - table->home_shift;
    if (lg2 < SLOTS_LAST_LG2 && set_slots(table, lg2 + 1)) {
        move_slots(table, small.slots, slots_of(&small));
        memory_give(table->budget, small.slots, slots_of(&small) * sizeof *small.slots);
        return true;
    }
    *table = small;
    if (table->records.count >= full)
        return false;
    table->count_enough = full < table->count_max ? (uint32_t)full : table->count_max;
    return true;
}

static bool add_block(struct intern *table, size_t length)
{
    size_t bytes = table->block ? 2 * table->block->bytes : BLOCK_FIRST;
    if (bytes > BLOCK_LARGEST)
        bytes = BLOCK_LARGEST;
    if (bytes < sizeof(struct block) + length)
        bytes = sizeof(struct block) + length;
    struct block *block = memory_take(table->budget, bytes);
    if (!block)
        return false;
    *block = (struct block){.before = table->block, .bytes = bytes};
    table->block = block;
    table->block_left = bytes - sizeof *block;
    return true;
}

static const uint8_t *keep_bytes(struct intern *table, const void *bytes, size_t length)
{
    if (!table->block || table->block_left < length)
        if (!add_block(table, length))
            return NULL;
    uint8_t *to = (uint8_t *)table->block + table->block->bytes - table->block_left;
    memcpy(to, bytes, length);
    table->block_left -= length;
    return to;
}

static bool keep(struct intern *table, const void *bytes, size_t length)
{
    void *record = arena_add(&table->records);
    if (!record)
        return false;
    if (table->fixed_bytes) {
        memcpy(record, bytes, table->fixed_bytes);
        return true;
    }
    struct string *string = record;
    string->length = length;
    string->bytes = keep_bytes(table, bytes, length);
    if (!string->bytes)
        arena_drop(&table->records);
    return string->bytes != NULL;
}

static uint32_t add_new(struct intern *table, uint64_t hash, size_t place, const void *bytes, size_t length)
{
    uint32_t number = table->records.count;
    if (number >= table->count_enough) {
        if (number >= table->count_max || !grow(table))
            return INTERN_NONE;
        (void)look(table, hash, bytes, length, &place);
    }
    if (!keep(table, bytes, length))
        return INTERN_NONE;
    table->slots[place] = (hash & ~(uint64_t)UINT32_MAX) | (number + 1);
    return number;
}

uint32_t intern_add_hashed(struct intern *table, uint64_t hash, const void *bytes, size_t length)
{
    assert(table->fixed_bytes ? length == table->fixed_bytes : length <= INTERN_BYTES_MAX);
    size_t place;
    uint32_t number = look(table, hash, bytes, length, &place);
    return number != INTERN_NONE ? number : add_new(table, hash, place, bytes, length);
}

uint32_t intern_add(struct intern *table, const void *bytes, size_t length)
{
    return intern_add_hashed(table, intern_hash(table, bytes, length), bytes, length);
}
