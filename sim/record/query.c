#include <ctype.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "sim/nearest.h"
#include "sim/record/database.h"
#include "sim/record/sql.h"
#include "sim/record/table.h"

enum { EXIT_FINE = 0, EXIT_MISUSE = 2 };

static bool is_name(const char *query)
{
    for (; *query; query++)
        if (!isalnum((unsigned char)*query) && *query != '_')
            return false;
    return true;
}

/* Tables and views: 1 if there is one of this name. */
static bool has_relation(sqlite3 *database, const char *name)
{
    sqlite3_stmt *statement;
    const char *sql = "SELECT 1 FROM sqlite_schema WHERE type IN ('table', 'view') AND name = ?";
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
        return false;
    bool found = sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC) == SQLITE_OK &&
                 sqlite3_step(statement) == SQLITE_ROW;
    return sqlite3_finalize(statement) == SQLITE_OK && found;
}

/* The relation that the name was probably meant to be; "" if none is near. */
static void nearest_relation(sqlite3 *database, const char *name, char *nearest, size_t bytes)
{
    enum { RELATIONS_MAX = 256 };
    char *names[RELATIONS_MAX];
    size_t count = 0;
    sqlite3_stmt *statement;
    const char *sql = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name";
    nearest[0] = '\0';
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
        return;
    while (count < RELATIONS_MAX && sqlite3_step(statement) == SQLITE_ROW) {
        names[count] = strdup((const char *)sqlite3_column_text(statement, 0));
        count += names[count] != NULL;
    }
    (void)sqlite3_finalize(statement);
    const char *near = nearest_name(name, (const char *const *)names, count);
    if (near)
        (void)snprintf(nearest, bytes, "%s", near);
    while (count > 0)
        free(names[--count]);
}

static int refuse_name(sqlite3 *database, const struct query_options *options, FILE *err)
{
    char nearest[128];
    nearest_relation(database, options->query, nearest, sizeof nearest);
    if (nearest[0])
        (void)fprintf(err, "'%s' has no view or table '%s'; the nearest name is '%s'\n", options->path,
                      options->query, nearest);
    else
        (void)fprintf(
            err, "'%s' has no view or table '%s', and it is no SQL; `mmusim list views` names the views\n",
            options->path, options->query);
    return EXIT_MISUSE;
}

/* Where in the user's text SQLite stopped, as line and column from 1. */
static int refuse_sql(sqlite3 *database, const char *sql, FILE *err)
{
    int offset = sqlite3_error_offset(database);
    if (offset < 0) {
        (void)fprintf(err, "SQL: %s\n", sqlite3_errmsg(database));
        return EXIT_MISUSE;
    }
    int line = 1;
    int column = 1;
    for (int i = 0; i < offset && sql[i]; i++) {
        column = sql[i] == '\n' ? 1 : column + 1;
        line += sql[i] == '\n';
    }
    (void)fprintf(err, "SQL, line %d, column %d: %s\n", line, column, sqlite3_errmsg(database));
    return EXIT_MISUSE;
}

static bool only_space(const char *text)
{
    return text[strspn(text, " \t\r\n;")] == '\0';
}

/* Why a statement that SQLite understands is refused; NULL if it is not. */
static const char *objection(sqlite3_stmt *statement, const char *tail)
{
    if (!statement)
        return "there is no statement: name a view or write one SELECT";
    if (!only_space(tail))
        return "there is more than one statement: write one";
    if (!sqlite3_stmt_readonly(statement) || sqlite3_column_count(statement) == 0)
        return "the statement does not only read: records are never changed";
    if (sqlite3_bind_parameter_count(statement) > 0)
        return "the statement has parameters: write the values";
    return NULL;
}

static int run_sql(sqlite3 *database, const char *sql, enum record_format format, FILE *out, FILE *err)
{
    sqlite3_stmt *statement = NULL;
    const char *tail = "";
    if (sqlite3_prepare_v2(database, sql, -1, &statement, &tail) != SQLITE_OK)
        return refuse_sql(database, sql, err);
    const char *reason = objection(statement, tail);
    int status = EXIT_FINE;
    if (reason) {
        (void)fprintf(err, "SQL: %s\n", reason);
        status = EXIT_MISUSE;
    } else if (table_print(statement, format, out) != SQLITE_OK) {
        status = refuse_sql(database, sql, err);
    }
    (void)sqlite3_finalize(statement); /* repeats the code of the last step, already told */
    if (status == EXIT_FINE && (fflush(out) != 0 || ferror(out))) {
        (void)fprintf(err, "the answer could not be written: the output is full or closed\n");
        status = EXIT_MISUSE;
    }
    return status;
}

static int answer(sqlite3 *database, const struct query_options *options, FILE *out, FILE *err)
{
    if (!options->query[0] || !is_name(options->query))
        return run_sql(database, options->query, options->format, out, err);
    if (!has_relation(database, options->query))
        return refuse_name(database, options, err);
    char *sql = sqlite3_mprintf("SELECT * FROM \"%w\"", options->query);
    if (!sql) {
        (void)fprintf(err, "out of memory for the query\n");
        return EXIT_MISUSE;
    }
    int status = run_sql(database, sql, options->format, out, err);
    sqlite3_free(sql);
    return status;
}

int record_query(const struct query_options *options, FILE *out, FILE *err)
{
    struct record_error error;
    bool complete;
    sqlite3 *database = record_database_open(options->path, &complete, &error);
    if (!database) {
        (void)fprintf(err, "%s\n", error.text);
        return EXIT_MISUSE;
    }
    if (!complete)
        (void)fprintf(err,
                      "'%s' is of a run that did not finish: the answer holds what was recorded until then\n",
                      options->path);
    int status = answer(database, options, out, err);
    record_database_close(database);
    return status;
}

#define COMMENT_BYTES 512

/* The first sentence of the comment lines at `line`, joined; gives the first line after the comment. */
static const char *read_comment(const char *line, char *sentence)
{
    size_t used = 0;
    bool ended = false;
    sentence[0] = '\0';
    for (; strncmp(line, "-- ", 3) == 0; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *text = line + 3;
        for (size_t i = 0, length = strcspn(text, "\n"); i <= length && !ended && used + 2 < COMMENT_BYTES;
             i++) {
            sentence[used++] = i < length ? text[i] : ' ';
            ended = used > 1 && sentence[used - 1] == ' ' && sentence[used - 2] == '.';
        }
    }
    while (used > 0 && sentence[used - 1] == ' ')
        used--;
    sentence[used] = '\0';
    return line;
}

/* The comment right above a view says what it shows; of a rule, the one that begins its file. */
static void list_views_of(const char *text, FILE *out)
{
    char first[COMMENT_BYTES] = "", above[COMMENT_BYTES] = "";
    for (const char *line = text; *line;) {
        if (strncmp(line, "-- ", 3) == 0) {
            line = read_comment(line, above);
            if (first[0] == '\0')
                (void)snprintf(first, sizeof first, "%s", above);
            continue;
        }
        if (strncmp(line, "CREATE VIEW ", 12) == 0) {
            const char *name = line + 12;
            (void)fprintf(out, "%-24.*s  %s\n", (int)strcspn(name, " \n"), name,
                          strncmp(name, "rule_", 5) == 0 ? first : above);
        }
        above[0] = '\0';
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
}

int record_list_views(FILE *out)
{
    for (const struct record_sql *sql = record_sql_views; sql->name; sql++)
        list_views_of(sql->text, out);
    for (const struct record_sql *sql = record_sql_refinement; sql->name; sql++)
        list_views_of(sql->text, out);
    return fflush(out) == 0 && !ferror(out) ? EXIT_FINE : EXIT_MISUSE;
}
