#include "sim/specification/page_table.h"

#include <inttypes.h>

#include "sim/specification/entry_state.h"

/* ---- Constants and states ---- */

struct pt_arch pt_arch_of(const struct walk_format *format, uint64_t lacks_sizes)
{
    struct pt_arch arch = {.format = format};
    for (unsigned i = 0; i < format->frame_sizes; i++)
        arch.frame_sizes |= UINT64_C(1) << format->frame_size_lg2[i];
    arch.frame_sizes &= ~lacks_sizes;
    return arch;
}

bool pt_constants_equal(const struct pt_constants *a, const struct pt_constants *b)
{
    return a->arch.frame_sizes == b->arch.frame_sizes && a->arch.format == b->arch.format &&
           a->pmem_lb == b->pmem_lb && a->pmem_ub == b->pmem_ub &&
           extensions_equal(&a->extensions, &b->extensions);
}

void page_table_state_destroy(struct page_table_state *state)
{
    mappings_destroy(&state->mappings);
    word_map_destroy(&state->states);
}

bool page_table_state_copy(struct page_table_state *to, const struct page_table_state *from)
{
    to->constants = from->constants;
    return mappings_copy(&to->mappings, &from->mappings) && word_map_copy(&to->states, &from->states);
}

bool page_table_state_equal(const struct page_table_state *a, const struct page_table_state *b)
{
    return pt_constants_equal(&a->constants, &b->constants) && mappings_equal(&a->mappings, &b->mappings) &&
           word_map_equal(&a->states, &b->states);
}

/* ---- Preconditions ---- */

static bool is_valid_frame_size(const struct pt_arch *arch, unsigned size_lg2)
{
    return size_lg2 < 64 && arch->frame_sizes >> size_lg2 & 1;
}

/* 1 if the arch has no frames at all: then nothing is mapped either. */
static uint64_t leaf_frame_size(const struct pt_arch *arch)
{
    return arch->frame_sizes ? arch->frame_sizes & (~arch->frame_sizes + 1) : 1;
}

static bool reaches(const struct pt_arch *arch, uint64_t va, uint64_t bytes)
{
    return !arch->format || walk_format_reaches(arch->format, va, bytes);
}

bool page_table_map_pre(const struct page_table_state *state, uint64_t vbase, const struct frame *frame,
                        struct violation *violation)
{
    const struct clause clause = {"page_table.map_pre", violation};
    const struct pt_constants *constants = &state->constants;
    if (!clause_holds(&clause, is_valid_frame_size(&constants->arch, frame->size_lg2),
                      "the arch has no frames of this size"))
        return false;
    const uint64_t bytes = frame_size_bytes(frame);
    return clause_holds_of(&clause, vbase % bytes == 0, "va 0x%" PRIx64 " is not aligned to its frame",
                           vbase) &&
           clause_holds_of(&clause, frame->base % bytes == 0,
                           "frame 0x%" PRIx64 " is not aligned to its size", frame->base) &&
           clause_holds_of(&clause, reaches(&constants->arch, vbase, bytes),
                           "the format does not reach va 0x%" PRIx64, vbase) &&
           clause_holds_of(&clause,
                           frame->base >= constants->pmem_lb && bytes <= constants->pmem_ub &&
                               frame->base <= constants->pmem_ub - bytes,
                           "frame 0x%" PRIx64 " is not within physical memory", frame->base) &&
           clause_holds_of(&clause,
                           extended_by(&constants->extensions, EXTENSION_ALIASES) ||
                               !mappings_overlap_pmem(&state->mappings, frame),
                           "frame 0x%" PRIx64 " overlaps one that is mapped", frame->base);
}

/* A base of mappings: aligned to the smallest frame, and an address of the format's. */
static bool base_pre(const struct page_table_state *state, uint64_t vbase, const struct clause *clause)
{
    const struct pt_arch *arch = &state->constants.arch;
    return clause_holds_of(clause, vbase % leaf_frame_size(arch) == 0,
                           "va 0x%" PRIx64 " is not aligned to the smallest frame", vbase) &&
           clause_holds_of(clause, reaches(arch, vbase, leaf_frame_size(arch)),
                           "the format does not reach va 0x%" PRIx64, vbase);
}

bool page_table_unmap_pre(const struct page_table_state *state, uint64_t vbase, struct violation *violation)
{
    const struct clause clause = {"page_table.unmap_pre", violation};
    return base_pre(state, vbase, &clause);
}

bool page_table_protect_pre(const struct page_table_state *state, uint64_t vbase, struct violation *violation)
{
    const struct clause clause = {"page_table.protect_pre", violation};
    return base_pre(state, vbase, &clause);
}

bool page_table_query_pre(const struct page_table_state *state, uint64_t vaddr, struct violation *violation)
{
    const struct clause clause = {"page_table.query_pre", violation};
    return clause_holds_of(&clause,
                           extended_by(&state->constants.extensions, EXTENSION_ANSWERS) ||
                               vaddr % WORD_BYTES == 0,
                           "va 0x%" PRIx64 " is not aligned to 8 bytes", vaddr) &&
           clause_holds_of(&clause, reaches(&state->constants.arch, vaddr, 1),
                           "the format does not reach va 0x%" PRIx64, vaddr);
}

/* ---- What transitions have in common ---- */

static bool is_extended(const struct page_table_state *state, uint32_t extension)
{
    return extended_by(&state->constants.extensions, extension);
}

static bool constants_stay(const struct clause *clause, const struct page_table_state *s1,
                           const struct page_table_state *s2)
{
    return clause_holds(clause, pt_constants_equal(&s1->constants, &s2->constants), "the constants change");
}

static bool nothing_changes(const struct clause *clause, const struct page_table_state *s1,
                            const struct page_table_state *s2)
{
    return clause_holds(clause, mappings_equal(&s1->mappings, &s2->mappings),
                        "the mappings change, though nothing should") &&
           clause_holds(clause, states_stay(&s1->constants.extensions, &s1->states, &s2->states),
                        "the state of an entry changes, though nothing should");
}

static bool fails(const struct clause *clause, const struct page_table_state *s1,
                  const struct page_table_state *s2, enum result result, const char *text)
{
    return clause_holds(clause, result == RESULT_ERR, text) && nothing_changes(clause, s1, s2);
}

static bool is_refused(const struct clause *clause, const struct page_table_state *s1,
                       const struct page_table_state *s2)
{
    return clause_holds(clause, is_extended(s1, EXTENSION_REFUSALS), "it is refused") &&
           nothing_changes(clause, s1, s2);
}

/* STATE: the entry of `va` has this state after, every other one what it had; or hardware marked it. */
static bool state_becomes(const struct clause *clause, const struct page_table_state *s1,
                          const struct page_table_state *s2, uint64_t va, uint32_t state)
{
    return clause_holds(
        clause, states_follow_operation(&s1->constants.extensions, &s1->states, &s2->states, va, state),
        "the entries do not have the state that they should have");
}

static struct mapping mapping_of(uint64_t va, const struct frame *frame)
{
    struct mapping mapping = {.va = va, .frame = *frame};
    mapping.frame.attributes &= ~FRAME_STATE_ALL;
    return mapping;
}

/* ---- Transitions ---- */

bool page_table_init(const struct page_table_state *state, struct violation *violation)
{
    const struct clause clause = {"page_table.init", violation};
    return clause_holds(&clause, state->mappings.count == 0, "something is mapped") &&
           clause_holds(&clause, state->states.count == 0, "an entry has a state");
}

bool page_table_map(const struct page_table_state *s1, const struct page_table_state *s2,
                    const struct map_op *op, struct violation *violation)
{
    const struct clause clause = {"page_table.map", violation};
    const struct mapping mapping = mapping_of(op->vaddr, &op->frame);
    if (!constants_stay(&clause, s1, s2))
        return false;
    if (!page_table_map_pre(s1, op->vaddr, &op->frame, violation))
        return is_extended(s1, EXTENSION_ANSWERS) &&
               fails(&clause, s1, s2, op->result, "it succeeds without its precondition");
    if (op->result == RESULT_REFUSED)
        return is_refused(&clause, s1, s2);
    if (mappings_overlap_vmem(&s1->mappings, &mapping))
        return fails(&clause, s1, s2, op->result, "it succeeds, though something is mapped there");
    return clause_holds(&clause, op->result == RESULT_OK, "it fails, though nothing is mapped there") &&
           clause_holds(&clause, mappings_are_insert(&s2->mappings, &s1->mappings, &mapping),
                        "the mappings after are not those before and the new one") &&
           state_becomes(&clause, s1, s2, op->vaddr, op->frame.attributes & FRAME_STATE_ALL);
}

bool page_table_unmap(const struct page_table_state *s1, const struct page_table_state *s2,
                      const struct unmap_op *op, struct violation *violation)
{
    const struct clause clause = {"page_table.unmap", violation};
    if (!constants_stay(&clause, s1, s2))
        return false;
    if (!page_table_unmap_pre(s1, op->vaddr, violation))
        return is_extended(s1, EXTENSION_ANSWERS) &&
               fails(&clause, s1, s2, op->result, "it succeeds without its precondition");
    if (op->result == RESULT_REFUSED)
        return is_refused(&clause, s1, s2);
    if (!mappings_at(&s1->mappings, op->vaddr))
        return fails(&clause, s1, s2, op->result, "it succeeds, though no mapping has this base");
    return clause_holds(&clause, op->result == RESULT_OK, "it fails, though a mapping has this base") &&
           clause_holds(&clause, mappings_are_remove(&s2->mappings, &s1->mappings, op->vaddr),
                        "the mappings after are not those before without this one") &&
           state_becomes(&clause, s1, s2, op->vaddr, 0);
}

bool page_table_protect(const struct page_table_state *s1, const struct page_table_state *s2,
                        const struct protect_op *op, struct violation *violation)
{
    const struct clause clause = {"page_table.protect", violation};
    const struct mapping *before = mappings_at(&s1->mappings, op->vaddr);
    if (!clause_holds(&clause, is_extended(s1, EXTENSION_PROTECT), "the seed has no such transition") ||
        !constants_stay(&clause, s1, s2))
        return false;
    if (!page_table_protect_pre(s1, op->vaddr, violation))
        return is_extended(s1, EXTENSION_ANSWERS) &&
               fails(&clause, s1, s2, op->result, "it succeeds without its precondition");
    if (op->result == RESULT_REFUSED)
        return is_refused(&clause, s1, s2);
    if (!before)
        return fails(&clause, s1, s2, op->result, "it succeeds, though no mapping has this base");
    struct mapping after = *before;
    after.frame.attributes = op->attributes & ~FRAME_STATE_ALL;
    return clause_holds(&clause, op->result == RESULT_OK, "it fails, though a mapping has this base") &&
           clause_holds(&clause, mappings_are_insert(&s2->mappings, &s1->mappings, &after),
                        "the mappings after are not those before with these attributes") &&
           state_becomes(&clause, s1, s2, op->vaddr, op->attributes & FRAME_STATE_ALL);
}

/* Whether what a query found is the mapping that contains its address. */
static bool found_is_mapped(const struct page_table_state *state, const struct query_op *op)
{
    const struct mapping plain = mapping_of(op->found.va, &op->found.frame);
    return mappings_contain(&state->mappings, &plain) &&
           op->vaddr - plain.va < frame_size_bytes(&plain.frame);
}

/* The state before or after: hardware may mark the entry meanwhile. */
static bool found_has_state(const struct page_table_state *s1, const struct page_table_state *s2,
                            const struct mapping *found)
{
    const uint32_t state = found->frame.attributes & FRAME_STATE_ALL;
    return !is_extended(s1, EXTENSION_STATE) || state == word_map_read(&s1->states, found->va) ||
           state == word_map_read(&s2->states, found->va);
}

bool page_table_query(const struct page_table_state *s1, const struct page_table_state *s2,
                      const struct query_op *op, struct violation *violation)
{
    const struct clause clause = {"page_table.query", violation};
    if (!constants_stay(&clause, s1, s2))
        return false;
    if (!page_table_query_pre(s1, op->vaddr, violation))
        return is_extended(s1, EXTENSION_ANSWERS) &&
               fails(&clause, s1, s2, op->result, "it succeeds without its precondition");
    if (!nothing_changes(&clause, s1, s2))
        return false;
    if (!mappings_for(&s1->mappings, op->vaddr, NULL))
        return clause_holds(&clause, op->result == RESULT_ERR, "it succeeds, though nothing is mapped there");
    return clause_holds(&clause, op->result == RESULT_OK, "it fails, though something is mapped there") &&
           clause_holds(&clause, found_is_mapped(s1, op), "what it found is not the mapping there") &&
           clause_holds(&clause, found_has_state(s1, s2, &op->found),
                        "what it found has not the state of the entry");
}

/* ---- Successors ---- */

bool page_table_map_step(struct page_table_state *state, struct map_op *op)
{
    const struct mapping mapping = mapping_of(op->vaddr, &op->frame);
    op->result = RESULT_ERR;
    if (!page_table_map_pre(state, op->vaddr, &op->frame, NULL) ||
        mappings_overlap_vmem(&state->mappings, &mapping))
        return true;
    if (!word_map_write(&state->states, op->vaddr, op->frame.attributes & FRAME_STATE_ALL))
        return false;
    if (!mappings_insert(&state->mappings, &mapping)) {
        (void)word_map_write(&state->states, op->vaddr, 0); /* takes no memory */
        return false;
    }
    op->result = RESULT_OK;
    return true;
}

bool page_table_unmap_step(struct page_table_state *state, struct unmap_op *op)
{
    op->result = RESULT_ERR;
    if (!page_table_unmap_pre(state, op->vaddr, NULL) || !mappings_at(&state->mappings, op->vaddr))
        return true;
    mappings_remove(&state->mappings, op->vaddr);
    op->result = RESULT_OK;
    return word_map_write(&state->states, op->vaddr, 0);
}

bool page_table_protect_step(struct page_table_state *state, struct protect_op *op)
{
    const struct mapping *before = mappings_at(&state->mappings, op->vaddr);
    op->result = RESULT_ERR;
    if (!page_table_protect_pre(state, op->vaddr, NULL) || !before)
        return true;
    struct mapping after = *before;
    after.frame.attributes = op->attributes & ~FRAME_STATE_ALL;
    if (!word_map_write(&state->states, op->vaddr, op->attributes & FRAME_STATE_ALL))
        return false;
    op->result = RESULT_OK;
    mappings_remove(&state->mappings, after.va); /* and so there is room for it */
    return mappings_insert(&state->mappings, &after);
}

bool page_table_query_step(const struct page_table_state *state, struct query_op *op)
{
    const struct mapping *found = mappings_for(&state->mappings, op->vaddr, NULL);
    op->result = RESULT_ERR;
    if (!page_table_query_pre(state, op->vaddr, NULL) || !found)
        return true;
    op->found = *found;
    op->found.frame.attributes |= (uint32_t)word_map_read(&state->states, found->va);
    op->result = RESULT_OK;
    return true;
}
