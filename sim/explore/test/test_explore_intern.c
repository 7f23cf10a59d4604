/* Interning is exact, whatever the hash, and keeps to its bounds. MMUSIM_SEED replays the random ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/explore/intern.h"
#include "tlb/test/random.h"

#define ALL_MEMORY ((size_t)1 << 30)

static uint64_t hash_nothing(const void *bytes, size_t length)
{
    return 77;
}

/* Homes at the end of the table, so that probes run around its end; and few different marks. */
static uint64_t hash_to_the_end(const void *bytes, size_t length)
{
    uint8_t last = 0;
    if (length)
        memcpy(&last, (const uint8_t *)bytes + length - 1, 1);
    return UINT64_MAX - ((uint64_t)(last & 3) << 32);
}

static uint64_t (*const hashes[])(const void *, size_t) = {NULL, hash_nothing, hash_to_the_end};
#define HASHES (sizeof hashes / sizeof *hashes)

static struct intern *make(struct memory_budget *budget, uint32_t fixed_bytes,
                           uint64_t (*hash)(const void *, size_t))
{
    struct intern *table =
        intern_create(&(struct intern_config){.budget = budget, .fixed_bytes = fixed_bytes, .hash = hash});
    assert_non_null(table);
    return table;
}

static void numbers_are_given_in_the_order_of_first_appearance(void **state)
{
    for (size_t i = 0; i < HASHES; i++) {
        struct memory_budget budget = {.bytes_max = ALL_MEMORY};
        struct intern *table = make(&budget, 0, hashes[i]);
        assert_int_equal(intern_add(table, "root", 4), 0);
        assert_int_equal(intern_add(table, "leaf", 4), 1);
        assert_int_equal(intern_add(table, "root", 4), 0);
        assert_int_equal(intern_add(table, "lea", 3), 2);
        assert_int_equal(intern_count(table), 3);
        intern_destroy(table);
    }
}

static void strings_that_differ_only_in_length_are_different(void **state)
{
    static const uint8_t zeros[INTERN_BYTES_MAX];
    for (size_t i = 0; i < HASHES; i++) {
        struct memory_budget budget = {.bytes_max = ALL_MEMORY};
        struct intern *table = make(&budget, 0, hashes[i]);
        for (uint32_t length = 0; length < 100; length++)
            assert_int_equal(intern_add(table, zeros, length), length);
        assert_int_equal(intern_add(table, zeros, INTERN_BYTES_MAX), 100);
        assert_int_equal(intern_add(table, zeros, INTERN_BYTES_MAX - 1), 101);
        for (uint32_t length = 0; length < 100; length++)
            assert_int_equal(intern_add(table, zeros, length), length);
        intern_destroy(table);
    }
}

static void strings_that_differ_in_one_bit_are_different(void **state)
{
    for (uint32_t bytes = 1; bytes <= 41; bytes++) {
        struct memory_budget budget = {.bytes_max = ALL_MEMORY};
        struct intern *fixed = make(&budget, bytes, NULL);
        struct intern *any = make(&budget, 0, hash_nothing);
        for (uint32_t bit = 0; bit < 8 * bytes; bit++) {
            uint8_t string[41] = {0};
            string[bit / 8] = (uint8_t)(1u << bit % 8);
            assert_int_equal(intern_find(fixed, string, bytes), INTERN_NONE);
            assert_int_equal(intern_add(fixed, string, bytes), bit);
            assert_int_equal(intern_add(any, string, bytes), bit);
            assert_int_equal(intern_find(fixed, string, bytes), bit);
        }
        intern_destroy(fixed);
        intern_destroy(any);
        assert_int_equal(budget.bytes, 0);
    }
}

static void strings_stay_where_they_are(void **state)
{
    struct memory_budget budget = {.bytes_max = ALL_MEMORY};
    struct intern *table = make(&budget, 8, NULL);
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(intern_add(table, &i, sizeof i), i);
    const void *first = intern_bytes(table, 0, NULL);
    for (uint64_t i = 0; i < 100000; i++)
        assert_int_equal(intern_add(table, &i, sizeof i), i);
    assert_ptr_equal(intern_bytes(table, 0, NULL), first);
    intern_destroy(table);
}

/* ---- Against a list ---- */

#define STRINGS      600u
#define STRING_BYTES 40u

struct list {
    uint8_t strings[STRINGS][STRING_BYTES];
    size_t lengths[STRINGS];
    uint32_t count;
};

static uint32_t list_find(const struct list *list, const uint8_t *string, size_t length)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (list->lengths[i] == length && memcmp(list->strings[i], string, length) == 0)
            return i;
    return INTERN_NONE;
}

static uint32_t list_add(struct list *list, const uint8_t *string, size_t length)
{
    uint32_t there = list_find(list, string, length);
    if (there != INTERN_NONE)
        return there;
    memcpy(list->strings[list->count], string, length);
    list->lengths[list->count] = length;
    return list->count++;
}

/* Few symbols, so that strings meet again and have long beginnings in common. */
static size_t random_string(uint64_t *random, uint32_t fixed_bytes, uint8_t *string)
{
    size_t length = fixed_bytes ? fixed_bytes : random_below(random, STRING_BYTES);
    memset(string, 0, STRING_BYTES);
    for (unsigned i = 0; i < 3 && length > 0; i++)
        string[random_below(random, length)] = (uint8_t)random_below(random, 4);
    return length;
}

static void same_as_a_list(uint64_t seed)
{
    uint64_t random = seed;
    struct memory_budget budget = {.bytes_max = ALL_MEMORY};
    uint32_t fixed_bytes = (uint32_t)random_below(&random, STRING_BYTES);
    struct intern *table = make(&budget, fixed_bytes, hashes[random_below(&random, HASHES)]);
    static struct list list;
    list.count = 0;
    for (unsigned i = 0; i < STRINGS; i++) {
        uint8_t string[STRING_BYTES];
        size_t length = random_string(&random, fixed_bytes, string);
        assert_int_equal(intern_find(table, string, length), list_find(&list, string, length));
        assert_int_equal(intern_add(table, string, length), list_add(&list, string, length));
    }
    assert_int_equal(intern_count(table), list.count);
    for (uint32_t i = 0; i < list.count; i++) {
        size_t length;
        const void *bytes = intern_bytes(table, i, &length);
        assert_int_equal(length, list.lengths[i]);
        assert_memory_equal(bytes, list.strings[i], length);
    }
    intern_destroy(table);
    assert_int_equal(budget.bytes, 0);
}

static void random_strings_have_the_numbers_of_a_list(void **state)
{
    uint64_t seed = random_seed();
    for (unsigned i = 0; i < random_runs(60); i++)
        same_as_a_list(seed + i);
}

/* ---- Bounds ---- */

static void a_table_is_full_at_its_count(void **state)
{
    struct memory_budget budget = {.bytes_max = ALL_MEMORY};
    struct intern *table =
        intern_create(&(struct intern_config){.budget = &budget, .fixed_bytes = 4, .count_max = 100});
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(intern_add(table, &i, sizeof i), i);
    assert_int_equal(intern_add(table, &(uint32_t){100}, 4), INTERN_NONE);
    assert_int_equal(intern_add(table, &(uint32_t){99}, 4), 99);
    assert_int_equal(intern_count(table), 100);
    intern_destroy(table);
}

/* How many there are before one is refused. */
static uint32_t fill(struct intern *table, uint32_t bytes)
{
    uint8_t string[STRING_BYTES] = {0};
    for (uint32_t i = 0;; i++) {
        memcpy(string, &i, sizeof i);
        if (intern_add(table, string, bytes) == INTERN_NONE)
            return i;
    }
}

static void a_table_ends_at_its_bytes_and_keeps_what_it_has(void **state)
{
    for (uint32_t fixed_bytes = 0; fixed_bytes <= 24; fixed_bytes += 24) {
        struct memory_budget budget = {.bytes_max = 100000};
        struct intern *table = make(&budget, fixed_bytes, NULL);
        uint32_t count = fill(table, 24);
        assert_int_equal(budget.refusal, MEMORY_BEYOND_BOUND);
        assert_true(budget.bytes_peak <= budget.bytes_max);
        assert_int_equal(intern_count(table), count);
        assert_int_equal(fill(table, 24), count);
        assert_memory_equal(intern_bytes(table, count - 1, NULL), &(uint32_t){count - 1}, 4);
        intern_destroy(table);
        assert_int_equal(budget.bytes, 0);
    }
}

static void slots_that_cannot_grow_are_filled_further(void **state)
{
    /* Room for the strings of 1024 slots, and for no more slots than these. */
    struct memory_budget budget = {.bytes_max = 1024 * 8 + 1024 * 4 + 512 * 8 + 2000};
    struct intern *table = make(&budget, 4, NULL);
    assert_int_equal(fill(table, 4), 1024 / 16 * 15);
    intern_destroy(table);
}

static void no_table_is_made_without_memory_for_it(void **state)
{
    struct memory_budget budget = {.bytes_max = 300};
    assert_null(intern_create(&(struct intern_config){.budget = &budget, .fixed_bytes = 4}));
    assert_int_equal(budget.bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_given_in_the_order_of_first_appearance),
        cmocka_unit_test(strings_that_differ_only_in_length_are_different),
        cmocka_unit_test(strings_that_differ_in_one_bit_are_different),
        cmocka_unit_test(strings_stay_where_they_are),
        cmocka_unit_test(random_strings_have_the_numbers_of_a_list),
        cmocka_unit_test(a_table_is_full_at_its_count),
        cmocka_unit_test(a_table_ends_at_its_bytes_and_keeps_what_it_has),
        cmocka_unit_test(slots_that_cannot_grow_are_filled_further),
        cmocka_unit_test(no_table_is_made_without_memory_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
