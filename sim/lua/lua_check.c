/* Arguments of scripts: what is wrong, where, and what would be right. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/lua/lua_script.h"
#include "sim/nearest.h"

static const char *type_at(lua_State *state, int index)
{
    return luaL_typename(state, index);
}

uint64_t check_integer(lua_State *state, int index, const char *what)
{
    int whole = 0;
    lua_Integer value = lua_isnumber(state, index) ? lua_tointegerx(state, index, &whole) : 0;
    if (lua_type(state, index) == LUA_TSTRING)
        luaL_error(state, "%s must be an integer, not the text \"%s\"", what, lua_tostring(state, index));
    if (!whole)
        luaL_error(state, "%s must be an integer, not %s", what,
                   lua_isnumber(state, index) ? luaL_tolstring(state, index, NULL) : type_at(state, index));
    return (uint64_t)value;
}

uint64_t check_range(lua_State *state, int index, const char *what, uint64_t least, uint64_t most)
{
    uint64_t value = check_integer(state, index, what);
    if (value < least || value > most)
        luaL_error(state, "%s is %I; it must be from %I to %I", what, (LUAI_UACINT)value, (LUAI_UACINT)least,
                   (LUAI_UACINT)most);
    return value;
}

/* Digits, then K, M, G or T, then perhaps B or iB. */
static bool parse_size(const char *text, uint64_t *value)
{
    static const char suffixes[] = "KMGT";
    uint64_t number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (number > (UINT64_MAX - 9) / 10)
            return false;
        number = number * 10 + (uint64_t)(*at - '0');
    }
    if (at == text)
        return false;
    const char *suffix = *at ? strchr(suffixes, *at) : NULL;
    unsigned shift = suffix ? 10 * (unsigned)(suffix - suffixes + 1) : 0;
    if (suffix)
        at++;
    if (*at != '\0' && strcmp(at, "B") != 0 && (!suffix || strcmp(at, "iB") != 0))
        return false;
    if (shift && number >> (64 - shift) != 0)
        return false;
    *value = number << shift;
    return true;
}

uint64_t check_size(lua_State *state, int index, const char *what)
{
    uint64_t value = 0;
    if (lua_type(state, index) != LUA_TSTRING)
        return check_integer(state, index, what);
    if (!parse_size(lua_tostring(state, index), &value))
        luaL_error(state, "%s is \"%s\"; it must be a size such as 4096, \"4K\", \"2M\" or \"1G\"", what,
                   lua_tostring(state, index));
    return value;
}

uint8_t check_size_lg2(lua_State *state, int index, const char *what)
{
    uint64_t size_bytes = check_size(state, index, what);
    if (size_bytes == 0 || (size_bytes & (size_bytes - 1)) != 0)
        luaL_error(state, "%s is %I bytes; it must be a power of two", what, (LUAI_UACINT)size_bytes);
    return (uint8_t)__builtin_ctzll(size_bytes);
}

uint32_t check_attributes(lua_State *state, int index)
{
    uint32_t attributes = 0;
    const char *text = lua_type(state, index) == LUA_TSTRING ? lua_tostring(state, index) : NULL;
    if (!text || !frame_attributes_parse(text, &attributes))
        luaL_error(
            state,
            "the attributes are %s; they must be r, w and x or -, then u (user), g (global), d "
            "(device), n (not cacheable), c (clean), o (old), k1 to k15 (key) where they hold: \"rw-u\"",
            text ? lua_pushfstring(state, "\"%s\"", text) : type_at(state, index));
    return attributes;
}

static size_t count_names(const char *const *names)
{
    size_t count = 0;
    while (names[count])
        count++;
    return count;
}

void check_keys(lua_State *state, int table, const char *where, const char *const *names)
{
    luaL_argexpected(state, lua_istable(state, table), table, "table");
    for (lua_pushnil(state); lua_next(state, table); lua_pop(state, 1)) {
        const char *key = lua_type(state, -2) == LUA_TSTRING ? lua_tostring(state, -2) : NULL;
        if (!key) {
            luaL_error(state, "%s has a key of type %s; its keys must be names", where, type_at(state, -2));
            return;
        }
        size_t i = 0;
        while (names[i] && strcmp(names[i], key) != 0)
            i++;
        if (names[i])
            continue;
        const char *near = nearest_name(key, names, count_names(names));
        luaL_error(state, "%s has no key \"%s\"%s%s%s", where, key, near ? "; did you mean \"" : "",
                   near ? near : "", near ? "\"?" : "");
    }
}

bool push_field(lua_State *state, int table, const char *name)
{
    if (lua_getfield(state, table, name) != LUA_TNIL)
        return true;
    lua_pop(state, 1);
    return false;
}

bool flag_field(lua_State *state, int table, const char *name, bool standard)
{
    if (!push_field(state, table, name))
        return standard;
    if (!lua_isboolean(state, -1))
        luaL_error(state, "%s must be true or false, not %s", name, type_at(state, -1));
    bool value = lua_toboolean(state, -1);
    lua_pop(state, 1);
    return value;
}

uint64_t integer_field(lua_State *state, int table, const char *name, uint64_t standard)
{
    if (!push_field(state, table, name))
        return standard;
    uint64_t value = check_integer(state, -1, name);
    lua_pop(state, 1);
    return value;
}

uint64_t size_field(lua_State *state, int table, const char *name, uint64_t standard)
{
    if (!push_field(state, table, name))
        return standard;
    uint64_t value = check_size(state, -1, name);
    lua_pop(state, 1);
    return value;
}

double number_field(lua_State *state, int table, const char *name, double standard)
{
    if (!push_field(state, table, name))
        return standard;
    if (lua_type(state, -1) != LUA_TNUMBER)
        luaL_error(state, "%s must be a number, not %s", name, type_at(state, -1));
    double value = lua_tonumber(state, -1);
    lua_pop(state, 1);
    return value;
}

/* The text stays on the stack, so that it lives as long as the calling function. */
const char *text_field(lua_State *state, int table, const char *name, const char *standard)
{
    if (!push_field(state, table, name))
        return standard;
    if (lua_type(state, -1) != LUA_TSTRING)
        luaL_error(state, "%s must be a text, not %s", name, type_at(state, -1));
    return lua_tostring(state, -1);
}

int check_choice(lua_State *state, int index, const char *what, const char *const *names)
{
    const char *text = lua_type(state, index) == LUA_TSTRING ? lua_tostring(state, index) : NULL;
    const char *given = text ? lua_pushfstring(state, "\"%s\"", text) : type_at(state, index);
    luaL_Buffer all;
    for (int i = 0; text && names[i]; i++)
        if (strcmp(names[i], text) == 0) {
            lua_pop(state, 1);
            return i;
        }
    luaL_buffinit(state, &all);
    for (int i = 0; names[i]; i++) {
        luaL_addstring(&all, i == 0 ? "\"" : names[i + 1] ? ", \"" : " or \"");
        luaL_addstring(&all, names[i]);
        luaL_addchar(&all, '"');
    }
    luaL_pushresult(&all);
    return luaL_error(state, "%s is %s; it must be %s", what, given, lua_tostring(state, -1));
}

#define MEMBERS_MAX 64

int raise_no_member(lua_State *state, const char *what, int table, const char *name)
{
    const char *names[MEMBERS_MAX];
    size_t count = 0;
    luaL_checkstack(state, 8, what);
    for (lua_pushnil(state); lua_next(state, table); lua_pop(state, 1)) {
        if (lua_type(state, -2) != LUA_TSTRING || count == MEMBERS_MAX)
            continue;
        /* In order, since that of Lua's tables differs from run to run. */
        size_t place = count++;
        for (; place > 0 && strcmp(lua_tostring(state, -2), names[place - 1]) < 0; place--)
            names[place] = names[place - 1];
        names[place] = lua_tostring(state, -2);
    }
    const char *near = nearest_name(name, names, count);
    return luaL_error(state, "%s has no \"%s\"%s%s%s", what, name, near ? "; did you mean \"" : "",
                      near ? near : "", near ? "\"?" : "");
}

void push_hex(lua_State *state, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "0x%" PRIx64, value);
    lua_pushstring(state, text);
}

void resolve_path(lua_State *state, const char *path, char resolved[SCRIPT_PATH_BYTES])
{
    const char *script = script_of(state)->options->script;
    const char *slash = strrchr(script, '/');
    int folder = path[0] == '/' || !slash ? 0 : (int)(slash - script + 1);
    if (snprintf(resolved, SCRIPT_PATH_BYTES, "%.*s%s", folder, script, path) >= SCRIPT_PATH_BYTES)
        luaL_error(state, "the path \"%s\" is too long", path);
}
