#define SC_INCLUDE_DYNAMIC_PROCESSES /* the target socket offers the other transport too */
#include "mmu/systemc/test/foreign.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "mmu/systemc/test/sparse_memory_target.h"
#include "mmu/systemc/tlm_memory.h"

using sc_core::sc_time;

namespace
{

const sc_time cycle(1, sc_core::SC_NS);

} // namespace

sparse_memory_target::sparse_memory_target(sc_core::sc_module_name name, const struct foreign_config &config)
    : sc_module(name), socket("socket"), config_(config)
{
    socket.register_b_transport(this, &sparse_memory_target::b_transport);
    socket.register_transport_dbg(this, &sparse_memory_target::transport_dbg);
}

bool sparse_memory_target::copy(tlm::tlm_generic_payload &payload)
{
    uint64_t pa = payload.get_address();
    if (pa + payload.get_data_length() > config_.size_bytes)
        return false;
    for (unsigned i = 0; i < payload.get_data_length(); i++) {
        unsigned char &here = pages_[(pa + i) / 4096][(pa + i) % 4096];
        unsigned char &there = payload.get_data_ptr()[i];
        if (payload.is_write())
            here = there;
        else
            there = here;
    }
    return true;
}

void sparse_memory_target::note_write(const tlm::tlm_generic_payload &payload, const sc_time &at)
{
    struct foreign_write write = {payload.get_address(), 0, at.value() / cycle.value() - 1};
    std::memcpy(&write.value, payload.get_data_ptr(), std::min(payload.get_data_length(), 8U));
    writes_.push_back(write);
}

sc_time sparse_memory_target::latency(uint64_t pa, const sc_time &at)
{
    sc_time &free = bank_free_[pa / 64 % bank_free_.size()];
    sc_time begin = std::max(at, free);
    free = begin + static_cast<double>(config_.bank_cycles) * cycle;
    return begin - at + static_cast<double>(config_.latency_cycles) * cycle;
}

void sparse_memory_target::b_transport(tlm::tlm_generic_payload &payload, sc_time &delay)
{
    sc_time at = sc_core::sc_time_stamp() + delay;
    if (config_.behaviour == FOREIGN_SILENT)
        return;
    if (config_.behaviour == FOREIGN_WAITS)
        sc_core::wait(cycle);
    if (config_.behaviour == FOREIGN_THROWS)
        throw std::runtime_error("the target is broken");
    if (!copy(payload)) {
        payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
        return;
    }
    if (payload.is_write())
        note_write(payload, at);
    delay += latency(payload.get_address(), at);
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

unsigned sparse_memory_target::transport_dbg(tlm::tlm_generic_payload &payload)
{
    return copy(payload) ? payload.get_data_length() : 0;
}

const std::vector<struct foreign_write> &sparse_memory_target::writes() const
{
    return writes_;
}

struct foreign {
    mmusim::tlm_memory_port port;
    sparse_memory_target target;

    foreign(struct machine *machine, const struct foreign_config &config)
        : port("port", machine), target("target", config)
    {
        port.socket.bind(target.socket);
    }
};

struct foreign *foreign_create(struct machine *machine, const struct foreign_config *config,
                               uint64_t used_bytes)
{
    auto *made = new foreign(machine, *config);
    made->port.preload(0, used_bytes);
    return made;
}

size_t foreign_write_count(const struct foreign *foreign)
{
    return foreign->target.writes().size();
}

const struct foreign_write *foreign_writes(const struct foreign *foreign)
{
    return foreign->target.writes().data();
}

void foreign_destroy(struct foreign *foreign)
{
    delete foreign;
}
