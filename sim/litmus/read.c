#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/litmus/reader.h"

/* What litmus.h says of bytes: nothing lies between the members. */
static_assert(sizeof(struct litmus_value) == 16, "a value has no holes");
static_assert(sizeof(struct litmus_location) == LITMUS_WORD_BYTES + 8 + 8 * LITMUS_ELEMENTS,
              "nor has a variable");
static_assert(sizeof(struct litmus_instruction) == 24, "nor has an instruction");
static_assert(sizeof(struct litmus_node) == 16 + sizeof(struct litmus_value), "nor has a node");
static_assert(sizeof(struct litmus_thread) == 8 + LITMUS_INSTRUCTIONS * sizeof(struct litmus_instruction) +
                                                  LITMUS_LABELS * sizeof(struct litmus_label) +
                                                  LITMUS_REGISTERS * sizeof(struct litmus_value),
              "nor has a thread");
static_assert(sizeof(struct litmus_test) == LITMUS_NAME_BYTES + 8 +
                                                LITMUS_LOCATIONS * sizeof(struct litmus_location) +
                                                LITMUS_THREADS * sizeof(struct litmus_thread) +
                                                LITMUS_CONDITION * sizeof(struct litmus_node),
              "nor has a test");

/* The first line: the architecture and the test's name. */
static bool read_title(struct litmus_reader *reader)
{
    struct litmus_lexer *lexer = &reader->lexer;
    if (!litmus_piece_is(litmus_take_word(lexer), "AArch64")) {
        litmus_skip(lexer);
        return vectors_fail(lexer->failure,
                            "%s:%u: does not begin with AArch64 and the test's name, as a litmus test "
                            "that can be read does",
                            lexer->name, lexer->line);
    }
    struct litmus_piece name = litmus_take_line(lexer);
    if (name.bytes == 0)
        return vectors_fail(lexer->failure, "%s:%u: the test's name is missing behind AArch64", lexer->name,
                            lexer->line);
    for (size_t i = 0; i < name.bytes; i++)
        if (name.text[i] < ' ')
            return vectors_fail(lexer->failure,
                                "%s:%u: the test's name holds a character that does not print", lexer->name,
                                lexer->line);
    return litmus_copy_name(lexer, name, reader->test->name, LITMUS_NAME_BYTES, "the test's name");
}

/* A text in quotes, and lines KEY=VALUE that generators leave: nothing of it changes the test. */
static bool skip_documentation(struct litmus_reader *reader)
{
    struct litmus_lexer *lexer = &reader->lexer;
    while (!litmus_sees(lexer, "{")) {
        if (litmus_accepts(lexer, "\"")) {
            while (lexer->next < lexer->end && *lexer->next != '"') {
                lexer->line += *lexer->next == '\n';
                lexer->next++;
            }
            if (!litmus_needs(lexer, "\"", "at the end of the text in quotes"))
                return false;
        } else {
            struct litmus_piece line = litmus_take_line(lexer);
            if (line.bytes == 0 || memchr(line.text, '=', line.bytes) == NULL) {
                lexer->next = line.text;
                return litmus_expected(lexer, "{, which begins the initial state,");
            }
        }
    }
    return true;
}

static bool read_parts(struct litmus_reader *reader)
{
    return read_title(reader) && skip_documentation(reader) && litmus_read_init(reader) &&
           litmus_read_code(reader) && litmus_read_condition(reader);
}

bool litmus_read_text(struct litmus_test *test, const char *name, const char *text, size_t bytes,
                      struct vectors_failure *failure)
{
    struct litmus_reader *reader;
    if (bytes > LITMUS_TEXT_BYTES_MAX)
        return vectors_fail(failure, "%s:1: has %zu bytes; a litmus test has at most %u", name, bytes,
                            (unsigned)LITMUS_TEXT_BYTES_MAX);
    if (bytes > 0 && memchr(text, '\0', bytes) != NULL)
        return vectors_fail(failure, "%s:1: holds a byte 0, which no text does", name);
    reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return vectors_fail(failure, "%s:1: there is no memory to read it", name);
    memset(test, 0, sizeof *test);
    reader->lexer = (struct litmus_lexer){name, text, text + bytes, 1, failure};
    reader->test = test;
    bool fine = read_parts(reader);
    free(reader);
    return fine;
}

bool litmus_read_file(struct litmus_test *test, const char *path, struct vectors_failure *failure)
{
    size_t bytes;
    char *text = vectors_read_file(path, &bytes, failure);
    if (text == NULL)
        return false;
    bool fine = litmus_read_text(test, path, text, bytes, failure);
    free(text);
    return fine;
}
