/*
 * What setting up a space without time leaves in memory, told to those who judge its tables: the entries that
 * point to tables. Of leaves the operations tell all there is to know.
 */
#ifndef MMUSIM_SIM_PREMAP_H
#define MMUSIM_SIM_PREMAP_H

#include "pagetables/entry.h"
#include "sim/space.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The entries from the root to the one that ends the walk of an address. */
struct premap_path {
    unsigned count;
    uint64_t pa[ENTRY_LEVELS_MAX];
    uint64_t word[ENTRY_LEVELS_MAX];
};

/* Empty if nobody judges tables of the space's format. */
void premap_read(const struct address_space *space, uint64_t va, struct premap_path *path);
/* After the operation at `va`, before which the path was `before`. */
void premap_tell(const struct address_space *space, const struct event_operation *operation,
                 const struct premap_path *before);

#ifdef __cplusplus
}
#endif
#endif
