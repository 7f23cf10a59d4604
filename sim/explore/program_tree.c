#include "sim/explore/program_tree.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/explore/arena.h"
#include "sim/explore/intern.h"
#include "sim/explore/operation_run.h"

#define NONE PROGRAM_NONE

#define REQUESTS_MAX 1024u

/* A stage is where the first nodes of its functions come from. */
#define FROM_PLACE (UINT32_C(1) << 31)
#define NODES_MAX  (FROM_PLACE - 1)

/* How a node is come to. Edges are interned; several may lead to one node. */
struct edge {
    uint32_t from; /* the node that was answered; FROM_PLACE and the place, with the way as value, and of the
                      end a result */
    int32_t result;
    uint64_t value;
    uint64_t found_va, found_base;
    uint32_t found_attributes;
    uint32_t packed; /* fault, its level, size of what was found */
};

struct node {
    struct program_request request;
    uint32_t edge;  /* in a function: the one that leads to it */
    uint32_t place; /* the program's place: see places */
    uint32_t way;   /* in a function: which one of its stage */
    uint32_t depth; /* answers in this function so far */
    uint32_t line;
};

/* A program before one of its stages, or at its end. */
struct place {
    unsigned program;
    unsigned stage;
    uint32_t node; /* that stands for it; NONE: not known yet */
};

struct program_tree {
    struct program_tree_config config;
    struct program_source source;
    struct intern *edges;
    struct arena targets; /* uint32_t: the node that an edge leads to */
    struct arena nodes;   /* struct node */
    struct place *places; /* of the first program, then of the next one */
    size_t places_bytes;
    struct program_step *steps;
    size_t steps_bytes;
    uint64_t performed;
    struct program_run run;
    char error[1200];
};

/* ---- Runs ---- */

static bool same_request(const struct program_request *one, const struct program_request *other)
{
    const struct operation_request one_invalidates = {.invalidation = one->invalidation};
    const struct operation_request other_invalidates = {.invalidation = other->invalidation};
    const struct operation_call *call = &one->call, *other_call = &other->call;
    return one->kind == other->kind && one->access == other->access && one->privilege == other->privilege &&
           one->barrier == other->barrier && one->va == other->va && one->pa == other->pa &&
           one->value == other->value && one->expected == other->expected && call->kind == other_call->kind &&
           call->attributes == other_call->attributes && call->va == other_call->va &&
           call->frame.base == other_call->frame.base &&
           call->frame.attributes == other_call->frame.attributes &&
           call->frame.size_lg2 == other_call->frame.size_lg2 &&
           operation_requests_equal(&one_invalidates, &other_invalidates);
}

const struct program_answer *program_run_ask(struct program_run *run, const struct program_request *request)
{
    const struct program_step *step = run->taken < run->step_count ? &run->steps[run->taken] : NULL;
    if (step && same_request(&step->asked, request)) {
        run->taken++;
        return &step->answer;
    }
    run->different = step != NULL;
    run->reached = *request;
    return NULL;
}

void program_run_end(struct program_run *run)
{
    const struct program_request end = {.kind = PROGRAM_END};
    (void)program_run_ask(run, &end);
}

void program_run_end_with(struct program_run *run, uint64_t result)
{
    const struct program_request end = {.kind = PROGRAM_END, .value = result, .expected = 1};
    (void)program_run_ask(run, &end);
}

/* ---- Making ---- */

static void source_root(void *context, uint64_t root)
{
    const struct program_performer *performer = &((struct program_tree *)context)->config.performer;
    if (performer->root)
        performer->root(performer->context, root);
}

static uint32_t source_begin(void *context, unsigned program)
{
    return program_tree_begin(context, program);
}

static uint32_t source_resume(void *context, unsigned program, uint32_t node,
                              const struct program_answer *answer)
{
    (void)program;
    return program_tree_resume(context, node, answer);
}

static const struct program_request *source_request(void *context, unsigned program, uint32_t node)
{
    (void)program;
    return program_tree_request(context, node);
}

static const char *source_error(void *context)
{
    return program_tree_error(context);
}

/* One for each stage and one for the end. */
static bool make_places(struct program_tree *tree)
{
    const struct program_tree_config *config = &tree->config;
    size_t count = 0;
    for (unsigned i = 0; i < config->program_count; i++)
        count += config->programs[i].stage_count + 1;
    tree->places_bytes = count * sizeof *tree->places;
    tree->places = memory_take(config->budget, tree->places_bytes);
    struct place *place = tree->places;
    for (unsigned i = 0; tree->places && i < config->program_count; i++)
        for (unsigned stage = 0; stage <= config->programs[i].stage_count; stage++)
            *place++ = (struct place){i, stage, NONE};
    return tree->places != NULL;
}

static bool make_parts(struct program_tree *tree)
{
    struct memory_budget *budget = tree->config.budget;
    const struct intern_config edges = {
        .budget = budget, .fixed_bytes = sizeof(struct edge), .count_max = NODES_MAX};
    tree->nodes = arena_make(budget, sizeof(struct node));
    tree->targets = arena_make(budget, sizeof(uint32_t));
    tree->edges = intern_create(&edges);
    tree->steps_bytes = tree->config.requests_max * sizeof *tree->steps;
    tree->steps = memory_take(budget, tree->steps_bytes);
    return tree->edges && tree->steps && make_places(tree);
}

struct program_tree *program_tree_create(const struct program_tree_config *config)
{
    struct program_tree *tree = memory_take(config->budget, sizeof *tree);
    if (!tree)
        return NULL;
    tree->config = *config;
    tree->config.requests_max = config->requests_max ? config->requests_max : REQUESTS_MAX;
    tree->source = (struct program_source){.context = tree,
                                           .programs = config->program_count,
                                           .root = source_root,
                                           .begin = source_begin,
                                           .resume = source_resume,
                                           .request = source_request,
                                           .error = source_error};
    if (make_parts(tree))
        return tree;
    program_tree_destroy(tree);
    return NULL;
}

void program_tree_destroy(struct program_tree *tree)
{
    if (!tree)
        return;
    struct memory_budget *budget = tree->config.budget;
    intern_destroy(tree->edges);
    arena_destroy(&tree->targets);
    arena_destroy(&tree->nodes);
    memory_give(budget, tree->places, tree->places_bytes);
    memory_give(budget, tree->steps, tree->steps_bytes);
    memory_give(budget, tree, sizeof *tree);
}

const struct program_source *program_tree_source(struct program_tree *tree)
{
    return &tree->source;
}

/* ---- Errors ---- */

__attribute__((format(printf, 2, 3))) static bool fail(struct program_tree *tree, const char *form, ...)
{
    va_list arguments;
    va_start(arguments, form);
    (void)vsnprintf(tree->error, sizeof tree->error, form, arguments);
    va_end(arguments);
    return false;
}

static bool fail_for_memory(struct program_tree *tree)
{
    return tree->config.budget->refusal == MEMORY_BEYOND_BOUND
               ? fail(tree,
                      "what programs do, request by request, needs more than the %zu bytes of memory "
                      "that are allowed",
                      tree->config.budget->bytes_max)
               : fail(tree, "out of memory");
}

static bool fail_endless(struct program_tree *tree, const struct program_run *run)
{
    char next[128];
    program_request_print(&run->reached, next, sizeof next);
    return fail(tree,
                "the program of core %u has made %" PRIu32 " requests, then %s, and does not end: what is "
                "explored ends in every interleaving, so a loop that waits for another core needs a bound",
                run->program + 1, run->taken, next);
}

static bool fail_different(struct program_tree *tree, const struct program_run *run,
                           const struct program_request *before)
{
    char now[128], then[128];
    program_request_print(&run->reached, now, sizeof now);
    program_request_print(before, then, sizeof then);
    return fail(tree,
                "the program of core %u is not deterministic: performed again with the same answers it %s, "
                "after %" PRIu32
                " requests, where before it %s; it may depend on nothing but its answers, so "
                "variables that it shares with other programs or changes for its next performance have no "
                "place in it",
                run->program + 1, now, run->taken, then);
}

const char *program_tree_error(const struct program_tree *tree)
{
    return tree->error;
}

/* ---- Performing ---- */

static struct node *node_at(const struct program_tree *tree, uint32_t node)
{
    assert(node < tree->nodes.count);
    return (struct node *)arena_at(&tree->nodes, node);
}

static const struct edge *edge_at(const struct program_tree *tree, uint32_t edge)
{
    return intern_bytes(tree->edges, edge, NULL);
}

static struct program_answer answer_of(const struct edge *edge)
{
    return (struct program_answer){.value = edge->value,
                                   .result = (enum pagetable_result)edge->result,
                                   .found = {.va = edge->found_va,
                                             .frame = {.base = edge->found_base,
                                                       .attributes = edge->found_attributes,
                                                       .size_lg2 = (uint8_t)(edge->packed >> 16)}},
                                   .fault = (uint8_t)edge->packed,
                                   .fault_level = (uint8_t)(edge->packed >> 8)};
}

static const struct program_stage *stage_of(const struct program_tree *tree, const struct place *place)
{
    return &tree->config.programs[place->program].stages[place->stage];
}

/* Into tree->run: the function up to the end of an edge. */
static bool perform(struct program_tree *tree, const struct edge *edge, const struct node *new_node)
{
    const struct place *place = &tree->places[new_node->place];
    struct program_run *run = &tree->run;
    *run = (struct program_run){.program = place->program,
                                .function = stage_of(tree, place)->functions[new_node->way],
                                .steps = tree->steps,
                                .step_count = new_node->depth};
    for (uint32_t at = new_node->depth; at > 0; at--) {
        const struct node *asked = node_at(tree, edge->from);
        tree->steps[at - 1] = (struct program_step){asked->request, answer_of(edge)};
        edge = edge_at(tree, asked->edge);
    }
    tree->performed++;
    if (!tree->config.performer.perform(tree->config.performer.context, run))
        return fail(tree, "%s", run->error);
    return run->different ? fail_different(tree, run, &run->steps[run->taken].asked) : true;
}

/* Twice. The node's request is then known. */
static bool find_out(struct program_tree *tree, const struct edge *edge, struct node *new_node)
{
    if (!perform(tree, edge, new_node))
        return false;
    new_node->request = tree->run.reached;
    new_node->line = tree->run.line;
    if (new_node->request.kind != PROGRAM_END && new_node->depth == tree->config.requests_max)
        return fail_endless(tree, &tree->run);
    if (!perform(tree, edge, new_node))
        return false;
    return same_request(&new_node->request, &tree->run.reached) ||
           fail_different(tree, &tree->run, &new_node->request);
}

/* ---- Nodes ---- */

static uint32_t enter(struct program_tree *tree, uint32_t place);

static uint32_t add_node(struct program_tree *tree, const struct node *new_node)
{
    struct node *added = tree->nodes.count < NODES_MAX ? arena_add(&tree->nodes) : NULL;
    if (!added) {
        (void)fail_for_memory(tree);
        return NONE;
    }
    *added = *new_node;
    return tree->nodes.count - 1;
}

/* Where a program ends with this result. */
static uint32_t end_with(struct program_tree *tree, uint32_t place, const struct program_request *end)
{
    const struct edge edge = {.from = FROM_PLACE | place, .value = end->value};
    const struct node new_node = {.request = *end, .place = place};
    uint32_t known = intern_find(tree->edges, &edge, sizeof edge);
    if (known != INTERN_NONE)
        return *(const uint32_t *)arena_at(&tree->targets, known);
    uint32_t to = add_node(tree, &new_node);
    uint32_t *target = to == NONE ? NULL : arena_add(&tree->targets);
    if (target && intern_add(tree->edges, &edge, sizeof edge) != INTERN_NONE) {
        *target = to;
        return to;
    }
    if (target)
        arena_drop(&tree->targets);
    if (to != NONE)
        arena_drop(&tree->nodes);
    (void)fail_for_memory(tree);
    return NONE;
}

/* Where a program stands when a function has ended. */
static uint32_t leave(struct program_tree *tree, uint32_t place, const struct program_request *end)
{
    const struct place *next = &tree->places[place + 1];
    bool last = next->stage == tree->config.programs[next->program].stage_count;
    return last && end->expected ? end_with(tree, place + 1, end) : enter(tree, place + 1);
}

/* The node at the end of a new edge, within a function or where it has ended. */
static uint32_t find_end(struct program_tree *tree, const struct edge *edge, struct node *new_node)
{
    if (!find_out(tree, edge, new_node))
        return NONE;
    if (new_node->request.kind == PROGRAM_END)
        return leave(tree, new_node->place, &new_node->request);
    new_node->edge = intern_count(tree->edges);
    return add_node(tree, new_node);
}

static uint32_t follow(struct program_tree *tree, const struct edge *edge, struct node new_node)
{
    uint32_t known = intern_find(tree->edges, edge, sizeof *edge);
    if (known != INTERN_NONE)
        return *(const uint32_t *)arena_at(&tree->targets, known);
    uint32_t nodes = tree->nodes.count;
    uint32_t to = find_end(tree, edge, &new_node);
    if (to == NONE)
        return NONE;
    /* entering the next stage may have added edges; one within the function has the number it was promised */
    bool inside = new_node.request.kind != PROGRAM_END;
    uint32_t *target = arena_add(&tree->targets);
    if (target && intern_add(tree->edges, edge, sizeof *edge) != INTERN_NONE) {
        *target = to;
        return to;
    }
    if (target)
        arena_drop(&tree->targets);
    if (inside && tree->nodes.count > nodes)
        arena_drop(&tree->nodes);
    (void)fail_for_memory(tree);
    return NONE;
}

static uint32_t enter_function(struct program_tree *tree, uint32_t place, uint32_t way)
{
    const struct edge edge = {.from = FROM_PLACE | place, .value = way};
    return follow(tree, &edge, (struct node){.place = place, .way = way});
}

/* Where a choice or the end has a node of its own. */
static uint32_t stand(struct program_tree *tree, uint32_t place, const struct program_request *request)
{
    const struct node new_node = {.request = *request, .place = place};
    return add_node(tree, &new_node);
}

static uint32_t enter(struct program_tree *tree, uint32_t place)
{
    struct place *entered = &tree->places[place];
    const struct program_plan *plan = &tree->config.programs[entered->program];
    if (entered->node != NONE)
        return entered->node;
    if (entered->stage == plan->stage_count) {
        entered->node = stand(tree, place, &(struct program_request){.kind = PROGRAM_END});
    } else if (plan->stages[entered->stage].function_count == 1) {
        entered->node = enter_function(tree, place, 0);
    } else {
        const struct program_request choose = {.kind = PROGRAM_CHOOSE,
                                               .value = plan->stages[entered->stage].function_count};
        entered->node = stand(tree, place, &choose);
    }
    return entered->node;
}

uint32_t program_tree_begin(struct program_tree *tree, unsigned program)
{
    assert(program < tree->config.program_count);
    uint32_t place = 0;
    while (tree->places[place].program != program)
        place++;
    return enter(tree, place);
}

/* What the request's kind gives. */
static struct edge edge_for(const struct program_request *request, uint32_t from,
                            const struct program_answer *answer)
{
    struct edge edge = {.from = from};
    bool succeeds = request->kind != PROGRAM_ACCESS || answer->fault == FAULT_NONE;
    bool loads = request->kind == PROGRAM_ACCESS && request->access == ACCESS_LOAD;
    if (!succeeds)
        edge.packed = answer->fault | (uint32_t)answer->fault_level << 8;
    else if (loads || request->kind == PROGRAM_READ || request->kind == PROGRAM_COMPARE_EXCHANGE ||
             request->kind == PROGRAM_CHOOSE)
        edge.value = answer->value;
    if (request->kind != PROGRAM_CALL)
        return edge;
    edge.result = (int32_t)answer->result;
    if (request->call.kind == CALL_QUERY && answer->result == PAGETABLE_OK) {
        edge.found_va = answer->found.va;
        edge.found_base = answer->found.frame.base;
        edge.found_attributes = answer->found.frame.attributes;
        edge.packed = (uint32_t)answer->found.frame.size_lg2 << 16;
    }
    return edge;
}

/* A choice between the functions of a stage, not one that a function asks for. */
static bool is_stage(const struct program_tree *tree, uint32_t number, const struct node *node)
{
    return tree->places[node->place].node == number && node->request.kind == PROGRAM_CHOOSE &&
           stage_of(tree, &tree->places[node->place])->function_count > 1;
}

uint32_t program_tree_resume(struct program_tree *tree, uint32_t node, const struct program_answer *answer)
{
    const struct node *from = node_at(tree, node);
    assert(from->request.kind != PROGRAM_END);
    if (is_stage(tree, node, from)) {
        assert(answer->value < from->request.value);
        return enter_function(tree, from->place, (uint32_t)answer->value);
    }
    const struct edge edge = edge_for(&from->request, node, answer);
    return follow(tree, &edge,
                  (struct node){.place = from->place, .way = from->way, .depth = from->depth + 1});
}

const struct program_request *program_tree_request(const struct program_tree *tree, uint32_t node)
{
    return &node_at(tree, node)->request;
}

uint32_t program_tree_line(const struct program_tree *tree, uint32_t node)
{
    return node_at(tree, node)->line;
}

struct program_tree_counts program_tree_count(const struct program_tree *tree)
{
    return (struct program_tree_counts){.nodes = tree->nodes.count, .performed = tree->performed};
}
