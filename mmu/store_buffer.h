/* Stores of a core on their way to memory. Not for users: a part of mmu/core.h. */
#ifndef MMUSIM_MMU_STORE_BUFFER_H
#define MMUSIM_MMU_STORE_BUFFER_H

#include <stdbool.h>
#include <stdint.h>

#include "mmu/config.h"
#include "mmu/event.h"

struct bus_request;
struct core;

struct buffered_store {
    struct event_translation event; /* of the access; unused for page-table code's own stores */
    uint64_t pa;
    uint64_t value;
    uint64_t issue_cycle;
    uint64_t operation; /* page-table code's store */
    uint64_t settle;
    uint32_t life;
    uint32_t slot; /* depth 0: the access that waits for it */
    uint32_t size_bytes;
    bool translated; /* an access's; else page-table code's */
};

struct store_buffer {
    struct buffered_store entries[MMU_STORE_BUFFER_MAX];
    uint32_t capacity;
    uint32_t first, count;
    uint32_t requested; /* how many of them have asked for the bus */
    uint64_t last_drain_cycle;
    uint64_t last_done_cycle; /* of the stores granted so far */
    uint64_t waiting_since;   /* a store waits for room; NEVER if none does */
};

bool store_buffer_has_room(const struct core *core);
void store_buffer_put(struct core *core, const struct buffered_store *store);
void store_buffer_drain(struct core *core);
void store_buffer_done(struct core *core, const struct bus_request *request);
enum store_overlap { STORE_NO_OVERLAP, STORE_CONTAINS, STORE_OVERLAPS };
/* What a read of these bytes finds: the youngest store that contains them, or one that overlaps otherwise. */
enum store_overlap store_buffer_find(const struct core *core, uint64_t pa, unsigned size_bytes,
                                     uint64_t *value);

#endif
