/*
 * VMSAv8-64: entries and walk engine of stage 1 of the EL1&0 regime, of the EL2 regime and of stage 2.
 *
 * Rules are cited from the Arm Architecture Reference Manual for A-profile, DDI 0487, issue L.b: section and
 * rule identifier (the identifiers keep from issue to issue, the section numbers do not).
 *
 * The formats, for the granules G of 4k, 16k and 64k and for BITS = 64 - TnSZ from 25 to 48. The first level
 * follows from G and BITS (D8.2.8).
 *
 *   vmsa-G-BITS                  stage 1 of EL1&0, TTBR0_EL1: addresses from 0 on
 *   vmsa-G-BITS-high             stage 1 of EL1&0, TTBR1_EL1: the last addresses
 *   vmsa-el2-G-BITS              the EL2 regime, HCR_EL2.E2H = 0: one privilege, no ASID
 *   vmsa-s2-G-BITS               stage 2, and VTCR_EL2.SL0 says the same first level
 *   vmsa-s2-G-BITS-concatenated  stage 2, which begins one level further down, with 2 to 16 tables side by
 *                                side as its root (D8.2.9); for those BITS where that is possible
 *
 * vmsa-s2-16k-48 does not exist: SL0 has no level 0 for this granule, so its tables are concatenated.
 *
 * Configured as: no top byte ignore (TBIn = 0), no 52-bit addresses (DS = 0, IPS and PS at most 5), no
 * FEAT_TTST; HCR_EL2.FWB = 0; SCTLR_EL1.EPAN = 0. The regime says the rest: HA and HD of TCR_ELx or VTCR_EL2
 * (hardware_access, hardware_dirty), whether the contiguous bit has an effect (contiguous), whether FEAT_XNX
 * is there (execute_by_privilege), and in `features` what enum vmsa_feature names. PSTATE.PAN is
 * CONTROL_PAN. pagetables/vmsa_registers.h makes a regime of the values of registers.
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
#define VMSA_DBM              (UINT64_C(1) << 51)          /* writable, as its dirty state is tracked */
#define VMSA_CONTIGUOUS       (UINT64_C(1) << 52)
#define VMSA_PXN              (UINT64_C(1) << 53)
#define VMSA_UXN              (UINT64_C(1) << 54)
#define VMSA_PXN_TABLE        (UINT64_C(1) << 59)
#define VMSA_UXN_TABLE        (UINT64_C(1) << 60)
#define VMSA_AP_TABLE_NOUSER  (UINT64_C(1) << 61) /* APTable[0] */
#define VMSA_AP_TABLE_NOSTORE (UINT64_C(1) << 62) /* APTable[1] */

#define VMSA_SH_OUTER (UINT64_C(2) << 8)
#define VMSA_SH_INNER (UINT64_C(3) << 8)

/* Stage 2, where it differs. */
#define VMSA_S2_MEM_ATTR     (UINT64_C(15) << 2) /* MemAttr[3:0] */
#define VMSA_S2_READ         (UINT64_C(1) << 6)  /* S2AP[0] */
#define VMSA_S2_WRITE        (UINT64_C(1) << 7)  /* S2AP[1] */
#define VMSA_S2_XN_SPLIT     (UINT64_C(1) << 53) /* XN[0], with FEAT_XNX: user and kernel differ */
#define VMSA_S2_XN           (UINT64_C(1) << 54) /* XN[1] */
#define VMSA_S2_NORMAL       (UINT64_C(15) << 2) /* Normal, Write-Back */
#define VMSA_S2_DEVICE       (UINT64_C(1) << 2)  /* Device-nGnRE */
#define VMSA_S2_NONCACHEABLE (UINT64_C(5) << 2)  /* Normal, Non-cacheable, inner and outer */
#define VMSA_S2_NO_DEVICE    (UINT64_C(12) << 2) /* MemAttr[3:2]: 0 is Device */

/*
 * The memory types that entries written here refer to: Attr0 is Normal, Write-Back, Read- and Write-Allocate;
 * Attr1 is Device-nGnRE; Attr2 is Normal, Non-cacheable. A machine with these entries runs with this
 * MAIR_ELx.
 */
#define VMSA_ATTR_INDEX_NORMAL       (UINT64_C(0) << 2)
#define VMSA_ATTR_INDEX_DEVICE       (UINT64_C(1) << 2)
#define VMSA_ATTR_INDEX_NONCACHEABLE (UINT64_C(2) << 2)
#define VMSA_MAIR_EL1                UINT64_C(0x4404ff)

#define VMSA_LAST_LEVEL 3

/* translation_regime.features. */
enum vmsa_feature {
    VMSA_HPD = 1 << 0, /* TCR_ELx.HPDn: tables restrict nothing (FEAT_HPDS) */
    VMSA_WXN = 1 << 1, /* SCTLR_ELx.WXN: what can be written is not executed */
    /* Every address is a translation fault of level 0: TCR_EL1.EPDn, or a size or first level that is not
     * permitted. */
    VMSA_NO_WALKS = 1 << 2,
    VMSA_PTW = 1 << 3, /* HCR_EL2.PTW, of stage 2: tables of stage 1 are not read from Device memory */
};

/*
 * Numbers of one configuration: walk_format.numbers of every VMSAv8-64 format. The engine is the same for all
 * granules and address sizes below 49 bits: a copy of a format with other numbers is another format.
 */
struct vmsa_numbers {
    uint8_t page_lg2;
    uint8_t va_bits;     /* 64 - TnSZ */
    uint8_t first_level; /* D8.2.8, from TnSZ; stage 2: from SL0, where the root may be concatenated tables */
    uint8_t block_level; /* the first level with block descriptors: D8.3.1.2 */
    /* By level; 0 of those that are not walked. */
    uint8_t span_lg2[VMSA_LAST_LEVEL + 1]; /* of what one entry covers */
    uint8_t run_lg2[VMSA_LAST_LEVEL + 1];  /* of the entries of a contiguous run; 0 for none */
    bool stage2;
    bool el2;                                 /* stage 1 of the EL2 regime */
    bool high;                                /* TTBR1_ELx */
    uint32_t last_index[VMSA_LAST_LEVEL + 1]; /* by level: entries of a table, less one */
};

/*
 * Frame attributes and entries, stage 1 of EL1&0. What software writes: FRAME_READABLE is needed, since stage
 * 1 has no entry that EL1 cannot read; FRAME_EXECUTABLE clears UXN for a user page and PXN for a kernel page,
 * the other stays set, so EL1 never executes what EL0 can reach. FRAME_DEVICE and FRAME_NONCACHEABLE exclude
 * each other.
 *
 * What an entry decodes to: the attributes sum up its rights. WRITABLE, EXECUTABLE: somebody may; USER: EL0
 * has some right. For entries that other software wrote that is a summary and `rights` is exact: EL0 may, for
 * example, execute what it cannot read.
 *
 * EL2: FRAME_GLOBAL always, since there is no ASID and no nG; FRAME_USER is refused. XN is bit 54; AP[1] is
 * written as 1 (RES1) and has no effect, nor have PXN, PXNTable and APTable[0].
 *
 * Stage 2: FRAME_READABLE, FRAME_WRITABLE and FRAME_EXECUTABLE in every combination, for EL1 and EL0 alike;
 * FRAME_USER and FRAME_GLOBAL have no meaning there and are refused.
 *
 * State, all of them: FRAME_OLD is AF = 0. FRAME_CLEAN (of a FRAME_WRITABLE frame) is DBM = 1 and AP[2] = 1,
 * or S2AP[1] = 0: a store is a permission fault until software, or hardware with HD = 1, makes it dirty. So
 * DBM = 1 alone means writable, and what hardware does to an entry never changes what mapping it stands for.
 */
extern const struct walk_format vmsa_4k_48;
extern const struct walk_format vmsa_4k_39;
extern const struct walk_format vmsa_s2_4k_48;
extern const struct walk_format vmsa_s2_4k_39;

extern const struct entry_format vmsa_4k_48_entries;
extern const struct entry_format vmsa_4k_39_entries;
extern const struct entry_format vmsa_s2_4k_48_entries;
extern const struct entry_format vmsa_s2_4k_39_entries;

#ifdef __cplusplus
}
#endif
#endif
