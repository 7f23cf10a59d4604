/*
 * The store buffer: first in, first out. A store asks for the bus after its least time in the buffer, at
 * most one a cycle, and leaves when memory has it. With a depth of 0 there is one place, no least time, and
 * the store's access or operation itself waits.
 */
#include "mmu/core.h"

static struct buffered_store *entry_at(struct store_buffer *stores, uint32_t place)
{
    return &stores->entries[(stores->first + place) % MMU_STORE_BUFFER_MAX];
}

bool store_buffer_has_room(const struct core *core)
{
    return core->stores.count < core->stores.capacity;
}

void store_buffer_put(struct core *core, const struct buffered_store *store)
{
    struct store_buffer *stores = &core->stores;
    const struct mmu_config *config = &core->machine->config;
    *entry_at(stores, stores->count++) = *store;
    core->counters.store_buffer.stores++;
    if (stores->waiting_since != NEVER)
        core->counters.store_buffer.full_cycles += core->now - stores->waiting_since;
    stores->waiting_since = NEVER;
    uint64_t drain = core->now + (config->store_buffer_depth ? config->store_buffer_drain_cycles : 1);
    if (drain <= stores->last_drain_cycle)
        drain = stores->last_drain_cycle + 1;
    stores->last_drain_cycle = drain;
    core_schedule(core, drain, CALENDAR_STORE_DRAIN, 0);
}

/* The oldest store that has not asked for the bus asks now. */
void store_buffer_drain(struct core *core)
{
    struct store_buffer *stores = &core->stores;
    const struct buffered_store *store = entry_at(stores, stores->requested++);
    struct bus_request *request =
        bus_prepare(core, MEMORY_WRITE, store->pa, store->size_bytes, CALENDAR_STORE_DONE, 0);
    request->value = store->value;
    request->want_old = !store->translated && core->track;
    bus_ask(core, request);
}

static void tell_entry_write(struct core *core, const struct buffered_store *store,
                             const struct bus_request *request)
{
    struct mmu_event *event = core_event(core, EVENT_ENTRY_WRITE, core->now);
    if (!event)
        return;
    event->as.entry_write = (struct event_entry_write){.operation = store->operation,
                                                       .pa = store->pa,
                                                       .old_value = request->old_value,
                                                       .new_value = store->value,
                                                       .issue_cycle = store->issue_cycle,
                                                       .visible_cycle = request->grant_cycle};
}

static void finish_access(struct core *core, struct buffered_store *store, const struct bus_request *request)
{
    store->event.performed_cycle = request->grant_cycle;
    if (store->slot != NO_INDEX) {
        access_data(core, store->slot, request); /* or its abort: nothing is posted without a buffer */
        return;
    }
    bool tell = store->event.outcome != OUTCOME_L1_HIT || core->tell_hits;
    struct mmu_event *event = tell ? core_event(core, EVENT_TRANSLATION, core->now) : NULL;
    if (event)
        event->as.translation = store->event;
    if (store->life != NO_INDEX)
        hierarchy_release_life(core, store->life);
    invalidation_settle(core, store->settle);
}

void store_buffer_done(struct core *core, const struct bus_request *request)
{
    struct store_buffer *stores = &core->stores;
    struct buffered_store store = *entry_at(stores, 0);
    stores->first = (stores->first + 1) % MMU_STORE_BUFFER_MAX;
    stores->count--;
    stores->requested--;
    if (store.translated) {
        finish_access(core, &store, request);
    } else {
        tell_entry_write(core, &store, request);
        invalidation_settle(core, store.settle); /* an interrupt's handler waits for these, too */
    }
    access_advance_data(core);
}

enum store_overlap store_buffer_find(const struct core *core, uint64_t pa, unsigned size_bytes,
                                     uint64_t *value)
{
    const struct store_buffer *stores = &core->stores;
    for (uint32_t i = stores->count; i-- > 0;) {
        const struct buffered_store *store = &stores->entries[(stores->first + i) % MMU_STORE_BUFFER_MAX];
        if (pa >= store->pa + store->size_bytes || store->pa >= pa + size_bytes)
            continue;
        if (pa < store->pa || pa + size_bytes > store->pa + store->size_bytes)
            return STORE_OVERLAPS;
        unsigned shift = 8 * (unsigned)((pa - store->pa) % 8);
        uint64_t pattern = store->value;
        if (store->size_bytes > 8 && shift)
            pattern = pattern >> shift | pattern << (64 - shift);
        else
            pattern >>= shift;
        *value = access_bytes(pattern, size_bytes);
        return STORE_CONTAINS;
    }
    return STORE_NO_OVERLAP;
}
