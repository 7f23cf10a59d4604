#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli/vectors_report.h"
#include "sim/cli/verb.h"

#define ROWS 10

static const struct cli_option vectors_options[] = {
    {"rows", "N", "print the first N rows that differ, or all of them; otherwise 10", 0},
    {"id", "ID", "only the rows with this id, in full: every column, and each word read or written", 0},
    {"json", NULL, "one JSON object with every row that differs", 0},
    {0},
};

static bool parse_rows(const struct cli_call *call, unsigned long *rows)
{
    const char *text = cli_value(call, "rows");
    uint64_t number;
    *rows = cli_given(call, "json") || (text && strcmp(text, "all") == 0) ? ULONG_MAX : ROWS;
    if (!text || strcmp(text, "all") == 0)
        return true;
    if (cli_is_number(text, &number)) {
        *rows = number;
        return true;
    }
    cli_say(call->err, "--rows is '%s'; it must be a whole number, 0 or more, or 'all'", text);
    return false;
}

static bool replay_folders(const struct cli_call *call, struct vectors_report *report)
{
    const struct vectors_visitor visitor = {
        .context = report, .file = vectors_report_file, .row = vectors_report_row};
    struct vectors_failure failure;
    for (int i = 0; i < call->argument_count; i++) {
        if (!vectors_run(call->arguments[i], &visitor, &failure)) {
            cli_say(call->err, "%s", failure.text);
            return false;
        }
        if (report->out_of_memory) {
            cli_say(call->err, "the rows cannot be counted without memory");
            return false;
        }
    }
    return true;
}

/* That nothing was compared is no success. */
static int judge(const struct cli_call *call, const struct vectors_report *report)
{
    const unsigned long *rows = report->summary.rows;
    unsigned long met = rows[VECTORS_EXCLUDED] + rows[VECTORS_UNSUPPORTED];
    if (rows[VECTORS_DIFFERS] > 0)
        return CLI_FOUND;
    if (rows[VECTORS_AGREES] > 0 || (report->id != NULL && met > 0))
        return CLI_FINE;
    if (met > 0)
        cli_say(call->err, "no row was compared: each one is excluded or unsupported");
    else if (report->id != NULL)
        cli_say(call->err, "no row has the id '%s'", report->id);
    else
        cli_say(call->err,
                "there are no rows in '%s'%s; a folder with CSV files of vectors, and their images "
                "in a folder images inside it, would be right",
                call->arguments[0], call->argument_count > 1 ? " and the other folders" : "");
    return CLI_MISUSE;
}

static void print_report(const struct cli_call *call, const struct vectors_report *report, const char *files,
                         const char *rows)
{
    if (report->json) {
        vectors_report_end_json(report, files, rows, call->out);
        return;
    }
    (void)fputs(files, call->out);
    (void)fputs(rows, call->out);
    vectors_report_end(report, call->out);
}

/* Nothing is printed before everything is known: a refusal is a sentence and nothing else, and JSON an
 * object. */
static int replay_and_print(const struct cli_call *call, struct vectors_report *report)
{
    struct cli_capture rows, files;
    int status = CLI_MISUSE;
    if (!cli_capture_open(&rows, call->err))
        return CLI_MISUSE;
    if (!cli_capture_open(&files, call->err)) {
        free(cli_capture_close(&rows, call->err));
        return CLI_MISUSE;
    }
    report->rows = rows.stream;
    report->files = files.stream;
    bool fine = replay_folders(call, report);
    char *rows_text = cli_capture_close(&rows, call->err);
    char *files_text = cli_capture_close(&files, call->err);
    if (fine && rows_text && files_text)
        status = judge(call, report);
    if (status != CLI_MISUSE)
        print_report(call, report, files_text, rows_text);
    free(rows_text);
    free(files_text);
    return status;
}

static int run_vectors(const struct cli_call *call)
{
    struct vectors_report report = {.json = cli_given(call, "json"), .id = cli_value(call, "id")};
    if (!parse_rows(call, &report.limit))
        return CLI_MISUSE;
    int status = replay_and_print(call, &report);
    vectors_summary_release(&report.summary);
    return status;
}

const struct cli_verb verb_vectors = {
    .name = "vectors",
    .arguments = "DIR...",
    .needed = "a folder with vectors",
    .summary = "Replay what other implementations did with crafted tables",
    .details =
        "A folder holds CSV files, each row of which is one access and what another implementation "
        "answered,\n"
        "images/NAME.img with the memory and registers that rows begin with, and perhaps suspect_ids.csv,\n"
        "the rows that are not to be believed. pagetables/vectors/README.md describes the files. Each row is "
        "replayed\n"
        "through the walk engines. Rows that differ are printed with what was expected and what came out;\n"
        "then how many rows are excluded, unsupported or have a column left open, by reason; last the "
        "counts.\n"
        "Exit status 1 says that a row differs, 2 also that no row was compared.\n",
    .least = 1,
    .most = CLI_ARGUMENTS_MANY,
    .options = vectors_options,
    .run = run_vectors,
};
