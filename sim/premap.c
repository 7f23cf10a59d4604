#include "sim/premap.h"

#include "pagetables/interpret.h"
#include "sim/protocol/run.h"

static bool read_physical(void *context, uint64_t pa, uint64_t *value)
{
    return machine_peek(context, pa, value);
}

/* Where a word of the space's tables lies in physical memory: a guest's tables have intermediate addresses.
 */
static bool place_of(const struct address_space *space, uint64_t address, uint64_t *pa)
{
    const struct memory_reader memory = {read_physical, space->simulation->machine};
    struct walk_state walk;
    *pa = address;
    if (!space->stage2)
        return true;
    struct translation_regime stage2 = interpret_regime(&space->stage2->context.regime);
    if (interpret_address(&stage2, &memory, address, &walk) != WALK_LEAF)
        return false;
    *pa = walk.leaf.frame.base + (address - walk.leaf.va);
    return true;
}

void premap_read(const struct address_space *space, uint64_t va, struct premap_path *path)
{
    const struct walk_format *format = space->config.format;
    uint64_t table = space->context.regime.root;
    path->count = 0;
    if (!protocol_applies(format))
        return;
    const struct entry_format *entries = entry_format_of(format);
    for (unsigned depth = 0; entry_has_depth(entries, depth); depth++) {
        const struct entry_level *level = &entries->level[depth];
        uint64_t pa;
        if (!place_of(space, table + entry_index(level, va) * ENTRY_BYTES, &pa))
            return;
        path->pa[depth] = pa;
        if (!machine_peek(space->simulation->machine, pa, &path->word[depth]))
            return;
        path->count = depth + 1;
        struct entry entry = entries->decode(level, path->word[depth]);
        if (entry.kind != ENTRY_TABLE)
            return;
        table = entry.table;
    }
}

void premap_tell(const struct address_space *space, const struct event_operation *operation,
                 const struct premap_path *before)
{
    struct premap_path after;
    premap_read(space, operation->va, &after);
    for (unsigned depth = 0; depth + 1 < after.count; depth++) {
        uint64_t old_value = depth < before->count ? before->word[depth] : 0;
        struct mmu_event event = {.kind = EVENT_ENTRY_WRITE,
                                  .as.entry_write = {.operation = operation->id,
                                                     .pa = after.pa[depth],
                                                     .old_value = old_value,
                                                     .new_value = after.word[depth]}};
        if (old_value != after.word[depth])
            simulation_emit(space->simulation, 0, &event);
    }
}
