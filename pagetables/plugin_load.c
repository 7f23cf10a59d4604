#include "pagetables/plugin_load.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pagetables/plugin_check.h"

/* Everything that one plug-in owns, in one block. */
struct holder {
    struct loaded_plugin plugin; /* the first member: what callers have is the holder */
    void *object;
    struct mmusim_plugin given;
    struct pagetable_class table;
    struct walk_format format;
    struct entry_format entries;
    char path[];
};

/* ---- The shared object ---- */

/* A name that nobody defines, at the end of the dynamic linker's sentence. */
static bool explain_unresolved(const struct plugin_check *check, const char *symbol)
{
    return plugin_refuse(
        check,
        "it needs the symbol \"%.*s\", which neither it nor its libraries define; a plug-in calls nothing of "
        "this program but what it is handed (link it with -Wl,-z,defs to see such names when it is built)",
        (int)strcspn(symbol, ", \t\n"), symbol);
}

/* What the dynamic linker says begins with the path; that is said already. */
static bool explain_open(const struct plugin_check *check, const char *text)
{
    static const char unresolved[] = "undefined symbol: ";
    size_t length = strlen(check->path);
    const char *symbol = text ? strstr(text, unresolved) : NULL;
    if (!text)
        return plugin_refuse(check, "it cannot be loaded");
    if (symbol)
        return explain_unresolved(check, symbol + sizeof unresolved - 1);
    if (strncmp(text, check->path, length) == 0 && strncmp(text + length, ": ", 2) == 0)
        text += length + 2;
    return plugin_refuse(check, "it cannot be loaded as a shared object of this machine: %s", text);
}

/* A path without a slash would be looked for among the system's libraries. */
static bool open_object(const struct plugin_check *check, struct holder *holder)
{
    const char *folder = strchr(check->path, '/') ? "" : "./";
    size_t bytes = strlen(folder) + strlen(check->path) + 1;
    char *name = malloc(bytes);
    if (!name)
        return plugin_refuse(check, "out of memory");
    (void)snprintf(name, bytes, "%s%s", folder, check->path);
    bool readable = access(name, R_OK) == 0;
    int why = errno;
    if (readable)
        holder->object = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    free(name);
    if (!readable)
        return plugin_refuse(check, "%s; give the path of a plug-in, a shared object", strerror(why));
    return holder->object != NULL || explain_open(check, dlerror());
}

/* Asks the plug-in what it is. NULL: it refuses. */
static const struct mmusim_plugin *ask(const struct plugin_check *check, void *object)
{
    mmusim_plugin_function function;
    const char *why = NULL;
    void *symbol = dlsym(object, MMUSIM_PLUGIN_SYMBOL);
    if (!symbol) {
        (void)plugin_refuse(check,
                            "it has no function \"" MMUSIM_PLUGIN_SYMBOL
                            "\"; a plug-in exports it with C linkage, as <mmusim/plugin.h> declares it");
        return NULL;
    }
    memcpy(&function, &symbol, sizeof function); /* POSIX: the address of a function is in the pointer */
    const struct mmusim_plugin *given = function(&why);
    if (!given && why)
        (void)plugin_refuse(check, "it cannot be used: %s", why);
    else if (!given)
        (void)plugin_refuse(check, "it cannot be used, and does not say why; when " MMUSIM_PLUGIN_SYMBOL
                                   "() gives NULL, it sets *why to a sentence");
    return given;
}

/* ---- Copies ---- */

/* As much as both know; the rest of the copy is zero. Both begin with members that end in struct_bytes. */
static void copy_struct(void *copy, size_t copy_bytes, const void *given, uint32_t given_bytes)
{
    memset(copy, 0, copy_bytes);
    memcpy(copy, given, given_bytes < copy_bytes ? given_bytes : copy_bytes);
}

static void copy_plugin(struct holder *holder, const struct mmusim_plugin *given)
{
    copy_struct(&holder->given, sizeof holder->given, given, given->struct_bytes);
    holder->given.struct_bytes = sizeof holder->given;
}

static void copy_parts(struct holder *holder)
{
    const struct mmusim_plugin *given = &holder->given;
    copy_struct(&holder->table, sizeof holder->table, given->table, given->table->struct_bytes);
    holder->table.struct_bytes = sizeof holder->table;
    holder->plugin.table = &holder->table;
    if (!given->format)
        return;
    copy_struct(&holder->format, sizeof holder->format, given->format, given->format->struct_bytes);
    holder->format.struct_bytes = sizeof holder->format;
    holder->plugin.format = &holder->format;
    if (!given->entries)
        return;
    copy_struct(&holder->entries, sizeof holder->entries, given->entries, given->entries->struct_bytes);
    holder->entries.struct_bytes = sizeof holder->entries;
    holder->plugin.entries = &holder->entries;
}

/* ---- Loading ---- */

static bool fill(const struct plugin_check *check, struct holder *holder)
{
    const struct mmusim_plugin *given = open_object(check, holder) ? ask(check, holder->object) : NULL;
    if (!given || !plugin_check_header(check, given))
        return false;
    copy_plugin(holder, given);
    if (!plugin_check_sizes(check, &holder->given))
        return false;
    copy_parts(holder);
    return plugin_check_parts(check, &holder->plugin);
}

struct loaded_plugin *plugin_load(const char *path, char *error, size_t error_bytes)
{
    const struct plugin_check check = {path, error, error_bytes};
    size_t path_bytes = strlen(path) + 1;
    struct holder *holder = calloc(1, sizeof *holder + path_bytes);
    if (!holder) {
        (void)plugin_refuse(&check, "out of memory");
        return NULL;
    }
    memcpy(holder->path, path, path_bytes);
    holder->plugin.path = holder->path;
    if (fill(&check, holder))
        return &holder->plugin;
    plugin_unload(&holder->plugin);
    return NULL;
}

void plugin_unload(struct loaded_plugin *plugin)
{
    struct holder *holder = (struct holder *)plugin;
    if (holder && holder->object)
        (void)dlclose(holder->object); /* what is left of the object could harm nobody */
    free(holder);
}

const struct walk_format *plugin_format_find(const struct loaded_plugin *plugin, const char *name,
                                             const struct entry_format **entries)
{
    const struct walk_format *format;
    if (plugin && plugin->format && strcmp(plugin->format->name, name) == 0) {
        *entries = plugin->entries;
        return plugin->format;
    }
    format = walk_format_find(name);
    *entries = format ? entry_format_of(format) : NULL;
    return format;
}
