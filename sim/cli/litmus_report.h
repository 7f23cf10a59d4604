/*
 * What came of litmus tests, for people and for programs.
 */
#ifndef MMUSIM_SIM_CLI_LITMUS_REPORT_H
#define MMUSIM_SIM_CLI_LITMUS_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "sim/cli/verb.h"
#include "sim/litmus/suite.h"

#define LITMUS_FAMILIES 256

/* Tests of one family, by verdict. */
struct litmus_family {
    char name[LITMUS_NAME_BYTES];
    unsigned tests;
    unsigned allowed, allowed_reached;
    unsigned forbidden, forbidden_reached;
    unsigned unknown_reached; /* reached, without a verdict */
};

struct litmus_report {
    FILE *out;
    enum cli_format format;
    bool ets2;
    bool full;       /* there were more families than LITMUS_FAMILIES */
    unsigned told;   /* rows */
    unsigned failed; /* tests that could not be explored */
    unsigned families;
    struct litmus_family family[LITMUS_FAMILIES]; /* in the order in which they came up */
    struct litmus_family all;
};

void litmus_report_begin(const struct litmus_report *report);
/* A test that was explored; `story` is NULL or its lines, each with its newline. */
void litmus_report_case(struct litmus_report *report, const struct litmus_case *one, const char *story);
/* Shares by family, and the counts in the last line. */
void litmus_report_end(const struct litmus_report *report);

#endif
