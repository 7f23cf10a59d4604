#include "traces/test/outcome.h"

#include <archive.h>
#include <archive_entry.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "traces/reader.h"

#define BATCH_MAX 1000

static struct outcome read_all(struct trace_reader *reader, struct outcome outcome, size_t batch)
{
    static struct trace_record records[BATCH_MAX];
    long count;
    outcome.opened = reader != NULL;
    outcome.failed = reader == NULL;
    if (reader == NULL)
        return outcome;
    outcome.format = trace_reader_format(reader);
    (void)snprintf(outcome.compression, sizeof outcome.compression, "%s", trace_reader_compression(reader));
    while ((count = trace_read(reader, records, batch, &outcome.error)) > 0)
        for (long i = 0; i < count; i++, outcome.count++)
            if (outcome.count < OUTCOME_RECORDS_MAX)
                outcome.records[outcome.count] = records[i];
    outcome.failed = count < 0;
    struct trace_error again = {""};
    assert_int_equal(trace_read(reader, records, batch, &again), count);
    if (outcome.failed)
        assert_string_equal(again.text, outcome.error.text);
    trace_close(reader);
    return outcome;
}

struct outcome outcome_of_memory(const void *data, size_t size_bytes, size_t batch)
{
    struct outcome outcome = {0};
    struct trace_reader *reader = trace_open_memory("t", data, size_bytes, &outcome.error);
    return read_all(reader, outcome, batch);
}

struct outcome outcome_of_text(const char *text)
{
    return outcome_of_memory(text, strlen(text), BATCH_MAX);
}

struct outcome outcome_of_file(const char *path)
{
    struct outcome outcome = {0};
    struct trace_reader *reader = trace_open(path, &outcome.error);
    return read_all(reader, outcome, BATCH_MAX);
}

void assert_refused(const char *text, const char *place, const char *reason)
{
    struct outcome outcome = outcome_of_text(text);
    if (!outcome.failed)
        fail_msg("accepted as %zu records: %s", outcome.count, text);
    if (strncmp(outcome.error.text, place, strlen(place)) != 0)
        fail_msg("\"%s\" must begin with \"%s\"", outcome.error.text, place);
    if (strstr(outcome.error.text, reason) == NULL)
        fail_msg("\"%s\" must have \"%s\"", outcome.error.text, reason);
}

static int add_filter(struct archive *archive, const char *compression)
{
    if (strcmp(compression, "gzip") == 0)
        return archive_write_add_filter_gzip(archive);
    if (strcmp(compression, "xz") == 0)
        return archive_write_add_filter_xz(archive);
    if (strcmp(compression, "zstd") == 0)
        return archive_write_add_filter_zstd(archive);
    return archive_write_add_filter_none(archive);
}

void *compressed(const char *compression, const void *text, size_t text_bytes, size_t *size_bytes)
{
    size_t room = text_bytes * 2 + 65536;
    void *data = malloc(room);
    struct archive *archive = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    assert_true(data != NULL && archive != NULL && entry != NULL);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_pathname(entry, "t");
    archive_entry_set_size(entry, (la_int64_t)text_bytes);
    assert_int_equal(archive_write_set_format_raw(archive), ARCHIVE_OK);
    assert_int_equal(add_filter(archive, compression), ARCHIVE_OK);
    assert_int_equal(archive_write_set_bytes_in_last_block(archive, 1), ARCHIVE_OK);
    assert_int_equal(archive_write_open_memory(archive, data, room, size_bytes), ARCHIVE_OK);
    assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
    assert_int_equal(archive_write_data(archive, text, text_bytes), (la_ssize_t)text_bytes);
    assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
    assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
    archive_entry_free(entry);
    return data;
}
