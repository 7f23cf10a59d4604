/* What the files of an exploration share. Nobody else includes it. */
#ifndef MMUSIM_SIM_EXPLORE_EXPLORATION_INTERNAL_H
#define MMUSIM_SIM_EXPLORE_EXPLORATION_INTERNAL_H

#include "sim/explore/exploration.h"
#include "sim/explore/intern.h"
#include "sim/explore/memo.h"
#include "sim/explore/table_protocol.h"

/* Places in small_core.front. */
enum front {
    FRONT_PROGRAM,     /* the program's node */
    FRONT_OPERATION,   /* 1 + the node of the operation that it is in; 0: it is in none */
    FRONT_INVALIDATES, /* it has sent an invalidation of its own core, and waits for it */
};

/* Of the last finding: what it is about. */
struct finding_subject {
    uint16_t leaf; /* the translation used, or held by a TLB; 0: none */
    bool held;     /* by the TLB of the core; else it was used */
    uint8_t core;
    uint8_t fault;
    uint8_t kind; /* of the access */
    uint64_t va;
    const struct operation_call *call;        /* whose answer is wrong; NULL: none */
    const struct operation_request *returned; /* the answer */
    struct {                                  /* what breaks the protocol of live tables */
        uint64_t pa, before, after;
    } write;
};

struct exploration {
    struct exploration_config config;
    struct finding_subject subject;
    const char *error;
    struct small_machine *machine;
    struct operation_tree *tree;
    struct rules *rules;
    struct table_protocol *protocol; /* NULL: the architecture of the format has none */
    struct intern *memories, *shared, *cores;
    struct intern *views; /* tables at rest, of which verdicts are known */
    struct memo *verdicts;
    struct intern *ends; /* of which outcomes are known */
    struct memo *outcomes;
    struct small_state first;
    bool faults_are_judged;
};

bool exploration_fail(struct exploration *exploration, const char *sentence); /* false */
const char *exploration_error(const struct exploration *exploration);

/* Does the step of this label once more. The finding, or 0; `next` and `explored` are what it leads to. */
uint32_t exploration_repeat(struct exploration *exploration, const void *from, uint32_t label,
                            struct small_state *next, struct explored *explored);

/* ---- protocol_steps.c ---- */

/* Root and format of the table are known. */
bool protocol_begins(struct exploration *exploration, struct explored *explored);
/* What the protocol of live tables says. A finding, or 0. */
uint32_t protocol_sees_write(struct exploration *exploration, struct explored *explored, unsigned core,
                             uint64_t pa, uint64_t before, uint64_t after);
void protocol_sees_barrier(struct exploration *exploration, struct explored *explored, unsigned core,
                           enum barrier_kind kind);
void protocol_sees_invalidation(struct exploration *exploration, struct explored *explored, unsigned core,
                                const struct invalidation *what, unsigned targets);

/* ---- program_steps.c ---- */

/* How many ways a core's program may go on: 0 if it waits for hardware or has ended. */
unsigned program_ways(const struct exploration *exploration, const struct small_state *state, unsigned core);
bool program_has_ended(const struct exploration *exploration, const struct small_state *state, unsigned core);
/* The program's next step, one that others can see. False: it has to wait, or there is an error. */
bool program_step(struct exploration *exploration, struct small_state *state, struct explored *explored,
                  unsigned core, unsigned way, uint32_t *finding);
/* All that programs now do by themselves, and nobody else sees. A finding, or 0. */
uint32_t programs_follow(struct exploration *exploration, struct small_state *state,
                         struct explored *explored);

/* Before anything else happens, stores are visible at once and nothing is cached. */
bool programs_make_table(struct exploration *exploration, struct small_state *state,
                         struct explored *explored);
bool programs_do_before(struct exploration *exploration, struct small_state *state, struct explored *explored,
                        const struct operation_call *call);

#endif
