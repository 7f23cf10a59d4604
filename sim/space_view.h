/*
 * Views: what a table is seen to stand for, told to the judges and the record (EVENT_VIEW, mmu/event.h).
 *
 * A view of every operation has the mapping at its address. The whole table - how many mappings and which,
 * its own check of its shape, its memory - is looked at as often as that costs, on average, no more than so
 * many words of page tables an operation, and once more when the run has ended.
 */
#ifndef MMUSIM_SIM_SPACE_VIEW_H
#define MMUSIM_SIM_SPACE_VIEW_H

#include "sim/space.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Right after an operation on this core. Nothing if nobody listens. */
void space_view(struct address_space *space, unsigned core, const struct event_operation *operation);
/* When every program has ended and the machine has stopped. */
void space_view_at_end(struct address_space *space);
/* After that: the table is destroyed, and the memory that it held and did not release is told. Nothing if
 * nobody listens: then nothing is destroyed. */
void space_view_without_table(struct address_space *space);

#ifdef __cplusplus
}
#endif
#endif
