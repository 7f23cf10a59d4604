#include "sim/litmus/verdicts.h"

#include <stdlib.h>
#include <string.h>

static const char *field(const struct litmus_verdicts *verdicts, size_t row, int column)
{
    return column < 0 ? "" : vectors_csv_field(&verdicts->csv, row, (unsigned)column);
}

/* Whether a word stands in a list with commas between. */
static bool list_has(const char *list, const char *word)
{
    size_t bytes = strlen(word);
    for (const char *item = list; item != NULL; item = strchr(item, ',')) {
        item += *item == ',';
        if (strncmp(item, word, bytes) == 0 && (item[bytes] == ',' || item[bytes] == '\0'))
            return true;
    }
    return false;
}

static enum litmus_verdict verdict_of(const char *word)
{
    if (strcmp(word, "Allowed") == 0)
        return LITMUS_ALLOWED;
    return strcmp(word, "Forbidden") == 0 ? LITMUS_FORBIDDEN : LITMUS_UNKNOWN;
}

/* A column that must be there. */
static bool need_column(struct litmus_verdicts *verdicts, const char *name, const char *column, int *index,
                        struct vectors_failure *failure)
{
    *index = vectors_csv_column(&verdicts->csv, column);
    return *index >= 0 ||
           vectors_fail(failure, "%s:1: has no column %s; test, family, verdict and variant would be right",
                        name, column);
}

static bool find_columns(struct litmus_verdicts *verdicts, const char *name, struct vectors_failure *failure)
{
    verdicts->outcome = vectors_csv_column(&verdicts->csv, "outcome");
    verdicts->flags = vectors_csv_column(&verdicts->csv, "flags");
    verdicts->note = vectors_csv_column(&verdicts->csv, "note");
    return need_column(verdicts, name, "test", &verdicts->test, failure) &&
           need_column(verdicts, name, "family", &verdicts->family, failure) &&
           need_column(verdicts, name, "verdict", &verdicts->verdict, failure) &&
           need_column(verdicts, name, "variant", &verdicts->variant, failure);
}

/* ---- Two rows that answer the same question ---- */

struct key {
    const char *test;
    bool ets2;
    unsigned line;
};

static int compare_keys(const void *left, const void *right)
{
    const struct key *a = left;
    const struct key *b = right;
    int order = strcmp(a->test, b->test);
    if (order == 0)
        order = (a->ets2 > b->ets2) - (a->ets2 < b->ets2);
    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

static bool check_keys(const struct litmus_verdicts *verdicts, const char *name,
                       struct vectors_failure *failure)
{
    size_t rows = verdicts->csv.rows;
    struct key *keys = calloc(rows + 1, sizeof *keys);
    bool fine = true;
    if (keys == NULL)
        return vectors_fail(failure, "%s:1: there is no memory for its rows", name);
    for (size_t i = 0; i < rows; i++)
        keys[i] =
            (struct key){field(verdicts, i, verdicts->test),
                         list_has(field(verdicts, i, verdicts->variant), "ets2"), verdicts->csv.lines[i]};
    qsort(keys, rows, sizeof *keys, compare_keys);
    for (size_t i = 1; fine && i < rows; i++)
        if (strcmp(keys[i - 1].test, keys[i].test) == 0 && keys[i - 1].ets2 == keys[i].ets2)
            fine = vectors_fail(failure,
                                "%s:%u: the verdict on %s %s ETS2 stands in line %u, too; one would be right",
                                name, keys[i].line, vectors_quote(keys[i].test, strlen(keys[i].test)).text,
                                keys[i].ets2 ? "with" : "without", keys[i - 1].line);
    free(keys);
    return fine;
}

static bool check_words(const struct litmus_verdicts *verdicts, const char *name,
                        struct vectors_failure *failure)
{
    for (size_t i = 0; i < verdicts->csv.rows; i++) {
        const char *word = field(verdicts, i, verdicts->verdict);
        if (verdict_of(word) == LITMUS_UNKNOWN)
            return vectors_fail(failure, "%s:%u: the verdict is %s; Allowed or Forbidden would be right",
                                name, verdicts->csv.lines[i], vectors_quote(word, strlen(word)).text);
    }
    return true;
}

bool litmus_verdicts_parse(struct litmus_verdicts *verdicts, const char *name, char *text, size_t bytes,
                           struct vectors_failure *failure)
{
    if (!vectors_csv_parse(&verdicts->csv, name, text, bytes, failure))
        return false;
    if (find_columns(verdicts, name, failure) && check_words(verdicts, name, failure) &&
        check_keys(verdicts, name, failure))
        return true;
    litmus_verdicts_release(verdicts);
    return false;
}

bool litmus_verdicts_read(struct litmus_verdicts *verdicts, const char *path, struct vectors_failure *failure)
{
    size_t bytes;
    char *text = vectors_read_file(path, &bytes, failure);
    return text != NULL && litmus_verdicts_parse(verdicts, path, text, bytes, failure);
}

void litmus_verdicts_release(struct litmus_verdicts *verdicts)
{
    vectors_csv_release(&verdicts->csv);
}

bool litmus_verdicts_find(const struct litmus_verdicts *verdicts, const char *test, bool ets2,
                          struct litmus_verdict_row *row)
{
    *row = (struct litmus_verdict_row){LITMUS_UNKNOWN, "", "", "", ""};
    for (size_t i = 0; i < verdicts->csv.rows; i++) {
        if (strcmp(field(verdicts, i, verdicts->test), test) != 0 ||
            list_has(field(verdicts, i, verdicts->variant), "ets2") != ets2)
            continue;
        *row = (struct litmus_verdict_row){
            verdict_of(field(verdicts, i, verdicts->verdict)), field(verdicts, i, verdicts->family),
            field(verdicts, i, verdicts->outcome), field(verdicts, i, verdicts->flags),
            field(verdicts, i, verdicts->note)};
        return true;
    }
    return false;
}
