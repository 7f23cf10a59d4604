/*
 * The recorder: one run of the machine in one SQLite file.
 *
 * It takes the machine's events (mmu/event.h), in their order, and the facts of the run, and writes the
 * tables of SCHEMA.md. The file is written as `PATH.partial` and gets its name when the run ends, so a file
 * under the final name is always whole. Whatever stops the run early leaves the partial file, readable, with
 * `runs.complete` = 0 and every batch of rows that was accepted before the last BATCH_ROWS.
 *
 * Cores count from 0 in this interface and from 1 in the file, as in scripts and messages.
 *
 * Every function that can fail returns 0 or a negative record_result, and the first failure stays: each later
 * call answers with it, and `recorder_error` has its sentence. Nothing here prints or exits.
 */
#ifndef MMUSIM_SIM_RECORD_RECORDER_H
#define MMUSIM_SIM_RECORD_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mmu/event.h"

#ifdef __cplusplus
extern "C" {
#endif

/* PRAGMA application_id: "MMUS". PRAGMA user_version: raised whenever a table or column changes. */
#define RECORD_APPLICATION_ID 0x4d4d5553
#define RECORD_SCHEMA_VERSION 4

/* Added to the name of a record while it is written. */
#define RECORD_PARTIAL_SUFFIX ".partial"

enum record_level {
    RECORD_COUNTERS, /* no rows of events but regions and spaces */
    RECORD_MISSES,   /* everything but translations that hit the first level without a fault */
    RECORD_ALL,      /* everything */
    RECORD_LEVELS
};

enum record_result {
    RECORD_OK = 0,
    RECORD_EXISTS = -1,     /* the record, or the rest of an earlier one, is there already */
    RECORD_UNWRITABLE = -2, /* the file cannot be made or renamed */
    RECORD_FULL = -3,       /* no space is left */
    RECORD_NO_MEMORY = -4,
    RECORD_BAD_EVENT = -5, /* events contradict each other */
    RECORD_SQLITE = -6,    /* SQLite failed otherwise */
};

#define RECORD_ERROR_BYTES 512

/* One sentence: what failed, where, and what would be right. */
struct record_error {
    char text[RECORD_ERROR_BYTES];
};

/* One setting of the machine, as text. */
struct record_setting {
    const char *name;
    const char *value;
};

enum record_array_kind { RECORD_TLB, RECORD_WALK_CACHE, RECORD_RANGE_TLB, RECORD_ARRAY_KINDS };

/* A TLB, a walk cache or the range TLB, as it was described. Its number is that of the events. */
struct record_array {
    const char *name;  /* as in counters: "l1d" */
    const char *title; /* as people say it: "L1D" */
    enum record_array_kind kind;
    uint64_t level; /* TLB: from 1 */
    uint64_t side;  /* TLB: tlb_side */
    uint64_t holds; /* entry_holds */
    uint64_t entries;
    uint64_t ways;
    uint64_t replacement; /* tlb_replacement */
    uint64_t sizes;       /* bit k: what covers 1 << k bytes; UINT64_MAX: of any size */
    uint64_t inclusion;   /* TLB: tlb_inclusion */
    uint64_t latency_cycles;
    uint64_t shared; /* one for all cores */
};

/* All pointers are needed during recorder_open only. NULL texts become NULL in the database. */
struct recorder_config {
    const char *path; /* final name */
    bool overwrite;   /* replace a file of that name, at the end of the run */
    enum record_level level;
    bool checked; /* a checker runs along, whose findings will be given */
    uint64_t seed;
    int64_t host_started_unix;         /* seconds; provenance */
    const struct record_array *arrays; /* by number */
    size_t array_count;
    const char *program_version;
    const char *script_path; /* provenance */
    const char *script_text;
    const char *command_line; /* provenance */
    const struct record_setting *settings;
    size_t setting_count;
    uint64_t size_limit_bytes; /* of the file; 0: none. A run that would exceed it fails as on a full disk */
};

/* What the caller counted. `core` < 0: of the whole machine. */
struct record_counter {
    const char *name; /* "l1d.hits" */
    uint64_t value;
    uint32_t region;
    int core;
};

/* `count` values were in [low, high]. */
struct record_bucket {
    const char *name; /* "walk.cycles" */
    uint64_t low;
    uint64_t high;
    uint64_t count;
};

struct record_instruction {
    uint64_t pc;
    const uint8_t *bytes;
    size_t bytes_count;
    const char *text;
    const char *class_name;
    uint64_t count; /* how often it was executed */
};

/* A page table that was loaded from a shared object. */
struct record_plugin {
    const char *page_table;
    const char *format; /* its own; NULL: none */
    const char *path;   /* provenance: as the script has it */
    const char *sha256; /* provenance: of the file, 64 hexadecimal digits */
};

/* What the checker that ran along has found. */
struct record_finding {
    const char *rule;
    uint64_t cycle; /* EVENT_NEVER: unknown */
    uint64_t va;
    int core;       /* < 0: none */
    uint32_t space; /* 0: none */
    const char *text;
    const char *related; /* may be NULL */
};

struct recorder;

/* "counters", "misses", "all". NULL for other numbers. */
const char *record_level_name(enum record_level level);
/* False, and `*level` unchanged, if there is no such level. */
bool record_level_parse(const char *name, enum record_level *level);

/* Makes `path`.partial. NULL on error, with its sentence in `error`. */
struct recorder *recorder_open(const struct recorder_config *config, struct record_error *error);

/* Takes one event; what the level leaves out is counted and dropped. */
int recorder_event(struct recorder *recorder, const struct mmu_event *event);

/* The recorder as a listener; valid while it is open. */
struct mmu_observer recorder_observer(struct recorder *recorder);

/* Rows of the caller, at every level, at any time before the end. */
int recorder_counter(struct recorder *recorder, const struct record_counter *counter);
int recorder_bucket(struct recorder *recorder, const struct record_bucket *bucket);
int recorder_instruction(struct recorder *recorder, const struct record_instruction *instruction);
int recorder_plugin(struct recorder *recorder, const struct record_plugin *plugin);
int recorder_finding(struct recorder *recorder, const struct record_finding *finding);
/* How many findings there were, if the checker did not keep all: what it dropped is not held against SQL. */
int recorder_finding_total(struct recorder *recorder, uint64_t total);

/* The sentence of the first failure; "" if there is none. */
const char *recorder_error(const struct recorder *recorder);

/*
 * The run has ended: makes indexes and windows, marks the record complete, gives it its final name and frees
 * the recorder. On failure `error` has the sentence, the partial file stays, and the recorder is freed too.
 */
int recorder_finish(struct recorder *recorder, double host_seconds, struct record_error *error);

/* Ends without completing: keeps the partial file, or removes it. Frees the recorder; NULL is allowed. */
void recorder_abandon(struct recorder *recorder, bool keep_partial);

#ifdef __cplusplus
}
#endif
#endif
