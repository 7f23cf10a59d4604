/* Whether a record and this program say the same of formats that the program knows. */
#ifndef MMUSIM_SIM_RECORD_FORMATS_H
#define MMUSIM_SIM_RECORD_FORMATS_H

#include <sqlite3.h>
#include <stdio.h>

/*
 * Tells `out` what the record says otherwise, a line each. Formats that the program does not know (a
 * plug-in's) are taken as they are recorded. Gives an SQLite result code; the number of differences in
 * `differences`.
 */
int record_formats_compare(sqlite3 *database, FILE *out, long long *differences);

#endif
