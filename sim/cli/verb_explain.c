#include "sim/cli/verb.h"
#include "sim/record/database.h"

static const struct cli_option explain_options[] = {
    {"va", "ADDRESS", "virtual address, hexadecimal or decimal; otherwise that of the first violation", 0},
    {"cycle", "N", "the moment; otherwise that of the first violation of the address", 0},
    {"space", "S", "address space, by its number; otherwise the one that has the address", 0},
    {"core", "C", "walks, TLBs and accesses of this core alone", 0},
    {"all", NULL, "leave nothing out, and say nothing in one", 0},
    {"json", NULL, "one JSON object, with every event", 0},
    {0},
};

/* False after saying why: the option's value is no number of at least `least`. */
static bool parse_number(const struct cli_call *call, const char *option, uint64_t least, const char *form,
                         uint64_t *number)
{
    const char *text = cli_value(call, option);
    if (!text || (cli_is_number(text, number) && *number >= least))
        return true;
    cli_say(call->err, "--%s is '%s'; it must be %s", option, text, form);
    return false;
}

static bool parse(const struct cli_call *call, struct explain_options *options)
{
    uint64_t space = 0, core = 0;
    *options = (struct explain_options){.path = call->arguments[0],
                                        .va_given = cli_given(call, "va"),
                                        .cycle_given = cli_given(call, "cycle"),
                                        .json = cli_given(call, "json"),
                                        .unfolded = cli_given(call, "all")};
    if (!parse_number(call, "va", 0, "an address: 0x400000 or 4194304", &options->va) ||
        !parse_number(call, "cycle", 0, "a whole number of cycles", &options->cycle) ||
        !parse_number(call, "space", 1, "the number of an address space, from 1", &space) ||
        !parse_number(call, "core", 1, "the number of a core, from 1", &core))
        return false;
    options->space = space > INT32_MAX ? INT32_MAX : (int64_t)space;
    options->core = core > INT32_MAX ? INT32_MAX : (int64_t)core;
    if (!options->cycle_given || options->va_given)
        return true;
    cli_say(call->err, "--cycle needs --va: which address is to be explained");
    return false;
}

static int run_explain(const struct cli_call *call)
{
    struct explain_options options;
    struct cli_capture said;
    if (!parse(call, &options) || !cli_capture_open(&said, call->err))
        return CLI_MISUSE;
    return cli_say_captured(&said, record_explain(&options, call->out, said.stream), call->err);
}

const struct cli_verb verb_explain = {
    .name = "explain",
    .arguments = "FILE.db",
    .needed = "a record",
    .summary = "Tell the story of one address at one moment, or of the first violation",
    .details = "What the abstract map said, what the table held, what each TLB and walk cache held, and what "
               "happened:\n"
               "operations, stores, invalidations, walks and accesses, in the order of cycles; '>>' marks "
               "the moment.\n",
    .least = 1,
    .most = 1,
    .options = explain_options,
    .run = run_explain,
};
