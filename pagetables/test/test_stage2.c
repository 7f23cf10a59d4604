/* VMSAv8-64 stage 2 and the shorter address size. The bits are spelled out from the manual, DDI 0487 L.b, not
 * taken from the header. */
#include "pagetables/test/fixture.h"

#define LOADS   (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD))
#define STORES  (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE))
#define U_FETCH ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_FETCH)
#define K_FETCH ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_FETCH)

static const struct entry_level *last_level(void)
{
    return &vmsa_s2_4k_48_entries.level[3];
}

static uint64_t leaf_word(uint64_t base, const char *attributes)
{
    struct frame frame = frame_of(base, 12, attributes);
    uint64_t word = 0;
    assert_true(vmsa_s2_4k_48_entries.encode_leaf(last_level(), &frame, &word));
    return word;
}

/* The end of a walk of the last level alone. */
static enum walk_status walk_leaf(const struct translation_regime *regime, uint64_t word,
                                  struct walk_state *walk)
{
    const struct walk_table table = {.pa = 0x4000, .level = 3, .span_lg2 = 21};
    assert_int_equal(regime->format->enter(walk, regime, 0x7000, &table), WALK_FETCH);
    assert_int_equal(walk->fetch[0], 0x4038);
    return regime->format->resume(walk, &word);
}

static void good_entries_have_the_bits_of_the_manual(void **state)
{
    /* AF, SH 11, MemAttr 1111, S2AP 11, XN 10 */
    assert_int_equal(leaf_word(0x12345000, "rw-"), UINT64_C(0x00400000123457ff));
    /* S2AP 01, XN 00 */
    assert_int_equal(leaf_word(0x12345000, "r-x"), UINT64_C(0x000000001234577f));
    /* S2AP 10 */
    assert_int_equal(leaf_word(0x12345000, "-w-"), UINT64_C(0x00400000123457bf));
    /* nothing is allowed, and yet it is a mapping */
    assert_int_equal(leaf_word(0x12345000, "---"), UINT64_C(0x004000001234573f));
    /* Device-nGnRE: MemAttr 0001, SH 10 */
    assert_int_equal(leaf_word(0x12345000, "rw-d"), UINT64_C(0x00400000123456c7));
    /* clean: DBM, S2AP 01; old: no AF */
    assert_int_equal(leaf_word(0x12345000, "rw-c"), UINT64_C(0x004800001234577f));
    assert_int_equal(leaf_word(0x12345000, "r--o"), UINT64_C(0x004000001234537f));
}

static void good_every_expressible_frame_decodes_to_itself(void **state)
{
    for (uint32_t attributes = 0; attributes < FRAME_OLD << 1; attributes++) {
        struct frame frame = {.base = 0x12345000, .attributes = attributes, .size_lg2 = 12};
        uint64_t word;
        bool meaningless = attributes & (FRAME_USER | FRAME_GLOBAL) ||
                           (attributes & FRAME_CLEAN && !(attributes & FRAME_WRITABLE));
        bool encoded = vmsa_s2_4k_48_entries.encode_leaf(last_level(), &frame, &word);
        assert_int_equal(encoded, !meaningless);
        if (!encoded)
            continue;
        struct entry entry = vmsa_s2_4k_48_entries.decode(last_level(), word);
        assert_int_equal(entry.kind, ENTRY_LEAF);
        assert_int_equal(entry.frame.attributes, attributes);
        assert_int_equal(entry.frame.base, frame.base);
    }
}

/* D8.4.2: S2AP[1:0] in bits 7:6, XN[1:0] in bits 54:53. */
static void good_rights_are_exact_for_every_leaf(void **state)
{
    static const unsigned fetches[4] = {U_FETCH | K_FETCH, U_FETCH, 0, K_FETCH};
    static const unsigned plain[4] = {U_FETCH | K_FETCH, U_FETCH | K_FETCH, 0, 0};
    for (unsigned i = 0; i < 32; i++) {
        unsigned s2ap = i & 3;
        unsigned xn = i >> 2 & 3;
        bool split = i >> 4;
        const struct translation_regime regime = {
            .format = &vmsa_s2_4k_48, .physical_size_lg2 = 48, .execute_by_privilege = split};
        uint64_t word = UINT64_C(0x7000) | 0x73f | (uint64_t)s2ap << 6 | (uint64_t)xn << 53;
        struct walk_state walk;
        assert_int_equal(walk_leaf(&regime, word, &walk), WALK_LEAF);
        unsigned wanted =
            (s2ap & 1 ? LOADS : 0) | (s2ap & 2 ? STORES : 0) | (split ? fetches[xn] : plain[xn]);
        assert_int_equal(walk.leaf.rights, wanted);
        assert_int_equal(walk.leaf.rights_when_dirty, wanted);
    }
}

static void good_a_table_of_stage2_restricts_nothing(void **state)
{
    const struct translation_regime regime = {
        .format = &vmsa_s2_4k_48, .root = 0x1000, .physical_size_lg2 = 48};
    uint64_t table = UINT64_C(0xf800000000002003); /* what would be NSTable, APTable, XNTable, PXNTable */
    uint64_t leaf = leaf_word(0x7000, "rwx");
    struct walk_state walk;
    assert_int_equal(vmsa_s2_4k_48.start(&walk, &regime, 0x7000), WALK_FETCH);
    struct walk_table read;
    for (unsigned level = 0; level < 3; level++) {
        assert_int_equal(vmsa_s2_4k_48.resume(&walk, &table), WALK_FETCH);
        assert_true(vmsa_s2_4k_48.table(&walk, &read));
        assert_int_equal(read.inherited, 0);
    }
    assert_int_equal(vmsa_s2_4k_48.resume(&walk, &leaf), WALK_LEAF);
    assert_int_equal(walk.leaf.rights, LOADS | STORES | U_FETCH | K_FETCH);
    assert_int_equal(walk.leaf.rights,
                     vmsa_s2_4k_48.rights(FRAME_READABLE | FRAME_WRITABLE | FRAME_EXECUTABLE));
}

static void good_a_change_of_rights_needs_no_break_and_one_of_the_memory_type_does(void **state)
{
    uint64_t word = leaf_word(0x1000, "rw-");
    assert_false(vmsa_s2_4k_48_entries.must_break(word, leaf_word(0x1000, "r-x")));
    assert_false(vmsa_s2_4k_48_entries.must_break(word, leaf_word(0x1000, "rw-co")));
    assert_true(vmsa_s2_4k_48_entries.must_break(word, leaf_word(0x1000, "rw-d")));
    assert_true(vmsa_s2_4k_48_entries.must_break(word, leaf_word(0x2000, "rw-")));
}

/* ---- 39 bits: the walk begins at level 1 ---- */

static void good_39_bits_are_three_levels_from_level_1(void **state)
{
    static const struct walk_format *const formats[] = {&vmsa_4k_39, &vmsa_s2_4k_39};
    for (unsigned i = 0; i < 2; i++) {
        const struct translation_regime regime = {
            .format = formats[i], .root = 0x1000, .physical_size_lg2 = 48};
        struct walk_state walk;
        uint64_t va = 5 * GIB + 14 * MIB + 36 * KIB;
        uint64_t table = 0x2003;
        uint64_t page = 0x7000 | 0x73f | VMSA_S2_READ;
        assert_int_equal(formats[i]->start(&walk, &regime, va), WALK_FETCH);
        assert_int_equal(walk.level, 1);
        assert_int_equal(walk.fetch[0], 0x1000 + 5 * 8);
        assert_int_equal(formats[i]->resume(&walk, &table), WALK_FETCH);
        assert_int_equal(walk.fetch[0], 0x2000 + 7 * 8);
        assert_int_equal(formats[i]->resume(&walk, &table), WALK_FETCH);
        assert_int_equal(formats[i]->resume(&walk, &page), WALK_LEAF);
        assert_int_equal(walk.leaf.level, 3);
        assert_int_equal(walk.leaf.frame.base, 0x7000);
    }
}

static void bad_an_address_beyond_39_bits_is_a_level_0_translation_fault(void **state)
{
    const struct translation_regime regime = {
        .format = &vmsa_s2_4k_39, .root = 0x1000, .physical_size_lg2 = 48};
    struct walk_state walk;
    assert_int_equal(vmsa_s2_4k_39.start(&walk, &regime, UINT64_C(1) << 39), WALK_FAULT);
    assert_int_equal(walk.fault, FAULT_TRANSLATION);
    assert_int_equal(walk.fault_level, 0);
    assert_int_equal(vmsa_s2_4k_39.start(&walk, &regime, (UINT64_C(1) << 39) - 1), WALK_FETCH);
}

/* ---- The radix table at stage 2 ---- */

static void good_unmap_of_stage2_drops_intermediate_addresses_and_then_what_was_combined(void **state)
{
    static struct fixture fixture;
    const struct flat_event *events[2];
    unsigned found = 0;
    fixture_open_format(&fixture, &pagetable_radix, &vmsa_s2_4k_48);
    assert_int_equal(fixture_map(&fixture, 0x40000000, frame_of(0x5000, 12, "rwx")), PAGETABLE_OK);
    assert_int_equal(fixture_unmap(&fixture, 0x40000000), PAGETABLE_OK);
    for (size_t i = 0; i < flat_memory_log_count(fixture.memory); i++) {
        const struct flat_event *event = &flat_memory_log(fixture.memory)[i];
        if (event->kind != FLAT_INVALIDATE)
            continue;
        assert_true(found < 2);
        events[found++] = event;
        /* each is complete before anything else happens */
        assert_int_equal(event[1].kind, FLAT_BARRIER);
        assert_int_equal(event[1].barrier, BARRIER_DSB_ISH);
    }
    assert_int_equal(found, 2);
    assert_int_equal(events[0]->invalidation.scope, INVALIDATE_IPA);
    assert_int_equal(events[0]->invalidation.va, 0x40000000);
    assert_int_equal(events[0]->invalidation.vmid, FIXTURE_VMID);
    assert_int_equal(events[1]->invalidation.scope, INVALIDATE_ALL);
    assert_int_equal(events[1]->invalidation.vmid, FIXTURE_VMID);
    fixture_close(&fixture);
}

static void bad_user_and_global_frames_are_refused_at_stage2(void **state)
{
    static struct fixture fixture;
    fixture_open_format(&fixture, &pagetable_radix, &vmsa_s2_4k_39);
    assert_int_equal(fixture_map(&fixture, 0, frame_of(0, 12, "rw-u")), PAGETABLE_UNSUPPORTED);
    assert_int_equal(fixture_map(&fixture, 0, frame_of(0, 12, "rw-g")), PAGETABLE_UNSUPPORTED);
    assert_int_equal(fixture_map(&fixture, 0, frame_of(0, 12, "---")), PAGETABLE_OK);
    fixture_assert_view(&fixture);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_entries_have_the_bits_of_the_manual),
        cmocka_unit_test(good_every_expressible_frame_decodes_to_itself),
        cmocka_unit_test(good_rights_are_exact_for_every_leaf),
        cmocka_unit_test(good_a_table_of_stage2_restricts_nothing),
        cmocka_unit_test(good_a_change_of_rights_needs_no_break_and_one_of_the_memory_type_does),
        cmocka_unit_test(good_39_bits_are_three_levels_from_level_1),
        cmocka_unit_test(bad_an_address_beyond_39_bits_is_a_level_0_translation_fault),
        cmocka_unit_test(good_unmap_of_stage2_drops_intermediate_addresses_and_then_what_was_combined),
        cmocka_unit_test(bad_user_and_global_frames_are_refused_at_stage2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
