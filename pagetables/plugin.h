/*
 * Plug-ins: a page table in a shared object, with or without a walk engine of its own.
 *
 * The shared object exports one symbol, the function `mmusim_plugin`, with C linkage. It is called once when
 * the object is loaded, and what it returns lives as long as the object does. Nothing else of the object is
 * looked up, and the object needs nothing of the program that loads it: what it may use comes as arguments,
 * and of these headers it may use types, constants and inline functions.
 *
 * The interface is this header and those that it includes, versioned as a whole. Within a version, structs
 * only grow at their end, and every struct that a plug-in gives begins with the size that it was built with:
 * an older plug-in stays loadable, and what it does not know is as if it were 0. Structs that a plug-in makes
 * and that have no such size (frame, mapping, invalidation, ...), those that are passed by value or are
 * members of others, and the numbers of enumerators never change. pagetables/test/test_plugin_layout.c holds
 * it all.
 *
 * What the program gives (walk_state, translation_regime, pagetable_config, environment_operations, ...) has
 * no size in it and grows at its end, too. A plug-in that is newer than the program may use of it what was
 * there in the first header of this version, and nothing later.
 *
 * The program copies what it is given. A plug-in that wants to know whether a format is its own compares
 * names, not addresses. Names are written in scripts: ASCII without spaces, slashes and quotes, and none of
 * the program's.
 */
#ifndef MMUSIM_PAGETABLES_PLUGIN_H
#define MMUSIM_PAGETABLES_PLUGIN_H

#include "pagetables/pagetable.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MMUSIM_PLUGIN_VERSION 1
#define MMUSIM_PLUGIN_SYMBOL  "mmusim_plugin"

struct mmusim_plugin {
    uint32_t version;      /* MMUSIM_PLUGIN_VERSION */
    uint32_t struct_bytes; /* sizeof(struct mmusim_plugin) as the plug-in was built with */
    const struct pagetable_class *table;
    /* A format of its own, or NULL: the table then works with formats of the program. Its name must not be
     * one of theirs. */
    const struct walk_format *format;
    const struct entry_format *entries; /* of `format`, if other tables may write it; or NULL */
};

/* What a plug-in defines. NULL: it cannot be used; `why` is then set to a sentence. */
typedef const struct mmusim_plugin *(*mmusim_plugin_function)(const char **why);

#define MMUSIM_PLUGIN_EXPORT __attribute__((visibility("default")))

/* A struct and a function of one name, which C++ has for the sake of C (stat), and -Wshadow tells. */
#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif
MMUSIM_PLUGIN_EXPORT const struct mmusim_plugin *mmusim_plugin(const char **why);
#ifdef __cplusplus
#pragma GCC diagnostic pop
#endif

#ifdef __cplusplus
}
#endif
#endif
