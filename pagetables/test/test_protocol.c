/* What the radix table tells its environment, and in which order; and that the planted tables lack what they
 * say. */
#include "pagetables/test/fixture.h"
#include "pagetables/test/protocol.h"

#include <stdlib.h>
#include <string.h>

#include "pagetables/planted.h"

#define VA (UINT64_C(3) << 39 | 5 * GIB | 14 * MIB | 36 * KIB)

static struct fixture fixture;

static const char *broken_rule(uint64_t va, uint64_t bytes)
{
    const struct protocol_operation operation = {
        .va = va, .bytes = bytes, .asid = FIXTURE_ASID, .is_entry = fixture_is_entry, .context = &fixture};
    return protocol_broken(flat_memory_log(fixture.memory), flat_memory_log_count(fixture.memory),
                           &operation);
}

static void assert_kept(uint64_t va, uint64_t bytes)
{
    const char *broken = broken_rule(va, bytes);
    if (broken)
        fail_msg("%s", broken);
}

static int open_radix(void **state)
{
    fixture_open(&fixture, &pagetable_radix);
    return 0;
}

static int close_radix(void **state)
{
    fixture_close(&fixture);
    return 0;
}

/* ---- Exact sequences ---- */

/* The log as letters: w write of an entry, n of a table's count, a allocate, r release, s DSB ISHST, S DSB
 * ISH, i ISB, t TLBI, l lock, u unlock. */
static const char *letters(void)
{
    static char text[256];
    size_t count = flat_memory_log_count(fixture.memory);
    assert_true(count < sizeof text);
    for (size_t i = 0; i < count; i++) {
        const struct flat_event *event = &flat_memory_log(fixture.memory)[i];
        switch (event->kind) {
        case FLAT_BARRIER:
            text[i] = event->barrier == BARRIER_DSB_ISHST ? 's'
                      : event->barrier == BARRIER_DSB_ISH ? 'S'
                                                          : 'i';
            break;
        case FLAT_WRITE:
            text[i] = fixture_is_entry(&fixture, event->pa) ? 'w' : 'n';
            break;
        default:
            text[i] = "?ar?tclu"[event->kind];
        }
    }
    text[count] = '\0';
    return text;
}

static void good_map_links_finished_tables_with_one_store(void **state)
{
    assert_int_equal(fixture_map(&fixture, VA, frame_of(0x5000, 12, "rw-u")), PAGETABLE_OK);
    assert_string_equal(letters(), "lawnawnawnswsiu");
    assert_kept(VA, 4 * KIB);
    assert_int_equal(fixture_map(&fixture, VA + 0x1000, frame_of(0x6000, 12, "rw-u")), PAGETABLE_OK);
    assert_string_equal(letters(), "lwnsiu");
    assert_kept(VA + 0x1000, 4 * KIB);
}

static void good_unmap_invalidates_after_the_cleared_entry_is_drained(void **state)
{
    assert_int_equal(fixture_map(&fixture, VA, frame_of(0x5000, 12, "rw-u")), PAGETABLE_OK);
    assert_int_equal(fixture_map(&fixture, VA + 0x1000, frame_of(0x6000, 12, "rw-u")), PAGETABLE_OK);
    assert_int_equal(fixture_unmap(&fixture, VA), PAGETABLE_OK);
    assert_string_equal(letters(), "lwnstSiu");
    assert_kept(VA, 4 * KIB);
}

static void good_a_table_is_released_only_after_its_unlinking_was_invalidated_everywhere(void **state)
{
    assert_int_equal(fixture_map(&fixture, VA, frame_of(0x5000, 12, "rw-u")), PAGETABLE_OK);
    assert_int_equal(fixture_unmap(&fixture, VA), PAGETABLE_OK);
    assert_string_equal(letters(), "lwwstSirrru");
    assert_kept(VA, 4 * KIB);
    /* beside another table: only the count of the table that keeps entries is written */
    assert_int_equal(fixture_map(&fixture, VA, frame_of(0x5000, 12, "rw-u")), PAGETABLE_OK);
    assert_int_equal(fixture_map(&fixture, VA + 2 * MIB, frame_of(0x6000, 12, "rw-u")), PAGETABLE_OK);
    assert_int_equal(fixture_unmap(&fixture, VA), PAGETABLE_OK);
    assert_string_equal(letters(), "lwwnstSiru");
    assert_kept(VA, 4 * KIB);
}

static void good_protect_of_rights_replaces_the_entry_at_once(void **state)
{
    assert_int_equal(fixture_map(&fixture, VA, frame_of(0x5000, 12, "rw-u")), PAGETABLE_OK);
    assert_int_equal(fixture_protect(&fixture, VA, "r-xu"), PAGETABLE_OK);
    assert_string_equal(letters(), "lwstSiu");
    assert_kept(VA, 4 * KIB);
}

static void good_protect_of_the_memory_type_breaks_before_it_makes(void **state)
{
    assert_int_equal(fixture_map(&fixture, VA, frame_of(0x5000, 12, "rw-u")), PAGETABLE_OK);
    assert_int_equal(fixture_protect(&fixture, VA, "rw-ud"), PAGETABLE_OK);
    assert_string_equal(letters(), "lwstSwsiu");
    assert_kept(VA, 4 * KIB);
}

static void good_protect_of_global_breaks_before_it_makes_both_ways(void **state)
{
    assert_int_equal(fixture_map(&fixture, VA, frame_of(0x5000, 12, "rw-u")), PAGETABLE_OK);
    assert_int_equal(fixture_protect(&fixture, VA, "rw-ug"), PAGETABLE_OK);
    assert_string_equal(letters(), "lwstSwsiu");
    assert_kept(VA, 4 * KIB);
    assert_int_equal(fixture_protect(&fixture, VA, "rw-u"), PAGETABLE_OK);
    assert_string_equal(letters(), "lwstSwsiu");
    assert_kept(VA, 4 * KIB);
}

static void good_a_block_over_an_empty_table_breaks_before_it_makes(void **state)
{
    assert_int_equal(fixture_map(&fixture, 2 * MIB, frame_of(0x5000, 12, "rw-")), PAGETABLE_OK);
    assert_int_equal(fixture_map(&fixture, 0, frame_of(0x9000, 12, "rw-")), PAGETABLE_OK);
    /* its leaves disappear behind the table's back, and its count says so: its table stays, empty */
    assert_int_equal(fixture_map(&fixture, 2 * MIB + 0x1000, frame_of(0x6000, 12, "rw-")), PAGETABLE_OK);
    uint64_t table = flat_memory_log(fixture.memory)[1].pa & ~UINT64_C(0xfff);
    assert_true(flat_memory_poke(fixture.memory, table, 0));
    assert_true(flat_memory_poke(fixture.memory, table + 8, 0));
    assert_true(flat_memory_poke(fixture.memory, radix_count_of(&vmsa_4k_48_entries, 3, table), 0));
    assert_int_equal(abstract_map_remove(fixture.expected, 2 * MIB, NULL), PAGETABLE_OK);
    assert_int_equal(abstract_map_remove(fixture.expected, 2 * MIB + 0x1000, NULL), PAGETABLE_OK);
    assert_int_equal(fixture_map(&fixture, 2 * MIB, frame_of(4 * MIB, 21, "rw-")), PAGETABLE_OK);
    assert_string_equal(letters(), "lwstSrwsiu");
    assert_kept(2 * MIB, 2 * MIB);
    fixture_assert_view(&fixture);
}

static const struct invalidation *only_invalidation(void)
{
    const struct invalidation *found = NULL;
    for (size_t i = 0; i < flat_memory_log_count(fixture.memory); i++) {
        const struct flat_event *event = &flat_memory_log(fixture.memory)[i];
        if (event->kind != FLAT_INVALIDATE)
            continue;
        assert_null(found);
        found = &event->invalidation;
    }
    assert_non_null(found);
    return found;
}

static void good_an_ordinary_mapping_is_invalidated_by_address_and_address_space(void **state)
{
    assert_int_equal(fixture_map(&fixture, VA, frame_of(0x5000, 12, "rw-u")), PAGETABLE_OK);
    assert_int_equal(fixture_unmap(&fixture, VA), PAGETABLE_OK);
    const struct invalidation *what = only_invalidation();
    assert_int_equal(what->scope, INVALIDATE_VA);
    assert_int_equal(what->va, VA);
    assert_int_equal(what->asid, FIXTURE_ASID);
    assert_true(what->broadcast);
    assert_false(what->last_level_only);
}

static void good_a_global_mapping_is_invalidated_in_all_address_spaces(void **state)
{
    assert_int_equal(fixture_map(&fixture, VA, frame_of(0x5000, 12, "rw-g")), PAGETABLE_OK);
    assert_int_equal(fixture_unmap(&fixture, VA), PAGETABLE_OK);
    assert_int_equal(only_invalidation()->scope, INVALIDATE_VA_ALL_ASIDS);
}

/* The log of destroying a table that is not the fixture's, with one mapping left in it. */
static void destroy_another(const char *attributes)
{
    const struct pagetable_config config = {.format = &vmsa_4k_48, .asid = FIXTURE_ASID + 1};
    const struct frame frame = frame_of(0x5000, 12, attributes);
    struct radix other;
    assert_int_equal(pagetable_radix.create(&other, &fixture.environment, &config), PAGETABLE_OK);
    assert_int_equal(pagetable_radix.map(&other, &fixture.environment, VA, &frame), PAGETABLE_OK);
    flat_memory_log_clear(fixture.memory);
    assert_int_equal(pagetable_radix.destroy(&other, &fixture.environment), PAGETABLE_OK);
    assert_string_equal(letters(), "stSrrrrr");
}

static void good_destroy_invalidates_the_address_space_before_it_releases(void **state)
{
    destroy_another("rw-u");
    assert_int_equal(only_invalidation()->scope, INVALIDATE_ASID);
    assert_int_equal(only_invalidation()->asid, FIXTURE_ASID + 1);
    assert_true(only_invalidation()->broadcast);
}

static void good_destroy_with_a_global_mapping_left_invalidates_everything(void **state)
{
    destroy_another("rw-g");
    assert_int_equal(only_invalidation()->scope, INVALIDATE_ALL);
}

/* ---- What a walk can see meanwhile ---- */

/* The tables' memory as walks see it, made from what it was before the operation and from the log. */
struct shadow {
    uint64_t word[TABLES_BYTES / 8];
    struct abstract_map *before;
    struct abstract_map *between; /* also allowed: the map without the one mapping that is changed */
};

static bool read_shadow(void *context, uint64_t pa, uint64_t *value)
{
    const struct shadow *shadow = context;
    if (pa - TABLES_BASE >= TABLES_BYTES)
        return false;
    *value = shadow->word[(pa - TABLES_BASE) / 8];
    return true;
}

static void copy_map(struct abstract_map *into, const struct abstract_map *from)
{
    struct mapping mapping;
    while (abstract_map_next(into, 0, &mapping))
        assert_int_equal(abstract_map_remove(into, mapping.va, NULL), PAGETABLE_OK);
    for (uint64_t va = 0; abstract_map_next(from, va, &mapping); va = mapping.va + 1)
        assert_int_equal(abstract_map_insert(into, &mapping), PAGETABLE_OK);
}

static struct shadow *take_shadow(void)
{
    struct shadow *shadow = calloc(1, sizeof *shadow);
    assert_non_null(shadow);
    for (uint64_t i = 0; i < TABLES_BYTES / 8; i++)
        assert_true(fixture.reader.read(fixture.reader.context, TABLES_BASE + i * 8, &shadow->word[i]));
    shadow->before = abstract_map_create();
    shadow->between = abstract_map_create();
    assert_non_null(shadow->before);
    assert_non_null(shadow->between);
    copy_map(shadow->before, fixture.expected);
    return shadow;
}

static void drop_shadow(struct shadow *shadow)
{
    abstract_map_destroy(shadow->before);
    abstract_map_destroy(shadow->between);
    free(shadow);
}

static bool is_allowed(const struct shadow *shadow)
{
    const struct memory_reader reader = {.read = read_shadow, .context = (void *)(uintptr_t)shadow};
    return view_equals(&fixture, &reader, shadow->before) ||
           view_equals(&fixture, &reader, fixture.expected) ||
           view_equals(&fixture, &reader, shadow->between);
}

static uint64_t *word_of(struct shadow *shadow, const struct flat_event *store)
{
    return &shadow->word[(store->pa - TABLES_BASE) / 8];
}

/* Every set of stores that may have left the store buffer, in any order; `store` are those since the last
 * drain. */
static unsigned refused_sets(struct shadow *shadow, const struct flat_event *const *store, unsigned stores)
{
    unsigned refused = 0;
    for (unsigned set = 0; set < 1u << stores; set++) {
        for (unsigned i = 0; i < stores; i++)
            *word_of(shadow, store[i]) = set & 1u << i ? store[i]->value : store[i]->before;
        refused += !is_allowed(shadow);
    }
    return refused;
}

/* How many of the states of memory that walks may see during the logged operation are none of the allowed
 * maps. */
static unsigned refused_states(struct shadow *shadow)
{
    const struct flat_event *store[8];
    unsigned stores = 0;
    unsigned refused = 0;
    for (size_t i = 0; i < flat_memory_log_count(fixture.memory); i++) {
        const struct flat_event *event = &flat_memory_log(fixture.memory)[i];
        if (event->kind == FLAT_ALLOCATE)
            memset(&shadow->word[(event->pa - TABLES_BASE) / 8], 0, event->bytes);
        if (event->kind == FLAT_RELEASE)
            memset(&shadow->word[(event->pa - TABLES_BASE) / 8], 0xff, event->bytes);
        if (event->kind == FLAT_WRITE) {
            assert_true(stores < 8);
            store[stores++] = event;
            refused += refused_sets(shadow, store, stores);
        }
        if (event->kind == FLAT_BARRIER && event->barrier != BARRIER_ISB)
            stores = 0;
    }
    /* refused_sets ends with all stores visible */
    return refused + !is_allowed(shadow);
}

static void good_a_walk_never_sees_a_half_made_map(void **state)
{
    assert_int_equal(fixture_map(&fixture, 0, frame_of(0x9000, 12, "rw-")), PAGETABLE_OK);
    struct shadow *shadow = take_shadow();
    copy_map(shadow->between, fixture.expected);
    assert_int_equal(fixture_map(&fixture, VA, frame_of(0x5000, 12, "rw-u")), PAGETABLE_OK);
    assert_int_equal(refused_states(shadow), 0);
    drop_shadow(shadow);
}

static void good_a_walk_sees_an_unmap_whole_or_not_at_all(void **state)
{
    assert_int_equal(fixture_map(&fixture, 0, frame_of(0x9000, 12, "rw-")), PAGETABLE_OK);
    assert_int_equal(fixture_map(&fixture, VA, frame_of(0x5000, 12, "rw-u")), PAGETABLE_OK);
    struct shadow *shadow = take_shadow();
    copy_map(shadow->between, fixture.expected);
    assert_int_equal(fixture_unmap(&fixture, VA), PAGETABLE_OK);
    assert_int_equal(refused_states(shadow), 0);
    drop_shadow(shadow);
}

static void good_a_walk_sees_protect_as_old_unmapped_or_new(void **state)
{
    assert_int_equal(fixture_map(&fixture, VA, frame_of(0x5000, 12, "rw-u")), PAGETABLE_OK);
    struct shadow *shadow = take_shadow();
    assert_int_equal(fixture_protect(&fixture, VA, "rw-d"), PAGETABLE_OK);
    assert_int_equal(refused_states(shadow), 0);
    drop_shadow(shadow);
}

/* The control: the same check, told that no intermediate state is allowed, finds the break of
 * break-before-make. */
static void bad_the_check_of_states_sees_a_state_that_is_not_allowed(void **state)
{
    assert_int_equal(fixture_map(&fixture, VA, frame_of(0x5000, 12, "rw-u")), PAGETABLE_OK);
    struct shadow *shadow = take_shadow();
    copy_map(shadow->between, fixture.expected);
    assert_int_equal(fixture_protect(&fixture, VA, "rw-d"), PAGETABLE_OK);
    assert_true(refused_states(shadow) > 0);
    drop_shadow(shadow);
}

/* ---- The planted tables ---- */

static unsigned count_of(enum flat_event_kind kind)
{
    unsigned count = 0;
    for (size_t i = 0; i < flat_memory_log_count(fixture.memory); i++)
        count += flat_memory_log(fixture.memory)[i].kind == kind;
    return count;
}

static unsigned barriers_of(enum barrier_kind kind)
{
    unsigned count = 0;
    for (size_t i = 0; i < flat_memory_log_count(fixture.memory); i++) {
        const struct flat_event *event = &flat_memory_log(fixture.memory)[i];
        count += event->kind == FLAT_BARRIER && event->barrier == kind;
    }
    return count;
}

/* Both planted tables do what they should in every other respect. */
static void use_table(const struct pagetable_class *table)
{
    fixture_open(&fixture, table);
    assert_int_equal(fixture_map(&fixture, VA, frame_of(0x5000, 12, "rw-u")), PAGETABLE_OK);
    assert_int_equal(fixture_protect(&fixture, VA, "r--u"), PAGETABLE_OK);
    fixture_assert_view(&fixture);
    assert_int_equal(fixture_unmap(&fixture, VA), PAGETABLE_OK);
    fixture_assert_view(&fixture);
}

static void good_radix_keeps_the_protocol(void **state)
{
    use_table(&pagetable_radix);
    assert_null(broken_rule(VA, 4 * KIB));
    assert_int_equal(count_of(FLAT_INVALIDATE), 1);
    fixture_close(&fixture);
}

static void bad_radix_forgets_invalidation_issues_none(void **state)
{
    use_table(&pagetable_radix_forgets_invalidation);
    assert_int_equal(count_of(FLAT_INVALIDATE), 0);
    assert_int_equal(barriers_of(BARRIER_DSB_ISHST), 1);
    assert_int_equal(barriers_of(BARRIER_DSB_ISH), 1);
    assert_string_equal(broken_rule(VA, 4 * KIB), "a table was released while walks may still know it");
    fixture_close(&fixture);
}

static void bad_radix_forgets_barrier_executes_no_dsb_ishst(void **state)
{
    use_table(&pagetable_radix_forgets_barrier);
    assert_int_equal(count_of(FLAT_INVALIDATE), 1);
    assert_int_equal(barriers_of(BARRIER_DSB_ISHST), 0);
    assert_int_equal(barriers_of(BARRIER_DSB_ISH), 1);
    assert_string_equal(broken_rule(VA, 4 * KIB),
                        "an invalidation was issued before the entry's store was drained");
    fixture_close(&fixture);
}

static void bad_radix_forgets_barrier_shows_half_made_tables(void **state)
{
    fixture_open(&fixture, &pagetable_radix_forgets_barrier);
    assert_int_equal(fixture_map(&fixture, VA, frame_of(0x5000, 12, "rw-u")), PAGETABLE_OK);
    assert_string_equal(broken_rule(VA, 4 * KIB), "a table was linked before its entries were drained");
    fixture_close(&fixture);
}

static void bad_radix_forgets_tables_releases_what_walk_caches_know(void **state)
{
    use_table(&pagetable_radix_forgets_tables);
    assert_int_equal(count_of(FLAT_INVALIDATE), 1);
    assert_string_equal(broken_rule(VA, 4 * KIB), "a table was released while walks may still know it");
    fixture_close(&fixture);
}

static void good_planted_tables_say_that_they_are_planted(void **state)
{
    for (unsigned i = 0; pagetable_class_at(i); i++) {
        const struct pagetable_class *table = pagetable_class_at(i);
        bool planted = strstr(table->name, "forgets") != NULL;
        assert_int_equal(planted, strncmp(table->summary, "PLANTED BUG", 11) == 0);
    }
}

#define RADIX_TEST(test) cmocka_unit_test_setup_teardown(test, open_radix, close_radix)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RADIX_TEST(good_map_links_finished_tables_with_one_store),
        RADIX_TEST(good_unmap_invalidates_after_the_cleared_entry_is_drained),
        RADIX_TEST(good_a_table_is_released_only_after_its_unlinking_was_invalidated_everywhere),
        RADIX_TEST(good_protect_of_rights_replaces_the_entry_at_once),
        RADIX_TEST(good_protect_of_the_memory_type_breaks_before_it_makes),
        RADIX_TEST(good_protect_of_global_breaks_before_it_makes_both_ways),
        RADIX_TEST(good_a_block_over_an_empty_table_breaks_before_it_makes),
        RADIX_TEST(good_an_ordinary_mapping_is_invalidated_by_address_and_address_space),
        RADIX_TEST(good_a_global_mapping_is_invalidated_in_all_address_spaces),
        RADIX_TEST(good_destroy_invalidates_the_address_space_before_it_releases),
        RADIX_TEST(good_destroy_with_a_global_mapping_left_invalidates_everything),
        RADIX_TEST(good_a_walk_never_sees_a_half_made_map),
        RADIX_TEST(good_a_walk_sees_an_unmap_whole_or_not_at_all),
        RADIX_TEST(good_a_walk_sees_protect_as_old_unmapped_or_new),
        RADIX_TEST(bad_the_check_of_states_sees_a_state_that_is_not_allowed),
        cmocka_unit_test(good_radix_keeps_the_protocol),
        cmocka_unit_test(bad_radix_forgets_invalidation_issues_none),
        cmocka_unit_test(bad_radix_forgets_barrier_executes_no_dsb_ishst),
        cmocka_unit_test(bad_radix_forgets_barrier_shows_half_made_tables),
        cmocka_unit_test(bad_radix_forgets_tables_releases_what_walk_caches_know),
        cmocka_unit_test(good_planted_tables_say_that_they_are_planted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
