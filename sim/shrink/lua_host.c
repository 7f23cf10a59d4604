/*
 * The host of flat.lua and shrink.lua, which know scripts and how to make them small: this side runs them,
 * and writes the result.
 */
#include "sim/shrink/shrink.h"

#include <errno.h>
#include <lauxlib.h>
#include <limits.h>
#include <lua.h>
#include <lualib.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim/shrink/shrink_text.h"
#include "sim/shrink/trial.h"

enum { EXIT_FINE = 0, EXIT_MISUSE = 2 };

/* Seconds that a trial may take: so many times what the first run took, and some more. */
#define LIMIT_TIMES   8
#define LIMIT_SECONDS 5

struct shrinking {
    const struct shrink_options *options;
    FILE *out, *err;
    unsigned limit_seconds;
    bool progressed; /* a line of progress stands on the terminal */
};

static struct shrinking *shrinking_of(lua_State *state)
{
    return *(struct shrinking **)lua_getextraspace(state);
}

/* Raises a sentence for the user, as refuse() of shrink.lua does: luaL_error would begin it with a line of
 * ours. Does not come back. */
static int raise_sentence(lua_State *state, const char *format, ...)
{
    va_list arguments;
    lua_createtable(state, 0, 1);
    va_start(arguments, format);
    lua_pushvfstring(state, format, arguments);
    va_end(arguments);
    lua_setfield(state, -2, "sentence");
    return lua_error(state);
}

/* ---- Runs ---- */

static void push_answer(lua_State *state, struct trial *trial)
{
    luaL_Buffer text;
    luaL_buffinit(state, &text);
    for (;;) {
        char *place = luaL_prepbuffer(&text);
        size_t bytes = fread(place, 1, LUAL_BUFFERSIZE, trial->answer);
        luaL_addsize(&text, bytes);
        if (bytes == 0)
            break;
    }
    luaL_pushresult(&text);
}

static void set_up(const struct shrinking *shrinking, struct trial *trial, const char *text,
                   bool every_access)
{
    *trial = (struct trial){.options = {.script = shrinking->options->script,
                                        .text = text,
                                        .record = "none",
                                        .command_line = shrinking->options->command_line,
                                        .arguments = shrinking->options->arguments,
                                        .argument_count = shrinking->options->argument_count,
                                        .seed = shrinking->options->seed,
                                        .seed_given = shrinking->options->seed_given},
                            .every_access = every_access,
                            .limit_seconds = shrinking->limit_seconds};
}

/* run(texts, every_access): a list of answers. At most `jobs` texts. */
static int run_texts(lua_State *state)
{
    struct shrinking *shrinking = shrinking_of(state);
    struct trial trials[SHRINK_JOBS_MAX] = {0};
    lua_Integer count = luaL_len(state, 1);
    bool every_access = lua_toboolean(state, 2);
    bool fine = count <= SHRINK_JOBS_MAX;
    luaL_checkstack(state, SHRINK_JOBS_MAX + 8, "texts");
    for (lua_Integer i = 0; i < count && fine; i++) {
        lua_rawgeti(state, 1, i + 1); /* stays on the stack while the child runs */
        set_up(shrinking, &trials[i], lua_tostring(state, -1), every_access);
        fine = trial_begin(&trials[i]);
    }
    int failure = errno;
    for (lua_Integer i = 0; i < count; i++)
        if (trials[i].child > 0 && !trial_end(&trials[i])) {
            failure = errno;
            fine = false;
        }
    if (!fine) {
        for (lua_Integer i = 0; i < count; i++)
            trial_close(&trials[i]);
        return raise_sentence(state, "a run cannot be started: %s", strerror(failure));
    }
    lua_createtable(state, (int)count, 0);
    for (lua_Integer i = 0; i < count; i++) {
        push_answer(state, &trials[i]);
        trial_close(&trials[i]);
        lua_rawseti(state, -2, i + 1);
    }
    return 1;
}

/* original(calls, every_access): the answer to the script as it is; takes the time for the limit. */
static int run_original(lua_State *state)
{
    struct shrinking *shrinking = shrinking_of(state);
    struct trial trial;
    time_t begin = time(NULL);
    set_up(shrinking, &trial, NULL, lua_toboolean(state, 2));
    trial.calls = lua_toboolean(state, 1);
    trial.limit_seconds = 0;
    if (!trial_begin(&trial) || !trial_end(&trial)) {
        trial_close(&trial);
        return raise_sentence(state, "a run cannot be started: %s", strerror(errno));
    }
    push_answer(state, &trial);
    trial_close(&trial);
    shrinking->limit_seconds = (unsigned)(time(NULL) - begin) * LIMIT_TIMES + LIMIT_SECONDS;
    return 1;
}

/* ---- What is told and written ---- */

/* progress(text) */
static int progress(lua_State *state)
{
    struct shrinking *shrinking = shrinking_of(state);
    FILE *out = shrinking->options->progress;
    if (out) {
        (void)fprintf(out, "\r\033[K%s", luaL_checkstring(state, 1));
        (void)fflush(out);
        shrinking->progressed = true;
    }
    return 0;
}

static void end_progress(struct shrinking *shrinking)
{
    if (shrinking->progressed)
        (void)fputs("\r\033[K", shrinking->options->progress);
    shrinking->progressed = false;
}

static int tell(lua_State *state)
{
    struct shrinking *shrinking = shrinking_of(state);
    end_progress(shrinking);
    (void)fprintf(shrinking->out, "%s\n", luaL_checkstring(state, 1));
    return 0;
}

static bool write_file(const char *path, const char *text, size_t length)
{
    FILE *file = fopen(path, "wbx");
    if (!file)
        return false;
    bool whole = fwrite(text, 1, length, file) == length && fflush(file) == 0 && fsync(fileno(file)) == 0;
    int failure = errno;
    if (fclose(file) == 0 && whole)
        return true;
    if (!whole)
        errno = failure;
    failure = errno;
    (void)remove(path); /* nothing half-written stays */
    errno = failure;
    return false;
}

static int refuse_output(lua_State *state, const char *path, int failure)
{
    return raise_sentence(state, "'%s' cannot be written: %s; %s", path, strerror(failure),
                          failure == EEXIST ? "--force replaces it"
                                            : "name a file in a folder that can be written");
}

/* write(text): under the final name only when it is whole. */
static int write_result(lua_State *state)
{
    const struct shrink_options *options = shrinking_of(state)->options;
    char partial[PATH_MAX];
    size_t length;
    const char *text = luaL_checklstring(state, 1, &length);
    if (snprintf(partial, sizeof partial, "%s.partial", options->output) >= (int)sizeof partial)
        return raise_sentence(state, "the path '%s' is too long", options->output);
    if (options->overwrite)
        (void)remove(partial); /* what an earlier one left; if it cannot go, writing says so */
    if (!write_file(partial, text, length))
        return refuse_output(state, errno == EEXIST ? partial : options->output, errno);
    /* link refuses what exists */
    int result = options->overwrite ? rename(partial, options->output) : link(partial, options->output);
    int failure = errno;
    if (!options->overwrite || result != 0)
        (void)remove(partial);
    if (result == 0)
        return 0;
    return refuse_output(state, options->output, failure);
}

/* The folder of a path, resolved, with a slash at the end. False if there is none. */
static bool folder_of(const char *path, char folder[PATH_MAX])
{
    char name[PATH_MAX], resolved[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int length = slash ? (int)(slash - path) + 1 : 2;
    return snprintf(name, sizeof name, "%.*s", length, slash ? path : "./") < (int)sizeof name &&
           realpath(name, resolved) && snprintf(folder, PATH_MAX, "%s/", resolved) < PATH_MAX;
}

/* What paths in the result begin with: the script's folder, unless the result stands in it. */
static void push_prefix(lua_State *state, const struct shrink_options *options)
{
    char from[PATH_MAX], to[PATH_MAX];
    bool known = folder_of(options->script, from) && folder_of(options->output, to);
    lua_pushstring(state, known && strcmp(from, to) != 0 ? from : "");
}

/* Before the first of many runs: a folder that is not there, or cannot be written, would be told after the
 * last. */
static void check_folder(lua_State *state, const struct shrink_options *options)
{
    char folder[PATH_MAX];
    errno = ENAMETOOLONG; /* the one failure that sets none */
    if (!folder_of(options->output, folder) || access(folder, W_OK | X_OK) != 0)
        refuse_output(state, options->output, errno);
}

/* ---- The Lua side ---- */

static void load_text(lua_State *state, const char *name)
{
    const struct shrink_text *text = shrink_text_parts;
    while (text->name && strcmp(text->name, name) != 0)
        text++;
    if (luaL_loadbufferx(state, text->text, strlen(text->text), name, "t") != LUA_OK)
        lua_error(state);
}

/* The whole work, protected; leaves nothing, or raises a sentence. */
static int shrink(lua_State *state)
{
    static const luaL_Reg functions[] = {{"run", run_texts},      {"original", run_original},
                                         {"progress", progress},  {"tell", tell},
                                         {"write", write_result}, {NULL, NULL}};
    const struct shrink_options *options = shrinking_of(state)->options;
    check_folder(state, options);
    luaL_openlibs(state);
    load_text(state, "shrink");
    luaL_newlib(state, functions);
    lua_pushstring(state, options->script);
    lua_setfield(state, -2, "script");
    lua_pushstring(state, options->output);
    lua_setfield(state, -2, "output");
    lua_pushstring(state, options->command_line);
    lua_setfield(state, -2, "command_line");
    lua_pushinteger(state, (lua_Integer)options->jobs);
    lua_setfield(state, -2, "jobs");
    if (options->seed_given) {
        lua_pushinteger(state, (lua_Integer)options->seed);
        lua_setfield(state, -2, "seed");
    }
    push_prefix(state, options);
    lua_setfield(state, -2, "prefix");
    load_text(state, "flat");
    lua_call(state, 0, 1);
    lua_call(state, 2, 0);
    return 0;
}

/* A table is a sentence; a text is one of Lua's own messages. */
static void refuse(struct shrinking *shrinking, lua_State *state)
{
    end_progress(shrinking);
    if (lua_istable(state, -1))
        lua_getfield(state, -1, "sentence");
    const char *sentence = lua_tostring(state, -1);
    (void)fprintf(shrinking->err, "%s\n", sentence ? sentence : "it failed without a message");
}

int shrink_script(const struct shrink_options *options, FILE *out, FILE *err)
{
    struct shrinking shrinking = {.options = options, .out = out, .err = err};
    lua_State *state = luaL_newstate();
    if (!state) {
        (void)fprintf(err, "there is not enough memory\n");
        return EXIT_MISUSE;
    }
    *(struct shrinking **)lua_getextraspace(state) = &shrinking;
    lua_pushcfunction(state, shrink);
    bool done = lua_pcall(state, 0, 0, 0) == LUA_OK;
    if (!done)
        refuse(&shrinking, state);
    lua_close(state);
    return done ? EXIT_FINE : EXIT_MISUSE;
}
