/* The range table: its walk engine. */
#include <stddef.h>

#include "pagetables/formats.h"
#include "pagetables/ranges.h"

/* The descriptor is level 0, the root node level 1. */
#define LINE_WORDS 8u

static enum walk_status start(struct walk_state *walk, const struct translation_regime *regime, uint64_t va)
{
    walk_begin(walk, regime, va, 0);
    walk->range.bytes = 0;
    if (va >> PLAIN_ADDRESS_BITS != 0)
        return walk_end_with_fault(walk, FAULT_TRANSLATION, 0);
    return walk_fetch_entry(walk, regime->root + RANGES_ROOT, 0);
}

static enum walk_status ask_node(struct walk_state *walk, uint64_t node)
{
    if (node == 0)
        return walk_end_with_fault(walk, FAULT_TRANSLATION, walk->level);
    if (node & (RANGES_NODE_BYTES - 1) || walk->level == RANGES_DEPTH_MAX)
        return walk_end_with_fault(walk, FAULT_RESERVED, walk->level);
    if (walk_is_beyond(walk->regime, node))
        return walk_end_with_fault(walk, FAULT_ADDRESS_SIZE, walk->level);
    walk->fetches = RANGES_NODE_WORDS / LINE_WORDS;
    walk->fetch_words = LINE_WORDS;
    for (unsigned i = 0; i < walk->fetches; i++)
        walk->fetch[i] = node + (uint64_t)i * LINE_WORDS * 8;
    walk->level++;
    return WALK_FETCH;
}

static enum walk_status end_in(struct walk_state *walk, const struct range *range)
{
    unsigned size_lg2 = plain_size_lg2(range_size(range));
    if (range_size(range) >= PLAIN_SIZES)
        return walk_end_with_fault(walk, FAULT_RESERVED, walk->level);
    uint64_t page = walk->va & ~((UINT64_C(1) << size_lg2) - 1);
    enum walk_status status = plain_end(walk, range_leaf_at(range, page), size_lg2, walk->level);
    if (status == WALK_LEAF)
        walk->range =
            (struct walk_range){range_va(range), range->end - range_va(range), range->leaf & PLAIN_ADDRESS};
    return status;
}

static enum walk_status resume_node(struct walk_state *walk, const uint64_t *node)
{
    unsigned keys = (unsigned)(node[0] & RANGES_HEADER_KEYS), key = 0;
    for (; key < keys; key++) {
        struct range range = range_at(node, key);
        if (range_contains(&range, walk->va))
            return end_in(walk, &range);
        if (walk->va < range_va(&range))
            break;
    }
    if (node[0] & RANGES_HEADER_LEAF)
        return walk_end_with_fault(walk, FAULT_TRANSLATION, walk->level);
    return ask_node(walk, node[RANGES_CHILDREN + key]);
}

static enum walk_status resume(struct walk_state *walk, const uint64_t *words)
{
    return walk->level == 0 ? ask_node(walk, words[0]) : resume_node(walk, words);
}

const struct walk_format ranges_48 = {
    .struct_bytes = sizeof(struct walk_format),
    .name = "ranges-48",
    .summary = "range table, a B-tree of base, limit and offset, 48-bit addresses; leaves tell their range",
    .levels = 1 + RANGES_DEPTH_MAX,
    .va_bits = PLAIN_ADDRESS_BITS,
    .va_form = VA_LOW,
    .page_lg2 = 12,
    .frame_sizes = PLAIN_SIZES,
    .frame_size_lg2 = {12, 21, 30},
    .start = start,
    .resume = resume,
    .rights = plain_rights,
    .ranges = true,
};

static const struct format_row rows[] = {{&ranges_48, NULL}};
const struct format_family ranges_family = {rows, 1};
