/*
 * Programs that are explored. Each is performed as a coroutine: what it asks is answered from the log as far
 * as that goes, and at its first new request it yields, for ever.
 */
#include <stdio.h>
#include <string.h>

#include "sim/lua/lua_explore.h"

#define STAGES_MAX       64
#define INSTRUCTIONS_MAX 10000000 /* of Lua, between a program's beginning and its end */

/* ---- What programs are made of ------------------------------------------------------------------- */

static unsigned keep_function(lua_State *state, int index)
{
    lua_pushvalue(state, index);
    return (unsigned)luaL_ref(state, LUA_REGISTRYINDEX);
}

/* The functions of one stage: one, or a list of them. */
static struct program_stage read_stage(lua_State *state, int index)
{
    bool list = lua_istable(state, index);
    size_t count = list ? lua_rawlen(state, index) : 1;
    unsigned *functions = exploration_memory(state, (count + 1) * sizeof *functions);
    if (count == 0)
        luaL_error(state, "a list of functions is empty; it must have one at least");
    for (size_t i = 0; i < count; i++) {
        if (list)
            lua_rawgeti(state, index, (lua_Integer)i + 1);
        else
            lua_pushvalue(state, index);
        if (!lua_isfunction(state, -1))
            luaL_error(state, "a program is made of functions, and this is %s", luaL_typename(state, -1));
        functions[i] = keep_function(state, lua_gettop(state));
        lua_pop(state, 1);
    }
    return (struct program_stage){functions, (unsigned)count};
}

/* The plan of the core at index 1, which has none yet. */
static struct program_plan *check_plan(lua_State *state)
{
    struct script_core *core = check_core(state, 1);
    struct program_plan *plan = &core->script->exploration->plans[core->index];
    if (core->script->simulation.running || core->script->current != NO_CORE)
        luaL_error(state, "programs are given before the exploration begins");
    if (plan->stages)
        luaL_error(state, "core %d has a program already", (int)core->index + 1);
    return plan;
}

/* core:program(f), core:program { f, g }: one after the other; core:program { f, { g, h } }: f, then g or h.
 */
int explored_program(lua_State *state)
{
    struct program_plan *plan = check_plan(state);
    bool list = lua_istable(state, 2);
    if (!list && !lua_isfunction(state, 2))
        return luaL_error(state, "the program is %s; it must be a function, or a list of functions",
                          luaL_typename(state, 2));
    size_t count = list ? lua_rawlen(state, 2) : 1;
    if (count == 0 || count > STAGES_MAX)
        return luaL_error(state, "the program has %d functions; it must have from 1 to %d", (int)count,
                          STAGES_MAX);
    struct program_stage *stages = exploration_memory(state, count * sizeof *stages);
    for (size_t i = 0; i < count; i++) {
        if (list)
            lua_rawgeti(state, 2, (lua_Integer)i + 1);
        else
            lua_pushvalue(state, 2);
        stages[i] = read_stage(state, lua_gettop(state));
        lua_pop(state, 1);
    }
    *plan = (struct program_plan){stages, (unsigned)count};
    return 0;
}

/* core:sequences(n, { f, g, h }): every sequence of n of them. */
int explored_sequences(lua_State *state)
{
    struct program_plan *plan = check_plan(state);
    unsigned count = (unsigned)check_range(state, 2, "the length of the sequences", 1, STAGES_MAX);
    luaL_argexpected(state, lua_istable(state, 3), 3, "table");
    struct program_stage *stages = exploration_memory(state, count * sizeof *stages);
    stages[0] = read_stage(state, 3);
    for (unsigned i = 1; i < count; i++)
        stages[i] = stages[0];
    *plan = (struct program_plan){stages, count};
    return 0;
}

int explored_before(lua_State *state)
{
    struct script *script = script_of(state);
    luaL_argexpected(state, lua_isfunction(state, 2), 2, "function");
    if (script->simulation.running || script->current != NO_CORE)
        return luaL_error(state, "m:before is for the script, not for programs");
    lua_settop(state, 2);
    push_core(state, &script->cores[0]);
    script->current = 0;
    int status = lua_pcall(state, 1, 0, 0);
    script->current = NO_CORE;
    return status == LUA_OK ? 0 : lua_error(state);
}

/* ---- What programs ask --------------------------------------------------------------------------- */

/* The line of the innermost Lua function. */
static uint32_t line_of(lua_State *state)
{
    lua_Debug function;
    for (int level = 0; lua_getstack(state, level, &function); level++)
        if (lua_getinfo(state, "l", &function) && function.currentline > 0)
            return (uint32_t)function.currentline;
    return 0;
}

const struct program_answer *explored_ask(lua_State *state, struct script_exploration *exploration,
                                          const struct program_request *request)
{
    struct program_run *run = exploration->run;
    if (!run) {
        luaL_error(state, "before the programs nothing but the page table is called");
        __builtin_unreachable(); /* luaL_error does not return */
    }
    const struct program_answer *answer = program_run_ask(run, request);
    if (answer)
        return answer;
    if (!lua_isyieldable(state))
        luaL_error(state, "a program that is explored cannot wait here, in a function that one of Lua's "
                          "libraries calls (table.sort, string.gsub, ...)");
    run->line = line_of(state);
    exploration->asked = true;
    lua_yield(state, 0);
    __builtin_unreachable(); /* it is never resumed */
}

static struct program_request access_request(lua_State *state, const struct core_operation *operation)
{
    unsigned bytes = operation->access_kind == ACCESS_FETCH ? 4 : 8;
    if (operation->size_bytes != bytes || operation->address % bytes != 0)
        luaL_error(state, "an access that is explored has %d bytes and is aligned to them", (int)bytes);
    return (struct program_request){.kind = PROGRAM_ACCESS,
                                    .access = operation->access_kind,
                                    .privilege = operation->privilege,
                                    .va = operation->address,
                                    .value = operation->access_kind == ACCESS_STORE ? operation->value : 0};
}

static struct program_request request_of(lua_State *state, const struct core_operation *operation)
{
    switch (operation->kind) {
    case CORE_ACCESS:
        return access_request(state, operation);
    case CORE_READ:
        return (struct program_request){.kind = PROGRAM_READ, .pa = operation->address};
    case CORE_WRITE:
        return (struct program_request){
            .kind = PROGRAM_WRITE, .pa = operation->address, .value = operation->value};
    case CORE_COMPARE_EXCHANGE:
        return (struct program_request){.kind = PROGRAM_COMPARE_EXCHANGE,
                                        .pa = operation->address,
                                        .expected = operation->expected,
                                        .value = operation->value};
    case CORE_BARRIER:
        return (struct program_request){.kind = PROGRAM_BARRIER, .barrier = operation->barrier};
    case CORE_INVALIDATE:
        return (struct program_request){.kind = PROGRAM_INVALIDATE, .invalidation = operation->invalidation};
    default:
        luaL_error(state, "this has no place in an exploration");
        __builtin_unreachable(); /* luaL_error does not return */
    }
}

const struct core_result *explored_do(lua_State *state, struct script_core *core,
                                      const struct core_operation *operation)
{
    struct script_exploration *exploration = core->script->exploration;
    const struct program_request request = request_of(state, operation);
    const struct program_answer *answer = explored_ask(state, exploration, &request);
    exploration->result = (struct core_result){.value = answer->value,
                                               .fault = (enum fault_kind)answer->fault,
                                               .fault_level = answer->fault_level,
                                               .fault_va = operation->address,
                                               .fault_access = operation->access_kind,
                                               .fault_privilege = operation->privilege,
                                               .fault_stage = 1,
                                               .fault_ipa = EVENT_NEVER};
    return &exploration->result;
}

enum pagetable_result explored_call(lua_State *state, struct script_core *core,
                                    const struct operation_call *call, struct mapping *found)
{
    struct script_exploration *exploration = core->script->exploration;
    const struct program_request request = {.kind = PROGRAM_CALL, .call = *call};
    if (!exploration->run) { /* what comes of it is not known yet: that it succeeds is checked later */
        if (call->kind == CALL_QUERY)
            luaL_error(state, "before the programs nothing can be asked of the page table");
        exploration_add_before(state, call);
        return PAGETABLE_OK;
    }
    const struct program_answer *answer = explored_ask(state, exploration, &request);
    if (found)
        *found = answer->found;
    return answer->result;
}

/* ---- Performing ---------------------------------------------------------------------------------- */

/* Raised again at every step, so that a program that catches all errors in a loop ends too. */
static void raise_endless(lua_State *state, lua_Debug *step)
{
    (void)step;
    lua_sethook(state, raise_endless, LUA_MASKCOUNT, 1);
    lua_pushfstring(state, "%s:%d: the program does not end: it has performed %d instructions of Lua",
                    script_of(state)->options->script, (int)line_of(state), INSTRUCTIONS_MAX);
    lua_error(state);
}

/* Results are for outcomes: where none is named, what a function gives is nothing. */
static void end_run(lua_State *state, struct program_run *run)
{
    if (script_of(state)->exploration->outcome_count == 0 || lua_isnil(state, -1))
        program_run_end(run);
    else if (lua_isinteger(state, -1))
        program_run_end_with(run, (uint64_t)lua_tointeger(state, -1));
    else
        (void)snprintf(
            run->error, sizeof run->error,
            "%s: the program of core %u gives %s; the result of a program is an integer, or nothing",
            script_of(state)->options->script, run->program + 1, luaL_typename(state, -1));
}

/* With the function's result or message on top. */
static int function_ended(lua_State *state, int status, lua_KContext unused)
{
    struct program_run *run = script_of(state)->exploration->run;
    (void)unused;
    if (status == LUA_OK || status == LUA_YIELD) {
        end_run(state, run);
        return 0;
    }
    const char *message = lua_tostring(state, -1);
    (void)snprintf(run->error, sizeof run->error, "%s", message ? message : "the program failed");
    return 0;
}

/* The body of a program's coroutine: (function, core). */
static int perform_function(lua_State *state)
{
    lua_pushcfunction(state, script_message);
    lua_insert(state, 1);
    return function_ended(state, lua_pcallk(state, 1, 1, 1, 0, function_ended), 0);
}

static void reset_core(struct script_core *core, struct address_space *space)
{
    core->kernel = false;
    core->space = space;
    core->controls = space->context.regime.controls;
}

static void check_shared(lua_State *state, const struct script *script, const struct program_run *run)
{
    const char *name = exploration_changed_variable(state, script->exploration);
    if (name)
        luaL_error(state,
                   "%s: the program of core %d changes %s%s%s, which it shares with its next performance and "
                   "with other programs; what is explored changes nothing but variables of its own",
                   script->options->script, (int)run->program + 1,
                   strcmp(name, "_ENV") ? "the variable '" : "",
                   strcmp(name, "_ENV") ? name : "a global table", strcmp(name, "_ENV") ? "'" : "");
}

/* (run), protected: memory may be short. */
static int perform_protected(lua_State *state)
{
    struct script *script = script_of(state);
    struct program_run *run = lua_touserdata(state, 1);
    struct script_core *core = &script->cores[run->program];
    lua_State *thread = lua_newthread(state);
    int results;
    if (!script->exploration->shared)
        check_shared(state, script, run);
    reset_core(core, script->exploration->starts[run->program]);
    lua_sethook(thread, raise_endless, LUA_MASKCOUNT, INSTRUCTIONS_MAX);
    lua_pushcfunction(thread, perform_function);
    lua_rawgeti(thread, LUA_REGISTRYINDEX, (lua_Integer)run->function);
    push_core(thread, core);
    int status = lua_resume(thread, state, 2, &results);
    if (status == LUA_OK || (status == LUA_YIELD && script->exploration->asked)) {
        if (run->error[0] == '\0')
            check_shared(state, script, run);
        return 0;
    }
    lua_xmove(thread, state, 1);
    return lua_error(state);
}

bool explored_perform(void *context, struct program_run *run)
{
    struct script *script = context;
    lua_State *state = script->state;
    script->exploration->run = run;
    script->exploration->asked = false;
    script->current = run->program;
    lua_pushcfunction(state, perform_protected);
    lua_pushlightuserdata(state, run);
    if (lua_pcall(state, 1, 0, 0) != LUA_OK) {
        const char *message = lua_tostring(state, -1);
        (void)snprintf(run->error, sizeof run->error, "%s", message ? message : "the program failed");
        lua_pop(state, 1);
    }
    script->current = NO_CORE;
    script->exploration->run = NULL;
    return run->error[0] == '\0';
}
