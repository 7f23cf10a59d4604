/*
 * Extended page tables (EPT), the second stage of Intel VMX: entries. The walk engine is that of x86-64
 * paging, with other bits (pagetables/x86_walk.c).
 *
 * Rules are cited as "SDM": Intel 64 and IA-32 Architectures Software Developer's Manual, volume 3,
 * 325384-081US (September 2023), by section and title, since numbers move from edition to edition.
 *
 *   ept-48   EPTP bits 5:3 = 3: 4 levels, guest-physical addresses below 1 << 48
 *   ept-57   EPTP bits 5:3 = 4: 5 levels
 *
 * Levels are numbered as in pagetables/x86.h: 5 EPT PML5, 4 PML4, 3 PDPT, 2 PD, 1 PT; leaves at 3 (1 GiB),
 * 2 (2 MiB) and 1 (4 KiB).
 *
 * The regime says: `hardware_access` and `hardware_dirty` together are bit 6 of EPTP, which enables accessed
 * and dirty flags; without either, hardware ignores both flags, and no fault comes of them.
 * `execute_by_privilege` is the VM-execution control "mode-based execute control for EPT": bit 2 then is for
 * the kernel's fetches alone, and bit 10 for those of user mode. (The manual distinguishes by the guest's
 * page, user or supervisor; that is the same but for a kernel that runs user pages with SMEP off.)
 * `physical_size_lg2` is MAXPHYADDR, `features` is made of EPT_FEATURE_*.
 *
 * A fault of kind FAULT_RESERVED is an EPT misconfiguration, FAULT_TRANSLATION and FAULT_PERMISSION are EPT
 * violations: walk_format.report has the basic exit reason and the exit qualification.
 *
 * "Ignore PAT" (bit 6) changes how the guest's memory type and the one here combine (SDM 29.3.7.2). Walks
 * accept it, and it has no effect: the stricter of both types holds, as with the bit clear. (There the manual
 * has one exception, write combining by the guest's PAT under an uncacheable EPT type; here that is device
 * memory.)
 */
#ifndef MMUSIM_PAGETABLES_EPT_H
#define MMUSIM_PAGETABLES_EPT_H

#include "pagetables/entry.h"
#include "pagetables/walk.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bits of an entry: SDM 29.3.2, "EPT Translation Mechanism", tables 29-1 to 29-7. */
#define EPT_READ              (UINT64_C(1) << 0)
#define EPT_WRITE             (UINT64_C(1) << 1)
#define EPT_EXECUTE           (UINT64_C(1) << 2)
#define EPT_MEMORY_TYPE_SHIFT 3 /* of leaves: bits 5:3 */
#define EPT_MEMORY_TYPE       (UINT64_C(7) << EPT_MEMORY_TYPE_SHIFT)
#define EPT_IGNORE_PAT        (UINT64_C(1) << 6) /* of leaves */
#define EPT_PAGE_SIZE         (UINT64_C(1) << 7) /* a leaf at levels 2 and 3, reserved from level 4 on */
#define EPT_ACCESSED          (UINT64_C(1) << 8)
#define EPT_DIRTY             (UINT64_C(1) << 9)
#define EPT_EXECUTE_USER      (UINT64_C(1) << 10) /* with mode-based execute control */
#define EPT_ADDRESS           UINT64_C(0x000ffffffffff000)

/*
 * SDM 29.3.7.2, "Memory Type Used for Translated Guest-Physical Addresses": all other values are reserved.
 * FRAME_DEVICE is uncacheable, FRAME_NONCACHEABLE write combining; the others are cached, software writes WB.
 */
enum ept_memory_type { EPT_UC = 0, EPT_WC = 1, EPT_WT = 4, EPT_WP = 5, EPT_WB = 6 };

/* translation_regime.features */
enum ept_feature {
    /* IA32_VMX_EPT_VPID_CAP bit 0 = 0: an entry that can be executed and not read is a misconfiguration. */
    EPT_FEATURE_NO_EXECUTE_ONLY = 1 << 0,
};

/* fault_report.vector: SDM appendix C, "VMX Basic Exit Reasons". */
enum ept_exit_reason { EPT_EXIT_VIOLATION = 48, EPT_EXIT_MISCONFIGURATION = 49 };

/* Bits of the exit qualification of an EPT violation: SDM 28.2.1, "Basic VM-Exit Information", table 28-7. */
enum ept_qualification {
    EPT_QUALIFICATION_READ = 1 << 0,
    EPT_QUALIFICATION_WRITE = 1 << 1,
    EPT_QUALIFICATION_FETCH = 1 << 2,
    EPT_QUALIFICATION_READABLE = 1 << 3, /* what the entries allow, all levels together */
    EPT_QUALIFICATION_WRITABLE = 1 << 4,
    EPT_QUALIFICATION_EXECUTABLE = 1 << 5,
    EPT_QUALIFICATION_EXECUTABLE_USER = 1 << 6, /* undefined without mode-based execute control */
    EPT_QUALIFICATION_LINEAR_VALID = 1 << 7,
    EPT_QUALIFICATION_OUTPUT = 1 << 8, /* the access was to what the linear address translates to; else to the
                                          guest's tables */
};

/*
 * Frame attributes and entries. An entry that allows nothing is not present, and one that allows stores must
 * allow loads: such frames are refused, and FRAME_USER, FRAME_GLOBAL and keys, which have no meaning here.
 * FRAME_EXECUTABLE sets both bits of execution. FRAME_OLD is A = 0, FRAME_CLEAN D = 0.
 */
extern const struct walk_format ept_48;
extern const struct walk_format ept_57;

extern const struct entry_format ept_48_entries;
extern const struct entry_format ept_57_entries;

#ifdef __cplusplus
}
#endif
#endif
