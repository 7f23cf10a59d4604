/*
 * What an instruction in flight has to wait for. DDI 0487 L.b: B2.3 is the memory model (dependencies, same
 * location), B2.3.12 barriers, B2.3.13 ISB, D8.17 TLB maintenance; README.md goes through them.
 */
#include "sim/litmus/thread.h"

/* One instruction of those before. */
struct earlier {
    const struct litmus_slot *slot;
    const struct litmus_instruction *code;
};

static struct earlier at(const struct litmus_machine *machine, const struct litmus_state *state,
                         unsigned core, unsigned index)
{
    const struct litmus_slot *slot = &state->threads[core].slots[index];
    return (struct earlier){slot, litmus_code_of(machine, core, slot)};
}

/* It may fault, or go elsewhere: what must not be undone waits for it. */
static bool is_speculative(struct earlier one)
{
    if (litmus_is_done(one.slot))
        return false;
    if (litmus_is_access(one.code))
        return one.slot->word == 0;
    return one.code->opcode == LITMUS_CBZ || one.code->opcode == LITMUS_CBNZ ||
           one.code->opcode == LITMUS_DSB || one.code->opcode == LITMUS_ISB;
}

static bool is_open(struct earlier one, enum litmus_opcode opcode)
{
    return one.code->opcode == opcode && !litmus_is_done(one.slot);
}

static bool open_dmb(struct earlier one, bool store)
{
    return is_open(one, LITMUS_DMB) && (store || one.code->barrier_type != LITMUS_BARRIER_STORES);
}

/* Accesses to one word stay in order, a load before a store included (B2.3.5, coherence). */
static bool is_same_word(struct earlier one, const struct litmus_slot *slot)
{
    return litmus_is_access(one.code) && !litmus_is_done(one.slot) && one.slot->word != 0 &&
           one.slot->word == slot->word;
}

/* A release is in the buffer: tag 1. */
static bool release_waits(const struct small_core *core)
{
    for (unsigned i = 0; i < core->store_count; i++)
        if (core->stores[i].tag != 0)
            return true;
    return false;
}

bool litmus_is_behind_dsb(const struct litmus_machine *machine, const struct litmus_state *state,
                          unsigned core, unsigned index)
{
    for (unsigned i = 0; i < index; i++)
        if (is_open(at(machine, state, core, i), LITMUS_DSB))
            return true;
    return false;
}

/* A load: nothing before it needs to have finished but what orders it. */
bool litmus_may_read(const struct litmus_machine *machine, const struct litmus_state *state, unsigned core,
                     unsigned index)
{
    struct earlier own = at(machine, state, core, index);
    bool acquires = own.code->opcode == LITMUS_LDAR;
    if (own.slot->state != SLOT_WAITING || !litmus_is_load(own.code) || own.slot->word == 0)
        return false;
    for (unsigned i = 0; i < index; i++) {
        struct earlier one = at(machine, state, core, i);
        if (is_open(one, LITMUS_DSB) || open_dmb(one, false) || is_open(one, LITMUS_LDAR) ||
            is_same_word(one, own.slot) || (acquires && is_open(one, LITMUS_STLR)))
            return false;
    }
    return !acquires || !release_waits(&state->hardware.cores[core]);
}

/* A store leaves the window for the buffer: it must not be undone. */
bool litmus_may_enter(const struct litmus_machine *machine, const struct litmus_state *state, unsigned core,
                      unsigned index)
{
    struct earlier own = at(machine, state, core, index);
    bool releases = own.code->opcode == LITMUS_STLR;
    if (own.slot->state != SLOT_WAITING || !litmus_is_store(own.code) || own.slot->word == 0)
        return false;
    for (unsigned i = 0; i < index; i++) {
        struct earlier one = at(machine, state, core, i);
        bool open_load = litmus_is_load(one.code) && !litmus_is_done(one.slot);
        bool open_store = litmus_is_store(one.code) && !litmus_is_done(one.slot);
        if (is_speculative(one) || open_dmb(one, true) || is_open(one, LITMUS_LDAR) ||
            is_open(one, LITMUS_TLBI) || is_same_word(one, own.slot) ||
            (releases && (open_load || open_store)))
            return false;
    }
    return small_has_room(machine->hardware, &state->hardware, core);
}

/* Taking an exception: as the access would be ordered, and nothing before it is speculative. */
bool litmus_may_fault(const struct litmus_machine *machine, const struct litmus_state *state, unsigned core,
                      unsigned index)
{
    struct earlier own = at(machine, state, core, index);
    for (unsigned i = 0; i < index; i++) {
        struct earlier one = at(machine, state, core, i);
        if (is_speculative(one) || open_dmb(one, litmus_is_store(own.code)) || is_open(one, LITMUS_LDAR) ||
            is_open(one, LITMUS_TLBI))
            return false;
    }
    return true;
}

/* TLBI: it is not speculative, a DSB orders it, a DMB does not (D8.17.3). */
bool litmus_may_invalidate(const struct litmus_machine *machine, const struct litmus_state *state,
                           unsigned core, unsigned index)
{
    for (unsigned i = 0; i < index; i++) {
        struct earlier one = at(machine, state, core, i);
        if (is_speculative(one) || is_open(one, LITMUS_TLBI))
            return false;
    }
    return true;
}

/* What a barrier of a type waits for. */
static bool waits_for(struct earlier one, enum litmus_barrier_type type)
{
    if (litmus_is_done(one.slot))
        return false;
    return (litmus_is_load(one.code) && type != LITMUS_BARRIER_STORES) ||
           (litmus_is_store(one.code) && type != LITMUS_BARRIER_LOADS);
}

bool litmus_barrier_is_complete(const struct litmus_machine *machine, const struct litmus_state *state,
                                unsigned core, unsigned index)
{
    struct earlier own = at(machine, state, core, index);
    enum litmus_barrier_type type = (enum litmus_barrier_type)own.code->barrier_type;
    bool dsb = own.code->opcode == LITMUS_DSB;
    bool isb = own.code->opcode == LITMUS_ISB;
    for (unsigned i = 0; i < index; i++) {
        struct earlier one = at(machine, state, core, i);
        if (is_open(one, LITMUS_DSB) || (isb && is_speculative(one)) || (!isb && waits_for(one, type)))
            return false;
        if ((isb || (dsb && type == LITMUS_BARRIER_ALL)) && is_open(one, LITMUS_TLBI))
            return false;
    }
    if (isb)
        return true;
    /* Loads behind a DMB of all kinds wait until the stores before it are visible; DMB ST only marks the
     * buffer. */
    bool drained = state->hardware.cores[core].store_count == 0;
    if (!drained && (type == LITMUS_BARRIER_ALL || (dsb && type == LITMUS_BARRIER_STORES)))
        return false;
    return !dsb || type != LITMUS_BARRIER_ALL ||
           small_is_complete(&state->hardware, core, own.code->domain == LITMUS_NON_SHAREABLE);
}
