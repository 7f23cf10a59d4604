/* Streams: the distributions of the random patterns, and of stores. */
#include "mmu/test/stream_fixture.h"

/*
 * The chi-square value that a right distribution exceeds once in 10^9: Wilson and Hilferty's cube of a
 * normal deviate, at 6 standard deviations.
 */
static double chi_square_bound(size_t freedoms)
{
    double n = (double)freedoms, third = 2 / (9 * n);

    return n * pow(1 - third + 6 * sqrt(third), 3);
}

static double chi_square(const double *expected, const uint64_t *counts, size_t bins)
{
    double sum = 0;

    for (size_t i = 0; i < bins; i++)
        sum += ((double)counts[i] - expected[i]) * ((double)counts[i] - expected[i]) / expected[i];
    return sum;
}

/* ---- uniform ---- */

static void uniform_visits_every_place_equally(void **state)
{
    enum { SLOTS = 24, ACCESSES = 240000 };
    const struct stream_config config = {.pattern = STREAM_UNIFORM,
                                         .base = BASE,
                                         .region_bytes =
                                             SLOTS * 16 + 15, /* the last 15 bytes hold no access */
                                         .size_bytes = 16,
                                         .seed = test_seed,
                                         .accesses = ACCESSES};
    struct stream_access *accesses = take_all(&config, 256);
    uint64_t counts[SLOTS] = {0};
    double expected[SLOTS];

    for (size_t i = 0; i < ACCESSES; i++) {
        uint64_t offset = accesses[i].va - BASE;

        assert_true(offset < (uint64_t)SLOTS * 16);
        assert_int_equal(offset % 16, 0);
        counts[offset / 16]++;
    }
    for (size_t i = 0; i < SLOTS; i++)
        expected[i] = (double)ACCESSES / SLOTS;
    assert_true(chi_square(expected, counts, SLOTS) < chi_square_bound(SLOTS - 1));
    free(accesses);
}

static void uniform_successive_accesses_are_independent(void **state)
{
    enum { SLOTS = 8, ACCESSES = 640000 };
    const struct stream_config config = {.pattern = STREAM_UNIFORM,
                                         .region_bytes = (uint64_t)SLOTS * 8,
                                         .seed = test_seed,
                                         .accesses = ACCESSES};
    struct stream_access *accesses = take_all(&config, 256);
    uint64_t counts[SLOTS * SLOTS] = {0};
    double expected[SLOTS * SLOTS];

    for (size_t i = 0; i + 1 < ACCESSES; i += 2)
        counts[accesses[i].va / 8 * SLOTS + accesses[i + 1].va / 8]++;
    for (size_t i = 0; i < COUNT(counts); i++)
        expected[i] = (double)ACCESSES / 2 / (SLOTS * SLOTS);
    assert_true(chi_square(expected, counts, COUNT(counts)) < chi_square_bound(COUNT(counts) - 1));
    free(accesses);
}

/* ---- zipf ---- */

static int descending(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return a < b ? 1 : a > b ? -1 : 0;
}

/*
 * The counts of the pages by falling frequency are those of the ranks: with these numbers of accesses,
 * neighbouring ranks among the first `named` differ by more than 6 standard deviations. The ranks beyond
 * them are one bin.
 */
static double zipf_chi_square(const struct stream_config *config, size_t named)
{
    size_t pages = (size_t)(config->region_bytes / config->page_bytes), bins = named + (named < pages);
    uint64_t *counts = calloc(pages + 1, sizeof *counts), rest = 0;
    double *expected = calloc(pages + 1, sizeof *expected), sum = 0, named_sum = 0;
    struct stream_access *accesses = take_all(config, 256);

    assert_non_null(counts);
    assert_non_null(expected);
    for (size_t i = 0; i < config->accesses; i++)
        counts[(accesses[i].va - config->base) / config->page_bytes]++;
    qsort(counts, pages, sizeof *counts, descending);
    for (size_t i = named; i < pages; i++)
        rest += counts[i];
    for (size_t rank = pages; rank > 0; rank--)
        sum += pow((double)rank, -config->skew);
    for (size_t rank = 1; rank <= named; rank++) {
        expected[rank - 1] = pow((double)rank, -config->skew) / sum * (double)config->accesses;
        named_sum += expected[rank - 1];
    }
    if (bins > named) {
        counts[named] = rest;
        expected[named] = (double)config->accesses - named_sum;
    }
    double result = chi_square(expected, counts, bins);

    free(counts);
    free(expected);
    free(accesses);
    return result;
}

static void zipf_pages_are_as_frequent_as_their_ranks(void **state)
{
    static const double skews[] = {0.5, 0.99, 1, 2};

    for (size_t i = 0; i < COUNT(skews); i++) {
        struct stream_config config = zipf_config(8, skews[i], 1000000);

        assert_true(zipf_chi_square(&config, 8) < chi_square_bound(7));
    }
}

static void zipf_of_another_skew_fails_the_same_bound(void **state)
{
    struct stream_config config = zipf_config(8, 0.99, 1000000);
    struct stream_access *accesses = take_all(&config, 256);
    uint64_t counts[8] = {0};
    double expected[8], sum = 0;

    for (size_t i = 0; i < config.accesses; i++)
        counts[(accesses[i].va - BASE) / 4096]++;
    qsort(counts, 8, sizeof *counts, descending);
    for (size_t rank = 1; rank <= 8; rank++)
        sum += expected[rank - 1] = pow((double)rank, -1.02);
    for (size_t i = 0; i < 8; i++)
        expected[i] *= (double)config.accesses / sum;
    assert_true(chi_square(expected, counts, 8) > chi_square_bound(7));
    free(accesses);
}

static void zipf_over_more_pages_than_a_table_holds_has_the_same_frequencies(void **state)
{
    static const double skews[] = {0.99, 1};

    for (size_t i = 0; i < COUNT(skews); i++) {
        struct stream_config config = zipf_config((UINT64_C(1) << 21) + 1, skews[i], 2000000);

        assert_true(zipf_chi_square(&config, 8) < chi_square_bound(8));
    }
}

static void zipf_offsets_in_a_page_are_uniform_and_aligned(void **state)
{
    enum { SLOTS = 4096 / 64, ACCESSES = 640000 };
    struct stream_config config = zipf_config(5, 0.99, ACCESSES);
    uint64_t counts[SLOTS] = {0};
    double expected[SLOTS];

    config.size_bytes = 64;
    struct stream_access *accesses = take_all(&config, 256);

    for (size_t i = 0; i < ACCESSES; i++) {
        assert_in_range(accesses[i].va, BASE, BASE + config.region_bytes - 64);
        assert_int_equal(accesses[i].va % 64, 0);
        counts[accesses[i].va % 4096 / 64]++;
    }
    for (size_t i = 0; i < SLOTS; i++)
        expected[i] = (double)ACCESSES / SLOTS;
    assert_true(chi_square(expected, counts, SLOTS) < chi_square_bound(SLOTS - 1));
    free(accesses);
}

static uint64_t most_frequent_page(const struct stream_config *config)
{
    struct stream_access *accesses = take_all(config, 256);
    uint64_t counts[64] = {0}, best = 0;

    for (size_t i = 0; i < config->accesses; i++)
        counts[(accesses[i].va - config->base) / config->page_bytes]++;
    for (uint64_t page = 1; page < 64; page++)
        best = counts[page] > counts[best] ? page : best;
    free(accesses);
    return best;
}

static void zipf_ranks_fall_on_pages_that_the_seed_chooses(void **state)
{
    struct stream_config config = zipf_config(64, 2, 1000);
    uint64_t seen = 0;
    int distinct = 0;

    for (uint64_t i = 0; i < 64; i++) {
        config.seed = test_seed + i;
        seen |= UINT64_C(1) << most_frequent_page(&config);
    }
    for (; seen; seen &= seen - 1)
        distinct++;
    /* 64 uniform choices among 64 hit 40.6 different ones on average, with a deviation of 2.3. */
    assert_in_range(distinct, 27, 54);
}

static void zipf_over_one_page_stays_in_it(void **state)
{
    struct stream_config config = zipf_config(1, 0.99, 1000);
    struct stream_access *accesses = take_all(&config, 256);

    for (size_t i = 0; i < config.accesses; i++)
        assert_in_range(accesses[i].va, BASE, BASE + 4096 - 8);
    free(accesses);
}

static void stores_have_their_share_and_leave_the_addresses_alone(void **state)
{
    struct stream_config config = any_config(STREAM_ZIPF, test_seed);

    config.accesses = 100000;
    config.kind = ACCESS_FETCH;
    struct stream_access *with = take_all(&config, 256);
    double mean = 0.3 * 100000, deviation = sqrt(mean * 0.7), stores = 0;

    config.store_fraction = 0;
    struct stream_access *without = take_all(&config, 256);

    for (size_t i = 0; i < config.accesses; i++) {
        stores += with[i].kind == ACCESS_STORE;
        assert_true(with[i].kind == ACCESS_STORE || with[i].kind == ACCESS_FETCH);
        assert_int_equal(without[i].kind, ACCESS_FETCH);
    }
    assert_true(fabs(stores - mean) < 6 * deviation);
    assert_true(same_addresses(with, without, config.accesses));
    free(with);
    free(without);
}

int stream_random_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uniform_visits_every_place_equally),
        cmocka_unit_test(uniform_successive_accesses_are_independent),
        cmocka_unit_test(zipf_pages_are_as_frequent_as_their_ranks),
        cmocka_unit_test(zipf_of_another_skew_fails_the_same_bound),
        cmocka_unit_test(zipf_over_more_pages_than_a_table_holds_has_the_same_frequencies),
        cmocka_unit_test(zipf_offsets_in_a_page_are_uniform_and_aligned),
        cmocka_unit_test(zipf_ranks_fall_on_pages_that_the_seed_chooses),
        cmocka_unit_test(zipf_over_one_page_stays_in_it),
        cmocka_unit_test(stores_have_their_share_and_leave_the_addresses_alone),
    };

    read_seed();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
