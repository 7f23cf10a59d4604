/*
 * as: an address space. Its operations are page-table code that runs on a core, in time.
 */
#include <string.h>

#include "sim/explore/operation_tree.h"
#include "sim/lua/lua_script.h"

struct address_space *check_space(lua_State *state, int index)
{
    struct address_space **space = luaL_testudata(state, index, SPACE_TYPE);
    if (space && *space)
        return *space;
    luaL_error(state, "an address space is wanted here, not %s", luaL_typename(state, index));
    __builtin_unreachable(); /* luaL_error does not return */
}

/* Whose program calls; the first one stands for the script before and after the run. */
static unsigned running_core(const struct script *script)
{
    return script->current == NO_CORE ? 0 : script->current;
}

int push_new_space(lua_State *state, int index)
{
    struct script *script = script_of(state);
    if (script->exploration)
        return push_explored_space(state, index);
    struct space_config config;
    read_space_config(state, index, &config);
    config.core = running_core(script);
    struct address_space **box = lua_newuserdatauv(state, sizeof(struct address_space *), 0);
    *box = space_create(&script->simulation, &config);
    if (!*box)
        return script_raise(state);
    luaL_setmetatable(state, SPACE_TYPE);
    return 1;
}

/* The core that runs the page-table code: the second argument, and the one that calls. */
static struct script_core *check_running_core(lua_State *state)
{
    struct script_core *core = check_core(state, 2);
    if (core->script->current != core->index)
        luaL_error(state,
                   "page-table code runs on the core of the program that calls it, and this is core %d's",
                   (int)core->index + 1);
    return core;
}

static int raise_unmapped_table(lua_State *state, const struct address_space *space)
{
    push_hex(state, space->unmapped_ipa);
    return luaL_error(
        state,
        "the guest's table needs memory at the intermediate address %s, which its stage2 does not "
        "map, or not for reading and writing",
        lua_tostring(state, -1));
}

/* What the caller did wrong is an error at its place; what the table found is an answer. */
static int push_result(lua_State *state, struct script_core *core, const struct address_space *space,
                       enum pagetable_result result, uint64_t va, const char *size_text)
{
    script_resumed(state, core);
    if (result == PAGETABLE_ENVIRONMENT && space->unmapped_ipa != GUEST_NO_FAULT)
        return raise_unmapped_table(state, space);
    push_hex(state, va);
    const char *where = lua_tostring(state, -1);
    switch (result) {
    case PAGETABLE_OK:
        lua_pushboolean(state, true);
        return 1;
    case PAGETABLE_UNALIGNED:
        return luaL_error(state, "%s and its frame must be aligned to the page size%s%s", where,
                          size_text ? ", " : "", size_text ? size_text : "");
    case PAGETABLE_BAD_SIZE:
        return luaL_error(state, "the format has no page of the size %s",
                          size_text ? size_text : "asked for");
    case PAGETABLE_OUT_OF_RANGE:
        return luaL_error(state,
                          "%s or its frame is out of range: beyond the format's addresses, or beyond %s",
                          where, space->stage2 ? "those of its stage2" : "memory.size or physical_bits");
    case PAGETABLE_FRAME_IN_USE:
        return luaL_error(state,
                          "the frame for %s is mapped already; address_space { aliasing = true } allows that",
                          where);
    case PAGETABLE_UNSUPPORTED:
        return luaL_error(state, "the format cannot express these attributes at %s", where);
    default:
        lua_pushnil(state);
        lua_pushstring(state, pagetable_result_name(result));
        return 2;
    }
}

/* "4K" as it was given, or the number of bytes. */
static const char *size_text_at(lua_State *state, int index)
{
    return luaL_tolstring(state, index, NULL);
}

static struct frame check_frame(lua_State *state, int first)
{
    return (struct frame){.base = check_integer(state, first, "the frame's address"),
                          .size_lg2 = check_size_lg2(state, first + 1, "the page size"),
                          .attributes = check_attributes(state, first + 2)};
}

/* A call of a page table by a core's program. */
struct space_call {
    struct address_space *space;
    struct script_core *core;
    struct operation_call what;
};

/* On the core in time, or as a request of an explored program. */
static enum pagetable_result call_table(lua_State *state, const struct space_call *call,
                                        struct mapping *found)
{
    const struct operation_call *what = &call->what;
    unsigned core = call->core->index;
    if (call->core->script->exploration)
        return explored_call(state, call->core, what, found);
    switch (what->kind) {
    case CALL_MAP:
        return space_map(call->space, core, what->va, &what->frame);
    case CALL_UNMAP:
        return space_unmap(call->space, core, what->va);
    case CALL_PROTECT:
        return space_protect(call->space, core, what->va, what->attributes);
    default:
        return space_query(call->space, core, what->va, found);
    }
}

static struct space_call check_call(lua_State *state, enum operation_call_kind kind)
{
    struct space_call call = {.space = check_space(state, 1), .core = check_running_core(state)};
    call.what = (struct operation_call){.kind = kind, .va = check_integer(state, 3, "the address")};
    return call;
}

/* as:map(core, va, pa, size, attributes) */
static int space_map_call(lua_State *state)
{
    struct space_call call = check_call(state, CALL_MAP);
    call.what.frame = check_frame(state, 4);
    enum pagetable_result result = call_table(state, &call, NULL);
    return push_result(state, call.core, call.space, result, call.what.va, size_text_at(state, 5));
}

static int space_unmap_call(lua_State *state)
{
    struct space_call call = check_call(state, CALL_UNMAP);
    enum pagetable_result result = call_table(state, &call, NULL);
    return push_result(state, call.core, call.space, result, call.what.va, NULL);
}

static int space_protect_call(lua_State *state)
{
    struct space_call call = check_call(state, CALL_PROTECT);
    call.what.attributes = check_attributes(state, 4);
    enum pagetable_result result = call_table(state, &call, NULL);
    return push_result(state, call.core, call.space, result, call.what.va, NULL);
}

static void push_mapping(lua_State *state, const struct mapping *mapping)
{
    char attributes[FRAME_ATTRIBUTES_TEXT_BYTES];
    frame_attributes_print(mapping->frame.attributes, attributes);
    lua_createtable(state, 0, 4);
    lua_pushinteger(state, (lua_Integer)mapping->va);
    lua_setfield(state, -2, "va");
    lua_pushinteger(state, (lua_Integer)mapping->frame.base);
    lua_setfield(state, -2, "pa");
    lua_pushinteger(state, (lua_Integer)frame_size_bytes(&mapping->frame));
    lua_setfield(state, -2, "size");
    lua_pushstring(state, attributes);
    lua_setfield(state, -2, "attributes");
}

static int space_query_call(lua_State *state)
{
    struct space_call call = check_call(state, CALL_QUERY);
    struct mapping found;
    enum pagetable_result result = call_table(state, &call, &found);
    if (result != PAGETABLE_OK)
        return push_result(state, call.core, call.space, result, call.what.va, NULL);
    script_resumed(state, call.core);
    push_mapping(state, &found);
    return 1;
}

/* The name of the result is on top of the stack. */
static const char *premap_failure(lua_State *state, uint64_t va)
{
    const char *result = lua_tostring(state, -1);
    push_hex(state, va);
    return lua_pushfstring(state, "%s at %s", result, lua_tostring(state, -1));
}

static enum pagetable_result premap_page(lua_State *state, struct address_space *space, uint64_t va,
                                         const struct frame *frame)
{
    struct script *script = script_of(state);
    const struct operation_call call = {.kind = CALL_MAP, .va = va, .frame = *frame};
    return script->exploration ? explored_call(state, &script->cores[0], &call, NULL)
                               : space_premap(space, va, frame);
}

/* as:premap(va, pa, size, attributes [, count]): consecutive pages to consecutive frames, without time. */
static int space_premap_call(lua_State *state)
{
    struct address_space *space = check_space(state, 1);
    uint64_t va = check_integer(state, 2, "the address");
    struct frame frame = check_frame(state, 3);
    uint64_t count = lua_isnoneornil(state, 6) ? 1 : check_range(state, 6, "the count", 1, UINT64_C(1) << 36);
    struct script *script = script_of(state);
    if (script->simulation.running)
        return luaL_error(state, "premap takes no time, so it is for before the run; as:map is for programs");
    for (uint64_t i = 0; i < count; i++) {
        enum pagetable_result result = premap_page(state, space, va, &frame);
        if (result != PAGETABLE_OK) {
            int pushed = push_result(state, NULL, space, result, va, size_text_at(state, 4));
            if (pushed != 1)
                return luaL_error(state, "premap: %s", premap_failure(state, va));
        }
        va += frame_size_bytes(&frame);
        frame.base += frame_size_bytes(&frame);
        lua_settop(state, 6);
    }
    return 0;
}

struct collected {
    lua_State *state;
    lua_Integer count;
};

static bool collect_mapping(void *context, const struct mapping *mapping)
{
    struct collected *collected = context;
    push_mapping(collected->state, mapping);
    lua_rawseti(collected->state, -2, ++collected->count);
    return true;
}

/* as:retire(core): before another address space gets its ASID. */
static int space_retire_call(lua_State *state)
{
    struct address_space *space = check_space(state, 1);
    struct script_core *core = check_running_core(state);
    struct script *script = core->script;
    for (unsigned i = 0; i < MMU_CORES_MAX; i++)
        if (script->cores[i].space &&
            (script->cores[i].space == space || script->cores[i].space->stage2 == space))
            return luaL_error(state, "core %d runs this address space: it must switch to another one first",
                              (int)i + 1);
    (void)space_retire(space, core->index);
    script_resumed(state, core); /* raises if it was stopped */
    return 0;
}

static int space_interpret_call(lua_State *state)
{
    struct address_space *space = check_space(state, 1);
    struct collected collected = {state, 0};
    lua_newtable(state);
    enum pagetable_result result =
        space_visit(space, running_core(script_of(state)), collect_mapping, &collected);
    if (result != PAGETABLE_OK)
        return luaL_error(state, "the table cannot be read: %s", pagetable_result_name(result));
    return 1;
}

static int space_index(lua_State *state)
{
    const struct address_space *space = check_space(state, 1);
    const char *name = luaL_checkstring(state, 2);
    if (strcmp(name, "asid") == 0)
        lua_pushinteger(state, space->context.asid);
    else if (strcmp(name, "vmid") == 0)
        lua_pushinteger(state, space->context.vmid);
    else if (strcmp(name, "format") == 0)
        lua_pushstring(state, space->config.format->name);
    else if (strcmp(name, "root") == 0)
        lua_pushinteger(state, (lua_Integer)space->context.regime.root);
    else if (lua_getfield(state, lua_upvalueindex(1), name) == LUA_TNIL)
        return raise_no_member(state, "an address space", lua_upvalueindex(1), name);
    return 1;
}

void open_spaces(lua_State *state)
{
    static const luaL_Reg methods[] = {
        {"map", space_map_call},
        {"unmap", space_unmap_call},
        {"protect", space_protect_call},
        {"query", space_query_call},
        {"premap", space_premap_call},
        {"retire", space_retire_call},
        {"interpret", space_interpret_call},
        {NULL, NULL},
    };
    luaL_newmetatable(state, SPACE_TYPE);
    luaL_newlib(state, methods);
    lua_pushcclosure(state, space_index, 1);
    lua_setfield(state, -2, "__index");
    lua_pop(state, 1);
}
