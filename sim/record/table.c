#include "sim/record/table.h"

#include <stdlib.h>
#include <string.h>

/* Widths are measured over so many rows; longer results go on with the widths of these. */
#define MEASURED_ROWS 2000

/* Values of a row that SQLite has as a blob are shown in hex; NULL is shown as nothing. */
static void print_blob(const unsigned char *bytes, int count, FILE *out)
{
    for (int i = 0; i < count; i++)
        (void)fprintf(out, "%02x", bytes[i]);
}

static void print_json_text(const unsigned char *text, FILE *out)
{
    (void)fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            (void)fprintf(out, "\\%c", *text);
        else if (*text == '\n')
            (void)fputs("\\n", out);
        else if (*text < 0x20)
            (void)fprintf(out, "\\u%04x", *text);
        else
            (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

static void print_json_value(sqlite3_stmt *statement, int column, FILE *out)
{
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
        (void)fputs("null", out);
        break;
    case SQLITE_INTEGER:
    case SQLITE_FLOAT:
        (void)fputs((const char *)sqlite3_column_text(statement, column), out);
        break;
    case SQLITE_BLOB:
        (void)fputc('"', out);
        print_blob(sqlite3_column_blob(statement, column), sqlite3_column_bytes(statement, column), out);
        (void)fputc('"', out);
        break;
    default:
        print_json_text(sqlite3_column_text(statement, column), out);
    }
}

static int print_json(sqlite3_stmt *statement, FILE *out)
{
    int columns = sqlite3_column_count(statement);
    int code = sqlite3_step(statement);
    (void)fputs("[", out);
    for (const char *separator = "\n"; code == SQLITE_ROW;
         separator = ",\n", code = sqlite3_step(statement)) {
        (void)fprintf(out, "%s  {", separator);
        for (int i = 0; i < columns; i++) {
            if (i > 0)
                (void)fputs(", ", out);
            print_json_text((const unsigned char *)sqlite3_column_name(statement, i), out);
            (void)fputs(": ", out);
            print_json_value(statement, i, out);
        }
        (void)fputs("}", out);
    }
    (void)fputs("\n]\n", out);
    return code;
}

static void print_csv_text(const char *text, FILE *out)
{
    if (!text[strcspn(text, ",\"\r\n")]) {
        (void)fputs(text, out);
        return;
    }
    (void)fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            (void)fputc('"', out);
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

static int print_csv(sqlite3_stmt *statement, FILE *out)
{
    int columns = sqlite3_column_count(statement);
    for (int i = 0; i < columns; i++) {
        (void)fputs(i > 0 ? "," : "", out);
        print_csv_text(sqlite3_column_name(statement, i), out);
    }
    (void)fputs("\r\n", out);
    int code = sqlite3_step(statement);
    for (; code == SQLITE_ROW; code = sqlite3_step(statement)) {
        for (int i = 0; i < columns; i++) {
            (void)fputs(i > 0 ? "," : "", out);
            if (sqlite3_column_type(statement, i) == SQLITE_BLOB)
                print_blob(sqlite3_column_blob(statement, i), sqlite3_column_bytes(statement, i), out);
            else if (sqlite3_column_type(statement, i) != SQLITE_NULL)
                print_csv_text((const char *)sqlite3_column_text(statement, i), out);
        }
        (void)fputs("\r\n", out);
    }
    return code;
}

/* One column while its width is measured. */
struct column {
    int width;
    int number; /* every value so far is a number: aligned to the right */
};

/* A copy of a value as text; "" for NULL. NULL without memory. */
static char *value_text(sqlite3_stmt *statement, int column)
{
    if (sqlite3_column_type(statement, column) == SQLITE_BLOB) {
        const unsigned char *bytes = sqlite3_column_blob(statement, column);
        int count = sqlite3_column_bytes(statement, column);
        char *text = malloc((size_t)count * 2 + 1);
        for (int i = 0; text && i < count; i++)
            (void)snprintf(text + (size_t)i * 2, 3, "%02x", bytes[i]);
        if (text)
            text[(size_t)count * 2] = '\0';
        return text;
    }
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return strdup(text ? text : "");
}

/* Hexadecimal addresses are numbers to the eye. */
static int looks_like_number(sqlite3_stmt *statement, int column, const char *text)
{
    int type = sqlite3_column_type(statement, column);
    return type == SQLITE_INTEGER || type == SQLITE_FLOAT || type == SQLITE_NULL ||
           strncmp(text, "0x", 2) == 0;
}

/* Columns on the terminal, not bytes: continuation bytes of UTF-8 take no room. */
static int text_width(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void print_cell(const char *text, const struct column *column, int last, FILE *out)
{
    int padding = column->width - text_width(text);
    if (column->number && padding > 0)
        (void)fprintf(out, "%*s", padding, "");
    /* one line a row: line ends within a text would break the columns */
    for (; *text; text++)
        (void)fputc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
    if (last)
        (void)fputc('\n', out);
    else
        (void)fprintf(out, "%*s", (column->number || padding < 0 ? 0 : padding) + 2, "");
}

static void print_header(sqlite3_stmt *statement, const struct column *columns, int count, FILE *out)
{
    for (int i = 0; i < count; i++)
        print_cell(sqlite3_column_name(statement, i), &columns[i], i == count - 1, out);
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < columns[i].width; j++)
            (void)fputc('-', out);
        (void)fputs(i == count - 1 ? "\n" : "  ", out);
    }
}

/* The rows that were kept to measure widths. */
struct kept {
    char **texts;
    size_t count;
    size_t capacity;
};

static int keep_row(struct kept *kept, sqlite3_stmt *statement, struct column *columns, int count)
{
    for (int i = 0; i < count; i++) {
        char *text = value_text(statement, i);
        if (!text)
            return SQLITE_NOMEM;
        int width = text_width(text);
        if (width > columns[i].width)
            columns[i].width = width;
        columns[i].number &= looks_like_number(statement, i, text);
        kept->texts[kept->count++] = text;
    }
    return SQLITE_OK;
}

static int measure(struct kept *kept, sqlite3_stmt *statement, struct column *columns, int count)
{
    for (int i = 0; i < count; i++)
        columns[i] = (struct column){.width = text_width(sqlite3_column_name(statement, i)), .number = 1};
    int code = SQLITE_ROW;
    while (code == SQLITE_ROW && kept->count < kept->capacity) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW && keep_row(kept, statement, columns, count) != SQLITE_OK)
            code = SQLITE_NOMEM;
    }
    return code;
}

static int print_aligned(sqlite3_stmt *statement, struct kept *kept, struct column *columns, FILE *out)
{
    int count = sqlite3_column_count(statement);
    int code = measure(kept, statement, columns, count);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return code;
    print_header(statement, columns, count, out);
    for (size_t i = 0; i < kept->count; i++) {
        int column = (int)(i % (size_t)count);
        print_cell(kept->texts[i], &columns[column], column == count - 1, out);
    }
    if (code == SQLITE_DONE)
        return code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int i = 0; i < count; i++) {
            char *text = value_text(statement, i);
            if (!text)
                return SQLITE_NOMEM;
            print_cell(text, &columns[i], i == count - 1, out);
            free(text);
        }
    }
    return code;
}

static int print_table(sqlite3_stmt *statement, FILE *out)
{
    size_t count = (size_t)sqlite3_column_count(statement);
    struct kept kept = {.capacity = count * MEASURED_ROWS};
    kept.texts = calloc(kept.capacity, sizeof *kept.texts);
    struct column *columns = calloc(count, sizeof *columns);
    int code = kept.texts && columns ? print_aligned(statement, &kept, columns, out) : SQLITE_NOMEM;
    for (size_t i = 0; i < kept.count; i++)
        free(kept.texts[i]);
    free(kept.texts);
    free(columns);
    return code;
}

int table_print(sqlite3_stmt *statement, enum record_format format, FILE *out)
{
    int code = SQLITE_DONE;
    switch (format) {
    case RECORD_TABLE:
        code = print_table(statement, out);
        break;
    case RECORD_JSON:
        code = print_json(statement, out);
        break;
    case RECORD_CSV:
        code = print_csv(statement, out);
        break;
    }
    return code == SQLITE_DONE ? SQLITE_OK : code;
}
