/* The verb `mutants`, in the program that has them. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/cli/verb.h"
#include "sim/mutants/verdicts.h"

#define FOLDER_BYTES 256

/* Adversary, and not: the argument behind the script's own. */
#define NOISY "adversary"
#define QUIET "quiet"

/* Everything that one command does. At most four jobs a trial. */
struct command {
    const struct cli_call *call;
    struct trial *trials;
    size_t trial_count;
    struct job_list jobs;
    char folder[FOLDER_BYTES];
    char program[PATH_MAX];
};

/* ---- what is to be done ------------------------------------------------------------------------ */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* The job of this kind, which several mutants may share if they are none. */
static struct job *job_for(struct command *command, const struct trial *trial, bool mutated, const char *more)
{
    const struct mutant *mutant = mutated ? trial->mutant : NULL;
    const char *form = trial->own ? "" : trial->mutant->form;
    struct job_list *list = &command->jobs;
    for (size_t i = 0; i < list->count; i++) {
        struct job *job = &list->jobs[i];
        if (job->mutant == mutant && strcmp(job->script, trial->script) == 0 &&
            strcmp(job->form, form) == 0 && strcmp(job->arguments, trial->arguments) == 0 &&
            same_text(job->more, more))
            return job;
    }
    struct job *job = &list->jobs[list->count++];
    *job = (struct job){.mutant = mutant,
                        .script = trial->script,
                        .arguments = trial->arguments,
                        .more = more,
                        .form = form,
                        .explored = trial_is_explored(trial)};
    return job;
}

static void plan(struct command *command, struct trial *trial)
{
    bool adversary = trial->mutant->adversary && !trial->own;
    trial->clean = job_for(command, trial, false, adversary ? NOISY : NULL);
    trial->mutated = job_for(command, trial, true, adversary ? NOISY : NULL);
    if (!adversary)
        return;
    trial->quiet_clean = job_for(command, trial, false, QUIET);
    trial->quiet = job_for(command, trial, true, QUIET);
}

static void add_trial(struct command *command, const struct mutant *mutant)
{
    command->trials[command->trial_count++] =
        (struct trial){.mutant = mutant, .script = mutant->script, .arguments = mutant->arguments};
}

/* The mutants that the command names; all if it names none. */
static bool choose(struct command *command)
{
    const struct cli_call *call = command->call;
    for (const struct mutant *mutant = mutants; mutant->name && call->argument_count == 0; mutant++)
        add_trial(command, mutant);
    for (int i = 0; i < call->argument_count; i++) {
        const struct mutant *mutant = mutant_find(call->arguments[i]);
        if (!mutant)
            return false;
        add_trial(command, mutant);
    }
    return true;
}

/* --run NAME SCRIPT.lua [ARG...]. The arguments are words without spaces. */
static bool choose_own(struct command *command, char *arguments, size_t bytes)
{
    const struct cli_call *call = command->call;
    const struct mutant *mutant = mutant_find(cli_value(call, "run"));
    size_t used = 0;
    if (!mutant)
        return false;
    if (call->argument_count < 1) {
        (void)cli_refuse(call, "--run %s needs a script: mmusim mutants --run %s SCRIPT.lua", mutant->name,
                         mutant->name);
        return false;
    }
    if (mutant->form[0]) {
        (void)cli_refuse(call,
                         "the mutant '%s' makes no wrong results: only its closed form over its own script "
                         "finds it",
                         mutant->name);
        return false;
    }
    arguments[0] = '\0';
    for (int i = 1; i < call->argument_count && used < bytes; i++)
        used += (size_t)snprintf(arguments + used, bytes - used, " %s", call->arguments[i]);
    add_trial(command, mutant);
    command->trials[0].own = true;
    command->trials[0].script = call->arguments[0];
    command->trials[0].arguments = arguments;
    return true;
}

/* ---- files ------------------------------------------------------------------------------------- */

/* Writes FOLDER/NAME, making the folders in NAME. */
static bool write_text(const char *folder, const struct mutant_text *text)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", folder, text->name);
    for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return false;
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    if (!file)
        return false;
    bool written = fputs(text->text, file) >= 0;
    return fclose(file) == 0 && written;
}

static bool make_folder(struct command *command)
{
    const char *parent = getenv("TMPDIR");
    (void)snprintf(command->folder, sizeof command->folder, "%s/mmusim-mutants-XXXXXX",
                   parent && *parent ? parent : "/tmp");
    if (!mkdtemp(command->folder))
        return false;
    for (const struct mutant_text *text = mutant_texts; text->name; text++)
        if (!write_text(command->folder, text))
            return false;
    return true;
}

static void remove_text(const char *folder, const char *name)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    (void)unlink(path);
    for (char *slash; (slash = strrchr(path, '/')) > path + strlen(folder);) {
        *slash = '\0';
        (void)rmdir(path); /* the last text in it takes it along */
    }
}

static void remove_folder(struct command *command)
{
    static const char *const suffixes[] = {".db", ".db.partial", ".run", ".judged"};
    char name[64];
    for (const struct mutant_text *text = mutant_texts; text->name; text++)
        remove_text(command->folder, text->name);
    for (size_t i = 0; i < 4 * command->jobs.count; i++) {
        (void)snprintf(name, sizeof name, "%zu%s", i / 4, suffixes[i % 4]);
        remove_text(command->folder, name);
    }
    (void)rmdir(command->folder);
}

/* ---- the command ------------------------------------------------------------------------------- */

static bool parse_jobs(const struct cli_call *call, unsigned *at_once)
{
    const char *text = cli_value(call, "jobs");
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    *at_once = processors > 0 ? (unsigned)processors : 1;
    if (!text)
        return true;
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value < 1 || value > 1000) {
        (void)cli_refuse(call, "--jobs is '%s'; it must be a whole number from 1 to 1000", text);
        return false;
    }
    *at_once = (unsigned)value;
    return true;
}

/* Killed; or a gap that is known, if these are forgiven. */
static bool is_accepted(const struct command *command, const struct trial *trial)
{
    enum verdict verdict = trial_verdict(trial);
    return verdict == VERDICT_KILLED ||
           (verdict == VERDICT_SURVIVES && trial->mutant->gap[0] && cli_given(command->call, "known-gaps"));
}

static int print(const struct command *command)
{
    bool survives = false;
    if (cli_given(command->call, "json"))
        trials_print_json(command->trials, command->trial_count, command->call->out);
    else
        trials_print(command->trials, command->trial_count, command->call->out);
    for (size_t i = 0; i < command->trial_count; i++)
        survives |= !is_accepted(command, &command->trials[i]);
    return survives ? CLI_FOUND : CLI_FINE;
}

static int judge_all(struct command *command)
{
    const struct cli_call *call = command->call;
    ssize_t length = readlink("/proc/self/exe", command->program, sizeof command->program - 1);
    if (length < 0)
        return cli_refuse(call, "the program's own path is not known: %s", strerror(errno));
    command->program[length] = '\0';
    for (size_t i = 0; i < command->trial_count; i++)
        plan(command, &command->trials[i]);
    command->jobs.folder = command->folder;
    command->jobs.program = command->program;
    if (!make_folder(command))
        return cli_refuse(call, "the folder '%s' cannot be used: %s", command->folder, strerror(errno));
    bool run = jobs_run(&command->jobs);
    int failure = errno;
    int status =
        run ? print(command) : cli_refuse(call, "a process for a run cannot be made: %s", strerror(failure));
    remove_folder(command);
    return status;
}

static int judge_mutants(const struct cli_call *call)
{
    char arguments[PATH_MAX];
    size_t known = 0;
    while (mutants[known].name)
        known++;
    size_t most = known + (size_t)call->argument_count;
    struct command *command = calloc(1, sizeof *command);
    int status = CLI_MISUSE;
    if (command) {
        command->call = call;
        command->trials = calloc(most, sizeof *command->trials);
        command->jobs.jobs = calloc(4 * most, sizeof *command->jobs.jobs);
    }
    if (!command || !command->trials || !command->jobs.jobs)
        (void)cli_refuse(call, "there is not enough memory");
    else if (parse_jobs(call, &command->jobs.at_once) &&
             (cli_given(call, "run") ? choose_own(command, arguments, sizeof arguments) : choose(command)))
        status = judge_all(command);
    if (command) {
        free(command->jobs.jobs);
        free(command->trials);
    }
    free(command);
    return status;
}

static int run_mutants(const struct cli_call *call)
{
    if (!cli_given(call, "list"))
        return judge_mutants(call);
    if (cli_given(call, "json"))
        mutants_print_json(call->out);
    else
        mutants_print(call->out);
    return CLI_FINE;
}

int mutants_main(int argc, char **argv)
{
    struct cli_verb verb = verb_mutants;
    struct cli_call call = {.verb = &verb, .command_line = "", .out = stdout, .err = stderr};
    verb.run = run_mutants;
    switch (cli_parse(&call, argc, argv)) {
    case CLI_REFUSED:
        return CLI_MISUSE;
    case CLI_WANTS_HELP:
        cli_print_help(&verb, stdout);
        return CLI_FINE;
    case CLI_PARSED:
        break;
    }
    int status = verb.run(&call);
    return fflush(stdout) == 0 ? status : cli_refuse(&call, "the output could not be written");
}
