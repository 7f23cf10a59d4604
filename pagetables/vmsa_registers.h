/*
 * Regimes of VMSAv8-64 from the values of system registers, and what registers say of memory types.
 *
 * The registers are those of the EL1&0 regime, and their fields are cited by name: DDI 0487 L.b, part D,
 * "AArch64 System Register Descriptions". The machine has FEAT_HAFDBS, FEAT_HPDS, FEAT_E0PD and FEAT_XNX; it
 * has not FEAT_TTST, FEAT_LVA, FEAT_LPA or FEAT_LPA2, so that sizes are those of pagetables/vmsa.h.
 */
#ifndef MMUSIM_PAGETABLES_VMSA_REGISTERS_H
#define MMUSIM_PAGETABLES_VMSA_REGISTERS_H

#include "pagetables/vmsa.h"
#include "pagetables/walk.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vmsa_registers {
    uint64_t tcr_el1;
    uint64_t ttbr0_el1;
    uint64_t ttbr1_el1;
    uint64_t sctlr_el1;
    uint64_t mair_el1;
    uint64_t hcr_el2;
    uint64_t vtcr_el2;
    uint64_t vttbr_el2;
    uint8_t physical_size_lg2; /* that the machine implements (ID_AA64MMFR0_EL1.PARange); 0: 48 */
};

/* The access for which a regime of stage 1 is wanted: which half, whether a tag is ignored, and whether EL0
 * is kept out depend on it. */
struct vmsa_access {
    uint64_t va;
    enum privilege privilege;
    enum access_kind kind;
};

/*
 * Stage 1 of EL1&0: SCTLR_EL1.M, HCR_EL2.DC, and in TCR_EL1 TnSZ, TGn, EPDn, IPS, TBIn, TBIDn, HA, HD, HPDn,
 * E0PDn. False if stage 1 is off: then see vmsa_stage1_is_off.
 *
 * `*va` is the address to walk: without its tag, where TBIn says that there is one. Where the registers alone
 * make the access fail (EPDn, E0PDn, TnSZ out of range), the regime is one under which every walk is a
 * translation fault of level 0. A reserved TGn is 4 KiB.
 */
bool vmsa_stage1_of_registers(const struct vmsa_registers *registers, const struct vmsa_access *access,
                              struct translation_regime *regime, uint64_t *va);

/* With stage 1 off an address is translated to itself; false if that is an address size fault of level 0: the
 * address, without its tag in `*va`, is beyond the physical size. */
bool vmsa_stage1_is_off(const struct vmsa_registers *registers, const struct vmsa_access *access,
                        uint64_t *va);

/*
 * Stage 2: HCR_EL2.VM, DC and PTW, and in VTCR_EL2 T0SZ, SL0, TG0, PS, HA, HD. False if stage 2 is off. A
 * first level that T0SZ, TG0 and the physical size do not permit, or a T0SZ out of range, makes every walk a
 * translation fault of level 0, as does an input size above the output size, where the manual leaves a
 * choice.
 */
bool vmsa_stage2_of_registers(const struct vmsa_registers *registers, struct translation_regime *regime);

/* ---- Memory types ---- */

/* A type as PAR_EL1 tells it: ATTR, which is encoded as a field of MAIR_EL1, and SH. */
struct vmsa_memory {
    uint8_t attributes;
    uint8_t shareability; /* 0 non-shareable, 2 outer, 3 inner */
};

/* Of a leaf of stage 1, or of stage 2, that the walk ended with. */
struct vmsa_memory vmsa_memory_of_stage1(const struct walk_state *walk, uint64_t mair_el1);
struct vmsa_memory vmsa_memory_of_stage2(const struct walk_state *walk);
/* Of an access that stage 1 does not translate: HCR_EL2.DC, SCTLR_EL1.I. */
struct vmsa_memory vmsa_memory_of_no_stage1(const struct vmsa_registers *registers, enum access_kind kind);
/* D8.6.6: of both stages together. */
struct vmsa_memory vmsa_memory_combined(struct vmsa_memory stage1, struct vmsa_memory stage2);

/* ---- PAR_EL1 ---- */

/* After an AT instruction that succeeded, with NS = 1, or that failed (`stage2`, `on_table`: S, PTW). */
uint64_t vmsa_par_of_address(uint64_t pa, struct vmsa_memory memory);
uint64_t vmsa_par_of_fault(unsigned status, bool stage2, bool on_table);

#ifdef __cplusplus
}
#endif
#endif
