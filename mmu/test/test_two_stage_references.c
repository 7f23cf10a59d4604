/*
 * Walks of two stages without walk caches: how many memory references they make, which ones, and how long
 * they take.
 */
#include "mmu/test/guest_fixture.h"
#include "pagetables/test/synthetic.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

struct parameters {
    uint64_t l1, l2, memory;
};
static const struct parameters machines[] = {{1, 7, 120}, {3, 11, 37}, {2, 5, 97}};
#define MACHINES (sizeof machines / sizeof *machines)

static void configure(struct rig *rig, const struct parameters *parameters)
{
    rig_defaults(rig);
    rig->config.tlbs[TLB_L1D].latency_cycles = parameters->l1;
    rig->config.tlbs[TLB_L2].latency_cycles = parameters->l2;
    rig->config.memory_latency_cycles = parameters->memory;
}

/* One fetch after the other, behind the look-ups of both levels. */
static uint64_t cycles_of(const struct rig *rig, unsigned references)
{
    return rig->config.tlbs[TLB_L1D].latency_cycles + rig->config.tlbs[TLB_L2].latency_cycles +
           references * rig->config.memory_latency_cycles;
}

static uint64_t load_cycles(struct rig *rig, uint64_t va)
{
    struct core_operation operation = op_access(ACCESS_LOAD, DATA_NONE, va);
    uint64_t cycles = rig_cycles(rig, &operation);
    assert_int_equal(machine_result(rig->fixture.machine, 0)->fault, FAULT_NONE);
    return cycles;
}

static const struct core_counters *counters(const struct rig *rig)
{
    return machine_counters(rig->fixture.machine, 0);
}

/* ---- any number of levels ----------------------------------------------------------------------- */

/*
 * Stage 1 has n tables in line, stage 2 maps each of their pages and the output page; physical places have
 * nothing to do with intermediate ones.
 */
#define IPA_TABLES UINT64_C(0x40000)
#define IPA_OUTPUT UINT64_C(0x123000)
#define PA_TABLES  UINT64_C(0x1000000)
#define PA_STAGE2  UINT64_C(0x2000000)
#define PA_OUTPUT  UINT64_C(0x3000000)
#define VA         UINT64_C(0x15a000)

struct nest {
    struct rig rig;
    struct synthetic_memory memory;
    struct translation_regime stage2;
    struct two_stage_regime stages;
    unsigned n, m;
};

static bool peek(void *context, uint64_t pa, uint64_t *value)
{
    return machine_peek(context, pa, value);
}

static bool poke(void *context, uint64_t pa, uint64_t value)
{
    return machine_poke(context, pa, value);
}

static uint64_t table_pa(unsigned depth)
{
    return PA_TABLES + UINT64_C(17) * depth * FIXTURE_PAGE;
}

static void stage2_map(struct nest *nest, uint64_t ipa, uint64_t pa)
{
    uint64_t slot = synthetic_slot(&nest->memory, PA_STAGE2, nest->m, ipa, 0);
    assert_true(machine_poke(nest->rig.fixture.machine, slot, synthetic_leaf(pa, SYNTHETIC_ALL_RIGHTS)));
}

static void map_all(struct nest *nest)
{
    for (unsigned depth = 0; depth < nest->n; depth++) {
        uint64_t slot = table_pa(depth) + (VA >> synthetic_span_lg2(nest->n - 1 - depth) & 511) * 8;
        uint64_t word = depth + 1 < nest->n ? synthetic_table(IPA_TABLES + (depth + 1) * FIXTURE_PAGE)
                                            : synthetic_leaf(IPA_OUTPUT, SYNTHETIC_ALL_RIGHTS);
        assert_true(machine_poke(nest->rig.fixture.machine, slot, word));
        stage2_map(nest, IPA_TABLES + depth * FIXTURE_PAGE, table_pa(depth));
    }
    stage2_map(nest, IPA_OUTPUT, PA_OUTPUT);
}

static void open_nest(struct nest *nest, const struct parameters *parameters, unsigned n, unsigned m)
{
    struct fixture *fixture = &nest->rig.fixture;
    memset(nest, 0, sizeof *nest);
    nest->n = n;
    nest->m = m;
    configure(&nest->rig, parameters);
    fixture_begin(fixture, &nest->rig.config, OBSERVE_ALL);
    nest->memory = (struct synthetic_memory){peek, poke, fixture->machine, PA_STAGE2 + FIXTURE_PAGE};
    nest->stage2 = (struct translation_regime){
        .format = synthetic_format(m), .root = PA_STAGE2, .physical_size_lg2 = 48};
    fixture->contexts[0] = (struct address_context){
        .regime = {.format = synthetic_format(n), .root = IPA_TABLES, .physical_size_lg2 = 48},
        .two_stage = &nest->stages,
        .space = 1,
        .asid = 1,
        .vmid = 1};
    nest->stages = (struct two_stage_regime){&fixture->contexts[0].regime, &nest->stage2};
    map_all(nest);
    rig_begin(&nest->rig);
}

/* Each step after the one before, from stage 2's root for the root of stage 1 to the output's leaf. */
static void assert_steps(const struct nest *nest)
{
    unsigned number = 0;
    for (unsigned depth = 0; depth <= nest->n; depth++) {
        for (unsigned level = nest->m; level-- > 0;) {
            const struct event_walk_step *step =
                &rig_event(&nest->rig, EVENT_WALK_STEP, 0, number)->as.walk_step;
            assert_int_equal(step->stage, 2);
            assert_int_equal(step->level, level);
            assert_int_equal(step->index, number++);
            assert_int_equal(step->ipa, EVENT_NEVER);
        }
        if (depth == nest->n)
            break;
        const struct event_walk_step *step = &rig_event(&nest->rig, EVENT_WALK_STEP, 0, number)->as.walk_step;
        uint64_t in_table = (VA >> synthetic_span_lg2(nest->n - 1 - depth) & 511) * 8;
        assert_int_equal(step->stage, 1);
        assert_int_equal(step->level, nest->n - 1 - depth);
        assert_int_equal(step->index, number++);
        assert_int_equal(step->ipa, IPA_TABLES + depth * FIXTURE_PAGE + in_table);
        assert_int_equal(step->pa, table_pa(depth) + in_table);
    }
    assert_null(rig_event(&nest->rig, EVENT_WALK_STEP, 0, number));
}

/* One walk, and what it costs. */
static unsigned references(const struct parameters *parameters, unsigned n, unsigned m)
{
    struct nest nest;
    open_nest(&nest, parameters, n, m);
    uint64_t cycles = load_cycles(&nest.rig, VA + 0x128);
    unsigned steps = (unsigned)counters(&nest.rig)->walker.steps;
    assert_int_equal(cycles, cycles_of(&nest.rig, steps));
    assert_int_equal(counters(&nest.rig)->walker.stage2_steps, (n + 1) * m);
    rig_end(&nest.rig);
    assert_int_equal(rig_event(&nest.rig, EVENT_WALK, 0, 0)->as.walk.steps, steps);
    assert_int_equal(rig_event(&nest.rig, EVENT_TRANSLATION, 0, 0)->as.translation.pa, PA_OUTPUT + 0x128);
    assert_steps(&nest);
    rig_close(&nest.rig);
    return steps;
}

static void three_four_and_five_levels_cost_what_the_textbooks_say(void **state)
{
    (void)state;
    assert_int_equal(references(&machines[0], 3, 3), 15);
    assert_int_equal(references(&machines[0], 4, 4), 24);
    assert_int_equal(references(&machines[0], 5, 5), 35);
}

static void a_walk_of_n_and_m_levels_costs_nm_n_m_references(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= SYNTHETIC_LEVELS_MAX; n++)
        for (unsigned m = 1; m <= SYNTHETIC_LEVELS_MAX; m++)
            assert_int_equal(references(&machines[(n + m) % MACHINES], n, m), n * m + n + m);
}

/* ---- Arm's formats ------------------------------------------------------------------------------ */

static const struct {
    struct guest_config guest;
    unsigned references;
} arm[] = {
    {{"vmsa-4k-48", "vmsa-s2-4k-48", false}, 24},
    {{"vmsa-4k-48", "vmsa-s2-4k-39", false}, 19},
    {{"vmsa-4k-39", "vmsa-s2-4k-48", false}, 19},
    {{"vmsa-4k-39", "vmsa-s2-4k-39", false}, 15},
};

static void arms_formats_cost_the_same(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof arm / sizeof *arm; i++) {
        struct rig rig;
        configure(&rig, &machines[i % MACHINES]);
        rig_open_guest(&rig, &arm[i].guest);
        rig_begin(&rig);
        assert_int_equal(load_cycles(&rig, fixture_va(2)), cycles_of(&rig, arm[i].references));
        assert_int_equal(counters(&rig)->walker.steps, arm[i].references);
        assert_int_equal(load_cycles(&rig, fixture_va(2) + 8), rig.config.tlbs[TLB_L1D].latency_cycles);
        rig_end(&rig);
        rig_close(&rig);
    }
}

static void data_comes_from_where_both_stages_lead(void **state)
{
    struct rig rig;
    (void)state;
    configure(&rig, &machines[0]);
    rig_open_guest(&rig, &arm[0].guest);
    rig_begin(&rig);
    struct core_operation store = op_store(fixture_va(2) + 16, 4711);
    struct core_operation load = op_access(ACCESS_LOAD, DATA_BUS, fixture_va(2) + 16);
    assert_int_equal(rig_do(&rig, &store)->fault, FAULT_NONE);
    assert_int_equal(rig_do(&rig, &load)->value, 4711);
    rig_settle(&rig);
    uint64_t entry = 0, word = 0;
    assert_true(machine_peek(rig.fixture.machine, rig.fixture.guest->entries[2], &entry));
    assert_true(machine_peek(rig.fixture.machine, (entry & UINT64_C(0xfffffffff000)) + 16, &word));
    assert_int_equal(word, 4711);
    rig_end(&rig);
    rig_close(&rig);
}

/* ---- large pages of either stage ---------------------------------------------------------------- */

#define LARGE_VA  (4 * GIB)
#define LARGE_IPA (8 * GIB)

/* A stage 1 leaf and a stage 2 leaf of these sizes. Data is not read: the frame need not be memory. */
static void large_pages(unsigned first_lg2, unsigned second_lg2, unsigned expected_references)
{
    struct rig rig;
    const uint32_t attributes = FRAME_READABLE | FRAME_WRITABLE;
    struct frame first = {LARGE_IPA, attributes | FRAME_USER, (uint8_t)first_lg2};
    struct frame second = {16 * GIB, attributes, (uint8_t)second_lg2};
    unsigned smaller_lg2 = first_lg2 < second_lg2 ? first_lg2 : second_lg2;
    uint64_t within = UINT64_C(1) << (smaller_lg2 - 1), beyond = UINT64_C(1) << smaller_lg2;
    configure(&rig, &machines[1]);
    rig_open_guest(&rig, &arm[0].guest);
    guest_map_stage1(&rig.fixture, LARGE_VA, &first);
    guest_map_stage2(&rig.fixture, LARGE_IPA, &second);
    rig_begin(&rig);
    assert_int_equal(load_cycles(&rig, LARGE_VA + 8), cycles_of(&rig, expected_references));
    assert_int_equal(counters(&rig)->walker.steps, expected_references);
    assert_int_equal(load_cycles(&rig, LARGE_VA + within), rig.config.tlbs[TLB_L1D].latency_cycles);
    rig_settle(&rig);
    struct core_operation outside = op_access(ACCESS_LOAD, DATA_NONE, LARGE_VA + beyond);
    rig_do(&rig, &outside);
    assert_int_equal(counters(&rig)->misses.walks, 2);
    rig_end(&rig);
    const struct event_translation *told = &rig_event(&rig, EVENT_TRANSLATION, 0, 1)->as.translation;
    assert_int_equal(told->page_size_lg2, smaller_lg2);
    assert_int_equal(told->pa, 16 * GIB + within);
    rig_close(&rig);
}

static void blocks_of_stage1_save_one_of_its_tables_and_the_walk_to_it(void **state)
{
    (void)state;
    large_pages(21, 12, 3 * 5 + 4);
    large_pages(30, 12, 2 * 5 + 4);
}

static void blocks_of_stage2_save_a_reference_where_they_are_used(void **state)
{
    (void)state;
    large_pages(12, 21, 4 * 5 + 3);
    large_pages(12, 30, 4 * 5 + 2);
}

static void the_combined_page_is_the_smaller_one(void **state)
{
    (void)state;
    large_pages(21, 21, 3 * 5 + 3);
    large_pages(30, 21, 2 * 5 + 3);
    large_pages(21, 30, 3 * 5 + 2);
    large_pages(30, 30, 2 * 5 + 2);
}

/* ---- pages that are larger in stage 1 ----------------------------------------------------------- */

/* One level of 64 KiB pages, as no manual has it: the word at the root's place is the page's address. */
static enum walk_status start_wide(struct walk_state *walk, const struct translation_regime *regime,
                                   uint64_t va)
{
    walk->regime = regime;
    walk->va = va;
    walk->fetch[0] = regime->root + (va >> 16 & 511) * 8;
    walk->fetches = 1;
    walk->fetch_words = 1;
    walk->level = 0;
    return WALK_FETCH;
}

static enum walk_status resume_wide(struct walk_state *walk, const uint64_t *words)
{
    walk->fetches = 0;
    walk->leaf = (struct walk_leaf){.va = walk->va >> 16 << 16,
                                    .frame = {words[0], FRAME_READABLE | FRAME_WRITABLE, 16},
                                    .rights = SYNTHETIC_ALL_RIGHTS,
                                    .rights_when_dirty = SYNTHETIC_ALL_RIGHTS};
    return WALK_LEAF;
}

static const struct walk_format wide = {.name = "wide",
                                        .levels = 1,
                                        .va_bits = 25,
                                        .page_lg2 = 16,
                                        .frame_sizes = 1,
                                        .frame_size_lg2 = {16},
                                        .start = start_wide,
                                        .resume = resume_wide};

/* A nest whose stage 1 has one page of 64 KiB at VA 0, in two pages of stage 2 that are apart. */
static void open_wide(struct nest *nest)
{
    open_nest(nest, &machines[0], 1, 2);
    nest->rig.fixture.contexts[0].regime.format = &wide;
    struct core_operation to_space = op_switch(&nest->rig);
    rig_do(&nest->rig, &to_space); /* the core reads the format when it switches */
    assert_true(machine_poke(nest->rig.fixture.machine, table_pa(0), UINT64_C(0x200000)));
    stage2_map(nest, 0x200000, 0x3000000);
    stage2_map(nest, 0x201000, 0x3100000);
}

static void misses_of_two_pages_of_stage2_do_not_merge(void **state)
{
    struct nest nest;
    char error[256];
    const struct stream_config config = {.pattern = STREAM_STRIDE,
                                         .base = 0,
                                         .region_bytes = 2 * FIXTURE_PAGE,
                                         .accesses = 4,
                                         .step_bytes = FIXTURE_PAGE / 2};
    (void)state;
    open_wide(&nest);
    struct stream *stream = stream_open(&config, error, sizeof error);
    struct core_operation operation = {
        .kind = CORE_STREAM, .data_mode = DATA_NONE, .window = 4, .stream = stream};
    assert_non_null(stream);
    rig_do(&nest.rig, &operation);
    assert_int_equal(counters(&nest.rig)->walker.walks, 2);
    assert_int_equal(counters(&nest.rig)->misses.merged, 2);
    rig_end(&nest.rig);
    for (unsigned i = 0; i < 4; i++) {
        const struct event_translation *access =
            &rig_event(&nest.rig, EVENT_TRANSLATION, 0, i)->as.translation;
        uint64_t page = access->va < FIXTURE_PAGE ? 0x3000000 : 0x3100000;
        assert_int_equal(access->pa, page + access->va % FIXTURE_PAGE);
        assert_int_equal(access->page_size_lg2, 12);
    }
    stream->close(stream);
    rig_close(&nest.rig);
}

static void an_access_of_two_pages_of_stage2_is_two_translations(void **state)
{
    struct nest nest;
    (void)state;
    open_wide(&nest);
    struct core_operation store = op_store(FIXTURE_PAGE - 4, UINT64_C(0x1122334455667788));
    struct core_operation load = op_access(ACCESS_LOAD, DATA_BUS, FIXTURE_PAGE - 4);
    assert_int_equal(rig_do(&nest.rig, &store)->fault, FAULT_NONE);
    assert_int_equal(rig_do(&nest.rig, &load)->value, UINT64_C(0x1122334455667788));
    rig_settle(&nest.rig);
    assert_int_equal(counters(&nest.rig)->accesses.crossing, 2);
    uint64_t first = 0, second = 0;
    assert_true(machine_peek(nest.rig.fixture.machine, 0x3000ff8, &first));
    assert_true(machine_peek(nest.rig.fixture.machine, 0x3100000, &second));
    assert_int_equal(first >> 32, 0x55667788);
    assert_int_equal(second & UINT32_MAX, 0x11223344);
    rig_end(&nest.rig);
    rig_close(&nest.rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_four_and_five_levels_cost_what_the_textbooks_say),
        cmocka_unit_test(a_walk_of_n_and_m_levels_costs_nm_n_m_references),
        cmocka_unit_test(arms_formats_cost_the_same),
        cmocka_unit_test(data_comes_from_where_both_stages_lead),
        cmocka_unit_test(blocks_of_stage1_save_one_of_its_tables_and_the_walk_to_it),
        cmocka_unit_test(blocks_of_stage2_save_a_reference_where_they_are_used),
        cmocka_unit_test(the_combined_page_is_the_smaller_one),
        cmocka_unit_test(misses_of_two_pages_of_stage2_do_not_merge),
        cmocka_unit_test(an_access_of_two_pages_of_stage2_is_two_translations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
