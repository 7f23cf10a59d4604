/*
 * run_script: a script from its file to its outcome.
 */
#include "sim/lua/lua_script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct script *script_of(lua_State *state)
{
    return *(struct script **)lua_getextraspace(state);
}

int script_raise(lua_State *state)
{
    return luaL_error(state, "%s", script_of(state)->simulation.error);
}

/* Raised again at every step, so that a program that catches all errors in a loop ends too. */
static void raise_stopped(lua_State *state, lua_Debug *step)
{
    (void)step;
    lua_sethook(state, raise_stopped, LUA_MASKCOUNT, 1);
    luaL_error(state, "the run was stopped");
}

/* `state` is the core's own Lua thread, or a coroutine that it runs. */
static void stop_program(lua_State *state, const struct script_core *core)
{
    if (core)
        lua_sethook(core->thread, raise_stopped, LUA_MASKCOUNT, 1);
    raise_stopped(state, NULL);
}

void script_resumed(lua_State *state, struct script_core *core)
{
    struct script *script = script_of(state);
    if (script->exploration)
        return;
    if (core)
        script->current = core->index;
    if (program_host_stopping(script->simulation.host) || machine_error(script->simulation.machine))
        stop_program(state, core);
    if (script->simulation.error[0] != '\0')
        script_raise(state);
}

const struct core_result *script_do(lua_State *state, struct script_core *core,
                                    const struct core_operation *operation)
{
    if (core->script->exploration)
        return explored_do(state, core, operation);
    const struct core_result *result = simulation_do(&core->script->simulation, core->index, operation);
    script_resumed(state, core);
    if (!result)
        stop_program(state, core);
    return result;
}

const struct mmu_config *script_config(const struct script *script)
{
    return script->exploration ? exploration_parameters(script->exploration)
                               : machine_config(script->simulation.machine);
}

char *read_text(const char *path, size_t *length, const char *what, char *error, size_t error_bytes)
{
    char *text = NULL;
    size_t used = 0, capacity = 0;
    FILE *file = fopen(path, "rb");
    if (!file) {
        snprintf(error, error_bytes, "%s: %s; give the path of a %s", path, strerror(errno), what);
        return NULL;
    }
    do {
        if (used + 4096 > capacity) {
            capacity = capacity ? 2 * capacity : 16384;
            char *grown = realloc(text, capacity);
            if (!grown)
                break;
            text = grown;
        }
        used += fread(text + used, 1, capacity - used - 1, file);
    } while (!feof(file) && !ferror(file));
    bool failed = !text || ferror(file) || !feof(file);
    if (fclose(file) != 0 || failed) {
        snprintf(error, error_bytes, "%s: it cannot be read as a file", path);
        free(text);
        return NULL;
    }
    text[used] = '\0';
    *length = used;
    return text;
}

static void push_arguments(lua_State *state, const struct run_options *options)
{
    lua_createtable(state, options->argument_count, 1);
    lua_pushstring(state, options->script);
    lua_rawseti(state, -2, 0);
    for (int i = 0; i < options->argument_count; i++) {
        lua_pushstring(state, options->arguments[i]);
        lua_rawseti(state, -2, i + 1);
    }
    lua_setglobal(state, "arg");
}

/* Everything that may raise before the script itself runs; called protected. */
static int prepare(lua_State *state)
{
    const struct run_options *options = script_of(state)->options;
    open_sandbox(state, options->unsandboxed);
    push_arguments(state, options);
    open_faults(state);
    open_machine(state);
    open_cores(state);
    open_spaces(state);
    open_streams(state);
    open_exploration(state);
    close_globals(state);
    if (options->watch && options->watch->call)
        open_calls(state);
    return 0;
}

/* Where the innermost Lua function stands: "file:line: ", pushed. */
static const char *push_place(lua_State *state)
{
    lua_Debug function;
    int level = 1;
    while (lua_getstack(state, level, &function) && lua_getinfo(state, "l", &function) &&
           function.currentline < 0)
        level++;
    luaL_where(state, level);
    return lua_tostring(state, -1);
}

/* Of what was raised, a text is the message already; a fault, say, becomes one. */
int script_message(lua_State *state)
{
    if (lua_type(state, 1) == LUA_TSTRING)
        return 1;
    const char *place = push_place(state);
    if (luaL_getmetafield(state, 1, "__tostring") == LUA_TNIL)
        lua_pushfstring(state, "%sa %s was raised, and no message", place, luaL_typename(state, 1));
    else
        lua_pushfstring(state, "%s%s", place, luaL_tolstring(state, 1, NULL));
    return 1;
}

static bool tell_error(struct script *script, lua_State *state)
{
    const char *message = lua_tostring(state, -1);
    if (script->outcome->error[0] == '\0')
        snprintf(script->outcome->error, sizeof script->outcome->error, "%s",
                 message ? message : "the script failed without a message");
    return false;
}

/* The main chunk: it builds the machine and gives the programs. */
static bool run_main_chunk(struct script *script, size_t length)
{
    lua_State *state = script->state;
    char name[1100];
    snprintf(name, sizeof name, "@%s", script->options->script);
    lua_pushcfunction(state, prepare);
    if (lua_pcall(state, 0, 0, 0) != LUA_OK)
        return tell_error(script, state);
    size_t skip = 0;
    if (script->text[0] == '#') /* "#!/usr/bin/env mmusim" */
        skip = strcspn(script->text, "\n");
    lua_pushcfunction(state, script_message);
    if (luaL_loadbufferx(state, script->text + skip, length - skip, name, "t") != LUA_OK ||
        lua_pcall(state, 0, 0, lua_gettop(state) - 1) != LUA_OK)
        return tell_error(script, state);
    if (script->has_machine)
        return true;
    snprintf(script->outcome->error, sizeof script->outcome->error,
             "%s: the script ended without a machine; it must call %s { ... }", script->options->script,
             script->exploration ? "explore" : "machine");
    return false;
}

static bool run_programs(struct script *script)
{
    bool ran = simulation_run(&script->simulation);
    if (simulation_finish(&script->simulation, !ran))
        return true;
    if (script->outcome->error[0] == '\0')
        snprintf(script->outcome->error, sizeof script->outcome->error, "%s%s", script->simulation.error,
                 script->simulation.error[0] ? "" : "the run failed");
    return false;
}

/* The script's, which the caller frees; NULL with a sentence. */
static char *take_text(const struct run_options *options, size_t *length, struct run_outcome *outcome)
{
    if (!options->text)
        return read_text(options->script, length, "Lua script", outcome->error, sizeof outcome->error);
    *length = strlen(options->text);
    char *text = strdup(options->text);
    if (!text)
        snprintf(outcome->error, sizeof outcome->error, "out of memory");
    return text;
}

bool script_evaluate(struct script *script)
{
    size_t length = 0;
    *(struct script **)lua_getextraspace(script->state) = script;
    script->current = NO_CORE;
    script->text = take_text(script->options, &length, script->outcome);
    return script->text && run_main_chunk(script, length);
}

int run_script(const struct run_options *options, struct run_outcome *outcome)
{
    struct script *script = calloc(1, sizeof *script);
    memset(outcome, 0, sizeof *outcome);
    bool ran = false;
    if (script)
        script->state = luaL_newstate();
    if (!script || !script->state) {
        snprintf(outcome->error, sizeof outcome->error, "out of memory");
    } else {
        script->options = options;
        script->outcome = outcome;
        ran = script_evaluate(script) && run_programs(script);
        script->current = NO_CORE; /* what the script's finalizers may still do, when lua_close calls them */
        lua_close(script->state);
        if (script->has_machine)
            simulation_close(&script->simulation);
        free(script->text);
    }
    free(script);
    return ran ? 0 : 2;
}

void run_outcome_free(struct run_outcome *outcome)
{
    free(outcome->cores);
    free(outcome->regions);
    memset(outcome, 0, sizeof *outcome);
}
