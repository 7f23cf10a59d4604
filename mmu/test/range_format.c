#include "mmu/test/range_format.h"

static enum walk_status start(struct walk_state *walk, const struct translation_regime *regime, uint64_t va)
{
    walk->regime = regime;
    walk->va = va;
    walk->level = 0;
    walk->fetches = RANGE_DESCRIPTORS / 2;
    walk->fetch_words = 8;
    for (unsigned i = 0; i < walk->fetches; i++)
        walk->fetch[i] = regime->root + UINT64_C(64) * i;
    return WALK_FETCH;
}

static uint8_t rights(uint32_t attributes)
{
    unsigned kinds = (attributes & FRAME_READABLE ? 1u << ACCESS_LOAD : 0) |
                     (attributes & FRAME_WRITABLE ? 1u << ACCESS_STORE : 0) |
                     (attributes & FRAME_EXECUTABLE ? 1u << ACCESS_FETCH : 0);
    return (uint8_t)(attributes & FRAME_USER ? kinds | kinds << ACCESS_KINDS : kinds << ACCESS_KINDS);
}

static enum walk_status resume(struct walk_state *walk, const uint64_t *words)
{
    const uint64_t *range = words;
    unsigned left = RANGE_DESCRIPTORS;
    for (; left > 0 && walk->va - range[0] >= range[1]; left--)
        range += 4;
    walk->fetches = 0;
    walk->fault = FAULT_TRANSLATION;
    walk->fault_level = 0;
    if (left == 0)
        return WALK_FAULT;
    uint8_t size_lg2 = (uint8_t)(range[3] >> 32);
    uint64_t page = walk->va >> size_lg2 << size_lg2;
    uint32_t attributes = (uint32_t)range[3];
    walk->range = (struct walk_range){range[0], range[1], range[2]};
    walk->leaf = (struct walk_leaf){.va = page,
                                    .frame = {range[2] + (page - range[0]), attributes, size_lg2},
                                    .rights = rights(attributes),
                                    .rights_when_dirty = rights(attributes)};
    return WALK_LEAF;
}

const struct walk_format range_format = {.struct_bytes = sizeof(struct walk_format),
                                         .name = "ranges",
                                         .summary = "eight ranges",
                                         .levels = 1,
                                         .va_bits = 48,
                                         .page_lg2 = 12,
                                         .frame_sizes = 2,
                                         .frame_size_lg2 = {12, 21},
                                         .start = start,
                                         .resume = resume,
                                         .rights = rights,
                                         .ranges = true};
