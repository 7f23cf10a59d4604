/*
 * What an operation on an address space has of the machine: the environment of its page-table code, in time
 * or without, and memory to look at. For a guest's space all addresses are intermediate ones (mmu/guest.h).
 */
#ifndef MMUSIM_SIM_SPACE_ENVIRONMENT_H
#define MMUSIM_SIM_SPACE_ENVIRONMENT_H

#include "mmu/guest.h"
#include "mmu/setup.h"
#include "sim/space.h"
#include "sim/table_events.h"
#include "sim/timed_environment.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Memory as a core sees it, its buffered stores included, by the addresses of the space's tables. */
struct space_reader {
    const struct simulation *simulation;
    unsigned core;
    struct memory_reader physical;
    struct guest_reader guest; /* of a guest's space */
};
/* Refers to `reader`. */
struct memory_reader space_reader(struct space_reader *reader, const struct address_space *space,
                                  unsigned core);

/* One operation's; what the functions give refers to it. */
struct space_environment {
    struct address_space *space;
    struct timed_environment timed;
    struct setup_environment setup;
    struct space_reader reader;
    struct guest_environment guest; /* over one of them */
    struct table_events events;     /* in front of it */
};
struct environment space_environment_timed(struct space_environment *environment, struct address_space *space,
                                           unsigned core, uint64_t operation);
struct environment space_environment_untimed(struct space_environment *environment,
                                             struct address_space *space, unsigned core, uint64_t operation);
/* After the operation: what of the guest's memory was not mapped stands in space->unmapped_ipa. */
void space_environment_end(struct space_environment *environment);

#ifdef __cplusplus
}
#endif
#endif
