/*
 * The plug-ins of a simulation: page tables and formats that scripts name by a path. Each file is loaded
 * once, and unloaded when the simulation is closed.
 */
#ifndef MMUSIM_SIM_PLUGIN_LIST_H
#define MMUSIM_SIM_PLUGIN_LIST_H

#include <stdbool.h>

#include "pagetables/plugin_load.h"

#ifdef __cplusplus
extern "C" {
#endif

struct simulation;
struct plugin_list;

/*
 * The plug-in in the file `path`, loaded now if it was not before, and told to the record: `written` is how
 * the script names it. No two plug-ins of a simulation have tables, or formats, of one name. NULL with
 * simulation->error, a sentence that begins with the path.
 */
const struct loaded_plugin *simulation_plugin(struct simulation *simulation, const char *path,
                                              const char *written);

/* The path of the plug-in that a page table is of, by no symbolic link; NULL: of none. */
const char *plugin_list_file(const struct plugin_list *list, const struct pagetable_class *table);

/* Nothing of any plug-in is used any more. NULL is allowed. */
void plugin_list_destroy(struct plugin_list *list);

#ifdef __cplusplus
}
#endif
#endif
