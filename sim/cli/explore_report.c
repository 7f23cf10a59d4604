#include "sim/cli/explore_report.h"

#include <inttypes.h>
#include <string.h>

#include "sim/cli/format.h"

#define COLUMN_WIDTH 46u /* of a core, beside another one */

/* ---- figures --------------------------------------------------------------------------------------- */

static double rate_of(const struct search_figures *figures)
{
    return figures->seconds > 0 ? figures->states / figures->seconds : 0;
}

static void print_setting(const struct exploration_config *config, FILE *out)
{
    const struct small_config *machine = &config->machine;
    (void)fprintf(out, "%s, %s: %u core%s, TLBs of %u, ", config->table->name,
                  config->pagetable->format->name, machine->cores, machine->cores == 1 ? "" : "s",
                  machine->tlb_entries);
    if (machine->walk_cache_entries > 0)
        (void)fprintf(out, "walk caches of %u, ", machine->walk_cache_entries);
    (void)fprintf(out, "store buffers of %u\n", machine->store_buffer);
}

static void print_figures(const struct explore_report *report, FILE *out)
{
    const struct search_figures *figures = search_figures(report->search);
    (void)fprintf(out, "%s distinct states, %s transitions, depth %u\n", format_count(figures->states).text,
                  format_count(figures->transitions).text, figures->depth);
    (void)fprintf(out, "%.2f s, %s states/s, %s\n", figures->seconds,
                  format_count((uint64_t)rate_of(figures)).text, format_bytes(figures->bytes).text);
    if (report->outcome == SEARCH_COMPLETE && figures->violations == 0)
        (void)fputs("no interleaving breaks a rule\n", out);
    else if (report->outcome == SEARCH_COMPLETE)
        (void)fputs("every state was visited\n", out);
    else if (report->outcome == SEARCH_FOUND)
        (void)fputs("ended at the first finding; --all goes on\n", out);
    else
        (void)fputs("not all states were visited\n", out);
}

/* ---- stories --------------------------------------------------------------------------------------- */

struct telling {
    const struct explore_report *report;
    FILE *out;
    bool any;
};

/* As much of a text as fits into a line, at a blank if there is one. */
static size_t first_words(const char *text, size_t width)
{
    size_t length = strlen(text);
    if (length <= width)
        return length;
    for (size_t at = width; at > width / 2; at--)
        if (text[at] == ' ')
            return at;
    return width;
}

static void print_line(void *context, const struct story_line *line)
{
    const struct telling *telling = context;
    unsigned cores = telling->report->config->machine.cores;
    size_t width = line->core + 1 < cores ? COLUMN_WIDTH - 2 : 2 * COLUMN_WIDTH;
    int column = (int)(line->core * COLUMN_WIDTH);
    char marked[STORY_TEXT_BYTES + 4];
    const char *text = marked;
    (void)snprintf(marked, sizeof marked, "%s%s", line->mark, line->text);
    if (line->follows)
        (void)fprintf(telling->out, "      %*s", column, "");
    else
        (void)fprintf(telling->out, "%4zu  %*s", line->transition, column, "");
    for (;;) {
        size_t length = first_words(text, width);
        (void)fprintf(telling->out, "%.*s\n", (int)length, text);
        text += length;
        if (!*text)
            return;
        (void)fprintf(telling->out, "          %*s", column, "");
        text += *text == ' ';
        width = COLUMN_WIDTH - 6;
    }
}

static void print_end_line(void *context, const char *text)
{
    (void)fprintf(context, "  %s\n", text);
}

static void print_story(const struct explore_report *report, const struct story_run *run, FILE *out)
{
    struct telling telling = {.report = report, .out = out};
    const struct story_teller teller = {print_line, &telling};
    /* programs that cannot go on take no last step */
    size_t steps = run->count - (run->finding == FINDING_STUCK && run->count > 0);
    (void)fprintf(out, "the shortest run to it has %zu steps (* is hardware by itself):\n\n      ", steps);
    for (unsigned core = 0; core < report->config->machine.cores; core++) {
        char name[16];
        (void)snprintf(name, sizeof name, "core %u", core + 1);
        (void)fprintf(out, "%-*s", core + 1 < report->config->machine.cores ? (int)COLUMN_WIDTH : 0, name);
    }
    (void)fputc('\n', out);
    story_tell(report->exploration, run, &teller);
    if (run->count == 0)
        return;
    const struct story_transition *last = &run->transitions[run->count - 1];
    const struct story_reader reader = {print_end_line, out};
    (void)fputs("\nat the end\n", out);
    story_end(report->exploration, last->from, last->label, &reader);
}

/* ---- findings -------------------------------------------------------------------------------------- */

static void sentence_of(const struct explore_report *report, const struct story_run *run,
                        char text[STORY_TEXT_BYTES])
{
    if (run->count == 0) {
        (void)snprintf(text, STORY_TEXT_BYTES, "the rule is broken before any program begins");
        return;
    }
    const struct story_transition *last = &run->transitions[run->count - 1];
    story_finding(report->exploration, last->from, last->label, run->finding, text);
}

static void print_replay(const struct explore_report *report, FILE *out)
{
    const struct explore_replay *replay = report->replay;
    (void)fputc('\n', out);
    if (replay->reproduced)
        (void)fputs("the timed machine does the same, and its checker finds the same rule: ", out);
    else
        (void)fprintf(out, "no replay on the timed machine: %s; the operations are in ", replay->why_not);
    if (report->output)
        (void)fprintf(out, "%s\n", report->output);
    else
        (void)fprintf(out, "this script\n\n%s", replay->text);
}

static bool print_finding(const struct explore_report *report, const struct search_finding *finding,
                          bool first, FILE *out)
{
    struct story_run run;
    char sentence[STORY_TEXT_BYTES];
    if (!story_run_make(report->search, finding, &run))
        return false;
    sentence_of(report, &run, sentence);
    (void)fprintf(out, "\n%s: %s\n", exploration_finding_name(finding->rule), sentence);
    if (finding->count > 1)
        (void)fprintf(out, "that rule is broken in %s places\n", format_count(finding->count).text);
    print_story(report, &run, out);
    if (first && report->replay)
        print_replay(report, out);
    story_run_free(&run);
    return true;
}

bool explore_report_print(const struct explore_report *report, FILE *out)
{
    size_t count;
    const struct search_finding *findings = search_findings(report->search, &count);
    bool fine = true;
    print_setting(report->config, out);
    print_figures(report, out);
    for (size_t i = 0; i < count && fine; i++)
        fine = print_finding(report, &findings[i], i == 0, out);
    return fine;
}

void explore_report_first(const struct explore_report *report, char *text, size_t text_bytes)
{
    size_t count;
    const struct search_finding *findings = search_findings(report->search, &count);
    struct story_run run;
    char sentence[STORY_TEXT_BYTES] = "";
    if (count == 0 || !story_run_make(report->search, &findings[0], &run)) {
        text[0] = 0;
        return;
    }
    sentence_of(report, &run, sentence);
    (void)snprintf(text, text_bytes, "%s: %s", exploration_finding_name(findings[0].rule), sentence);
    story_run_free(&run);
}

/* ---- JSON ------------------------------------------------------------------------------------------ */

static const char *outcome_name(enum search_outcome outcome)
{
    static const char *const names[] = {
        [SEARCH_COMPLETE] = "complete",         [SEARCH_FOUND] = "found",
        [SEARCH_STATES_LIMIT] = "states-limit", [SEARCH_DEPTH_LIMIT] = "depth-limit",
        [SEARCH_MEMORY_LIMIT] = "memory-limit", [SEARCH_NO_MEMORY] = "no-memory",
        [SEARCH_REFUSED] = "refused",           [SEARCH_STOPPED] = "stopped"};
    return names[outcome];
}

static void print_json_line(void *context, const struct story_line *line)
{
    struct telling *telling = context;
    (void)fprintf(telling->out, "%s\n    {\"step\": %zu, \"core\": %u, \"text\": ", telling->any ? "," : "",
                  line->transition, line->core);
    print_json_string(telling->out, line->text);
    (void)fprintf(telling->out, ", \"hardware\": %s}", line->mark[0] == '*' ? "true" : "false");
    telling->any = true;
}

struct json_end {
    FILE *out;
    bool any;
};

static void print_json_end_line(void *context, const char *text)
{
    struct json_end *end = context;
    (void)fputs(end->any ? ", " : "", end->out);
    print_json_string(end->out, text);
    end->any = true;
}

static void print_json_replay(const struct explore_replay *replay, FILE *out)
{
    (void)fprintf(out, ",\n   \"replay\": {\"reproduced\": %s, \"timings_tried\": %u, \"why_not\": ",
                  replay->reproduced ? "true" : "false", replay->tried);
    print_json_string(out, replay->why_not);
    (void)fputs(", \"script\": ", out);
    print_json_string(out, replay->text);
    (void)fputc('}', out);
}

static bool print_json_finding(const struct explore_report *report, const struct search_finding *finding,
                               bool first, FILE *out)
{
    struct story_run run;
    char sentence[STORY_TEXT_BYTES];
    struct telling telling = {.report = report, .out = out};
    const struct story_teller teller = {print_json_line, &telling};
    struct json_end end = {.out = out};
    const struct story_reader reader = {print_json_end_line, &end};
    if (!story_run_make(report->search, finding, &run))
        return false;
    sentence_of(report, &run, sentence);
    (void)fprintf(out, "%s\n  {\"rule\": \"%s\", \"count\": %" PRIu64 ", \"sentence\": ", first ? "" : ",",
                  exploration_finding_name(finding->rule), finding->count);
    print_json_string(out, sentence);
    (void)fprintf(out, ",\n   \"steps\": %zu, \"story\": [", run.count);
    story_tell(report->exploration, &run, &teller);
    (void)fputs("],\n   \"end\": [", out);
    if (run.count > 0)
        story_end(report->exploration, run.transitions[run.count - 1].from,
                  run.transitions[run.count - 1].label, &reader);
    (void)fputc(']', out);
    if (first && report->replay)
        print_json_replay(report->replay, out);
    (void)fputc('}', out);
    story_run_free(&run);
    return true;
}

bool explore_report_print_json(const struct explore_report *report, FILE *out)
{
    const struct search_figures *figures = search_figures(report->search);
    size_t count;
    const struct search_finding *findings = search_findings(report->search, &count);
    char sentence[SEARCH_TEXT_BYTES];
    bool fine = true;
    (void)search_sentence(report->search, sentence, sizeof sentence);
    (void)fputs("{\"script\": ", out);
    print_json_string(out, report->script);
    (void)fprintf(out, ",\n \"table\": \"%s\", \"format\": \"%s\",\n \"outcome\": \"%s\", \"sentence\": ",
                  report->config->table->name, report->config->pagetable->format->name,
                  outcome_name(report->outcome));
    print_json_string(out, sentence);
    (void)fprintf(out,
                  ",\n \"states\": %" PRIu32 ", \"transitions\": %" PRIu64 ", \"depth\": %" PRIu32
                  ", \"violations\": %" PRIu64 ", \"bytes\": %zu,\n \"seconds\": ",
                  figures->states, figures->transitions, figures->depth, figures->violations, figures->bytes);
    print_json_double(out, figures->seconds);
    (void)fputs(", \"states_per_second\": ", out);
    print_json_double(out, rate_of(figures));
    (void)fputs(",\n \"findings\": [", out);
    for (size_t i = 0; i < count && fine; i++)
        fine = print_json_finding(report, &findings[i], i == 0, out);
    (void)fputs("]}\n", out);
    return fine;
}
