/*
 * Memory that is not there: every allocation fails once, and each failure is told. The linker gives this
 * program's calls of the allocator to the functions below (--wrap).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/explore/intern.h"
#include "sim/explore/memo.h"
#include "sim/explore/test/models.h"

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);

static unsigned long countdown; /* to the first that fails; 0: none does */
static bool for_good;           /* all fail from then on */
static bool failed;

static bool fails(void)
{
    if (countdown == 0 || --countdown > 0)
        return false;
    countdown = for_good;
    failed = true;
    return true;
}

void *__wrap_malloc(size_t bytes)
{
    return fails() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return fails() ? NULL : __real_realloc(old, bytes);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    return fails() ? NULL : __real_aligned_alloc(alignment, bytes);
}

static void fail_at(unsigned long allocation, bool then_all)
{
    countdown = allocation;
    for_good = then_all;
    failed = false;
}

/* A search that must either end for want of memory, or not have needed it. */
static void search_without(struct search *search)
{
    enum search_outcome outcome = search_run(search);
    countdown = 0;
    assert_true(outcome == SEARCH_COMPLETE || (failed && outcome == SEARCH_NO_MEMORY));
    uint32_t states = search_figures(search)->states;
    assert_true(outcome == SEARCH_COMPLETE ? states == 3125 : states < 3125);
    for (uint32_t i = 0; i < states; i++)
        assert_true(search_path(search, i, NULL, 0) <= 1 + search_figures(search)->depth);
    char text[200];
    assert_true(search_sentence(search, text, sizeof text) > 0);
}

static void a_search_ends_where_the_host_has_no_memory(void **state)
{
    struct counters counters = {.counters = 5, .top = 4};
    struct search_model model = counters_model(&counters);
    unsigned ended = 0;
    bool went_through = false;
    for (unsigned long allocation = 1; !went_through; allocation++) {
        struct memory_budget budget = {.bytes_max = (size_t)1 << 30};
        fail_at(allocation, true);
        struct search *search = search_create(&model, &(struct search_config){.budget = &budget});
        if (search)
            search_without(search);
        else
            assert_int_equal(budget.refusal, MEMORY_NOT_THERE);
        countdown = 0;
        ended += failed;
        went_through = !failed;
        search_destroy(search);
        assert_int_equal(budget.bytes, 0);
    }
    assert_true(ended > 10);
}

/* When just one allocation fails, what is there afterwards is whole. */
static void a_table_goes_on_after_a_failure(void **state)
{
    for (uint32_t fixed_bytes = 0; fixed_bytes <= 4; fixed_bytes += 4) {
        struct memory_budget budget = {.bytes_max = (size_t)1 << 30};
        struct intern *table =
            intern_create(&(struct intern_config){.budget = &budget, .fixed_bytes = fixed_bytes});
        unsigned refused = 0;
        for (uint32_t i = 0; i < 5000; i++) {
            fail_at(1, false);
            uint32_t number = intern_add(table, &i, sizeof i);
            countdown = 0;
            refused += number == INTERN_NONE;
            if (number == INTERN_NONE)
                number = intern_add(table, &i, sizeof i);
            assert_int_equal(number, i);
        }
        for (uint32_t i = 0; i < 5000; i++)
            assert_int_equal(intern_find(table, &i, sizeof i), i);
        assert_true(refused > 0);
        intern_destroy(table);
        assert_int_equal(budget.bytes, 0);
    }
}

static void a_memo_goes_on_after_a_failure(void **state)
{
    struct memory_budget budget = {.bytes_max = (size_t)1 << 30};
    struct memo *memo = memo_create(&budget);
    unsigned refused = 0;
    for (uint32_t i = 0; i < 5000; i++) {
        fail_at(1, false);
        bool put = memo_put(memo, i, i);
        countdown = 0;
        refused += !put;
        assert_true(put || memo_put(memo, i, i));
    }
    for (uint32_t i = 0; i < 5000; i++)
        assert_true(memo_get(memo, i) == i);
    assert_true(refused > 0);
    memo_destroy(memo);
}

static void nothing_is_made_without_memory(void **state)
{
    for (unsigned long allocation = 1; allocation <= 2; allocation++) {
        struct memory_budget budget = {.bytes_max = (size_t)1 << 30};
        fail_at(allocation, false);
        assert_null(memo_create(&budget));
        fail_at(allocation, false);
        assert_null(intern_create(&(struct intern_config){.budget = &budget}));
        assert_int_equal(budget.bytes, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_search_ends_where_the_host_has_no_memory),
        cmocka_unit_test(a_table_goes_on_after_a_failure),
        cmocka_unit_test(a_memo_goes_on_after_a_failure),
        cmocka_unit_test(nothing_is_made_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
