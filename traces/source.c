#include "traces/source.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "traces/gzip_trailer.h"
#include "traces/message.h"

#define BLOCK_BYTES (256 * 1024)

struct trace_source {
    struct archive *archive;
    char *name;
    const char *compression;
    uint64_t delivered_bytes; /* of uncompressed text */
    int file;                 /* -1: memory */
    bool ended;
    struct gzip_trailer trailer;
};

static const char *compression_name(int filter)
{
    switch (filter) {
    case ARCHIVE_FILTER_GZIP:
        return "gzip";
    case ARCHIVE_FILTER_XZ:
        return "xz";
    case ARCHIVE_FILTER_ZSTD:
        return "zstd";
    default:
        return "none";
    }
}

static void damaged(const struct trace_source *source, struct trace_error *error)
{
    const char *reason = archive_error_string(source->archive);
    trace_error_set(error,
                    "%s: the file is cut or damaged after byte %llu of the uncompressed text (%s); "
                    "capture or copy it again",
                    source->name, (unsigned long long)source->delivered_bytes,
                    reason != NULL ? reason : "the compressed data ends too early");
}

static struct trace_source *source_new(const char *name, struct trace_error *error)
{
    struct trace_source *source = calloc(1, sizeof *source);
    if (source != NULL) {
        source->file = -1;
        source->compression = "none";
        source->name = strdup(name);
        source->archive = archive_read_new();
    }
    if (source == NULL || source->name == NULL || source->archive == NULL) {
        trace_error_set(error, "%s: there is not enough memory to open the trace", name);
        trace_source_close(source);
        return NULL;
    }
    struct archive *archive = source->archive;
    if (archive_read_support_format_raw(archive) != ARCHIVE_OK ||
        archive_read_support_format_empty(archive) != ARCHIVE_OK ||
        archive_read_support_filter_gzip(archive) != ARCHIVE_OK ||
        archive_read_support_filter_xz(archive) != ARCHIVE_OK ||
        archive_read_support_filter_zstd(archive) != ARCHIVE_OK) {
        trace_error_set(
            error,
            "%s: the installed libarchive was built without gzip, xz or zstd; install one that has "
            "all three",
            name);
        trace_source_close(source);
        return NULL;
    }
    return source;
}

/* The archive is open: finds out the compression, and whether there is any text. */
static struct trace_source *source_begin(struct trace_source *source, int opened, struct trace_error *error)
{
    struct archive_entry *entry = NULL;
    int status = opened == ARCHIVE_OK ? archive_read_next_header(source->archive, &entry) : opened;
    if (status != ARCHIVE_OK && status != ARCHIVE_EOF) {
        damaged(source, error);
        trace_source_close(source);
        return NULL;
    }
    source->ended = status == ARCHIVE_EOF;
    source->compression = compression_name(archive_filter_code(source->archive, 0));
    if (archive_filter_code(source->archive, 0) != ARCHIVE_FILTER_GZIP ||
        archive_filter_count(source->archive) != 2)
        source->trailer.known = false;
    return source;
}

static int open_file(const char *path, struct trace_error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    int reason_number = errno;
    if (file < 0 && reason_number == ENOENT) {
        trace_error_set(error, "%s: there is no such file; give the path of a trace", path);
        return -1;
    }
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) {
        char reason[128] = "";
        if (strerror_r(file < 0 ? reason_number : errno, reason, sizeof reason) != 0)
            reason[0] = '\0';
        trace_error_set(error, "%s: the file cannot be opened (%s); give the path of a readable trace", path,
                        reason);
    } else if (S_ISDIR(status.st_mode)) {
        trace_error_set(error, "%s: this is a directory; give the path of a trace in it", path);
    } else {
        return file;
    }
    if (file >= 0 && close(file) != 0)
        return -1;
    return -1;
}

struct trace_source *trace_source_open(const char *path, struct trace_error *error)
{
    int file = open_file(path, error);
    if (file < 0)
        return NULL;
    struct trace_source *source = source_new(path, error);
    if (source == NULL) {
        (void)close(file); /* only read from */
        return NULL;
    }
    source->file = file;
    gzip_trailer_of_file(&source->trailer, file);
    return source_begin(source, archive_read_open_fd(source->archive, file, BLOCK_BYTES), error);
}

struct trace_source *trace_source_open_memory(const char *name, const void *data, size_t size_bytes,
                                              struct trace_error *error)
{
    struct trace_source *source = source_new(name, error);
    if (source == NULL)
        return NULL;
    gzip_trailer_of_memory(&source->trailer, data, size_bytes);
    return source_begin(source, archive_read_open_memory(source->archive, data, size_bytes), error);
}

void trace_source_close(struct trace_source *source)
{
    if (source == NULL)
        return;
    if (source->archive != NULL)
        (void)archive_read_free(source->archive); /* nothing was written, nothing can be lost */
    if (source->file >= 0)
        (void)close(source->file);
    free(source->name);
    free(source);
}

static int source_end(struct trace_source *source, struct trace_error *error)
{
    source->ended = true;
    if (gzip_trailer_matches(&source->trailer))
        return 0;
    trace_error_set(
        error,
        "%s: the file is damaged: its gzip checksum is not that of the uncompressed text of %llu bytes; "
        "capture or copy it again",
        source->name, (unsigned long long)source->delivered_bytes);
    return -1;
}

int trace_source_read(struct trace_source *source, const char **text, size_t *size_bytes,
                      struct trace_error *error)
{
    const void *block = NULL;
    size_t block_bytes = 0;
    la_int64_t offset = 0;
    while (!source->ended && block_bytes == 0) {
        int status = archive_read_data_block(source->archive, &block, &block_bytes, &offset);
        if (status == ARCHIVE_EOF)
            return source_end(source, error);
        if (status != ARCHIVE_OK) {
            damaged(source, error);
            return -1;
        }
    }
    if (source->ended)
        return 0;
    gzip_trailer_add(&source->trailer, block, block_bytes);
    source->delivered_bytes += block_bytes;
    *text = block;
    *size_bytes = block_bytes;
    return 1;
}

const char *trace_source_name(const struct trace_source *source)
{
    return source->name;
}

const char *trace_source_compression(const struct trace_source *source)
{
    return source->compression;
}
