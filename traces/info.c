#include "traces/info.h"

#include <stdbool.h>
#include <string.h>

#include "traces/message.h"
#include "traces/page_set.h"

#define BATCH_RECORDS 256

#define KIND_BIT(kind) ((uint8_t)(1u << (kind)))
#define DATA_BITS      (KIND_BIT(TRACE_LOAD) | KIND_BIT(TRACE_STORE) | KIND_BIT(TRACE_MODIFY))

struct collection {
    struct trace_info *info;
    struct page_set pages;
    bool every_instruction_is_an_aligned_word;
};

static bool add_pages(struct collection *collection, const struct trace_record *record)
{
    struct trace_kind_info *kind = &collection->info->kinds[record->kind];
    uint64_t first = record->va >> TRACE_INFO_PAGE_LG2;
    uint64_t last = (record->va + record->size_bytes - 1) >> TRACE_INFO_PAGE_LG2;
    kind->page_crossings += first != last;
    return page_set_add(&collection->pages, first, KIND_BIT(record->kind)) &&
           (first == last || page_set_add(&collection->pages, last, KIND_BIT(record->kind)));
}

static void add_to_kind(struct trace_kind_info *kind, const struct trace_record *record)
{
    uint64_t last_byte = record->va + record->size_bytes - 1;
    if (kind->records == 0)
        kind->first_va = record->va;
    kind->last_va = record->va;
    kind->records++;
    kind->bytes += record->size_bytes;
    if (record->va < kind->lowest_va)
        kind->lowest_va = record->va;
    if (last_byte > kind->highest_va)
        kind->highest_va = last_byte;
}

static bool add_record(struct collection *collection, const struct trace_record *record)
{
    struct trace_info *info = collection->info;
    add_to_kind(&info->kinds[record->kind], record);
    info->records++;
    info->lines = record->line;
    if (record->kind == TRACE_INSTRUCTION) {
        info->instructions_with_bytes += record->bytes_count > 0;
        if (record->size_bytes != 4 || record->va % 4 != 0)
            collection->every_instruction_is_an_aligned_word = false;
    } else {
        info->accesses_with_pa += record->pa != TRACE_NO_PA;
        info->accesses_before_instruction += info->kinds[TRACE_INSTRUCTION].records == 0;
    }
    return add_pages(collection, record);
}

static int add_all(struct collection *collection, struct trace_reader *reader, struct trace_error *error)
{
    struct trace_record records[BATCH_RECORDS];
    long count;
    while ((count = trace_read(reader, records, BATCH_RECORDS, error)) > 0) {
        for (long i = 0; i < count; i++) {
            if (!add_record(collection, &records[i])) {
                trace_error_set(error,
                                "there is not enough memory to count the pages of a trace of %llu records",
                                (unsigned long long)collection->info->records);
                return -1;
            }
        }
    }
    return (int)count;
}

static void summarize(struct collection *collection)
{
    struct trace_info *info = collection->info;
    for (int kind = 0; kind < TRACE_RECORD_KINDS; kind++)
        info->kinds[kind].pages = page_set_count(&collection->pages, KIND_BIT(kind));
    info->data_pages = page_set_count(&collection->pages, DATA_BITS);
    info->pages = page_set_count(&collection->pages, UINT8_MAX);
    if (info->kinds[TRACE_INSTRUCTION].records == 0)
        info->architecture = "unknown";
    else
        info->architecture = collection->every_instruction_is_an_aligned_word ? "aarch64" : "x86_64";
}

int trace_info_read(struct trace_reader *reader, struct trace_info *info, struct trace_error *error)
{
    struct collection collection = {.info = info, .every_instruction_is_an_aligned_word = true};
    memset(info, 0, sizeof *info);
    for (int kind = 0; kind < TRACE_RECORD_KINDS; kind++)
        info->kinds[kind].lowest_va = UINT64_MAX;
    info->format = trace_reader_format(reader);
    info->compression = trace_reader_compression(reader);
    info->architecture = "unknown";
    if (!page_set_init(&collection.pages)) {
        trace_error_set(error, "there is not enough memory to count the pages of a trace");
        return -1;
    }
    int status = add_all(&collection, reader, error);
    summarize(&collection);
    page_set_free(&collection.pages);
    return status;
}

const char *trace_record_kind_name(enum trace_record_kind kind)
{
    static const char *const names[TRACE_RECORD_KINDS] = {"instruction", "load", "store", "modify"};
    return (unsigned)kind < TRACE_RECORD_KINDS ? names[kind] : "unknown";
}
