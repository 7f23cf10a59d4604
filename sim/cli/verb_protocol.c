#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli/format.h"
#include "sim/cli/verb.h"
#include "sim/protocol/log_check.h"
#include "sim/record/protocols.h"

#define KEPT 20 /* violations of a record that are told */

static const struct cli_option protocol_options[] = {
    {"json", NULL, "one JSON object", 0},
    {0},
};

/* What became of one log. */
struct judged {
    const char *path;
    uint64_t events;
    bool violated;
    struct protocol_violation violation;
    char src[LOG_SRC_BYTES];         /* of the event that broke the rule */
    char related_src[LOG_SRC_BYTES]; /* of the earlier one */
};

static bool say_wrong(const struct cli_call *call, const struct log_reader *reader, enum log_result result)
{
    if (result == LOG_WRONG)
        cli_say(call->err, "%s", reader->text);
    return result != LOG_WRONG;
}

static bool judge_events(const struct cli_call *call, struct log_reader *reader, struct log_check *check,
                         struct judged *judged)
{
    struct log_event event;
    enum log_result result;
    enum log_verdict verdict = LOG_FINE;
    while (verdict == LOG_FINE && (result = log_next(reader, &event)) == LOG_EVENT) {
        judged->events++;
        verdict = log_check_step(check, &event);
    }
    if (verdict == LOG_FINE)
        return say_wrong(call, reader, result);
    if (verdict == LOG_REFUSED)
        cli_say(call->err, "%s:%llu: %s", judged->path, (unsigned long long)event.line,
                log_check_sentence(check));
    if (verdict == LOG_NO_MEMORY)
        cli_say(call->err, "'%s' cannot be judged without memory", judged->path);
    if (verdict != LOG_VIOLATED)
        return false;
    judged->violated = true;
    judged->violation = *log_check_violation(check);
    (void)snprintf(judged->src, sizeof judged->src, "%s", event.src);
    return true;
}

/* The source's place that the event in this line names: the file is read again as far as that. */
static void find_src(const char *path, uint64_t line, char *src)
{
    struct log_reader reader;
    struct log_event event;
    FILE *file = line == PROTOCOL_NOWHERE ? NULL : fopen(path, "rb");
    if (!file)
        return;
    log_open(&reader, file, path);
    while (log_next(&reader, &event) == LOG_EVENT)
        if (event.line == line) {
            (void)snprintf(src, LOG_SRC_BYTES, "%s", event.src);
            break;
        }
    (void)fclose(file);
}

static bool judge_log(const struct cli_call *call, struct judged *judged)
{
    struct log_reader reader;
    FILE *file = fopen(judged->path, "rb");
    if (!file) {
        cli_say(call->err, "'%s' cannot be opened: %s", judged->path, strerror(errno));
        return false;
    }
    struct log_check *check = log_check_create();
    if (!check)
        cli_say(call->err, "'%s' cannot be judged without memory", judged->path);
    log_open(&reader, file, judged->path);
    bool fine = check && judge_events(call, &reader, check, judged);
    log_check_destroy(check);
    (void)fclose(file);
    if (fine && judged->violated)
        find_src(judged->path, judged->violation.related.at, judged->related_src);
    return fine;
}

static void print_text(const struct judged *judged, FILE *out)
{
    const struct protocol_violation *violation = &judged->violation;
    if (!judged->violated) {
        (void)fprintf(out, "%s: clean, %s events\n", judged->path, format_count(judged->events).text);
        return;
    }
    const struct protocol_rule_row *rule = protocol_rule_row(violation->rule);
    (void)fprintf(out, "%s:%llu: %s: %s%s%s%s\n", judged->path, (unsigned long long)violation->mark.at,
                  rule->name, violation->text, judged->src[0] ? " (" : "", judged->src,
                  judged->src[0] ? ")" : "");
    if (violation->related.at != PROTOCOL_NOWHERE)
        (void)fprintf(out, "    %s:%llu: the earlier event%s%s%s\n", judged->path,
                      (unsigned long long)violation->related.at, judged->related_src[0] ? " (" : "",
                      judged->related_src, judged->related_src[0] ? ")" : "");
    (void)fprintf(out, "    the rule: %s (%s)\n", rule->text, rule->source);
}

static void print_member(FILE *out, const char *name, const char *text)
{
    (void)fprintf(out, ", \"%s\": ", name);
    print_json_string(out, text);
}

static void print_json(const struct judged *judged, FILE *out)
{
    const struct protocol_violation *violation = &judged->violation;
    (void)fputs("{\"log\": ", out);
    print_json_string(out, judged->path);
    (void)fprintf(out, ", \"events\": %llu, \"verdict\": \"%s\"", (unsigned long long)judged->events,
                  judged->violated ? "violation" : "clean");
    if (judged->violated) {
        print_member(out, "rule", protocol_rule_row(violation->rule)->name);
        (void)fprintf(out, ", \"line\": %llu, \"thread\": %u", (unsigned long long)violation->mark.at,
                      violation->agent);
        print_member(out, "src", judged->src);
        if (violation->related.at != PROTOCOL_NOWHERE) {
            (void)fprintf(out, ", \"related_line\": %llu", (unsigned long long)violation->related.at);
            print_member(out, "related_src", judged->related_src);
        }
        print_member(out, "text", violation->text);
        print_member(out, "source", protocol_rule_row(violation->rule)->source);
    }
    (void)fputs("}", out);
}

/* ---- Records ------------------------------------------------------------------------------------- */

static bool is_record(const char *path)
{
    static const char magic[] = "SQLite format 3";
    char begin[sizeof magic] = "";
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    size_t read = fread(begin, 1, sizeof begin, file);
    (void)fclose(file);
    return read == sizeof begin && memcmp(begin, magic, sizeof magic) == 0;
}

static void print_record(const char *path, const struct record_protocol *judged, FILE *out)
{
    for (size_t i = 0; i < judged->count; i++) {
        const struct protocol_violation *violation = &judged->list[i];
        (void)fprintf(out, "%s: %s: cycle %llu core %u space %u 0x%llx\n    %s\n", path,
                      protocol_rule_row(violation->rule)->name, (unsigned long long)violation->mark.at,
                      violation->agent + 1u, violation->root, (unsigned long long)violation->va,
                      violation->text);
    }
    if (judged->violations > judged->count)
        (void)fprintf(out, "%s: these are the first %zu of %s violations\n", path, judged->count,
                      format_count(judged->violations).text);
    if (judged->spaces == 0)
        (void)fprintf(out,
                      "%s: not applied: no address space has an Arm format, and other architectures have no "
                      "such protocol\n",
                      path);
    else if (judged->violations == 0)
        (void)fprintf(out, "%s: clean, %s events, %u address space%s judged\n", path,
                      format_count(judged->events).text, judged->spaces, judged->spaces == 1 ? "" : "s");
    if (judged->unjudged > 0)
        (void)fprintf(out, "%s: not judged: %s entries, since too many were unclean at once\n", path,
                      format_count(judged->unjudged).text);
}

static void print_record_json(const char *path, const struct record_protocol *judged, FILE *out)
{
    (void)fputs("{\"record\": ", out);
    print_json_string(out, path);
    (void)fprintf(out,
                  ", \"events\": %llu, \"verdict\": \"%s\", \"spaces\": %u, "
                  "\"entries_not_judged\": %llu, \"violation_count\": %llu, \"violations\": [",
                  (unsigned long long)judged->events, judged->violations ? "violation" : "clean",
                  judged->spaces, (unsigned long long)judged->unjudged,
                  (unsigned long long)judged->violations);
    for (size_t i = 0; i < judged->count; i++) {
        const struct protocol_violation *violation = &judged->list[i];
        (void)fprintf(out, "%s{\"rule\": \"%s\", \"cycle\": %llu, \"core\": %u, \"space\": %u, \"va\": %llu",
                      i ? ", " : "", protocol_rule_row(violation->rule)->name,
                      (unsigned long long)violation->mark.at, violation->agent + 1u, violation->root,
                      (unsigned long long)violation->va);
        if (violation->related.at != PROTOCOL_NOWHERE)
            (void)fprintf(out, ", \"related_cycle\": %llu", (unsigned long long)violation->related.at);
        print_member(out, "text", violation->text);
        (void)fputs("}", out);
    }
    (void)fputs("]}", out);
}

static int judge_record(const struct cli_call *call, const char *path, const char *separator)
{
    struct record_protocol judged;
    struct record_error error;
    if (!record_protocol(path, KEPT, &judged, &error)) {
        cli_say(call->err, "%s", error.text);
        free(judged.list);
        return CLI_MISUSE;
    }
    (void)fputs(separator, call->out);
    if (cli_given(call, "json"))
        print_record_json(path, &judged, call->out);
    else
        print_record(path, &judged, call->out);
    free(judged.list);
    return judged.violations ? CLI_FOUND : CLI_FINE;
}

/* ---- The verb ------------------------------------------------------------------------------------ */

static int judge_file(const struct cli_call *call, const char *path, const char *separator)
{
    struct judged judged = {.path = path};
    if (is_record(path))
        return judge_record(call, path, separator);
    if (!judge_log(call, &judged))
        return CLI_MISUSE;
    (void)fputs(separator, call->out);
    (cli_given(call, "json") ? print_json : print_text)(&judged, call->out);
    return judged.violated ? CLI_FOUND : CLI_FINE;
}

static int run_protocol(const struct cli_call *call)
{
    bool json = cli_given(call, "json");
    const char *separator = json ? "\n" : "";
    int worst = CLI_FINE;
    if (json)
        (void)fputs("{\"judged\": [", call->out);
    for (int i = 0; i < call->argument_count; i++) {
        int status = judge_file(call, call->arguments[i], separator);
        worst = status > worst ? status : worst;
        if (json && status != CLI_MISUSE)
            separator = ",\n";
    }
    if (json)
        (void)fputs("\n]}\n", call->out);
    return worst;
}

const struct cli_verb verb_protocol = {
    .name = "protocol",
    .arguments = "LOG|FILE.db...",
    .needed = "a log or a record",
    .summary = "Judge whether page-table code keeps break-before-make",
    .details =
        "Of a record, the tables of address spaces with Arm formats are judged: each store to a live entry, "
        "by\n"
        "the barriers and invalidations around it. Other architectures have no such rule.\n"
        "A log is in the format of the casemate checker: one event of a hypervisor's page-table code a "
        "line.\n"
        "It is judged by the same protocol of live tables and by the format's own: locks, owners, roots. "
        "Its\n"
        "first violation is told with the rule, the line, and the earlier line that it conflicts with.\n"
        "Exit status 1 says that there is a violation, 2 that a file could not be judged to its end.\n",
    .least = 1,
    .most = CLI_ARGUMENTS_MANY,
    .options = protocol_options,
    .run = run_protocol,
};
