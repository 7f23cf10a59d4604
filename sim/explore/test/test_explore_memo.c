#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/explore/memo.h"
#include "tlb/test/random.h"

#define ALL_MEMORY ((size_t)1 << 30)

static void what_was_put_is_there(void **state)
{
    struct memory_budget budget = {.bytes_max = ALL_MEMORY};
    struct memo *memo = memo_create(&budget);
    assert_true(memo_get(memo, memo_key(0, 0)) == MEMO_NONE);
    assert_true(memo_put(memo, memo_key(0, 0), 0));
    assert_true(memo_put(memo, memo_key(1, 0), 5));
    assert_true(memo_get(memo, memo_key(0, 0)) == 0);
    assert_true(memo_get(memo, memo_key(1, 0)) == 5);
    assert_true(memo_get(memo, memo_key(0, 1)) == MEMO_NONE);
    memo_destroy(memo);
    assert_int_equal(budget.bytes, 0);
}

static void what_is_put_again_is_replaced(void **state)
{
    struct memory_budget budget = {.bytes_max = ALL_MEMORY};
    struct memo *memo = memo_create(&budget);
    assert_true(memo_put(memo, 7, 1));
    assert_true(memo_put(memo, 7, MEMO_NONE - 1));
    assert_true(memo_get(memo, 7) == MEMO_NONE - 1);
    assert_int_equal(memo_count(memo), 1);
    memo_destroy(memo);
}

static void random_keys_have_the_values_of_an_array(void **state)
{
    enum { KEYS = 3000 };
    static uint64_t values[KEYS];
    uint64_t random = random_seed();
    struct memory_budget budget = {.bytes_max = ALL_MEMORY};
    struct memo *memo = memo_create(&budget);
    size_t count = 0;
    for (size_t i = 0; i < KEYS; i++)
        values[i] = MEMO_NONE;
    for (unsigned i = 0; i < 2 * KEYS; i++) {
        uint64_t key = random_below(&random, KEYS);
        uint64_t value = random_next(&random) >> 1;
        count += values[key] == MEMO_NONE;
        values[key] = value;
        assert_true(memo_put(memo, key << 32, value));
    }
    assert_int_equal(memo_count(memo), count);
    for (uint64_t key = 0; key < KEYS; key++)
        assert_true(memo_get(memo, key << 32) == values[key]);
    memo_destroy(memo);
}

static void a_full_memo_keeps_what_it_has(void **state)
{
    struct memory_budget budget = {.bytes_max = 50000};
    struct memo *memo = memo_create(&budget);
    uint64_t key = 0;
    while (memo_put(memo, key, key + 1))
        key++;
    assert_int_equal(budget.refusal, MEMORY_BEYOND_BOUND);
    assert_int_equal(memo_count(memo), key);
    assert_true(memo_get(memo, key) == MEMO_NONE);
    assert_true(memo_put(memo, 0, 9));
    for (uint64_t i = 1; i < key; i++)
        assert_true(memo_get(memo, i) == i + 1);
    memo_destroy(memo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_there),
        cmocka_unit_test(what_is_put_again_is_replaced),
        cmocka_unit_test(random_keys_have_the_values_of_an_array),
        cmocka_unit_test(a_full_memo_keeps_what_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
