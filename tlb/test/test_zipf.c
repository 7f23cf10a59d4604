/*
 * Hit ratios under zipf's law: each access takes page i with probability p_i, whatever came before (the
 * independent reference model).
 *
 * Random replacement: the content C of a set of E ways has probability proportional to the product of the p_i
 * in C, so that with e_k, the elementary symmetric polynomials of the probabilities of the set's pages (which
 * sum to 1), the hit ratio is 1 - (E + 1) e_(E+1) / e_E. FIFO has the same (Gelenbe, "A Unified Approach to
 * the Evaluation of a Class of Replacement Algorithms", IEEE Transactions on Computers C-22, 1973).
 *
 * LRU: the E pages used last were last used in the order i1, i2, ... with probability p_i1 p_i2 / (1 - p_i1)
 * p_i3 / (1 - p_i1 - p_i2) ... (King, "Analysis of Demand Paging Algorithms", IFIP 1971): exact, and only
 * for small sets. The characteristic time T (Che, Tung, Wang, "Hierarchical Web Caching Systems", IEEE
 * Journal on Selected Areas in Communications 20, 2002) is an approximation: page i is there with probability
 * 1 - exp(-p_i T), and these sum to E.
 *
 * Successive accesses' hits are correlated. So the error is taken from independent runs: the mean of their
 * ratios deviates by t standard errors, and Student's distribution says how probable that is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "tlb/test/pages.h"
#include "tlb/test/random.h"
#include "tlb/tlb.h"

enum { RUNS = 25, PAGES_MAX = 2000, SETS_MAX = 16, WAYS_MAX = 128, WARM_UP = 100 };

/* Below this, the deviation of a correct array is not believed to be one. */
static const double failure_probability = 1e-8;

struct workload {
    uint32_t entries, ways;
    uint32_t pages;
    double skew;
    uint32_t accesses; /* of a run, after its warm-up */
};

struct zipf {
    uint32_t pages;
    double probability[PAGES_MAX];
    double cumulative[PAGES_MAX];
};

static void make_zipf(struct zipf *zipf, const struct workload *workload)
{
    assert_in_range(workload->pages, 1, PAGES_MAX);
    zipf->pages = workload->pages;
    double sum = 0;
    for (uint32_t i = 0; i < zipf->pages; i++)
        sum += zipf->probability[i] = pow(i + 1, -workload->skew);
    double below = 0;
    for (uint32_t i = 0; i < zipf->pages; i++) {
        zipf->probability[i] /= sum;
        below += zipf->probability[i];
        zipf->cumulative[i] = below;
    }
    zipf->cumulative[zipf->pages - 1] = 1; /* whatever the rounding */
}

static uint64_t draw_page(const struct zipf *zipf, uint64_t *random)
{
    double at = (double)(random_next(random) >> 11) * 0x1p-53;
    uint32_t low = 0;
    uint32_t high = zipf->pages - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (zipf->cumulative[middle] > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* ---- runs --------------------------------------------------------------------------------------- */

/* Hit ratios by run, of one set or of the whole. */
struct sample {
    double ratios[RUNS];
};

struct samples {
    struct sample whole;
    struct sample sets[SETS_MAX];
};

static bool access_page(struct tlb *tlb, uint64_t page)
{
    bool hit = tlb_lookup(tlb, page << PAGE, tlb_space(1, 0)) != TLB_NONE;
    if (!hit)
        (void)fill(tlb, page << PAGE, 1, PAGE);
    return hit;
}

static void run_once(struct tlb *tlb, const struct zipf *zipf, uint32_t accesses, uint64_t *random,
                     struct samples *samples, unsigned run)
{
    uint32_t hits[SETS_MAX] = {0};
    uint32_t counts[SETS_MAX] = {0};
    uint32_t all = 0;
    for (uint32_t i = 0; i < WARM_UP * tlb->geometry.entries; i++)
        (void)access_page(tlb, draw_page(zipf, random));
    for (uint32_t i = 0; i < accesses; i++) {
        uint64_t page = draw_page(zipf, random);
        bool hit = access_page(tlb, page);
        hits[page % tlb->sets] += hit;
        counts[page % tlb->sets]++;
        all += hit;
    }
    samples->whole.ratios[run] = (double)all / accesses;
    for (uint32_t set = 0; set < tlb->sets; set++)
        samples->sets[set].ratios[run] = counts[set] ? (double)hits[set] / counts[set] : 0;
}

static void run_all(const struct workload *workload, enum tlb_replacement replacement,
                    const struct zipf *zipf, uint64_t *random, struct samples *samples)
{
    for (unsigned run = 0; run < RUNS; run++) {
        struct tlb tlb;
        const char *why;
        struct tlb_geometry geometry = {.entries = workload->entries,
                                        .ways = workload->ways,
                                        .replacement = replacement,
                                        .seed = random_next(random)};
        assert_true(tlb_init(&tlb, &geometry, &why));
        assert_in_range(tlb.sets, 1, SETS_MAX);
        run_once(&tlb, zipf, workload->accesses, random, samples, run);
        tlb_destroy(&tlb);
    }
}

/* ---- statistics --------------------------------------------------------------------------------- */

static double mean_of(const struct sample *sample)
{
    double sum = 0;
    for (unsigned run = 0; run < RUNS; run++)
        sum += sample->ratios[run];
    return sum / RUNS;
}

static double standard_error_of(const struct sample *sample)
{
    double mean = mean_of(sample);
    double squares = 0;
    for (unsigned run = 0; run < RUNS; run++)
        squares += (sample->ratios[run] - mean) * (sample->ratios[run] - mean);
    return sqrt(squares / (RUNS - 1) / RUNS);
}

/* The probability that Student's t exceeds this in absolute value; the degrees of freedom must be even
 * (Abramowitz, Stegun, "Handbook of Mathematical Functions", 26.7.4). */
static double beyond(double t, unsigned degrees)
{
    double angle = atan(fabs(t) / sqrt(degrees));
    double term = 1;
    double sum = 0;
    for (unsigned i = 0; i < degrees / 2; i++) {
        sum += term;
        term *= (2 * i + 1) / (2.0 * i + 2) * cos(angle) * cos(angle);
    }
    return 1 - sin(angle) * sum;
}

/* A ratio that is certain, as where a set's pages fit, has no error. */
static double probability_of(const struct sample *sample, double expected)
{
    double error = standard_error_of(sample);
    double deviation = fabs(mean_of(sample) - expected);
    if (deviation < 1e-12)
        return 1;
    return error > 0 ? beyond(deviation / error, RUNS - 1) : 0;
}

/* ---- closed forms ------------------------------------------------------------------------------- */

/* The pages of one set, and their probabilities among themselves; gives the share of the set in all accesses.
 */
static double pages_of_set(const struct zipf *zipf, uint32_t sets, uint32_t set, struct zipf *own)
{
    double share = 0;
    own->pages = 0;
    for (uint32_t page = set; page < zipf->pages; page += sets)
        share += own->probability[own->pages++] = zipf->probability[page];
    for (uint32_t i = 0; i < own->pages; i++)
        own->probability[i] /= share;
    return share;
}

static double random_hit_ratio(const struct zipf *zipf, uint32_t ways)
{
    long double e[WAYS_MAX + 2] = {1};
    assert_in_range(ways, 1, WAYS_MAX);
    for (uint32_t i = 0; i < zipf->pages; i++)
        for (uint32_t k = ways + 1; k > 0; k--)
            e[k] += e[k - 1] * (long double)zipf->probability[i];
    return zipf->pages > ways ? (double)(1 - (ways + 1) * e[ways + 1] / e[ways]) : 1;
}

/* Over all orders of `left` more pages, not yet `taken`, of which the taken ones have this sum. */
static double lru_orders(const struct zipf *zipf, uint64_t taken, double taken_sum, uint32_t left)
{
    if (left == 0)
        return taken_sum;
    double hits = 0;
    for (uint32_t i = 0; i < zipf->pages; i++)
        if (!(taken >> i & 1))
            hits += zipf->probability[i] / (1 - taken_sum) *
                    lru_orders(zipf, taken | UINT64_C(1) << i, taken_sum + zipf->probability[i], left - 1);
    return hits;
}

static double lru_hit_ratio(const struct zipf *zipf, uint32_t ways)
{
    assert_in_range(zipf->pages, ways + 1, 64);
    return lru_orders(zipf, 0, 0, ways);
}

static double pages_present(const struct zipf *zipf, double time)
{
    double present = 0;
    for (uint32_t i = 0; i < zipf->pages; i++)
        present -= expm1(-zipf->probability[i] * time);
    return present;
}

static double characteristic_hit_ratio(const struct zipf *zipf, uint32_t entries)
{
    double low = 0;
    double high = 1;
    while (pages_present(zipf, high) < entries)
        high *= 2;
    for (unsigned i = 0; i < 100; i++) {
        double middle = (low + high) / 2;
        if (pages_present(zipf, middle) < entries)
            low = middle;
        else
            high = middle;
    }
    double ratio = 0;
    for (uint32_t i = 0; i < zipf->pages; i++)
        ratio -= zipf->probability[i] * expm1(-zipf->probability[i] * low);
    return ratio;
}

typedef double (*closed_form)(const struct zipf *zipf, uint32_t ways);

/* The least probability of what was seen, over all sets and the whole. */
static double least_probability(const struct workload *workload, enum tlb_replacement replacement,
                                closed_form form, uint32_t ways, uint64_t *random)
{
    struct zipf zipf;
    struct zipf own;
    struct samples samples;
    uint32_t sets = workload->entries / workload->ways;
    double whole = 0;
    double least = 1;
    make_zipf(&zipf, workload);
    run_all(workload, replacement, &zipf, random, &samples);
    for (uint32_t set = 0; set < sets; set++) {
        double share = pages_of_set(&zipf, sets, set, &own);
        double ratio = form(&own, ways);
        whole += share * ratio;
        least = fmin(least, probability_of(&samples.sets[set], ratio));
    }
    return fmin(least, probability_of(&samples.whole, whole));
}

/* ---- tests -------------------------------------------------------------------------------------- */

static const struct workload workloads[] =
    {
        {8, 8, 64, 0.8, 20000},    {48, 48, 600, 1.0, 10000}, {64, 4, 512, 0.99, 20000},
        {36, 12, 300, 1.2, 20000}, {20, 4, 77, 0.6, 20000},   {7, 1, 100, 1.0, 20000},
        {30, 6, 32, 0.9, 20000}, /* most sets' pages just fit */
};

enum { WORKLOADS = sizeof workloads / sizeof *workloads };

static void random_and_fifo_hit_as_the_product_form_says(void **state)
{
    static const enum tlb_replacement policies[] = {TLB_RANDOM, TLB_FIFO};
    uint64_t random = random_seed();
    for (unsigned i = 0; i < 2 * WORKLOADS; i++) {
        const struct workload *workload = &workloads[i / 2];
        double probability =
            least_probability(workload, policies[i % 2], random_hit_ratio, workload->ways, &random);
        if (probability < failure_probability)
            fail_msg("%s, workload %u: what was seen has probability %g",
                     tlb_replacement_names[policies[i % 2]], i / 2, probability);
    }
}

static void the_product_form_of_one_way_more_or_less_is_refuted(void **state)
{
    uint64_t random = random_seed();
    for (unsigned i = 0; i < WORKLOADS; i++)
        for (int more = -1; more <= 1; more += 2) {
            uint32_t ways = (uint32_t)((int)workloads[i].ways + more);
            if (ways < 1 || ways > 8)
                continue; /* one of so many is too little for so few accesses */
            assert_true(least_probability(&workloads[i], TLB_RANDOM, random_hit_ratio, ways, &random) <
                        failure_probability);
        }
}

static void other_policies_do_not_hit_as_the_product_form_says(void **state)
{
    static const enum tlb_replacement policies[] = {TLB_LRU, TLB_TREE_PLRU, TLB_SRRIP};
    uint64_t random = random_seed();
    for (unsigned i = 0; i < 3; i++)
        assert_true(least_probability(&workloads[2], policies[i], random_hit_ratio, 4, &random) <
                    failure_probability);
}

static void lru_hits_as_its_exact_sum_over_orders_says(void **state)
{
    static const struct workload small[] = {
        {1, 1, 5, 1.0, 20000}, {3, 3, 10, 0.8, 20000}, {4, 4, 9, 1.3, 20000}, {12, 3, 40, 1.0, 20000}};
    uint64_t random = random_seed();
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        double probability = least_probability(&small[i], TLB_LRU, lru_hit_ratio, small[i].ways, &random);
        if (probability < failure_probability)
            fail_msg("workload %u: what was seen has probability %g", (unsigned)i, probability);
        if (small[i].ways > 1)
            assert_true(least_probability(&small[i], TLB_FIFO, lru_hit_ratio, small[i].ways, &random) <
                        failure_probability);
    }
}

/* How far at most the true ratio may be from the approximation, as a part of it: what was seen and as many
 * standard errors as are exceeded with failure_probability only. */
static double deviation_at_most(const struct workload *workload, enum tlb_replacement replacement,
                                uint64_t *random)
{
    struct zipf zipf;
    struct samples samples;
    double errors = 1;
    while (beyond(errors, RUNS - 1) > failure_probability)
        errors += 0.1;
    make_zipf(&zipf, workload);
    run_all(workload, replacement, &zipf, random, &samples);
    double expected = characteristic_hit_ratio(&zipf, workload->entries);
    return (fabs(mean_of(&samples.whole) - expected) + errors * standard_error_of(&samples.whole)) / expected;
}

static void lru_of_64_and_more_hits_as_its_characteristic_time_says_within_one_percent(void **state)
{
    static const struct workload large[] = {
        {64, 64, 1000, 1.0, 160000}, {64, 64, 300, 1.2, 100000}, {128, 128, 2000, 1.1, 100000}};
    uint64_t random = random_seed();
    for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
        double deviation = deviation_at_most(&large[i], TLB_LRU, &random);
        if (deviation > 0.01)
            fail_msg("workload %u: %g", (unsigned)i, deviation);
    }
    assert_true(deviation_at_most(&large[0], TLB_RANDOM, &random) > 0.01);
}

/* Of 24 degrees of freedom: 2.064 at 5 %, 3.745 at 0.1 %. */
static void the_distribution_of_t_is_that_of_the_tables(void **state)
{
    assert_true(fabs(beyond(2.064, 24) - 0.05) < 1e-4);
    assert_true(fabs(beyond(3.745, 24) - 0.001) < 1e-5);
    assert_true(fabs(beyond(0, 24) - 1) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_distribution_of_t_is_that_of_the_tables),
        cmocka_unit_test(random_and_fifo_hit_as_the_product_form_says),
        cmocka_unit_test(the_product_form_of_one_way_more_or_less_is_refuted),
        cmocka_unit_test(other_policies_do_not_hit_as_the_product_form_says),
        cmocka_unit_test(lru_hits_as_its_exact_sum_over_orders_says),
        cmocka_unit_test(lru_of_64_and_more_hits_as_its_characteristic_time_says_within_one_percent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
