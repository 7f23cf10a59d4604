/* Elastic cuckoo page tables: the walk engine. */
#include <stddef.h>

#include "pagetables/cuckoo.h"
#include "pagetables/formats.h"

#define DESCRIPTOR_LEVEL 1u
#define SLOT_LEVEL       0u

_Static_assert(PLAIN_SIZES *CUCKOO_LINE_WORDS <= WALK_WORDS_MAX, "the descriptor is read at once");
_Static_assert(PLAIN_SIZES *CUCKOO_WAYS <= WALK_FETCHES_MAX, "all slots are read at once");

/* What the engine keeps in walk_state.scratch: the sizes that are probed. */
enum { SIZES };

static enum walk_status start(struct walk_state *walk, const struct translation_regime *regime, uint64_t va)
{
    walk_begin(walk, regime, va, DESCRIPTOR_LEVEL);
    if (va >> PLAIN_ADDRESS_BITS != 0)
        return walk_end_with_fault(walk, FAULT_TRANSLATION, DESCRIPTOR_LEVEL);
    for (unsigned size = 0; size < PLAIN_SIZES; size++)
        walk->fetch[size] = regime->root + (uint64_t)size * CUCKOO_LINE_BYTES;
    walk->fetches = PLAIN_SIZES;
    walk->fetch_words = CUCKOO_LINE_WORDS;
    return WALK_FETCH;
}

static enum fault_kind fault_of_way(const struct walk_state *walk, uint64_t way)
{
    if (!cuckoo_way_is_valid(way))
        return FAULT_RESERVED;
    return walk_is_beyond(walk->regime, way & PLAIN_ADDRESS) ? FAULT_ADDRESS_SIZE : FAULT_NONE;
}

static enum fault_kind fault_of_line(const struct walk_state *walk, const struct cuckoo_line *line)
{
    enum fault_kind fault = FAULT_NONE;
    for (unsigned way = 0; way < CUCKOO_WAYS && fault == FAULT_NONE; way++) {
        fault = fault_of_way(walk, line->way[way]);
        if (fault == FAULT_NONE && cuckoo_mark(line, way) > 0)
            fault = fault_of_way(walk, line->next[way]);
    }
    return fault;
}

static enum walk_status probe(struct walk_state *walk, const uint64_t *words)
{
    walk->scratch[SIZES] = 0;
    walk->fetches = 0;
    for (unsigned size = 0; size < PLAIN_SIZES; size++) {
        struct cuckoo_line line = cuckoo_line_of(words + (size_t)size * CUCKOO_LINE_WORDS);
        if (line.way[0] == 0)
            continue;
        enum fault_kind fault = fault_of_line(walk, &line);
        if (fault != FAULT_NONE)
            return walk_end_with_fault(walk, fault, DESCRIPTOR_LEVEL);
        walk->scratch[SIZES] |= UINT64_C(1) << size;
        for (unsigned way = 0; way < CUCKOO_WAYS; way++)
            walk->fetch[walk->fetches++] = cuckoo_slot(&line, walk->va, size, way);
    }
    if (walk->fetches == 0)
        return walk_end_with_fault(walk, FAULT_TRANSLATION, DESCRIPTOR_LEVEL);
    walk->fetch_words = CUCKOO_SLOT_BYTES / 8;
    walk->level = SLOT_LEVEL;
    return WALK_FETCH;
}

/* While a page is being moved it stands in two slots, with the same leaf. */
static enum walk_status compare(struct walk_state *walk, const uint64_t *words)
{
    for (unsigned size = 0; size < PLAIN_SIZES; size++) {
        if (!(walk->scratch[SIZES] >> size & 1))
            continue;
        for (unsigned way = 0; way < CUCKOO_WAYS; way++, words += 2)
            if (words[0] == cuckoo_tag(walk->va, size))
                return plain_end(walk, words[1], plain_size_lg2(size), SLOT_LEVEL);
    }
    return walk_end_with_fault(walk, FAULT_TRANSLATION, SLOT_LEVEL);
}

static enum walk_status resume(struct walk_state *walk, const uint64_t *words)
{
    return walk->level == DESCRIPTOR_LEVEL ? probe(walk, words) : compare(walk, words);
}

const struct walk_format cuckoo_48 = {
    .struct_bytes = sizeof(struct walk_format),
    .name = "cuckoo-48",
    .summary = "elastic cuckoo page tables, 48-bit addresses; all ways and sizes are probed in one step",
    .levels = 2,
    .va_bits = PLAIN_ADDRESS_BITS,
    .va_form = VA_LOW,
    .page_lg2 = 12,
    .frame_sizes = PLAIN_SIZES,
    .frame_size_lg2 = {12, 21, 30},
    .start = start,
    .resume = resume,
    .rights = plain_rights,
};

static const struct format_row rows[] = {{&cuckoo_48, NULL}};
const struct format_family cuckoo_family = {rows, 1};
