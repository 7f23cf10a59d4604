/*
 * What is asked of a plug-in before it is used. Each check that fails leaves one sentence. Not a public
 * header.
 */
#ifndef MMUSIM_PAGETABLES_PLUGIN_CHECK_H
#define MMUSIM_PAGETABLES_PLUGIN_CHECK_H

#include "pagetables/plugin_load.h"

/* Of which plug-in, and where the sentence goes. */
struct plugin_check {
    const char *path;
    char *error;
    size_t error_bytes;
};

/* "PATH: sentence". Always false. */
bool plugin_refuse(const struct plugin_check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The version and size of what the plug-in gave, in its own memory. */
bool plugin_check_header(const struct plugin_check *check, const struct mmusim_plugin *given);
/* The versions and sizes of its parts, in the plug-in's memory; `given` is the copy. */
bool plugin_check_sizes(const struct plugin_check *check, const struct mmusim_plugin *given);
/* The parts themselves, copied. */
bool plugin_check_parts(const struct plugin_check *check, const struct loaded_plugin *plugin);

#endif
