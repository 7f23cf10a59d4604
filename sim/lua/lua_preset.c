/*
 * Presets: read in a Lua state of their own, in the same sandbox as scripts, so that a preset sees nothing of
 * the script and cannot change it.
 */
#include "sim/presets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/lua/lua_script.h"
#include "sim/lua/table_line.h"
#include "sim/nearest.h"

#define PRESETS_MAX 64
#define DEPTH_MAX   8 /* presets that one begins with, each with the next */

/* One preset while it is read. */
struct chunk {
    const char *name; /* as the script says it */
    char file[256];   /* as messages say it */
    const char *text;
    size_t length;
    const struct chunk *outer; /* the preset that begins with it; NULL: a script does */
    struct hardware_reader reader;
    struct preset_reading *reading;
    bool in_table; /* what is raised now is about the table, and has no place */
};

static bool read_named(const char *name, const struct chunk *outer, struct mmu_config *config,
                       struct preset_reading *reading);

/* The keys that are not of the hardware. */
static void read_own_keys(lua_State *state, int table, struct chunk *chunk)
{
    static const char *const run_keys[] = {"record", "check"};
    const char *summary, *inner, *format;
    for (size_t i = 0; i < sizeof run_keys / sizeof *run_keys; i++) {
        snprintf(chunk->reader.key, sizeof chunk->reader.key, "%s", run_keys[i]);
        if (push_field(state, table, run_keys[i]))
            luaL_error(state, "a preset describes hardware; \"%s\" belongs in the script", run_keys[i]);
    }
    snprintf(chunk->reader.key, sizeof chunk->reader.key, "summary");
    summary = text_field(state, table, "summary", "");
    snprintf(chunk->reader.key, sizeof chunk->reader.key, "preset");
    inner = text_field(state, table, "preset", NULL);
    if (inner && !read_named(inner, chunk, chunk->reader.config, chunk->reading))
        luaL_error(state, "%s", chunk->reading->error);
    snprintf(chunk->reading->summary, sizeof chunk->reading->summary, "%s", summary);
    snprintf(chunk->reader.key, sizeof chunk->reader.key, "format");
    format = read_machine_format(state, table);
    if (format)
        snprintf(chunk->reading->format, sizeof chunk->reading->format, "%s", format);
    snprintf(chunk->reader.key, sizeof chunk->reader.key, "asid_bits");
    chunk->reading->asid_bits = read_asid_bits(state, table, chunk->reading->asid_bits);
    chunk->reader.key[0] = '\0';
}

/* Called protected, with the chunk. */
static int read_chunk(lua_State *state)
{
    struct chunk *chunk = lua_touserdata(state, 1);
    char error[512];
    open_sandbox(state, chunk->reading->unsandboxed);
    seed_random(state, 1);
    close_globals(state);
    lua_pushfstring(state, "@%s", chunk->file);
    if (luaL_loadbufferx(state, chunk->text, chunk->length, lua_tostring(state, -1), "t") != LUA_OK)
        return lua_error(state);
    lua_call(state, 0, 1);
    chunk->in_table = true;
    if (!lua_istable(state, -1))
        return luaL_error(state, "a preset returns the table of a machine, not %s", luaL_typename(state, -1));
    int table = lua_gettop(state);
    read_own_keys(state, table, chunk);
    read_hardware(state, table, &chunk->reader);
    if (mmu_config_check(chunk->reader.config, error, sizeof error))
        return 0;
    /* Most of its sentences begin with the name of what is wrong. */
    snprintf(chunk->reader.key, sizeof chunk->reader.key, "%.*s",
             (int)strspn(error, "abcdefghijklmnopqrstuvwxyz0123456789_."), error);
    return luaL_error(state, "machine: %s", error);
}

/* What was raised, with its place. */
static bool tell_error(lua_State *state, const struct chunk *chunk)
{
    const char *message = lua_tostring(state, -1);
    char place[sizeof chunk->file + 16] = "";
    unsigned line = chunk->in_table && chunk->reader.key[0] ? table_line(chunk->text, chunk->reader.key) : 0;
    if (line > 0)
        snprintf(place, sizeof place, "%s:%u: ", chunk->file, line);
    else if (chunk->in_table)
        snprintf(place, sizeof place, "%s: ", chunk->file);
    snprintf(chunk->reading->error, sizeof chunk->reading->error, "%s%s", place,
             message ? message : "it failed without a message");
    return false;
}

static bool evaluate(struct chunk *chunk)
{
    lua_State *state = luaL_newstate();
    if (!state) {
        snprintf(chunk->reading->error, sizeof chunk->reading->error, "%s: out of memory", chunk->file);
        return false;
    }
    lua_pushcfunction(state, script_message);
    lua_pushcfunction(state, read_chunk);
    lua_pushlightuserdata(state, chunk);
    bool done = lua_pcall(state, 1, 0, 1) == LUA_OK || tell_error(state, chunk);
    lua_close(state);
    return done;
}

static bool read_file(struct chunk *chunk)
{
    char *text =
        read_text(chunk->name, &chunk->length, "preset", chunk->reading->error, sizeof chunk->reading->error);
    if (!text)
        return false;
    snprintf(chunk->file, sizeof chunk->file, "%s", chunk->name);
    chunk->text = text;
    bool done = evaluate(chunk);
    free(text);
    return done;
}

/* What a machine without a preset is, too: `mmusim list machines` shows it by this name. */
static const struct preset_text default_machine = {"default", "return {}"};

static bool unknown_preset(struct chunk *chunk)
{
    const char *names[PRESETS_MAX + 1] = {default_machine.name};
    size_t count = 1;
    while (count <= PRESETS_MAX && preset_text_machines[count - 1].name) {
        names[count] = preset_text_machines[count - 1].name;
        count++;
    }
    const char *near = nearest_name(chunk->name, names, count);
    snprintf(chunk->reading->error, sizeof chunk->reading->error,
             "there is no preset \"%s\"%s%s%s `mmusim list machines` shows them, and a path has a slash "
             "(\"./%s\")",
             chunk->name, near ? "; did you mean \"" : ";", near ? near : "", near ? "\"?" : "", chunk->name);
    return false;
}

static bool read_built_in(struct chunk *chunk)
{
    const struct preset_text *preset = preset_text_machines;
    while (preset->name && strcmp(preset->name, chunk->name) != 0)
        preset++;
    if (strcmp(default_machine.name, chunk->name) == 0)
        preset = &default_machine;
    if (!preset->name)
        return unknown_preset(chunk);
    snprintf(chunk->file, sizeof chunk->file, "machines/%s.lua", preset->name);
    chunk->text = preset->text;
    chunk->length = strlen(preset->text);
    return evaluate(chunk);
}

static bool is_circle(const char *name, const struct chunk *outer)
{
    unsigned depth = 0;
    for (; outer && strcmp(outer->name, name) != 0; outer = outer->outer)
        depth++;
    return outer || depth == DEPTH_MAX;
}

static bool read_named(const char *name, const struct chunk *outer, struct mmu_config *config,
                       struct preset_reading *reading)
{
    static const char *const own_keys[] = {"preset", "summary", "format", "asid_bits", NULL};
    struct chunk chunk = {
        .name = name, .outer = outer, .reader = {.config = config, .others = own_keys}, .reading = reading};
    if (is_circle(name, outer)) {
        snprintf(reading->error, sizeof reading->error,
                 "preset \"%s\" begins with itself, or with more than %d others", name, DEPTH_MAX);
        return false;
    }
    return strchr(name, '/') ? read_file(&chunk) : read_built_in(&chunk);
}

bool preset_read(const char *name, struct mmu_config *config, struct preset_reading *reading)
{
    reading->summary[0] = reading->format[0] = reading->error[0] = '\0';
    reading->asid_bits = -1;
    return read_named(name, NULL, config, reading);
}
