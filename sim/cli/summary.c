#include "sim/cli/summary.h"

#include <stdarg.h>
#include <string.h>

#include "sim/cli/format.h"

#define CORES_SHOWN 8 /* a line each; more are in the record and in the JSON object */

/* What stands behind the # of a line. */
enum derivation {
    DERIVED_NOTHING,
    DERIVED_SHARE, /* percent of the base */
    DERIVED_RATIO, /* to the base */
    DERIVED_PER_THOUSAND,
    DERIVED_WALKS, /* the histogram's mean and quantiles */
    DERIVED_INVALIDATIONS,
};

struct row {
    const char *counter;
    enum derivation how;
    const char *base; /* a counter, or one of the names of base_value */
    const char *text;
    bool minor; /* left out when zero */
};

/* Rows that stand together: left out if the first is zero. */
struct group {
    struct row rows[9]; /* ends with a NULL counter */
};

static const struct group accesses = {
    {{"accesses.translations", DERIVED_RATIO, "cycles", "a cycle", false},
     {"accesses.loads", DERIVED_SHARE, "accesses.translations", "of translations", true},
     {"accesses.stores", DERIVED_SHARE, "accesses.translations", "of translations", true},
     {"accesses.fetches", DERIVED_SHARE, "accesses.translations", "of translations", true},
     {"accesses.crossing", DERIVED_NOTHING, NULL, NULL, true},
     {"accesses.faulted", DERIVED_SHARE, "accesses.translations", "of translations", true},
     {"accesses.retries", DERIVED_NOTHING, NULL, NULL, true},
     {"accesses.conflicts", DERIVED_NOTHING, NULL, NULL, true}}};

static const struct group merged = {
    {{"misses.merged", DERIVED_SHARE, "l1 misses", "of first-level misses", false}}};

static const struct group ranges = {
    {{"range_tlb.lookups", DERIVED_NOTHING, NULL, NULL, false},
     {"range_tlb.hits", DERIVED_SHARE, "range_tlb.lookups", "of look-ups", false}}};

static const struct group walks = {
    {{"walker.walks", DERIVED_PER_THOUSAND, "accesses.translations", "per 1,000 translations", false},
     {"walker.steps", DERIVED_RATIO, "walker.walks", "steps a walk", false},
     {"walker.cycles", DERIVED_WALKS, NULL, NULL, false},
     {"walker.faults", DERIVED_SHARE, "walker.walks", "of walks", true},
     {"walker.unfilled", DERIVED_SHARE, "walker.walks", "of walks", true},
     {"walker.restarted", DERIVED_SHARE, "walker.walks", "of walks", true},
     {"walker.updates", DERIVED_RATIO, "walker.walks", "entry updates a walk", true}}};

static const struct group groups[] = {
    {{{"prefetch.issued", DERIVED_SHARE, "walker.walks", "of walks", false},
      {"prefetch.useful", DERIVED_SHARE, "prefetch.issued", "of them", false},
      {"prefetch.late", DERIVED_SHARE, "prefetch.issued", "of them", true},
      {"prefetch.unused", DERIVED_SHARE, "prefetch.issued", "of them", true},
      {"prefetch.unfilled", DERIVED_SHARE, "prefetch.issued", "of them", true},
      {"prefetch.useless", DERIVED_SHARE, "prefetch.asked", "of pages asked for", true},
      {"prefetch.dropped", DERIVED_SHARE, "prefetch.asked", "of pages asked for", true}}},
    {{{"adversary.acts", DERIVED_RATIO, "cycles", "a cycle", false},
      {"adversary.walks", DERIVED_SHARE, "walker.walks", "of walks", false},
      {"adversary.evictions", DERIVED_SHARE, "adversary.acts", "of acts", false},
      {"adversary.refills", DERIVED_SHARE, "adversary.acts", "of acts", false}}},
    {{{"bus.requests", DERIVED_RATIO, "cycles", "a cycle", false},
      {"bus.busy_cycles", DERIVED_SHARE, "cycles", "of cycles: occupancy", false},
      {"bus.wait_cycles", DERIVED_RATIO, "bus.requests", "cycles a request", false}}},
    {{{"store_buffer.stores", DERIVED_NOTHING, NULL, NULL, false},
      {"store_buffer.forwarded", DERIVED_NOTHING, NULL, NULL, true},
      {"store_buffer.full_cycles", DERIVED_RATIO, "store_buffer.stores", "cycles a store", true}}},
    {{{"invalidations.issued", DERIVED_NOTHING, NULL, NULL, false},
      {"invalidations.completed", DERIVED_NOTHING, NULL, NULL, false},
      {"invalidations.cycles", DERIVED_INVALIDATIONS, NULL, NULL, false},
      {"invalidations.received", DERIVED_RATIO, "invalidations.issued", "cores each", false},
      {"invalidations.entries_dropped", DERIVED_RATIO, "invalidations.issued", "entries each", false}}},
    {{{"programs.faults", DERIVED_NOTHING, NULL, NULL, false}}},
    {{{"programs.barriers", DERIVED_NOTHING, NULL, NULL, false},
      {"programs.barrier_cycles", DERIVED_RATIO, "programs.barriers", "cycles each", false}}},
    {{{"programs.switches", DERIVED_NOTHING, NULL, NULL, false}}},
};

static uint64_t counter_value(const struct run_outcome *outcome, const char *name)
{
    struct mmu_counter counter;
    return mmu_counter_find(&outcome->config, name, &counter) ? mmu_counter_get(&outcome->total, &counter)
                                                              : 0;
}

static uint64_t base_value(const struct run_outcome *outcome, const char *name)
{
    if (strcmp(name, "cycles") == 0)
        return outcome->cycles;
    if (strcmp(name, "l1 misses") == 0)
        return mmu_counters_of_level(&outcome->total, 1).misses;
    return counter_value(outcome, name);
}

/* The left part of a line, and the right one if `format` is not NULL. */
__attribute__((format(printf, 4, 5))) static void print_line(FILE *out, const char *value, const char *name,
                                                             const char *format, ...)
{
    if (!format) {
        (void)fprintf(out, "%20s      %s\n", value, name);
        return;
    }
    va_list arguments;
    (void)fprintf(out, "%20s      %-30s # ", value, name);
    va_start(arguments, format);
    (void)vfprintf(out, format, arguments);
    va_end(arguments);
    (void)fputc('\n', out);
}

static double mean_of(const struct histogram *histogram)
{
    return histogram->total ? (double)histogram->sum / (double)histogram->total : 0;
}

static void print_histogram(FILE *out, const char *value, const char *name, const struct histogram *histogram)
{
    if (histogram->total == 0) {
        print_line(out, value, name, NULL);
        return;
    }
    print_line(out, value, name, "%10.3f mean, p50 %s, p99 %s, most %s", mean_of(histogram),
               format_count(histogram_quantile(histogram, 0.50)).text,
               format_count(histogram_quantile(histogram, 0.99)).text, format_count(histogram->most).text);
}

static void print_row(const struct run_outcome *outcome, const struct row *row, FILE *out)
{
    uint64_t count = counter_value(outcome, row->counter);
    struct number_text value = format_count(count);
    double base = row->base ? (double)base_value(outcome, row->base) : 0;
    if (row->how == DERIVED_WALKS)
        print_histogram(out, value.text, row->counter, &outcome->total.walk_cycles);
    else if (row->how == DERIVED_INVALIDATIONS)
        print_histogram(out, value.text, row->counter, &outcome->total.invalidation_cycles);
    else if (row->how == DERIVED_NOTHING || base == 0)
        print_line(out, value.text, row->counter, NULL);
    else if (row->how == DERIVED_SHARE)
        print_line(out, value.text, row->counter, "%10.3f %% %s", 100.0 * (double)count / base, row->text);
    else
        print_line(out, value.text, row->counter, "%10.3f %s",
                   (row->how == DERIVED_PER_THOUSAND ? 1000 : 1) * (double)count / base, row->text);
}

static void print_group(const struct run_outcome *outcome, const struct group *group, FILE *out)
{
    if (counter_value(outcome, group->rows[0].counter) == 0)
        return;
    (void)fputc('\n', out);
    for (const struct row *row = group->rows; row->counter; row++)
        if (!row->minor || counter_value(outcome, row->counter) > 0)
            print_row(outcome, row, out);
}

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), end_length = strlen(end);
    return length > end_length && strcmp(name + length - end_length, end) == 0;
}

/* Look-ups, hits and misses of the levels from `first` to `last`, a group for each side that has look-ups. */
static void print_levels(const struct run_outcome *outcome, unsigned first, unsigned last, FILE *out)
{
    struct mmu_counter counter;
    for (unsigned i = 0; mmu_counter_at(&outcome->config, i, &counter); i++) {
        unsigned level = (unsigned)(counter.offset / (sizeof(struct tlb_counters) * TLB_SIDES)) + 1;
        uint64_t lookups = mmu_counter_get(&outcome->total, &counter);
        if (counter.offset >= sizeof outcome->total.tlb || level < first || level > last ||
            !ends_with(counter.name, ".lookups") || lookups == 0)
            continue;
        (void)fputc('\n', out);
        print_line(out, format_count(lookups).text, counter.name, NULL);
        for (unsigned k = 1; k <= 2 && mmu_counter_at(&outcome->config, i + k, &counter); k++) {
            uint64_t count = mmu_counter_get(&outcome->total, &counter);
            print_line(out, format_count(count).text, counter.name, "%10.3f %% of look-ups",
                       100.0 * (double)count / (double)lookups);
        }
    }
}

/* Walk caches or data caches that were looked up. */
static void print_caches(const struct run_outcome *outcome, const char *prefix, FILE *out)
{
    struct mmu_counter lookups, hits;
    for (unsigned i = 0; mmu_counter_at(&outcome->config, i, &lookups); i++) {
        if (strncmp(lookups.name, prefix, strlen(prefix)) != 0 || !ends_with(lookups.name, ".lookups"))
            continue;
        uint64_t count = mmu_counter_get(&outcome->total, &lookups);
        (void)mmu_counter_at(&outcome->config, i + 1, &hits);
        uint64_t found = mmu_counter_get(&outcome->total, &hits);
        if (count > 0)
            print_line(out, format_count(found).text, hits.name, "%10.3f %% of %s look-ups",
                       100.0 * (double)found / (double)count, format_count(count).text);
    }
}

static void print_operations(const struct run_operations *operations, FILE *out)
{
    const struct {
        const char *name;
        uint64_t count;
    } rows[] = {
        {"operations.map", operations->map},         {"operations.unmap", operations->unmap},
        {"operations.protect", operations->protect}, {"operations.query", operations->query},
        {"operations.failed", operations->failed},
    };
    bool first = true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].count == 0)
            continue;
        if (first)
            (void)fputc('\n', out);
        first = false;
        print_line(out, format_count(rows[i].count).text, rows[i].name, NULL);
    }
}

static void print_head(const struct run_outcome *outcome, FILE *out)
{
    (void)fprintf(out, "\n Run of %s, seed %llu%s:\n\n", outcome->script,
                  (unsigned long long)outcome->config.seed, outcome->lockstep ? ", in lock-step" : "");
    summary_print_machine(&outcome->config, out);
}

static double share_of(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* `cycles` is empty for cores, which all have the machine's. */
static void print_table_head(FILE *out, const char *what, const char *cycles)
{
    (void)fprintf(out, "\n %-16s %16s %16s %9s %9s %14s %12s %9s\n", what, cycles, "translations", "L1 hits",
                  "L2 hits", "walks", "cycles/walk", "faulted");
}

static void print_table_row(FILE *out, const char *name, const char *cycles,
                            const struct core_counters *counters)
{
    struct tlb_counters first = mmu_counters_of_level(counters, 1);
    struct tlb_counters second = mmu_counters_of_level(counters, 2);
    (void)fprintf(out, " %-16s %16s %16s %8.2f%% %8.2f%% %14s %12.2f %9s\n", name, cycles,
                  format_count(counters->accesses.translations).text, share_of(first.hits, first.lookups),
                  share_of(second.hits, second.lookups), format_count(counters->walker.walks).text,
                  mean_of(&counters->walk_cycles), format_count(counters->accesses.faulted).text);
}

static void print_regions(const struct run_outcome *outcome, FILE *out)
{
    if (outcome->region_count < 2)
        return;
    print_table_head(out, "region", "cycles");
    for (unsigned i = 0; i < outcome->region_count; i++) {
        const struct run_region *region = &outcome->regions[i];
        print_table_row(out, region->name, format_count(region->end_cycle - region->begin_cycle).text,
                        &region->counters);
    }
}

static void print_cores(const struct run_outcome *outcome, FILE *out)
{
    if (outcome->config.cores < 2 || outcome->config.cores > CORES_SHOWN || !outcome->cores)
        return;
    print_table_head(out, "core", "");
    for (unsigned i = 0; i < outcome->config.cores; i++) {
        char name[24];
        (void)snprintf(name, sizeof name, "%u", i + 1); /* as scripts and findings number them */
        print_table_row(out, name, "", &outcome->cores[i]);
    }
}

static void print_speed(const struct run_outcome *outcome, FILE *out)
{
    char seconds[32];
    (void)snprintf(seconds, sizeof seconds, "%.6f", outcome->host_seconds);
    (void)fputc('\n', out);
    if (outcome->host_seconds > 0)
        print_line(out, seconds, "seconds of the host", "%10.3f M translations/s, %.3f M cycles/s",
                   (double)outcome->total.accesses.translations / outcome->host_seconds / 1e6,
                   (double)outcome->cycles / outcome->host_seconds / 1e6);
    else
        print_line(out, seconds, "seconds of the host", NULL);
}

static void print_verdict(const struct run_outcome *outcome, FILE *out)
{
    (void)fputs("\n refinement: ", out);
    if (!outcome->checked)
        (void)fputs("not checked\n", out);
    else if (outcome->findings == 0)
        (void)fputs("no violation found\n", out);
    else
        (void)fprintf(out, "%s finding%s, the first: %s\n", format_count(outcome->findings).text,
                      outcome->findings == 1 ? "" : "s", outcome->first_finding);
    if (outcome->checked && outcome->not_judged[0])
        (void)fprintf(out, "   not judged: %s\n", outcome->not_judged);
}

static void print_command(const struct run_outcome *outcome, FILE *out, const char *verb, const char *what)
{
    (void)fprintf(out, "   mmusim %s ", verb);
    print_shell_word(out, outcome->database);
    (void)fprintf(out, "%s%s\n", *what ? " " : "", what);
}

static void print_record(const struct run_outcome *outcome, FILE *out)
{
    if (!outcome->database[0]) {
        (void)fputs(" record: none\n\n", out);
        return;
    }
    (void)fprintf(out, " record: %s (level %s, %s)\n\n Worth trying next:\n", outcome->database,
                  outcome->record, format_bytes(outcome->database_bytes).text);
    if (outcome->checked)
        print_command(outcome, out, "check", "");
    if (strcmp(outcome->record, "counters") == 0)
        print_command(outcome, out, "query", "hit_rates");
    else if (outcome->total.invalidations.issued > 0)
        print_command(outcome, out, "query", "shootdowns");
    else
        print_command(outcome, out, "query", "walk_latency");
    print_command(outcome, out, "query", "");
    (void)fputc('\n', out);
}

void summary_print(const struct run_outcome *outcome, FILE *out)
{
    print_head(outcome, out);
    (void)fputc('\n', out);
    print_line(out, format_count(outcome->cycles).text, "cycles", NULL);
    print_group(outcome, &accesses, out);
    print_levels(outcome, 1, 1, out);
    print_group(outcome, &merged, out);
    print_levels(outcome, 2, MMU_TLB_LEVELS_MAX, out);
    print_group(outcome, &ranges, out);
    print_group(outcome, &walks, out);
    print_caches(outcome, "walk_cache.", out);
    if (outcome->config.cache_count > 0) {
        (void)fputc('\n', out);
        print_caches(outcome, "cache.", out);
    }
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        print_group(outcome, &groups[i], out);
    print_operations(&outcome->operations, out);
    print_regions(outcome, out);
    print_cores(outcome, out);
    print_speed(outcome, out);
    print_verdict(outcome, out);
    print_record(outcome, out);
}
