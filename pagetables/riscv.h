/*
 * RISC-V Sv39, Sv48 and Sv57, and the G-stage forms Sv39x4, Sv48x4 and Sv57x4: entries and walk engine.
 *
 * Rules are cited from the RISC-V Instruction Set Manual, Volume II: Privileged Architecture, version
 * 20211203 (machine and supervisor ISA 1.12, hypervisor extension 1.0), by section, and from the Svadu
 * extension, version 1.0. Section numbers move from version to version; the steps of 4.3.2, "Virtual Address
 * Translation Process", keep.
 *
 *   sv39, sv48, sv57        satp or vsatp: 3, 4 or 5 levels, addresses that are sign-extended from their last
 *                           bit
 *   sv39x4, sv48x4, sv57x4  hgatp: two bits more, all resolved by a root of 16 KiB; addresses from 0 on
 * (8.5.1)
 *
 * Levels have the manual's numbers: from levels - 1 at the root down to 0.
 *
 * The regime. hardware_access and hardware_dirty together are Svadu (menvcfg.ADUE, henvcfg.ADUE); without
 * them A = 0, and D = 0 on a store, are page faults (Svade). One alone is no RISC-V machine: hardware then
 * keeps that bit and software the other. physical_size_lg2 has no effect: page faults do not know it, and
 * whoever reads where no memory is has an access fault (4.3.2, step 2). contiguous: a NAPOT leaf is reported
 * as 64 KiB; else as one of 4 KiB, the address of which is right all the same. Of the G stage, CONTROL_MXR is
 * sstatus.MXR, see walk_format.allowed.
 */
#ifndef MMUSIM_PAGETABLES_RISCV_H
#define MMUSIM_PAGETABLES_RISCV_H

#include "pagetables/entry.h"
#include "pagetables/walk.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bits of a 64-bit entry (4.4.1, figure 4.21; chapter 5; chapter 6). */
#define RISCV_V        (UINT64_C(1) << 0)
#define RISCV_R        (UINT64_C(1) << 1)
#define RISCV_W        (UINT64_C(1) << 2)
#define RISCV_X        (UINT64_C(1) << 3)
#define RISCV_U        (UINT64_C(1) << 4)
#define RISCV_G        (UINT64_C(1) << 5)
#define RISCV_A        (UINT64_C(1) << 6)
#define RISCV_D        (UINT64_C(1) << 7)
#define RISCV_RSW      (UINT64_C(3) << 8)
#define RISCV_PPN      (((UINT64_C(1) << 44) - 1) << 10) /* bits 53:10: bits 55:12 of an address */
#define RISCV_RESERVED (UINT64_C(0x7f) << 54)            /* bits 60:54 */
#define RISCV_PBMT     (UINT64_C(3) << 61)
#define RISCV_PBMT_NC  (UINT64_C(1) << 61) /* FRAME_NONCACHEABLE */
#define RISCV_PBMT_IO  (UINT64_C(2) << 61) /* FRAME_DEVICE */
#define RISCV_N        (UINT64_C(1) << 63)

/* The one NAPOT size: chapter 5, table 5.1: level 0 and ppn[0] = x xxxx 1000. */
#define RISCV_NAPOT_LG2  4
#define RISCV_NAPOT_MASK (UINT64_C(15) << 10)
#define RISCV_NAPOT_64K  (UINT64_C(8) << 10)

/* translation_regime.features: what a machine does without. */
enum riscv_feature {
    RISCV_WITHOUT_SVNAPOT = 1 << 0, /* N is reserved */
    RISCV_WITHOUT_SVPBMT =
        1 << 1, /* PBMT is reserved: no such extension, or PBMTE = 0 in menvcfg or henvcfg */
};

/* Exception codes (3.1.15, table 3.6; 8.6.1, table 8.6). */
enum riscv_cause {
    RISCV_CAUSE_FETCH_ACCESS = 1,
    RISCV_CAUSE_LOAD_ACCESS = 5,
    RISCV_CAUSE_STORE_ACCESS = 7,
    RISCV_CAUSE_FETCH_PAGE = 12,
    RISCV_CAUSE_LOAD_PAGE = 13,
    RISCV_CAUSE_STORE_PAGE = 15,
    RISCV_CAUSE_FETCH_GUEST_PAGE = 20,
    RISCV_CAUSE_LOAD_GUEST_PAGE = 21,
    RISCV_CAUSE_STORE_GUEST_PAGE = 23,
};

/* Pseudo-instructions in htinst or mtinst, VSXLEN = 64 (8.6.3, table 8.12). */
#define RISCV_TINST_TABLE_READ  UINT64_C(0x3000)
#define RISCV_TINST_TABLE_WRITE UINT64_C(0x3020)

/* Numbers of one format: walk_format.numbers. */
struct riscv_numbers {
    uint8_t levels;
    uint8_t root_bits; /* the root has 1 << root_bits entries, other tables 512 */
    bool stage2;
};

/*
 * Frame attributes and entries. R, W and X say themselves; W needs R, and one of R and X is needed (4.3.1,
 * table 4.5). FRAME_USER is U, FRAME_GLOBAL is G, of the leaf or of a table above it; the G stage needs U in
 * every leaf, ignores G (8.5.1) and refuses both as attributes. FRAME_OLD is A = 0; FRAME_CLEAN, of a
 * writable frame, is D = 0.
 *
 * Rights are those of the owner: of user mode where U is set, of supervisor mode where it is clear.
 * walk_format.allowed adds what SUM and MXR give. SUM is on unless it is said, as kernels have it when they
 * copy from and to user pages; so one attribute `u` is enough for what both reach. Supervisor mode never
 * executes a user page.
 */
extern const struct walk_format riscv_sv39;
extern const struct walk_format riscv_sv48;
extern const struct walk_format riscv_sv57;
extern const struct walk_format riscv_sv39x4;
extern const struct walk_format riscv_sv48x4;
extern const struct walk_format riscv_sv57x4;

extern const struct entry_format riscv_sv39_entries;
extern const struct entry_format riscv_sv48_entries;
extern const struct entry_format riscv_sv57_entries;
extern const struct entry_format riscv_sv39x4_entries;
extern const struct entry_format riscv_sv48x4_entries;
extern const struct entry_format riscv_sv57x4_entries;

#ifdef __cplusplus
}
#endif
#endif
