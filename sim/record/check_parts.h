/* What the files of the check share: check.c, check_violations.c, check_judges.c. */
#ifndef MMUSIM_SIM_RECORD_CHECK_PARTS_H
#define MMUSIM_SIM_RECORD_CHECK_PARTS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>

#include "sim/record/judging.h"

/* A check under way. */
struct check {
    sqlite3 *database;
    FILE *out;
    unsigned long stories;
    struct judging judging;
    long long violations;  /* by SQL */
    long long findings;    /* of the checker, over the record or along with the run, the greater number */
    long long differences; /* rules that the judges see differently, or one that could not go on */
    int code;              /* of SQLite: the first failure stays */
};

/* NULL on failure. */
sqlite3_stmt *check_prepare(struct check *check, const char *sql);
/* True while there are rows; at the end or on failure the statement is gone. */
bool check_next_row(struct check *check, sqlite3_stmt *statement);
/* "" for NULL. */
const char *check_text(sqlite3_stmt *statement, int column);
void check_execute(struct check *check, const char *sql);

/*
 * check_violations.c: the rules in SQL. They are evaluated once, into the temporary table `found`, and told
 * with the events that led there.
 */
void check_find_violations(struct check *check);
void check_tell_violations(struct check *check);

/*
 * check_judges.c: the checker in C, over the record (temporary table `heard`) and along with the run
 * (`checker_findings`); and whether it and SQL agree.
 */
void check_hear(struct check *check); /* waits for `check->judging` */
void check_tell_findings(struct check *check);
void check_compare_judges(struct check *check);

#endif
