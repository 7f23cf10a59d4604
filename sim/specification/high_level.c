#include "sim/specification/high_level.h"

#include <inttypes.h>

#include "sim/specification/entry_state.h"

/* ---- States ---- */

void high_level_state_destroy(struct high_level_state *state)
{
    virtual_memory_destroy(&state->mem);
    mappings_destroy(&state->mappings);
    word_map_destroy(&state->states);
}

bool high_level_state_copy(struct high_level_state *to, const struct high_level_state *from)
{
    to->constants = from->constants;
    return virtual_memory_copy(&to->mem, &from->mem) && mappings_copy(&to->mappings, &from->mappings) &&
           word_map_copy(&to->states, &from->states);
}

static bool constants_equal(const struct high_level_constants *a, const struct high_level_constants *b)
{
    return a->pmem_lb == b->pmem_lb && a->pmem_ub == b->pmem_ub && a->arch.format == b->arch.format &&
           a->arch.frame_sizes == b->arch.frame_sizes && extensions_equal(&a->extensions, &b->extensions);
}

bool high_level_state_equal(const struct high_level_state *a, const struct high_level_state *b)
{
    return constants_equal(&a->constants, &b->constants) && virtual_memory_equal(&a->mem, &b->mem) &&
           mappings_equal(&a->mappings, &b->mappings) && word_map_equal(&a->states, &b->states);
}

static bool is_extended(const struct high_level_state *state, uint32_t extension)
{
    return extended_by(&state->constants.extensions, extension);
}

static uint64_t frame_sizes(const struct high_level_state *state)
{
    const uint64_t seeds = UINT64_C(1) << 12 | UINT64_C(1) << 21 | UINT64_C(1) << 30;
    return state->constants.arch.frame_sizes ? state->constants.arch.frame_sizes : seeds;
}

/* The page table's part of the state, sharing what it holds: not to be destroyed. */
static struct page_table_state page_table_of(const struct high_level_state *state)
{
    struct page_table_state table = {.mappings = state->mappings, .states = state->states};
    table.constants.arch = state->constants.arch;
    table.constants.arch.frame_sizes = frame_sizes(state);
    table.constants.pmem_lb = state->constants.pmem_lb * WORD_BYTES;
    table.constants.pmem_ub = state->constants.pmem_ub * WORD_BYTES;
    table.constants.extensions = state->constants.extensions;
    return table;
}

/* ---- Words of frames ---- */

/* The seed's `vaddr.map(base, frame.base).idx()`. */
static uint64_t pidx_of(const struct mapping *mapping, uint64_t vaddr)
{
    return (mapping->frame.base + (vaddr - mapping->va)) / WORD_BYTES;
}

static bool within_pmem(const struct high_level_state *state, uint64_t pidx)
{
    return state->constants.pmem_lb <= pidx && pidx < state->constants.pmem_ub;
}

static bool permits(const struct high_level_state *state, const struct mapping *mapping, uint64_t vaddr,
                    enum access_kind kind, enum privilege privilege)
{
    return within_pmem(state, pidx_of(mapping, vaddr)) &&
           frame_permits(&state->constants.extensions, mapping->frame.attributes,
                         (uint32_t)word_map_read(&state->states, mapping->va), kind, privilege);
}

/* Whether some mapping takes the virtual word to the physical one. */
static bool leads_to(const struct high_level_state *state, uint64_t vidx, uint64_t pidx)
{
    const uint64_t vaddr = vidx * WORD_BYTES;
    for (const struct mapping *at = NULL; (at = mappings_for(&state->mappings, vaddr, at)) != NULL;)
        if (pidx_of(at, vaddr) == pidx)
            return true;
    return false;
}

/* Every word of `a` is in `b`, but for those that lead to `pidx`. */
static bool others_are_in(const struct high_level_state *state, const struct word_map *a,
                          const struct word_map *b, uint64_t pidx)
{
    for (size_t i = 0; i < a->count; i++)
        if (word_map_read(b, a->at[i].index) != a->at[i].value && !leads_to(state, a->at[i].index, pidx))
            return false;
    return true;
}

/* Every virtual word that leads to `pidx` holds the value. */
static bool aliases_hold(const struct high_level_state *state, uint64_t pidx, uint64_t value)
{
    for (size_t i = 0; i < state->mappings.count; i++) {
        const struct mapping *at = &state->mappings.at[i];
        uint64_t offset = pidx * WORD_BYTES - at->frame.base;
        if (offset < frame_size_bytes(&at->frame) &&
            word_map_read(&state->mem.words, (at->va + offset) / WORD_BYTES) != value)
            return false;
    }
    return true;
}

/* ALIASES: what a frame holds is the same wherever it is mapped. */
static bool aliases_agree(const struct high_level_state *state)
{
    for (size_t i = 0; i < state->mem.words.count; i++) {
        const struct word_entry *word = &state->mem.words.at[i];
        const struct mapping *at = mappings_for(&state->mappings, word->index * WORD_BYTES, NULL);
        if (at && !aliases_hold(state, pidx_of(at, word->index * WORD_BYTES), word->value))
            return false;
    }
    return true;
}

/* ---- What transitions have in common ---- */

static bool constants_stay(const struct clause *clause, const struct high_level_state *s1,
                           const struct high_level_state *s2)
{
    return clause_holds(clause, constants_equal(&s1->constants, &s2->constants), "the constants change");
}

static bool memory_stays(const struct clause *clause, const struct high_level_state *s1,
                         const struct high_level_state *s2)
{
    return clause_holds(clause, virtual_memory_equal(&s1->mem, &s2->mem), "memory changes");
}

static bool mappings_stay(const struct clause *clause, const struct high_level_state *s1,
                          const struct high_level_state *s2)
{
    return clause_holds(clause, mappings_equal(&s1->mappings, &s2->mappings), "the mappings change");
}

static bool entries_stay(const struct clause *clause, const struct high_level_state *s1,
                         const struct high_level_state *s2)
{
    return clause_holds(clause, states_stay(&s1->constants.extensions, &s1->states, &s2->states),
                        "the state of an entry changes");
}

static bool nothing_changes(const struct clause *clause, const struct high_level_state *s1,
                            const struct high_level_state *s2)
{
    return memory_stays(clause, s1, s2) && mappings_stay(clause, s1, s2) && entries_stay(clause, s1, s2);
}

static bool fails(const struct clause *clause, const struct high_level_state *s1,
                  const struct high_level_state *s2, enum result result, const char *text)
{
    return clause_holds(clause, result == RESULT_ERR, text) && nothing_changes(clause, s1, s2);
}

static bool is_refused(const struct clause *clause, const struct high_level_state *s1,
                       const struct high_level_state *s2)
{
    return clause_holds(clause, is_extended(s1, EXTENSION_REFUSALS), "it is refused") &&
           nothing_changes(clause, s1, s2);
}

static bool state_becomes(const struct clause *clause, const struct high_level_state *s1,
                          const struct high_level_state *s2, uint64_t va, uint32_t state)
{
    return clause_holds(
        clause, states_follow_operation(&s1->constants.extensions, &s1->states, &s2->states, va, state),
        "the entries do not have the state that they should have");
}

/* The domain of memory follows the mappings, and (CONTENTS) what stays mapped keeps what it holds. */
static bool memory_follows(const struct clause *clause, const struct high_level_state *s1,
                           const struct high_level_state *s2)
{
    uint64_t index = 0;
    bool kept = !is_extended(s1, EXTENSION_CONTENTS) || !virtual_memory_differs(&s1->mem, &s2->mem, &index);
    bool agree =
        !is_extended(s1, EXTENSION_CONTENTS) || !is_extended(s1, EXTENSION_ALIASES) || aliases_agree(s2);
    return clause_holds(clause, virtual_memory_covers(&s2->mem, &s2->mappings),
                        "memory is not what the mappings cover") &&
           clause_holds_of(clause, kept, "the word at va 0x%" PRIx64 " changes", index * WORD_BYTES) &&
           clause_holds(clause, agree, "one frame holds different words where it is mapped twice");
}

/* ---- Accesses ---- */

/* After an access by `used` (NULL: none that succeeds). */
static bool states_follow(const struct clause *clause, const struct high_level_state *s1,
                          const struct high_level_state *s2, const struct mapping *used,
                          enum access_kind kind)
{
    return clause_holds(clause,
                        states_follow_access(&s1->constants.extensions, &s1->states, &s2->states, used, kind),
                        "the state of entries is not what the access makes of it");
}

/* What reads, fetches and writes begin with. */
static bool access_begins(const struct clause *clause, const struct high_level_state *s1,
                          const struct high_level_state *s2, uint64_t vaddr)
{
    return constants_stay(clause, s1, s2) &&
           clause_holds_of(clause, vaddr % WORD_BYTES == 0, "va 0x%" PRIx64 " is not aligned to 8 bytes",
                           vaddr) &&
           mappings_stay(clause, s1, s2);
}

/* The mapping that the access uses, if it permits it; else NULL. */
static const struct mapping *used_by(const struct high_level_state *state, uint64_t vaddr,
                                     enum access_kind kind, enum privilege privilege)
{
    const struct mapping *mapping = mappings_for(&state->mappings, vaddr, NULL);
    return mapping && permits(state, mapping, vaddr, kind, privilege) ? mapping : NULL;
}

static bool reads(const struct clause *clause, const struct high_level_state *s1,
                  const struct high_level_state *s2, const struct read_op *op, enum access_kind kind)
{
    if (!access_begins(clause, s1, s2, op->vaddr) || !memory_stays(clause, s1, s2))
        return false;
    const struct mapping *used = used_by(s1, op->vaddr, kind, op->privilege);
    if (!states_follow(clause, s1, s2, used, kind))
        return false;
    if (!used)
        return clause_holds_of(clause, op->result == RESULT_ERR,
                               "it succeeds, though nothing permits it at va 0x%" PRIx64, op->vaddr);
    return clause_holds_of(clause, op->result == RESULT_OK,
                           "it fails, though a mapping permits it at va 0x%" PRIx64, op->vaddr) &&
           clause_holds_of(clause, op->value == word_map_read(&s1->mem.words, op->vaddr / WORD_BYTES),
                           "it gives 0x%" PRIx64 ", which is not the word at va 0x%" PRIx64, op->value,
                           op->vaddr);
}

/* Memory after is memory before with the word written, and with ALIASES each other word of the same frame. */
static bool memory_is_written(const struct high_level_state *s1, const struct high_level_state *s2,
                              uint64_t vaddr, uint64_t pidx, uint64_t value)
{
    if (!virtual_memory_same_domain(&s1->mem, &s2->mem))
        return false;
    if (!is_extended(s1, EXTENSION_ALIASES))
        return word_map_is_update(&s2->mem.words, &s1->mem.words, vaddr / WORD_BYTES, value);
    return aliases_hold(s2, pidx, value) && others_are_in(s1, &s1->mem.words, &s2->mem.words, pidx) &&
           others_are_in(s1, &s2->mem.words, &s1->mem.words, pidx);
}

/* ---- Transitions ---- */

bool high_level_init(const struct high_level_state *state, struct violation *violation)
{
    const struct clause clause = {"high_level.init", violation};
    return clause_holds(&clause, state->mem.ranges == 0 && state->mem.words.count == 0,
                        "memory is not empty") &&
           clause_holds(&clause, state->mappings.count == 0, "something is mapped");
}

bool high_level_read(const struct high_level_state *s1, const struct high_level_state *s2,
                     const struct read_op *op, struct violation *violation)
{
    const struct clause clause = {"high_level.read", violation};
    return reads(&clause, s1, s2, op, ACCESS_LOAD);
}

bool high_level_fetch(const struct high_level_state *s1, const struct high_level_state *s2,
                      const struct read_op *op, struct violation *violation)
{
    const struct clause clause = {"high_level.fetch", violation};
    return clause_holds(&clause, is_extended(s1, EXTENSION_FETCH), "the seed has no such transition") &&
           reads(&clause, s1, s2, op, ACCESS_FETCH);
}

bool high_level_write(const struct high_level_state *s1, const struct high_level_state *s2,
                      const struct write_op *op, struct violation *violation)
{
    const struct clause clause = {"high_level.write", violation};
    if (!access_begins(&clause, s1, s2, op->vaddr))
        return false;
    const struct mapping *used = used_by(s1, op->vaddr, ACCESS_STORE, op->privilege);
    if (!states_follow(&clause, s1, s2, used, ACCESS_STORE))
        return false;
    if (!used)
        return clause_holds_of(&clause, op->result == RESULT_ERR,
                               "it succeeds, though nothing permits it at va 0x%" PRIx64, op->vaddr) &&
               memory_stays(&clause, s1, s2);
    return clause_holds_of(&clause, op->result == RESULT_OK,
                           "it fails, though a mapping permits it at va 0x%" PRIx64, op->vaddr) &&
           clause_holds_of(&clause, memory_is_written(s1, s2, op->vaddr, pidx_of(used, op->vaddr), op->value),
                           "memory after is not memory before with 0x%" PRIx64 " at va 0x%" PRIx64, op->value,
                           op->vaddr);
}

/* The seed's conjuncts; ANSWERS adds those that it has in the page table specification alone. */
static bool map_pre(const struct high_level_state *state, const struct map_op *op,
                    struct violation *violation)
{
    const struct clause clause = {"high_level.map", violation};
    const struct page_table_state table = page_table_of(state);
    if (is_extended(state, EXTENSION_ANSWERS))
        return page_table_map_pre(&table, op->vaddr, &op->frame, violation);
    const uint64_t bytes = frame_size_bytes(&op->frame);
    return clause_holds(&clause, op->vaddr % bytes == 0, "the address is not aligned to the frame") &&
           clause_holds(&clause, op->frame.base % bytes == 0, "the frame is not aligned to its size") &&
           clause_holds(&clause,
                        is_extended(state, EXTENSION_ALIASES) ||
                            !mappings_overlap_pmem(&state->mappings, &op->frame),
                        "the frame overlaps one that is mapped");
}

/* Aligned to some frame size, so to the smallest one. */
static bool base_pre(const struct clause *clause, const struct high_level_state *state, uint64_t vaddr)
{
    const struct page_table_state table = page_table_of(state);
    if (is_extended(state, EXTENSION_ANSWERS))
        return page_table_unmap_pre(&table, vaddr, clause->violation);
    return clause_holds(clause, vaddr % (frame_sizes(state) & (~frame_sizes(state) + 1)) == 0,
                        "the address is not aligned to any frame size");
}

bool high_level_map(const struct high_level_state *s1, const struct high_level_state *s2,
                    const struct map_op *op, struct violation *violation)
{
    const struct clause clause = {"high_level.map", violation};
    struct mapping mapping = {.va = op->vaddr, .frame = op->frame};
    mapping.frame.attributes &= ~FRAME_STATE_ALL;
    if (!constants_stay(&clause, s1, s2))
        return false;
    if (!map_pre(s1, op, violation))
        return is_extended(s1, EXTENSION_ANSWERS) &&
               fails(&clause, s1, s2, op->result, "it succeeds without its precondition");
    if (op->result == RESULT_REFUSED)
        return is_refused(&clause, s1, s2);
    if (mappings_overlap_vmem(&s1->mappings, &mapping))
        return fails(&clause, s1, s2, op->result, "it succeeds, though something is mapped there");
    return clause_holds(&clause, op->result == RESULT_OK, "it fails, though nothing is mapped there") &&
           clause_holds(&clause, mappings_are_insert(&s2->mappings, &s1->mappings, &mapping),
                        "the mappings after are not those before and the new one") &&
           state_becomes(&clause, s1, s2, op->vaddr, op->frame.attributes & FRAME_STATE_ALL) &&
           memory_follows(&clause, s1, s2);
}

bool high_level_unmap(const struct high_level_state *s1, const struct high_level_state *s2,
                      const struct unmap_op *op, struct violation *violation)
{
    const struct clause clause = {"high_level.unmap", violation};
    if (!constants_stay(&clause, s1, s2))
        return false;
    if (!base_pre(&clause, s1, op->vaddr))
        return is_extended(s1, EXTENSION_ANSWERS) &&
               fails(&clause, s1, s2, op->result, "it succeeds without its precondition");
    if (op->result == RESULT_REFUSED)
        return is_refused(&clause, s1, s2);
    if (!mappings_at(&s1->mappings, op->vaddr))
        return fails(&clause, s1, s2, op->result, "it succeeds, though no mapping has this base");
    return clause_holds(&clause, op->result == RESULT_OK, "it fails, though a mapping has this base") &&
           clause_holds(&clause, mappings_are_remove(&s2->mappings, &s1->mappings, op->vaddr),
                        "the mappings after are not those before without this one") &&
           state_becomes(&clause, s1, s2, op->vaddr, 0) && memory_follows(&clause, s1, s2);
}

bool high_level_protect(const struct high_level_state *s1, const struct high_level_state *s2,
                        const struct protect_op *op, struct violation *violation)
{
    const struct clause clause = {"high_level.protect", violation};
    const struct mapping *before = mappings_at(&s1->mappings, op->vaddr);
    if (!clause_holds(&clause, is_extended(s1, EXTENSION_PROTECT), "the seed has no such transition") ||
        !constants_stay(&clause, s1, s2))
        return false;
    if (!base_pre(&clause, s1, op->vaddr))
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
           state_becomes(&clause, s1, s2, op->vaddr, op->attributes & FRAME_STATE_ALL) &&
           memory_stays(&clause, s1, s2);
}

bool high_level_query(const struct high_level_state *s1, const struct high_level_state *s2,
                      const struct query_op *op, struct violation *violation)
{
    const struct clause clause = {"high_level.query", violation};
    const struct page_table_state table = page_table_of(s1);
    struct mapping found = op->found;
    found.frame.attributes &= ~FRAME_STATE_ALL;
    if (!constants_stay(&clause, s1, s2) || !nothing_changes(&clause, s1, s2))
        return false;
    if (op->result == RESULT_OK)
        return clause_holds(&clause,
                            mappings_contain(&s1->mappings, &found) &&
                                op->vaddr - found.va < frame_size_bytes(&found.frame),
                            "what it found is not the mapping there");
    return clause_holds(
        &clause,
        !mappings_for(&s1->mappings, op->vaddr, NULL) ||
            (is_extended(s1, EXTENSION_ANSWERS) && !page_table_query_pre(&table, op->vaddr, NULL)),
        "it fails, though something is mapped there");
}

bool high_level_identity(const struct high_level_state *s1, const struct high_level_state *s2,
                         struct violation *violation)
{
    const struct clause clause = {"high_level.identity", violation};
    return constants_stay(&clause, s1, s2) && nothing_changes(&clause, s1, s2);
}

/* ---- Successors ---- */

static bool mark(struct high_level_state *state, const struct mapping *used, enum access_kind kind)
{
    uint32_t before = (uint32_t)word_map_read(&state->states, used->va);
    return word_map_write(&state->states, used->va, state_after_access(before, kind)); /* takes no memory */
}

bool high_level_read_step(struct high_level_state *state, struct read_op *op)
{
    const struct mapping *used = used_by(state, op->vaddr, ACCESS_LOAD, op->privilege);
    op->result = used ? RESULT_OK : RESULT_ERR;
    op->value = used ? word_map_read(&state->mem.words, op->vaddr / WORD_BYTES) : 0;
    return !used || mark(state, used, ACCESS_LOAD);
}

bool high_level_write_step(struct high_level_state *state, struct write_op *op)
{
    const struct mapping *used = used_by(state, op->vaddr, ACCESS_STORE, op->privilege);
    op->result = used ? RESULT_OK : RESULT_ERR;
    if (!used)
        return true;
    const uint64_t pa = pidx_of(used, op->vaddr) * WORD_BYTES;
    for (size_t i = 0; i < state->mappings.count; i++) {
        const struct mapping *at = &state->mappings.at[i];
        uint64_t offset = pa - at->frame.base;
        bool same =
            at == used || (is_extended(state, EXTENSION_ALIASES) && offset < frame_size_bytes(&at->frame));
        if (same && !word_map_write(&state->mem.words, (at->va + offset) / WORD_BYTES, op->value))
            return false;
    }
    return mark(state, used, ACCESS_STORE);
}

bool high_level_unmap_step(struct high_level_state *state, struct unmap_op *op)
{
    struct page_table_state table = page_table_of(state);
    if (!page_table_unmap_step(&table, op))
        return false;
    state->mappings = table.mappings;
    state->states = table.states;
    return virtual_memory_cover(&state->mem, &state->mappings); /* fewer ranges, or one more */
}

bool high_level_protect_step(struct high_level_state *state, struct protect_op *op)
{
    struct page_table_state table = page_table_of(state);
    bool done = page_table_protect_step(&table, op);
    state->mappings = table.mappings;
    state->states = table.states;
    return done;
}
