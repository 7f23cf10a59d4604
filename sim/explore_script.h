/*
 * Scripts that are explored: a machine, an address space and programs, said in Lua as for a run, of which
 * every interleaving is tried (sim/lua/README.md).
 */
#ifndef MMUSIM_SIM_EXPLORE_SCRIPT_H
#define MMUSIM_SIM_EXPLORE_SCRIPT_H

#include "sim/explore/exploration.h"

#ifdef __cplusplus
extern "C" {
#endif

struct explore_script;

struct explore_script_options {
    const char *script;           /* path */
    const char *text;             /* the script's, in place of the file's; NULL: read it */
    const char *const *arguments; /* after the script's name; the script's global `arg` */
    int argument_count;
    bool unsandboxed;             /* the script may use files, processes and the clock */
    struct memory_budget *budget; /* for what programs do; outlives the script */
};

/*
 * Performs the script's main chunk. NULL: wrong use or a failure, `error` has one sentence with the place.
 * What options point to outlives the script.
 */
struct explore_script *explore_script_open(const struct explore_script_options *options, char *error,
                                           size_t error_bytes);
void explore_script_close(struct explore_script *script); /* NULL is allowed */

/* What exploration_create takes; valid as long as the script, which performs the programs on the way. What
 * they do wrong is an error of the exploration, a sentence with the place. */
const struct exploration_config *explore_script_config(const struct explore_script *script);

/* What a script of a run says for the same page table: its name, or the path of its plug-in. Valid as long as
 * the script. */
const char *explore_script_table(const struct explore_script *script);

/* m:outcome(name, verdict, f): outcome n is found as FINDING_OUTCOME + n. */
struct explore_outcome {
    const char *name;
    bool forbidden; /* false: allowed */
};
const struct explore_outcome *explore_script_outcome(const struct explore_script *script, unsigned n);
unsigned explore_script_outcome_count(const struct explore_script *script);
/* False: there is none but what m:tables { ... } has; the configuration's is empty. */
bool explore_script_has_table(const struct explore_script *script);

/* The line of the script at which a core's program stands, by its node; 0 if none does. */
uint32_t explore_script_line(const struct explore_script *script, uint32_t node);

#ifdef __cplusplus
}
#endif
#endif
