/* The machine's arrays of translations, as the record and the judges want to know them. */
#ifndef MMUSIM_SIM_ARRAY_LIST_H
#define MMUSIM_SIM_ARRAY_LIST_H

#include "mmu/config.h"
#include "mmu/counters.h"
#include "sim/judge/judge.h"
#include "sim/record/recorder.h"

/* By number: TLBs in the order of the description, then walk caches, then the range TLB. Points into itself.
 */
struct array_list {
    struct record_array record[COUNTER_ARRAYS];
    struct judge_array judge[COUNTER_ARRAYS];
    char names[COUNTER_ARRAYS][MMU_NAME_BYTES];
    char titles[COUNTER_ARRAYS][MMU_NAME_BYTES]; /* "L1D" */
    size_t count;
};

void array_list_init(struct array_list *list, const struct mmu_config *config);

#endif
