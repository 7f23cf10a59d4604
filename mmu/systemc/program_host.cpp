#define SC_INCLUDE_DYNAMIC_PROCESSES /* programs are spawned */
#include "mmu/systemc/program_host.h"

#include <cstdlib>
#include <memory>
#include <new>
#include <systemc>
#include <vector>

#include "mmu/systemc/lockstep.h"

namespace
{

/*
 * Lua lets a script nest 200 calls of C (LUAI_MAXCCALLS) before it says that this is too deep; each may take
 * some KiB (string.gsub, a fault handler). The host gives memory only to what is touched.
 */
constexpr int stack_bytes = 2 * 1024 * 1024;

sc_core::sc_time cycle_time(uint64_t cycle)
{
    return sc_core::sc_time::from_value(cycle * mmusim::units_per_cycle);
}

struct program {
    program_body body = nullptr;
    void *context = nullptr;
    sc_core::sc_event turn;
    bool my_turn = false;
};

} // namespace

/* SystemC's library refers to it for programs without a main of their own; one that has a sc_main keeps it.
 */
extern "C" __attribute__((weak)) int sc_main(int, char **)
{
    return EXIT_FAILURE;
}

/* The body's thread, the turns, and what the two modes have in common. */
struct program_host {
    struct machine *machine;
    host_mode mode;
    enum machine_status status = MACHINE_DONE;
    bool stopping = false;
    std::vector<std::unique_ptr<program>> programs;
    std::unique_ptr<mmusim::lockstep> lockstep;

    program_host(struct machine *owner, host_mode wanted) : machine(owner), mode(wanted)
    {
        programs.resize(machine_config(machine)->cores);
        if (mode == HOST_LOCKSTEP)
            lockstep = std::make_unique<mmusim::lockstep>(
                "lockstep", machine, [this](unsigned core, uint64_t cycle) { give_turn(core, cycle, 1); });
    }

    /* `units` of sub-cycle time after the cycle's beginning (lock-step), never in the kernel's past. */
    void give_turn(unsigned core, uint64_t cycle, unsigned units)
    {
        sc_core::sc_time at = cycle_time(cycle);
        if (mode == HOST_LOCKSTEP)
            at = mmusim::sub_cycle_time(cycle, mmusim::core_unit(core) + units);
        sc_core::sc_time now = sc_core::sc_time_stamp();
        programs[core]->my_turn = true;
        programs[core]->turn.notify(at > now ? at - now : sc_core::SC_ZERO_TIME);
    }

    void wait_for_turn(unsigned core)
    {
        while (!programs[core]->my_turn)
            sc_core::wait(programs[core]->turn);
        programs[core]->my_turn = false;
    }

    void stop(enum machine_status why)
    {
        if (!stopping)
            status = why;
        stopping = true;
        if (lockstep)
            lockstep->halt();
        for (auto &other : programs)
            if (other && !other->my_turn) {
                other->my_turn = true;
                other->turn.notify(sc_core::SC_ZERO_TIME);
            }
    }

    /* The kernel goes on to the program's cycle, if anything else there has to happen before. */
    void synchronise(unsigned core)
    {
        sc_core::sc_time target = cycle_time(machine_now(machine, core));
        sc_core::sc_time now = sc_core::sc_time_stamp();
        if (target > now && sc_core::sc_pending_activity() &&
            sc_core::sc_time_to_pending_activity() <= target - now)
            sc_core::wait(target - now);
    }

    /* Fast mode: simulated time passes until some program is to be asked. True if it is this one. */
    bool advance(unsigned core)
    {
        unsigned asked = 0;
        enum machine_status found = machine_advance(machine, &asked);
        if (found != MACHINE_PROGRAM) {
            stop(found);
            return false;
        }
        if (asked == core)
            return true;
        give_turn(asked, machine_now(machine, asked), 0);
        return false;
    }

    const struct core_result *perform(unsigned core, const struct core_operation *operation)
    {
        if (stopping)
            return nullptr;
        machine_post(machine, core, operation);
        if (machine_error(machine)) {
            stop(MACHINE_ERROR);
            return nullptr;
        }
        if (mode == HOST_LOCKSTEP) {
            lockstep->posted(core);
            wait_for_turn(core);
        } else if (advance(core)) {
            synchronise(core);
        } else {
            wait_for_turn(core);
        }
        return stopping || machine_error(machine) ? nullptr : machine_result(machine, core);
    }

    void run_body(unsigned core)
    {
        wait_for_turn(core);
        if (!stopping)
            programs[core]->body(programs[core]->context, core);
        if (stopping)
            return;
        machine_end_program(machine, core);
        if (mode == HOST_LOCKSTEP)
            lockstep->posted(core);
        else
            advance(UINT32_MAX);
    }

    void begin()
    {
        for (unsigned i = 0; i < programs.size(); i++) {
            if (!programs[i])
                continue;
            sc_core::sc_spawn_options options;
            options.set_stack_size(stack_bytes);
            machine_add_program(machine, i);
            sc_core::sc_spawn([this, i] { run_body(i); }, sc_core::sc_gen_unique_name("program"), &options);
        }
        if (mode == HOST_LOCKSTEP) {
            lockstep->schedule_all();
        } else {
            sc_core::sc_spawn_options options;
            options.set_stack_size(stack_bytes);
            sc_core::sc_spawn([this] { advance(UINT32_MAX); }, "starter", &options);
        }
    }

    enum machine_status run()
    {
        begin();
        sc_core::sc_start();
        if (mode == HOST_LOCKSTEP && !stopping) {
            unsigned core;
            status = machine_advance(machine, &core); /* nothing is left: it says how it ended */
            stop(status);
            sc_core::sc_start(sc_core::sc_time::from_value(1)); /* the bodies that still wait return */
        }
        return machine_error(machine) ? MACHINE_ERROR : status;
    }
};

struct program_host *program_host_create(struct machine *machine, enum host_mode mode)
{
    static bool made = false; /* the SystemC kernel of a process cannot be reset */
    if (made)
        return nullptr;
    made = true;
    if (setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1) != 0)
        return nullptr;
    /* A machine without a program has nothing to do. */
    sc_core::sc_report_handler::set_actions(sc_core::SC_ID_NO_SC_START_ACTIVITY_, sc_core::SC_DO_NOTHING);
    try {
        return new program_host(machine, mode);
    } catch (const std::bad_alloc &) {
        return nullptr;
    }
}

void program_host_destroy(struct program_host *host)
{
    delete host;
}

void program_host_add(struct program_host *host, unsigned core, program_body body, void *context)
{
    host->programs[core] = std::make_unique<program>();
    host->programs[core]->body = body;
    host->programs[core]->context = context;
}

enum machine_status program_host_run(struct program_host *host)
{
    return host->run();
}

const struct core_result *program_host_do(struct program_host *host, unsigned core,
                                          const struct core_operation *operation)
{
    return host->perform(core, operation);
}

void program_host_stop(struct program_host *host)
{
    host->stop(MACHINE_ERROR);
}

bool program_host_stopping(const struct program_host *host)
{
    return host->stopping;
}
