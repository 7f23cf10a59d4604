#include "sim/specification/low_level.h"

#include <inttypes.h>

/* ---- States ---- */

void low_level_state_destroy(struct low_level_state *state)
{
    word_map_destroy(&state->mem.words);
    s1_page_table_destroy(&state->pt);
    mappings_destroy(&state->tlb);
}

bool low_level_state_copy(struct low_level_state *to, const struct low_level_state *from)
{
    to->mem.lb = from->mem.lb;
    to->mem.ub = from->mem.ub;
    to->arch = from->arch;
    to->extensions = from->extensions;
    return word_map_copy(&to->mem.words, &from->mem.words) && s1_page_table_copy(&to->pt, &from->pt) &&
           mappings_copy(&to->tlb, &from->tlb);
}

bool low_level_state_equal(const struct low_level_state *a, const struct low_level_state *b)
{
    return physical_memory_equal(&a->mem, &b->mem) && s1_page_table_equal(&a->pt, &b->pt) &&
           mappings_equal(&a->tlb, &b->tlb) && a->arch.frame_sizes == b->arch.frame_sizes &&
           a->arch.format == b->arch.format && extensions_equal(&a->extensions, &b->extensions);
}

struct hardware_state low_level_hw_state(const struct low_level_state *state)
{
    return (struct hardware_state){
        .mem = state->mem, .pt = state->pt, .tlb = state->tlb, .extensions = state->extensions};
}

struct page_table_state low_level_pt_state(const struct low_level_state *state)
{
    return (struct page_table_state){.mappings = state->pt.interpretation,
                                     .constants = {.arch = state->arch,
                                                   .pmem_lb = state->mem.lb * WORD_BYTES,
                                                   .pmem_ub = state->mem.ub * WORD_BYTES,
                                                   .extensions = state->extensions},
                                     .states = state->pt.states};
}

/* ---- Accesses ---- */

bool low_level_init(const struct low_level_state *state, struct violation *violation)
{
    const struct hardware_state hardware = low_level_hw_state(state);
    return hardware_init(&hardware, violation);
}

bool low_level_read(const struct low_level_state *s1, const struct low_level_state *s2,
                    const struct read_op *op, struct violation *violation)
{
    const struct hardware_state before = low_level_hw_state(s1);
    const struct hardware_state after = low_level_hw_state(s2);
    return hardware_read(&before, &after, op, violation);
}

bool low_level_fetch(const struct low_level_state *s1, const struct low_level_state *s2,
                     const struct read_op *op, struct violation *violation)
{
    const struct hardware_state before = low_level_hw_state(s1);
    const struct hardware_state after = low_level_hw_state(s2);
    return hardware_fetch(&before, &after, op, violation);
}

bool low_level_write(const struct low_level_state *s1, const struct low_level_state *s2,
                     const struct write_op *op, struct violation *violation)
{
    const struct hardware_state before = low_level_hw_state(s1);
    const struct hardware_state after = low_level_hw_state(s2);
    return hardware_write(&before, &after, op, violation);
}

bool low_level_tlb_evict(const struct low_level_state *s1, const struct low_level_state *s2, uint64_t base,
                         struct violation *violation)
{
    const struct hardware_state before = low_level_hw_state(s1);
    const struct hardware_state after = low_level_hw_state(s2);
    return hardware_tlb_evict(&before, &after, base, violation);
}

bool low_level_speculate(const struct low_level_state *s1, const struct low_level_state *s2,
                         struct violation *violation)
{
    const struct hardware_state before = low_level_hw_state(s1);
    const struct hardware_state after = low_level_hw_state(s2);
    return hardware_speculate(&before, &after, violation);
}

/* ---- Page-table operations: both specifications ---- */

static bool hardware_follows(const struct low_level_state *s1, const struct low_level_state *s2,
                             struct violation *violation)
{
    const struct hardware_state before = low_level_hw_state(s1);
    const struct hardware_state after = low_level_hw_state(s2);
    return hardware_pt_op(&before, &after, violation);
}

bool low_level_map(const struct low_level_state *s1, const struct low_level_state *s2,
                   const struct map_op *op, struct violation *violation)
{
    const struct page_table_state before = low_level_pt_state(s1);
    const struct page_table_state after = low_level_pt_state(s2);
    return page_table_map(&before, &after, op, violation) && hardware_follows(s1, s2, violation);
}

/* Normally software ensures this with specific instructions. Entries that the table maps now are none of the
 * old ones. */
static bool tlb_forgets(const struct clause *clause, const struct low_level_state *state, uint64_t base)
{
    for (size_t i = 0; i < state->tlb.count; i++)
        if (!clause_holds_of(clause,
                             state->tlb.at[i].va != base ||
                                 mappings_contain(&state->pt.interpretation, &state->tlb.at[i]),
                             "the TLB still has the entry of before for va 0x%" PRIx64, base))
            return false;
    return true;
}

bool low_level_unmap(const struct low_level_state *s1, const struct low_level_state *s2,
                     const struct unmap_op *op, struct violation *violation)
{
    const struct clause clause = {"low_level.unmap", violation};
    const struct page_table_state before = low_level_pt_state(s1);
    const struct page_table_state after = low_level_pt_state(s2);
    return page_table_unmap(&before, &after, op, violation) && hardware_follows(s1, s2, violation) &&
           (op->result == RESULT_REFUSED ||
            clause_holds_of(&clause, !mappings_at(&s2->tlb, op->vaddr),
                            "the TLB still has an entry for va 0x%" PRIx64, op->vaddr));
}

bool low_level_protect(const struct low_level_state *s1, const struct low_level_state *s2,
                       const struct protect_op *op, struct violation *violation)
{
    const struct clause clause = {"low_level.protect", violation};
    const struct page_table_state before = low_level_pt_state(s1);
    const struct page_table_state after = low_level_pt_state(s2);
    return page_table_protect(&before, &after, op, violation) && hardware_follows(s1, s2, violation) &&
           tlb_forgets(&clause, s2, op->vaddr);
}

bool low_level_query(const struct low_level_state *s1, const struct low_level_state *s2,
                     const struct query_op *op, struct violation *violation)
{
    const struct page_table_state before = low_level_pt_state(s1);
    const struct page_table_state after = low_level_pt_state(s2);
    return page_table_query(&before, &after, op, violation) && hardware_follows(s1, s2, violation);
}
