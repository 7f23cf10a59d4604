/* Variants of the radix table, made for tests of the rules: right ones of another kind, and wrong ones. */
#ifndef MMUSIM_SIM_EXPLORE_TEST_OWN_TABLES_H
#define MMUSIM_SIM_EXPLORE_TEST_OWN_TABLES_H

#include "pagetables/pagetable.h"

/* `unmap` answers that it has, and leaves the page. */
struct pagetable_class table_that_unmaps_nothing(void);
/* Neither locks nor waits: for one core that calls it. Its operations return before their stores are seen. */
struct pagetable_class table_that_never_waits(void);
/* `protect` changes the entry at once, and invalidates nothing. */
struct pagetable_class table_that_protects_in_place(void);
/* `query` answers that its environment failed, or that the table is corrupt. */
struct pagetable_class table_whose_environment_fails(void);
struct pagetable_class table_that_finds_itself_corrupt(void);
/* A stage 2 that invalidates by intermediate address alone, and not what was combined of both stages. */
struct pagetable_class table_that_forgets_combined_entries(void);
/* Invalidates the TLB of the calling core alone. */
struct pagetable_class table_of_one_core(void);

#endif
