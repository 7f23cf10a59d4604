/*
 * The B-tree of the range table under one operation: nodes are read when they are needed, changed here, and
 * written as new nodes at the end. Not a public header.
 */
#ifndef MMUSIM_PAGETABLES_RANGES_TREE_H
#define MMUSIM_PAGETABLES_RANGES_TREE_H

#include "pagetables/calls.h"
#include "pagetables/plain_table.h"
#include "pagetables/ranges.h"

#define RANGES_EDIT_NODES 128

/* A node's address in memory; or, odd, the number of one that was read or made. */
typedef uint64_t ranges_node;

struct ranges_edit_node {
    uint64_t pa; /* where it was read; 0: it is new */
    struct range key[RANGES_KEYS];
    ranges_node child[RANGES_KEYS + 1];
    uint64_t written; /* where it will be written */
    uint8_t keys;
    bool leaf;    /* has no children */
    bool changed; /* or some node below it is */
    bool gone;    /* belongs to the tree no more */
};

struct ranges_edit {
    const struct plain_table *table;
    const struct environment *environment;
    struct ranges_edit_node node[RANGES_EDIT_NODES];
    unsigned nodes;
    ranges_node root;
    uint64_t ranges_counted;
    enum pagetable_result error; /* the first; after it nothing is done any more */
};

/* Reads the descriptor; under the lock. */
void ranges_edit_begin(struct ranges_edit *edit, const struct plain_table *table,
                       const struct environment *environment);
/* The range with the greatest base at or below `va`; the one with the least base above it. False if there is
 * none. */
bool ranges_find(struct ranges_edit *edit, uint64_t va, struct range *found);
bool ranges_find_above(struct ranges_edit *edit, uint64_t va, struct range *found);
/* Ranges do not overlap; the one that is removed must be there. */
void ranges_insert(struct ranges_edit *edit, const struct range *range);
void ranges_remove(struct ranges_edit *edit, const struct range *range);
/*
 * Writes the new nodes and makes the new root known with one store, which has not drained when this returns.
 * On an error before that store nothing has changed. `va` is the page that the operation is about.
 */
enum pagetable_result ranges_edit_commit(struct ranges_edit *edit, uint64_t va);
/* After the store of the root has drained: the nodes that are not in the tree any more are retired. */
enum pagetable_result ranges_edit_end(struct ranges_edit *edit);

/* pagetables/ranges_nodes.c */

/* `count` free nodes. On an error none is taken. `va`: what an invalidation is for, if retired nodes are
 * needed. */
enum pagetable_result ranges_take_nodes(const struct plain_table *table,
                                        const struct environment *environment, uint64_t va, uint64_t *nodes,
                                        unsigned count);
enum pagetable_result ranges_retire_nodes(const struct plain_table *table,
                                          const struct environment *environment, const uint64_t *nodes,
                                          unsigned count);
enum pagetable_result ranges_release_pages(const struct plain_table *table,
                                           const struct environment *environment);

#endif
