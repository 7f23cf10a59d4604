/* Making and filling arrays in a word, for the tests. To be included after cmocka.h. */
#ifndef MMUSIM_TLB_TEST_PAGES_H
#define MMUSIM_TLB_TEST_PAGES_H

#include "tlb/tlb.h"

enum { PAGE = 12, LARGE = 21, HUGE = 30 };

static const uint64_t page_bytes = UINT64_C(1) << PAGE;
static const uint64_t large_bytes = UINT64_C(1) << LARGE;

static inline void make(struct tlb *tlb, uint32_t entries, uint32_t ways)
{
    const char *why = "not set";
    assert_true(tlb_init(tlb, &(struct tlb_geometry){.entries = entries, .ways = ways}, &why));
    assert_null(why);
}

static inline struct tlb_entry page_of(uint64_t va, uint16_t asid, uint8_t size_lg2)
{
    return (struct tlb_entry){.va = va, .pa = va + (UINT64_C(1) << 40), .asid = asid, .size_lg2 = size_lg2};
}

static inline struct tlb_fill_result fill(struct tlb *tlb, uint64_t va, uint16_t asid, uint8_t size_lg2)
{
    struct tlb_entry entry = page_of(va, asid, size_lg2);
    return tlb_fill(tlb, &entry);
}

static inline struct tlb_fill_result fill_global(struct tlb *tlb, uint64_t va, uint8_t size_lg2)
{
    struct tlb_entry entry = page_of(va, 0, size_lg2);
    entry.global = true;
    return tlb_fill(tlb, &entry);
}

static inline uint32_t drop_page(struct tlb *tlb, uint64_t va)
{
    struct tlb_selection page = {.by_va = true, .va = va, .last_va = va, .global_too = true};
    return tlb_invalidate(tlb, &page, NULL, NULL).dropped;
}

static inline uint32_t drop_all(struct tlb *tlb)
{
    return tlb_invalidate(tlb, &(struct tlb_selection){.global_too = true}, NULL, NULL).dropped;
}

/* In VMID 0. */
static inline bool has(const struct tlb *tlb, uint64_t va, uint16_t asid)
{
    return tlb_probe(tlb, va, tlb_space(asid, 0)) != TLB_NONE;
}

static inline uint32_t used(const struct tlb *tlb)
{
    uint32_t count = 0;
    for (uint32_t slot = 0; slot < tlb->geometry.entries; slot++)
        count += tlb_slot_used(tlb, slot);
    return count;
}

#endif
