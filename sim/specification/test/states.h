/* Small states for the tests of single transitions. */
#ifndef MMUSIM_SPECIFICATION_TEST_STATES_H
#define MMUSIM_SPECIFICATION_TEST_STATES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/specification/high_level.h"

#define PAGE      UINT64_C(0x1000)
#define PMEM_SIZE UINT64_C(0x100000)

/* "rw-u" and so on; fails the test if it is no text of attributes. */
uint32_t attributes_of(const char *text);
struct mapping mapping_of(uint64_t va, uint64_t pa, const char *attributes);
struct map_op map_of(uint64_t va, uint64_t pa, const char *attributes, enum result result);

void add_mapping(struct mappings *mappings, uint64_t va, uint64_t pa, const char *attributes);

/* A page table of 4 KiB and 2 MiB frames in [0, PMEM_SIZE): 0x1000 -> 0x5000 rw-u, 0x3000 -> 0x7000 r--u. */
void open_page_table(struct page_table_state *state, uint32_t extensions);
/* The same as a high-level state, with 11 in the first word of the first page and 22 in that of the other. */
void open_high_level(struct high_level_state *state, uint32_t extensions);

/* The step is not allowed, and the rule and the sentence (a part of it) are these. */
void assert_violation(bool allowed, const struct violation *violation, const char *rule, const char *text);

#endif
