#include "pagetables/walk.h"

#include <stddef.h>
#include <string.h>

#include "pagetables/entry.h"
#include "pagetables/vmsa.h"

/* A new format is a file of its own and a row here. */
static const struct {
    const struct walk_format *hardware;
    const struct entry_format *software;
} formats[] = {
    {&vmsa_4k_48, &vmsa_4k_48_entries},
    {&vmsa_4k_39, &vmsa_4k_39_entries},
    {&vmsa_s2_4k_48, &vmsa_s2_4k_48_entries},
    {&vmsa_s2_4k_39, &vmsa_s2_4k_39_entries},
};

#define FORMATS (sizeof formats / sizeof *formats)

const struct walk_format *walk_format_at(unsigned index)
{
    return index < FORMATS ? formats[index].hardware : NULL;
}

const struct walk_format *walk_format_find(const char *name)
{
    for (size_t i = 0; i < FORMATS; i++)
        if (strcmp(formats[i].hardware->name, name) == 0)
            return formats[i].hardware;
    return NULL;
}

const struct entry_format *entry_format_of(const struct walk_format *format)
{
    for (size_t i = 0; i < FORMATS; i++)
        if (formats[i].hardware == format)
            return formats[i].software;
    return NULL;
}
