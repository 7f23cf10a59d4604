/* The rules about what page-table code answers, what the table then holds, and the memory that it is given:
 * the good run breaks none, and one damaged fact breaks one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mmu/digest.h"
#include "sim/record/test/synthetic.h"

static struct synthetic_run run;

/* Damage changes what is judged, not the counters: their arithmetic has tests of its own. */
static void expect_broken(const char *rules)
{
    run.counter_count = 0;
    assert_string_equal(synthetic_broken(&run, RECORD_ALL), rules);
}

static int good_run(void **state)
{
    synthetic_good_run(&run);
    return 0;
}

static int remove_files(void **state)
{
    synthetic_remove_folder();
    return 0;
}

static void bad_map_on_a_free_range_says_overlap(void **state)
{
    struct mmu_event *end = synthetic_nth(&run, EVENT_OPERATION_END, OPERATION_6_MAP_OVERLAPPING - 1);
    struct mmu_event *begin = synthetic_nth(&run, EVENT_OPERATION_BEGIN, OPERATION_6_MAP_OVERLAPPING - 1);
    begin->as.operation.va = end->as.operation.va = 0xa00000;
    struct mmu_event *view = synthetic_nth(&run, EVENT_VIEW, 4);
    view->as.view.va = 0xa00000;
    view->as.view.mapped = 0;
    expect_broken("operation_result");
}

static void bad_map_on_an_occupied_range_succeeds(void **state)
{
    synthetic_nth(&run, EVENT_OPERATION_END, OPERATION_6_MAP_OVERLAPPING - 1)->as.operation.result =
        PAGETABLE_OK;
    expect_broken("operation_result view_differs");
}

static void bad_unmap_of_a_mapping_says_not_mapped(void **state)
{
    synthetic_nth(&run, EVENT_OPERATION_END, OPERATION_3_UNMAP - 1)->as.operation.result =
        PAGETABLE_NOT_MAPPED;
    expect_broken("operation_result spurious_fault view_differs");
}

static void bad_query_misses_a_mapping(void **state)
{
    synthetic_nth(&run, EVENT_OPERATION_END, OPERATION_7_QUERY_BLOCK - 1)->as.operation.result =
        PAGETABLE_NOT_MAPPED;
    expect_broken("operation_result");
}

static void bad_query_finds_another_frame(void **state)
{
    synthetic_nth(&run, EVENT_OPERATION_END, OPERATION_7_QUERY_BLOCK - 1)->as.operation.frame.base +=
        0x200000;
    expect_broken("operation_result");
}

static void bad_query_finds_what_was_unmapped(void **state)
{
    struct event_operation *query =
        &synthetic_nth(&run, EVENT_OPERATION_END, OPERATION_4_QUERY_NOTHING - 1)->as.operation;
    query->result = PAGETABLE_OK;
    query->found_va = PAGE_VA;
    query->frame = (struct frame){PAGE_PA, FRAME_READABLE | FRAME_USER, 12};
    expect_broken("operation_result");
}

static void bad_map_of_a_frame_in_use_succeeds(void **state)
{
    struct mmu_event *begin = synthetic_nth(&run, EVENT_OPERATION_BEGIN, OPERATION_6_MAP_OVERLAPPING - 1);
    struct mmu_event *end = synthetic_nth(&run, EVENT_OPERATION_END, OPERATION_6_MAP_OVERLAPPING - 1);
    begin->as.operation.va = end->as.operation.va = 0xa00000;
    begin->as.operation.frame.base = end->as.operation.frame.base = BLOCK_PA + 0x1000;
    end->as.operation.result = PAGETABLE_OK;
    struct event_view *view = &synthetic_nth(&run, EVENT_VIEW, 4)->as.view;
    view->va = 0xa00000;
    view->mapping = (struct mapping){0xa00000, {BLOCK_PA + 0x1000, begin->as.operation.frame.attributes, 12}};
    view->mappings = 2;
    expect_broken("operation_result");
    synthetic_nth(&run, EVENT_SPACE, 0)->as.space.aliasing_allowed = 1;
    expect_broken("");
}

/* The page is at 256 MiB, the block at 512 MiB. */
static void bad_map_of_a_frame_beyond_memory_succeeds(void **state)
{
    const char *path = synthetic_path("beyond.db");
    const char *sql = "SELECT COUNT(*) FROM rule_operation_result";
    synthetic_record(&run, path, RECORD_MISSES);
    (void)synthetic_ask(path, "INSERT INTO configuration VALUES ('memory.size', '536870912') RETURNING 0");
    assert_int_equal(synthetic_ask(path, sql), 1);
    (void)synthetic_ask(
        path, "UPDATE configuration SET value = '538968064' WHERE name = 'memory.size' RETURNING 0");
    assert_int_equal(synthetic_ask(path, sql), 0);
}

static void bad_view_misses_a_mapping(void **state)
{
    synthetic_nth(&run, EVENT_VIEW, 0)->as.view.mapped = 0;
    expect_broken("view_differs");
}

static void bad_view_has_another_frame(void **state)
{
    synthetic_nth(&run, EVENT_VIEW, 0)->as.view.mapping.frame.base += 0x1000;
    expect_broken("view_differs");
}

static void bad_view_has_a_mapping_too_many(void **state)
{
    synthetic_nth(&run, EVENT_VIEW, 2)->as.view.mappings = 1;
    expect_broken("view_differs");
}

/* After the protect the table has one mapping: this one. */
static void protected_page_is_seen(const struct frame *frame, const char *rules)
{
    const struct mapping seen = {PAGE_VA, *frame};
    synthetic_nth(&run, EVENT_VIEW, 1)->as.view.digest = digest_mapping(&seen);
    expect_broken(rules);
}

static void good_contents_are_those_of_the_abstract_map(void **state)
{
    protected_page_is_seen(&(struct frame){PAGE_PA, FRAME_READABLE | FRAME_USER, 12}, "");
    protected_page_is_seen(&(struct frame){PAGE_PA, FRAME_READABLE | FRAME_USER | FRAME_OLD, 12}, "");
}

static void bad_contents_have_another_frame_or_other_attributes(void **state)
{
    protected_page_is_seen(&(struct frame){PAGE_PA + 0x1000, FRAME_READABLE | FRAME_USER, 12},
                           "view_differs");
    protected_page_is_seen(&(struct frame){PAGE_PA, FRAME_READABLE, 12}, "view_differs");
}

/* Numbers of all kinds: SQL's arithmetic is that of mmu/digest.h. */
static void digests_of_sql_are_those_of_events(void **state)
{
    const char *path = synthetic_path("digests.db");
    static const uint64_t vas[] = {0, 0x40, 0x7ffffff000, UINT64_C(0xffff800012345000), UINT64_C(-4096)};
    synthetic_record(&run, path, RECORD_MISSES);
    for (size_t i = 0; i < sizeof vas / sizeof *vas; i++) {
        const struct mapping mapping = {
            vas[i],
            {UINT64_C(0xfedcba9877000) >> i, (0x1f3f >> i) & FRAME_ATTRIBUTES_ALL, (uint8_t)(12 + 9 * i)}};
        char sql[512];
        (void)snprintf(sql, sizeof sql,
                       "UPDATE mapping_windows SET va = %lld, pa = %lld, size_lg2 = %u, attributes = %u"
                       " WHERE mapping = 1 RETURNING 0",
                       (long long)mapping.va, (long long)mapping.frame.base, mapping.frame.size_lg2,
                       mapping.frame.attributes);
        (void)synthetic_ask(path, sql);
        assert_int_equal(synthetic_ask(path, "SELECT digest FROM mapping_digests WHERE mapping = 1"),
                         digest_mapping(&mapping));
        (void)snprintf(sql, sizeof sql, "UPDATE table_blocks SET pa = %lld, bytes = %lld RETURNING 0",
                       (long long)mapping.frame.base, 1LL << (3 + 9 * i));
        (void)synthetic_ask(path, sql);
        assert_int_equal(synthetic_ask(path, "SELECT digest FROM block_digests"),
                         digest_block(mapping.frame.base, UINT64_C(1) << (3 + 9 * i)));
    }
}

/* When every program has ended; the block of 2 MiB is mapped. */
static void run_ends_with(const struct mapping *mapping, uint64_t mappings, const char *rules)
{
    struct mmu_event event = {.kind = EVENT_VIEW, .cycle = 2000, .core = 1};
    event.as.view = (struct event_view){
        .space = 1, .mappings = mappings, .digest = digest_mapping(mapping), .digested = 1};
    synthetic_good_run(&run);
    synthetic_add(&run, &event);
    expect_broken(rules);
}

static void good_and_bad_contents_when_the_run_ends(void **state)
{
    const uint32_t attributes = FRAME_READABLE | FRAME_WRITABLE | FRAME_USER;
    run_ends_with(&(struct mapping){BLOCK_VA, {BLOCK_PA, attributes, 21}}, 1, "");
    run_ends_with(&(struct mapping){BLOCK_VA, {BLOCK_PA, attributes, 21}}, 2, "view_differs");
    run_ends_with(&(struct mapping){BLOCK_VA, {BLOCK_PA, attributes, 12}}, 1, "view_differs");
    run_ends_with(&(struct mapping){BLOCK_VA + 0x200000, {BLOCK_PA, attributes, 21}}, 1, "view_differs");
}

static void bad_table_breaks_its_invariants(void **state)
{
    struct event_view *view = &synthetic_nth(&run, EVENT_VIEW, 1)->as.view;
    view->shape = SHAPE_BROKEN;
    view->reason = "two entries point to one table";
    view->reached = 0;
    expect_broken("table_invariant");
}

/* Another core's operation, which begins before the view of the protect and has made a store by then. */
static void good_table_is_broken_in_the_middle_of_an_operation(void **state)
{
    struct event_view *view = &synthetic_nth(&run, EVENT_VIEW, 1)->as.view;
    struct mmu_event begin = *synthetic_nth(&run, EVENT_OPERATION_BEGIN, OPERATION_7_QUERY_BLOCK - 1);
    struct mmu_event end = *synthetic_nth(&run, EVENT_OPERATION_END, OPERATION_7_QUERY_BLOCK - 1);
    view->shape = SHAPE_BROKEN;
    begin.cycle = begin.as.operation.begin_cycle = 399;
    begin.core = end.core = 1;
    begin.as.operation.id = end.as.operation.id = 8;
    begin.as.operation.va = end.as.operation.va = 0;
    end.as.operation.begin_cycle = 399;
    end.as.operation.result = PAGETABLE_NOT_MAPPED;
    end.cycle = 402;
    synthetic_add(&run, &begin);
    synthetic_add(&run, &end);
    expect_broken("table_invariant"); /* what nobody sees yet is no excuse */
    struct mmu_event store = *synthetic_nth(&run, EVENT_ENTRY_WRITE, 0);
    store.cycle = store.as.entry_write.visible_cycle = 399;
    store.as.entry_write = (struct event_entry_write){
        .operation = 8, .pa = 0x5000, .new_value = 1, .issue_cycle = 399, .visible_cycle = 399};
    store.core = 1;
    synthetic_add(&run, &store);
    expect_broken("");
}

static void bad_table_loses_memory(void **state)
{
    synthetic_remove(&run, synthetic_nth(&run, EVENT_TABLE, 2)); /* the unmap does not release it */
    expect_broken("lost_table");
}

static void bad_table_reaches_another_block(void **state)
{
    struct event_view *view = &synthetic_nth(&run, EVENT_VIEW, 2)->as.view;
    view->blocks_digest = digest_block(TABLE_PA, 4096);
    expect_broken("lost_table");
}

static void bad_table_is_linked_after_its_release(void **state)
{
    struct mmu_event release = *synthetic_nth(&run, EVENT_TABLE, 2);
    release.cycle = 390; /* before the view of the protect */
    release.as.table.operation = OPERATION_2_PROTECT;
    synthetic_remove(&run, synthetic_nth(&run, EVENT_TABLE, 2));
    synthetic_add(&run, &release);
    expect_broken("lost_table");
}

static void bad_table_is_released_twice(void **state)
{
    struct mmu_event release = *synthetic_nth(&run, EVENT_TABLE, 2);
    release.cycle++;
    synthetic_add(&run, &release);
    expect_broken("lost_table");
}

static void bad_table_is_released_with_another_size(void **state)
{
    synthetic_nth(&run, EVENT_TABLE, 2)->as.table.bytes = 8192;
    expect_broken("lost_table");
}

static void bad_table_is_given_twice(void **state)
{
    struct mmu_event given = *synthetic_nth(&run, EVENT_TABLE, 1);
    given.cycle++;
    synthetic_add(&run, &given);
    expect_broken("lost_table");
}

#define PAIR(test) cmocka_unit_test_setup(test, good_run)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR(bad_map_on_a_free_range_says_overlap),
        PAIR(bad_map_on_an_occupied_range_succeeds),
        PAIR(bad_unmap_of_a_mapping_says_not_mapped),
        PAIR(bad_query_misses_a_mapping),
        PAIR(bad_query_finds_another_frame),
        PAIR(bad_query_finds_what_was_unmapped),
        PAIR(bad_map_of_a_frame_in_use_succeeds),
        PAIR(bad_map_of_a_frame_beyond_memory_succeeds),
        PAIR(bad_view_misses_a_mapping),
        PAIR(bad_view_has_another_frame),
        PAIR(bad_view_has_a_mapping_too_many),
        PAIR(good_contents_are_those_of_the_abstract_map),
        PAIR(bad_contents_have_another_frame_or_other_attributes),
        PAIR(digests_of_sql_are_those_of_events),
        PAIR(good_and_bad_contents_when_the_run_ends),
        PAIR(bad_table_breaks_its_invariants),
        PAIR(good_table_is_broken_in_the_middle_of_an_operation),
        PAIR(bad_table_loses_memory),
        PAIR(bad_table_reaches_another_block),
        PAIR(bad_table_is_linked_after_its_release),
        PAIR(bad_table_is_released_twice),
        PAIR(bad_table_is_released_with_another_size),
        PAIR(bad_table_is_given_twice),
    };
    return cmocka_run_group_tests_name("rules about page tables over the record", tests, NULL, remove_files);
}
