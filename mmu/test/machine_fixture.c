#include "mmu/test/machine_fixture.h"

#include "mmu/test/guest_fixture.h"
#include "pagetables/riscv.h"
#include "pagetables/vmsa.h"
#include "pagetables/x86.h"

#define RENDEZVOUS_EVERY 16u

uint64_t draw(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t fixture_va(unsigned page)
{
    return FIXTURE_BASE + page * FIXTURE_PAGE;
}

/* Events are compared byte by byte: what stands between a frame's members must not count. */
static void without_padding(struct frame *frame)
{
    struct frame clean;
    memset(&clean, 0, sizeof clean);
    clean.base = frame->base;
    clean.attributes = frame->attributes;
    clean.size_lg2 = frame->size_lg2;
    memcpy(frame, &clean, sizeof clean);
}

static int keep_event(void *context, const struct mmu_event *event)
{
    struct fixture *fixture = context;
    if (fixture->event_count == fixture->event_capacity) {
        fixture->event_capacity = fixture->event_capacity ? 2 * fixture->event_capacity : 4096;
        fixture->events = realloc(fixture->events, fixture->event_capacity * sizeof *fixture->events);
        assert_non_null(fixture->events);
    }
    if (fixture->event_count > 0) {
        const struct mmu_event *last = &fixture->events[fixture->event_count - 1];
        bool after = last->cycle != event->cycle ? last->cycle < event->cycle
                     : last->core != event->core ? last->core < event->core
                                                 : last->sequence < event->sequence;
        fixture->ordered &= after;
    }
    struct mmu_event *kept = &fixture->events[fixture->event_count++];
    memcpy(kept, event, sizeof *kept);
    if (kept->kind == EVENT_TLB_ENTRY)
        without_padding(&kept->as.tlb_entry.frame);
    else if (kept->kind == EVENT_WALK)
        without_padding(&kept->as.walk.leaf.frame);
    else if (kept->kind == EVENT_FAULT)
        memset(&kept->as.fault.report.status + 1, 0,
               sizeof kept->as.fault.report - offsetof(struct fault_report, status) - 1);
    return 0;
}

/* Where hardware finds the leaf entry of a page. */
static uint64_t leaf_entry_of(struct fixture *fixture, uint64_t va)
{
    struct walk_state walk;
    const struct walk_format *format = fixture->contexts[0].regime.format;
    enum walk_status status = format->start(&walk, &fixture->contexts[0].regime, va);
    uint64_t pa = 0;
    while (status == WALK_FETCH || status == WALK_UPDATE) {
        uint64_t word;
        pa = status == WALK_FETCH ? walk.fetch[0] : pa;
        assert_true(machine_peek(fixture->machine, pa, &word));
        status = status == WALK_FETCH ? format->resume(&walk, &word) : format->updated(&walk);
    }
    assert_int_equal(status, WALK_LEAF);
    return pa;
}

static bool is_vmsa(const struct walk_format *format)
{
    return strncmp(format->name, "vmsa", 4) == 0;
}

static bool is_x86(const struct walk_format *format)
{
    return strncmp(format->name, "x86", 3) == 0 || strncmp(format->name, "ept", 3) == 0;
}

unsigned fixture_level(const struct walk_format *format, unsigned size_lg2)
{
    unsigned above = (size_lg2 - 12) / 9;
    return is_vmsa(format) ? 3 - above : is_x86(format) ? 1 + above : above;
}

bool fixture_has_size(const struct walk_format *format, unsigned size_lg2)
{
    for (unsigned i = 0; i < format->frame_sizes; i++)
        if (format->frame_size_lg2[i] == size_lg2)
            return true;
    return false;
}

void fixture_toggles(struct fixture *fixture, const struct walk_format *format)
{
    fixture->toggle = is_vmsa(format) ? VMSA_NG : is_x86(format) ? X86_GLOBAL : RISCV_G;
    fixture->run_toggle = is_vmsa(format) ? VMSA_CONTIGUOUS : is_x86(format) ? X86_GLOBAL : RISCV_N;
}

/* As small pages if the format has none of this size. */
static void map_frame(struct fixture *fixture, uint64_t va, const struct frame *wanted)
{
    const struct walk_format *format = fixture->contexts[0].regime.format;
    struct environment environment = setup_environment(&fixture->setup);
    struct frame frame = *wanted;
    uint64_t end = va + frame_size_bytes(wanted);
    assert_true(frame_allocate(&fixture->allocator, frame.size_lg2, &frame.base));
    if (!fixture_has_size(format, frame.size_lg2))
        frame.size_lg2 = 12;
    for (; va < end; va += frame_size_bytes(&frame), frame.base += frame_size_bytes(&frame))
        assert_int_equal(pagetable_class_find("radix")->map(fixture->table, &environment, va, &frame),
                         PAGETABLE_OK);
}

static void map_pages(struct fixture *fixture)
{
    bool updates = fixture->contexts[0].regime.hardware_dirty;
    for (unsigned i = 0; i < FIXTURE_PAGES; i++) {
        struct frame frame = {.size_lg2 = 12, .attributes = FRAME_READABLE | FRAME_USER};
        frame.attributes |= i % 4 != 0 ? FRAME_WRITABLE : 0;
        frame.attributes |= i % 3 == 0 ? FRAME_EXECUTABLE : 0;
        frame.attributes |= i % 8 == 1 ? FRAME_GLOBAL : 0;
        frame.attributes |= updates && i % 4 == 2 ? FRAME_CLEAN : 0;
        frame.attributes |= updates && i % 5 == 3 ? FRAME_OLD : 0;
        map_frame(fixture, fixture_va(i), &frame);
    }
    for (unsigned i = 0; i < FIXTURE_RUNS; i++) {
        struct frame run = {.size_lg2 = 16, .attributes = FRAME_READABLE | FRAME_WRITABLE | FRAME_USER};
        run.attributes |= i == 0 ? FRAME_EXECUTABLE : 0;
        map_frame(fixture, FIXTURE_RUN_BASE + i * FIXTURE_RUN, &run);
    }
    for (unsigned i = 0; i < FIXTURE_BLOCKS; i++) {
        struct frame block = {.size_lg2 = 21, .attributes = FRAME_READABLE | FRAME_WRITABLE | FRAME_USER};
        block.attributes |= i == 0 ? FRAME_EXECUTABLE : FRAME_GLOBAL;
        map_frame(fixture, FIXTURE_BLOCK_BASE + i * FIXTURE_BLOCK, &block);
    }
}

static void find_leaf_entries(struct fixture *fixture)
{
    for (unsigned i = 0; i < FIXTURE_PAGES; i++)
        fixture->entries[i] = leaf_entry_of(fixture, fixture_va(i));
    for (unsigned i = 0; i < FIXTURE_RUNS; i++)
        fixture->run_entries[i] = leaf_entry_of(fixture, FIXTURE_RUN_BASE + i * FIXTURE_RUN);
    for (unsigned i = 0; i < FIXTURE_BLOCKS; i++)
        fixture->block_entries[i] = leaf_entry_of(fixture, FIXTURE_BLOCK_BASE + i * FIXTURE_BLOCK);
}

void fixture_begin(struct fixture *fixture, const struct mmu_config *config, enum observation observation)
{
    char error[256] = "";
    struct mmu_observer observer = {keep_event, fixture};
    memset(fixture, 0, sizeof *fixture);
    fixture->ordered = true;
    fixture->machine = machine_create(config, error, sizeof error);
    if (!fixture->machine)
        fail_msg("%s", error);
    if (observation != OBSERVE_NOTHING)
        assert_true(machine_observe(fixture->machine, &observer, observation == OBSERVE_ALL));
    frame_allocator_init(&fixture->allocator, config->memory_bytes, 4096);
    fixture->setup = (struct setup_environment){fixture->machine, &fixture->allocator};
    assert_true(frame_allocate(&fixture->allocator, 12, &fixture->scratch));
}

void fixture_open(struct fixture *fixture, const struct mmu_config *config, enum observation observation)
{
    fixture_open_as(fixture, config, observation, "vmsa-4k-48", false);
}

void fixture_open_as(struct fixture *fixture, const struct mmu_config *config, enum observation observation,
                     const char *format, bool updates)
{
    const struct pagetable_class *table = pagetable_class_find("radix");
    struct pagetable_config table_config = {.format = walk_format_find(format), .asid = 1};
    fixture_begin(fixture, config, observation);
    struct environment environment = setup_environment(&fixture->setup);
    fixture->table = calloc(1, table->state_bytes);
    assert_non_null(fixture->table);
    assert_int_equal(table->create(fixture->table, &environment, &table_config), PAGETABLE_OK);
    for (unsigned i = 0; i < 2; i++)
        fixture->contexts[i] = (struct address_context){.regime = {.format = table_config.format,
                                                                   .root = table->root(fixture->table),
                                                                   .physical_size_lg2 = 48,
                                                                   .hardware_access = updates,
                                                                   .hardware_dirty = updates,
                                                                   .contiguous = true},
                                                        .space = i + 1,
                                                        .asid = (uint16_t)(i + 1)};
    fixture_toggles(fixture, table_config.format);
    map_pages(fixture);
    find_leaf_entries(fixture);
}

void fixture_close(struct fixture *fixture)
{
    guest_close(fixture->guest);
    machine_destroy(fixture->machine);
    frame_allocator_destroy(&fixture->allocator);
    free(fixture->table);
    free(fixture->events);
}

void set_geometry(struct tlb_config *tlb, uint64_t entries, uint64_t ways, uint64_t latency_cycles)
{
    tlb->entries = entries;
    tlb->ways = ways;
    tlb->latency_cycles = latency_cycles;
}

/* ---- drawing ------------------------------------------------------------------------------------ */

static uint64_t one_of(uint64_t *state, const uint64_t *choices, unsigned count)
{
    return choices[draw_below(state, count)];
}

#define ONE_OF(state, ...)                                                                                   \
    one_of(state, (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

void draw_config(uint64_t *state, struct mmu_config *config)
{
    mmu_config_defaults(config);
    config->memory_bytes = UINT64_C(64) << 20;
    config->cores = ONE_OF(state, 1, 2, 2, 3, 4, 8);
    config->tlbs[TLB_L1D].ways = ONE_OF(state, 1, 2, 4);
    config->tlbs[TLB_L1D].entries = config->tlbs[TLB_L1D].ways * ONE_OF(state, 1, 2, 3, 8);
    config->tlbs[TLB_L1I].ways = 2;
    config->tlbs[TLB_L1I].entries = 2 * ONE_OF(state, 1, 2, 5);
    config->tlbs[TLB_L1D].latency_cycles = ONE_OF(state, 1, 1, 2, 4);
    config->tlbs[TLB_L1I].latency_cycles = ONE_OF(state, 1, 1, 3);
    config->tlbs[TLB_L2].ways = ONE_OF(state, 1, 4);
    config->tlbs[TLB_L2].entries = config->tlbs[TLB_L2].ways * ONE_OF(state, 1, 4, 7);
    config->tlbs[TLB_L2].latency_cycles = ONE_OF(state, 1, 7);
    config->misses = ONE_OF(state, 1, 2, 8);
    config->walker_slots = ONE_OF(state, 1, 2, 4);
    config->memory_latency_cycles = ONE_OF(state, 1, 3, 40, 120);
    config->bus_occupancy_cycles = ONE_OF(state, 1, 2, 16);
    config->store_buffer_depth = ONE_OF(state, 0, 1, 4, 16);
    config->store_buffer_drain_cycles = ONE_OF(state, 1, 8, 100);
    config->network_latency_cycles = ONE_OF(state, 1, 5, 20);
    config->invalidate_cycles = ONE_OF(state, 1, 4, 30);
    config->barrier_cycles = ONE_OF(state, 1, 10);
    config->fault_cycles = ONE_OF(state, 1, 50);
    uint64_t kind = draw_below(state, 8); /* 0: the plain machine */
    if (kind > 1)
        draw_translation(state, config);
    if (kind == 1 || kind > 2)
        draw_memory_system(state, config);
    draw_speculation(state, config);
}

/* One in four is no small page; few are out of the table's reach. */
static uint64_t draw_page(uint64_t *state)
{
    switch (draw_below(state, 20)) {
    case 0:
        return UINT64_C(1) << 48;
    case 1:
    case 2:
        return FIXTURE_RUN_BASE + draw_below(state, FIXTURE_RUNS * FIXTURE_RUN / FIXTURE_PAGE) * FIXTURE_PAGE;
    case 3:
    case 4:
        return FIXTURE_BLOCK_BASE +
               draw_below(state, FIXTURE_BLOCKS * FIXTURE_BLOCK / FIXTURE_PAGE) * FIXTURE_PAGE;
    default:
        return FIXTURE_BASE + draw_below(state, FIXTURE_PAGES + 2) * FIXTURE_PAGE;
    }
}

static struct core_operation draw_access(uint64_t *state)
{
    struct core_operation operation = {.kind = CORE_ACCESS,
                                       .access_kind = (enum access_kind)draw_below(state, ACCESS_KINDS),
                                       .privilege = draw_below(state, 8) ? PRIVILEGE_USER : PRIVILEGE_KERNEL,
                                       .data_mode = (enum data_mode)draw_below(state, DATA_MODES),
                                       .size_bytes = (uint16_t)ONE_OF(state, 1, 2, 4, 8, 16, 64),
                                       .value = draw(state)};
    operation.address = draw_page(state) + draw_below(state, FIXTURE_PAGE);
    return operation;
}

static void draw_stream(uint64_t *state, struct script_step *step)
{
    step->operation = (struct core_operation){.kind = CORE_STREAM,
                                              .privilege = PRIVILEGE_USER,
                                              .data_mode = (enum data_mode)draw_below(state, DATA_MODES),
                                              .window = (uint32_t)ONE_OF(state, 1, 2, 8, 64),
                                              .handled = draw_below(state, 2)};
    step->stream = (struct stream_config){.pattern = draw_below(state, 2) ? STREAM_UNIFORM : STREAM_STRIDE,
                                          .base = FIXTURE_BASE,
                                          .region_bytes = FIXTURE_PAGE * ONE_OF(state, 1, 4, FIXTURE_PAGES),
                                          .accesses = 1 + draw_below(state, 200),
                                          .step_bytes = ONE_OF(state, 64, 1000, 4096),
                                          .seed = draw(state),
                                          .store_fraction = draw_below(state, 2) ? 0.3 : 0,
                                          .size_bytes = 8,
                                          .kind = draw_below(state, 8) ? ACCESS_LOAD : ACCESS_FETCH};
    if (draw_below(state, 4) == 0) { /* large pages, or the end of the reach */
        step->stream.base = ONE_OF(state, FIXTURE_RUN_BASE, FIXTURE_RUN_BASE, FIXTURE_BLOCK_BASE,
                                   (UINT64_C(1) << 48) - 4 * FIXTURE_PAGE);
        step->stream.region_bytes = ONE_OF(state, 8 * FIXTURE_PAGE, FIXTURE_RUNS * FIXTURE_RUN);
    }
}

/* A leaf entry, a page that it maps, and what may change so that an old entry of a TLB overlaps the new one.
 */
struct leaf_place {
    uint64_t entry, va, toggle;
};

static struct leaf_place draw_leaf(uint64_t *state, const struct fixture *fixture)
{
    unsigned page = (unsigned)draw_below(state, FIXTURE_PAGES);
    unsigned run = (unsigned)draw_below(state, FIXTURE_RUNS), in_run = (unsigned)draw_below(state, 16);
    unsigned block = (unsigned)draw_below(state, FIXTURE_BLOCKS);
    switch (fixture->guest ? 2 : draw_below(state, 8)) { /* a guest has small pages only */
    case 0:
        return (struct leaf_place){fixture->run_entries[run] + 8 * in_run,
                                   FIXTURE_RUN_BASE + run * FIXTURE_RUN + in_run * FIXTURE_PAGE,
                                   fixture->run_toggle};
    case 1:
        return (struct leaf_place){fixture->block_entries[block], FIXTURE_BLOCK_BASE + block * FIXTURE_BLOCK,
                                   fixture->toggle};
    default:
        return (struct leaf_place){fixture->entries[page], fixture_va(page), fixture->toggle};
    }
}

static struct invalidation draw_invalidation(uint64_t *state, uint64_t va)
{
    return (struct invalidation){
        .va = va,
        .size_bytes = ONE_OF(state, 0, 0, 0, FIXTURE_PAGE, 7 * FIXTURE_PAGE, FIXTURE_RUN, 3 * FIXTURE_BLOCK),
        .asid = (uint16_t)(1 + draw_below(state, 2)),
        .scope = (enum invalidation_scope)draw_below(state, INVALIDATION_SCOPES),
        .broadcast = draw_below(state, 4) != 0,
        .last_level_only = draw_below(state, 3) == 0};
}

/* To the cores of a random mask; some of the list is for the page, the rest is for any. */
static struct core_operation draw_interrupt(uint64_t *state, uint64_t va, struct invalidation *list)
{
    struct core_operation operation = {.kind = CORE_INTERRUPT,
                                       .list = list,
                                       .list_count = 1 + (uint32_t)draw_below(state, SCRIPT_LIST_MAX),
                                       .targets = draw_below(state, 2) ? UINT64_MAX : draw(state)};
    for (unsigned i = 0; i < operation.list_count; i++)
        list[i] = draw_invalidation(state, i ? draw_page(state) : va);
    return operation;
}

/* Changes a leaf entry, with the protocol or with parts of it left out. */
static unsigned draw_remap(uint64_t *state, const struct fixture *fixture, struct script_step *steps,
                           struct invalidation *lists)
{
    struct leaf_place leaf = draw_leaf(state, fixture);
    unsigned count = 0;
    uint64_t old = 0;
    assert_true(machine_peek(fixture->machine, leaf.entry, &old));
    struct core_operation write = {.kind = CORE_WRITE, .address = leaf.entry, .operation = 1};
    write.value = ONE_OF(state, 0, 0, old, old, old ^ leaf.toggle, old ^ leaf.toggle);
    struct core_operation invalidate = {.kind = CORE_INVALIDATE,
                                        .invalidation = draw_invalidation(state, leaf.va)};
    steps[count++].operation = write;
    if (draw_below(state, 4))
        steps[count++].operation =
            (struct core_operation){.kind = CORE_BARRIER, .barrier = BARRIER_DSB_ISHST};
    if (draw_below(state, 3) == 0)
        invalidate = draw_interrupt(state, leaf.va, lists);
    for (uint64_t invalidations = ONE_OF(state, 0, 1, 1, 2, 2); invalidations > 0; invalidations--)
        steps[count++].operation = invalidate;
    steps[count++].operation = (struct core_operation){
        .kind = CORE_BARRIER, .barrier = (enum barrier_kind)draw_below(state, BARRIER_KINDS)};
    return count;
}

static struct core_operation draw_physical(uint64_t *state, const struct fixture *fixture)
{
    struct core_operation operation = {.address = fixture->scratch + 8 * draw_below(state, 8),
                                       .value = draw_below(state, 4),
                                       .expected = draw_below(state, 4),
                                       .cycles = FIXTURE_PAGE};
    operation.kind =
        (enum core_operation_kind)ONE_OF(state, CORE_READ, CORE_WRITE, CORE_COMPARE_EXCHANGE, CORE_CLEAR);
    if (operation.kind == CORE_CLEAR)
        operation.address = fixture->scratch;
    return operation;
}

static unsigned draw_steps(uint64_t *state, const struct fixture *fixture, struct script_step *steps,
                           struct invalidation *lists)
{
    switch (draw_below(state, 8)) {
    case 0:
        steps->operation = (struct core_operation){.kind = CORE_WAIT, .cycles = 1 + draw_below(state, 300)};
        return 1;
    case 1:
        steps->operation =
            (struct core_operation){.kind = CORE_SWITCH, .context = &fixture->contexts[draw_below(state, 2)]};
        return 1;
    case 2:
        draw_stream(state, steps);
        return 1;
    case 3:
    case 4:
        return draw_remap(state, fixture, steps, lists);
    case 5:
        steps->operation = draw_physical(state, fixture);
        return 1;
    default:
        steps->operation = draw_access(state);
        return 1;
    }
}

/* Runs of which one entry says that it stands alone: small pages and the run come to stand side by side. */
static unsigned break_runs(uint64_t *state, const struct fixture *fixture, struct script_step *steps)
{
    for (unsigned i = 0; i < FIXTURE_RUNS; i++) {
        uint64_t entry = fixture->run_entries[i] + 8 * draw_below(state, 4), old = 0;
        assert_true(machine_peek(fixture->machine, entry, &old));
        steps[i].operation = (struct core_operation){
            .kind = CORE_WRITE, .address = entry, .value = old ^ fixture->run_toggle, .operation = 1};
    }
    return FIXTURE_RUNS;
}

void draw_script(uint64_t *state, const struct fixture *fixture, unsigned steps, unsigned core,
                 struct script *script)
{
    script->steps = calloc(steps + 8, sizeof *script->steps);
    script->lists = calloc((size_t)(steps + 8) * SCRIPT_LIST_MAX, sizeof *script->lists);
    script->count = 0;
    assert_non_null(script->steps);
    assert_non_null(script->lists);
    script->steps[script->count++].operation =
        (struct core_operation){.kind = CORE_SWITCH, .context = &fixture->contexts[core % 2]};
    if (core == 0 && !fixture->guest && draw_below(state, 2))
        script->count += break_runs(state, fixture, &script->steps[script->count]);
    for (unsigned next = RENDEZVOUS_EVERY; script->count < steps;) {
        if (script->count >= next) {
            script->steps[script->count++].rendezvous = true;
            next += RENDEZVOUS_EVERY;
        } else {
            script->count += draw_steps(state, fixture, &script->steps[script->count],
                                        &script->lists[script->count * SCRIPT_LIST_MAX]);
        }
    }
}

void script_free(struct script *script)
{
    free(script->steps);
    free(script->lists);
}

/* ---- running ------------------------------------------------------------------------------------ */

static const struct core_operation short_wait = {.kind = CORE_WAIT, .cycles = 3};

void script_walk_begin(struct script_walk *walk, struct machine *machine, const struct script *scripts)
{
    memset(walk, 0, sizeof *walk);
    walk->machine = machine;
    walk->scripts = scripts;
    walk->cores = (unsigned)machine_config(machine)->cores;
}

void script_walk_end(struct script_walk *walk)
{
    for (unsigned i = 0; i < walk->cores; i++)
        if (walk->streams[i])
            walk->streams[i]->close(walk->streams[i]);
}

/* True if every program that lives has reached this meeting. */
static bool all_met(const struct script_walk *walk, unsigned meeting)
{
    for (unsigned i = 0; i < walk->cores; i++)
        if (!walk->ended[i] && walk->met[i] < meeting)
            return false;
    return true;
}

static void release_all(const struct script_walk *walk, unsigned core)
{
    for (unsigned i = 0; i < walk->cores; i++)
        if (machine_parked(walk->machine, i))
            machine_unpark(walk->machine, i, machine_now(walk->machine, core) + 1);
}

static void meet(struct script_walk *walk, unsigned core, struct core_operation *operation)
{
    static const struct core_operation park = {.kind = CORE_PARK};
    bool last = all_met(walk, ++walk->met[core]);
    if (last)
        release_all(walk, core);
    *operation = last ? short_wait : park;
}

/* Who waits for a meeting waits no longer for this program. */
static void end(struct script_walk *walk, unsigned core)
{
    bool others_wait = true;
    walk->ended[core] = true;
    walk->met[core] = UINT32_MAX;
    for (unsigned i = 0; i < walk->cores; i++)
        others_wait &= walk->ended[i] || machine_parked(walk->machine, i);
    if (others_wait)
        release_all(walk, core);
}

static void begin_stream(struct script_walk *walk, unsigned core, const struct script_step *step,
                         struct core_operation *operation)
{
    char error[256];
    if (walk->streams[core])
        walk->streams[core]->close(walk->streams[core]);
    walk->streams[core] = stream_open(&step->stream, error, sizeof error);
    if (!walk->streams[core])
        fail_msg("%s", error);
    *operation = step->operation;
    operation->stream = walk->streams[core];
}

/* A fault of a handled stream: time passes, then the accesses are tried again, once. */
static bool handle_fault(struct script_walk *walk, unsigned core, struct core_operation *operation)
{
    const struct core_result *result = machine_result(walk->machine, core);
    const struct script *script = &walk->scripts[core];
    const struct script_step *step = walk->next[core] ? &script->steps[walk->next[core] - 1] : NULL;
    bool streams = step && !step->rendezvous && step->operation.kind == CORE_STREAM;
    if (walk->resume[core] && step) {
        *operation = step->operation;
        operation->kind = CORE_STREAM_RESUME;
        operation->stream = walk->streams[core];
        walk->resume[core] = false;
        return true;
    }
    if (result->fault != FAULT_NONE)
        walk->faults++;
    if (!streams || result->fault == FAULT_NONE || !step->operation.handled || result->fault_again)
        return false;
    walk->resume[core] = true;
    *operation = short_wait;
    return true;
}

bool script_walk_next(struct script_walk *walk, unsigned core, struct core_operation *operation)
{
    const struct script *script = &walk->scripts[core];
    if (handle_fault(walk, core, operation))
        return true;
    if (walk->next[core] == script->count) {
        end(walk, core);
        return false;
    }
    const struct script_step *step = &script->steps[walk->next[core]++];
    if (step->rendezvous)
        meet(walk, core, operation);
    else if (step->operation.kind == CORE_STREAM)
        begin_stream(walk, core, step, operation);
    else
        *operation = step->operation;
    return true;
}

struct script_run script_run(struct fixture *fixture, const struct script *scripts, advance_function advance)
{
    struct script_walk walk;
    struct script_run run;
    unsigned core;
    script_walk_begin(&walk, fixture->machine, scripts);
    for (unsigned i = 0; i < walk.cores; i++)
        machine_add_program(fixture->machine, i);
    while ((run.status = advance(fixture->machine, &core)) == MACHINE_PROGRAM) {
        struct core_operation operation;
        if (script_walk_next(&walk, core, &operation))
            machine_post(fixture->machine, core, &operation);
        else
            machine_end_program(fixture->machine, core);
    }
    run.faults = walk.faults;
    script_walk_end(&walk);
    return run;
}
