/*
 * Another core that walks while a table's operation runs. Not a public header.
 *
 * A model without time of everything that may happen: the operation's stores become visible late, in any
 * order that barriers allow; the other core walks at every moment, and keeps what it read, of each table on
 * the way (walk caches, walks in flight) and of each leaf (TLBs), until an invalidation that covers it is
 * complete. So it holds at any moment whatever some real core could hold.
 *
 * - A store is pending until a barrier drains it. A word with pending stores has each of their values and
 *   the one before them. A walk that saw a store sees all that an earlier DMB, or the order of stores itself,
 *   puts before it.
 * - An invalidation takes effect at some time between its issue and its completion. So what is held at its
 *   issue is gone when it is complete, and what is read after the issue may stay. What comes of a walk that
 *   began at something that the same invalidation drops is dropped with it: walks in flight are settled.
 * - Where a format has no tables that walks could begin at, what a walk has read is held by that walk alone,
 *   which any invalidation settles.
 */
#ifndef MMUSIM_PAGETABLES_CONFORM_WATCH_H
#define MMUSIM_PAGETABLES_CONFORM_WATCH_H

#include "pagetables/conform/subject.h"

#define WATCH_PROBES_MAX 20
#define WATCH_ISSUED_MAX 64
#define WATCH_BUCKETS    256

enum watch_kind {
    WATCH_WALK,     /* a walk that wants words */
    WATCH_LEAF,     /* an entry of a TLB; of a stage 2 table, one of intermediate addresses */
    WATCH_COMBINED, /* of a stage 2 table: what was made of both stages */
};

/* What the other core holds. */
struct watch_item {
    enum watch_kind kind;
    bool doomed;    /* an invalidation that was issued drops it */
    bool table;     /* WATCH_WALK: others may begin at its table, which is: */
    uint64_t va;    /* the addresses that the table translates, or the leaf */
    uint64_t bytes; /* 0: all 2^64 */
    uint64_t probe; /* WATCH_WALK: the address that it translates */
    uint64_t floor; /* WATCH_WALK: stores of groups below are visible to it */
    struct walk_state walk;
    struct walk_leaf leaf;
};

struct watch_store {
    uint64_t pa, before, value;
    uint64_t group; /* a store of a later one is visible only after all of earlier ones */
    size_t next;    /* the next of its bucket, plus one */
};

enum watch_order {
    WATCH_ANY_ORDER,      /* Arm: stores in any order, invalidations wait for none */
    WATCH_FENCED_BEFORE,  /* RISC-V: the same, but stores come before an invalidation */
    WATCH_STORES_IN_ORDER /* x86: both in program order */
};

struct watch;

/* Asked of every end of a walk; false ends the watch. A walk that faults has no leaf. */
typedef bool (*watch_judge)(void *context, uint64_t va, const struct walk_leaf *leaf, unsigned fault);
/* Something that the rules of invalidation forbid, of the item (NULL: of none). */
enum watch_fault { WATCH_RELEASED, WATCH_UNBROKEN, WATCH_FOREIGN };
typedef void (*watch_complaint)(void *context, enum watch_fault fault, const struct watch_item *item,
                                const struct flat_event *event);

struct watch {
    struct conform_subject *subject;
    struct translation_regime regime;
    enum watch_order order;
    watch_judge judge;
    watch_complaint complain;
    void *context;
    uint64_t probe[WATCH_PROBES_MAX];
    unsigned probes;
    struct watch_item *item;
    size_t items, item_room;
    struct watch_store *store; /* pending */
    size_t stores, store_room;
    size_t bucket[WATCH_BUCKETS]; /* the first store of a bucket, plus one */
    uint64_t group;
    struct invalidation issued[WATCH_ISSUED_MAX]; /* and not complete */
    unsigned issues;
    bool spared; /* an item was read anew after an invalidation that drops it if it is old */
    bool over;   /* a judgement was bad; nothing more is looked at */
    bool out_of_memory;
    uint64_t walks;
};

/* Attends a subject from now on. `probe`, `judge` and so on are the caller's to set. */
void watch_begin(struct watch *watch, struct conform_subject *subject);
void watch_end(struct watch *watch);

/* All stores become visible. */
void watch_drain(struct watch *watch);
/* Walks in flight come to their ends, whatever they are; what a walk cache holds stays. */
void watch_land(struct watch *watch);
/* The other core walks, at every table that it knows. */
void watch_walk(struct watch *watch);

/* Whether an invalidation covers an item, and whether it would if no leaf were global. */
bool watch_covers(const struct watch *watch, const struct invalidation *what, const struct watch_item *item);
bool watch_covers_local(const struct watch *watch, const struct invalidation *what,
                        const struct watch_item *item);

#endif
