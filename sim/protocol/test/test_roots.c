#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/protocol/test/judge.h"

#define L(n)    (PREAMBLE_LINES + (n))
#define SWITCH  (PREAMBLE_LINES - 1) /* the line of the preamble's register write */
#define ANOTHER INIT(250000, 1000) HINT("set_root_lock", 250000, 246000)

static void a_root_keeps_its_identifier(void **state)
{
    bad(PROTOCOL_ROOT_TWO_IDS, SWITCH, STAGE2 REGISTER("vttbr_el2", 200000023f000));
    bad(PROTOCOL_ROOT_TWO_IDS, SWITCH, STAGE2 REGISTER_AS(1, "vttbr_el2", 23f000));
    good(STAGE2 REGISTER("vttbr_el2", 100000023f000) REGISTER_AS(3, "vttbr_el2", 100000023f000));
    good(STAGE2 REGISTER("vttbr_el2", 100000023f001)); /* bit 0 is CnP */
}

static void an_identifier_names_one_root(void **state)
{
    bad(PROTOCOL_ID_TWO_ROOTS, SWITCH, STAGE2 ANOTHER REGISTER("vttbr_el2", 1000000250000));
    bad(PROTOCOL_ID_TWO_ROOTS, SWITCH, EL2 ANOTHER REGISTER("ttbr0_el2", 250000));
    good(STAGE2 ANOTHER REGISTER("vttbr_el2", 2000000250000));
}

/* The checker of this format calls this a duplicate. VMIDs and the ASIDs of EL2 are identifiers of two
 * regimes, which no look-up compares (DDI 0487, D8.16). */
static void vmid_0_beside_the_root_of_el2_is_no_duplicate(void **state)
{
    good(EL2 ANOTHER REGISTER("vttbr_el2", 250000));
    good(MEMORY REGISTER("vttbr_el2", 23f000) ANOTHER REGISTER("ttbr0_el2", 250000));
}

static void a_table_of_one_regime_is_none_of_the_other(void **state)
{
    bad(PROTOCOL_TABLE_TWICE, 0, STAGE2 REGISTER("ttbr0_el2", 23f000));
}

static void el2_has_asid_0(void **state)
{
    bad(PROTOCOL_EL2_ASID, 0, MEMORY REGISTER("ttbr0_el2", 100000023f000));
    good(MEMORY REGISTER("ttbr0_el2", 23f000));
}

static void a_root_in_use_is_not_released(void **state)
{
    bad(PROTOCOL_RELEASE_IN_USE, SWITCH, STAGE2 HINT("release_table", 23f000, 0));
    bad(PROTOCOL_RELEASE_IN_USE, SWITCH,
        STAGE2 REGISTER_AS(2, "vttbr_el2", 100000023f000) ANOTHER REGISTER("vttbr_el2", 2000000250000)
            HINT("release_table", 23f000, 0));
    good(STAGE2 ANOTHER REGISTER("vttbr_el2", 2000000250000) HINT("release_table", 23f000, 0));
    good(STAGE2 REGISTER("hcr_el2", 0) HINT("release_table", 23f000, 0));
    good(EL2 REGISTER("sctlr_el2", 0) HINT("release_table", 23f000, 0));
    bad(PROTOCOL_RELEASE_IN_USE, SWITCH, EL2 REGISTER("hcr_el2", 0) HINT("release_table", 23f000, 0));
    bad(PROTOCOL_RELEASE_IN_USE, SWITCH,
        STAGE2 REGISTER("hcr_el2", 0) REGISTER("hcr_el2", 1) HINT("release_table", 23f000, 0));
}

static void released_tables_are_tables_no_more(void **state)
{
    good(STAGE2 ANOTHER REGISTER("vttbr_el2", 2000000250000) HINT("release_table", 23f000, 0) UNLOCK_AS(0)
             WRITE(242000, 0) WRITE(242000, 800014ff) FREE(23f000, 6000));
    good(STAGE2 ANOTHER REGISTER("vttbr_el2", 2000000250000) HINT("release_table", 23f000, 0)
             REGISTER("vttbr_el2", 300000023f000));
    /* the lock is forgotten with the root */
    bad(PROTOCOL_NO_LOCK, 0,
        STAGE2 ANOTHER REGISTER("vttbr_el2", 2000000250000) HINT("release_table", 23f000, 0)
            REGISTER("vttbr_el2", 300000023f000) WRITE(242000, 0));
}

static void unclean_tables_are_not_released(void **state)
{
    bad(PROTOCOL_RELEASE_UNCLEAN, L(1),
        STAGE2 WRITE(242000, 0) ANOTHER REGISTER("vttbr_el2", 2000000250000)
            HINT("release_table", 23f000, 0));
    good(STAGE2 WRITE(242000, 0) DSB("ish") TLBI("alle1is") DSB("ish")
             ANOTHER REGISTER("vttbr_el2", 2000000250000) HINT("release_table", 23f000, 0));
}

static void tables_are_released_by_their_root(void **state)
{
    bad(PROTOCOL_RELEASE_NO_ROOT, 0, STAGE2 HINT("release_table", 241000, 0));
    good(STAGE2 HINT("release_table", 243000, 0));
}

static void tables_of_a_disabled_regime_are_not_live(void **state)
{
    good(REGISTER("hcr_el2", 0) STAGE2 UNLOCK_AS(0) WRITE(242000, 0) WRITE(242000, 800014ff));
    bad(PROTOCOL_LOCK_NOT_HELD, 0,
        REGISTER("hcr_el2", 0) STAGE2 UNLOCK_AS(0) REGISTER("hcr_el2", 1) WRITE(242000, 0));
}

static void the_first_level_follows_from_the_control_register(void **state)
{
    /* T0SZ 25: the root is of level 1, so that 242000 maps pages below it as 243000 would be one further down
     */
#define SHORT                                                                                                \
    INIT(23f000, 6000) HINT("set_root_lock", 23f000, 245000) WRITE(23f000, 241003) WRITE(241000, 242003)
    bad(PROTOCOL_RESERVED_ENCODING, 0,
        SHORT REGISTER("vtcr_el2", 59) REGISTER("vttbr_el2", 23f000) LOCK_AS(0) WRITE(242000, 80000401));
    good(SHORT REGISTER("vtcr_el2", 10) REGISTER("vttbr_el2", 23f000) LOCK_AS(0) WRITE(242000, 80000401));
    good(SHORT REGISTER("tcr_el2", 19) REGISTER("ttbr0_el2", 23f000) LOCK_AS(0)
             HINT("set_pte_thread_owner", 242000, 0));
    refused("another granule", SHORT REGISTER("vtcr_el2", 4010) REGISTER("vttbr_el2", 23f000));
}

static void a_root_of_several_tables_is_live_as_a_whole(void **state)
{
    /* VTCR_EL2: T0SZ 24 (40 bits), SL0 1: two tables of level 1 side by side */
    good(INIT(240000, 2000) HINT("set_root_lock", 240000, 245000) REGISTER("vtcr_el2", 58)
             REGISTER("vttbr_el2", 240000) LOCK_AS(0) WRITE(241000, 80000401));
    bad(PROTOCOL_FREE_LIVE, 0,
        INIT(240000, 2000) REGISTER("vtcr_el2", 58) REGISTER("vttbr_el2", 240000) FREE(241000, 1000));
    refused("must be a multiple of its size",
            INIT(241000, 2000) REGISTER("vtcr_el2", 58) REGISTER("vttbr_el2", 241000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_root_keeps_its_identifier),
        cmocka_unit_test(an_identifier_names_one_root),
        cmocka_unit_test(vmid_0_beside_the_root_of_el2_is_no_duplicate),
        cmocka_unit_test(a_table_of_one_regime_is_none_of_the_other),
        cmocka_unit_test(el2_has_asid_0),
        cmocka_unit_test(a_root_in_use_is_not_released),
        cmocka_unit_test(released_tables_are_tables_no_more),
        cmocka_unit_test(unclean_tables_are_not_released),
        cmocka_unit_test(tables_are_released_by_their_root),
        cmocka_unit_test(tables_of_a_disabled_regime_are_not_live),
        cmocka_unit_test(the_first_level_follows_from_the_control_register),
        cmocka_unit_test(a_root_of_several_tables_is_live_as_a_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
