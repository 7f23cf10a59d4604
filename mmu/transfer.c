/*
 * The transfers of the memory system: where they live, and the lists they are in.
 */
#include "mmu/transfer.h"

#include <stdlib.h>

#include "mmu/core.h"

#define SCRATCH         0u /* for want of memory: the machine has failed */
#define FIRST_TRANSFERS 64u

static bool grow_transfers(struct memory_system *system)
{
    uint32_t count = system->transfer_count ? 2 * system->transfer_count : FIRST_TRANSFERS;
    struct transfer *transfers = realloc(system->transfers, count * sizeof *transfers);
    if (!transfers)
        return false;
    for (uint32_t i = system->transfer_count; i < count; i++)
        transfers[i] = (struct transfer){.kind = TRANSFER_FREE, .next = i + 1 < count ? i + 1 : NO_INDEX};
    system->free_transfer = system->transfer_count ? system->transfer_count : SCRATCH + 1;
    system->transfers = transfers;
    system->transfer_count = count;
    return true;
}

uint32_t transfer_take(struct machine *machine, enum transfer_kind kind, unsigned core, uint64_t line)
{
    struct memory_system *system = &machine->memory_system;
    if (system->free_transfer == NO_INDEX && !grow_transfers(system)) {
        machine_fail(machine, "out of memory: the transfers of the memory system cannot be kept");
        return SCRATCH;
    }
    uint32_t index = system->free_transfer;
    system->free_transfer = system->transfers[index].next;
    system->transfers[index] = (struct transfer){.kind = (uint8_t)kind,
                                                 .core = (uint8_t)core,
                                                 .line = line,
                                                 .next = NO_INDEX,
                                                 .chain = NO_INDEX,
                                                 .first_waiter = NO_INDEX,
                                                 .last_waiter = NO_INDEX};
    return index;
}

void transfer_release(struct memory_system *system, uint32_t index)
{
    system->transfers[index].kind = TRANSFER_FREE;
    system->transfers[index].next = system->free_transfer;
    system->free_transfer = index;
}

void transfer_append(struct memory_system *system, uint32_t *first, uint32_t *last, uint32_t index)
{
    system->transfers[index].next = NO_INDEX;
    if (*first == NO_INDEX)
        *first = index;
    else
        system->transfers[*last].next = index;
    *last = index;
}

uint32_t transfer_fill_of(const struct memory_system *system, const struct cache *cache, uint64_t line)
{
    uint32_t index = cache->fills[cache_fill_head(line)];
    for (; index != NO_INDEX; index = system->transfers[index].chain)
        if (system->transfers[index].line == line && !system->transfers[index].dropped)
            return index;
    return NO_INDEX;
}

static uint32_t *head_of(const struct memory_system *system, const struct transfer *fill)
{
    return &cache_of(system, fill->level, fill->core)->fills[cache_fill_head(fill->line)];
}

void transfer_chain(struct memory_system *system, uint32_t index)
{
    struct transfer *fill = &system->transfers[index];
    uint32_t *head = head_of(system, fill);
    fill->chain = *head;
    *head = index;
}

void transfer_unchain(struct memory_system *system, uint32_t index)
{
    const struct transfer *fill = &system->transfers[index];
    uint32_t *place = head_of(system, fill);
    while (*place != index)
        place = &system->transfers[*place].chain;
    *place = fill->chain;
}
