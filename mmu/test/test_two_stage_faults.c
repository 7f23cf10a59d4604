/*
 * Faults under two stages: which stage, which level, which intermediate address, and whether it was an access
 * of stage 1 to its own tables.
 */
#include "mmu/test/guest_fixture.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define RW  (FRAME_READABLE | FRAME_WRITABLE)

#define NEW_VA UINT64_C(0x7f0000000000) /* no table of the guest leads there before a test maps it */

static void open(struct rig *rig, const char *stage2)
{
    const struct guest_config guest = {"vmsa-4k-48", stage2, false};
    rig_defaults(rig);
    rig_open_guest(rig, &guest);
}

static void begin(struct rig *rig)
{
    open(rig, "vmsa-s2-4k-48");
    rig_begin(rig);
}

static void end(struct rig *rig)
{
    rig_end(rig);
    rig_close(rig);
}

static void set(struct rig *rig, uint64_t pa, uint64_t word)
{
    assert_true(machine_poke(rig->fixture.machine, pa, word));
}

static uint64_t get(const struct rig *rig, uint64_t pa)
{
    uint64_t word = 0;
    assert_true(machine_peek(rig->fixture.machine, pa, &word));
    return word;
}

/* What an access must answer; `ipa` EVENT_NEVER where there is none. */
struct expected {
    enum fault_kind kind;
    unsigned level, stage;
    uint64_t ipa;
    bool on_table;
};

static void assert_access(struct rig *rig, enum access_kind kind, uint64_t va, struct expected expected)
{
    struct core_operation operation = op_access(kind, DATA_NONE, va);
    const struct core_result *result = rig_do(rig, &operation);
    assert_int_equal(result->fault, expected.kind);
    assert_int_equal(result->fault_level, expected.level);
    assert_int_equal(result->fault_stage, expected.stage);
    assert_int_equal(result->fault_ipa, expected.ipa);
    assert_int_equal(result->fault_on_table, expected.on_table);
    assert_int_equal(result->fault_va, va);
    rig_settle(rig);
}

static void assert_loads(struct rig *rig, uint64_t va)
{
    struct core_operation operation = op_access(ACCESS_LOAD, DATA_NONE, va);
    assert_int_equal(rig_do(rig, &operation)->fault, FAULT_NONE);
    rig_settle(rig);
}

/* ---- translation faults ------------------------------------------------------------------------- */

static void a_missing_output_page_is_stage2s_fault_at_its_address(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    set(&rig, rig.fixture.guest->entries[2], 0);
    assert_access(&rig, ACCESS_LOAD, fixture_va(2) + 0x128,
                  (struct expected){FAULT_TRANSLATION, 3, 2, guest_ipa(2) + 0x128, false});
    end(&rig);
}

static void each_missing_table_page_is_stage2s_fault_on_a_table(void **state)
{
    (void)state;
    for (unsigned level = 0; level < 4; level++) {
        struct rig rig;
        begin(&rig);
        uint64_t va = fixture_va(2), table = guest_stage1_table_ipa(&rig.fixture, va, level);
        uint64_t in_table = (va >> (39 - 9 * level) & 511) * 8;
        set(&rig, guest_stage2_entry(&rig.fixture, table, 3), 0);
        assert_access(&rig, ACCESS_LOAD, va,
                      (struct expected){FAULT_TRANSLATION, 3, 2, table + in_table, true});
        /* what came before: the tables in front, each with its translation; and four words of stage 2 */
        assert_int_equal(machine_counters(rig.fixture.machine, 0)->walker.steps, level * 5 + 4);
        end(&rig);
    }
}

static void a_fault_of_stage2_has_the_level_where_it_ended(void **state)
{
    /* in a mapped region of a level, and the next entry of that level's table */
    static const uint64_t beyond[] = {UINT64_C(1) << 39, 12 * GIB, GUEST_PAGES + 2 * MIB,
                                      GUEST_PAGES + 2 * MIB - FIXTURE_PAGE};
    (void)state;
    for (unsigned level = 0; level < 4; level++) {
        struct rig rig;
        struct frame frame = {beyond[level], RW | FRAME_USER, 12};
        open(&rig, "vmsa-s2-4k-48");
        guest_map_stage1(&rig.fixture, NEW_VA, &frame);
        rig_begin(&rig);
        assert_access(&rig, ACCESS_LOAD, NEW_VA + 8,
                      (struct expected){FAULT_TRANSLATION, level, 2, beyond[level] + 8, false});
        end(&rig);
    }
}

/* Reported as of level 0, wherever walks begin (DDI 0487, D8.2.4). */
static void an_address_beyond_stage2s_reach_faults_without_a_fetch_of_it(void **state)
{
    struct rig rig;
    struct frame frame = {UINT64_C(1) << 40, RW | FRAME_USER, 12};
    (void)state;
    open(&rig, "vmsa-s2-4k-39");
    guest_map_stage1(&rig.fixture, NEW_VA, &frame);
    rig_begin(&rig);
    assert_access(&rig, ACCESS_LOAD, NEW_VA,
                  (struct expected){FAULT_TRANSLATION, 0, 2, UINT64_C(1) << 40, false});
    assert_int_equal(machine_counters(rig.fixture.machine, 0)->walker.steps, 4 * (3 + 1));
    end(&rig);
}

static void a_fault_of_stage1_has_no_intermediate_address(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    for (unsigned level = 3; level < 4; level--) {
        set(&rig, guest_stage1_entry(&rig.fixture, fixture_va(2), level), 0);
        assert_access(&rig, ACCESS_LOAD, fixture_va(2),
                      (struct expected){FAULT_TRANSLATION, level, 1, EVENT_NEVER, false});
    }
    end(&rig);
}

static void an_address_beyond_stage1s_reach_faults_without_a_walk(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    assert_access(&rig, ACCESS_LOAD, UINT64_C(1) << 50,
                  (struct expected){FAULT_TRANSLATION, 0, 1, EVENT_NEVER, false});
    assert_int_equal(machine_counters(rig.fixture.machine, 0)->walker.walks, 0);
    end(&rig);
}

/* ---- other faults ------------------------------------------------------------------------------- */

static void an_entry_that_leads_out_of_memory_aborts_in_the_stage_that_reads(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    uint64_t outside = UINT64_C(1) << 40, va = fixture_va(2);
    uint64_t table = guest_stage1_table_ipa(&rig.fixture, va, 2);
    uint64_t leaf = guest_stage2_entry(&rig.fixture, table, 3), old = get(&rig, leaf);
    set(&rig, leaf, (old & ~UINT64_C(0xfffffffff000)) | outside);
    assert_access(&rig, ACCESS_LOAD, va, (struct expected){FAULT_EXTERNAL_ABORT, 2, 1, EVENT_NEVER, false});
    set(&rig, leaf, old);
    set(&rig, guest_stage2_entry(&rig.fixture, guest_ipa(2), 2), outside | 3);
    assert_access(&rig, ACCESS_LOAD, va, (struct expected){FAULT_EXTERNAL_ABORT, 3, 2, guest_ipa(2), false});
    end(&rig);
}

static void a_clear_access_flag_is_the_fault_of_its_stage(void **state)
{
    struct rig rig;
    const uint64_t access_flag = UINT64_C(1) << 10; /* DDI 0487, D8.3.2: both stages */
    (void)state;
    begin(&rig);
    uint64_t entry = rig.fixture.guest->entries[2];
    set(&rig, entry, get(&rig, entry) & ~access_flag);
    assert_access(&rig, ACCESS_LOAD, fixture_va(2),
                  (struct expected){FAULT_ACCESS_FLAG, 3, 2, guest_ipa(2), false});
    set(&rig, rig.fixture.entries[2], get(&rig, rig.fixture.entries[2]) & ~access_flag);
    assert_access(&rig, ACCESS_LOAD, fixture_va(2),
                  (struct expected){FAULT_ACCESS_FLAG, 3, 1, EVENT_NEVER, false});
    end(&rig);
}

/* ---- permissions -------------------------------------------------------------------------------- */

/* Of the fixture's pages stage 1 makes every fourth read-only, stage 2 those before every seventh. */
#define READ_ONLY_IN_STAGE1 4u
#define READ_ONLY_IN_STAGE2 6u
#define READ_ONLY_IN_BOTH   20u

static void assert_store_denied(struct rig *rig, unsigned page, unsigned stage)
{
    const struct expected denied = {FAULT_PERMISSION, 3, stage, EVENT_NEVER, false};
    uint64_t walks = machine_counters(rig->fixture.machine, 0)->walker.walks;
    assert_access(rig, ACCESS_STORE, fixture_va(page), denied); /* by a walk */
    assert_access(rig, ACCESS_STORE, fixture_va(page), denied); /* by the entry that it left */
    assert_loads(rig, fixture_va(page));
    assert_int_equal(machine_counters(rig->fixture.machine, 0)->walker.walks, walks + 1);
}

static void a_permission_fault_names_the_stage_that_denies(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    assert_store_denied(&rig, READ_ONLY_IN_STAGE1, 1);
    assert_store_denied(&rig, READ_ONLY_IN_STAGE2, 2);
    end(&rig);
}

static void where_both_deny_stage1_comes_first(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    assert_store_denied(&rig, READ_ONLY_IN_BOTH, 1);
    end(&rig);
}

static void a_permission_fault_has_the_level_of_the_stage_that_denies(void **state)
{
    struct rig rig;
    struct frame page = {8 * GIB, RW | FRAME_USER, 12}, block = {32 * MIB, FRAME_READABLE, 21};
    struct frame read_only = {16 * GIB, FRAME_READABLE | FRAME_USER, 21}, pages = {48 * MIB, RW, 12};
    (void)state;
    open(&rig, "vmsa-s2-4k-48");
    guest_map_stage1(&rig.fixture, NEW_VA, &page);
    guest_map_stage2(&rig.fixture, 8 * GIB, &block);
    guest_map_stage1(&rig.fixture, NEW_VA + GIB, &read_only);
    guest_map_stage2(&rig.fixture, 16 * GIB, &pages);
    rig_begin(&rig);
    for (unsigned i = 0; i < 2; i++) { /* by a walk, by its entry */
        assert_access(&rig, ACCESS_STORE, NEW_VA,
                      (struct expected){FAULT_PERMISSION, 2, 2, EVENT_NEVER, false});
        assert_access(&rig, ACCESS_STORE, NEW_VA + GIB,
                      (struct expected){FAULT_PERMISSION, 2, 1, EVENT_NEVER, false});
    }
    assert_int_equal(machine_counters(rig.fixture.machine, 0)->walker.walks, 2);
    end(&rig);
}

static void a_table_that_stage2_does_not_let_be_read_is_its_permission_fault(void **state)
{
    struct rig rig;
    const uint64_t readable = UINT64_C(1) << 6; /* S2AP[0], DDI 0487, D8.4.2 */
    (void)state;
    begin(&rig);
    uint64_t table = guest_stage1_table_ipa(&rig.fixture, fixture_va(2), 3);
    uint64_t entry = guest_stage2_entry(&rig.fixture, table, 3);
    set(&rig, entry, get(&rig, entry) & ~readable);
    assert_access(&rig, ACCESS_LOAD, fixture_va(2),
                  (struct expected){FAULT_PERMISSION, 3, 2, table + (fixture_va(2) >> 12 & 511) * 8, true});
    end(&rig);
}

/* ---- what is told, and what stays --------------------------------------------------------------- */

static void events_tell_the_stage_and_the_intermediate_address(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    uint64_t va = fixture_va(2), table = guest_stage1_table_ipa(&rig.fixture, va, 3);
    uint64_t ipa = table + (va >> 12 & 511) * 8;
    struct core_operation load = op_access(ACCESS_LOAD, DATA_BUS, va);
    load.handled = true;
    set(&rig, guest_stage2_entry(&rig.fixture, table, 3), 0);
    rig_do(&rig, &load);
    rig_end(&rig);
    const struct event_walk *walk = &rig_event(&rig, EVENT_WALK, 0, 0)->as.walk;
    assert_int_equal(walk->fault_stage, 2);
    assert_int_equal(walk->fault_ipa, ipa);
    assert_true(walk->fault_on_table);
    assert_false(walk->filled);
    const struct event_translation *access = &rig_event(&rig, EVENT_TRANSLATION, 0, 0)->as.translation;
    assert_int_equal(access->fault_stage, 2);
    assert_int_equal(access->fault_ipa, ipa);
    assert_int_equal(access->vmid, GUEST_VMID);
    const struct event_fault *fault = &rig_event(&rig, EVENT_FAULT, 0, 0)->as.fault;
    assert_int_equal(fault->fault_stage, 2);
    assert_int_equal(fault->ipa, ipa);
    assert_true(fault->handled);
    rig_close(&rig);
}

static void what_faulted_is_found_once_stage2_maps_it(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig);
    uint64_t entry = rig.fixture.guest->entries[2], word = get(&rig, entry);
    set(&rig, entry, 0);
    assert_access(&rig, ACCESS_LOAD, fixture_va(2),
                  (struct expected){FAULT_TRANSLATION, 3, 2, guest_ipa(2), false});
    struct core_operation write = op_write(entry, word), dsb = op_barrier(BARRIER_DSB_ISH);
    rig_do(&rig, &write);
    rig_do(&rig, &dsb);
    assert_loads(&rig, fixture_va(2));
    end(&rig);
}

/* ---- faults of a stream ------------------------------------------------------------------------- */

static void assert_fault_of_stage(const struct core_result *result, unsigned stage, bool again)
{
    assert_int_equal(result->fault, FAULT_TRANSLATION);
    assert_int_equal(result->fault_stage, stage);
    assert_int_equal(result->fault_again, again);
}

/* The guest's handler cures the first, the hypervisor's the second: neither is the other one again. */
static void the_other_stages_fault_of_an_access_is_a_fault_of_its_own(void **state)
{
    struct rig rig;
    char error[256];
    const struct stream_config config = {.pattern = STREAM_STRIDE,
                                         .base = fixture_va(2),
                                         .region_bytes = FIXTURE_PAGE,
                                         .accesses = 1,
                                         .step_bytes = 8};
    (void)state;
    begin(&rig);
    uint64_t entries[] = {rig.fixture.entries[2], rig.fixture.guest->entries[2]}, words[2];
    for (unsigned i = 0; i < 2; i++) {
        words[i] = get(&rig, entries[i]);
        set(&rig, entries[i], 0);
    }
    struct stream *stream = stream_open(&config, error, sizeof error);
    struct core_operation operation = {
        .kind = CORE_STREAM, .data_mode = DATA_NONE, .stream = stream, .handled = true};
    assert_non_null(stream);
    assert_fault_of_stage(rig_do(&rig, &operation), 1, false);
    operation.kind = CORE_STREAM_RESUME;
    set(&rig, entries[0], words[0]);
    assert_fault_of_stage(rig_do(&rig, &operation), 2, false);
    assert_fault_of_stage(rig_do(&rig, &operation), 2, true);
    set(&rig, entries[1], words[1]);
    assert_int_equal(rig_do(&rig, &operation)->fault, FAULT_NONE);
    assert_int_equal(machine_result(rig.fixture.machine, 0)->accesses, 1);
    stream->close(stream);
    end(&rig);
}

/* A handler that takes away with one hand what it gives with the other is stopped. */
static void an_access_has_so_many_faults_and_no_more(void **state)
{
    struct rig rig;
    char error[256];
    const struct stream_config config = {.pattern = STREAM_STRIDE,
                                         .base = fixture_va(2),
                                         .region_bytes = FIXTURE_PAGE,
                                         .accesses = 1,
                                         .step_bytes = 8};
    (void)state;
    begin(&rig);
    uint64_t entries[] = {rig.fixture.entries[2], rig.fixture.guest->entries[2]};
    const uint64_t words[] = {get(&rig, entries[0]), get(&rig, entries[1])};
    struct stream *stream = stream_open(&config, error, sizeof error);
    struct core_operation operation = {
        .kind = CORE_STREAM, .data_mode = DATA_NONE, .stream = stream, .handled = true};
    assert_non_null(stream);
    for (unsigned i = 0; i < MMU_FAULTS_MAX + 3; i++) {
        set(&rig, entries[i % 2], 0);
        set(&rig, entries[1 - i % 2], words[1 - i % 2]);
        assert_fault_of_stage(rig_do(&rig, &operation), 1 + i % 2, i >= MMU_FAULTS_MAX);
        operation.kind = CORE_STREAM_RESUME;
    }
    stream->close(stream);
    end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_output_page_is_stage2s_fault_at_its_address),
        cmocka_unit_test(each_missing_table_page_is_stage2s_fault_on_a_table),
        cmocka_unit_test(a_fault_of_stage2_has_the_level_where_it_ended),
        cmocka_unit_test(an_address_beyond_stage2s_reach_faults_without_a_fetch_of_it),
        cmocka_unit_test(a_fault_of_stage1_has_no_intermediate_address),
        cmocka_unit_test(an_address_beyond_stage1s_reach_faults_without_a_walk),
        cmocka_unit_test(an_entry_that_leads_out_of_memory_aborts_in_the_stage_that_reads),
        cmocka_unit_test(a_clear_access_flag_is_the_fault_of_its_stage),
        cmocka_unit_test(a_permission_fault_names_the_stage_that_denies),
        cmocka_unit_test(where_both_deny_stage1_comes_first),
        cmocka_unit_test(a_permission_fault_has_the_level_of_the_stage_that_denies),
        cmocka_unit_test(a_table_that_stage2_does_not_let_be_read_is_its_permission_fault),
        cmocka_unit_test(events_tell_the_stage_and_the_intermediate_address),
        cmocka_unit_test(what_faulted_is_found_once_stage2_maps_it),
        cmocka_unit_test(the_other_stages_fault_of_an_access_is_a_fault_of_its_own),
        cmocka_unit_test(an_access_has_so_many_faults_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
