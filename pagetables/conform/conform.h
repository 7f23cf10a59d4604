/*
 * The conformance kit: every operation of any page table against the contract of pagetables/pagetable.h.
 *
 * The kit performs thousands of sequences of operations, systematic and random, on flat memory, and compares
 * what happens with the abstract map, with what hardware reads from memory, and with what a walk of another
 * core can see meanwhile. What it checks is a list of properties, each a sentence and its source. A property
 * that fails is reported with a sequence from which nothing can be left out.
 *
 * The same table, format, seed and number of runs give the same report. Nothing is printed.
 */
#ifndef MMUSIM_PAGETABLES_CONFORM_CONFORM_H
#define MMUSIM_PAGETABLES_CONFORM_CONFORM_H

#include "pagetables/entry.h"
#include "pagetables/pagetable.h"

#ifdef __cplusplus
extern "C" {
#endif

enum conform_property_id {
    CONFORM_RESULTS,
    CONFORM_OVERLAP,
    CONFORM_PRECONDITIONS,
    CONFORM_ATTRIBUTES,
    CONFORM_VIEW,
    CONFORM_UNCHANGED,
    CONFORM_QUERY,
    CONFORM_INVARIANTS,
    CONFORM_DAMAGE,
    CONFORM_NO_MEMORY,
    CONFORM_STOPPED,
    CONFORM_OWN_MEMORY,
    CONFORM_LEAKS,
    CONFORM_EMPTY_TABLES,
    CONFORM_DETERMINISM,
    CONFORM_MANY,
    CONFORM_WALKS,
    CONFORM_STALE,
    CONFORM_GLOBALS,
    CONFORM_IDENTIFIERS,
    CONFORM_RELEASES,
    CONFORM_BREAK,
    CONFORM_PROPERTIES
};

struct conform_property {
    const char *name;     /* "stale" */
    const char *sentence; /* what holds */
    const char *source;   /* where that is written */
};

const struct conform_property *conform_property_at(enum conform_property_id id);

enum conform_step_kind { CONFORM_MAP, CONFORM_UNMAP, CONFORM_PROTECT, CONFORM_LOOK, CONFORM_STEP_KINDS };

/* One operation of a sequence. */
struct conform_step {
    uint8_t kind;        /* conform_step_kind */
    uint8_t size_lg2;    /* map */
    uint32_t attributes; /* map, protect */
    uint64_t va;
    uint64_t base; /* map */
};

/* Under which circumstances a sequence is performed. */
struct conform_setting {
    uint16_t asid;
    uint16_t vmid;
    bool every_asid;    /* pagetable_config.every_asid */
    bool aliasing;      /* frames may be mapped twice */
    bool high_tables;   /* tables lie above 4 GiB */
    bool single_leaves; /* TLBs hold the entries of a contiguous run one by one */
};

/* A property does not hold. */
struct conform_failure {
    struct conform_setting setting;
    struct conform_step *steps;     /* the minimal sequence, `count` of them; owned by the report */
    enum pagetable_result *answers; /* what the contract wants of each; owned by the report */
    size_t count;
    size_t failing;       /* the step that shows it; `count`: what comes after the last one */
    uint64_t nth;         /* the allocation that failed, or the call at which the machine stopped; else 0 */
    uint64_t table_bytes; /* of the last table that was asked for; 0: none, or it does not matter */
    uint64_t va;          /* the address at which it shows; else 0 */
    bool has_va;
    char what[400]; /* a sentence */
};

enum conform_verdict {
    CONFORM_HOLDS,
    CONFORM_FAILED,
    CONFORM_NOT_JUDGED /* no sequence got as far, or there is nothing to judge in this format */
};

struct conform_counts {
    uint64_t sequences;
    uint64_t steps;
    uint64_t walks; /* of hardware, to compare with */
};

struct conform_result {
    enum conform_verdict verdict;
    struct conform_counts counts; /* of the sequences that looked for it */
    struct conform_failure failure;
};

struct conform_report {
    struct conform_result result[CONFORM_PROPERTIES];
    unsigned failed;  /* how many properties */
    bool ended_early; /* `go_on` said so */
};

struct conform_options {
    const struct pagetable_class *table;
    const struct walk_format *format;
    const struct entry_format *entries; /* of the format; NULL: unknown */
    uint64_t seed;
    unsigned runs; /* how many random sequences of each kind; below 50 also fewer systematic ones */
    /* Asked between sequences; false ends the run early. NULL: until it is done. */
    bool (*go_on)(void *context);
    void *context;
};

/* False if the host has no memory; the report is then empty. The table must accept the format. */
bool conform_run(const struct conform_options *options, struct conform_report *report);
void conform_report_free(struct conform_report *report);

/* "map", "unmap", "protect", "query" */
const char *conform_step_name(enum conform_step_kind kind);

#ifdef __cplusplus
}
#endif
#endif
