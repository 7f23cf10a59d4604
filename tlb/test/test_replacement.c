/* What each replacement policy chooses, on sequences short enough to follow by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tlb/test/pages.h"
#include "tlb/tlb.h"

enum { WAYS_MAX = 20 };

static void make_with(struct tlb *tlb, uint32_t ways, enum tlb_replacement replacement, uint64_t seed)
{
    const char *why;
    struct tlb_geometry geometry = {.entries = ways, .ways = ways, .replacement = replacement, .seed = seed};
    assert_true(tlb_init(tlb, &geometry, &why));
}

/* Pages 0, 1, 2, ... into ways 0, 1, 2, ... */
static void fill_all(struct tlb *tlb)
{
    for (uint64_t page = 0; page < tlb->geometry.ways; page++)
        assert_int_equal(fill(tlb, page * page_bytes, 1, PAGE).slot, page);
}

static void use(struct tlb *tlb, uint64_t page)
{
    assert_int_not_equal(tlb_lookup(tlb, page * page_bytes, tlb_space(1, 0)), TLB_NONE);
}

/* The page that a new one replaces. */
static uint64_t replaced_by(struct tlb *tlb, uint64_t page)
{
    struct tlb_fill_result filled = fill(tlb, page * page_bytes, 1, PAGE);
    assert_true(filled.replaced);
    return filled.victim.va / page_bytes;
}

/* ---- the list ---- */

static void each_policy_has_a_name_and_a_line_of_text(void **state)
{
    for (unsigned i = 0; i < TLB_REPLACEMENTS; i++) {
        const struct tlb_policy *policy = tlb_replacement_at(i);
        assert_string_equal(policy->name, tlb_replacement_names[i]);
        assert_true(strlen(policy->text) > 0);
        assert_null(strchr(policy->text, '\n'));
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(policy->name, tlb_replacement_names[j]);
    }
    assert_string_equal(tlb_replacement_at(TLB_TREE_PLRU)->name, "tree-plru");
}

static void the_list_ends(void **state)
{
    assert_null(tlb_replacement_at(TLB_REPLACEMENTS));
    assert_null(tlb_replacement_names[TLB_REPLACEMENTS]);
}

static void an_unknown_policy_is_refused(void **state)
{
    struct tlb tlb;
    const char *why = NULL;
    struct tlb_geometry geometry = {.entries = 4, .ways = 4, .replacement = TLB_REPLACEMENTS};
    assert_false(tlb_init(&tlb, &geometry, &why));
    assert_non_null(strstr(why, "no such replacement policy"));
}

/* ---- all of them ---- */

static void an_empty_way_is_filled_first_under_every_policy(void **state)
{
    for (unsigned policy = 0; policy < TLB_REPLACEMENTS; policy++) {
        struct tlb tlb;
        make_with(&tlb, 6, (enum tlb_replacement)policy, 1);
        fill_all(&tlb);
        use(&tlb, 4);
        assert_int_equal(drop_page(&tlb, 4 * page_bytes), 1);
        assert_int_equal(drop_page(&tlb, 2 * page_bytes), 1);
        assert_int_equal(fill(&tlb, 10 * page_bytes, 1, PAGE).slot, 2); /* the lowest first */
        assert_int_equal(fill(&tlb, 11 * page_bytes, 1, PAGE).slot, 4);
        (void)replaced_by(&tlb, 12);
        tlb_destroy(&tlb);
    }
}

static void the_same_page_goes_into_its_own_slot_under_every_policy(void **state)
{
    for (unsigned policy = 0; policy < TLB_REPLACEMENTS; policy++) {
        struct tlb tlb;
        make_with(&tlb, 5, (enum tlb_replacement)policy, 1);
        fill_all(&tlb);
        assert_int_equal(replaced_by(&tlb, 3), 3);
        tlb_destroy(&tlb);
    }
}

/* ---- LRU and FIFO ---- */

static void a_use_saves_an_entry_under_lru_and_not_under_fifo(void **state)
{
    for (int fifo = 0; fifo < 2; fifo++) {
        struct tlb tlb;
        make_with(&tlb, 3, fifo ? TLB_FIFO : TLB_LRU, 0);
        fill_all(&tlb);
        use(&tlb, 0);
        assert_int_equal(replaced_by(&tlb, 10), fifo ? 0 : 1);
        assert_int_equal(replaced_by(&tlb, 11), fifo ? 1 : 2);
        tlb_destroy(&tlb);
    }
}

static void a_fill_of_the_same_page_makes_it_young_under_fifo(void **state)
{
    struct tlb tlb;
    make_with(&tlb, 3, TLB_FIFO, 0);
    fill_all(&tlb);
    assert_int_equal(replaced_by(&tlb, 0), 0);
    assert_int_equal(replaced_by(&tlb, 10), 1);
    assert_int_equal(replaced_by(&tlb, 11), 2);
    assert_int_equal(replaced_by(&tlb, 12), 0);
    tlb_destroy(&tlb);
}

/* ---- tree-PLRU ---- */

static void a_tree_of_four_goes_where_its_bits_lead(void **state)
{
    struct tlb tlb;
    make_with(&tlb, 4, TLB_TREE_PLRU, 0);
    fill_all(&tlb);                             /* last 3: the root leads down, to 0 */
    use(&tlb, 0);                               /* up: the upper pair's bit leads from 3 to 2 */
    assert_int_equal(replaced_by(&tlb, 10), 2); /* now down, and there from 0 to 1 */
    assert_int_equal(replaced_by(&tlb, 11), 1); /* up, from 2 to 3 */
    assert_int_equal(replaced_by(&tlb, 12), 3); /* down, from 1 to 0 */
    assert_int_equal(replaced_by(&tlb, 13), 0);
    tlb_destroy(&tlb);
}

/* Which true LRU would not do: 1 was used the longest ago. */
static void a_tree_forgets_what_lru_knows(void **state)
{
    static const uint64_t uses[] = {1, 3, 2, 0};
    for (int lru = 0; lru < 2; lru++) {
        struct tlb tlb;
        make_with(&tlb, 4, lru ? TLB_LRU : TLB_TREE_PLRU, 0);
        fill_all(&tlb);
        for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
            use(&tlb, uses[i]);
        assert_int_equal(replaced_by(&tlb, 10), lru ? 1 : 3);
        tlb_destroy(&tlb);
    }
}

static void a_sweep_over_a_full_tree_replaces_each_way_once_a_round(void **state)
{
    for (uint32_t ways = 1; ways <= 16; ways *= 2) {
        struct tlb tlb;
        make_with(&tlb, ways, TLB_TREE_PLRU, 0);
        fill_all(&tlb);
        for (unsigned round = 0; round < 3; round++) {
            uint32_t seen = 0;
            for (uint64_t i = 0; i < ways; i++)
                seen |= 1u << fill(&tlb, (100 + round * ways + i) * page_bytes, 1, PAGE).slot;
            assert_int_equal(seen, (1u << ways) - 1);
        }
        tlb_destroy(&tlb);
    }
}

static void a_tree_never_chooses_the_way_used_last_nor_one_that_is_missing(void **state)
{
    for (uint32_t ways = 2; ways <= WAYS_MAX; ways++) {
        struct tlb tlb;
        make_with(&tlb, ways, TLB_TREE_PLRU, 0);
        fill_all(&tlb);
        bool chosen[WAYS_MAX] = {false};
        uint64_t last = ways - 1;
        for (uint64_t i = 0; i < 10 * (uint64_t)ways; i++) {
            struct tlb_fill_result filled = fill(&tlb, (100 + i) * page_bytes, 1, PAGE);
            assert_in_range(filled.slot, 0, ways - 1);
            assert_int_not_equal(filled.slot, last);
            last = filled.slot;
            chosen[filled.slot] = true;
        }
        for (uint32_t way = 0; way < ways; way++)
            assert_true(chosen[way]);
        tlb_destroy(&tlb);
    }
}

static void a_tree_of_more_than_64_ways_reaches_all_of_them(void **state)
{
    struct tlb tlb;
    make_with(&tlb, 200, TLB_TREE_PLRU, 0);
    fill_all(&tlb);
    bool chosen[200] = {false};
    for (uint64_t i = 0; i < 2000; i++)
        chosen[fill(&tlb, (1000 + i) * page_bytes, 1, PAGE).slot] = true;
    for (uint32_t way = 0; way < 200; way++)
        assert_true(chosen[way]);
    tlb_destroy(&tlb);
}

/* ---- SRRIP ---- */

static void a_scan_does_not_drive_out_what_was_hit_under_srrip(void **state)
{
    for (int lru = 0; lru < 2; lru++) {
        struct tlb tlb;
        make_with(&tlb, 4, lru ? TLB_LRU : TLB_SRRIP, 0);
        fill_all(&tlb);
        use(&tlb, 0);
        use(&tlb, 1);
        for (uint64_t page = 100; page < 104; page++)
            (void)replaced_by(&tlb, page);
        assert_int_equal(has(&tlb, 0, 1) && has(&tlb, page_bytes, 1), !lru);
        tlb_destroy(&tlb);
    }
}

/* 0 is hit: intervals 0 2 2 2. No 3, so 1 3 3 3: way 1 goes, for a 2. Then 2, then 3; and 1 2 2 2 again. */
static void the_first_distant_entry_goes_and_all_age_if_there_is_none(void **state)
{
    struct tlb tlb;
    make_with(&tlb, 4, TLB_SRRIP, 0);
    fill_all(&tlb);
    use(&tlb, 0);
    for (unsigned round = 0; round < 2; round++)
        for (uint64_t way = 1; way < 4; way++)
            assert_int_equal(fill(&tlb, (100 + 4 * round + way) * page_bytes, 1, PAGE).slot, way);
    /* Now 2 2 2 2: the hit of long ago is worth nothing any more. */
    assert_int_equal(replaced_by(&tlb, 200), 0);
    tlb_destroy(&tlb);
}

/* ---- random ---- */

static void one_seed_gives_one_sequence_and_another_seed_another(void **state)
{
    struct tlb first;
    struct tlb same;
    struct tlb other;
    make_with(&first, 16, TLB_RANDOM, 7);
    make_with(&same, 16, TLB_RANDOM, 7);
    make_with(&other, 16, TLB_RANDOM, 8);
    fill_all(&first);
    fill_all(&same);
    fill_all(&other);
    unsigned different = 0;
    for (uint64_t page = 100; page < 200; page++) {
        uint32_t slot = fill(&first, page * page_bytes, 1, PAGE).slot;
        assert_int_equal(fill(&same, page * page_bytes, 1, PAGE).slot, slot);
        different += fill(&other, page * page_bytes, 1, PAGE).slot != slot;
    }
    assert_in_range(different, 50, 100); /* of 100, each different with probability 15/16 */
    tlb_destroy(&first);
    tlb_destroy(&same);
    tlb_destroy(&other);
}

/* Pearson's statistic of 60,000 draws; beyond 40 for 11 degrees of freedom with probability 4e-5. */
static void every_way_is_drawn_alike(void **state)
{
    enum { WAYS = 12, DRAWS = 60000 };
    struct tlb tlb;
    make_with(&tlb, WAYS, TLB_RANDOM, 1);
    fill_all(&tlb);
    uint32_t drawn[WAYS] = {0};
    for (uint64_t i = 0; i < DRAWS; i++)
        drawn[fill(&tlb, (100 + i) * page_bytes, 1, PAGE).slot]++;
    double statistic = 0;
    for (uint32_t way = 0; way < WAYS; way++) {
        double deviation = drawn[way] - (double)DRAWS / WAYS;
        statistic += deviation * deviation / ((double)DRAWS / WAYS);
    }
    assert_true(statistic < 40);
    tlb_destroy(&tlb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_policy_has_a_name_and_a_line_of_text),
        cmocka_unit_test(the_list_ends),
        cmocka_unit_test(an_unknown_policy_is_refused),
        cmocka_unit_test(an_empty_way_is_filled_first_under_every_policy),
        cmocka_unit_test(the_same_page_goes_into_its_own_slot_under_every_policy),
        cmocka_unit_test(a_use_saves_an_entry_under_lru_and_not_under_fifo),
        cmocka_unit_test(a_fill_of_the_same_page_makes_it_young_under_fifo),
        cmocka_unit_test(a_tree_of_four_goes_where_its_bits_lead),
        cmocka_unit_test(a_tree_forgets_what_lru_knows),
        cmocka_unit_test(a_sweep_over_a_full_tree_replaces_each_way_once_a_round),
        cmocka_unit_test(a_tree_never_chooses_the_way_used_last_nor_one_that_is_missing),
        cmocka_unit_test(a_tree_of_more_than_64_ways_reaches_all_of_them),
        cmocka_unit_test(a_scan_does_not_drive_out_what_was_hit_under_srrip),
        cmocka_unit_test(the_first_distant_entry_goes_and_all_age_if_there_is_none),
        cmocka_unit_test(one_seed_gives_one_sequence_and_another_seed_another),
        cmocka_unit_test(every_way_is_drawn_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
