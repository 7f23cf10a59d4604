/*
 * The condition of a litmus test, evaluated on a state in which a run ended.
 */
#ifndef MMUSIM_SIM_LITMUS_CONDITION_H
#define MMUSIM_SIM_LITMUS_CONDITION_H

#include "sim/litmus/litmus.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A synchronous data abort that some instruction took. */
struct litmus_fault {
    uint8_t thread;
    uint8_t instruction; /* index in the thread's code */
    uint8_t location;    /* whose page was accessed */
    uint8_t kind;        /* enum litmus_fault_kind */
};

/* How a run ended, as the machine that ran it keeps it. The context is the machine's. */
struct litmus_final {
    void *context;
    uint64_t (*reg)(void *context, unsigned thread, unsigned number);
    /* An element of a variable's page, zero-extended. */
    uint64_t (*word)(void *context, unsigned location, unsigned element);
    /* The descriptor that maps a variable, as memory holds it. */
    uint64_t (*entry)(void *context, unsigned location);
    /* What a register or word holds that is the value: only the machine knows where pages lie and how
     * descriptors are encoded. LITMUS_NUMBER is not asked for. */
    uint64_t (*value)(void *context, const struct litmus_value *value);
    const struct litmus_fault *faults;
    unsigned fault_count;
};

/* Whether the proposition behind exists, ~exists or forall holds in the state. A W register's value, and an
 * element of 4 bytes, is compared in 32 bits if it is a number. */
bool litmus_condition_holds(const struct litmus_test *test, const struct litmus_final *final);

#ifdef __cplusplus
}
#endif
#endif
