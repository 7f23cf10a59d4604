/* Where a page table parts from the abstract map. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/explore/exploration_internal.h"
#include "sim/explore/story.h"
#include "sim/specification/view.h"

#define TEXT STORY_TEXT_BYTES

struct reading {
    const struct small_machine *machine;
    const struct small_state *state;
};

static bool read_word(void *context, uint64_t pa, uint64_t *value)
{
    const struct reading *reading = context;
    if (pa > small_machine_config(reading->machine)->memory_bytes - 8)
        return false;
    *value = small_value_of(reading->machine, small_memory_at(reading->machine, reading->state, pa));
    return true;
}

static const struct mapping *find(const struct mappings *mappings, uint64_t va)
{
    for (size_t i = 0; i < mappings->count; i++)
        if (mapping_contains(&mappings->at[i], va))
            return &mappings->at[i];
    return NULL;
}

/* Accessed and dirty are no part of what is mapped. */
static bool same(const struct mapping *one, const struct mapping *other)
{
    if (!one || !other)
        return one == other;
    return one->va == other->va && one->frame.base == other->frame.base &&
           one->frame.size_lg2 == other->frame.size_lg2 &&
           ((one->frame.attributes ^ other->frame.attributes) & ~(uint32_t)FRAME_STATE_ALL) == 0;
}

static void print_there(const struct mapping *mapping, char text[TEXT / 4])
{
    char attributes[FRAME_ATTRIBUTES_TEXT_BYTES];
    if (!mapping) {
        (void)snprintf(text, TEXT / 4, "nothing");
        return;
    }
    frame_attributes_print(mapping->frame.attributes, attributes);
    (void)snprintf(text, TEXT / 4, "0x%" PRIx64 " -> 0x%" PRIx64 " %s", mapping->va, mapping->frame.base,
                   attributes);
}

/* At the addresses of which some call was: others nobody has asked for. */
static bool print_difference(struct exploration *exploration, const struct explored *explored,
                             const struct mappings *view, char text[TEXT])
{
    uint32_t calls = operation_tree_count(exploration->tree).calls;
    for (uint32_t i = 0; i < calls; i++) {
        uint64_t va = operation_tree_call_at(exploration->tree, i)->va;
        const struct mapping *there = find(view, va);
        const struct mapping *should = rules_mapping(exploration->rules, &explored->rules, va);
        char table[TEXT / 4], map[TEXT / 4];
        if (same(there, should))
            continue;
        print_there(there, table);
        print_there(should, map);
        (void)snprintf(text, TEXT, "at 0x%" PRIx64 " the page table has %s, and the abstract map %s", va,
                       table, map);
        return true;
    }
    return false;
}

bool story_view(struct exploration *exploration, const struct small_state *state,
                const struct explored *explored, char text[TEXT])
{
    struct reading reading = {exploration->machine, state};
    const struct concrete_table concrete = {
        .table = exploration->config.table,
        .state = operation_tree_state(exploration->tree, explored->block),
        .regime = small_machine_config(exploration->machine)->contexts[0].regime,
        .memory = {read_word, &reading}};
    struct s1_page_table view = {0};
    bool different = view_page_table(&concrete, &view) == PAGETABLE_OK &&
                     print_difference(exploration, explored, &view.interpretation, text);
    s1_page_table_destroy(&view);
    return different;
}
