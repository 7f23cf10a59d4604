/*
 * The adversary: right software does not notice it, wrong software is found out by it, and it does nothing
 * that the architecture does not allow.
 */
#include "mmu/test/rig.h"
#include "pagetables/vmsa.h"

#define PERIOD 60u
#define SEEDS  100u

static void configure(struct rig *rig, uint64_t seed, uint64_t period)
{
    char error[256];
    rig_defaults(rig);
    rig->config.seed = seed;
    rig->config.adversary_period_cycles = period;
    assert_true(mmu_member_add(&rig->config, MMU_FAMILY_WALK_CACHE, "tables", error, sizeof error));
}

static const struct core_counters *counters_of(const struct rig *rig, unsigned core)
{
    return machine_counters(rig->fixture.machine, core);
}

static struct core_operation load(unsigned page)
{
    return op_access(ACCESS_LOAD, DATA_BUS, fixture_va(page));
}

/* ---- a program of two cores that meet ------------------------------------------------------------- */

struct story {
    struct script_step steps[2][512];
    struct script scripts[2];
};

static void tell(struct story *story, unsigned core, const struct core_operation *operation)
{
    story->steps[core][story->scripts[core].count++].operation = *operation;
}

static void meet(struct story *story)
{
    for (unsigned core = 0; core < 2; core++)
        story->steps[core][story->scripts[core].count++].rendezvous = true;
}

static void begin_story(struct story *story, struct rig *rig)
{
    struct core_operation to_space = op_switch(rig);
    memset(story, 0, sizeof *story);
    for (unsigned core = 0; core < 2; core++) {
        story->scripts[core].steps = story->steps[core];
        tell(story, core, &to_space);
    }
}

/* Core 0 gives a page's entry another value. */
static void tell_change(struct story *story, const struct rig *rig, unsigned page, uint64_t value,
                        bool invalidates)
{
    struct core_operation write = op_write(rig->fixture.entries[page], value);
    struct core_operation drained = op_barrier(BARRIER_DSB_ISHST), complete = op_barrier(BARRIER_DSB_ISH);
    struct core_operation invalidate = op_invalidate(fixture_va(page), true);
    tell(story, 0, &write);
    tell(story, 0, &drained);
    if (invalidates)
        tell(story, 0, &invalidate);
    tell(story, 0, &complete);
}

/*
 * Round after round, an even page that core 1 has not touched is unmapped, while core 1 uses the odd page
 * behind it; then core 1 loads from it. In the end it is mapped again, to where the odd page's frame is, and
 * stored to.
 */
static void write_story(struct story *story, struct rig *rig, bool invalidates)
{
    struct core_operation wait = op_wait(3000), drained = op_barrier(BARRIER_DSB_ISH);
    begin_story(story, rig);
    for (unsigned page = 0; page + 1 < FIXTURE_PAGES; page += 2) {
        struct core_operation first = load(page), second = load(page + 1);
        struct core_operation store = op_store(fixture_va(page), 1000 + page);
        uint64_t odd;
        assert_true(machine_peek(rig->fixture.machine, rig->fixture.entries[page + 1], &odd));
        tell(story, 1, &second);
        tell(story, 1, &wait);
        meet(story);
        tell_change(story, rig, page, 0, invalidates);
        meet(story);
        tell(story, 1, &first);
        meet(story);
        tell_change(story, rig, page, odd, invalidates);
        meet(story);
        tell(story, 1, &store);
        tell(story, 1, &drained); /* a store is told when it is in memory */
        tell(story, 1, &first);
        tell(story, 1, &second);
        meet(story);
    }
}

/* What the programs have seen, and what they leave in memory; times left out. */
struct answers {
    struct {
        uint64_t va, pa, value;
        uint8_t fault, access_kind;
    } accesses[256];
    unsigned count;
    unsigned stale; /* loads from an unmapped page that had no fault */
    uint64_t memory[2 * FIXTURE_PAGES];
};

static void note_answer(struct answers *answers, const struct event_translation *access)
{
    answers->accesses[answers->count].va = access->va;
    answers->accesses[answers->count].pa = access->pa;
    answers->accesses[answers->count].value = access->value;
    answers->accesses[answers->count].fault = access->fault;
    answers->accesses[answers->count++].access_kind = access->access_kind;
}

static void take_answers(const struct rig *rig, struct answers *answers)
{
    memset(answers, 0, sizeof *answers);
    for (unsigned i = 0; rig_event(rig, EVENT_TRANSLATION, 1, i); i++) {
        const struct event_translation *access = &rig_event(rig, EVENT_TRANSLATION, 1, i)->as.translation;
        note_answer(answers, access);
        answers->stale += i % 5 == 1 && access->fault == FAULT_NONE;
    }
    for (unsigned page = 0; page < FIXTURE_PAGES; page++) {
        uint64_t entry;
        assert_true(machine_peek(rig->fixture.machine, rig->fixture.entries[page], &entry));
        answers->memory[2 * page] = entry;
        assert_true(machine_peek(rig->fixture.machine, entry & UINT64_C(0xfffffffff000),
                                 &answers->memory[2 * page + 1]));
    }
}

static uint64_t run_story(uint64_t seed, uint64_t period, bool invalidates, struct answers *answers)
{
    static struct story story;
    struct rig rig;
    configure(&rig, seed, period);
    rig.config.cores = 2;
    rig.config.adversary_delay_cycles = seed % 2 ? 0 : 100;
    rig_open(&rig);
    write_story(&story, &rig, invalidates);
    assert_int_equal(script_run(&rig.fixture, story.scripts, machine_advance).status, MACHINE_DONE);
    assert_int_equal(machine_finish(rig.fixture.machine), 0);
    take_answers(&rig, answers);
    uint64_t walks = counters_of(&rig, 1)->adversary.walks;
    rig_close(&rig);
    return walks;
}

static void right_software_does_not_notice_it(void **state)
{
    static struct answers plain, answers;
    (void)state;
    assert_int_equal(run_story(1, 0, true, &plain), 0);
    assert_int_equal(plain.stale, 0);
    assert_int_equal(plain.count, 5 * FIXTURE_PAGES / 2);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        assert_true(run_story(seed, PERIOD, true, &answers) > 100);
        if (memcmp(&plain, &answers, sizeof plain) != 0)
            fail_msg("seed %u: the answers or the memory differ", (unsigned)seed);
    }
}

/* Without it, the pages are not in any TLB of core 1 when they are unmapped. */
static void forgotten_invalidations_are_found_out(void **state)
{
    static struct answers answers;
    unsigned stale = 0, runs = 10;
    (void)state;
    run_story(1, 0, false, &answers);
    assert_int_equal(answers.stale, 0);
    for (uint64_t seed = 1; seed <= runs; seed++) {
        run_story(seed, PERIOD, false, &answers);
        stale += answers.stale;
    }
    unsigned loads = runs * FIXTURE_PAGES / 2;
    print_message("%u of %u loads were stale\n", stale, loads);
    assert_true(stale > loads / 2);
}

/* ---- what it does -------------------------------------------------------------------------------- */

/* Core 0 uses some pages, and then lets time pass. */
static void use_and_wait(struct rig *rig, uint64_t cycles)
{
    struct core_operation wait = op_wait(cycles);
    rig_open(rig);
    rig_begin(rig);
    for (unsigned page = 0; page < 20; page += 2) {
        struct core_operation access = load(page);
        rig_do(rig, &access);
    }
    rig_do(rig, &wait);
}

static void it_acts_once_a_period_on_average(void **state)
{
    (void)state;
    for (uint64_t period = 10; period <= 1000; period *= 10) {
        struct rig rig;
        configure(&rig, period, period);
        use_and_wait(&rig, 2000 * period);
        uint64_t acts = counters_of(&rig, 0)->adversary.acts, cycles = machine_now(rig.fixture.machine, 0);
        /* uniform from 1 to 2p - 1: the deviation of n waits is below n p / sqrt(3 n); 5 of them */
        assert_true(acts * period > cycles - cycles / 15 && acts * period < cycles + cycles / 15);
        rig_end(&rig);
        rig_close(&rig);
    }
}

static void it_walks_fills_evicts_and_refills(void **state)
{
    struct rig rig;
    const struct mmu_event *event;
    unsigned evicted[HOLDS_KINDS] = {0}, walks = 0, faults = 0;
    (void)state;
    configure(&rig, 3, 20);
    use_and_wait(&rig, 100000);
    rig_end(&rig);
    const struct core_counters *counters = counters_of(&rig, 0);
    for (unsigned i = 0; (event = rig_event(&rig, EVENT_TLB_ENTRY, 0, i)); i++)
        evicted[event->as.tlb_entry.holds] += event->as.tlb_entry.end == ENTRY_END_SPECULATION;
    for (unsigned i = 0; (event = rig_event(&rig, EVENT_WALK, 0, i)); i++) {
        bool speculative = event->as.walk.cause == CAUSE_ADVERSARY;
        walks += speculative;
        faults += speculative && event->as.walk.fault != FAULT_NONE;
    }
    assert_int_equal(walks, counters->adversary.walks);
    assert_true(walks > 100 && faults > 10 && counters->adversary.fills > 100);
    assert_int_equal(evicted[HOLDS_TRANSLATION] + evicted[HOLDS_TABLE], counters->adversary.evictions);
    assert_true(evicted[HOLDS_TRANSLATION] > 100 && evicted[HOLDS_TABLE] > 100);
    assert_true(counters->adversary.refills > 50);
    assert_int_equal(counters->accesses.translations, 10);
    assert_int_equal(counters->programs.faults, 0);
    rig_close(&rig);
}

static void it_never_changes_an_entry(void **state)
{
    struct rig rig;
    uint64_t entry, now;
    (void)state;
    configure(&rig, 5, 20);
    rig_open(&rig);
    rig.fixture.contexts[0].regime.hardware_access = true;
    for (unsigned page = 1; page < 20; page += 2) {
        assert_true(machine_peek(rig.fixture.machine, rig.fixture.entries[page], &entry));
        assert_true(machine_poke(rig.fixture.machine, rig.fixture.entries[page], entry & ~VMSA_AF));
    }
    rig_begin(&rig);
    struct core_operation access = load(10), wait = op_wait(100000);
    rig_do(&rig, &access);
    rig_do(&rig, &wait);
    for (unsigned page = 1; page < 20; page += 2) {
        assert_true(machine_peek(rig.fixture.machine, rig.fixture.entries[page], &now));
        assert_int_equal(now & VMSA_AF, 0);
    }
    assert_int_equal(counters_of(&rig, 0)->walker.updates, 0);
    rig_end(&rig);
    const struct mmu_event *event;
    unsigned declined = 0;
    for (unsigned i = 0; (event = rig_event(&rig, EVENT_WALK, 0, i)); i++)
        declined += event->as.walk.fault == FAULT_ACCESS_FLAG;
    assert_true(declined > 100);
    rig_close(&rig);
}

/* How long the walk of a load takes that is alone in the machine. */
static uint64_t cycles_of_a_walk(uint64_t seed, uint64_t delay)
{
    struct rig rig;
    struct core_operation access = load(0);
    configure(&rig, seed, 1000000);
    rig.config.adversary_delay_cycles = delay;
    rig_open(&rig);
    rig_begin(&rig);
    rig_do(&rig, &access);
    rig_end(&rig);
    const struct mmu_event *walk = rig_event(&rig, EVENT_WALK, 0, 0);
    assert_non_null(walk);
    assert_int_equal(walk->as.walk.fault, FAULT_NONE);
    assert_int_equal(walk->as.walk.steps, 4);
    uint64_t cycles = walk->cycle - walk->as.walk.start_cycle;
    rig_close(&rig);
    return cycles;
}

static void walks_wait_behind_each_entry_for_up_to_the_delay(void **state)
{
    uint64_t least = UINT64_MAX, most = 0, plain = cycles_of_a_walk(1, 0);
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        uint64_t cycles = cycles_of_a_walk(seed, 50);
        assert_true(cycles >= plain && cycles <= plain + 4 * 50);
        least = cycles < least ? cycles : least;
        most = cycles > most ? cycles : most;
    }
    assert_true(least < plain + 50 && most > plain + 3 * 50);
}

/* ---- whose tables it walks ------------------------------------------------------------------------ */

/* Walks with ASID 1 begun after `from`. */
static unsigned late_walks_of_first_space(const struct rig *rig, uint64_t from)
{
    const struct mmu_event *event;
    unsigned walks = 0;
    for (unsigned i = 0; (event = rig_event(rig, EVENT_WALK, 0, i)); i++)
        walks += event->as.walk.asid == 1 && event->as.walk.request_cycle > from;
    return walks;
}

static unsigned walks_after_leaving(enum invalidation_scheme scheme, const struct core_operation *last)
{
    struct rig rig;
    configure(&rig, 7, 20);
    rig.config.invalidation_scheme = scheme;
    use_and_wait(&rig, 2000);
    struct core_operation away = {.kind = CORE_SWITCH, .context = &rig.fixture.contexts[1]};
    struct core_operation settled = op_wait(2000), wait = op_wait(50000);
    rig_do(&rig, &away);
    if (last)
        rig_do(&rig, last);
    rig_do(&rig, &settled);
    uint64_t from = machine_now(rig.fixture.machine, 0);
    rig_do(&rig, &wait);
    rig_end(&rig);
    unsigned walks = late_walks_of_first_space(&rig, from);
    rig_close(&rig);
    return walks;
}

static void it_walks_a_space_that_was_left_if_hardware_invalidates(void **state)
{
    (void)state;
    assert_true(walks_after_leaving(INVALIDATION_BROADCAST, NULL) > 50);
}

static void it_walks_the_active_space_alone_if_software_interrupts(void **state)
{
    (void)state;
    assert_int_equal(walks_after_leaving(INVALIDATION_INTERRUPT, NULL), 0);
}

static void it_forgets_a_space_that_the_core_alone_has_invalidated(void **state)
{
    struct core_operation flush = {.kind = CORE_INVALIDATE,
                                   .invalidation = {.asid = 1, .scope = INVALIDATE_ASID, .broadcast = false}};
    (void)state;
    assert_int_equal(walks_after_leaving(INVALIDATION_BROADCAST, &flush), 0);
    flush.invalidation.asid = 2;
    assert_true(walks_after_leaving(INVALIDATION_BROADCAST, &flush) > 50);
}

/* ---- when it does nothing -------------------------------------------------------------------------- */

static void a_period_of_0_is_no_adversary(void **state)
{
    struct fixture fixtures[2];
    struct core_counters none = {0};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct mmu_config config;
        struct script scripts[2];
        uint64_t drawn = 11;
        mmu_config_defaults(&config);
        config.memory_bytes = UINT64_C(64) << 20;
        config.cores = 2;
        config.adversary_reach = i ? 4096 : 1;
        config.adversary_delay_cycles = i ? 1000 : 0;
        config.prefetch_degree = i ? 8 : 1;
        config.prefetch_entries = i ? 4096 : 1;
        fixture_open(&fixtures[i], &config, OBSERVE_ALL);
        for (unsigned core = 0; core < 2; core++)
            draw_script(&drawn, &fixtures[i], 60, core, &scripts[core]);
        assert_int_equal(script_run(&fixtures[i], scripts, machine_advance).status, MACHINE_DONE);
        assert_int_equal(machine_finish(fixtures[i].machine), 0);
        assert_memory_equal(&machine_counters(fixtures[i].machine, 0)->adversary, &none.adversary,
                            sizeof none.adversary);
        script_free(&scripts[0]);
        script_free(&scripts[1]);
    }
    assert_true(fixtures[0].event_count > 100);
    assert_int_equal(fixtures[0].event_count, fixtures[1].event_count);
    assert_memory_equal(fixtures[0].events, fixtures[1].events,
                        fixtures[0].event_count * sizeof *fixtures[0].events);
    fixture_close(&fixtures[0]);
    fixture_close(&fixtures[1]);
}

static void it_does_not_keep_a_run_alive(void **state)
{
    (void)state;
    for (unsigned parks = 0; parks < 2; parks++) {
        struct rig rig;
        struct core_operation park = {.kind = CORE_PARK};
        unsigned core;
        configure(&rig, 1, 10);
        use_and_wait(&rig, 1000);
        if (parks)
            machine_post(rig.fixture.machine, 0, &park);
        else
            machine_end_program(rig.fixture.machine, 0);
        uint64_t ended = machine_now(rig.fixture.machine, 0);
        assert_int_equal(machine_advance(rig.fixture.machine, &core),
                         parks ? MACHINE_DEADLOCK : MACHINE_DONE);
        assert_true(machine_end_cycle(rig.fixture.machine) < ended + 2000); /* a walk may be under way */
        assert_true(counters_of(&rig, 0)->adversary.acts > 50);
        rig_close(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_software_does_not_notice_it),
        cmocka_unit_test(forgotten_invalidations_are_found_out),
        cmocka_unit_test(it_acts_once_a_period_on_average),
        cmocka_unit_test(it_walks_fills_evicts_and_refills),
        cmocka_unit_test(it_never_changes_an_entry),
        cmocka_unit_test(walks_wait_behind_each_entry_for_up_to_the_delay),
        cmocka_unit_test(it_walks_a_space_that_was_left_if_hardware_invalidates),
        cmocka_unit_test(it_walks_the_active_space_alone_if_software_interrupts),
        cmocka_unit_test(it_forgets_a_space_that_the_core_alone_has_invalidated),
        cmocka_unit_test(a_period_of_0_is_no_adversary),
        cmocka_unit_test(it_does_not_keep_a_run_alive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
