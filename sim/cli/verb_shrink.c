#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "sim/cli/verb.h"
#include "sim/shrink/shrink.h"

static const struct cli_option shrink_verb_options[] = {
    {"output", "FILE.lua", "the small script; otherwise the script's name with -small, in the current folder",
     'o'},
    {"force", NULL, "replace a script that is already there", 'f'},
    {"seed", "N", "where random choices come from; otherwise what the script says", 0},
    {"jobs", "N", "runs at once; otherwise 2", 'j'},
    {"quiet", NULL, "no progress", 'q'},
    {0},
};

static bool name_output(const struct cli_call *call, char output[PATH_MAX])
{
    const char *given = cli_value(call, "output");
    const char *script = call->arguments[0];
    const char *slash = strrchr(script, '/');
    const char *name = slash ? slash + 1 : script;
    size_t length = strlen(name);
    if (length > 4 && strcmp(name + length - 4, ".lua") == 0)
        length -= 4;
    int printed = given ? snprintf(output, PATH_MAX, "%s", given)
                        : snprintf(output, PATH_MAX, "%.*s-small.lua", (int)length, name);
    if (printed >= PATH_MAX)
        cli_say(call->err, "the path of the result is too long");
    else if (!cli_given(call, "force") && access(output, F_OK) == 0)
        cli_say(call->err, "'%s' is there already; --force replaces it", output);
    else
        return true;
    return false;
}

static int shrink_to(const struct cli_call *call, const struct shrink_options *options)
{
    struct cli_capture said;
    if (!cli_capture_open(&said, call->err))
        return CLI_MISUSE;
    return cli_say_captured(&said, shrink_script(options, call->out, said.stream), call->err);
}

static int run_shrink(const struct cli_call *call)
{
    char output[PATH_MAX];
    uint64_t jobs = 2, seed = 0;
    if (!cli_number(call, "jobs", 1, SHRINK_JOBS_MAX, &jobs) ||
        !cli_number(call, "seed", 0, INT64_MAX, &seed) || !name_output(call, output))
        return CLI_MISUSE;
    const struct shrink_options options = {
        .script = call->arguments[0],
        .output = output,
        .command_line = call->command_line,
        .arguments = (const char *const *)(call->arguments + 1),
        .argument_count = call->argument_count - 1,
        .seed = seed,
        .seed_given = cli_given(call, "seed"),
        .overwrite = cli_given(call, "force"),
        .progress = !cli_given(call, "quiet") && isatty(STDERR_FILENO) ? call->err : NULL,
        .jobs = (unsigned)jobs,
    };
    return shrink_to(call, &options);
}

const struct cli_verb verb_shrink = {
    .name = "shrink",
    .arguments = "SCRIPT.lua [ARG...]",
    .needed = "a script",
    .summary = "Make a failing script small: a flat one that still fails in the same way",
    .details = "The calls that the script makes are written down, and what the failure does not need is "
               "taken away:\n"
               "programs, barriers, calls, waits, pages, streams, settings of the machine. The result breaks "
               "the same\n"
               "rule at the same page, and no more once any single call of it is removed.\n",
    .least = 1,
    .most = CLI_ARGUMENTS_MANY,
    .options = shrink_verb_options,
    .run = run_shrink,
};
