#include "pagetables/vectors/row.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- the question ---- */

const char *vectors_text(const struct vectors_row *row, const char *column)
{
    int index = vectors_csv_column(row->csv, column);
    assert(index >= 0 && "a kind may only ask for columns that it names");
    return vectors_csv_field(row->csv, row->row, (unsigned)index);
}

static void refuse(const struct vectors_row *row, const char *column, const char *right)
{
    const char *text = vectors_text(row, column);
    if (!*row->failed)
        (void)vectors_fail(row->failure, "%s:%u: column '%s' is %s; %s would be right", row->path,
                           row->csv->lines[row->row], column, vectors_quote(text, strlen(text)).text, right);
    *row->failed = true;
}

void vectors_unknown_text(const struct vectors_row *row, const char *column, const char *known)
{
    refuse(row, column, known);
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

static uint64_t number_of(const struct vectors_row *row, const char *column, unsigned base, const char *right)
{
    uint64_t value = 0;
    for (const char *text = vectors_text(row, column); *text != '\0'; text++) {
        unsigned digit = (unsigned)digit_of(*text);
        if (digit >= base || value > (UINT64_MAX - digit) / base) {
            refuse(row, column, right);
            return 0;
        }
        value = value * base + digit;
    }
    return value;
}

uint64_t vectors_hex(const struct vectors_row *row, const char *column)
{
    return number_of(row, column, 16, "a hexadecimal number of 64 bits without 0x");
}

uint64_t vectors_decimal(const struct vectors_row *row, const char *column)
{
    return number_of(row, column, 10, "a decimal number");
}

/* ---- the answer ---- */

void vectors_answer_clear(struct vectors_answer *answer, const struct vectors_kind *kind)
{
    answer->kind = kind;
    answer->cut = false;
    for (unsigned i = 0; i < VECTORS_ANSWERS_MAX; i++) {
        answer->column[i].said[0] = '\0';
        answer->column[i].why_open = NULL;
    }
}

static unsigned answer_index(const struct vectors_answer *answer, const char *column)
{
    unsigned index = 0;
    while (answer->kind->answers[index] != NULL && strcmp(answer->kind->answers[index], column) != 0)
        index++;
    assert(answer->kind->answers[index] != NULL && "a kind may only answer columns that it names");
    return index;
}

void vectors_say(struct vectors_answer *answer, const char *column, const char *format, ...)
{
    char *said = answer->column[answer_index(answer, column)].said;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(said, VECTORS_ANSWER_BYTES, format, arguments);
    va_end(arguments);
    answer->cut |= length < 0 || length >= VECTORS_ANSWER_BYTES;
}

void vectors_say_update(struct vectors_answer *answer, const char *column, const struct walk_update *update)
{
    char *said = answer->column[answer_index(answer, column)].said;
    size_t used = strlen(said);
    int length = snprintf(said + used, VECTORS_ANSWER_BYTES - used, "%s%" PRIx64 ":%" PRIx64 ">%" PRIx64,
                          used > 0 ? ";" : "", update->pa, update->expected, update->desired);
    answer->cut |= length < 0 || (size_t)length >= VECTORS_ANSWER_BYTES - used;
}

void vectors_leave_open(struct vectors_answer *answer, const char *column, const char *why)
{
    answer->column[answer_index(answer, column)].why_open = why;
}
