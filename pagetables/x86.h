/*
 * x86-64 paging, 4 and 5 levels: entries and walk engine. The tables of a second stage are pagetables/ept.h.
 *
 * Rules are cited as "SDM": Intel 64 and IA-32 Architectures Software Developer's Manual, volume 3,
 * 325384-081US (September 2023), by section and title, since numbers move from edition to edition. The AMD64
 * Architecture Programmer's Manual, volume 2, chapter 5, describes the same format; where it reserves more
 * (bit 8 of PML4 entries), the SDM holds here.
 *
 *   x86-64-48   4-level paging (CR4.LA57 = 0), canonical addresses of 48 bits
 *   x86-64-57   5-level paging (CR4.LA57 = 1), canonical addresses of 57 bits
 *
 * The manuals name the levels and do not number them; here, as in the SDM's "4-level paging" and the APM's
 * figures from PTE upwards: 5 PML5, 4 PML4, 3 PDPT, 2 PD, 1 PT. Pages are leaves of levels 1 (4 KiB), 2
 * (2 MiB) and 3 (1 GiB).
 *
 * Configured as: CR0.PG = CR4.PAE = EFER.LMA = CR4.PGE = 1, pages of 1 GiB there (CPUID Page1GB), no
 * protection keys of supervisor pages (CR4.PKS = 0), no shadow stacks (CR4.CET = 0). The root is CR3, of
 * which bits 11:0 (PCID, or PWT and PCD) have no effect on walks; the ASID is the PCID. The regime says the
 * rest: `physical_size_lg2` is MAXPHYADDR, `features` is made of X86_FEATURE_*. This hardware always sets
 * accessed and dirty flags (SDM 4.8), whatever hardware_access and hardware_dirty say.
 *
 * Rights of leaves are what the entries alone say, for CR0.WP = 0: the kernel may store to each page.
 * `allowed` then takes away what CR0.WP, CR4.SMEP, CR4.SMAP with EFLAGS.AC, and CR4.PKE with PKRU forbid; it
 * never adds any. So a clean page lacks the kernel's stores in `rights` also where it is read-only, and a
 * store with CR0.WP = 0 sets its dirty flag. The default controls are those of a usual kernel: WP and SMEP.
 */
#ifndef MMUSIM_PAGETABLES_X86_H
#define MMUSIM_PAGETABLES_X86_H

#include "pagetables/entry.h"
#include "pagetables/walk.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bits of an entry: SDM 4.5.4, "Linear-Address Translation with 4-Level Paging and 5-Level Paging", tables
 * 4-14 to 4-20. */
#define X86_PRESENT   (UINT64_C(1) << 0)
#define X86_WRITE     (UINT64_C(1) << 1) /* R/W */
#define X86_USER      (UINT64_C(1) << 2) /* U/S */
#define X86_PWT       (UINT64_C(1) << 3)
#define X86_PCD       (UINT64_C(1) << 4)
#define X86_ACCESSED  (UINT64_C(1) << 5)
#define X86_DIRTY     (UINT64_C(1) << 6)
#define X86_PAGE_SIZE (UINT64_C(1) << 7) /* PS: a leaf at levels 2 and 3, reserved from level 4 on */
#define X86_PAT_4K    (UINT64_C(1) << 7) /* of a leaf of level 1 */
#define X86_GLOBAL    (UINT64_C(1) << 8)
#define X86_PAT_LARGE (UINT64_C(1) << 12) /* of the leaves of levels 2 and 3 */
#define X86_ADDRESS   UINT64_C(0x000ffffffffff000)
#define X86_KEY_SHIFT 59
#define X86_KEY       (UINT64_C(15) << X86_KEY_SHIFT)
#define X86_NX        (UINT64_C(1) << 63) /* XD */

/*
 * The page attribute table that entries written here refer to (SDM 12.12.3, "Selecting a Memory Type from the
 * PAT"): the one that Linux programs. Index = PAT, PCD, PWT:
 *
 *   0 WB  1 WC  2 UC-  3 UC  4 WB  5 WP  6 UC-  7 WT
 *
 * FRAME_DEVICE is written as 3 and read from 2, 3 and 6 (no memory-type range makes UC- another type here);
 * FRAME_NONCACHEABLE is 1, write combining; all others are cached, and WP and WT not told from WB.
 */
#define X86_IA32_PAT UINT64_C(0x0407050600070106)

/* translation_regime.features */
enum x86_feature {
    X86_FEATURE_NO_NXE = 1 << 0, /* EFER.NXE = 0: bit 63 of entries is reserved */
};

/* Bits of a page fault's error code: SDM 4.7, "Page-Fault Exceptions". */
enum x86_error_code {
    X86_ERROR_PRESENT = 1 << 0,
    X86_ERROR_WRITE = 1 << 1,
    X86_ERROR_USER = 1 << 2,
    X86_ERROR_RESERVED = 1 << 3,
    X86_ERROR_FETCH = 1 << 4,
    X86_ERROR_KEY = 1 << 5,
};

/* fault_report.vector: SDM 6.15, "Exception and Interrupt Reference". */
enum x86_vector {
    X86_VECTOR_GENERAL_PROTECTION = 13,
    X86_VECTOR_PAGE_FAULT = 14,
    X86_VECTOR_MACHINE_CHECK = 18
};

/*
 * Frame attributes and entries. FRAME_READABLE is needed: there is no present entry that the kernel cannot
 * read. A key needs FRAME_USER: of supervisor pages it means nothing, and walks do not tell it (SDM 4.6.2).
 * FRAME_OLD is A = 0; FRAME_CLEAN, of a FRAME_WRITABLE frame, is D = 0. Software sets D of no read-only page,
 * which would be a shadow stack elsewhere (SDM 4.6), and A of every table.
 */
extern const struct walk_format x86_64_48;
extern const struct walk_format x86_64_57;

extern const struct entry_format x86_64_48_entries;
extern const struct entry_format x86_64_57_entries;

#ifdef __cplusplus
}
#endif
#endif
