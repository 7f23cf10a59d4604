/* What an invalidation looks at, and what it drops. */
#include <assert.h>

#include "tlb/internal.h"

/* Of the page, or of the larger one that it is a part of. */
static bool has_byte_of(const struct tlb_selection *selection, const struct tlb_entry *entry)
{
    unsigned size_lg2 = tlb_is_part(entry) ? entry->whole_lg2 : entry->size_lg2;
    uint64_t in_page = (UINT64_C(1) << size_lg2) - 1;
    return (entry->va & ~in_page) <= selection->last_va && (entry->va | in_page) >= selection->va;
}

bool tlb_selects(const struct tlb_selection *selection, const struct tlb_entry *entry)
{
    if (selection->by_va && !has_byte_of(selection, entry))
        return false;
    if (selection->by_vmid && entry->vmid != selection->vmid)
        return false;
    if (entry->global)
        return selection->global_too;
    return !selection->by_asid || entry->asid == selection->asid;
}

/* Writes to `set_list` the sets that a page of the range, of a present size, falls into, none twice; gives
 * how many. If these are all sets, there is no list. */
static uint32_t list_sets(struct tlb *tlb, uint64_t va, uint64_t last_va)
{
    uint32_t listed = 0;
    tlb->set_round++;
    for (unsigned i = 0; i < tlb->size_count; i++) {
        uint64_t first_page = va >> tlb->sizes[i];
        uint64_t last_page = last_va >> tlb->sizes[i];
        if (last_page - first_page >= tlb->sets - 1)
            return tlb->sets;
        for (uint64_t page = first_page; page <= last_page; page++) {
            uint32_t set = tlb_set_of_page(tlb, page);
            if (tlb->set_marks[set] == tlb->set_round)
                continue;
            tlb->set_marks[set] = tlb->set_round;
            tlb->set_list[listed++] = set;
        }
    }
    return listed;
}

struct drop {
    struct tlb *tlb;
    const struct tlb_selection *selection;
    tlb_visitor visit;
    void *context;
    struct tlb_invalidated result;
};

static void drop_from_set(struct drop *drop, uint32_t set)
{
    struct tlb *tlb = drop->tlb;
    uint32_t first = set * tlb->geometry.ways;
    drop->result.sets++;
    for (uint32_t slot = first; slot < first + tlb->geometry.ways; slot++) {
        if (!tlb_slot_used(tlb, slot))
            continue;
        drop->result.entries++;
        if (!tlb_selects(drop->selection, &tlb->entries[slot]))
            continue;
        if (drop->visit)
            drop->visit(drop->context, slot, &tlb->entries[slot]);
        drop->result.dropped++;
        tlb_take_out(tlb, slot);
    }
}

struct tlb_invalidated tlb_invalidate(struct tlb *tlb, const struct tlb_selection *selection,
                                      tlb_visitor visit, void *context)
{
    assert(!selection->by_va || selection->va <= selection->last_va);
    struct drop drop = {.tlb = tlb, .selection = selection, .visit = visit, .context = context};
    bool few = selection->by_va && tlb->parts == 0;
    uint32_t listed = few ? list_sets(tlb, selection->va, selection->last_va) : tlb->sets;
    for (uint32_t i = 0; i < listed; i++)
        drop_from_set(&drop, listed == tlb->sets ? i : tlb->set_list[i]);
    return drop.result;
}

void tlb_invalidate_slot(struct tlb *tlb, uint32_t slot)
{
    assert(slot < tlb->geometry.entries && tlb_slot_used(tlb, slot));
    tlb_take_out(tlb, slot);
}
