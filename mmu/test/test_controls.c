/*
 * What the state of a core makes of the rights of entries: PAN, WP, SMAP, keys. It is applied to each access
 * when it is made, on hits and after walks; a switch to the same space under other controls leaves all
 * entries where they are. Entries are updated only for accesses that are allowed.
 */
#include "mmu/test/guest_fixture.h"
#include "mmu/test/space_rig.h"
#include "pagetables/ept.h"
#include "pagetables/vmsa.h"
#include "pagetables/x86.h"

#define PAGES   UINT64_C(0x400000)
#define PAGE(i) (PAGES + (i)*FIXTURE_PAGE)

struct world {
    struct rig rig;
    struct space_rig space;
    struct address_context other; /* the same space under other controls */
};

static void open_world(struct world *world, const char *format)
{
    rig_defaults(&world->rig);
    rig_open(&world->rig);
    world->space = space_open(&world->rig, format, 1, 1);
}

static void begin(struct world *world, uint32_t flags, uint32_t other_flags)
{
    world->space.context.regime.controls.flags = flags;
    world->other = world->space.context;
    world->other.regime.controls.flags = other_flags;
    rig_begin(&world->rig);
}

static void become(struct world *world, const struct address_context *context)
{
    struct core_operation to = op_switch_to(context);
    rig_do(&world->rig, &to);
}

static enum fault_kind fault_of(struct world *world, enum privilege privilege, enum access_kind kind,
                                uint64_t va)
{
    struct core_operation access = op_by(privilege, kind, va);
    return rig_do(&world->rig, &access)->fault;
}

static const struct core_counters *counters(const struct world *world)
{
    return machine_counters(world->rig.fixture.machine, 0);
}

static void close_world(struct world *world)
{
    rig_end(&world->rig);
    space_close(&world->space);
    rig_close(&world->rig);
}

/* ---- hits and walks ------------------------------------------------------------------------------ */

static void pan_keeps_the_kernel_from_user_pages_until_it_is_lifted(void **state)
{
    struct world world;
    (void)state;
    open_world(&world, "vmsa-4k-48");
    space_map(&world.rig, &world.space, PAGE(0), "rw-u");
    space_map(&world.rig, &world.space, PAGE(1), "rw-");
    begin(&world, CONTROL_PAN, 0);
    become(&world, &world.space.context);
    assert_int_equal(fault_of(&world, PRIVILEGE_KERNEL, ACCESS_LOAD, PAGE(0)), FAULT_PERMISSION); /* walked */
    assert_int_equal(fault_of(&world, PRIVILEGE_KERNEL, ACCESS_STORE, PAGE(0)), FAULT_PERMISSION); /* hit */
    assert_int_equal(fault_of(&world, PRIVILEGE_USER, ACCESS_LOAD, PAGE(0)), FAULT_NONE);
    assert_int_equal(fault_of(&world, PRIVILEGE_KERNEL, ACCESS_LOAD, PAGE(1)), FAULT_NONE);
    become(&world, &world.other);
    assert_int_equal(fault_of(&world, PRIVILEGE_KERNEL, ACCESS_LOAD, PAGE(0)), FAULT_NONE);
    assert_int_equal(fault_of(&world, PRIVILEGE_KERNEL, ACCESS_STORE, PAGE(0)), FAULT_NONE);
    become(&world, &world.space.context);
    assert_int_equal(fault_of(&world, PRIVILEGE_KERNEL, ACCESS_LOAD, PAGE(0)), FAULT_PERMISSION);
    assert_int_equal(counters(&world)->walker.walks, 2); /* one for each page: no entry went */
    close_world(&world);
}

static void events_say_what_the_entry_allows_and_the_controls(void **state)
{
    struct world world;
    (void)state;
    open_world(&world, "vmsa-4k-48");
    space_map(&world.rig, &world.space, PAGE(0), "rw-u");
    begin(&world, CONTROL_PAN, 0);
    become(&world, &world.space.context);
    (void)fault_of(&world, PRIVILEGE_KERNEL, ACCESS_LOAD, PAGE(0));
    (void)fault_of(&world, PRIVILEGE_USER, ACCESS_LOAD, PAGE(0));
    rig_end(&world.rig);
    const struct event_translation *refused = &rig_event(&world.rig, EVENT_TRANSLATION, 0, 0)->as.translation;
    const struct event_translation *allowed = &rig_event(&world.rig, EVENT_TRANSLATION, 0, 1)->as.translation;
    uint32_t attributes = FRAME_READABLE | FRAME_WRITABLE | FRAME_USER;
    assert_int_equal(refused->rights, world.space.context.regime.format->rights(attributes));
    assert_int_equal(allowed->rights, refused->rights);
    assert_int_equal(refused->attributes, attributes);
    assert_int_equal(allowed->attributes, attributes);
    assert_int_equal(rig_event(&world.rig, EVENT_CONTEXT, 0, 1)->as.context.controls.flags, CONTROL_PAN);
    space_close(&world.space);
    rig_close(&world.rig);
}

/* Streams take first-level hits on a way of their own. */
static void streams_are_judged_too(void **state)
{
    (void)state;
    for (unsigned pan = 0; pan < 2; pan++) {
        struct world world;
        char error[128];
        open_world(&world, "vmsa-4k-48");
        space_map(&world.rig, &world.space, PAGE(0), "rw-u");
        begin(&world, 0, pan ? CONTROL_PAN : 0);
        become(&world, &world.space.context);
        assert_int_equal(fault_of(&world, PRIVILEGE_USER, ACCESS_LOAD, PAGE(0)), FAULT_NONE);
        become(&world, &world.other);
        struct stream_config config = {.pattern = STREAM_STRIDE,
                                       .base = PAGE(0),
                                       .region_bytes = FIXTURE_PAGE,
                                       .accesses = 40,
                                       .kind = ACCESS_LOAD};
        struct stream *stream = stream_open(&config, error, sizeof error);
        assert_non_null(stream);
        struct core_operation run = {
            .kind = CORE_STREAM, .privilege = PRIVILEGE_KERNEL, .data_mode = DATA_NONE, .stream = stream};
        const struct core_result *result = rig_do(&world.rig, &run);
        assert_int_equal(result->fault, pan ? FAULT_PERMISSION : FAULT_NONE);
        assert_int_equal(result->accesses < 40, pan);
        assert_int_equal(counters(&world)->walker.walks, 1);
        stream->close(stream);
        close_world(&world);
    }
}

static void entries_of_further_levels_are_judged_when_they_are_hit(void **state)
{
    struct world world;
    (void)state;
    rig_defaults(&world.rig);
    set_geometry(&world.rig.config.tlbs[TLB_L1D], 1, 1, 1);
    rig_open(&world.rig);
    world.space = space_open(&world.rig, "vmsa-4k-48", 1, 1);
    space_map(&world.rig, &world.space, PAGE(0), "rw-u");
    space_map(&world.rig, &world.space, PAGE(1), "rw-u");
    begin(&world, 0, CONTROL_PAN);
    become(&world, &world.space.context);
    (void)fault_of(&world, PRIVILEGE_USER, ACCESS_LOAD, PAGE(0));
    (void)fault_of(&world, PRIVILEGE_USER, ACCESS_LOAD, PAGE(1));
    become(&world, &world.other);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(fault_of(&world, PRIVILEGE_KERNEL, ACCESS_LOAD, PAGE(i % 2)), FAULT_PERMISSION);
        assert_int_equal(fault_of(&world, PRIVILEGE_USER, ACCESS_LOAD, PAGE(i % 2)), FAULT_NONE);
    }
    assert_int_equal(counters(&world)->tlb[GROUP_L2].hits, 4);
    assert_int_equal(counters(&world)->walker.walks, 2);
    close_world(&world);
}

static void protection_keys_take_from_user_pages_of_their_key(void **state)
{
    struct world world;
    (void)state;
    open_world(&world, "x86-64-48");
    space_map(&world.rig, &world.space, PAGE(0), "rw-uk5");
    space_map(&world.rig, &world.space, PAGE(1), "rw-uk6");
    begin(&world, CONTROL_WP | CONTROL_PKE, CONTROL_WP | CONTROL_PKE);
    world.other.regime.controls.key_rights = 2u << 2 * 5; /* no stores to key 5 */
    become(&world, &world.space.context);
    assert_int_equal(fault_of(&world, PRIVILEGE_USER, ACCESS_STORE, PAGE(0)), FAULT_NONE);
    become(&world, &world.other);
    assert_int_equal(fault_of(&world, PRIVILEGE_USER, ACCESS_STORE, PAGE(0)), FAULT_PERMISSION);
    assert_int_equal(fault_of(&world, PRIVILEGE_USER, ACCESS_LOAD, PAGE(0)), FAULT_NONE);
    assert_int_equal(fault_of(&world, PRIVILEGE_USER, ACCESS_STORE, PAGE(1)), FAULT_NONE);
    const struct core_result *result = machine_result(world.rig.fixture.machine, 0);
    assert_int_equal(fault_of(&world, PRIVILEGE_KERNEL, ACCESS_STORE, PAGE(0)), FAULT_PERMISSION);
    assert_int_equal(result->report.vector, 14);
    assert_int_equal(result->report.address, PAGE(0));
    assert_int_equal(result->report.code, X86_ERROR_PRESENT | X86_ERROR_WRITE | X86_ERROR_KEY);
    close_world(&world);
}

/* ---- updates --------------------------------------------------------------------------------------- */

static uint64_t place_of_leaf(const struct world *world, uint64_t va)
{
    const struct translation_regime *regime = &world->space.context.regime;
    struct walk_state walk;
    enum walk_status status = regime->format->start(&walk, regime, va);
    uint64_t word = 0, place = 0;
    while (status == WALK_FETCH || status == WALK_UPDATE) {
        place = status == WALK_FETCH ? walk.fetch[0] : place;
        assert_true(machine_peek(world->rig.fixture.machine, place, &word));
        status = status == WALK_FETCH ? regime->format->resume(&walk, &word) : regime->format->updated(&walk);
    }
    return place;
}

static uint64_t leaf_of(const struct world *world, uint64_t va)
{
    uint64_t word = 0;
    assert_true(machine_peek(world->rig.fixture.machine, place_of_leaf(world, va), &word));
    return word;
}

/* CR0.WP = 0: the kernel stores to read-only pages, and the dirty flag says so (SDM volume 3, 4.8). */
static void a_store_to_a_read_only_page_makes_it_dirty_where_wp_is_clear(void **state)
{
    struct world world;
    (void)state;
    open_world(&world, "x86-64-48");
    space_map(&world.rig, &world.space, PAGE(0), "r--u");
    world.space.context.regime.hardware_access = world.space.context.regime.hardware_dirty = true;
    assert_true(machine_poke(world.rig.fixture.machine, place_of_leaf(&world, PAGE(0)),
                             leaf_of(&world, PAGE(0)) & ~X86_DIRTY));
    begin(&world, CONTROL_WP, 0);
    become(&world, &world.space.context);
    assert_int_equal(fault_of(&world, PRIVILEGE_USER, ACCESS_LOAD, PAGE(0)), FAULT_NONE);
    assert_int_equal(fault_of(&world, PRIVILEGE_KERNEL, ACCESS_STORE, PAGE(0)), FAULT_PERMISSION);
    assert_false(leaf_of(&world, PAGE(0)) & X86_DIRTY);
    become(&world, &world.other);
    assert_int_equal(fault_of(&world, PRIVILEGE_USER, ACCESS_STORE, PAGE(0)), FAULT_PERMISSION);
    assert_false(leaf_of(&world, PAGE(0)) & X86_DIRTY);
    assert_int_equal(counters(&world)->walker.walks, 1);
    assert_int_equal(fault_of(&world, PRIVILEGE_KERNEL, ACCESS_STORE, PAGE(0)), FAULT_NONE);
    assert_true(leaf_of(&world, PAGE(0)) & X86_DIRTY);
    assert_int_equal(counters(&world)->walker.walks, 2);
    assert_int_equal(fault_of(&world, PRIVILEGE_KERNEL, ACCESS_STORE, PAGE(0)), FAULT_NONE);
    assert_int_equal(counters(&world)->walker.walks, 2);
    close_world(&world);
}

static void a_refused_access_marks_nothing_and_leaves_no_entry(void **state)
{
    struct world world;
    (void)state;
    open_world(&world, "vmsa-4k-48");
    space_map(&world.rig, &world.space, PAGE(0), "rw-uco");
    world.space.context.regime.hardware_access = world.space.context.regime.hardware_dirty = true;
    begin(&world, CONTROL_PAN, 0);
    become(&world, &world.space.context);
    uint64_t before = leaf_of(&world, PAGE(0));
    assert_int_equal(fault_of(&world, PRIVILEGE_KERNEL, ACCESS_STORE, PAGE(0)), FAULT_PERMISSION);
    assert_int_equal(leaf_of(&world, PAGE(0)), before);
    assert_int_equal(counters(&world)->walker.faults, 0);
    assert_int_equal(counters(&world)->walker.unfilled, 1);
    become(&world, &world.other);
    assert_int_equal(fault_of(&world, PRIVILEGE_KERNEL, ACCESS_LOAD, PAGE(0)), FAULT_NONE);
    assert_int_equal(leaf_of(&world, PAGE(0)), before | VMSA_AF);
    become(&world, &world.space.context);
    assert_int_equal(fault_of(&world, PRIVILEGE_KERNEL, ACCESS_STORE, PAGE(0)), FAULT_PERMISSION);
    assert_int_equal(leaf_of(&world, PAGE(0)), before | VMSA_AF);
    assert_int_equal(counters(&world)->walker.walks, 2);
    become(&world, &world.other);
    assert_int_equal(fault_of(&world, PRIVILEGE_KERNEL, ACCESS_STORE, PAGE(0)), FAULT_NONE);
    assert_int_equal(counters(&world)->walker.walks, 3);
    assert_int_equal(counters(&world)->walker.updates, 2);
    close_world(&world);
}

/* ---- canonical addresses and reports --------------------------------------------------------------- */

static void an_address_that_is_not_canonical_is_a_general_protection_exception(void **state)
{
    struct world world;
    (void)state;
    open_world(&world, "x86-64-48");
    begin(&world, 0, 0);
    become(&world, &world.space.context);
    assert_int_equal(fault_of(&world, PRIVILEGE_USER, ACCESS_LOAD, UINT64_C(1) << 47), FAULT_NONCANONICAL);
    assert_int_equal(machine_result(world.rig.fixture.machine, 0)->report.vector, 13);
    assert_int_equal(counters(&world)->misses.no_walk, 1);
    assert_int_equal(fault_of(&world, PRIVILEGE_USER, ACCESS_STORE, UINT64_C(0xffff800000000000)),
                     FAULT_TRANSLATION);
    const struct core_result *result = machine_result(world.rig.fixture.machine, 0);
    assert_int_equal(result->report.vector, 14);
    assert_int_equal(result->report.address, UINT64_C(0xffff800000000000));
    assert_int_equal(result->report.code, X86_ERROR_WRITE | X86_ERROR_USER);
    rig_end(&world.rig);
    assert_int_equal(rig_event(&world.rig, EVENT_FAULT, 0, 1)->as.fault.report.code, result->report.code);
    assert_int_equal(rig_event(&world.rig, EVENT_TRANSLATION, 0, 1)->as.translation.fault_code,
                     result->report.code);
    assert_int_equal(rig_event(&world.rig, EVENT_TRANSLATION, 0, 0)->as.translation.fault,
                     FAULT_NONCANONICAL);
    space_close(&world.space);
    rig_close(&world.rig);
}

/* What stage 2 alone says, whether the access has walked or hit what another one had walked for. */
static void a_refusal_by_stage_2_is_reported_as_its_entry_has_it(void **state)
{
    const struct guest_config guest = {"x86-64-48", "ept-48", false};
    const unsigned page = 13; /* rw- of stage 1, r-x of stage 2 */
    struct rig rig;
    (void)state;
    rig_defaults(&rig);
    rig_open_guest(&rig, &guest);
    rig_begin(&rig);
    for (unsigned round = 0; round < 3; round++) {
        struct core_operation store = op_by(PRIVILEGE_USER, ACCESS_STORE, fixture_va(page) + 0x128);
        const struct core_result *result = rig_do(&rig, &store);
        assert_int_equal(result->fault, FAULT_PERMISSION);
        assert_int_equal(result->fault_stage, 2);
        assert_int_equal(result->report.vector, EPT_EXIT_VIOLATION);
        assert_int_equal(result->report.ipa, guest_ipa(page) + 0x128);
        assert_int_equal(result->report.address, fixture_va(page) + 0x128);
        assert_int_equal(result->report.code & (EPT_QUALIFICATION_READABLE | EPT_QUALIFICATION_WRITABLE |
                                                EPT_QUALIFICATION_EXECUTABLE),
                         EPT_QUALIFICATION_READABLE | EPT_QUALIFICATION_EXECUTABLE);
    }
    struct core_operation fetch = op_by(PRIVILEGE_USER, ACCESS_FETCH, fixture_va(page));
    assert_int_equal(rig_do(&rig, &fetch)->fault_stage, 1);
    assert_int_equal(rig_do(&rig, &fetch)->report.vector, 14);
    assert_int_equal(machine_counters(rig.fixture.machine, 0)->walker.walks, 1); /* all others hit */
    rig_end(&rig);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pan_keeps_the_kernel_from_user_pages_until_it_is_lifted),
        cmocka_unit_test(events_say_what_the_entry_allows_and_the_controls),
        cmocka_unit_test(streams_are_judged_too),
        cmocka_unit_test(entries_of_further_levels_are_judged_when_they_are_hit),
        cmocka_unit_test(protection_keys_take_from_user_pages_of_their_key),
        cmocka_unit_test(a_store_to_a_read_only_page_makes_it_dirty_where_wp_is_clear),
        cmocka_unit_test(a_refused_access_marks_nothing_and_leaves_no_entry),
        cmocka_unit_test(an_address_that_is_not_canonical_is_a_general_protection_exception),
        cmocka_unit_test(a_refusal_by_stage_2_is_reported_as_its_entry_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
