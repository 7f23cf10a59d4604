#include "sim/record/replay_rows.h"

#include <stdlib.h>
#include <string.h>

#define SPACES_MAX     UINT32_MAX
#define ATTRIBUTES_MAX (FRAME_ATTRIBUTES_ALL | FRAME_STATE_ALL)
#define RIGHTS_MAX     (ACCESS_RIGHTS_ALL | ACCESS_RIGHT_MXR)
#define SIZE_LG2_MAX   63

#define TEXTS_MAX 65536u

static const char *replay_text_keep(struct replay_texts *texts, const char *text)
{
    if (texts->count > 0 && strcmp(texts->list[texts->count - 1], text) == 0)
        return texts->list[texts->count - 1];
    if (texts->count == TEXTS_MAX)
        return NULL;
    if (texts->count == texts->capacity) {
        size_t capacity = texts->capacity ? texts->capacity * 2 : 16;
        char **grown = realloc(texts->list, capacity * sizeof *grown);
        if (!grown)
            return NULL;
        texts->list = grown;
        texts->capacity = capacity;
    }
    char *copy = strdup(text);
    if (copy)
        texts->list[texts->count++] = copy;
    return copy;
}

void replay_texts_free(struct replay_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        free(texts->list[i]);
    free(texts->list);
    *texts = (struct replay_texts){0};
}

static uint8_t take_code(struct cells *cells, unsigned count)
{
    return (uint8_t)cell(cells, count - 1);
}

static bool take_flag(struct cells *cells)
{
    return cell(cells, 1) != 0;
}

static uint8_t take_byte_or_0(struct cells *cells)
{
    return (uint8_t)cell_or(cells, UINT8_MAX, 0);
}

static uint32_t take_space(struct cells *cells)
{
    return (uint32_t)cell_id(cells, SPACES_MAX);
}

static uint16_t take_tag(struct cells *cells)
{
    return (uint16_t)cell(cells, UINT16_MAX);
}

/* base, size_lg2, attributes; all NULL: all 0 */
static struct frame take_frame(struct cells *cells)
{
    struct frame frame;
    frame.base = cell_or(cells, UINT64_MAX, 0);
    frame.size_lg2 = (uint8_t)cell_or(cells, SIZE_LG2_MAX, 0);
    frame.attributes = (uint32_t)cell_or(cells, ATTRIBUTES_MAX, 0);
    return frame;
}

static void read_translation(const struct replay_config *config, struct cells *cells, struct replay_row *row)
{
    struct event_translation *access = &row->event.as.translation;
    *access = (struct event_translation){0};
    access->access = (uint32_t)cell(cells, UINT32_MAX);
    access->half = take_code(cells, 3);
    access->retry = take_flag(cells);
    access->space = take_space(cells);
    access->privilege = take_code(cells, PRIVILEGES);
    access->access_kind = take_code(cells, ACCESS_KINDS);
    access->va = cell_word(cells);
    access->size_bytes = (uint16_t)cell(cells, UINT16_MAX);
    access->issue_cycle = cell_cycle(cells);
    access->performed_cycle = cell_cycle_or_never(cells);
    access->outcome = take_code(cells, OUTCOMES);
    access->walk = cell_id(cells, CELL_CYCLE_MAX);
    access->entry = cell_id(cells, CELL_CYCLE_MAX);
    access->fault = take_code(cells, FAULT_KINDS);
    access->fault_level = take_byte_or_0(cells);
    access->fault_stage = (uint8_t)cell_or(cells, 2, 0);
    access->fault_ipa = cell_or(cells, UINT64_MAX, EVENT_NEVER);
    access->pa = cell_or(cells, UINT64_MAX, 0);
    access->page_size_lg2 = (uint8_t)cell_or(cells, SIZE_LG2_MAX, 0);
    access->rights = (uint8_t)cell_or(cells, RIGHTS_MAX, 0);
    access->value = cell_or(cells, UINT64_MAX, 0);
    access->forwarded = take_flag(cells);
}

static void read_walk(const struct replay_config *config, struct cells *cells, struct replay_row *row)
{
    struct event_walk *walk = &row->event.as.walk;
    *walk = (struct event_walk){0};
    walk->id = cell_from_1(cells, CELL_CYCLE_MAX);
    walk->space = take_space(cells);
    walk->asid = take_tag(cells);
    walk->vmid = take_tag(cells);
    walk->va = cell_word(cells);
    walk->start_cycle = cell_cycle_or_never(cells);
    walk->filled = take_flag(cells);
    walk->fault = take_code(cells, FAULT_KINDS);
    walk->fault_stage = (uint8_t)cell_or(cells, 2, 0);
    walk->fault_ipa = cell_or(cells, UINT64_MAX, EVENT_NEVER);
    walk->fault_on_table = (uint8_t)cell_or(cells, 1, 0);
    walk->leaf.va = cell_or(cells, UINT64_MAX, 0);
    walk->leaf.frame = take_frame(cells);
    walk->leaf.rights = (uint8_t)cell_or(cells, RIGHTS_MAX, 0);
}

static void read_tlb_entry(const struct replay_config *config, struct cells *cells, struct replay_row *row)
{
    struct event_tlb_entry *entry = &row->event.as.tlb_entry;
    *entry = (struct event_tlb_entry){.holds = HOLDS_TRANSLATION};
    entry->id = cell_from_1(cells, CELL_CYCLE_MAX);
    entry->tlb = (uint8_t)cell(cells, UINT8_MAX);
    entry->space = take_space(cells);
    entry->asid = take_tag(cells);
    entry->vmid = take_tag(cells);
    entry->va = cell_word(cells);
    entry->frame.base = cell_word(cells);
    entry->frame.size_lg2 = (uint8_t)cell(cells, SIZE_LG2_MAX);
    entry->frame.attributes = (uint32_t)cell(cells, ATTRIBUTES_MAX);
    entry->rights = (uint8_t)cell(cells, RIGHTS_MAX);
    entry->walk = cell_id(cells, CELL_CYCLE_MAX);
    entry->fill_cycle = cell_cycle(cells);
    entry->last_hit_cycle = cell_cycle_or_never(cells);
    entry->last_done_cycle = cell_cycle_or_never(cells);
    entry->end_cycle = cell_cycle_or_never(cells);
    entry->end = take_code(cells, ENTRY_ENDS);
}

static void read_conflict(const struct replay_config *config, struct cells *cells, struct replay_row *row)
{
    struct event_conflict *conflict = &row->event.as.conflict;
    conflict->space = take_space(cells);
    conflict->va = cell_word(cells);
    conflict->tlb = (uint8_t)cell(cells, UINT8_MAX);
    conflict->entry = cell_id(cells, CELL_CYCLE_MAX);
    conflict->matches = (uint32_t)cell(cells, UINT32_MAX);
}

static void read_entry_write(const struct replay_config *config, struct cells *cells, struct replay_row *row)
{
    struct event_entry_write *write = &row->event.as.entry_write;
    write->operation = cell_id(cells, CELL_CYCLE_MAX);
    write->walk = cell_id(cells, CELL_CYCLE_MAX);
    write->pa = cell_word(cells);
    write->old_value = cell_word(cells);
    write->new_value = cell_word(cells);
    write->issue_cycle = cell_cycle(cells);
    write->visible_cycle = cell_cycle_or_never(cells);
}

/* The second event of a row: number and cycle, or neither. */
static void take_later(struct cells *cells, struct replay_row *row, enum event_kind kind)
{
    row->later_number = cell_id(cells, CELL_CYCLE_MAX);
    row->later.cycle = cell_cycle_or_never(cells);
    if (row->later_number && row->later.cycle == EVENT_NEVER)
        cell_wrong(cells, 0, 0, CELL_CYCLE_MAX, false);
    if (!row->later_number && row->later.cycle != EVENT_NEVER)
        cell_wrong(cells, 1, 1, CELL_CYCLE_MAX, false);
    row->later.core = row->event.core;
    row->later.kind = (uint8_t)kind;
}

static void read_invalidation(const struct replay_config *config, struct cells *cells, struct replay_row *row)
{
    struct event_invalidation *issued = &row->event.as.invalidation;
    issued->id = cell_from_1(cells, CELL_CYCLE_MAX);
    issued->operation = cell_id(cells, CELL_CYCLE_MAX);
    issued->what.scope = (enum invalidation_scope)cell(cells, INVALIDATION_SCOPES - 1);
    issued->what.va = cell_or(cells, UINT64_MAX, 0);
    issued->what.size_bytes = cell_or(cells, UINT64_MAX, 0);
    issued->what.asid = (uint16_t)cell_or(cells, UINT16_MAX, 0);
    issued->what.vmid = take_tag(cells);
    issued->what.broadcast = take_flag(cells);
    issued->what.last_level_only = take_flag(cells);
    issued->list = (uint32_t)cell_or(cells, UINT32_MAX, 0);
    issued->targets = (uint32_t)cell(cells, UINT32_MAX);
    take_later(cells, row, EVENT_COMPLETION);
    row->later.as.completion = (struct event_completion){issued->id, row->event.cycle};
}

static void read_acknowledgement(const struct replay_config *config, struct cells *cells,
                                 struct replay_row *row)
{
    struct event_acknowledgement *answer = &row->event.as.acknowledgement;
    answer->invalidation = cell_from_1(cells, CELL_CYCLE_MAX);
    answer->target = (uint8_t)(cell_from_1(cells, CORES_MAX) - 1);
    answer->arrive_cycle = cell_cycle_or_never(cells);
    answer->drop_cycle = cell_cycle_or_never(cells);
    answer->acknowledge_cycle = cell_cycle_or_never(cells);
    answer->entries_dropped = (uint32_t)cell(cells, UINT32_MAX);
    answer->walks_settled = (uint16_t)cell(cells, UINT16_MAX);
    answer->accesses_settled = (uint16_t)cell(cells, UINT16_MAX);
}

static void read_barrier(const struct replay_config *config, struct cells *cells, struct replay_row *row)
{
    struct event_barrier *barrier = &row->event.as.barrier;
    barrier->operation = cell_id(cells, CELL_CYCLE_MAX);
    barrier->kind = take_code(cells, BARRIER_KINDS);
    barrier->begin_cycle = cell_cycle(cells);
}

static void read_context(const struct replay_config *config, struct cells *cells, struct replay_row *row)
{
    struct event_context *context = &row->event.as.context;
    context->space = take_space(cells);
    context->asid = take_tag(cells);
    context->vmid = take_tag(cells);
    context->root = cell_word(cells);
    context->high_space = take_space(cells);
    context->controls.flags = (uint32_t)cell(cells, CONTROLS_ALL);
    context->controls.key_rights = (uint32_t)cell(cells, UINT32_MAX);
}

static uint64_t sizes_of(const struct walk_format *format)
{
    uint64_t sizes = 0;
    for (unsigned i = 0; i < format->frame_sizes; i++)
        sizes |= UINT64_C(1) << format->frame_size_lg2[i];
    return sizes;
}

/* What the record says of the page table is all that is known of it: nobody can call it. */
static void read_space(const struct replay_config *config, struct cells *cells, struct replay_row *row)
{
    struct event_space *space = &row->event.as.space;
    space->space = (uint32_t)cell_from_1(cells, SPACES_MAX);
    space->asid = take_tag(cells);
    space->vmid = take_tag(cells);
    space->stage2 = take_space(cells);
    space->root = cell_word(cells);
    struct replay_format told = {.stage2 = take_flag(cells)};
    told.frame_sizes = cell_from_1(cells, UINT64_MAX);
    told.va_bits = (uint8_t)cell_from_1(cells, 64);
    told.va_form = take_code(cells, VA_SIGNED + 1);
    told.spurious = take_code(cells, SPURIOUS_UNTIL_FENCE + 1);
    space->aliasing_allowed = take_flag(cells);
    space->hardware_access = take_flag(cells);
    space->hardware_dirty = take_flag(cells);
    told.run_sizes = cell_word(cells);
    told.name = (const char *)sqlite3_column_text(cells->statement, cells->column++);
    const char *table = (const char *)sqlite3_column_text(cells->statement, cells->column++);
    row->table = (struct pagetable_class){.name = table ? table : ""};
    space->table = &row->table;
    space->format = told.name && cells->wrong < 0 ? config->format(config->context, &told) : NULL;
    if (space->format)
        row->table.lacks_sizes = sizes_of(space->format) & ~told.frame_sizes;
}

static void read_operation(const struct replay_config *config, struct cells *cells, struct replay_row *row)
{
    struct event_operation *call = &row->event.as.operation;
    *call = (struct event_operation){.begin_cycle = row->event.cycle};
    call->id = cell_from_1(cells, CELL_CYCLE_MAX);
    call->space = take_space(cells);
    call->kind = take_code(cells, OPERATION_KINDS);
    call->va = cell_word(cells);
    call->frame = take_frame(cells);
    take_later(cells, row, EVENT_OPERATION_END);
    struct event_operation *end = &row->later.as.operation;
    *end = *call;
    if (row->later_number)
        end->result = take_code(cells, PAGETABLE_RESULTS);
    else
        cells->column++;
    end->found_va = cell_or(cells, UINT64_MAX, 0);
    struct frame found = take_frame(cells);
    if (call->kind == OPERATION_QUERY)
        end->frame = found;
}

/* A text that stays; NULL if there is none. */
static const char *take_text(const struct replay_config *config, struct cells *cells)
{
    const char *text = (const char *)sqlite3_column_text(cells->statement, cells->column++);
    return text ? replay_text_keep(config->texts, text) : NULL;
}

static void read_view(const struct replay_config *config, struct cells *cells, struct replay_row *row)
{
    struct event_view *view = &row->event.as.view;
    *view = (struct event_view){.operation = cell_id(cells, CELL_CYCLE_MAX)};
    view->space = take_space(cells);
    view->va = cell_word(cells);
    view->mapped = take_flag(cells);
    view->mapping.va = cell_or(cells, UINT64_MAX, 0);
    view->mapping.frame = take_frame(cells);
    view->mappings = cell_cycle_or_never(cells);
    view->digested = cell_is_there(cells);
    view->digest = cell_or(cells, UINT64_MAX, 0);
    unsigned sound = (unsigned)cell_or(cells, 1, 2);
    view->shape = (uint8_t)(sound == 2 ? SHAPE_UNCHECKED : sound ? SHAPE_SOUND : SHAPE_BROKEN);
    view->reached = cell_is_there(cells);
    view->blocks = cell_or(cells, CELL_CYCLE_MAX, 0);
    view->blocks_digest = cell_or(cells, UINT64_MAX, 0);
    if (view->shape == SHAPE_BROKEN)
        view->reason = take_text(config, cells);
}

static void read_table_block(const struct replay_config *config, struct cells *cells, struct replay_row *row)
{
    struct event_table *block = &row->event.as.table;
    block->operation = cell_id(cells, CELL_CYCLE_MAX);
    block->space = take_space(cells);
    block->pa = cell_word(cells);
    block->bytes = cell(cells, CELL_CYCLE_MAX);
    block->released = take_flag(cells);
}

const struct replay_table replay_tables[REPLAY_TABLES] = {
    {"translations", REPLAY_KIND(EVENT_TRANSLATION), EVENT_TRANSLATION, true,
     "event, cycle, core, access, half, retry, space, privilege, access_kind, va, size_bytes, issue_cycle, "
     "performed_cycle, outcome, walk, entry, fault, fault_level, fault_stage, fault_ipa, pa, page_size_lg2, "
     "rights, value, forwarded",
     read_translation},
    {"walks", REPLAY_KIND(EVENT_WALK), EVENT_WALK, true,
     "event, cycle, core, walk, space, asid, vmid, va, start_cycle, filled, fault, fault_stage, fault_ipa, "
     "fault_on_table, leaf_va, leaf_pa, leaf_size_lg2, leaf_attributes, leaf_rights",
     read_walk},
    {"tlb_entries", REPLAY_KIND(EVENT_TLB_ENTRY), EVENT_TLB_ENTRY, true,
     "event, cycle, core, entry, tlb, space, asid, vmid, va, pa, size_lg2, attributes, rights, walk, "
     "fill_cycle, last_hit_cycle, last_done_cycle, end_cycle, end_reason",
     read_tlb_entry},
    {"operations", REPLAY_KIND(EVENT_OPERATION_BEGIN) | REPLAY_KIND(EVENT_OPERATION_END),
     EVENT_OPERATION_BEGIN, false,
     "event, begin_cycle, core, operation, space, kind, va, pa, size_lg2, attributes, end_event, end_cycle, "
     "result, found_va, found_pa, found_size_lg2, found_attributes",
     read_operation},
    {"table_views", REPLAY_KIND(EVENT_VIEW), EVENT_VIEW, false,
     "event, cycle, core, operation, space, va, mapped, mapping_va, mapping_pa, mapping_size_lg2, "
     "mapping_attributes, mappings, digest, sound, blocks, blocks_digest, reason",
     read_view},
    {"table_blocks", REPLAY_KIND(EVENT_TABLE), EVENT_TABLE, false,
     "event, cycle, core, operation, space, pa, bytes, released", read_table_block},
    {"entry_writes", REPLAY_KIND(EVENT_ENTRY_WRITE), EVENT_ENTRY_WRITE, true,
     "event, cycle, core, operation, walk, pa, old_value, new_value, issue_cycle, visible_cycle",
     read_entry_write},
    {"invalidations", REPLAY_KIND(EVENT_INVALIDATION) | REPLAY_KIND(EVENT_COMPLETION), EVENT_INVALIDATION,
     false,
     "event, issue_cycle, core, invalidation, operation, scope, va, size_bytes, asid, vmid, broadcast, "
     "last_level_only, list, targets, complete_event, complete_cycle",
     read_invalidation},
    {"acknowledgements", REPLAY_KIND(EVENT_ACKNOWLEDGEMENT), EVENT_ACKNOWLEDGEMENT, true,
     "event, cycle, core, invalidation, target, arrive_cycle, drop_cycle, acknowledge_cycle, "
     "entries_dropped, walks_settled, accesses_settled",
     read_acknowledgement},
    {"barriers", REPLAY_KIND(EVENT_BARRIER), EVENT_BARRIER, false,
     "event, cycle, core, operation, kind, begin_cycle", read_barrier},
    {"contexts", REPLAY_KIND(EVENT_CONTEXT), EVENT_CONTEXT, false,
     "event, cycle, core, space, asid, vmid, root, high_space, controls, key_rights", read_context},
    {"conflicts", REPLAY_KIND(EVENT_CONFLICT), EVENT_CONFLICT, false,
     "event, cycle, core, space, va, tlb, entry, matches", read_conflict},
    {"spaces", REPLAY_KIND(EVENT_SPACE), EVENT_SPACE, false,
     "event, cycle, core, space, asid, vmid, stage2, root, EXISTS (SELECT 1 FROM spaces of WHERE of.stage2 = "
     "spaces.space), frame_sizes, va_bits, va_form, spurious, aliasing_allowed, hardware_access, "
     "hardware_dirty, run_sizes, format, page_table",
     read_space},
};
