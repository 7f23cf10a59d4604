#include <errno.h>
#include <string.h>

#include "sim/cli/format.h"
#include "sim/cli/verb.h"
#include "sim/protocol/log_check.h"

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

static int run_protocol(const struct cli_call *call)
{
    bool json = cli_given(call, "json"), first = true;
    int status = CLI_FINE;
    if (json)
        (void)fputs("{\"logs\": [", call->out);
    for (int i = 0; i < call->argument_count; i++) {
        struct judged judged = {.path = call->arguments[i]};
        if (!judge_log(call, &judged)) {
            status = CLI_MISUSE;
            continue;
        }
        if (judged.violated && status == CLI_FINE)
            status = CLI_FOUND;
        if (json)
            (void)fputs(first ? "\n" : ",\n", call->out);
        first = false;
        (json ? print_json : print_text)(&judged, call->out);
    }
    if (json)
        (void)fputs("\n]}\n", call->out);
    return status;
}

const struct cli_verb verb_protocol = {
    .name = "protocol",
    .arguments = "LOG...",
    .needed = "a log",
    .summary = "Judge whether logs of page-table code keep break-before-make",
    .details =
        "A log is in the format of the casemate checker: one event of a hypervisor's page-table code a "
        "line.\n"
        "Each is judged by the protocol of live Arm translation tables: break-before-make, frozen tables, "
        "locks,\n"
        "roots. The first violation of a log is told with its rule, its line, and the earlier line that it\n"
        "conflicts with. Exit status 1 says that a log has one, 2 that a log could not be read to its end.\n",
    .least = 1,
    .most = CLI_ARGUMENTS_MANY,
    .options = protocol_options,
    .run = run_protocol,
};
