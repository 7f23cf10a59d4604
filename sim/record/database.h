/*
 * Finished records: opening them for questions, asking, and judging.
 *
 * The functions print to the streams they are given, and return the exit status of the command: 0 fine, 1 the
 * check found something, 2 wrong use, with one sentence on `err`. Nothing here writes to a record.
 */
#ifndef MMUSIM_SIM_RECORD_DATABASE_H
#define MMUSIM_SIM_RECORD_DATABASE_H

#include <stdbool.h>
#include <stdio.h>

#include "sim/record/recorder.h"

#ifdef __cplusplus
extern "C" {
#endif

struct sqlite3;

enum record_format {
    RECORD_TABLE, /* aligned columns */
    RECORD_JSON,  /* an array of objects */
    RECORD_CSV,   /* RFC 4180, with a header */
};

struct query_options {
    const char *path;
    const char *query; /* the name of a view or table, or one SQL statement that reads */
    enum record_format format;
};

struct check_options {
    const char *path;
    unsigned long
        stories; /* how many violations are told with the events that led there; the rest is counted */
    /* Takes the rows behind the verdict, as members of a JSON object, each after ",\n"; may be NULL. */
    FILE *members;
};

/* One address of one space at one moment. What is not given is that of the first violation. */
struct explain_options {
    const char *path;
    uint64_t va;
    uint64_t cycle;
    int64_t space; /* 0: the one that has mapped or used the address */
    int64_t core;  /* 0: all; else walks, TLBs and accesses of this one alone, from 1 */
    bool va_given;
    bool cycle_given; /* not without va_given */
    bool json;
    bool unfolded; /* leave nothing out */
};

/*
 * Opens a record read-only. NULL, with a sentence in `error`, if there is no file, it is no database, of
 * another program or of another schema version, damaged, or being written. `*complete` says whether its run
 * finished. One thread at a time may use it.
 */
struct sqlite3 *record_database_open(const char *path, bool *complete, struct record_error *error);
void record_database_close(struct sqlite3 *database);

/* Runs a query and prints its rows. An incomplete record is answered too, with a warning on `err`. */
int record_query(const struct query_options *options, FILE *out, FILE *err);

/* Prints the violations of every rule, the events that led there, and whether the checker agrees. */
int record_check(const struct check_options *options, FILE *out, FILE *err);

/*
 * Prints the story of an address: what the abstract map, the table, each TLB and walk cache had, and the
 * events that led there. A record without a violation, and no address given, is told in a sentence.
 */
int record_explain(const struct explain_options *options, FILE *out, FILE *err);

/* The first of the checker's findings that names an address: what to give record_explain. False if there is
 * none. */
bool record_first_violation(const char *path, struct explain_options *found);

/* The views of every record, one a line, with what they show. */
int record_list_views(FILE *out);

#ifdef __cplusplus
}
#endif
#endif
