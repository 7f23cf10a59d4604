#include <string.h>

#include "sim/cli/format.h"
#include "sim/mutants/verdicts.h"

#define NAME_COLUMN "%-34s"

static const char *or_dash(const char *text)
{
    return *text ? text : "-";
}

static const char *killer(const struct mutant *mutant)
{
    return mutant->form[0] ? mutant->form : mutant->rules;
}

/* ---- verdicts ---------------------------------------------------------------------------------- */

static void print_trial(const struct trial *trial, FILE *out)
{
    const struct mutant *mutant = trial->mutant;
    const struct job_outcome *outcome = &trial->mutated->outcome;
    (void)fprintf(out, NAME_COLUMN " %-10s %-13s %s\n", mutant->name, mutant->group,
                  verdict_name(trial_verdict(trial)), mutant->what);
    if (mutant->form[0])
        (void)fprintf(out, "    closed form %s, %s\n", mutant->form, or_dash(outcome->form));
    else if (trial_is_explored(trial))
        (void)fprintf(out, "    exploration: %s\n", or_dash(outcome->reason));
    else
        (void)fprintf(out, "    C: %s; SQL: %s; first in cycle %s\n", or_dash(outcome_rules_c(outcome)),
                      or_dash(outcome->sql), or_dash(outcome->cycle));
    if (mutant->gap[0])
        (void)fprintf(out, "    a known gap: %s\n", mutant->gap);
    if (trial->quiet)
        (void)fprintf(out, "    without the adversary C: %s; SQL: %s\n",
                      or_dash(outcome_rules_c(&trial->quiet->outcome)), or_dash(trial->quiet->outcome.sql));
    if (trial_verdict(trial) == VERDICT_FAILED)
        (void)fprintf(out, "    %s\n", trial_reason(trial));
    if (trial_verdict(trial) == VERDICT_NOT_CLEAN)
        (void)fprintf(out, "    the right machine: C: %s; SQL: %s; %s%s\n",
                      or_dash(outcome_rules_c(&trial->clean->outcome)), or_dash(trial->clean->outcome.sql),
                      trial->clean->outcome.form, trial->clean->outcome.explored);
}

void trials_print(const struct trial *trials, size_t count, FILE *out)
{
    size_t of_verdict[VERDICTS] = {0};
    for (size_t i = 0; i < count; i++) {
        print_trial(&trials[i], out);
        of_verdict[trial_verdict(&trials[i])]++;
    }
    (void)fprintf(out, "\n%zu mutant%s: %zu killed", count, count == 1 ? "" : "s",
                  of_verdict[VERDICT_KILLED]);
    for (int i = VERDICT_SURVIVES; i < VERDICTS; i++)
        if (of_verdict[i] > 0)
            (void)fprintf(out, ", %zu %s", of_verdict[i], verdict_name((enum verdict)i));
    (void)fputc('\n', out);
}

static void member(FILE *out, const char *name, const char *text, const char *after)
{
    (void)fprintf(out, "\"%s\": ", name);
    print_json_string(out, text);
    (void)fputs(after, out);
}

static void print_mutant_json(const struct mutant *mutant, FILE *out)
{
    member(out, "mutant", mutant->name, ", ");
    member(out, "what", mutant->what, ", ");
    member(out, "group", mutant->group, ", ");
    member(out, "kind", mutant->form[0] ? "performance" : "functional", ", ");
    member(out, "killed_by", killer(mutant), ", ");
    member(out, "gap", mutant->gap, ", ");
    member(out, "script", mutant->script, ", ");
    member(out, "arguments", mutant->arguments, ", ");
    member(out, "file", mutant->file, ", ");
    (void)fprintf(out, "\"explored\": %s, ", mutant->explored ? "true" : "false");
    (void)fprintf(out, "\"needs_adversary\": %s", mutant->adversary ? "true" : "false");
}

static void print_outcome_json(const struct job_outcome *outcome, const char *before, FILE *out)
{
    (void)fprintf(out, ", \"%ssql\": ", before);
    print_json_string(out, outcome->sql);
    (void)fprintf(out, ", \"%sc_along\": ", before);
    print_json_string(out, outcome->along);
    (void)fprintf(out, ", \"%sc_over_record\": ", before);
    print_json_string(out, outcome->record);
    (void)fprintf(out, ", \"%sexploration\": ", before);
    print_json_string(out, outcome->explored);
}

void trials_print_json(const struct trial *trials, size_t count, FILE *out)
{
    (void)fputs("[", out);
    for (size_t i = 0; i < count; i++) {
        const struct trial *trial = &trials[i];
        (void)fputs(i > 0 ? ",\n{" : "\n{", out);
        print_mutant_json(trial->mutant, out);
        print_outcome_json(&trial->mutated->outcome, "", out);
        if (trial->quiet)
            print_outcome_json(&trial->quiet->outcome, "without_adversary_", out);
        (void)fputs(", ", out);
        member(out, "cycle", trial->mutated->outcome.cycle, ", ");
        member(out, "reason", trial_reason(trial), ", ");
        member(out, "verdict", verdict_name(trial_verdict(trial)), "}");
    }
    (void)fputs("\n]\n", out);
}

/* ---- the list ---------------------------------------------------------------------------------- */

void mutants_print(FILE *out)
{
    (void)fprintf(out, NAME_COLUMN " %-10s %s\n", "name", "group", "description");
    for (const struct mutant *mutant = mutants; mutant->name; mutant++)
        (void)fprintf(out, NAME_COLUMN " %-10s %s (%s%s)\n", mutant->name, mutant->group, mutant->what,
                      killer(mutant), mutant->adversary ? "; with the adversary" : "");
}

void mutants_print_json(FILE *out)
{
    (void)fputs("[", out);
    for (const struct mutant *mutant = mutants; mutant->name; mutant++) {
        (void)fputs(mutant != mutants ? ",\n{" : "\n{", out);
        print_mutant_json(mutant, out);
        (void)fputs("}", out);
    }
    (void)fputs("\n]\n", out);
}
