/*
 * What a platform around the MMU can do wrong, and the one sentence that it is told.
 */
#include "mmu/systemc/test/foreign_world.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <stdexcept>

#include "mmu/systemc/test/child.h"

/* After everything of C++: it has a macro `fail`. */
extern "C" {
#include <cmocka.h>
}

using namespace platform;
using sc_core::sc_time;

namespace
{

void expect_sentence(const world &w, const char *wanted)
{
    if (w.mmu.error() != wanted)
        std::fprintf(w.out, "'%s' instead of '%s'\n", w.mmu.error().c_str(), wanted);
    std::fprintf(w.out, "end\n");
}

/* SystemC would throw; AddressSanitizer takes an exception on a thread's stack for an overflow. */
void keep_reports_silent()
{
    sc_core::sc_report_handler::set_actions("/mmusim/mmu", sc_core::SC_ERROR, sc_core::SC_DO_NOTHING);
}

void play_missing_space(world &w)
{
    keep_reports_silent();
    w.cpu[0]->program = [&w](platform::generator &self) {
        uint64_t value;
        w.expect("response",
                 static_cast<unsigned>(-self.access(tlm::TLM_READ_COMMAND, va_of(1), &value, sizeof value)),
                 static_cast<unsigned>(-tlm::TLM_GENERIC_ERROR_RESPONSE));
        w.enter(0);
        w.load(self, va_of(1)); /* the machine is none the worse for it */
    };
    w.bind();
    sc_core::sc_start();
    expect_sentence(w, "mmu.core_0: an access came before switch_space had given this core an address space");
}

void play_too_early(world &w)
{
    keep_reports_silent();
    w.cpu[0]->program = [&w](platform::generator &self) {
        uint64_t value;
        w.enter(0);
        for (unsigned i = 0; i < 2; i++) /* and for good */
            w.expect("response",
                     static_cast<unsigned>(-self.access(tlm::TLM_READ_COMMAND, va_of(1), &value, 8)),
                     static_cast<unsigned>(-tlm::TLM_GENERIC_ERROR_RESPONSE));
    };
    w.bind();
    sc_core::sc_start();
    w.expect("good end", w.mmu.finish(), false);
    expect_sentence(w, "mmu: foreign memory answered a read of 0x100000 after 30 cycles; memory.latency "
                       "promises 31 at the least");
}

void expect_thrown(world &w, const char *wanted)
{
    w.bind();
    sc_core::sc_report_handler::set_actions("/mmusim/mmu", sc_core::SC_ERROR, sc_core::SC_THROW);
    try {
        sc_core::sc_start();
        std::fprintf(w.out, "nothing was reported\n");
    } catch (const sc_core::sc_report &) {
    }
    expect_sentence(w, wanted);
}

void play_unbound_memory(world &w)
{
    w.bind_memory = false;
    expect_thrown(w, "mmu.memory.socket is not bound; it needs the target that holds data and page tables");
}

void play_unbound_core(world &w)
{
    w.bind_second = false;
    expect_thrown(w, "mmu.core_1 is not bound; each of the 2 cores of this machine needs an initiator");
}

void play_misuse(world &w)
{
    keep_reports_silent();
    w.cpu[0]->program = [&w](platform::generator &) {
        struct core_operation park = {};
        struct address_context empty = {};
        park.kind = CORE_PARK;
        w.expect("a core that is not there", w.mmu.barrier(2, BARRIER_ISB), false);
        w.expect("park", w.mmu.perform(0, park) != nullptr, false);
        w.expect("space without a format", w.mmu.switch_space(0, empty), false);
        w.expect("good one", w.mmu.barrier(0, BARRIER_ISB), true);
    };
    w.bind();
    sc_core::sc_start();
    expect_sentence(w, "mmu: there is no core 2; they are numbered from 0, and there are 2");
}

void impossible_machine(void *, FILE *out)
{
    struct mmu_config config = small_machine();
    config.cores = 65;
    try {
        mmusim::mmu_module mmu("mmu", config);
    } catch (const std::invalid_argument &thrown) {
        std::fprintf(out, "%s", thrown.what());
    }
}

void an_access_without_an_address_space_is_refused(void **)
{
    assert_plays({play_missing_space});
}

void memory_that_answers_too_early_ends_the_run(void **)
{
    assert_plays({play_too_early, promised - 1});
}

void memory_must_be_bound(void **)
{
    assert_plays({play_unbound_memory});
}

void every_core_must_be_bound(void **)
{
    assert_plays({play_unbound_core});
}

void misuse_of_methods_is_refused(void **)
{
    assert_plays({play_misuse});
}

void a_machine_that_cannot_be_is_refused_with_its_parameter(void **)
{
    struct recording recording;
    run_in_child(impossible_machine, nullptr, &recording);
    assert_string_equal(reinterpret_cast<const char *>(recording.bytes),
                        "mmu: cores is 65; it must be from 1 to 64");
    recording_free(&recording);
}

} // namespace

int sc_main(int, char **)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_access_without_an_address_space_is_refused),
        cmocka_unit_test(memory_that_answers_too_early_ends_the_run),
        cmocka_unit_test(memory_must_be_bound),
        cmocka_unit_test(every_core_must_be_bound),
        cmocka_unit_test(misuse_of_methods_is_refused),
        cmocka_unit_test(a_machine_that_cannot_be_is_refused_with_its_parameter),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
