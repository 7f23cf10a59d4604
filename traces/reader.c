/*
 * The reader: text in a buffer, a line at a time through the format's parser.
 *
 * Nothing looks for the end of a line before it is parsed. The buffer ends with '\0', which no line contains;
 * a parser that stops exactly there has met a line that is not complete, and tries again after more text.
 */
#include "traces/reader.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "traces/message.h"
#include "traces/source.h"
#include "traces/syntax.h"

/* Also the longest line. Larger than a second-level cache's share of it is slower. */
#define BUFFER_BYTES (256 * 1024)

const struct trace_syntax *const trace_syntaxes[] = {&trace_syntax_lackey, &trace_syntax_mtrace};
const size_t trace_syntaxes_count = sizeof trace_syntaxes / sizeof trace_syntaxes[0];

struct trace_reader {
    struct trace_source *source;
    const struct trace_syntax *syntax;
    const char *block; /* text that the source gave and the buffer has no room for yet */
    size_t block_bytes;
    size_t start; /* of the text not yet parsed, in the buffer */
    size_t end;
    uint64_t line; /* lines completed */
    uint64_t pc;
    bool source_ended;
    bool has_records;
    bool failed;
    struct trace_error error;       /* valid when failed */
    struct trace_error later_error; /* of the source; told when the text before it is used up */
    bool source_failed;
    char buffer[BUFFER_BYTES + 1];
};

/* Makes room and fetches more text. False if there is none, or no room. */
static bool fill(struct trace_reader *reader)
{
    memmove(reader->buffer, reader->buffer + reader->start, reader->end - reader->start);
    reader->end -= reader->start;
    reader->start = 0;
    size_t before = reader->end;
    while (reader->end < BUFFER_BYTES && !reader->source_ended) {
        if (reader->block_bytes == 0) {
            int status =
                trace_source_read(reader->source, &reader->block, &reader->block_bytes, &reader->later_error);
            reader->source_failed = status < 0;
            reader->source_ended = status <= 0;
            continue;
        }
        size_t room = BUFFER_BYTES - reader->end;
        size_t count = reader->block_bytes < room ? reader->block_bytes : room;
        memcpy(reader->buffer + reader->end, reader->block, count);
        reader->end += count;
        reader->block += count;
        reader->block_bytes -= count;
    }
    reader->buffer[reader->end] = '\0';
    return reader->end > before;
}

static bool begins_with(const struct trace_reader *reader, const char *magic, size_t magic_bytes)
{
    return reader->end >= magic_bytes && memcmp(reader->buffer, magic, magic_bytes) == 0;
}

/* What a file that is no trace seems to be; NULL: no idea. */
static const char *other_content(const struct trace_reader *reader)
{
    static const struct {
        const char *magic;
        size_t magic_bytes;
        const char *text;
    } contents[] = {
        {"\x1f\x8b", 2, "it begins like gzip, but is cut or damaged in its header"},
        {"\xfd"
         "7zXZ",
         5, "it begins like xz, but is cut or damaged in its header"},
        {"\x28\xb5\x2f\xfd", 4, "it begins like zstd, but is cut or damaged in its header"},
        {"BZh", 3, "it is compressed with bzip2, which is not supported"},
        {"\x04\x22\x4d\x18", 4, "it is compressed with lz4, which is not supported"},
        {"PK\x03\x04", 4, "it is a zip archive, which is not supported"},
        {"gem5", 4, "it is a gem5 packet trace, which is not supported"},
        {"LD 0x", 5, "it seems to be a trace of Ramulator, which is not supported"},
        {"ST 0x", 5, "it seems to be a trace of Ramulator, which is not supported"},
        {"SQLite format 3", 15, "it is an SQLite database"},
        {"\x7f"
         "ELF",
         4, "it is a program"},
    };
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++)
        if (begins_with(reader, contents[i].magic, contents[i].magic_bytes))
            return contents[i].text;
    return NULL;
}

static void unknown_format(const struct trace_reader *reader, struct trace_error *error)
{
    const char *content = other_content(reader);
    struct trace_quote quote = trace_quote(reader->buffer, reader->end);
    trace_error_set(
        error,
        "%s:1: this is not a trace in a known format (%s%s); the first line of a trace is like \"%s\" "
        "(lackey) or \"%s\" (mtrace), and the file is plain or compressed with gzip, xz or zstd",
        trace_source_name(reader->source), content != NULL ? "" : "it begins with ",
        content != NULL ? content : quote.text, trace_syntax_lackey.example, trace_syntax_mtrace.example);
}

static bool recognize(struct trace_reader *reader, struct trace_error *error)
{
    bool filled = fill(reader);
    if (!filled && reader->source_failed) {
        *error = reader->later_error;
        return false;
    }
    if (!filled) {
        trace_error_set(error, "%s: the file is empty; give a trace with at least one record",
                        trace_source_name(reader->source));
        return false;
    }
    for (size_t i = 0; i < trace_syntaxes_count; i++)
        if (trace_syntaxes[i]->recognizes(reader->buffer))
            reader->syntax = trace_syntaxes[i];
    if (reader->syntax == NULL)
        unknown_format(reader, error);
    return reader->syntax != NULL;
}

static struct trace_reader *reader_new(struct trace_source *source, struct trace_error *error)
{
    if (source == NULL)
        return NULL;
    struct trace_error reason = {""};
    struct trace_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        trace_error_set(error, "%s: there is not enough memory to read the trace", trace_source_name(source));
        trace_source_close(source);
        return NULL;
    }
    reader->source = source;
    if (recognize(reader, &reason))
        return reader;
    trace_error_set(error, "%s", reason.text);
    trace_close(reader);
    return NULL;
}

struct trace_reader *trace_open(const char *path, struct trace_error *error)
{
    return reader_new(trace_source_open(path, error), error);
}

struct trace_reader *trace_open_memory(const char *name, const void *data, size_t size_bytes,
                                       struct trace_error *error)
{
    return reader_new(trace_source_open_memory(name, data, size_bytes, error), error);
}

void trace_close(struct trace_reader *reader)
{
    if (reader == NULL)
        return;
    trace_source_close(reader->source);
    free(reader);
}

/* The text is used up: 0 at the end of a right trace, -1 with a reason. */
static int finish(struct trace_reader *reader)
{
    const char *name = trace_source_name(reader->source);
    unsigned long long line = reader->line + 1;
    if (reader->source_failed) {
        reader->error = reader->later_error;
        return -1;
    }
    if (reader->start < reader->end) {
        struct trace_quote quote = trace_quote(reader->buffer + reader->start, reader->end - reader->start);
        trace_error_set(
            &reader->error,
            "%s:%llu: the trace ends in the middle of a line (%s has no newline), so it was probably cut; "
            "capture or copy it again",
            name, line, quote.text);
        return -1;
    }
    if (!reader->has_records) {
        trace_error_set(&reader->error, "%s:%llu: the trace ends without a single record; %s", name, line,
                        reader->syntax->advice);
        return -1;
    }
    return 0;
}

/* The other format that this line would be right in; NULL if none. */
static const struct trace_syntax *other_syntax(const struct trace_reader *reader, const char *line)
{
    for (size_t i = 0; i < trace_syntaxes_count; i++) {
        struct trace_cursor cursor = {.at = line, .end = reader->buffer + reader->end};
        struct trace_record record;
        if (trace_syntaxes[i] != reader->syntax &&
            trace_syntaxes[i]->parse(&cursor, &record) == TRACE_LINE_RECORD)
            return trace_syntaxes[i];
    }
    return NULL;
}

static void wrong_line(struct trace_reader *reader, const struct trace_cursor *cursor)
{
    const char *name = trace_source_name(reader->source);
    const char *start = reader->buffer + reader->start;
    unsigned long long line = reader->line + 1;
    const struct trace_syntax *other = other_syntax(reader, start);
    if (other != NULL) {
        trace_error_set(
            &reader->error,
            "%s:%llu: this line is of the format %s in a trace of the format %s; give one format only, "
            "one trace a file",
            name, line, other->name, reader->syntax->name);
        return;
    }
    struct trace_quote quote = trace_quote(cursor->at, (size_t)(cursor->end - cursor->at));
    trace_error_set(&reader->error, "%s:%llu: column %zu of this %s line must be %s, not %s%s", name, line,
                    (size_t)(cursor->at - start) + 1, reader->syntax->name, cursor->expected, quote.text,
                    *cursor->at == '\r' ? " (a carriage return: convert the file to Unix line ends)" : "");
}

static void too_long_line(struct trace_reader *reader)
{
    trace_error_set(&reader->error, "%s:%llu: the line is longer than %d bytes; a line of %s is like \"%s\"",
                    trace_source_name(reader->source), (unsigned long long)reader->line + 1, BUFFER_BYTES,
                    reader->syntax->name, reader->syntax->example);
}

static bool wraps_around(const struct trace_record *record)
{
    return record->va > UINT64_MAX - (record->size_bytes - 1);
}

static void wrapping_access(struct trace_reader *reader, const struct trace_record *record)
{
    trace_error_set(
        &reader->error,
        "%s:%llu: %u bytes at address %llx run over the end of the address space; the last one must be "
        "at ffffffffffffffff or below",
        trace_source_name(reader->source), (unsigned long long)reader->line + 1, record->size_bytes,
        (unsigned long long)record->va);
}

/* Reads complete lines of the buffer. The reader fails, or more text is needed, or the records are full. */
static size_t parse_buffer(struct trace_reader *reader, struct trace_record *records, size_t capacity)
{
    struct trace_cursor cursor = {.at = reader->buffer + reader->start, .end = reader->buffer + reader->end};
    size_t count = 0;
    while (count < capacity) {
        struct trace_record *record = &records[count];
        enum trace_line result = reader->syntax->parse(&cursor, record);
        if (result == TRACE_LINE_WRONG && cursor.at == cursor.end)
            break;
        if (result == TRACE_LINE_WRONG) {
            reader->failed = true;
            wrong_line(reader, &cursor);
            break;
        }
        if (result == TRACE_LINE_RECORD) {
            if (wraps_around(record)) {
                reader->failed = true;
                wrapping_access(reader, record);
                break;
            }
            if (record->kind == TRACE_INSTRUCTION)
                reader->pc = record->va;
            record->pc = reader->pc;
            record->line = reader->line + 1;
            count++;
        }
        reader->line++;
        reader->start = (size_t)(cursor.at - reader->buffer);
    }
    reader->has_records |= count > 0;
    return count;
}

long trace_read(struct trace_reader *reader, struct trace_record *records, size_t capacity,
                struct trace_error *error)
{
    size_t count = 0;
    bool ended = false;
    while (count < capacity && !ended && !reader->failed) {
        count += parse_buffer(reader, records + count, capacity - count);
        if (count == capacity || reader->failed)
            break;
        if (fill(reader))
            continue;
        if (!reader->source_ended) {
            reader->failed = true;
            too_long_line(reader);
        } else {
            reader->failed = finish(reader) != 0;
            ended = true;
        }
    }
    if (count > 0 || !reader->failed)
        return (long)count;
    if (error != NULL)
        *error = reader->error;
    return -1;
}

enum trace_format trace_reader_format(const struct trace_reader *reader)
{
    return reader->syntax->format;
}

const char *trace_reader_compression(const struct trace_reader *reader)
{
    return trace_source_compression(reader->source);
}

const char *trace_format_name(enum trace_format format)
{
    for (size_t i = 0; i < trace_syntaxes_count; i++)
        if (trace_syntaxes[i]->format == format)
            return trace_syntaxes[i]->name;
    return "unknown";
}
