#include <inttypes.h>
#include <string.h>

#include "sim/cli/format.h"
#include "sim/cli/summary.h"

static void print_member(FILE *out, const char *before, const char *name, uint64_t value)
{
    (void)fprintf(out, "%s\"%s\": %" PRIu64, before, name, value);
}

static void print_text(FILE *out, const char *name, const char *text)
{
    (void)fprintf(out, ",\n  \"%s\": ", name);
    if (*text)
        print_json_string(out, text);
    else
        (void)fputs("null", out);
}

static void print_real(FILE *out, const char *before, const char *name, double value)
{
    (void)fprintf(out, "%s\"%s\": ", before, name);
    print_json_double(out, value);
}

/* Numbers and switches as such, choices and sizes as texts that a script could have. */
static void print_setting(FILE *out, const struct mmu_parameter *parameter, uint64_t value)
{
    char text[MMU_VALUE_BYTES];
    mmu_setting_print(parameter, value, text, sizeof text);
    if (parameter->kind == PARAMETER_CHOICE || parameter->kind == PARAMETER_SIZES)
        print_json_string(out, text);
    else
        (void)fputs(text, out);
}

static void print_machine(const struct mmu_config *config, FILE *out)
{
    struct mmu_setting setting;
    (void)fputs(",\n  \"machine\": {", out);
    for (unsigned i = 0; mmu_setting_at(config, i, &setting); i++) {
        (void)fprintf(out, "%s\"%s\": ", i ? ", " : "", setting.name);
        print_setting(out, setting.parameter, mmu_setting_get(config, &setting));
    }
    (void)fputc('}', out);
}

static void print_histogram(const char *name, const struct histogram *histogram, FILE *out)
{
    (void)fprintf(out, ", \"%s\": {", name);
    print_member(out, "", "count", histogram->total);
    print_real(out, ", ", "mean", histogram->total ? (double)histogram->sum / (double)histogram->total : 0);
    print_member(out, ", ", "p50", histogram_quantile(histogram, 0.50));
    print_member(out, ", ", "p99", histogram_quantile(histogram, 0.99));
    print_member(out, ", ", "most", histogram->most);
    (void)fputc('}', out);
}

static void print_counters(const struct mmu_config *config, const struct core_counters *counters, FILE *out)
{
    struct mmu_counter counter;
    (void)fputs("\"counters\": {", out);
    for (unsigned i = 0; mmu_counter_at(config, i, &counter); i++)
        print_member(out, i ? ", " : "", counter.name, mmu_counter_get(counters, &counter));
    (void)fputc('}', out);
    print_histogram("walk_cycles", &counters->walk_cycles, out);
    print_histogram("invalidation_cycles", &counters->invalidation_cycles, out);
}

static double ratio_of(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

/* "l1d_hit_rate", of every level and side that the machine has. */
static void print_hit_rates(const struct run_outcome *outcome, FILE *out)
{
    struct mmu_counter lookups, hits;
    for (unsigned i = 0; mmu_counter_at(&outcome->config, i, &lookups); i++) {
        char name[32];
        const char *dot = strchr(lookups.name, '.');
        if (lookups.offset >= sizeof outcome->total.tlb || strcmp(dot, ".lookups") != 0)
            continue;
        (void)mmu_counter_at(&outcome->config, i + 1, &hits);
        (void)snprintf(name, sizeof name, "%.*s_hit_rate", (int)(dot - lookups.name), lookups.name);
        print_real(
            out, "", name,
            ratio_of(mmu_counter_get(&outcome->total, &hits), mmu_counter_get(&outcome->total, &lookups)));
        (void)fputs(", ", out);
    }
}

/* Shares are from 0 to 1 here. */
static void print_derived(const struct run_outcome *outcome, FILE *out)
{
    const struct core_counters *total = &outcome->total;
    (void)fputs(",\n  \"derived\": {", out);
    print_hit_rates(outcome, out);
    print_real(out, "", "steps_per_walk", ratio_of(total->walker.steps, total->walker.walks));
    print_real(out, ", ", "bus_occupancy", ratio_of(total->bus.busy_cycles, outcome->cycles));
    print_real(out, ", ", "bus_wait_cycles_per_request",
               ratio_of(total->bus.wait_cycles, total->bus.requests));
    print_real(out, ", ", "entries_dropped_per_invalidation",
               ratio_of(total->invalidations.entries_dropped, total->invalidations.issued));
    (void)fputc('}', out);
}

static void print_operations(const struct run_operations *operations, FILE *out)
{
    (void)fputs(",\n  \"operations\": {", out);
    print_member(out, "", "map", operations->map);
    print_member(out, ", ", "unmap", operations->unmap);
    print_member(out, ", ", "protect", operations->protect);
    print_member(out, ", ", "query", operations->query);
    print_member(out, ", ", "failed", operations->failed);
    (void)fputc('}', out);
}

static void print_regions(const struct run_outcome *outcome, FILE *out)
{
    (void)fputs(",\n  \"regions\": [", out);
    for (unsigned i = 0; i < outcome->region_count; i++) {
        const struct run_region *region = &outcome->regions[i];
        (void)fprintf(out, "%s\n    {\"name\": ", i ? "," : "");
        print_json_string(out, region->name);
        print_member(out, ", ", "begin_cycle", region->begin_cycle);
        print_member(out, ", ", "end_cycle", region->end_cycle);
        (void)fputs(", ", out);
        print_counters(&outcome->config, &region->counters, out);
        (void)fputc('}', out);
    }
    (void)fputs("]", out);
}

static void print_cores(const struct run_outcome *outcome, FILE *out)
{
    (void)fputs(",\n  \"cores\": [", out);
    for (uint64_t i = 0; outcome->cores && i < outcome->config.cores; i++) {
        (void)fprintf(out, "%s\n    {\"core\": %" PRIu64 ", ", i ? "," : "", i + 1);
        print_counters(&outcome->config, &outcome->cores[i], out);
        (void)fputc('}', out);
    }
    (void)fputs("]", out);
}

static void print_refinement(const struct run_outcome *outcome, FILE *out)
{
    (void)fprintf(out, ",\n  \"refinement\": {\"checked\": %s", outcome->checked ? "true" : "false");
    print_member(out, ", ", "findings", outcome->findings);
    print_text(out, "first_finding", outcome->first_finding);
    print_text(out, "not_judged", outcome->not_judged);
    (void)fputc('}', out);
}

static void print_host(const struct run_outcome *outcome, FILE *out)
{
    double seconds = outcome->host_seconds;
    (void)fputs(",\n  \"host\": {", out);
    print_real(out, "", "seconds", seconds);
    print_real(out, ", ", "translations_per_second", (double)outcome->total.accesses.translations / seconds);
    print_real(out, ", ", "cycles_per_second", (double)outcome->cycles / seconds);
    (void)fputc('}', out);
}

void summary_print_json(const struct run_outcome *outcome, FILE *out)
{
    (void)fputs("{\n  \"script\": ", out);
    print_json_string(out, outcome->script);
    print_member(out, ",\n  ", "seed", outcome->config.seed);
    (void)fprintf(out, ",\n  \"lockstep\": %s", outcome->lockstep ? "true" : "false");
    print_text(out, "record", outcome->record);
    print_text(out, "database", outcome->database);
    print_member(out, ",\n  ", "database_bytes", outcome->database_bytes);
    print_member(out, ",\n  ", "cycles", outcome->cycles);
    print_machine(&outcome->config, out);
    (void)fputs(",\n  ", out);
    print_counters(&outcome->config, &outcome->total, out);
    print_derived(outcome, out);
    print_operations(&outcome->operations, out);
    print_regions(outcome, out);
    print_cores(outcome, out);
    print_refinement(outcome, out);
    print_host(outcome, out);
    (void)fputs("\n}\n", out);
}
