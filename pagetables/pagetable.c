#include "pagetables/pagetable.h"

#include <string.h>

#include "pagetables/cuckoo.h"
#include "pagetables/hashed.h"
#include "pagetables/planted.h"
#include "pagetables/radix.h"
#include "pagetables/ranges.h"

/* A new table is a file of its own and a row here. */
static const struct pagetable_class *const classes[] = {
    &pagetable_radix,
    &pagetable_radix_keeps_tables,
    &pagetable_hashed,
    &pagetable_cuckoo,
    &pagetable_ranges,
    &pagetable_radix_forgets_invalidation,
    &pagetable_radix_forgets_barrier,
    &pagetable_radix_forgets_tables,
    &pagetable_radix_forgets_break,
};

#define CLASSES (sizeof classes / sizeof *classes)

const char *pagetable_result_name(enum pagetable_result result)
{
    static const char *const names[PAGETABLE_RESULTS] = {
        [PAGETABLE_OK] = "ok",
        [PAGETABLE_OVERLAP] = "overlap",
        [PAGETABLE_NOT_MAPPED] = "not-mapped",
        [PAGETABLE_NO_MEMORY] = "no-memory",
        [PAGETABLE_UNSUPPORTED] = "unsupported",
        [PAGETABLE_ENVIRONMENT] = "environment",
        [PAGETABLE_CORRUPT] = "corrupt",
        [PAGETABLE_UNALIGNED] = "unaligned",
        [PAGETABLE_BAD_SIZE] = "bad-size",
        [PAGETABLE_OUT_OF_RANGE] = "out-of-range",
        [PAGETABLE_FRAME_IN_USE] = "frame-in-use",
    };
    return (unsigned)result < PAGETABLE_RESULTS ? names[result] : "?";
}

const struct pagetable_class *pagetable_class_at(unsigned index)
{
    return index < CLASSES ? classes[index] : NULL;
}

const struct pagetable_class *pagetable_class_find(const char *name)
{
    for (size_t i = 0; i < CLASSES; i++)
        if (strcmp(classes[i]->name, name) == 0)
            return classes[i];
    return NULL;
}
