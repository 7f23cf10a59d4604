/*
 * A small virtual platform around the MMU, as somebody else would write it: two traffic generators, a memory
 * with a latency of its own, and page tables that the platform puts there. Public headers only.
 */
#ifndef MMUSIM_MMU_SYSTEMC_TEST_FOREIGN_PLATFORM_H
#define MMUSIM_MMU_SYSTEMC_TEST_FOREIGN_PLATFORM_H

#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>
#include <vector>

#include "mmu/systemc/mmu_module.h"
#include "pagetables/vmsa.h"
#include "pagetables/walk.h"

namespace platform
{

constexpr uint64_t page_bytes = 4096;

/* Physical memory: sparse, loosely timed, and with a log of what was asked of it in time. */
class ram : public sc_core::sc_module
{
  public:
    struct transaction {
        bool write;
        uint64_t pa;
        unsigned bytes;
        sc_core::sc_time begin;
    };

    tlm_utils::simple_target_socket<ram, 64> socket;
    std::vector<transaction> log;

    ram(sc_core::sc_module_name name, uint64_t size_bytes, unsigned latency_cycles)
        : sc_module(name), socket("socket"), size_bytes_(size_bytes), latency_(latency_cycles, sc_core::SC_NS)
    {
        socket.register_b_transport(this, &ram::b_transport);
        socket.register_transport_dbg(this, &ram::transport_dbg);
    }

    unsigned char &byte(uint64_t pa)
    {
        return bytes_[pa];
    }
    uint64_t word(uint64_t pa)
    {
        uint64_t value = 0;
        for (unsigned i = 0; i < 8; i++)
            value |= static_cast<uint64_t>(byte(pa + i)) << 8 * i;
        return value;
    }
    void put(uint64_t pa, uint64_t value)
    {
        for (unsigned i = 0; i < 8; i++)
            byte(pa + i) = static_cast<unsigned char>(value >> 8 * i);
    }
    /* How many transactions in time went to this page. */
    unsigned accesses(uint64_t page) const
    {
        unsigned count = 0;
        for (const transaction &one : log)
            count += one.pa / page_bytes == page / page_bytes;
        return count;
    }

  private:
    unsigned transport_dbg(tlm::tlm_generic_payload &payload)
    {
        unsigned count = payload.get_data_length();
        uint64_t pa = payload.get_address();
        if (pa + count > size_bytes_)
            return 0;
        for (unsigned i = 0; i < count; i++)
            if (payload.is_write())
                byte(pa + i) = payload.get_data_ptr()[i];
            else
                payload.get_data_ptr()[i] = byte(pa + i);
        return count;
    }

    void b_transport(tlm::tlm_generic_payload &payload, sc_core::sc_time &delay)
    {
        log.push_back({payload.is_write(), payload.get_address(), payload.get_data_length(),
                       sc_core::sc_time_stamp() + delay});
        delay += latency_;
        payload.set_response_status(transport_dbg(payload) ? tlm::TLM_OK_RESPONSE
                                                           : tlm::TLM_ADDRESS_ERROR_RESPONSE);
    }

    std::map<uint64_t, unsigned char> bytes_;
    uint64_t size_bytes_;
    sc_core::sc_time latency_;
};

/* A thread that does what it is told, with a local time of its own. */
class generator : public sc_core::sc_module
{
  public:
    tlm_utils::simple_initiator_socket<generator, 64> socket;
    std::function<void(generator &)> program;
    sc_core::sc_time delay; /* how far it is ahead of the kernel */

    explicit generator(sc_core::sc_module_name name) : sc_module(name), socket("socket")
    {
        SC_HAS_PROCESS(generator);
        SC_THREAD(run);
    }

    sc_core::sc_time now() const
    {
        return sc_core::sc_time_stamp() + delay;
    }
    tlm::tlm_response_status send(tlm::tlm_generic_payload &payload,
                                  mmusim::mmu_extension *extension = nullptr)
    {
        payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
        if (extension)
            payload.set_extension(extension);
        socket->b_transport(payload, delay);
        if (extension)
            payload.clear_extension(extension);
        return payload.get_response_status();
    }
    tlm::tlm_response_status access(tlm::tlm_command command, uint64_t va, void *data, unsigned bytes,
                                    mmusim::mmu_extension *extension = nullptr)
    {
        tlm::tlm_generic_payload payload;
        describe(payload, command, va, data, bytes);
        return send(payload, extension);
    }
    unsigned debug(tlm::tlm_command command, uint64_t va, void *data, unsigned bytes)
    {
        tlm::tlm_generic_payload payload;
        describe(payload, command, va, data, bytes);
        return socket->transport_dbg(payload);
    }
    static void describe(tlm::tlm_generic_payload &payload, tlm::tlm_command command, uint64_t va, void *data,
                         unsigned bytes)
    {
        payload.set_command(command);
        payload.set_address(va);
        payload.set_data_ptr(static_cast<unsigned char *>(data));
        payload.set_data_length(bytes);
        payload.set_streaming_width(bytes);
    }

  private:
    void run()
    {
        if (program)
            program(*this);
    }
};

/*
 * VMSAv8-64 tables of 4 KiB pages and four levels, built in memory before the simulation starts. A guest's
 * say intermediate addresses, which are physical ones plus an offset.
 */
class tables
{
  public:
    tables(ram &memory, uint64_t first_table_pa, uint64_t offset = 0)
        : memory_(memory), next_(first_table_pa), offset_(offset)
    {
        root_ = take();
    }

    struct address_context context(uint16_t asid) const
    {
        struct address_context made = {};
        made.regime.format = walk_format_find("vmsa-4k-48");
        made.regime.root = root_ + offset_;
        made.regime.physical_size_lg2 = 48;
        made.space = asid;
        made.asid = asid;
        return made;
    }

    /* Where the leaf entry of the page lies; the tables above it are made. */
    uint64_t leaf_entry(uint64_t va)
    {
        uint64_t table = root_;
        for (unsigned shift = 39;; shift -= 9) {
            uint64_t entry = table + 8 * (va >> shift & 511);
            if (shift == 12)
                return entry;
            if (memory_.word(entry) == 0)
                memory_.put(entry, (take() + offset_) | VMSA_TABLE | VMSA_VALID);
            table = (memory_.word(entry) & VMSA_ADDRESS) - offset_;
        }
    }

    static uint64_t page(uint64_t pa, bool writable)
    {
        return pa | VMSA_AF | VMSA_AP_USER | (writable ? 0 : VMSA_AP_READ_ONLY) | VMSA_NG | VMSA_TABLE |
               VMSA_VALID;
    }

    void map(uint64_t va, uint64_t pa, bool writable = true)
    {
        memory_.put(leaf_entry(va), page(pa + offset_, writable));
    }

  private:
    uint64_t take()
    {
        uint64_t table = next_;
        next_ += page_bytes;
        return table;
    }

    ram &memory_;
    uint64_t root_ = 0, next_, offset_;
};

} // namespace platform

#endif
