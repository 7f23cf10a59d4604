/* The calls that a script makes, written down: see calls.lua. */
#ifndef MMUSIM_SIM_LUA_LUA_CALLS_H
#define MMUSIM_SIM_LUA_LUA_CALLS_H

struct lua_text {
    const char *name;
    const char *text;
};

/* calls.lua alone; ends with a NULL name. */
extern const struct lua_text lua_text_calls[];

#endif
