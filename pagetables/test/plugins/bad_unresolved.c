/* A plug-in that calls a function of the program, which gives it none. */
#include "pagetables/plugin.h"

const struct mmusim_plugin *mmusim_plugin(const char **why)
{
    *why = walk_format_find("vmsa-4k-48")->summary;
    return NULL;
}
