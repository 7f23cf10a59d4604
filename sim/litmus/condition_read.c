#include <string.h>

#include "sim/litmus/reader.h"

/* Depth of brackets and ~ in each other, so that no text overflows the stack. */
#define DEPTH_MAX 32

static bool read_or(struct litmus_reader *reader, unsigned depth, uint8_t *index);

static bool add_node(struct litmus_reader *reader, struct litmus_node node, uint8_t *index)
{
    struct litmus_test *test = reader->test;
    if (test->nodes == LITMUS_CONDITION)
        return vectors_fail(reader->lexer.failure,
                            "%s:%u: the condition has more than %d parts, which is the most",
                            reader->lexer.name, reader->lexer.line, LITMUS_CONDITION);
    *index = test->nodes++;
    test->node[*index] = node;
    return true;
}

static bool check_thread(struct litmus_reader *reader, int64_t thread)
{
    return (thread >= 0 && thread < reader->test->threads) ||
           vectors_fail(reader->lexer.failure,
                        "%s:%u: the condition asks about thread %lld; there are %u, from 0",
                        reader->lexer.name, reader->lexer.line, (long long)thread, reader->test->threads);
}

/* 0:X1=value */
static bool read_register_atom(struct litmus_reader *reader, struct litmus_node *node)
{
    struct litmus_lexer *lexer = &reader->lexer;
    int64_t thread;
    bool wide;
    node->kind = LITMUS_REGISTER_IS;
    if (!litmus_take_number(lexer, &thread) || !check_thread(reader, thread))
        return false;
    node->thread = (uint8_t)thread;
    if (!litmus_needs(lexer, ":", "between thread and register") ||
        !litmus_read_register(reader, &node->register_number, &wide))
        return false;
    if (node->register_number == LITMUS_ZERO_REGISTER)
        return vectors_fail(lexer->failure,
                            "%s:%u: the condition asks about the zero register, which is always 0",
                            lexer->name, lexer->line);
    return litmus_needs(lexer, "=", "before the value") &&
           litmus_read_value(reader, false, LITMUS_NONE, &node->value);
}

static bool read_element(struct litmus_reader *reader, struct litmus_node *node)
{
    const struct litmus_location *location = &reader->test->location[node->location];
    int64_t element;
    if (!litmus_take_number(&reader->lexer, &element))
        return false;
    if (element < 0 || element >= location->elements)
        return vectors_fail(reader->lexer.failure, "%s:%u: '%s' has no element %lld; it has %u, from 0",
                            reader->lexer.name, reader->lexer.line, location->name, (long long)element,
                            location->elements);
    node->element = (uint8_t)element;
    return litmus_needs(&reader->lexer, "]", "behind the element");
}

/* [x]=v, x=v, x[1]=v, [x[1]]=v, [PTE(x)]=v */
static bool read_memory_atom(struct litmus_reader *reader, struct litmus_node *node)
{
    struct litmus_lexer *lexer = &reader->lexer;
    bool bracket = litmus_accepts(lexer, "[");
    node->kind = LITMUS_WORD_IS;
    if (litmus_piece_is(litmus_peek_word(lexer), "PTE")) {
        node->kind = LITMUS_ENTRY_IS;
        (void)litmus_take_word(lexer);
        if (!litmus_needs(lexer, "(", "before a variable") ||
            !litmus_read_location(reader, false, &node->location) ||
            !litmus_needs(lexer, ")", "behind the variable"))
            return false;
    } else {
        if (!litmus_read_location(reader, false, &node->location))
            return false;
        if (litmus_accepts(lexer, "[") && !read_element(reader, node))
            return false;
    }
    if (bracket && !litmus_needs(lexer, "]", "behind the place in memory"))
        return false;
    uint8_t own = node->kind == LITMUS_ENTRY_IS ? node->location : LITMUS_NONE;
    return litmus_needs(lexer, "=", "before the value") &&
           litmus_read_value(reader, false, own, &node->value);
}

/* MMU:Translation */
static bool read_fault_kind(struct litmus_reader *reader, struct litmus_node *node)
{
    struct litmus_lexer *lexer = &reader->lexer;
    static const char right[] = "MMU:Translation, MMU:Permission or MMU:AccessFlag";
    if (!litmus_piece_is(litmus_peek_word(lexer), "MMU"))
        return litmus_expected(lexer, right);
    (void)litmus_take_word(lexer);
    if (!litmus_needs(lexer, ":", "between MMU and the kind of fault"))
        return false;
    struct litmus_piece word = litmus_peek_word(lexer);
    if (litmus_piece_is(word, "Translation"))
        node->fault = LITMUS_FAULT_TRANSLATION;
    else if (litmus_piece_is(word, "Permission"))
        node->fault = LITMUS_FAULT_PERMISSION;
    else if (litmus_piece_is(word, "AccessFlag"))
        node->fault = LITMUS_FAULT_ACCESS_FLAG;
    else
        return litmus_expected(lexer, right);
    (void)litmus_take_word(lexer);
    return true;
}

/* P0, or P0:L0 */
static bool read_fault_place(struct litmus_reader *reader, struct litmus_node *node)
{
    struct litmus_lexer *lexer = &reader->lexer;
    struct litmus_piece word = litmus_take_word(lexer);
    if (word.bytes != 2 || (word.text[0] != 'P' && word.text[0] != 'p') || word.text[1] < '0' ||
        word.text[1] > '9')
        return vectors_fail(lexer->failure,
                            "%s:%u: a fault is of a thread; fault(P0:L0,x,MMU:Translation) would be "
                            "right",
                            lexer->name, word.line);
    if (!check_thread(reader, word.text[1] - '0'))
        return false;
    node->thread = (uint8_t)(word.text[1] - '0');
    if (!litmus_accepts(lexer, ":"))
        return true;
    const struct litmus_thread *thread = &reader->test->thread[node->thread];
    struct litmus_piece label = litmus_peek_word(lexer);
    for (uint8_t i = 0; i < thread->labels; i++)
        if (strlen(thread->label[i].name) == label.bytes &&
            memcmp(thread->label[i].name, label.text, label.bytes) == 0)
            node->label = i;
    if (node->label == LITMUS_NONE)
        return litmus_expected(lexer, "a label of the thread");
    (void)litmus_take_word(lexer);
    return true;
}

/* fault(P0:L0,x,MMU:Translation), where label, variable and kind may be left out */
static bool read_fault_atom(struct litmus_reader *reader, struct litmus_node *node)
{
    struct litmus_lexer *lexer = &reader->lexer;
    *node = (struct litmus_node){.kind = LITMUS_FAULT, .location = LITMUS_NONE, .label = LITMUS_NONE};
    if (!litmus_needs(lexer, "(", "behind fault") || !read_fault_place(reader, node))
        return false;
    while (litmus_accepts(lexer, ",")) {
        bool kind = litmus_piece_is(litmus_peek_word(lexer), "MMU");
        if (kind ? !read_fault_kind(reader, node) : !litmus_read_location(reader, false, &node->location))
            return false;
    }
    return litmus_needs(lexer, ")", "at the end of fault(...)");
}

static bool read_atom(struct litmus_reader *reader, unsigned depth, uint8_t *index)
{
    struct litmus_lexer *lexer = &reader->lexer;
    struct litmus_node node = {0};
    struct litmus_piece word = litmus_peek_word(lexer);
    bool fine = true;
    if (depth > DEPTH_MAX)
        return vectors_fail(lexer->failure,
                            "%s:%u: the condition has more than %d brackets and ~ in each other", lexer->name,
                            lexer->line, DEPTH_MAX);
    if (litmus_accepts(lexer, "("))
        return read_or(reader, depth + 1, index) && litmus_needs(lexer, ")", "that closes the bracket");
    if (litmus_sees(lexer, "~") || litmus_piece_is(word, "not")) {
        lexer->next += word.bytes > 0 ? word.bytes : 1;
        node.kind = LITMUS_NOT;
        return read_atom(reader, depth + 1, &node.left) && add_node(reader, node, index);
    }
    if (litmus_sees_number(lexer)) {
        fine = read_register_atom(reader, &node);
    } else if (litmus_piece_is(word, "fault")) {
        (void)litmus_take_word(lexer);
        fine = read_fault_atom(reader, &node);
    } else if (litmus_piece_is(word, "true") || litmus_piece_is(word, "false")) {
        (void)litmus_take_word(lexer);
        node.kind = litmus_piece_is(word, "true") ? LITMUS_TRUE : LITMUS_FALSE;
    } else if (word.bytes > 0 || litmus_sees(lexer, "[")) {
        fine = read_memory_atom(reader, &node);
    } else {
        return litmus_expected(lexer, "0:X1=value, [x]=value, fault(...), ~ or (");
    }
    return fine && add_node(reader, node, index);
}

static bool read_and(struct litmus_reader *reader, unsigned depth, uint8_t *index)
{
    if (!read_atom(reader, depth, index))
        return false;
    while (litmus_accepts(&reader->lexer, "/\\")) {
        struct litmus_node node = {.kind = LITMUS_AND_ALSO, .left = *index};
        if (!read_atom(reader, depth, &node.right) || !add_node(reader, node, index))
            return false;
    }
    return true;
}

static bool read_or(struct litmus_reader *reader, unsigned depth, uint8_t *index)
{
    if (!read_and(reader, depth, index))
        return false;
    while (litmus_accepts(&reader->lexer, "\\/")) {
        struct litmus_node node = {.kind = LITMUS_OR_ELSE, .left = *index};
        if (!read_and(reader, depth, &node.right) || !add_node(reader, node, index))
            return false;
    }
    return true;
}

/* `locations [...]` says what herd prints, which is nothing here. */
static bool skip_locations(struct litmus_reader *reader)
{
    struct litmus_lexer *lexer = &reader->lexer;
    if (!litmus_piece_is(litmus_peek_word(lexer), "locations"))
        return true;
    (void)litmus_take_word(lexer);
    if (!litmus_needs(lexer, "[", "behind locations"))
        return false;
    while (lexer->next < lexer->end && !litmus_sees(lexer, "]"))
        lexer->next += lexer->next < lexer->end;
    return litmus_needs(lexer, "]", "at the end of locations");
}

static bool read_quantifier(struct litmus_reader *reader)
{
    struct litmus_lexer *lexer = &reader->lexer;
    bool negated = litmus_accepts(lexer, "~");
    struct litmus_piece word = litmus_peek_word(lexer);
    if (litmus_piece_is(word, "exists"))
        reader->test->quantifier = negated ? LITMUS_NOT_EXISTS : LITMUS_EXISTS;
    else if (!negated && litmus_piece_is(word, "forall"))
        reader->test->quantifier = LITMUS_FORALL;
    else
        return litmus_expected(lexer, "exists (...), ~exists (...) or forall (...)");
    (void)litmus_take_word(lexer);
    return true;
}

bool litmus_read_condition(struct litmus_reader *reader)
{
    uint8_t root;
    if (!skip_locations(reader) || !read_quantifier(reader) || !read_or(reader, 0, &root))
        return false;
    litmus_skip(&reader->lexer);
    return reader->lexer.next == reader->lexer.end ||
           litmus_expected(&reader->lexer, "the end, /\\ or \\/ behind the condition");
}
