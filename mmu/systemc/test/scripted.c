#include "mmu/systemc/test/scripted.h"

#include <inttypes.h>

#include "mmu/systemc/program_host.h"
#include "mmu/systemc/test/module_driver.h"
#include "mmu/test/guest_fixture.h"

#define STEPS 60u

struct walking_program {
    struct program_host *host;
    struct script_walk *walk;
};

static void walk_script(void *context, unsigned core)
{
    struct walking_program *program = context;
    struct core_operation operation;
    while (script_walk_next(program->walk, core, &operation))
        if (!program_host_do(program->host, core, &operation))
            return;
}

static struct script_run run_hosted(struct scripted_run *run, enum host_mode mode)
{
    struct machine *machine = run->fixture.machine;
    struct script_walk walk;
    struct walking_program program = {program_host_create(machine, mode), &walk};
    struct script_run result;
    script_walk_begin(&walk, machine, run->scripts);
    for (unsigned i = 0; i < walk.cores; i++)
        program_host_add(program.host, i, walk_script, &program);
    result.status = program_host_run(program.host);
    result.faults = walk.faults;
    script_walk_end(&walk);
    program_host_destroy(program.host);
    return result;
}

static bool next_of_script(void *context, unsigned core, struct core_operation *operation)
{
    return script_walk_next(context, core, operation);
}

static struct script_run run_in_module(struct scripted_run *run)
{
    struct script_walk walk;
    struct script_run result;
    struct module_programs programs = {next_of_script, &walk, run->fixture.allocator.fresh};
    script_walk_begin(&walk, run->fixture.machine, run->scripts);
    result.status = module_run(run->fixture.machine, &programs) ? MACHINE_DONE : MACHINE_ERROR;
    result.faults = walk.faults;
    script_walk_end(&walk);
    return result;
}

static struct script_run drive(struct scripted_run *run)
{
    switch (run->driver) {
    case DRIVE_FAST:
        return run_hosted(run, HOST_FAST);
    case DRIVE_LOCKSTEP:
        return run_hosted(run, HOST_LOCKSTEP);
    case DRIVE_MODULE:
        return run_in_module(run);
    default:
        return script_run(&run->fixture, run->scripts, machine_advance_stepped);
    }
}

static void run_and_write(void *argument, FILE *out)
{
    struct scripted_run *run = argument;
    struct fixture *fixture = &run->fixture;
    struct scripted_summary summary;
    memset(&summary, 0, sizeof summary);
    void *foreign = run->before ? run->before(run) : NULL;
    struct script_run result = drive(run);
    const char *error = machine_error(fixture->machine);
    summary.run.status = result.status;
    if (!run->initiators) /* an initiator's wait leaves the last result, which is counted again */
        summary.run.faults = result.faults;
    summary.end_cycle = machine_end_cycle(fixture->machine);
    snprintf(summary.error, sizeof summary.error, "%s", error ? error : "");
    machine_finish(fixture->machine);
    summary.events = fixture->event_count;
    summary.ordered = fixture->ordered;
    fwrite(&summary, sizeof summary, 1, out);
    for (unsigned i = 0; i < run->config.cores; i++)
        fwrite(machine_counters(fixture->machine, i), sizeof(struct core_counters), 1, out);
    fwrite(fixture->events, sizeof *fixture->events, fixture->event_count, out);
    if (run->after)
        run->after(foreign, out);
}

/*
 * The last step is a barrier: a run's end is the end of its last operation, and not of a wait. Two waits are
 * one: an initiator's time goes on while an interrupt's handler has its core, and a second wait of the core
 * would begin only after it.
 */
static void keep_what_initiators_can_do(struct script *script)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < script->count; i++) {
        struct script_step step = script->steps[i];
        struct core_operation *operation = &step.operation;
        if (step.rendezvous)
            continue;
        if (operation->kind == CORE_ACCESS) {
            operation->data_mode = DATA_BUS;
            operation->fetch_data = operation->handled = true;
            operation->retry = false;
            operation->size_bytes = operation->size_bytes > 8 ? 8 : operation->size_bytes;
        }
        if (operation->kind == CORE_WAIT && kept > 0 && script->steps[kept - 1].operation.kind == CORE_WAIT)
            script->steps[kept - 1].operation.cycles += operation->cycles;
        else
            script->steps[kept++] = step;
    }
    script->steps[kept - 1].operation =
        (struct core_operation){.kind = CORE_BARRIER, .barrier = BARRIER_DSB_ISH};
    script->count = kept;
}

void scripted_record(struct scripted_run *run, uint64_t seed, struct recording *recording)
{
    uint64_t state = seed;
    draw_run(&state, OBSERVE_ALL, STEPS, &run->fixture, run->scripts);
    run->config = *machine_config(run->fixture.machine);
    for (unsigned i = 0; run->initiators && i < run->config.cores; i++)
        keep_what_initiators_can_do(&run->scripts[i]);
    run_in_child(run_and_write, run, recording);
    for (unsigned i = 0; i < run->config.cores; i++)
        script_free(&run->scripts[i]);
    fixture_close(&run->fixture);
}

struct scripted_summary scripted_summary(const struct recording *recording)
{
    struct scripted_summary summary;
    assert_true(recording->count >= sizeof summary);
    memcpy(&summary, recording->bytes, sizeof summary);
    return summary;
}

static const struct mmu_event *event_at(const struct recording *recording, uint64_t index)
{
    uint64_t events = scripted_summary(recording).events;
    if (index >= events)
        return NULL;
    size_t begin = recording->count - (size_t)events * sizeof(struct mmu_event);
    return (const struct mmu_event *)(const void *)(recording->bytes + begin) + index;
}

/* The first byte that differs within two events. */
static unsigned differing_byte(const struct mmu_event *a, const struct mmu_event *b)
{
    unsigned at = 0;
    while (at < sizeof *a && ((const unsigned char *)a)[at] == ((const unsigned char *)b)[at])
        at++;
    return at;
}

static void tell_event(const char *name, uint64_t index, const struct mmu_event *event)
{
    if (event)
        print_message("  %s: event %" PRIu64 ": cycle %" PRIu64 " core %u kind %u sequence %u\n", name, index,
                      event->cycle, event->core, event->kind, event->sequence);
}

void scripted_explain(uint64_t seed, const struct recording *a, const struct recording *b)
{
    struct scripted_summary first = scripted_summary(a), second = scripted_summary(b);
    uint64_t at = 0;
    print_message("MMUSIM_SEED=%" PRIu64 ": status %d and %d, %" PRIu64 " and %" PRIu64
                  " events, end %" PRIu64 " and %" PRIu64 ", '%s' and '%s'\n",
                  seed, (int)first.run.status, (int)second.run.status, first.events, second.events,
                  first.end_cycle, second.end_cycle, first.error, second.error);
    while (at < first.events && at < second.events &&
           memcmp(event_at(a, at), event_at(b, at), sizeof(struct mmu_event)) == 0)
        at++;
    tell_event("first", at, event_at(a, at));
    tell_event("second", at, event_at(b, at));
    if (event_at(a, at) && event_at(b, at))
        print_message("  from byte %u on\n", differing_byte(event_at(a, at), event_at(b, at)));
}
