/*
 * An exploration as a script describes it: what the files about it share. Not a public header.
 */
#ifndef MMUSIM_SIM_LUA_LUA_EXPLORE_H
#define MMUSIM_SIM_LUA_LUA_EXPLORE_H

#include "sim/explore/exploration.h"
#include "sim/explore/program_tree.h"
#include "sim/explore_script.h"
#include "sim/lua/lua_script.h"

/* Of address spaces that say none: two levels. */
#define EXPLORED_FORMAT "vmsa-4k-25"

#define TABLES_TYPE "mmusim.tables"

/* m:tables { ... }: an address space that no page-table code looks after. */
struct script_tables {
    struct address_space space;
    struct small_context *context; /* NULL: tables of stage 2 */
    unsigned number;               /* of the context */
    bool pages_given;
};

/* m:outcome(...) */
struct script_outcome {
    struct explore_outcome told;
    int function; /* registry reference */
};

struct script_exploration {
    struct exploration_config config;
    struct mmu_config parameters; /* those that programs are checked against */
    struct program_plan plans[SMALL_CORES];
    struct address_space *space;               /* NULL: none yet */
    struct script_tables *tables;              /* the first ones that a core can run; NULL: none */
    struct address_space *starts[SMALL_CORES]; /* NULL: the address space, else the first tables */
    struct explored_word words[SMALL_WORDS];
    struct script_outcome outcomes[EXPLORATION_OUTCOMES];
    unsigned outcome_count;
    char outcome_error[1024];
    struct operation_call *before;
    size_t before_room;
    bool ordering_given, stores_given, pages_given;
    bool space_given; /* by the script, and not made for its tables */
    bool format_used; /* ordering and the like follow from a format already */
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
/* What follows for the machine from the first format that is used. */
void exploration_use_format(struct script_exploration *exploration, const struct walk_format *format);
/* `pages` of the table at `index`; false: it has none. */
bool read_page_list(lua_State *state, int index, struct small_context *context);
/* Without m:address_space: an empty one, which no core runs. */
void exploration_add_space(lua_State *state);

/* lua_explore_tables.c: m:tables, m:word, and the type of tables. */
int explored_tables(lua_State *state);
int explored_word(lua_State *state);
void open_tables(lua_State *state);
struct script_tables *test_tables(lua_State *state, int index); /* NULL: it is something else */
/* lua_explore_outcomes.c: m:outcome. */
int explored_outcome(lua_State *state);
/* The answer to a request; without one the program goes no further, and it does not return. */
const struct program_answer *explored_ask(lua_State *state, struct script_exploration *exploration,
                                          const struct program_request *request);
/* lua_explore_shared.c: the name of a variable that programs share and that is another than when this was
 * asked first; NULL: none is. */
const char *exploration_changed_variable(lua_State *state, struct script_exploration *exploration);
/* program_performer.perform, of a struct script. */
bool explored_perform(void *context, struct program_run *run);

#endif
