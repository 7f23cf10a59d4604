#include "sim/record/formats.h"

#include "pagetables/walk.h"

static unsigned number(sqlite3_stmt *rows, int column)
{
    return (unsigned)sqlite3_column_int64(rows, column);
}

static const struct walk_format *format_at(sqlite3_stmt *rows)
{
    return walk_format_find((const char *)sqlite3_column_text(rows, 0));
}

static void tell(sqlite3_stmt *rows, FILE *out, unsigned recorded, unsigned ours)
{
    char attributes[FRAME_ATTRIBUTES_TEXT_BYTES];
    frame_attributes_print(number(rows, 1), attributes);
    (void)fprintf(
        out,
        "the record and this program differ: %s gives \"%s\" the rights 0x%x in the record and 0x%x "
        "here\n",
        (const char *)sqlite3_column_text(rows, 0), attributes, recorded, ours);
}

/* format, attributes, rights */
static bool rights_differ(sqlite3_stmt *rows, FILE *out)
{
    const struct walk_format *format = format_at(rows);
    uint32_t attributes = number(rows, 1);
    if (!format || format->rights(attributes) == number(rows, 2))
        return false;
    tell(rows, out, number(rows, 2), format->rights(attributes));
    return true;
}

/* format, attributes, rights, controls, key_rights, allowed */
static bool allowed_differ(sqlite3_stmt *rows, FILE *out)
{
    const struct walk_format *format = format_at(rows);
    const struct access_controls controls = {number(rows, 3), number(rows, 4)};
    if (!format)
        return false;
    uint8_t ours = walk_allowed(format, &controls, (uint8_t)number(rows, 2), number(rows, 1));
    if (ours == number(rows, 5))
        return false;
    tell(rows, out, number(rows, 5), ours);
    return true;
}

static int compare(sqlite3 *database, const char *sql, bool (*differs)(sqlite3_stmt *, FILE *), FILE *out,
                   long long *differences)
{
    sqlite3_stmt *rows = NULL;
    int code = sqlite3_prepare_v2(database, sql, -1, &rows, NULL);
    if (code != SQLITE_OK)
        return code;
    while (sqlite3_step(rows) == SQLITE_ROW)
        *differences += differs(rows, out);
    return sqlite3_finalize(rows);
}

int record_formats_compare(sqlite3 *database, FILE *out, long long *differences)
{
    int code = compare(database, "SELECT * FROM format_rights", rights_differ, out, differences);
    if (code == SQLITE_OK)
        code = compare(database, "SELECT * FROM allowed_rights", allowed_differ, out, differences);
    return code;
}
