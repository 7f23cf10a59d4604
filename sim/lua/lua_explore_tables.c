/*
 * m:tables { ... }: an address space that no page-table code looks after. The script writes its tables, word
 * by word, before the programs with t:premap and m:word, and in them with core:write. Its translations are
 * not judged: outcomes say what may come of them.
 */
#include <string.h>

#include "mmu/config.h"
#include "pagetables/entry.h"
#include "sim/lua/lua_explore.h"

static const char *const tables_keys[] = {"format", "asid", "vmid", "stage2", "pages", NULL};

/* ---- Words of memory at the beginning ------------------------------------------------------------- */

static struct explored_word *word_at(struct script_exploration *exploration, uint64_t pa)
{
    for (size_t i = 0; i < exploration->config.word_count; i++)
        if (exploration->words[i].pa == pa)
            return &exploration->words[i];
    return NULL;
}

static void set_word(lua_State *state, uint64_t pa, uint64_t value)
{
    struct script_exploration *exploration = script_of(state)->exploration;
    struct explored_word *known = word_at(exploration, pa);
    if (known) {
        known->value = value;
        return;
    }
    if (exploration->config.word_count == SMALL_WORDS)
        luaL_error(state, "memory begins with more than %d words that are not 0", (int)SMALL_WORDS);
    exploration->words[exploration->config.word_count++] = (struct explored_word){pa, value};
    exploration->config.words = exploration->words;
}

static void check_before(lua_State *state, const char *what)
{
    const struct script *script = script_of(state);
    if (script->simulation.running || script->current != NO_CORE)
        luaL_error(state, "%s is for the script, not for programs: core:write is", what);
}

/* m:word(pa, value) */
int explored_word(lua_State *state)
{
    uint64_t pa = check_integer(state, 2, "the physical address");
    check_before(state, "m:word");
    if (pa % 8 != 0 || pa > script_config(script_of(state))->memory_bytes - 8)
        luaL_error(state, "the physical address is %I; it must be a multiple of 8 in memory",
                   (LUAI_UACINT)pa);
    set_word(state, pa, check_integer(state, 3, "the value"));
    return 0;
}

/* ---- Tables --------------------------------------------------------------------------------------- */

struct script_tables *test_tables(lua_State *state, int index)
{
    struct script_tables **tables = luaL_testudata(state, index, TABLES_TYPE);
    return tables ? *tables : NULL;
}

static struct script_tables *check_tables(lua_State *state, int index)
{
    struct script_tables *tables = test_tables(state, index);
    if (tables)
        return tables;
    luaL_error(state, "tables are wanted here, those of m:tables { ... }, not %s",
               luaL_typename(state, index));
    __builtin_unreachable(); /* luaL_error does not return */
}

static uint64_t new_table(lua_State *state, const struct entry_level *level)
{
    uint64_t pa, bytes = entry_table_bytes(level);
    unsigned size_lg2 = bytes < 4096 ? 12 : (unsigned)__builtin_ctzll(bytes);
    if (!frame_allocate(&script_of(state)->simulation.frames, (uint8_t)size_lg2, &pa))
        luaL_error(state, "no free physical memory is left for a table");
    return pa;
}

/* The address of the entry at this depth; tables on the way that are not there yet are made. */
static uint64_t reach(lua_State *state, const struct script_tables *tables, uint64_t va, unsigned depth)
{
    struct script_exploration *exploration = script_of(state)->exploration;
    const struct entry_format *entries = tables->space.config.entries;
    uint64_t table = tables->space.context.regime.root;
    for (unsigned at = 0;; at++) {
        const struct entry_level *level = &entries->level[at];
        uint64_t slot = table + ENTRY_BYTES * entry_index(level, va);
        if (at == depth)
            return slot;
        const struct explored_word *word = word_at(exploration, slot);
        struct entry entry = {.kind = ENTRY_INVALID};
        if (word)
            entry = entries->decode(level, word->value);
        if (entry.kind == ENTRY_LEAF)
            luaL_error(state, "a larger page is mapped there already");
        if (entry.kind != ENTRY_TABLE) {
            entry.table = new_table(state, &entries->level[at + 1]);
            set_word(state, slot, entries->encode_table(entry.table));
        }
        table = entry.table;
    }
}

/* The depth whose entries span pages of this size. */
static unsigned check_depth(lua_State *state, const struct script_tables *tables, int index)
{
    const struct entry_format *entries = tables->space.config.entries;
    uint8_t size_lg2 = check_size_lg2(state, index, "what the entry spans");
    for (unsigned depth = 0; entry_has_depth(entries, depth); depth++)
        if (entries->level[depth].span_lg2 == size_lg2)
            return depth;
    luaL_error(state, "the format \"%s\" has no entries of that span", tables->space.config.format->name);
    return 0;
}

static uint64_t leaf_word(lua_State *state, const struct script_tables *tables, int first)
{
    const struct entry_format *entries = tables->space.config.entries;
    const struct frame frame = {.base = check_integer(state, first, "the frame's address"),
                                .size_lg2 = check_size_lg2(state, first + 1, "the page size"),
                                .attributes = check_attributes(state, first + 2)};
    unsigned depth = check_depth(state, tables, first + 1);
    uint64_t word = 0;
    if (!entries->level[depth].leaf || !entries->encode_leaf(&entries->level[depth], &frame, &word))
        luaL_error(state, "the format \"%s\" cannot express this frame", tables->space.config.format->name);
    return word;
}

/* t:premap(va, pa, size, attributes): before the programs. */
static int tables_premap(lua_State *state)
{
    struct script_tables *tables = check_tables(state, 1);
    uint64_t va = check_integer(state, 2, "the address");
    uint64_t word = leaf_word(state, tables, 3);
    check_before(state, "t:premap");
    set_word(state, reach(state, tables, va, check_depth(state, tables, 4)), word);
    struct small_context *context = tables->context;
    if (context && !tables->pages_given && context->page_count < SMALL_PAGES)
        context->pages[context->page_count++] = va;
    return 0;
}

/* t:entry(va, span): the address of the entry of that span; the tables that lead to it are there then. */
static int tables_entry(lua_State *state)
{
    struct script_tables *tables = check_tables(state, 1);
    uint64_t va = check_integer(state, 2, "the address");
    check_before(state, "t:entry");
    lua_pushinteger(state, (lua_Integer)reach(state, tables, va, check_depth(state, tables, 3)));
    return 1;
}

/* t:leaf(pa, size, attributes): the word that maps a frame. */
static int tables_leaf(lua_State *state)
{
    lua_pushinteger(state, (lua_Integer)leaf_word(state, check_tables(state, 1), 2));
    return 1;
}

/* t:table(pa): the word that leads to a table. */
static int tables_table(lua_State *state)
{
    const struct script_tables *tables = check_tables(state, 1);
    lua_pushinteger(state, (lua_Integer)tables->space.config.entries->encode_table(
                               check_integer(state, 2, "the table's address")));
    return 1;
}

static int tables_index(lua_State *state)
{
    const struct script_tables *tables = check_tables(state, 1);
    const char *name = luaL_checkstring(state, 2);
    if (strcmp(name, "asid") == 0)
        lua_pushinteger(state, tables->space.context.asid);
    else if (strcmp(name, "vmid") == 0)
        lua_pushinteger(state, tables->space.context.vmid);
    else if (strcmp(name, "root") == 0)
        lua_pushinteger(state, (lua_Integer)tables->space.context.regime.root);
    else if (strcmp(name, "format") == 0)
        lua_pushstring(state, tables->space.config.format->name);
    else if (lua_getfield(state, lua_upvalueindex(1), name) == LUA_TNIL)
        return raise_no_member(state, "tables", lua_upvalueindex(1), name);
    return 1;
}

void open_tables(lua_State *state)
{
    static const luaL_Reg methods[] = {{"premap", tables_premap},
                                       {"entry", tables_entry},
                                       {"leaf", tables_leaf},
                                       {"table", tables_table},
                                       {NULL, NULL}};
    luaL_newmetatable(state, TABLES_TYPE);
    luaL_newlib(state, methods);
    lua_pushcclosure(state, tables_index, 1);
    lua_setfield(state, -2, "__index");
    lua_pop(state, 1);
}

/* ---- m:tables { ... } ----------------------------------------------------------------------------- */

static void read_format(lua_State *state, struct script_tables *tables)
{
    const struct walk_format *format = check_format(state, text_field(state, 2, "format", EXPLORED_FORMAT));
    const struct entry_format *entries = entry_format_of(format);
    if (!entries) {
        luaL_error(state, "m:tables writes entries of tables in levels, and \"%s\" has none", format->name);
        __builtin_unreachable(); /* luaL_error does not return */
    }
    tables->space.config = (struct pagetable_config){.format = format, .entries = entries};
    tables->space.context.regime =
        (struct translation_regime){.format = format,
                                    .physical_size_lg2 = 48,
                                    .hardware_access = format->updates == UPDATES_ALWAYS,
                                    .hardware_dirty = format->updates == UPDATES_ALWAYS,
                                    .contiguous = true,
                                    .controls = format->controls};
}

static void read_tags(lua_State *state, struct script_tables *tables)
{
    const struct script_exploration *exploration = script_of(state)->exploration;
    bool stage2 = tables->space.config.format->stage2;
    uint64_t asid =
        integer_field(state, 2, "asid", stage2 ? 0 : exploration->config.machine.context_count + 1);
    uint64_t vmid = integer_field(state, 2, "vmid", stage2);
    if (asid >= UINT16_MAX || vmid >= UINT16_MAX)
        luaL_error(state, "asid and vmid must be below %d", UINT16_MAX);
    tables->space.context.asid = (uint16_t)asid;
    tables->space.context.vmid = (uint16_t)vmid;
}

/* Of the address space, whose root is known later, or of other tables. */
static void read_stage2(lua_State *state, struct script_tables *tables, struct small_context *context)
{
    if (!push_field(state, 2, "stage2"))
        return;
    const struct script_tables *raw = test_tables(state, -1);
    const struct address_space *stage2 = raw ? &raw->space : check_space(state, -1);
    if (!stage2->config.format->stage2 || tables->space.config.format->stage2)
        luaL_error(state, "a guest has a format of stage 1, and its stage2 one of stage 2");
    context->two_stage = true;
    context->stage2 = stage2->context.regime;
    tables->space.context.vmid = stage2->context.vmid;
    lua_pop(state, 1);
}

/* What hardware translates by it; tables of stage 2 have none of their own. */
static void add_context(lua_State *state, struct script_tables *tables)
{
    struct script_exploration *exploration = script_of(state)->exploration;
    struct small_config *machine = &exploration->config.machine;
    if (tables->space.config.format->stage2)
        return;
    if (machine->context_count == SMALL_CONTEXTS)
        luaL_error(state, "an exploration has %d address spaces at the most", (int)SMALL_CONTEXTS);
    struct small_context *context = &machine->contexts[machine->context_count];
    read_stage2(state, tables, context);
    tables->number = machine->context_count++;
    tables->context = context;
    context->regime = tables->space.context.regime;
    context->asid = tables->space.context.asid;
    context->vmid = tables->space.context.vmid;
    tables->pages_given = read_page_list(state, 2, context);
}

/* m:tables { ... } */
int explored_tables(lua_State *state)
{
    struct script *script = script_of(state);
    if (lua_isnoneornil(state, 2)) {
        lua_settop(state, 1);
        lua_newtable(state);
    }
    luaL_argexpected(state, lua_istable(state, 2), 2, "table");
    check_before(state, "m:tables");
    check_keys(state, 2, "m:tables", tables_keys);
    struct script_tables *tables = exploration_memory(state, sizeof *tables);
    tables->space.simulation = &script->simulation;
    if (script->exploration->config.machine.context_count == 0)
        script->exploration->config.machine.context_count = 1; /* the page table's comes first */
    read_format(state, tables);
    read_tags(state, tables);
    tables->space.context.regime.root = new_table(state, &tables->space.config.entries->level[0]);
    add_context(state, tables);
    exploration_use_format(script->exploration, tables->space.config.format);
    if (!script->exploration->tables && tables->context)
        script->exploration->tables = tables;
    struct script_tables **box = lua_newuserdatauv(state, sizeof(struct script_tables *), 0);
    *box = tables;
    luaL_setmetatable(state, TABLES_TYPE);
    return 1;
}
