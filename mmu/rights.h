/* Inside of the machine: what entries allow under the state of a core. Not for users. */
#ifndef MMUSIM_MMU_RIGHTS_H
#define MMUSIM_MMU_RIGHTS_H

#include "mmu/core.h"

uint8_t rights_under_controls(const struct core *core, uint64_t va, uint8_t rights, uint32_t attributes);

/* What an entry of the active space allows now. */
static inline uint8_t rights_allowed(const struct core *core, uint64_t va, uint8_t rights,
                                     uint32_t attributes)
{
    return core->judges ? rights_under_controls(core, va, rights, attributes) : rights;
}

/* To another context: first levels keep what their entries allow. */
void rights_switch(struct core *core, const struct address_context *context);

#endif
