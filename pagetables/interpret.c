#include "pagetables/interpret.h"

/* An engine may be a plug-in's: what walk.h does not allow it is not read. */
static bool may_fetch(const struct walk_state *walk)
{
    return walk->fetches <= WALK_FETCHES_MAX && (unsigned)walk->fetches * walk->fetch_words <= WALK_WORDS_MAX;
}

static bool read_fetches(const struct walk_state *walk, const struct memory_reader *memory, uint64_t *words)
{
    for (unsigned i = 0; i < walk->fetches; i++)
        for (unsigned word = 0; word < walk->fetch_words; word++)
            if (!memory->read(memory->context, walk->fetch[i] + 8u * word, words++))
                return false;
    return true;
}

enum walk_status interpret_address(const struct translation_regime *regime,
                                   const struct memory_reader *memory, uint64_t va, struct walk_state *walk)
{
    uint64_t words[WALK_WORDS_MAX];
    unsigned left = 2u * regime->format->levels; /* for each step, the update of its entry */
    enum walk_status status = regime->format->start(walk, regime, va);
    for (; status == WALK_FETCH || status == WALK_UPDATE; left--) {
        bool read = status == WALK_FETCH;
        if (left == 0 || (read && (!may_fetch(walk) || !read_fetches(walk, memory, words))))
            return walk_end_with_fault(walk, FAULT_EXTERNAL_ABORT, walk->level);
        status = read ? regime->format->resume(walk, words) : regime->format->updated(walk);
    }
    return status;
}

struct translation_regime interpret_regime(const struct translation_regime *regime)
{
    struct translation_regime mappings = *regime;
    mappings.hardware_access = true;
    mappings.contiguous = true;
    return mappings;
}

struct interpretation {
    const struct translation_regime *regime;
    const struct memory_reader *memory;
    const struct interpret_visitor *visitor;
    struct interpret_counts *counts;
};

static bool is_leaf_of(const struct walk_leaf *leaf, const struct mapping *candidate)
{
    return leaf->va == candidate->va && leaf->frame.base == candidate->frame.base &&
           leaf->frame.size_lg2 == candidate->frame.size_lg2 &&
           leaf->frame.attributes == candidate->frame.attributes;
}

/* The walk of its byte at `offset` ends in the candidate. */
static bool confirm_at(const struct interpretation *interpretation, const struct mapping *candidate,
                       uint64_t offset, enum walk_status *status, struct walk_state *walk)
{
    *status = interpret_address(interpretation->regime, interpretation->memory, candidate->va | offset, walk);
    return *status == WALK_LEAF && is_leaf_of(&walk->leaf, candidate);
}

/* What one entry of a run maps. */
static uint64_t entry_bytes(const struct interpretation *interpretation, const struct mapping *candidate)
{
    struct translation_regime single = *interpretation->regime;
    struct walk_state walk;
    single.contiguous = false;
    if (interpret_address(&single, interpretation->memory, candidate->va, &walk) != WALK_LEAF)
        return frame_size_bytes(&candidate->frame);
    return frame_size_bytes(&walk.leaf.frame);
}

/* The walks of its last and of its first byte end in the candidate, and where these are different entries,
 * those of all entries between. */
static bool confirm(const struct interpretation *interpretation, const struct mapping *candidate,
                    enum walk_status *status, struct walk_state *walk)
{
    const uint64_t bytes = frame_size_bytes(&candidate->frame);
    if (!confirm_at(interpretation, candidate, bytes - 1, status, walk))
        return false;
    uint64_t last_entry = walk->fetch[0];
    if (!confirm_at(interpretation, candidate, 0, status, walk))
        return false;
    if (walk->fetch[0] == last_entry)
        return true;
    uint64_t step = entry_bytes(interpretation, candidate);
    for (uint64_t offset = step; offset < bytes; offset += step)
        if (!confirm_at(interpretation, candidate, offset, status, walk))
            return false;
    return true;
}

static bool visit_candidate(void *context, const struct mapping *candidate)
{
    const struct interpretation *interpretation = context;
    const struct interpret_visitor *visitor = interpretation->visitor;
    struct walk_state walk;
    enum walk_status status;
    if (confirm(interpretation, candidate, &status, &walk)) {
        interpretation->counts->mappings++;
        return !visitor->mapping || visitor->mapping(visitor->context, candidate, &walk.leaf);
    }
    interpretation->counts->unconfirmed++;
    return !visitor->unconfirmed || visitor->unconfirmed(visitor->context, candidate, status, &walk);
}

enum pagetable_result interpret(const struct pagetable_class *table, const void *state,
                                const struct translation_regime *regime, const struct memory_reader *memory,
                                const struct interpret_visitor *visitor, struct interpret_counts *counts)
{
    const struct translation_regime mappings = interpret_regime(regime);
    struct interpretation interpretation = {&mappings, memory, visitor, counts};
    *counts = (struct interpret_counts){0};
    return table->enumerate(state, memory, visit_candidate, &interpretation);
}
