/* Streams: exact addresses where a pattern has them, what holds for all patterns, and what is refused. */
#include "mmu/test/stream_fixture.h"

static void assert_offsets(struct stream_config config, const uint64_t *offsets, size_t count)
{
    config.accesses = count;
    struct stream_access *accesses = take_all(&config, 256);

    for (size_t i = 0; i < count; i++)
        assert_int_equal(accesses[i].va, config.base + offsets[i]);
    free(accesses);
}

static struct stream_config step_config(enum stream_pattern pattern, uint64_t region_bytes,
                                        uint64_t step_bytes)
{
    return (struct stream_config){
        .pattern = pattern, .base = BASE, .region_bytes = region_bytes, .step_bytes = step_bytes};
}

/* ---- sequential and stride ---- */

static void sequential_steps_by_64_bytes_unless_told_otherwise(void **state)
{
    const uint64_t offsets[] = {0, 64, 128, 192, 256};

    assert_offsets(step_config(STREAM_SEQUENTIAL, 4096, 0), offsets, COUNT(offsets));
}

static void sequential_starts_again_at_the_base_after_the_last_access_that_fits(void **state)
{
    const uint64_t offsets[] = {0, 24, 48, 72, 0, 24, 48, 72, 0};

    assert_offsets(step_config(STREAM_SEQUENTIAL, 80, 24), offsets, COUNT(offsets));
    /* One byte less, and the access at 72 no longer fits. */
    const uint64_t shorter[] = {0, 24, 48, 0, 24};

    assert_offsets(step_config(STREAM_SEQUENTIAL, 79, 24), shorter, COUNT(shorter));
}

static void stride_wraps_modulo_the_region(void **state)
{
    const uint64_t offsets[] = {0, 40, 16, 56, 32, 8, 48, 24, 0, 40};

    assert_offsets(step_config(STREAM_STRIDE, 64, 40), offsets, COUNT(offsets));
}

static void a_stride_longer_than_the_region_is_taken_modulo_the_region(void **state)
{
    const uint64_t offsets[] = {0, 16, 32, 48, 0};

    assert_offsets(step_config(STREAM_STRIDE, 64, 3 * 64 + 16), offsets, COUNT(offsets));
}

static void stride_passes_over_places_where_the_access_would_leave_the_region(void **state)
{
    /* 0 12 24 36 48 60 8 20 ...: from 60, eight bytes would reach 68. */
    const uint64_t offsets[] = {0, 12, 24, 36, 48, 8, 20, 32, 44, 56};

    assert_offsets(step_config(STREAM_STRIDE, 64, 12), offsets, COUNT(offsets));
}

static void a_region_may_end_at_the_last_address(void **state)
{
    const uint64_t offsets[] = {0, 64, 0};

    struct stream_config config = step_config(STREAM_SEQUENTIAL, 128, 64);

    config.base = UINT64_MAX - 127;
    assert_offsets(config, offsets, COUNT(offsets));
}

/* ---- chase ---- */

static void chase_visits_each_line_once_a_round_and_always_in_the_same_order(void **state)
{
    static const size_t line_counts[] = {1, 2, 3, 1000};

    for (size_t k = 0; k < COUNT(line_counts); k++) {
        size_t lines = line_counts[k];
        const struct stream_config config = {.pattern = STREAM_CHASE,
                                             .base = BASE,
                                             .region_bytes = lines * 128 + 127,
                                             .step_bytes = 128,
                                             .seed = test_seed,
                                             .accesses = 3 * lines};
        struct stream_access *accesses = take_all(&config, 256);
        uint8_t *visits = calloc(lines, 1);

        assert_non_null(visits);
        for (size_t i = 0; i < 3 * lines; i++) {
            uint64_t offset = accesses[i].va - BASE;

            assert_int_equal(offset % 128, 0);
            assert_true(offset / 128 < lines);
            assert_int_equal(visits[offset / 128]++, i / lines);
            assert_int_equal(accesses[i].va, accesses[i % lines].va);
        }
        free(visits);
        free(accesses);
    }
}

/* ---- all patterns ---- */

static void the_same_seed_gives_the_same_accesses_in_whatever_blocks(void **state)
{
    static const size_t blocks[] = {0, 1, 7, 256, 100000};

    for (int pattern = 0; pattern < STREAM_PATTERNS; pattern++) {
        struct stream_config config = any_config((enum stream_pattern)pattern, test_seed);
        struct stream_access *expected = take_all(&config, 100);

        for (size_t i = 0; i < COUNT(blocks); i++) {
            struct stream_access *accesses = take_all(&config, blocks[i]);

            assert_true(same_accesses(expected, accesses, config.accesses));
            free(accesses);
        }
        free(expected);
    }
}

static void zipf_over_many_pages_does_not_depend_on_blocks_either(void **state)
{
    struct stream_config config = zipf_config(UINT64_C(1) << 22, 0.99, 5000);
    struct stream_access *one = take_all(&config, 1), *other = take_all(&config, 0);

    assert_true(same_accesses(one, other, config.accesses));
    free(one);
    free(other);
}

static void another_seed_gives_other_accesses(void **state)
{
    for (int pattern = 0; pattern < STREAM_PATTERNS; pattern++) {
        bool random = pattern != STREAM_SEQUENTIAL && pattern != STREAM_STRIDE;
        struct stream_config config = any_config((enum stream_pattern)pattern, test_seed);
        struct stream_access *one = take_all(&config, 256);

        config.seed = test_seed + 1;
        struct stream_access *other = take_all(&config, 256);

        assert_false(same_accesses(one, other, config.accesses));
        assert_int_equal(same_addresses(one, other, config.accesses), !random);
        free(one);
        free(other);
    }
}

static void a_store_fraction_of_one_is_stores_only(void **state)
{
    struct stream_config config = any_config(STREAM_UNIFORM, test_seed);

    config.store_fraction = 1;
    struct stream_access *accesses = take_all(&config, 256);

    for (size_t i = 0; i < config.accesses; i++)
        assert_int_equal(accesses[i].kind, ACCESS_STORE);
    free(accesses);
}

static void accesses_carry_their_size_and_no_pc(void **state)
{
    struct stream_config config = any_config(STREAM_UNIFORM, test_seed);
    struct stream_access *eight = take_all(&config, 256);

    config.size_bytes = 33;
    struct stream_access *odd = take_all(&config, 256);

    for (size_t i = 0; i < config.accesses; i++) {
        assert_int_equal(eight[i].size_bytes, 8);
        assert_int_equal(odd[i].size_bytes, 33);
        assert_int_equal(odd[i].pc, 0);
    }
    free(eight);
    free(odd);
}

static void a_stream_of_no_accesses_ends_at_once(void **state)
{
    struct stream_config config = any_config(STREAM_UNIFORM, test_seed);

    config.accesses = 0;
    free(take_all(&config, 256));
}

static void patterns_have_names(void **state)
{
    static const char *const names[STREAM_PATTERNS] = {"sequential", "stride", "uniform", "zipf", "chase"};

    for (int pattern = 0; pattern < STREAM_PATTERNS; pattern++)
        assert_string_equal(stream_pattern_name((enum stream_pattern)pattern), names[pattern]);
    assert_null(stream_pattern_name(STREAM_PATTERNS));
}

/* ---- what is refused ---- */

/* Refused with one line that contains `expected`; `good` differs in what is wrong, and opens. */
static void assert_refused(struct stream_config bad, struct stream_config good, const char *expected)
{
    char error[300] = "";
    struct stream *stream = stream_open(&bad, error, sizeof error);

    assert_null(stream);
    if (!strstr(error, expected))
        fail_msg("\"%s\" is not in \"%s\"", expected, error);
    assert_null(strchr(error, '\n'));
    stream = open_or_fail(&good);
    stream->close(stream);
}

static void configurations_that_make_no_sense_are_refused_with_a_sentence(void **state)
{
    for (int pattern = 0; pattern < STREAM_PATTERNS; pattern++) {
        struct stream_config good = any_config((enum stream_pattern)pattern, 1), bad = good;

        bad.region_bytes = 0;
        assert_refused(bad, good, "a region of 0 bytes has no room for an access of 8 bytes");
        bad = good;
        bad.region_bytes = 7;
        assert_refused(bad, good, "a region of 7 bytes has no room for an access of 8 bytes");
        bad = good;
        bad.size_bytes = 65;
        assert_refused(bad, good, "an access has 1 to 64 bytes, not 65");
        bad = good;
        bad.base = UINT64_MAX - bad.region_bytes + 2;
        assert_refused(bad, good, "goes beyond the last address");
        bad = good;
        bad.kind = ACCESS_KINDS;
        assert_refused(bad, good, "no kind of access 3");
    }
    struct stream_config good = any_config(STREAM_UNIFORM, 1), bad = good;

    bad.pattern = STREAM_PATTERNS;
    assert_refused(bad, good, "no stream pattern 5");
}

static void store_fractions_outside_of_0_to_1_are_refused(void **state)
{
    static const double fractions[] = {-0.1, 1.1, NAN, INFINITY};

    for (size_t i = 0; i < COUNT(fractions); i++) {
        struct stream_config good = any_config(STREAM_UNIFORM, 1), bad = good;

        bad.store_fraction = fractions[i];
        assert_refused(bad, good, "a store fraction must be from 0 to 1");
    }
}

static void zipf_refuses_a_bad_skew_and_a_region_of_broken_pages(void **state)
{
    static const double skews[] = {0, -1, NAN, INFINITY};
    struct stream_config good = any_config(STREAM_ZIPF, 1), bad = good;

    for (size_t i = 0; i < COUNT(skews); i++) {
        bad.skew = skews[i];
        assert_refused(bad, good, "a zipf skew must be a number above 0");
    }
    bad = good;
    bad.region_bytes = 4096 * 3 + 8;
    assert_refused(bad, good, "a zipf region must be a multiple of the page, 4096 bytes, and 12296 is not");
    bad = good;
    bad.page_bytes = 4;
    assert_refused(bad, good, "a page of 4 bytes has no room for an access of 8 bytes");
}

static void chase_refuses_lines_that_do_not_fit(void **state)
{
    struct stream_config good = any_config(STREAM_CHASE, 1), bad = good;

    bad.step_bytes = 4;
    assert_refused(bad, good, "a chase's line of 4 bytes has no room for an access of 8 bytes");
    bad = good;
    bad.region_bytes = 100;
    assert_refused(bad, good, "a chase's region of 100 bytes has no room for a line of 192 bytes");
    bad = good;
    bad.region_bytes = UINT64_C(1) << 40;
    bad.step_bytes = 64;
    assert_refused(bad, good, "a chase is over at most 268435456 lines");
}

static void an_error_is_cut_to_the_room_for_it(void **state)
{
    struct stream_config bad = any_config(STREAM_UNIFORM, 1);
    char error[8] = "1234567";

    bad.size_bytes = 65;
    assert_null(stream_open(&bad, error, 5));
    assert_string_equal(error, "an a");
    assert_int_equal(error[5], '6');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequential_steps_by_64_bytes_unless_told_otherwise),
        cmocka_unit_test(sequential_starts_again_at_the_base_after_the_last_access_that_fits),
        cmocka_unit_test(stride_wraps_modulo_the_region),
        cmocka_unit_test(a_stride_longer_than_the_region_is_taken_modulo_the_region),
        cmocka_unit_test(stride_passes_over_places_where_the_access_would_leave_the_region),
        cmocka_unit_test(a_region_may_end_at_the_last_address),
        cmocka_unit_test(chase_visits_each_line_once_a_round_and_always_in_the_same_order),
        cmocka_unit_test(the_same_seed_gives_the_same_accesses_in_whatever_blocks),
        cmocka_unit_test(zipf_over_many_pages_does_not_depend_on_blocks_either),
        cmocka_unit_test(another_seed_gives_other_accesses),
        cmocka_unit_test(a_store_fraction_of_one_is_stores_only),
        cmocka_unit_test(accesses_carry_their_size_and_no_pc),
        cmocka_unit_test(a_stream_of_no_accesses_ends_at_once),
        cmocka_unit_test(patterns_have_names),
        cmocka_unit_test(configurations_that_make_no_sense_are_refused_with_a_sentence),
        cmocka_unit_test(store_fractions_outside_of_0_to_1_are_refused),
        cmocka_unit_test(zipf_refuses_a_bad_skew_and_a_region_of_broken_pages),
        cmocka_unit_test(chase_refuses_lines_that_do_not_fit),
        cmocka_unit_test(an_error_is_cut_to_the_room_for_it),
    };

    read_seed();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    return failed + stream_random_tests();
}
