/*
 * What explored programs share: the variables of the script that their functions can reach. They must be what
 * they were when the main chunk ended, whenever a program has been performed, in whole or in part. If they
 * were not, what a program does would depend on which performances came before.
 *
 * A digest of all that can be reached is taken of each variable and compared. Within one process that is
 * sound: what is not written keeps its place in memory and its order in its table.
 */
#include <string.h>

#include "sim/lua/lua_explore.h"

#define DEPTH_MAX 100 /* of tables in tables: what lies deeper is not looked at */

struct walk {
    lua_State *state;
    int visited; /* stack index of a table: what was looked at */
    uint64_t digest;
};

static void add(struct walk *walk, uint64_t value)
{
    walk->digest = (walk->digest ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    walk->digest ^= walk->digest >> 29;
}

static void add_value(struct walk *walk, int index, unsigned depth);

/* Whether the object on top of the stack was looked at before; it is now. */
static bool was_visited(struct walk *walk)
{
    const void *object = lua_topointer(walk->state, -1);
    bool known = lua_rawgetp(walk->state, walk->visited, object) != LUA_TNIL;
    lua_pop(walk->state, 1);
    lua_pushboolean(walk->state, true);
    lua_rawsetp(walk->state, walk->visited, object);
    return known;
}

static void add_table(struct walk *walk, unsigned depth)
{
    lua_State *state = walk->state;
    int table = lua_gettop(state);
    if (lua_getmetatable(state, table)) {
        add_value(walk, -1, depth);
        lua_pop(state, 1);
    }
    for (lua_pushnil(state); lua_next(state, table); lua_pop(state, 1)) {
        add_value(walk, -2, depth);
        add_value(walk, -1, depth);
    }
}

static void add_function(struct walk *walk, unsigned depth)
{
    int function = lua_gettop(walk->state);
    for (int i = 1; lua_getupvalue(walk->state, function, i); i++) {
        add_value(walk, -1, depth);
        lua_pop(walk->state, 1);
    }
}

static void add_object(struct walk *walk, int index, unsigned depth)
{
    lua_State *state = walk->state;
    int type = lua_type(state, index);
    add(walk, (uintptr_t)lua_topointer(state, index));
    if ((type != LUA_TTABLE && type != LUA_TFUNCTION) || depth == DEPTH_MAX)
        return;
    luaL_checkstack(state, 8, "variables of programs");
    lua_pushvalue(state, index);
    if (!was_visited(walk) && type == LUA_TTABLE)
        add_table(walk, depth + 1);
    else if (type == LUA_TFUNCTION)
        add_function(walk, depth + 1);
    lua_pop(state, 1);
}

static void add_value(struct walk *walk, int index, unsigned depth)
{
    lua_State *state = walk->state;
    add(walk, (uint64_t)lua_type(state, index));
    if (lua_isinteger(state, index)) {
        add(walk, (uint64_t)lua_tointeger(state, index));
    } else if (lua_type(state, index) == LUA_TNUMBER) {
        double number = lua_tonumber(state, index);
        uint64_t bits;
        memcpy(&bits, &number, sizeof bits);
        add(walk, bits);
    } else if (lua_isboolean(state, index)) {
        add(walk, (uint64_t)lua_toboolean(state, index));
    } else {
        add_object(walk, index, depth);
    }
}

/* ---- All variables ------------------------------------------------------------------------------- */

/* Called for each upvalue of each function; its value is on top of the stack. False ends. */
typedef bool (*variable_visitor)(void *context, const char *name);

static bool visit_function(lua_State *state, unsigned function, variable_visitor visit, void *context)
{
    bool goes_on = true;
    const char *name;
    lua_rawgeti(state, LUA_REGISTRYINDEX, (lua_Integer)function);
    for (int i = 1; goes_on && (name = lua_getupvalue(state, -1, i)) != NULL; i++) {
        goes_on = visit(context, name);
        lua_pop(state, 1);
    }
    lua_pop(state, 1);
    return goes_on;
}

static void visit_variables(lua_State *state, const struct script_exploration *exploration,
                            variable_visitor visit, void *context)
{
    for (unsigned core = 0; core < exploration->config.machine.cores; core++)
        for (unsigned i = 0; i < exploration->plans[core].stage_count; i++) {
            const struct program_stage *stage = &exploration->plans[core].stages[i];
            for (unsigned j = 0; j < stage->function_count; j++)
                if (!visit_function(state, stage->functions[j], visit, context))
                    return;
        }
}

static bool count_variable(void *context, const char *name)
{
    (void)name;
    ++*(size_t *)context;
    return true;
}

struct comparison {
    struct walk walk;
    uint64_t *digests; /* by variable, of it and of all before */
    size_t at;
    bool first;
    const char *changed; /* name; NULL: none */
};

static bool compare_variable(void *context, const char *name)
{
    struct comparison *comparison = context;
    uint64_t *digest = &comparison->digests[comparison->at++];
    add_value(&comparison->walk, -1, 0);
    if (comparison->first)
        *digest = comparison->walk.digest;
    else if (*digest != comparison->walk.digest)
        comparison->changed = name;
    return comparison->changed == NULL;
}

const char *exploration_changed_variable(lua_State *state, struct script_exploration *exploration)
{
    struct comparison comparison = {.walk = {.state = state}, .first = !exploration->shared};
    if (comparison.first) {
        size_t count = 0;
        visit_variables(state, exploration, count_variable, &count);
        exploration->shared = exploration_memory(state, (count + 1) * sizeof *exploration->shared);
    }
    comparison.digests = exploration->shared;
    lua_newtable(state);
    comparison.walk.visited = lua_gettop(state);
    visit_variables(state, exploration, compare_variable, &comparison);
    lua_pop(state, 1);
    return comparison.changed;
}
