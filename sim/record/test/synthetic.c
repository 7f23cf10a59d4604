#include "sim/record/test/synthetic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmu/config.h"
#include "mmu/digest.h"

#include <cmocka.h>

#define RIGHTS_READ_WRITE                                                                                    \
    (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD) | ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) |                \
     ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE))
#define RIGHTS_READ (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD))

#define READ_WRITE (FRAME_READABLE | FRAME_WRITABLE | FRAME_USER)
#define READ_ONLY  (FRAME_READABLE | FRAME_USER)

/* As the format of this name has it: the kernel reads everything, and executes what the user may not. */
static uint8_t rights_of(uint32_t attributes)
{
    bool user = attributes & FRAME_USER;
    bool store = attributes & FRAME_WRITABLE && !(attributes & FRAME_CLEAN);
    unsigned rights = ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD);
    rights |= user ? ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD) : 0;
    rights |= store ? ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE) : 0;
    rights |= store && user ? ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) : 0;
    if (attributes & FRAME_EXECUTABLE)
        rights |= ACCESS_RIGHT(user ? PRIVILEGE_USER : PRIVILEGE_KERNEL, ACCESS_FETCH);
    return (uint8_t)rights;
}

static const struct walk_format format = {
    .name = "vmsa-4k-48",
    .levels = 4,
    .va_bits = 48,
    .page_lg2 = 12,
    .frame_sizes = 3,
    .frame_size_lg2 = {12, 21, 30},
    .rights = rights_of,
};
static const struct pagetable_class table = {.name = "radix"};

static struct mmu_event *add(struct synthetic_run *run, enum event_kind kind, uint64_t cycle, uint8_t core)
{
    assert_true(run->event_count < SYNTHETIC_EVENTS_MAX);
    struct mmu_event *event = &run->events[run->event_count++];
    *event = (struct mmu_event){.cycle = cycle, .kind = (uint8_t)kind, .core = core};
    event->sequence = (uint32_t)run->event_count;
    return event;
}

static void add_operation(struct synthetic_run *run, struct event_operation operation, uint64_t end_cycle)
{
    enum pagetable_result result = operation.result;
    operation.space = 1;
    operation.result = 0;
    add(run, EVENT_OPERATION_BEGIN, operation.begin_cycle, 0)->as.operation = operation;
    operation.result = (uint8_t)result;
    add(run, EVENT_OPERATION_END, end_cycle, 0)->as.operation = operation;
}

static void add_write(struct synthetic_run *run, uint64_t operation, uint64_t pa, uint64_t value,
                      uint64_t issue)
{
    uint64_t before = 0; /* what the last earlier write of this word left there */
    for (size_t i = 0; i < run->event_count; i++)
        if (run->events[i].kind == EVENT_ENTRY_WRITE && run->events[i].as.entry_write.pa == pa)
            before = run->events[i].as.entry_write.new_value;
    struct event_entry_write write = {.operation = operation,
                                      .pa = pa,
                                      .old_value = before,
                                      .new_value = value,
                                      .issue_cycle = issue,
                                      .visible_cycle = issue + 10};
    add(run, EVENT_ENTRY_WRITE, issue + 10, 0)->as.entry_write = write;
}

static void add_barrier(struct synthetic_run *run, uint64_t operation, enum barrier_kind kind, uint64_t begin,
                        uint64_t end)
{
    add(run, EVENT_BARRIER, end, 0)->as.barrier =
        (struct event_barrier){.operation = operation, .begin_cycle = begin, .kind = (uint8_t)kind};
}

static void add_view(struct synthetic_run *run, uint64_t operation, uint64_t cycle, uint64_t va,
                     uint64_t mappings, const struct mapping *mapping)
{
    struct event_view view = {.operation = operation, .va = va, .mappings = mappings, .space = 1};
    if (mapping) {
        view.mapping = *mapping;
        view.mapped = 1;
    }
    view.digest = mapping ? digest_mapping(mapping) : 0; /* there is never another one */
    /* Tests change what the others do. */
    view.digested = operation == OPERATION_2_PROTECT || operation == OPERATION_3_UNMAP;
    view.shape = SHAPE_SOUND;
    view.reached = 1;
    view.blocks = mapping ? 2 : 1;
    view.blocks_digest = digest_block(ROOT_PA, 4096) + (mapping ? digest_block(TABLE_PA, 4096) : 0);
    add(run, EVENT_VIEW, cycle, 0)->as.view = view;
}

/* The root, or the one table below it that there is while something is mapped. */
static void add_block(struct synthetic_run *run, uint64_t operation, uint64_t cycle, uint64_t pa,
                      bool released)
{
    add(run, EVENT_TABLE, cycle, 0)->as.table = (struct event_table){
        .operation = operation, .pa = pa, .bytes = 4096, .space = 1, .released = released};
}

static void add_acknowledgement(struct synthetic_run *run, uint64_t invalidation, uint8_t target,
                                uint64_t arrive, uint32_t dropped)
{
    struct event_acknowledgement answer = {.invalidation = invalidation,
                                           .arrive_cycle = arrive,
                                           .drop_cycle = arrive + 1,
                                           .acknowledge_cycle = arrive + 5,
                                           .entries_dropped = dropped,
                                           .target = target};
    add(run, EVENT_ACKNOWLEDGEMENT, arrive + 10, 0)->as.acknowledgement = answer;
}

/* Broadcast by core 0: its own answer, core 1's, completion, and the barrier that waits. */
static void add_shootdown(struct synthetic_run *run, uint64_t id, uint64_t operation, uint64_t issue)
{
    struct event_invalidation invalidation = {.id = id, .operation = operation, .targets = 2};
    invalidation.what =
        (struct invalidation){.va = PAGE_VA, .asid = 1, .scope = INVALIDATE_VA, .broadcast = true};
    add(run, EVENT_INVALIDATION, issue, 0)->as.invalidation = invalidation;
    add_acknowledgement(run, id, 0, issue + 2, 0);
    add_acknowledgement(run, id, 1, issue + 10, 1);
    add(run, EVENT_COMPLETION, issue + 20, 0)->as.completion =
        (struct event_completion){.invalidation = id, .issue_cycle = issue};
    add_barrier(run, operation, BARRIER_DSB_ISH, issue, issue + 20);
}

static void add_walk(struct synthetic_run *run, uint64_t id, uint64_t request, uint32_t attributes,
                     uint8_t rights, enum fault_kind fault)
{
    for (uint8_t i = 0; i < 4; i++) {
        struct event_walk_step step = {.walk = id,
                                       .pa = UINT64_C(0x1000) * (i + 1u),
                                       .index = i,
                                       .level = i,
                                       .request_cycle = request + 10u * i,
                                       .grant_cycle = request + 10u * i + 1};
        add(run, EVENT_WALK_STEP, request + 10u * i + 8, 1)->as.walk_step = step;
    }
    struct event_walk walk = {.id = id,
                              .va = PAGE_VA + 8,
                              .request_cycle = request,
                              .start_cycle = request,
                              .space = 1,
                              .asid = 1,
                              .waiters = 1,
                              .steps = 4,
                              .fault = (uint8_t)fault,
                              .filled = fault == FAULT_NONE};
    walk.leaf = (struct walk_leaf){.va = PAGE_VA,
                                   .frame = {PAGE_PA, attributes, 12},
                                   .rights = rights,
                                   .rights_when_dirty = rights,
                                   .level = 3};
    walk.fault_level = fault == FAULT_NONE ? 0 : 3;
    add(run, EVENT_WALK, request + 40, 1)->as.walk = walk;
}

/* An access of core 1 to the page; what does not follow from its arguments is changed by the caller. */
static struct event_translation *add_access(struct synthetic_run *run, uint32_t access, enum access_kind kind,
                                            uint64_t issue, uint64_t end, uint64_t value)
{
    struct event_translation *t = &add(run, EVENT_TRANSLATION, end, 1)->as.translation;
    *t = (struct event_translation){.va = PAGE_VA + 8,
                                    .pa = PAGE_PA + 8,
                                    .pc = 0x1000 + 4 * access,
                                    .value = value,
                                    .issue_cycle = issue,
                                    .translated_cycle = issue + 1,
                                    .performed_cycle = end - 5,
                                    .entry = 65,
                                    .access = access,
                                    .space = 1,
                                    .asid = 1,
                                    .size_bytes = 8,
                                    .access_kind = (uint8_t)kind,
                                    .privilege = PRIVILEGE_USER,
                                    .outcome = OUTCOME_L1_HIT,
                                    .page_size_lg2 = 12,
                                    .rights = RIGHTS_READ_WRITE};
    return t;
}

static void add_fault(struct synthetic_run *run, uint32_t access, enum access_kind kind, uint64_t issue,
                      enum fault_kind fault, enum translation_outcome outcome, uint64_t walk)
{
    struct event_translation *t = add_access(run, access, kind, issue, issue + 60, 0);
    t->pa = 0;
    t->entry = 0;
    t->walk = walk;
    t->performed_cycle = EVENT_NEVER;
    t->outcome = (uint8_t)outcome;
    t->fault = (uint8_t)fault;
    t->fault_level = 3;
    t->page_size_lg2 = fault == FAULT_PERMISSION ? 12 : 0;
    t->rights = fault == FAULT_PERMISSION ? RIGHTS_READ : 0;
    add(run, EVENT_FAULT, issue + 60, 1)->as.fault = (struct event_fault){.va = t->va,
                                                                          .pc = t->pc,
                                                                          .access = access,
                                                                          .space = 1,
                                                                          .access_kind = (uint8_t)kind,
                                                                          .privilege = PRIVILEGE_USER,
                                                                          .fault = (uint8_t)fault,
                                                                          .fault_level = 3,
                                                                          .handled = 1};
}

static void add_entry(struct synthetic_run *run, struct event_tlb_entry entry)
{
    entry.va = PAGE_VA;
    entry.frame.base = PAGE_PA;
    entry.frame.size_lg2 = 12;
    entry.space = 1;
    entry.asid = 1;
    entry.tlb = TLB_L1D;
    entry.end = ENTRY_END_INVALIDATED;
    add(run, EVENT_TLB_ENTRY, entry.end_cycle, 1)->as.tlb_entry = entry;
}

static void map_and_use(struct synthetic_run *run)
{
    const struct frame frame = {PAGE_PA, READ_WRITE, 12};
    const struct mapping mapping = {PAGE_VA, frame};
    add_operation(
        run,
        (struct event_operation){
            .id = OPERATION_1_MAP, .kind = OPERATION_MAP, .va = PAGE_VA, .frame = frame, .begin_cycle = 10},
        40);
    add_block(run, OPERATION_1_MAP, 15, TABLE_PA, false);
    add_write(run, OPERATION_1_MAP, 0x4000, PAGE_PA | 3, 20);
    add_barrier(run, OPERATION_1_MAP, BARRIER_DSB_ISHST, 20, 30);
    add_view(run, OPERATION_1_MAP, 40, PAGE_VA, 1, &mapping);

    add_walk(run, 65, 55, READ_WRITE, RIGHTS_READ_WRITE, FAULT_NONE);
    struct event_translation *first = add_access(run, ACCESS_FIRST_LOAD, ACCESS_LOAD, 50, 120, 0);
    first->outcome = OUTCOME_WALK;
    first->walk = 65;
    first->entry = 0;
    first->translated_cycle = 96;
    add_access(run, ACCESS_STORE_42, ACCESS_STORE, 130, 150, 42);
    add_access(run, ACCESS_LOAD_42, ACCESS_LOAD, 160, 180, 42);
    add_access(run, ACCESS_STORE_7, ACCESS_STORE, 181, 205, 7);
    struct event_translation *forwarded = add_access(run, ACCESS_FORWARDED_7, ACCESS_LOAD, 183, 190, 7);
    forwarded->forwarded = 1;
    add_entry(run, (struct event_tlb_entry){.id = 65,
                                            .frame.attributes = READ_WRITE,
                                            .rights = RIGHTS_READ_WRITE,
                                            .walk = 65,
                                            .fill_cycle = 95,
                                            .first_hit_cycle = 130,
                                            .last_hit_cycle = 183,
                                            .last_done_cycle = 205,
                                            .hits = 4,
                                            .invalidation = 64,
                                            .end_cycle = 341});
}

static void protect_and_use(struct synthetic_run *run)
{
    const struct mapping mapping = {PAGE_VA, {PAGE_PA, READ_ONLY, 12}};
    add_operation(run,
                  (struct event_operation){.id = OPERATION_2_PROTECT,
                                           .kind = OPERATION_PROTECT,
                                           .va = PAGE_VA,
                                           .frame.attributes = READ_ONLY,
                                           .begin_cycle = 300},
                  400);
    add_write(run, OPERATION_2_PROTECT, 0x4000, PAGE_PA | 0x83, 310);
    add_shootdown(run, 64, OPERATION_2_PROTECT, 330);
    add_view(run, OPERATION_2_PROTECT, 400, PAGE_VA, 1, &mapping);

    add_walk(run, 129, 415, READ_ONLY, RIGHTS_READ, FAULT_NONE);
    struct event_translation *load = add_access(run, ACCESS_AFTER_PROTECT, ACCESS_LOAD, 410, 480, 7);
    load->outcome = OUTCOME_WALK;
    load->walk = 129;
    load->entry = 0;
    load->rights = RIGHTS_READ;
    load->translated_cycle = 456;
    add_fault(run, ACCESS_STORE_FAULT, ACCESS_STORE, 500, FAULT_PERMISSION, OUTCOME_L1_HIT, 0);
    add_entry(run, (struct event_tlb_entry){.id = 129,
                                            .frame.attributes = READ_ONLY,
                                            .rights = RIGHTS_READ,
                                            .walk = 129,
                                            .fill_cycle = 455,
                                            .first_hit_cycle = 500,
                                            .last_hit_cycle = 500,
                                            .last_done_cycle = 560,
                                            .hits = 1,
                                            .invalidation = 128,
                                            .end_cycle = 641});
}

static void unmap_and_use(struct synthetic_run *run)
{
    add_operation(run,
                  (struct event_operation){
                      .id = OPERATION_3_UNMAP, .kind = OPERATION_UNMAP, .va = PAGE_VA, .begin_cycle = 600},
                  700);
    add_write(run, OPERATION_3_UNMAP, 0x4000, 0, 610);
    add_shootdown(run, 128, OPERATION_3_UNMAP, 630);
    add_block(run, OPERATION_3_UNMAP, 690, TABLE_PA, true);
    add_view(run, OPERATION_3_UNMAP, 700, PAGE_VA, 0, NULL);
    add_walk(run, 193, 715, 0, 0, FAULT_TRANSLATION);
    add_fault(run, ACCESS_LOAD_FAULT, ACCESS_LOAD, 710, FAULT_TRANSLATION, OUTCOME_WALK, 193);
    add_operation(run,
                  (struct event_operation){.id = OPERATION_4_QUERY_NOTHING,
                                           .kind = OPERATION_QUERY,
                                           .va = PAGE_VA,
                                           .begin_cycle = 800,
                                           .result = PAGETABLE_NOT_MAPPED},
                  810);
}

static void map_block(struct synthetic_run *run)
{
    const struct frame frame = {BLOCK_PA, READ_WRITE, 21};
    const struct mapping mapping = {BLOCK_VA, frame};
    add_operation(run,
                  (struct event_operation){.id = OPERATION_5_MAP_BLOCK,
                                           .kind = OPERATION_MAP,
                                           .va = BLOCK_VA,
                                           .frame = frame,
                                           .begin_cycle = 820},
                  850);
    add_block(run, OPERATION_5_MAP_BLOCK, 825, TABLE_PA, false);
    add_write(run, OPERATION_5_MAP_BLOCK, 0x3000, BLOCK_PA | 1, 830);
    add_view(run, OPERATION_5_MAP_BLOCK, 850, BLOCK_VA, 1, &mapping);
    add_operation(run,
                  (struct event_operation){.id = OPERATION_6_MAP_OVERLAPPING,
                                           .kind = OPERATION_MAP,
                                           .va = BLOCK_VA + 0x1000,
                                           .frame = {PAGE_PA, READ_WRITE, 12},
                                           .begin_cycle = 860,
                                           .result = PAGETABLE_OVERLAP},
                  870);
    add_view(run, OPERATION_6_MAP_OVERLAPPING, 870, BLOCK_VA + 0x1000, 1, &mapping);
    add_operation(run,
                  (struct event_operation){.id = OPERATION_7_QUERY_BLOCK,
                                           .kind = OPERATION_QUERY,
                                           .va = BLOCK_VA + 0x1234,
                                           .frame = frame,
                                           .found_va = BLOCK_VA,
                                           .begin_cycle = 880},
                  890);
}

static int by_time(const void *left, const void *right)
{
    const struct mmu_event *a = left;
    const struct mmu_event *b = right;
    if (a->cycle != b->cycle)
        return a->cycle < b->cycle ? -1 : 1;
    if (a->core != b->core)
        return a->core < b->core ? -1 : 1;
    return a->sequence < b->sequence ? -1 : 1;
}

/* Counted by hand from the text above. */
static void count(struct synthetic_run *run)
{
    static const struct record_counter counters[] = {
        {"accesses.translations", 8, 0, 1},
        {"accesses.loads", 5, 0, 1},
        {"accesses.stores", 3, 0, 1},
        {"accesses.fetches", 0, 0, 1},
        {"accesses.faulted", 2, 0, 1},
        {"accesses.retries", 0, 0, 1},
        {"l1i.lookups", 0, 0, 1},
        {"l1i.hits", 0, 0, 1},
        {"l1i.misses", 0, 0, 1},
        {"l1d.lookups", 8, 0, 1},
        {"l1d.hits", 5, 0, 1},
        {"l1d.misses", 3, 0, 1},
        {"l2.lookups", 3, 0, 1},
        {"l2.hits", 0, 0, 1},
        {"l2.misses", 3, 0, 1},
        {"misses.merged", 0, 0, 1},
        {"misses.l2_hits", 0, 0, 1},
        {"misses.walks", 3, 0, 1},
        {"misses.no_walk", 0, 0, 1},
        {"walker.walks", 3, 0, 1},
        {"walker.steps", 12, 0, 1},
        {"walker.faults", 1, 0, 1},
        {"walker.cycles", 120, 0, 1},
        {"invalidations.issued", 2, 0, 0},
        {"invalidations.cycles", 40, 0, 0},
        {"invalidations.completed", 2, 0, 0},
        {"invalidations.received", 2, 0, 0},
        {"invalidations.received", 2, 0, 1},
        {"invalidations.entries_dropped", 0, 0, 0},
        {"invalidations.entries_dropped", 2, 0, 1},
        {"programs.barriers", 3, 0, 0},
        {"programs.barrier_cycles", 50, 0, 0},
        {"programs.switches", 1, 0, 0},
        {"programs.switches", 1, 0, 1},
        {"programs.faults", 2, 0, 1},
        {"operations.map", 3, 0, 0},
        {"operations.unmap", 1, 0, 0},
        {"operations.protect", 1, 0, 0},
        {"operations.query", 2, 0, 0},
    };
    run->counter_count = sizeof counters / sizeof *counters;
    memcpy(run->counters, counters, sizeof counters);
}

void synthetic_good_run(struct synthetic_run *run)
{
    memset(run, 0, sizeof *run);
    add(run, EVENT_REGION, 0, 0)->as.region = (struct event_region){.name = "run"};
    add_block(run, 0, 0, ROOT_PA, false);
    add(run, EVENT_SPACE, 0, 0)->as.space =
        (struct event_space){.root = ROOT_PA, .format = &format, .table = &table, .space = 1, .asid = 1};
    for (uint8_t core = 0; core < 2; core++)
        add(run, EVENT_CONTEXT, 1, core)->as.context =
            (struct event_context){.root = ROOT_PA, .space = 1, .asid = 1};
    map_and_use(run);
    protect_and_use(run);
    unmap_and_use(run);
    map_block(run);
    count(run);
    qsort(run->events, run->event_count, sizeof *run->events, by_time);
}

struct event_translation *synthetic_access(struct synthetic_run *run, uint32_t access)
{
    for (size_t i = 0; i < run->event_count; i++)
        if (run->events[i].kind == EVENT_TRANSLATION && run->events[i].as.translation.access == access)
            return &run->events[i].as.translation;
    fail_msg("the run has no access %u", access);
    return NULL;
}

struct mmu_event *synthetic_nth(struct synthetic_run *run, enum event_kind kind, unsigned n)
{
    for (size_t i = 0; i < run->event_count; i++)
        if (run->events[i].kind == kind && n-- == 0)
            return &run->events[i];
    fail_msg("the run has too few events of kind %d", kind);
    return NULL;
}

void synthetic_remove(struct synthetic_run *run, const struct mmu_event *event)
{
    size_t index = (size_t)(event - run->events);
    memmove(&run->events[index], &run->events[index + 1], (run->event_count - index - 1) * sizeof *event);
    run->event_count--;
}

void synthetic_add(struct synthetic_run *run, const struct mmu_event *event)
{
    struct mmu_event *added = add(run, event->kind, event->cycle, event->core);
    added->as = event->as;
    added->sequence = UINT32_MAX;
    qsort(run->events, run->event_count, sizeof *run->events, by_time);
}

struct record_counter *synthetic_counter(struct synthetic_run *run, const char *name, int core)
{
    for (size_t i = 0; i < run->counter_count; i++)
        if (strcmp(run->counters[i].name, name) == 0 && run->counters[i].core == core)
            return &run->counters[i];
    fail_msg("the run has no counter %s", name);
    return NULL;
}

struct recorder_config synthetic_config(const char *path, enum record_level level)
{
    static const struct record_array arrays[] = {
        {.name = "l1i",
         .title = "L1I",
         .level = 1,
         .side = TLB_SIDE_INSTRUCTION,
         .entries = 8,
         .ways = 2,
         .sizes = UINT64_MAX},
        {.name = "l1d",
         .title = "L1D",
         .level = 1,
         .side = TLB_SIDE_DATA,
         .entries = 8,
         .ways = 2,
         .sizes = UINT64_MAX},
        {.name = "l2",
         .title = "L2",
         .level = 2,
         .side = TLB_SIDE_BOTH,
         .entries = 64,
         .ways = 4,
         .sizes = UINT64_MAX},
        {.name = "tables",
         .title = "TABLES",
         .kind = RECORD_WALK_CACHE,
         .holds = HOLDS_TABLE,
         .entries = 4,
         .ways = 4,
         .sizes = UINT64_MAX},
        {.name = "range_tlb",
         .title = "RANGE_TLB",
         .kind = RECORD_RANGE_TLB,
         .holds = HOLDS_RANGE,
         .entries = 2,
         .ways = 2,
         .sizes = UINT64_MAX},
    };
    static const struct record_setting settings[] = {{"cores", "2"}, {"walker.slots", "1"}};
    return (struct recorder_config){.path = path,
                                    .level = level,
                                    .seed = UINT64_MAX,
                                    .host_started_unix = 1000000000,
                                    .program_version = "0.1.0",
                                    .script_path = "good.lua",
                                    .script_text = "machine {}",
                                    .command_line = "mmusim run good.lua",
                                    .arrays = arrays,
                                    .array_count = 5,
                                    .settings = settings,
                                    .setting_count = 2};
}

void synthetic_record(const struct synthetic_run *run, const char *path, enum record_level level)
{
    struct record_error error = {""};
    struct recorder_config config = synthetic_config(path, level);
    config.overwrite = true;
    struct recorder *recorder = recorder_open(&config, &error);
    if (!recorder)
        fail_msg("%s", error.text);
    for (size_t i = 0; i < run->event_count; i++)
        if (recorder_event(recorder, &run->events[i]) != RECORD_OK)
            fail_msg("%s", recorder_error(recorder));
    for (size_t i = 0; i < run->counter_count; i++)
        assert_int_equal(recorder_counter(recorder, &run->counters[i]), RECORD_OK);
    if (recorder_finish(recorder, 1.5, &error) != RECORD_OK)
        fail_msg("%s", error.text);
}
