/* A precondition that does not hold has its result, and the table is not called. */
#include "pagetables/test/fixture.h"

#include "pagetables/checked.h"

/* A table that counts calls and says yes. */
static unsigned calls;

static enum pagetable_result map_yes(void *state, const struct environment *environment, uint64_t va,
                                     const struct frame *frame)
{
    calls++;
    return PAGETABLE_OK;
}

static enum pagetable_result unmap_yes(void *state, const struct environment *environment, uint64_t va)
{
    calls++;
    return PAGETABLE_OK;
}

static enum pagetable_result protect_yes(void *state, const struct environment *environment, uint64_t va,
                                         uint32_t attributes)
{
    calls++;
    return PAGETABLE_OK;
}

static enum pagetable_result query_no(void *state, const struct environment *environment, uint64_t va,
                                      struct mapping *found)
{
    calls++;
    return PAGETABLE_NOT_MAPPED;
}

static const struct pagetable_class yes = {
    .map = map_yes, .unmap = unmap_yes, .protect = protect_yes, .query = query_no};

#define TOP (UINT64_C(1) << 48)

static struct pagetable_checked checked;
static struct abstract_map *mappings;

static int open_checked(void **state)
{
    mappings = abstract_map_create();
    if (!mappings)
        return -1;
    checked = (struct pagetable_checked){
        .table = &yes, .format = &vmsa_4k_48, .physical_bytes = 4 * GIB, .mappings = mappings};
    calls = 0;
    return 0;
}

static int close_checked(void **state)
{
    abstract_map_destroy(mappings);
    return 0;
}

static enum pagetable_result map(uint64_t va, uint64_t base, unsigned size_lg2)
{
    struct frame frame = frame_of(base, size_lg2, "rw-");
    return pagetable_checked_map(&checked, NULL, va, &frame);
}

static void good_what_holds_reaches_the_table(void **state)
{
    struct mapping found;
    assert_int_equal(map(0x1000, 0x2000, 12), PAGETABLE_OK);
    assert_int_equal(map(TOP - 2 * MIB, 4 * GIB - 2 * MIB, 21), PAGETABLE_OK);
    assert_int_equal(map(GIB, 3 * GIB, 30), PAGETABLE_OK);
    assert_int_equal(pagetable_checked_unmap(&checked, NULL, TOP - 4 * KIB), PAGETABLE_OK);
    assert_int_equal(pagetable_checked_protect(&checked, NULL, 0x1000, FRAME_READABLE), PAGETABLE_OK);
    assert_int_equal(pagetable_checked_query(&checked, NULL, TOP - 1, &found), PAGETABLE_NOT_MAPPED);
    assert_int_equal(calls, 6);
}

static void bad_a_size_that_the_format_has_not(void **state)
{
    assert_int_equal(map(0, 0, 13), PAGETABLE_BAD_SIZE);
    assert_int_equal(map(0, 0, 39), PAGETABLE_BAD_SIZE);
    assert_int_equal(calls, 0);
}

static void bad_addresses_that_are_not_aligned(void **state)
{
    assert_int_equal(map(0x800, 0x2000, 12), PAGETABLE_UNALIGNED);
    assert_int_equal(map(0x1000, 0x2008, 12), PAGETABLE_UNALIGNED);
    assert_int_equal(map(2 * MIB + 4 * KIB, 4 * MIB, 21), PAGETABLE_UNALIGNED);
    assert_int_equal(map(2 * MIB, 4 * MIB + 4 * KIB, 21), PAGETABLE_UNALIGNED);
    assert_int_equal(pagetable_checked_unmap(&checked, NULL, 0x1800), PAGETABLE_UNALIGNED);
    assert_int_equal(pagetable_checked_protect(&checked, NULL, 1, FRAME_READABLE), PAGETABLE_UNALIGNED);
    assert_int_equal(calls, 0);
}

static void bad_ranges_beyond_the_format_or_physical_memory(void **state)
{
    struct mapping found;
    assert_int_equal(map(TOP, 0x2000, 12), PAGETABLE_OUT_OF_RANGE);
    assert_int_equal(map(UINT64_C(0) - 4 * KIB, 0x2000, 12), PAGETABLE_OUT_OF_RANGE);
    assert_int_equal(map(0x1000, 4 * GIB, 12), PAGETABLE_OUT_OF_RANGE);
    assert_int_equal(map(0x1000, UINT64_C(0) - 4 * KIB, 12), PAGETABLE_OUT_OF_RANGE);
    assert_int_equal(pagetable_checked_unmap(&checked, NULL, TOP), PAGETABLE_OUT_OF_RANGE);
    assert_int_equal(pagetable_checked_protect(&checked, NULL, TOP, FRAME_READABLE), PAGETABLE_OUT_OF_RANGE);
    assert_int_equal(pagetable_checked_query(&checked, NULL, TOP, &found), PAGETABLE_OUT_OF_RANGE);
    assert_int_equal(calls, 0);
}

static void bad_a_frame_that_is_mapped_already(void **state)
{
    const struct mapping mapped = {.va = 8 * GIB, .frame = frame_of(2 * MIB, 21, "r--")};
    assert_int_equal(abstract_map_insert(mappings, &mapped), PAGETABLE_OK);
    assert_int_equal(map(0x1000, 2 * MIB + 4 * KIB, 12), PAGETABLE_FRAME_IN_USE);
    assert_int_equal(map(0, 0, 30), PAGETABLE_FRAME_IN_USE);
    assert_int_equal(calls, 0);
    assert_int_equal(map(0x1000, 4 * MIB, 12), PAGETABLE_OK);
    assert_int_equal(map(0x1000, 2 * MIB - 4 * KIB, 12), PAGETABLE_OK);
    assert_int_equal(calls, 2);
}

static void good_a_frame_may_be_mapped_again_where_aliases_are_allowed(void **state)
{
    const struct mapping mapped = {.va = 8 * GIB, .frame = frame_of(2 * MIB, 21, "r--")};
    assert_int_equal(abstract_map_insert(mappings, &mapped), PAGETABLE_OK);
    checked.aliasing_allowed = true;
    assert_int_equal(map(0x1000, 2 * MIB + 4 * KIB, 12), PAGETABLE_OK);
    assert_int_equal(calls, 1);
}

#define CHECKED_TEST(test) cmocka_unit_test_setup_teardown(test, open_checked, close_checked)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECKED_TEST(good_what_holds_reaches_the_table),
        CHECKED_TEST(bad_a_size_that_the_format_has_not),
        CHECKED_TEST(bad_addresses_that_are_not_aligned),
        CHECKED_TEST(bad_ranges_beyond_the_format_or_physical_memory),
        CHECKED_TEST(bad_a_frame_that_is_mapped_already),
        CHECKED_TEST(good_a_frame_may_be_mapped_again_where_aliases_are_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
