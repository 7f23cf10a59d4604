/*
 * A core's calendar: what will happen to it, in the order (cycle, kind, age).
 *
 * A binary heap of fixed-size items. The order inside a cycle is the machine's rule (see enum
 * calendar_kind), never the order in which items were put in; items with equal keys do not exist.
 */
#ifndef MMUSIM_MMU_CALENDAR_H
#define MMUSIM_MMU_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Kinds in the order in which they are handled within a cycle; a core issues after all of them. */
enum calendar_kind {
    CALENDAR_STORE_DONE, /* a store has reached memory */
    CALENDAR_INVALIDATION_ARRIVES,
    CALENDAR_INVALIDATION_DROPS,
    CALENDAR_ACKNOWLEDGEMENT, /* of this core's own invalidation, from another core or itself */
    CALENDAR_DATA,            /* a load's data, a compare-exchange's or a clear's answer */
    CALENDAR_ENTRY,           /* a page-table entry for the walker */
    CALENDAR_WALKER,          /* a walk has its slot, or its walk caches answer */
    CALENDAR_LOOKUP,          /* a miss's look-up of a further level begins or answers */
    CALENDAR_TRANSLATED,      /* a first-level hit's translation is ready */
    CALENDAR_STORE_DRAIN,     /* a buffered store asks for the bus */
    CALENDAR_HANDLER_ENDS,    /* the interrupted program goes on */
    CALENDAR_SPECULATION,     /* a prefetch, or an act of the adversary */
};

struct calendar_item {
    uint64_t cycle;
    uint64_t order; /* kind << 56 | age */
    uint32_t what;  /* index that the kind knows */
    uint32_t from;  /* core, for messages */
};

struct calendar {
    struct calendar_item *items;
    uint32_t count;
    uint32_t capacity;
};

bool calendar_init(struct calendar *calendar, uint32_t capacity);
void calendar_destroy(struct calendar *calendar);

static inline uint64_t calendar_order(enum calendar_kind kind, uint64_t age)
{
    return (uint64_t)kind << 56 | age;
}

static inline enum calendar_kind calendar_kind_of_order(uint64_t order)
{
    return (enum calendar_kind)(order >> 56);
}

static inline enum calendar_kind calendar_kind_of(const struct calendar_item *item)
{
    return calendar_kind_of_order(item->order);
}

static inline bool calendar_before(const struct calendar_item *a, const struct calendar_item *b)
{
    return a->cycle != b->cycle ? a->cycle < b->cycle : a->order < b->order;
}

/* Cycle of the first item; UINT64_MAX if there is none. */
static inline uint64_t calendar_next(const struct calendar *calendar)
{
    return calendar->count ? calendar->items[0].cycle : UINT64_MAX;
}

/* Grows when full; false if the host has no memory, and nothing changed. */
bool calendar_push(struct calendar *calendar, uint64_t cycle, uint64_t order, uint32_t what, uint32_t from);
/* The first item, taken out. There must be one. */
struct calendar_item calendar_pop(struct calendar *calendar);
/* Takes out the item of this order, whatever its cycle; there must be one. Takes as long as there are items.
 */
void calendar_remove(struct calendar *calendar, uint64_t order);

#ifdef __cplusplus
}
#endif
#endif
