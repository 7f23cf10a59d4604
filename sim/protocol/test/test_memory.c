#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/protocol/test/judge.h"

#define L(n) (PREAMBLE_LINES + (n))

static void memory_is_initialised_before_it_is_written(void **state)
{
    bad(PROTOCOL_WRITE_UNINITIALISED, 0, WRITE(250000, 0));
    bad(PROTOCOL_WRITE_UNINITIALISED, 0, INIT(250000, 8) WRITE(250008, 0));
    bad(PROTOCOL_WRITE_UNINITIALISED, 0, INIT(250000, 1000) FREE(250000, 1000) WRITE(250000, 0));
    bad(PROTOCOL_WRITE_UNINITIALISED, 0, SET(250000, 1000, 0));
    good(INIT(250000, 1000) WRITE(250000, 1) WRITE(250ff8, 2));
}

static void memory_in_use_is_not_initialised(void **state)
{
    bad(PROTOCOL_INIT_USED, 0, STAGE2 INIT(242000, 1000));
    bad(PROTOCOL_INIT_USED, 0, STAGE2 INIT(23f000, 8));
    bad(PROTOCOL_INIT_USED, 0, INIT(250000, 1000) WRITE(250008, 5) INIT(250000, 1000));
    good(INIT(250000, 1000) INIT(250000, 1000));
    good(INIT(250000, 1000) WRITE(250008, 5) FREE(250000, 1000) INIT(250000, 1000));
    good(STAGE2 INIT(243000, 1000));
}

static void a_live_table_is_not_freed(void **state)
{
    bad(PROTOCOL_FREE_LIVE, 0, STAGE2 FREE(242000, 1000));
    bad(PROTOCOL_FREE_LIVE, 0, STAGE2 FREE(242ff8, 8));
    bad(PROTOCOL_FREE_LIVE, 0, STAGE2 WRITE(241000, 0) DSB("ish") TLBI("alle1is") FREE(242000, 1000));
    good(STAGE2 FREE(243000, 1000) FREE(900000, 1000));
    good(STAGE2 WRITE(241000, 0) DSB("ish") TLBI("alle1is") DSB("ish") FREE(242000, 1000));
}

static void a_table_is_initialised_before_it_is_live(void **state)
{
    bad(PROTOCOL_TABLE_UNINITIALISED, 0, STAGE2 WRITE(241010, 250003));
    bad(PROTOCOL_TABLE_UNINITIALISED, 0, REGISTER("vttbr_el2", 23f000));
    bad(PROTOCOL_TABLE_UNINITIALISED, 0, STAGE2 FREE(243000, 8) WRITE(241010, 243003));
    good(STAGE2 INIT(250000, 1000) WRITE(241010, 250003));
}

static void setting_memory_is_a_plain_write_of_each_word(void **state)
{
    good(STAGE2 SET(243000, 1000, 0));
    good(STAGE2 SET(243000, 1000, ff));
    /* the only valid entry of the table becomes invalid, the others stay so */
    good(STAGE2 SET(242000, 1000, 0) DSB("ish") TLBI("alle1is") DSB("ish") WRITE(242000, 800014ff));
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(1), STAGE2 SET(242000, 1000, 0) RELEASE(242000, 800014ff));
    /* two of them */
    bad(PROTOCOL_PLAIN_TWICE, L(3), STAGE2 WRITE(242008, 800014ff) DSB("ish") SET(242000, 1000, 0));
    refused("a mem-set writes a byte", STAGE2 SET(243000, 1000, 100));
}

static void ranges_that_mean_nothing_are_refused(void **state)
{
    refused("multiples of 8", INIT(250004, 1000));
    refused("multiples of 8", INIT(250000, 4));
    refused("bytes at the most", INIT(0, fffffffffffffff8));
    refused("beyond 2^64", INIT(fffffffffffff000, 2000));
    refused("must be a multiple of 8", WRITE(250004, 0));
}

static void reads_are_judged_by_no_rule(void **state)
{
    good(EVENT("mem-read", 0, "(address 250000) (value 5)"));
    good(STAGE2 EVENT("mem-read", 1, "(address 242000) (value 800004ff)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_initialised_before_it_is_written),
        cmocka_unit_test(memory_in_use_is_not_initialised),
        cmocka_unit_test(a_live_table_is_not_freed),
        cmocka_unit_test(a_table_is_initialised_before_it_is_live),
        cmocka_unit_test(setting_memory_is_a_plain_write_of_each_word),
        cmocka_unit_test(ranges_that_mean_nothing_are_refused),
        cmocka_unit_test(reads_are_judged_by_no_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
