/* Memory of page tables: which blocks each one holds, by what it was given and gave back. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mmu/digest.h"
#include "sim/judge/internal.h"

#define CAPACITY_MIN 64u

/* ---- blocks by space and address ---- */

static size_t home_of(const struct tables *tables, uint32_t space, uint64_t pa)
{
    return (size_t)((pa + space) * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (tables->capacity - 1);
}

/* Its place, or the free one where it belongs. */
static struct table_block *place_of(const struct tables *tables, uint32_t space, uint64_t pa)
{
    size_t i = home_of(tables, space, pa);
    while (tables->places[i].bytes && (tables->places[i].pa != pa || tables->places[i].space != space))
        i = (i + 1) & (tables->capacity - 1);
    return &tables->places[i];
}

static bool grow_places(struct tables *tables)
{
    struct tables larger = {.capacity = tables->capacity ? 2 * tables->capacity : CAPACITY_MIN};
    larger.places = calloc(larger.capacity, sizeof *larger.places);
    if (!larger.places)
        return false;
    for (size_t i = 0; i < tables->capacity; i++) {
        const struct table_block *block = &tables->places[i];
        if (block->bytes)
            *place_of(&larger, block->space, block->pa) = *block;
    }
    free(tables->places);
    tables->places = larger.places;
    tables->capacity = larger.capacity;
    return true;
}

/* What stands behind it and would not be found any more moves up. */
static void free_place(struct tables *tables, struct table_block *place)
{
    size_t gap = (size_t)(place - tables->places), mask = tables->capacity - 1;
    tables->places[gap].bytes = 0;
    tables->count--;
    for (size_t i = (gap + 1) & mask; tables->places[i].bytes; i = (i + 1) & mask) {
        size_t home = home_of(tables, tables->places[i].space, tables->places[i].pa);
        if (((i - home) & mask) < ((i - gap) & mask))
            continue;
        tables->places[gap] = tables->places[i];
        tables->places[i].bytes = 0;
        gap = i;
    }
}

/* ---- spaces ---- */

static struct table_memory *memory_of(struct judge *judge, uint32_t space)
{
    struct tables *tables = &judge->tables;
    if (space >= SPACES_MAX)
        return NULL;
    while (space >= tables->space_count) {
        size_t capacity = tables->space_count;
        struct table_memory *grown = judge_grow(judge, tables->spaces, &capacity, sizeof *grown);
        if (!grown)
            return NULL;
        memset(grown + tables->space_count, 0, (capacity - tables->space_count) * sizeof *grown);
        tables->spaces = grown;
        tables->space_count = capacity;
    }
    return &tables->spaces[space];
}

struct table_memory table_memory_of(const struct judge *judge, uint32_t space)
{
    return space < judge->tables.space_count ? judge->tables.spaces[space] : (struct table_memory){0, 0};
}

/* ---- events ---- */

static void report(struct judge *judge, const struct mmu_event *event, const char *what)
{
    const struct event_table *table = &event->as.table;
    const struct operation *operation = operation_find(judge, table->operation);
    struct judge_finding finding = {.rule = RULE_LOST_TABLE,
                                    .cycle = event->cycle,
                                    .core = event->core,
                                    .space = table->space,
                                    .va = operation ? operation->call.va : 0,
                                    .operation = table->operation};
    judge_report(judge, &finding,
                 "operation %" PRIu64 " in cycle %" PRIu64 ": the table of space %u %s 0x%" PRIx64
                 ", %" PRIu64 " bytes, %s",
                 table->operation, event->cycle, table->space, table->released ? "releases" : "is given",
                 table->pa, table->bytes, what);
}

static void take_block(struct judge *judge, const struct event_table *table, struct table_memory *memory)
{
    struct tables *tables = &judge->tables;
    struct table_block *place = place_of(tables, table->space, table->pa);
    if (place->bytes)
        memory->digest -= digest_block(place->pa, place->bytes);
    tables->count += place->bytes == 0;
    memory->blocks += place->bytes == 0;
    *place = (struct table_block){.pa = table->pa, .bytes = table->bytes, .space = table->space};
    memory->digest += digest_block(table->pa, table->bytes);
}

static void release_block(struct judge *judge, struct table_block *place, struct table_memory *memory)
{
    memory->digest -= digest_block(place->pa, place->bytes);
    memory->blocks--;
    free_place(&judge->tables, place);
}

void table_event(struct judge *judge, const struct mmu_event *event)
{
    const struct event_table *table = &event->as.table;
    struct tables *tables = &judge->tables;
    struct table_memory *memory = memory_of(judge, table->space);
    if (!memory || table->bytes == 0)
        return;
    operation_touches(judge, operation_find(judge, table->operation));
    if (2 * (tables->count + 1) > tables->capacity && !grow_places(tables)) {
        judge->error = ENOMEM;
        return;
    }
    struct table_block *place = place_of(tables, table->space, table->pa);
    if (!table->released && place->bytes)
        report(judge, event, "which it holds already");
    if (table->released && !place->bytes)
        report(judge, event, "which it does not hold");
    if (table->released && place->bytes && place->bytes != table->bytes)
        report(judge, event, "which it was given with another size");
    if (!table->released)
        take_block(judge, table, memory);
    else if (place->bytes)
        release_block(judge, place, memory);
}

void tables_destroy(struct tables *tables)
{
    free(tables->places);
    free(tables->spaces);
}
