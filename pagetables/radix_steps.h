/*
 * The steps that operations of the radix table consist of: words, the path to an address, runs of leaves,
 * invalidation, counts. Not a public header.
 */
#ifndef MMUSIM_PAGETABLES_RADIX_STEPS_H
#define MMUSIM_PAGETABLES_RADIX_STEPS_H

#include "pagetables/calls.h"
#include "pagetables/radix.h"

/* ---- The path from the root to an address ---- */

/* Where the entries of one address stand; `depth` is that of `entry`, the last one that was read. */
struct radix_path {
    uint64_t slot[ENTRY_LEVELS_MAX]; /* physical address of the entry, by depth */
    uint64_t word;                   /* of the last entry */
    struct entry entry;              /* decoded */
    unsigned depth;
};

uint64_t radix_slot_of(const struct radix *radix, unsigned depth, uint64_t table, uint64_t va);
/* The table that holds the path's entry at `depth`. */
uint64_t radix_table_of(const struct radix *radix, const struct radix_path *path, unsigned depth);

/* Reads entries from the root down to the first one that is no table, or to `limit`. */
enum pagetable_result radix_descend(const struct radix *radix, const struct environment *environment,
                                    uint64_t va, unsigned limit, struct radix_path *path);
/* The leaf that contains `va`, as the end of the path. */
enum pagetable_result radix_descend_to_leaf(const struct radix *radix, const struct environment *environment,
                                            uint64_t va, struct radix_path *path);
/* The leaf whose mapping has its base at `va`; the first one of a run. */
enum pagetable_result radix_descend_to_base(const struct radix *radix, const struct environment *environment,
                                            uint64_t va, struct radix_path *path);

/* ---- Runs: one frame, mapped by one leaf or by several ---- */

struct radix_run {
    unsigned entries;
    uint64_t step;  /* of the word, from entry to entry */
    uint64_t bytes; /* of address space, from entry to entry */
};

/* The leaves at `depth` that together map a frame of this size. */
struct radix_run radix_run_of(const struct radix *radix, unsigned depth, unsigned size_lg2);
/* `slot` is that of the first entry, `word` what it becomes. */
enum pagetable_result radix_write_run(const struct environment *environment, uint64_t slot, uint64_t word,
                                      const struct radix_run *run);
enum pagetable_result radix_clear_run(const struct environment *environment, uint64_t slot,
                                      const struct radix_run *run);

/* ---- Invalidation ---- */

/* What has to be dropped: `what`, and the same for the entries of a run after it. */
struct radix_drop {
    struct invalidation what;
    unsigned entries;
    uint64_t step; /* of the address, from entry to entry */
};

/* Of the leaves of a run, the first of which translates `va`. */
struct radix_drop radix_of_address(const struct radix *radix, uint64_t va, const struct radix_run *run,
                                   bool global);
struct radix_drop radix_of_address_space(const struct radix *radix, bool global);
/* After a store to an entry: makes it visible to walks, drops what was cached of the old one, waits for that.
 */
enum pagetable_result radix_invalidate(const struct environment *environment, const struct radix_drop *drop);

/* ---- Counts ---- */

/* What an operation leaves of a table's count. */
struct radix_count {
    uint64_t pa; /* 0: of a table without a count */
    uint64_t used;
};

/* Reads the count of a table and adds `change`, which the operation is about to make. */
enum pagetable_result radix_read_count(const struct radix *radix, const struct environment *environment,
                                       unsigned depth, uint64_t table, int change, struct radix_count *count);
enum pagetable_result radix_write_count(const struct environment *environment,
                                        const struct radix_count *count);

/* ---- Whole tables ---- */

enum pagetable_result radix_release(const struct radix *radix, const struct environment *environment,
                                    unsigned depth, uint64_t table);
/* A table, which no walk can reach any more, and all tables below it. */
enum pagetable_result radix_release_all(const struct radix *radix, const struct environment *environment,
                                        unsigned depth, uint64_t table);
/* `*global` becomes true if some leaf in a table or below it is global. */
enum pagetable_result radix_find_global(const struct radix *radix, const struct environment *environment,
                                        unsigned depth, uint64_t table, bool *global);

/* Tables without a leaf, where the entries of a run are to stand. */
#define RADIX_ROOM_MAX 64 /* entries of a run at a level that has tables below: 32 at the most */
struct radix_room {
    uint64_t slot[RADIX_ROOM_MAX];
    uint64_t table[RADIX_ROOM_MAX];
    unsigned tables;
};
/* Whether a run fits where the path ends; PAGETABLE_OVERLAP if a leaf is there or below. Changes nothing. */
enum pagetable_result radix_find_room(const struct radix *radix, const struct environment *environment,
                                      const struct radix_path *path, const struct radix_run *run,
                                      struct radix_room *room);
/* Unlinks these tables, drops what was cached of them, releases them. */
enum pagetable_result radix_make_room(const struct radix *radix, const struct environment *environment,
                                      const struct radix_path *path, const struct radix_room *room);

#endif
