/*
 * RISC-V Sv39, Sv48, Sv57 and the G-stage forms: which words are which entries, as pairs of rules of the
 * manual. Sections are those of the Privileged Architecture, version 20211203.
 */
#include "pagetables/test/riscv_walks.h"

/* What a word at this level of every format is; both stages, the G stage with U. */
static void assert_word(unsigned level, uint64_t word, enum walk_status status)
{
    for (size_t i = 0; i < FORMATS; i++) {
        if (level >= formats[i]->levels)
            continue;
        const struct translation_regime regime = regime_of(formats[i]);
        struct walked walked = walk_to(&regime, 0x12345678, level, leaf_of(formats[i], word));
        assert_int_equal(walked.status, status);
        if (status == WALK_FAULT)
            assert_fault(&walked, FAULT_RESERVED, level);
    }
}

/* ---- Addresses and roots ---- */

/* 4.4.1, 4.5.1, 4.6.1: the bits above the last one of the page number equal it. */
static void good_canonical_addresses_are_translated(void **state)
{
    for (unsigned i = 0; i < 3; i++) {
        const struct translation_regime regime = regime_of(stage1[i]);
        uint64_t half = UINT64_C(1) << (stage1[i]->va_bits - 1);
        const uint64_t addresses[] = {0, half - 1, ~half + 1, UINT64_MAX};
        for (unsigned a = 0; a < 4; a++) {
            struct walk_state walk;
            assert_int_equal(stage1[i]->start(&walk, &regime, addresses[a]), WALK_FETCH);
            uint64_t index = addresses[a] >> (12 + 9 * (stage1[i]->levels - 1)) & 511;
            assert_int_equal(walk.fetch[0], ROOT + 8 * index);
            assert_true(walk_format_reaches(stage1[i], addresses[a], 1));
        }
    }
}

static void bad_other_addresses_are_page_faults_before_any_fetch(void **state)
{
    for (unsigned i = 0; i < 3; i++) {
        const struct translation_regime regime = regime_of(stage1[i]);
        uint64_t half = UINT64_C(1) << (stage1[i]->va_bits - 1);
        const uint64_t addresses[] = {half, ~half, UINT64_C(1) << 63, UINT64_MAX >> 1};
        for (unsigned a = 0; a < 4; a++) {
            struct walked walked = walk_to(&regime, addresses[a], 0, 0);
            assert_fault(&walked, FAULT_TRANSLATION, stage1[i]->levels - 1u);
            assert_false(walk_format_reaches(stage1[i], addresses[a], 1));
        }
    }
}

/* 8.5.1: two bits more, resolved by a root of 16 KiB; what is above them must be zero. */
static void good_the_root_of_the_g_stage_has_2048_entries(void **state)
{
    for (unsigned i = 0; i < 3; i++) {
        const struct translation_regime regime = regime_of(stage2[i]);
        unsigned root_lg2 = 12u + 9u * (stage2[i]->levels - 1u);
        struct walk_state walk;
        assert_int_equal(stage2[i]->va_bits, root_lg2 + 11);
        assert_int_equal(stage2[i]->start(&walk, &regime, UINT64_C(2047) << root_lg2), WALK_FETCH);
        assert_int_equal(walk.fetch[0], ROOT + 8 * 2047);
        assert_int_equal(stage2[i]->start(&walk, &regime, UINT64_C(513) << root_lg2), WALK_FETCH);
        assert_int_equal(walk.fetch[0], ROOT + 8 * 513);
    }
}

static void bad_guest_physical_addresses_beyond_it_are_faults(void **state)
{
    for (unsigned i = 0; i < 3; i++) {
        const struct translation_regime regime = regime_of(stage2[i]);
        struct walked walked = walk_to(&regime, UINT64_C(1) << stage2[i]->va_bits, 0, 0);
        assert_fault(&walked, FAULT_TRANSLATION, stage2[i]->levels - 1u);
        walked = walk_to(&regime, UINT64_MAX, 0, 0);
        assert_fault(&walked, FAULT_TRANSLATION, stage2[i]->levels - 1u);
    }
}

/* 8.2.10: the lowest two bits of hgatp.PPN are zero for these modes. */
static void good_the_root_of_the_g_stage_is_aligned_to_16_kib(void **state)
{
    struct translation_regime regime = regime_of(&riscv_sv39x4);
    struct walk_state walk;
    regime.root = ROOT + 0x3000;
    assert_int_equal(riscv_sv39x4.start(&walk, &regime, 0), WALK_FETCH);
    assert_int_equal(walk.fetch[0], ROOT);
    regime.format = &riscv_sv39;
    assert_int_equal(riscv_sv39.start(&walk, &regime, 0), WALK_FETCH);
    assert_int_equal(walk.fetch[0], ROOT + 0x3000);
}

/* ---- Leaves at every level ---- */

static void good_a_leaf_at_any_level_maps_its_span(void **state)
{
    const uint64_t va = UINT64_C(0x1234567abc);
    const uint64_t pa = UINT64_C(0x5a) << 48; /* aligned to every level */
    for (size_t i = 0; i < FORMATS; i++) {
        for (unsigned level = 0; level < formats[i]->levels; level++) {
            const struct translation_regime regime = regime_of(formats[i]);
            struct walked walked = walk_to(&regime, va, level, leaf_of(formats[i], ppn(pa) | LEAF));
            uint64_t bytes = UINT64_C(1) << (12 + 9 * level);
            assert_int_equal(walked.status, WALK_LEAF);
            assert_int_equal(walked.walk.leaf.level, level);
            assert_int_equal(walked.walk.leaf.va, va & ~(bytes - 1));
            assert_int_equal(walked.walk.leaf.frame.base, pa);
            assert_int_equal(walked.walk.leaf.frame.size_lg2, 12 + 9 * level);
        }
    }
}

/* 4.3.2, step 6. */
static void bad_superpages_that_are_not_aligned_are_page_faults(void **state)
{
    for (unsigned level = 1; level < 5; level++)
        for (unsigned bit = 12; bit < 12 + 9 * level; bit++)
            assert_word(level, ppn(UINT64_C(1) << bit) | LEAF, WALK_FAULT);
    assert_word(1, ppn(UINT64_C(1) << 21) | LEAF, WALK_LEAF);
}

/* 4.3.2, step 3. */
static void bad_invalid_entries_are_page_faults_whatever_else_they_say(void **state)
{
    for (size_t i = 0; i < FORMATS; i++) {
        for (unsigned level = 0; level < formats[i]->levels; level++) {
            const struct translation_regime regime = regime_of(formats[i]);
            struct walked walked = walk_to(&regime, 0, level, ~RISCV_V);
            assert_fault(&walked, FAULT_TRANSLATION, level);
        }
    }
}

static void bad_writable_and_not_readable_is_reserved(void **state)
{
    for (unsigned level = 0; level < 5; level++) {
        assert_word(level, RISCV_V | RISCV_W | RISCV_A | RISCV_D, WALK_FAULT);
        assert_word(level, RISCV_V | RISCV_W | RISCV_X | RISCV_A | RISCV_D, WALK_FAULT);
        assert_word(level, RISCV_V | RISCV_X | RISCV_A, WALK_LEAF); /* execute-only is a form */
    }
}

static void bad_bits_60_to_54_are_reserved(void **state)
{
    for (unsigned bit = 54; bit <= 60; bit++) {
        for (unsigned level = 0; level < 5; level++)
            assert_word(level, LEAF | UINT64_C(1) << bit, WALK_FAULT);
        const struct translation_regime regime = regime_of(&riscv_sv39);
        struct walked walked = walk_to(&regime, 0, 2, RISCV_V | UINT64_C(1) << bit);
        assert_fault(&walked, FAULT_RESERVED, 2);
    }
}

/* 4.3.1: RSW is left to software. */
static void good_bits_9_and_8_are_ignored(void **state)
{
    for (unsigned level = 0; level < 5; level++)
        assert_word(level, LEAF | RISCV_RSW, WALK_LEAF);
    const struct translation_regime regime = regime_of(&riscv_sv39);
    assert_int_equal(walk_to(&regime, 0, 2, RISCV_V | RISCV_RSW).status, WALK_FETCH);
}

/* ---- Pointers ---- */

static void good_a_pointer_leads_to_the_table_below(void **state)
{
    for (size_t i = 0; i < FORMATS; i++) {
        const struct translation_regime regime = regime_of(formats[i]);
        const uint64_t va = UINT64_C(0x5bcdef123);
        const uint64_t table = UINT64_C(0xabcdef12345000);
        unsigned level = formats[i]->levels - 1u;
        struct walked walked = walk_to(&regime, va, level, ppn(table) | RISCV_V);
        assert_int_equal(walked.status, WALK_FETCH);
        assert_int_equal(walked.walk.fetch[0], table + 8 * (va >> (12 + 9 * (level - 1)) & 511));
        assert_int_equal(walked.walk.level, level - 1);
    }
}

/* 4.3.1, and chapters 5 and 6: all of these are reserved where an entry is a pointer. */
static void bad_a_pointer_with_bits_of_a_leaf_is_a_page_fault(void **state)
{
    const uint64_t bits[] = {RISCV_A, RISCV_D, RISCV_U, RISCV_N, RISCV_PBMT_NC, RISCV_PBMT_IO, RISCV_PBMT};
    for (size_t i = 0; i < FORMATS; i++) {
        for (unsigned bit = 0; bit < sizeof bits / sizeof *bits; bit++) {
            for (unsigned level = 1; level < formats[i]->levels; level++) {
                const struct translation_regime regime = regime_of(formats[i]);
                struct walked walked = walk_to(&regime, 0, level, RISCV_V | bits[bit]);
                assert_fault(&walked, FAULT_RESERVED, level);
            }
        }
    }
}

/* 4.3.2, step 4: i would be negative. */
static void bad_a_pointer_at_level_0_is_a_page_fault(void **state)
{
    for (size_t i = 0; i < FORMATS; i++) {
        const struct translation_regime regime = regime_of(formats[i]);
        struct walked walked = walk_to(&regime, 0, 0, ppn(ROOT) | RISCV_V);
        assert_fault(&walked, FAULT_RESERVED, 0);
    }
}

/* 4.3.1: G of a pointer holds for all below it; 8.5.1: the G stage ignores it. */
static void good_a_global_pointer_makes_what_is_below_it_global(void **state)
{
    for (size_t i = 0; i < FORMATS; i++) {
        for (unsigned global = 0; global < 2; global++) {
            const struct translation_regime regime = regime_of(formats[i]);
            uint64_t pointer = ppn(ROOT) | RISCV_V | (global ? RISCV_G : 0);
            uint64_t leaf = leaf_of(formats[i], LEAF);
            struct walk_state walk;
            assert_int_equal(formats[i]->start(&walk, &regime, 0), WALK_FETCH);
            assert_int_equal(formats[i]->resume(&walk, &pointer), WALK_FETCH);
            assert_int_equal(formats[i]->resume(&walk, &leaf), WALK_LEAF);
            assert_int_equal(walk.leaf.frame.attributes & FRAME_GLOBAL,
                             global && !formats[i]->stage2 ? FRAME_GLOBAL : 0);
        }
    }
}

/* ---- Svnapot ---- */

static void good_a_napot_leaf_maps_64_kib(void **state)
{
    const uint64_t va = UINT64_C(0x3456a789), pa = UINT64_C(0x987650000);
    uint64_t word = ppn(pa | 0x8000) | LEAF | RISCV_N;
    for (size_t i = 0; i < FORMATS; i++) {
        struct translation_regime regime = regime_of(formats[i]);
        struct walked walked = walk_to(&regime, va, 0, leaf_of(formats[i], word));
        assert_int_equal(walked.status, WALK_LEAF);
        assert_int_equal(walked.walk.leaf.frame.size_lg2, 16);
        assert_int_equal(walked.walk.leaf.frame.base, pa);
        assert_int_equal(walked.walk.leaf.va, va & ~UINT64_C(0xffff));
    }
}

/* Chapter 5: the lowest bits of the page number are those of the address, whatever is cached. */
static void good_a_napot_leaf_that_is_cached_as_a_page_has_the_right_address(void **state)
{
    uint64_t word = ppn(UINT64_C(0x987658000)) | LEAF | RISCV_N;
    for (unsigned page = 0; page < 16; page++) {
        struct translation_regime regime = regime_of(&riscv_sv48);
        regime.contiguous = false;
        struct walked walked = walk_to(&regime, 0x34560000 + page * 4 * KIB + 5, 0, word);
        assert_int_equal(walked.status, WALK_LEAF);
        assert_int_equal(walked.walk.leaf.frame.size_lg2, 12);
        assert_int_equal(walked.walk.leaf.frame.base, UINT64_C(0x987650000) + page * 4 * KIB);
        assert_int_equal(walked.walk.leaf.va, 0x34560000 + page * 4 * KIB);
    }
}

/* Chapter 5, table 5.1. */
static void bad_other_napot_encodings_are_reserved(void **state)
{
    for (unsigned low = 0; low < 16; low++)
        assert_word(0, (uint64_t)low << 10 | LEAF | RISCV_N, low == 8 ? WALK_LEAF : WALK_FAULT);
    for (unsigned level = 1; level < 5; level++)
        assert_word(level, LEAF | RISCV_N, WALK_FAULT);
}

/* A reserved form is a page fault before A would be set. */
static void bad_a_reserved_napot_entry_is_not_updated(void **state)
{
    struct translation_regime regime = regime_of(&riscv_sv39);
    regime.hardware_access = regime.hardware_dirty = true;
    struct walked walked = walk_to(&regime, 0, 0, VRWX | RISCV_N);
    assert_fault(&walked, FAULT_RESERVED, 0);
}

static void bad_n_is_reserved_without_svnapot(void **state)
{
    struct translation_regime regime = regime_of(&riscv_sv39);
    regime.features = RISCV_WITHOUT_SVNAPOT;
    struct walked walked = walk_to(&regime, 0, 0, RISCV_NAPOT_64K | LEAF | RISCV_N);
    assert_fault(&walked, FAULT_RESERVED, 0);
    assert_int_equal(walk_to(&regime, 0, 0, RISCV_NAPOT_64K | LEAF).status, WALK_LEAF);
}

/* ---- Svpbmt ---- */

static void good_memory_types_are_attributes(void **state)
{
    const struct {
        uint64_t bits;
        uint32_t attributes;
    } rows[] = {{0, 0}, {RISCV_PBMT_NC, FRAME_NONCACHEABLE}, {RISCV_PBMT_IO, FRAME_DEVICE}};
    for (size_t i = 0; i < FORMATS; i++) {
        for (unsigned row = 0; row < 3; row++) {
            const struct translation_regime regime = regime_of(formats[i]);
            struct walked walked = walk_to(&regime, 0, 1, leaf_of(formats[i], LEAF | rows[row].bits));
            assert_int_equal(walked.status, WALK_LEAF);
            assert_int_equal(walked.walk.leaf.frame.attributes & (FRAME_NONCACHEABLE | FRAME_DEVICE),
                             rows[row].attributes);
        }
    }
}

static void bad_the_fourth_memory_type_is_reserved(void **state)
{
    for (unsigned level = 0; level < 5; level++)
        assert_word(level, LEAF | RISCV_PBMT, WALK_FAULT);
}

static void bad_memory_types_are_reserved_without_svpbmt(void **state)
{
    for (unsigned type = 1; type < 4; type++) {
        struct translation_regime regime = regime_of(&riscv_sv57);
        regime.features = RISCV_WITHOUT_SVPBMT;
        struct walked walked = walk_to(&regime, 0, 0, LEAF | (uint64_t)type << 61);
        assert_fault(&walked, FAULT_RESERVED, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_canonical_addresses_are_translated),
        cmocka_unit_test(bad_other_addresses_are_page_faults_before_any_fetch),
        cmocka_unit_test(good_the_root_of_the_g_stage_has_2048_entries),
        cmocka_unit_test(bad_guest_physical_addresses_beyond_it_are_faults),
        cmocka_unit_test(good_the_root_of_the_g_stage_is_aligned_to_16_kib),
        cmocka_unit_test(good_a_leaf_at_any_level_maps_its_span),
        cmocka_unit_test(bad_superpages_that_are_not_aligned_are_page_faults),
        cmocka_unit_test(bad_invalid_entries_are_page_faults_whatever_else_they_say),
        cmocka_unit_test(bad_writable_and_not_readable_is_reserved),
        cmocka_unit_test(bad_bits_60_to_54_are_reserved),
        cmocka_unit_test(good_bits_9_and_8_are_ignored),
        cmocka_unit_test(good_a_pointer_leads_to_the_table_below),
        cmocka_unit_test(bad_a_pointer_with_bits_of_a_leaf_is_a_page_fault),
        cmocka_unit_test(bad_a_pointer_at_level_0_is_a_page_fault),
        cmocka_unit_test(good_a_global_pointer_makes_what_is_below_it_global),
        cmocka_unit_test(good_a_napot_leaf_maps_64_kib),
        cmocka_unit_test(good_a_napot_leaf_that_is_cached_as_a_page_has_the_right_address),
        cmocka_unit_test(bad_other_napot_encodings_are_reserved),
        cmocka_unit_test(bad_a_reserved_napot_entry_is_not_updated),
        cmocka_unit_test(bad_n_is_reserved_without_svnapot),
        cmocka_unit_test(good_memory_types_are_attributes),
        cmocka_unit_test(bad_the_fourth_memory_type_is_reserved),
        cmocka_unit_test(bad_memory_types_are_reserved_without_svpbmt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
