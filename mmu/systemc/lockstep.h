/*
 * The lock-step scheduler: the plain SystemC reading of the model, and the reference for the fast one.
 *
 * Every core and the bus are processes of the kernel, and every step of theirs is an event. The order
 * within a cycle comes from sub-cycle times: the cores by number, each with its program right behind it,
 * then the bus. Nothing depends on delta cycles or on the kernel's order of processes.
 *
 * Foreign modules know whole cycles only. For them a cycle may begin early, by `lead_units`: what the cores
 * do in cycle k then happens shortly before k cycles of the kernel's time, so that who waits for it can act
 * at exactly that time and still in cycle k; the bus decides shortly after. No core may have anything to do
 * in cycle 0 then, but by posted().
 */
#ifndef MMUSIM_MMU_SYSTEMC_LOCKSTEP_H
#define MMUSIM_MMU_SYSTEMC_LOCKSTEP_H

#include <functional>
#include <memory>
#include <systemc>
#include <vector>

#include "mmu/machine.h"

namespace mmusim
{

/* SystemC's time resolution is one picosecond; a cycle is one nanosecond. */
constexpr uint64_t units_per_cycle = 1000;
constexpr unsigned bus_unit = 900;

inline unsigned core_unit(unsigned core)
{
    return 2 * core; /* its program has the unit behind it */
}

inline sc_core::sc_time sub_cycle_time(uint64_t cycle, unsigned unit)
{
    return sc_core::sc_time::from_value(cycle * units_per_cycle + unit);
}

class lockstep;

/* One core: a step at each cycle in which it has something to do. */
class core_module : public sc_core::sc_module
{
  public:
    core_module(sc_core::sc_module_name name, lockstep &owner, unsigned index);
    void schedule();
    /* Its program has answered: it may be scheduled again. */
    void answered();

  private:
    void step();

    lockstep &owner_;
    unsigned index_;
    uint64_t scheduled_cycle_;
    bool asked_ = false; /* its program has to answer first */
    sc_core::sc_event event_;
};

/* The memory system: acts at the end of each cycle in which it has something to do. */
class bus_module : public sc_core::sc_module
{
  public:
    bus_module(sc_core::sc_module_name name, lockstep &owner);
    void schedule();

  private:
    void arbitrate();

    lockstep &owner_;
    uint64_t scheduled_cycle_;
    sc_core::sc_event event_;
};

class lockstep : public sc_core::sc_module
{
  public:
    using asker = std::function<void(unsigned core, uint64_t cycle)>;

    /* `ask` is called when a core's program has to say what comes next. */
    lockstep(sc_core::sc_module_name name, struct machine *machine, asker ask, unsigned lead_units = 0);

    /* A program begins on the core, now. True: it is asked at once, and what it does has to be posted. False:
     * an interrupt's handler has the core, and `ask` is called when it has ended. */
    bool begin(unsigned core);

    /* The program of the core has posted an operation, or ended. */
    void posted(unsigned core);
    /* Something may have come for any core: whoever has to act earlier than planned is planned anew. */
    void schedule_all();
    void ask(unsigned core, uint64_t cycle);
    /* Hands the events of earlier cycles to the observers, once in a while. */
    void deliver(uint64_t cycle);
    /* Nothing is stepped any more. */
    void halt();
    bool halted() const;
    struct machine *machine()
    {
        return machine_;
    }
    sc_core::sc_time time_of(uint64_t cycle, unsigned unit) const;
    uint64_t now() const;
    /* Notified when the machine has failed, and so is halted. */
    sc_core::sc_event failed;

  private:
    struct machine *machine_;
    asker ask_;
    unsigned lead_units_;
    bool halted_ = false;
    unsigned steps_ = 0; /* since the last delivery */
    std::vector<std::unique_ptr<core_module>> cores_;
    std::unique_ptr<bus_module> bus_;
};

} // namespace mmusim

#endif
