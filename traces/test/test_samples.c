/* The shipped samples hold what samples/counts.tsv says, which was counted without this reader. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "traces/info.h"

struct row {
    char sample[64];
    char kind[16];
    uint64_t records;
    uint64_t bytes;
    uint64_t pages;
};

static struct trace_info info_of_sample(const char *sample)
{
    char path[1024];
    struct trace_info info = {0};
    struct trace_error error = {""};
    (void)snprintf(path, sizeof path, "%s/%s.xz", MMUSIM_TRACES_SAMPLES, sample);
    struct trace_reader *reader = trace_open(path, &error);
    if (reader == NULL || trace_info_read(reader, &info, &error) != 0)
        fail_msg("%s", error.text);
    trace_close(reader);
    return info;
}

static void compare(const struct row *row, const struct trace_info *info)
{
    for (int kind = 0; kind < TRACE_RECORD_KINDS; kind++) {
        if (strcmp(trace_record_kind_name(kind), row->kind) == 0) {
            assert_int_equal(info->kinds[kind].records, row->records);
            assert_int_equal(info->kinds[kind].bytes, row->bytes);
            assert_int_equal(info->kinds[kind].pages, row->pages);
            return;
        }
    }
    fail_msg("counts.tsv: \"%s\" is no kind of record", row->kind);
}

static void samples_hold_what_the_table_says(void **state)
{
    FILE *table = fopen(MMUSIM_TRACES_SAMPLES "/counts.tsv", "r");
    char line[256];
    char previous[64] = "";
    struct trace_info info = {0};
    int rows = 0;
    assert_non_null(table);
    assert_non_null(fgets(line, sizeof line, table)); /* the names of the columns */
    while (fgets(line, sizeof line, table) != NULL) {
        struct row row;
        assert_int_equal(sscanf(line, "%63[^\t]\t%15[^\t]\t%" SCNu64 "\t%" SCNu64 "\t%" SCNu64, row.sample,
                                row.kind, &row.records, &row.bytes, &row.pages),
                         5);
        if (strcmp(previous, row.sample) != 0) {
            info = info_of_sample(row.sample);
            memcpy(previous, row.sample, sizeof previous);
        }
        compare(&row, &info);
        rows++;
    }
    assert_int_equal(fclose(table), 0);
    assert_int_equal(rows, 2 * TRACE_RECORD_KINDS);
}

static void mtrace_sample_has_the_bytes_of_every_instruction(void **state)
{
    struct trace_info info = info_of_sample("sqlite3-join.x86_64.mtrace");
    assert_int_equal(info.format, TRACE_MTRACE);
    assert_int_equal(info.instructions_with_bytes, info.kinds[TRACE_INSTRUCTION].records);
    assert_string_equal(info.architecture, "x86_64");
    assert_string_equal(info.compression, "xz");
}

static void lackey_sample_has_messages_besides_its_records(void **state)
{
    struct trace_info info = info_of_sample("gzip.x86_64.lackey");
    assert_int_equal(info.format, TRACE_LACKEY);
    assert_true(info.lines > info.records);
    assert_int_equal(info.instructions_with_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_hold_what_the_table_says),
        cmocka_unit_test(mtrace_sample_has_the_bytes_of_every_instruction),
        cmocka_unit_test(lackey_sample_has_messages_besides_its_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
