#include "sim/explore/test/model_memory.h"

#include <stddef.h>

#define RELEASED UINT64_C(0xdeadfeeddeadfeed) /* as flat memory fills what is released */

static const struct operation_answer bad_address = {.error = ENVIRONMENT_BAD_ADDRESS};
static const struct operation_answer done = {.error = ENVIRONMENT_OK};

/* The word of a table; NULL: nobody's. Words below the tables' region are never used in these tests. */
static uint64_t *word_at(struct model_memory *memory, uint64_t pa)
{
    if (pa < MODEL_TABLES_BASE || pa >= MODEL_PHYSICAL || pa % 8)
        return NULL;
    uint64_t offset = pa - MODEL_TABLES_BASE;
    return memory->in_table[offset / MODEL_PAGE_BYTES] ? &memory->words[offset / 8] : NULL;
}

static struct operation_answer read_word(struct model_memory *memory, uint64_t pa)
{
    const uint64_t *word = word_at(memory, pa);
    return word ? (struct operation_answer){.value = *word} : bad_address;
}

static struct operation_answer write_word(struct model_memory *memory, uint64_t pa, uint64_t value)
{
    uint64_t *word = word_at(memory, pa);
    if (!word)
        return bad_address;
    *word = value;
    return done;
}

static struct operation_answer exchange(struct model_memory *memory, const struct operation_request *request)
{
    const struct operation_answer before = read_word(memory, request->pa);
    if (before.error == ENVIRONMENT_OK && before.value == request->expected)
        (void)write_word(memory, request->pa, request->value);
    return before;
}

/* All pages [first, first + pages) become `table`'s, filled with a pattern. */
static void set_pages(struct model_memory *memory, uint64_t first, uint64_t pages, bool table)
{
    for (uint64_t page = first; page < first + pages; page++) {
        memory->in_table[page] = table;
        for (uint64_t i = 0; i < MODEL_PAGE_BYTES / 8; i++)
            memory->words[page * MODEL_PAGE_BYTES / 8 + i] = table ? 0 : RELEASED;
    }
}

static bool is_free(const struct model_memory *memory, uint64_t first, uint64_t pages)
{
    for (uint64_t page = first; page < first + pages; page++)
        if (page >= MODEL_PAGES || memory->in_table[page])
            return false;
    return true;
}

static struct operation_answer allocate(struct model_memory *memory, uint64_t size_bytes)
{
    const struct operation_answer none = {.error = ENVIRONMENT_NO_MEMORY};
    uint64_t pages = (size_bytes + MODEL_PAGE_BYTES - 1) / MODEL_PAGE_BYTES;
    if (memory->fail_allocation && --memory->fail_allocation == 0)
        return none;
    for (uint64_t first = 0; pages && first < MODEL_PAGES; first++) {
        uint64_t pa = MODEL_TABLES_BASE + first * MODEL_PAGE_BYTES;
        if (pa % (pages * MODEL_PAGE_BYTES) || !is_free(memory, first, pages))
            continue;
        set_pages(memory, first, pages, true);
        memory->table_bytes[first] = size_bytes;
        memory->tables++;
        return (struct operation_answer){.value = pa};
    }
    return none;
}

static struct operation_answer release(struct model_memory *memory, const struct operation_request *request)
{
    uint64_t first = (request->pa - MODEL_TABLES_BASE) / MODEL_PAGE_BYTES;
    if (request->pa % MODEL_PAGE_BYTES || first >= MODEL_PAGES || request->size_bytes == 0 ||
        memory->table_bytes[first] != request->size_bytes)
        return bad_address;
    set_pages(memory, first, (request->size_bytes + MODEL_PAGE_BYTES - 1) / MODEL_PAGE_BYTES, false);
    memory->table_bytes[first] = 0;
    memory->tables--;
    return done;
}

static struct operation_answer set_lock(struct model_memory *memory, uint64_t pa, uint64_t value)
{
    const uint64_t *word = word_at(memory, pa);
    return word && *word == !value ? write_word(memory, pa, value) : bad_address;
}

bool model_must_wait(const struct model_memory *memory, const struct operation_request *request)
{
    return request->kind == REQUEST_LOCK && memory->words[(request->pa - MODEL_TABLES_BASE) / 8] == 1;
}

static bool is_stopped(struct model_memory *memory)
{
    if (memory->fail_call > 1)
        memory->fail_call--;
    else if (memory->fail_call == 1)
        return true;
    return false;
}

struct operation_answer model_answer(struct model_memory *memory, const struct operation_request *request)
{
    if (request->kind != REQUEST_UNLOCK && is_stopped(memory))
        return (struct operation_answer){.error = ENVIRONMENT_STOPPED};
    switch (request->kind) {
    case REQUEST_READ:
        return read_word(memory, request->pa);
    case REQUEST_WRITE:
        return write_word(memory, request->pa, request->value);
    case REQUEST_COMPARE_EXCHANGE:
        return exchange(memory, request);
    case REQUEST_ALLOCATE:
        return allocate(memory, request->size_bytes);
    case REQUEST_RELEASE:
        return release(memory, request);
    case REQUEST_LOCK:
        return set_lock(memory, request->pa, 1);
    case REQUEST_UNLOCK:
        return set_lock(memory, request->pa, 0);
    default:
        return done;
    }
}
