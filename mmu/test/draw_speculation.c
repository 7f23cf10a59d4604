#include "mmu/test/machine_fixture.h"

/* By priority, an adversary that keeps the bus busy would starve the higher cores for ever. */
static uint64_t draw_period(uint64_t *state, const struct mmu_config *config)
{
    static const uint64_t periods[] = {7, 60, 500};
    uint64_t period = periods[draw_below(state, 3)];
    return config->bus_arbitration == BUS_FIXED_PRIORITY ? 5000 : period;
}

void draw_speculation(uint64_t *state, struct mmu_config *config)
{
    static const uint64_t entries[] = {1, 3, 16, 64};
    config->prefetcher = draw_below(state, 2) ? draw_below(state, PREFETCHERS) : PREFETCH_NONE;
    config->prefetch_degree = 1 + draw_below(state, 3);
    config->prefetch_entries = entries[draw_below(state, 4)];
    config->adversary_period_cycles = draw_below(state, 4) ? 0 : draw_period(state, config);
    config->adversary_reach = 1 + draw_below(state, 8);
    config->adversary_delay_cycles = draw_below(state, 3) ? 0 : draw_below(state, 300);
    config->seed = draw(state) >> 1;
}
