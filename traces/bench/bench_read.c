/*
 * How fast traces are read, beside the least that any reader of lines must do: a loop of memchr over the same
 * buffer. The traces are in memory, without compression, of 64 MiB; a run is the best of five.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "traces/reader.h"

#define TEXT_BYTES  (64u * 1024 * 1024)
#define RUNS        5
#define BATCH       1024
#define LINE_BYTES  64
#define LOADS_EVERY 3 /* instructions a load, as in the shipped samples */

struct text {
    char *text;
    size_t size_bytes;
};

/* xorshift64 (Marsaglia, 2003) */
static uint64_t next_random(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

static int mtrace_line(char *line, uint64_t number, uint64_t random)
{
    if (number % LOADS_EVERY != 0)
        return sprintf(line, "I 40029%05" PRIx64 " 4 %08" PRIx64 "\n", random % 0x100000, random >> 32);
    return sprintf(line, "%c 40028%05" PRIx64 " 8\n", random % 4 == 0 ? 'S' : 'L', random >> 16 & 0xfffff);
}

static int lackey_line(char *line, uint64_t number, uint64_t random)
{
    if (number % LOADS_EVERY != 0)
        return sprintf(line, "I  04%06" PRIx64 ",%d\n", random % 0x1000000, (int)(random >> 32 & 7) + 1);
    return sprintf(line, " %c 1fff%06" PRIx64 ",8\n", random % 4 == 0 ? 'S' : 'L', random >> 16 & 0xffffff);
}

static struct text make_text(int (*line)(char *, uint64_t, uint64_t))
{
    struct text text = {.text = malloc(TEXT_BYTES + LINE_BYTES)};
    uint64_t random = 1;
    if (text.text == NULL)
        exit(1);
    for (uint64_t number = 0; text.size_bytes < TEXT_BYTES; number++)
        text.size_bytes += (size_t)line(text.text + text.size_bytes, number, next_random(&random));
    return text;
}

static double seconds(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        exit(1);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static uint64_t count_newlines(const struct text *text)
{
    uint64_t count = 0;
    const char *end = text->text + text->size_bytes;
    for (const char *at = text->text; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
        count++;
    return count;
}

static uint64_t count_records(const struct text *text)
{
    static struct trace_record records[BATCH];
    struct trace_error error;
    uint64_t total = 0;
    long count = -1;
    struct trace_reader *reader = trace_open_memory("bench", text->text, text->size_bytes, &error);
    while (reader != NULL && (count = trace_read(reader, records, BATCH, &error)) > 0)
        total += (uint64_t)count;
    if (count < 0) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    trace_close(reader);
    return total;
}

/* Millions a second, the best of RUNS. */
static double rate(uint64_t (*count)(const struct text *), const struct text *text)
{
    double best = 0;
    for (int run = 0; run < RUNS; run++) {
        double start = seconds();
        double rate_now = (double)count(text) / (seconds() - start) * 1e-6;
        if (rate_now > best)
            best = rate_now;
    }
    return best;
}

static void bench(const char *name, int (*line)(char *, uint64_t, uint64_t))
{
    struct text text = make_text(line);
    double lines = rate(count_newlines, &text);
    double records = rate(count_records, &text);
    printf("%-8s %8.1f %8.1f %8.2f\n", name, records, lines, records / lines);
    free(text.text);
}

int main(void)
{
    printf("%-8s %8s %8s %8s\n", "format", "Mrec/s", "memchr", "ratio");
    bench("mtrace", mtrace_line);
    bench("lackey", lackey_line);
    return 0;
}
