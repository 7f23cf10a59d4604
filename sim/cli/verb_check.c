#include <inttypes.h>
#include <stdlib.h>

#include "sim/cli/format.h"
#include "sim/cli/verb.h"
#include "sim/record/database.h"

#define STORIES 10

static const struct cli_option check_options[] = {
    {"stories", "N", "tell the events that led to the first N violations; otherwise 10", 0},
    {"json", NULL, "violations, findings of the checker and what was not judged, as one JSON object", 0},
    {0},
};

static bool parse_stories(const struct cli_call *call, unsigned long *stories)
{
    const char *text = cli_value(call, "stories");
    uint64_t number = STORIES;
    bool fine = !text || cli_is_number(text, &number);
    *stories = (unsigned long)number;
    if (fine)
        return true;
    cli_say(call->err, "--stories is '%s'; it must be a whole number, 0 or more", text);
    return false;
}

/* What a record's functions say, as messages of the program. */
static int check_to(const struct cli_call *call, const struct check_options *options, FILE *out)
{
    struct cli_capture said;
    if (!cli_capture_open(&said, call->err))
        return CLI_MISUSE;
    return cli_say_captured(&said, record_check(options, out, said.stream), call->err);
}

static void print_object(const struct cli_call *call, bool found, const char *report, const char *members)
{
    (void)fputs("{\"database\": ", call->out);
    print_json_string(call->out, call->arguments[0]);
    (void)fprintf(call->out, ",\n\"found\": %s,\n\"report\": ", found ? "true" : "false");
    print_json_string(call->out, report);
    (void)fprintf(call->out, "%s}\n", members);
}

static int check_json(const struct cli_call *call, struct check_options *options)
{
    struct cli_capture told, members;
    if (!cli_capture_open(&told, call->err))
        return CLI_MISUSE;
    int status = CLI_MISUSE;
    char *rows = NULL;
    if (cli_capture_open(&members, call->err)) {
        options->members = members.stream;
        status = check_to(call, options, told.stream);
        rows = cli_capture_close(&members, call->err);
    }
    char *text = cli_capture_close(&told, call->err);
    if (text && rows && status != CLI_MISUSE)
        print_object(call, status == CLI_FOUND, text, rows);
    else
        status = CLI_MISUSE;
    free(text);
    free(rows);
    return status;
}

/* What tells more of the first violation. */
static void name_explanation(const struct cli_call *call, const char *path)
{
    struct explain_options first;
    bool named = record_first_violation(path, &first);
    (void)fputs("the first one's story: mmusim explain ", call->out);
    print_shell_word(call->out, path);
    if (named)
        (void)fprintf(call->out, " --va 0x%" PRIx64 " --cycle %" PRIu64 " --space %" PRId64, first.va,
                      first.cycle, first.space);
    (void)fputc('\n', call->out);
}

static int run_check(const struct cli_call *call)
{
    struct check_options options = {.path = call->arguments[0]};
    if (!parse_stories(call, &options.stories))
        return CLI_MISUSE;
    if (cli_given(call, "json"))
        return check_json(call, &options);
    int status = check_to(call, &options, call->out);
    if (status == CLI_FOUND)
        name_explanation(call, options.path);
    return status;
}

const struct cli_verb verb_check = {
    .name = "check",
    .arguments = "FILE.db",
    .needed = "a record",
    .summary = "Judge whether a recorded run refined the abstract map",
    .details =
        "Three judge: the rules in SQL, over the record; the checker in C, over the recorded events; and "
        "the\n"
        "same checker that ran along, whose findings are in the record. The checker has to say over the "
        "record\n"
        "exactly what it said along with the run, and SQL has to name the same pages under the same rules.\n"
        "Each violation is told with its rule, cycle, core and address, and the events that led there.\n"
        "Exit status 1 says that there are violations or findings, or that the judges differ.\n",
    .least = 1,
    .most = 1,
    .options = check_options,
    .run = run_check,
};
