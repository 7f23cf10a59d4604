/*
 * The Lua side of a run: what the binding files share. Lua and its headers appear in this folder only.
 *
 * A script builds one machine, gives its cores programs, and ends; then the programs run. Each program is a
 * Lua thread of one Lua state, on a SystemC thread of its own. Programs take turns, so that Lua code never
 * runs twice at once; `script->current` is the core whose program has the turn.
 */
#ifndef MMUSIM_SIM_LUA_LUA_SCRIPT_H
#define MMUSIM_SIM_LUA_LUA_SCRIPT_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "sim/simulation.h"
#include "sim/space.h"

#define NO_CORE UINT32_MAX

struct script;
struct script_exploration;

struct script_core {
    struct script *script;
    lua_State *thread;
    int program; /* registry references; LUA_NOREF if there is none */
    int thread_reference;
    int fault_handler;
    unsigned index;    /* from 0 */
    bool kernel;       /* accesses are privileged unless they say otherwise */
    bool stream_waits; /* for its fault to be handled */
    uint64_t random;   /* state of the core's own random numbers */
    uint64_t streams_run;
    struct address_space *space;     /* active; NULL before the first switch */
    struct access_controls controls; /* in force */
};

struct script {
    lua_State *state;
    const struct run_options *options;
    struct run_outcome *outcome;
    char *text;
    struct simulation simulation;
    struct script_exploration *exploration; /* of `mmusim explore`; NULL: programs run in simulated time */
    bool has_machine;
    const struct walk_format *format; /* of address spaces that say none; NULL: the machine says none */
    int asid_bits;                    /* see machine_description */
    unsigned current;                 /* core whose program has the turn; NO_CORE in the main chunk */
    struct script_core cores[MMU_CORES_MAX];
};

struct script *script_of(lua_State *state);
/* Raises the simulation's error at the place in the script. Never returns. */
int script_raise(lua_State *state);
/* Message handler for lua_pcall: makes a text of what was raised. */
int script_message(lua_State *state);
/* An operation of a core's program; raises if the run is being stopped. */
const struct core_result *script_do(lua_State *state, struct script_core *core,
                                    const struct core_operation *operation);
/* To be called when something else than script_do has let time pass. Raises if the run is being stopped. */
void script_resumed(lua_State *state, struct script_core *core);

/* lua_script.c: the script from its text on, its main chunk performed. False with the outcome's error. */
bool script_evaluate(struct script *script);
/* The machine's, timed or explored: parameters that programs are checked against. */
const struct mmu_config *script_config(const struct script *script);

/* lua_explore.c: explore { ... }, and what it changes of the others' methods; last before close_globals. */
void open_exploration(lua_State *state);
/* The parameters that programs are checked against. */
const struct mmu_config *exploration_parameters(const struct script_exploration *exploration);
/* The address space of the table at `index`, pushed. */
int push_explored_space(lua_State *state, int index);
/* lua_explore_program.c: what script_do and the calls of a page table are there. The answer, or the program
 * goes no further and they do not return. */
const struct core_result *explored_do(lua_State *state, struct script_core *core,
                                      const struct core_operation *operation);
struct operation_call;
enum pagetable_result explored_call(lua_State *state, struct script_core *core,
                                    const struct operation_call *call, struct mapping *found);

/* lua_description.c: what machine { ... } says, with the options of the command line over it. */
struct machine_description {
    struct mmu_config config;
    const char *preset; /* on the stack; NULL: it begins with the defaults */
    const char *format; /* of address spaces that say none, where their table accepts it; NULL: the table's */
    int asid_bits;      /* of the tags of TLB entries; -1: those of each format */
    const char *record; /* on the stack, or one of the options' */
    bool check;
};
/* Raises a sentence with the script's place when something is wrong. */
void read_description(lua_State *state, int table, struct machine_description *description);
/*
 * What a table says of the hardware is set in `config`, which keeps the rest. Raises a sentence; `key` then
 * has the name of the key that is wrong ("tlb.l1d.ways"), for a caller who can tell its place.
 */
struct hardware_reader {
    struct mmu_config *config;
    const char *const *others; /* keys that are the caller's; NULL-terminated */
    char key[96];              /* empty at first and at the end */
};
void read_hardware(lua_State *state, int table, struct hardware_reader *reader);

/* lua_check.c: arguments. All raise a sentence with the script's place when something is wrong. */
uint64_t check_integer(lua_State *state, int index, const char *what);
uint64_t check_range(lua_State *state, int index, const char *what, uint64_t least, uint64_t most);
/* An integer, or a text with a suffix: "4K", "2M", "1G", "1T". */
uint64_t check_size(lua_State *state, int index, const char *what);
uint8_t check_size_lg2(lua_State *state, int index, const char *what);
uint32_t check_attributes(lua_State *state, int index);
/* Raises unless every key of the table is among the names (NULL-terminated), with the nearest one. */
void check_keys(lua_State *state, int table, const char *where, const char *const *names);
/* A field of a table, pushed; false, and nothing pushed, if it is nil. */
bool push_field(lua_State *state, int table, const char *name);
bool flag_field(lua_State *state, int table, const char *name, bool standard);
uint64_t integer_field(lua_State *state, int table, const char *name, uint64_t standard);
uint64_t size_field(lua_State *state, int table, const char *name, uint64_t standard);
double number_field(lua_State *state, int table, const char *name, double standard);
const char *text_field(lua_State *state, int table, const char *name, const char *standard);
/* A file that the script names: relative to the script's folder, so that a script works from everywhere. */
#define SCRIPT_PATH_BYTES 1024
void resolve_path(lua_State *state, const char *path, char resolved[SCRIPT_PATH_BYTES]);
/* One of the texts (NULL-terminated); gives its index. */
int check_choice(lua_State *state, int index, const char *what, const char *const *names);
/* Raises that `what` has no member of this name, with the nearest key of the table at `table`. */
int raise_no_member(lua_State *state, const char *what, int table, const char *name);
/* A text with the suffix, for messages: "0x..." */
void push_hex(lua_State *state, uint64_t value);

/* The kinds of userdata. */
#define CORE_TYPE    "mmusim.core"
#define SPACE_TYPE   "mmusim.address_space"
#define STREAM_TYPE  "mmusim.stream"
#define MACHINE_TYPE "mmusim.machine"

struct script_core *check_core(lua_State *state, int index);
/* The core, which must be the one whose program calls. */
struct script_core *check_own_core(lua_State *state, int index);
/* Raises if the core has switched to no address space yet. */
void require_space(lua_State *state, const struct script_core *core);
struct address_space *check_space(lua_State *state, int index);

/* lua_machine.c: math.random begins anew. */
void seed_random(lua_State *state, uint64_t seed);
/*
 * lua_script.c: the whole file, with a terminating zero, which the caller frees; NULL with a sentence, in
 * which `what` says what the path should be of.
 */
char *read_text(const char *path, size_t *length, const char *what, char *error, size_t error_bytes);
/* Last of all, when every global is there. */
void close_globals(lua_State *state);
/* lua_machine.c, lua_core.c, lua_space.c, lua_stream.c: their names in the script's globals. */
void open_machine(lua_State *state);
void open_cores(lua_State *state);
void open_spaces(lua_State *state);
void open_streams(lua_State *state);
/* lua_ordering.c: barriers and invalidations, for the table of a core's methods on top of the stack. */
void add_ordering_methods(lua_State *state);
/* lua_control.c: core:switch and core:control, for the same table. */
void add_control_methods(lua_State *state);
/* What the table at `table` changes of the controls, which the format must have. */
void read_controls(lua_State *state, int table, const struct walk_format *format,
                   struct access_controls *controls);
/* lua_core.c */
void push_core(lua_State *state, struct script_core *core);
void script_core_init(struct script *script, unsigned index);
/* What the field "format" of a machine's or preset's table names; NULL if there is none. */
const char *read_machine_format(lua_State *state, int table);
/* Its field "asid_bits". */
int read_asid_bits(lua_State *state, int table, int standard);
/* lua_space_config.c: a format of the program. */
const struct walk_format *check_format(lua_State *state, const char *name);
/* lua_space_config.c: what the table at `index` says of an address space; its texts stay on the stack. */
void read_space_config(lua_State *state, int index, struct space_config *config);
/* lua_space.c: makes the address space of the table at `index`, and pushes it. */
int push_new_space(lua_State *state, int index);
/* lua_fault.c: pushes a fault as scripts see it. */
void open_faults(lua_State *state);
void push_fault(lua_State *state, const struct core_result *result);
/* One sentence about it, pushed. */
void push_fault_text(lua_State *state, const struct core_result *result);
/* lua_stream.c: the stream at `index`, opened for this core. Raises on an error. */
struct stream *check_stream(lua_State *state, int index, struct script_core *core);
/* The seed of the n-th stream, from 1, that the core (from 0) runs without a seed of its own. */
uint64_t stream_seed(const struct script *script, unsigned core, uint64_t n);
/* lua_calls.c: the table of a type's methods, pushed. */
void push_methods(lua_State *state, const char *type);
/* lua_machine.c: m, with its cores, pushed. */
int push_machine(lua_State *state, struct script *script);
/* lua_calls.c: every call of the script is told to options->watch. After close_globals. */
void open_calls(lua_State *state);
/* lua_sandbox.c: the libraries and globals a script sees. */
void open_sandbox(lua_State *state, bool unsandboxed);

#endif
