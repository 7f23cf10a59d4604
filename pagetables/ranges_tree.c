/* The B-tree of the range table: Cormen, Leiserson, Rivest, Stein, "Introduction to Algorithms", chapter 18,
 * with the preparation of children on the way down. */
#include "pagetables/ranges_tree.h"

#include <assert.h>
#include <string.h>

typedef struct ranges_edit_node node_t;

static void fail(struct ranges_edit *edit, enum pagetable_result result)
{
    edit->error = call_first_of(edit->error, result);
}

/* ---- nodes ---- */

static ranges_node number_of(const struct ranges_edit *edit, const node_t *node)
{
    return (ranges_node)(node - edit->node) << 1 | 1;
}

/* What a failed operation goes on with, so that nobody has to look at `error` at each step. */
static node_t *nothing(struct ranges_edit *edit)
{
    node_t *node = &edit->node[0];
    *node = (node_t){.leaf = true};
    return node;
}

static node_t *new_node(struct ranges_edit *edit, bool leaf)
{
    if (edit->nodes == RANGES_EDIT_NODES)
        fail(edit, PAGETABLE_NO_MEMORY);
    if (edit->error != PAGETABLE_OK)
        return nothing(edit);
    node_t *node = &edit->node[edit->nodes++];
    *node = (node_t){.leaf = leaf, .changed = true};
    return node;
}

static void read_words(struct ranges_edit *edit, uint64_t node, uint64_t *words, unsigned first,
                       unsigned count)
{
    for (unsigned i = first; edit->error == PAGETABLE_OK && i < first + count; i++)
        fail(edit, call_read(edit->environment, node + 8u * i, &words[i]));
}

static void read_node(struct ranges_edit *edit, node_t *node)
{
    uint64_t words[RANGES_NODE_WORDS] = {0};
    read_words(edit, node->pa, words, 0, 1);
    node->keys = words[0] & RANGES_HEADER_KEYS;
    node->leaf = (words[0] & RANGES_HEADER_LEAF) != 0;
    read_words(edit, node->pa, words, RANGES_FIRST_KEY, node->keys * RANGES_KEY_WORDS);
    read_words(edit, node->pa, words, RANGES_CHILDREN, node->leaf ? 0 : node->keys + 1u);
    for (unsigned i = 0; i < node->keys; i++)
        node->key[i] = range_at(words, i);
    for (unsigned i = 0; !node->leaf && i <= node->keys; i++)
        node->child[i] = words[RANGES_CHILDREN + i];
}

/* The node behind a reference, which becomes its number. */
static node_t *load(struct ranges_edit *edit, ranges_node *reference)
{
    if (edit->error != PAGETABLE_OK)
        return nothing(edit);
    if (*reference & 1)
        return &edit->node[*reference >> 1];
    node_t *node = new_node(edit, false);
    if (edit->error != PAGETABLE_OK)
        return node;
    node->pa = *reference;
    node->changed = false;
    read_node(edit, node);
    *reference = number_of(edit, node);
    return edit->error == PAGETABLE_OK ? node : nothing(edit);
}

static node_t *load_child(struct ranges_edit *edit, node_t *node, unsigned child)
{
    return load(edit, &node->child[child]);
}

/* How many ranges of a node begin at or below `va`. */
static unsigned position(const node_t *node, uint64_t va)
{
    unsigned key = 0;
    while (key < node->keys && range_va(&node->key[key]) <= va)
        key++;
    return key;
}

static void put_key(node_t *node, unsigned at, const struct range *range, ranges_node right)
{
    memmove(&node->key[at + 1], &node->key[at], (node->keys - at) * sizeof node->key[0]);
    memmove(&node->child[at + 2], &node->child[at + 1], (node->keys - at) * sizeof node->child[0]);
    node->key[at] = *range;
    node->child[at + 1] = right;
    node->keys++;
    node->changed = true;
}

/* With the child on its right. */
static struct range take_key(node_t *node, unsigned at)
{
    struct range range = node->key[at];
    node->keys--;
    memmove(&node->key[at], &node->key[at + 1], (node->keys - at) * sizeof node->key[0]);
    memmove(&node->child[at + 1], &node->child[at + 2], (node->keys - at) * sizeof node->child[0]);
    node->changed = true;
    return range;
}

/* ---- looking ---- */

void ranges_edit_begin(struct ranges_edit *edit, const struct plain_table *table,
                       const struct environment *environment)
{
    edit->table = table;
    edit->environment = environment;
    edit->nodes = 0;
    edit->error = PAGETABLE_OK;
    edit->root = 0;
    edit->ranges_counted = 0;
    fail(edit, call_read(environment, table->root + RANGES_ROOT, &edit->root));
    if (edit->error == PAGETABLE_OK)
        fail(edit, call_read(environment, table->root + RANGES_COUNT, &edit->ranges_counted));
}

bool ranges_find(struct ranges_edit *edit, uint64_t va, struct range *found)
{
    bool any = false;
    for (ranges_node *at = &edit->root; *at != 0 && edit->error == PAGETABLE_OK;) {
        node_t *node = load(edit, at);
        unsigned key = position(node, va);
        if (key > 0) {
            *found = node->key[key - 1];
            any = true;
        }
        if (node->leaf)
            break;
        at = &node->child[key];
    }
    return any && edit->error == PAGETABLE_OK;
}

bool ranges_find_above(struct ranges_edit *edit, uint64_t va, struct range *found)
{
    bool any = false;
    for (ranges_node *at = &edit->root; *at != 0 && edit->error == PAGETABLE_OK;) {
        node_t *node = load(edit, at);
        unsigned key = position(node, va);
        if (key < node->keys) {
            *found = node->key[key];
            any = true;
        }
        if (node->leaf)
            break;
        at = &node->child[key];
    }
    return any && edit->error == PAGETABLE_OK;
}

/* ---- inserting ---- */

/* A full child becomes two, with its middle range between them in the node, which is not full. */
static void split_child(struct ranges_edit *edit, node_t *node, unsigned child)
{
    node_t *full = load_child(edit, node, child);
    node_t *right = new_node(edit, full->leaf);
    if (edit->error != PAGETABLE_OK)
        return;
    right->keys = RANGES_KEYS_MIN;
    memcpy(right->key, &full->key[RANGES_KEYS_MIN + 1], RANGES_KEYS_MIN * sizeof full->key[0]);
    memcpy(right->child, &full->child[RANGES_KEYS_MIN + 1], (RANGES_KEYS_MIN + 1) * sizeof full->child[0]);
    full->keys = RANGES_KEYS_MIN;
    full->changed = true;
    put_key(node, child, &full->key[RANGES_KEYS_MIN], number_of(edit, right));
}

static node_t *prepare_root_to_grow(struct ranges_edit *edit)
{
    node_t *root = edit->root ? load(edit, &edit->root) : new_node(edit, true);
    if (edit->error == PAGETABLE_OK && edit->root && root->keys == RANGES_KEYS) {
        node_t *above = new_node(edit, false);
        above->child[0] = edit->root;
        if (edit->error == PAGETABLE_OK)
            split_child(edit, above, 0);
        root = above;
    }
    edit->root = number_of(edit, root);
    return root;
}

void ranges_insert(struct ranges_edit *edit, const struct range *range)
{
    node_t *node = prepare_root_to_grow(edit);
    while (edit->error == PAGETABLE_OK && !node->leaf) {
        unsigned child = position(node, range_va(range));
        if (load_child(edit, node, child)->keys == RANGES_KEYS)
            split_child(edit, node, child);
        child = position(node, range_va(range));
        node = load_child(edit, node, child);
    }
    if (edit->error != PAGETABLE_OK)
        return;
    put_key(node, position(node, range_va(range)), range, 0);
    edit->ranges_counted++;
}

/* ---- removing ---- */

/* The two children of a range become one, with the range in it; both have the least number of ranges. */
static void merge_children(struct ranges_edit *edit, node_t *node, unsigned key)
{
    node_t *left = load_child(edit, node, key), *right = load_child(edit, node, key + 1);
    if (edit->error != PAGETABLE_OK)
        return;
    left->key[left->keys] = take_key(node, key);
    memcpy(&left->key[left->keys + 1], right->key, right->keys * sizeof right->key[0]);
    memcpy(&left->child[left->keys + 1], right->child, (right->keys + 1u) * sizeof right->child[0]);
    left->keys = (uint8_t)(left->keys + right->keys + 1);
    left->changed = true;
    right->gone = true;
}

static void borrow_from_left(struct ranges_edit *edit, node_t *node, unsigned child)
{
    node_t *left = load_child(edit, node, child - 1), *right = load_child(edit, node, child);
    if (edit->error != PAGETABLE_OK)
        return;
    put_key(right, 0, &node->key[child - 1], right->child[0]);
    right->child[0] = left->child[left->keys];
    node->key[child - 1] = take_key(left, left->keys - 1u);
    node->changed = true;
}

static void borrow_from_right(struct ranges_edit *edit, node_t *node, unsigned child)
{
    node_t *left = load_child(edit, node, child), *right = load_child(edit, node, child + 1);
    if (edit->error != PAGETABLE_OK)
        return;
    ranges_node first = right->child[0];
    put_key(left, left->keys, &node->key[child], first);
    right->child[0] = right->child[1];
    node->key[child] = take_key(right, 0);
    node->changed = true;
}

/* The child that leads to `va`, which then has more than the least number of ranges. */
static node_t *prepare_child(struct ranges_edit *edit, node_t *node, unsigned child)
{
    if (load_child(edit, node, child)->keys > RANGES_KEYS_MIN)
        return load_child(edit, node, child);
    if (child > 0 && load_child(edit, node, child - 1)->keys > RANGES_KEYS_MIN) {
        borrow_from_left(edit, node, child);
    } else if (child < node->keys && load_child(edit, node, child + 1)->keys > RANGES_KEYS_MIN) {
        borrow_from_right(edit, node, child);
    } else {
        child -= child == node->keys;
        merge_children(edit, node, child);
    }
    return load_child(edit, node, child);
}

static void remove_from(struct ranges_edit *edit, node_t *node, uint64_t va);

/* The range's place in an inner node is taken by the one before or after it, which is removed from below. */
static void remove_inner(struct ranges_edit *edit, node_t *node, unsigned key, uint64_t va)
{
    node_t *left = load_child(edit, node, key), *right = load_child(edit, node, key + 1);
    bool before = left->keys > RANGES_KEYS_MIN, after = right->keys > RANGES_KEYS_MIN;
    if (!before && !after) {
        merge_children(edit, node, key);
        if (edit->error == PAGETABLE_OK)
            remove_from(edit, left, va);
        return;
    }
    node_t *child = before ? left : right, *end = child;
    while (edit->error == PAGETABLE_OK && !end->leaf)
        end = load_child(edit, end, before ? end->keys : 0u);
    if (edit->error != PAGETABLE_OK)
        return;
    struct range range = end->key[before ? end->keys - 1u : 0u];
    node->key[key] = range;
    node->changed = true;
    remove_from(edit, child, range_va(&range));
}

static void remove_from(struct ranges_edit *edit, node_t *node, uint64_t va)
{
    while (edit->error == PAGETABLE_OK) {
        unsigned after = position(node, va);
        bool here = after > 0 && range_va(&node->key[after - 1]) == va;
        if (here && node->leaf)
            (void)take_key(node, after - 1);
        else if (here)
            remove_inner(edit, node, after - 1, va);
        if (here)
            return;
        if (node->leaf) {
            fail(edit, PAGETABLE_CORRUPT);
            return;
        }
        node = prepare_child(edit, node, after);
    }
}

void ranges_remove(struct ranges_edit *edit, const struct range *range)
{
    if (edit->error != PAGETABLE_OK)
        return;
    node_t *root = load(edit, &edit->root);
    remove_from(edit, root, range_va(range));
    if (edit->error != PAGETABLE_OK)
        return;
    edit->ranges_counted--;
    if (root->keys > 0)
        return;
    root->gone = true;
    edit->root = root->leaf ? 0 : root->child[0];
}

/* ---- writing ---- */

/* Nodes above one that changes change, too: they refer to it. Gives how many do. */
static unsigned mark_changes(struct ranges_edit *edit, ranges_node reference)
{
    unsigned count = 0;
    if (!(reference & 1))
        return 0;
    node_t *node = &edit->node[reference >> 1];
    for (unsigned i = 0; !node->leaf && i <= node->keys; i++)
        count += mark_changes(edit, node->child[i]);
    node->changed |= count > 0;
    return count + node->changed;
}

/* The address where the node will be: each that changed takes the next of `nodes`. */
static uint64_t place(struct ranges_edit *edit, ranges_node reference, const uint64_t **nodes)
{
    if (!(reference & 1))
        return reference;
    node_t *node = &edit->node[reference >> 1];
    if (!node->changed)
        return node->pa;
    for (unsigned i = 0; !node->leaf && i <= node->keys; i++)
        node->child[i] = place(edit, node->child[i], nodes);
    node->written = *(*nodes)++;
    return node->written;
}

static enum pagetable_result write_node(const struct environment *environment, const node_t *node)
{
    enum pagetable_result result =
        call_write(environment, node->written, node->keys | (node->leaf ? RANGES_HEADER_LEAF : 0));
    uint64_t at = node->written + 8 * RANGES_FIRST_KEY;
    for (unsigned i = 0; result == PAGETABLE_OK && i < node->keys; i++, at += 8 * RANGES_KEY_WORDS) {
        result = call_write(environment, at, node->key[i].base);
        if (result == PAGETABLE_OK)
            result = call_write(environment, at + 8, node->key[i].end);
        if (result == PAGETABLE_OK)
            result = call_write(environment, at + 16, node->key[i].leaf);
    }
    for (unsigned i = 0; result == PAGETABLE_OK && !node->leaf && i <= node->keys; i++)
        result = call_write(environment, node->written + 8u * (RANGES_CHILDREN + i), node->child[i]);
    return result;
}

enum pagetable_result ranges_edit_commit(struct ranges_edit *edit, uint64_t va)
{
    const struct environment *environment = edit->environment;
    uint64_t nodes[RANGES_EDIT_NODES];
    const uint64_t *next = nodes;
    if (edit->error != PAGETABLE_OK)
        return edit->error;
    unsigned count = mark_changes(edit, edit->root);
    enum pagetable_result result = ranges_take_nodes(edit->table, environment, va, nodes, count);
    if (result != PAGETABLE_OK)
        return result;
    uint64_t root = place(edit, edit->root, &next);
    assert(next == nodes + count);
    for (unsigned i = 0; result == PAGETABLE_OK && i < edit->nodes; i++)
        if (edit->node[i].written != 0)
            result = write_node(environment, &edit->node[i]);
    /* a walk that sees the root must see what it leads to */
    if (result == PAGETABLE_OK)
        result = call_barrier(environment, BARRIER_DSB_ISHST);
    if (result == PAGETABLE_OK)
        result = call_write(environment, edit->table->root + RANGES_ROOT, root);
    return result == PAGETABLE_OK
               ? call_write(environment, edit->table->root + RANGES_COUNT, edit->ranges_counted)
               : result;
}

enum pagetable_result ranges_edit_end(struct ranges_edit *edit)
{
    uint64_t old[RANGES_EDIT_NODES];
    unsigned count = 0;
    for (unsigned i = 0; i < edit->nodes; i++)
        if (edit->node[i].pa != 0 && (edit->node[i].written != 0 || edit->node[i].gone))
            old[count++] = edit->node[i].pa;
    return ranges_retire_nodes(edit->table, edit->environment, old, count);
}
