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

namespace platform
{

namespace
{

void set(struct mmu_config &config, const char *name, uint64_t value)
{
    struct mmu_setting setting;
    if (!mmu_setting_find(&config, name, &setting))
        throw std::invalid_argument(name);
    mmu_setting_set(&config, &setting, value);
}

void play_scenario(void *argument, FILE *out)
{
    const auto *scene = static_cast<const scenario *>(argument);
    struct mmu_config config = small_machine();
    if (!scene->store_buffer)
        set(config, "store_buffer.depth", 0);
    world w(out, scene->ram_latency, scene->reversed, config);
    scene->play(w);
}

} // namespace

struct mmu_config small_machine()
{
    struct mmu_config config;
    mmu_config_defaults(&config);
    set(config, "cores", 2);
    set(config, "memory.size", 2 * ram_bytes); /* the upper half has no memory behind it */
    set(config, "memory.latency", promised);
    set(config, "bus.occupancy", bus);
    set(config, "tlb.l1d.entries", 2);
    set(config, "tlb.l1d.ways", 2);
    set(config, "tlb.l1d.latency", l1);
    set(config, "tlb.l1i.latency", l1);
    set(config, "tlb.l2.latency", l2);
    set(config, "cost.switch", switching);
    set(config, "cost.fault", fault_cost);
    set(config, "cost.isb", isb);
    return config;
}

std::string play(scenario scene)
{
    struct recording recording;
    run_in_child(play_scenario, &scene, &recording);
    std::string found(reinterpret_cast<const char *>(recording.bytes), recording.count);
    recording_free(&recording);
    return found;
}

void assert_plays(scenario scene)
{
    assert_string_equal(play(scene).c_str(), "end\n");
}

} // namespace platform
