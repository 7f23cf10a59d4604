#include "sim/cli/listing.h"

#include <inttypes.h>
#include <string.h>

#include "sim/cli/format.h"

void listing_text(struct listing_cell *cell, const char *text)
{
    (void)snprintf(cell->text, sizeof cell->text, "%s", text);
}

void listing_count(struct listing_cell *cell, uint64_t value)
{
    (void)snprintf(cell->text, sizeof cell->text, "%" PRIu64, value);
    cell->number = true;
    cell->value = value;
}

static size_t columns_of(const struct listing *listing)
{
    size_t count = 0;
    while (count < LISTING_COLUMNS_MAX && listing->columns[count])
        count++;
    return count;
}

static bool row_of(const struct listing *listing, size_t index, struct listing_cell *cells)
{
    memset(cells, 0, LISTING_COLUMNS_MAX * sizeof *cells);
    return listing->row(listing->context, index, cells);
}

static void print_json(const struct listing *listing, FILE *out)
{
    struct listing_cell cells[LISTING_COLUMNS_MAX];
    (void)fputc('[', out);
    for (size_t i = 0; row_of(listing, i, cells); i++) {
        (void)fputs(i ? ",\n  {" : "\n  {", out);
        for (size_t c = 0; c < columns_of(listing); c++) {
            (void)fprintf(out, "%s\"%s\": ", c ? ", " : "", listing->columns[c]);
            if (cells[c].number)
                (void)fprintf(out, "%" PRIu64, cells[c].value);
            else
                print_json_string(out, cells[c].text);
        }
        (void)fputc('}', out);
    }
    (void)fputs("\n]\n", out);
}

static void print_csv(const struct listing *listing, FILE *out)
{
    struct listing_cell cells[LISTING_COLUMNS_MAX];
    for (size_t c = 0; c < columns_of(listing); c++)
        (void)fprintf(out, "%s%s", c ? "," : "", listing->columns[c]);
    (void)fputs("\r\n", out);
    for (size_t i = 0; row_of(listing, i, cells); i++) {
        for (size_t c = 0; c < columns_of(listing); c++) {
            (void)fputs(c ? "," : "", out);
            if (cells[c].number)
                (void)fprintf(out, "%" PRIu64, cells[c].value);
            else
                print_csv_field(out, cells[c].text);
        }
        (void)fputs("\r\n", out);
    }
}

struct layout {
    int widths[LISTING_COLUMNS_MAX];
    bool right[LISTING_COLUMNS_MAX]; /* a column of numbers */
};

static void measure(const struct listing *listing, struct layout *layout)
{
    struct listing_cell cells[LISTING_COLUMNS_MAX];
    for (size_t c = 0; c < columns_of(listing); c++)
        layout->widths[c] = (int)strlen(listing->columns[c]);
    for (size_t i = 0; row_of(listing, i, cells); i++) {
        for (size_t c = 0; c < columns_of(listing); c++) {
            int width = (int)strlen(cells[c].text);
            layout->widths[c] = width > layout->widths[c] ? width : layout->widths[c];
            layout->right[c] = layout->right[c] || cells[c].number;
        }
    }
}

static void print_cell(const struct layout *layout, size_t column, bool last, const char *text, FILE *out)
{
    if (last)
        (void)fprintf(out, "%s\n", text);
    else
        (void)fprintf(out, "%*s  ", layout->right[column] ? layout->widths[column] : -layout->widths[column],
                      text);
}

static void print_table(const struct listing *listing, FILE *out)
{
    struct listing_cell cells[LISTING_COLUMNS_MAX];
    struct layout layout = {0};
    size_t columns = columns_of(listing);
    measure(listing, &layout);
    for (size_t c = 0; c < columns; c++)
        print_cell(&layout, c, c + 1 == columns, listing->columns[c], out);
    for (size_t i = 0; row_of(listing, i, cells); i++)
        for (size_t c = 0; c < columns; c++)
            print_cell(&layout, c, c + 1 == columns, cells[c].text, out);
}

void listing_print(const struct listing *listing, enum cli_format format, FILE *out)
{
    if (format == CLI_JSON)
        print_json(listing, out);
    else if (format == CLI_CSV)
        print_csv(listing, out);
    else
        print_table(listing, out);
}
