/* Loads calls.lua, which wraps the methods that scripts call. */
#include "sim/lua/lua_calls.h"

#include <string.h>

#include "sim/lua/lua_script.h"

/* emit(line) */
static int emit_line(lua_State *state)
{
    const struct run_watch *watch = script_of(state)->options->watch;
    size_t length;
    const char *line = luaL_checklstring(state, 1, &length);
    watch->call(watch->context, line, length);
    return 0;
}

/* stream_seed(core, n): of the core's n-th stream, if it says none itself. */
static int push_stream_seed(lua_State *state)
{
    const struct script *script = script_of(state);
    unsigned core = (unsigned)luaL_checkinteger(state, 1) - 1;
    lua_pushinteger(state, (lua_Integer)stream_seed(script, core, (uint64_t)luaL_checkinteger(state, 2)));
    return 1;
}

/* They are behind a type's __index: the first upvalue of its function. */
void push_methods(lua_State *state, const char *type)
{
    luaL_getmetatable(state, type);
    lua_getfield(state, -1, "__index");
    if (!lua_getupvalue(state, -1, 1))
        luaL_error(state, "the type %s has no methods", type);
    lua_replace(state, -3);
    lua_pop(state, 1);
}

static void set_methods(lua_State *state, const char *type, const char *name)
{
    push_methods(state, type);
    lua_setfield(state, -2, name);
}

void open_calls(lua_State *state)
{
    const char *text = lua_text_calls[0].text;
    if (luaL_loadbufferx(state, text, strlen(text), "=calls", "t") != LUA_OK)
        lua_error(state);
    lua_newtable(state);
    set_methods(state, CORE_TYPE, "core");
    set_methods(state, SPACE_TYPE, "space");
    set_methods(state, MACHINE_TYPE, "machine");
    lua_pushcfunction(state, emit_line);
    lua_pushcfunction(state, push_stream_seed);
    lua_call(state, 3, 0);
}
