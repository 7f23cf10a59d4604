/*
 * What the conformance kit found, for people and as JSON.
 */
#ifndef MMUSIM_SIM_CLI_CONFORM_REPORT_H
#define MMUSIM_SIM_CLI_CONFORM_REPORT_H

#include <limits.h>
#include <stdio.h>

#include "pagetables/conform/conform.h"

/* A report of one format, with the scripts that were written for it. */
struct conform_told {
    const struct conform_options *options;
    const struct conform_report *report;
    char script[CONFORM_PROPERTIES][PATH_MAX]; /* empty: none was written */
};

/* A line a property, and below it what is wrong. With `brief` a single line, if nothing is. */
void conform_report_print(const struct conform_told *told, bool brief, FILE *out);
/* One JSON object. */
void conform_report_print_json(const struct conform_told *told, FILE *out);

#endif
