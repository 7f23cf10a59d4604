/* What an invalidation drops, and what it must leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tlb/test/pages.h"
#include "tlb/tlb.h"

enum { ENTRIES_NOTED = 16 };

/* The array of these tests holds one entry of each kind that a selection can tell apart. */

static const uint64_t va = 0x5000; /* in its small pages, and in the large one at 0 */

static void populate(struct tlb *tlb, uint32_t entries, uint32_t ways)
{
    make(tlb, entries, ways);
    (void)fill(tlb, va, 1, PAGE);
    (void)fill(tlb, va, 2, PAGE);
    (void)fill(tlb, 0, 1, LARGE);
    (void)fill(tlb, 0x9000, 1, PAGE);
    (void)fill_global(tlb, va, PAGE);
    (void)fill_global(tlb, 0xd000, PAGE);
    assert_int_equal(used(tlb), 6);
}

struct left {
    bool page_1, page_2, large_1, other_1, global, other_global;
};

/* ASID 9 has nothing of its own, so it sees the global entries alone; the large page shows where no small one
 * is. */
static void assert_left(const struct tlb *tlb, struct left left)
{
    uint32_t own = tlb_probe(tlb, va, 1);
    assert_int_equal(own != TLB_NONE && tlb->entries[own].size_lg2 == PAGE && !tlb->entries[own].global,
                     left.page_1);
    uint32_t second = tlb_probe(tlb, va, 2);
    assert_int_equal(second != TLB_NONE && !tlb->entries[second].global, left.page_2);
    assert_int_equal(has(tlb, 0x100000, 1), left.large_1);
    uint32_t other = tlb_probe(tlb, 0x9000, 1);
    assert_int_equal(other != TLB_NONE && tlb->entries[other].size_lg2 == PAGE, left.other_1);
    assert_int_equal(has(tlb, va, 9), left.global);
    assert_int_equal(has(tlb, 0xd000, 9), left.other_global);
}

static void assert_drops(struct tlb_selection selection, uint32_t count, struct left left)
{
    static const struct {
        uint32_t entries, ways;
    } geometries[] = {{64, 4}, {16, 16}, {18, 6}};
    for (size_t i = 0; i < sizeof geometries / sizeof *geometries; i++) {
        struct tlb tlb;
        populate(&tlb, geometries[i].entries, geometries[i].ways);
        assert_int_equal(tlb_invalidate(&tlb, &selection, NULL, NULL).dropped, count);
        assert_left(&tlb, left);
        assert_int_equal(used(&tlb), 6 - count);
        assert_int_equal(tlb_invalidate(&tlb, &selection, NULL, NULL).dropped, 0);
        tlb_destroy(&tlb);
    }
}

static void by_address_and_asid_drops_that_asid_and_global_pages_with_the_address(void **state)
{
    assert_drops((struct tlb_selection){.by_va = true,
                                        .va = va + 0x123,
                                        .last_va = va + 0x123,
                                        .by_asid = true,
                                        .asid = 1,
                                        .global_too = true},
                 3, (struct left){.page_2 = true, .other_1 = true, .other_global = true});
}

static void by_address_and_asid_without_global_leaves_global_pages(void **state)
{
    assert_drops((struct tlb_selection){.by_va = true, .va = va, .last_va = va, .by_asid = true, .asid = 1},
                 2, (struct left){.page_2 = true, .other_1 = true, .global = true, .other_global = true});
}

static void by_address_drops_every_address_space(void **state)
{
    assert_drops((struct tlb_selection){.global_too = true, .by_va = true, .va = va, .last_va = va}, 4,
                 (struct left){.other_1 = true, .other_global = true});
}

static void by_asid_leaves_global_entries_and_other_asids(void **state)
{
    assert_drops((struct tlb_selection){.by_asid = true, .asid = 1}, 3,
                 (struct left){.page_2 = true, .global = true, .other_global = true});
}

static void by_asid_with_global_drops_both(void **state)
{
    assert_drops((struct tlb_selection){.by_asid = true, .asid = 1, .global_too = true}, 5,
                 (struct left){.page_2 = true});
}

static void without_a_condition_everything_goes(void **state)
{
    assert_drops((struct tlb_selection){.va = va, .asid = 1, .global_too = true}, 6, (struct left){0});
}

static void an_address_in_the_rest_of_a_large_page_drops_it_alone(void **state)
{
    assert_drops(
        (struct tlb_selection){.by_va = true, .va = 0x1fffff, .last_va = 0x1fffff}, 1,
        (struct left){.page_1 = true, .page_2 = true, .other_1 = true, .global = true, .other_global = true});
}

static void what_is_not_there_drops_nothing(void **state)
{
    struct left all = {true, true, true, true, true, true};
    assert_drops((struct tlb_selection){.by_va = true, .va = 0x200000, .last_va = 0x200000}, 0, all);
    assert_drops((struct tlb_selection){.by_asid = true, .asid = 3}, 0, all);
    assert_drops(
        (struct tlb_selection){
            .by_va = true, .va = 0x9000, .last_va = 0x9000, .by_asid = true, .asid = 2, .global_too = true},
        0, all);
}

static void without_global_too_every_asid_goes_and_global_entries_stay(void **state)
{
    assert_drops((struct tlb_selection){0}, 4, (struct left){.global = true, .other_global = true});
    assert_drops((struct tlb_selection){.by_va = true, .va = va, .last_va = va}, 3,
                 (struct left){.other_1 = true, .global = true, .other_global = true});
}

static void of_an_unknown_asid_global_entries_go_if_asked_for(void **state)
{
    assert_drops((struct tlb_selection){.by_asid = true, .asid = 77, .global_too = true}, 2,
                 (struct left){.page_1 = true, .page_2 = true, .large_1 = true, .other_1 = true});
}

/* ---- ranges ---- */

static void a_range_drops_every_page_that_it_touches(void **state)
{
    struct tlb_selection from_page_to_page = {
        .by_va = true, .va = va + 0xfff, .last_va = 0x9000, .global_too = true};
    assert_drops(from_page_to_page, 5, (struct left){.other_global = true});
    struct tlb_selection between = {.by_va = true, .va = 0x6000, .last_va = 0x8fff, .global_too = true};
    assert_drops(
        between, 1,
        (struct left){.page_1 = true, .page_2 = true, .other_1 = true, .global = true, .other_global = true});
    struct tlb_selection beyond = {.by_va = true, .va = 0x200000, .last_va = UINT64_MAX, .global_too = true};
    assert_drops(beyond, 0, (struct left){true, true, true, true, true, true});
    struct tlb_selection whole = {.by_va = true, .va = 0, .last_va = UINT64_MAX, .global_too = true};
    assert_drops(whole, 6, (struct left){0});
}

static void a_range_of_an_asid_leaves_the_others(void **state)
{
    struct tlb_selection selection = {
        .by_va = true, .va = 0x5000, .last_va = 0xdfff, .by_asid = true, .asid = 1};
    assert_drops(selection, 3, (struct left){.page_2 = true, .global = true, .other_global = true});
}

static void the_last_page_of_the_address_space_is_in_a_range_that_ends_there(void **state)
{
    struct tlb tlb;
    make(&tlb, 12, 4);
    (void)fill(&tlb, UINT64_MAX - 0xfff, 1, PAGE);
    (void)fill(&tlb, UINT64_MAX - 0x1fff, 1, PAGE);
    struct tlb_selection end = {.by_va = true, .va = UINT64_MAX, .last_va = UINT64_MAX};
    assert_int_equal(tlb_invalidate(&tlb, &end, NULL, NULL).dropped, 1);
    assert_true(has(&tlb, UINT64_MAX - 0x1fff, 1));
    tlb_destroy(&tlb);
}

/* ---- VMIDs ---- */

/* The same page and ASID, and a global one, for VMIDs 0 to 2. */
static void populate_vmids(struct tlb *tlb)
{
    make(tlb, 16, 16);
    for (uint16_t vmid = 0; vmid < 3; vmid++) {
        struct tlb_entry entry = page_of(va, 1, PAGE);
        entry.vmid = vmid;
        (void)tlb_fill(tlb, &entry);
        entry.global = true;
        (void)tlb_fill(tlb, &entry);
    }
    assert_int_equal(used(tlb), 6);
}

static void by_vmid_drops_that_vmid_alone(void **state)
{
    for (int global_too = 0; global_too < 2; global_too++) {
        struct tlb tlb;
        populate_vmids(&tlb);
        struct tlb_selection selection = {.by_vmid = true, .vmid = 1, .global_too = global_too};
        assert_int_equal(tlb_invalidate(&tlb, &selection, NULL, NULL).dropped, 1 + global_too);
        assert_int_equal(tlb_probe(&tlb, va, tlb_space(2, 1)) == TLB_NONE, global_too);
        assert_true(has(&tlb, va, 1));
        assert_int_not_equal(tlb_probe(&tlb, va, tlb_space(1, 2)), TLB_NONE);
        tlb_destroy(&tlb);
    }
}

static void by_asid_without_vmid_drops_it_in_every_vmid(void **state)
{
    struct tlb tlb;
    populate_vmids(&tlb);
    struct tlb_selection selection = {.by_asid = true, .asid = 1};
    assert_int_equal(tlb_invalidate(&tlb, &selection, NULL, NULL).dropped, 3);
    assert_int_equal(used(&tlb), 3);
    selection =
        (struct tlb_selection){.by_vmid = true, .vmid = 3, .by_asid = true, .asid = 1, .global_too = true};
    assert_int_equal(tlb_invalidate(&tlb, &selection, NULL, NULL).dropped, 0);
    tlb_destroy(&tlb);
}

/* ---- what is looked at ---- */

static void assert_looks(struct tlb *tlb, uint64_t first_page, uint64_t pages, uint32_t sets,
                         uint32_t entries)
{
    struct tlb_selection nothing = {.by_va = true,
                                    .va = first_page * page_bytes,
                                    .last_va = (first_page + pages) * page_bytes - 1,
                                    .by_asid = true,
                                    .asid = 99};
    struct tlb_invalidated result = tlb_invalidate(tlb, &nothing, NULL, NULL);
    assert_int_equal(result.dropped, 0);
    assert_int_equal(result.sets, sets);
    assert_int_equal(result.entries, entries);
}

static void a_range_looks_at_one_set_for_each_page_until_these_are_all(void **state)
{
    struct tlb tlb;
    make(&tlb, 24, 2); /* 12 sets */
    assert_looks(&tlb, 0, 1, 0, 0);
    for (uint64_t page = 0; page < 12; page++)
        (void)fill(&tlb, page * page_bytes, 1, PAGE); /* one in each set */
    (void)fill(&tlb, 12 * page_bytes, 1, PAGE);       /* and a second one in set 0 */
    assert_looks(&tlb, 1, 1, 1, 1);
    assert_looks(&tlb, 12, 1, 1, 2);
    assert_looks(&tlb, 1, 5, 5, 5);
    assert_looks(&tlb, 8, 5, 5, 6); /* sets 8 to 11, and 0 */
    assert_looks(&tlb, 1, 11, 11, 11);
    assert_looks(&tlb, 1, 12, 12, 13);
    assert_looks(&tlb, 1, 1000, 12, 13);
    tlb_destroy(&tlb);
}

static void each_page_size_has_its_sets_and_a_set_of_two_sizes_counts_once(void **state)
{
    struct tlb tlb;
    make(&tlb, 24, 2);
    (void)fill(&tlb, 3 * page_bytes, 1, PAGE);
    (void)fill(&tlb, large_bytes, 1, LARGE); /* in set 1 */
    assert_looks(&tlb, 3, 1, 2, 1);          /* set 3 for a small page, 0 for a large one */
    assert_looks(&tlb, 0, 1, 1, 0);          /* set 0 for both */
    assert_looks(&tlb, 512, 1, 2, 1);        /* 512 mod 12 is 8; and 1 */
    assert_looks(&tlb, 511, 2, 4, 1);        /* 7 and 8; 0 and 1 */
    tlb_destroy(&tlb);
}

static void without_an_address_everything_is_looked_at(void **state)
{
    struct tlb tlb;
    make(&tlb, 24, 2);
    for (uint64_t page = 0; page < 5; page++)
        (void)fill(&tlb, page * page_bytes, 1, PAGE);
    struct tlb_selection selection = {.by_asid = true, .asid = 2};
    struct tlb_invalidated result = tlb_invalidate(&tlb, &selection, NULL, NULL);
    assert_int_equal(result.dropped, 0);
    assert_int_equal(result.sets, 12);
    assert_int_equal(result.entries, 5);
    tlb_destroy(&tlb);
}

struct visits {
    const struct tlb *tlb;
    unsigned count;
    uint32_t slots[ENTRIES_NOTED];
};

static void note_visit(void *context, uint32_t slot, const struct tlb_entry *entry)
{
    struct visits *visits = context;
    assert_true(tlb_slot_used(visits->tlb, slot)); /* not yet dropped */
    assert_ptr_equal(entry, &visits->tlb->entries[slot]);
    assert_in_range(visits->count, 0, ENTRIES_NOTED - 1);
    visits->slots[visits->count++] = slot;
}

static void each_dropped_entry_is_visited_once_before_it_goes(void **state)
{
    struct tlb tlb;
    populate(&tlb, 16, 16); /* one set: every size that is probed comes by all entries */
    struct visits visits = {.tlb = &tlb};
    struct tlb_selection selection = {.global_too = true, .by_va = true, .va = va, .last_va = va};
    assert_int_equal(tlb_invalidate(&tlb, &selection, note_visit, &visits).dropped, 4);
    assert_int_equal(visits.count, 4);
    for (unsigned i = 0; i < visits.count; i++) {
        assert_false(tlb_slot_used(&tlb, visits.slots[i]));
        for (unsigned j = 0; j < i; j++)
            assert_int_not_equal(visits.slots[i], visits.slots[j]);
    }
    tlb_destroy(&tlb);
}

static void an_invalidation_keeps_the_order_of_what_stays(void **state)
{
    struct tlb tlb;
    make(&tlb, 4, 4);
    for (uint64_t i = 0; i < 4; i++)
        (void)fill(&tlb, i * page_bytes, 1, PAGE);
    assert_int_equal(drop_page(&tlb, 3 * page_bytes), 1);
    assert_false(fill(&tlb, 10 * page_bytes, 1, PAGE).replaced);
    assert_int_equal(fill(&tlb, 11 * page_bytes, 1, PAGE).victim.va, 0);
    assert_int_equal(fill(&tlb, 12 * page_bytes, 1, PAGE).victim.va, page_bytes);
    tlb_destroy(&tlb);
}

/* ---- parts of larger pages ---- */

/* A small page of ASID 1 that is a part of the large page which contains it. */
static void fill_part(struct tlb *tlb, uint64_t part_va)
{
    struct tlb_entry entry = page_of(part_va, 1, PAGE);
    entry.whole_lg2 = LARGE;
    (void)tlb_fill(tlb, &entry);
}

static struct tlb_selection of_address(uint64_t address)
{
    return (struct tlb_selection){.by_va = true, .va = address, .last_va = address};
}

static void any_address_of_the_whole_drops_all_its_parts(void **state)
{
    struct tlb tlb;
    struct tlb_selection selection = of_address(large_bytes / 2);
    make(&tlb, 64, 4);
    fill_part(&tlb, 0x1000);
    fill_part(&tlb, 0x2000);
    fill_part(&tlb, large_bytes - 0x1000);
    (void)fill(&tlb, 0x3000, 1, PAGE); /* no part */
    fill_part(&tlb, large_bytes);
    assert_int_equal(tlb_invalidate(&tlb, &selection, NULL, NULL).dropped, 3);
    assert_true(has(&tlb, 0x3000, 1));
    assert_true(has(&tlb, large_bytes, 1));
    tlb_destroy(&tlb);
}

static void an_address_beside_the_whole_drops_no_part(void **state)
{
    struct tlb tlb;
    struct tlb_selection selection = of_address(large_bytes);
    make(&tlb, 64, 4);
    fill_part(&tlb, 0x1000);
    assert_int_equal(tlb_invalidate(&tlb, &selection, NULL, NULL).dropped, 0);
    assert_true(has(&tlb, 0x1000, 1));
    tlb_destroy(&tlb);
}

/* Refilled as a whole page, replaced, or dropped: once the last part is gone, few sets are looked at again.
 */
static void all_sets_are_looked_at_while_there_are_parts(void **state)
{
    struct tlb tlb;
    struct tlb_selection beside = of_address(large_bytes);
    make(&tlb, 16, 1);
    for (unsigned i = 0; i < 3; i++) {
        fill_part(&tlb, 0x1000);
        assert_int_equal(tlb_invalidate(&tlb, &beside, NULL, NULL).sets, 16);
        if (i == 0)
            (void)fill(&tlb, 0x1000, 1, PAGE); /* the same page */
        else if (i == 1)
            (void)fill(&tlb, 0x11000, 1, PAGE); /* its slot */
        else
            tlb_invalidate_slot(&tlb, tlb_probe(&tlb, 0x1000, 1));
        assert_int_equal(tlb_invalidate(&tlb, &beside, NULL, NULL).sets, i < 2);
    }
    tlb_destroy(&tlb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_address_and_asid_drops_that_asid_and_global_pages_with_the_address),
        cmocka_unit_test(by_address_and_asid_without_global_leaves_global_pages),
        cmocka_unit_test(by_address_drops_every_address_space),
        cmocka_unit_test(by_asid_leaves_global_entries_and_other_asids),
        cmocka_unit_test(by_asid_with_global_drops_both),
        cmocka_unit_test(without_a_condition_everything_goes),
        cmocka_unit_test(an_address_in_the_rest_of_a_large_page_drops_it_alone),
        cmocka_unit_test(what_is_not_there_drops_nothing),
        cmocka_unit_test(without_global_too_every_asid_goes_and_global_entries_stay),
        cmocka_unit_test(of_an_unknown_asid_global_entries_go_if_asked_for),
        cmocka_unit_test(a_range_drops_every_page_that_it_touches),
        cmocka_unit_test(a_range_of_an_asid_leaves_the_others),
        cmocka_unit_test(the_last_page_of_the_address_space_is_in_a_range_that_ends_there),
        cmocka_unit_test(by_vmid_drops_that_vmid_alone),
        cmocka_unit_test(by_asid_without_vmid_drops_it_in_every_vmid),
        cmocka_unit_test(a_range_looks_at_one_set_for_each_page_until_these_are_all),
        cmocka_unit_test(each_page_size_has_its_sets_and_a_set_of_two_sizes_counts_once),
        cmocka_unit_test(without_an_address_everything_is_looked_at),
        cmocka_unit_test(each_dropped_entry_is_visited_once_before_it_goes),
        cmocka_unit_test(an_invalidation_keeps_the_order_of_what_stays),
        cmocka_unit_test(any_address_of_the_whole_drops_all_its_parts),
        cmocka_unit_test(an_address_beside_the_whole_drops_no_part),
        cmocka_unit_test(all_sets_are_looked_at_while_there_are_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
