/*
 * The formats of this folder, by family: where a new one is registered. Not a public header.
 */
#ifndef MMUSIM_PAGETABLES_FORMATS_H
#define MMUSIM_PAGETABLES_FORMATS_H

#include "pagetables/entry.h"
#include "pagetables/walk.h"

struct format_row {
    const struct walk_format *hardware;
    const struct entry_format *software; /* NULL: nothing here writes it by entries */
};

struct format_family {
    const struct format_row *rows;
    unsigned count;
};

extern const struct format_family vmsa_family;
extern const struct format_family riscv_family;
extern const struct format_family x86_family;
extern const struct format_family hashed_family;
extern const struct format_family cuckoo_family;
extern const struct format_family ranges_family;

#endif
