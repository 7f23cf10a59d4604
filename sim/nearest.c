#include "sim/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define LONGEST      63 /* letters that are compared */
#define LEAST_PREFIX 2

static char lower_at(const char *text, size_t index)
{
    return (char)tolower((unsigned char)text[index]);
}

static bool is_swap(const char *a, const char *b, size_t i, size_t j)
{
    return i > 1 && j > 1 && lower_at(a, i - 1) == lower_at(b, j - 2) &&
           lower_at(a, i - 2) == lower_at(b, j - 1);
}

static size_t least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: edit distance where a swap of neighbours is one edit. Three rows are enough. */
static size_t distance_of(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][LONGEST + 1];
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] = above[j - 1] + (lower_at(a, i - 1) != lower_at(b, j - 1));
            row[j] = least_of(row[j], least_of(above[j], row[j - 1]) + 1);
            if (is_swap(a, b, i, j))
                row[j] = least_of(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

static bool is_prefix(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t shorter = least_of(a_length, b_length);
    for (size_t i = 0; i < shorter; i++)
        if (lower_at(a, i) != lower_at(b, i))
            return false;
    return shorter >= LEAST_PREFIX;
}

/* Below half of the letters changed, it is more likely a slip than another word. */
static bool is_near(size_t distance, size_t longest)
{
    return 2 * distance < longest || (longest == 2 && distance == 1);
}

const char *nearest_name(const char *word, const char *const *names, size_t count)
{
    size_t word_length = strnlen(word, LONGEST);
    size_t least = LONGEST + 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        size_t length = strnlen(names[i], LONGEST);
        size_t longest = word_length > length ? word_length : length;
        size_t distance = distance_of(word, word_length, names[i], length);
        if (!is_near(distance, longest) && !is_prefix(word, word_length, names[i], length))
            continue;
        if (distance < least) {
            least = distance;
            nearest = names[i];
        }
    }
    return nearest;
}
