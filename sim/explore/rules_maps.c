/* The abstract maps of the rules by number, and what operations make of them. */
#include <string.h>

#include "sim/explore/rules_internal.h"

/* ---- maps ----------------------------------------------------------------------------------------- */

struct mapping rules_plain(const struct mapping *from, uint32_t kept)
{
    struct mapping to;
    memset(&to, 0, sizeof to);
    to.va = from->va;
    to.frame.base = from->frame.base;
    to.frame.attributes = (from->frame.attributes & FRAME_ATTRIBUTES_ALL) | kept;
    to.frame.size_lg2 = from->frame.size_lg2;
    return to;
}

uint16_t rules_map_number(struct rules *rules, const struct page_table_state *map)
{
    const struct mappings *mappings = &map->mappings;
    struct mapping plain_mappings[64];
    if (mappings->count > 64) {
        (void)rules_fail(rules, "more than 64 pages are mapped, which is more than the explorer can number");
        return 0;
    }
    memset(plain_mappings, 0, sizeof plain_mappings);
    for (size_t i = 0; i < mappings->count; i++) {
        uint32_t kept = (uint32_t)word_map_read(&map->states, mappings->at[i].va) & rules->kept;
        struct mapping one = rules_plain(&mappings->at[i], kept);
        memcpy(&plain_mappings[i], &one, sizeof one);
    }
    uint32_t id = intern_add(rules->maps, plain_mappings, mappings->count * sizeof plain_mappings[0]);
    return id < UINT16_MAX ? (uint16_t)id : (uint16_t)rules_fail(rules, rules_no_memory);
}

bool rules_map_of(const struct rules *rules, uint16_t map, struct page_table_state *state)
{
    size_t bytes;
    const uint8_t *at = intern_bytes(rules->maps, map, &bytes);
    *state = (struct page_table_state){.constants = rules->constants};
    for (size_t i = 0; i < bytes / sizeof(struct mapping); i++) {
        struct mapping one;
        memcpy(&one, at + i * sizeof one, sizeof one);
        struct mapping bare = rules_plain(&one, 0);
        if (!mappings_add(&state->mappings, &bare) ||
            !word_map_write(&state->states, one.va, one.frame.attributes & rules->kept)) {
            page_table_state_destroy(state);
            return false;
        }
    }
    return true;
}

bool rules_find_in_map(const struct rules *rules, uint16_t map, uint64_t va, struct mapping *found)
{
    size_t bytes;
    const uint8_t *at = intern_bytes(rules->maps, map, &bytes);
    for (size_t i = 0; i < bytes / sizeof *found; i++) {
        memcpy(found, at + i * sizeof *found, sizeof *found);
        if (mapping_contains(found, va))
            return true;
    }
    return false;
}

const struct mapping *rules_mapping(const struct rules *rules, const struct rules_state *state, uint64_t va)
{
    size_t bytes;
    const struct mapping *at = intern_bytes(rules->maps, state->map, &bytes);
    for (size_t i = 0; i < bytes / sizeof *at; i++)
        if (mapping_contains(&at[i], va))
            return &at[i];
    return NULL;
}

/* ---- what an operation does to the map ------------------------------------------------------------ */

/* Does the step, and says what the specification answers. */
static enum result perform(struct page_table_state *map, const struct operation_call *call)
{
    struct map_op map_op = {.vaddr = call->va, .frame = call->frame};
    struct unmap_op unmap_op = {.vaddr = call->va};
    struct protect_op protect_op = {.vaddr = call->va, .attributes = call->attributes};
    struct query_op query_op = {.vaddr = call->va};
    switch (call->kind) {
    case CALL_MAP:
        return page_table_map_step(map, &map_op) ? map_op.result : RESULT_REFUSED;
    case CALL_UNMAP:
        return page_table_unmap_step(map, &unmap_op) ? unmap_op.result : RESULT_REFUSED;
    case CALL_PROTECT:
        return page_table_protect_step(map, &protect_op) ? protect_op.result : RESULT_REFUSED;
    default:
        return page_table_query_step(map, &query_op) ? query_op.result : RESULT_REFUSED;
    }
}

const struct operation_call *rules_call_of(const struct rules *rules, const struct open_operation *open)
{
    return operation_tree_call_at(rules->config.tree, open->call - 1u);
}

bool rules_outcome(struct rules *rules, uint16_t map, const struct open_operation *open, uint16_t *after)
{
    uint64_t key = rules_key(RULES_OUTCOME, map, open->call);
    uint64_t known = memo_get(rules->memo, key);
    if (known == MEMO_NONE) {
        struct page_table_state state;
        if (!rules_map_of(rules, map, &state))
            return rules_fail(rules, rules_no_memory);
        enum result result = perform(&state, rules_call_of(rules, open));
        if (result == RESULT_REFUSED)
            (void)rules_fail(rules, rules_no_memory);
        known = (uint64_t)(result == RESULT_OK) << 16 | rules_map_number(rules, &state);
        page_table_state_destroy(&state);
        (void)memo_put(rules->memo, key, known);
    }
    *after = (uint16_t)known;
    return known >> 16 != 0;
}

uint16_t rules_change_of(struct rules *rules, uint16_t map, const struct open_operation *open)
{
    const struct operation_call *call = rules_call_of(rules, open);
    struct change change;
    struct mapping found;
    uint16_t after = 0;
    memset(&change, 0, sizeof change);
    if (call->kind > CALL_PROTECT || !rules_outcome(rules, map, open, &after))
        return 0;
    if (call->kind != CALL_MAP && rules_find_in_map(rules, map, call->va, &found))
        change.before = found;
    if (call->kind != CALL_UNMAP && rules_find_in_map(rules, after, call->va, &found))
        change.after = found;
    uint32_t id = intern_add(rules->changes, &change, sizeof change);
    return id < UINT16_MAX ? (uint16_t)id : (uint16_t)rules_fail(rules, rules_no_memory);
}

static bool overlaps_frame(struct rules *rules, uint16_t map, const struct frame *frame)
{
    struct page_table_state state;
    if (!rules_map_of(rules, map, &state))
        return rules_fail(rules, rules_no_memory);
    bool overlaps = mappings_overlap_pmem(&state.mappings, frame) != NULL;
    page_table_state_destroy(&state);
    return overlaps;
}

bool rules_frame_in_use(struct rules *rules, const struct rules_state *state, uint64_t va,
                        const struct frame *frame)
{
    (void)va;
    if (rules->config.aliasing_allowed || frame->size_lg2 >= 64)
        return false;
    bool in_use = overlaps_frame(rules, state->map, frame);
    for (unsigned i = 0; i < SMALL_CORES && !in_use; i++) {
        uint16_t after = 0;
        in_use = state->running[i].call != 0 && rules_call_of(rules, &state->running[i])->kind == CALL_MAP &&
                 rules_outcome(rules, state->map, &state->running[i], &after) &&
                 overlaps_frame(rules, after, frame);
    }
    return in_use;
}
