/*
 * The judge: the refinement checker that runs along with the machine.
 *
 * It listens to the machine's events, keeps the abstract map of each address space and the abstract memory,
 * and says of every access, walk, TLB entry, page-table operation and invalidation whether the specification
 * allows it. The specification, with its windows, stands on one page in sim/README.md.
 *
 * It judges raw events only, and every event once, as soon as nothing that may still arrive can change the
 * answer. What it keeps is bounded by the pages in use and by `settle_cycles`, not by the length of the run.
 *
 * Plain C: it never prints and keeps no writable globals. Not thread-safe; a process may have many judges.
 */
#ifndef MMUSIM_SIM_JUDGE_JUDGE_H
#define MMUSIM_SIM_JUDGE_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mmu/event.h"

#ifdef __cplusplus
extern "C" {
#endif

enum judge_rule {
    RULE_STALE_TRANSLATION, /* a translation outlives the unmap or protect of its mapping */
    RULE_STALE_ENTRY,       /* a TLB entry is resident after the end of its mapping, hit or not */
    RULE_NEVER_MAPPED,      /* a translation where nothing was mapped */
    RULE_WRONG_FRAME,       /* address, page size or rights are not the mapping's */
    RULE_FORBIDDEN_ACCESS,  /* an access succeeded that the mapping's rights forbid */
    RULE_SPURIOUS_FAULT,    /* translation, access-flag or permission fault, though mapped and permitted */
    RULE_UNEXPECTED_ABORT,  /* address-size fault or external abort, though mapped */
    RULE_OPERATION_RESULT,  /* map, unmap, protect or query answered otherwise than specified */
    RULE_VIEW_DIFFERS,      /* the table does not stand for the abstract map */
    RULE_LOAD_VALUE,        /* a load did not return what the abstract memory holds */
    RULE_INCOMPLETE_INVALIDATION, /* completed without all acknowledgements, or acknowledged out of order */
    RULE_TORN_ACCESS,             /* half of a page-crossing access was performed though the other faulted */
    RULE_TABLE_INVARIANT,         /* the table's shape is broken, by its own check or hardware's reading */
    RULE_LOST_STATE, /* a page was used as accessed or dirty before hardware had changed its entry */
    RULE_LOST_TABLE, /* memory of a table is lost, still linked after its release, released twice */
    RULE_CHANGED_WITHOUT_BREAK, /* the protocol of Arm tables (sim/protocol): a valid entry became another */
    RULE_MADE_BEFORE_CLEAN,     /* an invalid entry became valid before what it was had been invalidated */
    RULE_WRITE_BELOW_UNCLEAN,   /* a table was written that walks may still reach through a removed entry */
    RULE_TABLE_TWICE,           /* a page became a table that is one, or that walks may still reach */
    JUDGE_RULES
};

/* What was not judged, and why. */
enum judge_unjudged {
    UNJUDGED_VALUES,      /* loads, because the run has no values */
    UNJUDGED_HITS,        /* plain hits: 1 if the events leave them out */
    UNJUDGED_SPACE,       /* events of an address space that was never told, or whose second stage was not */
    UNJUDGED_LATE_ACCESS, /* accesses or walks told more than settle_cycles after they were performed */
    UNJUDGED_LATE_WRITE,  /* entry writes visible more than settle_cycles after their operation's return */
    UNJUDGED_LIMIT,       /* undecided events beyond undecided_max */
    UNJUDGED_OPEN,        /* operations whose window was still open when the run ended */
    JUDGE_UNJUDGED
};

/* An array of translations. Those of one level that serve the same accesses are looked up together. */
struct judge_array {
    const char *name;
    uint8_t level; /* from 1; 0: a walk cache */
    uint8_t side;  /* fetches, or loads and stores, or both: a number for each */
    bool shared;   /* one for all cores */
};

/* What formats say of attributes, and what they make of rights under controls (walk_allowed). */
struct judge_rights {
    uint8_t (*rights)(const struct walk_format *format, uint32_t attributes);
    uint8_t (*allowed)(const struct walk_format *format, const struct access_controls *controls,
                       uint8_t rights, uint32_t attributes);
};

struct judge_config {
    uint64_t memory_bytes;            /* of physical memory; 0: unknown, frames' range is not checked */
    const struct judge_array *arrays; /* of the machine, by number; alive as long as the judge */
    size_t array_count;
    unsigned cores;      /* of the machine; 0: unknown, several */
    bool by_interrupt;   /* cores are told of invalidations by interrupts */
    bool single_entries; /* TLBs may hold the entries of contiguous runs one by one */
    bool own_stores;     /* walks see what their own core has stored and not drained (x86) */
    bool values;         /* accesses carry the values that they loaded and stored */
    bool every_access;   /* plain hits are among the events */
    bool lazy;           /* declared: entries of a space that its core does not run may outlive their
                            mapping, while they cannot be used */
    const struct judge_rights *rights; /* NULL: the formats' own functions; alive as long as the judge */
    size_t findings_max;               /* kept with their text; all are counted. 0: 1000 */
    size_t undecided_max;              /* events kept until they can be decided. 0: 262,144 */
    uint64_t settle_cycles; /* the longest that a store stays in its buffer after its operation's return, and
                               that an access is told after it was performed. 0: 65,536 */
};

#define JUDGE_TEXT_BYTES 400
#define JUDGE_NO_CORE    UINT8_MAX

struct judge_finding {
    uint64_t cycle; /* of the event that breaks the rule */
    uint64_t va;
    uint64_t operation; /* related to it, as are the following; 0 if none is */
    uint64_t invalidation;
    uint64_t walk;
    uint64_t entry;
    uint32_t space;
    uint8_t rule;                /* judge_rule */
    uint8_t core;                /* from 0; in the text from 1, as users count */
    char text[JUDGE_TEXT_BYTES]; /* one sentence */
};

struct judge;

/* NULL if there is no memory. */
struct judge *judge_create(const struct judge_config *config);
void judge_destroy(struct judge *judge); /* NULL is allowed */

/*
 * What the machine is to be given; valid until judge_destroy. Events come sorted by (cycle, core, sequence).
 * Its function returns 0 or ENOMEM: after the latter nothing more is judged, and judge_finish says it again.
 */
struct mmu_observer judge_observer(struct judge *judge);

/* The run is over: decides what is undecided. 0 or ENOMEM. Once. */
int judge_finish(struct judge *judge);

/* Findings kept, sorted by (cycle, core, rule) after judge_finish. NULL past the end; owned by the judge. */
size_t judge_findings(const struct judge *judge);
const struct judge_finding *judge_finding_at(const struct judge *judge, size_t index);

uint64_t judge_count(const struct judge *judge, enum judge_rule rule);
uint64_t judge_count_all(const struct judge *judge);
uint64_t judge_unjudged(const struct judge *judge, enum judge_unjudged what);

/* What it holds at this moment, for tests and for the curious. */
struct judge_usage {
    size_t undecided;    /* events */
    size_t versions;     /* mappings and ended mappings */
    size_t regions;      /* aligned regions of virtual and physical addresses that are or were in use */
    size_t operations;   /* not settled */
    size_t blocks;       /* of memory that page tables hold */
    size_t transactions; /* memory accesses that wait for their order */
    size_t fences;       /* invalidations carried out that faults may still ask for, of all cores */
};
void judge_measure(const struct judge *judge, struct judge_usage *usage);

const char *judge_rule_name(enum judge_rule rule);         /* "stale_translation"; "?" for other numbers */
const char *judge_rule_text(enum judge_rule rule);         /* one line */
const char *judge_unjudged_text(enum judge_unjudged what); /* one line */
bool judge_rule_find(const char *name, enum judge_rule *rule); /* false if there is none of this name */

#ifdef __cplusplus
}
#endif
#endif
