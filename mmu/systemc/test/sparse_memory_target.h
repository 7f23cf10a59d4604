/*
 * An example of foreign memory: a loosely timed TLM-2.0 target, sparse, with banks that stay busy.
 *
 * The delay of a transaction depends on its local time: a bank takes one after the other.
 */
#ifndef MMUSIM_MMU_SYSTEMC_TEST_SPARSE_MEMORY_TARGET_H
#define MMUSIM_MMU_SYSTEMC_TEST_SPARSE_MEMORY_TARGET_H

#include <array>
#include <cstdint>
#include <map>
#include <systemc>
#include <tlm>
#include <tlm_utils/simple_target_socket.h>
#include <vector>

#include "mmu/systemc/test/foreign.h"

class sparse_memory_target : public sc_core::sc_module
{
  public:
    tlm_utils::simple_target_socket<sparse_memory_target, 64> socket;

    sparse_memory_target(sc_core::sc_module_name name, const struct foreign_config &config);
    const std::vector<struct foreign_write> &writes() const;

  private:
    void b_transport(tlm::tlm_generic_payload &payload, sc_core::sc_time &delay);
    unsigned transport_dbg(tlm::tlm_generic_payload &payload);
    bool copy(tlm::tlm_generic_payload &payload);
    void note_write(const tlm::tlm_generic_payload &payload, const sc_core::sc_time &at);
    sc_core::sc_time latency(uint64_t pa, const sc_core::sc_time &at);

    struct foreign_config config_;
    std::map<uint64_t, std::array<unsigned char, 4096>> pages_;
    std::array<sc_core::sc_time, 4> bank_free_;
    std::vector<struct foreign_write> writes_;
};

#endif
