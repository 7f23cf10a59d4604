#include <string.h>

#include "sim/litmus/reader.h"

static uint8_t find_location(const struct litmus_test *test, struct litmus_piece name)
{
    for (uint8_t i = 0; i < test->locations; i++)
        if (strlen(test->location[i].name) == name.bytes &&
            memcmp(test->location[i].name, name.text, name.bytes) == 0)
            return i;
    return LITMUS_NONE;
}

static bool add_location(struct litmus_reader *reader, struct litmus_piece name, uint8_t *index)
{
    struct litmus_test *test = reader->test;
    if (test->locations == LITMUS_LOCATIONS)
        return vectors_fail(reader->lexer.failure, "%s:%u: has more than %d variables, which is the most",
                            reader->lexer.name, name.line, LITMUS_LOCATIONS);
    *index = test->locations++;
    test->location[*index] = (struct litmus_location){
        .elements = 1, .element_bytes = 4, .entry = {.oa = *index, .valid = true, .af = true, .db = true}};
    return litmus_copy_name(&reader->lexer, name, test->location[*index].name, LITMUS_WORD_BYTES,
                            "a variable's name");
}

bool litmus_read_location(struct litmus_reader *reader, bool may_add, uint8_t *location)
{
    struct litmus_piece name = litmus_peek_word(&reader->lexer);
    if (name.bytes == 0)
        return litmus_expected(&reader->lexer, "a variable");
    *location = find_location(reader->test, name);
    if (*location == LITMUS_NONE && !may_add)
        return litmus_expected(&reader->lexer, "a variable of the initial state");
    if (*location == LITMUS_NONE && !add_location(reader, name, location))
        return false;
    (void)litmus_take_word(&reader->lexer);
    return true;
}

/* ---- Values ---- */

static bool read_bit(struct litmus_reader *reader, bool *bit)
{
    int64_t number;
    if (!litmus_needs(&reader->lexer, ":", "before the field's value") || !litmus_sees_number(&reader->lexer))
        return litmus_expected(&reader->lexer, "0 or 1");
    if (!litmus_take_number(&reader->lexer, &number))
        return false;
    *bit = number == 1;
    return number == 0 || number == 1 ||
           vectors_fail(reader->lexer.failure, "%s:%u: a field of one bit is %lld; 0 or 1 would be right",
                        reader->lexer.name, reader->lexer.line, (long long)number);
}

/* NAME(x): PA(x) or PTE(x). */
static bool read_of(struct litmus_reader *reader, bool may_add, const char *function, uint8_t *location)
{
    struct litmus_lexer *lexer = &reader->lexer;
    if (!litmus_piece_is(litmus_peek_word(lexer), function))
        return litmus_expected(lexer, strcmp(function, "PA") == 0 ? "PA(x), the page of a variable,"
                                                                  : "PTE(x), the descriptor of a variable,");
    (void)litmus_take_word(lexer);
    return litmus_needs(lexer, "(", "before a variable") && litmus_read_location(reader, may_add, location) &&
           litmus_needs(lexer, ")", "behind the variable");
}

static bool read_field(struct litmus_reader *reader, bool may_add, struct litmus_descriptor *descriptor)
{
    struct litmus_lexer *lexer = &reader->lexer;
    struct litmus_piece field = litmus_peek_word(lexer);
    bool is_oa = litmus_piece_is(field, "oa");
    if (!is_oa && !litmus_piece_is(field, "valid") && !litmus_piece_is(field, "af") &&
        !litmus_piece_is(field, "db"))
        return litmus_expected(lexer, "a field oa, valid, af or db");
    (void)litmus_take_word(lexer);
    if (is_oa)
        return litmus_needs(lexer, ":", "before the page") && read_of(reader, may_add, "PA", &descriptor->oa);
    if (litmus_piece_is(field, "valid"))
        return read_bit(reader, &descriptor->valid);
    return read_bit(reader, litmus_piece_is(field, "af") ? &descriptor->af : &descriptor->db);
}

static bool read_descriptor(struct litmus_reader *reader, bool may_add, uint8_t own,
                            struct litmus_descriptor *descriptor)
{
    struct litmus_lexer *lexer = &reader->lexer;
    *descriptor = (struct litmus_descriptor){.oa = own, .valid = true, .af = true, .db = true};
    if (!litmus_needs(lexer, "(", "before the fields of a descriptor"))
        return false;
    do {
        if (!read_field(reader, may_add, descriptor))
            return false;
    } while (litmus_accepts(lexer, ","));
    if (descriptor->oa == LITMUS_NONE)
        return litmus_expected(lexer, "a field oa:PA(x), without which the descriptor maps nothing,");
    return litmus_needs(lexer, ")", "behind the fields of a descriptor");
}

bool litmus_read_value(struct litmus_reader *reader, bool may_add, uint8_t own, struct litmus_value *value)
{
    struct litmus_lexer *lexer = &reader->lexer;
    *value = (struct litmus_value){.kind = LITMUS_NUMBER};
    if (litmus_sees(lexer, "(")) {
        value->kind = LITMUS_DESCRIPTOR;
        return read_descriptor(reader, may_add, own, &value->descriptor);
    }
    if (litmus_sees_number(lexer))
        return litmus_take_number(lexer, &value->number);
    struct litmus_piece word = litmus_peek_word(lexer);
    if (word.bytes == 0)
        return litmus_expected(lexer, "a number, a variable, PTE(x) or (oa:PA(x),...)");
    if (litmus_piece_is(word, "PTE")) {
        value->kind = LITMUS_ENTRY_ADDRESS;
        return read_of(reader, may_add, "PTE", &value->location);
    }
    value->kind = LITMUS_ADDRESS;
    return litmus_read_location(reader, may_add, &value->location);
}

/* ---- The initial state ---- */

struct type {
    const char *name;
    uint8_t bytes;
};

static const struct type types[] = {{"int", 4},      {"int32_t", 4},  {"uint32_t", 4}, {"int64_t", 8},
                                    {"uint64_t", 8}, {"pteval_t", 8}, {NULL, 0}};

/* The size of a type's values, 0 if no type stands here. Stars behind it, of pointers, are skipped. */
static uint8_t read_type(struct litmus_reader *reader)
{
    struct litmus_piece word = litmus_peek_word(&reader->lexer);
    for (const struct type *type = types; type->name != NULL; type++) {
        if (!litmus_piece_is(word, type->name))
            continue;
        uint8_t bytes = type->bytes;
        (void)litmus_take_word(&reader->lexer);
        while (litmus_accepts(&reader->lexer, "*"))
            bytes = 8;
        return bytes;
    }
    return 0;
}

/* 0:X1=value, or 0:X1 alone. */
static bool read_initial_register(struct litmus_reader *reader)
{
    struct litmus_lexer *lexer = &reader->lexer;
    int64_t thread = 0;
    uint8_t number = 0;
    bool wide;
    unsigned line = lexer->line;
    if (!litmus_take_number(lexer, &thread))
        return false;
    if (thread < 0 || thread >= LITMUS_THREADS)
        return vectors_fail(lexer->failure, "%s:%u: there is a thread %lld; 0 to %d would be right",
                            lexer->name, line, (long long)thread, LITMUS_THREADS - 1);
    if (!litmus_needs(lexer, ":", "between thread and register") ||
        !litmus_read_register(reader, &number, &wide))
        return false;
    if (number == LITMUS_ZERO_REGISTER)
        return vectors_fail(lexer->failure, "%s:%u: the zero register has no initial value but 0",
                            lexer->name, line);
    if (reader->threads <= (unsigned)thread) {
        reader->threads = (unsigned)thread + 1;
        reader->thread_line = line;
    }
    if (!litmus_accepts(lexer, "="))
        return true;
    return litmus_read_value(reader, true, LITMUS_NONE, &reader->test->thread[thread].initial[number]);
}

static bool read_elements(struct litmus_reader *reader, struct litmus_location *location)
{
    struct litmus_lexer *lexer = &reader->lexer;
    unsigned count = 0;
    if (!litmus_accepts(lexer, "{"))
        return litmus_take_number(lexer, &location->initial[0]);
    do {
        if (count == location->elements)
            return vectors_fail(lexer->failure, "%s:%u: '%s' has more values than its %u elements",
                                lexer->name, lexer->line, location->name, location->elements);
        if (!litmus_take_number(lexer, &location->initial[count++]))
            return false;
    } while (litmus_accepts(lexer, ","));
    return litmus_needs(lexer, "}", "behind the values");
}

/* x, [x], x[2] with a type before it; = value. */
static bool read_initial_memory(struct litmus_reader *reader, uint8_t element_bytes)
{
    struct litmus_lexer *lexer = &reader->lexer;
    bool bracket = litmus_accepts(lexer, "[");
    uint8_t index = 0;
    if (!litmus_read_location(reader, true, &index))
        return false;
    struct litmus_location *location = &reader->test->location[index];
    if (bracket && !litmus_needs(lexer, "]", "behind the variable"))
        return false;
    if (element_bytes != 0)
        location->element_bytes = element_bytes;
    if (!bracket && litmus_accepts(lexer, "[")) {
        int64_t count;
        if (!litmus_take_number(lexer, &count))
            return false;
        if (count < 1 || count > LITMUS_ELEMENTS)
            return vectors_fail(lexer->failure, "%s:%u: '%s' has %lld elements; 1 to %d would be right",
                                lexer->name, lexer->line, location->name, (long long)count, LITMUS_ELEMENTS);
        location->elements = (uint8_t)count;
        if (!litmus_needs(lexer, "]", "behind the number of elements"))
            return false;
    }
    return !litmus_accepts(lexer, "=") || read_elements(reader, location);
}

/* [PTE(x)]=(...), also without the brackets. */
static bool read_initial_entry(struct litmus_reader *reader)
{
    struct litmus_lexer *lexer = &reader->lexer;
    bool bracket = litmus_accepts(lexer, "[");
    uint8_t location = LITMUS_NONE;
    struct litmus_descriptor descriptor;
    if (!read_of(reader, true, "PTE", &location) || (bracket && !litmus_needs(lexer, "]", "behind PTE(x)")) ||
        !litmus_needs(lexer, "=", "before the descriptor") ||
        !read_descriptor(reader, true, location, &descriptor))
        return false;
    reader->test->location[location].entry = descriptor;
    return true;
}

static bool sees_entry(struct litmus_reader *reader)
{
    struct litmus_lexer saved = reader->lexer;
    (void)litmus_accepts(&reader->lexer, "[");
    bool sees = litmus_piece_is(litmus_peek_word(&reader->lexer), "PTE");
    reader->lexer = saved;
    return sees;
}

static bool read_item(struct litmus_reader *reader)
{
    uint8_t element_bytes = read_type(reader);
    if (litmus_sees_number(&reader->lexer))
        return read_initial_register(reader);
    if (sees_entry(reader))
        return read_initial_entry(reader);
    return read_initial_memory(reader, element_bytes);
}

bool litmus_read_init(struct litmus_reader *reader)
{
    struct litmus_lexer *lexer = &reader->lexer;
    if (!litmus_needs(lexer, "{", "before the initial state"))
        return false;
    while (!litmus_accepts(lexer, "}")) {
        if (litmus_accepts(lexer, ";"))
            continue;
        if (!read_item(reader))
            return false;
        if (!litmus_sees(lexer, "}") && !litmus_needs(lexer, ";", "behind each item of the initial state"))
            return false;
    }
    return true;
}
