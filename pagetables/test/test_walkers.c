/* Cores walk while pages are mapped and unmapped, make room for each other, and tables are replaced: pages
 * that an operation is not about are found all the time. */
#include "pagetables/test/walkers.h"

#include "pagetables/cuckoo.h"
#include "pagetables/hashed.h"
#include "pagetables/ranges.h"

static struct fixture fixture;
static struct random_stream stream;
static struct walkers walkers;

static bool map_while_walked(uint64_t va)
{
    const struct mapping mapping = {va, frame_of(va & 0xffff000, 12, "rw-u")};
    if (abstract_map_overlaps_va(fixture.expected, va, 4 * KIB, NULL))
        return true;
    walkers_begin(&walkers, va, 4 * KIB);
    struct environment environment = walkers_environment(&walkers);
    enum pagetable_result result = fixture.table->map(&fixture.state, &environment, va, &mapping.frame);
    if (result != PAGETABLE_OK)
        return false;
    assert_int_equal(abstract_map_insert(fixture.expected, &mapping), PAGETABLE_OK);
    return true;
}

static void unmap_while_walked(uint64_t from)
{
    struct mapping found;
    if (!abstract_map_next(fixture.expected, from, &found) && !abstract_map_next(fixture.expected, 0, &found))
        return;
    walkers_begin(&walkers, found.va, 4 * KIB);
    struct environment environment = walkers_environment(&walkers);
    assert_int_equal(fixture.table->unmap(&fixture.state, &environment, found.va), PAGETABLE_OK);
    assert_int_equal(abstract_map_remove(fixture.expected, found.va, NULL), PAGETABLE_OK);
}

static uint64_t random_page(void)
{
    return random_below(&stream, UINT64_C(1) << 16) << 12;
}

static void open_on(const struct pagetable_class *table, const struct walk_format *format)
{
    stream = random_begin(table->name);
    fixture_open_format(&fixture, table, format);
    walkers_open(&walkers, &fixture, &stream);
}

static void check_now_and_then(unsigned number)
{
    flat_memory_log_clear(fixture.memory);
    if (number % 100 == 0)
        fixture_assert_map(&fixture); /* some tests take memory that is not the table's */
}

/* Fills and empties, so that tables grow and shrink. */
static void fill_and_empty(const struct pagetable_class *table, const struct walk_format *format)
{
    open_on(table, format);
    for (unsigned number = 0; number < 4000; number++) {
        check_now_and_then(number);
        if (number % 2000 < 1000)
            assert_true(map_while_walked(random_page()));
        else
            unmap_while_walked(random_page());
    }
    assert_true(walkers.walks > 10000);
    fixture_close(&fixture);
}

static void good_walks_of_a_hashed_table_find_what_is_there(void **state)
{
    fill_and_empty(&pagetable_hashed, &hashed_48);
}

static void good_walks_of_cuckoo_tables_find_what_is_there(void **state)
{
    fill_and_empty(&pagetable_cuckoo, &cuckoo_48);
}

static void good_walks_of_a_range_table_find_what_is_there(void **state)
{
    fill_and_empty(&pagetable_ranges, &ranges_48);
}

static void good_walks_of_a_radix_table_find_what_is_there(void **state)
{
    fill_and_empty(&pagetable_radix, walk_format_find("vmsa-4k-39"));
}

/* Without memory to grow, most pages that come make others move. */
static void good_walks_find_pages_that_make_room_for_others(void **state)
{
    static uint64_t taken[2048];
    unsigned count = 0;
    open_on(&pagetable_cuckoo, &cuckoo_48);
    const struct environment *environment = &fixture.environment;
    assert_true(map_while_walked(random_page()));
    while (environment->operations->allocate_table(environment->context, 4 * KIB, &taken[count]) == 0)
        count++;
    for (unsigned number = 0; number < 3000; number++) {
        check_now_and_then(number);
        if (abstract_map_count(fixture.expected) > 640 || !map_while_walked(random_page()))
            unmap_while_walked(random_page());
    }
    while (count > 0)
        assert_int_equal(
            environment->operations->release_table(environment->context, taken[--count], 4 * KIB), 0);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_walks_of_a_hashed_table_find_what_is_there),
        cmocka_unit_test(good_walks_of_cuckoo_tables_find_what_is_there),
        cmocka_unit_test(good_walks_of_a_range_table_find_what_is_there),
        cmocka_unit_test(good_walks_of_a_radix_table_find_what_is_there),
        cmocka_unit_test(good_walks_find_pages_that_make_room_for_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
