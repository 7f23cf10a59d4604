/*
 * Memory: every allocation that the judge makes fails once, and each failure is told. The linker gives this
 * program's calls of the allocator to the functions below (--wrap).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/judge/test/history.h"

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);

static unsigned long countdown; /* to the one that fails; 0: none does */

static bool fails(void)
{
    return countdown && --countdown == 0;
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

/* 0 or ENOMEM; the findings, if there was memory for all. */
static int judge_all(const struct story *story, uint64_t *findings)
{
    struct judge *judge = judge_create(&story->config);
    if (!judge)
        return ENOMEM;
    struct mmu_observer observer = judge_observer(judge);
    int error = 0;
    for (size_t i = 0; i < story->count && !error; i++)
        error = observer.event(observer.context, &story->events[i]);
    int finish_error = judge_finish(judge);
    if (error && error != finish_error)
        error = EINVAL; /* it has to be said again at the end */
    *findings = judge_count_all(judge);
    judge_destroy(judge);
    return error ? error : finish_error;
}

static void fail_each(const struct history_config *config)
{
    struct story story;
    story_begin(&story);
    story_space(&story, 3, false);
    for (unsigned i = 0; i < 2; i++) {
        story.events[i].as.space.stage2 = config->guests ? 3 : 0;
        story.events[i].as.space.aliasing_allowed = config->guests;
    }
    history_tell(&story, config);
    judge_destroy(story_judge(&story)); /* sorts it */
    story_load(&story, PAGE + 0x100000, FRAME, story.events[story.count - 1].cycle,
               story.events[story.count - 1].cycle + 1); /* one finding */
    unsigned long allocation = 1;
    for (;; allocation++) {
        uint64_t findings = 0;
        countdown = allocation;
        int error = judge_all(&story, &findings);
        bool beyond_the_last = countdown != 0;
        countdown = 0;
        if (beyond_the_last) {
            assert_int_equal(error, 0);
            assert_int_equal(findings, 1);
            break;
        }
        assert_int_equal(error, ENOMEM);
    }
    assert_true(allocation > 50);
    story_end(&story);
}

static void each_failure_is_told(void **state)
{
    fail_each(&(struct history_config){.seed = 7, .cycles = 3000, .lazy = true});
}

static void each_failure_with_guests_is_told(void **state)
{
    fail_each(&(struct history_config){.seed = 7, .cycles = 3000, .guests = true});
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(each_failure_is_told),
                                              cmocka_unit_test(each_failure_with_guests_is_told)};
    return cmocka_run_group_tests_name("judge, memory", tests, NULL, NULL);
}
