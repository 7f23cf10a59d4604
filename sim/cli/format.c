#include "sim/cli/format.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

struct number_text format_count(uint64_t value)
{
    struct number_text grouped;
    char digits[FORMAT_BYTES];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, value);
    char *end = grouped.text;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *end++ = ',';
        *end++ = digits[i];
    }
    *end = '\0';
    return grouped;
}

struct number_text format_bytes(uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    struct number_text text;
    if (bytes < 1024) {
        (void)snprintf(text.text, sizeof text.text, "%" PRIu64 " byte%s", bytes, bytes == 1 ? "" : "s");
        return text;
    }
    double value = (double)bytes / 1024;
    size_t unit = 0;
    /* 1023.5 would be printed as 1024 of this unit */
    for (; value >= 1023.5 && unit + 1 < sizeof units / sizeof *units; unit++)
        value /= 1024;
    (void)snprintf(text.text, sizeof text.text, "%.*f", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value);
    if (strchr(text.text, '.')) { /* no zeros at the end: they would claim to be measured */
        size_t length = strlen(text.text);
        while (text.text[length - 1] == '0')
            length--;
        text.text[text.text[length - 1] == '.' ? length - 1 : length] = '\0';
    }
    size_t length = strlen(text.text);
    (void)snprintf(text.text + length, sizeof text.text - length, " %s", units[unit]);
    return text;
}

struct number_text format_size(uint64_t bytes)
{
    static const char suffixes[] = {'K', 'M', 'G', 'T'};
    struct number_text text;
    size_t suffix = 0;
    for (; bytes && bytes % 1024 == 0 && suffix < sizeof suffixes; suffix++)
        bytes /= 1024;
    (void)snprintf(text.text, sizeof text.text, "%" PRIu64 "%.*s", bytes, suffix > 0,
                   &suffixes[suffix > 0 ? suffix - 1 : 0]);
    return text;
}

/* Bytes of the well-formed UTF-8 sequence that begins here (Unicode 15, table 3-7); 0 if there is none. */
static int utf8_length(const unsigned char *text)
{
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    int length;
    if (text[0] < 0x80)
        return 1;
    if (text[0] >= 0xc2 && text[0] <= 0xdf) {
        length = 2;
    } else if (text[0] >= 0xe0 && text[0] <= 0xef) {
        length = 3;
        low = text[0] == 0xe0 ? 0xa0 : low;
        high = text[0] == 0xed ? 0x9f : high;
    } else if (text[0] >= 0xf0 && text[0] <= 0xf4) {
        length = 4;
        low = text[0] == 0xf0 ? 0x90 : low;
        high = text[0] == 0xf4 ? 0x8f : high;
    } else {
        return 0;
    }
    if (text[1] < low || text[1] > high)
        return 0;
    for (int i = 2; i < length; i++)
        if (text[i] < 0x80 || text[i] > 0xbf)
            return 0;
    return length;
}

void print_json_string(FILE *out, const char *text)
{
    const unsigned char *next = (const unsigned char *)text;
    (void)fputc('"', out);
    while (*next) {
        int length = utf8_length(next);
        if (length == 0)
            (void)fputs("\\ufffd", out);
        else if (*next == '"' || *next == '\\')
            (void)fprintf(out, "\\%c", *next);
        else if (*next < 0x20 || *next == 0x7f)
            (void)fprintf(out, "\\u%04x", *next);
        else
            (void)fwrite(next, 1, (size_t)length, out);
        next += length ? length : 1;
    }
    (void)fputc('"', out);
}

void print_json_double(FILE *out, double value)
{
    if (isfinite(value))
        (void)fprintf(out, "%.9g", value);
    else
        (void)fputs("null", out);
}

void print_csv_field(FILE *out, const char *text)
{
    if (text[strcspn(text, ",\"\r\n")] == '\0') {
        (void)fputs(text, out);
        return;
    }
    (void)fputc('"', out);
    for (; *text; text++)
        (void)fputs(*text == '"' ? "\"\"" : (char[]){*text, '\0'}, out);
    (void)fputc('"', out);
}

void print_shell_word(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%";
    if (*word && word[strspn(word, plain)] == '\0') {
        (void)fputs(word, out);
        return;
    }
    (void)fputc('\'', out);
    for (; *word; word++)
        (void)fputs(*word == '\'' ? "'\\''" : (char[]){*word, '\0'}, out);
    (void)fputc('\'', out);
}
