#include "mmu/systemc/tlm_memory.h"

#include <algorithm>
#include <exception>

#include "mmu/systemc/lockstep.h"

namespace mmusim
{

namespace
{

sc_core::sc_time end_of_cycle(uint64_t cycle)
{
    return sub_cycle_time(cycle + 1, 0);
}

uint64_t cycles_of(const sc_core::sc_time &time)
{
    return (time.value() + units_per_cycle - 1) / units_per_cycle;
}

/* The value repeats every 8 bytes. */
void fill(std::vector<unsigned char> &data, uint64_t value)
{
    for (size_t i = 0; i < data.size(); i++)
        data[i] = static_cast<unsigned char>(value >> 8 * (i % 8));
}

uint64_t first_bytes(const std::vector<unsigned char> &data)
{
    uint64_t value = 0;
    for (size_t i = 0; i < data.size() && i < 8; i++)
        value |= static_cast<uint64_t>(data[i]) << 8 * i;
    return value;
}

void set_up(tlm::tlm_generic_payload &payload, tlm::tlm_command command, uint64_t pa, unsigned char *data,
            unsigned bytes)
{
    payload.set_command(command);
    payload.set_address(pa);
    payload.set_data_ptr(data);
    payload.set_data_length(bytes);
    payload.set_streaming_width(bytes);
}

} // namespace

tlm_memory_port::tlm_memory_port(sc_core::sc_module_name name, struct machine *machine)
    : sc_module(name), socket("socket"), machine_(machine)
{
    struct memory_port port = {access_port, this};
    machine_set_memory_port(machine, &port);
}

/* Called by the machine, which is C: no exception may leave here. */
bool tlm_memory_port::access_port(void *context, struct memory_transaction *transaction)
{
    auto *port = static_cast<tlm_memory_port *>(context);
    try {
        return port->access(*transaction);
    } catch (const std::exception &thrown) {
        port->refuse(*transaction, std::string("its target reported: ") + thrown.what());
        return false;
    }
}

bool tlm_memory_port::access(struct memory_transaction &transaction)
{
    if (preload_failed_) {
        refuse(transaction, "its target did not take by debug transport what memory held before the run");
        return false;
    }
    switch (transaction.kind) {
    case MEMORY_READ:
        return transport(transaction, tlm::TLM_READ_COMMAND, 0);
    case MEMORY_WRITE:
        return transport(transaction, tlm::TLM_WRITE_COMMAND, transaction.value);
    case MEMORY_CLEAR:
        return transport(transaction, tlm::TLM_WRITE_COMMAND, 0);
    default:
        return compare_exchange(transaction);
    }
}

bool tlm_memory_port::compare_exchange(struct memory_transaction &transaction)
{
    uint64_t desired = transaction.value;
    if (!transport(transaction, tlm::TLM_READ_COMMAND, 0))
        return false;
    uint64_t latency_cycles = transaction.latency_cycles;
    if (transaction.value != transaction.expected)
        return true;
    uint64_t observed = transaction.value;
    bool written = transport(transaction, tlm::TLM_WRITE_COMMAND, desired);
    transaction.value = observed;
    if (written)
        transaction.latency_cycles = std::max(latency_cycles, transaction.latency_cycles);
    return written;
}

void tlm_memory_port::refuse(struct memory_transaction &transaction, const std::string &why)
{
    error_ = std::string("foreign memory at ") + name() + ": " + why;
    transaction.error = error_.c_str();
}

bool tlm_memory_port::transport(struct memory_transaction &transaction, tlm::tlm_command command,
                                uint64_t value)
{
    tlm::tlm_generic_payload payload;
    sc_core::sc_time now = sc_core::sc_time_stamp();
    sc_core::sc_time start = end_of_cycle(transaction.grant_cycle) - now;
    sc_core::sc_time delay = start;
    data_.resize(transaction.size_bytes);
    fill(data_, value);
    set_up(payload, command, transaction.pa, transaction.data ? transaction.data : data_.data(),
           transaction.size_bytes);
    socket->b_transport(payload, delay);
    if (sc_core::sc_time_stamp() != now) {
        refuse(transaction, "its target waited in b_transport; it must add to the delay instead");
        return false;
    }
    if (payload.get_response_status() == tlm::TLM_INCOMPLETE_RESPONSE) {
        refuse(transaction, "its target gave no response in b_transport");
        return false;
    }
    uint64_t cycles = delay > start ? cycles_of(delay - start) : 0;
    if (!payload.is_response_ok()) {
        transaction.latency_cycles = std::max(transaction.latency_cycles, cycles);
        return false;
    }
    transaction.latency_cycles = cycles;
    if (command == tlm::TLM_READ_COMMAND && !transaction.data)
        transaction.value = first_bytes(data_);
    return true;
}

bool tlm_memory_port::write_untimed(uint64_t pa, uint64_t value)
{
    data_.resize(sizeof value);
    fill(data_, value);
    return access_untimed(tlm::TLM_WRITE_COMMAND, pa, data_.data(), sizeof value) == sizeof value;
}

unsigned tlm_memory_port::access_untimed(tlm::tlm_command command, uint64_t pa, unsigned char *data,
                                         unsigned bytes)
{
    tlm::tlm_generic_payload payload;
    set_up(payload, command, pa, data, bytes);
    unsigned done = socket->transport_dbg(payload);
    for (unsigned i = 0; i < done; i++) {
        uint8_t cached;
        if (command == tlm::TLM_WRITE_COMMAND)
            machine_write_cached_byte(machine_, pa + i, data[i]);
        else if (machine_cached_byte(machine_, pa + i, &cached))
            data[i] = cached;
    }
    return done;
}

void tlm_memory_port::preload(uint64_t pa, uint64_t size_bytes)
{
    preloads_.push_back({pa, size_bytes});
}

/* Zero is what a sparse memory holds anyway, and the machine's own memory where nothing was written. */
void tlm_memory_port::start_of_simulation()
{
    for (const region &wanted : preloads_)
        for (uint64_t done = 0; done < wanted.size_bytes; done += 8) {
            uint64_t value = 0;
            uint64_t pa = wanted.pa + done;
            if (machine_peek(machine_, pa, &value) && value != 0 && !write_untimed(pa, value))
                preload_failed_ = true;
        }
}

} // namespace mmusim
