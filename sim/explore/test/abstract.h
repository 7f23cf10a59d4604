/* States of an exploration as states of the extended machine (sim/specification/extended.h), for tests. */
#ifndef MMUSIM_SIM_EXPLORE_TEST_ABSTRACT_H
#define MMUSIM_SIM_EXPLORE_TEST_ABSTRACT_H

#include "sim/explore/exploration_internal.h"
#include "sim/specification/extended.h"

#define ABSTRACT_PAGES 4u

struct abstraction {
    struct exploration *exploration;
    uint64_t pages[ABSTRACT_PAGES]; /* for which tables may be cached */
};

/* The table is at rest. `abstract` is {0} before, and the caller's to destroy. */
void abstract_state(const struct abstraction *abstraction, const struct small_state *state,
                    const struct explored *explored, struct extended_state *abstract);

#endif
