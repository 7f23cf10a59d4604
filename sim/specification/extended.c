#include "sim/specification/extended.h"

#include <inttypes.h>

#include "sim/specification/entry_state.h"

static bool is_extended(const struct extended_state *state, uint32_t extension)
{
    return extended_by(&state->extensions, extension);
}

/* ---- What stays ---- */

static bool constants_stay(const struct clause *clause, const struct extended_state *s1,
                           const struct extended_state *s2)
{
    return clause_holds(clause,
                        s1->cores == s2->cores && s1->spaces == s2->spaces && s1->mem.lb == s2->mem.lb &&
                            s1->mem.ub == s2->mem.ub && s1->arch.frame_sizes == s2->arch.frame_sizes &&
                            s1->arch.format == s2->arch.format &&
                            extensions_equal(&s1->extensions, &s2->extensions),
                        "the constants change");
}

static bool memory_stays(const struct clause *clause, const struct extended_state *s1,
                         const struct extended_state *s2)
{
    return clause_holds(clause, physical_memory_equal(&s1->mem, &s2->mem), "memory changes");
}

static bool stage2_stays(const struct clause *clause, const struct extended_state *s1,
                         const struct extended_state *s2)
{
    return clause_holds(clause, mappings_equal(&s1->stage2, &s2->stage2), "the second stage changes");
}

/* What it maps, and the state of its entries but for what SPECULATION marks. Its words may change where
 * hardware marks entries, and where stores of page-table code that has returned reach memory. */
static bool table_stays(const struct extended_state *s1, const struct s1_page_table *t1,
                        const struct s1_page_table *t2)
{
    bool marks = is_extended(s1, EXTENSION_STATE) && s1->extensions.hardware_access;
    return t1->root == t2->root && mappings_equal(&t1->interpretation, &t2->interpretation) &&
           states_stay(&s1->extensions, &t1->states, &t2->states) &&
           (marks || is_extended(s1, EXTENSION_ORDERING) || word_map_equal(&t1->words, &t2->words));
}

/* Every table but that of `but` (EXTENDED_SPACES: every one). */
static bool tables_stay(const struct clause *clause, const struct extended_state *s1,
                        const struct extended_state *s2, unsigned but)
{
    for (unsigned i = 0; i < s1->spaces; i++)
        if (i != but && !clause_holds_of(clause, table_stays(s1, &s1->space[i].pt, &s2->space[i].pt),
                                         "the table of space %u changes", i))
            return false;
    return true;
}

static bool core_runs_on(const struct clause *clause, const struct extended_core *c1,
                         const struct extended_core *c2, unsigned core)
{
    return clause_holds_of(clause, c1->space == c2->space, "core %u runs another space", core) &&
           clause_holds_of(clause,
                           c1->controls.flags == c2->controls.flags &&
                               c1->controls.key_rights == c2->controls.key_rights,
                           "the controls of core %u change", core);
}

/* Its space, controls and stores; what it caches is judged apart. */
static bool core_stays(const struct clause *clause, const struct extended_core *c1,
                       const struct extended_core *c2, unsigned core)
{
    return core_runs_on(clause, c1, c2, core) &&
           clause_holds_of(clause, extended_pending_equal(c1, c2), "the stores that wait in core %u change",
                           core);
}

/* Every core but `but` (EXTENDED_CORES: every one). */
static bool cores_stay(const struct clause *clause, const struct extended_state *s1,
                       const struct extended_state *s2, unsigned but)
{
    for (unsigned i = 0; i < s1->cores; i++)
        if (i != but && !core_stays(clause, &s1->core[i], &s2->core[i], i))
            return false;
    return true;
}

/* ---- Stores that drain meanwhile ---- */

/* How many of the oldest stores of a core are gone; all others are what they were. */
static bool drained_of(const struct extended_core *c1, const struct extended_core *c2, unsigned *drained)
{
    if (c2->pending_count > c1->pending_count)
        return false;
    *drained = c1->pending_count - c2->pending_count;
    for (unsigned i = 0; i < c2->pending_count; i++)
        if (c1->pending[*drained + i].pidx != c2->pending[i].pidx ||
            c1->pending[*drained + i].value != c2->pending[i].value)
            return false;
    return true;
}

/* The word after: the last store to it that some core drained; if none did, the word before. */
static bool is_drained_word(const struct extended_state *s1, const struct extended_state *s2, uint64_t pidx)
{
    const uint64_t after = word_map_read(&s2->mem.words, pidx);
    bool stored = false;
    for (unsigned core = 0; core < s1->cores; core++) {
        const struct extended_core *c1 = &s1->core[core];
        for (unsigned i = c1->pending_count - s2->core[core].pending_count; i > 0; i--) {
            if (c1->pending[i - 1].pidx != pidx)
                continue;
            if (c1->pending[i - 1].value == after)
                return true;
            stored = true;
            break;
        }
    }
    return !stored && after == word_map_read(&s1->mem.words, pidx);
}

static bool words_are_drained(const struct extended_state *s1, const struct extended_state *s2,
                              const struct word_map *words)
{
    for (size_t i = 0; i < words->count; i++)
        if (!is_drained_word(s1, s2, words->at[i].index))
            return false;
    return true;
}

/* Barriers of page-table code, and time: each core may drain some of its stores, and memory is what it was
 * and these. */
static bool stores_drain(const struct clause *clause, const struct extended_state *s1,
                         const struct extended_state *s2)
{
    for (unsigned core = 0; core < s1->cores; core++) {
        unsigned drained = 0;
        if (!core_runs_on(clause, &s1->core[core], &s2->core[core], core) ||
            !clause_holds_of(clause, drained_of(&s1->core[core], &s2->core[core], &drained),
                             "the stores that wait in core %u change", core))
            return false;
        for (unsigned i = 0; i < drained; i++)
            if (!clause_holds(clause, is_drained_word(s1, s2, s1->core[core].pending[i].pidx),
                              "a store that waited was lost"))
                return false;
    }
    return clause_holds(
        clause, words_are_drained(s1, s2, &s1->mem.words) && words_are_drained(s1, s2, &s2->mem.words),
        "memory changes");
}

/* ---- What is cached ---- */

/* An entry is new in a part of a TLB. Speculation fills with what is mapped afterwards. */
static bool may_be_new(const struct extended_state *s2, const struct mapping *entry, unsigned space,
                       bool filling)
{
    if (!filling && !is_extended(s2, EXTENSION_SPECULATION))
        return false;
    return extended_maps(s2, entry, space);
}

/* `space` EXTENDED_SPACES: the global entries. `filling`: the core fills by itself, too. */
static bool part_follows(const struct clause *clause, const struct extended_state *s2,
                         const struct mappings *t1, const struct mappings *t2, unsigned space, bool filling)
{
    for (size_t i = 0; i < t2->count; i++)
        if (!clause_holds_of(clause,
                             mappings_contain(t1, &t2->at[i]) || may_be_new(s2, &t2->at[i], space, filling),
                             "a TLB has a new entry for va 0x%" PRIx64, t2->at[i].va))
            return false;
    return true;
}

static bool caches_follow(const struct clause *clause, const struct extended_state *s1,
                          const struct extended_state *s2, unsigned core, bool filling)
{
    const struct extended_core *c1 = &s1->core[core];
    const struct extended_core *c2 = &s2->core[core];
    for (unsigned i = 0; i < s1->spaces; i++) {
        bool fills = filling && i == c1->space;
        if (!part_follows(clause, s2, &c1->tlb[i], &c2->tlb[i], i, fills))
            return false;
        for (size_t j = 0; j < c2->tables[i].count; j++)
            if (!clause_holds_of(clause,
                                 walk_tables_contain(&c1->tables[i], &c2->tables[i].at[j]) ||
                                     ((fills || is_extended(s1, EXTENSION_SPECULATION)) &&
                                      walk_tables_contain(&s2->space[i].tables, &c2->tables[i].at[j])),
                                 "a walk cache has a new table for va 0x%" PRIx64, c2->tables[i].at[j].va))
                return false;
    }
    return part_follows(clause, s2, &c1->global, &c2->global, EXTENDED_SPACES, filling);
}

/* All TLBs and walk caches may shrink; that of `filling` (EXTENDED_CORES: of none) may fill. */
static bool all_caches_follow(const struct clause *clause, const struct extended_state *s1,
                              const struct extended_state *s2, unsigned filling)
{
    for (unsigned i = 0; i < s1->cores; i++)
        if (!caches_follow(clause, s1, s2, i, i == filling))
            return false;
    return true;
}

/* ---- Accesses ---- */

typedef bool (*seen_step)(const struct low_level_state *s1, const struct low_level_state *s2, const void *op,
                          struct violation *violation);

/* The step as the core sees it. */
static bool is_seen_as(const struct clause *clause, const struct extended_state *s1,
                       const struct extended_state *s2, unsigned core, seen_step step, const void *op)
{
    struct low_level_state seen1 = {0};
    struct low_level_state seen2 = {0};
    unsigned space = s1->core[core].space;
    bool holds =
        clause_holds(clause,
                     extended_project(s1, core, space, &seen1) && extended_project(s2, core, space, &seen2),
                     "there is no memory to judge it") &&
        step(&seen1, &seen2, op, clause->violation);
    low_level_state_destroy(&seen1);
    low_level_state_destroy(&seen2);
    return holds;
}

static bool seen_read(const struct low_level_state *s1, const struct low_level_state *s2, const void *op,
                      struct violation *violation)
{
    return low_level_read(s1, s2, op, violation);
}

static bool seen_fetch(const struct low_level_state *s1, const struct low_level_state *s2, const void *op,
                       struct violation *violation)
{
    return low_level_fetch(s1, s2, op, violation);
}

static bool seen_write(const struct low_level_state *s1, const struct low_level_state *s2, const void *op,
                       struct violation *violation)
{
    return low_level_write(s1, s2, op, violation);
}

/* Beside what the core sees: tables of other spaces, other cores, the second stage, and caches. */
static bool rest_stays(const struct clause *clause, const struct extended_state *s1,
                       const struct extended_state *s2, unsigned core)
{
    return constants_stay(clause, s1, s2) && stage2_stays(clause, s1, s2) &&
           tables_stay(clause, s1, s2, s1->core[core].space) && cores_stay(clause, s1, s2, core) &&
           all_caches_follow(clause, s1, s2, core);
}

static bool reads(const struct clause *clause, const struct extended_state *s1,
                  const struct extended_state *s2, unsigned core, seen_step step, const struct read_op *op)
{
    return rest_stays(clause, s1, s2, core) && core_stays(clause, &s1->core[core], &s2->core[core], core) &&
           memory_stays(clause, s1, s2) && is_seen_as(clause, s1, s2, core, step, op);
}

bool extended_read(const struct extended_state *s1, const struct extended_state *s2, unsigned core,
                   const struct read_op *op, struct violation *violation)
{
    const struct clause clause = {"extended.read", violation};
    return reads(&clause, s1, s2, core, seen_read, op);
}

bool extended_fetch(const struct extended_state *s1, const struct extended_state *s2, unsigned core,
                    const struct read_op *op, struct violation *violation)
{
    const struct clause clause = {"extended.fetch", violation};
    return reads(&clause, s1, s2, core, seen_fetch, op);
}

/* Whether some mapping that the core may use takes the address to this word. */
static bool leads_to(const struct low_level_state *seen, uint64_t vaddr, uint64_t pidx)
{
    const struct mappings *maps[] = {&seen->tlb, &seen->pt.interpretation};
    for (unsigned i = 0; i < 2; i++)
        for (const struct mapping *at = NULL; (at = mappings_for(maps[i], vaddr, at)) != NULL;)
            if ((at->frame.base + (vaddr - at->va)) / WORD_BYTES == pidx)
                return true;
    return false;
}

/* The store is the last that waits, and goes where the access leads. */
static bool is_appended(const struct clause *clause, const struct extended_state *s1,
                        const struct extended_state *s2, unsigned core, const struct write_op *op)
{
    struct extended_core shorter = s2->core[core]; /* shares what it holds */
    struct low_level_state seen = {0};
    bool holds;
    if (shorter.pending_count-- == 0)
        return clause_holds(clause, false, "the stores that wait were lost");
    const struct pending_store *last = &s2->core[core].pending[shorter.pending_count];
    holds = core_stays(clause, &s1->core[core], &shorter, core) &&
            clause_holds(clause, extended_project(s1, core, s1->core[core].space, &seen),
                         "there is no memory to judge it") &&
            clause_holds_of(clause, last->value == op->value && leads_to(&seen, op->vaddr, last->pidx),
                            "the store that waits is not that of va 0x%" PRIx64, op->vaddr);
    low_level_state_destroy(&seen);
    return holds;
}

/* Where a store went: to memory or into the buffer, never both. */
static bool is_stored(const struct clause *clause, const struct extended_state *s1,
                      const struct extended_state *s2, unsigned core, const struct write_op *op)
{
    const struct extended_core *c1 = &s1->core[core];
    const struct extended_core *c2 = &s2->core[core];
    if (op->result == RESULT_OK && is_extended(s1, EXTENSION_ORDERING) &&
        c2->pending_count != c1->pending_count)
        return memory_stays(clause, s1, s2) && is_appended(clause, s1, s2, core, op);
    return core_stays(clause, c1, c2, core) &&
           clause_holds(clause, c1->pending_count == 0 || physical_memory_equal(&s1->mem, &s2->mem),
                        "a store overtakes those that wait");
}

bool extended_write(const struct extended_state *s1, const struct extended_state *s2, unsigned core,
                    const struct write_op *op, struct violation *violation)
{
    const struct clause clause = {"extended.write", violation};
    return rest_stays(&clause, s1, s2, core) && is_stored(&clause, s1, s2, core, op) &&
           is_seen_as(&clause, s1, s2, core, seen_write, op);
}

/* ---- Steps of a core that are no accesses ---- */

/* Nothing but the core's own parts and what speculation does. */
static bool only_core_steps(const struct clause *clause, const struct extended_state *s1,
                            const struct extended_state *s2, unsigned core)
{
    return constants_stay(clause, s1, s2) && stage2_stays(clause, s1, s2) &&
           tables_stay(clause, s1, s2, EXTENDED_SPACES) && cores_stay(clause, s1, s2, core) &&
           all_caches_follow(clause, s1, s2, EXTENDED_CORES);
}

bool extended_drain(const struct extended_state *s1, const struct extended_state *s2, unsigned core,
                    struct violation *violation)
{
    const struct clause clause = {"extended.drain", violation};
    const struct extended_core *c1 = &s1->core[core];
    struct extended_core rest = *c1; /* shares what it holds */
    if (!clause_holds(&clause, is_extended(s1, EXTENSION_ORDERING), "the seed has no such transition") ||
        !clause_holds_of(&clause, c1->pending_count > 0, "no store waits in core %u", core))
        return false;
    rest.pending_count--;
    for (unsigned i = 0; i < rest.pending_count; i++)
        rest.pending[i] = c1->pending[i + 1];
    return only_core_steps(&clause, s1, s2, core) && core_stays(&clause, &rest, &s2->core[core], core) &&
           clause_holds_of(
               &clause,
               word_map_is_update(&s2->mem.words, &s1->mem.words, c1->pending[0].pidx, c1->pending[0].value),
               "memory after is not memory before with the oldest store of core %u", core);
}

bool extended_tlb_evict(const struct extended_state *s1, const struct extended_state *s2, unsigned core,
                        unsigned space, uint64_t base, struct violation *violation)
{
    const struct clause clause = {"extended.tlb_evict", violation};
    const struct extended_core *c1 = &s1->core[core];
    const struct extended_core *c2 = &s2->core[core];
    return only_core_steps(&clause, s1, s2, core) && core_stays(&clause, c1, c2, core) &&
           memory_stays(&clause, s1, s2) &&
           clause_holds_of(&clause, mappings_at(&c1->tlb[space], base) || mappings_at(&c1->global, base),
                           "the TLB has no entry for va 0x%" PRIx64, base) &&
           clause_holds_of(&clause, !mappings_at(&c2->tlb[space], base) && !mappings_at(&c2->global, base),
                           "the TLB still has an entry for va 0x%" PRIx64, base);
}

bool extended_switch(const struct extended_state *s1, const struct extended_state *s2, unsigned core,
                     unsigned space, struct violation *violation)
{
    const struct clause clause = {"extended.switch", violation};
    struct extended_core switched = s1->core[core]; /* shares what it holds */
    switched.space = space;
    return clause_holds(&clause, is_extended(s1, EXTENSION_TAGS) && space < s1->spaces,
                        "there is no such space") &&
           only_core_steps(&clause, s1, s2, core) && core_stays(&clause, &switched, &s2->core[core], core) &&
           memory_stays(&clause, s1, s2);
}

bool extended_set_controls(const struct extended_state *s1, const struct extended_state *s2, unsigned core,
                           const struct access_controls *controls, struct violation *violation)
{
    const struct clause clause = {"extended.set_controls", violation};
    struct extended_core changed = s1->core[core]; /* shares what it holds */
    changed.controls = *controls;
    return clause_holds(&clause, is_extended(s1, EXTENSION_CONTROLS), "the seed has no such transition") &&
           only_core_steps(&clause, s1, s2, core) && core_stays(&clause, &changed, &s2->core[core], core) &&
           memory_stays(&clause, s1, s2);
}

/* ---- Page-table operations ---- */

/* The table of a space as the page table specification sees it; shares what it holds. */
static struct page_table_state pt_state_of(const struct extended_state *state, unsigned space)
{
    const struct low_level_state alone = {.mem = state->mem,
                                          .pt = state->space[space].pt,
                                          .arch = state->arch,
                                          .extensions = state->extensions};
    return low_level_pt_state(&alone);
}

static struct page_table_state stage2_of(const struct extended_state *state)
{
    const struct low_level_state alone = {.mem = state->mem,
                                          .pt = {.interpretation = state->stage2},
                                          .arch = state->arch,
                                          .extensions = state->extensions};
    return low_level_pt_state(&alone);
}

/* What a part of a TLB holds in s2 is mapped, unless it was there in s1 and already was not. */
static bool none_went_stale(const struct clause *clause, const struct extended_state *s1,
                            const struct extended_state *s2, const struct mappings *part, unsigned space)
{
    for (size_t i = 0; i < part->count; i++) {
        const struct mapping *entry = &part->at[i];
        if (!clause_holds_of(clause, !extended_maps(s1, entry, space) || extended_maps(s2, entry, space),
                             "a TLB still has the entry of before for va 0x%" PRIx64, entry->va))
            return false;
    }
    return true;
}

/* The operation has dropped, on every core, what it made stale. */
static bool nothing_went_stale(const struct clause *clause, const struct extended_state *s1,
                               const struct extended_state *s2)
{
    for (unsigned core = 0; core < s2->cores; core++) {
        const struct extended_core *c2 = &s2->core[core];
        for (unsigned space = 0; space < s2->spaces; space++) {
            if (!none_went_stale(clause, s1, s2, &c2->tlb[space], space))
                return false;
            for (size_t i = 0; i < c2->tables[space].count; i++) {
                const struct walk_table *table = &c2->tables[space].at[i];
                if (!clause_holds_of(clause,
                                     !walk_tables_contain(&s1->space[space].tables, table) ||
                                         walk_tables_contain(&s2->space[space].tables, table),
                                     "a walk cache still has the table of before for va 0x%" PRIx64,
                                     table->va))
                    return false;
            }
        }
        if (!none_went_stale(clause, s1, s2, &c2->global, EXTENDED_SPACES))
            return false;
    }
    return true;
}

/* Beside what the table becomes: the seed's `pt_op` on every core, and what unmap promises. */
static bool machine_follows(const struct clause *clause, const struct extended_state *s1,
                            const struct extended_state *s2)
{
    return constants_stay(clause, s1, s2) && stores_drain(clause, s1, s2) &&
           all_caches_follow(clause, s1, s2, EXTENDED_CORES) && nothing_went_stale(clause, s1, s2);
}

static bool table_follows(const struct clause *clause, const struct extended_state *s1,
                          const struct extended_state *s2, unsigned space)
{
    return stage2_stays(clause, s1, s2) && tables_stay(clause, s1, s2, space) &&
           machine_follows(clause, s1, s2);
}

bool extended_map(const struct extended_state *s1, const struct extended_state *s2, unsigned space,
                  const struct map_op *op, struct violation *violation)
{
    const struct clause clause = {"extended.map", violation};
    const struct page_table_state before = pt_state_of(s1, space);
    const struct page_table_state after = pt_state_of(s2, space);
    return page_table_map(&before, &after, op, violation) && table_follows(&clause, s1, s2, space);
}

bool extended_unmap(const struct extended_state *s1, const struct extended_state *s2, unsigned space,
                    const struct unmap_op *op, struct violation *violation)
{
    const struct clause clause = {"extended.unmap", violation};
    const struct page_table_state before = pt_state_of(s1, space);
    const struct page_table_state after = pt_state_of(s2, space);
    return page_table_unmap(&before, &after, op, violation) && table_follows(&clause, s1, s2, space);
}

bool extended_protect(const struct extended_state *s1, const struct extended_state *s2, unsigned space,
                      const struct protect_op *op, struct violation *violation)
{
    const struct clause clause = {"extended.protect", violation};
    const struct page_table_state before = pt_state_of(s1, space);
    const struct page_table_state after = pt_state_of(s2, space);
    return page_table_protect(&before, &after, op, violation) && table_follows(&clause, s1, s2, space);
}

bool extended_query(const struct extended_state *s1, const struct extended_state *s2, unsigned space,
                    const struct query_op *op, struct violation *violation)
{
    const struct clause clause = {"extended.query", violation};
    const struct page_table_state before = pt_state_of(s1, space);
    const struct page_table_state after = pt_state_of(s2, space);
    return page_table_query(&before, &after, op, violation) && table_follows(&clause, s1, s2, space);
}

bool extended_map_stage2(const struct extended_state *s1, const struct extended_state *s2,
                         const struct map_op *op, struct violation *violation)
{
    const struct clause clause = {"extended.map_stage2", violation};
    const struct page_table_state before = stage2_of(s1);
    const struct page_table_state after = stage2_of(s2);
    return clause_holds(&clause, is_extended(s1, EXTENSION_STAGE2), "the seed has no such transition") &&
           page_table_map(&before, &after, op, violation) && tables_stay(&clause, s1, s2, EXTENDED_SPACES) &&
           machine_follows(&clause, s1, s2);
}

bool extended_unmap_stage2(const struct extended_state *s1, const struct extended_state *s2,
                           const struct unmap_op *op, struct violation *violation)
{
    const struct clause clause = {"extended.unmap_stage2", violation};
    const struct page_table_state before = stage2_of(s1);
    const struct page_table_state after = stage2_of(s2);
    return clause_holds(&clause, is_extended(s1, EXTENSION_STAGE2), "the seed has no such transition") &&
           page_table_unmap(&before, &after, op, violation) &&
           tables_stay(&clause, s1, s2, EXTENDED_SPACES) && machine_follows(&clause, s1, s2);
}
