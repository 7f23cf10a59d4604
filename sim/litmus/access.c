/* Loads and stores of a thread: from their address to the value or the buffer, or to a fault. */
#include "sim/litmus/thread.h"

#include <string.h>

static bool address_of(const struct litmus_machine *machine, const struct litmus_state *state, unsigned core,
                       unsigned index, uint64_t *va)
{
    const struct litmus_instruction *code = litmus_code_of(machine, core, &state->threads[core].slots[index]);
    uint64_t offset;
    if (!litmus_read_register_of(machine, state, core, index, code->base, va) ||
        !litmus_read_second(machine, state, core, index, &offset))
        return false;
    *va += offset;
    return true;
}

static bool set_word(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                     unsigned index, uint64_t pa)
{
    if (!small_word(machine->hardware, litmus_word_pa(pa), &litmus_slot_at(state, core, index)->word))
        return litmus_refuse(machine, "%s", small_error(machine->hardware));
    litmus_replay_younger(machine, state, core, index);
    return true;
}

static bool refuse_access(struct litmus_machine *machine, unsigned core, const struct litmus_slot *slot,
                          const char *why)
{
    return litmus_refuse(machine, "%s %s", litmus_name_slot(machine, core, slot).text, why);
}

static bool check_size(struct litmus_machine *machine, unsigned core, const struct litmus_slot *slot,
                       uint64_t va, uint8_t location)
{
    const struct litmus_instruction *code = litmus_code_of(machine, core, slot);
    const struct litmus_location *at = &machine->test->location[location];
    unsigned bytes = code->wide ? 8 : 4;
    uint64_t offset = va - litmus_va_of(location);
    if (offset >= (uint64_t)at->elements * at->element_bytes || offset % at->element_bytes != 0)
        return refuse_access(machine, core, slot, "accesses something else than an element of a variable");
    return at->elements == 1 || bytes == at->element_bytes ||
           refuse_access(machine, core, slot, "accesses an array otherwise than element by element");
}

/* A page whose descriptor nobody changes: its translation is the same whenever it is made. */
static bool translate_constant(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                               unsigned index, uint64_t va)
{
    uint8_t location = litmus_page_at(machine->test, va);
    const struct litmus_descriptor *entry = &machine->test->location[location].entry;
    litmus_slot_at(state, core, index)->location = (uint8_t)(location + 1);
    return set_word(machine, state, core, index,
                    litmus_page_pa_of(entry->oa) + (va - litmus_va_of(location)));
}

static bool issue(struct litmus_machine *machine, struct litmus_state *state, unsigned core, unsigned index,
                  uint64_t va, bool *changed)
{
    struct litmus_slot *slot = litmus_slot_at(state, core, index);
    const struct small_core *at = &state->hardware.cores[core];
    unsigned place = 0;
    while (place < SMALL_ACCESSES && at->accesses[place].state != ACCESS_NONE)
        place++;
    if (place == SMALL_ACCESSES)
        return true; /* waits until one of those before is over */
    bool store = litmus_is_store(litmus_code_of(machine, core, slot));
    slot->access = (uint8_t)(place + 1);
    slot->location = (uint8_t)(litmus_page_at(machine->test, va) + 1);
    *changed = true;
    return small_issue(machine->hardware, &state->hardware, core, place, store ? ACCESS_STORE : ACCESS_LOAD,
                       PRIVILEGE_KERNEL, va) ||
           litmus_refuse(machine, "%s", small_error(machine->hardware));
}

/* The address is known: what never changes is translated at once, else the access goes to the MMU. */
static bool begin_access(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                         unsigned index, bool *changed)
{
    struct litmus_slot *slot = litmus_slot_at(state, core, index);
    uint64_t va;
    if (!address_of(machine, state, core, index, &va))
        return true;
    uint8_t location = litmus_page_at(machine->test, va);
    if (location != LITMUS_NONE) {
        if (!check_size(machine, core, slot, va, location))
            return false;
        if (machine->changes[location])
            return issue(machine, state, core, index, va, changed);
        *changed = true;
        return translate_constant(machine, state, core, index, va);
    }
    if (litmus_entry_at(machine->test, va) != LITMUS_NONE) {
        if (!litmus_code_of(machine, core, slot)->wide)
            return refuse_access(machine, core, slot, "accesses a descriptor, which takes an X register");
        *changed = true;
        return set_word(machine, state, core, index, va);
    }
    /* a wrong guess may come here; only what is sure to be executed is a mistake of the test */
    return index > 0 || refuse_access(machine, core, slot, "accesses no variable and no descriptor of one");
}

/* ETS2, D8.2.6: what is ordered before an access is ordered before a walk of it that faults, and a fault is
 * as if everything before were ordered. So such a walk counts only if all before was complete when it began.
 */
static bool counts_under_ets2(const struct litmus_machine *machine, const struct small_access *access)
{
    return !machine->options.ets2 || access->fault == FAULT_PERMISSION || access->tag != 0;
}

bool litmus_issue_again(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                        struct litmus_slot *slot)
{
    struct small_access old = *litmus_access_of(state, core, slot);
    small_disown_walk(&state->hardware, core, slot->access - 1U);
    slot->word = 0;
    if (!small_issue(machine->hardware, &state->hardware, core, slot->access - 1U, (enum access_kind)old.kind,
                     (enum privilege)old.privilege, small_va_of(machine->hardware, old.address)))
        return litmus_refuse(machine, "%s", small_error(machine->hardware));
    small_settle(&state->hardware, core);
    return true;
}

static enum litmus_fault_kind kind_of(uint8_t fault)
{
    if (fault == FAULT_PERMISSION)
        return LITMUS_FAULT_PERMISSION;
    return fault == FAULT_ACCESS_FLAG ? LITMUS_FAULT_ACCESS_FLAG : LITMUS_FAULT_TRANSLATION;
}

static int compare_faults(const struct litmus_fault *a, const struct litmus_fault *b)
{
    return memcmp(a, b, sizeof *a);
}

static bool keep_fault(struct litmus_machine *machine, struct litmus_thread_state *thread,
                       struct litmus_fault fault)
{
    unsigned place = 0;
    while (place < thread->fault_count && compare_faults(&thread->faults[place], &fault) < 0)
        place++;
    if (place < thread->fault_count && compare_faults(&thread->faults[place], &fault) == 0)
        return true;
    if (thread->fault_count == LITMUS_FAULTS)
        return litmus_refuse(machine, "a thread takes more than %d different faults", LITMUS_FAULTS);
    for (unsigned i = thread->fault_count++; i > place; i--)
        thread->faults[i] = thread->faults[i - 1];
    thread->faults[place] = fault;
    return true;
}

/* The exception: it synchronises the context, so what was behind is fetched anew. The instruction is skipped.
 */
static bool take_fault(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                       unsigned index, bool *changed)
{
    struct litmus_slot *slot = litmus_slot_at(state, core, index);
    const struct small_access *access = litmus_access_of(state, core, slot);
    if (!counts_under_ets2(machine, access)) {
        *changed = true;
        return litmus_issue_again(machine, state, core, slot);
    }
    if (!litmus_may_fault(machine, state, core, index))
        return true;
    struct litmus_fault fault = {.thread = (uint8_t)core,
                                 .instruction = slot->pc,
                                 .location = (uint8_t)(slot->location - 1),
                                 .kind = (uint8_t)kind_of(access->fault)};
    litmus_note(machine, "%s takes its fault (%s)", litmus_name_slot(machine, core, slot).text,
                litmus_fault_name((enum litmus_fault_kind)fault.kind));
    litmus_forget_from(state, core, index + 1);
    state->threads[core].next = (uint8_t)(slot->pc + 1);
    small_retire(&state->hardware, core, slot->access - 1U);
    slot->access = 0;
    slot->state = SLOT_SKIPPED;
    *changed = true;
    return keep_fault(machine, &state->threads[core], fault);
}

static bool enter_buffer(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                         unsigned index, bool *changed)
{
    struct litmus_slot *slot = litmus_slot_at(state, core, index);
    const struct litmus_instruction *code = litmus_code_of(machine, core, slot);
    struct small_new_store store = {.pa = small_pa_of(machine->hardware, slot->word)};
    if (!litmus_may_enter(machine, state, core, index) ||
        !litmus_read_register_of(machine, state, core, index, code->data, &store.value))
        return true;
    if (!code->wide)
        store.value &= UINT32_MAX;
    if (slot->access != 0) {
        const struct small_access *access = litmus_access_of(state, core, slot);
        store.va = small_va_of(machine->hardware, access->address);
        store.leaf = access->leaf;
        store.settle = access->settle;
    }
    store.tag = code->opcode == LITMUS_STLR;
    if (store.tag != 0)
        small_order_stores(machine->hardware, &state->hardware, core);
    if (!small_put_store(machine->hardware, &state->hardware, core, &store))
        return litmus_refuse(machine, "%s", small_error(machine->hardware));
    if (slot->access != 0)
        small_retire(&state->hardware, core, slot->access - 1U);
    slot->access = 0;
    slot->state = SLOT_DONE;
    *changed = true;
    return true;
}

bool litmus_advance_access(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                           unsigned index, bool *changed)
{
    struct litmus_slot *slot = litmus_slot_at(state, core, index);
    const struct litmus_instruction *code = litmus_code_of(machine, core, slot);
    if (slot->word == 0 && slot->access == 0 && !begin_access(machine, state, core, index, changed))
        return false;
    if (slot->word == 0 && slot->access != 0) {
        const struct small_access *access = litmus_access_of(state, core, slot);
        if (access->state == ACCESS_FAULTED)
            return take_fault(machine, state, core, index, changed);
        if (access->state != ACCESS_TRANSLATED)
            return true;
        *changed = true;
        if (!set_word(machine, state, core, index, small_pa(machine->hardware, access)))
            return false;
    }
    return slot->word == 0 || !litmus_is_store(code) || enter_buffer(machine, state, core, index, changed);
}

bool litmus_read_value_of(struct litmus_machine *machine, struct litmus_state *state, unsigned core,
                          unsigned index)
{
    struct litmus_slot *slot = litmus_slot_at(state, core, index);
    const struct litmus_instruction *code = litmus_code_of(machine, core, slot);
    uint64_t pa = small_pa_of(machine->hardware, slot->word);
    uint64_t value =
        small_value_of(machine->hardware, small_core_reads(machine->hardware, &state->hardware, core, pa));
    if (slot->access != 0)
        small_retire(&state->hardware, core, slot->access - 1U);
    slot->access = 0;
    return litmus_set_value(machine, slot, value, code->wide);
}
