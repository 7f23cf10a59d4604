/*
 * A transfer: a request, or a line, on its way through the memory system. They live in one pool and are known
 * by their index; a pointer to one is good until the next one is taken.
 */
#ifndef MMUSIM_MMU_TRANSFER_H
#define MMUSIM_MMU_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "mmu/cache.h"

struct machine;
struct memory_system;

enum transfer_kind {
    TRANSFER_FREE,
    TRANSFER_DIRECT,     /* a request that passes no cache, on the bus */
    TRANSFER_PART,       /* a request, or its part in one line: to be served by a cache */
    TRANSFER_FILL,       /* a line on its way into a cache, or an upgrade of one that is there */
    TRANSFER_WRITE_BACK, /* a dirty line on its way to memory */
};

/*
 * A fill is asked for by parts of requests and by fills of the level in front. Those that wait for it hang
 * on it as a list, in the order in which they will be decided.
 */
struct transfer {
    uint64_t line;
    uint64_t cycle;       /* in which it asked for the bus */
    uint64_t least_cycle; /* part, fill: the end of its last look-up; it is not answered before */
    uint64_t ready_cycle; /* fill, decided: its line arrives */
    uint32_t next;        /* in the list it is in: free, waiters of a fill, in front of the bus */
    uint32_t chain;       /* fill: the next one of this cache with the same hash */
    uint32_t first_waiter, last_waiter;
    uint32_t request; /* part, direct: of the core's requests */
    uint8_t kind;
    uint8_t core;
    uint8_t level;  /* that a fill fills, from 1; 0 for a part */
    uint8_t target; /* level that it looks up; past the last one: the bus */
    uint8_t state;  /* fill, decided: LINE_OWNED, LINE_DIRTY */
    bool own;       /* it needs the line owned */
    bool stores;    /* part: it makes the line dirty */
    bool decided;
    bool dropped; /* decided, and lost again before it arrived: it leaves no line */
};

/* The machine fails if the host has no memory; the transfer is then one to be thrown away. */
uint32_t transfer_take(struct machine *machine, enum transfer_kind kind, unsigned core, uint64_t line);
void transfer_release(struct memory_system *system, uint32_t index);
/* At the end of a list. */
void transfer_append(struct memory_system *system, uint32_t *first, uint32_t *last, uint32_t index);

/* A fill of this line that is on its way into the cache and was not lost; NO_INDEX if there is none. */
uint32_t transfer_fill_of(const struct memory_system *system, const struct cache *cache, uint64_t line);
/* Puts a fill among those of its cache, or takes it out. */
void transfer_chain(struct memory_system *system, uint32_t index);
void transfer_unchain(struct memory_system *system, uint32_t index);

#endif
