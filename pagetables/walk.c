#include "pagetables/walk.h"

#include <stddef.h>
#include <string.h>

#include "pagetables/formats.h"

/* A new family of formats is a file of its own and a row here. */
static const struct format_family *const families[] = {
    &vmsa_family, &riscv_family, &x86_family, &hashed_family, &cuckoo_family, &ranges_family,
};

#define FAMILIES (sizeof families / sizeof *families)

static const struct format_row *row_at(unsigned index)
{
    for (size_t i = 0; i < FAMILIES; i++) {
        if (index < families[i]->count)
            return &families[i]->rows[index];
        index -= families[i]->count;
    }
    return NULL;
}

const struct walk_format *walk_format_at(unsigned index)
{
    const struct format_row *row = row_at(index);
    return row ? row->hardware : NULL;
}

const struct walk_format *walk_format_find(const char *name)
{
    const struct format_row *row;
    for (unsigned i = 0; (row = row_at(i)); i++)
        if (strcmp(row->hardware->name, name) == 0)
            return row->hardware;
    return NULL;
}

const struct entry_format *entry_format_of(const struct walk_format *format)
{
    const struct format_row *row;
    for (unsigned i = 0; (row = row_at(i)); i++)
        if (row->hardware == format)
            return row->software;
    return NULL;
}

const char *access_control_name(uint32_t control)
{
    static const char *const names[CONTROLS_COUNT] = {"pan", "sum", "mxr", "wp", "smep", "smap", "ac", "pke"};
    for (unsigned i = 0; i < CONTROLS_COUNT; i++)
        if (control == 1u << i)
            return names[i];
    return NULL;
}

/* ---- Reach ---- */

static uint64_t low_mask(const struct walk_format *format)
{
    return format->va_bits < 64 ? (UINT64_C(1) << format->va_bits) - 1 : UINT64_MAX;
}

bool walk_format_reaches(const struct walk_format *format, uint64_t va, uint64_t bytes)
{
    uint64_t last = va + (bytes - 1);
    if (last < va || walk_format_extend(format, va) != va || walk_format_extend(format, last) != last)
        return false;
    /* from one half to the other lies what no canonical address names */
    return format->va_form != VA_SIGNED || ((va ^ last) & ~low_mask(format)) == 0;
}
