#include "sim/litmus/write.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void litmus_put(struct litmus_text *text, const char *format, ...)
{
    va_list arguments;
    size_t left = text->used < text->room ? text->room - text->used : 0;
    va_start(arguments, format);
    int bytes = vsnprintf(left > 0 ? text->buffer + text->used : NULL, left, format, arguments);
    va_end(arguments);
    if (bytes > 0)
        text->used += (size_t)bytes;
}

static void put_location(struct litmus_text *text, const struct litmus_location *location)
{
    const char *type = location->element_bytes == 8 ? "int64_t " : "int ";
    if (location->elements == 1 && location->element_bytes == 4) {
        litmus_put(text, "[%s]=%" PRId64 ";\n", location->name, location->initial[0]);
    } else if (location->elements == 1) {
        litmus_put(text, "%s%s=%" PRId64 ";\n", type, location->name, location->initial[0]);
    } else {
        litmus_put(text, "%s%s[%u]={", type, location->name, location->elements);
        for (unsigned i = 0; i < location->elements; i++)
            litmus_put(text, "%s%" PRId64, i > 0 ? "," : "", location->initial[i]);
        litmus_put(text, "};\n");
    }
}

static bool is_zero(const struct litmus_value *value)
{
    return value->kind == LITMUS_NUMBER && value->number == 0;
}

static void put_registers(struct litmus_text *text, const struct litmus_test *test, unsigned thread)
{
    bool any = false;
    for (unsigned i = 0; i < LITMUS_REGISTERS; i++) {
        const struct litmus_value *value = &test->thread[thread].initial[i];
        if (is_zero(value))
            continue;
        litmus_put(text, "%s%u:X%u=", any ? " " : "", thread, i);
        litmus_put_value(text, test, value);
        litmus_put(text, ";");
        any = true;
    }
    if (any)
        litmus_put(text, "\n");
}

/* Variables in the order of their indices, which reading gives them again. */
static void put_init(struct litmus_text *text, const struct litmus_test *test)
{
    litmus_put(text, "{\n");
    for (unsigned i = 0; i < test->locations; i++)
        put_location(text, &test->location[i]);
    for (unsigned i = 0; i < test->locations; i++) {
        const struct litmus_descriptor *entry = &test->location[i].entry;
        if (entry->oa == i && entry->valid && entry->af && entry->db)
            continue;
        litmus_put(text, "[PTE(%s)]=", test->location[i].name);
        litmus_put_descriptor(text, test, entry);
        litmus_put(text, ";\n");
    }
    for (unsigned i = 0; i < test->threads; i++)
        put_registers(text, test, i);
    litmus_put(text, "}\n");
}

/* Begins a text in the caller's buffer. */
static struct litmus_text begin(char *buffer, size_t bytes)
{
    if (bytes > 0)
        buffer[0] = '\0';
    return (struct litmus_text){buffer, bytes, 0};
}

size_t litmus_write_text(const struct litmus_test *test, char *buffer, size_t bytes)
{
    struct litmus_text text = begin(buffer, bytes);
    litmus_put(&text, "AArch64 %s\n", test->name);
    put_init(&text, test);
    litmus_put_code(&text, test);
    litmus_put_condition(&text, test);
    litmus_put(&text, "\n");
    return text.used;
}

size_t litmus_write_instruction(const struct litmus_thread *thread,
                                const struct litmus_instruction *instruction, char *buffer, size_t bytes)
{
    struct litmus_text text = begin(buffer, bytes);
    litmus_put_instruction(&text, thread, instruction);
    return text.used;
}

size_t litmus_write_condition(const struct litmus_test *test, char *buffer, size_t bytes)
{
    struct litmus_text text = begin(buffer, bytes);
    litmus_put_condition(&text, test);
    return text.used;
}
