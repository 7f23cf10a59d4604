/* What the state machine remembers, as numbers: two that remember the same go on alike. */
#include <stdlib.h>

#include "sim/protocol/internal.h"

struct telling {
    protocol_teller tell;
    void *context;
};

static void tell(const struct telling *telling, uint64_t number)
{
    telling->tell(telling->context, number);
}

static int compare_unclean(const void *a, const void *b)
{
    const struct unclean *one = *(const struct unclean *const *)a, *other = *(const struct unclean *const *)b;
    if (one->pa != other->pa)
        return one->pa < other->pa ? -1 : 1;
    return one->below < other->below ? -1 : one->below > other->below;
}

/* What was made invalid, and how far it is on the way to clean. */
static bool tell_unclean(const struct protocol *protocol, const struct telling *telling)
{
    struct unclean **sorted = malloc((protocol->unclean_count + 1) * sizeof(struct unclean *));
    size_t count = 0;
    if (!sorted)
        return false;
    for (size_t i = 0; i < protocol->unclean_count; i++)
        if (protocol->unclean[i])
            sorted[count++] = protocol->unclean[i];
    qsort(sorted, count, sizeof(struct unclean *), compare_unclean);
    tell(telling, count);
    for (size_t i = 0; i < count; i++) {
        tell(telling, sorted[i]->pa);
        tell(telling, sorted[i]->below);
        tell(telling, sorted[i]->old);
        tell(telling, sorted[i]->first);
        tell(telling, (uint64_t)sorted[i]->agent << 16 | (uint64_t)sorted[i]->step << 8 |
                          (uint64_t)sorted[i]->full << 1 | sorted[i]->table);
    }
    free(sorted);
    return true;
}

static const struct table *next_child(const struct table *parent, const struct table *after)
{
    const struct table *next = NULL;
    for (const struct table *child = parent->child; child; child = child->sibling)
        if ((!after || child->parent_pa > after->parent_pa) && (!next || child->parent_pa < next->parent_pa))
            next = child;
    return next;
}

/* A live table, its words, and what hangs below it. No deeper than a format has levels. */
static void tell_table(const struct protocol *protocol, const struct telling *telling,
                       const struct table *table)
{
    tell(telling, table->pa);
    tell(telling, table->parent_pa);
    for (uint64_t pa = table->pa; pa < table->pa + table->bytes; pa += ENTRY_BYTES) {
        uint64_t word = words_read(&protocol->words, pa);
        if (word == 0)
            continue;
        tell(telling, pa);
        tell(telling, word);
    }
    for (const struct table *child = next_child(table, NULL); child; child = next_child(table, child))
        tell_table(protocol, telling, child);
}

bool protocol_tell_state(const struct protocol *protocol, protocol_teller teller, void *context)
{
    const struct telling telling = {teller, context};
    for (const struct root *root = protocol->roots; root; root = root->next) {
        tell(&telling, (uint64_t)root->told << 1 | root->broken);
        if (root->table)
            tell_table(protocol, &telling, root->table);
    }
    return tell_unclean(protocol, &telling);
}
