#include "sim/cli/litmus_report.h"

#include <string.h>

#include "sim/cli/format.h"

#define CONDITION_BYTES 512

static const char *verdict_name(enum litmus_verdict verdict)
{
    static const char *const names[] = {"", "Allowed", "Forbidden"};
    return names[verdict];
}

/* What a reader looks for. */
static const char *remark(const struct litmus_case *one)
{
    if (one->row.verdict == LITMUS_FORBIDDEN && one->result.reached)
        return "  WRONG: what is forbidden is reached";
    return one->row.verdict == LITMUS_ALLOWED && !one->result.reached ? "  what is allowed is not reached"
                                                                      : "";
}

/* ---- Counts ---- */

static void count(struct litmus_family *family, const struct litmus_case *one)
{
    bool reached = one->result.reached;
    family->tests++;
    family->allowed += one->row.verdict == LITMUS_ALLOWED;
    family->allowed_reached += one->row.verdict == LITMUS_ALLOWED && reached;
    family->forbidden += one->row.verdict == LITMUS_FORBIDDEN;
    family->forbidden_reached += one->row.verdict == LITMUS_FORBIDDEN && reached;
    family->unknown_reached += one->row.verdict == LITMUS_UNKNOWN && reached;
}

static struct litmus_family *family_of(struct litmus_report *report, const char *name)
{
    for (unsigned i = 0; i < report->families; i++)
        if (strcmp(report->family[i].name, name) == 0)
            return &report->family[i];
    if (report->families == LITMUS_FAMILIES) {
        report->full = true;
        return NULL;
    }
    struct litmus_family *family = &report->family[report->families++];
    *family = (struct litmus_family){0};
    memcpy(family->name, name, strlen(name) + 1);
    return family;
}

/* ---- One test ---- */

static void print_text(FILE *out, const struct litmus_case *one, const char *condition, const char *story)
{
    (void)fprintf(out, "%-52s %-11s %-9s  %s%s\n", one->name, one->result.reached ? "reached" : "not reached",
                  verdict_name(one->row.verdict), condition, remark(one));
    if (story == NULL)
        return;
    for (const char *line = story; *line != '\0';) {
        size_t bytes = strcspn(line, "\n");
        (void)fprintf(out, "    %.*s\n", (int)bytes, line);
        line += bytes + (line[bytes] == '\n');
    }
}

static void print_member(FILE *out, const char *name, const char *text)
{
    (void)fprintf(out, ", \"%s\": ", name);
    print_json_string(out, text);
}

static void print_story_json(FILE *out, const char *story)
{
    bool first = true;
    (void)fputs(", \"story\": [", out);
    for (const char *line = story; *line != '\0';) {
        char text[512];
        size_t bytes = strcspn(line, "\n");
        (void)snprintf(text, sizeof text, "%.*s", (int)bytes, line);
        (void)fputs(first ? "" : ", ", out);
        print_json_string(out, text);
        first = false;
        line += bytes + (line[bytes] == '\n');
    }
    (void)fputs("]", out);
}

static void print_json(const struct litmus_report *report, const struct litmus_case *one,
                       const char *condition, const char *story)
{
    FILE *out = report->out;
    (void)fputs(report->told > 0 ? ",\n  {\"test\": " : "\n  {\"test\": ", out);
    print_json_string(out, one->name);
    print_member(out, "file", one->path);
    print_member(out, "family", one->family);
    print_member(out, "outcome", condition);
    (void)fprintf(out, ", \"reached\": %s", one->result.reached ? "true" : "false");
    if (one->row.verdict == LITMUS_UNKNOWN)
        (void)fputs(", \"verdict\": null", out);
    else
        print_member(out, "verdict", verdict_name(one->row.verdict));
    (void)fprintf(out, ", \"states\": %u, \"depth\": %u", one->result.states, one->result.depth);
    if (story != NULL && one->result.reached)
        print_story_json(out, story);
    (void)fputs("}", out);
}

static void print_csv(FILE *out, const struct litmus_case *one, const char *condition)
{
    const char *fields[] = {one->name, one->path, one->family, condition, NULL};
    for (unsigned i = 0; fields[i] != NULL; i++) {
        print_csv_field(out, fields[i]);
        (void)fputs(",", out);
    }
    (void)fprintf(out, "%s,%s,%u,%u\n", one->result.reached ? "yes" : "no", verdict_name(one->row.verdict),
                  one->result.states, one->result.depth);
}

void litmus_report_begin(const struct litmus_report *report)
{
    if (report->format == CLI_JSON)
        (void)fprintf(report->out, "{\"ets2\": %s, \"tests\": [", report->ets2 ? "true" : "false");
    else if (report->format == CLI_CSV)
        (void)fputs("test,file,family,outcome,reached,verdict,states,depth\n", report->out);
}

void litmus_report_case(struct litmus_report *report, const struct litmus_case *one, const char *story)
{
    char condition[CONDITION_BYTES];
    struct litmus_family *family = family_of(report, one->family);
    if (family != NULL)
        count(family, one);
    count(&report->all, one);
    if (one->outcome != NULL)
        (void)snprintf(condition, sizeof condition, "%s", one->outcome);
    else
        (void)litmus_write_condition(one->test, condition, sizeof condition);
    if (report->format == CLI_JSON)
        print_json(report, one, condition, story);
    else if (report->format == CLI_CSV)
        print_csv(report->out, one, condition);
    else
        print_text(report->out, one, condition, story);
    report->told++;
}

/* ---- The end ---- */

static unsigned percent(unsigned part, unsigned whole)
{
    return whole == 0 ? 100 : part * 100 / whole; /* 100 is all of them */
}

static void end_text(const struct litmus_report *report)
{
    const struct litmus_family *all = &report->all;
    FILE *out = report->out;
    bool any = all->allowed + all->forbidden > 0;
    if (any)
        (void)fprintf(out, "\n%-20s %9s %9s %7s   %9s %9s\n", "family", "allowed", "reached", "share",
                      "forbidden", "reached");
    for (unsigned i = 0; any && i < report->families; i++) {
        const struct litmus_family *family = &report->family[i];
        if (family->allowed + family->forbidden == 0)
            continue;
        (void)fprintf(out, "%-20s %9u %9u ", family->name, family->allowed, family->allowed_reached);
        if (family->allowed > 0)
            (void)fprintf(out, "%5u %%", percent(family->allowed_reached, family->allowed));
        else
            (void)fprintf(out, "%7s", "");
        (void)fprintf(out, "   %9u %9u\n", family->forbidden, family->forbidden_reached);
    }
    (void)fprintf(out, "\n%u %s%s", all->tests, all->tests == 1 ? "test" : "tests",
                  report->ets2 ? " with FEAT_ETS2" : "");
    if (any)
        (void)fprintf(out, "; forbidden: %u of %u reached; allowed: %u of %u reached", all->forbidden_reached,
                      all->forbidden, all->allowed_reached, all->allowed);
    if (all->allowed + all->forbidden < all->tests)
        (void)fprintf(out, "; without a verdict: %u of %u reached", all->unknown_reached,
                      all->tests - all->allowed - all->forbidden);
    if (report->failed > 0)
        (void)fprintf(out, "; not explored: %u", report->failed);
    (void)fputs("\n", out);
}

static void print_family_json(FILE *out, const struct litmus_family *family)
{
    (void)fprintf(out,
                  "\"tests\": %u, \"allowed\": %u, \"allowed_reached\": %u, \"forbidden\": %u, "
                  "\"forbidden_reached\": %u}",
                  family->tests, family->allowed, family->allowed_reached, family->forbidden,
                  family->forbidden_reached);
}

static void end_json(const struct litmus_report *report)
{
    (void)fputs("],\n \"families\": [", report->out);
    for (unsigned i = 0; i < report->families; i++) {
        (void)fputs(i > 0 ? ",\n  {\"family\": " : "\n  {\"family\": ", report->out);
        print_json_string(report->out, report->family[i].name);
        (void)fputs(", ", report->out);
        print_family_json(report->out, &report->family[i]);
    }
    (void)fputs("],\n \"all\": {", report->out);
    print_family_json(report->out, &report->all);
    (void)fprintf(report->out, ", \"not_explored\": %u}\n", report->failed);
}

void litmus_report_end(const struct litmus_report *report)
{
    if (report->format == CLI_JSON)
        end_json(report);
    else if (report->format == CLI_TEXT)
        end_text(report);
}
