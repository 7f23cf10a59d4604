/*
 * What an architecture model says of litmus tests: a `verdicts.csv` (RFC 4180) with at least the columns
 * test, family, verdict (Allowed, Forbidden) and variant; outcome, flags and note are taken if they are
 * there.
 */
#ifndef MMUSIM_SIM_LITMUS_VERDICTS_H
#define MMUSIM_SIM_LITMUS_VERDICTS_H

#include "pagetables/vectors/csv.h"

#ifdef __cplusplus
extern "C" {
#endif

enum litmus_verdict { LITMUS_UNKNOWN, LITMUS_ALLOWED, LITMUS_FORBIDDEN };

/* The rows; what is printed of a row points into them. */
struct litmus_verdicts {
    struct vectors_csv csv;
    int test, family, verdict, variant, outcome, flags, note; /* columns; -1: there is none */
};

/* A row that was looked for. Texts are "" where there is no such column. */
struct litmus_verdict_row {
    enum litmus_verdict verdict;
    const char *family, *outcome, *flags, *note;
};

/* False with a sentence. Refuses a second row of one test and variant, and another word than the two
 * verdicts. */
bool litmus_verdicts_read(struct litmus_verdicts *verdicts, const char *path,
                          struct vectors_failure *failure);
/* The same of a text that it takes over (as vectors_read_file gives it). */
bool litmus_verdicts_parse(struct litmus_verdicts *verdicts, const char *name, char *text, size_t bytes,
                           struct vectors_failure *failure);
void litmus_verdicts_release(struct litmus_verdicts *verdicts);

/*
 * The row of a test, without or with FEAT_ETS2: `variant` is herd's list of words with commas between, and
 * ETS2 one of them. False, and a row with LITMUS_UNKNOWN, if there is none.
 */
bool litmus_verdicts_find(const struct litmus_verdicts *verdicts, const char *test, bool ets2,
                          struct litmus_verdict_row *row);

#ifdef __cplusplus
}
#endif
#endif
