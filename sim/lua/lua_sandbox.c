/*
 * What a script sees: Lua's libraries without files, processes, clocks or native code; no accidental globals;
 * and nothing whose order or value differs from run to run.
 */
#include <inttypes.h>
#include <stdio.h>

#include "sim/lua/lua_script.h"

/*
 * Lua's own order of text keys changes with each run (its hash is seeded from the clock and addresses), so
 * `pairs` visits numbers and texts in order, then all other keys.
 */
static const char prelude[] =
    "local next, type, sort, setmetatable, error, rawset, rawget = next, type, table.sort, setmetatable, "
    "error, rawset, rawget\n"
    "local getmetatable = getmetatable\n"
    "local rank = { number = 1, string = 2 }\n"
    "local function before(a, b)\n"
    "  local x, y = rank[type(a)], rank[type(b)]\n"
    "  if x ~= y then return x < y end\n"
    "  return a < b\n"
    "end\n"
    "function pairs(t)\n"
    "  local meta = getmetatable(t)\n"
    "  if type(meta) == 'table' and meta.__pairs then return meta.__pairs(t) end\n"
    "  local keys, others = {}, {}\n"
    "  for key in next, t do\n"
    "    if rank[type(key)] then keys[#keys + 1] = key else others[#others + 1] = key end\n"
    "  end\n"
    "  sort(keys, before)\n"
    "  for _, key in ipairs(others) do keys[#keys + 1] = key end\n"
    "  local place = 0\n"
    "  return function()\n"
    "    repeat\n"
    "      place = place + 1\n"
    "      local key = keys[place]\n"
    "      if key == nil then return nil end\n"
    "      local value = t[key]\n"
    "      if value ~= nil then return key, value end\n"
    "    until false\n"
    "  end, t, nil\n"
    "end\n"
    "setmetatable(_G, {\n"
    "  __newindex = function(_, name) error(\"'\" .. tostring(name) .. \"' is no local variable: write local "
    "in front of its first use\", 2) end,\n"
    "  __index = function(_, name) error(\"'\" .. tostring(name) .. \"' is not known here\", 2) end,\n"
    "  __metatable = false,\n"
    "})\n";

static int hex_text(lua_State *state)
{
    push_hex(state, check_integer(state, 1, "the number"));
    return 1;
}

static int size_number(lua_State *state)
{
    lua_pushinteger(state, (lua_Integer)check_size(state, 1, "the size"));
    return 1;
}

/* page(va [, size]): the base of the page that contains va. */
static int page_base(lua_State *state)
{
    uint64_t va = check_integer(state, 1, "the address");
    uint8_t size_lg2 = lua_isnoneornil(state, 2) ? 12 : check_size_lg2(state, 2, "the page size");
    lua_pushinteger(state, (lua_Integer)(va >> size_lg2 << size_lg2));
    return 1;
}

static void open_library(lua_State *state, const char *name, lua_CFunction open)
{
    luaL_requiref(state, name, open, 1);
    lua_pop(state, 1);
}

static void remove_global(lua_State *state, const char *name)
{
    lua_pushnil(state);
    lua_setglobal(state, name);
}

/* load(text [, name [, mode [, environment]]]). Text only: precompiled code could break out of the sandbox.
 */
static int load_text(lua_State *state)
{
    size_t length;
    const char *text = luaL_checklstring(state, 1, &length);
    const char *name = luaL_optstring(state, 2, text);
    bool has_environment = !lua_isnone(state, 4);
    if (luaL_loadbufferx(state, text, length, name, "t") == LUA_OK) {
        if (has_environment) {
            lua_pushvalue(state, 4);
            if (!lua_setupvalue(state, -2, 1))
                lua_pop(state, 1);
        }
        return 1;
    }
    lua_pushnil(state);
    lua_insert(state, -2);
    return 2;
}

void open_sandbox(lua_State *state, bool unsandboxed)
{
    static const luaL_Reg globals[] = {
        {"hex", hex_text}, {"size", size_number}, {"page", page_base}, {NULL, NULL}};
    if (unsandboxed) {
        luaL_openlibs(state);
    } else {
        open_library(state, LUA_GNAME, luaopen_base);
        open_library(state, LUA_TABLIBNAME, luaopen_table);
        open_library(state, LUA_STRLIBNAME, luaopen_string);
        open_library(state, LUA_MATHLIBNAME, luaopen_math);
        open_library(state, LUA_UTF8LIBNAME, luaopen_utf8);
        open_library(state, LUA_COLIBNAME, luaopen_coroutine);
        remove_global(state, "dofile");
        remove_global(state, "loadfile");
        remove_global(state, "collectgarbage");
        lua_register(state, "load", load_text);
    }
    lua_pushglobaltable(state);
    luaL_setfuncs(state, globals, 0);
    lua_pop(state, 1);
}

void close_globals(lua_State *state)
{
    if (luaL_loadbufferx(state, prelude, sizeof prelude - 1, "=prelude", "t") != LUA_OK)
        lua_error(state);
    lua_call(state, 0, 0);
}
