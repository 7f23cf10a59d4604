#include "mmu/systemc/lockstep.h"

#include <string>
#include <utility>

namespace mmusim
{

namespace
{

constexpr uint64_t not_scheduled = UINT64_MAX;
constexpr unsigned deliver_every = 1024; /* steps and arbitrations between two deliveries of events */

void notify_at(sc_core::sc_event &event, const sc_core::sc_time &at)
{
    event.notify(at - sc_core::sc_time_stamp());
}

} // namespace

core_module::core_module(sc_core::sc_module_name name, lockstep &owner, unsigned index)
    : sc_module(name), owner_(owner), index_(index), scheduled_cycle_(not_scheduled)
{
    SC_HAS_PROCESS(core_module);
    SC_METHOD(step);
    sensitive << event_;
    dont_initialize();
}

/* An earlier notification takes the place of a later one. */
void core_module::schedule()
{
    uint64_t next = machine_core_next(owner_.machine(), index_);
    if (asked_ || next >= scheduled_cycle_)
        return;
    scheduled_cycle_ = next;
    notify_at(event_, owner_.time_of(next, core_unit(index_)));
}

void core_module::answered()
{
    asked_ = false;
}

void core_module::step()
{
    uint64_t cycle = owner_.now();
    scheduled_cycle_ = not_scheduled;
    if (owner_.halted())
        return;
    asked_ = machine_core_step(owner_.machine(), index_, cycle);
    owner_.deliver(cycle);
    if (asked_)
        owner_.ask(index_, cycle);
    owner_.schedule_all();
}

bus_module::bus_module(sc_core::sc_module_name name, lockstep &owner)
    : sc_module(name), owner_(owner), scheduled_cycle_(not_scheduled)
{
    SC_HAS_PROCESS(bus_module);
    SC_METHOD(arbitrate);
    sensitive << event_;
    dont_initialize();
}

void bus_module::schedule()
{
    uint64_t next = machine_memory_next(owner_.machine());
    if (next >= scheduled_cycle_)
        return;
    scheduled_cycle_ = next;
    notify_at(event_, owner_.time_of(next, bus_unit));
}

void bus_module::arbitrate()
{
    uint64_t cycle = owner_.now();
    scheduled_cycle_ = not_scheduled;
    if (owner_.halted())
        return;
    machine_arbitrate(owner_.machine(), cycle);
    owner_.deliver(cycle);
    owner_.schedule_all();
}

lockstep::lockstep(sc_core::sc_module_name name, struct machine *machine, asker ask, unsigned lead_units)
    : sc_module(name), machine_(machine), ask_(std::move(ask)), lead_units_(lead_units)
{
    for (unsigned i = 0; i < machine_config(machine)->cores; i++)
        cores_.push_back(std::make_unique<core_module>(("core" + std::to_string(i + 1)).c_str(), *this, i));
    bus_ = std::make_unique<bus_module>("bus", *this);
}

bool lockstep::begin(unsigned core)
{
    machine_begin_program(machine_, core, now());
    bool asked = machine_core_step(machine_, core, now()); /* everything else of this cycle is done */
    if (!asked)
        schedule_all();
    return asked;
}

sc_core::sc_time lockstep::time_of(uint64_t cycle, unsigned unit) const
{
    return sub_cycle_time(cycle, unit) - sc_core::sc_time::from_value(lead_units_);
}

uint64_t lockstep::now() const
{
    return (sc_core::sc_time_stamp().value() + lead_units_) / units_per_cycle;
}

void lockstep::posted(unsigned core)
{
    cores_[core]->answered();
    schedule_all();
}

void lockstep::schedule_all()
{
    for (auto &core : cores_)
        core->schedule();
    bus_->schedule();
}

void lockstep::ask(unsigned core, uint64_t cycle)
{
    ask_(core, cycle);
}

void lockstep::deliver(uint64_t cycle)
{
    if (++steps_ >= deliver_every) {
        steps_ = 0;
        (void)machine_deliver(machine_, cycle); /* a failure is kept as the machine's error */
    }
    if (machine_error(machine_))
        failed.notify(sc_core::SC_ZERO_TIME);
}

void lockstep::halt()
{
    halted_ = true;
}

bool lockstep::halted() const
{
    return halted_ || machine_error(machine_);
}

} // namespace mmusim
