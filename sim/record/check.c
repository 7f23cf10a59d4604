#include <sqlite3.h>
#include <string.h>

#include "sim/record/database.h"
#include "sim/record/formats.h"
#include "sim/record/sql.h"

enum { EXIT_FINE = 0, EXIT_FOUND = 1, EXIT_MISUSE = 2 };

/* A check under way. The violations are computed once, into a temporary table. */
struct check {
    sqlite3 *database;
    FILE *out;
    unsigned long stories;
    long long violations;
    long long differences;
    int code; /* of SQLite: the first failure stays */
};

/* What both judges can know: a page, by the base of the mapping that holds the address. */
static const char *const preparations =
    "PRAGMA temp_store = MEMORY;"
    "CREATE TEMP TABLE found AS SELECT * FROM violations ORDER BY cycle, event, rule;"
    "CREATE TEMP TABLE compared (rule TEXT, sql_only INTEGER, checker_only INTEGER, both INTEGER);"
    "CREATE TEMP VIEW pages AS"
    " SELECT 'sql' AS judge, rule, space, va FROM found"
    " UNION ALL SELECT 'checker', rule, space, va FROM checker_findings;"
    "INSERT INTO temp.compared"
    " WITH keyed AS (SELECT judge, rule, space, IFNULL((SELECT MIN(m.va) FROM mapping_windows m"
    "                WHERE m.space = p.space AND p.va BETWEEN m.va AND m.last_va), p.va & ~4095) AS page "
    "FROM pages p),"
    " sides AS (SELECT rule, MAX(judge = 'sql') AS sql, MAX(judge = 'checker') AS checker FROM keyed"
    "           GROUP BY rule, space, page)"
    " SELECT rule, SUM(sql AND NOT checker), SUM(checker AND NOT sql), SUM(sql AND checker) FROM sides GROUP "
    "BY rule";

static sqlite3_stmt *prepare(struct check *check, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (check->code == SQLITE_OK)
        check->code = sqlite3_prepare_v2(check->database, sql, -1, &statement, NULL);
    return statement;
}

/* True while there are rows; at the end or on failure the statement is gone. */
static bool next_row(struct check *check, sqlite3_stmt *statement)
{
    if (check->code == SQLITE_OK) {
        int code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
            return true;
        if (code != SQLITE_DONE)
            check->code = code;
    }
    (void)sqlite3_finalize(statement); /* repeats the code of the last step */
    return false;
}

static const char *text_of(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "";
}

static void print_unjudged(struct check *check)
{
    sqlite3_stmt *rows = prepare(check, "SELECT rule, judged, why FROM judged WHERE why IS NOT NULL");
    while (next_row(check, rows))
        (void)fprintf(check->out, "%s: %s: %s\n",
                      sqlite3_column_int(rows, 1) ? "judged in part" : "not judged", text_of(rows, 0),
                      text_of(rows, 2));
}

static void print_story(struct check *check, sqlite3_stmt *violation)
{
    /* columns of `found` that name what the story is about; story.sql has parameters of the same names */
    static const char *const names[] = {":event", ":operation",    ":walk",
                                        ":entry", ":invalidation", ":mapping"};
    sqlite3_stmt *rows = prepare(check, record_sql_story[0].text);
    for (size_t i = 0; i < sizeof names / sizeof *names && check->code == SQLITE_OK; i++) {
        int parameter = sqlite3_bind_parameter_index(rows, names[i]);
        check->code = sqlite3_bind_value(rows, parameter, sqlite3_column_value(violation, (int)i));
    }
    while (next_row(check, rows))
        (void)fprintf(check->out, "    %12s  core %-2s  %s\n", text_of(rows, 0), text_of(rows, 1),
                      text_of(rows, 2));
}

static void print_violations(struct check *check)
{
    sqlite3_stmt *rows = prepare(
        check,
        "SELECT event, operation, walk, entry, invalidation, mapping, rule, IFNULL('cycle ' || cycle, ''),"
        " IFNULL('core ' || core, ''), IFNULL('space ' || space, ''), IIF(va IS NULL, '', printf('0x%x', "
        "va)),"
        " explanation FROM temp.found");
    while (next_row(check, rows)) {
        if ((unsigned long)check->violations++ >= check->stories)
            continue;
        (void)fprintf(check->out, "\n%s:", text_of(rows, 6));
        for (int i = 7; i <= 10; i++)
            if (text_of(rows, i)[0])
                (void)fprintf(check->out, " %s", text_of(rows, i));
        (void)fprintf(check->out, "\n    %s\n", text_of(rows, 11));
        print_story(check, rows);
    }
}

static void print_counts(struct check *check)
{
    if (check->violations == 0) {
        (void)fprintf(check->out, "no violations\n");
        return;
    }
    (void)fprintf(check->out, "\n%lld violations\n", check->violations);
    sqlite3_stmt *rows = prepare(check, "SELECT rule, COUNT(*) FROM temp.found GROUP BY rule ORDER BY rule");
    while (next_row(check, rows))
        (void)fprintf(check->out, "%12s  %s\n", text_of(rows, 1), text_of(rows, 0));
    if ((unsigned long)check->violations > check->stories)
        (void)fprintf(check->out, "the first %lu are told above; all: query violations\n", check->stories);
}

/* What the checker that ran along has found where SQL found nothing of the rule. */
static void print_findings(struct check *check)
{
    sqlite3_stmt *rows = prepare(
        check, "SELECT rule, IFNULL(' cycle ' || cycle, '') || IFNULL(' core ' || core, '')"
               " || IFNULL(' space ' || space, '') || IIF(va IS NULL, '', printf(' 0x%x', va)), text, related"
               " FROM checker_findings WHERE rule NOT IN (SELECT rule FROM temp.found) ORDER BY finding");
    for (unsigned long told = 0; next_row(check, rows); told++)
        if (told < check->stories)
            (void)fprintf(check->out, "checker: %s:%s\n    %s%s%s\n", text_of(rows, 0), text_of(rows, 1),
                          text_of(rows, 2), text_of(rows, 3)[0] ? "; " : "", text_of(rows, 3));
}

/*
 * Only rules that both judges have, and that this record lets SQL judge. What a checker that did not keep all
 * of its findings lacks is no difference.
 */
static const char *const comparison =
    "WITH kept AS (SELECT IFNULL(findings, 0) <= (SELECT COUNT(*) FROM checker_findings) AS whole FROM runs),"
    " counted AS (SELECT c.rule, c.sql_only * k.whole AS sql_only, c.checker_only, c.both, j.judged"
    "             FROM temp.compared c CROSS JOIN kept k LEFT JOIN judged j ON j.rule = c.rule)"
    "SELECT rule, sql_only, checker_only, both FROM counted"
    " WHERE IFNULL(judged, 1) AND rule NOT IN ('counters_add_up', 'incomplete_invalidation')"
    " AND sql_only + checker_only > 0";

static void print_agreement(struct check *check)
{
    sqlite3_stmt *facts =
        prepare(check, "SELECT checked, (SELECT COUNT(*) FROM checker_findings), findings FROM runs");
    bool checked = false;
    while (next_row(check, facts)) {
        checked = sqlite3_column_int(facts, 0) || sqlite3_column_int64(facts, 1) > 0;
        if (sqlite3_column_int64(facts, 2) > sqlite3_column_int64(facts, 1))
            (void)fprintf(check->out, "the checker kept %s of its %s findings: only these are compared\n",
                          text_of(facts, 1), text_of(facts, 2));
    }
    if (!checked) {
        (void)fprintf(check->out, "no checker ran along: SQL alone has judged\n");
        return;
    }
    sqlite3_stmt *rows = prepare(check, comparison);
    while (next_row(check, rows)) {
        check->differences++;
        (void)fprintf(check->out,
                      "the judges differ: %s: %s pages by SQL alone, %s by the checker alone, %s by both\n",
                      text_of(rows, 0), text_of(rows, 1), text_of(rows, 2), text_of(rows, 3));
    }
    if (check->differences == 0 && check->code == SQLITE_OK)
        (void)fprintf(check->out, "the judges agree\n");
}

/* Findings of the checker that SQL could not confirm on this record are findings all the same. */
static long long count_findings(struct check *check)
{
    long long findings = 0;
    sqlite3_stmt *rows = prepare(check, "SELECT COUNT(*) FROM checker_findings");
    while (next_row(check, rows))
        findings = sqlite3_column_int64(rows, 0);
    return findings;
}

static int judge(struct check *check, const char *path, FILE *err)
{
    check->code = sqlite3_exec(check->database, preparations, NULL, NULL, NULL);
    print_unjudged(check);
    print_violations(check);
    print_counts(check);
    print_findings(check);
    print_agreement(check);
    if (check->code == SQLITE_OK)
        check->code = record_formats_compare(check->database, check->out, &check->differences);
    long long findings = count_findings(check);
    if (check->code != SQLITE_OK) {
        (void)fprintf(err, "'%s' could not be judged: %s\n", path, sqlite3_errmsg(check->database));
        return EXIT_MISUSE;
    }
    if (fflush(check->out) != 0 || ferror(check->out)) {
        (void)fprintf(err, "the verdict could not be written: the output is full or closed\n");
        return EXIT_MISUSE;
    }
    return check->violations || check->differences || findings ? EXIT_FOUND : EXIT_FINE;
}

int record_check(const struct check_options *options, FILE *out, FILE *err)
{
    struct record_error error;
    bool complete;
    sqlite3 *database = record_database_open(options->path, &complete, &error);
    if (!database) {
        (void)fprintf(err, "%s\n", error.text);
        return EXIT_MISUSE;
    }
    int status = EXIT_MISUSE;
    if (complete) {
        struct check check = {.database = database, .out = out, .stories = options->stories};
        status = judge(&check, options->path, err);
    } else {
        (void)fprintf(err, "'%s' is of a run that did not finish, which cannot be judged: run it again\n",
                      options->path);
    }
    record_database_close(database);
    return status;
}
