/*
 * The instructions that replayed traces executed, counted by pc and decoded at the end of a run.
 */
#ifndef MMUSIM_SIM_INSTRUCTIONS_H
#define MMUSIM_SIM_INSTRUCTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/record/recorder.h"
#include "traces/trace.h"

#ifdef __cplusplus
extern "C" {
#endif

struct instruction_table;

struct instruction_table *instruction_table_create(void); /* NULL: no memory */
void instruction_table_destroy(struct instruction_table *table);

/* One execution; records without instruction bytes are passed over. False: no memory. */
bool instruction_table_add(struct instruction_table *table, const struct trace_record *record);

/* Decodes and records every instruction, by ascending pc. 0, or the recorder's error, or RECORD_NO_MEMORY. */
int instruction_table_write(struct instruction_table *table, struct recorder *recorder);

#ifdef __cplusplus
}
#endif
#endif
