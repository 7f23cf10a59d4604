/*
 * M translations a second on four streams, beside a bare C loop over the same TLB levels in the same run.
 *
 *     mmu_bench [--accesses N] [--repeats N] [--cores N] [STREAM...]
 *
 * The machine is timed: 64 accesses in flight, data = "none", 8 outstanding misses and 4 walkers a core,
 * real four-level tables in simulated memory, recording level `counters` (nobody observes). Each figure is
 * the median of the repeats, in CPU time; streams are drawn before the clock starts in the bare loop and
 * while it runs in the machine.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mmu/machine.h"
#include "mmu/setup.h"
#include "pagetables/pagetable.h"

#define MIB         (UINT64_C(1) << 20)
#define PAGE        UINT64_C(4096)
#define BASE        UINT64_C(0x10000000)
#define REPEATS_MAX 31

struct workload {
    const char *name;
    struct stream_config stream;
};

static const struct workload workloads[] = {
    {"hot", {.pattern = STREAM_UNIFORM, .base = BASE, .region_bytes = 8 * PAGE}},
    {"seq", {.pattern = STREAM_SEQUENTIAL, .base = BASE, .region_bytes = 64 * MIB, .step_bytes = 64}},
    {"zipf", {.pattern = STREAM_ZIPF, .base = BASE, .region_bytes = 1024 * MIB, .skew = 0.99}},
    {"rand", {.pattern = STREAM_UNIFORM, .base = BASE, .region_bytes = 1024 * MIB}},
};

struct options {
    uint64_t accesses;
    unsigned repeats;
    unsigned cores;
};

static void fail(const char *what)
{
    fprintf(stderr, "mmu_bench: %s\n", what);
    exit(2);
}

static double cpu_seconds(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0)
        fail("the host has no CPU clock");
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, unsigned count)
{
    qsort(values, count, sizeof *values, by_value);
    return values[count / 2];
}

/* ---- the bare loop: two levels of true LRU by timestamps, no time ------------------------------- */

struct bare_level {
    unsigned sets, ways;
    uint64_t *tags, *stamps;
};

static struct bare_level bare_level(unsigned entries, unsigned ways)
{
    struct bare_level level = {.sets = entries / ways, .ways = ways};
    level.tags = calloc(entries, sizeof *level.tags);
    level.stamps = calloc(entries, sizeof *level.stamps);
    if (!level.tags || !level.stamps)
        fail("out of memory");
    return level;
}

static inline int bare_lookup(struct bare_level *level, uint64_t page, uint64_t clock)
{
    unsigned first = (unsigned)(page % level->sets) * level->ways, victim = first;
    for (unsigned i = first; i < first + level->ways; i++) {
        if (level->tags[i] == page) {
            level->stamps[i] = clock;
            return 1;
        }
        if (level->stamps[i] < level->stamps[victim])
            victim = i;
    }
    level->tags[victim] = page;
    level->stamps[victim] = clock;
    return 0;
}

static double run_bare(const uint64_t *pages, uint64_t count, uint64_t *hits)
{
    struct bare_level l1 = bare_level(64, 4), l2 = bare_level(1536, 12);
    uint64_t hit = 0;
    double start = cpu_seconds();
    for (uint64_t i = 0; i < count; i++) {
        if (bare_lookup(&l1, pages[i], i + 1))
            hit++;
        else
            bare_lookup(&l2, pages[i], i + 1);
    }
    double seconds = cpu_seconds() - start;
    *hits = hit;
    free(l1.tags), free(l1.stamps), free(l2.tags), free(l2.stamps);
    return seconds;
}

static uint64_t *draw_pages(const struct stream_config *config)
{
    char error[256];
    struct stream *stream = stream_open(config, error, sizeof error);
    uint64_t *pages = malloc(config->accesses * sizeof *pages);
    struct stream_access block[256];
    uint64_t drawn = 0;
    if (!stream || !pages)
        fail("a stream cannot be made");
    for (long count; (count = stream->next(stream, block, 256)) > 0;)
        for (long i = 0; i < count; i++)
            pages[drawn++] = block[i].va / PAGE;
    stream->close(stream);
    return pages;
}

/* ---- the machine -------------------------------------------------------------------------------- */

struct bench_machine {
    struct machine *machine;
    struct frame_allocator allocator;
    struct setup_environment setup;
    struct address_context context;
    void *state;
};

static void map_region(struct bench_machine *bench, const struct pagetable_class *table, uint64_t bytes)
{
    struct environment environment = setup_environment(&bench->setup);
    for (uint64_t i = 0; i < bytes; i += PAGE) {
        struct frame frame = {.attributes = FRAME_READABLE | FRAME_WRITABLE | FRAME_USER, .size_lg2 = 12};
        if (!frame_allocate(&bench->allocator, 12, &frame.base) ||
            table->map(bench->state, &environment, BASE + i, &frame) != PAGETABLE_OK)
            fail("the region cannot be mapped");
    }
}

static void open_machine(struct bench_machine *bench, unsigned cores, uint64_t bytes)
{
    char error[256];
    struct mmu_config config;
    const struct pagetable_class *table = pagetable_class_find("radix");
    mmu_config_defaults(&config);
    config.cores = cores;
    config.window = 64;
    bench->machine = machine_create(&config, error, sizeof error);
    bench->state = calloc(1, table->state_bytes);
    if (!bench->machine || !bench->state)
        fail(error);
    frame_allocator_init(&bench->allocator, config.memory_bytes, MIB);
    bench->setup = (struct setup_environment){bench->machine, &bench->allocator};
    struct environment environment = setup_environment(&bench->setup);
    struct pagetable_config table_config = {.format = walk_format_find("vmsa-4k-48"), .asid = 1};
    if (table->create(bench->state, &environment, &table_config) != PAGETABLE_OK)
        fail("the page table cannot be made");
    map_region(bench, table, bytes);
    bench->context = (struct address_context){
        .regime = {.format = table_config.format, .root = table->root(bench->state), .physical_size_lg2 = 48},
        .space = 1,
        .asid = 1};
}

static void close_machine(struct bench_machine *bench)
{
    machine_destroy(bench->machine);
    frame_allocator_destroy(&bench->allocator);
    free(bench->state);
}

/* Each core switches to the address space, runs its stream, and ends. */
static double run_machine(struct bench_machine *bench, const struct stream_config *config, unsigned cores)
{
    char error[256];
    struct stream *streams[MMU_CORES_MAX];
    unsigned stage[MMU_CORES_MAX] = {0}, core;
    enum machine_status status;
    for (unsigned i = 0; i < cores; i++) {
        struct stream_config own = *config;
        own.seed = config->seed + i;
        streams[i] = stream_open(&own, error, sizeof error);
        if (!streams[i])
            fail(error);
        machine_add_program(bench->machine, i);
    }
    double start = cpu_seconds();
    while ((status = machine_advance(bench->machine, &core)) == MACHINE_PROGRAM) {
        struct core_operation switches = {.kind = CORE_SWITCH, .context = &bench->context};
        struct core_operation runs = {.kind = CORE_STREAM,
                                      .stream = streams[core],
                                      .data_mode = DATA_NONE,
                                      .privilege = PRIVILEGE_USER};
        if (stage[core]++ < 2)
            machine_post(bench->machine, core, stage[core] == 1 ? &switches : &runs);
        else
            machine_end_program(bench->machine, core);
    }
    double seconds = cpu_seconds() - start;
    if (status != MACHINE_DONE)
        fail(machine_error(bench->machine));
    for (unsigned i = 0; i < cores; i++)
        streams[i]->close(streams[i]);
    return seconds;
}

static void measure(const struct workload *workload, const struct options *options)
{
    double bare[REPEATS_MAX], timed[REPEATS_MAX];
    struct stream_config config = workload->stream;
    struct bench_machine bench;
    uint64_t bare_hits = 0, hits = 0;
    config.accesses = options->accesses;
    config.seed = 1;
    uint64_t *pages = draw_pages(&config);
    for (unsigned i = 0; i < options->repeats; i++) {
        open_machine(&bench, options->cores, config.region_bytes);
        bare[i] = run_bare(pages, config.accesses, &bare_hits);
        timed[i] = run_machine(&bench, &config, options->cores);
        hits = machine_counters(bench.machine, 0)->tlb[GROUP_L1D].hits;
        close_machine(&bench);
    }
    double million = (double)config.accesses / 1e6;
    double reference = million / median(bare, options->repeats);
    double figure = million * options->cores / median(timed, options->repeats);
    printf("%-5s %10.1f %10.1f %8.3f %12" PRIu64 " %12" PRIu64 "\n", workload->name, reference, figure,
           figure / reference, bare_hits, hits);
    fflush(stdout);
    free(pages);
}

static bool wanted(const char *name, int argc, char **argv, int first)
{
    for (int i = first; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return first >= argc;
}

int main(int argc, char **argv)
{
    struct options options = {.accesses = UINT64_C(1) << 24, .repeats = 3, .cores = 1};
    int first = 1;
    for (; first + 1 < argc && strncmp(argv[first], "--", 2) == 0; first += 2) {
        uint64_t value = strtoull(argv[first + 1], NULL, 0);
        if (strcmp(argv[first], "--accesses") == 0)
            options.accesses = value;
        else if (strcmp(argv[first], "--repeats") == 0)
            options.repeats = (unsigned)value;
        else if (strcmp(argv[first], "--cores") == 0)
            options.cores = (unsigned)value;
        else
            fail("usage: mmu_bench [--accesses N] [--repeats N] [--cores N] [hot|seq|zipf|rand ...]");
    }
    if (options.accesses == 0 || options.repeats == 0 || options.repeats > REPEATS_MAX ||
        options.cores == 0 || options.cores > MMU_CORES_MAX)
        fail("--accesses from 1, --repeats from 1 to 31, --cores from 1 to 64");
    printf("%u core%s, M translations/s\n%-5s %10s %10s %8s %12s %12s\n", options.cores,
           options.cores == 1 ? "" : "s", "", "bare loop", "mmusim", "ratio", "bare hits", "hits, core 1");
    for (unsigned i = 0; i < sizeof workloads / sizeof *workloads; i++)
        if (wanted(workloads[i].name, argc, argv, first))
            measure(&workloads[i], &options);
    return 0;
}
