#include "sim/litmus/lexer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool starts_with(const struct litmus_lexer *lexer, const char *sign)
{
    size_t bytes = strlen(sign);
    return (size_t)(lexer->end - lexer->next) >= bytes && memcmp(lexer->next, sign, bytes) == 0;
}

static void step(struct litmus_lexer *lexer)
{
    lexer->line += *lexer->next == '\n';
    lexer->next++;
}

static void skip_comment(struct litmus_lexer *lexer)
{
    unsigned depth = 0;
    do {
        bool opens = starts_with(lexer, "(*");
        bool closes = starts_with(lexer, "*)");
        depth += opens;
        depth -= closes;
        if (opens || closes)
            lexer->next++;
        step(lexer);
    } while (depth > 0 && lexer->next < lexer->end);
}

static bool is_space(char character)
{
    return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

void litmus_skip(struct litmus_lexer *lexer)
{
    while (lexer->next < lexer->end) {
        if (starts_with(lexer, "(*"))
            skip_comment(lexer);
        else if (is_space(*lexer->next))
            step(lexer);
        else
            return;
    }
}

static bool is_letter(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           character == '_' || character == '.';
}

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

bool litmus_expected(struct litmus_lexer *lexer, const char *right)
{
    litmus_skip(lexer);
    if (lexer->next == lexer->end)
        return vectors_fail(lexer->failure, "%s:%u: the text ends where %s would be right", lexer->name,
                            lexer->line, right);
    size_t bytes = 1;
    if (is_letter(*lexer->next) || is_digit(*lexer->next))
        while (lexer->next + bytes < lexer->end &&
               (is_letter(lexer->next[bytes]) || is_digit(lexer->next[bytes])))
            bytes++;
    return vectors_fail(lexer->failure, "%s:%u: %s stands where %s would be right", lexer->name, lexer->line,
                        vectors_quote(lexer->next, bytes).text, right);
}

bool litmus_sees(struct litmus_lexer *lexer, const char *sign)
{
    litmus_skip(lexer);
    return starts_with(lexer, sign);
}

bool litmus_accepts(struct litmus_lexer *lexer, const char *sign)
{
    if (!litmus_sees(lexer, sign))
        return false;
    lexer->next += strlen(sign);
    return true;
}

bool litmus_needs(struct litmus_lexer *lexer, const char *sign, const char *where)
{
    char right[96];
    if (litmus_accepts(lexer, sign))
        return true;
    size_t bytes = strlen(sign);
    size_t rest = strlen(where);
    if (bytes + rest + 2 > sizeof right)
        return litmus_expected(lexer, sign);
    memcpy(right, sign, bytes);
    right[bytes] = ' ';
    memcpy(right + bytes + 1, where, rest + 1);
    return litmus_expected(lexer, right);
}

struct litmus_piece litmus_peek_word(struct litmus_lexer *lexer)
{
    litmus_skip(lexer);
    struct litmus_piece piece = {lexer->next, 0, lexer->line};
    size_t room = (size_t)(lexer->end - lexer->next);
    if (room > 0 && is_letter(*piece.text))
        while (piece.bytes < room &&
               (is_letter(piece.text[piece.bytes]) || is_digit(piece.text[piece.bytes])))
            piece.bytes++;
    return piece;
}

struct litmus_piece litmus_take_word(struct litmus_lexer *lexer)
{
    struct litmus_piece piece = litmus_peek_word(lexer);
    lexer->next += piece.bytes;
    return piece;
}

struct litmus_piece litmus_take_line(struct litmus_lexer *lexer)
{
    while (lexer->next < lexer->end && (*lexer->next == ' ' || *lexer->next == '\t'))
        lexer->next++;
    struct litmus_piece piece = {lexer->next, 0, lexer->line};
    while (lexer->next < lexer->end && *lexer->next != '\n')
        lexer->next++;
    piece.bytes = (size_t)(lexer->next - piece.text);
    while (piece.bytes > 0 && is_space(piece.text[piece.bytes - 1]))
        piece.bytes--;
    return piece;
}

bool litmus_sees_number(struct litmus_lexer *lexer)
{
    litmus_skip(lexer);
    const char *next = lexer->next;
    if (next < lexer->end && *next == '-')
        next++;
    return next < lexer->end && is_digit(*next);
}

/* The value of a digit, or the base if it is none. */
static uint64_t digit_of(char character, uint64_t base)
{
    uint64_t digit = base;
    if (is_digit(character))
        digit = (uint64_t)(character - '0');
    else if (character >= 'a' && character <= 'f')
        digit = (uint64_t)(character - 'a') + 10;
    else if (character >= 'A' && character <= 'F')
        digit = (uint64_t)(character - 'A') + 10;
    return digit < base ? digit : base;
}

bool litmus_take_number(struct litmus_lexer *lexer, int64_t *number)
{
    if (!litmus_sees_number(lexer))
        return litmus_expected(lexer, "a number");
    bool minus = *lexer->next == '-';
    const char *next = lexer->next + minus;
    uint64_t base = 10;
    uint64_t value = 0;
    if (lexer->end - next > 2 && next[0] == '0' && (next[1] == 'x' || next[1] == 'X')) {
        base = 16;
        next += 2;
    }
    const char *first = next;
    bool fits = true;
    for (; next < lexer->end && digit_of(*next, base) < base; next++) {
        fits = fits && value <= (UINT64_MAX - digit_of(*next, base)) / base;
        value = value * base + digit_of(*next, base);
    }
    if (!fits || (minus && value > (uint64_t)INT64_MAX) || next == first ||
        (next < lexer->end && is_letter(*next)))
        return litmus_expected(lexer, "a number of at most 64 bits");
    *number = (int64_t)(minus ? 0 - value : value);
    lexer->next = next;
    return true;
}

bool litmus_piece_is(struct litmus_piece piece, const char *word)
{
    return piece.bytes == strlen(word) && strncasecmp(piece.text, word, piece.bytes) == 0;
}

bool litmus_copy_name(struct litmus_lexer *lexer, struct litmus_piece piece, char *name, size_t room,
                      const char *what)
{
    if (piece.bytes >= room)
        return vectors_fail(lexer->failure, "%s:%u: %s has %zu characters; at most %zu would be right",
                            lexer->name, piece.line, what, piece.bytes, room - 1);
    memcpy(name, piece.text, piece.bytes);
    memset(name + piece.bytes, 0, room - piece.bytes);
    return true;
}
