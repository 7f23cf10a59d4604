/* VMSAv8-64: what software is told of a fault. Section and rule numbers are those of the Arm ARM, DDI 0487,
 * issue L.b. */
#include "pagetables/vmsa.h"
#include "pagetables/vmsa_parts.h"

/* Register ESR_ELx, EC: aborts of another Exception level; one more for the same one. */
#define EC_INSTRUCTION_ABORT 0x20u
#define EC_DATA_ABORT        0x24u

#define ESR_EC_SHIFT 26
#define ESR_IL       (UINT64_C(1) << 25) /* 1 for instruction aborts and for data aborts without ISV */
#define ISS_S1PTW    (UINT64_C(1) << 7)
#define ISS_WNR      (UINT64_C(1) << 6) /* data aborts */

/*
 * ESR_ELx.ISS.DFSC and IFSC: the same codes in both. The level is that of the stage at fault. An external
 * abort is one on a walk. Kinds that this architecture has not: 0x3f, which is none of its codes.
 */
static uint8_t status_of(const struct fault_cause *cause)
{
    static const uint8_t bases[FAULT_KINDS] = {
        [FAULT_ADDRESS_SIZE] = 0x00, [FAULT_TRANSLATION] = 0x04,    [FAULT_ACCESS_FLAG] = 0x08,
        [FAULT_PERMISSION] = 0x0c,   [FAULT_EXTERNAL_ABORT] = 0x14,
    };
    switch (cause->kind) {
    case FAULT_ADDRESS_SIZE:
    case FAULT_TRANSLATION:
    case FAULT_ACCESS_FLAG:
    case FAULT_PERMISSION:
    case FAULT_EXTERNAL_ABORT:
        return (uint8_t)(bases[cause->kind] + cause->level);
    case FAULT_TLB_CONFLICT:
        return 0x30;
    default:
        return 0x3f;
    }
}

/*
 * WnR: of the access that failed. One of stage 1 to its tables is a read, whatever the access is that it is
 * done for, unless it is a hardware update.
 */
static bool is_write(const struct fault_cause *cause)
{
    return cause->on_table ? cause->table_store : cause->access == ACCESS_STORE;
}

/* HPFAR_EL2, "FIPA": written for translation, access flag and address size faults of stage 2 and for every
 * stage 2 fault on a walk of stage 1; UNKNOWN otherwise. It has no bits below 12. */
static uint64_t ipa_of(const struct fault_cause *cause)
{
    bool known = cause->stage == 2 && cause->kind != FAULT_EXTERNAL_ABORT &&
                 (cause->on_table || cause->kind != FAULT_PERMISSION);
    return known ? cause->ipa & ~UINT64_C(0xfff) : 0;
}

/*
 * CM = 0: the access is no cache maintenance. ISV = 0: which register the instruction loads or stores is not
 * known here. FnV, EA, SET, AR, SF and SSE are 0 then.
 */
static void describe(const struct fault_cause *cause, bool same_level, struct fault_report *report)
{
    bool fetch = cause->access == ACCESS_FETCH;
    *report = (struct fault_report){.address = cause->va, .ipa = ipa_of(cause), .status = status_of(cause)};
    report->vector = (uint8_t)((fetch ? EC_INSTRUCTION_ABORT : EC_DATA_ABORT) + same_level);
    report->code = (uint64_t)report->vector << ESR_EC_SHIFT | ESR_IL | report->status;
    if (cause->stage == 2 && cause->on_table)
        report->code |= ISS_S1PTW;
    if (!fetch && is_write(cause))
        report->code |= ISS_WNR;
}

/* HCR_EL2.TGE = 0: faults of stage 1 go to EL1, which is the same Exception level for the kernel's
 * accesses; faults of stage 2 go to EL2. */
void vmsa_report(const struct fault_cause *cause, struct fault_report *report)
{
    describe(cause, cause->stage == 1 && cause->privilege == PRIVILEGE_KERNEL, report);
}

/* All accesses of the EL2 regime are EL2's. */
void vmsa_el2_report(const struct fault_cause *cause, struct fault_report *report)
{
    describe(cause, true, report);
}
