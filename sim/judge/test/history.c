#include "sim/judge/test/history.h"

#include <stdlib.h>
#include <string.h>

#define CORES    3u
#define SPACES   2u
#define PAGES    6u /* a space; the last is a block of 2 MiB, in both spaces at the same address */
#define FLIGHT   4u
#define BUFFER   4u
#define WORDS    4u /* addressed in a page */
#define VA(page) ((page) == PAGES - 1 ? UINT64_C(0x40000000) : PAGE + (page)*UINT64_C(0x1000))

struct leaf {
    uint64_t base;
    uint32_t attributes;
    bool valid;
};

struct cached {
    struct event_tlb_entry told;
    struct leaf leaf;
    unsigned users; /* accesses in flight that it serves */
    bool live, dying;
};

enum access_phase {
    ACCESS_FREE,
    ACCESS_WALKS,
    ACCESS_READY,
    ACCESS_WAITS,
    ACCESS_BUFFERED,
    ACCESS_COMPLETES
};

struct access {
    enum access_phase phase;
    struct event_translation told;
    struct leaf leaf;
    struct cached *entry;
    uint64_t read_cycle; /* of the walk's entry */
    uint64_t next_cycle;
    unsigned space, page;
    bool dropped; /* an invalidation came after the entry was read */
};

struct buffered {
    uint64_t pa, value, issue_cycle;
    struct access *access; /* NULL: an entry write */
    uint64_t operation, old_value;
    unsigned space, page;
    struct leaf leaf;
};

enum operation_phase { OP_IDLE, OP_THINKS, OP_WRITES, OP_INVALIDATES, OP_ACKNOWLEDGED, OP_RETURNS };

struct actor {
    enum operation_phase phase;
    struct act act;
    struct leaf old, now;
    uint64_t next_cycle, invalidation, issue_cycle;
    uint64_t dropped[CORES], acknowledged[CORES], arrived[CORES];
    unsigned space, page;
    bool changed, visible, returned, write_again, intermediate;
};

struct core {
    struct access flight[FLIGHT];
    struct cached cached[64];
    struct buffered buffer[BUFFER + 2];
    unsigned buffered;
    struct actor actor;
    uint64_t entries, walks, invalidations;
    uint32_t accesses;
};

struct machine {
    struct story *story;
    struct history_config config;
    uint64_t random, now, operations, frames, memory_used;
    struct core cores[CORES];
    struct leaf table[SPACES][PAGES]; /* as memory has it */
    bool locked[SPACES][PAGES];
    uint64_t live[SPACES];
    struct {
        uint64_t pa, value;
    } memory[4096];
};

uint64_t history_random(uint64_t *state)
{
    uint64_t word = (*state += UINT64_C(0x9e3779b97f4a7c15));
    word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
    return word ^ word >> 31;
}

static uint64_t below(struct machine *machine, uint64_t limit)
{
    return history_random(&machine->random) % limit;
}

static uint64_t *word_at(struct machine *machine, uint64_t pa)
{
    size_t slot = (size_t)(pa * UINT64_C(0x9e3779b97f4a7c15) >> 52);
    while (machine->memory[slot].pa && machine->memory[slot].pa != pa)
        slot = (slot + 1) % 4096;
    if (!machine->memory[slot].pa && ++machine->memory_used > 4000)
        abort(); /* the history is too long for this memory */
    machine->memory[slot].pa = pa;
    return &machine->memory[slot].value;
}

static struct mmu_event *tell(struct machine *machine, enum event_kind kind, unsigned core)
{
    return story_event(machine->story, kind, machine->now, core);
}

static unsigned size_lg2(unsigned page)
{
    return page == PAGES - 1 ? 21 : 12;
}

/* ---- accesses ---- */

static void leave(struct machine *machine, unsigned core, struct cached *entry, uint64_t invalidation)
{
    entry->live = false;
    entry->dying = true;
    entry->told.end_cycle = machine->now;
    entry->told.invalidation = invalidation;
    entry->told.end = (uint8_t)(invalidation ? ENTRY_END_INVALIDATED : ENTRY_END_EVICTED);
}

static void tell_dead(struct machine *machine, unsigned core)
{
    for (unsigned i = 0; i < 64; i++) {
        struct cached *entry = &machine->cores[core].cached[i];
        if (!entry->dying || entry->users)
            continue;
        tell(machine, EVENT_TLB_ENTRY, core)->as.tlb_entry = entry->told;
        memset(entry, 0, sizeof *entry);
    }
}

static void complete(struct machine *machine, unsigned core, struct access *access)
{
    tell(machine, EVENT_TRANSLATION, core)->as.translation = access->told;
    if (access->entry) {
        access->entry->users--;
        access->entry->told.last_done_cycle = machine->now;
    }
    memset(access, 0, sizeof *access);
}

static void fail(struct machine *machine, unsigned core, struct access *access, enum fault_kind fault)
{
    access->told.fault = (uint8_t)fault;
    access->told.pa = 0;
    access->told.performed_cycle = EVENT_NEVER;
    access->told.translated_cycle = machine->now;
    complete(machine, core, access);
}

static void enter_buffer(struct core *core, struct buffered store)
{
    core->buffer[core->buffered++] = store;
}

static void perform(struct machine *machine, unsigned core, struct access *access)
{
    struct event_translation *told = &access->told;
    struct core *self = &machine->cores[core];
    uint8_t rights = story_format.rights(access->leaf.attributes);
    told->rights = rights;
    told->page_size_lg2 = (uint8_t)size_lg2(access->page);
    if (!(rights & ACCESS_RIGHT(told->privilege, told->access_kind))) {
        fail(machine, core, access, FAULT_PERMISSION);
        return;
    }
    told->pa = access->leaf.base + (told->va - VA(access->page));
    access->phase = ACCESS_WAITS;
    if (told->access_kind == ACCESS_STORE) {
        struct buffered store = {
            .pa = told->pa, .value = told->value, .issue_cycle = told->issue_cycle, .access = access};
        access->phase = ACCESS_BUFFERED;
        enter_buffer(self, store);
        return;
    }
    for (unsigned i = self->buffered; i > 0; i--) {
        if (self->buffer[i - 1].pa != told->pa || self->buffer[i - 1].access == NULL)
            continue;
        told->value = self->buffer[i - 1].value;
        told->forwarded = 1;
        told->performed_cycle = machine->now;
        access->phase = ACCESS_COMPLETES;
        access->next_cycle = machine->now + 1;
        return;
    }
}

static struct cached *lookup(struct core *core, unsigned space, unsigned page)
{
    for (unsigned i = 0; i < 64; i++)
        if (core->cached[i].live && core->cached[i].told.space == space + 1 &&
            core->cached[i].told.va == VA(page))
            return &core->cached[i];
    return NULL;
}

static void fill(struct machine *machine, unsigned core, struct access *access, uint64_t walk)
{
    struct core *self = &machine->cores[core];
    for (unsigned i = 0; i < 64; i++) {
        struct cached *entry = &self->cached[i];
        if (entry->live || entry->dying)
            continue;
        entry->live = true;
        entry->leaf = access->leaf;
        entry->users = 1;
        access->entry = entry;
        entry->told = (struct event_tlb_entry){
            .id = ++self->entries << EVENT_CORE_BITS | core,
            .va = VA(access->page),
            .frame = {access->leaf.base, access->leaf.attributes, (uint8_t)size_lg2(access->page)},
            .walk = walk,
            .fill_cycle = machine->now,
            .first_hit_cycle = EVENT_NEVER,
            .last_hit_cycle = EVENT_NEVER,
            .last_done_cycle = EVENT_NEVER,
            .space = access->space + 1,
            .asid = (uint16_t)(access->space + 1),
            .rights = story_format.rights(access->leaf.attributes),
            .tlb = TLB_L1D};
        return;
    }
}

static void end_walk(struct machine *machine, unsigned core, struct access *access)
{
    bool filled =
        access->leaf.valid && !access->dropped && !lookup(&machine->cores[core], access->space, access->page);
    struct event_walk walk = {.id = ++machine->cores[core].walks << EVENT_CORE_BITS | core,
                              .va = access->told.va,
                              .request_cycle = access->told.issue_cycle,
                              .start_cycle = access->told.issue_cycle,
                              .space = access->space + 1,
                              .asid = (uint16_t)(access->space + 1),
                              .waiters = 1,
                              .steps = 4,
                              .filled = filled};
    access->told.walk = walk.id;
    access->told.outcome = OUTCOME_WALK;
    if (access->leaf.valid)
        walk.leaf =
            (struct walk_leaf){VA(access->page),
                               {access->leaf.base, access->leaf.attributes, (uint8_t)size_lg2(access->page)},
                               story_format.rights(access->leaf.attributes),
                               3};
    else
        walk.fault = FAULT_TRANSLATION;
    tell(machine, EVENT_WALK, core)->as.walk = walk;
    if (!access->leaf.valid) {
        fail(machine, core, access, FAULT_TRANSLATION);
        return;
    }
    if (filled)
        fill(machine, core, access, walk.id);
    access->told.translated_cycle = machine->now;
    access->phase = ACCESS_READY;
}

static void issue(struct machine *machine, unsigned core, struct access *access)
{
    struct core *self = &machine->cores[core];
    unsigned space = (unsigned)below(machine, SPACES), page = (unsigned)below(machine, PAGES);
    unsigned kind = (unsigned)below(machine, 8);
    memset(access, 0, sizeof *access);
    access->space = space;
    access->page = page;
    access->told = (struct event_translation){.va = VA(page) + 8 * below(machine, WORDS),
                                              .issue_cycle = machine->now,
                                              .performed_cycle = EVENT_NEVER,
                                              .access = ++self->accesses,
                                              .space = space + 1,
                                              .asid = (uint16_t)(space + 1),
                                              .size_bytes = 8,
                                              .privilege = (uint8_t)below(machine, 2),
                                              .access_kind = ACCESS_LOAD};
    if (kind < 3) {
        access->told.access_kind = ACCESS_STORE;
        access->told.value = history_random(&machine->random);
    }
    struct cached *entry = lookup(self, space, page);
    if (!entry) {
        access->phase = ACCESS_WALKS;
        access->read_cycle = machine->now + 1 + below(machine, 8);
        access->next_cycle = access->read_cycle + 1 + below(machine, 6);
        return;
    }
    entry->users++;
    entry->told.hits++;
    entry->told.last_hit_cycle = machine->now;
    if (entry->told.first_hit_cycle == EVENT_NEVER)
        entry->told.first_hit_cycle = machine->now;
    access->entry = entry;
    access->told.entry = entry->told.id;
    access->leaf = entry->leaf;
    access->told.translated_cycle = machine->now;
    access->phase = ACCESS_READY;
}

/* Data is asked for in the order of the program. */
static bool has_turn(const struct core *core, const struct access *access)
{
    for (unsigned i = 0; i < FLIGHT; i++) {
        const struct access *other = &core->flight[i];
        if (other->phase >= ACCESS_WALKS && other->phase <= ACCESS_WAITS &&
            other->told.access < access->told.access)
            return false;
    }
    return core->buffered < BUFFER;
}

static void step_accesses(struct machine *machine, unsigned core)
{
    struct core *self = &machine->cores[core];
    for (unsigned i = 0; i < FLIGHT; i++) {
        struct access *access = &self->flight[i];
        if (access->phase == ACCESS_WALKS && access->read_cycle == machine->now)
            access->leaf = machine->table[access->space][access->page];
        if (access->phase == ACCESS_WALKS && access->next_cycle == machine->now)
            end_walk(machine, core, access);
        else if (access->phase == ACCESS_READY && has_turn(self, access))
            perform(machine, core, access);
        else if (access->phase == ACCESS_COMPLETES && access->next_cycle == machine->now)
            complete(machine, core, access);
        else if (access->phase == ACCESS_FREE && machine->now < machine->config.cycles &&
                 self->buffered < BUFFER && below(machine, 12) == 0)
            issue(machine, core, access);
    }
    unsigned victim = (unsigned)below(machine, 64 * 40);
    if (victim < 64 && self->cached[victim].live)
        leave(machine, core, &self->cached[victim], 0);
}

/* ---- the bus: one grant a cycle ---- */

static void drain(struct machine *machine, unsigned core)
{
    struct core *self = &machine->cores[core];
    struct buffered store = self->buffer[0];
    memmove(self->buffer, self->buffer + 1, --self->buffered * sizeof *self->buffer);
    if (store.access) {
        *word_at(machine, store.pa) = store.value;
        store.access->told.performed_cycle = machine->now;
        store.access->phase = ACCESS_COMPLETES;
        store.access->next_cycle = machine->now + 1 + below(machine, 3);
        return;
    }
    struct event_entry_write *write = &tell(machine, EVENT_ENTRY_WRITE, core)->as.entry_write;
    write->operation = store.operation;
    write->pa = store.pa;
    write->old_value = store.old_value;
    write->new_value = store.value;
    write->issue_cycle = store.issue_cycle;
    write->visible_cycle = machine->now;
    machine->table[store.space][store.page] = store.leaf;
    if (self->actor.act.id == store.operation)
        self->actor.visible = true;
}

static void grant(struct machine *machine)
{
    unsigned core = (unsigned)below(machine, CORES);
    struct core *self = &machine->cores[core];
    if (self->buffered && below(machine, 3) == 0) {
        drain(machine, core);
        return;
    }
    for (unsigned i = 0; i < FLIGHT; i++) {
        struct access *access = &self->flight[i];
        if (access->phase != ACCESS_WAITS)
            continue;
        access->told.value = *word_at(machine, access->told.pa);
        access->told.performed_cycle = machine->now;
        access->phase = ACCESS_COMPLETES;
        access->next_cycle = machine->now + 1 + below(machine, 30);
        return;
    }
}

/* ---- page-table operations ---- */

static bool old_in_flight(const struct core *core, const struct actor *actor)
{
    for (unsigned i = 0; i < FLIGHT; i++) {
        const struct access *access = &core->flight[i];
        if (access->phase != ACCESS_FREE && access->space == actor->space && access->page == actor->page &&
            (access->phase != ACCESS_WALKS || access->dropped))
            return true;
    }
    return false;
}

static void drop(struct machine *machine, unsigned core, const struct actor *actor)
{
    struct cached *entry = lookup(&machine->cores[core], actor->space, actor->page);
    if (entry)
        leave(machine, core, entry, actor->invalidation);
    for (unsigned i = 0; i < FLIGHT; i++) {
        struct access *access = &machine->cores[core].flight[i];
        if (access->phase == ACCESS_WALKS && access->read_cycle <= machine->now && access->leaf.valid &&
            access->space == actor->space && access->page == actor->page)
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
    enter_buffer(&machine->cores[core], store);
}

static void tell_operation(struct machine *machine, unsigned core, struct actor *actor, bool end)
{
    struct event_operation *told =
        &tell(machine, end ? EVENT_OPERATION_END : EVENT_OPERATION_BEGIN, core)->as.operation;
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
    told->frame = (struct frame){actor->old.base, actor->old.attributes, (uint8_t)size_lg2(actor->page)};
}

static void tell_view(struct machine *machine, unsigned core, const struct actor *actor)
{
    struct leaf leaf = actor->now;
    struct event_view *view = &tell(machine, EVENT_VIEW, core)->as.view;
    view->operation = actor->act.id;
    view->va = actor->act.va;
    view->space = actor->act.space;
    view->mappings = EVENT_NEVER;
    view->mapped = leaf.valid;
    view->mapping.va = VA(actor->page);
    view->mapping.frame = (struct frame){leaf.base, leaf.attributes, (uint8_t)size_lg2(actor->page)};
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

static void begin_operation(struct machine *machine, unsigned core)
{
    struct actor *actor = &machine->cores[core].actor;
    unsigned space = (unsigned)below(machine, SPACES), page = (unsigned)below(machine, PAGES);
    if (machine->locked[space][page] || machine->memory_used > 3900)
        return;
    machine->locked[space][page] = true;
    actor->space = space;
    actor->page = page;
    actor->phase = OP_THINKS;
    actor->next_cycle = machine->now + 1 + below(machine, 10);
    actor->act = (struct act){.id = ++machine->operations,
                              .kind = (enum operation_kind)below(machine, OPERATION_KINDS),
                              .va = VA(page),
                              .space = space + 1,
                              .begin = machine->now};
    actor->act.frame.attributes = attributes[below(machine, 4)];
    if (actor->act.kind == OPERATION_MAP) {
        actor->act.frame.size_lg2 = (uint8_t)size_lg2(page);
        actor->act.frame.base = (++machine->frames << 21) + (page == PAGES - 1 ? 0 : 0x3000);
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
        actor->next_cycle = machine->now + 1 + below(machine, 5);
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
    struct event_invalidation *told = &tell(machine, EVENT_INVALIDATION, core)->as.invalidation;
    told->id = actor->invalidation;
    told->operation = actor->act.id;
    told->targets = CORES;
    for (unsigned target = 0; target < CORES; target++) {
        actor->arrived[target] = machine->now + 1 + below(machine, 6);
        actor->dropped[target] = actor->arrived[target] + below(machine, 4);
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
    actor->next_cycle = machine->now + 1 + below(machine, 8);
}

static void tell_acknowledgements(struct machine *machine, unsigned core, struct actor *actor)
{
    for (unsigned target = 0; target < CORES; target++) {
        struct event_acknowledgement *told = &tell(machine, EVENT_ACKNOWLEDGEMENT, core)->as.acknowledgement;
        told->invalidation = actor->invalidation;
        told->arrive_cycle = actor->arrived[target];
        told->drop_cycle = actor->dropped[target];
        told->acknowledge_cycle = actor->acknowledged[target];
        told->target = (uint8_t)target;
    }
    struct event_completion *completion = &tell(machine, EVENT_COMPLETION, core)->as.completion;
    completion->invalidation = actor->invalidation;
    completion->issue_cycle = actor->issue_cycle;
}

/* An operation that does not wait: what is left of it goes on by itself. */
static void return_early(struct machine *machine, unsigned core, struct actor *actor)
{
    if (!machine->config.lazy || actor->returned || actor->intermediate || below(machine, 4))
        return;
    tell_operation(machine, core, actor, true);
    actor->returned = true;
}

static void step_operation(struct machine *machine, unsigned core)
{
    struct core *self = &machine->cores[core];
    struct actor *actor = &self->actor;
    switch (actor->phase) {
    case OP_IDLE:
        if (below(machine, 40) == 0)
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
            actor->next_cycle = machine->now + 1 + below(machine, 5);
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

static bool idle(const struct machine *machine)
{
    for (unsigned core = 0; core < CORES; core++) {
        if (machine->cores[core].actor.phase != OP_IDLE || machine->cores[core].buffered)
            return false;
        for (unsigned i = 0; i < FLIGHT; i++)
            if (machine->cores[core].flight[i].phase != ACCESS_FREE)
                return false;
    }
    return true;
}

static void end_entries(struct machine *machine)
{
    for (unsigned core = 0; core < CORES; core++) {
        for (unsigned i = 0; i < 64; i++) {
            struct cached *entry = &machine->cores[core].cached[i];
            if (!entry->live)
                continue;
            leave(machine, core, entry, 0);
            entry->told.end = ENTRY_END_RUN;
        }
        tell_dead(machine, core);
    }
}

void history_tell(struct story *story, const struct history_config *config)
{
    struct machine *machine = calloc(1, sizeof *machine);
    if (!machine)
        abort();
    machine->story = story;
    machine->config = *config;
    machine->random = config->seed;
    for (machine->now = 1; machine->now < config->cycles || !idle(machine); machine->now++) {
        for (unsigned core = 0; core < CORES; core++) {
            step_accesses(machine, core);
            if (machine->now < config->cycles || machine->cores[core].actor.phase != OP_IDLE)
                step_operation(machine, core);
            tell_dead(machine, core);
        }
        grant(machine);
    }
    machine->now++;
    end_entries(machine);
    free(machine);
}
