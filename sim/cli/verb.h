/*
 * Verbs of the command line: each is one row of data and one function. Parsing, help and messages about
 * wrong use come from the row.
 */
#ifndef MMUSIM_SIM_CLI_VERB_H
#define MMUSIM_SIM_CLI_VERB_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/cli/cli.h"

#define CLI_OPTIONS_MAX    16
#define CLI_ARGUMENTS_MANY 1000000

struct cli_option {
    const char *name;     /* without the dashes */
    const char *argument; /* what its value is called in the help; NULL: takes none */
    const char *text;     /* one line */
    char letter;          /* 0: has none */
};

struct cli_call;

struct cli_verb {
    const char *group; /* "trace" of "trace info"; NULL for most */
    const char *name;
    const char *arguments;            /* as in the help: "FILE.db [NAME|SQL]" */
    const char *needed;               /* names of the arguments that must be there: "FILE.db" */
    const char *summary;              /* one line */
    const char *details;              /* paragraphs of the help; NULL if the summary says it all */
    int least, most;                  /* how many arguments */
    const struct cli_option *options; /* ends with a NULL name */
    int (*run)(const struct cli_call *call);
};

/* One command line, parsed. Everything in it lives until the verb has run. */
struct cli_call {
    const struct cli_verb *verb;
    const char
        *values[CLI_OPTIONS_MAX]; /* by the verb's options; "" if given without a value; NULL: not given */
    char *const *arguments;       /* ends with NULL */
    int argument_count;
    const char *command_line; /* as a shell would take it */
    FILE *out, *err;
};

extern const struct cli_verb verb_run, verb_check, verb_query, verb_protocol, verb_litmus, verb_trace_info,
    verb_vectors, verb_conform, verb_explain, verb_shrink, verb_explore, verb_mutants, verb_list, verb_help;

/* In the order of the help; NULL past the end. */
const struct cli_verb *cli_verb_at(unsigned index);
/*
 * The verb that the first `count` words name; `*words` is how many of them it took. NULL with a sentence on
 * `err` if there is none.
 */
const struct cli_verb *cli_verb_find(char *const *arguments, int count, int *words, FILE *err);

/* The value of an option that the verb has; NULL: not given. */
const char *cli_value(const struct cli_call *call, const char *name);
bool cli_given(const struct cli_call *call, const char *name);

enum cli_parse { CLI_PARSED, CLI_WANTS_HELP, CLI_REFUSED };

/*
 * Parses what follows the verb, `argv[0]` being the verb itself. Options and arguments may be mixed; `--`
 * ends the options. CLI_REFUSED: one sentence was said.
 */
enum cli_parse cli_parse(struct cli_call *call, int argc, char **argv);

void cli_print_usage(FILE *out);
/* The verbs of a group; false, and nothing printed, if there is no such group. */
bool cli_print_group(const char *group, FILE *out);
void cli_print_help(const struct cli_verb *verb, FILE *out);
/* The verb's words: "trace info". `buffer` has room for them. */
const char *cli_verb_words(const struct cli_verb *verb, char *buffer, size_t bytes);

/* A text that is a whole number, decimal or hexadecimal, and nothing else. */
bool cli_is_number(const char *text, uint64_t *number);
/* The option's number; as it was if the option is not given. False after saying what would be right. */
bool cli_number(const struct cli_call *call, const char *option, uint64_t least, uint64_t most,
                uint64_t *number);

/* "mmusim: SENTENCE" and a newline. */
__attribute__((format(printf, 2, 3))) void cli_say(FILE *err, const char *format, ...);
/* CLI_MISUSE, after saying so. */
__attribute__((format(printf, 2, 3))) int cli_refuse(const struct cli_call *call, const char *format, ...);

/* A stream into memory. Both functions say so when memory is short. */
struct cli_capture {
    FILE *stream;
    char *text;
    size_t bytes;
};
bool cli_capture_open(struct cli_capture *capture, FILE *err);
/* The whole text, which the caller frees; NULL when memory was short. */
char *cli_capture_close(struct cli_capture *capture, FILE *err);
/* Each line of a text as a message. */
void cli_say_lines(FILE *err, const char *text);
/* Closes what a library said, and says each line of it. The status, or CLI_MISUSE when memory was short. */
int cli_say_captured(struct cli_capture *said, int status, FILE *err);

/* The machine-readable formats of one call: both at once is wrong use. */
enum cli_format { CLI_TEXT, CLI_JSON, CLI_CSV };
/* False after saying why. The verb has an option json; csv is asked for only if the verb has it. */
bool cli_format_of(const struct cli_call *call, enum cli_format *format);

#endif
