/* What the files of the check share: check.c, check_aside.c, check_violations.c, check_judges.c. */
#ifndef MMUSIM_SIM_RECORD_CHECK_PARTS_H
#define MMUSIM_SIM_RECORD_CHECK_PARTS_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>

#include "sim/record/judging.h"

/*
 * What needs nothing of what SQL derives, and is done aside, in a thread with connections of its own: the
 * rule about counters, whose violations are rows of its temporary table `found`, and then the checker in C.
 */
struct check_aside {
    const char *path;
    struct judging judging;
    sqlite3 *counters; /* NULL: could not be opened */
    int code;          /* of SQLite, with its connection */
    pthread_t thread;
    bool running;
};

/* A check under way. */
struct check {
    sqlite3 *database;
    FILE *out;
    unsigned long stories;
    struct check_aside aside;
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
 * check_aside.c. In between nothing of it may be read; without a thread all is done at once. The end waits;
 * the violations join those in `found`.
 */
void check_aside_begin(struct check *check, const char *path);
void check_aside_end(struct check *check);
void check_aside_free(struct check *check);

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
void check_hear(struct check *check);
void check_tell_findings(struct check *check);
void check_compare_judges(struct check *check);

#endif
