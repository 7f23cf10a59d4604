#include <stdlib.h>
#include <string.h>

#include "sim/cli/litmus_report.h"
#include "sim/cli/litmus_script.h"
#include "sim/cli/verb.h"

static const struct cli_option litmus_options[] = {
    {"ets2", NULL, "the machine has FEAT_ETS2, and verdicts are those with it", 0},
    {"trace", NULL, "tell a shortest run to each outcome that is reached, step by step", 0},
    {"window", "N", "instructions of a thread in flight, 1 to 8; otherwise 8", 0},
    {"json", NULL, "one JSON object", 0},
    {"csv", NULL, "RFC 4180, with a header", 0},
    {0},
};

/* One call. */
struct running {
    const struct cli_call *call;
    struct litmus_report report;
    FILE *story; /* of the test that is explored; NULL: stories are not told */
    char *story_text;
    size_t story_bytes;
};

static void hear(void *context, const char *line)
{
    struct running *running = context;
    (void)fprintf(running->story, "%s\n", line);
}

/* The story of the last test, "" if there is none. What is behind its 0 is of an earlier one. */
static const char *story_of(struct running *running)
{
    if (running->story == NULL)
        return NULL;
    return fputc('\0', running->story) != EOF && fflush(running->story) == 0 ? running->story_text : "";
}

static bool visit(void *context, const struct litmus_case *one)
{
    struct running *running = context;
    if (one->failure != NULL) {
        bool has_place = one->test == NULL; /* else the sentence begins with what happened */
        cli_say(running->call->err, "%s%s%s", has_place ? "" : one->path, has_place ? "" : ": ",
                one->failure);
        running->report.failed++;
    } else {
        litmus_report_case(&running->report, one, story_of(running));
    }
    if (running->story != NULL)
        rewind(running->story);
    return true;
}

static bool visit_script(void *context, const char *path)
{
    struct running *running = context;
    const struct litmus_visitor visitor = {.context = running, .visit = visit};
    const struct litmus_script_options options = {.tell = running->story != NULL ? hear : NULL,
                                                  .tell_context = running};
    return litmus_script_run(path, &options, &visitor);
}

static bool open_story(struct running *running, struct litmus_options *options)
{
    if (!cli_given(running->call, "trace"))
        return true;
    running->story = open_memstream(&running->story_text, &running->story_bytes);
    options->tell = hear;
    options->tell_context = running;
    if (running->story == NULL)
        cli_say(running->call->err, "stories cannot be told without memory");
    return running->story != NULL;
}

static bool explore_paths(struct running *running, const struct litmus_options *options)
{
    const struct litmus_visitor visitor = {.context = running, .visit = visit, .script = visit_script};
    struct vectors_failure failure;
    for (int i = 0; i < running->call->argument_count; i++) {
        if (litmus_suite_run(running->call->arguments[i], options, &visitor, &failure))
            continue;
        cli_say(running->call->err, "%s", failure.text);
        return false;
    }
    if (running->report.told + running->report.failed > 0)
        return true;
    cli_say(running->call->err,
            "there is no litmus test in '%s'%s; files NAME.litmus or NAME.lua would be right",
            running->call->arguments[0], running->call->argument_count > 1 ? " and the others" : "");
    return false;
}

/* Nothing is printed if what was asked for cannot be read. */
static int explore_and_print(struct running *running, const struct litmus_options *options)
{
    struct cli_capture capture;
    if (!cli_capture_open(&capture, running->call->err))
        return CLI_MISUSE;
    running->report.out = capture.stream;
    litmus_report_begin(&running->report);
    bool fine = explore_paths(running, options);
    if (fine)
        litmus_report_end(&running->report);
    char *text = cli_capture_close(&capture, running->call->err);
    if (fine && text != NULL)
        (void)fputs(text, running->call->out);
    fine = fine && text != NULL;
    free(text);
    if (!fine)
        return CLI_MISUSE;
    if (running->report.all.forbidden_reached > 0)
        return CLI_FOUND;
    return running->report.failed > 0 ? CLI_MISUSE : CLI_FINE;
}

static int run_litmus(const struct cli_call *call)
{
    struct litmus_options options = {.ets2 = cli_given(call, "ets2")};
    uint64_t window = LITMUS_WINDOW_MAX;
    struct running *running = calloc(1, sizeof *running);
    int status = CLI_MISUSE;
    if (running == NULL) {
        cli_say(call->err, "litmus tests cannot be explored without memory");
        return CLI_MISUSE;
    }
    running->call = call;
    running->report.ets2 = options.ets2;
    if (cli_format_of(call, &running->report.format) &&
        cli_number(call, "window", 1, LITMUS_WINDOW_MAX, &window) && open_story(running, &options)) {
        options.window = (uint8_t)window;
        status = explore_and_print(running, &options);
    }
    if (running->story != NULL)
        (void)fclose(running->story); /* a stream into memory */
    free(running->story_text);
    free(running);
    return status;
}

const struct cli_verb verb_litmus = {
    .name = "litmus",
    .arguments = "PATH...",
    .needed = "a litmus test, or a folder with some",
    .summary = "Try litmus tests of page tables and TLBs in every order on a small machine",
    .details =
        "A litmus test is a few instructions on a few threads in the syntax of herd (AArch64 with page "
        "tables),\n"
        "and an outcome: sim/litmus/README.md says what is read, and what the machine may do. Each test is\n"
        "explored exhaustively; of `forall`, a run that ends otherwise is what can be reached.\n"
        "Where a verdicts.csv lies beside the tests, or one folder above, what an architecture model says "
        "of\n"
        "the outcome is told, too; explorations in Lua (NAME.lua, sim/lua/README.md) say of each of their\n"
        "outcomes what is allowed. Then the share of the allowed ones that is reached, by family.\n"
        "Exit status 1 says that a forbidden outcome is reached, 2 also that a test could not be explored.\n",
    .least = 1,
    .most = CLI_ARGUMENTS_MANY,
    .options = litmus_options,
    .run = run_litmus,
};
