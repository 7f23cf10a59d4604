#include "sim/specification/view.h"

#include "pagetables/interpret.h"

/* ---- From memory to mappings ---- */

struct viewing {
    const struct concrete_table *concrete;
    struct s1_page_table *view;
    bool no_memory;
};

static bool read_fetches(const struct memory_reader *memory, const struct walk_state *walk, uint64_t *words)
{
    for (unsigned i = 0; i < walk->fetches; i++)
        for (unsigned word = 0; word < walk->fetch_words; word++)
            if (!memory->read(memory->context, walk->fetch[i] + WORD_BYTES * word, words++))
                return false;
    return true;
}

enum walk_status view_walk(const struct translation_regime *regime, const struct memory_reader *memory,
                           uint64_t va, struct walk_state *walk, view_walk_visitor visit, void *context)
{
    uint64_t words[WALK_WORDS_MAX];
    unsigned left = 2u * regime->format->levels;
    enum walk_status status = regime->format->start(walk, regime, va);
    for (; status == WALK_FETCH || status == WALK_UPDATE; left--) {
        visit(context, walk, status);
        if (left == 0 || (status == WALK_FETCH && !read_fetches(memory, walk, words)))
            return walk_end_with_fault(walk, FAULT_EXTERNAL_ABORT, walk->level);
        status = status == WALK_FETCH ? regime->format->resume(walk, words) : regime->format->updated(walk);
    }
    return status;
}

/* The word that hardware last changed on the way. */
static void note_update(void *context, const struct walk_state *walk, enum walk_status status)
{
    uint64_t *pa = context;
    if (status == WALK_UPDATE)
        *pa = walk->table_update.pa;
}

/* The state of an entry, from what hardware would change in it, on the way (x86 marks large pages so) or at
 * its end. Only what is writable is ever clean: on x86 an entry that is not becomes dirty as well, if a
 * kernel without CR0.WP stores to it. */
static uint32_t state_of(const struct concrete_table *concrete, const struct mapping *mapping)
{
    struct translation_regime regime = interpret_regime(&concrete->regime);
    struct walk_state walk;
    struct walk_update update;
    uint64_t updated = UINT64_MAX;
    uint32_t state = 0;
    regime.hardware_dirty = true;
    if (view_walk(&regime, &concrete->memory, mapping->va, &walk, note_update, &updated) != WALK_LEAF)
        return 0;
    if ((mapping->frame.attributes & FRAME_WRITABLE) && walk.leaf.rights != walk.leaf.rights_when_dirty)
        state |= FRAME_CLEAN;
    return updated == walk.fetch[0] || walk_needs_update(&walk, false, &update) ? state | FRAME_OLD : state;
}

static bool add_mapping(void *context, const struct mapping *mapping, const struct walk_leaf *leaf)
{
    struct viewing *viewing = context;
    (void)leaf;
    viewing->no_memory =
        !mappings_add(&viewing->view->interpretation, mapping) ||
        !word_map_write(&viewing->view->states, mapping->va, state_of(viewing->concrete, mapping));
    return !viewing->no_memory;
}

enum pagetable_result view_page_table(const struct concrete_table *concrete, struct s1_page_table *view)
{
    struct viewing viewing = {.concrete = concrete, .view = view};
    const struct interpret_visitor visitor = {.mapping = add_mapping, .context = &viewing};
    struct interpret_counts counts;
    view->root = concrete->regime.root;
    view->interpretation.count = 0;
    view->states.count = 0;
    enum pagetable_result result =
        interpret(concrete->table, concrete->state, &concrete->regime, &concrete->memory, &visitor, &counts);
    return viewing.no_memory ? PAGETABLE_NO_MEMORY : result;
}

bool view_words(const struct memory_reader *memory, uint64_t pa, uint64_t bytes, struct word_map *words)
{
    for (uint64_t offset = 0; offset < bytes; offset += WORD_BYTES) {
        uint64_t value = 0;
        if (!memory->read(memory->context, pa + offset, &value))
            value = 0;
        if (!word_map_write(words, (pa + offset) / WORD_BYTES, value))
            return false;
    }
    return true;
}

/* ---- From the low level to the high level ---- */

bool low_level_all_mappings(const struct low_level_state *state, struct mappings *all)
{
    if (!mappings_copy(all, &state->tlb))
        return false;
    for (size_t i = 0; i < state->pt.interpretation.count; i++) {
        const struct mapping *mapping = &state->pt.interpretation.at[i];
        if (!mappings_at(&state->tlb, mapping->va) && !mappings_add(all, mapping))
            return false;
    }
    return true;
}

/* The words of one frame, where its mapping shows them. */
static bool show_frame(const struct physical_memory *mem, const struct mapping *mapping,
                       struct virtual_memory *shown)
{
    const uint64_t first = mapping->frame.base / WORD_BYTES;
    const uint64_t last = first + (frame_size_bytes(&mapping->frame) - 1) / WORD_BYTES;
    for (size_t i = word_map_from(&mem->words, first); i < mem->words.count; i++) {
        const struct word_entry *word = &mem->words.at[i];
        if (word->index > last)
            break;
        if (physical_memory_contains(mem, word->index) &&
            !word_map_write(&shown->words, mapping->va / WORD_BYTES + (word->index - first), word->value))
            return false;
    }
    return true;
}

bool low_level_interpret_mem(const struct low_level_state *state, const struct mappings *all,
                             struct virtual_memory *mem)
{
    mem->words.count = 0;
    if (!virtual_memory_cover(mem, all))
        return false;
    for (size_t i = 0; i < all->count; i++)
        if (!show_frame(&state->mem, &all->at[i], mem))
            return false;
    return true;
}

bool low_level_view(const struct low_level_state *state, struct high_level_state *view)
{
    view->constants = (struct high_level_constants){.pmem_lb = state->mem.lb,
                                                    .pmem_ub = state->mem.ub,
                                                    .arch = state->arch,
                                                    .extensions = state->extensions};
    return low_level_all_mappings(state, &view->mappings) &&
           low_level_interpret_mem(state, &view->mappings, &view->mem) &&
           word_map_copy(&view->states, &state->pt.states);
}
