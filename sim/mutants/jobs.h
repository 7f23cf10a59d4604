/*
 * Runs of scripts in processes of their own, several at once, and what both judges say of each.
 */
#ifndef MMUSIM_SIM_MUTANTS_JOBS_H
#define MMUSIM_SIM_MUTANTS_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sim/mutants/mutant.h"

#define JOB_RULES_BYTES  160
#define JOB_REASON_BYTES 320

/* What came of one run. */
struct job_outcome {
    bool judged;                    /* the run and the judges ended; else `reason` says why not */
    bool agree;                     /* the judges do */
    bool agree_on_record;           /* SQL, and the checker in C over the record */
    char sql[JOB_RULES_BYTES];      /* rules that the SQL found broken: "a, b" */
    char along[JOB_RULES_BYTES];    /* the checker that ran along */
    char record[JOB_RULES_BYTES];   /* the same checker, over the record */
    char explored[JOB_RULES_BYTES]; /* of an exploration, which no other judge sees: the first rule broken */
    char cycle[24];                 /* of the first violation; "" if it has none */
    bool form_holds;                /* of the closed form; true if there is none */
    char form[JOB_REASON_BYTES];    /* what it expected and what was measured */
    char reason[JOB_REASON_BYTES];  /* one sentence */
};

struct job {
    const struct mutant *mutant; /* NULL: the right machine */
    const char *script;          /* path, or the name of a text */
    const char *arguments;       /* words with a space between them */
    const char *more;            /* one argument more; NULL: none */
    const char *form;            /* the closed form, or "" */
    bool explored;               /* an exploration, and no run */
    struct job_outcome outcome;

    enum { JOB_WAITS, JOB_RUNS, JOB_IS_JUDGED, JOB_ENDED } state;
    pid_t process;
};

struct job_list {
    struct job *jobs;
    size_t count;
    const char *folder;  /* where the databases are written */
    const char *program; /* this program's path */
    unsigned at_once;
};

/* Runs all jobs. False, with errno set, if processes cannot be made. */
bool jobs_run(struct job_list *list);

/*
 * The other side: judges a database and writes the outcome, line by line, to standard output. The exit status
 * of the process.
 */
int job_judge(const char *database, const char *form);

#endif
