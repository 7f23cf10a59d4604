#define _GNU_SOURCE /* vasprintf */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cli/verb.h"

/* A message is one line, whatever names the user has given to things. Nobody is left to be told if it fails.
 */
static void say(FILE *err, const char *format, va_list arguments)
{
    char *text;
    int length = vasprintf(&text, format, arguments);
    if (length < 0) {
        (void)fputs("mmusim: there is not enough memory\n", err);
        return;
    }
    for (int i = 0; i < length; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            text[i] = text[i] == '\n' ? ' ' : '?';
    (void)fprintf(err, "mmusim: %s\n", text);
    free(text);
}

void cli_say(FILE *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(err, format, arguments);
    va_end(arguments);
}

int cli_refuse(const struct cli_call *call, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(call->err, format, arguments);
    va_end(arguments);
    return CLI_MISUSE;
}

bool cli_capture_open(struct cli_capture *capture, FILE *err)
{
    memset(capture, 0, sizeof *capture);
    capture->stream = open_memstream(&capture->text, &capture->bytes);
    if (!capture->stream)
        cli_say(err, "there is not enough memory");
    return capture->stream != NULL;
}

char *cli_capture_close(struct cli_capture *capture, FILE *err)
{
    bool whole = !ferror(capture->stream);
    if (fclose(capture->stream) == 0 && whole)
        return capture->text;
    cli_say(err, "there is not enough memory");
    free(capture->text);
    return NULL;
}

void cli_say_lines(FILE *err, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        cli_say(err, "%.*s", (int)length, text);
        text += length + (text[length] == '\n');
    }
}

int cli_say_captured(struct cli_capture *said, int status, FILE *err)
{
    char *text = cli_capture_close(said, err);
    if (!text)
        return CLI_MISUSE;
    cli_say_lines(err, text);
    free(text);
    return status;
}
