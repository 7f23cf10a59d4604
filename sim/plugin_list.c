#include "sim/plugin_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sha256.h"
#include "sim/simulation.h"

struct plugin_list {
    struct plugin_list *next;
    struct loaded_plugin *plugin;
    char *file; /* the file itself, whatever its names */
};

void plugin_list_destroy(struct plugin_list *list)
{
    while (list) {
        struct plugin_list *next = list->next;
        plugin_unload(list->plugin);
        free(list->file);
        free(list);
        list = next;
    }
}

const char *plugin_list_file(const struct plugin_list *list, const struct pagetable_class *table)
{
    for (; list; list = list->next)
        if (list->plugin->table == table)
            return list->file;
    return NULL;
}

static bool same_name(const char *one, const char *other)
{
    return one && other && strcmp(one, other) == 0;
}

static const char *format_name(const struct loaded_plugin *plugin)
{
    return plugin->format ? plugin->format->name : NULL;
}

/* A record tells tables and formats by their names. */
static bool check_names(struct simulation *simulation, const struct loaded_plugin *plugin)
{
    for (const struct plugin_list *item = simulation->plugins; item; item = item->next) {
        const struct loaded_plugin *other = item->plugin;
        if (same_name(plugin->table->name, other->table->name))
            return simulation_fail(simulation, "%s: its page table has the name \"%s\", as that of %s has",
                                   plugin->path, plugin->table->name, other->path);
        if (same_name(format_name(plugin), format_name(other)))
            return simulation_fail(simulation, "%s: its format has the name \"%s\", as that of %s has",
                                   plugin->path, format_name(plugin), other->path);
    }
    return true;
}

static bool tell_record(struct simulation *simulation, const struct loaded_plugin *plugin,
                        const char *written)
{
    char hash[SHA256_TEXT_BYTES];
    if (!simulation->recorder)
        return true;
    if (!sha256_file(plugin->path, hash))
        return simulation_fail(simulation, "%s: it was loaded and cannot be read now: %s", plugin->path,
                               strerror(errno));
    struct record_plugin row = {
        .page_table = plugin->table->name, .format = format_name(plugin), .path = written, .sha256 = hash};
    return recorder_plugin(simulation->recorder, &row) == RECORD_OK ||
           simulation_fail(simulation, "%s", recorder_error(simulation->recorder));
}

/* Takes `file`. */
static const struct loaded_plugin *add(struct simulation *simulation, char *file, const char *path,
                                       const char *written)
{
    char error[SIMULATION_ERROR_BYTES];
    struct plugin_list *item = calloc(1, sizeof *item);
    if (!item) {
        free(file);
        simulation_fail(simulation, "out of memory");
        return NULL;
    }
    item->file = file;
    item->plugin = plugin_load(path, error, sizeof error);
    if (!item->plugin)
        simulation_fail(simulation, "%s", error);
    if (!item->plugin || !check_names(simulation, item->plugin) ||
        !tell_record(simulation, item->plugin, written)) {
        plugin_list_destroy(item);
        return NULL;
    }
    item->next = simulation->plugins;
    simulation->plugins = item;
    return item->plugin;
}

const struct loaded_plugin *simulation_plugin(struct simulation *simulation, const char *path,
                                              const char *written)
{
    char *file = realpath(path, NULL);
    if (!file) {
        simulation_fail(simulation, "%s: %s; give the path of a plug-in, a shared object", path,
                        strerror(errno));
        return NULL;
    }
    for (const struct plugin_list *item = simulation->plugins; item; item = item->next)
        if (strcmp(item->file, file) == 0) {
            free(file);
            return item->plugin;
        }
    return add(simulation, file, path, written);
}
