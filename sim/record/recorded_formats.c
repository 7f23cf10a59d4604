#include "sim/record/recorded_formats.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "pagetables/walk.h"

/* One row of allowed_rights. */
struct recorded_allowance {
    struct access_controls controls;
    uint32_t attributes;
    uint8_t rights;
    uint8_t allowed;
};

/* `format.numbers` leads back here. */
struct stand_in {
    struct walk_format format;
    struct stand_in *next;
    char *name;
    struct recorded_allowance *allowances;
    size_t allowance_count;
    uint8_t rights[FRAME_ATTRIBUTES_ALL + 1]; /* by attributes; 0 where the record says nothing */
};

static sqlite3_stmt *select_of(struct recorded_formats *formats, const char *sql, const char *name)
{
    sqlite3_stmt *rows = NULL;
    if (sqlite3_prepare_v2(formats->database, sql, -1, &rows, NULL) != SQLITE_OK ||
        sqlite3_bind_text(rows, 1, name, -1, SQLITE_STATIC) != SQLITE_OK)
        formats->failed = true;
    return rows;
}

static void read_rights(struct recorded_formats *formats, struct stand_in *stand_in)
{
    sqlite3_stmt *rows =
        select_of(formats, "SELECT attributes, rights FROM format_rights WHERE format = ?", stand_in->name);
    while (!formats->failed && sqlite3_step(rows) == SQLITE_ROW) {
        sqlite3_int64 attributes = sqlite3_column_int64(rows, 0);
        if (attributes >= 0 && attributes <= (sqlite3_int64)FRAME_ATTRIBUTES_ALL)
            stand_in->rights[attributes] = (uint8_t)sqlite3_column_int64(rows, 1);
    }
    if (sqlite3_finalize(rows) != SQLITE_OK)
        formats->failed = true;
}

static void read_allowance(sqlite3_stmt *row, struct recorded_allowance *allowance)
{
    *allowance = (struct recorded_allowance){
        .attributes = (uint32_t)sqlite3_column_int64(row, 0),
        .rights = (uint8_t)sqlite3_column_int64(row, 1),
        .controls = {(uint32_t)sqlite3_column_int64(row, 2), (uint32_t)sqlite3_column_int64(row, 3)},
        .allowed = (uint8_t)sqlite3_column_int64(row, 4)};
}

static void read_allowances(struct recorded_formats *formats, struct stand_in *stand_in)
{
    size_t capacity = 0;
    sqlite3_stmt *rows = select_of(
        formats,
        "SELECT attributes, rights, controls, key_rights, allowed FROM allowed_rights WHERE format = ?",
        stand_in->name);
    while (!formats->failed && sqlite3_step(rows) == SQLITE_ROW) {
        if (stand_in->allowance_count == capacity) {
            capacity = capacity ? capacity * 2 : 16;
            struct recorded_allowance *grown = realloc(stand_in->allowances, capacity * sizeof *grown);
            formats->failed = !grown;
            if (!grown)
                break;
            stand_in->allowances = grown;
        }
        read_allowance(rows, &stand_in->allowances[stand_in->allowance_count++]);
    }
    if (sqlite3_finalize(rows) != SQLITE_OK)
        formats->failed = true;
}

static void describe(struct stand_in *stand_in, const struct replay_format *told)
{
    struct walk_format *format = &stand_in->format;
    *format = (struct walk_format){.struct_bytes = sizeof *format,
                                   .name = stand_in->name,
                                   .summary = "",
                                   .stage2 = told->stage2,
                                   .levels = 1,
                                   .va_bits = told->va_bits,
                                   .va_form = told->va_form,
                                   .page_lg2 = (uint8_t)__builtin_ctzll(told->frame_sizes),
                                   .numbers = stand_in,
                                   .spurious = told->spurious,
                                   .run_sizes = told->run_sizes};
    for (uint64_t left = told->frame_sizes; left && format->frame_sizes < sizeof format->frame_size_lg2;
         left &= left - 1)
        format->frame_size_lg2[format->frame_sizes++] = (uint8_t)__builtin_ctzll(left);
}

static const struct walk_format *make(struct recorded_formats *formats, const struct replay_format *told)
{
    struct stand_in *stand_in = calloc(1, sizeof *stand_in);
    formats->failed = !stand_in;
    if (!stand_in)
        return NULL;
    stand_in->next = formats->list;
    formats->list = stand_in;
    stand_in->name = strdup(told->name);
    formats->failed = !stand_in->name;
    if (formats->failed)
        return NULL;
    describe(stand_in, told);
    read_rights(formats, stand_in);
    read_allowances(formats, stand_in);
    return formats->failed ? NULL : &stand_in->format;
}

const struct walk_format *recorded_format(void *context, const struct replay_format *told)
{
    struct recorded_formats *formats = context;
    const struct walk_format *own = walk_format_find(told->name);
    if (own)
        return own;
    for (const struct stand_in *stand_in = formats->list; stand_in && !formats->failed;
         stand_in = stand_in->next)
        if (strcmp(stand_in->name, told->name) == 0)
            return &stand_in->format;
    return formats->failed ? NULL : make(formats, told);
}

static uint8_t rights_of(const struct walk_format *format, uint32_t attributes)
{
    if (format->rights)
        return format->rights(attributes);
    const struct stand_in *stand_in = format->numbers;
    return stand_in->rights[attributes & FRAME_ATTRIBUTES_ALL];
}

/* Where the record has no row the controls change nothing. */
static uint8_t allowed_of(const struct walk_format *format, const struct access_controls *controls,
                          uint8_t rights, uint32_t attributes)
{
    if (format->rights)
        return walk_allowed(format, controls, rights, attributes);
    const struct stand_in *stand_in = format->numbers;
    for (size_t i = 0; i < stand_in->allowance_count; i++) {
        const struct recorded_allowance *known = &stand_in->allowances[i];
        if (known->attributes == attributes && known->rights == rights &&
            known->controls.flags == controls->flags && known->controls.key_rights == controls->key_rights)
            return known->allowed;
    }
    return rights;
}

const struct judge_rights recorded_rights = {rights_of, allowed_of};

void recorded_formats_free(struct recorded_formats *formats)
{
    while (formats->list) {
        struct stand_in *next = formats->list->next;
        free(formats->list->allowances);
        free(formats->list->name);
        free(formats->list);
        formats->list = next;
    }
}
