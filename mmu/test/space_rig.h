/* Address spaces of any format in a rig, one page at a time. */
#ifndef MMUSIM_MMU_TEST_SPACE_RIG_H
#define MMUSIM_MMU_TEST_SPACE_RIG_H

#include "mmu/test/rig.h"

struct space_rig {
    struct address_context context; /* its other members may be set before it is used */
    void *table;
};

/* An empty radix table; asid, vmid and space as given. */
struct space_rig space_open(struct rig *rig, const char *format, uint32_t number, uint16_t asid);
void space_close(struct space_rig *space);
/* A page with attributes as frame_attributes_parse reads them; gives its frame. */
uint64_t space_map(struct rig *rig, struct space_rig *space, uint64_t va, const char *attributes);

struct core_operation op_switch_to(const struct address_context *context);
struct core_operation op_by(enum privilege privilege, enum access_kind kind, uint64_t va);

#endif
