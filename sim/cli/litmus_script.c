#include "sim/cli/litmus_script.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/cli/explore_report.h"
#include "sim/explore_script.h"

/* One script. */
struct scripted {
    const char *path;
    const struct litmus_script_options *options;
    const struct litmus_visitor *visitor;
    struct memory_budget budget;
    struct explore_script *script;
    struct exploration *exploration;
    struct search *search;
    char failure[1024];
};

/* What happened in the script's text has its place already. */
static void fail(struct scripted *scripted, const char *why)
{
    bool has_place = strncmp(why, scripted->path, strlen(scripted->path)) == 0;
    (void)snprintf(scripted->failure, sizeof scripted->failure, "%s%s%s", has_place ? "" : scripted->path,
                   has_place ? "" : ": ", why);
}

static bool open_script(struct scripted *scripted)
{
    const struct explore_script_options options = {.script = scripted->path, .budget = &scripted->budget};
    scripted->script = explore_script_open(&options, scripted->failure, sizeof scripted->failure);
    if (scripted->script == NULL)
        return false;
    if (explore_script_outcome_count(scripted->script) == 0) {
        fail(scripted, "names no outcome; m:outcome(name, verdict, f) names one");
        return false;
    }
    char why[sizeof scripted->failure / 2];
    scripted->exploration = exploration_create(explore_script_config(scripted->script), why, sizeof why);
    if (scripted->exploration == NULL)
        fail(scripted, why);
    return scripted->exploration != NULL;
}

static bool explore(struct scripted *scripted)
{
    const struct search_model model = exploration_model(scripted->exploration);
    const struct search_config config = {.budget = &scripted->budget, .go_on = true};
    char sentence[SEARCH_TEXT_BYTES];
    scripted->search = search_create(&model, &config);
    if (scripted->search == NULL) {
        fail(scripted, "there is no memory");
        return false;
    }
    enum search_outcome outcome = search_run(scripted->search);
    uint64_t broken = explore_report_violations(scripted->search);
    (void)search_sentence(scripted->search, sentence, sizeof sentence);
    if (outcome != SEARCH_COMPLETE)
        fail(scripted, sentence);
    else if (broken > 0)
        fail(scripted, "breaks a rule, and 'mmusim explore' tells which");
    return outcome == SEARCH_COMPLETE && broken == 0;
}

/* ---- stories ---- */

static void tell_line(void *context, const struct story_line *line)
{
    const struct litmus_script_options *options = context;
    char text[2 * STORY_TEXT_BYTES];
    (void)snprintf(text, sizeof text, "core %u: %s%s", line->core + 1, line->mark, line->text);
    options->tell(options->tell_context, text);
}

static void tell_run(const struct scripted *scripted, const struct search_finding *finding)
{
    struct litmus_script_options options = *scripted->options;
    const struct story_teller teller = {tell_line, &options};
    struct story_run run;
    if (!story_run_make(scripted->search, finding, &run))
        return;
    story_tell(scripted->exploration, &run, &teller);
    story_run_free(&run);
}

/* ---- cases ---- */

/* The script's name without its ending, and the name of its folder as the family. */
static void name_case(struct litmus_case *one, const char *path, char name[LITMUS_NAME_BYTES])
{
    const char *slash = strrchr(path, '/');
    const char *file = slash != NULL ? slash + 1 : path;
    (void)snprintf(name, LITMUS_NAME_BYTES, "%.*s", (int)strcspn(file, "."), file);
    if (slash == NULL)
        return;
    const char *folder = slash;
    while (folder > path && folder[-1] != '/')
        folder--;
    (void)snprintf(one->family, sizeof one->family, "%.*s", (int)(slash - folder), folder);
}

static bool visit_outcome(const struct scripted *scripted, unsigned n)
{
    const struct explore_outcome *outcome = explore_script_outcome(scripted->script, n);
    const struct search_figures *figures = search_figures(scripted->search);
    const struct search_finding *run = explore_report_run_to(scripted->search, n);
    char name[LITMUS_NAME_BYTES];
    struct litmus_case one = {.path = scripted->path, .name = name, .outcome = outcome->name};
    one.row.verdict = outcome->forbidden ? LITMUS_FORBIDDEN : LITMUS_ALLOWED;
    one.result.reached = run != NULL;
    one.result.complete = true;
    one.result.states = figures->states;
    one.result.depth =
        run != NULL ? (uint32_t)search_path(scripted->search, run->state, NULL, 0) : figures->depth;
    name_case(&one, scripted->path, name);
    if (run != NULL && scripted->options->tell != NULL)
        tell_run(scripted, run);
    return scripted->visitor->visit(scripted->visitor->context, &one);
}

bool litmus_script_run(const char *path, const struct litmus_script_options *options,
                       const struct litmus_visitor *visitor)
{
    struct scripted scripted = {
        .path = path, .options = options, .visitor = visitor, .budget = {.bytes_max = SEARCH_BYTES_STANDARD}};
    bool goes_on = true;
    if (open_script(&scripted) && explore(&scripted)) {
        for (unsigned n = 0; goes_on && n < explore_script_outcome_count(scripted.script); n++)
            goes_on = visit_outcome(&scripted, n);
    } else {
        const struct litmus_case failed = {.path = path, .failure = scripted.failure};
        goes_on = visitor->visit(visitor->context, &failed);
    }
    search_destroy(scripted.search);
    exploration_destroy(scripted.exploration);
    explore_script_close(scripted.script);
    return goes_on;
}
