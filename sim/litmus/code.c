#include <string.h>

#include "sim/litmus/reader.h"

bool litmus_read_register(struct litmus_reader *reader, uint8_t *number, bool *wide)
{
    static const char right[] = "a register X0 to X30, W0 to W30, XZR or WZR";
    struct litmus_piece word = litmus_peek_word(&reader->lexer);
    unsigned value = 0;
    if (word.bytes < 2 || word.bytes > 3 || strchr("XxWw", word.text[0]) == NULL)
        return litmus_expected(&reader->lexer, right);
    *wide = word.text[0] == 'X' || word.text[0] == 'x';
    if (litmus_piece_is(word, "XZR") || litmus_piece_is(word, "WZR")) {
        value = LITMUS_ZERO_REGISTER;
    } else {
        for (size_t i = 1; i < word.bytes; i++) {
            if (word.text[i] < '0' || word.text[i] > '9')
                return litmus_expected(&reader->lexer, right);
            value = value * 10 + (unsigned)(word.text[i] - '0');
        }
        if (value >= LITMUS_REGISTERS || (word.bytes == 3 && word.text[1] == '0'))
            return litmus_expected(&reader->lexer, right);
    }
    *number = (uint8_t)value;
    (void)litmus_take_word(&reader->lexer);
    return true;
}

/* ` P0 | P1 ;` */
static bool read_header(struct litmus_reader *reader)
{
    struct litmus_lexer *lexer = &reader->lexer;
    char right[4] = "P0";
    do {
        if (reader->test->threads == LITMUS_THREADS)
            return vectors_fail(lexer->failure, "%s:%u: has more than %d threads, which is the most",
                                lexer->name, lexer->line, LITMUS_THREADS);
        right[1] = (char)('0' + reader->test->threads);
        if (!litmus_piece_is(litmus_peek_word(lexer), right))
            return litmus_expected(lexer, right);
        (void)litmus_take_word(lexer);
        reader->test->threads++;
    } while (litmus_accepts(lexer, "|"));
    if (!litmus_needs(lexer, ";", "or | behind a thread"))
        return false;
    return reader->threads <= reader->test->threads ||
           vectors_fail(lexer->failure, "%s:%u: gives a register of thread %u a value; there are %u threads",
                        lexer->name, reader->thread_line, reader->threads - 1, reader->test->threads);
}

static bool add_label(struct litmus_reader *reader, struct litmus_thread *thread, struct litmus_piece name)
{
    struct litmus_lexer *lexer = &reader->lexer;
    if (thread->labels == LITMUS_LABELS)
        return vectors_fail(lexer->failure, "%s:%u: a thread has more than %d labels, which is the most",
                            lexer->name, name.line, LITMUS_LABELS);
    struct litmus_label *label = &thread->label[thread->labels];
    if (!litmus_copy_name(lexer, name, label->name, LITMUS_WORD_BYTES, "a label"))
        return false;
    for (unsigned i = 0; i < thread->labels; i++)
        if (strcmp(thread->label[i].name, label->name) == 0)
            return vectors_fail(lexer->failure, "%s:%u: the label '%s' stands twice in one thread",
                                lexer->name, name.line, label->name);
    label->instruction = thread->instructions;
    thread->labels++;
    return true;
}

/* Labels, and at most one instruction. */
static bool read_cell(struct litmus_reader *reader, uint8_t thread)
{
    struct litmus_lexer *lexer = &reader->lexer;
    for (struct litmus_piece word = litmus_take_word(lexer); word.bytes > 0; word = litmus_take_word(lexer)) {
        if (!litmus_accepts(lexer, ":"))
            return litmus_read_instruction(reader, thread, word);
        if (!add_label(reader, &reader->test->thread[thread], word))
            return false;
    }
    return true;
}

static bool read_row(struct litmus_reader *reader)
{
    struct litmus_lexer *lexer = &reader->lexer;
    for (uint8_t thread = 0; thread < reader->test->threads; thread++) {
        if (!read_cell(reader, thread))
            return false;
        bool last = thread + 1 == reader->test->threads;
        if (!litmus_needs(lexer, last ? ";" : "|",
                          last ? "at the end of the row" : "before the next thread's cell"))
            return false;
    }
    return true;
}

/* What ends the code: the condition, or what may stand before it. */
static bool sees_end(struct litmus_reader *reader)
{
    static const char *const words[] = {"exists", "forall", "locations", "filter", NULL};
    if (litmus_sees(&reader->lexer, "~") || reader->lexer.next == reader->lexer.end)
        return true;
    for (unsigned i = 0; words[i] != NULL; i++)
        if (litmus_piece_is(litmus_peek_word(&reader->lexer), words[i]))
            return true;
    return false;
}

static bool resolve_jumps(struct litmus_reader *reader)
{
    for (unsigned i = 0; i < reader->jumps; i++) {
        const struct litmus_jump *jump = &reader->jump[i];
        struct litmus_thread *thread = &reader->test->thread[jump->thread];
        unsigned label = 0;
        while (label < thread->labels &&
               (strlen(thread->label[label].name) != jump->label.bytes ||
                memcmp(thread->label[label].name, jump->label.text, jump->label.bytes) != 0))
            label++;
        if (label == thread->labels)
            return vectors_fail(reader->lexer.failure,
                                "%s:%u: a branch goes to %s, which is no label of its thread P%u",
                                reader->lexer.name, jump->label.line,
                                vectors_quote(jump->label.text, jump->label.bytes).text, jump->thread);
        thread->code[jump->instruction].target = thread->label[label].instruction;
    }
    return true;
}

bool litmus_read_code(struct litmus_reader *reader)
{
    if (!read_header(reader))
        return false;
    while (!sees_end(reader))
        if (!read_row(reader))
            return false;
    return resolve_jumps(reader);
}
