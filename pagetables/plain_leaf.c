#include "pagetables/plain_leaf.h"

#include <stdlib.h>

uint8_t plain_rights(uint32_t attributes)
{
    unsigned rights = 0;
    bool user = attributes & FRAME_USER;
    if (!plain_expresses(attributes & ~(uint32_t)FRAME_STATE_ALL))
        return 0;
    for (unsigned privilege = 0; privilege < PRIVILEGES; privilege++) {
        if (privilege == PRIVILEGE_USER && !user)
            continue;
        bool executes = (privilege == PRIVILEGE_USER) == user;
        rights |= attributes & FRAME_READABLE ? ACCESS_RIGHT(privilege, ACCESS_LOAD) : 0;
        rights |= attributes & FRAME_WRITABLE ? ACCESS_RIGHT(privilege, ACCESS_STORE) : 0;
        rights |= attributes & FRAME_EXECUTABLE && executes ? ACCESS_RIGHT(privilege, ACCESS_FETCH) : 0;
    }
    return (uint8_t)rights;
}

enum walk_status plain_end(struct walk_state *walk, uint64_t word, unsigned size_lg2, unsigned level)
{
    if (!(word & PLAIN_VALID))
        return walk_end_with_fault(walk, FAULT_TRANSLATION, level);
    struct frame frame = plain_decode(word, size_lg2);
    if (walk_is_beyond(walk->regime, frame.base))
        return walk_end_with_fault(walk, FAULT_ADDRESS_SIZE, level);
    uint8_t rights = plain_rights(frame.attributes);
    walk->fetches = 0;
    walk->leaf = (struct walk_leaf){.va = walk->va & ~((UINT64_C(1) << size_lg2) - 1),
                                    .frame = frame,
                                    .rights = rights,
                                    .rights_when_dirty = rights,
                                    .level = (uint8_t)level};
    return WALK_LEAF;
}

static int by_address(const void *one, const void *other)
{
    const struct mapping *a = one, *b = other;
    if (a->va != b->va)
        return a->va < b->va ? -1 : 1;
    return (a->frame.size_lg2 > b->frame.size_lg2) - (a->frame.size_lg2 < b->frame.size_lg2);
}

enum pagetable_result plain_enumerate(size_t (*collect)(const void *table, struct mapping *mappings,
                                                        size_t room),
                                      const void *table, pagetable_visitor visit, void *context)
{
    size_t count = collect(table, NULL, 0);
    struct mapping *mappings = malloc((count ? count : 1) * sizeof *mappings);
    if (!mappings)
        return PAGETABLE_NO_MEMORY;
    (void)collect(table, mappings, count);
    qsort(mappings, count, sizeof *mappings, by_address);
    for (size_t i = 0; i < count && visit(context, &mappings[i]); i++)
        ;
    free(mappings);
    return PAGETABLE_OK;
}
