/* Making a failing trial smaller: fewer steps, smaller numbers, fewer circumstances. */
#include <string.h>

#include "pagetables/conform/sequence.h"

/* Trials to make one smaller, and steps of all of them. */
#define RUNS_MAX  1200
#define TOTAL_MAX 60000

struct minimiser {
    struct conform_trial *trial;
    struct conform_step *steps; /* the smallest sequence that still fails */
    enum conform_property_id id;
    unsigned runs;
    size_t total;
};

static bool still_fails(struct minimiser *minimiser, const struct conform_step *steps, size_t count,
                        const struct conform_setting *setting)
{
    struct conform_trial *trial = minimiser->trial;
    struct conform_trial other = *trial;
    other.steps = steps;
    other.count = count;
    other.setting = *setting;
    minimiser->total += count;
    if (minimiser->runs++ >= RUNS_MAX || minimiser->total > TOTAL_MAX || conform_trial_run(&other) ||
        other.broken != minimiser->id)
        return false;
    memmove(minimiser->steps, steps, count * sizeof *steps);
    other.steps = minimiser->steps;
    *trial = other;
    return true;
}

/* ---- Fewer steps: delta debugging (A. Zeller, R. Hildebrandt, IEEE Transactions on Software Engineering
 * 28(2), 2002) ---- */

static bool drop_steps(struct minimiser *minimiser, size_t first, size_t dropped)
{
    struct conform_step steps[CONFORM_STEPS_MAX];
    size_t count = minimiser->trial->count;
    memcpy(steps, minimiser->steps, first * sizeof *steps);
    memcpy(steps + first, minimiser->steps + first + dropped, (count - first - dropped) * sizeof *steps);
    return still_fails(minimiser, steps, count - dropped, &minimiser->trial->setting);
}

static bool drop_any(struct minimiser *minimiser)
{
    bool smaller = false;
    for (size_t chunk = minimiser->trial->count; chunk > 0; chunk /= 2)
        for (size_t first = 0; first + chunk <= minimiser->trial->count;) {
            if (drop_steps(minimiser, first, chunk))
                smaller = true;
            else
                first++;
        }
    return smaller;
}

/* ---- Smaller numbers ---- */

/* All steps at an address move to another one. */
static bool move_address(struct minimiser *minimiser, uint64_t from, uint64_t to)
{
    struct conform_step steps[CONFORM_STEPS_MAX];
    size_t count = minimiser->trial->count;
    for (size_t i = 0; i < count; i++) {
        steps[i] = minimiser->steps[i];
        if (steps[i].va == from)
            steps[i].va = to;
        if (!conform_step_is_sound(minimiser->trial->options->format, &steps[i]))
            return false;
    }
    return from != to && still_fails(minimiser, steps, count, &minimiser->trial->setting);
}

static bool smaller_addresses(struct minimiser *minimiser)
{
    const struct walk_format *format = minimiser->trial->options->format;
    uint64_t page = UINT64_C(1) << format->page_lg2;
    bool smaller = false;
    for (size_t i = 0; i < minimiser->trial->count; i++) {
        uint64_t va = minimiser->steps[i].va, start = walk_format_extend(format, 0);
        const uint64_t tried[] = {start, start + page, start + 16 * page, start + (va & (0x200 * page - 1)),
                                  start + (va & (UINT64_C(0x40000) * page - 1))};
        for (unsigned j = 0; j < sizeof tried / sizeof *tried; j++)
            if (tried[j] - start < va - start && move_address(minimiser, va, tried[j])) {
                smaller = true;
                break;
            }
    }
    return smaller;
}

static bool same_step(const struct conform_step *one, const struct conform_step *other)
{
    return one->kind == other->kind && one->size_lg2 == other->size_lg2 &&
           one->attributes == other->attributes && one->va == other->va && one->base == other->base;
}

static bool replace_step(struct minimiser *minimiser, size_t index, const struct conform_step *step)
{
    struct conform_step steps[CONFORM_STEPS_MAX];
    if (!conform_step_is_sound(minimiser->trial->options->format, step) ||
        same_step(step, &minimiser->steps[index]))
        return false;
    memcpy(steps, minimiser->steps, minimiser->trial->count * sizeof *steps);
    steps[index] = *step;
    return still_fails(minimiser, steps, minimiser->trial->count, &minimiser->trial->setting);
}

static bool smaller_step(struct minimiser *minimiser, size_t index)
{
    const uint32_t plain[] = {FRAME_READABLE | FRAME_WRITABLE | FRAME_USER, FRAME_READABLE | FRAME_WRITABLE};
    const struct walk_format *format = minimiser->trial->options->format;
    struct conform_step step = minimiser->steps[index];
    bool smaller = false;
    for (uint8_t i = 0; step.kind == CONFORM_MAP && format->frame_size_lg2[i] < step.size_lg2; i++) {
        struct conform_step other = step;
        other.size_lg2 = format->frame_size_lg2[i];
        if (replace_step(minimiser, index, &other)) {
            smaller = true;
            break;
        }
    }
    step = minimiser->steps[index];
    step.base = 0;
    smaller |= replace_step(minimiser, index, &step);
    step = minimiser->steps[index];
    for (unsigned i = 0; step.kind != CONFORM_UNMAP && step.kind != CONFORM_LOOK && i < 2; i++) {
        if (step.attributes == plain[i])
            break;
        struct conform_step other = step;
        other.attributes = plain[i];
        if (replace_step(minimiser, index, &other)) {
            smaller = true;
            break;
        }
    }
    return smaller;
}

/* ---- Fewer circumstances ---- */

static void simpler_setting(struct minimiser *minimiser)
{
    for (unsigned which = 0; which < 4; which++) {
        struct conform_setting setting = minimiser->trial->setting;
        bool *const switches[] = {&setting.aliasing, &setting.every_asid, &setting.high_tables,
                                  &setting.single_leaves};
        if (!*switches[which])
            continue;
        *switches[which] = false;
        (void)still_fails(minimiser, minimiser->steps, minimiser->trial->count, &setting);
    }
}

void conform_minimise(struct conform_trial *trial, struct conform_step *steps)
{
    struct minimiser minimiser = {.trial = trial, .steps = steps, .id = trial->broken};
    bool smaller = true;
    while (smaller && minimiser.runs < RUNS_MAX && minimiser.total < TOTAL_MAX) {
        smaller = drop_any(&minimiser);
        smaller |= smaller_addresses(&minimiser);
        for (size_t i = 0; i < trial->count; i++)
            smaller |= smaller_step(&minimiser, i);
    }
    simpler_setting(&minimiser);
}
