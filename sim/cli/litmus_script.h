/*
 * Litmus tests that are explorations in Lua (sim/lua/README.md): each outcome that the script names is a
 * case.
 */
#ifndef MMUSIM_SIM_CLI_LITMUS_SCRIPT_H
#define MMUSIM_SIM_CLI_LITMUS_SCRIPT_H

#include "sim/litmus/suite.h"

/* Visits the outcomes as cases, or one case with a failure. `tell`, if it is not NULL, hears the lines of a
 * shortest run to each outcome that is reached, before its case is visited. False: the visitor stopped. */
struct litmus_script_options {
    void (*tell)(void *context, const char *line);
    void *tell_context;
};
bool litmus_script_run(const char *path, const struct litmus_script_options *options,
                       const struct litmus_visitor *visitor);

#endif
