#include "pagetables/plugin_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool plugin_refuse(const struct plugin_check *check, const char *format, ...)
{
    va_list arguments;
    int used = snprintf(check->error, check->error_bytes, "%s: ", check->path);
    va_start(arguments, format);
    if (used > 0 && (size_t)used < check->error_bytes)
        (void)vsnprintf(check->error + used, check->error_bytes - (size_t)used, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- Versions and sizes ---- */

static bool check_version(const struct plugin_check *check, const char *what, uint32_t found, uint32_t known)
{
    if (found == known)
        return true;
    return plugin_refuse(check,
                         "%s is %u, and this program has version %u; build it with this program's headers",
                         what, found, known);
}

/* What every plug-in of this version must give: the structs as they were when the version began, without what
 * is optional at their ends. */
static bool check_size(const struct plugin_check *check, const char *type, uint32_t found, size_t least)
{
    if (found >= least)
        return true;
    return plugin_refuse(
        check,
        "struct_bytes of its struct %s is %u, and such a struct has at least %zu bytes; set it to "
        "sizeof(struct %s)",
        type, found, least, type);
}

bool plugin_check_header(const struct plugin_check *check, const struct mmusim_plugin *given)
{
    return check_version(check, "the version of its plug-in interface", given->version,
                         MMUSIM_PLUGIN_VERSION) &&
           check_size(check, "mmusim_plugin", given->struct_bytes, offsetof(struct mmusim_plugin, format));
}

bool plugin_check_sizes(const struct plugin_check *check, const struct mmusim_plugin *given)
{
    if (!given->table)
        return plugin_refuse(check, "it has no page table; `table` must point to a struct pagetable_class");
    if (!check_version(check, "the abi_version of its page table", given->table->abi_version,
                       PAGETABLE_ABI_VERSION) ||
        !check_size(check, "pagetable_class", given->table->struct_bytes,
                    offsetof(struct pagetable_class, accepts) + sizeof given->table->accepts))
        return false;
    if (given->entries && !given->format)
        return plugin_refuse(check, "it has entries of no format; `entries` belong to a `format` of its own");
    return (!given->format || check_size(check, "walk_format", given->format->struct_bytes,
                                         offsetof(struct walk_format, table))) &&
           (!given->entries ||
            check_size(check, "entry_format", given->entries->struct_bytes,
                       offsetof(struct entry_format, after_store) + sizeof given->entries->after_store));
}

/* ---- What must be there ---- */

struct member {
    size_t offset; /* of a pointer, to a function or a text */
    const char *name;
};

#define MEMBER(type, member)                                                                                 \
    {                                                                                                        \
        offsetof(struct type, member), #member                                                               \
    }

static const struct member table_members[] = {
    MEMBER(pagetable_class, summary),        MEMBER(pagetable_class, create),
    MEMBER(pagetable_class, destroy),        MEMBER(pagetable_class, map),
    MEMBER(pagetable_class, unmap),          MEMBER(pagetable_class, protect),
    MEMBER(pagetable_class, query),          MEMBER(pagetable_class, root),
    MEMBER(pagetable_class, enumerate),      MEMBER(pagetable_class, invariants),
    MEMBER(pagetable_class, default_format), MEMBER(pagetable_class, accepts),
};
static const struct member format_members[] = {
    MEMBER(walk_format, summary),
    MEMBER(walk_format, start),
    MEMBER(walk_format, resume),
    MEMBER(walk_format, rights),
};
static const struct member entry_members[] = {
    MEMBER(entry_format, encode_leaf), MEMBER(entry_format, encode_table), MEMBER(entry_format, decode),
    MEMBER(entry_format, must_break),  MEMBER(entry_format, after_store),
};

/* What of which nothing may be missing. */
struct part {
    const char *what; /* "page table" */
    const char *name;
    const char *type;
    const void *base;
    const struct member *members;
    size_t count;
};

static bool missing(const struct part *part, const struct member *member)
{
    void *pointer; /* functions and texts have pointers of one size (POSIX, dlsym) */
    memcpy(&pointer, (const char *)part->base + member->offset, sizeof pointer);
    return pointer == NULL;
}

static bool check_members(const struct plugin_check *check, const struct part *part)
{
    for (size_t i = 0; i < part->count; i++)
        if (missing(part, &part->members[i]))
            return plugin_refuse(check, "the %s \"%s\" lacks `%s`; this member of struct %s may not be NULL",
                                 part->what, part->name, part->members[i].name, part->type);
    return true;
}

/* A name is written in scripts, where a slash would make it a path. */
static bool check_name(const struct plugin_check *check, const char *what, const char *name)
{
    if (!name || name[0] == '\0')
        return plugin_refuse(check, "its %s has no name; `name` must be a text such as \"mine\"", what);
    for (const char *c = name; *c; c++)
        if (*c <= ' ' || *c > '~' || *c == '/' || *c == '"')
            return plugin_refuse(
                check,
                "the name of its %s, \"%s\", cannot be written in a script; it may have no spaces, "
                "slashes, quotes or letters beyond ASCII",
                what, name);
    return true;
}

/* ---- A format's numbers ---- */

static bool refuse_number(const struct plugin_check *check, const struct walk_format *format,
                          const char *number, unsigned value, const char *right)
{
    return plugin_refuse(check, "the format \"%s\" has %s %u; %s", format->name, number, value, right);
}

static bool check_frame_sizes(const struct plugin_check *check, const struct walk_format *format)
{
    const unsigned most = sizeof format->frame_size_lg2;
    if (format->frame_sizes == 0 || format->frame_sizes > most)
        return refuse_number(check, format, "frame_sizes", format->frame_sizes, "it must be from 1 to 8");
    if (format->frame_size_lg2[0] != format->page_lg2)
        return refuse_number(check, format, "frame_size_lg2[0]", format->frame_size_lg2[0],
                             "the smallest frame must be a page, page_lg2");
    for (unsigned i = 1; i < format->frame_sizes; i++)
        if (format->frame_size_lg2[i] <= format->frame_size_lg2[i - 1])
            return refuse_number(check, format, "a frame_size_lg2 of", format->frame_size_lg2[i],
                                 "they must be in ascending order");
    unsigned largest = format->frame_size_lg2[format->frame_sizes - 1];
    return largest <= format->va_bits || refuse_number(check, format, "a frame_size_lg2 of", largest,
                                                       "no frame can be larger than va_bits say");
}

static bool check_numbers(const struct plugin_check *check, const struct walk_format *format)
{
    if (format->levels == 0)
        return refuse_number(check, format, "levels", 0, "a walk has at least one step");
    if (format->page_lg2 < 12 || format->page_lg2 > 30)
        return refuse_number(check, format, "page_lg2", format->page_lg2,
                             "it must be from 12 (4 KiB) to 30, since it is a logarithm");
    if (format->va_bits > 64)
        return refuse_number(check, format, "va_bits", format->va_bits, "an address has at most 64");
    if (format->va_form > VA_SIGNED)
        return refuse_number(check, format, "va_form", format->va_form, "it must be one of enum va_form");
    return check_frame_sizes(check, format);
}

/* Functions that mean something only together. */
static bool check_pair(const struct plugin_check *check, const struct walk_format *format,
                       const char *present, const char *absent)
{
    return plugin_refuse(check, "the format \"%s\" has `%s` and no `%s`; it must have both or neither",
                         format->name, present, absent);
}

static bool check_pairs(const struct plugin_check *check, const struct walk_format *format)
{
    if (!format->table != !format->enter)
        return check_pair(check, format, format->table ? "table" : "enter",
                          format->table ? "enter" : "table");
    if (!format->update != !format->updated)
        return check_pair(check, format, format->update ? "update" : "updated",
                          format->update ? "updated" : "update");
    return true;
}

/* ---- The parts ---- */

static bool check_table(const struct plugin_check *check, const struct pagetable_class *table)
{
    if (!check_name(check, "page table", table->name))
        return false;
    const struct part part = {.what = "page table",
                              .name = table->name,
                              .type = "pagetable_class",
                              .base = table,
                              .members = table_members,
                              .count = sizeof table_members / sizeof *table_members};
    if (pagetable_class_find(table->name))
        return plugin_refuse(check,
                             "its page table has the name \"%s\" of one of this program's; choose another",
                             table->name);
    return check_members(check, &part);
}

static bool check_format(const struct plugin_check *check, const struct walk_format *format)
{
    if (!check_name(check, "format", format->name))
        return false;
    const struct part part = {.what = "format",
                              .name = format->name,
                              .type = "walk_format",
                              .base = format,
                              .members = format_members,
                              .count = sizeof format_members / sizeof *format_members};
    if (walk_format_find(format->name))
        return plugin_refuse(check, "its format has the name \"%s\" of one of this program's; choose another",
                             format->name);
    return check_members(check, &part) && check_numbers(check, format) && check_pairs(check, format);
}

static bool check_entries(const struct plugin_check *check, const struct walk_format *format,
                          const struct entry_format *entries)
{
    const char *name = format->name;
    const struct part part = {.what = "entry codec of the format",
                              .name = name,
                              .type = "entry_format",
                              .base = entries,
                              .members = entry_members,
                              .count = sizeof entry_members / sizeof *entry_members};
    if (entries->levels == 0 || entries->levels > ENTRY_LEVELS_MAX)
        return plugin_refuse(check, "the entries of the format \"%s\" have levels %u; there must be 1 to %d",
                             name, entries->levels, ENTRY_LEVELS_MAX);
    return check_members(check, &part);
}

/* The table is made with its default format if nobody says another one. */
static bool check_default(const struct plugin_check *check, const struct loaded_plugin *plugin)
{
    const struct pagetable_class *table = plugin->table;
    const struct entry_format *entries;
    const struct walk_format *format = plugin_format_find(plugin, table->default_format, &entries);
    if (!format)
        return plugin_refuse(
            check,
            "the default_format of its page table, \"%s\", is neither a format of its own nor one "
            "of this program's, which `mmusim list formats` shows",
            table->default_format);
    if (!table->accepts(format, entries))
        return plugin_refuse(
            check,
            "its page table does not accept its own default_format, \"%s\"; note that formats are "
            "compared by name, since a plug-in is handed copies",
            table->default_format);
    if (plugin->format && format != plugin->format && !table->accepts(plugin->format, plugin->entries))
        return plugin_refuse(check, "its page table does not accept the format \"%s\" that it brings",
                             plugin->format->name);
    return true;
}

bool plugin_check_parts(const struct plugin_check *check, const struct loaded_plugin *plugin)
{
    if (!check_table(check, plugin->table))
        return false;
    if (plugin->format && (!check_format(check, plugin->format) ||
                           (plugin->entries && !check_entries(check, plugin->format, plugin->entries))))
        return false;
    return check_default(check, plugin);
}
