/*
 * An exploration as a script describes it: what the files about it share. Not a public header.
 */
#ifndef MMUSIM_SIM_LUA_LUA_EXPLORE_H
#define MMUSIM_SIM_LUA_LUA_EXPLORE_H

#include "sim/explore/exploration.h"
#include "sim/explore/program_tree.h"
#include "sim/lua/lua_script.h"

/* Of address spaces that say none: two levels. */
#define EXPLORED_FORMAT "vmsa-4k-25"

struct script_exploration {
    struct exploration_config config;
    struct mmu_config parameters; /* those that programs are checked against */
    struct program_plan plans[SMALL_CORES];
    struct address_space *space; /* NULL: none yet */
    struct operation_call *before;
    size_t before_room;
    bool ordering_given, stores_given, pages_given;
    uint64_t *shared; /* digests of what programs share; NULL: none has been performed */
    /* While a program is performed: */
    struct program_run *run;
    bool asked;                /* it goes no further */
    struct core_result result; /* of its last operation */
};

/* Memory that lives as long as the Lua state. */
void *exploration_memory(lua_State *state, size_t bytes);
/* Before anything else happens. */
void exploration_add_before(lua_State *state, const struct operation_call *call);

/* lua_explore_program.c: core:program and core:sequences. */
int explored_program(lua_State *state);
int explored_sequences(lua_State *state);
/* m:before(f): the calls that f makes. */
int explored_before(lua_State *state);
/* The answer to a request; without one the program goes no further, and it does not return. */
const struct program_answer *explored_ask(lua_State *state, struct script_exploration *exploration,
                                          const struct program_request *request);
/* lua_explore_shared.c: the name of a variable that programs share and that is another than when this was
 * asked first; NULL: none is. */
const char *exploration_changed_variable(lua_State *state, struct script_exploration *exploration);
/* program_performer.perform, of a struct script. */
bool explored_perform(void *context, struct program_run *run);

#endif
