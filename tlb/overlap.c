/*
 * Entries that match one address.
 *
 * A page that contains another is found at once: it can only be in one set for each larger size that is
 * present. The other direction is the expensive one: a large page can contain more small ones than there are
 * sets. So that a fill of a large page need not look for them when there are none, which is the rule, a table
 * of counts, hashed, says how many smaller entries lie in each page of each size that was ever seen. Its 0 is
 * a proof; anything else may be a collision, or another ASID, and is followed by a search. With one page size
 * nothing is counted at all.
 */
#include <stdlib.h>

#include "tlb/internal.h"

bool tlb_overlap_init(struct tlb *tlb)
{
    while (UINT64_C(1) << tlb->inside_lg2 < 2 * (uint64_t)tlb->geometry.entries)
        tlb->inside_lg2++;
    tlb->inside = calloc((size_t)1 << tlb->inside_lg2, sizeof *tlb->inside);
    return tlb->inside != NULL;
}

static uint32_t *inside(const struct tlb *tlb, uint64_t va, unsigned size_lg2, uint16_t vmid)
{
    uint64_t key = va >> size_lg2 ^ (uint64_t)vmid << 48 ^ (uint64_t)size_lg2 << 42;
    uint64_t mixed = (key ^ key >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    return &tlb->inside[mixed >> (64 - tlb->inside_lg2)];
}

void tlb_overlap_note(struct tlb *tlb, const struct tlb_entry *entry, int change)
{
    for (uint64_t larger = tlb->sizes_seen >> entry->size_lg2 >> 1 << entry->size_lg2 << 1; larger;
         larger &= larger - 1)
        *inside(tlb, entry->va, (unsigned)__builtin_ctzll(larger), entry->vmid) += (uint32_t)change;
}

void tlb_overlap_see_size(struct tlb *tlb, unsigned size_lg2)
{
    uint64_t bit = UINT64_C(1) << size_lg2;
    if (tlb->sizes_seen & bit)
        return;
    tlb->sizes_seen |= bit;
    for (uint32_t slot = 0; tlb->used > 0 && slot < tlb->geometry.entries; slot++) {
        const struct tlb_entry *entry = &tlb->entries[slot];
        if (tlb_slot_used(tlb, slot) && entry->size_lg2 < size_lg2)
            *inside(tlb, entry->va, size_lg2, entry->vmid) += 1;
    }
}

/* Entries with this page, of this size, in a space that meets the given one. */
static uint32_t count_page(const struct tlb *tlb, uint64_t va, unsigned size_lg2, uint64_t space)
{
    uint64_t tag = tlb_tag_of(va, size_lg2);
    uint32_t first = tlb_set_of(tlb, va, size_lg2) * tlb->geometry.ways;
    uint32_t count = 0;
    for (uint32_t slot = first; slot < first + tlb->geometry.ways; slot++)
        count += tlb->tags[slot] == tag && tlb_spaces_meet(tlb->spaces[slot], space);
    return count;
}

/* A tag inside the page differs from its base in low bits only; so does that of a larger page whose middle
 * this one is the first of, and that of the page itself. */
static uint32_t count_tags_inside(const struct tlb *tlb, const struct tlb_entry *outer)
{
    uint64_t space = tlb_space_of(outer);
    uint32_t count = 0;
    for (uint32_t slot = 0; slot < tlb->geometry.entries; slot++)
        if ((tlb->tags[slot] ^ outer->va) >> outer->size_lg2 == 0 && tlb_slot_used(tlb, slot))
            count +=
                tlb->entries[slot].size_lg2 < outer->size_lg2 && tlb_spaces_meet(tlb->spaces[slot], space);
    return count;
}

/* Entries of smaller sizes inside a page: page by page, or slot by slot if that is shorter. */
static uint32_t count_inside(const struct tlb *tlb, const struct tlb_entry *outer)
{
    uint64_t pages = 0;
    for (unsigned i = 0; i < tlb->size_count && tlb->sizes[i] < outer->size_lg2; i++)
        pages += UINT64_C(1) << (outer->size_lg2 - tlb->sizes[i]);
    if (pages >= tlb->sets)
        return count_tags_inside(tlb, outer);
    uint32_t count = 0;
    for (unsigned i = 0; i < tlb->size_count && tlb->sizes[i] < outer->size_lg2; i++)
        for (uint64_t offset = 0; offset >> outer->size_lg2 == 0; offset += UINT64_C(1) << tlb->sizes[i])
            count += count_page(tlb, outer->va + offset, tlb->sizes[i], tlb_space_of(outer));
    return count;
}

uint32_t tlb_overlap_count(const struct tlb *tlb, const struct tlb_entry *entry, bool same_page)
{
    uint32_t count = 0;
    bool smaller = false;
    for (unsigned i = 0; i < tlb->size_count; i++) {
        smaller = smaller || tlb->sizes[i] < entry->size_lg2;
        if (tlb->sizes[i] > entry->size_lg2 || (tlb->sizes[i] == entry->size_lg2 && same_page))
            count += count_page(tlb, entry->va, tlb->sizes[i], tlb_space_of(entry));
    }
    if (smaller && *inside(tlb, entry->va, entry->size_lg2, entry->vmid) > 0)
        count += count_inside(tlb, entry);
    return count;
}
