/*
 * Real page tables, unfolded: what they ask, answer and leave behind is what they do when they run directly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pagetables/conform/sequence.h"
#include "pagetables/plugin_load.h"
#include "pagetables/test/random.h"
#include "sim/explore/test/direct_table.h"
#include "sim/explore/test/model_memory.h"

#define SEQUENCES 4u /* of each table, unless MMUSIM_RUNS says otherwise */
#define STEPS_MAX 40u

/* `destroy` reads every entry of every table, and each of its nodes costs as many calls as lie before it: so
 * only that of few tables is unfolded. */
#define DESTROYED_MAX 4u
#define CALLS_MAX     8192u

static unsigned sequences(void)
{
    const char *runs = getenv("MMUSIM_RUNS");
    return runs ? (unsigned)strtoul(runs, NULL, 0) : SEQUENCES;
}

/* One table twice: directly, and unfolded on memory of its own. */
struct twins {
    struct pagetable_config config;
    struct direct_table direct;
    struct memory_budget budget;
    struct operation_tree *tree;
    struct model_memory *model;
    uint32_t block;
    bool unfolds; /* no error of the tree yet */
};

static void open_twins(struct twins *twins, const struct pagetable_class *table)
{
    const struct walk_format *format = walk_format_find(table->default_format);
    *twins =
        (struct twins){.config = {.format = format, .entries = entry_format_of(format), .asid = 7, .vmid = 0},
                       .budget = {.bytes_max = SIZE_MAX},
                       .block = OPERATION_TREE_ZERO_BLOCK,
                       .unfolds = true};
    direct_open(&twins->direct, table, &twins->config);
    const struct operation_tree_config config = {.table = table,
                                                 .pagetable = &twins->config,
                                                 .physical_bytes = UINT64_C(1) << 48,
                                                 .calls_max = CALLS_MAX,
                                                 .budget = &twins->budget};
    twins->tree = operation_tree_create(&config);
    twins->model = calloc(1, sizeof *twins->model);
    assert_non_null(twins->tree);
    assert_non_null(twins->model);
}

static void close_twins(struct twins *twins)
{
    operation_tree_destroy(twins->tree);
    assert_int_equal(twins->budget.bytes, 0);
    free(twins->model);
    direct_close(&twins->direct);
}

static void assert_same_request(const struct operation_request *asked, const struct operation_request *wanted)
{
    assert_int_equal(asked->kind, wanted->kind);
    assert_int_equal(asked->barrier, wanted->barrier);
    assert_int_equal(asked->pa, wanted->pa);
    assert_int_equal(asked->value, wanted->value);
    assert_int_equal(asked->expected, wanted->expected);
    assert_int_equal(asked->size_bytes, wanted->size_bytes);
    assert_int_equal(asked->invalidation.va, wanted->invalidation.va);
    assert_int_equal(asked->invalidation.size_bytes, wanted->invalidation.size_bytes);
    assert_int_equal(asked->invalidation.asid, wanted->invalidation.asid);
    assert_int_equal(asked->invalidation.vmid, wanted->invalidation.vmid);
    assert_int_equal(asked->invalidation.scope, wanted->invalidation.scope);
    assert_int_equal(asked->invalidation.broadcast, wanted->invalidation.broadcast);
    assert_int_equal(asked->invalidation.last_level_only, wanted->invalidation.last_level_only);
}

static void assert_same_memory(struct twins *twins)
{
    const struct memory_reader reader = flat_memory_reader(twins->direct.memory);
    for (uint64_t i = 0; i < MODEL_PAGES * MODEL_PAGE_BYTES / 8; i++) {
        uint64_t word;
        assert_true(reader.read(reader.context, MODEL_TABLES_BASE + 8 * i, &word));
        if (word != twins->model->words[i])
            fail_msg("word 0x%" PRIx64 " differs", MODEL_TABLES_BASE + 8 * i);
    }
    assert_int_equal(flat_memory_tables(twins->direct.memory), twins->model->tables);
}

/* Resumes from the first node on with what the model answers, as the direct run was answered; the last node.
 */
static uint32_t step_through(struct twins *twins, uint32_t node)
{
    const struct direct_table *direct = &twins->direct;
    for (size_t i = 0; i < direct->call_count && node != OPERATION_TREE_NONE; i++) {
        const struct operation_request *asked = operation_tree_request(twins->tree, node);
        assert_same_request(asked, &direct->calls[i].request);
        const struct operation_answer answer = model_answer(twins->model, asked);
        assert_int_equal(answer.error, direct->calls[i].answer.error);
        assert_int_equal(answer.value, direct->calls[i].answer.value);
        node = operation_tree_resume(twins->tree, node, &answer, operation_tree_block(twins->tree, node));
    }
    return node;
}

/* Performs a call on both. */
static enum pagetable_result perform(struct twins *twins, struct operation_call call)
{
    struct mapping found = {.va = 0};
    call.frame_in_use = call.kind == CALL_MAP && !twins->direct.aliasing &&
                        abstract_map_overlaps_pa(twins->direct.mappings, call.frame.base,
                                                 frame_size_bytes(&call.frame), NULL);
    enum pagetable_result result = direct_perform(&twins->direct, &call, &found);
    uint32_t number = operation_tree_call(twins->tree, &call);
    assert_int_not_equal(number, OPERATION_TREE_NONE);
    uint32_t node = step_through(twins, operation_tree_begin(twins->tree, number, twins->block));
    twins->unfolds = node != OPERATION_TREE_NONE;
    if (!twins->unfolds)
        return result;
    const struct operation_request *end = operation_tree_request(twins->tree, node);
    assert_int_equal(end->kind, REQUEST_RETURN);
    assert_int_equal(end->result, result);
    if (call.kind == CALL_QUERY && result == PAGETABLE_OK) {
        assert_int_equal(end->found.va, found.va);
        assert_int_equal(end->found.frame.base, found.frame.base);
        assert_int_equal(end->found.frame.attributes, found.frame.attributes);
        assert_int_equal(end->found.frame.size_lg2, found.frame.size_lg2);
    }
    twins->block = operation_tree_block(twins->tree, node);
    assert_memory_equal(operation_tree_state(twins->tree, twins->block), twins->direct.state,
                        twins->direct.table->state_bytes);
    return result;
}

static struct operation_call call_of(const struct conform_step *step)
{
    static const enum operation_call_kind kinds[CONFORM_STEP_KINDS] = {[CONFORM_MAP] = CALL_MAP,
                                                                       [CONFORM_UNMAP] = CALL_UNMAP,
                                                                       [CONFORM_PROTECT] = CALL_PROTECT,
                                                                       [CONFORM_LOOK] = CALL_QUERY};
    return (struct operation_call){.kind = kinds[step->kind],
                                   .attributes = step->attributes,
                                   .va = step->va,
                                   .frame = {step->base, step->attributes, step->size_lg2}};
}

/* Now and then memory is short, or the machine stops. */
static void plan_failures(struct twins *twins, struct random_stream *random)
{
    uint64_t allocation = random_below(random, 8) ? 0 : 1 + random_below(random, 4);
    uint64_t call = random_below(random, 32) ? 0 : 1 + random_below(random, 30);
    twins->direct.fail_allocation = twins->model->fail_allocation = allocation;
    twins->direct.fail_call = twins->model->fail_call = call;
}

static void run_sequence(struct twins *twins, const struct conform_step *steps, size_t count,
                         struct random_stream *random)
{
    enum pagetable_result result = perform(twins, (struct operation_call){.kind = CALL_CREATE});
    for (size_t i = 0; i < count && twins->unfolds && result != PAGETABLE_ENVIRONMENT; i++) {
        plan_failures(twins, random);
        result = perform(twins, call_of(&steps[i]));
        if (i % 8 == 0)
            assert_same_memory(twins);
    }
    twins->direct.fail_allocation = twins->model->fail_allocation = 0;
    twins->direct.fail_call = twins->model->fail_call = 0;
    if (twins->unfolds && twins->model->tables <= DESTROYED_MAX)
        perform(twins, (struct operation_call){.kind = CALL_DESTROY});
    if (twins->unfolds)
        assert_same_memory(twins);
}

/* True if all unfolded; else `error` has the tree's sentence. */
static bool unfolds_as_it_runs(const struct pagetable_class *table, struct random_stream *random, char *error,
                               size_t error_bytes)
{
    const struct walk_format *format = walk_format_find(table->default_format);
    const struct conform_options options = {
        .table = table, .format = format, .entries = entry_format_of(format)};
    struct conform_attributes attributes;
    assert_true(conform_attributes_find(&options, &attributes));
    bool unfolds = true;
    for (unsigned i = 0; i < sequences() && unfolds; i++) {
        struct conform_step steps[STEPS_MAX];
        struct conform_random seeded = {random_next(random)};
        size_t count = conform_random_steps(format, &attributes, &seeded, i ? STEPS_MAX : 1, steps);
        struct twins twins;
        open_twins(&twins, table);
        twins.direct.aliasing = i % 2;
        run_sequence(&twins, steps, count, random);
        unfolds = twins.unfolds;
        snprintf(error, error_bytes, "%s", operation_tree_error(twins.tree));
        close_twins(&twins);
    }
    return unfolds;
}

static void good_every_built_in_table_unfolds_as_it_runs(void **state)
{
    struct random_stream random = random_begin("unfolded tables");
    const struct pagetable_class *table;
    for (unsigned i = 0; (table = pagetable_class_at(i)) != NULL; i++) {
        char error[512];
        if (!unfolds_as_it_runs(table, &random, error, sizeof error))
            fail_msg("%s: %s", table->name, error);
    }
}

/* ---- The conformance kit's broken tables ---- */

static struct loaded_plugin *load(const char *name)
{
    char path[1024], error[1024];
    snprintf(path, sizeof path, "%s/%s.so", BROKEN_FOLDER, name);
    struct loaded_plugin *plugin = plugin_load(path, error, sizeof error);
    if (!plugin)
        fail_msg("%s", error);
    return plugin;
}

static void good_a_wrong_table_is_unfolded_with_what_is_wrong(void **state)
{
    static const char *const names[] = {
        "overlap-code", "leak-on-failure", "early-release", "asid",      "global",
        "link-first",   "large-query",     "invariants",    "late-read", "overlap-unmaps",
        "stop",         "no-wait",         "no-break",      "leak",      "executable",
        "keeps",        "unmap-answer",    "attributes",    "blocks"};
    struct random_stream random = random_begin("unfolded wrong tables");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[64], error[512];
        snprintf(name, sizeof name, "broken-%s", names[i]);
        struct loaded_plugin *plugin = load(name);
        if (!unfolds_as_it_runs(plugin->table, &random, error, sizeof error))
            fail_msg("%s: %s", name, error);
        plugin_unload(plugin);
    }
}

static void bad_a_block_that_points_to_itself_is_told(void **state)
{
    struct random_stream random = random_begin("a table that points to itself");
    struct loaded_plugin *plugin = load("broken-self-pointer");
    char error[512];
    assert_false(unfolds_as_it_runs(plugin->table, &random, error, sizeof error));
    assert_non_null(strstr(error, "the page table \"broken-self-pointer\" is not deterministic"));
    assert_non_null(strstr(error, "nor on its own address"));
    plugin_unload(plugin);
}

/* ---- Two cores ---- */

/* A core inside an operation, and the order in which locks were taken. */
struct core {
    struct operation_call call;
    uint32_t node; /* OPERATION_TREE_NONE: it has nothing to do any more */
    size_t next;   /* step */
};

struct pair {
    struct twins twins;
    const struct conform_step *steps; /* the even ones are the first core's, the odd ones the second's */
    size_t count;
    struct core cores[2];
    /* How they followed each other, by the lock; operations that took none have no place in it. */
    struct operation_call order[STEPS_MAX];
    enum pagetable_result results[STEPS_MAX];
    size_t ordered;
    size_t place[2]; /* of the operation that holds the lock */
};

static void begin_next(struct pair *pair, unsigned core)
{
    struct core *own = &pair->cores[core];
    own->node = OPERATION_TREE_NONE;
    if (own->next >= pair->count)
        return;
    own->call = call_of(&pair->steps[own->next]);
    own->next += 2;
    pair->place[core] = STEPS_MAX;
    uint32_t number = operation_tree_call(pair->twins.tree, &own->call);
    own->node = operation_tree_begin(pair->twins.tree, number, pair->twins.block);
    assert_int_not_equal(own->node, OPERATION_TREE_NONE);
    pair->twins.block = operation_tree_block(pair->twins.tree, own->node);
}

static void step_core(struct pair *pair, unsigned core)
{
    struct core *own = &pair->cores[core];
    struct operation_tree *tree = pair->twins.tree;
    const struct operation_request *request = operation_tree_request(tree, own->node);
    if (request->kind == REQUEST_RETURN) {
        if (pair->place[core] < STEPS_MAX)
            pair->results[pair->place[core]] = request->result;
        begin_next(pair, core);
        return;
    }
    if (model_must_wait(pair->twins.model, request))
        return;
    const struct operation_answer answer = model_answer(pair->twins.model, request);
    if (request->kind == REQUEST_LOCK) {
        pair->place[core] = pair->ordered;
        pair->order[pair->ordered++] = own->call;
    }
    own->node = operation_tree_resume(tree, own->node, &answer, pair->twins.block);
    assert_int_not_equal(own->node, OPERATION_TREE_NONE);
    pair->twins.block = operation_tree_block(tree, own->node);
}

/* Every operation of these tables is between lock and unlock: so what comes of it is what comes of the same
 * operations one after the other, in the order of their locks. */
static void assert_as_one_after_the_other(struct pair *pair)
{
    struct direct_table *direct = &pair->twins.direct;
    for (size_t i = 0; i < pair->ordered; i++) {
        struct mapping found;
        assert_int_equal(direct_perform(direct, &pair->order[i], &found), pair->results[i]);
    }
    assert_same_memory(&pair->twins);
    assert_memory_equal(operation_tree_state(pair->twins.tree, pair->twins.block), direct->state,
                        direct->table->state_bytes);
}

static void run_pair(const struct pagetable_class *table, const struct conform_step *steps, size_t count,
                     struct random_stream *random)
{
    struct pair pair = {.steps = steps, .count = count, .cores = {{.next = 0}, {.next = 1}}};
    open_twins(&pair.twins, table);
    pair.twins.direct.aliasing = true;
    assert_int_equal(perform(&pair.twins, (struct operation_call){.kind = CALL_CREATE}), PAGETABLE_OK);
    begin_next(&pair, 0);
    begin_next(&pair, 1);
    while (pair.cores[0].node != OPERATION_TREE_NONE || pair.cores[1].node != OPERATION_TREE_NONE) {
        unsigned core = (unsigned)random_below(random, 2);
        if (pair.cores[core].node != OPERATION_TREE_NONE)
            step_core(&pair, core);
    }
    assert_as_one_after_the_other(&pair);
    close_twins(&pair.twins);
}

static void good_two_cores_in_one_table_follow_each_other_by_its_lock(void **state)
{
    struct random_stream random = random_begin("two cores in one table");
    const struct pagetable_class *table;
    for (unsigned i = 0; (table = pagetable_class_at(i)) != NULL; i++) {
        const struct walk_format *format = walk_format_find(table->default_format);
        const struct conform_options options = {
            .table = table, .format = format, .entries = entry_format_of(format)};
        struct conform_attributes attributes;
        assert_true(conform_attributes_find(&options, &attributes));
        for (unsigned j = 0; j < sequences() / 2; j++) {
            struct conform_step steps[STEPS_MAX];
            struct conform_random seeded = {random_next(&random)};
            size_t count = conform_random_steps(format, &attributes, &seeded, STEPS_MAX, steps);
            run_pair(table, steps, count, &random);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_every_built_in_table_unfolds_as_it_runs),
        cmocka_unit_test(good_a_wrong_table_is_unfolded_with_what_is_wrong),
        cmocka_unit_test(bad_a_block_that_points_to_itself_is_told),
        cmocka_unit_test(good_two_cores_in_one_table_follow_each_other_by_its_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
