/* The verdict on a record: what SQL finds, what the checker in C finds, and whether they agree. */
#include <sqlite3.h>

#include "sim/record/check_parts.h"
#include "sim/record/database.h"
#include "sim/record/derive.h"
#include "sim/record/formats.h"
#include "sim/record/table.h"

enum { EXIT_FINE = 0, EXIT_FOUND = 1, EXIT_MISUSE = 2 };

sqlite3_stmt *check_prepare(struct check *check, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (check->code == SQLITE_OK)
        check->code = sqlite3_prepare_v2(check->database, sql, -1, &statement, NULL);
    return statement;
}

bool check_next_row(struct check *check, sqlite3_stmt *statement)
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

const char *check_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "";
}

void check_execute(struct check *check, const char *sql)
{
    if (check->code == SQLITE_OK)
        check->code = sqlite3_exec(check->database, sql, NULL, NULL, NULL);
}

/* What was found, as members of a JSON object. */
static void print_members(struct check *check, FILE *out)
{
    static const struct {
        const char *name;
        const char *sql;
    } members[] = {
        {"violations", "SELECT * FROM temp.found ORDER BY cycle, event, rule"},
        {"record_findings", "SELECT * FROM temp.heard ORDER BY rowid"},
        {"checker_findings", "SELECT * FROM checker_findings"},
        {"judged", "SELECT * FROM judged"},
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        sqlite3_stmt *rows = check_prepare(check, members[i].sql);
        (void)fprintf(out, ",\n\"%s\": ", members[i].name);
        if (check->code == SQLITE_OK)
            check->code = table_print(rows, RECORD_JSON, out);
        (void)sqlite3_finalize(rows); /* repeats the code of the last step */
    }
}

static int judge(struct check *check, const char *path, FILE *members, FILE *err)
{
    check_aside_begin(check, path);
    if (check->code == SQLITE_OK)
        check->code = record_derive(check->database);
    check_find_violations(check);
    check_aside_end(check);
    check_hear(check);
    check_tell_violations(check);
    check_tell_findings(check);
    check_compare_judges(check);
    if (check->code == SQLITE_OK)
        check->code = record_formats_compare(check->database, check->out, &check->differences);
    if (members && check->code == SQLITE_OK)
        print_members(check, members);
    if (check->code != SQLITE_OK) {
        sqlite3 *failed = check->aside.code == SQLITE_OK ? check->database : check->aside.counters;
        (void)fprintf(err, "'%s' could not be judged: %s\n", path,
                      failed ? sqlite3_errmsg(failed) : sqlite3_errstr(check->code));
        return EXIT_MISUSE;
    }
    if (fflush(check->out) != 0 || ferror(check->out)) {
        (void)fprintf(err, "the verdict could not be written: the output is full or closed\n");
        return EXIT_MISUSE;
    }
    return check->violations || check->differences || check->findings ? EXIT_FOUND : EXIT_FINE;
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
        status = judge(&check, options->path, options->members, err);
        check_aside_free(&check);
    } else {
        (void)fprintf(err, "'%s' is of a run that did not finish, which cannot be judged: run it again\n",
                      options->path);
    }
    record_database_close(database);
    return status;
}
