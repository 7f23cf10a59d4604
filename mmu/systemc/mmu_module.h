/*
 * The MMU as a SystemC module of somebody else's virtual platform.
 *
 * Each core has a TLM-2.0 target socket that takes *virtual* addresses; one initiator socket leads to the
 * platform's memory, which holds data and page tables and takes physical addresses:
 *
 *     mmusim::mmu_module mmu("mmu", config);
 *     cpu.socket.bind(mmu.core[0]);
 *     mmu.memory.socket.bind(ram.socket);
 *
 * A b_transport is an access of that core: look-ups, walks through the memory socket, data. It returns when
 * it is done, at the cycle at which the machine says so.
 *
 * Time. A cycle is one nanosecond. An access begins in the first cycle at or after the initiator's local time
 * (sc_time_stamp() + delay), and returns at the whole cycle in which it ended, with a delay of zero: all of
 * its time has elapsed. So an initiator that runs ahead is synchronised by each access; that is what makes
 * the interleaving of cores exact. Within a cycle the cores act first, then foreign initiators, then the bus
 * decides: the oldest request first, ties by the number of the core. So the kernel's order of processes, and
 * the order in which modules were made, change nothing. A core takes one call at a time; further ones wait,
 * in the order in which they came.
 *
 * Accesses. READ or WRITE, of any length: it is performed in pieces of 8 bytes, the width of the socket, one
 * after the other, each an access of the core. A piece that crosses a page is performed if both its halves
 * can be translated, or not at all; if a later piece faults, the earlier ones are done (done_bytes of the
 * extension). A write returns when it is in the core's store buffer (store_buffer.depth 0: in memory).
 *
 *     response                             means
 *     TLM_OK_RESPONSE                      done
 *     TLM_ADDRESS_ERROR_RESPONSE           a fault; mmu_extension has its kind, stage, level and address
 *     TLM_COMMAND_ERROR_RESPONSE           neither READ nor WRITE, or a fetch that writes; takes no time
 *     TLM_BYTE_ENABLE_ERROR_RESPONSE       byte enables are not supported; takes no time
 *     TLM_BURST_ERROR_RESPONSE             no data, a streaming width below the length, or a range beyond the
 *                                          end of 2^64 bytes; takes no time
 *     TLM_GENERIC_ERROR_RESPONSE           the platform has made a mistake, or the machine has failed:
 * error()
 *
 * transport_dbg takes virtual addresses, too: it reads the tables and the data by debug transport of the
 * memory socket. It takes no time, changes no state and asks for no rights; it sees what is in memory now,
 * and of the core's own stores also those still in its buffer. It returns how many bytes it could reach. What
 * it writes is in memory, where an older store that leaves a buffer later overwrites it. DMI is never
 * granted: every access is timed. AT initiators can call nb_transport, which the socket turns into
 * b_transport.
 *
 * Mistakes of the platform (a socket that is not bound, an access before switch_space, memory that answers
 * too early) are reported as SC_ERROR of type "/mmusim/mmu", in one sentence, which error() keeps; SystemC
 * throws then, unless sc_report_handler is told otherwise.
 */
#ifndef MMUSIM_MMU_SYSTEMC_MMU_MODULE_H
#define MMUSIM_MMU_SYSTEMC_MMU_MODULE_H

#include <map>
#include <memory>
#include <string>
#include <systemc>
#include <tlm>
#include <tlm_utils/simple_target_socket.h>
#include <vector>

#include "mmu/machine.h"
#include "mmu/systemc/lockstep.h"
#include "mmu/systemc/mmu_extension.h"
#include "mmu/systemc/tlm_memory.h"

namespace mmusim
{

class mmu_module : public sc_core::sc_module
{
    std::unique_ptr<struct machine, void (*)(struct machine *)> machine_;

  public:
    using core_socket = tlm_utils::simple_target_socket_tagged<mmu_module, 64>;

    sc_core::sc_vector<core_socket> core; /* config.cores of them, all to be bound */
    tlm_memory_port memory;               /* to be bound: memory.socket */

    /* Throws std::invalid_argument with one sentence if there can be no such machine. */
    mmu_module(sc_core::sc_module_name name, const struct mmu_config &config);
    /* Of a machine that is the caller's, outlives the module and has no programs. */
    mmu_module(sc_core::sc_module_name name, struct machine *machine);
    ~mmu_module() override;

    /*
     * What a core does beside its accesses. Called from an SC_THREAD that is at global time (one that runs
     * ahead waits for its local delay first); takes the operation's time. False: it was refused, and
     * error() says why.
     */
    /* The core translates by this from now on (cost.switch). The module keeps a copy, but not of what
     * `two_stage` refers to, which outlives the module. */
    bool switch_space(unsigned core, const struct address_context &context);
    /* Issues it, in one cycle; a barrier waits for it. */
    bool invalidate(unsigned core, const struct invalidation &what);
    bool barrier(unsigned core, enum barrier_kind kind);
    /* Any operation of machine.h but CORE_SWITCH and CORE_PARK. NULL: refused. Valid until the core's next
     * operation or access. */
    const struct core_result *perform(unsigned core, const struct core_operation &operation);

    const struct core_counters &counters(unsigned core) const;
    /* For observers of events (before the simulation starts) and for looking at it. */
    struct machine *machine();
    /* After the simulation: tells observers the rest of the events. False if the run had an error. */
    bool finish();
    /* The first mistake, one sentence; empty if there was none. */
    const std::string &error() const;

  protected:
    void before_end_of_elaboration() override;

  private:
    using machine_pointer = std::unique_ptr<struct machine, void (*)(struct machine *)>;
    mmu_module(sc_core::sc_module_name name, machine_pointer machine);

    struct core_state;
    class call;

    void b_transport(int core, tlm::tlm_generic_payload &payload, sc_core::sc_time &delay);
    unsigned transport_dbg(int core, tlm::tlm_generic_payload &payload);
    tlm::tlm_response_status access(unsigned core, tlm::tlm_generic_payload &payload, mmu_extension &answer);
    const struct core_result *run(unsigned core, const struct core_operation &operation);
    const struct address_context *keep(const struct address_context &context);
    unsigned access_untimed(unsigned core, tlm::tlm_command command, uint64_t pa, unsigned char *data,
                            unsigned bytes);
    bool usable(unsigned core);
    bool has_space(unsigned core);
    void report_failure();
    void refuse(const std::string &why);
    void take_turn(unsigned core);
    void await_turn(unsigned core);

    std::vector<std::unique_ptr<core_state>> states_;
    std::map<std::string, struct address_context> contexts_; /* by their bytes; never removed: walks refer to
                                                                them */
    lockstep lockstep_;
    std::string error_;
    bool failure_reported_ = false;
};

} // namespace mmusim

#endif
