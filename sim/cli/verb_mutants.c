/* The verb `mutants` is another program's: the one that has them. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/cli/verb.h"

#define PROGRAM "mmusim-mutants"

static const struct cli_option mutants_options[] = {
    {"list", NULL, "name the mutants, and what each does wrong; run nothing", 0},
    {"run", "NAME", "run the script that follows, and tell whether it finds this mutant", 0},
    {"known-gaps", NULL, "survivors that are listed as gaps do not count for the exit status", 0},
    {"jobs", "N", "runs at once; otherwise one for each processor", 'j'},
    {"json", NULL, "an array of objects", 0},
    {0},
};

/* Beside this program, or where it is installed. */
static bool find_program(char *path, size_t bytes)
{
    static const char *const places[] = {"", "/../" MMUSIM_LIBEXEC};
    char own[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    if (length < 0)
        return false;
    own[length] = '\0';
    *strrchr(own, '/') = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        int written = snprintf(path, bytes, "%s%s/" PROGRAM, own, places[i]);
        if (written > 0 && (size_t)written < bytes && access(path, X_OK) == 0)
            return true;
    }
    return false;
}

struct option_names {
    char of[CLI_OPTIONS_MAX][32];
};

/* The words of this call, as the other program's; ends with NULL. */
static void repeat_words(const struct cli_call *call, char **words, struct option_names *names)
{
    size_t count = 0;
    words[count++] = (char *)PROGRAM;
    words[count++] = (char *)call->verb->name;
    for (int i = 0; call->verb->options[i].name; i++) {
        if (!call->values[i])
            continue;
        (void)snprintf(names->of[i], sizeof names->of[i], "--%s", call->verb->options[i].name);
        words[count++] = names->of[i];
        if (call->verb->options[i].argument)
            words[count++] = (char *)call->values[i];
    }
    words[count++] = (char *)"--";
    for (int i = 0; i < call->argument_count; i++)
        words[count++] = call->arguments[i];
    words[count] = NULL;
}

static int run_mutants(const struct cli_call *call)
{
    char path[PATH_MAX];
    struct option_names names;
    if (!find_program(path, sizeof path))
        return cli_refuse(call, "the program " PROGRAM " is neither beside this one nor in ../" MMUSIM_LIBEXEC
                                ": it is built and installed with mmusim where cmake finds python3");
    char **words = calloc((size_t)call->argument_count + 2 * CLI_OPTIONS_MAX + 4, sizeof *words);
    if (!words)
        return cli_refuse(call, "there is not enough memory");
    repeat_words(call, words, &names);
    (void)fflush(call->out);
    (void)execv(path, words);
    int failure = errno;
    free(words);
    return cli_refuse(call, "%s cannot be executed: %s", path, strerror(failure));
}

const struct cli_verb verb_mutants = {
    .name = "mutants",
    .arguments = "[NAME...]",
    .summary = "Seed faults, and see that the judges find each of them",
    .details =
        "Each mutant, or each one named, runs the script that shows it, in a program that has all mutants.\n"
        "A functional mutant is killed if both judges, C and SQL, find one of its rules broken, and the "
        "same\n"
        "script is clean without it; a performance mutant, if a closed form does not hold any more.\n"
        "--run NAME SCRIPT.lua [ARG...] tells whether a script of yours finds a mutant.\n"
        "Exit status 1 says that some mutant survives.\n",
    .least = 0,
    .most = CLI_ARGUMENTS_MANY,
    .options = mutants_options,
    .run = run_mutants,
};
