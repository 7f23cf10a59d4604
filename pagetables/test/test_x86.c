/*
 * x86-64 paging, rule by rule. Bits are spelled out from the Intel SDM, volume 3 (325384-081US), tables 4-14
 * to 4-20, not taken from the header.
 */
#include "pagetables/test/chain.h"
#include "pagetables/test/fixture.h"
#include "pagetables/x86.h"

#define P   UINT64_C(1)
#define RW  UINT64_C(2)
#define US  UINT64_C(4)
#define A   UINT64_C(0x20)
#define D   UINT64_C(0x40)
#define PS  UINT64_C(0x80)
#define G   UINT64_C(0x100)
#define NX  (UINT64_C(1) << 63)
#define ALL (P | RW | US | A)

#define MAXPHYADDR 40

/* 511 - i, 100 + i, ... so that no two levels have the same index. */
static uint64_t va_of(unsigned i5, unsigned i4, unsigned i3, unsigned i2, unsigned i1)
{
    return (uint64_t)i5 << 48 | (uint64_t)i4 << 39 | (uint64_t)i3 << 30 | (uint64_t)i2 << 21 |
           (uint64_t)i1 << 12;
}

#define VA va_of(0, 5, 100, 200, 300)

static struct translation_regime regime_of(const struct walk_format *format)
{
    return (struct translation_regime){.format = format, .root = 0x6000, .physical_size_lg2 = MAXPHYADDR};
}

static uint64_t table_at(unsigned level)
{
    return UINT64_C(0x123450000) + level * 0x1000;
}

/* Tables at levels `above` the leaf, and the leaf. */
static struct chain chain_to(unsigned leaf_level, uint64_t leaf)
{
    struct chain chain;
    for (unsigned level = 1; level < CHAIN_LEVELS; level++)
        chain.word[level] = table_at(level - 1) | ALL;
    chain.word[leaf_level] = leaf;
    return chain;
}

static unsigned span_lg2(unsigned level)
{
    static const unsigned spans[CHAIN_LEVELS] = {0, 12, 21, 30, 39, 48};
    return spans[level];
}

static const uint64_t page_size_bit[4] = {0, 0, PS, PS};

/* ---- The walk ---- */

static void good_each_level_is_read_at_its_9_bits_of_the_address(void **state)
{
    const struct translation_regime regime = regime_of(&x86_64_57);
    struct chain chain = chain_to(1, 0x7000 | ALL);
    uint64_t va = va_of(17, 5, 100, 200, 300) | 0xabc;
    chain_assert_leaf(&chain, &regime, va, 0x7000, 12);
    assert_int_equal(chain.fetches, 5);
    assert_int_equal(chain.fetch[5], 0x6000 + 8 * 17);
    assert_int_equal(chain.fetch[4], table_at(4) + 8 * 5);
    assert_int_equal(chain.fetch[3], table_at(3) + 8 * 100);
    assert_int_equal(chain.fetch[2], table_at(2) + 8 * 200);
    assert_int_equal(chain.fetch[1], table_at(1) + 8 * 300);
    assert_int_equal(chain.walk.leaf.level, 1);
}

static void good_4_levels_begin_at_the_pml4(void **state)
{
    struct translation_regime regime = regime_of(&x86_64_48);
    struct chain chain = chain_to(1, 0x7000 | ALL);
    regime.root = 0x6018; /* PCD and PWT of CR3 are no part of the address: table 4-12 */
    chain_assert_leaf(&chain, &regime, va_of(0xffff, 511, 511, 511, 511), 0x7000, 12);
    assert_int_equal(chain.fetches, 4);
    assert_int_equal(chain.fetch[4], 0x6000 + 8 * 511);
    assert_int_equal(chain.fetch[1], table_at(1) + 8 * 511);
}

static void good_pages_are_leaves_of_levels_1_2_and_3(void **state)
{
    const struct translation_regime regime = regime_of(&x86_64_48);
    for (unsigned level = 1; level <= 3; level++) {
        uint64_t base = UINT64_C(0xff) << 32 | UINT64_C(1) << 30;
        struct chain chain = chain_to(level, base | ALL | page_size_bit[level]);
        chain_assert_leaf(&chain, &regime, VA | 0x123, base, span_lg2(level));
        assert_int_equal(chain.walk.leaf.level, level);
        assert_int_equal(chain.fetches, 5 - level);
    }
}

static void good_canonical_addresses_reach_to_both_ends(void **state)
{
    const struct {
        const struct walk_format *format;
        uint64_t low_end, high_begin;
    } ends[] = {{&x86_64_48, UINT64_C(0x00007fffffffffff), UINT64_C(0xffff800000000000)},
                {&x86_64_57, UINT64_C(0x00ffffffffffffff), UINT64_C(0xff00000000000000)}};
    for (unsigned i = 0; i < 2; i++) {
        const struct translation_regime regime = regime_of(ends[i].format);
        const uint64_t good[] = {0, ends[i].low_end, ends[i].high_begin, UINT64_MAX};
        struct chain chain = chain_to(1, 0x7000 | ALL);
        for (unsigned k = 0; k < 4; k++) {
            assert_int_equal(chain_walk(&chain, &regime, good[k]), WALK_LEAF);
            assert_int_equal(walk_format_extend(ends[i].format, good[k]), good[k]);
        }
    }
}

static void bad_an_address_that_is_not_canonical_is_a_general_protection_exception(void **state)
{
    const struct {
        const struct walk_format *format;
        uint64_t va[4];
    } cases[] = {{&x86_64_48,
                  {UINT64_C(0x0000800000000000), UINT64_C(0xffff7fffffffffff), UINT64_C(0x0001000000000000),
                   UINT64_C(0x8000000000000000)}},
                 {&x86_64_57,
                  {UINT64_C(0x0100000000000000), UINT64_C(0xfeffffffffffffff), UINT64_C(0x7fffffffffffffff),
                   UINT64_C(0x8000000000000000)}}};
    for (unsigned i = 0; i < 2; i++) {
        const struct translation_regime regime = regime_of(cases[i].format);
        for (unsigned k = 0; k < 4; k++) {
            struct chain chain = chain_to(1, 0x7000 | ALL);
            chain_assert_fault(&chain, &regime, cases[i].va[k], FAULT_NONCANONICAL, i ? 5 : 4);
            assert_int_equal(chain.fetches, 0);
            const struct fault_cause cause = {
                .va = cases[i].va[k], .kind = FAULT_NONCANONICAL, .stage = 1, .access = ACCESS_STORE};
            struct fault_report report;
            cases[i].format->report(&cause, &report);
            assert_int_equal(report.vector, 13);
            assert_int_equal(report.code, 0);
        }
    }
}

static void bad_a_root_beyond_the_physical_addresses_is_not_walked(void **state)
{
    struct translation_regime regime = regime_of(&x86_64_48);
    struct chain chain = chain_to(1, 0x7000 | ALL);
    regime.root = UINT64_C(1) << MAXPHYADDR;
    chain_assert_fault(&chain, &regime, VA, FAULT_ADDRESS_SIZE, 4);
    regime.root = (UINT64_C(1) << MAXPHYADDR) - 0x1000;
    assert_int_equal(chain_walk(&chain, &regime, VA), WALK_LEAF);
}

static void bad_an_entry_that_is_not_present_ends_the_walk_whatever_else_it_has(void **state)
{
    const struct translation_regime regime = regime_of(&x86_64_57);
    for (unsigned level = 1; level <= 5; level++) {
        struct chain chain = chain_to(1, 0x7000 | ALL);
        chain.word[level] = ~P;
        chain_assert_fault(&chain, &regime, VA, FAULT_TRANSLATION, level);
        assert_int_equal(chain.word[level], ~P);
    }
}

/* ---- Reserved bits: 4.5.4 ---- */

static void assert_reserved(const struct translation_regime *regime, unsigned level, unsigned leaf_level,
                            uint64_t bits)
{
    struct chain chain = chain_to(leaf_level, UINT64_C(0x40000000) | ALL | page_size_bit[leaf_level]);
    chain.word[level] |= bits;
    uint64_t before = chain.word[level];
    chain_assert_fault(&chain, regime, VA, FAULT_RESERVED, level);
    assert_int_equal(chain.word[level], before);
}

static void bad_an_address_beyond_maxphyaddr_is_reserved_at_every_level(void **state)
{
    const struct translation_regime regime = regime_of(&x86_64_57);
    for (unsigned leaf_level = 1; leaf_level <= 3; leaf_level++)
        for (unsigned level = leaf_level; level <= 5; level++)
            for (unsigned bit = MAXPHYADDR; bit <= 51; bit++)
                assert_reserved(&regime, level, leaf_level, UINT64_C(1) << bit);
}

static void good_the_last_physical_address_is_not_reserved(void **state)
{
    struct translation_regime regime = regime_of(&x86_64_57);
    uint64_t last = (UINT64_C(1) << MAXPHYADDR) - 0x1000;
    struct chain chain = chain_to(1, last | ALL);
    chain_assert_leaf(&chain, &regime, VA, last, 12);
    regime.physical_size_lg2 = 52;
    chain = chain_to(1, UINT64_C(0xffffffffff000) | ALL);
    chain_assert_leaf(&chain, &regime, VA, UINT64_C(0xffffffffff000), 12);
}

static void bad_page_size_is_reserved_from_level_4_on(void **state)
{
    const struct translation_regime regime = regime_of(&x86_64_57);
    assert_reserved(&regime, 5, 1, PS);
    assert_reserved(&regime, 4, 1, PS);
}

static void bad_low_address_bits_of_large_pages_are_reserved(void **state)
{
    const struct translation_regime regime = regime_of(&x86_64_48);
    for (unsigned bit = 13; bit < 21; bit++)
        assert_reserved(&regime, 2, 2, UINT64_C(1) << bit);
    for (unsigned bit = 13; bit < 30; bit++)
        assert_reserved(&regime, 3, 3, UINT64_C(1) << bit);
}

static void bad_execute_disable_is_reserved_without_nxe(void **state)
{
    struct translation_regime regime = regime_of(&x86_64_57);
    regime.features = X86_FEATURE_NO_NXE;
    for (unsigned leaf_level = 1; leaf_level <= 3; leaf_level++)
        for (unsigned level = leaf_level; level <= 5; level++)
            assert_reserved(&regime, level, leaf_level, NX);
}

static void good_execute_disable_is_a_right_with_nxe(void **state)
{
    const struct translation_regime regime = regime_of(&x86_64_57);
    for (unsigned level = 1; level <= 5; level++) {
        struct chain chain = chain_to(1, 0x7000 | ALL);
        chain.word[level] |= NX;
        chain_assert_leaf(&chain, &regime, VA, 0x7000, 12);
        assert_false(chain.walk.leaf.frame.attributes & FRAME_EXECUTABLE);
    }
}

/* Tables: bits 6, 8 (G), 11:9 and 62:52 are ignored, 3 and 4 choose how the table is cached; pages: bits 11:9
 * and 58:52. */
static void good_ignored_bits_are_ignored(void **state)
{
    const struct translation_regime regime = regime_of(&x86_64_57);
    struct chain plain = chain_to(1, 0x7000 | ALL);
    assert_int_equal(chain_walk(&plain, &regime, VA), WALK_LEAF);
    for (unsigned level = 1; level <= 5; level++) {
        uint64_t ignored = level > 1 ? UINT64_C(0x7ff0000000000f58) : UINT64_C(0x07f0000000000e00);
        struct chain chain = chain_to(1, 0x7000 | ALL);
        chain.word[level] |= ignored;
        chain_assert_leaf(&chain, &regime, VA, 0x7000, 12);
        assert_int_equal(chain.walk.leaf.frame.attributes, plain.walk.leaf.frame.attributes);
        assert_int_equal(chain.walk.leaf.rights_when_dirty, plain.walk.leaf.rights_when_dirty);
    }
}

/* ---- What a leaf tells ---- */

static void good_the_page_alone_says_that_it_is_global(void **state)
{
    const struct translation_regime regime = regime_of(&x86_64_48);
    for (unsigned level = 1; level <= 3; level++) {
        uint64_t leaf = UINT64_C(0x40000000) | ALL | page_size_bit[level];
        struct chain chain = chain_to(level, leaf | G);
        assert_int_equal(chain_walk(&chain, &regime, VA), WALK_LEAF);
        assert_true(chain.walk.leaf.frame.attributes & FRAME_GLOBAL);
        chain = chain_to(level, leaf);
        assert_int_equal(chain_walk(&chain, &regime, VA), WALK_LEAF);
        assert_false(chain.walk.leaf.frame.attributes & FRAME_GLOBAL);
    }
}

/* 4.9.2: PAT, PCD, PWT as an index; 12.12.4: IA32_PAT. PAT is bit 7 of a small and bit 12 of a large page. */
static void good_memory_types_are_those_of_the_usual_pat(void **state)
{
    static const uint64_t pat_bit[4] = {0, 0x80, 0x1000, 0x1000};
    static const uint32_t of_type[8] = {[0] = FRAME_DEVICE, [1] = FRAME_NONCACHEABLE, [7] = FRAME_DEVICE};
    const struct translation_regime regime = regime_of(&x86_64_48);
    for (unsigned level = 1; level <= 3; level++) {
        for (unsigned index = 0; index < 8; index++) {
            uint64_t leaf = UINT64_C(0x40000000) | ALL | page_size_bit[level] | (index & 1 ? 0x8 : 0) |
                            (index & 2 ? 0x10 : 0) | (index & 4 ? pat_bit[level] : 0);
            struct chain chain = chain_to(level, leaf);
            /* 0 UC, 1 WC, 4 WT, 5 WP, 6 WB, 7 UC- */
            unsigned type = X86_IA32_PAT >> 8 * index & 7;
            chain_assert_leaf(&chain, &regime, VA, 0x40000000, span_lg2(level));
            assert_int_equal(chain.walk.leaf.frame.attributes & (FRAME_DEVICE | FRAME_NONCACHEABLE),
                             of_type[type]);
        }
    }
}

/* ---- Accessed and dirty: 4.8 ---- */

static void good_tables_become_accessed_on_the_way(void **state)
{
    const struct translation_regime regime = regime_of(&x86_64_57);
    struct chain chain = chain_to(1, 0x7000 | ALL);
    for (unsigned level = 2; level <= 5; level++)
        chain.word[level] &= ~A;
    assert_int_equal(chain_walk(&chain, &regime, VA), WALK_LEAF);
    assert_int_equal(chain.updates, 4);
    for (unsigned level = 2; level <= 5; level++)
        assert_int_equal(chain.word[level], table_at(level - 1) | ALL);
    assert_int_equal(chain_walk(&chain, &regime, VA), WALK_LEAF);
    assert_int_equal(chain.updates, 0);
}

static void good_tables_become_accessed_also_where_the_walk_faults_below(void **state)
{
    const struct translation_regime regime = regime_of(&x86_64_48);
    static const uint64_t ends[] = {0, UINT64_C(1) << 51 | ALL};
    for (unsigned i = 0; i < 2; i++) {
        struct chain chain = chain_to(2, ends[i]);
        chain.word[4] &= ~A;
        chain.word[3] &= ~A;
        assert_int_equal(chain_walk(&chain, &regime, VA), WALK_FAULT);
        assert_int_equal(chain.word[4], table_at(3) | ALL);
        assert_int_equal(chain.word[3], table_at(2) | ALL);
        assert_int_equal(chain.word[2], ends[i]);
    }
}

static void good_a_table_is_accessed_again_after_another_store_to_it(void **state)
{
    const struct translation_regime regime = regime_of(&x86_64_48);
    struct walk_state walk;
    uint64_t table = table_at(3) | P | RW | US;
    assert_int_equal(x86_64_48.start(&walk, &regime, VA), WALK_FETCH);
    assert_int_equal(x86_64_48.resume(&walk, &table), WALK_UPDATE);
    assert_int_equal(walk.fetches, 0);
    assert_int_equal(walk.table_update.pa, 0x6000 + 8 * 5);
    assert_int_equal(walk.table_update.expected, table);
    assert_int_equal(walk.table_update.desired, table | A);
    /* the exchange found another word: from the root again, with nothing left of the first try */
    assert_int_equal(x86_64_48.start(&walk, &regime, VA), WALK_FETCH);
    table |= A;
    assert_int_equal(x86_64_48.resume(&walk, &table), WALK_FETCH);
    assert_int_equal(walk.fetch[0], table_at(3) + 8 * 100);
}

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

static void good_any_use_makes_a_page_accessed_and_a_store_dirty(void **state)
{
    const struct translation_regime regime = regime_of(&x86_64_48); /* hardware flags of the regime: no */
    for (unsigned level = 1; level <= 2; level++) {
        uint64_t leaf = UINT64_C(0x40000000) | P | RW | US | page_size_bit[level];
        struct chain chain = chain_to(level, leaf);
        assert_int_equal(chain_walk(&chain, &regime, VA), WALK_LEAF);
        assert_int_equal(chain.updates, 0);
        assert_update(&chain, false, leaf, leaf | A);
        assert_update(&chain, true, leaf, leaf | A | D);
        assert_int_equal(x86_64_48.updated(&chain.walk), WALK_LEAF);
        assert_update(&chain, true, leaf | A | D, leaf | A | D);
        assert_int_equal(chain.walk.leaf.rights, chain.walk.leaf.rights_when_dirty);
        chain.word[level] = leaf | A;
        assert_int_equal(chain_walk(&chain, &regime, VA), WALK_LEAF);
        assert_update(&chain, false, leaf | A, leaf | A);
        assert_update(&chain, true, leaf | A, leaf | A | D);
    }
}

/* 6.15, interrupt 14: whether an access that is refused marks the page is the model's own. */
static void good_a_page_of_1_gib_becomes_accessed_before_anybody_judges(void **state)
{
    const struct translation_regime regime = regime_of(&x86_64_48);
    uint64_t leaf = UINT64_C(0x40000000) | P | PS;
    struct chain chain = chain_to(3, leaf);
    chain_assert_leaf(&chain, &regime, VA, 0x40000000, 30);
    assert_int_equal(chain.updates, 1);
    assert_int_equal(chain.word[3], leaf | A);
    assert_update(&chain, false, leaf | A, leaf | A);
    assert_update(&chain, true, leaf | A, leaf | A | D);
}

/* With CR0.WP = 0 the kernel stores to a read-only page, and that makes it dirty. */
static void good_a_read_only_page_becomes_dirty_without_write_protection(void **state)
{
    const struct translation_regime regime = regime_of(&x86_64_48);
    const struct access_controls open = {.flags = 0};
    const struct access_controls usual = x86_64_48.controls;
    const unsigned store = ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE);
    struct chain chain = chain_to(1, 0x7000 | P | A);
    assert_int_equal(chain_walk(&chain, &regime, VA), WALK_LEAF);
    const struct walk_leaf *leaf = &chain.walk.leaf;
    assert_false(walk_allowed(&x86_64_48, &open, leaf->rights, leaf->frame.attributes) & store);
    assert_true(walk_allowed(&x86_64_48, &open, leaf->rights_when_dirty, leaf->frame.attributes) & store);
    assert_false(walk_allowed(&x86_64_48, &usual, leaf->rights_when_dirty, leaf->frame.attributes) & store);
    assert_update(&chain, true, 0x7000 | P | A, 0x7000 | P | A | D);
    assert_int_equal(x86_64_48.updated(&chain.walk), WALK_LEAF);
    assert_true(walk_allowed(&x86_64_48, &open, leaf->rights, leaf->frame.attributes) & store);
}

/* ---- Reports: 4.7 ---- */

static uint64_t code_of(enum fault_kind kind, enum privilege privilege, enum access_kind access,
                        uint32_t controls, uint32_t features)
{
    const struct fault_cause cause = {.va = UINT64_C(0xffff800000001234),
                                      .kind = (uint8_t)kind,
                                      .level = 2,
                                      .stage = 1,
                                      .access = (uint8_t)access,
                                      .privilege = (uint8_t)privilege,
                                      .controls = {.flags = controls},
                                      .features = features};
    struct fault_report report;
    x86_64_48.report(&cause, &report);
    assert_int_equal(report.vector, 14);
    assert_int_equal(report.address, UINT64_C(0xffff800000001234));
    return report.code;
}

static void good_page_faults_tell_the_access_and_whether_entries_were_present(void **state)
{
    assert_int_equal(code_of(FAULT_TRANSLATION, PRIVILEGE_KERNEL, ACCESS_LOAD, 0, 0), 0x00);
    assert_int_equal(code_of(FAULT_TRANSLATION, PRIVILEGE_KERNEL, ACCESS_STORE, 0, 0), 0x02);
    assert_int_equal(code_of(FAULT_TRANSLATION, PRIVILEGE_USER, ACCESS_LOAD, 0, 0), 0x04);
    assert_int_equal(code_of(FAULT_TRANSLATION, PRIVILEGE_USER, ACCESS_FETCH, 0, 0), 0x14);
    assert_int_equal(code_of(FAULT_PERMISSION, PRIVILEGE_USER, ACCESS_STORE, 0, 0), 0x07);
    assert_int_equal(code_of(FAULT_RESERVED, PRIVILEGE_KERNEL, ACCESS_STORE, 0, 0), 0x0b);
    assert_int_equal(code_of(FAULT_RESERVED, PRIVILEGE_USER, ACCESS_FETCH, 0, 0), 0x1d);
}

/* "This flag is 1 if the access was an instruction fetch and either CR4.SMEP = 1, or CR4.PAE = 1 and
 * EFER.NXE = 1." */
static void bad_fetches_are_not_told_where_none_could_be_refused(void **state)
{
    const uint32_t off = X86_FEATURE_NO_NXE;
    assert_int_equal(code_of(FAULT_TRANSLATION, PRIVILEGE_USER, ACCESS_FETCH, 0, off), 0x04);
    assert_int_equal(code_of(FAULT_TRANSLATION, PRIVILEGE_USER, ACCESS_FETCH, CONTROL_SMEP, off), 0x14);
    assert_int_equal(code_of(FAULT_TRANSLATION, PRIVILEGE_USER, ACCESS_FETCH, CONTROL_SMEP, 0), 0x14);
}

static void good_memory_that_is_not_there_is_a_machine_check(void **state)
{
    const struct fault_cause cause = {.va = VA, .kind = FAULT_EXTERNAL_ABORT, .stage = 1};
    struct fault_report report;
    x86_64_48.report(&cause, &report);
    assert_int_equal(report.vector, 18);
}

/* ---- Entries that software writes ---- */

static uint64_t leaf_word(unsigned level, uint64_t base, const char *attributes)
{
    const struct entry_level *of = &x86_64_57_entries.level[5 - level];
    struct frame frame = frame_of(base, of->span_lg2, attributes);
    uint64_t word = 0;
    assert_int_equal(of->number, level);
    assert_true(x86_64_57_entries.encode_leaf(of, &frame, &word));
    return word;
}

static void good_entries_have_the_bits_of_the_manual(void **state)
{
    assert_int_equal(leaf_word(1, 0x12345000, "rw-u"), UINT64_C(0x8000000012345067));
    assert_int_equal(leaf_word(1, 0x12345000, "r-xg"), UINT64_C(0x0000000012345121));
    assert_int_equal(leaf_word(1, 0x12345000, "rwx"), UINT64_C(0x0000000012345063));
    assert_int_equal(leaf_word(1, 0x12345000, "rw-c"), UINT64_C(0x8000000012345023));
    assert_int_equal(leaf_word(1, 0x12345000, "rw-uco"), UINT64_C(0x8000000012345007));
    assert_int_equal(leaf_word(1, 0x12345000, "rw-d"), UINT64_C(0x800000001234507b));
    assert_int_equal(leaf_word(1, 0x12345000, "rw-n"), UINT64_C(0x800000001234506b));
    assert_int_equal(leaf_word(1, 0x12345000, "r--uk15"), UINT64_C(0xf800000012345025));
    assert_int_equal(leaf_word(2, 0x12200000, "rw-u"), UINT64_C(0x80000000122000e7));
    assert_int_equal(leaf_word(3, 0x40000000, "r-x"), UINT64_C(0x00000000400000a1));
    assert_int_equal(x86_64_48_entries.encode_table(0x12345000), 0x12345027);
}

static bool is_meant_to_be_expressible(uint32_t attributes)
{
    if (!(attributes & FRAME_READABLE) || (attributes & FRAME_DEVICE && attributes & FRAME_NONCACHEABLE))
        return false;
    return (!(attributes & FRAME_CLEAN) || attributes & FRAME_WRITABLE) &&
           (frame_key(attributes) == 0 || attributes & FRAME_USER);
}

static void good_every_expressible_frame_decodes_to_itself(void **state)
{
    for (unsigned depth = 2; depth < 5; depth++) {
        const struct entry_level *level = &x86_64_57_entries.level[depth];
        for (uint32_t attributes = 0; attributes <= (FRAME_ATTRIBUTES_ALL | FRAME_STATE_ALL); attributes++) {
            struct frame frame = {0x1c0000000, attributes, level->span_lg2};
            uint64_t word;
            bool encoded = x86_64_57_entries.encode_leaf(level, &frame, &word);
            assert_int_equal(encoded, is_meant_to_be_expressible(attributes));
            if (!encoded)
                continue;
            struct entry entry = x86_64_57_entries.decode(level, word);
            assert_int_equal(entry.kind, ENTRY_LEAF);
            assert_int_equal(entry.frame.attributes, attributes);
            assert_int_equal(entry.frame.base, frame.base);
            assert_int_equal(entry.frame.size_lg2, frame.size_lg2);
        }
    }
}

static void bad_frames_that_do_not_fit_the_level_are_not_encoded(void **state)
{
    const struct frame frames[] = {{0x1000, FRAME_READABLE, 21}, /* not aligned */
                                   {0x200000, FRAME_READABLE, 12},
                                   {UINT64_C(1) << 52, FRAME_READABLE, 21}};
    uint64_t word;
    for (unsigned i = 0; i < 3; i++)
        assert_false(x86_64_48_entries.encode_leaf(&x86_64_48_entries.level[2], &frames[i], &word));
    const struct frame huge = {0, FRAME_READABLE, 39};
    assert_false(x86_64_48_entries.encode_leaf(&x86_64_48_entries.level[0], &huge, &word));
}

/* What software wrote is what hardware reads, at every level. */
static void good_what_is_encoded_is_walked(void **state)
{
    const struct translation_regime regime = regime_of(&x86_64_57);
    static const char *const texts[] = {"rw-u", "r-xug", "rwx", "r--uk7", "rw-d", "rw-ncg", "r-xo"};
    for (unsigned level = 1; level <= 3; level++) {
        for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
            struct chain chain = chain_to(level, leaf_word(level, 0x40000000, texts[i]));
            for (unsigned table = level + 1; table <= 5; table++)
                chain.word[table] = x86_64_57_entries.encode_table(table_at(table - 1));
            uint32_t attributes = frame_of(0, 12, texts[i]).attributes;
            chain_assert_leaf(&chain, &regime, VA, 0x40000000, span_lg2(level));
            assert_int_equal(chain.walk.leaf.frame.attributes, attributes & ~FRAME_STATE_ALL);
            assert_int_equal(chain.walk.leaf.rights_when_dirty, x86_64_57.rights(attributes & ~FRAME_CLEAN));
            bool clean = !(attributes & FRAME_WRITABLE) || attributes & FRAME_CLEAN;
            assert_int_equal(chain.walk.leaf.rights,
                             x86_64_57.rights(attributes | (clean ? FRAME_CLEAN : 0)));
        }
    }
}

static void bad_other_words_are_no_leaves(void **state)
{
    const struct entry_format *format = &x86_64_48_entries;
    assert_int_equal(format->decode(&format->level[3], ~P).kind, ENTRY_INVALID);
    assert_int_equal(format->decode(&format->level[0], 0x1000 | ALL | PS).kind, ENTRY_RESERVED);
    assert_int_equal(format->decode(&format->level[1], 0x2000 | ALL | PS).kind, ENTRY_RESERVED);
    assert_int_equal(format->decode(&format->level[2], 0x2000 | ALL | PS).kind, ENTRY_RESERVED);
    struct entry table = format->decode(&format->level[2], 0x2000 | ALL);
    assert_int_equal(table.kind, ENTRY_TABLE);
    assert_int_equal(table.table, 0x2000);
    assert_int_equal(format->decode(&format->level[3], 0x2000 | ALL | PS).kind, ENTRY_LEAF);
}

static void good_changes_of_a_page_are_one_store(void **state)
{
    uint64_t word = leaf_word(1, 0x1000, "rw-u");
    assert_false(x86_64_48_entries.must_break(word, leaf_word(1, 0x1000, "r-xg")));
    assert_false(x86_64_48_entries.must_break(word, leaf_word(1, 0x2000, "rw-d")));
    assert_int_equal(x86_64_48_entries.after_store(leaf_word(1, 0x1000, "rw-uco")), word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_each_level_is_read_at_its_9_bits_of_the_address),
        cmocka_unit_test(good_4_levels_begin_at_the_pml4),
        cmocka_unit_test(good_pages_are_leaves_of_levels_1_2_and_3),
        cmocka_unit_test(good_canonical_addresses_reach_to_both_ends),
        cmocka_unit_test(bad_an_address_that_is_not_canonical_is_a_general_protection_exception),
        cmocka_unit_test(bad_a_root_beyond_the_physical_addresses_is_not_walked),
        cmocka_unit_test(bad_an_entry_that_is_not_present_ends_the_walk_whatever_else_it_has),
        cmocka_unit_test(bad_an_address_beyond_maxphyaddr_is_reserved_at_every_level),
        cmocka_unit_test(good_the_last_physical_address_is_not_reserved),
        cmocka_unit_test(bad_page_size_is_reserved_from_level_4_on),
        cmocka_unit_test(bad_low_address_bits_of_large_pages_are_reserved),
        cmocka_unit_test(bad_execute_disable_is_reserved_without_nxe),
        cmocka_unit_test(good_execute_disable_is_a_right_with_nxe),
        cmocka_unit_test(good_ignored_bits_are_ignored),
        cmocka_unit_test(good_the_page_alone_says_that_it_is_global),
        cmocka_unit_test(good_memory_types_are_those_of_the_usual_pat),
        cmocka_unit_test(good_tables_become_accessed_on_the_way),
        cmocka_unit_test(good_tables_become_accessed_also_where_the_walk_faults_below),
        cmocka_unit_test(good_a_table_is_accessed_again_after_another_store_to_it),
        cmocka_unit_test(good_any_use_makes_a_page_accessed_and_a_store_dirty),
        cmocka_unit_test(good_a_page_of_1_gib_becomes_accessed_before_anybody_judges),
        cmocka_unit_test(good_a_read_only_page_becomes_dirty_without_write_protection),
        cmocka_unit_test(good_page_faults_tell_the_access_and_whether_entries_were_present),
        cmocka_unit_test(bad_fetches_are_not_told_where_none_could_be_refused),
        cmocka_unit_test(good_memory_that_is_not_there_is_a_machine_check),
        cmocka_unit_test(good_entries_have_the_bits_of_the_manual),
        cmocka_unit_test(good_every_expressible_frame_decodes_to_itself),
        cmocka_unit_test(bad_frames_that_do_not_fit_the_level_are_not_encoded),
        cmocka_unit_test(good_what_is_encoded_is_walked),
        cmocka_unit_test(bad_other_words_are_no_leaves),
        cmocka_unit_test(good_changes_of_a_page_are_one_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
