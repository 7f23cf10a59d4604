/*
 * The small parts of the machine by themselves: calendar, histogram, memory, frame allocator, set-up.
 */
#include "mmu/calendar.h"
#include "mmu/histogram.h"
#include "mmu/memory.h"
#include "mmu/test/machine_fixture.h"

#define MIB (UINT64_C(1) << 20)

static uint64_t seed_of_test(void)
{
    const char *replay = getenv("MMUSIM_SEED");
    uint64_t seed = replay ? strtoull(replay, NULL, 0) : 1;
    print_message("MMUSIM_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

/* ---- calendar ------------------------------------------------------------------------------------ */

static bool push(struct calendar *calendar, struct calendar_item item)
{
    return calendar_push(calendar, item.cycle, item.order, item.what, item.from);
}

static void the_calendar_is_in_order_of_cycle_kind_and_age(void **state)
{
    uint64_t seed = seed_of_test();
    struct calendar calendar;
    struct calendar_item last = {0, 0, 0, 0};
    (void)state;
    assert_true(calendar_init(&calendar, 1)); /* it grows */
    assert_int_equal(calendar_next(&calendar), UINT64_MAX);
    for (uint64_t age = 0; age < 3000; age++) {
        enum calendar_kind kind = (enum calendar_kind)draw_below(&seed, CALENDAR_STORE_DRAIN + 1);
        struct calendar_item item = {draw_below(&seed, 50), calendar_order(kind, age), (uint32_t)age, 0};
        assert_true(push(&calendar, item));
    }
    for (unsigned i = 0; i < 3000; i++) {
        uint64_t next = calendar_next(&calendar);
        struct calendar_item item = calendar_pop(&calendar);
        assert_int_equal(item.cycle, next);
        assert_true(i == 0 || calendar_before(&last, &item));
        last = item;
    }
    assert_int_equal(calendar_next(&calendar), UINT64_MAX);
    calendar_destroy(&calendar);
}

static void an_item_can_be_taken_out_of_a_calendar(void **state)
{
    uint64_t seed = seed_of_test();
    (void)state;
    for (unsigned count = 1; count < 40; count++) {
        uint64_t removed = draw_below(&seed, count), last = 0;
        struct calendar calendar;
        assert_true(calendar_init(&calendar, 1));
        for (uint64_t age = 0; age < count; age++)
            assert_true(push(&calendar, (struct calendar_item){draw_below(&seed, 9), age, 0, 0}));
        calendar_remove(&calendar, removed);
        for (unsigned i = 0; i + 1 < count; i++) {
            struct calendar_item item = calendar_pop(&calendar);
            assert_true(item.cycle >= last && item.order != removed);
            last = item.cycle;
        }
        assert_int_equal(calendar_next(&calendar), UINT64_MAX);
        calendar_destroy(&calendar);
    }
}

static void items_of_a_calendar_come_back_as_they_went_in(void **state)
{
    struct calendar calendar;
    (void)state;
    assert_true(calendar_init(&calendar, 4));
    struct calendar_item late = {9, calendar_order(CALENDAR_DATA, 1), 11, 12};
    struct calendar_item soon = {8, calendar_order(CALENDAR_STORE_DRAIN, 2), 21, 22};
    assert_true(push(&calendar, late) && push(&calendar, soon));
    struct calendar_item first = calendar_pop(&calendar);
    assert_int_equal(first.what, 21);
    assert_int_equal(first.from, 22);
    assert_int_equal(calendar_kind_of(&first), CALENDAR_STORE_DRAIN);
    assert_int_equal(calendar_pop(&calendar).what, 11);
    calendar_destroy(&calendar);
}

/* ---- histogram ----------------------------------------------------------------------------------- */

static void buckets_are_contiguous_and_narrow(void **state)
{
    uint64_t low, high, expected = 0;
    (void)state;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        histogram_bounds(i, &low, &high);
        assert_int_equal(low, expected);
        assert_true(high >= low);
        assert_true(high - low <= low >> HISTOGRAM_STEP_LG2);
        expected = high + 1;
    }
    assert_int_equal(high, UINT64_MAX);
}

static void a_value_is_in_the_bucket_of_its_bounds(void **state)
{
    uint64_t seed = seed_of_test();
    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        struct histogram histogram;
        uint64_t value = draw(&seed) >> draw_below(&seed, 64), low, high;
        unsigned bucket = 0;
        memset(&histogram, 0, sizeof histogram);
        histogram_add(&histogram, value);
        while (!histogram.counts[bucket])
            bucket++;
        histogram_bounds(bucket, &low, &high);
        assert_true(value >= low && value <= high);
        assert_int_equal(histogram_quantile(&histogram, 0.5), value); /* no greater than the greatest */
    }
}

static void quantiles_of_small_values_are_exact(void **state)
{
    struct histogram histogram;
    (void)state;
    memset(&histogram, 0, sizeof histogram);
    assert_int_equal(histogram_quantile(&histogram, 0.5), 0);
    for (uint64_t value = 1; value <= 50; value++)
        histogram_add(&histogram, value);
    assert_int_equal(histogram.total, 50);
    assert_int_equal(histogram.sum, 50 * 51 / 2);
    assert_int_equal(histogram.most, 50);
    assert_int_equal(histogram_quantile(&histogram, 0), 1);
    assert_int_equal(histogram_quantile(&histogram, 0.5), 26);
    assert_int_equal(histogram_quantile(&histogram, 0.98), 50);
    assert_int_equal(histogram_quantile(&histogram, 1), 50);
}

static void a_quantile_is_right_within_a_bucket(void **state)
{
    struct histogram histogram, half;
    (void)state;
    memset(&histogram, 0, sizeof histogram);
    memset(&half, 0, sizeof half);
    for (uint64_t value = 0; value < 100000; value++)
        histogram_add(value % 2 ? &histogram : &half, value);
    histogram_merge(&histogram, &half);
    assert_int_equal(histogram.total, 100000);
    for (unsigned percent = 1; percent < 100; percent++) {
        uint64_t exact = 1000 * percent;
        uint64_t found = histogram_quantile(&histogram, percent / 100.0);
        assert_true(found >= exact && found - exact <= exact >> HISTOGRAM_STEP_LG2);
    }
}

/* ---- memory -------------------------------------------------------------------------------------- */

static void memory_is_zero_until_written(void **state)
{
    struct memory memory;
    (void)state;
    assert_true(memory_init(&memory, UINT64_C(1) << 40)); /* sparse: far more than the host has */
    assert_int_equal(memory_read(&memory, (UINT64_C(1) << 40) - 8, 8), 0);
    assert_null(memory_at(&memory, (UINT64_C(1) << 40) - 8));
    memory_write(&memory, (UINT64_C(1) << 40) - 8, 8, 42);
    assert_int_equal(memory_read(&memory, (UINT64_C(1) << 40) - 8, 8), 42);
    assert_non_null(memory_at(&memory, (UINT64_C(1) << 40) - 8));
    assert_false(memory_contains(&memory, UINT64_C(1) << 40, 1));
    memory_destroy(&memory);
}

static void words_cross_pages_and_regions(void **state)
{
    static const uint64_t borders[] = {4096, 2 * MIB, 6 * MIB};
    struct memory memory;
    (void)state;
    assert_true(memory_init(&memory, 16 * MIB));
    for (unsigned i = 0; i < 3; i++)
        for (unsigned before = 1; before < 8; before++) {
            uint64_t pa = borders[i] - before, value = UINT64_C(0x8877665544332211) + before;
            memory_write(&memory, pa, 8, value);
            assert_int_equal(memory_read(&memory, pa, 8), value);
            for (unsigned byte = 0; byte < 8; byte++) /* little endian */
                assert_int_equal(memory_read(&memory, pa + byte, 1), value >> 8 * byte & 0xff);
        }
    memory_destroy(&memory);
}

static void a_write_touches_its_bytes_only(void **state)
{
    struct memory memory;
    (void)state;
    assert_true(memory_init(&memory, MIB));
    memory_write(&memory, 4096, 8, UINT64_MAX);
    memory_write(&memory, 4098, 3, 0);
    assert_int_equal(memory_read(&memory, 4096, 8), UINT64_C(0xffffff000000ffff));
    assert_int_equal(memory_read(&memory, 4097, 2), 0x00ff);
    memory_destroy(&memory);
}

static void a_clear_zeroes_its_range_only(void **state)
{
    struct memory memory;
    (void)state;
    assert_true(memory_init(&memory, 4 * MIB));
    for (uint64_t pa = 0; pa < 4 * 4096; pa += 8)
        memory_write(&memory, pa, 8, pa + 1);
    memory_clear(&memory, 4096 - 8, 2 * 4096);
    memory_clear(&memory, 2 * MIB, 4096); /* never written: nothing to do */
    assert_null(memory_at(&memory, 2 * MIB));
    for (uint64_t pa = 0; pa < 4 * 4096; pa += 8) {
        bool cleared = pa >= 4096 - 8 && pa < 3 * 4096 - 8;
        assert_int_equal(memory_read(&memory, pa, 8), cleared ? 0 : pa + 1);
    }
    memory_destroy(&memory);
}

static void memory_ends_at_its_size(void **state)
{
    struct memory memory;
    (void)state;
    assert_true(memory_init(&memory, MIB));
    assert_true(memory_contains(&memory, 0, MIB));
    assert_true(memory_contains(&memory, MIB - 8, 8));
    assert_false(memory_contains(&memory, MIB - 7, 8));
    assert_false(memory_contains(&memory, MIB, 1));
    assert_false(memory_contains(&memory, UINT64_MAX, 8)); /* does not wrap */
    assert_false(memory_contains(&memory, 0, MIB + 1));
    memory_destroy(&memory);
}

/* ---- frames -------------------------------------------------------------------------------------- */

static void blocks_are_aligned_lowest_first_and_disjoint(void **state)
{
    uint64_t seed = seed_of_test(), used = 0;
    struct frame_allocator allocator;
    unsigned char *owner = calloc(16 * MIB / 4096, 1);
    (void)state;
    assert_non_null(owner);
    frame_allocator_init(&allocator, 16 * MIB, 4096);
    for (;;) {
        unsigned lg2 = 12 + (unsigned)draw_below(&seed, 6);
        uint64_t pa;
        if (!frame_allocate(&allocator, lg2, &pa))
            break;
        used += UINT64_C(1) << lg2;
        assert_int_equal(pa % (UINT64_C(1) << lg2), 0);
        assert_true(pa >= 4096 && pa + (UINT64_C(1) << lg2) <= 16 * MIB);
        for (uint64_t page = pa / 4096; page < (pa + (UINT64_C(1) << lg2)) / 4096; page++)
            assert_int_equal(owner[page]++, 0);
        assert_int_equal(allocator.allocated_bytes, used);
    }
    assert_true(used > 15 * MIB);
    frame_allocator_destroy(&allocator);
    free(owner);
}

static void what_alignment_skips_is_given_later(void **state)
{
    struct frame_allocator allocator;
    uint64_t small, large, next;
    (void)state;
    frame_allocator_init(&allocator, 16 * MIB, 4096);
    assert_true(frame_allocate(&allocator, 12, &small));
    assert_int_equal(small, 4096);
    assert_true(frame_allocate(&allocator, 21, &large));
    assert_int_equal(large, 2 * MIB);
    assert_true(frame_allocate(&allocator, 12, &next));
    assert_int_equal(next, 2 * 4096);
    frame_allocator_destroy(&allocator);
}

static void released_blocks_are_given_again_lowest_first(void **state)
{
    struct frame_allocator allocator;
    uint64_t pages[8], again;
    (void)state;
    frame_allocator_init(&allocator, 16 * MIB, 4096);
    for (unsigned i = 0; i < 8; i++)
        assert_true(frame_allocate(&allocator, 12, &pages[i]));
    assert_true(frame_release(&allocator, pages[6], 12));
    assert_true(frame_release(&allocator, pages[2], 12));
    assert_int_equal(allocator.allocated_bytes, 6 * 4096);
    assert_true(frame_allocate(&allocator, 12, &again));
    assert_int_equal(again, pages[2]);
    assert_true(frame_allocate(&allocator, 12, &again));
    assert_int_equal(again, pages[6]);
    frame_allocator_destroy(&allocator);
}

static void nothing_is_given_when_all_is_taken(void **state)
{
    struct frame_allocator allocator;
    uint64_t pa = 77, first;
    (void)state;
    frame_allocator_init(&allocator, 4 * 4096, 4096);
    assert_false(frame_allocate(&allocator, 21, &pa)); /* larger than memory */
    assert_true(frame_allocate(&allocator, 12, &first));
    for (unsigned i = 0; i < 2; i++)
        assert_true(frame_allocate(&allocator, 12, &pa));
    assert_false(frame_allocate(&allocator, 12, &pa));
    assert_int_equal(allocator.allocated_bytes, 3 * 4096);
    assert_true(frame_release(&allocator, first, 12));
    assert_true(frame_allocate(&allocator, 12, &pa));
    assert_int_equal(pa, first);
    frame_allocator_destroy(&allocator);
}

/* ---- set-up -------------------------------------------------------------------------------------- */

static void begin(struct fixture *fixture)
{
    struct mmu_config config;
    mmu_config_defaults(&config);
    config.memory_bytes = 64 * MIB;
    fixture_open(fixture, &config, OBSERVE_NOTHING);
}

static void the_setup_environment_reads_what_it_wrote(void **state)
{
    struct fixture fixture;
    uint64_t value = 1;
    (void)state;
    begin(&fixture);
    struct environment environment = setup_environment(&fixture.setup);
    const struct environment_operations *op = environment.operations;
    uint64_t pa = fixture.scratch;
    assert_int_equal(op->write(environment.context, pa, 5), ENVIRONMENT_OK);
    assert_int_equal(op->read(environment.context, pa, &value), ENVIRONMENT_OK);
    assert_int_equal(value, 5);
    assert_int_equal(op->compare_exchange(environment.context, pa, 4, 6, &value), ENVIRONMENT_OK);
    assert_int_equal(value, 5); /* and not exchanged */
    assert_int_equal(op->compare_exchange(environment.context, pa, 5, 6, &value), ENVIRONMENT_OK);
    assert_int_equal(value, 5);
    assert_true(machine_peek(fixture.machine, pa, &value));
    assert_int_equal(value, 6);
    assert_int_equal(op->lock(environment.context, pa), ENVIRONMENT_OK);
    assert_int_equal(op->unlock(environment.context, pa), ENVIRONMENT_OK);
    fixture_close(&fixture);
}

static void the_setup_environment_refuses_addresses_beyond_memory(void **state)
{
    struct fixture fixture;
    uint64_t value;
    (void)state;
    begin(&fixture);
    struct environment environment = setup_environment(&fixture.setup);
    const struct environment_operations *op = environment.operations;
    assert_int_equal(op->read(environment.context, 64 * MIB, &value), ENVIRONMENT_BAD_ADDRESS);
    assert_int_equal(op->write(environment.context, 64 * MIB, 1), ENVIRONMENT_BAD_ADDRESS);
    assert_int_equal(op->compare_exchange(environment.context, 64 * MIB, 0, 1, &value),
                     ENVIRONMENT_BAD_ADDRESS);
    assert_int_equal(op->allocate_table(environment.context, 128 * MIB, &value), ENVIRONMENT_NO_MEMORY);
    fixture_close(&fixture);
}

static void tables_smaller_than_a_page_leave_what_is_beside_them_alone(void **state)
{
    struct fixture fixture;
    uint64_t small, page, other, value;
    (void)state;
    begin(&fixture);
    struct environment environment = setup_environment(&fixture.setup);
    const struct environment_operations *op = environment.operations;
    assert_int_equal(op->allocate_table(environment.context, 128, &small), ENVIRONMENT_OK);
    assert_int_equal(op->allocate_table(environment.context, 4096, &page), ENVIRONMENT_OK);
    assert_int_equal(op->write(environment.context, page, 7), ENVIRONMENT_OK);
    assert_int_equal(op->allocate_table(environment.context, 128, &other), ENVIRONMENT_OK);
    assert_int_equal(op->read(environment.context, page, &value), ENVIRONMENT_OK);
    assert_int_equal(value, 7);
    fixture_close(&fixture);
}

static void tables_are_zero_even_when_used_before(void **state)
{
    struct fixture fixture;
    uint64_t pa, again, value;
    (void)state;
    begin(&fixture);
    struct environment environment = setup_environment(&fixture.setup);
    const struct environment_operations *op = environment.operations;
    assert_int_equal(op->allocate_table(environment.context, 4096, &pa), ENVIRONMENT_OK);
    assert_int_equal(op->write(environment.context, pa + 4088, 7), ENVIRONMENT_OK);
    assert_int_equal(op->release_table(environment.context, pa, 4096), ENVIRONMENT_OK);
    assert_int_equal(op->allocate_table(environment.context, 4096, &again), ENVIRONMENT_OK);
    assert_int_equal(again, pa);
    assert_int_equal(op->read(environment.context, pa + 4088, &value), ENVIRONMENT_OK);
    assert_int_equal(value, 0);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_calendar_is_in_order_of_cycle_kind_and_age),
        cmocka_unit_test(an_item_can_be_taken_out_of_a_calendar),
        cmocka_unit_test(items_of_a_calendar_come_back_as_they_went_in),
        cmocka_unit_test(buckets_are_contiguous_and_narrow),
        cmocka_unit_test(a_value_is_in_the_bucket_of_its_bounds),
        cmocka_unit_test(quantiles_of_small_values_are_exact),
        cmocka_unit_test(a_quantile_is_right_within_a_bucket),
        cmocka_unit_test(memory_is_zero_until_written),
        cmocka_unit_test(words_cross_pages_and_regions),
        cmocka_unit_test(a_write_touches_its_bytes_only),
        cmocka_unit_test(a_clear_zeroes_its_range_only),
        cmocka_unit_test(memory_ends_at_its_size),
        cmocka_unit_test(blocks_are_aligned_lowest_first_and_disjoint),
        cmocka_unit_test(what_alignment_skips_is_given_later),
        cmocka_unit_test(released_blocks_are_given_again_lowest_first),
        cmocka_unit_test(nothing_is_given_when_all_is_taken),
        cmocka_unit_test(the_setup_environment_reads_what_it_wrote),
        cmocka_unit_test(the_setup_environment_refuses_addresses_beyond_memory),
        cmocka_unit_test(tables_smaller_than_a_page_leave_what_is_beside_them_alone),
        cmocka_unit_test(tables_are_zero_even_when_used_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
