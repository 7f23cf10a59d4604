/*
 * m:outcome(name, verdict, f): what an exploration is asked of the ends of its runs.
 */
#include <stdio.h>
#include <string.h>

#include "sim/lua/lua_explore.h"

static const char *const verdict_names[] = {"allowed", "forbidden", NULL};

/* memory(pa), for f: its end is upvalue 1. */
static int read_end(lua_State *state)
{
    const struct explored_end *end = lua_touserdata(state, lua_upvalueindex(1));
    uint64_t pa = check_integer(state, 1, "the physical address");
    if (pa % 8 != 0)
        luaL_error(state, "the physical address is %I; it must be a multiple of 8", (LUAI_UACINT)pa);
    lua_pushinteger(state, (lua_Integer)explored_end_word(end, pa));
    return 1;
}

/* (outcome, end), protected: f(result of core 1, ..., memory). */
static int ask_one(lua_State *state)
{
    const struct script_exploration *exploration = script_of(state)->exploration;
    const struct script_outcome *outcome = lua_touserdata(state, 1);
    struct explored_end *end = lua_touserdata(state, 2);
    unsigned cores = exploration->config.machine.cores;
    lua_rawgeti(state, LUA_REGISTRYINDEX, outcome->function);
    for (unsigned core = 0; core < cores; core++)
        if (end->given >> core & 1)
            lua_pushinteger(state, (lua_Integer)end->results[core]);
        else
            lua_pushnil(state);
    lua_pushlightuserdata(state, end);
    lua_pushcclosure(state, read_end, 1);
    lua_call(state, (int)cores + 1, 1);
    lua_pushboolean(state, lua_toboolean(state, -1));
    return 1;
}

static bool judge(void *context, const struct explored_end *end, uint32_t *which, const char **why)
{
    struct script *script = context;
    struct script_exploration *exploration = script->exploration;
    lua_State *state = script->state;
    struct explored_end asked = *end;
    *which = 0;
    for (unsigned i = 0; i < exploration->outcome_count; i++) {
        lua_pushcfunction(state, ask_one);
        lua_pushlightuserdata(state, &exploration->outcomes[i]);
        lua_pushlightuserdata(state, &asked);
        if (lua_pcall(state, 2, 1, 0) != LUA_OK) {
            const char *message = lua_tostring(state, -1);
            (void)snprintf(exploration->outcome_error, sizeof exploration->outcome_error,
                           "the outcome '%s': %s", exploration->outcomes[i].told.name,
                           message ? message : "its function failed");
            lua_pop(state, 1);
            *why = exploration->outcome_error;
            return false;
        }
        *which |= (uint32_t)lua_toboolean(state, -1) << i;
        lua_pop(state, 1);
    }
    return true;
}

int explored_outcome(lua_State *state)
{
    struct script *script = script_of(state);
    struct script_exploration *exploration = script->exploration;
    const char *name = luaL_checkstring(state, 2);
    int verdict = check_choice(state, 3, "the verdict", verdict_names);
    luaL_argexpected(state, lua_isfunction(state, 4), 4, "function");
    if (script->simulation.running || script->current != NO_CORE)
        return luaL_error(state, "outcomes are named before the exploration begins");
    if (exploration->outcome_count == EXPLORATION_OUTCOMES)
        return luaL_error(state, "an exploration has %d outcomes at the most", (int)EXPLORATION_OUTCOMES);
    char *kept = exploration_memory(state, strlen(name) + 1);
    memcpy(kept, name, strlen(name) + 1);
    lua_settop(state, 4);
    exploration->outcomes[exploration->outcome_count++] =
        (struct script_outcome){.told = {kept, verdict == 1}, .function = luaL_ref(state, LUA_REGISTRYINDEX)};
    exploration->config.outcomes = (struct exploration_outcomes){script, judge};
    return 0;
}
