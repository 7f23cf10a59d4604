/*
 * Random walks through explorations of random programs on every built-in table: nothing is accused, and each
 * step is one that the executable specification allows.
 *
 * Where the table is at rest before and after a step, the step is one of a core: an access, a store that
 * reaches memory, an entry that goes, or what hardware does unasked. From one rest to the next, with one
 * operation and no access that is performed between, it is a step of the page table. In every state of rest
 * the invariants hold. MMUSIM_SEED and MMUSIM_RUNS replay and repeat.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/explore/test/abstract.h"
#include "sim/explore/test/exploring.h"

#define NEXT_PAGE (PAGE + 0x1000)
#define STEPS_MAX 400u
#define WALKS     6u
#define TUPLE_MAX (2 + SMALL_CORES)

/* xorshift64* */
static uint64_t draw(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * UINT64_C(2685821657736338717) >> 8;
}

static uint64_t number_of_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 0) : otherwise;
}

/* ---- one place of a walk ---- */

struct place {
    uint32_t tuple[TUPLE_MAX];
    struct small_state state;
    struct explored explored;
    bool rests;
};

struct walk {
    struct exploration *exploration;
    struct abstraction abstraction;
    uint32_t tuple_bytes;
    struct memory_budget *budget;
    uint64_t *seed;
    struct place now, next;
    struct small_label label;
    /* Since the table rested last: */
    struct place rested;
    struct operation_call call;
    unsigned calls, accesses;
    bool overlaps[SMALL_CORES]; /* an operation ran while this core's access walked: its fault may be of
                                   before */
    /* What was judged, by everybody. */
    unsigned *core_steps, *operations;
};

static void unpack(struct walk *walk, struct place *place)
{
    exploration_unpack(walk->exploration, place->tuple, &place->state, &place->explored);
    place->rests = rules_at_rest(&place->explored.rules);
}

/* ---- the states that come next: a search that is one step deep ---- */

struct single {
    struct search_model model;
    const uint32_t *tuple; /* NULL: the beginning */
};

static bool begin_here(void *context, struct search *search)
{
    const struct single *single = context;
    if (!single->tuple)
        return single->model.begin(single->model.context, search);
    search_emit(search, 0, single->tuple);
    return true;
}

static bool expand_here(void *context, const void *state, struct search *search)
{
    const struct single *single = context;
    return single->model.expand(single->model.context, state, search);
}

static bool is_final(void *context, const void *state)
{
    (void)context;
    (void)state;
    return true;
}

static void tell_accused(const struct walk *walk, const struct search *search)
{
    size_t count;
    const struct search_finding *finding = search_findings(search, &count);
    char step[STORY_TEXT_BYTES], sentence[STORY_TEXT_BYTES];
    const void *from = search_state(search, finding->state);
    story_step(walk->exploration, from, finding->label, step);
    story_finding(walk->exploration, from, finding->label, finding->rule, sentence);
    fail_msg("%s: %s", step, sentence);
}

/* Goes on at random, or begins. False at an end. */
static bool go_on(struct walk *walk, bool begins)
{
    struct single single = {.model = exploration_model(walk->exploration),
                            .tuple = begins ? NULL : walk->now.tuple};
    const struct search_model model = {.context = &single,
                                       .state_bytes = walk->tuple_bytes,
                                       .begin = begin_here,
                                       .expand = expand_here,
                                       .is_final = is_final};
    const struct search_config config = {.budget = walk->budget, .depth_max = 1};
    struct search *search = search_create(&model, &config);
    struct search_step steps[2];
    assert_non_null(search);
    enum search_outcome outcome = search_run(search);
    if (outcome == SEARCH_FOUND)
        tell_accused(walk, search);
    assert_true(outcome == SEARCH_COMPLETE || outcome == SEARCH_DEPTH_LIMIT);
    uint32_t states = search_figures(search)->states, chosen = 0;
    if (!begins && states > 1)
        chosen = 1 + (uint32_t)(draw(walk->seed) % (states - 1));
    bool goes = begins || chosen > 0;
    if (goes) {
        memcpy(walk->next.tuple, search_state(search, chosen), walk->tuple_bytes);
        unpack(walk, &walk->next);
        if (!begins)
            assert_int_equal(search_path(search, chosen, steps, 2), 2);
        walk->label = exploration_label(begins ? 0 : steps[1].label);
    }
    search_destroy(search);
    return goes;
}

/* ---- steps of cores ---- */

static const struct program_request *program_of(const struct walk *walk, const struct place *place,
                                                unsigned core)
{
    return exploration_next(walk->exploration, &place->state, core).program;
}

/* The access that this step ended: it was under way or wanted before, and the program has gone on. */
static const struct program_request *ended_access(const struct walk *walk, unsigned core)
{
    const struct exploration_next before = exploration_next(walk->exploration, &walk->now.state, core);
    bool same =
        walk->now.state.cores[core].front[FRONT_PROGRAM] == walk->next.state.cores[core].front[FRONT_PROGRAM];
    return same || before.operation || before.program->kind != PROGRAM_ACCESS ? NULL : before.program;
}

static bool is_load_or_fetch(const struct extended_state *s1, const struct extended_state *s2, unsigned core,
                             const struct program_request *access, const struct read_op *op,
                             struct violation *violation)
{
    return access->access == ACCESS_FETCH ? extended_fetch(s1, s2, core, op, violation)
                                          : extended_read(s1, s2, core, op, violation);
}

/* It succeeded if it had a translation, or has got one with this step; what it read is what the core sees. */
static bool is_access_step(const struct walk *walk, const struct extended_state *s1,
                           const struct extended_state *s2, unsigned core,
                           const struct program_request *access, struct violation *violation)
{
    const struct small_access *before = &walk->now.state.cores[core].accesses[0];
    const bool translated = before->state == ACCESS_TRANSLATED;
    struct read_op read = {.vaddr = access->va, .privilege = access->privilege, .result = RESULT_ERR};
    struct write_op write = {.vaddr = access->va, .privilege = access->privilege, .value = access->value};
    if (access->access != ACCESS_STORE) {
        if (translated) {
            uint64_t pa = small_pa(walk->exploration->machine, before);
            read.result = RESULT_OK;
            read.value =
                small_value_of(walk->exploration->machine,
                               small_core_reads(walk->exploration->machine, &walk->now.state, core, pa));
        }
        return is_load_or_fetch(s1, s2, core, access, &read, violation);
    }
    bool stored = translated || s2->core[core].pending_count > s1->core[core].pending_count;
    write.result = stored ? RESULT_OK : RESULT_ERR;
    return extended_write(s1, s2, core, &write, violation);
}

/* A store has left the full buffer, and so the next one, which waited, has entered it. */
static bool is_drain_and_access(const struct walk *walk, const struct extended_state *s1,
                                const struct extended_state *s2, const struct program_request *access,
                                struct violation *violation)
{
    const unsigned core = walk->label.core;
    struct extended_state between = {0};
    assert_true(extended_state_copy(&between, s1));
    struct extended_core *drained = &between.core[core];
    assert_true(drained->pending_count > 0);
    assert_true(word_map_write(&between.mem.words, drained->pending[0].pidx, drained->pending[0].value));
    drained->pending_count--;
    for (unsigned i = 0; i < drained->pending_count; i++)
        drained->pending[i] = drained->pending[i + 1];
    bool allowed = extended_drain(s1, &between, core, violation) &&
                   is_access_step(walk, &between, s2, core, access, violation);
    extended_state_destroy(&between);
    return allowed;
}

static bool is_core_step(const struct walk *walk, const struct extended_state *s1,
                         const struct extended_state *s2, struct violation *violation)
{
    const unsigned core = walk->label.core;
    const struct small_core *from = &walk->now.state.cores[core];
    const struct program_request *access = ended_access(walk, core);
    bool drains = walk->label.step == STEP_DRAIN && from->stores[walk->label.index].leaf != 0;
    if (access && drains)
        return is_drain_and_access(walk, s1, s2, access, violation);
    if (access)
        return is_access_step(walk, s1, s2, core, access, violation);
    if (drains)
        return extended_drain(s1, s2, core, violation);
    if (walk->label.step == STEP_EVICT && walk->label.detail == 0) {
        uint16_t leaves[SMALL_TLB_ENTRIES];
        (void)small_tlb_leaves(walk->exploration->machine, from->tlb, leaves, SMALL_TLB_ENTRIES);
        const struct small_leaf *leaf = small_leaf_of(walk->exploration->machine, leaves[walk->label.index]);
        return extended_tlb_evict(s1, s2, core, 0, leaf->leaf.va, violation);
    }
    /* what is cached, and no more: running the same space is such a step */
    return extended_switch(s1, s2, core, 0, violation);
}

/* ---- steps of the page table ---- */

/* What it found is judged by the rules. */
static bool is_query(const struct operation_call *call, const struct extended_state *s1,
                     const struct extended_state *s2, struct violation *violation)
{
    const struct mapping *found = mappings_for(&s1->space[0].pt.interpretation, call->va, NULL);
    struct query_op query = {.vaddr = call->va, .result = found ? RESULT_OK : RESULT_ERR};
    if (found)
        query.found = *found;
    return extended_query(s1, s2, 0, &query, violation);
}

static bool is_operation(const struct operation_call *call, const struct extended_state *s1,
                         const struct extended_state *s2, enum result result, struct violation *violation)
{
    const struct map_op map = {.vaddr = call->va, .frame = call->frame, .result = result};
    const struct unmap_op unmap = {.vaddr = call->va, .result = result};
    const struct protect_op protect = {.vaddr = call->va, .attributes = call->attributes, .result = result};
    switch (call->kind) {
    case CALL_MAP:
        return extended_map(s1, s2, 0, &map, violation);
    case CALL_UNMAP:
        return extended_unmap(s1, s2, 0, &unmap, violation);
    case CALL_PROTECT:
        return extended_protect(s1, s2, 0, &protect, violation);
    default:
        return is_query(call, s1, s2, violation);
    }
}

/* ---- a step ---- */

static void judge(struct walk *walk, const struct place *from, bool of_table)
{
    struct extended_state s1 = {0}, s2 = {0};
    struct violation violation = {0};
    char step[STORY_TEXT_BYTES];
    abstract_state(&walk->abstraction, &from->state, &from->explored, &s1);
    abstract_state(&walk->abstraction, &walk->next.state, &walk->next.explored, &s2);
    bool allowed = of_table ? is_operation(&walk->call, &s1, &s2, RESULT_OK, &violation) ||
                                  is_operation(&walk->call, &s1, &s2, RESULT_ERR, NULL)
                            : is_core_step(walk, &s1, &s2, &violation);
    bool holds = allowed && extended_invariants(&s2, &violation);
    extended_state_destroy(&s1);
    extended_state_destroy(&s2);
    if (holds)
        return;
    const struct small_label label = walk->label;
    story_step(walk->exploration, walk->now.tuple,
               label.step | (uint32_t)label.core << 8 | (uint32_t)label.index << 16 |
                   (uint32_t)label.detail << 24,
               step);
    fail_msg("%s, %s: %s: %s", walk->exploration->config.table->name, step, violation.rule, violation.text);
}

static void note_since_rest(struct walk *walk)
{
    for (unsigned core = 0; core < walk->exploration->config.machine.cores; core++) {
        const struct program_request *request = program_of(walk, &walk->now, core);
        walk->accesses += ended_access(walk, core) != NULL;
        bool begins = walk->label.step == STEP_PROGRAM && walk->label.core == core &&
                      request->kind == PROGRAM_CALL &&
                      walk->now.state.cores[core].front[FRONT_OPERATION] == 0;
        if (begins) {
            walk->call = request->call;
            walk->calls++;
        }
    }
}

static bool is_walking(const struct small_core *core)
{
    for (unsigned i = 0; i < SMALL_WALKS; i++)
        if (core->walks[i].access != 0)
            return true;
    return false;
}

static void note_overlaps(struct walk *walk)
{
    for (unsigned core = 0; core < walk->exploration->config.machine.cores; core++)
        walk->overlaps[core] =
            is_walking(&walk->now.state.cores[core]) && (walk->overlaps[core] || !walk->now.rests);
}

static bool is_fault_of_before(const struct walk *walk)
{
    const unsigned core = walk->label.core;
    return walk->overlaps[core] && walk->label.step == STEP_WALK_ENDS && ended_access(walk, core) &&
           walk->next.state.cores[core].store_count == walk->now.state.cores[core].store_count;
}

static void judge_step(struct walk *walk)
{
    note_overlaps(walk);
    if (walk->now.rests) {
        walk->rested = walk->now;
        walk->calls = walk->accesses = 0;
    }
    note_since_rest(walk);
    if (!walk->next.rests)
        return;
    if (walk->now.rests && walk->calls == 0 && is_fault_of_before(walk))
        return;
    if (walk->now.rests && walk->calls == 0) {
        judge(walk, &walk->now, false);
        ++*walk->core_steps;
    } else if (walk->calls == 1 && walk->accesses == 0) {
        judge(walk, &walk->rested, true);
        ++*walk->operations;
    }
}

/* ---- random explorations ---- */

struct kind {
    const char *table, *format;
    enum ordering ordering;
};

static const struct kind kinds[] = {
    {"radix", "vmsa-4k-25", ORDERING_ARM},
    {"radix", "vmsa-4k-48", ORDERING_ARM},
    {"radix", "sv39", ORDERING_RISCV},
    {"radix", "x86-64-48", ORDERING_X86},
    {"radix-keeps-tables", "vmsa-4k-39", ORDERING_ARM},
    {"hashed", "hashed-48", ORDERING_ARM},
    {"cuckoo", "cuckoo-48", ORDERING_ARM},
    {"ranges", "ranges-48", ORDERING_ARM},
};

static struct program_request random_request(uint64_t *seed, unsigned core)
{
    static const uint64_t pages[] = {PAGE, NEXT_PAGE, OTHER};
    uint64_t page = pages[draw(seed) % 3];
    uint32_t attributes = draw(seed) % 2 ? WRITABLE : READABLE;
    switch (draw(seed) % 7) {
    case 0:
        return (struct program_request)LIST_UNMAP(page);
    case 1:
        return (struct program_request)LIST_MAP(page, FRAME + 0x1000 * (1 + core + 2 * (draw(seed) % 2)),
                                                attributes);
    case 2:
        return (struct program_request)LIST_PROTECT(page, attributes);
    case 3:
        return (struct program_request)LIST_QUERY(page);
    case 4:
    case 5:
        return (struct program_request)LIST_LOAD(page + 8 * (draw(seed) % 2));
    default:
        return (struct program_request)LIST_STORE(page + 8 * (draw(seed) % 2), 1 + draw(seed) % 3);
    }
}

static struct exploring random_exploring(const struct kind *kind, uint64_t *seed)
{
    struct exploring exploring = {
        .table = pagetable_class_find(kind->table),
        .format = kind->format,
        .lists = {.programs = 2},
        .before = {LIST_MAP_CALL(PAGE, FRAME, WRITABLE)},
        .before_count = 1,
        .machine = {.store_buffer = (unsigned)(draw(seed) % 3),
                    .walk_cache_entries = (unsigned)(draw(seed) % 3),
                    .tlb_entries = 1 + (unsigned)(draw(seed) % 2),
                    .walks = 1 + (unsigned)(draw(seed) % 2),
                    .ordering = kind->ordering,
                    .contexts = {{.regime = {.hardware_access = kind->ordering == ORDERING_X86,
                                             .hardware_dirty = kind->ordering == ORDERING_X86},
                                  .pages = {PAGE, NEXT_PAGE, OTHER},
                                  .page_count = 3}}}};
    for (unsigned core = 0; core < 2; core++)
        for (unsigned i = 0; i < 5; i++)
            exploring.lists.core[core].requests[i] = random_request(seed, core);
    return exploring;
}

static void walk_once(struct walk *walk)
{
    assert_true(go_on(walk, true));
    walk->calls = walk->accesses = 0;
    for (unsigned step = 0; step < STEPS_MAX; step++) {
        walk->now = walk->next;
        if (!go_on(walk, false))
            return;
        judge_step(walk);
    }
}

static void walk_through(const struct kind *kind, uint64_t seed, unsigned *core_steps, unsigned *operations)
{
    struct memory_budget budget = {.bytes_max = (size_t)1 << 29};
    struct pagetable_config pagetable;
    struct program_source lists;
    struct exploring exploring = random_exploring(kind, &seed);
    const struct exploration_config config = exploring_config(&exploring, &pagetable, &lists, &budget);
    char why[STORY_TEXT_BYTES];
    struct exploration *exploration = exploration_create(&config, why, sizeof why);
    if (!exploration)
        fail_msg("%s", why);
    static struct walk walk; /* large */
    walk =
        (struct walk){.exploration = exploration,
                      .abstraction = {.exploration = exploration, .pages = {PAGE, NEXT_PAGE, OTHER, OTHER}},
                      .tuple_bytes = exploration_model(exploration).state_bytes,
                      .budget = &budget,
                      .seed = &seed,
                      .core_steps = core_steps,
                      .operations = operations};
    for (unsigned i = 0; i < WALKS; i++)
        walk_once(&walk);
    exploration_destroy(exploration);
    assert_int_equal(budget.bytes, 0);
}

static void every_step_is_one_that_the_specification_allows(void **state)
{
    const unsigned count = sizeof kinds / sizeof kinds[0];
    uint64_t first = number_of_environment("MMUSIM_SEED", 1), runs = number_of_environment("MMUSIM_RUNS", 16);
    unsigned core_steps = 0, operations = 0;
    (void)state;
    for (uint64_t seed = first; seed < first + runs; seed++) {
        print_message("MMUSIM_SEED=%llu MMUSIM_RUNS=1\n", (unsigned long long)seed);
        walk_through(&kinds[seed % count], seed * UINT64_C(0x9e3779b97f4a7c15) | 1, &core_steps, &operations);
    }
    print_message("%u steps of cores and %u operations are as specified\n", core_steps, operations);
    assert_true(core_steps > 0 && (runs == 1 || operations > 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_is_one_that_the_specification_allows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
