/* What both judges say of one record: a process of its own, in which nothing is mutated. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli/cli.h"
#include "sim/mutants/jobs.h"
#include "sim/record/database.h"
#include "sim/record/judging.h"

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

/* "KEY ANSWER", of a query with one value. */
static bool tell(const char *database, const char *key, const char *query)
{
    char *answer = ask(database, query);
    if (!answer)
        return false;
    answer[strcspn(answer, "\r\n")] = '\0';
    size_t length = strlen(answer);
    if (length >= 2 && answer[0] == '"') { /* a text with a comma */
        answer[length - 1] = '\0';
        printf("%s %s\n", key, answer + 1);
    } else {
        printf("%s %s\n", key, answer);
    }
    free(answer);
    return true;
}

/* Gives the check's exit status, and tells whether the judges agree: all of them, or those of the record
 * alone. */
static int check(const char *database)
{
    const struct check_options options = {.path = database, .stories = 0};
    char *text = NULL;
    size_t bytes;
    FILE *stream = open_memstream(&text, &bytes);
    if (!stream)
        return CLI_MISUSE;
    int status = record_check(&options, stream, stderr);
    if (fclose(stream) != 0)
        status = CLI_MISUSE;
    if (text && strstr(text, "the judges agree"))
        (void)puts("agree");
    if (text && !strstr(text, "the judges differ") && !strstr(text, "could not go on"))
        (void)puts("agree-on-record");
    free(text);
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The rules that the checker in C finds broken over the record. */
static void tell_record(const char *path)
{
    struct judging judging;
    const struct judge_finding *finding;
    const char *rules[JUDGE_RULES];
    size_t count = 0;
    bool found[JUDGE_RULES] = {false};
    judging_run(path, &judging); /* the check has found that it can be opened */
    for (size_t i = 0; judging.judge && (finding = judge_finding_at(judging.judge, i)) != NULL; i++)
        found[finding->rule] = true;
    judging_free(&judging);
    for (unsigned rule = 0; rule < JUDGE_RULES; rule++)
        if (found[rule])
            rules[count++] = judge_rule_name((enum judge_rule)rule);
    qsort(rules, count, sizeof *rules, by_name);
    printf("record ");
    for (size_t i = 0; i < count; i++)
        printf("%s%s", i > 0 ? ", " : "", rules[i]);
    printf("\n");
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

#define RULES(table)                                                                                         \
    "SELECT ifnull(group_concat(rule, ', '), '') FROM (SELECT DISTINCT rule FROM " table " ORDER BY rule)"

int job_judge(const char *database, const char *form)
{
    if (check(database) == CLI_MISUSE)
        return CLI_MISUSE;
    tell_record(database);
    if (!tell(database, "sql", RULES("violations")) || !tell(database, "along", RULES("checker_findings")) ||
        !tell(database, "cycle", "SELECT ifnull(min(cycle), '') FROM violations"))
        return CLI_MISUSE;
    if (*form ? !judge_form(database, form) : puts("form-holds") < 0)
        return CLI_MISUSE;
    (void)puts("judged");
    return CLI_FINE;
}
