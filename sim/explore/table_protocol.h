/*
 * The protocol of live tables (sim/protocol/), in every interleaving.
 *
 * The state machine is the one of runs. What it remembers is numbered by what it tells of itself
 * (protocol_tell_state); what an event makes of a number is found once, by giving the events that led there
 * to a new state machine, and then this one.
 */
#ifndef MMUSIM_SIM_EXPLORE_TABLE_PROTOCOL_H
#define MMUSIM_SIM_EXPLORE_TABLE_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

#include "mmu/event.h"
#include "sim/explore/memory_budget.h"
#include "sim/judge/judge.h"

#ifdef __cplusplus
extern "C" {
#endif

struct table_protocol;

/* NULL: its memory is refused. */
struct table_protocol *table_protocol_create(unsigned cores, struct memory_budget *budget);
void table_protocol_destroy(struct table_protocol *protocol); /* NULL is allowed */

/* Before anything else: state 0. */
#define TABLE_PROTOCOL_BEGIN 0u
#define TABLE_PROTOCOL_NONE  UINT32_MAX /* memory is refused, or ran out */

/*
 * The state after one of the machine's events: EVENT_SPACE, EVENT_ENTRY_WRITE, EVENT_INVALIDATION,
 * EVENT_BARRIER, of which the cycle is not read. `*rule` is the rule that it breaks, or JUDGE_RULES.
 */
uint32_t table_protocol_after(struct table_protocol *protocol, uint32_t state, const struct mmu_event *event,
                              enum judge_rule *rule);

#ifdef __cplusplus
}
#endif
#endif
