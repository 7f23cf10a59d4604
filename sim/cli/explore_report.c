#include "sim/cli/explore_report.h"

#include <inttypes.h>
#include <string.h>

#include "sim/cli/format.h"

#define COLUMN_WIDTH 46u /* of a core, beside another one */

/* ---- outcomes -------------------------------------------------------------------------------------- */

const struct search_finding *explore_report_broken(const struct search *search)
{
    size_t count;
    const struct search_finding *findings = search_findings(search, &count);
    for (size_t i = 0; i < count; i++)
        if (findings[i].rule < FINDING_OUTCOME)
            return &findings[i];
    return NULL;
}

uint64_t explore_report_violations(const struct search *search)
{
    size_t count;
    const struct search_finding *findings = search_findings(search, &count);
    uint64_t broken = search_figures(search)->violations;
    for (size_t i = 0; i < count; i++)
        broken -= findings[i].rule >= FINDING_OUTCOME ? findings[i].count : 0;
    return broken;
}

const struct search_finding *explore_report_run_to(const struct search *search, unsigned n)
{
    size_t count;
    const struct search_finding *findings = search_findings(search, &count);
    for (size_t i = 0; i < count; i++)
        if (findings[i].rule == FINDING_OUTCOME + n)
            return &findings[i];
    return NULL;
}

bool explore_report_reaches_forbidden(const struct explore_report *report)
{
    for (unsigned i = 0; i < explore_script_outcome_count(report->described); i++)
        if (explore_script_outcome(report->described, i)->forbidden &&
            explore_report_run_to(report->search, i))
            return true;
    return false;
}

static const char *verdict_of(const struct explore_outcome *outcome)
{
    return outcome->forbidden ? "forbidden" : "allowed";
}

/* Of a search that ended early it is not known. */
static const char *reached_text(const struct explore_report *report, const struct search_finding *run)
{
    if (run)
        return "reached";
    return report->outcome == SEARCH_COMPLETE ? "not reached" : "not reached so far";
}

static void print_outcomes(const struct explore_report *report, FILE *out)
{
    size_t width = 0;
    unsigned count = explore_script_outcome_count(report->described);
    for (unsigned i = 0; i < count; i++) {
        size_t length = strlen(explore_script_outcome(report->described, i)->name);
        width = length > width ? length : width;
    }
    for (unsigned i = 0; i < count; i++) {
        const struct explore_outcome *outcome = explore_script_outcome(report->described, i);
        (void)fprintf(out, "%s%-9s  %-*s  %s\n", i == 0 ? "\n" : "", verdict_of(outcome), (int)width,
                      outcome->name, reached_text(report, explore_report_run_to(report->search, i)));
    }
}

/* ---- figures --------------------------------------------------------------------------------------- */

static double rate_of(const struct search_figures *figures)
{
    return figures->seconds > 0 ? figures->states / figures->seconds : 0;
}

static void print_setting(const struct explore_report *report, FILE *out)
{
    const struct exploration_config *config = report->config;
    const struct small_config *machine = &config->machine;
    (void)fprintf(out, "%s, %s: %u core%s, TLBs of %u, ",
                  explore_script_has_table(report->described) ? config->table->name : "tables of the script",
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
    if (report->outcome == SEARCH_COMPLETE && explore_report_violations(report->search) == 0)
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

/* Of a forbidden outcome always. */
static bool print_outcome_story(const struct explore_report *report, unsigned n, FILE *out)
{
    const struct explore_outcome *outcome = explore_script_outcome(report->described, n);
    const struct search_finding *finding = explore_report_run_to(report->search, n);
    struct story_run run;
    if (!finding || (!outcome->forbidden && !report->trace))
        return true;
    if (!story_run_make(report->search, finding, &run))
        return false;
    (void)fprintf(out, "\n%s, which is %s\n", outcome->name, verdict_of(outcome));
    print_story(report, &run, out);
    story_run_free(&run);
    return true;
}

bool explore_report_print(const struct explore_report *report, FILE *out)
{
    size_t count;
    const struct search_finding *findings = search_findings(report->search, &count);
    bool fine = true;
    print_setting(report, out);
    print_figures(report, out);
    print_outcomes(report, out);
    for (size_t i = 0; i < count && fine; i++)
        if (findings[i].rule < FINDING_OUTCOME)
            fine = print_finding(report, &findings[i], &findings[i] == explore_report_broken(report->search),
                                 out);
    for (unsigned i = 0; i < explore_script_outcome_count(report->described) && fine; i++)
        fine = print_outcome_story(report, i, out);
    return fine;
}

static void first_forbidden(const struct explore_report *report, char *text, size_t text_bytes)
{
    for (unsigned i = 0; i < explore_script_outcome_count(report->described); i++) {
        const struct explore_outcome *outcome = explore_script_outcome(report->described, i);
        if (!outcome->forbidden || !explore_report_run_to(report->search, i))
            continue;
        (void)snprintf(text, text_bytes, "the outcome '%s' is forbidden, and reached", outcome->name);
        return;
    }
}

void explore_report_first(const struct explore_report *report, char *text, size_t text_bytes)
{
    const struct search_finding *broken = explore_report_broken(report->search);
    struct story_run run;
    char sentence[STORY_TEXT_BYTES] = "";
    text[0] = 0;
    if (!broken)
        first_forbidden(report, text, text_bytes);
    if (!broken || !story_run_make(report->search, broken, &run))
        return;
    sentence_of(report, &run, sentence);
    (void)snprintf(text, text_bytes, "%s: %s", exploration_finding_name(broken->rule), sentence);
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

static bool print_json_outcome(const struct explore_report *report, unsigned n, FILE *out)
{
    const struct explore_outcome *outcome = explore_script_outcome(report->described, n);
    const struct search_finding *finding = explore_report_run_to(report->search, n);
    struct telling telling = {.report = report, .out = out};
    const struct story_teller teller = {print_json_line, &telling};
    struct story_run run;
    (void)fprintf(out, "%s\n  {\"name\": ", n == 0 ? "" : ",");
    print_json_string(out, outcome->name);
    (void)fprintf(out, ", \"verdict\": \"%s\", \"reached\": %s", verdict_of(outcome),
                  finding ? "true" : "false");
    if (finding && (outcome->forbidden || report->trace)) {
        if (!story_run_make(report->search, finding, &run))
            return false;
        (void)fprintf(out, ", \"steps\": %zu, \"story\": [", run.count);
        story_tell(report->exploration, &run, &teller);
        (void)fputc(']', out);
        story_run_free(&run);
    }
    (void)fputc('}', out);
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
                  figures->states, figures->transitions, figures->depth,
                  explore_report_violations(report->search), figures->bytes);
    print_json_double(out, figures->seconds);
    (void)fputs(", \"states_per_second\": ", out);
    print_json_double(out, rate_of(figures));
    (void)fputs(",\n \"findings\": [", out);
    for (size_t i = 0; i < count && fine; i++)
        if (findings[i].rule < FINDING_OUTCOME)
            fine = print_json_finding(report, &findings[i],
                                      &findings[i] == explore_report_broken(report->search), out);
    (void)fputs("],\n \"outcomes\": [", out);
    for (unsigned i = 0; i < explore_script_outcome_count(report->described) && fine; i++)
        fine = print_json_outcome(report, i, out);
    (void)fputs("]}\n", out);
    return fine;
}
