/*
 * explore { ... }: the small machine that a script describes, its address space, and what of the timed
 * machine's methods it has not.
 */
#include "sim/lua/lua_explore.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Physical memory: page 0 is nobody's, tables lie below frames. Its size costs nothing. */
#define TABLES_BASE  UINT64_C(0x100000)
#define FRAMES_BASE  (TABLES_BASE + EXPLORATION_TABLE_UNITS * UINT64_C(4096))
#define MEMORY_BYTES (UINT64_C(1) << 40)

/* ---- Parameters ---------------------------------------------------------------------------------- */

struct count_parameter {
    const char *name;
    size_t offset; /* in small_config: an unsigned */
    unsigned least, most, standard;
};

static const struct count_parameter counts[] = {
    {"cores", offsetof(struct small_config, cores), 1, SMALL_CORES, 2},
    {"tlb_entries", offsetof(struct small_config, tlb_entries), 0, SMALL_TLB_ENTRIES, 1},
    {"walk_cache_entries", offsetof(struct small_config, walk_cache_entries), 0, SMALL_TLB_ENTRIES, 0},
    {"store_buffer", offsetof(struct small_config, store_buffer), 0, SMALL_STORES, 1},
    {"walks", offsetof(struct small_config, walks), 1, SMALL_WALKS, 1},
};

static const char *const keys[] = {"cores",      "tlb_entries",  "walk_cache_entries", "store_buffer",
                                   "walks",      "table_blocks", "ordering",           "stores_pass_stores",
                                   "speculates", "evicts",       "keeps_faults",       "pages",
                                   NULL};

static const char *const ordering_names[] = {"arm", "x86", "riscv", NULL};

static void read_counts(lua_State *state, struct small_config *machine)
{
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        const struct count_parameter *parameter = &counts[i];
        unsigned value = parameter->standard;
        if (push_field(state, 1, parameter->name)) {
            value = (unsigned)check_range(state, -1, parameter->name, parameter->least, parameter->most);
            lua_pop(state, 1);
        }
        memcpy((char *)machine + parameter->offset, &value, sizeof value);
    }
}

bool read_page_list(lua_State *state, int index, struct small_context *context)
{
    if (!push_field(state, index, "pages"))
        return false;
    if (!lua_istable(state, -1))
        luaL_error(state, "pages must be a list of addresses, such as { 0x0, 0x200000 }, not %s",
                   luaL_typename(state, -1));
    size_t count = lua_rawlen(state, -1);
    if (count > SMALL_PAGES)
        luaL_error(state, "pages has %I addresses; it may have %I", (LUAI_UACINT)count,
                   (LUAI_UACINT)SMALL_PAGES);
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(state, -1, (lua_Integer)i + 1);
        context->pages[i] = check_integer(state, -1, "an address of pages");
        lua_pop(state, 1);
    }
    context->page_count = (unsigned)count;
    lua_pop(state, 1);
    return true;
}

static void read_rules(lua_State *state, struct script_exploration *exploration)
{
    struct small_config *machine = &exploration->config.machine;
    machine->speculates = flag_field(state, 1, "speculates", true);
    machine->evicts = flag_field(state, 1, "evicts", true);
    machine->keeps_faults = flag_field(state, 1, "keeps_faults", false);
    exploration->ordering_given = push_field(state, 1, "ordering");
    if (exploration->ordering_given) {
        machine->ordering = (enum ordering)check_choice(state, -1, "ordering", ordering_names);
        lua_pop(state, 1);
    }
    exploration->stores_given = push_field(state, 1, "stores_pass_stores");
    if (exploration->stores_given)
        lua_pop(state, 1);
    machine->stores_pass_stores = flag_field(state, 1, "stores_pass_stores", false);
}

const struct mmu_config *exploration_parameters(const struct script_exploration *exploration)
{
    return &exploration->parameters;
}

/* explore { ... } */
static int new_exploration(lua_State *state)
{
    struct script *script = script_of(state);
    struct script_exploration *exploration = script->exploration;
    luaL_argexpected(state, lua_istable(state, 1), 1, "table");
    if (script->has_machine)
        return luaL_error(state, "a script explores one machine, and this one has it already");
    check_keys(state, 1, "explore", keys);
    read_counts(state, &exploration->config.machine);
    if (push_field(state, 1, "table_blocks")) {
        exploration->config.table_units =
            (unsigned)check_range(state, -1, "table_blocks", 1, EXPLORATION_TABLE_UNITS);
        lua_pop(state, 1);
    }
    read_rules(state, exploration);
    exploration->pages_given = read_page_list(state, 1, &exploration->config.machine.contexts[0]);
    exploration->config.machine.memory_bytes = MEMORY_BYTES;
    exploration->config.tables_base = TABLES_BASE;
    exploration->parameters = (struct mmu_config){.cores = exploration->config.machine.cores,
                                                  .ordering = exploration->config.machine.ordering,
                                                  .memory_bytes = MEMORY_BYTES};
    frame_allocator_init(&script->simulation.frames, MEMORY_BYTES, FRAMES_BASE);
    script->has_machine = true;
    return push_machine(state, script);
}

/* ---- The address space --------------------------------------------------------------------------- */

void *exploration_memory(lua_State *state, size_t bytes)
{
    void *memory = lua_newuserdatauv(state, bytes, 0);
    memset(memory, 0, bytes);
    (void)luaL_ref(state, LUA_REGISTRYINDEX);
    return memory;
}

static enum ordering ordering_of(const struct walk_format *format)
{
    static const enum ordering orderings[] = {[SPURIOUS_NEVER] = ORDERING_ARM,
                                              [SPURIOUS_ONCE] = ORDERING_X86,
                                              [SPURIOUS_UNTIL_FENCE] = ORDERING_RISCV};
    return orderings[format->spurious];
}

void exploration_use_format(struct script_exploration *exploration, const struct walk_format *format)
{
    struct small_config *machine = &exploration->config.machine;
    if (exploration->format_used)
        return;
    exploration->format_used = true;
    if (!exploration->ordering_given)
        machine->ordering = ordering_of(format);
    if (!exploration->stores_given)
        machine->stores_pass_stores = machine->ordering != ORDERING_X86;
    exploration->parameters.ordering = machine->ordering;
}

static void fill_space(struct address_space *space, struct script *script, const struct space_config *config)
{
    space->simulation = &script->simulation;
    space->table = config->table;
    space->aliasing_allowed = config->aliasing_allowed;
    space->config = (struct pagetable_config){.format = config->format,
                                              .entries = config->entries,
                                              .asid = config->asid,
                                              .vmid = config->vmid,
                                              .every_asid = config->format->va_form == VA_HIGH};
    space->context.space = 1;
    space->context.asid = config->asid;
    space->context.vmid = config->vmid;
    space->context.regime = (struct translation_regime){
        .format = config->format,
        .physical_size_lg2 = config->physical_size_lg2 ? config->physical_size_lg2 : 48,
        .hardware_access = config->hardware_access,
        .hardware_dirty = config->hardware_dirty,
        .contiguous = true,
        .controls = config->controls};
}

/* What follows for the machine. */
static void use_space(struct script_exploration *exploration, struct address_space *space)
{
    struct small_config *machine = &exploration->config.machine;
    exploration->space = space;
    exploration->config.table = space->table;
    exploration->config.pagetable = &space->config;
    exploration->config.aliasing_allowed = space->aliasing_allowed;
    if (machine->context_count == 0)
        machine->context_count = 1;
    machine->contexts[0].regime = space->context.regime;
    machine->contexts[0].asid = space->context.asid;
    machine->contexts[0].vmid = space->context.vmid;
    exploration_use_format(exploration, space->config.format);
}

int push_explored_space(lua_State *state, int index)
{
    struct script *script = script_of(state);
    struct space_config config;
    if (script->exploration->space)
        return luaL_error(state, "an exploration has one address space, and this one has it already");
    read_space_config(state, index, &config);
    struct address_space *space = exploration_memory(state, sizeof *space);
    fill_space(space, script, &config);
    use_space(script->exploration, space);
    struct address_space **box = lua_newuserdatauv(state, sizeof(struct address_space *), 0);
    *box = space;
    luaL_setmetatable(state, SPACE_TYPE);
    return 1;
}

/* Its tag is nobody's, so nothing of other spaces is taken for its own. */
void exploration_add_space(lua_State *state)
{
    struct script *script = script_of(state);
    const struct walk_format *format = script->exploration->tables->space.config.format;
    const struct space_config config = {.table = pagetable_class_find("radix"),
                                        .format = format,
                                        .entries = entry_format_of(format),
                                        .controls = format->controls,
                                        .hardware_access = format->updates == UPDATES_ALWAYS,
                                        .hardware_dirty = format->updates == UPDATES_ALWAYS,
                                        .asid = UINT16_MAX,
                                        .vmid = UINT16_MAX};
    struct address_space *space = exploration_memory(state, sizeof *space);
    fill_space(space, script, &config);
    use_space(script->exploration, space);
}

void exploration_add_before(lua_State *state, const struct operation_call *call)
{
    struct script_exploration *exploration = script_of(state)->exploration;
    if (exploration->config.before_count == exploration->before_room) {
        size_t room = 2 * exploration->before_room + 8;
        struct operation_call *before = exploration_memory(state, room * sizeof *before);
        if (exploration->config.before_count)
            memcpy(before, exploration->before, exploration->config.before_count * sizeof *before);
        exploration->before = before;
        exploration->before_room = room;
    }
    exploration->before[exploration->config.before_count++] = *call;
    exploration->config.before = exploration->before;
}

/* ---- What an exploration has not ----------------------------------------------------------------- */

struct refusal {
    const char *name, *why;
};

static const struct refusal core_refusals[] = {
    {"run", "streams are for runs in simulated time"},
    {"now", "there are no cycles, only orders"},
    {"wait", "there are no cycles, only orders"},
    {"random", "core:choose(n) tries every number"},
    {"on_fault", "a load, store or fetch gives its fault back"},
    {"control", "m:address_space { controls = ... } says what holds throughout"},
    {NULL, NULL},
};
static const struct refusal space_refusals[] = {
    {"retire", "it has one address space"},
    {"interpret", "what is mapped differs from interleaving to interleaving"},
    {NULL, NULL},
};
static const struct refusal machine_refusals[] = {
    {"barrier", "programs meet in every order"},
    {"warmup", "it counts nothing"},
    {"region", "it counts nothing"},
    {NULL, NULL},
};

static int refuse(lua_State *state)
{
    return luaL_error(state, "%s has no place in an exploration: %s",
                      lua_tostring(state, lua_upvalueindex(1)), lua_tostring(state, lua_upvalueindex(2)));
}

static void push_refusal(lua_State *state, const char *what, const char *why)
{
    lua_pushstring(state, what);
    lua_pushstring(state, why);
    lua_pushcclosure(state, refuse, 2);
}

static void refuse_methods(lua_State *state, const char *type, const char *object,
                           const struct refusal *refusals)
{
    char what[64];
    push_methods(state, type);
    for (; refusals->name; refusals++) {
        (void)snprintf(what, sizeof what, "%s:%s", object, refusals->name);
        push_refusal(state, what, refusals->why);
        lua_setfield(state, -2, refusals->name);
    }
    lua_pop(state, 1);
}

/* print(...): of the main chunk. */
static int print_once(lua_State *state)
{
    if (script_of(state)->simulation.running)
        return luaL_error(state, "print has no place in a program that is explored, which is performed "
                                 "again and again");
    lua_pushvalue(state, lua_upvalueindex(1));
    lua_insert(state, 1);
    lua_call(state, lua_gettop(state) - 1, 0);
    return 0;
}

/* m:frames(size), before the programs: what it gives depends on what it gave before. */
static int frames_before(lua_State *state)
{
    if (script_of(state)->simulation.running)
        return luaL_error(state, "m:frames has no place in a program that is explored: take frames before, "
                                 "and give them to the program as local variables");
    return lua_tocfunction(state, lua_upvalueindex(1))(state);
}

/* core:switch(as or tables): before the programs what the core runs at first. In a program no request is
 * made where the core runs it already. */
static int explored_switch(lua_State *state)
{
    struct script_core *core = check_core(state, 1);
    struct script_tables *tables = test_tables(state, 2);
    struct address_space *space = tables ? &tables->space : check_space(state, 2);
    const struct program_request request = {.kind = PROGRAM_SWITCH,
                                            .value = 1 + (tables ? tables->number : 0)};
    struct script_exploration *exploration = core->script->exploration;
    if (!lua_isnoneornil(state, 3))
        luaL_error(state,
                   "the controls of a core are those of m:address_space { controls = ... } throughout");
    if (tables && !tables->context)
        luaL_error(state, "tables of stage 2 translate for a guest: m:tables { stage2 = ... } makes one");
    if (core->script->current == NO_CORE) {
        exploration->starts[core->index] = space;
        exploration->config.start[core->index] = (unsigned)request.value - 1;
        return 0;
    }
    (void)check_own_core(state, 1);
    if (core->space != space)
        (void)explored_ask(state, exploration, &request);
    core->space = space;
    core->controls = space->context.regime.controls;
    return 0;
}

/* core:choose(n): 1 to n, each of them. */
static int explored_choose(lua_State *state)
{
    struct script_core *core = check_own_core(state, 1);
    struct script_exploration *exploration = core->script->exploration;
    const struct program_request choose = {.kind = PROGRAM_CHOOSE,
                                           .value = check_range(state, 2, "the number of ways", 1, 255)};
    lua_pushinteger(state, (lua_Integer)explored_ask(state, exploration, &choose)->value + 1);
    return 1;
}

static void wrap_method(lua_State *state, const char *name, lua_CFunction wrapper)
{
    lua_getfield(state, -1, name);
    lua_pushcclosure(state, wrapper, 1);
    lua_setfield(state, -2, name);
}

static void change_methods(lua_State *state)
{
    static const luaL_Reg core_methods[] = {{"program", explored_program},
                                            {"sequences", explored_sequences},
                                            {"switch", explored_switch},
                                            {"choose", explored_choose},
                                            {NULL, NULL}};
    static const luaL_Reg machine_methods[] = {{"before", explored_before},
                                               {"outcome", explored_outcome},
                                               {"tables", explored_tables},
                                               {"word", explored_word},
                                               {NULL, NULL}};
    refuse_methods(state, CORE_TYPE, "core", core_refusals);
    refuse_methods(state, SPACE_TYPE, "as", space_refusals);
    refuse_methods(state, MACHINE_TYPE, "m", machine_refusals);
    push_methods(state, CORE_TYPE);
    luaL_setfuncs(state, core_methods, 0);
    push_methods(state, MACHINE_TYPE);
    luaL_setfuncs(state, machine_methods, 0);
    wrap_method(state, "frames", frames_before);
    wrap_method(state, "release_frames", frames_before);
    lua_pop(state, 2);
}

static void change_globals(lua_State *state)
{
    static const char no_random[] = "core:choose(n) tries every number";
    lua_getglobal(state, "math");
    push_refusal(state, "math.random", no_random);
    lua_setfield(state, -2, "random");
    push_refusal(state, "math.randomseed", no_random);
    lua_setfield(state, -2, "randomseed");
    lua_pop(state, 1);
    lua_getglobal(state, "print");
    lua_pushcclosure(state, print_once, 1);
    lua_setglobal(state, "print");
    lua_pushnil(state); /* programs are coroutines themselves */
    lua_setglobal(state, "coroutine");
    push_refusal(state, "machine { ... }", "explore { ... } describes what is explored");
    lua_setglobal(state, "machine");
    lua_register(state, "explore", new_exploration);
}

static int not_explored(lua_State *state)
{
    return luaL_error(state, "explore { ... } is for `mmusim explore`; a run has machine { ... }");
}

void open_exploration(lua_State *state)
{
    if (!script_of(state)->exploration) {
        lua_register(state, "explore", not_explored);
        return;
    }
    open_tables(state);
    change_methods(state);
    change_globals(state);
}
