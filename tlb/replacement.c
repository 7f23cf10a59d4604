#include "tlb/replacement.h"

#include <stddef.h>

#include "tlb/tlb.h"

static uint32_t word_a_way(uint32_t ways)
{
    return ways;
}

static uint32_t no_words(uint32_t ways)
{
    (void)ways;
    return 0;
}

/* ---- least recently used, and first in first out: a stamp for each slot -------------------------- */

static void stamp(struct tlb *tlb, uint32_t slot)
{
    tlb->state[slot] = ++tlb->clock;
}

/* The slot with the smallest stamp. Written with selections, for the compiler to turn into conditional
 * moves: nobody can predict which slot is the oldest, and as a branch this comparison was a quarter of the
 * time of a stream of misses. */
static uint32_t oldest(struct tlb *tlb, uint32_t set)
{
    const uint64_t *stamps = tlb->state;
    uint32_t first = set * tlb->geometry.ways;
    uint32_t choice = first;
    uint64_t least = stamps[first];
    for (uint32_t slot = first + 1; slot < first + tlb->geometry.ways; slot++) {
        choice = stamps[slot] < least ? slot : choice;
        least = stamps[slot] < least ? stamps[slot] : least;
    }
    return choice;
}

/* ---- tree pseudo-LRU ---------------------------------------------------------------------------- */

/*
 * A binary tree over the ways, rounded up to a power of two: node 1 is the root, the children of node n are
 * 2n and 2n + 1, and the leaves follow the inner nodes. A node's bit names the half that was not used last
 * (0 the lower ways, which is also where a new tree points), and a use turns the bits on its path away from
 * itself. The victim is where the bits lead; where the upper half of a node has no way at all they are not
 * asked, so that a missing leaf is never chosen.
 */
static uint32_t leaves_of(uint32_t ways)
{
    uint32_t leaves = 1;
    while (leaves < ways)
        leaves *= 2;
    return leaves;
}

static uint32_t tree_words(uint32_t ways)
{
    return (leaves_of(ways) + 63) / 64;
}

static void turn_away(struct tlb *tlb, uint32_t slot)
{
    uint32_t ways = tlb->geometry.ways;
    uint64_t *bits = tlb->state + (size_t)(slot / ways) * tlb->state_words;
    for (uint32_t node = leaves_of(ways) + slot % ways; node > 1; node /= 2) {
        uint32_t parent = node / 2;
        uint64_t bit = UINT64_C(1) << parent % 64;
        if (node % 2)
            bits[parent / 64] &= ~bit;
        else
            bits[parent / 64] |= bit;
    }
}

static uint32_t where_bits_lead(struct tlb *tlb, uint32_t set)
{
    uint32_t ways = tlb->geometry.ways;
    const uint64_t *bits = tlb->state + (size_t)set * tlb->state_words;
    uint32_t way = 0; /* the lowest one below the node */
    uint32_t node = 1;
    for (uint32_t half = leaves_of(ways) / 2; half > 0; half /= 2) {
        bool upper = way + half < ways && bits[node / 64] >> node % 64 & 1;
        way += upper ? half : 0;
        node = 2 * node + upper;
    }
    return set * ways + way;
}

/* ---- random ------------------------------------------------------------------------------------- */

/* SplitMix64: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014. Its upper
 * half, as a fraction of the ways: a way's probability is off by less than 2^-32. */
static uint32_t any_way(struct tlb *tlb, uint32_t set)
{
    uint64_t mixed = (tlb->random += UINT64_C(0x9e3779b97f4a7c15));
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    mixed ^= mixed >> 31;
    uint32_t way = (uint32_t)((mixed >> 32) * tlb->geometry.ways >> 32);
    return set * tlb->geometry.ways + way;
}

/* ---- static re-reference interval prediction ---------------------------------------------------- */

/*
 * Jaleel, Theobald, Steely, Emer, "High Performance Cache Replacement Using Re-Reference Interval Prediction
 * (RRIP)", ISCA 2010: static RRIP with hit priority and 2 bits. The state of a slot is its predicted
 * interval, 0 (near) to 3 (distant).
 */
enum { INTERVAL_NEAR = 0, INTERVAL_LONG = 2, INTERVAL_DISTANT = 3 };

static void predict_near(struct tlb *tlb, uint32_t slot)
{
    tlb->state[slot] = INTERVAL_NEAR;
}

static void predict_long(struct tlb *tlb, uint32_t slot)
{
    tlb->state[slot] = INTERVAL_LONG;
}

/* The paper looks for a distant one from way 0 on, and if there is none adds one to all and looks again.
 * The first of the greatest is where that ends, once all have what it lacks. */
static uint32_t first_distant(struct tlb *tlb, uint32_t set)
{
    uint32_t first = set * tlb->geometry.ways;
    uint32_t choice = first;
    for (uint32_t slot = first + 1; slot < first + tlb->geometry.ways; slot++)
        choice = tlb->state[slot] > tlb->state[choice] ? slot : choice;
    uint64_t lacking = INTERVAL_DISTANT - tlb->state[choice];
    for (uint32_t slot = first; lacking > 0 && slot < first + tlb->geometry.ways; slot++)
        tlb->state[slot] += lacking;
    return choice;
}

/* ---- the list ----------------------------------------------------------------------------------- */

#define LRU       "lru"
#define TREE_PLRU "tree-plru"
#define FIFO      "fifo"
#define RANDOM    "random"
#define SRRIP     "srrip"

static const struct tlb_policy policies[TLB_REPLACEMENTS] = {
    [TLB_LRU] = {LRU, "the least recently used entry goes", true, word_a_way, stamp, stamp, oldest},
    [TLB_TREE_PLRU] = {TREE_PLRU, "a tree of bits, each away from the half used last, leads to the victim",
                       false, tree_words, turn_away, turn_away, where_bits_lead},
    [TLB_FIFO] = {FIFO, "the entry filled the longest ago goes", false, word_a_way, NULL, stamp, oldest},
    [TLB_RANDOM] = {RANDOM, "any entry of the set goes, all equally likely", false, no_words, NULL, NULL,
                    any_way},
    [TLB_SRRIP] = {SRRIP,
                   "an entry not hit since its fill goes before those that were (2 bits, hit priority)",
                   false, word_a_way, predict_near, predict_long, first_distant},
};

const char *const tlb_replacement_names[TLB_REPLACEMENTS + 1] = {
    [TLB_LRU] = LRU,       [TLB_TREE_PLRU] = TREE_PLRU, [TLB_FIFO] = FIFO,
    [TLB_RANDOM] = RANDOM, [TLB_SRRIP] = SRRIP,
};

const struct tlb_policy *tlb_replacement_at(unsigned index)
{
    return index < TLB_REPLACEMENTS ? &policies[index] : NULL;
}
