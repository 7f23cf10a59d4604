/*
 * The protocol: break-before-make and its relatives, as a state machine for each entry of a live translation
 * table (Arm DDI 0487 L.b, D8.17 "TLB maintenance", D8.17.1 "Using break-before-make when updating
 * translation table entries"). README.md beside this file draws it.
 *
 * Where its events come from does not matter: a log (log.h, discipline.h) or a run (run.h). An agent is who
 * does a step: a thread of a log, a core of a run. Time is the order of the calls; a mark says where an event
 * stands for whoever reads the message (a line, a cycle).
 *
 * Plain C: prints nothing, keeps no writable globals, is not thread-safe. Memory grows with the tables and
 * with the entries that are unclean, not with the number of events.
 *
 * A page that becomes a table a second time is a violation.
 *
 * Runs (config.strict is false): each root is judged up to the first store to its tables that violates a
 * rule, and of each root the first violation alone is told. That one's page becomes a table of another root
 * is told, and breaks neither.
 */
#ifndef MMUSIM_SIM_PROTOCOL_PROTOCOL_H
#define MMUSIM_SIM_PROTOCOL_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pagetables/entry.h"
#include "pagetables/environment.h"
#include "sim/protocol/rules.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PROTOCOL_AGENTS     64u
#define PROTOCOL_TEXT_BYTES 512
#define PROTOCOL_NOWHERE    UINT64_MAX /* mark.at of an event that there is not */

struct protocol_mark {
    uint64_t at;    /* line, or cycle */
    uint64_t event; /* the caller's own number for it */
};

enum protocol_result { PROTOCOL_FINE, PROTOCOL_VIOLATED, PROTOCOL_NO_MEMORY };

struct protocol_violation {
    struct protocol_mark mark;    /* of the event that breaks the rule */
    struct protocol_mark related; /* of the earlier event that it conflicts with; at PROTOCOL_NOWHERE: none */
    uint64_t pa;                  /* of the entry; of a lock; of memory */
    uint64_t va;                  /* the first address that the entry translates; 0 if it is none */
    uint32_t root;                /* id of its root; 0 if it has none */
    uint8_t agent;
    enum protocol_rule rule;
    char text[PROTOCOL_TEXT_BYTES]; /* one sentence */
};

/* Whose translations: those of stage 1 of EL1&0, of its stage 2, or of EL2. */
enum protocol_regime { REGIME_EL1, REGIME_STAGE2, REGIME_EL2 };

struct protocol_root {
    uint64_t pa;
    uint64_t va; /* of the first address that it translates */
    struct entry_format entries;
    uint32_t id; /* the caller's */
    uint16_t asid;
    uint16_t vmid;
    bool every_asid; /* what is not global is tagged with whatever ASID a core had: the upper half */
    enum protocol_regime regime;
};

/* What one invalidation drops. */
struct protocol_invalidation {
    uint64_t first, last; /* addresses, if by_address; intermediate ones for stage 2 alone */
    uint16_t asid, vmid;
    bool el2;        /* of the EL2 regime, else of EL1&0 */
    bool stage1;     /* entries of stage 1, and those that combine both stages */
    bool stage2;     /* entries of stage 2 alone */
    bool by_address; /* else every address */
    bool any_asid;   /* else those of `asid`, */
    bool global;     /* and global ones */
    bool any_vmid;
    bool leaves_only;     /* what walk caches hold of tables stays */
    bool last_level_only; /* logs: of the last level alone */
    bool everywhere;      /* reaches every core that may hold entries; if not, it does not count */
    uint8_t level_hint;   /* the manual's number of the only level that it has to drop; PROTOCOL_ANY_LEVEL */
};
#define PROTOCOL_ANY_LEVEL UINT8_MAX

/* Called within the call that finds it; the violation is valid until the function returns. */
struct protocol_listener {
    void (*found)(void *context, const struct protocol_violation *violation); /* NULL: nobody listens */
    void *context;
};

struct protocol_config {
    const char *agent_word; /* "thread", "core" */
    const char *mark_word;  /* "line", "cycle" */
    unsigned first_agent;   /* what agent 0 is called */
    /*
     * The log format's protocol, which asks for more than the architecture: a change that involves a table,
     * or a leaf that was and stays old, goes through an invalid entry; children are clean before their
     * parent; an invalidation by address removes no table that has valid entries; memory is initialised.
     */
    bool strict;
    /* Whether the agent may do the next step for this entry now; NULL: it always may. */
    bool (*may_step)(void *context, unsigned agent, uint64_t entry_pa, uint64_t root_pa);
    void *context;
    struct protocol_listener listener; /* of each violation that is told */
    size_t unclean_max;                /* entries unclean at once; more are not judged. 0: 65,536 */
};

struct protocol;

/* NULL if there is no memory. The strings live as long as it does. */
struct protocol *protocol_create(const struct protocol_config *config);
void protocol_destroy(struct protocol *protocol); /* NULL is allowed */

/* The last of the last PROTOCOL_VIOLATED; valid until the next call. */
const struct protocol_violation *protocol_violation(const struct protocol *protocol);
/* Entries that were not judged, since too many were unclean at once. */
uint64_t protocol_unjudged(const struct protocol *protocol);

/*
 * Every function below but the questions answers a protocol_result. After PROTOCOL_VIOLATED the step was done
 * nevertheless, as memory has it, and what follows can be judged: in a run, of the other roots. After
 * PROTOCOL_NO_MEMORY nothing can.
 */

/* The tables of a root are live from now on. */
int protocol_add_root(struct protocol *protocol, const struct protocol_root *root, unsigned agent,
                      struct protocol_mark mark);
/* They are not any more. */
void protocol_remove_root(struct protocol *protocol, uint64_t root_pa);

/* A word of memory is known to hold this, without a step. */
int protocol_set_word(struct protocol *protocol, uint64_t pa, uint64_t value);
void protocol_forget_word(struct protocol *protocol, uint64_t pa);
/* A store of software is visible. The word may have several addresses: intermediate ones have. */
struct protocol_store {
    const uint64_t *places;
    size_t count;
    uint64_t old_value, new_value;
    unsigned agent;
    struct protocol_mark mark;
};
int protocol_stored(struct protocol *protocol, const struct protocol_store *store);
/* The same of a word that has one address, and is what is known of it. */
int protocol_write(struct protocol *protocol, unsigned agent, uint64_t pa, uint64_t value,
                   struct protocol_mark mark);
/* A barrier of the agent has ended. */
int protocol_barrier_ended(struct protocol *protocol, unsigned agent, enum barrier_kind kind,
                           struct protocol_mark mark);
/* An invalidation was issued. */
void protocol_invalidated(struct protocol *protocol, unsigned agent, const struct protocol_invalidation *what,
                          struct protocol_mark mark);

/* What is asked of a live entry. */
struct protocol_entry {
    uint64_t root_pa;
    uint64_t va;
    uint8_t level; /* the manual's number */
    bool last_level;
    bool valid;
    bool unclean;
};
/* False if the word is no entry of a live table. Of several tables in one place (of a run) the last linked.
 */
bool protocol_find_entry(const struct protocol *protocol, uint64_t pa, struct protocol_entry *entry);
/* Whether the tables of a root at this address are live. */
bool protocol_has_root(const struct protocol *protocol, uint64_t root_pa);
bool protocol_knows(const struct protocol *protocol, uint64_t pa);
uint64_t protocol_read(const struct protocol *protocol, uint64_t pa);
/* Whether the entry at `below` is in a table that hangs below the entry at `above`. */
bool protocol_is_below(const struct protocol *protocol, uint64_t below, uint64_t above);
/* The mark of an unclean entry of the root, if there is one. */
bool protocol_unclean_of_root(const struct protocol *protocol, uint64_t root_pa, uint64_t *entry_pa,
                              struct protocol_mark *mark);

/*
 * Everything that the future depends on, as numbers in a fixed order: live tables with their words, unclean
 * entries. Two state machines that tell the same go on alike, but for marks and words outside of live tables.
 * False if there is no memory.
 */
typedef void (*protocol_teller)(void *context, uint64_t number);
bool protocol_tell_state(const struct protocol *protocol, protocol_teller tell, void *context);

/* For the layers above: a violation of theirs becomes protocol_violation(). Answers PROTOCOL_VIOLATED. */
struct protocol_fault {
    struct protocol_mark mark;
    struct protocol_mark related;
    uint64_t pa;
    unsigned agent;
    enum protocol_rule rule;
};
__attribute__((format(printf, 3, 4))) int
protocol_report(struct protocol *protocol, const struct protocol_fault *fault, const char *format, ...);

#ifdef __cplusplus
}
#endif
#endif
