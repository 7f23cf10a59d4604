/*
 * Which mutants the judges find: the verb `mutants`.
 *
 * A functional mutant is killed if one of its rules is found by both judges in the run of its script, or by
 * its exploration; a
 * performance mutant, if its closed form does not hold. A crash, a run that does not end, or judges that
 * differ kill nothing. The right machine has to be clean in the same run. What needs the adversary has to be
 * found with it, and not without.
 */
#ifndef MMUSIM_SIM_MUTANTS_VERDICTS_H
#define MMUSIM_SIM_MUTANTS_VERDICTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sim/mutants/jobs.h"

/* The words of the verb's options and arguments; argv[0] is "mutants". The exit status: 0 none survives. */
int mutants_main(int argc, char **argv);

/* One mutant's runs. */
struct trial {
    const struct mutant *mutant;
    const char *script; /* as the job has it */
    const char *arguments;
    bool own; /* the user's script */
    struct job *clean, *mutated;
    struct job *quiet_clean, *quiet; /* the same without the adversary; NULL where it is not needed */
};

enum verdict {
    VERDICT_KILLED,
    VERDICT_SURVIVES,
    VERDICT_DIFFER,       /* the judges differ */
    VERDICT_NOT_CLEAN,    /* the right machine is accused by this script */
    VERDICT_NO_ADVERSARY, /* it is found without the adversary, too */
    VERDICT_FAILED,       /* some run did not end in a record that can be judged */
    VERDICTS
};

/* Its script is an exploration. The user's own script is a run. */
bool trial_is_explored(const struct trial *trial);
const char *verdict_name(enum verdict verdict);
enum verdict trial_verdict(const struct trial *trial);
/* Why it is so, as a sentence; "" if the verdict says it all. */
const char *trial_reason(const struct trial *trial);
/* What the checker in C found, over the record: elsewhere than in a recorder it is what it found along. */
const char *outcome_rules_c(const struct job_outcome *outcome);

/* report.c: all trials as a table, or as one JSON object; the mutants themselves. */
void trials_print(const struct trial *trials, size_t count, FILE *out);
void trials_print_json(const struct trial *trials, size_t count, FILE *out);
void mutants_print(FILE *out);
void mutants_print_json(FILE *out);

#endif
