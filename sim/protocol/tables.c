/* Which tables are live: from the roots, through what entries say. */
#include <stdio.h>
#include <stdlib.h>

#include "sim/protocol/internal.h"

struct table *table_at(const struct protocol *protocol, uint64_t pa)
{
    const struct words_page *page = words_find(&protocol->words, pa);
    for (const struct words_table *at = page ? page->tables : NULL; at; at = at->next)
        if (pa - at->table->pa < at->table->bytes)
            return at->table;
    return NULL;
}

struct table *table_of(const struct protocol *protocol, const struct root *root, unsigned depth, uint64_t pa)
{
    const struct words_page *page = words_find(&protocol->words, pa);
    for (const struct words_table *at = page ? page->tables : NULL; at; at = at->next)
        if (pa - at->table->pa < at->table->bytes && at->table->root == root && at->table->depth == depth)
            return at->table;
    return NULL;
}

const struct entry_level *level_of(const struct table *table)
{
    return &table->root->is.entries.level[table->depth];
}

struct entry entry_at(const struct protocol *protocol, const struct table *table, uint64_t pa)
{
    return table->root->is.entries.decode(level_of(table), words_read(&protocol->words, pa));
}

uint64_t entry_va(const struct table *table, uint64_t pa)
{
    return table->va + ((pa - table->pa) / ENTRY_BYTES << level_of(table)->span_lg2);
}

struct table *table_below(const struct table *table, uint64_t entry_pa)
{
    struct table *child = table->child;
    while (child && child->parent_pa != entry_pa)
        child = child->sibling;
    return child;
}

struct unclean *unclean_above(const struct protocol *protocol, const struct table *table)
{
    for (; table->parent; table = table->parent) {
        struct unclean *unclean = unclean_find(protocol, table->parent, table->parent_pa);
        if (unclean)
            return unclean;
    }
    return NULL;
}

/* ---- Linking ------------------------------------------------------------------------------------- */

static bool register_table(struct protocol *protocol, struct table *table)
{
    for (uint64_t pa = table->pa & ~(WORDS_PAGE_BYTES - 1); pa < table->pa + table->bytes;
         pa += WORDS_PAGE_BYTES) {
        struct words_page *page = words_touch(&protocol->words, pa);
        struct words_table *here = page ? malloc(sizeof *here) : NULL;
        if (!here)
            return false;
        *here = (struct words_table){.table = table, .next = page->tables};
        page->tables = here;
    }
    return true;
}

static void unregister_table(struct protocol *protocol, struct table *table)
{
    for (uint64_t pa = table->pa & ~(WORDS_PAGE_BYTES - 1); pa < table->pa + table->bytes;
         pa += WORDS_PAGE_BYTES) {
        struct words_page *page = words_find(&protocol->words, pa);
        struct words_table **link = page ? &page->tables : NULL;
        while (link && *link && (*link)->table != table)
            link = &(*link)->next;
        struct words_table *here = link ? *link : NULL;
        if (!here)
            continue;
        *link = here->next;
        free(here);
    }
}

/* Whether this step has linked it: then it is given nothing of the same step. */
static bool is_fresh(const struct protocol *protocol, const struct table *table)
{
    return table->given.step == protocol->steps && table->given.pa == UINT64_MAX;
}

/* Whose tables are asked for. */
enum whose {
    ANYBODYS,
    OF_ROOT,
    OF_OTHERS /* that were there before this step */
};

static bool is_asked(const struct protocol *protocol, const struct table *table, const struct root *root,
                     enum whose whose)
{
    if (whose == OF_OTHERS)
        return table->root != root && !is_fresh(protocol, table);
    return whose == ANYBODYS || table->root == root;
}

/* One that has bytes of these; NULL if there is none. */
static const struct table *overlapping(const struct protocol *protocol, const struct root *root,
                                       enum whose whose, uint64_t pa, uint64_t bytes)
{
    for (uint64_t at = pa & ~(WORDS_PAGE_BYTES - 1); at < pa + bytes; at += WORDS_PAGE_BYTES) {
        const struct words_page *page = words_find(&protocol->words, at);
        for (const struct words_table *here = page ? page->tables : NULL; here; here = here->next) {
            const struct table *table = here->table;
            if (table->pa < pa + bytes && pa < table->pa + table->bytes &&
                is_asked(protocol, table, root, whose))
                return table;
        }
    }
    return NULL;
}

static int told_twice(struct protocol *protocol, const struct linking *linking, const struct table *there)
{
    const struct unclean *above = unclean_above(protocol, there);
    const struct table as_root = {.pa = linking->pa, .va = linking->va, .root = linking->root};
    const struct table *in = linking->parent ? linking->parent : &as_root;
    const struct protocol_fault fault = {.mark = linking->mark,
                                         .related = above ? above->written
                                                          : (struct protocol_mark){.at = PROTOCOL_NOWHERE},
                                         .pa = linking->parent_pa,
                                         .agent = linking->agent,
                                         .rule = PROTOCOL_TABLE_TWICE};
    char text[PROTOCOL_TEXT_BYTES];
    if (above)
        (void)snprintf(text, sizeof text,
                       "0x%llx becomes a table again while walks may still read it: the entry at 0x%llx "
                       "that pointed to it was made invalid at %s and is not clean%s",
                       (unsigned long long)linking->pa, (unsigned long long)above->pa,
                       mark_print(protocol, above->written).text, missing_print(protocol, above).text);
    else
        (void)snprintf(text, sizeof text, "0x%llx becomes a table twice: it is one already, for 0x%llx",
                       (unsigned long long)linking->pa, (unsigned long long)there->va);
    return there->root == linking->root ? violation_report(protocol, &fault, in, "%s", text)
                                        : sharing_report(protocol, &fault, in, "%s", text);
}

static int refuse_unknown(struct protocol *protocol, const struct linking *linking, uint64_t pa)
{
    const struct protocol_fault fault = {.mark = linking->mark,
                                         .related = {.at = PROTOCOL_NOWHERE},
                                         .pa = pa,
                                         .agent = linking->agent,
                                         .rule = PROTOCOL_TABLE_UNINITIALISED};
    return protocol_report(protocol, &fault,
                           "the table at 0x%llx becomes live, but its word at 0x%llx was never initialised",
                           (unsigned long long)linking->pa, (unsigned long long)pa);
}

/* The first violation stays. */
static int worse(int before, int now)
{
    return before == PROTOCOL_FINE || now == PROTOCOL_NO_MEMORY ? now : before;
}

static int link_entry(struct protocol *protocol, const struct linking *linking, struct table *table,
                      uint64_t pa)
{
    struct entry entry = entry_at(protocol, table, pa);
    if (protocol->config.strict && !words_knows(&protocol->words, pa))
        return refuse_unknown(protocol, linking, pa);
    if (entry.kind != ENTRY_TABLE || !entry_has_depth(&table->root->is.entries, table->depth + 1))
        return PROTOCOL_FINE;
    struct table *child;
    const struct linking below = {.root = table->root,
                                  .parent = table,
                                  .parent_pa = pa,
                                  .pa = entry.table,
                                  .va = entry_va(table, pa),
                                  .depth = table->depth + 1,
                                  .agent = linking->agent,
                                  .mark = linking->mark};
    return table_link(protocol, &below, &child);
}

static int link_entries(struct protocol *protocol, const struct linking *linking, struct table *table)
{
    int result = PROTOCOL_FINE;
    for (uint64_t pa = table->pa; pa < table->pa + table->bytes; pa += ENTRY_BYTES) {
        result = worse(result, link_entry(protocol, linking, table, pa));
        if (result == PROTOCOL_NO_MEMORY || (result != PROTOCOL_FINE && protocol->config.strict))
            break;
    }
    return result;
}

/* ---- What a step has linked, in the order of linking --------------------------------------------- */

static void become_fresh(struct protocol *protocol, struct table *table)
{
    table->fresh_before = protocol->fresh_last;
    if (protocol->fresh_last)
        protocol->fresh_last->fresh_after = table;
    else
        protocol->fresh_first = table;
    protocol->fresh_last = table;
}

static void leave_fresh(struct protocol *protocol, struct table *table)
{
    if (!table->fresh_before && protocol->fresh_first != table)
        return;
    if (table->fresh_before)
        table->fresh_before->fresh_after = table->fresh_after;
    else
        protocol->fresh_first = table->fresh_after;
    if (table->fresh_after)
        table->fresh_after->fresh_before = table->fresh_before;
    else
        protocol->fresh_last = table->fresh_before;
    table->fresh_before = table->fresh_after = NULL;
}

/* Last of all, so that it does not matter in which order a step has changed the tables of several roots. */
int tables_settle(struct protocol *protocol, unsigned agent, struct protocol_mark mark)
{
    int result = PROTOCOL_FINE;
    for (struct table *table = protocol->fresh_first; table; table = protocol->fresh_first) {
        const struct table *there = overlapping(protocol, table->root, OF_OTHERS, table->pa, table->bytes);
        const struct linking linking = {.root = table->root,
                                        .parent = table->parent,
                                        .parent_pa = table->parent_pa,
                                        .pa = table->pa,
                                        .va = table->va,
                                        .agent = agent,
                                        .mark = mark};
        if (there)
            result = worse(result, told_twice(protocol, &linking, there));
        leave_fresh(protocol, table);
    }
    return result;
}

int table_link(struct protocol *protocol, const struct linking *linking, struct table **linked)
{
    const struct entry_level *level = &linking->root->is.entries.level[linking->depth];
    const struct table *there =
        overlapping(protocol, linking->root, protocol->config.strict ? ANYBODYS : OF_ROOT, linking->pa,
                    entry_table_bytes(level));
    int result = there ? told_twice(protocol, linking, there) : PROTOCOL_FINE;
    *linked = NULL;
    if (there && protocol->config.strict)
        return result;
    struct table *same = there ? table_of(protocol, linking->root, linking->depth, linking->pa) : NULL;
    if (same)
        table_unlink(protocol, same);
    struct table *table = calloc(1, sizeof *table);
    if (!table)
        return PROTOCOL_NO_MEMORY;
    *table = (struct table){.pa = linking->pa,
                            .bytes = entry_table_bytes(level),
                            .va = linking->va,
                            .parent_pa = linking->parent_pa,
                            .root = linking->root,
                            .parent = linking->parent,
                            .sibling = linking->parent ? linking->parent->child : NULL,
                            .given = {protocol->steps, UINT64_MAX},
                            .depth = linking->depth};
    if (table->parent)
        table->parent->child = table;
    if (!protocol->config.strict)
        become_fresh(protocol, table);
    if (!register_table(protocol, table)) {
        table_unlink(protocol, table);
        return PROTOCOL_NO_MEMORY;
    }
    *linked = table;
    return worse(result, link_entries(protocol, linking, table));
}

static void leave_parent(struct table *table)
{
    struct table **link = &table->parent->child;
    while (*link != table)
        link = &(*link)->sibling;
    *link = table->sibling;
}

static void forget_entries(struct protocol *protocol, const struct table *table)
{
    for (size_t i = 0; i < protocol->unclean_count; i++) {
        struct unclean *unclean = protocol->unclean[i];
        if (unclean && unclean->pa - table->pa < table->bytes && unclean->root == table->root &&
            unclean->depth == table->depth && unclean->below == unclean->pa)
            unclean_remove(protocol, unclean);
    }
}

/* At most as deep as the format has levels. */
// NOLINTNEXTLINE(misc-no-recursion)
void table_unlink(struct protocol *protocol, struct table *table)
{
    for (struct table *child = table->child; child; child = table->child) {
        table->child = child->sibling;
        child->parent = NULL;
        table_unlink(protocol, child);
    }
    if (table->parent)
        leave_parent(table);
    forget_entries(protocol, table);
    leave_fresh(protocol, table);
    unregister_table(protocol, table);
    free(table);
}
