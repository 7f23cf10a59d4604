/*
 * What the files of the state machine share. Nothing here is part of its contract.
 */
#ifndef MMUSIM_SIM_PROTOCOL_INTERNAL_H
#define MMUSIM_SIM_PROTOCOL_INTERNAL_H

#include "sim/protocol/protocol.h"
#include "sim/protocol/words.h"

/* Which store, and the last of its places. */
struct given {
    uint64_t step; /* protocol.steps then */
    uint64_t pa;
};

/* A live table: its entries are those that hardware may read. */
struct table {
    uint64_t pa;
    uint64_t bytes;
    uint64_t va;        /* first address that it translates */
    uint64_t parent_pa; /* of the entry that points, or pointed, to it; of a root: its own pa */
    struct root *root;
    struct table *parent; /* NULL: the root */
    struct table *child;  /* the first that hangs below */
    struct table *sibling;
    struct given given; /* the last store that it was given, or by which it was linked */
    struct table *fresh_before, *fresh_after; /* as long as it is in protocol.fresh */
    unsigned depth;
};

struct root {
    struct protocol_root is;
    struct table *table; /* NULL: runs, once the root is broken */
    struct root *next;
    bool told;   /* runs: a violation; no other one is */
    bool broken; /* runs: by a store to its own tables, which mean nothing any more */
};

/* Where an unclean entry stands between its invalid store and clean. */
enum step {
    STEP_WRITTEN,     /* invalid in memory */
    STEP_BARRIER,     /* its barrier was seen */
    STEP_STAGE2_GONE, /* entries of stage 2 are invalidated, those that combine both stages are not */
    STEP_STAGE2_DONE, /* and that has completed */
    STEP_INVALIDATED, /* the invalidation was seen; clean with the completing barrier */
    STEPS
};

/* Why an event that might have been a step was none. */
enum ignored {
    IGNORED_NOTHING,
    IGNORED_AGENT,
    IGNORED_LOCK,
    IGNORED_EARLY,
    IGNORED_LOCAL,
    IGNORED_REGIME,
    IGNORED_ADDRESS,
    IGNORED_ID,
    IGNORED_LEVEL,
    IGNORED_LEAVES,
    IGNORED_CHILDREN,
    IGNORED_STAGE1,
    IGNORED_BARRIER,
    IGNORED_REASONS
};

struct unclean {
    uint64_t pa;
    uint64_t old;         /* the valid word */
    uint64_t first, last; /* the addresses that it translated */
    uint64_t below;       /* of an entry in a removed table: the table's own entry; else its own pa */
    uint64_t made;        /* protocol.steps when it was made invalid */
    unsigned depth;       /* of its table */
    unsigned below_depth; /* of the table of `below` */
    size_t index;         /* in the list */
    struct root *root;
    struct unclean *next; /* in the hash's chain */
    struct protocol_mark written;
    struct protocol_mark barrier;
    struct protocol_mark invalidated;
    struct protocol_mark last_ignored;
    uint8_t agent;
    uint8_t step;
    uint8_t ignored; /* enum ignored, of last_ignored */
    uint8_t level;
    bool last_level;
    bool table;
    bool global;
    bool full; /* a table that had valid entries when it was removed */
};

#define CHAINS 4096u

struct protocol {
    struct protocol_config config;
    struct words words;
    struct root *roots;
    struct unclean **unclean; /* in the order of their stores; NULL: not unclean any more */
    size_t unclean_count;     /* slots of the list */
    size_t unclean_capacity;
    size_t unclean_live;
    size_t abandoned;                         /* of these, in tables that were removed with them */
    struct unclean *chains[CHAINS];           /* the others by pa */
    uint32_t at_step[PROTOCOL_AGENTS][STEPS]; /* how many of the agent's are there */
    uint64_t unjudged;
    uint64_t steps;                         /* stores and roots, so far */
    struct table *fresh_first, *fresh_last; /* runs: tables that this step has linked, in that order */
    bool broke;                             /* runs: a root, in this step */
    struct protocol_violation violation;
};

/*
 * Of the entry at fault->pa in this table. In a run its root is broken by it; if something was told of this
 * root before, nothing is now: PROTOCOL_FINE.
 */
__attribute__((format(printf, 4, 5))) int violation_report(struct protocol *protocol,
                                                           const struct protocol_fault *fault,
                                                           const struct table *table, const char *format,
                                                           ...);
/* The same of what concerns two roots: it is told, and breaks neither. */
__attribute__((format(printf, 4, 5))) int sharing_report(struct protocol *protocol,
                                                         const struct protocol_fault *fault,
                                                         const struct table *table, const char *format, ...);

/* tables.c */
/* Of several the last that was linked. */
struct table *table_at(const struct protocol *protocol, uint64_t pa);
/* The one of this root and depth; NULL if there is none. */
struct table *table_of(const struct protocol *protocol, const struct root *root, unsigned depth, uint64_t pa);
const struct entry_level *level_of(const struct table *table);
struct entry entry_at(const struct protocol *protocol, const struct table *table, uint64_t pa);
/* First address that the entry translates. */
uint64_t entry_va(const struct table *table, uint64_t pa);
struct linking {
    struct root *root;
    struct table *parent;
    uint64_t parent_pa;
    uint64_t pa;
    uint64_t va;
    unsigned depth;
    unsigned agent;
    struct protocol_mark mark;
};
/* The table at `pa`, and all that hang below it, are live from now on. */
int table_link(struct protocol *protocol, const struct linking *linking, struct table **table);
/* Runs: the step is over. Those of its tables that lie in another root's, where it is not broken, are told.
 */
int tables_settle(struct protocol *protocol, unsigned agent, struct protocol_mark mark);
/* They are not. */
void table_unlink(struct protocol *protocol, struct table *table);
/* The table that hangs at this entry, or hung there until the entry is clean; NULL if there is none. */
struct table *table_below(const struct table *table, uint64_t entry_pa);
/* The nearest unclean entry above the table, or NULL. */
struct unclean *unclean_above(const struct protocol *protocol, const struct table *table);

/* steps.c */
/* The entry of this table, if no table above was removed with it. */
struct unclean *unclean_find(const struct protocol *protocol, const struct table *table, uint64_t pa);
/* An entry that was valid is not any more; of those in a table that was removed with it, each. */
struct leaving {
    const struct table *table;
    uint64_t pa;
    uint64_t below; /* as in struct unclean, as is the next */
    unsigned below_depth;
    uint64_t old; /* the valid word */
    unsigned agent;
    struct protocol_mark mark;
};
int unclean_add(struct protocol *protocol, const struct leaving *leaving);
void unclean_remove(struct protocol *protocol, struct unclean *unclean);
/* It was in a table that was removed with the entry at `below`. */
void unclean_abandon(struct protocol *protocol, struct unclean *unclean, uint64_t below,
                     unsigned below_depth);
/* Slots that are empty go. Not while somebody goes through the list. */
void unclean_compact(struct protocol *protocol);
/* What is missing, as the end of a sentence. */
struct missing_text {
    char text[256];
};
struct missing_text missing_print(const struct protocol *protocol, const struct unclean *unclean);

/* "the entry at 0x1000 (stage 2, level 3, for 0x0 to 0xfff)" */
struct entry_text {
    char text[128];
};
struct entry_text entry_print(const struct table *table, uint64_t pa);
struct mark_text {
    char text[40];
};
struct mark_text mark_print(const struct protocol *protocol, struct protocol_mark mark);

#endif
