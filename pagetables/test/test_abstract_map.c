#include "pagetables/test/fixture.h"

#include <string.h>

#include "pagetables/test/random.h"

static struct abstract_map *map;

static int open_map(void **state)
{
    map = abstract_map_create();
    return map ? 0 : -1;
}

static int close_map(void **state)
{
    abstract_map_destroy(map);
    return 0;
}

static struct mapping mapping_of(uint64_t va, uint64_t base, unsigned size_lg2)
{
    return (struct mapping){.va = va, .frame = frame_of(base, size_lg2, "rw-u")};
}

static enum pagetable_result insert(uint64_t va, uint64_t base, unsigned size_lg2)
{
    const struct mapping mapping = mapping_of(va, base, size_lg2);
    return abstract_map_insert(map, &mapping);
}

static void good_what_was_inserted_is_found_at_each_of_its_addresses(void **state)
{
    struct mapping found;
    assert_int_equal(insert(2 * MIB, 6 * MIB, 21), PAGETABLE_OK);
    assert_true(abstract_map_find(map, 2 * MIB, &found));
    assert_true(abstract_map_find(map, 4 * MIB - 1, &found));
    assert_int_equal(found.va, 2 * MIB);
    assert_int_equal(found.frame.base, 6 * MIB);
    assert_int_equal(found.frame.size_lg2, 21);
    assert_int_equal(found.frame.attributes, FRAME_READABLE | FRAME_WRITABLE | FRAME_USER);
    assert_int_equal(abstract_map_count(map), 1);
}

static void bad_addresses_beside_it_are_not_found(void **state)
{
    struct mapping found;
    assert_int_equal(insert(2 * MIB, 6 * MIB, 21), PAGETABLE_OK);
    assert_false(abstract_map_find(map, 2 * MIB - 1, &found));
    assert_false(abstract_map_find(map, 4 * MIB, &found));
}

static void bad_overlapping_mappings_are_refused(void **state)
{
    assert_int_equal(insert(2 * MIB, 6 * MIB, 21), PAGETABLE_OK);
    assert_int_equal(insert(2 * MIB, 8 * MIB, 21), PAGETABLE_OVERLAP);
    assert_int_equal(insert(2 * MIB + 4 * KIB, 8 * MIB, 12), PAGETABLE_OVERLAP);
    assert_int_equal(insert(0, GIB, 30), PAGETABLE_OVERLAP);
    assert_int_equal(abstract_map_count(map), 1);
}

static void good_neighbours_do_not_overlap(void **state)
{
    assert_int_equal(insert(2 * MIB, 6 * MIB, 21), PAGETABLE_OK);
    assert_int_equal(insert(4 * MIB, 8 * MIB, 21), PAGETABLE_OK);
    assert_int_equal(insert(2 * MIB - 4 * KIB, 4 * KIB, 12), PAGETABLE_OK);
    assert_int_equal(abstract_map_count(map), 3);
}

static void good_remove_tells_what_was_there(void **state)
{
    struct mapping removed;
    assert_int_equal(insert(2 * MIB, 6 * MIB, 21), PAGETABLE_OK);
    assert_int_equal(abstract_map_remove(map, 2 * MIB, &removed), PAGETABLE_OK);
    assert_int_equal(removed.frame.base, 6 * MIB);
    assert_int_equal(abstract_map_count(map), 0);
    assert_false(abstract_map_overlaps_pa(map, 6 * MIB, 2 * MIB, NULL));
}

static void bad_remove_and_protect_need_the_base(void **state)
{
    assert_int_equal(insert(2 * MIB, 6 * MIB, 21), PAGETABLE_OK);
    assert_int_equal(abstract_map_remove(map, 2 * MIB + 4 * KIB, NULL), PAGETABLE_NOT_MAPPED);
    assert_int_equal(abstract_map_protect(map, 2 * MIB + 4 * KIB, FRAME_READABLE), PAGETABLE_NOT_MAPPED);
    assert_int_equal(abstract_map_count(map), 1);
}

static void good_protect_changes_the_attributes_alone(void **state)
{
    struct mapping found;
    assert_int_equal(insert(2 * MIB, 6 * MIB, 21), PAGETABLE_OK);
    assert_int_equal(abstract_map_protect(map, 2 * MIB, FRAME_READABLE | FRAME_DEVICE), PAGETABLE_OK);
    assert_true(abstract_map_find(map, 2 * MIB, &found));
    assert_int_equal(found.frame.attributes, FRAME_READABLE | FRAME_DEVICE);
    assert_int_equal(found.frame.base, 6 * MIB);
}

static void good_virtual_ranges_that_overlap_are_seen(void **state)
{
    struct mapping found;
    assert_int_equal(insert(2 * MIB, 6 * MIB, 21), PAGETABLE_OK);
    assert_true(abstract_map_overlaps_va(map, 0, 2 * MIB + 1, &found));
    assert_true(abstract_map_overlaps_va(map, 4 * MIB - 1, 1, &found));
    assert_true(abstract_map_overlaps_va(map, 0, UINT64_MAX, &found));
    assert_int_equal(found.va, 2 * MIB);
}

static void bad_virtual_ranges_beside_are_not(void **state)
{
    assert_int_equal(insert(2 * MIB, 6 * MIB, 21), PAGETABLE_OK);
    assert_false(abstract_map_overlaps_va(map, 0, 2 * MIB, NULL));
    assert_false(abstract_map_overlaps_va(map, 4 * MIB, UINT64_MAX - 4 * MIB, NULL));
}

static void good_physical_ranges_that_overlap_are_seen(void **state)
{
    struct mapping found;
    assert_int_equal(insert(GIB, 0, 30), PAGETABLE_OK);
    assert_int_equal(insert(0x1000, 2 * GIB, 12), PAGETABLE_OK);
    assert_true(abstract_map_overlaps_pa(map, GIB - 4 * KIB, 4 * KIB, &found));
    assert_int_equal(found.va, GIB);
    assert_true(abstract_map_overlaps_pa(map, GIB - 1, 1, NULL));
    assert_true(abstract_map_overlaps_pa(map, GIB, GIB + 1, &found));
    assert_int_equal(found.va, 0x1000);
}

static void bad_physical_ranges_beside_are_not(void **state)
{
    assert_int_equal(insert(GIB, 0, 30), PAGETABLE_OK);
    assert_int_equal(insert(0x1000, 2 * GIB, 12), PAGETABLE_OK);
    assert_false(abstract_map_overlaps_pa(map, GIB, GIB, NULL));
    assert_false(abstract_map_overlaps_pa(map, 2 * GIB + 4 * KIB, UINT64_MAX - 3 * GIB, NULL));
}

static void good_an_alias_keeps_a_frame_in_use(void **state)
{
    assert_int_equal(insert(0x1000, 0x8000, 12), PAGETABLE_OK);
    assert_int_equal(insert(0x2000, 0x8000, 12), PAGETABLE_OK);
    assert_int_equal(abstract_map_remove(map, 0x1000, NULL), PAGETABLE_OK);
    assert_true(abstract_map_overlaps_pa(map, 0x8000, 4 * KIB, NULL));
    assert_int_equal(abstract_map_remove(map, 0x2000, NULL), PAGETABLE_OK);
    assert_false(abstract_map_overlaps_pa(map, 0x8000, 4 * KIB, NULL));
}

static void good_the_last_page_of_the_address_space_is_a_page(void **state)
{
    struct mapping found;
    uint64_t last = UINT64_C(0) - 4 * KIB;
    assert_int_equal(insert(last, last, 12), PAGETABLE_OK);
    assert_true(abstract_map_find(map, UINT64_MAX, &found));
    assert_true(abstract_map_overlaps_va(map, last, 4 * KIB, NULL));
    assert_true(abstract_map_overlaps_pa(map, UINT64_MAX, 1, NULL));
}

/* ---- Against a model that is an array of pages ---- */

#define MODEL_PAGES 512u

struct model {
    int owner[MODEL_PAGES];          /* va page: which mapping, or 0 */
    uint64_t base_page[MODEL_PAGES]; /* of the mapping that begins here */
    unsigned size_pages[MODEL_PAGES];
};

static bool model_is_free(const struct model *model, unsigned page, unsigned pages)
{
    for (unsigned i = 0; i < pages; i++)
        if (model->owner[page + i])
            return false;
    return true;
}

static void model_set(struct model *model, unsigned page, unsigned pages, int owner)
{
    for (unsigned i = 0; i < pages; i++)
        model->owner[page + i] = owner;
}

static bool model_uses_frames(const struct model *model, uint64_t page, uint64_t pages)
{
    for (unsigned i = 0; i < MODEL_PAGES; i++)
        if (model->owner[i] == (int)i + 1 && model->base_page[i] < page + pages &&
            page < model->base_page[i] + model->size_pages[i])
            return true;
    return false;
}

static void good_random_operations_agree_with_a_simple_model(void **state)
{
    struct random_stream stream = random_begin("abstract map");
    struct model *model = calloc(1, sizeof *model);
    assert_non_null(model);
    size_t count = 0;
    for (unsigned step = 0; step < 50000; step++) {
        unsigned order = (unsigned)random_below(&stream, 5);
        unsigned pages = 1u << order;
        unsigned page = (unsigned)random_below(&stream, MODEL_PAGES) & ~(pages - 1);
        uint64_t base = random_below(&stream, MODEL_PAGES) & ~(uint64_t)(pages - 1);
        struct mapping found;
        if (random_below(&stream, 2)) {
            bool is_free = model_is_free(model, page, pages);
            assert_int_equal(insert(page * 4 * KIB, base * 4 * KIB, 12 + order),
                             is_free ? PAGETABLE_OK : PAGETABLE_OVERLAP);
            if (is_free) {
                model_set(model, page, pages, (int)page + 1);
                model->base_page[page] = base;
                model->size_pages[page] = pages;
                count++;
            }
        } else {
            bool is_base = model->owner[page] == (int)page + 1;
            assert_int_equal(abstract_map_remove(map, page * 4 * KIB, NULL),
                             is_base ? PAGETABLE_OK : PAGETABLE_NOT_MAPPED);
            if (is_base) {
                model_set(model, page, model->size_pages[page], 0);
                count--;
            }
        }
        unsigned probe = (unsigned)random_below(&stream, MODEL_PAGES);
        bool mapped = abstract_map_find(map, probe * 4 * KIB + 17, &found);
        assert_int_equal(mapped, model->owner[probe] != 0);
        if (mapped)
            assert_int_equal(found.va, (uint64_t)(model->owner[probe] - 1) * 4 * KIB);
        assert_int_equal(abstract_map_overlaps_va(map, page * 4 * KIB, pages * 4 * KIB, NULL),
                         !model_is_free(model, page, pages));
        assert_int_equal(abstract_map_overlaps_pa(map, base * 4 * KIB, pages * 4 * KIB, NULL),
                         model_uses_frames(model, base, pages));
        assert_int_equal(abstract_map_count(map), count);
    }
    free(model);
}

/* ---- Many ---- */

static bool count_ascending(void *context, const struct mapping *mapping)
{
    struct mapping *last = context;
    assert_true(last->frame.size_lg2 == 0 || mapping->va > last->va);
    *last = *mapping;
    return true;
}

static void good_a_million_mappings_in_random_order_are_kept(void **state)
{
    const uint64_t many = 1u << 20;
    struct mapping found = {.va = 0};
    /* an odd factor is a permutation of the places */
    for (uint64_t i = 0; i < many; i++)
        assert_int_equal(insert((i * 0x9e3779b1 & (many - 1)) * 4 * KIB, i * 4 * KIB, 12), PAGETABLE_OK);
    assert_int_equal(abstract_map_count(map), many);
    abstract_map_visit(map, count_ascending, &found);
    assert_int_equal(found.va, (many - 1) * 4 * KIB);
    for (uint64_t i = 0; i < many; i++)
        assert_true(abstract_map_find(map, i * 4 * KIB, &found));
    for (uint64_t i = 0; i < many; i += 2)
        assert_int_equal(abstract_map_remove(map, (i * 0x85ebca6b & (many - 1)) * 4 * KIB, NULL),
                         PAGETABLE_OK);
    assert_int_equal(abstract_map_count(map), many / 2);
}

#define MAP_TEST(test) cmocka_unit_test_setup_teardown(test, open_map, close_map)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST(good_what_was_inserted_is_found_at_each_of_its_addresses),
        MAP_TEST(bad_addresses_beside_it_are_not_found),
        MAP_TEST(bad_overlapping_mappings_are_refused),
        MAP_TEST(good_neighbours_do_not_overlap),
        MAP_TEST(good_remove_tells_what_was_there),
        MAP_TEST(bad_remove_and_protect_need_the_base),
        MAP_TEST(good_protect_changes_the_attributes_alone),
        MAP_TEST(good_virtual_ranges_that_overlap_are_seen),
        MAP_TEST(bad_virtual_ranges_beside_are_not),
        MAP_TEST(good_physical_ranges_that_overlap_are_seen),
        MAP_TEST(bad_physical_ranges_beside_are_not),
        MAP_TEST(good_an_alias_keeps_a_frame_in_use),
        MAP_TEST(good_the_last_page_of_the_address_space_is_a_page),
        MAP_TEST(good_random_operations_agree_with_a_simple_model),
        MAP_TEST(good_a_million_mappings_in_random_order_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
