/*
 * interpret: the abstract map that a concrete page table stands for, by hardware's reading of memory.
 *
 * The table's enumerator proposes candidates from raw memory; the walk engine confirms each one or does not.
 * What it does not confirm (the entry faults, or translates to something else) is not a mapping, and is
 * reported.
 *
 * An entry that is not accessed yet is a mapping, and a run of contiguous entries is one, whatever the
 * machine makes of access flags and runs: interpret_regime.
 */
#ifndef MMUSIM_PAGETABLES_INTERPRET_H
#define MMUSIM_PAGETABLES_INTERPRET_H

#include "pagetables/pagetable.h"
#include "pagetables/walk.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * One walk without time: a leaf (`walk->leaf`) or a fault (`walk->fault`, `walk->fault_level`). A fetch where
 * there is no memory is FAULT_EXTERNAL_ABORT at the level of the fetch, and so is what an engine may not do:
 * a fetch of more words than walk.h allows, a walk of more steps than walk_format.levels says. Memory is not
 * changed: where hardware would update the entry of a table, the walk goes on as if it had.
 */
enum walk_status interpret_address(const struct translation_regime *regime,
                                   const struct memory_reader *memory, uint64_t va, struct walk_state *walk);

/* The regime that mappings are read under: as the one given, with access flags set by hardware and runs
 * reported as one leaf. */
struct translation_regime interpret_regime(const struct translation_regime *regime);

/* Who is told. Each function returns false to stop; NULL means that nobody asks. */
struct interpret_visitor {
    /* A mapping, in ascending order of address, with all that hardware makes of it. */
    bool (*mapping)(void *context, const struct mapping *mapping, const struct walk_leaf *leaf);
    /* A candidate that hardware reads differently at `walk->va`: see `status`, and the leaf or fault in
     * `walk`. */
    bool (*unconfirmed)(void *context, const struct mapping *candidate, enum walk_status status,
                        const struct walk_state *walk);
    void *context;
};

struct interpret_counts {
    uint64_t mappings;
    uint64_t unconfirmed;
};

/*
 * Interprets a table. The regime's root must be the table's. Returns what the enumerator returns; `*counts`
 * has what was visited until then.
 */
enum pagetable_result interpret(const struct pagetable_class *table, const void *state,
                                const struct translation_regime *regime, const struct memory_reader *memory,
                                const struct interpret_visitor *visitor, struct interpret_counts *counts);

#ifdef __cplusplus
}
#endif
#endif
