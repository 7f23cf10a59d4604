/*
 * The usual story of an address space with a second stage. Space 1 is a guest's, space 2 another one of the
 * same virtual machine, and space 3 their second stage: operation 1 maps PAGE to IPA in space 1, with the
 * usual window [110, 130]; operation 2 maps IPA to HOST in the second stage, with window [60, 80].
 */
#ifndef MMUSIM_SIM_JUDGE_TEST_GUEST_H
#define MMUSIM_SIM_JUDGE_TEST_GUEST_H

#include "sim/judge/test/fixture.h"

#define IPA    FRAME
#define HOST   UINT64_C(0x90000)
#define SECOND 3u

void guest_begin(void);              /* the spaces alone */
int guest_begin_both(void **state);  /* and both operations */
int guest_begin_first(void **state); /* and operation 1 */
struct event_space *guest_told(unsigned number);

/* A map in the second stage, with window [60, 80]. */
void guest_map_second(uint64_t id, uint64_t ipa, uint64_t pa, uint32_t attributes, uint8_t size_lg2);
/* An unmap or protect (to RO) of IPA in the second stage, with window [310, 350]. */
struct act guest_end_second(uint64_t id, enum operation_kind kind);
void guest_unmap_second(void); /* operation 20 */

/* Of PAGE and HOST, in space 1. */
struct event_translation *guest_load(uint64_t issue, uint64_t done);
struct event_tlb_entry *guest_entry(uint64_t fill, uint64_t end);

#define GUEST(test) cmocka_unit_test_setup_teardown(test, guest_begin_both, end)
#define FIRST(test) cmocka_unit_test_setup_teardown(test, guest_begin_first, end)

#endif
