/*
 * An AArch64 core that the vectors were taken from: registers of an image, one translation, and what memory
 * there is. Internal to pagetables/vectors/.
 *
 * Section and rule numbers are those of the Arm ARM, DDI 0487, issue L.b.
 */
#ifndef MMUSIM_PAGETABLES_VECTORS_AARCH64_CORE_H
#define MMUSIM_PAGETABLES_VECTORS_AARCH64_CORE_H

#include "pagetables/vectors/vectors.h"
#include "pagetables/vmsa_registers.h"

/* The board: below its memory are devices, above there is nothing but another window of devices. */
#define AARCH64_RAM_BASE     UINT64_C(0x40000000)
#define AARCH64_RAM_END      UINT64_C(0x80000000)
#define AARCH64_DEVICES_BASE UINT64_C(0x4000000000)
#define AARCH64_DEVICES_END  UINT64_C(0x10000000000)

#define AARCH64_PHYSICAL_SIZE_LG2 52 /* of the core: ID_AA64MMFR0_EL1.PARange */

struct aarch64_access {
    uint64_t va;
    enum privilege privilege;
    enum access_kind kind;
    bool pan;          /* PSTATE.PAN is 1 and counts */
    bool stage1_alone; /* as if stage 2 were off, but for accesses to tables */
};

struct aarch64_outcome {
    uint64_t va; /* that was translated: without its tag, if it has one (TCR_EL1.TBIn) */
    bool fault;
    struct fault_cause cause; /* of a fault */
    uint8_t table_level;      /* of a fault on a table: that of the lookup by stage 1 */
    uint64_t pa;
    struct vmsa_memory memory;
    bool flat; /* no stage has translated the address */
};

/*
 * Translates, and tells updates of entries in the answer's column desc_writes. False, and `why` says which,
 * if the image leads to something that is not modelled.
 */
bool aarch64_translate(struct vectors_image *image, const struct aarch64_access *access,
                       struct vectors_answer *answer, struct aarch64_outcome *outcome, const char **why);

/* What is told of a fault: the format's own report. */
struct fault_report aarch64_report(const struct aarch64_outcome *outcome);

#endif
