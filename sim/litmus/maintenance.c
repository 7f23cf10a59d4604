/* TLBI, and what an invalidation means for instructions in flight. */
#include "sim/litmus/thread.h"

static struct invalidation invalidation_of(const struct litmus_instruction *code, uint64_t operand)
{
    bool last = code->invalidation == LITMUS_TLBI_VAL || code->invalidation == LITMUS_TLBI_VAAL;
    bool any = code->invalidation == LITMUS_TLBI_VAA || code->invalidation == LITMUS_TLBI_VAAL;
    struct invalidation what = {.va = (operand & UINT64_C(0xfffffffffff)) << 12, /* C5.5: VA[55:12] */
                                .asid = (uint16_t)(operand >> 48),
                                .scope = any ? INVALIDATE_VA_ALL_ASIDS : INVALIDATE_VA,
                                .broadcast = code->broadcast,
                                .last_level_only = last};
    if (code->invalidation == LITMUS_TLBI_ALL) {
        what.scope = INVALIDATE_ALL;
        what.va = what.asid = 0;
    }
    return what;
}

bool litmus_invalidate(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                       unsigned index, bool *changed)
{
    struct litmus_slot *slot = litmus_slot_at(state, core, index);
    const struct litmus_instruction *code = litmus_code_of(machine, core, slot);
    uint64_t operand;
    if (!litmus_may_invalidate(machine, state, core, index) ||
        !litmus_read_register_of(machine, state, core, index, code->data, &operand))
        return true;
    struct invalidation what = invalidation_of(code, operand);
    unsigned targets = machine->targets & (code->broadcast ? ~0U : 1U << core);
    if (targets != 0) {
        unsigned place;
        enum small_answer answer =
            small_invalidate(machine->hardware, &state->hardware, core, &what, targets, &place);
        if (answer == SMALL_FAILED)
            return litmus_refuse(machine, "%s", small_error(machine->hardware));
        if (answer == SMALL_BUSY)
            return true;
        slot->place = (uint8_t)(place + 1);
    }
    slot->state = SLOT_DONE;
    *changed = true;
    litmus_note(machine, "%s is sent", litmus_name_slot(machine, core, slot).text);
    return true;
}

/* Whether an instruction stands behind the TLBI of its own core that is this invalidation. */
static bool is_behind(const struct litmus_thread_state *thread, unsigned index, unsigned place)
{
    for (unsigned i = thread->count; i-- > 0;)
        if (thread->slots[i].place == place + 1)
            return i < index;
    return true; /* it has left the window */
}

/*
 * An invalidation has reached a core. Its own later instructions may keep what they were translated by until
 * an ISB (D8.17.3: completion for the core that executes TLBI takes a context synchronization event), with
 * FEAT_ETS2 only until the DSB. Those of another core either wait (hardware: `settle`), or are translated
 * again: if a DSB stands before them they could wait for each other, and nothing has happened behind a DSB.
 */
static bool follow_one(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                       unsigned index, bool own)
{
    struct litmus_slot *slot = litmus_slot_at(state, core, index);
    struct small_access *access = litmus_access_of(state, core, slot);
    bool behind_dsb = litmus_is_behind_dsb(machine, state, core, index);
    if (access->state == ACCESS_ISSUED ||
        (access->state == ACCESS_FAULTED && (!own || machine->options.ets2)))
        return litmus_issue_again(machine, state, core, slot); /* a walk under way is nobody's */
    if (access->settle != 0 && behind_dsb && (!own || machine->options.ets2))
        return litmus_issue_again(machine, state, core, slot);
    return true;
}

bool litmus_follow_drop(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                        unsigned place, unsigned issuer)
{
    struct litmus_thread_state *thread = &state->threads[core];
    for (unsigned i = 0; i < thread->count; i++) {
        struct litmus_slot *slot = &thread->slots[i];
        if (slot->access == 0)
            continue;
        bool own = issuer == core && is_behind(thread, i, place);
        if (!follow_one(machine, state, core, i, own))
            return false;
        if (own)
            litmus_access_of(state, core, slot)->settle &= (uint8_t) ~(1U << place);
    }
    small_settle(&state->hardware, core);
    return true;
}

void litmus_follow_walk(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                        unsigned access)
{
    const struct litmus_thread_state *thread = &state->threads[core];
    bool all_complete = thread->slots[0].access == access + 1 && state->hardware.cores[core].store_count == 0;
    state->hardware.cores[core].accesses[access].tag = machine->options.ets2 && all_complete;
}
