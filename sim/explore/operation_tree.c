#include "sim/explore/operation_tree.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/explore/arena.h"
#include "sim/explore/intern.h"
#include "sim/explore/operation_run.h"

#define NONE OPERATION_TREE_NONE

#define CALLS_MAX 4096u

/* A call is where its first nodes come from. */
#define FROM_CALL (UINT32_C(1) << 31)
#define NODES_MAX (FROM_CALL - 1)

/* Operations are performed in two places, so that what depends on its place is noticed. */
#define PLACES 2u

/* How a node is come to. Edges are interned, and a node has the number of the edge that ends in it. */
struct edge {
    uint64_t value; /* of the answer */
    uint32_t from;  /* the node that was answered; FROM_CALL and the call */
    uint32_t block; /* when it was answered, or the call made */
    int32_t error;  /* of the answer */
    uint32_t zero;  /* so that all bytes count */
};

struct node {
    struct operation_request request;
    uint32_t asked_block; /* the block when the code asked or returned */
    uint32_t call;
    uint32_t depth; /* answers on the way */
};

struct operation_tree {
    struct operation_tree_config config;
    struct intern *edges;
    struct arena nodes; /* of struct node */
    struct intern *blocks;
    uint32_t block_bytes; /* of the state, and what it takes to be aligned */
    struct arena calls;   /* of struct operation_call */
    struct operation_step *steps;
    size_t steps_bytes;
    void *place[PLACES];
    struct abstract_map *everything; /* one mapping, whose frame overlaps every other */
    uint64_t performed;
    char error[512];
};

/* ---- Making ---- */

/* What pagetable_checked_map looks at for a call whose frame is in use. */
static struct abstract_map *map_everything(void)
{
    const struct mapping mapping = {.va = 0, .frame = {.base = 0, .size_lg2 = 63}};
    struct abstract_map *map = abstract_map_create();
    if (map && abstract_map_insert(map, &mapping) == PAGETABLE_OK)
        return map;
    abstract_map_destroy(map);
    return NULL;
}

static struct intern *make_intern(struct memory_budget *budget, uint32_t fixed_bytes, uint32_t count_max)
{
    const struct intern_config config = {
        .budget = budget, .fixed_bytes = fixed_bytes, .count_max = count_max};
    return intern_create(&config);
}

static bool make_parts(struct operation_tree *tree)
{
    struct memory_budget *budget = tree->config.budget;
    tree->nodes = arena_make(budget, sizeof(struct node));
    tree->calls = arena_make(budget, sizeof(struct operation_call));
    tree->block_bytes = (tree->config.table->state_bytes + 15u) & ~15u;
    tree->steps_bytes = tree->config.calls_max * sizeof *tree->steps;
    tree->edges = make_intern(budget, sizeof(struct edge), NODES_MAX);
    tree->blocks = make_intern(budget, tree->block_bytes, 0);
    tree->steps = memory_take(budget, tree->steps_bytes);
    for (unsigned i = 0; i < PLACES; i++)
        tree->place[i] = memory_take(budget, tree->block_bytes);
    tree->everything = map_everything();
    if (!tree->edges || !tree->blocks || !tree->steps || !tree->place[0] || !tree->place[1])
        return false;
    return tree->everything &&
           intern_add(tree->blocks, tree->place[0], tree->block_bytes) == OPERATION_TREE_ZERO_BLOCK;
}

struct operation_tree *operation_tree_create(const struct operation_tree_config *config)
{
    struct operation_tree *tree = memory_take(config->budget, sizeof *tree);
    if (!tree)
        return NULL;
    tree->config = *config;
    tree->config.calls_max = config->calls_max ? config->calls_max : CALLS_MAX;
    if (make_parts(tree))
        return tree;
    operation_tree_destroy(tree);
    return NULL;
}

void operation_tree_destroy(struct operation_tree *tree)
{
    if (!tree)
        return;
    struct memory_budget *budget = tree->config.budget;
    intern_destroy(tree->edges);
    arena_destroy(&tree->nodes);
    intern_destroy(tree->blocks);
    arena_destroy(&tree->calls);
    memory_give(budget, tree->steps, tree->steps_bytes);
    for (unsigned i = 0; i < PLACES; i++)
        memory_give(budget, tree->place[i], tree->block_bytes);
    abstract_map_destroy(tree->everything);
    memory_give(budget, tree, sizeof *tree);
}

/* ---- Errors ---- */

__attribute__((format(printf, 2, 3))) static bool fail(struct operation_tree *tree, const char *form, ...)
{
    va_list arguments;
    va_start(arguments, form);
    (void)vsnprintf(tree->error, sizeof tree->error, form, arguments);
    va_end(arguments);
    return false;
}

static bool fail_for_memory(struct operation_tree *tree)
{
    return tree->config.budget->refusal == MEMORY_BEYOND_BOUND
               ? fail(tree,
                      "what operations of the page table \"%s\" do, position by position, needs more "
                      "than the %zu bytes of memory that are allowed",
                      tree->config.table->name, tree->config.budget->bytes_max)
               : fail(tree, "out of memory");
}

static bool fail_endless(struct operation_tree *tree, const struct operation_run *run)
{
    char what[128], next[128];
    operation_call_print(run->call, what, sizeof what);
    operation_request_print(&run->reached, next, sizeof next);
    return fail(tree,
                "%s by the page table \"%s\" has called its environment %" PRIu32 " times, then %s, and does "
                "not return: it loops for ever, or needs a higher limit of calls",
                what, tree->config.table->name, run->taken, next);
}

/* The code did something else than when it was performed before. */
static bool fail_different(struct operation_tree *tree, const struct operation_run *run,
                           const struct operation_request *before)
{
    char what[128], now[128], then[128];
    operation_call_print(run->call, what, sizeof what);
    operation_request_print(&run->reached, now, sizeof now);
    operation_request_print(before, then, sizeof then);
    if (operation_requests_equal(before, &run->reached))
        return fail(tree,
                    "the page table \"%s\" is not deterministic: performed again with the same answers, %s "
                    "leaves another block of state where, after %" PRIu32 " calls, it %s; the block may "
                    "depend on nothing outside, nor on its own address",
                    tree->config.table->name, what, run->taken, now);
    return fail(tree,
                "the page table \"%s\" is not deterministic: performed again with the same answers, %s, "
                "after %" PRIu32 " calls, %s where before it %s",
                tree->config.table->name, what, run->taken, now, then);
}

const char *operation_tree_error(const struct operation_tree *tree)
{
    return tree->error;
}

/* ---- Calls ---- */

static struct operation_call *call_at(const struct operation_tree *tree, uint32_t call)
{
    return (struct operation_call *)arena_at(&tree->calls, call);
}

static bool uses_va(enum operation_call_kind kind)
{
    return kind == CALL_MAP || kind == CALL_UNMAP || kind == CALL_PROTECT || kind == CALL_QUERY;
}

/* Without what its kind ignores. */
static struct operation_call plain_call(const struct operation_call *call)
{
    struct operation_call plain = {.kind = call->kind};
    plain.va = uses_va(call->kind) ? call->va : 0;
    if (call->kind == CALL_PROTECT)
        plain.attributes = call->attributes;
    if (call->kind == CALL_MAP) {
        plain.frame = call->frame;
        plain.frame_in_use = call->frame_in_use;
    }
    return plain;
}

static bool same_call(const struct operation_call *one, const struct operation_call *other)
{
    return one->kind == other->kind && one->attributes == other->attributes && one->va == other->va &&
           one->frame.base == other->frame.base && one->frame.attributes == other->frame.attributes &&
           one->frame.size_lg2 == other->frame.size_lg2 && one->frame_in_use == other->frame_in_use;
}

uint32_t operation_tree_call(struct operation_tree *tree, const struct operation_call *call)
{
    assert((unsigned)call->kind < CALL_KINDS);
    const struct operation_call plain = plain_call(call);
    for (uint32_t i = 0; i < tree->calls.count; i++)
        if (same_call(call_at(tree, i), &plain))
            return i;
    struct operation_call *added = arena_add(&tree->calls);
    if (!added) {
        fail_for_memory(tree);
        return NONE;
    }
    *added = plain;
    return tree->calls.count - 1;
}

/* ---- Performing ---- */

static struct node *node_at(const struct operation_tree *tree, uint32_t node)
{
    assert(node < tree->nodes.count);
    return (struct node *)arena_at(&tree->nodes, node);
}

static const struct edge *edge_to(const struct operation_tree *tree, uint32_t node)
{
    return intern_bytes(tree->edges, node, NULL);
}

/* The steps to the end of an edge: before its answer come those to the node that is answered. What the call
 * began with. */
static const void *gather_steps(struct operation_tree *tree, const struct edge *edge, uint32_t depth)
{
    for (uint32_t at = depth; at > 0; at--) {
        const struct node *asked = node_at(tree, edge->from);
        tree->steps[at - 1] =
            (struct operation_step){.asked = &asked->request,
                                    .asked_block = operation_tree_state(tree, asked->asked_block),
                                    .answered_block = operation_tree_state(tree, edge->block),
                                    .answer = {.error = edge->error, .value = edge->value}};
        edge = edge_to(tree, edge->from);
    }
    return operation_tree_state(tree, edge->block);
}

static struct operation_run prepare(struct operation_tree *tree, const struct edge *edge,
                                    const struct node *new_node)
{
    const struct operation_tree_config *config = &tree->config;
    const struct operation_call *call = call_at(tree, new_node->call);
    return (struct operation_run){.call = call,
                                  .checked = {.table = config->table,
                                              .state = tree->place[0],
                                              .format = config->pagetable->format,
                                              .physical_bytes = config->physical_bytes,
                                              .aliasing_allowed = !call->frame_in_use,
                                              .mappings = tree->everything},
                                  .begin_block = gather_steps(tree, edge, new_node->depth),
                                  .steps = tree->steps,
                                  .step_count = new_node->depth,
                                  .pagetable = config->pagetable,
                                  .state_bytes = config->table->state_bytes};
}

/* Performs the operation twice. The node's request is then known, and its block is in the first place. */
static bool find_out(struct operation_tree *tree, const struct edge *edge, struct node *new_node)
{
    struct operation_run run = prepare(tree, edge, new_node);
    operation_run(&run);
    if (run.different)
        return fail_different(tree, &run, run.steps[run.taken].asked);
    if (run.reached.kind != REQUEST_RETURN && new_node->depth == tree->config.calls_max)
        return fail_endless(tree, &run);
    new_node->request = run.reached;
    run.checked.state = tree->place[1];
    operation_run(&run);
    tree->performed += 2;
    if (run.different)
        return fail_different(tree, &run, run.steps[run.taken].asked);
    if (!operation_requests_equal(&new_node->request, &run.reached) ||
        memcmp(tree->place[0], tree->place[1], run.state_bytes) != 0)
        return fail_different(tree, &run, &new_node->request);
    return true;
}

/* Adds the node that an edge leads to. */
static uint32_t add_node(struct operation_tree *tree, const struct edge *edge, struct node new_node)
{
    if (!find_out(tree, edge, &new_node))
        return NONE;
    new_node.asked_block = intern_add(tree->blocks, tree->place[0], tree->block_bytes);
    struct node *added = new_node.asked_block == INTERN_NONE ? NULL : arena_add(&tree->nodes);
    if (added && intern_add(tree->edges, edge, sizeof *edge) != INTERN_NONE) {
        *added = new_node;
        return tree->nodes.count - 1;
    }
    if (added)
        arena_drop(&tree->nodes);
    fail_for_memory(tree);
    return NONE;
}

uint32_t operation_tree_begin(struct operation_tree *tree, uint32_t call, uint32_t block)
{
    assert(call < tree->calls.count && block < intern_count(tree->blocks));
    const struct edge edge = {.from = FROM_CALL | call, .block = block};
    uint32_t known = intern_find(tree->edges, &edge, sizeof edge);
    return known != INTERN_NONE ? known : add_node(tree, &edge, (struct node){.call = call});
}

static bool gives_value(enum operation_request_kind kind)
{
    return kind == REQUEST_READ || kind == REQUEST_COMPARE_EXCHANGE || kind == REQUEST_ALLOCATE;
}

uint32_t operation_tree_resume(struct operation_tree *tree, uint32_t node,
                               const struct operation_answer *answer, uint32_t block)
{
    const struct node *from = node_at(tree, node);
    assert(from->request.kind != REQUEST_RETURN && block < intern_count(tree->blocks));
    bool has_value = answer->error == ENVIRONMENT_OK && gives_value(from->request.kind);
    const struct edge edge = {
        .from = node, .block = block, .error = answer->error, .value = has_value ? answer->value : 0};
    uint32_t known = intern_find(tree->edges, &edge, sizeof edge);
    if (known != INTERN_NONE)
        return known;
    return add_node(tree, &edge, (struct node){.call = from->call, .depth = from->depth + 1});
}

/* ---- What is known ---- */

const struct operation_request *operation_tree_request(const struct operation_tree *tree, uint32_t node)
{
    return &node_at(tree, node)->request;
}

uint32_t operation_tree_block(const struct operation_tree *tree, uint32_t node)
{
    return node_at(tree, node)->asked_block;
}

const struct operation_call *operation_tree_call_at(const struct operation_tree *tree, uint32_t call)
{
    return call_at(tree, call);
}

const struct operation_call *operation_tree_call_of(const struct operation_tree *tree, uint32_t node)
{
    return call_at(tree, node_at(tree, node)->call);
}

const void *operation_tree_state(const struct operation_tree *tree, uint32_t block)
{
    return intern_bytes(tree->blocks, block, NULL);
}

struct operation_tree_counts operation_tree_count(const struct operation_tree *tree)
{
    return (struct operation_tree_counts){.nodes = tree->nodes.count,
                                          .calls = tree->calls.count,
                                          .blocks = intern_count(tree->blocks),
                                          .performed = tree->performed};
}
