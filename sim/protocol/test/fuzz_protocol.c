/*
 * Whatever the bytes are, judging them as a log ends, stays in its memory and gives a verdict or a sentence
 * with the place. Built for libFuzzer with -DMMUSIM_FUZZ=ON (clang); the ordinary build runs the same
 * function over data/.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/protocol/log_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static void require(int holds)
{
    if (!holds)
        abort();
}

/* Large ranges are right and slow. */
static int is_slow(const struct log_event *event)
{
    return event->size_bytes > 0x100000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    struct log_reader reader;
    struct log_event event;
    enum log_result result = LOG_EVENT;
    enum log_verdict verdict = LOG_FINE;
    if (size_bytes == 0)
        return 0;
    FILE *file = fmemopen((void *)(uintptr_t)data, size_bytes, "rb");
    struct log_check *check = log_check_create();
    require(file && check);
    log_open(&reader, file, "fuzz");
    while (verdict == LOG_FINE && (result = log_next(&reader, &event)) == LOG_EVENT) {
        require(event.kind < LOG_KINDS && event.thread < LOG_THREADS && event.line <= reader.line);
        if (!is_slow(&event))
            verdict = log_check_step(check, &event);
    }
    if (result == LOG_WRONG)
        require(strncmp(reader.text, "fuzz:", 5) == 0);
    if (verdict == LOG_REFUSED)
        require(log_check_sentence(check)[0] != '\0');
    if (verdict == LOG_VIOLATED)
        require(log_check_violation(check)->rule < PROTOCOL_RULES &&
                log_check_violation(check)->mark.at == event.line);
    log_check_destroy(check);
    (void)fclose(file);
    return 0;
}
