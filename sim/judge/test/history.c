#include "sim/judge/test/history_machine.h"

#include <stdlib.h>
#include <string.h>

#include "mmu/config.h"

uint64_t history_random(uint64_t *state)
{
    uint64_t word = (*state += UINT64_C(0x9e3779b97f4a7c15));
    word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
    return word ^ word >> 31;
}

uint64_t history_below(struct machine *machine, uint64_t limit)
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

struct mmu_event *history_event(struct machine *machine, enum event_kind kind, unsigned core)
{
    return story_event(machine->story, kind, machine->now, core);
}

unsigned history_size_lg2(unsigned page)
{
    return page == PAGES - 1 ? 21 : 12;
}

/* ---- two stages ---- */

/* The page of the second stage that an intermediate address is in. */
static unsigned second_page_of(uint64_t ipa)
{
    return ipa >= VA(PAGES - 1) ? PAGES - 1 : (unsigned)((ipa - VA(0)) >> 12);
}

static uint8_t rights_of(const struct found *found)
{
    uint8_t rights = story_format.rights(found->first.attributes);
    return found->second_page == NO_PAGE ? rights : rights & story_format.rights(found->second.attributes);
}

/* Where the page is in physical memory. */
static uint64_t base_of(const struct found *found)
{
    if (found->second_page == NO_PAGE)
        return found->first.base;
    return found->second.base + (found->first.base - VA(found->second_page));
}

static uint32_t attributes_of(const struct found *found)
{
    const uint32_t kinds = FRAME_READABLE | FRAME_WRITABLE | FRAME_EXECUTABLE;
    uint32_t first = found->first.attributes;
    return found->second_page == NO_PAGE ? first : first & (found->second.attributes | ~kinds);
}

static bool is_found(const struct found *found)
{
    return found->first.valid && (found->second_page == NO_PAGE || found->second.valid);
}

bool history_depends(const struct found *found, unsigned own_space, unsigned own_page, unsigned space,
                     unsigned page)
{
    return space == STAGE2 ? found->second_page == page : own_space == space && own_page == page;
}

/* ---- accesses ---- */

void history_leave(struct machine *machine, struct cached *entry, uint64_t invalidation)
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
        history_event(machine, EVENT_TLB_ENTRY, core)->as.tlb_entry = entry->told;
        memset(entry, 0, sizeof *entry);
    }
}

static void complete(struct machine *machine, unsigned core, struct access *access)
{
    history_event(machine, EVENT_TRANSLATION, core)->as.translation = access->told;
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

void history_enter_buffer(struct core *core, struct buffered store)
{
    core->buffer[core->buffered++] = store;
}

static void perform(struct machine *machine, unsigned core, struct access *access)
{
    struct event_translation *told = &access->told;
    struct core *self = &machine->cores[core];
    uint8_t rights = rights_of(&access->found);
    told->rights = rights;
    told->page_size_lg2 = (uint8_t)history_size_lg2(access->page);
    if (!(rights & ACCESS_RIGHT(told->privilege, told->access_kind))) {
        uint8_t first = story_format.rights(access->found.first.attributes);
        told->fault_stage = first & ACCESS_RIGHT(told->privilege, told->access_kind) ? 2 : 1;
        fail(machine, core, access, FAULT_PERMISSION);
        return;
    }
    told->pa = base_of(&access->found) + (told->va - VA(access->page));
    access->phase = ACCESS_WAITS;
    if (told->access_kind == ACCESS_STORE) {
        struct buffered store = {
            .pa = told->pa, .value = told->value, .issue_cycle = told->issue_cycle, .access = access};
        access->phase = ACCESS_BUFFERED;
        history_enter_buffer(self, store);
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

struct cached *history_lookup(struct core *core, unsigned space, unsigned page)
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
        entry->found = access->found;
        entry->users = 1;
        access->entry = entry;
        entry->told =
            (struct event_tlb_entry){.id = ++self->entries << EVENT_CORE_BITS | core,
                                     .va = VA(access->page),
                                     .frame = {base_of(&access->found), attributes_of(&access->found),
                                               (uint8_t)history_size_lg2(access->page)},
                                     .walk = walk,
                                     .fill_cycle = machine->now,
                                     .first_hit_cycle = EVENT_NEVER,
                                     .last_hit_cycle = EVENT_NEVER,
                                     .last_done_cycle = EVENT_NEVER,
                                     .space = access->space + 1,
                                     .asid = (uint16_t)(access->space + 1),
                                     .rights = rights_of(&access->found),
                                     .tlb = TLB_L1D};
        return;
    }
}

static void end_walk(struct machine *machine, unsigned core, struct access *access)
{
    bool filled = is_found(&access->found) && !access->dropped &&
                  !history_lookup(&machine->cores[core], access->space, access->page);
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
    if (is_found(&access->found))
        walk.leaf = (struct walk_leaf){.va = VA(access->page),
                                       .frame = {base_of(&access->found), attributes_of(&access->found),
                                                 (uint8_t)history_size_lg2(access->page)},
                                       .rights = rights_of(&access->found),
                                       .rights_when_dirty = rights_of(&access->found),
                                       .level = 3};
    else
        walk.fault = FAULT_TRANSLATION;
    if (walk.fault) {
        uint64_t ipa = access->found.first.base + (access->told.va - VA(access->page));
        walk.fault_stage = access->found.first.valid ? 2 : 1;
        walk.fault_ipa = walk.fault_stage == 2 ? ipa : EVENT_NEVER;
        access->told.fault_stage = walk.fault_stage;
        access->told.fault_ipa = walk.fault_ipa;
    }
    history_event(machine, EVENT_WALK, core)->as.walk = walk;
    if (walk.fault) {
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
    unsigned space = (unsigned)history_below(machine, SPACES), page = (unsigned)history_below(machine, PAGES);
    unsigned kind = (unsigned)history_below(machine, 8);
    memset(access, 0, sizeof *access);
    access->space = space;
    access->page = page;
    access->found.second_page = NO_PAGE;
    access->told = (struct event_translation){.va = VA(page) + 8 * history_below(machine, WORDS),
                                              .issue_cycle = machine->now,
                                              .performed_cycle = EVENT_NEVER,
                                              .fault_ipa = EVENT_NEVER,
                                              .access = ++self->accesses,
                                              .space = space + 1,
                                              .asid = (uint16_t)(space + 1),
                                              .size_bytes = 8,
                                              .privilege = (uint8_t)history_below(machine, 2),
                                              .access_kind = ACCESS_LOAD};
    if (kind < 3) {
        access->told.access_kind = ACCESS_STORE;
        access->told.value = history_random(&machine->random);
    }
    struct cached *entry = history_lookup(self, space, page);
    if (!entry) {
        access->phase = ACCESS_WALKS;
        access->read_cycle = machine->now + 1 + history_below(machine, 8);
        access->second_cycle = access->read_cycle + history_below(machine, machine->config.guests ? 8 : 1);
        access->next_cycle = access->second_cycle + 1 + history_below(machine, 6);
        return;
    }
    entry->users++;
    entry->told.hits++;
    entry->told.last_hit_cycle = machine->now;
    if (entry->told.first_hit_cycle == EVENT_NEVER)
        entry->told.first_hit_cycle = machine->now;
    access->entry = entry;
    access->told.entry = entry->told.id;
    access->found = entry->found;
    access->told.translated_cycle = machine->now;
    access->phase = ACCESS_READY;
}

/* The walk reads the entries of both stages, perhaps in one cycle. */
static void read_entries(struct machine *machine, struct access *access)
{
    struct found *found = &access->found;
    if (access->read_cycle == machine->now) {
        found->first = machine->table[access->space][access->page];
        found->second_page =
            machine->config.guests && found->first.valid ? second_page_of(found->first.base) : NO_PAGE;
    }
    if (access->second_cycle == machine->now && found->second_page != NO_PAGE)
        found->second = machine->table[STAGE2][found->second_page];
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
        if (access->phase == ACCESS_WALKS)
            read_entries(machine, access);
        if (access->phase == ACCESS_WALKS && access->next_cycle == machine->now)
            end_walk(machine, core, access);
        else if (access->phase == ACCESS_READY && has_turn(self, access))
            perform(machine, core, access);
        else if (access->phase == ACCESS_COMPLETES && access->next_cycle == machine->now)
            complete(machine, core, access);
        else if (access->phase == ACCESS_FREE && machine->now < machine->config.cycles &&
                 self->buffered < BUFFER && history_below(machine, 12) == 0)
            issue(machine, core, access);
    }
    unsigned victim = (unsigned)history_below(machine, 64 * 40);
    if (victim < 64 && self->cached[victim].live)
        history_leave(machine, &self->cached[victim], 0);
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
        store.access->next_cycle = machine->now + 1 + history_below(machine, 3);
        return;
    }
    struct event_entry_write *write = &history_event(machine, EVENT_ENTRY_WRITE, core)->as.entry_write;
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
    unsigned core = (unsigned)history_below(machine, CORES);
    struct core *self = &machine->cores[core];
    if (self->buffered && history_below(machine, 3) == 0) {
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
        access->next_cycle = machine->now + 1 + history_below(machine, 30);
        return;
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
            history_leave(machine, entry, 0);
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
                history_step_operation(machine, core);
            tell_dead(machine, core);
        }
        grant(machine);
    }
    machine->now++;
    end_entries(machine);
    free(machine);
}
