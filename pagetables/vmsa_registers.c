/* VMSAv8-64: regimes from the values of registers. Fields are cited by name, rules as in
 * pagetables/vmsa.h. */
#include "pagetables/vmsa_registers.h"

#include <stdio.h>

#define LEAST_BITS 25 /* TnSZ = 39 */
#define MOST_BITS  48 /* TnSZ = 16 */

#define TTBR_BADDR UINT64_C(0x0000fffffffffffe) /* bits 47:1; the walk aligns it */

#define SCTLR_M   (UINT64_C(1) << 0)
#define SCTLR_I   (UINT64_C(1) << 12)
#define SCTLR_WXN (UINT64_C(1) << 19)

#define HCR_VM  (UINT64_C(1) << 0)
#define HCR_PTW (UINT64_C(1) << 2)
#define HCR_DC  (UINT64_C(1) << 12) /* and then SCTLR_EL1.M behaves as 0 and HCR_EL2.VM as 1 */

static unsigned field(uint64_t value, unsigned low, unsigned bits)
{
    return (unsigned)(value >> low & ((UINT64_C(1) << bits) - 1));
}

static bool bit(uint64_t value, unsigned number)
{
    return value >> number & 1;
}

/* IPS and PS: 6 and 7, which are for FEAT_LPA or reserved, are 48 bits here. */
static unsigned output_size_lg2(const struct vmsa_registers *registers, unsigned code)
{
    static const uint8_t sizes_lg2[] = {32, 36, 40, 42, 44, 48, 48, 48};
    unsigned implemented = registers->physical_size_lg2 ? registers->physical_size_lg2 : 48;
    return sizes_lg2[code] < implemented ? sizes_lg2[code] : implemented;
}

/* The row of these numbers; NULL if there is none. Names are the formats' own: see pagetables/vmsa.h. */
static const struct walk_format *find(const char *stage, unsigned page_lg2, unsigned bits, const char *suffix)
{
    char name[40];
    (void)snprintf(name, sizeof name, "vmsa-%s%uk-%u%s", stage, 1u << (page_lg2 - 10), bits, suffix);
    return walk_format_find(name);
}

/* ---- Stage 1 ---- */

/* What TCR_EL1 says of one half. */
struct half {
    uint64_t base;
    unsigned size; /* TnSZ */
    unsigned page_lg2;
    bool walks_disabled; /* EPDn */
    bool user_disabled;  /* E0PDn */
    bool flat;           /* HPDn */
    bool high;
};

/* TBIn: the top byte of a data address is ignored, and that of an instruction's unless TBIDn. */
static bool has_tag(const struct vmsa_registers *registers, const struct vmsa_access *access)
{
    bool high = bit(access->va, 55);
    bool data_only = bit(registers->tcr_el1, high ? 52 : 51);
    return bit(registers->tcr_el1, high ? 38 : 37) && !(data_only && access->kind == ACCESS_FETCH);
}

/* TCR_EL1.TBIn: bit 55 selects the half; with a tag, bits 63:56 are as if they were bit 55. */
static uint64_t without_tag(uint64_t va)
{
    const uint64_t low = UINT64_MAX >> 8;
    return bit(va, 55) ? va | ~low : va & low;
}

/* TG0: 1 is 64 KiB, 2 is 16 KiB; TG1: 1 is 16 KiB, 3 is 64 KiB. */
static struct half half_of(const struct vmsa_registers *registers, bool high)
{
    static const uint8_t pages_low_lg2[] = {12, 16, 14, 12};
    static const uint8_t pages_high_lg2[] = {12, 14, 12, 16};
    uint64_t tcr = registers->tcr_el1;
    if (high)
        return (struct half){.base = registers->ttbr1_el1,
                             .size = field(tcr, 16, 6),
                             .page_lg2 = pages_high_lg2[field(tcr, 30, 2)],
                             .walks_disabled = bit(tcr, 23),
                             .user_disabled = bit(tcr, 56),
                             .flat = bit(tcr, 42),
                             .high = true};
    return (struct half){.base = registers->ttbr0_el1,
                         .size = field(tcr, 0, 6),
                         .page_lg2 = pages_low_lg2[field(tcr, 14, 2)],
                         .walks_disabled = bit(tcr, 7),
                         .user_disabled = bit(tcr, 55),
                         .flat = bit(tcr, 41)};
}

static uint32_t features_of(const struct vmsa_registers *registers, const struct half *half,
                            const struct walk_format *format, enum privilege privilege)
{
    uint32_t features = registers->sctlr_el1 & SCTLR_WXN ? VMSA_WXN : 0;
    features |= half->flat ? VMSA_HPD : 0;
    bool refused = half->walks_disabled || (half->user_disabled && privilege == PRIVILEGE_USER);
    return features | (refused || !format ? VMSA_NO_WALKS : 0);
}

bool vmsa_stage1_of_registers(const struct vmsa_registers *registers, const struct vmsa_access *access,
                              struct translation_regime *regime, uint64_t *va)
{
    *va = has_tag(registers, access) ? without_tag(access->va) : access->va;
    if (!(registers->sctlr_el1 & SCTLR_M) || registers->hcr_el2 & HCR_DC)
        return false;
    const struct half half = half_of(registers, bit(access->va, 55));
    const struct walk_format *format = find("", half.page_lg2, 64 - half.size, half.high ? "-high" : "");
    *regime = (struct translation_regime){
        .format = format ? format : &vmsa_4k_48,
        .root = half.base & TTBR_BADDR,
        .physical_size_lg2 = (uint8_t)output_size_lg2(registers, field(registers->tcr_el1, 32, 3)),
        .hardware_access = bit(registers->tcr_el1, 39),
        .hardware_dirty = bit(registers->tcr_el1, 40),
        .contiguous = true,
        .features = features_of(registers, &half, format, access->privilege)};
    return true;
}

bool vmsa_stage1_is_off(const struct vmsa_registers *registers, const struct vmsa_access *access,
                        uint64_t *va)
{
    uint64_t low = UINT64_MAX >> (has_tag(registers, access) ? 8 : 0);
    unsigned size_lg2 = registers->physical_size_lg2 ? registers->physical_size_lg2 : 48;
    *va = access->va & low;
    return *va >> size_lg2 == 0;
}

/* ---- Stage 2 ---- */

/* VTCR_EL2.SL0, by granule. -1: reserved without FEAT_TTST and FEAT_LPA2. */
static int first_level_of(unsigned page_lg2, unsigned sl0)
{
    static const int8_t levels_4k[] = {2, 1, 0, -1};
    static const int8_t levels_others[] = {3, 2, 1, -1};
    return page_lg2 == 12 ? levels_4k[sl0] : levels_others[sl0];
}

/* The physical sizes that a first level is for: of level 0 of the 4 KiB granule, and of level 1 of the others
 * (VTCR_EL2.SL0). */
static bool permits(unsigned page_lg2, int first_level, unsigned physical_size_lg2)
{
    switch (page_lg2) {
    case 12:
        return first_level != 0 || physical_size_lg2 > 42;
    case 14:
        return first_level != 1 || physical_size_lg2 > 40;
    default:
        return first_level != 1 || physical_size_lg2 > 42;
    }
}

static const struct walk_format *stage2_format(unsigned page_lg2, unsigned bits, int first_level)
{
    static const char *const suffixes[] = {"", "-concatenated"};
    for (unsigned i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        const struct walk_format *format = find("s2-", page_lg2, bits, suffixes[i]);
        const struct vmsa_numbers *numbers = format ? format->numbers : NULL;
        if (numbers && numbers->first_level == first_level)
            return format;
    }
    return NULL;
}

bool vmsa_stage2_of_registers(const struct vmsa_registers *registers, struct translation_regime *regime)
{
    static const uint8_t pages_lg2[] = {12, 16, 14, 12};
    uint64_t vtcr = registers->vtcr_el2;
    unsigned page_lg2 = pages_lg2[field(vtcr, 14, 2)];
    unsigned bits = 64 - field(vtcr, 0, 6);
    unsigned size_lg2 = output_size_lg2(registers, field(vtcr, 16, 3));
    int first_level = first_level_of(page_lg2, field(vtcr, 6, 2));
    const struct walk_format *format = stage2_format(page_lg2, bits, first_level);
    bool fine = format && permits(page_lg2, first_level, size_lg2) && bits <= size_lg2;
    *regime = (struct translation_regime){.format = format ? format : &vmsa_s2_4k_48,
                                          .root = registers->vttbr_el2 & TTBR_BADDR,
                                          .physical_size_lg2 = (uint8_t)size_lg2,
                                          .hardware_access = bit(vtcr, 21),
                                          .hardware_dirty = bit(vtcr, 22),
                                          .contiguous = true,
                                          .execute_by_privilege = true,
                                          .features = (fine ? 0 : VMSA_NO_WALKS) |
                                                      (registers->hcr_el2 & HCR_PTW ? VMSA_PTW : 0)};
    return registers->hcr_el2 & (HCR_VM | HCR_DC);
}

/* ---- Memory types ---- */

#define SH_OUTER 2
#define SH_INNER 3

#define ATTR_NORMAL_WRITE_BACK 0xff
#define ATTR_NONCACHEABLE      0x44

static bool is_device(unsigned attributes)
{
    return (attributes & 0xf0) == 0;
}

/* D8.6.2: Device memory and Normal memory that is Non-cacheable in both are Outer Shareable. */
static struct vmsa_memory memory_of(unsigned attributes, unsigned shareability)
{
    bool outer = is_device(attributes) || attributes == ATTR_NONCACHEABLE;
    return (struct vmsa_memory){.attributes = (uint8_t)attributes,
                                .shareability = (uint8_t)(outer ? SH_OUTER : shareability)};
}

/* D8.6.1: AttrIndx selects the field. */
struct vmsa_memory vmsa_memory_of_stage1(const struct walk_state *walk, uint64_t mair_el1)
{
    unsigned index = field(walk->entry, 2, 3);
    return memory_of(field(mair_el1, 8 * index, 8), field(walk->entry, 8, 2));
}

/* D8.6.5: MemAttr[3:2] is the outer type (0: Device of a kind that MemAttr[1:0] says), MemAttr[1:0] the inner
 * one: 1 Non-cacheable, 2 Write-Through, 3 Write-Back. Stage 2 has no allocation hints. */
static unsigned normal_half(unsigned type)
{
    return type << 2 | (type == 1 ? 0 : 3);
}

struct vmsa_memory vmsa_memory_of_stage2(const struct walk_state *walk)
{
    unsigned outer = field(walk->entry, 4, 2);
    unsigned inner = field(walk->entry, 2, 2);
    unsigned attributes = outer == 0 ? inner << 2 : normal_half(outer) << 4 | normal_half(inner);
    return memory_of(attributes, field(walk->entry, 8, 2));
}

/* SCTLR_EL1.M = 0, and HCR_EL2.DC and SCTLR_EL1.I: with DC Normal, Write-Back, Non-shareable; else data is
 * Device-nGnRnE, and instructions are Normal, Write-Through with SCTLR_EL1.I, else Non-cacheable. */
struct vmsa_memory vmsa_memory_of_no_stage1(const struct vmsa_registers *registers, enum access_kind kind)
{
    if (registers->hcr_el2 & HCR_DC)
        return memory_of(ATTR_NORMAL_WRITE_BACK, 0);
    if (kind != ACCESS_FETCH)
        return memory_of(0, SH_OUTER);
    return memory_of(registers->sctlr_el1 & SCTLR_I ? 0xaa : ATTR_NONCACHEABLE, SH_OUTER);
}

/* Each half of Normal memory by itself: Non-cacheable, then Write-Through, then Write-Back; hints are those
 * of stage 1. */
static unsigned combined_half(unsigned first, unsigned second)
{
    if (first == 4 || second == 4)
        return 4;
    bool write_through = second >> 2 == 2 && first >> 2 == 3;
    return write_through ? 2u << 2 | (first & 3) : first;
}

/* Device wins, and of two Device types the one with fewer liberties, which is the smaller number. */
static unsigned combined_attributes(unsigned first, unsigned second)
{
    if (is_device(first) && is_device(second))
        return first < second ? first : second;
    if (is_device(first) || is_device(second))
        return is_device(first) ? first : second;
    return combined_half(first >> 4, second >> 4) << 4 | combined_half(first & 15, second & 15);
}

struct vmsa_memory vmsa_memory_combined(struct vmsa_memory stage1, struct vmsa_memory stage2)
{
    unsigned shareability = 0;
    if (stage1.shareability == SH_OUTER || stage2.shareability == SH_OUTER)
        shareability = SH_OUTER;
    else if (stage1.shareability == SH_INNER || stage2.shareability == SH_INNER)
        shareability = SH_INNER;
    return memory_of(combined_attributes(stage1.attributes, stage2.attributes), shareability);
}

/* ---- PAR_EL1 ---- */

#define PAR_RES1 (UINT64_C(1) << 11)
#define PAR_NS   (UINT64_C(1) << 9)
#define PAR_S    (UINT64_C(1) << 9)
#define PAR_PTW  (UINT64_C(1) << 8)
#define PAR_F    UINT64_C(1)

uint64_t vmsa_par_of_address(uint64_t pa, struct vmsa_memory memory)
{
    return (uint64_t)memory.attributes << 56 | (pa & VMSA_ADDRESS) | PAR_RES1 | PAR_NS |
           (uint64_t)memory.shareability << 7;
}

uint64_t vmsa_par_of_fault(unsigned status, bool stage2, bool on_table)
{
    return PAR_RES1 | (stage2 ? PAR_S : 0) | (on_table ? PAR_PTW : 0) | (uint64_t)status << 1 | PAR_F;
}
