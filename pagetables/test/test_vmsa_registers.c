/* Regimes of VMSAv8-64 from the values of registers, and memory types. Field positions are those of the
 * manual, DDI 0487 L.b, registers TCR_EL1, VTCR_EL2, HCR_EL2, SCTLR_EL1 and PAR_EL1. */
#include "pagetables/test/fixture.h"
#include "pagetables/two_stage.h"
#include "pagetables/vmsa_registers.h"

#include <inttypes.h>
#include <string.h>

#define BIT(n)    (UINT64_C(1) << (n))
#define T0SZ(n)   ((uint64_t)(n))
#define T1SZ(n)   ((uint64_t)(n) << 16)
#define TG0(n)    ((uint64_t)(n) << 14)
#define TG1(n)    ((uint64_t)(n) << 30)
#define IPS(n)    ((uint64_t)(n) << 32)
#define SL0(n)    ((uint64_t)(n) << 6)
#define PS(n)     ((uint64_t)(n) << 16)
#define MMU_ON    BIT(0)
#define STAGE2_ON BIT(0)
#define HIGH      UINT64_C(0xffffffffffffe000)
#define BOTH_48   (T0SZ(16) | T1SZ(16) | TG1(2) | IPS(5))

/* The regime for a load by the kernel; its walk begins. */
struct begun {
    struct translation_regime regime;
    struct walk_state walk;
    enum walk_status status;
    uint64_t va;
};

static struct begun begin_as(const struct vmsa_registers *registers, const struct vmsa_access *access)
{
    struct begun begun = {.va = 0};
    assert_true(vmsa_stage1_of_registers(registers, access, &begun.regime, &begun.va));
    begun.status = begun.regime.format->start(&begun.walk, &begun.regime, begun.va);
    return begun;
}

static struct begun begin(uint64_t tcr, uint64_t va)
{
    const struct vmsa_registers registers = {.tcr_el1 = tcr,
                                             .ttbr0_el1 = UINT64_C(0x1234000045670001), /* ASID, CnP */
                                             .ttbr1_el1 = UINT64_C(0x00ff000089ab0000),
                                             .sctlr_el1 = MMU_ON};
    const struct vmsa_access access = {va, PRIVILEGE_KERNEL, ACCESS_LOAD};
    return begin_as(&registers, &access);
}

static void assert_no_walk(const struct begun *begun)
{
    assert_int_equal(begun->status, WALK_FAULT);
    assert_int_equal(begun->walk.fault, FAULT_TRANSLATION);
    assert_int_equal(begun->walk.fault_level, 0);
}

/* ---- Stage 1 ---- */

static void good_bit_55_chooses_the_half_and_its_fields(void **state)
{
    static const struct {
        uint64_t tcr, va;
        const char *format;
    } rows[] = {
        {BOTH_48, 0, "vmsa-4k-48"},
        {BOTH_48, HIGH, "vmsa-4k-48-high"},
        {T0SZ(25) | TG0(1) | T1SZ(16) | TG1(2), 0, "vmsa-64k-39"},
        {T0SZ(28) | TG0(2) | T1SZ(16) | TG1(2), 0, "vmsa-16k-36"},
        {T0SZ(28) | TG0(3) | T1SZ(16) | TG1(2), 0, "vmsa-4k-36"}, /* reserved: the least */
        {T0SZ(16) | T1SZ(39) | TG1(1), HIGH, "vmsa-16k-25-high"},
        {T0SZ(16) | T1SZ(22) | TG1(3), HIGH, "vmsa-64k-42-high"},
        {T0SZ(16) | T1SZ(22) | TG1(0), HIGH, "vmsa-4k-42-high"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct begun begun = begin(rows[i].tcr, rows[i].va);
        assert_string_equal(begun.regime.format->name, rows[i].format);
        assert_int_equal(begun.regime.root, rows[i].va ? 0x89ab0000 : 0x45670000);
        assert_int_equal(begun.regime.features, 0);
    }
}

static void good_output_sizes_are_those_of_ips_and_of_the_machine(void **state)
{
    static const unsigned sizes_lg2[] = {32, 36, 40, 42, 44, 48, 48, 48};
    for (unsigned code = 0; code < 8; code++) {
        struct begun begun = begin(T0SZ(16) | IPS(code), 0);
        assert_int_equal(begun.regime.physical_size_lg2, sizes_lg2[code]);
        struct vmsa_registers registers = {
            .tcr_el1 = T0SZ(16) | IPS(code), .sctlr_el1 = MMU_ON, .physical_size_lg2 = 40};
        const struct vmsa_access access = {0, PRIVILEGE_KERNEL, ACCESS_LOAD};
        begun = begin_as(&registers, &access);
        assert_int_equal(begun.regime.physical_size_lg2, sizes_lg2[code] < 40 ? sizes_lg2[code] : 40);
    }
}

static void good_updates_and_hierarchical_permissions_are_bits_of_tcr(void **state)
{
    assert_false(begin(BOTH_48, 0).regime.hardware_access);
    assert_true(begin(BOTH_48 | BIT(39), 0).regime.hardware_access);
    assert_false(begin(BOTH_48 | BIT(39), 0).regime.hardware_dirty);
    assert_true(begin(BOTH_48 | BIT(40), HIGH).regime.hardware_dirty);
    assert_int_equal(begin(BOTH_48 | BIT(41), 0).regime.features, VMSA_HPD);
    assert_int_equal(begin(BOTH_48 | BIT(41), HIGH).regime.features, 0);
    assert_int_equal(begin(BOTH_48 | BIT(42), 0).regime.features, 0);
    assert_int_equal(begin(BOTH_48 | BIT(42), HIGH).regime.features, VMSA_HPD);
    const struct vmsa_registers registers = {.tcr_el1 = BOTH_48, .sctlr_el1 = MMU_ON | BIT(19)};
    const struct vmsa_access access = {0, PRIVILEGE_KERNEL, ACCESS_LOAD};
    assert_int_equal(begin_as(&registers, &access).regime.features, VMSA_WXN);
}

static void bad_what_lies_between_the_halves_is_translated_by_none(void **state)
{
    static const uint64_t addresses[] = {
        BIT(48), BIT(54), UINT64_C(0xffff) << 55 & ~BIT(63), UINT64_MAX - BIT(48), BIT(63), BIT(55)};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct begun begun = begin(BOTH_48, addresses[i]);
        assert_no_walk(&begun);
    }
    assert_int_equal(begin(BOTH_48, BIT(48) - 1).status, WALK_FETCH);
    assert_int_equal(begin(BOTH_48, -BIT(48)).status, WALK_FETCH);
}

static void bad_disabled_halves_and_sizes_out_of_range_walk_nothing(void **state)
{
    static const struct {
        uint64_t tcr, va;
    } rows[] = {
        {BOTH_48 | BIT(7), 0},
        {BOTH_48 | BIT(23), HIGH},
        {T0SZ(15) | T1SZ(16) | TG1(2), 0},
        {T0SZ(40) | T1SZ(16) | TG1(2), 0},
        {T0SZ(16) | T1SZ(15) | TG1(2), HIGH},
        {T0SZ(16) | T1SZ(63) | TG1(2), HIGH},
        {0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct begun begun = begin(rows[i].tcr, rows[i].va);
        assert_no_walk(&begun);
    }
    assert_int_equal(begin(BOTH_48 | BIT(7), HIGH).status, WALK_FETCH);
    assert_int_equal(begin(BOTH_48 | BIT(23), 0).status, WALK_FETCH);
}

/* FEAT_E0PD: TCR_EL1.E0PD0 and E0PD1. */
static void good_e0pd_keeps_el0_out_of_one_half(void **state)
{
    const uint64_t halves[] = {0, HIGH};
    for (unsigned half = 0; half < 2; half++) {
        for (unsigned disabled = 0; disabled < 2; disabled++) {
            const struct vmsa_registers registers = {.tcr_el1 = BOTH_48 | BIT(55 + disabled),
                                                     .sctlr_el1 = MMU_ON};
            for (int privilege = 0; privilege < PRIVILEGES; privilege++) {
                const struct vmsa_access access = {halves[half], (enum privilege)privilege, ACCESS_STORE};
                struct begun begun = begin_as(&registers, &access);
                bool out = privilege == PRIVILEGE_USER && half == disabled;
                assert_int_equal(begun.status, out ? WALK_FAULT : WALK_FETCH);
            }
        }
    }
}

/* TBI0, TBI1, and TBID0, TBID1 for fetches. */
static void good_tags_are_ignored_where_that_is_asked_for(void **state)
{
    static const struct {
        uint64_t tcr, va, walked;
        enum access_kind kind;
    } rows[] = {
        {BIT(37), UINT64_C(0xa500123456789abc), UINT64_C(0x0000123456789abc), ACCESS_LOAD},
        {BIT(37), UINT64_C(0xa500123456789abc), UINT64_C(0x0000123456789abc), ACCESS_FETCH},
        {BIT(37) | BIT(51), UINT64_C(0xa500123456789abc), UINT64_C(0xa500123456789abc), ACCESS_FETCH},
        {BIT(37) | BIT(51), UINT64_C(0xa500123456789abc), UINT64_C(0x0000123456789abc), ACCESS_STORE},
        {BIT(37), UINT64_C(0xa5ff923456789abc), UINT64_C(0xa5ff923456789abc), ACCESS_LOAD},
        {BIT(38), UINT64_C(0xa5ff923456789abc), UINT64_C(0xffff923456789abc), ACCESS_LOAD},
        {BIT(38) | BIT(52), UINT64_C(0xa5ff923456789abc), UINT64_C(0xa5ff923456789abc), ACCESS_FETCH},
        {BIT(38), UINT64_C(0x7f00123456789abc), UINT64_C(0x7f00123456789abc), ACCESS_LOAD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct vmsa_registers registers = {.tcr_el1 = BOTH_48 | rows[i].tcr, .sctlr_el1 = MMU_ON};
        const struct vmsa_access access = {rows[i].va, PRIVILEGE_USER, rows[i].kind};
        struct begun begun = begin_as(&registers, &access);
        assert_int_equal(begun.va, rows[i].walked);
        assert_int_equal(begun.status, begun.va == access.va ? WALK_FAULT : WALK_FETCH);
    }
}

static void good_with_stage_1_off_an_address_is_itself_if_it_fits(void **state)
{
    const struct vmsa_registers registers = {.tcr_el1 = BIT(37), .physical_size_lg2 = 40};
    static const struct {
        uint64_t va, pa;
        bool fits;
    } rows[] = {{0x123, 0x123, true},
                {BIT(40) - 1, BIT(40) - 1, true},
                {BIT(40), BIT(40), false},
                {UINT64_C(0x5a00000000000123), 0x123, true},
                {BIT(55), BIT(55), false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct vmsa_access access = {rows[i].va, PRIVILEGE_KERNEL, ACCESS_LOAD};
        struct translation_regime regime;
        uint64_t va;
        assert_false(vmsa_stage1_of_registers(&registers, &access, &regime, &va));
        assert_int_equal(vmsa_stage1_is_off(&registers, &access, &va), rows[i].fits);
        if (rows[i].va >> 55 == 0 || rows[i].fits)
            assert_int_equal(va, rows[i].pa);
    }
}

/* ---- Stage 2 ---- */

/* VTCR_EL2.SL0 and T0SZ: which pairs are consistent, by TG0, and the level that they begin at (D8.2.8,
 * D8.2.9); all others are a translation fault of level 0. */
static const struct {
    unsigned tg0, sl0, least, most, level;
} consistent[] = {{0, 2, 16, 24, 0}, {0, 1, 21, 33, 1}, {0, 0, 30, 39, 2},
                  {2, 2, 16, 27, 1}, {2, 1, 24, 38, 2}, {2, 0, 35, 39, 3},
                  {1, 2, 16, 21, 1}, {1, 1, 18, 34, 2}, {1, 0, 31, 39, 3}};

static int level_of(unsigned tg0, unsigned sl0, unsigned size)
{
    for (size_t i = 0; i < sizeof consistent / sizeof *consistent; i++)
        if (consistent[i].tg0 == tg0 && consistent[i].sl0 == sl0 && size >= consistent[i].least &&
            size <= consistent[i].most)
            return (int)consistent[i].level;
    return -1;
}

static void good_sl0_and_t0sz_begin_where_the_manual_says_or_nowhere(void **state)
{
    const uint64_t root = UINT64_C(0x0077000012300000); /* VMID, base */
    for (unsigned tg0 = 0; tg0 < 3; tg0++)
        for (unsigned sl0 = 0; sl0 < 4; sl0++)
            for (unsigned size = 0; size < 64; size++) {
                const struct vmsa_registers registers = {.vtcr_el2 = T0SZ(size) | SL0(sl0) | TG0(tg0) | PS(5),
                                                         .vttbr_el2 = root,
                                                         .hcr_el2 = STAGE2_ON};
                struct translation_regime regime;
                struct walk_state walk;
                int level = level_of(tg0, sl0, size);
                assert_true(vmsa_stage2_of_registers(&registers, &regime));
                enum walk_status status = regime.format->start(&walk, &regime, 0);
                if (status != (level < 0 ? WALK_FAULT : WALK_FETCH))
                    fail_msg("TG0 %u, SL0 %u, T0SZ %u begins or does not", tg0, sl0, size);
                assert_int_equal(level < 0 ? walk.fault_level : walk.level, level < 0 ? 0 : level);
                if (level < 0)
                    assert_int_equal(walk.fault, FAULT_TRANSLATION);
                else
                    assert_int_equal(regime.format->va_bits, 64 - size);
            }
}

static bool begins(uint64_t vtcr)
{
    const struct vmsa_registers registers = {.vtcr_el2 = vtcr, .hcr_el2 = STAGE2_ON};
    struct translation_regime regime;
    struct walk_state walk;
    assert_true(vmsa_stage2_of_registers(&registers, &regime));
    return regime.format->start(&walk, &regime, 0) == WALK_FETCH;
}

/* VTCR_EL2.SL0: level 0 (4 KiB) and level 1 (others) are for larger physical addresses; VTCR_EL2.T0SZ: the
 * input is no larger than the output. */
static void bad_first_levels_and_inputs_that_the_output_size_does_not_permit_walk_nothing(void **state)
{
    assert_true(begins(T0SZ(20) | SL0(2) | PS(4)));
    assert_false(begins(T0SZ(24) | SL0(2) | PS(3)));
    assert_true(begins(T0SZ(24) | SL0(1) | PS(3)));
    assert_true(begins(T0SZ(27) | SL0(2) | TG0(2) | PS(3)));
    assert_false(begins(T0SZ(27) | SL0(2) | TG0(2) | PS(2)));
    assert_true(begins(T0SZ(20) | SL0(2) | TG0(1) | PS(4)));
    assert_false(begins(T0SZ(21) | SL0(2) | TG0(1) | PS(3)));
    assert_false(begins(T0SZ(23) | SL0(1) | PS(2)));
    assert_true(begins(T0SZ(24) | SL0(1) | PS(2)));
}

static void good_a_concatenated_root_is_aligned_to_its_size(void **state)
{
    const struct vmsa_registers registers = {.vtcr_el2 = T0SZ(24) | SL0(1) | PS(2), /* 40 bits, two tables */
                                             .vttbr_el2 = 0x12345000,
                                             .hcr_el2 = STAGE2_ON};
    struct translation_regime regime;
    struct walk_state walk;
    assert_true(vmsa_stage2_of_registers(&registers, &regime));
    assert_string_equal(regime.format->name, "vmsa-s2-4k-40-concatenated");
    assert_int_equal(regime.format->start(&walk, &regime, BIT(40) - 1), WALK_FETCH);
    assert_int_equal(walk.fetch[0], 0x12344000 + 1023 * 8);
}

static void good_stage_2_is_on_with_vm_and_updates_with_ha_and_hd(void **state)
{
    struct vmsa_registers registers = {.vtcr_el2 = T0SZ(24) | SL0(1) | PS(2) | BIT(21)};
    struct translation_regime regime;
    assert_false(vmsa_stage2_of_registers(&registers, &regime));
    registers.hcr_el2 = STAGE2_ON | BIT(2);
    assert_true(vmsa_stage2_of_registers(&registers, &regime));
    assert_true(regime.hardware_access);
    assert_false(regime.hardware_dirty);
    assert_int_equal(regime.features, VMSA_PTW);
}

static void good_with_dc_stage_1_is_off_and_stage_2_on_whatever_m_and_vm_say(void **state)
{
    const struct vmsa_access access = {.va = 0x1000, .privilege = PRIVILEGE_USER, .kind = ACCESS_LOAD};
    struct vmsa_registers registers = {
        .tcr_el1 = T0SZ(16), .sctlr_el1 = BIT(0), .vtcr_el2 = T0SZ(24) | SL0(1) | PS(2)};
    struct translation_regime regime;
    uint64_t va;
    assert_true(vmsa_stage1_of_registers(&registers, &access, &regime, &va));
    assert_false(vmsa_stage2_of_registers(&registers, &regime));
    registers.hcr_el2 = BIT(12);
    assert_false(vmsa_stage1_of_registers(&registers, &access, &regime, &va));
    assert_true(vmsa_stage2_of_registers(&registers, &regime));
}

/* ---- HCR_EL2.PTW ---- */

static bool read_page_of_stage2(void *context, uint64_t pa, uint64_t *value)
{
    *value = pa == 0x4000 ? *(uint64_t *)context : 0; /* level 3, the first page */
    return true;
}

/* Stage 1's only table lies in the page that stage 2's entry maps to itself. */
static enum two_stage_status read_table_through(uint64_t stage2_entry, uint32_t features,
                                                struct two_stage_walk *walk)
{
    const struct translation_regime stage1 = {
        .format = walk_format_find("vmsa-16k-25"), .root = 0, .physical_size_lg2 = 48};
    const struct translation_regime stage2 = {.format = walk_format_find("vmsa-s2-16k-25"),
                                              .root = 0x4000,
                                              .physical_size_lg2 = 48,
                                              .features = features};
    const struct two_stage_regime regime = {&stage1, &stage2};
    const struct memory_reader memory = {read_page_of_stage2, &stage2_entry};
    return two_stage_address(&regime, &memory, 0x8000, walk);
}

/* The page itself has no valid entry of stage 1: if it is read, that is a fault of stage 1. */
static void good_tables_are_not_read_from_device_memory_with_ptw(void **state)
{
    const uint64_t normal = 0x4ff; /* AF, S2AP 11, MemAttr 1111, page */
    const uint64_t device = 0x4c7; /* MemAttr 0001 */
    struct two_stage_walk walk;
    assert_int_equal(read_table_through(device, VMSA_PTW, &walk), TWO_STAGE_FAULT);
    assert_int_equal(walk.fault.stage, 2);
    assert_int_equal(walk.fault.kind, FAULT_PERMISSION);
    assert_int_equal(walk.fault.level, 3);
    assert_true(walk.fault.on_table);
    assert_int_equal(read_table_through(normal, VMSA_PTW, &walk), TWO_STAGE_FAULT);
    assert_int_equal(walk.fault.stage, 1);
    assert_int_equal(read_table_through(device, 0, &walk), TWO_STAGE_FAULT);
    assert_int_equal(walk.fault.stage, 1);
}

/* ---- Memory types ---- */

/* D8.6.6: stage 1's and stage 2's ATTR and SH, and both together. */
static void good_types_of_both_stages_combine_to_the_stricter_one(void **state)
{
    static const struct {
        struct vmsa_memory stage1, stage2, both;
    } rows[] = {
        {{0xff, 3}, {0xff, 3}, {0xff, 3}}, {{0xff, 0}, {0xff, 3}, {0xff, 3}},
        {{0xff, 0}, {0xff, 0}, {0xff, 0}}, {{0xff, 3}, {0xff, 2}, {0xff, 2}},
        {{0xff, 3}, {0x04, 2}, {0x04, 2}}, {{0x00, 2}, {0xff, 3}, {0x00, 2}},
        {{0x0c, 2}, {0x08, 2}, {0x08, 2}}, {{0x04, 2}, {0x0c, 2}, {0x04, 2}},
        {{0xff, 3}, {0x44, 2}, {0x44, 2}}, {{0x44, 2}, {0xff, 3}, {0x44, 2}},
        {{0xff, 3}, {0xbb, 3}, {0xbb, 3}}, {{0xbb, 3}, {0xff, 3}, {0xbb, 3}},
        {{0xee, 3}, {0xbf, 3}, {0xae, 3}}, {{0xff, 3}, {0x4f, 3}, {0x4f, 3}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vmsa_memory both = vmsa_memory_combined(rows[i].stage1, rows[i].stage2);
        if (both.attributes != rows[i].both.attributes || both.shareability != rows[i].both.shareability)
            fail_msg("row %zu is 0x%02x, %u", i, both.attributes, both.shareability);
    }
}

static void good_leaves_name_types_by_mair_and_by_memattr(void **state)
{
    const uint64_t mair = UINT64_C(0x440c0400ffbbff);
    static const uint8_t types[] = {0xff, 0xbb, 0xff, 0x00, 0x04, 0x0c, 0x44, 0x00};
    for (unsigned index = 0; index < 8; index++) {
        const struct walk_state walk = {.entry = (uint64_t)index << 2 | 3 << 8};
        struct vmsa_memory memory = vmsa_memory_of_stage1(&walk, mair);
        assert_int_equal(memory.attributes, types[index]);
        bool outer = types[index] < 0x10 || types[index] == 0x44;
        assert_int_equal(memory.shareability, outer ? 2 : 3);
    }
    static const uint8_t stage2_types[] = {0x00, 0x04, 0x08, 0x0c, 0x00, 0x44, 0x4b, 0x4f,
                                           0x00, 0xb4, 0xbb, 0xbf, 0x00, 0xf4, 0xfb, 0xff};
    for (unsigned attr = 0; attr < 16; attr++) {
        const struct walk_state walk = {.entry = (uint64_t)attr << 2 | 3 << 8};
        if (attr < 4 || attr % 4 != 0) /* the others are reserved */
            assert_int_equal(vmsa_memory_of_stage2(&walk).attributes, stage2_types[attr]);
    }
}

static void good_accesses_without_stage_1_have_the_types_of_the_manual(void **state)
{
    struct vmsa_registers registers = {.hcr_el2 = 0};
    assert_int_equal(vmsa_memory_of_no_stage1(&registers, ACCESS_LOAD).attributes, 0x00);
    assert_int_equal(vmsa_memory_of_no_stage1(&registers, ACCESS_FETCH).attributes, 0x44);
    registers.sctlr_el1 = BIT(12);
    assert_int_equal(vmsa_memory_of_no_stage1(&registers, ACCESS_FETCH).attributes, 0xaa);
    registers.hcr_el2 = BIT(12);
    assert_int_equal(vmsa_memory_of_no_stage1(&registers, ACCESS_STORE).attributes, 0xff);
    assert_int_equal(vmsa_memory_of_no_stage1(&registers, ACCESS_STORE).shareability, 0);
}

static void good_par_has_the_fields_of_the_manual(void **state)
{
    assert_int_equal(vmsa_par_of_address(UINT64_C(0x712345678), (struct vmsa_memory){0xff, 3}),
                     UINT64_C(0xff00000712345b80));
    assert_int_equal(vmsa_par_of_fault(0x0f, false, false), 0x81f);
    assert_int_equal(vmsa_par_of_fault(0x04, true, false), 0xa09);
    assert_int_equal(vmsa_par_of_fault(0x05, true, true), 0xb0b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_bit_55_chooses_the_half_and_its_fields),
        cmocka_unit_test(good_output_sizes_are_those_of_ips_and_of_the_machine),
        cmocka_unit_test(good_updates_and_hierarchical_permissions_are_bits_of_tcr),
        cmocka_unit_test(bad_what_lies_between_the_halves_is_translated_by_none),
        cmocka_unit_test(bad_disabled_halves_and_sizes_out_of_range_walk_nothing),
        cmocka_unit_test(good_e0pd_keeps_el0_out_of_one_half),
        cmocka_unit_test(good_tags_are_ignored_where_that_is_asked_for),
        cmocka_unit_test(good_with_stage_1_off_an_address_is_itself_if_it_fits),
        cmocka_unit_test(good_sl0_and_t0sz_begin_where_the_manual_says_or_nowhere),
        cmocka_unit_test(bad_first_levels_and_inputs_that_the_output_size_does_not_permit_walk_nothing),
        cmocka_unit_test(good_a_concatenated_root_is_aligned_to_its_size),
        cmocka_unit_test(good_stage_2_is_on_with_vm_and_updates_with_ha_and_hd),
        cmocka_unit_test(good_with_dc_stage_1_is_off_and_stage_2_on_whatever_m_and_vm_say),
        cmocka_unit_test(good_tables_are_not_read_from_device_memory_with_ptw),
        cmocka_unit_test(good_types_of_both_stages_combine_to_the_stricter_one),
        cmocka_unit_test(good_leaves_name_types_by_mair_and_by_memattr),
        cmocka_unit_test(good_accesses_without_stage_1_have_the_types_of_the_manual),
        cmocka_unit_test(good_par_has_the_fields_of_the_manual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
