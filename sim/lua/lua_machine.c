/*
 * machine { ... }: the run that it opens, and m's methods.
 */
#include <string.h>

#include "sim/lua/lua_script.h"

void seed_random(lua_State *state, uint64_t seed)
{
    lua_getglobal(state, "math");
    lua_getfield(state, -1, "randomseed");
    lua_pushinteger(state, (lua_Integer)seed);
    lua_call(state, 1, 0);
    lua_pop(state, 1);
}

static int missing_core(lua_State *state)
{
    struct script *script = script_of(state);
    return luaL_error(state, "there is no core %s: the machine has cores 1 to %d",
                      luaL_tolstring(state, 2, NULL), (int)script_config(script)->cores);
}

static void push_core_table(lua_State *state, struct script *script)
{
    unsigned cores = (unsigned)script_config(script)->cores;
    lua_createtable(state, (int)cores, 0);
    for (unsigned i = 0; i < cores; i++) {
        script_core_init(script, i);
        push_core(state, &script->cores[i]);
        lua_rawseti(state, -2, i + 1);
    }
    lua_createtable(state, 0, 1);
    lua_pushcfunction(state, missing_core);
    lua_setfield(state, -2, "__index");
    lua_setmetatable(state, -2);
}

int push_machine(lua_State *state, struct script *script)
{
    lua_createtable(state, 0, 1);
    push_core_table(state, script);
    lua_setfield(state, -2, "core");
    luaL_setmetatable(state, MACHINE_TYPE);
    return 1;
}

static int new_machine(lua_State *state)
{
    struct script *script = script_of(state);
    struct machine_description description;
    luaL_argexpected(state, lua_istable(state, 1), 1, "table");
    lua_settop(state, 1);
    if (script->has_machine)
        return luaL_error(state, "a script builds one machine, and this one has it already");
    read_description(state, 1, &description);
    struct simulation_config config = {.machine = description.config,
                                       .preset = description.preset,
                                       .format = description.format,
                                       .asid_bits = description.asid_bits,
                                       .options = script->options,
                                       .record = description.record,
                                       .check = description.check,
                                       .script_text = script->text};
    script->has_machine = true;
    script->asid_bits = description.asid_bits;
    script->format = description.format ? walk_format_find(description.format) : NULL;
    if (!simulation_open(&script->simulation, &config, script->outcome))
        return script_raise(state);
    seed_random(state, description.config.seed); /* math.random follows the machine's seed */
    return push_machine(state, script);
}

/* ---- methods ------------------------------------------------------------------------------------ */

static int machine_address_space(lua_State *state)
{
    if (lua_isnoneornil(state, 2)) {
        lua_settop(state, 1);
        lua_newtable(state);
    }
    return push_new_space(state, 2);
}

/* m:frames("2M"): physical memory of this size, aligned to it. */
static int machine_frames(lua_State *state)
{
    struct script *script = script_of(state);
    uint8_t size_lg2 = check_size_lg2(state, 2, "the size");
    uint64_t pa;
    if (size_lg2 < FRAME_BLOCK_LG2_MIN || size_lg2 > FRAME_BLOCK_LG2_MAX)
        return luaL_error(state, "the size must be from 4K to 256T");
    if (!frame_allocate(&script->simulation.frames, size_lg2, &pa))
        return luaL_error(state,
                          "no free physical memory of this size is left; memory.size sets how much there is");
    lua_pushinteger(state, (lua_Integer)pa);
    return 1;
}

static int machine_release_frames(lua_State *state)
{
    struct script *script = script_of(state);
    uint64_t pa = check_integer(state, 2, "the frame's address");
    uint8_t size_lg2 = check_size_lg2(state, 3, "the size");
    uint64_t memory_bytes = script_config(script)->memory_bytes;
    if (size_lg2 < FRAME_BLOCK_LG2_MIN || size_lg2 > FRAME_BLOCK_LG2_MAX ||
        pa & ((UINT64_C(1) << size_lg2) - 1) || pa == 0 || pa >= memory_bytes ||
        memory_bytes - pa < UINT64_C(1) << size_lg2)
        return luaL_error(state, "a frame is released with the address and size that m:frames gave it");
    if (!frame_release(&script->simulation.frames, pa, size_lg2))
        return luaL_error(state, "out of memory");
    return 0;
}

static struct script_core *calling_core(lua_State *state)
{
    struct script *script = script_of(state);
    if (script->current == NO_CORE)
        luaL_error(state, "this takes simulated time: it can be called from a core's program only");
    return &script->cores[script->current];
}

static int machine_barrier(lua_State *state)
{
    struct script_core *core = calling_core(state);
    size_t length;
    const char *name = luaL_optlstring(state, 2, "barrier", &length);
    if (length == 0 || length > MEETING_NAME_MAX || strlen(name) != length || name[0] == '(')
        return luaL_error(state,
                          "the name of a barrier has 1 to %d bytes, none of them zero, and does not begin "
                          "with a parenthesis",
                          MEETING_NAME_MAX);
    luaL_where(state, 1);
    simulation_meet(&core->script->simulation, core->index, name, lua_tostring(state, -1));
    script_resumed(state, core);
    return 0;
}

static int begin_region(lua_State *state, const char *name)
{
    struct script_core *core = calling_core(state);
    luaL_where(state, 1);
    simulation_region(&core->script->simulation, core->index, name, lua_tostring(state, -1));
    script_resumed(state, core);
    return 0;
}

static int machine_warmup(lua_State *state)
{
    return begin_region(state, "after warm-up");
}

static int machine_region(lua_State *state)
{
    return begin_region(state, luaL_checkstring(state, 2));
}

/* What is not in the machine's table: `core` is. */
static int machine_index(lua_State *state)
{
    const char *name = luaL_checkstring(state, 2);
    if (lua_getfield(state, lua_upvalueindex(1), name) == LUA_TNIL)
        return raise_no_member(state, "a machine", lua_upvalueindex(1), name);
    return 1;
}

void open_machine(lua_State *state)
{
    static const luaL_Reg methods[] = {
        {"address_space", machine_address_space},
        {"frames", machine_frames},
        {"barrier", machine_barrier},
        {"release_frames", machine_release_frames},
        {"warmup", machine_warmup},
        {"region", machine_region},
        {NULL, NULL},
    };
    luaL_newmetatable(state, MACHINE_TYPE);
    luaL_newlib(state, methods);
    lua_pushcclosure(state, machine_index, 1);
    lua_setfield(state, -2, "__index");
    lua_pop(state, 1);
    lua_pushcfunction(state, new_machine);
    lua_setglobal(state, "machine");
}
