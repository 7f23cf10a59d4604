#include "pagetables/vectors/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define QUOTED_MAX     60
#define FILE_BYTES_MAX (64 * 1024 * 1024) /* two thousand times the largest that is shipped */

bool vectors_fail(struct vectors_failure *failure, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(failure->text, sizeof failure->text, format, arguments);
    va_end(arguments);
    if (length < 0)
        failure->text[0] = '\0';
    return false;
}

struct vectors_quote vectors_quote(const char *text, size_t bytes)
{
    struct vectors_quote quote;
    size_t used = 0;
    size_t shown = bytes < QUOTED_MAX ? bytes : QUOTED_MAX;
    quote.text[used++] = '\'';
    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)text[i];
        quote.text[used++] = (char)(c >= 0x20 && c < 0x7f ? c : '?');
    }
    quote.text[used++] = '\'';
    if (shown < bytes) {
        memcpy(quote.text + used, "...", 3);
        used += 3;
    }
    quote.text[used] = '\0';
    return quote;
}

static char *read_stream(FILE *file, size_t size, size_t *bytes)
{
    char *text = malloc(size + 1);
    if (text == NULL)
        return NULL;
    *bytes = fread(text, 1, size, file);
    text[*bytes] = '\0';
    if (*bytes == size && !ferror(file))
        return text;
    free(text);
    return NULL;
}

char *vectors_read_file(const char *path, size_t *bytes, struct vectors_failure *failure)
{
    struct stat status;
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    if (file == NULL) {
        vectors_fail(failure, "%s: cannot be read: %s", path, strerror(errno));
        return NULL;
    }
    if (fstat(fileno(file), &status) != 0 || !S_ISREG(status.st_mode))
        vectors_fail(failure, "%s: is not an ordinary file", path);
    else if (status.st_size > FILE_BYTES_MAX)
        vectors_fail(failure, "%s: is larger than %d bytes, the most that is read at once", path,
                     FILE_BYTES_MAX);
    else if ((text = read_stream(file, (size_t)status.st_size, bytes)) == NULL)
        vectors_fail(failure, "%s: could not be read to its end", path);
    (void)fclose(file); /* nothing was written */
    return text;
}
