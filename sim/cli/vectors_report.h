/*
 * What came of replayed vectors, for people and for programs.
 */
#ifndef MMUSIM_SIM_CLI_VECTORS_REPORT_H
#define MMUSIM_SIM_CLI_VECTORS_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "pagetables/vectors/run.h"

struct vectors_report {
    FILE *rows;  /* rows, as they come */
    FILE *files; /* notes about files, as they come */
    bool json;
    const char *id;      /* the one row to be told in full; NULL: those that differ */
    unsigned long limit; /* of the rows that differ */
    struct vectors_summary summary;
    unsigned long rows_told;
    unsigned long files_told;
    bool out_of_memory;
};

/* Members of a vectors_visitor whose context is the report. */
void vectors_report_file(void *context, const struct vectors_file *file);
bool vectors_report_row(void *context, const struct vectors_outcome *outcome);

/* Reasons, and the counts in the last line. */
void vectors_report_end(const struct vectors_report *report, FILE *out);
/* The same as the rest of a JSON object, after what rows and files have received. */
void vectors_report_end_json(const struct vectors_report *report, const char *files, const char *rows,
                             FILE *out);

/* "excluded" */
const char *vectors_verdict_name(enum vectors_verdict verdict);

/* vectors_report_json.c */
void vectors_report_file_json(struct vectors_report *report, const struct vectors_file *file);
void vectors_report_row_json(struct vectors_report *report, const struct vectors_outcome *outcome);

#endif
