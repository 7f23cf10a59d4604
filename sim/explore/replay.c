#include "sim/explore/replay.h"

#include <inttypes.h>
#include <stdlib.h>

#include "sim/explore/exploration_internal.h"

/* A walk that stands still for longer between two reads is something that timed walks do not do. */
#define LONG_WAIT_STEPS 16u

/* What a core's program does in a replay. */
enum action_kind {
    ACTION_REQUEST, /* `request` of its program */
    ACTION_WALK,    /* makes hardware walk for `va` */
    ACTION_EVICT,   /* makes its TLB forget `va` */
};

struct action {
    enum action_kind kind;
    unsigned core;
    size_t transition;
    size_t last; /* of a walk: when it read its last word */
    const struct program_request *request;
    uint64_t va;
};

struct replay {
    struct exploration *exploration;
    const char *table;
    struct action *actions;
    size_t count, room;
    const char *obstacle;
    unsigned leader;     /* calls page-table code first */
    uint64_t frames_end; /* of those that are mapped */
    size_t longest_wait; /* steps between two reads of a walk */
    size_t transition;
    bool has_leader, failed;
    bool inside[SMALL_CORES]; /* page-table code, at this place of the run */
    bool busy[SMALL_CORES];   /* it is inside page-table code when its hardware walks */
};

/* ---- what the run did ------------------------------------------------------------------------------ */

static void add(struct replay *replay, const struct action *action)
{
    if (replay->count == replay->room) {
        size_t room = replay->room * 2 + 16;
        struct action *grown = realloc(replay->actions, room * sizeof *grown);
        replay->failed = replay->failed || !grown;
        if (!grown)
            return;
        replay->actions = grown;
        replay->room = room;
    }
    replay->actions[replay->count] = *action;
    replay->actions[replay->count].last = replay->transition;
    replay->actions[replay->count++].transition = replay->transition;
}

static void note_frame(struct replay *replay, const struct operation_call *call)
{
    uint64_t end = call->frame.base + (UINT64_C(1) << call->frame.size_lg2);
    if (call->kind == CALL_MAP && end > replay->frames_end)
        replay->frames_end = end;
}

static void add_request(struct replay *replay, const struct happening *what)
{
    if (what->program->kind == PROGRAM_CALL)
        note_frame(replay, &what->program->call);
    add(replay, &(struct action){.kind = ACTION_REQUEST, .core = what->core, .request = what->program});
    if (what->program->kind == PROGRAM_SWITCH)
        replay->obstacle = "it switches between address spaces, and replays have one";
}

/* The walk that was begun unasked last, on this core, has read a word. */
static void note_read(struct replay *replay, unsigned core)
{
    for (size_t i = replay->count; i-- > 0;)
        if (replay->actions[i].core == core && replay->actions[i].kind == ACTION_WALK) {
            size_t still = replay->transition - replay->actions[i].last;
            if (still > replay->longest_wait)
                replay->longest_wait = still;
            replay->busy[core] = replay->busy[core] || replay->inside[core];
            replay->actions[i].last = replay->transition;
            return;
        }
}

static void add_hardware(struct replay *replay, const struct happening *what)
{
    struct exploration *exploration = replay->exploration;
    const struct small_core *core = &what->before->cores[what->core];
    struct action action = {.core = what->core};
    if (what->label.step == STEP_WALK_BEGINS && what->label.index >= SMALL_ACCESSES) {
        action.kind = ACTION_WALK;
        action.va =
            exploration->config.machine.contexts[core->context - 1].pages[what->label.index - SMALL_ACCESSES];
    } else if (what->label.step == STEP_EVICT && what->label.detail == 0) {
        uint16_t leaves[SMALL_TLB_ENTRIES];
        (void)small_tlb_leaves(exploration->machine, core->tlb, leaves, SMALL_TLB_ENTRIES);
        action.kind = ACTION_EVICT;
        action.va = small_leaf_of(exploration->machine, leaves[what->label.index])->leaf.va;
    } else {
        if (what->label.step == STEP_WALK_READS && core->walks[what->label.index].access == 0)
            note_read(replay, what->core);
        return;
    }
    replay->busy[what->core] = replay->busy[what->core] || replay->inside[what->core];
    add(replay, &action);
}

/* A core that is inside page-table code cannot be told to load: another one does what its hardware did. */
static void delegate(struct replay *replay)
{
    unsigned cores = replay->exploration->config.machine.cores;
    for (size_t i = 0; i < replay->count; i++) {
        struct action *action = &replay->actions[i];
        if (action->kind == ACTION_REQUEST || !replay->busy[action->core])
            continue;
        if (cores == 1)
            replay->obstacle = "its only core walks unasked while it is inside page-table code";
        action->core = (action->core + 1) % cores;
    }
}

static void take(void *context, const struct happening *what)
{
    struct replay *replay = context;
    switch (what->kind) {
    case HAPPENING_HARDWARE:
        add_hardware(replay, what);
        return;
    case HAPPENING_CALLED:
        if (!replay->has_leader)
            replay->leader = what->core;
        replay->has_leader = true;
        replay->inside[what->core] = true;
        add_request(replay, what);
        return;
    case HAPPENING_RETURNED:
        replay->inside[what->core] = false;
        return;
    case HAPPENING_ISSUED:
        add_request(replay, what);
        return;
    case HAPPENING_OWN:
        if (what->program->kind != PROGRAM_CHOOSE)
            add_request(replay, what);
        return;
    default:
        return;
    }
}

struct replay *replay_create(struct exploration *exploration, const struct story_run *run, const char *table)
{
    struct replay *replay = calloc(1, sizeof *replay);
    if (!replay)
        return NULL;
    replay->exploration = exploration;
    replay->table = table;
    const struct happening_visitor visitor = {take, replay};
    for (size_t i = 0; i < exploration->config.before_count; i++)
        note_frame(replay, &exploration->config.before[i]);
    for (size_t i = 0; i < run->count; i++) {
        replay->transition = i;
        happenings_visit(exploration, run->transitions[i].from, run->transitions[i].label, &visitor);
    }
    for (unsigned core = 0; core < exploration->config.machine.cores; core++)
        if (exploration->config.start[core] != 0)
            replay->obstacle = "it has several address spaces, and replays have one";
    delegate(replay);
    if (run->finding == FINDING_STUCK)
        replay->obstacle = "programs that wait for ever are no finding of the timed machine";
    if (!replay->failed)
        return replay;
    replay_destroy(replay);
    return NULL;
}

void replay_destroy(struct replay *replay)
{
    if (!replay)
        return;
    free(replay->actions);
    free(replay);
}

bool replay_is_tried(const struct replay *replay)
{
    return !replay->obstacle;
}

void replay_why_not(const struct replay *replay, unsigned tried, char *text, size_t text_bytes)
{
    if (replay->obstacle)
        (void)snprintf(text, text_bytes, "%s", replay->obstacle);
    else if (replay->longest_wait > LONG_WAIT_STEPS)
        (void)snprintf(text, text_bytes,
                       "a walk stands still for %zu steps between two of its reads, and those of the timed "
                       "machine read on",
                       replay->longest_wait);
    else
        (void)snprintf(text, text_bytes,
                       "its hardware does not take these steps in this order in any of %u timings", tried);
}

/* ---- timings --------------------------------------------------------------------------------------- */

#define MEMORY_CYCLES UINT64_C(300)
#define LONG_CYCLES   UINT64_C(4000)
#define SHIFTS        31u

struct variant {
    uint64_t drain, message, adversary, step;
    bool late;
};

static const struct variant variants[] = {
    {8, 20, 0, MEMORY_CYCLES * 4, false},       {8, 20, 0, MEMORY_CYCLES, true},
    {LONG_CYCLES, 20, 0, MEMORY_CYCLES, false}, {LONG_CYCLES, 20, 0, MEMORY_CYCLES * 4, true},
    {8, LONG_CYCLES, 0, MEMORY_CYCLES, false},  {LONG_CYCLES, LONG_CYCLES, 0, MEMORY_CYCLES, true},
    {8, 20, 50, MEMORY_CYCLES, false},          {LONG_CYCLES, 20, 50, MEMORY_CYCLES, false},
};

bool replay_timing_at(const struct replay *replay, unsigned number, struct replay_timing *timing)
{
    unsigned shift = number % SHIFTS;
    (void)replay;
    if (number / SHIFTS >= sizeof variants / sizeof *variants)
        return false;
    const struct variant *variant = &variants[number / SHIFTS];
    *timing = (struct replay_timing){.memory_cycles = MEMORY_CYCLES,
                                     .drain_cycles = variant->drain,
                                     .message_cycles = variant->message,
                                     .step_cycles = variant->step,
                                     .walks_late = variant->late,
                                     .adversary_cycles = variant->adversary,
                                     .seed = 1 + number};
    /* 0, then farther and farther away, more often later */
    int64_t away = (int64_t)(shift + 2) / 3 * (int64_t)(MEMORY_CYCLES / 2);
    timing->shift_cycles = shift % 3 == 0 ? -away : away + (shift % 3 == 2 ? (int64_t)LONG_CYCLES / 2 : 0);
    return true;
}

/* ---- the script ------------------------------------------------------------------------------------ */

static void write_size(unsigned size_lg2, FILE *out)
{
    static const char suffixes[] = "KMGT";
    if (size_lg2 >= 10 && size_lg2 < 50)
        (void)fprintf(out, "\"%u%c\"", 1u << (size_lg2 % 10), suffixes[size_lg2 / 10 - 1]);
    else
        (void)fprintf(out, "0x%" PRIx64, UINT64_C(1) << size_lg2);
}

static void write_attributes(uint32_t attributes, FILE *out)
{
    char text[FRAME_ATTRIBUTES_TEXT_BYTES];
    frame_attributes_print(attributes, text);
    (void)fprintf(out, "\"%s\"", text);
}

static void write_call(const struct operation_call *call, FILE *out)
{
    static const char *const names[CALL_KINDS] = {
        [CALL_MAP] = "map", [CALL_UNMAP] = "unmap", [CALL_PROTECT] = "protect", [CALL_QUERY] = "query"};
    (void)fprintf(out, "as:%s(core, 0x%" PRIx64, names[call->kind], call->va);
    if (call->kind == CALL_MAP) {
        (void)fprintf(out, ", 0x%" PRIx64 ", ", call->frame.base);
        write_size(call->frame.size_lg2, out);
        (void)fputs(", ", out);
        write_attributes(call->frame.attributes, out);
    } else if (call->kind == CALL_PROTECT) {
        (void)fputs(", ", out);
        write_attributes(call->attributes, out);
    }
    (void)fputc(')', out);
}

static void write_access(const struct program_request *request, FILE *out)
{
    static const char *const names[] = {"load", "store", "fetch"};
    (void)fprintf(out, "core:%s(0x%" PRIx64, names[request->access], request->va);
    if (request->access == ACCESS_STORE)
        (void)fprintf(out, ", 0x%" PRIx64, request->value);
    if (request->privilege == PRIVILEGE_KERNEL)
        (void)fputs(", { privilege = \"kernel\" }", out);
    (void)fputc(')', out);
}

static void write_barrier(enum barrier_kind kind, FILE *out)
{
    static const char *const calls[BARRIER_KINDS] = {[BARRIER_DSB_ISH] = "core:dsb()",
                                                     [BARRIER_DSB_NSH] = "core:dsb(\"nsh\")",
                                                     [BARRIER_DSB_ISHST] = "core:dsb(\"ishst\")",
                                                     [BARRIER_ISB] = "core:isb()",
                                                     [BARRIER_DMB_ISH] = "core:dmb()",
                                                     [BARRIER_DMB_ISHST] = "core:dmb(\"ishst\")",
                                                     [BARRIER_FENCE] = "core:fence()"};
    (void)fputs(calls[kind], out);
}

static void write_invalidation(const struct invalidation *what, FILE *out)
{
    static const char *const scopes[INVALIDATION_SCOPES] = {
        [INVALIDATE_VA] = "va",     [INVALIDATE_VA_ALL_ASIDS] = "va-all-asids",
        [INVALIDATE_ASID] = "asid", [INVALIDATE_ALL] = "all",
        [INVALIDATE_IPA] = "ipa",   [INVALIDATE_VMID] = "vmid"};
    (void)fprintf(out, "core:tlbi { scope = \"%s\"", scopes[what->scope]);
    if (what->scope == INVALIDATE_VA || what->scope == INVALIDATE_VA_ALL_ASIDS)
        (void)fprintf(out, ", va = 0x%" PRIx64, what->va);
    if (what->scope == INVALIDATE_VA || what->scope == INVALIDATE_ASID)
        (void)fprintf(out, ", asid = %u", (unsigned)what->asid);
    if (what->broadcast)
        (void)fputs(", broadcast = true", out);
    if (what->last_level_only)
        (void)fputs(", last_level = true", out);
    (void)fputs(" }", out);
}

static void write_request(const struct program_request *request, FILE *out)
{
    switch (request->kind) {
    case PROGRAM_ACCESS:
        write_access(request, out);
        return;
    case PROGRAM_CALL:
        write_call(&request->call, out);
        return;
    case PROGRAM_READ:
        (void)fprintf(out, "core:read(0x%" PRIx64 ")", request->pa);
        return;
    case PROGRAM_WRITE:
        (void)fprintf(out, "core:write(0x%" PRIx64 ", 0x%" PRIx64 ")", request->pa, request->value);
        return;
    case PROGRAM_COMPARE_EXCHANGE:
        (void)fprintf(out, "core:compare_exchange(0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64 ")", request->pa,
                      request->expected, request->value);
        return;
    case PROGRAM_BARRIER:
        write_barrier(request->barrier, out);
        return;
    case PROGRAM_INVALIDATE:
        write_invalidation(&request->invalidation, out);
        return;
    default:
        (void)fputs("-- switches to another address space, which replays do not have", out);
        return;
    }
}

static void write_evict(const struct replay *replay, uint64_t va, FILE *out)
{
    const struct exploration_config *config = &replay->exploration->config;
    switch (config->machine.ordering) {
    case ORDERING_X86:
        (void)fprintf(out, "core:invlpg(0x%" PRIx64 ")", va);
        return;
    case ORDERING_RISCV:
        (void)fprintf(out, "core:sfence_vma { va = 0x%" PRIx64 " }", va);
        return;
    default:
        if (config->pagetable->format->stage2)
            (void)fprintf(out, "core:tlbi { ipa = 0x%" PRIx64 " }", va);
        else
            (void)fprintf(out, "core:tlbi { va = 0x%" PRIx64 ", asid = as }", va);
        return;
    }
}

/* The step of the run to which an action is timed. */
static size_t step_of(const struct action *action, const struct replay_timing *timing)
{
    return timing->walks_late ? action->last : action->transition;
}

static void write_action(const struct replay *replay, const struct action *action,
                         const struct replay_timing *timing, FILE *out)
{
    int64_t cycle = (int64_t)step_of(action, timing) * (int64_t)timing->step_cycles;
    if (action->core != replay->leader)
        cycle += timing->shift_cycles;
    (void)fprintf(out, "  at(core, %" PRId64 ")\n  ", cycle > 0 ? cycle : 0);
    if (action->kind == ACTION_REQUEST)
        write_request(action->request, out);
    else if (action->kind == ACTION_WALK)
        (void)fprintf(out, "core:load(0x%" PRIx64 ", { data = \"none\" })", action->va);
    else
        write_evict(replay, action->va, out);
    (void)fprintf(out, "  -- %zu%s\n", action->transition + 1,
                  action->kind == ACTION_WALK    ? ": so that hardware walks"
                  : action->kind == ACTION_EVICT ? ": so that the entry goes"
                                                 : "");
}

static bool only_maps(const struct exploration_config *config)
{
    for (size_t i = 0; i < config->before_count; i++)
        if (config->before[i].kind != CALL_MAP)
            return false;
    return true;
}

/* As little as has room for all frames: a smaller power of two than the explorer's. */
static uint64_t memory_bytes(const struct replay *replay)
{
    uint64_t bytes = UINT64_C(16) << 20;
    while (bytes < replay->frames_end && bytes < replay->exploration->config.machine.memory_bytes)
        bytes *= 2;
    return bytes;
}

static void write_machine(const struct replay *replay, const struct replay_timing *timing, FILE *out)
{
    static const char *const orderings[] = {
        [ORDERING_ARM] = "arm", [ORDERING_X86] = "x86", [ORDERING_RISCV] = "riscv"};
    const struct small_config *machine = &replay->exploration->config.machine;
    unsigned entries = machine->tlb_entries > 0 ? machine->tlb_entries : 1;
    (void)fprintf(
        out,
        "local m = machine {\n  cores = %u, record = \"all\", ordering = \"%s\", seed = %" PRIu64 ",\n"
        "  memory = { size = 0x%" PRIx64 ", latency = %" PRIu64 " },\n"
        "  store_buffer = { depth = %u, drain = %" PRIu64 " },\n"
        "  network = { latency = %" PRIu64 " },\n"
        "  tlb = { l1i = { entries = %u, ways = %u }, l1d = { entries = %u, ways = %u }, l2 = false },\n",
        machine->cores, orderings[machine->ordering], timing->seed, memory_bytes(replay),
        timing->memory_cycles, machine->store_buffer, timing->drain_cycles, timing->message_cycles, entries,
        entries, entries, entries);
    if (machine->walk_cache_entries > 0)
        (void)fprintf(out, "  walk_cache = { tables = { entries = %u, ways = %u } },\n",
                      machine->walk_cache_entries, machine->walk_cache_entries);
    if (machine->ordering != ORDERING_ARM)
        (void)fputs("  invalidation = { scheme = \"interrupt\" },\n", out);
    if (timing->adversary_cycles > 0)
        (void)fprintf(out, "  adversary = { period = %" PRIu64 ", delay = %" PRIu64 " },\n",
                      timing->adversary_cycles, 2 * timing->memory_cycles);
    (void)fputs("}\n", out);
}

static void write_space(const struct replay *replay, FILE *out)
{
    const struct exploration_config *config = &replay->exploration->config;
    bool stage2 = config->pagetable->format->stage2;
    (void)fprintf(out, "local as = m:address_space { table = \"%s\", format = \"%s\", %s = %u%s }\n",
                  replay->table, config->pagetable->format->name, stage2 ? "vmid" : "asid",
                  (unsigned)(stage2 ? config->pagetable->vmid : config->pagetable->asid),
                  config->aliasing_allowed ? ", aliasing = true" : "");
    for (size_t i = 0; i < config->before_count && only_maps(config); i++) {
        const struct operation_call *call = &config->before[i];
        (void)fprintf(out, "as:premap(0x%" PRIx64 ", 0x%" PRIx64 ", ", call->va, call->frame.base);
        write_size(call->frame.size_lg2, out);
        (void)fputs(", ", out);
        write_attributes(call->frame.attributes, out);
        (void)fputs(")\n", out);
    }
}

static void write_program(const struct replay *replay, unsigned core, const struct replay_timing *timing,
                          FILE *out)
{
    const struct exploration_config *config = &replay->exploration->config;
    (void)fprintf(out, "\nm.core[%u]:program(function(core)\n  core:switch(as)\n", core + 1);
    for (size_t i = 0; core == 0 && i < config->before_count && !only_maps(config); i++) {
        (void)fputs("  ", out);
        write_call(&config->before[i], out);
        (void)fputc('\n', out);
    }
    (void)fputs("  begin(core)\n", out);
    for (size_t step = 0; step <= replay->transition; step++)
        for (size_t i = 0; i < replay->count; i++)
            if (replay->actions[i].core == core && step_of(&replay->actions[i], timing) == step)
                write_action(replay, &replay->actions[i], timing, out);
    (void)fputs("end)\n", out);
}

void replay_write(const struct replay *replay, const struct replay_timing *timing, FILE *out)
{
    const struct exploration_config *config = &replay->exploration->config;
    write_machine(replay, timing, out);
    write_space(replay, out);
    (void)fputs("\nlocal first = {}\n"
                "local function begin(core)\n"
                "  m:barrier(\"begin\")\n"
                "  first[core.number] = core:now()\n"
                "end\n\n"
                "-- Waits until so many cycles after the beginning, which is the same for all cores.\n"
                "local function at(core, cycle)\n"
                "  local rest = first[core.number] + cycle - core:now()\n"
                "  if rest > 0 then core:wait(rest) end\n"
                "end\n",
                out);
    for (unsigned core = 0; core < config->machine.cores; core++)
        write_program(replay, core, timing, out);
}
