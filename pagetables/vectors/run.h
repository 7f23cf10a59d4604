/*
 * Replays folders of vectors (vectors.h) and tells of each row what came of it.
 *
 * A CSV file is replayed if its columns are those of a kind. One that has columns `id` and `image` and is of
 * no kind is an error, since it was meant as vectors; other CSV files are told of and left alone. Folders
 * inside the folder are not looked into.
 */
#ifndef MMUSIM_PAGETABLES_VECTORS_RUN_H
#define MMUSIM_PAGETABLES_VECTORS_RUN_H

#include "pagetables/vectors/failure.h"
#include "pagetables/vectors/image.h"
#include "pagetables/vectors/vectors.h"

#ifdef __cplusplus
extern "C" {
#endif

enum vectors_verdict {
    VECTORS_AGREES,      /* every column that is compared, and there is one */
    VECTORS_DIFFERS,     /* a column does */
    VECTORS_EXCLUDED,    /* suspect_ids.csv names the row */
    VECTORS_UNSUPPORTED, /* the kind cannot answer it, or leaves every column open */
    VECTORS_VERDICTS
};

struct vectors_compared {
    const char *column;
    const char *expected;
    const char *ours;
    const char *why_open; /* it was not compared; else NULL */
    bool differs;
};

/* One row. Everything it points to lives until the visitor returns. */
struct vectors_outcome {
    const char *path; /* of the CSV file */
    unsigned line;
    const char *id;
    const struct vectors_kind *kind;
    const char *image;
    enum vectors_verdict verdict;
    const char *why;          /* EXCLUDED, UNSUPPORTED */
    bool agrees_nevertheless; /* EXCLUDED: with the answer that is not to be believed */
    unsigned columns;         /* that the kind answers; 0 if it did not */
    struct vectors_compared compared[VECTORS_ANSWERS_MAX];
    unsigned steps;
    const struct vectors_step *step; /* what the walk read and wrote */
    const struct vectors_row *row;   /* for vectors_text */
};

/* A CSV file. */
struct vectors_file {
    const char *path;
    const struct vectors_kind *kind; /* NULL: none, the file is left alone */
    size_t rows;
    unsigned ignored; /* columns that the kind neither asks for nor answers, but id and image */
    const char *ignored_column[VECTORS_COLUMNS_MAX];
};

struct vectors_visitor {
    void *context;
    void (*file)(void *context, const struct vectors_file *file);      /* before its rows; may be NULL */
    bool (*row)(void *context, const struct vectors_outcome *outcome); /* false: stop */
    const struct vectors_kind *const *kinds; /* to try, ends with NULL; NULL: those of vectors_kind_at */
};

/* Files in order of their names. True when everything was replayed or the visitor stopped; false with a
 * sentence when something cannot be read. */
bool vectors_run(const char *directory, const struct vectors_visitor *visitor,
                 struct vectors_failure *failure);

/* ---- counts ---- */

/* Rows that have something in common: excluded or unsupported for a reason, or with a column left open for
 * one. */
struct vectors_reason {
    enum vectors_verdict verdict; /* of the rows; EXCLUDED, UNSUPPORTED; AGREES: a column is open */
    const struct vectors_kind *kind;
    const char *column; /* that is left open; else NULL */
    char *why;
    unsigned long rows;
    unsigned long agree_nevertheless;
};

struct vectors_summary {
    unsigned long rows[VECTORS_VERDICTS];
    unsigned long open_rows; /* that agree or differ with a column left open */
    size_t reasons;
    struct vectors_reason *reason; /* in the order in which they came up */
};

/* Begins with a summary of zeros. False when memory is short. */
bool vectors_summary_add(struct vectors_summary *summary, const struct vectors_outcome *outcome);
void vectors_summary_release(struct vectors_summary *summary);

#ifdef __cplusplus
}
#endif
#endif
