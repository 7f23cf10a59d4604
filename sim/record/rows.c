#include "sim/record/rows.h"

#include <string.h>

#include "sim/record/codes.h"

/* Columns are bound in the order of their tables (schema.sql). */
static const char *const statement_texts[ROW_STATEMENTS] = {
    [ROW_TRANSLATION] = "INSERT INTO translations VALUES"
                        " (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [ROW_WALK] = "INSERT INTO walks VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [ROW_WALK_STEP] = "INSERT INTO walk_steps VALUES (?,?,?,?,?,?,?,?,?,?)",
    [ROW_TLB_ENTRY] = "INSERT INTO tlb_entries VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [ROW_ENTRY_WRITE] = "INSERT INTO entry_writes VALUES (?,?,?,?,?,?,?,?,?)",
    [ROW_INVALIDATION] = "INSERT INTO invalidations VALUES (?,?,?,?,?,?,?,?,?,?,?,NULL,NULL)",
    [ROW_COMPLETION] =
        "UPDATE invalidations SET complete_event = ?, complete_cycle = ? WHERE invalidation = ?",
    [ROW_ACKNOWLEDGEMENT] = "INSERT INTO acknowledgements VALUES (?,?,?,?,?,?,?,?,?,?,?)",
    [ROW_BARRIER] = "INSERT INTO barriers VALUES (?,?,?,?,?,?)",
    [ROW_CONTEXT] = "INSERT INTO contexts VALUES (?,?,?,?,?,?)",
    [ROW_FAULT] = "INSERT INTO faults VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
    [ROW_SPACE] = "INSERT INTO spaces VALUES (?,?,?,?,?,?,?,?,?,?,?)",
    [ROW_OPERATION] = "INSERT INTO operations (event, core, operation, space, kind, va, pa, size_lg2,"
                      " attributes, begin_cycle) VALUES (?,?,?,?,?,?,?,?,?,?)",
    [ROW_OPERATION_END] = "UPDATE operations SET end_event = ?, end_cycle = ?, result = ?, found_va = ?,"
                          " found_pa = ?, found_size_lg2 = ?, found_attributes = ? WHERE operation = ?",
    [ROW_VIEW] = "INSERT INTO table_views VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
    [ROW_REGION] = "INSERT INTO regions (event, cycle, core, region, name) VALUES (?,?,?,?,?)",
    [ROW_COUNTER] = "INSERT INTO counters (region, core, name, value) VALUES (?,?,?,?)",
    [ROW_BUCKET] = "INSERT INTO histograms (name, low, high, count) VALUES (?,?,?,?)",
    [ROW_INSTRUCTION] = "INSERT INTO instructions (pc, bytes, text, class, count) VALUES (?,?,?,?,?)",
    [ROW_FINDING] = "INSERT INTO checker_findings (rule, cycle, core, space, va, text, related)"
                    " VALUES (?,?,?,?,?,?,?)",
    [ROW_FINDING_TOTAL] = "UPDATE runs SET findings = ?",
    [ROW_SETTING] = "INSERT INTO configuration VALUES (?,?)",
    [ROW_CODE] = "INSERT INTO codes VALUES (?,?,?)",
    [ROW_RUN] = "INSERT INTO runs (run, complete, level, checked, seed, script_text, events, program_version,"
                " script_path, command_line, host_started_unix) VALUES (1, 0, ?, ?, ?, ?, 0, ?, ?, ?, ?)",
    [ROW_RUN_END] = "UPDATE runs SET complete = 1, events = ?, host_seconds = ?",
};

int row_writer_open(struct row_writer *rows, sqlite3 *database)
{
    *rows = (struct row_writer){.database = database};
    for (int i = 0; i < ROW_STATEMENTS; i++) {
        int code = sqlite3_prepare_v3(database, statement_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                      &rows->statements[i], NULL);
        if (code != SQLITE_OK)
            return code;
    }
    return SQLITE_OK;
}

void row_writer_close(struct row_writer *rows)
{
    for (int i = 0; i < ROW_STATEMENTS; i++) {
        (void)sqlite3_finalize(rows->statements[i]); /* repeats the code of the last step, already seen */
        rows->statements[i] = NULL;
    }
}

/* A row under way: values are put from left to right; the first failure stays. */
struct row {
    sqlite3_stmt *statement;
    int column;
    int code;
};

static struct row row_begin(struct row_writer *rows, enum row_statement statement)
{
    return (struct row){.statement = rows->statements[statement]};
}

static void put(struct row *row, uint64_t value)
{
    row->code |= sqlite3_bind_int64(row->statement, ++row->column, (sqlite3_int64)value);
}

static void put_null(struct row *row)
{
    row->code |= sqlite3_bind_null(row->statement, ++row->column);
}

static void put_if(struct row *row, bool exists, uint64_t value)
{
    if (exists)
        put(row, value);
    else
        put_null(row);
}

static void put_cycle(struct row *row, uint64_t cycle)
{
    put_if(row, cycle != EVENT_NEVER, cycle);
}

static void put_id(struct row *row, uint64_t id)
{
    put_if(row, id != 0, id);
}

static void put_text(struct row *row, const char *text)
{
    row->code |= sqlite3_bind_text(row->statement, ++row->column, text, -1, SQLITE_STATIC);
}

static void put_frame(struct row *row, bool exists, const struct frame *frame)
{
    put_if(row, exists, frame->base);
    put_if(row, exists, frame->size_lg2);
    put_if(row, exists, frame->attributes);
}

static int row_end(struct row *row)
{
    if (row->code != SQLITE_OK)
        return SQLITE_MISUSE; /* several codes or-ed; a bind fails only by our mistake or without memory */
    int code = sqlite3_step(row->statement);
    int reset = sqlite3_reset(row->statement);
    return code == SQLITE_DONE ? reset : code;
}

/* For statements that change one row that must be there. */
static int row_end_update(struct row_writer *rows, struct row *row)
{
    int code = row_end(row);
    return code == SQLITE_OK && sqlite3_changes(rows->database) != 1 ? SQLITE_NOTFOUND : code;
}

static struct row row_begin_event(struct row_writer *rows, enum row_statement statement, uint64_t number,
                                  const struct mmu_event *event)
{
    struct row row = row_begin(rows, statement);
    put(&row, number);
    put(&row, event->cycle);
    put(&row, event->core + UINT64_C(1));
    return row;
}

static int write_translation(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    const struct event_translation *t = &event->as.translation;
    bool fault = t->fault != FAULT_NONE;
    struct row row = row_begin_event(rows, ROW_TRANSLATION, number, event);
    put(&row, t->access);
    put(&row, t->half);
    put(&row, t->retry);
    put_id(&row, t->space);
    put(&row, t->asid);
    put(&row, t->privilege);
    put(&row, t->access_kind);
    put(&row, t->va);
    put(&row, t->size_bytes);
    put_id(&row, t->pc);
    put(&row, t->issue_cycle);
    put_cycle(&row, t->translated_cycle);
    put_cycle(&row, t->performed_cycle);
    put(&row, t->outcome);
    put_id(&row, t->walk);
    put_id(&row, t->entry);
    put(&row, t->fault);
    put_if(&row, fault, t->fault_level);
    put_if(&row, !fault, t->pa);
    put_id(&row, t->page_size_lg2);
    put_if(&row, t->page_size_lg2 != 0, t->rights);
    put_if(&row, t->performed_cycle != EVENT_NEVER, t->value);
    put(&row, t->forwarded);
    return row_end(&row);
}

static int write_walk(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    const struct event_walk *walk = &event->as.walk;
    bool leaf = walk->fault == FAULT_NONE;
    struct row row = row_begin(rows, ROW_WALK);
    put(&row, number);
    put(&row, walk->id);
    put(&row, event->cycle);
    put(&row, event->core + UINT64_C(1));
    put_id(&row, walk->space);
    put(&row, walk->asid);
    put(&row, walk->va);
    put(&row, walk->request_cycle);
    put_cycle(&row, walk->start_cycle);
    put(&row, walk->steps);
    put(&row, walk->waiters);
    put(&row, walk->filled);
    put(&row, walk->fault);
    put_if(&row, !leaf, walk->fault_level);
    put_if(&row, leaf, walk->leaf.va);
    put_frame(&row, leaf, &walk->leaf.frame);
    put_if(&row, leaf, walk->leaf.rights);
    put_if(&row, leaf, walk->leaf.level);
    return row_end(&row);
}

static int write_walk_step(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    const struct event_walk_step *step = &event->as.walk_step;
    struct row row = row_begin_event(rows, ROW_WALK_STEP, number, event);
    put(&row, step->walk);
    put(&row, step->index);
    put(&row, step->level);
    put(&row, step->pa);
    put(&row, step->value);
    put_cycle(&row, step->request_cycle);
    put_cycle(&row, step->grant_cycle);
    return row_end(&row);
}

static int write_tlb_entry(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    const struct event_tlb_entry *entry = &event->as.tlb_entry;
    struct row row = row_begin(rows, ROW_TLB_ENTRY);
    put(&row, number);
    put(&row, entry->id);
    put(&row, event->cycle);
    put(&row, event->core + UINT64_C(1));
    put(&row, entry->tlb);
    put_id(&row, entry->space);
    put(&row, entry->asid);
    put(&row, entry->va);
    put_frame(&row, true, &entry->frame);
    put(&row, entry->rights);
    put_id(&row, entry->walk);
    put(&row, entry->fill_cycle);
    put_cycle(&row, entry->first_hit_cycle);
    put_cycle(&row, entry->last_hit_cycle);
    put_cycle(&row, entry->last_done_cycle);
    put(&row, entry->hits);
    put_cycle(&row, entry->end_cycle);
    put(&row, entry->end);
    put_id(&row, entry->invalidation);
    return row_end(&row);
}

static int write_entry_write(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    const struct event_entry_write *write = &event->as.entry_write;
    struct row row = row_begin_event(rows, ROW_ENTRY_WRITE, number, event);
    put_id(&row, write->operation);
    put(&row, write->pa);
    put(&row, write->old_value);
    put(&row, write->new_value);
    put(&row, write->issue_cycle);
    put_cycle(&row, write->visible_cycle);
    return row_end(&row);
}

static int write_invalidation(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    const struct event_invalidation *invalidation = &event->as.invalidation;
    const struct invalidation *what = &invalidation->what;
    struct row row = row_begin(rows, ROW_INVALIDATION);
    put(&row, invalidation->id);
    put(&row, number);
    put(&row, event->core + UINT64_C(1));
    put_id(&row, invalidation->operation);
    put(&row, what->scope);
    put_if(&row, what->scope == INVALIDATE_VA || what->scope == INVALIDATE_VA_ALL_ASIDS, what->va);
    put_if(&row, what->scope == INVALIDATE_VA || what->scope == INVALIDATE_ASID, what->asid);
    put(&row, what->broadcast);
    put(&row, what->last_level_only);
    put(&row, invalidation->targets);
    put(&row, event->cycle);
    return row_end(&row);
}

static int write_completion(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    struct row row = row_begin(rows, ROW_COMPLETION);
    put(&row, number);
    put(&row, event->cycle);
    put(&row, event->as.completion.invalidation);
    return row_end_update(rows, &row);
}

static int write_acknowledgement(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    const struct event_acknowledgement *answer = &event->as.acknowledgement;
    struct row row = row_begin_event(rows, ROW_ACKNOWLEDGEMENT, number, event);
    put(&row, answer->invalidation);
    put(&row, answer->target + UINT64_C(1));
    put_cycle(&row, answer->arrive_cycle);
    put_cycle(&row, answer->drop_cycle);
    put_cycle(&row, answer->acknowledge_cycle);
    put(&row, answer->entries_dropped);
    put(&row, answer->walks_settled);
    put(&row, answer->accesses_settled);
    return row_end(&row);
}

static int write_barrier(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    struct row row = row_begin_event(rows, ROW_BARRIER, number, event);
    put_id(&row, event->as.barrier.operation);
    put(&row, event->as.barrier.kind);
    put(&row, event->as.barrier.begin_cycle);
    return row_end(&row);
}

static int write_context(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    struct row row = row_begin_event(rows, ROW_CONTEXT, number, event);
    put_id(&row, event->as.context.space);
    put(&row, event->as.context.asid);
    put(&row, event->as.context.root);
    return row_end(&row);
}

static int write_fault(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    const struct event_fault *fault = &event->as.fault;
    struct row row = row_begin_event(rows, ROW_FAULT, number, event);
    put(&row, fault->access);
    put_id(&row, fault->space);
    put(&row, fault->va);
    put_id(&row, fault->pc);
    put(&row, fault->access_kind);
    put(&row, fault->privilege);
    put(&row, fault->fault);
    put(&row, fault->fault_level);
    put(&row, fault->handled);
    return row_end(&row);
}

static int write_space(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    const struct event_space *space = &event->as.space;
    uint64_t frame_sizes = 0;
    for (unsigned i = 0; i < space->format->frame_sizes; i++)
        frame_sizes |= UINT64_C(1) << space->format->frame_size_lg2[i];
    struct row row = row_begin(rows, ROW_SPACE);
    put(&row, space->space);
    put(&row, number);
    put(&row, event->cycle);
    put(&row, event->core + UINT64_C(1));
    put(&row, space->asid);
    put(&row, space->root);
    put_text(&row, space->format->name);
    put_text(&row, space->table->name);
    put(&row, space->format->va_bits);
    put(&row, frame_sizes);
    put(&row, space->aliasing_allowed);
    return row_end(&row);
}

static int write_operation(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    const struct event_operation *operation = &event->as.operation;
    bool map = operation->kind == OPERATION_MAP;
    struct row row = row_begin(rows, ROW_OPERATION);
    put(&row, number);
    put(&row, event->core + UINT64_C(1));
    put(&row, operation->id);
    put(&row, operation->space);
    put(&row, operation->kind);
    put(&row, operation->va);
    put_if(&row, map, operation->frame.base);
    put_if(&row, map, operation->frame.size_lg2);
    put_if(&row, map || operation->kind == OPERATION_PROTECT, operation->frame.attributes);
    put(&row, operation->begin_cycle);
    return row_end(&row);
}

static int write_operation_end(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    const struct event_operation *operation = &event->as.operation;
    bool found = operation->kind == OPERATION_QUERY && operation->result == PAGETABLE_OK;
    struct row row = row_begin(rows, ROW_OPERATION_END);
    put(&row, number);
    put(&row, event->cycle);
    put(&row, operation->result);
    put_if(&row, found, operation->found_va);
    put_frame(&row, found, &operation->frame);
    put(&row, operation->id);
    return row_end_update(rows, &row);
}

static int write_view(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    const struct event_view *view = &event->as.view;
    struct row row = row_begin_event(rows, ROW_VIEW, number, event);
    put(&row, view->operation);
    put(&row, view->space);
    put(&row, view->va);
    put(&row, view->mapped);
    put_if(&row, view->mapped, view->mapping.va);
    put_frame(&row, view->mapped, &view->mapping.frame);
    put_cycle(&row, view->mappings);
    return row_end(&row);
}

static int write_region(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    struct row row = row_begin_event(rows, ROW_REGION, number, event);
    put(&row, event->as.region.number);
    put_text(&row, event->as.region.name);
    return row_end(&row);
}

int row_event(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    typedef int writer(struct row_writer *, uint64_t, const struct mmu_event *);
    static writer *const writers[EVENT_KINDS] = {
        [EVENT_TRANSLATION] = write_translation,
        [EVENT_WALK] = write_walk,
        [EVENT_WALK_STEP] = write_walk_step,
        [EVENT_TLB_ENTRY] = write_tlb_entry,
        [EVENT_ENTRY_WRITE] = write_entry_write,
        [EVENT_INVALIDATION] = write_invalidation,
        [EVENT_ACKNOWLEDGEMENT] = write_acknowledgement,
        [EVENT_COMPLETION] = write_completion,
        [EVENT_BARRIER] = write_barrier,
        [EVENT_CONTEXT] = write_context,
        [EVENT_FAULT] = write_fault,
        [EVENT_SPACE] = write_space,
        [EVENT_OPERATION_BEGIN] = write_operation,
        [EVENT_OPERATION_END] = write_operation_end,
        [EVENT_VIEW] = write_view,
        [EVENT_REGION] = write_region,
    };
    return event->kind < EVENT_KINDS ? writers[event->kind](rows, number, event) : SQLITE_NOTFOUND;
}

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
    for (size_t i = 0; i < config->tlb_count && code == SQLITE_OK; i++)
        code = row_code(rows, &(struct record_code){"tlb", (int)i, config->tlb_names[i]});
    for (const struct record_code *item = record_codes; item->domain && code == SQLITE_OK; item++) {
        code = row_code(rows, item);
    }
    return code;
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
