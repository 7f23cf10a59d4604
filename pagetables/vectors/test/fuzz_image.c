/*
 * Whatever the bytes are, reading them as an image ends, stays in its memory and gives either an image or a
 * sentence. Through an image, each kind's replay ends, too, whatever its tables and registers are: the last
 * byte chooses one of the questions below.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pagetables/vectors/image.h"
#include "pagetables/vectors/row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static void require(int holds)
{
    if (!holds)
        abort();
}

/* The columns that a kind asks for, with values that reach tables. */
static const struct {
    const char *column;
    const char *values[4];
} values[] = {
    {"op", {"s12e1w", "s1e1r", "s12e0r", "s1e1wp/pan1"}},
    {"el", {"el0", "el1", "el0", "el1"}},
    {"va", {"0", "40001008", "7fe019f01e", "ffffffff80201000"}},
    {"satp", {"8000000000080000", "9000000000080001", "a000000000080000", "0"}},
    {"vsatp", {"8000000000080000", "9000000000080001", "a000000000080000", "0"}},
    {"hgatp", {"8000000000080000", "9000000000080004", "a000000000080000", "0"}},
    {"isa", {"rv64imafdch_svadu_svnapot_svpbmt", "rv64imafdch", "rv64imafdch_svadu", ""}},
    {"priv", {"S", "U", "S", "U"}},
    {"acc", {"R", "W", "X", "R"}},
    {"access", {"SR", "UW", "SX", "UR"}},
    {"cr3", {"8000000", "8000018", "0", "ffffffffff000"}},
    {"pkru", {"0", "ffffffff", "4", "c"}},
};

static const char *value_of(const char *column, unsigned choice)
{
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (strcmp(values[i].column, column) == 0)
            return values[i].values[choice & 3];
    return choice & 1 ? "1" : "0"; /* switches */
}

static void ask(const struct vectors_kind *kind, struct vectors_image *image, unsigned choice)
{
    static struct vectors_answer answer;
    const char *fields[VECTORS_COLUMNS_MAX];
    unsigned line = 2;
    struct vectors_csv csv = {.rows = 1, .fields = fields, .lines = &line};
    struct vectors_failure failure;
    bool failed = false;
    const char *why = NULL;
    for (unsigned i = 0; kind->asks[i] != NULL; i++)
        csv.column[csv.columns++] = kind->asks[i];
    for (unsigned i = 0; kind->answers[i] != NULL; i++)
        csv.column[csv.columns++] = kind->answers[i];
    for (unsigned i = 0; i < csv.columns; i++)
        fields[i] = value_of(csv.column[i], choice >> (i & 3));
    const struct vectors_row row = {&csv, "fuzz", 0, &failure, &failed};
    vectors_image_reset(image);
    vectors_answer_clear(&answer, kind);
    bool answered = kind->replay(&row, image, &answer, &why);
    require(answered || failed || why != NULL);
    require(!answer.cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    struct vectors_failure failure = {""};
    const struct vectors_step *step;
    const struct vectors_kind *kind;
    unsigned steps;
    struct vectors_image *image = vectors_image_parse("fuzz", "a", (const char *)data, size_bytes, &failure);
    if (image == NULL) {
        require(memchr(failure.text, '\0', sizeof failure.text) != NULL);
        require(strncmp(failure.text, "fuzz:", 5) == 0);
        return 0;
    }
    for (unsigned i = 0; (kind = vectors_kind_at(i)) != NULL; i++) {
        ask(kind, image, data[size_bytes - 1]);
        require(vectors_image_steps(image, &step, &steps));
    }
    vectors_image_free(image);
    return 0;
}
