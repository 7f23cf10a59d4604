/*
 * A guest on the platform: its tables lie at intermediate addresses, and a second table translates those, all
 * of it in the platform's own memory.
 */
#include "mmu/systemc/test/foreign_world.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>

/* After everything of C++: it has a macro `fail`. */
extern "C" {
#include <cmocka.h>
}

using namespace platform;

namespace
{

/* Stage 2 is one block of 1 GiB, from this intermediate address to physical address 0. */
constexpr uint64_t gib = uint64_t{1} << 30, offset = gib, guest_tables_pa = 0x400000, stage2_pa = 0x500000;
constexpr uint64_t unmapped_va = base_va + 20 * page_bytes;
constexpr unsigned references = 4 * (1 + 1) + 1; /* four levels, and one of stage 2 for each and the page */
constexpr unsigned guest_walk = l1 + l2 + references * latency;

/* DDI 0487, D8.3.2: readable and writable, Normal Write-Back. */
constexpr uint64_t stage2_block = VMSA_VALID | VMSA_AF | uint64_t{3} << 6 | uint64_t{0xf} << 2;

struct guest {
    platform::tables tables;
    struct address_context context;
    struct translation_regime stage2 = {};
    struct two_stage_regime stages = {};

    explicit guest(world &w) : tables(w.ram, guest_tables_pa, offset), context(tables.context(1))
    {
        for (unsigned page = 0; page < 4; page++)
            tables.map(va_of(page), pa_of(page));
        tables.map(unmapped_va, 2 * gib); /* by stage 2 */
        w.ram.put(stage2_pa + 8 * (offset / gib), stage2_block);
        stage2.format = walk_format_find("vmsa-s2-4k-39");
        stage2.root = stage2_pa;
        stage2.physical_size_lg2 = 48;
        stages = {&context.regime, &stage2};
        context.two_stage = &stages;
        context.vmid = 3;
    }
};

void play_accesses(world &w)
{
    guest inside(w);
    w.cpu[0]->program = [&w, &inside](generator &self) {
        uint64_t value = 0;
        w.expect("switch", w.mmu.switch_space(0, inside.context), true);
        w.takes(self, "a load by a walk of two stages", guest_walk + latency,
                [&] { value = w.load(self, va_of(2) + 8); });
        w.expect("what it loads", value, w.ram.word(pa_of(2) + 8));
        w.takes(self, "a load by the entry of both", l1 + latency, [&] { w.load(self, va_of(2) + 16); });
        mmusim::mmu_extension extension;
        w.load(self, va_of(3) + 24, &extension);
        w.expect("its physical address", extension.pa, pa_of(3) + 24);
        w.expect("no stage at fault", extension.fault_stage, 0);
    };
    w.simulate();
}

void play_faults(world &w)
{
    guest inside(w);
    w.cpu[0]->program = [&w, &inside](generator &self) {
        mmusim::mmu_extension extension;
        uint64_t value = 0;
        w.expect("switch", w.mmu.switch_space(0, inside.context), true);
        tlm::tlm_response_status status =
            self.access(tlm::TLM_READ_COMMAND, unmapped_va + 8, &value, 8, &extension);
        w.expect("response", static_cast<unsigned>(-status),
                 static_cast<unsigned>(-tlm::TLM_ADDRESS_ERROR_RESPONSE));
        w.expect("kind", extension.fault, FAULT_TRANSLATION);
        w.expect("stage", extension.fault_stage, 2);
        w.expect("level", extension.fault_level, 1);
        w.expect("intermediate address", extension.fault_ipa, 2 * gib + offset + 8);
        w.expect("on a table", extension.fault_on_table, false);
        w.ram.put(stage2_pa + 8 * (offset / gib), 0);
        w.expect("invalidate", w.mmu.invalidate(0, {0, 0, 0, 3, INVALIDATE_VMID, true, false}), true);
        w.expect("barrier", w.mmu.barrier(0, BARRIER_DSB_ISH), true);
        self.access(tlm::TLM_READ_COMMAND, va_of(1), &value, 8, &extension);
        w.expect("stage, of the root", extension.fault_stage, 2);
        w.expect("on the root", extension.fault_on_table, true);
        w.expect("the root's address", extension.fault_ipa,
                 guest_tables_pa + offset + 8 * (va_of(1) >> 39 & 511));
    };
    w.simulate();
}

void play_debug(world &w)
{
    guest inside(w);
    w.cpu[0]->program = [&w, &inside](generator &self) {
        unsigned char data[32];
        w.expect("switch", w.mmu.switch_space(0, inside.context), true);
        w.takes(self, "the debug transport", 0, [&] {
            w.expect("two pages", self.debug(tlm::TLM_READ_COMMAND, va_of(2) - 16, data, 32), 32);
            for (unsigned i = 0; i < 32; i++) {
                uint64_t pa = i < 16 ? pa_of(1) + page_bytes - 16 + i : pa_of(2) + i - 16;
                w.expect("byte", data[i], w.ram.byte(pa));
            }
            w.expect("a hole of stage 1", self.debug(tlm::TLM_READ_COMMAND, va_of(4) - 16, data, 32), 16);
            w.expect("a hole of stage 2", self.debug(tlm::TLM_READ_COMMAND, unmapped_va, data, 8), 0);
            const uint64_t mark = 4711;
            std::memcpy(data, &mark, sizeof mark);
            w.expect("write", self.debug(tlm::TLM_WRITE_COMMAND, va_of(3), data, 8), 8);
            w.expect("what it wrote", w.ram.word(pa_of(3)), mark);
        });
    };
    w.simulate();
}

void a_walk_reads_both_tables_through_the_memory_socket(void **)
{
    assert_plays({play_accesses});
}

void faults_tell_their_stage_and_intermediate_address(void **)
{
    assert_plays({play_faults});
}

void debug_transport_translates_by_both_stages(void **)
{
    assert_plays({play_debug});
}

} // namespace

int sc_main(int, char **)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_walk_reads_both_tables_through_the_memory_socket),
        cmocka_unit_test(faults_tell_their_stage_and_intermediate_address),
        cmocka_unit_test(debug_transport_translates_by_both_stages),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
