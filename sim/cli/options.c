#include <getopt.h>
#include <string.h>

#include "sim/cli/verb.h"
#include "sim/nearest.h"

/* getopt's answer for the first option of a verb; letters and '?' and ':' lie below. */
#define FIRST_OPTION 256

/* What getopt_long wants, made from a verb's options, and --help behind them. */
struct tables {
    struct option longs[CLI_OPTIONS_MAX + 2];
    char shorts[2 * CLI_OPTIONS_MAX + 4];
    const char *names[CLI_OPTIONS_MAX + 1];
    size_t count;
};

static void add_option(struct tables *tables, const struct cli_option *option)
{
    tables->names[tables->count] = option->name;
    tables->longs[tables->count] = (struct option){
        .name = option->name,
        .has_arg = option->argument ? required_argument : no_argument,
        .val = FIRST_OPTION + (int)tables->count,
    };
    tables->count++;
    char *end = tables->shorts + strlen(tables->shorts);
    if (option->letter)
        (void)snprintf(end, 3, "%c%s", option->letter, option->argument ? ":" : "");
}

static void make_tables(const struct cli_verb *verb, struct tables *tables)
{
    static const struct cli_option help = {.name = "help", .letter = 'h'};
    memset(tables, 0, sizeof *tables);
    tables->shorts[0] = ':'; /* a missing value is answered apart from an unknown option */
    for (int i = 0; verb->options[i].name; i++)
        add_option(tables, &verb->options[i]);
    add_option(tables, &help);
}

/* The option that getopt speaks of, by its letter or its name: an index of the verb's, or of --help. */
static int option_of(const struct cli_verb *verb, int answer)
{
    int i = 0;
    while (answer < FIRST_OPTION && verb->options[i].name && verb->options[i].letter != answer)
        i++;
    return answer < FIRST_OPTION ? i : answer - FIRST_OPTION;
}

static enum cli_parse refuse_unknown(const struct cli_call *call, const struct tables *tables,
                                     const char *word)
{
    char words[64];
    const char *verb = cli_verb_words(call->verb, words, sizeof words);
    if (optopt && optopt < FIRST_OPTION) {
        cli_say(call->err, "%s has no option -%c; 'mmusim %s --help' lists its options", verb, optopt, verb);
        return CLI_REFUSED;
    }
    char name[64];
    int length = (int)strcspn(word + 2, "=");
    (void)snprintf(name, sizeof name, "%.*s", length, word + 2);
    const char *nearest = nearest_name(name, tables->names, tables->count);
    if (optopt)
        cli_say(call->err, "option --%s of %s takes no value", tables->names[optopt - FIRST_OPTION], verb);
    else if (nearest)
        cli_say(call->err, "%s has no option --%s; the nearest is --%s", verb, name, nearest);
    else
        cli_say(call->err, "%s has no option --%s; 'mmusim %s --help' lists its options", verb, name, verb);
    return CLI_REFUSED;
}

static enum cli_parse refuse_missing_value(const struct cli_call *call)
{
    char words[64];
    const struct cli_option *option = &call->verb->options[option_of(call->verb, optopt)];
    cli_say(call->err, "option --%s of %s needs a value: --%s %s", option->name,
            cli_verb_words(call->verb, words, sizeof words), option->name, option->argument);
    return CLI_REFUSED;
}

static enum cli_parse parse_options(struct cli_call *call, int argc, char **argv)
{
    struct tables tables;
    make_tables(call->verb, &tables);
    opterr = 0; /* the messages are ours */
    optind = 0; /* begin anew, also after another command line */
    for (;;) {
        int answer = getopt_long(argc, argv, tables.shorts, tables.longs, NULL);
        if (answer < 0)
            return CLI_PARSED;
        if (answer == '?')
            return refuse_unknown(call, &tables, argv[optind - 1]);
        if (answer == ':')
            return refuse_missing_value(call);
        int option = option_of(call->verb, answer);
        if (!call->verb->options[option].name)
            return CLI_WANTS_HELP;
        call->values[option] = optarg ? optarg : "";
    }
}

static enum cli_parse check_count(const struct cli_call *call)
{
    char words[64];
    const struct cli_verb *verb = call->verb;
    const char *name = cli_verb_words(verb, words, sizeof words);
    if (call->argument_count < verb->least) {
        cli_say(call->err, "%s needs %s: mmusim %s %s", name, verb->needed, name, verb->arguments);
        return CLI_REFUSED;
    }
    if (call->argument_count > verb->most) {
        cli_say(call->err, "'%s' is one argument too many: mmusim %s%s%s", call->arguments[verb->most], name,
                *verb->arguments ? " " : "", verb->arguments);
        return CLI_REFUSED;
    }
    return CLI_PARSED;
}

enum cli_parse cli_parse(struct cli_call *call, int argc, char **argv)
{
    enum cli_parse parsed = parse_options(call, argc, argv);
    if (parsed != CLI_PARSED)
        return parsed;
    call->arguments = argv + optind;
    call->argument_count = argc - optind;
    return check_count(call);
}

static int index_of(const struct cli_call *call, const char *name)
{
    for (int i = 0; call->verb->options[i].name; i++)
        if (strcmp(call->verb->options[i].name, name) == 0)
            return i;
    return -1;
}

const char *cli_value(const struct cli_call *call, const char *name)
{
    int index = index_of(call, name);
    return index < 0 ? NULL : call->values[index];
}

bool cli_given(const struct cli_call *call, const char *name)
{
    return cli_value(call, name) != NULL;
}

bool cli_format_of(const struct cli_call *call, enum cli_format *format)
{
    if (cli_given(call, "json") && cli_given(call, "csv")) {
        cli_say(call->err, "--json and --csv cannot both be the format: give one of them");
        return false;
    }
    *format = cli_given(call, "json") ? CLI_JSON : cli_given(call, "csv") ? CLI_CSV : CLI_TEXT;
    return true;
}
