/* What holds in every state of the extended machine. */
#include <inttypes.h>

#include "sim/specification/extended.h"
#include "sim/specification/invariants.h"

/* A global entry is of some space; what a core runs another space for, its own table need not map. */
static bool global_entries_are_mapped(const struct clause *clause, const struct extended_state *state,
                                      unsigned core)
{
    const struct mappings *global = &state->core[core].global;
    for (size_t i = 0; i < global->count; i++)
        if (!clause_holds_of(clause, extended_maps(state, &global->at[i], EXTENDED_SPACES),
                             "core %u has a global entry for va 0x%" PRIx64 ", which no space maps", core,
                             global->at[i].va))
            return false;
    return true;
}

/* The low level's, with the entries of the space alone. */
static bool space_invariants(const struct extended_state *state, unsigned core, unsigned space,
                             struct violation *violation)
{
    const struct clause clause = {"extended.invariants", violation};
    struct low_level_state seen = {0};
    bool holds =
        clause_holds(&clause, extended_project(state, core, space, &seen), "there is no memory to judge it");
    if (holds) {
        struct low_level_state own = seen;
        own.tlb = state->core[core].tlb[space];
        holds = low_level_invariants(&own, violation);
    }
    low_level_state_destroy(&seen);
    return holds;
}

bool extended_invariants(const struct extended_state *state, struct violation *violation)
{
    const struct clause clause = {"walk_caches_hold_linked_tables", violation};
    const struct clause globals = {"tlb_is_submap_of_pt", violation};
    for (unsigned core = 0; core < state->cores; core++) {
        for (unsigned space = 0; space < state->spaces; space++) {
            const struct walk_table *loose =
                walk_tables_missing(&state->core[core].tables[space], &state->space[space].tables);
            if (!space_invariants(state, core, space, violation) ||
                !clause_holds_of(&clause, !loose,
                                 "core %u keeps the table at 0x%" PRIx64 " for va 0x%" PRIx64
                                 ", to which the page table of space %u does not lead",
                                 core, loose ? loose->pa : 0, loose ? loose->va : 0, space))
                return false;
        }
        if (!global_entries_are_mapped(&globals, state, core))
            return false;
    }
    return true;
}
