#include "sim/specification/invariants.h"

#include <inttypes.h>

static bool is_within(const struct physical_memory *mem, const struct frame *frame)
{
    const uint64_t last = frame->base + (frame_size_bytes(frame) - 1);
    return frame->base <= last && physical_memory_contains(mem, frame->base / WORD_BYTES) &&
           physical_memory_contains(mem, last / WORD_BYTES);
}

bool frames_within_pmem(const struct low_level_state *state, struct violation *violation)
{
    const struct clause clause = {"frames_within_pmem", violation};
    const struct mappings *table = &state->pt.interpretation;
    for (size_t i = 0; i < table->count; i++)
        if (!clause_holds_of(&clause, is_within(&state->mem, &table->at[i].frame),
                             "va 0x%" PRIx64 " maps frame 0x%" PRIx64 ", which is not in physical memory",
                             table->at[i].va, table->at[i].frame.base))
            return false;
    return true;
}

bool mappings_aligned(const struct low_level_state *state, struct violation *violation)
{
    const struct clause clause = {"mappings_aligned", violation};
    const struct mappings *table = &state->pt.interpretation;
    for (size_t i = 0; i < table->count; i++) {
        const struct mapping *at = &table->at[i];
        if (!clause_holds_of(&clause, ((at->va | at->frame.base) & (frame_size_bytes(&at->frame) - 1)) == 0,
                             "va 0x%" PRIx64 " and frame 0x%" PRIx64 " are not both aligned to 2^%u bytes",
                             at->va, at->frame.base, at->frame.size_lg2))
            return false;
    }
    return true;
}

bool mappings_nonoverlap_in_vmem(const struct low_level_state *state, struct violation *violation)
{
    const struct clause clause = {"mappings_nonoverlap_in_vmem", violation};
    const struct mappings *table = &state->pt.interpretation;
    uint64_t last = 0; /* of what came before: mappings ascend */
    for (size_t i = 0; i < table->count; i++) {
        const struct mapping *at = &table->at[i];
        if (!clause_holds_of(&clause, i == 0 || at->va > last,
                             "the mappings of va 0x%" PRIx64 " and va 0x%" PRIx64 " overlap",
                             table->at[i ? i - 1 : 0].va, at->va))
            return false;
        last = at->va + (frame_size_bytes(&at->frame) - 1);
    }
    return true;
}

bool mappings_nonoverlap_in_pmem(const struct low_level_state *state, struct violation *violation)
{
    const struct clause clause = {"mappings_nonoverlap_in_pmem", violation};
    const struct mappings *table = &state->pt.interpretation;
    if (extended_by(&state->extensions, EXTENSION_ALIASES))
        return true;
    for (size_t i = 0; i < table->count; i++) {
        for (size_t j = 0; j < i; j++) {
            const struct frame *a = &table->at[j].frame;
            const struct frame *b = &table->at[i].frame;
            if (!clause_holds_of(&clause, !ranges_overlap(a->base, a->size_lg2, b->base, b->size_lg2),
                                 "the frames of va 0x%" PRIx64 " and va 0x%" PRIx64 " overlap",
                                 table->at[j].va, table->at[i].va))
                return false;
        }
    }
    return true;
}

bool tlb_is_submap_of_pt(const struct low_level_state *state, struct violation *violation)
{
    const struct clause clause = {"tlb_is_submap_of_pt", violation};
    const struct mapping *stale = mappings_missing(&state->tlb, &state->pt.interpretation);
    const struct mapping *mapped = stale ? mappings_for(&state->pt.interpretation, stale->va, NULL) : NULL;
    if (!stale)
        return true;
    if (!mapped)
        return clause_holds_of(&clause, false,
                               "the TLB takes va 0x%" PRIx64 " to frame 0x%" PRIx64
                               ", and the page table maps nothing there",
                               stale->va, stale->frame.base);
    return clause_holds_of(&clause, false,
                           "the TLB takes va 0x%" PRIx64 " to frame 0x%" PRIx64
                           " with attributes 0x%x, and the page table to frame 0x%" PRIx64 " with 0x%x",
                           stale->va, stale->frame.base, (unsigned)stale->frame.attributes,
                           mapped->frame.base, (unsigned)mapped->frame.attributes);
}

bool low_level_invariants(const struct low_level_state *state, struct violation *violation)
{
    return frames_within_pmem(state, violation) && mappings_aligned(state, violation) &&
           mappings_nonoverlap_in_vmem(state, violation) && mappings_nonoverlap_in_pmem(state, violation) &&
           tlb_is_submap_of_pt(state, violation);
}

bool page_table_invariants(const struct concrete_table *concrete, struct violation *violation)
{
    const struct clause clause = {"page_table.invariants", violation};
    char reason[VIOLATION_TEXT_BYTES] = "";
    enum pagetable_result result =
        concrete->table->invariants(concrete->state, &concrete->memory, reason, sizeof reason);
    return clause_holds_of(&clause, result != PAGETABLE_CORRUPT, "%s", reason);
}

bool empty_tables_are_released(const struct pagetable_class *table, const struct low_level_state *state,
                               size_t blocks, size_t blocks_of_empty, struct violation *violation)
{
    const struct clause clause = {"empty_tables_are_released", violation};
    return clause_holds_of(&clause,
                           !table->releases_empty_tables || state->pt.interpretation.count > 0 ||
                               blocks == blocks_of_empty,
                           "nothing is mapped, and the page table has %zu blocks of memory instead of %zu",
                           blocks, blocks_of_empty);
}

bool tables_are_isolated(const struct low_level_state *state, const struct word_range *blocks, size_t count,
                         struct violation *violation)
{
    const struct clause clause = {"tables_are_isolated", violation};
    for (size_t i = 0; i < state->pt.interpretation.count; i++) {
        const struct mapping *at = &state->pt.interpretation.at[i];
        const uint64_t first = at->frame.base / WORD_BYTES;
        const uint64_t last = (at->frame.base + (frame_size_bytes(&at->frame) - 1)) / WORD_BYTES;
        for (size_t j = 0; j < count; j++)
            if (!clause_holds_of(&clause, last < blocks[j].first || blocks[j].last < first,
                                 "va 0x%" PRIx64 " maps frame 0x%" PRIx64
                                 ", where the page table has its memory at 0x%" PRIx64,
                                 at->va, at->frame.base, blocks[j].first * WORD_BYTES))
                return false;
    }
    return true;
}
