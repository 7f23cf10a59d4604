/* States of the extended machine, and what one core sees of them. */
#include "sim/specification/extended.h"

/* ---- States ---- */

static void destroy_core(struct extended_core *core)
{
    for (unsigned i = 0; i < EXTENDED_SPACES; i++) {
        mappings_destroy(&core->tlb[i]);
        walk_tables_destroy(&core->tables[i]);
    }
    mappings_destroy(&core->global);
}

void extended_state_destroy(struct extended_state *state)
{
    word_map_destroy(&state->mem.words);
    mappings_destroy(&state->stage2);
    for (unsigned i = 0; i < EXTENDED_CORES; i++)
        destroy_core(&state->core[i]);
    for (unsigned i = 0; i < EXTENDED_SPACES; i++) {
        s1_page_table_destroy(&state->space[i].pt);
        walk_tables_destroy(&state->space[i].tables);
    }
}

static bool copy_core(struct extended_core *to, const struct extended_core *from)
{
    to->space = from->space;
    to->controls = from->controls;
    to->pending_count = from->pending_count;
    for (unsigned i = 0; i < from->pending_count; i++)
        to->pending[i] = from->pending[i];
    for (unsigned i = 0; i < EXTENDED_SPACES; i++)
        if (!mappings_copy(&to->tlb[i], &from->tlb[i]) || !walk_tables_copy(&to->tables[i], &from->tables[i]))
            return false;
    return mappings_copy(&to->global, &from->global);
}

bool extended_state_copy(struct extended_state *to, const struct extended_state *from)
{
    to->mem.lb = from->mem.lb;
    to->mem.ub = from->mem.ub;
    to->cores = from->cores;
    to->spaces = from->spaces;
    to->arch = from->arch;
    to->extensions = from->extensions;
    for (unsigned i = 0; i < EXTENDED_CORES; i++)
        if (!copy_core(&to->core[i], &from->core[i]))
            return false;
    for (unsigned i = 0; i < EXTENDED_SPACES; i++)
        if (!s1_page_table_copy(&to->space[i].pt, &from->space[i].pt) ||
            !walk_tables_copy(&to->space[i].tables, &from->space[i].tables))
            return false;
    return word_map_copy(&to->mem.words, &from->mem.words) && mappings_copy(&to->stage2, &from->stage2);
}

bool extended_pending_equal(const struct extended_core *a, const struct extended_core *b)
{
    if (a->pending_count != b->pending_count)
        return false;
    for (unsigned i = 0; i < a->pending_count; i++)
        if (a->pending[i].pidx != b->pending[i].pidx || a->pending[i].value != b->pending[i].value)
            return false;
    return true;
}

static bool core_equal(const struct extended_core *a, const struct extended_core *b)
{
    for (unsigned i = 0; i < EXTENDED_SPACES; i++)
        if (!mappings_equal(&a->tlb[i], &b->tlb[i]) || !walk_tables_equal(&a->tables[i], &b->tables[i]))
            return false;
    return a->space == b->space && a->controls.flags == b->controls.flags &&
           a->controls.key_rights == b->controls.key_rights && mappings_equal(&a->global, &b->global) &&
           extended_pending_equal(a, b);
}

bool extended_state_equal(const struct extended_state *a, const struct extended_state *b)
{
    for (unsigned i = 0; i < EXTENDED_CORES; i++)
        if (!core_equal(&a->core[i], &b->core[i]))
            return false;
    for (unsigned i = 0; i < EXTENDED_SPACES; i++)
        if (!s1_page_table_equal(&a->space[i].pt, &b->space[i].pt) ||
            !walk_tables_equal(&a->space[i].tables, &b->space[i].tables))
            return false;
    return a->cores == b->cores && a->spaces == b->spaces && physical_memory_equal(&a->mem, &b->mem) &&
           mappings_equal(&a->stage2, &b->stage2) && a->arch.frame_sizes == b->arch.frame_sizes &&
           a->arch.format == b->arch.format && extensions_equal(&a->extensions, &b->extensions);
}

/* ---- Two stages ---- */

/* What both stages allow. The rest of the attributes is stage 1's, but memory is a device's, or not cached,
 * if one of them says so. */
static uint32_t both_attributes(uint32_t stage1, uint32_t stage2)
{
    const uint32_t rights = FRAME_READABLE | FRAME_WRITABLE | FRAME_EXECUTABLE;
    const uint32_t types = FRAME_DEVICE | FRAME_NONCACHEABLE;
    return (stage1 & ~(rights & ~stage2)) | (stage2 & types);
}

/* The piece of a stage 1 mapping that this mapping of stage 2 translates, if there is one. */
static bool piece_of(const struct mapping *stage1, const struct mapping *stage2, struct mapping *piece)
{
    const bool whole = stage1->frame.size_lg2 <= stage2->frame.size_lg2;
    const uint64_t ipa = whole ? stage1->frame.base : stage2->va;
    if (!ranges_overlap(stage1->frame.base, stage1->frame.size_lg2, stage2->va, stage2->frame.size_lg2))
        return false;
    *piece = (struct mapping){
        .va = stage1->va + (ipa - stage1->frame.base),
        .frame = {.base = stage2->frame.base + (ipa - stage2->va),
                  .attributes = both_attributes(stage1->frame.attributes, stage2->frame.attributes),
                  .size_lg2 = whole ? stage1->frame.size_lg2 : stage2->frame.size_lg2}};
    return true;
}

bool mappings_compose(const struct mappings *stage1, const struct mappings *stage2, struct mappings *both)
{
    struct mapping piece;
    both->count = 0;
    for (size_t i = 0; i < stage1->count; i++)
        for (size_t j = 0; j < stage2->count; j++)
            if (piece_of(&stage1->at[i], &stage2->at[j], &piece) && !mappings_add(both, &piece))
                return false;
    return true;
}

/* ---- What one core sees ---- */

static bool see_memory(const struct extended_state *state, unsigned core, struct low_level_state *seen)
{
    const struct extended_core *self = &state->core[core];
    seen->mem.lb = state->mem.lb;
    seen->mem.ub = state->mem.ub;
    if (!word_map_copy(&seen->mem.words, &state->mem.words))
        return false;
    for (unsigned i = 0; i < self->pending_count; i++)
        if (!word_map_write(&seen->mem.words, self->pending[i].pidx, self->pending[i].value))
            return false;
    return true;
}

static bool see_table(const struct extended_state *state, unsigned space, struct low_level_state *seen)
{
    const struct s1_page_table *table = &state->space[space].pt;
    if (!extended_by(&state->extensions, EXTENSION_STAGE2))
        return s1_page_table_copy(&seen->pt, table);
    seen->pt.root = table->root;
    return word_map_copy(&seen->pt.words, &table->words) && word_map_copy(&seen->pt.states, &table->states) &&
           mappings_compose(&table->interpretation, &state->stage2, &seen->pt.interpretation);
}

static bool see_tlb(const struct extended_state *state, unsigned core, unsigned space,
                    struct low_level_state *seen)
{
    const struct mappings *global = &state->core[core].global;
    if (!mappings_copy(&seen->tlb, &state->core[core].tlb[space]))
        return false;
    for (size_t i = 0; i < global->count; i++)
        if (!mappings_add(&seen->tlb, &global->at[i]))
            return false;
    return true;
}

bool extended_project(const struct extended_state *state, unsigned core, unsigned space,
                      struct low_level_state *seen)
{
    seen->arch = state->arch;
    seen->extensions = state->extensions;
    if (extended_by(&state->extensions, EXTENSION_CONTROLS))
        seen->extensions.controls = state->core[core].controls;
    if (extended_by(&state->extensions, EXTENSION_STAGE2)) {
        seen->arch.frame_sizes = 0; /* pieces: nobody maps them */
        seen->extensions.set |= EXTENSION_ALIASES;
    }
    return see_memory(state, core, seen) && see_table(state, space, seen) &&
           see_tlb(state, core, space, seen);
}

bool extended_maps(const struct extended_state *state, const struct mapping *entry, unsigned space)
{
    if (space == EXTENDED_SPACES) {
        for (unsigned i = 0; i < state->spaces; i++)
            if (extended_maps(state, entry, i))
                return true;
        return false;
    }
    struct mappings both = {0};
    const struct mappings *table = &state->space[space].pt.interpretation;
    if (!extended_by(&state->extensions, EXTENSION_STAGE2))
        return mappings_contain(table, entry);
    bool mapped = mappings_compose(table, &state->stage2, &both) && mappings_contain(&both, entry);
    mappings_destroy(&both);
    return mapped;
}
