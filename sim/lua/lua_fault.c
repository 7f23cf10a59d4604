/* Faults as scripts see them: a table that prints as a sentence. */
#include <inttypes.h>
#include <stdio.h>

#include "sim/lua/lua_script.h"

#define FAULT_TYPE "mmusim.fault"

static const char *const kinds[FAULT_KINDS] = {
    [FAULT_NONE] = "no",
    [FAULT_TRANSLATION] = "translation",
    [FAULT_ACCESS_FLAG] = "access flag",
    [FAULT_PERMISSION] = "permission",
    [FAULT_ADDRESS_SIZE] = "address size",
    [FAULT_EXTERNAL_ABORT] = "external abort",
};
static const char *const accesses[ACCESS_KINDS] = {"load", "store", "fetch"};

static int fault_text(lua_State *state)
{
    lua_settop(state, 1);
    lua_getfield(state, 1, "kind");
    lua_getfield(state, 1, "level");
    lua_pushfstring(state, "%s fault, level %d", lua_tostring(state, 2), (int)lua_tointeger(state, 3));
    return 1;
}

void push_fault(lua_State *state, const struct core_result *result)
{
    lua_createtable(state, 0, 6);
    lua_pushstring(state, kinds[result->fault]);
    lua_setfield(state, -2, "kind");
    lua_pushinteger(state, result->fault_level);
    lua_setfield(state, -2, "level");
    lua_pushinteger(state, (lua_Integer)result->fault_va);
    lua_setfield(state, -2, "va");
    lua_pushinteger(state, (lua_Integer)result->fault_pc);
    lua_setfield(state, -2, "pc");
    lua_pushstring(state, accesses[result->fault_access]);
    lua_setfield(state, -2, "access");
    lua_pushstring(state, result->fault_privilege == PRIVILEGE_USER ? "user" : "kernel");
    lua_setfield(state, -2, "privilege");
    luaL_setmetatable(state, FAULT_TYPE);
}

void push_fault_text(lua_State *state, const struct core_result *result)
{
    char text[160];
    snprintf(text, sizeof text, "%s fault, level %u, of a %s by the %s at 0x%" PRIx64, kinds[result->fault],
             result->fault_level, accesses[result->fault_access],
             result->fault_privilege == PRIVILEGE_USER ? "user" : "kernel", result->fault_va);
    lua_pushstring(state, text);
}

void open_faults(lua_State *state)
{
    luaL_newmetatable(state, FAULT_TYPE);
    lua_pushcfunction(state, fault_text);
    lua_setfield(state, -2, "__tostring");
    lua_pop(state, 1);
}
