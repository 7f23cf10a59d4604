/* A walk through one word a level, without memory: tests of single rules say what stands at each level. */
#ifndef MMUSIM_PAGETABLES_TEST_CHAIN_H
#define MMUSIM_PAGETABLES_TEST_CHAIN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pagetables/walk.h"

#define CHAIN_LEVELS 6

struct chain {
    uint64_t word[CHAIN_LEVELS];  /* by the manual's level number; updates on the way change it */
    uint64_t fetch[CHAIN_LEVELS]; /* by level: where it was read */
    unsigned fetches;
    unsigned updates; /* on the way */
    struct walk_state walk;
};

/* To the end of the walk. Each entry is read once, and changed only as it was read. */
static inline enum walk_status chain_walk(struct chain *chain, const struct translation_regime *regime,
                                          uint64_t va)
{
    struct walk_state *walk = &chain->walk;
    enum walk_status status = regime->format->start(walk, regime, va);
    chain->fetches = chain->updates = 0;
    while (status == WALK_FETCH || status == WALK_UPDATE) {
        assert_in_range(walk->level, 1, CHAIN_LEVELS - 1);
        if (status == WALK_UPDATE) {
            assert_int_equal(walk->table_update.pa, chain->fetch[walk->level]);
            assert_int_equal(walk->table_update.expected, chain->word[walk->level]);
            chain->word[walk->level] = walk->table_update.desired;
            chain->updates++;
            status = regime->format->updated(walk);
        } else {
            assert_int_equal(walk->fetches, 1);
            assert_int_equal(walk->fetch_words, 1);
            chain->fetch[walk->level] = walk->fetch[0];
            chain->fetches++;
            status = regime->format->resume(walk, &chain->word[walk->level]);
        }
    }
    return status;
}

static inline void chain_assert_fault(struct chain *chain, const struct translation_regime *regime,
                                      uint64_t va, enum fault_kind kind, unsigned level)
{
    assert_int_equal(chain_walk(chain, regime, va), WALK_FAULT);
    assert_int_equal(chain->walk.fault, kind);
    assert_int_equal(chain->walk.fault_level, level);
}

static inline void chain_assert_leaf(struct chain *chain, const struct translation_regime *regime,
                                     uint64_t va, uint64_t base, unsigned size_lg2)
{
    assert_int_equal(chain_walk(chain, regime, va), WALK_LEAF);
    assert_int_equal(chain->walk.leaf.frame.base, base);
    assert_int_equal(chain->walk.leaf.frame.size_lg2, size_lg2);
    assert_int_equal(chain->walk.leaf.va, va & ~((UINT64_C(1) << size_lg2) - 1));
}

#endif
