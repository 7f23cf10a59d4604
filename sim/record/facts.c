/* Rows that are no events: the run, its machine, and what the caller counted. */
#include "sim/record/codes.h"
#include "sim/record/row.h"

int row_run(struct row_writer *rows, const struct recorder_config *config)
{
    struct row row = row_begin(rows, ROW_RUN);
    put(&row, config->level);
    put(&row, config->checked);
    put(&row, config->seed);
    put_text(&row, config->script_text);
    put_text(&row, config->program_version ? config->program_version : "unknown");
    put_text(&row, config->script_path);
    put_text(&row, config->command_line);
    put(&row, (uint64_t)config->host_started_unix);
    return row_end(&row);
}

int row_run_end(struct row_writer *rows, uint64_t events, double host_seconds)
{
    struct row row = row_begin(rows, ROW_RUN_END);
    put(&row, events);
    row.code |= sqlite3_bind_double(row.statement, ++row.column, host_seconds);
    return row_end(&row);
}

int row_setting(struct row_writer *rows, const struct record_setting *setting)
{
    struct row row = row_begin(rows, ROW_SETTING);
    put_text(&row, setting->name);
    put_text(&row, setting->value);
    return row_end(&row);
}

static int row_code(struct row_writer *rows, const struct record_code *item)
{
    struct row row = row_begin(rows, ROW_CODE);
    put_text(&row, item->domain);
    put(&row, (uint64_t)item->code);
    put_text(&row, item->name);
    return row_end(&row);
}

int row_codes(struct row_writer *rows, const struct recorder_config *config)
{
    int code = SQLITE_OK;
    for (size_t i = 0; i < config->array_count && code == SQLITE_OK; i++)
        code = row_code(rows, &(struct record_code){"tlb", (int)i, config->arrays[i].title});
    for (const struct record_code *item = record_codes; item->domain && code == SQLITE_OK; item++) {
        code = row_code(rows, item);
    }
    return code;
}

int row_array(struct row_writer *rows, uint64_t number, const struct record_array *array)
{
    bool tlb = array->kind == RECORD_TLB;
    struct row row = row_begin(rows, ROW_ARRAY);
    put(&row, number);
    put_text(&row, array->name);
    put(&row, array->kind);
    put_if(&row, tlb, array->level);
    put_if(&row, tlb, array->side);
    put(&row, array->holds);
    put(&row, array->entries);
    put(&row, array->ways);
    put(&row, array->replacement);
    put_if(&row, array->sizes != UINT64_MAX, array->sizes);
    put(&row, array->inclusion);
    put(&row, array->latency_cycles);
    put(&row, array->shared);
    return row_end(&row);
}

int row_counter(struct row_writer *rows, const struct record_counter *counter)
{
    struct row row = row_begin(rows, ROW_COUNTER);
    put(&row, counter->region);
    put_if(&row, counter->core >= 0, (uint64_t)counter->core + 1);
    put_text(&row, counter->name);
    put(&row, counter->value);
    return row_end(&row);
}

int row_bucket(struct row_writer *rows, const struct record_bucket *bucket)
{
    struct row row = row_begin(rows, ROW_BUCKET);
    put_text(&row, bucket->name);
    put(&row, bucket->low);
    put(&row, bucket->high);
    put(&row, bucket->count);
    return row_end(&row);
}

int row_instruction(struct row_writer *rows, const struct record_instruction *instruction)
{
    struct row row = row_begin(rows, ROW_INSTRUCTION);
    put(&row, instruction->pc);
    row.code |= sqlite3_bind_blob64(row.statement, ++row.column,
                                    instruction->bytes ? (const void *)instruction->bytes : "",
                                    instruction->bytes_count, SQLITE_STATIC);
    put_text(&row, instruction->text);
    put_text(&row, instruction->class_name);
    put(&row, instruction->count);
    return row_end(&row);
}

int row_plugin(struct row_writer *rows, const struct record_plugin *plugin)
{
    struct row row = row_begin(rows, ROW_PLUGIN);
    put_text(&row, plugin->page_table);
    put_text(&row, plugin->format);
    put_text(&row, plugin->path);
    put_text(&row, plugin->sha256);
    return row_end(&row);
}

int row_finding(struct row_writer *rows, const struct record_finding *finding)
{
    struct row row = row_begin(rows, ROW_FINDING);
    put_text(&row, finding->rule);
    put_cycle(&row, finding->cycle);
    put_if(&row, finding->core >= 0, (uint64_t)finding->core + 1);
    put_id(&row, finding->space);
    put(&row, finding->va);
    put_text(&row, finding->text);
    put_text(&row, finding->related);
    return row_end(&row);
}

int row_finding_total(struct row_writer *rows, uint64_t total)
{
    struct row row = row_begin(rows, ROW_FINDING_TOTAL);
    put(&row, total);
    return row_end(&row);
}
