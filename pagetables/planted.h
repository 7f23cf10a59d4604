/*
 * Planted bugs: page tables that are wrong on purpose, so that everybody can see the judges catch them.
 *
 * Each is the radix table, run in an environment that leaves one thing out. Nothing of their code differs
 * from the correct table, which makes them the mistake that is hardest to see in review.
 */
#ifndef MMUSIM_PAGETABLES_PLANTED_H
#define MMUSIM_PAGETABLES_PLANTED_H

#include "pagetables/pagetable.h"

#ifdef __cplusplus
extern "C" {
#endif

/* No invalidation is ever issued: after unmap and protect, cached entries stay in use. */
extern const struct pagetable_class pagetable_radix_forgets_invalidation;

/* No DSB ISHST is executed: an invalidation may overtake the store that it belongs to, and a walk that comes
 * between brings the old entry back. */
extern const struct pagetable_class pagetable_radix_forgets_barrier;

/* Every invalidation asks for the last level only, though tables that became empty are released: walk caches
 * go on to lead to them, whatever they have become. */
extern const struct pagetable_class pagetable_radix_forgets_tables;

/* Where protect changes what may only change through an invalid entry (break-before-make), the invalid one is
 * left out: the old entry is live until the new one stands over it. */
extern const struct pagetable_class pagetable_radix_forgets_break;

#ifdef __cplusplus
}
#endif
#endif
