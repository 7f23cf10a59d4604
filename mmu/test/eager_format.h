/*
 * vmsa-4k-48 as no machine walks it: it reads the whole line of each entry, and marks each table's entry on
 * the way (bit 55, which hardware leaves to software). So the tables that software makes are the same.
 */
#ifndef MMUSIM_MMU_TEST_EAGER_FORMAT_H
#define MMUSIM_MMU_TEST_EAGER_FORMAT_H

#include "pagetables/walk.h"

#define EAGER_MARK (UINT64_C(1) << 55)

/* translation_regime.features */
#define EAGER_LINES (1u << 30) /* reads lines */
#define EAGER_MARKS (1u << 31) /* marks tables */

extern struct walk_format eager_format;
/* The same, with ranges of three or four small pages. */
extern struct walk_format eager_ranges_format;
/* Before the first use. */
void eager_format_init(void);

#endif
