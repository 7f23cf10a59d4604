#include "sim/explore/memo.h"

#include <assert.h>

#include "sim/explore/hash.h"

#define SLOTS_FIRST_LG2 6u

/* A slot of zeros is free: no value has all bits set. */
struct slot {
    uint64_t key;
    uint64_t inverted; /* ~value */
};

struct memo {
    struct slot *slots;
    size_t mask;
    unsigned home_shift; /* 64 - log2 of the slots */
    size_t count;
    size_t count_enough; /* then the slots are made more */
    struct memory_budget *budget;
};

static bool set_slots(struct memo *memo, unsigned lg2)
{
    size_t slots = (size_t)1 << lg2;
    memo->slots = memory_take(memo->budget, slots * sizeof *memo->slots);
    memo->mask = slots - 1;
    memo->home_shift = 64 - lg2;
    memo->count_enough = slots / 4 * 3;
    return memo->slots != NULL;
}

static void give_slots(struct memo *memo)
{
    memory_give(memo->budget, memo->slots, (memo->mask + 1) * sizeof *memo->slots);
}

struct memo *memo_create(struct memory_budget *budget)
{
    struct memo *memo = memory_take(budget, sizeof *memo);
    if (!memo)
        return NULL;
    memo->budget = budget;
    if (set_slots(memo, SLOTS_FIRST_LG2))
        return memo;
    memory_give(budget, memo, sizeof *memo);
    return NULL;
}

void memo_destroy(struct memo *memo)
{
    if (!memo)
        return;
    give_slots(memo);
    memory_give(memo->budget, memo, sizeof *memo);
}

size_t memo_count(const struct memo *memo)
{
    return memo->count;
}

/* Where the key is, or would be. */
static struct slot *look(const struct memo *memo, uint64_t key)
{
    size_t at = (size_t)(hash_mix(key ^ HASH_KEY_B, HASH_KEY_A) * HASH_KEY_C >> memo->home_shift);
    while (memo->slots[at].inverted && memo->slots[at].key != key)
        at = (at + 1) & memo->mask;
    return &memo->slots[at];
}

uint64_t memo_get(const struct memo *memo, uint64_t key)
{
    return ~look(memo, key)->inverted;
}

static bool grow(struct memo *memo)
{
    struct memo small = *memo;
    if (!set_slots(memo, 64 - memo->home_shift + 1)) {
        *memo = small;
        return false;
    }
    for (size_t i = 0; i <= small.mask; i++)
        if (small.slots[i].inverted)
            *look(memo, small.slots[i].key) = small.slots[i];
    give_slots(&small);
    return true;
}

bool memo_put(struct memo *memo, uint64_t key, uint64_t value)
{
    assert(value != MEMO_NONE);
    struct slot *slot = look(memo, key);
    if (!slot->inverted) {
        if (memo->count >= memo->count_enough) {
            if (!grow(memo))
                return false;
            slot = look(memo, key);
        }
        memo->count++;
    }
    *slot = (struct slot){key, ~value};
    return true;
}
