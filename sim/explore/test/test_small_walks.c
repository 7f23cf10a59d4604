/*
 * The small machine's walks, TLBs and walk caches: what an invalidation catches, what is cached, what
 * hardware changes in entries.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pagetables/entry.h"
#include "sim/explore/test/small_fixture.h"

#define X86_ACCESSED UINT64_C(0x20) /* SDM volume 3, table 4-15 */

static const struct invalidation of_page = {.va = SMALL_PAGE, .asid = 1, .broadcast = true};
static const struct invalidation of_far_page = {.va = SMALL_FAR_PAGE, .asid = 1, .broadcast = true};

static const struct small_access *access_of(const struct small_fixture *fixture)
{
    return &fixture->state.cores[0].accesses[0];
}

static void open_mapped(struct small_fixture *fixture, const struct small_config *config)
{
    small_open(fixture, config);
    small_map(fixture, SMALL_PAGE, SMALL_FRAME, SMALL_RW);
}

/* ---- walks and invalidations ---- */

static void a_walk_fills_and_the_next_access_hits(void **state)
{
    struct small_fixture fixture;
    (void)state;
    open_mapped(&fixture, &(struct small_config){0});
    small_load(&fixture, 0, SMALL_PAGE + 16);
    assert_false(small_can(&fixture, STEP_HIT, 0, 0));
    small_walk_whole(&fixture, 0);
    assert_int_equal(access_of(&fixture)->state, ACCESS_TRANSLATED);
    assert_int_equal(small_pa(fixture.machine, access_of(&fixture)), SMALL_FRAME + 16);
    assert_int_equal(small_entries(&fixture, 0), 1);
    small_retire(&fixture.state, 0, 0);
    small_load(&fixture, 0, SMALL_PAGE + 24);
    small_take(&fixture, STEP_HIT, 0, 0);
    assert_int_equal(small_pa(fixture.machine, access_of(&fixture)), SMALL_FRAME + 24);
    small_close(&fixture);
}

static void what_is_not_mapped_or_not_permitted_faults(void **state)
{
    struct small_fixture fixture;
    (void)state;
    open_mapped(&fixture, &(struct small_config){0});
    small_map(&fixture, SMALL_PAGE_2, SMALL_FRAME_2, FRAME_READABLE | FRAME_USER);
    small_load(&fixture, 0, SMALL_FAR_PAGE);
    small_walk_whole(&fixture, 0);
    assert_int_equal(access_of(&fixture)->state, ACCESS_FAULTED);
    assert_int_equal(access_of(&fixture)->fault, FAULT_TRANSLATION);
    assert_int_equal(small_entries(&fixture, 0), 0);
    small_retire(&fixture.state, 0, 0);
    assert_true(
        small_issue(fixture.machine, &fixture.state, 0, 0, ACCESS_STORE, PRIVILEGE_USER, SMALL_PAGE_2));
    small_walk_whole(&fixture, 0);
    assert_int_equal(access_of(&fixture)->fault, FAULT_PERMISSION);
    small_close(&fixture);
}

/* A load is translated by a walk during which (at this many reads) an invalidation is carried out. */
static void catch_at(struct small_fixture *fixture, const struct invalidation *what, unsigned reads)
{
    open_mapped(fixture, &(struct small_config){0});
    small_load(fixture, 0, SMALL_PAGE);
    unsigned place = small_sent(fixture, 0, what, 1);
    small_take(fixture, STEP_WALK_BEGINS, 0, 0);
    for (unsigned i = 0; i < reads; i++)
        small_take(fixture, STEP_WALK_READS, 0, 0);
    small_take(fixture, STEP_DROP, 0, place);
}

static void an_invalidation_waits_for_the_walk_that_it_caught_which_fills_nothing(void **state)
{
    (void)state;
    for (unsigned reads = 0; reads <= 2; reads++) {
        struct small_fixture fixture;
        catch_at(&fixture, &of_page, reads);
        assert_false(small_is_complete(&fixture.state, 0, false));
        small_walk_until_end(&fixture, 0);
        assert_false(small_is_complete(&fixture.state, 0, false));
        small_take(&fixture, STEP_WALK_ENDS, 0, 0);
        assert_int_equal(small_entries(&fixture, 0), 0);
        /* and then for the access that has what it found */
        assert_int_equal(access_of(&fixture)->state, ACCESS_TRANSLATED);
        assert_false(small_is_complete(&fixture.state, 0, false));
        small_retire(&fixture.state, 0, 0);
        assert_true(small_is_complete(&fixture.state, 0, false));
        small_close(&fixture);
    }
}

static void an_invalidation_of_another_region_waits_for_no_walk_that_has_left_the_root(void **state)
{
    (void)state;
    for (unsigned reads = 1; reads <= 2; reads++) {
        struct small_fixture fixture;
        catch_at(&fixture, &of_far_page, reads);
        assert_true(small_is_complete(&fixture.state, 0, false));
        small_walk_until_end(&fixture, 0);
        small_take(&fixture, STEP_WALK_ENDS, 0, 0);
        assert_int_equal(small_entries(&fixture, 0), 1);
        small_close(&fixture);
    }
}

static void a_walk_that_begins_after_the_drop_is_not_waited_for(void **state)
{
    struct small_fixture fixture;
    (void)state;
    open_mapped(&fixture, &(struct small_config){0});
    small_fill(&fixture, 0, SMALL_PAGE);
    unsigned place = small_sent(&fixture, 0, &of_page, 1);
    assert_int_equal(small_entries(&fixture, 0), 1);
    small_take(&fixture, STEP_DROP, 0, place);
    assert_int_equal(small_entries(&fixture, 0), 0);
    assert_true(small_is_complete(&fixture.state, 0, false));
    small_fill(&fixture, 0, SMALL_PAGE);
    assert_int_equal(small_entries(&fixture, 0), 1);
    small_close(&fixture);
}

/* x86 and RISC-V: a handler runs, and what the program has begun is completed first, whatever its address. */
static bool interrupt_waits(enum ordering ordering, unsigned reads, bool begins)
{
    struct small_fixture fixture;
    open_mapped(&fixture, &(struct small_config){.cores = 2, .ordering = ordering});
    small_load(&fixture, 0, SMALL_PAGE);
    unsigned place = small_sent(&fixture, 1, &of_far_page, 1);
    if (begins)
        small_take(&fixture, STEP_WALK_BEGINS, 0, 0);
    for (unsigned i = 0; i < reads; i++)
        small_take(&fixture, STEP_WALK_READS, 0, 0);
    small_take(&fixture, STEP_DROP, 0, place);
    bool waits = !small_is_complete(&fixture.state, 1, false);
    if (!begins)
        small_take(&fixture, STEP_WALK_BEGINS, 0, 0);
    small_walk_until_end(&fixture, 0);
    small_take(&fixture, STEP_WALK_ENDS, 0, 0);
    assert_int_equal(!small_is_complete(&fixture.state, 1, false), waits);
    small_retire(&fixture.state, 0, 0);
    assert_true(small_is_complete(&fixture.state, 1, false));
    small_close(&fixture);
    return waits;
}

static void an_interrupt_waits_for_what_has_begun_and_for_nothing_else(void **state)
{
    (void)state;
    assert_true(interrupt_waits(ORDERING_X86, 2, true));
    assert_true(interrupt_waits(ORDERING_RISCV, 1, true));
    assert_false(interrupt_waits(ORDERING_ARM, 1, true));
    assert_false(interrupt_waits(ORDERING_X86, 0, false));
    assert_false(interrupt_waits(ORDERING_RISCV, 0, false));
}

static void an_access_that_is_over_leaves_its_walk_to_nobody(void **state)
{
    struct small_fixture fixture;
    (void)state;
    open_mapped(&fixture, &(struct small_config){0});
    small_load(&fixture, 0, SMALL_PAGE);
    small_take(&fixture, STEP_WALK_BEGINS, 0, 0);
    small_retire(&fixture.state, 0, 0);
    assert_int_equal(fixture.state.cores[0].walks[0].access, 0);
    small_walk_until_end(&fixture, 0);
    small_take(&fixture, STEP_WALK_ENDS, 0, 0);
    assert_int_equal(access_of(&fixture)->state, ACCESS_NONE);
    assert_int_equal(small_entries(&fixture, 0), 1);
    small_close(&fixture);
}

/* ---- whose stores walks see ---- */

static bool walk_sees_own_store(const char *format, enum ordering ordering)
{
    struct small_fixture fixture;
    small_open(&fixture, &(struct small_config){.store_buffer = 1,
                                                .ordering = ordering,
                                                .contexts = {{.regime = {.format = walk_format_find(format),
                                                                         .hardware_access = true}}}});
    uint64_t slot = small_slot(&fixture, SMALL_PAGE);
    small_store_word(&fixture, 0, slot, small_leaf_word(&fixture, SMALL_FRAME, SMALL_RW));
    small_load(&fixture, 0, SMALL_PAGE);
    small_walk_whole(&fixture, 0);
    bool sees = access_of(&fixture)->state == ACCESS_TRANSLATED;
    small_close(&fixture);
    return sees;
}

static void walks_see_their_cores_own_stores_on_x86_alone(void **state)
{
    (void)state;
    assert_true(walk_sees_own_store("x86-64-48", ORDERING_X86));
    assert_false(walk_sees_own_store("vmsa-4k-25", ORDERING_ARM));
    assert_false(walk_sees_own_store("sv39", ORDERING_RISCV));
}

/* ---- what is dropped ---- */

static void by_asid_global_entries_stay(void **state)
{
    const struct invalidation of_asid = {.asid = 1, .scope = INVALIDATE_ASID, .broadcast = true};
    const struct invalidation of_other = {.asid = 2, .scope = INVALIDATE_ASID, .broadcast = true};
    struct small_fixture fixture;
    uint16_t leaf;
    (void)state;
    open_mapped(&fixture, &(struct small_config){.tlb_entries = 2, .evicts = true});
    small_map(&fixture, SMALL_PAGE_2, SMALL_FRAME_2, SMALL_RW | FRAME_GLOBAL);
    small_fill(&fixture, 0, SMALL_PAGE);
    small_fill(&fixture, 0, SMALL_PAGE_2);
    assert_int_equal(small_entries(&fixture, 0), 2);
    small_take(&fixture, STEP_DROP, 0, small_sent(&fixture, 0, &of_other, 1));
    assert_int_equal(small_entries(&fixture, 0), 2);
    small_take(&fixture, STEP_DROP, 0, small_sent(&fixture, 0, &of_asid, 1));
    assert_int_equal(small_tlb_leaves(fixture.machine, fixture.state.cores[0].tlb, &leaf, 1), 1);
    assert_int_equal(small_leaf_of(fixture.machine, leaf)->leaf.va, SMALL_PAGE_2);
    struct invalidation of_address = {.va = SMALL_PAGE_2, .asid = 2, .broadcast = true};
    small_take(&fixture, STEP_DROP, 0, small_sent(&fixture, 0, &of_address, 1));
    assert_int_equal(small_entries(&fixture, 0), 0); /* by address, global ones go with any ASID */
    small_close(&fixture);
}

static void an_address_space_is_hit_by_its_own_entries_and_global_ones(void **state)
{
    struct small_fixture fixture;
    (void)state;
    open_mapped(&fixture, &(struct small_config){.tlb_entries = 2, .evicts = true, .context_count = 2});
    small_map(&fixture, SMALL_PAGE_2, SMALL_FRAME_2, SMALL_RW | FRAME_GLOBAL);
    small_fill(&fixture, 0, SMALL_PAGE);
    small_fill(&fixture, 0, SMALL_PAGE_2);
    fixture.state.cores[0].context = 2;
    small_load(&fixture, 0, SMALL_PAGE);
    assert_false(small_can(&fixture, STEP_HIT, 0, 0));
    small_retire(&fixture.state, 0, 0);
    small_load(&fixture, 0, SMALL_PAGE_2);
    assert_true(small_can(&fixture, STEP_HIT, 0, 0));
    small_close(&fixture);
}

/* Whether a table that a walk has cached is still there after an invalidation by address. */
static bool cached_table_outlives(const char *format, enum ordering ordering, bool last_level_only)
{
    struct small_fixture fixture;
    struct invalidation what = of_page;
    what.last_level_only = last_level_only;
    small_open(&fixture, &(struct small_config){.walk_cache_entries = 1,
                                                .ordering = ordering,
                                                .contexts = {{.regime = {.format = walk_format_find(format),
                                                                         .hardware_access = true}}}});
    small_map(&fixture, SMALL_PAGE, SMALL_FRAME, SMALL_RW);
    small_fill(&fixture, 0, SMALL_PAGE);
    assert_int_not_equal(fixture.state.cores[0].walk_cache, 0);
    small_take(&fixture, STEP_DROP, 0, small_sent(&fixture, 0, &what, 1));
    bool outlives = fixture.state.cores[0].walk_cache != 0;
    small_close(&fixture);
    return outlives;
}

static void cached_tables_go_with_what_the_architecture_says(void **state)
{
    (void)state;
    assert_false(cached_table_outlives("vmsa-4k-25", ORDERING_ARM, false));
    assert_true(cached_table_outlives("vmsa-4k-25", ORDERING_ARM, true));
    assert_true(cached_table_outlives("sv39", ORDERING_RISCV, false));
    assert_false(cached_table_outlives("x86-64-48", ORDERING_X86, false));
}

static void a_walk_begins_at_a_cached_table_with_fewer_reads(void **state)
{
    struct small_fixture fixture;
    (void)state;
    open_mapped(&fixture, &(struct small_config){.walk_cache_entries = 1, .evicts = true});
    small_map(&fixture, SMALL_PAGE_2, SMALL_FRAME_2, SMALL_RW);
    small_fill(&fixture, 0, SMALL_PAGE);
    small_load(&fixture, 0, SMALL_PAGE_2);
    small_take(&fixture, STEP_WALK_BEGINS, 0, 0);
    small_take(&fixture, STEP_WALK_READS, 0, 0);
    assert_false(small_can(&fixture, STEP_WALK_READS, 0, 0));
    small_take(&fixture, STEP_WALK_ENDS, 0, 0);
    assert_int_equal(small_pa(fixture.machine, access_of(&fixture)), SMALL_FRAME_2);
    small_close(&fixture);
}

/* Where entries go at any time, a table stays as long as it likes: another walk takes no room from it. */
static void a_walk_elsewhere_may_leave_a_cached_table_where_it_is(void **state)
{
    (void)state;
    for (unsigned evicts = 0; evicts < 2; evicts++) {
        struct small_fixture fixture;
        open_mapped(&fixture, &(struct small_config){.walk_cache_entries = 1, .evicts = evicts});
        small_map(&fixture, SMALL_FAR_PAGE, SMALL_FRAME_2, SMALL_RW);
        small_fill(&fixture, 0, SMALL_PAGE);
        uint16_t cached = fixture.state.cores[0].walk_cache;
        small_fill(&fixture, 0, SMALL_FAR_PAGE);
        assert_int_equal(fixture.state.cores[0].walk_cache == cached, evicts);
        small_close(&fixture);
    }
}

static void entries_go_at_any_time_or_for_room_alone(void **state)
{
    struct small_fixture fixture;
    uint16_t leaf;
    (void)state;
    open_mapped(&fixture, &(struct small_config){.tlb_entries = 1, .evicts = true});
    small_map(&fixture, SMALL_PAGE_2, SMALL_FRAME_2, SMALL_RW);
    small_fill(&fixture, 0, SMALL_PAGE);
    small_fill(&fixture, 0, SMALL_PAGE_2); /* there is no room */
    assert_int_equal(small_tlb_leaves(fixture.machine, fixture.state.cores[0].tlb, &leaf, 1), 1);
    assert_int_equal(small_leaf_of(fixture.machine, leaf)->leaf.va, SMALL_PAGE);
    small_take(&fixture, STEP_EVICT, 0, 0);
    assert_int_equal(small_entries(&fixture, 0), 0);
    assert_false(small_can(&fixture, STEP_EVICT, 0, 0));
    small_close(&fixture);

    open_mapped(&fixture, &(struct small_config){.tlb_entries = 1});
    small_map(&fixture, SMALL_PAGE_2, SMALL_FRAME_2, SMALL_RW);
    small_fill(&fixture, 0, SMALL_PAGE);
    assert_false(small_can(&fixture, STEP_EVICT, 0, 0));
    small_fill(&fixture, 0, SMALL_PAGE_2);
    assert_int_equal(small_tlb_leaves(fixture.machine, fixture.state.cores[0].tlb, &leaf, 1), 1);
    assert_int_equal(small_leaf_of(fixture.machine, leaf)->leaf.va, SMALL_PAGE_2);
    small_close(&fixture);
}

static void the_least_recently_used_entry_makes_room(void **state)
{
    struct small_fixture fixture;
    uint16_t leaves[2];
    (void)state;
    open_mapped(&fixture, &(struct small_config){.tlb_entries = 2});
    small_map(&fixture, SMALL_PAGE_2, SMALL_FRAME_2, SMALL_RW);
    small_map(&fixture, SMALL_FAR_PAGE, SMALL_FRAME_2 + 0x1000, SMALL_RW);
    small_fill(&fixture, 0, SMALL_PAGE);
    small_fill(&fixture, 0, SMALL_PAGE_2);
    small_load(&fixture, 0, SMALL_PAGE);
    small_take(&fixture, STEP_HIT, 0, 0);
    small_retire(&fixture.state, 0, 0);
    small_fill(&fixture, 0, SMALL_FAR_PAGE);
    assert_int_equal(small_tlb_leaves(fixture.machine, fixture.state.cores[0].tlb, leaves, 2), 2);
    assert_int_equal(small_leaf_of(fixture.machine, leaves[0])->leaf.va, SMALL_PAGE);
    assert_int_equal(small_leaf_of(fixture.machine, leaves[1])->leaf.va, SMALL_FAR_PAGE);
    small_close(&fixture);
}

/* ---- walks that nobody asked for ---- */

/* ---- faults that stay ------------------------------------------------------------------------------ */

/* An access of a page that is not mapped, which is mapped behind that. */
static void open_faulted(struct small_fixture *fixture, bool keeps)
{
    small_open(fixture, &(struct small_config){.cores = 1, .keeps_faults = keeps, .evicts = true});
    small_load(fixture, 0, SMALL_PAGE);
    small_walk_whole(fixture, 0);
    small_retire(&fixture->state, 0, 0);
    small_map(fixture, SMALL_PAGE, SMALL_FRAME, SMALL_RW);
}

static void a_fault_may_stay_until_it_is_invalidated_or_goes(void **state)
{
    struct small_fixture fixture;
    open_faulted(&fixture, true);
    const struct small_state kept = fixture.state;
    small_load(&fixture, 0, SMALL_PAGE + 8);
    assert_true(small_can(&fixture, STEP_WALK_BEGINS, 0, 0)); /* or it is not met */
    small_take(&fixture, STEP_MEETS, 0, 0);
    assert_int_equal(fixture.state.cores[0].accesses[0].state, ACCESS_FAULTED);
    assert_int_equal(fixture.state.cores[0].accesses[0].fault, FAULT_TRANSLATION);

    fixture.state = kept;
    small_take(&fixture, STEP_EVICT, 0, 0);
    small_load(&fixture, 0, SMALL_PAGE);
    assert_false(small_can(&fixture, STEP_MEETS, 0, 0));

    fixture.state = kept;
    const struct invalidation other = {.va = SMALL_PAGE, .asid = 2, .scope = INVALIDATE_VA};
    const struct invalidation own = {.va = SMALL_PAGE, .asid = 1, .scope = INVALIDATE_VA};
    small_take(&fixture, STEP_DROP, 0, small_sent(&fixture, 0, &other, 1));
    small_load(&fixture, 0, SMALL_PAGE);
    assert_true(small_can(&fixture, STEP_MEETS, 0, 0));
    small_take(&fixture, STEP_DROP, 0, small_sent(&fixture, 0, &own, 1));
    assert_false(small_can(&fixture, STEP_MEETS, 0, 0));
    small_close(&fixture);
}

static void no_fault_stays_where_the_machine_keeps_none(void **state)
{
    struct small_fixture fixture;
    open_faulted(&fixture, false);
    small_load(&fixture, 0, SMALL_PAGE);
    assert_false(small_can(&fixture, STEP_MEETS, 0, 0));
    small_close(&fixture);
}

static void a_fault_stays_for_its_page_alone(void **state)
{
    struct small_fixture fixture;
    open_faulted(&fixture, true);
    small_load(&fixture, 0, SMALL_PAGE_2);
    assert_false(small_can(&fixture, STEP_MEETS, 0, 0));
    small_close(&fixture);
}

static void hardware_walks_unasked_where_it_may(void **state)
{
    (void)state;
    for (unsigned speculates = 0; speculates < 2; speculates++) {
        struct small_fixture fixture;
        open_mapped(&fixture, &(struct small_config){.speculates = speculates,
                                                     .contexts = {{.pages = {SMALL_PAGE}, .page_count = 1}}});
        assert_int_equal(small_can(&fixture, STEP_WALK_BEGINS, 0, SMALL_ACCESSES), speculates);
        if (speculates) {
            small_take(&fixture, STEP_WALK_BEGINS, 0, SMALL_ACCESSES);
            small_walk_until_end(&fixture, 0);
            small_take(&fixture, STEP_WALK_ENDS, 0, 0);
            assert_int_equal(small_entries(&fixture, 0), 1);
            assert_false(small_can(&fixture, STEP_WALK_BEGINS, 0, SMALL_ACCESSES));
        }
        small_close(&fixture);
    }
}

/* ---- the state of entries ---- */

static struct small_config managing(bool access, bool dirty)
{
    return (struct small_config){
        .contexts = {{.regime = {.hardware_access = access, .hardware_dirty = dirty}}}};
}

static void hardware_marks_old_entries_where_it_may(void **state)
{
    struct small_fixture fixture;
    struct small_config config = managing(true, false);
    (void)state;
    small_open(&fixture, &config);
    small_map(&fixture, SMALL_PAGE, SMALL_FRAME, SMALL_RW | FRAME_OLD);
    uint64_t slot = small_slot(&fixture, SMALL_PAGE);
    small_fill(&fixture, 0, SMALL_PAGE);
    assert_int_equal(small_memory_value(&fixture, slot), small_leaf_word(&fixture, SMALL_FRAME, SMALL_RW));
    assert_int_equal(small_entries(&fixture, 0), 1);
    small_close(&fixture);

    config = managing(false, false);
    small_open(&fixture, &config);
    small_map(&fixture, SMALL_PAGE, SMALL_FRAME, SMALL_RW | FRAME_OLD);
    small_load(&fixture, 0, SMALL_PAGE);
    small_walk_whole(&fixture, 0);
    assert_int_equal(access_of(&fixture)->fault, FAULT_ACCESS_FLAG);
    assert_int_equal(small_entries(&fixture, 0), 0);
    small_close(&fixture);
}

static void an_entry_that_changed_meanwhile_is_read_again(void **state)
{
    struct small_fixture fixture;
    struct small_config config = managing(true, false);
    (void)state;
    small_open(&fixture, &config);
    small_map(&fixture, SMALL_PAGE, SMALL_FRAME, SMALL_RW | FRAME_OLD);
    small_load(&fixture, 0, SMALL_PAGE);
    small_take(&fixture, STEP_WALK_BEGINS, 0, 0);
    while (!small_can(&fixture, STEP_WALK_UPDATES, 0, 0))
        small_take(&fixture, STEP_WALK_READS, 0, 0);
    small_map(&fixture, SMALL_PAGE, SMALL_FRAME_2, SMALL_RW);
    uint64_t word = small_memory_value(&fixture, small_slot(&fixture, SMALL_PAGE));
    small_take(&fixture, STEP_WALK_UPDATES, 0, 0);
    assert_int_equal(small_memory_value(&fixture, small_slot(&fixture, SMALL_PAGE)), word);
    assert_true(small_can(&fixture, STEP_WALK_READS, 0, 0));
    small_walk_until_end(&fixture, 0);
    small_take(&fixture, STEP_WALK_ENDS, 0, 0);
    assert_int_equal(small_pa(fixture.machine, access_of(&fixture)), SMALL_FRAME_2);
    small_close(&fixture);
}

static void a_store_walks_to_make_a_clean_entry_dirty(void **state)
{
    struct small_fixture fixture;
    struct small_config config = managing(true, true);
    (void)state;
    config.evicts = true;
    small_open(&fixture, &config);
    small_map(&fixture, SMALL_PAGE, SMALL_FRAME, SMALL_RW | FRAME_CLEAN);
    uint64_t slot = small_slot(&fixture, SMALL_PAGE), clean = small_memory_value(&fixture, slot);
    small_fill(&fixture, 0, SMALL_PAGE);
    assert_int_equal(small_memory_value(&fixture, slot), clean); /* a load leaves it clean */
    assert_true(small_issue(fixture.machine, &fixture.state, 0, 0, ACCESS_STORE, PRIVILEGE_USER, SMALL_PAGE));
    assert_false(small_can(&fixture, STEP_HIT, 0, 0));
    small_walk_whole(&fixture, 0);
    assert_int_equal(access_of(&fixture)->state, ACCESS_TRANSLATED);
    assert_int_equal(small_memory_value(&fixture, slot),
                     entry_format_of(walk_format_find("vmsa-4k-25"))->after_store(clean));
    assert_int_not_equal(small_memory_value(&fixture, slot), clean);
    small_close(&fixture);
}

/* x86 marks the entries of tables on the way; what is read then is judged by where the walk is by now. */
static void a_walk_that_marked_a_table_depends_on_the_table_that_it_reads(void **state)
{
    struct small_fixture fixture;
    const struct invalidation elsewhere = {.va = UINT64_C(1) << 40, .asid = 1, .broadcast = true};
    (void)state;
    small_open(&fixture,
               &(struct small_config){.ordering = ORDERING_X86,
                                      .contexts = {{.regime = {.format = walk_format_find("x86-64-48"),
                                                               .hardware_access = true,
                                                               .hardware_dirty = true}}}});
    small_map(&fixture, SMALL_PAGE, SMALL_FRAME, SMALL_RW);
    uint64_t entry = small_memory_value(&fixture, SMALL_ROOT);
    assert_true(small_poke(fixture.machine, &fixture.state, SMALL_ROOT, entry & ~X86_ACCESSED));
    small_load(&fixture, 0, SMALL_PAGE);
    small_take(&fixture, STEP_WALK_BEGINS, 0, 0);
    small_take(&fixture, STEP_WALK_READS, 0, 0);
    small_take(&fixture, STEP_WALK_UPDATES, 0, 0);
    assert_true(small_can(&fixture, STEP_WALK_READS, 0, 0));
    small_take(&fixture, STEP_DROP, 0, small_sent(&fixture, 0, &elsewhere, 1));
    assert_true(small_is_complete(&fixture.state, 0, false));
    small_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_walk_fills_and_the_next_access_hits),
        cmocka_unit_test(what_is_not_mapped_or_not_permitted_faults),
        cmocka_unit_test(an_invalidation_waits_for_the_walk_that_it_caught_which_fills_nothing),
        cmocka_unit_test(an_invalidation_of_another_region_waits_for_no_walk_that_has_left_the_root),
        cmocka_unit_test(a_walk_that_begins_after_the_drop_is_not_waited_for),
        cmocka_unit_test(an_interrupt_waits_for_what_has_begun_and_for_nothing_else),
        cmocka_unit_test(an_access_that_is_over_leaves_its_walk_to_nobody),
        cmocka_unit_test(walks_see_their_cores_own_stores_on_x86_alone),
        cmocka_unit_test(by_asid_global_entries_stay),
        cmocka_unit_test(an_address_space_is_hit_by_its_own_entries_and_global_ones),
        cmocka_unit_test(cached_tables_go_with_what_the_architecture_says),
        cmocka_unit_test(a_walk_begins_at_a_cached_table_with_fewer_reads),
        cmocka_unit_test(a_walk_elsewhere_may_leave_a_cached_table_where_it_is),
        cmocka_unit_test(entries_go_at_any_time_or_for_room_alone),
        cmocka_unit_test(the_least_recently_used_entry_makes_room),
        cmocka_unit_test(a_fault_may_stay_until_it_is_invalidated_or_goes),
        cmocka_unit_test(no_fault_stays_where_the_machine_keeps_none),
        cmocka_unit_test(a_fault_stays_for_its_page_alone),
        cmocka_unit_test(hardware_walks_unasked_where_it_may),
        cmocka_unit_test(hardware_marks_old_entries_where_it_may),
        cmocka_unit_test(an_entry_that_changed_meanwhile_is_read_again),
        cmocka_unit_test(a_store_walks_to_make_a_clean_entry_dirty),
        cmocka_unit_test(a_walk_that_marked_a_table_depends_on_the_table_that_it_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
