/*
 * RISC-V under RISC-V: a guest's tables by hand, a G stage by the radix table, every step in its order.
 * Sections are those of the Privileged Architecture, version 20211203: 4.3.2, 8.5, 8.6.
 */
#include "pagetables/riscv.h"
#include "pagetables/test/fixture.h"
#include "pagetables/two_stage.h"

#include <string.h>

#define PAGE UINT64_C(4096)

/* The guest's tables stand one after the other from GPA_TABLES on, and apart from each other at HPA_TABLES.
 */
#define GPA_TABLES UINT64_C(0x40000)
#define HPA_TABLES UINT64_C(0x1000000)
#define GPA_PAGE   UINT64_C(0x7654000)
#define HPA_PAGE   UINT64_C(0x3000000)
#define VA         UINT64_C(0x3ac515a123)

#define USER(access)   ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_##access)
#define KERNEL(access) ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_##access)
#define STORES         (USER(STORE) | KERNEL(STORE))

#define POINTER RISCV_V
#define RW      (RISCV_V | RISCV_R | RISCV_W)
#define URW     (RW | RISCV_U)

static struct fixture host;

struct guest {
    struct translation_regime stage1;
    struct translation_regime stage2;
    struct two_stage_regime regime;
    struct two_stage_walk walk;
    /* t: a table of the guest is translated, T: its page is; u, U: an update of stage 1, 2 */
    char log[64];
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
    return hpa_of_table(level) + (VA >> (12 + 9 * level) & 511) * 8;
}

static void poke(uint64_t pa, uint64_t word)
{
    assert_true(flat_memory_poke(host.memory, pa, word));
}

/* The G stage's leaf of a page of 4 KiB. */
static uint64_t g_slot(uint64_t gpa)
{
    uint64_t table[ENTRY_LEVELS_MAX];
    unsigned tables = fixture_tables_to(&host, gpa, table);
    return table[tables - 1] + (gpa >> 12 & 511) * 8;
}

static void set_leaf(uint64_t flags)
{
    poke(guest_slot(0), GPA_PAGE >> 2 | flags);
}

static void open_guest(struct guest *guest, const struct walk_format *format1,
                       const struct walk_format *format2, bool svadu)
{
    fixture_open_format(&host, &pagetable_radix, format2);
    *guest = (struct guest){.stage1 = {.format = format1,
                                       .root = gpa_of_table(format1->levels - 1u),
                                       .physical_size_lg2 = 56,
                                       .hardware_access = svadu,
                                       .hardware_dirty = svadu},
                            .stage2 = {.format = format2,
                                       .root = host.regime.root,
                                       .physical_size_lg2 = 56,
                                       .hardware_access = svadu,
                                       .hardware_dirty = svadu}};
    guest->regime = (struct two_stage_regime){&guest->stage1, &guest->stage2};
    for (unsigned level = 0; level < format1->levels; level++) {
        assert_int_equal(fixture_map(&host, gpa_of_table(level), frame_of(hpa_of_table(level), 12, "rw-")),
                         PAGETABLE_OK);
        if (level > 0)
            poke(guest_slot(level), gpa_of_table(level - 1) >> 2 | POINTER);
    }
    set_leaf(URW | RISCV_A | RISCV_D);
    assert_int_equal(fixture_map(&host, GPA_PAGE, frame_of(HPA_PAGE, 12, "rw-")), PAGETABLE_OK);
}

static void open_sv39(struct guest *guest, bool svadu)
{
    open_guest(guest, &riscv_sv39, &riscv_sv39x4, svadu);
}

/* The host's software changes what the G stage says of a page. */
static void protect(uint64_t gpa, const char *attributes)
{
    assert_int_equal(fixture_protect(&host, gpa, attributes), PAGETABLE_OK);
}

static void close_guest(void)
{
    fixture_close(&host);
}

static void note(struct guest *guest, char what)
{
    size_t length = strlen(guest->log);
    assert_true(length + 1 < sizeof guest->log);
    guest->log[length] = what;
}

static enum two_stage_status read_words(struct guest *guest)
{
    uint64_t word;
    if (!host.reader.read(host.reader.context, guest->walk.fetch[0], &word))
        return two_stage_abort(&guest->walk);
    return two_stage_resume(&guest->walk, &word);
}

static enum two_stage_status make_update(struct guest *guest)
{
    const struct walk_update *update = &guest->walk.update;
    note(guest, guest->walk.stage == 1 ? 'u' : 'U');
    assert_int_equal(fixture_peek(&host, update->pa), update->expected);
    poke(update->pa, update->desired);
    return two_stage_updated(&guest->walk);
}

static enum two_stage_status finish(struct guest *guest, enum two_stage_status status)
{
    while (status != TWO_STAGE_LEAF && status != TWO_STAGE_FAULT) {
        if (status == TWO_STAGE_TRANSLATE) {
            note(guest, guest->walk.on_table ? 't' : 'T');
            status = two_stage_walk_stage2(&guest->walk, NULL);
        } else {
            status = status == TWO_STAGE_FETCH ? read_words(guest) : make_update(guest);
        }
    }
    return status;
}

static uint8_t allowed_now(const struct guest *guest)
{
    const struct walk_leaf *leaf = &guest->walk.leaf;
    return walk_allowed(guest->stage1.format, &guest->stage1.controls, leaf->rights_when_dirty,
                        leaf->frame.attributes);
}

/* A whole access without caches: walk, judgement, updates. Those who know of no access say 0. */
static enum two_stage_status access_told(struct guest *guest, unsigned right, unsigned told)
{
    const struct two_stage_access access = {.controls = guest->stage1.controls, .right = (uint8_t)told};
    memset(guest->log, 0, sizeof guest->log);
    enum two_stage_status status = finish(guest, two_stage_start(&guest->walk, &guest->regime, VA, &access));
    if (status != TWO_STAGE_LEAF)
        return status;
    if (!(allowed_now(guest) & right))
        return two_stage_refuse(&guest->walk, right);
    return finish(guest, two_stage_use(&guest->walk, right & STORES));
}

static enum two_stage_status access_as(struct guest *guest, unsigned right)
{
    return access_told(guest, right, right);
}

static void assert_cause(const struct guest *guest, enum access_kind access, unsigned code, uint64_t gpa,
                         uint64_t instruction)
{
    const struct two_stage_fault *fault = &guest->walk.fault;
    const struct fault_cause cause = {.va = VA,
                                      .ipa = fault->ipa,
                                      .kind = fault->kind,
                                      .stage = fault->stage,
                                      .access = (uint8_t)access,
                                      .two_stage = true,
                                      .on_table = fault->on_table,
                                      .table_store = fault->table_store};
    struct fault_report report;
    (fault->stage == 1 ? guest->stage1 : guest->stage2).format->report(&cause, &report);
    assert_int_equal(report.address, VA);
    assert_int_equal(report.code, code);
    assert_int_equal(report.ipa, gpa >> 2);
    assert_int_equal(report.instruction, instruction);
}

/* ---- The order ---- */

static void good_every_pair_of_formats_translates(void **state)
{
    static const struct walk_format *const first[] = {&riscv_sv39, &riscv_sv48, &riscv_sv57};
    static const struct walk_format *const second[] = {&riscv_sv39x4, &riscv_sv48x4, &riscv_sv57x4};
    for (unsigned i = 0; i < 9; i++) {
        struct guest guest;
        open_guest(&guest, first[i % 3], second[i / 3], false);
        assert_int_equal(access_as(&guest, USER(STORE)), TWO_STAGE_LEAF);
        assert_int_equal(guest.walk.leaf.frame.base, HPA_PAGE);
        assert_int_equal(guest.walk.leaf.va, VA & ~(PAGE - 1));
        assert_string_equal(guest.log + first[i % 3]->levels, "T");
        close_guest();
    }
}

/* 4.3.2, step 7, is a step of the VS stage, the result of which the G stage translates. */
static void good_stage1_is_updated_before_its_output_is_translated(void **state)
{
    struct guest guest;
    open_sv39(&guest, true);
    set_leaf(URW);
    protect(GPA_PAGE, "rw-co");
    assert_int_equal(access_as(&guest, USER(LOAD)), TWO_STAGE_LEAF);
    assert_string_equal(guest.log, "tttuTU");
    assert_int_equal(fixture_peek(&host, guest_slot(0)), GPA_PAGE >> 2 | URW | RISCV_A);
    assert_int_equal(access_as(&guest, USER(STORE)), TWO_STAGE_LEAF);
    assert_string_equal(guest.log, "tttuTU");
    assert_int_equal(fixture_peek(&host, guest_slot(0)), GPA_PAGE >> 2 | URW | RISCV_A | RISCV_D);
    assert_int_equal(fixture_peek(&host, g_slot(GPA_PAGE)), HPA_PAGE >> 2 | URW | RISCV_A | RISCV_D);
    assert_int_equal(access_as(&guest, USER(STORE)), TWO_STAGE_LEAF);
    assert_string_equal(guest.log, "tttT");
    close_guest();
}

static void bad_what_stage1_refuses_never_asks_stage2_and_updates_nothing(void **state)
{
    struct guest guest;
    open_sv39(&guest, true);
    set_leaf(RISCV_V | RISCV_R | RISCV_U);
    assert_int_equal(fixture_unmap(&host, GPA_PAGE), PAGETABLE_OK);
    assert_int_equal(access_as(&guest, USER(STORE)), TWO_STAGE_FAULT);
    assert_string_equal(guest.log, "ttt");
    assert_int_equal(guest.walk.fault.stage, 1);
    assert_cause(&guest, ACCESS_STORE, RISCV_CAUSE_STORE_PAGE, 0, 0);
    assert_int_equal(fixture_peek(&host, guest_slot(0)), GPA_PAGE >> 2 | RISCV_V | RISCV_R | RISCV_U);
    close_guest();
}

static void bad_what_stage2_refuses_leaves_stage1_accessed(void **state)
{
    struct guest guest;
    open_sv39(&guest, true);
    set_leaf(URW);
    protect(GPA_PAGE, "r--o");
    assert_int_equal(access_as(&guest, USER(STORE)), TWO_STAGE_FAULT);
    assert_string_equal(guest.log, "tttuT");
    assert_int_equal(fixture_peek(&host, guest_slot(0)), GPA_PAGE >> 2 | URW | RISCV_A | RISCV_D);
    assert_int_equal(fixture_peek(&host, g_slot(GPA_PAGE)) & RISCV_A, 0); /* 4.3.2: step 5 before step 7 */
    assert_cause(&guest, ACCESS_STORE, RISCV_CAUSE_STORE_GUEST_PAGE, GPA_PAGE + VA % PAGE, 0);
    close_guest();
}

/* A walk that nobody waits for, or for which several wait that want different things. */
static void good_a_walk_for_nobody_updates_at_the_end(void **state)
{
    struct guest guest;
    open_sv39(&guest, true);
    set_leaf(URW);
    assert_int_equal(access_told(&guest, USER(LOAD), 0), TWO_STAGE_LEAF);
    assert_string_equal(guest.log, "tttTu");
    assert_int_equal(fixture_unmap(&host, GPA_PAGE), PAGETABLE_OK);
    set_leaf(RISCV_V | RISCV_R);
    assert_int_equal(access_told(&guest, USER(LOAD), 0), TWO_STAGE_FAULT);
    assert_int_equal(guest.walk.fault.stage, 2);
    close_guest();
}

/* ---- Updates of stage 1 are stores of stage 2 ---- */

static void good_an_update_of_stage1_makes_its_page_dirty(void **state)
{
    struct guest guest;
    open_sv39(&guest, true);
    set_leaf(URW);
    protect(gpa_of_table(0), "rw-co");
    protect(gpa_of_table(1), "rw-co");
    assert_int_equal(access_as(&guest, USER(LOAD)), TWO_STAGE_LEAF);
    /* both pages are accessed when they are read; the last one is dirty before the entry in it changes */
    assert_string_equal(guest.log, "ttUtUtUuT");
    assert_int_equal(fixture_peek(&host, g_slot(gpa_of_table(0))) & (RISCV_A | RISCV_D), RISCV_A | RISCV_D);
    assert_int_equal(fixture_peek(&host, g_slot(gpa_of_table(1))) & (RISCV_A | RISCV_D), RISCV_A);
    close_guest();
}

/* 8.6.3: the implicit access was a write. */
static void bad_an_update_in_a_page_that_stage2_protects_is_a_guest_page_fault(void **state)
{
    struct guest guest;
    open_sv39(&guest, true);
    set_leaf(URW);
    protect(gpa_of_table(0), "r--");
    assert_int_equal(access_as(&guest, USER(LOAD)), TWO_STAGE_FAULT);
    assert_int_equal(fixture_peek(&host, guest_slot(0)), GPA_PAGE >> 2 | URW);
    assert_true(guest.walk.fault.on_table && guest.walk.fault.table_store);
    assert_cause(&guest, ACCESS_LOAD, RISCV_CAUSE_LOAD_GUEST_PAGE, gpa_of_table(0) + guest_slot(0) % PAGE,
                 RISCV_TINST_TABLE_WRITE);
    set_leaf(URW | RISCV_A | RISCV_D);
    assert_int_equal(access_as(&guest, USER(STORE)), TWO_STAGE_LEAF); /* nothing has to be written */
    close_guest();
}

/* 8.6.3: the implicit access was a read; 8.2.1: MXR helps explicit loads alone. */
static void bad_tables_in_pages_that_stage2_does_not_let_be_read_are_guest_page_faults(void **state)
{
    for (unsigned level = 0; level < 3; level++) {
        struct guest guest;
        open_sv39(&guest, true);
        protect(gpa_of_table(level), "--x");
        guest.stage1.controls.flags = guest.stage2.controls.flags = CONTROL_MXR;
        assert_int_equal(access_as(&guest, USER(STORE)), TWO_STAGE_FAULT);
        assert_false(guest.walk.fault.table_store);
        assert_cause(&guest, ACCESS_STORE, RISCV_CAUSE_STORE_GUEST_PAGE,
                     gpa_of_table(level) + guest_slot(level) % PAGE, RISCV_TINST_TABLE_READ);
        close_guest();
    }
}

static void bad_without_svadu_each_stage_has_its_own_page_fault(void **state)
{
    struct guest guest;
    open_sv39(&guest, false);
    set_leaf(URW | RISCV_A);
    assert_int_equal(access_as(&guest, USER(LOAD)), TWO_STAGE_LEAF);
    assert_int_equal(access_as(&guest, USER(STORE)), TWO_STAGE_FAULT);
    assert_cause(&guest, ACCESS_STORE, RISCV_CAUSE_STORE_PAGE, 0, 0);
    set_leaf(URW | RISCV_A | RISCV_D);
    protect(GPA_PAGE, "rw-c");
    assert_int_equal(access_as(&guest, USER(LOAD)), TWO_STAGE_LEAF);
    assert_int_equal(access_as(&guest, USER(STORE)), TWO_STAGE_FAULT);
    assert_cause(&guest, ACCESS_STORE, RISCV_CAUSE_STORE_GUEST_PAGE, GPA_PAGE + VA % PAGE, 0);
    protect(GPA_PAGE, "rw-o");
    assert_int_equal(access_as(&guest, USER(LOAD)), TWO_STAGE_FAULT);
    assert_cause(&guest, ACCESS_LOAD, RISCV_CAUSE_LOAD_GUEST_PAGE, GPA_PAGE + VA % PAGE, 0);
    close_guest();
}

/* 4.3.2, step 2: by the type of the original access. */
static void bad_tables_outside_of_memory_are_access_faults(void **state)
{
    struct guest guest;
    open_sv39(&guest, false);
    assert_int_equal(fixture_unmap(&host, gpa_of_table(0)), PAGETABLE_OK);
    assert_int_equal(fixture_map(&host, gpa_of_table(0), frame_of(UINT64_C(1) << 50, 12, "rw-")),
                     PAGETABLE_OK);
    assert_int_equal(access_as(&guest, USER(LOAD)), TWO_STAGE_FAULT);
    assert_int_equal(guest.walk.fault.kind, FAULT_EXTERNAL_ABORT);
    assert_cause(&guest, ACCESS_FETCH, RISCV_CAUSE_FETCH_ACCESS, 0, 0);
    close_guest();
}

/* ---- Rights of both ---- */

static bool loads(uint64_t leaf, bool mxr)
{
    return leaf & RISCV_R || (mxr && leaf & RISCV_X);
}

/* 8.2.1: vsstatus.MXR counts for the VS stage, sstatus.MXR for both. All forms of both leaves. */
static void good_mxr_counts_for_its_stage(void **state)
{
    static const uint64_t forms[] = {RISCV_R, RISCV_X, RISCV_R | RISCV_X};
    static const char *const texts[] = {"r--", "--x", "r-x"};
    struct guest guest;
    open_sv39(&guest, false);
    for (unsigned i = 0; i < 3 * 3 * 4; i++) {
        uint64_t first = forms[i % 3], second = forms[i / 3 % 3];
        bool vsmxr = i / 9 & 1, mxr = i / 9 & 2;
        set_leaf(first | RISCV_V | RISCV_U | RISCV_A);
        protect(GPA_PAGE, texts[i / 3 % 3]);
        guest.stage1.controls.flags = vsmxr || mxr ? CONTROL_MXR : 0;
        guest.stage2.controls.flags = mxr ? CONTROL_MXR : 0;
        bool load = loads(first, vsmxr || mxr) && loads(second, mxr);
        bool fetch = first & RISCV_X && second & RISCV_X;
        assert_int_equal(access_as(&guest, USER(LOAD)), load ? TWO_STAGE_LEAF : TWO_STAGE_FAULT);
        assert_int_equal(access_as(&guest, USER(FETCH)), fetch ? TWO_STAGE_LEAF : TWO_STAGE_FAULT);
        /* what a TLB keeps of the leaf is enough to judge by later */
        if (access_told(&guest, 0, 0) == TWO_STAGE_FAULT)
            (void)finish(&guest, two_stage_start(&guest.walk, &guest.regime, VA, NULL));
        assert_int_equal(allowed_now(&guest), (load ? USER(LOAD) : 0u) | (fetch ? USER(FETCH) : 0u));
    }
    close_guest();
}

/* 8.5: to the G stage all accesses are those of user mode; who may is a matter of the VS stage. */
static void good_privileges_are_a_matter_of_stage1(void **state)
{
    struct guest guest;
    open_sv39(&guest, false);
    guest.stage1.controls.flags = 0;
    assert_int_equal(access_as(&guest, USER(STORE)), TWO_STAGE_LEAF);
    assert_int_equal(access_as(&guest, KERNEL(STORE)), TWO_STAGE_FAULT);
    guest.stage1.controls.flags = CONTROL_SUM;
    assert_int_equal(access_as(&guest, KERNEL(STORE)), TWO_STAGE_LEAF);
    set_leaf(RW | RISCV_A | RISCV_D);
    assert_int_equal(access_as(&guest, KERNEL(STORE)), TWO_STAGE_LEAF);
    assert_int_equal(access_as(&guest, USER(STORE)), TWO_STAGE_FAULT);
    assert_cause(&guest, ACCESS_STORE, RISCV_CAUSE_STORE_PAGE, 0, 0);
    close_guest();
}

/* Chapter 6: a memory type of the VS stage overrides that of the G stage, which overrides the memory's own.
 */
static void good_memory_types_of_stage1_override(void **state)
{
    static const struct {
        uint64_t first;
        const char *second;
        uint32_t both;
    } rows[] = {{0, "rw-", 0},
                {0, "rw-n", FRAME_NONCACHEABLE},
                {0, "rw-d", FRAME_DEVICE},
                {RISCV_PBMT_NC, "rw-", FRAME_NONCACHEABLE},
                {RISCV_PBMT_NC, "rw-d", FRAME_NONCACHEABLE},
                {RISCV_PBMT_IO, "rw-n", FRAME_DEVICE}};
    struct guest guest;
    open_sv39(&guest, false);
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        set_leaf(URW | RISCV_A | RISCV_D | rows[i].first);
        protect(GPA_PAGE, rows[i].second);
        assert_int_equal(access_as(&guest, USER(LOAD)), TWO_STAGE_LEAF);
        assert_int_equal(guest.walk.leaf.frame.attributes & (FRAME_DEVICE | FRAME_NONCACHEABLE),
                         rows[i].both);
    }
    close_guest();
}

/* ---- Caches ---- */

/* A leaf that a cache kept says whether the page of a table may be written to; where it is clean, its entry
 * has to be found. */
static void good_an_update_in_a_page_that_a_cache_knows_as_clean_walks_stage2(void **state)
{
    struct guest guest;
    open_sv39(&guest, true);
    set_leaf(URW);
    protect(gpa_of_table(0), "rw-c");
    const struct two_stage_access access = {.right = USER(LOAD)};
    struct walk_state table;
    enum two_stage_status status = two_stage_start(&guest.walk, &guest.regime, VA, &access);
    while (status != TWO_STAGE_UPDATE) {
        if (status != TWO_STAGE_TRANSLATE) {
            status = read_words(&guest);
            continue;
        }
        if (guest.walk.ipa / PAGE == gpa_of_table(0) / PAGE)
            note(&guest, guest.walk.walk_only ? 'W' : 'c');
        if (guest.walk.walk_only) {
            status = two_stage_walk_stage2(&guest.walk, NULL);
            continue;
        }
        assert_int_equal(interpret_address(&guest.stage2, &host.reader, guest.walk.ipa, &table), WALK_LEAF);
        status = two_stage_answer(&guest.walk, &table.leaf);
    }
    assert_string_equal(guest.log, "cW");
    assert_int_equal(guest.walk.stage, 2); /* D of the table's page comes first */
    assert_int_equal(finish(&guest, status), TWO_STAGE_LEAF);
    assert_string_equal(guest.log, "cWUuT");
    close_guest();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_every_pair_of_formats_translates),
        cmocka_unit_test(good_stage1_is_updated_before_its_output_is_translated),
        cmocka_unit_test(bad_what_stage1_refuses_never_asks_stage2_and_updates_nothing),
        cmocka_unit_test(bad_what_stage2_refuses_leaves_stage1_accessed),
        cmocka_unit_test(good_a_walk_for_nobody_updates_at_the_end),
        cmocka_unit_test(good_an_update_of_stage1_makes_its_page_dirty),
        cmocka_unit_test(bad_an_update_in_a_page_that_stage2_protects_is_a_guest_page_fault),
        cmocka_unit_test(bad_tables_in_pages_that_stage2_does_not_let_be_read_are_guest_page_faults),
        cmocka_unit_test(bad_without_svadu_each_stage_has_its_own_page_fault),
        cmocka_unit_test(bad_tables_outside_of_memory_are_access_faults),
        cmocka_unit_test(good_mxr_counts_for_its_stage),
        cmocka_unit_test(good_privileges_are_a_matter_of_stage1),
        cmocka_unit_test(good_memory_types_of_stage1_override),
        cmocka_unit_test(good_an_update_in_a_page_that_a_cache_knows_as_clean_walks_stage2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
