#include <string.h>

#include "sim/cli/verb.h"

#define OPTION_COLUMN 26 /* where the texts of options begin */

/* One line a verb; of a group, or of all for NULL. False if there is none. */
static bool print_verbs(const char *group, FILE *out)
{
    const struct cli_verb *verb;
    bool any = false;
    for (unsigned i = 0; (verb = cli_verb_at(i)); i++) {
        char usage[64];
        char words[64];
        if (group && (!verb->group || strcmp(verb->group, group) != 0))
            continue;
        (void)snprintf(usage, sizeof usage, "%s %s", cli_verb_words(verb, words, sizeof words),
                       verb->arguments);
        (void)fprintf(out, "  %-32s %s\n", usage, verb->summary);
        any = true;
    }
    return any;
}

bool cli_print_group(const char *group, FILE *out)
{
    const struct cli_verb *verb;
    for (unsigned i = 0; (verb = cli_verb_at(i)); i++)
        if (verb->group && strcmp(verb->group, group) == 0)
            break;
    if (!verb)
        return false;
    (void)fprintf(out, "usage: mmusim %s VERB [OPTION...] [ARGUMENT...]\n\n", group);
    return print_verbs(group, out);
}

void cli_print_usage(FILE *out)
{
    (void)fputs(
        "mmusim simulates memory-management hardware, cycle by cycle, under page tables of your choice.\n"
        "\n"
        "usage: mmusim VERB [OPTION...] [ARGUMENT...]\n"
        "\n",
        out);
    (void)print_verbs(NULL, out);
    (void)fputs("\n"
                "mmusim VERB --help says more about a verb; mmusim --version prints the version.\n"
                "\n"
                "Results go to standard output, errors and progress to standard error. Exit status: 0 fine,\n"
                "1 a check found something, 2 wrong use or failure.\n",
                out);
}

static void print_option(const struct cli_option *option, FILE *out)
{
    char left[64];
    char letter[8] = "    ";
    if (option->letter)
        (void)snprintf(letter, sizeof letter, "-%c, ", option->letter);
    (void)snprintf(left, sizeof left, "%s--%s%s%s", letter, option->name, option->argument ? " " : "",
                   option->argument ? option->argument : "");
    (void)fprintf(out, "  %-*s %s\n", OPTION_COLUMN, left, option->text);
}

void cli_print_help(const struct cli_verb *verb, FILE *out)
{
    static const struct cli_option help = {.name = "help", .letter = 'h', .text = "this text"};
    char words[64];
    (void)fprintf(out, "usage: mmusim %s [OPTION...]%s%s\n\n%s.\n\n",
                  cli_verb_words(verb, words, sizeof words), *verb->arguments ? " " : "", verb->arguments,
                  verb->summary);
    if (verb->details)
        (void)fprintf(out, "%s\n", verb->details);
    for (int i = 0; verb->options[i].name; i++)
        print_option(&verb->options[i], out);
    print_option(&help, out);
}

static int run_help(const struct cli_call *call)
{
    int words;
    if (call->argument_count == 0) {
        cli_print_usage(call->out);
        return CLI_FINE;
    }
    if (call->argument_count == 1 && cli_print_group(call->arguments[0], call->out))
        return CLI_FINE;
    const struct cli_verb *verb = cli_verb_find(call->arguments, call->argument_count, &words, call->err);
    if (!verb)
        return CLI_MISUSE;
    if (words < call->argument_count)
        return cli_refuse(call, "'%s' is one word too many: name one verb", call->arguments[words]);
    cli_print_help(verb, call->out);
    return CLI_FINE;
}

const struct cli_verb verb_help = {
    .name = "help",
    .arguments = "[VERB]",
    .summary = "Explain a verb, or say which there are",
    .most = 2,
    .options = (const struct cli_option[]){{0}},
    .run = run_help,
};
