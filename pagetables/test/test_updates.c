/* Access flag and dirty state managed by hardware: one stage, two stages, and what software sees of it. */
#include "pagetables/test/fixture.h"
#include "pagetables/two_stage.h"

#include <string.h>

#define KERNEL_STORE ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE)
#define USER_STORE   ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE)

/* ---- One stage: the walk of a last-level entry ---- */

struct machine {
    struct translation_regime regime;
    struct walk_state walk;
    uint64_t inherited;
};

static struct machine machine_with(const struct walk_format *format, bool access, bool dirty)
{
    return (struct machine){
        .regime = {
            .format = format, .physical_size_lg2 = 48, .hardware_access = access, .hardware_dirty = dirty}};
}

static uint64_t word_of(const struct walk_format *format, const char *attributes)
{
    struct frame frame = frame_of(0x5000, 12, attributes);
    const struct entry_format *entries = entry_format_of(format);
    uint64_t word = 0;
    assert_true(entries->encode_leaf(&entries->level[entries->levels - 1], &frame, &word));
    return word;
}

static enum walk_status walk_leaf(struct machine *machine, uint64_t word)
{
    const struct walk_table table = {
        .pa = 0x4000, .level = 3, .span_lg2 = 21, .inherited = machine->inherited};
    const struct walk_format *format = machine->regime.format;
    assert_int_equal(format->enter(&machine->walk, &machine->regime, 0x7000, &table), WALK_FETCH);
    return format->resume(&machine->walk, &word);
}

static void assert_update(struct machine *machine, bool store, uint64_t before, uint64_t after)
{
    struct walk_update update;
    assert_int_equal(walk_needs_update(&machine->walk, store, &update), before != after);
    if (before == after)
        return;
    assert_int_equal(update.pa, 0x4038);
    assert_int_equal(update.expected, before);
    assert_int_equal(update.desired, after);
}

static const struct walk_format *const formats[] = {&vmsa_4k_48, &vmsa_s2_4k_48};

#define FORMATS (sizeof formats / sizeof *formats)

static void bad_an_old_entry_is_a_fault_where_software_sets_access_flags(void **state)
{
    for (size_t i = 0; i < FORMATS; i++) {
        for (unsigned dirty = 0; dirty < 2; dirty++) { /* HD without HA has no effect */
            struct machine machine = machine_with(formats[i], false, dirty);
            assert_int_equal(walk_leaf(&machine, word_of(formats[i], "rw-o")), WALK_FAULT);
            assert_int_equal(machine.walk.fault, FAULT_ACCESS_FLAG);
            assert_int_equal(machine.walk.fault_level, 3);
        }
    }
}

static void good_an_old_entry_is_made_young_by_any_use(void **state)
{
    for (size_t i = 0; i < FORMATS; i++) {
        for (unsigned store = 0; store < 2; store++) {
            struct machine machine = machine_with(formats[i], true, store);
            uint64_t old = word_of(formats[i], "rw-o");
            uint64_t young = word_of(formats[i], "rw-");
            assert_int_equal(walk_leaf(&machine, old), WALK_LEAF);
            assert_int_equal(machine.walk.leaf.rights, formats[i]->rights(FRAME_READABLE | FRAME_WRITABLE));
            assert_update(&machine, store, old, young);
            formats[i]->updated(&machine.walk);
            assert_update(&machine, store, young, young);
        }
    }
}

static void good_a_store_makes_a_clean_entry_dirty_and_young_at_once(void **state)
{
    for (size_t i = 0; i < FORMATS; i++) {
        struct machine machine = machine_with(formats[i], true, true);
        uint64_t clean = word_of(formats[i], "rw-co");
        const struct entry_format *entries = entry_format_of(formats[i]);
        assert_int_equal(walk_leaf(&machine, clean), WALK_LEAF);
        assert_int_equal(machine.walk.leaf.rights & KERNEL_STORE, 0);
        assert_int_equal(machine.walk.leaf.rights_when_dirty & KERNEL_STORE, KERNEL_STORE);
        assert_update(&machine, false, clean, word_of(formats[i], "rw-c"));
        assert_update(&machine, true, clean, entries->after_store(clean));
        formats[i]->updated(&machine.walk);
        assert_int_equal(machine.walk.leaf.rights, machine.walk.leaf.rights_when_dirty);
        assert_int_equal(machine.walk.leaf.rights & KERNEL_STORE, KERNEL_STORE);
        assert_update(&machine, true, entries->after_store(clean), entries->after_store(clean));
    }
}

/* HD without HA has no effect (D8.5.2). */
static void bad_a_clean_entry_has_no_stores_where_software_makes_it_dirty(void **state)
{
    for (size_t i = 0; i < FORMATS; i++) {
        for (unsigned flags = 0; flags < 3; flags++) {
            struct machine machine = machine_with(formats[i], flags & 1, flags & 2);
            uint64_t clean = word_of(formats[i], "rw-c");
            assert_int_equal(walk_leaf(&machine, clean), WALK_LEAF);
            assert_int_equal(machine.walk.leaf.rights_when_dirty & KERNEL_STORE, 0);
            assert_update(&machine, true, clean, clean);
        }
    }
}

static void bad_a_read_only_entry_never_becomes_dirty(void **state)
{
    for (size_t i = 0; i < FORMATS; i++) {
        struct machine machine = machine_with(formats[i], true, true);
        uint64_t word = word_of(formats[i], "r--");
        assert_int_equal(walk_leaf(&machine, word), WALK_LEAF);
        assert_int_equal(machine.walk.leaf.rights_when_dirty & KERNEL_STORE, 0);
        assert_update(&machine, true, word, word);
    }
}

static void bad_a_table_that_forbids_stores_forbids_them_when_dirty_too(void **state)
{
    struct machine machine = machine_with(&vmsa_4k_48, true, true);
    machine.inherited = VMSA_AP_TABLE_NOSTORE;
    assert_int_equal(walk_leaf(&machine, word_of(&vmsa_4k_48, "rw-uc")), WALK_LEAF);
    assert_int_equal(machine.walk.leaf.rights_when_dirty & (KERNEL_STORE | USER_STORE), 0);
}

/* D8.5.2: a clean entry has all rights of a dirty one but the stores; D8.4.1.2.3 R_VWLLR applies to it. */
static void bad_kernel_does_not_execute_what_user_may_make_dirty(void **state)
{
    struct machine machine = machine_with(&vmsa_4k_48, true, true);
    uint64_t word = word_of(&vmsa_4k_48, "rw-uc") & ~VMSA_PXN;
    assert_int_equal(walk_leaf(&machine, word), WALK_LEAF);
    assert_int_equal(machine.walk.leaf.rights & ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_FETCH), 0);
    machine.regime.hardware_dirty = false;
    assert_int_equal(walk_leaf(&machine, word), WALK_LEAF);
    assert_int_not_equal(machine.walk.leaf.rights & ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_FETCH), 0);
}

static void good_state_is_no_part_of_the_mapping(void **state)
{
    static const char *const states[] = {"rw-", "rw-o", "rw-c", "rw-co"};
    for (size_t i = 0; i < FORMATS; i++) {
        for (unsigned s = 0; s < 4; s++) {
            struct machine machine = machine_with(formats[i], true, s & 1);
            assert_int_equal(walk_leaf(&machine, word_of(formats[i], states[s])), WALK_LEAF);
            assert_int_equal(machine.walk.leaf.frame.attributes, FRAME_READABLE | FRAME_WRITABLE);
        }
    }
}

/* ---- What page tables make of it ---- */

static struct fixture fixture;

static uint32_t queried_state(uint64_t va)
{
    struct mapping found;
    assert_int_equal(fixture.table->query(&fixture.state, &fixture.environment, va, &found), PAGETABLE_OK);
    return found.frame.attributes & FRAME_STATE_ALL;
}

/* Hardware uses the page at `va`. */
static void use(uint64_t va, bool store)
{
    struct walk_state walk;
    struct walk_update update;
    fixture.regime.hardware_dirty = true;
    assert_int_equal(interpret_address(&fixture.regime, &fixture.reader, va, &walk), WALK_LEAF);
    while (walk_needs_update(&walk, store, &update)) {
        assert_int_equal(fixture_peek(&fixture, update.pa), update.expected);
        assert_true(flat_memory_poke(fixture.memory, update.pa, update.desired));
        walk.regime->format->updated(&walk);
    }
}

static void good_software_sees_what_hardware_did_and_takes_it_back(void **state)
{
    for (size_t i = 0; i < FORMATS; i++) {
        fixture_open_format(&fixture, &pagetable_radix, formats[i]);
        assert_int_equal(fixture_map(&fixture, 0, frame_of(0x5000, 12, "rw-co")), PAGETABLE_OK);
        assert_int_equal(queried_state(0), FRAME_CLEAN | FRAME_OLD);
        fixture_assert_view(&fixture);
        use(0, false);
        assert_int_equal(queried_state(0), FRAME_CLEAN);
        fixture_assert_view(&fixture);
        use(0, true);
        assert_int_equal(queried_state(0), 0);
        fixture_assert_view(&fixture); /* the mapping is what it was, and the table is in order */
        assert_int_equal(fixture_protect(&fixture, 0, "rw-co"), PAGETABLE_OK);
        assert_int_equal(queried_state(0), FRAME_CLEAN | FRAME_OLD);
        fixture_close(&fixture);
    }
}

static void bad_a_clean_page_that_is_not_writable_is_refused(void **state)
{
    for (size_t i = 0; i < FORMATS; i++) {
        fixture_open_format(&fixture, &pagetable_radix, formats[i]);
        assert_int_equal(fixture_map(&fixture, 0, frame_of(0x5000, 12, "r--c")), PAGETABLE_UNSUPPORTED);
        fixture_close(&fixture);
    }
}

/* ---- Two stages ---- */

#define VA              UINT64_C(0x40000000)
#define IPA             UINT64_C(0x80000000) /* of the page */
#define PA              UINT64_C(0x4000000)
#define IPA_ROOT        UINT64_C(0x1000000) /* stage 1's tables, one after the other; stage 2 adds 16 MiB */
#define TABLE_PA(level) (IPA_ROOT + 16 * MIB + (level)*4 * KIB)

/* Stage 1 is made by hand, stage 2 by the radix table of the fixture. */
struct guest {
    struct translation_regime stage1;
    struct two_stage_regime regime;
    struct two_stage_walk walk;
    char log[64]; /* u and U: an update of stage 1, 2 */
    unsigned stage2_walks;
};

static uint64_t slot_of(unsigned level)
{
    return TABLE_PA(level) + entry_index(&vmsa_4k_48_entries.level[level], VA) * 8;
}

static void open_guest(struct guest *guest, const char *leaf, const char *tables, const char *page)
{
    fixture_open_format(&fixture, &pagetable_radix, &vmsa_s2_4k_48);
    fixture.regime.hardware_dirty = true;
    struct frame frame = frame_of(IPA, 12, leaf);
    uint64_t word;
    assert_true(vmsa_4k_48_entries.encode_leaf(&vmsa_4k_48_entries.level[3], &frame, &word));
    for (unsigned level = 0; level < 3; level++)
        assert_true(flat_memory_poke(fixture.memory, slot_of(level),
                                     vmsa_4k_48_entries.encode_table(IPA_ROOT + (level + 1) * 4 * KIB)));
    assert_true(flat_memory_poke(fixture.memory, slot_of(3), word));
    for (unsigned level = 0; level < 4; level++)
        assert_int_equal(fixture_map(&fixture, IPA_ROOT + level * 4 * KIB,
                                     frame_of(TABLE_PA(level), 12, level == 3 ? tables : "rw-")),
                         PAGETABLE_OK);
    assert_int_equal(fixture_map(&fixture, IPA, frame_of(PA, 12, page)), PAGETABLE_OK);
    *guest = (struct guest){.stage1 = {.format = &vmsa_4k_48,
                                       .root = IPA_ROOT,
                                       .physical_size_lg2 = 48,
                                       .hardware_access = true,
                                       .hardware_dirty = true}};
    guest->regime = (struct two_stage_regime){&guest->stage1, &fixture.regime};
}

static enum two_stage_status compare_exchange(struct guest *guest)
{
    const struct walk_update *update = &guest->walk.update;
    guest->log[strlen(guest->log)] = guest->walk.stage == 1 ? 'u' : 'U';
    assert_int_equal(fixture_peek(&fixture, update->pa), update->expected);
    assert_true(flat_memory_poke(fixture.memory, update->pa, update->desired));
    return two_stage_updated(&guest->walk);
}

static enum two_stage_status finish(struct guest *guest, enum two_stage_status status)
{
    while (status != TWO_STAGE_LEAF && status != TWO_STAGE_FAULT) {
        uint64_t word = 0;
        switch (status) {
        case TWO_STAGE_TRANSLATE:
            guest->stage2_walks++;
            status = two_stage_walk_stage2(&guest->walk, NULL);
            break;
        case TWO_STAGE_FETCH:
            word = fixture_peek(&fixture, guest->walk.fetch[0]);
            status = two_stage_resume(&guest->walk, &word);
            break;
        default:
            status = compare_exchange(guest);
        }
    }
    return status;
}

static enum two_stage_status use_two_stages(struct guest *guest, bool store)
{
    enum two_stage_status status = finish(guest, two_stage_start(&guest->walk, &guest->regime, VA, NULL));
    if (status == TWO_STAGE_LEAF)
        status = finish(guest, two_stage_use(&guest->walk, store));
    return status;
}

static void good_both_stages_are_made_young_by_a_load(void **state)
{
    struct guest guest;
    open_guest(&guest, "rw-co", "rw-o", "rw-co");
    assert_int_equal(use_two_stages(&guest, false), TWO_STAGE_LEAF);
    /* the last table's page when it is read; then stage 1's entry, and the page */
    assert_string_equal(guest.log, "UuU");
    assert_int_equal(guest.stage2_walks, 5);
    assert_int_equal(guest.walk.leaf.rights & KERNEL_STORE, 0);
    assert_int_equal(guest.walk.leaf.rights_when_dirty & KERNEL_STORE, KERNEL_STORE);
    assert_int_equal(queried_state(IPA), FRAME_CLEAN);
    guest.log[0] = guest.log[1] = guest.log[2] = '\0';
    assert_int_equal(use_two_stages(&guest, false), TWO_STAGE_LEAF);
    assert_string_equal(guest.log, "");
    fixture_close(&fixture);
}

static void good_a_store_makes_both_stages_dirty(void **state)
{
    struct guest guest;
    open_guest(&guest, "rw-c", "rw-", "rw-c");
    assert_int_equal(use_two_stages(&guest, true), TWO_STAGE_LEAF);
    assert_string_equal(guest.log, "uU");
    assert_int_equal(guest.walk.leaf.rights & KERNEL_STORE, KERNEL_STORE);
    assert_int_equal(guest.walk.leaf.frame.base, PA);
    assert_int_equal(queried_state(IPA), 0);
    fixture_close(&fixture);
}

/* The update of stage 1 is a store to its table's page, which is made dirty before. */
static void good_a_clean_page_of_a_table_is_made_dirty_by_the_update_in_it(void **state)
{
    struct guest guest;
    open_guest(&guest, "rw-o", "rw-c", "rw-");
    assert_int_equal(use_two_stages(&guest, false), TWO_STAGE_LEAF);
    assert_string_equal(guest.log, "Uu");
    assert_int_equal(guest.stage2_walks, 6); /* the table's page once more, for the store */
    assert_int_equal(queried_state(IPA_ROOT + 3 * 4 * KIB), 0);
    assert_int_equal(guest.walk.ipa, IPA);
    assert_int_equal(guest.walk.leaf.frame.base, PA);
    fixture_close(&fixture);
}

static void bad_an_update_in_a_table_that_stage2_protects_is_its_permission_fault(void **state)
{
    struct guest guest;
    open_guest(&guest, "rw-o", "r--", "rw-");
    assert_int_equal(use_two_stages(&guest, false), TWO_STAGE_FAULT);
    assert_int_equal(guest.walk.fault.kind, FAULT_PERMISSION);
    assert_int_equal(guest.walk.fault.stage, 2);
    assert_true(guest.walk.fault.on_table);
    assert_int_equal(guest.walk.fault.ipa, slot_of(3) - 16 * MIB);
    assert_string_equal(guest.log, "");
    fixture_close(&fixture);
}

static void good_a_table_that_stage2_protects_may_be_read_without_updates(void **state)
{
    struct guest guest;
    open_guest(&guest, "rw-", "r--", "rw-");
    assert_int_equal(use_two_stages(&guest, true), TWO_STAGE_LEAF);
    fixture_close(&fixture);
}

/* A leaf of stage 2 from a cache says that the page is clean; a store needs its entry. */
static void good_a_store_through_a_cached_clean_page_walks_stage2(void **state)
{
    struct guest guest;
    open_guest(&guest, "rw-", "rw-", "rw-c");
    assert_int_equal(use_two_stages(&guest, false), TWO_STAGE_LEAF);
    assert_true(guest.walk.fresh);
    struct walk_leaf cached = *two_stage_stage2_leaf(&guest.walk);
    enum two_stage_status status = two_stage_start(&guest.walk, &guest.regime, VA, NULL);
    while (status == TWO_STAGE_FETCH || guest.walk.on_table || guest.walk.ipa != IPA) {
        uint64_t word = status == TWO_STAGE_FETCH ? fixture_peek(&fixture, guest.walk.fetch[0]) : 0;
        status = status == TWO_STAGE_FETCH ? two_stage_resume(&guest.walk, &word)
                                           : two_stage_walk_stage2(&guest.walk, NULL);
    }
    assert_int_equal(status, TWO_STAGE_TRANSLATE);
    assert_false(guest.walk.walk_only);
    assert_int_equal(two_stage_answer(&guest.walk, &cached), TWO_STAGE_LEAF);
    struct two_stage_walk copy = guest.walk;
    assert_int_equal(two_stage_use(&copy, false), TWO_STAGE_LEAF); /* a load may use it as it is */
    status = two_stage_use(&guest.walk, true);
    assert_int_equal(status, TWO_STAGE_TRANSLATE);
    assert_true(guest.walk.walk_only);
    assert_int_equal(guest.walk.ipa, IPA);
    assert_int_equal(finish(&guest, status), TWO_STAGE_LEAF);
    assert_string_equal(guest.log, "U");
    assert_int_equal(guest.walk.leaf.rights & KERNEL_STORE, KERNEL_STORE);
    assert_true(guest.walk.fresh);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_an_old_entry_is_a_fault_where_software_sets_access_flags),
        cmocka_unit_test(good_an_old_entry_is_made_young_by_any_use),
        cmocka_unit_test(good_a_store_makes_a_clean_entry_dirty_and_young_at_once),
        cmocka_unit_test(bad_a_clean_entry_has_no_stores_where_software_makes_it_dirty),
        cmocka_unit_test(bad_a_read_only_entry_never_becomes_dirty),
        cmocka_unit_test(bad_a_table_that_forbids_stores_forbids_them_when_dirty_too),
        cmocka_unit_test(bad_kernel_does_not_execute_what_user_may_make_dirty),
        cmocka_unit_test(good_state_is_no_part_of_the_mapping),
        cmocka_unit_test(good_software_sees_what_hardware_did_and_takes_it_back),
        cmocka_unit_test(bad_a_clean_page_that_is_not_writable_is_refused),
        cmocka_unit_test(good_both_stages_are_made_young_by_a_load),
        cmocka_unit_test(good_a_store_makes_both_stages_dirty),
        cmocka_unit_test(good_a_clean_page_of_a_table_is_made_dirty_by_the_update_in_it),
        cmocka_unit_test(bad_an_update_in_a_table_that_stage2_protects_is_its_permission_fault),
        cmocka_unit_test(good_a_table_that_stage2_protects_may_be_read_without_updates),
        cmocka_unit_test(good_a_store_through_a_cached_clean_page_walks_stage2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
