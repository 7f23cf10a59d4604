/*
 * The formats of VMSAv8-64 as rows of numbers. Section and rule numbers are those of the Arm ARM, DDI 0487,
 * issue L.b.
 *
 * Each format is an object of its own: vmsa_4k_48, vmsa_4k_48_high, vmsa_el2_4k_48, vmsa_s2_4k_48,
 * vmsa_s2_4k_40_concatenated, and the same names with `_entries` for what software writes; both halves of
 * stage 1 have the same entries.
 */
#include "pagetables/formats.h"
#include "pagetables/vmsa.h"
#include "pagetables/vmsa_parts.h"

/* ---- Numbers, by granule (log2 of the page), first level and address bits ---- */

/* D8.2.8: an entry of a level covers the page and log2(entries of a page) bits for each level below. */
#define SPAN(page, level) ((page) + (3 - (level)) * ((page)-3))

/* D8.2.8, the tables of TnSZ values and first levels: as many levels as it takes to resolve the bits above
 * the page, page - 3 each. */
#define FIRST(page, bits) (4 - ((bits)-4) / ((page)-3))

/* D8.3.1.2: blocks of 1 GiB and 2 MiB, of 32 MiB, of 512 MiB; without FEAT_LPA and FEAT_LPA2 no larger ones.
 */
#define BLOCKS_FROM(page) ((page) == 12 ? 1 : 2)

/*
 * D8.7.1: log2 of the entries of a contiguous run. 4 KiB: 16; 16 KiB: 128 pages or 32 blocks; 64 KiB: 32. A
 * run that is larger than the address space, which a small root cannot hold, is none. Runs of level 1, of 16
 * GiB, are taken for single blocks.
 */
#define RUN_ENTRIES(page, level)                                                                             \
    ((level) < 2 ? 0 : (page) == 12 ? 4 : (page) == 14 ? ((level) == 3 ? 7 : 5) : 5)
#define RUN(page, level, first, bits)                                                                        \
    ((level) < (first) || SPAN(page, level) + RUN_ENTRIES(page, level) > (bits) ? 0                          \
                                                                                : RUN_ENTRIES(page, level))

/* Frame sizes ascend: pages, their runs, blocks, their runs, blocks of level 1. How many of them there are is
 * how many fit. */
#define SIZES_4K(first, bits)  ((first) < 2 ? 5 : 4)
#define SIZES_16K(first, bits) (2 + ((first) < 3) + ((first) < 3 && (bits) >= 30))
#define SIZES_64K(first, bits) (2 + ((first) < 3) + ((first) < 3 && (bits) >= 34))
#define SIZES(page, first, bits)                                                                             \
    ((page) == 12 ? SIZES_4K(first, bits) : (page) == 14 ? SIZES_16K(first, bits) : SIZES_64K(first, bits))
#define SIZE(page, i)                                                                                        \
    ((page) == 12   ? ((i) == 0   ? 12                                                                       \
                       : (i) == 1 ? 16                                                                       \
                       : (i) == 2 ? 21                                                                       \
                       : (i) == 3 ? 25                                                                       \
                                  : 30)                                                                      \
     : (page) == 14 ? ((i) == 0   ? 14                                                                       \
                       : (i) == 1 ? 21                                                                       \
                       : (i) == 2 ? 25                                                                       \
                       : (i) == 3 ? 30                                                                       \
                                  : 0)                                                                       \
                    : ((i) == 0   ? 16                                                                       \
                       : (i) == 1 ? 21                                                                       \
                       : (i) == 2 ? 29                                                                       \
                       : (i) == 3 ? 34                                                                       \
                                  : 0))
/* Those that are runs. */
#define RUN_SIZES(page)                                                                                      \
    ((page) == 12   ? UINT64_C(1) << 16 | UINT64_C(1) << 25                                                  \
     : (page) == 14 ? UINT64_C(1) << 21 | UINT64_C(1) << 30                                                  \
                    : UINT64_C(1) << 21 | UINT64_C(1) << 34)
#define LISTED(page, first, bits, i) ((i) < SIZES(page, first, bits) ? SIZE(page, i) : 0)

/* Of a level that is walked; 0 of the others. */
#define IS_WALKED(level, first)         ((level) >= (first) && (level) <= 3)
#define WALKED_SPAN(page, level, first) (IS_WALKED(level, first) ? SPAN(page, level) : 0)
#define INDEX_BITS(page, level, first, bits)                                                                 \
    ((level) == (first) ? (bits)-SPAN(page, level) : IS_WALKED(level, first) ? (page)-3 : 0)
#define LAST_INDEX(page, level, first, bits) ((UINT32_C(1) << INDEX_BITS(page, level, first, bits)) - 1)
#define WALKED_RUN(page, level, first, bits) (IS_WALKED(level, first) ? RUN(page, level, first, bits) : 0)

/* ---- Hardware's side ---- */

#define NUMBERS(page, first, bits, ...)                                                                      \
    &(const struct vmsa_numbers)                                                                             \
    {                                                                                                        \
        .page_lg2 = (page), .va_bits = (bits), .first_level = (first), .block_level = BLOCKS_FROM(page),     \
        .span_lg2 = {WALKED_SPAN(page, 0, first), WALKED_SPAN(page, 1, first), WALKED_SPAN(page, 2, first),  \
                     WALKED_SPAN(page, 3, first)},                                                           \
        .last_index = {LAST_INDEX(page, 0, first, bits), LAST_INDEX(page, 1, first, bits),                   \
                       LAST_INDEX(page, 2, first, bits), LAST_INDEX(page, 3, first, bits)},                  \
        .run_lg2 = {0, 0, WALKED_RUN(page, 2, first, bits), WALKED_RUN(page, 3, first, bits)}, __VA_ARGS__   \
    }

#define WALK(page, first, bits)                                                                              \
    .struct_bytes = sizeof(struct walk_format), .levels = 4 - (first), .va_bits = (bits),                    \
    .page_lg2 = (page), .frame_sizes = SIZES(page, first, bits),                                             \
    .frame_size_lg2 = {LISTED(page, first, bits, 0), LISTED(page, first, bits, 1),                           \
                       LISTED(page, first, bits, 2), LISTED(page, first, bits, 3),                           \
                       LISTED(page, first, bits, 4)},                                                        \
    .start = vmsa_start, .table = vmsa_current_table, .enter = vmsa_enter, .update = vmsa_update,            \
    .updated = vmsa_updated, .run_sizes = RUN_SIZES(page)

/* `granule` is 4, 16 or 64. */
#define HARDWARE_LOW(granule, page, bits)                                                                    \
    const struct walk_format vmsa_##granule##k_##bits = {                                                    \
        WALK(page, FIRST(page, bits), bits),                                                                 \
        .name = "vmsa-" #granule "k-" #bits,                                                                 \
        .summary = "Arm VMSAv8-64, " #granule " KiB granule, " #bits "-bit addresses, stage 1 of EL1&0",     \
        .numbers = NUMBERS(page, FIRST(page, bits), bits, .high = false),                                    \
        .resume = vmsa_s1_resume,                                                                            \
        .rights = vmsa_s1_rights_of_attributes,                                                              \
        .allowed = vmsa_s1_allowed,                                                                          \
        .report = vmsa_report,                                                                               \
    };
#define HARDWARE_HIGH(granule, page, bits)                                                                   \
    const struct walk_format vmsa_##granule##k_##bits##_high = {                                             \
        WALK(page, FIRST(page, bits), bits),                                                                 \
        .name = "vmsa-" #granule "k-" #bits "-high",                                                         \
        .summary = "Arm VMSAv8-64, " #granule " KiB granule, " #bits                                         \
                   "-bit addresses, stage 1 of EL1&0, the upper half",                                       \
        .va_form = VA_HIGH,                                                                                  \
        .numbers = NUMBERS(page, FIRST(page, bits), bits, .high = true),                                     \
        .resume = vmsa_s1_resume,                                                                            \
        .rights = vmsa_s1_rights_of_attributes,                                                              \
        .allowed = vmsa_s1_allowed,                                                                          \
        .report = vmsa_report,                                                                               \
    };
#define HARDWARE_EL2(granule, page, bits)                                                                    \
    const struct walk_format vmsa_el2_##granule##k_##bits = {                                                \
        WALK(page, FIRST(page, bits), bits),                                                                 \
        .name = "vmsa-el2-" #granule "k-" #bits,                                                             \
        .summary = "Arm VMSAv8-64, " #granule " KiB granule, " #bits "-bit addresses, EL2",                  \
        .numbers = NUMBERS(page, FIRST(page, bits), bits, .el2 = true),                                      \
        .resume = vmsa_el2_resume,                                                                           \
        .rights = vmsa_el2_rights_of_attributes,                                                             \
        .report = vmsa_el2_report,                                                                           \
        .el2 = true,                                                                                         \
    };
#define HARDWARE_STAGE2(granule, page, bits)                                                                 \
    const struct walk_format vmsa_s2_##granule##k_##bits = {                                                 \
        WALK(page, FIRST(page, bits), bits),                                                                 \
        .name = "vmsa-s2-" #granule "k-" #bits,                                                              \
        .summary = "Arm VMSAv8-64, " #granule " KiB granule, " #bits "-bit intermediate addresses, stage 2", \
        .stage2 = true,                                                                                      \
        .numbers = NUMBERS(page, FIRST(page, bits), bits, .stage2 = true),                                   \
        .resume = vmsa_s2_resume,                                                                            \
        .rights = vmsa_s2_rights_of_attributes,                                                              \
        .refuses_table = vmsa_s2_refuses_table,                                                              \
        .report = vmsa_report,                                                                               \
    };
/* D8.2.9: the first level is one further down, and its root is as many tables as the bits above need. */
#define HARDWARE_CONCATENATED(granule, page, bits)                                                           \
    const struct walk_format vmsa_s2_##granule##k_##bits##_concatenated = {                                  \
        WALK(page, FIRST(page, bits) + 1, bits),                                                             \
        .name = "vmsa-s2-" #granule "k-" #bits "-concatenated",                                              \
        .summary = "Arm VMSAv8-64, " #granule " KiB granule, " #bits                                         \
                   "-bit intermediate addresses, stage 2, the root is several tables",                       \
        .stage2 = true,                                                                                      \
        .numbers = NUMBERS(page, FIRST(page, bits) + 1, bits, .stage2 = true),                               \
        .resume = vmsa_s2_resume,                                                                            \
        .rights = vmsa_s2_rights_of_attributes,                                                              \
        .refuses_table = vmsa_s2_refuses_table,                                                              \
        .report = vmsa_report,                                                                               \
    };

/* ---- Software's side ---- */

#define LEVEL(page, level_number, first, bits)                                                               \
    {                                                                                                        \
        .number = IS_WALKED(level_number, first) ? (level_number) : 0,                                       \
        .span_lg2 = WALKED_SPAN(page, level_number, first),                                                  \
        .index_bits = INDEX_BITS(page, level_number, first, bits),                                           \
        .leaf = IS_WALKED(level_number, first) && (level_number) >= BLOCKS_FROM(page),                       \
        .run_lg2 = WALKED_RUN(page, level_number, first, bits),                                              \
        .run_step = WALKED_RUN(page, level_number, first, bits)                                              \
                        ? UINT64_C(1) << WALKED_SPAN(page, level_number, first)                              \
                        : 0,                                                                                 \
    }
#define ENTRIES(page, first, bits, kind)                                                                     \
    {                                                                                                        \
        .struct_bytes = sizeof(struct entry_format), .levels = 4 - (first),                                  \
        .level = {LEVEL(page, (first), first, bits), LEVEL(page, (first) + 1, first, bits),                  \
                  LEVEL(page, (first) + 2, first, bits), LEVEL(page, (first) + 3, first, bits)},             \
        .encode_leaf = vmsa_##kind##_encode_leaf, .encode_table = vmsa_encode_table,                         \
        .decode = vmsa_##kind##_decode, .must_break = vmsa_##kind##_must_break,                              \
        .after_store = vmsa_##kind##_after_store,                                                            \
    }

#define SOFTWARE_LOW(granule, page, bits)                                                                    \
    const struct entry_format vmsa_##granule##k_##bits##_entries = ENTRIES(page, FIRST(page, bits), bits, s1);
#define SOFTWARE_EL2(granule, page, bits)                                                                    \
    const struct entry_format vmsa_el2_##granule##k_##bits##_entries =                                       \
        ENTRIES(page, FIRST(page, bits), bits, el2);
#define SOFTWARE_STAGE2(granule, page, bits)                                                                 \
    const struct entry_format vmsa_s2_##granule##k_##bits##_entries =                                        \
        ENTRIES(page, FIRST(page, bits), bits, s2);
#define SOFTWARE_CONCATENATED(granule, page, bits)                                                           \
    const struct entry_format vmsa_s2_##granule##k_##bits##_concatenated_entries =                           \
        ENTRIES(page, FIRST(page, bits) + 1, bits, s2);

/* ---- Which there are ---- */

/* 64 - TnSZ for TnSZ from 39 down to 16 (TCR_EL1.T0SZ, without FEAT_TTST and FEAT_LVA). */
#define TO_47(row, granule, page)                                                                            \
    row(granule, page, 25) row(granule, page, 26) row(granule, page, 27) row(granule, page, 28)              \
        row(granule, page, 29) row(granule, page, 30) row(granule, page, 31) row(granule, page, 32)          \
            row(granule, page, 33) row(granule, page, 34) row(granule, page, 35) row(granule, page, 36)      \
                row(granule, page, 37) row(granule, page, 38) row(granule, page, 39) row(granule, page, 40)  \
                    row(granule, page, 41) row(granule, page, 42) row(granule, page, 43)                     \
                        row(granule, page, 44) row(granule, page, 45) row(granule, page, 46)                 \
                            row(granule, page, 47)
#define ALL_BITS(row, granule, page) TO_47(row, granule, page) row(granule, page, 48)
#define ALL(row)                     ALL_BITS(row, 4, 12) ALL_BITS(row, 16, 14) ALL_BITS(row, 64, 16)

/* VTCR_EL2.SL0: level 0 of the 16 KiB granule is for FEAT_LPA2 alone. */
#define ALL_STAGE2(row) ALL_BITS(row, 4, 12) TO_47(row, 16, 14) ALL_BITS(row, 64, 16)

/* D8.2.9: 1 to 4 bits more than a table of the first level resolves; VTCR_EL2.SL0 has level 3 of the 4 KiB
 * granule with FEAT_TTST alone. */
#define FOUR(row, granule, page, first_bits, second, third, fourth)                                          \
    row(granule, page, first_bits) row(granule, page, second) row(granule, page, third)                      \
        row(granule, page, fourth)
#define ALL_CONCATENATED(row)                                                                                \
    FOUR(row, 4, 12, 31, 32, 33, 34)                                                                         \
    FOUR(row, 4, 12, 40, 41, 42, 43)                                                                         \
    FOUR(row, 16, 14, 26, 27, 28, 29)                                                                        \
    FOUR(row, 16, 14, 37, 38, 39, 40)                                                                        \
    row(16, 14, 48) FOUR(row, 64, 16, 30, 31, 32, 33) FOUR(row, 64, 16, 43, 44, 45, 46)

ALL(HARDWARE_LOW)
ALL(HARDWARE_HIGH)
ALL(HARDWARE_EL2)
ALL_STAGE2(HARDWARE_STAGE2)
ALL_CONCATENATED(HARDWARE_CONCATENATED)

ALL(SOFTWARE_LOW)
ALL(SOFTWARE_EL2)
ALL_STAGE2(SOFTWARE_STAGE2)
ALL_CONCATENATED(SOFTWARE_CONCATENATED)

#define ROW_LOW(granule, page, bits)  {&vmsa_##granule##k_##bits, &vmsa_##granule##k_##bits##_entries},
#define ROW_HIGH(granule, page, bits) {&vmsa_##granule##k_##bits##_high, &vmsa_##granule##k_##bits##_entries},
#define ROW_EL2(granule, page, bits)  {&vmsa_el2_##granule##k_##bits, &vmsa_el2_##granule##k_##bits##_entries},
#define ROW_STAGE2(granule, page, bits)                                                                      \
    {&vmsa_s2_##granule##k_##bits, &vmsa_s2_##granule##k_##bits##_entries},
#define ROW_CONCATENATED(granule, page, bits)                                                                \
    {&vmsa_s2_##granule##k_##bits##_concatenated, &vmsa_s2_##granule##k_##bits##_concatenated_entries},

static const struct format_row rows[] = {ALL(ROW_LOW) ALL(ROW_HIGH) ALL(ROW_EL2) ALL_STAGE2(ROW_STAGE2)
                                             ALL_CONCATENATED(ROW_CONCATENATED)};

const struct format_family vmsa_family = {rows, sizeof rows / sizeof *rows};
