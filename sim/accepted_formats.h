/* Which formats a page table accepts, in a few words. */
#ifndef MMUSIM_SIM_ACCEPTED_FORMATS_H
#define MMUSIM_SIM_ACCEPTED_FORMATS_H

#include <stddef.h>

#include "pagetables/pagetable.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * "vmsa-*, sv*, x86-*": of the program's formats, those that begin alike in one word if the table accepts
 * them all, else by their names, three at the most and then "...". Cut where the text ends.
 */
void accepted_formats_print(const struct pagetable_class *table, char *text, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
