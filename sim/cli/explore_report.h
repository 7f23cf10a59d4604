/*
 * What `mmusim explore` tells of an exploration that has ended: figures, findings, and the shortest run to
 * the first of each kind as a story.
 */
#ifndef MMUSIM_SIM_CLI_EXPLORE_REPORT_H
#define MMUSIM_SIM_CLI_EXPLORE_REPORT_H

#include <stdio.h>

#include "sim/cli/explore_replay.h"
#include "sim/explore/story.h"
#include "sim/explore_script.h"

struct explore_report {
    const char *script;
    const struct exploration_config *config;
    struct exploration *exploration;
    const struct search *search;
    enum search_outcome outcome;
    const struct explore_script *described; /* what outcomes it names */
    bool trace;                             /* runs to allowed outcomes are told, too */
    const struct explore_replay *replay;    /* of the first finding; NULL: there is none */
    const char *output;                     /* where the replay was written to; NULL: nowhere */
};

/* The shortest run to the script's outcome n; NULL: it is not reached. */
const struct search_finding *explore_report_run_to(const struct search *search, unsigned n);
/* The first finding that breaks a rule, and no outcome; NULL: there is none. */
const struct search_finding *explore_report_broken(const struct search *search);
/* How many transitions break a rule, outcomes not counted. */
uint64_t explore_report_violations(const struct search *search);
bool explore_report_reaches_forbidden(const struct explore_report *report);

/* For people. Errors of `out` stay in it. False: there was no memory. */
bool explore_report_print(const struct explore_report *report, FILE *out);
/* One JSON object. */
bool explore_report_print_json(const struct explore_report *report, FILE *out);

/* "3 violations of stale_entry, the first: SENTENCE", for messages. */
void explore_report_first(const struct explore_report *report, char *text, size_t text_bytes);

#endif
