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

static inline unsigned synthetic_span_lg2(unsigned level)
{
    return 12 + 9 * level;
}

#endif
