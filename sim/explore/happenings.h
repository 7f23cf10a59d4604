/*
 * What happens in a transition of an exploration, one thing after the other: the step itself, and what
 * programs then do by themselves (a barrier that lets them pass, an invalidation that is sent, a return).
 * For stories and replays; the search does without.
 */
#ifndef MMUSIM_SIM_EXPLORE_HAPPENINGS_H
#define MMUSIM_SIM_EXPLORE_HAPPENINGS_H

#include "sim/explore/exploration.h"

#ifdef __cplusplus
extern "C" {
#endif

enum happening_kind {
    HAPPENING_HARDWARE,  /* a step of hardware: `label` */
    HAPPENING_CALLED,    /* page-table code begins: `call` */
    HAPPENING_ASKED,     /* page-table code: `operation`, which is not a return */
    HAPPENING_RETURNED,  /* `operation` is the return of `call` */
    HAPPENING_ISSUED,    /* the program's access begins: `program` */
    HAPPENING_PERFORMED, /* it is performed, at `pa` */
    HAPPENING_FAULTED,   /* it ends with a fault, of `fault` at `fault_level` */
    HAPPENING_OWN,       /* another request of the program: `program` */
};

/* Valid while the visitor is called. Pointers into trees stay. */
struct happening {
    enum happening_kind kind;
    unsigned core;
    struct small_label label;
    const struct small_state *before, *after;
    const struct operation_call *call;
    const struct operation_request *operation;
    const struct program_request *program;
    uint64_t pa;
    uint64_t value; /* what was read, allocated, or found by an exchange */
    uint8_t fault;  /* fault_kind */
    uint8_t fault_level;
};

struct happening_visitor {
    void (*happens)(void *context, const struct happening *happening);
    void *context;
};

/* All that happens from a state (its bytes, as of the search) by a label. */
void happenings_visit(struct exploration *exploration, const void *from, uint32_t label,
                      const struct happening_visitor *visitor);

#ifdef __cplusplus
}
#endif
#endif
