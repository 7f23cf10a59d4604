#include "mmu/systemc/test/module_driver.h"

#include <memory>
#include <string>
#include <tlm_utils/simple_initiator_socket.h>
#include <vector>

#include "mmu/systemc/mmu_module.h"
#include "mmu/systemc/test/sparse_memory_target.h"

namespace
{

class program : public sc_core::sc_module
{
  public:
    tlm_utils::simple_initiator_socket<program, 64> socket;

    program(sc_core::sc_module_name name, mmusim::mmu_module &mmu, unsigned core,
            const struct module_programs &programs)
        : sc_module(name), socket("socket"), mmu_(mmu), core_(core), programs_(programs)
    {
        SC_HAS_PROCESS(program);
        SC_THREAD(run);
    }

  private:
    void run()
    {
        struct core_operation operation;
        while (mmu_.error().empty() && programs_.next(programs_.context, core_, &operation))
            perform(operation);
    }

    /* Half of the waits are only noted: the next transaction begins later. */
    void perform(const struct core_operation &operation)
    {
        if (operation.kind == CORE_WAIT) {
            delay_ += sc_core::sc_time(static_cast<double>(operation.cycles), sc_core::SC_NS);
            if (operation.cycles % 2)
                synchronise();
        } else if (operation.kind == CORE_ACCESS) {
            access(operation);
        } else {
            synchronise();
            if (operation.kind == CORE_SWITCH)
                mmu_.switch_space(core_, *operation.context);
            else
                mmu_.perform(core_, operation);
        }
    }

    void synchronise()
    {
        if (delay_ != sc_core::SC_ZERO_TIME)
            sc_core::wait(delay_);
        delay_ = sc_core::SC_ZERO_TIME;
    }

    void access(const struct core_operation &operation)
    {
        tlm::tlm_generic_payload payload;
        mmusim::mmu_extension extension;
        uint64_t value = operation.value;
        extension.privilege = operation.privilege;
        extension.fetch = operation.access_kind == ACCESS_FETCH;
        extension.pc = operation.pc;
        payload.set_command(operation.access_kind == ACCESS_STORE ? tlm::TLM_WRITE_COMMAND
                                                                  : tlm::TLM_READ_COMMAND);
        payload.set_address(operation.address);
        payload.set_data_ptr(reinterpret_cast<unsigned char *>(&value));
        payload.set_data_length(operation.size_bytes);
        payload.set_streaming_width(operation.size_bytes);
        payload.set_extension(&extension);
        socket->b_transport(payload, delay_);
        payload.clear_extension(&extension);
    }

    mmusim::mmu_module &mmu_;
    unsigned core_;
    const struct module_programs &programs_;
    sc_core::sc_time delay_;
};

} // namespace

bool module_run(struct machine *machine, const struct module_programs *programs)
{
    const struct mmu_config *config = machine_config(machine);
    struct foreign_config memory = {};
    memory.size_bytes = config->memory_bytes;
    memory.latency_cycles = config->memory_latency_cycles;
    mmusim::mmu_module mmu("mmu", machine);
    sparse_memory_target target("target", memory);
    std::vector<std::unique_ptr<program>> cores;
    mmu.memory.socket.bind(target.socket);
    mmu.memory.preload(0, programs->used_bytes);
    for (unsigned i = 0; i < config->cores; i++) {
        cores.push_back(
            std::make_unique<program>(("program" + std::to_string(i)).c_str(), mmu, i, *programs));
        cores[i]->socket.bind(mmu.core[i]);
    }
    sc_core::sc_start();
    return mmu.error().empty();
}
