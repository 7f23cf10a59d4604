/*
 * TLBs and walk caches: their contents as numbers, and what the arrays of tlb/tlb.h make of them.
 *
 * Contents are put into an empty array, in their order, so that the last one is the most recently used; the
 * array does what is asked; and what it holds then is read back. Where entries go at any time their order has
 * no meaning, and they stand in that of their numbers.
 */
#include <assert.h>
#include <string.h>

#include "mmu/invalidation_scope.h"
#include "sim/explore/small_internal.h"

const struct array_contents *contents_of(const struct small_machine *machine, uint16_t contents)
{
    return intern_bytes(machine->contents, contents, NULL);
}

static bool array_init(struct small_machine *machine, struct tlb *tlb, unsigned entries)
{
    const struct tlb_geometry geometry = {.entries = entries, .ways = entries, .replacement = TLB_LRU};
    const char *why;
    if (!tlb_init(tlb, &geometry, &why))
        return small_fail(machine, why);
    return true;
}

bool arrays_init(struct small_machine *machine)
{
    const struct array_contents empty = {{0}};
    if (intern_add(machine->contents, &empty, sizeof empty) != 0)
        return small_fail(machine, "there is no memory");
    machine->has_tlb =
        machine->config.tlb_entries > 0 && array_init(machine, &machine->tlb, machine->config.tlb_entries);
    machine->has_walk_cache = machine->config.walk_cache_entries > 0 &&
                              array_init(machine, &machine->walk_cache, machine->config.walk_cache_entries);
    return machine->error == NULL;
}

void arrays_destroy(struct small_machine *machine)
{
    if (machine->has_tlb)
        tlb_destroy(&machine->tlb);
    if (machine->has_walk_cache)
        tlb_destroy(&machine->walk_cache);
}

/* ---- entries ------------------------------------------------------------------------------------ */

static struct tlb_entry entry_of_leaf(const struct small_machine *machine, uint16_t number)
{
    const struct small_leaf *leaf = small_leaf_of(machine, number);
    return (struct tlb_entry){.va = leaf->leaf.va,
                              .pa = leaf->leaf.frame.base,
                              .attributes = leaf->leaf.frame.attributes,
                              .more = number,
                              .asid = leaf->asid,
                              .vmid = leaf->vmid,
                              .size_lg2 = leaf->leaf.frame.size_lg2,
                              .rights = leaf->leaf.rights,
                              .whole_lg2 = leaf->leaf.stage1_size_lg2 & 0x7fu,
                              .global = (leaf->leaf.frame.attributes & FRAME_GLOBAL) != 0};
}

static struct tlb_entry entry_of_table(const struct small_machine *machine, uint16_t number)
{
    const struct cached_table *table = intern_bytes(machine->tables, number - 1u, NULL);
    return (struct tlb_entry){.va = table->table.va,
                              .pa = table->table.pa,
                              .more = number,
                              .asid = table->asid,
                              .vmid = table->vmid,
                              .size_lg2 = table->table.span_lg2};
}

typedef struct tlb_entry (*entry_function)(const struct small_machine *machine, uint16_t number);

static void put_in(const struct small_machine *machine, struct tlb *tlb, uint16_t contents,
                   entry_function entry)
{
    const struct array_contents *items = contents_of(machine, contents);
    for (unsigned i = 0; i < SMALL_TLB_ENTRIES; i++) {
        if (items->items[i] == 0)
            continue;
        struct tlb_entry one = entry(machine, items->items[i]);
        (void)tlb_fill(tlb, &one);
    }
}

struct held {
    uint64_t order;
    uint16_t item;
};

/* What the array holds, as a number; it is empty then. */
static uint16_t take_out(struct small_machine *machine, struct tlb *tlb)
{
    struct held held[SMALL_TLB_ENTRIES];
    struct array_contents contents = {{0}};
    unsigned count = 0;
    for (uint32_t slot = 0; slot < tlb->geometry.entries; slot++) {
        if (!tlb_slot_used(tlb, slot))
            continue;
        uint16_t item = (uint16_t)tlb->entries[slot].more;
        uint64_t order = machine->config.evicts ? item : tlb->state[slot];
        unsigned place = count++;
        for (; place > 0 && held[place - 1].order > order; place--)
            held[place] = held[place - 1];
        held[place] = (struct held){order, item};
        tlb_invalidate_slot(tlb, slot);
    }
    for (unsigned i = 0; i < count; i++)
        contents.items[i] = held[i].item;
    uint32_t id = intern_add(machine->contents, &contents, sizeof contents);
    if (id > UINT16_MAX) {
        (void)small_fail(machine, id == INTERN_NONE
                                      ? "the memory that was allowed is used up"
                                      : "the contents of TLBs are more than the explorer can number");
        return 0;
    }
    return (uint16_t)id;
}

/* ---- what is remembered -------------------------------------------------------------------------- */

uint16_t tlb_filled(struct small_machine *machine, uint16_t contents, uint16_t leaf)
{
    uint64_t key = remembered_key(TLB_FILLED, contents, leaf);
    uint64_t known;
    if (recall(machine, key, &known))
        return (uint16_t)known;
    struct tlb_entry entry = entry_of_leaf(machine, leaf);
    put_in(machine, &machine->tlb, contents, entry_of_leaf);
    (void)tlb_fill(&machine->tlb, &entry);
    return remember(machine, key, take_out(machine, &machine->tlb));
}

uint16_t tlb_used(struct small_machine *machine, uint16_t contents, uint16_t leaf)
{
    if (machine->config.evicts)
        return contents;
    uint64_t key = remembered_key(TLB_USED, contents, leaf);
    uint64_t known;
    if (recall(machine, key, &known))
        return (uint16_t)known;
    struct tlb_entry entry = entry_of_leaf(machine, leaf);
    put_in(machine, &machine->tlb, contents, entry_of_leaf);
    uint32_t slot = tlb_find(&machine->tlb, &entry);
    if (slot != TLB_NONE)
        tlb_touch(&machine->tlb, slot);
    return remember(machine, key, take_out(machine, &machine->tlb));
}

uint16_t tlb_evicted(struct small_machine *machine, uint16_t contents, unsigned index)
{
    uint64_t key = remembered_key(TLB_EVICTED, contents, index);
    uint64_t known;
    if (recall(machine, key, &known))
        return (uint16_t)known;
    /* any array would do: nothing but the order of what stays is asked of it */
    struct array_contents items = *contents_of(machine, contents);
    for (unsigned i = index; i + 1 < SMALL_TLB_ENTRIES; i++)
        items.items[i] = items.items[i + 1];
    items.items[SMALL_TLB_ENTRIES - 1] = 0;
    uint32_t id = intern_add(machine->contents, &items, sizeof items);
    if (id > UINT16_MAX) {
        (void)small_fail(machine, id == INTERN_NONE
                                      ? "the memory that was allowed is used up"
                                      : "the contents of TLBs are more than the explorer can number");
        return 0;
    }
    return remember(machine, key, (uint16_t)id);
}

uint16_t tlb_dropped(struct small_machine *machine, uint16_t contents, uint8_t what)
{
    uint64_t key = remembered_key(TLB_DROPPED, contents, what);
    uint64_t known;
    if (contents == 0)
        return 0;
    if (recall(machine, key, &known))
        return (uint16_t)known;
    const struct invalidation *order = small_invalidation_of(machine, what);
    struct tlb_selection selection = invalidation_selection(order);
    put_in(machine, &machine->tlb, contents, entry_of_leaf);
    if (order->scope != INVALIDATE_IPA)
        (void)tlb_invalidate(&machine->tlb, &selection, NULL, NULL);
    return remember(machine, key, take_out(machine, &machine->tlb));
}

uint16_t tlb_matching(struct small_machine *machine, uint16_t contents, uint8_t context, uint8_t address)
{
    uint64_t key = remembered_key(TLB_MATCHES, contents, (uint32_t)context << 8 | address);
    uint64_t known;
    if (contents == 0)
        return 0;
    if (recall(machine, key, &known))
        return (uint16_t)known;
    const struct small_context *at = &machine->config.contexts[context - 1];
    uint64_t va = small_va_of(machine, address);
    uint32_t slots[SMALL_TLB_ENTRIES], kept[SMALL_TLB_ENTRIES] = {0};
    put_in(machine, &machine->tlb, contents, entry_of_leaf);
    uint32_t count = tlb_matches(&machine->tlb, va, tlb_space(at->asid, at->vmid), slots, SMALL_TLB_ENTRIES);
    assert(count <= SMALL_TLB_ENTRIES);
    for (uint32_t i = 0; i < count; i++)
        kept[i] = slots[i];
    for (uint32_t slot = 0; slot < machine->tlb.geometry.entries; slot++) {
        bool matches = false;
        for (uint32_t i = 0; i < count; i++)
            matches = matches || kept[i] == slot;
        if (!matches && tlb_slot_used(&machine->tlb, slot))
            tlb_invalidate_slot(&machine->tlb, slot);
    }
    return remember(machine, key, take_out(machine, &machine->tlb));
}

uint16_t tables_filled(struct small_machine *machine, uint16_t contents, uint16_t table)
{
    uint64_t key = remembered_key(TABLES_FILLED, contents, table);
    uint64_t known;
    if (recall(machine, key, &known))
        return (uint16_t)known;
    struct tlb_entry entry = entry_of_table(machine, table);
    put_in(machine, &machine->walk_cache, contents, entry_of_table);
    (void)tlb_fill(&machine->walk_cache, &entry);
    return remember(machine, key, take_out(machine, &machine->walk_cache));
}

uint16_t tables_dropped(struct small_machine *machine, uint16_t contents, uint8_t what)
{
    uint64_t key = remembered_key(TABLES_DROPPED, contents, what);
    uint64_t known;
    if (contents == 0)
        return 0;
    if (recall(machine, key, &known))
        return (uint16_t)known;
    struct tlb_selection selection;
    bool keeps = machine->config.contexts[0].regime.format->address_keeps_tables;
    put_in(machine, &machine->walk_cache, contents, entry_of_table);
    if (invalidation_selects_tables(small_invalidation_of(machine, what), machine->config.ordering, keeps,
                                    &selection))
        (void)tlb_invalidate(&machine->walk_cache, &selection, NULL, NULL);
    return remember(machine, key, take_out(machine, &machine->walk_cache));
}

/* Asked when a walk begins, and remembered there. */
uint16_t tables_for(struct small_machine *machine, uint16_t contents, uint8_t context, uint64_t va)
{
    if (contents == 0)
        return 0;
    const struct small_context *at = &machine->config.contexts[context - 1];
    put_in(machine, &machine->walk_cache, contents, entry_of_table);
    uint32_t slot = tlb_probe(&machine->walk_cache, va, tlb_space(at->asid, at->vmid));
    uint16_t table = slot == TLB_NONE ? 0 : (uint16_t)machine->walk_cache.entries[slot].more;
    (void)take_out(machine, &machine->walk_cache);
    return table;
}

bool leaf_is_concerned(struct small_machine *machine, uint16_t number, uint8_t what)
{
    uint64_t key = remembered_key(LEAF_CONCERNED, number, what);
    uint64_t known;
    if (number == 0)
        return false;
    if (recall(machine, key, &known))
        return known != 0;
    const struct small_leaf *leaf = small_leaf_of(machine, number);
    /* of two stages, a part of the page that stage 1 maps stands for the whole */
    uint8_t size_lg2 = leaf->leaf.stage1_size_lg2 > leaf->leaf.frame.size_lg2 ? leaf->leaf.stage1_size_lg2
                                                                              : leaf->leaf.frame.size_lg2;
    return remember(machine, key,
                    invalidation_selects(small_invalidation_of(machine, what), leaf->leaf.va, size_lg2,
                                         leaf->asid, leaf->vmid)) != 0;
}
