#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/protocol/test/judge.h"

#define L(n)   (PREAMBLE_LINES + (n))
#define LOCKED PREAMBLE_LINES /* the line of the preamble's lock */

static void a_lock_that_is_held_is_not_taken(void **state)
{
    bad(PROTOCOL_LOCK_HELD, LOCKED, STAGE2 LOCK_AS(0));
    bad(PROTOCOL_LOCK_HELD, LOCKED, STAGE2 LOCK_AS(1));
    bad(PROTOCOL_LOCK_HELD, LOCKED, STAGE2 TRYLOCK_AS(1));
    bad(PROTOCOL_LOCK_HELD, 1, TRYLOCK_AS(0) LOCK_AS(0));
    good(STAGE2 UNLOCK_AS(0) LOCK_AS(1));
    good(STAGE2 TRYLOCK_AS(0) UNLOCK_AS(0) UNLOCK_AS(0) LOCK_AS(1));
    bad(PROTOCOL_LOCK_HELD, LOCKED, STAGE2 TRYLOCK_AS(0) UNLOCK_AS(0) LOCK_AS(1));
}

static void a_lock_is_released_by_its_holder(void **state)
{
    bad(PROTOCOL_UNLOCK_NOT_HELD, LOCKED, STAGE2 UNLOCK_AS(1));
    bad(PROTOCOL_UNLOCK_NOT_HELD, 0, UNLOCK_AS(0));
    bad(PROTOCOL_UNLOCK_NOT_HELD, 0, STAGE2 UNLOCK_AS(0) UNLOCK_AS(0));
    good(STAGE2 UNLOCK_AS(0));
}

static void who_writes_an_entry_holds_the_lock_of_its_root(void **state)
{
    bad(PROTOCOL_LOCK_NOT_HELD, 0, STAGE2 UNLOCK_AS(0) WRITE(242008, 800014ff));
    bad(PROTOCOL_LOCK_NOT_HELD, LOCKED, STAGE2 WRITE_AS(1, "plain", 242008, 800014ff));
    bad(PROTOCOL_LOCK_NOT_HELD, 0, STAGE2 HINT("set_root_lock", 23f000, 246000) WRITE(242008, 800014ff));
    bad(PROTOCOL_LOCK_NOT_HELD, 0, STAGE2 UNLOCK_AS(0) WRITE(242008, 0));
    good(STAGE2 WRITE(242008, 800014ff));
    good(STAGE2 UNLOCK_AS(0) TRYLOCK_AS(1) WRITE_AS(1, "plain", 242008, 800014ff));
    /* no lock is needed for what is no table */
    good(STAGE2 UNLOCK_AS(0) WRITE(243000, 800014ff));
}

static void a_root_that_is_written_has_a_lock(void **state)
{
    bad(PROTOCOL_NO_LOCK, 0, INIT(250000, 1000) REGISTER("vttbr_el2", 250000) WRITE(250008, 0));
    good(INIT(250000, 1000) REGISTER("vttbr_el2", 250000) HINT("set_root_lock", 250000, 245000) LOCK_AS(0)
             WRITE(250008, 0));
}

static void a_second_plain_write_waits_for_a_barrier(void **state)
{
    bad(PROTOCOL_PLAIN_TWICE, L(1), STAGE2 WRITE(242008, 800014ff) WRITE(242010, 800024ff));
    bad(PROTOCOL_PLAIN_TWICE, L(1), STAGE2 WRITE(242008, 800014ff) WRITE(242008, 0));
    bad(PROTOCOL_PLAIN_TWICE, L(1), STAGE2 RELEASE(242008, 800014ff) WRITE(242010, 800024ff));
    bad(PROTOCOL_PLAIN_TWICE, L(1), STAGE2 WRITE(242008, 800014ff) ISB WRITE(242010, 800024ff));
    bad(PROTOCOL_PLAIN_TWICE, L(1), STAGE2 WRITE(242008, 800014ff) DSB_AS(1, "ish") WRITE(242010, 800024ff));
    good(STAGE2 WRITE(242008, 800014ff) DSB("ish") WRITE(242010, 800024ff));
    good(STAGE2 WRITE(242008, 800014ff) DSB("nsh") WRITE(242010, 800024ff));
    good(STAGE2 WRITE(242008, 800014ff) RELEASE(242010, 800024ff));
    good(STAGE2 WRITE(242008, 0) WRITE(242010, fe));
    good(STAGE2 WRITE(242008, 800014ff) UNLOCK_AS(0) LOCK_AS(0) WRITE(242010, 800024ff));
}

static void an_owned_entry_is_its_threads_alone(void **state)
{
    bad(PROTOCOL_THREAD_OWNER, L(1), STAGE2 HINT("set_pte_thread_owner", 242000, 1) WRITE(242000, 0));
    good(STAGE2 HINT("set_pte_thread_owner", 242000, 1) WRITE_AS(1, "plain", 242000, 0));
    /* without the lock, plainly as often as it likes, and the cycle is the owner's */
    good(STAGE2 HINT("set_pte_thread_owner", 242000, 1) UNLOCK_AS(0) WRITE_AS(1, "plain", 242000, 0)
             DSB_AS(1, "ish") TLBI_AS(1, "alle1is") DSB_AS(1, "ish") WRITE_AS(1, "plain", 242000, 800014ff));
    bad(PROTOCOL_MADE_BEFORE_CLEAN, L(2),
        STAGE2 HINT("set_pte_thread_owner", 242000, 1) WRITE_AS(1, "plain", 242000, 0) DSB("ish")
            TLBI("alle1is") DSB("ish") WRITE_AS(1, "plain", 242000, 800014ff));
    good(STAGE2 HINT("set_pte_thread_owner", 242000, 1) HINT("set_pte_thread_owner", 242000, ffffffffffffffff)
             WRITE(242000, 0));
}

static void threads_own_live_entries_of_the_last_level(void **state)
{
    bad(PROTOCOL_THREAD_OWNER_PLACE, 0, STAGE2 HINT("set_pte_thread_owner", 241000, 0));
    bad(PROTOCOL_THREAD_OWNER_PLACE, 0, STAGE2 HINT("set_pte_thread_owner", 241008, 0));
    bad(PROTOCOL_THREAD_OWNER_PLACE, 0, STAGE2 HINT("set_pte_thread_owner", 243000, 0));
    bad(PROTOCOL_THREAD_OWNER_PLACE, 0, STAGE2 HINT("set_pte_thread_owner", 900000, 0));
    good(STAGE2 HINT("set_pte_thread_owner", 242008, 0));
}

static void a_table_with_an_owned_entry_stays(void **state)
{
    bad(PROTOCOL_THREAD_OWNER_PARENT, L(1), STAGE2 HINT("set_pte_thread_owner", 242008, 0) WRITE(241000, 0));
    bad(PROTOCOL_THREAD_OWNER_PARENT, L(1), STAGE2 HINT("set_pte_thread_owner", 242008, 0) WRITE(23f000, 0));
    good(STAGE2 HINT("set_pte_thread_owner", 242008, 0) WRITE(241008, 0));
}

static void a_live_table_keeps_its_owner(void **state)
{
    bad(PROTOCOL_OWNER_OF_LIVE_TABLE, 0, STAGE2 HINT("set_owner_root", 242000, 23f000));
    good(STAGE2 HINT("set_owner_root", 243000, 23f000) WRITE(241010, 243003));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lock_that_is_held_is_not_taken),
        cmocka_unit_test(a_lock_is_released_by_its_holder),
        cmocka_unit_test(who_writes_an_entry_holds_the_lock_of_its_root),
        cmocka_unit_test(a_root_that_is_written_has_a_lock),
        cmocka_unit_test(a_second_plain_write_waits_for_a_barrier),
        cmocka_unit_test(an_owned_entry_is_its_threads_alone),
        cmocka_unit_test(threads_own_live_entries_of_the_last_level),
        cmocka_unit_test(a_table_with_an_owned_entry_stays),
        cmocka_unit_test(a_live_table_keeps_its_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
