/*
 * Extended page tables, rule by rule, against the tables of the Intel SDM, volume 3 (325384-081US), 29.3. No
 * implementation's vectors exist for EPT here: the manual's text alone is the oracle, and bits are spelled
 * out from it, not taken from the header.
 */
#include "pagetables/ept.h"
#include "pagetables/test/chain.h"
#include "pagetables/test/fixture.h"

#define R    UINT64_C(1)
#define W    UINT64_C(2)
#define X    UINT64_C(4)
#define WB   UINT64_C(0x30)
#define IPAT UINT64_C(0x40)
#define BIG  UINT64_C(0x80)
#define A    UINT64_C(0x100)
#define D    UINT64_C(0x200)
#define XU   UINT64_C(0x400)
#define RWX  (R | W | X)

#define LOADS   (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD))
#define STORES  (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE))
#define U_FETCH ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_FETCH)
#define K_FETCH ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_FETCH)

#define MAXPHYADDR 40
#define GPA        (UINT64_C(5) << 39 | UINT64_C(100) << 30 | UINT64_C(200) << 21 | UINT64_C(300) << 12)

static struct translation_regime regime_of(const struct walk_format *format)
{
    return (struct translation_regime){.format = format, .root = 0x601e, .physical_size_lg2 = MAXPHYADDR};
}

static struct translation_regime with_flags(const struct walk_format *format)
{
    struct translation_regime regime = regime_of(format);
    regime.hardware_access = regime.hardware_dirty = true; /* bit 6 of EPTP */
    return regime;
}

static uint64_t table_at(unsigned level)
{
    return UINT64_C(0x123450000) + level * 0x1000;
}

static struct chain chain_to(unsigned leaf_level, uint64_t leaf)
{
    struct chain chain;
    for (unsigned level = 1; level < CHAIN_LEVELS; level++)
        chain.word[level] = table_at(level - 1) | RWX;
    chain.word[leaf_level] = leaf;
    return chain;
}

static const unsigned span_lg2[4] = {0, 12, 21, 30};
static const uint64_t big[4] = {0, 0, BIG, BIG};

/* ---- The walk: 29.3.2 ---- */

static void good_each_level_is_read_at_its_9_bits_of_the_address(void **state)
{
    const struct translation_regime regime = regime_of(&ept_57);
    struct chain chain = chain_to(1, 0x7000 | RWX | WB);
    chain_assert_leaf(&chain, &regime, UINT64_C(17) << 48 | GPA | 0xabc, 0x7000, 12);
    assert_int_equal(chain.fetches, 5);
    assert_int_equal(chain.fetch[5], 0x6000 + 8 * 17);
    assert_int_equal(chain.fetch[4], table_at(4) + 8 * 5);
    assert_int_equal(chain.fetch[3], table_at(3) + 8 * 100);
    assert_int_equal(chain.fetch[2], table_at(2) + 8 * 200);
    assert_int_equal(chain.fetch[1], table_at(1) + 8 * 300);
}

static void good_pages_are_leaves_of_levels_1_2_and_3(void **state)
{
    const struct translation_regime regime = regime_of(&ept_48);
    for (unsigned level = 1; level <= 3; level++) {
        uint64_t base = UINT64_C(0xff) << 32 | UINT64_C(1) << 30;
        struct chain chain = chain_to(level, base | RWX | WB | big[level]);
        chain_assert_leaf(&chain, &regime, GPA | 0x123, base, span_lg2[level]);
        assert_int_equal(chain.walk.leaf.level, level);
        assert_int_equal(chain.fetches, 5 - level);
    }
}

static void bad_an_address_beyond_the_levels_is_a_violation(void **state)
{
    struct chain chain = chain_to(1, 0x7000 | RWX | WB);
    const struct translation_regime four = regime_of(&ept_48);
    const struct translation_regime five = regime_of(&ept_57);
    chain_assert_fault(&chain, &four, UINT64_C(1) << 48, FAULT_TRANSLATION, 4);
    chain_assert_fault(&chain, &four, UINT64_MAX, FAULT_TRANSLATION, 4);
    assert_int_equal(chain_walk(&chain, &five, UINT64_C(1) << 48), WALK_LEAF);
    chain_assert_fault(&chain, &five, UINT64_C(1) << 57, FAULT_TRANSLATION, 5);
    assert_int_equal(chain.fetches, 0);
}

static void bad_an_entry_that_is_not_present_ends_the_walk_whatever_else_it_has(void **state)
{
    const struct translation_regime regime = with_flags(&ept_57);
    for (unsigned level = 1; level <= 5; level++) {
        struct chain chain = chain_to(1, 0x7000 | RWX | WB);
        chain.word[level] = ~RWX; /* bit 10 too: without mode-based execute control it is ignored */
        chain_assert_fault(&chain, &regime, GPA, FAULT_TRANSLATION, level);
        assert_int_equal(chain.word[level], ~RWX);
    }
}

/* ---- Rights: 29.3.3.1, 29.3.3.2 ---- */

enum present { ABSENT, FINE, WRONG };

/* Bits 2:0 of a present entry, and bit 10 with mode-based execute control, as the text has them. */
static enum present present_of(unsigned rwx, bool xu, bool by_mode, bool execute_only)
{
    bool r = rwx & R;
    bool w = rwx & W;
    bool x = rwx & X;
    if (!r && !w && !x && !(by_mode && xu))
        return ABSENT;
    if (!r && w)
        return WRONG;
    if (!r && x && !execute_only)
        return WRONG;
    if (by_mode && !r && xu && !execute_only)
        return WRONG;
    return FINE;
}

static unsigned rights_of(unsigned rwx, bool xu, bool by_mode)
{
    unsigned rights = (rwx & R ? LOADS : 0) | (rwx & W ? STORES : 0);
    if (by_mode)
        return rights | (rwx & X ? K_FETCH : 0) | (xu ? U_FETCH : 0);
    return rights | (rwx & X ? K_FETCH | U_FETCH : 0);
}

/* A table and a page with every combination of the four bits; the misconfiguration that is met first counts,
 * and it counts before any right. */
static void compare_rights(const struct translation_regime *regime, unsigned table_level, unsigned page_level)
{
    bool by_mode = regime->execute_by_privilege;
    bool execute_only = !(regime->features & EPT_FEATURE_NO_EXECUTE_ONLY);
    for (unsigned i = 0; i < 256; i++) {
        unsigned upper = i & 7;
        unsigned lower = i >> 3 & 7;
        bool upper_xu = i >> 6 & 1;
        bool lower_xu = i >> 7 & 1;
        struct chain chain =
            chain_to(page_level, UINT64_C(0x40000000) | WB | lower | (lower_xu ? XU : 0) | big[page_level]);
        for (unsigned level = page_level + 1; level <= 5; level++)
            chain.word[level] |= XU;
        chain.word[table_level] = table_at(table_level - 1) | upper | (upper_xu ? XU : 0);
        enum present first = present_of(upper, upper_xu, by_mode, execute_only);
        enum present second = present_of(lower, lower_xu, by_mode, execute_only);
        enum present decides = first != FINE ? first : second;
        if (decides != FINE) {
            chain_assert_fault(&chain, regime, GPA, decides == ABSENT ? FAULT_TRANSLATION : FAULT_RESERVED,
                               first != FINE ? table_level : page_level);
            continue;
        }
        chain_assert_leaf(&chain, regime, GPA, 0x40000000, span_lg2[page_level]);
        unsigned wanted = rights_of(upper & lower, upper_xu && lower_xu, by_mode);
        assert_int_equal(chain.walk.leaf.rights, wanted);
        assert_int_equal(chain.walk.leaf.rights_when_dirty, wanted);
    }
}

static void good_rights_are_those_that_all_levels_allow(void **state)
{
    for (unsigned i = 0; i < 4; i++) {
        struct translation_regime regime = regime_of(&ept_57);
        regime.execute_by_privilege = i & 1;
        regime.features = i & 2 ? EPT_FEATURE_NO_EXECUTE_ONLY : 0;
        compare_rights(&regime, 5, 1);
        compare_rights(&regime, 2, 1);
        compare_rights(&regime, 3, 2);
        compare_rights(&regime, 4, 3);
    }
}

static void good_a_page_that_nobody_may_use_is_still_a_page(void **state)
{
    const struct translation_regime regime = regime_of(&ept_48);
    struct chain chain = chain_to(1, 0x7000 | R | WB);
    chain.word[3] = table_at(2) | X;
    chain_assert_leaf(&chain, &regime, GPA, 0x7000, 12);
    assert_int_equal(chain.walk.leaf.rights, 0);
}

/* ---- Misconfigurations: 29.3.3.1 ---- */

static void assert_misconfigured(const struct translation_regime *regime, unsigned level, unsigned leaf_level,
                                 uint64_t bits)
{
    struct chain chain = chain_to(leaf_level, UINT64_C(0x40000000) | RWX | WB | big[leaf_level]);
    chain.word[level] |= bits;
    uint64_t before = chain.word[level];
    chain_assert_fault(&chain, regime, GPA, FAULT_RESERVED, level);
    assert_int_equal(chain.word[level], before);
}

static void bad_an_address_beyond_the_physical_width_is_a_misconfiguration(void **state)
{
    const struct translation_regime regime = with_flags(&ept_57);
    for (unsigned leaf_level = 1; leaf_level <= 3; leaf_level++)
        for (unsigned level = leaf_level; level <= 5; level++)
            for (unsigned bit = MAXPHYADDR; bit <= 51; bit++)
                assert_misconfigured(&regime, level, leaf_level, UINT64_C(1) << bit);
}

/* Tables 29-1 and 29-2 (PML5E, PML4E): bits 7:3; 29-4 (PDPTE) and 29-6 (PDE) that refer to a table: 6:3. */
static void bad_bits_above_the_rights_of_a_table_are_reserved(void **state)
{
    const struct translation_regime regime = with_flags(&ept_57);
    for (unsigned level = 2; level <= 5; level++)
        for (unsigned bit = 3; bit <= (level > 3 ? 7 : 6); bit++)
            assert_misconfigured(&regime, level, 1, UINT64_C(1) << bit);
}

/* Tables 29-3 (1 GiB): 29:12; 29-5 (2 MiB): 20:12. */
static void bad_low_address_bits_of_large_pages_are_reserved(void **state)
{
    const struct translation_regime regime = with_flags(&ept_48);
    for (unsigned bit = 12; bit < 30; bit++)
        assert_misconfigured(&regime, 3, 3, UINT64_C(1) << bit);
    for (unsigned bit = 12; bit < 21; bit++)
        assert_misconfigured(&regime, 2, 2, UINT64_C(1) << bit);
}

static void bad_memory_types_2_3_and_7_are_misconfigurations(void **state)
{
    static const uint64_t wrong[] = {2, 3, 7};
    const struct translation_regime regime = with_flags(&ept_48);
    for (unsigned level = 1; level <= 3; level++) {
        for (unsigned i = 0; i < 3; i++) {
            struct chain chain = chain_to(level, UINT64_C(0x40000000) | RWX | wrong[i] << 3 | big[level]);
            chain_assert_fault(&chain, &regime, GPA, FAULT_RESERVED, level);
        }
    }
}

static void good_memory_types_are_told(void **state)
{
    static const struct {
        uint64_t type;
        uint32_t attributes;
    } types[] = {{0, FRAME_DEVICE}, {1, FRAME_NONCACHEABLE}, {4, 0}, {5, 0}, {6, 0}};
    const struct translation_regime regime = regime_of(&ept_48);
    for (unsigned level = 1; level <= 3; level++) {
        for (unsigned i = 0; i < sizeof types / sizeof *types; i++) {
            uint64_t leaf = UINT64_C(0x40000000) | RWX | types[i].type << 3 | big[level];
            for (unsigned ignore = 0; ignore < 2; ignore++) {
                struct chain chain = chain_to(level, leaf | (ignore ? IPAT : 0));
                chain_assert_leaf(&chain, &regime, GPA, 0x40000000, span_lg2[level]);
                assert_int_equal(chain.walk.leaf.frame.attributes & (FRAME_DEVICE | FRAME_NONCACHEABLE),
                                 types[i].attributes);
            }
        }
    }
}

/* 11 and 63:52; 10 without mode-based execute control; 9:8 without accessed and dirty flags; 7 of a PTE. */
static void good_ignored_bits_are_ignored(void **state)
{
    const struct translation_regime regime = regime_of(&ept_57);
    for (unsigned level = 1; level <= 5; level++) {
        struct chain chain = chain_to(1, 0x7000 | RWX | WB);
        chain.word[level] |= UINT64_C(0xfff0000000000f00) | (level == 1 ? BIG : 0);
        chain_assert_leaf(&chain, &regime, GPA, 0x7000, 12);
        assert_int_equal(chain.walk.leaf.rights, LOADS | STORES | U_FETCH | K_FETCH);
        assert_int_equal(chain.walk.leaf.frame.attributes,
                         FRAME_READABLE | FRAME_WRITABLE | FRAME_EXECUTABLE);
    }
}

/* ---- Accessed and dirty: 29.3.5 ---- */

static void assert_update(struct chain *chain, bool store, uint64_t before, uint64_t after)
{
    struct walk_update update = {0};
    assert_int_equal(walk_needs_update(&chain->walk, store, &update), before != after);
    if (before == after)
        return;
    assert_int_equal(update.pa, chain->fetch[chain->walk.leaf.level]);
    assert_int_equal(update.expected, before);
    assert_int_equal(update.desired, after);
}

static void good_with_flags_tables_are_marked_on_the_way_and_pages_by_use(void **state)
{
    const struct translation_regime regime = with_flags(&ept_57);
    for (unsigned level = 1; level <= 3; level++) {
        uint64_t leaf = UINT64_C(0x40000000) | RWX | WB | big[level];
        struct chain chain = chain_to(level, leaf);
        chain_assert_leaf(&chain, &regime, GPA, 0x40000000, span_lg2[level]);
        assert_int_equal(chain.updates, 5 - level);
        for (unsigned table = level + 1; table <= 5; table++)
            assert_int_equal(chain.word[table], table_at(table - 1) | RWX | A);
        assert_int_equal(chain.walk.leaf.rights, LOADS | U_FETCH | K_FETCH);
        assert_int_equal(chain.walk.leaf.rights_when_dirty, LOADS | STORES | U_FETCH | K_FETCH);
        assert_update(&chain, false, leaf, leaf | A);
        assert_update(&chain, true, leaf, leaf | A | D);
        assert_int_equal(ept_57.updated(&chain.walk), WALK_LEAF);
        assert_int_equal(chain.walk.leaf.rights, LOADS | STORES | U_FETCH | K_FETCH);
    }
}

/* Bit 6 of EPTP enables both; the regime's flags say it together. */
static void bad_without_flags_nothing_is_marked_and_nothing_faults(void **state)
{
    for (unsigned i = 0; i < 3; i++) {
        struct translation_regime regime = regime_of(&ept_48);
        regime.hardware_access = i == 1;
        regime.hardware_dirty = i == 2;
        uint64_t leaf = 0x7000 | RWX | WB;
        struct chain chain = chain_to(1, leaf);
        chain_assert_leaf(&chain, &regime, GPA, 0x7000, 12);
        assert_int_equal(chain.updates, 0);
        assert_int_equal(chain.walk.leaf.rights, LOADS | STORES | U_FETCH | K_FETCH);
        assert_update(&chain, true, leaf, leaf);
    }
}

static void good_tables_are_marked_also_where_the_walk_ends_below(void **state)
{
    const struct translation_regime regime = with_flags(&ept_48);
    static const uint64_t ends[] = {0, 0x7000 | W | WB};
    for (unsigned i = 0; i < 2; i++) {
        struct chain chain = chain_to(1, ends[i]);
        assert_int_equal(chain_walk(&chain, &regime, GPA), WALK_FAULT);
        assert_int_equal(chain.updates, 3);
        assert_int_equal(chain.word[1], ends[i]);
    }
}

static void good_accesses_to_the_guests_tables_are_stores_where_flags_are_on(void **state)
{
    assert_true(ept_48.table_accesses_store);
    assert_true(ept_57.table_accesses_store);
}

/* ---- Reports: 28.2.1, table 28-7 ---- */

static struct fault_report report_of(const struct fault_cause *cause)
{
    struct fault_report report;
    ept_48.report(cause, &report);
    return report;
}

static struct fault_cause violation(enum fault_kind kind, enum access_kind access, unsigned rights)
{
    return (struct fault_cause){.va = UINT64_C(0xffff800000001234),
                                .ipa = 0x5234,
                                .kind = (uint8_t)kind,
                                .level = 1,
                                .stage = 2,
                                .access = (uint8_t)access,
                                .privilege = PRIVILEGE_KERNEL,
                                .two_stage = true,
                                .rights = (uint8_t)rights};
}

static void good_a_violation_tells_the_access_and_what_the_entries_allow(void **state)
{
    struct fault_cause cause = violation(FAULT_PERMISSION, ACCESS_STORE, LOADS | K_FETCH | U_FETCH);
    struct fault_report report = report_of(&cause);
    assert_int_equal(report.vector, 48);
    assert_int_equal(report.address, UINT64_C(0xffff800000001234));
    assert_int_equal(report.ipa, 0x5234);
    /* write; readable, executable (by both modes); linear address valid, and it was its translation */
    assert_int_equal(report.code, 0x2 | 0x8 | 0x20 | 0x40 | 0x80 | 0x100);
    cause = violation(FAULT_PERMISSION, ACCESS_FETCH, LOADS | STORES);
    assert_int_equal(report_of(&cause).code, 0x4 | 0x8 | 0x10 | 0x80 | 0x100);
    cause = violation(FAULT_PERMISSION, ACCESS_LOAD, K_FETCH);
    assert_int_equal(report_of(&cause).code, 0x1 | 0x20 | 0x80 | 0x100);
}

static void good_a_violation_of_an_entry_that_is_not_present_has_no_rights(void **state)
{
    const struct fault_cause cause = violation(FAULT_TRANSLATION, ACCESS_LOAD, LOADS);
    assert_int_equal(report_of(&cause).code, 0x1 | 0x80 | 0x100);
}

static void good_a_violation_on_a_table_of_the_guest_is_a_read_or_both(void **state)
{
    struct fault_cause cause = violation(FAULT_TRANSLATION, ACCESS_FETCH, 0);
    cause.on_table = true;
    assert_int_equal(report_of(&cause).code, 0x1 | 0x80);
    cause.table_store = true;
    assert_int_equal(report_of(&cause).code, 0x1 | 0x2 | 0x80);
}

static void good_a_misconfiguration_has_the_guest_physical_address_alone(void **state)
{
    const struct fault_cause cause = violation(FAULT_RESERVED, ACCESS_STORE, 0);
    const struct fault_report report = report_of(&cause);
    assert_int_equal(report.vector, 49);
    assert_int_equal(report.ipa, 0x5234);
    assert_int_equal(report.code, 0);
    assert_int_equal(report.address, 0);
}

/* ---- Entries that software writes ---- */

static uint64_t leaf_word(unsigned level, uint64_t base, const char *attributes)
{
    const struct entry_level *of = &ept_48_entries.level[4 - level];
    struct frame frame = frame_of(base, of->span_lg2, attributes);
    uint64_t word = 0;
    assert_int_equal(of->number, level);
    assert_true(ept_48_entries.encode_leaf(of, &frame, &word));
    return word;
}

static void good_entries_have_the_bits_of_the_manual(void **state)
{
    assert_int_equal(leaf_word(1, 0x12345000, "rwx"), 0x12345737);
    assert_int_equal(leaf_word(1, 0x12345000, "r--"), 0x12345131);
    assert_int_equal(leaf_word(1, 0x12345000, "--x"), 0x12345534);
    assert_int_equal(leaf_word(1, 0x12345000, "rw-d"), 0x12345303);
    assert_int_equal(leaf_word(1, 0x12345000, "rw-n"), 0x1234530b);
    assert_int_equal(leaf_word(1, 0x12345000, "rw-co"), 0x12345033);
    assert_int_equal(leaf_word(2, 0x12200000, "rw-"), 0x122003b3);
    assert_int_equal(leaf_word(3, 0x40000000, "rwxc"), 0x400005b7);
    assert_int_equal(ept_48_entries.encode_table(0x12345000), 0x12345507);
}

static bool is_meant_to_be_expressible(uint32_t attributes)
{
    if (attributes & (FRAME_USER | FRAME_GLOBAL | FRAME_KEY_ALL))
        return false;
    if (!(attributes & (FRAME_READABLE | FRAME_EXECUTABLE)))
        return false; /* not present, or write-only */
    if (attributes & FRAME_WRITABLE && !(attributes & FRAME_READABLE))
        return false;
    return (!(attributes & FRAME_CLEAN) || attributes & FRAME_WRITABLE) &&
           !(attributes & FRAME_DEVICE && attributes & FRAME_NONCACHEABLE);
}

/* And hardware reads the same mapping. */
static void good_every_expressible_frame_decodes_to_itself(void **state)
{
    const struct translation_regime regime = with_flags(&ept_48);
    for (unsigned level = 1; level <= 3; level++) {
        const struct entry_level *of = &ept_48_entries.level[4 - level];
        for (uint32_t attributes = 0; attributes <= (FRAME_ATTRIBUTES_ALL | FRAME_STATE_ALL); attributes++) {
            struct frame frame = {0x1c0000000, attributes, of->span_lg2};
            uint64_t word;
            bool encoded = ept_48_entries.encode_leaf(of, &frame, &word);
            assert_int_equal(encoded, is_meant_to_be_expressible(attributes));
            if (!encoded)
                continue;
            struct entry entry = ept_48_entries.decode(of, word);
            assert_int_equal(entry.kind, ENTRY_LEAF);
            assert_int_equal(entry.frame.attributes, attributes);
            assert_int_equal(entry.frame.base, frame.base);
            struct chain chain = chain_to(level, word);
            chain_assert_leaf(&chain, &regime, GPA, frame.base, of->span_lg2);
            assert_int_equal(chain.walk.leaf.frame.attributes, attributes & ~FRAME_STATE_ALL);
            assert_int_equal(chain.walk.leaf.rights, ept_48.rights(attributes));
        }
    }
}

static void bad_other_words_are_no_leaves(void **state)
{
    const struct entry_level *level = ept_48_entries.level;
    assert_int_equal(ept_48_entries.decode(&level[3], ~RWX).kind, ENTRY_INVALID);
    assert_int_equal(ept_48_entries.decode(&level[0], 0x1000 | RWX | BIG).kind, ENTRY_RESERVED);
    assert_int_equal(ept_48_entries.decode(&level[1], 0x1000 | RWX | WB | BIG).kind, ENTRY_RESERVED);
    assert_int_equal(ept_48_entries.decode(&level[2], 0x1000 | RWX | WB).kind, ENTRY_RESERVED);
    assert_int_equal(ept_48_entries.decode(&level[2], 0x1000 | RWX).kind, ENTRY_TABLE);
    assert_int_equal(ept_48_entries.decode(&level[3], 0x1000 | W | WB).kind, ENTRY_RESERVED);
    assert_int_equal(ept_48_entries.decode(&level[3], 0x1000 | RWX | 0x38).kind, ENTRY_RESERVED);
}

static void good_changes_of_a_page_are_one_store(void **state)
{
    uint64_t word = leaf_word(1, 0x1000, "rw-");
    assert_false(ept_48_entries.must_break(word, leaf_word(1, 0x1000, "rw-d")));
    assert_int_equal(ept_48_entries.after_store(leaf_word(1, 0x1000, "rw-co")), word);
}

/* 29.4.3.1: INVEPT, single-context, which drops guest-physical and combined mappings. */
static void good_unmap_drops_all_of_the_virtual_machine_at_once(void **state)
{
    static struct fixture fixture;
    unsigned found = 0;
    fixture_open_format(&fixture, &pagetable_radix, &ept_48);
    assert_int_equal(fixture_map(&fixture, 0x40000000, frame_of(0x5000, 12, "rwx")), PAGETABLE_OK);
    assert_int_equal(fixture_protect(&fixture, 0x40000000, "r--"), PAGETABLE_OK);
    assert_int_equal(fixture_unmap(&fixture, 0x40000000), PAGETABLE_OK);
    for (size_t i = 0; i < flat_memory_log_count(fixture.memory); i++) {
        const struct flat_event *event = &flat_memory_log(fixture.memory)[i];
        if (event->kind != FLAT_INVALIDATE)
            continue;
        assert_int_equal(event->invalidation.scope, INVALIDATE_VMID);
        assert_int_equal(event->invalidation.vmid, FIXTURE_VMID);
        assert_int_equal(event[1].kind, FLAT_BARRIER);
        found++;
    }
    assert_int_equal(found, 1);
    fixture_assert_view(&fixture);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_each_level_is_read_at_its_9_bits_of_the_address),
        cmocka_unit_test(good_pages_are_leaves_of_levels_1_2_and_3),
        cmocka_unit_test(bad_an_address_beyond_the_levels_is_a_violation),
        cmocka_unit_test(bad_an_entry_that_is_not_present_ends_the_walk_whatever_else_it_has),
        cmocka_unit_test(good_rights_are_those_that_all_levels_allow),
        cmocka_unit_test(good_a_page_that_nobody_may_use_is_still_a_page),
        cmocka_unit_test(bad_an_address_beyond_the_physical_width_is_a_misconfiguration),
        cmocka_unit_test(bad_bits_above_the_rights_of_a_table_are_reserved),
        cmocka_unit_test(bad_low_address_bits_of_large_pages_are_reserved),
        cmocka_unit_test(bad_memory_types_2_3_and_7_are_misconfigurations),
        cmocka_unit_test(good_memory_types_are_told),
        cmocka_unit_test(good_ignored_bits_are_ignored),
        cmocka_unit_test(good_with_flags_tables_are_marked_on_the_way_and_pages_by_use),
        cmocka_unit_test(bad_without_flags_nothing_is_marked_and_nothing_faults),
        cmocka_unit_test(good_tables_are_marked_also_where_the_walk_ends_below),
        cmocka_unit_test(good_accesses_to_the_guests_tables_are_stores_where_flags_are_on),
        cmocka_unit_test(good_a_violation_tells_the_access_and_what_the_entries_allow),
        cmocka_unit_test(good_a_violation_of_an_entry_that_is_not_present_has_no_rights),
        cmocka_unit_test(good_a_violation_on_a_table_of_the_guest_is_a_read_or_both),
        cmocka_unit_test(good_a_misconfiguration_has_the_guest_physical_address_alone),
        cmocka_unit_test(good_entries_have_the_bits_of_the_manual),
        cmocka_unit_test(good_every_expressible_frame_decodes_to_itself),
        cmocka_unit_test(bad_other_words_are_no_leaves),
        cmocka_unit_test(good_changes_of_a_page_are_one_store),
        cmocka_unit_test(good_unmap_drops_all_of_the_virtual_machine_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
