#include "sim/record/database.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SQLITE_MAGIC "SQLite format 3"

/* A connection is used by one thread. */
#define READ_ONLY (SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX)

__attribute__((format(printf, 2, 3))) static void explain(struct record_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
}

/* Whether the file begins as an SQLite database does: SQLite itself looks only at the first statement. */
static bool looks_like_database(const char *path, struct record_error *error)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        explain(error, "cannot open '%s': %s", path, strerror(errno));
        return false;
    }
    if (!S_ISREG(status.st_mode)) {
        explain(error, "'%s' is not a file: name the record of a run", path);
        return false;
    }
    FILE *file = fopen(path, "rb");
    if (!file) {
        explain(error, "cannot open '%s': %s", path, strerror(errno));
        return false;
    }
    char magic[sizeof SQLITE_MAGIC] = "";
    size_t bytes = fread(magic, 1, sizeof magic, file);
    (void)fclose(file); /* read only: nothing can be lost */
    if (bytes == sizeof magic && memcmp(magic, SQLITE_MAGIC, sizeof magic) == 0)
        return true;
    explain(error, "'%s' is not a database: name the record of a run", path);
    return false;
}

/* The integer that a statement answers in its first column. */
static int ask(sqlite3 *database, const char *sql, sqlite3_int64 *answer)
{
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
    if (code != SQLITE_OK)
        return code;
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *answer = sqlite3_column_int64(statement, 0);
    int end = sqlite3_finalize(statement);
    return code == SQLITE_ROW ? end : (code == SQLITE_DONE ? SQLITE_NOTFOUND : code);
}

/* A killed run leaves a journal; SQLite rolls it back, for which it has to write once. */
static int open_with_recovery(const char *path, sqlite3 **database)
{
    sqlite3_int64 number;
    int code = sqlite3_open_v2(path, database, READ_ONLY, NULL);
    if (code == SQLITE_OK)
        code = ask(*database, "SELECT COUNT(*) FROM sqlite_schema", &number);
    if (sqlite3_extended_errcode(*database) != SQLITE_READONLY_ROLLBACK && code != SQLITE_CANTOPEN)
        return code;
    (void)sqlite3_close(*database);
    code = sqlite3_open_v2(path, database, SQLITE_OPEN_READWRITE, NULL);
    if (code == SQLITE_OK)
        code = ask(*database, "SELECT COUNT(*) FROM sqlite_schema", &number);
    (void)sqlite3_close(*database);
    *database = NULL;
    return code == SQLITE_OK ? sqlite3_open_v2(path, database, READ_ONLY, NULL) : code;
}

static bool is_record(sqlite3 *database, const char *path, bool *complete, struct record_error *error)
{
    sqlite3_int64 application = 0;
    sqlite3_int64 version = 0;
    sqlite3_int64 whole = 0;
    int code = ask(database, "PRAGMA application_id", &application);
    if (code == SQLITE_OK)
        code = ask(database, "PRAGMA user_version", &version);
    if (code == SQLITE_OK && application != RECORD_APPLICATION_ID) {
        explain(error, "'%s' is a database of another program: name the record of a run", path);
        return false;
    }
    if (code == SQLITE_OK && version != RECORD_SCHEMA_VERSION) {
        explain(
            error,
            "'%s' has schema version %lld, this program reads version %d: use the program that recorded it, "
            "or run again",
            path, (long long)version, RECORD_SCHEMA_VERSION);
        return false;
    }
    if (code == SQLITE_OK)
        code = ask(database, "SELECT complete FROM runs", &whole);
    *complete = whole != 0;
    if (code == SQLITE_OK)
        return true;
    if (code == SQLITE_BUSY)
        explain(error, "'%s' is being written by a run: wait until it ends", path);
    else
        explain(error, "'%s' is damaged: %s", path, sqlite3_errmsg(database));
    return false;
}

sqlite3 *record_database_open(const char *path, bool *complete, struct record_error *error)
{
    if (!looks_like_database(path, error))
        return NULL;
    sqlite3 *database = NULL;
    int code = open_with_recovery(path, &database);
    if (code == SQLITE_BUSY)
        explain(error, "'%s' is being written by a run: wait until it ends", path);
    else if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
        explain(error, "'%s' is damaged: %s", path, sqlite3_errstr(code));
    else if (code != SQLITE_OK)
        explain(error, "cannot read '%s': %s", path, sqlite3_errstr(code));
    else if (is_record(database, path, complete, error))
        return database;
    (void)sqlite3_close(database);
    return NULL;
}

void record_database_close(sqlite3 *database)
{
    (void)sqlite3_close(database); /* read only */
}
