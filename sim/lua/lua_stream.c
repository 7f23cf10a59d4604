/*
 * stream.*: descriptions of bulk work. A description can be run more than once and by several cores; each
 * run opens a stream of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/lua/lua_script.h"
#include "sim/trace_stream.h"

#define ACCESSES_MAX (UINT64_C(1) << 48)

struct stream_description {
    bool is_trace;
    bool seeded;
    struct stream_config pattern;
    struct trace_stream_config trace;
    char path[SCRIPT_PATH_BYTES];
};

static const char *const pattern_keys[] = {"base",   "size", "n",     "step", "page", "skew",
                                           "stores", "seed", "bytes", "kind", NULL};
static const char *const trace_keys[] = {"path", "skip", "records", "offset", "fetches", NULL};
static const char *const kind_names[] = {"load", "store", "fetch", NULL};

static struct stream_description *new_description(lua_State *state)
{
    struct stream_description *description = lua_newuserdatauv(state, sizeof *description, 0);
    memset(description, 0, sizeof *description);
    luaL_setmetatable(state, STREAM_TYPE);
    return description;
}

static void require_field(lua_State *state, const char *where, const char *name)
{
    if (!push_field(state, 1, name))
        luaL_error(state, "%s needs a key \"%s\"", where, name);
    lua_pop(state, 1);
}

static uint64_t range_field(lua_State *state, const char *name, uint64_t least, uint64_t most,
                            uint64_t standard)
{
    if (!push_field(state, 1, name))
        return standard;
    uint64_t value = check_range(state, -1, name, least, most);
    lua_pop(state, 1);
    return value;
}

/* Opens it once, so that a wrong description is told at its own line. */
static void try_pattern(lua_State *state, const struct stream_config *config)
{
    char error[256];
    struct stream *stream = stream_open(config, error, sizeof error);
    if (stream)
        stream->close(stream);
    else
        luaL_error(state, "%s", error);
}

static int new_pattern(lua_State *state)
{
    enum stream_pattern pattern = (enum stream_pattern)lua_tointeger(state, lua_upvalueindex(1));
    const char *where = lua_pushfstring(state, "stream.%s", stream_pattern_name(pattern));
    check_keys(state, 1, where, pattern_keys);
    require_field(state, where, "base");
    require_field(state, where, "size");
    require_field(state, where, "n");
    struct stream_config config = {.pattern = pattern,
                                   .base = integer_field(state, 1, "base", 0),
                                   .region_bytes = size_field(state, 1, "size", 0),
                                   .accesses = range_field(state, "n", 0, ACCESSES_MAX, 0),
                                   .step_bytes = size_field(state, 1, "step", 0),
                                   .page_bytes = size_field(state, 1, "page", 0),
                                   .seed = integer_field(state, 1, "seed", 0),
                                   .skew = number_field(state, 1, "skew", 0.99),
                                   .store_fraction = number_field(state, 1, "stores", 0),
                                   .size_bytes = (uint16_t)range_field(state, "bytes", 1, 64, 8)};
    if (push_field(state, 1, "kind"))
        config.kind = (uint8_t)check_choice(state, -1, "kind", kind_names);
    try_pattern(state, &config);
    struct stream_description *description = new_description(state);
    description->pattern = config;
    lua_getfield(state, 1, "seed");
    description->seeded = !lua_isnil(state, -1);
    lua_pop(state, 1);
    return 1;
}

static int new_trace(lua_State *state)
{
    char error[768];
    check_keys(state, 1, "stream.trace", trace_keys);
    require_field(state, "stream.trace", "path");
    const char *path = text_field(state, 1, "path", NULL);
    struct stream_description *description = new_description(state);
    description->is_trace = true;
    resolve_path(state, path, description->path);
    description->trace =
        (struct trace_stream_config){.path = description->path,
                                     .skip = range_field(state, "skip", 0, ACCESSES_MAX, 0),
                                     .records = range_field(state, "records", 0, ACCESSES_MAX, ACCESSES_MAX),
                                     .offset = integer_field(state, 1, "offset", 0),
                                     .fetches = flag_field(state, 1, "fetches", true)};
    struct stream *stream = trace_stream_open(&description->trace, error, sizeof error);
    if (stream)
        stream->close(stream);
    else
        luaL_error(state, "%s", error);
    return 1;
}

static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

/* Without a seed of its own: from the machine's seed, the core, and which of the core's streams this is. */
uint64_t stream_seed(const struct script *script, unsigned core, uint64_t n)
{
    uint64_t seed = script_config(script)->seed;
    return mix(mix(seed + UINT64_C(0x9e3779b97f4a7c15) * (core + 1)) + n);
}

struct stream *check_stream(lua_State *state, int index, struct script_core *core)
{
    char error[768];
    struct stream *stream;
    struct stream_description *description = luaL_checkudata(state, index, STREAM_TYPE);
    core->streams_run++;
    if (description->is_trace) {
        struct trace_stream_config config = description->trace;
        config.path = description->path;
        config.instructions = core->script->simulation.instructions;
        stream = trace_stream_open(&config, error, sizeof error);
    } else {
        struct stream_config config = description->pattern;
        if (!description->seeded)
            config.seed = stream_seed(core->script, core->index, core->streams_run);
        stream = stream_open(&config, error, sizeof error);
    }
    if (!stream)
        luaL_error(state, "%s", error);
    return stream;
}

static int no_such_stream(lua_State *state)
{
    return raise_no_member(state, "stream", 1, luaL_checkstring(state, 2));
}

void open_streams(lua_State *state)
{
    luaL_newmetatable(state, STREAM_TYPE);
    lua_pop(state, 1);
    lua_newtable(state);
    for (int i = 0; i < STREAM_PATTERNS; i++) {
        lua_pushinteger(state, i);
        lua_pushcclosure(state, new_pattern, 1);
        lua_setfield(state, -2, stream_pattern_name((enum stream_pattern)i));
    }
    lua_pushcfunction(state, new_trace);
    lua_setfield(state, -2, "trace");
    lua_createtable(state, 0, 1);
    lua_pushcfunction(state, no_such_stream);
    lua_setfield(state, -2, "__index");
    lua_setmetatable(state, -2);
    lua_setglobal(state, "stream");
}
