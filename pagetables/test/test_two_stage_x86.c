/*
 * x86-64 under EPT: a guest's tables by hand, an EPT by the radix table, every store where it belongs. The
 * rules are those of the Intel SDM, volume 3 (325384-081US), 28.2.1, 29.3.3 and 29.3.5; bits are spelled out.
 */
#include "pagetables/ept.h"
#include "pagetables/test/fixture.h"
#include "pagetables/two_stage.h"
#include "pagetables/x86.h"

#define PAGE UINT64_C(4096)
#define A    UINT64_C(0x20)
#define D    UINT64_C(0x40)
#define EA   UINT64_C(0x100)
#define ED   UINT64_C(0x200)

/* The guest's tables stand one after the other from GPA_TABLES on, and apart from each other at HPA_TABLES.
 */
#define GPA_TABLES UINT64_C(0x40000)
#define HPA_TABLES UINT64_C(0x1000000)
#define GPA_PAGE   UINT64_C(0x7654000)
#define HPA_PAGE   UINT64_C(0x3000000)
#define VA         UINT64_C(0x3ac515a123)

#define USER_LOAD    ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_LOAD)
#define USER_STORE   ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE)
#define KERNEL_STORE ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE)

static struct fixture ept;

struct guest {
    struct translation_regime stage1;
    struct translation_regime stage2;
    struct two_stage_regime regime;
    unsigned levels;
    struct two_stage_walk walk;
    unsigned fetches[3]; /* by stage */
    unsigned updates[3];
    uint64_t first_update; /* of the last walk: where, 0 if there is none */
};

static uint64_t hpa_of_table(unsigned level)
{
    return HPA_TABLES + 17 * PAGE * level;
}

static uint64_t gpa_of_table(unsigned level)
{
    return GPA_TABLES + PAGE * level;
}

/* The guest's entry at a level, by host-physical address. */
static uint64_t guest_slot(unsigned level)
{
    return hpa_of_table(level) + (VA >> (3 + 9 * level) & 511) * 8;
}

static void poke(uint64_t pa, uint64_t word)
{
    assert_true(flat_memory_poke(ept.memory, pa, word));
}

/* The EPT entry that maps a guest-physical page of 4 KiB. */
static uint64_t ept_slot(uint64_t gpa)
{
    uint64_t table[ENTRY_LEVELS_MAX];
    unsigned tables = fixture_tables_to(&ept, gpa, table);
    return table[tables - 1] + (gpa >> 12 & 511) * 8;
}

static void open_guest(struct guest *guest, const struct walk_format *format1,
                       const struct walk_format *format2, bool flags)
{
    fixture_open_format(&ept, &pagetable_radix, format2);
    *guest = (struct guest){.levels = format1->levels};
    guest->stage1 = (struct translation_regime){.format = format1,
                                                .root = gpa_of_table(format1->levels),
                                                .physical_size_lg2 = 48,
                                                .controls = format1->controls};
    guest->stage2 = (struct translation_regime){.format = format2,
                                                .root = ept.regime.root,
                                                .physical_size_lg2 = 48,
                                                .hardware_access = flags,
                                                .hardware_dirty = flags};
    guest->regime = (struct two_stage_regime){&guest->stage1, &guest->stage2};
    for (unsigned level = 1; level <= guest->levels; level++) {
        assert_int_equal(fixture_map(&ept, gpa_of_table(level), frame_of(hpa_of_table(level), 12, "rw-co")),
                         PAGETABLE_OK);
        poke(guest_slot(level), level > 1 ? gpa_of_table(level - 1) | 7 : GPA_PAGE | 7);
    }
    assert_int_equal(fixture_map(&ept, GPA_PAGE, frame_of(HPA_PAGE, 12, "rwxco")), PAGETABLE_OK);
}

static void close_guest(void)
{
    fixture_close(&ept);
}

static enum two_stage_status read_words(struct guest *guest)
{
    uint64_t word = fixture_peek(&ept, guest->walk.fetch[0]);
    assert_int_equal(guest->walk.fetches, 1);
    guest->fetches[guest->walk.stage]++;
    return two_stage_resume(&guest->walk, &word);
}

/* In memory, as an atomic compare-exchange that succeeds. */
static enum two_stage_status make_update(struct guest *guest)
{
    const struct walk_update *update = &guest->walk.update;
    assert_int_equal(fixture_peek(&ept, update->pa), update->expected);
    poke(update->pa, update->desired);
    if (guest->first_update == 0)
        guest->first_update = update->pa;
    guest->updates[guest->walk.stage]++;
    return two_stage_updated(&guest->walk);
}

static enum two_stage_status finish(struct guest *guest, enum two_stage_status status)
{
    for (;;)
        switch (status) {
        case TWO_STAGE_TRANSLATE:
            status = two_stage_walk_stage2(&guest->walk, NULL);
            break;
        case TWO_STAGE_FETCH:
            status = read_words(guest);
            break;
        case TWO_STAGE_UPDATE:
            status = make_update(guest);
            break;
        default:
            return status;
        }
}

/* A whole access, without caches: walk, judgement, updates. */
static enum two_stage_status access_as(struct guest *guest, unsigned right)
{
    const struct two_stage_access access = {.controls = guest->stage1.controls, .right = (uint8_t)right};
    for (unsigned stage = 1; stage <= 2; stage++)
        guest->fetches[stage] = guest->updates[stage] = 0;
    guest->first_update = 0;
    enum two_stage_status status = finish(guest, two_stage_start(&guest->walk, &guest->regime, VA, &access));
    if (status != TWO_STAGE_LEAF)
        return status;
    const struct walk_leaf *leaf = &guest->walk.leaf;
    uint8_t allowed =
        walk_allowed(guest->stage1.format, &access.controls, leaf->rights_when_dirty, leaf->frame.attributes);
    if (!(allowed & right))
        return two_stage_refuse(&guest->walk, right);
    return finish(guest, two_stage_use(&guest->walk, right & (USER_STORE | KERNEL_STORE)));
}

/* What software is told of the last fault, which an access of this kind made. */
static struct fault_report report_of(const struct guest *guest, enum privilege privilege,
                                     enum access_kind access)
{
    const struct two_stage_fault *fault = &guest->walk.fault;
    const struct fault_cause cause = {.va = VA,
                                      .ipa = fault->ipa,
                                      .kind = fault->kind,
                                      .level = fault->level,
                                      .stage = fault->stage,
                                      .access = (uint8_t)access,
                                      .privilege = (uint8_t)privilege,
                                      .two_stage = true,
                                      .on_table = fault->on_table,
                                      .table_store = fault->table_store,
                                      .rights = fault->rights,
                                      .attributes = fault->attributes,
                                      .controls = guest->stage1.controls};
    struct fault_report report;
    (fault->stage == 1 ? guest->stage1 : guest->stage2).format->report(&cause, &report);
    return report;
}

/* ---- References ---- */

static void good_n_and_m_levels_make_all_their_references(void **state)
{
    static const struct {
        const struct walk_format *stage1, *stage2;
        unsigned references;
    } cases[] = {{&x86_64_48, &ept_48, 24},
                 {&x86_64_57, &ept_48, 29},
                 {&x86_64_48, &ept_57, 29},
                 {&x86_64_57, &ept_57, 35}};
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned flags = 0; flags < 2; flags++) {
            struct guest guest;
            open_guest(&guest, cases[i].stage1, cases[i].stage2, flags);
            for (unsigned again = 0; again < 2; again++) {
                assert_int_equal(access_as(&guest, again ? USER_STORE : USER_LOAD), TWO_STAGE_LEAF);
                assert_int_equal(guest.fetches[1] + guest.fetches[2], cases[i].references);
                assert_int_equal(guest.fetches[1], guest.levels);
                assert_int_equal(guest.walk.leaf.frame.base, HPA_PAGE);
                assert_int_equal(guest.walk.leaf.va, VA & ~(PAGE - 1));
            }
            close_guest();
        }
    }
}

/* ---- Accessed and dirty ---- */

static void good_the_guests_tables_become_accessed_where_ept_puts_them(void **state)
{
    struct guest guest;
    open_guest(&guest, &x86_64_48, &ept_48, false);
    assert_int_equal(access_as(&guest, USER_LOAD), TWO_STAGE_LEAF);
    assert_int_equal(guest.updates[1], 4);
    assert_int_equal(guest.updates[2], 0);
    assert_int_equal(guest.first_update, guest_slot(4));
    for (unsigned level = 1; level <= 4; level++)
        assert_int_equal(fixture_peek(&ept, guest_slot(level)) & (A | D), A);
    assert_int_equal(access_as(&guest, USER_STORE), TWO_STAGE_LEAF);
    assert_int_equal(guest.updates[1], 1);
    assert_int_equal(fixture_peek(&ept, guest_slot(1)) & (A | D), A | D);
    /* without accessed and dirty flags for EPT, its entries stay as software made them */
    assert_int_equal(fixture_peek(&ept, ept_slot(GPA_PAGE)) & (EA | ED), 0);
    assert_int_equal(access_as(&guest, USER_STORE), TWO_STAGE_LEAF);
    assert_int_equal(guest.updates[1], 0);
    close_guest();
}

static void good_with_flags_each_access_to_a_guests_table_makes_its_page_dirty(void **state)
{
    struct guest guest;
    open_guest(&guest, &x86_64_48, &ept_48, true);
    for (unsigned level = 1; level <= 4; level++) /* nothing to store for the guest */
        poke(guest_slot(level), fixture_peek(&ept, guest_slot(level)) | A);
    assert_int_equal(access_as(&guest, USER_LOAD), TWO_STAGE_LEAF);
    assert_int_equal(guest.updates[1], 0);
    for (unsigned level = 1; level <= 4; level++)
        assert_int_equal(fixture_peek(&ept, ept_slot(gpa_of_table(level))) & (EA | ED), EA | ED);
    assert_int_equal(fixture_peek(&ept, ept_slot(GPA_PAGE)) & (EA | ED), EA);
    assert_int_equal(access_as(&guest, USER_STORE), TWO_STAGE_LEAF);
    assert_int_equal(guest.updates[1], 1);
    assert_int_equal(fixture_peek(&ept, ept_slot(GPA_PAGE)) & (EA | ED), EA | ED);
    close_guest();
}

/* ---- Faults ---- */

/* 29.3.3.2: with flags, reads of the guest's tables are treated as writes; without, only updates are. */
static void bad_a_guests_table_that_cannot_be_written_is_a_violation(void **state)
{
    for (unsigned flags = 0; flags < 2; flags++) {
        for (unsigned accessed = 0; accessed < 2; accessed++) {
            struct guest guest;
            open_guest(&guest, &x86_64_48, &ept_48, flags);
            assert_int_equal(fixture_protect(&ept, gpa_of_table(3), "r--"), PAGETABLE_OK);
            poke(guest_slot(3), fixture_peek(&ept, guest_slot(3)) | (accessed ? A : 0));
            enum two_stage_status status = access_as(&guest, USER_LOAD);
            if (!flags && accessed) {
                assert_int_equal(status, TWO_STAGE_LEAF);
                close_guest();
                continue;
            }
            assert_int_equal(status, TWO_STAGE_FAULT);
            assert_int_equal(guest.walk.fault.kind, FAULT_PERMISSION);
            assert_true(guest.walk.fault.on_table);
            struct fault_report report = report_of(&guest, PRIVILEGE_USER, ACCESS_LOAD);
            assert_int_equal(report.vector, 48);
            assert_int_equal(report.code, 0x1 | 0x2 | 0x8 | 0x80);
            assert_int_equal(report.ipa, gpa_of_table(3) + (guest_slot(3) & (PAGE - 1)));
            assert_int_equal(report.address, VA);
            /* above it the tables were used */
            assert_int_equal(fixture_peek(&ept, guest_slot(4)) & A, A);
            close_guest();
        }
    }
}

static void bad_a_guests_table_that_ept_does_not_map_is_a_violation_by_reading(void **state)
{
    struct guest guest;
    open_guest(&guest, &x86_64_48, &ept_48, false);
    assert_int_equal(fixture_unmap(&ept, gpa_of_table(2)), PAGETABLE_OK);
    assert_int_equal(access_as(&guest, USER_STORE), TWO_STAGE_FAULT);
    struct fault_report report = report_of(&guest, PRIVILEGE_USER, ACCESS_STORE);
    assert_int_equal(report.vector, 48);
    assert_int_equal(report.code, 0x1 | 0x80);
    close_guest();
}

static void bad_a_misconfigured_entry_on_the_way_to_a_guests_table_is_told_as_one(void **state)
{
    struct guest guest;
    open_guest(&guest, &x86_64_48, &ept_48, true);
    poke(ept_slot(gpa_of_table(4)), hpa_of_table(4) | 0x32); /* writable and not readable */
    assert_int_equal(access_as(&guest, USER_LOAD), TWO_STAGE_FAULT);
    struct fault_report report = report_of(&guest, PRIVILEGE_USER, ACCESS_LOAD);
    assert_int_equal(report.vector, 49);
    assert_int_equal(report.ipa, gpa_of_table(4) + (guest_slot(4) & (PAGE - 1)));
    poke(ept_slot(gpa_of_table(4)), hpa_of_table(4) | 0x37);
    close_guest();
}

/* 29.3.3.3: the guest's privileges are evaluated first, and EPT's of the page after. */
static void good_a_page_fault_of_the_guest_comes_before_a_violation_on_its_page(void **state)
{
    struct guest guest;
    open_guest(&guest, &x86_64_48, &ept_48, true);
    assert_int_equal(fixture_unmap(&ept, GPA_PAGE), PAGETABLE_OK);
    poke(guest_slot(1), GPA_PAGE | 5 | A); /* user, read-only */
    assert_int_equal(access_as(&guest, USER_STORE), TWO_STAGE_FAULT);
    struct fault_report report = report_of(&guest, PRIVILEGE_USER, ACCESS_STORE);
    assert_int_equal(report.vector, 14);
    assert_int_equal(report.code, 0x7);
    assert_int_equal(guest.fetches[1] + guest.fetches[2], 20);
    assert_int_equal(fixture_peek(&ept, guest_slot(1)) & (A | D), A);
    assert_int_equal(access_as(&guest, USER_LOAD), TWO_STAGE_FAULT);
    report = report_of(&guest, PRIVILEGE_USER, ACCESS_LOAD);
    assert_int_equal(report.vector, 48);
    assert_int_equal(report.code, 0x1 | 0x80 | 0x100);
    assert_int_equal(report.ipa, GPA_PAGE + (VA & (PAGE - 1)));
    close_guest();
}

static void bad_a_page_that_ept_lets_nobody_write_is_a_violation_that_tells_its_rights(void **state)
{
    struct guest guest;
    open_guest(&guest, &x86_64_48, &ept_48, true);
    assert_int_equal(fixture_protect(&ept, GPA_PAGE, "r-x"), PAGETABLE_OK);
    assert_int_equal(access_as(&guest, USER_STORE), TWO_STAGE_FAULT);
    struct fault_report report = report_of(&guest, PRIVILEGE_USER, ACCESS_STORE);
    assert_int_equal(report.vector, 48);
    assert_int_equal(report.code, 0x2 | 0x8 | 0x20 | 0x40 | 0x80 | 0x100);
    /* a clean page is a writable one: bit 4 */
    assert_int_equal(fixture_protect(&ept, GPA_PAGE, "rw-c"), PAGETABLE_OK);
    assert_int_equal(access_as(&guest, ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_FETCH)), TWO_STAGE_FAULT);
    report = report_of(&guest, PRIVILEGE_USER, ACCESS_FETCH);
    assert_int_equal(report.code, 0x4 | 0x8 | 0x10 | 0x80 | 0x100);
    close_guest();
}

/* ---- What both stages say of a page ---- */

static void good_the_mapping_is_what_both_stages_allow(void **state)
{
    struct guest guest;
    open_guest(&guest, &x86_64_48, &ept_48, false);
    /* user, key 5, execute-disable; EPT read-only */
    poke(guest_slot(1), GPA_PAGE | 7 | UINT64_C(5) << 59 | UINT64_C(1) << 63);
    assert_int_equal(fixture_protect(&ept, GPA_PAGE, "r-xn"), PAGETABLE_OK);
    assert_int_equal(access_as(&guest, USER_LOAD), TWO_STAGE_LEAF);
    assert_int_equal(guest.walk.leaf.frame.attributes,
                     FRAME_READABLE | FRAME_USER | FRAME_NONCACHEABLE | FRAME_KEY(5));
    assert_int_equal(guest.walk.leaf.rights, USER_LOAD | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD));
    close_guest();
}

static void good_a_large_page_of_one_stage_is_a_small_one_of_both(void **state)
{
    struct guest guest;
    open_guest(&guest, &x86_64_48, &ept_48, false);
    uint64_t large = GPA_PAGE & ~UINT64_C(0x1fffff);
    uint64_t gpa = large + (VA & 0x1ff000);
    poke(guest_slot(2), large | 7 | 0x80);
    assert_int_equal(fixture_map(&ept, gpa, frame_of(HPA_PAGE + 5 * PAGE, 12, "rw-")), PAGETABLE_OK);
    assert_int_equal(access_as(&guest, USER_LOAD), TWO_STAGE_LEAF);
    assert_int_equal(guest.fetches[1] + guest.fetches[2], 19);
    assert_int_equal(guest.walk.leaf.frame.base, HPA_PAGE + 5 * PAGE);
    assert_int_equal(guest.walk.leaf.frame.size_lg2, 12);
    assert_int_equal(guest.walk.leaf.level, 2);
    assert_int_equal(guest.walk.leaf.stage2_level, 1);
    close_guest();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_n_and_m_levels_make_all_their_references),
        cmocka_unit_test(good_the_guests_tables_become_accessed_where_ept_puts_them),
        cmocka_unit_test(good_with_flags_each_access_to_a_guests_table_makes_its_page_dirty),
        cmocka_unit_test(bad_a_guests_table_that_cannot_be_written_is_a_violation),
        cmocka_unit_test(bad_a_guests_table_that_ept_does_not_map_is_a_violation_by_reading),
        cmocka_unit_test(bad_a_misconfigured_entry_on_the_way_to_a_guests_table_is_told_as_one),
        cmocka_unit_test(good_a_page_fault_of_the_guest_comes_before_a_violation_on_its_page),
        cmocka_unit_test(bad_a_page_that_ept_lets_nobody_write_is_a_violation_that_tells_its_rights),
        cmocka_unit_test(good_the_mapping_is_what_both_stages_allow),
        cmocka_unit_test(good_a_large_page_of_one_stage_is_a_small_one_of_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
