/*
 * Loading plug-ins: what a shared object gives (pagetables/plugin.h), checked and made whole.
 *
 * A library of its own, mmusim_plugins: the rest of this folder needs no dynamic linker.
 *
 * What a plug-in gives is copied into structs of this program's size, with zeros for what the plug-in does
 * not know. So the addresses of formats and tables are the program's: a plug-in that wants to know a format
 * compares its name. A plug-in is native code and runs with all rights of the process; there is no sandbox
 * around it.
 */
#ifndef MMUSIM_PAGETABLES_PLUGIN_LOAD_H
#define MMUSIM_PAGETABLES_PLUGIN_LOAD_H

#include "pagetables/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A plug-in in this process. Read only; all of it lives until plugin_unload. */
struct loaded_plugin {
    const struct pagetable_class *table;
    const struct walk_format *format;   /* its own; NULL if it has none */
    const struct entry_format *entries; /* of its own format; NULL if there are none */
    const char *path;                   /* as it was asked for */
};

/*
 * Loads the shared object at `path`, which is never searched for. Each call gives a plug-in of its own,
 * though the object's code is in the process once. Checked: version, sizes, that everything is there that
 * must be, that no name is one of this program's, that the numbers of a format are possible, and that the
 * table accepts its default format. NULL with one sentence in `error`, which begins with the path.
 */
struct loaded_plugin *plugin_load(const char *path, char *error, size_t error_bytes);

/* Nothing of the plug-in is used any more. NULL is allowed. */
void plugin_unload(struct loaded_plugin *plugin);

/*
 * A format by its name: the plug-in's own, or one of the program's. `plugin` may be NULL. `*entries` is how
 * software writes it (NULL: nobody but its own table knows). NULL if there is none of this name.
 */
const struct walk_format *plugin_format_find(const struct loaded_plugin *plugin, const char *name,
                                             const struct entry_format **entries);

#ifdef __cplusplus
}
#endif
#endif
