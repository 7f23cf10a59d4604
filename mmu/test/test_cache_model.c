/*
 * The data caches against a second model that is as plain as possible: lists of lines, one access at a time.
 * Random machines, random reads and stores of all cores; what differs in the cycles of an access or in
 * a counter is told.
 *
 * MMUSIM_SEED replays one run; MMUSIM_RUNS says how many.
 */
#include <inttypes.h>

#include "mmu/test/cache_rig.h"

#define RUNS       200u
#define STEPS      120u
#define LINES      48u
#define CORES      4u
#define WAYS_MAX   4u
#define SETS_MAX   32u
#define TIME_APART 4000u /* between two accesses: nothing is under way */

/* A set: its lines, the most recently used first. */
struct model_set {
    unsigned count;
    struct {
        uint64_t line;
        bool owned, dirty;
    } lines[WAYS_MAX];
};

struct model_cache {
    struct model_set sets[SETS_MAX * MMU_CACHES_MAX];
    unsigned set_count, ways;
};

struct model {
    const struct mmu_config *config;
    struct model_cache caches[MMU_CACHES_MAX][CORES];
    struct cache_counters counters[CORES][MMU_CACHES_MAX];
    uint64_t fills[CORES], upgrades[CORES], writebacks[CORES], supplied[CORES];
};

static struct model_cache *cache_at(struct model *model, unsigned level, unsigned core)
{
    return &model->caches[level][model->config->caches[level].shared ? 0 : core];
}

static struct model_set *set_of(struct model_cache *cache, uint64_t line)
{
    return &cache->sets[line % cache->set_count];
}

/* The place of a line in its set; -1 if it is not there. */
static int find(const struct model_set *set, uint64_t line)
{
    for (unsigned i = 0; i < set->count; i++)
        if (set->lines[i].line == line)
            return (int)i;
    return -1;
}

static void use(struct model_set *set, int place)
{
    for (; place > 0; place--) {
        struct model_set copy = *set;
        set->lines[place] = copy.lines[place - 1];
        set->lines[place - 1] = copy.lines[place];
    }
}

/* True if it was dirty. */
static bool take_out(struct model_set *set, int place)
{
    bool dirty = set->lines[place].dirty;
    for (set->count--; (unsigned)place < set->count; place++)
        set->lines[place] = set->lines[place + 1];
    return dirty;
}

static unsigned first_shared(const struct model *model)
{
    unsigned level = 0;
    while (level < model->config->cache_count && !model->config->caches[level].shared)
        level++;
    return level;
}

/* Every cache of this level that stands in front of `core`'s cache of level `behind`. */
static bool drop_in_front(struct model *model, unsigned core, unsigned behind, uint64_t line)
{
    bool dirty = false;
    for (unsigned level = 0; level < behind; level++) {
        bool shared = model->config->caches[level].shared;
        for (unsigned i = 0; i < (shared ? 1 : model->config->cores); i++) {
            unsigned owner = shared ? core : i;
            struct model_set *set = set_of(cache_at(model, level, owner), line);
            int place = find(set, line);
            if (place < 0 || (!model->config->caches[behind].shared && owner != core))
                continue;
            dirty |= take_out(set, place);
            model->counters[owner][level].dropped++;
        }
    }
    return dirty;
}

static void write_back(struct model *model, unsigned core, unsigned level, uint64_t line)
{
    model->counters[core][level].writebacks++;
    if (level + 1 == model->config->cache_count) {
        model->writebacks[core]++;
        return;
    }
    struct model_set *set = set_of(cache_at(model, level + 1, core), line);
    int place = find(set, line);
    assert_true(place >= 0);
    set->lines[place].dirty = true;
}

static void put(struct model *model, unsigned core, unsigned level, uint64_t line)
{
    struct model_cache *cache = cache_at(model, level, core);
    struct model_set *set = set_of(cache, line);
    model->counters[core][level].fills++;
    if (set->count == cache->ways) {
        uint64_t victim = set->lines[set->count - 1].line;
        bool dirty = take_out(set, (int)set->count - 1);
        model->counters[core][level].evictions++;
        dirty |= drop_in_front(model, core, level, victim);
        if (dirty)
            write_back(model, core, level, victim);
    }
    set->lines[set->count].line = line;
    set->lines[set->count].owned = set->lines[set->count].dirty = false;
    use(set, (int)set->count++);
}

/* The other cores lose the line, or no longer own it. True if one owned it. */
static bool snoop(struct model *model, unsigned core, uint64_t line, bool store)
{
    bool owned = false;
    for (unsigned other = 0; other < model->config->cores; other++)
        for (unsigned level = 0; other != core && level < first_shared(model); level++) {
            struct model_set *set = set_of(cache_at(model, level, other), line);
            int place = find(set, line);
            if (place < 0 || (!store && !set->lines[place].owned))
                continue;
            owned |= set->lines[place].owned;
            model->counters[other][level].snooped++;
            model->counters[other][level].dropped += store;
            if (store)
                take_out(set, place);
            else
                set->lines[place].owned = set->lines[place].dirty = false;
        }
    model->supplied[core] += owned;
    return owned;
}

static uint64_t supply_cycles(const struct model *model)
{
    uint64_t cycles = 0;
    for (unsigned level = 0; level < first_shared(model); level++)
        cycles += model->config->caches[level].latency_cycles;
    return cycles;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* On the bus: from memory, from a core that owns the line, or no data at all. */
static uint64_t fetch(struct model *model, unsigned core, uint64_t line, bool store, bool there)
{
    const struct mmu_config *config = model->config;
    bool meet = first_shared(model) == config->cache_count;
    uint64_t beats = most(config->cache_line_bytes / config->bus_width_bytes, 1);
    if (there) {
        model->upgrades[core]++;
        snoop(model, core, line, store);
        return config->bus_occupancy_cycles;
    }
    bool supplied = meet && snoop(model, core, line, store);
    model->fills[core]++;
    return most(supplied ? supply_cycles(model) : config->memory_latency_cycles,
                (beats - 1) * config->bus_occupancy_cycles);
}

/* Up to the level that serves it, or past the last one; `there`: the level looked up last has a copy. */
static unsigned look_up(struct model *model, unsigned core, uint64_t line, bool needs_owner, bool *there,
                        uint64_t *cycles)
{
    const struct mmu_config *config = model->config;
    unsigned level = 0;
    for (; level < config->cache_count; level++) {
        struct model_set *set = set_of(cache_at(model, level, core), line);
        struct cache_counters *counters = &model->counters[core][level];
        int place = find(set, line);
        *there = place >= 0;
        *cycles += config->caches[level].latency_cycles;
        counters->lookups++;
        counters->hits += *there;
        counters->misses += !*there;
        if (*there)
            use(set, place);
        if (*there && (level >= first_shared(model) || !needs_owner || set->lines[0].owned))
            return level;
        counters->upgrades += *there;
    }
    return level;
}

static void fill(struct model *model, unsigned core, uint64_t line, unsigned behind, bool owned)
{
    for (unsigned level = behind; level-- > 0;) {
        struct model_set *set = set_of(cache_at(model, level, core), line);
        if (find(set, line) < 0)
            put(model, core, level, line);
        set->lines[find(set, line)].owned |= owned && level < first_shared(model);
    }
}

/* Cycles of an access to one line. */
static uint64_t access_line(struct model *model, unsigned core, uint64_t line, bool store)
{
    unsigned meet = first_shared(model), count = (unsigned)model->config->cache_count;
    bool needs_owner = store && model->config->cores > 1, there = false;
    uint64_t cycles = 0;
    unsigned served = look_up(model, core, line, needs_owner, &there, &cycles);
    if (served == count)
        cycles += fetch(model, core, line, needs_owner, there);
    if (meet < count && served >= meet && snoop(model, core, line, store)) {
        assert_int_equal(served, meet); /* else nobody has it, by inclusion */
        cycles += supply_cycles(model);
        if (!store)
            set_of(cache_at(model, meet, core), line)->lines[0].dirty = true;
    }
    fill(model, core, line, served, needs_owner);
    struct model_set *first = set_of(cache_at(model, 0, core), line);
    first->lines[find(first, line)].dirty |= store;
    return cycles;
}

/* ---- the comparison ------------------------------------------------------------------------------ */

static void draw_machine(uint64_t *random, struct rig *rig)
{
    static const uint64_t latencies[] = {1, 3, 9, 20};
    cache_rig_defaults(rig, 1 + (unsigned)draw_below(random, CORES));
    rig->config.memory_latency_cycles = 1 + draw_below(random, 100);
    rig->config.bus_occupancy_cycles = 1 + draw_below(random, 9);
    rig->config.bus_width_bytes = UINT64_C(8) << draw_below(random, 4);
    rig->config.cache_line_bytes = UINT64_C(16) << draw_below(random, 4);
    unsigned levels = 1 + (unsigned)draw_below(random, MMU_CACHES_MAX);
    bool shared = false;
    for (unsigned level = 0; level < levels; level++) {
        uint64_t ways = 1 + draw_below(random, WAYS_MAX), sets = 1 + draw_below(random, 8);
        shared = shared || (level > 0 && draw_below(random, 2));
        cache_rig_level(rig, ways * sets * (level + 1), ways, latencies[draw_below(random, 4)])->shared =
            shared;
    }
}

static void init_model(struct model *model, const struct mmu_config *config)
{
    memset(model, 0, sizeof *model);
    model->config = config;
    for (unsigned level = 0; level < config->cache_count; level++)
        for (unsigned core = 0; core < CORES; core++) {
            struct model_cache *cache = &model->caches[level][core];
            cache->ways = (unsigned)config->caches[level].ways;
            cache->set_count =
                (unsigned)(config->caches[level].size_bytes / config->cache_line_bytes) / cache->ways;
        }
}

static void compare_counters(uint64_t seed, const struct rig *rig, const struct model *model)
{
    for (unsigned core = 0; core < rig->config.cores; core++) {
        const struct core_counters *counters = machine_counters(rig->fixture.machine, core);
        for (unsigned level = 0; level < rig->config.cache_count; level++)
            if (memcmp(&counters->caches[level], &model->counters[core][level],
                       sizeof(struct cache_counters)) != 0)
                fail_msg("MMUSIM_SEED=%" PRIu64 ": the counters of level %u, core %u differ", seed, level + 1,
                         core);
        if (counters->transactions.fills != model->fills[core] ||
            counters->transactions.upgrades != model->upgrades[core] ||
            counters->transactions.writebacks != model->writebacks[core] ||
            counters->transactions.supplied != model->supplied[core])
            fail_msg("MMUSIM_SEED=%" PRIu64 ": the transactions of core %u differ", seed, core);
    }
}

struct plan {
    struct timed lists[CORES][2 * STEPS + 2];
    struct timed *steps[STEPS]; /* in the order of time */
    unsigned cores[STEPS];
    uint64_t expected[STEPS];
};

/* Each access after a wait of its core; what the model says that the last one took is taken off the wait. */
static void draw_plan(uint64_t *random, const struct rig *rig, struct model *model, struct plan *plan)
{
    struct timed *next[CORES];
    uint64_t ended[CORES] = {0};
    for (unsigned core = 0; core < CORES; core++)
        next[core] = plan->lists[core];
    for (unsigned i = 0; i < STEPS; i++) {
        unsigned core = (unsigned)draw_below(random, rig->config.cores);
        uint64_t line = rig->fixture.scratch / rig->config.cache_line_bytes + draw_below(random, LINES);
        uint64_t pa = line * rig->config.cache_line_bytes, begin = (uint64_t)(i + 1) * TIME_APART;
        bool store = draw_below(random, 3) == 0;
        *next[core]++ = timed_wait(begin - ended[core]);
        plan->steps[i] = next[core]++;
        *plan->steps[i] = store ? timed_exchange(pa, UINT64_MAX, 0) : timed_read(pa);
        plan->cores[i] = core;
        plan->expected[i] = access_line(model, core, line, store);
        ended[core] = begin + plan->expected[i];
    }
    for (unsigned core = 0; core < CORES; core++)
        *next[core] = timed_end();
}

static void compare_run(uint64_t seed)
{
    static struct plan plan;
    static struct model model;
    struct timed *const lists[CORES] = {plan.lists[0], plan.lists[1], plan.lists[2], plan.lists[3]};
    struct rig rig;
    uint64_t random = seed;
    draw_machine(&random, &rig);
    rig_open(&rig);
    init_model(&model, &rig.config);
    draw_plan(&random, &rig, &model, &plan);
    cache_rig_play(&rig, lists);
    for (unsigned i = 0; i < STEPS; i++)
        if (plan.steps[i]->cycles != plan.expected[i])
            fail_msg("MMUSIM_SEED=%" PRIu64 ": access %u, core %u: %" PRIu64
                     " cycles; the model says %" PRIu64,
                     seed, i, plan.cores[i], plan.steps[i]->cycles, plan.expected[i]);
    compare_counters(seed, &rig, &model);
    rig_close(&rig);
}

static void caches_equal_a_plain_model(void **state)
{
    const char *replay = getenv("MMUSIM_SEED"), *wanted = getenv("MMUSIM_RUNS");
    uint64_t first = replay ? strtoull(replay, NULL, 0) : 1;
    uint64_t runs = replay ? 1 : wanted ? strtoull(wanted, NULL, 0) : RUNS;
    (void)state;
    print_message("%" PRIu64 " runs from MMUSIM_SEED=%" PRIu64 "\n", runs, first);
    for (uint64_t seed = first; seed < first + runs; seed++)
        compare_run(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(caches_equal_a_plain_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
