/*
 * What came out of a run, for people (in the manner of `perf stat`) and for programs.
 *
 * Counts have the names that they have in the record (`mmusim list counters`). What did not happen at all
 * is left out of the text; the JSON object has everything. The text numbers cores from 1, as scripts do, the
 * object from 0, as the record does.
 */
#ifndef MMUSIM_SIM_CLI_SUMMARY_H
#define MMUSIM_SIM_CLI_SUMMARY_H

#include <stdio.h>

#include "sim/run.h"

/* Of an outcome without an error. Whether the text could be written is the stream's to say (ferror). */
void summary_print(const struct run_outcome *outcome, FILE *out);
/* Its part about the machine. */
void summary_print_machine(const struct mmu_config *config, FILE *out);
/* One object and a newline. Quantities are integers in the units that their names say. */
void summary_print_json(const struct run_outcome *outcome, FILE *out);

#endif
