/*
 * What a transaction to a core of the MMU can say beyond the generic payload, and what it can be told.
 *
 * Ignorable, as TLM-2.0 asks of an extension of the base protocol: without one an access is made by user
 * code, data is not fetched, and a fault is an address error without details. The initiator owns it; it can
 * be used again, since every transaction sets all of its answers.
 */
#ifndef MMUSIM_MMU_SYSTEMC_MMU_EXTENSION_H
#define MMUSIM_MMU_SYSTEMC_MMU_EXTENSION_H

#include <cstdint>
#include <tlm>

#include "pagetables/walk.h"

namespace mmusim
{

class mmu_extension : public tlm::tlm_extension<mmu_extension>
{
  public:
    /* Asked. */
    enum privilege privilege = PRIVILEGE_USER;
    bool fetch = false; /* a read: of an instruction */
    uint64_t pc = 0;    /* of the instruction that makes the access; 0 if unknown */

    /* Answered. */
    uint64_t pa = 0;                    /* physical address of the first byte; 0 if that faulted */
    enum fault_kind fault = FAULT_NONE; /* why the response is TLM_ADDRESS_ERROR_RESPONSE */
    uint8_t fault_level = 0;            /* the manual's own number */
    uint8_t fault_stage = 0;            /* 1 or 2; 0 without a fault */
    uint64_t fault_ipa = 0;             /* of a fault of stage 2 that a walk met; else 0 */
    bool fault_on_table = false;        /* of stage 2: the access was one of stage 1 to its tables */
    uint64_t fault_va = 0;              /* of the first byte in the page that faulted */
    uint64_t done_bytes = 0;            /* how many were read or written */

    tlm::tlm_extension_base *clone() const override
    {
        return new mmu_extension(*this);
    }
    void copy_from(const tlm::tlm_extension_base &other) override
    {
        *this = static_cast<const mmu_extension &>(other);
    }
};

} // namespace mmusim

#endif
