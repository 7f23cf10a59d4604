/*
 * What machine { ... } says, checked against the tables of parameters.
 *
 * A dot of a parameter's name is a table in a table. Members of families are made by naming them, and `false`
 * removes one. Keys are read in the order of their names, so that the same script makes the same machine, and
 * of several mistakes always the same is told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/lua/lua_script.h"
#include "sim/nearest.h"
#include "sim/presets.h"

#define ERROR_BYTES 256

/* ---- names -------------------------------------------------------------------------------------- */

/* The text stays on the stack. */
static const char *join(lua_State *state, const char *prefix, const char *key)
{
    return lua_pushfstring(state, "%s%s%s", prefix, *prefix ? "." : "", key);
}

/* Of "memory.latency" there is a group "memory". */
static bool is_group(const char *name)
{
    const struct mmu_parameter *parameter;
    const struct mmu_family *family;
    size_t length = strlen(name);
    for (unsigned i = 0; (parameter = mmu_parameter_at(i)); i++)
        if (strncmp(parameter->name, name, length) == 0 && parameter->name[length] == '.')
            return true;
    for (unsigned i = 0; (family = mmu_family_at(i)); i++)
        if (strcmp(family->name, name) == 0)
            return true;
    return false;
}

/* MMU_FAMILIES if there is none of this name. */
static enum mmu_family_id family_of(const char *name)
{
    const struct mmu_family *family;
    unsigned id = 0;
    while ((family = mmu_family_at(id)) && strcmp(family->name, name) != 0)
        id++;
    return (enum mmu_family_id)id;
}

/* Names that a key could have been meant to be. */
struct names {
    const char **all;
    char (*texts)[MMU_SETTING_NAME_BYTES];
    size_t count;
};

static void add_name(struct names *names, const char *text, size_t length)
{
    snprintf(names->texts[names->count], MMU_SETTING_NAME_BYTES, "%.*s", (int)length, text);
    names->all[names->count] = names->texts[names->count];
    names->count++;
}

/* Every setting's name, and what stands before each of its dots. The memory is Lua's, on the stack. */
static void collect_names(lua_State *state, const struct hardware_reader *reader, struct names *names)
{
    const struct mmu_config *config = reader->config;
    struct mmu_setting setting;
    unsigned settings = 0, others = 0;
    while (reader->others[others])
        others++;
    while (mmu_setting_at(config, settings, &setting))
        settings++;
    size_t most = 3 * settings + MMU_FAMILIES + others;
    names->count = 0;
    names->all = lua_newuserdatauv(state, most * sizeof *names->all, 0);
    names->texts = lua_newuserdatauv(state, most * sizeof *names->texts, 0);
    for (unsigned i = 0; i < others; i++)
        add_name(names, reader->others[i], strlen(reader->others[i]));
    for (unsigned i = 0; i < MMU_FAMILIES; i++)
        add_name(names, mmu_family_at(i)->name, strlen(mmu_family_at(i)->name));
    for (unsigned i = 0; mmu_setting_at(config, i, &setting); i++) {
        for (const char *dot = setting.name; (dot = strchr(dot, '.')); dot++)
            add_name(names, setting.name, (size_t)(dot - setting.name));
        add_name(names, setting.name, strlen(setting.name));
    }
}

static unsigned count_dots(const char *name)
{
    unsigned dots = 0;
    for (; *name; name++)
        dots += *name == '.';
    return dots;
}

/* Of those with as many dots; NULL if none is near. */
static const char *nearest_key(lua_State *state, const struct hardware_reader *reader, const char *name)
{
    struct names names;
    size_t kept = 0;
    collect_names(state, reader, &names);
    for (size_t i = 0; i < names.count; i++)
        if (count_dots(names.all[i]) == count_dots(name))
            names.all[kept++] = names.all[i];
    return nearest_name(name, names.all, kept);
}

static int unknown_key(lua_State *state, const struct hardware_reader *reader, const char *name)
{
    const char *near = nearest_key(state, reader, name);
    return luaL_error(state, "machine has no key \"%s\"%s%s%s", name,
                      near ? "; did you mean \"" : "; `mmusim list parameters` shows them", near ? near : "",
                      near ? "\"?" : "");
}

/* ---- values: on top of the stack ---------------------------------------------------------------- */

static uint64_t read_number(lua_State *state, const char *name, const struct mmu_parameter *parameter)
{
    const char *unit = mmu_parameter_unit(parameter);
    uint64_t value =
        parameter->kind == PARAMETER_BYTES ? check_size(state, -1, name) : check_integer(state, -1, name);
    if (value < parameter->least || value > parameter->most)
        luaL_error(state, "machine: %s is %I; it must be from %I to %I%s%s", name, (LUAI_UACINT)value,
                   (LUAI_UACINT)parameter->least, (LUAI_UACINT)parameter->most, *unit ? " " : "", unit);
    return value;
}

static uint64_t read_switch(lua_State *state, const char *name)
{
    if (!lua_isboolean(state, -1))
        luaL_error(state, "%s must be true or false, not %s", name, luaL_typename(state, -1));
    return (uint64_t)lua_toboolean(state, -1);
}

static void push_choices(lua_State *state, const struct mmu_parameter *parameter)
{
    luaL_Buffer all;
    luaL_buffinit(state, &all);
    for (uint64_t i = 0; i <= parameter->most; i++) {
        luaL_addstring(&all, i == 0 ? "\"" : i < parameter->most ? ", \"" : " or \"");
        luaL_addstring(&all, parameter->choices[i]);
        luaL_addchar(&all, '"');
    }
    luaL_pushresult(&all);
}

static uint64_t read_choice(lua_State *state, const char *name, const struct mmu_parameter *parameter)
{
    const char *text = lua_type(state, -1) == LUA_TSTRING ? lua_tostring(state, -1) : NULL;
    for (uint64_t i = 0; text && i <= parameter->most; i++)
        if (strcmp(parameter->choices[i], text) == 0)
            return i;
    const char *near = text ? nearest_name(text, parameter->choices, parameter->most + 1) : NULL;
    const char *type = luaL_typename(state, -1);
    if (near)
        luaL_error(state, "%s is \"%s\"; did you mean \"%s\"?", name, text, near);
    push_choices(state, parameter);
    if (text)
        luaL_error(state, "%s is \"%s\"; it must be %s", name, text, lua_tostring(state, -1));
    luaL_error(state, "%s must be %s, not %s", name, lua_tostring(state, -1), type);
    return 0;
}

static uint64_t read_one_size(lua_State *state, const char *name, const struct mmu_parameter *parameter)
{
    char least[MMU_VALUE_BYTES], most[MMU_VALUE_BYTES];
    uint64_t size_bytes = UINT64_C(1) << check_size_lg2(state, -1, name);
    if (size_bytes >= parameter->least && size_bytes <= parameter->most)
        return size_bytes;
    mmu_setting_print(parameter, parameter->least, least, sizeof least);
    mmu_setting_print(parameter, parameter->most, most, sizeof most);
    luaL_error(state, "%s has %I bytes; a size must be from %s to %s", name, (LUAI_UACINT)size_bytes, least,
               most);
    return 0;
}

/* "all", a size, or a list of sizes. */
static uint64_t read_sizes(lua_State *state, const char *name, const struct mmu_parameter *parameter)
{
    uint64_t sizes = 0;
    lua_Integer count = 0;
    if (lua_type(state, -1) == LUA_TSTRING && strcmp(lua_tostring(state, -1), "all") == 0)
        return TLB_ALL_PAGE_SIZES;
    if (!lua_istable(state, -1))
        return read_one_size(state, name, parameter);
    for (lua_pushnil(state); lua_next(state, -2); lua_pop(state, 1))
        count++;
    for (lua_Integer i = 1; i <= count; i++) {
        if (lua_rawgeti(state, -1, i) == LUA_TNIL)
            luaL_error(state, "%s must be \"all\", a size, or a list of sizes: { \"4K\", \"2M\" }", name);
        sizes |= read_one_size(state, name, parameter);
        lua_pop(state, 1);
    }
    if (sizes == 0)
        luaL_error(state, "%s is empty; it must be \"all\", a size, or a list of sizes: { \"4K\", \"2M\" }",
                   name);
    return sizes;
}

static uint64_t read_value(lua_State *state, const char *name, const struct mmu_parameter *parameter)
{
    switch (parameter->kind) {
    case PARAMETER_SWITCH:
        return read_switch(state, name);
    case PARAMETER_CHOICE:
        return read_choice(state, name, parameter);
    case PARAMETER_SIZES:
        return read_sizes(state, name, parameter);
    default:
        return read_number(state, name, parameter);
    }
}

/* ---- tables ------------------------------------------------------------------------------------- */

/* `name` is the key with those of the tables around it. The value is on top of the stack. */
typedef void (*key_reader)(lua_State *state, const char *name, const char *key,
                           struct hardware_reader *reader);

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The keys of the table on top of the stack, in order. The memory is Lua's, pushed. */
static const char **sorted_keys(lua_State *state, size_t *count)
{
    int table = lua_gettop(state);
    size_t most = 0;
    *count = 0;
    for (lua_pushnil(state); lua_next(state, table); lua_pop(state, 1))
        most++;
    const char **keys = lua_newuserdatauv(state, (most + 1) * sizeof *keys, 0);
    for (lua_pushnil(state); lua_next(state, table); lua_pop(state, 1)) {
        if (lua_type(state, -2) != LUA_TSTRING)
            luaL_error(state, "machine: its keys must be names, and one is of type %s",
                       luaL_typename(state, -2));
        keys[(*count)++] = lua_tostring(state, -2);
    }
    qsort(keys, *count, sizeof *keys, compare_keys);
    return keys;
}

/* The table is on top of the stack; `prefix` has the names around it. */
static void read_keys(lua_State *state, const char *prefix, key_reader read, struct hardware_reader *reader)
{
    int table = lua_gettop(state);
    size_t count;
    luaL_checkstack(state, 16, "machine");
    const char **keys = sorted_keys(state, &count);
    for (size_t i = 0; i < count; i++) {
        const char *name = join(state, prefix, keys[i]);
        snprintf(reader->key, sizeof reader->key, "%s", name);
        if (strchr(keys[i], '.'))
            luaL_error(state,
                       "machine: the key \"%s\" has a dot; a dot is a table in a table, as in memory = { "
                       "latency = 120 }",
                       keys[i]);
        lua_pushstring(state, keys[i]);
        lua_rawget(state, table);
        read(state, name, keys[i], reader);
        lua_settop(state, table + 1);
    }
    lua_settop(state, table);
}

static void read_setting(lua_State *state, const char *name, const char *key, struct hardware_reader *reader)
{
    struct mmu_setting setting;
    if (!mmu_setting_find(reader->config, name, &setting))
        unknown_key(state, reader, name);
    mmu_setting_set(reader->config, &setting, read_value(state, name, setting.parameter));
}

static bool is_member_name(enum mmu_family_id family, const char *key, char *error, size_t error_bytes)
{
    struct mmu_config config;
    mmu_config_defaults(&config);
    return mmu_member_add(&config, family, key, error, error_bytes);
}

static void refuse_member_name(lua_State *state, const struct hardware_reader *reader, const char *name,
                               const char *why)
{
    const char *near = nearest_key(state, reader, name);
    luaL_error(state, "machine: %s%s%s%s", why, near ? "; did you mean \"" : "", near ? near : "",
               near ? "\"?" : "");
}

/* A table makes it, or changes it; false removes it, also if it is not there. */
static void read_member(lua_State *state, enum mmu_family_id family, const char *name, const char *key,
                        struct hardware_reader *reader)
{
    struct mmu_config *config = reader->config;
    char error[ERROR_BYTES];
    if (!is_member_name(family, key, error, sizeof error))
        refuse_member_name(state, reader, name, error);
    if (lua_isboolean(state, -1) && !lua_toboolean(state, -1)) {
        (void)mmu_member_remove(config, family, key);
        return;
    }
    if (!lua_istable(state, -1))
        luaL_error(state, "machine: \"%s\" must be a table of keys, or false to remove it, not %s", name,
                   lua_isboolean(state, -1) ? "true" : luaL_typename(state, -1));
    if (!mmu_member_add(config, family, key, error, sizeof error))
        luaL_error(state, "machine: %s", error);
    read_keys(state, name, read_setting, reader);
}

/* A key of a group: a parameter, or a member if the group is a family. */
static void read_of_group(lua_State *state, const char *name, const char *key, struct hardware_reader *reader)
{
    char why[ERROR_BYTES];
    const char *group = lua_pushlstring(state, name, strlen(name) - strlen(key) - 1);
    enum mmu_family_id family = family_of(group);
    lua_pushvalue(state, -2);
    bool member = family != MMU_FAMILIES && !mmu_parameter_find(name) &&
                  (lua_istable(state, -1) || is_member_name(family, key, why, sizeof why));
    if (member)
        read_member(state, family, name, key, reader);
    else
        read_setting(state, name, key, reader);
}

/* A key of machine { } itself. */
static void read_outermost(lua_State *state, const char *name, const char *key,
                           struct hardware_reader *reader)
{
    for (const char *const *other = reader->others; *other; other++)
        if (strcmp(name, *other) == 0)
            return;
    if (!is_group(name))
        read_setting(state, name, key, reader);
    else if (lua_istable(state, -1))
        read_keys(state, name, read_of_group, reader);
    else
        luaL_error(state, "machine: \"%s\" must be a table of keys, not %s%s", name, luaL_typename(state, -1),
                   family_of(name) < MMU_FAMILIES && lua_isboolean(state, -1)
                       ? "; a member of it is removed by its NAME = false"
                       : "");
}

void read_hardware(lua_State *state, int table, struct hardware_reader *reader)
{
    lua_pushvalue(state, table);
    read_keys(state, "", read_outermost, reader);
    lua_pop(state, 1);
    reader->key[0] = '\0';
}

static void read_preset(lua_State *state, int table, struct machine_description *description)
{
    struct preset_reading reading = {.unsandboxed = script_of(state)->options->unsandboxed};
    description->preset = text_field(state, table, "preset", NULL);
    if (description->preset && !preset_read(description->preset, &description->config, &reading))
        luaL_error(state, "%s", reading.error);
    description->asid_bits = description->preset ? reading.asid_bits : -1;
    if (reading.format[0])
        description->format = walk_format_find(reading.format)->name;
}

int read_asid_bits(lua_State *state, int table, int standard)
{
    if (!push_field(state, table, "asid_bits"))
        return standard;
    int bits = (int)check_range(state, -1, "asid_bits", 0, 16);
    lua_pop(state, 1);
    return bits;
}

const char *read_machine_format(lua_State *state, int table)
{
    const char *name = text_field(state, table, "format", NULL);
    const struct walk_format *format = name ? check_format(state, name) : NULL;
    if (format && format->stage2)
        luaL_error(
            state,
            "format is \"%s\", of stage 2; a machine's is what its address spaces have if they say none, of "
            "stage 1",
            name);
    return format ? format->name : NULL;
}

void read_description(lua_State *state, int table, struct machine_description *description)
{
    static const char *const run_keys[] = {"record", "check", "preset", "format", "asid_bits", NULL};
    const struct run_options *options = script_of(state)->options;
    struct hardware_reader reader = {.config = &description->config, .others = run_keys};
    char error[ERROR_BYTES];
    mmu_config_defaults(&description->config);
    description->format = NULL;
    read_preset(state, table, description);
    const char *format = read_machine_format(state, table);
    description->format = format ? format : description->format;
    description->asid_bits = read_asid_bits(state, table, description->asid_bits);
    read_hardware(state, table, &reader);
    description->record = text_field(state, table, "record", "misses");
    description->check = flag_field(state, table, "check", true);
    if (options->record)
        description->record = options->record;
    if (options->seed_given)
        description->config.seed = options->seed;
    if (!mmu_config_check(&description->config, error, sizeof error))
        luaL_error(state, "machine: %s", error);
}
