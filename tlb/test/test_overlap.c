/* Entries that match one address: how many pairs there are, and which entries match. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tlb/test/pages.h"
#include "tlb/tlb.h"

enum { MATCHES_MAX = 8 };

static const struct {
    uint32_t entries, ways;
} shapes[] = {{64, 4}, {64, 64}, {60, 5}, {2048, 2}};

enum { SHAPES = sizeof shapes / sizeof *shapes };

static struct tlb_fill_result fill_of_vmid(struct tlb *tlb, uint64_t va, uint16_t vmid, uint8_t size_lg2)
{
    struct tlb_entry entry = page_of(va, 1, size_lg2);
    entry.vmid = vmid;
    return tlb_fill(tlb, &entry);
}

static void pages_side_by_side_overlap_nothing(void **state)
{
    for (unsigned i = 0; i < SHAPES; i++) {
        struct tlb tlb;
        make(&tlb, shapes[i].entries, shapes[i].ways);
        for (uint64_t page = 0; page < 30; page++)
            (void)fill(&tlb, page * page_bytes, 1, PAGE);
        for (uint64_t page = 1; page < 5; page++)
            (void)fill(&tlb, page * large_bytes, 1, LARGE);
        (void)fill(&tlb, 5 * large_bytes, 1, 16);
        assert_int_equal(tlb_overlapping(&tlb), 0);
        tlb_destroy(&tlb);
    }
}

static void a_large_page_overlaps_each_small_one_inside_whichever_came_first(void **state)
{
    for (unsigned i = 0; i < 2 * SHAPES; i++) {
        struct tlb tlb;
        make(&tlb, shapes[i / 2].entries, shapes[i / 2].ways);
        if (i % 2)
            (void)fill(&tlb, large_bytes, 1, LARGE);
        (void)fill(&tlb, large_bytes, 1, PAGE);
        (void)fill(&tlb, 2 * large_bytes - page_bytes, 1, PAGE);
        (void)fill(&tlb, large_bytes - page_bytes, 1, PAGE);
        (void)fill(&tlb, 2 * large_bytes, 1, PAGE);
        if (i % 2 == 0)
            (void)fill(&tlb, large_bytes, 1, LARGE);
        assert_int_equal(tlb_overlapping(&tlb), 2);
        (void)fill(&tlb, 0, 1, HUGE); /* over all five */
        assert_int_equal(tlb_overlapping(&tlb), 7);
        tlb_destroy(&tlb);
    }
}

static void other_address_spaces_overlap_nothing(void **state)
{
    struct tlb tlb;
    make(&tlb, 64, 8);
    (void)fill(&tlb, 0x5000, 1, PAGE);
    (void)fill(&tlb, 0, 2, LARGE);
    (void)fill(&tlb, 0x5000, 3, PAGE);
    (void)fill_of_vmid(&tlb, 0, 1, LARGE);
    assert_int_equal(tlb_overlapping(&tlb), 0);
    (void)fill(&tlb, 0, 1, LARGE);
    assert_int_equal(tlb_overlapping(&tlb), 1);
    tlb_destroy(&tlb);
}

static void a_global_page_overlaps_those_of_every_asid_of_its_vmid(void **state)
{
    struct tlb tlb;
    make(&tlb, 64, 16);
    (void)fill(&tlb, 0x5000, 1, PAGE);
    (void)fill(&tlb, 0x5000, 2, PAGE);
    (void)fill_of_vmid(&tlb, 0x5000, 9, PAGE);
    assert_int_equal(tlb_overlapping(&tlb), 0);
    (void)fill_global(&tlb, 0x5000, PAGE);
    assert_int_equal(tlb_overlapping(&tlb), 2);
    (void)fill_global(&tlb, 0, LARGE);
    assert_int_equal(tlb_overlapping(&tlb), 5);
    tlb_destroy(&tlb);
}

static void a_fill_of_the_same_page_changes_no_overlap(void **state)
{
    struct tlb tlb;
    make(&tlb, 64, 16);
    for (unsigned i = 0; i < 3; i++) {
        (void)fill(&tlb, 0x5000, 1, PAGE);
        (void)fill_global(&tlb, 0x5000, PAGE);
        (void)fill(&tlb, 0, 1, LARGE);
        assert_int_equal(tlb_overlapping(&tlb), 3);
    }
    tlb_destroy(&tlb);
}

static void an_overlap_ends_with_either_entry(void **state)
{
    for (unsigned way_out = 0; way_out < 4; way_out++) {
        struct tlb tlb;
        make(&tlb, 2, 2);
        uint32_t small = fill(&tlb, 0x5000, 1, PAGE).slot;
        uint32_t large = fill(&tlb, 0, 1, LARGE).slot;
        assert_int_equal(tlb_overlapping(&tlb), 1);
        if (way_out == 0)
            tlb_invalidate_slot(&tlb, small);
        else if (way_out == 1)
            tlb_invalidate_slot(&tlb, large);
        else if (way_out == 2)
            assert_int_equal(drop_all(&tlb), 2);
        else
            assert_true(fill(&tlb, large_bytes, 1, PAGE).replaced);
        assert_int_equal(tlb_overlapping(&tlb), 0);
        tlb_destroy(&tlb);
    }
}

/* The victim was the one that the new entry would have overlapped. */
static void what_is_replaced_is_not_overlapped(void **state)
{
    struct tlb tlb;
    make(&tlb, 1, 1);
    (void)fill(&tlb, 0x5000, 1, PAGE);
    assert_true(fill(&tlb, 0, 1, LARGE).replaced);
    assert_int_equal(tlb_overlapping(&tlb), 0);
    assert_true(fill_global(&tlb, 0, LARGE).replaced);
    assert_int_equal(tlb_overlapping(&tlb), 0);
    tlb_destroy(&tlb);
}

static void matches_come_smallest_first_and_own_before_global(void **state)
{
    struct tlb tlb;
    make(&tlb, 64, 16);
    uint32_t expected[MATCHES_MAX];
    expected[4] = fill_global(&tlb, 0, HUGE).slot;
    expected[3] = fill_global(&tlb, 0, LARGE).slot;
    expected[1] = fill_global(&tlb, 0x5000, PAGE).slot;
    expected[2] = fill(&tlb, 0, 1, LARGE).slot;
    expected[0] = fill(&tlb, 0x5000, 1, PAGE).slot;
    (void)fill(&tlb, 0x5000, 2, PAGE);
    (void)fill(&tlb, 0x6000, 1, PAGE);
    uint32_t slots[MATCHES_MAX];
    assert_int_equal(tlb_matches(&tlb, 0x5123, tlb_space(1, 0), slots, MATCHES_MAX), 5);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(slots[i], expected[i]);
    assert_int_equal(tlb_probe(&tlb, 0x5123, tlb_space(1, 0)), slots[0]);
    tlb_destroy(&tlb);
}

static void matches_that_have_no_room_are_counted(void **state)
{
    struct tlb tlb;
    make(&tlb, 8, 8);
    (void)fill(&tlb, 0x5000, 1, PAGE);
    (void)fill(&tlb, 0, 1, LARGE);
    uint32_t slot = TLB_NONE;
    assert_int_equal(tlb_matches(&tlb, 0x5000, tlb_space(1, 0), &slot, 1), 2);
    assert_int_equal(slot, tlb_probe(&tlb, 0x5000, tlb_space(1, 0)));
    assert_int_equal(tlb_matches(&tlb, 0x5000, tlb_space(1, 0), NULL, 0), 2);
    assert_int_equal(tlb_matches(&tlb, 0x6000, tlb_space(1, 0), NULL, 0), 1);
    assert_int_equal(tlb_matches(&tlb, 0x5000, tlb_space(1, 1), NULL, 0), 0);
    tlb_destroy(&tlb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_side_by_side_overlap_nothing),
        cmocka_unit_test(a_large_page_overlaps_each_small_one_inside_whichever_came_first),
        cmocka_unit_test(other_address_spaces_overlap_nothing),
        cmocka_unit_test(a_global_page_overlaps_those_of_every_asid_of_its_vmid),
        cmocka_unit_test(a_fill_of_the_same_page_changes_no_overlap),
        cmocka_unit_test(an_overlap_ends_with_either_entry),
        cmocka_unit_test(what_is_replaced_is_not_overlapped),
        cmocka_unit_test(matches_come_smallest_first_and_own_before_global),
        cmocka_unit_test(matches_that_have_no_room_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
