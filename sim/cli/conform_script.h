/*
 * A failure of the conformance kit as a script: the machine, the page table, the sequence, and what finds it.
 */
#ifndef MMUSIM_SIM_CLI_CONFORM_SCRIPT_H
#define MMUSIM_SIM_CLI_CONFORM_SCRIPT_H

#include <stdio.h>

#include "pagetables/conform/conform.h"

/* What a script is made of; all owned by the caller. */
struct conform_script {
    const struct conform_options *options;
    enum conform_property_id id;
    const struct conform_failure *failure;
    const char *table;   /* as a script names it: a name, or the path of a plug-in */
    const char *command; /* the command line that found it */
};

/* Whether running the script shows the failure; else a sentence why not, in `*why`. */
bool conform_script_shows(enum conform_property_id id, const char **why);

void conform_script_print(const struct conform_script *script, FILE *out);

/* A script's text without its data, from sim/cli/conform/. */
struct conform_text {
    const char *name;
    const char *text;
};
extern const struct conform_text conform_text_scripts[];

#endif
