#include "pagetables/vectors/csv.h"

#include <stdlib.h>
#include <string.h>

/* Where the parser is. */
struct cursor {
    const char *name;
    char *next;
    char *end;
    unsigned line; /* of `next` */
    struct vectors_failure *failure;
};

/* A field in quotes. The quotes go, so what remains is moved to where the field began. */
static char *take_quoted(struct cursor *cursor)
{
    char *field = cursor->next;
    char *to = field;
    char *from = field + 1;
    for (; from < cursor->end && *from != '\n'; from++) {
        if (*from == '"' && (from + 1 == cursor->end || from[1] != '"'))
            break;
        from += *from == '"'; /* the first of two */
        *to++ = *from;
    }
    if (from == cursor->end || *from == '\n') {
        vectors_fail(cursor->failure,
                     "%s:%u: a field that begins with \" has no \" at its end; a \" inside it is written "
                     "twice",
                     cursor->name, cursor->line);
        return NULL;
    }
    cursor->next = from + 1;
    *to = '\0'; /* at or before the closing quote */
    return field;
}

static char *take_plain(struct cursor *cursor)
{
    char *field = cursor->next;
    while (cursor->next < cursor->end && *cursor->next != ',' && *cursor->next != '\n' &&
           *cursor->next != '\r')
        cursor->next++;
    return field;
}

/* Whether a line ends at `next`: LF, CRLF or the end of the file. */
static bool at_end_of_line(const struct cursor *cursor)
{
    const char *next = cursor->next;
    if (next < cursor->end && *next == '\r')
        next++;
    return next == cursor->end || *next == '\n';
}

static void skip_end_of_line(struct cursor *cursor)
{
    while (cursor->next < cursor->end && *cursor->next != '\n')
        *cursor->next++ = '\0'; /* a carriage return; and the field before it ends */
    if (cursor->next < cursor->end)
        *cursor->next++ = '\0';
    cursor->line++;
}

/* One line into `fields`, at most `most` of them; 0 after a sentence. */
static unsigned take_line(struct cursor *cursor, const char **fields, unsigned most)
{
    unsigned count = 0;
    unsigned line = cursor->line;
    for (;;) {
        bool quoted = cursor->next < cursor->end && *cursor->next == '"';
        if (count == most) {
            vectors_fail(cursor->failure, "%s:%u: has more than %u fields, one for each column", cursor->name,
                         line, most);
            return 0;
        }
        fields[count] = quoted ? take_quoted(cursor) : take_plain(cursor);
        if (fields[count++] == NULL)
            return 0;
        if (at_end_of_line(cursor)) {
            skip_end_of_line(cursor);
            return count;
        }
        if (*cursor->next != ',') {
            vectors_fail(cursor->failure, "%s:%u: after field %u stands %s, where a comma would be right",
                         cursor->name, line, count, vectors_quote(cursor->next, 1).text);
            return 0;
        }
        *cursor->next++ = '\0';
    }
}

static bool skip_empty_lines(struct cursor *cursor)
{
    while (cursor->next < cursor->end && at_end_of_line(cursor))
        skip_end_of_line(cursor);
    return cursor->next < cursor->end;
}

static size_t count_lines(const char *text, size_t bytes)
{
    size_t lines = 1;
    for (size_t i = 0; i < bytes; i++)
        lines += text[i] == '\n';
    return lines;
}

static bool check_columns(const struct vectors_csv *csv, const struct cursor *cursor, unsigned line)
{
    for (unsigned i = 0; i < csv->columns; i++) {
        if (csv->column[i][0] == '\0')
            return vectors_fail(cursor->failure, "%s:%u: column %u has no name", cursor->name, line, i + 1);
        if (vectors_csv_column(csv, csv->column[i]) != (int)i)
            return vectors_fail(cursor->failure, "%s:%u: there are two columns %s; names of columns differ",
                                cursor->name, line,
                                vectors_quote(csv->column[i], strlen(csv->column[i])).text);
    }
    return true;
}

static bool parse_columns(struct vectors_csv *csv, struct cursor *cursor)
{
    if (cursor->end - cursor->next >= 3 && memcmp(cursor->next, "\xef\xbb\xbf", 3) == 0)
        cursor->next += 3; /* what some editors put before UTF-8 */
    if (!skip_empty_lines(cursor))
        return vectors_fail(cursor->failure, "%s:1: is empty; its first line would name the columns",
                            cursor->name);
    unsigned line = cursor->line;
    csv->columns = take_line(cursor, csv->column, VECTORS_COLUMNS_MAX);
    return csv->columns > 0 && check_columns(csv, cursor, line);
}

static bool parse_rows(struct vectors_csv *csv, struct cursor *cursor)
{
    while (skip_empty_lines(cursor)) {
        unsigned line = cursor->line;
        unsigned fields = take_line(cursor, &csv->fields[csv->rows * csv->columns], csv->columns);
        if (fields == 0)
            return false;
        if (fields < csv->columns)
            return vectors_fail(cursor->failure,
                                "%s:%u: has %u fields; %u would be right, one for each column", cursor->name,
                                line, fields, csv->columns);
        csv->lines[csv->rows++] = line;
    }
    return true;
}

static bool allocate_rows(struct vectors_csv *csv, const struct cursor *cursor)
{
    size_t lines = count_lines(cursor->next, (size_t)(cursor->end - cursor->next));
    csv->fields = calloc(lines * csv->columns, sizeof *csv->fields);
    csv->lines = calloc(lines, sizeof *csv->lines);
    return (csv->fields != NULL && csv->lines != NULL) ||
           vectors_fail(cursor->failure, "%s: there is no memory for its rows", cursor->name);
}

bool vectors_csv_parse(struct vectors_csv *csv, const char *name, char *text, size_t bytes,
                       struct vectors_failure *failure)
{
    struct cursor cursor = {name, text, text + bytes, 1, failure};
    const char *zero = memchr(text, '\0', bytes);
    *csv = (struct vectors_csv){.text = text};
    if (zero != NULL)
        (void)vectors_fail(failure, "%s:%zu: holds a byte 0, which no text does", name,
                           count_lines(text, (size_t)(zero - text)));
    else if (parse_columns(csv, &cursor) && allocate_rows(csv, &cursor) && parse_rows(csv, &cursor))
        return true;
    vectors_csv_release(csv);
    return false;
}

void vectors_csv_release(struct vectors_csv *csv)
{
    free(csv->text);
    free(csv->fields);
    free(csv->lines);
    *csv = (struct vectors_csv){0};
}

int vectors_csv_column(const struct vectors_csv *csv, const char *column)
{
    for (unsigned i = 0; i < csv->columns; i++)
        if (strcmp(csv->column[i], column) == 0)
            return (int)i;
    return -1;
}

/* ---- ids ---- */

struct id {
    const char *text;
    unsigned line;
};

static int compare_ids(const void *left, const void *right)
{
    const struct id *a = left;
    const struct id *b = right;
    int order = strcmp(a->text, b->text);
    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

bool vectors_csv_check_ids(const struct vectors_csv *csv, const char *name, unsigned column,
                           struct vectors_failure *failure)
{
    struct id *ids = calloc(csv->rows + 1, sizeof *ids);
    bool fine = true;
    if (ids == NULL)
        return vectors_fail(failure, "%s: there is no memory for its ids", name);
    for (size_t row = 0; fine && row < csv->rows; row++) {
        ids[row] = (struct id){vectors_csv_field(csv, row, column), csv->lines[row]};
        if (ids[row].text[0] == '\0')
            fine =
                vectors_fail(failure, "%s:%u: the row has no id, which it is called by", name, ids[row].line);
    }
    if (fine)
        qsort(ids, csv->rows, sizeof *ids, compare_ids);
    for (size_t row = 1; fine && row < csv->rows; row++)
        if (strcmp(ids[row - 1].text, ids[row].text) == 0)
            fine = vectors_fail(failure, "%s:%u: id %s is that of line %u, too; each row has its own", name,
                                ids[row].line, vectors_quote(ids[row].text, strlen(ids[row].text)).text,
                                ids[row - 1].line);
    free(ids);
    return fine;
}
