#include "tlb/tlb.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tlb/internal.h"

static const char *geometry_fault(const struct tlb_geometry *geometry)
{
    if (geometry->entries == 0 || geometry->entries > TLB_ENTRIES_MAX)
        return "the number of entries must be from 1 to 1048576";
    if (geometry->ways == 0 || geometry->ways > geometry->entries)
        return "the number of ways must be from 1 to the number of entries";
    if (geometry->entries % geometry->ways != 0)
        return "the number of entries must be a multiple of the number of ways";
    if (!tlb_replacement_at(geometry->replacement))
        return "there is no such replacement policy";
    return NULL;
}

/* With l = ceil(log2 sets), page * ceil(2^(63 + l) / sets) / 2^(63 + l) is the quotient for each page below
 * 2^60: the multiplier is too large by less than 1, the product by less than 2^60, and that is less than
 * 2^(63 + l) / sets (theorem 4.2 of the paper that tlb.h names). It fits into 64 bits, since sets > 2^(l -
 * 1). */
static void prepare_division(struct tlb *tlb)
{
    tlb->sets_power_of_two = (tlb->sets & (tlb->sets - 1)) == 0;
    if (tlb->sets_power_of_two)
        return;
    tlb->set_shift = 31 - (uint32_t)__builtin_clz(tlb->sets); /* l - 1 */
    tlb_uint128 numerator = (tlb_uint128)1 << (64 + tlb->set_shift);
    tlb->set_multiplier = (uint64_t)((numerator + tlb->sets - 1) / tlb->sets);
}

/* calloc may give NULL for nothing. */
static void *zeroed(size_t count, size_t size_bytes)
{
    return calloc(count > 0 ? count : 1, size_bytes);
}

bool tlb_init(struct tlb *tlb, const struct tlb_geometry *geometry, const char **why)
{
    memset(tlb, 0, sizeof *tlb);
    *why = geometry_fault(geometry);
    if (*why)
        return false;
    tlb->geometry = *geometry;
    tlb->sets = geometry->entries / geometry->ways;
    prepare_division(tlb);
    tlb->policy = tlb_replacement_at(geometry->replacement);
    tlb->uses_are_stamped = tlb->policy->stamps_uses;
    tlb->state_words = tlb->policy->state_words(geometry->ways);
    tlb->random = geometry->seed;
    tlb->tags = zeroed(geometry->entries, sizeof *tlb->tags);
    tlb->spaces = zeroed(geometry->entries, sizeof *tlb->spaces);
    tlb->state = zeroed((size_t)tlb->sets * tlb->state_words, sizeof *tlb->state);
    tlb->entries = zeroed(geometry->entries, sizeof *tlb->entries);
    tlb->set_list = zeroed(tlb->sets, sizeof *tlb->set_list);
    tlb->set_marks = zeroed(tlb->sets, sizeof *tlb->set_marks);
    if (tlb_overlap_init(tlb) && tlb->tags && tlb->spaces && tlb->state && tlb->entries && tlb->set_list &&
        tlb->set_marks)
        return true;
    tlb_destroy(tlb);
    *why = "out of memory";
    return false;
}

void tlb_destroy(struct tlb *tlb)
{
    free(tlb->tags);
    free(tlb->spaces);
    free(tlb->state);
    free(tlb->entries);
    free(tlb->inside);
    free(tlb->set_list);
    free(tlb->set_marks);
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

/* ---- look-ups that are not on the hot path ------------------------------------------------------- */

static uint32_t find_in_set(const struct tlb *tlb, uint64_t tag, uint64_t space, uint32_t first)
{
    for (uint32_t slot = first; slot < first + tlb->geometry.ways; slot++)
        if (tlb->tags[slot] == tag && tlb->spaces[slot] == space)
            return slot;
    return TLB_NONE;
}

uint32_t tlb_find(const struct tlb *tlb, const struct tlb_entry *entry)
{
    uint32_t first = tlb_set_of(tlb, entry->va, entry->size_lg2) * tlb->geometry.ways;
    return find_in_set(tlb, tlb_tag_of(entry->va, entry->size_lg2), tlb_space_of(entry), first);
}

uint32_t tlb_matches(const struct tlb *tlb, uint64_t va, uint64_t space, uint32_t *slots, uint32_t max)
{
    uint64_t spaces[2] = {space, tlb_global_space(space)};
    uint32_t count = 0;
    for (unsigned i = 0; i < 2u * tlb->size_count; i++) {
        unsigned size_lg2 = tlb->sizes[i / 2];
        uint32_t first = tlb_set_of(tlb, va, size_lg2) * tlb->geometry.ways;
        uint32_t slot = find_in_set(tlb, tlb_tag_of(va, size_lg2), spaces[i % 2], first);
        if (slot == TLB_NONE)
            continue;
        if (count < max)
            slots[count] = slot;
        count++;
    }
    return count;
}

/* ---- fills and drops ----------------------------------------------------------------------------- */

/* An empty slot, else the victim. */
static uint32_t choose_slot(struct tlb *tlb, uint32_t set)
{
    uint32_t first = set * tlb->geometry.ways;
    if (tlb->used < tlb->geometry.entries)
        for (uint32_t slot = first; slot < first + tlb->geometry.ways; slot++)
            if (!tlb_slot_used(tlb, slot))
                return slot;
    return tlb->policy->victim(tlb, set);
}

void tlb_take_out(struct tlb *tlb, uint32_t slot)
{
    const struct tlb_entry *entry = &tlb->entries[slot];
    tlb->tags[slot] = 0;
    tlb->used--;
    tlb->parts -= tlb_is_part(entry);
    remove_size(tlb, entry->size_lg2);
    tlb_overlap_note(tlb, entry, -1);
    if (tlb->overlapping > 0)
        tlb->overlapping -= tlb_overlap_count(tlb, entry, true);
}

static void write_slot(struct tlb *tlb, uint32_t slot, uint64_t tag, const struct tlb_entry *entry)
{
    if (tlb_slot_used(tlb, slot))
        tlb->parts -= tlb_is_part(&tlb->entries[slot]);
    tlb->parts += tlb_is_part(entry);
    tlb->tags[slot] = tag;
    tlb->spaces[slot] = tlb_space_of(entry);
    tlb->entries[slot] = *entry;
}

static void put_in(struct tlb *tlb, uint32_t slot, const struct tlb_entry *entry, bool same_page)
{
    tlb_overlap_see_size(tlb, entry->size_lg2);
    tlb->overlapping += tlb_overlap_count(tlb, entry, same_page);
    tlb_overlap_note(tlb, entry, 1);
    write_slot(tlb, slot, tlb_tag_of(entry->va, entry->size_lg2), entry);
    tlb->used++;
    add_size(tlb, entry->size_lg2);
}

/* What a fill finds in its set before it changes anything. */
struct search {
    uint32_t slot;  /* of the same page of the same space, or TLB_NONE */
    bool same_page; /* of another space */
};

static struct search search_set(const struct tlb *tlb, uint64_t tag, uint64_t space, uint32_t first)
{
    struct search search = {.slot = TLB_NONE};
    for (uint32_t slot = first; slot < first + tlb->geometry.ways; slot++) {
        if (tlb->tags[slot] != tag)
            continue;
        search.same_page = true;
        if (tlb->spaces[slot] == space)
            search.slot = slot;
    }
    return search;
}

/* Whether a new entry can overlap with nothing, and nothing overlaps: then there is nothing to count. The
 * rule where pages have one size. */
static bool is_alone(const struct tlb *tlb, const struct search *search, const struct tlb_entry *entry)
{
    return !search->same_page && tlb->overlapping == 0 && tlb->sizes_seen == UINT64_C(1) << entry->size_lg2;
}

struct tlb_fill_result tlb_fill(struct tlb *tlb, const struct tlb_entry *entry)
{
    assert(entry->size_lg2 >= TLB_SIZE_LG2_MIN && entry->size_lg2 < TLB_PAGE_SIZES);
    assert(entry->va >> entry->size_lg2 << entry->size_lg2 == entry->va);
    uint64_t tag = tlb_tag_of(entry->va, entry->size_lg2);
    uint32_t set = tlb_set_of(tlb, entry->va, entry->size_lg2);
    struct search search = search_set(tlb, tag, tlb_space_of(entry), set * tlb->geometry.ways);
    bool refill = search.slot != TLB_NONE;
    struct tlb_fill_result result = {.slot = refill ? search.slot : choose_slot(tlb, set)};
    result.replaced = tlb_slot_used(tlb, result.slot);
    if (result.replaced)
        result.victim = tlb->entries[result.slot];
    if (refill || (result.replaced && is_alone(tlb, &search, entry))) {
        write_slot(tlb, result.slot, tag, entry);
    } else {
        if (result.replaced)
            tlb_take_out(tlb, result.slot);
        put_in(tlb, result.slot, entry, search.same_page);
    }
    if (tlb->uses_are_stamped)
        tlb_touch(tlb, result.slot); /* what this policy's `filled` does, without a call */
    else if (tlb->policy->filled)
        tlb->policy->filled(tlb, result.slot);
    return result;
}
