/*
 * One simulation of the platform, bound and with its page tables, and how a test runs it: in a process of its
 * own, where what it finds wrong is what it writes.
 */
#ifndef MMUSIM_MMU_SYSTEMC_TEST_FOREIGN_WORLD_H
#define MMUSIM_MMU_SYSTEMC_TEST_FOREIGN_WORLD_H

#include <cinttypes>
#include <cstdio>
#include <memory>
#include <string>

#include "mmu/systemc/test/foreign_platform.h"

namespace platform
{

using sc_core::sc_time;

/* No two sums of these are equal by chance. */
constexpr unsigned l1 = 3, l2 = 11, promised = 31, latency = 37, bus = 5, switching = 17, fault_cost = 53,
                   isb = 13;
constexpr unsigned walk = l1 + l2 + 4 * latency; /* four levels, one after the other */

constexpr uint64_t base_va = 0x40000000, read_only_va = base_va + 16 * page_bytes,
                   hole_va = base_va + 32 * page_bytes, outside_va = base_va + 33 * page_bytes;
constexpr uint64_t ram_bytes = 0x800000, tables_pa = 0x100000, frames_pa = 0x200000,
                   other_frame_pa = 0x300000;

constexpr uint64_t va_of(unsigned page)
{
    return base_va + page * page_bytes;
}

constexpr uint64_t pa_of(unsigned page)
{
    return frames_pa + (page ^ 5U) * page_bytes; /* neighbours are not neighbours in memory */
}

struct mmu_config small_machine();

/* Everything bound: what each scenario varies is in its programs. */
struct world {
    FILE *out;
    bool bind_memory = true, bind_second = true;
    struct mmu_config config = small_machine();
    mmusim::mmu_module mmu;
    platform::ram ram;
    platform::tables tables;
    std::unique_ptr<platform::generator> cpu[2];

    explicit world(FILE *file, unsigned ram_latency = latency, bool reversed = false,
                   const struct mmu_config &wanted = small_machine())
        : out(file), config(wanted), mmu("mmu", config), ram("ram", ram_bytes, ram_latency),
          tables(ram, tables_pa)
    {
        for (unsigned i = 0; i < 2; i++) {
            unsigned which = reversed ? 1 - i : i;
            cpu[which] = std::make_unique<platform::generator>(("cpu" + std::to_string(which)).c_str());
        }
        for (unsigned page = 0; page < 12; page++)
            tables.map(va_of(page), pa_of(page));
        tables.map(read_only_va, pa_of(13), false);
        tables.map(outside_va, ram_bytes + page_bytes);
        (void)tables.leaf_entry(hole_va); /* its tables are there, the entry is zero */
        for (uint64_t i = 0; i < 16 * page_bytes; i++)
            ram.byte(frames_pa + i) = static_cast<unsigned char>(i * 131 + i / 256);
    }

    void bind()
    {
        cpu[0]->socket.bind(mmu.core[0]);
        if (bind_second)
            cpu[1]->socket.bind(mmu.core[1]);
        if (bind_memory)
            mmu.memory.socket.bind(ram.socket);
    }

    void expect(const char *what, uint64_t got, uint64_t wanted) const
    {
        if (got != wanted)
            std::fprintf(out, "%s: 0x%" PRIx64 " (%" PRIu64 ") instead of 0x%" PRIx64 " (%" PRIu64 ")\n",
                         what, got, got, wanted, wanted);
    }

    /* Runs it to its end, which has to be a good one. */
    void simulate()
    {
        bind();
        sc_core::sc_start();
        if (!mmu.finish())
            std::fprintf(out, "it ended with an error: %s\n", mmu.error().c_str());
        std::fprintf(out, "end\n");
    }

    /* Picoseconds that `action` takes by the initiator's own clock. */
    template <typename action> uint64_t duration(platform::generator &self, action act) const
    {
        sc_time begin = self.now();
        act();
        return (self.now() - begin).value();
    }
    template <typename action>
    void takes(platform::generator &self, const char *what, uint64_t cycles, action act) const
    {
        expect(what, duration(self, act), cycles * 1000);
    }

    uint64_t load(platform::generator &self, uint64_t va, mmusim::mmu_extension *extension = nullptr) const
    {
        uint64_t value = 0;
        tlm::tlm_response_status status = self.access(tlm::TLM_READ_COMMAND, va, &value, 8, extension);
        expect("response of a load", static_cast<unsigned>(status), tlm::TLM_OK_RESPONSE);
        return value;
    }
    void store(platform::generator &self, uint64_t va, uint64_t value) const
    {
        tlm::tlm_response_status status = self.access(tlm::TLM_WRITE_COMMAND, va, &value, 8);
        expect("response of a store", static_cast<unsigned>(status), tlm::TLM_OK_RESPONSE);
    }
    void enter(unsigned core)
    {
        if (!mmu.switch_space(core, tables.context(1)))
            std::fprintf(out, "switch_space failed: %s\n", mmu.error().c_str());
    }
};

/* What is played, and on which platform. */
struct scenario {
    void (*play)(world &w);
    unsigned ram_latency = latency;
    bool reversed = false; /* the order in which the generators are made */
    bool store_buffer = true;
};

/* What it wrote: "end", if all was right. */
std::string play(scenario scene);
/* Fails the test if anything was wrong. */
void assert_plays(scenario scene);

} // namespace platform

#endif
