/* How the tables of a run are walked, and under which state of a core. */
#include "mmu/test/eager_format.h"
#include "mmu/test/guest_fixture.h"

#define UPPER_HALF (~UINT64_C(0) << 48)
#define MIDDLE     (UINT64_C(1) << 47)

static void draw_eager(uint64_t *state, struct fixture *fixture)
{
    eager_format_init();
    uint32_t features = draw_below(state, 4) ? EAGER_LINES | EAGER_MARKS : (uint32_t)draw(state);
    bool ranges = draw_below(state, 2);
    for (unsigned i = 0; i < 2; i++) {
        fixture->contexts[i].regime.format = ranges ? &eager_ranges_format : &eager_format;
        fixture->contexts[i].regime.features = features & (EAGER_LINES | EAGER_MARKS);
    }
}

/* The same table translates the upper half, too. */
static void draw_high(uint64_t *state, struct fixture *fixture)
{
    fixture->high = fixture->contexts[0];
    fixture->high.regime.format = walk_format_find("vmsa-4k-48-high");
    fixture->high.space = 3;
    fixture->contexts[0].high = &fixture->high;
    fixture->contexts[1].high = draw_below(state, 4) ? &fixture->high : NULL;
}

/* Each space once more, under other controls. */
static void draw_controls(uint64_t *state, struct fixture *fixture)
{
    for (unsigned i = 0; i < 2; i++) {
        struct translation_regime *regime = &fixture->contexts[i].regime;
        regime->controls.flags = (uint32_t)draw(state) & CONTROLS_ALL;
        fixture->others[i] = fixture->contexts[i];
        if (fixture->guest) {
            fixture->guest->others[i] =
                (struct two_stage_regime){&fixture->others[i].regime, &fixture->guest->stage2};
            fixture->others[i].two_stage = &fixture->guest->others[i];
        }
        fixture->others[i].regime.controls.flags ^= CONTROL_PAN | ((uint32_t)draw(state) & CONTROLS_ALL);
    }
}

static void change_step(uint64_t *state, const struct fixture *fixture, struct script_step *step)
{
    struct core_operation *operation = &step->operation;
    bool other = draw_below(state, 2), high = draw_below(state, 4) == 0 && fixture->high.space;
    if (step->rendezvous)
        return;
    if (operation->kind == CORE_SWITCH && other)
        operation->context = &fixture->others[operation->context - fixture->contexts];
    if (operation->kind == CORE_ACCESS && high)
        operation->address |= UPPER_HALF;
    if (operation->kind == CORE_STREAM && high && step->stream.base < MIDDLE)
        step->stream.base |= UPPER_HALF;
    if (operation->kind == CORE_STREAM && other)
        operation->privilege = PRIVILEGE_KERNEL;
    if (operation->kind == CORE_INVALIDATE && high)
        operation->invalidation.va |= UPPER_HALF;
}

void draw_format(uint64_t *state, struct fixture *fixture, struct script *scripts)
{
    bool vmsa = strcmp(fixture->contexts[0].regime.format->name, "vmsa-4k-48") == 0;
    if (draw_below(state, 4) == 0)
        return;
    if (vmsa && draw_below(state, 4))
        draw_eager(state, fixture);
    if (vmsa && !fixture->guest && draw_below(state, 2))
        draw_high(state, fixture);
    draw_controls(state, fixture);
    for (unsigned core = 0; core < machine_config(fixture->machine)->cores; core++)
        for (unsigned i = 0; i < scripts[core].count; i++)
            change_step(state, fixture, &scripts[core].steps[i]);
}
