/*
 * The protocol over runs: the machine's events (mmu/event.h), as they come or from a record, become the state
 * machine's. README.md says what is taken for what.
 *
 * Judged are the tables of address spaces with an Arm format: of one stage, of stage 2, and those of guests,
 * which lie at intermediate addresses. Not judged: other architectures, which have no such rule.
 */
#ifndef MMUSIM_SIM_PROTOCOL_RUN_H
#define MMUSIM_SIM_PROTOCOL_RUN_H

#include "mmu/event.h"
#include "sim/protocol/protocol.h"

#ifdef __cplusplus
extern "C" {
#endif

struct protocol_run_config {
    unsigned cores;    /* of the machine; of one core, local invalidations reach every core. 0: unknown */
    bool by_interrupt; /* what other cores drop, they are told by interrupts, and invalidate themselves */
    /* Of the first violation of each space. Marks: `at` is a cycle, `event` the operation (0: none); agents
     * are cores, from 0; roots are spaces; of a guest's table addresses of entries are intermediate ones. */
    struct protocol_listener listener;
};

struct protocol_run;

/* NULL if there is no memory. */
struct protocol_run *protocol_run_create(const struct protocol_run_config *config);
void protocol_run_destroy(struct protocol_run *run); /* NULL is allowed */

/* A protocol_result. Events come in their order. */
int protocol_run_event(struct protocol_run *run, const struct mmu_event *event);
/* The first of the last event that answered PROTOCOL_VIOLATED. */
const struct protocol_violation *protocol_run_violation(const struct protocol_run *run);

/* As protocol_tell_state. */
bool protocol_run_tell_state(const struct protocol_run *run, protocol_teller tell, void *context);

/* How many address spaces are judged. */
unsigned protocol_run_spaces(const struct protocol_run *run);
/* Entries that were not, since too many were unclean at once. */
uint64_t protocol_run_unjudged(const struct protocol_run *run);

/* Whether the protocol is one of this format's architecture, and its entries are known. */
bool protocol_applies(const struct walk_format *format);

#ifdef __cplusplus
}
#endif
#endif
