#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/cli/summary.h"
#include "sim/cli/verb.h"
#include "sim/nearest.h"
#include "sim/run.h"

static const char *const record_levels[] = {"none", "counters", "misses", "all"};

#define RECORD_LEVEL_COUNT (sizeof record_levels / sizeof *record_levels)

static const struct cli_option run_options[] = {
    {"output", "FILE.db", "the record; otherwise the script's name with .db, in the current folder", 'o'},
    {"force", NULL, "replace a record that is already there", 'f'},
    {"record", "LEVEL", "none, counters, misses or all; otherwise what the script says", 0},
    {"seed", "N", "where random choices come from; otherwise what the script says", 0},
    {"lockstep", NULL, "make every step an event of SystemC: the same record, slowly", 0},
    {"unsandboxed", NULL, "let the script use files, processes and the clock", 0},
    {"quiet", NULL, "no summary and no progress", 'q'},
    {"json", NULL, "the summary as one JSON object; what the script prints goes to standard error", 0},
    {0},
};

static bool parse_seed(const struct cli_call *call, struct run_options *options)
{
    const struct mmu_parameter *seed = mmu_parameter_find("seed");
    options->seed_given = cli_given(call, "seed");
    return cli_number(call, "seed", seed->least, seed->most, &options->seed);
}

static bool parse_record(const struct cli_call *call, struct run_options *options)
{
    options->record = cli_value(call, "record");
    if (!options->record)
        return true;
    for (size_t i = 0; i < RECORD_LEVEL_COUNT; i++)
        if (strcmp(options->record, record_levels[i]) == 0)
            return true;
    const char *nearest = nearest_name(options->record, record_levels, RECORD_LEVEL_COUNT);
    cli_say(call->err, "--record is '%s'; it must be none, counters, misses or all%s%s", options->record,
            nearest ? ": the nearest is " : "", nearest ? nearest : "");
    return false;
}

static bool parse(const struct cli_call *call, struct run_options *options)
{
    *options = (struct run_options){
        .script = call->arguments[0],
        .output = cli_value(call, "output"),
        .command_line = call->command_line,
        .arguments = (const char *const *)(call->arguments + 1),
        .argument_count = call->argument_count - 1,
        .overwrite = cli_given(call, "force"),
        .lockstep = cli_given(call, "lockstep"),
        .unsandboxed = cli_given(call, "unsandboxed"),
        .progress = !cli_given(call, "quiet") && isatty(STDERR_FILENO),
    };
    if (!parse_seed(call, options) || !parse_record(call, options))
        return false;
    if (options->output && options->record && strcmp(options->record, "none") == 0) {
        cli_say(call->err, "--output '%s' is never written with --record none: leave one of them out",
                options->output);
        return false;
    }
    return true;
}

/* Lets standard output lead to standard error; the way back, or -1. */
static int divert_output(void)
{
    int saved = fflush(stdout) == 0 ? dup(STDOUT_FILENO) : -1;
    if (saved < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
        return saved;
    (void)close(saved);
    return -1;
}

static bool restore_output(int saved)
{
    bool restored = fflush(stdout) == 0 && dup2(saved, STDOUT_FILENO) >= 0;
    return close(saved) == 0 && restored;
}

/* With --json the object is all that standard output gets, so what the script prints must go elsewhere. */
static int run_diverted(const struct cli_call *call, const struct run_options *options,
                        struct run_outcome *outcome)
{
    int saved = divert_output();
    if (saved < 0)
        return cli_refuse(call, "standard output cannot be used for the summary: %s", strerror(errno));
    int status = run_script(options, outcome);
    if (!restore_output(saved))
        return cli_refuse(call, "standard output cannot be used for the summary: %s", strerror(errno));
    if (status != 0)
        cli_say(call->err, "%s", outcome->error);
    return status;
}

static int run_plainly(const struct cli_call *call, const struct run_options *options,
                       struct run_outcome *outcome)
{
    int status = run_script(options, outcome);
    if (status != 0)
        cli_say(call->err, "%s", outcome->error);
    return status;
}

static void tell(const struct cli_call *call, const struct run_outcome *outcome)
{
    if (cli_given(call, "json"))
        summary_print_json(outcome, call->out);
    else if (!cli_given(call, "quiet"))
        summary_print(outcome, call->out);
    else if (outcome->findings > 0)
        cli_say(call->err, "%" PRIu64 " finding%s, the first: %s", outcome->findings,
                outcome->findings == 1 ? "" : "s", outcome->first_finding);
}

static int run_run(const struct cli_call *call)
{
    struct run_options options;
    if (!parse(call, &options))
        return CLI_MISUSE;
    struct run_outcome *outcome = calloc(1, sizeof *outcome);
    if (!outcome)
        return cli_refuse(call, "there is not enough memory");
    int status = cli_given(call, "json") ? run_diverted(call, &options, outcome)
                                         : run_plainly(call, &options, outcome);
    if (status == 0)
        tell(call, outcome);
    int result = status != 0 ? CLI_MISUSE : outcome->findings > 0 ? CLI_FOUND : CLI_FINE;
    run_outcome_free(outcome);
    free(outcome);
    return result;
}

const struct cli_verb verb_run = {
    .name = "run",
    .arguments = "SCRIPT.lua [ARG...]",
    .needed = "a script",
    .summary = "Run a script's machine, record it, and sum it up",
    .details = "The script finds its arguments in the global `arg`; those that begin with a dash stand "
               "behind `--`.\n"
               "Exit status 1 says that the checker that runs along has findings.\n",
    .least = 1,
    .most = CLI_ARGUMENTS_MANY,
    .options = run_options,
    .run = run_run,
};
