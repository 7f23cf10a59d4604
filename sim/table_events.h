/*
 * An environment in front of another one that tells of each table's memory: EVENT_TABLE for what page-table
 * code is given and gives back. All else passes through.
 */
#ifndef MMUSIM_SIM_TABLE_EVENTS_H
#define MMUSIM_SIM_TABLE_EVENTS_H

#include "pagetables/environment.h"
#include "sim/space.h"

#ifdef __cplusplus
extern "C" {
#endif

struct table_events {
    struct environment behind; /* the first member: pagetables/passing.h */
    const struct address_space *space;
    uint64_t operation; /* on whose behalf; 0: none */
    unsigned core;
};

/* Refers to `events`, which outlives it. */
struct environment table_events_environment(struct table_events *events);

#ifdef __cplusplus
}
#endif
#endif
