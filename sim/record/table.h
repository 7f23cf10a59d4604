/* Rows of a statement as text: aligned, JSON or CSV. */
#ifndef MMUSIM_SIM_RECORD_TABLE_H
#define MMUSIM_SIM_RECORD_TABLE_H

#include <sqlite3.h>
#include <stdio.h>

#include "sim/record/database.h"

/* Steps the statement to its end and prints every row. SQLITE_OK, or the code that stopped it. */
int table_print(sqlite3_stmt *statement, enum record_format format, FILE *out);

#endif
