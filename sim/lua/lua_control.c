/*
 * Which address space a core runs, and the state of the core that changes what pages allow: PSTATE.PAN,
 * sstatus.SUM and MXR, CR0.WP, CR4.SMEP, SMAP and PKE, EFLAGS.AC, PKRU.
 */
#include <stdio.h>
#include <string.h>

#include "sim/controls.h"
#include "sim/lua/lua_script.h"
#include "sim/shootdown.h"

#define KEY_RIGHTS "pkru"

/* Every key is a control of the format. */
static void check_control_keys(lua_State *state, int table, const struct walk_format *format, uint32_t known)
{
    char names[64];
    luaL_argexpected(state, lua_istable(state, table), table, "table");
    for (lua_pushnil(state); lua_next(state, table); lua_pop(state, 1)) {
        const char *key = lua_type(state, -2) == LUA_TSTRING ? lua_tostring(state, -2) : "";
        bool found = strcmp(key, KEY_RIGHTS) == 0 && known & CONTROL_PKE;
        for (unsigned i = 0; i < CONTROLS_COUNT; i++)
            found |= known >> i & 1 && strcmp(key, access_control_name(1u << i)) == 0;
        controls_of_format_print(known, names, sizeof names);
        if (!found && known)
            luaL_error(state, "the format \"%s\" has no control \"%s\"; it has %s", format->name, key, names);
        if (!found)
            luaL_error(state,
                       "the format \"%s\" has no controls: nothing of a core changes what its pages allow",
                       format->name);
    }
}

void read_controls(lua_State *state, int table, const struct walk_format *format,
                   struct access_controls *controls)
{
    uint32_t known = controls_of_format(format);
    table = lua_absindex(state, table);
    check_control_keys(state, table, format, known);
    for (unsigned i = 0; i < CONTROLS_COUNT; i++) {
        uint32_t control = 1u << i;
        bool set = flag_field(state, table, access_control_name(control), controls->flags & control);
        controls->flags = set ? controls->flags | control : controls->flags & ~control;
    }
    if (push_field(state, table, KEY_RIGHTS)) {
        controls->key_rights = (uint32_t)check_range(state, -1, KEY_RIGHTS, 0, UINT32_MAX);
        lua_pop(state, 1);
    }
}

/* core:switch(as [, controls]) */
static int core_switch(lua_State *state)
{
    struct script_core *core = check_own_core(state, 1);
    struct address_space *space = check_space(state, 2);
    struct access_controls controls = space->context.regime.controls;
    if (!lua_isnoneornil(state, 3))
        read_controls(state, 3, space->config.format, &controls);
    const struct address_context *context = space_context_of(space, &controls);
    if (!context)
        return script_raise(state);
    const struct address_space *before = core->space;
    core->space = space;
    core->controls = controls;
    (void)shootdown_switch(&core->script->simulation, core->index, before, space, context);
    script_resumed(state, core); /* raises if it was stopped */
    return 0;
}

static void push_controls(lua_State *state, const struct script_core *core)
{
    uint32_t known = controls_of_format(core->space->config.format);
    lua_newtable(state);
    for (unsigned i = 0; i < CONTROLS_COUNT; i++)
        if (known >> i & 1) {
            lua_pushboolean(state, core->controls.flags >> i & 1);
            lua_setfield(state, -2, access_control_name(1u << i));
        }
    if (known & CONTROL_PKE) {
        lua_pushinteger(state, core->controls.key_rights);
        lua_setfield(state, -2, KEY_RIGHTS);
    }
}

/* core:control { pan = false }: the others stay. Without a table, only tells what they are. */
static int core_control(lua_State *state)
{
    struct script_core *core = check_own_core(state, 1);
    require_space(state, core);
    if (!lua_isnoneornil(state, 2)) {
        struct access_controls controls = core->controls;
        read_controls(state, 2, core->space->config.format, &controls);
        const struct address_context *context = space_context_of(core->space, &controls);
        if (!context)
            return script_raise(state);
        core->controls = controls;
        script_do(state, core, &(struct core_operation){.kind = CORE_SWITCH, .context = context});
    }
    push_controls(state, core);
    return 1;
}

void add_control_methods(lua_State *state)
{
    static const luaL_Reg methods[] = {{"switch", core_switch}, {"control", core_control}, {NULL, NULL}};
    luaL_setfuncs(state, methods, 0);
}
