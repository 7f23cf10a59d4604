#include "sim/record/rows.h"

#include "sim/record/row.h"

/* Columns are bound in the order of their tables (schema.sql). */
static const char *const statement_texts[ROW_STATEMENTS] = {
    [ROW_TRANSLATION] = "INSERT INTO translations VALUES"
                        " (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [ROW_WALK] = "INSERT INTO walks VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [ROW_WALK_STEP] = "INSERT INTO walk_steps VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
    [ROW_TLB_ENTRY] = "INSERT INTO tlb_entries VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [ROW_WALK_CACHE_ENTRY] = "INSERT INTO walk_cache_entries VALUES"
                             " (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [ROW_RANGE_ENTRY] = "INSERT INTO range_entries VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [ROW_CONFLICT] = "INSERT INTO conflicts VALUES (?,?,?,?,?,?,?,?)",
    [ROW_ENTRY_WRITE] = "INSERT INTO entry_writes VALUES (?,?,?,?,?,?,?,?,?,?)",
    [ROW_INVALIDATION] = "INSERT INTO invalidations VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,NULL,NULL)",
    [ROW_COMPLETION] =
        "UPDATE invalidations SET complete_event = ?, complete_cycle = ? WHERE invalidation = ?",
    [ROW_ACKNOWLEDGEMENT] = "INSERT INTO acknowledgements VALUES (?,?,?,?,?,?,?,?,?,?,?)",
    [ROW_BARRIER] = "INSERT INTO barriers VALUES (?,?,?,?,?,?)",
    [ROW_CONTEXT] = "INSERT INTO contexts VALUES (?,?,?,?,?,?,?,?,?,?)",
    [ROW_FAULT] = "INSERT INTO faults VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [ROW_SPACE] = "INSERT INTO spaces VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [ROW_FORMAT_RIGHTS] = "INSERT OR IGNORE INTO format_rights VALUES (?,?,?)",
    [ROW_ALLOWED_RIGHTS] = "INSERT OR IGNORE INTO allowed_rights VALUES (?,?,?,?,?,?)",
    [ROW_OPERATION] = "INSERT INTO operations (event, core, operation, space, kind, va, pa, size_lg2,"
                      " attributes, begin_cycle) VALUES (?,?,?,?,?,?,?,?,?,?)",
    [ROW_OPERATION_END] = "UPDATE operations SET end_event = ?, end_cycle = ?, result = ?, found_va = ?,"
                          " found_pa = ?, found_size_lg2 = ?, found_attributes = ? WHERE operation = ?",
    [ROW_VIEW] = "INSERT INTO table_views VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [ROW_TABLE_BLOCK] = "INSERT INTO table_blocks VALUES (?,?,?,?,?,?,?,?)",
    [ROW_REGION] = "INSERT INTO regions (event, cycle, core, region, name) VALUES (?,?,?,?,?)",
    [ROW_COUNTER] = "INSERT INTO counters (region, core, name, value) VALUES (?,?,?,?)",
    [ROW_BUCKET] = "INSERT INTO histograms (name, low, high, count) VALUES (?,?,?,?)",
    [ROW_INSTRUCTION] = "INSERT INTO instructions (pc, bytes, text, class, count) VALUES (?,?,?,?,?)",
    [ROW_PLUGIN] = "INSERT INTO plugins (page_table, format, path, sha256) VALUES (?,?,?,?)",
    [ROW_FINDING] = "INSERT INTO checker_findings (rule, cycle, core, space, va, text, related)"
                    " VALUES (?,?,?,?,?,?,?)",
    [ROW_FINDING_TOTAL] = "UPDATE runs SET findings = ?",
    [ROW_SETTING] = "INSERT INTO configuration VALUES (?,?)",
    [ROW_CODE] = "INSERT INTO codes VALUES (?,?,?)",
    [ROW_ARRAY] = "INSERT INTO arrays VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
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

static bool of_stage2(uint8_t stage)
{
    return stage == 2;
}

/* A fault of stage 2 on a page that is there names no intermediate address. */
static bool names_ipa(uint8_t stage, uint64_t ipa)
{
    return of_stage2(stage) && ipa != EVENT_NEVER;
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
    put(&row, t->vmid);
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
    put_id(&row, t->fault_stage);
    put_if(&row, names_ipa(t->fault_stage, t->fault_ipa), t->fault_ipa);
    put_if(&row, !fault, t->pa);
    put_id(&row, t->page_size_lg2);
    put_if(&row, t->page_size_lg2 != 0, t->attributes);
    put_if(&row, t->page_size_lg2 != 0, t->rights);
    put_if(&row, t->performed_cycle != EVENT_NEVER, t->value);
    put(&row, t->forwarded);
    put_if(&row, fault, t->fault_code);
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
    put(&row, walk->vmid);
    put(&row, walk->va);
    put(&row, walk->request_cycle);
    put_cycle(&row, walk->start_cycle);
    put(&row, walk->steps);
    put(&row, walk->waiters);
    put(&row, walk->cause);
    put(&row, walk->filled);
    put(&row, walk->fault);
    put_if(&row, !leaf, walk->fault_level);
    put_id(&row, walk->fault_stage);
    put_if(&row, names_ipa(walk->fault_stage, walk->fault_ipa), walk->fault_ipa);
    put_if(&row, of_stage2(walk->fault_stage), walk->fault_on_table);
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
    put_id(&row, step->stage);
    put(&row, step->level);
    put_if(&row, step->stage != 0 && step->ipa != EVENT_NEVER, step->ipa);
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
    put(&row, entry->vmid);
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

/* Of tables, attributes and rights mean nothing. */
static int write_walk_cache_entry(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    const struct event_tlb_entry *entry = &event->as.tlb_entry;
    bool frame = entry->holds == HOLDS_IPA;
    struct row row = row_begin(rows, ROW_WALK_CACHE_ENTRY);
    put(&row, number);
    put(&row, entry->id);
    put(&row, event->cycle);
    put(&row, event->core + UINT64_C(1));
    put(&row, entry->tlb);
    put(&row, entry->holds);
    put_id(&row, entry->space);
    put(&row, entry->asid);
    put(&row, entry->vmid);
    put(&row, entry->va);
    put(&row, entry->frame.base);
    put(&row, entry->frame.size_lg2);
    put_if(&row, frame, entry->frame.attributes);
    put_if(&row, frame, entry->rights);
    put_id(&row, entry->walk);
    put(&row, entry->fill_cycle);
    put_cycle(&row, entry->first_hit_cycle);
    put_cycle(&row, entry->last_hit_cycle);
    put(&row, entry->hits);
    put_cycle(&row, entry->end_cycle);
    put(&row, entry->end);
    put_id(&row, entry->invalidation);
    return row_end(&row);
}

static int write_range_entry(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    const struct event_tlb_entry *entry = &event->as.tlb_entry;
    struct row row = row_begin(rows, ROW_RANGE_ENTRY);
    put(&row, number);
    put(&row, entry->id);
    put(&row, event->cycle);
    put(&row, event->core + UINT64_C(1));
    put(&row, entry->tlb);
    put_id(&row, entry->space);
    put(&row, entry->asid);
    put(&row, entry->vmid);
    put(&row, entry->va);
    put(&row, entry->bytes);
    put(&row, entry->frame.base);
    put(&row, entry->frame.size_lg2);
    put(&row, entry->frame.attributes);
    put(&row, entry->rights);
    put_id(&row, entry->walk);
    put(&row, entry->fill_cycle);
    put_cycle(&row, entry->first_hit_cycle);
    put_cycle(&row, entry->last_hit_cycle);
    put(&row, entry->hits);
    put_cycle(&row, entry->end_cycle);
    put(&row, entry->end);
    put_id(&row, entry->invalidation);
    return row_end(&row);
}

static int write_array_entry(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    switch ((enum entry_holds)event->as.tlb_entry.holds) {
    case HOLDS_TRANSLATION:
        return write_tlb_entry(rows, number, event);
    case HOLDS_RANGE:
        return write_range_entry(rows, number, event);
    default:
        return write_walk_cache_entry(rows, number, event);
    }
}

static int write_conflict(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    const struct event_conflict *conflict = &event->as.conflict;
    struct row row = row_begin_event(rows, ROW_CONFLICT, number, event);
    put_id(&row, conflict->space);
    put(&row, conflict->va);
    put(&row, conflict->tlb);
    put_id(&row, conflict->entry);
    put(&row, conflict->matches);
    return row_end(&row);
}

static int write_entry_write(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    const struct event_entry_write *write = &event->as.entry_write;
    struct row row = row_begin_event(rows, ROW_ENTRY_WRITE, number, event);
    put_id(&row, write->operation);
    put_id(&row, write->walk);
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
    bool address = what->scope == INVALIDATE_VA || what->scope == INVALIDATE_VA_ALL_ASIDS ||
                   what->scope == INVALIDATE_IPA;
    put_if(&row, address, what->va);
    put_if(&row, address && what->size_bytes != 0, what->size_bytes);
    put_if(&row, what->scope == INVALIDATE_VA || what->scope == INVALIDATE_ASID, what->asid);
    put(&row, what->vmid);
    put(&row, what->broadcast);
    put(&row, what->last_level_only);
    put_id(&row, invalidation->list);
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
    const struct event_context *context = &event->as.context;
    struct row row = row_begin_event(rows, ROW_CONTEXT, number, event);
    put_id(&row, context->space);
    put(&row, context->asid);
    put(&row, context->vmid);
    put(&row, context->root);
    put_id(&row, context->high_space);
    put(&row, context->controls.flags);
    put(&row, context->controls.key_rights);
    return row_end(&row);
}

/* What a format does not report is NULL, all of it. */
static void put_report(struct row *row, const struct fault_report *report)
{
    bool reported = report->vector != 0 || report->status != 0 || report->code != 0;
    put_if(row, reported, report->code);
    put_if(row, reported, report->vector);
    put_if(row, reported, report->status);
    put_if(row, reported, report->address);
    put_if(row, reported && report->ipa != 0, report->ipa);
    put_if(row, reported && report->instruction != 0, report->instruction);
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
    put_id(&row, fault->fault_stage);
    put_if(&row, names_ipa(fault->fault_stage, fault->ipa), fault->ipa);
    put(&row, fault->handled);
    put_report(&row, &fault->report);
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
    put(&row, space->vmid);
    put_id(&row, space->stage2);
    put(&row, space->root);
    put_text(&row, space->format->name);
    put_text(&row, space->table->name);
    put(&row, space->format->va_bits);
    put(&row, space->format->va_form);
    put(&row, frame_sizes & ~space->table->lacks_sizes);
    put(&row, space->format->spurious);
    put(&row, space->aliasing_allowed);
    put(&row, space->hardware_access);
    put(&row, space->hardware_dirty);
    put(&row, space->format->run_sizes);
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
    put_id(&row, view->operation);
    put(&row, view->space);
    put(&row, view->va);
    put(&row, view->mapped);
    put_if(&row, view->mapped, view->mapping.va);
    put_frame(&row, view->mapped, &view->mapping.frame);
    put_cycle(&row, view->mappings);
    put_if(&row, view->digested, view->digest);
    put_if(&row, view->shape != SHAPE_UNCHECKED, view->shape == SHAPE_SOUND);
    if (view->shape == SHAPE_BROKEN && view->reason)
        put_text(&row, view->reason);
    else
        put_null(&row);
    put_if(&row, view->reached, view->blocks);
    put_if(&row, view->reached, view->blocks_digest);
    return row_end(&row);
}

static int write_table_block(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    const struct event_table *block = &event->as.table;
    struct row row = row_begin_event(rows, ROW_TABLE_BLOCK, number, event);
    put_id(&row, block->operation);
    put(&row, block->space);
    put(&row, block->pa);
    put(&row, block->bytes);
    put(&row, block->released);
    return row_end(&row);
}

static int write_region(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    struct row row = row_begin_event(rows, ROW_REGION, number, event);
    put(&row, event->as.region.number);
    put_text(&row, event->as.region.name);
    return row_end(&row);
}

int row_format_rights(struct row_writer *rows, const struct walk_format *format, uint32_t attributes)
{
    struct row row = row_begin(rows, ROW_FORMAT_RIGHTS);
    put_text(&row, format->name);
    put(&row, attributes);
    put(&row, format->rights(attributes));
    return row_end(&row);
}

int row_allowed_rights(struct row_writer *rows, const struct walk_format *format, uint32_t attributes,
                       uint8_t rights, const struct access_controls *controls)
{
    uint8_t allowed = walk_allowed(format, controls, rights, attributes);
    if (allowed == rights)
        return SQLITE_OK;
    struct row row = row_begin(rows, ROW_ALLOWED_RIGHTS);
    put_text(&row, format->name);
    put(&row, attributes);
    put(&row, rights);
    put(&row, controls->flags);
    put(&row, controls->key_rights);
    put(&row, allowed);
    return row_end(&row);
}

int row_event(struct row_writer *rows, uint64_t number, const struct mmu_event *event)
{
    typedef int writer(struct row_writer *, uint64_t, const struct mmu_event *);
    static writer *const writers[EVENT_KINDS] = {
        [EVENT_TRANSLATION] = write_translation,
        [EVENT_WALK] = write_walk,
        [EVENT_WALK_STEP] = write_walk_step,
        [EVENT_TLB_ENTRY] = write_array_entry,
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
        [EVENT_CONFLICT] = write_conflict,
        [EVENT_TABLE] = write_table_block,
    };
    return event->kind < EVENT_KINDS ? writers[event->kind](rows, number, event) : SQLITE_NOTFOUND;
}
