/* What one TLB array does, rule by rule: what must happen beside what must not. Invalidation has a file of
 * its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tlb/test/pages.h"
#include "tlb/test/random.h"
#include "tlb/tlb.h"

/* Geometry. */

static void a_geometry_that_divides_into_sets_is_taken(void **state)
{
    static const struct {
        uint32_t entries, ways;
    } good[] = {{1, 1}, {64, 4}, {1536, 12}, {48, 48}, {36, 12}, {TLB_ENTRIES_MAX, 4}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct tlb tlb;
        make(&tlb, good[i].entries, good[i].ways);
        assert_int_equal(tlb.sets, good[i].entries / good[i].ways);
        assert_int_equal(used(&tlb), 0);
        tlb_destroy(&tlb);
    }
}

static void an_impossible_geometry_is_refused_with_its_reason(void **state)
{
    static const struct {
        uint32_t entries, ways;
        const char *why;
    } bad[] = {
        {0, 1, "number of entries must be from"},
        {0, 0, "number of entries must be from"},
        {TLB_ENTRIES_MAX + 1, 1, "number of entries must be from"},
        {UINT32_MAX, 1, "number of entries must be from"},
        {64, 0, "number of ways must be from"},
        {4, 8, "number of ways must be from"},
        {64, 6, "multiple of the number of ways"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct tlb tlb;
        const char *why = NULL;
        struct tlb_geometry geometry = {.entries = bad[i].entries, .ways = bad[i].ways};
        assert_false(tlb_init(&tlb, &geometry, &why));
        assert_non_null(why);
        assert_non_null(strstr(why, bad[i].why));
        tlb_destroy(&tlb); /* nothing to destroy, and no harm */
    }
}

/* Finding. */

static void every_byte_of_a_page_hits_and_its_neighbours_miss(void **state)
{
    static const uint8_t sizes_lg2[] = {TLB_SIZE_LG2_MIN,  6, PAGE, 14, 16, LARGE, 25, HUGE, 39,
                                        TLB_PAGE_SIZES - 1};
    for (size_t i = 0; i < sizeof sizes_lg2; i++) {
        struct tlb tlb;
        make(&tlb, 64, 4);
        uint64_t bytes = UINT64_C(1) << sizes_lg2[i];
        uint64_t base = UINT64_C(0xffff000000000000) & ~(bytes - 1);
        struct tlb_fill_result filled = fill(&tlb, base, 1, sizes_lg2[i]);
        assert_false(filled.replaced);
        assert_int_equal(tlb_probe(&tlb, base, 1), filled.slot);
        assert_int_equal(tlb_probe(&tlb, base + bytes - 1, 1), filled.slot);
        assert_int_equal(tlb_probe(&tlb, base + bytes / 2, 1), filled.slot);
        assert_false(has(&tlb, base + bytes, 1));
        assert_false(has(&tlb, base - 1, 1));
        tlb_destroy(&tlb);
    }
}

static void an_empty_array_finds_nothing_not_even_address_zero(void **state)
{
    struct tlb tlb;
    make(&tlb, 8, 2);
    assert_false(has(&tlb, 0, 0));
    assert_int_equal(tlb_lookup(&tlb, 0, 0), TLB_NONE);
    (void)fill(&tlb, 0, 0, PAGE);
    assert_true(has(&tlb, 0, 0));
    tlb_destroy(&tlb);
}

static void an_entry_comes_back_as_it_was_filled(void **state)
{
    struct tlb tlb;
    make(&tlb, 8, 2);
    struct tlb_entry entry = {.va = 0x7000,
                              .pa = 0x123000,
                              .attributes = 0xa5a5a5a5,
                              .asid = 0xffff,
                              .size_lg2 = PAGE,
                              .rights = 7,
                              .global = false};
    uint32_t slot = tlb_fill(&tlb, &entry).slot;
    assert_true(tlb_slot_used(&tlb, slot));
    assert_int_equal(tlb.entries[slot].va, entry.va);
    assert_int_equal(tlb.entries[slot].pa, entry.pa);
    assert_int_equal(tlb.entries[slot].attributes, entry.attributes);
    assert_int_equal(tlb.entries[slot].asid, entry.asid);
    assert_int_equal(tlb.entries[slot].size_lg2, entry.size_lg2);
    assert_int_equal(tlb.entries[slot].rights, entry.rights);
    assert_false(tlb.entries[slot].global);
    tlb_destroy(&tlb);
}

static void an_entry_serves_its_own_asid_and_no_other(void **state)
{
    struct tlb tlb;
    make(&tlb, 8, 4);
    uint32_t first = fill(&tlb, 0x1000, 1, PAGE).slot;
    uint32_t second = fill(&tlb, 0x1000, 2, PAGE).slot;
    assert_int_not_equal(first, second);
    assert_int_equal(tlb_probe(&tlb, 0x1000, 1), first);
    assert_int_equal(tlb_probe(&tlb, 0x1000, 2), second);
    assert_false(has(&tlb, 0x1000, 3));
    assert_false(has(&tlb, 0x1000, 0));
    assert_false(has(&tlb, 0x1000, 0xffff));
    tlb_destroy(&tlb);
}

static void a_global_entry_serves_every_asid(void **state)
{
    struct tlb tlb;
    make(&tlb, 8, 4);
    uint32_t slot = fill_global(&tlb, 0x1000, PAGE).slot;
    assert_int_equal(tlb_probe(&tlb, 0x1000, 0), slot);
    assert_int_equal(tlb_probe(&tlb, 0x1000, 1), slot);
    assert_int_equal(tlb_probe(&tlb, 0x1000, 0xffff), slot);
    assert_false(has(&tlb, 0x2000, 1));
    tlb_destroy(&tlb);
}

static void the_own_entry_goes_before_the_global_one_whichever_came_first(void **state)
{
    for (int global_first = 0; global_first < 2; global_first++) {
        struct tlb tlb;
        make(&tlb, 4, 4);
        if (global_first)
            (void)fill_global(&tlb, 0x1000, PAGE);
        uint32_t own = fill(&tlb, 0x1000, 1, PAGE).slot;
        if (!global_first)
            (void)fill_global(&tlb, 0x1000, PAGE);
        assert_int_equal(used(&tlb), 2);
        assert_int_equal(tlb_probe(&tlb, 0x1000, 1), own);
        assert_int_not_equal(tlb_probe(&tlb, 0x1000, 2), own);
        assert_true(has(&tlb, 0x1000, 2));
        tlb_destroy(&tlb);
    }
}

static void an_entry_serves_its_own_vmid_and_no_other(void **state)
{
    struct tlb tlb;
    make(&tlb, 8, 4);
    struct tlb_entry entry = page_of(0x1000, 1, PAGE);
    uint32_t slots[3];
    for (uint16_t vmid = 0; vmid < 3; vmid++) {
        entry.vmid = vmid == 2 ? 0xffff : vmid;
        slots[vmid] = tlb_fill(&tlb, &entry).slot;
    }
    assert_int_equal(used(&tlb), 3);
    assert_int_equal(tlb_probe(&tlb, 0x1000, tlb_space(1, 0)), slots[0]);
    assert_int_equal(tlb_probe(&tlb, 0x1000, tlb_space(1, 1)), slots[1]);
    assert_int_equal(tlb_probe(&tlb, 0x1000, tlb_space(1, 0xffff)), slots[2]);
    assert_int_equal(tlb_probe(&tlb, 0x1000, tlb_space(1, 2)), TLB_NONE);
    assert_int_equal(tlb_probe(&tlb, 0x1000, tlb_space(0, 1)), TLB_NONE);
    assert_int_equal(tlb_probe(&tlb, 0x1000, tlb_space(0xffff, 1)), TLB_NONE);
    tlb_destroy(&tlb);
}

static void a_global_entry_serves_every_asid_of_its_own_vmid_alone(void **state)
{
    struct tlb tlb;
    make(&tlb, 8, 4);
    struct tlb_entry entry = page_of(0x1000, 5, PAGE);
    entry.global = true;
    entry.vmid = 3;
    uint32_t slot = tlb_fill(&tlb, &entry).slot;
    assert_int_equal(tlb_probe(&tlb, 0x1000, tlb_space(0, 3)), slot);
    assert_int_equal(tlb_probe(&tlb, 0x1000, tlb_space(0xffff, 3)), slot);
    assert_int_equal(tlb_probe(&tlb, 0x1000, tlb_space(5, 0)), TLB_NONE);
    assert_int_equal(tlb_probe(&tlb, 0x1000, tlb_space(5, 2)), TLB_NONE);
    assert_int_equal(tlb_probe(&tlb, 0x1000, tlb_space(3, 5)), TLB_NONE);
    entry.vmid = 2; /* its global page is another one */
    assert_false(tlb_fill(&tlb, &entry).replaced);
    tlb_destroy(&tlb);
}

/* Arm's contiguous bit and RISC-V's Svnapot: 16 pages of 4 KiB in one entry. */
static void a_contiguous_range_is_a_page_size(void **state)
{
    struct tlb tlb;
    make(&tlb, 64, 4);
    uint32_t range = fill(&tlb, 0x30000, 1, 16).slot;
    uint32_t page = fill(&tlb, 0x40000, 1, PAGE).slot;
    for (uint64_t i = 0; i < 16; i++)
        assert_int_equal(tlb_probe(&tlb, 0x30000 + i * page_bytes + 8, tlb_space(1, 0)), range);
    assert_int_equal(tlb_probe(&tlb, 0x40000, tlb_space(1, 0)), page);
    assert_false(has(&tlb, 0x2f000, 1));
    assert_int_equal(drop_page(&tlb, 0x37000), 1); /* any of its pages, and all are gone */
    assert_false(has(&tlb, 0x30000, 1));
    tlb_destroy(&tlb);
}

static void cache_lines_are_small_pages(void **state)
{
    for (uint8_t line_lg2 = TLB_SIZE_LG2_MIN; line_lg2 <= 7; line_lg2++) {
        struct tlb tlb;
        make(&tlb, 512, 8);
        uint64_t line_bytes = UINT64_C(1) << line_lg2;
        for (uint64_t i = 0; i < 512; i++)
            assert_false(fill(&tlb, i * line_bytes, 0, line_lg2).replaced);
        for (uint64_t i = 0; i < 512 * line_bytes; i++)
            assert_int_equal(tlb.entries[tlb_probe(&tlb, i, 0)].va, i >> line_lg2 << line_lg2);
        assert_int_equal(fill(&tlb, 512 * line_bytes, 0, line_lg2).victim.va, 0);
        tlb_destroy(&tlb);
    }
}

/* A tag has the size in its low bits, and what of an address could be taken for a size must not be. */
static void no_page_is_taken_for_one_of_another_size(void **state)
{
    static const uint64_t addresses[] = {0, UINT64_MAX, UINT64_C(0xaaaaaaaaaaaaaaaa),
                                         UINT64_C(0x5555555555555555)};
    for (unsigned size_lg2 = TLB_SIZE_LG2_MIN; size_lg2 < TLB_PAGE_SIZES; size_lg2++)
        for (unsigned other_lg2 = TLB_SIZE_LG2_MIN; other_lg2 < TLB_PAGE_SIZES; other_lg2++)
            for (unsigned i = 0; i < sizeof addresses / sizeof *addresses; i++) {
                uint64_t tag = tlb_tag_of(addresses[i], size_lg2);
                assert_int_not_equal(tag, 0); /* an empty slot's */
                assert_int_equal(tlb_tag_of(tag, other_lg2) == tag, other_lg2 == size_lg2);
            }
}

static void the_same_page_is_found_exactly(void **state)
{
    struct tlb tlb;
    make(&tlb, 8, 8);
    struct tlb_entry entry = page_of(0x200000, 1, PAGE);
    entry.vmid = 4;
    uint32_t slot = tlb_fill(&tlb, &entry).slot;
    assert_int_equal(tlb_find(&tlb, &entry), slot);
    struct tlb_entry others[5];
    for (unsigned i = 0; i < 5; i++)
        others[i] = entry;
    others[0].asid = 2;
    others[1].vmid = 5;
    others[2].global = true;
    others[3].size_lg2 = LARGE;
    others[4].va += page_bytes;
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(tlb_find(&tlb, &others[i]), TLB_NONE);
    entry.pa = 0; /* what it translates to does not matter */
    assert_int_equal(tlb_find(&tlb, &entry), slot);
    tlb_invalidate_slot(&tlb, slot);
    assert_int_equal(tlb_find(&tlb, &entry), TLB_NONE);
    assert_int_equal(used(&tlb), 0);
    tlb_destroy(&tlb);
}

static void pages_of_several_sizes_live_side_by_side(void **state)
{
    struct tlb tlb;
    make(&tlb, 64, 4);
    uint32_t page = fill(&tlb, 0x1000, 1, PAGE).slot;
    uint32_t large = fill(&tlb, 2 * large_bytes, 1, LARGE).slot;
    uint32_t huge = fill(&tlb, UINT64_C(1) << HUGE, 1, HUGE).slot;
    assert_int_equal(tlb.size_count, 3);
    assert_int_equal(tlb_probe(&tlb, 0x1fff, 1), page);
    assert_int_equal(tlb_probe(&tlb, 2 * large_bytes + 0x12345, 1), large);
    assert_int_equal(tlb_probe(&tlb, (UINT64_C(1) << HUGE) + 5 * large_bytes, 1), huge);
    assert_false(has(&tlb, 0x2000, 1));
    assert_false(has(&tlb, large_bytes, 1));
    assert_false(has(&tlb, UINT64_C(2) << HUGE, 1));
    tlb_destroy(&tlb);
}

static void of_two_pages_that_contain_an_address_the_smaller_is_found(void **state)
{
    struct tlb tlb;
    make(&tlb, 64, 4);
    uint32_t large = fill(&tlb, 0, 1, LARGE).slot;
    uint32_t page = fill(&tlb, 0x5000, 1, PAGE).slot;
    assert_int_equal(tlb_probe(&tlb, 0x5abc, 1), page);
    assert_int_equal(tlb_probe(&tlb, 0x6abc, 1), large);
    tlb_destroy(&tlb);
}

static void a_page_size_is_probed_only_while_it_is_present(void **state)
{
    struct tlb tlb;
    make(&tlb, 1, 1);
    assert_int_equal(tlb.size_count, 0);
    (void)fill(&tlb, 0, 1, LARGE);
    assert_int_equal(tlb.size_count, 1);
    assert_int_equal(tlb.sizes[0], LARGE);
    assert_true(fill(&tlb, large_bytes, 1, PAGE).replaced);
    assert_int_equal(tlb.size_count, 1);
    assert_int_equal(tlb.sizes[0], PAGE);
    assert_int_equal(drop_all(&tlb), 1);
    assert_int_equal(tlb.size_count, 0);
    tlb_destroy(&tlb);
}

/* Replacement. */

static void empty_slots_are_used_before_anything_is_replaced(void **state)
{
    struct tlb tlb;
    make(&tlb, 4, 4);
    for (uint64_t i = 0; i < 4; i++)
        assert_false(fill(&tlb, i * page_bytes, 1, PAGE).replaced);
    assert_true(fill(&tlb, 4 * page_bytes, 1, PAGE).replaced);
    /* A hole that an invalidation left is used too. */
    assert_int_equal(drop_page(&tlb, 2 * page_bytes), 1);
    assert_false(fill(&tlb, 5 * page_bytes, 1, PAGE).replaced);
    assert_true(fill(&tlb, 6 * page_bytes, 1, PAGE).replaced);
    tlb_destroy(&tlb);
}

static void the_victims_come_in_the_exact_order_of_last_use(void **state)
{
    static const uint64_t uses[] = {2, 0, 3, 0, 1, 3}; /* so the order of last use is 2, 0, 1, 3 */
    static const uint64_t order[] = {2, 0, 1, 3};
    struct tlb tlb;
    make(&tlb, 4, 4);
    for (uint64_t i = 0; i < 4; i++)
        (void)fill(&tlb, i * page_bytes, 1, PAGE);
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        assert_int_not_equal(tlb_lookup(&tlb, uses[i] * page_bytes + 8, 1), TLB_NONE);
    for (uint64_t i = 0; i < 4; i++) {
        struct tlb_fill_result filled = fill(&tlb, (10 + i) * page_bytes, 1, PAGE);
        assert_true(filled.replaced);
        assert_int_equal(filled.victim.va, order[i] * page_bytes);
    }
    /* Untouched since, the new ones go in the order of their fill. */
    assert_int_equal(fill(&tlb, 20 * page_bytes, 1, PAGE).victim.va, 10 * page_bytes);
    tlb_destroy(&tlb);
}

static void a_look_up_saves_an_entry_and_a_probe_does_not(void **state)
{
    for (int look_up = 0; look_up < 2; look_up++) {
        struct tlb tlb;
        make(&tlb, 2, 2);
        (void)fill(&tlb, 0, 1, PAGE);
        (void)fill(&tlb, page_bytes, 1, PAGE);
        uint32_t slot = look_up ? tlb_lookup(&tlb, 0, 1) : tlb_probe(&tlb, 0, 1);
        assert_int_not_equal(slot, TLB_NONE);
        assert_int_equal(fill(&tlb, 2 * page_bytes, 1, PAGE).victim.va, look_up ? page_bytes : 0);
        tlb_destroy(&tlb);
    }
}

static void a_touch_saves_an_entry(void **state)
{
    struct tlb tlb;
    make(&tlb, 2, 2);
    uint32_t first = fill(&tlb, 0, 1, PAGE).slot;
    (void)fill(&tlb, page_bytes, 1, PAGE);
    tlb_touch(&tlb, first);
    assert_int_equal(fill(&tlb, 2 * page_bytes, 1, PAGE).victim.va, page_bytes);
    tlb_destroy(&tlb);
}

static void a_miss_changes_no_order(void **state)
{
    struct tlb tlb;
    make(&tlb, 2, 2);
    (void)fill(&tlb, 0, 1, PAGE);
    (void)fill(&tlb, page_bytes, 1, PAGE);
    assert_int_equal(tlb_lookup(&tlb, 0, 2), TLB_NONE); /* the page is there, but not for this ASID */
    assert_int_equal(fill(&tlb, 2 * page_bytes, 1, PAGE).victim.va, 0);
    tlb_destroy(&tlb);
}

static void a_fill_of_the_same_page_replaces_it_in_place(void **state)
{
    struct tlb tlb;
    make(&tlb, 4, 4);
    uint32_t slot = fill(&tlb, 0x1000, 1, PAGE).slot;
    (void)fill(&tlb, 0x2000, 1, PAGE);
    struct tlb_entry again = page_of(0x1000, 1, PAGE);
    again.pa = 0x999000;
    struct tlb_fill_result filled = tlb_fill(&tlb, &again);
    assert_int_equal(filled.slot, slot);
    assert_true(filled.replaced);
    assert_int_equal(filled.victim.pa, page_of(0x1000, 1, PAGE).pa);
    assert_int_equal(tlb.entries[slot].pa, 0x999000);
    assert_int_equal(used(&tlb), 2);
    /* It counts as a use. */
    (void)fill(&tlb, 0x3000, 1, PAGE);
    (void)fill(&tlb, 0x4000, 1, PAGE);
    assert_int_equal(fill(&tlb, 0x5000, 1, PAGE).victim.va, 0x2000);
    tlb_destroy(&tlb);
}

static void a_fill_of_a_like_page_stands_beside_the_first(void **state)
{
    struct tlb tlb;
    make(&tlb, 8, 8);
    (void)fill(&tlb, 0, 1, PAGE);
    assert_false(fill(&tlb, 0, 2, PAGE).replaced);     /* another address space */
    assert_false(fill_global(&tlb, 0, PAGE).replaced); /* no address space */
    assert_false(fill(&tlb, 0, 1, LARGE).replaced);    /* another size at the same base */
    assert_int_equal(used(&tlb), 4);
    assert_true(fill_global(&tlb, 0, PAGE).replaced);
    assert_int_equal(used(&tlb), 4);
    tlb_destroy(&tlb);
}

static void the_same_global_page_from_two_asids_is_one_entry(void **state)
{
    struct tlb tlb;
    make(&tlb, 4, 4);
    struct tlb_entry first = page_of(0x1000, 1, PAGE);
    struct tlb_entry second = page_of(0x1000, 2, PAGE);
    first.global = second.global = true;
    uint32_t slot = tlb_fill(&tlb, &first).slot;
    struct tlb_fill_result filled = tlb_fill(&tlb, &second);
    assert_true(filled.replaced);
    assert_int_equal(filled.slot, slot);
    assert_int_equal(used(&tlb), 1);
    tlb_destroy(&tlb);
}

/* Sets. */

static void a_full_set_replaces_while_other_sets_are_empty(void **state)
{
    struct tlb tlb;
    make(&tlb, 8, 2); /* 4 sets */
    (void)fill(&tlb, 0, 1, PAGE);
    (void)fill(&tlb, 4 * page_bytes, 1, PAGE);
    struct tlb_fill_result filled = fill(&tlb, 8 * page_bytes, 1, PAGE);
    assert_true(filled.replaced);
    assert_int_equal(filled.victim.va, 0);
    assert_false(fill(&tlb, 9 * page_bytes, 1, PAGE).replaced);
    tlb_destroy(&tlb);
}

static void sets_need_not_be_a_power_of_two(void **state)
{
    struct tlb tlb;
    make(&tlb, 12, 4); /* 3 sets; as if there were 2 or 4, pages 0 and 3 would not meet */
    for (uint64_t i = 0; i < 4; i++)
        assert_false(fill(&tlb, 3 * i * page_bytes, 1, PAGE).replaced);
    assert_int_equal(fill(&tlb, 12 * page_bytes, 1, PAGE).victim.va, 0);
    for (uint64_t i = 0; i < 4; i++) {
        assert_false(fill(&tlb, (3 * i + 1) * page_bytes, 1, PAGE).replaced);
        assert_false(fill(&tlb, (3 * i + 2) * page_bytes, 1, PAGE).replaced);
    }
    assert_int_equal(used(&tlb), 12);
    for (uint64_t i = 1; i < 13; i++)
        assert_true(has(&tlb, i * page_bytes, 1));
    tlb_destroy(&tlb);
}

static void check_sets(uint32_t sets, uint64_t *random)
{
    struct tlb tlb;
    make(&tlb, sets, 1);
    static const uint64_t last_page = (UINT64_C(1) << 60) - 1;
    for (unsigned i = 0; i < 40; i++) {
        uint64_t page = random_next(random) >> (4 + random_below(random, 60));
        uint64_t multiple = page / sets * sets;
        uint64_t pages[] = {page,
                            multiple,
                            multiple - (multiple > 0),
                            last_page - page,
                            last_page / sets * sets,
                            last_page / sets * sets - 1};
        for (size_t j = 0; j < sizeof pages / sizeof *pages; j++)
            assert_int_equal(tlb_set_of_page(&tlb, pages[j]), pages[j] % sets);
    }
    tlb_destroy(&tlb);
}

static void a_set_is_the_exact_remainder_for_any_number_of_sets(void **state)
{
    uint64_t random = random_seed();
    for (uint32_t sets = 1; sets <= 600; sets++)
        check_sets(sets, &random);
    for (unsigned i = 0; i < 100; i++)
        check_sets(1 + (uint32_t)random_below(&random, TLB_ENTRIES_MAX >> 4), &random);
    check_sets(TLB_ENTRIES_MAX - 1, &random);
    check_sets(TLB_ENTRIES_MAX / 2 + 1, &random);
}

static void a_set_is_chosen_by_the_number_of_the_page_of_its_own_size(void **state)
{
    struct tlb tlb;
    make(&tlb, 4, 1); /* the first small pages of all these large ones are in set 0 */
    for (uint64_t i = 0; i < 4; i++)
        assert_false(fill(&tlb, i * large_bytes, 1, LARGE).replaced);
    assert_int_equal(fill(&tlb, 4 * large_bytes, 1, LARGE).victim.va, 0);
    assert_int_equal(fill(&tlb, 3 * page_bytes, 1, PAGE).victim.va, 3 * large_bytes);
    tlb_destroy(&tlb);
}

static void a_fully_associative_array_holds_any_pages_up_to_its_size(void **state)
{
    struct tlb tlb;
    make(&tlb, 7, 7);
    for (uint64_t i = 0; i < 7; i++)
        assert_false(fill(&tlb, i << 40, 1, i % 2 ? PAGE : LARGE).replaced);
    for (uint64_t i = 0; i < 7; i++)
        assert_true(has(&tlb, i << 40, 1));
    assert_int_equal(fill(&tlb, UINT64_C(7) << 40, 1, PAGE).victim.va, 0);
    assert_false(has(&tlb, 0, 1));
    tlb_destroy(&tlb);
}

static void a_single_entry_holds_the_last_page(void **state)
{
    struct tlb tlb;
    make(&tlb, 1, 1);
    (void)fill(&tlb, 0x1000, 1, PAGE);
    assert_true(fill(&tlb, 0x2000, 1, PAGE).replaced);
    assert_true(has(&tlb, 0x2000, 1));
    assert_false(has(&tlb, 0x1000, 1));
    tlb_destroy(&tlb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_geometry_that_divides_into_sets_is_taken),
        cmocka_unit_test(an_impossible_geometry_is_refused_with_its_reason),
        cmocka_unit_test(every_byte_of_a_page_hits_and_its_neighbours_miss),
        cmocka_unit_test(an_empty_array_finds_nothing_not_even_address_zero),
        cmocka_unit_test(an_entry_comes_back_as_it_was_filled),
        cmocka_unit_test(an_entry_serves_its_own_asid_and_no_other),
        cmocka_unit_test(a_global_entry_serves_every_asid),
        cmocka_unit_test(the_own_entry_goes_before_the_global_one_whichever_came_first),
        cmocka_unit_test(an_entry_serves_its_own_vmid_and_no_other),
        cmocka_unit_test(a_global_entry_serves_every_asid_of_its_own_vmid_alone),
        cmocka_unit_test(a_contiguous_range_is_a_page_size),
        cmocka_unit_test(cache_lines_are_small_pages),
        cmocka_unit_test(no_page_is_taken_for_one_of_another_size),
        cmocka_unit_test(the_same_page_is_found_exactly),
        cmocka_unit_test(pages_of_several_sizes_live_side_by_side),
        cmocka_unit_test(of_two_pages_that_contain_an_address_the_smaller_is_found),
        cmocka_unit_test(a_page_size_is_probed_only_while_it_is_present),
        cmocka_unit_test(empty_slots_are_used_before_anything_is_replaced),
        cmocka_unit_test(the_victims_come_in_the_exact_order_of_last_use),
        cmocka_unit_test(a_look_up_saves_an_entry_and_a_probe_does_not),
        cmocka_unit_test(a_touch_saves_an_entry),
        cmocka_unit_test(a_miss_changes_no_order),
        cmocka_unit_test(a_fill_of_the_same_page_replaces_it_in_place),
        cmocka_unit_test(a_fill_of_a_like_page_stands_beside_the_first),
        cmocka_unit_test(the_same_global_page_from_two_asids_is_one_entry),
        cmocka_unit_test(a_full_set_replaces_while_other_sets_are_empty),
        cmocka_unit_test(sets_need_not_be_a_power_of_two),
        cmocka_unit_test(a_set_is_the_exact_remainder_for_any_number_of_sets),
        cmocka_unit_test(a_set_is_chosen_by_the_number_of_the_page_of_its_own_size),
        cmocka_unit_test(a_fully_associative_array_holds_any_pages_up_to_its_size),
        cmocka_unit_test(a_single_entry_holds_the_last_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
