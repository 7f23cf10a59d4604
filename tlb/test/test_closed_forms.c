/*
 * Hit ratios that are known in closed form.
 *
 * Uniform random accesses to N pages, E entries: whatever the full array holds is E pages of the N, chosen by
 * the past, and the next access does not depend on the past. So each access hits with probability exactly
 * E/N, independently: the hits of n accesses are binomial, and Hoeffding's inequality (JASA 58, 1963, theorem
 * 1) bounds them without an approximation: P(|hits/n - E/N| >= t) <= 2 exp(-2 n t^2). The same holds in each
 * set, with ways and pages of the set.
 *
 * A cyclic sweep over N pages under LRU or FIFO, which here are the same: with N > E every page is replaced
 * just before it is needed again, and nothing ever hits; with N <= E everything hits after the first round.
 * The same holds in each set.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "tlb/test/pages.h"
#include "tlb/test/random.h"
#include "tlb/tlb.h"

enum { ROUNDS = 5, SETS_MAX = 128, ASID = 1 };

/* How seldom a correct array may fail a check: once in 10^9. */
static const double failure_probability = 1e-9;

struct count {
    uint64_t accesses, hits;
};

static void access_page(struct tlb *tlb, uint64_t page, uint8_t size_lg2, struct count *count)
{
    count->accesses++;
    if (tlb_lookup(tlb, page << size_lg2, ASID) != TLB_NONE)
        count->hits++;
    else
        (void)fill(tlb, page << size_lg2, ASID, size_lg2);
}

/* The deviation from the expected ratio that a correct array exceeds with failure_probability at most. */
static double bound(uint64_t accesses)
{
    return sqrt(log(2 / failure_probability) / (2 * (double)accesses));
}

/* So many accesses that one entry more or less than `ways` of `pages` would be outside the bound. */
static uint64_t enough_accesses(uint64_t pages)
{
    double half_a_gap = 0.5 / (double)pages;
    double accesses = log(2 / failure_probability) / (2 * half_a_gap * half_a_gap);
    return (uint64_t)accesses + 1;
}

static bool ratio_is(const struct count *count, double expected)
{
    return fabs((double)count->hits / (double)count->accesses - expected) < bound(count->accesses);
}

struct shape {
    uint32_t entries, ways;
};

struct uniform {
    struct shape shape;
    uint64_t pages;
    uint8_t size_lg2;
    enum tlb_replacement replacement;
};

static void make_with(struct tlb *tlb, struct shape shape, enum tlb_replacement replacement, uint64_t seed)
{
    const char *why;
    struct tlb_geometry geometry = {
        .entries = shape.entries, .ways = shape.ways, .replacement = replacement, .seed = seed};
    assert_true(tlb_init(tlb, &geometry, &why));
}

/* Counts by set, from the moment on that the array is full. */
static void count_uniform(const struct uniform *uniform, uint64_t accesses, uint64_t *random,
                          struct count *counts)
{
    struct tlb tlb;
    make_with(&tlb, uniform->shape, uniform->replacement, random_next(random));
    assert_in_range(tlb.sets, 1, SETS_MAX);
    struct count warm = {0};
    for (uint64_t page = 0; page < uniform->pages; page++)
        access_page(&tlb, page, uniform->size_lg2, &warm);
    for (uint64_t i = 0; i < accesses; i++) {
        uint64_t page = random_below(random, uniform->pages);
        access_page(&tlb, page, uniform->size_lg2, &counts[page % tlb.sets]);
    }
    tlb_destroy(&tlb);
}

static void check_fully_associative(const struct uniform *uniform, uint64_t *random)
{
    struct count count = {0};
    count_uniform(uniform, enough_accesses(uniform->pages), random, &count);
    double expected = (double)uniform->shape.entries / (double)uniform->pages;
    if (!ratio_is(&count, expected))
        fail_msg("%s, %u entries, %u pages: %u hits of %u, expected %f",
                 tlb_replacement_names[uniform->replacement], (unsigned)uniform->shape.entries,
                 (unsigned)uniform->pages, (unsigned)count.hits, (unsigned)count.accesses, expected);
}

static void uniform_accesses_hit_at_entries_to_pages_under_every_policy(void **state)
{
    static const struct uniform cases[] = {
        {{1, 1}, 2, 12, TLB_LRU},    {{4, 4}, 5, 21, TLB_LRU},    {{16, 16}, 64, 12, TLB_LRU},
        {{48, 48}, 90, 30, TLB_LRU}, {{64, 64}, 80, 12, TLB_LRU}, {{7, 7}, 100, 16, TLB_LRU},
    };
    uint64_t random = random_seed();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned policy = 0; policy < TLB_REPLACEMENTS; policy++) {
            struct uniform uniform = cases[i];
            uniform.replacement = (enum tlb_replacement)policy;
            check_fully_associative(&uniform, &random);
        }
}

static void one_entry_more_or_less_would_be_noticed(void **state)
{
    uint64_t random = random_seed();
    for (uint32_t entries = 15; entries <= 17; entries++) {
        struct count count = {0};
        struct uniform other = {{entries, entries}, 64, 12, TLB_LRU};
        count_uniform(&other, 4 * enough_accesses(other.pages), &random, &count);
        assert_int_equal(ratio_is(&count, 16.0 / 64), entries == 16);
    }
}

static void uniform_accesses_hit_each_set_at_ways_to_its_pages(void **state)
{
    static const struct uniform cases[] = {
        {{64, 4}, 512, 12, TLB_TREE_PLRU}, {{36, 12}, 50, 12, TLB_SRRIP}, {{20, 4}, 77, 21, TLB_LRU},
        {{96, 12}, 120, 14, TLB_RANDOM},   {{8, 1}, 20, 12, TLB_FIFO},    {{36, 12}, 50, 12, TLB_TREE_PLRU},
    };
    uint64_t random = random_seed();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct count counts[SETS_MAX] = {0};
        uint32_t ways = cases[i].shape.ways;
        uint32_t sets = cases[i].shape.entries / ways;
        uint64_t pages_of_a_set = cases[i].pages / sets + 1;
        count_uniform(&cases[i], sets * enough_accesses(pages_of_a_set), &random, counts);
        for (uint32_t set = 0; set < sets; set++) {
            uint64_t pages = (cases[i].pages - set + sets - 1) / sets;
            assert_true(pages >= ways);
            double expected = (double)ways / (double)pages;
            if (!ratio_is(&counts[set], expected))
                fail_msg("case %u, set %u: %u hits of %u, expected %f", (unsigned)i, (unsigned)set,
                         (unsigned)counts[set].hits, (unsigned)counts[set].accesses, expected);
        }
    }
}

/* Pages 0, step, 2 step, ... in the same order, round after round: the hits of the first round and of the
 * others. */
static void sweep(const struct tlb_geometry *geometry, uint64_t pages, uint64_t step, struct count counts[2])
{
    struct tlb tlb;
    make_with(&tlb, (struct shape){geometry->entries, geometry->ways}, geometry->replacement, 1);
    counts[0] = counts[1] = (struct count){0};
    for (unsigned round = 0; round < ROUNDS; round++)
        for (uint64_t page = 0; page < pages; page++)
            access_page(&tlb, page * step, 12, &counts[round > 0]);
    tlb_destroy(&tlb);
}

static const struct tlb_geometry geometries[] = {
    {1, 1, TLB_LRU, 0},    {5, 5, TLB_LRU, 0},    {64, 64, TLB_LRU, 0},  {64, 4, TLB_LRU, 0},
    {768, 12, TLB_LRU, 0}, {36, 12, TLB_LRU, 0},  {21, 3, TLB_LRU, 0},   {8, 1, TLB_LRU, 0},
    {1, 1, TLB_FIFO, 0},   {7, 7, TLB_FIFO, 0},   {64, 64, TLB_FIFO, 0}, {64, 4, TLB_FIFO, 0},
    {60, 12, TLB_FIFO, 0}, {36, 12, TLB_FIFO, 0}, {21, 3, TLB_FIFO, 0},
};

static void a_sweep_that_fits_always_hits_after_its_first_round(void **state)
{
    for (size_t i = 0; i < sizeof geometries / sizeof *geometries; i++)
        for (uint64_t pages = 1; pages <= geometries[i].entries; pages++) {
            struct count counts[2];
            sweep(&geometries[i], pages, 1, counts);
            assert_int_equal(counts[0].hits, 0);
            assert_int_equal(counts[1].hits, (ROUNDS - 1) * pages);
        }
}

static void a_sweep_that_is_one_page_too_long_for_every_set_never_hits(void **state)
{
    for (size_t i = 0; i < sizeof geometries / sizeof *geometries; i++) {
        uint32_t sets = geometries[i].entries / geometries[i].ways;
        for (unsigned more = 0; more < 3; more++) {
            struct count counts[2];
            sweep(&geometries[i], geometries[i].entries + sets + more, 1, counts);
            assert_int_equal(counts[0].hits + counts[1].hits, 0);
        }
    }
}

/* With a few pages too many, the sets that these pages fall into never hit, and all others always do. */
static void a_sweep_that_is_too_long_for_some_sets_misses_in_these_alone(void **state)
{
    for (size_t i = 0; i < sizeof geometries / sizeof *geometries; i++) {
        uint32_t sets = geometries[i].entries / geometries[i].ways;
        for (uint64_t more = 1; more < sets; more++) {
            struct count counts[2];
            sweep(&geometries[i], geometries[i].entries + more, 1, counts);
            assert_int_equal(counts[0].hits, 0);
            assert_int_equal(counts[1].hits, (ROUNDS - 1) * (sets - more) * geometries[i].ways);
        }
    }
}

static void a_sweep_within_one_set_has_its_ways_alone(void **state)
{
    for (size_t i = 0; i < sizeof geometries / sizeof *geometries; i++) {
        uint32_t ways = geometries[i].ways;
        uint32_t sets = geometries[i].entries / ways;
        struct count counts[2];
        sweep(&geometries[i], ways, sets, counts);
        assert_int_equal(counts[1].hits, (ROUNDS - 1) * ways);
        sweep(&geometries[i], ways + 1, sets, counts);
        assert_int_equal(counts[1].hits, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uniform_accesses_hit_at_entries_to_pages_under_every_policy),
        cmocka_unit_test(one_entry_more_or_less_would_be_noticed),
        cmocka_unit_test(uniform_accesses_hit_each_set_at_ways_to_its_pages),
        cmocka_unit_test(a_sweep_that_fits_always_hits_after_its_first_round),
        cmocka_unit_test(a_sweep_that_is_one_page_too_long_for_every_set_never_hits),
        cmocka_unit_test(a_sweep_that_is_too_long_for_some_sets_misses_in_these_alone),
        cmocka_unit_test(a_sweep_within_one_set_has_its_ways_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
