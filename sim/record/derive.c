#include "sim/record/derive.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

#include "sim/record/sql.h"

/*
 * Temporary tables and sorts go to files beyond these caches: a record of ten million accesses is sorted in
 * less than a gigabyte.
 */
static const char *const settings = "PRAGMA temp_store = FILE; PRAGMA cache_size = -131072;"
                                    " PRAGMA temp.cache_size = -524288";

static const char *const small_settings = "PRAGMA temp_store = FILE; PRAGMA cache_size = -32768;"
                                          " PRAGMA temp.cache_size = -131072";

/* Views that several rules read, or one rule twice, and that look at every access. */
static const char *const kept[] = {"guest_questions",  "guest_pairs",      "doubtful_entries",
                                   "unexplained_uses", "questioned_words", "permitted_faults",
                                   "entry_changes",    "entry_cycles",     "remembered_tables"};

static bool begins(const char *text, const char *word)
{
    return strncmp(text, word, strlen(word)) == 0;
}

/* The text with CREATE TEMP TABLE and CREATE TEMP VIEW. NULL: no memory. */
static char *temporary(const char *text)
{
    static const char create[] = "CREATE ";
    sqlite3_str *changed = sqlite3_str_new(NULL);
    for (const char *next; (next = strstr(text, create)); text = next) {
        next += strlen(create);
        sqlite3_str_append(changed, text, (int)(next - text));
        if (begins(next, "TABLE ") || begins(next, "VIEW "))
            sqlite3_str_appendall(changed, "TEMP ");
    }
    sqlite3_str_appendall(changed, text);
    return sqlite3_str_finish(changed);
}

static int make_one(sqlite3 *database, const struct record_sql *sql)
{
    char *text = temporary(sql->text);
    int code = text ? sqlite3_exec(database, text, NULL, NULL, NULL) : SQLITE_NOMEM;
    sqlite3_free(text);
    return code;
}

static int make_temporary(sqlite3 *database, const struct record_sql *list)
{
    int code = SQLITE_OK;
    for (; list->name && code == SQLITE_OK; list++)
        code = make_one(database, list);
    return code;
}

/* Puts a table of its rows in a view's place. */
static int keep_rows(sqlite3 *database, const char *view)
{
    char *text = sqlite3_mprintf("CREATE TEMP TABLE kept_%s AS SELECT * FROM %s; DROP VIEW temp.%s;"
                                 " CREATE TEMP VIEW %s AS SELECT * FROM temp.kept_%s",
                                 view, view, view, view, view);
    int code = text ? sqlite3_exec(database, text, NULL, NULL, NULL) : SQLITE_NOMEM;
    sqlite3_free(text);
    return code;
}

int record_derive(sqlite3 *database)
{
    int code = sqlite3_exec(database, settings, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = make_temporary(database, record_sql_derived);
    if (code == SQLITE_OK)
        code = make_temporary(database, record_sql_refinement);
    for (size_t i = 0; i < sizeof kept / sizeof *kept && code == SQLITE_OK; i++)
        code = keep_rows(database, kept[i]);
    return code;
}

int record_derive_one(sqlite3 *database, const char *name)
{
    int code = sqlite3_exec(database, small_settings, NULL, NULL, NULL);
    for (const struct record_sql *sql = record_sql_refinement; sql->name && code == SQLITE_OK; sql++)
        if (strcmp(sql->name, name) == 0)
            return make_one(database, sql);
    return code == SQLITE_OK ? SQLITE_NOTFOUND : code;
}
