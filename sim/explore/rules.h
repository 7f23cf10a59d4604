/*
 * The rules of refinement, for runs without time.
 *
 * They are those of sim/README.md: an abstract map, to which each operation that succeeds does one step at
 * some moment of its *window*, from its first store that changes a word to its return, the visibility of its
 * stores and the last acknowledgement of its invalidations. Where the moment may be before or after, both
 * maps hold. What operations do to the map, and what they should have answered, says the executable
 * specification (sim/specification/page_table.h); what the table stands for, its walk engines.
 *
 * A state of the rules is a flat struct of numbers that the explored state holds. Verdicts are remembered:
 * each is asked of the specification once.
 */
#ifndef MMUSIM_SIM_EXPLORE_RULES_H
#define MMUSIM_SIM_EXPLORE_RULES_H

#include "sim/explore/operation_tree.h"
#include "sim/explore/small_machine.h"
#include "sim/judge/judge.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An operation under way. */
struct open_operation {
    uint16_t change; /* number of what it does to the map, from its window's begin on; 0: nothing yet */
    uint16_t call;   /* 1 + the call's number; 0: there is none */
    uint16_t map;    /* when it was called */
    uint8_t flags;
    uint8_t tag;   /* of its stores */
    uint8_t waits; /* invalidations (bits) that it issued and that are not complete */
    uint8_t unused;
};

/* One that has returned and whose window is open. */
struct closing_window {
    uint16_t change;
    uint8_t tag; /* 0: there is none */
    uint8_t waits;
};
#define RULES_CLOSING 3u /* of a core; while so many are open it calls nothing */

struct rules_state {
    uint16_t map;      /* number of the abstract map: what operations that returned have made of it */
    uint16_t versions; /* number of the maps that may hold now */
    struct open_operation running[SMALL_CORES];
    struct closing_window closing[SMALL_CORES][RULES_CLOSING]; /* in the order of their tags */
};

struct rules;

struct rules_config {
    struct small_machine *machine;
    struct operation_tree *tree;
    const struct pagetable_class *table;
    const struct small_context *context; /* of the table */
    uint64_t memory_bytes;
    bool aliasing_allowed;
    struct memory_budget *budget;
};

/* 0 is no finding; else 1 + enum judge_rule. */
#define FINDING(rule) ((uint32_t)(rule) + 1u)

struct rules *rules_create(const struct rules_config *config);
void rules_destroy(struct rules *rules);
const char *rules_error(const struct rules *rules); /* NULL, or why there is no verdict */

void rules_begin(struct rules *rules, struct rules_state *state);

/* Whether the windows of a core leave room for another operation. */
bool rules_may_call(const struct rules_state *state, unsigned core);

/* Whether a map has to be refused since its frame is in use, or is being mapped: a precondition, see
 * operation_call. */
bool rules_frame_in_use(struct rules *rules, const struct rules_state *state, uint64_t va,
                        const struct frame *frame);

void rules_called(struct rules *rules, struct rules_state *state, unsigned core, uint32_t call);
/* A store of the operation that changes its word is issued, or it allocates: others may see something. */
void rules_window_opens(struct rules *rules, struct rules_state *state, unsigned core);
void rules_issued_invalidation(struct rules_state *state, unsigned core, unsigned place);
/* It returns. A finding, or 0. */
uint32_t rules_returned(struct rules *rules, struct rules_state *state, unsigned core,
                        const struct operation_request *answer);
/* Windows close that may; true if one did. To be asked after every step. */
bool rules_close(struct rules *rules, struct rules_state *state, const struct small_state *machine);
/* No operation is under way, and no window open: the table is at rest. */
bool rules_at_rest(const struct rules_state *state);
/* The tag that stores of the operation on this core have; 0: none runs there. */
uint8_t rules_tag(const struct rules_state *state, unsigned core);

/* Whether every map that may hold now maps the address, permits the access, and says the same: then a fault
 * is a finding. */
bool rules_must_permit(struct rules *rules, const struct rules_state *state, uint64_t va,
                       enum access_kind kind, enum privilege privilege);
/* The window of the operation that runs on `core` concerns the address. */
bool rules_touches(struct rules *rules, const struct rules_state *state, unsigned core, uint64_t va);

/* A finding, or 0: an access that is complete used this translation; a TLB holds this entry. Those of other
 * address spaces than the table's have none. */
uint32_t rules_judge_access(struct rules *rules, const struct rules_state *state, uint16_t leaf,
                            enum access_kind kind, enum privilege privilege);
uint32_t rules_judge_entry(struct rules *rules, const struct rules_state *state, uint16_t leaf);
/* At rest: the table stands for the map, its invariants hold, it has what it was given. `allocated` says of
 * each of 64 blocks of 4 KiB from `tables_base` whether it is the table's. */
uint32_t rules_judge_view(struct rules *rules, const struct rules_state *state,
                          const struct small_state *machine, uint32_t block, uint64_t tables_base,
                          uint64_t allocated);

/* The mapping of the abstract map that contains an address; NULL if none does. */
const struct mapping *rules_mapping(const struct rules *rules, const struct rules_state *state, uint64_t va);

#ifdef __cplusplus
}
#endif
#endif
