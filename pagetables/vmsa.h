/*
 * VMSAv8-64, stage 1 of the EL1&0 regime: entries and walk engine.
 *
 * Rules are cited from the Arm Architecture Reference Manual for A-profile, DDI 0487, issue L.b: section and
 * rule identifier (the identifiers keep from issue to issue, the section numbers do not).
 *
 * "vmsa-4k-48" is the 4 KiB granule with TCR_EL1.T0SZ = 16: one root, level 0 to level 3, addresses 0 to
 * 2^48 - 1. Configured as: hierarchical permissions enabled (HPD0 = 0), access flag managed by software (HA =
 * 0), WXN = 0, PSTATE.PAN = 0, no top byte ignore (TBI0 = 0), no 52-bit addresses (DS = 0). The contiguous
 * bit is ignored by the walk and never written.
 */
#ifndef MMUSIM_PAGETABLES_VMSA_H
#define MMUSIM_PAGETABLES_VMSA_H

#include "pagetables/entry.h"
#include "pagetables/walk.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bits of a 64-bit descriptor (D8.3.1.1 table D8-50, D8.3.1.2 table D8-52). */
#define VMSA_VALID            (UINT64_C(1) << 0)
#define VMSA_TABLE            (UINT64_C(1) << 1) /* table below level 3, page at level 3; 0 is a block */
#define VMSA_ATTR_INDEX       (UINT64_C(7) << 2) /* AttrIndx[2:0] */
#define VMSA_AP_USER          (UINT64_C(1) << 6) /* AP[1] */
#define VMSA_AP_READ_ONLY     (UINT64_C(1) << 7) /* AP[2] */
#define VMSA_SH               (UINT64_C(3) << 8) /* SH[1:0] */
#define VMSA_AF               (UINT64_C(1) << 10)
#define VMSA_NG               (UINT64_C(1) << 11)
#define VMSA_ADDRESS          UINT64_C(0x0000fffffffff000) /* bits 47:12 */
#define VMSA_CONTIGUOUS       (UINT64_C(1) << 52)
#define VMSA_PXN              (UINT64_C(1) << 53)
#define VMSA_UXN              (UINT64_C(1) << 54)
#define VMSA_PXN_TABLE        (UINT64_C(1) << 59)
#define VMSA_UXN_TABLE        (UINT64_C(1) << 60)
#define VMSA_AP_TABLE_NOUSER  (UINT64_C(1) << 61) /* APTable[0] */
#define VMSA_AP_TABLE_NOSTORE (UINT64_C(1) << 62) /* APTable[1] */

#define VMSA_SH_OUTER (UINT64_C(2) << 8)
#define VMSA_SH_INNER (UINT64_C(3) << 8)

/*
 * The memory types that entries written here refer to: Attr0 is Normal, Write-Back, Read- and Write-Allocate;
 * Attr1 is Device-nGnRE. A machine with these entries runs with this MAIR_EL1.
 */
#define VMSA_ATTR_INDEX_NORMAL (UINT64_C(0) << 2)
#define VMSA_ATTR_INDEX_DEVICE (UINT64_C(1) << 2)
#define VMSA_MAIR_EL1          UINT64_C(0x04ff)

/*
 * Frame attributes and entries. What software writes: FRAME_READABLE is needed, since stage 1 has no entry
 * that EL1 cannot read; FRAME_EXECUTABLE clears UXN for a user page and PXN for a kernel page, the other
 * stays set, so EL1 never executes what EL0 can reach.
 *
 * What an entry decodes to: the attributes sum up its rights. WRITABLE, EXECUTABLE: somebody may; USER: EL0
 * has some right. For entries that other software wrote that is a summary and `rights` is exact: EL0 may, for
 * example, execute what it cannot read.
 */
extern const struct walk_format vmsa_4k_48;
extern const struct entry_format vmsa_4k_48_entries;

#ifdef __cplusplus
}
#endif
#endif
