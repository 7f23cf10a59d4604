/*
 * Faults that stay: hardware that keeps what it found to be invalid (RISC-V Privileged, 4.2.1, allows it;
 * Arm does not, DDI 0487 D8.17, nor does x86, SDM volume 3, 4.10.2.3). One page a core, of one stage.
 */
#include "mmu/invalidation_scope.h"
#include "sim/explore/small_internal.h"

static const struct small_context *context_at(const struct small_machine *machine, uint8_t context)
{
    return &machine->config.contexts[context - 1];
}

void fault_kept(struct small_machine *machine, struct small_core *core, const struct small_walk *walk)
{
    const struct walk_state *found = small_position_of(machine, walk->position);
    bool room = core->fault_address == 0 || !machine->config.evicts;
    if (!machine->config.keeps_faults || !room || walk->settle != 0 || found->fault != FAULT_TRANSLATION ||
        context_at(machine, walk->context)->two_stage)
        return;
    if (!small_address(machine, found->va, &core->fault_address))
        return;
    core->fault_context = walk->context;
    core->fault_level = found->fault_level;
}

void fault_forgotten(struct small_core *core)
{
    core->fault_address = core->fault_context = core->fault_level = 0;
}

void fault_dropped(const struct small_machine *machine, struct small_core *core, uint8_t what)
{
    if (core->fault_address == 0)
        return;
    const struct small_context *context = context_at(machine, core->fault_context);
    const struct invalidation *order = small_invalidation_of(machine, what);
    bool tagged = order->scope == INVALIDATE_VA || order->scope == INVALIDATE_ASID;
    if (tagged && order->asid != context->asid) /* what is invalid is not global either */
        return;
    if (invalidation_selects(order, small_va_of(machine, core->fault_address),
                             context->regime.format->page_lg2, context->asid, context->vmid))
        fault_forgotten(core);
}

bool fault_meets(const struct small_machine *machine, const struct small_core *core,
                 const struct small_access *access)
{
    if (core->fault_address == 0)
        return false;
    const struct small_context *kept = context_at(machine, core->fault_context);
    const struct small_context *now = context_at(machine, core->context);
    unsigned page_lg2 = kept->regime.format->page_lg2;
    return kept->asid == now->asid && kept->vmid == now->vmid && !now->two_stage &&
           small_va_of(machine, core->fault_address) >> page_lg2 ==
               small_va_of(machine, access->address) >> page_lg2;
}
