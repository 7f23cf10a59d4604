/*
 * A record's rules over its raw rows. The windows that stand in the file were derived when the run ended;
 * here they are derived anew, as temporary tables, and all rules are made as temporary views of this
 * program's text: SQLite finds temporary names first, so that a row that was changed afterwards changes what
 * rules say.
 */
#ifndef MMUSIM_SIM_RECORD_DERIVE_H
#define MMUSIM_SIM_RECORD_DERIVE_H

struct sqlite3;

/* Answers with SQLITE_OK or the code of the failure. What several rules read is evaluated once, here. */
int record_derive(struct sqlite3 *database);

/* The views of one of the rules' files alone, which reads no windows; its caches are small. */
int record_derive_one(struct sqlite3 *database, const char *name);

#endif
