/*
 * A plug-in that is right in form and does nothing: what test plug-ins change in one place. Each of them is
 * this library with a name of a change in changes.c.
 */
#ifndef MMUSIM_PAGETABLES_TEST_PLUGINS_STUB_H
#define MMUSIM_PAGETABLES_TEST_PLUGINS_STUB_H

#include "pagetables/plugin.h"

/* As later headers may declare them: longer, with something that this program does not know. */
struct later_plugin {
    struct mmusim_plugin known;
    uint64_t unknown[3];
};
struct later_table {
    struct pagetable_class known;
    uint64_t unknown[5];
};
struct later_format {
    struct walk_format known;
    uint64_t unknown[7];
};
struct later_entries {
    struct entry_format known;
    uint64_t unknown[2];
};

struct stub {
    struct later_plugin plugin;
    struct later_table table;
    struct later_format format;
    struct later_entries entries;
    const char *refusal;
};

/* What the change of this name makes of a plug-in that is right. */
void stub_change(struct stub *stub, const char *name);

#endif
