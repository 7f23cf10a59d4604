#include "sim/cli/test/fake_run.h"

#include <stdio.h>
#include <string.h>

#include "sim/explore_script.h"
#include "sim/presets.h"

struct fake_run fake_run;

int run_script(const struct run_options *options, struct run_outcome *outcome)
{
    fake_run.asked = *options;
    fake_run.calls++;
    (void)snprintf(fake_run.command_line, sizeof fake_run.command_line, "%s", options->command_line);
    for (int i = 0; i < options->argument_count; i++) {
        size_t length = strlen(fake_run.arguments);
        (void)snprintf(fake_run.arguments + length, sizeof fake_run.arguments - length, "%s|",
                       options->arguments[i]);
    }
    if (fake_run.gives)
        *outcome = *fake_run.gives;
    return fake_run.status;
}

void run_outcome_free(struct run_outcome *outcome)
{
}

const struct preset_text preset_text_machines[] = {{"made-up", ""}, {"broken", ""}, {NULL, NULL}};

bool preset_read(const char *name, struct mmu_config *config, struct preset_reading *reading)
{
    if (strcmp(name, "made-up") != 0) {
        (void)snprintf(reading->error, sizeof reading->error, "machines/%s.lua:3: it is broken", name);
        return false;
    }
    config->cores = 3;
    (void)mmu_member_add(config, MMU_FAMILY_TLB, "l1d_2m", NULL, 0);
    (void)snprintf(reading->summary, sizeof reading->summary, "a machine that nobody makes");
    return true;
}

static void make_up_core(struct core_counters *counters, uint64_t scale)
{
    counters->accesses.translations = 1000 * scale;
    counters->accesses.loads = 700 * scale;
    counters->accesses.stores = 300 * scale;
    counters->accesses.faulted = 4 * scale;
    counters->accesses.retries = 4 * scale;
    counters->tlb[GROUP_L1D].lookups = 1000 * scale;
    counters->tlb[GROUP_L1D].hits = 900 * scale;
    counters->tlb[GROUP_L1D].misses = 100 * scale;
    counters->misses.merged = 20 * scale;
    counters->tlb[GROUP_L2].lookups = 80 * scale;
    counters->tlb[GROUP_L2].hits = 60 * scale;
    counters->tlb[GROUP_L2].misses = 20 * scale;
    counters->misses.hits[1] = 60 * scale;
    counters->misses.walks = 20 * scale;
    counters->walker.walks = 20 * scale;
    counters->walker.steps = 70 * scale;
    counters->bus.requests = 200 * scale;
    counters->bus.busy_cycles = 400 * scale;
    counters->bus.wait_cycles = 50 * scale;
    counters->store_buffer.stores = 300 * scale;
    counters->invalidations.issued = 2 * scale;
    counters->invalidations.completed = 2 * scale;
    counters->invalidations.received = 4 * scale;
    counters->invalidations.entries_dropped = 3 * scale;
    counters->programs.faults = 4 * scale;
    for (uint64_t i = 0; i < 20 * scale; i++) {
        histogram_add(&counters->walk_cycles, i < 19 * scale ? 50 : 60);
        counters->walker.cycles += i < 19 * scale ? 50 : 60;
    }
    for (uint64_t i = 0; i < 2 * scale; i++) {
        histogram_add(&counters->invalidation_cycles, 44);
        counters->invalidations.cycles += 44;
    }
}

void make_up_run(struct made_up_run *run)
{
    memset(run, 0, sizeof *run);
    struct run_outcome *outcome = &run->outcome;
    mmu_config_defaults(&outcome->config);
    outcome->config.cores = 2;
    outcome->config.seed = 7;
    make_up_core(&run->cores[0], 1);
    make_up_core(&run->cores[1], 3);
    mmu_counters_add(&outcome->total, &run->cores[0]);
    mmu_counters_add(&outcome->total, &run->cores[1]);
    outcome->cores = run->cores;
    run->regions[0] = (struct run_region){.name = "warmup", .end_cycle = 4000, .counters = run->cores[0]};
    run->regions[1] = (struct run_region){
        .name = "measured", .begin_cycle = 4000, .end_cycle = 16000, .counters = run->cores[1]};
    outcome->regions = run->regions;
    outcome->region_count = 2;
    outcome->operations = (struct run_operations){.map = 12, .unmap = 8, .failed = 1};
    outcome->cycles = 16000;
    outcome->checked = true;
    outcome->host_seconds = 0.002;
    outcome->database_bytes = 1536 * 1024;
    (void)snprintf(outcome->database, sizeof outcome->database, "%s", "work load.db");
    (void)snprintf(outcome->record, sizeof outcome->record, "%s", "misses");
    (void)snprintf(outcome->script, sizeof outcome->script, "%s", "workload.lua");
}

/* ---- explorations: none can be described ---- */

struct explore_script *explore_script_open(const struct explore_script_options *options, char *error,
                                           size_t error_bytes)
{
    (void)snprintf(error, error_bytes, "%s: nothing is explored here, with %zu bytes", options->script,
                   options->budget->bytes_max);
    return NULL;
}

void explore_script_close(struct explore_script *script)
{
}

const struct exploration_config *explore_script_config(const struct explore_script *script)
{
    return NULL;
}

const char *explore_script_table(const struct explore_script *script)
{
    return NULL;
}

const struct explore_outcome *explore_script_outcome(const struct explore_script *script, unsigned n)
{
    return NULL;
}

unsigned explore_script_outcome_count(const struct explore_script *script)
{
    return 0;
}

bool explore_script_has_table(const struct explore_script *script)
{
    return false;
}
