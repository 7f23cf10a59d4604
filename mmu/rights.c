/*
 * What entries allow under the state of the core: PSTATE.PAN, sstatus.SUM and MXR, CR0.WP, CR4.SMAP, PKRU ...
 *
 * An entry says what the tables say, and is judged anew by each access: a core that changes its controls
 * need not invalidate anything. So that hits cost nothing, entries of the first levels have beside their
 * rights what is left of them (tlb_entry.allowed); it is put there by fills, and anew when the controls
 * change.
 */
#include "mmu/rights.h"

typedef uint8_t (*allowed_function)(const struct access_controls *controls, uint8_t rights,
                                    uint32_t attributes);

uint8_t rights_under_controls(const struct core *core, uint64_t va, uint8_t rights, uint32_t attributes)
{
    const struct address_context *half = address_context_half(core->context, va);
    return walk_allowed(half->regime.format, &core->controls, rights, attributes);
}

static allowed_function judge_of(const struct address_context *context)
{
    return context ? context->regime.format->allowed : NULL;
}

/* The high half has no other judge if there is none. */
static allowed_function high_judge_of(const struct address_context *context)
{
    return judge_of(context && context->high ? context->high : context);
}

static bool judges_alike(const struct address_context *a, const struct address_context *b)
{
    bool nobody = !judge_of(a) && !judge_of(b) && !high_judge_of(a) && !high_judge_of(b);
    if (nobody)
        return true;
    return a && b && judge_of(a) == judge_of(b) && high_judge_of(a) == high_judge_of(b) &&
           a->regime.controls.flags == b->regime.controls.flags &&
           a->regime.controls.key_rights == b->regime.controls.key_rights;
}

static void judge_array(const struct core *core, struct tlb *tlb)
{
    for (uint32_t slot = 0; slot < tlb->geometry.entries; slot++) {
        struct tlb_entry *entry = &tlb->entries[slot];
        if (tlb_slot_used(tlb, slot))
            entry->allowed = rights_allowed(core, entry->va, entry->rights, (uint32_t)entry->attributes);
    }
}

void rights_switch(struct core *core, const struct address_context *context)
{
    bool alike = judges_alike(core->context, context);
    core->controls = context->regime.controls;
    core->context = context;
    core->judges = judge_of(context) || high_judge_of(context);
    for (uint32_t i = 0; !alike && i < core->hierarchy.array_count; i++)
        if (core->hierarchy.arrays[i]->level == 1)
            judge_array(core, &core->hierarchy.arrays[i]->tlb);
}
