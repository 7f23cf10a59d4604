/*
 * Whatever the bytes are, reading them as a litmus test ends, stays in its memory and gives either a test
 * that is the same when it is written and read again, or a sentence with the place.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/litmus/litmus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static void require(int holds)
{
    if (!holds)
        abort();
}

static void write_and_read(const struct litmus_test *test)
{
    struct litmus_test again;
    struct vectors_failure failure;
    size_t bytes = litmus_write_text(test, NULL, 0);
    char *text = malloc(bytes + 1);
    require(text != NULL);
    require(litmus_write_text(test, text, bytes + 1) == bytes);
    require(litmus_read_text(&again, "again", text, bytes, &failure));
    require(memcmp(&again, test, sizeof again) == 0);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    struct litmus_test test;
    struct vectors_failure failure;
    if (litmus_read_text(&test, "fuzz", (const char *)data, size_bytes, &failure)) {
        write_and_read(&test);
        return 0;
    }
    require(memchr(failure.text, '\0', sizeof failure.text) != NULL);
    require(strncmp(failure.text, "fuzz:", 5) == 0);
    return 0;
}
