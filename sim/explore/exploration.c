#include "sim/explore/exploration.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/explore/exploration_internal.h"

static_assert(sizeof(struct explored) <= sizeof((struct small_state){0}.owner), "it has its place there");

/* ---- states as numbers ---------------------------------------------------------------------------- */

struct shared_part {
    struct small_invalidation invalidations[SMALL_INVALIDATIONS];
    struct explored explored;
};

static void put_explored(struct small_state *state, const struct explored *explored)
{
    memcpy(state->owner, explored, sizeof *explored);
}

static bool pack(struct exploration *exploration, const struct small_state *state, uint32_t *packed)
{
    struct shared_part shared;
    memset(&shared, 0, sizeof shared);
    memcpy(shared.invalidations, state->invalidations, sizeof shared.invalidations);
    memcpy(&shared.explored, state->owner, sizeof shared.explored);
    packed[0] = intern_add(exploration->memories, state->memory, sizeof state->memory);
    packed[1] = intern_add(exploration->shared, &shared, sizeof shared);
    bool right = packed[0] != INTERN_NONE && packed[1] != INTERN_NONE;
    for (unsigned core = 0; core < exploration->config.machine.cores; core++) {
        packed[2 + core] = intern_add(exploration->cores, &state->cores[core], sizeof state->cores[core]);
        right = right && packed[2 + core] != INTERN_NONE;
    }
    return right;
}

void exploration_unpack(const struct exploration *exploration, const void *bytes, struct small_state *state,
                        struct explored *explored)
{
    uint32_t packed[2 + SMALL_CORES];
    unsigned cores = exploration->config.machine.cores;
    memcpy(packed, bytes, (2 + cores) * sizeof packed[0]);
    memset(state, 0, sizeof *state);
    const struct shared_part *shared = intern_bytes(exploration->shared, packed[1], NULL);
    memcpy(state->memory, intern_bytes(exploration->memories, packed[0], NULL), sizeof state->memory);
    memcpy(state->invalidations, shared->invalidations, sizeof state->invalidations);
    for (unsigned core = 0; core < cores; core++)
        memcpy(&state->cores[core], intern_bytes(exploration->cores, packed[2 + core], NULL),
               sizeof state->cores[core]);
    *explored = shared->explored;
    put_explored(state, explored);
}

static uint32_t label_of(struct small_label label)
{
    return label.step | (uint32_t)label.core << 8 | (uint32_t)label.index << 16 |
           (uint32_t)label.detail << 24;
}

struct small_label exploration_label(uint32_t label)
{
    return (struct small_label){.step = (uint8_t)label,
                                .core = (uint8_t)(label >> 8),
                                .index = (uint8_t)(label >> 16),
                                .detail = (uint8_t)(label >> 24)};
}

/* ---- one state's transitions ---------------------------------------------------------------------- */

struct expansion {
    struct exploration *exploration;
    struct search *search;
    const struct small_state *from;
    const struct explored *explored; /* of `from` */
    bool goes_on;                    /* some transition is of a program, or may let one go on */
    /* Without a search: one step is done again. */
    uint32_t wanted;
    uint32_t found;
    struct small_state *next;
    struct explored *next_explored;
};

/* Judges what TLBs hold: outside of windows what the table maps, and nothing else. */
static uint32_t judge_entries(struct exploration *exploration, const struct small_state *state,
                              const struct explored *explored)
{
    for (unsigned core = 0; core < exploration->config.machine.cores; core++) {
        uint16_t leaves[SMALL_TLB_ENTRIES];
        unsigned count =
            state->cores[core].tlb == 0
                ? 0
                : small_tlb_leaves(exploration->machine, state->cores[core].tlb, leaves, SMALL_TLB_ENTRIES);
        for (unsigned i = 0; i < count; i++) {
            uint32_t finding = rules_judge_entry(exploration->rules, &explored->rules, leaves[i]);
            if (finding == 0)
                continue;
            exploration->subject =
                (struct finding_subject){.leaf = leaves[i], .held = true, .core = (uint8_t)core};
            return finding;
        }
    }
    return 0;
}

/* What a view depends on. */
struct view_subject {
    uint64_t allocated;
    uint32_t memory;
    uint32_t block;
    uint64_t map;
};

/* The same table in the same memory is seen at the end of many runs, and looked at once. */
static uint32_t judge_view(struct exploration *exploration, const struct small_state *state,
                           const struct explored *explored)
{
    const struct view_subject subject = {
        .allocated = explored->allocated,
        .memory = intern_add(exploration->memories, state->memory, sizeof state->memory),
        .block = explored->block,
        .map = explored->rules.map};
    uint32_t number = intern_add(exploration->views, &subject, sizeof subject);
    uint64_t known = number == INTERN_NONE ? MEMO_NONE : memo_get(exploration->verdicts, memo_key(number, 0));
    if (known != MEMO_NONE)
        return (uint32_t)known;
    uint32_t finding = rules_judge_view(exploration->rules, &explored->rules, state, explored->block,
                                        exploration->config.tables_base, explored->allocated);
    if (number != INTERN_NONE)
        (void)memo_put(exploration->verdicts, memo_key(number, 0), finding);
    return finding;
}

/* What follows by itself, and what the rules say of where it leads. `rested`: the table was at rest before.
 */
static uint32_t complete(struct exploration *exploration, struct small_state *next, struct explored *explored,
                         bool rested)
{
    uint32_t finding = programs_follow(exploration, next, explored);
    if (finding != 0)
        return finding;
    (void)rules_close(exploration->rules, &explored->rules, next);
    if (!rested && rules_at_rest(&explored->rules))
        finding = judge_view(exploration, next, explored);
    return finding != 0 ? finding : judge_entries(exploration, next, explored);
}

/* ---- outcomes ------------------------------------------------------------------------------------- */

/* What outcomes depend on. */
struct end_subject {
    uint32_t memory;
    uint32_t nodes[SMALL_CORES]; /* of programs */
};

uint64_t explored_end_word(const struct explored_end *end, uint64_t pa)
{
    return small_value_of(end->exploration->machine,
                          small_memory_at(end->exploration->machine, end->state, pa));
}

static bool is_end(const struct exploration *exploration, const struct small_state *state)
{
    for (unsigned core = 0; core < exploration->config.machine.cores; core++)
        if (state->cores[core].store_count > 0 || !program_has_ended(exploration, state, core))
            return false;
    return true;
}

static uint32_t ask_outcomes(struct exploration *exploration, const struct small_state *state)
{
    struct explored_end end = {.exploration = exploration, .state = state};
    const char *why = NULL;
    uint32_t which = 0;
    for (unsigned core = 0; core < exploration->config.machine.cores; core++) {
        const struct program_request *request = exploration_next(exploration, state, core).program;
        end.results[core] = request->value;
        end.given |= (unsigned)(request->expected & 1) << core;
    }
    const struct exploration_outcomes *outcomes = &exploration->config.outcomes;
    if (!outcomes->judge(outcomes->context, &end, &which, &why))
        (void)exploration_fail(exploration, why);
    return which;
}

/* The outcomes (bits) that an end is one of. */
static uint32_t outcomes_of(struct exploration *exploration, const struct small_state *state)
{
    struct end_subject subject = {.memory =
                                      intern_add(exploration->memories, state->memory, sizeof state->memory)};
    for (unsigned core = 0; core < exploration->config.machine.cores; core++)
        subject.nodes[core] = state->cores[core].front[FRONT_PROGRAM];
    uint32_t number = intern_add(exploration->ends, &subject, sizeof subject);
    uint64_t known = number == INTERN_NONE ? MEMO_NONE : memo_get(exploration->outcomes, memo_key(number, 0));
    if (known != MEMO_NONE)
        return (uint32_t)known;
    uint32_t which = ask_outcomes(exploration, state);
    if (number != INTERN_NONE && !exploration->error)
        (void)memo_put(exploration->outcomes, memo_key(number, 0), which);
    return which;
}

/* A step that ends all: its outcomes, each as a finding. */
static void tell_outcomes(const struct expansion *expansion, struct small_label label,
                          const struct small_state *next)
{
    struct exploration *exploration = expansion->exploration;
    if (!exploration->config.outcomes.judge || !is_end(exploration, next) ||
        is_end(exploration, expansion->from))
        return;
    for (uint32_t left = outcomes_of(exploration, next); left != 0; left &= left - 1)
        search_violation(expansion->search, label_of(label), FINDING_OUTCOME + (unsigned)__builtin_ctz(left));
}

/* ---- steps ---------------------------------------------------------------------------------------- */

static bool tell(struct expansion *expansion, struct small_label label, uint32_t finding,
                 struct small_state *next, struct explored *explored)
{
    struct exploration *exploration = expansion->exploration;
    uint32_t packed[2 + SMALL_CORES];
    if (!expansion->search && label_of(label) != expansion->wanted)
        return true;
    if (finding == 0)
        finding = complete(exploration, next, explored, rules_at_rest(&expansion->explored->rules));
    if (!expansion->search) {
        expansion->found = finding;
        *expansion->next = *next;
        *expansion->next_explored = *explored;
        return false;
    }
    const char *error = exploration_error(exploration);
    if (error) {
        search_refuse(expansion->search, "%s", error);
        return false;
    }
    if (finding != 0) {
        search_violation(expansion->search, label_of(label), finding);
        return true;
    }
    tell_outcomes(expansion, label, next);
    put_explored(next, explored);
    if (!pack(exploration, next, packed) || exploration->error)
        return false;
    search_emit(expansion->search, label_of(label), packed);
    return true;
}

/* The judgement of what a step of hardware completes. */
static uint32_t judge_step(struct expansion *expansion, struct small_label label, struct small_state *next,
                           struct explored *explored)
{
    struct exploration *exploration = expansion->exploration;
    const struct rules_state *rules = &expansion->explored->rules;
    if (label.step == STEP_DRAIN) {
        const struct small_store *store = &expansion->from->cores[label.core].stores[label.index];
        if (store->leaf == 0)
            return protocol_sees_write(
                exploration, explored, label.core, small_pa_of(exploration->machine, store->word),
                small_value_of(exploration->machine, expansion->from->memory[store->word - 1]),
                small_value_of(exploration->machine, store->value));
        exploration->subject =
            (struct finding_subject){.leaf = store->leaf,
                                     .core = label.core,
                                     .kind = ACCESS_STORE,
                                     .va = small_va_of(exploration->machine, store->address)};
        return rules_judge_access(exploration->rules, rules, store->leaf, ACCESS_STORE,
                                  (enum privilege)(store->tag & 1));
    }
    bool begins = label.step == STEP_HIT || label.step == STEP_MEETS ||
                  (label.step == STEP_WALK_BEGINS && label.index < SMALL_ACCESSES);
    if (begins) { /* from here on the access counts as issued */
        struct small_access *access = &next->cores[label.core].accesses[label.index];
        uint64_t va = small_va_of(exploration->machine, access->address);
        access->tag = exploration->faults_are_judged && next->cores[label.core].context == 1 &&
                      rules_must_permit(exploration->rules, rules, va, (enum access_kind)access->kind,
                                        (enum privilege)access->privilege);
    }
    return 0;
}

static bool awaits_translation(const struct small_core *core)
{
    for (unsigned i = 0; i < SMALL_ACCESSES; i++)
        if (core->accesses[i].state == ACCESS_ISSUED)
            return true;
    return false;
}

static bool moves_programs(const struct expansion *expansion, struct small_label label)
{
    const struct small_core *core = &expansion->from->cores[label.core];
    switch (label.step) {
    case STEP_DRAIN:
    case STEP_DROP:
    case STEP_HIT:
    case STEP_MEETS:
        return true;
    case STEP_WALK_BEGINS:
        return label.index < SMALL_ACCESSES;
    case STEP_EVICT:
        return false;
    default: /* an invalidation may wait for a walk that nobody asked for, and an access for the walker */
        return core->walks[label.index].settle != 0 || awaits_translation(core);
    }
}

static bool hardware_step(void *context, struct small_label label, struct small_state *next)
{
    struct expansion *expansion = context;
    struct explored explored = *expansion->explored;
    uint32_t finding = judge_step(expansion, label, next, &explored);
    expansion->goes_on = expansion->goes_on || moves_programs(expansion, label);
    return tell(expansion, label, finding, next, &explored);
}

static bool program_steps(struct expansion *expansion)
{
    struct exploration *exploration = expansion->exploration;
    bool ended = true;
    for (unsigned core = 0; core < exploration->config.machine.cores; core++) {
        unsigned ways = program_ways(exploration, expansion->from, core);
        ended = ended && program_has_ended(exploration, expansion->from, core);
        for (unsigned way = 0; way < ways; way++) {
            struct small_state next = *expansion->from;
            struct explored explored = *expansion->explored;
            uint32_t finding = 0;
            const struct small_label label = {STEP_PROGRAM, (uint8_t)core, 0, (uint8_t)way};
            if (!program_step(exploration, &next, &explored, core, way, &finding))
                continue; /* it waits */
            expansion->goes_on = true;
            if (!tell(expansion, label, finding, &next, &explored))
                return false;
        }
    }
    if (!ended && !expansion->goes_on && !expansion->search)
        expansion->found = FINDING_STUCK;
    else if (!ended && !expansion->goes_on)
        search_violation(expansion->search, label_of((struct small_label){STEP_PROGRAM, 0, 0, 0}),
                         FINDING_STUCK);
    return exploration_error(exploration) == NULL;
}

static bool expand(void *context, const void *bytes, struct search *search)
{
    struct exploration *exploration = context;
    struct small_state state;
    struct explored explored;
    struct expansion expansion = {
        .exploration = exploration, .search = search, .from = &state, .explored = &explored};
    const struct small_visitor visitor = {hardware_step, &expansion};
    exploration_unpack(exploration, bytes, &state, &explored);
    if (small_steps(exploration->machine, &state, &visitor) && program_steps(&expansion))
        return true;
    const char *error = exploration_error(exploration);
    if (error)
        search_refuse(search, "%s", error);
    return false;
}

uint32_t exploration_repeat(struct exploration *exploration, const void *from, uint32_t label,
                            struct small_state *next, struct explored *explored)
{
    struct small_state state;
    struct explored before;
    struct expansion expansion = {.exploration = exploration,
                                  .from = &state,
                                  .explored = &before,
                                  .wanted = label,
                                  .next = next,
                                  .next_explored = explored};
    const struct small_visitor visitor = {hardware_step, &expansion};
    exploration_unpack(exploration, from, &state, &before);
    *next = state;
    *explored = before;
    if (exploration_label(label).step != STEP_PROGRAM)
        (void)small_steps(exploration->machine, &state, &visitor);
    else
        (void)program_steps(&expansion);
    return expansion.found;
}

static bool begin(void *context, struct search *search)
{
    struct exploration *exploration = context;
    uint32_t packed[2 + SMALL_CORES];
    struct small_state state = exploration->first;
    struct explored explored;
    memcpy(&explored, state.owner, sizeof explored);
    uint32_t finding = complete(exploration, &state, &explored, true);
    const char *error = exploration_error(exploration);
    if (error) {
        search_refuse(search, "%s", error);
        return false;
    }
    if (finding != 0) {
        search_violation(search, 0, finding);
        return true;
    }
    put_explored(&state, &explored);
    if (!pack(exploration, &state, packed))
        return false;
    search_emit(search, 0, packed);
    return true;
}

static bool is_final(void *context, const void *bytes)
{
    (void)context;
    (void)bytes;
    return true; /* who is stuck is a finding */
}

struct search_model exploration_model(struct exploration *exploration)
{
    return (struct search_model){.context = exploration,
                                 .state_bytes =
                                     (uint32_t)((2 + exploration->config.machine.cores) * sizeof(uint32_t)),
                                 .begin = begin,
                                 .expand = expand,
                                 .is_final = is_final};
}

/* ---- making --------------------------------------------------------------------------------------- */

const char *exploration_error(const struct exploration *exploration)
{
    const char *error = small_error(exploration->machine);
    if (!error)
        error = rules_error(exploration->rules);
    return error ? error : exploration->error;
}

static struct intern *table_of(const struct exploration *exploration, uint32_t fixed_bytes)
{
    const struct intern_config config = {.budget = exploration->config.budget, .fixed_bytes = fixed_bytes};
    return intern_create(&config);
}

static bool make_parts(struct exploration *exploration)
{
    const struct exploration_config *config = &exploration->config;
    const struct operation_tree_config tree = {.table = config->table,
                                               .pagetable = config->pagetable,
                                               .physical_bytes = config->machine.memory_bytes,
                                               .budget = config->budget};
    exploration->tree = operation_tree_create(&tree);
    exploration->memories = table_of(exploration, sizeof exploration->first.memory);
    exploration->shared = table_of(exploration, sizeof(struct shared_part));
    exploration->cores = table_of(exploration, sizeof(struct small_core));
    exploration->views = table_of(exploration, sizeof(struct view_subject));
    exploration->verdicts = memo_create(config->budget);
    exploration->ends = table_of(exploration, sizeof(struct end_subject));
    exploration->outcomes = memo_create(config->budget);
    return exploration->ends && exploration->outcomes && exploration->views && exploration->verdicts &&
           exploration->tree && exploration->memories && exploration->shared && exploration->cores;
}

static bool make_machine(struct exploration *exploration, struct small_state *state)
{
    const struct exploration_config *config = &exploration->config;
    exploration->machine = small_create(&config->machine, config->budget);
    if (!exploration->machine)
        return false;
    const struct rules_config rules = {.machine = exploration->machine,
                                       .tree = exploration->tree,
                                       .table = config->table,
                                       .context = &small_machine_config(exploration->machine)->contexts[0],
                                       .memory_bytes = config->machine.memory_bytes,
                                       .aliasing_allowed = config->aliasing_allowed,
                                       .budget = config->budget};
    exploration->rules = rules_create(&rules);
    small_begin(exploration->machine, state);
    return exploration->rules != NULL;
}

/* The table translates for its own context, and as a second stage for those that have it. */
static void set_roots(struct exploration *exploration, uint64_t root)
{
    struct small_config *machine = &exploration->config.machine;
    small_set_root(exploration->machine, 0, root);
    for (unsigned i = 1; i < machine->context_count; i++)
        if (machine->contexts[i].two_stage && machine->contexts[i].stage2.root == 0)
            small_set_stage2_root(exploration->machine, i, root);
}

/* The table is made before the machine that translates by it: its root is known only then. */
static bool set_up(struct exploration *exploration)
{
    struct exploration_config *config = &exploration->config;
    struct translation_regime *regime = &config->machine.contexts[0].regime;
    struct small_state state;
    struct explored explored = {0};
    if (!make_parts(exploration) || !make_machine(exploration, &state))
        return false;
    for (size_t i = 0; i < config->word_count; i++)
        if (!small_poke(exploration->machine, &state, config->words[i].pa, config->words[i].value))
            return false;
    rules_begin(exploration->rules, &explored.rules);
    if (!programs_make_table(exploration, &state, &explored))
        return false;
    regime->root = config->table->root(operation_tree_state(exploration->tree, explored.block));
    set_roots(exploration, regime->root);
    if (config->programs->root)
        config->programs->root(config->programs->context, regime->root);
    if (!protocol_begins(exploration, &explored))
        return false;
    for (size_t i = 0; i < config->before_count; i++)
        if (!programs_do_before(exploration, &state, &explored, &config->before[i]))
            return false;
    for (unsigned core = 0; core < config->machine.cores; core++) {
        state.cores[core].context = (uint8_t)(1 + config->start[core]);
        state.cores[core].front[FRONT_PROGRAM] = config->programs->begin(config->programs->context, core);
        if (state.cores[core].front[FRONT_PROGRAM] == PROGRAM_NONE)
            return exploration_fail(exploration, config->programs->error(config->programs->context));
    }
    put_explored(&state, &explored);
    exploration->first = state;
    return true;
}

bool exploration_fail(struct exploration *exploration, const char *sentence)
{
    if (!exploration->error)
        exploration->error = sentence;
    return false;
}

struct exploration *exploration_create(const struct exploration_config *config, char *why, size_t why_bytes)
{
    struct exploration *exploration = calloc(1, sizeof *exploration);
    if (!exploration) {
        (void)snprintf(why, why_bytes, "there is no memory");
        return NULL;
    }
    exploration->config = *config;
    /* as everywhere: a run is one mapping of the table, and one entry of a TLB */
    exploration->config.machine.contexts[0].regime.contiguous = true;
    /* where the architecture allows spurious faults, faults are not judged: see README.md */
    exploration->faults_are_judged = config->machine.contexts[0].regime.format->spurious == SPURIOUS_NEVER;
    if (set_up(exploration))
        return exploration;
    const char *error = exploration->machine && exploration->rules ? exploration_error(exploration) : NULL;
    (void)snprintf(why, why_bytes, "%s", error ? error : "the memory that was allowed is used up");
    exploration_destroy(exploration);
    return NULL;
}

void exploration_destroy(struct exploration *exploration)
{
    if (!exploration)
        return;
    table_protocol_destroy(exploration->protocol);
    rules_destroy(exploration->rules);
    small_destroy(exploration->machine);
    operation_tree_destroy(exploration->tree);
    intern_destroy(exploration->memories);
    intern_destroy(exploration->shared);
    intern_destroy(exploration->cores);
    intern_destroy(exploration->views);
    memo_destroy(exploration->verdicts);
    intern_destroy(exploration->ends);
    memo_destroy(exploration->outcomes);
    free(exploration);
}

struct small_machine *exploration_machine(struct exploration *exploration)
{
    return exploration->machine;
}

const struct rules *exploration_rules(const struct exploration *exploration)
{
    return exploration->rules;
}

struct operation_tree *exploration_tree(struct exploration *exploration)
{
    return exploration->tree;
}

const char *exploration_finding_name(uint32_t finding)
{
    if (finding >= FINDING_OUTCOME)
        return "outcome";
    return finding == FINDING_STUCK ? "stuck" : judge_rule_name((enum judge_rule)(finding - 1));
}
