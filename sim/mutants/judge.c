/* What both judges say of one record: a process of its own, in which nothing is mutated. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli/cli.h"
#include "sim/mutants/jobs.h"
#include "sim/record/database.h"

/* The answer to a query as lines of RFC 4180 without the header; the caller frees it. NULL on failure. */
static char *ask(const char *database, const char *query)
{
    const struct query_options options = {.path = database, .query = query, .format = RECORD_CSV};
    char *text = NULL;
    size_t bytes;
    FILE *stream = open_memstream(&text, &bytes);
    if (!stream)
        return NULL;
    int status = record_query(&options, stream, stderr);
    if (fclose(stream) != 0 || status != CLI_FINE) {
        free(text);
        return NULL;
    }
    char *rest = strchr(text, '\n');
    char *rows = rest ? strdup(rest + 1) : NULL;
    free(text);
    return rows;
}

#define RULES_MAX  64
#define RULE_BYTES 48

/* What one judge found: rules in order, each once, and the first cycle. */
struct said {
    char rules[RULES_MAX][RULE_BYTES];
    size_t count;
    long long cycle; /* -1: none */
};

static void add_rule(struct said *said, const char *name, size_t length)
{
    char rule[RULE_BYTES];
    (void)snprintf(rule, sizeof rule, "%.*s", (int)length, name);
    size_t place = 0;
    while (place < said->count && strcmp(said->rules[place], rule) < 0)
        place++;
    if (said->count == RULES_MAX || (place < said->count && strcmp(said->rules[place], rule) == 0))
        return;
    memmove(said->rules[place + 1], said->rules[place], (said->count++ - place) * RULE_BYTES);
    memcpy(said->rules[place], rule, RULE_BYTES);
}

/* One row of the check's JSON: {"rule": "NAME", ..., "cycle": NUMBER, ...}. */
static void add_row(struct said *said, const char *row)
{
    static const char rule_key[] = "\"rule\": \"", cycle_key[] = "\"cycle\": ";
    const char *rule = strstr(row, rule_key), *cycle = strstr(row, cycle_key);
    if (!rule)
        return;
    rule += strlen(rule_key);
    add_rule(said, rule, strcspn(rule, "\""));
    if (!cycle || strncmp(cycle + strlen(cycle_key), "null", 4) == 0)
        return;
    long long value = strtoll(cycle + strlen(cycle_key), NULL, 10);
    if (said->cycle < 0 || value < said->cycle)
        said->cycle = value;
}

static void print_said(const char *key, const struct said *said)
{
    printf("%s ", key);
    for (size_t i = 0; i < said->count; i++)
        printf("%s%s", i > 0 ? ", " : "", said->rules[i]);
    printf("\n");
}

/* The rows behind the verdict: members of an object, a row a line. */
static void tell_rows(char *members)
{
    static const char *const names[] = {"\"violations\"", "\"record_findings\"", "\"checker_findings\""};
    static const char *const keys[] = {"sql", "record", "along"};
    struct said said[3] = {{.cycle = -1}, {.cycle = -1}, {.cycle = -1}};
    size_t member = 3;
    char *rest = members;
    for (char *line; (line = strtok_r(rest, "\n", &rest)) != NULL;) {
        if (line[0] == '"')
            for (member = 0; member < 3 && strncmp(line, names[member], strlen(names[member])) != 0;)
                member++;
        else if (member < 3)
            add_row(&said[member], line);
    }
    for (size_t i = 0; i < 3; i++)
        print_said(keys[i], &said[i]);
    if (said[0].cycle >= 0)
        printf("cycle %lld\n", said[0].cycle);
}

/* What the check prints. */
static void tell_verdict(const char *text)
{
    if (strstr(text, "the judges agree"))
        (void)puts("agree");
    if (!strstr(text, "the judges differ") && !strstr(text, "could not go on"))
        (void)puts("agree-on-record");
}

/* Gives the check's exit status. */
static int check(const char *database)
{
    char *text = NULL, *members = NULL;
    size_t text_bytes, member_bytes;
    FILE *out = open_memstream(&text, &text_bytes), *rows = open_memstream(&members, &member_bytes);
    const struct check_options options = {.path = database, .stories = 0, .members = rows};
    int status = out && rows ? record_check(&options, out, stderr) : CLI_MISUSE;
    if ((out && fclose(out) != 0) || (rows && fclose(rows) != 0))
        status = CLI_MISUSE;
    if (status != CLI_MISUSE && text && members) {
        tell_verdict(text);
        tell_rows(members);
    }
    free(text);
    free(members);
    return status;
}

/* A closed form's query gives rows of two numbers: what the form expects, and what was measured. */
static bool judge_form(const char *database, const char *form)
{
    const char *query = mutant_text_find(form);
    char *answer = query ? ask(database, query) : NULL;
    bool holds = answer && *answer;
    if (!answer)
        return false;
    printf("form expected and measured:");
    char *rest = answer;
    for (char *row; (row = strtok_r(rest, "\r\n", &rest)) != NULL;) {
        long long expected, measured;
        if (sscanf(row, "%lld,%lld", &expected, &measured) != 2)
            holds = false;
        holds = holds && expected == measured;
        printf(" %s", row);
    }
    printf("\n%s", holds ? "form-holds\n" : "");
    free(answer);
    return true;
}

int job_judge(const char *database, const char *form)
{
    if (check(database) == CLI_MISUSE)
        return CLI_MISUSE;
    if (*form ? !judge_form(database, form) : puts("form-holds") < 0)
        return CLI_MISUSE;
    (void)puts("judged");
    return CLI_FINE;
}
