/* One function for each test plug-in: what is wrong with it, or old, or new. */
#include <stddef.h>
#include <string.h>

#include "pagetables/test/plugins/stub.h"

static void right(struct stub *stub)
{
}

/* ---- Other versions of the headers ---- */

/* Built when the structs ended with what must be there; behind them lies something else. */
static void older(struct stub *stub)
{
    struct walk_format *format = &stub->format.known;
    stub->plugin.known.struct_bytes = offsetof(struct mmusim_plugin, entries);
    stub->format.known.struct_bytes = offsetof(struct walk_format, table);
    memset((char *)format + offsetof(struct walk_format, table), 0xa5,
           sizeof *format - offsetof(struct walk_format, table));
}

/* The same before there were formats of plug-ins: a table for a format of the program. */
static bool accepts_entries(const struct walk_format *format, const struct entry_format *entries)
{
    return entries != NULL;
}

static void oldest(struct stub *stub)
{
    stub->plugin.known.struct_bytes = offsetof(struct mmusim_plugin, format);
    stub->table.known.default_format = "vmsa-4k-48";
    stub->table.known.accepts = accepts_entries;
}

static void newer(struct stub *stub)
{
    stub->plugin.known.struct_bytes = sizeof stub->plugin;
    stub->table.known.struct_bytes = sizeof stub->table;
    stub->format.known.struct_bytes = sizeof stub->format;
    stub->entries.known.struct_bytes = sizeof stub->entries;
    memset(stub->plugin.unknown, 0xa5, sizeof stub->plugin.unknown);
    memset(stub->table.unknown, 0xa5, sizeof stub->table.unknown);
    memset(stub->format.unknown, 0xa5, sizeof stub->format.unknown);
    memset(stub->entries.unknown, 0xa5, sizeof stub->entries.unknown);
}

static void bad_version(struct stub *stub)
{
    stub->plugin.known.version = 2;
}

static void bad_table_version(struct stub *stub)
{
    stub->table.known.abi_version = 7;
}

static void bad_plugin_bytes(struct stub *stub)
{
    stub->plugin.known.struct_bytes = 8;
}

static void bad_table_bytes(struct stub *stub)
{
    stub->table.known.struct_bytes = offsetof(struct pagetable_class, accepts);
}

static void bad_format_bytes(struct stub *stub)
{
    stub->format.known.struct_bytes = 0;
}

static void bad_entries_bytes(struct stub *stub)
{
    stub->entries.known.struct_bytes = 4;
}

/* ---- A constructor that refuses ---- */

static void bad_refuses(struct stub *stub)
{
    stub->plugin.known.version = 0;
    stub->refusal = "this processor has no such instruction";
}

static void bad_refuses_silently(struct stub *stub)
{
    stub->plugin.known.version = 0;
}

/* ---- Missing parts ---- */

static void bad_no_table(struct stub *stub)
{
    stub->plugin.known.table = NULL;
}

static void bad_entries_alone(struct stub *stub)
{
    stub->plugin.known.format = NULL;
}

static void bad_no_name(struct stub *stub)
{
    stub->table.known.name = NULL;
}

static void bad_missing_map(struct stub *stub)
{
    stub->table.known.map = NULL;
}

static void bad_missing_accepts(struct stub *stub)
{
    stub->table.known.accepts = NULL;
}

static void bad_missing_default(struct stub *stub)
{
    stub->table.known.default_format = NULL;
}

static void bad_missing_resume(struct stub *stub)
{
    stub->format.known.resume = NULL;
}

static void bad_missing_decode(struct stub *stub)
{
    stub->entries.known.decode = NULL;
}

static bool has_no_table(const struct walk_state *walk, struct walk_table *table)
{
    return false;
}

static void bad_half_a_pair(struct stub *stub)
{
    stub->format.known.table = has_no_table;
}

/* ---- Names ---- */

static void bad_table_name(struct stub *stub)
{
    stub->table.known.name = "radix";
}

static void bad_format_name(struct stub *stub)
{
    stub->format.known.name = "vmsa-4k-48";
}

static void bad_name_with_slash(struct stub *stub)
{
    stub->table.known.name = "my/table";
}

static void bad_default_format(struct stub *stub)
{
    stub->table.known.default_format = "sv-nothing";
}

static bool accepts_nothing(const struct walk_format *format, const struct entry_format *entries)
{
    return false;
}

static void bad_accepts_nothing(struct stub *stub)
{
    stub->table.known.accepts = accepts_nothing;
}

static void bad_accepts_another(struct stub *stub)
{
    stub->table.known.default_format = "vmsa-4k-48";
}

static bool accepts_program(const struct walk_format *format, const struct entry_format *entries)
{
    return strcmp(format->name, "vmsa-4k-48") == 0;
}

static void bad_format_for_nobody(struct stub *stub)
{
    stub->table.known.default_format = "vmsa-4k-48";
    stub->table.known.accepts = accepts_program;
}

/* ---- Numbers ---- */

static void bad_levels(struct stub *stub)
{
    stub->format.known.levels = 0;
}

static void bad_page(struct stub *stub)
{
    stub->format.known.page_lg2 = 4;
}

static void bad_va_bits(struct stub *stub)
{
    stub->format.known.va_bits = 65;
}

static void bad_va_form(struct stub *stub)
{
    stub->format.known.va_form = 3;
}

static void bad_frame_sizes(struct stub *stub)
{
    stub->format.known.frame_sizes = 9;
}

static void bad_first_frame_size(struct stub *stub)
{
    stub->format.known.frame_size_lg2[0] = 16;
}

static void bad_frame_order(struct stub *stub)
{
    stub->format.known.frame_size_lg2[1] = 12;
}

static void bad_frame_size(struct stub *stub)
{
    stub->format.known.frame_size_lg2[1] = 40;
}

static void bad_entry_levels(struct stub *stub)
{
    stub->entries.known.levels = 6;
}

#define CHANGE(name)                                                                                         \
    {                                                                                                        \
#name, name                                                                                          \
    }

static const struct {
    const char *name;
    void (*change)(struct stub *stub);
} changes[] = {
    CHANGE(right),
    CHANGE(older),
    CHANGE(oldest),
    CHANGE(newer),
    CHANGE(bad_version),
    CHANGE(bad_table_version),
    CHANGE(bad_plugin_bytes),
    CHANGE(bad_table_bytes),
    CHANGE(bad_format_bytes),
    CHANGE(bad_entries_bytes),
    CHANGE(bad_refuses),
    CHANGE(bad_refuses_silently),
    CHANGE(bad_no_table),
    CHANGE(bad_entries_alone),
    CHANGE(bad_no_name),
    CHANGE(bad_missing_map),
    CHANGE(bad_missing_accepts),
    CHANGE(bad_missing_default),
    CHANGE(bad_missing_resume),
    CHANGE(bad_missing_decode),
    CHANGE(bad_half_a_pair),
    CHANGE(bad_table_name),
    CHANGE(bad_format_name),
    CHANGE(bad_name_with_slash),
    CHANGE(bad_default_format),
    CHANGE(bad_accepts_nothing),
    CHANGE(bad_accepts_another),
    CHANGE(bad_format_for_nobody),
    CHANGE(bad_levels),
    CHANGE(bad_page),
    CHANGE(bad_va_bits),
    CHANGE(bad_va_form),
    CHANGE(bad_frame_sizes),
    CHANGE(bad_first_frame_size),
    CHANGE(bad_frame_order),
    CHANGE(bad_frame_size),
    CHANGE(bad_entry_levels),
};

void stub_change(struct stub *stub, const char *name)
{
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        if (strcmp(changes[i].name, name) == 0)
            changes[i].change(stub);
}
