#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/protocol/test/judge.h"

/* Line numbers of the events after the preamble. */
#define L(n) (PREAMBLE_LINES + (n))

#define ZERO        WRITE(242000, 0)
#define MADE        RELEASE(242000, 800014ff)
#define WHOLE_CYCLE ZERO DSB("ish") TLBI("alle1is") DSB("ish")

static void a_page_is_replaced_through_a_whole_cycle(void **state)
{
    good(STAGE2 WHOLE_CYCLE MADE);
    good(STAGE2 ZERO DSB("ishst") TLBI("alle1is") DSB("ish") MADE);
    good(STAGE2 ZERO DSB("ish") TLBI("vmalls12e1is") DSB("ish") MADE);
    good(STAGE2 ZERO DSB("ish") TLBI_VALUE("ipas2e1is", 0) DSB("ish") TLBI("vmalle1is") DSB("ish") MADE);
    good(EL2 ZERO DSB("ish") TLBI("alle2is") DSB("ish") MADE);
    good(EL2 ZERO DSB("ish") TLBI_VALUE("vae2is", 0) DSB("ish") MADE);
    good(EL2 ZERO DSB("ish") TLBI_VALUE("vale2is", 0) DSB("ish") MADE);
}

static void no_step_of_the_cycle_can_be_left_out(void **state)
{
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), STAGE2 ZERO MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), STAGE2 ZERO DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), STAGE2 ZERO DSB("ish") DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), STAGE2 ZERO TLBI("alle1is") DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), STAGE2 ZERO DSB("ish") TLBI("alle1is") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), STAGE2 ZERO ISB TLBI("alle1is") DSB("ish") MADE);
    /* what came too early does not count, what comes again does */
    good(STAGE2 ZERO TLBI("alle1is") DSB("ish") TLBI("alle1is") DSB("ish") MADE);
}

static void barriers_are_of_the_right_kind(void **state)
{
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), STAGE2 ZERO DSB("nsh") TLBI("alle1is") DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), STAGE2 ZERO DSB("ish") TLBI("alle1is") DSB("nsh") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), STAGE2 ZERO DSB("ish") TLBI("alle1is") DSB("ishst") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), STAGE2 ZERO DSB("ish") TLBI("alle1is") ISB MADE);
    good(STAGE2 ZERO DSB("nsh") DSB("ish") TLBI("alle1is") DSB("ishst") DSB("ish") MADE);
}

static void invalidations_reach_every_core(void **state)
{
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), STAGE2 ZERO DSB("ish") TLBI("alle1") DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), STAGE2 ZERO DSB("ish") TLBI("vmalls12e1") DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), EL2 ZERO DSB("ish") TLBI("alle2") DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1),
        STAGE2 ZERO DSB("ish") TLBI_VALUE("ipas2e1is", 0) DSB("ish") TLBI("vmalle1") DSB("ish") MADE);
    /* one that does not count does no harm */
    good(STAGE2 ZERO DSB("ish") TLBI("alle1") TLBI("alle1is") DSB("ish") MADE);
}

static void invalidations_are_of_the_entrys_regime(void **state)
{
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), STAGE2 ZERO DSB("ish") TLBI("alle2is") DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), STAGE2 ZERO DSB("ish") TLBI_VALUE("vae2is", 0) DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), EL2 ZERO DSB("ish") TLBI("alle1is") DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), EL2 ZERO DSB("ish") TLBI("vmalls12e1is") DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), EL2 ZERO DSB("ish") TLBI("vmalle1is") DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), EL2 ZERO DSB("ish") TLBI_VALUE("ipas2e1is", 0) DSB("ish") MADE);
}

static void invalidations_by_address_are_of_the_entrys_addresses(void **state)
{
    good(EL2 WRITE(241008, 0) DSB("ish") TLBI_VALUE("vae2is", 3ff) DSB("ish") RELEASE(241008, 40400401));
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1),
        EL2 WRITE(241008, 0) DSB("ish") TLBI_VALUE("vae2is", 400) DSB("ish") RELEASE(241008, 40400401));
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), EL2 ZERO DSB("ish") TLBI_VALUE("vae2is", 1) DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1),
        STAGE2 ZERO DSB("ish") TLBI_VALUE("ipas2e1is", 1) DSB("ish") TLBI("vmalle1is") DSB("ish") MADE);
}

static void the_level_that_an_invalidation_names_is_the_entrys(void **state)
{
    /* TTL: granule 4 KiB, level 3 and level 2; level 0 says nothing, nor does no granule */
    good(EL2 ZERO DSB("ish") TLBI_VALUE("vae2is", 0x700000000000) DSB("ish") MADE);
    good(EL2 ZERO DSB("ish") TLBI_VALUE("vae2is", 0x400000000000) DSB("ish") MADE);
    good(EL2 ZERO DSB("ish") TLBI_VALUE("vae2is", 0x300000000000) DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1),
        EL2 ZERO DSB("ish") TLBI_VALUE("vae2is", 0x600000000000) DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1),
        EL2 ZERO DSB("ish") TLBI_VALUE("vae2is", 0xf00000000000) DSB("ish") MADE);
}

static void vale2is_is_for_the_last_level(void **state)
{
    good(EL2 WRITE(241008, 0) DSB("ish") TLBI_VALUE("vae2is", 200) DSB("ish") RELEASE(241008, 40400401));
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1),
        EL2 WRITE(241008, 0) DSB("ish") TLBI_VALUE("vale2is", 200) DSB("ish") RELEASE(241008, 40400401));
}

static void el2_has_asid_0(void **state)
{
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1),
        EL2 ZERO DSB("ish") TLBI_VALUE("vae2is", 0x1000000000000) DSB("ish") MADE);
}

static void stage_2_in_two_steps_needs_both_and_the_barrier_between(void **state)
{
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), STAGE2 ZERO DSB("ish") TLBI("vmalle1is") DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), STAGE2 ZERO DSB("ish") TLBI_VALUE("ipas2e1is", 0) DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1),
        STAGE2 ZERO DSB("ish") TLBI_VALUE("ipas2e1is", 0) TLBI("vmalle1is") DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1),
        STAGE2 ZERO DSB("ish") TLBI_VALUE("ipas2e1is", 0) DSB("ishst") TLBI("vmalle1is") DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1),
        STAGE2 ZERO DSB("ish") TLBI("vmalle1is") DSB("ish") TLBI_VALUE("ipas2e1is", 0) DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1),
        STAGE2 ZERO DSB("ish") TLBI_VALUE("ipas2e1is", 0) DSB("ish") TLBI("vmalle1is") MADE);
    good(STAGE2 ZERO DSB("ish") TLBI_VALUE("ipas2e1is", 0) DSB("ish") TLBI("alle1is") DSB("ish") MADE);
}

#define OTHER_VM INIT(250000, 1000) HINT("set_root_lock", 250000, 246000) REGISTER("vttbr_el2", 2000000250000)
#define SAME_VM  REGISTER("vttbr_el2", 100000023f000)

static void invalidations_are_of_the_entrys_virtual_machine(void **state)
{
    good(STAGE2 ZERO OTHER_VM SAME_VM DSB("ish") TLBI("vmalls12e1is") DSB("ish") MADE);
    good(STAGE2 ZERO OTHER_VM DSB("ish") TLBI("alle1is") DSB("ish") SAME_VM MADE);
    /* the checker of this format accepts the next one; VMALLS12E1IS is of the current VMID alone (D8.17.3) */
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1),
        STAGE2 ZERO OTHER_VM DSB("ish") TLBI("vmalls12e1is") DSB("ish") SAME_VM MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1),
        STAGE2 ZERO OTHER_VM DSB("ish") TLBI_VALUE("ipas2e1is", 0) DSB("ish") SAME_VM TLBI("vmalle1is")
            DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1),
        STAGE2 ZERO DSB("ish") TLBI_VALUE("ipas2e1is", 0) DSB("ish") OTHER_VM TLBI("vmalle1is") DSB("ish")
            SAME_VM MADE);
}

static void one_thread_does_all_steps(void **state)
{
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), STAGE2 ZERO DSB_AS(1, "ish") TLBI("alle1is") DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), STAGE2 ZERO DSB("ish") TLBI_AS(1, "alle1is") DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), STAGE2 ZERO DSB("ish") TLBI("alle1is") DSB_AS(1, "ish") MADE);
    good(STAGE2 ZERO DSB("ish") TLBI_AS(1, "alle1is") TLBI("alle1is") DSB("ish") MADE);
    /* another one may make the clean entry valid */
    good(STAGE2 WHOLE_CYCLE UNLOCK_AS(0) LOCK_AS(1) WRITE_AS(1, "plain", 242000, 800014ff));
}

static void all_steps_are_done_with_the_lock(void **state)
{
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1),
        STAGE2 ZERO UNLOCK_AS(0) DSB("ish") TLBI("alle1is") LOCK_AS(0) DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1),
        STAGE2 ZERO DSB("ish") UNLOCK_AS(0) TLBI("alle1is") LOCK_AS(0) DSB("ish") MADE);
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1),
        STAGE2 ZERO DSB("ish") TLBI("alle1is") UNLOCK_AS(0) DSB("ish") LOCK_AS(0) MADE);
    good(STAGE2 ZERO UNLOCK_AS(0) LOCK_AS(0) DSB("ish") TLBI("alle1is") DSB("ish") MADE);
}

static void invalid_entries_may_be_written_while_they_stay_invalid(void **state)
{
    good(STAGE2 ZERO RELEASE(242000, fe) DSB("ish") TLBI("alle1is") DSB("ish") MADE);
    good(STAGE2 WRITE(242008, fe) DSB("ish") WRITE(242008, 800014ff));
}

static void a_change_that_involves_a_table_goes_through_invalid(void **state)
{
    bad(PROTOCOL_CHANGED_WITHOUT_BREAK, 0, STAGE2 WRITE(241008, 243003));
    bad(PROTOCOL_CHANGED_WITHOUT_BREAK, 0, STAGE2 WRITE(241000, 400004fd));
    bad(PROTOCOL_CHANGED_WITHOUT_BREAK, 0, STAGE2 WRITE(241000, 243003));
    /* the log's protocol is stricter than the architecture here: nothing but a permission changes */
    bad(PROTOCOL_CHANGED_WITHOUT_BREAK, 0, EL2 WRITE(241000, 1000000000242003));
    good(STAGE2 WRITE(241008, 0) DSB("ish") TLBI("alle1is") DSB("ish") RELEASE(241008, 243003));
    good(STAGE2 WRITE(241000, 0) DSB("ish") TLBI("alle1is") DSB("ish") RELEASE(241000, 400004fd));
}

static void an_old_leaf_changes_through_invalid(void **state)
{
    bad(PROTOCOL_CHANGED_WITHOUT_BREAK, 0, STAGE2 WRITE(242008, 800010ff) DSB("ish") WRITE(242008, 8000107f));
    bad(PROTOCOL_CHANGED_WITHOUT_BREAK, 0, STAGE2 WRITE(242008, 800010ff) DSB("ish") WRITE(242008, 800020ff));
    /* bits 58 to 55 are software's; the access flag may be set */
    good(STAGE2 WRITE(242008, 800010ff) DSB("ish") WRITE(242008, 7800000800010ff));
    good(STAGE2 WRITE(242008, 800010ff) DSB("ish") WRITE(242008, 800014ff));
}

/*
 * The checker of this format accepts any change of a leaf whose access flag is set, before or after. The
 * architecture wants break-before-make for a changed output address and memory type, and none for changed
 * permissions (DDI 0487, D8.17.1).
 */
static void a_used_leaf_changes_its_address_and_type_through_invalid(void **state)
{
    bad(PROTOCOL_CHANGED_WITHOUT_BREAK, 0, STAGE2 WRITE(242000, 800014ff));
    bad(PROTOCOL_CHANGED_WITHOUT_BREAK, 0, STAGE2 WRITE(241008, 404004fd));
    bad(PROTOCOL_CHANGED_WITHOUT_BREAK, 0, STAGE2 WRITE(242000, 800004c3));
    bad(PROTOCOL_CHANGED_WITHOUT_BREAK, 0, EL2 WRITE(242000, 800014ff));
    bad(PROTOCOL_CHANGED_WITHOUT_BREAK, 0, STAGE2 WRITE(242000, 0x100000800004ff));
    good(STAGE2 WRITE(242000, 8000047f));
    good(STAGE2 WRITE(242000, 8000043f));
    good(EL2 WRITE(242000, 8000047f));
}

static void a_table_below_an_unclean_entry_is_frozen(void **state)
{
    bad(PROTOCOL_WRITE_BELOW_UNCLEAN, L(1), STAGE2 WRITE(241000, 0) RELEASE(242008, 800024ff));
    bad(PROTOCOL_WRITE_BELOW_UNCLEAN, L(1), STAGE2 WRITE(241000, 0) RELEASE(242000, 0));
    bad(PROTOCOL_WRITE_BELOW_UNCLEAN, L(1), STAGE2 WRITE(23f000, 0) RELEASE(242008, 800024ff));
    bad(PROTOCOL_WRITE_BELOW_UNCLEAN, L(1),
        STAGE2 WRITE(241000, 0) DSB("ish") TLBI("alle1is") RELEASE(242008, 800024ff));
    /* what changes nothing may be written; and anything once the entry is clean */
    good(STAGE2 WRITE(241000, 0) RELEASE(242000, 800004ff));
    good(STAGE2 WRITE(241000, 0) WRITE(242008, fe));
    good(STAGE2 WRITE(241000, 0) DSB("ish") TLBI("alle1is") DSB("ish") WRITE(242008, 800024ff)
             WRITE(242000, 0));
}

static void children_are_clean_before_their_parent(void **state)
{
    bad(PROTOCOL_CHILDREN_UNCLEAN, L(1),
        EL2 ZERO RELEASE(241000, 0) DSB("ish") TLBI_VALUE("vae2is", 1) DSB("ish"));
    good(EL2 ZERO DSB("ish") TLBI_VALUE("vae2is", 0) DSB("ish") WRITE(241000, 0) DSB("ish") TLBI("alle2is")
             DSB("ish"));
    good(EL2 WRITE(242000, 0) RELEASE(241000, 0) DSB("ish") TLBI("alle2is") DSB("ish")
             RELEASE(241000, 243003));
}

static void an_invalidation_by_address_removes_empty_tables_alone(void **state)
{
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1),
        EL2 WRITE(241000, 0) DSB("ish") TLBI_VALUE("vae2is", 0) DSB("ish") RELEASE(241000, 243003));
    good(EL2 ZERO DSB("ish") TLBI_VALUE("vae2is", 0) DSB("ish") WRITE(241000, 0) DSB("ish")
             TLBI_VALUE("vae2is", 1) DSB("ish") RELEASE(241000, 243003));
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(5),
        EL2 ZERO DSB("ish") TLBI_VALUE("vae2is", 0) DSB("ish") WRITE(241000, 0) DSB("ish")
            TLBI_VALUE("vale2is", 0) DSB("ish") RELEASE(241000, 243003));
}

static void a_page_is_a_table_at_most_once(void **state)
{
    bad(PROTOCOL_TABLE_TWICE, 0, STAGE2 WRITE(241010, 242003));
    bad(PROTOCOL_TABLE_TWICE, 0, STAGE2 WRITE(241010, 23f003));
    bad(PROTOCOL_TABLE_TWICE, 0, STAGE2 WRITE(243008, 243003) WRITE(240008, 243003));
    bad(PROTOCOL_TABLE_TWICE, L(1), STAGE2 WRITE(241000, 0) RELEASE(241010, 242003));
    good(STAGE2 WRITE(241010, 243003) DSB("ish") WRITE(241018, 244003));
    good(STAGE2 WRITE(241000, 0) DSB("ish") TLBI("alle1is") DSB("ish") RELEASE(241010, 242003));
}

static void entries_have_no_reserved_form(void **state)
{
    bad(PROTOCOL_RESERVED_ENCODING, 0, STAGE2 WRITE(242008, 80001401));
    bad(PROTOCOL_RESERVED_ENCODING, 0, STAGE2 WRITE(23f008, 80000401));
    good(STAGE2 WRITE(242008, 80001403));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_replaced_through_a_whole_cycle),
        cmocka_unit_test(no_step_of_the_cycle_can_be_left_out),
        cmocka_unit_test(barriers_are_of_the_right_kind),
        cmocka_unit_test(invalidations_reach_every_core),
        cmocka_unit_test(invalidations_are_of_the_entrys_regime),
        cmocka_unit_test(invalidations_by_address_are_of_the_entrys_addresses),
        cmocka_unit_test(the_level_that_an_invalidation_names_is_the_entrys),
        cmocka_unit_test(vale2is_is_for_the_last_level),
        cmocka_unit_test(el2_has_asid_0),
        cmocka_unit_test(stage_2_in_two_steps_needs_both_and_the_barrier_between),
        cmocka_unit_test(invalidations_are_of_the_entrys_virtual_machine),
        cmocka_unit_test(one_thread_does_all_steps),
        cmocka_unit_test(all_steps_are_done_with_the_lock),
        cmocka_unit_test(invalid_entries_may_be_written_while_they_stay_invalid),
        cmocka_unit_test(a_change_that_involves_a_table_goes_through_invalid),
        cmocka_unit_test(an_old_leaf_changes_through_invalid),
        cmocka_unit_test(a_used_leaf_changes_its_address_and_type_through_invalid),
        cmocka_unit_test(a_table_below_an_unclean_entry_is_frozen),
        cmocka_unit_test(children_are_clean_before_their_parent),
        cmocka_unit_test(an_invalidation_by_address_removes_empty_tables_alone),
        cmocka_unit_test(a_page_is_a_table_at_most_once),
        cmocka_unit_test(entries_have_no_reserved_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
