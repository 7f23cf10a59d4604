/* x86-64 paging and EPT: what a core's state leaves of a leaf's rights, and what software is told of a fault.
 * Sections are those of the SDM that pagetables/x86.h names. */
#include "pagetables/x86_leaf.h"

#define USER_STORE   ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE)
#define KERNEL_STORE ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE)
#define KERNEL_LOAD  ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD)
#define KERNEL_FETCH ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_FETCH)

/* ---- Rights under control registers ---- */

/*
 * SDM 4.6.2, "Protection Keys": of user-mode addresses, fetches apart. ADi forbids all data accesses; WDi
 * those stores that user mode makes, and the kernel's where CR0.WP = 1.
 */
static unsigned forbidden_by_key(const struct access_controls *controls, uint32_t attributes)
{
    if (!(controls->flags & CONTROL_PKE) || !(attributes & FRAME_USER))
        return 0;
    unsigned of_key = controls->key_rights >> 2 * frame_key(attributes) & 3;
    unsigned stores = controls->flags & CONTROL_WP ? USER_STORE | KERNEL_STORE : USER_STORE;
    return (of_key & 1 ? X86_LOADS | X86_STORES : 0) | (of_key & 2 ? stores : 0);
}

/* SDM 4.6.1, "Determination of Access Rights". */
uint8_t x86_allowed(const struct access_controls *controls, uint8_t rights, uint32_t attributes)
{
    unsigned forbidden = forbidden_by_key(controls, attributes);
    if (controls->flags & CONTROL_WP && !(attributes & FRAME_WRITABLE))
        forbidden |= KERNEL_STORE;
    if (!(attributes & FRAME_USER))
        return (uint8_t)(rights & ~forbidden);
    if (controls->flags & CONTROL_SMEP)
        forbidden |= KERNEL_FETCH;
    if (controls->flags & CONTROL_SMAP && !(controls->flags & CONTROL_AC))
        forbidden |= KERNEL_LOAD | KERNEL_STORE;
    return (uint8_t)(rights & ~forbidden);
}

/* ---- Faults of x86-64 paging ---- */

/* SDM 4.7, "Page-Fault Exceptions": I/D says nothing where no fetch could be refused. */
static bool tells_fetches(const struct fault_cause *cause)
{
    return cause->controls.flags & CONTROL_SMEP || !(cause->features & X86_FEATURE_NO_NXE);
}

/* SDM 4.7: PK is set whenever the key forbids the access, whatever else does. */
static bool is_key_violation(const struct fault_cause *cause)
{
    return cause->kind == FAULT_PERMISSION && forbidden_by_key(&cause->controls, cause->attributes) &
                                                  ACCESS_RIGHT(cause->privilege, cause->access);
}

static uint64_t error_code(const struct fault_cause *cause)
{
    uint64_t code = cause->kind == FAULT_TRANSLATION ? 0 : X86_ERROR_PRESENT;
    code |= cause->access == ACCESS_STORE ? X86_ERROR_WRITE : 0;
    code |= cause->privilege == PRIVILEGE_USER ? X86_ERROR_USER : 0;
    code |= cause->kind == FAULT_RESERVED ? X86_ERROR_RESERVED : 0;
    code |= cause->access == ACCESS_FETCH && tells_fetches(cause) ? X86_ERROR_FETCH : 0;
    code |= is_key_violation(cause) ? X86_ERROR_KEY : 0;
    return code;
}

void x86_report(const struct fault_cause *cause, struct fault_report *report)
{
    *report = (struct fault_report){.vector = X86_VECTOR_PAGE_FAULT};
    switch (cause->kind) {
    case FAULT_TRANSLATION:
    case FAULT_PERMISSION:
    case FAULT_RESERVED:
        report->address = cause->va;
        report->code = error_code(cause);
        break;
    case FAULT_EXTERNAL_ABORT: /* SDM 15.1: an error of the memory system is a machine check */
        report->vector = X86_VECTOR_MACHINE_CHECK;
        break;
    default: /* SDM 6.15, interrupt 13: not canonical; the error code is 0, and CR2 is not written */
        report->vector = X86_VECTOR_GENERAL_PROTECTION;
    }
}

/* ---- Faults of EPT ---- */

/*
 * SDM 28.2.1, table 28-7 and its notes. A store to the guest's tables, which each access to them is where
 * accessed and dirty flags are enabled, is reported as a read and a write.
 */
static uint64_t qualification_of_access(const struct fault_cause *cause)
{
    if (cause->on_table)
        return EPT_QUALIFICATION_READ | (cause->table_store ? EPT_QUALIFICATION_WRITE : 0);
    static const uint8_t kinds[ACCESS_KINDS] = {[ACCESS_LOAD] = EPT_QUALIFICATION_READ,
                                                [ACCESS_STORE] = EPT_QUALIFICATION_WRITE,
                                                [ACCESS_FETCH] = EPT_QUALIFICATION_FETCH};
    return kinds[cause->access] | EPT_QUALIFICATION_OUTPUT;
}

/* Where an entry is not present, it allows nothing. */
static uint64_t qualification_of_rights(const struct fault_cause *cause)
{
    unsigned rights = cause->kind == FAULT_PERMISSION ? cause->rights : 0;
    uint64_t code = rights & X86_LOADS ? EPT_QUALIFICATION_READABLE : 0;
    code |= rights & X86_STORES ? EPT_QUALIFICATION_WRITABLE : 0;
    code |= rights & KERNEL_FETCH ? EPT_QUALIFICATION_EXECUTABLE : 0;
    code |= rights & ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_FETCH) ? EPT_QUALIFICATION_EXECUTABLE_USER : 0;
    return code;
}

void ept_report(const struct fault_cause *cause, struct fault_report *report)
{
    *report = (struct fault_report){.ipa = cause->ipa};
    switch (cause->kind) {
    case FAULT_TRANSLATION:
    case FAULT_PERMISSION:
        report->vector = EPT_EXIT_VIOLATION;
        report->address = cause->va;
        report->code =
            qualification_of_access(cause) | qualification_of_rights(cause) | EPT_QUALIFICATION_LINEAR_VALID;
        break;
    case FAULT_RESERVED: /* SDM 28.2.1: neither a qualification nor the linear address */
        report->vector = EPT_EXIT_MISCONFIGURATION;
        break;
    case FAULT_EXTERNAL_ABORT:
        report->vector = X86_VECTOR_MACHINE_CHECK;
        break;
    default: /* a root beyond the physical-address width: VM entry fails, so there is no exit */
        break;
    }
}
