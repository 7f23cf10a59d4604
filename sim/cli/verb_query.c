#include "sim/cli/topics.h"
#include "sim/cli/verb.h"
#include "sim/record/database.h"

static const struct cli_option query_options[] = {
    {"json", NULL, "an array of objects", 0},
    {"csv", NULL, "RFC 4180, with a header", 0},
    {0},
};

static enum record_format record_format_of(enum cli_format format)
{
    return format == CLI_JSON ? RECORD_JSON : format == CLI_CSV ? RECORD_CSV : RECORD_TABLE;
}

/* The views are the same in every record, but only of a record they are of use. */
static int list_views(const struct cli_call *call, enum cli_format format)
{
    bool complete;
    struct record_error error;
    struct sqlite3 *database = record_database_open(call->arguments[0], &complete, &error);
    if (!database)
        return cli_refuse(call, "%s", error.text);
    record_database_close(database);
    return topic_print("views", format, call->out, call->err);
}

static int run_query(const struct cli_call *call)
{
    enum cli_format format;
    struct cli_capture said;
    if (!cli_format_of(call, &format))
        return CLI_MISUSE;
    if (call->argument_count == 1)
        return list_views(call, format);
    const struct query_options options = {
        .path = call->arguments[0],
        .query = call->arguments[1],
        .format = record_format_of(format),
    };
    if (!cli_capture_open(&said, call->err))
        return CLI_MISUSE;
    return cli_say_captured(&said, record_query(&options, call->out, said.stream), call->err);
}

const struct cli_verb verb_query = {
    .name = "query",
    .arguments = "FILE.db [NAME|SQL]",
    .needed = "a record",
    .summary = "Ask a record: a view or table by its name, or one SELECT",
    .details = "Without a question: the views, and what they show. The record is only read.\n",
    .least = 1,
    .most = 2,
    .options = query_options,
    .run = run_query,
};
