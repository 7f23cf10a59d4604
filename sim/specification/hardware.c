#include "sim/specification/hardware.h"

#include <inttypes.h>

#include "sim/specification/entry_state.h"

/* ---- Parts of the state ---- */

bool physical_memory_contains(const struct physical_memory *memory, uint64_t pidx)
{
    return memory->lb <= pidx && pidx < memory->ub;
}

bool physical_memory_equal(const struct physical_memory *a, const struct physical_memory *b)
{
    return a->lb == b->lb && a->ub == b->ub && word_map_equal(&a->words, &b->words);
}

void s1_page_table_destroy(struct s1_page_table *table)
{
    word_map_destroy(&table->words);
    mappings_destroy(&table->interpretation);
    word_map_destroy(&table->states);
}

bool s1_page_table_copy(struct s1_page_table *to, const struct s1_page_table *from)
{
    to->root = from->root;
    return word_map_copy(&to->words, &from->words) &&
           mappings_copy(&to->interpretation, &from->interpretation) &&
           word_map_copy(&to->states, &from->states);
}

bool s1_page_table_equal(const struct s1_page_table *a, const struct s1_page_table *b)
{
    return a->root == b->root && word_map_equal(&a->words, &b->words) &&
           mappings_equal(&a->interpretation, &b->interpretation) && word_map_equal(&a->states, &b->states);
}

static bool is_extended(const struct hardware_state *state, uint32_t extension)
{
    return extended_by(&state->extensions, extension);
}

/* ---- The TLB ---- */

/* The first entry that neither was there nor is mapped by the table; NULL if there is none. */
static const struct mapping *from_nowhere(const struct mappings *tlb, const struct mappings *before,
                                          const struct mappings *table)
{
    for (size_t i = 0; i < tlb->count; i++)
        if (!mappings_contain(before, &tlb->at[i]) && !mappings_contain(table, &tlb->at[i]))
            return &tlb->at[i];
    return NULL;
}

/* SPECULATION: the TLB became smaller, and whatever is new in it the table maps. */
static bool is_speculated(const struct hardware_state *s1, const struct hardware_state *s2)
{
    return is_extended(s1, EXTENSION_SPECULATION) &&
           !from_nowhere(&s2->tlb, &s1->tlb, &s2->pt.interpretation);
}

/* The seed's `update`: the entry is filled, and at most one other entry had to go. */
static bool is_update(const struct mappings *after, const struct mappings *before,
                      const struct mapping *filled)
{
    size_t gone = 0;
    bool there = false;
    for (size_t i = 0; i < before->count; i++)
        gone += before->at[i].va != filled->va && !mappings_contain(after, &before->at[i]);
    for (size_t i = 0; i < after->count; i++) {
        if (mapping_equal(&after->at[i], filled))
            there = true;
        else if (after->at[i].va == filled->va || !mappings_contain(before, &after->at[i]))
            return false;
    }
    return there && gone <= 1;
}

/* A hit leaves the TLB as it is. */
static bool tlb_after_hit(const struct hardware_state *s1, const struct hardware_state *s2)
{
    return mappings_equal(&s1->tlb, &s2->tlb) || is_speculated(s1, s2);
}

/* A miss fills it with what the table maps, if it maps something; and the seed says that it does so whether
 * the access is permitted or not. */
static bool tlb_after_miss(const struct hardware_state *s1, const struct hardware_state *s2,
                           const struct mapping *filled)
{
    bool unchanged = mappings_equal(&s1->tlb, &s2->tlb);
    if (!filled || is_extended(s1, EXTENSION_FILLS))
        if (unchanged)
            return true;
    return (filled && is_update(&s2->tlb, &s1->tlb, filled)) || is_speculated(s1, s2);
}

/* ---- The page table ---- */

/* Software's part of it stays as it is. Hardware writes entries where they have a state. */
static bool table_stays(const struct clause *clause, const struct hardware_state *s1,
                        const struct hardware_state *s2)
{
    bool updates =
        is_extended(s1, EXTENSION_STATE) && (s1->extensions.hardware_access || s1->extensions.hardware_dirty);
    return clause_holds(clause,
                        s1->pt.root == s2->pt.root &&
                            mappings_equal(&s1->pt.interpretation, &s2->pt.interpretation),
                        "the page table changes") &&
           clause_holds(clause, updates || word_map_equal(&s1->pt.words, &s2->pt.words),
                        "a word of the page table changes") &&
           clause_holds(clause,
                        is_extended(s1, EXTENSION_STATE) || word_map_equal(&s1->pt.states, &s2->pt.states),
                        "the state of an entry changes");
}

static bool memory_stays(const struct clause *clause, const struct hardware_state *s1,
                         const struct hardware_state *s2)
{
    return clause_holds(clause, physical_memory_equal(&s1->mem, &s2->mem), "memory changes");
}

/* ---- Accesses ---- */

struct hardware_access {
    const struct hardware_state *s1;
    const struct hardware_state *s2;
    uint64_t vaddr;
    enum access_kind kind;
    enum privilege privilege;
    enum result result;
    uint64_t value; /* read, or to be written */
};

static uint64_t pidx_of(const struct mapping *mapping, uint64_t vaddr)
{
    return (mapping->frame.base + (vaddr - mapping->va)) / WORD_BYTES;
}

static bool permits(const struct hardware_access *access, const struct mapping *mapping)
{
    const struct hardware_state *s1 = access->s1;
    return mapping && physical_memory_contains(&s1->mem, pidx_of(mapping, access->vaddr)) &&
           frame_permits(&s1->extensions, mapping->frame.attributes,
                         (uint32_t)word_map_read(&s1->pt.states, mapping->va), access->kind,
                         access->privilege);
}

static bool memory_is_written(const struct hardware_access *access, uint64_t pidx)
{
    const struct physical_memory *before = &access->s1->mem;
    const struct physical_memory *after = &access->s2->mem;
    return before->lb == after->lb && before->ub == after->ub &&
           word_map_is_update(&after->words, &before->words, pidx, access->value);
}

/* Memory and result, if the access is translated by this mapping (NULL: by none). */
static bool has_effect(const struct clause *clause, const struct hardware_access *access,
                       const struct mapping *mapping)
{
    const uint64_t vaddr = access->vaddr;
    const struct mapping *used = permits(access, mapping) ? mapping : NULL;
    if (!clause_holds(clause,
                      states_follow_access(&access->s1->extensions, &access->s1->pt.states,
                                           &access->s2->pt.states, used, access->kind),
                      "the state of entries is not what the access makes of it"))
        return false;
    if (!used)
        return clause_holds_of(clause, access->result == RESULT_ERR,
                               "it succeeds, though nothing permits it at va 0x%" PRIx64, vaddr) &&
               memory_stays(clause, access->s1, access->s2);
    const uint64_t pidx = pidx_of(used, vaddr);
    if (!clause_holds_of(clause, access->result == RESULT_OK,
                         "it fails, though a mapping permits it at va 0x%" PRIx64, vaddr))
        return false;
    if (access->kind == ACCESS_STORE)
        return clause_holds_of(clause, memory_is_written(access, pidx),
                               "memory after is not memory before with the word at pa 0x%" PRIx64 " written",
                               pidx * WORD_BYTES);
    return memory_stays(clause, access->s1, access->s2) &&
           clause_holds_of(clause, access->value == word_map_read(&access->s1->mem.words, pidx),
                           "it gives 0x%" PRIx64 ", which is not the word at pa 0x%" PRIx64, access->value,
                           pidx * WORD_BYTES);
}

/* Memory and result, if it is a hit of this entry. */
static bool is_hit(const struct clause *clause, const struct hardware_access *access,
                   const struct mapping *entry)
{
    return has_effect(clause, access, entry) &&
           clause_holds_of(clause, tlb_after_hit(access->s1, access->s2),
                           "the TLB changes, though it hits at va 0x%" PRIx64, access->vaddr);
}

static bool is_miss(const struct clause *clause, const struct hardware_access *access)
{
    const struct mapping *mapping = mappings_for(&access->s1->pt.interpretation, access->vaddr, NULL);
    return has_effect(clause, access, mapping) &&
           clause_holds_of(clause, tlb_after_miss(access->s1, access->s2, mapping),
                           mapping ? "the TLB is not as a miss leaves it that fills va 0x%" PRIx64
                                   : "the TLB changes, though nothing is mapped at va 0x%" PRIx64,
                           access->vaddr);
}

/* The seed's `tlb_mapping_for` chooses one of the entries that contain the address: any of them. */
static bool accesses(const struct clause *clause, const struct hardware_access *access)
{
    const struct mappings *tlb = &access->s1->tlb;
    const struct clause untold = {clause->rule, NULL};
    const struct mapping *first = mappings_for(tlb, access->vaddr, NULL);
    if (!clause_holds_of(clause, access->vaddr % WORD_BYTES == 0,
                         "va 0x%" PRIx64 " is not aligned to 8 bytes", access->vaddr) ||
        !table_stays(clause, access->s1, access->s2))
        return false;
    for (const struct mapping *at = first; at; at = mappings_for(tlb, access->vaddr, at))
        if (is_hit(&untold, access, at))
            return true;
    if (first && is_extended(access->s1, EXTENSION_SPECULATION) && is_miss(&untold, access))
        return true; /* the entry was dropped before */
    return first ? is_hit(clause, access, first) : is_miss(clause, access);
}

/* ---- Transitions ---- */

bool hardware_init(const struct hardware_state *state, struct violation *violation)
{
    const struct clause clause = {"hardware.init", violation};
    return clause_holds(&clause, state->tlb.count == 0, "the TLB is not empty") &&
           clause_holds(&clause, state->pt.interpretation.count == 0, "something is mapped");
}

static struct hardware_access access_of(const struct hardware_state *s1, const struct hardware_state *s2,
                                        const struct read_op *op, enum access_kind kind)
{
    return (struct hardware_access){.s1 = s1,
                                    .s2 = s2,
                                    .vaddr = op->vaddr,
                                    .kind = kind,
                                    .privilege = op->privilege,
                                    .result = op->result,
                                    .value = op->value};
}

bool hardware_read(const struct hardware_state *s1, const struct hardware_state *s2, const struct read_op *op,
                   struct violation *violation)
{
    const struct clause clause = {"hardware.read", violation};
    const struct hardware_access access = access_of(s1, s2, op, ACCESS_LOAD);
    return accesses(&clause, &access);
}

bool hardware_fetch(const struct hardware_state *s1, const struct hardware_state *s2,
                    const struct read_op *op, struct violation *violation)
{
    const struct clause clause = {"hardware.fetch", violation};
    const struct hardware_access access = access_of(s1, s2, op, ACCESS_FETCH);
    return clause_holds(&clause, is_extended(s1, EXTENSION_FETCH), "the seed has no such transition") &&
           accesses(&clause, &access);
}

bool hardware_write(const struct hardware_state *s1, const struct hardware_state *s2,
                    const struct write_op *op, struct violation *violation)
{
    const struct clause clause = {"hardware.write", violation};
    const struct hardware_access access = {.s1 = s1,
                                           .s2 = s2,
                                           .vaddr = op->vaddr,
                                           .kind = ACCESS_STORE,
                                           .privilege = op->privilege,
                                           .result = op->result,
                                           .value = op->value};
    return accesses(&clause, &access);
}

/* The TLB has nothing new but, with SPECULATION, what the table maps afterwards. */
static bool tlb_shrinks(const struct clause *clause, const struct hardware_state *s1,
                        const struct hardware_state *s2)
{
    static const struct mappings nothing;
    bool speculation = is_extended(s1, EXTENSION_SPECULATION);
    const struct mapping *added =
        from_nowhere(&s2->tlb, &s1->tlb, speculation ? &s2->pt.interpretation : &nothing);
    return clause_holds_of(clause, !added, "the TLB has a new entry for va 0x%" PRIx64,
                           added ? added->va : 0);
}

bool hardware_pt_op(const struct hardware_state *s1, const struct hardware_state *s2,
                    struct violation *violation)
{
    const struct clause clause = {"hardware.pt_op", violation};
    return memory_stays(&clause, s1, s2) && tlb_shrinks(&clause, s1, s2);
}

bool hardware_tlb_evict(const struct hardware_state *s1, const struct hardware_state *s2, uint64_t base,
                        struct violation *violation)
{
    const struct clause clause = {"hardware.tlb_evict", violation};
    return clause_holds_of(&clause, mappings_at(&s1->tlb, base) != NULL,
                           "the TLB has no entry for va 0x%" PRIx64, base) &&
           clause_holds_of(&clause, mappings_are_remove(&s2->tlb, &s1->tlb, base),
                           "the TLB after is not the TLB before without the entry for va 0x%" PRIx64, base) &&
           memory_stays(&clause, s1, s2) &&
           clause_holds(&clause, s1_page_table_equal(&s1->pt, &s2->pt), "the page table changes");
}

bool hardware_speculate(const struct hardware_state *s1, const struct hardware_state *s2,
                        struct violation *violation)
{
    const struct clause clause = {"hardware.speculate", violation};
    return clause_holds(&clause, is_extended(s1, EXTENSION_SPECULATION), "the seed has no such transition") &&
           memory_stays(&clause, s1, s2) && table_stays(&clause, s1, s2) &&
           clause_holds(&clause, states_stay(&s1->extensions, &s1->pt.states, &s2->pt.states),
                        "the state of entries changes") &&
           tlb_shrinks(&clause, s1, s2);
}
