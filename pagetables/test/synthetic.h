/*
 * A radix format of one to five levels that no machine has: 4 KiB pages, 9 bits a level, leaves everywhere,
 * rights spelled out. What works for it does not depend on a manual.
 *
 * Levels count down to 0. An entry: bit 0 valid, bit 1 leaf, bits 8 to 13 the rights, bits 12 and up of an
 * address in its bits 16 and up.
 */
#ifndef MMUSIM_PAGETABLES_TEST_SYNTHETIC_H
#define MMUSIM_PAGETABLES_TEST_SYNTHETIC_H

#include "pagetables/walk.h"

#define SYNTHETIC_LEVELS_MAX 5
#define SYNTHETIC_ALL_RIGHTS 0x3fu

/* The format of so many levels. */
const struct walk_format *synthetic_format(unsigned levels);

uint64_t synthetic_leaf(uint64_t base, unsigned rights);
uint64_t synthetic_table(uint64_t pa);

/* Where tables are written, and where the next one is taken from. */
struct synthetic_memory {
    bool (*read)(void *context, uint64_t pa, uint64_t *value);
    bool (*write)(void *context, uint64_t pa, uint64_t value);
    void *context;
    uint64_t next_table; /* zeroed pages from here on */
};

/* Address of the entry of `address` at a level, in the table of so many levels at `root`; the tables above it
 * are made where they are missing. */
uint64_t synthetic_slot(struct synthetic_memory *memory, uint64_t root, unsigned levels, uint64_t address,
                        unsigned level);

static inline unsigned synthetic_span_lg2(unsigned level)
{
    return 12 + 9 * level;
}

#endif
