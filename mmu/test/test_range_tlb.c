/*
 * The range TLB: what it costs and saves, by hand and in closed form; what is filled, replaced, dropped and
 * told.
 */
#include "mmu/test/range_format.h"
#include "mmu/test/rig.h"

#define RANGES  UINT64_C(0x1000000) /* where the descriptors stand */
#define VA      UINT64_C(0x7000000000)
#define PA      UINT64_C(0x2000000)
#define PAGES   1024u
#define BYTES   (PAGES * FIXTURE_PAGE)
#define L1      3u
#define L2      11u
#define LATENCY 5u
#define WALK    (3 * 2 + 37u) /* four lines asked for at once: the last one's grant, and its data */

static void configure(struct rig *rig)
{
    rig_defaults(rig);
    rig->config.memory_latency_cycles = 37;
    rig->config.bus_occupancy_cycles = 2;
    set_geometry(&rig->config.tlbs[TLB_L1D], 4, 4, L1);
    set_geometry(&rig->config.tlbs[TLB_L2], 16, 4, L2);
    rig->config.range_tlb_entries = 4;
    rig->config.range_tlb_latency_cycles = LATENCY;
}

static void put(struct rig *rig, unsigned number, const struct range_descriptor *range)
{
    for (unsigned word = 0; word < 4; word++)
        assert_true(machine_poke(rig->fixture.machine, RANGES + 32 * number + 8 * word,
                                 range_descriptor_word(range, word)));
}

static void put_pages(struct rig *rig, unsigned number, uint64_t va, uint64_t bytes, uint32_t attributes)
{
    put(rig, number,
        &(struct range_descriptor){va, bytes, PA + (va - VA), attributes | FRAME_READABLE | FRAME_USER, 12});
}

/* With one range of BYTES. */
static void begin(struct rig *rig)
{
    rig_open(rig);
    for (unsigned i = 0; i < 2; i++) {
        rig->fixture.contexts[i].regime.format = &range_format;
        rig->fixture.contexts[i].regime.root = RANGES;
    }
    put_pages(rig, 0, VA, BYTES, FRAME_WRITABLE);
    rig_begin(rig);
}

static const struct core_counters *counters(const struct rig *rig)
{
    return machine_counters(rig->fixture.machine, 0);
}

static const struct array_counters *ranges(const struct rig *rig)
{
    return &counters(rig)->arrays[rig->config.tlb_count];
}

static uint64_t load_cycles(struct rig *rig, uint64_t va)
{
    struct core_operation load = op_access(ACCESS_LOAD, DATA_NONE, va);
    return rig_cycles(rig, &load);
}

static void finish(struct rig *rig)
{
    const struct array_counters *array = ranges(rig);
    uint64_t left = 0;
    rig_end(rig);
    for (unsigned i = 0; rig_event(rig, EVENT_TLB_ENTRY, 0, i); i++) {
        const struct event_tlb_entry *entry = &rig_event(rig, EVENT_TLB_ENTRY, 0, i)->as.tlb_entry;
        left += entry->holds == HOLDS_RANGE && entry->end == ENTRY_END_RUN;
    }
    assert_int_equal(array->fills, array->refilled + array->evictions + array->dropped + left);
    rig_close(rig);
}

/* ---- what it costs and saves ----------------------------------------------------------------------- */

static void a_range_answers_when_level_2_has_missed(void **state)
{
    struct rig rig;
    (void)state;
    configure(&rig);
    begin(&rig);
    assert_int_equal(load_cycles(&rig, VA), L1 + L2 + WALK);
    assert_int_equal(load_cycles(&rig, VA + FIXTURE_PAGE), L1 + L2);
    assert_int_equal(load_cycles(&rig, VA + FIXTURE_PAGE), L1); /* the first level was filled */
    for (unsigned i = 2; i < 7; i++)
        assert_int_equal(load_cycles(&rig, VA + i * FIXTURE_PAGE), L1 + L2);
    assert_int_equal(load_cycles(&rig, VA), L1 + L2);                /* hits level 2, which walks fill */
    assert_int_equal(load_cycles(&rig, VA + FIXTURE_PAGE), L1 + L2); /* the range again: it does not */
    assert_int_equal(counters(&rig)->walker.walks, 1);
    assert_int_equal(counters(&rig)->misses.range_hits, 7);
    assert_int_equal(counters(&rig)->misses.hits[1], 1);
    assert_int_equal(ranges(&rig)->lookups, 8);
    assert_int_equal(ranges(&rig)->hits, 7);
    finish(&rig);
}

static void behind_a_single_level_it_costs_its_latency(void **state)
{
    struct rig rig;
    (void)state;
    configure(&rig);
    assert_true(mmu_member_remove(&rig.config, MMU_FAMILY_TLB, "l2"));
    begin(&rig);
    assert_int_equal(load_cycles(&rig, VA), L1 + LATENCY + WALK);
    assert_int_equal(load_cycles(&rig, VA + FIXTURE_PAGE), L1 + LATENCY);
    assert_int_equal(load_cycles(&rig, VA + FIXTURE_PAGE), L1);
    finish(&rig);
}

static void without_one_every_page_is_walked(void **state)
{
    struct rig rig;
    struct mmu_counter counter;
    (void)state;
    configure(&rig);
    rig.config.range_tlb_entries = 0;
    begin(&rig);
    for (unsigned i = 0; i < 7; i++)
        assert_int_equal(load_cycles(&rig, VA + i * FIXTURE_PAGE), L1 + L2 + WALK);
    assert_false(mmu_counter_find(&rig.config, "range_tlb.hits", &counter));
    rig.config.range_tlb_entries = 1;
    assert_true(mmu_counter_find(&rig.config, "range_tlb.hits", &counter));
    assert_true(mmu_counter_find(&rig.config, "misses.range_hits", &counter));
    rig_end(&rig);
    rig_close(&rig);
}

/* One range has everything: there is one walk, however large the memory and whatever the TLBs. */
static void one_range_of_everything_is_walked_once(void **state)
{
    (void)state;
    for (unsigned entries = 1; entries <= 64; entries *= 4) {
        struct rig rig;
        char error[128];
        configure(&rig);
        set_geometry(&rig.config.tlbs[TLB_L1D], entries, entries, 1);
        begin(&rig);
        struct stream_config config = {.pattern = STREAM_UNIFORM,
                                       .base = VA,
                                       .region_bytes = BYTES,
                                       .accesses = 20000,
                                       .seed = entries,
                                       .kind = ACCESS_LOAD};
        struct stream *stream = stream_open(&config, error, sizeof error);
        assert_non_null(stream);
        struct core_operation run = {
            .kind = CORE_STREAM, .data_mode = DATA_NONE, .stream = stream, .window = 1};
        assert_int_equal(rig_do(&rig, &run)->fault, FAULT_NONE);
        const struct core_counters *c = counters(&rig);
        const struct tlb_counters *first = &c->tlb[GROUP_L1D];
        assert_int_equal(c->walker.walks, 1);
        assert_int_equal(first->misses, 1 + c->misses.hits[1] + c->misses.range_hits + c->misses.merged);
        assert_int_equal(first->lookups, 20000);
        /* of a fully associative level of E pages out of N, uniformly, a share of E / N hits: 10 sigma */
        double share = (double)entries / PAGES, hits = 20000 * share;
        assert_true((double)first->hits < hits + 10 * (1 + hits / 100 + 20));
        stream->close(stream);
        finish(&rig);
    }
}

/* ---- what is filled ---------------------------------------------------------------------------------- */

static void pages_have_what_the_range_has(void **state)
{
    struct rig rig;
    (void)state;
    configure(&rig);
    begin(&rig);
    put_pages(&rig, 1, VA + BYTES, BYTES, 0);
    (void)load_cycles(&rig, VA);
    (void)load_cycles(&rig, VA + BYTES + 8);
    struct core_operation store = op_access(ACCESS_STORE, DATA_NONE, VA + 5 * FIXTURE_PAGE + 16);
    struct core_operation refused = op_access(ACCESS_STORE, DATA_NONE, VA + BYTES + 3 * FIXTURE_PAGE);
    assert_int_equal(rig_do(&rig, &store)->pa, PA + 5 * FIXTURE_PAGE + 16);
    assert_int_equal(rig_do(&rig, &refused)->fault, FAULT_PERMISSION);
    assert_int_equal(counters(&rig)->walker.walks, 2);
    assert_int_equal(counters(&rig)->misses.range_hits, 2);
    finish(&rig);
}

/* The page of a hit is of the size that walks find in the range, where one lies within it. */
static void pages_are_as_large_as_those_of_walks(void **state)
{
    struct rig rig;
    const uint64_t large = UINT64_C(1) << 21, va = VA + large / 2;
    (void)state;
    configure(&rig);
    begin(&rig);
    put(&rig, 0, &(struct range_descriptor){va, 3 * large, PA + large / 2, FRAME_READABLE | FRAME_USER, 21});
    (void)load_cycles(&rig, VA + large);
    (void)load_cycles(&rig, VA + 2 * large + 8);
    (void)load_cycles(&rig, va + 8);                  /* before the first whole one */
    (void)load_cycles(&rig, VA + 3 * large + 8);      /* behind the last */
    (void)load_cycles(&rig, VA + 3 * large + 0x2008); /* and no more of it was filled */
    assert_int_equal(counters(&rig)->misses.range_hits, 4);
    rig_settle(&rig);
    rig_end(&rig);
    const unsigned sizes[] = {21, 21, 12, 12, 12};
    const uint64_t offsets[] = {large, 2 * large + 8, large / 2 + 8, 3 * large + 8, 3 * large + 0x2008};
    for (unsigned i = 0; i < 5; i++) {
        const struct event_translation *told = &rig_event(&rig, EVENT_TRANSLATION, 0, i)->as.translation;
        assert_int_equal(told->page_size_lg2, sizes[i]);
        assert_int_equal(told->pa, PA + offsets[i]);
        assert_int_equal(told->outcome, i ? OUTCOME_RANGE_HIT : OUTCOME_WALK);
    }
    rig_close(&rig);
}

static void the_least_recently_used_range_makes_room(void **state)
{
    struct rig rig;
    (void)state;
    configure(&rig);
    rig.config.range_tlb_entries = 2;
    begin(&rig);
    for (unsigned i = 0; i < 3; i++)
        put_pages(&rig, i, VA + i * BYTES, BYTES, 0);
    (void)load_cycles(&rig, VA);
    (void)load_cycles(&rig, VA + BYTES);
    (void)load_cycles(&rig, VA + FIXTURE_PAGE); /* uses the first */
    (void)load_cycles(&rig, VA + 2 * BYTES);    /* in place of the second */
    assert_int_equal(ranges(&rig)->evictions, 1);
    assert_int_equal(counters(&rig)->walker.walks, 3);
    (void)load_cycles(&rig, VA + 2 * FIXTURE_PAGE);
    (void)load_cycles(&rig, VA + 2 * BYTES + FIXTURE_PAGE);
    assert_int_equal(counters(&rig)->walker.walks, 3);
    (void)load_cycles(&rig, VA + BYTES + FIXTURE_PAGE);
    assert_int_equal(counters(&rig)->walker.walks, 4);
    finish(&rig);
}

/* The table has grown a range meanwhile, without an invalidation: adding needs none. */
static void a_range_takes_the_place_of_those_that_it_overlaps(void **state)
{
    struct rig rig;
    (void)state;
    configure(&rig);
    begin(&rig);
    put_pages(&rig, 0, VA, FIXTURE_PAGE, 0);
    put_pages(&rig, 1, VA + 2 * FIXTURE_PAGE, FIXTURE_PAGE, 0);
    (void)load_cycles(&rig, VA);
    (void)load_cycles(&rig, VA + 2 * FIXTURE_PAGE);
    put_pages(&rig, 0, VA, BYTES, 0);
    (void)load_cycles(&rig, VA + FIXTURE_PAGE);
    assert_int_equal(ranges(&rig)->refilled, 2);
    (void)load_cycles(&rig, VA + 3 * FIXTURE_PAGE);
    assert_int_equal(counters(&rig)->walker.walks, 3);
    finish(&rig);
}

static void ranges_belong_to_their_address_space_unless_they_are_global(void **state)
{
    (void)state;
    for (unsigned global = 0; global < 2; global++) {
        struct rig rig;
        configure(&rig);
        begin(&rig);
        put_pages(&rig, 0, VA, BYTES, global ? FRAME_GLOBAL : 0);
        (void)load_cycles(&rig, VA);
        struct core_operation other = {.kind = CORE_SWITCH, .context = &rig.fixture.contexts[1]};
        rig_do(&rig, &other);
        (void)load_cycles(&rig, VA + FIXTURE_PAGE);
        assert_int_equal(counters(&rig)->walker.walks, global ? 1 : 2);
        finish(&rig);
    }
}

/* ---- what is dropped ----------------------------------------------------------------------------------- */

static bool is_dropped_by(const struct invalidation *what)
{
    struct rig rig;
    configure(&rig);
    begin(&rig);
    (void)load_cycles(&rig, VA);
    struct core_operation invalidate = {.kind = CORE_INVALIDATE, .invalidation = *what};
    rig_do(&rig, &invalidate);
    rig_settle(&rig);
    (void)load_cycles(&rig, VA + 9 * FIXTURE_PAGE);
    bool dropped = counters(&rig)->walker.walks == 2;
    assert_int_equal(ranges(&rig)->dropped, dropped);
    finish(&rig);
    return dropped;
}

static void an_invalidation_drops_every_range_that_it_overlaps(void **state)
{
    (void)state;
    const uint64_t last = VA + BYTES - 1;
    assert_true(is_dropped_by(&(struct invalidation){.va = VA, .asid = 1}));
    assert_true(is_dropped_by(&(struct invalidation){.va = last, .asid = 1}));
    assert_true(
        is_dropped_by(&(struct invalidation){.va = VA + BYTES / 2, .scope = INVALIDATE_VA_ALL_ASIDS}));
    assert_true(is_dropped_by(&(struct invalidation){.va = VA - 64, .size_bytes = 65, .asid = 1}));
    assert_true(is_dropped_by(&(struct invalidation){.va = last, .size_bytes = BYTES, .asid = 1}));
    assert_true(is_dropped_by(&(struct invalidation){.scope = INVALIDATE_ASID, .asid = 1}));
    assert_true(is_dropped_by(&(struct invalidation){.scope = INVALIDATE_ALL}));
    assert_true(is_dropped_by(&(struct invalidation){.scope = INVALIDATE_VMID}));
}

static void and_no_other(void **state)
{
    (void)state;
    assert_false(is_dropped_by(&(struct invalidation){.va = VA - 1, .asid = 1}));
    assert_false(is_dropped_by(&(struct invalidation){.va = VA + BYTES, .asid = 1}));
    assert_false(is_dropped_by(&(struct invalidation){.va = VA - 64, .size_bytes = 64, .asid = 1}));
    assert_false(is_dropped_by(&(struct invalidation){.va = VA, .asid = 2}));
    assert_false(is_dropped_by(&(struct invalidation){.va = VA, .asid = 1, .vmid = 3}));
    assert_false(is_dropped_by(&(struct invalidation){.scope = INVALIDATE_ASID, .asid = 2}));
    assert_false(is_dropped_by(&(struct invalidation){.va = VA, .scope = INVALIDATE_IPA}));
}

/* Core 1 invalidates another page of the range while core 0's walk is under way. */
static unsigned walks_after_race(void)
{
    struct rig rig;
    configure(&rig);
    rig.config.cores = 2;
    rig_open(&rig);
    rig.fixture.contexts[0].regime.format = &range_format;
    rig.fixture.contexts[0].regime.root = RANGES;
    put_pages(&rig, 0, VA, BYTES, 0);
    const struct core_operation loads[] = {op_switch(&rig), op_access(ACCESS_LOAD, DATA_NONE, VA),
                                           op_wait(1000),
                                           op_access(ACCESS_LOAD, DATA_NONE, VA + FIXTURE_PAGE), op_end()};
    const struct core_operation drops[] = {
        op_wait(rig.config.switch_cycles + L1 + L2 + 10 - rig.config.network_latency_cycles),
        op_invalidate(VA + 700 * FIXTURE_PAGE, true), op_end()};
    rig_play(&rig, (const struct core_operation *const[]){loads, drops});
    unsigned walks = (unsigned)counters(&rig)->walker.walks;
    assert_int_equal(counters(&rig)->walker.unfilled, 0); /* its page was not meant */
    rig_close(&rig);
    return walks;
}

static void a_walk_that_an_invalidation_of_the_range_has_caught_fills_no_range(void **state)
{
    (void)state;
    assert_int_equal(walks_after_race(), 2);
}

/* ---- what is told ----------------------------------------------------------------------------------------
 */

static void a_range_has_a_life_that_says_how_long_it_is(void **state)
{
    struct rig rig;
    (void)state;
    configure(&rig);
    begin(&rig);
    put_pages(&rig, 0, VA, 7 * FIXTURE_PAGE, FRAME_WRITABLE);
    (void)load_cycles(&rig, VA + FIXTURE_PAGE);
    uint64_t filled = machine_now(rig.fixture.machine, 0);
    (void)load_cycles(&rig, VA + 2 * FIXTURE_PAGE);
    (void)load_cycles(&rig, VA + 3 * FIXTURE_PAGE);
    uint64_t hit = machine_now(rig.fixture.machine, 0);
    struct core_operation invalidate = op_invalidate(VA, false);
    rig_do(&rig, &invalidate);
    rig_settle(&rig);
    rig_end(&rig);
    struct event_tlb_entry life = {.id = 0};
    for (unsigned i = 0; rig_event(&rig, EVENT_TLB_ENTRY, 0, i); i++) {
        const struct event_tlb_entry *entry = &rig_event(&rig, EVENT_TLB_ENTRY, 0, i)->as.tlb_entry;
        life = entry->holds == HOLDS_RANGE ? *entry : life;
        assert_true(entry->holds == HOLDS_RANGE || entry->bytes == 0);
    }
    assert_int_not_equal(life.id, 0);
    assert_int_equal(life.va, VA);
    assert_int_equal(life.bytes, 7 * FIXTURE_PAGE);
    assert_int_equal(life.frame.base, PA);
    assert_int_equal(life.frame.attributes, FRAME_READABLE | FRAME_WRITABLE | FRAME_USER);
    assert_int_equal(life.hits, 2);
    assert_int_equal(life.fill_cycle, filled);
    assert_int_equal(life.last_hit_cycle, hit);
    assert_int_equal(life.end, ENTRY_END_INVALIDATED);
    assert_int_equal(life.walk, rig_event(&rig, EVENT_WALK, 0, 0)->as.walk.id);
    assert_int_equal(life.tlb, rig.config.tlb_count);
    assert_int_equal(rig_event(&rig, EVENT_TRANSLATION, 0, 1)->as.translation.entry, life.id);
    rig_close(&rig);
}

static void a_range_tlb_slower_than_level_2_is_refused(void **state)
{
    struct mmu_config config;
    char error[256];
    (void)state;
    mmu_config_defaults(&config);
    config.range_tlb_latency_cycles = 8;
    assert_true(mmu_config_check(&config, error, sizeof error)); /* there is none */
    config.range_tlb_entries = 1;
    assert_false(mmu_config_check(&config, error, sizeof error));
    assert_string_equal(error,
                        "range_tlb.latency is 8 cycles and tlb.l2.latency 7; they are looked up together, "
                        "and the range TLB must not be the slower one");
    config.range_tlb_latency_cycles = 7;
    assert_true(mmu_config_check(&config, error, sizeof error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_answers_when_level_2_has_missed),
        cmocka_unit_test(behind_a_single_level_it_costs_its_latency),
        cmocka_unit_test(without_one_every_page_is_walked),
        cmocka_unit_test(one_range_of_everything_is_walked_once),
        cmocka_unit_test(pages_have_what_the_range_has),
        cmocka_unit_test(pages_are_as_large_as_those_of_walks),
        cmocka_unit_test(the_least_recently_used_range_makes_room),
        cmocka_unit_test(a_range_takes_the_place_of_those_that_it_overlaps),
        cmocka_unit_test(ranges_belong_to_their_address_space_unless_they_are_global),
        cmocka_unit_test(an_invalidation_drops_every_range_that_it_overlaps),
        cmocka_unit_test(and_no_other),
        cmocka_unit_test(a_walk_that_an_invalidation_of_the_range_has_caught_fills_no_range),
        cmocka_unit_test(a_range_has_a_life_that_says_how_long_it_is),
        cmocka_unit_test(a_range_tlb_slower_than_level_2_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
