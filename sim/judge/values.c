#include "sim/judge/values.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_LG2       12
#define PAGE_BYTES     (1u << PAGE_LG2)
#define CAPACITY_FIRST 256u

void values_destroy(struct values *values)
{
    for (size_t i = 0; i < values->page_capacity; i++) {
        free(values->pages[i].bytes);
        free(values->pages[i].before);
    }
    free(values->pages);
    free(values->ring);
    free(values->leaving);
    memset(values, 0, sizeof *values);
}

static size_t page_slot(const struct value_page *pages, size_t capacity, uint64_t number)
{
    uint64_t word = number * UINT64_C(0x9e3779b97f4a7c15);
    size_t slot = (size_t)(word ^ word >> 32) & (capacity - 1);
    while (pages[slot].bytes && pages[slot].number != number)
        slot = (slot + 1) & (capacity - 1);
    return slot;
}

static bool grow_pages(struct values *values)
{
    size_t capacity = values->page_capacity ? values->page_capacity * 2 : CAPACITY_FIRST;
    struct value_page *pages = calloc(capacity, sizeof *pages);
    if (!pages)
        return false;
    for (size_t i = 0; i < values->page_capacity; i++)
        if (values->pages[i].bytes)
            pages[page_slot(pages, capacity, values->pages[i].number)] = values->pages[i];
    free(values->pages);
    values->pages = pages;
    values->page_capacity = capacity;
    return true;
}

static struct value_page *find_page(const struct values *values, uint64_t pa)
{
    if (!values->page_capacity)
        return NULL;
    struct value_page *page = &values->pages[page_slot(values->pages, values->page_capacity, pa >> PAGE_LG2)];
    return page->bytes ? page : NULL;
}

static struct value_page *find_or_make_page(struct values *values, uint64_t pa)
{
    struct value_page *page = find_page(values, pa);
    if (page)
        return page;
    if ((values->page_count + 1) * 2 > values->page_capacity && !grow_pages(values))
        return NULL;
    page = &values->pages[page_slot(values->pages, values->page_capacity, pa >> PAGE_LG2)];
    page->bytes = calloc(1, PAGE_BYTES);
    if (!page->bytes)
        return NULL;
    page->number = pa >> PAGE_LG2;
    values->page_count++;
    return page;
}

static uint8_t value_byte(uint64_t value, uint64_t position)
{
    return (uint8_t)(value >> position % 8 * 8);
}

/* The page of an entry that was data before. */
static bool clear_page(struct value_page *page)
{
    uint8_t *cleared = calloc(1, PAGE_BYTES);
    if (!cleared)
        return false;
    free(page->before);
    page->before = page->bytes;
    page->bytes = cleared;
    page->data = false;
    return true;
}

static bool write_memory(struct values *values, const struct transaction *store)
{
    for (unsigned done = 0; done < store->size_bytes;) {
        uint64_t pa = store->pa + done;
        struct value_page *page = find_or_make_page(values, pa);
        if (!page)
            return false;
        if (store->kind == TRANSACTION_STORE)
            page->data = true;
        else if (page->data && !clear_page(page))
            return false;
        for (uint64_t offset = pa % PAGE_BYTES; offset < PAGE_BYTES && done < store->size_bytes; offset++) {
            page->bytes[offset] = value_byte(store->value, done++);
            if (page->before)
                page->before[offset] = page->bytes[offset];
        }
    }
    return true;
}

static unsigned value_bytes(const struct transaction *transaction)
{
    return transaction->size_bytes < 8 ? transaction->size_bytes : 8;
}

/* Each byte as it is, or as it was before the page may have been cleared if the load returned that. */
static uint64_t read_memory(const struct values *values, const struct transaction *load)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < value_bytes(load); i++) {
        const struct value_page *page = find_page(values, load->pa + i);
        if (!page)
            continue;
        uint64_t offset = (load->pa + i) % PAGE_BYTES;
        uint8_t byte = page->bytes[offset];
        if (page->before && page->before[offset] == value_byte(load->value, i))
            byte = page->before[offset];
        value |= (uint64_t)byte << i * 8;
    }
    return value;
}

static bool is_load(const struct transaction *transaction)
{
    return transaction->kind <= TRANSACTION_FORWARDED;
}

static struct transaction *at(const struct values *values, size_t index)
{
    return &values->ring[(values->head + index) & (values->capacity - 1)];
}

static bool grow_ring(struct values *values)
{
    size_t capacity = values->capacity ? values->capacity * 2 : CAPACITY_FIRST;
    struct transaction *ring = malloc(capacity * sizeof *ring);
    if (!ring)
        return false;
    for (size_t i = 0; i < values->count; i++)
        ring[i] = *at(values, i);
    free(values->ring);
    values->ring = ring;
    values->capacity = capacity;
    values->head = 0;
    return true;
}

/* Stores come first within a cycle: a buffer is read in the cycle in which a store leaves it. */
static bool before(const struct transaction *one, const struct transaction *other)
{
    if (one->performed_cycle != other->performed_cycle)
        return one->performed_cycle < other->performed_cycle;
    return !is_load(one) && is_load(other);
}

bool values_add(struct values *values, const struct transaction *transaction, bool *late)
{
    *late = transaction->performed_cycle < values->done;
    if (*late)
        return true;
    if (values->count == values->capacity && !grow_ring(values))
        return false;
    size_t place = values->count++;
    for (; place && before(transaction, at(values, place - 1)); place--)
        *at(values, place) = *at(values, place - 1);
    *at(values, place) = *transaction;
    return true;
}

/* In the order of the core's program: by issue, then by the number of the access. */
static bool program_before(const struct transaction *store, const struct transaction *other)
{
    if (store->issue_cycle != other->issue_cycle)
        return store->issue_cycle < other->issue_cycle;
    if (store->kind == TRANSACTION_ENTRY_WRITE || other->kind == TRANSACTION_ENTRY_WRITE)
        return store->kind == TRANSACTION_ENTRY_WRITE;
    return (int32_t)(store->access - other->access) < 0;
}

/* A store stays in the buffer until memory has answered, some time after it took effect there. */
static bool keep_leaving(struct values *values, const struct transaction *store)
{
    size_t kept = 0;
    for (size_t i = 0; i < values->leaving_count; i++)
        if (values->leaving[i].cycle >= store->performed_cycle)
            values->leaving[kept++] = values->leaving[i];
    values->leaving_count = kept;
    if (kept == values->leaving_capacity) {
        size_t capacity = kept ? kept * 2 : CAPACITY_FIRST;
        struct transaction *leaving = realloc(values->leaving, capacity * sizeof *leaving);
        if (!leaving)
            return false;
        values->leaving = leaving;
        values->leaving_capacity = capacity;
    }
    values->leaving[values->leaving_count++] = *store;
    return true;
}

/* For each byte of a load, the youngest store of its core's program that had it in the buffer. */
struct sources {
    const struct transaction *store[8];
};

static void offer_source(struct sources *sources, const struct transaction *load,
                         const struct transaction *store)
{
    if (store->core != load->core || is_load(store) || !program_before(store, load))
        return;
    for (unsigned byte = 0; byte < value_bytes(load); byte++) {
        uint64_t position = load->pa + byte - store->pa;
        const struct transaction **source = &sources->store[byte];
        if (position < store->size_bytes && (!*source || program_before(*source, store)))
            *source = store;
    }
}

/*
 * Lays over the memory's bytes what the load's core had in its buffer: its own stores, earlier in the
 * program, that take effect after the load, or did so before it and had not left the buffer. A buffer drains
 * in the order in which it was filled, so the search ends at a store that was issued when the load had been
 * performed already.
 */
static uint64_t read_buffer(const struct values *values, const struct transaction *load, uint64_t value)
{
    struct sources sources = {{NULL}};
    for (size_t i = 0; i < values->leaving_count; i++)
        if (values->leaving[i].cycle >= load->performed_cycle)
            offer_source(&sources, load, &values->leaving[i]);
    for (size_t i = 0; i < values->count; i++) {
        const struct transaction *store = at(values, i);
        if (store->core == load->core && !is_load(store) && store->issue_cycle > load->performed_cycle)
            break;
        offer_source(&sources, load, store);
    }
    for (unsigned byte = 0; byte < value_bytes(load); byte++) {
        const struct transaction *source = sources.store[byte];
        if (!source)
            continue;
        value &= ~(UINT64_C(0xff) << byte * 8);
        value |= (uint64_t)value_byte(source->value, load->pa + byte - source->pa) << byte * 8;
    }
    return value;
}

bool values_next(struct values *values, uint64_t cycle, struct transaction *transaction, uint64_t *expected,
                 bool *no_memory)
{
    if (!values->count || at(values, 0)->performed_cycle >= cycle)
        return false;
    *transaction = *at(values, 0);
    values->head = (values->head + 1) & (values->capacity - 1);
    values->count--;
    values->done = transaction->performed_cycle;
    if (!is_load(transaction)) {
        *no_memory = !write_memory(values, transaction) || !keep_leaving(values, transaction);
        return true;
    }
    *expected = read_memory(values, transaction);
    if (transaction->kind == TRANSACTION_FORWARDED)
        *expected = read_buffer(values, transaction, *expected);
    return true;
}
