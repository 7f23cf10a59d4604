#include "pagetables/test/fixture.h"

static struct flat_memory *memory;
static struct environment environment;

static int open_memory(void **state)
{
    const struct flat_memory_config config = {
        .physical_bytes = MIB, .tables_base = 64 * KIB, .tables_bytes = 32 * KIB};
    memory = flat_memory_create(&config);
    if (!memory)
        return -1;
    environment = flat_memory_environment(memory);
    return 0;
}

static int close_memory(void **state)
{
    flat_memory_destroy(memory);
    return 0;
}

static int allocate(uint64_t bytes, uint64_t *pa)
{
    return environment.operations->allocate_table(environment.context, bytes, pa);
}

static int release(uint64_t pa, uint64_t bytes)
{
    return environment.operations->release_table(environment.context, pa, bytes);
}

static int read_word(uint64_t pa, uint64_t *value)
{
    return environment.operations->read(environment.context, pa, value);
}

static int write_word(uint64_t pa, uint64_t value)
{
    return environment.operations->write(environment.context, pa, value);
}

static void good_words_keep_what_was_written(void **state)
{
    uint64_t value = 1;
    assert_int_equal(read_word(0x1000, &value), ENVIRONMENT_OK);
    assert_int_equal(value, 0);
    assert_int_equal(write_word(0x1000, 42), ENVIRONMENT_OK);
    assert_int_equal(read_word(0x1000, &value), ENVIRONMENT_OK);
    assert_int_equal(value, 42);
}

static void bad_addresses_without_memory_or_alignment_are_refused(void **state)
{
    uint64_t value;
    assert_int_equal(read_word(MIB, &value), ENVIRONMENT_BAD_ADDRESS);
    assert_int_equal(write_word(0x1004, 1), ENVIRONMENT_BAD_ADDRESS);
    assert_false(flat_memory_poke(memory, MIB, 1));
}

static void good_tables_are_zeroed_and_aligned(void **state)
{
    uint64_t small;
    uint64_t large;
    uint64_t value;
    assert_int_equal(allocate(4096, &small), ENVIRONMENT_OK);
    assert_int_equal(allocate(16384, &large), ENVIRONMENT_OK);
    assert_int_equal(large % 16384, 0);
    assert_int_equal(write_word(small, 7), ENVIRONMENT_OK);
    assert_int_equal(release(small, 4096), ENVIRONMENT_OK);
    assert_int_equal(allocate(4096, &small), ENVIRONMENT_OK);
    assert_int_equal(read_word(small, &value), ENVIRONMENT_OK);
    assert_int_equal(value, 0);
    assert_int_equal(flat_memory_tables(memory), 2);
}

static void bad_a_released_table_cannot_be_used(void **state)
{
    uint64_t pa;
    uint64_t value;
    assert_int_equal(allocate(4096, &pa), ENVIRONMENT_OK);
    assert_int_equal(release(pa, 4096), ENVIRONMENT_OK);
    assert_int_equal(read_word(pa, &value), ENVIRONMENT_BAD_ADDRESS);
    assert_int_equal(write_word(pa, 1), ENVIRONMENT_BAD_ADDRESS);
    assert_int_equal(release(pa, 4096), ENVIRONMENT_BAD_ADDRESS);
}

static void bad_a_table_is_released_only_as_it_was_allocated(void **state)
{
    uint64_t pa;
    assert_int_equal(allocate(8192, &pa), ENVIRONMENT_OK);
    assert_int_equal(release(pa, 4096), ENVIRONMENT_BAD_ADDRESS);
    assert_int_equal(release(pa + 4096, 4096), ENVIRONMENT_BAD_ADDRESS);
    assert_int_equal(release(0, 4096), ENVIRONMENT_BAD_ADDRESS);
    assert_int_equal(flat_memory_tables(memory), 1);
}

static void bad_a_full_region_has_no_memory(void **state)
{
    uint64_t pa;
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(allocate(4096, &pa), ENVIRONMENT_OK);
    assert_int_equal(allocate(4096, &pa), ENVIRONMENT_NO_MEMORY);
}

static void bad_the_allocation_that_a_test_names_fails_once(void **state)
{
    uint64_t pa;
    flat_memory_fail_allocation(memory, 2);
    assert_int_equal(allocate(4096, &pa), ENVIRONMENT_OK);
    assert_int_equal(allocate(4096, &pa), ENVIRONMENT_NO_MEMORY);
    assert_int_equal(allocate(4096, &pa), ENVIRONMENT_OK);
}

static void good_compare_exchange_replaces_what_was_expected(void **state)
{
    uint64_t observed;
    assert_int_equal(environment.operations->compare_exchange(environment.context, 0x1000, 0, 5, &observed),
                     ENVIRONMENT_OK);
    assert_int_equal(observed, 0);
    assert_int_equal(environment.operations->compare_exchange(environment.context, 0x1000, 0, 6, &observed),
                     ENVIRONMENT_OK);
    assert_int_equal(observed, 5);
    assert_int_equal(read_word(0x1000, &observed), ENVIRONMENT_OK);
    assert_int_equal(observed, 5);
}

static void bad_a_lock_that_is_held_cannot_be_taken(void **state)
{
    assert_int_equal(environment.operations->unlock(environment.context, 0x1000), ENVIRONMENT_BAD_ADDRESS);
    assert_int_equal(environment.operations->lock(environment.context, 0x1000), ENVIRONMENT_OK);
    assert_int_equal(environment.operations->lock(environment.context, 0x1000), ENVIRONMENT_BAD_ADDRESS);
    assert_int_equal(flat_memory_locks(memory), 1);
    assert_int_equal(environment.operations->unlock(environment.context, 0x1000), ENVIRONMENT_OK);
    assert_int_equal(flat_memory_locks(memory), 0);
}

static void good_the_log_has_every_call_in_order_and_counts_reads(void **state)
{
    const struct invalidation what = {.va = 0x5000, .asid = 3, .scope = INVALIDATE_VA, .broadcast = true};
    uint64_t value;
    assert_int_equal(write_word(0x1000, 1), ENVIRONMENT_OK);
    assert_int_equal(read_word(0x1000, &value), ENVIRONMENT_OK);
    assert_int_equal(environment.operations->barrier(environment.context, BARRIER_DSB_ISHST), ENVIRONMENT_OK);
    assert_int_equal(environment.operations->invalidate(environment.context, &what), ENVIRONMENT_OK);
    assert_int_equal(environment.operations->complete(environment.context), ENVIRONMENT_OK);
    assert_int_equal(write_word(0x1000, 2), ENVIRONMENT_OK);
    const struct flat_event *log = flat_memory_log(memory);
    assert_int_equal(flat_memory_log_count(memory), 5);
    assert_int_equal(log[0].kind, FLAT_WRITE);
    assert_int_equal(log[1].kind, FLAT_BARRIER);
    assert_int_equal(log[1].barrier, BARRIER_DSB_ISHST);
    assert_int_equal(log[2].kind, FLAT_INVALIDATE);
    assert_int_equal(log[2].invalidation.va, 0x5000);
    assert_int_equal(log[3].kind, FLAT_COMPLETE);
    assert_int_equal(log[4].before, 1);
    assert_int_equal(log[4].value, 2);
    assert_int_equal(flat_memory_reads(memory), 1);
    flat_memory_log_clear(memory);
    assert_int_equal(flat_memory_log_count(memory), 0);
    assert_int_equal(flat_memory_reads(memory), 0);
}

static void bad_a_configuration_that_makes_no_sense_is_refused(void **state)
{
    const struct flat_memory_config configs[] = {
        {.physical_bytes = MIB, .tables_base = MIB, .tables_bytes = 4 * KIB},
        {.physical_bytes = MIB, .tables_base = 100, .tables_bytes = 4 * KIB},
        {.physical_bytes = MIB, .tables_base = 0, .tables_bytes = 0},
        {.physical_bytes = MIB, .tables_base = 0, .tables_bytes = 2 * MIB},
    };
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++)
        assert_null(flat_memory_create(&configs[i]));
}

#define MEMORY_TEST(test) cmocka_unit_test_setup_teardown(test, open_memory, close_memory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MEMORY_TEST(good_words_keep_what_was_written),
        MEMORY_TEST(bad_addresses_without_memory_or_alignment_are_refused),
        MEMORY_TEST(good_tables_are_zeroed_and_aligned),
        MEMORY_TEST(bad_a_released_table_cannot_be_used),
        MEMORY_TEST(bad_a_table_is_released_only_as_it_was_allocated),
        MEMORY_TEST(bad_a_full_region_has_no_memory),
        MEMORY_TEST(bad_the_allocation_that_a_test_names_fails_once),
        MEMORY_TEST(good_compare_exchange_replaces_what_was_expected),
        MEMORY_TEST(bad_a_lock_that_is_held_cannot_be_taken),
        MEMORY_TEST(good_the_log_has_every_call_in_order_and_counts_reads),
        cmocka_unit_test(bad_a_configuration_that_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
