#include "sim/mutants/verdicts.h"

#include <string.h>

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[VERDICTS] = {
        [VERDICT_KILLED] = "killed",           [VERDICT_SURVIVES] = "survives",
        [VERDICT_DIFFER] = "judges differ",    [VERDICT_NOT_CLEAN] = "not clean",
        [VERDICT_NO_ADVERSARY] = "needs none", [VERDICT_FAILED] = "no verdict",
    };
    return names[verdict];
}

const char *outcome_rules_c(const struct job_outcome *outcome)
{
    return outcome->record;
}

/* Whether a name stands in a list "a, b". */
static bool names(const char *list, const char *rule, size_t length)
{
    for (const char *place = list; place; place = strstr(place, ", ") ? strstr(place, ", ") + 2 : NULL)
        if (strcspn(place, ",") == length && strncmp(place, rule, length) == 0)
            return true;
    return false;
}

bool trial_is_explored(const struct trial *trial)
{
    return trial->mutant->explored && !trial->own;
}

/* Whether both judges found one of the mutant's rules; of the user's own script, any rule. */
static bool is_found(const struct trial *trial, const struct job_outcome *outcome)
{
    const char *rules = trial->own ? outcome->sql : trial->mutant->rules;
    for (const char *rule = rules; rule && *rule; rule = strstr(rule, ", ") ? strstr(rule, ", ") + 2 : NULL) {
        size_t length = strcspn(rule, ",");
        if (names(outcome->sql, rule, length) && names(outcome->record, rule, length))
            return true;
        if (names(outcome->explored, rule, length))
            return true;
    }
    return false;
}

static bool is_clean(const struct job *job)
{
    const struct job_outcome *outcome = &job->outcome;
    return !outcome->sql[0] && !outcome->along[0] && !outcome->record[0] && !outcome->explored[0] &&
           outcome->form_holds;
}

static bool is_killed(const struct trial *trial, const struct job *job)
{
    return trial->mutant->form[0] ? !job->outcome.form_holds : is_found(trial, &job->outcome);
}

/* What ran along has not seen the fault of a recorder. */
static bool judges_agree(const struct trial *trial, const struct job *job)
{
    bool recorder = strcmp(trial->mutant->group, "recorder") == 0 && job->mutant;
    return recorder ? job->outcome.agree_on_record : job->outcome.agree;
}

enum verdict trial_verdict(const struct trial *trial)
{
    const struct job *jobs[] = {trial->clean, trial->mutated, trial->quiet_clean, trial->quiet};
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++)
        if (jobs[i] && !jobs[i]->outcome.judged)
            return VERDICT_FAILED;
    if (!is_clean(trial->clean) || (trial->quiet_clean && !is_clean(trial->quiet_clean)))
        return VERDICT_NOT_CLEAN;
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++)
        if (jobs[i] && !judges_agree(trial, jobs[i]))
            return VERDICT_DIFFER;
    if (!is_killed(trial, trial->mutated))
        return VERDICT_SURVIVES;
    return trial->quiet && !is_clean(trial->quiet) ? VERDICT_NO_ADVERSARY : VERDICT_KILLED;
}

const char *trial_reason(const struct trial *trial)
{
    const struct job *jobs[] = {trial->clean, trial->mutated, trial->quiet_clean, trial->quiet};
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++)
        if (jobs[i] && !jobs[i]->outcome.judged)
            return jobs[i]->outcome.reason;
    return trial->mutant->form[0] ? trial->mutated->outcome.form : "";
}
