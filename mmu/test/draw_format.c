/* How the tables of a run are walked. */
#include "mmu/test/eager_format.h"
#include "mmu/test/machine_fixture.h"

void draw_format(uint64_t *state, struct fixture *fixture)
{
    bool plain = draw_below(state, 2);
    if (fixture->guest || plain)
        return;
    eager_format_init();
    uint32_t features = draw_below(state, 4) ? EAGER_LINES | EAGER_MARKS : (uint32_t)draw(state);
    for (unsigned i = 0; i < 2; i++) {
        fixture->contexts[i].regime.format = &eager_format;
        fixture->contexts[i].regime.features = features & (EAGER_LINES | EAGER_MARKS);
    }
}
