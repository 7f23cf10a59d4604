#include "sim/specification/walk_tables.h"

#include <stdlib.h>
#include <string.h>

#include "pagetables/interpret.h"

void walk_tables_destroy(struct walk_tables *tables)
{
    free(tables->at);
    *tables = (struct walk_tables){0};
}

static bool reserve(struct walk_tables *tables, size_t count)
{
    if (count <= tables->room)
        return true;
    size_t room = tables->room ? 2 * tables->room : 4;
    if (room < count)
        room = count;
    struct walk_table *at = realloc(tables->at, room * sizeof *at);
    if (!at)
        return false;
    tables->at = at;
    tables->room = room;
    return true;
}

bool walk_tables_copy(struct walk_tables *to, const struct walk_tables *from)
{
    if (!reserve(to, from->count))
        return false;
    if (from->count > 0)
        memcpy(to->at, from->at, from->count * sizeof *to->at);
    to->count = from->count;
    return true;
}

static bool is_same(const struct walk_table *a, const struct walk_table *b)
{
    return a->va == b->va && a->pa == b->pa && a->inherited == b->inherited && a->level == b->level &&
           a->span_lg2 == b->span_lg2;
}

bool walk_tables_contain(const struct walk_tables *tables, const struct walk_table *table)
{
    for (size_t i = 0; i < tables->count; i++)
        if (is_same(&tables->at[i], table))
            return true;
    return false;
}

bool walk_tables_add(struct walk_tables *tables, const struct walk_table *table)
{
    if (walk_tables_contain(tables, table))
        return true;
    if (!reserve(tables, tables->count + 1))
        return false;
    tables->at[tables->count++] = *table;
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
