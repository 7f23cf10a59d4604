/* Page-table operations of the tiny machine, with their invalidations. */
#include <string.h>

#include "mmu/digest.h"
#include "sim/judge/test/history_machine.h"

static bool old_in_flight(const struct core *core, const struct actor *actor)
{
    for (unsigned i = 0; i < FLIGHT; i++) {
        const struct access *access = &core->flight[i];
        if (access->phase != ACCESS_FREE &&
            history_depends(&access->found, access->space, access->page, actor->space, actor->page) &&
            (access->phase != ACCESS_WALKS || access->dropped))
            return true;
    }
    return false;
}

/* The entry is read already, and it was there. */
static bool has_read(const struct machine *machine, const struct access *access, const struct actor *actor)
{
    if (!history_depends(&access->found, access->space, access->page, actor->space, actor->page))
        return false;
    return actor->space == STAGE2 ? access->second_cycle <= machine->now && access->found.second.valid
                                  : access->read_cycle <= machine->now && access->found.first.valid;
}

static void drop(struct machine *machine, unsigned core, const struct actor *actor)
{
    struct core *self = &machine->cores[core];
    for (unsigned i = 0; i < 64; i++) {
        struct cached *entry = &self->cached[i];
        unsigned page =
            entry->told.va >= VA(PAGES - 1) ? PAGES - 1 : (unsigned)((entry->told.va - VA(0)) >> 12);
        if (entry->live &&
            history_depends(&entry->found, entry->told.space - 1, page, actor->space, actor->page))
            history_leave(machine, entry, actor->invalidation);
    }
    for (unsigned i = 0; i < FLIGHT; i++) {
        struct access *access = &self->flight[i];
        if (access->phase == ACCESS_WALKS && has_read(machine, access, actor))
            access->dropped = true;
    }
}

static void write_entry(struct machine *machine, unsigned core, struct actor *actor, struct leaf leaf)
{
    struct buffered store = {.pa = UINT64_C(0xff000000) + actor->space * 64 + actor->page * 8,
                             .issue_cycle = machine->now,
                             .operation = actor->act.id,
                             .space = actor->space,
                             .page = actor->page,
                             .leaf = leaf};
    store.value = leaf.valid ? leaf.base | leaf.attributes << 1 | 1 : 0;
    struct leaf old = machine->table[actor->space][actor->page];
    store.old_value = old.valid ? old.base | old.attributes << 1 | 1 : 0;
    actor->visible = false;
    history_enter_buffer(&machine->cores[core], store);
}

static void tell_operation(struct machine *machine, unsigned core, struct actor *actor, bool end)
{
    struct event_operation *told =
        &history_event(machine, end ? EVENT_OPERATION_END : EVENT_OPERATION_BEGIN, core)->as.operation;
    const struct act *act = &actor->act;
    told->id = act->id;
    told->va = act->va;
    told->frame = act->frame;
    told->begin_cycle = act->begin;
    told->space = act->space;
    told->kind = (uint8_t)act->kind;
    told->result = (uint8_t)(end ? act->result : PAGETABLE_OK);
    if (!end || act->kind != OPERATION_QUERY || act->result != PAGETABLE_OK)
        return;
    told->found_va = VA(actor->page);
    told->frame =
        (struct frame){actor->old.base, actor->old.attributes, (uint8_t)history_size_lg2(actor->page)};
}

/* As the core sees memory, its own buffered stores included. */
static struct leaf leaf_seen(const struct machine *machine, unsigned core, unsigned space, unsigned page)
{
    const struct core *viewer = &machine->cores[core];
    struct leaf leaf = machine->table[space][page];
    for (unsigned i = 0; i < viewer->buffered; i++)
        if (!viewer->buffer[i].access && viewer->buffer[i].space == space && viewer->buffer[i].page == page)
            leaf = viewer->buffer[i].leaf;
    return leaf;
}

/* The whole table, whatever other cores are doing to it. */
static void look_at_whole(const struct machine *machine, unsigned core, unsigned space,
                          struct event_view *view)
{
    view->mappings = 0;
    view->digested = 1;
    for (unsigned page = 0; page < PAGES; page++) {
        struct leaf leaf = leaf_seen(machine, core, space, page);
        const struct mapping mapping = {VA(page),
                                        {leaf.base, leaf.attributes, (uint8_t)history_size_lg2(page)}};
        view->mappings += leaf.valid;
        view->digest += leaf.valid ? digest_mapping(&mapping) : 0;
    }
}

static void tell_view(struct machine *machine, unsigned core, const struct actor *actor)
{
    struct leaf leaf = actor->now;
    struct event_view *view = &history_event(machine, EVENT_VIEW, core)->as.view;
    view->operation = actor->act.id;
    view->va = actor->act.va;
    view->space = actor->act.space;
    view->mapped = leaf.valid;
    view->mapping.va = VA(actor->page);
    view->mapping.frame = (struct frame){leaf.base, leaf.attributes, (uint8_t)history_size_lg2(actor->page)};
    look_at_whole(machine, core, actor->space, view);
}

static void finish_operation(struct machine *machine, unsigned core)
{
    struct actor *actor = &machine->cores[core].actor;
    if (!actor->returned) {
        tell_operation(machine, core, actor, true);
        tell_view(machine, core, actor);
    }
    machine->locked[actor->space][actor->page] = false;
    memset(actor, 0, sizeof *actor);
}

static const uint32_t attributes[] = {RW, RO, FRAME_READABLE | FRAME_WRITABLE, RW | FRAME_EXECUTABLE};

/* A new frame; of a guest, some intermediate address, where a small page may be in the block. */
static uint64_t some_frame(struct machine *machine, unsigned space, unsigned page)
{
    if (!machine->config.guests || space == STAGE2)
        return (++machine->frames << 21) + (page == PAGES - 1 ? 0 : 0x3000);
    unsigned second = page == PAGES - 1 ? page : (unsigned)history_below(machine, PAGES);
    return VA(second) + (page != second && second == PAGES - 1 ? 0x1000 * history_below(machine, 512) : 0);
}

static void begin_operation(struct machine *machine, unsigned core)
{
    struct actor *actor = &machine->cores[core].actor;
    unsigned spaces = machine->config.guests ? SPACES + 1 : SPACES;
    unsigned space = (unsigned)history_below(machine, spaces), page = (unsigned)history_below(machine, PAGES);
    if (machine->locked[space][page] || machine->memory_used > 3900)
        return;
    machine->locked[space][page] = true;
    actor->space = space;
    actor->page = page;
    actor->phase = OP_THINKS;
    actor->next_cycle = machine->now + 1 + history_below(machine, 10);
    actor->act = (struct act){.id = ++machine->operations,
                              .kind = (enum operation_kind)history_below(machine, OPERATION_KINDS),
                              .va = VA(page),
                              .space = space + 1,
                              .begin = machine->now};
    actor->act.frame.attributes = attributes[history_below(machine, 4)];
    if (actor->act.kind == OPERATION_MAP) {
        actor->act.frame.size_lg2 = (uint8_t)history_size_lg2(page);
        actor->act.frame.base = some_frame(machine, space, page);
    }
    tell_operation(machine, core, actor, false);
}

/* The table is read under the page's lock, so the answer is known here. */
static void think(struct machine *machine, unsigned core, struct actor *actor)
{
    struct act *act = &actor->act;
    actor->old = machine->table[actor->space][actor->page];
    actor->now = actor->old;
    bool wanted = act->kind != OPERATION_MAP;
    if (actor->old.valid != wanted)
        act->result = wanted ? PAGETABLE_NOT_MAPPED : PAGETABLE_OVERLAP;
    actor->changed = act->result == PAGETABLE_OK && act->kind != OPERATION_QUERY;
    if (!actor->changed) {
        actor->phase = OP_RETURNS;
        actor->next_cycle = machine->now + 1 + history_below(machine, 5);
        return;
    }
    struct leaf none = {0};
    actor->now = none;
    if (act->kind != OPERATION_UNMAP) {
        actor->now.valid = true;
        actor->now.base = act->kind == OPERATION_MAP ? act->frame.base : actor->old.base;
        actor->now.attributes = act->frame.attributes;
    }
    /* A protect breaks before it makes. */
    actor->intermediate = act->kind == OPERATION_PROTECT;
    write_entry(machine, core, actor, actor->intermediate ? none : actor->now);
    actor->phase = OP_WRITES;
}

static void start_invalidation(struct machine *machine, unsigned core, struct actor *actor)
{
    struct core *self = &machine->cores[core];
    actor->invalidation = ++self->invalidations << EVENT_CORE_BITS | core;
    actor->issue_cycle = machine->now;
    struct event_invalidation *told = &history_event(machine, EVENT_INVALIDATION, core)->as.invalidation;
    told->id = actor->invalidation;
    told->operation = actor->act.id;
    told->targets = CORES;
    for (unsigned target = 0; target < CORES; target++) {
        actor->arrived[target] = machine->now + 1 + history_below(machine, 6);
        actor->dropped[target] = actor->arrived[target] + history_below(machine, 4);
        actor->acknowledged[target] = 0;
    }
    actor->phase = OP_INVALIDATES;
}

static void step_invalidation(struct machine *machine, unsigned core, struct actor *actor)
{
    bool all = true;
    for (unsigned target = 0; target < CORES; target++) {
        if (machine->now == actor->dropped[target])
            drop(machine, target, actor);
        if (!actor->acknowledged[target] && machine->now > actor->dropped[target] &&
            !old_in_flight(&machine->cores[target], actor))
            actor->acknowledged[target] = machine->now;
        all &= actor->acknowledged[target] != 0;
    }
    if (!all)
        return;
    actor->phase = OP_ACKNOWLEDGED;
    actor->next_cycle = machine->now + 1 + history_below(machine, 8);
}

static void tell_acknowledgements(struct machine *machine, unsigned core, struct actor *actor)
{
    for (unsigned target = 0; target < CORES; target++) {
        struct event_acknowledgement *told =
            &history_event(machine, EVENT_ACKNOWLEDGEMENT, core)->as.acknowledgement;
        told->invalidation = actor->invalidation;
        told->arrive_cycle = actor->arrived[target];
        told->drop_cycle = actor->dropped[target];
        told->acknowledge_cycle = actor->acknowledged[target];
        told->target = (uint8_t)target;
    }
    struct event_completion *completion = &history_event(machine, EVENT_COMPLETION, core)->as.completion;
    completion->invalidation = actor->invalidation;
    completion->issue_cycle = actor->issue_cycle;
}

/* An operation that does not wait: what is left of it goes on by itself. */
static void return_early(struct machine *machine, unsigned core, struct actor *actor)
{
    if (!machine->config.lazy || actor->returned || actor->intermediate || history_below(machine, 4))
        return;
    tell_operation(machine, core, actor, true);
    actor->returned = true;
}

void history_step_operation(struct machine *machine, unsigned core)
{
    struct core *self = &machine->cores[core];
    struct actor *actor = &self->actor;
    switch (actor->phase) {
    case OP_IDLE:
        if (history_below(machine, 40) == 0)
            begin_operation(machine, core);
        break;
    case OP_THINKS:
        if (machine->now >= actor->next_cycle && self->buffered < BUFFER)
            think(machine, core, actor);
        break;
    case OP_WRITES:
        return_early(machine, core, actor);
        if (!actor->visible)
            break;
        if (actor->act.kind == OPERATION_MAP || actor->write_again) {
            actor->phase = OP_RETURNS;
            actor->next_cycle = machine->now + 1 + history_below(machine, 5);
        } else {
            start_invalidation(machine, core, actor);
        }
        break;
    case OP_INVALIDATES:
        return_early(machine, core, actor);
        step_invalidation(machine, core, actor);
        break;
    case OP_ACKNOWLEDGED:
        if (machine->now < actor->next_cycle || self->buffered >= BUFFER)
            break;
        tell_acknowledgements(machine, core, actor);
        actor->phase = OP_RETURNS;
        actor->next_cycle = machine->now + 1;
        if (actor->intermediate) {
            actor->intermediate = false;
            actor->write_again = true;
            write_entry(machine, core, actor, actor->now);
            actor->phase = OP_WRITES;
        }
        break;
    case OP_RETURNS:
        if (machine->now >= actor->next_cycle)
            finish_operation(machine, core);
        break;
    }
}
