#include "sim/instructions.h"

#include <stdlib.h>
#include <string.h>

#include "traces/decode.h"

#define FIRST_CAPACITY 1024u

struct instruction_word {
    uint64_t pc;
    uint64_t count; /* 0: free */
    uint8_t bytes[TRACE_INSTRUCTION_BYTES_MAX];
    uint8_t bytes_count;
};

/* Open addressing by pc and bytes; a power of two, at most half full. */
struct instruction_table {
    struct instruction_word *entries;
    uint32_t capacity, used;
    enum decode_architecture architecture; /* guessed from the first instruction */
};

struct instruction_table *instruction_table_create(void)
{
    struct instruction_table *table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    table->capacity = FIRST_CAPACITY;
    table->entries = calloc(table->capacity, sizeof *table->entries);
    if (table->entries)
        return table;
    free(table);
    return NULL;
}

void instruction_table_destroy(struct instruction_table *table)
{
    if (table)
        free(table->entries);
    free(table);
}

static struct instruction_word *find(struct instruction_word *entries, uint32_t capacity, uint64_t pc,
                                     const uint8_t *bytes, uint8_t bytes_count)
{
    uint32_t place = (uint32_t)((pc * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (capacity - 1);
    for (;; place = (place + 1) & (capacity - 1)) {
        struct instruction_word *entry = &entries[place];
        if (entry->count == 0 || (entry->pc == pc && entry->bytes_count == bytes_count &&
                                  memcmp(entry->bytes, bytes, bytes_count) == 0))
            return entry;
    }
}

static bool grow(struct instruction_table *table)
{
    uint32_t capacity = table->capacity * 2;
    struct instruction_word *entries = calloc(capacity, sizeof *entries);
    if (!entries)
        return false;
    for (uint32_t i = 0; i < table->capacity; i++) {
        const struct instruction_word *old = &table->entries[i];
        if (old->count > 0)
            *find(entries, capacity, old->pc, old->bytes, old->bytes_count) = *old;
    }
    free(table->entries);
    table->entries = entries;
    table->capacity = capacity;
    return true;
}

bool instruction_table_add(struct instruction_table *table, const struct trace_record *record)
{
    if (record->kind != TRACE_INSTRUCTION || record->bytes_count == 0)
        return true;
    if (2 * (table->used + 1) > table->capacity && !grow(table))
        return false;
    if (table->used == 0)
        table->architecture = decoder_guess(record->va, record->bytes_count);
    struct instruction_word *entry =
        find(table->entries, table->capacity, record->va, record->bytes, record->bytes_count);
    if (entry->count++ > 0)
        return true;
    entry->pc = record->va;
    entry->bytes_count = record->bytes_count;
    memcpy(entry->bytes, record->bytes, record->bytes_count);
    table->used++;
    return true;
}

static int by_pc(const void *a, const void *b)
{
    const struct instruction_word *x = a, *y = b;
    if (x->pc != y->pc)
        return x->pc < y->pc ? -1 : 1;
    int order = memcmp(x->bytes, y->bytes, sizeof x->bytes);
    return order != 0 ? order : x->bytes_count - y->bytes_count;
}

static int write_entry(const struct instruction_word *entry, struct decoder *decoder,
                       struct recorder *recorder)
{
    const struct instruction *decoded = decoder_decode(decoder, entry->pc, entry->bytes, entry->bytes_count);
    struct record_instruction row = {
        .pc = entry->pc,
        .bytes = entry->bytes,
        .bytes_count = entry->bytes_count,
        .text = decoded->text,
        .class_name = instruction_class_name((enum instruction_class)decoded->instruction_class),
        .count = entry->count};
    return recorder_instruction(recorder, &row);
}

int instruction_table_write(struct instruction_table *table, struct recorder *recorder)
{
    if (table->used == 0)
        return 0;
    struct instruction_word *sorted = malloc(table->used * sizeof *sorted);
    struct decoder *decoder = decoder_open(table->architecture);
    int status = sorted && decoder ? 0 : RECORD_NO_MEMORY;
    uint32_t count = 0;
    for (uint32_t i = 0; sorted && i < table->capacity; i++)
        if (table->entries[i].count > 0)
            sorted[count++] = table->entries[i];
    if (sorted)
        qsort(sorted, count, sizeof *sorted, by_pc);
    for (uint32_t i = 0; status == 0 && i < count; i++)
        status = write_entry(&sorted[i], decoder, recorder);
    if (decoder)
        decoder_close(decoder);
    free(sorted);
    return status;
}
