/* Rows: each event as a row of its table. Knows statements and columns, nothing of files. */
#ifndef MMUSIM_SIM_RECORD_ROWS_H
#define MMUSIM_SIM_RECORD_ROWS_H

#include <sqlite3.h>
#include <stdint.h>

#include "mmu/event.h"
#include "sim/record/recorder.h"

/* One prepared statement each. */
enum row_statement {
    ROW_TRANSLATION,
    ROW_WALK,
    ROW_WALK_STEP,
    ROW_TLB_ENTRY,
    ROW_WALK_CACHE_ENTRY,
    ROW_RANGE_ENTRY,
    ROW_CONFLICT,
    ROW_ENTRY_WRITE,
    ROW_INVALIDATION,
    ROW_COMPLETION,
    ROW_ACKNOWLEDGEMENT,
    ROW_BARRIER,
    ROW_CONTEXT,
    ROW_FAULT,
    ROW_SPACE,
    ROW_FORMAT_RIGHTS,
    ROW_ALLOWED_RIGHTS,
    ROW_OPERATION,
    ROW_OPERATION_END,
    ROW_VIEW,
    ROW_TABLE_BLOCK,
    ROW_REGION,
    ROW_COUNTER,
    ROW_BUCKET,
    ROW_INSTRUCTION,
    ROW_PLUGIN,
    ROW_FINDING,
    ROW_FINDING_TOTAL,
    ROW_SETTING,
    ROW_CODE,
    ROW_ARRAY,
    ROW_RUN,
    ROW_RUN_END,
    ROW_STATEMENTS
};

struct row_writer {
    sqlite3 *database;
    sqlite3_stmt *statements[ROW_STATEMENTS];
};

/* Prepares every statement; the tables exist. An SQLite result code. */
int row_writer_open(struct row_writer *rows, sqlite3 *database);
void row_writer_close(struct row_writer *rows);

/* The functions below return SQLITE_OK, SQLITE_NOTFOUND (an end without its beginning) or another code. */
int row_event(struct row_writer *rows, uint64_t number, const struct mmu_event *event);
int row_run(struct row_writer *rows, const struct recorder_config *config);
int row_run_end(struct row_writer *rows, uint64_t events, double host_seconds);
int row_setting(struct row_writer *rows, const struct record_setting *setting);
int row_codes(struct row_writer *rows, const struct recorder_config *config);
int row_array(struct row_writer *rows, uint64_t number, const struct record_array *array);
int row_counter(struct row_writer *rows, const struct record_counter *counter);
int row_bucket(struct row_writer *rows, const struct record_bucket *bucket);
int row_instruction(struct row_writer *rows, const struct record_instruction *instruction);
int row_plugin(struct row_writer *rows, const struct record_plugin *plugin);
int row_finding(struct row_writer *rows, const struct record_finding *finding);
/* What the format says of these attributes, and what controls make of such rights; nothing if they change
 * nothing. */
int row_format_rights(struct row_writer *rows, const struct walk_format *format, uint32_t attributes);
int row_allowed_rights(struct row_writer *rows, const struct walk_format *format, uint32_t attributes,
                       uint8_t rights, const struct access_controls *controls);
int row_finding_total(struct row_writer *rows, uint64_t total);

#endif
