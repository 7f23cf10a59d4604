/*
 * TLB prefetchers: what each predicts, in cases closed by hand; when a prefetch walks, what it leaves behind,
 * and how it is counted.
 */
#include "mmu/predictor.h"
#include "mmu/test/rig.h"
#include "pagetables/vmsa.h"

static void configure(struct rig *rig, enum prefetcher kind, unsigned degree)
{
    rig_defaults(rig);
    rig->config.prefetcher = kind;
    rig->config.prefetch_degree = degree;
}

static void begin(struct rig *rig, enum prefetcher kind, unsigned degree)
{
    configure(rig, kind, degree);
    rig_open(rig);
    rig_begin(rig);
}

static void finish(struct rig *rig)
{
    rig_end(rig);
    rig_close(rig);
}

static const struct core_counters *counters_of(const struct rig *rig)
{
    return machine_counters(rig->fixture.machine, 0);
}

static void load_by(struct rig *rig, unsigned page, uint64_t pc)
{
    struct core_operation operation = op_access(ACCESS_LOAD, DATA_NONE, fixture_va(page));
    operation.pc = pc;
    rig_do(rig, &operation);
}

/* And everything that it caused. */
static void load_slowly(struct rig *rig, unsigned page, uint64_t pc)
{
    load_by(rig, page, pc);
    rig_settle(rig);
}

static const struct event_translation *access_of(const struct rig *rig, unsigned number)
{
    return &rig_event(rig, EVENT_TRANSLATION, 0, number)->as.translation;
}

/* The `number`th walk of a prefetcher. */
static const struct mmu_event *prefetch_of(const struct rig *rig, unsigned core, unsigned number)
{
    const struct mmu_event *event;
    for (unsigned i = 0; (event = rig_event(rig, EVENT_WALK, core, i)); i++)
        if (event->as.walk.cause == CAUSE_PREFETCH && number-- == 0)
            return event;
    return NULL;
}

/* ---- what is predicted --------------------------------------------------------------------------- */

static void next_page_covers_all_of_a_sequence_but_its_first(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig, PREFETCH_NEXT_PAGE, 1);
    for (unsigned page = 0; page < 20; page++)
        load_slowly(&rig, page, 0);
    const struct core_counters *counters = counters_of(&rig);
    assert_int_equal(counters->misses.walks, 1);
    assert_int_equal(counters->misses.hits[1], 19);
    assert_int_equal(counters->prefetch.asked, 20);
    assert_int_equal(counters->prefetch.issued, 20);
    assert_int_equal(counters->prefetch.filled, 20);
    assert_int_equal(counters->prefetch.useful, 19);
    assert_int_equal(counters->prefetch.late, 0);
    assert_int_equal(counters->prefetch.useless, 0);
    assert_int_equal(counters->prefetch.dropped, 0);
    finish(&rig);
}

static void a_degree_asks_for_so_many_pages(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig, PREFETCH_NEXT_PAGE, 3);
    load_slowly(&rig, 0, 0);
    assert_int_equal(counters_of(&rig)->prefetch.issued, 3);
    load_slowly(&rig, 3, 0); /* asks for 4, 5, 6 */
    assert_int_equal(counters_of(&rig)->prefetch.issued, 6);
    load_slowly(&rig, 1, 0); /* 2 and 3 are there, 4 is */
    assert_int_equal(counters_of(&rig)->prefetch.useless, 3);
    assert_int_equal(counters_of(&rig)->misses.walks, 1);
    finish(&rig);
}

static void without_a_prefetcher_a_sequence_misses_always(void **state)
{
    struct rig rig;
    struct core_counters none = {0};
    (void)state;
    begin(&rig, PREFETCH_NONE, 8);
    for (unsigned page = 0; page < 20; page++)
        load_slowly(&rig, page, 0);
    assert_int_equal(counters_of(&rig)->misses.walks, 20);
    assert_memory_equal(&counters_of(&rig)->prefetch, &none.prefetch, sizeof none.prefetch);
    finish(&rig);
}

static void stride_covers_what_comes_after_two_equal_strides(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig, PREFETCH_STRIDE, 1);
    for (unsigned i = 0; i < 12; i++)
        load_slowly(&rig, 3 * i, 0x1000);
    assert_int_equal(counters_of(&rig)->misses.walks, 3);
    assert_int_equal(counters_of(&rig)->prefetch.useful, 9);
    finish(&rig);
}

/* Forwards by one instruction and backwards by another. */
static uint64_t walks_of_two_strides(uint64_t first_pc, uint64_t second_pc)
{
    struct rig rig;
    begin(&rig, PREFETCH_STRIDE, 1);
    for (unsigned i = 0; i < 8; i++) {
        load_slowly(&rig, 2 * i, first_pc);
        load_slowly(&rig, 47 - 3 * i, second_pc);
    }
    uint64_t walks = counters_of(&rig)->misses.walks;
    finish(&rig);
    return walks;
}

static void stride_tells_instructions_apart(void **state)
{
    (void)state;
    assert_int_equal(walks_of_two_strides(0x1000, 0x1004), 3 + 3);
}

static void stride_is_lost_where_instructions_are_unknown(void **state)
{
    (void)state;
    assert_int_equal(walks_of_two_strides(0, 0), 16);
}

static void distance_learns_what_follows_a_distance(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig, PREFETCH_DISTANCE, 1);
    for (unsigned i = 0; i < 11; i++) { /* 0 1 4 5 8 9 ...: distances 1, 3, 1, 3 */
        load_slowly(&rig, 4 * i, 0);
        load_slowly(&rig, 4 * i + 1, 0);
    }
    assert_int_equal(counters_of(&rig)->misses.walks, 4); /* 0, 1, 4, 5: then both are known */
    assert_int_equal(counters_of(&rig)->prefetch.useful, 18);
    finish(&rig);
}

/* LRU: a sweep over more pages than there are entries never hits without it. */
static uint64_t walks_of_sweeps(enum prefetcher kind, unsigned sweeps)
{
    struct rig rig;
    configure(&rig, kind, 1);
    set_geometry(&rig.config.tlbs[TLB_L1D], 1, 1, 1);
    set_geometry(&rig.config.tlbs[TLB_L2], 4, 4, 7);
    rig_open(&rig);
    rig_begin(&rig);
    for (unsigned i = 0; i < sweeps * 8; i++)
        load_slowly(&rig, 5 * (i % 8), 0);
    uint64_t walks = counters_of(&rig)->misses.walks;
    finish(&rig);
    return walks;
}

static void recency_covers_a_cyclic_sweep_from_its_second_round(void **state)
{
    (void)state;
    assert_int_equal(walks_of_sweeps(PREFETCH_NONE, 4), 32);
    assert_int_equal(walks_of_sweeps(PREFETCH_RECENCY, 4), 8 + 1);
}

static void pages_of_other_spaces_predict_nothing(void **state)
{
    uint64_t pages[PREDICTIONS_MAX];
    (void)state;
    for (unsigned kind = PREFETCH_STRIDE; kind < PREFETCHERS; kind++) {
        struct predictor *predictor = predictor_create((enum prefetcher)kind, 4096, 2);
        unsigned same = 0, other = 0;
        assert_non_null(predictor);
        for (uint64_t page = 10; page < 20; page++)
            predictor_evicted(predictor, page, 1);
        for (uint64_t page = 10; page < 20; page += 3) {
            other += predictor_miss(predictor, &(struct predictor_miss){page, 4, 2}, pages);
            same += predictor_miss(predictor, &(struct predictor_miss){page, 4, 1}, pages);
        }
        /* the two spaces' misses alternate: of distances no two follow each other */
        assert_int_equal(same > 0, kind != PREFETCH_DISTANCE);
        assert_int_equal(other > 0, kind == PREFETCH_STRIDE); /* the space's own strides */
        predictor_destroy(predictor);
    }
}

static void recency_gives_neighbours_of_both_sides(void **state)
{
    struct predictor *predictor = predictor_create(PREFETCH_RECENCY, 16, 3);
    struct predictor_miss miss = {.page = 3, .space = 1};
    uint64_t pages[PREDICTIONS_MAX];
    (void)state;
    assert_non_null(predictor);
    for (uint64_t page = 1; page <= 5; page++)
        predictor_evicted(predictor, page, 1);
    assert_int_equal(predictor_miss(predictor, &miss, pages), 3);
    assert_int_equal(pages[0], 4);
    assert_int_equal(pages[1], 2);
    assert_int_equal(pages[2], 5);
    assert_int_equal(predictor_miss(predictor, &miss, pages), 0); /* it has left the list */
    miss.page = 2;
    assert_int_equal(predictor_miss(predictor, &miss, pages), 3);
    assert_int_equal(pages[0], 4); /* whose neighbour it is now */
    predictor_destroy(predictor);
}

/* ---- when, and how long -------------------------------------------------------------------------- */

static void a_prefetch_walks_one_cycle_after_the_miss(void **state)
{
    static const struct {
        uint64_t l1, l2, memory, bus;
    } machines[] = {{1, 7, 120, 2}, {3, 11, 37, 5}, {2, 5, 97, 1}};
    (void)state;
    for (unsigned i = 0; i < sizeof machines / sizeof *machines; i++) {
        struct rig rig;
        configure(&rig, PREFETCH_NEXT_PAGE, 1);
        rig.config.tlbs[TLB_L1D].latency_cycles = machines[i].l1;
        rig.config.tlbs[TLB_L2].latency_cycles = machines[i].l2;
        rig.config.memory_latency_cycles = machines[i].memory;
        rig.config.bus_occupancy_cycles = machines[i].bus;
        rig_open(&rig);
        rig_begin(&rig);
        load_slowly(&rig, 1, 0);
        rig_end(&rig);
        const struct mmu_event *walk = prefetch_of(&rig, 0, 0);
        uint64_t missed = access_of(&rig, 0)->issue_cycle + machines[i].l1 + machines[i].l2;
        assert_int_equal(access_of(&rig, 0)->translated_cycle, missed + 4 * machines[i].memory);
        assert_int_equal(walk->as.walk.request_cycle, missed + 1);
        assert_int_equal(walk->as.walk.start_cycle, missed + 1);
        assert_int_equal(walk->as.walk.va, fixture_va(2));
        assert_int_equal(walk->as.walk.waiters, 0);
        assert_int_equal(walk->as.walk.steps, 4);
        assert_true(walk->as.walk.filled);
        /* its first fetch is granted behind the access's, and all others follow at the same distance */
        uint64_t behind = machines[i].bus > 1 ? machines[i].bus : 1;
        assert_int_equal(walk->cycle, missed + behind + 4 * machines[i].memory);
        rig_close(&rig);
    }
}

static void an_access_that_comes_early_waits_for_the_prefetch(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig, PREFETCH_NEXT_PAGE, 1);
    load_by(&rig, 1, 0); /* the prefetch ends two cycles later */
    load_by(&rig, 2, 0);
    rig_settle(&rig);
    const struct core_counters *counters = counters_of(&rig);
    assert_int_equal(counters->misses.walks, 1);
    assert_int_equal(counters->misses.merged, 1);
    assert_int_equal(counters->prefetch.late, 1);
    assert_int_equal(counters->prefetch.useful, 1);
    assert_int_equal(counters->prefetch.issued, 2); /* it asks for page 3, as a miss would */
    load_by(&rig, 2, 0);
    rig_end(&rig);
    const struct event_walk *walk = &prefetch_of(&rig, 0, 0)->as.walk;
    assert_int_equal(access_of(&rig, 1)->outcome, OUTCOME_MERGED);
    assert_int_equal(access_of(&rig, 1)->walk, walk->id);
    assert_int_equal(walk->waiters, 1);
    assert_int_equal(access_of(&rig, 2)->outcome, OUTCOME_L1_HIT); /* all levels were filled */
    rig_close(&rig);
}

/* With one level, first hits are those of the first level, of streams as well. */
static void a_single_level_is_the_last_one(void **state)
{
    struct rig rig;
    struct stream_config config = {.pattern = STREAM_STRIDE,
                                   .base = FIXTURE_BASE,
                                   .region_bytes = 40 * FIXTURE_PAGE,
                                   .accesses = 40 * 1024,
                                   .step_bytes = 4,
                                   .size_bytes = 4};
    char error[256];
    (void)state;
    configure(&rig, PREFETCH_NEXT_PAGE, 1);
    assert_true(mmu_member_remove(&rig.config, MMU_FAMILY_TLB, "l2"));
    rig_open(&rig);
    rig_begin(&rig);
    struct core_operation stream = {.kind = CORE_STREAM,
                                    .data_mode = DATA_NONE,
                                    .window = 1,
                                    .stream = stream_open(&config, error, sizeof error)};
    assert_non_null(stream.stream);
    rig_do(&rig, &stream);
    rig_settle(&rig);
    stream.stream->close(stream.stream);
    assert_int_equal(counters_of(&rig)->misses.walks, 1);
    assert_int_equal(counters_of(&rig)->tlb[GROUP_L1D].misses, 1);
    assert_int_equal(counters_of(&rig)->prefetch.useful, 39);
    assert_int_equal(counters_of(&rig)->prefetch.filled, 40);
    finish(&rig);
}

/* ---- what it leaves behind ----------------------------------------------------------------------- */

static void an_unmapped_neighbour_leaves_nothing(void **state)
{
    struct rig rig;
    const struct mmu_event *entry;
    (void)state;
    begin(&rig, PREFETCH_NEXT_PAGE, 1);
    load_slowly(&rig, FIXTURE_PAGES - 1, 0);
    assert_int_equal(counters_of(&rig)->prefetch.unfilled, 1);
    assert_int_equal(counters_of(&rig)->accesses.faulted, 0);
    rig_end(&rig);
    assert_int_equal(prefetch_of(&rig, 0, 0)->as.walk.fault, FAULT_TRANSLATION);
    assert_false(prefetch_of(&rig, 0, 0)->as.walk.filled);
    for (unsigned i = 0; (entry = rig_event(&rig, EVENT_TLB_ENTRY, 0, i)); i++)
        assert_int_equal(entry->as.tlb_entry.va, fixture_va(FIXTURE_PAGES - 1));
    assert_int_equal(access_of(&rig, 0)->fault, FAULT_NONE);
    rig_close(&rig);
}

/* An access that has merged may have been issued after the page was mapped: it walks for itself. */
static void who_waits_for_a_prefetch_does_not_take_its_fault(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig, PREFETCH_NEXT_PAGE, 1);
    load_by(&rig, FIXTURE_PAGES - 1, 0);
    load_by(&rig, FIXTURE_PAGES, 0);
    assert_int_equal(counters_of(&rig)->walker.restarted, 1);
    assert_int_equal(counters_of(&rig)->prefetch.late, 0);
    assert_int_equal(counters_of(&rig)->prefetch.unfilled, 1);
    rig_end(&rig);
    assert_int_equal(access_of(&rig, 1)->outcome, OUTCOME_MERGED);
    assert_int_equal(access_of(&rig, 1)->fault, FAULT_TRANSLATION);
    assert_int_equal(rig_event(&rig, EVENT_WALK, 0, 2)->as.walk.cause, CAUSE_RESTARTED);
    rig_close(&rig);
}

static void nothing_is_asked_for_beyond_the_reach(void **state)
{
    struct rig rig;
    struct frame frame = {.size_lg2 = 12, .attributes = FRAME_READABLE | FRAME_USER};
    uint64_t last = (UINT64_C(1) << 48) - FIXTURE_PAGE;
    (void)state;
    configure(&rig, PREFETCH_NEXT_PAGE, 3);
    rig_open(&rig);
    assert_true(frame_allocate(&rig.fixture.allocator, 12, &frame.base));
    rig_map(&rig, last, &frame);
    rig_begin(&rig);
    struct core_operation load = op_access(ACCESS_LOAD, DATA_NONE, last);
    rig_do(&rig, &load);
    rig_settle(&rig);
    assert_int_equal(counters_of(&rig)->misses.walks, 1);
    assert_int_equal(counters_of(&rig)->prefetch.asked, 0);
    finish(&rig);
}

static void a_prefetch_never_sets_an_access_flag(void **state)
{
    struct rig rig;
    uint64_t entry;
    (void)state;
    configure(&rig, PREFETCH_NEXT_PAGE, 1);
    rig_open(&rig);
    rig.fixture.contexts[0].regime.hardware_access = true;
    assert_true(machine_peek(rig.fixture.machine, rig.fixture.entries[2], &entry));
    assert_true(machine_poke(rig.fixture.machine, rig.fixture.entries[2], entry & ~VMSA_AF));
    rig_begin(&rig);
    load_slowly(&rig, 1, 0);
    uint64_t now;
    assert_true(machine_peek(rig.fixture.machine, rig.fixture.entries[2], &now));
    assert_int_equal(now, entry & ~VMSA_AF);
    assert_int_equal(counters_of(&rig)->prefetch.unfilled, 1);
    assert_int_equal(counters_of(&rig)->walker.updates, 0);
    load_slowly(&rig, 2, 0);
    assert_true(machine_peek(rig.fixture.machine, rig.fixture.entries[2], &now));
    assert_int_equal(now, entry);
    assert_int_equal(counters_of(&rig)->walker.updates, 1);
    rig_end(&rig);
    assert_int_equal(prefetch_of(&rig, 0, 0)->as.walk.fault, FAULT_ACCESS_FLAG);
    rig_close(&rig);
}

static void a_prefetch_that_somebody_waits_for_sets_it(void **state)
{
    struct rig rig;
    uint64_t entry, now;
    (void)state;
    configure(&rig, PREFETCH_NEXT_PAGE, 1);
    rig.config.bus_occupancy_cycles = 60; /* the prefetch is far enough behind */
    rig_open(&rig);
    rig.fixture.contexts[0].regime.hardware_access = true;
    assert_true(machine_peek(rig.fixture.machine, rig.fixture.entries[2], &entry));
    assert_true(machine_poke(rig.fixture.machine, rig.fixture.entries[2], entry & ~VMSA_AF));
    rig_begin(&rig);
    load_by(&rig, 1, 0);
    load_by(&rig, 2, 0);
    assert_int_equal(counters_of(&rig)->misses.merged, 1);
    assert_int_equal(counters_of(&rig)->walker.updates, 1);
    assert_true(machine_peek(rig.fixture.machine, rig.fixture.entries[2], &now));
    assert_int_equal(now, entry);
    finish(&rig);
}

static void without_a_free_miss_or_walker_it_is_dropped(void **state)
{
    (void)state;
    for (unsigned scarce = 0; scarce < 2; scarce++) {
        struct rig rig;
        configure(&rig, PREFETCH_NEXT_PAGE, 1);
        *(scarce ? &rig.config.walker_slots : &rig.config.misses) = 1;
        rig_open(&rig);
        rig_begin(&rig);
        load_slowly(&rig, 1, 0);
        assert_int_equal(counters_of(&rig)->prefetch.asked, 1);
        assert_int_equal(counters_of(&rig)->prefetch.dropped, 1);
        assert_int_equal(counters_of(&rig)->walker.walks, 1);
        finish(&rig);
    }
}

static void an_entry_that_leaves_without_a_hit_was_of_no_use(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig, PREFETCH_NEXT_PAGE, 1);
    load_slowly(&rig, 1, 0);
    struct core_operation invalidate = op_invalidate(fixture_va(2), false);
    rig_do(&rig, &invalidate);
    rig_settle(&rig);
    const struct core_counters *counters = counters_of(&rig);
    assert_int_equal(counters->prefetch.filled, 1);
    assert_int_equal(counters->prefetch.unused, 1);
    assert_int_equal(counters->prefetch.useful, 0);
    finish(&rig);
}

/* ---- together with others ------------------------------------------------------------------------ */

static void an_invalidation_catches_a_prefetch_and_waits_for_it(void **state)
{
    struct rig rig;
    (void)state;
    configure(&rig, PREFETCH_NEXT_PAGE, 1);
    rig.config.cores = 2;
    rig.config.bus_occupancy_cycles = 60; /* it ends 60 cycles after the walk of page 1 */
    rig_open(&rig);
    const struct core_operation invalidates[] = {op_switch(&rig), op_wait(300),
                                                 op_invalidate(fixture_va(2), true), op_end()};
    const struct core_operation loads[] = {op_switch(&rig), op_access(ACCESS_LOAD, DATA_NONE, fixture_va(1)),
                                           op_wait(2000), op_access(ACCESS_LOAD, DATA_NONE, fixture_va(2)),
                                           op_end()};
    rig_play(&rig, (const struct core_operation *const[]){invalidates, loads});
    const struct mmu_event *walk = prefetch_of(&rig, 1, 0);
    const struct event_acknowledgement *answer = NULL;
    for (unsigned i = 0; !answer || answer->target != 1; i++)
        answer = &rig_event(&rig, EVENT_ACKNOWLEDGEMENT, 0, i)->as.acknowledgement;
    assert_int_equal(walk->as.walk.va, fixture_va(2));
    assert_true(answer->drop_cycle > walk->as.walk.start_cycle && answer->drop_cycle < walk->cycle);
    assert_int_equal(answer->walks_settled, 2); /* the demand's, of the same table, too */
    assert_int_equal(answer->acknowledge_cycle, walk->cycle);
    assert_false(walk->as.walk.filled);
    assert_int_equal(rig_event(&rig, EVENT_TRANSLATION, 1, 1)->as.translation.outcome, OUTCOME_WALK);
    assert_int_equal(machine_counters(rig.fixture.machine, 1)->prefetch.unfilled, 1);
    rig_close(&rig);
}

static void a_prefetch_goes_on_in_the_space_that_was_left(void **state)
{
    struct rig rig;
    (void)state;
    configure(&rig, PREFETCH_NEXT_PAGE, 1);
    rig.config.bus_occupancy_cycles = 60;
    rig_open(&rig);
    rig_begin(&rig);
    struct core_operation away = {.kind = CORE_SWITCH, .context = &rig.fixture.contexts[1]};
    struct core_operation back = op_switch(&rig);
    load_by(&rig, 2, 0);
    rig_do(&rig, &away); /* 20 cycles: the prefetch of page 3 is under way */
    load_slowly(&rig, 3, 0);
    rig_do(&rig, &back);
    load_slowly(&rig, 3, 0);
    rig_end(&rig);
    assert_int_equal(access_of(&rig, 1)->outcome, OUTCOME_WALK); /* nothing to merge with */
    assert_int_equal(access_of(&rig, 2)->outcome, OUTCOME_L2_HIT);
    assert_int_equal(prefetch_of(&rig, 0, 0)->as.walk.asid, 1);
    assert_true(prefetch_of(&rig, 0, 0)->cycle > rig_event(&rig, EVENT_CONTEXT, 0, 1)->cycle);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_page_covers_all_of_a_sequence_but_its_first),
        cmocka_unit_test(a_degree_asks_for_so_many_pages),
        cmocka_unit_test(without_a_prefetcher_a_sequence_misses_always),
        cmocka_unit_test(stride_covers_what_comes_after_two_equal_strides),
        cmocka_unit_test(stride_tells_instructions_apart),
        cmocka_unit_test(stride_is_lost_where_instructions_are_unknown),
        cmocka_unit_test(distance_learns_what_follows_a_distance),
        cmocka_unit_test(recency_covers_a_cyclic_sweep_from_its_second_round),
        cmocka_unit_test(pages_of_other_spaces_predict_nothing),
        cmocka_unit_test(recency_gives_neighbours_of_both_sides),
        cmocka_unit_test(a_prefetch_walks_one_cycle_after_the_miss),
        cmocka_unit_test(an_access_that_comes_early_waits_for_the_prefetch),
        cmocka_unit_test(a_single_level_is_the_last_one),
        cmocka_unit_test(an_unmapped_neighbour_leaves_nothing),
        cmocka_unit_test(who_waits_for_a_prefetch_does_not_take_its_fault),
        cmocka_unit_test(nothing_is_asked_for_beyond_the_reach),
        cmocka_unit_test(a_prefetch_never_sets_an_access_flag),
        cmocka_unit_test(a_prefetch_that_somebody_waits_for_sets_it),
        cmocka_unit_test(without_a_free_miss_or_walker_it_is_dropped),
        cmocka_unit_test(an_entry_that_leaves_without_a_hit_was_of_no_use),
        cmocka_unit_test(an_invalidation_catches_a_prefetch_and_waits_for_it),
        cmocka_unit_test(a_prefetch_goes_on_in_the_space_that_was_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
