/*
 * RISC-V leaves: rights under every control, A and D, how software writes and reads them, and what is told of
 * faults. Sections are those of the Privileged Architecture, version 20211203.
 */
#include "pagetables/test/riscv_walks.h"

/* ---- Rights ---- */

/* 4.3.1, table 4.5, and the sentences on U, SUM and MXR of 4.1.1.2, 4.1.1.3 and 4.3.1, one after the other.
 */
static bool manual_allows(uint64_t word, uint32_t controls, enum privilege privilege, enum access_kind access)
{
    bool user_page = word & RISCV_U;
    if (privilege == PRIVILEGE_USER && !user_page)
        return false;
    if (privilege == PRIVILEGE_KERNEL && user_page && access == ACCESS_FETCH)
        return false;
    if (privilege == PRIVILEGE_KERNEL && user_page && !(controls & CONTROL_SUM))
        return false;
    if (access == ACCESS_FETCH)
        return word & RISCV_X;
    if (access == ACCESS_STORE)
        return word & RISCV_W && word & RISCV_D;
    return word & RISCV_R || (controls & CONTROL_MXR && word & RISCV_X);
}

static const uint64_t forms[] = {RISCV_R, RISCV_R | RISCV_W, RISCV_X, RISCV_R | RISCV_X,
                                 RISCV_R | RISCV_W | RISCV_X};

static uint8_t allowed_of(const struct walked *walked, uint32_t flags)
{
    const struct access_controls controls = {.flags = flags};
    return walk_allowed(walked->walk.regime->format, &controls, walked->walk.leaf.rights,
                        walked->walk.leaf.frame.attributes);
}

static void good_rights_are_those_of_the_manual_for_every_form_and_state(void **state)
{
    const struct translation_regime regime = regime_of(&riscv_sv39);
    const uint32_t controls[] = {0, CONTROL_SUM, CONTROL_MXR, CONTROL_SUM | CONTROL_MXR};
    for (unsigned form = 0; form < 5 * 4; form++) {
        uint64_t word =
            forms[form / 4] | RISCV_V | RISCV_A | (form & 1 ? RISCV_U : 0) | (form & 2 ? RISCV_D : 0);
        struct walked walked = walk_to(&regime, 0, 0, word);
        assert_int_equal(walked.status, WALK_LEAF);
        for (unsigned c = 0; c < 4; c++) {
            uint8_t allowed = allowed_of(&walked, controls[c]);
            assert_int_equal(allowed & ~ACCESS_RIGHTS_ALL, 0);
            for (unsigned p = 0; p < PRIVILEGES; p++)
                for (unsigned a = 0; a < ACCESS_KINDS; a++)
                    assert_int_equal(
                        (allowed & ACCESS_RIGHT(p, a)) != 0,
                        manual_allows(word, controls[c], (enum privilege)p, (enum access_kind)a));
        }
    }
}

/* 8.5.1: all accesses count as those of user mode, so U = 0 is a guest-page fault; 8.2.1: sstatus.MXR counts.
 */
static void good_rights_of_the_g_stage_know_no_privilege(void **state)
{
    const struct translation_regime regime = regime_of(&riscv_sv48x4);
    for (unsigned form = 0; form < 5; form++) {
        uint64_t word = forms[form] | RISCV_V | RISCV_U | RISCV_A | RISCV_D;
        struct walked walked = walk_to(&regime, 0, 0, word);
        for (unsigned mxr = 0; mxr < 2; mxr++) {
            uint8_t allowed = allowed_of(&walked, mxr ? CONTROL_MXR : 0);
            for (unsigned a = 0; a < ACCESS_KINDS; a++) {
                bool wanted = manual_allows(word, mxr ? CONTROL_MXR : 0, PRIVILEGE_USER, (enum access_kind)a);
                assert_int_equal((allowed & ACCESS_RIGHT(PRIVILEGE_USER, a)) != 0, wanted);
                assert_int_equal((allowed & ACCESS_RIGHT(PRIVILEGE_KERNEL, a)) != 0, wanted);
            }
        }
    }
}

static void bad_a_leaf_of_the_g_stage_without_u_is_a_fault(void **state)
{
    for (unsigned i = 0; i < 3; i++) {
        for (unsigned level = 0; level < stage2[i]->levels; level++) {
            const struct translation_regime regime = regime_of(stage2[i]);
            struct walked walked = walk_to(&regime, 0, level, LEAF);
            assert_fault(&walked, FAULT_RESERVED, level);
        }
    }
}

static void good_sum_is_on_and_mxr_is_off_unless_it_is_said(void **state)
{
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(stage1[i]->controls.flags, CONTROL_SUM);
        assert_int_equal(stage2[i]->controls.flags, 0);
    }
}

/* ---- A and D ---- */

/* 4.3.2, step 7: the first choice. */
static void bad_without_svadu_an_old_page_is_a_page_fault(void **state)
{
    for (size_t i = 0; i < FORMATS; i++) {
        const struct translation_regime regime = regime_of(formats[i]);
        struct walked walked = walk_to(&regime, 0, 1, leaf_of(formats[i], VRWX | RISCV_D));
        assert_fault(&walked, FAULT_ACCESS_FLAG, 1);
    }
}

#define STORES (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE))

static void bad_without_svadu_a_clean_page_has_no_stores(void **state)
{
    for (size_t i = 0; i < FORMATS; i++) {
        const struct translation_regime regime = regime_of(formats[i]);
        struct walk_update update = {0};
        struct walked walked = walk_to(&regime, 0, 0, leaf_of(formats[i], VRWX | RISCV_A));
        assert_int_equal(walked.status, WALK_LEAF);
        assert_int_equal((walked.walk.leaf.rights | walked.walk.leaf.rights_when_dirty) & STORES, 0);
        assert_int_not_equal(walked.walk.leaf.rights, 0);
        assert_false(walk_needs_update(&walked.walk, false, &update));
    }
}

static struct walked walk_with_svadu(const struct walk_format *format, struct translation_regime *regime,
                                     uint64_t word)
{
    *regime = regime_of(format);
    regime->hardware_access = regime->hardware_dirty = true;
    return walk_to(regime, 0x5000, 0, leaf_of(format, word));
}

static void good_with_svadu_a_use_sets_a_and_a_store_sets_both(void **state)
{
    for (size_t i = 0; i < FORMATS; i++) {
        for (unsigned store = 0; store < 2; store++) {
            struct translation_regime regime;
            struct walked walked = walk_with_svadu(formats[i], &regime, VRWX);
            struct walk_update update = {0};
            assert_int_equal(walked.status, WALK_LEAF);
            assert_int_equal(walked.walk.leaf.rights & STORES, 0);
            assert_int_not_equal(walked.walk.leaf.rights_when_dirty & STORES, 0);
            assert_true(walk_needs_update(&walked.walk, store, &update));
            assert_int_equal(update.pa, UINT64_C(0x81001000) + 8 * 5);
            assert_int_equal(update.expected, leaf_of(formats[i], VRWX));
            assert_int_equal(update.desired, leaf_of(formats[i], VRWX) | RISCV_A | (store ? RISCV_D : 0));
            assert_int_equal(formats[i]->updated(&walked.walk), WALK_LEAF);
            assert_false(walk_needs_update(&walked.walk, store, &update));
            assert_int_equal((walked.walk.leaf.rights & STORES) != 0, store);
        }
    }
}

static void bad_with_svadu_a_read_only_page_never_becomes_writable(void **state)
{
    struct translation_regime regime;
    struct walked walked = walk_with_svadu(&riscv_sv39, &regime, RISCV_V | RISCV_R);
    struct walk_update update = {0};
    assert_int_equal(walked.walk.leaf.rights_when_dirty & STORES, 0);
    assert_true(walk_needs_update(&walked.walk, false, &update));
    assert_int_equal(update.desired, RISCV_V | RISCV_R | RISCV_A);
}

/* ---- Entries ---- */

static bool manual_expresses(const struct walk_format *format, uint32_t attributes)
{
    const uint32_t types = FRAME_DEVICE | FRAME_NONCACHEABLE;
    if (attributes & (FRAME_KEY_ALL | 0x80000000u))
        return false;
    if (format->stage2 && attributes & (FRAME_USER | FRAME_GLOBAL))
        return false;
    if (attributes & FRAME_WRITABLE && !(attributes & FRAME_READABLE))
        return false;
    if (attributes & FRAME_CLEAN && !(attributes & FRAME_WRITABLE))
        return false;
    return attributes & (FRAME_READABLE | FRAME_EXECUTABLE) && (attributes & types) != types;
}

static void check_round_trip(const struct walk_format *format, const struct entry_level *level,
                             const struct frame *frame)
{
    const struct entry_format *entries = entry_format_of(format);
    struct translation_regime regime = regime_of(format);
    uint64_t word;
    bool expressed = entries->encode_leaf(level, frame, &word);
    assert_int_equal(expressed, manual_expresses(format, frame->attributes));
    if (!expressed)
        return;
    struct entry entry = entries->decode(level, word);
    assert_int_equal(entry.kind, ENTRY_LEAF);
    assert_int_equal(entry.frame.base, frame->base);
    assert_int_equal(entry.frame.size_lg2, frame->size_lg2);
    assert_int_equal(entry.frame.attributes, frame->attributes);
    regime.hardware_access = true; /* hardware reads what software wrote */
    struct walked walked = walk_to(&regime, 0, level->number, word);
    assert_int_equal(walked.status, WALK_LEAF);
    assert_int_equal(walked.walk.leaf.frame.base, frame->base);
    assert_int_equal(walked.walk.leaf.frame.size_lg2, frame->size_lg2);
    assert_int_equal(walked.walk.leaf.frame.attributes, frame->attributes & ~FRAME_STATE_ALL);
    assert_int_equal(walked.walk.leaf.rights, format->rights(frame->attributes));
}

static void good_every_leaf_that_software_writes_is_read_as_it_was_meant(void **state)
{
    for (size_t i = 0; i < FORMATS; i++) {
        const struct entry_format *entries = entry_format_of(formats[i]);
        for (unsigned depth = 0; depth < entries->levels; depth++) {
            const struct entry_level *level = &entries->level[depth];
            for (unsigned run = 0; run <= (level->run_lg2 > 0); run++) {
                struct frame frame = {.size_lg2 =
                                          (uint8_t)(run ? entry_run_span_lg2(level) : level->span_lg2)};
                frame.base = UINT64_C(3) << frame.size_lg2;
                for (frame.attributes = 0; frame.attributes < 0x400; frame.attributes++)
                    check_round_trip(formats[i], level, &frame);
            }
        }
    }
}

static void bad_frames_that_the_level_does_not_have_are_refused(void **state)
{
    const struct entry_level *level = &riscv_sv48_entries.level[2]; /* 2 MiB */
    uint64_t word;
    const uint32_t rw = FRAME_READABLE | FRAME_WRITABLE;
    const struct frame frames[] = {{.size_lg2 = 12, .attributes = rw},
                                   {.size_lg2 = 30, .attributes = rw},
                                   {.size_lg2 = 25, .attributes = rw},
                                   {.size_lg2 = 21, .attributes = rw, .base = MIB},
                                   {.size_lg2 = 21, .attributes = rw, .base = UINT64_C(1) << 56}};
    for (unsigned i = 0; i < sizeof frames / sizeof *frames; i++)
        assert_false(riscv_sv48_entries.encode_leaf(level, &frames[i], &word));
    const struct frame fits = {.size_lg2 = 21, .attributes = rw, .base = 2 * MIB};
    assert_true(riscv_sv48_entries.encode_leaf(level, &fits, &word));
}

/* Software's reading of a word agrees with hardware's on what kind of entry it is. */
static void good_both_sides_agree_on_forms(void **state)
{
    for (size_t i = 0; i < FORMATS; i++) {
        const struct entry_format *entries = entry_format_of(formats[i]);
        struct translation_regime regime = regime_of(formats[i]);
        regime.hardware_access = true;
        for (uint32_t bits = 0; bits < 1u << 14; bits++) {
            /* V to G, A, D, the lowest bits of the page number, reserved, PBMT and N */
            uint64_t word = (bits & 0xff) | (uint64_t)(bits >> 8 & 3) << 12 |
                            (uint64_t)(bits >> 10 & 1) << 54 | (uint64_t)(bits >> 11 & 7) << 61;
            for (unsigned level = 0; level < 2; level++) {
                struct entry entry = entries->decode(&entries->level[entries->levels - 1 - level], word);
                struct walked walked = walk_to(&regime, 0, level, word);
                assert_int_equal(entry.kind == ENTRY_LEAF, walked.status == WALK_LEAF);
                assert_int_equal(entry.kind == ENTRY_TABLE, walked.status == WALK_FETCH);
                if (walked.status == WALK_FAULT)
                    assert_int_equal(entry.kind == ENTRY_INVALID, walked.walk.fault == FAULT_TRANSLATION);
            }
        }
    }
}

static void good_a_store_makes_an_entry_accessed_and_dirty(void **state)
{
    for (size_t i = 0; i < FORMATS; i++) {
        const struct entry_format *entries = entry_format_of(formats[i]);
        assert_int_equal(entries->after_store(VRWX), LEAF);
        assert_int_equal(entries->after_store(RISCV_V | RISCV_R), RISCV_V | RISCV_R | RISCV_A);
    }
}

/* Chapter 5: the entries of a region change through invalid ones; 4.2.1: other leaves need not. */
static void good_only_napot_regions_change_through_invalid_entries(void **state)
{
    uint64_t napot = RISCV_NAPOT_64K | LEAF | RISCV_N;
    assert_true(riscv_sv39_entries.must_break(napot, napot & ~RISCV_W));
    assert_true(riscv_sv39_entries.must_break(napot, napot | RISCV_PBMT_NC));
    assert_false(riscv_sv39_entries.must_break(napot, napot & ~(RISCV_A | RISCV_D)));
    assert_false(riscv_sv39_entries.must_break(LEAF, LEAF & ~RISCV_W));
}

/* ---- What software is told ---- */

struct told {
    struct fault_cause cause;
    struct fault_report report;
};

/* 3.1.15, table 3.6; 8.5.2; 8.6.1; 8.6.3, table 8.12. */
static void good_reports_are_those_of_the_manual(void **state)
{
    const uint64_t va = UINT64_C(0xffffffc012345678), gpa = UINT64_C(0x1234567c);
    const struct told rows[] = {
        {{.kind = FAULT_TRANSLATION, .stage = 1, .access = ACCESS_FETCH}, {.code = 12}},
        {{.kind = FAULT_RESERVED, .stage = 1, .access = ACCESS_LOAD}, {.code = 13}},
        {{.kind = FAULT_ACCESS_FLAG, .stage = 1, .access = ACCESS_LOAD}, {.code = 13}},
        {{.kind = FAULT_PERMISSION, .stage = 1, .access = ACCESS_STORE}, {.code = 15}},
        {{.kind = FAULT_EXTERNAL_ABORT, .stage = 1, .access = ACCESS_FETCH}, {.code = 1}},
        {{.kind = FAULT_EXTERNAL_ABORT, .stage = 1, .access = ACCESS_LOAD}, {.code = 5}},
        {{.kind = FAULT_EXTERNAL_ABORT, .stage = 2, .access = ACCESS_STORE, .on_table = true}, {.code = 7}},
        {{.kind = FAULT_TRANSLATION, .stage = 2, .access = ACCESS_FETCH}, {.code = 20, .ipa = gpa >> 2}},
        {{.kind = FAULT_PERMISSION, .stage = 2, .access = ACCESS_LOAD}, {.code = 21, .ipa = gpa >> 2}},
        {{.kind = FAULT_ACCESS_FLAG, .stage = 2, .access = ACCESS_STORE}, {.code = 23, .ipa = gpa >> 2}},
        {{.kind = FAULT_TRANSLATION, .stage = 2, .access = ACCESS_FETCH, .on_table = true},
         {.code = 20, .ipa = gpa >> 2, .instruction = 0x3000}},
        {{.kind = FAULT_PERMISSION, .stage = 2, .access = ACCESS_LOAD, .on_table = true, .table_store = true},
         {.code = 21, .ipa = gpa >> 2, .instruction = 0x3020}},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fault_cause cause = rows[i].cause;
        struct fault_report report;
        cause.va = va;
        cause.ipa = gpa;
        const struct walk_format *format = cause.stage == 2 ? &riscv_sv57x4 : &riscv_sv57;
        format->report(&cause, &report);
        assert_int_equal(report.address, va);
        assert_int_equal(report.code, rows[i].report.code);
        assert_int_equal(report.vector, rows[i].report.code);
        assert_int_equal(report.ipa, rows[i].report.ipa);
        assert_int_equal(report.instruction, rows[i].report.instruction);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_rights_are_those_of_the_manual_for_every_form_and_state),
        cmocka_unit_test(good_rights_of_the_g_stage_know_no_privilege),
        cmocka_unit_test(bad_a_leaf_of_the_g_stage_without_u_is_a_fault),
        cmocka_unit_test(good_sum_is_on_and_mxr_is_off_unless_it_is_said),
        cmocka_unit_test(bad_without_svadu_an_old_page_is_a_page_fault),
        cmocka_unit_test(bad_without_svadu_a_clean_page_has_no_stores),
        cmocka_unit_test(good_with_svadu_a_use_sets_a_and_a_store_sets_both),
        cmocka_unit_test(bad_with_svadu_a_read_only_page_never_becomes_writable),
        cmocka_unit_test(good_every_leaf_that_software_writes_is_read_as_it_was_meant),
        cmocka_unit_test(bad_frames_that_the_level_does_not_have_are_refused),
        cmocka_unit_test(good_both_sides_agree_on_forms),
        cmocka_unit_test(good_a_store_makes_an_entry_accessed_and_dirty),
        cmocka_unit_test(good_only_napot_regions_change_through_invalid_entries),
        cmocka_unit_test(good_reports_are_those_of_the_manual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
