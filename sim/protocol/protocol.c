#include "sim/protocol/protocol.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/protocol/internal.h"

struct protocol *protocol_create(const struct protocol_config *config)
{
    struct protocol *protocol = calloc(1, sizeof *protocol);
    if (protocol)
        protocol->config = *config;
    return protocol;
}

static void free_root(struct protocol *protocol, struct root *root)
{
    if (root->table)
        table_unlink(protocol, root->table);
    free(root);
}

static void forget_root(struct protocol *protocol, const struct root *root)
{
    for (size_t i = 0; i < protocol->unclean_count; i++)
        if (protocol->unclean[i] && protocol->unclean[i]->root == root)
            unclean_remove(protocol, protocol->unclean[i]);
}

void protocol_destroy(struct protocol *protocol)
{
    if (!protocol)
        return;
    for (size_t i = 0; i < protocol->unclean_count; i++)
        if (protocol->unclean[i])
            unclean_remove(protocol, protocol->unclean[i]);
    while (protocol->roots) {
        struct root *root = protocol->roots;
        protocol->roots = root->next;
        free_root(protocol, root);
    }
    free(protocol->unclean);
    words_free(&protocol->words);
    free(protocol);
}

const struct protocol_violation *protocol_violation(const struct protocol *protocol)
{
    return &protocol->violation;
}

uint64_t protocol_unjudged(const struct protocol *protocol)
{
    return protocol->unjudged;
}

/* ---- Words --------------------------------------------------------------------------------------- */

struct mark_text mark_print(const struct protocol *protocol, struct protocol_mark mark)
{
    struct mark_text text;
    (void)snprintf(text.text, sizeof text.text, "%s %llu", protocol->config.mark_word,
                   (unsigned long long)mark.at);
    return text;
}

struct entry_text entry_print(const struct table *table, uint64_t pa)
{
    static const char *const regimes[] = {
        [REGIME_EL1] = "stage 1", [REGIME_STAGE2] = "stage 2", [REGIME_EL2] = "EL2"};
    const struct entry_level *level = level_of(table);
    uint64_t first = entry_va(table, pa);
    struct entry_text text;
    (void)snprintf(text.text, sizeof text.text, "the entry at 0x%llx (%s, level %u, for 0x%llx to 0x%llx)",
                   (unsigned long long)pa, regimes[table->root->is.regime], level->number,
                   (unsigned long long)first,
                   (unsigned long long)(first + ((UINT64_C(1) << level->span_lg2) - 1)));
    return text;
}

static int report(struct protocol *protocol, const struct protocol_fault *fault, const struct table *table,
                  const char *format, va_list arguments)
{
    struct protocol_violation *violation = &protocol->violation;
    const struct protocol_listener *listener = &protocol->config.listener;
    struct root *root = table ? table->root : NULL;
    if (root && !protocol->config.strict) {
        if (root->told)
            return PROTOCOL_FINE;
        root->told = true;
    }
    *violation = (struct protocol_violation){.mark = fault->mark,
                                             .related = fault->related,
                                             .pa = fault->pa,
                                             .va = table ? entry_va(table, fault->pa) : 0,
                                             .root = root ? root->is.id : 0,
                                             .agent = (uint8_t)fault->agent,
                                             .rule = fault->rule};
    (void)vsnprintf(violation->text, sizeof violation->text, format, arguments);
    if (listener->found)
        listener->found(listener->context, violation);
    return PROTOCOL_VIOLATED;
}

int violation_report(struct protocol *protocol, const struct protocol_fault *fault, const struct table *table,
                     const char *format, ...)
{
    if (!protocol->config.strict)
        table->root->broken = protocol->broke = true;
    va_list arguments;
    va_start(arguments, format);
    int result = report(protocol, fault, table, format, arguments);
    va_end(arguments);
    return result;
}

int sharing_report(struct protocol *protocol, const struct protocol_fault *fault, const struct table *table,
                   const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int result = report(protocol, fault, table, format, arguments);
    va_end(arguments);
    return result;
}

int protocol_report(struct protocol *protocol, const struct protocol_fault *fault, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int result = report(protocol, fault, table_at(protocol, fault->pa), format, arguments);
    va_end(arguments);
    return result;
}

/* ---- Roots --------------------------------------------------------------------------------------- */

static int first_of(int first, int second)
{
    return second == PROTOCOL_NO_MEMORY || first == PROTOCOL_FINE ? second : first;
}

/* Of a root that is broken nothing is judged any more, nor is another one's table judged by its tables. */
static int end_step(struct protocol *protocol, int result, unsigned agent, struct protocol_mark mark)
{
    for (struct root *root = protocol->broke ? protocol->roots : NULL; root; root = root->next) {
        if (!root->broken || !root->table)
            continue;
        forget_root(protocol, root);
        table_unlink(protocol, root->table);
        root->table = NULL;
    }
    protocol->broke = false;
    return protocol->config.strict ? result : first_of(result, tables_settle(protocol, agent, mark));
}

int protocol_add_root(struct protocol *protocol, const struct protocol_root *is, unsigned agent,
                      struct protocol_mark mark)
{
    struct root *root = calloc(1, sizeof *root);
    if (!root)
        return PROTOCOL_NO_MEMORY;
    root->is = *is;
    root->next = protocol->roots;
    protocol->roots = root;
    protocol->steps++;
    const struct linking linking = {
        .root = root, .parent_pa = is->pa, .pa = is->pa, .va = is->va, .agent = agent, .mark = mark};
    return end_step(protocol, table_link(protocol, &linking, &root->table), agent, mark);
}

void protocol_remove_root(struct protocol *protocol, uint64_t root_pa)
{
    struct root **link = &protocol->roots;
    while (*link && (*link)->is.pa != root_pa)
        link = &(*link)->next;
    if (!*link)
        return;
    struct root *root = *link;
    *link = root->next;
    forget_root(protocol, root);
    free_root(protocol, root);
}

/* ---- Writes -------------------------------------------------------------------------------------- */

/* One store to an entry of a live table. */
struct change {
    struct table *table;
    struct entry before, after; /* of the words */
    uint64_t old, new;
    uint64_t pa;
    unsigned agent;
    struct protocol_mark mark;
};

static bool is_valid(const struct entry *entry)
{
    return entry->kind == ENTRY_TABLE || entry->kind == ENTRY_LEAF;
}

static struct protocol_fault fault_of(const struct change *change, enum protocol_rule rule,
                                      struct protocol_mark related)
{
    return (struct protocol_fault){
        .mark = change->mark, .related = related, .pa = change->pa, .agent = change->agent, .rule = rule};
}

static const struct protocol_mark nowhere = {.at = PROTOCOL_NOWHERE};

/* Bits 58 to 55 are for software (DDI 0487, D8.3, table D8-52). */
#define SOFTWARE_BITS (UINT64_C(0xf) << 55)

/* Logs: where neither word is accessed, no more may change than what hardware ignores. */
static bool changes_old_leaf(const struct change *change)
{
    return change->before.frame.attributes & FRAME_OLD && change->after.frame.attributes & FRAME_OLD &&
           (change->old ^ change->new) & ~SOFTWARE_BITS;
}

static bool needs_break(const struct protocol *protocol, const struct change *change)
{
    const struct entry_format *entries = &change->table->root->is.entries;
    bool both_leaves = change->before.kind == ENTRY_LEAF && change->after.kind == ENTRY_LEAF;
    if (both_leaves)
        return entries->must_break(change->old, change->new) ||
               (protocol->config.strict && changes_old_leaf(change));
    return protocol->config.strict || change->before.kind != change->after.kind ||
           change->before.table != change->after.table;
}

static const char *what_changes(const struct change *change)
{
    if (change->before.kind == ENTRY_TABLE)
        return change->after.kind == ENTRY_TABLE ? "a table to a table" : "a table to a leaf";
    if (change->after.kind == ENTRY_TABLE)
        return "a leaf to a table";
    if (change->before.frame.size_lg2 != change->after.frame.size_lg2)
        return "a leaf to one of another size";
    return change->before.frame.base != change->after.frame.base ? "a leaf to one of another address"
                                                                 : "a leaf to one of other attributes";
}

static int changed_without_break(struct protocol *protocol, const struct change *change)
{
    const struct protocol_fault fault = fault_of(change, PROTOCOL_CHANGED_WITHOUT_BREAK, nowhere);
    return violation_report(protocol, &fault, change->table,
                            "%s changes from %s, 0x%llx to 0x%llx, without having been invalid between",
                            entry_print(change->table, change->pa).text, what_changes(change),
                            (unsigned long long)change->old, (unsigned long long)change->new);
}

static int made_before_clean(struct protocol *protocol, const struct change *change,
                             const struct unclean *unclean)
{
    const struct protocol_fault fault = fault_of(change, PROTOCOL_MADE_BEFORE_CLEAN, unclean->written);
    return violation_report(protocol, &fault, change->table,
                            "%s is made valid though it was made invalid at %s and is not clean%s",
                            entry_print(change->table, change->pa).text,
                            mark_print(protocol, unclean->written).text,
                            missing_print(protocol, unclean).text);
}

static int write_below_unclean(struct protocol *protocol, const struct change *change,
                               const struct unclean *above)
{
    const struct protocol_fault fault = fault_of(change, PROTOCOL_WRITE_BELOW_UNCLEAN, above->written);
    return violation_report(
        protocol, &fault, change->table,
        "%s is written though the entry above it, at 0x%llx, was made invalid at %s and is not clean%s",
        entry_print(change->table, change->pa).text, (unsigned long long)above->pa,
        mark_print(protocol, above->written).text, missing_print(protocol, above).text);
}

static int reserved_encoding(struct protocol *protocol, const struct change *change)
{
    const struct protocol_fault fault = fault_of(change, PROTOCOL_RESERVED_ENCODING, nowhere);
    return protocol_report(protocol, &fault, "%s becomes 0x%llx, which is a reserved form at this level",
                           entry_print(change->table, change->pa).text, (unsigned long long)change->new);
}

/* Every entry below a table that was removed with valid entries has to be covered, too. */
// NOLINTNEXTLINE(misc-no-recursion)
static int abandon_below(struct protocol *protocol, const struct change *change, const struct table *table)
{
    int result = PROTOCOL_FINE;
    for (uint64_t pa = table->pa; pa < table->pa + table->bytes && result == PROTOCOL_FINE;
         pa += ENTRY_BYTES) {
        const struct entry entry = entry_at(protocol, table, pa);
        struct unclean *unclean = unclean_find(protocol, table, pa);
        if (unclean)
            unclean_abandon(protocol, unclean, change->pa, change->table->depth);
        if (unclean || !is_valid(&entry))
            continue;
        const struct leaving leaving = {.table = table,
                                        .pa = pa,
                                        .below = change->pa,
                                        .below_depth = change->table->depth,
                                        .old = words_read(&protocol->words, pa),
                                        .agent = change->agent,
                                        .mark = change->mark};
        result = unclean_add(protocol, &leaving);
        const struct table *child = entry.kind == ENTRY_TABLE ? table_below(table, pa) : NULL;
        if (child && result == PROTOCOL_FINE)
            result = abandon_below(protocol, change, child);
    }
    return result;
}

/* What hangs at an entry that memory does not point there with (nobody told of a store) is no table. */
static struct table *table_removed(struct protocol *protocol, const struct change *change)
{
    struct table *child = table_below(change->table, change->pa);
    if (!child || (change->before.kind == ENTRY_TABLE && change->before.table == child->pa))
        return child;
    table_unlink(protocol, child);
    return NULL;
}

static int make_invalid(struct protocol *protocol, const struct change *change)
{
    const struct table *child = table_removed(protocol, change);
    const struct leaving leaving = {.table = change->table,
                                    .pa = change->pa,
                                    .below = change->pa,
                                    .below_depth = change->table->depth,
                                    .old = change->old,
                                    .agent = change->agent,
                                    .mark = change->mark};
    int result = unclean_add(protocol, &leaving);
    return child && !protocol->config.strict && result == PROTOCOL_FINE
               ? abandon_below(protocol, change, child)
               : result;
}

/* The entry itself, or one of a table that was removed with it. */
static struct unclean *unclean_of(const struct protocol *protocol, const struct table *table, uint64_t pa)
{
    struct unclean *own = unclean_find(protocol, table, pa);
    for (size_t i = 0; protocol->abandoned > 0 && !own && i < protocol->unclean_count; i++) {
        struct unclean *unclean = protocol->unclean[i];
        if (unclean && unclean->below == pa && unclean->root == table->root &&
            unclean->below_depth == table->depth)
            own = unclean;
    }
    return own;
}

/* What the entry was, and what hung below, is forgotten. */
static void forget_former(struct protocol *protocol, const struct change *change)
{
    struct table *old_child = table_below(change->table, change->pa);
    struct unclean *unclean;
    while ((unclean = unclean_of(protocol, change->table, change->pa)))
        unclean_remove(protocol, unclean);
    if (old_child)
        table_unlink(protocol, old_child);
}

/* The entry stands for something new. */
static int make_valid(struct protocol *protocol, const struct change *change)
{
    forget_former(protocol, change);
    if (change->after.kind != ENTRY_TABLE ||
        !entry_has_depth(&change->table->root->is.entries, change->table->depth + 1))
        return PROTOCOL_FINE;
    struct table *child;
    const struct linking linking = {.root = change->table->root,
                                    .parent = change->table,
                                    .parent_pa = change->pa,
                                    .pa = change->after.table,
                                    .va = entry_va(change->table, change->pa),
                                    .depth = change->table->depth + 1,
                                    .agent = change->agent,
                                    .mark = change->mark};
    return table_link(protocol, &linking, &child);
}

/* What an unclean table above allows: no change that a walk could see. In a run zeroing is not reported: an
 * allocator may do it early, and an entry that is gone harms nobody. */
static bool is_frozen_write(const struct protocol *protocol, const struct change *change)
{
    if (change->old == change->new)
        return false;
    if (protocol->config.strict)
        return is_valid(&change->before) || change->after.kind != ENTRY_INVALID;
    return is_valid(&change->after);
}

/* What hardware may remember of the entry is what it says again, but for permissions: no break is wanted. */
static bool restores(const struct protocol *protocol, const struct change *change)
{
    const struct unclean *unclean = unclean_find(protocol, change->table, change->pa);
    if (!unclean || protocol->config.strict)
        return false;
    struct change whole = *change;
    whole.old = unclean->old;
    whole.before = change->table->root->is.entries.decode(level_of(change->table), unclean->old);
    return !needs_break(protocol, &whole);
}

static int change_entry(struct protocol *protocol, const struct change *change)
{
    struct unclean *unclean = unclean_of(protocol, change->table, change->pa);
    bool was_valid = is_valid(&change->before), is = is_valid(&change->after);
    int result = PROTOCOL_FINE;
    if (protocol->config.strict && change->after.kind == ENTRY_RESERVED)
        return reserved_encoding(protocol, change);
    if (was_valid && unclean) { /* nobody told that it became valid */
        forget_former(protocol, change);
        unclean = NULL;
    }
    if (was_valid && is && !needs_break(protocol, change))
        return PROTOCOL_FINE;
    if (was_valid && is)
        result = changed_without_break(protocol, change);
    else if (unclean && is && !restores(protocol, change))
        result = made_before_clean(protocol, change, unclean);
    if (is)
        result = first_of(result, make_valid(protocol, change));
    else if (was_valid)
        result = make_invalid(protocol, change);
    return result;
}

int protocol_set_word(struct protocol *protocol, uint64_t pa, uint64_t value)
{
    return words_write(&protocol->words, pa, value) ? PROTOCOL_FINE : PROTOCOL_NO_MEMORY;
}

void protocol_forget_word(struct protocol *protocol, uint64_t pa)
{
    words_forget(&protocol->words, pa);
}

/* One of the places of a store, in a table that was there before it. */
struct place {
    struct table *table;
    uint64_t pa;
};

/* From the top downwards, then in the order of roots and of what is translated. */
static bool is_before(const struct place *one, const struct place *other)
{
    unsigned levels[] = {level_of(one->table)->number, level_of(other->table)->number};
    uint32_t roots[] = {one->table->root->is.id, other->table->root->is.id};
    if (levels[0] != levels[1])
        return levels[0] < levels[1];
    return roots[0] == roots[1] ? entry_va(one->table, one->pa) < entry_va(other->table, other->pa)
                                : roots[0] < roots[1];
}

static void find_first(const struct protocol *protocol, uint64_t pa, struct place *first)
{
    const struct words_page *page = words_find(&protocol->words, pa);
    for (const struct words_table *at = page ? page->tables : NULL; at; at = at->next) {
        const struct place here = {at->table, pa};
        const struct given *given = &at->table->given;
        if (pa - at->table->pa >= at->table->bytes || (given->step == protocol->steps && pa <= given->pa))
            continue;
        if (!first->table || is_before(&here, first))
            *first = here;
    }
}

/* The next to be given the store; with no table if there is none. */
static struct place next_place(const struct protocol *protocol, const struct protocol_store *store)
{
    struct place first = {0};
    for (size_t i = 0; i < store->count; i++)
        find_first(protocol, store->places[i], &first);
    if (first.table)
        first.table->given = (struct given){protocol->steps, first.pa};
    return first;
}

static int give(struct protocol *protocol, const struct protocol_store *store, const struct place *place)
{
    const struct entry_format *entries = &place->table->root->is.entries;
    const struct change change = {.table = place->table,
                                  .before = entries->decode(level_of(place->table), store->old_value),
                                  .after = entries->decode(level_of(place->table), store->new_value),
                                  .old = store->old_value,
                                  .new = store->new_value,
                                  .pa = place->pa,
                                  .agent = store->agent,
                                  .mark = store->mark};
    const struct unclean *above = unclean_above(protocol, place->table);
    if (!above)
        return change_entry(protocol, &change);
    if (above->made == protocol->steps || !is_frozen_write(protocol, &change))
        return PROTOCOL_FINE; /* `made`: the store itself has removed the table */
    return write_below_unclean(protocol, &change, above);
}

int protocol_stored(struct protocol *protocol, const struct protocol_store *store)
{
    int result = PROTOCOL_FINE;
    for (size_t i = 0; i < store->count; i++)
        if (!words_write(&protocol->words, store->places[i], store->new_value))
            return PROTOCOL_NO_MEMORY;
    protocol->steps++;
    for (struct place place = next_place(protocol, store); place.table && result != PROTOCOL_NO_MEMORY;
         place = next_place(protocol, store))
        result = first_of(result, give(protocol, store, &place));
    return end_step(protocol, result, store->agent, store->mark);
}

int protocol_write(struct protocol *protocol, unsigned agent, uint64_t pa, uint64_t value,
                   struct protocol_mark mark)
{
    const struct protocol_store store = {.places = &pa,
                                         .count = 1,
                                         .old_value = words_read(&protocol->words, pa),
                                         .new_value = value,
                                         .agent = agent,
                                         .mark = mark};
    return protocol_stored(protocol, &store);
}

/* ---- Questions ----------------------------------------------------------------------------------- */

bool protocol_find_entry(const struct protocol *protocol, uint64_t pa, struct protocol_entry *entry)
{
    const struct table *table = table_at(protocol, pa);
    if (!table)
        return false;
    const struct entry is = entry_at(protocol, table, pa);
    *entry = (struct protocol_entry){.root_pa = table->root->is.pa,
                                     .va = entry_va(table, pa),
                                     .level = level_of(table)->number,
                                     .last_level = table->depth + 1u == table->root->is.entries.levels,
                                     .valid = is_valid(&is),
                                     .unclean = unclean_find(protocol, table, pa) != NULL};
    return true;
}

bool protocol_has_root(const struct protocol *protocol, uint64_t root_pa)
{
    const struct root *root = protocol->roots;
    while (root && root->is.pa != root_pa)
        root = root->next;
    return root != NULL;
}

bool protocol_knows(const struct protocol *protocol, uint64_t pa)
{
    return words_knows(&protocol->words, pa);
}

uint64_t protocol_read(const struct protocol *protocol, uint64_t pa)
{
    return words_read(&protocol->words, pa);
}

bool protocol_is_below(const struct protocol *protocol, uint64_t below, uint64_t above)
{
    const struct table *table = table_at(protocol, below);
    while (table && table->parent && table->parent_pa != above)
        table = table->parent;
    return table && table->parent && table->parent_pa == above;
}

bool protocol_unclean_of_root(const struct protocol *protocol, uint64_t root_pa, uint64_t *entry_pa,
                              struct protocol_mark *mark)
{
    for (size_t i = 0; i < protocol->unclean_count; i++)
        if (protocol->unclean[i] && protocol->unclean[i]->root->is.pa == root_pa) {
            *entry_pa = protocol->unclean[i]->pa;
            *mark = protocol->unclean[i]->written;
            return true;
        }
    return false;
}
