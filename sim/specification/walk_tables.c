#include "sim/specification/walk_tables.h"

#include <stdlib.h>
#include <string.h>

#include "pagetables/interpret.h"
#include "sim/specification/array.h"

void walk_tables_destroy(struct walk_tables *tables)
{
    free(tables->at);
    *tables = (struct walk_tables){0};
}

static bool reserve(struct walk_tables *tables, size_t count)
{
    struct walk_table *at = array_reserve(tables->at, &tables->room, count, sizeof *at);
    if (at)
        tables->at = at;
    return at != NULL;
}

bool walk_tables_copy(struct walk_tables *to, const struct walk_tables *from)
{
    if (from->count > 0) {
        struct walk_table *at = array_copy(to->at, &to->room, from->at, from->count, sizeof *at);
        if (!at)
            return false;
        to->at = at;
    }
    to->count = from->count;
    return true;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare(const struct walk_table *a, const struct walk_table *b)
{
    int order = compare_numbers(a->va, b->va);
    if (order == 0)
        order = compare_numbers(a->span_lg2, b->span_lg2);
    if (order == 0)
        order = compare_numbers(a->pa, b->pa);
    if (order == 0)
        order = compare_numbers(a->inherited, b->inherited);
    return order != 0 ? order : compare_numbers(a->level, b->level);
}

/* The first place whose table is not before this one. */
static size_t place_of(const struct walk_tables *tables, const struct walk_table *table)
{
    size_t place = 0;
    while (place < tables->count && compare(&tables->at[place], table) < 0)
        place++;
    return place;
}

bool walk_tables_contain(const struct walk_tables *tables, const struct walk_table *table)
{
    size_t place = place_of(tables, table);
    return place < tables->count && compare(&tables->at[place], table) == 0;
}

bool walk_tables_add(struct walk_tables *tables, const struct walk_table *table)
{
    size_t place = place_of(tables, table);
    if (place < tables->count && compare(&tables->at[place], table) == 0)
        return true;
    if (!reserve(tables, tables->count + 1))
        return false;
    memmove(&tables->at[place + 1], &tables->at[place], (tables->count - place) * sizeof *tables->at);
    tables->at[place] = *table;
    tables->count++;
    return true;
}

bool walk_tables_equal(const struct walk_tables *a, const struct walk_tables *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (compare(&a->at[i], &b->at[i]) != 0)
            return false;
    return true;
}

const struct walk_table *walk_tables_missing(const struct walk_tables *a, const struct walk_tables *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (!walk_tables_contain(b, &a->at[i]))
            return &a->at[i];
    return NULL;
}

struct collection {
    struct walk_tables *tables;
    bool no_memory;
};

static void collect(void *context, const struct walk_state *walk, enum walk_status status)
{
    struct collection *collection = context;
    struct walk_table table;
    if (status == WALK_FETCH && walk->regime->format->table(walk, &table) &&
        !walk_tables_add(collection->tables, &table))
        collection->no_memory = true;
}

bool view_walk_tables(const struct concrete_table *concrete, uint64_t va, struct walk_tables *tables)
{
    const struct translation_regime regime = interpret_regime(&concrete->regime);
    struct collection collection = {tables, false};
    struct walk_state walk;
    if (regime.format->table)
        (void)view_walk(&regime, &concrete->memory, va, &walk, collect, &collection);
    return !collection.no_memory;
}
