#include <string.h>

#include "sim/cli/trace_info.h"
#include "sim/cli/verb.h"

#define RECORDS_LOOKED_AT 256 /* for the first instructions */

static const struct cli_option trace_info_options[] = {
    {"json", NULL, "one JSON object", 0},
    {0},
};

static bool read_info(const char *path, struct trace_info *info, struct trace_error *error)
{
    struct trace_reader *reader = trace_open(path, error);
    if (!reader)
        return false;
    int status = trace_info_read(reader, info, error);
    trace_close(reader);
    return status == 0;
}

static void decode_first(struct trace_facts *facts, struct decoder *decoder,
                         const struct trace_record *records, long count)
{
    for (long i = 0; i < count && facts->first_count < TRACE_FIRST_INSTRUCTIONS; i++)
        if (records[i].kind == TRACE_INSTRUCTION && records[i].bytes_count > 0)
            facts->first[facts->first_count++] =
                *decoder_decode(decoder, records[i].va, records[i].bytes, records[i].bytes_count);
}

/* The file is opened again, since a reader goes only forwards; it was read to its end before. */
static bool read_first_instructions(struct trace_facts *facts, struct trace_error *error)
{
    struct trace_record records[RECORDS_LOOKED_AT];
    bool arm = strcmp(facts->info.architecture, decode_architecture_name(DECODE_AARCH64)) == 0;
    struct trace_reader *reader = trace_open(facts->path, error);
    if (!reader)
        return false;
    struct decoder *decoder = decoder_open(arm ? DECODE_AARCH64 : DECODE_X86_64);
    long count = 0;
    if (decoder)
        count = trace_read(reader, records, RECORDS_LOOKED_AT, error);
    else
        (void)snprintf(error->text, sizeof error->text,
                       "'%s': its instructions cannot be decoded without memory", facts->path);
    if (decoder && count > 0)
        decode_first(facts, decoder, records, count);
    decoder_close(decoder);
    trace_close(reader);
    return decoder && count >= 0;
}

static int run_trace_info(const struct cli_call *call)
{
    struct trace_facts facts = {.path = call->arguments[0]};
    struct trace_error error;
    if (!read_info(facts.path, &facts.info, &error))
        return cli_refuse(call, "%s", error.text);
    if (facts.info.instructions_with_bytes > 0 && !read_first_instructions(&facts, &error))
        return cli_refuse(call, "%s", error.text);
    if (cli_given(call, "json"))
        trace_facts_print_json(&facts, call->out);
    else
        trace_facts_print(&facts, call->out);
    return CLI_FINE;
}

const struct cli_verb verb_trace_info = {
    .group = "trace",
    .name = "info",
    .arguments = "FILE",
    .needed = "a trace",
    .summary = "Say what a trace contains: format, counts, pages, addresses",
    .details = "The format and the compression are detected from the content. The whole trace is read, and\n"
               "checked on the way. The architecture is a guess from its instructions.\n",
    .least = 1,
    .most = 1,
    .options = trace_info_options,
    .run = run_trace_info,
};
