#include "sim/cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli/format.h"
#include "sim/cli/verb.h"
#include "sim/nearest.h"
#include "sim/version.h"

#define VERBS_MAX 16

static const struct cli_verb *const verbs[] = {
    &verb_run,    &verb_check,      &verb_explain, &verb_shrink,  &verb_explore, &verb_query, &verb_protocol,
    &verb_litmus, &verb_trace_info, &verb_vectors, &verb_conform, &verb_mutants, &verb_list,  &verb_help,
};

#define VERBS (sizeof verbs / sizeof *verbs)

_Static_assert(VERBS <= VERBS_MAX, "cli_verb_find has room for the verbs' names");

const struct cli_verb *cli_verb_at(unsigned index)
{
    return index < VERBS ? verbs[index] : NULL;
}

const char *cli_verb_words(const struct cli_verb *verb, char *buffer, size_t bytes)
{
    (void)snprintf(buffer, bytes, "%s%s%s", verb->group ? verb->group : "", verb->group ? " " : "",
                   verb->name);
    return buffer;
}

/* `word` is none of the verbs (of the group, unless it is NULL). */
static void refuse_word(const char *group, const char *word, FILE *err)
{
    const char *names[VERBS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < VERBS; i++) {
        if (!group)
            names[count++] = verbs[i]->group ? verbs[i]->group : verbs[i]->name;
        else if (verbs[i]->group && strcmp(verbs[i]->group, group) == 0)
            names[count++] = verbs[i]->name;
    }
    const char *nearest = nearest_name(word, names, count);
    const char *before = group ? group : "";
    const char *space = group ? " " : "";
    if (nearest)
        cli_say(err, "there is no verb '%s%s%s'; the nearest is '%s%s%s'", before, space, word, before, space,
                nearest);
    else
        cli_say(err, "there is no verb '%s%s%s'; 'mmusim --help' lists them", before, space, word);
}

const struct cli_verb *cli_verb_find(char *const *arguments, int count, int *words, FILE *err)
{
    const char *group = NULL;
    for (size_t i = 0; i < VERBS; i++) {
        const struct cli_verb *verb = verbs[i];
        *words = verb->group ? 2 : 1;
        if (strcmp(arguments[0], verb->group ? verb->group : verb->name) != 0)
            continue;
        if (!verb->group || (count > 1 && strcmp(arguments[1], verb->name) == 0))
            return verb;
        group = verb->group;
    }
    if (group && count < 2)
        cli_say(err, "'%s' needs a second word; 'mmusim --help' lists the verbs", group);
    else
        refuse_word(group, arguments[group ? 1 : 0], err);
    return NULL;
}

static char *command_line(int argc, char *const *argv, FILE *err)
{
    struct cli_capture capture;
    if (!cli_capture_open(&capture, err))
        return NULL;
    for (int i = 0; i < argc; i++) {
        (void)fputs(i > 0 ? " " : "", capture.stream);
        print_shell_word(capture.stream, i > 0 ? argv[i] : "mmusim");
    }
    return cli_capture_close(&capture, err);
}

static int run_verb(const struct cli_verb *verb, int argc, char **argv, struct cli_call *call)
{
    call->verb = verb;
    switch (cli_parse(call, argc, argv)) {
    case CLI_REFUSED:
        return CLI_MISUSE;
    case CLI_WANTS_HELP:
        cli_print_help(verb, call->out);
        return CLI_FINE;
    case CLI_PARSED:
        break;
    }
    return verb->run(call);
}

static int find_and_run(int argc, char **argv, FILE *out, FILE *err)
{
    int words;
    struct cli_call call = {.out = out, .err = err};
    const struct cli_verb *verb = cli_verb_find(argv + 1, argc - 1, &words, err);
    if (!verb)
        return CLI_MISUSE;
    char *line = command_line(argc, argv, err);
    if (!line)
        return CLI_MISUSE;
    call.command_line = line;
    int status = run_verb(verb, argc - words, argv + words, &call);
    free(line);
    return status;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int dispatch(int argc, char **argv, FILE *out, FILE *err)
{
    const char *first = argc > 1 ? argv[1] : "";
    if (argc < 2) {
        cli_say(err, "name a verb: 'mmusim --help' lists them");
        return CLI_MISUSE;
    }
    if (is_help(first)) {
        cli_print_usage(out);
        return CLI_FINE;
    }
    if (strcmp(first, "--version") == 0) {
        (void)fprintf(out, "mmusim %s\n", mmusim_version());
        return CLI_FINE;
    }
    if (first[0] == '-') {
        cli_say(err,
                "'%s' stands before the verb, where only --help and --version may: mmusim VERB [OPTION...]",
                first);
        return CLI_MISUSE;
    }
    if (argc == 3 && is_help(argv[2]) && cli_print_group(first, out))
        return CLI_FINE;
    return find_and_run(argc, argv, out, err);
}

int cli_main(int argc, char **argv, FILE *out, FILE *err)
{
    int status = dispatch(argc, argv, out, err);
    errno = 0;
    bool failed_before = ferror(out) != 0;
    if (fflush(out) == 0 && !failed_before)
        return status;
    if (status != CLI_MISUSE) /* else it has been said */
        cli_say(err, "the output could not be written%s%s", errno ? ": " : "", errno ? strerror(errno) : "");
    return CLI_MISUSE;
}
