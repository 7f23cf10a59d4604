/* Faults of accesses, from the access to the program that made it. */
#include <string.h>

#include "mmu/core.h"
#include "mmu/frame_allocator.h"

/* As before its retry: not the access's other half, not the other stage, and no other intermediate page. */
static bool is_same_fault(const struct wanted_access *before, const struct event_translation *event)
{
    bool same_ipa = before->fault.ipa >> FRAME_BLOCK_LG2_MIN == event->fault_ipa >> FRAME_BLOCK_LG2_MIN;
    return before->fault_va == event->va && before->fault.stage == event->fault_stage && same_ipa;
}

void fault_note(struct core *core, const struct access_slot *slot)
{
    struct wanted_access *fault = NULL;
    for (uint32_t i = 0; i < core->faulted_count; i++)
        if (core->faulted[i].number == slot->wanted.number)
            fault = &core->faulted[i];
    if (fault && fault->fault_va <= slot->event.va)
        return;
    if (!fault) {
        uint32_t place = core->faulted_count++;
        for (; place > 0 && core->faulted[place - 1].number > slot->wanted.number; place--)
            core->faulted[place] = core->faulted[place - 1];
        fault = &core->faulted[place];
    }
    bool same = is_same_fault(&slot->wanted, &slot->event);
    *fault = slot->wanted;
    fault->delivered &= same;
    fault->fault = slot->fault;
    fault->report_ipa = slot->fault.ipa;
    fault->fault.ipa = slot->event.fault_ipa;
    fault->fault_va = slot->event.va;
}

/* Stage 2 alone translates intermediate addresses, and its faults are its own. */
struct fault_report fault_report_of(const struct core *core, const struct event_translation *event,
                                    const struct two_stage_fault *fault)
{
    const struct address_context *half = address_context_half(core->context, event->va);
    const struct two_stage_regime *both = half->two_stage;
    const struct translation_regime *regime = both && fault->stage == 2 ? both->stage2 : &half->regime;
    bool alone = half->regime.format->stage2;
    struct fault_cause cause = {.va = event->va,
                                .ipa = alone ? event->va : fault->ipa,
                                .kind = fault->kind,
                                .level = fault->level,
                                .stage = alone ? 2 : fault->stage,
                                .access = event->access_kind,
                                .privilege = event->privilege,
                                .two_stage = both || alone,
                                .on_table = fault->on_table,
                                .table_store = fault->table_store,
                                .rights = fault->rights,
                                .attributes = fault->attributes,
                                .controls = regime == &half->regime ? core->context->regime.controls
                                                                    : regime->controls,
                                .features = regime->features};
    struct fault_report report;
    memset(&report, 0, sizeof report);
    if (regime->format->report)
        regime->format->report(&cause, &report);
    return report;
}

static void tell_fault(struct core *core, const struct wanted_access *fault)
{
    struct mmu_event *event = core_event(core, EVENT_FAULT, core->now);
    if (event)
        event->as.fault =
            (struct event_fault){.va = fault->fault_va,
                                 .ipa = fault->fault.ipa,
                                 .pc = fault->access.pc,
                                 .access = fault->number,
                                 .space = address_context_half(core->context, fault->fault_va)->space,
                                 .access_kind = fault->access.kind,
                                 .privilege = fault->privilege,
                                 .fault = fault->fault.kind,
                                 .fault_level = fault->fault.level,
                                 .fault_stage = fault->fault.stage,
                                 .handled = core->op.handled,
                                 .report = core->result.report};
}

static struct fault_report report_of_access(const struct core *core, const struct wanted_access *access)
{
    const struct event_translation event = {
        .va = access->fault_va, .access_kind = access->access.kind, .privilege = access->privilege};
    struct two_stage_fault fault = access->fault;
    fault.ipa = access->report_ipa;
    return fault_report_of(core, &event, &fault);
}

/*
 * The faulted accesses of a stream are set aside until it resumes. What its program does meanwhile, its
 * fault handler say, leaves them alone.
 */
static void hold_faulted(struct core *core)
{
    struct wanted_access *empty = core->again;
    core->again = core->faulted;
    core->held_count = core->faulted_count;
    core->held_issues = core->first_issues;
    core->faulted = empty;
    core->faulted_count = 0;
}

void fault_deliver(struct core *core)
{
    struct wanted_access *fault = &core->faulted[0];
    uint64_t cycle = core->now + core->machine->config.fault_cycles;
    core->counters.programs.faults++;
    core->result.report = report_of_access(core, fault);
    tell_fault(core, fault);
    core->result.fault = (enum fault_kind)fault->fault.kind;
    core->result.fault_level = fault->fault.level;
    core->result.fault_stage = fault->fault.stage;
    core->result.fault_ipa = fault->fault.ipa;
    core->result.fault_on_table = fault->fault.on_table;
    core->result.fault_va = fault->fault_va;
    core->result.fault_pc = fault->access.pc;
    core->result.fault_access = (enum access_kind)fault->access.kind;
    core->result.fault_privilege = (enum privilege)fault->privilege;
    core->result.fault_again = fault->delivered || fault->deliveries >= MMU_FAULTS_MAX ||
                               (core->op.kind == CORE_ACCESS && core->op.retry);
    fault->delivered = true;
    fault->deliveries++;
    operation_end_early(core, cycle);
    if (core->op.kind != CORE_ACCESS)
        hold_faulted(core);
}
