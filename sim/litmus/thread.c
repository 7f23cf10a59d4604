#include "sim/litmus/thread.h"

#include <inttypes.h>
#include <string.h>

/* ---- Registers ---- */

static bool writes_register(const struct litmus_instruction *code, uint8_t number)
{
    switch ((enum litmus_opcode)code->opcode) {
    case LITMUS_LDR:
    case LITMUS_LDAR:
    case LITMUS_MOV:
    case LITMUS_ADD:
    case LITMUS_SUB:
    case LITMUS_EOR:
    case LITMUS_AND:
    case LITMUS_ORR:
    case LITMUS_LSR:
    case LITMUS_LSL:
        return code->data == number && number != LITMUS_ZERO_REGISTER;
    default:
        return false;
    }
}

/* What the instruction in a slot reads: what the youngest one before it wrote. False: that is not known yet.
 */
bool litmus_read_register_of(const struct litmus_machine *machine, const struct litmus_state *state,
                             unsigned core, unsigned index, uint8_t number, uint64_t *value)
{
    const struct litmus_thread_state *thread = &state->threads[core];
    *value = 0;
    if (number == LITMUS_ZERO_REGISTER)
        return true;
    for (unsigned i = index; i-- > 0;) {
        const struct litmus_slot *slot = &thread->slots[i];
        if (slot->state == SLOT_SKIPPED || !writes_register(litmus_code_of(machine, core, slot), number))
            continue;
        *value = small_value_of(machine->hardware, slot->value);
        return slot->state == SLOT_DONE;
    }
    *value = small_value_of(machine->hardware, thread->reg[number]);
    return true;
}

bool litmus_read_second(const struct litmus_machine *machine, const struct litmus_state *state, unsigned core,
                        unsigned index, uint64_t *value)
{
    const struct litmus_instruction *code = litmus_code_of(machine, core, &state->threads[core].slots[index]);
    *value = (uint64_t)code->immediate;
    if (code->operand == LITMUS_IMMEDIATE)
        return true;
    bool known = litmus_read_register_of(machine, state, core, index, code->index, value);
    if (code->operand == LITMUS_SIGNED_WORD)
        *value = (uint64_t)(int64_t)(int32_t)*value;
    return known;
}

static uint64_t compute(const struct litmus_instruction *code, uint64_t first, uint64_t second)
{
    switch ((enum litmus_opcode)code->opcode) {
    case LITMUS_MOV:
        return second;
    case LITMUS_ADD:
        return first + second;
    case LITMUS_SUB:
        return first - second;
    case LITMUS_EOR:
        return first ^ second;
    case LITMUS_AND:
        return first & second;
    case LITMUS_ORR:
        return first | second;
    case LITMUS_LSR:
        return (code->wide ? first : first & UINT32_MAX) >> second;
    case LITMUS_LSL:
        return first << second;
    default:
        return 0;
    }
}

bool litmus_set_value(struct litmus_machine *machine, struct litmus_slot *slot, uint64_t value, bool wide)
{
    slot->state = SLOT_DONE;
    return small_value(machine->hardware, wide ? value : value & UINT32_MAX, &slot->value) ||
           litmus_refuse(machine, "%s", small_error(machine->hardware));
}

/* ---- The window ---- */

void litmus_forget_from(struct litmus_state *state, unsigned core, unsigned index)
{
    struct litmus_thread_state *thread = &state->threads[core];
    for (unsigned i = index; i < thread->count; i++) {
        if (thread->slots[i].access != 0)
            small_retire(&state->hardware, core, thread->slots[i].access - 1U);
        thread->slots[i] = (struct litmus_slot){0};
    }
    if (thread->count > index)
        thread->count = (uint8_t)index;
}

/* A load that read too early begins again, and with it all that came behind it. */
static void replay_from(struct litmus_state *state, unsigned core, unsigned index)
{
    uint8_t pc = litmus_slot_at(state, core, index)->pc;
    litmus_forget_from(state, core, index);
    state->threads[core].next = pc;
}

/*
 * The word of an access has become known. Younger loads of it that have read already would have to read what
 * is at least as new (B2.3.5), so they read again, behind this one. Nothing behind has been performed: the
 * access was speculative.
 */
void litmus_replay_younger(const struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                           unsigned index)
{
    const struct litmus_thread_state *thread = &state->threads[core];
    for (unsigned i = index + 1; i < thread->count; i++) {
        const struct litmus_slot *slot = &thread->slots[i];
        if (litmus_is_load(litmus_code_of(machine, core, slot)) && slot->state == SLOT_DONE &&
            slot->word == thread->slots[index].word) {
            replay_from(state, core, i);
            return;
        }
    }
}

static bool retire(const struct litmus_machine *machine, struct litmus_state *state, unsigned core)
{
    struct litmus_thread_state *thread = &state->threads[core];
    struct litmus_slot head = thread->slots[0];
    if (thread->count == 0 || !litmus_is_done(&head))
        return false;
    const struct litmus_instruction *code = litmus_code_of(machine, core, &head);
    if (head.state == SLOT_DONE && writes_register(code, code->data))
        thread->reg[code->data] = head.value;
    for (unsigned i = 0; i + 1 < thread->count; i++)
        thread->slots[i] = thread->slots[i + 1];
    thread->slots[--thread->count] = (struct litmus_slot){0};
    return true;
}

/* Behind an ISB nothing is fetched before it is complete: what follows is translated anew (B2.3.13). */
static bool fetch(const struct litmus_machine *machine, struct litmus_state *state, unsigned core)
{
    struct litmus_thread_state *thread = &state->threads[core];
    const struct litmus_thread *code = &machine->test->thread[core];
    if (thread->count == machine->options.window || thread->next >= code->instructions)
        return false;
    for (unsigned i = 0; i < thread->count; i++)
        if (thread->slots[i].state == SLOT_WAITING &&
            litmus_code_of(machine, core, &thread->slots[i])->opcode == LITMUS_ISB)
            return false;
    const struct litmus_instruction *instruction = &code->code[thread->next];
    struct litmus_slot *slot = &thread->slots[thread->count++];
    *slot = (struct litmus_slot){.pc = thread->next, .state = SLOT_WAITING};
    thread->next++;
    if (instruction->opcode == LITMUS_B) {
        thread->next = instruction->target;
        slot->state = SLOT_DONE;
    } else if (instruction->opcode == LITMUS_CBZ || instruction->opcode == LITMUS_CBNZ) {
        if (instruction->target == slot->pc + 1)
            slot->guess = GUESS_NO_MATTER;
        else
            thread->next = LITMUS_NONE;
    }
    return true;
}

/* ---- Branches ---- */

bool litmus_wants_guess(const struct litmus_machine *machine, const struct litmus_state *state, unsigned core)
{
    const struct litmus_thread_state *thread = &state->threads[core];
    return thread->next == LITMUS_NONE && thread->count < machine->options.window;
}

static void go_on_behind(const struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                         unsigned index, bool taken)
{
    const struct litmus_slot *slot = litmus_slot_at(state, core, index);
    state->threads[core].next = taken ? litmus_code_of(machine, core, slot)->target : (uint8_t)(slot->pc + 1);
}

void litmus_guess_branch(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                         bool taken)
{
    unsigned last = state->threads[core].count - 1U;
    litmus_slot_at(state, core, last)->guess = taken ? GUESS_TAKEN : GUESS_NOT_TAKEN;
    go_on_behind(machine, state, core, last, taken);
}

static bool resolve(const struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                    unsigned index)
{
    struct litmus_slot *slot = litmus_slot_at(state, core, index);
    const struct litmus_instruction *code = litmus_code_of(machine, core, slot);
    uint64_t value;
    if (!litmus_read_register_of(machine, state, core, index, code->data, &value))
        return false;
    if (!code->wide)
        value &= UINT32_MAX;
    bool taken = (value == 0) == (code->opcode == LITMUS_CBZ);
    slot->state = SLOT_DONE;
    if (slot->guess == GUESS_NO_MATTER || slot->guess == (taken ? GUESS_TAKEN : GUESS_NOT_TAKEN))
        return true;
    litmus_forget_from(state, core, index + 1);
    go_on_behind(machine, state, core, index, taken);
    return true;
}

/* ---- All of it ---- */

static bool advance_barrier(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                            unsigned index, bool *changed)
{
    struct litmus_slot *slot = litmus_slot_at(state, core, index);
    const struct litmus_instruction *code = litmus_code_of(machine, core, slot);
    if (!litmus_barrier_is_complete(machine, state, core, index))
        return true;
    if (code->opcode == LITMUS_DMB && code->barrier_type == LITMUS_BARRIER_STORES)
        small_order_stores(machine->hardware, &state->hardware, core);
    slot->state = SLOT_DONE;
    *changed = true;
    litmus_note(machine, "%s is complete", litmus_name_slot(machine, core, slot).text);
    return true;
}

static bool advance_computation(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                                unsigned index, bool *changed)
{
    struct litmus_slot *slot = litmus_slot_at(state, core, index);
    const struct litmus_instruction *code = litmus_code_of(machine, core, slot);
    uint64_t first = 0;
    uint64_t second;
    if ((code->opcode != LITMUS_MOV &&
         !litmus_read_register_of(machine, state, core, index, code->base, &first)) ||
        !litmus_read_second(machine, state, core, index, &second))
        return true;
    *changed = true;
    return litmus_set_value(machine, slot, compute(code, first, second), code->wide);
}

static bool advance_slot(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                         unsigned index, bool *changed)
{
    struct litmus_slot *slot = litmus_slot_at(state, core, index);
    if (slot->state != SLOT_WAITING)
        return true;
    switch ((enum litmus_opcode)litmus_code_of(machine, core, slot)->opcode) {
    case LITMUS_LDR:
    case LITMUS_STR:
    case LITMUS_LDAR:
    case LITMUS_STLR:
        return litmus_advance_access(machine, state, core, index, changed);
    case LITMUS_DMB:
    case LITMUS_DSB:
    case LITMUS_ISB:
        return advance_barrier(machine, state, core, index, changed);
    case LITMUS_TLBI:
        return litmus_invalidate(machine, state, core, index, changed);
    case LITMUS_CBZ:
    case LITMUS_CBNZ:
        *changed = resolve(machine, state, core, index) || *changed;
        return true;
    case LITMUS_NOP:
    case LITMUS_B:
        slot->state = SLOT_DONE;
        *changed = true;
        return true;
    default:
        return advance_computation(machine, state, core, index, changed);
    }
}

bool litmus_thread_is_over(const struct litmus_machine *machine, const struct litmus_state *state,
                           unsigned core)
{
    const struct litmus_thread_state *thread = &state->threads[core];
    return thread->count == 0 && thread->next >= machine->test->thread[core].instructions &&
           thread->next != LITMUS_NONE && state->hardware.cores[core].store_count == 0;
}

/* Whether the core may still translate something: else what its TLB holds is of no interest. */
static bool may_translate(const struct litmus_machine *machine, const struct litmus_state *state,
                          unsigned core)
{
    const struct litmus_thread_state *thread = &state->threads[core];
    const struct litmus_thread *code = &machine->test->thread[core];
    unsigned next = thread->next;
    for (unsigned i = 0; i < thread->count; i++) {
        const struct litmus_slot *slot = &thread->slots[i];
        if (slot->pc < next)
            next = slot->pc; /* it may be replayed */
    }
    for (unsigned i = 0; i < code->instructions; i++) {
        bool backward = (code->code[i].opcode == LITMUS_B || code->code[i].opcode == LITMUS_CBZ ||
                         code->code[i].opcode == LITMUS_CBNZ) &&
                        code->code[i].target <= i;
        if (backward ||
            (i >= next && litmus_is_access(&code->code[i]) && machine->page[core][i] != LITMUS_NOT_TRACKED))
            return true;
    }
    return false;
}

static void rest(const struct litmus_machine *machine, struct litmus_state *state, unsigned core)
{
    struct small_core *at = &state->hardware.cores[core];
    if (at->context == 0 || at->store_count > 0 || may_translate(machine, state, core))
        return;
    at->context = 0;
    at->tlb = 0;
    memset(at->walks, 0, sizeof at->walks);
}

/* A core that translates nothing has nothing to drop. Another one may have waited for it. */
static void answer_at_once(struct litmus_state *state, unsigned core, bool *any)
{
    struct small_core *at = &state->hardware.cores[core];
    if (at->context != 0 || at->store_count > 0 || (at->to_answer | at->to_drop) == 0)
        return;
    *any = true;
    at->to_answer |= at->to_drop;
    at->to_drop = 0;
    small_settle(&state->hardware, core);
}

static bool advance_core(struct litmus_machine *machine, struct litmus_state *state, unsigned core, bool *any)
{
    bool changed = true;
    while (changed) {
        changed = false;
        while (retire(machine, state, core))
            changed = true;
        while (fetch(machine, state, core))
            changed = true;
        for (unsigned i = 0; i < state->threads[core].count; i++)
            if (!advance_slot(machine, state, core, i, &changed))
                return false;
        *any = *any || changed;
    }
    rest(machine, state, core);
    answer_at_once(state, core, any);
    return true;
}

bool litmus_advance(struct litmus_machine *machine, struct litmus_state *state)
{
    bool any = true;
    while (any) {
        any = false;
        for (unsigned core = 0; core < machine->test->threads; core++)
            if (!advance_core(machine, state, core, &any))
                return false;
    }
    return true;
}
