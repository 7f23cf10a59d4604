#include "tlb/tlb.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *geometry_fault(const struct tlb_geometry *geometry)
{
    if (geometry->entries == 0 || geometry->entries > TLB_ENTRIES_MAX)
        return "the number of entries must be from 1 to 1048576";
    if (geometry->ways == 0 || geometry->ways > geometry->entries)
        return "the number of ways must be from 1 to the number of entries";
    if (geometry->entries % geometry->ways != 0)
        return "the number of entries must be a multiple of the number of ways";
    return NULL;
}

bool tlb_init(struct tlb *tlb, const struct tlb_geometry *geometry, const char **why)
{
    memset(tlb, 0, sizeof *tlb);
    *why = geometry_fault(geometry);
    if (*why)
        return false;
    tlb->geometry = *geometry;
    tlb->sets = geometry->entries / geometry->ways;
    tlb->sets_power_of_two = (tlb->sets & (tlb->sets - 1)) == 0;
    tlb->tags = calloc(geometry->entries, sizeof *tlb->tags);
    tlb->stamps = calloc(geometry->entries, sizeof *tlb->stamps);
    tlb->asids = calloc(geometry->entries, sizeof *tlb->asids);
    tlb->entries = calloc(geometry->entries, sizeof *tlb->entries);
    if (tlb->tags && tlb->stamps && tlb->asids && tlb->entries)
        return true;
    tlb_destroy(tlb);
    *why = "out of memory";
    return false;
}

void tlb_destroy(struct tlb *tlb)
{
    free(tlb->tags);
    free(tlb->stamps);
    free(tlb->asids);
    free(tlb->entries);
    memset(tlb, 0, sizeof *tlb);
}

static void add_size(struct tlb *tlb, unsigned size_lg2)
{
    if (tlb->population[size_lg2]++ > 0)
        return;
    unsigned place = tlb->size_count++;
    for (; place > 0 && tlb->sizes[place - 1] > size_lg2; place--)
        tlb->sizes[place] = tlb->sizes[place - 1];
    tlb->sizes[place] = (uint8_t)size_lg2;
}

static void remove_size(struct tlb *tlb, unsigned size_lg2)
{
    if (--tlb->population[size_lg2] > 0)
        return;
    unsigned place = 0;
    while (tlb->sizes[place] != size_lg2)
        place++;
    tlb->size_count--;
    memmove(&tlb->sizes[place], &tlb->sizes[place + 1], tlb->size_count - place);
}

/* The slot with the smallest stamp; an empty one has stamp 0. Written with selections, for the compiler to
 * turn into conditional moves: nobody can predict which slot is the oldest, and as a branch this comparison
 * was a quarter of the time of a stream of misses. */
static uint32_t oldest_slot(const uint64_t *stamps, uint32_t first, uint32_t ways)
{
    uint32_t oldest = first;
    uint64_t least = stamps[first];
    for (uint32_t slot = first + 1; slot < first + ways; slot++) {
        oldest = stamps[slot] < least ? slot : oldest;
        least = stamps[slot] < least ? stamps[slot] : least;
    }
    return oldest;
}

/* The same page of the same address space, else an empty slot, else the least recently used one. */
static uint32_t choose_slot(const struct tlb *tlb, uint64_t tag, uint32_t asid, uint32_t first)
{
    for (uint32_t slot = first; slot < first + tlb->geometry.ways; slot++)
        if (tlb->tags[slot] == tag && tlb->asids[slot] == asid)
            return slot;
    return oldest_slot(tlb->stamps, first, tlb->geometry.ways);
}

struct tlb_fill_result tlb_fill(struct tlb *tlb, const struct tlb_entry *entry)
{
    assert(entry->size_lg2 >= TLB_PAGE_LG2 && entry->size_lg2 < TLB_PAGE_SIZES);
    assert(entry->va >> entry->size_lg2 << entry->size_lg2 == entry->va);
    uint64_t tag = tlb_tag_of(entry->va, entry->size_lg2);
    uint32_t asid = entry->global ? TLB_GLOBAL : entry->asid;
    uint32_t first = tlb_set_of(tlb, entry->va, entry->size_lg2) * tlb->geometry.ways;
    struct tlb_fill_result result = {.slot = choose_slot(tlb, tag, asid, first)};
    result.replaced = tlb_slot_used(tlb, result.slot);
    if (result.replaced)
        result.victim = tlb->entries[result.slot];
    if (!result.replaced || result.victim.size_lg2 != entry->size_lg2) {
        add_size(tlb, entry->size_lg2);
        if (result.replaced)
            remove_size(tlb, result.victim.size_lg2);
    }
    tlb->tags[result.slot] = tag;
    tlb->asids[result.slot] = asid;
    tlb->entries[result.slot] = *entry;
    tlb_touch(tlb, result.slot);
    return result;
}

bool tlb_selects(const struct tlb_selection *selection, const struct tlb_entry *entry)
{
    if (selection->by_va && (selection->va ^ entry->va) >> entry->size_lg2 != 0)
        return false;
    if (!selection->by_asid)
        return true;
    return entry->global ? selection->global_too : entry->asid == selection->asid;
}

/* An empty slot has stamp 0, below every used one, so that it is chosen first. */
static void drop(struct tlb *tlb, uint32_t slot)
{
    remove_size(tlb, tlb->entries[slot].size_lg2);
    tlb->tags[slot] = 0;
    tlb->stamps[slot] = 0;
}

static uint32_t invalidate_slots(struct tlb *tlb, const struct tlb_selection *selection, uint32_t first,
                                 uint32_t count, tlb_visitor visit, void *context)
{
    uint32_t dropped = 0;
    for (uint32_t slot = first; slot < first + count; slot++) {
        if (!tlb_slot_used(tlb, slot) || !tlb_selects(selection, &tlb->entries[slot]))
            continue;
        if (visit)
            visit(context, slot, &tlb->entries[slot]);
        drop(tlb, slot);
        dropped++;
    }
    return dropped;
}

uint32_t tlb_invalidate(struct tlb *tlb, const struct tlb_selection *selection, tlb_visitor visit,
                        void *context)
{
    if (!selection->by_va)
        return invalidate_slots(tlb, selection, 0, tlb->geometry.entries, visit, context);
    uint32_t dropped = 0;
    uint8_t sizes[TLB_PAGE_SIZES];
    unsigned size_count = tlb->size_count;
    memcpy(sizes, tlb->sizes, size_count); /* dropping the last entry of a size takes it off the list */
    for (unsigned i = 0; i < size_count; i++) {
        uint32_t first = tlb_set_of(tlb, selection->va, sizes[i]) * tlb->geometry.ways;
        dropped += invalidate_slots(tlb, selection, first, tlb->geometry.ways, visit, context);
    }
    return dropped;
}
