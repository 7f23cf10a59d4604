/* Prints how many records a trace has. usage: count_records FILE */
#include <stdio.h>

#include "traces/trace.h"

int main(int argc, char **argv)
{
    struct trace_record records[256];
    struct trace_error error = {"usage: count_records FILE"};
    struct trace_reader *reader = argc == 2 ? trace_open(argv[1], &error) : NULL;
    long count = -1;
    long total = 0;
    while (reader != NULL && (count = trace_read(reader, records, 256, &error)) > 0)
        total += count;
    trace_close(reader);
    if (count < 0) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    printf("%ld\n", total);
    return 0;
}
