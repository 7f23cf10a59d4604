/*
 * CSV as RFC 4180 has it: fields separated by commas, a field that holds commas or quotes in double quotes,
 * a quote inside it doubled. The first line names the columns. Lines end with LF or CRLF, empty lines are
 * skipped, no field goes over a line's end, and every line has as many fields as the first.
 */
#ifndef MMUSIM_PAGETABLES_VECTORS_CSV_H
#define MMUSIM_PAGETABLES_VECTORS_CSV_H

#include "pagetables/vectors/failure.h"
#include "pagetables/vectors/vectors.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vectors_csv {
    char *text; /* what all fields point into */
    unsigned columns;
    const char *column[VECTORS_COLUMNS_MAX];
    size_t rows;
    const char **fields; /* of all rows, `columns` each */
    unsigned *lines;     /* of each row, from 1 */
};

/* Splits a text (as vectors_read_file gives it), which it takes over in every case. On failure nothing is
 * left to release. */
bool vectors_csv_parse(struct vectors_csv *csv, const char *name, char *text, size_t bytes,
                       struct vectors_failure *failure);
void vectors_csv_release(struct vectors_csv *csv);

/* The index of a column, or -1. */
int vectors_csv_column(const struct vectors_csv *csv, const char *column);
static inline const char *vectors_csv_field(const struct vectors_csv *csv, size_t row, unsigned column)
{
    return csv->fields[row * csv->columns + column];
}

/* Refuses a second row with the same text in the column, or one without text: ids are names of rows. */
bool vectors_csv_check_ids(const struct vectors_csv *csv, const char *name, unsigned column,
                           struct vectors_failure *failure);

#ifdef __cplusplus
}
#endif
#endif
