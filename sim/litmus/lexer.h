/*
 * Words, numbers and signs of a litmus test's text, with the line for sentences. Comments `(* ... *)` nest,
 * as in herd.
 */
#ifndef MMUSIM_SIM_LITMUS_LEXER_H
#define MMUSIM_SIM_LITMUS_LEXER_H

#include "sim/litmus/litmus.h"

struct litmus_lexer {
    const char *name;
    const char *next;
    const char *end;
    unsigned line; /* of `next` */
    struct vectors_failure *failure;
};

/* A piece of the text. */
struct litmus_piece {
    const char *text;
    size_t bytes;
    unsigned line;
};

/* Past white space and comments. A comment without an end goes to the end of the text. */
void litmus_skip(struct litmus_lexer *lexer);

/* False, with a sentence that tells what stands at `next` and what would be right there. */
bool litmus_expected(struct litmus_lexer *lexer, const char *right);

/* Whether the sign stands here; the second takes it, too, the third refuses another one. */
bool litmus_sees(struct litmus_lexer *lexer, const char *sign);
bool litmus_accepts(struct litmus_lexer *lexer, const char *sign);
bool litmus_needs(struct litmus_lexer *lexer, const char *sign, const char *where);

/* A word: letters, digits, `_` and `.`, not beginning with a digit. Of length 0, and nothing taken, if none
 * is here. */
struct litmus_piece litmus_peek_word(struct litmus_lexer *lexer);
struct litmus_piece litmus_take_word(struct litmus_lexer *lexer);
/* The rest of the line, without white space at its ends. */
struct litmus_piece litmus_take_line(struct litmus_lexer *lexer);

/* Decimal or 0x..., perhaps with a minus. */
bool litmus_sees_number(struct litmus_lexer *lexer);
bool litmus_take_number(struct litmus_lexer *lexer, int64_t *number);

/* Without regard to case. */
bool litmus_piece_is(struct litmus_piece piece, const char *word);
/* A copy into a name of `room` bytes; false with a sentence if it does not fit. `what`: "a variable's name".
 */
bool litmus_copy_name(struct litmus_lexer *lexer, struct litmus_piece piece, char *name, size_t room,
                      const char *what);

#endif
