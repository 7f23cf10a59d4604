/* The hashed page table: its walk engine. */
#include <stddef.h>

#include "pagetables/formats.h"
#include "pagetables/hashed.h"

#define DESCRIPTOR_LEVEL 1u
#define SLOT_LEVEL       0u

/* What the engine keeps in walk_state.scratch. */
enum { ARRAY, SOUGHT, PROBE };

static unsigned sought(const struct walk_state *walk, unsigned size)
{
    return walk->scratch[SOUGHT] >> size & 1;
}

static enum walk_status ask_slots(struct walk_state *walk)
{
    walk->fetches = 0;
    for (unsigned size = 0; size < PLAIN_SIZES; size++)
        if (sought(walk, size))
            walk->fetch[walk->fetches++] =
                hashed_slot(walk->scratch[ARRAY], walk->va, size, (unsigned)walk->scratch[PROBE]);
    if (walk->fetches == 0 || walk->scratch[PROBE] == HASHED_PROBES_MAX)
        return walk_end_with_fault(walk, FAULT_TRANSLATION, SLOT_LEVEL);
    walk->fetch_words = HASHED_SLOT_BYTES / 8;
    walk->level = SLOT_LEVEL;
    return WALK_FETCH;
}

static enum walk_status begin_probes(struct walk_state *walk, uint64_t array, uint64_t sizes)
{
    unsigned slots_lg2 = (unsigned)(array & HASHED_SLOTS_LG2_MASK);
    if (slots_lg2 < HASHED_SLOTS_LG2_MIN || slots_lg2 > HASHED_SLOTS_LG2_MAX)
        return walk_end_with_fault(walk, FAULT_RESERVED, DESCRIPTOR_LEVEL);
    if (walk_is_beyond(walk->regime, array & PLAIN_ADDRESS))
        return walk_end_with_fault(walk, FAULT_ADDRESS_SIZE, DESCRIPTOR_LEVEL);
    walk->scratch[ARRAY] = array;
    walk->scratch[SOUGHT] = sizes & ((1u << PLAIN_SIZES) - 1);
    walk->scratch[PROBE] = 0;
    return ask_slots(walk);
}

static enum walk_status start(struct walk_state *walk, const struct translation_regime *regime, uint64_t va)
{
    walk_begin(walk, regime, va, DESCRIPTOR_LEVEL);
    if (va >> PLAIN_ADDRESS_BITS != 0)
        return walk_end_with_fault(walk, FAULT_TRANSLATION, DESCRIPTOR_LEVEL);
    walk->fetch[0] = regime->root + HASHED_ARRAY;
    walk->fetches = 1;
    walk->fetch_words = 2;
    return WALK_FETCH;
}

/* A page stands in one slot and pages do not overlap: at most one size is found. */
static enum walk_status resume_slots(struct walk_state *walk, const uint64_t *words)
{
    for (unsigned size = 0; size < PLAIN_SIZES; size++) {
        if (!sought(walk, size))
            continue;
        uint64_t tag = words[0], leaf = words[1];
        words += 2;
        if (tag == hashed_tag(walk->va, size))
            return plain_end(walk, leaf, plain_size_lg2(size), SLOT_LEVEL);
        if (tag == 0)
            walk->scratch[SOUGHT] &= ~(UINT64_C(1) << size);
    }
    walk->scratch[PROBE]++;
    return ask_slots(walk);
}

static enum walk_status resume(struct walk_state *walk, const uint64_t *words)
{
    return walk->level == DESCRIPTOR_LEVEL ? begin_probes(walk, words[0], words[1])
                                           : resume_slots(walk, words);
}

/* ---- the descriptor in a walk cache: it serves every address ---- */

static bool table(const struct walk_state *walk, struct walk_table *table)
{
    if (walk->level != SLOT_LEVEL || walk->scratch[PROBE] != 0)
        return false;
    *table = (struct walk_table){.pa = walk->scratch[ARRAY] & PLAIN_ADDRESS,
                                 .inherited = (walk->scratch[ARRAY] & HASHED_SLOTS_LG2_MASK) |
                                              walk->scratch[SOUGHT] << 8,
                                 .level = SLOT_LEVEL,
                                 .span_lg2 = PLAIN_ADDRESS_BITS};
    return true;
}

static enum walk_status enter(struct walk_state *walk, const struct translation_regime *regime, uint64_t va,
                              const struct walk_table *table)
{
    walk_begin(walk, regime, va, SLOT_LEVEL);
    return begin_probes(walk, table->pa | (table->inherited & HASHED_SLOTS_LG2_MASK), table->inherited >> 8);
}

const struct walk_format hashed_48 = {
    .struct_bytes = sizeof(struct walk_format),
    .name = "hashed-48",
    .summary = "hashed page table, open addressing, 48-bit addresses; walked by parallel probes of all sizes",
    .levels = 1 + HASHED_PROBES_MAX,
    .va_bits = PLAIN_ADDRESS_BITS,
    .va_form = VA_LOW,
    .page_lg2 = 12,
    .frame_sizes = PLAIN_SIZES,
    .frame_size_lg2 = {12, 21, 30},
    .start = start,
    .resume = resume,
    .rights = plain_rights,
    .table = table,
    .enter = enter,
};

static const struct format_row rows[] = {{&hashed_48, NULL}};
const struct format_family hashed_family = {rows, 1};
