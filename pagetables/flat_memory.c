#include "pagetables/flat_memory.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES UINT64_C(4096)
#define PAGE_WORDS (PAGE_BYTES / sizeof(uint64_t))
#define POISON     UINT64_C(0xdeadfeeddeadfeed)

/* Host memory comes by page, and the pages' addresses by group of pages, so that much empty memory costs
 * little. */
#define GROUP_PAGES UINT64_C(512)
#define GROUP_BYTES (GROUP_PAGES * PAGE_BYTES)

struct page_group {
    uint64_t *page[GROUP_PAGES]; /* NULL reads as zero */
};

struct flat_memory {
    struct flat_memory_config config;
    struct page_group **groups; /* NULL reads as zero */
    uint64_t *table_bytes;      /* by page of the tables' region: of the table that begins there, or 0 */
    bool *in_table;             /* by page of the tables' region */
    uint64_t used_below;        /* all pages of the region below this one are in tables */
    struct flat_event *log;
    size_t log_count;
    size_t log_room;
    size_t reads; /* since the log was cleared */
    size_t tables;
    size_t locks;
    uint64_t fail_allocation; /* how many allocations to the one that fails; 0: none */
    uint64_t fail_call;       /* the same for calls; stays at 1 */
};

/* ---- Creation ---- */

static bool is_sensible(const struct flat_memory_config *config)
{
    uint64_t all = config->physical_bytes | config->tables_base | config->tables_bytes;
    return all % PAGE_BYTES == 0 && config->tables_bytes > 0 &&
           config->tables_bytes <= config->physical_bytes &&
           config->tables_base <= config->physical_bytes - config->tables_bytes;
}

static uint64_t group_count(const struct flat_memory_config *config)
{
    return (config->physical_bytes + GROUP_BYTES - 1) / GROUP_BYTES;
}

struct flat_memory *flat_memory_create(const struct flat_memory_config *config)
{
    if (!is_sensible(config))
        return NULL;
    struct flat_memory *memory = calloc(1, sizeof *memory);
    if (!memory)
        return NULL;
    memory->config = *config;
    memory->groups = calloc(group_count(config), sizeof *memory->groups);
    memory->table_bytes = calloc(config->tables_bytes / PAGE_BYTES, sizeof *memory->table_bytes);
    memory->in_table = calloc(config->tables_bytes / PAGE_BYTES, sizeof *memory->in_table);
    if (memory->groups && memory->table_bytes && memory->in_table)
        return memory;
    flat_memory_destroy(memory);
    return NULL;
}

void flat_memory_destroy(struct flat_memory *memory)
{
    if (!memory)
        return;
    for (uint64_t i = 0; memory->groups && i < group_count(&memory->config); i++) {
        for (uint64_t j = 0; memory->groups[i] && j < GROUP_PAGES; j++)
            free(memory->groups[i]->page[j]);
        free(memory->groups[i]);
    }
    free(memory->groups);
    free(memory->table_bytes);
    free(memory->in_table);
    free(memory->log);
    free(memory);
}

static bool copy_group(struct page_group **into, const struct page_group *from)
{
    *into = calloc(1, sizeof **into);
    for (uint64_t i = 0; *into && i < GROUP_PAGES; i++) {
        if (!from->page[i])
            continue;
        (*into)->page[i] = malloc(PAGE_BYTES);
        if (!(*into)->page[i])
            return false;
        memcpy((*into)->page[i], from->page[i], PAGE_BYTES);
    }
    return *into != NULL;
}

struct flat_memory *flat_memory_copy(const struct flat_memory *memory)
{
    struct flat_memory *copy = flat_memory_create(&memory->config);
    if (!copy)
        return NULL;
    uint64_t pages = memory->config.tables_bytes / PAGE_BYTES;
    memcpy(copy->table_bytes, memory->table_bytes, pages * sizeof *copy->table_bytes);
    memcpy(copy->in_table, memory->in_table, pages * sizeof *copy->in_table);
    copy->used_below = memory->used_below;
    copy->tables = memory->tables;
    copy->locks = memory->locks;
    copy->fail_allocation = memory->fail_allocation;
    copy->fail_call = memory->fail_call;
    for (uint64_t i = 0; i < group_count(&memory->config); i++) {
        if (!memory->groups[i] || copy_group(&copy->groups[i], memory->groups[i]))
            continue;
        flat_memory_destroy(copy);
        return NULL;
    }
    return copy;
}

/* ---- Words ---- */

static bool is_word(const struct flat_memory *memory, uint64_t pa)
{
    return pa < memory->config.physical_bytes && pa % sizeof(uint64_t) == 0;
}

/* A word of the tables' region that is in no table. */
static bool is_stray(const struct flat_memory *memory, uint64_t pa)
{
    uint64_t offset = pa - memory->config.tables_base;
    return offset < memory->config.tables_bytes && !memory->in_table[offset / PAGE_BYTES];
}

static uint64_t peek(const struct flat_memory *memory, uint64_t pa)
{
    const struct page_group *group = memory->groups[pa / GROUP_BYTES];
    const uint64_t *page = group ? group->page[pa / PAGE_BYTES % GROUP_PAGES] : NULL;
    return page ? page[pa / sizeof(uint64_t) % PAGE_WORDS] : 0;
}

/* False if the host has no memory. */
static bool poke(struct flat_memory *memory, uint64_t pa, uint64_t value)
{
    struct page_group **group = &memory->groups[pa / GROUP_BYTES];
    if (!*group)
        *group = calloc(1, sizeof **group);
    if (!*group)
        return false;
    uint64_t **page = &(*group)->page[pa / PAGE_BYTES % GROUP_PAGES];
    if (!*page)
        *page = calloc(PAGE_WORDS, sizeof **page);
    if (!*page)
        return false;
    (*page)[pa / sizeof(uint64_t) % PAGE_WORDS] = value;
    return true;
}

bool flat_memory_poke(struct flat_memory *memory, uint64_t pa, uint64_t value)
{
    return is_word(memory, pa) && poke(memory, pa, value);
}

static bool fill(struct flat_memory *memory, uint64_t pa, uint64_t bytes, uint64_t value)
{
    for (uint64_t end = pa + bytes; pa < end; pa += sizeof(uint64_t))
        if (!poke(memory, pa, value))
            return false;
    return true;
}

/* ---- The log, and failures that a test asked for ---- */

static bool note(struct flat_memory *memory, const struct flat_event *event)
{
    if (memory->log_count == memory->log_room) {
        size_t room = memory->log_room ? 2 * memory->log_room : 64;
        struct flat_event *log = realloc(memory->log, room * sizeof *log);
        if (!log)
            return false;
        memory->log = log;
        memory->log_room = room;
    }
    memory->log[memory->log_count++] = *event;
    return true;
}

static int noted(struct flat_memory *memory, const struct flat_event *event)
{
    return note(memory, event) ? ENVIRONMENT_OK : ENVIRONMENT_STOPPED;
}

static bool is_stopped(struct flat_memory *memory)
{
    if (memory->fail_call > 1)
        memory->fail_call--;
    else if (memory->fail_call == 1)
        return true;
    return false;
}

/* ---- Operations ---- */

static int flat_read(void *context, uint64_t pa, uint64_t *value)
{
    struct flat_memory *memory = context;
    if (is_stopped(memory))
        return ENVIRONMENT_STOPPED;
    if (!is_word(memory, pa) || is_stray(memory, pa))
        return ENVIRONMENT_BAD_ADDRESS;
    *value = peek(memory, pa);
    memory->reads++;
    return ENVIRONMENT_OK;
}

static int flat_write(void *context, uint64_t pa, uint64_t value)
{
    struct flat_memory *memory = context;
    if (is_stopped(memory))
        return ENVIRONMENT_STOPPED;
    if (!is_word(memory, pa) || is_stray(memory, pa))
        return ENVIRONMENT_BAD_ADDRESS;
    struct flat_event event = {.kind = FLAT_WRITE, .pa = pa, .before = peek(memory, pa), .value = value};
    return poke(memory, pa, value) ? noted(memory, &event) : ENVIRONMENT_STOPPED;
}

static int flat_compare_exchange(void *context, uint64_t pa, uint64_t expected, uint64_t desired,
                                 uint64_t *observed)
{
    int error = flat_read(context, pa, observed);
    if (error != ENVIRONMENT_OK || *observed != expected)
        return error;
    return flat_write(context, pa, desired);
}

/* The first place for a table of so many pages, by page of the region; `pages` of the region if there is
 * none. */
static uint64_t find_room(const struct flat_memory *memory, uint64_t table_pages)
{
    uint64_t pages = memory->config.tables_bytes / PAGE_BYTES;
    uint64_t base = memory->config.tables_base / PAGE_BYTES;
    for (uint64_t first = memory->used_below; first + table_pages <= pages; first++) {
        uint64_t used = (base + first) % table_pages;
        for (uint64_t i = 0; i < table_pages && !used; i++)
            used = memory->in_table[first + i];
        if (!used)
            return first;
    }
    return pages;
}

static int flat_allocate_table(void *context, uint64_t size_bytes, uint64_t *pa)
{
    struct flat_memory *memory = context;
    if (is_stopped(memory))
        return ENVIRONMENT_STOPPED;
    if (memory->fail_allocation > 0 && --memory->fail_allocation == 0)
        return ENVIRONMENT_NO_MEMORY;
    uint64_t table_pages = (size_bytes + PAGE_BYTES - 1) / PAGE_BYTES;
    uint64_t first = find_room(memory, table_pages);
    if (size_bytes == 0 || first == memory->config.tables_bytes / PAGE_BYTES)
        return ENVIRONMENT_NO_MEMORY;
    *pa = memory->config.tables_base + first * PAGE_BYTES;
    if (!fill(memory, *pa, table_pages * PAGE_BYTES, 0))
        return ENVIRONMENT_NO_MEMORY;
    for (uint64_t i = 0; i < table_pages; i++)
        memory->in_table[first + i] = true;
    if (first == memory->used_below)
        memory->used_below = first + table_pages;
    memory->table_bytes[first] = size_bytes;
    memory->tables++;
    struct flat_event event = {.kind = FLAT_ALLOCATE, .pa = *pa, .bytes = size_bytes};
    return noted(memory, &event);
}

static int flat_release_table(void *context, uint64_t pa, uint64_t size_bytes)
{
    struct flat_memory *memory = context;
    if (is_stopped(memory))
        return ENVIRONMENT_STOPPED;
    uint64_t offset = pa - memory->config.tables_base;
    if (offset >= memory->config.tables_bytes || offset % PAGE_BYTES || size_bytes == 0 ||
        memory->table_bytes[offset / PAGE_BYTES] != size_bytes)
        return ENVIRONMENT_BAD_ADDRESS;
    uint64_t table_pages = (size_bytes + PAGE_BYTES - 1) / PAGE_BYTES;
    if (!fill(memory, pa, table_pages * PAGE_BYTES, POISON))
        return ENVIRONMENT_STOPPED;
    for (uint64_t i = 0; i < table_pages; i++)
        memory->in_table[offset / PAGE_BYTES + i] = false;
    memory->table_bytes[offset / PAGE_BYTES] = 0;
    if (offset / PAGE_BYTES < memory->used_below)
        memory->used_below = offset / PAGE_BYTES;
    memory->tables--;
    struct flat_event event = {.kind = FLAT_RELEASE, .pa = pa, .bytes = size_bytes};
    return noted(memory, &event);
}

static int flat_barrier(void *context, enum barrier_kind kind)
{
    struct flat_event event = {.kind = FLAT_BARRIER, .barrier = kind};
    return is_stopped(context) ? ENVIRONMENT_STOPPED : noted(context, &event);
}

static int flat_invalidate(void *context, const struct invalidation *what)
{
    struct flat_event event = {.kind = FLAT_INVALIDATE, .invalidation = *what};
    return is_stopped(context) ? ENVIRONMENT_STOPPED : noted(context, &event);
}

static int flat_complete(void *context)
{
    struct flat_event event = {.kind = FLAT_COMPLETE};
    return is_stopped(context) ? ENVIRONMENT_STOPPED : noted(context, &event);
}

/* Nobody else runs: a lock that is not free would be waited for for ever. */
static int flat_lock(void *context, uint64_t pa)
{
    struct flat_memory *memory = context;
    if (is_stopped(memory))
        return ENVIRONMENT_STOPPED;
    if (!is_word(memory, pa) || is_stray(memory, pa) || peek(memory, pa) != 0)
        return ENVIRONMENT_BAD_ADDRESS;
    memory->locks++;
    struct flat_event event = {.kind = FLAT_LOCK, .pa = pa};
    return poke(memory, pa, 1) ? noted(memory, &event) : ENVIRONMENT_STOPPED;
}

static int flat_unlock(void *context, uint64_t pa)
{
    struct flat_memory *memory = context;
    if (!is_word(memory, pa) || is_stray(memory, pa) || peek(memory, pa) != 1)
        return ENVIRONMENT_BAD_ADDRESS;
    memory->locks--;
    struct flat_event event = {.kind = FLAT_UNLOCK, .pa = pa};
    return poke(memory, pa, 0) ? noted(memory, &event) : ENVIRONMENT_STOPPED;
}

static const struct environment_operations flat_operations = {
    .read = flat_read,
    .write = flat_write,
    .compare_exchange = flat_compare_exchange,
    .allocate_table = flat_allocate_table,
    .release_table = flat_release_table,
    .barrier = flat_barrier,
    .invalidate = flat_invalidate,
    .complete = flat_complete,
    .lock = flat_lock,
    .unlock = flat_unlock,
};

struct environment flat_memory_environment(struct flat_memory *memory)
{
    return (struct environment){.operations = &flat_operations, .context = memory};
}

static bool read_raw(void *context, uint64_t pa, uint64_t *value)
{
    const struct flat_memory *memory = context;
    if (!is_word(memory, pa))
        return false;
    *value = peek(memory, pa);
    return true;
}

struct memory_reader flat_memory_reader(struct flat_memory *memory)
{
    return (struct memory_reader){.read = read_raw, .context = memory};
}

/* ---- What tests ask ---- */

size_t flat_memory_tables(const struct flat_memory *memory)
{
    return memory->tables;
}

size_t flat_memory_locks(const struct flat_memory *memory)
{
    return memory->locks;
}

size_t flat_memory_reads(const struct flat_memory *memory)
{
    return memory->reads;
}

void flat_memory_fail_allocation(struct flat_memory *memory, uint64_t nth)
{
    memory->fail_allocation = nth;
}

void flat_memory_fail_call(struct flat_memory *memory, uint64_t nth)
{
    memory->fail_call = nth;
}

size_t flat_memory_log_count(const struct flat_memory *memory)
{
    return memory->log_count;
}

const struct flat_event *flat_memory_log(const struct flat_memory *memory)
{
    return memory->log;
}

void flat_memory_log_clear(struct flat_memory *memory)
{
    memory->log_count = 0;
    memory->reads = 0;
}
