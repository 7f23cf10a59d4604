/*
 * A machine's memory as a TLM-2.0 initiator: foreign memory answers in place of the machine's own.
 *
 * Loosely timed, by b_transport with annotated delay. Transactions come in the order of their grants, each
 * once, at a local time (sc_time_stamp() plus the delay given) that is the end of the cycle of its grant, in
 * the fast and in the lock-step mode alike; so a target whose delay depends on time gives equal runs too.
 * What the target adds to the delay is the latency from the grant to the data, rounded up to whole cycles of
 * a nanosecond. It must not be below the machine's memory.latency, from which the fast mode derives how far
 * a core may run ahead; else the run ends with an error. A longer one is exact.
 *
 * - The target must not wait: the whole machine would stand still in the middle of a cycle. It is an error.
 * - A response other than TLM_OK means that there is no memory at this address (an external abort). It costs
 *   what the target has added to the delay, and memory.latency at the least.
 * - A clear is one write of zeros. A compare-exchange is a read and, if the word is as expected, a write in
 *   the same grant, both from the same local time; its latency is the longer one.
 * - With data caches, a line is one transaction of its size. A line that is supplied or written back within
 *   another transaction is written from the same local time as that one.
 * - Writes also go to the machine's own memory, so that peeks see them. What foreign initiators write behind
 *   the machine's back is seen by its accesses and walks, and not by peeks; while a cache of the machine
 * holds a line, its own accesses do not see it either: foreign initiators are not part of the coherence.
 * - No DMI is used, since every access is timed. Sequences of transactions are never reordered.
 */
#ifndef MMUSIM_MMU_SYSTEMC_TLM_MEMORY_H
#define MMUSIM_MMU_SYSTEMC_TLM_MEMORY_H

#include <cstdint>
#include <string>
#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <vector>

#include "mmu/machine.h"

namespace mmusim
{

class tlm_memory_port : public sc_core::sc_module
{
  public:
    tlm_utils::simple_initiator_socket<tlm_memory_port, 64> socket;

    /* Becomes the memory port of the machine, which outlives it. Before the run. */
    tlm_memory_port(sc_core::sc_module_name name, struct machine *machine);

    /* What the machine's own memory holds in this region when the simulation starts, page tables that were
     * built before for example, is copied to the target then, by debug transport. */
    void preload(uint64_t pa, uint64_t size_bytes);

    /* By debug transport, once modules are bound. How many bytes the target has read or written. */
    unsigned access_untimed(tlm::tlm_command command, uint64_t pa, unsigned char *data, unsigned bytes);

  protected:
    void start_of_simulation() override;

  private:
    static bool access_port(void *context, struct memory_transaction *transaction);
    bool access(struct memory_transaction &transaction);
    bool transport(struct memory_transaction &transaction, tlm::tlm_command command, uint64_t value);
    void refuse(struct memory_transaction &transaction, const std::string &why);
    bool compare_exchange(struct memory_transaction &transaction);

    bool write_untimed(uint64_t pa, uint64_t value);

    struct region {
        uint64_t pa, size_bytes;
    };
    struct machine *machine_;
    std::vector<region> preloads_;
    bool preload_failed_ = false;
    std::vector<unsigned char> data_;
    std::string error_;
};

} // namespace mmusim

#endif
