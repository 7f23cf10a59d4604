#include "sim/record/pages.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES   100u /* of the file, in front of the first page's own */
#define PAGE_BYTES_MAX 65536u
#define NAME_BYTES     64

/* Types of pages: section 1.6. */
enum { INTERIOR_TABLE = 0x05, LEAF_TABLE = 0x0d };

static bool fail(struct page_rows *rows, const char *error)
{
    rows->error = error;
    return false;
}

static uint32_t big_endian(const uint8_t *bytes, unsigned count)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* ---- pages ---- */

static bool read_bytes(const struct page_rows *rows, void *bytes, uint32_t count, uint64_t offset)
{
    return rows->file->pMethods->xRead(rows->file, bytes, (int)count, (sqlite3_int64)offset) == SQLITE_OK;
}

/* Section 1.3: page size, format versions (2 is a write-ahead log), bytes reserved at the end of each page.
 */
static bool read_header(struct page_rows *rows)
{
    uint8_t header[HEADER_BYTES];
    sqlite3_int64 bytes = 0;
    if (!read_bytes(rows, header, sizeof header, 0) ||
        rows->file->pMethods->xFileSize(rows->file, &bytes) != SQLITE_OK)
        return false;
    rows->page_bytes = big_endian(header + 16, 2);
    if (rows->page_bytes == 1)
        rows->page_bytes = PAGE_BYTES_MAX;
    rows->usable_bytes = rows->page_bytes - header[20];
    if (rows->page_bytes < 512 || rows->page_bytes & (rows->page_bytes - 1) || rows->usable_bytes < 480)
        return false;
    rows->pages = (uint32_t)((uint64_t)bytes / rows->page_bytes);
    return header[18] == 1 && header[19] == 1;
}

/* Goes down to a page. */
static bool enter(struct page_rows *rows, uint32_t number)
{
    if (rows->depth + 1 >= PAGES_DEPTH_MAX || number == 0 || number > rows->pages ||
        rows->pages_visited == rows->pages)
        return fail(rows, "its tree of pages is damaged");
    struct page_level *level = &rows->levels[++rows->depth];
    if (!level->page)
        level->page = malloc(rows->page_bytes);
    if (!level->page)
        return fail(rows, "out of memory");
    if (!read_bytes(rows, level->page, rows->page_bytes, (uint64_t)(number - 1) * rows->page_bytes))
        return fail(rows, "a page cannot be read");
    rows->pages_visited++;
    uint32_t at = number == 1 ? HEADER_BYTES : 0;
    uint8_t type = level->page[at];
    *level = (struct page_level){.page = level->page,
                                 .number = number,
                                 .cells = big_endian(level->page + at + 3, 2),
                                 .cells_at = at + (type == LEAF_TABLE ? 8 : 12)};
    if ((type != LEAF_TABLE && type != INTERIOR_TABLE) ||
        level->cells_at + level->cells * 2 > rows->usable_bytes)
        return fail(rows, "a page of it is damaged");
    return true;
}

static bool is_leaf(const struct page_level *level)
{
    return level->page[level->number == 1 ? HEADER_BYTES : 0] == LEAF_TABLE;
}

/* Where the next cell of a page begins; 0 if that is not in the page. */
static uint32_t next_cell(const struct page_rows *rows, struct page_level *level)
{
    uint32_t at = big_endian(level->page + level->cells_at + 2 * level->next++, 2);
    return at + 4 <= rows->usable_bytes ? at : 0;
}

static bool enter_child(struct page_rows *rows, struct page_level *level)
{
    uint32_t at = level->number == 1 ? HEADER_BYTES : 0;
    if (level->next == level->cells) {
        level->next++;
        return enter(rows, big_endian(level->page + at + 8, 4));
    }
    uint32_t cell = next_cell(rows, level);
    return cell ? enter(rows, big_endian(level->page + cell, 4)) : fail(rows, "a page of it is damaged");
}

/* Goes to a leaf that has a row left. False at the end, or with an error. */
static bool find_leaf(struct page_rows *rows)
{
    while (rows->depth > 0) {
        struct page_level *level = &rows->levels[rows->depth];
        if (is_leaf(level) ? level->next < level->cells : level->next <= level->cells) {
            if (is_leaf(level))
                return true;
            if (!enter_child(rows, level))
                return false;
        } else {
            rows->depth--;
        }
    }
    return false;
}

/* ---- records ---- */

/* A variable-length integer, at the most 9 bytes (section 1.6); NULL if it does not end in time. */
static const uint8_t *take_varint(const uint8_t *at, const uint8_t *end, uint64_t *value)
{
    uint64_t taken = 0;
    for (unsigned i = 0; i < 9 && at < end; i++) {
        uint8_t byte = *at++;
        if (i == 8) {
            *value = taken << 8 | byte;
            return at;
        }
        taken = taken << 7 | (byte & 0x7fu);
        if (byte < 0x80) {
            *value = taken;
            return at;
        }
    }
    return NULL;
}

/* Bytes of a value, by its serial type (section 2.1). */
static uint64_t value_bytes(uint64_t type)
{
    static const uint8_t bytes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
    return type < sizeof bytes ? bytes[type] : (type - 12) / 2;
}

static int64_t signed_integer(const uint8_t *bytes, unsigned count)
{
    uint64_t value = bytes[0] & 0x80u ? UINT64_MAX : 0;
    for (unsigned i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return (int64_t)value;
}

static void take_value(struct page_rows *rows, int place, uint64_t type, const uint8_t *body)
{
    bool constant = type == 8 || type == 9;
    bool stored = type >= 1 && type <= 6;
    rows->kinds[place] = type == 0 ? CELL_NULL : constant || stored ? CELL_INTEGER : CELL_OTHER;
    rows->values[place] = stored ? signed_integer(body, (unsigned)value_bytes(type)) : type == 9;
}

/* Columns that a record does not have were added later, and are NULL. */
static bool take_record(struct page_rows *rows, const uint8_t *record, const uint8_t *end)
{
    uint64_t header_bytes;
    const uint8_t *header = take_varint(record, end, &header_bytes);
    if (!header || header_bytes > (uint64_t)(end - record))
        return fail(rows, "a row of it is damaged");
    const uint8_t *body = record + header_bytes;
    const uint8_t *header_end = body;
    for (int column = 0; column < rows->columns; column++) {
        uint64_t type = 0;
        if (header < header_end && !(header = take_varint(header, header_end, &type)))
            return fail(rows, "a row of it is damaged");
        uint64_t bytes = value_bytes(type);
        if (bytes > (uint64_t)(end - body))
            return fail(rows, "a row of it is damaged");
        if (rows->place[column] >= 0)
            take_value(rows, rows->place[column], type, body);
        body += bytes;
    }
    if (rows->rowid_place >= 0) {
        rows->values[rows->rowid_place] = rows->rowid;
        rows->kinds[rows->rowid_place] = CELL_INTEGER;
    }
    return true;
}

bool page_rows_next(struct page_rows *rows)
{
    if (rows->error || !find_leaf(rows))
        return false;
    struct page_level *level = &rows->levels[rows->depth];
    uint32_t cell = next_cell(rows, level);
    const uint8_t *end = level->page + rows->usable_bytes;
    uint64_t bytes = 0;
    uint64_t rowid = 0;
    const uint8_t *at = cell ? take_varint(level->page + cell, end, &bytes) : NULL;
    at = at ? take_varint(at, end, &rowid) : NULL;
    /* Longer rows go on in other pages (section 1.6): no table of integers alone has such. */
    if (!at || bytes > rows->usable_bytes - 35 || bytes > (uint64_t)(end - at))
        return fail(rows, "a row of it is damaged");
    if ((int64_t)rowid <= rows->rowid)
        return fail(rows, "its rows are out of order");
    rows->rowid = (int64_t)rowid;
    return take_record(rows, at, at + bytes);
}

/* ---- opening ---- */

/* The place of a name in the list; -1 if it is not there. */
static int place_of(const char *columns, const char *name)
{
    size_t length = strlen(name);
    int place = 0;
    for (const char *at = columns; *at; place++) {
        size_t word = strcspn(at, ",");
        if (word == length && memcmp(at, name, length) == 0)
            return place;
        at += word;
        at += strspn(at, ", ");
    }
    return -1;
}

static int count_names(const char *columns)
{
    int count = 1;
    for (const char *at = columns; *at; at++)
        count += *at == ',';
    return count;
}

/* Which columns of the table are wanted; false if one is missing. */
static bool find_columns(struct page_rows *rows, sqlite3 *database, const char *table, const char *columns)
{
    sqlite3_stmt *info = NULL;
    int found = 0;
    rows->rowid_place = -1;
    int code = sqlite3_prepare_v2(database, "SELECT cid, name, pk FROM pragma_table_info(?) ORDER BY cid", -1,
                                  &info, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(info, 1, table, -1, SQLITE_STATIC);
    while (code == SQLITE_OK && sqlite3_step(info) == SQLITE_ROW) {
        int column = sqlite3_column_int(info, 0);
        if (column >= PAGES_COLUMNS_MAX)
            break;
        int place = place_of(columns, (const char *)sqlite3_column_text(info, 1));
        bool rowid = sqlite3_column_int(info, 2) != 0;
        rows->place[column] = (int8_t)(rowid ? -1 : place);
        if (place >= 0)
            rows->columns = column + 1;
        if (place >= 0 && rowid)
            rows->rowid_place = place;
        found += place >= 0;
    }
    (void)sqlite3_finalize(info); /* repeats the code of the last step */
    return found == count_names(columns);
}

static uint32_t find_root(sqlite3 *database, const char *table)
{
    sqlite3_stmt *row = NULL;
    uint32_t root = 0;
    int code = sqlite3_prepare_v2(
        database, "SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = ?", -1, &row, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(row, 1, table, -1, SQLITE_STATIC);
    if (code == SQLITE_OK && sqlite3_step(row) == SQLITE_ROW)
        root = (uint32_t)sqlite3_column_int64(row, 0);
    (void)sqlite3_finalize(row); /* repeats the code of the last step */
    return root;
}

bool page_rows_open(struct page_rows *rows, sqlite3 *database, const char *table, const char *columns)
{
    memset(rows, 0, sizeof *rows);
    rows->rowid = INT64_MIN;
    if (count_names(columns) > PAGES_COLUMNS_MAX ||
        sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &rows->file) != SQLITE_OK ||
        !rows->file || !rows->file->pMethods)
        return false;
    uint32_t root = find_root(database, table);
    return root && read_header(rows) && find_columns(rows, database, table, columns) && enter(rows, root);
}

void page_rows_close(struct page_rows *rows)
{
    for (unsigned i = 0; i < PAGES_DEPTH_MAX; i++)
        free(rows->levels[i].page);
    memset(rows, 0, sizeof *rows);
}
