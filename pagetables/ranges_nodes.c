/* Memory for the nodes of a range table: pages of nodes, free nodes, and nodes that walks may still know. */
#include "pagetables/ranges_tree.h"

#define NODES_PER_PAGE (RANGES_PAGE_BYTES / RANGES_NODE_BYTES)

static uint64_t link_of(uint64_t node)
{
    return node + RANGES_LINK * 8;
}

/* One page more: all its nodes but the first are free. */
static enum pagetable_result add_page(const struct plain_table *table, const struct environment *environment,
                                      uint64_t *free)
{
    uint64_t page, pages;
    enum pagetable_result result = call_result_of(
        environment->operations->allocate_table(environment->context, RANGES_PAGE_BYTES, &page));
    if (result == PAGETABLE_OK)
        result = call_read(environment, table->root + RANGES_PAGES, &pages);
    if (result == PAGETABLE_OK)
        result = call_write(environment, link_of(page), pages);
    if (result == PAGETABLE_OK)
        result = call_write(environment, table->root + RANGES_PAGES, page);
    for (uint64_t i = 1; result == PAGETABLE_OK && i < NODES_PER_PAGE; i++) {
        result = call_write(environment, link_of(page + i * RANGES_NODE_BYTES), *free);
        *free = page + i * RANGES_NODE_BYTES;
    }
    return result;
}

/* Walks under way are waited for; then what was retired is free. */
static enum pagetable_result take_retired(const struct plain_table *table,
                                          const struct environment *environment, uint64_t va, uint64_t *free)
{
    uint64_t retired;
    enum pagetable_result result = call_read(environment, table->root + RANGES_RETIRED, &retired);
    if (result != PAGETABLE_OK || retired == 0)
        return result;
    result = plain_invalidate_page(table, environment, va, false);
    if (result == PAGETABLE_OK)
        result = call_write(environment, table->root + RANGES_RETIRED, 0);
    *free = retired;
    return result;
}

/* A free node; what was taken before goes back if there is none. */
static enum pagetable_result take_node(const struct plain_table *table, const struct environment *environment,
                                       uint64_t va, uint64_t *free, uint64_t *node)
{
    enum pagetable_result result = PAGETABLE_OK;
    if (*free == 0)
        result = take_retired(table, environment, va, free);
    if (result == PAGETABLE_OK && *free == 0)
        result = add_page(table, environment, free);
    *node = *free;
    return result == PAGETABLE_OK ? call_read(environment, link_of(*node), free) : result;
}

enum pagetable_result ranges_take_nodes(const struct plain_table *table,
                                        const struct environment *environment, uint64_t va, uint64_t *nodes,
                                        unsigned count)
{
    uint64_t free;
    unsigned taken = 0;
    enum pagetable_result result = call_read(environment, table->root + RANGES_FREE, &free);
    while (result == PAGETABLE_OK && taken < count) {
        result = take_node(table, environment, va, &free, &nodes[taken]);
        taken += result == PAGETABLE_OK;
    }
    enum pagetable_result kept = result == PAGETABLE_ENVIRONMENT ? result : PAGETABLE_OK;
    while (result == PAGETABLE_NO_MEMORY && kept == PAGETABLE_OK && taken > 0) {
        kept = call_write(environment, link_of(nodes[--taken]), free);
        free = nodes[taken];
    }
    if (kept == PAGETABLE_OK)
        kept = call_write(environment, table->root + RANGES_FREE, free);
    return call_first_of(result, kept);
}

enum pagetable_result ranges_retire_nodes(const struct plain_table *table,
                                          const struct environment *environment, const uint64_t *nodes,
                                          unsigned count)
{
    uint64_t retired;
    if (count == 0)
        return PAGETABLE_OK;
    enum pagetable_result result = call_read(environment, table->root + RANGES_RETIRED, &retired);
    for (unsigned i = 0; result == PAGETABLE_OK && i < count; i++) {
        result = call_write(environment, link_of(nodes[i]), retired);
        retired = nodes[i];
    }
    return result == PAGETABLE_OK ? call_write(environment, table->root + RANGES_RETIRED, retired) : result;
}

enum pagetable_result ranges_release_pages(const struct plain_table *table,
                                           const struct environment *environment)
{
    uint64_t page;
    enum pagetable_result result = call_read(environment, table->root + RANGES_PAGES, &page);
    while (result == PAGETABLE_OK && page != 0) {
        uint64_t next;
        result = call_read(environment, link_of(page), &next);
        if (result == PAGETABLE_OK)
            result = call_result_of(
                environment->operations->release_table(environment->context, page, RANGES_PAGE_BYTES));
        page = next;
    }
    return result;
}
