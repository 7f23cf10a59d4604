/* VMSAv8-64: what tables restrict, what WXN, PAN and the EL2 regime make of rights, memory that is not
 * cached, and what fault registers tell. Bits are spelled out from the manual, DDI 0487 L.b, not taken from
 * the header. */
#include "pagetables/test/fixture.h"

#include <inttypes.h>
#include <string.h>

#define AP1   (UINT64_C(1) << 6) /* EL0 may */
#define AP2   (UINT64_C(1) << 7) /* read-only */
#define AF    (UINT64_C(1) << 10)
#define NG    (UINT64_C(1) << 11)
#define DBM   (UINT64_C(1) << 51)
#define PXN   (UINT64_C(1) << 53)
#define UXN   (UINT64_C(1) << 54) /* XN of EL2 */
#define PXN_T (UINT64_C(1) << 59)
#define UXN_T (UINT64_C(1) << 60)
#define AP_T0 (UINT64_C(1) << 61) /* not EL0 */
#define AP_T1 (UINT64_C(1) << 62) /* read-only */

/* "rwx/rwx": what EL0 may, what the kernel may. */
struct right_text {
    char text[8];
};

static struct right_text text_of(unsigned rights)
{
    static const char letters[] = "rwx";
    struct right_text text = {"---/---"};
    for (unsigned access = 0; access < ACCESS_KINDS; access++) {
        if (rights & ACCESS_RIGHT(PRIVILEGE_USER, access))
            text.text[access] = letters[access];
        if (rights & ACCESS_RIGHT(PRIVILEGE_KERNEL, access))
            text.text[4 + access] = letters[access];
    }
    return text;
}

/* A table of level 2 and a page of level 3. */
static enum walk_status walk_page(const struct translation_regime *regime, uint64_t table, uint64_t leaf,
                                  struct walk_state *walk)
{
    uint64_t link = table | 0x5003;
    uint64_t word = leaf | 0x9000 | 3;
    assert_int_equal(regime->format->start(walk, regime, 0x1000), WALK_FETCH);
    assert_int_equal(regime->format->resume(walk, &link), WALK_FETCH);
    return regime->format->resume(walk, &word);
}

struct rights_row {
    uint32_t features;
    uint64_t table;
    uint64_t leaf; /* AF is added */
    const char *rights;
};

static void check_rights(const char *format, const struct rights_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct translation_regime regime = {.format = walk_format_find(format),
                                                  .root = 0x4000,
                                                  .physical_size_lg2 = 48,
                                                  .features = rows[i].features};
        struct walk_state walk;
        assert_int_equal(walk_page(&regime, rows[i].table, rows[i].leaf | AF, &walk), WALK_LEAF);
        if (strcmp(text_of(walk.leaf.rights).text, rows[i].rights) != 0)
            fail_msg("row %zu of %s: %s should be %s", i, format, text_of(walk.leaf.rights).text,
                     rows[i].rights);
        assert_int_equal(walk.leaf.rights_when_dirty, walk.leaf.rights);
    }
}

#define CHECK_RIGHTS(format, rows) check_rights(format, rows, sizeof rows / sizeof *rows)

/* D8.4.1.2: APTable, UXNTable, PXNTable; TCR_EL1.HPD0. */
static void good_tables_restrict_what_is_below_unless_that_is_disabled(void **state)
{
    static const struct rights_row rows[] = {
        {0, 0, AP1, "rwx/rw-"},
        {0, AP_T0, AP1, "--x/rwx"},
        {0, AP_T1, AP1, "r-x/r-x"},
        {0, AP_T0 | AP_T1, AP1, "--x/r-x"},
        {0, UXN_T, AP1, "rw-/rw-"},
        {0, PXN_T, AP1 | AP2, "r-x/r--"},
        {0, PXN_T, 0, "--x/rw-"},
        {0, PXN_T | UXN_T, 0, "---/rw-"},
        {0, 0, 0, "--x/rwx"},
        {0, AP_T1, UXN, "---/r-x"},
        {VMSA_HPD, AP_T0, AP1, "rwx/rw-"},
        {VMSA_HPD, AP_T1, AP1, "rwx/rw-"},
        {VMSA_HPD, UXN_T | PXN_T, AP1 | AP2, "r-x/r-x"},
    };
    CHECK_RIGHTS("vmsa-4k-30", rows);
    static const struct rights_row high[] = {{0, 0, AP1, "rwx/rw-"}, {0, AP_T1 | UXN_T, AP1, "r--/r-x"}};
    const struct translation_regime regime = {
        .format = walk_format_find("vmsa-4k-30-high"), .root = 0x4000, .physical_size_lg2 = 48};
    for (unsigned i = 0; i < 2; i++) {
        uint64_t link = high[i].table | 0x5003;
        uint64_t word = high[i].leaf | AF | 0x9003;
        struct walk_state walk;
        assert_int_equal(regime.format->start(&walk, &regime, UINT64_MAX), WALK_FETCH);
        assert_int_equal(regime.format->resume(&walk, &link), WALK_FETCH);
        assert_int_equal(regime.format->resume(&walk, &word), WALK_LEAF);
        assert_int_equal(walk.leaf.va, UINT64_C(0xfffffffffffff000));
        assert_string_equal(text_of(walk.leaf.rights).text, high[i].rights);
    }
}

/* SCTLR_EL1.WXN: each Exception level does not execute what it can write itself. */
static void good_with_wxn_what_can_be_written_is_not_executed(void **state)
{
    static const struct rights_row rows[] = {
        {VMSA_WXN, 0, AP1, "rw-/rw-"},     {VMSA_WXN, 0, AP1 | AP2, "r-x/r-x"},
        {VMSA_WXN, 0, 0, "--x/rw-"},       {VMSA_WXN, 0, AP2, "--x/r-x"},
        {VMSA_WXN, AP_T1, AP1, "r-x/r-x"}, {VMSA_WXN | VMSA_HPD, AP_T1, AP1, "rw-/rw-"},
        {VMSA_WXN, AP_T0, AP1, "--x/rw-"}, {VMSA_WXN, 0, AP1 | AP2 | UXN, "r--/r-x"},
    };
    CHECK_RIGHTS("vmsa-4k-30", rows);
}

/* Pseudocode AArch64.S1DirectBasePermissions: where HD is set, DBM = 1 means AP[2] = 0. */
static void good_a_clean_page_counts_as_writable_for_wxn_where_hardware_makes_it_dirty(void **state)
{
    struct translation_regime regime = {.format = walk_format_find("vmsa-4k-30"),
                                        .root = 0x4000,
                                        .physical_size_lg2 = 48,
                                        .features = VMSA_WXN};
    struct walk_state walk;
    assert_int_equal(walk_page(&regime, 0, AF | AP1 | AP2 | DBM, &walk), WALK_LEAF);
    assert_string_equal(text_of(walk.leaf.rights).text, "r-x/r-x");
    regime.hardware_access = regime.hardware_dirty = true;
    assert_int_equal(walk_page(&regime, 0, AF | AP1 | AP2 | DBM, &walk), WALK_LEAF);
    assert_string_equal(text_of(walk.leaf.rights).text, "r--/r--");
    assert_string_equal(text_of(walk.leaf.rights_when_dirty).text, "rw-/rw-");
}

/* D8.4.1.2, D8.3.1.2: one privilege; AP[1] is RES1 and PXN is RES0, and neither has an effect. */
static void good_el2_has_one_privilege_and_one_execute_never(void **state)
{
    static const struct rights_row rows[] = {
        {0, 0, AP1, "---/rwx"},        {0, 0, 0, "---/rwx"},
        {0, 0, AP1 | UXN, "---/rw-"},  {0, 0, AP1 | PXN, "---/rwx"},
        {0, 0, AP1 | AP2, "---/r-x"},  {0, AP_T0, AP1, "---/rwx"},
        {0, PXN_T, AP1, "---/rwx"},    {0, AP_T1, AP1, "---/r-x"},
        {0, UXN_T, AP1, "---/rw-"},    {VMSA_HPD, UXN_T | AP_T1, AP1, "---/rwx"},
        {VMSA_WXN, 0, AP1, "---/rw-"}, {VMSA_WXN, 0, AP1 | AP2, "---/r-x"},
    };
    CHECK_RIGHTS("vmsa-el2-4k-30", rows);
}

static void good_el2_is_global_whatever_bit_11_says(void **state)
{
    const struct translation_regime regime = {
        .format = walk_format_find("vmsa-el2-4k-30"), .root = 0x4000, .physical_size_lg2 = 48};
    struct walk_state walk;
    assert_int_equal(walk_page(&regime, 0, AF | AP1 | NG, &walk), WALK_LEAF);
    assert_true(walk.leaf.frame.attributes & FRAME_GLOBAL);
    assert_false(walk.leaf.frame.attributes & FRAME_USER);
}

static uint64_t word_of(const char *format, const char *attributes)
{
    const struct entry_format *entries = entry_format_of(walk_format_find(format));
    struct frame frame = frame_of(0x12345000, 12, attributes);
    uint64_t word = 0;
    assert_true(entries->encode_leaf(&entries->level[entries->levels - 1], &frame, &word));
    return word;
}

static void good_entries_of_el2_have_the_bits_of_the_manual(void **state)
{
    /* AF, SH 11, AP[2:1] 01, XN */
    assert_int_equal(word_of("vmsa-el2-4k-48", "rw-g"), UINT64_C(0x0040000012345743));
    assert_int_equal(word_of("vmsa-el2-4k-48", "r-xg"), UINT64_C(0x00000000123457c3));
    /* clean: DBM and AP[2] */
    assert_int_equal(word_of("vmsa-el2-4k-48", "rw-gc"), UINT64_C(0x00480000123457c3));
}

static void bad_attributes_that_el2_has_not_are_refused(void **state)
{
    static const char *const texts[] = {"rw-", "rw-ug", "-w-g", "--xg", "rw-gk1", "rw-gdn", "r--gc"};
    const struct entry_format *entries = entry_format_of(walk_format_find("vmsa-el2-4k-48"));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct frame frame = frame_of(0x12345000, 12, texts[i]);
        uint64_t word;
        if (entries->encode_leaf(&entries->level[3], &frame, &word))
            fail_msg("\"%s\" was encoded", texts[i]);
        assert_int_equal(walk_format_find("vmsa-el2-4k-48")->rights(frame.attributes), 0);
    }
}

/* D8.17.1: nG has no meaning at EL2, so changing that bit breaks nothing. */
static void good_el2_breaks_before_it_makes_for_type_and_address_alone(void **state)
{
    const struct entry_format *el2 = entry_format_of(walk_format_find("vmsa-el2-4k-48"));
    uint64_t word = word_of("vmsa-el2-4k-48", "rw-g");
    assert_false(el2->must_break(word, word_of("vmsa-el2-4k-48", "r-xg")));
    assert_false(el2->must_break(word, word | NG));
    assert_true(el2->must_break(word, word_of("vmsa-el2-4k-48", "rw-gn")));
    assert_true(el2->must_break(word, word ^ 0x1000));
}

/* ---- Memory that is not cached ---- */

/* MAIR_EL1 Attr2 is 0x44; stage 2 MemAttr 0101; SH 10 (D8.6.1, D8.6.2, D8.6.5). */
static void good_memory_that_is_not_cached_has_a_type_of_its_own(void **state)
{
    assert_int_equal(VMSA_MAIR_EL1 >> 16 & 0xff, 0x44);
    assert_int_equal(word_of("vmsa-4k-48", "rw-ugn"), UINT64_C(0x006000001234564b));
    assert_int_equal(word_of("vmsa-s2-4k-48", "rw-n"), UINT64_C(0x00400000123456d7));
    const struct entry_format *stage2 = entry_format_of(walk_format_find("vmsa-s2-4k-48"));
    /* inner Non-cacheable with outer Write-Back is cached somewhere */
    struct entry entry = stage2->decode(&stage2->level[3], UINT64_C(0x00400000123456f7) & ~UINT64_C(8));
    assert_int_equal(entry.frame.attributes & (FRAME_NONCACHEABLE | FRAME_DEVICE), 0);
}

static void bad_device_memory_is_not_normal_memory_at_once(void **state)
{
    static const char *const formats[] = {"vmsa-4k-48", "vmsa-s2-4k-48"};
    for (unsigned i = 0; i < 2; i++) {
        const struct entry_format *entries = entry_format_of(walk_format_find(formats[i]));
        struct frame frame = frame_of(0x12345000, 12, "rw-dn");
        uint64_t word;
        assert_false(entries->encode_leaf(&entries->level[3], &frame, &word));
    }
}

/* ---- PAN ---- */

static void assert_allowed(const char *format, uint32_t flags, uint64_t leaf, const char *rights)
{
    const struct translation_regime regime = {
        .format = walk_format_find(format), .root = 0x4000, .physical_size_lg2 = 48};
    const struct access_controls controls = {.flags = flags};
    struct walk_state walk;
    assert_int_equal(walk_page(&regime, 0, leaf | AF, &walk), WALK_LEAF);
    unsigned allowed = walk_allowed(regime.format, &controls, walk.leaf.rights, walk.leaf.frame.attributes);
    assert_string_equal(text_of(allowed).text, rights);
}

static void good_pan_keeps_the_kernel_off_what_el0_can_load(void **state)
{
    assert_allowed("vmsa-4k-30", CONTROL_PAN, AP1, "rwx/---");
    assert_allowed("vmsa-4k-30", CONTROL_PAN, AP1 | AP2, "r-x/--x");
    assert_allowed("vmsa-4k-30", CONTROL_PAN, UXN, "---/rwx");
    /* EL0 executes it and does not load it: EPAN = 0 */
    assert_allowed("vmsa-4k-30", CONTROL_PAN, 0, "--x/rwx");
}

static void bad_without_pan_and_at_el2_the_kernel_loads_everything(void **state)
{
    assert_allowed("vmsa-4k-30", 0, AP1, "rwx/rw-");
    assert_allowed("vmsa-4k-30", CONTROLS_ALL & ~CONTROL_PAN, AP1, "rwx/rw-");
    assert_allowed("vmsa-el2-4k-30", CONTROL_PAN, AP1, "---/rwx");
}

/* ---- Reports ---- */

struct report_row {
    const char *format;
    struct fault_cause cause;
    uint64_t code;
    uint64_t ipa;
};

static void check_report(const struct report_row *row)
{
    struct fault_cause cause = row->cause;
    struct fault_report report;
    cause.va = UINT64_C(0xffff000012345678);
    cause.ipa = UINT64_C(0x8877665544);
    memset(&report, 0xa5, sizeof report);
    walk_format_find(row->format)->report(&cause, &report);
    if (report.code != row->code || report.ipa != row->ipa)
        fail_msg("ESR 0x%" PRIx64 " and address 0x%" PRIx64 " should be 0x%" PRIx64 " and 0x%" PRIx64,
                 report.code, report.ipa, row->code, row->ipa);
    assert_int_equal(report.address, cause.va);
    assert_int_equal(report.vector, row->code >> 26);
    assert_int_equal(report.status, row->code & 0x3f);
    assert_int_equal(report.instruction, 0);
}

#define KERNEL .privilege = PRIVILEGE_KERNEL
#define PAGE   UINT64_C(0x8877665000)

/* ESR_ELx: EC in bits 31:26 (20, 21 instruction, 24, 25 data aborts), IL bit 25, S1PTW bit 7, WnR bit 6, the
 * code in bits 5:0. */
static void good_syndromes_are_those_of_the_manual(void **state)
{
    static const struct report_row rows[] = {
        {"vmsa-4k-48", {.kind = FAULT_TRANSLATION, .level = 1, .stage = 1}, 0x92000005, 0},
        {"vmsa-4k-48",
         {.kind = FAULT_PERMISSION, .level = 3, .stage = 1, .access = ACCESS_STORE, KERNEL},
         0x9600004f,
         0},
        {"vmsa-4k-48",
         {.kind = FAULT_ACCESS_FLAG, .level = 2, .stage = 1, .access = ACCESS_FETCH},
         0x8200000a,
         0},
        {"vmsa-64k-48-high",
         {.kind = FAULT_PERMISSION, .level = 3, .stage = 1, .access = ACCESS_FETCH, KERNEL},
         0x8600000f,
         0},
        {"vmsa-4k-48", {.kind = FAULT_ADDRESS_SIZE, .level = 0, .stage = 1, KERNEL}, 0x96000000, 0},
        {"vmsa-4k-48", {.kind = FAULT_EXTERNAL_ABORT, .level = 1, .stage = 1, KERNEL}, 0x96000015, 0},
        {"vmsa-4k-48", {.kind = FAULT_TLB_CONFLICT, .stage = 1, KERNEL}, 0x96000030, 0},
        {"vmsa-el2-4k-48", {.kind = FAULT_TRANSLATION, .level = 1, .stage = 1, KERNEL}, 0x96000005, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_report(&rows[i]);
}

/* Taken to EL2 from a lower Exception level. HPFAR_EL2 is written unless it is a permission fault of the
 * access itself. */
static void good_stage_2_tells_the_intermediate_address_and_what_it_was_for(void **state)
{
    static const struct report_row rows[] = {
        {"vmsa-s2-4k-48",
         {.kind = FAULT_TRANSLATION, .level = 2, .stage = 2, .access = ACCESS_STORE, KERNEL},
         0x92000046,
         PAGE},
        {"vmsa-4k-48",
         {.kind = FAULT_ACCESS_FLAG, .level = 3, .stage = 2, .access = ACCESS_FETCH, KERNEL},
         0x8200000b,
         PAGE},
        {"vmsa-s2-4k-48",
         {.kind = FAULT_TRANSLATION, .level = 2, .stage = 2, .access = ACCESS_STORE, .on_table = true},
         0x92000086,
         PAGE},
        {"vmsa-s2-4k-48",
         {.kind = FAULT_PERMISSION, .level = 3, .stage = 2, .on_table = true, .table_store = true},
         0x920000cf,
         PAGE},
        {"vmsa-s2-4k-48",
         {.kind = FAULT_PERMISSION, .level = 3, .stage = 2, .access = ACCESS_FETCH, .on_table = true},
         0x8200008f,
         PAGE},
        {"vmsa-s2-4k-48",
         {.kind = FAULT_PERMISSION, .level = 3, .stage = 2, .access = ACCESS_STORE},
         0x9200004f,
         0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_report(&rows[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_tables_restrict_what_is_below_unless_that_is_disabled),
        cmocka_unit_test(good_with_wxn_what_can_be_written_is_not_executed),
        cmocka_unit_test(good_a_clean_page_counts_as_writable_for_wxn_where_hardware_makes_it_dirty),
        cmocka_unit_test(good_el2_has_one_privilege_and_one_execute_never),
        cmocka_unit_test(good_el2_is_global_whatever_bit_11_says),
        cmocka_unit_test(good_entries_of_el2_have_the_bits_of_the_manual),
        cmocka_unit_test(bad_attributes_that_el2_has_not_are_refused),
        cmocka_unit_test(good_el2_breaks_before_it_makes_for_type_and_address_alone),
        cmocka_unit_test(good_memory_that_is_not_cached_has_a_type_of_its_own),
        cmocka_unit_test(bad_device_memory_is_not_normal_memory_at_once),
        cmocka_unit_test(good_pan_keeps_the_kernel_off_what_el0_can_load),
        cmocka_unit_test(bad_without_pan_and_at_el2_the_kernel_loads_everything),
        cmocka_unit_test(good_syndromes_are_those_of_the_manual),
        cmocka_unit_test(good_stage_2_tells_the_intermediate_address_and_what_it_was_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
