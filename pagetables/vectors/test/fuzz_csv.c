/*
 * Whatever the bytes are, reading them as CSV ends, stays in its memory and gives either rows that keep the
 * contract of csv.h, or a sentence.
 */
#include <stdlib.h>
#include <string.h>

#include "pagetables/vectors/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static void require(int holds)
{
    if (!holds)
        abort();
}

static void check_sentence(const struct vectors_failure *failure)
{
    require(memchr(failure->text, '\0', sizeof failure->text) != NULL);
    require(strncmp(failure->text, "fuzz:", 5) == 0);
}

static void check_rows(const struct vectors_csv *csv)
{
    unsigned before = 0;
    require(csv->columns > 0 && csv->columns <= VECTORS_COLUMNS_MAX);
    for (unsigned i = 0; i < csv->columns; i++)
        require(vectors_csv_column(csv, csv->column[i]) == (int)i);
    for (size_t row = 0; row < csv->rows; row++) {
        require(csv->lines[row] > before);
        before = csv->lines[row];
        for (unsigned i = 0; i < csv->columns; i++)
            require(strpbrk(vectors_csv_field(csv, row, i), "\n") == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    struct vectors_failure failure = {""};
    struct vectors_csv csv;
    char *text = malloc(size_bytes + 1);
    require(text != NULL);
    if (size_bytes > 0)
        memcpy(text, data, size_bytes);
    text[size_bytes] = '\0';
    if (!vectors_csv_parse(&csv, "fuzz", text, size_bytes, &failure)) {
        check_sentence(&failure);
        return 0;
    }
    check_rows(&csv);
    if (!vectors_csv_check_ids(&csv, "fuzz", 0, &failure))
        check_sentence(&failure);
    vectors_csv_release(&csv);
    return 0;
}
