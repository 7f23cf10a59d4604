/*
 * What the runner fills and the kinds use through vectors.h. Internal to pagetables/vectors/.
 */
#ifndef MMUSIM_PAGETABLES_VECTORS_ROW_H
#define MMUSIM_PAGETABLES_VECTORS_ROW_H

#include "pagetables/vectors/csv.h"

#define VECTORS_ANSWER_BYTES 2048

struct vectors_row {
    const struct vectors_csv *csv;
    const char *path; /* for sentences */
    size_t row;
    struct vectors_failure *failure;
    bool *failed; /* the row cannot be read: `failure` says why */
};

struct vectors_answer {
    const struct vectors_kind *kind;
    struct {
        char said[VECTORS_ANSWER_BYTES];
        const char *why_open; /* NULL: it is compared */
    } column[VECTORS_ANSWERS_MAX];
    bool cut; /* what was said did not fit */
};

void vectors_answer_clear(struct vectors_answer *answer, const struct vectors_kind *kind);

#endif
