#include "pagetables/test/synthetic.h"

static enum walk_status ask(struct walk_state *walk, uint64_t table, unsigned level)
{
    return walk_fetch_entry(walk, table + (walk->va >> synthetic_span_lg2(level) & 511) * 8, level);
}

static enum walk_status fault(struct walk_state *walk)
{
    return walk_end_with_fault(walk, FAULT_TRANSLATION, walk->level);
}

static enum walk_status enter(struct walk_state *walk, const struct translation_regime *regime, uint64_t va,
                              const struct walk_table *table)
{
    walk_begin(walk, regime, va, table->level);
    return ask(walk, table->pa, table->level);
}

static enum walk_status start(struct walk_state *walk, const struct translation_regime *regime, uint64_t va)
{
    const struct walk_table root = {.pa = regime->root, .level = (uint8_t)(regime->format->levels - 1)};
    enum walk_status status = enter(walk, regime, va, &root);
    return va >> regime->format->va_bits ? fault(walk) : status;
}

static bool table(const struct walk_state *walk, struct walk_table *table)
{
    if (walk->level + 1u == walk->regime->format->levels)
        return false;
    *table = (struct walk_table){.pa = walk->fetch[0] & ~UINT64_C(4095),
                                 .level = walk->level,
                                 .span_lg2 = (uint8_t)synthetic_span_lg2(walk->level + 1u)};
    table->va = walk->va >> table->span_lg2 << table->span_lg2;
    return true;
}

static enum walk_status resume(struct walk_state *walk, const uint64_t *words)
{
    uint64_t address = words[0] >> 16 << 12;
    if (!(words[0] & 1))
        return fault(walk);
    if (!(words[0] & 2))
        return walk->level ? ask(walk, address, walk->level - 1u) : fault(walk);
    uint64_t in_frame = (UINT64_C(1) << synthetic_span_lg2(walk->level)) - 1;
    walk->fetches = 0;
    walk->leaf = (struct walk_leaf){.va = walk->va & ~in_frame,
                                    .frame = {.base = address & ~in_frame,
                                              .attributes = FRAME_READABLE | FRAME_WRITABLE,
                                              .size_lg2 = (uint8_t)synthetic_span_lg2(walk->level)},
                                    .rights = words[0] >> 8 & SYNTHETIC_ALL_RIGHTS,
                                    .rights_when_dirty = words[0] >> 8 & SYNTHETIC_ALL_RIGHTS,
                                    .level = walk->level};
    return WALK_LEAF;
}

static uint8_t no_rights(uint32_t attributes)
{
    (void)attributes;
    return 0;
}

#define FORMAT(count)                                                                                        \
    {                                                                                                        \
        .name = "synthetic-" #count, .summary = "", .levels = (count), .va_bits = 12 + 9 * (count),          \
        .page_lg2 = 12, .frame_sizes = (count), .frame_size_lg2 = {12, 21, 30, 39, 48}, .start = start,      \
        .resume = resume, .rights = no_rights, .table = table, .enter = enter                                \
    }

const struct walk_format *synthetic_format(unsigned levels)
{
    static const struct walk_format formats[SYNTHETIC_LEVELS_MAX] = {FORMAT(1), FORMAT(2), FORMAT(3),
                                                                     FORMAT(4), FORMAT(5)};
    return &formats[levels - 1];
}

uint64_t synthetic_leaf(uint64_t base, unsigned rights)
{
    return base >> 12 << 16 | (uint64_t)rights << 8 | 3;
}

uint64_t synthetic_table(uint64_t pa)
{
    return pa >> 12 << 16 | 1;
}

uint64_t synthetic_slot(struct synthetic_memory *memory, uint64_t root, unsigned levels, uint64_t address,
                        unsigned level)
{
    uint64_t table = root;
    for (unsigned at = levels - 1;; at--) {
        uint64_t slot = table + (address >> synthetic_span_lg2(at) & 511) * 8, word = 0;
        if (at == level)
            return slot;
        if (!memory->read(memory->context, slot, &word) || !(word & 1)) {
            word = synthetic_table(memory->next_table);
            memory->next_table += 4096;
            if (!memory->write(memory->context, slot, word))
                return slot;
        }
        table = word >> 16 << 12;
    }
}
