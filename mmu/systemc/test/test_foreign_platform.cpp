/*
 * The MMU in somebody else's platform: its data, its addresses, its faults, its time to the cycle.
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
using sc_core::sc_time;

namespace
{

/* ---- time ---------------------------------------------------------------------------------------- */

void play_latencies(world &w)
{
    w.cpu[0]->program = [&w](platform::generator &self) {
        w.takes(self, "switch", switching, [&] { w.enter(0); });
        w.takes(self, "walk", walk + latency, [&] { w.load(self, va_of(1)); });
        w.takes(self, "first-level hit", l1 + latency, [&] { w.load(self, va_of(1) + 8); });
        w.load(self, va_of(2));
        w.load(self, va_of(3)); /* the first level has two entries */
        w.takes(self, "second-level hit", l1 + l2 + latency, [&] { w.load(self, va_of(1)); });
        w.takes(self, "store", l1, [&] { w.store(self, va_of(1), 1); });
        w.takes(self, "isb", isb, [&] { w.mmu.barrier(0, BARRIER_ISB); });
        unsigned char line[64];
        w.mmu.barrier(0, BARRIER_DSB_ISH);
        w.takes(self, "line", 8 * (l1 + latency),
                [&] { self.access(tlm::TLM_READ_COMMAND, va_of(1), line, sizeof line); });
        w.expect("walks", w.mmu.counters(0).misses.walks, 3);
        w.expect("second-level hits", w.mmu.counters(0).misses.hits[1], 1);
    };
    w.simulate();
}

/* Whole cycles of the platform are whole cycles of the machine, however the initiator keeps its time. */
void play_local_time(world &w)
{
    w.cpu[0]->program = [&w](platform::generator &self) {
        w.enter(0);
        w.load(self, va_of(1));
        w.expect("after a call", self.now().value() % 1000, 0);
        self.delay = sc_time(7, sc_core::SC_NS); /* ahead of the kernel */
        sc_time kernel = sc_core::sc_time_stamp();
        w.takes(self, "hit of an initiator ahead", l1 + latency, [&] { w.load(self, va_of(1)); });
        w.expect("what has elapsed", (sc_core::sc_time_stamp() - kernel).value(), (7 + l1 + latency) * 1000);
        w.expect("delay that is left", self.delay.value(), 0);
        w.expect("when memory was asked", w.ram.log.back().begin.value(),
                 kernel.value() + (7 + l1 + 1) * 1000); /* at the end of the grant's cycle */
        sc_core::wait(sc_time(300, sc_core::SC_PS));
        w.expect("hit from within a cycle", w.duration(self, [&] { w.load(self, va_of(1)); }),
                 700 + (l1 + latency) * 1000);
        sc_core::wait(sc_time(11, sc_core::SC_NS));
        w.takes(self, "hit after a wait", l1 + latency, [&] { w.load(self, va_of(1)); });
    };
    w.simulate();
}

/* Both ask for the bus in the same cycle: the first core is first, whoever of the threads was first. */
void play_tie(world &w)
{
    for (unsigned i = 0; i < 2; i++)
        w.cpu[i]->program = [&w, i](platform::generator &self) {
            w.enter(i);
            w.load(self, va_of(1 + i));
            sc_core::wait(sc_time(2000, sc_core::SC_NS) - sc_core::sc_time_stamp());
            w.takes(self, i ? "second core" : "first core", l1 + latency + (i ? bus : 0),
                    [&] { w.load(self, va_of(1 + i)); });
        };
    w.simulate();
}

void play_one_core_two_threads(world &w)
{
    uint64_t ends[2] = {0, 0};
    w.cpu[0]->program = [&](platform::generator &self) {
        w.enter(0);
        w.load(self, va_of(1));
        sc_core::wait(sc_time(1000, sc_core::SC_NS) - sc_core::sc_time_stamp());
        w.load(self, va_of(1));
        ends[0] = sc_core::sc_time_stamp().value();
    };
    w.cpu[1]->program = [&](platform::generator &) {
        sc_core::wait(sc_time(1001, sc_core::SC_NS));
        w.mmu.barrier(0, BARRIER_ISB); /* of the other's core */
        ends[1] = sc_core::sc_time_stamp().value();
    };
    w.simulate();
    w.expect("first call's end", ends[0], (1000 + l1 + latency) * 1000);
    w.expect("second call's end", ends[1], (1000 + l1 + latency + isb) * 1000);
}

/* ---- data ---------------------------------------------------------------------------------------- */

/* Every length, at places around the end of a page: what was written is in the right bytes of memory, and
 * nowhere else, and is read again. */
void play_lengths(world &w)
{
    w.cpu[0]->program = [&w](platform::generator &self) {
        unsigned char written[200], got[200];
        w.enter(0);
        for (unsigned bytes = 1; bytes <= sizeof written; bytes += bytes < 65 ? 1 : 27) {
            uint64_t va = va_of(3) - bytes / 2 - bytes % 5;
            for (unsigned i = 0; i < bytes; i++)
                written[i] = static_cast<unsigned char>(bytes * 7 + i * 3);
            auto memory = [&](uint64_t at) -> unsigned char & {
                return w.ram.byte(pa_of(static_cast<unsigned>((at - base_va) / page_bytes)) +
                                  at % page_bytes);
            };
            unsigned char before = memory(va - 1), after = memory(va + bytes);
            w.expect("write", static_cast<unsigned>(self.access(tlm::TLM_WRITE_COMMAND, va, written, bytes)),
                     tlm::TLM_OK_RESPONSE);
            std::memset(got, 0, sizeof got); /* from the store buffer, as far as it is still there */
            w.expect("read", static_cast<unsigned>(self.access(tlm::TLM_READ_COMMAND, va, got, bytes)),
                     tlm::TLM_OK_RESPONSE);
            w.expect("bytes read", static_cast<unsigned>(std::memcmp(written, got, bytes) != 0), 0);
            w.mmu.barrier(0, BARRIER_DSB_ISHST);
            for (unsigned i = 0; i < bytes; i++)
                w.expect("byte in memory", memory(va + i), written[i]);
            w.expect("byte before", memory(va - 1), before);
            w.expect("byte after", memory(va + bytes), after);
        }
    };
    w.simulate();
}

void play_addresses(world &w)
{
    w.cpu[0]->program = [&w](platform::generator &self) {
        mmusim::mmu_extension extension;
        w.enter(0);
        uint64_t root = tables_pa, va = va_of(6) + 24;
        w.expect("value", w.load(self, va, &extension), w.ram.word(pa_of(6) + 24));
        w.expect("translated address", extension.pa, pa_of(6) + 24);
        w.expect("transactions", w.ram.log.size(), 5); /* four entries, and the data */
        for (unsigned level = 0; level < 4; level++) {
            uint64_t entry = root + 8 * (va >> (39 - 9 * level) & 511);
            w.expect("entry", w.ram.log[level].pa, entry);
            root = w.ram.word(entry) & VMSA_ADDRESS;
        }
        w.expect("data", w.ram.log[4].pa, pa_of(6) + 24);
        extension.fetch = true;
        w.expect("instruction", w.load(self, va_of(7) + page_bytes - 4, &extension) & 0xffffffff,
                 w.ram.word(pa_of(7) + page_bytes - 4) & 0xffffffff);
        w.expect("fetches", w.mmu.counters(0).accesses.fetches, 2); /* both halves */
        w.takes(self, "fetch", l1 + latency, [&] { w.load(self, va_of(7), &extension); });
    };
    w.simulate();
}

/* ---- faults -------------------------------------------------------------------------------------- */

void expect_fault(const world &w, platform::generator &self, tlm::tlm_command command, uint64_t va,
                  unsigned bytes, const mmusim::mmu_extension &wanted)
{
    unsigned char data[64] = {};
    mmusim::mmu_extension got;
    got.privilege = wanted.privilege;
    got.fetch = wanted.fetch;
    w.expect("response", static_cast<unsigned>(-self.access(command, va, data, bytes, &got)),
             static_cast<unsigned>(-tlm::TLM_ADDRESS_ERROR_RESPONSE));
    w.expect("fault", got.fault, wanted.fault);
    w.expect("level", got.fault_level, wanted.fault_level);
    w.expect("fault's address", got.fault_va, wanted.fault_va);
    w.expect("bytes done", got.done_bytes, wanted.done_bytes);
}

void play_faults(world &w)
{
    w.cpu[0]->program = [&w](platform::generator &self) {
        mmusim::mmu_extension wanted;
        w.enter(0);
        wanted.fault = FAULT_TRANSLATION;
        wanted.fault_level = 3;
        wanted.fault_va = hole_va + 8;
        w.takes(self, "fault", walk + fault_cost,
                [&] { expect_fault(w, self, tlm::TLM_READ_COMMAND, hole_va + 8, 8, wanted); });
        wanted.fault_level = 0;
        wanted.fault_va = UINT64_C(1) << 46;
        expect_fault(w, self, tlm::TLM_WRITE_COMMAND, UINT64_C(1) << 46, 8, wanted);
        w.load(self, read_only_va);
        wanted = {};
        wanted.fault = FAULT_PERMISSION;
        wanted.fault_level = 3;
        wanted.fault_va = read_only_va;
        w.takes(self, "permission", l1 + fault_cost,
                [&] { expect_fault(w, self, tlm::TLM_WRITE_COMMAND, read_only_va, 8, wanted); });
        wanted.fault_va = va_of(1);
        wanted.fetch = true;
        wanted.privilege = PRIVILEGE_KERNEL; /* does not execute what users may write */
        expect_fault(w, self, tlm::TLM_READ_COMMAND, va_of(1), 4, wanted);
        wanted = {};
        wanted.fault = FAULT_EXTERNAL_ABORT;
        wanted.fault_level = 3;
        wanted.fault_va = outside_va;
        expect_fault(w, self, tlm::TLM_READ_COMMAND, outside_va, 8, wanted);
        wanted = {};
        wanted.fault = FAULT_TRANSLATION; /* the page behind the last one */
        wanted.fault_level = 3;
        wanted.fault_va = va_of(12);
        wanted.done_bytes = 24; /* the piece that crosses into it is not done, not even its first half */
        w.mmu.barrier(0, BARRIER_DSB_ISH);
        expect_fault(w, self, tlm::TLM_WRITE_COMMAND, va_of(12) - 28, 64, wanted);
        w.mmu.barrier(0, BARRIER_DSB_ISH);
        w.expect("last piece done", w.ram.word(pa_of(11) + page_bytes - 12), 0);
        w.expect("first half", static_cast<unsigned>(w.ram.word(pa_of(11) + page_bytes - 8) >> 32 != 0), 1);
    };
    w.simulate();
}

/* Without a buffer a store waits for memory, and so can tell that there was none. */
void play_store_without_buffer(world &w)
{
    w.cpu[0]->program = [&w](platform::generator &self) {
        mmusim::mmu_extension wanted;
        w.enter(0);
        w.load(self, va_of(1));
        w.takes(self, "store", l1 + 1 + latency, [&] { w.store(self, va_of(1), 1); });
        wanted.fault = FAULT_EXTERNAL_ABORT;
        wanted.fault_level = 3;
        wanted.fault_va = outside_va;
        expect_fault(w, self, tlm::TLM_WRITE_COMMAND, outside_va, 8, wanted);
    };
    w.simulate();
}

void play_refused(world &w)
{
    w.cpu[0]->program = [&w](platform::generator &self) {
        unsigned char data[8] = {}, enables[8] = {};
        tlm::tlm_generic_payload payload;
        mmusim::mmu_extension extension;
        w.enter(0);
        auto send = [&](const char *what, tlm::tlm_response_status wanted) {
            w.takes(self, what, 0, [&] {
                w.expect(what, static_cast<unsigned>(-self.send(payload, &extension)),
                         static_cast<unsigned>(-wanted));
            });
        };
        auto fresh = [&](tlm::tlm_command command) {
            payload.set_byte_enable_ptr(nullptr);
            platform::generator::describe(payload, command, va_of(1), data, sizeof data);
        };
        fresh(tlm::TLM_IGNORE_COMMAND);
        send("ignore", tlm::TLM_COMMAND_ERROR_RESPONSE);
        fresh(tlm::TLM_READ_COMMAND);
        payload.set_byte_enable_ptr(enables);
        send("byte enables", tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
        fresh(tlm::TLM_READ_COMMAND);
        payload.set_streaming_width(4);
        send("streaming width", tlm::TLM_BURST_ERROR_RESPONSE);
        fresh(tlm::TLM_READ_COMMAND);
        payload.set_data_length(0);
        send("no data", tlm::TLM_BURST_ERROR_RESPONSE);
        fresh(tlm::TLM_READ_COMMAND);
        payload.set_address(UINT64_MAX - 3);
        send("wrap", tlm::TLM_BURST_ERROR_RESPONSE);
        extension.fetch = true;
        fresh(tlm::TLM_WRITE_COMMAND);
        send("fetch that writes", tlm::TLM_COMMAND_ERROR_RESPONSE);
        w.expect("translations", w.mmu.counters(0).accesses.translations, 0);
        tlm::tlm_dmi dmi;
        fresh(tlm::TLM_READ_COMMAND);
        w.expect("DMI", self.socket->get_direct_mem_ptr(payload, dmi), false);
        extension.fetch = false;
        payload.set_dmi_allowed(true);
        w.expect("good one", static_cast<unsigned>(self.send(payload)), tlm::TLM_OK_RESPONSE);
        w.expect("DMI hint", payload.is_dmi_allowed(), false);
    };
    w.simulate();
}

/* ---- remapping ----------------------------------------------------------------------------------- */

/* The first core changes the entry by physical stores, as an operating system there would. */
void remap(world &w, bool invalidates)
{
    struct core_operation write = {};
    write.kind = CORE_WRITE;
    write.address = w.tables.leaf_entry(va_of(1));
    write.value = platform::tables::page(other_frame_pa, true);
    w.mmu.perform(0, write);
    w.mmu.barrier(0, BARRIER_DSB_ISHST);
    struct invalidation what = {};
    what.va = va_of(1);
    what.asid = 1;
    what.scope = INVALIDATE_VA;
    what.broadcast = true;
    if (invalidates)
        w.mmu.invalidate(0, what);
    w.mmu.barrier(0, BARRIER_DSB_ISH);
}

void play_remap(world &w, bool invalidates)
{
    sc_core::sc_event mapped;
    w.ram.put(other_frame_pa, 0xbeef);
    w.cpu[0]->program = [&](platform::generator &self) {
        w.enter(0);
        w.expect("first core before", w.load(self, va_of(1)), w.ram.word(pa_of(1)));
        sc_core::wait(sc_time(2000, sc_core::SC_NS));
        remap(w, invalidates);
        w.ram.log.clear();
        mapped.notify();
        w.expect("first core after", w.load(self, va_of(1)), invalidates ? 0xbeef : w.ram.word(pa_of(1)));
    };
    w.cpu[1]->program = [&](platform::generator &self) {
        w.enter(1);
        w.expect("second core before", w.load(self, va_of(1)), w.ram.word(pa_of(1)));
        sc_core::wait(mapped);
        w.expect("second core after", w.load(self, va_of(1)), invalidates ? 0xbeef : w.ram.word(pa_of(1)));
    };
    w.simulate();
    w.expect("uses of the old frame", w.ram.accesses(pa_of(1)), invalidates ? 0 : 2);
    w.expect("uses of the new frame", w.ram.accesses(other_frame_pa), invalidates ? 2 : 0);
}

void play_good_remap(world &w)
{
    play_remap(w, true);
}

void play_forgotten_invalidation(world &w)
{
    play_remap(w, false);
}

/* ---- the debug transport ------------------------------------------------------------------------- */

void play_debug(world &w)
{
    w.cpu[0]->program = [&w](platform::generator &self) {
        unsigned char data[32];
        uint64_t value = 0, mark = 0x1122334455667788;
        w.expect("without an address space", self.debug(tlm::TLM_READ_COMMAND, va_of(1), data, 8), 0);
        w.enter(0);
        sc_time before = sc_core::sc_time_stamp();
        w.expect("two pages", self.debug(tlm::TLM_READ_COMMAND, va_of(3) - 16, data, 32), 32);
        for (unsigned i = 0; i < 32; i++)
            w.expect("byte", data[i],
                     w.ram.byte(i < 16 ? pa_of(2) + page_bytes - 16 + i : pa_of(3) + i - 16));
        w.expect("up to a hole", self.debug(tlm::TLM_READ_COMMAND, va_of(12) - 16, data, 32), 16);
        w.expect("write", self.debug(tlm::TLM_WRITE_COMMAND, read_only_va, &mark, 8), 8);
        w.expect("written", w.ram.word(pa_of(13)), mark);
        w.expect("beyond memory", self.debug(tlm::TLM_READ_COMMAND, outside_va, data, 8), 0);
        w.expect("time", (sc_core::sc_time_stamp() - before).value(), 0);
        w.expect("translations", w.mmu.counters(0).accesses.translations, 0);
        w.expect("transactions", w.ram.log.size(), 0);
        w.takes(self, "walk after it", walk + latency, [&] { w.load(self, va_of(3)); });
        w.store(self, va_of(3) + 8, mark + 1); /* still in the buffer */
        w.expect("memory", static_cast<unsigned>(w.ram.word(pa_of(3) + 8) != mark + 1), 1);
        w.expect("own store", self.debug(tlm::TLM_READ_COMMAND, va_of(3) + 8, &value, 8), 8);
        w.expect("own store's value", value, mark + 1);
    };
    w.simulate();
}

void every_path_takes_its_cycles(void **)
{
    assert_plays({play_latencies});
}

void the_initiators_own_time_is_honoured(void **)
{
    assert_plays({play_local_time});
}

void a_tie_goes_to_the_first_core(void **)
{
    assert_plays({play_tie});
}

void a_tie_does_not_depend_on_the_order_of_modules(void **)
{
    assert_plays({play_tie, latency, true});
}

void a_core_takes_one_call_at_a_time(void **)
{
    assert_plays({play_one_core_two_threads});
}

void every_byte_of_every_length_is_right(void **)
{
    assert_plays({play_lengths});
}

void every_byte_is_right_without_a_store_buffer(void **)
{
    assert_plays({play_lengths, latency, false, false});
}

void translated_addresses_reach_memory(void **)
{
    assert_plays({play_addresses});
}

void faults_are_address_errors_with_details(void **)
{
    assert_plays({play_faults});
}

void a_store_without_a_buffer_tells_that_there_is_no_memory(void **)
{
    assert_plays({play_store_without_buffer, latency, false, false});
}

void what_no_core_does_is_refused_at_once(void **)
{
    assert_plays({play_refused});
}

void after_invalidation_and_barrier_the_old_frame_is_not_used(void **)
{
    assert_plays({play_good_remap});
}

void without_invalidation_the_old_frame_is_used(void **)
{
    assert_plays({play_forgotten_invalidation});
}

void debug_transport_translates_without_time(void **)
{
    assert_plays({play_debug});
}

} // namespace

int sc_main(int, char **)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_path_takes_its_cycles),
        cmocka_unit_test(the_initiators_own_time_is_honoured),
        cmocka_unit_test(a_tie_goes_to_the_first_core),
        cmocka_unit_test(a_tie_does_not_depend_on_the_order_of_modules),
        cmocka_unit_test(a_core_takes_one_call_at_a_time),
        cmocka_unit_test(every_byte_of_every_length_is_right),
        cmocka_unit_test(every_byte_is_right_without_a_store_buffer),
        cmocka_unit_test(translated_addresses_reach_memory),
        cmocka_unit_test(faults_are_address_errors_with_details),
        cmocka_unit_test(a_store_without_a_buffer_tells_that_there_is_no_memory),
        cmocka_unit_test(what_no_core_does_is_refused_at_once),
        cmocka_unit_test(after_invalidation_and_barrier_the_old_frame_is_not_used),
        cmocka_unit_test(without_invalidation_the_old_frame_is_used),
        cmocka_unit_test(debug_transport_translates_without_time),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
