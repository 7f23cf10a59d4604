#include "mmu/test/eager_format.h"

#define LINE_WORDS 8u

struct walk_format eager_format, eager_ranges_format;

static const struct walk_format *beneath;

/* Three pages or four around a small one, whatever the table says of the others. */
static void tell_range(struct walk_state *walk)
{
    const struct walk_leaf *leaf = &walk->leaf;
    uint64_t first = leaf->va & ~UINT64_C(0x3fff);
    bool last = leaf->va - first == 0x3000;
    walk->range = (struct walk_range){first, last ? 0x4000 : 0x3000, leaf->frame.base - (leaf->va - first)};
    if (leaf->frame.size_lg2 != 12 || leaf->frame.base < 0x4000)
        walk->range.bytes = 0;
}

/* The format beneath leaves two words of scratch alone: where in the line its word is, and the entry that is
 * being marked. What the caller is to read; the format beneath finds its own wish again by `restore`. */
static enum walk_status widen(struct walk_state *walk, enum walk_status status)
{
    walk->scratch[3] = 0;
    if (status == WALK_LEAF)
        tell_range(walk);
    if (status == WALK_FETCH && walk->regime->features & EAGER_LINES) {
        walk->scratch[2] = walk->fetch[0] / 8 % LINE_WORDS;
        walk->fetch[0] &= ~UINT64_C(63);
        walk->fetch_words = LINE_WORDS;
    }
    return status;
}

static void restore(struct walk_state *walk)
{
    if (walk->fetch_words == 1)
        return;
    walk->fetch[0] += 8 * walk->scratch[2];
    walk->fetch_words = 1;
}

static enum walk_status start(struct walk_state *walk, const struct translation_regime *regime, uint64_t va)
{
    return widen(walk, beneath->start(walk, regime, va));
}

static enum walk_status enter(struct walk_state *walk, const struct translation_regime *regime, uint64_t va,
                              const struct walk_table *table)
{
    return widen(walk, beneath->enter(walk, regime, va, table));
}

static enum walk_status resume(struct walk_state *walk, const uint64_t *words)
{
    uint64_t word = words[walk->fetch_words == 1 ? 0 : walk->scratch[2]];
    restore(walk);
    if (walk->level < 3 && (word & 3) == 3 && !(word & EAGER_MARK) && walk->regime->features & EAGER_MARKS) {
        walk->scratch[3] = word | EAGER_MARK;
        walk->table_update = (struct walk_update){walk->fetch[0], word, word | EAGER_MARK};
        return WALK_UPDATE;
    }
    return widen(walk, beneath->resume(walk, &word));
}

static enum walk_status updated(struct walk_state *walk)
{
    uint64_t word = walk->scratch[3];
    return word ? widen(walk, beneath->resume(walk, &word)) : beneath->updated(walk);
}

void eager_format_init(void)
{
    beneath = walk_format_find("vmsa-4k-48");
    eager_format = *beneath;
    eager_format.name = "eager";
    eager_format.start = start;
    eager_format.enter = enter;
    eager_format.resume = resume;
    eager_format.updated = updated;
    eager_ranges_format = eager_format;
    eager_ranges_format.name = "eager-ranges";
    eager_ranges_format.ranges = true;
}
