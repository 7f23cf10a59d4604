/*
 * explore_script_open: a script from its file to what an exploration takes.
 */
#include "sim/explore_script.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/lua/lua_explore.h"
#include "sim/plugin_list.h"

struct explore_script {
    struct script script;
    struct script_exploration exploration;
    struct run_options options;
    struct run_outcome outcome;
    struct program_tree *tree;
};

static void take_root(void *context, uint64_t root)
{
    const struct script *script = context;
    script->exploration->space->context.regime.root = root;
}

static bool fail(struct explore_script *explored, const char *what)
{
    snprintf(explored->outcome.error, sizeof explored->outcome.error, "%s: %s", explored->options.script,
             what);
    return false;
}

/* Hardware may walk for what is mapped before, if the script says nothing else. */
static void use_pages(struct script_exploration *exploration)
{
    struct small_context *context = &exploration->config.machine.contexts[0];
    for (size_t i = 0; i < exploration->config.before_count && !exploration->pages_given; i++) {
        const struct operation_call *call = &exploration->before[i];
        unsigned at = 0;
        while (at < context->page_count && context->pages[at] != call->va)
            at++;
        if (call->kind == CALL_MAP && at == context->page_count && at < SMALL_PAGES)
            context->pages[context->page_count++] = call->va;
    }
}

static int add_space(lua_State *state)
{
    exploration_add_space(state);
    return 0;
}

/* Cores that the script has given nothing run the address space; if there is none, the first tables. */
static void use_starts(struct script_exploration *exploration)
{
    for (unsigned i = 0; i < exploration->config.machine.cores; i++) {
        if (exploration->starts[i])
            continue;
        exploration->starts[i] = exploration->space;
        if (!exploration->space_given) {
            exploration->starts[i] = &exploration->tables->space;
            exploration->config.start[i] = exploration->tables->number;
        }
    }
}

static bool make_programs(struct explore_script *explored)
{
    struct script_exploration *exploration = &explored->exploration;
    const struct program_tree_config config = {.performer = {&explored->script, explored_perform, take_root},
                                               .programs = exploration->plans,
                                               .program_count = exploration->config.machine.cores,
                                               .budget = exploration->config.budget};
    bool any = false;
    for (unsigned i = 0; i < exploration->config.machine.cores; i++)
        any |= exploration->plans[i].stage_count > 0;
    if (!exploration->space)
        return fail(explored, "the script ended without an address space; m:address_space { ... } makes one");
    use_starts(exploration);
    if (!any)
        return fail(explored, "no core has a program; m.core[1]:program(function(core) ... end) gives one");
    explored->tree = program_tree_create(&config);
    if (!explored->tree)
        return fail(explored, "the memory that is allowed is not enough for its programs");
    exploration->config.programs = program_tree_source(explored->tree);
    return true;
}

static bool evaluate(struct explore_script *explored)
{
    struct script *script = &explored->script;
    script->state = luaL_newstate();
    if (!script->state)
        return fail(explored, "out of memory");
    if (!script_evaluate(script))
        return false;
    script->simulation.running = true; /* programs are all that is performed from now on */
    use_pages(&explored->exploration);
    explored->exploration.space_given = explored->exploration.space != NULL;
    if (!explored->exploration.space && explored->exploration.tables) {
        lua_pushcfunction(script->state, add_space);
        if (lua_pcall(script->state, 0, 0, 0) != LUA_OK)
            return fail(explored, "out of memory");
    }
    return make_programs(explored);
}

struct explore_script *explore_script_open(const struct explore_script_options *options, char *error,
                                           size_t error_bytes)
{
    struct explore_script *explored = calloc(1, sizeof *explored);
    if (!explored) {
        snprintf(error, error_bytes, "out of memory");
        return NULL;
    }
    explored->options = (struct run_options){.script = options->script,
                                             .text = options->text,
                                             .arguments = options->arguments,
                                             .argument_count = options->argument_count,
                                             .unsandboxed = options->unsandboxed};
    explored->exploration.config.budget = options->budget;
    explored->script.exploration = &explored->exploration;
    explored->script.options = &explored->options;
    explored->script.outcome = &explored->outcome;
    explored->script.format = walk_format_find(EXPLORED_FORMAT);
    explored->script.asid_bits = -1;
    if (evaluate(explored))
        return explored;
    snprintf(error, error_bytes, "%s", explored->outcome.error);
    explore_script_close(explored);
    return NULL;
}

void explore_script_close(struct explore_script *explored)
{
    if (!explored)
        return;
    struct script *script = &explored->script;
    program_tree_destroy(explored->tree);
    if (script->state)
        lua_close(script->state);
    if (script->has_machine)
        frame_allocator_destroy(&script->simulation.frames);
    plugin_list_destroy(script->simulation.plugins);
    free(script->text);
    free(explored);
}

const struct exploration_config *explore_script_config(const struct explore_script *explored)
{
    return &explored->exploration.config;
}

const char *explore_script_table(const struct explore_script *explored)
{
    const struct pagetable_class *table = explored->exploration.config.table;
    const char *file = plugin_list_file(explored->script.simulation.plugins, table);
    return file ? file : table->name;
}

uint32_t explore_script_line(const struct explore_script *explored, uint32_t node)
{
    return program_tree_line(explored->tree, node);
}

const struct explore_outcome *explore_script_outcome(const struct explore_script *explored, unsigned n)
{
    return &explored->exploration.outcomes[n].told;
}

unsigned explore_script_outcome_count(const struct explore_script *explored)
{
    return explored->exploration.outcome_count;
}

bool explore_script_has_table(const struct explore_script *explored)
{
    return explored->exploration.space_given;
}
