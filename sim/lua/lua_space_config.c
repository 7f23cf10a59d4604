/*
 * m:address_space { ... }: what its table says.
 */
#include <string.h>

#include "sim/accepted_formats.h"
#include "sim/lua/lua_script.h"
#include "sim/nearest.h"
#include "sim/plugin_list.h"

#define TABLE_ALIGNMENT 4096u

static const char *const space_keys[] = {"table",    "format",        "asid",   "vmid",
                                         "aliasing", "hardware",      "stage2", "tables",
                                         "controls", "physical_bits", "kernel", NULL};
static const char *const tables_keys[] = {"base", "size", NULL};
static const char *const hardware_names[] = {"none", "access", "dirty", NULL};

/* Raises with the nearest known name, if there is one. */
_Noreturn static void unknown_name(lua_State *state, const char *what, const char *name,
                                   const char *const *names, size_t count)
{
    const char *near = nearest_name(name, names, count);
    if (near)
        luaL_error(state, "there is no %s \"%s\"; did you mean \"%s\"?", what, name, near);
    luaL_error(state, "there is no %s \"%s\"; `mmusim list` shows what there is", what, name);
    __builtin_unreachable(); /* luaL_error does not return */
}

/* Room for names, which Lua frees if an error is raised. */
static const char **name_list(lua_State *state, size_t count)
{
    return lua_newuserdatauv(state, count * sizeof(const char *), 0);
}

_Noreturn static void unknown_table(lua_State *state, const char *name)
{
    unsigned tables = 0;
    while (pagetable_class_at(tables))
        tables++;
    const char **names = name_list(state, tables);
    for (unsigned i = 0; i < tables; i++)
        names[i] = pagetable_class_at(i)->name;
    unknown_name(state, "page table", name, names, tables);
}

_Noreturn static void unknown_format(lua_State *state, const struct loaded_plugin *plugin, const char *name)
{
    unsigned formats = 0;
    while (walk_format_at(formats))
        formats++;
    const char **names = name_list(state, formats + 1);
    size_t count = 0;
    if (plugin && plugin->format)
        names[count++] = plugin->format->name;
    for (unsigned i = 0; i < formats; i++)
        names[count++] = walk_format_at(i)->name;
    unknown_name(state, "format", name, names, count);
}

/* ---- The table and its format ---- */

static const struct loaded_plugin *load_plugin(lua_State *state, const char *written)
{
    struct simulation *simulation = &script_of(state)->simulation;
    char path[SCRIPT_PATH_BYTES];
    resolve_path(state, written, path);
    const struct loaded_plugin *plugin = simulation_plugin(simulation, path, written);
    if (plugin)
        return plugin;
    script_raise(state);
    __builtin_unreachable();
}

/* A format with a slash is that of a plug-in, which other tables may use, too. */
static void read_format(lua_State *state, const struct loaded_plugin *plugin, const char *name,
                        struct space_config *config)
{
    if (strchr(name, '/')) {
        plugin = load_plugin(state, name);
        if (!plugin->format)
            luaL_error(state, "%s brings no format of its own, only the page table \"%s\"", name,
                       plugin->table->name);
        config->format = plugin->format;
        config->entries = plugin->entries;
        return;
    }
    config->format = plugin_format_find(plugin, name, &config->entries);
    if (!config->format)
        unknown_format(state, plugin, name);
}

const struct walk_format *check_format(lua_State *state, const char *name)
{
    const struct walk_format *format = walk_format_find(name);
    if (!format)
        unknown_format(state, NULL, name);
    return format;
}

/* The machine's, or the table's own; that of a plug-in which brings one. */
static const char *default_format(const struct script *script, const struct loaded_plugin *plugin,
                                  const struct pagetable_class *table)
{
    const struct walk_format *format = plugin && plugin->format ? NULL : script->format;
    return format && table->accepts(format, entry_format_of(format)) ? format->name : table->default_format;
}

static void refuse_format(lua_State *state, const struct space_config *config)
{
    char accepted[256];
    const char *own = config->table->default_format;
    accepted_formats_print(config->table, accepted, sizeof accepted);
    luaL_error(state, "the page table \"%s\" cannot be made with the format \"%s\"; it accepts %s",
               config->table->name, config->format->name, accepted[0] ? accepted : own);
}

/* A table with a slash is a plug-in; the others are the program's. */
static void read_table(lua_State *state, int index, struct space_config *config)
{
    const char *table = text_field(state, index, "table", "radix");
    const struct loaded_plugin *plugin = strchr(table, '/') ? load_plugin(state, table) : NULL;
    config->table = plugin ? plugin->table : pagetable_class_find(table);
    if (!config->table)
        unknown_table(state, table);
    read_format(state, plugin,
                text_field(state, index, "format", default_format(script_of(state), plugin, config->table)),
                config);
    if (!config->table->accepts(config->format, config->entries))
        refuse_format(state, config);
}

/* A tag of the TLBs: given, or the number of the space. */
static uint16_t read_tag(lua_State *state, int index, const struct walk_format *format, const char *name,
                         uint16_t standard)
{
    uint64_t most = (UINT64_C(1) << (format->tag_bits ? format->tag_bits : 16)) - 1;
    int bits = script_of(state)->asid_bits;         /* of the machine */
    most -= format->stage2 && most == MMU_VMID_EL2; /* that one is EL2's */
    if (!format->stage2 && bits >= 0 && most >= UINT64_C(1) << bits)
        most = (UINT64_C(1) << bits) - 1;
    if (!push_field(state, index, name)) {
        if (most == 0)
            return 0; /* one for all: software has to fence when it switches */
        if (standard > most)
            luaL_error(
                state,
                "tags of \"%s\" on this machine go up to %I, and this is address space %d: give it an %s",
                format->name, (LUAI_UACINT)most, (int)standard, name);
        return standard;
    }
    uint16_t tag = (uint16_t)check_range(state, -1, name, format->stage2, most);
    lua_pop(state, 1);
    return tag;
}

static void refuse_key(lua_State *state, int index, const char *name, const char *why)
{
    if (push_field(state, index, name))
        luaL_error(state, "%s", why);
}

static void read_tags(lua_State *state, int index, uint16_t number, struct space_config *config)
{
    if (config->format->stage2) {
        refuse_key(state, index, "asid", "a stage-2 table has a vmid and no asid");
        config->vmid = read_tag(state, index, config->format, "vmid", number);
        return;
    }
    if (config->format->el2) {
        refuse_key(state, index, "asid",
                   "EL2 has no ASIDs: all of its translations are of one address space");
        refuse_key(state, index, "vmid", "EL2 is not of a virtual machine");
        config->vmid = MMU_VMID_EL2;
        return;
    }
    refuse_key(state, index, "vmid",
               "vmid is for an address space with a stage-2 format; a guest's has that of its stage2");
    config->asid = read_tag(state, index, config->format, "asid", number);
}

static void read_hardware_updates(lua_State *state, int index, struct space_config *config)
{
    const struct walk_format *format = config->format;
    int updates = format->updates == UPDATES_ALWAYS ? 2 : 0;
    if (push_field(state, index, "hardware")) {
        updates = check_choice(state, -1, "hardware", hardware_names);
        lua_pop(state, 1);
    }
    if (format->updates == UPDATES_ALWAYS && updates < 2)
        luaL_error(state,
                   "hardware is \"%s\"; what walks \"%s\" always sets accessed and dirty flags: \"dirty\"",
                   hardware_names[updates], format->name);
    if (format->updates == UPDATES_TOGETHER && updates == 1)
        luaL_error(
            state,
            "hardware is \"access\"; what walks \"%s\" sets accessed and dirty flags (\"dirty\"), or neither "
            "(\"none\")",
            format->name);
    config->hardware_access = updates > 0;
    config->hardware_dirty = updates > 1;
}

/* What the core has of state when it switches to the space, and the width of physical addresses. */
static void read_regime(lua_State *state, int index, struct space_config *config)
{
    config->controls = config->format->controls;
    if (push_field(state, index, "controls")) {
        read_controls(state, -1, config->format, &config->controls);
        lua_pop(state, 1);
    }
    if (push_field(state, index, "physical_bits")) {
        config->physical_size_lg2 = (uint8_t)check_range(state, -1, "physical_bits", 32, 52);
        lua_pop(state, 1);
    }
}

/* tables = { base = ..., size = ... } */
static void read_tables(lua_State *state, int index, struct space_config *config)
{
    if (!push_field(state, index, "tables"))
        luaL_error(state, "a guest's page table lies at intermediate addresses; tables = { base = ADDRESS, "
                          "size = SIZE } says which");
    int tables = lua_gettop(state);
    check_keys(state, tables, "tables", tables_keys);
    config->tables_base = integer_field(state, tables, "base", 0);
    config->tables_bytes = size_field(state, tables, "size", 0);
    uint64_t reach = UINT64_C(1) << config->stage2->config.format->va_bits;
    if (config->tables_base == 0 || config->tables_base % TABLE_ALIGNMENT != 0)
        luaL_error(state, "tables.base must be an intermediate address, a multiple of 4K and not 0");
    if (config->tables_bytes == 0 || config->tables_bytes % TABLE_ALIGNMENT != 0)
        luaL_error(state, "tables.size must be a multiple of 4K, such as \"1M\"");
    if (config->tables_base >= reach || config->tables_bytes > reach - config->tables_base)
        luaL_error(state, "the region of tables is beyond the addresses of stage2's format, \"%s\"",
                   config->stage2->config.format->name);
    lua_pop(state, 1);
}

static void read_stage2(lua_State *state, int index, struct space_config *config)
{
    if (!push_field(state, index, "stage2")) {
        refuse_key(state, index, "tables", "tables is for a guest's address space, one with a stage2");
        return;
    }
    if (config->format->stage2)
        luaL_error(state,
                   "\"%s\" is a stage-2 format; a guest's own table has one of stage 1, such as "
                   "\"vmsa-4k-48\"",
                   config->format->name);
    if (config->format->el2)
        luaL_error(state, "\"%s\" is a format of EL2, which no stage 2 translates", config->format->name);
    config->stage2 = check_space(state, -1);
    if (!config->stage2->config.format->stage2)
        luaL_error(state,
                   "stage2 is an address space with the format \"%s\"; it must have a stage-2 format, "
                   "such as \"vmsa-s2-4k-48\"",
                   config->stage2->config.format->name);
    lua_pop(state, 1);
    read_tables(state, index, config);
}

/* kernel = the space of the upper half, which TTBR1_EL1 has while TTBR0_EL1 has this one. */
static void read_kernel(lua_State *state, int index, struct space_config *config)
{
    if (!push_field(state, index, "kernel"))
        return;
    const struct address_space *kernel = check_space(state, -1);
    const char *form = kernel->config.format->name;
    if (kernel->config.format->va_form != VA_HIGH)
        luaL_error(
            state,
            "kernel is an address space with the format \"%s\"; it must have one of the upper half, such as "
            "\"vmsa-4k-48-high\"",
            form);
    if (config->format->va_form != VA_LOW || config->format->stage2)
        luaL_error(state, "kernel is the upper half beside a lower one, such as \"vmsa-4k-48\"; \"%s\" %s",
                   config->format->name,
                   config->format->va_form == VA_SIGNED ? "translates both in one table" : "is none");
    if (kernel->stage2 != config->stage2)
        luaL_error(state, "both halves have the same stage2, or none");
    config->high = check_space(state, -1);
    lua_pop(state, 1);
}

void read_space_config(lua_State *state, int index, struct space_config *config)
{
    const struct script *script = script_of(state);
    check_keys(state, index, "address_space", space_keys);
    *config = (struct space_config){.aliasing_allowed = flag_field(state, index, "aliasing", false)};
    read_table(state, index, config);
    read_tags(state, index, (uint16_t)(script->simulation.space_count + 1), config);
    read_hardware_updates(state, index, config);
    read_regime(state, index, config);
    read_stage2(state, index, config);
    read_kernel(state, index, config);
}
