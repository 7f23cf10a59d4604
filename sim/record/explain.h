/*
 * The story of one address at one moment, in parts: what the record says is collected in temporary tables of
 * the connection (explain/focus.sql), which the parts fill and print.
 */
#ifndef MMUSIM_SIM_RECORD_EXPLAIN_H
#define MMUSIM_SIM_RECORD_EXPLAIN_H

#include <sqlite3.h>

#include "sim/record/database.h"

/* One address of one space at one moment. */
struct explain_focus {
    uint64_t va;
    uint64_t cycle;
    int64_t space;
    int64_t core; /* 0: all */
    bool unfolded;
};

#define EXPLAIN_RESULT_BYTES 200

/* What a walk of hardware would have found: the words that it reads are in temp.words. */
struct explain_walk {
    char result[EXPLAIN_RESULT_BYTES]; /* what it ends with, in words */
};

/* Each function answers with SQLITE_OK or the code of the failure. */

/* Follows the table of temp.page at its moment, and fills temp.words. */
int explain_walk_table(sqlite3 *database, struct explain_walk *walk);
/* Prints what the temporary tables have, for people. */
int explain_print(sqlite3 *database, const struct explain_walk *walk, FILE *out);
/* One JSON object, without its closing brace. */
int explain_print_json(sqlite3 *database, const struct explain_walk *walk, FILE *out);

/* The text of explain/NAME.sql. */
const char *explain_sql(const char *name);

#endif
