#include "sim/cli/topics.h"
#include "sim/cli/verb.h"

static const struct cli_option list_options[] = {
    {"json", NULL, "an array of objects", 0},
    {"csv", NULL, "RFC 4180, with a header", 0},
    {0},
};

static int run_list(const struct cli_call *call)
{
    enum cli_format format;
    if (!cli_format_of(call, &format))
        return CLI_MISUSE;
    if (call->argument_count > 0)
        return topic_print(call->arguments[0], format, call->out, call->err);
    topics_print(format, call->out);
    return CLI_FINE;
}

const struct cli_verb verb_list = {
    .name = "list",
    .arguments = "[TOPIC]",
    .summary = "List what there is: parameters, page tables, formats, counters, views, ...",
    .details = "Without a topic: the topics.\n",
    .most = 1,
    .options = list_options,
    .run = run_list,
};
