/*
 * Walks that read several words with one request, several places at once, or change entries on their way:
 * each path's cycles by hand, what is told of them, and what comes of it where a place is no memory.
 */
#include "mmu/test/eager_format.h"
#include "mmu/test/probe_format.h"
#include "mmu/test/rig.h"

#define VA        UINT64_C(0x1234000)
#define FRAME     UINT64_C(0x2000000)
#define PLACES    UINT64_C(0x1000000)
#define MISS(rig) ((rig)->config.tlbs[TLB_L1D].latency_cycles + (rig)->config.tlbs[TLB_L2].latency_cycles)

/* ---- the probing format -------------------------------------------------------------------------- */

static void configure(struct rig *rig)
{
    rig_defaults(rig);
    rig->config.memory_latency_cycles = 37;
    rig->config.bus_occupancy_cycles = 5;
    rig->config.tlbs[TLB_L2].latency_cycles = 11;
}

static void begin_probing(struct rig *rig, unsigned places, unsigned words)
{
    rig_open(rig);
    rig->fixture.contexts[0].regime.format = &probe_format;
    rig->fixture.contexts[0].regime.features = PROBE_FEATURES(places, words);
    rig->fixture.contexts[0].regime.root = PLACES;
    rig_begin(rig);
}

static void put(struct rig *rig, unsigned place, unsigned word, uint64_t value)
{
    assert_true(machine_poke(rig->fixture.machine, probe_place(PLACES, VA, place) + 8 * word, value));
}

static const struct core_counters *counters(const struct rig *rig)
{
    return machine_counters(rig->fixture.machine, 0);
}

static uint64_t load_cycles(struct rig *rig, uint64_t va)
{
    struct core_operation load = op_access(ACCESS_LOAD, DATA_NONE, va);
    return rig_cycles(rig, &load);
}

/* The last of `places` requests, each of `beats`, that are asked for in one cycle. */
static uint64_t parallel_cycles(const struct rig *rig, uint64_t places, uint64_t beats)
{
    uint64_t busy = beats * rig->config.bus_occupancy_cycles;
    uint64_t last_beat = busy - rig->config.bus_occupancy_cycles, latency = rig->config.memory_latency_cycles;
    return (places - 1) * busy + (last_beat > latency ? last_beat : latency);
}

static void assert_words_told(const struct rig *rig, unsigned places, unsigned words)
{
    unsigned told = 0;
    const struct mmu_event *event;
    for (; (event = rig_event(rig, EVENT_WALK_STEP, 0, told)); told++) {
        const struct event_walk_step *step = &event->as.walk_step;
        const struct mmu_event *first = rig_event(rig, EVENT_WALK_STEP, 0, told / words * words);
        assert_int_equal(step->index, told / words);
        assert_int_equal(step->pa, probe_place(PLACES, VA, told / words) + 8 * (told % words));
        assert_int_equal(step->value, told == places * words - 1 ? probe_word(VA, FRAME) : 2 * (1000 + told));
        assert_int_equal(event->cycle, first->cycle);
        assert_int_equal(step->request_cycle, first->as.walk_step.request_cycle);
        assert_int_equal(step->grant_cycle, first->as.walk_step.grant_cycle);
        assert_int_equal(
            event->cycle - step->grant_cycle,
            parallel_cycles(rig, 1,
                            (8 * words + rig->config.bus_width_bytes - 1) / rig->config.bus_width_bytes));
    }
    assert_int_equal(told, places * words);
}

/* The mapping is the last word of all. */
static void probe(unsigned places, unsigned words, uint64_t width_bytes)
{
    struct rig rig;
    configure(&rig);
    rig.config.bus_width_bytes = width_bytes;
    begin_probing(&rig, places, words);
    for (unsigned i = 0; i + 1 < places * words; i++)
        put(&rig, i / words, i % words, 2 * (1000 + i));
    put(&rig, places - 1, words - 1, probe_word(VA, FRAME));
    uint64_t beats = (8 * words + width_bytes - 1) / width_bytes;
    assert_int_equal(load_cycles(&rig, VA + 0x120), MISS(&rig) + parallel_cycles(&rig, places, beats));
    assert_int_equal(counters(&rig)->walker.steps, places);
    assert_int_equal(counters(&rig)->bus.requests, places);
    assert_int_equal(counters(&rig)->bus.busy_cycles, places * beats * rig.config.bus_occupancy_cycles);
    rig_end(&rig);
    assert_int_equal(rig_event(&rig, EVENT_WALK, 0, 0)->as.walk.steps, places);
    assert_int_equal(rig_event(&rig, EVENT_TRANSLATION, 0, 0)->as.translation.pa, FRAME + 0x120);
    assert_words_told(&rig, places, words);
    rig_close(&rig);
}

static void a_fetch_of_several_words_is_one_request(void **state)
{
    (void)state;
    for (unsigned words = 1; words <= WALK_FETCH_WORDS_MAX; words *= 2)
        probe(1, words, 64);
}

static void a_narrow_bus_takes_a_beat_for_each_part_of_it(void **state)
{
    (void)state;
    probe(1, 8, 8);
    probe(4, 8, 8);
    probe(1, 8, 32);
    probe(1, 2, 8);
}

static void several_places_are_asked_for_at_once(void **state)
{
    (void)state;
    probe(2, 1, 64);
    probe(WALK_FETCHES_MAX, 1, 64);
    probe(WALK_FETCHES_MAX, 2, 64);
    probe(4, 8, 16);
}

/* ---- data caches --------------------------------------------------------------------------------- */

static void lines_of_a_data_cache_are_looked_up_once_each(void **state)
{
    (void)state;
    for (uint64_t line_bytes = 16; line_bytes <= 64; line_bytes *= 2) {
        struct rig rig;
        char error[128];
        configure(&rig);
        assert_true(mmu_member_add(&rig.config, MMU_FAMILY_CACHE, "l1", error, sizeof error));
        rig.config.cache_line_bytes = line_bytes;
        begin_probing(&rig, 1, 8);
        put(&rig, 0, 5, probe_word(VA, FRAME));
        uint64_t lines = 64 / line_bytes;
        uint64_t look_up = rig.config.caches[0].latency_cycles;
        assert_int_equal(load_cycles(&rig, VA), MISS(&rig) + look_up + parallel_cycles(&rig, lines, 1));
        assert_int_equal(counters(&rig)->caches[0].lookups, lines);
        assert_int_equal(counters(&rig)->transactions.fills, lines);
        assert_int_equal(counters(&rig)->walker.steps, 1);
        /* a page whose words share the line */
        struct core_operation all = {.kind = CORE_INVALIDATE, .invalidation = {.scope = INVALIDATE_ALL}};
        rig_do(&rig, &all);
        rig_settle(&rig);
        assert_int_equal(load_cycles(&rig, VA), MISS(&rig) + look_up);
        assert_int_equal(counters(&rig)->transactions.fills, lines);
        rig_end(&rig);
        rig_close(&rig);
    }
}

/* ---- the own store buffer ------------------------------------------------------------------------ */

/* The mapping stands in the store buffer when the walk begins; so do `others` of its line. */
static void walk_behind_stores(enum ordering ordering, unsigned others, struct rig *rig)
{
    configure(rig);
    rig->config.ordering = ordering;
    rig->config.store_buffer_drain_cycles = 1000;
    begin_probing(rig, 1, 8);
    for (unsigned i = 0; i < others; i++) {
        struct core_operation other = op_write(probe_place(PLACES, VA, 0) + 8 * i, 2 * (1000 + i));
        rig_do(rig, &other);
    }
    struct core_operation write = op_write(probe_place(PLACES, VA, 0) + 56, probe_word(VA, FRAME));
    rig_do(rig, &write);
}

static void words_of_the_own_store_buffer_are_forwarded_on_x86(void **state)
{
    struct rig rig;
    (void)state;
    walk_behind_stores(ORDERING_X86, 2, &rig);
    assert_int_equal(load_cycles(&rig, VA), MISS(&rig) + 37);
    rig_end(&rig);
    for (unsigned word = 0; word < 8; word++) {
        const struct mmu_event *event = rig_event(&rig, EVENT_WALK_STEP, 0, word);
        const struct event_walk_step *step = &event->as.walk_step;
        bool stored = word < 2 || word == 7;
        assert_int_equal(step->grant_cycle, step->request_cycle);
        assert_int_equal(event->cycle - step->grant_cycle, 37);
        assert_int_equal(step->value, word == 7 ? probe_word(VA, FRAME) : stored ? 2 * (1000 + word) : 0);
    }
    rig_close(&rig);
}

static void a_line_that_stands_there_as_a_whole_needs_no_bus(void **state)
{
    struct rig rig;
    (void)state;
    walk_behind_stores(ORDERING_X86, 7, &rig);
    assert_int_equal(load_cycles(&rig, VA), MISS(&rig) + 1);
    assert_int_equal(counters(&rig)->bus.requests, 0);
    rig_end(&rig);
    assert_int_equal(rig_event(&rig, EVENT_WALK_STEP, 0, 3)->as.walk_step.value, 2006);
    rig_close(&rig);
}

static void on_arm_a_walk_reads_memory_alone(void **state)
{
    struct rig rig;
    (void)state;
    walk_behind_stores(ORDERING_ARM, 7, &rig);
    struct core_operation load = op_access(ACCESS_LOAD, DATA_NONE, VA);
    assert_int_equal(rig_do(&rig, &load)->fault, FAULT_TRANSLATION);
    rig_end(&rig);
    rig_close(&rig);
}

/* ---- no memory ----------------------------------------------------------------------------------- */

/* Some of the places are beyond memory: the walk ends when all have answered, and its miss serves again. */
static void a_place_without_memory_aborts_the_walk_when_all_have_answered(void **state)
{
    struct rig rig;
    (void)state;
    configure(&rig);
    rig.config.misses = 1;
    begin_probing(&rig, 4, 8);
    struct translation_regime *regime = &rig.fixture.contexts[0].regime;
    regime->root = rig.config.memory_bytes - 2 * FIXTURE_PAGE;
    struct core_operation load = op_access(ACCESS_LOAD, DATA_NONE, VA);
    uint64_t begin = machine_now(rig.fixture.machine, 0);
    const struct core_result *result = rig_do(&rig, &load);
    assert_int_equal(result->fault, FAULT_EXTERNAL_ABORT);
    assert_int_equal(result->cycle - begin,
                     MISS(&rig) + parallel_cycles(&rig, 4, 1) + rig.config.fault_cycles);
    assert_int_equal(counters(&rig)->walker.steps, 4);
    regime->root = PLACES;
    put(&rig, 3, 0, probe_word(VA, FRAME));
    assert_int_equal(load_cycles(&rig, VA), MISS(&rig) + parallel_cycles(&rig, 4, 1));
    assert_int_equal(counters(&rig)->walker.walks, 2);
    rig_end(&rig);
    rig_close(&rig);
}

/* ---- entries that are changed on the way ----------------------------------------------------------- */

static void begin_marking(struct rig *rig)
{
    rig_open(rig);
    eager_format_init();
    for (unsigned i = 0; i < 2; i++) {
        rig->fixture.contexts[i].regime.format = &eager_format;
        rig->fixture.contexts[i].regime.features = EAGER_LINES | EAGER_MARKS;
    }
}

static uint64_t table_entry(const struct rig *rig, unsigned level)
{
    struct walk_state walk;
    const struct translation_regime *regime = &rig->fixture.contexts[0].regime;
    const struct walk_format *format = walk_format_find("vmsa-4k-48");
    struct translation_regime plain = *regime;
    plain.format = format;
    plain.features = 0;
    enum walk_status status = format->start(&walk, &plain, fixture_va(0));
    while (status == WALK_FETCH && walk.level != level) {
        uint64_t word;
        assert_true(machine_peek(rig->fixture.machine, walk.fetch[0], &word));
        status = format->resume(&walk, &word);
    }
    assert_int_equal(status, WALK_FETCH);
    return walk.fetch[0];
}

static uint64_t word_at(const struct rig *rig, uint64_t pa)
{
    uint64_t word = 0;
    assert_true(machine_peek(rig->fixture.machine, pa, &word));
    return word;
}

static void each_table_is_marked_once_by_a_transaction_of_its_own(void **state)
{
    struct rig rig;
    (void)state;
    configure(&rig);
    begin_marking(&rig);
    rig_begin(&rig);
    assert_int_equal(load_cycles(&rig, fixture_va(0)), MISS(&rig) + (4 + 3) * 37);
    assert_int_equal(load_cycles(&rig, fixture_va(1)), MISS(&rig) + 4 * 37);
    assert_int_equal(counters(&rig)->walker.updates, 3);
    assert_int_equal(counters(&rig)->walker.steps, 8);
    rig_end(&rig);
    for (unsigned level = 0; level < 3; level++) {
        const struct event_entry_write *write = &rig_event(&rig, EVENT_ENTRY_WRITE, 0, level)->as.entry_write;
        assert_true(word_at(&rig, table_entry(&rig, level)) & EAGER_MARK);
        assert_int_equal(write->pa, table_entry(&rig, level));
        assert_int_equal(write->new_value, write->old_value | EAGER_MARK);
        assert_int_equal(write->walk, rig_event(&rig, EVENT_WALK, 0, 0)->as.walk.id);
    }
    rig_close(&rig);
}

/* Core 1 changes the second level's entry between the walk's read and its update. */
static void an_entry_that_has_changed_meanwhile_sends_the_walk_back_to_the_root(void **state)
{
    struct rig rig;
    (void)state;
    configure(&rig);
    rig.config.cores = 2;
    rig.config.store_buffer_drain_cycles = 1;
    begin_marking(&rig);
    uint64_t entry = table_entry(&rig, 1), word = word_at(&rig, entry);
    const struct core_operation walks[] = {op_switch(&rig), op_access(ACCESS_LOAD, DATA_NONE, fixture_va(0)),
                                           op_end()};
    /* switch 20, the miss 12, root's read and mark 37 each: the entry is read at 106 and updated at 143 */
    struct core_operation change = op_write(entry, word | UINT64_C(1) << 56);
    const struct core_operation changes[] = {op_wait(120), change, op_end()};
    const struct core_operation *lists[] = {walks, changes};
    rig_play(&rig, lists);
    assert_int_equal(counters(&rig)->walker.updates_failed, 1);
    assert_int_equal(counters(&rig)->walker.updates, 3);
    assert_int_equal(counters(&rig)->walker.steps, 2 + 4);
    assert_int_equal(counters(&rig)->walker.walks, 1);
    assert_int_equal(word_at(&rig, entry), word | UINT64_C(1) << 56 | EAGER_MARK);
    const struct mmu_event *end = rig_event(&rig, EVENT_WALK, 0, 0);
    assert_int_equal(end->as.walk.fault, FAULT_NONE);
    assert_int_equal(end->cycle - end->as.walk.start_cycle, (2 + 2 + 4 + 2) * 37);
    rig_close(&rig);
}

static void walks_that_nobody_waits_for_mark_nothing(void **state)
{
    struct rig rig;
    (void)state;
    configure(&rig);
    rig.config.prefetcher = PREFETCH_NEXT_PAGE;
    begin_marking(&rig);
    for (unsigned level = 0; level < 3; level++) {
        uint64_t entry = table_entry(&rig, level);
        assert_true(machine_poke(rig.fixture.machine, entry, word_at(&rig, entry) | EAGER_MARK));
    }
    struct frame frame = {.base = FRAME, .attributes = FRAME_READABLE | FRAME_USER, .size_lg2 = 12};
    rig_map(&rig, FIXTURE_BASE - FIXTURE_PAGE, &frame); /* under another table of the last two levels */
    rig_map(&rig, FIXTURE_BASE - 2 * FIXTURE_PAGE, &frame);
    rig_begin(&rig);
    (void)load_cycles(&rig, FIXTURE_BASE - 2 * FIXTURE_PAGE);
    rig_settle(&rig);
    assert_int_equal(counters(&rig)->walker.updates, 2);
    assert_int_equal(counters(&rig)->prefetch.unfilled,
                     1); /* it was behind the other walk, and saw no marks */
    (void)load_cycles(&rig, FIXTURE_BASE - FIXTURE_PAGE);
    rig_settle(&rig);
    assert_int_equal(counters(&rig)->walker.updates, 2);
    assert_int_equal(counters(&rig)->prefetch.filled, 1); /* all tables on its way are marked */
    rig_end(&rig);
    rig_close(&rig);
}

/*
 * Core 1 unlinks the tables below the root and invalidates. Whenever that happens to fall into the walk, no
 * mark becomes visible behind the acknowledgement: by then the tables may be somebody else's memory.
 */
static void race(uint64_t wait_cycles, bool *late)
{
    struct rig rig;
    configure(&rig);
    rig.config.cores = 2;
    rig.config.store_buffer_drain_cycles = 1;
    begin_marking(&rig);
    const struct core_operation walks[] = {op_switch(&rig), op_access(ACCESS_LOAD, DATA_NONE, fixture_va(0)),
                                           op_end()};
    const struct core_operation unlinks[] = {
        op_wait(wait_cycles),          op_write(table_entry(&rig, 0), 0),
        op_barrier(BARRIER_DSB_ISHST), op_invalidate(fixture_va(0), true),
        op_barrier(BARRIER_DSB_ISH),   op_end()};
    const struct core_operation *lists[] = {walks, unlinks};
    rig_play(&rig, lists);
    uint64_t acknowledged = 0;
    for (unsigned i = 0; rig_event(&rig, EVENT_ACKNOWLEDGEMENT, 1, i); i++) {
        const struct event_acknowledgement *answer =
            &rig_event(&rig, EVENT_ACKNOWLEDGEMENT, 1, i)->as.acknowledgement;
        acknowledged = answer->target == 0 ? answer->acknowledge_cycle : acknowledged;
    }
    assert_int_not_equal(acknowledged, 0);
    *late = false;
    for (unsigned i = 0; rig_event(&rig, EVENT_ENTRY_WRITE, 0, i); i++)
        *late |= rig_event(&rig, EVENT_ENTRY_WRITE, 0, i)->as.entry_write.visible_cycle >= acknowledged;
    rig_close(&rig);
}

static void no_mark_lands_behind_an_acknowledgement(void **state)
{
    (void)state;
    for (uint64_t wait = 1; wait < 320; wait += 3) {
        bool late;
        race(wait, &late);
        assert_false(late);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fetch_of_several_words_is_one_request),
        cmocka_unit_test(a_narrow_bus_takes_a_beat_for_each_part_of_it),
        cmocka_unit_test(several_places_are_asked_for_at_once),
        cmocka_unit_test(lines_of_a_data_cache_are_looked_up_once_each),
        cmocka_unit_test(words_of_the_own_store_buffer_are_forwarded_on_x86),
        cmocka_unit_test(a_line_that_stands_there_as_a_whole_needs_no_bus),
        cmocka_unit_test(on_arm_a_walk_reads_memory_alone),
        cmocka_unit_test(a_place_without_memory_aborts_the_walk_when_all_have_answered),
        cmocka_unit_test(each_table_is_marked_once_by_a_transaction_of_its_own),
        cmocka_unit_test(an_entry_that_has_changed_meanwhile_sends_the_walk_back_to_the_root),
        cmocka_unit_test(walks_that_nobody_waits_for_mark_nothing),
        cmocka_unit_test(no_mark_lands_behind_an_acknowledgement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
