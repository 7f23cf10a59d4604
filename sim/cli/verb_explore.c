#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/cli/explore_report.h"
#include "sim/cli/format.h"
#include "sim/cli/verb.h"
#include "sim/explore_script.h"

#define TIMINGS_TRIED 1000u

static const struct cli_option explore_options[] = {
    {"memory", "SIZE", "the most that states and all else may take, such as 512M; otherwise 2G", 0},
    {"states", "N", "ends when there are more distinct states than this", 0},
    {"all", NULL, "goes on after the first finding, visits every state and counts what it finds", 0},
    {"harm", NULL, "only what goes wrong, not the break of the protocol of live tables that lets it", 0},
    {"trace", NULL, "tell a shortest run to each outcome that is reached, the allowed ones, too", 0},
    {"output", "FILE.lua", "the replay of the first finding, for 'mmusim run'; otherwise it is printed", 'o'},
    {"force", NULL, "replace a script that is already there", 'f'},
    {"quiet", NULL, "no report and no progress; a replay only if it has a name", 'q'},
    {"json", NULL, "the report as one JSON object", 0},
    {0},
};

struct exploring {
    const struct cli_call *call;
    struct memory_budget budget;
    uint64_t states_max;
    struct explore_script *script;
    struct exploration_config config;
    struct exploration *exploration;
    struct search *search;
};

/* ---- options --------------------------------------------------------------------------------------- */

static bool parse_size(const struct cli_call *call, const char *option, uint64_t *bytes)
{
    static const char suffixes[] = "KMGT";
    const char *text = cli_value(call, option);
    char digits[32];
    if (!text)
        return true;
    size_t length = strlen(text);
    const char *suffix = length > 0 ? strchr(suffixes, text[length - 1]) : NULL;
    unsigned shift = suffix ? 10 * (unsigned)(suffix - suffixes + 1) : 0;
    (void)snprintf(digits, sizeof digits, "%.*s", (int)(length - (suffix != NULL)), text);
    if (length < sizeof digits && cli_is_number(digits, bytes) && *bytes > 0 && *bytes <= SIZE_MAX >> shift) {
        *bytes <<= shift;
        return true;
    }
    cli_say(call->err, "--%s is '%s'; it must be a number of bytes, such as 512M or 4G", option, text);
    return false;
}

static bool parse(struct exploring *exploring)
{
    const struct cli_call *call = exploring->call;
    const char *output = cli_value(call, "output");
    uint64_t bytes = SEARCH_BYTES_STANDARD;
    if (!parse_size(call, "memory", &bytes) ||
        !cli_number(call, "states", 1, UINT32_MAX - 2, &exploring->states_max))
        return false;
    exploring->budget.bytes_max = (size_t)bytes;
    if (output && !cli_given(call, "force") && access(output, F_OK) == 0) {
        cli_say(call->err, "'%s' is there already; --force replaces it", output);
        return false;
    }
    return true;
}

/* ---- searching ------------------------------------------------------------------------------------- */

static bool tell_progress(void *context, const struct search_figures *figures)
{
    FILE *err = context;
    (void)fprintf(err, "\r%s states, %s to look at, depth %u ", format_count(figures->states).text,
                  format_count(figures->states - figures->expanded).text, figures->depth);
    (void)fflush(err);
    return true;
}

static bool open_script(struct exploring *exploring)
{
    const struct cli_call *call = exploring->call;
    const struct explore_script_options options = {.script = call->arguments[0],
                                                   .arguments = (const char *const *)(call->arguments + 1),
                                                   .argument_count = call->argument_count - 1,
                                                   .budget = &exploring->budget};
    char error[1024];
    exploring->script = explore_script_open(&options, error, sizeof error);
    if (!exploring->script) {
        cli_say(call->err, "%s", error);
        return false;
    }
    exploring->config = *explore_script_config(exploring->script);
    exploring->config.refinement_alone |= cli_given(call, "harm");
    exploring->exploration = exploration_create(&exploring->config, error, sizeof error);
    if (!exploring->exploration)
        cli_say(call->err, "%s", error);
    return exploring->exploration != NULL;
}

static bool open_search(struct exploring *exploring)
{
    const struct cli_call *call = exploring->call;
    bool tells = !cli_given(call, "quiet") && call->err == stderr && isatty(STDERR_FILENO);
    const struct search_model model = exploration_model(exploring->exploration);
    const struct search_config config = {.budget = &exploring->budget,
                                         .states_max = (uint32_t)exploring->states_max,
                                         .go_on = cli_given(call, "all") ||
                                                  explore_script_outcome_count(exploring->script) > 0,
                                         .progress = tells ? tell_progress : NULL,
                                         .progress_context = call->err};
    exploring->search = search_create(&model, &config);
    if (!exploring->search)
        cli_say(call->err, "there is no memory for even the smallest search");
    return exploring->search != NULL;
}

/* ---- the replay ------------------------------------------------------------------------------------ */

static void print_comment_line(void *context, const char *text)
{
    (void)fprintf(context, "--   %s\n", text);
}

static void comment_on(void *context, const struct story_line *line)
{
    (void)fprintf(context, "--   %3zu  core %u: %s%s\n", line->transition, line->core + 1, line->mark,
                  line->text);
}

/* What stands at the beginning of a replay: where it comes from, and the run. */
static void write_comment(const struct explore_report *report, const struct story_run *run, FILE *out)
{
    const struct story_teller teller = {comment_on, out};
    char first[STORY_TEXT_BYTES + 64];
    explore_report_first(report, first, sizeof first);
    (void)fprintf(out, "-- %s\n--\n-- The shortest run to it that `mmusim explore` has found (%s):\n--\n",
                  first, report->script);
    story_tell(report->exploration, run, &teller);
    (void)fputs("--\n-- at the end\n", out);
    const struct story_transition *last = &run->transitions[run->count - 1];
    const struct story_reader reader = {print_comment_line, out};
    story_end(report->exploration, last->from, last->label, &reader);
    (void)fputs("--\n-- Each call below has the number of its step; the waits keep their order.\n", out);
}

/* False without memory or processes. Nothing is made if there is no run. */
static bool make_replay(const struct exploring *exploring, struct explore_report *report,
                        struct explore_replay *replay)
{
    const struct search_finding *broken = explore_report_broken(exploring->search);
    struct cli_capture capture;
    struct story_run run;
    if (!broken || (cli_given(exploring->call, "quiet") && !report->output))
        return true;
    if (!story_run_make(exploring->search, broken, &run))
        return false;
    bool fine = run.count > 0 && cli_capture_open(&capture, exploring->call->err);
    if (fine) {
        write_comment(report, &run, capture.stream);
        char *comment = cli_capture_close(&capture, exploring->call->err);
        const struct explore_replay_options options = {.script = report->script,
                                                       .table = explore_script_table(exploring->script),
                                                       .comment = comment,
                                                       .tries_max = TIMINGS_TRIED};
        fine = comment && explore_replay_make(exploring->exploration, &run, &options, replay);
        free(comment);
        report->replay = fine ? replay : NULL;
    }
    fine = fine || run.count == 0;
    story_run_free(&run);
    return fine;
}

static bool write_output(const struct exploring *exploring, const struct explore_report *report)
{
    const struct cli_call *call = exploring->call;
    FILE *file = fopen(report->output, cli_given(call, "force") ? "w" : "wx");
    bool written = file && fputs(report->replay->text, file) >= 0;
    if (file)
        written = fclose(file) == 0 && written;
    if (!written)
        cli_say(call->err, "the replay cannot be written to '%s': %s", report->output, strerror(errno));
    return written;
}

/* ---- the verb -------------------------------------------------------------------------------------- */

static int status_of(const struct explore_report *report)
{
    if (explore_report_violations(report->search) > 0 || search_figures(report->search)->deadlocks > 0 ||
        explore_report_reaches_forbidden(report))
        return CLI_FOUND;
    return report->outcome == SEARCH_COMPLETE ? CLI_FINE : CLI_MISUSE;
}

/* What is said on standard error: why it ended early; with --quiet the first finding, too. */
static void say_end(const struct exploring *exploring, const struct explore_report *report)
{
    char text[2 * STORY_TEXT_BYTES];
    if (report->outcome == SEARCH_FOUND || report->outcome == SEARCH_COMPLETE)
        explore_report_first(report, text, sizeof text);
    else
        (void)search_sentence(exploring->search, text, sizeof text);
    bool quiet = cli_given(exploring->call, "quiet");
    if (text[0] && (quiet || (report->outcome != SEARCH_FOUND && report->outcome != SEARCH_COMPLETE)))
        cli_say(exploring->call->err, "%s", text);
}

static int tell(const struct exploring *exploring, struct explore_report *report)
{
    const struct cli_call *call = exploring->call;
    struct explore_replay replay = {0};
    int status = status_of(report);
    bool fine = make_replay(exploring, report, &replay);
    if (fine && report->replay && report->output)
        fine = write_output(exploring, report);
    else if (!fine)
        cli_say(call->err, "there is not enough memory for the replay");
    if (fine && cli_given(call, "json"))
        fine = explore_report_print_json(report, call->out);
    else if (fine && !cli_given(call, "quiet"))
        fine = explore_report_print(report, call->out);
    say_end(exploring, report);
    report->replay = NULL;
    explore_replay_free(&replay);
    return fine ? status : CLI_MISUSE;
}

static int explore(struct exploring *exploring)
{
    const struct cli_call *call = exploring->call;
    if (!open_script(exploring) || !open_search(exploring))
        return CLI_MISUSE;
    struct explore_report report = {.script = call->arguments[0],
                                    .config = &exploring->config,
                                    .exploration = exploring->exploration,
                                    .search = exploring->search,
                                    .described = exploring->script,
                                    .trace = cli_given(call, "trace"),
                                    .output = cli_value(call, "output")};
    report.outcome = search_run(exploring->search);
    if (call->err == stderr && !cli_given(call, "quiet") && isatty(STDERR_FILENO))
        (void)fputs("\r\033[K", call->err);
    return tell(exploring, &report);
}

static int run_explore(const struct cli_call *call)
{
    struct exploring exploring = {.call = call};
    if (!parse(&exploring))
        return CLI_MISUSE;
    int status = explore(&exploring);
    search_destroy(exploring.search);
    exploration_destroy(exploring.exploration);
    explore_script_close(exploring.script);
    return status;
}

const struct cli_verb verb_explore = {
    .name = "explore",
    .arguments = "SCRIPT.lua [ARG...]",
    .needed = "a script",
    .summary = "Try every interleaving of a script's programs and their hardware",
    .details =
        "The script describes a small machine, a page table and a program for each core "
        "(sim/lua/README.md).\n"
        "The C code of the page table, TLBs and walks take every order that there is; each state is judged.\n"
        "A finding comes with the shortest run to it, and with a script that makes the timed machine do the\n"
        "same, where it can.\n"
        "Where the script names outcomes (m:outcome), every state is visited, and each is told: reached or "
        "not.\n"
        "Exit status 1 says that there is a finding, or a forbidden outcome that is reached; 2 also that it "
        "ended early, for memory or states.\n",
    .least = 1,
    .most = CLI_ARGUMENTS_MANY,
    .options = explore_options,
    .run = run_explore,
};
