#include "mmu/test/probe_format.h"

static unsigned places_of(const struct translation_regime *regime)
{
    return regime->features & 0xff;
}

static unsigned words_of(const struct translation_regime *regime)
{
    return regime->features >> 8 & 0xff;
}

static enum walk_status start(struct walk_state *walk, const struct translation_regime *regime, uint64_t va)
{
    walk->regime = regime;
    walk->va = va;
    walk->level = 0;
    walk->fetches = (uint8_t)places_of(regime);
    walk->fetch_words = (uint8_t)words_of(regime);
    for (unsigned i = 0; i < walk->fetches; i++)
        walk->fetch[i] = probe_place(regime->root, va, i);
    return WALK_FETCH;
}

static enum walk_status resume(struct walk_state *walk, const uint64_t *words)
{
    unsigned count = places_of(walk->regime) * words_of(walk->regime), found = 0;
    while (found < count && (!(words[found] & 1) || words[found] >> 40 != walk->va >> 12))
        found++;
    walk->fetches = 0;
    walk->fault = FAULT_TRANSLATION;
    walk->fault_level = 0;
    if (found == count)
        return WALK_FAULT;
    walk->leaf = (struct walk_leaf){.va = walk->va >> 12 << 12,
                                    .frame = {.base = words[found] & UINT64_C(0xfffffff000),
                                              .attributes = FRAME_READABLE | FRAME_WRITABLE | FRAME_USER,
                                              .size_lg2 = 12},
                                    .rights = ACCESS_RIGHTS_ALL,
                                    .rights_when_dirty = ACCESS_RIGHTS_ALL};
    return WALK_LEAF;
}

const struct walk_format probe_format = {.struct_bytes = sizeof(struct walk_format),
                                         .name = "probe",
                                         .summary = "several places at once, several words at each",
                                         .levels = 1,
                                         .va_bits = 36,
                                         .page_lg2 = 12,
                                         .frame_sizes = 1,
                                         .frame_size_lg2 = {12},
                                         .start = start,
                                         .resume = resume};
