/* Records as files: where they are, what they answer, which rules they break, copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/record/test/synthetic.h"

static char folder[64];

const char *synthetic_path(const char *name)
{
    static char path[256];
    if (!folder[0]) {
        (void)snprintf(folder, sizeof folder, "/tmp/mmusim-record-XXXXXX");
        assert_non_null(mkdtemp(folder));
    }
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

void synthetic_remove_folder(void)
{
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (folder[0])
        assert_int_equal(system(command), 0);
    folder[0] = '\0';
}

void synthetic_copy(const char *from_path, const char *to_path)
{
    static char bytes[1 << 20];
    FILE *from = fopen(from_path, "rb");
    FILE *to = fopen(to_path, "wb");
    assert_non_null(from);
    assert_non_null(to);
    size_t count = fread(bytes, 1, sizeof bytes, from);
    assert_in_range(count, 1, sizeof bytes - 1);
    assert_int_equal(fwrite(bytes, 1, count, to), count);
    assert_int_equal(fclose(from), 0);
    assert_int_equal(fclose(to), 0);
}

const char *synthetic_ask_text(const char *path, const char *sql)
{
    static char answer[4096];
    sqlite3 *database;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(database));
    int code = sqlite3_step(statement);
    if (code != SQLITE_ROW)
        fail_msg("%s: %s", sql, code == SQLITE_DONE ? "no row" : sqlite3_errmsg(database));
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    (void)snprintf(answer, sizeof answer, "%s", text ? text : "");
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    return answer;
}

long long synthetic_ask(const char *path, const char *sql)
{
    return strtoll(synthetic_ask_text(path, sql), NULL, 10);
}

const char *synthetic_broken(const struct synthetic_run *run, enum record_level level)
{
    const char *path = synthetic_path("broken.db");
    synthetic_record(run, path, level);
    return synthetic_ask_text(path, "SELECT IFNULL(group_concat(rule, ' '), '') FROM"
                                    " (SELECT DISTINCT rule FROM violations ORDER BY rule)");
}
