/*
 * core: what a program does on its core. Each call that takes time returns when it has passed.
 */
#include <string.h>

#include "sim/lua/lua_script.h"

#define OPENED_TYPE "mmusim.opened_stream"

static const char *const data_names[] = {"bus", "fixed", "none", NULL};
static const char *const privilege_names[] = {"user", "kernel", NULL};
static const char *const access_keys[] = {"bytes", "data", "privilege", "pc", NULL};
static const char *const run_keys[] = {"window", "data", "privilege", NULL};

struct script_core *check_core(lua_State *state, int index)
{
    struct script_core **core = luaL_testudata(state, index, CORE_TYPE);
    if (core && *core)
        return *core;
    luaL_error(state, "a core is wanted here, such as the argument of the program, not %s",
               luaL_typename(state, index));
    __builtin_unreachable(); /* luaL_error does not return */
}

struct script_core *check_own_core(lua_State *state, int index)
{
    struct script_core *core = check_core(state, index);
    if (core->script->current == NO_CORE)
        luaL_error(state, "this takes simulated time: it can be called from a core's program only");
    if (core->script->current != core->index)
        luaL_error(state, "the program of core %d cannot use core %d", (int)core->script->current + 1,
                   (int)core->index + 1);
    return core;
}

void require_space(lua_State *state, const struct script_core *core)
{
    if (!core->space)
        luaL_error(state, "core %d has no address space: call core:switch(as) first", (int)core->index + 1);
}

void push_core(lua_State *state, struct script_core *core)
{
    struct script_core **box = lua_newuserdatauv(state, sizeof(struct script_core *), 0);
    *box = core;
    luaL_setmetatable(state, CORE_TYPE);
}

void script_core_init(struct script *script, unsigned index)
{
    struct script_core *core = &script->cores[index];
    *core = (struct script_core){.script = script,
                                 .program = LUA_NOREF,
                                 .thread_reference = LUA_NOREF,
                                 .fault_handler = LUA_NOREF,
                                 .index = index};
    core->random = script_config(script)->seed * UINT64_C(0x9e3779b97f4a7c15) + index + 1;
}

/* ---- programs and faults ------------------------------------------------------------------------ */

static void run_program(void *context, unsigned index)
{
    struct script_core *core = context;
    struct script *script = core->script;
    lua_State *thread = core->thread;
    script->current = index;
    lua_pushcfunction(thread, script_message);
    lua_rawgeti(thread, LUA_REGISTRYINDEX, core->program);
    push_core(thread, core);
    if (lua_pcall(thread, 1, 0, 1) != LUA_OK) {
        const char *message = lua_tostring(thread, -1);
        if (!program_host_stopping(script->simulation.host) && !machine_error(script->simulation.machine)) {
            simulation_fail(&script->simulation, "%s",
                            message ? message : "the program failed without a message");
            program_host_stop(script->simulation.host);
        }
    }
    simulation_program_ends(&script->simulation, index);
}

static int core_program(lua_State *state)
{
    struct script_core *core = check_core(state, 1);
    struct script *script = core->script;
    luaL_argexpected(state, lua_isfunction(state, 2), 2, "function");
    if (script->simulation.running)
        return luaL_error(state, "programs are given before the run begins");
    if (!simulation_add_program(&script->simulation, core->index, run_program, core))
        return script_raise(state);
    lua_pushvalue(state, 2);
    core->program = luaL_ref(state, LUA_REGISTRYINDEX);
    core->thread = lua_newthread(state);
    core->thread_reference = luaL_ref(state, LUA_REGISTRYINDEX);
    return 0;
}

static int core_on_fault(lua_State *state)
{
    struct script_core *core = check_core(state, 1);
    luaL_argexpected(state, lua_isfunction(state, 2) || lua_isnil(state, 2), 2, "function or nil");
    luaL_unref(state, LUA_REGISTRYINDEX, core->fault_handler);
    core->fault_handler = LUA_NOREF;
    if (lua_isfunction(state, 2)) {
        lua_pushvalue(state, 2);
        core->fault_handler = luaL_ref(state, LUA_REGISTRYINDEX);
    }
    return 0;
}

/* Calls the handler; true if it says that the access can be tried again. */
static bool handle_fault(lua_State *state, struct script_core *core, const struct core_result *fault)
{
    if (core->fault_handler == LUA_NOREF)
        return false;
    lua_rawgeti(state, LUA_REGISTRYINDEX, core->fault_handler);
    push_core(state, core);
    push_fault(state, fault);
    if (lua_pcall(state, 2, 1, 0) != LUA_OK) {
        core->stream_waits = false; /* what raised ends its core:run too */
        lua_error(state);
    }
    bool handled = lua_toboolean(state, -1);
    lua_pop(state, 1);
    return handled;
}

/* ---- accesses ----------------------------------------------------------------------------------- */

static void read_options(lua_State *state, int table, const struct script_core *core,
                         struct core_operation *operation, enum data_mode standard)
{
    operation->privilege = core->kernel ? PRIVILEGE_KERNEL : PRIVILEGE_USER;
    operation->data_mode = standard;
    if (lua_isnoneornil(state, table))
        return;
    if (push_field(state, table, "data")) {
        operation->data_mode = (enum data_mode)check_choice(state, -1, "data", data_names);
        lua_pop(state, 1);
    }
    if (push_field(state, table, "privilege")) {
        operation->privilege = (enum privilege)check_choice(state, -1, "privilege", privilege_names);
        lua_pop(state, 1);
    }
}

static struct core_operation read_access(lua_State *state, struct script_core *core, enum access_kind kind,
                                         int options)
{
    struct core_operation operation = {
        .kind = CORE_ACCESS, .access_kind = kind, .size_bytes = kind == ACCESS_FETCH ? 4 : 8};
    require_space(state, core);
    operation.address = check_integer(state, 2, "the address");
    if (!lua_isnoneornil(state, options)) {
        check_keys(state, options, "the access", access_keys);
        if (push_field(state, options, "bytes")) {
            operation.size_bytes = (uint16_t)check_range(state, -1, "bytes", 1, 64);
            lua_pop(state, 1);
        }
        operation.pc = integer_field(state, options, "pc", 0);
    }
    read_options(state, options, core, &operation, DATA_BUS);
    operation.handled = core->fault_handler != LUA_NOREF;
    return operation;
}

/* Of the same address, stage and intermediate page. */
static bool is_same_fault(const struct core_result *one, const struct core_result *other)
{
    return one->fault_va == other->fault_va && one->fault_stage == other->fault_stage &&
           one->fault_ipa >> FRAME_BLOCK_LG2_MIN == other->fault_ipa >> FRAME_BLOCK_LG2_MIN;
}

/* Performs it, and once more after each handled fault: of a page-crossing access each half may have one, and
 * of two stages each may, the second for each table of the first. */
static struct core_result perform_access(lua_State *state, struct script_core *core,
                                         struct core_operation *operation)
{
    struct core_result result = *script_do(state, core, operation), before = {.fault = FAULT_NONE};
    for (unsigned handled = 0; result.fault != FAULT_NONE && handled < MMU_FAULTS_MAX; handled++) {
        if ((handled > 0 && is_same_fault(&result, &before)) || !handle_fault(state, core, &result))
            break;
        before = result;
        operation->retry = true;
        result = *script_do(state, core, operation);
    }
    return result;
}

static int push_failure(lua_State *state, const struct core_result *result)
{
    lua_pushnil(state);
    push_fault(state, result);
    return 2;
}

static int core_load(lua_State *state)
{
    struct script_core *core = check_own_core(state, 1);
    struct core_operation operation = read_access(state, core, ACCESS_LOAD, 3);
    struct core_result result = perform_access(state, core, &operation);
    if (result.fault != FAULT_NONE)
        return push_failure(state, &result);
    lua_pushinteger(state, (lua_Integer)result.value);
    return 1;
}

static int core_store(lua_State *state)
{
    struct script_core *core = check_own_core(state, 1);
    uint64_t value = check_integer(state, 3, "the value");
    struct core_operation operation = read_access(state, core, ACCESS_STORE, 4);
    operation.value = value;
    struct core_result result = perform_access(state, core, &operation);
    if (result.fault != FAULT_NONE)
        return push_failure(state, &result);
    lua_pushboolean(state, true);
    return 1;
}

static int core_fetch(lua_State *state)
{
    struct script_core *core = check_own_core(state, 1);
    struct core_operation operation = read_access(state, core, ACCESS_FETCH, 3);
    struct core_result result = perform_access(state, core, &operation);
    if (result.fault != FAULT_NONE)
        return push_failure(state, &result);
    lua_pushboolean(state, true);
    return 1;
}

/* ---- streams ------------------------------------------------------------------------------------ */

static int close_opened(lua_State *state)
{
    struct stream **opened = luaL_checkudata(state, 1, OPENED_TYPE);
    if (*opened)
        (*opened)->close(*opened);
    *opened = NULL;
    return 0;
}

/* Kept in a userdata, so that an error on the way closes it too. */
static struct stream **open_for_run(lua_State *state, int index, struct script_core *core)
{
    struct stream **opened = lua_newuserdatauv(state, sizeof(struct stream *), 0);
    *opened = NULL;
    luaL_setmetatable(state, OPENED_TYPE);
    *opened = check_stream(state, index, core);
    return opened;
}

static void raise_fault(lua_State *state, const struct script_core *core, const struct core_result *result)
{
    push_fault_text(state, result);
    const char *why = result->fault_again                ? "although it had been handled"
                      : core->fault_handler == LUA_NOREF ? "and the program has no handler (core:on_fault)"
                                                         : "and the handler did not return true";
    luaL_error(state, "core %d: %s, %s", (int)core->index + 1, lua_tostring(state, -1), why);
}

static struct core_result run_to_end(lua_State *state, struct script_core *core,
                                     struct core_operation *operation)
{
    struct core_result result = *script_do(state, core, operation);
    while (result.fault != FAULT_NONE) {
        core->stream_waits = true;
        bool again = !result.fault_again && handle_fault(state, core, &result);
        core->stream_waits = false;
        if (!again)
            raise_fault(state, core, &result);
        operation->kind = CORE_STREAM_RESUME;
        result = *script_do(state, core, operation);
    }
    return result;
}

static int core_run(lua_State *state)
{
    struct script_core *core = check_own_core(state, 1);
    struct core_operation operation = {.kind = CORE_STREAM, .handled = core->fault_handler != LUA_NOREF};
    require_space(state, core);
    if (core->stream_waits)
        luaL_error(state, "a handler cannot run a stream: the one that faulted waits for it");
    if (!lua_isnoneornil(state, 3)) {
        check_keys(state, 3, "core:run", run_keys);
        if (push_field(state, 3, "window"))
            operation.window = (uint32_t)check_range(state, -1, "window", 1, MMU_WINDOW_MAX);
    }
    read_options(state, 3, core, &operation, DATA_NONE);
    uint64_t begin = machine_now(core->script->simulation.machine, core->index);
    struct stream **opened = open_for_run(state, 2, core);
    operation.stream = *opened;
    struct core_result result = run_to_end(state, core, &operation);
    if (result.error)
        return luaL_error(state, "%s", result.error);
    (*opened)->close(*opened);
    *opened = NULL;
    lua_createtable(state, 0, 2);
    lua_pushinteger(state, (lua_Integer)result.accesses);
    lua_setfield(state, -2, "accesses");
    lua_pushinteger(state, (lua_Integer)(result.cycle - begin));
    lua_setfield(state, -2, "cycles");
    return 1;
}

/* ---- the rest ----------------------------------------------------------------------------------- */

/* A word of physical memory, untranslated. */
static uint64_t check_physical(lua_State *state, const struct script_core *core, int index)
{
    uint64_t pa = check_integer(state, index, "the physical address");
    uint64_t size_bytes = script_config(core->script)->memory_bytes;
    if (pa % 8 != 0 || pa > size_bytes - 8) {
        push_hex(state, pa);
        push_hex(state, size_bytes);
        luaL_error(state, "the physical address is %s; it must be a multiple of 8 below %s",
                   lua_tostring(state, -2), lua_tostring(state, -1));
    }
    return pa;
}

static int core_read(lua_State *state)
{
    struct script_core *core = check_own_core(state, 1);
    struct core_operation operation = {.kind = CORE_READ, .address = check_physical(state, core, 2)};
    lua_pushinteger(state, (lua_Integer)script_do(state, core, &operation)->value);
    return 1;
}

static int core_write(lua_State *state)
{
    struct script_core *core = check_own_core(state, 1);
    struct core_operation operation = {.kind = CORE_WRITE,
                                       .address = check_physical(state, core, 2),
                                       .value = check_integer(state, 3, "the value")};
    script_do(state, core, &operation);
    return 0;
}

static int core_compare_exchange(lua_State *state)
{
    struct script_core *core = check_own_core(state, 1);
    struct core_operation operation = {.kind = CORE_COMPARE_EXCHANGE,
                                       .address = check_physical(state, core, 2),
                                       .expected = check_integer(state, 3, "the expected value"),
                                       .value = check_integer(state, 4, "the value")};
    uint64_t observed = script_do(state, core, &operation)->value;
    lua_pushboolean(state, observed == operation.expected);
    lua_pushinteger(state, (lua_Integer)observed);
    return 2;
}

static int core_wait(lua_State *state)
{
    struct script_core *core = check_own_core(state, 1);
    struct core_operation operation = {.kind = CORE_WAIT,
                                       .cycles = check_range(state, 2, "the wait", 1, UINT64_C(1) << 40)};
    script_do(state, core, &operation);
    return 0;
}

static int core_now(lua_State *state)
{
    /* Other cores' time is none of the program's business: they may be ahead of it, or behind. */
    const struct script_core *core = check_core(state, 1);
    if (core->script->current != NO_CORE)
        core = check_own_core(state, 1);
    lua_pushinteger(state, (lua_Integer)machine_now(core->script->simulation.machine, core->index));
    return 1;
}

static int core_privilege(lua_State *state)
{
    struct script_core *core = check_core(state, 1);
    core->kernel = check_choice(state, 2, "the privilege", privilege_names) == PRIVILEGE_KERNEL;
    return 0;
}

/* core:random(n): 1 to n, uniform, from the core's own numbers (splitmix64). */
static int core_random(lua_State *state)
{
    struct script_core *core = check_core(state, 1);
    uint64_t bound = check_range(state, 2, "the bound", 1, INT64_MAX);
    uint64_t rejected = -bound % bound, value;
    do {
        value = (core->random += UINT64_C(0x9e3779b97f4a7c15));
        value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
        value ^= value >> 31;
    } while (value < rejected);
    lua_pushinteger(state, (lua_Integer)(value % bound) + 1);
    return 1;
}

static int core_text(lua_State *state)
{
    lua_pushfstring(state, "core %d", (int)check_core(state, 1)->index + 1);
    return 1;
}

/* core.number, and the methods. */
static int core_index(lua_State *state)
{
    const struct script_core *core = check_core(state, 1);
    const char *name = luaL_checkstring(state, 2);
    if (strcmp(name, "number") == 0) {
        lua_pushinteger(state, core->index + 1);
        return 1;
    }
    if (lua_getfield(state, lua_upvalueindex(1), name) == LUA_TNIL)
        return raise_no_member(state, "a core", lua_upvalueindex(1), name);
    return 1;
}

void open_cores(lua_State *state)
{
    static const luaL_Reg methods[] = {
        {"program", core_program}, {"on_fault", core_on_fault},
        {"load", core_load},       {"store", core_store},
        {"fetch", core_fetch},     {"run", core_run},
        {"read", core_read},       {"write", core_write},
        {"wait", core_wait},       {"compare_exchange", core_compare_exchange},
        {"now", core_now},         {"privilege", core_privilege},
        {"random", core_random},   {NULL, NULL},
    };
    luaL_newmetatable(state, CORE_TYPE);
    luaL_newlib(state, methods);
    add_ordering_methods(state);
    add_control_methods(state);
    lua_pushcclosure(state, core_index, 1);
    lua_setfield(state, -2, "__index");
    lua_pushcfunction(state, core_text);
    lua_setfield(state, -2, "__tostring");
    lua_pop(state, 1);
    luaL_newmetatable(state, OPENED_TYPE);
    lua_pushcfunction(state, close_opened);
    lua_setfield(state, -2, "__gc");
    lua_pop(state, 1);
}
