/*
 * What a trace contains, for people and for programs.
 */
#ifndef MMUSIM_SIM_CLI_TRACE_INFO_H
#define MMUSIM_SIM_CLI_TRACE_INFO_H

#include <stdio.h>

#include "traces/decode.h"
#include "traces/info.h"

#define TRACE_FIRST_INSTRUCTIONS 4

struct trace_facts {
    const char *path;
    struct trace_info info;
    struct instruction first[TRACE_FIRST_INSTRUCTIONS]; /* decoded; fewer if the trace has no bytes */
    unsigned first_count;
};

void trace_facts_print(const struct trace_facts *facts, FILE *out);
void trace_facts_print_json(const struct trace_facts *facts, FILE *out);

#endif
