#include "traces/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define QUOTE_CHARACTERS_MAX 40

void trace_error_set(struct trace_error *error, const char *format, ...)
{
    if (error == NULL)
        return;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    if (length < 0)
        error->text[0] = '\0';
}

struct trace_quote trace_quote(const char *text, size_t length_bytes)
{
    struct trace_quote quote;
    size_t used = 0;
    const char *newline = memchr(text, '\n', length_bytes);
    size_t count = newline != NULL ? (size_t)(newline - text) : length_bytes;
    if (count == 0) {
        memcpy(quote.text, "the end of the line", sizeof "the end of the line");
        return quote;
    }
    quote.text[used++] = '"';
    for (size_t i = 0; i < count && i < QUOTE_CHARACTERS_MAX; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c < 0x7f)
            quote.text[used++] = (char)c;
        else
            used += (size_t)snprintf(quote.text + used, sizeof quote.text - used, "\\x%02x", c);
    }
    quote.text[used++] = '"';
    if (count > QUOTE_CHARACTERS_MAX) {
        memcpy(quote.text + used, "...", 3);
        used += 3;
    }
    quote.text[used] = '\0';
    return quote;
}
